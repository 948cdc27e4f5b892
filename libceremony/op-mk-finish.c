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

#define COMMIT "tke-cryptounit-master-key-register.commit"

typedef struct Finish {
    TkeUnitCommand *(*make)(TkeUnit *unit, const uint8_t vp[static TKE_VP_LEN], GError **error);
    TkeUnitCommand *(*make_plain)(TkeUnit *unit, GError **error);
    uint8_t vp[TKE_VP_LEN];
    GPtrArray *states; /* as the operator has agreed to */
    TkePlanSame same;  /* of which these must be the same when something is signed for again */
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
check_same(const TkeUnitState *now, void *data, GError **error)
{
    const Finish *finish = data;

    return tke_plan_check_same(finish->states, now, finish->same, error);
}

/* To be cleared is what was seen; what is empty already does no harm. */
static bool
check_cleared(const TkeUnitState *now, void *data, GError **error)
{
    const Finish *finish = data;
    TkeRegisterState state = finish->same == TKE_PLAN_SAME_CURRENT ? now->registers.current_state
                                                                   : now->registers.new_state;

    return state == TKE_REGISTER_EMPTY || check_same(now, data, error);
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
                GPtrArray *left, TkeAdminCommand command, GError **error)
{
    g_autofree char *signers = tke_plan_signatures(left, command, 0);
    g_autofree char *pattern = tke_hex_grouped(vp, TKE_VP_LEN, 4, ' ');
    g_autofree char *count =
        g_strdup_printf(ngettext("in %u crypto unit", "in %u crypto units", left->len), left->len);
    const char *lines[] = { pattern, count, signers, NULL };
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
    tke_plan_note_left(op, states->len - left->len);
    return g_steal_pointer(&left);
}

/*
 * That it has committed the key of an unfinished commit rests on the word of the service alone, as
 * no signed answer tells it. The unit is told to commit again, which it answers signed.
 */
static bool
is_unproven(TkeUnitDirectory *directory, const TkeUnitState *state)
{
    g_autoptr(JsonObject) values = json_object_new();
    Finish finish = { .make = tke_unit_master_key_new_commit };
    TkeJournalState noted = TKE_JOURNAL_DONE;
    const TkeJournalEntry *entry;

    memcpy(finish.vp, state->registers.new_vp, sizeof finish.vp);
    describe(state->unit, &finish, values);
    entry = tke_journal_find_same(tke_unit_directory_get_journal(directory), COMMIT, values,
                                  state->unit);
    return state->registers.new_state == TKE_REGISTER_FULL_COMMITTED && entry != NULL &&
           tke_journal_entry_get_state(entry, state->unit, &noted) && noted != TKE_JOURNAL_DONE;
}

/*
 * The states of the units in which a key is still to be committed. They count as uncommitted, as
 * far as is known. All of them where none is left.
 */
static GPtrArray *
dup_uncommitted(TkeOperation *op, TkeUnitDirectory *directory, GPtrArray *states)
{
    for (unsigned i = 0; i < states->len; i++) {
        TkeUnitState *state = g_ptr_array_index(states, i);

        if (is_unproven(directory, state)) {
            state->registers.new_state = TKE_REGISTER_FULL_UNCOMMITTED;
        }
    }
    return dup_left(op, states, has_committed, TKE_REGISTER_FULL_UNCOMMITTED);
}

static bool
holds_key(const TkeUnitState *state, const void *data)
{
    return state->registers.current_state == TKE_REGISTER_VALID &&
           tke_digest_vp_equal(state->registers.current_vp, data);
}

static bool
holds_other_key(const TkeUnitState *state, const void *data)
{
    return state->registers.current_state == TKE_REGISTER_VALID && !holds_key(state, data);
}

static bool
lacks_key(const TkeUnitState *state, const void *data)
{
    return !holds_key(state, data);
}

/* What the operator is to know of a key that is current already; NULL: it is so nowhere. */
static char *
current_text(GPtrArray *states, const uint8_t vp[static TKE_VP_LEN])
{
    g_autofree char *holders = tke_plan_names(states, holds_key, vp);

    return holders != NULL
               ? g_strdup_printf(_("This is the key that is current already in %s."), holders)
               : NULL;
}

/* As the registers are once it is committed everywhere. */
static void
tell_next(TkeOperation *op, GPtrArray *states, const uint8_t vp[static TKE_VP_LEN])
{
    g_autofree char *holders = tke_plan_names(states, holds_key, vp);
    g_autofree char *others = tke_plan_names(states, lacks_key, vp);
    g_autofree char *rotated = tke_plan_names(states, holds_other_key, vp);

    if (others == NULL) {
        tke_operation_note(op, "%s",
                           _("The committed key is the current one already: there is nothing to "
                             "set. Next: empty the new registers (tke cryptounit-mk-clrnew)."));
    } else if (rotated != NULL) {
        tke_operation_note(op, "%s",
                           _("Next: tke cryptounit-mk-setimm, once key storage is prepared for "
                             "the new key."));
    } else if (holders != NULL) {
        tke_operation_note(op,
                           _("The committed key is the current one already in %s. Next, to make it "
                             "that in %s too: tke cryptounit-mk-setimm."),
                           holders, others);
    } else {
        tke_operation_note(op, "%s", _("Next: tke cryptounit-mk-setimm."));
    }
}

/* Of the key that is committed, all that is to be agreed to. */
static bool
confirm_commit(TkeOperation *op, GPtrArray *states, GPtrArray *left,
               const uint8_t vp[static TKE_VP_LEN], GError **error)
{
    g_autofree char *current = current_text(states, vp);
    const TkePlan plan = { .action = "mk-commit",
                           .title = _("The new master key with this pattern will be committed:"),
                           .consequence = current };

    return confirm_pattern(op, &plan, vp, left, TKE_ADMIN_COMMIT_WK, error);
}

bool
tke_op_mk_commit(TkeOperation *op, TkeUnitDirectory *directory, TkeUnitResults *results,
                 GError **error)
{
    g_autoptr(GPtrArray) all = NULL;
    g_autoptr(GPtrArray) states = begin(op, directory, &all, error);
    g_autoptr(GPtrArray) left = NULL;
    g_autoptr(GPtrArray) units = NULL;
    Finish finish = { .make = tke_unit_master_key_new_commit,
                      .states = states,
                      .same = TKE_PLAN_SAME_NEW };
    const TkeUnitStep step = { .action = COMMIT,
                               .what = _("Commit"),
                               .make = make_command,
                               .describe = describe,
                               .check = check_same,
                               .read = TKE_UNIT_QUERY_SIGNED_VPS,
                               .data = &finish,
                               .unproven = true };

    if (states == NULL) {
        return false;
    }
    left = dup_uncommitted(op, directory, states);
    units = tke_plan_dup_units(left);
    if (!tke_plan_need_new_register(left, TKE_REGISTER_FULL_UNCOMMITTED, error) ||
        !tke_plan_need_one_new_pattern(states, finish.vp, error) ||
        !confirm_commit(op, states, left, finish.vp, error) ||
        !run(op, directory, units, &step, results, error)) {
        return false;
    }
    if (!tke_operation_is_dry_run(op)) {
        tell_next(op, states, finish.vp);
    }
    return true;
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
    Finish finish = { .make = tke_unit_master_key_new_finalize,
                      .states = states,
                      .same = TKE_PLAN_SAME_NEW | TKE_PLAN_SAME_CURRENT };
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
                               .check = check_same,
                               .read = TKE_UNIT_QUERY_SIGNED_VPS,
                               .data = &finish };

    if (states == NULL) {
        return false;
    }
    left = dup_left(op, states, has_activated, TKE_REGISTER_FULL_COMMITTED);
    units = tke_plan_dup_units(left);
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
    return confirm_pattern(op, &plan, finish.vp, left, TKE_ADMIN_FINALIZE_WK, error) &&
           run(op, directory, units, &step, results, error);
}

