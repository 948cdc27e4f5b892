/*
 * What is on a virtual card: loading, installing and deleting (GlobalPlatform Card Specification
 * 2.3, 11.2, 11.5, 11.6; card-protocol.md, 1). A load file is kept in working memory until its
 * last block is there, so that a card that was pulled is as before; installing and deleting are
 * one lasting change each.
 */
#include <string.h>

#include "common/digest.h"
#include "common/tlv.h"
#include "simulator/sim-card-private.h"

#define PAGE 256u /* bytes that a card writes at once */
#define FOR_LOAD 0x02u
#define FOR_INSTALL_SELECTABLE 0x0Cu
#define LAST_BLOCK 0x80u
#define WITH_RELATED 0x80u
#define TAG_AID 0x4F
#define TAG_LOAD_PARAMETERS 0xEF
#define TAG_LOAD_FILE 0xC4u
#define TAG_APPLET_PARAMETERS 0xC9
#define NO_PRIVILEGES 0x00u

bool
sim_gp_is_aid(TkeByteCursor aid, uint8_t last)
{
    const uint8_t wanted[SIM_GP_AID_LEN] = { 0xF0, 0x4F, 0x54, 0x4B, 0x45, 0x01, last };

    return tke_byte_cursor_left(&aid) == sizeof wanted &&
           memcmp(tke_byte_cursor_peek(&aid), wanted, sizeof wanted) == 0;
}

/* A lone 00: nothing to confirm (11.1.6, Table 11-2). */
static uint16_t
done(SimCard *card)
{
    tke_byte_builder_u8(&card->out, 0x00);
    return SIM_SW_DONE;
}

/* A field with its length before it. */
static bool
take_field(TkeByteCursor *data, TkeByteCursor *field)
{
    uint8_t len = 0;

    return tke_byte_cursor_u8(data, &len) && tke_byte_cursor_sub(data, len, field);
}

/* ---- DELETE ---- */

/* Keys, zone and all go with the instance; the next one has another id. */
static uint16_t
wipe(SimCard *card, bool with_package)
{
    sim_card_state_wipe(&card->state);
    if (with_package) {
        card->state.gp.has_package = false;
        card->state.gp.package_len = 0;
        memset(card->state.gp.package_hash, 0, SIM_GP_HASH_LEN);
    }
    return sim_card_commit(card);
}

uint16_t
sim_gp_delete(SimCard *card, const SimGpCall *call)
{
    const SimCardState *state = &card->state;
    uint8_t instance = (uint8_t) state->kind; /* last byte of its AID */
    TkeByteCursor data = call->data;
    TkeByteCursor aid = { 0 };
    uint16_t sw = SIM_SW_DONE;
    bool is_package = false;

    if (call->p1 != 0 || (call->p2 & ~WITH_RELATED) != 0) {
        return SIM_SW_P1P2;
    }
    if (!tke_tlv_read(&data, TAG_AID, &aid) || tke_byte_cursor_left(&data) > 0 ||
        tke_byte_cursor_left(&aid) < 5 || tke_byte_cursor_left(&aid) > 16) {
        return SIM_SW_DATA;
    }
    if (sim_gp_is_makers(aid)) {
        return SIM_SW_CONDITIONS;
    }
    is_package = sim_gp_is_aid(aid, SIM_GP_PACKAGE) && state->gp.has_package;
    if (!is_package && (instance == SIM_CARD_BLANK || !sim_gp_is_aid(aid, instance))) {
        return SIM_SW_NOT_FOUND;
    }
    if (is_package && instance != SIM_CARD_BLANK && call->p2 != WITH_RELATED) {
        return SIM_SW_CONDITIONS;
    }
    sw = wipe(card, is_package);
    return sw == SIM_SW_DONE ? done(card) : sw;
}

/* ---- INSTALL [for load], LOAD ---- */

static void
end_load(SimGpLoad *load)
{
    g_clear_pointer(&load->bytes, g_byte_array_unref);
    memset(load, 0, sizeof *load);
}

