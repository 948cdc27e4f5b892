/*
 * Signature key and key parts of the EP11 applet (card-protocol.md, 8.2 and 8.3).
 */
#include <string.h>

#include "common/tlv.h"
#include "simulator/sim-ep11-private.h"
#include "simulator/sim-usage-log.h"

static SimPart *
part_at(SimCard *card, const SimCall *call)
{
    SimPart *part = &card->state.parts[call->p2 - 1];

    return part->used ? part : NULL;
}

static uint16_t
log_use(SimCard *card, SimUse use, uint8_t argument, const uint8_t *x, const uint8_t *y)
{
    return sim_usage_log_add(&card->state, use, argument, x, y) ? sim_card_commit(card)
                                                                : SIM_SW_INTERNAL;
}

/* Makes the key, in the place of an old one if there is one. */
static uint16_t
generate_key(SimCard *card, const SimText *name, uint8_t p2)
{
    SimCardState *state = &card->state;
    uint8_t ski[SIM_HASH_LEN] = { 0 };
    uint16_t sw = sim_crypto_generate(card, SIM_DRAW_SIGNATURE_KEY, &state->signature_key);

    if (sw == SIM_SW_DONE) {
        sw = sim_crypto_hash(state->signature_key.point, SIM_POINT_LEN, ski);
    }
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    state->signature_origin = 0x00;
    state->signature_name = *name;
    sim_card_write(card, SIM_TAG_POINT, state->signature_key.point, SIM_POINT_LEN);
    sim_card_write(card, SIM_TAG_SKI, ski, sizeof ski);
    return log_use(card, SIM_USE_KEY_MADE, p2, ski, NULL);
}

/* 46 05 00 */
uint16_t
sim_ep11_make_key(SimCard *card, const SimCall *call)
{
    TkeByteCursor data = call->data;
    SimText name = { 0 };

    if (!sim_card_read_name(&data, &name) || !sim_card_read_end(&data)) {
        return SIM_SW_DATA;
    }
    if (card->state.signature_key.used) {
        return SIM_SW_EXISTS;
    }
    if (!sim_usage_log_has_room(&card->state, 1)) {
        return SIM_SW_NO_ROOM;
    }
    return generate_key(card, &name, call->p2);
}

/* Whether there is a signature key, and it is the one named. */
static uint16_t
check_named(SimCard *card, const uint8_t named[static SIM_HASH_LEN])
{
    uint8_t ski[SIM_HASH_LEN] = { 0 };

    if (!card->state.signature_key.used) {
        return SIM_SW_NOT_FOUND;
    }
    if (!sim_usage_log_has_room(&card->state, 1)) {
        return SIM_SW_NO_ROOM;
    }
    if (!sim_card_state_ski(&card->state, ski)) {
        return SIM_SW_INTERNAL;
    }
    return memcmp(ski, named, sizeof ski) == 0 ? SIM_SW_DONE : SIM_SW_WRONG;
}

/* 46 05 01 */
uint16_t
sim_ep11_replace_key(SimCard *card, const SimCall *call)
{
    TkeByteCursor data = call->data;
    uint8_t ski[SIM_HASH_LEN] = { 0 };
    SimText name = { 0 };
    uint16_t sw = 0;

    if (!tke_tlv_read_exact(&data, SIM_TAG_SKI, ski, sizeof ski) ||
        !sim_card_read_name(&data, &name) || !sim_card_read_end(&data)) {
        return SIM_SW_DATA;
    }
    sw = check_named(card, ski);
    return sw == SIM_SW_DONE ? generate_key(card, &name, call->p2) : sw;
}

