/*
 * A virtual card: making, power, exchanges with their faults and costs, lasting changes
 * (card-protocol.md, 1 to 4 and 10).
 */
#include "simulator/sim-card.h"

#include <openssl/rand.h>
#include <string.h>

#include "common/error.h"
#include "common/log.h"
#include "simulator/sim-card-private.h"
#include "simulator/sim-card-store.h"
#include "simulator/sim-usage-log.h"

#define PAGE 256u /* bytes that a card writes at once */

/* T=1 only, IFSC 254, 11 historical bytes; the check byte is computed (ISO 7816-3, 8.2). */
static const uint8_t atr_start[] = { 0x3B, 0x8B, 0x81, 0x31, 0xFE, 0x45, 'O', 'p', 'e',
                                     'n',  'T',  'K',  'E',  ' ',  's',  'i', 'm' };

/* T=0 only, which is what no word of a protocol means; without a check byte. */
static const uint8_t atr_t0[] = {
    0x3B, 0x0B, 'O', 'p', 'e', 'n', 'T', 'K', 'E', ' ', 's', 'i', 'm'
};

/* A card in the field of a contactless reader, as PC/SC part 3, 3.1.3.2.3.1 has it told. */
static const uint8_t atr_field[] = { 0x3B, 0x8B, 0x80, 0x01, 'O', 'p', 'e', 'n',
                                     'T',  'K',  'E',  ' ',  's', 'i', 'm' };

SimCard *
sim_card_new_with_id(const char *name, SimCardKind kind, const uint8_t id[SIM_CARD_ID_LEN],
                     GError **error)
{
    g_autoptr(SimCard) card = g_new0(SimCard, 1);

    g_mutex_init(&card->lock);
    card->name = g_strdup(name);
    card->profile = sim_card_profile_get(0);
    card->faults = g_array_new(FALSE, TRUE, sizeof(SimFaultEntry));
    card->now.chain = g_byte_array_new();
    card->now.pending = g_byte_array_new();
    sim_card_random_init(&card->random);
    if (!sim_card_state_init(&card->state, kind, id, error)) {
        return NULL;
    }
    card->saved = card->state;
    return g_steal_pointer(&card);
}

SimCard *
sim_card_new(const char *name, SimCardKind kind, GError **error)
{
    uint8_t id[SIM_CARD_ID_LEN] = { 0 };
    SimCard *card = NULL;

    if (RAND_bytes(id, sizeof id) != 1) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_CRYPTO, "card %s: no random numbers", name);
        return NULL;
    }
    id[0] |= 0x01; /* never all zero */
    card = sim_card_new_with_id(name, kind, id, error);
    if (card != NULL && RAND_bytes(card->state.gp.serial, SIM_GP_SERIAL_LEN) != 1) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_CRYPTO, "card %s: no random numbers", name);
        g_clear_pointer(&card, sim_card_free);
    }
    if (card != NULL) {
        card->saved = card->state;
    }
    return card;
}

bool
sim_card_store_in(SimCard *card, const char *path, GError **error)
{
    bool done = false;

    g_mutex_lock(&card->lock);
    done = sim_card_store_save(path, card->name, &card->state, error);
    if (done) {
        g_free(card->path);
        card->path = g_strdup(path);
    }
    g_mutex_unlock(&card->lock);
    return done;
}

SimCard *
sim_card_load(const char *path, GError **error)
{
    static const uint8_t no_id[SIM_CARD_ID_LEN] = { 0 };
    g_autoptr(SimCard) card = NULL;
    g_autofree char *name = NULL;
    SimCardState *state = g_new0(SimCardState, 1);

    if (sim_card_store_read(path, &name, state, error)) {
        card = sim_card_new_with_id(name, (SimCardKind) state->kind, no_id, error);
    }
    if (card != NULL) {
        card->state = *state;
        card->saved = *state;
        card->path = g_strdup(path);
    }
    g_free(state);
    return g_steal_pointer(&card);
}

void
sim_card_free(SimCard *card)
{
    if (card == NULL) {
        return;
    }
    sim_card_end_session(card);
    sim_gp_deselect(&card->now.manager);
    sim_card_random_clear(&card->random);
    g_clear_pointer(&card->signatures, g_ptr_array_unref);
    g_byte_array_unref(card->now.chain);
    g_byte_array_unref(card->now.pending);
    g_array_unref(card->faults);
    g_free(card->path);
    g_free(card->name);
    g_mutex_clear(&card->lock);
    g_free(card);
}

