/*
 * One command to each of several crypto units (functions 3.2, P-7).
 */
#include "libceremony/unit-step.h"

#include <glib/gi18n-lib.h>

#include "common/hex.h"
#include "libceremony/card-signer.h"
#include "libceremony/ceremony-error.h"
#include "libceremony/unit-step-private.h"

#define STALE_ROUNDS 3u

static void
result_free(TkeUnitResult *result)
{
    tke_unit_unref(result->unit);
    g_clear_error(&result->forged);
    g_clear_error(&result->error);
    tke_unit_command_free(result->command);
    g_strfreev(result->signers);
    g_free(result);
}

TkeUnitResults *
tke_unit_results_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify) result_free);
}

bool
tke_unit_result_is_done(const TkeUnitResult *result)
{
    return !result->undone && (result->outcome == TKE_UNIT_OUTCOME_DONE ||
                               result->outcome == TKE_UNIT_OUTCOME_FOUND_DONE);
}

const char *
tke_unit_result_word(const TkeUnitResult *result)
{
    if (result->undone) {
        return N_("undone");
    }
    switch (result->outcome) {
    case TKE_UNIT_OUTCOME_DONE:
        return N_("done");
    case TKE_UNIT_OUTCOME_FOUND_DONE:
        return N_("done, answer lost");
    case TKE_UNIT_OUTCOME_REFUSED:
        return N_("refused");
    case TKE_UNIT_OUTCOME_UNKNOWN:
        return N_("unknown");
    case TKE_UNIT_OUTCOME_FOUND_NOT_DONE:
        return N_("not done, answer lost");
    case TKE_UNIT_OUTCOME_NOT_SENT:
    default:
        return N_("not sent");
    }
}

/* Commands for the units of results that have none yet. A unit for which none can be made stops
 * all. */
static bool
make_commands(GPtrArray *results, const TkeUnitStep *step, GPtrArray *commands, GError **error)
{
    for (unsigned i = 0; i < results->len; i++) {
        TkeUnitResult *result = g_ptr_array_index(results, i);

        if (tke_unit_result_is_done(result) || result->command != NULL) {
            continue;
        }
        result->command = step->make(result->unit, step->data, error);
        if (result->command == NULL) {
            return false;
        }
        g_ptr_array_add(commands, result->command);
    }
    return true;
}

static void
note_errors(TkeUnitDirectory *directory, GPtrArray *commands)
{
    for (unsigned i = 0; i < commands->len; i++) {
        tke_world_note_error(tke_unit_directory_get_world(directory),
                             tke_unit_command_get_error(g_ptr_array_index(commands, i)));
    }
}

void
tke_unit_results_take(GPtrArray *results)
{
    for (unsigned i = 0; i < results->len; i++) {
        TkeUnitResult *result = g_ptr_array_index(results, i);
        const GError *why;

        if (result->command == NULL) {
            continue;
        }
        why = tke_unit_command_get_error(result->command);
        result->outcome = tke_unit_command_get_outcome(result->command);
        g_clear_error(&result->error);
        result->error = why != NULL ? g_error_copy(why) : NULL;
        tke_unit_result_take_forgery(result);
    }
}

/* Who signed the command as it was sent. */
static GStrv
dup_signers(const TkeUnitResult *result, GPtrArray *skis)
{
    g_autoptr(GPtrArray) signers = g_ptr_array_new_with_free_func(g_free);

    for (unsigned i = 0; i < skis->len; i++) {
        const char *text = g_ptr_array_index(skis, i);
        uint8_t ski[TKE_SKI_LEN];
        guint first = 0; /* who signed again after a unit had been read again is there twice */

        if (tke_hex_decode_exact(text, ski, sizeof ski, NULL) &&
            tke_unit_command_is_signed_by(result->command, ski) &&
            g_ptr_array_find_with_equal_func(skis, text, g_str_equal, &first) && first == i) {
            g_ptr_array_add(signers, g_strdup(text));
        }
    }
    g_ptr_array_add(signers, NULL);
    return (GStrv) g_ptr_array_free(g_steal_pointer(&signers), FALSE);
}

/* An outcome is noted with these, whatever becomes of the command, and whoever signs the next
 * one. */
static void
note_signers(GPtrArray *results, GPtrArray *skis)
{
    for (unsigned i = 0; i < results->len; i++) {
        TkeUnitResult *result = g_ptr_array_index(results, i);

        if (result->command != NULL) {
            g_strfreev(result->signers);
            result->signers = dup_signers(result, skis);
        }
    }
}

static GPtrArray *
units_of(GPtrArray *commands)
{
    GPtrArray *units = g_ptr_array_new();

    for (unsigned i = 0; i < commands->len; i++) {
        g_ptr_array_add(units, tke_unit_command_get_unit(g_ptr_array_index(commands, i)));
    }
    return units;
}

