/*
 * Card to card and file to card: receiver (card-protocol.md, 8.5 and 5.4).
 */
#include <string.h>

#include "common/tlv.h"
#include "simulator/sim-ep11-private.h"
#include "simulator/sim-usage-log.h"

#define ORIGIN_FILE 0x02u
#define ORIGIN_TYPED 0x03u
#define ORIGIN_COPIED 0x10u
#define ORIGIN_MASK 0x0Fu
#define STORED 0x00u
#define ALREADY_THERE 0x01u

static bool
read_record(TkeByteCursor *data, uint8_t kind, SimRecord *record)
{
    uint8_t len = 0;
    const uint8_t *text = NULL;

    if (!tke_byte_cursor_u8(data, &record->origin) || !sim_card_origin_is_valid(record->origin)) {
        return false;
    }
    if (kind == SIM_RECORD_KEY) {
        if ((record->origin & ORIGIN_MASK) == ORIGIN_TYPED ||
            !tke_byte_cursor_copy(data, record->scalar, SIM_SCALAR_LEN) ||
            !tke_byte_cursor_copy(data, record->point, SIM_POINT_LEN)) {
            return false;
        }
    } else if (!tke_byte_cursor_copy(data, record->part, SIM_CARD_PART_LEN)) {
        return false;
    }
    if (!tke_byte_cursor_u8(data, &len) || !tke_byte_cursor_bytes(data, len, &text) ||
        !(kind == SIM_RECORD_KEY ? sim_card_name_is_valid(text, len)
                                 : sim_card_text_is_valid(text, len))) {
        return false;
    }
    record->text.len = len;
    memcpy(record->text.text, text, len);
    return true;
}

bool
sim_ep11_read_records(const uint8_t *plain, size_t len, bool imported, SimRecords *out)
{
    TkeByteCursor data = tke_byte_cursor(plain, len);
    unsigned most = 0;

    memset(out, 0, sizeof *out);
    if (!tke_byte_cursor_u8(&data, &out->kind) ||
        (out->kind != SIM_RECORD_KEY && out->kind != SIM_RECORD_PARTS)) {
        return false;
    }
    most = out->kind == SIM_RECORD_KEY || imported ? 1 : SIM_RECORDS_MAX;
    while (tke_byte_cursor_left(&data) > 0) {
        SimRecord *record = &out->records[out->n];

        if (out->n == most || !read_record(&data, out->kind, record)) {
            return false;
        }
        if (imported && record->origin != ORIGIN_FILE && record->origin != ORIGIN_TYPED) {
            return false;
        }
        out->n++;
    }
    return out->n > 0;
}

/* Puts the signature key into the state; X of its log entry is returned in ski. */
static bool
put_key(SimCardState *state, const SimRecord *record, uint8_t origin,
        uint8_t ski[static SIM_HASH_LEN])
{
    SimKeyPair *key = &state->signature_key;

    memcpy(key->scalar, record->scalar, SIM_SCALAR_LEN);
    memcpy(key->point, record->point, SIM_POINT_LEN);
    key->used = true;
    state->signature_origin = origin;
    state->signature_name = record->text;
    return sim_card_state_ski(state, ski);
}

static uint16_t
log_use(SimCard *card, SimUse use, uint8_t argument, const uint8_t *x, const uint8_t *y)
{
    return sim_usage_log_add(&card->state, use, argument, x, y) ? sim_card_commit(card)
                                                                : SIM_SW_INTERNAL;
}

static uint16_t
receive_key(SimCard *card, const SimRecord *record, uint8_t results[static 2])
{
    SimCardState *state = &card->state;
    uint8_t ski[SIM_HASH_LEN] = { 0 };
    uint8_t y[SIM_USAGE_Y] = { 0 };
    uint16_t sw = 0;

    results[0] = 0x00;
    if (state->signature_key.used) {
        results[1] = ALREADY_THERE;
        if (memcmp(state->signature_key.point, record->point, SIM_POINT_LEN) != 0) {
            return SIM_SW_EXISTS;
        }
        return sim_crypto_check_pair(card, record->scalar, record->point);
    }
    if (!sim_usage_log_has_room(state, 1)) {
        return SIM_SW_NO_ROOM;
    }
    sw = sim_crypto_check_pair(card, record->scalar, record->point);
    if (sw == SIM_SW_DONE) {
        sw = sim_ep11_other_card(&card->now.session, y);
    }
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    results[1] = STORED;
    if (!put_key(state, record, record->origin | ORIGIN_COPIED, ski)) {
        return SIM_SW_INTERNAL;
    }
    return log_use(card, SIM_USE_KEY_RECEIVED, 0, ski, y);
}

