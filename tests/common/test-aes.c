/*
 * AES modes against the published examples.
 */
#include "common/aes.h"

#include "common/error.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define NIST_KEY "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
#define NIST_TEXT                                                                                  \
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"                             \
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
#define ASCENDING_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define ASCENDING_IV "000102030405060708090a0b0c0d0e0f"

START_TEST(test_cbc_gives_the_published_ciphertext)
{
    /* NIST SP 800-38A, F.2.5 and F.2.6 */
    static const char *const want =
        "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
        "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b";
    g_autoptr(TkeSecret) key = test_bytes_secret(NIST_KEY);
    g_autoptr(TkeSecret) text = test_bytes_secret(NIST_TEXT);
    g_autoptr(GByteArray) iv = test_bytes(ASCENDING_IV);
    g_autoptr(TkeSecret) back = NULL;
    uint8_t out[64] = { 0 };

    ck_assert(tke_aes_cbc_encrypt(key, iv->data, text, out, NULL));
    test_bytes_check(out, sizeof out, want);
    back = tke_aes_cbc_decrypt(key, iv->data, out, sizeof out, NULL);
    test_bytes_check_secret(back, NIST_TEXT);
}
END_TEST

START_TEST(test_cbc_takes_whole_blocks_only)
{
    static const size_t wrong[] = { 0, 1, 15, 17, TKE_SECRET_MAX + 16 };
    g_autoptr(TkeSecret) key = test_bytes_secret(NIST_KEY);
    g_autoptr(GByteArray) iv = test_bytes(ASCENDING_IV);
    g_autofree uint8_t *zero = g_malloc0(TKE_SECRET_MAX + 16);

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(tke_aes_cbc_decrypt(key, iv->data, zero, wrong[i], &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    }
}
END_TEST

START_TEST(test_a_key_of_another_length_is_refused)
{
    g_autoptr(TkeSecret) key = test_bytes_secret("000102030405060708090a0b0c0d0e0f");
    g_autoptr(TkeSecret) odd = test_bytes_secret("00010203");
    g_autoptr(TkeSecret) text = test_bytes_secret(NIST_TEXT);
    g_autoptr(GByteArray) iv = test_bytes(ASCENDING_IV);
    g_autoptr(GError) error = NULL;
    uint8_t out[80] = { 0 };

    ck_assert(!tke_aes_cbc_encrypt(key, iv->data, text, out, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    g_clear_error(&error);
    ck_assert(!tke_aes_wrap(key, text, out, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    g_clear_error(&error);
    ck_assert(!tke_aes_cmac(odd, iv->data, 16, out, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
}
END_TEST

START_TEST(test_cbc_over_bytes_gives_the_published_ciphertext_for_each_key_length)
{
    /* NIST SP 800-38A, F.2.1 to F.2.6 */
    static const struct {
        const char *key, *want;
    } cases[] = {
        { "2b7e151628aed2a6abf7158809cf4f3c",
          "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
          "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7" },
        { "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
          "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a"
          "571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd" },
        { NIST_KEY, "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
                    "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b" },
    };
    g_autoptr(GByteArray) iv = test_bytes(ASCENDING_IV);

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TkeSecret) key = test_bytes_secret(cases[i].key);
        g_autoptr(GByteArray) bytes = test_bytes(NIST_TEXT);

        /* in place */
        ck_assert(tke_aes_cbc_bytes(key, true, iv->data, bytes->data, 64, bytes->data, NULL));
        test_bytes_check(bytes->data, 64, cases[i].want);
        ck_assert(tke_aes_cbc_bytes(key, false, iv->data, bytes->data, 64, bytes->data, NULL));
        test_bytes_check(bytes->data, 64, NIST_TEXT);
    }
}
END_TEST

START_TEST(test_cbc_over_bytes_refuses_odd_lengths_and_keys)
{
    g_autoptr(TkeSecret) key = test_bytes_secret(NIST_KEY);
    g_autoptr(TkeSecret) odd = test_bytes_secret("00010203");
    const uint8_t iv[TKE_AES_BLOCK] = { 0 };
    uint8_t bytes[33] = { 0 };
    g_autoptr(GError) error = NULL;

    ck_assert(!tke_aes_cbc_bytes(odd, true, iv, bytes, 16, bytes, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    for (size_t len = 1; len <= sizeof bytes; len++) {
        g_clear_error(&error);
        ck_assert(tke_aes_cbc_bytes(key, true, iv, bytes, len, bytes, &error) ==
                  (len % TKE_AES_BLOCK == 0));
    }
    ck_assert(tke_aes_cbc_bytes(key, true, iv, bytes, 0, bytes, NULL));
}
END_TEST

START_TEST(test_cmac_gives_the_published_tags)
{
    static const struct {
        const char *key;
        size_t len; /* of NIST_TEXT */
        const char *tag;
    } cases[] = {
        /* RFC 4493, section 4 */
        { "2b7e151628aed2a6abf7158809cf4f3c", 0, "bb1d6929e95937287fa37d129b756746" },
        { "2b7e151628aed2a6abf7158809cf4f3c", 16, "070a16b46b4d4144f79bdd9dd04a287c" },
        { "2b7e151628aed2a6abf7158809cf4f3c", 40, "dfa66747de9ae63030ca32611497c827" },
        { "2b7e151628aed2a6abf7158809cf4f3c", 64, "51f0bebf7e3b9d92fc49741779363cfe" },
        /* NIST SP 800-38B, D.2 and D.3 */
        { "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", 0,
          "d17ddf46adaacde531cac483de7a9367" },
        { NIST_KEY, 0, "028962f61b7bf89efc6b551f4667d983" },
        { NIST_KEY, 16, "28a7023f452e8f82bd4bf28d8c37c35c" },
    };
    g_autoptr(GByteArray) text = test_bytes(NIST_TEXT);

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TkeSecret) key = test_bytes_secret(cases[i].key);
        uint8_t tag[TKE_AES_BLOCK] = { 0 };

        ck_assert(tke_aes_cmac(key, text->data, cases[i].len, tag, NULL));
        test_bytes_check(tag, sizeof tag, cases[i].tag);
    }
}
END_TEST

START_TEST(test_wrap_gives_the_published_values)
{
    static const struct {
        const char *key;
        const char *wrapped;
    } cases[] = {
        /* RFC 3394, 4.3 and 4.6 */
        { "00112233445566778899aabbccddeeff", "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7" },
        { "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
          "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21" },
    };
    g_autoptr(TkeSecret) kek = test_bytes_secret(ASCENDING_KEY);

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TkeSecret) key = test_bytes_secret(cases[i].key);
        g_autoptr(TkeSecret) back = NULL;
        uint8_t out[40] = { 0 };
        size_t len = tke_secret_len(key) + TKE_AES_WRAP_EXTRA;

        ck_assert(tke_aes_wrap(kek, key, out, NULL));
        test_bytes_check(out, len, cases[i].wrapped);
        back = tke_aes_unwrap(kek, out, len, NULL);
        test_bytes_check_secret(back, cases[i].key);
    }
}
END_TEST

START_TEST(test_every_changed_byte_of_a_wrapped_key_is_found)
{
    g_autoptr(TkeSecret) kek = test_bytes_secret(ASCENDING_KEY);
    g_autoptr(GByteArray) wrapped = test_bytes(
        "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21");

    for (guint i = 0; i < wrapped->len; i++) {
        g_autoptr(GError) error = NULL;

        wrapped->data[i] ^= 0x01;
        ck_assert_ptr_null(tke_aes_unwrap(kek, wrapped->data, wrapped->len, &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_VERIFY);
        wrapped->data[i] ^= 0x01;
    }
}
END_TEST

START_TEST(test_a_wrapped_key_of_a_wrong_length_is_refused)
{
    static const size_t wrong[] = { 0, 8, 16, 23, 39, TKE_SECRET_MAX + 8 };
    g_autoptr(TkeSecret) kek = test_bytes_secret(ASCENDING_KEY);
    g_autofree uint8_t *zero = g_malloc0(TKE_SECRET_MAX + 8);

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(tke_aes_unwrap(kek, zero, wrong[i], &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    }
}
END_TEST

START_TEST(test_gcm_gives_the_published_tag_and_finds_changes)
{
    /* The Galois/Counter Mode of Operation, test case 14 */
    g_autoptr(TkeSecret) key =
        test_bytes_secret("0000000000000000000000000000000000000000000000000000000000000000");
    g_autoptr(TkeSecret) text = test_bytes_secret("00000000000000000000000000000000");
    const uint8_t nonce[12] = { 0 };
    uint8_t out[32] = { 0 };
    g_autoptr(TkeSecret) back = NULL;

    ck_assert(tke_aes_gcm_encrypt(key, nonce, text, out, NULL));
    test_bytes_check(out, sizeof out,
                     "cea7403d4d606b6e074ec5d3baf39d18 d0d1c8a799996bf0265b98b5d48ab919");
    back = tke_aes_gcm_decrypt(key, nonce, out, sizeof out, NULL);
    test_bytes_check_secret(back, "00000000000000000000000000000000");
    for (size_t i = 0; i < sizeof out; i++) {
        g_autoptr(GError) error = NULL;

        out[i] ^= 0x80;
        ck_assert_ptr_null(tke_aes_gcm_decrypt(key, nonce, out, sizeof out, &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_VERIFY);
        out[i] ^= 0x80;
    }
}
END_TEST

START_TEST(test_gcm_text_shorter_than_its_tag_is_refused)
{
    static const size_t wrong[] = { 0, 15, 16, TKE_SECRET_MAX + 17 };
    g_autoptr(TkeSecret) key = test_bytes_secret(NIST_KEY);
    const uint8_t nonce[12] = { 0 };
    g_autofree uint8_t *zero = g_malloc0(TKE_SECRET_MAX + 17);

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(tke_aes_gcm_decrypt(key, nonce, zero, wrong[i], &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    }
}
END_TEST

START_TEST(test_decrypting_with_a_full_secure_heap_is_an_ordinary_error)
{
    g_autoptr(TkeSecret) kek = test_bytes_secret(ASCENDING_KEY);
    g_autoptr(GByteArray) wrapped = test_bytes(
        "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21");
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify) tke_secret_free);
    g_autoptr(GError) error = NULL;

    for (size_t size = 4096; size >= 16; size /= 2) {
        TkeSecret *secret = NULL;

        while ((secret = tke_secret_new(size, NULL)) != NULL) {
            g_ptr_array_add(all, secret);
        }
    }
    ck_assert_ptr_null(tke_aes_unwrap(kek, wrapped->data, wrapped->len, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_SECURE_MEMORY);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_cbc_gives_the_published_ciphertext);
    tcase_add_test(tests, test_cbc_takes_whole_blocks_only);
    tcase_add_test(tests, test_a_key_of_another_length_is_refused);
    tcase_add_test(tests, test_cbc_over_bytes_gives_the_published_ciphertext_for_each_key_length);
    tcase_add_test(tests, test_cbc_over_bytes_refuses_odd_lengths_and_keys);
    tcase_add_test(tests, test_cmac_gives_the_published_tags);
    tcase_add_test(tests, test_wrap_gives_the_published_values);
    tcase_add_test(tests, test_every_changed_byte_of_a_wrapped_key_is_found);
    tcase_add_test(tests, test_a_wrapped_key_of_a_wrong_length_is_refused);
    tcase_add_test(tests, test_gcm_gives_the_published_tag_and_finds_changes);
    tcase_add_test(tests, test_gcm_text_shorter_than_its_tag_is_refused);
    tcase_add_test(tests, test_decrypting_with_a_full_secure_heap_is_an_ordinary_error);
}

int
main(void)
{
    return test_main("aes", add_tests);
}
