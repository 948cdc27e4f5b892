/*
 * Load the new master key register (functions 3.8; F-091).
 */
#include "libceremony/op-mk-load.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/error.h"
#include "common/hex.h"
#include "libceremony/card-session.h"
#include "libceremony/ceremony-error.h"
#include "libceremony/op-mk-part.h"
#include "libceremony/plan.h"
#include "libceremony/record.h"
#include "libep11admin/importer-key.h"
#include "libep11admin/unit-master-key.h"
#include "libsmartcard/card-identity.h"

typedef struct Load {
    TkeOperation *op;
    TkeUnitDirectory *directory;
    GPtrArray *units; /* TkeUnit */
    const TkeMkLoadParams *params;
    TkeMkLoadResult *result;
    TkeMkPartTargets targets;
} Load;

void
tke_mk_load_result_clear(TkeMkLoadResult *result)
{
    g_clear_pointer(&result->units, g_ptr_array_unref);
}

static TkeUnitCommand *
make_importer(TkeUnit *unit, void *data, GError **error)
{
    (void) data;
    return tke_unit_master_key_new_importer(unit, error);
}

static TkeUnitCommand *
make_import(TkeUnit *unit, void *data, GError **error)
{
    Load *load = data;
    guint index = 0;

    if (!g_ptr_array_find(load->units, unit, &index)) {
        g_return_val_if_reached(NULL);
    }
    return tke_unit_master_key_new_import(unit, g_ptr_array_index(load->targets.envelopes, index),
                                          error);
}

static void
describe_import(TkeUnit *unit, void *data, JsonObject *values)
{
    const Load *load = data;
    JsonArray *parts = json_array_new();

    (void) unit;
    for (unsigned i = 0; i < load->result->n_parts; i++) {
        JsonObject *part = json_object_new();
        g_autofree char *vp = tke_hex_encode(load->result->parts[i].vp, TKE_VP_LEN);
        g_autofree char *card = tke_card_id_text(load->result->card_ids[i]);

        json_object_set_string_member(part, "pattern", vp);
        json_object_set_string_member(part, "card", card);
        json_object_set_int_member(part, "place", load->result->parts[i].place);
        json_array_add_object_element(parts, part);
    }
    json_object_set_array_member(values, "parts", parts);
}

/* The step's results are kept: the last one begun is what the operator sees. */
static bool
run_step(Load *load, const TkeUnitStep *step, GError **error)
{
    g_clear_pointer(&load->result->units, g_ptr_array_unref);
    load->result->units = tke_unit_results_new();
    return tke_unit_step_run(load->op, load->directory, load->units, step, load->result->units,
                             error);
}

static bool
make_importers(Load *load, GError **error)
{
    const TkeUnitStep step = { .action = NULL,
                               .what = _("Importer keys of the crypto units"),
                               .make = make_importer };

    if (!run_step(load, &step, error)) {
        return false;
    }
    for (unsigned i = 0; i < load->units->len; i++) {
        const TkeUnitResult *result = g_ptr_array_index(load->result->units, i);
        TkeImporterKey *key = tke_unit_master_key_get_importer(result->command, error);

        if (key == NULL) {
            g_prefix_error(error, _("importer key of %s; nothing was loaded, start again: "),
                           tke_unit_get_name(result->unit));
            return false;
        }
        g_ptr_array_add(load->targets.importers, key);
        g_ptr_array_add(load->targets.envelopes,
                        g_ptr_array_new_with_free_func((GDestroyNotify) g_byte_array_unref));
    }
    return true;
}

/* Somebody else may have loaded a key meanwhile: parts are never added to it. */
static bool
check_still_empty(const TkeUnitState *state, void *data, GError **error)
{
    (void) data;
    if (state->registers.new_state != TKE_REGISTER_EMPTY) {
        g_set_error(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PRECONDITION,
                    _("somebody else has loaded the new master key register of %s meanwhile; look "
                      "with “tke cryptounit-compare”"),
                    tke_unit_get_name(state->unit));
        return false;
    }
    return true;
}

static bool
import_parts(Load *load, GError **error)
{
    const TkeUnitStep step = { .action = "tke-cryptounit-master-key-register.add",
                               .what = _("Load"),
                               .make = make_import,
                               .describe = describe_import,
                               .check = check_still_empty,
                               .data = load };

    return run_step(load, &step, error);
}

static bool
check_parts(const Load *load, const TkeUnitResult *result, GError **error)
{
    uint8_t vps[TKE_MK_PARTS_MAX][TKE_VP_LEN];

    for (unsigned i = 0; i < load->result->n_parts; i++) {
        memcpy(vps[i], load->result->parts[i].vp, TKE_VP_LEN);
    }
    return tke_unit_master_key_check_part_vps(result->command, (const uint8_t(*)[TKE_VP_LEN]) vps,
                                              load->result->n_parts, error);
}

/* The answer was lost: what the unit holds is asked for, in a signed answer. */
static bool
query_pattern(Load *load, TkeUnit *unit, uint8_t vp[static TKE_VP_LEN], GError **error)
{
    g_autoptr(GPtrArray) one = g_ptr_array_new();
    g_autoptr(GPtrArray) states = NULL;
    const TkeUnitState *state = NULL;

    g_ptr_array_add(one, unit);
    states = tke_unit_directory_query(load->directory, one, TKE_UNIT_QUERY_SIGNED_VPS, NULL, error);
    if (states == NULL) {
        return false;
    }
    state = g_ptr_array_index(states, 0);
    if (state->error != NULL) {
        g_propagate_error(error, g_error_copy(state->error));
        return false;
    }
    memcpy(vp, state->registers.new_vp, TKE_VP_LEN);
    return true;
}

