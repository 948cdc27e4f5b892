/*
 * The CA applet (card-protocol.md, 7): zone, certificates of EP11 cards, unblocking, backup.
 */
#include <string.h>

#include "common/tlv.h"
#include "simulator/sim-card-crypto.h"
#include "simulator/sim-certificate.h"
#include "simulator/sim-usage-log.h"

#define BACKUP_SEALED_LEN 112u
#define RECORD_ZONE_SECRET 0x03u
#define BACKUP_RECORD_LEN (1 + SIM_SCALAR_LEN)

/* Takes over a zone: certificate and what is known from it. */
static void
keep_zone(SimCardState *state, const SimBody *body, const SimCertificateBytes *certificate)
{
    memcpy(state->zone_id, body->zone_id, SIM_CARD_ID_LEN);
    memcpy(state->zone_point, body->point, SIM_POINT_LEN);
    state->zone_description = body->zone_description;
    state->zone_certificate = *certificate;
    state->life_cycle = 0x03;
}

/* 7.1 */
static uint16_t
make_zone(SimCard *card, const SimCall *call)
{
    SimCardState *state = &card->state;
    TkeByteCursor data = call->data;
    SimText zone = { 0 };
    SimText description = { 0 };
    SimBody body = { 0 };
    SimCertificateBytes certificate = { 0 };
    uint8_t hash[SIM_HASH_LEN] = { 0 };
    uint8_t bytes[SIM_CERTIFICATE_MAX] = { 0 };
    TkeByteBuilder b = { .out = bytes, .size = sizeof bytes };
    uint8_t signature[SIM_SIGNATURE_MAX] = { 0 };
    size_t len = 0;
    uint16_t sw = 0;

    if (!sim_card_read_text(&data, SIM_TAG_ZONE_DESCRIPTION, &zone) ||
        !sim_card_read_text(&data, SIM_TAG_DESCRIPTION, &description) ||
        !sim_card_read_end(&data)) {
        return SIM_SW_DATA;
    }
    if (!sim_usage_log_has_room(state, 1)) {
        return SIM_SW_NO_ROOM;
    }
    sw = sim_crypto_generate(card, SIM_DRAW_ZONE_KEY, &state->zone_key);
    if (sw == SIM_SW_DONE) {
        sw = sim_crypto_hash(state->zone_key.point, SIM_POINT_LEN, hash);
    }
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    memcpy(body.zone_id, hash, SIM_CARD_ID_LEN);
    memcpy(body.point, state->zone_key.point, SIM_POINT_LEN);
    body.zone_description = zone;
    sim_certificate_body(&b, body.zone_id, body.card_id, body.point, &zone);
    sw = sim_crypto_sign(card, &state->zone_key, "certificate", bytes, b.len, signature, &len);
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    sim_certificate_build(&certificate, bytes, b.len, signature, len);
    keep_zone(state, &body, &certificate);
    state->description = description;
    if (!sim_usage_log_add(state, SIM_USE_ZONE_MADE, 0, state->zone_id, NULL)) {
        return SIM_SW_INTERNAL;
    }
    tke_byte_builder_bytes(&card->out, certificate.bytes, certificate.len);
    return sim_card_commit(card);
}

/* Signs with the zone key and puts the signature into the answer. */
static uint16_t
answer_signed(SimCard *card, const char *label, const uint8_t *message, size_t message_len)
{
    uint8_t signature[SIM_SIGNATURE_MAX] = { 0 };
    size_t len = 0;
    uint16_t sw =
        sim_crypto_sign(card, &card->state.zone_key, label, message, message_len, signature, &len);

    if (sw == SIM_SW_DONE) {
        sim_card_write(card, SIM_TAG_SIGNATURE, signature, len);
    }
    return sw;
}

static uint16_t
log_use(SimCard *card, SimUse use, const uint8_t *x, const uint8_t *y)
{
    return sim_usage_log_add(&card->state, use, 0, x, y) ? sim_card_commit(card) : SIM_SW_INTERNAL;
}

