/*
 * Secure channels of the card manager: how they begin, and commands that come through them
 * (GlobalPlatform Card Specification 2.3, 10 and annex E; Amendment D).
 *
 * Wrong cryptograms and wrong MACs of EXTERNAL AUTHENTICATE use up the key set's tries: the
 * counter goes down before the compare and is full again afterwards; at zero the set is locked for
 * ever (6983).
 */
#include <string.h>

#include "simulator/sim-card-private.h"

#define DIVERSIFICATION_LEN 10u
#define LOW_LEVELS (SIM_GP_LEVEL_C_MAC | SIM_GP_LEVEL_C_DEC)
#define OTHER_KEY 0xA5u

static const uint8_t manager_aid[SIM_GP_MANAGER_AID_LEN] = { 0xA0, 0x00, 0x00, 0x01,
                                                             0x51, 0x00, 0x00, 0x00 };

const SimGpProtocol *
sim_gp_protocol(const SimGpState *gp)
{
    return gp->scp == SIM_GP_SCP02 ? &sim_gp_scp02 : &sim_gp_scp03;
}

void
sim_gp_session_end(SimGpSession *session)
{
    tke_secret_free(session->enc);
    tke_secret_free(session->mac);
    tke_secret_free(session->r_mac);
    tke_secret_free(session->dek);
    memset(session, 0, sizeof *session);
}

bool
sim_gp_unpad(const uint8_t *data, size_t *len)
{
    size_t n = *len;

    while (n > 0 && data[n - 1] == 0x00) {
        n--;
    }
    if (n == 0 || data[n - 1] != 0x80) {
        return false;
    }
    *len = n - 1;
    return true;
}

/* Whether the host can work the challenge out beforehand; the sequence counter tells it how. */
static bool
is_derived(const SimGpState *gp)
{
    return gp->scp == SIM_GP_SCP02 ? gp->option == SIM_GP_SCP02_DERIVED
                                   : (gp->option & SIM_GP_SCP03_DERIVED) != 0;
}

static bool
make_challenge(SimCard *card, const SimGpKeySet *set, uint8_t out[static SIM_GP_CHALLENGE_LEN])
{
    const SimGpState *gp = &card->state.gp;

    if (is_derived(gp)) {
        return sim_gp_protocol(gp)->derive_challenge(set, manager_aid, sizeof manager_aid, out);
    }
    if (!sim_card_random_draw(&card->random, SIM_DRAW_CARD_CHALLENGE, out)) {
        return false;
    }
    if (gp->scp == SIM_GP_SCP02) {
        out[0] = (uint8_t) (set->sequence >> 8);
        out[1] = (uint8_t) set->sequence;
    }
    return true;
}

/* The key set a session works with: another one when a fault says so. */
static SimGpKeySet
keys_in_use(const SimCard *card, const SimGpKeySet *set)
{
    SimGpKeySet used = *set;

    for (unsigned key = 0; card->gp_faults.other_keys && key < SIM_GP_KEYS; key++) {
        for (unsigned i = 0; i < used.key_len; i++) {
            used.keys[key][i] ^= OTHER_KEY;
        }
    }
    return used;
}

static void
write_start(SimCard *card, const SimGpKeySet *set, const uint8_t cryptogram[SIM_GP_CRYPTOGRAM_LEN])
{
    const SimGpState *gp = &card->state.gp;
    const SimGpSession *session = &card->now.manager.session;

    tke_byte_builder_fill(&card->out, 0, DIVERSIFICATION_LEN);
    tke_byte_builder_u8(&card->out, set->version);
    tke_byte_builder_u8(&card->out, gp->scp);
    if (gp->scp == SIM_GP_SCP03) {
        tke_byte_builder_u8(&card->out, gp->option);
    }
    tke_byte_builder_bytes(&card->out, session->card_challenge, SIM_GP_CHALLENGE_LEN);
    tke_byte_builder_bytes(&card->out, cryptogram, SIM_GP_CRYPTOGRAM_LEN);
    if (gp->scp == SIM_GP_SCP03 && is_derived(gp)) {
        tke_byte_builder_u8(&card->out, (uint8_t) (set->sequence >> 16));
        tke_byte_builder_u16(&card->out, (uint16_t) set->sequence);
    }
}

