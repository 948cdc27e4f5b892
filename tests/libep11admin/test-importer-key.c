/*
 * Importer keys (crypto-unit-protocol.md, 2.10, 4.2, Annex A.1).
 */
#include "libep11admin/importer-key.h"

#include "libep11admin/unit-error.h"
#include "tests/libep11admin/test-keys.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

static const char spki_a[] =
    "30819b301006072a8648ce3d020106052b8104002303818600"
    "0400df3ec97448b70a1e6c7e14d18fe2e265888f0ae704e922961520b610a7248c709ba3410eca5a2d62946151b36"
    "0f47f0a1dfc98632ce27f8c1d9ce1c04d47c38de3"
    "00a1d1cf55787695c49950e441f48eadf76c6948b9b7c35c5d80fceaa046ef286370404602bfee96bcfa16984c8dc0"
    "e8f67584e3b957b529c73914ce6142ea8018d7";

START_TEST(test_key_of_the_annex_has_its_identifiers)
{
    g_autoptr(GByteArray) spki = test_bytes(spki_a);
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeImporterKey) importer =
        tke_importer_key_parse(TKE_IMPORTER_P521, spki->data, spki->len, &error);
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_A);
    uint8_t point[TKE_EC_POINT_LEN];

    ck_assert_msg(importer != NULL, "%s", error == NULL ? "" : error->message);
    test_key_point(key, point);
    ck_assert_mem_eq(importer->point, point, sizeof point);
    test_bytes_check(importer->ski, sizeof importer->ski,
                     "4aa07160750dabb44e3fa908c6e1b38c38de052922623cc479432085f0bb4d22");
    test_bytes_check(importer->ski_xy, sizeof importer->ski_xy,
                     "a5ea75b80161b8038121a82eedaeab7cce0cd9ea38a9c9bc2e829f69d8e7ba13");
    ck_assert_int_eq(EVP_PKEY_eq(importer->key, key), 1);
}
END_TEST

START_TEST(test_every_cut_and_every_longer_key_is_refused)
{
    g_autoptr(GByteArray) spki = test_bytes(spki_a);
    g_autoptr(GError) error = NULL;
    const uint8_t more = 0;

    for (guint len = 0; len < spki->len; len++) {
        g_clear_error(&error);
        ck_assert_ptr_null(tke_importer_key_parse(TKE_IMPORTER_P521, spki->data, len, &error));
        test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_MALFORMED);
    }
    g_byte_array_append(spki, &more, 1);
    ck_assert_ptr_null(tke_importer_key_parse(TKE_IMPORTER_P521, spki->data, spki->len, NULL));
}
END_TEST

START_TEST(test_changed_key_is_refused)
{
    /* Algorithm, curve, unused bits, form of the point, the point itself. */
    static const guint places[] = { 5, 20, 24, 25, 60, 157 };

    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autoptr(GByteArray) spki = test_bytes(spki_a);

        spki->data[places[i]] ^= 1;
        ck_assert_msg(tke_importer_key_parse(TKE_IMPORTER_P521, spki->data, spki->len, NULL) ==
                          NULL,
                      "byte %u", places[i]);
    }
}
END_TEST

START_TEST(test_key_of_another_kind_than_asked_for_is_refused)
{
    g_autoptr(GByteArray) spki = test_bytes(spki_a);

    ck_assert_ptr_null(tke_importer_key_parse(TKE_IMPORTER_RSA_2048, spki->data, spki->len, NULL));
}
END_TEST

START_TEST(test_payload_names_the_kind)
{
    uint8_t payload[4];

    tke_importer_key_build_payload(TKE_IMPORTER_P521, payload);
    test_bytes_check(payload, sizeof payload, "00000003");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_key_of_the_annex_has_its_identifiers);
    tcase_add_test(tests, test_every_cut_and_every_longer_key_is_refused);
    tcase_add_test(tests, test_changed_key_is_refused);
    tcase_add_test(tests, test_key_of_another_kind_than_asked_for_is_refused);
    tcase_add_test(tests, test_payload_names_the_kind);
}

int
main(void)
{
    return test_main("importer-key", add_tests);
}
