/*
 * Hashes and verification patterns.
 */
#include "common/digest.h"

#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

START_TEST(test_known_hashes_come_out)
{
    /* FIPS 180-4, example "abc" */
    uint8_t short_hash[TKE_SHA256_LEN] = { 0 };
    uint8_t long_hash[TKE_SHA512_LEN] = { 0 };

    ck_assert(tke_digest_sha256((const uint8_t *) "abc", 3, short_hash, NULL));
    test_bytes_check(short_hash, sizeof short_hash,
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ck_assert(tke_digest_sha512((const uint8_t *) "abc", 3, long_hash, NULL));
    test_bytes_check(long_hash, sizeof long_hash,
                     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}
END_TEST

START_TEST(test_nothing_has_a_hash)
{
    uint8_t hash[TKE_SHA256_LEN] = { 0 };

    ck_assert(tke_digest_sha256(NULL, 0, hash, NULL));
    test_bytes_check(hash, sizeof hash,
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

START_TEST(test_the_verification_pattern_ends_in_four_zero_bytes)
{
    /* crypto-unit-protocol.md, 4.6 */
    g_autoptr(TkeSecret) key =
        test_bytes_secret("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    uint8_t pattern[TKE_VP_LEN] = { 0 };

    ck_assert(tke_digest_verification_pattern(key, pattern, NULL));
    test_bytes_check(pattern, sizeof pattern,
                     "491176b0f443c65a7c7d72df47d6cbc0d04e111fb5a619f60d3e7767 00000000");
}
END_TEST

START_TEST(test_patterns_are_compared_in_28_bytes)
{
    g_autoptr(GByteArray) new_firmware =
        test_bytes("491176b0f443c65a7c7d72df47d6cbc0d04e111fb5a619f60d3e7767 00000000");
    g_autoptr(GByteArray) old_firmware =
        test_bytes("491176b0f443c65a7c7d72df47d6cbc0d04e111fb5a619f60d3e7767 7ab6f919");
    g_autoptr(GByteArray) other =
        test_bytes("491176b0f443c65a7c7d72df47d6cbc0d04e111fb5a619f60d3e7766 00000000");

    ck_assert(tke_digest_vp_equal(new_firmware->data, old_firmware->data));
    ck_assert(!tke_digest_vp_equal(new_firmware->data, other->data));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_known_hashes_come_out);
    tcase_add_test(tests, test_nothing_has_a_hash);
    tcase_add_test(tests, test_the_verification_pattern_ends_in_four_zero_bytes);
    tcase_add_test(tests, test_patterns_are_compared_in_28_bytes);
}

int
main(void)
{
    return test_main("digest", add_tests);
}
