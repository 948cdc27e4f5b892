/*
 * Codes in words, and errors that carry them (crypto-unit-protocol.md, section 6).
 */
#include "libep11admin/reason-code.h"

#include "libep11admin/unit-error.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

static void
check_message(uint32_t return_code, int64_t reason_code, const char *want)
{
    g_autofree char *message = tke_reason_code_dup_message(return_code, reason_code);

    ck_assert_str_eq(message, want);
}

START_TEST(test_reason_decides_before_the_return_code)
{
    check_message(80, 80,
                  "the permissions forbid to load master keys (return code 80, reason code 80)");
    check_message(
        80, TKE_REASON_NONE,
        "attributes or control points of the crypto unit forbid the command (return code 80)");
    check_message(80, 9999,
                  "attributes or control points of the crypto unit forbid the command (return code "
                  "80, reason code 9999)");
}
END_TEST

START_TEST(test_unknown_codes_are_shown_as_numbers)
{
    check_message(65535, 0, "return code 65535, reason code 0");
    check_message(5, TKE_REASON_NONE, "return code 5");
}
END_TEST

START_TEST(test_next_step_is_told_where_there_is_one)
{
    TkeReasonText text = { 0 };

    ck_assert(tke_reason_code_lookup(163, TKE_REASON_NONE, &text));
    ck_assert_str_eq(text.advice, "read the state again and sign again");
    ck_assert(tke_reason_code_lookup(192, TKE_RSC_SIGS_REJECTED, &text));
    ck_assert_ptr_nonnull(text.advice);
    ck_assert(tke_reason_code_lookup(7, TKE_REASON_NONE, &text));
    ck_assert_ptr_null(text.advice);
    ck_assert(!tke_reason_code_lookup(65535, TKE_REASON_NONE, &text));
}
END_TEST

/* The pairs that users are told about by name (functions of the program, errors of crypto
 * units). */
START_TEST(test_codes_of_the_manual_have_a_meaning_and_most_a_next_step)
{
    static const struct {
        uint32_t return_code;
        int64_t reason_code;
        bool has_advice;
    } pairs[] = {
        { 3, -1, true },   { 7, -1, false },  { 32, -1, false },        { 33, -1, false },
        { 32, 32, true },  { 80, -1, true },  { 80, 46, true },         { 80, 47, true },
        { 80, 52, true },  { 80, 80, true },  { 80, 131, true },        { 84, -1, false },
        { 96, -1, false }, { 101, 48, true }, { 163, -1, true },        { 179, -1, true },
        { 192, -1, true }, { 208, -1, true }, { 209, 36, true },        { 209, 56, true },
        { 209, 57, true }, { 209, 58, true }, { 209, 66, true },        { 209, 70, true },
        { 209, 71, true }, { 209, 78, true }, { 209, 79, true },        { 209, 85, true },
        { 257, -1, true }, { 261, -1, true }, { 0x80010002, -1, true },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        TkeReasonText text = { 0 };

        ck_assert(tke_reason_code_lookup(pairs[i].return_code, pairs[i].reason_code, &text));
        ck_assert_ptr_nonnull(text.meaning);
        ck_assert_msg(!pairs[i].has_advice || text.advice != NULL, "%u-%d has no next step",
                      pairs[i].return_code, (int) pairs[i].reason_code);
    }
}
END_TEST

START_TEST(test_codes_for_logs_are_numbers)
{
    g_autofree char *both = tke_reason_code_dup_codes(209, 58);
    g_autofree char *one = tke_reason_code_dup_codes(163, TKE_REASON_NONE);

    ck_assert_str_eq(both, "209-58");
    ck_assert_str_eq(one, "163");
}
END_TEST

START_TEST(test_copies_of_an_error_carry_everything)
{
    const TkeUnitErrorDetails details = { .place = TKE_UNIT_PLACE_BLOCK,
                                          .has_return_code = true,
                                          .return_code = 209,
                                          .has_reason_code = true,
                                          .reason_code = 58,
                                          .is_signed = true };
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) copy = NULL;

    tke_unit_error_set(&error, TKE_UNIT_ERROR_REFUSED, &details, "refused by %s", "unit 3");
    tke_unit_error_set_unit(error, "crypto unit 3");
    copy = g_error_copy(error);
    tke_unit_error_set_unit(error, "crypto unit 4");

    ck_assert_str_eq(copy->message, "refused by unit 3");
    ck_assert_str_eq(tke_unit_error_get_details(copy)->unit, "crypto unit 3");
    ck_assert(tke_unit_error_is_refusal(copy, 209, 58));
    ck_assert(tke_unit_error_is_refusal(copy, 209, -1));
    ck_assert(!tke_unit_error_is_refusal(copy, 209, 57));
    ck_assert(!tke_unit_error_is_refusal(copy, 208, -1));
}
END_TEST

START_TEST(test_other_errors_have_no_details)
{
    g_autoptr(GError) other = g_error_new_literal(G_FILE_ERROR, 0, "a file");
    g_autoptr(GError) bare = NULL;

    tke_unit_error_set_unit(other, "crypto unit 3");
    ck_assert_ptr_null(tke_unit_error_get_details(other));
    ck_assert_ptr_null(tke_unit_error_get_details(NULL));
    ck_assert(!tke_unit_error_is_refusal(other, 0, -1));
    tke_unit_error_set(&bare, TKE_UNIT_ERROR_TLS, NULL, "no details");
    ck_assert_ptr_null(tke_unit_error_get_details(bare)->unit);
    ck_assert_uint_eq(tke_unit_error_get_details(bare)->http_status, 0);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_reason_decides_before_the_return_code);
    tcase_add_test(tests, test_unknown_codes_are_shown_as_numbers);
    tcase_add_test(tests, test_next_step_is_told_where_there_is_one);
    tcase_add_test(tests, test_codes_of_the_manual_have_a_meaning_and_most_a_next_step);
    tcase_add_test(tests, test_codes_for_logs_are_numbers);
    tcase_add_test(tests, test_copies_of_an_error_carry_everything);
    tcase_add_test(tests, test_other_errors_have_no_details);
}

int
main(void)
{
    return test_main("reason-code", add_tests);
}
