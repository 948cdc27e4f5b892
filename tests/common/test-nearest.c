/*
 * The name that was meant.
 */
#include "common/nearest.h"
#include "tests/support/test-main.h"

static const char *const names[] = { "insert", "remove", "pin", "personalize", "unblock", NULL };

START_TEST(test_few_wrong_letters_lead_to_the_name)
{
    ck_assert_str_eq(tke_nearest_name("insrt", names), "insert");
    ck_assert_str_eq(tke_nearest_name("isnert", names), "insert");
    ck_assert_str_eq(tke_nearest_name("pim", names), "pin");
    ck_assert_str_eq(tke_nearest_name("personalise", names), "personalize");
    ck_assert_str_eq(tke_nearest_name("remove", names), "remove");
}
END_TEST

START_TEST(test_the_begin_of_a_name_leads_to_it)
{
    ck_assert_str_eq(tke_nearest_name("pers", names), "personalize");
    ck_assert_ptr_null(tke_nearest_name("pe", names));
}
END_TEST

START_TEST(test_what_is_far_from_all_leads_nowhere)
{
    static const char *const none[] = { NULL };

    ck_assert_ptr_null(tke_nearest_name("zzz", names));
    ck_assert_ptr_null(tke_nearest_name("", names));
    ck_assert_ptr_null(tke_nearest_name("abc", names)); /* as many wrong letters as "pin" has */
    ck_assert_ptr_null(tke_nearest_name("insert", none));
    ck_assert_ptr_null(tke_nearest_name("\xff\xfe", names));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_few_wrong_letters_lead_to_the_name);
    tcase_add_test(tests, test_the_begin_of_a_name_leads_to_it);
    tcase_add_test(tests, test_what_is_far_from_all_leads_nowhere);
}

int
main(void)
{
    return test_main("nearest", add_tests);
}
