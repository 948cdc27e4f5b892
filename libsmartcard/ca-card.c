/*
 * CA card in use (card-protocol.md, 7.2 and 7.3).
 */
#include "libsmartcard/ca-card.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/byte-builder.h"
#include "common/tlv.h"
#include "libsmartcard/card-objects.h"
#include "libsmartcard/card-private.h"

/* An answer that is one signature and nothing else. */
static bool
take_signature(TkeCard *ca, const TkeCardAnswer *answer, const char *what,
               uint8_t signature[static TKE_EC_SIGNATURE_MAX], size_t *len, GError **error)
{
    TkeByteCursor cursor = tke_byte_cursor(answer->data, answer->len);

    if (!tke_card_read_signature(&cursor, signature, len) || tke_byte_cursor_left(&cursor) != 0) {
        tke_card_set_protocol_error(ca, what, error);
        return false;
    }
    return true;
}

bool
tke_ca_card_certify(TkeCard *ca, const TkeZoneCertificate *zone, const TkeZoneRequest *request,
                    TkeZoneCertificate *certificate, GError **error)
{
    uint8_t data[TKE_ZONE_CERTIFICATE_MAX];
    TkeByteBuilder b = { .out = data, .size = sizeof data };
    TkeCardAnswer answer;
    TkeZoneCertificate made = *request;
    g_autoptr(GError) inner = NULL;

    if (!tke_zone_request_check(request, zone, NULL, error)) {
        return false;
    }
    tke_byte_builder_bytes(&b, request->body, request->body_len);
    tke_tlv_object(&b, TKE_TAG_SIGNATURE, request->signature, request->signature_len);
    g_assert(!b.failed);
    if (!tke_card_call(ca, TKE_INS_PERFORM, 0x01, 0, data, b.len, _("certifying the card"), &answer,
                       error) ||
        !take_signature(ca, &answer, _("certifying the card"), made.signature, &made.signature_len,
                        error)) {
        return false;
    }
    if (!tke_zone_certificate_check_card(&made, zone, NULL, &inner)) {
        return tke_card_fail(ca, error, g_steal_pointer(&inner));
    }
    *certificate = made;
    return true;
}

bool
tke_ca_card_authorise_unblock(TkeCard *ca, const TkeZoneCertificate *zone,
                              const uint8_t card_id[static TKE_CARD_ID_LEN],
                              const uint8_t challenge[static TKE_CARD_CHALLENGE_LEN],
                              uint8_t signature[static TKE_EC_SIGNATURE_MAX], size_t *signature_len,
                              GError **error)
{
    uint8_t data[2 + TKE_CARD_ID_LEN + 2 + TKE_CARD_CHALLENGE_LEN];
    uint8_t message[TKE_ZONE_ID_LEN + TKE_CARD_ID_LEN + TKE_CARD_CHALLENGE_LEN];
    uint8_t made[TKE_EC_SIGNATURE_MAX];
    TkeByteBuilder b = { .out = data, .size = sizeof data };
    TkeByteBuilder m = { .out = message, .size = sizeof message };
    TkeCardAnswer answer;
    size_t made_len = 0;
    g_autoptr(GError) inner = NULL;

    tke_tlv_object(&b, TKE_TAG_CARD_ID, card_id, TKE_CARD_ID_LEN);
    tke_tlv_object(&b, TKE_TAG_NONCE, challenge, TKE_CARD_CHALLENGE_LEN);
    tke_byte_builder_bytes(&m, zone->zone_id, TKE_ZONE_ID_LEN);
    tke_byte_builder_bytes(&m, card_id, TKE_CARD_ID_LEN);
    tke_byte_builder_bytes(&m, challenge, TKE_CARD_CHALLENGE_LEN);
    g_assert(!b.failed && !m.failed);
    if (!tke_card_call(ca, TKE_INS_PERFORM, 0x02, 0, data, b.len, _("authorising the unblock"),
                       &answer, error) ||
        !take_signature(ca, &answer, _("authorising the unblock"), made, &made_len, error)) {
        return false;
    }
    if (!tke_zone_label_verify(zone->point, "unblock", message, m.len, made, made_len, &inner)) {
        return tke_card_fail(ca, error, g_steal_pointer(&inner));
    }
    memcpy(signature, made, made_len);
    *signature_len = made_len;
    return true;
}
