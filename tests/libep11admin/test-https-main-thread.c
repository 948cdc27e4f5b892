/*
 * The HTTPS transport on the thread of the windows: refused before anything is sent (conventions,
 * section 4).
 */
#include "common/error.h"
#include "common/main-thread.h"
#include "tests/libep11admin/https-client.h"
#include "tests/support/test-main.h"

static gpointer
run_elsewhere(gpointer transport)
{
    return run_one(transport, "{}", false);
}

START_TEST(test_nothing_is_sent_from_the_marked_thread)
{
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_DEFAULT);
    g_autoptr(TkeUnitTransport) transport = connect_to(server, 0);
    g_autoptr(TkeUnitRequest) refused = tke_unit_request_new(PATH, "{}", "unit-1", _i == 1);
    g_autoptr(TkeUnitRequest) sent = NULL;
    g_autoptr(GError) error = NULL;

    tke_main_thread_mark();
    ck_assert(!tke_unit_transport_run(transport, &refused, 1, NULL, &error));
    ck_assert(g_error_matches(error, TKE_ERROR, TKE_ERROR_USAGE));
    ck_assert(!refused->outcome_unknown);
    check_counts(transport, 0, 0, 0);
    ck_assert_uint_eq(test_tls_server_connections(server), 0);
    ck_assert_ptr_null(test_tls_server_request(server, 1));

    sent = g_thread_join(g_thread_new("worker", run_elsewhere, transport));
    ck_assert_ptr_null(sent->error);
    ck_assert_uint_eq(sent->status, 200);
    check_counts(transport, 1, 1, 1);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_nothing_is_sent_from_the_marked_thread, 0, 2);
}

int
main(void)
{
    return test_main("https-main-thread", add_tests);
}
