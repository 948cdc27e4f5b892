/*
 * APDUs, status words and card errors.
 */
#include <string.h>

#include "common/error.h"
#include "libsmartcard/apdu.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/status-word.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

static const uint8_t data[TKE_APDU_EXTENDED_DATA + 1] = { 0x11, 0x22, 0x33 };

static void
check_encoded(const TkeApdu *apdu, bool extended, const char *hex)
{
    uint8_t out[TKE_APDU_MAX_COMMAND];
    size_t len = 0;
    g_autoptr(GError) error = NULL;

    ck_assert(tke_apdu_encode(apdu, extended, out, sizeof out, &len, &error));
    test_bytes_check(out, len, hex);
}

START_TEST(test_all_four_cases_are_encoded_short_and_extended)
{
    const TkeApdu none = { .cla = 0x80, .ins = 0x46, .p1 = 0x04, .p2 = 0x01 };
    const TkeApdu answer = { .cla = 0x80, .ins = 0xCA, .p2 = 0xE0, .has_answer = true };
    const TkeApdu in = { .cla = 0x80, .ins = 0xDA, .p1 = 3, .data = data, .data_len = 3 };
    const TkeApdu both = {
        .cla = 0x80, .ins = 0x2A, .data = data, .data_len = 3, .has_answer = true
    };

    check_encoded(&none, false, "80460401");
    check_encoded(&none, true, "80460401");
    check_encoded(&answer, false, "80ca00e0 00");
    check_encoded(&answer, true, "80ca00e0 000000");
    check_encoded(&in, false, "80da0300 03 112233");
    check_encoded(&in, true, "80da0300 000003 112233");
    check_encoded(&both, false, "802a0000 03 112233 00");
    check_encoded(&both, true, "802a0000 000003 112233 0000");
}
END_TEST

