/*
 * What programs learn of a world from tke-sim: service, authority, token, readers and cards.
 */
#include <check.h>
#include <string.h>

#include "tests/simulator/socket-fixture.h"
#include "tests/support/test-main.h"

START_TEST(test_world_and_token_are_told)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autoptr(TkeSimClient) client = socket_fixture_client(fixture);
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSimWorldInfo) info = tke_sim_client_query_world(client, &error);
    g_autoptr(TkeSecret) token = tke_sim_client_query_token(client, &error);
    g_autoptr(TkeSecret) another = tke_sim_client_query_token(client, &error);
    size_t len = 0;

    ck_assert_msg(info != NULL && token != NULL, "%s", error == NULL ? "" : error->message);
    ck_assert_str_eq(info->directory, fixture->directory->path);
    ck_assert(g_str_has_prefix(info->base_url, "https://127.0.0.1:"));
    ck_assert(g_str_has_prefix(info->ca_pem, "-----BEGIN CERTIFICATE-----"));
    ck_assert_str_eq(info->region, "us-south");
    ck_assert_str_eq(info->instances[0], "9f4d2c1e-7a35-4b8e-9c60-52d1e83b7f04");
    ck_assert_uint_eq(info->module_roots->len, 1);
    ck_assert(memcmp(tke_secret_bytes(token, &len), "Bearer ", 7) == 0);
    ck_assert(!tke_secret_equal(token, another));
}
END_TEST

START_TEST(test_status_tells_readers_cards_and_service)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autoptr(TkeSimClient) desk = socket_fixture_client(fixture);
    g_autoptr(JsonObject) request = json_object_new();
    g_autoptr(JsonObject) status = NULL;
    JsonObject *reader = NULL;

    socket_fixture_command(fixture, "{\"command\":\"insert\",\"reader\":2,\"card\":\"ep11-2\"}");
    json_object_set_string_member(request, "command", "status");
    status = tke_sim_client_command(desk, request, NULL);
    ck_assert_ptr_nonnull(status);
    reader = json_array_get_object_element(json_object_get_array_member(status, "readers"), 1);
    ck_assert_str_eq(json_object_get_string_member(reader, "card"), "ep11-2");
    ck_assert_uint_eq(json_array_get_length(json_object_get_array_member(status, "cards")), 3);
    ck_assert(json_object_has_member(json_object_get_object_member(status, "service"), "units"));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_world_and_token_are_told);
    tcase_add_test(tests, test_status_tells_readers_cards_and_service);
}

int
main(void)
{
    return test_main("sim-world-info", add_tests);
}