static uint16_t
install_for_load(SimCard *card, TkeByteCursor data)
{
    SimGpLoad *load = &card->now.manager.load;
    TkeByteCursor package = { 0 };
    TkeByteCursor domain = { 0 };
    TkeByteCursor hash = { 0 };
    TkeByteCursor parameters = { 0 };
    TkeByteCursor token = { 0 };
    TkeByteCursor value = { 0 };

    end_load(load);
    if (!take_field(&data, &package) || !take_field(&data, &domain) || !take_field(&data, &hash) ||
        !take_field(&data, &parameters) || !take_field(&data, &token) ||
        tke_byte_cursor_left(&data) > 0 || !sim_gp_is_aid(package, SIM_GP_PACKAGE) ||
        !sim_gp_is_named(domain) || tke_byte_cursor_left(&token) > 0) {
        return SIM_SW_DATA;
    }
    if (tke_byte_cursor_left(&parameters) > 0 &&
        (!tke_tlv_read(&parameters, TAG_LOAD_PARAMETERS, &value) ||
         tke_byte_cursor_left(&parameters) > 0)) {
        return SIM_SW_DATA;
    }
    if (tke_byte_cursor_left(&hash) > 0 &&
        (tke_byte_cursor_left(&hash) != SIM_GP_HASH_LEN ||
         !tke_byte_cursor_copy(&hash, load->hash, SIM_GP_HASH_LEN))) {
        return SIM_SW_DATA;
    }
    if (card->state.gp.has_package) {
        return SIM_SW_CONDITIONS;
    }
    load->has_hash = hash.len > 0;
    load->open = true;
    load->bytes = g_byte_array_new();
    return done(card);
}

/* C4 and the length of the whole; it may be longer than this block. */
static bool
read_start(TkeByteCursor *data, uint32_t *expected)
{
    uint8_t tag = 0;
    uint8_t first = 0;
    uint8_t byte = 0;
    uint16_t two = 0;

    if (!tke_byte_cursor_u8(data, &tag) || tag != TAG_LOAD_FILE ||
        !tke_byte_cursor_u8(data, &first)) {
        return false;
    }
    if (first < 0x80) {
        *expected = first;
    } else if (first == 0x81 && tke_byte_cursor_u8(data, &byte) && byte >= 0x80) {
        *expected = byte;
    } else if (first == 0x82 && tke_byte_cursor_u16(data, &two) && two > UINT8_MAX) {
        *expected = two;
    } else if (first == 0x83 && tke_byte_cursor_u8(data, &byte) && byte > 0 &&
               tke_byte_cursor_u16(data, &two)) {
        *expected = (uint32_t) byte << 16 | two;
    } else {
        return false;
    }
    return true;
}

/* The last block is there: the load file appears as a whole. */
static uint16_t
keep_file(SimCard *card)
{
    SimGpLoad *load = &card->now.manager.load;
    SimGpState *gp = &card->state.gp;
    uint8_t hash[TKE_SHA256_LEN] = { 0 };

    if (load->bytes->len != load->expected ||
        !sim_gp_file_is_valid(load->bytes->data, load->bytes->len)) {
        return SIM_SW_DATA;
    }
    if (!tke_digest_sha256(load->bytes->data, load->bytes->len, hash, NULL)) {
        return SIM_SW_INTERNAL;
    }
    if (load->has_hash && !tke_bytes_equal(hash, load->hash, sizeof hash)) {
        return SIM_SW_DATA;
    }
    gp->has_package = true;
    gp->package_len = load->expected;
    memcpy(gp->package_hash, hash, sizeof hash);
    return sim_card_commit(card);
}

static uint16_t
take_block(SimCard *card, const SimGpCall *call)
{
    SimGpLoad *load = &card->now.manager.load;
    TkeByteCursor data = call->data;
    size_t before = load->bytes->len;
    size_t len = 0;

    if ((call->p1 & ~LAST_BLOCK) != 0 || call->p2 != load->next) {
        return SIM_SW_P1P2;
    }
    if (tke_byte_cursor_left(&data) == 0) {
        return SIM_SW_LENGTH;
    }
    if (load->next == 0) {
        if (!read_start(&data, &load->expected)) {
            return SIM_SW_DATA;
        }
        if (load->expected > sim_gp_free_memory(card)) {
            return SIM_SW_NO_ROOM;
        }
    }
    len = tke_byte_cursor_left(&data);
    if (len > load->expected - before) {
        return SIM_SW_DATA;
    }
    if (len > 0) {
        g_byte_array_append(load->bytes, tke_byte_cursor_peek(&data), (guint) len);
    }
    sim_card_charge(card, SIM_COST_WRITE,
                    (before + len + PAGE - 1) / PAGE - (before + PAGE - 1) / PAGE);
    load->next++;
    return call->p1 == LAST_BLOCK ? keep_file(card) : SIM_SW_DONE;
}