/* The signed pattern of one unit's new register; of its parts as the cards showed them. */
static bool
get_pattern(Load *load, const TkeUnitResult *result, uint8_t vp[static TKE_VP_LEN], GError **error)
{
    bool ok = result->outcome == TKE_UNIT_OUTCOME_DONE
                  ? tke_unit_master_key_get_vp(result->command, vp, error) &&
                        check_parts(load, result, error)
                  : query_pattern(load, result->unit, vp, error);

    if (!ok && error != NULL &&
        strstr((*error)->message, tke_unit_get_name(result->unit)) == NULL) {
        g_prefix_error(error, "%s: ", tke_unit_get_name(result->unit));
    }
    if (!ok) {
        g_prefix_error(error,
                       _("the key parts were loaded, but not all could be compared; look with "
                         "“tke cryptounit-compare” before anything is committed: "));
    }
    return ok;
}

static bool
set_different(const Load *load, const TkeUnitResult *result, GError **error)
{
    const TkeUnitResult *first = g_ptr_array_index(load->result->units, 0);

    g_set_error(
        error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY,
        _("the new master key registers hold different keys: %s differs from %s; clear the new "
          "registers of all (tke cryptounit-mk-clrnew) and load again"),
        tke_unit_get_name(result->unit), tke_unit_get_name(first->unit));
    return false;
}

/* Signed patterns: of the parts as the cards showed them, of the key equal in all units. */
static bool
check_patterns(Load *load, GPtrArray *states, GError **error)
{
    for (unsigned i = 0; i < load->result->units->len; i++) {
        const TkeUnitResult *result = g_ptr_array_index(load->result->units, i);
        const TkeUnitState *before = g_ptr_array_index(states, i);
        uint8_t vp[TKE_VP_LEN];

        if (!get_pattern(load, result, vp, error)) {
            return false;
        }
        if (i > 0 && !tke_digest_vp_equal(vp, load->result->vp)) {
            return set_different(load, result, error);
        }
        memcpy(load->result->vp, vp, sizeof vp);
        if (before->registers.current_state == TKE_REGISTER_VALID &&
            tke_digest_vp_equal(vp, before->registers.current_vp)) {
            tke_operation_note(load->op,
                               _("%s: the new master key is the current one: the same parts were "
                                 "used. It cannot serve for a rotation."),
                               tke_unit_get_name(result->unit));
        }
    }
    return true;
}

static bool
confirm_load(Load *load, GError **error)
{
    g_autofree char *what =
        g_strdup_printf(_("%u key parts into the new master key register of %u crypto "
                          "units"),
                        load->params->n_parts, load->units->len);
    const char *lines[] = { what,
                            _("one administrator signs; each part's card encrypts for every crypto "
                              "unit"),
                            NULL };
    const TkePlan plan = { .action = "mk-load",
                           .title = _("A master key will be loaded:"),
                           .lines = lines };

    return tke_operation_confirm(load->op, &plan, error);
}

static bool
run_load(Load *load, GPtrArray *states, GError **error)
{
    if (!make_importers(load, error)) {
        return false;
    }
    for (unsigned i = 0; i < load->params->n_parts; i++) {
        if (!tke_op_mk_part_visit(load->op, load->params, i, &load->targets, load->result, error)) {
            return false;
        }
    }
    return import_parts(load, error) && check_patterns(load, states, error);
}

bool
tke_op_mk_load(TkeOperation *op, TkeUnitDirectory *directory, const TkeMkLoadParams *params,
               TkeMkLoadResult *result, GError **error)
{
    g_autoptr(GPtrArray) units = tke_unit_directory_get_selected(directory, error);
    g_autoptr(GPtrArray) states = NULL;
    g_autoptr(GPtrArray) importers =
        g_ptr_array_new_with_free_func((GDestroyNotify) tke_importer_key_free);
    g_autoptr(GPtrArray) envelopes =
        g_ptr_array_new_with_free_func((GDestroyNotify) g_ptr_array_unref);
    Load load = { .op = op,
                  .directory = directory,
                  .units = units,
                  .params = params,
                  .result = result,
                  .targets = { .importers = importers, .envelopes = envelopes } };

    memset(result, 0, sizeof *result);
    if (units == NULL) {
        return false;
    }
    if (params->n_parts < TKE_MK_PARTS_MIN || params->n_parts > TKE_MK_PARTS_MAX) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("a master key is made of 2 or 3 key parts"));
        return false;
    }
    if (!tke_record_check(op, error)) {
        return false;
    }
    states = tke_plan_query(op, directory, units, TKE_UNIT_QUERY_DEFAULT, error);
    if (states == NULL || !tke_plan_need_secured(states, error) ||
        !tke_plan_need_new_register(states, TKE_REGISTER_EMPTY, error) ||
        !confirm_load(&load, error)) {
        return false;
    }
    if (tke_operation_is_dry_run(op)) {
        return true;
    }
    if (!run_load(&load, states, error)) {
        tke_card_session_settle(tke_operation_get_card_session(op), error != NULL ? *error : NULL);
        return false;
    }
    return true;
}
