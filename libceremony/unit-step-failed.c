/*
 * A step that was done in some units and not in others: try again, undo, or leave (functions 3.2,
 * P-7; F-053).
 */
#include <glib/gi18n-lib.h>

#include "libceremony/ceremony-error.h"
#include "libceremony/unit-step-private.h"

#define MAX_WAYS 3u

static void
add_way(TkeUnitStepWay *ways, GPtrArray *rows, TkeUnitStepWay way, char *text)
{
    char **row = g_new0(char *, 2);

    row[0] = text;
    ways[rows->len] = way;
    g_ptr_array_add(rows, row);
}

/* Those to which a command may still go. The caller frees the array. */
static GPtrArray *
trusted(GPtrArray *results)
{
    GPtrArray *some = g_ptr_array_new();

    for (unsigned i = 0; i < results->len; i++) {
        TkeUnitResult *result = g_ptr_array_index(results, i);

        if (result->forged == NULL) {
            g_ptr_array_add(some, result);
        }
    }
    return some;
}

/* Names of those whose outcome is unknown and which get no command: they can be asked, no more. */
static char *
names_to_ask(GPtrArray *results)
{
    g_autoptr(GPtrArray) some = g_ptr_array_new();

    for (unsigned i = 0; i < results->len; i++) {
        TkeUnitResult *result = g_ptr_array_index(results, i);

        if (result->forged != NULL) {
            g_ptr_array_add(some, result);
        }
    }
    return tke_unit_results_names(some, TKE_UNIT_RESULT_UNKNOWN);
}

/* NULL: there is nothing that could help. */
static char *
retry_text(GPtrArray *results)
{
    g_autoptr(GPtrArray) some = trusted(results);
    g_autofree char *failed = tke_unit_results_names(some, TKE_UNIT_RESULT_FAILED);
    g_autofree char *unknown = tke_unit_results_names(some, TKE_UNIT_RESULT_UNKNOWN);
    g_autofree char *again =
        g_strdup_printf("%s%s%s", failed, *failed != '\0' && *unknown != '\0' ? ", " : "", unknown);
    g_autofree char *ask = names_to_ask(results);

    if (*again != '\0' && *ask != '\0') {
        return g_strdup_printf(_("try again in %s; ask %s again whether it was done"), again, ask);
    }
    if (*ask != '\0') {
        return g_strdup_printf(_("ask %s again whether it was done"), ask);
    }
    return *again != '\0' ? g_strdup_printf(_("try again in %s"), again) : NULL;
}

static char *
undo_text(const TkeUnitStep *step, GPtrArray *results)
{
    g_autoptr(GPtrArray) some = trusted(results);
    g_autofree char *done = tke_unit_results_names(some, TKE_UNIT_RESULT_DONE);

    return g_strdup_printf(_("undo it (%s) in %s"), step->undo->what, done);
}

TkeUnitStepWay
tke_unit_step_ask(TkeOperation *op, const TkeUnitStep *step, GPtrArray *results,
                  const GError *facts)
{
    const char *columns[] = { _("NEXT STEP"), NULL };
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify) g_strfreev);
    g_autoptr(GError) ignored = NULL;
    TkeUnitStepWay ways[MAX_WAYS];
    TkeChoice choice = { .what = "unit-failed", .title = facts->message, .columns = columns };
    g_autoptr(GPtrArray) some = trusted(results);
    char *retry = retry_text(results);
    unsigned index = 0;

    if (retry != NULL) {
        add_way(ways, rows, TKE_UNIT_STEP_RETRY, retry);
    }
    if (step->undo != NULL && tke_unit_results_count_done(some) > 0) {
        add_way(ways, rows, TKE_UNIT_STEP_UNDO, undo_text(step, results));
    }
    add_way(ways, rows, TKE_UNIT_STEP_LEAVE, g_strdup(_("leave it as it is")));
    choice.rows = (const char *const *const *) rows->pdata;
    choice.n_rows = rows->len;
    choice.default_row = rows->len;
    return tke_operation_choose(op, &choice, &index, &ignored) ? ways[index] : TKE_UNIT_STEP_LEAVE;
}

