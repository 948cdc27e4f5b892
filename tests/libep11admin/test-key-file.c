/*
 * Signature key files (crypto-unit-protocol.md, 7.6, Annex A.8). All keys and passwords here are
 * test data.
 */
#include "libep11admin/key-file.h"

#include <openssl/x509.h>

#include "common/aes.h"
#include "common/digest.h"
#include "common/ec-key.h"
#include "common/error.h"
#include "common/rsa.h"
#include "tests/libep11admin/test-keys.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

static const char known_password[] = "passw0rd";
static const char known_ski[] = "4aa07160750dabb44e3fa908c6e1b38c38de052922623cc479432085f0bb4d22";
static const char known_salt[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
static const char known_key[] =
    "000102030405060708090a0b2c8f0ac3c52f91256ac09a26a6008e55d93831dc337c959957e6f9be4846d7af4b2b15"
    "b7ce88ef3c629866b029a19cf9a7ff44283f408ba453b2b91b667d10cdb054b91ba28035cb56a9b3f0507c85e2ecd8"
    "cce38b91537c91ee4a5854666bdaeb70131f5da705c88e9cc75a5f2bd573fef2bb5f767842a5c5f490a1257a3b4914"
    "464b5f077add0b646dd1295773708bccc595b924bb5489621996bc195fb7db5c2fd5845bd52df0177c00ab1bcdaa31"
    "c7bf852fae75686bc98afaf276a4ea1f5035141dee02013ded8f1cd40389f3559e436c5cd44d9d596600cc2fa3c95e"
    "7c6e3402a77369d21b855ab22d8af240bbb3836fe2890c1a0c17f6c60dac528559b2d441dd9c33a612401093b72612"
    "350adb0f7a395f489346778e2233cda6219a5804507e38edcbf8b1bcb18bc661a1185aa637ff6d8af1197ca026a12e"
    "f870b90b6938641e48ec035afc4c38bbea59fbcd0cc393f4a1e0ea8f92fd3cf5924a82d79fae614f883290acec8269"
    "548f63d35d8ffa62a3d843";

/* A file of these members; a member that is NULL is left out. */
static TkeKeyFile *
parse_members(const char *type, const char *salt, const char *key, const char *ski, GError **error)
{
    g_autoptr(GString) text = g_string_new("{\"description\": \"an extra member\"");

    if (type != NULL) {
        g_string_append_printf(text, ", \"keyType\": \"%s\"", type);
    }
    if (salt != NULL) {
        g_string_append_printf(text, ", \"seaSalt\": \"%s\"", salt);
    }
    if (key != NULL) {
        g_string_append_printf(text, ", \"enckey\": \"%s\"", key);
    }
    if (ski != NULL) {
        g_string_append_printf(text, ", \"ski\": \"%s\"", ski);
    }
    g_string_append(text, "}\n");
    return tke_key_file_parse((const uint8_t *) text->str, text->len, error);
}

static TkeKeyFile *
known_file(void)
{
    TkeKeyFile *file = parse_members("p521ec", known_salt, known_key, known_ski, NULL);

    ck_assert_ptr_nonnull(file);
    return file;
}

static TkeSecret *
password_of(const char *text)
{
    return tke_secret_new_from((const uint8_t *) text, strlen(text), NULL);
}

static void
check_not_opened(const TkeKeyFile *file, const char *password, TkeError code)
{
    g_autoptr(TkeSecret) secret = password == NULL ? NULL : password_of(password);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(tke_key_file_open(file, secret, NULL, &error));
    test_bytes_check_error(error, TKE_ERROR, (int) code);
}

/* A file whose password is "x", around this text. */
static TkeKeyFile *
make_file(const char *type, const char *pem, const char *ski)
{
    g_autoptr(TkeSecret) plain = password_of(pem);
    g_autoptr(TkeSecret) key = tke_secret_new(32, NULL);
    g_autofree uint8_t *sealed = g_malloc0(12 + strlen(pem) + 16);
    g_autofree char *hex = NULL;
    TkeKeyFile *file = NULL;

    ck_assert_int_eq(PKCS5_PBKDF2_HMAC("x", 1, (const uint8_t *) "\1\2", 2, 4096, EVP_sha256(), 32,
                                       tke_secret_fill(key, NULL)),
                     1);
    ck_assert(tke_aes_gcm_encrypt(key, sealed, plain, sealed + 12, NULL));
    hex = tke_hex_encode(sealed, 12 + strlen(pem) + 16);
    file = parse_members(type, "0102", hex, ski, NULL);
    ck_assert_ptr_nonnull(file);
    return file;
}

static char *
pem_of(const uint8_t *der, size_t len)
{
    g_autofree char *base64 = g_base64_encode(der, len);
    GString *pem = g_string_new("-----BEGIN PRIVATE KEY-----\n");

    for (const char *at = base64; *at != '\0'; at += MIN(64, strlen(at))) {
        g_string_append_printf(pem, "%.64s\n", at);
    }
    g_string_append(pem, "-----END PRIVATE KEY-----\n");
    return g_string_free(pem, FALSE);
}

/* SEC 1 or PKCS #1. */
static char *
old_pem(EVP_PKEY *key)
{
    uint8_t *der = NULL;
    int len = i2d_PrivateKey(key, &der);
    char *pem = pem_of(der, (size_t) len);

    OPENSSL_free(der);
    return pem;
}

static char *
pkcs8_pem(EVP_PKEY *key)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    uint8_t *der = NULL;
    int len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    char *pem = pem_of(der, (size_t) len);

    OPENSSL_free(der);
    PKCS8_PRIV_KEY_INFO_free(info);
    return pem;
}

