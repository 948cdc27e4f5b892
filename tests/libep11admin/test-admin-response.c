/*
 * Answers to administrative messages (crypto-unit-protocol.md, 2.6, 2.8, 5.6, Annex A.4).
 */
#include "libep11admin/admin-response.h"

#include "libep11admin/unit-error.h"
#include "tests/libep11admin/test-keys.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define SIGNATURE                                                                                  \
    "0481d33081d002010380207d838d4bdbc3f6ba6dce7c56a3d8b5c8c74250e24c24175b7a5437aae5ff16e8300d06" \
    "09"                                                                                           \
    "6086480165030402030500300c06082a8648ce3d040304050004818b30818802420188f047799d7b6f843bd5b62b" \
    "e"                                                                                            \
    "db94f710a5287c7f3cc42be17bf087eb1024c7e159faf46cbcdc5a354d9c96040dc02975dbdba2142834916fdc3c" \
    "2"                                                                                            \
    "30dfb032f82a024201f16d248f095753ee36eb841f144dc9c8ea0105bca64164a747a808a9ab5770ac45374e299f" \
    "e"                                                                                            \
    "d21cd59f86746da806573f9c456011b35b3f5d9abf88172dd7b5f88"

static const char attributes_text[] =
    "30820158040400010029040400000025040400000000046e"
    "306c04040001000a040800000025a1a2a3a404103933414142433132010203040506070804100000000000000000"
    "00000000000000ff040400000000043000000001000000000000000200000000"
    "0000000381ff00110000000400040202000000050000000100000006000f000f" SIGNATURE;

/* Error 209-57 to set attributes, signed. */
static const char refusal_text[] =
    "3082012c0404000100290404000000250404000000000442"
    "3040040400000008040800000025a1a2a3a404103933414142433132010203040506070804100000000000000000"
    "00000000000000ff0404000000d1040400000039"
    "0481d33081d002010380207d838d4bdbc3f6ba6dce7c56a3d8b5c8c74250e24c24175b7a5437aae5ff16e8300d06"
    "096086480165030402030500300c06082a8648ce3d040304050004818b308188024200b73358ba43c9a116184ef8"
    "208c22867433fb8d8d56e5f1f8de89fb2e7220d3c2f76baab3821ebadc3e034e9a35b25f064176d938aaf1e35a05"
    "dcd4228b799b250b024201f8a6c68b097ab51e42ca09290b88df1ed92dcdae91dbe016f6f43af06049dc16271522"
    "d0705e48095ade822b7164b21e52ebd03d4d0243f2128448ffe23f06190f";

static const char oa_ski_o[] = "7d838d4bdbc3f6ba6dce7c56a3d8b5c8c74250e24c24175b7a5437aae5ff16e8";

static const uint8_t module_id[TKE_ADMIN_MODULE_ID_LEN] = { '9', '3', 'A', 'A', 'B', 'C', '1', '2',
                                                            1,   2,   3,   4,   5,   6,   7,   8 };

static TkeAdminResponse *
parse(const char *text)
{
    g_autoptr(GByteArray) der = test_bytes(text);
    g_autoptr(GError) error = NULL;
    TkeAdminResponse *response = tke_admin_response_parse(der->data, der->len, &error);

    ck_assert_msg(response != NULL, "%s", error == NULL ? "" : error->message);
    return response;
}

static void
check_refused(const char *text, int code, TkeUnitPlace place)
{
    g_autoptr(GByteArray) der = test_bytes(text);
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeAdminResponse) response = tke_admin_response_parse(der->data, der->len, &error);

    ck_assert_ptr_null(response);
    test_bytes_check_error(error, TKE_UNIT_ERROR, code);
    ck_assert_int_eq((int) tke_unit_error_get_details(error)->place, (int) place);
}