void
tke_unit_step_settle(TkeUnitDirectory *directory, GPtrArray *results, GPtrArray *found)
{
    TkeUnitTransport *transport =
        tke_world_get_units(tke_unit_directory_get_world(directory), NULL);
    g_autoptr(GPtrArray) asked = g_ptr_array_new();
    g_autoptr(GPtrArray) commands = g_ptr_array_new();
    g_autoptr(GError) ignored = NULL;

    for (unsigned i = 0; i < results->len; i++) {
        TkeUnitResult *result = g_ptr_array_index(results, i);

        if (result->outcome == TKE_UNIT_OUTCOME_UNKNOWN && result->command != NULL) {
            g_ptr_array_add(asked, result);
            g_ptr_array_add(commands, result->command);
        }
    }
    if (commands->len == 0 || transport == NULL) {
        return;
    }
    (void) tke_unit_command_settle(transport, (TkeUnitCommand *const *) commands->pdata,
                                   commands->len, NULL, &ignored);
    tke_world_note_error(tke_unit_directory_get_world(directory), ignored);
    tke_unit_results_take(asked);
    for (unsigned i = 0; i < asked->len; i++) {
        TkeUnitResult *result = g_ptr_array_index(asked, i);

        if (result->outcome != TKE_UNIT_OUTCOME_UNKNOWN) {
            g_ptr_array_add(found, result);
        }
    }
}

/* The unit as it is now does not stand in the way. */
static bool
is_ready(const TkeUnitStep *step, TkeUnitState *state, GError **error)
{
    if (state->error != NULL) {
        g_propagate_error(error, g_error_copy(state->error));
        return false;
    }
    return step->check == NULL || step->check(state, step->data, error);
}

bool
tke_unit_step_prepare_retry(TkeOperation *op, TkeUnitDirectory *directory, const TkeUnitStep *step,
                            GPtrArray *results, GPtrArray *todo, GError **error)
{
    g_autoptr(GPtrArray) units = g_ptr_array_new();
    g_autoptr(GPtrArray) states = NULL;
    g_autoptr(GPtrArray) failed = g_ptr_array_new();

    for (unsigned i = 0; i < results->len; i++) {
        TkeUnitResult *result = g_ptr_array_index(results, i);

        if (result->forged == NULL && !tke_unit_result_is_done(result) &&
            result->outcome != TKE_UNIT_OUTCOME_UNKNOWN) {
            g_clear_pointer(&result->command, tke_unit_command_free);
            g_ptr_array_add(failed, result);
            g_ptr_array_add(units, result->unit);
        }
    }
    if (units->len == 0) {
        return true;
    }
    states = tke_unit_directory_query(directory, units, step->read,
                                      tke_operation_get_cancellable(op), error);
    for (unsigned i = 0; states != NULL && i < states->len; i++) {
        TkeUnitResult *result = g_ptr_array_index(failed, i);

        result->outcome = TKE_UNIT_OUTCOME_NOT_SENT;
        g_clear_pointer(&result->signers, g_strfreev);
        g_clear_error(&result->error);
        if (is_ready(step, g_ptr_array_index(states, i), &result->error)) {
            g_ptr_array_add(todo, result);
        }
    }
    tke_unit_results_take_reading(failed);
    return states != NULL;
}

static GPtrArray *
done_units(GPtrArray *results)
{
    GPtrArray *units = g_ptr_array_new();

    for (unsigned i = 0; i < results->len; i++) {
        TkeUnitResult *result = g_ptr_array_index(results, i);

        if (result->forged == NULL && tke_unit_result_is_done(result)) {
            g_ptr_array_add(units, result->unit);
        }
    }
    return units;
}

