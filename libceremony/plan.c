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
                    tke_info_response_register_word(wanted), names, next_step(wanted));
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
