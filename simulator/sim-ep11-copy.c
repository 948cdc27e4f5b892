/*
 * Card to card: agreement and sender (card-protocol.md, 8.5).
 */
#include <string.h>

#include "common/tlv.h"
#include "simulator/sim-certificate.h"
#include "simulator/sim-ep11-private.h"
#include "simulator/sim-usage-log.h"

#define OFFER_TEXT_LEN (2 * SIM_CARD_ID_LEN + SIM_NONCE_LEN + SIM_POINT_LEN)
#define PLACES_MAX 15u

/* What one side sends the other: certificate, point, nonce, signature. */
typedef struct Hello {
    SimBody body;
    uint8_t point[SIM_POINT_LEN];
    uint8_t nonce[SIM_NONCE_LEN];
    TkeByteCursor signature;
} Hello;

static bool
read_hello(TkeByteCursor data, Hello *hello)
{
    return sim_certificate_read(&data, false, &hello->body) &&
           tke_tlv_read_exact(&data, SIM_TAG_POINT, hello->point, SIM_POINT_LEN) &&
           tke_tlv_read_exact(&data, SIM_TAG_NONCE, hello->nonce, SIM_NONCE_LEN) &&
           sim_card_read_signature(&data, &hello->signature) && sim_card_read_end(&data);
}

/* Certificate and point; the signature depends on the role. */
static uint16_t
check_hello(SimCard *card, const Hello *hello)
{
    const SimCardState *state = &card->state;
    uint16_t sw = sim_certificate_check_card(card, &hello->body, state->zone_id, state->zone_point,
                                             state->id);

    return sw == SIM_SW_DONE ? sim_crypto_check_point(hello->point) : sw;
}

static uint16_t
verify_hello(SimCard *card, const Hello *hello, const char *label, const uint8_t *text, size_t len)
{
    return sim_crypto_verify(card, hello->body.point, label, text, len,
                             tke_byte_cursor_peek(&hello->signature),
                             tke_byte_cursor_left(&hello->signature));
}

static uint16_t
answer_hello(SimCard *card, const SimKeyPair *ephemeral, const uint8_t nonce[static SIM_NONCE_LEN],
             const char *label, const uint8_t *text, size_t text_len)
{
    const SimCertificateBytes *certificate = sim_card_shown_certificate(card);
    uint8_t signature[SIM_SIGNATURE_MAX] = { 0 };
    size_t len = 0;
    uint16_t sw =
        sim_crypto_sign(card, sim_card_signing_key(card), label, text, text_len, signature, &len);

    if (sw != SIM_SW_DONE) {
        return sw;
    }
    tke_byte_builder_bytes(&card->out, certificate->bytes, certificate->len);
    sim_card_write(card, SIM_TAG_POINT, ephemeral->point, SIM_POINT_LEN);
    sim_card_write(card, SIM_TAG_NONCE, nonce, SIM_NONCE_LEN);
    sim_card_write(card, SIM_TAG_SIGNATURE, signature, len);
    return SIM_SW_DONE;
}

static void
offer_text(const uint8_t zone_id[static SIM_CARD_ID_LEN],
           const uint8_t card_id[static SIM_CARD_ID_LEN], const uint8_t nonce[static SIM_NONCE_LEN],
           const uint8_t point[static SIM_POINT_LEN], uint8_t out[static OFFER_TEXT_LEN])
{
    TkeByteBuilder b = { .out = out, .size = OFFER_TEXT_LEN };

    tke_byte_builder_bytes(&b, zone_id, SIM_CARD_ID_LEN);
    tke_byte_builder_bytes(&b, card_id, SIM_CARD_ID_LEN);
    tke_byte_builder_bytes(&b, nonce, SIM_NONCE_LEN);
    tke_byte_builder_bytes(&b, point, SIM_POINT_LEN);
    g_assert(!b.failed && b.len == OFFER_TEXT_LEN);
}

/* 46 04 00 */
uint16_t
sim_ep11_offer(SimCard *card, const SimCall *call)
{
    SimSession *session = &card->now.session;
    uint8_t text[OFFER_TEXT_LEN] = { 0 };
    uint16_t sw = sim_crypto_generate(card, SIM_DRAW_EPHEMERAL_KEY, &session->ephemeral);

    (void) call;
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    if (!sim_card_random_draw(&card->random, SIM_DRAW_NONCE, session->nonce)) {
        return SIM_SW_INTERNAL;
    }
    session->role = SIM_ROLE_OFFER;
    offer_text(card->state.zone_id, card->state.id, session->nonce, session->ephemeral.point, text);
    return answer_hello(card, &session->ephemeral, session->nonce, "receive", text, sizeof text);
}

