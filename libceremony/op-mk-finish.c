/*
 * Commit, set immediate, clear (functions 3.8).
 */
#include "libceremony/op-mk-finish.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/digest.h"
#include "common/hex.h"
#include "libceremony/card-session.h"
#include "libceremony/plan.h"
#include "libceremony/record.h"
#include "libep11admin/unit-master-key.h"

typedef struct Finish {
    TkeUnitCommand *(*make)(TkeUnit *unit, const uint8_t vp[static TKE_VP_LEN], GError **error);
    TkeUnitCommand *(*make_plain)(TkeUnit *unit, GError **error);
    uint8_t vp[TKE_VP_LEN];
} Finish;

static TkeUnitCommand *
make_command(TkeUnit *unit, void *data, GError **error)
{
    const Finish *finish = data;

    return finish->make != NULL ? finish->make(unit, finish->vp, error)
                                : finish->make_plain(unit, error);
}

static void
describe(TkeUnit *unit, void *data, JsonObject *values)
{
    const Finish *finish = data;
    g_autofree char *vp = tke_hex_encode(finish->vp, sizeof finish->vp);

    (void) unit;
    if (finish->make != NULL) {
        json_object_set_string_member(values, "pattern", vp);
    }
}

static bool
run(TkeOperation *op, TkeUnitDirectory *directory, GPtrArray *units, const TkeUnitStep *step,
    TkeUnitResults *results, GError **error)
{
    if (tke_operation_is_dry_run(op)) {
        return true;
    }
    if (!tke_unit_step_run(op, directory, units, step, results, error)) {
        tke_card_session_settle(tke_operation_get_card_session(op), error != NULL ? *error : NULL);
        return false;
    }
    return true;
}

/* Selected units and their state, with the checks that all four commands share. */
static GPtrArray *
begin(TkeOperation *op, TkeUnitDirectory *directory, GPtrArray **units, GError **error)
{
    g_autoptr(GPtrArray) states = NULL;

    *units = tke_unit_directory_get_selected(directory, error);
    if (*units == NULL || !tke_record_check(op, error)) {
        return NULL;
    }
    states = tke_plan_query(op, directory, *units, TKE_UNIT_QUERY_SIGNED_VPS, error);
    if (states == NULL || !tke_plan_need_secured(states, error)) {
        return NULL;
    }
    return g_steal_pointer(&states);
}

static bool
confirm_pattern(TkeOperation *op, const TkePlan *base, const uint8_t vp[static TKE_VP_LEN],
                unsigned n_units, GError **error)
{
    g_autofree char *pattern = tke_hex_grouped(vp, TKE_VP_LEN, 4, ' ');
    g_autofree char *count =
        g_strdup_printf(ngettext("in %u crypto unit", "in %u crypto units", n_units), n_units);
    const char *lines[] = { pattern, count, NULL };
    TkePlan plan = *base;

    plan.lines = lines;
    return tke_operation_confirm(op, &plan, error);
}

/* True where an earlier run, which did not reach all units, has done the step already. */
typedef bool (*DoneBefore)(const TkeUnitState *state, const uint8_t vp[static TKE_VP_LEN]);

static bool
has_committed(const TkeUnitState *state, const uint8_t vp[static TKE_VP_LEN])
{
    return state->registers.new_state == TKE_REGISTER_FULL_COMMITTED &&
           tke_digest_vp_equal(state->registers.new_vp, vp);
}

static bool
has_activated(const TkeUnitState *state, const uint8_t vp[static TKE_VP_LEN])
{
    return state->registers.new_state == TKE_REGISTER_EMPTY &&
           state->registers.current_state == TKE_REGISTER_VALID &&
           tke_digest_vp_equal(state->registers.current_vp, vp);
}

/* The states of the units in which the step is still to be done; all of them where none is left. */
static GPtrArray *
dup_left(TkeOperation *op, GPtrArray *states, DoneBefore done_before, TkeRegisterState wanted)
{
    g_autoptr(GPtrArray) left = g_ptr_array_new();
    const TkeUnitState *first = NULL;

    for (unsigned i = 0; first == NULL && i < states->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(states, i);

        first = state->registers.new_state == wanted ? state : NULL;
    }
    for (unsigned i = 0; i < states->len; i++) {
        TkeUnitState *state = g_ptr_array_index(states, i);

        if (first == NULL || !done_before(state, first->registers.new_vp)) {
            g_ptr_array_add(left, state);
        }
    }
    if (left->len < states->len) {
        tke_operation_note(
            op,
            ngettext("It was done in %u crypto unit before; it is done in the rest.",
                     "It was done in %u crypto units before; it is done in the rest.",
                     states->len - left->len),
            states->len - left->len);
    }
    return g_steal_pointer(&left);
}

static GPtrArray *
dup_units(GPtrArray *states)
{
    GPtrArray *units = g_ptr_array_new_with_free_func((GDestroyNotify) tke_unit_unref);

    for (unsigned i = 0; i < states->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(states, i);

        g_ptr_array_add(units, tke_unit_ref(state->unit));
    }
    return units;
}

