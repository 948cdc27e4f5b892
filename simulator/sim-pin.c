/*
 * PINs of virtual cards (card-protocol.md, 4). These commands have an order of checks of their own.
 */
#include <string.h>

#include "common/secret.h"
#include "simulator/sim-card-private.h"
#include "simulator/sim-usage-log.h"

#define PIN_BLOCK 8u
#define FIRST_REFERENCE 0x81u

static bool
block_is_valid(const uint8_t *block)
{
    for (unsigned i = 0; i < SIM_PIN_DIGITS; i++) {
        if (!g_ascii_isdigit(block[i])) {
            return false;
        }
    }
    return block[SIM_PIN_DIGITS] == 0xFF && block[SIM_PIN_DIGITS + 1] == 0xFF;
}

/* 6700 or 6A80 unless the data are n PIN blocks. */
static uint16_t
read_blocks(const SimCall *call, unsigned n, const uint8_t **blocks)
{
    TkeByteCursor data = call->data;

    if (tke_byte_cursor_left(&data) != n * PIN_BLOCK ||
        !tke_byte_cursor_bytes(&data, n * PIN_BLOCK, blocks)) {
        return SIM_SW_LENGTH;
    }
    for (unsigned i = 0; i < n; i++) {
        if (!block_is_valid(*blocks + i * PIN_BLOCK)) {
            return SIM_SW_DATA;
        }
    }
    return SIM_SW_DONE;
}

static unsigned
index_of(const SimCall *call)
{
    return call->p2 - FIRST_REFERENCE;
}

/* The other PIN of a CA card if it is set, else NULL. */
static SimPin *
other_pin(SimCard *card, unsigned pin)
{
    SimPin *other = &card->state.pins[1 - pin];

    return sim_card_state_pins(&card->state) == 2 && other->set ? other : NULL;
}

/* The counter goes down, lastingly, before the compare; a right entry gives all tries back. */
static uint16_t
try_pin(SimCard *card, unsigned pin, const uint8_t *block)
{
    SimPin *entry = &card->state.pins[pin];
    uint16_t sw = 0;

    entry->tries--;
    sw = sim_card_commit(card);
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    if (!tke_bytes_equal(entry->digits, block, SIM_PIN_DIGITS)) {
        sim_card_forget_pin(card, pin);
        return (uint16_t) (SIM_SW_PIN_WRONG + entry->tries);
    }
    entry->tries = sim_card_state_try_limit(&card->state);
    return SIM_SW_DONE;
}

static uint16_t
query(const SimCard *card, unsigned pin)
{
    const SimPin *entry = &card->state.pins[pin];

    if (!entry->set) {
        return SIM_SW_CONDITIONS;
    }
    if (entry->tries == 0) {
        return SIM_SW_PIN_BLOCKED;
    }
    return card->now.verified[pin] ? SIM_SW_DONE : (uint16_t) (SIM_SW_PIN_WRONG + entry->tries);
}

uint16_t
sim_pin_verify(SimCard *card, const SimCall *call)
{
    unsigned pin = index_of(call);
    const uint8_t *block = NULL;
    uint16_t sw = 0;

    if (tke_byte_cursor_left(&call->data) == 0) {
        return query(card, pin);
    }
    sw = read_blocks(call, 1, &block);
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    if (!card->state.pins[pin].set) {
        return SIM_SW_CONDITIONS;
    }
    if (card->state.pins[pin].tries == 0) {
        return SIM_SW_PIN_BLOCKED;
    }
    sw = try_pin(card, pin, block);
    if (sw == SIM_SW_DONE) {
        sw = sim_card_commit(card);
    }
    if (sw == SIM_SW_DONE) {
        card->now.verified[pin] = true;
        card->now.fresh[pin] = true;
    }
    return sw;
}

uint16_t
sim_pin_forget(SimCard *card, const SimCall *call)
{
    sim_card_forget_pin(card, index_of(call));
    return SIM_SW_DONE;
}

