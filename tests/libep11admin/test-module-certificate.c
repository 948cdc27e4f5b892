/*
 * Module certificates (crypto-unit-protocol.md, 5.1 to 5.4, Annex A.7).
 */
#include "libep11admin/module-certificate.h"

#include "common/digest.h"
#include "common/error.h"
#include "tests/libep11admin/test-module-maker.h"
#include "tests/support/test-main.h"

typedef struct Keys {
    EVP_PKEY *a, *o, *p;
} Keys;

static Keys keys;

static void
make_keys(void)
{
    keys = (Keys){ test_key(TEST_KEY_A), test_key(TEST_KEY_O), test_key(TEST_KEY_P) };
}

static void
free_keys(void)
{
    EVP_PKEY_free(keys.a);
    EVP_PKEY_free(keys.o);
    EVP_PKEY_free(keys.p);
}

static TkeModuleCertificate *
parse(const GByteArray *der)
{
    g_autoptr(GError) error = NULL;
    TkeModuleCertificate *certificate = tke_module_certificate_parse(
        tke_module_certificate_guess_kind(der->data, der->len), der->data, der->len, &error);

    ck_assert_msg(certificate != NULL, "%s", error == NULL ? "" : error->message);
    return certificate;
}

static void
check_signed(const GByteArray *bytes, guint len, const char *sha256)
{
    uint8_t hash[TKE_SHA256_LEN] = { 0 };

    ck_assert_uint_eq(bytes->len, len);
    ck_assert(tke_digest_sha256(bytes->data, bytes->len, hash, NULL));
    test_bytes_check(hash, sizeof hash, sha256);
}

static void
check_ski(const uint8_t *ski, EVP_PKEY *key)
{
    g_autoptr(GByteArray) want = g_byte_array_new();

    test_module_append_ski(want, key);
    ck_assert_mem_eq(ski, want->data, TKE_MODULE_SKI_LEN);
}

START_TEST(test_ski_of_a_module_key_is_known)
{
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    uint8_t ski[TKE_MODULE_SKI_LEN] = { 0 };

    test_key_point(keys.o, point);
    ck_assert(tke_module_certificate_ski(point, ski, NULL));
    test_bytes_check(ski, sizeof ski,
                     "7d838d4bdbc3f6ba6dce7c56a3d8b5c8c74250e24c24175b7a5437aae5ff16e8");
}
END_TEST

START_TEST(test_oa2_certificates_have_the_known_signed_bytes)
{
    g_autoptr(GByteArray) epoch = test_module_oa2(keys.o, keys.p, true);
    g_autoptr(GByteArray) parent = test_module_oa2(keys.p, keys.a, false);
    g_autoptr(TkeModuleCertificate) first = parse(epoch);
    g_autoptr(TkeModuleCertificate) second = parse(parent);

    ck_assert_uint_eq(epoch->len, 752);
    ck_assert_uint_eq(parent->len, 672);
    ck_assert_uint_eq(first->kind, TKE_MODULE_CERTIFICATE_OA2);
    check_signed(first->signed_data, 544,
                 "c5d875a2605b2de3f423512b681363995d7aed23cfde8fc2fb96a30f3c99cfbd");
    check_signed(second->signed_data, 464,
                 "fb6005ee79e8b99f6ed3bfe5c1b631965ba59b42230497f9815829e8830453a5");
}
END_TEST

START_TEST(test_oa2_fields_are_found)
{
    g_autoptr(GByteArray) der = test_module_oa2(keys.o, keys.p, true);
    g_autoptr(TkeModuleCertificate) certificate = parse(der);
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };

    test_key_point(keys.o, point);
    ck_assert(certificate->known_form);
    ck_assert_mem_eq(certificate->point, point, sizeof point);
    check_ski(certificate->subject_ski, keys.o);
    check_ski(certificate->signer_ski, keys.p);
    ck_assert_str_eq(certificate->adapter_id, "4769P0123456");
    ck_assert_uint_eq(certificate->oa_info.len, 80);
    ck_assert_uint_eq(certificate->oa_info.data[79], 0x99);
    ck_assert_uint_eq(certificate->section_lengths[1], 253);
}
END_TEST

START_TEST(test_oa3_certificates_have_the_known_signed_bytes)
{
    g_autoptr(GByteArray) epoch = test_module_oa3(keys.o, keys.p, true);
    g_autoptr(GByteArray) parent = test_module_oa3(keys.p, keys.a, false);
    g_autoptr(TkeModuleCertificate) first = parse(epoch);
    g_autoptr(TkeModuleCertificate) second = parse(parent);

    ck_assert_uint_eq(epoch->len, 7973);
    ck_assert_uint_eq(parent->len, 7810);
    ck_assert_uint_eq(first->kind, TKE_MODULE_CERTIFICATE_OA3);
    check_signed(first->signed_data, 480,
                 "e5793030d69cbebc18c08a8ed0b844e99959288cc59f8a972b511d5dc4573bc0");
    check_signed(second->signed_data, 398,
                 "b6d6e89c782e726a2bb7f82b05efdcdeec2ad7769d53cc3e47cf187741eae315");
    check_ski(second->subject_ski, keys.p);
    check_ski(second->signer_ski, keys.a);
    ck_assert_uint_eq(second->dilithium_signer_ski[0], 0x66);
    ck_assert_str_eq(second->adapter_id, "4770P0123456");
}
END_TEST

