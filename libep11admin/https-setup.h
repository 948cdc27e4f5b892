/*
 * What the HTTPS transport is told, checked and put into the form it is used in; its errors
 * and its trace. Internal.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/secret.h"
#include "libep11admin/unit-error.h"
#include "libep11admin/unit-transport.h"

/* "https://host" or "https://host:port", nothing after it; else TKE_ERROR_INVALID_DATA. */
bool tke_https_setup_check_url(const char *url, GError **error);

/* "Authorization: <token>" with its NUL. A token with control characters: TKE_ERROR_INVALID_DATA.
 */
TkeSecret *tke_https_setup_authorization(const TkeSecret *token, GError **error);

/* How a request ended without an answer. */
typedef struct TkeHttpsFault {
    TkeUnitError kind;
    bool sent;     /* it may have arrived */
    bool too_long; /* the answer */
    bool tls;
    bool timeout;
    unsigned timeout_ms;
    const char *text; /* libcurl's words */
} TkeHttpsFault;

/*
 * Sets the error in words, with the base URL and the proxy that the environment names (no user, no
 * password), unless connections are direct.
 */
void tke_https_setup_set_error(const TkeHttpsFault *fault, const char *base_url, bool direct,
                               GError **error);

/* One line of trace: what was asked, how it ended, sizes and time. Never a body. */
void tke_https_setup_log(const TkeUnitRequest *request, gint64 ms);
