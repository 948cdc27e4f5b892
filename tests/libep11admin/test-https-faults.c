/*
 * The HTTPS transport against a server that misbehaves: names, certificates, cuts, silence
 * (crypto-unit-protocol.md, 1.5).
 */
#include <string.h>

#include "tests/libep11admin/https-client.h"
#include "tests/support/test-main.h"

/* Only the silent request may meet this deadline, on the slowest machine too. */
#define PATIENT_MS 5000

START_TEST(test_unknown_host_is_told_apart)
{
    TkeHttpsConfig config = { .base_url = "https://tke.nowhere.invalid", .direct = true };
    g_autoptr(TkeUnitTransport) transport = tke_https_transport_new(&config, NULL);
    g_autoptr(TkeUnitRequest) request = run_one(transport, "{}", true);

    check_failed(request, TKE_UNIT_ERROR_HOST_UNKNOWN, false);
    ck_assert_ptr_nonnull(strstr(request->error->message, "https://tke.nowhere.invalid"));
    check_counts(transport, 0, 0, 0);
}
END_TEST

START_TEST(test_refused_connection_is_told_apart)
{
    TestTlsServer *server = test_tls_server_new(TEST_TLS_DEFAULT);
    g_autoptr(TkeUnitTransport) transport = connect_to(server, 0);
    g_autoptr(TkeUnitRequest) request = NULL;

    test_tls_server_free(server);
    request = run_one(transport, "{}", true);
    check_failed(request, TKE_UNIT_ERROR_CONNECTION, false);
}
END_TEST

START_TEST(test_other_authority_is_a_tls_error_in_words)
{
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_DEFAULT);
    g_autoptr(TestTlsServer) other = test_tls_server_new(TEST_TLS_DEFAULT);
    TkeHttpsConfig config = { .base_url = test_tls_server_url(server),
                              .ca_pem = test_tls_server_authority(other),
                              .direct = true };
    g_autoptr(TkeUnitTransport) transport = tke_https_transport_new(&config, NULL);
    g_autoptr(TkeUnitRequest) request = run_one(transport, "{}", true);

    check_failed(request, TKE_UNIT_ERROR_TLS, false);
    ck_assert_msg(strstr(request->error->message, "certificate") != NULL, "%s",
                  request->error->message);
    ck_assert_uint_eq(test_tls_server_requests(server), 0);
}
END_TEST

START_TEST(test_system_store_does_not_know_the_test_authority)
{
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_DEFAULT);
    TkeHttpsConfig config = { .base_url = test_tls_server_url(server), .direct = true };
    g_autoptr(TkeUnitTransport) transport = tke_https_transport_new(&config, NULL);
    g_autoptr(TkeUnitRequest) request = run_one(transport, "{}", false);

    check_failed(request, TKE_UNIT_ERROR_TLS, false);
}
END_TEST

START_TEST(test_certificate_of_another_host_is_refused)
{
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_OTHER_NAME);
    g_autoptr(TkeUnitTransport) transport = connect_to(server, 0);
    g_autoptr(TkeUnitRequest) request = run_one(transport, "{}", false);

    check_failed(request, TKE_UNIT_ERROR_TLS, false);
}
END_TEST

START_TEST(test_old_tls_is_refused)
{
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_OLD);
    g_autoptr(TkeUnitTransport) transport = connect_to(server, 0);
    g_autoptr(TkeUnitRequest) request = run_one(transport, "{}", false);

    check_failed(request, TKE_UNIT_ERROR_TLS, false);
    ck_assert_uint_eq(test_tls_server_requests(server), 0);
}
END_TEST

START_TEST(test_cut_before_delivery_is_not_an_unknown_outcome)
{
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_REFUSE);
    g_autoptr(TkeUnitTransport) transport = connect_to(server, 0);
    g_autoptr(TkeUnitRequest) request = run_one(transport, "{}", true);

    ck_assert_ptr_nonnull(request->error);
    ck_assert_uint_eq(request->error->domain, TKE_UNIT_ERROR);
    ck_assert_int_ne(request->error->code, TKE_UNIT_ERROR_OUTCOME_UNKNOWN);
    ck_assert(!request->outcome_unknown);
    check_counts(transport, 0, 0, 1);
}
END_TEST