/* SCP03 counts sessions when they begin, so that no challenge comes twice. */
static uint16_t
count_session(SimCard *card, SimGpKeySet *set)
{
    if (card->state.gp.scp != SIM_GP_SCP03 || !is_derived(&card->state.gp)) {
        return SIM_SW_DONE;
    }
    set->sequence = (set->sequence + 1) & 0xFFFFFF;
    return sim_card_commit(card);
}

uint16_t
sim_gp_initialize_update(SimCard *card, const SimGpCall *call)
{
    SimGpSession *session = &card->now.manager.session;
    SimGpKeySet *set = sim_gp_state_find_keys(&card->state.gp, call->p1);
    const SimGpProtocol *protocol = sim_gp_protocol(&card->state.gp);
    uint8_t cryptogram[SIM_GP_CRYPTOGRAM_LEN] = { 0 };
    TkeByteCursor data = call->data;
    SimGpKeySet used = { 0 };
    uint16_t sw = SIM_SW_DONE;

    sim_gp_session_end(session);
    if (call->p2 != 0) {
        return SIM_SW_P1P2;
    }
    if (tke_byte_cursor_left(&data) != SIM_GP_CHALLENGE_LEN) {
        return SIM_SW_LENGTH;
    }
    if (set == NULL) {
        return SIM_SW_NOT_FOUND;
    }
    if (set->tries == 0 || card->gp_faults.locked_keys) {
        return SIM_SW_PIN_BLOCKED;
    }
    sw = count_session(card, set);
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    used = keys_in_use(card, set);
    session->version = set->version;
    if (!tke_byte_cursor_copy(&data, session->host_challenge, SIM_GP_CHALLENGE_LEN) ||
        !make_challenge(card, &used, session->card_challenge) || !protocol->start(session, &used) ||
        !protocol->cryptogram(session, false, cryptogram)) {
        sim_gp_session_end(session);
        return SIM_SW_INTERNAL;
    }
    session->phase = SIM_GP_STARTED;
    write_start(card, set, cryptogram);
    return SIM_SW_DONE;
}

/* Answers are protected only where the option allows it, and encrypted only where they are
 * signed. */
static bool
level_is_offered(const SimGpState *gp, uint8_t level)
{
    uint8_t low = level & LOW_LEVELS;
    uint8_t high = level & (uint8_t) ~LOW_LEVELS;

    if (low == SIM_GP_LEVEL_C_DEC) {
        return false;
    }
    if (high == 0) {
        return true;
    }
    if (gp->scp != SIM_GP_SCP03 || low == 0 || (gp->option & SIM_GP_SCP03_R_MAC) == 0) {
        return false;
    }
    return high == SIM_GP_LEVEL_R_MAC ||
           (high == (SIM_GP_LEVEL_R_MAC | SIM_GP_LEVEL_R_ENC) && low == LOW_LEVELS &&
            (gp->option & SIM_GP_SCP03_R_ENC) != 0);
}

/* The last bytes are the MAC. */
static bool
take_apart(const uint8_t header[static 4], TkeByteCursor data, SimGpWrapped *wrapped)
{
    size_t len = tke_byte_cursor_left(&data);

    memcpy(wrapped->header, header, sizeof wrapped->header);
    return len >= SIM_GP_MAC_LEN &&
           tke_byte_cursor_sub(&data, len - SIM_GP_MAC_LEN, &wrapped->body) &&
           tke_byte_cursor_copy(&data, wrapped->mac, SIM_GP_MAC_LEN);
}

