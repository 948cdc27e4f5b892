/*
 * Every fault of cards, readers and crypto units has a next step (functions 2.2 and 3.2).
 */
#include <check.h>
#include <string.h>

#include "common/error.h"
#include "libceremony/advice.h"
#include "libep11admin/unit-error.h"
#include "libsmartcard/card-error.h"
#include "tests/support/test-main.h"

static char *
advice_for(GQuark domain, int code)
{
    g_autoptr(GError) error = g_error_new(domain, code, "reader 1");

    return tke_advice_for_error(error);
}

START_TEST(test_every_fault_of_a_card_has_a_next_step)
{
    g_autofree char *advice = advice_for(TKE_CARD_ERROR, _i);

    ck_assert_msg(advice != NULL && *advice != '\0', "TKE_CARD_ERROR %d has none", _i);
}
END_TEST

START_TEST(test_every_fault_of_a_unit_has_a_next_step)
{
    g_autofree char *advice = advice_for(TKE_UNIT_ERROR, _i);

    ck_assert_msg(advice != NULL && *advice != '\0', "TKE_UNIT_ERROR %d has none", _i);
}
END_TEST

START_TEST(test_a_remedy_that_rides_along_goes_before_the_general_one)
{
    g_autoptr(GError) error = g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_NO_SERVICE, "reader 1");
    g_autoptr(GError) copy = NULL;
    g_autofree char *advice = NULL;
    g_autofree char *general = NULL;

    tke_card_error_set_remedy(error, "Start pcscd.");
    copy = g_error_copy(error);
    advice = tke_advice_for_error(copy);
    ck_assert_str_eq(advice, "Start pcscd.");
    tke_card_error_set_remedy(error, NULL);
    general = tke_advice_for_error(error);
    ck_assert_ptr_nonnull(strstr(general, "tke-sim start"));
}
END_TEST

START_TEST(test_an_error_that_says_it_all_has_no_advice)
{
    g_autofree char *none = tke_advice_for_error(NULL);
    g_autofree char *usage = advice_for(TKE_ERROR, TKE_ERROR_USAGE);
    g_autofree char *locked = advice_for(TKE_ERROR, TKE_ERROR_LOCKED);

    ck_assert_ptr_null(none);
    ck_assert_ptr_null(usage);
    ck_assert_ptr_nonnull(locked);
}
END_TEST

START_TEST(test_what_only_support_needs_is_told_apart_from_the_sentence)
{
    g_autoptr(GError) error = g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_STATUS, "reader 1");
    g_autoptr(GError) other = g_error_new(TKE_ERROR, TKE_ERROR_FILE, "a file");
    g_autoptr(GError) copy = NULL;
    g_autofree char *none = tke_advice_details_for_error(error);
    g_autofree char *of_other = tke_advice_details_for_error(other);
    g_autofree char *of_none = tke_advice_details_for_error(NULL);
    g_autofree char *word = NULL;
    g_autofree char *all = NULL;

    ck_assert_ptr_null(none);
    ck_assert_ptr_null(of_other);
    ck_assert_ptr_null(of_none);
    tke_card_error_set_sw(error, 0x6a82);
    word = tke_advice_details_for_error(error);
    ck_assert_str_eq(word, "status word 6A82");
    tke_card_error_set_details(error, "ATR 3B00");
    tke_card_error_set_reader(error, 1, "Pad 00 00");
    copy = g_error_copy(error);
    all = tke_advice_details_for_error(copy);
    ck_assert_str_eq(all, "status word 6A82, ATR 3B00, reader “Pad 00 00”");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_every_fault_of_a_card_has_a_next_step,
                        TKE_CARD_ERROR_NO_SERVICE, TKE_CARD_ERROR_LOG_GAP + 1);
    tcase_add_loop_test(tests, test_every_fault_of_a_unit_has_a_next_step,
                        TKE_UNIT_ERROR_UNAUTHORIZED, TKE_UNIT_ERROR_PRECONDITION + 1);
    tcase_add_test(tests, test_a_remedy_that_rides_along_goes_before_the_general_one);
    tcase_add_test(tests, test_an_error_that_says_it_all_has_no_advice);
    tcase_add_test(tests, test_what_only_support_needs_is_told_apart_from_the_sentence);
}

int
main(void)
{
    return test_main("advice", add_tests);
}
