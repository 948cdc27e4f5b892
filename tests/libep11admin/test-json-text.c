/*
 * JSON from outside.
 */
#include "libep11admin/json-text.h"

#include "common/error.h"
#include "common/json-scan.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

static bool
is_accepted(const char *text, TkeJsonMode mode)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = tke_json_text_parse(text, strlen(text), mode, &error);

    ck_assert((node == NULL) == (error != NULL));
    if (error != NULL) {
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    }
    return node != NULL;
}

START_TEST(test_json_is_accepted)
{
    static const char *const good[] = {
        "{}",
        "[]",
        " { \"a\" : [ 1 , -0.5e+3 , true , false , null ] }\n",
        "\"\\u00e9\\ud83d\\ude00\"",
        "0",
        "-1",
        "{\"a\":{\"b\":{\"c\":[[[]]]}}}",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        ck_assert_msg(is_accepted(good[i], TKE_JSON_WHOLE), "%s", good[i]);
    }
}
END_TEST

START_TEST(test_what_only_looks_like_json_is_refused)
{
    static const char *const bad[] = {
        "",         "{",        "{\"a\":1,}",  "[1,]",        "{'a':1}",     "{a:1}",
        "/* */ {}", "var a={}", "{\"a\" 1}",   "01",          "1.",          ".5",
        "1e",       "+1",       "0x10",        "\"\x01\"",    "\"\\x\"",     "\"\\u12\"",
        "nul",      "NaN",      "\"\\ud800\"", "\"\\udc00\"", "\"\\u0000\"", "{\"a\":1}{}",
        "\"\xc3\"", "[1 2]",    "\"abc",       "{\"a\":}",    "// x\n{}",    "\"\\ud800\\u0041\"",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        ck_assert_msg(!is_accepted(bad[i], TKE_JSON_WHOLE), "%s", bad[i]);
    }
}
END_TEST

START_TEST(test_what_follows_the_first_value_may_be_ignored)
{
    ck_assert(is_accepted("{\"a\":1} trailing", TKE_JSON_FIRST_VALUE));
    ck_assert(!is_accepted("{\"a\":1} trailing", TKE_JSON_WHOLE));
    ck_assert(!is_accepted("trailing {\"a\":1}", TKE_JSON_FIRST_VALUE));
}
END_TEST

START_TEST(test_depth_is_limited)
{
    g_autofree char *open = g_strnfill(100000, '[');
    g_autoptr(GString) nested = g_string_new(NULL);

    ck_assert(!is_accepted(open, TKE_JSON_WHOLE));
    for (unsigned i = 0; i <= TKE_JSON_SCAN_DEPTH; i++) {
        g_string_append_c(nested, '[');
    }
    for (unsigned i = 0; i <= TKE_JSON_SCAN_DEPTH; i++) {
        g_string_append_c(nested, ']');
    }
    ck_assert(is_accepted(nested->str, TKE_JSON_WHOLE));
    g_string_prepend_c(nested, '[');
    g_string_append_c(nested, ']');
    ck_assert(!is_accepted(nested->str, TKE_JSON_WHOLE));
}
END_TEST

START_TEST(test_members_of_other_kinds_are_no_strings)
{
    const char *text = "{\"s\":\"x\",\"n\":1,\"z\":null,\"o\":{},\"b\":true}";
    g_autoptr(JsonNode) node = tke_json_text_parse(text, strlen(text), TKE_JSON_WHOLE, NULL);
    JsonObject *object = json_node_get_object(node);

    ck_assert_str_eq(tke_json_text_get_string(object, "s"), "x");
    ck_assert_ptr_null(tke_json_text_get_string(object, "n"));
    ck_assert_ptr_null(tke_json_text_get_string(object, "z"));
    ck_assert_ptr_null(tke_json_text_get_string(object, "o"));
    ck_assert_ptr_null(tke_json_text_get_string(object, "b"));
    ck_assert_ptr_null(tke_json_text_get_string(object, "missing"));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_json_is_accepted);
    tcase_add_test(tests, test_what_only_looks_like_json_is_refused);
    tcase_add_test(tests, test_what_follows_the_first_value_may_be_ignored);
    tcase_add_test(tests, test_depth_is_limited);
    tcase_add_test(tests, test_members_of_other_kinds_are_no_strings);
}

int
main(void)
{
    return test_main("json-text", add_tests);
}
