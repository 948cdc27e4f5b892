/*
 * Triple DES against published examples: ICAO Doc 9303, part 11, appendix D.3 (basic access
 * control), and NIST SP 800-17's variable plaintext test of single DES.
 */
#include "common/des.h"

#include "common/error.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define ICAO_K_ENC "ab94fdecf2674fdfb9b391f85d7f76f2"
#define ICAO_S "781723860c06c2264608f919887022120b795240cb7049b01c19b33e32804f0b"
#define ICAO_E_IFD "72c29c2371cc9bdb65b779b8e8d37b29ecc154aa56a8799fae2f498f76ed92f2"
#define ICAO_K_MAC "7962d9ece03d1acd4c76089dce131543"
#define ICAO_M_IFD "5f1448eea8ad90a7"

static const uint8_t zeros[TKE_DES_BLOCK];

START_TEST(test_cbc_gives_the_published_ciphertext_and_back)
{
    g_autoptr(TkeSecret) key = test_bytes_secret(ICAO_K_ENC);
    g_autoptr(GByteArray) bytes = test_bytes(ICAO_S);

    ck_assert(tke_des_cbc_bytes(key, true, zeros, bytes->data, 32, bytes->data, NULL));
    test_bytes_check(bytes->data, 32, ICAO_E_IFD);
    ck_assert(tke_des_cbc_bytes(key, false, zeros, bytes->data, 32, bytes->data, NULL));
    test_bytes_check(bytes->data, 32, ICAO_S);
}
END_TEST

START_TEST(test_retail_mac_gives_the_published_value)
{
    g_autoptr(TkeSecret) key = test_bytes_secret(ICAO_K_MAC);
    g_autoptr(GByteArray) data = test_bytes(ICAO_E_IFD "8000000000000000");
    uint8_t mac[TKE_DES_BLOCK];

    ck_assert(tke_des_retail_mac(key, zeros, data->data, data->len, mac, NULL));
    test_bytes_check(mac, sizeof mac, ICAO_M_IFD);
}
END_TEST

START_TEST(test_retail_mac_of_one_block_is_triple_des_of_it)
{
    g_autoptr(TkeSecret) key = test_bytes_secret(ICAO_K_MAC);
    const uint8_t iv[TKE_DES_BLOCK] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    const uint8_t data[TKE_DES_BLOCK] = { 9, 8, 7 };
    uint8_t mac[TKE_DES_BLOCK];
    uint8_t block[TKE_DES_BLOCK];

    ck_assert(tke_des_retail_mac(key, iv, data, sizeof data, mac, NULL));
    ck_assert(tke_des_cbc_bytes(key, true, iv, data, sizeof data, block, NULL));
    ck_assert_mem_eq(mac, block, sizeof mac);
}
END_TEST

START_TEST(test_one_block_under_the_first_half_is_single_des)
{
    /* The second half takes no part. */
    g_autoptr(TkeSecret) key = test_bytes_secret("0101010101010101 fedcba9876543210");
    const uint8_t in[TKE_DES_BLOCK] = { 0x80 };
    uint8_t out[TKE_DES_BLOCK];

    ck_assert(tke_des_encrypt_single(key, in, out, NULL));
    test_bytes_check(out, sizeof out, "95f8a5e5dd31d900");
}
END_TEST

START_TEST(test_other_lengths_are_refused)
{
    g_autoptr(TkeSecret) key = test_bytes_secret(ICAO_K_ENC);
    g_autoptr(TkeSecret) longer = test_bytes_secret(ICAO_K_ENC "0011223344556677");
    uint8_t bytes[17] = { 0 };
    g_autoptr(GError) error = NULL;

    ck_assert(!tke_des_cbc_bytes(longer, true, zeros, bytes, 16, bytes, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    g_clear_error(&error);
    ck_assert(!tke_des_encrypt_single(longer, bytes, bytes, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    for (size_t len = 1; len <= sizeof bytes; len++) {
        g_clear_error(&error);
        ck_assert(tke_des_cbc_bytes(key, true, zeros, bytes, len, bytes, &error) ==
                  (len % TKE_DES_BLOCK == 0));
    }
    ck_assert(tke_des_cbc_bytes(key, true, zeros, bytes, 0, bytes, NULL));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_cbc_gives_the_published_ciphertext_and_back);
    tcase_add_test(tests, test_retail_mac_gives_the_published_value);
    tcase_add_test(tests, test_retail_mac_of_one_block_is_triple_des_of_it);
    tcase_add_test(tests, test_one_block_under_the_first_half_is_single_des);
    tcase_add_test(tests, test_other_lengths_are_refused);
}

int
main(void)
{
    return test_main("des", add_tests);
}
