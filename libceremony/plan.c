/*
 * Preconditions of changes to crypto units (functions 3.2, P-7; 3.8).
 */
#include "libceremony/plan.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/digest.h"
#include "libceremony/ceremony-error.h"

/* What an earlier step has left, as the units show it now. */
static void
tell_unfinished(TkeOperation *op, TkeUnitDirectory *directory)
{
    const GPtrArray *entries =
        tke_journal_get_unfinished(tke_unit_directory_get_journal(directory));

    for (unsigned i = 0; i < entries->len; i++) {
        g_autofree char *text = tke_journal_entry_tell(g_ptr_array_index(entries, i),
                                                       tke_unit_directory_get_units(directory));

        if (text != NULL) {
            tke_operation_note(op, "%s", text);
        }
    }
}

/* Those of which an answer was forged before, all of one instance; none: there is no such unit. */
static GPtrArray *
dup_distrusted(TkeUnitDirectory *directory, GPtrArray *units, GPtrArray *but)
{
    g_autoptr(GPtrArray) some = g_ptr_array_new();

    for (unsigned i = 0; i < units->len; i++) {
        TkeUnit *unit = g_ptr_array_index(units, i);
        const char *instance =
            some->len > 0 ? tke_unit_get_instance(g_ptr_array_index(some, 0)) : NULL;

        if (tke_unit_directory_is_distrusted(directory, unit) &&
            !g_ptr_array_find(but, unit, NULL) &&
            (instance == NULL || strcmp(instance, tke_unit_get_instance(unit)) == 0)) {
            g_ptr_array_add(some, unit);
        }
    }
    return g_steal_pointer(&some);
}

static bool
confirm_instance(TkeOperation *op, GPtrArray *distrusted, GError **error)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new();
    g_autofree char *word = tke_plan_confirm_word(distrusted);
    TkePlan plan = { .action = "unit-distrusted",
                     .title = _("An answer of these crypto units was not their own before:"),
                     .consequence =
                         _("Somebody may tamper with them, or with the way to them. They were read "
                           "anew, and what they answer now is signed by them. Go on only if you "
                           "know what has happened."),
                     .confirm_text = word,
                     .default_no = true };

    for (unsigned i = 0; i < distrusted->len; i++) {
        g_ptr_array_add(lines, (gpointer) tke_unit_get_name(g_ptr_array_index(distrusted, i)));
    }
    g_ptr_array_add(lines, NULL);
    plan.lines = (const char *const *) lines->pdata;
    return tke_operation_confirm(op, &plan, error);
}

/*
 * Units of which an answer was forged before are used again only when somebody says so, now that
 * they have been read and verified anew; for each instance, whose word it is.
 */
static bool
confirm_distrusted(TkeOperation *op, TkeUnitDirectory *directory, GPtrArray *units, GError **error)
{
    g_autoptr(GPtrArray) agreed = g_ptr_array_new();

    for (;;) {
        g_autoptr(GPtrArray) some = dup_distrusted(directory, units, agreed);

        if (some->len == 0) {
            break;
        }
        if (!confirm_instance(op, some, error)) {
            return false;
        }
        g_ptr_array_extend(agreed, some, NULL, NULL);
    }
    for (unsigned i = 0; !tke_operation_is_dry_run(op) && i < agreed->len; i++) {
        tke_unit_directory_trust_again(directory, g_ptr_array_index(agreed, i));
    }
    return true;
}

GPtrArray *
tke_plan_query(TkeOperation *op, TkeUnitDirectory *directory, GPtrArray *units,
               TkeUnitQueryFlags flags, GError **error)
{
    g_autoptr(GPtrArray) states = NULL;

    if (!tke_operation_check(op, error)) {
        return NULL;
    }
    states =
        tke_unit_directory_query(directory, units, flags, tke_operation_get_cancellable(op), error);
    for (unsigned i = 0; states != NULL && i < states->len; i++) {
        TkeUnitState *state = g_ptr_array_index(states, i);

        if (state->error != NULL) {
            g_propagate_error(error, g_error_copy(state->error));
            return NULL;
        }
        for (unsigned k = 0; state->warnings != NULL && k < state->warnings->len; k++) {
            tke_operation_note(op, "%s", (const char *) g_ptr_array_index(state->warnings, k));
        }
    }
    if (states != NULL) {
        tell_unfinished(op, directory);
    }
    if (states != NULL && !confirm_distrusted(op, directory, units, error)) {
        return NULL;
    }
    return g_steal_pointer(&states);
}

char *
tke_plan_names(GPtrArray *states, TkePlanTest test, const void *data)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (unsigned i = 0; i < states->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(states, i);

        if (test(state, data)) {
            g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "",
                                   tke_unit_get_name(state->unit));
        }
    }
    return names->len > 0 ? g_string_free(g_steal_pointer(&names), FALSE) : NULL;
}

