/*
 * Address, token and proxy of the HTTPS transport (crypto unit protocol, section 1.2).
 */
#include "libep11admin/https-setup.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/error.h"
#include "common/log.h"

bool
tke_https_setup_check_url(const char *url, GError **error)
{
    static const char scheme[] = "https://";

    if (url == NULL || !g_str_has_prefix(url, scheme) || url[strlen(scheme)] == '\0' ||
        strpbrk(url + strlen(scheme), "/?#@\\ \t\r\n") != NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("\"%s\" is not the address of a service (https://host)"),
                    url != NULL ? url : "");
        return false;
    }
    return true;
}

TkeSecret *
tke_https_setup_authorization(const TkeSecret *token, GError **error)
{
    static const char name[] = "Authorization: ";
    const size_t name_len = strlen(name);
    g_autoptr(TkeSecret) line = NULL;
    size_t len = 0;
    const uint8_t *bytes = tke_secret_bytes(token, &len);

    for (size_t i = 0; i < len; i++) {
        if (bytes[i] < 0x20 || bytes[i] > 0x7E) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                        _("the token contains a character that no token has"));
            return NULL;
        }
    }
    if (name_len + len + 1 > TKE_SECRET_MAX) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("the token is too long"));
        return NULL;
    }
    line = tke_secret_new(name_len + len + 1, error);
    if (line == NULL) {
        return NULL;
    }
    memcpy(tke_secret_fill(line, NULL), name, name_len);
    memcpy(tke_secret_fill(line, NULL) + name_len, bytes, len);
    return g_steal_pointer(&line);
}

static char *
describe_route(const char *base_url, bool direct)
{
    static const char *const names[] = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" };

    for (size_t i = 0; !direct && i < G_N_ELEMENTS(names); i++) {
        const char *value = g_getenv(names[i]);

        if (value != NULL && value[0] != '\0') {
            const char *at = strrchr(value, '@');

            return g_strdup_printf(_("%s (proxy in the environment: %s)"), base_url,
                                   at != NULL ? at + 1 : value);
        }
    }
    return g_strdup(base_url);
}

void
tke_https_setup_set_error(const TkeHttpsFault *fault, const char *base_url, bool direct,
                          GError **error)
{
    g_autofree char *route = describe_route(base_url, direct);

    if (fault->too_long) {
        tke_unit_error_set(error, fault->kind, NULL, _("the answer of %s is too long"), route);
    } else if (fault->kind == TKE_UNIT_ERROR_HOST_UNKNOWN) {
        tke_unit_error_set(error, fault->kind, NULL,
                           _("%s cannot be found: %s; the service may not exist in that region, or "
                             "a private address is needed"),
                           route, fault->text);
    } else if (fault->tls) {
        tke_unit_error_set(error, fault->kind, NULL, _("no secure connection to %s: %s"), route,
                           fault->text);
    } else if (!fault->sent) {
        tke_unit_error_set(error, fault->kind, NULL, _("no connection to %s: %s"), route,
                           fault->text);
    } else if (fault->timeout) {
        tke_unit_error_set(error, fault->kind, NULL, _("no answer from %s within %u ms"), route,
                           fault->timeout_ms);
    } else {
        tke_unit_error_set(error, fault->kind, NULL,
                           _("the connection to %s ended before the answer was complete: %s"),
                           route, fault->text);
    }
}

void
tke_https_setup_log(const TkeUnitRequest *request, gint64 ms)
{
    tke_log("https", "%s %s: %s, status %u, %u bytes, %u ms",
            request->body != NULL ? "POST" : "GET", request->path,
            request->error != NULL ? request->error->message : "answered", request->status,
            request->answer != NULL ? request->answer->len : 0, (unsigned) ms);
}
