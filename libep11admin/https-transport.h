/*
 * HTTPS on libcurl: the transport to crypto units, and every other HTTPS exchange of the product.
 *
 * TLS 1.2 or later, certificates checked against the system's store or one given authority.
 * Redirects are not followed, cookies and compression not used. HTTP/2 where the service offers it,
 * else a few connections per lane; connections are kept and reused. Each request has a deadline
 * from the moment it is started until its answer is complete.
 *
 * Nothing is ever sent twice: libcurl would by itself repeat a request when a reused connection
 * dies without an answer, whether or not the request arrived; such a repetition is stopped and
 * reported as a connection that was cut. Requests that change state also take no connection that
 * has been idle for more than a few seconds.
 *
 * A transport is used by one thread at a time.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/public.h"
#include "common/secret.h"
#include "libep11admin/unit-transport.h"

#define TKE_HTTPS_TIMEOUT_MS 10000u
#define TKE_HTTPS_CONNECTIONS 6u     /* at once for each lane, without HTTP/2 */
#define TKE_HTTPS_ANSWER_MAX 262144u /* bytes of one answer */

typedef struct TkeHttpsConfig {
    const char *base_url;   /* "https://host" or "https://host:port", no slash at the end */
    const TkeSecret *token; /* value of the Authorization header, verbatim; NULL: none */
    const char *ca_pem;  /* PEM text of the only authorities to trust; NULL: the system's store */
    bool direct;         /* no proxy: a rehearsal on this machine. Else the usual variables count */
    unsigned timeout_ms; /* for each request; 0: TKE_HTTPS_TIMEOUT_MS */
    unsigned connections; /* at once for each lane; 0: TKE_HTTPS_CONNECTIONS */
} TkeHttpsConfig;

/*
 * A transport; everything in config is copied, the token into a TkeSecret of its own. A base URL
 * that is not https, or a token with control characters, is TKE_ERROR_INVALID_DATA.
 */
TKE_PUBLIC TkeUnitTransport *tke_https_transport_new(const TkeHttpsConfig *config, GError **error);

/* Replaces the token of a transport made by tke_https_transport_new (a new login); NULL: none. */
TKE_PUBLIC bool tke_https_transport_set_token(TkeUnitTransport *transport, const TkeSecret *token,
                                              GError **error);
