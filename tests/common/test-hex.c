/*
 * Hex text.
 */
#include "common/hex.h"

#include "common/error.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

static const uint8_t four[] = { 0x00, 0x9a, 0xbc, 0xff };

START_TEST(test_bytes_become_digits_of_either_case)
{
    g_autofree char *lower = tke_hex_encode(four, sizeof four);
    g_autofree char *upper = tke_hex_encode_upper(four, sizeof four);
    g_autofree char *none = tke_hex_encode(four, 0);

    ck_assert_str_eq(lower, "009abcff");
    ck_assert_str_eq(upper, "009ABCFF");
    ck_assert_str_eq(none, "");
}
END_TEST

START_TEST(test_digits_of_both_cases_become_bytes)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) bytes = tke_hex_decode("009aBCfF", -1, &error);

    ck_assert_ptr_null(error);
    ck_assert_uint_eq(bytes->len, sizeof four);
    ck_assert_mem_eq(bytes->data, four, sizeof four);
}
END_TEST

START_TEST(test_a_given_length_ends_the_text)
{
    g_autoptr(GByteArray) bytes = tke_hex_decode("009azz", 4, NULL);
    g_autoptr(GByteArray) none = tke_hex_decode("zz", 0, NULL);

    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(bytes->len, 2);
    ck_assert_ptr_nonnull(none);
    ck_assert_uint_eq(none->len, 0);
}
END_TEST

START_TEST(test_text_that_is_not_hex_is_refused)
{
    static const char *const wrong[] = {
        "0", "012", "0g", "g0", "0 ", " 0", "0x", "+1", "\xc3\xa4"
    };

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GByteArray) bytes = tke_hex_decode(wrong[i], -1, &error);

        ck_assert_ptr_null(bytes);
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    }
}
END_TEST

START_TEST(test_a_value_of_known_length_has_that_length)
{
    g_autoptr(GError) error = NULL;
    uint8_t out[2] = { 0xee, 0xee };

    ck_assert(tke_hex_decode_exact("0102", out, sizeof out, &error));
    test_bytes_check(out, sizeof out, "0102");
    ck_assert(!tke_hex_decode_exact("010203", out, sizeof out, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    g_clear_error(&error);
    ck_assert(!tke_hex_decode_exact("03", out, sizeof out, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    test_bytes_check(out, sizeof out, "0102");
}
END_TEST

START_TEST(test_secret_text_becomes_a_secret)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSecret) text = tke_secret_new_from((const uint8_t *) "00fF", 4, &error);
    g_autoptr(TkeSecret) value = tke_hex_decode_secret(text, &error);

    ck_assert_ptr_null(error);
    test_bytes_check_secret(value, "00ff");
}
END_TEST

START_TEST(test_an_error_in_secret_text_names_the_place_and_not_the_character)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSecret) text = tke_secret_new_from((const uint8_t *) "00fq", 4, &error);
    g_autoptr(TkeSecret) odd = tke_secret_new_from((const uint8_t *) "00f", 3, &error);

    ck_assert_ptr_null(tke_hex_decode_secret(text, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    ck_assert_str_eq(error->message, "character 4 is not a hexadecimal digit");
    g_clear_error(&error);
    ck_assert_ptr_null(tke_hex_decode_secret(odd, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
}
END_TEST

START_TEST(test_groups_are_for_people)
{
    g_autofree char *pairs = tke_hex_grouped(four, sizeof four, 4, '-');
    g_autofree char *uneven = tke_hex_grouped(four, 3, 4, ' ');

    ck_assert_str_eq(pairs, "009A-BCFF");
    ck_assert_str_eq(uneven, "009A BC");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_bytes_become_digits_of_either_case);
    tcase_add_test(tests, test_digits_of_both_cases_become_bytes);
    tcase_add_test(tests, test_a_given_length_ends_the_text);
    tcase_add_test(tests, test_text_that_is_not_hex_is_refused);
    tcase_add_test(tests, test_a_value_of_known_length_has_that_length);
    tcase_add_test(tests, test_secret_text_becomes_a_secret);
    tcase_add_test(tests, test_an_error_in_secret_text_names_the_place_and_not_the_character);
    tcase_add_test(tests, test_groups_are_for_people);
}

int
main(void)
{
    return test_main("hex", add_tests);
}