static char *
rsa_ski(EVP_PKEY *key)
{
    g_autoptr(GByteArray) der = tke_rsa_public_der(key, NULL);
    uint8_t ski[32] = { 0 };

    ck_assert(tke_digest_sha256(der->data, der->len, ski, NULL));
    return tke_hex_encode(ski, sizeof ski);
}

static void
check_signs(TkeSigner *signer, EVP_PKEY *key)
{
    const uint8_t message[] = "message";
    uint8_t signature[TKE_SIGNATURE_MAX] = { 0 };
    size_t len = 0;

    ck_assert_ptr_nonnull(signer);
    ck_assert(signer->ops->sign(signer, TKE_SIGN_COMMAND, message, sizeof message, signature, &len,
                                NULL, NULL));
    ck_assert(EVP_PKEY_is_a(key, "RSA") == 1
                  ? tke_rsa_verify_x931(key, message, sizeof message, signature, len, NULL)
                  : tke_ec_key_verify(key, message, sizeof message, signature, len, NULL));
}

static void
check_opens(const TkeKeyFile *file, EVP_PKEY *key)
{
    g_autoptr(TkeSecret) password = password_of("x");
    g_autoptr(TkeSigner) signer = tke_key_file_open(file, password, NULL, NULL);

    check_signs(signer, key);
}

START_TEST(test_known_file_opens_and_signs)
{
    g_autoptr(TkeKeyFile) file = known_file();
    g_autoptr(TkeSecret) password = password_of(known_password);
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_A);
    g_autoptr(TkeSigner) signer = NULL;
    g_autoptr(EVP_PKEY) public_key = NULL;

    ck_assert_uint_eq(file->kind, TKE_SIGNER_P521);
    test_bytes_check(file->ski, sizeof file->ski, known_ski);
    signer = tke_key_file_open(file, password, "Alice", NULL);
    ck_assert_ptr_nonnull(signer);
    g_clear_pointer(&file, tke_key_file_free);
    ck_assert_uint_eq(signer->kind, TKE_SIGNER_P521);
    ck_assert_str_eq(signer->name, "Alice");
    test_bytes_check(signer->ski, sizeof signer->ski, known_ski);
    check_signs(signer, key);
    public_key = tke_key_file_dup_public_key(signer, NULL);
    ck_assert_int_eq(EVP_PKEY_eq(public_key, key), 1);
}
END_TEST

START_TEST(test_wrong_password_is_told_from_other_faults)
{
    g_autoptr(TkeKeyFile) file = known_file();
    g_autofree char *cut = g_strndup(known_key, strlen(known_key) - 2);
    g_autoptr(TkeKeyFile) damaged = parse_members("p521ec", known_salt, cut, known_ski, NULL);
    g_autoptr(TkeKeyFile) short_key = parse_members("p521ec", known_salt, "00", known_ski, NULL);
    g_autoptr(TkeKeyFile) no_salt = parse_members("p521ec", NULL, known_key, known_ski, NULL);

    check_not_opened(file, "Passw0rd", TKE_ERROR_VERIFY);
    check_not_opened(file, NULL, TKE_ERROR_VERIFY);
    check_not_opened(damaged, known_password, TKE_ERROR_VERIFY);
    check_not_opened(short_key, known_password, TKE_ERROR_VERIFY);
    check_not_opened(no_salt, known_password, TKE_ERROR_VERIFY);
}
END_TEST

