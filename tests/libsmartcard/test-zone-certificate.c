/*
 * Certificates, requests and seals that the test makes itself (card-protocol.md, 5.1, 5.2 and 5.4).
 */
#include <string.h>

#include "common/byte-builder.h"
#include "common/error.h"
#include "common/tlv.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/card-seal.h"
#include "libsmartcard/zone-certificate.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

typedef struct Maker {
    EVP_PKEY *zone_key, *card_key;
    uint8_t zone_id[32], zone_point[TKE_EC_POINT_LEN], card_point[TKE_EC_POINT_LEN];
} Maker;

static void
maker_clear(Maker *m)
{
    EVP_PKEY_free(m->zone_key);
    EVP_PKEY_free(m->card_key);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Maker, maker_clear)

static Maker
make_keys(void)
{
    Maker m = { .zone_key = tke_ec_key_generate(NULL), .card_key = tke_ec_key_generate(NULL) };

    ck_assert(tke_ec_key_get_point(m.zone_key, m.zone_point, NULL));
    ck_assert(tke_ec_key_get_ski(m.zone_key, m.zone_id, NULL));
    ck_assert(tke_ec_key_get_point(m.card_key, m.card_point, NULL));
    return m;
}

static const uint8_t card_id[TKE_CARD_ID_LEN] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static const uint8_t no_id[TKE_CARD_ID_LEN] = { 0 };

/* 7F4E{…}; description NULL: none. */
static GByteArray *
make_body(const Maker *m, const uint8_t *id, uint8_t role, const uint8_t *point,
          const char *description)
{
    g_autoptr(GByteArray) content = g_byte_array_new();
    GByteArray *body = g_byte_array_new();
    TkeByteBuilder b = tke_byte_builder_into(content, 300);
    TkeByteBuilder outer = tke_byte_builder_into(body, 300);
    const uint8_t version = 1;

    tke_tlv_object(&b, 0x5F29, &version, 1);
    tke_tlv_object(&b, 0x42, m->zone_id, TKE_ZONE_ID_LEN);
    tke_tlv_object(&b, 0x5F20, id, TKE_CARD_ID_LEN);
    tke_tlv_object(&b, 0x53, &role, 1);
    tke_tlv_object(&b, 0x86, point, TKE_EC_POINT_LEN);
    if (description != NULL) {
        tke_tlv_object(&b, 0x85, (const uint8_t *) description, strlen(description));
    }
    tke_tlv_object(&outer, 0x7F4E, content->data, content->len);
    ck_assert(!b.failed && !outer.failed);
    return body;
}

/* Body and signature; in_7f21: as a certificate. */
static GByteArray *
sign_body(const GByteArray *body, EVP_PKEY *key, const char *label, bool in_7f21)
{
    g_autoptr(GByteArray) message = g_byte_array_new();
    g_autoptr(GByteArray) content = g_byte_array_new();
    GByteArray *whole = g_byte_array_new();
    TkeByteBuilder b = tke_byte_builder_into(content, 600);
    TkeByteBuilder outer = tke_byte_builder_into(whole, 600);
    uint8_t signature[TKE_EC_SIGNATURE_MAX];
    size_t len = 0;

    tke_zone_label_append(message, label, body->data, body->len);
    ck_assert(tke_ec_key_sign(key, message->data, message->len, signature, &len, NULL));
    tke_byte_builder_bytes(&b, body->data, body->len);
    tke_tlv_object(&b, 0x5F37, signature, len);
    if (in_7f21) {
        tke_tlv_object(&outer, 0x7F21, content->data, content->len);
    } else {
        tke_byte_builder_bytes(&outer, content->data, content->len);
    }
    ck_assert(!b.failed && !outer.failed);
    return whole;
}

static TkeZoneCertificate
zone_certificate(const Maker *m)
{
    g_autoptr(GByteArray) body =
        make_body(m, no_id, TKE_ZONE_ROLE_ZONE, m->zone_point, "Test zone");
    g_autoptr(GByteArray) bytes = sign_body(body, m->zone_key, "certificate", true);
    TkeZoneCertificate zone = { 0 };

    ck_assert(tke_zone_certificate_parse(bytes->data, bytes->len, &zone, NULL));
    return zone;
}

