/*
 * Commands of both applets (card-protocol.md, 6).
 */
#include <string.h>

#include "common/digest.h"
#include "common/tlv.h"
#include "simulator/sim-card-crypto.h"
#include "simulator/sim-usage-log.h"

#define CHALLENGE_LEN 32u
#define PROBE_MARKS SIM_GP_MARKS
#define PROBE_EXTENDED 0x0Au

enum { PIN_NOT_SET = 0, PIN_SET = 1, PIN_BLOCKED = 2, PIN_VERIFIED = 3 };

static void
write_pins(SimCard *card, TkeByteBuilder *b)
{
    unsigned n = sim_card_state_pins(&card->state);

    tke_tlv_header(b, SIM_TAG_PINS, 3 * (size_t) n);
    for (unsigned i = 0; i < n; i++) {
        const SimPin *pin = &card->state.pins[i];
        uint8_t state = !pin->set               ? PIN_NOT_SET
                        : pin->tries == 0       ? PIN_BLOCKED
                        : card->now.verified[i] ? PIN_VERIFIED
                                                : PIN_SET;

        tke_byte_builder_u8(b, (uint8_t) (0x81 + i));
        tke_byte_builder_u8(b, state);
        tke_byte_builder_u8(b, pin->tries);
    }
}

static void
write_text(TkeByteBuilder *b, uint16_t tag, const SimText *text)
{
    tke_tlv_object(b, tag, (const uint8_t *) text->text, text->len);
}

/* Objects that only some cards have. */
static bool
write_contents(const SimCardState *state, TkeByteBuilder *b)
{
    uint8_t ski[SIM_HASH_LEN] = { 0 };
    uint8_t parts[2] = { (uint8_t) sim_card_state_parts(state), SIM_CARD_PLACES };

    if (state->kind != SIM_CARD_EP11) {
        return true;
    }
    if (state->signature_key.used) {
        if (!sim_card_state_ski(state, ski)) {
            return false;
        }
        tke_tlv_object(b, SIM_TAG_SKI, ski, sizeof ski);
        write_text(b, SIM_TAG_NAME, &state->signature_name);
    }
    tke_tlv_object(b, SIM_TAG_PARTS, parts, sizeof parts);
    return true;
}

uint16_t
sim_card_status(SimCard *card, const SimCall *call)
{
    const SimCardState *state = &card->state;
    uint8_t inner[SIM_BLOCK_MAX] = { 0 };
    TkeByteBuilder b = { .out = inner, .size = sizeof inner };
    uint8_t id[SIM_CARD_ID_LEN] = { 0 };
    uint8_t counter[4] = { 0 };
    TkeByteBuilder c = { .out = counter, .size = sizeof counter };

    (void) call;
    tke_tlv_object(&b, SIM_TAG_KIND, &state->kind, 1);
    tke_tlv_object(&b, SIM_TAG_LIFE_CYCLE, &state->life_cycle, 1);
    tke_tlv_object(&b, SIM_TAG_VERSION, sim_card_applet_version(card), SIM_GP_VERSION_LEN);
    memcpy(id, state->id, sizeof id);
    id[0] ^= card->forged_id ? 0x80 : 0x00;
    tke_tlv_object(&b, SIM_TAG_CARD_ID, id, sizeof id);
    if (state->zone_certificate.len > 0) {
        tke_tlv_object(&b, SIM_TAG_ZONE_ID, state->zone_id, SIM_CARD_ID_LEN);
        write_text(&b, SIM_TAG_ZONE_DESCRIPTION, &state->zone_description);
    }
    write_pins(card, &b);
    if (!write_contents(state, &b)) {
        return SIM_SW_INTERNAL;
    }
    tke_byte_builder_u32(&c, state->usage_counter);
    tke_tlv_object(&b, SIM_TAG_COUNTER, counter, sizeof counter);
    tke_tlv_object(&b, SIM_TAG_HEAD, state->usage_head, SIM_HASH_LEN);
    write_text(&b, SIM_TAG_DESCRIPTION, &state->description);
    sim_card_write(card, SIM_TAG_STATUS, inner, b.len);
    return SIM_SW_DONE;
}

uint16_t
sim_card_zone_certificate(SimCard *card, const SimCall *call)
{
    const SimCertificateBytes *certificate = &card->state.zone_certificate;

    (void) call;
    if (certificate->len == 0) {
        return SIM_SW_NOT_FOUND;
    }
    tke_byte_builder_bytes(&card->out, certificate->bytes, certificate->len);
    return SIM_SW_DONE;
}

uint16_t
sim_card_usage_page(SimCard *card, const SimCall *call)
{
    sim_usage_log_page(&card->state, call->p2, &card->out);
    return SIM_SW_DONE;
}