/* "crypto unit 1: 0123…", of the register that is cleared. */
static char *
register_line(const TkeUnitState *state, bool current)
{
    const TkeDomainInfo *registers = &state->registers;
    TkeRegisterState what = current ? registers->current_state : registers->new_state;
    g_autofree char *pattern =
        tke_hex_grouped(current ? registers->current_vp : registers->new_vp, TKE_VP_LEN, 4, ' ');

    return g_strdup_printf("%s: %s", tke_unit_get_name(state->unit),
                           what == TKE_REGISTER_EMPTY ? _(tke_info_response_register_word(what))
                                                      : pattern);
}

static bool
confirm_clear(TkeOperation *op, const char *action, GPtrArray *left, bool current, GError **error)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) units = tke_plan_dup_units(left);
    g_autofree char *word = current ? tke_plan_confirm_word(units) : NULL;
    TkePlan plan = { .action = action,
                     .title = current ? _("The current master key register will be cleared in:")
                                      : _("The new master key register will be cleared in:"),
                     .consequence =
                         current ? _("Key storage is unreadable until the same master key is "
                                     "loaded again.")
                                 : NULL,
                     .confirm_text = word,
                     .default_no = true };

    for (unsigned i = 0; i < left->len; i++) {
        g_ptr_array_add(lines, register_line(g_ptr_array_index(left, i), current));
    }
    g_ptr_array_add(
        lines, tke_plan_signatures(left, current ? TKE_ADMIN_CLEAR_WK : TKE_ADMIN_CLEAR_NEW_WK, 0));
    g_ptr_array_add(lines, NULL);
    plan.lines = (const char *const *) lines->pdata;
    return tke_operation_confirm(op, &plan, error);
}

