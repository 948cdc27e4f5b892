/*
 * Answers to commands that are not the unit's own (functions 3.2, E-H09). What was done is settled
 * from signed answers; that somebody has forged one is told all the same, and nothing more is sent
 * there.
 */
#include <glib/gi18n-lib.h>

#include "libceremony/ceremony-error.h"
#include "libceremony/unit-step-private.h"
#include "libep11admin/unit-error.h"

void
tke_unit_result_take_forgery(TkeUnitResult *result)
{
    const GError *answered =
        result->command != NULL ? tke_unit_command_get_error(result->command) : NULL;
    const GError *asked = tke_unit_get_trust(result->unit) == TKE_UNIT_REFUSED
                              ? tke_unit_get_refusal(result->unit)
                              : NULL;
    const GError *forged = tke_unit_error_is_forgery(answered) ? answered : asked;

    if (result->forged == NULL && tke_unit_error_is_forgery(forged) &&
        result->outcome != TKE_UNIT_OUTCOME_NOT_SENT && result->outcome != TKE_UNIT_OUTCOME_DONE) {
        result->forged = g_error_copy(forged);
    }
}

void
tke_unit_results_take_reading(GPtrArray *results)
{
    for (unsigned i = 0; i < results->len; i++) {
        TkeUnitResult *result = g_ptr_array_index(results, i);
        const GError *refusal = tke_unit_get_trust(result->unit) == TKE_UNIT_REFUSED
                                    ? tke_unit_get_refusal(result->unit)
                                    : NULL;

        if (result->forged == NULL && tke_unit_error_is_forgery(refusal)) {
            result->forged = g_error_copy(refusal);
        }
    }
}

void
tke_unit_results_note_distrust(GPtrArray *results, TkeUnitDirectory *directory)
{
    for (unsigned i = 0; i < results->len; i++) {
        const TkeUnitResult *result = g_ptr_array_index(results, i);

        if (result->forged != NULL) {
            tke_unit_directory_distrust(directory, result->unit);
        }
    }
}

const GError *
tke_unit_results_get_forgery(GPtrArray *results)
{
    for (unsigned i = 0; i < results->len; i++) {
        const TkeUnitResult *result = g_ptr_array_index(results, i);

        if (result->forged != NULL) {
            return result->forged;
        }
    }
    return NULL;
}

static char *
dup_names(GPtrArray *results)
{
    GString *names = g_string_new(NULL);

    for (unsigned i = 0; i < results->len; i++) {
        const TkeUnitResult *result = g_ptr_array_index(results, i);

        if (result->forged != NULL) {
            g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "",
                                   tke_unit_get_name(result->unit));
        }
    }
    return g_string_free(names, FALSE);
}

bool
tke_unit_verdict_on_distrust(const TkeUnitStep *step, GPtrArray *results, GError *verdict,
                             GError **error)
{
    const GError *first = tke_unit_results_get_forgery(results);
    bool partly = g_error_matches(verdict, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY);
    g_autofree char *names = NULL;
    g_autofree char *distrust = NULL;
    g_autofree char *text = NULL;

    if (first == NULL) {
        if (verdict != NULL) {
            g_propagate_error(error, verdict);
        }
        return verdict == NULL;
    }
    names = dup_names(results);
    distrust = g_strdup_printf(
        _("possible tampering with what %s answers (%s): nothing more is sent there "
          "before it was read anew and you have agreed; look with “tke "
          "cryptounit-compare”"),
        names, first->message);
    text = verdict != NULL ? g_strdup_printf("%s; %s", verdict->message, distrust)
                           : g_strdup_printf(_("%s: done in all %u crypto units, but: %s"),
                                             step->what, results->len, distrust);
    if (!partly) { /* whatever else has failed, and how: this is what is to be acted on */
        g_clear_error(&verdict);
        verdict = g_error_copy(first);
    }
    g_free(verdict->message);
    verdict->message = g_steal_pointer(&text);
    g_propagate_error(error, verdict);
    return false;
}