START_TEST(test_cut_after_delivery_is_an_unknown_outcome)
{
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_DEFAULT);
    g_autoptr(TkeUnitTransport) transport = connect_to(server, 0);
    g_autoptr(TkeUnitRequest) command = NULL;
    g_autoptr(TkeUnitRequest) query = NULL;

    test_tls_server_set(server, 1, TEST_TLS_CUT, 0, "");
    test_tls_server_set(server, 2, TEST_TLS_CUT, 0, "");
    command = run_one(transport, "{}", true);
    check_failed(command, TKE_UNIT_ERROR_OUTCOME_UNKNOWN, true);
    query = run_one(transport, "{}", false);
    check_failed(query, TKE_UNIT_ERROR_CONNECTION, false);
    ck_assert_uint_eq(test_tls_server_requests(server), 2);
}
END_TEST

/* libcurl alone would repeat both on a fresh connection, because the reused one died unanswered. */
START_TEST(test_nothing_is_repeated_when_a_kept_connection_dies)
{
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_DEFAULT);
    g_autoptr(TkeUnitTransport) transport = connect_to(server, 0);
    g_autoptr(TkeUnitRequest) first = run_one(transport, NULL, false);
    g_autoptr(TkeUnitRequest) second = NULL;
    g_autoptr(TkeUnitRequest) command = NULL;
    g_autoptr(TkeUnitRequest) query = NULL;

    ck_assert_ptr_null(first->error);
    test_tls_server_set(server, 2, TEST_TLS_CUT, 0, "");
    test_tls_server_set(server, 4, TEST_TLS_CUT, 0, "");
    command = run_one(transport, "{\"request\":\"command\"}", true);
    check_failed(command, TKE_UNIT_ERROR_OUTCOME_UNKNOWN, true);
    ck_assert_uint_eq(test_tls_server_requests(server), 2);
    second = run_one(transport, NULL, false);
    ck_assert_ptr_null(second->error);
    query = run_one(transport, "{}", false);
    check_failed(query, TKE_UNIT_ERROR_CONNECTION, false);
    ck_assert_msg(strstr(query->error->message, "it was closed") != NULL, "%s",
                  query->error->message);
    ck_assert_uint_eq(test_tls_server_requests(server), 4);
    check_counts(transport, 4, 4, test_tls_server_connections(server));
}
END_TEST

START_TEST(test_nothing_is_repeated_over_http2)
{
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_HTTP2);
    g_autoptr(TkeUnitTransport) transport = connect_to(server, 0);
    g_autoptr(TkeUnitRequest) first = run_one(transport, NULL, false);
    g_autoptr(TkeUnitRequest) command = NULL;

    ck_assert_ptr_null(first->error);
    test_tls_server_set(server, 2, TEST_TLS_CUT, 0, "");
    command = run_one(transport, "{}", true);
    check_failed(command, TKE_UNIT_ERROR_OUTCOME_UNKNOWN, true);
    ck_assert_uint_eq(test_tls_server_requests(server), 2);
}
END_TEST

START_TEST(test_half_an_answer_is_none)
{
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_DEFAULT);
    g_autoptr(TkeUnitTransport) transport = connect_to(server, 0);
    g_autoptr(TkeUnitRequest) command = NULL;

    test_tls_server_set(server, 1, TEST_TLS_CUT_SHORT, 200, "{\"response\":\"x\"}");
    command = run_one(transport, "{}", true);
    check_failed(command, TKE_UNIT_ERROR_OUTCOME_UNKNOWN, true);
}
END_TEST

START_TEST(test_silent_server_ends_at_the_deadline)
{
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_DEFAULT);
    g_autoptr(TkeUnitTransport) transport = connect_to(server, SHORT_MS);
    g_autoptr(TkeUnitRequest) command = NULL;
    g_autoptr(TkeUnitRequest) query = NULL;

    test_tls_server_set(server, 1, TEST_TLS_SILENT, 0, "");
    test_tls_server_set(server, 2, TEST_TLS_SILENT, 0, "");
    query = run_one(transport, "{}", false);
    check_failed(query, TKE_UNIT_ERROR_TIMEOUT, false);
    command = run_one(transport, "{}", true);
    check_failed(command, TKE_UNIT_ERROR_OUTCOME_UNKNOWN, true);
    ck_assert_ptr_nonnull(strstr(command->error->message, "400 ms"));
}
END_TEST

