/*
 * Words for what went wrong (docs/activity-log.md).
 */
#include "libceremony/error-word.h"

#include <gio/gio.h>

#include "common/error.h"
#include "libceremony/ceremony-error.h"
#include "libep11admin/unit-error.h"
#include "libsmartcard/card-error.h"

static const char *const card_words[] = {
    [TKE_CARD_ERROR_NO_SERVICE] = "card-no-service",
    [TKE_CARD_ERROR_NO_ACCESS] = "card-no-access",
    [TKE_CARD_ERROR_NO_READER] = "card-no-reader",
    [TKE_CARD_ERROR_NO_CARD] = "card-no-card",
    [TKE_CARD_ERROR_IN_USE] = "card-in-use",
    [TKE_CARD_ERROR_UNRESPONSIVE] = "card-unresponsive",
    [TKE_CARD_ERROR_REMOVED] = "card-removed",
    [TKE_CARD_ERROR_RESET] = "card-reset",
    [TKE_CARD_ERROR_SILENT] = "card-silent",
    [TKE_CARD_ERROR_COMMUNICATION] = "card-communication",
    [TKE_CARD_ERROR_NO_PIN_PAD] = "card-no-pin-pad",
    [TKE_CARD_ERROR_CONTACTLESS] = "card-contactless",
    [TKE_CARD_ERROR_PROTOCOL] = "card-protocol",
    [TKE_CARD_ERROR_WRONG_KIND] = "card-wrong-kind",
    [TKE_CARD_ERROR_VERSION] = "card-version",
    [TKE_CARD_ERROR_NOT_ENROLLED] = "card-not-enrolled",
    [TKE_CARD_ERROR_NOT_PERSONALISED] = "card-not-personalised",
    [TKE_CARD_ERROR_WRONG_ZONE] = "card-wrong-zone",
    [TKE_CARD_ERROR_SAME_CARD] = "card-same-card",
    [TKE_CARD_ERROR_NOT_GENUINE] = "card-not-genuine",
    [TKE_CARD_ERROR_PIN_WRONG] = "card-pin-wrong",
    [TKE_CARD_ERROR_PIN_BLOCKED] = "card-pin-blocked",
    [TKE_CARD_ERROR_PIN_TIMEOUT] = "card-pin-timeout",
    [TKE_CARD_ERROR_PIN_CANCELLED] = "card-pin-cancelled",
    [TKE_CARD_ERROR_PIN_DIFFER] = "card-pin-differ",
    [TKE_CARD_ERROR_PIN_LENGTH] = "card-pin-length",
    [TKE_CARD_ERROR_PIN_EQUAL] = "card-pin-equal",
    [TKE_CARD_ERROR_PIN_FEW_TRIES] = "card-pin-few-tries",
    [TKE_CARD_ERROR_PIN_NEEDED] = "card-pin-needed",
    [TKE_CARD_ERROR_STATE] = "card-state",
    [TKE_CARD_ERROR_REFUSED] = "card-refused",
    [TKE_CARD_ERROR_FULL] = "card-full",
    [TKE_CARD_ERROR_NOT_FOUND] = "card-not-found",
    [TKE_CARD_ERROR_EXISTS] = "card-exists",
    [TKE_CARD_ERROR_STATUS] = "card-status",
    [TKE_CARD_ERROR_CARD_KEYS] = "card-card-keys",
    [TKE_CARD_ERROR_UNSUITABLE] = "card-unsuitable",
    [TKE_CARD_ERROR_LOG_GAP] = "card-log-gap",
};

static const char *const unit_words[] = {
    [TKE_UNIT_ERROR_UNAUTHORIZED] = "unit-unauthorized",
    [TKE_UNIT_ERROR_FORBIDDEN] = "unit-forbidden",
    [TKE_UNIT_ERROR_NOT_FOUND] = "unit-not-found",
    [TKE_UNIT_ERROR_BAD_REQUEST] = "unit-bad-request",
    [TKE_UNIT_ERROR_SERVICE] = "unit-service",
    [TKE_UNIT_ERROR_HOST_UNKNOWN] = "unit-host-unknown",
    [TKE_UNIT_ERROR_CONNECTION] = "unit-connection",
    [TKE_UNIT_ERROR_TLS] = "unit-tls",
    [TKE_UNIT_ERROR_TIMEOUT] = "unit-timeout",
    [TKE_UNIT_ERROR_OUTCOME_UNKNOWN] = "unit-outcome-unknown",
    [TKE_UNIT_ERROR_MALFORMED] = "unit-malformed",
    [TKE_UNIT_ERROR_ENDPOINT] = "unit-endpoint",
    [TKE_UNIT_ERROR_REFUSED] = "unit-refused",
    [TKE_UNIT_ERROR_SIGNATURE] = "unit-signature",
    [TKE_UNIT_ERROR_IDENTITY] = "unit-identity",
    [TKE_UNIT_ERROR_NOT_GENUINE] = "unit-not-genuine",
    [TKE_UNIT_ERROR_PRECONDITION] = "unit-precondition",
};

static const char *const ceremony_words[] = {
    [TKE_CEREMONY_ERROR_PRECONDITION] = "precondition",
    [TKE_CEREMONY_ERROR_NO_SELECTION] = "no-selection",
    [TKE_CEREMONY_ERROR_PARTLY] = "partly",
    [TKE_CEREMONY_ERROR_UNITS] = "units",
    [TKE_CEREMONY_ERROR_DRY_RUN] = "dry-run",
};

static const char *const general_words[] = {
    [TKE_ERROR_INVALID_DATA] = "invalid-data",
    [TKE_ERROR_SECURE_MEMORY] = "secure-memory",
    [TKE_ERROR_CRYPTO] = "crypto",
    [TKE_ERROR_VERIFY] = "verify",
    [TKE_ERROR_FILE] = "file",
    [TKE_ERROR_LOCKED] = "locked",
    [TKE_ERROR_SETUP] = "setup",
    [TKE_ERROR_USAGE] = "usage",
    [TKE_ERROR_NOT_RECORDED] = "not-recorded",
};

static const char *
find(const char *const *words, unsigned n, int code)
{
    return code >= 0 && (unsigned) code < n && words[code] != NULL ? words[code] : "other";
}

const char *
tke_error_word(const GError *error)
{
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        return "cancelled";
    }
    if (error == NULL) {
        return "other";
    }
    if (error->domain == TKE_CARD_ERROR) {
        return find(card_words, G_N_ELEMENTS(card_words), error->code);
    }
    if (error->domain == TKE_UNIT_ERROR) {
        return find(unit_words, G_N_ELEMENTS(unit_words), error->code);
    }
    if (error->domain == TKE_CEREMONY_ERROR) {
        return find(ceremony_words, G_N_ELEMENTS(ceremony_words), error->code);
    }
    return error->domain == TKE_ERROR
               ? find(general_words, G_N_ELEMENTS(general_words), error->code)
               : "other";
}