uint16_t
sim_gp_load(SimCard *card, const SimGpCall *call)
{
    SimGpLoad *load = &card->now.manager.load;
    uint16_t sw = SIM_SW_DONE;

    if (!load->open) {
        return SIM_SW_CONDITIONS;
    }
    sw = take_block(card, call);
    if (sw != SIM_SW_DONE || call->p1 == LAST_BLOCK) {
        end_load(load);
    }
    return sw == SIM_SW_DONE ? done(card) : sw;
}

/* ---- INSTALL [for install and make selectable] ---- */

/* A new instance finds out what the card can do, as the real one does in its constructor. */
static uint16_t
make_instance(SimCard *card, SimCardKind kind)
{
    SimCardState *state = &card->state;
    uint8_t id[SIM_CARD_ID_LEN] = { 0 };

    if (!sim_card_random_draw(&card->random, SIM_DRAW_CARD_ID, id)) {
        return SIM_SW_INTERNAL;
    }
    id[0] |= tke_bytes_equal(id, (const uint8_t[SIM_CARD_ID_LEN]){ 0 }, sizeof id) ? 1 : 0;
    if (!sim_card_state_install(state, kind, id, NULL)) {
        return SIM_SW_INTERNAL;
    }
    memset(&card->forged_key, 0, sizeof card->forged_key);
    memset(&card->forged_certificate, 0, sizeof card->forged_certificate);
    card->forged_id = false;
    card->gp_faults.has_version = false;
    sim_card_charge(card, SIM_COST_GENERATE, 1);
    sim_card_charge(card, SIM_COST_SIGN, 1);
    sim_card_charge(card, SIM_COST_AGREE, 1);
    return sim_card_commit(card);
}

static uint16_t
install_applet(SimCard *card, TkeByteCursor data)
{
    TkeByteCursor package = { 0 };
    TkeByteCursor class = { 0 };
    TkeByteCursor instance = { 0 };
    TkeByteCursor privileges = { 0 };
    TkeByteCursor parameters = { 0 };
    TkeByteCursor token = { 0 };
    TkeByteCursor value = { 0 };
    SimCardKind kind = SIM_CARD_BLANK;
    uint8_t privilege = 0;
    uint16_t sw = SIM_SW_DONE;

    if (!take_field(&data, &package) || !take_field(&data, &class) ||
        !take_field(&data, &instance) || !take_field(&data, &privileges) ||
        !take_field(&data, &parameters) || !take_field(&data, &token) ||
        tke_byte_cursor_left(&data) > 0 || tke_byte_cursor_left(&token) > 0 ||
        tke_byte_cursor_left(&privileges) != 1 || !tke_byte_cursor_u8(&privileges, &privilege) ||
        privilege != NO_PRIVILEGES || !tke_tlv_read(&parameters, TAG_APPLET_PARAMETERS, &value) ||
        tke_byte_cursor_left(&value) > 0 || tke_byte_cursor_left(&parameters) > 0) {
        return SIM_SW_DATA;
    }
    kind = sim_gp_is_aid(class, SIM_CARD_CA)     ? SIM_CARD_CA
           : sim_gp_is_aid(class, SIM_CARD_EP11) ? SIM_CARD_EP11
                                                 : SIM_CARD_BLANK;
    if (!sim_gp_is_aid(package, SIM_GP_PACKAGE) || kind == SIM_CARD_BLANK ||
        !sim_gp_is_aid(instance, (uint8_t) kind)) {
        return SIM_SW_DATA;
    }
    if (!card->state.gp.has_package) {
        return SIM_SW_NOT_FOUND;
    }
    if (card->state.kind != SIM_CARD_BLANK) {
        return SIM_SW_CONDITIONS;
    }
    if (sim_gp_applet_len(kind) > sim_gp_free_memory(card)) {
        return SIM_SW_NO_ROOM;
    }
    sw = make_instance(card, kind);
    return sw == SIM_SW_DONE ? done(card) : sw;
}

uint16_t
sim_gp_install(SimCard *card, const SimGpCall *call)
{
    if (call->p2 != 0) {
        return SIM_SW_P1P2;
    }
    switch (call->p1) {
    case FOR_LOAD:
        return install_for_load(card, call->data);
    case FOR_INSTALL_SELECTABLE:
        return install_applet(card, call->data);
    default:
        return SIM_SW_P1P2;
    }
}
