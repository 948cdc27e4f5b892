/*
 * Administrator certificates (crypto-unit-protocol.md, 4.1, Annex A.5).
 */
#include "libep11admin/admin-certificate.h"

#include "common/digest.h"
#include "common/error.h"
#include "tests/libep11admin/test-keys.h"
#include "tests/libep11admin/test-signers.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

/* Name "Alice", key A. */
static const char known[] =
    "3082023430820195a003020102020100300a06082a8648ce3d0403043046311b3019060355040b1312544b45204164"
    "6d696e697374726174696f6e312730250603550403131e416c69636520202020202020202020202020202020202020"
    "2020202020203022180f32303030303130313030303030305a180f32313030313233313233353935395a3046311b30"
    "19060355040b1312544b452041646d696e697374726174696f6e312730250603550403131e416c6963652020202020"
    "202020202020202020202020202020202020202030819b301006072a8648ce3d020106052b81040023038186000400"
    "df3ec97448b70a1e6c7e14d18fe2e265888f0ae704e922961520b610a7248c709ba3410eca5a2d62946151b360f47f"
    "0a1dfc98632ce27f8c1d9ce1c04d47c38de300a1d1cf55787695c49950e441f48eadf76c6948b9b7c35c5d80fceaa0"
    "46ef286370404602bfee96bcfa16984c8dc0e8f67584e3b957b529c73914ce6142ea8018d7a32d302b30290603551d"
    "0e042204204aa07160750dabb44e3fa908c6e1b38c38de052922623cc479432085f0bb4d22300a06082a8648ce3d04"
    "030403818c003081880242010e32f1d79cf34e0c27ae5813adcf7e00e1f3ec2fd3c20b63970c3f88a28f4afa4822e6"
    "d21d008045561d1e3ada2e145190b70992a11f2a3b1566a2d87b8c0de7b1024201ceb43b972d49c2ec1861cc81e1b5"
    "8561cc13a3f628f6597b58e6df8b9afda69e78dac7c298e49ffccd07d4e8593ad09b2f134a876aba8bfeda79671ab0"
    "7025e52e";

static const char known_tbs_sha256[] =
    "2b008c2d0923d9c313d375a5a4baac193da00ddef4829c457c277bd41cd49c86";

START_TEST(test_known_name_and_key_give_the_known_body)
{
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_A);
    g_autoptr(GByteArray) tbs = tke_admin_certificate_new_tbs(key, "Alice", NULL);
    uint8_t hash[TKE_SHA256_LEN] = { 0 };

    ck_assert_ptr_nonnull(tbs);
    ck_assert_uint_eq(tbs->len, TKE_ADMIN_CERTIFICATE_TBS_P521);
    ck_assert(tke_digest_sha256(tbs->data, tbs->len, hash, NULL));
    test_bytes_check(hash, sizeof hash, known_tbs_sha256);
}
END_TEST

START_TEST(test_known_signature_gives_the_known_certificate)
{
    g_autoptr(GByteArray) whole = test_bytes(known);
    g_autoptr(GByteArray) certificate = NULL;
    const size_t signature_start = 4 + TKE_ADMIN_CERTIFICATE_TBS_P521 + 12 + 4;

    certificate = tke_admin_certificate_assemble(whole->data + 4, TKE_ADMIN_CERTIFICATE_TBS_P521,
                                                 whole->data + signature_start,
                                                 whole->len - signature_start, NULL);
    ck_assert_ptr_nonnull(certificate);
    test_bytes_check(certificate->data, certificate->len, known);
}
END_TEST

START_TEST(test_signer_makes_a_certificate_that_can_be_read)
{
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_A);
    TestSigner signer = test_signer(key);
    g_autoptr(GByteArray) der = NULL;
    g_autoptr(TkeAdminCertificate) certificate = NULL;

    der = tke_admin_certificate_new(&signer.base, key, "Bob's key, 2nd", NULL, NULL);
    ck_assert_ptr_nonnull(der);
    ck_assert_uint_eq(signer.purpose, TKE_SIGN_CERTIFICATE);
    certificate = tke_admin_certificate_parse(der->data, der->len, NULL);
    ck_assert_ptr_nonnull(certificate);
    ck_assert_str_eq(certificate->name, "Bob's key, 2nd");
    ck_assert(certificate->made_by_tke);
    ck_assert_mem_eq(certificate->ski, signer.base.ski, sizeof certificate->ski);
    ck_assert_int_eq(EVP_PKEY_eq(certificate->key, key), 1);
    ck_assert_uint_eq(certificate->der->len, der->len);
}
END_TEST

START_TEST(test_rsa_certificate_covers_its_body)
{
    g_autoptr(EVP_PKEY) key = EVP_RSA_gen(2048);
    g_autoptr(GByteArray) tbs = tke_admin_certificate_new_tbs(key, "Carol", NULL);
    g_autoptr(GByteArray) certificate = NULL;
    g_autoptr(TkeAdminCertificate) read = NULL;
    uint8_t signature[TKE_RSA_LEN] = { 0 };

    ck_assert_ptr_nonnull(tbs);
    ck_assert_uint_eq(tbs->len, TKE_ADMIN_CERTIFICATE_TBS_RSA);
    ck_assert(tke_rsa_sign_x931(key, tbs->data, tbs->len, signature, NULL));
    certificate =
        tke_admin_certificate_assemble(tbs->data, tbs->len, signature, sizeof signature, NULL);
    ck_assert_uint_eq(certificate->len, 824);
    read = tke_admin_certificate_parse(certificate->data, certificate->len, NULL);
    ck_assert_str_eq(read->name, "Carol");
    ck_assert_int_eq(EVP_PKEY_eq(read->key, key), 1);
}
END_TEST