bool
tke_op_mk_commit(TkeOperation *op, TkeUnitDirectory *directory, TkeUnitResults *results,
                 GError **error)
{
    g_autoptr(GPtrArray) all = NULL;
    g_autoptr(GPtrArray) states = begin(op, directory, &all, error);
    g_autoptr(GPtrArray) left = NULL;
    g_autoptr(GPtrArray) units = NULL;
    Finish finish = { .make = tke_unit_master_key_new_commit };
    const TkePlan plan = { .action = "mk-commit",
                           .title = _("The new master key with this pattern will be committed:") };
    const TkeUnitStep step = { .action = "tke-cryptounit-master-key-register.commit",
                               .what = _("Commit"),
                               .make = make_command,
                               .describe = describe,
                               .data = &finish };

    if (states == NULL) {
        return false;
    }
    left = dup_left(op, states, has_committed, TKE_REGISTER_FULL_UNCOMMITTED);
    units = dup_units(left);
    return tke_plan_need_new_register(left, TKE_REGISTER_FULL_UNCOMMITTED, error) &&
           tke_plan_need_one_new_pattern(states, finish.vp, error) &&
           confirm_pattern(op, &plan, finish.vp, units->len, error) &&
           run(op, directory, units, &step, results, error);
}

static bool
holds_other_key(const TkeUnitState *state, const void *data)
{
    return state->registers.current_state == TKE_REGISTER_VALID &&
           !tke_digest_vp_equal(state->registers.current_vp, data);
}

bool
tke_op_mk_set_immediate(TkeOperation *op, TkeUnitDirectory *directory, TkeUnitResults *results,
                        GError **error)
{
    g_autoptr(GPtrArray) all = NULL;
    g_autoptr(GPtrArray) states = begin(op, directory, &all, error);
    g_autoptr(GPtrArray) left = NULL;
    g_autoptr(GPtrArray) units = NULL;
    g_autofree char *others = NULL;
    g_autofree char *consequence = NULL;
    g_autofree char *word = NULL;
    Finish finish = { .make = tke_unit_master_key_new_finalize };
    TkePlan plan = { .action = "mk-setimm",
                     .title = _("The new master key with this pattern becomes the current one:"),
                     .consequence =
                         _("This cannot be reversed. Key storage must be prepared for the new "
                           "key, or be empty."),
                     .default_no = true };
    const TkeUnitStep step = { .action = "tke-cryptounit-master-key-register.activate",
                               .what = _("Set immediate"),
                               .make = make_command,
                               .describe = describe,
                               .data = &finish };

    if (states == NULL) {
        return false;
    }
    left = dup_left(op, states, has_activated, TKE_REGISTER_FULL_COMMITTED);
    units = dup_units(left);
    if (!tke_plan_need_new_register(left, TKE_REGISTER_FULL_COMMITTED, error) ||
        !tke_plan_need_one_new_pattern(left, finish.vp, error)) {
        return false;
    }
    others = tke_plan_names(left, holds_other_key, finish.vp);
    if (others != NULL) {
        if (!tke_plan_need_one_instance(units, error)) {
            return false;
        }
        consequence =
            g_strdup_printf(_("The current register of %s holds another key, and no finished "
                              "rewrap is known: what is stored under it becomes unreadable."),
                            others);
        word = tke_plan_confirm_word(units);
        plan.consequence = consequence;
        plan.confirm_text = word;
    }
    return confirm_pattern(op, &plan, finish.vp, units->len, error) &&
           run(op, directory, units, &step, results, error);
}

static bool
confirm_clear(TkeOperation *op, const char *action, GPtrArray *units, bool current, GError **error)
{
    g_autofree char *word = current ? tke_plan_confirm_word(units) : NULL;
    g_autoptr(GPtrArray) lines = g_ptr_array_new();
    TkePlan plan = { .action = action,
                     .title = current ? _("The current master key register will be cleared in:")
                                      : _("The new master key register will be cleared in:"),
                     .consequence =
                         current ? _("Key storage is unreadable until the same master key is "
                                     "loaded again.")
                                 : NULL,
                     .confirm_text = word,
                     .default_no = true };

    for (unsigned i = 0; i < units->len; i++) {
        g_ptr_array_add(lines, (gpointer) tke_unit_get_name(g_ptr_array_index(units, i)));
    }
    g_ptr_array_add(lines, NULL);
    plan.lines = (const char *const *) lines->pdata;
    return tke_operation_confirm(op, &plan, error);
}

bool
tke_op_mk_clear_new(TkeOperation *op, TkeUnitDirectory *directory, TkeUnitResults *results,
                    GError **error)
{
    g_autoptr(GPtrArray) units = NULL;
    g_autoptr(GPtrArray) states = begin(op, directory, &units, error);
    Finish finish = { .make_plain = tke_unit_master_key_new_clear_new };
    const TkeUnitStep step = { .action = "tke-cryptounit-new-master-key-register.clear",
                               .what = _("Clear new"),
                               .make = make_command,
                               .data = &finish };

    return states != NULL && confirm_clear(op, "mk-clrnew", units, false, error) &&
           run(op, directory, units, &step, results, error);
}

bool
tke_op_mk_clear_current(TkeOperation *op, TkeUnitDirectory *directory, TkeUnitResults *results,
                        GError **error)
{
    g_autoptr(GPtrArray) units = NULL;
    g_autoptr(GPtrArray) states = begin(op, directory, &units, error);
    Finish finish = { .make_plain = tke_unit_master_key_new_clear_current };
    const TkeUnitStep step = { .action = "tke-cryptounit-current-master-key-register.clear",
                               .what = _("Clear current"),
                               .make = make_command,
                               .data = &finish };

    return states != NULL && tke_plan_need_one_instance(units, error) &&
           confirm_clear(op, "mk-clrcur", units, true, error) &&
           run(op, directory, units, &step, results, error);
}