START_TEST(test_fields_are_those_of_the_annex)
{
    g_autoptr(TkeAdminResponse) response = parse(attributes_text);

    ck_assert_uint_eq(response->domain_index, 37);
    ck_assert_uint_eq(response->command, TKE_ADMIN_QUERY_ATTRIBUTES);
    test_bytes_check(response->identity.domain, TKE_ADMIN_DOMAIN_LEN, "00000025a1a2a3a4");
    ck_assert_mem_eq(response->identity.module_id, module_id, sizeof module_id);
    test_bytes_check(response->identity.counter, TKE_ADMIN_COUNTER_LEN,
                     "000000000000000000000000000000ff");
    ck_assert_uint_eq(response->return_code, 0);
    ck_assert(!response->has_reason_code);
    ck_assert_uint_eq(g_bytes_get_size(response->output), 48);
}
END_TEST

START_TEST(test_signature_of_the_epoch_key_is_accepted)
{
    g_autoptr(TkeAdminResponse) response = parse(attributes_text);
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_O);
    g_autoptr(GByteArray) ski = test_bytes(oa_ski_o);
    g_autoptr(GError) error = NULL;

    ck_assert(!response->is_verified);
    ck_assert(tke_admin_response_verify(response, key, ski->data, &error));
    ck_assert_ptr_null(error);
    ck_assert(response->is_verified);
}
END_TEST

START_TEST(test_another_key_is_refused)
{
    g_autoptr(TkeAdminResponse) response = parse(attributes_text);
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_P);
    g_autoptr(GError) error = NULL;

    ck_assert(!tke_admin_response_verify(response, key, NULL, &error));
    test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_SIGNATURE);
    ck_assert(!response->is_verified);
}
END_TEST

START_TEST(test_identifier_of_another_key_is_refused)
{
    g_autoptr(TkeAdminResponse) response = parse(attributes_text);
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_O);
    g_autoptr(GByteArray) ski = test_bytes(oa_ski_o);
    g_autoptr(GError) error = NULL;

    ski->data[0] ^= 1;
    ck_assert(!tke_admin_response_verify(response, key, ski->data, &error));
    test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_SIGNATURE);
}
END_TEST

START_TEST(test_changed_answer_is_told_by_its_signature)
{
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_O);

    /* Each byte of the block, structure included; bytes of the frame around it are not
         * signed. */
    for (guint i = 24; i < 24 + 110; i++) {
        g_autoptr(GByteArray) der = test_bytes(attributes_text);
        g_autoptr(TkeAdminResponse) response = NULL;
        g_autoptr(GError) error = NULL;

        der->data[i] ^= 1;
        response = tke_admin_response_parse(der->data, der->len, NULL);
        ck_assert_ptr_nonnull(response);
        ck_assert(!tke_admin_response_verify(response, key, NULL, &error));
        test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_SIGNATURE);
    }
}
END_TEST

START_TEST(test_every_cut_answer_is_refused)
{
    g_autoptr(GByteArray) der = test_bytes(attributes_text);

    for (guint len = 0; len < der->len; len++) {
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(tke_admin_response_parse(der->data, len, &error));
        test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_MALFORMED);
    }
}
END_TEST

START_TEST(test_unsigned_refusal_has_its_code)
{
    g_autoptr(GByteArray) der = test_bytes("3012040400010029040400000025040400000054");
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(tke_admin_response_parse(der->data, der->len, &error));
    ck_assert(tke_unit_error_is_refusal(error, 84, -1));
    ck_assert(!tke_unit_error_is_refusal(error, 84, 1));
    ck_assert(!tke_unit_error_get_details(error)->is_signed);
    ck_assert_str_eq(
        error->message,
        "the crypto unit refused: this module does not know the function (return code 84)");
}
END_TEST

START_TEST(test_signed_refusal_has_codes_and_meaning)
{
    g_autoptr(TkeAdminResponse) response = parse(refusal_text);
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_O);
    g_autoptr(GError) error = NULL;

    ck_assert(tke_admin_response_verify(response, key, NULL, &error));
    ck_assert(!tke_admin_response_check_done(response, &error));
    ck_assert(tke_unit_error_is_refusal(error, 209, 57));
    ck_assert(tke_unit_error_get_details(error)->is_signed);
    ck_assert_str_eq(
        error->message,
        "the crypto unit refused: the signature threshold is larger than the number of "
        "installed administrators (return code 209, reason code 57)");
}
END_TEST