/* What an undo has come to in a unit is what has become of the step there. */
static void
mark_undone(GPtrArray *results, GPtrArray *undone)
{
    for (unsigned i = 0; i < undone->len; i++) {
        const TkeUnitResult *of_undo = g_ptr_array_index(undone, i);

        for (unsigned k = 0; k < results->len; k++) {
            TkeUnitResult *result = g_ptr_array_index(results, k);

            if (result->unit == of_undo->unit && tke_unit_result_is_done(of_undo)) {
                result->undone = true;
            } else if (result->unit == of_undo->unit &&
                       of_undo->outcome == TKE_UNIT_OUTCOME_UNKNOWN) {
                result->outcome = TKE_UNIT_OUTCOME_UNKNOWN;
            }
        }
    }
}

/* The one step that comes next, as the units are after the undo. */
static const char *
next_step(GPtrArray *results, GPtrArray *undone)
{
    g_autofree char *unknown = tke_unit_results_names(results, TKE_UNIT_RESULT_UNKNOWN);

    if (*unknown != '\0' || tke_unit_results_get_forgery(results) != NULL ||
        tke_unit_results_get_forgery(undone) != NULL) {
        return _("look with “tke cryptounit-compare” first, then give the same command again");
    }
    return tke_unit_results_count_done(results) > 0
               ? _("the same command again does it in the rest; “tke cryptounit-compare” shows how "
                   "they are now")
               : _("start again");
}

/* What became of the undo. why: what is to be said of it, or NULL. */
static char *
undo_report(GPtrArray *units, GPtrArray *undone, const char *names, const GError *why)
{
    g_autofree char *unknown = tke_unit_results_names(undone, TKE_UNIT_RESULT_UNKNOWN);
    const unsigned n = tke_unit_results_count_done(undone);

    if (undone->len == units->len && n == units->len) {
        return why == NULL ? g_strdup_printf(_("It was undone in %s"), names)
                           : g_strdup_printf(_("It was undone in %s. %s"), names, why->message);
    }
    return g_strdup_printf(n == 0 && *unknown == '\0' ? _("Nothing of it could be undone: %s")
                                                      : _("Not all of it could be undone: %s"),
                           why->message);
}

/* What is left of the step where the undo has come to its end; why: what is to be said of the
 * undo, or NULL. */
static void
set_undone(GPtrArray *results, GPtrArray *undone, const char *text, const GError *why,
           GError **error)
{
    g_autofree char *unknown = tke_unit_results_names(results, TKE_UNIT_RESULT_UNKNOWN);
    const GError *forged = tke_unit_results_get_forgery(results);
    GError *verdict = NULL;

    forged = forged != NULL ? forged : tke_unit_results_get_forgery(undone);
    if (*unknown != '\0' || tke_unit_results_count_done(results) > 0) {
        verdict = g_error_new_literal(TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY, text);
    } else if (forged != NULL || why != NULL) {
        verdict = g_error_copy(forged != NULL ? forged : why);
        g_free(verdict->message);
        verdict->message = g_strdup(text);
    } else {
        verdict = g_error_new_literal(TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_UNITS, text);
    }
    g_propagate_error(error, verdict);
}

void
tke_unit_step_undo(TkeOperation *op, TkeUnitDirectory *directory, const TkeUnitStep *step,
                   GPtrArray *results, const GError *facts, GError **error)
{
    TkeUnitStep inner = *step->undo;
    g_autoptr(GPtrArray) units = done_units(results);
    g_autoptr(GPtrArray) some = trusted(results);
    g_autofree char *names = tke_unit_results_names(some, TKE_UNIT_RESULT_DONE);
    g_autoptr(GPtrArray) undone = tke_unit_results_new();
    g_autofree char *report = NULL;
    g_autofree char *text = NULL;
    g_autoptr(GError) why = NULL;

    inner.inner = true;
    (void) tke_unit_step_run(op, directory, units, &inner, undone, &why);
    mark_undone(results, undone);
    report = undo_report(units, undone, names, why);
    text =
        g_strdup_printf(_("%s. %s. Next: %s"), facts->message, report, next_step(results, undone));
    set_undone(results, undone, text, why, error);
}
