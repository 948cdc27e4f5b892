/*
 * The card manager's registry: what is on the card and in which state (GlobalPlatform Card
 * Specification 2.3, 11.4, 11.10).
 *
 * Two packages of the maker are always there, as on real cards. An answer holds two entries at
 * most and 6310 says that more follow, so that hosts meet what cards with much on them do.
 */
#include <string.h>

#include "common/tlv.h"
#include "simulator/sim-card-private.h"

#define ENTRIES_MAX 2u
#define TAGGED 0x02u /* P2 of GET STATUS */
#define NEXT 0x01u
#define LONG_TAG 0x1Fu /* another byte follows */
#define LOADED 0x01u
#define SELECTABLE 0x07u
#define LOCKED 0x80u
#define AID_MAX 16u

/* P1 of both commands. */
enum { OF_MANAGER = 0x80, OF_APPLETS = 0x40, OF_FILES = 0x20, OF_FILES_AND_MODULES = 0x10 };

enum {
    TAG_AID = 0x4F,
    TAG_ENTRY = 0xE3,
    TAG_STATE = 0x9F70,
    TAG_PRIVILEGES = 0xC5,
    TAG_LOAD_FILE = 0xC4,
    TAG_FILE_VERSION = 0xCE,
    TAG_MODULE = 0x84,
    TAG_DOMAIN = 0xCC,
    TAG_LIST = 0x5C
};

static const uint8_t manager_aid[] = { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00, 0x00 };

/* What the maker put there: security domains, and a package of the Java Card runtime. */
static const struct {
    uint8_t aid[8];
    size_t len;
    uint8_t module[8];
    size_t module_len;
} makers[] = {
    { { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50 },
      7,
      { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50, 0x41 },
      8 },
    { { 0xA0, 0x00, 0x00, 0x00, 0x62, 0x02, 0x09 }, 7, { 0 }, 0 },
};

bool
sim_gp_is_makers(TkeByteCursor aid)
{
    for (size_t i = 0; i < G_N_ELEMENTS(makers); i++) {
        if (tke_byte_cursor_left(&aid) == makers[i].len &&
            memcmp(tke_byte_cursor_peek(&aid), makers[i].aid, makers[i].len) == 0) {
            return true;
        }
    }
    return tke_byte_cursor_left(&aid) == sizeof manager_aid &&
           memcmp(tke_byte_cursor_peek(&aid), manager_aid, sizeof manager_aid) == 0;
}

static void
our_aid(uint8_t last, uint8_t out[static SIM_GP_AID_LEN])
{
    const uint8_t aid[SIM_GP_AID_LEN] = { 0xF0, 0x4F, 0x54, 0x4B, 0x45, 0x01, last };

    memcpy(out, aid, sizeof aid);
}

/* ---- entries ---- */

static void
write_file(TkeByteBuilder *b, const uint8_t *aid, size_t len)
{
    tke_tlv_object(b, TAG_AID, aid, len);
    tke_tlv_object(b, TAG_STATE, (const uint8_t[]){ LOADED }, 1);
    tke_tlv_object(b, TAG_FILE_VERSION, (const uint8_t[]){ 0x01, 0x00 }, 2);
}

static bool
write_makers(TkeByteBuilder *b, unsigned index, bool with_modules)
{
    if (index >= G_N_ELEMENTS(makers)) {
        return false;
    }
    write_file(b, makers[index].aid, makers[index].len);
    if (with_modules && makers[index].module_len > 0) {
        tke_tlv_object(b, TAG_MODULE, makers[index].module, makers[index].module_len);
    }
    tke_tlv_object(b, TAG_DOMAIN, manager_aid, sizeof manager_aid);
    return true;
}

/* The maker's packages first, then ours. */
static bool
write_package(const SimCardState *state, TkeByteBuilder *b, unsigned index, bool with_modules)
{
    uint8_t aid[SIM_GP_AID_LEN] = { 0 };

    if (write_makers(b, index, with_modules)) {
        return true;
    }
    if (index > G_N_ELEMENTS(makers) || !state->gp.has_package) {
        return false;
    }
    our_aid(SIM_GP_PACKAGE, aid);
    write_file(b, aid, sizeof aid);
    for (uint8_t last = SIM_CARD_CA; with_modules && last <= SIM_CARD_EP11; last++) {
        our_aid(last, aid);
        tke_tlv_object(b, TAG_MODULE, aid, sizeof aid);
    }
    tke_tlv_object(b, TAG_DOMAIN, manager_aid, sizeof manager_aid);
    return true;
}

