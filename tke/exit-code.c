/*
 * The exit code that an error ends a command with (functions, section 4).
 */
#include "common/error.h"
#include "libceremony/ceremony-error.h"
#include "libep11admin/unit-error.h"
#include "libsmartcard/card-error.h"
#include "tke/cli.h"

static TkeCliExit
unit_exit_code(int code)
{
    switch (code) {
    case TKE_UNIT_ERROR_UNAUTHORIZED:
    case TKE_UNIT_ERROR_FORBIDDEN:
    case TKE_UNIT_ERROR_NOT_FOUND:
    case TKE_UNIT_ERROR_BAD_REQUEST:
    case TKE_UNIT_ERROR_SERVICE:
    case TKE_UNIT_ERROR_HOST_UNKNOWN:
    case TKE_UNIT_ERROR_CONNECTION:
    case TKE_UNIT_ERROR_TLS:
    case TKE_UNIT_ERROR_TIMEOUT:
        return TKE_CLI_SERVICE;
    case TKE_UNIT_ERROR_PRECONDITION:
        return TKE_CLI_PRECONDITION;
    case TKE_UNIT_ERROR_OUTCOME_UNKNOWN:
        return TKE_CLI_PARTLY;
    default:
        return TKE_CLI_UNIT;
    }
}

TkeCliExit
tke_cli_exit_code(const GError *error)
{
    if (error == NULL) {
        return TKE_CLI_DONE;
    }
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
        g_error_matches(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PIN_CANCELLED)) {
        return TKE_CLI_REFUSED;
    }
    if (g_error_matches(error, TKE_ERROR, TKE_ERROR_USAGE)) {
        return TKE_CLI_WRONG_USE;
    }
    if (error->domain == TKE_CARD_ERROR) {
        return TKE_CLI_CARD;
    }
    if (error->domain == TKE_UNIT_ERROR) {
        return unit_exit_code(error->code);
    }
    if (g_error_matches(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY)) {
        return TKE_CLI_PARTLY;
    }
    if (g_error_matches(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_UNITS)) {
        return TKE_CLI_UNIT;
    }
    return TKE_CLI_PRECONDITION;
}