START_TEST(test_key_that_the_file_does_not_name_is_refused)
{
    g_autofree char *upper = g_ascii_strup(known_ski, -1);
    g_autofree char *other = g_strdup(known_ski);
    g_autoptr(TkeKeyFile) in_capitals = parse_members("p521ec", known_salt, known_key, upper, NULL);
    g_autoptr(TkeKeyFile) another = NULL;

    other[0] = '5';
    another = parse_members("p521ec", known_salt, known_key, other, NULL);
    check_not_opened(another, known_password, TKE_ERROR_INVALID_DATA);
    check_not_opened(in_capitals, known_password, TKE_ERROR_INVALID_DATA);
}
END_TEST

START_TEST(test_text_that_is_not_hex_is_refused)
{
    g_autoptr(TkeKeyFile) salt = parse_members("p521ec", "xx", known_key, known_ski, NULL);
    g_autoptr(TkeKeyFile) key = parse_members("p521ec", known_salt, "0", known_ski, NULL);

    check_not_opened(salt, known_password, TKE_ERROR_INVALID_DATA);
    check_not_opened(key, known_password, TKE_ERROR_INVALID_DATA);
}
END_TEST

START_TEST(test_rsa_keys_open_and_sign)
{
    g_autoptr(EVP_PKEY) key = EVP_RSA_gen(2048);
    g_autofree char *ski = rsa_ski(key);
    g_autofree char *pkcs1 = old_pem(key);
    g_autofree char *pkcs8 = pkcs8_pem(key);
    g_autoptr(TkeKeyFile) old = make_file("rsa2048", pkcs1, ski);
    g_autoptr(TkeKeyFile) untyped = make_file(NULL, pkcs8, ski);

    ck_assert_uint_eq(old->kind, TKE_SIGNER_RSA_2048);
    check_opens(old, key);
    check_opens(untyped, key);
}
END_TEST

START_TEST(test_pkcs8_and_text_around_the_block_are_read)
{
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_A);
    g_autofree char *pkcs8 = pkcs8_pem(key);
    g_autofree char *sec1 = old_pem(key);
    g_autofree char *around = g_strconcat("before\n", sec1, "after\n", NULL);
    g_autoptr(TkeKeyFile) new = make_file("p521ec", pkcs8, known_ski);
    g_autoptr(TkeKeyFile) wrapped = make_file("p521ec", around, known_ski);

    check_opens(new, key);
    check_opens(wrapped, key);
}
END_TEST

START_TEST(test_keys_of_other_kinds_and_sizes_are_refused)
{
    g_autoptr(EVP_PKEY) rsa3072 = EVP_RSA_gen(3072);
    g_autoptr(EVP_PKEY) p256 = EVP_EC_gen("P-256");
    g_autoptr(EVP_PKEY) p521 = test_key(TEST_KEY_A);
    g_autofree char *large_ski = rsa_ski(rsa3072);
    g_autofree char *large = old_pem(rsa3072);
    g_autofree char *curve = old_pem(p256);
    g_autofree char *curve8 = pkcs8_pem(p256);
    g_autofree char *ec = old_pem(p521);
    g_autofree char *ec8 = pkcs8_pem(p521);
    const struct {
        const char *type, *pem, *ski;
    } cases[] = {
        { "rsa2048", large, large_ski }, { "p521ec", curve, known_ski },
        { "p521ec", curve8, known_ski }, { "p521ec", large, large_ski },
        { "rsa2048", ec, known_ski },    { NULL, ec8, known_ski },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TkeKeyFile) file = make_file(cases[i].type, cases[i].pem, cases[i].ski);

        check_not_opened(file, "x", TKE_ERROR_INVALID_DATA);
    }
}
END_TEST

START_TEST(test_malformed_pem_is_refused)
{
    static const char *const texts[] = {
        "no block",
        "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nMAA=\n",
        "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nMA=A\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nM===\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nMAAA*\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nMAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n",
        /* version 1, an empty scalar */
        "-----BEGIN PRIVATE KEY-----\nMAUCAQEEAA==\n-----END PRIVATE KEY-----\n",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(TkeKeyFile) ec = make_file("p521ec", texts[i], known_ski);
        g_autoptr(TkeKeyFile) rsa = make_file("rsa2048", texts[i], known_ski);

        check_not_opened(ec, "x", TKE_ERROR_INVALID_DATA);
        check_not_opened(rsa, "x", TKE_ERROR_INVALID_DATA);
    }
}
END_TEST

