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
#include "libceremony/op-mk-check.h"
#include "libceremony/op-mk-found.h"
#include "libceremony/op-mk-part.h"
#include "libceremony/plan.h"
#include "libceremony/record.h"
#include "libep11admin/importer-key.h"
#include "libep11admin/unit-error.h"
#include "libep11admin/unit-master-key.h"
#include "libsmartcard/card-identity.h"

typedef struct Load {
    TkeOperation *op;
    TkeUnitDirectory *directory;
    GPtrArray *units; /* TkeUnit, those that are loaded */
    TkeMkLoadParams params;
    TkeMkLoadResult *result;
    TkeMkPartTargets targets;
    TkeMkFound *found;
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

/* Where the answer was lost the unit has made a key that nobody knows. That changes nothing
 * there. */
static TkeImporterKey *
take_importer(const TkeUnitResult *result, GError **error)
{
    const TkeUnitErrorDetails *details = NULL;
    TkeImporterKey *key = NULL;

    if (result->outcome == TKE_UNIT_OUTCOME_DONE || result->error == NULL) {
        key = tke_unit_master_key_get_importer(result->command, error);
    } else if (g_error_matches(result->error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_OUTCOME_UNKNOWN)) {
        details = tke_unit_error_get_details(result->error);
        tke_unit_error_set(error, TKE_UNIT_ERROR_CONNECTION, details, "%s", result->error->message);
    } else {
        g_propagate_error(error, g_error_copy(result->error));
    }
    if (key == NULL) {
        g_prefix_error(error, _("importer key of %s; nothing was loaded, start again: "),
                       tke_unit_get_name(result->unit));
    }
    return key;
}

/* The key that the unit has made, as the part cards' usage logs name it (card-protocol.md 9,
 * 16). */
static void
describe_importer(TkeUnit *unit, void *data, JsonObject *values)
{
    const Load *load = data;

    for (unsigned i = 0; i < load->result->units->len; i++) {
        const TkeUnitResult *result = g_ptr_array_index(load->result->units, i);
        g_autoptr(TkeImporterKey) key =
            result->unit == unit && result->outcome == TKE_UNIT_OUTCOME_DONE
                ? tke_unit_master_key_get_importer(result->command, NULL)
                : NULL;

        if (key != NULL) {
            g_autofree char *ski = tke_hex_encode(key->ski, sizeof key->ski);

            json_object_set_string_member(values, "importer_key", ski);
        }
    }
}

static bool
make_importers(Load *load, GError **error)
{
    const TkeUnitStep step = { .action = "tke-cryptounit-importer-key.add",
                               .what = _("Importer keys of the crypto units"),
                               .make = make_importer,
                               .describe = describe_importer,
                               .check = check_still_empty,
                               .read = TKE_UNIT_QUERY_SIGNED_VPS,
                               .data = load,
                               .passing = true };

    if (!run_step(load, &step, error)) {
        if (error != NULL && tke_unit_error_is_forgery(*error)) {
            g_prefix_error(error, "%s", _("nothing was loaded: "));
        }
        return false;
    }
    for (unsigned i = 0; i < load->units->len; i++) {
        TkeImporterKey *key = take_importer(g_ptr_array_index(load->result->units, i), error);

        if (key == NULL) {
            return false;
        }
        g_ptr_array_add(load->targets.importers, key);
        g_ptr_array_add(load->targets.envelopes,
                        g_ptr_array_new_with_free_func((GDestroyNotify) g_byte_array_unref));
    }
    return true;
}

/* Undone is what was loaded, and no other key. */
static bool
check_loaded(const TkeUnitState *state, void *data, GError **error)
{
    Load *load = data;

    tke_op_mk_check_note_seen(load->found, load->result);
    return tke_mk_found_check_seen(state, load->found, error);
}

static bool
was_imported(const Load *load)
{
    bool all = true;

    for (unsigned i = 0; i < load->result->units->len; i++) {
        all = all && tke_unit_result_is_done(g_ptr_array_index(load->result->units, i));
    }
    return all;
}

static bool
import_parts(Load *load, GError **error)
{
    TkeUnitStep clear = tke_mk_found_clear_step(load->found);
    const TkeUnitStep step = { .action = "tke-cryptounit-master-key-register.add",
                               .what = _("Load"),
                               .make = make_import,
                               .describe = describe_import,
                               .check = check_still_empty,
                               .read = TKE_UNIT_QUERY_SIGNED_VPS,
                               .data = load,
                               .key = tke_unit_master_key_get_vp,
                               .undo = &clear };

    clear.check = check_loaded;
    clear.data = load;
    if (run_step(load, &step, error)) {
        return true;
    }
    if (error != NULL && tke_unit_error_is_forgery(*error) && was_imported(load)) {
        g_prefix_error(error,
                       _("the key parts were loaded, but not all could be compared; look with "
                         "“tke cryptounit-compare” before anything is committed: "));
    }
    return false;
}

static bool
confirm_load(Load *load, GError **error)
{
    g_autofree char *what =
        g_strdup_printf(_("%u key parts into the new master key register of %u crypto "
                          "units"),
                        load->params.n_parts, load->units->len);
    const char *lines[] = { what,
                            _("one administrator signs; each part's card encrypts for every crypto "
                              "unit"),
                            load->found->has_vp
                                ? _("the other crypto units hold the key already: it must become "
                                    "the same")
                                : NULL,
                            NULL };
    const TkePlan plan = { .action = "mk-load",
                           .title = _("A master key will be loaded:"),
                           .lines = lines };

    return tke_operation_confirm(load->op, &plan, error);
}

static bool
run_load(Load *load, GError **error)
{
    if (!make_importers(load, error)) {
        return false;
    }
    for (unsigned i = 0; i < load->params.n_parts; i++) {
        if (!tke_op_mk_part_visit(load->op, &load->params, i, &load->targets, load->result,
                                  error)) {
            return false;
        }
    }
    return import_parts(load, error) &&
           tke_op_mk_check_patterns(load->op, load->directory, load->found, load->result, error);
}

/* A load that is continued takes as many parts as it was begun with. */
static bool
take_number(Load *load, GError **error)
{
    unsigned n = load->found->patterns != NULL ? g_strv_length(load->found->patterns) : 0;

    if (n == 0 || n == load->params.n_parts) {
        return true;
    }
    if (load->params.parts != NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("the load that is continued was begun with %u key parts, not %u"), n,
                    load->params.n_parts);
        return false;
    }
    if (load->units->len > 0) {
        tke_operation_note(load->op, _("The load that is continued was begun with %u key parts."),
                           n);
    }
    load->params.n_parts = n;
    return true;
}

