/*
 * SignerInfo (crypto-unit-protocol.md, 2.9, Annex A.3).
 */
#include "libep11admin/signer-info.h"

#include "common/error.h"
#include "common/rsa.h"
#include "libep11admin/unit-error.h"
#include "tests/libep11admin/test-keys.h"
#include "tests/libep11admin/test-signers.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

static const char block_text[] =
    "305604040000000d040800000025a1a2a3a404103933414142433132010203040506070804100000000000000000"
    "00000000000001000420491176b0f443c65a7c7d72df47d6cbc0d04e111fb5a619f60d3e776700000000";

static const char info_text[] =
    "3081d002010380204aa07160750dabb44e3fa908c6e1b38c38de052922623cc479432085f0bb4d22300d06096086"
    "480165030402030500300c06082a8648ce3d040304050004818b3081880242017978adac00d501ee7c589d91ff69"
    "2d34f585689ceb9cdce80df3037d76fc78e3d2773f4307a53a5c6e04072e5a500fa735a920e53f037a190a842bf7"
    "be5bc3658f02420171eb53491d79d06a4bfdffb1a103e82d4053010e04d35c2c60db48b66ef24112c7b86c728085"
    "ebb808829f794b1c0822f1fda047878e6c722efd3c1bdd6dc3639a";

static const char ski_a[] = "4aa07160750dabb44e3fa908c6e1b38c38de052922623cc479432085f0bb4d22";

/* A SignerInfo with parts of the test's choice. */
static GByteArray *
make_info(const char *version, const char *ski, const char *digest, const char *algorithm,
          const char *rest)
{
    g_autofree char *content =
        g_strconcat(version, "8020", ski, digest, algorithm, "040411223344", rest, NULL);
    g_autofree char *text = g_strdup_printf("30%02zx%s", strlen(content) / 2, content);

    return test_bytes(text);
}

#define SHA512_NULL "300d06096086480165030402030500"
#define SHA512_BARE "300b0609608648016503040203"
#define ECDSA_NULL "300c06082a8648ce3d0403040500"
#define ECDSA_BARE "300a06082a8648ce3d040304"

static void
check_refused(const GByteArray *bytes)
{
    TkeByteCursor cursor = tke_byte_cursor(bytes->data, bytes->len);
    TkeSignerInfo info = { 0 };
    g_autoptr(GError) error = NULL;

    ck_assert(!tke_signer_info_read(&cursor, &info, &error));
    test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_MALFORMED);
    ck_assert_uint_eq(tke_unit_error_get_details(error)->place, TKE_UNIT_PLACE_SIGNER_INFO);
    ck_assert_uint_eq(cursor.pos, 0);
}

