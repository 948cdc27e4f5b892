/*
 * APDUs of virtual cards: form, selection, chaining, collecting of answers (card-protocol.md, 1
 * and 2).
 */
#include <string.h>

#include "common/tlv.h"
#include "simulator/sim-card-private.h"

#define CLASS_ISO 0x00u
#define CLASS_OWN 0x80u
#define INS_SELECT 0xA4u
#define INS_GET_RESPONSE 0xC0u
#define SELECT_BY_NAME 0x04u
#define NE_NONE 0u
#define TAG_FCI 0x6Fu
#define TAG_AID 0x84u
#define TAG_OWN 0xA5u
#define TAG_FCI_VERSION 0x9F6Eu
#define TAG_FCI_BUFFER 0x9F65u
#define TAG_FCI_FLAGS 0x9F66u

static const uint8_t aid_start[] = { 0xF0, 0x4F, 0x54, 0x4B, 0x45, 0x01 };

#define AID_LEN (sizeof aid_start + 1)

typedef struct Apdu {
    uint8_t header[4];
    TkeByteCursor data;
    size_t ne; /* bytes expected; 0: no Le */
} Apdu;

static size_t
short_le(uint8_t le)
{
    return le == 0 ? 256 : le;
}

/* What follows the 00 that marks an extended length. */
static bool
parse_extended(TkeByteCursor *c, Apdu *apdu)
{
    uint16_t len = 0;
    uint16_t le = 0;
    size_t left = tke_byte_cursor_left(c);

    if (left < 2 || !tke_byte_cursor_u16(c, &len)) {
        return false;
    }
    if (left == 2) {
        apdu->ne = len == 0 ? 65536 : len;
        return true;
    }
    if (len == 0 || !tke_byte_cursor_sub(c, len, &apdu->data)) {
        return false;
    }
    if (tke_byte_cursor_left(c) == 0) {
        return true;
    }
    if (tke_byte_cursor_left(c) != 2 || !tke_byte_cursor_u16(c, &le)) {
        return false;
    }
    apdu->ne = le == 0 ? 65536 : le;
    return true;
}

/* The four cases of ISO 7816-4, 5.1, short and extended. */
static bool
parse(const uint8_t *command, size_t len, bool extended, Apdu *apdu)
{
    TkeByteCursor c = tke_byte_cursor(command, len);
    uint8_t byte = 0;
    uint8_t le = 0;

    if (!tke_byte_cursor_skip(&c, sizeof apdu->header)) {
        return false;
    }
    if (!tke_byte_cursor_u8(&c, &byte)) {
        return true;
    }
    if (tke_byte_cursor_left(&c) == 0) {
        apdu->ne = short_le(byte);
        return true;
    }
    if (byte == 0) {
        return extended && parse_extended(&c, apdu);
    }
    if (!tke_byte_cursor_sub(&c, byte, &apdu->data)) {
        return false;
    }
    if (tke_byte_cursor_left(&c) == 0) {
        return true;
    }
    if (tke_byte_cursor_left(&c) != 1 || !tke_byte_cursor_u8(&c, &le)) {
        return false;
    }
    apdu->ne = short_le(le);
    return true;
}

/* At most ne bytes of the answer, then 61xx or 9000. */
static uint16_t
send_pending(SimCard *card, size_t ne, SimCardAnswer *out)
{
    SimCardTransient *now = &card->now;
    size_t left = now->pending->len - now->pending_pos;
    size_t n = MIN(left, ne);

    memcpy(out->bytes, now->pending->data + now->pending_pos, n);
    out->len = n;
    now->pending_pos += n;
    left -= n;
    if (left == 0) {
        g_byte_array_set_size(now->pending, 0);
        now->pending_pos = 0;
        return now->pending_sw;
    }
    return (uint16_t) (SIM_SW_MORE + (left >= 256 ? 0 : left));
}