/* 7.2 */
static uint16_t
certify(SimCard *card, const SimCall *call)
{
    TkeByteCursor data = call->data;
    SimBody body = { 0 };
    uint8_t hash[SIM_HASH_LEN] = { 0 };
    uint16_t sw = 0;

    if (!sim_certificate_read_request(&data, false, &body) || !sim_card_read_end(&data)) {
        return SIM_SW_DATA;
    }
    if (!sim_usage_log_has_room(&card->state, 1)) {
        return SIM_SW_NO_ROOM;
    }
    sw = sim_certificate_check_request(card, &body, card->state.zone_id);
    if (sw == SIM_SW_DONE) {
        sw = sim_crypto_hash(body.point, SIM_POINT_LEN, hash);
    }
    if (sw == SIM_SW_DONE) {
        sw = answer_signed(card, "certificate", body.bytes, body.len);
    }
    return sw == SIM_SW_DONE ? log_use(card, SIM_USE_CERTIFIED, body.card_id, hash) : sw;
}

/* 7.3 */
static uint16_t
authorise_unblock(SimCard *card, const SimCall *call)
{
    TkeByteCursor data = call->data;
    uint8_t id[SIM_CARD_ID_LEN] = { 0 };
    uint8_t challenge[SIM_NONCE_LEN] = { 0 };
    uint8_t text[2 * SIM_CARD_ID_LEN + SIM_NONCE_LEN] = { 0 };
    TkeByteBuilder b = { .out = text, .size = sizeof text };
    uint16_t sw = 0;

    if (!tke_tlv_read_exact(&data, SIM_TAG_CARD_ID, id, sizeof id) ||
        !tke_tlv_read_exact(&data, SIM_TAG_NONCE, challenge, sizeof challenge) ||
        !sim_card_read_end(&data)) {
        return SIM_SW_DATA;
    }
    if (!sim_usage_log_has_room(&card->state, 1)) {
        return SIM_SW_NO_ROOM;
    }
    tke_byte_builder_bytes(&b, card->state.zone_id, SIM_CARD_ID_LEN);
    tke_byte_builder_bytes(&b, id, sizeof id);
    tke_byte_builder_bytes(&b, challenge, sizeof challenge);
    sw = answer_signed(card, "unblock", text, b.len);
    return sw == SIM_SW_DONE ? log_use(card, SIM_USE_UNBLOCK_AUTHORISED, id, challenge) : sw;
}

/* Id, point and nonce of one side of a backup. */
typedef struct BackupSide {
    uint8_t id[SIM_CARD_ID_LEN];
    uint8_t point[SIM_POINT_LEN];
    uint8_t nonce[SIM_NONCE_LEN];
} BackupSide;

static void
write_side(SimCard *card, const SimKeyPair *ephemeral, const uint8_t nonce[static SIM_NONCE_LEN])
{
    sim_card_write(card, SIM_TAG_CARD_ID, card->state.id, SIM_CARD_ID_LEN);
    sim_card_write(card, SIM_TAG_POINT, ephemeral->point, SIM_POINT_LEN);
    sim_card_write(card, SIM_TAG_NONCE, nonce, SIM_NONCE_LEN);
}

static bool
read_side(TkeByteCursor *data, BackupSide *side)
{
    return tke_tlv_read_exact(data, SIM_TAG_CARD_ID, side->id, SIM_CARD_ID_LEN) &&
           tke_tlv_read_exact(data, SIM_TAG_POINT, side->point, SIM_POINT_LEN) &&
           tke_tlv_read_exact(data, SIM_TAG_NONCE, side->nonce, SIM_NONCE_LEN);
}

static uint16_t
check_side(const SimCard *card, const BackupSide *side)
{
    if (sim_certificate_id_is_zero(side->id) ||
        memcmp(side->id, card->state.id, SIM_CARD_ID_LEN) == 0) {
        return SIM_SW_WRONG;
    }
    return sim_crypto_check_point(side->point);
}

