/*
 * One command to each of several crypto units (functions 3.2, P-7).
 */
#include "libceremony/unit-step.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/hex.h"
#include "libceremony/card-signer.h"
#include "libceremony/ceremony-error.h"
#include "libceremony/record.h"
#include "libceremony/unit-step-private.h"

#define STALE_ROUNDS 3u

typedef struct Run {
    TkeOperation *op;
    TkeUnitDirectory *directory;
    const TkeUnitStep *step;
    GPtrArray *skis;    /* of the signers, hex texts */
    JsonObject *values; /* what the step is about, for the journal; NULL: nothing */
} Run;

static void
result_free(TkeUnitResult *result)
{
    tke_unit_unref(result->unit);
    g_clear_error(&result->error);
    tke_unit_command_free(result->command);
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
        return "undone";
    }
    switch (result->outcome) {
    case TKE_UNIT_OUTCOME_DONE:
        return "done";
    case TKE_UNIT_OUTCOME_FOUND_DONE:
        return "done, answer lost";
    case TKE_UNIT_OUTCOME_REFUSED:
        return "refused";
    case TKE_UNIT_OUTCOME_UNKNOWN:
        return "unknown";
    case TKE_UNIT_OUTCOME_FOUND_NOT_DONE:
        return "not done, answer lost";
    case TKE_UNIT_OUTCOME_NOT_SENT:
    default:
        return "not sent";
    }
}

/* Commands for the units of results that have none yet. A unit for which none can be made stops all. */
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
        result->error = !tke_unit_result_is_done(result) && why != NULL ? g_error_copy(why) : NULL;
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

/* What is about to be sent is noted first: whatever happens then, it is known where it may have been done. */
static bool
begin_journal(const Run *run, GPtrArray *commands, GError **error)
{
    g_autoptr(GPtrArray) units = units_of(commands);

    if (run->step->action == NULL ||
        tke_journal_begin(tke_unit_directory_get_journal(run->directory), run->step->action,
                          run->values, units, error)) {
        return true;
    }
    g_prefix_error(error, _("nothing was sent, as it cannot be noted before: "));
    return false;
}

static bool
send_commands(const Run *run, GPtrArray *commands, GError **error)
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
read_again(const Run *run, GPtrArray *stale, GError **error)
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

/* Who signed the command as it was sent, by identifier. */
static JsonArray *
signers_of(const TkeUnitResult *result, GPtrArray *skis)
{
    JsonArray *signers = json_array_new();

    for (unsigned i = 0; result->command != NULL && i < skis->len; i++) {
        const char *text = g_ptr_array_index(skis, i);
        uint8_t ski[TKE_SKI_LEN];
        guint first = 0; /* who signed again after a unit had been read again is there twice */

        if (tke_hex_decode_exact(text, ski, sizeof ski, NULL) &&
            tke_unit_command_is_signed_by(result->command, ski) &&
            g_ptr_array_find_with_equal_func(skis, text, g_str_equal, &first) && first == i) {
            json_array_add_string_element(signers, text);
        }
    }
    return signers;
}

static void
record_unit(const Run *run, const TkeUnitResult *result, GError **error)
{
    const TkeUnitStep *step = run->step;
    JsonObject *values = json_object_new();

    json_object_set_string_member(values, "instance", tke_unit_get_instance(result->unit));
    json_object_set_string_member(values, "unit", tke_unit_get_hsm_id(result->unit));
    json_object_set_string_member(values, "location", tke_unit_get_location(result->unit));
    json_object_set_string_member(values, "serial_number",
                                  tke_unit_get_serial_number(result->unit));
    json_object_set_array_member(values, "signers", signers_of(result, run->skis));
    if (step->describe != NULL) {
        step->describe(result->unit, step->data, values);
    }
    json_object_set_string_member(values, "result", tke_unit_result_word(result));
    if (result->error != NULL) {
        json_object_set_string_member(values, "error", result->error->message);
    }
    (void) tke_record_done(run->op, step->action, values, error);
}

/* Entries for all units, before anything is shown; a log that fails is told once. */
static bool
record(const Run *run, GPtrArray *results, GError **error)
{
    g_autoptr(GError) first = NULL;

    for (unsigned i = 0; run->step->action != NULL && i < results->len; i++) {
        record_unit(run, g_ptr_array_index(results, i), first == NULL ? &first : NULL);
    }
    if (first != NULL) {
        g_propagate_error(error, g_steal_pointer(&first));
        return false;
    }
    return true;
}

static TkeJournalState
journal_state(const TkeUnitResult *result)
{
    if (tke_unit_result_is_done(result)) {
        return TKE_JOURNAL_DONE;
    }
    return result->outcome == TKE_UNIT_OUTCOME_UNKNOWN ? TKE_JOURNAL_UNKNOWN : TKE_JOURNAL_NOT_DONE;
}