/* 6300: the host does not know the keys; 6982: it does, but the command was changed on its way. */
static uint16_t
judge_host(SimCard *card, const SimGpWrapped *wrapped)
{
    SimGpSession *session = &card->now.manager.session;
    const SimGpProtocol *protocol = sim_gp_protocol(&card->state.gp);
    g_autoptr(GByteArray) plain = g_byte_array_new();
    uint8_t wanted[SIM_GP_CRYPTOGRAM_LEN] = { 0 };
    bool is_right = false;

    if (!protocol->cryptogram(session, true, wanted)) {
        return SIM_SW_INTERNAL;
    }
    is_right = tke_bytes_equal(wanted, tke_byte_cursor_peek(&wrapped->body), sizeof wanted);
    if (!is_right) {
        return SIM_SW_HOST_WRONG;
    }
    return protocol->unwrap(session, wrapped, plain) ? SIM_SW_DONE : SIM_SW_PIN_NEEDED;
}

/* Cards differ in how they say that a proof is wrong. */
static uint16_t
refusal_word(const SimGpState *gp, const SimGpKeySet *set, uint16_t sw)
{
    if (gp->refusal == 0 || (sw != SIM_SW_HOST_WRONG && sw != SIM_SW_PIN_NEEDED)) {
        return sw;
    }
    return gp->refusal == SIM_GP_REFUSAL_TRIES
               ? (uint16_t) (SIM_GP_REFUSAL_TRIES | MIN(set->tries, 0x0Fu))
               : gp->refusal;
}

static uint16_t
authenticate(SimCard *card, const SimGpWrapped *wrapped, uint8_t level)
{
    SimGpSession *session = &card->now.manager.session;
    SimGpKeySet *set = sim_gp_state_find_keys(&card->state.gp, session->version);
    uint16_t sw = SIM_SW_INTERNAL;

    if (set == NULL || set->tries == 0) {
        return SIM_SW_PIN_BLOCKED;
    }
    set->tries--;
    sw = sim_card_commit(card);
    if (sw == SIM_SW_DONE) {
        sw = refusal_word(&card->state.gp, set, judge_host(card, wrapped));
    }
    if (sw != SIM_SW_DONE) {
        return sw;
    }
    set->tries = SIM_GP_TRIES;
    if (card->state.gp.scp == SIM_GP_SCP02) {
        set->sequence = (set->sequence + 1) & 0xFFFF;
    }
    sw = sim_card_commit(card);
    if (sw == SIM_SW_DONE) {
        session->phase = SIM_GP_OPEN;
        session->level = level;
    }
    return sw;
}

uint16_t
sim_gp_external_authenticate(SimCard *card, const uint8_t header[static 4], TkeByteCursor data)
{
    SimGpSession *session = &card->now.manager.session;
    SimGpWrapped wrapped = { 0 };
    uint16_t sw = SIM_SW_DONE;

    if (session->phase != SIM_GP_STARTED) {
        sw = SIM_SW_CONDITIONS;
    } else if (header[3] != 0 || !level_is_offered(&card->state.gp, header[2])) {
        sw = SIM_SW_P1P2;
    } else if (!take_apart(header, data, &wrapped) ||
               tke_byte_cursor_left(&wrapped.body) != SIM_GP_CRYPTOGRAM_LEN) {
        sw = SIM_SW_LENGTH;
    } else {
        sw = authenticate(card, &wrapped, header[2]);
    }
    if (sw != SIM_SW_DONE) {
        sim_gp_session_end(session);
    }
    return sw;
}

uint16_t
sim_gp_unwrap(SimCard *card, const uint8_t header[static 4], TkeByteCursor data, GByteArray *plain)
{
    SimGpSession *session = &card->now.manager.session;
    SimGpWrapped wrapped = { 0 };

    wrapped.encrypted = (session->level & SIM_GP_LEVEL_C_DEC) != 0;
    if (session->phase != SIM_GP_OPEN || (session->level & SIM_GP_LEVEL_C_MAC) == 0 ||
        !take_apart(header, data, &wrapped) ||
        !sim_gp_protocol(&card->state.gp)->unwrap(session, &wrapped, plain)) {
        sim_gp_session_end(session);
        return SIM_SW_PIN_NEEDED;
    }
    return SIM_SW_DONE;
}