/* 7.4 */
static uint16_t
offer_backup(SimCard *card, const SimCall *call)
{
    SimSession *session = &card->now.session;
    uint16_t sw = sim_crypto_generate(card, SIM_DRAW_EPHEMERAL_KEY, &session->ephemeral);

    (void) call;
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    if (!sim_card_random_draw(&card->random, SIM_DRAW_NONCE, session->nonce)) {
        return SIM_SW_INTERNAL;
    }
    session->role = SIM_ROLE_OFFER;
    write_side(card, &session->ephemeral, session->nonce);
    return SIM_SW_DONE;
}

/* Transcript and content of 99 under the label "backup". */
static size_t
backup_text(const SimAgreement *agreement, const uint8_t *sealed, size_t len,
            uint8_t out[static SIM_TRANSCRIPT_LEN + BACKUP_SEALED_LEN])
{
    sim_crypto_transcript(agreement, out);
    memcpy(out + SIM_TRANSCRIPT_LEN, sealed, len);
    return SIM_TRANSCRIPT_LEN + len;
}

/* Seals the zone secret for the target and signs everything. */
static uint16_t
seal_backup(SimCard *card, const SimKeyPair *ephemeral, const SimAgreement *agreement)
{
    g_autoptr(TkeSecret) ke = NULL;
    g_autoptr(TkeSecret) km = NULL;
    uint8_t iv[SIM_IV_LEN] = { 0 };
    uint8_t plain[BACKUP_RECORD_LEN] = { RECORD_ZONE_SECRET };
    uint8_t sealed[SIM_SEALED_MAX] = { 0 };
    uint8_t text[SIM_TRANSCRIPT_LEN + BACKUP_SEALED_LEN] = { 0 };
    size_t len = 0;
    uint16_t sw = sim_crypto_agree(card, ephemeral, agreement->receiver_point, "backup keys",
                                   agreement, &ke, &km);

    if (sw != SIM_SW_DONE) {
        return sw;
    }
    if (!sim_card_random_draw(&card->random, SIM_DRAW_IV, iv)) {
        return SIM_SW_INTERNAL;
    }
    memcpy(plain + 1, card->state.zone_key.scalar, SIM_SCALAR_LEN);
    sw = sim_crypto_seal(ke, km, 1, iv, plain, sizeof plain, sealed, &len);
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    tke_byte_builder_bytes(&card->out, card->state.zone_certificate.bytes,
                           card->state.zone_certificate.len);
    write_side(card, ephemeral, agreement->sender_nonce);
    sim_card_write(card, SIM_TAG_SEALED, sealed, len);
    return answer_signed(card, "backup", text, backup_text(agreement, sealed, len, text));
}

/* 7.5 */
static uint16_t
give_backup(SimCard *card, const SimCall *call)
{
    TkeByteCursor data = call->data;
    BackupSide target = { 0 };
    SimAgreement agreement = { 0 };
    SimKeyPair ephemeral = { 0 };
    uint8_t hash[SIM_HASH_LEN] = { 0 };
    uint16_t sw = 0;

    if (!read_side(&data, &target) || !sim_card_read_end(&data)) {
        return SIM_SW_DATA;
    }
    if (!sim_usage_log_has_room(&card->state, 1)) {
        return SIM_SW_NO_ROOM;
    }
    sw = check_side(card, &target);
    if (sw == SIM_SW_DONE) {
        sw = sim_crypto_hash(target.point, SIM_POINT_LEN, hash);
    }
    if (sw == SIM_SW_DONE) {
        sw = sim_crypto_generate(card, SIM_DRAW_EPHEMERAL_KEY, &ephemeral);
    }
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    if (!sim_card_random_draw(&card->random, SIM_DRAW_NONCE, agreement.sender_nonce)) {
        return SIM_SW_INTERNAL;
    }
    memcpy(agreement.zone_id, card->state.zone_id, SIM_CARD_ID_LEN);
    memcpy(agreement.receiver_id, target.id, SIM_CARD_ID_LEN);
    memcpy(agreement.sender_id, card->state.id, SIM_CARD_ID_LEN);
    memcpy(agreement.receiver_nonce, target.nonce, SIM_NONCE_LEN);
    memcpy(agreement.receiver_point, target.point, SIM_POINT_LEN);
    memcpy(agreement.sender_point, ephemeral.point, SIM_POINT_LEN);
    sw = seal_backup(card, &ephemeral, &agreement);
    return sw == SIM_SW_DONE ? log_use(card, SIM_USE_BACKUP_GIVEN, target.id, hash) : sw;
}

