/*
 * Errors of crypto units with their codes (crypto-unit-protocol.md, 1.5 and 6.1).
 */
#include "libep11admin/unit-error.h"

typedef TkeUnitErrorDetails TkeUnitErrorPrivate;

static void
tke_unit_error_private_init(TkeUnitErrorPrivate *details)
{
    *details = (TkeUnitErrorPrivate){ .place = TKE_UNIT_PLACE_NONE };
}

static void
tke_unit_error_private_copy(const TkeUnitErrorPrivate *from, TkeUnitErrorPrivate *to)
{
    *to = *from;
    to->unit = g_strdup(from->unit);
}

static void
tke_unit_error_private_clear(TkeUnitErrorPrivate *details)
{
    g_free(details->unit);
}

G_DEFINE_EXTENDED_ERROR(TkeUnitError, tke_unit_error)

void
tke_unit_error_set(GError **error, TkeUnitError code, const TkeUnitErrorDetails *details,
                   const char *format, ...)
{
    GError *made = NULL;
    va_list args;

    va_start(args, format);
    made = g_error_new_valist(TKE_UNIT_ERROR, (int) code, format, args);
    va_end(args);
    if (details != NULL) {
        tke_unit_error_private_copy(details, tke_unit_error_get_private(made));
    }
    g_propagate_error(error, made);
}

const TkeUnitErrorDetails *
tke_unit_error_get_details(const GError *error)
{
    if (error == NULL || error->domain != TKE_UNIT_ERROR) {
        return NULL;
    }
    return tke_unit_error_get_private(error);
}

void
tke_unit_error_set_unit(GError *error, const char *unit)
{
    if (error != NULL && error->domain == TKE_UNIT_ERROR) {
        TkeUnitErrorPrivate *details = tke_unit_error_get_private(error);

        g_free(details->unit);
        details->unit = g_strdup(unit);
    }
}

bool
tke_unit_error_is_refusal(const GError *error, uint32_t return_code, int64_t reason_code)
{
    const TkeUnitErrorDetails *details = tke_unit_error_get_details(error);

    return details != NULL && error->code == TKE_UNIT_ERROR_REFUSED && details->has_return_code &&
           details->return_code == return_code &&
           (reason_code < 0 ||
            (details->has_reason_code && (int64_t) details->reason_code == reason_code));
}

bool
tke_unit_error_is_forgery(const GError *error)
{
    return g_error_matches(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_SIGNATURE) ||
           g_error_matches(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_IDENTITY) ||
           g_error_matches(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_NOT_GENUINE);
}