bool
tke_op_mk_clear_new(TkeOperation *op, TkeUnitDirectory *directory, TkeUnitResults *results,
                    GError **error)
{
    g_autoptr(GPtrArray) all = NULL;
    g_autoptr(GPtrArray) states = begin(op, directory, &all, error);
    g_autoptr(GPtrArray) left = NULL;
    g_autoptr(GPtrArray) units = NULL;
    Finish finish = { .make_plain = tke_unit_master_key_new_clear_new,
                      .states = states,
                      .same = TKE_PLAN_SAME_NEW };
    const TkeUnitStep step = { .action = "tke-cryptounit-new-master-key-register.clear",
                               .what = _("Clear new"),
                               .make = make_command,
                               .check = check_cleared,
                               .read = TKE_UNIT_QUERY_SIGNED_VPS,
                               .data = &finish };

    if (states == NULL) {
        return false;
    }
    left = tke_plan_dup_left(op, directory, states, step.action, NULL);
    units = tke_plan_dup_units(left);
    return confirm_clear(op, "mk-clrnew", left, false, error) &&
           run(op, directory, units, &step, results, error);
}

bool
tke_op_mk_clear_current(TkeOperation *op, TkeUnitDirectory *directory, TkeUnitResults *results,
                        GError **error)
{
    g_autoptr(GPtrArray) all = NULL;
    g_autoptr(GPtrArray) states = begin(op, directory, &all, error);
    g_autoptr(GPtrArray) left = NULL;
    g_autoptr(GPtrArray) units = NULL;
    Finish finish = { .make_plain = tke_unit_master_key_new_clear_current,
                      .states = states,
                      .same = TKE_PLAN_SAME_CURRENT };
    const TkeUnitStep step = { .action = "tke-cryptounit-current-master-key-register.clear",
                               .what = _("Clear current"),
                               .make = make_command,
                               .check = check_cleared,
                               .read = TKE_UNIT_QUERY_SIGNED_VPS,
                               .data = &finish };

    if (states == NULL || !tke_plan_need_one_instance(all, error)) {
        return false;
    }
    left = tke_plan_dup_left(op, directory, states, step.action, NULL);
    units = tke_plan_dup_units(left);
    return confirm_clear(op, "mk-clrcur", left, true, error) &&
           run(op, directory, units, &step, results, error);
}