/* Opens the seal; the zone secret goes into the state if it belongs to the certificate's point. */
static uint16_t
open_backup(SimCard *card, const SimAgreement *agreement, const uint8_t *sealed,
            const SimBody *zone)
{
    g_autoptr(TkeSecret) ke = NULL;
    g_autoptr(TkeSecret) km = NULL;
    SimKeyPair *key = &card->state.zone_key;
    uint8_t plain[SIM_SEALED_MAX] = { 0 };
    size_t len = 0;
    uint16_t sw = sim_crypto_agree(card, &card->now.session.ephemeral, agreement->sender_point,
                                   "backup keys", agreement, &ke, &km);

    if (sw == SIM_SW_DONE) {
        sw = sim_crypto_unseal(ke, km, 1, sealed, BACKUP_SEALED_LEN, plain, &len);
    }
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    if (len != BACKUP_RECORD_LEN || plain[0] != RECORD_ZONE_SECRET) {
        return SIM_SW_DATA;
    }
    if (!sim_usage_log_has_room(&card->state, 1)) {
        return SIM_SW_NO_ROOM;
    }
    memcpy(key->scalar, plain + 1, SIM_SCALAR_LEN);
    memcpy(key->point, zone->point, SIM_POINT_LEN);
    key->used = true;
    return sim_crypto_check_pair(card, key->scalar, key->point);
}

/* 7.6 */
static uint16_t
take_backup(SimCard *card, const SimCall *call)
{
    const SimSession *offer = &card->now.session;
    TkeByteCursor data = call->data;
    TkeByteCursor signature = { 0 };
    SimBody zone = { 0 };
    BackupSide source = { 0 };
    SimAgreement agreement = { 0 };
    SimCertificateBytes certificate = { 0 };
    uint8_t sealed[BACKUP_SEALED_LEN] = { 0 };
    uint8_t text[SIM_TRANSCRIPT_LEN + BACKUP_SEALED_LEN] = { 0 };
    uint16_t sw = 0;

    if (!sim_certificate_read(&data, true, &zone)) {
        return SIM_SW_DATA;
    }
    certificate.len = (uint16_t) data.pos;
    memcpy(certificate.bytes, data.data, data.pos);
    if (!read_side(&data, &source) ||
        !tke_tlv_read_exact(&data, SIM_TAG_SEALED, sealed, sizeof sealed) ||
        !sim_card_read_signature(&data, &signature) || !sim_card_read_end(&data)) {
        return SIM_SW_DATA;
    }
    memcpy(agreement.zone_id, zone.zone_id, SIM_CARD_ID_LEN);
    memcpy(agreement.receiver_id, card->state.id, SIM_CARD_ID_LEN);
    memcpy(agreement.sender_id, source.id, SIM_CARD_ID_LEN);
    memcpy(agreement.receiver_nonce, offer->nonce, SIM_NONCE_LEN);
    memcpy(agreement.sender_nonce, source.nonce, SIM_NONCE_LEN);
    memcpy(agreement.receiver_point, offer->ephemeral.point, SIM_POINT_LEN);
    memcpy(agreement.sender_point, source.point, SIM_POINT_LEN);
    sw = sim_certificate_check_zone(card, &zone);
    if (sw == SIM_SW_DONE) {
        sw = check_side(card, &source);
    }
    if (sw == SIM_SW_DONE) {
        sw = sim_crypto_verify(card, zone.point, "backup", text,
                               backup_text(&agreement, sealed, sizeof sealed, text),
                               signature.data + signature.pos, tke_byte_cursor_left(&signature));
    }
    if (sw == SIM_SW_DONE) {
        sw = open_backup(card, &agreement, sealed, &zone);
    }
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    sim_card_end_session(card);
    keep_zone(&card->state, &zone, &certificate);
    return log_use(card, SIM_USE_BACKUP_TAKEN, source.id, NULL);
}

