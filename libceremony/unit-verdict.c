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

/* Why the outcome is unknown. */
typedef enum { LOST, OVERTAKEN, UNCONFIRMED, DISBELIEVED, REASONS } Reason;

static Reason
reason_of(const TkeUnitResult *result)
{
    if (result->forged != NULL) {
        return DISBELIEVED;
    }
    if (g_error_matches(result->error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_REFUSED)) {
        return UNCONFIRMED; /* an answer says so */
    }
    return g_error_matches(result->error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_PRECONDITION) ? OVERTAKEN
                                                                                       : LOST;
}

static char *
reason_text(const TkeUnitStep *step, Reason reason, const char *names, const GError *first)
{
    switch (reason) {
    case DISBELIEVED: /* what is wrong with it is told below, of all such units */
        return g_strdup_printf(
            _("%s: the outcome in %s is unknown, as what is answered there cannot be "
              "believed; nothing is repeated"),
            step->what, names);
    case UNCONFIRMED:
        return g_strdup_printf(
            _("%s: the outcome in %s is unknown: an answer says that it was refused (%s), which "
              "the crypto unit could not be asked to confirm, so that it may have been done all "
              "the same; nothing is repeated. Once it answers, look with “tke "
              "cryptounit-compare”"),
            step->what, names, first->message);
    case OVERTAKEN:
        return g_strdup_printf(
            _("%s: the outcome in %s is unknown: %s; nothing is repeated. Look with “tke "
              "cryptounit-compare”"),
            step->what, names, first->message);
    case LOST:
    default:
        return g_strdup_printf(
            _("%s: the outcome in %s is unknown, as the answer was lost and the crypto unit "
              "cannot be asked; nothing is repeated. Once it answers, look with “tke "
              "cryptounit-compare”"),
            step->what, names);
    }
}

static char *
unknown_text(const TkeUnitStep *step, GPtrArray *results)
{
    GString *text = g_string_new(NULL);

    for (Reason reason = LOST; reason < REASONS; reason++) {
        g_autoptr(GPtrArray) some = g_ptr_array_new();

        for (unsigned i = 0; i < results->len; i++) {
            TkeUnitResult *result = g_ptr_array_index(results, i);

            if (result->outcome == TKE_UNIT_OUTCOME_UNKNOWN && reason_of(result) == reason) {
                g_ptr_array_add(some, result);
            }
        }
        if (some->len > 0) {
            const TkeUnitResult *first = g_ptr_array_index(some, 0);
            g_autofree char *names = tke_unit_results_names(some, TKE_UNIT_RESULT_UNKNOWN);
            g_autofree char *one = reason_text(step, reason, names, first->error);

            g_string_append_printf(text, "%s%s", text->len > 0 ? ". " : "", one);
        }
    }
    return g_string_free(text, FALSE);
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
                    first->error != NULL ? first->error->message : _(tke_unit_result_word(first)));
    }
}

/* Done in some units, not in others. */
static void
set_partly(const TkeUnitStep *step, GPtrArray *results, const char *failed, const char *reason,
           GError **error)
{
    g_set_error(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY,
                step->inner ? _("%s was done in %u of %u crypto units, not in %s: %s")
                : step->passing
                    ? _("%s: done in %u of %u crypto units, not in %s: %s; nothing more was "
                        "done: start again")
                    : _("%s was done in %u of %u crypto units, not in %s: %s; the same command "
                        "again does it in the rest; “tke cryptounit-compare” shows how they "
                        "are now"),
                step->what, tke_unit_results_count_done(results), results->len, failed, reason);
}

/* Of what was done and what was not, whoever may have answered. */
static bool
judge_outcomes(const TkeUnitStep *step, GPtrArray *results, const GError *why, GError **error)
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
        g_propagate_prefixed_error(
            error, g_error_copy(reason),
            _("%s failed in %s; as far as can be told no crypto unit was changed by "
              "it: "),
            step->what, failed);
        return false;
    }
    set_partly(step, results, failed,
               reason != NULL ? reason->message : _(tke_unit_result_word(first)), error);
    return false;
}

bool
tke_unit_verdict(const TkeUnitStep *step, GPtrArray *results, const GError *why, GError **error)
{
    g_autoptr(GError) verdict = NULL;

    (void) judge_outcomes(step, results, why, &verdict);
    return tke_unit_verdict_on_distrust(step, results, g_steal_pointer(&verdict), error);
}

bool
tke_unit_verdict_unnoted(const TkeUnitStep *step, GPtrArray *results, const GError *why,
                         GError *noting, GError **error)
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