/* What is about to be sent is noted first: whatever happens then, it is known where it may have
 * been done. */
static bool
begin_journal(const TkeUnitStepRun *run, GPtrArray *commands, GError **error)
{
    g_autoptr(GPtrArray) units = units_of(commands);

    if (run->step->passing || tke_journal_begin(tke_unit_directory_get_journal(run->directory),
                                                run->step->action, run->values, units, error)) {
        return true;
    }
    g_prefix_error(error, "%s",
                   *run->sent ? _("nothing more was sent, as it cannot be noted before: ")
                              : _("nothing was sent, as it cannot be noted before: "));
    return false;
}

static bool
send_commands(const TkeUnitStepRun *run, GPtrArray *commands, GError **error)
{
    TkeUnitTransport *transport =
        tke_world_get_units(tke_unit_directory_get_world(run->directory), error);
    g_autoptr(GError) ignored = NULL;

    if (transport == NULL || !tke_operation_commit(run->op, error)) {
        return false;
    }
    if (!begin_journal(run, commands, error)) {
        tke_operation_committed_done(run->op);
        return false;
    }
    *run->sent = true;
    if (!tke_unit_command_send(transport, (TkeUnitCommand *const *) commands->pdata, commands->len,
                               NULL, &ignored)) {
        g_clear_error(&ignored);
        (void) tke_unit_command_settle(transport, (TkeUnitCommand *const *) commands->pdata,
                                       commands->len, NULL, &ignored);
        tke_world_note_error(tke_unit_directory_get_world(run->directory), ignored);
        note_errors(run->directory, commands);
    }
    tke_operation_committed_done(run->op);
    return true;
}

/* The units that somebody else gave a command meanwhile; their commands are dropped. */
static GPtrArray *
take_stale(GPtrArray *results)
{
    GPtrArray *stale = g_ptr_array_new();

    for (unsigned i = 0; i < results->len; i++) {
        TkeUnitResult *result = g_ptr_array_index(results, i);

        if (result->command != NULL && !tke_unit_result_is_done(result) &&
            tke_unit_command_is_stale(result->command)) {
            g_clear_pointer(&result->command, tke_unit_command_free);
            g_ptr_array_add(stale, result->unit);
        }
    }
    for (unsigned i = 0; stale->len > 0 && i < results->len; i++) {
        TkeUnitResult *result = g_ptr_array_index(results, i);

        /* Held back because of another one's: it is made again with that. */
        if (result->command != NULL && result->outcome == TKE_UNIT_OUTCOME_NOT_SENT &&
            result->error == NULL) {
            g_clear_pointer(&result->command, tke_unit_command_free);
        }
    }
    return stale;
}

static bool
read_again(const TkeUnitStepRun *run, GPtrArray *stale, GError **error)
{
    const TkeUnitStep *step = run->step;
    g_autoptr(GPtrArray) states = NULL;

    tke_operation_note(
        run->op, _("Somebody else administered a crypto unit meanwhile; nothing was done there. "
                   "It is read and signed for again."));
    states = tke_unit_directory_query(run->directory, stale, step->read,
                                      tke_operation_get_cancellable(run->op), error);
    if (states == NULL) {
        return false;
    }
    for (unsigned i = 0; i < states->len; i++) {
        TkeUnitState *state = g_ptr_array_index(states, i);

        if (state->error != NULL) {
            g_propagate_error(error, g_error_copy(state->error));
            return false;
        }
        if (step->check != NULL && !step->check(state, step->data, error)) {
            return false;
        }
    }
    return true;
}

static bool
run_rounds(const TkeUnitStepRun *run, GPtrArray *results, GError **error)
{
    for (unsigned round = 0; round < STALE_ROUNDS; round++) {
        g_autoptr(GPtrArray) commands = g_ptr_array_new();
        g_autoptr(GPtrArray) stale = NULL;

        if (!make_commands(results, run->step, commands, error) ||
            !tke_card_signer_collect(run->op, (TkeUnitCommand *const *) commands->pdata,
                                     commands->len, *run->sent, run->skis, error) ||
            !send_commands(run, commands, error)) {
            return false;
        }
        tke_unit_results_take(results);
        note_signers(results, run->skis);
        stale = round + 1 < STALE_ROUNDS ? take_stale(results) : g_ptr_array_new();
        if (stale->len == 0) {
            return true;
        }
        if (!read_again(run, stale, error)) {
            tke_unit_results_take_reading(results);
            return false;
        }
    }
    return true;
}

