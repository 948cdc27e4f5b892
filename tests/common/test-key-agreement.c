/*
 * ECDH and X9.63 against crypto-unit-protocol.md, A.6.
 */
#include "common/key-agreement.h"

#include "common/aes.h"
#include "common/error.h"
#include "tests/common/annex-keys.h"
#include "tests/support/test-main.h"

#define Z                                                                                          \
    "01b8841bca68d5cd5ad2338f54a0df8548e23ddf57c82850217f646963dfd3ce1d11df2d33bc43a1d1ba0f07c414" \
    "f6727bbc3235bca93e6eabe4950e0b0f01a50ca5"
#define UKM "a0a1a2a3a4a5a6a7a8a9aaabacadaeafa0a1a2a3a4a5a6a7a8a9aaabacadaeafa0a1a2a3a4a5a6a7"

START_TEST(test_both_sides_agree_on_the_published_secret)
{
    g_autoptr(EVP_PKEY) importer = annex_key(ANNEX_SCALAR_A);
    g_autoptr(EVP_PKEY) originator = annex_key(ANNEX_SCALAR_O);
    g_autoptr(TkeSecret) one = tke_key_agreement_ecdh(importer, originator, NULL);
    g_autoptr(TkeSecret) other = tke_key_agreement_ecdh(originator, importer, NULL);

    test_bytes_check_secret(one, Z);
    test_bytes_check_secret(other, Z);
}
END_TEST

START_TEST(test_leading_zeros_of_the_shared_secret_are_kept)
{
    /* 521 bits in 66 bytes: the first byte is zero for every second secret */
    g_autoptr(EVP_PKEY) own = annex_key(ANNEX_SCALAR_A);
    bool found = false;

    for (unsigned i = 0; i < 24 && !found; i++) {
        g_autoptr(EVP_PKEY) peer = tke_ec_key_generate(NULL);
        g_autoptr(TkeSecret) z = tke_key_agreement_ecdh(own, peer, NULL);

        ck_assert_uint_eq(tke_secret_len(z), 66);
        found = tke_secret_bytes(z, NULL)[0] == 0;
    }
    ck_assert_msg(found, "none of 24 secrets began with a zero byte");
}
END_TEST

START_TEST(test_the_derived_key_wraps_as_published)
{
    static const struct {
        const char *info;
        const char *kek;
        const char *wrapped;
    } cases[] = {
        { "3043300d060960864801650304012d0500a02a0428" UKM "a206040400000100",
          "d76a5adb52bcec3edf710df68d35455a129f26540e537ef57e1fef076751223b",
          "13dd287e738e2bd9fe311964565003dc9289976d11033976d8cd638c572a388e8d742058591492f0" },
        { "3041300b060960864801650304012da02a0428" UKM "a206040400000100",
          "aa6df7b05b90ca82de25de23fb2dde42a84e7d46f1907bf8e7f49b55b583f997",
          "fe3e590b397bee7addf9038c00734d0a00bcca568e5a4d57bd1d55c2a505125b18c1b991eacaf867" },
    };
    g_autoptr(TkeSecret) z = test_bytes_secret(Z);
    g_autoptr(TkeSecret) part =
        test_bytes_secret("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GByteArray) info = test_bytes(cases[i].info);
        g_autoptr(TkeSecret) kek = tke_key_agreement_x963(z, 1, info->data, info->len, NULL);
        uint8_t wrapped[40] = { 0 };

        test_bytes_check_secret(kek, cases[i].kek);
        ck_assert(tke_aes_wrap(kek, part, wrapped, NULL));
        test_bytes_check(wrapped, sizeof wrapped, cases[i].wrapped);
    }
}
END_TEST

START_TEST(test_the_counter_makes_another_key)
{
    /* SHA-256 of 00, the counter, and no shared info; computed with another program */
    g_autoptr(TkeSecret) z = test_bytes_secret("00");
    g_autoptr(TkeSecret) one = tke_key_agreement_x963(z, 1, NULL, 0, NULL);
    g_autoptr(TkeSecret) two = tke_key_agreement_x963(z, 0x01020304, NULL, 0, NULL);

    test_bytes_check_secret(one,
                            "15f2f1a4339f5f2a313b95015cad8124d054a171ac2f31cf529dda7cfb6a38b4");
    test_bytes_check_secret(two,
                            "08bb5e5d6eaac1049ede0893d30ed022b1a4d9b5b48db414871f51c9cb35283d");
}
END_TEST

START_TEST(test_keys_of_different_kinds_cannot_agree)
{
    g_autoptr(EVP_PKEY) own = annex_key(ANNEX_SCALAR_A);
    g_autoptr(EVP_PKEY) other = EVP_EC_gen("P-256");
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(tke_key_agreement_ecdh(own, other, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_CRYPTO);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_both_sides_agree_on_the_published_secret);
    tcase_add_test(tests, test_leading_zeros_of_the_shared_secret_are_kept);
    tcase_add_test(tests, test_the_derived_key_wraps_as_published);
    tcase_add_test(tests, test_the_counter_makes_another_key);
    tcase_add_test(tests, test_keys_of_different_kinds_cannot_agree);
}

int
main(void)
{
    return test_main("key-agreement", add_tests);
}
