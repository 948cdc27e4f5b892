/*
 * RecipientInfo (crypto-unit-protocol.md, 4.3, Annex A.6).
 */
#include "libep11admin/recipient-info.h"

#include <openssl/rsa.h>

#include "common/aes.h"
#include "common/digest.h"
#include "common/error.h"
#include "common/key-agreement.h"
#include "common/rsa.h"
#include "tests/libep11admin/test-keys.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

static const char part_text[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
static const char ukm_text[] = "a0a1a2a3a4a5a6a7a8a9aaabacadaeafa0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
                               "a0a1a2a3a4a5a6a7";
static const char envelope_hash[] =
    "baceefa432cc5b835da9c11283bcf680d28391ba4925bbbaa24f5924b0196dad";

static GByteArray *
encrypt_known(TkeSharedInfoForm form)
{
    g_autoptr(EVP_PKEY) importer = test_key(TEST_KEY_A);
    g_autoptr(EVP_PKEY) ephemeral = test_key(TEST_KEY_O);
    g_autoptr(TkeSecret) part = test_bytes_secret(part_text);
    g_autoptr(GByteArray) ukm = test_bytes(ukm_text);
    GByteArray *envelope = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(envelope, TKE_RECIPIENT_INFO_MAX);

    ck_assert(tke_recipient_info_encrypt_with(&builder, importer, ephemeral, ukm->data, part, form,
                                              NULL));
    return envelope;
}

START_TEST(test_known_part_gives_the_known_envelope)
{
    g_autoptr(GByteArray) envelope = encrypt_known(TKE_SHARED_INFO_WITH_NULL);
    uint8_t hash[TKE_SHA256_LEN] = { 0 };

    ck_assert_uint_eq(envelope->len, TKE_RECIPIENT_INFO_EC_LEN);
    ck_assert(tke_digest_sha256(envelope->data, envelope->len, hash, NULL));
    test_bytes_check(hash, sizeof hash, envelope_hash);
    test_bytes_check(
        envelope->data + 273, 40,
        "13dd287e738e2bd9fe311964565003dc9289976d11033976d8cd638c572a388e8d742058591492"
        "f0");
}
END_TEST

START_TEST(test_form_without_null_differs_only_in_the_wrapped_part)
{
    g_autoptr(GByteArray) with = encrypt_known(TKE_SHARED_INFO_WITH_NULL);
    g_autoptr(GByteArray) without = encrypt_known(TKE_SHARED_INFO_WITHOUT_NULL);

    ck_assert_uint_eq(with->len, without->len);
    ck_assert_mem_eq(with->data, without->data, 273);
    test_bytes_check(
        without->data + 273, 40,
        "fe3e590b397bee7addf9038c00734d0a00bcca568e5a4d57bd1d55c2a505125b18c1b991eacaf8"
        "67");
}
END_TEST

START_TEST(test_envelope_is_taken_apart_and_put_together_again)
{
    g_autoptr(GByteArray) envelope = encrypt_known(TKE_SHARED_INFO_WITH_NULL);
    g_autoptr(GByteArray) again = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(again, TKE_RECIPIENT_INFO_MAX);
    TkeRecipientInfo info = { 0 };

    ck_assert(tke_recipient_info_parse(envelope->data, envelope->len, &info, NULL));
    ck_assert(!info.is_rsa);
    test_bytes_check(info.ukm, sizeof info.ukm, ukm_text);
    test_bytes_check(info.ski, sizeof info.ski,
                     "4aa07160750dabb44e3fa908c6e1b38c38de052922623cc479432085f0bb4d22");
    ck_assert(tke_recipient_info_write_ec(&builder, info.point, sizeof info.point, info.ukm,
                                          sizeof info.ukm, info.ski, sizeof info.ski,
                                          info.encrypted.data, info.encrypted.len, NULL));
    ck_assert_uint_eq(again->len, envelope->len);
    ck_assert_mem_eq(again->data, envelope->data, again->len);
}
END_TEST

/* What the crypto unit does with an envelope. */
static TkeSecret *
open_envelope(const GByteArray *envelope, EVP_PKEY *importer)
{
    TkeRecipientInfo info = { 0 };
    g_autoptr(EVP_PKEY) ephemeral = NULL;
    g_autoptr(TkeSecret) z = NULL;
    g_autoptr(TkeSecret) kek = NULL;
    g_autoptr(GByteArray) shared = test_bytes("3043300d060960864801650304012d0500a02a0428");
    g_autoptr(GByteArray) end = test_bytes("a206040400000100");

    ck_assert(tke_recipient_info_parse(envelope->data, envelope->len, &info, NULL));
    ephemeral = tke_ec_key_from_point(info.point, sizeof info.point, NULL);
    g_byte_array_append(shared, info.ukm, sizeof info.ukm);
    g_byte_array_append(shared, end->data, end->len);
    z = tke_key_agreement_ecdh(importer, ephemeral, NULL);
    kek = tke_key_agreement_x963(z, 1, shared->data, shared->len, NULL);
    return tke_aes_unwrap(kek, info.encrypted.data, info.encrypted.len, NULL);
}

START_TEST(test_importer_key_opens_what_was_encrypted_to_it)
{
    g_autoptr(EVP_PKEY) importer = test_key(TEST_KEY_P);
    g_autoptr(TkeSecret) part = test_bytes_secret(part_text);
    g_autoptr(GByteArray) first = g_byte_array_new();
    g_autoptr(GByteArray) second = g_byte_array_new();
    TkeByteBuilder one = tke_byte_builder_into(first, TKE_RECIPIENT_INFO_MAX);
    TkeByteBuilder two = tke_byte_builder_into(second, TKE_RECIPIENT_INFO_MAX);
    g_autoptr(TkeSecret) opened = NULL;

    ck_assert(tke_recipient_info_encrypt(&one, importer, part, TKE_SHARED_INFO_WITH_NULL, NULL));
    ck_assert(tke_recipient_info_encrypt(&two, importer, part, TKE_SHARED_INFO_WITH_NULL, NULL));
    opened = open_envelope(first, importer);
    ck_assert_ptr_nonnull(opened);
    ck_assert(tke_secret_equal(opened, part));
    /* Fresh ephemeral key and keying material each time. */
    ck_assert_mem_ne(first->data + 29, second->data + 29, TKE_EC_POINT_LEN);
    ck_assert_mem_ne(first->data + 166, second->data + 166, TKE_UKM_LEN);
}
END_TEST

START_TEST(test_rsa_importer_key_opens_what_was_encrypted_to_it)
{
    g_autoptr(EVP_PKEY) importer = EVP_RSA_gen(2048);
    g_autoptr(TkeSecret) part = test_bytes_secret(part_text);
    g_autoptr(GByteArray) envelope = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(envelope, TKE_RECIPIENT_INFO_MAX);
    TkeRecipientInfo info = { 0 };
    g_autoptr(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new(importer, NULL);
    g_autoptr(GByteArray) public_der = tke_rsa_public_der(importer, NULL);
    uint8_t ski[TKE_SKI_LEN] = { 0 };
    uint8_t plain[256] = { 0 };
    size_t len = sizeof plain;

    ck_assert(
        tke_recipient_info_encrypt(&builder, importer, part, TKE_SHARED_INFO_WITH_NULL, NULL));
    ck_assert_uint_eq(envelope->len, 316);
    ck_assert(tke_recipient_info_parse(envelope->data, envelope->len, &info, NULL));
    ck_assert(info.is_rsa);
    ck_assert(tke_digest_sha256(public_der->data, public_der->len, ski, NULL));
    ck_assert_mem_eq(info.ski, ski, sizeof ski);
    ck_assert_int_eq(EVP_PKEY_decrypt_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING), 1);
    ck_assert_int_eq(EVP_PKEY_decrypt(ctx, plain, &len, info.encrypted.data, info.encrypted.len),
                     1);
    test_bytes_check(plain, len, part_text);
}
END_TEST

START_TEST(test_parts_of_other_lengths_are_refused)
{
    static const size_t lengths[][4] = {
        { 132, 40, 32, 40 }, { 134, 40, 32, 40 }, { 133, 39, 32, 40 }, { 133, 41, 32, 40 },
        { 133, 40, 31, 40 }, { 133, 40, 33, 40 }, { 133, 40, 32, 32 }, { 133, 40, 32, 48 },
    };
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_A);
    uint8_t bytes[256] = { 0 };

    test_key_point(key, bytes);
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autoptr(GByteArray) out = g_byte_array_new();
        TkeByteBuilder builder = tke_byte_builder_into(out, TKE_RECIPIENT_INFO_MAX);
        g_autoptr(GError) error = NULL;

        ck_assert(!tke_recipient_info_write_ec(&builder, bytes, lengths[i][0], bytes, lengths[i][1],
                                               bytes, lengths[i][2], bytes, lengths[i][3], &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
        ck_assert_uint_eq(out->len, 0);
    }
}
END_TEST

START_TEST(test_point_off_the_curve_is_refused)
{
    g_autoptr(GByteArray) envelope = encrypt_known(TKE_SHARED_INFO_WITH_NULL);
    TkeRecipientInfo info = { 0 };
    g_autoptr(GError) error = NULL;

    envelope->data[100] ^= 1;
    ck_assert(!tke_recipient_info_parse(envelope->data, envelope->len, &info, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
}
END_TEST

START_TEST(test_part_of_another_length_is_not_encrypted)
{
    g_autoptr(EVP_PKEY) importer = test_key(TEST_KEY_A);
    g_autoptr(TkeSecret) part = tke_secret_new(31, NULL);
    g_autoptr(GByteArray) out = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(out, TKE_RECIPIENT_INFO_MAX);
    g_autoptr(GError) error = NULL;

    ck_assert(
        !tke_recipient_info_encrypt(&builder, importer, part, TKE_SHARED_INFO_WITH_NULL, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    ck_assert_uint_eq(out->len, 0);
}
END_TEST

START_TEST(test_every_cut_and_a_byte_too_many_are_refused)
{
    g_autoptr(GByteArray) envelope = encrypt_known(TKE_SHARED_INFO_WITH_NULL);
    TkeRecipientInfo info = { 0 };

    for (guint len = 0; len < envelope->len; len++) {
        ck_assert(!tke_recipient_info_parse(envelope->data, len, &info, NULL));
    }
    g_byte_array_append(envelope, (const uint8_t *) "", 1);
    ck_assert(!tke_recipient_info_parse(envelope->data, envelope->len, &info, NULL));
}
END_TEST

START_TEST(test_full_builder_is_an_error)
{
    const uint8_t ski[TKE_SKI_LEN] = { 0 };
    const uint8_t encrypted[256] = { 0 };
    uint8_t out[100] = { 0 };
    TkeByteBuilder builder = { .out = out, .size = sizeof out };
    g_autoptr(GError) error = NULL;

    ck_assert(!tke_recipient_info_write_rsa(&builder, ski, sizeof ski, encrypted, sizeof encrypted,
                                            &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_USAGE);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_known_part_gives_the_known_envelope);
    tcase_add_test(tests, test_form_without_null_differs_only_in_the_wrapped_part);
    tcase_add_test(tests, test_envelope_is_taken_apart_and_put_together_again);
    tcase_add_test(tests, test_importer_key_opens_what_was_encrypted_to_it);
    tcase_add_test(tests, test_rsa_importer_key_opens_what_was_encrypted_to_it);
    tcase_add_test(tests, test_parts_of_other_lengths_are_refused);
    tcase_add_test(tests, test_point_off_the_curve_is_refused);
    tcase_add_test(tests, test_part_of_another_length_is_not_encrypted);
    tcase_add_test(tests, test_every_cut_and_a_byte_too_many_are_refused);
    tcase_add_test(tests, test_full_builder_is_an_error);
}

int
main(void)
{
    return test_main("recipient-info", add_tests);
}