/* The key of a load is what the unit has signed for, never what a register shows later. */
static void
note_key(const Run *run, const TkeUnitResult *result)
{
    g_autoptr(GError) ignored = NULL;
    uint8_t vp[TKE_VP_LEN];

    if (run->step->key != NULL && result->outcome == TKE_UNIT_OUTCOME_DONE &&
        run->step->key(result->command, vp, &ignored)) {
        tke_journal_note_key(tke_unit_directory_get_journal(run->directory), run->step->action,
                             run->values, result->unit, vp);
    }
}

static bool
note_in_journal(const Run *run, GPtrArray *results, GError **error)
{
    TkeJournal *journal = tke_unit_directory_get_journal(run->directory);

    for (unsigned i = 0; run->step->action != NULL && i < results->len; i++) {
        const TkeUnitResult *result = g_ptr_array_index(results, i);

        tke_journal_note(journal, run->step->action, run->values, result->unit,
                         journal_state(result));
        note_key(run, result);
    }
    return tke_journal_save(journal, error);
}

/* The log, what is remembered of the units, and the journal; true if all could be written. */
static bool
note(const Run *run, GPtrArray *results, GError **error)
{
    g_autoptr(GPtrArray) units = g_ptr_array_new();
    g_autoptr(GError) first = NULL;

    for (unsigned i = 0; i < results->len; i++) {
        const TkeUnitResult *result = g_ptr_array_index(results, i);

        g_ptr_array_add(units, result->unit);
    }
    (void) record(run, results, &first);
    (void) tke_unit_directory_remember(run->directory, units, first == NULL ? &first : NULL);
    (void) note_in_journal(run, results, first == NULL ? &first : NULL);
    if (first != NULL) {
        g_propagate_error(error, g_steal_pointer(&first));
        return false;
    }
    return true;
}

static bool
run_rounds(const Run *run, GPtrArray *results, GError **error)
{
    for (unsigned round = 0; round < STALE_ROUNDS; round++) {
        g_autoptr(GPtrArray) commands = g_ptr_array_new();
        g_autoptr(GPtrArray) stale = NULL;

        if (!make_commands(results, run->step, commands, error) ||
            !tke_card_signer_collect(run->op, (TkeUnitCommand *const *) commands->pdata,
                                     commands->len, run->skis, error) ||
            !send_commands(run, commands, error)) {
            return false;
        }
        tke_unit_results_take(results);
        stale = round + 1 < STALE_ROUNDS ? take_stale(results) : g_ptr_array_new();
        if (stale->len == 0) {
            return true;
        }
        if (!read_again(run, stale, error)) {
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
renew_token(const Run *run, GError **error)
{
    TkeWorld *world = tke_unit_directory_get_world(run->directory);

    return !tke_world_is_token_refused(world) || tke_world_renew_token(world, error);
}

/* Another try where the step was not done; how it ended is in the results. */
static bool
try_again(const Run *run, GPtrArray *results, GError **why, GError **noting)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new(); /* what became of them is known only now */
    g_autoptr(GPtrArray) todo = g_ptr_array_new();

    if (!renew_token(run, why)) {
        return true;
    }
    for (unsigned i = 0; i < results->len; i++) {
        TkeUnitResult *result = g_ptr_array_index(results, i);

        if (result->outcome == TKE_UNIT_OUTCOME_UNKNOWN) {
            g_ptr_array_add(found, result);
        }
    }
    tke_unit_step_prepare_retry(run->op, run->directory, run->step, results, todo);
    if (found->len > 0 && !note(run, found, noting)) {
        return false;
    }
    if (todo->len > 0) {
        (void) run_rounds(run, todo, why);
        return note(run, todo, noting);
    }
    return true;
}

/* Until it is done in all, or the operator leaves or undoes it. */
static bool
finish(const Run *run, GPtrArray *results, GError *why, GError **error)
{
    g_autoptr(GError) reason = why;
    g_autoptr(GError) verdict = NULL;

    while (!tke_unit_verdict(run->step, results, reason, &verdict)) {
        TkeUnitStepWay way =
            g_error_matches(verdict, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY)
                ? tke_unit_step_ask(run->op, run->step, results, verdict)
                : TKE_UNIT_STEP_LEAVE;
        g_autoptr(GError) noting = NULL;

        if (way == TKE_UNIT_STEP_UNDO) {
            (void) renew_token(run, NULL); /* without one the undo says what is missing */
            tke_unit_step_undo(run->op, run->directory, run->step, results, verdict, error);
            (void) note_in_journal(run, results, NULL); /* the next reading says it too */
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
    const Run run = {
        .op = op, .directory = directory, .step = step, .skis = skis, .values = values
    };
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
    if (!note(&run, results, &noting)) {
        return tke_unit_verdict_unnoted(step, results, why, g_steal_pointer(&noting), error);
    }
    return finish(&run, results, g_steal_pointer(&why), error);
}