/* Different parts among the records that the card does not hold yet. */
static unsigned
count_new(const SimCardState *state, const SimRecords *records)
{
    unsigned n = 0;

    for (unsigned i = 0; i < records->n; i++) {
        bool is_new = sim_card_state_find_part(state, records->records[i].part) == 0;

        for (unsigned j = 0; j < i && is_new; j++) {
            is_new =
                memcmp(records->records[i].part, records->records[j].part, SIM_CARD_PART_LEN) != 0;
        }
        n += is_new ? 1 : 0;
    }
    return n;
}

static uint16_t
receive_part(SimCard *card, const SimRecord *record, const uint8_t *y, uint8_t results[static 2])
{
    SimCardState *state = &card->state;
    uint8_t place = (uint8_t) sim_card_state_find_part(state, record->part);

    results[1] = ALREADY_THERE;
    if (place == 0) {
        results[1] = STORED;
        place = (uint8_t) sim_card_state_free_place(state);
        if (!sim_card_state_put_part(state, place, record->part, record->origin | ORIGIN_COPIED,
                                     &record->text)) {
            return SIM_SW_INTERNAL;
        }
    }
    results[0] = place;
    return results[1] == STORED
               ? log_use(card, SIM_USE_PART_RECEIVED, place, state->parts[place - 1].pattern, y)
               : SIM_SW_DONE;
}

static uint16_t
receive_parts(SimCard *card, const SimRecords *records, uint8_t *results)
{
    unsigned n = count_new(&card->state, records);
    uint8_t y[SIM_USAGE_Y] = { 0 };
    uint16_t sw = 0;

    if (n > SIM_CARD_PLACES - sim_card_state_parts(&card->state) ||
        !sim_usage_log_has_room(&card->state, n)) {
        return SIM_SW_NO_ROOM;
    }
    sw = sim_ep11_other_card(&card->now.session, y);
    for (unsigned i = 0; i < records->n && sw == SIM_SW_DONE; i++) {
        sw = receive_part(card, &records->records[i], y, results + 2 * (size_t) i);
    }
    return sw;
}

uint16_t
sim_ep11_store_received(SimCard *card, const SimRecords *records)
{
    uint8_t results[2 * SIM_RECORDS_MAX] = { 0 };
    uint16_t sw = records->kind == SIM_RECORD_KEY ? receive_key(card, &records->records[0], results)
                                                  : receive_parts(card, records, results);

    if (sw == SIM_SW_DONE) {
        sim_card_write(card, SIM_TAG_RESULTS, results, 2 * (size_t) records->n);
    }
    return sw;
}

/* 2A 0B 00 */
uint16_t
sim_ep11_receive(SimCard *card, const SimCall *call)
{
    SimSession *session = &card->now.session;
    TkeByteCursor data = call->data;
    TkeByteCursor sealed = { 0 };
    uint8_t plain[SIM_SEALED_MAX] = { 0 };
    size_t len = 0;
    g_autofree SimRecords *records = g_new0(SimRecords, 1);
    uint16_t sw = 0;

    if (!tke_tlv_read(&data, SIM_TAG_SEALED, &sealed) || !sim_card_read_end(&data)) {
        return SIM_SW_DATA;
    }
    session->number++;
    sw = sim_crypto_unseal(session->encryption_key, session->mac_key, session->number,
                           sealed.data + sealed.pos, tke_byte_cursor_left(&sealed), plain, &len);
    if (sw == SIM_SW_DONE && !sim_ep11_read_records(plain, len, false, records)) {
        sw = SIM_SW_DATA;
    }
    return sw == SIM_SW_DONE ? sim_ep11_store_received(card, records) : sw;
}

