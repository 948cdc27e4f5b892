/*
 * What both sides of the socket of tke-sim read: description and directory of the world.
 */
#include <check.h>
#include <string.h>

#include "common/error.h"
#include "libsmartcard/sim-protocol.h"
#include "tests/support/test-main.h"

START_TEST(test_description_of_the_world_is_checked)
{
#define WORLD(roots, instances)                                                                    \
    "{\"directory\":\"/w\",\"workstation\":\"/w/workstation\",\"base_url\":\"https://"             \
    "127.0.0.1:1\","                                                                               \
    "\"ca_pem\":\"x\",\"account\":\"a\",\"user\":\"u\",\"region\":\"r\",\"resource_group\":\"g\"," \
    "\"roots\":[{\"name\":\"CEX7\"}],\"module_roots\":" roots ",\"instances\":" instances "}"
    g_autofree char *point = g_strnfill(266, '4');
    g_autofree char *roots = g_strdup_printf("[\"%s\"]", point);
    g_autofree char *good = g_strdup_printf(WORLD("%s", "[\"i\"]"), roots);
    const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"directory\":1}",
        WORLD("[]", "[]"),
        WORLD("[\"0\"]", "[]"),
        WORLD("[\"04\"]", "[]"),
        WORLD("[1]", "[]"),
        WORLD("\"04\"", "[]"),
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSimWorldInfo) info = tke_sim_world_info_parse(good, strlen(good), &error);

    ck_assert_msg(info != NULL, "%s", error == NULL ? "" : error->message);
    ck_assert_uint_eq(info->module_roots->len, 1);
    ck_assert_str_eq(info->instances[0], "i");
    ck_assert_ptr_null(info->instances[1]);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) refused = NULL;

        ck_assert_ptr_null(tke_sim_world_info_parse(bad[i], strlen(bad[i]), &refused));
        ck_assert(g_error_matches(refused, TKE_ERROR, TKE_ERROR_INVALID_DATA));
    }
}
END_TEST

/* json-glib would use up the stack, and take what is no JSON. */
START_TEST(test_bodies_are_json_objects_of_a_sensible_depth)
{
    g_autofree char *deep = g_strnfill(200000, '[');
    g_autofree char *deep_member = g_strconcat("{\"a\":", deep, NULL);
    static const char *const bad[] = { "",
                                       "[]",
                                       "{} {}",
                                       "/* */ {}",
                                       "var a = {}",
                                       "{'a':1}",
                                       "{\"a\":\"\\ud800\"}",
                                       "{\"a\":\"\xff\"}" };
    g_autoptr(JsonNode) good = tke_sim_parse_object(" {\"a\":[1]} ", 11);

    ck_assert(good != NULL && JSON_NODE_HOLDS_OBJECT(good));
    ck_assert_ptr_null(tke_sim_parse_object(deep, strlen(deep)));
    ck_assert_ptr_null(tke_sim_parse_object(deep_member, strlen(deep_member)));
    ck_assert_ptr_null(tke_sim_parse_object("{}\0", 3));
    ck_assert_ptr_null(tke_sim_world_info_parse(deep, strlen(deep), NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        ck_assert_msg(tke_sim_parse_object(bad[i], strlen(bad[i])) == NULL, "%s", bad[i]);
    }
}
END_TEST

START_TEST(test_the_applet_of_a_rehearsal_comes_as_bytes_or_not_at_all)
{
    g_autofree char *point = g_strnfill(266, '4');
    g_autofree char *roots = g_strdup_printf("[\"%s\"]", point);
    g_autofree char *none = g_strdup_printf(WORLD("%s", "[\"i\"]"), roots);
    g_autofree char *some = g_strdup_printf(WORLD("%s", "[\"i\"],\"applet\":\"AQID\""), roots);
    const char *const bad[] = { "[\"i\"],\"applet\":\"\"", "[\"i\"],\"applet\":7",
                                "[\"i\"],\"applet\":null", "[\"i\"],\"applet\":{}" };
    g_autoptr(TkeSimWorldInfo) without = tke_sim_world_info_parse(none, strlen(none), NULL);
    g_autoptr(TkeSimWorldInfo) with = tke_sim_world_info_parse(some, strlen(some), NULL);
    gsize len = 0;

    ck_assert_ptr_nonnull(without);
    ck_assert_ptr_null(without->applet);
    ck_assert_ptr_nonnull(with);
    ck_assert_mem_eq(g_bytes_get_data(with->applet, &len), "\x01\x02\x03", 3);
    ck_assert_uint_eq(len, 3);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text = g_strdup_printf(WORLD("%s", "%s"), roots, bad[i]);
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(tke_sim_world_info_parse(text, strlen(text), &error));
        ck_assert(g_error_matches(error, TKE_ERROR, TKE_ERROR_INVALID_DATA));
    }
}
END_TEST

START_TEST(test_directory_of_the_world_comes_from_option_then_environment_then_state)
{
    g_autofree char *option = NULL;
    g_autofree char *environment = NULL;
    g_autofree char *standard = NULL;

    g_setenv("OPENTKE_WORLD", "/tmp/e", TRUE);
    option = tke_sim_world_directory("/tmp/o/../o");
    environment = tke_sim_world_directory(NULL);
    g_unsetenv("OPENTKE_WORLD");
    standard = tke_sim_world_directory(NULL);
    ck_assert_str_eq(option, "/tmp/o");
    ck_assert_str_eq(environment, "/tmp/e");
    ck_assert(g_str_has_suffix(standard, "/opentke/rehearsal"));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_description_of_the_world_is_checked);
    tcase_add_test(tests, test_bodies_are_json_objects_of_a_sensible_depth);
    tcase_add_test(tests, test_the_applet_of_a_rehearsal_comes_as_bytes_or_not_at_all);
    tcase_add_test(tests,
                   test_directory_of_the_world_comes_from_option_then_environment_then_state);
}

int
main(void)
{
    return test_main("sim-protocol", add_tests);
}