const char *
sim_card_get_name(const SimCard *card)
{
    return card->name;
}

bool
sim_card_claim(SimCard *card, bool in_reader)
{
    bool done = false;

    g_mutex_lock(&card->lock);
    done = card->in_reader != in_reader;
    card->in_reader = in_reader;
    g_mutex_unlock(&card->lock);
    return done;
}

void
sim_card_charge(SimCard *card, SimCost kind, size_t count)
{
    card->cost_ms += sim_card_profile_cost(card->profile, kind, count);
}

void
sim_card_end_session(SimCard *card)
{
    SimSession *session = &card->now.session;

    tke_secret_free(session->encryption_key);
    tke_secret_free(session->mac_key);
    memset(session, 0, sizeof *session);
}

void
sim_card_forget_pin(SimCard *card, unsigned pin)
{
    card->now.verified[pin] = false;
    card->now.fresh[pin] = false;
    sim_card_end_session(card);
}

void
sim_card_deselect(SimCard *card)
{
    SimCardTransient *now = &card->now;

    for (unsigned i = 0; i < SIM_PINS; i++) {
        sim_card_forget_pin(card, i);
    }
    now->selected = false;
    sim_gp_deselect(&now->manager);
    now->has_challenge = false;
    now->challenge_usable = false;
    now->chaining = false;
    now->pending_pos = 0;
    g_byte_array_set_size(now->chain, 0);
    g_byte_array_set_size(now->pending, 0);
}

/* Pages of lasting memory that differ. */
static size_t
changed_pages(const SimCardState *a, const SimCardState *b)
{
    const uint8_t *left = (const uint8_t *) a;
    const uint8_t *right = (const uint8_t *) b;
    size_t pages = 0;

    for (size_t i = 0; i < sizeof *a; i += PAGE) {
        pages += memcmp(left + i, right + i, MIN(PAGE, sizeof *a - i)) != 0 ? 1 : 0;
    }
    return pages;
}

static bool
save(SimCard *card)
{
    g_autoptr(GError) error = NULL;

    if (card->path == NULL || sim_card_store_save(card->path, card->name, &card->state, &error)) {
        return true;
    }
    tke_log("sim", "card %s cannot be saved: %s", card->name, error->message);
    return false;
}

uint16_t
sim_card_commit(SimCard *card)
{
    const SimCardFault *fault = NULL;
    size_t pages = changed_pages(&card->state, &card->saved);

    if (pages == 0) {
        return SIM_SW_DONE;
    }
    card->changes++;
    fault = sim_card_fault_next(card, true);
    if (fault != NULL && fault->kind == SIM_CARD_FAULT_TORN_BEFORE) {
        card->torn = true;
        return SIM_SW_TORN;
    }
    if ((fault != NULL && fault->kind == SIM_CARD_FAULT_UNWRITABLE) || !save(card)) {
        return SIM_SW_INTERNAL;
    }
    sim_card_charge(card, SIM_COST_WRITE, pages);
    card->saved = card->state;
    if (fault != NULL && fault->kind == SIM_CARD_FAULT_TORN_AFTER) {
        card->torn = true;
        return SIM_SW_TORN;
    }
    return SIM_SW_DONE;
}

static void
lose_power(SimCard *card)
{
    card->state = card->saved;
    card->torn = false;
    card->powered = false;
    sim_card_deselect(card);
}

static size_t
give_atr(const SimCard *card, uint8_t atr[static SIM_CARD_ATR_MAX])
{
    const uint8_t *start = card->in_field ? atr_field : atr_start;
    const size_t len = card->in_field ? sizeof atr_field : sizeof atr_start;
    uint8_t check = card->gp_faults.odd_atr ? 0xFF : 0;

    if (card->gp_faults.t0 && !card->in_field) {
        memcpy(atr, atr_t0, sizeof atr_t0);
        return sizeof atr_t0;
    }
    memcpy(atr, start, len);
    for (size_t i = 1; i < len; i++) {
        check ^= start[i];
    }
    atr[len] = check;
    return len + 1;
}