static bool
in_imprint(const TkeUnitState *state, const void *data)
{
    (void) data;
    return state->imprint;
}

bool
tke_plan_need_secured(GPtrArray *states, GError **error)
{
    g_autofree char *names = tke_plan_names(states, in_imprint, NULL);

    if (names != NULL) {
        g_set_error(
            error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PRECONDITION,
            _("in imprint mode, where this is not possible: %s; add administrators and set the "
              "thresholds first (tke cryptounit-admin-add, tke cryptounit-thrhld-set)"),
            names);
        return false;
    }
    return true;
}

static bool
new_register_differs(const TkeUnitState *state, const void *data)
{
    return state->registers.new_state != *(const TkeRegisterState *) data;
}

static const char *
next_step(TkeRegisterState wanted)
{
    switch (wanted) {
    case TKE_REGISTER_EMPTY:
        return _("clear it first (tke cryptounit-mk-clrnew)");
    case TKE_REGISTER_FULL_UNCOMMITTED:
        return _("load all crypto units with the same key parts first (tke cryptounit-mk-load)");
    case TKE_REGISTER_FULL_COMMITTED:
        return _("commit first (tke cryptounit-mk-commit)");
    case TKE_REGISTER_VALID:
    default:
        return _("look with “tke cryptounit-compare”");
    }
}

bool
tke_plan_need_new_register(GPtrArray *states, TkeRegisterState wanted, GError **error)
{
    g_autofree char *names = tke_plan_names(states, new_register_differs, &wanted);

    if (names != NULL) {
        g_set_error(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PRECONDITION,
                    _("the new master key register must be “%s” and is not in %s: %s"),
                    _(tke_info_response_register_word(wanted)), names, next_step(wanted));
        return false;
    }
    return true;
}

static bool
new_pattern_differs(const TkeUnitState *state, const void *data)
{
    return !tke_digest_vp_equal(state->registers.new_vp, data);
}

bool
tke_plan_need_one_new_pattern(GPtrArray *states, uint8_t vp[static 32], GError **error)
{
    const TkeUnitState *first = g_ptr_array_index(states, 0);
    g_autofree char *names = tke_plan_names(states, new_pattern_differs, first->registers.new_vp);

    if (names != NULL) {
        g_set_error(
            error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PRECONDITION,
            _("the new master key registers hold different keys: %s differs from %s; clear the new "
              "registers of all (tke cryptounit-mk-clrnew) and load them again"),
            names, tke_unit_get_name(first->unit));
        return false;
    }
    memcpy(vp, first->registers.new_vp, 32);
    return true;
}

typedef struct Unfinished {
    TkeJournal *journal;
    const char *action;
    JsonObject *values;
} Unfinished;

static bool
was_done(const TkeUnitState *state, const void *data)
{
    const Unfinished *step = data;
    const TkeJournalEntry *entry =
        tke_journal_find_same(step->journal, step->action, step->values, state->unit);

    return entry != NULL && tke_journal_entry_was_done(entry, state->unit);
}

static bool
has_changed_since(const TkeUnitState *state, const void *data)
{
    const Unfinished *step = data;
    const TkeJournalEntry *entry =
        tke_journal_find_same(step->journal, step->action, step->values, state->unit);
    TkeJournalState now = TKE_JOURNAL_DONE;

    return was_done(state, data) && tke_journal_entry_get_state(entry, state->unit, &now) &&
           now != TKE_JOURNAL_DONE;
}

GPtrArray *
tke_plan_dup_left(TkeOperation *op, TkeUnitDirectory *directory, GPtrArray *states,
                  const char *action, JsonObject *values)
{
    const Unfinished step = { .journal = tke_unit_directory_get_journal(directory),
                              .action = action,
                              .values = values };
    g_autoptr(GPtrArray) left = g_ptr_array_new();
    g_autofree char *changed = tke_plan_names(states, has_changed_since, &step);

    for (unsigned i = 0; i < states->len; i++) {
        if (!was_done(g_ptr_array_index(states, i), &step)) {
            g_ptr_array_add(left, g_ptr_array_index(states, i));
        }
    }
    if (left->len == 0) { /* wanted once more */
        for (unsigned i = 0; i < states->len; i++) {
            g_ptr_array_add(left, g_ptr_array_index(states, i));
        }
        return g_steal_pointer(&left);
    }
    tke_plan_note_left(op, states->len - left->len);
    if (changed != NULL) {
        tke_operation_note(op,
                           _("WARNING: %s: changed since it was done there, and left alone now; to "
                             "do it there again name it with --select without the others."),
                           changed);
    }
    return g_steal_pointer(&left);
}

void
tke_plan_note_left(TkeOperation *op, unsigned n_done)
{
    if (n_done > 0) {
        tke_operation_note(
            op,
            ngettext("It was done in %u crypto unit before; it is done in the rest.",
                     "It was done in %u crypto units before; it is done in the rest.", n_done),
            n_done);
    }
}

