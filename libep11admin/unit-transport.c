/*
 * Requests to crypto units and the functions of a transport (crypto unit protocol, section 1).
 */
#include "libep11admin/unit-transport.h"

#include <glib/gi18n-lib.h>

#include "common/error.h"
#include "common/main-thread.h"

TkeUnitRequest *
tke_unit_request_new(const char *path, const char *body, const char *lane, bool changes_state)
{
    TkeUnitRequest *request = NULL;

    g_return_val_if_fail(path != NULL && path[0] == '/', NULL);
    g_return_val_if_fail(!changes_state || (body != NULL && lane != NULL), NULL);

    request = g_new0(TkeUnitRequest, 1);
    request->path = g_strdup(path);
    request->body = g_strdup(body);
    request->lane = g_strdup(lane);
    request->changes_state = changes_state;
    return request;
}

void
tke_unit_request_free(TkeUnitRequest *request)
{
    if (request == NULL) {
        return;
    }
    g_free(request->path);
    g_free(request->body);
    g_free(request->lane);
    g_clear_pointer(&request->answer, g_byte_array_unref);
    g_clear_error(&request->error);
    g_free(request);
}

bool
tke_unit_transport_check(TkeUnitRequest *const *requests, size_t n, GError **error)
{
    g_autoptr(GHashTable) lanes = g_hash_table_new(g_str_hash, g_str_equal);

    if (!tke_main_thread_may_block(error)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const char *lane = requests[i]->lane != NULL ? requests[i]->lane : "";
        unsigned n_lane = GPOINTER_TO_UINT(g_hash_table_lookup(lanes, lane));

        g_hash_table_insert(lanes, (gpointer) lane, GUINT_TO_POINTER(n_lane + 1));
    }
    for (size_t i = 0; i < n; i++) {
        if (requests[i]->changes_state &&
            GPOINTER_TO_UINT(g_hash_table_lookup(lanes, requests[i]->lane)) > 1) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                        _("a request that changes state must go alone to its unit"));
            return false;
        }
    }
    return true;
}

bool
tke_unit_transport_run(TkeUnitTransport *transport, TkeUnitRequest *const *requests, size_t n,
                       GCancellable *cancellable, GError **error)
{
    return transport->ops->run(transport, requests, n, cancellable, error);
}

void
tke_unit_transport_get_counts(TkeUnitTransport *transport, TkeUnitTransportCounts *counts)
{
    transport->ops->get_counts(transport, counts);
}

void
tke_unit_transport_free(TkeUnitTransport *transport)
{
    if (transport != NULL) {
        transport->ops->free(transport);
    }
}
