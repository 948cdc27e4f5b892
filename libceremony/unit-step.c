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

#define STALE_ROUNDS 3u

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
    return result->outcome == TKE_UNIT_OUTCOME_DONE ||
           result->outcome == TKE_UNIT_OUTCOME_FOUND_DONE;
}

const char *
tke_unit_result_word(const TkeUnitResult *result)
{
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
take_outcomes(GPtrArray *results)
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

static bool
send_commands(TkeOperation *op, TkeUnitDirectory *directory, GPtrArray *commands, GError **error)
{
    TkeUnitTransport *transport =
        tke_world_get_units(tke_unit_directory_get_world(directory), error);
    g_autoptr(GError) ignored = NULL;

    if (transport == NULL || !tke_operation_commit(op, error)) {
        return false;
    }
    if (!tke_unit_command_send(transport, (TkeUnitCommand *const *) commands->pdata, commands->len,
                               NULL, &ignored)) {
        g_clear_error(&ignored);
        (void) tke_unit_command_settle(transport, (TkeUnitCommand *const *) commands->pdata,
                                       commands->len, NULL, &ignored);
    }
    tke_operation_committed_done(op);
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
read_again(TkeOperation *op, TkeUnitDirectory *directory, const TkeUnitStep *step, GPtrArray *stale,
           GError **error)
{
    g_autoptr(GPtrArray) states = NULL;

    tke_operation_note(
        op, _("Somebody else administered a crypto unit meanwhile; nothing was done there. "
              "It is read and signed for again."));
    states = tke_unit_directory_query(directory, stale, TKE_UNIT_QUERY_DEFAULT,
                                      tke_operation_get_cancellable(op), error);
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
record_unit(TkeOperation *op, const TkeUnitStep *step, const TkeUnitResult *result, GPtrArray *skis,
            GError **error)
{
    JsonObject *values = json_object_new();

    json_object_set_string_member(values, "instance", tke_unit_get_instance(result->unit));
    json_object_set_string_member(values, "unit", tke_unit_get_hsm_id(result->unit));
    json_object_set_string_member(values, "location", tke_unit_get_location(result->unit));
    json_object_set_string_member(values, "serial_number",
                                  tke_unit_get_serial_number(result->unit));
    json_object_set_array_member(values, "signers", signers_of(result, skis));
    if (step->describe != NULL) {
        step->describe(result->unit, step->data, values);
    }
    json_object_set_string_member(values, "result", tke_unit_result_word(result));
    if (result->error != NULL) {
        json_object_set_string_member(values, "error", result->error->message);
    }
    (void) tke_record_done(op, step->action, values, error);
}

/* Entries for all units, before anything is shown; a log that fails is told once. */
static bool
record(TkeOperation *op, const TkeUnitStep *step, GPtrArray *results, GPtrArray *skis,
       GError **error)
{
    g_autoptr(GError) first = NULL;

    for (unsigned i = 0; step->action != NULL && i < results->len; i++) {
        record_unit(op, step, g_ptr_array_index(results, i), skis, first == NULL ? &first : NULL);
    }
    if (first != NULL) {
        g_propagate_error(error, g_steal_pointer(&first));
        return false;
    }
    return true;
}

/* Names of the units whose result is of this kind; an empty text if none. */
static char *
names_of(GPtrArray *results, bool unknown)
{
    GString *names = g_string_new(NULL);

    for (unsigned i = 0; i < results->len; i++) {
        const TkeUnitResult *result = g_ptr_array_index(results, i);

        if (!tke_unit_result_is_done(result) &&
            (result->outcome == TKE_UNIT_OUTCOME_UNKNOWN) == unknown) {
            g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "",
                                   tke_unit_get_name(result->unit));
        }
    }
    return g_string_free(names, FALSE);
}

/* The first unit that is known not to have done it, with a reason if there is one. */
static const TkeUnitResult *
first_failed(GPtrArray *results)
{
    const TkeUnitResult *first = NULL;

    for (unsigned i = 0; i < results->len; i++) {
        const TkeUnitResult *result = g_ptr_array_index(results, i);

        if (!tke_unit_result_is_done(result) && result->outcome != TKE_UNIT_OUTCOME_UNKNOWN &&
            (first == NULL || (first->error == NULL && result->error != NULL))) {
            first = result;
        }
    }
    return first;
}

static unsigned
count_done(GPtrArray *results)
{
    unsigned done = 0;

    for (unsigned i = 0; i < results->len; i++) {
        done += tke_unit_result_is_done(g_ptr_array_index(results, i)) ? 1 : 0;
    }
    return done;
}

/* Some units may have done it or not, and cannot be asked; others may have failed as well. */
static void
set_unknown(const TkeUnitStep *step, GPtrArray *results, const char *unknown, const char *failed,
            GError **error)
{
    const TkeUnitResult *first = first_failed(results);

    g_set_error(
        error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY,
        _("%s: the outcome in %s is unknown, as the answer was lost and the crypto unit cannot be "
          "asked; nothing is repeated. Once it answers, look with “tke cryptounit-compare”"),
        step->what, unknown);
    if (error != NULL && first != NULL) {
        g_autofree char *text = (*error)->message;

        (*error)->message = g_strdup_printf(
            _("%s. It was done in %u of %u crypto units, and not in %s: %s"), text,
            count_done(results), results->len, failed,
            first->error != NULL ? first->error->message : tke_unit_result_word(first));
    }
}

/* why: what stopped the step after something had been sent; may be NULL. */
static bool
verdict(const TkeUnitStep *step, GPtrArray *results, const GError *why, GError **error)
{
    g_autofree char *unknown = names_of(results, true);
    g_autofree char *failed = names_of(results, false);
    const TkeUnitResult *first = first_failed(results);
    const GError *reason = NULL;

    if (*unknown != '\0') {
        set_unknown(step, results, unknown, failed, error);
        return false;
    }
    if (first == NULL) {
        return true;
    }
    reason = why != NULL ? why : first->error;
    if (count_done(results) == 0 && reason != NULL) {
        g_propagate_prefixed_error(error, g_error_copy(reason),
                                   _("%s failed in %s; no crypto unit was changed by it: "),
                                   step->what, failed);
        return false;
    }
    g_set_error(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY,
                _("%s was done in %u of %u crypto units, not in %s: %s; look with “tke "
                  "cryptounit-compare”, then repeat it for the rest with --select"),
                step->what, count_done(results), results->len, failed,
                reason != NULL ? reason->message : tke_unit_result_word(first));
    return false;
}

/* What was done counts, whether or not it could be noted. */
static bool
verdict_unnoted(const TkeUnitStep *step, GPtrArray *results, const GError *why, GError *noting,
                GError **error)
{
    if (!verdict(step, results, why, error)) {
        if (error != NULL && !g_error_matches(*error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
            g_autofree char *text = (*error)->message;

            (*error)->message = g_strdup_printf("%s; %s", text, noting->message);
        }
        g_error_free(noting);
        return false;
    }
    g_propagate_prefixed_error(error, noting, _("%s was done in all %u crypto units, but: "),
                               step->what, results->len);
    return false;
}

static bool
run_rounds(TkeOperation *op, TkeUnitDirectory *directory, const TkeUnitStep *step,
           GPtrArray *results, GPtrArray *skis, GError **error)
{
    for (unsigned round = 0; round < STALE_ROUNDS; round++) {
        g_autoptr(GPtrArray) commands = g_ptr_array_new();
        g_autoptr(GPtrArray) stale = NULL;

        if (!make_commands(results, step, commands, error) ||
            !tke_card_signer_collect(op, (TkeUnitCommand *const *) commands->pdata, commands->len,
                                     skis, error) ||
            !send_commands(op, directory, commands, error)) {
            return false;
        }
        take_outcomes(results);
        stale = round + 1 < STALE_ROUNDS ? take_stale(results) : g_ptr_array_new();
        if (stale->len == 0) {
            return true;
        }
        if (!read_again(op, directory, step, stale, error)) {
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

bool
tke_unit_step_run(TkeOperation *op, TkeUnitDirectory *directory, GPtrArray *units,
                  const TkeUnitStep *step, TkeUnitResults *results, GError **error)
{
    g_autoptr(GPtrArray) skis = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) why = NULL;
    g_autoptr(GError) noting = NULL;

    for (unsigned i = 0; i < units->len; i++) {
        TkeUnitResult *result = g_new0(TkeUnitResult, 1);

        result->unit = tke_unit_ref(g_ptr_array_index(units, i));
        g_ptr_array_add(results, result);
    }
    tke_operation_step(op, 0, 1, step->what);
    if (!run_rounds(op, directory, step, results, skis, &why) && !was_sent(results)) {
        g_ptr_array_set_size(results, 0);
        g_propagate_error(error, g_steal_pointer(&why));
        return false;
    }
    if (!record(op, step, results, skis, &noting) ||
        !tke_unit_directory_remember(directory, units, &noting)) {
        return verdict_unnoted(step, results, why, g_steal_pointer(&noting), error);
    }
    return verdict(step, results, why, error);
}
