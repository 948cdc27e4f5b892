/*
 * tke as it is typed: the whole help, names, options, JSON of wrong use, and what it says outside
 * a rehearsal (functions 4, 4.1, 4.12).
 */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "tests/cli/place.h"
#include "tests/support/test-main.h"
#include "tests/support/tls-server.h"
#include "tke/command.h"

#define INSTANCE "9f4d2c1e-7a35-4b8e-9c60-52d1e83b7f04"

static void
expect(Place *place, int exit_code, const char *line, const char *part)
{
    g_auto(Run) run = place_tke(place, line);
    g_autofree char *all = g_strconcat(run.out, run.err, NULL);

    ck_assert_msg(run.exit_code == exit_code, "%s: exit %d: %s", line, run.exit_code, all);
    assert_contains(all, part);
}

START_TEST(test_help_lists_every_command_and_shows_each)
{
    g_autoptr(Place) place = place_enter_nothing();
    g_auto(Run) all = place_tke(place, "help");
    unsigned n = 0;

    ck_assert_int_eq(all.exit_code, 0);
    for (const TkeCliCommand *command = tke_cli_commands; command->name != NULL; command++) {
        g_autofree char *line = g_strconcat("help ", command->name, NULL);
        g_autofree char *usage = g_strconcat(" ", command->name, NULL);
        g_auto(Run) one = { 0 };

        assert_contains(all.out, command->name);
        assert_contains(all.out, command->summary);
        one = place_tke(place, line);
        ck_assert_int_eq(one.exit_code, 0);
        assert_contains(one.out, usage);
        assert_contains(one.out, command->summary);
        n++;
    }
    ck_assert_uint_ge(n, 30);
    expect(place, 0, "h card copy", "--place=LIST");
    expect(place, 0, "card copy --help", "--place=LIST");
    expect(place, 0, "-h card copy --ski 1", "--place=LIST");
    expect(place, 2, "--help brew-coffee", "“tke help” lists them");
    expect(place, 0, "--help", "--events-fd=N");
    expect(place, 0, "--version", "tke ");
    expect(place, 2, "", "Commands:");
}
END_TEST

START_TEST(test_a_name_that_is_not_known_gets_the_nearest_one)
{
    g_autoptr(Place) place = place_enter_nothing();

    expect(place, 2, "cryptounit-compar", "did you mean “cryptounit-compare”?");
    expect(place, 2, "card enrol", "did you mean “card enroll”?");
    expect(place, 2, "zone creat", "did you mean “zone create”?");
    expect(place, 2, "help readres", "did you mean “readers”?");
    expect(place, 2, "brew-coffee", "“tke help” lists them");
}
END_TEST

START_TEST(test_an_option_that_is_not_taken_is_refused)
{
    g_autoptr(Place) place = place_enter_nothing();

    expect(place, 2, "readers --brew", "there is no option “--brew”");
    expect(place, 2, "readers --place 1", "there is no option “--place”");
    expect(place, 2, "cryptounits --signature 2", "there is no option “--signature”");
    expect(place, 2, "cryptounits 1", "“1” is not wanted here");
    expect(place, 2, "card info --reader two", "two");
    expect(place, 2, "--events-fd x readers", "x");
    expect(place, 2, "--events-fd 77 help", "--events-fd 77"); /* nothing is open there */
    expect(place, 2, "--events-fd -7 help", "not “-7”");
    expect(place, 2, "--events-fd 0 help", "--events-fd 0"); /* only for reading */
    expect(place, 0, "--events-fd 2 help", "cryptounits");
    expect(place, 2, "--rehearsal=socket readers", "only “pcsc” can be named here");
}
END_TEST

START_TEST(test_wrong_use_is_told_in_json_too)
{
    static const char *const lines[] = { "--json brew-coffee", "--json readers --brew",
                                         "--json card set-description --place 99",
                                         "--json help brew-coffee", "--json card info --reader 3" };
    g_autoptr(Place) place = place_enter_nothing();

    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_auto(Run) run = place_tke(place, lines[i]);

        ck_assert_int_eq(run.exit_code, 2);
    }
}
END_TEST

START_TEST(test_card_commands_without_readers_say_what_is_missing)
{
    static const char *const lines[] = {
        "readers",   "card info",       "zone create",  "zone backup",           "card enroll",
        "card copy", "card change-pin", "card unblock", "card delete --place 1",
    };
    g_autoptr(Place) place = place_enter_nothing();

    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        if (TKE_WITH_PCSC) {
            expect(place, 4, lines[i], "the smart card service (pcscd) is not running");
            expect(place, 4, lines[i], "systemctl start pcscd.socket");
        } else {
            expect(place, 3, lines[i], "card commands work in a rehearsal only (--rehearsal)");
        }
    }
}
END_TEST

START_TEST(test_a_directory_or_token_that_cannot_be_used_is_named)
{
    g_autoptr(Place) place = place_enter_nothing();
    g_autofree char *file = g_build_filename(place->world, "file", NULL);

    ck_assert(g_file_set_contents(file, "", 0, NULL));
    place_set(place, "CLOUDTKEFILES", file);
    expect(place, 3, "cryptounits", file);
    place_set(place, "CLOUDTKEFILES", place->world);
    expect(place, 2, "--instance " INSTANCE " --region us-south --token-fd 97 cryptounits",
           "--token-fd 97");
}
END_TEST