/* E4 01 00 */
uint16_t
sim_ep11_delete_key(SimCard *card, const SimCall *call)
{
    SimCardState *state = &card->state;
    TkeByteCursor data = call->data;
    uint8_t ski[SIM_HASH_LEN] = { 0 };
    uint16_t sw = 0;

    if (!tke_tlv_read_exact(&data, SIM_TAG_SKI, ski, sizeof ski) || !sim_card_read_end(&data)) {
        return SIM_SW_DATA;
    }
    sw = check_named(card, ski);
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    memset(&state->signature_key, 0, sizeof state->signature_key);
    memset(&state->signature_name, 0, sizeof state->signature_name);
    state->signature_origin = 0;
    return log_use(card, SIM_USE_KEY_DELETED, 0, ski, NULL);
}

/* CA 00 E6 */
uint16_t
sim_ep11_show_key(SimCard *card, const SimCall *call)
{
    const SimCardState *state = &card->state;
    uint8_t ski[SIM_HASH_LEN] = { 0 };

    (void) call;
    if (!state->signature_key.used) {
        return SIM_SW_NOT_FOUND;
    }
    if (!sim_card_state_ski(state, ski)) {
        return SIM_SW_INTERNAL;
    }
    sim_card_write(card, SIM_TAG_POINT, state->signature_key.point, SIM_POINT_LEN);
    sim_card_write(card, SIM_TAG_SKI, ski, sizeof ski);
    sim_card_write(card, SIM_TAG_NAME, (const uint8_t *) state->signature_name.text,
                   state->signature_name.len);
    sim_card_write(card, SIM_TAG_ORIGIN, &state->signature_origin, 1);
    return SIM_SW_DONE;
}

/* 46 06 00 */
uint16_t
sim_ep11_make_part(SimCard *card, const SimCall *call)
{
    SimCardState *state = &card->state;
    TkeByteCursor data = call->data;
    SimText description = { 0 };
    uint8_t value[SIM_CARD_PART_LEN] = { 0 };
    uint8_t place = (uint8_t) sim_card_state_free_place(state);

    if (!sim_card_read_text(&data, SIM_TAG_DESCRIPTION, &description) ||
        !sim_card_read_end(&data)) {
        return SIM_SW_DATA;
    }
    if (place == 0 || !sim_usage_log_has_room(state, 1)) {
        return SIM_SW_NO_ROOM;
    }
    do {
        if (!sim_card_random_draw(&card->random, SIM_DRAW_PART, value)) {
            return SIM_SW_INTERNAL;
        }
    } while (sim_card_state_find_part(state, value) != 0);
    if (!sim_card_state_put_part(state, place, value, 0x00, &description)) {
        return SIM_SW_INTERNAL;
    }
    sim_card_write(card, SIM_TAG_PATTERN, state->parts[place - 1].pattern, SIM_HASH_LEN);
    sim_card_write(card, SIM_TAG_PLACE, &place, 1);
    return log_use(card, SIM_USE_PART_MADE, place, state->parts[place - 1].pattern, NULL);
}

/* E4 02 place */
uint16_t
sim_ep11_delete_part(SimCard *card, const SimCall *call)
{
    TkeByteCursor data = call->data;
    uint8_t pattern[SIM_HASH_LEN] = { 0 };
    SimPart *part = part_at(card, call);

    if (!tke_tlv_read_exact(&data, SIM_TAG_PATTERN, pattern, sizeof pattern) ||
        !sim_card_read_end(&data)) {
        return SIM_SW_DATA;
    }
    if (part == NULL) {
        return SIM_SW_NOT_FOUND;
    }
    if (!sim_usage_log_has_room(&card->state, 1)) {
        return SIM_SW_NO_ROOM;
    }
    if (memcmp(part->pattern, pattern, sizeof pattern) != 0) {
        return SIM_SW_WRONG;
    }
    memset(part, 0, sizeof *part);
    return log_use(card, SIM_USE_PART_DELETED, call->p2, pattern, NULL);
}

