/*
 * JSON walked through.
 */
#include "common/json-scan.h"

#include <string.h>

#include "tests/support/test-main.h"

static bool
is_whole(const char *text)
{
    return tke_json_scan_is_whole(text, strlen(text));
}

START_TEST(test_one_value_and_blanks_are_whole)
{
    ck_assert(is_whole("{}"));
    ck_assert(is_whole(" [1, {\"a\": null}] \n"));
    ck_assert(!is_whole("{} {}"));
    ck_assert(!is_whole(" "));
    ck_assert(!is_whole("{} // and a comment"));
    ck_assert(!is_whole("\"\xff\""));
    ck_assert(!is_whole("\"\\ud800\""));
    ck_assert(!tke_json_scan_is_whole("{}\0", 3));
    ck_assert(!tke_json_scan_is_whole("{\"a\0\":1}", 9));
    ck_assert(!tke_json_scan_is_whole(NULL, 0));
}
END_TEST

START_TEST(test_it_says_how_far_it_came)
{
    size_t len = 0;

    ck_assert(tke_json_scan_value(" {} x", 5, &len));
    ck_assert_uint_eq(len, 4);
    ck_assert(!tke_json_scan_value("[1, x]", 6, &len));
    ck_assert_uint_eq(len, 4);
    ck_assert(!tke_json_scan_value(NULL, 0, &len));
    ck_assert_uint_eq(len, 0);
}
END_TEST

START_TEST(test_nesting_has_an_end)
{
    g_autofree char *deep = g_strnfill(1000000, '[');
    g_autofree char *open = g_strnfill(TKE_JSON_SCAN_DEPTH, '[');
    g_autofree char *close = g_strnfill(TKE_JSON_SCAN_DEPTH, ']');
    g_autofree char *deepest = g_strconcat(open, "1", close, NULL);
    g_autofree char *deeper = g_strconcat("[", open, "1", close, "]", NULL);

    ck_assert(!is_whole(deep));
    ck_assert(is_whole(deepest));
    ck_assert(!is_whole(deeper));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_one_value_and_blanks_are_whole);
    tcase_add_test(tests, test_it_says_how_far_it_came);
    tcase_add_test(tests, test_nesting_has_an_end);
}

int
main(void)
{
    return test_main("json-scan", add_tests);
}