START_TEST(test_mute_server_ends_at_the_deadline_without_delivery)
{
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_MUTE);
    g_autoptr(TkeUnitTransport) transport = connect_to(server, SHORT_MS);
    g_autoptr(TkeUnitRequest) command = run_one(transport, "{}", true);

    check_failed(command, TKE_UNIT_ERROR_CONNECTION, false);
    check_counts(transport, 0, 0, 1);
}
END_TEST

START_TEST(test_one_silent_unit_does_not_stop_the_others)
{
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_DEFAULT);
    g_autoptr(TkeUnitTransport) transport = connect_to(server, PATIENT_MS);
    g_autoptr(GPtrArray) requests = NULL;
    unsigned n_failed = 0;

    test_tls_server_set(server, 2, TEST_TLS_SILENT, 0, "");
    requests = run_many(transport, 4, 4);
    for (guint i = 0; i < requests->len; i++) {
        const TkeUnitRequest *request = g_ptr_array_index(requests, i);

        n_failed += request->error != NULL ? 1 : 0;
    }
    ck_assert_uint_eq(n_failed, 1);
}
END_TEST

START_TEST(test_answer_without_end_is_refused)
{
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_DEFAULT);
    g_autoptr(TkeUnitTransport) transport = connect_to(server, 0);
    g_autoptr(TkeUnitRequest) query = NULL;

    test_tls_server_set(server, 1, TEST_TLS_ENDLESS, 200, "");
    query = run_one(transport, "{}", false);
    check_failed(query, TKE_UNIT_ERROR_MALFORMED, false);
}
END_TEST

START_TEST(test_proxy_of_the_environment_is_used_and_named_without_its_password)
{
    TkeHttpsConfig config = { .base_url = "https://192.0.2.1", .timeout_ms = SHORT_MS };
    g_autoptr(TkeUnitTransport) transport = NULL;
    g_autoptr(TkeUnitRequest) request = NULL;

    g_setenv("https_proxy", "http://user:word@127.0.0.1:1", TRUE);
    transport = tke_https_transport_new(&config, NULL);
    request = run_one(transport, "{}", true);
    check_failed(request, TKE_UNIT_ERROR_CONNECTION, false);
    ck_assert_ptr_nonnull(strstr(request->error->message, "127.0.0.1:1"));
    ck_assert_ptr_null(strstr(request->error->message, "word"));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_unknown_host_is_told_apart);
    tcase_add_test(tests, test_refused_connection_is_told_apart);
    tcase_add_test(tests, test_other_authority_is_a_tls_error_in_words);
    tcase_add_test(tests, test_system_store_does_not_know_the_test_authority);
    tcase_add_test(tests, test_certificate_of_another_host_is_refused);
    tcase_add_test(tests, test_old_tls_is_refused);
    tcase_add_test(tests, test_cut_before_delivery_is_not_an_unknown_outcome);
    tcase_add_test(tests, test_cut_after_delivery_is_an_unknown_outcome);
    tcase_add_test(tests, test_nothing_is_repeated_when_a_kept_connection_dies);
    tcase_add_test(tests, test_nothing_is_repeated_over_http2);
    tcase_add_test(tests, test_half_an_answer_is_none);
    tcase_add_test(tests, test_silent_server_ends_at_the_deadline);
    tcase_add_test(tests, test_mute_server_ends_at_the_deadline_without_delivery);
    tcase_add_test(tests, test_one_silent_unit_does_not_stop_the_others);
    tcase_add_test(tests, test_answer_without_end_is_refused);
    tcase_add_test(tests, test_proxy_of_the_environment_is_used_and_named_without_its_password);
}

int
main(void)
{
    return test_main("https-faults", add_tests);
}