/* DA 04 place */
uint16_t
sim_ep11_describe_part(SimCard *card, const SimCall *call)
{
    TkeByteCursor data = call->data;
    SimText description = { 0 };
    SimPart *part = part_at(card, call);

    if (!sim_card_read_text(&data, SIM_TAG_DESCRIPTION, &description) ||
        !sim_card_read_end(&data)) {
        return SIM_SW_DATA;
    }
    if (part == NULL) {
        return SIM_SW_NOT_FOUND;
    }
    part->description = description;
    return sim_card_commit(card);
}

/* CA 01 first */
uint16_t
sim_ep11_list_parts(SimCard *card, const SimCall *call)
{
    for (unsigned place = call->p2; place <= SIM_CARD_PLACES; place++) {
        const SimPart *part = &card->state.parts[place - 1];
        const uint8_t number = (uint8_t) place;
        uint8_t inner[SIM_NAME_MAX + SIM_HASH_LEN + 16] = { 0 };
        TkeByteBuilder b = { .out = inner, .size = sizeof inner };

        if (!part->used) {
            continue;
        }
        tke_tlv_object(&b, SIM_TAG_DESCRIPTION, (const uint8_t *) part->description.text,
                       part->description.len);
        tke_tlv_object(&b, SIM_TAG_ORIGIN, &part->origin, 1);
        tke_tlv_object(&b, SIM_TAG_PATTERN, part->pattern, SIM_HASH_LEN);
        tke_tlv_object(&b, SIM_TAG_PLACE, &number, 1);
        g_assert(!b.failed);
        if (card->out.len + tke_tlv_size(SIM_TAG_PART, b.len) > SIM_BLOCK_MAX) {
            break;
        }
        sim_card_write(card, SIM_TAG_PART, inner, b.len);
    }
    return SIM_SW_DONE;
}

/* 2A 07 place */
uint16_t
sim_ep11_encrypt_part(SimCard *card, const SimCall *call)
{
    TkeByteCursor data = call->data;
    const SimPart *part = part_at(card, call);
    uint8_t importer[SIM_POINT_LEN] = { 0 };
    uint8_t form = 0;
    SimKeyPair ephemeral = { 0 };
    uint8_t ukm[SIM_UKM_LEN] = { 0 };
    uint8_t wrapped[SIM_WRAPPED_LEN] = { 0 };
    uint8_t hash[SIM_HASH_LEN] = { 0 };
    uint16_t sw = 0;

    if (!tke_tlv_read_exact(&data, SIM_TAG_POINT, importer, sizeof importer) ||
        !tke_tlv_read_exact(&data, SIM_TAG_FORM, &form, 1) || form > 1 ||
        !sim_card_read_end(&data)) {
        return SIM_SW_DATA;
    }
    if (part == NULL) {
        return SIM_SW_NOT_FOUND;
    }
    if (!sim_usage_log_has_room(&card->state, 1)) {
        return SIM_SW_NO_ROOM;
    }
    sw = sim_crypto_check_point(importer);
    if (sw == SIM_SW_DONE) {
        sw = sim_crypto_generate(card, SIM_DRAW_EPHEMERAL_KEY, &ephemeral);
    }
    if (sw == SIM_SW_DONE && !sim_card_random_draw(&card->random, SIM_DRAW_UKM, ukm)) {
        sw = SIM_SW_INTERNAL;
    }
    if (sw == SIM_SW_DONE) {
        sw = sim_crypto_wrap(card, &ephemeral, importer, form, ukm, part->value, wrapped);
    }
    if (sw == SIM_SW_DONE) {
        sw = sim_crypto_hash(importer, SIM_POINT_LEN, hash);
    }
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    sim_card_write(card, SIM_TAG_POINT, ephemeral.point, SIM_POINT_LEN);
    sim_card_write(card, SIM_TAG_PATTERN, part->pattern, SIM_HASH_LEN);
    sim_card_write(card, SIM_TAG_UKM, ukm, sizeof ukm);
    sim_card_write(card, SIM_TAG_WRAPPED, wrapped, sizeof wrapped);
    return log_use(card, SIM_USE_PART_ENCRYPTED, call->p2, part->pattern, hash);
}
