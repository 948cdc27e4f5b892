/*
 * SIGN of the EP11 applet (card-protocol.md, 8.4): messages stream in by chaining, the card looks
 * at their form and hashes them itself.
 */
#include <string.h>

#include "simulator/sim-ep11-private.h"
#include "simulator/sim-usage-log.h"

#define PURPOSE_COMMAND 0x01u
#define PURPOSE_CERTIFICATE 0x02u
#define PURPOSE_RECORD 0x03u
#define FIRST_COMMAND_BLOCK 64u
#define COMMAND_CODE_LEN 4u
#define MESSAGE_HASH_LEN 12u

/* Length octets, minimal and at most 82 xx xx. */
static bool
read_length(TkeByteCursor *data, size_t *len)
{
    uint8_t first = 0;
    uint8_t byte = 0;
    uint16_t word = 0;

    if (!tke_byte_cursor_u8(data, &first)) {
        return false;
    }
    if (first < 0x80) {
        *len = first;
        return true;
    }
    if (first == 0x81 && tke_byte_cursor_u8(data, &byte) && byte >= 0x80) {
        *len = byte;
        return true;
    }
    if (first == 0x82 && tke_byte_cursor_u16(data, &word) && word >= 0x100) {
        *len = word;
        return true;
    }
    return false;
}

static bool
read_header(TkeByteCursor *data, uint8_t tag, size_t *len)
{
    uint8_t byte = 0;

    return tke_byte_cursor_u8(data, &byte) && byte == tag && read_length(data, len);
}

/*
 * A SEQUENCE of five OCTET STRINGs of 4, 8, 16, 16 and n bytes, as far as it has arrived; total is
 * the length that the message must have.
 */
static bool
check_command(TkeByteCursor data, size_t *total, uint8_t code[static COMMAND_CODE_LEN])
{
    static const size_t lengths[] = { COMMAND_CODE_LEN, 8, 16, 16 };
    size_t len = 0;
    size_t end = 0;

    if (!read_header(&data, 0x30, &end)) {
        return false;
    }
    end += data.pos;
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        if (!read_header(&data, 0x04, &len) || len != lengths[i]) {
            return false;
        }
        if (!(i == 0 ? tke_byte_cursor_copy(&data, code, len) : tke_byte_cursor_skip(&data, len))) {
            return false;
        }
    }
    if (!read_header(&data, 0x04, &len) || data.pos + len != end) {
        return false;
    }
    *total = end;
    return true;
}

/* The start of a TBSCertificate with version 3 and a serial number as administrators have it. */
static bool
check_certificate(TkeByteCursor data, size_t *total)
{
    static const uint8_t version[] = { 0xA0, 0x03, 0x02, 0x01, 0x02 };
    const uint8_t *start = NULL;
    size_t len = 0;

    if (!read_header(&data, 0x30, &len) || len < 0x100 ||
        !tke_byte_cursor_bytes(&data, sizeof version, &start) ||
        memcmp(start, version, sizeof version) != 0) {
        return false;
    }
    *total = 4 + len;
    return true;
}

/* Step 6, then what 8.4 asks of the first block. */
static uint16_t
check_first(SimCard *card, const SimCall *call)
{
    uint8_t code[COMMAND_CODE_LEN] = { 0 };
    size_t total = 0;

    if (call->p2 != PURPOSE_RECORD && !card->state.signature_key.used) {
        return SIM_SW_NOT_FOUND;
    }
    if (!sim_usage_log_has_room(&card->state, 1)) {
        return SIM_SW_NO_ROOM;
    }
    switch (call->p2) {
    case PURPOSE_COMMAND:
        if (!call->last && tke_byte_cursor_left(&call->data) < FIRST_COMMAND_BLOCK) {
            return SIM_SW_DATA;
        }
        return check_command(call->data, &total, code) ? SIM_SW_DONE : SIM_SW_DATA;
    case PURPOSE_CERTIFICATE:
        return check_certificate(call->data, &total) ? SIM_SW_DONE : SIM_SW_DATA;
    default:
        return tke_byte_cursor_left(&call->data) > 0 ? SIM_SW_DONE : SIM_SW_DATA;
    }
}

static uint16_t
finish(SimCard *card, uint8_t purpose)
{
    SimCardState *state = &card->state;
    const GByteArray *message = card->now.chain;
    TkeByteCursor data = tke_byte_cursor(message->data, message->len);
    size_t total = message->len;
    uint8_t ski[SIM_HASH_LEN] = { 0 };
    uint8_t hash[SIM_HASH_LEN] = { 0 };
    uint8_t y[SIM_USAGE_Y] = { 0 };
    uint8_t signature[SIM_SIGNATURE_MAX] = { 0 };
    size_t len = 0;
    uint16_t sw = 0;

    if ((purpose == PURPOSE_COMMAND && !check_command(data, &total, y)) ||
        (purpose == PURPOSE_CERTIFICATE && !check_certificate(data, &total)) ||
        total != message->len) {
        return SIM_SW_DATA;
    }
    if (purpose == PURPOSE_RECORD) {
        sw = sim_crypto_sign(card, sim_card_signing_key(card), "record", message->data,
                             message->len, signature, &len);
    } else {
        sw = sim_crypto_sign(card, &state->signature_key, NULL, message->data, message->len,
                             signature, &len);
    }
    if (sw == SIM_SW_DONE) {
        sw = sim_crypto_hash(message->data, message->len, hash);
    }
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    if (purpose != PURPOSE_RECORD && !sim_card_state_ski(state, ski)) {
        return SIM_SW_INTERNAL;
    }
    memcpy(y + COMMAND_CODE_LEN, hash, MESSAGE_HASH_LEN);
    tke_byte_builder_bytes(&card->out, signature, len);
    return sim_usage_log_add(state, SIM_USE_SIGNED, purpose, ski, y) ? sim_card_commit(card)
                                                                     : SIM_SW_INTERNAL;
}

/* 2A 9E purpose: the block is already at the end of the message in the chain. */
uint16_t
sim_ep11_sign(SimCard *card, const SimCall *call)
{
    uint16_t sw = call->first ? check_first(card, call) : SIM_SW_DONE;

    return sw == SIM_SW_DONE && call->last ? finish(card, call->p2) : sw;
}