/* Whether a command has gone out to any unit, whatever came of it. */
static bool
was_sent(GPtrArray *results)
{
    for (unsigned i = 0; i < results->len; i++) {
        const TkeUnitResult *result = g_ptr_array_index(results, i);

        if (result->outcome != TKE_UNIT_OUTCOME_NOT_SENT || result->error != NULL) {
            return true;
        }
    }
    return false;
}

/* A token that has expired meanwhile would keep everything else from it. */
static bool
renew_token(const TkeUnitStepRun *run, GError **error)
{
    TkeWorld *world = tke_unit_directory_get_world(run->directory);

    return !tke_world_is_token_refused(world) || tke_world_renew_token(world, error);
}

/*
 * Another try where the step was not done; how it ended is in the results. What became of a
 * command is noted before it is given up for another.
 */
static bool
try_again(const TkeUnitStepRun *run, GPtrArray *results, GError **why, GError **noting)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    g_autoptr(GPtrArray) todo = g_ptr_array_new();

    if (!renew_token(run, why)) {
        return true;
    }
    tke_unit_step_settle(run->directory, results, found);
    if (found->len > 0 && !tke_unit_step_note(run, found, noting)) {
        return false;
    }
    if (tke_unit_step_prepare_retry(run->op, run->directory, run->step, results, todo, why) &&
        todo->len > 0) {
        (void) run_rounds(run, todo, why);
        return tke_unit_step_note(run, todo, noting);
    }
    return true;
}

/* What is to be done about a step that was done in some units only; facts: what has become of it. */
static TkeUnitStepWay
ask_way(const TkeUnitStepRun *run, GPtrArray *results, const GError *reason, GError **facts)
{
    TkeUnitStep inner = *run->step;

    inner.inner = true; /* the ways are what comes next */
    (void) tke_unit_verdict(&inner, results, reason, facts);
    return g_error_matches(*facts, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY)
               ? tke_unit_step_ask(run->op, run->step, results, *facts)
               : TKE_UNIT_STEP_LEAVE;
}

/* Until it is done in all, or the operator leaves or undoes it. */
static bool
finish(const TkeUnitStepRun *run, GPtrArray *results, GError *why, GError **error)
{
    g_autoptr(GError) reason = why;
    g_autoptr(GError) verdict = NULL;

    while (!tke_unit_verdict(run->step, results, reason, &verdict)) {
        g_autoptr(GError) facts = NULL;
        const TkeUnitStepWay way = ask_way(run, results, reason, &facts);
        g_autoptr(GError) noting = NULL;

        if (way == TKE_UNIT_STEP_UNDO) {
            (void) renew_token(run, NULL); /* without one the undo says what is missing */
            tke_unit_step_undo(run->op, run->directory, run->step, results, facts, error);
            /* the next reading says it too */
            (void) tke_unit_step_note_in_journal(run, results, NULL);
            return false;
        }
        if (way == TKE_UNIT_STEP_LEAVE) {
            g_propagate_error(error, g_steal_pointer(&verdict));
            return false;
        }
        g_clear_error(&verdict);
        g_clear_error(&reason);
        if (!try_again(run, results, &reason, &noting)) {
            return tke_unit_verdict_unnoted(run->step, results, reason, g_steal_pointer(&noting),
                                            error);
        }
    }
    return true;
}

bool
tke_unit_step_run(TkeOperation *op, TkeUnitDirectory *directory, GPtrArray *units,
                  const TkeUnitStep *step, TkeUnitResults *results, GError **error)
{
    g_autoptr(GPtrArray) skis = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(JsonObject) values = step->describe != NULL ? json_object_new() : NULL;
    bool sent = false;
    const TkeUnitStepRun run = { .op = op,
                                 .directory = directory,
                                 .step = step,
                                 .skis = skis,
                                 .values = values,
                                 .sent = &sent };
    g_autoptr(GError) why = NULL;
    g_autoptr(GError) noting = NULL;

    for (unsigned i = 0; i < units->len; i++) {
        TkeUnitResult *result = g_new0(TkeUnitResult, 1);

        result->unit = tke_unit_ref(g_ptr_array_index(units, i));
        g_ptr_array_add(results, result);
    }
    if (step->describe != NULL && units->len > 0) {
        step->describe(g_ptr_array_index(units, 0), step->data, values);
    }
    tke_operation_step(op, 0, 1, step->what);
    if (!run_rounds(&run, results, &why) && !was_sent(results)) {
        g_ptr_array_set_size(results, 0);
        g_propagate_error(error, g_steal_pointer(&why));
        return false;
    }
    if (!tke_unit_step_note(&run, results, &noting)) {
        return tke_unit_verdict_unnoted(step, results, why, g_steal_pointer(&noting), error);
    }
    return finish(&run, results, g_steal_pointer(&why), error);
}
