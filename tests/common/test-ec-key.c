/*
 * P-521 keys and signatures against crypto-unit-protocol.md, annex A.
 */
#include "common/ec-key.h"

#include <string.h>

#include "common/error.h"
#include "tests/common/annex-keys.h"
#include "tests/support/test-main.h"

/* A.3: a block and its signature by key A */
#define BLOCK                                                                                      \
    "305604040000000d040800000025a1a2a3a404103933414142433132010203040506070804100000000000000000" \
    "00000000000001000420491176b0f443c65a7c7d72df47d6cbc0d04e111fb5a619f60d3e776700000000"
#define R                                                                                          \
    "017978adac00d501ee7c589d91ff692d34f585689ceb9cdce80df3037d76fc78e3d2773f4307a53a5c6e04072e5a" \
    "500fa735a920e53f037a190a842bf7be5bc3658f"
#define S                                                                                          \
    "0171eb53491d79d06a4bfdffb1a103e82d4053010e04d35c2c60db48b66ef24112c7b86c728085ebb808829f794b" \
    "1c0822f1fda047878e6c722efd3c1bdd6dc3639a"
#define SIGNATURE "308188 0242" R "0242" S
#define ORDER                                                                                      \
    "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"                           \
    "fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409"
#define BELOW_ORDER                                                                                \
    "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"                           \
    "fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386408"
#define ZERO                                                                                       \
    "00000000000000000000000000000000000000000000000000000000000000000000"                         \
    "0000000000000000000000000000000000000000000000000000000000000000"

START_TEST(test_a_scalar_gives_the_published_point_and_ski)
{
    g_autoptr(EVP_PKEY) a = annex_key(ANNEX_SCALAR_A);
    g_autoptr(EVP_PKEY) o = annex_key(ANNEX_SCALAR_O);
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    uint8_t ski[32] = { 0 };

    ck_assert(tke_ec_key_get_point(a, point, NULL));
    test_bytes_check(point, sizeof point, ANNEX_POINT_A);
    ck_assert(tke_ec_key_get_ski(a, ski, NULL));
    test_bytes_check(ski, sizeof ski, ANNEX_SKI_A);
    ck_assert(tke_ec_key_get_ski(o, ski, NULL));
    test_bytes_check(ski, sizeof ski, ANNEX_SKI_O);
}
END_TEST

START_TEST(test_a_scalar_comes_back_with_its_leading_zeros)
{
    g_autoptr(EVP_PKEY) key = annex_key(ANNEX_SCALAR_A);
    g_autoptr(TkeSecret) scalar = tke_ec_key_dup_scalar(key, NULL);

    test_bytes_check_secret(scalar, ANNEX_SCALAR_A);
}
END_TEST