#define LIFE_00 SIM_LIFE(0x00)
#define LIFE_03 SIM_LIFE(0x03)

static const SimCommand commands[] = {
    { 0x00, 0x20, 0x00, SIM_P2_PIN, 0, SIM_LIFE_ANY, SIM_PIN_FREE, 0, sim_pin_verify },
    { 0x00, 0x20, 0xFF, SIM_P2_PIN, 0, SIM_LIFE_ANY, SIM_PIN_FREE, SIM_FLAG_EMPTY, sim_pin_forget },
    { 0x00, 0x24, 0x00, SIM_P2_PIN, 0, SIM_LIFE_ANY, SIM_PIN_FREE, 0, sim_pin_change },
    { 0x00, 0x24, 0x01, SIM_P2_PIN, 0, SIM_LIFE_ANY, SIM_PIN_FREE, 0, sim_pin_set },
    { 0x00, 0x88, 0x00, SIM_P2_EXACT, 0x00, LIFE_03, SIM_PIN_ALL, 0, sim_card_statement },
    { 0x80, 0xCA, 0x00, SIM_P2_OBJECT, 0xE0, SIM_LIFE_ANY, SIM_PIN_FREE, SIM_FLAG_EMPTY,
      sim_card_status },
    { 0x80, 0xCA, 0x00, SIM_P2_OBJECT, 0xE3, SIM_LIFE_ANY, SIM_PIN_FREE, SIM_FLAG_EMPTY,
      sim_card_zone_certificate },
    { 0x80, 0xCA, 0x00, SIM_P2_OBJECT, 0xE5, SIM_LIFE_ANY, SIM_PIN_FREE, SIM_FLAG_EMPTY,
      sim_card_probe },
    { 0x80, 0xCA, 0x02, SIM_P2_PAGE, 0, SIM_LIFE_ANY, SIM_PIN_FREE, SIM_FLAG_EMPTY,
      sim_card_usage_page },
    { 0x80, 0xDA, 0x03, SIM_P2_EXACT, 0x00, LIFE_03, SIM_PIN_ALL, 0, sim_card_describe },
    { 0x80, 0x46, 0x01, SIM_P2_EXACT, 0x00, LIFE_00, SIM_PIN_ALL, 0, make_zone },
    { 0x80, 0x46, 0x03, SIM_P2_EXACT, 0x00, LIFE_00, SIM_PIN_ALL, SIM_FLAG_ENDS | SIM_FLAG_EMPTY,
      offer_backup },
    { 0x80, 0x2A, 0x01, SIM_P2_EXACT, 0x00, LIFE_03, SIM_PIN_ALL, 0, certify },
    { 0x80, 0x2A, 0x02, SIM_P2_EXACT, 0x00, LIFE_03, SIM_PIN_ALL, 0, authorise_unblock },
    { 0x80, 0x2A, 0x03, SIM_P2_EXACT, 0x00, LIFE_03, SIM_PIN_FRESH, 0, give_backup },
    { 0x80, 0x2A, 0x04, SIM_P2_EXACT, 0x00, LIFE_00, SIM_PIN_ALL, SIM_FLAG_ENDS | SIM_FLAG_OFFER,
      take_backup },
};

const SimApplet sim_ca_card_applet = { SIM_CARD_CA, 0x01, commands,
                                       sizeof commands / sizeof commands[0] };