START_TEST(test_what_is_no_key_file_is_refused)
{
    static const char *const texts[] = {
        "",
        "null",
        "[]",
        "{}",
        "\"text\"",
        "{\"ski\": \"00\"}",
        "{\"ski\": 1}",
        "{\"ski\": \"4aa07160750dabb44e3fa908c6e1b38c38de052922623cc479432085f0bb4d22\"} x",
        "{\"ski\": \"4aa07160750dabb44e3fa908c6e1b38c38de052922623cc479432085f0bb4d22\", "
        "\"n\": 1}",
        "{\"ski\": \"4aa07160750dabb44e3fa908c6e1b38c38de052922623cc479432085f0bb4d22\", "
        "\"n\": {}}",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(
            tke_key_file_parse((const uint8_t *) texts[i], strlen(texts[i]), &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    }
}
END_TEST

START_TEST(test_members_that_are_null_count_as_missing)
{
    static const char text[] =
        "{\"ski\": \"4aa07160750dabb44e3fa908c6e1b38c38de052922623cc479432085f0bb4d22\", "
        "\"keyType\": null}";
    g_autoptr(TkeKeyFile) file = tke_key_file_parse((const uint8_t *) text, strlen(text), NULL);

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(file->kind, TKE_SIGNER_RSA_2048);
    ck_assert_ptr_null(file->salt);
}
END_TEST

START_TEST(test_cancelled_signer_does_not_sign)
{
    g_autoptr(TkeKeyFile) file = known_file();
    g_autoptr(TkeSecret) password = password_of(known_password);
    g_autoptr(TkeSigner) signer = tke_key_file_open(file, password, NULL, NULL);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    uint8_t signature[TKE_SIGNATURE_MAX] = { 0 };
    size_t len = 0;
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_nonnull(signer);
    g_cancellable_cancel(cancellable);
    ck_assert(!signer->ops->sign(signer, TKE_SIGN_COMMAND, signature, 1, signature, &len,
                                 cancellable, &error));
    test_bytes_check_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}
END_TEST

START_TEST(test_full_secure_heap_is_an_error_wherever_it_fills)
{
    g_autoptr(TkeKeyFile) file = known_file();
    g_autoptr(TkeSecret) password = password_of(known_password);
    g_autoptr(GPtrArray) ballast = g_ptr_array_new_with_free_func((GDestroyNotify) tke_secret_free);
    TkeSecret *more = NULL;
    TkeSigner *signer = NULL;
    unsigned failures = 0;

    while ((more = tke_secret_new(64, NULL)) != NULL) {
        g_ptr_array_add(ballast, more);
    }
    while (signer == NULL && ballast->len > 0) {
        g_autoptr(GError) error = NULL;

        signer = tke_key_file_open(file, password, NULL, &error);
        if (signer == NULL) {
            ck_assert_ptr_nonnull(error);
            ck_assert(!g_error_matches(error, TKE_ERROR, TKE_ERROR_VERIFY));
            failures++;
        }
        g_ptr_array_set_size(ballast, (int) (ballast->len - MIN(4, ballast->len)));
    }
    ck_assert_ptr_nonnull(signer);
    ck_assert_uint_gt(failures, 3);
    tke_signer_free(signer);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_known_file_opens_and_signs);
    tcase_add_test(tests, test_wrong_password_is_told_from_other_faults);
    tcase_add_test(tests, test_key_that_the_file_does_not_name_is_refused);
    tcase_add_test(tests, test_text_that_is_not_hex_is_refused);
    tcase_add_test(tests, test_rsa_keys_open_and_sign);
    tcase_add_test(tests, test_pkcs8_and_text_around_the_block_are_read);
    tcase_add_test(tests, test_keys_of_other_kinds_and_sizes_are_refused);
    tcase_add_test(tests, test_malformed_pem_is_refused);
    tcase_add_test(tests, test_what_is_no_key_file_is_refused);
    tcase_add_test(tests, test_members_that_are_null_count_as_missing);
    tcase_add_test(tests, test_full_secure_heap_is_an_error_wherever_it_fills);
    tcase_add_test(tests, test_cancelled_signer_does_not_sign);
}

int
main(void)
{
    return test_main("key-file", add_tests);
}