uint16_t
sim_card_probe(SimCard *card, const SimCall *call)
{
    unsigned lacks = card->state.gp.lacks | card->gp_faults.lacks;
    uint8_t marks[2 * PROBE_MARKS] = { 0 };

    (void) call;
    for (uint8_t i = 0; i < PROBE_MARKS; i++) {
        bool there = (lacks & (1u << i)) == 0;

        marks[2 * i] = (uint8_t) (i + 1);
        marks[2 * i + 1] = there && (i + 1 != PROBE_EXTENDED || card->state.extended) ? 1 : 0;
    }
    sim_card_write(card, SIM_TAG_PROBE, marks, sizeof marks);
    return SIM_SW_DONE;
}

bool
sim_card_contents_of(const SimCardState *state, const uint8_t ski[static SIM_HASH_LEN],
                     uint8_t out[static SIM_HASH_LEN])
{
    uint8_t text[SIM_HASH_LEN + SIM_CARD_PLACES * (1 + SIM_HASH_LEN)] = { 0 };
    TkeByteBuilder b = { .out = text, .size = sizeof text };

    tke_byte_builder_bytes(&b, ski, SIM_HASH_LEN);
    for (unsigned i = 0; i < SIM_CARD_PLACES; i++) {
        if (state->parts[i].used) {
            tke_byte_builder_u8(&b, (uint8_t) (i + 1));
            tke_byte_builder_bytes(&b, state->parts[i].pattern, SIM_HASH_LEN);
        }
    }
    return tke_digest_sha256(text, b.len, out, NULL);
}

bool
sim_card_contents(const SimCardState *state, uint8_t out[static SIM_HASH_LEN])
{
    uint8_t ski[SIM_HASH_LEN] = { 0 };

    if (state->kind != SIM_CARD_EP11) {
        memset(out, 0, SIM_HASH_LEN);
        return true;
    }
    if (state->signature_key.used && !sim_card_state_ski(state, ski)) {
        return false;
    }
    return sim_card_contents_of(state, ski, out);
}

uint16_t
sim_card_statement(SimCard *card, const SimCall *call)
{
    const SimCardState *state = &card->state;
    TkeByteCursor data = call->data;
    uint8_t challenge[CHALLENGE_LEN] = { 0 };
    uint8_t contents[SIM_HASH_LEN] = { 0 };
    uint8_t counter[4] = { 0 };
    uint8_t text[2 * SIM_CARD_ID_LEN + CHALLENGE_LEN + 4 + 2 * SIM_HASH_LEN] = { 0 };
    TkeByteBuilder c = { .out = counter, .size = sizeof counter };
    TkeByteBuilder b = { .out = text, .size = sizeof text };
    uint8_t signature[SIM_SIGNATURE_MAX] = { 0 };
    size_t len = 0;
    uint16_t sw = 0;

    if (tke_byte_cursor_left(&data) != CHALLENGE_LEN ||
        !tke_byte_cursor_copy(&data, challenge, sizeof challenge)) {
        return SIM_SW_LENGTH;
    }
    if (!sim_card_contents(state, contents)) {
        return SIM_SW_INTERNAL;
    }
    tke_byte_builder_u32(&c, state->usage_counter);
    tke_byte_builder_bytes(&b, state->zone_id, SIM_CARD_ID_LEN);
    tke_byte_builder_bytes(&b, state->id, SIM_CARD_ID_LEN);
    tke_byte_builder_bytes(&b, challenge, sizeof challenge);
    tke_byte_builder_bytes(&b, counter, sizeof counter);
    tke_byte_builder_bytes(&b, state->usage_head, SIM_HASH_LEN);
    tke_byte_builder_bytes(&b, contents, sizeof contents);
    sw = sim_crypto_sign(card, sim_card_signing_key(card), "statement", text, b.len, signature,
                         &len);
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    sim_card_write(card, SIM_TAG_COUNTER, counter, sizeof counter);
    sim_card_write(card, SIM_TAG_HEAD, state->usage_head, SIM_HASH_LEN);
    sim_card_write(card, SIM_TAG_CONTENTS, contents, sizeof contents);
    sim_card_write(card, SIM_TAG_SIGNATURE, signature, len);
    return SIM_SW_DONE;
}

uint16_t
sim_card_describe(SimCard *card, const SimCall *call)
{
    TkeByteCursor data = call->data;
    SimText description = { 0 };

    if (!sim_card_read_text(&data, SIM_TAG_DESCRIPTION, &description) ||
        !sim_card_read_end(&data)) {
        return SIM_SW_DATA;
    }
    card->state.description = description;
    return sim_card_commit(card);
}
