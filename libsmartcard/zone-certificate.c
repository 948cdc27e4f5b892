/*
 * Certificates of zones and cards, requests for them, signatures under a label
 * (card-protocol.md, 5.1, 5.2, 6.2 and 8.1).
 */
#include "libsmartcard/zone-certificate.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/byte-builder.h"
#include "common/byte-cursor.h"
#include "common/tlv.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"

#define BODY_VERSION 0x01u

static bool
fail_layout(GError **error)
{
    g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PROTOCOL,
                _("the certificate does not have the form of the card protocol"));
    return false;
}

static bool
not_genuine(GError **error, const char *why)
{
    g_set_error_literal(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE, why);
    return false;
}

/* Content of 7F4E. A description belongs to the zone's own certificate, and to that always. */
static bool
parse_body(TkeByteCursor body, TkeZoneCertificate *c)
{
    uint8_t version = 0;

    if (!tke_tlv_read_exact(&body, TKE_TAG_BODY_VERSION, &version, 1) || version != BODY_VERSION ||
        !tke_tlv_read_exact(&body, TKE_TAG_BODY_ZONE_ID, c->zone_id, sizeof c->zone_id) ||
        !tke_tlv_read_exact(&body, TKE_TAG_BODY_CARD_ID, c->card_id, sizeof c->card_id) ||
        !tke_tlv_read_exact(&body, TKE_TAG_BODY_ROLE, &c->role, 1) ||
        !tke_card_read_point(&body, c->point)) {
        return false;
    }
    if (c->role == TKE_ZONE_ROLE_ZONE &&
        !tke_card_read_text(&body, TKE_TAG_ZONE_DESCRIPTION, 0, c->description)) {
        return false;
    }
    return tke_byte_cursor_left(&body) == 0;
}

/* 7F4E and 5F37, nothing after them. */
static bool
parse_signed_body(TkeByteCursor cursor, TkeZoneCertificate *c)
{
    TkeByteCursor whole = cursor;
    TkeByteCursor body = { 0 };

    if (!tke_tlv_read(&cursor, TKE_TAG_BODY, &body)) {
        return false;
    }
    c->body_len = cursor.pos - whole.pos;
    return c->body_len <= sizeof c->body && tke_byte_cursor_copy(&whole, c->body, c->body_len) &&
           parse_body(body, c) &&
           tke_card_read_signature(&cursor, c->signature, &c->signature_len) &&
           tke_byte_cursor_left(&cursor) == 0;
}

bool
tke_zone_certificate_parse(const uint8_t *bytes, size_t len, TkeZoneCertificate *certificate,
                           GError **error)
{
    TkeByteCursor cursor = tke_byte_cursor(bytes, len);
    TkeByteCursor content = { 0 };
    TkeZoneCertificate read = { 0 };

    if (!tke_tlv_read(&cursor, TKE_TAG_CERTIFICATE, &content) ||
        tke_byte_cursor_left(&cursor) != 0 || !parse_signed_body(content, &read)) {
        return fail_layout(error);
    }
    *certificate = read;
    return true;
}

bool
tke_zone_request_parse(const uint8_t *bytes, size_t len, TkeZoneRequest *request, GError **error)
{
    TkeZoneRequest read = { 0 };

    if (!parse_signed_body(tke_byte_cursor(bytes, len), &read)) {
        return fail_layout(error);
    }
    *request = read;
    return true;
}

void
tke_zone_certificate_write(const TkeZoneCertificate *certificate,
                           uint8_t out[static TKE_ZONE_CERTIFICATE_MAX], size_t *len)
{
    TkeByteBuilder b = { .out = out, .size = TKE_ZONE_CERTIFICATE_MAX };

    tke_tlv_header(&b, TKE_TAG_CERTIFICATE,
                   certificate->body_len +
                       tke_tlv_size(TKE_TAG_SIGNATURE, certificate->signature_len));
    tke_byte_builder_bytes(&b, certificate->body, certificate->body_len);
    tke_tlv_object(&b, TKE_TAG_SIGNATURE, certificate->signature, certificate->signature_len);
    g_assert(!b.failed);
    *len = b.len;
}

void
tke_zone_label_append(GByteArray *out, const char *label, const uint8_t *m, size_t len)
{
    TkeByteBuilder b = tke_byte_builder_into(out, strlen(label) + len + 16);

    tke_byte_builder_text(&b, "OpenTKE:");
    tke_byte_builder_text(&b, label);
    tke_byte_builder_u8(&b, 0);
    tke_byte_builder_bytes(&b, m, len);
    g_assert(!b.failed);
}