static uint16_t
get_response(SimCard *card, const Apdu *apdu, bool well_formed, SimCardAnswer *out)
{
    if (apdu->header[2] != 0 || apdu->header[3] != 0) {
        return SIM_SW_P1P2;
    }
    if (!well_formed || apdu->ne == NE_NONE) {
        return SIM_SW_LENGTH;
    }
    if (card->now.pending->len == 0) {
        return SIM_SW_CONDITIONS;
    }
    if (tke_byte_cursor_left(&apdu->data) > 0) {
        return SIM_SW_LENGTH;
    }
    return send_pending(card, apdu->ne, out);
}

static const SimApplet *
installed(const SimCard *card)
{
    switch (card->state.kind) {
    case SIM_CARD_CA:
        return &sim_ca_card_applet;
    case SIM_CARD_EP11:
        return &sim_ep11_card_applet;
    default:
        return NULL;
    }
}

static bool
is_named(const SimApplet *applet, TkeByteCursor aid)
{
    const uint8_t *bytes = NULL;

    return applet != NULL && tke_byte_cursor_left(&aid) == AID_LEN &&
           tke_byte_cursor_bytes(&aid, AID_LEN, &bytes) &&
           memcmp(bytes, aid_start, sizeof aid_start) == 0 &&
           bytes[sizeof aid_start] == applet->aid_last;
}

/* The card's runtime answers for an applet that is not there; what is selected stays so. */
static uint16_t
select_applet(SimCard *card, const Apdu *apdu, bool well_formed)
{
    const SimApplet *applet = sim_gp_lets_applet(card) ? installed(card) : NULL;
    uint8_t inner[16] = { 0 };
    TkeByteBuilder b = { .out = inner, .size = sizeof inner };
    uint8_t aid[AID_LEN] = { 0 };
    uint8_t flags = card->state.extended && !card->gp_faults.t0 ? 1 : 0;

    if (apdu->header[2] != SELECT_BY_NAME || apdu->header[3] != 0) {
        return SIM_SW_P1P2;
    }
    if (!well_formed) {
        return SIM_SW_LENGTH;
    }
    if (card->gp_faults.foreign) {
        return SIM_SW_NO_APPLET;
    }
    if (sim_gp_is_named(apdu->data)) {
        return sim_gp_select(card);
    }
    if (!is_named(applet, apdu->data)) {
        return SIM_SW_NO_APPLET;
    }
    sim_card_deselect(card);
    if (card->in_field) {
        return SIM_SW_MEDIUM; /* the applet declines, and nothing is selected (card-protocol.md, 1) */
    }
    card->now.selected = true;
    memcpy(aid, aid_start, sizeof aid_start);
    aid[sizeof aid_start] = applet->aid_last;
    tke_tlv_object(&b, TAG_FCI_VERSION, sim_card_applet_version(card), SIM_GP_VERSION_LEN);
    tke_tlv_object(&b, TAG_FCI_BUFFER, (const uint8_t[]){ SIM_BLOCK_MAX >> 8, 0x00 }, 2);
    tke_tlv_object(&b, TAG_FCI_FLAGS, &flags, 1);
    g_assert(!b.failed);
    tke_tlv_header(&card->out, TAG_FCI,
                   tke_tlv_size(TAG_AID, AID_LEN) + tke_tlv_size(TAG_OWN, b.len));
    sim_card_write(card, TAG_AID, aid, AID_LEN);
    sim_card_write(card, TAG_OWN, inner, b.len);
    return SIM_SW_DONE;
}

/* Adds a block to the unfinished chain, or starts one. */
static uint16_t
add_block(SimCard *card, const SimCommand *command, TkeByteCursor data, bool *first)
{
    SimCardTransient *now = &card->now;
    size_t len = tke_byte_cursor_left(&data);
    size_t most = command->flags & SIM_FLAG_STREAM ? SIM_MESSAGE_MAX : SIM_BLOCK_MAX;

    *first = !now->chaining;
    if (*first) {
        g_byte_array_set_size(now->chain, 0);
    }
    if (len > SIM_BLOCK_MAX || now->chain->len + len > most) {
        return SIM_SW_LENGTH;
    }
    if (len > 0) {
        g_byte_array_append(now->chain, tke_byte_cursor_peek(&data), (guint) len);
    }
    return SIM_SW_DONE;
}