START_TEST(test_other_forms_are_refused)
{
    check_refused("3012040400010029040400000025040400000000", TKE_UNIT_ERROR_MALFORMED,
                  TKE_UNIT_PLACE_OUTER); /* success without a block */
    check_refused("30140404000100290404000000250404000000000400", TKE_UNIT_ERROR_MALFORMED,
                  TKE_UNIT_PLACE_OUTER); /* four fields */
    check_refused("30140404000100290404000000250404000000540400", TKE_UNIT_ERROR_MALFORMED,
                  TKE_UNIT_PLACE_OUTER);
    check_refused("30180404000100290404000000250404000000000400040004 00", TKE_UNIT_ERROR_MALFORMED,
                  TKE_UNIT_PLACE_OUTER); /* six */
    check_refused("3016040400010029040400000025040400000054 04000400", TKE_UNIT_ERROR_REFUSED,
                  TKE_UNIT_PLACE_OUTER);
}
END_TEST

START_TEST(test_answer_without_signature_is_refused)
{
    g_autoptr(GByteArray) der = test_bytes(attributes_text);
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_O);
    g_autoptr(GByteArray) bare = g_byte_array_new();
    g_autoptr(TkeAdminResponse) response = NULL;
    g_autoptr(GError) error = NULL;
    const uint8_t header[] = { 0x30, 0x81, 0x84 };
    const uint8_t none[] = { 0x04, 0x00 };

    g_byte_array_append(bare, header, sizeof header);
    g_byte_array_append(bare, der->data + 4, 0x84 - 2);
    g_byte_array_append(bare, none, sizeof none);
    response = tke_admin_response_parse(bare->data, bare->len, &error);
    ck_assert_ptr_nonnull(response);
    ck_assert(!tke_admin_response_verify(response, key, NULL, &error));
    test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_SIGNATURE);
}
END_TEST

static TkeAdminExpectation
query_expectation(void)
{
    return (TkeAdminExpectation){ .command = TKE_ADMIN_QUERY_ATTRIBUTES,
                                  .domain_index = 37,
                                  .module_id = module_id };
}

static void
check_expectation(const TkeAdminResponse *response, const TkeAdminExpectation *expected, int code)
{
    g_autoptr(GError) error = NULL;
    bool good = tke_admin_response_check(response, expected, &error);

    if (code < 0) {
        ck_assert_msg(good, "%s", error == NULL ? "" : error->message);
    } else {
        ck_assert(!good);
        test_bytes_check_error(error, TKE_UNIT_ERROR, code);
    }
}

START_TEST(test_answer_to_a_query_has_to_fit_it)
{
    g_autoptr(TkeAdminResponse) response = parse(attributes_text);
    TkeAdminExpectation expected = query_expectation();
    uint8_t other[TKE_ADMIN_MODULE_ID_LEN];

    check_expectation(response, &expected, -1);
    expected.command = TKE_ADMIN_QUERY_ADMINS;
    check_expectation(response, &expected, TKE_UNIT_ERROR_IDENTITY);
    expected = query_expectation();
    expected.domain_index = 38;
    check_expectation(response, &expected, TKE_UNIT_ERROR_IDENTITY);
    expected = query_expectation();
    memcpy(other, module_id, sizeof other);
    other[15] ^= 1;
    expected.module_id = other;
    check_expectation(response, &expected, TKE_UNIT_ERROR_IDENTITY);
}
END_TEST

/* An answer to commit, from the one to the query, with these fields. */
static TkeAdminResponse *
command_response(TkeAdminCommand command, uint32_t return_code)
{
    TkeAdminResponse *response = parse(attributes_text);

    response->command = command;
    response->return_code = return_code;
    return response;
}