START_TEST(test_oa1_fields_are_found)
{
    g_autoptr(GByteArray) der =
        test_module_oa1(keys.o, "442f0b0490000001", keys.p, "9e58604490000000");
    g_autoptr(TkeModuleCertificate) certificate = parse(der);

    ck_assert_uint_eq(der->len, 519);
    ck_assert_uint_eq(certificate->kind, TKE_MODULE_CERTIFICATE_OA1);
    ck_assert(certificate->known_form);
    ck_assert_uint_eq(certificate->signed_data->len, 327);
    ck_assert_uint_eq(certificate->key_section.len, 159);
    ck_assert_uint_eq(certificate->curve_bits, 521);
    test_bytes_check(certificate->name, 8, "442f0b0490000001");
    test_bytes_check(certificate->parent_name, 8, "9e58604490000000");
    ck_assert_str_eq(certificate->adapter_id, "93AA5555");
}
END_TEST

START_TEST(test_oa1_of_another_kind_or_curve_is_marked)
{
    static const guint places[] = { 7, 52 + 7, 52 + 72 + 20, 52 + 72 + 23, 52 + 72 + 26 };

    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autoptr(GByteArray) der =
            test_module_oa1(keys.o, "442f0b0490000001", keys.p, "9e58604490000000");
        g_autoptr(TkeModuleCertificate) certificate = NULL;

        der->data[places[i]] ^= 0x0f;
        certificate = parse(der);
        ck_assert(!certificate->known_form);
    }
}
END_TEST

START_TEST(test_key_in_another_form_is_marked)
{
    g_autoptr(GByteArray) oa2 = test_module_oa2(keys.o, keys.p, true);
    g_autoptr(GByteArray) oa3 = test_module_oa3(keys.o, keys.p, true);
    g_autoptr(TkeModuleCertificate) certificate = NULL;
    g_autoptr(TkeModuleCertificate) other = NULL;

    oa2->data[384 + 22] ^= 1; /* inside the SubjectPublicKeyInfo */
    certificate = parse(oa2);
    ck_assert(!certificate->known_form);
    oa3->data[182 + 198 + 3] ^= 1;
    other = parse(oa3);
    ck_assert(!other->known_form);
}
END_TEST

START_TEST(test_every_cut_of_a_certificate_is_refused)
{
    g_autoptr(GByteArray) oa1 =
        test_module_oa1(keys.o, "442f0b0490000001", keys.p, "9e58604490000000");
    g_autoptr(GByteArray) oa2 = test_module_oa2(keys.o, keys.p, true);
    g_autoptr(GByteArray) oa3 = test_module_oa3(keys.o, keys.p, false);
    const GByteArray *const all[] = { oa1, oa2, oa3 };

    for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
        for (guint len = 0; len < all[i]->len; len++) {
            /* A copy, so that reading behind it is noticed. */
            g_autofree uint8_t *cut = g_memdup2(all[i]->data, len);
            g_autoptr(GError) error = NULL;
            TkeModuleCertificateKind kind = (TkeModuleCertificateKind) i;

            ck_assert_ptr_null(tke_module_certificate_parse(kind, cut, len, &error));
            test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
        }
    }
}
END_TEST

START_TEST(test_lengths_that_lead_outside_are_refused)
{
    static const guint oa1_places[] = { 8, 12, 16, 20, 52 + 8, 52 + 12, 52 + 72 + 24 };
    static const guint oa2_places[] = { 8, 12, 16, 20, 24 };

    for (size_t i = 0; i < G_N_ELEMENTS(oa1_places); i++) {
        g_autoptr(GByteArray) der =
            test_module_oa1(keys.o, "442f0b0490000001", keys.p, "9e58604490000000");

        der->data[oa1_places[i]] = 0xff;
        ck_assert_ptr_null(
            tke_module_certificate_parse(TKE_MODULE_CERTIFICATE_OA1, der->data, der->len, NULL));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(oa2_places); i++) {
        g_autoptr(GByteArray) der = test_module_oa2(keys.o, keys.p, true);

        der->data[oa2_places[i]] = 0xff;
        ck_assert_ptr_null(
            tke_module_certificate_parse(TKE_MODULE_CERTIFICATE_OA2, der->data, der->len, NULL));
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, make_keys, free_keys);
    tcase_add_test(tests, test_ski_of_a_module_key_is_known);
    tcase_add_test(tests, test_oa2_certificates_have_the_known_signed_bytes);
    tcase_add_test(tests, test_oa2_fields_are_found);
    tcase_add_test(tests, test_oa3_certificates_have_the_known_signed_bytes);
    tcase_add_test(tests, test_oa1_fields_are_found);
    tcase_add_test(tests, test_oa1_of_another_kind_or_curve_is_marked);
    tcase_add_test(tests, test_key_in_another_form_is_marked);
    tcase_add_test(tests, test_every_cut_of_a_certificate_is_refused);
    tcase_add_test(tests, test_lengths_that_lead_outside_are_refused);
}

int
main(void)
{
    return test_main("module-certificate", add_tests);
}