/* A block of which more follow. */
static uint16_t
take_block(SimCard *card, const SimCommand *command, const Apdu *apdu)
{
    SimCall call = { .command = command, .p2 = apdu->header[3], .data = apdu->data };
    uint16_t sw = SIM_SW_LENGTH;

    if (tke_byte_cursor_left(&apdu->data) > 0) {
        sw = add_block(card, command, apdu->data, &call.first);
    }
    if (sw == SIM_SW_DONE && (command->flags & SIM_FLAG_STREAM)) {
        sw = sim_card_run(card, &call);
    }
    card->now.chaining = sw == SIM_SW_DONE;
    return sw;
}

static uint16_t
take_last(SimCard *card, const SimCommand *command, const Apdu *apdu)
{
    SimCall call = { .command = command, .p2 = apdu->header[3], .data = apdu->data, .last = true };
    uint16_t sw = add_block(card, command, apdu->data, &call.first);
    const GByteArray *chain = card->now.chain;

    card->now.chaining = false;
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    if ((command->flags & SIM_FLAG_STREAM) == 0) {
        call.first = true;
        call.data = tke_byte_cursor(chain->data, chain->len);
    }
    return sim_card_run(card, &call);
}

/* A command for the selected applet. */
static uint16_t
for_applet(SimCard *card, const Apdu *apdu, bool well_formed)
{
    const SimCommand *command = NULL;
    bool more = (apdu->header[0] & SIM_CLASS_CHAIN) != 0;
    uint16_t sw = SIM_SW_INS;

    if (!card->now.selected) {
        return SIM_SW_INS;
    }
    sw = sim_card_find_command(card, installed(card), apdu->header, &command);
    if (sw == SIM_SW_DONE && (!well_formed || !sim_ep11_card_le_is_right(command, apdu->ne))) {
        sw = SIM_SW_LENGTH;
    }
    if (sw != SIM_SW_DONE) {
        card->now.chaining = false;
        return sw;
    }
    return more ? take_block(card, command, apdu) : take_last(card, command, apdu);
}

/* Ends the chain unless this command goes on with it; drops the rest of an answer. */
static void
end_others(SimCard *card, const Apdu *apdu, bool collects)
{
    SimCardTransient *now = &card->now;
    uint8_t header[4] = { 0 };

    memcpy(header, apdu->header, sizeof header);
    header[0] &= (uint8_t) ~SIM_CLASS_CHAIN;
    if (memcmp(header, now->chain_header, sizeof header) != 0) {
        now->chaining = false;
        memcpy(now->chain_header, header, sizeof header);
    }
    if (!collects) {
        g_byte_array_set_size(now->pending, 0);
        now->pending_pos = 0;
    }
    now->challenge_usable = now->has_challenge;
    now->has_challenge = false;
}

/* A command for the selected card manager. */
static uint16_t
for_manager(SimCard *card, const Apdu *apdu, bool well_formed)
{
    uint16_t sw = well_formed ? sim_gp_execute(card, apdu->header, apdu->data) : SIM_SW_LENGTH;

    /* Nobody collects a lone 00. */
    if (sw == SIM_SW_DONE && apdu->ne == NE_NONE && card->out.len == 1 && !card->gp_faults.t0) {
        card->out.len = 0;
    }
    return sw;
}

