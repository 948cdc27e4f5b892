/*
 * What a step has come to, in words (functions 3.2, P-7).
 */
#include <glib/gi18n-lib.h>

#include "libceremony/ceremony-error.h"
#include "libceremony/unit-step-private.h"
#include "libep11admin/unit-error.h"

static bool
is_of_kind(const TkeUnitResult *result, TkeUnitResultKind kind)
{
    bool unknown = result->outcome == TKE_UNIT_OUTCOME_UNKNOWN;

    switch (kind) {
    case TKE_UNIT_RESULT_DONE:
        return tke_unit_result_is_done(result);
    case TKE_UNIT_RESULT_UNKNOWN:
        return unknown;
    case TKE_UNIT_RESULT_FAILED:
    default:
        return !unknown && !tke_unit_result_is_done(result);
    }
}

char *
tke_unit_results_names(GPtrArray *results, TkeUnitResultKind kind)
{
    GString *names = g_string_new(NULL);

    for (unsigned i = 0; i < results->len; i++) {
        const TkeUnitResult *result = g_ptr_array_index(results, i);

        if (is_of_kind(result, kind)) {
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

unsigned
tke_unit_results_count_done(GPtrArray *results)
{
    unsigned done = 0;

    for (unsigned i = 0; i < results->len; i++) {
        done += tke_unit_result_is_done(g_ptr_array_index(results, i)) ? 1 : 0;
    }
    return done;
}

/* An answer said that it was refused, which was not confirmed. */
static bool
is_unconfirmed(const TkeUnitResult *result)
{
    return result->outcome == TKE_UNIT_OUTCOME_UNKNOWN &&
           g_error_matches(result->error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_REFUSED);
}

/* The units of unknown outcome whose answer was lost, or was a refusal. */
static char *
dup_unknown_names(GPtrArray *results, bool refused, const GError **first)
{
    g_autoptr(GPtrArray) some = g_ptr_array_new();

    for (unsigned i = 0; i < results->len; i++) {
        TkeUnitResult *result = g_ptr_array_index(results, i);

        if (result->outcome == TKE_UNIT_OUTCOME_UNKNOWN && is_unconfirmed(result) == refused) {
            *first = *first != NULL ? *first : result->error;
            g_ptr_array_add(some, result);
        }
    }
    return tke_unit_results_names(some, TKE_UNIT_RESULT_UNKNOWN);
}

static char *
unknown_text(const TkeUnitStep *step, GPtrArray *results)
{
    const GError *loss = NULL;
    const GError *refusal = NULL;
    g_autofree char *lost = dup_unknown_names(results, false, &loss);
    g_autofree char *refused = dup_unknown_names(results, true, &refusal);
    g_autofree char *of_lost = NULL;
    g_autofree char *of_refused = NULL;

    if (*lost != '\0') {
        of_lost = g_strdup_printf(
            _("%s: the outcome in %s is unknown, as the answer was lost and the crypto unit "
              "cannot be asked; nothing is repeated. Once it answers, look with “tke "
              "cryptounit-compare”"),
            step->what, lost);
    }
    if (*refused != '\0') {
        of_refused = g_strdup_printf(
            _("%s: the outcome in %s is unknown: an answer says that it was refused (%s), which "
              "the crypto unit could not be asked to confirm, so that it may have been done all "
              "the same; nothing is repeated. Once it answers, look with “tke "
              "cryptounit-compare”"),
            step->what, refused, refusal->message);
    }
    if (of_lost != NULL && of_refused != NULL) {
        return g_strdup_printf("%s. %s", of_lost, of_refused);
    }
    return of_lost != NULL ? g_steal_pointer(&of_lost) : g_steal_pointer(&of_refused);
}

/* Some units may have done it or not, and cannot be asked; others may have failed as well. */
static void
set_unknown(const TkeUnitStep *step, GPtrArray *results, const char *failed, GError **error)
{
    const TkeUnitResult *first = first_failed(results);
    g_autofree char *text = unknown_text(step, results);

    if (first == NULL) {
        g_set_error_literal(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY, text);
    } else {
        g_set_error(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY,
                    _("%s. It was done in %u of %u crypto units, and not in %s: %s"), text,
                    tke_unit_results_count_done(results), results->len, failed,
                    first->error != NULL ? first->error->message : tke_unit_result_word(first));
    }
}

bool
tke_unit_verdict(const TkeUnitStep *step, GPtrArray *results, const GError *why, GError **error)
{
    g_autofree char *unknown = tke_unit_results_names(results, TKE_UNIT_RESULT_UNKNOWN);
    g_autofree char *failed = tke_unit_results_names(results, TKE_UNIT_RESULT_FAILED);
    const TkeUnitResult *first = first_failed(results);
    const GError *reason = NULL;

    if (*unknown != '\0') {
        set_unknown(step, results, failed, error);
        return false;
    }
    if (first == NULL) {
        return true;
    }
    reason = why != NULL ? why : first->error;
    if (tke_unit_results_count_done(results) == 0 && reason != NULL) {
        g_propagate_prefixed_error(error, g_error_copy(reason),
                                   _("%s failed in %s; as far as can be told no crypto unit was changed by "
                                     "it: "),
                                   step->what, failed);
        return false;
    }
    g_set_error(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY,
                step->action != NULL
                    ? _("%s was done in %u of %u crypto units, not in %s: %s; the same command "
                        "again does it in the rest; “tke cryptounit-compare” shows how they are "
                        "now")
                    : _("%s: done in %u of %u crypto units, not in %s: %s; nothing more was done: "
                        "start again"),
                step->what, tke_unit_results_count_done(results), results->len, failed,
                reason != NULL ? reason->message : tke_unit_result_word(first));
    return false;
}

bool
tke_unit_verdict_unnoted(const TkeUnitStep *step, GPtrArray *results, const GError *why, GError *noting,
                GError **error)
{
    if (!tke_unit_verdict(step, results, why, error)) {
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