void
sim_card_set_contactless(SimCard *card, bool contactless)
{
    g_mutex_lock(&card->lock);
    card->contactless = contactless;
    g_mutex_unlock(&card->lock);
}

void
sim_card_power_on(SimCard *card, uint8_t atr[static SIM_CARD_ATR_MAX], size_t *len, double *cost_ms)
{
    g_mutex_lock(&card->lock);
    lose_power(card);
    card->powered = true;
    card->in_field = card->contactless;
    /* what is there to talk to on a card that was just started */
    card->now.manager.selected = true;
    card->cost_ms = 0;
    sim_card_charge(card, SIM_COST_RESET, 1);
    card->spent_ms += card->cost_ms;
    *cost_ms = card->cost_ms;
    *len = give_atr(card, atr);
    g_mutex_unlock(&card->lock);
}

void
sim_card_power_off(SimCard *card)
{
    g_mutex_lock(&card->lock);
    lose_power(card);
    g_mutex_unlock(&card->lock);
}

/* Random bytes where data would be, and a status word of success. */
static void
fill_with_garbage(SimCardAnswer *answer)
{
    size_t len = MAX(answer->len, 2 + 16);

    if (RAND_bytes(answer->bytes, (int) len) != 1) {
        memset(answer->bytes, 0xA5, len);
    }
    answer->bytes[len - 2] = 0x90;
    answer->bytes[len - 1] = 0x00;
    answer->len = len;
}

/* A fault that keeps the command from being executed. */
static bool
strikes_before(SimCard *card, const SimCardFault *fault, SimCardAnswer *answer,
               SimCardOutcome *outcome)
{
    if (fault == NULL) {
        return false;
    }
    switch (fault->kind) {
    case SIM_CARD_FAULT_PULL_BEFORE:
        lose_power(card);
        *outcome = SIM_CARD_PULLED;
        return true;
    case SIM_CARD_FAULT_SILENT:
        *outcome = SIM_CARD_SILENT;
        return true;
    case SIM_CARD_FAULT_STATUS:
        answer->bytes[0] = (uint8_t) (fault->sw >> 8);
        answer->bytes[1] = (uint8_t) fault->sw;
        answer->len = 2;
        *outcome = SIM_CARD_ANSWERED;
        return true;
    default:
        return false;
    }
}

static SimCardOutcome
strike_after(SimCard *card, const SimCardFault *fault, SimCardAnswer *answer)
{
    if (card->torn || (fault != NULL && fault->kind == SIM_CARD_FAULT_PULL_AFTER)) {
        lose_power(card);
        answer->len = 0;
        return SIM_CARD_PULLED;
    }
    if (fault == NULL) {
        return SIM_CARD_ANSWERED;
    }
    switch (fault->kind) {
    case SIM_CARD_FAULT_SILENT_AFTER:
        answer->len = 0;
        return SIM_CARD_SILENT;
    case SIM_CARD_FAULT_GARBAGE:
        fill_with_garbage(answer);
        return SIM_CARD_ANSWERED;
    case SIM_CARD_FAULT_CUT:
        answer->len = 1;
        return SIM_CARD_ANSWERED;
    default:
        return SIM_CARD_ANSWERED;
    }
}

SimCardOutcome
sim_card_exchange(SimCard *card, const uint8_t *command, size_t len, SimCardAnswer *answer)
{
    const SimCardFault *fault = NULL;
    SimCardOutcome outcome = SIM_CARD_OFF;

    memset(answer, 0, sizeof *answer);
    g_mutex_lock(&card->lock);
    if (card->powered) {
        card->exchanges++;
        card->cost_ms = 0;
        sim_card_charge(card, SIM_COST_APDU, 1);
        fault = sim_card_fault_next(card, false);
        if (!strikes_before(card, fault, answer, &outcome)) {
            sim_card_transmit(card, command, len, answer);
            outcome = strike_after(card, fault, answer);
        }
        card->cost_ms += sim_card_profile_link(card->profile, len + answer->len);
        card->spent_ms += card->cost_ms;
        answer->cost_ms = card->cost_ms;
    }
    g_mutex_unlock(&card->lock);
    return outcome;
}