START_TEST(test_signer_of_another_key_is_refused_before_it_signs)
{
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_A);
    g_autoptr(EVP_PKEY) other = test_key(TEST_KEY_O);
    TestSigner signer = test_signer(other);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(tke_admin_certificate_new(&signer.base, key, "Alice", NULL, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_VERIFY);
    ck_assert_uint_eq(signer.calls, 0);
}
END_TEST

START_TEST(test_wrong_signature_of_a_signer_is_noticed)
{
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_A);
    g_autoptr(EVP_PKEY) other = test_key(TEST_KEY_O);
    TestSigner signer = test_signer(key);
    g_autoptr(GError) error = NULL;

    signer.key = other;
    ck_assert_ptr_null(tke_admin_certificate_new(&signer.base, key, "Alice", NULL, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_VERIFY);
}
END_TEST

START_TEST(test_cancelled_signature_is_passed_on)
{
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_A);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    TestSigner signer = test_signer(key);
    g_autoptr(GError) error = NULL;

    g_cancellable_cancel(cancellable);
    ck_assert_ptr_null(tke_admin_certificate_new(&signer.base, key, "Alice", cancellable, &error));
    test_bytes_check_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}
END_TEST

START_TEST(test_names_are_limited_to_thirty_bytes_of_utf8)
{
    static const char *const bad[] = {
        "1234567890123456789012345678901",
        "öööööööööööööööö", /* 32 bytes */
        "\xff",
    };
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_A);
    g_autoptr(GByteArray) longest =
        tke_admin_certificate_new_tbs(key, "123456789012345678901234567890", NULL);

    ck_assert_ptr_nonnull(longest);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(tke_admin_certificate_new_tbs(key, bad[i], &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_USAGE);
    }
}
END_TEST

START_TEST(test_keys_without_a_form_of_certificate_are_refused)
{
    g_autoptr(EVP_PKEY) p256 = EVP_EC_gen("P-256");
    g_autoptr(EVP_PKEY) rsa3072 = EVP_RSA_gen(3072);
    g_autoptr(GError) curve = NULL;
    g_autoptr(GError) size = NULL;

    ck_assert_ptr_null(tke_admin_certificate_new_tbs(p256, "Alice", &curve));
    test_bytes_check_error(curve, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    ck_assert_ptr_null(tke_admin_certificate_new_tbs(rsa3072, "Alice", &size));
    test_bytes_check_error(size, TKE_ERROR, TKE_ERROR_INVALID_DATA);
}
END_TEST

START_TEST(test_malformed_signatures_and_bodies_are_not_assembled)
{
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_A);
    g_autoptr(GByteArray) tbs = tke_admin_certificate_new_tbs(key, "Alice", NULL);
    const uint8_t signature[TKE_RSA_LEN] = { 0x30 };
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(
        tke_admin_certificate_assemble(tbs->data, tbs->len, signature, sizeof signature, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    ck_assert_ptr_null(
        tke_admin_certificate_assemble(tbs->data, tbs->len - 1, signature, 139, NULL));
    ck_assert_ptr_null(tke_admin_certificate_assemble(signature, 0, signature, 139, NULL));
}
END_TEST

START_TEST(test_certificate_without_a_name_is_unnamed)
{
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_A);
    TestSigner signer = test_signer(key);
    g_autoptr(GByteArray) der = tke_admin_certificate_new(&signer.base, key, "  ", NULL, NULL);
    g_autoptr(TkeAdminCertificate) certificate = NULL;

    ck_assert_ptr_nonnull(der);
    certificate = tke_admin_certificate_parse(der->data, der->len, NULL);
    ck_assert_ptr_nonnull(certificate);
    ck_assert_ptr_null(certificate->name);
}
END_TEST

START_TEST(test_what_is_no_certificate_is_refused)
{
    g_autoptr(GByteArray) whole = test_bytes(known);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(tke_admin_certificate_parse(whole->data, whole->len - 1, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    ck_assert_ptr_null(tke_admin_certificate_parse(whole->data, 0, NULL));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_known_name_and_key_give_the_known_body);
    tcase_add_test(tests, test_known_signature_gives_the_known_certificate);
    tcase_add_test(tests, test_signer_makes_a_certificate_that_can_be_read);
    tcase_add_test(tests, test_rsa_certificate_covers_its_body);
    tcase_add_test(tests, test_signer_of_another_key_is_refused_before_it_signs);
    tcase_add_test(tests, test_wrong_signature_of_a_signer_is_noticed);
    tcase_add_test(tests, test_cancelled_signature_is_passed_on);
    tcase_add_test(tests, test_names_are_limited_to_thirty_bytes_of_utf8);
    tcase_add_test(tests, test_keys_without_a_form_of_certificate_are_refused);
    tcase_add_test(tests, test_malformed_signatures_and_bodies_are_not_assembled);
    tcase_add_test(tests, test_certificate_without_a_name_is_unnamed);
    tcase_add_test(tests, test_what_is_no_certificate_is_refused);
}

int
main(void)
{
    return test_main("admin-certificate", add_tests);
}
