/*
 * Text from outside does not steer the operator's terminal.
 */
#include <locale.h>

#include "tests/support/test-locale.h"
#include "tests/support/test-main.h"
#include "tke/text.h"

static void
check(const char *text, bool lines, const char *expected)
{
    g_autofree char *safe = tke_cli_text_safe(text, lines);

    ck_assert_str_eq(safe, expected);
}

START_TEST(test_what_prints_stays_and_what_steers_becomes_a_question_mark)
{
    g_autofree char *plain = tke_cli_text_safe("Müller, 2 of 3", false);

    ck_assert_str_eq(plain, "Müller, 2 of 3");
    check("a\033[2Jb\007\r\t\x7f", false, "a?[2Jb????");
    check("C1: \xc2\x9b"
          "31m, override: \xe2\x80\xae",
          false, "C1: ?31m, override: ?");
    check("not \xff\xfe UTF-8", false, "not \xef\xbf\xbd\xef\xbf\xbd UTF-8");
}
END_TEST

START_TEST(test_a_line_of_somebody_else_does_not_pass_for_ours)
{
    g_autofree char *kept = tke_cli_text_safe("one\ntwo", true);

    ck_assert_str_eq(kept, "one\ntwo");
    check("AZ1\nOK\n", false, "AZ1?OK?");
}
END_TEST

/* Dates of 27 November 2026, 14:05:09 UTC. */
#define MOMENT 1795788309

START_TEST(test_dates_are_in_the_form_of_the_place)
{
    g_autofree char *plain = NULL;

    ck_assert(g_setenv("TZ", "UTC", TRUE));
    ck_assert_ptr_nonnull(setlocale(LC_TIME, "C"));
    plain = tke_cli_text_time(MOMENT);
    ck_assert_str_eq(plain, "11/27/26 14:05:09 UTC");
}
END_TEST

START_TEST(test_dates_in_germany_begin_with_the_day)
{
    g_autofree char *dir = g_dir_make_tmp("tke-locale-XXXXXX", NULL);
    g_autofree char *german = NULL;

    ck_assert(g_setenv("TZ", "Europe/Berlin", TRUE));
    if (test_locale_begin_german(dir, LC_TIME)) {
        german = tke_cli_text_time(MOMENT);
        ck_assert_str_eq(german, "27.11.2026 15:05:09 CET");
    } else {
        g_print("not tried: the sources of locales are not installed\n");
    }
    test_locale_end(dir);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_what_prints_stays_and_what_steers_becomes_a_question_mark);
    tcase_add_test(tests, test_a_line_of_somebody_else_does_not_pass_for_ours);
    tcase_add_test(tests, test_dates_are_in_the_form_of_the_place);
    tcase_add_test(tests, test_dates_in_germany_begin_with_the_day);
}

int
main(void)
{
    return test_main("text", add_tests);
}
