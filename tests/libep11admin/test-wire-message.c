/*
 * HTTP bodies, HTPRequest, HTPResponse, CPRB (crypto-unit-protocol.md, 1.4 to 1.9).
 */
#include "libep11admin/wire-message.h"

#include "libep11admin/unit-error.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define DOMAIN_INDEX 37u

/* An HTTP body around this error type and codes (18 characters) and this CPRB text. */
static char *
make_body(const char *codes, const char *cprb)
{
    return g_strdup_printf("{\"response\":\"999;%-156s;%s\"}", codes, cprb);
}

static GByteArray *
open_body(unsigned status, const char *body, GError **error)
{
    return tke_wire_message_open_answer(status, body, strlen(body), DOMAIN_INDEX, error);
}

static void
check_opened(const char *cprb, int code, TkeUnitPlace place)
{
    g_autofree char *body = make_body("00", cprb);
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) payload = open_body(200, body, &error);

    ck_assert_ptr_null(payload);
    test_bytes_check_error(error, TKE_UNIT_ERROR, code);
    ck_assert_int_eq((int) tke_unit_error_get_details(error)->place, (int) place);
}

#define HEADER "0020040000805434000000000000002500000000000000000000000000000002"

START_TEST(test_answer_is_opened_in_either_case_of_hex)
{
    g_autofree char *upper = make_body("00", HEADER "ABCD");
    g_autofree char *lower = make_body("00", HEADER "abcd");
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) first = open_body(200, upper, &error);
    g_autoptr(GByteArray) second = open_body(201, lower, &error);

    ck_assert_ptr_null(error);
    test_bytes_check(first->data, first->len, "abcd");
    test_bytes_check(second->data, second->len, "abcd");
}
END_TEST

START_TEST(test_request_and_answer_fit_each_other)
{
    const uint8_t payload[] = { 0x30, 0x00 };
    g_autoptr(GByteArray) cprb = tke_wire_message_new_cprb(DOMAIN_INDEX, payload, sizeof payload);
    g_autofree char *hex = tke_hex_encode(cprb->data, cprb->len);
    g_autofree char *body = make_body("00", hex);
    g_autoptr(GByteArray) opened = open_body(200, body, NULL);

    ck_assert_ptr_nonnull(opened);
    ck_assert_mem_eq(opened->data, payload, sizeof payload);
}
END_TEST

START_TEST(test_wrong_cprb_is_refused)
{
    check_opened(HEADER "AB", TKE_UNIT_ERROR_MALFORMED, TKE_UNIT_PLACE_CPRB);     /* too short */
    check_opened(HEADER "ABCDEF", TKE_UNIT_ERROR_MALFORMED, TKE_UNIT_PLACE_CPRB); /* too long */
    check_opened("00200400", TKE_UNIT_ERROR_MALFORMED, TKE_UNIT_PLACE_CPRB);
    check_opened("", TKE_UNIT_ERROR_MALFORMED, TKE_UNIT_PLACE_CPRB);
    check_opened("0021040000805434000000000000002500000000000000000000000000000000",
                 TKE_UNIT_ERROR_MALFORMED, TKE_UNIT_PLACE_CPRB); /* header length */
    check_opened("0020050000805434000000000000002500000000000000000000000000000000",
                 TKE_UNIT_ERROR_MALFORMED, TKE_UNIT_PLACE_CPRB); /* version */
    check_opened("0020040000805435000000000000002500000000000000000000000000000000",
                 TKE_UNIT_ERROR_MALFORMED, TKE_UNIT_PLACE_CPRB); /* subtype */
    check_opened("0020040000805434000000000000002600000000000000000000000000000000",
                 TKE_UNIT_ERROR_IDENTITY, TKE_UNIT_PLACE_CPRB); /* domain */
}
END_TEST

START_TEST(test_hex_that_is_none_and_further_fields_are_refused)
{
    check_opened(HEADER "ABC", TKE_UNIT_ERROR_MALFORMED, TKE_UNIT_PLACE_HTP_FORMAT);
    check_opened(HEADER "ABXY", TKE_UNIT_ERROR_MALFORMED, TKE_UNIT_PLACE_HTP_FORMAT);
    check_opened(HEADER "ABCD;", TKE_UNIT_ERROR_MALFORMED, TKE_UNIT_PLACE_HTP_FORMAT);
}
END_TEST

START_TEST(test_return_code_of_the_host_is_told)
{
    g_autofree char *body =
        make_body("00", "00200400008054340000000000000025000C03E8000000000000000000000000");
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(open_body(200, body, &error));
    ck_assert(tke_unit_error_is_refusal(error, 12, 1000));
    ck_assert_int_eq((int) tke_unit_error_get_details(error)->place, TKE_UNIT_PLACE_CPRB);
}
END_TEST

