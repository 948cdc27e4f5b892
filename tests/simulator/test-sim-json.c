/*
 * JSON that people or other programs wrote.
 */
#include "simulator/sim-json.h"

#include "common/error.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

START_TEST(test_a_text_that_is_no_json_is_told_with_its_line)
{
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(sim_json_parse("{\n \"a\": 1,\n b: 2 }", -1, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    ck_assert_str_eq(error->message, "not JSON: line 3");
}
END_TEST

/* json-glib would use up the stack. */
START_TEST(test_nesting_without_end_is_refused)
{
    g_autofree char *deep = g_strnfill(200000, '[');
    g_autofree char *member = g_strconcat("{\"a\":", deep, NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(sim_json_parse(deep, -1, NULL));
    ck_assert_ptr_null(sim_json_parse(member, -1, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
}
END_TEST

START_TEST(test_only_objects_are_taken)
{
    g_autoptr(JsonObject) object = sim_json_parse(" {\"a\":1} ", -1, NULL);

    ck_assert_ptr_nonnull(object);
    ck_assert_ptr_null(sim_json_parse("[1]", -1, NULL));
    ck_assert_ptr_null(sim_json_parse("", -1, NULL));
    ck_assert_ptr_null(sim_json_parse("{}{}", -1, NULL));
    ck_assert_ptr_null(sim_json_parse("{}\0", 3, NULL));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_text_that_is_no_json_is_told_with_its_line);
    tcase_add_test(tests, test_nesting_without_end_is_refused);
    tcase_add_test(tests, test_only_objects_are_taken);
}

int
main(void)
{
    return test_main("sim-json", add_tests);
}