static uint16_t
import_key(SimCard *card, const SimRecord *record)
{
    SimCardState *state = &card->state;
    uint8_t ski[SIM_HASH_LEN] = { 0 };
    uint16_t sw = 0;

    if (state->signature_key.used) {
        return SIM_SW_EXISTS;
    }
    if (!sim_usage_log_has_room(state, 1)) {
        return SIM_SW_NO_ROOM;
    }
    sw = sim_crypto_check_pair(card, record->scalar, record->point);
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    if (!put_key(state, record, record->origin, ski)) {
        return SIM_SW_INTERNAL;
    }
    sim_card_write(card, SIM_TAG_SKI, ski, sizeof ski);
    return log_use(card, SIM_USE_KEY_IMPORTED, 0, ski, NULL);
}

static uint16_t
import_part(SimCard *card, const SimRecord *record)
{
    SimCardState *state = &card->state;
    uint8_t place = (uint8_t) sim_card_state_free_place(state);

    if (sim_card_state_find_part(state, record->part) != 0) {
        return SIM_SW_EXISTS;
    }
    if (place == 0 || !sim_usage_log_has_room(state, 1)) {
        return SIM_SW_NO_ROOM;
    }
    if (!sim_card_state_put_part(state, place, record->part, record->origin, &record->text)) {
        return SIM_SW_INTERNAL;
    }
    sim_card_write(card, SIM_TAG_PATTERN, state->parts[place - 1].pattern, SIM_HASH_LEN);
    sim_card_write(card, SIM_TAG_PLACE, &place, 1);
    return log_use(card, SIM_USE_PART_IMPORTED, place, state->parts[place - 1].pattern, NULL);
}

uint16_t
sim_ep11_store_imported(SimCard *card, const SimRecords *records)
{
    return records->kind == SIM_RECORD_KEY ? import_key(card, &records->records[0])
                                           : import_part(card, &records->records[0]);
}

/* Opens the seal of a host, whose id is zero; the offer is used up. */
static uint16_t
open_import(SimCard *card, const SimAgreement *agreement, TkeByteCursor sealed,
            uint8_t plain[static SIM_SEALED_MAX], size_t *len)
{
    g_autoptr(TkeSecret) ke = NULL;
    g_autoptr(TkeSecret) km = NULL;
    uint16_t sw = sim_crypto_agree(card, &card->now.session.ephemeral, agreement->sender_point,
                                   "import keys", agreement, &ke, &km);

    return sw == SIM_SW_DONE ? sim_crypto_unseal(ke, km, 1, sealed.data + sealed.pos,
                                                 tke_byte_cursor_left(&sealed), plain, len)
                             : sw;
}

/* 2A 08 00 */
uint16_t
sim_ep11_import(SimCard *card, const SimCall *call)
{
    const SimSession *offer = &card->now.session;
    TkeByteCursor data = call->data;
    TkeByteCursor sealed = { 0 };
    SimAgreement agreement = { 0 };
    uint8_t plain[SIM_SEALED_MAX] = { 0 };
    size_t len = 0;
    g_autofree SimRecords *records = g_new0(SimRecords, 1);
    uint16_t sw = 0;

    if (!tke_tlv_read_exact(&data, SIM_TAG_POINT, agreement.sender_point, SIM_POINT_LEN) ||
        !tke_tlv_read_exact(&data, SIM_TAG_NONCE, agreement.sender_nonce, SIM_NONCE_LEN) ||
        !tke_tlv_read(&data, SIM_TAG_SEALED, &sealed) || !sim_card_read_end(&data)) {
        return SIM_SW_DATA;
    }
    len = tke_byte_cursor_left(&sealed);
    if (len < SIM_SEALED_MIN || len > SIM_SEALED_MAX || len % SIM_IV_LEN != 0) {
        return SIM_SW_DATA;
    }
    memcpy(agreement.zone_id, card->state.zone_id, SIM_CARD_ID_LEN);
    memcpy(agreement.receiver_id, card->state.id, SIM_CARD_ID_LEN);
    memcpy(agreement.receiver_nonce, offer->nonce, SIM_NONCE_LEN);
    memcpy(agreement.receiver_point, offer->ephemeral.point, SIM_POINT_LEN);
    sw = sim_crypto_check_point(agreement.sender_point);
    if (sw == SIM_SW_DONE) {
        sw = open_import(card, &agreement, sealed, plain, &len);
    }
    if (sw == SIM_SW_DONE && !sim_ep11_read_records(plain, len, true, records)) {
        sw = SIM_SW_DATA;
    }
    if (sw == SIM_SW_DONE) {
        sw = sim_ep11_store_imported(card, records);
    }
    sim_card_end_session(card);
    return sw;
}