START_TEST(test_certificates_verify_and_come_back_as_they_were)
{
    g_auto(Maker) m = make_keys();
    const TkeZoneCertificate zone = zone_certificate(&m);
    g_autoptr(GByteArray) body = make_body(&m, card_id, TKE_ZONE_ROLE_CARD, m.card_point, NULL);
    g_autoptr(GByteArray) bytes = sign_body(body, m.zone_key, "certificate", true);
    TkeZoneCertificate card = { 0 };
    uint8_t out[TKE_ZONE_CERTIFICATE_MAX];
    size_t len = 0;
    g_autoptr(GError) error = NULL;

    ck_assert(tke_zone_certificate_check_zone(&zone, &error));
    ck_assert_str_eq(zone.description, "Test zone");
    ck_assert(tke_zone_certificate_parse(bytes->data, bytes->len, &card, &error));
    ck_assert(tke_zone_certificate_check_card(&card, &zone, card_id, &error));
    ck_assert(tke_zone_certificate_check_card(&card, &zone, NULL, &error));
    tke_zone_certificate_write(&card, out, &len);
    ck_assert_uint_eq(len, bytes->len);
    ck_assert_mem_eq(out, bytes->data, len);
    ck_assert(!tke_zone_certificate_check_card(&card, &zone, zone.zone_id, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE);
    g_clear_error(&error);
    ck_assert(!tke_zone_certificate_check_card(&zone, &zone, NULL, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE);
    g_clear_error(&error);
    ck_assert(!tke_zone_certificate_check_zone(&card, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE);
}
END_TEST

START_TEST(test_a_certificate_with_any_other_byte_is_refused)
{
    g_auto(Maker) m = make_keys();
    const TkeZoneCertificate zone = zone_certificate(&m);
    g_autoptr(GByteArray) body = make_body(&m, card_id, TKE_ZONE_ROLE_CARD, m.card_point, NULL);
    g_autoptr(GByteArray) bytes = sign_body(body, m.zone_key, "certificate", true);

    for (guint i = 0; i < bytes->len; i++) {
        TkeZoneCertificate card = { 0 };

        bytes->data[i] ^= 0x01;
        ck_assert_msg(!tke_zone_certificate_parse(bytes->data, bytes->len, &card, NULL) ||
                          !tke_zone_certificate_check_card(&card, &zone, card_id, NULL),
                      "byte %u", i);
        bytes->data[i] ^= 0x01;
        ck_assert_msg(!tke_zone_certificate_parse(bytes->data, i, &card, NULL), "cut at %u", i);
    }
}
END_TEST

START_TEST(test_requests_prove_the_key_in_them)
{
    g_auto(Maker) m = make_keys();
    g_auto(Maker) other = make_keys();
    const TkeZoneCertificate zone = zone_certificate(&m);
    const TkeZoneCertificate other_zone = zone_certificate(&other);
    g_autoptr(GByteArray) body = make_body(&m, card_id, TKE_ZONE_ROLE_CARD, m.card_point, NULL);
    g_autoptr(GByteArray) right = sign_body(body, m.card_key, "enrol", false);
    g_autoptr(GByteArray) label = sign_body(body, m.card_key, "certificate", false);
    g_autoptr(GByteArray) key = sign_body(body, m.zone_key, "enrol", false);
    g_autoptr(GByteArray) anonymous_body =
        make_body(&m, no_id, TKE_ZONE_ROLE_CARD, m.card_point, NULL);
    g_autoptr(GByteArray) anonymous = sign_body(anonymous_body, m.card_key, "enrol", false);
    const GByteArray *const wrong[] = { label, key, anonymous };
    TkeZoneRequest request = { 0 };
    g_autoptr(GError) error = NULL;

    ck_assert(tke_zone_request_parse(right->data, right->len, &request, &error));
    ck_assert(tke_zone_request_check(&request, &zone, card_id, &error));
    ck_assert(!tke_zone_request_check(&request, &other_zone, card_id, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_clear_error(&error);
        ck_assert(tke_zone_request_parse(wrong[i]->data, wrong[i]->len, &request, NULL));
        ck_assert(!tke_zone_request_check(&request, &zone, NULL, &error));
        test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE);
    }
    /* A request is no certificate and a certificate no request. */
    ck_assert(!tke_zone_certificate_parse(right->data, right->len, &request, NULL));
}
END_TEST

START_TEST(test_the_largest_seal_fits_and_a_larger_one_is_refused)
{
    static const TkeCardAgreement agreement = { .zone_id = { 1 } };
    static const uint8_t iv[16] = { 0 };
    g_autoptr(TkeSecret) z = tke_secret_new_random(66, NULL);
    g_autoptr(TkeCardSealKeys) keys = tke_card_seal_keys_new(z, "import keys", &agreement, NULL);
    g_autoptr(TkeSecret) most = tke_secret_new(TKE_CARD_SEAL_PLAIN_MAX, NULL);
    g_autoptr(TkeSecret) least = tke_secret_new(1, NULL);
    g_autoptr(TkeSecret) more = tke_secret_new(TKE_CARD_SEAL_PLAIN_MAX + 1, NULL);
    uint8_t out[TKE_CARD_SEAL_MAX];
    uint8_t again[TKE_CARD_SEAL_MAX];
    size_t len = 0;
    g_autoptr(GError) error = NULL;

    ck_assert(tke_card_seal_close(keys, 1, iv, most, out, &len, &error));
    ck_assert_uint_eq(len, TKE_CARD_SEAL_MAX);
    ck_assert(tke_card_seal_close(keys, 1, iv, least, out, &len, &error));
    ck_assert_uint_eq(len, TKE_CARD_SEAL_MIN);
    /* The number is part of the seal, not of the text. */
    ck_assert(tke_card_seal_close(keys, 2, iv, least, again, &len, &error));
    ck_assert_mem_eq(out, again, len - 16);
    ck_assert_mem_ne(out + len - 16, again + len - 16, 16);
    ck_assert(!tke_card_seal_close(keys, 1, iv, more, out, &len, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_certificates_verify_and_come_back_as_they_were);
    tcase_add_test(tests, test_a_certificate_with_any_other_byte_is_refused);
    tcase_add_test(tests, test_requests_prove_the_key_in_them);
    tcase_add_test(tests, test_the_largest_seal_fits_and_a_larger_one_is_refused);
}

int
main(void)
{
    return test_main("zone-certificate", add_tests);
}