static void
take_units(Load *load)
{
    for (unsigned i = 0; i < load->found->states->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(load->found->states, i);

        g_ptr_array_add(load->units, tke_unit_ref(state->unit));
    }
    load->targets.patterns = load->found->patterns;
}

/* All units hold one key, that of a load that was interrupted or what the operator wants to
 * keep. */
static bool
keep(Load *load, GError **error)
{
    g_autofree char *pattern = tke_hex_grouped(load->found->vp, TKE_VP_LEN, 4, ' ');

    if (!tke_mk_found_note_kept(load->found, load->directory, error)) {
        return false;
    }
    memcpy(load->result->vp, load->found->vp, sizeof load->result->vp);
    if (!tke_op_mk_check_kept(load->op, load->directory, load->found, load->result, error)) {
        return false;
    }
    tke_operation_note(load->op,
                       _("All crypto units are loaded with the key %s; nothing is left "
                         "to do."),
                       pattern);
    return true;
}

/* What is in the new registers, what is wanted about it, and the plan. */
static bool
prepare(Load *load, GPtrArray *selected, GError **error)
{
    const TkeMkNamed named = { .parts = load->params.parts, .n = load->params.n_parts };

    load->result->units = tke_unit_results_new();
    if (!tke_mk_found_query(load->op, load->directory, selected, &named, load->found,
                            load->result->units, error)) {
        return false;
    }
    take_units(load);
    return take_number(load, error) && (load->units->len == 0 || confirm_load(load, error));
}

bool
tke_op_mk_load(TkeOperation *op, TkeUnitDirectory *directory, const TkeMkLoadParams *params,
               TkeMkLoadResult *result, GError **error)
{
    g_autoptr(GPtrArray) selected = tke_unit_directory_get_selected(directory, error);
    g_autoptr(GPtrArray) units = g_ptr_array_new_with_free_func((GDestroyNotify) tke_unit_unref);
    g_autoptr(GPtrArray) importers =
        g_ptr_array_new_with_free_func((GDestroyNotify) tke_importer_key_free);
    g_autoptr(GPtrArray) envelopes =
        g_ptr_array_new_with_free_func((GDestroyNotify) g_ptr_array_unref);
    g_auto(TkeMkFound) found = { .states = NULL };
    Load load = { .op = op,
                  .directory = directory,
                  .units = units,
                  .params = *params,
                  .result = result,
                  .targets = { .importers = importers, .envelopes = envelopes },
                  .found = &found };
    g_autoptr(GPtrArray) names = NULL;
    bool ok;

    memset(result, 0, sizeof *result);
    if (selected == NULL) {
        return false;
    }
    if (params->n_parts < TKE_MK_PARTS_MIN || params->n_parts > TKE_MK_PARTS_MAX) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("a master key is made of 2 or 3 key parts"));
        return false;
    }
    names = tke_op_mk_part_names(params, error);
    if (names == NULL) {
        return false;
    }
    if (params->parts != NULL) {
        load.params.parts = (const char *const *) names->pdata;
    }
    if (!tke_record_check(op, error)) {
        return false;
    }
    ok = prepare(&load, selected, error);
    if (ok && !tke_operation_is_dry_run(op)) {
        ok = units->len == 0 ? keep(&load, error) : run_load(&load, error);
    }
    if (!ok) {
        tke_card_session_settle(tke_operation_get_card_session(op), error != NULL ? *error : NULL);
    }
    return ok;
}
