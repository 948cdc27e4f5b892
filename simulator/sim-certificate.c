/*
 * Certificates of zones and cards (card-protocol.md, 5.2).
 */
#include "simulator/sim-certificate.h"

#include <string.h>

#include "common/tlv.h"
#include "simulator/sim-card-crypto.h"

#define TAG_VERSION 0x5F29u
#define TAG_ZONE_ID 0x42u
#define TAG_CARD_ID 0x5F20u
#define TAG_ROLE 0x53u
#define VERSION 0x01u

bool
sim_certificate_id_is_zero(const uint8_t id[static SIM_CARD_ID_LEN])
{
    static const uint8_t zero[SIM_CARD_ID_LEN] = { 0 };

    return memcmp(id, zero, sizeof zero) == 0;
}

void
sim_certificate_body(TkeByteBuilder *out, const uint8_t zone_id[static SIM_CARD_ID_LEN],
                     const uint8_t card_id[static SIM_CARD_ID_LEN],
                     const uint8_t point[static SIM_POINT_LEN], const SimText *zone_description)
{
    uint8_t inner[SIM_CERTIFICATE_MAX] = { 0 };
    TkeByteBuilder b = { .out = inner, .size = sizeof inner };
    uint8_t role = zone_description != NULL ? SIM_ROLE_ZONE : SIM_ROLE_CARD;

    tke_tlv_object(&b, TAG_VERSION, (const uint8_t[]){ VERSION }, 1);
    tke_tlv_object(&b, TAG_ZONE_ID, zone_id, SIM_CARD_ID_LEN);
    tke_tlv_object(&b, TAG_CARD_ID, card_id, SIM_CARD_ID_LEN);
    tke_tlv_object(&b, TAG_ROLE, &role, 1);
    tke_tlv_object(&b, SIM_TAG_POINT, point, SIM_POINT_LEN);
    if (zone_description != NULL) {
        tke_tlv_object(&b, SIM_TAG_ZONE_DESCRIPTION, (const uint8_t *) zone_description->text,
                       zone_description->len);
    }
    g_assert(!b.failed);
    tke_tlv_object(out, SIM_TAG_BODY, inner, b.len);
}

void
sim_certificate_build(SimCertificateBytes *out, const uint8_t *body, size_t body_len,
                      const uint8_t *signature, size_t signature_len)
{
    TkeByteBuilder b = { .out = out->bytes, .size = sizeof out->bytes };

    memset(out->bytes, 0, sizeof out->bytes);
    tke_tlv_header(&b, SIM_TAG_CERTIFICATE,
                   body_len + tke_tlv_size(SIM_TAG_SIGNATURE, signature_len));
    tke_byte_builder_bytes(&b, body, body_len);
    tke_tlv_object(&b, SIM_TAG_SIGNATURE, signature, signature_len);
    g_assert(!b.failed);
    out->len = (uint16_t) b.len;
}

bool
sim_certificate_read_request(TkeByteCursor *data, bool zone, SimBody *body)
{
    TkeByteCursor inner = { 0 };
    TkeByteCursor signature = { 0 };
    size_t start = data->pos;

    memset(body, 0, sizeof *body);
    if (!tke_tlv_read(data, SIM_TAG_BODY, &inner)) {
        return false;
    }
    body->bytes = data->data + start;
    body->len = data->pos - start;
    if (!tke_tlv_read_exact(&inner, TAG_VERSION, &body->version, 1) ||
        !tke_tlv_read_exact(&inner, TAG_ZONE_ID, body->zone_id, SIM_CARD_ID_LEN) ||
        !tke_tlv_read_exact(&inner, TAG_CARD_ID, body->card_id, SIM_CARD_ID_LEN) ||
        !tke_tlv_read_exact(&inner, TAG_ROLE, &body->role, 1) ||
        !tke_tlv_read_exact(&inner, SIM_TAG_POINT, body->point, SIM_POINT_LEN)) {
        return false;
    }
    if (zone && !sim_card_read_text(&inner, SIM_TAG_ZONE_DESCRIPTION, &body->zone_description)) {
        return false;
    }
    if (!sim_card_read_end(&inner) || !sim_card_read_signature(data, &signature)) {
        return false;
    }
    body->signature = signature.data + signature.pos;
    body->signature_len = tke_byte_cursor_left(&signature);
    return true;
}

bool
sim_certificate_read(TkeByteCursor *data, bool zone, SimBody *body)
{
    TkeByteCursor inner = { 0 };

    return tke_tlv_read(data, SIM_TAG_CERTIFICATE, &inner) &&
           sim_certificate_read_request(&inner, zone, body) && sim_card_read_end(&inner);
}

uint16_t
sim_certificate_check_zone(SimCard *card, const SimBody *body)
{
    uint8_t hash[SIM_HASH_LEN] = { 0 };
    uint16_t sw = sim_crypto_hash(body->point, SIM_POINT_LEN, hash);

    if (sw != SIM_SW_DONE) {
        return sw;
    }
    if (body->version != VERSION || body->role != SIM_ROLE_ZONE ||
        !sim_certificate_id_is_zero(body->card_id) ||
        memcmp(hash, body->zone_id, SIM_CARD_ID_LEN) != 0) {
        return SIM_SW_WRONG;
    }
    return sim_crypto_verify(card, body->point, "certificate", body->bytes, body->len,
                             body->signature, body->signature_len);
}

uint16_t
sim_certificate_check_card(SimCard *card, const SimBody *body,
                           const uint8_t zone_id[static SIM_CARD_ID_LEN],
                           const uint8_t zone_point[static SIM_POINT_LEN],
                           const uint8_t own_id[static SIM_CARD_ID_LEN])
{
    uint16_t sw = sim_crypto_check_point(body->point);

    if (sw != SIM_SW_DONE) {
        return sw;
    }
    if (body->version != VERSION || body->role != SIM_ROLE_CARD ||
        memcmp(body->zone_id, zone_id, SIM_CARD_ID_LEN) != 0 ||
        memcmp(body->card_id, own_id, SIM_CARD_ID_LEN) == 0 ||
        sim_certificate_id_is_zero(body->card_id)) {
        return SIM_SW_WRONG;
    }
    return sim_crypto_verify(card, zone_point, "certificate", body->bytes, body->len,
                             body->signature, body->signature_len);
}

uint16_t
sim_certificate_check_request(SimCard *card, const SimBody *body,
                              const uint8_t zone_id[static SIM_CARD_ID_LEN])
{
    if (body->version != VERSION || body->role != SIM_ROLE_CARD ||
        memcmp(body->zone_id, zone_id, SIM_CARD_ID_LEN) != 0 ||
        sim_certificate_id_is_zero(body->card_id)) {
        return SIM_SW_WRONG;
    }
    return sim_crypto_verify(card, body->point, "enrol", body->bytes, body->len, body->signature,
                             body->signature_len);
}
