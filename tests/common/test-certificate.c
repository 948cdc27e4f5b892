/*
 * Fields of administrator certificates.
 */
#include "common/certificate.h"

#include <string.h>

#include "common/ec-key.h"
#include "common/error.h"
#include "tests/common/annex-keys.h"
#include "tests/support/test-main.h"

/* crypto-unit-protocol.md, A.5: name "Alice" padded with blanks, key A */
#define ALICE                                                                                      \
    "3082023430820195a003020102020100300a06082a8648ce3d0403043046311b3019060355040b1312544b452041" \
    "646d696e697374726174696f6e312730250603550403131e416c6963652020202020202020202020202020202020" \
    "20202020202020203022180f32303030303130313030303030305a180f32313030313233313233353935395a3046" \
    "311b3019060355040b1312544b452041646d696e697374726174696f6e312730250603550403131e416c69636520" \
    "20202020202020202020202020202020202020202020202030819b301006072a8648ce3d020106052b8104002303" \
    "8186000400df3ec97448b70a1e6c7e14d18fe2e265888f0ae704e922961520b610a7248c709ba3410eca5a2d6294" \
    "6151b360f47f0a1dfc98632ce27f8c1d9ce1c04d47c38de300a1d1cf55787695c49950e441f48eadf76c6948b9b7" \
    "c35c5d80fceaa046ef286370404602bfee96bcfa16984c8dc0e8f67584e3b957b529c73914ce6142ea8018d7a32d" \
    "302b30290603551d0e042204204aa07160750dabb44e3fa908c6e1b38c38de052922623cc479432085f0bb4d2230" \
    "0a06082a8648ce3d04030403818c003081880242010e32f1d79cf34e0c27ae5813adcf7e00e1f3ec2fd3c20b6397" \
    "0c3f88a28f4afa4822e6d21d008045561d1e3ada2e145190b70992a11f2a3b1566a2d87b8c0de7b1024201ceb43b" \
    "972d49c2ec1861cc81e1b58561cc13a3f628f6597b58e6df8b9afda69e78dac7c298e49ffccd07d4e8593ad09b2f" \
    "134a876aba8bfeda79671ab07025e52e"
/* An Ed25519 key; the issuer's name is "Jürgen", a control sequence for terminals, a bell, a
 * blank. */
#define HOSTILE                                                                                    \
    "3081d5308188a003020102020101300506032b65703027310b3009060355040a0c0245783118301606035504030c" \
    "0f4ac3bc7267656e201b5b33316d07203020170d3030303130313030303030305a180f3231303031323331303030" \
    "3030305a3000302a300506032b657003210003a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664" \
    "125531b8300506032b6570034100f5813b077d8c668c1cb57fe6a4a77309e8d73e673e85b6c463316ab69b105524" \
    "112f1a0ed56c3790dfcc4645cf99765880f8e5ca42dede5d18c18177b41a3408"
/* The same key; the issuer has an organization only. */
#define NAMELESS                                                                                   \
    "3081ba306ea003020102020101300506032b6570300d310b3009060355040a0c0245783020170d30303031303130" \
    "30303030305a180f32313030313233313030303030305a3000302a300506032b657003210003a107bff3ce10be1d" \
    "70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8300506032b6570034100b5851a361a64d8e6f73d3514d0" \
    "922cc6abc3997818286ce9b3fb7b4cbfc7e8aaad2df8ce176f422236b4b991c3262c11a0793978f0394d7d7e1483" \
    "7360c2c402"
#define ED25519_SKI "56475aa75463474c0285df5dbf2bcab73da651358839e9b77481b2eab107708c"

static TkeCertificate *
parse(const char *text, GError **error)
{
    g_autoptr(GByteArray) der = test_bytes(text);

    return tke_certificate_parse(der->data, der->len, error);
}

START_TEST(test_an_administrator_certificate_shows_name_and_key)
{
    g_autoptr(TkeCertificate) certificate = parse(ALICE, NULL);

    ck_assert_ptr_nonnull(certificate);
    ck_assert_str_eq(certificate->common_name, "Alice");
    ck_assert_str_eq(certificate->unit_name, "TKE Administration");
    test_bytes_check(certificate->ski, sizeof certificate->ski, ANNEX_SKI_A);
    test_bytes_check(certificate->key_der->data, certificate->key_der->len, ANNEX_POINT_A);
    ck_assert(tke_ec_key_is_p521(certificate->key));
}
END_TEST

START_TEST(test_control_characters_of_a_name_are_not_passed_on)
{
    g_autoptr(TkeCertificate) certificate = parse(HOSTILE, NULL);

    ck_assert_ptr_nonnull(certificate);
    ck_assert_str_eq(certificate->common_name, "J\xc3\xbcrgen ?[31m?");
    ck_assert_ptr_null(certificate->unit_name);
    test_bytes_check(certificate->ski, sizeof certificate->ski, ED25519_SKI);
    ck_assert_ptr_nonnull(certificate->key);
}
END_TEST

START_TEST(test_a_certificate_without_names_is_taken)
{
    g_autoptr(TkeCertificate) certificate = parse(NAMELESS, NULL);

    ck_assert_ptr_nonnull(certificate);
    ck_assert_ptr_null(certificate->common_name);
    ck_assert_ptr_null(certificate->unit_name);
}
END_TEST

START_TEST(test_a_key_of_an_unknown_kind_still_has_an_identifier)
{
    g_autoptr(GByteArray) der = test_bytes(NAMELESS);
    g_autoptr(TkeCertificate) certificate = NULL;
    static const uint8_t algorithm[] = { 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03 };
    uint8_t *at = memmem(der->data, der->len, algorithm, sizeof algorithm);

    ck_assert_ptr_nonnull(at);
    at[6] = 0x7f; /* 1.3.101.127 is nothing */
    certificate = tke_certificate_parse(der->data, der->len, NULL);
    ck_assert_ptr_nonnull(certificate);
    ck_assert_ptr_null(certificate->key);
    test_bytes_check(certificate->ski, sizeof certificate->ski, ED25519_SKI);
}
END_TEST

START_TEST(test_every_shortened_certificate_is_refused)
{
    g_autoptr(GByteArray) der = test_bytes(ALICE);

    for (guint len = 0; len < der->len; len++) {
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(tke_certificate_parse(der->data, len, &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    }
}
END_TEST

START_TEST(test_bytes_behind_a_certificate_are_refused)
{
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(parse(ALICE "00", &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_an_administrator_certificate_shows_name_and_key);
    tcase_add_test(tests, test_control_characters_of_a_name_are_not_passed_on);
    tcase_add_test(tests, test_a_certificate_without_names_is_taken);
    tcase_add_test(tests, test_a_key_of_an_unknown_kind_still_has_an_identifier);
    tcase_add_test(tests, test_every_shortened_certificate_is_refused);
    tcase_add_test(tests, test_bytes_behind_a_certificate_are_refused);
}

int
main(void)
{
    return test_main("certificate", add_tests);
}