START_TEST(test_data_beyond_the_form_is_refused)
{
    TkeApdu apdu = { .cla = 0x80, .ins = 0x2A, .data = data, .data_len = 255, .has_answer = true };
    uint8_t out[TKE_APDU_MAX_COMMAND];
    size_t len = 0;
    g_autoptr(GError) error = NULL;

    ck_assert(tke_apdu_encode(&apdu, false, out, sizeof out, &len, NULL));
    ck_assert_uint_eq(len, 4 + 1 + 255 + 1);
    apdu.data_len = 256;
    ck_assert(!tke_apdu_encode(&apdu, false, out, sizeof out, &len, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    g_clear_error(&error);
    apdu.data_len = TKE_APDU_EXTENDED_DATA;
    ck_assert(tke_apdu_encode(&apdu, true, out, sizeof out, &len, NULL));
    ck_assert_uint_eq(len, TKE_APDU_MAX_COMMAND);
    ck_assert(!tke_apdu_encode(&apdu, true, out, sizeof out - 1, &len, NULL));
    apdu.data_len = TKE_APDU_EXTENDED_DATA + 1;
    ck_assert(!tke_apdu_encode(&apdu, true, out, sizeof out, &len, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
}
END_TEST

START_TEST(test_responses_are_split_and_limited)
{
    uint8_t response[TKE_APDU_MAX_ANSWER + 3] = { 0xAB, 0x90, 0x00 };
    const uint8_t *view = NULL;
    size_t len = 0;
    uint16_t sw = 0;
    g_autoptr(GError) error = NULL;

    ck_assert(tke_apdu_decode_response(response, 3, &view, &len, &sw, &error));
    ck_assert_uint_eq(len, 1);
    ck_assert_uint_eq(view[0], 0xAB);
    ck_assert_uint_eq(sw, 0x9000);
    ck_assert(tke_apdu_decode_response(response + 1, 2, &view, &len, &sw, &error));
    ck_assert_uint_eq(len, 0);
    ck_assert(tke_apdu_decode_response(response, TKE_APDU_MAX_ANSWER + 2, &view, &len, &sw, NULL));
    for (size_t n = 0; n < 2; n++) {
        g_clear_error(&error);
        ck_assert(!tke_apdu_decode_response(response, n, &view, &len, &sw, &error));
        test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL);
    }
    g_clear_error(&error);
    ck_assert(
        !tke_apdu_decode_response(response, TKE_APDU_MAX_ANSWER + 3, &view, &len, &sw, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL);
}
END_TEST

#define N_(text) text
#define SW(value, name, code, text, source) { (value), TKE_CARD_ERROR_##code, text },
static const struct {
    uint16_t sw;
    TkeCardError code;
    const char *text;
} rows[] = {
#include "libsmartcard/status-word.inc"
};
#undef SW

START_TEST(test_every_status_word_has_text_and_code_and_none_comes_twice)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        ck_assert_str_eq(tke_status_word_text(rows[i].sw), rows[i].text);
        ck_assert_int_eq(tke_status_word_code(rows[i].sw), rows[i].code);
        for (size_t j = 0; j < i; j++) {
            ck_assert_uint_ne(rows[i].sw, rows[j].sw);
        }
    }
}
END_TEST

START_TEST(test_tries_and_unknown_status_words_ride_in_the_error)
{
    static const struct {
        uint16_t sw;
        TkeCardError code;
        int tries;
    } cases[] = {
        { 0x63C2, TKE_CARD_ERROR_PIN_WRONG, 2 },   { 0x63C0, TKE_CARD_ERROR_PIN_BLOCKED, 0 },
        { 0x6983, TKE_CARD_ERROR_PIN_BLOCKED, 0 }, { 0x6985, TKE_CARD_ERROR_STATE, -1 },
        { 0x6581, TKE_CARD_ERROR_STATUS, -1 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        TkeCardErrorInfo info = { 0 };

        tke_status_word_set_error(&error, cases[i].sw, "testing");
        test_bytes_check_error(error, TKE_CARD_ERROR, (int) cases[i].code);
        ck_assert(g_str_has_prefix(error->message, "testing: "));
        ck_assert(tke_card_error_get_info(error, &info));
        ck_assert_uint_eq(info.sw, cases[i].sw);
        ck_assert_int_eq(info.tries_left, cases[i].tries);
    }
    ck_assert_str_eq(tke_status_word_text(0x6105), "more data");
    ck_assert_str_eq(tke_status_word_text(0x6581),
                     "the card refuses it for a reason that is not known");
}
END_TEST

START_TEST(test_what_rides_in_an_error_survives_a_copy)
{
    g_autoptr(GError) error = g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_PIN_WRONG, "wrong");
    g_autoptr(GError) copy = NULL;
    g_autoptr(GError) other = g_error_new(TKE_ERROR, TKE_ERROR_FILE, "file");
    TkeCardErrorInfo info = { 0 };

    tke_card_error_set_reader(error, 2, "Reader X");
    tke_card_error_set_pin(error, 0x82, 4);
    tke_card_error_set_sw(error, 0x63C4);
    copy = g_error_copy(error);
    g_clear_error(&error);
    ck_assert(tke_card_error_get_info(copy, &info));
    ck_assert_uint_eq(info.sw, 0x63C4);
    ck_assert_int_eq(info.tries_left, 4);
    ck_assert_uint_eq(info.pin_reference, 0x82);
    ck_assert_uint_eq(info.reader_number, 2);
    ck_assert_str_eq(info.reader_name, "Reader X");
    ck_assert_int_eq(tke_card_error_code(copy), TKE_CARD_ERROR_PIN_WRONG);
    ck_assert(!tke_card_error_is_outcome_unknown(copy));

    /* Errors of other domains are left alone. */
    tke_card_error_set_reader(other, 1, "x");
    tke_card_error_set_sw(other, 1);
    tke_card_error_set_pin(other, 1, 1);
    ck_assert(!tke_card_error_get_info(other, &info));
    ck_assert_int_eq(tke_card_error_code(other), -1);
    ck_assert_int_eq(tke_card_error_code(NULL), -1);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_all_four_cases_are_encoded_short_and_extended);
    tcase_add_test(tests, test_data_beyond_the_form_is_refused);
    tcase_add_test(tests, test_responses_are_split_and_limited);
    tcase_add_test(tests, test_every_status_word_has_text_and_code_and_none_comes_twice);
    tcase_add_test(tests, test_tries_and_unknown_status_words_ride_in_the_error);
    tcase_add_test(tests, test_what_rides_in_an_error_survives_a_copy);
}

int
main(void)
{
    return test_main("apdu", add_tests);
}
