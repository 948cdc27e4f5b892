/*
 * The card manager of a virtual card (issuer security domain): selection, data objects, dispatch
 * of its commands (GlobalPlatform Card Specification 2.3, 11; card-protocol.md, 1).
 */
#include <openssl/rand.h>
#include <string.h>

#include "common/tlv.h"
#include "simulator/sim-card-private.h"

#define CLASS_ISO 0x00u
#define CLASS_OWN 0x80u
#define CLASS_SECURE 0x04u
#define SHORTEST_AID 5u
#define GARBAGE_LEN 24u
#define CA_APPLET_LEN 6144u /* what an instance takes of the memory */
#define EP11_APPLET_LEN 20480u
#define WORKING_MEMORY 4096u
#define LIFE_CYCLE_DATA_LEN 42u
#define SERIAL_AT 12u

enum {
    INS_INITIALIZE_UPDATE = 0x50,
    INS_EXTERNAL_AUTHENTICATE = 0x82,
    INS_GET_DATA = 0xCA,
    INS_PUT_KEY = 0xD8,
    INS_DELETE = 0xE4,
    INS_INSTALL = 0xE6,
    INS_LOAD = 0xE8,
    INS_SET_STATUS = 0xF0,
    INS_GET_STATUS = 0xF2
};

enum {
    TAG_RECOGNITION = 0x66,
    TAG_KEYS = 0xE0,
    TAG_KEY = 0xC0,
    TAG_COUNTER = 0xC1,
    TAG_LIFE_CYCLE_DATA = 0x9F7F,
    TAG_RESOURCES = 0xFF21
};

static const uint8_t manager_aid[SIM_GP_MANAGER_AID_LEN] = { 0xA0, 0x00, 0x00, 0x01,
                                                             0x51, 0x00, 0x00, 0x00 };

/* Empty, or the AID or its beginning, as real card managers take it. */
bool
sim_gp_is_named(TkeByteCursor aid)
{
    size_t len = tke_byte_cursor_left(&aid);

    return len == 0 || (len >= SHORTEST_AID && len <= sizeof manager_aid &&
                        memcmp(tke_byte_cursor_peek(&aid), manager_aid, len) == 0);
}

void
sim_gp_deselect(SimGpManager *manager)
{
    manager->selected = false;
    sim_gp_session_end(&manager->session);
    g_clear_pointer(&manager->load.bytes, g_byte_array_unref);
    memset(&manager->load, 0, sizeof manager->load);
    memset(&manager->listing, 0, sizeof manager->listing);
}

uint32_t
sim_gp_applet_len(unsigned kind)
{
    return kind == SIM_CARD_CA ? CA_APPLET_LEN : kind == SIM_CARD_EP11 ? EP11_APPLET_LEN : 0;
}

uint32_t
sim_gp_free_memory(const SimCard *card)
{
    return card->gp_faults.is_full
               ? card->gp_faults.free
               : sim_gp_state_free(&card->state.gp, sim_gp_applet_len(card->state.kind));
}

const uint8_t *
sim_card_applet_version(const SimCard *card)
{
    return card->gp_faults.has_version ? card->gp_faults.version : card->state.gp.applet_version;
}

bool
sim_gp_lets_applet(const SimCard *card)
{
    const SimGpState *gp = &card->state.gp;

    return gp->life_cycle != SIM_GP_CARD_LOCKED && gp->life_cycle != SIM_GP_TERMINATED &&
           !gp->applet_locked;
}

static uint16_t
answer_garbage(SimCard *card)
{
    uint8_t garbage[GARBAGE_LEN] = { 0 };

    if (RAND_bytes(garbage, sizeof garbage) != 1) {
        return SIM_SW_INTERNAL;
    }
    garbage[0] |= 0x80; /* neither an FCI nor a tag that was asked for */
    tke_byte_builder_bytes(&card->out, garbage, sizeof garbage);
    return SIM_SW_DONE;
}

uint16_t
sim_gp_select(SimCard *card)
{
    sim_card_deselect(card);
    card->now.manager.selected = true;
    if (card->gp_faults.garbage) {
        return answer_garbage(card);
    }
    tke_tlv_header(&card->out, 0x6F, tke_tlv_size(0x84, sizeof manager_aid) + 6);
    sim_card_write(card, 0x84, manager_aid, sizeof manager_aid);
    tke_tlv_header(&card->out, 0xA5, 4);
    sim_card_write(card, 0x9F65, (const uint8_t[]){ UINT8_MAX }, 1);
    return card->state.gp.life_cycle == SIM_GP_CARD_LOCKED ? SIM_SW_CARD_LOCKED : SIM_SW_DONE;
}

/* ---- data objects ---- */