START_TEST(test_scalars_out_of_range_are_refused)
{
    static const char *const wrong[] = { ZERO, ORDER, "01", ORDER "00" };
    g_autoptr(EVP_PKEY) largest = annex_key(BELOW_ORDER);

    ck_assert_ptr_nonnull(largest);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(TkeSecret) scalar = test_bytes_secret(wrong[i]);
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(tke_ec_key_from_scalar(scalar, &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    }
}
END_TEST

START_TEST(test_a_generated_key_survives_export_and_import)
{
    g_autoptr(EVP_PKEY) key = tke_ec_key_generate(NULL);
    g_autoptr(TkeSecret) scalar = tke_ec_key_dup_scalar(key, NULL);
    g_autoptr(EVP_PKEY) copy = tke_ec_key_from_scalar(scalar, NULL);
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    uint8_t again[TKE_EC_POINT_LEN] = { 0 };

    ck_assert(tke_ec_key_get_point(key, point, NULL));
    ck_assert(tke_ec_key_get_point(copy, again, NULL));
    ck_assert_mem_eq(point, again, sizeof point);
}
END_TEST

START_TEST(test_a_public_key_has_no_scalar)
{
    g_autoptr(GByteArray) point = test_bytes(ANNEX_POINT_A);
    g_autoptr(EVP_PKEY) key = tke_ec_key_from_point(point->data, point->len, NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_nonnull(key);
    ck_assert(tke_ec_key_is_p521(key));
    ck_assert_ptr_null(tke_ec_key_dup_scalar(key, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_CRYPTO);
}
END_TEST

START_TEST(test_points_of_a_wrong_form_or_off_the_curve_are_refused)
{
    g_autoptr(GByteArray) point = test_bytes(ANNEX_POINT_A);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(tke_ec_key_from_point(point->data, point->len - 1, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    g_clear_error(&error);
    ck_assert_ptr_null(tke_ec_key_from_point(NULL, 0, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    g_clear_error(&error);
    point->data[132] ^= 1;
    ck_assert_ptr_null(tke_ec_key_from_point(point->data, point->len, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    g_clear_error(&error);
    point->data[132] ^= 1;
    point->data[0] = 0x02; /* compressed form */
    ck_assert_ptr_null(tke_ec_key_from_point(point->data, point->len, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
}
END_TEST

START_TEST(test_keys_on_other_curves_are_refused)
{
    g_autoptr(EVP_PKEY) other = EVP_EC_gen("P-384");
    g_autoptr(GError) error = NULL;
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    uint8_t signature[TKE_EC_SIGNATURE_MAX] = { 0 };
    size_t len = 77;

    ck_assert(!tke_ec_key_is_p521(other));
    ck_assert(!tke_ec_key_is_p521(NULL));
    ck_assert(!tke_ec_key_get_point(other, point, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    g_clear_error(&error);
    ck_assert(!tke_ec_key_sign(other, point, 1, signature, &len, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    ck_assert_uint_eq(len, 77);
    g_clear_error(&error);
    ck_assert(!tke_ec_key_verify(other, point, 1, signature, 9, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
}
END_TEST

START_TEST(test_the_published_signature_verifies)
{
    g_autoptr(EVP_PKEY) a = annex_key(ANNEX_SCALAR_A);
    g_autoptr(EVP_PKEY) o = annex_key(ANNEX_SCALAR_O);
    g_autoptr(GByteArray) block = test_bytes(BLOCK);
    g_autoptr(GByteArray) signature = test_bytes(SIGNATURE);
    g_autoptr(GError) error = NULL;

    ck_assert(tke_ec_key_verify(a, block->data, block->len, signature->data, signature->len, NULL));
    ck_assert(
        !tke_ec_key_verify(o, block->data, block->len, signature->data, signature->len, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_VERIFY);
    g_clear_error(&error);
    block->data[87] ^= 1;
    ck_assert(
        !tke_ec_key_verify(a, block->data, block->len, signature->data, signature->len, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_VERIFY);
}
END_TEST

START_TEST(test_what_is_signed_verifies_in_minimal_form)
{
    g_autoptr(EVP_PKEY) key = tke_ec_key_generate(NULL);

    for (unsigned i = 0; i < 16; i++) {
        const uint8_t data[1] = { (uint8_t) i };
        uint8_t signature[TKE_EC_SIGNATURE_MAX] = { 0 };
        uint8_t minimal[TKE_EC_SIGNATURE_MAX] = { 0 };
        size_t len = 0;
        size_t minimal_len = 0;

        ck_assert(tke_ec_key_sign(key, data, sizeof data, signature, &len, NULL));
        ck_assert(tke_ec_key_verify(key, data, sizeof data, signature, len, NULL));
        ck_assert(!tke_ec_key_verify(key, data, 0, signature, len, NULL));
        ck_assert(tke_ec_key_normalize_signature(signature, len, minimal, &minimal_len, NULL));
        ck_assert_uint_eq(minimal_len, len);
        ck_assert_mem_eq(minimal, signature, len);
    }
}
END_TEST

START_TEST(test_superfluous_zeros_and_long_lengths_are_accepted_and_removed)
{
    g_autoptr(EVP_PKEY) key = annex_key(ANNEX_SCALAR_A);
    g_autoptr(GByteArray) block = test_bytes(BLOCK);
    static const char *const forms[] = {
        "30818a 0244 0000" R "0242" S,
        "3082008c 0244 0000" R "02820042" S,
        "3084 0000008a 028142" R "028142" S,
    };
    uint8_t out[TKE_EC_SIGNATURE_MAX] = { 0 };
    size_t len = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autoptr(GByteArray) signature = test_bytes(forms[i]);

        ck_assert_msg(
            tke_ec_key_verify(key, block->data, block->len, signature->data, signature->len, NULL),
            "%s", forms[i]);
        ck_assert(tke_ec_key_normalize_signature(signature->data, signature->len, out, &len, NULL));
        test_bytes_check(out, len, SIGNATURE);
    }
}
END_TEST

START_TEST(test_malformed_signatures_are_refused)
{
    static const char *const wrong[] = {
        "",
        "30",
        "3000",
        "3003 020101",                /* no s */
        "3006 020101 020100",         /* s is zero */
        "3006 020100 020101",         /* r is zero */
        "3006 020181 020101",         /* r is negative */
        "3005 0200 020101",           /* r has no bytes */
        "3006 020101 040101",         /* not an INTEGER */
        "3106 020101 020101",         /* not a SEQUENCE */
        "3006 020101 020101 00",      /* something behind */
        "3009 020101 020101 020101",  /* something inside */
        "308188 0242" ORDER "0242" S, /* r is the order */
        "3081 89 0243 01" R "0242" S, /* r has 67 bytes */
    };
    g_autoptr(EVP_PKEY) key = annex_key(ANNEX_SCALAR_A);

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GByteArray) signature = test_bytes(wrong[i]);
        g_autoptr(GError) error = NULL;
        uint8_t out[TKE_EC_SIGNATURE_MAX] = { 0 };
        size_t len = 77;

        ck_assert_msg(
            !tke_ec_key_normalize_signature(signature->data, signature->len, out, &len, &error),
            "%s", wrong[i]);
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
        ck_assert_uint_eq(len, 77);
        g_clear_error(&error);
        ck_assert(!tke_ec_key_verify(key, out, 1, signature->data, signature->len, &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_VERIFY);
    }
}
END_TEST

START_TEST(test_raw_signatures_are_converted_both_ways)
{
    static const struct {
        const char *raw;
        const char *der;
    } cases[] = {
        { R S, SIGNATURE },
        { ANNEX_SCALAR_A ANNEX_SCALAR_O,
          "3043 021f0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
          "0220202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f" },
    };
    uint8_t raw[132] = { 0 };
    uint8_t der[TKE_EC_SIGNATURE_MAX] = { 0 };
    size_t len = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GByteArray) from_raw = test_bytes(cases[i].raw);
        g_autoptr(GByteArray) from_der = test_bytes(cases[i].der);

        ck_assert(tke_ec_key_signature_from_raw(from_raw->data, der, &len, NULL));
        test_bytes_check(der, len, cases[i].der);
        ck_assert(tke_ec_key_signature_to_raw(from_der->data, from_der->len, raw, NULL));
        test_bytes_check(raw, sizeof raw, cases[i].raw);
    }
}
END_TEST

START_TEST(test_a_number_with_its_top_bit_set_gets_a_zero_byte)
{
    g_autoptr(GByteArray) raw = test_bytes(ZERO ANNEX_SCALAR_O);
    uint8_t der[TKE_EC_SIGNATURE_MAX] = { 0 };
    size_t len = 0;

    raw->data[65] = 0x80;
    ck_assert(tke_ec_key_signature_from_raw(raw->data, der, &len, NULL));
    test_bytes_check(
        der, len,
        "3026 02020080 0220202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f");
}
END_TEST

START_TEST(test_raw_numbers_out_of_range_are_refused)
{
    static const char *const wrong[] = { ZERO S, R ZERO, ORDER S, R ORDER };

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GByteArray) raw = test_bytes(wrong[i]);
        g_autoptr(GError) error = NULL;
        uint8_t der[TKE_EC_SIGNATURE_MAX] = { 0 };
        size_t len = 0;

        ck_assert(!tke_ec_key_signature_from_raw(raw->data, der, &len, &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_scalar_gives_the_published_point_and_ski);
    tcase_add_test(tests, test_a_scalar_comes_back_with_its_leading_zeros);
    tcase_add_test(tests, test_scalars_out_of_range_are_refused);
    tcase_add_test(tests, test_a_generated_key_survives_export_and_import);
    tcase_add_test(tests, test_a_public_key_has_no_scalar);
    tcase_add_test(tests, test_points_of_a_wrong_form_or_off_the_curve_are_refused);
    tcase_add_test(tests, test_keys_on_other_curves_are_refused);
    tcase_add_test(tests, test_the_published_signature_verifies);
    tcase_add_test(tests, test_what_is_signed_verifies_in_minimal_form);
    tcase_add_test(tests, test_superfluous_zeros_and_long_lengths_are_accepted_and_removed);
    tcase_add_test(tests, test_malformed_signatures_are_refused);
    tcase_add_test(tests, test_raw_signatures_are_converted_both_ways);
    tcase_add_test(tests, test_a_number_with_its_top_bit_set_gets_a_zero_byte);
    tcase_add_test(tests, test_raw_numbers_out_of_range_are_refused);
}

int
main(void)
{
    return test_main("ec-key", add_tests);
}