START_TEST(test_answer_to_a_command_has_its_counter_and_instance)
{
    g_autoptr(TkeAdminResponse) response = command_response(TKE_ADMIN_COMMIT_WK, 0);
    g_autoptr(TkeAdminResponse) refused = command_response(TKE_ADMIN_COMMIT_WK, 101);
    g_autoptr(TkeAdminResponse) zeroized = command_response(TKE_ADMIN_ZEROIZE, 0);
    TkeUnitIdentity identity = response->identity;
    TkeAdminExpectation expected = { .command = TKE_ADMIN_COMMIT_WK,
                                     .domain_index = 37,
                                     .identity = &identity };

    check_expectation(response, &expected, -1);
    tke_admin_block_increment_counter(identity.counter, sizeof identity.counter);
    check_expectation(response, &expected, TKE_UNIT_ERROR_IDENTITY);
    check_expectation(refused, &expected, -1); /* the counter stands still then */
    identity = response->identity;
    identity.domain[7] ^= 1;
    check_expectation(response, &expected, TKE_UNIT_ERROR_IDENTITY);
    expected.command = TKE_ADMIN_ZEROIZE;
    check_expectation(zeroized, &expected, -1); /* a new instance */
    identity.module_id[0] ^= 1;
    check_expectation(zeroized, &expected, TKE_UNIT_ERROR_IDENTITY);
}
END_TEST

START_TEST(test_certificates_come_from_domain_0_or_the_asked_one)
{
    g_autoptr(TkeAdminResponse) response = command_response(TKE_ADMIN_QUERY_DEVICE_CERT, 0);
    TkeAdminExpectation expected = query_expectation();

    expected.command = TKE_ADMIN_QUERY_DEVICE_CERT;
    check_expectation(response, &expected, -1);
    memset(response->identity.domain, 0, sizeof response->identity.domain);
    check_expectation(response, &expected, -1);
    response->identity.domain[7] = 1;
    check_expectation(response, &expected, TKE_UNIT_ERROR_IDENTITY);
}
END_TEST

START_TEST(test_bytes_too_many_are_refused)
{
    g_autofree char *text = g_strconcat(attributes_text, "00", NULL);
    g_autoptr(TkeAdminResponse) response = parse(text);
    TkeAdminExpectation expected = query_expectation();

    check_expectation(response, &expected, TKE_UNIT_ERROR_MALFORMED);
}
END_TEST

START_TEST(test_outputs_have_their_lengths)
{
    g_autoptr(TkeAdminResponse) response = parse(attributes_text);
    const uint8_t *skis = NULL;
    uint8_t pattern[32];
    uint32_t count = 0;
    size_t n = 0;

    /* 48 bytes: no list of identifiers, no number, long enough for a pattern. */
    ck_assert(!tke_admin_response_get_skis(response, &skis, &n, NULL));
    ck_assert(!tke_admin_response_get_count(response, &count, NULL));
    ck_assert(tke_admin_response_get_vp(response, pattern, NULL));
    g_bytes_unref(response->output);
    response->output = g_bytes_new("\0\0\0\3", 4);
    ck_assert(tke_admin_response_get_count(response, &count, NULL));
    ck_assert_uint_eq(count, 3);
    ck_assert(!tke_admin_response_get_vp(response, pattern, NULL));
    g_bytes_unref(response->output);
    response->output = g_bytes_new(pattern, sizeof pattern);
    ck_assert(tke_admin_response_get_skis(response, &skis, &n, NULL));
    ck_assert_uint_eq(n, 1);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_fields_are_those_of_the_annex);
    tcase_add_test(tests, test_signature_of_the_epoch_key_is_accepted);
    tcase_add_test(tests, test_another_key_is_refused);
    tcase_add_test(tests, test_identifier_of_another_key_is_refused);
    tcase_add_test(tests, test_changed_answer_is_told_by_its_signature);
    tcase_add_test(tests, test_every_cut_answer_is_refused);
    tcase_add_test(tests, test_unsigned_refusal_has_its_code);
    tcase_add_test(tests, test_signed_refusal_has_codes_and_meaning);
    tcase_add_test(tests, test_other_forms_are_refused);
    tcase_add_test(tests, test_answer_without_signature_is_refused);
    tcase_add_test(tests, test_answer_to_a_query_has_to_fit_it);
    tcase_add_test(tests, test_answer_to_a_command_has_its_counter_and_instance);
    tcase_add_test(tests, test_certificates_come_from_domain_0_or_the_asked_one);
    tcase_add_test(tests, test_bytes_too_many_are_refused);
    tcase_add_test(tests, test_outputs_have_their_lengths);
}

int
main(void)
{
    return test_main("admin-response", add_tests);
}