/* 66: GlobalPlatform 2.3, its identification scheme, SCP and option (annex H). */
static void
write_recognition(SimCard *card)
{
    static const uint8_t start[] = { 0x06, 0x07, 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x01,
                                     0x60, 0x0B, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xFC,
                                     0x6B, 0x02, 0x02, 0x03, 0x63, 0x09, 0x06, 0x07, 0x2A,
                                     0x86, 0x48, 0x86, 0xFC, 0x6B, 0x03 };
    static const uint8_t scheme[] = { 0x64, 0x0B, 0x06, 0x09, 0x2A, 0x86,
                                      0x48, 0x86, 0xFC, 0x6B, 0x04 };
    size_t len = sizeof start + sizeof scheme + 2;

    tke_tlv_header(&card->out, TAG_RECOGNITION, tke_tlv_size(0x73, len));
    tke_tlv_header(&card->out, 0x73, len);
    tke_byte_builder_bytes(&card->out, start, sizeof start);
    tke_byte_builder_bytes(&card->out, scheme, sizeof scheme);
    tke_byte_builder_u8(&card->out, card->state.gp.scp);
    tke_byte_builder_u8(&card->out, card->state.gp.option);
}

/* E0: number, version, type and length of each key. */
static void
write_keys(SimCard *card)
{
    const SimGpState *gp = &card->state.gp;
    uint8_t inner[SIM_GP_KEY_SETS * SIM_GP_KEYS * 6] = { 0 };
    TkeByteBuilder b = { .out = inner, .size = sizeof inner };

    for (unsigned i = 0; i < SIM_GP_KEY_SETS; i++) {
        for (uint8_t key = 1; gp->sets[i].version != 0 && key <= SIM_GP_KEYS; key++) {
            const uint8_t value[] = { key, gp->sets[i].version,
                                      gp->scp == SIM_GP_SCP02 ? SIM_GP_KEY_DES : SIM_GP_KEY_AES,
                                      gp->sets[i].key_len };

            tke_tlv_object(&b, TAG_KEY, value, sizeof value);
        }
    }
    sim_card_write(card, TAG_KEYS, inner, b.len);
}

/* FF21: applets, bytes of lasting and of working memory left (ETSI TS 102 226, 8.2.1.7.2). */
static void
write_resources(SimCard *card)
{
    uint8_t applets = card->state.kind == SIM_CARD_BLANK ? 0 : 1;

    tke_tlv_header(&card->out, TAG_RESOURCES, 3 + 6 + 6);
    sim_card_write(card, 0x81, &applets, 1);
    tke_tlv_header(&card->out, 0x82, 4);
    tke_byte_builder_u32(&card->out, sim_gp_free_memory(card));
    tke_tlv_header(&card->out, 0x83, 4);
    tke_byte_builder_u32(&card->out, WORKING_MEMORY);
}

/* C1: the sequence counter of the first key set. */
static void
write_counter(SimCard *card)
{
    const SimGpKeySet *set = sim_gp_state_find_keys(&card->state.gp, 0);
    size_t len = card->state.gp.scp == SIM_GP_SCP02 ? 2 : 3;
    uint8_t bytes[4] = { 0 };
    TkeByteBuilder b = { .out = bytes, .size = sizeof bytes };

    tke_byte_builder_u32(&b, set == NULL ? 0 : set->sequence);
    sim_card_write(card, TAG_COUNTER, bytes + sizeof bytes - len, len);
}

/* 9F7F: what makers write about a chip. Of a virtual one there is only its serial number to
 * tell. */
static uint16_t
write_life_cycle_data(SimCard *card)
{
    static const uint8_t none[SIM_GP_SERIAL_LEN] = { 0 };
    const uint8_t *serial = card->state.gp.serial;
    uint8_t data[LIFE_CYCLE_DATA_LEN] = { 0 };

    if (memcmp(serial, none, sizeof none) == 0) {
        return SIM_SW_NOT_FOUND;
    }
    memcpy(data + SERIAL_AT, serial, SIM_GP_SERIAL_LEN);
    sim_card_write(card, TAG_LIFE_CYCLE_DATA, data, sizeof data);
    return SIM_SW_DONE;
}

static uint16_t
get_data(SimCard *card, const SimGpCall *call)
{
    if (tke_byte_cursor_left(&call->data) > 0) {
        return SIM_SW_LENGTH;
    }
    switch (call->p1 << 8 | call->p2) {
    case TAG_RECOGNITION:
        write_recognition(card);
        return SIM_SW_DONE;
    case TAG_KEYS:
        write_keys(card);
        return SIM_SW_DONE;
    case TAG_COUNTER:
        write_counter(card);
        return SIM_SW_DONE;
    case TAG_LIFE_CYCLE_DATA:
        return write_life_cycle_data(card);
    case TAG_RESOURCES:
        write_resources(card);
        return SIM_SW_DONE;
    default:
        return SIM_SW_NOT_FOUND;
    }
}

