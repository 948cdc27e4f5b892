/*
 * What became of a step is noted: in the activity log, of the units, and in the journal (functions
 * 3.2, P-7; F-170, F-177).
 */
#include "libceremony/record.h"
#include "libceremony/unit-step-private.h"

static JsonArray *
signers_of(const TkeUnitResult *result)
{
    JsonArray *signers = json_array_new();

    for (char **signer = result->signers; signer != NULL && *signer != NULL; signer++) {
        json_array_add_string_element(signers, *signer);
    }
    return signers;
}

static void
record_unit(const TkeUnitStepRun *run, const TkeUnitResult *result, GError **error)
{
    const TkeUnitStep *step = run->step;
    JsonObject *values = json_object_new();

    json_object_set_string_member(values, "instance", tke_unit_get_instance(result->unit));
    json_object_set_string_member(values, "unit", tke_unit_get_hsm_id(result->unit));
    json_object_set_string_member(values, "location", tke_unit_get_location(result->unit));
    json_object_set_string_member(values, "serial_number",
                                  tke_unit_get_serial_number(result->unit));
    json_object_set_array_member(values, "signers", signers_of(result));
    if (step->describe != NULL) {
        step->describe(result->unit, step->data, values);
    }
    json_object_set_string_member(values, "result", tke_unit_result_word(result));
    if (result->error != NULL) {
        tke_record_error(values, result->error);
    }
    if (result->forged != NULL && result->forged != result->error) {
        json_object_set_string_member(values, "forged", result->forged->message);
    }
    (void) tke_record_done(run->op, step->action, values, error);
}

/* Entries for all units, before anything is shown; a log that fails is told once. */
static bool
record(const TkeUnitStepRun *run, GPtrArray *results, GError **error)
{
    g_autoptr(GError) first = NULL;

    for (unsigned i = 0; i < results->len; i++) {
        record_unit(run, g_ptr_array_index(results, i), first == NULL ? &first : NULL);
    }
    if (first != NULL) {
        g_propagate_error(error, g_steal_pointer(&first));
        return false;
    }
    return true;
}

static TkeJournalState
journal_state(const TkeUnitStep *step, const TkeUnitResult *result)
{
    if (step->unproven && result->outcome == TKE_UNIT_OUTCOME_FOUND_DONE) {
        return TKE_JOURNAL_UNKNOWN;
    }
    if (tke_unit_result_is_done(result)) {
        return TKE_JOURNAL_DONE;
    }
    return result->outcome == TKE_UNIT_OUTCOME_UNKNOWN ? TKE_JOURNAL_UNKNOWN : TKE_JOURNAL_NOT_DONE;
}

/* The key of a load is what the unit has signed for, never what a register shows later. */
static void
note_key(const TkeUnitStepRun *run, const TkeUnitResult *result)
{
    g_autoptr(GError) ignored = NULL;
    uint8_t vp[TKE_VP_LEN];

    if (run->step->key != NULL && result->outcome == TKE_UNIT_OUTCOME_DONE &&
        run->step->key(result->command, vp, &ignored)) {
        tke_journal_note_key(tke_unit_directory_get_journal(run->directory), run->step->action,
                             run->values, result->unit, vp);
    }
}

bool
tke_unit_step_note_in_journal(const TkeUnitStepRun *run, GPtrArray *results, GError **error)
{
    TkeJournal *journal = tke_unit_directory_get_journal(run->directory);

    for (unsigned i = 0; !run->step->passing && i < results->len; i++) {
        const TkeUnitResult *result = g_ptr_array_index(results, i);

        tke_journal_note(journal, run->step->action, run->values, result->unit,
                         journal_state(run->step, result));
        note_key(run, result);
    }
    return tke_journal_save(journal, error);
}

bool
tke_unit_step_note(const TkeUnitStepRun *run, GPtrArray *results, GError **error)
{
    g_autoptr(GPtrArray) units = g_ptr_array_new();
    g_autoptr(GError) first = NULL;

    for (unsigned i = 0; i < results->len; i++) {
        const TkeUnitResult *result = g_ptr_array_index(results, i);

        g_ptr_array_add(units, result->unit);
    }
    tke_unit_results_note_distrust(results, run->directory);
    (void) record(run, results, &first);
    (void) tke_unit_directory_remember(run->directory, units, first == NULL ? &first : NULL);
    (void) tke_unit_step_note_in_journal(run, results, first == NULL ? &first : NULL);
    if (first != NULL) {
        g_propagate_error(error, g_steal_pointer(&first));
        return false;
    }
    return true;
}