START_TEST(test_known_signer_info_is_read_and_verified)
{
    g_autoptr(GByteArray) block = test_bytes(block_text);
    g_autoptr(GByteArray) bytes = test_bytes(info_text);
    g_autoptr(EVP_PKEY) a = test_key(TEST_KEY_A);
    g_autoptr(EVP_PKEY) o = test_key(TEST_KEY_O);
    TkeByteCursor cursor = tke_byte_cursor(bytes->data, bytes->len);
    TkeSignerInfo info = { 0 };
    g_autoptr(GError) error = NULL;

    ck_assert(tke_signer_info_read(&cursor, &info, NULL));
    ck_assert_uint_eq(tke_byte_cursor_left(&cursor), 0);
    ck_assert_uint_eq(info.version, 3);
    test_bytes_check(info.ski, sizeof info.ski, ski_a);
    ck_assert_uint_eq(info.digest, TKE_SIGNER_INFO_SHA512);
    ck_assert_uint_eq(info.algorithm, TKE_SIGNER_INFO_ECDSA_SHA512);
    ck_assert_uint_eq(info.whole.len, 211);
    ck_assert(tke_signer_info_verify(&info, a, block->data, block->len, NULL));

    ck_assert(!tke_signer_info_verify(&info, o, block->data, block->len, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_VERIFY);
    block->data[20] ^= 1;
    ck_assert(!tke_signer_info_verify(&info, a, block->data, block->len, NULL));
}
END_TEST

START_TEST(test_finished_signature_gets_the_known_form)
{
    g_autoptr(GByteArray) bytes = test_bytes(info_text);
    g_autoptr(GByteArray) out = g_byte_array_new();
    TkeByteCursor cursor = tke_byte_cursor(bytes->data, bytes->len);
    TkeSignerInfo info = { 0 };

    ck_assert(tke_signer_info_read(&cursor, &info, NULL));
    tke_signer_info_append(out, TKE_SIGNER_P521, info.ski, sizeof info.ski, info.signature.data,
                           info.signature.len);
    test_bytes_check(out->data, out->len, info_text);
}
END_TEST

START_TEST(test_rsa_signature_gets_its_own_algorithms)
{
    const uint8_t signature[256] = { 0x01 };
    const uint8_t ski[TKE_SKI_LEN] = { 0x02 };
    g_autoptr(GByteArray) out = g_byte_array_new();
    TkeByteCursor cursor = { 0 };
    TkeSignerInfo info = { 0 };

    tke_signer_info_append(out, TKE_SIGNER_RSA_2048, ski, sizeof ski, signature, sizeof signature);
    ck_assert_uint_eq(out->len, 331);
    cursor = tke_byte_cursor(out->data, out->len);
    ck_assert(tke_signer_info_read(&cursor, &info, NULL));
    ck_assert_uint_eq(info.digest, TKE_SIGNER_INFO_SHA256);
    ck_assert_uint_eq(info.algorithm, TKE_SIGNER_INFO_RSA_X931);
    ck_assert_uint_eq(info.signature.len, 256);
}
END_TEST

START_TEST(test_signer_signs_the_block_and_is_named)
{
    g_autoptr(GByteArray) block = test_bytes(block_text);
    g_autoptr(GByteArray) out = test_bytes("aabb");
    g_autoptr(EVP_PKEY) a = test_key(TEST_KEY_A);
    TestSigner signer = test_signer(a);
    TkeByteCursor cursor = { 0 };
    TkeSignerInfo info = { 0 };

    ck_assert(tke_signer_info_sign(out, &signer.base, block->data, block->len, NULL, NULL));
    ck_assert_uint_eq(signer.purpose, TKE_SIGN_COMMAND);
    test_bytes_check(out->data, 2, "aabb");
    cursor = tke_byte_cursor(out->data + 2, out->len - 2);
    ck_assert(tke_signer_info_read(&cursor, &info, NULL));
    test_bytes_check(info.ski, sizeof info.ski, ski_a);
    ck_assert(tke_signer_info_verify(&info, a, block->data, block->len, NULL));
}
END_TEST

START_TEST(test_padded_signature_of_a_signer_is_made_minimal)
{
    /* r = 1 with a superfluous zero, s = 2 */
    g_autoptr(GByteArray) padded = test_bytes("300702020001020102");
    g_autoptr(GByteArray) out = g_byte_array_new();
    TestSigner signer = test_signer(NULL);

    memcpy(signer.fixed, padded->data, padded->len);
    signer.fixed_len = padded->len;
    ck_assert(tke_signer_info_sign(out, &signer.base, (const uint8_t *) "", 0, NULL, NULL));
    test_bytes_check(out->data + out->len - 10, 10, "04083006020101020102");
}
END_TEST

START_TEST(test_failing_signer_leaves_the_list_as_it_was)
{
    g_autoptr(GByteArray) out = test_bytes("aabb");
    TestSigner signer = test_signer(NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) form = NULL;

    ck_assert(!tke_signer_info_sign(out, &signer.base, (const uint8_t *) "x", 1, NULL, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_FILE);

    signer.fixed_len = 5; /* no DER */
    ck_assert(!tke_signer_info_sign(out, &signer.base, (const uint8_t *) "x", 1, NULL, &form));
    test_bytes_check_error(form, TKE_ERROR, TKE_ERROR_INVALID_DATA);

    signer.base.kind = TKE_SIGNER_RSA_2048;
    signer.fixed_len = 255;
    ck_assert(!tke_signer_info_sign(out, &signer.base, (const uint8_t *) "x", 1, NULL, NULL));
    test_bytes_check(out->data, out->len, "aabb");
}
END_TEST

START_TEST(test_algorithms_without_null_and_unknown_ones_are_read)
{
    g_autoptr(GByteArray) bare = make_info("020103", ski_a, SHA512_BARE, ECDSA_BARE, "");
    g_autoptr(GByteArray) unknown = make_info("020101", ski_a, "3003060155", "3003060156", "");
    g_autoptr(EVP_PKEY) a = test_key(TEST_KEY_A);
    TkeByteCursor cursor = tke_byte_cursor(bare->data, bare->len);
    TkeSignerInfo info = { 0 };
    g_autoptr(GError) error = NULL;

    ck_assert(tke_signer_info_read(&cursor, &info, NULL));
    ck_assert_uint_eq(info.algorithm, TKE_SIGNER_INFO_ECDSA_SHA512);
    cursor = tke_byte_cursor(unknown->data, unknown->len);
    ck_assert(tke_signer_info_read(&cursor, &info, NULL));
    ck_assert_uint_eq(info.digest, TKE_SIGNER_INFO_DIGEST_OTHER);
    ck_assert_uint_eq(info.algorithm, TKE_SIGNER_INFO_ALGORITHM_OTHER);
    ck_assert(!tke_signer_info_verify(&info, a, (const uint8_t *) "", 0, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_VERIFY);
}
END_TEST

START_TEST(test_malformed_signer_info_is_refused)
{
    static const struct {
        const char *version, *digest, *algorithm, *rest;
    } cases[] = {
        { "040103", SHA512_NULL, ECDSA_NULL, "" },         /* version no INTEGER */
        { "02020003", SHA512_NULL, ECDSA_NULL, "" },       /* version of two bytes */
        { "020103", "30030401aa", ECDSA_NULL, "" },        /* digest no OID */
        { "020103", SHA512_NULL, "30050601550401", "" },   /* cut short */
        { "020103", SHA512_NULL, "30050601550400", "" },   /* parameters not NULL */
        { "020103", SHA512_NULL, "3006060155050100", "" }, /* NULL with content */
        { "020103", SHA512_NULL, ECDSA_NULL, "0500" },     /* an element too many */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GByteArray) bytes =
            make_info(cases[i].version, ski_a, cases[i].digest, cases[i].algorithm, cases[i].rest);

        check_refused(bytes);
    }
}
END_TEST

START_TEST(test_every_cut_of_a_signer_info_is_refused)
{
    g_autoptr(GByteArray) bytes = test_bytes(info_text);

    for (guint len = 0; len < bytes->len; len++) {
        g_autoptr(GByteArray) cut = g_byte_array_new();

        g_byte_array_append(cut, bytes->data, len);
        check_refused(cut);
    }
}
END_TEST

START_TEST(test_several_signer_infos_are_read_in_turn)
{
    g_autofree char *text = g_strconcat(info_text, info_text, NULL);
    g_autoptr(GByteArray) bytes = test_bytes(text);
    TkeByteCursor cursor = tke_byte_cursor(bytes->data, bytes->len);
    TkeSignerInfo info = { 0 };

    ck_assert(tke_signer_info_read(&cursor, &info, NULL));
    ck_assert(tke_signer_info_read(&cursor, &info, NULL));
    ck_assert_uint_eq(tke_byte_cursor_left(&cursor), 0);
}
END_TEST

/* Signs with RSA as the algorithm says and lets the key verify it. */
static bool
verifies(EVP_PKEY *key, TkeSignerInfoAlgorithm algorithm, const uint8_t *signature, size_t len)
{
    TkeSignerInfo info = { .algorithm = algorithm, .signature = tke_byte_cursor(signature, len) };

    return tke_signer_info_verify(&info, key, (const uint8_t *) "message", 7, NULL);
}

START_TEST(test_both_forms_of_rsa_signatures_are_verified)
{
    g_autoptr(EVP_PKEY) key = EVP_RSA_gen(2048);
    g_autoptr(EVP_PKEY) ec = test_key(TEST_KEY_A);
    g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    uint8_t x931[TKE_RSA_LEN] = { 0 };
    uint8_t pkcs1[TKE_RSA_LEN] = { 0 };
    size_t len = sizeof pkcs1;

    ck_assert(tke_rsa_sign_x931(key, (const uint8_t *) "message", 7, x931, NULL));
    ck_assert_int_eq(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
    ck_assert_int_eq(EVP_DigestSign(ctx, pkcs1, &len, (const uint8_t *) "message", 7), 1);

    ck_assert(verifies(key, TKE_SIGNER_INFO_RSA_X931, x931, sizeof x931));
    ck_assert(verifies(key, TKE_SIGNER_INFO_RSA_PKCS1, pkcs1, sizeof pkcs1));
    ck_assert(!verifies(key, TKE_SIGNER_INFO_RSA_X931, pkcs1, sizeof pkcs1));
    ck_assert(!verifies(key, TKE_SIGNER_INFO_RSA_PKCS1, x931, sizeof x931));
    ck_assert(!verifies(key, TKE_SIGNER_INFO_ECDSA_SHA512, x931, sizeof x931));
    ck_assert(!verifies(ec, TKE_SIGNER_INFO_RSA_X931, x931, sizeof x931));
}
END_TEST

START_TEST(test_dilithium_is_known_but_never_verified)
{
    g_autoptr(GByteArray) bytes =
        make_info("020103", ski_a, SHA512_NULL, "300f060b2b0601040102820b0108070500", "");
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_A);
    TkeByteCursor cursor = tke_byte_cursor(bytes->data, bytes->len);
    TkeSignerInfo info = { 0 };

    ck_assert(tke_signer_info_read(&cursor, &info, NULL));
    ck_assert_uint_eq(info.algorithm, TKE_SIGNER_INFO_DILITHIUM);
    ck_assert(!tke_signer_info_verify(&info, key, (const uint8_t *) "", 0, NULL));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_known_signer_info_is_read_and_verified);
    tcase_add_test(tests, test_finished_signature_gets_the_known_form);
    tcase_add_test(tests, test_rsa_signature_gets_its_own_algorithms);
    tcase_add_test(tests, test_signer_signs_the_block_and_is_named);
    tcase_add_test(tests, test_padded_signature_of_a_signer_is_made_minimal);
    tcase_add_test(tests, test_failing_signer_leaves_the_list_as_it_was);
    tcase_add_test(tests, test_algorithms_without_null_and_unknown_ones_are_read);
    tcase_add_test(tests, test_malformed_signer_info_is_refused);
    tcase_add_test(tests, test_every_cut_of_a_signer_info_is_refused);
    tcase_add_test(tests, test_both_forms_of_rsa_signatures_are_verified);
    tcase_add_test(tests, test_dilithium_is_known_but_never_verified);
    tcase_add_test(tests, test_several_signer_infos_are_read_in_turn);
}

int
main(void)
{
    return test_main("signer-info", add_tests);
}
