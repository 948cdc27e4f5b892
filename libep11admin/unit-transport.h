/*
 * How requests reach crypto units: any number out at once, each answered or failed.
 *
 * Requests of one call run concurrently, whatever unit they go to, except that a request that
 * changes state goes alone to its unit: callers put at most one such request for a unit into a
 * call, and no other request for that unit beside it. Nothing is ever repeated by a transport.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/public.h"

typedef struct TkeUnitTransport TkeUnitTransport;

typedef struct TkeUnitRequest {
    /* in */
    char *path; /* below the base URL, "/v1/tke/…" */
    char *body; /* JSON text of a POST; NULL: GET */
    char *lane; /* hsm id of the unit; NULL: the service itself. Connections are kept per lane */
    bool changes_state;
    /* out */
    unsigned status;    /* HTTP status, 0 without an answer */
    GByteArray *answer; /* body of the answer, NUL-terminated beyond len; NULL without an answer */
    bool outcome_unknown; /* it may have been delivered, and no answer came */
    GError *error;        /* TKE_UNIT_ERROR or G_IO_ERROR_CANCELLED; NULL for any HTTP status */
} TkeUnitRequest;

TKE_PUBLIC TkeUnitRequest *tke_unit_request_new(const char *path, const char *body,
                                                const char *lane, bool changes_state);
TKE_PUBLIC void tke_unit_request_free(TkeUnitRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeUnitRequest, tke_unit_request_free)

/* What was sent since the transport was made; tests assert these counts. */
typedef struct TkeUnitTransportCounts {
    unsigned requests;
    unsigned
        rounds; /* longest chain of requests each of which waited for an answer or a connection */
    unsigned connections;
} TkeUnitTransportCounts;

typedef struct TkeUnitTransportOps {
    /*
     * Runs the requests and fills their out members. Returns false only when nothing could be done
     * at all (programming or set-up error, cancelled before the first was sent); a request that
     * failed is told in the request.
     */
    bool (*run)(TkeUnitTransport *transport, TkeUnitRequest *const *requests, size_t n,
                GCancellable *cancellable, GError **error);
    void (*get_counts)(TkeUnitTransport *transport, TkeUnitTransportCounts *counts);
    void (*free)(TkeUnitTransport *transport);
} TkeUnitTransportOps;

/* Implementations embed this as their first member. */
struct TkeUnitTransport {
    const TkeUnitTransportOps *ops;
};

/*
 * True if every request that changes state goes alone to its unit; else TKE_ERROR_USAGE. For
 * implementations.
 */
TKE_PUBLIC bool tke_unit_transport_check(TkeUnitRequest *const *requests, size_t n, GError **error);

/* The functions of ops, for callers. */
TKE_PUBLIC bool tke_unit_transport_run(TkeUnitTransport *transport, TkeUnitRequest *const *requests,
                                       size_t n, GCancellable *cancellable, GError **error);
TKE_PUBLIC void tke_unit_transport_get_counts(TkeUnitTransport *transport,
                                              TkeUnitTransportCounts *counts);
TKE_PUBLIC void tke_unit_transport_free(TkeUnitTransport *transport); /* NULL is allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeUnitTransport, tke_unit_transport_free)