/* ---- dispatch ---- */

typedef struct Command {
    uint8_t ins;
    bool plain;  /* also without a secure channel */
    bool locked; /* also while the card is locked */
    bool ended;  /* also when it is terminated */
    uint16_t (*run)(SimCard *card, const SimGpCall *call);
} Command;

static const Command commands[] = {
    { INS_GET_DATA, true, true, true, get_data },
    { INS_INITIALIZE_UPDATE, true, true, false, sim_gp_initialize_update },
    { INS_PUT_KEY, false, false, false, sim_gp_put_key },
    { INS_DELETE, false, false, false, sim_gp_delete },
    { INS_INSTALL, false, false, false, sim_gp_install },
    { INS_LOAD, false, false, false, sim_gp_load },
    { INS_SET_STATUS, false, true, false, sim_gp_set_status },
    { INS_GET_STATUS, false, false, false, sim_gp_get_status },
};

static uint16_t
run(SimCard *card, const SimGpCall *call, bool is_secure)
{
    const Command *command = NULL;
    uint8_t life_cycle = card->state.gp.life_cycle;

    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (commands[i].ins == call->ins) {
            command = &commands[i];
        }
    }
    if (command == NULL) {
        return SIM_SW_INS;
    }
    if ((life_cycle == SIM_GP_TERMINATED && !command->ended) ||
        (life_cycle == SIM_GP_CARD_LOCKED && !command->locked)) {
        return SIM_SW_CONDITIONS;
    }
    if (!command->plain && !is_secure) {
        return SIM_SW_PIN_NEEDED;
    }
    return command->run(card, call);
}

/* A load file and a list go on only with their own command; a session that was begun waits for no
 * other. */
static void
end_others(SimGpManager *manager, uint8_t ins)
{
    if (ins != INS_LOAD) {
        g_clear_pointer(&manager->load.bytes, g_byte_array_unref);
        memset(&manager->load, 0, sizeof manager->load);
    }
    if (ins != INS_GET_STATUS) {
        manager->listing.open = false;
    }
    if (manager->session.phase == SIM_GP_STARTED && ins != INS_EXTERNAL_AUTHENTICATE) {
        sim_gp_session_end(&manager->session);
    }
}

/* Whether a command without secure messaging is too little for the open channel. */
static bool
breaks_channel(const SimGpSession *session, bool is_secure, uint8_t ins)
{
    return !is_secure && ins != INS_INITIALIZE_UPDATE && session->phase == SIM_GP_OPEN &&
           (session->level & SIM_GP_LEVEL_C_MAC) != 0;
}

static uint16_t
run_secure(SimCard *card, const uint8_t header[static 4], TkeByteCursor data, SimGpCall *call)
{
    const SimGpSession *session = &card->now.manager.session;
    g_autoptr(GByteArray) plain = g_byte_array_new();
    uint16_t sw = sim_gp_unwrap(card, header, data, plain);

    if (sw != SIM_SW_DONE) {
        return sw;
    }
    call->data = tke_byte_cursor(plain->data, plain->len);
    sw = run(card, call, true);
    if ((sw == SIM_SW_DONE || sw == SIM_SW_MORE_ENTRIES) && session->phase == SIM_GP_OPEN &&
        (session->level & SIM_GP_LEVEL_R_MAC) != 0 &&
        !sim_gp_protocol(&card->state.gp)->wrap(session, &card->out, sw)) {
        return SIM_SW_INTERNAL;
    }
    return sw;
}

uint16_t
sim_gp_execute(SimCard *card, const uint8_t header[static 4], TkeByteCursor data)
{
    SimGpManager *manager = &card->now.manager;
    SimGpCall call = { .ins = header[1], .p1 = header[2], .p2 = header[3], .data = data };
    bool is_secure = header[0] == (CLASS_OWN | CLASS_SECURE);

    end_others(manager, header[1]);
    if (card->gp_faults.garbage) {
        return answer_garbage(card);
    }
    if (header[0] == CLASS_ISO && header[1] != INS_GET_DATA) {
        return SIM_SW_INS;
    }
    if (!is_secure && header[0] != CLASS_OWN && header[0] != CLASS_ISO) {
        return SIM_SW_CLASS;
    }
    if (header[1] == INS_EXTERNAL_AUTHENTICATE) {
        return is_secure ? sim_gp_external_authenticate(card, header, data) : SIM_SW_CLASS;
    }
    if (breaks_channel(&manager->session, is_secure, header[1])) {
        sim_gp_session_end(&manager->session);
        return SIM_SW_PIN_NEEDED;
    }
    return is_secure ? run_secure(card, header, data, &call) : run(card, &call, false);
}
