/*
 * A client of the test server, for the tests of the HTTPS transport.
 */
#pragma once

#include "libep11admin/https-transport.h"
#include "libep11admin/unit-error.h"
#include "tests/support/test-bytes.h"
#include "tests/support/tls-server.h"

#define PATH "/v1/tke/11111111-2222-3333-4444-555555555555/hsms"
#define SHORT_MS 400

static inline TkeUnitTransport *
connect_to(const TestTlsServer *server, unsigned timeout_ms)
{
    TkeHttpsConfig config = { .base_url = test_tls_server_url(server),
                              .ca_pem = test_tls_server_authority(server),
                              .direct = true,
                              .timeout_ms = timeout_ms };
    g_autoptr(GError) error = NULL;
    TkeUnitTransport *transport = tke_https_transport_new(&config, &error);

    ck_assert_msg(transport != NULL, "%s", error == NULL ? "" : error->message);
    return transport;
}

static inline TkeUnitRequest *
run_one(TkeUnitTransport *transport, const char *body, bool changes_state)
{
    TkeUnitRequest *request = tke_unit_request_new(PATH, body, "unit-1", changes_state);
    g_autoptr(GError) error = NULL;

    ck_assert_msg(tke_unit_transport_run(transport, &request, 1, NULL, &error), "%s",
                  error == NULL ? "" : error->message);
    return request;
}

/* n queries in one call, lane "unit-0" to "unit-<lanes - 1>" in turn. */
static inline GPtrArray *
run_many(TkeUnitTransport *transport, unsigned n, unsigned lanes)
{
    GPtrArray *requests = g_ptr_array_new_with_free_func((GDestroyNotify) tke_unit_request_free);
    g_autoptr(GError) error = NULL;

    for (unsigned i = 0; i < n; i++) {
        g_autofree char *lane = g_strdup_printf("unit-%u", i % lanes);

        g_ptr_array_add(requests, tke_unit_request_new(PATH, "{}", lane, false));
    }
    ck_assert_msg(tke_unit_transport_run(transport, (TkeUnitRequest *const *) requests->pdata, n,
                                         NULL, &error),
                  "%s", error == NULL ? "" : error->message);
    return requests;
}

static inline void
check_all_answered(GPtrArray *requests)
{
    for (guint i = 0; i < requests->len; i++) {
        const TkeUnitRequest *request = g_ptr_array_index(requests, i);

        ck_assert_msg(request->error == NULL, "request %u: %s", i,
                      request->error == NULL ? "" : request->error->message);
        ck_assert_uint_eq(request->status, 200);
    }
}

static inline void
check_counts(TkeUnitTransport *transport, unsigned requests, unsigned rounds, unsigned connections)
{
    TkeUnitTransportCounts counts = { 0 };

    tke_unit_transport_get_counts(transport, &counts);
    ck_assert_uint_eq(counts.requests, requests);
    ck_assert_uint_eq(counts.rounds, rounds);
    ck_assert_uint_eq(counts.connections, connections);
}

static inline void
check_failed(const TkeUnitRequest *request, int code, bool outcome_unknown)
{
    test_bytes_check_error(request->error, TKE_UNIT_ERROR, code);
    ck_assert_uint_eq(request->status, 0);
    ck_assert_ptr_null(request->answer);
    ck_assert(request->outcome_unknown == outcome_unknown);
}