GPtrArray *
tke_plan_dup_units(GPtrArray *states)
{
    GPtrArray *units = g_ptr_array_new_with_free_func((GDestroyNotify) tke_unit_unref);

    for (unsigned i = 0; i < states->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(states, i);

        g_ptr_array_add(units, tke_unit_ref(state->unit));
    }
    return units;
}

static const TkeUnitState *
find_state(GPtrArray *states, const TkeUnit *unit)
{
    for (unsigned i = 0; i < states->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(states, i);

        if (strcmp(tke_unit_get_hsm_id(state->unit), tke_unit_get_hsm_id(unit)) == 0) {
            return state;
        }
    }
    return NULL;
}

/* In any order. */
static bool
same_admins(const TkeUnitState *a, const TkeUnitState *b)
{
    for (unsigned i = 0; i < a->admins->len; i++) {
        const TkeUnitAdmin *admin = g_ptr_array_index(a->admins, i);

        if (!tke_unit_state_has_admin(b, admin->ski)) {
            return false;
        }
    }
    return a->admins->len == b->admins->len;
}

static bool
same_thresholds(const TkeUnitState *a, const TkeUnitState *b)
{
    return memcmp(a->identity.domain, b->identity.domain, sizeof a->identity.domain) == 0 &&
           memcmp(a->identity.module_id, b->identity.module_id, sizeof a->identity.module_id) ==
               0 &&
           a->attributes.value[TKE_ATTRIBUTE_SIGN_THR] ==
               b->attributes.value[TKE_ATTRIBUTE_SIGN_THR] &&
           a->attributes.value[TKE_ATTRIBUTE_REVOKE_THR] ==
               b->attributes.value[TKE_ATTRIBUTE_REVOKE_THR];
}

/* What has changed, translated; NULL: nothing. */
static const char *
find_change(const TkeUnitState *was, const TkeUnitState *now, TkePlanSame same)
{
    if ((same & TKE_PLAN_SAME_THRESHOLDS) != 0 && !same_thresholds(was, now)) {
        return _("its thresholds, or it was zeroized");
    }
    if ((same & TKE_PLAN_SAME_ADMINS) != 0 && !same_admins(was, now)) {
        return _("its administrators");
    }
    if ((same & TKE_PLAN_SAME_NEW) != 0 &&
        !tke_digest_vp_equal(was->registers.new_vp, now->registers.new_vp)) {
        return _("its new master key register");
    }
    if ((same & TKE_PLAN_SAME_CURRENT) != 0 &&
        !tke_digest_vp_equal(was->registers.current_vp, now->registers.current_vp)) {
        return _("its current master key register");
    }
    return NULL;
}

bool
tke_plan_check_same(GPtrArray *states, const TkeUnitState *now, TkePlanSame same, GError **error)
{
    const TkeUnitState *was = find_state(states, now->unit);
    const char *change = was != NULL ? find_change(was, now, same) : NULL;

    g_return_val_if_fail(was != NULL, false);

    if (change != NULL) {
        g_set_error(
            error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PRECONDITION,
            _("%s is not as it was when you agreed: somebody else has changed %s meanwhile; "
              "look with “tke cryptounit-compare” and start again"),
            tke_unit_get_name(now->unit), change);
    }
    return change == NULL;
}

char *
tke_plan_signatures(GPtrArray *states, TkeAdminCommand command, unsigned new_threshold)
{
    unsigned most = 0;

    for (unsigned i = 0; i < states->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(states, i);
        const TkeSignatureState now = { .signature_threshold =
                                            state->attributes.value[TKE_ATTRIBUTE_SIGN_THR],
                                        .revocation_threshold =
                                            state->attributes.value[TKE_ATTRIBUTE_REVOKE_THR],
                                        .permissions = state->attributes.value[TKE_ATTRIBUTE_PERMS],
                                        .new_signature_threshold = new_threshold };

        most = MAX(most, tke_admin_command_count_signatures(command, &now));
    }
    return most == 0
               ? g_strdup(_("no signature is needed, as in imprint mode"))
               : g_strdup_printf(ngettext("%u administrator signs", "%u administrators sign", most),
                                 most);
}

bool
tke_plan_need_one_instance(GPtrArray *units, GError **error)
{
    const char *first = tke_unit_get_instance(g_ptr_array_index(units, 0));

    for (unsigned i = 1; i < units->len; i++) {
        const char *other = tke_unit_get_instance(g_ptr_array_index(units, i));

        if (strcmp(first, other) != 0) {
            g_set_error(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PRECONDITION,
                        _("crypto units of more than one instance are selected (%s, %s), and this "
                          "is done in one at a time: name its crypto units with --select (tke "
                          "cryptounits lists them)"),
                        first, other);
            return false;
        }
    }
    return true;
}

char *
tke_plan_confirm_word(GPtrArray *units)
{
    return g_strndup(tke_unit_get_instance(g_ptr_array_index(units, 0)), 8);
}
