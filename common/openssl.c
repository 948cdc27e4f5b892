/*
 * OpenSSL's error queue as a GError.
 */
#include "common/openssl.h"

#include <openssl/err.h>

#include <glib/gi18n-lib.h>

#include "common/error.h"

void
tke_openssl_set_error(GError **error, const char *what)
{
    unsigned long code = ERR_get_error();
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);

    if (reason != NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_CRYPTO, "%s (%s)", what, reason);
    } else {
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_CRYPTO, what);
    }
    ERR_clear_error();
}