static bool
write_applet(const SimCardState *state, TkeByteBuilder *b, unsigned index)
{
    uint8_t life_cycle = SELECTABLE | (state->gp.applet_locked ? LOCKED : 0);
    uint8_t aid[SIM_GP_AID_LEN] = { 0 };

    if (index > 0 || state->kind == SIM_CARD_BLANK) {
        return false;
    }
    our_aid(state->kind, aid);
    tke_tlv_object(b, TAG_AID, aid, sizeof aid);
    tke_tlv_object(b, TAG_STATE, &life_cycle, 1);
    tke_tlv_object(b, TAG_PRIVILEGES, (const uint8_t[]){ 0x00, 0x00, 0x00 }, 3);
    our_aid(SIM_GP_PACKAGE, aid);
    tke_tlv_object(b, TAG_LOAD_FILE, aid, sizeof aid);
    tke_tlv_object(b, TAG_DOMAIN, manager_aid, sizeof manager_aid);
    return true;
}

static bool
write_manager(const SimCardState *state, TkeByteBuilder *b, unsigned index)
{
    if (index > 0) {
        return false;
    }
    tke_tlv_object(b, TAG_AID, manager_aid, sizeof manager_aid);
    tke_tlv_object(b, TAG_STATE, &state->gp.life_cycle, 1);
    tke_tlv_object(b, TAG_PRIVILEGES, (const uint8_t[]){ 0x9E, 0xFE, 0x80 }, 3);
    return true;
}

static bool
write_entry(const SimCardState *state, uint8_t p1, unsigned index, TkeByteBuilder *b)
{
    switch (p1) {
    case OF_MANAGER:
        return write_manager(state, b, index);
    case OF_APPLETS:
        return write_applet(state, b, index);
    default:
        return write_package(state, b, index, p1 == OF_FILES_AND_MODULES);
    }
}

/* ---- GET STATUS ---- */

/* Which entries a host wants, and in which form. */
typedef struct Search {
    TkeByteCursor aid;  /* or its beginning */
    TkeByteCursor tags; /* what of an entry, each tag after the other; empty: all */
    bool plain;         /* the form of older cards, without tags */
} Search;

static bool
begins_with(const TkeByteBuilder *entry, TkeByteCursor wanted)
{
    TkeByteCursor inner = tke_byte_cursor(entry->out, entry->len);
    TkeByteCursor aid = { 0 };
    size_t len = tke_byte_cursor_left(&wanted);

    return tke_tlv_read(&inner, TAG_AID, &aid) && len <= tke_byte_cursor_left(&aid) &&
           (len == 0 ||
            memcmp(tke_byte_cursor_peek(&aid), tke_byte_cursor_peek(&wanted), len) == 0);
}

static bool
read_tag(TkeByteCursor *tags, uint16_t *tag)
{
    uint8_t first = 0;
    uint8_t second = 0;

    if (!tke_byte_cursor_u8(tags, &first) ||
        ((first & LONG_TAG) == LONG_TAG && !tke_byte_cursor_u8(tags, &second))) {
        return false;
    }
    *tag = first;
    if ((first & LONG_TAG) == LONG_TAG) {
        *tag = (uint16_t) (first << 8 | second);
    }
    return true;
}

static bool
are_tags(TkeByteCursor tags)
{
    uint16_t tag = 0;

    while (tke_byte_cursor_left(&tags) > 0) {
        if (!read_tag(&tags, &tag)) {
            return false;
        }
    }
    return true;
}

static bool
is_asked_for(TkeByteCursor tags, uint16_t wanted)
{
    uint16_t tag = 0;

    if (tke_byte_cursor_left(&tags) == 0) {
        return true;
    }
    while (read_tag(&tags, &tag)) {
        if (tag == wanted) {
            return true;
        }
    }
    return false;
}

/* 11.4.3.1, table 11-36: of an entry what the host has asked for. */
static void
write_tagged(SimCard *card, const TkeByteBuilder *entry, TkeByteCursor tags)
{
    uint8_t inner[UINT8_MAX] = { 0 };
    TkeByteBuilder b = { .out = inner, .size = sizeof inner };
    TkeByteCursor all = tke_byte_cursor(entry->out, entry->len);
    TkeByteCursor value = { 0 };
    uint16_t tag = 0;

    while (tke_tlv_read_any(&all, &tag, &value)) {
        if (is_asked_for(tags, tag)) {
            tke_tlv_object(&b, tag, tke_byte_cursor_peek(&value), tke_byte_cursor_left(&value));
        }
    }
    sim_card_write(card, TAG_ENTRY, inner, b.len);
}

static void
write_field(TkeByteBuilder *b, TkeByteCursor value)
{
    tke_byte_builder_u8(b, (uint8_t) tke_byte_cursor_left(&value));
    tke_byte_builder_bytes(b, tke_byte_cursor_peek(&value), tke_byte_cursor_left(&value));
}

/* Tables 11-34 and 11-35: AID, state, one byte of privileges; behind those of load files their
 * modules. */