bool
tke_zone_label_verify(const uint8_t point[static TKE_EC_POINT_LEN], const char *label,
                      const uint8_t *m, size_t len, const uint8_t *signature, size_t signature_len,
                      GError **error)
{
    g_autoptr(GByteArray) message = g_byte_array_new();
    g_autoptr(EVP_PKEY) key = tke_ec_key_from_point(point, TKE_EC_POINT_LEN, NULL);

    tke_zone_label_append(message, label, m, len);
    if (key == NULL ||
        !tke_ec_key_verify(key, message->data, message->len, signature, signature_len, NULL)) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE,
                    _("a signature (\"%s\") does not verify"), label);
        return false;
    }
    return true;
}

bool
tke_zone_certificate_check_zone(const TkeZoneCertificate *certificate, GError **error)
{
    g_autoptr(EVP_PKEY) key = NULL;
    uint8_t hash[32] = { 0 };

    if (certificate->role != TKE_ZONE_ROLE_ZONE ||
        !tke_card_is_zero(certificate->card_id, sizeof certificate->card_id)) {
        return not_genuine(error, _("the zone's certificate is not that of a zone"));
    }
    key = tke_ec_key_from_point(certificate->point, sizeof certificate->point, error);
    if (key == NULL || !tke_ec_key_get_ski(key, hash, error)) {
        return false;
    }
    if (memcmp(hash, certificate->zone_id, TKE_ZONE_ID_LEN) != 0 ||
        tke_card_is_zero(certificate->zone_id, TKE_ZONE_ID_LEN)) {
        return not_genuine(error, _("the zone id does not belong to the zone's key"));
    }
    if (!tke_zone_label_verify(certificate->point, "certificate", certificate->body,
                               certificate->body_len, certificate->signature,
                               certificate->signature_len, NULL)) {
        return not_genuine(error, _("the zone's certificate is not signed by its key"));
    }
    return true;
}

static bool
check_card_body(const TkeZoneCertificate *c, const TkeZoneCertificate *zone, const uint8_t *card_id,
                GError **error)
{
    if (c->role != TKE_ZONE_ROLE_CARD) {
        return not_genuine(error, _("the card's certificate is not that of an EP11 card"));
    }
    if (memcmp(c->zone_id, zone->zone_id, TKE_ZONE_ID_LEN) != 0) {
        return not_genuine(error, _("the card's certificate names another zone"));
    }
    if (tke_card_is_zero(c->card_id, TKE_CARD_ID_LEN) ||
        (card_id != NULL && memcmp(c->card_id, card_id, TKE_CARD_ID_LEN) != 0)) {
        return not_genuine(error, _("the card's certificate names another card"));
    }
    return true;
}

bool
tke_zone_certificate_check_card(const TkeZoneCertificate *certificate,
                                const TkeZoneCertificate *zone, const uint8_t *card_id,
                                GError **error)
{
    if (!check_card_body(certificate, zone, card_id, error)) {
        return false;
    }
    if (!tke_zone_label_verify(zone->point, "certificate", certificate->body, certificate->body_len,
                               certificate->signature, certificate->signature_len, NULL)) {
        return not_genuine(error, _("the card's certificate is not signed by the zone's CA"));
    }
    return true;
}

bool
tke_zone_request_check(const TkeZoneRequest *request, const TkeZoneCertificate *zone,
                       const uint8_t *card_id, GError **error)
{
    if (!check_card_body(request, zone, card_id, error)) {
        return false;
    }
    if (!tke_zone_label_verify(request->point, "enrol", request->body, request->body_len,
                               request->signature, request->signature_len, NULL)) {
        return not_genuine(error, _("the card's request is not signed by the key in it"));
    }
    return true;
}

static bool
query_certificate(TkeCard *card, uint8_t p2, const char *what, TkeZoneCertificate *certificate,
                  GError **error)
{
    TkeCardAnswer answer;
    g_autoptr(GError) inner = NULL;

    if (!tke_card_get(card, 0, p2, what, &answer, error)) {
        return false;
    }
    if (!tke_zone_certificate_parse(answer.data, answer.len, certificate, &inner)) {
        return tke_card_fail(card, error, g_steal_pointer(&inner));
    }
    return true;
}

bool
tke_card_query_zone_certificate(TkeCard *card, TkeZoneCertificate *certificate, GError **error)
{
    TkeZoneCertificate read = { 0 };
    g_autoptr(GError) inner = NULL;

    if (!query_certificate(card, TKE_GET_ZONE_CERTIFICATE, _("reading the zone's certificate"),
                           &read, error)) {
        return false;
    }
    if (!tke_zone_certificate_check_zone(&read, &inner)) {
        return tke_card_fail(card, error, g_steal_pointer(&inner));
    }
    *certificate = read;
    return true;
}

bool
tke_card_query_own_certificate(TkeCard *card, TkeZoneCertificate *certificate, GError **error)
{
    return query_certificate(card, TKE_GET_OWN_CERTIFICATE, _("reading the card's certificate"),
                             certificate, error);
}
