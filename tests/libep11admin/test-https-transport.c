/*
 * The HTTPS transport against a server that behaves: requests and answers, connections, counts,
 * cancel (crypto-unit-protocol.md, 1.2 and 1.12; conventions, section 4).
 */
#include <string.h>

#include "common/error.h"
#include "tests/libep11admin/https-client.h"
#include "tests/support/test-main.h"

START_TEST(test_request_and_answer_arrive_as_they_are)
{
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_DEFAULT);
    g_autoptr(TkeUnitTransport) transport = connect_to(server, 0);
    g_autoptr(TkeSecret) token = tke_secret_new_from((const uint8_t *) "Bearer abc.def", 14, NULL);
    g_autoptr(TkeUnitRequest) post = NULL;
    g_autoptr(TkeUnitRequest) get = NULL;
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;

    test_tls_server_set(server, 1, TEST_TLS_ANSWER, 200, "{\"response\":\"x\"}");
    ck_assert(tke_https_transport_set_token(transport, token, NULL));
    post = run_one(transport, "{\"request\":\"y\"}", false);
    get = run_one(transport, NULL, false);

    ck_assert_ptr_null(post->error);
    ck_assert_uint_eq(post->status, 200);
    ck_assert_str_eq((const char *) post->answer->data, "{\"response\":\"x\"}");
    ck_assert_uint_eq(post->answer->len, strlen("{\"response\":\"x\"}"));
    first = test_tls_server_request(server, 1);
    ck_assert(g_str_has_prefix(first, "POST " PATH " HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(first, "\r\nAuthorization: Bearer abc.def\r\n"));
    ck_assert_ptr_nonnull(strstr(first, "\r\nContent-Type: application/json\r\n"));
    ck_assert_ptr_nonnull(strstr(first, "\r\nAccept: application/json\r\n"));
    ck_assert(g_str_has_suffix(first, "\r\n\r\n{\"request\":\"y\"}"));
    second = test_tls_server_request(server, 2);
    ck_assert(g_str_has_prefix(second, "GET " PATH " HTTP/1.1\r\n"));
    check_counts(transport, 2, 2, 1);
    ck_assert_uint_eq(test_tls_server_connections(server), 1);
}
END_TEST

START_TEST(test_status_of_an_error_is_an_answer)
{
    static const unsigned statuses[] = { 302, 400, 401, 403, 404, 500, 503 };
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_DEFAULT);
    g_autoptr(TkeUnitTransport) transport = connect_to(server, 0);

    for (unsigned i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_autoptr(TkeUnitRequest) request = NULL;

        test_tls_server_set(server, i + 1, TEST_TLS_ANSWER, statuses[i], "why");
        request = run_one(transport, "{}", false);
        ck_assert_ptr_null(request->error);
        ck_assert_uint_eq(request->status, statuses[i]);
        ck_assert_str_eq((const char *) request->answer->data, "why");
    }
}
END_TEST

START_TEST(test_requests_of_a_call_are_under_way_at_once)
{
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_DEFAULT);
    g_autoptr(TkeUnitTransport) transport = connect_to(server, 0);
    g_autoptr(GPtrArray) requests = NULL;
    g_autoptr(GPtrArray) again = NULL;

    /* Six of each of four units: none is answered before all have arrived. */
    test_tls_server_hold(server, 24);
    requests = run_many(transport, 24, 4);
    check_all_answered(requests);
    check_counts(transport, 24, 1, 24);

    again = run_many(transport, 24, 4);
    check_all_answered(again);
    check_counts(transport, 48, 2, 24); /* connections were kept */
}
END_TEST

START_TEST(test_seventh_request_of_a_unit_waits_and_counts_as_a_round)
{
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_DEFAULT);
    g_autoptr(TkeUnitTransport) transport = connect_to(server, 0);
    g_autoptr(GPtrArray) requests = run_many(transport, 7, 1);

    check_all_answered(requests);
    check_counts(transport, 7, 2, 6);
}
END_TEST