static void
write_plain(SimCard *card, const TkeByteBuilder *entry, bool with_modules)
{
    uint8_t list[UINT8_MAX] = { 0 };
    TkeByteBuilder modules = { .out = list, .size = sizeof list };
    TkeByteCursor all = tke_byte_cursor(entry->out, entry->len);
    TkeByteCursor value = { 0 };
    uint16_t tag = 0;
    uint8_t state = 0;
    uint8_t privileges = 0;
    uint8_t n = 0;

    while (tke_tlv_read_any(&all, &tag, &value)) {
        if (tag == TAG_AID) {
            write_field(&card->out, value);
        } else if (tag == TAG_STATE) {
            (void) tke_byte_cursor_u8(&value, &state);
        } else if (tag == TAG_PRIVILEGES) {
            (void) tke_byte_cursor_u8(&value, &privileges);
        } else if (tag == TAG_MODULE) {
            write_field(&modules, value);
            n++;
        }
    }
    tke_byte_builder_bytes(&card->out, (const uint8_t[]){ state, privileges }, 2);
    if (with_modules) {
        tke_byte_builder_u8(&card->out, n);
        tke_byte_builder_bytes(&card->out, list, modules.len);
    }
}

static uint16_t
list(SimCard *card, SimGpListing *listing, const Search *search)
{
    unsigned n = 0;

    for (;; listing->next++) {
        uint8_t inner[UINT8_MAX] = { 0 };
        TkeByteBuilder b = { .out = inner, .size = sizeof inner };

        if (!write_entry(&card->state, listing->p1, listing->next, &b)) {
            listing->open = false;
            return n > 0 ? SIM_SW_DONE : SIM_SW_NOT_FOUND;
        }
        if (!begins_with(&b, search->aid)) {
            continue;
        }
        if (n == ENTRIES_MAX) {
            listing->open = true;
            return SIM_SW_MORE_ENTRIES;
        }
        if (search->plain) {
            write_plain(card, &b, listing->p1 == OF_FILES_AND_MODULES);
        } else {
            write_tagged(card, &b, search->tags);
        }
        n++;
    }
}

/* 11.4.2.3: the AID, and perhaps a list of tags. */
static bool
read_search(TkeByteCursor data, Search *search)
{
    return tke_tlv_read(&data, TAG_AID, &search->aid) &&
           tke_byte_cursor_left(&search->aid) <= AID_MAX &&
           (tke_byte_cursor_left(&data) == 0 ||
            (tke_tlv_read(&data, TAG_LIST, &search->tags) && are_tags(search->tags))) &&
           tke_byte_cursor_left(&data) == 0;
}

uint16_t
sim_gp_get_status(SimCard *card, const SimGpCall *call)
{
    SimGpListing *listing = &card->now.manager.listing;
    Search search = { .plain = (call->p2 & TAGGED) == 0 };

    if ((call->p1 != OF_MANAGER && call->p1 != OF_APPLETS && call->p1 != OF_FILES &&
         call->p1 != OF_FILES_AND_MODULES) ||
        (call->p2 & ~(TAGGED | NEXT)) != 0) {
        return SIM_SW_P1P2;
    }
    if (!read_search(call->data, &search)) {
        return SIM_SW_DATA;
    }
    if ((call->p2 & NEXT) != 0) {
        return listing->open && listing->p1 == call->p1 ? list(card, listing, &search)
                                                        : SIM_SW_CONDITIONS;
    }
    *listing = (SimGpListing){ .p1 = call->p1 };
    return list(card, listing, &search);
}

/* ---- SET STATUS ---- */

/* Forward only, but for the lock; nothing follows the end. */
static bool
may_become(uint8_t from, uint8_t to)
{
    switch (to) {
    case SIM_GP_INITIALIZED:
        return from == SIM_GP_OP_READY;
    case SIM_GP_SECURED:
        return from == SIM_GP_OP_READY || from == SIM_GP_INITIALIZED || from == SIM_GP_CARD_LOCKED;
    case SIM_GP_CARD_LOCKED:
        return from == SIM_GP_SECURED;
    case SIM_GP_TERMINATED:
        return from != SIM_GP_TERMINATED;
    default:
        return false;
    }
}

uint16_t
sim_gp_set_status(SimCard *card, const SimGpCall *call)
{
    SimGpState *gp = &card->state.gp;

    switch (call->p1) {
    case OF_MANAGER:
        if (!may_become(gp->life_cycle, call->p2)) {
            return SIM_SW_CONDITIONS;
        }
        gp->life_cycle = call->p2;
        return sim_card_commit(card);
    case OF_APPLETS:
        if (card->state.kind == SIM_CARD_BLANK || !sim_gp_is_aid(call->data, card->state.kind)) {
            return SIM_SW_NOT_FOUND;
        }
        if (gp->life_cycle == SIM_GP_CARD_LOCKED) {
            return SIM_SW_CONDITIONS;
        }
        if (call->p2 != SELECTABLE && call->p2 != (SELECTABLE | LOCKED)) {
            return SIM_SW_DATA;
        }
        gp->applet_locked = (call->p2 & LOCKED) != 0;
        return sim_card_commit(card);
    default:
        return SIM_SW_P1P2;
    }
}