static uint16_t
dispatch(SimCard *card, const Apdu *apdu, bool well_formed)
{
    if (apdu->header[0] == CLASS_ISO && apdu->header[1] == INS_SELECT) {
        return select_applet(card, apdu, well_formed);
    }
    if (card->now.manager.selected) {
        return for_manager(card, apdu, well_formed);
    }
    if (apdu->header[0] != CLASS_ISO && (apdu->header[0] & ~SIM_CLASS_CHAIN) != CLASS_OWN) {
        return SIM_SW_CLASS;
    }
    return for_applet(card, apdu, well_formed);
}

/* ---- T=0 (ISO 7816-3, 12.2; ISO 7816-4, 5.6) ---- */

#define SW_CORRECT_LENGTH 0x6C00u

/* A command with data has no Le on the line: the answer is collected. */
static size_t
length_on_line(const uint8_t *command, size_t len)
{
    return len > 5 && len == 6u + command[4] ? len - 1 : len;
}

/* The same command once more, with the length that it was told: its answer is there already. */
static bool
is_corrected(const SimCard *card, const uint8_t *command, size_t len)
{
    return card->now.corrected && len == 5 &&
           memcmp(command, card->now.corrected_header, sizeof card->now.corrected_header) == 0;
}

/* An answer of another length than the fifth byte said is not given; the right length is. */
static bool
corrects(SimCard *card, const Apdu *apdu, size_t len)
{
    const size_t there = card->now.pending->len;

    if (!card->gp_faults.t0 || len != 5 || there == apdu->ne || there > 256) {
        return false;
    }
    card->now.corrected = true;
    memcpy(card->now.corrected_header, apdu->header, sizeof apdu->header);
    return true;
}

static uint16_t
execute(SimCard *card, const uint8_t *command, size_t len, SimCardAnswer *out)
{
    Apdu apdu = { { 0 }, { 0 }, NE_NONE };
    bool well_formed = false;
    bool collects = false;
    bool answers = false;
    uint16_t sw = 0;

    if (len < sizeof apdu.header) {
        card->now.chaining = false;
        return SIM_SW_LENGTH;
    }
    memcpy(apdu.header, command, sizeof apdu.header);
    len = card->gp_faults.t0 ? length_on_line(command, len) : len;
    well_formed = parse(command, len, card->state.extended && !card->gp_faults.t0, &apdu);
    if (is_corrected(card, command, len)) {
        card->now.corrected = false;
        return send_pending(card, apdu.ne, out);
    }
    card->now.corrected = false;
    collects = apdu.header[0] == CLASS_ISO && apdu.header[1] == INS_GET_RESPONSE;
    end_others(card, &apdu, collects);
    if (collects && (card->now.selected || card->now.manager.selected)) {
        return get_response(card, &apdu, well_formed, out);
    }
    sw = dispatch(card, &apdu, well_formed);
    answers = sw == SIM_SW_DONE || sw == SIM_SW_MORE_ENTRIES || sw == SIM_SW_CARD_LOCKED;
    if (card->out.failed && answers) {
        return SIM_SW_INTERNAL;
    }
    if (answers && card->out.len > 0) {
        card->now.pending_sw = sw;
        g_byte_array_append(card->now.pending, card->answer, (guint) card->out.len);
        sw = corrects(card, &apdu, len) ? (uint16_t) (SW_CORRECT_LENGTH + (card->out.len & 0xFFu))
                                        : send_pending(card, apdu.ne, out);
    }
    return sw;
}

uint16_t
sim_card_transmit(SimCard *card, const uint8_t *command, size_t len, SimCardAnswer *out)
{
    TkeByteBuilder b = { .out = out->bytes, .size = sizeof out->bytes };
    uint16_t sw = 0;

    memset(card->answer, 0, sizeof card->answer);
    card->out = (TkeByteBuilder){ .out = card->answer, .size = sizeof card->answer };
    out->len = 0;
    sw = execute(card, command, len, out);
    if (sw != SIM_SW_DONE) {
        card->state = card->saved; /* a refused command changes nothing but what it made lasting */
    }
    b.len = out->len;
    tke_byte_builder_u16(&b, sw);
    out->len = b.len;
    return sw;
}