START_TEST(test_a_service_of_an_unknown_authority_is_refused)
{
    g_autoptr(Place) place = place_enter_nothing();
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_DEFAULT);
    g_autofree char *token = g_build_filename(place->world, "token", NULL);
    g_autofree char *line = g_strdup_printf(
        "-c '" TKE " --json --instance " INSTANCE " --token-fd 5 cryptounits 5<%s'", token);
    g_auto(GStrv) argv = NULL;
    g_autofree char *shell = g_strconcat("/bin/sh ", line, NULL);
    g_autofree char *out = NULL;
    g_autoptr(JsonNode) node = NULL;
    JsonObject *object;
    int status = 0;

    ck_assert(g_file_set_contents(token, "secret-token\n", -1, NULL));
    place_set(place, "CLOUDTKEFILES", place->world);
    place_set(place, "TKE_PRIVATE_ADDR", test_tls_server_url(server));
    ck_assert(g_shell_parse_argv(shell, NULL, &argv, NULL));
    ck_assert(
        g_spawn_sync(NULL, argv, place->environment, 0, NULL, NULL, &out, NULL, &status, NULL));
    node = json_from_string(out, NULL);
    ck_assert_msg(node != NULL, "%s", out);
    object = json_node_get_object(node);
    ck_assert_int_eq(json_object_get_int_member(object, "exit"), 5);
    assert_contains(json_object_get_string_member(object, "error"), "certificate");
    ck_assert(json_object_has_member(object, "advice"));
    ck_assert_ptr_null(strstr(out, "secret-token"));
    ck_assert_uint_eq(test_tls_server_requests(server), 0);
}
END_TEST

START_TEST(test_an_address_that_is_not_https_is_refused)
{
    g_autoptr(Place) place = place_enter_nothing();
    g_auto(Run) run = { 0 };

    place_set(place, "CLOUDTKEFILES", place->world);
    place_set(place, "TKE_PRIVATE_ADDR", "http://127.0.0.1:1");
    run = place_tke(place, "--json --instance " INSTANCE " cryptounits");
    ck_assert_int_ne(run.exit_code, 0);
    assert_contains(json_object_get_string_member(run.json, "error"), "https");
}
END_TEST

START_TEST(test_a_world_whose_path_is_too_long_for_a_socket_is_refused)
{
    g_autoptr(Place) place = place_enter_nothing();
    g_autofree char *long_name = g_strnfill(120, 'w');
    g_autofree char *world = g_build_filename(place->world, long_name, NULL);
    g_autofree char *line = g_strdup_printf("--rehearsal --world %s readers", world);

    expect(place, 3, line, "107");
    place_set(place, "OPENTKE_WORLD", world);
    expect(place, 3, "--rehearsal readers", "107");
    ck_assert(!g_file_test(world, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(test_nothing_from_outside_gets_into_a_rehearsal)
{
    g_autoptr(Place) place = place_enter_new();
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_DEFAULT);
    g_autofree char *authority = g_build_filename(place->world, "authority.pem", NULL);
    const char *const proxies[] = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" };
    g_auto(Run) run = { 0 };

    ck_assert(g_file_set_contents(authority, test_tls_server_authority(server), -1, NULL));
    for (unsigned i = 0; i < G_N_ELEMENTS(proxies); i++) {
        place_set(place, proxies[i], test_tls_server_url(server));
    }
    place_set(place, "TKE_PRIVATE_ADDR", test_tls_server_url(server));
    place_set(place, "CLOUDTKEFILES", "/no/such/directory");
    place_set(place, "SSL_CERT_FILE", authority);
    place_set(place, "CURL_CA_BUNDLE", authority);
    run = place_expect(place, 0, "--json cryptounits");
    ck_assert_uint_eq(test_tls_server_connections(server), 0);
    ck_assert_str_ne(json_object_get_string_member(run.json, "endpoint"),
                     test_tls_server_url(server));
    ck_assert_str_eq(json_object_get_string_member(run.json, "region"), "us-south");
    ck_assert(json_object_get_boolean_member(run.json, "rehearsal"));
}
END_TEST

START_TEST(test_a_rehearsal_starts_its_world_by_itself)
{
    g_autoptr(Place) place = place_enter_nothing();
    g_autofree char *world = g_build_filename(place->world, "w", NULL);

    place_set(place, "OPENTKE_WORLD", world);
    expect(place, 0, "--rehearsal readers", "REHEARSAL");
    place_sim(place, "status");
    place_sim(place, "stop");
}
END_TEST

static void
add_tests(TCase *tests)
{
    place_begin();
    tcase_add_test(tests, test_help_lists_every_command_and_shows_each);
    tcase_add_test(tests, test_a_name_that_is_not_known_gets_the_nearest_one);
    tcase_add_test(tests, test_an_option_that_is_not_taken_is_refused);
    tcase_add_test(tests, test_wrong_use_is_told_in_json_too);
    tcase_add_test(tests, test_card_commands_without_readers_say_what_is_missing);
    tcase_add_test(tests, test_a_directory_or_token_that_cannot_be_used_is_named);
    tcase_add_test(tests, test_a_service_of_an_unknown_authority_is_refused);
    tcase_add_test(tests, test_an_address_that_is_not_https_is_refused);
    tcase_add_test(tests, test_a_world_whose_path_is_too_long_for_a_socket_is_refused);
    tcase_add_test(tests, test_nothing_from_outside_gets_into_a_rehearsal);
    tcase_add_test(tests, test_a_rehearsal_starts_its_world_by_itself);
}

int
main(void)
{
    return test_main("terminal", add_tests);
}