START_TEST(test_http2_carries_all_requests_on_one_connection)
{
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_HTTP2);
    g_autoptr(TkeUnitTransport) transport = connect_to(server, 0);
    g_autoptr(GPtrArray) requests = NULL;
    g_autoptr(TkeUnitRequest) first = run_one(transport, NULL, false);

    ck_assert_ptr_null(first->error);
    test_tls_server_hold(server, 1 + 20);
    requests = run_many(transport, 20, 2);
    check_all_answered(requests);
    check_counts(transport, 21, 2, 1);
    ck_assert_uint_eq(test_tls_server_connections(server), 1);
}
END_TEST

static gpointer
cancel_when_arrived(gpointer user)
{
    gpointer *both = user;

    test_tls_server_wait(both[0], 1);
    g_cancellable_cancel(both[1]);
    return NULL;
}

START_TEST(test_cancel_ends_the_wait_and_says_what_was_sent)
{
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_DEFAULT);
    g_autoptr(TkeUnitTransport) transport = connect_to(server, 60000);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeUnitRequest) request = tke_unit_request_new(PATH, "{}", "unit-1", true);
    gpointer both[] = { server, cancellable };
    GThread *thread = NULL;

    test_tls_server_set(server, 1, TEST_TLS_SILENT, 0, "");
    thread = g_thread_new("cancel", cancel_when_arrived, both);
    ck_assert(tke_unit_transport_run(transport, &request, 1, cancellable, &error));
    g_thread_join(thread);
    test_bytes_check_error(request->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    ck_assert(request->outcome_unknown);
}
END_TEST

START_TEST(test_cancelled_before_anything_was_sent_is_an_error_of_the_call)
{
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_DEFAULT);
    g_autoptr(TkeUnitTransport) transport = connect_to(server, 0);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeUnitRequest) request = tke_unit_request_new(PATH, "{}", "unit-1", true);

    g_cancellable_cancel(cancellable);
    ck_assert(!tke_unit_transport_run(transport, &request, 1, cancellable, &error));
    test_bytes_check_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    check_counts(transport, 0, 0, 0);
}
END_TEST

START_TEST(test_command_goes_alone_to_its_unit)
{
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_DEFAULT);
    g_autoptr(TkeUnitTransport) transport = connect_to(server, 0);
    g_autoptr(TkeUnitRequest) command = tke_unit_request_new(PATH, "{}", "unit-1", true);
    g_autoptr(TkeUnitRequest) query = tke_unit_request_new(PATH, "{}", "unit-1", false);
    TkeUnitRequest *requests[] = { query, command };
    g_autoptr(GError) error = NULL;

    ck_assert(!tke_unit_transport_run(transport, requests, 2, NULL, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_USAGE);
    ck_assert_uint_eq(test_tls_server_requests(server), 0);
}
END_TEST

START_TEST(test_wrong_addresses_and_tokens_are_refused)
{
    static const char *const urls[] = { "http://host",       "https://",          "host",
                                        "https://host/path", "https://user@host", "https://host?x",
                                        "https://ho st" };
    g_autoptr(TkeSecret) token = tke_secret_new_from((const uint8_t *) "a\r\nb", 4, NULL);
    TkeHttpsConfig config = { .base_url = "https://host", .token = token };
    g_autoptr(GError) with_token = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(urls); i++) {
        TkeHttpsConfig wrong = { .base_url = urls[i] };
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(tke_https_transport_new(&wrong, &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    }
    ck_assert_ptr_null(tke_https_transport_new(&config, &with_token));
    test_bytes_check_error(with_token, TKE_ERROR, TKE_ERROR_INVALID_DATA);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_request_and_answer_arrive_as_they_are);
    tcase_add_test(tests, test_status_of_an_error_is_an_answer);
    tcase_add_test(tests, test_requests_of_a_call_are_under_way_at_once);
    tcase_add_test(tests, test_seventh_request_of_a_unit_waits_and_counts_as_a_round);
    tcase_add_test(tests, test_http2_carries_all_requests_on_one_connection);
    tcase_add_test(tests, test_cancel_ends_the_wait_and_says_what_was_sent);
    tcase_add_test(tests, test_cancelled_before_anything_was_sent_is_an_error_of_the_call);
    tcase_add_test(tests, test_command_goes_alone_to_its_unit);
    tcase_add_test(tests, test_wrong_addresses_and_tokens_are_refused);
}

int
main(void)
{
    return test_main("https-transport", add_tests);
}