/* Stores the new PIN with its log entry; it counts as verified, but not as fresh. */
static uint16_t
store(SimCard *card, const SimCall *call, const uint8_t *block, SimUse use)
{
    unsigned pin = index_of(call);
    SimPin *entry = &card->state.pins[pin];
    uint16_t sw = 0;

    entry->set = true;
    entry->tries = sim_card_state_try_limit(&card->state);
    memcpy(entry->digits, block, SIM_PIN_DIGITS);
    if (!sim_usage_log_add(&card->state, use, call->p2, NULL, NULL)) {
        return SIM_SW_INTERNAL;
    }
    sw = sim_card_commit(card);
    if (sw == SIM_SW_DONE) {
        card->now.verified[pin] = true;
        card->now.fresh[pin] = false;
    }
    return sw;
}

uint16_t
sim_pin_set(SimCard *card, const SimCall *call)
{
    unsigned pin = index_of(call);
    bool is_ca = card->state.kind == SIM_CARD_CA;
    SimPin *other = other_pin(card, pin);
    const uint8_t *block = NULL;
    uint16_t sw = 0;

    if (card->state.life_cycle != (is_ca ? 0x00 : 0x03) || card->state.pins[pin].set ||
        (other != NULL && other->tries == 0)) {
        return SIM_SW_CONDITIONS;
    }
    sw = read_blocks(call, 1, &block);
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    if (!sim_usage_log_has_room(&card->state, 1)) {
        return SIM_SW_NO_ROOM;
    }
    if (other != NULL) {
        other->tries = sim_card_state_try_limit(&card->state);
        if (tke_bytes_equal(other->digits, block, SIM_PIN_DIGITS)) {
            sw = sim_card_commit(card);
            return sw == SIM_SW_DONE ? SIM_SW_DATA : sw;
        }
    }
    if (!is_ca) {
        card->state.life_cycle = 0x04;
    }
    return store(card, call, block, SIM_USE_PIN_SET);
}

/* Compares the new PIN with the other one as an entry of that would be; it costs a try if
 * different. */
static uint16_t
compare_with_other(SimCard *card, unsigned pin, const uint8_t *block)
{
    SimPin *other = other_pin(card, pin);
    uint16_t sw = SIM_SW_DONE;

    if (other == NULL) {
        return SIM_SW_DONE;
    }
    other->tries--;
    sw = sim_card_commit(card);
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    sim_card_forget_pin(card, 1 - pin);
    if (tke_bytes_equal(other->digits, block, SIM_PIN_DIGITS)) {
        other->tries = sim_card_state_try_limit(&card->state);
        sw = sim_card_commit(card);
        return sw == SIM_SW_DONE ? SIM_SW_DATA : sw;
    }
    return SIM_SW_DONE;
}

uint16_t
sim_pin_change(SimCard *card, const SimCall *call)
{
    unsigned pin = index_of(call);
    const SimPin *entry = &card->state.pins[pin];
    const SimPin *other = other_pin(card, pin);
    const uint8_t *blocks = NULL;
    uint16_t sw = read_blocks(call, 2, &blocks);

    if (sw != SIM_SW_DONE) {
        return sw;
    }
    if (!entry->set) {
        return SIM_SW_CONDITIONS;
    }
    if (entry->tries == 0) {
        return SIM_SW_PIN_BLOCKED;
    }
    if (other != NULL && other->tries < 2) {
        return SIM_SW_CONDITIONS;
    }
    if (!sim_usage_log_has_room(&card->state, 1)) {
        return SIM_SW_NO_ROOM;
    }
    sw = try_pin(card, pin, blocks);
    if (sw == SIM_SW_DONE) {
        sw = compare_with_other(card, pin, blocks + PIN_BLOCK);
    }
    return sw == SIM_SW_DONE ? store(card, call, blocks + PIN_BLOCK, SIM_USE_PIN_CHANGED) : sw;
}
