/*
 * X9.31 signatures of old key files.
 */
#include "common/rsa.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <string.h>

#include "common/digest.h"
#include "common/error.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

typedef struct RsaCase {
    const char *name;
    const char *data;
    const char *modulus;
    const char *private_exponent;
    const char *signature;
} RsaCase;

#define RSA_CASE(name, data, modulus, private_exponent, signature, source)                         \
    { name, data, modulus, private_exponent, signature },
static const RsaCase cases[] = {
#include "tests/common/rsa-cases.inc"
};

static BIGNUM *
number(const char *text)
{
    g_autoptr(GByteArray) bytes = test_bytes(text);

    return BN_bin2bn(bytes->data, (int) bytes->len, NULL);
}

static EVP_PKEY *
make_key(const RsaCase *test)
{
    g_autoptr(BIGNUM) n = number(test->modulus);
    g_autoptr(BIGNUM) e = number("010001");
    g_autoptr(BIGNUM) d = number(test->private_exponent);
    g_autoptr(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY *key = NULL;

    ck_assert_int_eq(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n), 1);
    ck_assert_int_eq(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e), 1);
    ck_assert_int_eq(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_D, d), 1);
    params = OSSL_PARAM_BLD_to_param(builder);
    ck_assert_int_eq(EVP_PKEY_fromdata_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params), 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

START_TEST(test_the_block_is_the_published_one)
{
    /* crypto-unit-protocol.md, A.3, RSA variant */
    g_autoptr(GByteArray) hash =
        test_bytes("bc6529ff23346b9666195c09ed0fd85d52cf236bdb982082f4b01c13a109d61b");
    uint8_t block[TKE_RSA_LEN] = { 0 };
    uint8_t digest[TKE_SHA256_LEN] = { 0 };

    tke_rsa_x931_block(hash->data, block);
    ck_assert(tke_digest_sha256(block, sizeof block, digest, NULL));
    test_bytes_check(digest, sizeof digest,
                     "ff4054ab6102a8bfdaedcecfbea0dae0b99356252360d8d4140c561c01d0307d");
}
END_TEST

START_TEST(test_signatures_are_the_recorded_ones)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(EVP_PKEY) key = make_key(&cases[i]);
        g_autoptr(GByteArray) data = test_bytes(cases[i].data);
        uint8_t signature[TKE_RSA_LEN] = { 0 };

        ck_assert_msg(tke_rsa_sign_x931(key, data->data, data->len, signature, NULL), "%s",
                      cases[i].name);
        test_bytes_check(signature, sizeof signature, cases[i].signature);
    }
}
END_TEST

START_TEST(test_a_signature_and_its_complement_verify)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(EVP_PKEY) key = make_key(&cases[i]);
        g_autoptr(GByteArray) data = test_bytes(cases[i].data);
        g_autoptr(GByteArray) signature = test_bytes(cases[i].signature);
        g_autoptr(BIGNUM) n = number(cases[i].modulus);
        g_autoptr(BIGNUM) s = number(cases[i].signature);

        ck_assert(
            tke_rsa_verify_x931(key, data->data, data->len, signature->data, signature->len, NULL));
        ck_assert_int_eq(BN_sub(s, n, s), 1);
        ck_assert_int_eq(BN_bn2binpad(s, signature->data, TKE_RSA_LEN), TKE_RSA_LEN);
        ck_assert(
            tke_rsa_verify_x931(key, data->data, data->len, signature->data, signature->len, NULL));
    }
}
END_TEST

START_TEST(test_wrong_signatures_are_refused)
{
    g_autoptr(EVP_PKEY) key = make_key(&cases[0]);
    g_autoptr(GByteArray) data = test_bytes(cases[0].data);
    g_autoptr(GByteArray) signature = test_bytes(cases[0].signature);
    g_autoptr(GError) error = NULL;
    uint8_t too_large[TKE_RSA_LEN] = { 0 };

    memset(too_large, 0xff, sizeof too_large);
    ck_assert(!tke_rsa_verify_x931(key, data->data, 0, signature->data, signature->len, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_VERIFY);
    g_clear_error(&error);
    ck_assert(!tke_rsa_verify_x931(key, data->data, data->len, signature->data, signature->len - 1,
                                   &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_VERIFY);
    g_clear_error(&error);
    ck_assert(!tke_rsa_verify_x931(key, data->data, data->len, too_large, TKE_RSA_LEN, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_VERIFY);
    g_clear_error(&error);
    signature->data[255] ^= 1;
    ck_assert(
        !tke_rsa_verify_x931(key, data->data, data->len, signature->data, signature->len, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_VERIFY);
}
END_TEST

START_TEST(test_keys_of_other_kinds_and_sizes_are_refused)
{
    g_autoptr(EVP_PKEY) curve = EVP_EC_gen("P-521");
    g_autoptr(EVP_PKEY) small = EVP_RSA_gen(1024);
    const uint8_t data[1] = { 0 };
    uint8_t signature[TKE_RSA_LEN] = { 0 };
    EVP_PKEY *const keys[] = { curve, small };

    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert(!tke_rsa_sign_x931(keys[i], data, 1, signature, &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
        g_clear_error(&error);
        ck_assert(!tke_rsa_verify_x931(keys[i], data, 1, signature, 128, &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    }
    ck_assert_ptr_null(tke_rsa_public_der(curve, NULL));
}
END_TEST

START_TEST(test_the_public_key_is_a_sequence_of_modulus_and_exponent)
{
    g_autoptr(EVP_PKEY) key = make_key(&cases[0]);
    g_autoptr(GByteArray) der = tke_rsa_public_der(key, NULL);
    g_autofree char *want =
        g_strconcat("3082010a 02820101 00", cases[0].modulus, "0203010001", NULL);

    ck_assert_ptr_nonnull(der);
    ck_assert_uint_eq(der->len, 270);
    test_bytes_check(der->data, der->len, want);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_the_block_is_the_published_one);
    tcase_add_test(tests, test_signatures_are_the_recorded_ones);
    tcase_add_test(tests, test_a_signature_and_its_complement_verify);
    tcase_add_test(tests, test_wrong_signatures_are_refused);
    tcase_add_test(tests, test_keys_of_other_kinds_and_sizes_are_refused);
    tcase_add_test(tests, test_the_public_key_is_a_sequence_of_modulus_and_exponent);
}

int
main(void)
{
    return test_main("rsa", add_tests);
}
