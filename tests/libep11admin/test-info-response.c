/*
 * Answers to information queries (crypto-unit-protocol.md, 2.3, 3.3.5, 3.3.6).
 */
#include "libep11admin/info-response.h"

#include "common/byte-builder.h"
#include "common/der.h"
#include "libep11admin/unit-error.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define DOMAIN_INDEX 37u

static GByteArray *
make_response(uint32_t return_value, const uint8_t *payload, size_t len)
{
    GByteArray *der = g_byte_array_new();
    TkeByteBuilder b = tke_byte_builder_into(der, SIZE_MAX);

    tke_der_header(&b, TKE_DER_SEQUENCE, 3 * tke_der_size(4) + tke_der_size(len));
    tke_der_octet_u32(&b, TKE_INFO_FUNCTION);
    tke_der_octet_u32(&b, DOMAIN_INDEX);
    tke_der_octet_u32(&b, return_value);
    tke_der_element(&b, TKE_DER_OCTET_STRING, payload, len);
    ck_assert(!b.failed);
    return der;
}

static TkeDomainInfo
read_flags(uint8_t flags)
{
    uint8_t payload[80] = { [3] = DOMAIN_INDEX, [4] = 0xc1, [36] = 0xe1, [71] = flags };
    g_autoptr(GByteArray) der = make_response(0, payload, sizeof payload);
    TkeInfoResponse response = { 0 };
    TkeDomainInfo info = { 0 };

    ck_assert(tke_info_response_parse(der->data, der->len, &response, NULL));
    ck_assert(tke_info_response_check(&response, DOMAIN_INDEX, NULL));
    ck_assert(tke_info_response_get_domain(&response, &info, NULL));
    return info;
}

START_TEST(test_flags_tell_the_state_of_the_registers)
{
    static const struct {
        uint8_t flags;
        const char *current;
        const char *new;
    } rows[] = {
        { 0x00, "Empty", "Empty" },          { 0x01, "Empty", "Empty" },
        { 0x02, "Valid", "Empty" },          { 0x04, "Empty", "Full Uncommitted" },
        { 0x08, "Empty", "Empty" }, /* committed alone says nothing */
        { 0x0c, "Empty", "Full Committed" }, { 0x1f, "Valid", "Full Committed" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        TkeDomainInfo info = read_flags(rows[i].flags);

        ck_assert_str_eq(tke_info_response_register_word(info.current_state), rows[i].current);
        ck_assert_str_eq(tke_info_response_register_word(info.new_state), rows[i].new);
        ck_assert(info.left_imprint_mode == ((rows[i].flags & 0x10) != 0));
    }
}
END_TEST

START_TEST(test_patterns_are_read_from_their_places)
{
    TkeDomainInfo info = read_flags(0);

    ck_assert_uint_eq(info.domain_index, DOMAIN_INDEX);
    ck_assert_uint_eq(info.current_vp[0], 0xc1);
    ck_assert_uint_eq(info.new_vp[0], 0xe1);
}
END_TEST

START_TEST(test_answer_of_another_domain_is_refused)
{
    g_autoptr(GByteArray) der = make_response(0, NULL, 0);
    TkeInfoResponse response = { 0 };
    g_autoptr(GError) error = NULL;

    ck_assert(tke_info_response_parse(der->data, der->len, &response, NULL));
    ck_assert(!tke_info_response_check(&response, DOMAIN_INDEX + 1, &error));
    test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_IDENTITY);
}
END_TEST

START_TEST(test_return_value_is_checked)
{
    g_autoptr(GByteArray) der = make_response(7, NULL, 0);
    TkeInfoResponse response = { 0 };
    g_autoptr(GError) error = NULL;

    ck_assert(tke_info_response_parse(der->data, der->len, &response, NULL));
    ck_assert(!tke_info_response_check(&response, DOMAIN_INDEX, &error));
    ck_assert(tke_unit_error_is_refusal(error, 7, -1));
}
END_TEST

START_TEST(test_cut_and_longer_answers_are_refused)
{
    const uint8_t payload[79] = { 0 };
    g_autoptr(GByteArray) der = make_response(0, payload, sizeof payload);
    TkeInfoResponse response = { 0 };
    TkeDomainInfo info = { 0 };
    g_autoptr(GError) error = NULL;
    const uint8_t more = 0;

    for (guint len = 0; len < der->len; len++) {
        ck_assert(!tke_info_response_parse(der->data, len, &response, NULL));
    }
    ck_assert(tke_info_response_parse(der->data, der->len, &response, NULL));
    ck_assert(!tke_info_response_get_domain(&response, &info, &error));
    test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_MALFORMED);
    g_byte_array_append(der, &more, 1);
    ck_assert(tke_info_response_parse(der->data, der->len, &response, NULL));
    ck_assert(!tke_info_response_check(&response, DOMAIN_INDEX, NULL));
}
END_TEST

START_TEST(test_module_information_is_read_from_its_places)
{
    uint8_t payload[196];
    g_autoptr(GByteArray) der = NULL;
    TkeInfoResponse response = { 0 };
    TkeModuleInfo info = { 0 };

    for (size_t i = 0; i < sizeof payload; i++) {
        payload[i] = (uint8_t) i;
    }
    der = make_response(0, payload, sizeof payload);
    ck_assert(tke_info_response_parse(der->data, der->len, &response, NULL));
    ck_assert(tke_info_response_get_module(&response, &info, NULL));
    ck_assert_uint_eq(info.api_ordinal, 0x00010203);
    ck_assert_uint_eq(info.ep11_major, 8);
    ck_assert_uint_eq(info.csp_minor, 11);
    ck_assert_uint_eq(info.module_id[0], 108);
    ck_assert_str_eq(info.utc_time, "|}~?????????????");
    ck_assert_uint_eq(info.capabilities, 0x94959697);
    ck_assert_uint_eq(info.n_domains, 0x9c9d9e9f);
    ck_assert_uint_eq(info.max_payload, 0xb8b9babb);
    ck_assert_uint_eq(info.n_control_points, 0xc0c1c2c3);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_flags_tell_the_state_of_the_registers);
    tcase_add_test(tests, test_patterns_are_read_from_their_places);
    tcase_add_test(tests, test_answer_of_another_domain_is_refused);
    tcase_add_test(tests, test_return_value_is_checked);
    tcase_add_test(tests, test_cut_and_longer_answers_are_refused);
    tcase_add_test(tests, test_module_information_is_read_from_its_places);
}

int
main(void)
{
    return test_main("info-response", add_tests);
}
