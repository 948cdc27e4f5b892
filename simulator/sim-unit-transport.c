/*
 * Requests straight into a service: no network, no threads.
 */
#include "simulator/sim-unit-transport.h"

#include <string.h>

#include "common/cancel.h"

#define CONNECTIONS 6u /* as the HTTPS transport uses for each lane */

typedef struct SimUnitTransport {
    TkeUnitTransport base;
    SimService *service;
    TkeSecret *token; /* with a NUL at its end; NULL: none */
    TkeUnitTransportCounts counts;
} SimUnitTransport;

static void
set_lost(TkeUnitRequest *request, GIOErrorEnum code, const char *text)
{
    request->outcome_unknown = true;
    g_set_error_literal(&request->error, G_IO_ERROR, (gint) code, text);
}

static void
run_one(SimUnitTransport *transport, TkeUnitRequest *request)
{
    g_auto(SimReply) reply = { 0 };
    const SimRequest asked = {
        .method = request->body == NULL ? "GET" : "POST",
        .path = request->path,
        .authorization = transport->token == NULL
                             ? NULL
                             : (const char *) tke_secret_bytes(transport->token, NULL),
        .body = (const uint8_t *) request->body,
        .body_len = request->body == NULL ? 0 : strlen(request->body),
    };

    sim_service_handle(transport->service, &asked, &reply);
    switch (reply.action) {
    case SIM_REPLY_ANSWER:
        request->status = reply.status;
        request->answer = g_byte_array_ref(reply.body);
        break;
    case SIM_REPLY_CLOSE:
    case SIM_REPLY_CUT:
        set_lost(request, G_IO_ERROR_CONNECTION_CLOSED, "the connection was closed");
        break;
    case SIM_REPLY_HOLD:
        set_lost(request, G_IO_ERROR_TIMED_OUT, "no answer in time");
        break;
    }
}

/* Rounds that the requests would take with so many connections for each lane. */
static unsigned
count_rounds(TkeUnitRequest *const *requests, size_t n)
{
    unsigned most = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned same = 0;

        for (size_t j = 0; j < n; j++) {
            same += g_strcmp0(requests[i]->lane, requests[j]->lane) == 0 ? 1 : 0;
        }
        most = MAX(most, (same + CONNECTIONS - 1) / CONNECTIONS);
    }
    return most;
}

static bool
run(TkeUnitTransport *base, TkeUnitRequest *const *requests, size_t n, GCancellable *cancellable,
    GError **error)
{
    SimUnitTransport *transport = (SimUnitTransport *) base;

    if (tke_cancel_is_asked(cancellable, error)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (tke_cancel_is_asked(cancellable, &requests[i]->error)) {
            continue;
        }
        run_one(transport, requests[i]);
    }
    transport->counts.requests += (unsigned) n;
    transport->counts.rounds += count_rounds(requests, n);
    return true;
}

static void
get_counts(TkeUnitTransport *base, TkeUnitTransportCounts *counts)
{
    *counts = ((SimUnitTransport *) base)->counts;
}

static void
free_transport(TkeUnitTransport *base)
{
    SimUnitTransport *transport = (SimUnitTransport *) base;

    tke_secret_free(transport->token);
    g_free(transport);
}

TkeUnitTransport *
sim_unit_transport_new(SimService *service, const TkeSecret *token, GError **error)
{
    static const TkeUnitTransportOps ops = {
        .run = run,
        .get_counts = get_counts,
        .free = free_transport,
    };
    SimUnitTransport *transport = NULL;
    TkeSecret *copy = NULL;
    size_t len = 0;

    if (token != NULL) {
        const uint8_t *bytes = tke_secret_bytes(token, &len);

        copy = tke_secret_new(len + 1, error);
        if (copy == NULL) {
            return NULL;
        }
        memcpy(tke_secret_fill(copy, NULL), bytes, len);
    }
    transport = g_new0(SimUnitTransport, 1);
    transport->base.ops = &ops;
    transport->service = service;
    transport->token = copy;
    return &transport->base;
}
