/*
 * Every code of PC/SC becomes an error with a sentence and a remedy.
 */
#include <check.h>
#include <string.h>

#include <glib/gstdio.h>
#include <winscard.h>

#include "libsmartcard/pcsc-transport-error.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define READER "Identiv SPR332 v2 (5501) 00 00"

/* What a caller has to be able to tell apart, written down independently of the table. */
static const struct {
    LONG value;
    TkeCardError idle;
    TkeCardError busy;
} expected[] = {
    { SCARD_E_NO_SERVICE, TKE_CARD_ERROR_NO_SERVICE, TKE_CARD_ERROR_COMMUNICATION },
    { SCARD_F_COMM_ERROR, TKE_CARD_ERROR_NO_SERVICE, TKE_CARD_ERROR_COMMUNICATION },
    { SCARD_E_SERVICE_STOPPED, TKE_CARD_ERROR_NO_SERVICE, TKE_CARD_ERROR_COMMUNICATION },
    { SCARD_E_INVALID_HANDLE, TKE_CARD_ERROR_NO_SERVICE, TKE_CARD_ERROR_COMMUNICATION },
    { SCARD_E_NO_MEMORY, TKE_CARD_ERROR_NO_SERVICE, TKE_CARD_ERROR_COMMUNICATION },
    { SCARD_E_NO_ACCESS, TKE_CARD_ERROR_NO_ACCESS, TKE_CARD_ERROR_NO_ACCESS },
    { SCARD_W_SECURITY_VIOLATION, TKE_CARD_ERROR_NO_ACCESS, TKE_CARD_ERROR_NO_ACCESS },
    { SCARD_E_NO_READERS_AVAILABLE, TKE_CARD_ERROR_NO_READER, TKE_CARD_ERROR_REMOVED },
    { SCARD_E_UNKNOWN_READER, TKE_CARD_ERROR_NO_READER, TKE_CARD_ERROR_REMOVED },
    { SCARD_E_READER_UNAVAILABLE, TKE_CARD_ERROR_NO_READER, TKE_CARD_ERROR_REMOVED },
    { SCARD_E_INVALID_VALUE, TKE_CARD_ERROR_NO_READER, TKE_CARD_ERROR_REMOVED },
    { SCARD_E_NO_SMARTCARD, TKE_CARD_ERROR_NO_CARD, TKE_CARD_ERROR_REMOVED },
    { SCARD_W_REMOVED_CARD, TKE_CARD_ERROR_REMOVED, TKE_CARD_ERROR_REMOVED },
    { SCARD_W_RESET_CARD, TKE_CARD_ERROR_RESET, TKE_CARD_ERROR_RESET },
    { SCARD_W_UNRESPONSIVE_CARD, TKE_CARD_ERROR_UNRESPONSIVE, TKE_CARD_ERROR_UNRESPONSIVE },
    { SCARD_W_UNPOWERED_CARD, TKE_CARD_ERROR_UNRESPONSIVE, TKE_CARD_ERROR_COMMUNICATION },
    { SCARD_E_PROTO_MISMATCH, TKE_CARD_ERROR_UNRESPONSIVE, TKE_CARD_ERROR_COMMUNICATION },
    { SCARD_E_SHARING_VIOLATION, TKE_CARD_ERROR_IN_USE, TKE_CARD_ERROR_IN_USE },
    { SCARD_E_NOT_TRANSACTED, TKE_CARD_ERROR_COMMUNICATION, TKE_CARD_ERROR_COMMUNICATION },
    { SCARD_E_INSUFFICIENT_BUFFER, TKE_CARD_ERROR_COMMUNICATION, TKE_CARD_ERROR_COMMUNICATION },
    { SCARD_E_TIMEOUT, TKE_CARD_ERROR_SILENT, TKE_CARD_ERROR_SILENT },
    { SCARD_E_UNSUPPORTED_FEATURE, TKE_CARD_ERROR_NO_PIN_PAD, TKE_CARD_ERROR_NO_PIN_PAD },
};

START_TEST(test_codes_become_the_errors_that_callers_act_on)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_autoptr(GError) idle = NULL;
        g_autoptr(GError) busy = NULL;

        tke_pcsc_error_set(&idle, (uint32_t) expected[i].value, TKE_PCSC_IDLE, READER);
        tke_pcsc_error_set(&busy, (uint32_t) expected[i].value, TKE_PCSC_BUSY, READER);

        test_bytes_check_error(idle, TKE_CARD_ERROR, (int) expected[i].idle);
        test_bytes_check_error(busy, TKE_CARD_ERROR, (int) expected[i].busy);
    }
}
END_TEST