/* Session keys, and who the other one is. The offer, if any, is over. */
static uint16_t
start_session(SimCard *card, SimRole role, const SimKeyPair *own, const Hello *other,
              const SimAgreement *agreement)
{
    SimSession *session = &card->now.session;
    TkeSecret *encryption_key = NULL;
    TkeSecret *mac_key = NULL;
    uint16_t sw = sim_crypto_agree(card, own, other->point, "copy keys", agreement, &encryption_key,
                                   &mac_key);

    if (sw != SIM_SW_DONE) {
        return sw;
    }
    sim_card_end_session(card);
    session->role = role;
    session->encryption_key = encryption_key;
    session->mac_key = mac_key;
    memcpy(session->other_id, other->body.card_id, SIM_CARD_ID_LEN);
    memcpy(session->other_point, other->body.point, SIM_POINT_LEN);
    return SIM_SW_DONE;
}

/* 2A 05 00 */
uint16_t
sim_ep11_start_sending(SimCard *card, const SimCall *call)
{
    const SimCardState *state = &card->state;
    Hello offer = { 0 };
    SimKeyPair ephemeral = { 0 };
    SimAgreement agreement = { 0 };
    uint8_t text[OFFER_TEXT_LEN] = { 0 };
    uint8_t transcript[SIM_TRANSCRIPT_LEN] = { 0 };
    uint16_t sw = 0;

    if (!read_hello(call->data, &offer)) {
        return SIM_SW_DATA;
    }
    offer_text(state->zone_id, offer.body.card_id, offer.nonce, offer.point, text);
    sw = check_hello(card, &offer);
    if (sw == SIM_SW_DONE) {
        sw = verify_hello(card, &offer, "receive", text, sizeof text);
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
    memcpy(agreement.zone_id, state->zone_id, SIM_CARD_ID_LEN);
    memcpy(agreement.receiver_id, offer.body.card_id, SIM_CARD_ID_LEN);
    memcpy(agreement.sender_id, state->id, SIM_CARD_ID_LEN);
    memcpy(agreement.receiver_nonce, offer.nonce, SIM_NONCE_LEN);
    memcpy(agreement.receiver_point, offer.point, SIM_POINT_LEN);
    memcpy(agreement.sender_point, ephemeral.point, SIM_POINT_LEN);
    sw = start_session(card, SIM_ROLE_SENDER, &ephemeral, &offer, &agreement);
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    sim_crypto_transcript(&agreement, transcript);
    return answer_hello(card, &ephemeral, agreement.sender_nonce, "send", transcript,
                        sizeof transcript);
}

/* 2A 06 00 */
uint16_t
sim_ep11_start_receiving(SimCard *card, const SimCall *call)
{
    const SimCardState *state = &card->state;
    const SimSession *offer = &card->now.session;
    SimKeyPair ephemeral = offer->ephemeral;
    Hello answer = { 0 };
    SimAgreement agreement = { 0 };
    uint8_t transcript[SIM_TRANSCRIPT_LEN] = { 0 };
    uint16_t sw = 0;

    if (!read_hello(call->data, &answer)) {
        return SIM_SW_DATA;
    }
    memcpy(agreement.zone_id, state->zone_id, SIM_CARD_ID_LEN);
    memcpy(agreement.receiver_id, state->id, SIM_CARD_ID_LEN);
    memcpy(agreement.sender_id, answer.body.card_id, SIM_CARD_ID_LEN);
    memcpy(agreement.receiver_nonce, offer->nonce, SIM_NONCE_LEN);
    memcpy(agreement.sender_nonce, answer.nonce, SIM_NONCE_LEN);
    memcpy(agreement.receiver_point, ephemeral.point, SIM_POINT_LEN);
    memcpy(agreement.sender_point, answer.point, SIM_POINT_LEN);
    sim_crypto_transcript(&agreement, transcript);
    sw = check_hello(card, &answer);
    if (sw == SIM_SW_DONE) {
        sw = verify_hello(card, &answer, "send", transcript, sizeof transcript);
    }
    return sw == SIM_SW_DONE
               ? start_session(card, SIM_ROLE_RECEIVER, &ephemeral, &answer, &agreement)
               : sw;
}

/* Object 99 of the next number from kind and records. */
static uint16_t
answer_sealed(SimCard *card, const uint8_t *plain, size_t plain_len)
{
    SimSession *session = &card->now.session;
    uint8_t iv[SIM_IV_LEN] = { 0 };
    uint8_t sealed[SIM_SEALED_MAX] = { 0 };
    size_t len = 0;
    uint16_t sw = 0;

    if (!sim_card_random_draw(&card->random, SIM_DRAW_IV, iv)) {
        return SIM_SW_INTERNAL;
    }
    session->number++;
    sw = sim_crypto_seal(session->encryption_key, session->mac_key, session->number, iv, plain,
                         plain_len, sealed, &len);
    if (sw == SIM_SW_DONE) {
        sim_card_write(card, SIM_TAG_SEALED, sealed, len);
    }
    return sw;
}

uint16_t
sim_ep11_other_card(const SimSession *session, uint8_t y[static SIM_USAGE_Y])
{
    uint8_t hash[SIM_HASH_LEN] = { 0 };
    uint16_t sw = sim_crypto_hash(session->other_point, SIM_POINT_LEN, hash);

    memcpy(y, session->other_id, SIM_CARD_ID_LEN);
    memcpy(y + SIM_CARD_ID_LEN, hash, SIM_USAGE_Y - SIM_CARD_ID_LEN);
    return sw;
}

/* 2A 0A 01 */
uint16_t
sim_ep11_send_key(SimCard *card, const SimCall *call)
{
    SimCardState *state = &card->state;
    uint8_t plain[SIM_SEALED_MAX] = { 0 };
    TkeByteBuilder b = { .out = plain, .size = sizeof plain };
    uint8_t ski[SIM_HASH_LEN] = { 0 };
    uint8_t y[SIM_USAGE_Y] = { 0 };
    uint16_t sw = 0;

    (void) call;
    if (!state->signature_key.used) {
        return SIM_SW_NOT_FOUND;
    }
    if (!sim_usage_log_has_room(state, 1)) {
        return SIM_SW_NO_ROOM;
    }
    tke_byte_builder_u8(&b, SIM_RECORD_KEY);
    tke_byte_builder_u8(&b, state->signature_origin);
    tke_byte_builder_bytes(&b, state->signature_key.scalar, SIM_SCALAR_LEN);
    tke_byte_builder_bytes(&b, state->signature_key.point, SIM_POINT_LEN);
    tke_byte_builder_u8(&b, state->signature_name.len);
    tke_byte_builder_bytes(&b, (const uint8_t *) state->signature_name.text,
                           state->signature_name.len);
    sw = answer_sealed(card, plain, b.len);
    if (sw == SIM_SW_DONE) {
        sw = sim_ep11_other_card(&card->now.session, y);
    }
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    if (!sim_card_state_ski(state, ski) || !sim_usage_log_add(state, SIM_USE_KEY_SENT, 0, ski, y)) {
        return SIM_SW_INTERNAL;
    }
    return sim_card_commit(card);
}

/* 1 to 15 places, strictly ascending. */
static bool
read_places(TkeByteCursor data, uint8_t places[static PLACES_MAX], unsigned *n)
{
    TkeByteCursor value = { 0 };
    size_t len = 0;

    if (!tke_tlv_read(&data, SIM_TAG_PLACE, &value) || !sim_card_read_end(&data)) {
        return false;
    }
    len = tke_byte_cursor_left(&value);
    if (len < 1 || len > PLACES_MAX || !tke_byte_cursor_copy(&value, places, len)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (places[i] < 1 || places[i] > SIM_CARD_PLACES || (i > 0 && places[i] <= places[i - 1])) {
            return false;
        }
    }
    *n = (unsigned) len;
    return true;
}

/* 2A 0A 02 */
uint16_t
sim_ep11_send_parts(SimCard *card, const SimCall *call)
{
    SimCardState *state = &card->state;
    uint8_t places[PLACES_MAX] = { 0 };
    unsigned n = 0;
    uint8_t plain[SIM_SEALED_MAX] = { 0 };
    TkeByteBuilder b = { .out = plain, .size = sizeof plain };
    uint8_t y[SIM_USAGE_Y] = { 0 };
    uint16_t sw = 0;

    if (!read_places(call->data, places, &n)) {
        return SIM_SW_DATA;
    }
    tke_byte_builder_u8(&b, SIM_RECORD_PARTS);
    for (unsigned i = 0; i < n; i++) {
        const SimPart *part = &state->parts[places[i] - 1];

        if (!part->used) {
            return SIM_SW_NOT_FOUND;
        }
        tke_byte_builder_u8(&b, part->origin);
        tke_byte_builder_bytes(&b, part->value, SIM_CARD_PART_LEN);
        tke_byte_builder_u8(&b, part->description.len);
        tke_byte_builder_bytes(&b, (const uint8_t *) part->description.text, part->description.len);
    }
    if (!sim_usage_log_has_room(state, n)) {
        return SIM_SW_NO_ROOM;
    }
    sw = answer_sealed(card, plain, b.len);
    if (sw == SIM_SW_DONE) {
        sw = sim_ep11_other_card(&card->now.session, y);
    }
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    for (unsigned i = 0; i < n; i++) {
        if (!sim_usage_log_add(state, SIM_USE_PART_SENT, places[i],
                               state->parts[places[i] - 1].pattern, y)) {
            return SIM_SW_INTERNAL;
        }
    }
    return sim_card_commit(card);
}