START_TEST(test_error_of_the_endpoint_is_told_in_words)
{
    g_autofree char *body = make_body("9 4       0       TKEHTP  ", "");
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(open_body(200, body, &error));
    test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_ENDPOINT);
    ck_assert_ptr_nonnull(strstr(error->message, "the domain index is not a number"));
    ck_assert_ptr_nonnull(strstr(error->message, "TKEHTP"));
}
END_TEST

START_TEST(test_codes_of_crypto_units_from_the_endpoint_have_their_words)
{
    g_autofree char *body = make_body("3 209     58      TKEHTP  ", "");
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(open_body(200, body, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "the revocation threshold is larger"));
}
END_TEST

START_TEST(test_codes_with_leading_zeros_have_no_words)
{
    g_autofree char *body = make_body("9 00000004        TKEHTP  ", "");
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(open_body(200, body, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "unknown error"));
}
END_TEST

START_TEST(test_bodies_of_another_form_are_refused)
{
    static const char *const bodies[] = {
        "",
        "[]",
        "{}",
        "{\"response\":\"\"}",
        "{\"response\":null}",
        "{\"response\":7}",
        "{\"response\":\"x\",\"n\":7}",
        "{\"response\":\"x\"",
        "{\"response\":\"1;00\"}",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(open_body(200, bodies[i], &error));
        test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_MALFORMED);
    }
}
END_TEST

START_TEST(test_each_status_has_its_code)
{
    static const struct {
        unsigned status;
        int code;
    } rows[] = {
        { 199, TKE_UNIT_ERROR_SERVICE },     { 300, TKE_UNIT_ERROR_SERVICE },
        { 400, TKE_UNIT_ERROR_BAD_REQUEST }, { 401, TKE_UNIT_ERROR_UNAUTHORIZED },
        { 403, TKE_UNIT_ERROR_FORBIDDEN },   { 404, TKE_UNIT_ERROR_NOT_FOUND },
        { 418, TKE_UNIT_ERROR_SERVICE },     { 500, TKE_UNIT_ERROR_SERVICE },
        { 503, TKE_UNIT_ERROR_SERVICE },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *number = g_strdup_printf("%u", rows[i].status);

        ck_assert(!tke_wire_message_check_status(TKE_WIRE_LIST, rows[i].status, "why", 3, &error));
        test_bytes_check_error(error, TKE_UNIT_ERROR, rows[i].code);
        ck_assert_uint_eq(tke_unit_error_get_details(error)->http_status, rows[i].status);
        ck_assert_ptr_nonnull(strstr(error->message, number));
        ck_assert_ptr_nonnull(strstr(error->message, "(why)"));
    }
    ck_assert(tke_wire_message_check_status(TKE_WIRE_LIST, 200, NULL, 0, NULL));
    ck_assert(tke_wire_message_check_status(TKE_WIRE_LIST, 299, NULL, 0, NULL));
}
END_TEST

START_TEST(test_body_of_a_failure_is_shown_cut_and_clean)
{
    g_autofree char *body = g_strnfill(5000, 'x');
    g_autoptr(GError) error = NULL;

    memcpy(body, "a\n\033[2J\xff\"", 8);
    ck_assert(!tke_wire_message_check_status(TKE_WIRE_COMMAND, 500, body, strlen(body), &error));
    ck_assert(g_utf8_validate(error->message, -1, NULL));
    ck_assert_uint_lt(strlen(error->message), 500);
    ck_assert_ptr_null(strchr(error->message, '\n'));
    ck_assert_ptr_null(strchr(error->message, '\033'));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_answer_is_opened_in_either_case_of_hex);
    tcase_add_test(tests, test_request_and_answer_fit_each_other);
    tcase_add_test(tests, test_wrong_cprb_is_refused);
    tcase_add_test(tests, test_hex_that_is_none_and_further_fields_are_refused);
    tcase_add_test(tests, test_return_code_of_the_host_is_told);
    tcase_add_test(tests, test_error_of_the_endpoint_is_told_in_words);
    tcase_add_test(tests, test_codes_of_crypto_units_from_the_endpoint_have_their_words);
    tcase_add_test(tests, test_codes_with_leading_zeros_have_no_words);
    tcase_add_test(tests, test_bodies_of_another_form_are_refused);
    tcase_add_test(tests, test_each_status_has_its_code);
    tcase_add_test(tests, test_body_of_a_failure_is_shown_cut_and_clean);
}

int
main(void)
{
    return test_main("wire-message", add_tests);
}