/* After a command may have reached the card nobody may take it for not done. */
START_TEST(test_a_reader_or_service_that_is_lost_in_the_middle_leaves_the_outcome_unknown)
{
    unsigned n = 0;
    const TkePcscCode *codes = tke_pcsc_codes(&n);

    for (unsigned i = 0; i < n; i++) {
        ck_assert_int_ne((int) codes[i].busy, (int) TKE_CARD_ERROR_NO_SERVICE);
        ck_assert_int_ne((int) codes[i].busy, (int) TKE_CARD_ERROR_NO_READER);
        ck_assert_int_ne((int) codes[i].busy, (int) TKE_CARD_ERROR_NO_CARD);
    }
}
END_TEST

START_TEST(test_every_row_names_reader_code_and_what_is_wrong)
{
    unsigned n = 0;
    const TkePcscCode *codes = tke_pcsc_codes(&n);

    ck_assert_uint_ge(n, 40);
    for (unsigned i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;
        TkeCardErrorInfo info = { 0 };

        tke_pcsc_error_set(&error, codes[i].value, TKE_PCSC_IDLE, READER);
        ck_assert(tke_card_error_get_info(error, &info));
        ck_assert_str_eq(info.reader_name, READER);
        ck_assert_msg(g_str_has_prefix(error->message, "reader “" READER "”: "), "%s",
                      error->message);
        ck_assert_str_eq(info.details, codes[i].name); /* not in the sentence */
        ck_assert_msg(strstr(error->message, codes[i].name) == NULL, "%s", error->message);
        ck_assert_msg(strstr(error->message, codes[i].text) != NULL, "%s", error->message);
        ck_assert_msg(!g_str_has_suffix(codes[i].text, ".") && strlen(codes[i].text) > 10, "%s",
                      codes[i].text);
        if (tke_pcsc_code_get_remedy(&codes[i]) != NULL) {
            ck_assert_str_eq(info.remedy, tke_pcsc_code_get_remedy(&codes[i]));
            ck_assert_msg(g_str_has_suffix(info.remedy, "."), "%s", info.remedy);
        }
        for (unsigned j = 0; j < i; j++) {
            ck_assert_msg(codes[i].value != codes[j].value, "%s twice", codes[i].name);
        }
    }
}
END_TEST

/* Everything that PC/SC may return about services, readers and cards: of the list of pcsclite.h
 * only what belongs to key containers, certificates and files of a card is left out. */
START_TEST(test_no_code_that_can_come_is_missing)
{
    for (uint32_t value = 0x80100001u; value <= 0x8010006Fu; value++) {
        const bool never = (value >= 0x80100020u && value <= 0x80100026u) ||
                           (value >= 0x80100028u && value <= 0x8010002Au) ||
                           (value >= 0x8010002Cu && value <= 0x8010002Du) || value == 0x80100030u ||
                           (value > 0x80100031u && value < 0x80100065u) || value == 0x80100005u ||
                           (value >= 0x8010006Bu && value != 0x8010006Eu);

        ck_assert_msg((tke_pcsc_code_find(value) != NULL) == !never, "0x%08X", value);
    }
}
END_TEST

START_TEST(test_a_code_that_nobody_knows_is_shown_as_a_number)
{
    g_autoptr(GError) error = NULL;
    TkeCardErrorInfo info = { 0 };

    tke_pcsc_error_set(&error, 0x8010FFFFu, TKE_PCSC_IDLE, NULL);

    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_COMMUNICATION);
    ck_assert(tke_card_error_get_info(error, &info));
    ck_assert_str_eq(info.details, "0x8010FFFF");
}
END_TEST

START_TEST(test_a_silent_reader_is_named_with_what_ends_the_wait)
{
    g_autoptr(GError) error = NULL;

    tke_pcsc_error_set_silent(&error, READER);

    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_SILENT);
    ck_assert_str_eq(error->message,
                     "reader “" READER "”: no answer came in time; taking the card out, or "
                     "unplugging the reader, ends the wait");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_codes_become_the_errors_that_callers_act_on);
    tcase_add_test(tests,
                   test_a_reader_or_service_that_is_lost_in_the_middle_leaves_the_outcome_unknown);
    tcase_add_test(tests, test_every_row_names_reader_code_and_what_is_wrong);
    tcase_add_test(tests, test_no_code_that_can_come_is_missing);
    tcase_add_test(tests, test_a_code_that_nobody_knows_is_shown_as_a_number);
    tcase_add_test(tests, test_a_silent_reader_is_named_with_what_ends_the_wait);
}

int
main(void)
{
    return test_main("pcsc-error", add_tests);
}
