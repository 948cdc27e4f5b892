/*
 * What people, programs and tests may know about or do to a virtual card from outside: its state in
 * words, profile, planned values, secrets.
 */
#include <openssl/rand.h>
#include <string.h>

#include "common/error.h"
#include "simulator/sim-card-private.h"

#define FIRST_REFERENCE 0x81u
#define READY 0x04 /* life cycle of a card with its PIN */

static void
copy_text(const SimText *text, char out[static SIM_CARD_DESCRIPTION_MAX + 1])
{
    memcpy(out, text->text, text->len);
    out[text->len] = '\0';
}

void
sim_card_get_info(SimCard *card, SimCardInfo *info)
{
    const SimCardState *state = &card->state;

    memset(info, 0, sizeof *info);
    g_mutex_lock(&card->lock);
    info->kind = (SimCardKind) state->kind;
    info->life_cycle = state->life_cycle;
    memcpy(info->card_id, state->id, SIM_CARD_ID_LEN);
    info->zone_known = state->zone_certificate.len > 0;
    memcpy(info->zone_id, state->zone_id, SIM_CARD_ID_LEN);
    copy_text(&state->zone_description, info->zone_description);
    copy_text(&state->description, info->description);
    info->has_signature_key = state->signature_key.used && sim_card_state_ski(state, info->ski);
    info->parts = sim_card_state_parts(state);
    info->pins = sim_card_state_pins(state);
    for (unsigned i = 0; i < info->pins; i++) {
        info->pin_set[i] = state->pins[i].set;
        info->pin_tries[i] = state->pins[i].tries;
        info->pin_verified[i] = card->now.verified[i];
    }
    info->usage_counter = state->usage_counter;
    info->powered = card->powered;
    info->extended_length = state->extended;
    info->has_package = state->gp.has_package;
    memcpy(info->package_hash, state->gp.package_hash, SIM_GP_HASH_LEN);
    info->free_memory = sim_gp_free_memory(card);
    memcpy(info->applet_version, sim_card_applet_version(card), SIM_GP_VERSION_LEN);
    g_mutex_unlock(&card->lock);
}

void
sim_card_set_profile(SimCard *card, const SimCardProfile *profile)
{
    g_mutex_lock(&card->lock);
    card->profile = profile != NULL ? profile : sim_card_profile_get(0);
    g_mutex_unlock(&card->lock);
}

double
sim_card_get_spent_ms(SimCard *card)
{
    double spent = 0;

    g_mutex_lock(&card->lock);
    spent = card->spent_ms;
    g_mutex_unlock(&card->lock);
    return spent;
}

/* Makes a change from outside lasting, without the faults that wait for the card's own ones. */
static bool
commit_quietly(SimCard *card)
{
    GArray *faults = card->faults;
    unsigned changes = card->changes;
    bool done = false;

    card->faults = g_array_new(FALSE, TRUE, sizeof(SimFaultEntry));
    done = sim_card_commit(card) == SIM_SW_DONE;
    g_array_unref(card->faults);
    card->faults = faults;
    card->changes = changes;
    if (!done) {
        card->state = card->saved;
    }
    return done;
}

void
sim_card_set_extended_length(SimCard *card, bool extended)
{
    g_mutex_lock(&card->lock);
    card->state.extended = extended;
    commit_quietly(card);
    g_mutex_unlock(&card->lock);
}

bool
sim_card_set_manager(SimCard *card, const SimGpState *gp)
{
    bool done = false;

    g_mutex_lock(&card->lock);
    card->state.gp = *gp;
    memcpy(card->state.gp.serial, card->saved.gp.serial, SIM_GP_SERIAL_LEN);
    card->state.gp.has_package = card->saved.gp.has_package;
    card->state.gp.package_len = card->saved.gp.package_len;
    memcpy(card->state.gp.package_hash, card->saved.gp.package_hash, SIM_GP_HASH_LEN);
    done = commit_quietly(card);
    g_mutex_unlock(&card->lock);
    return done;
}

void
sim_card_get_manager(SimCard *card, SimGpState *gp)
{
    g_mutex_lock(&card->lock);
    *gp = card->saved.gp;
    g_mutex_unlock(&card->lock);
}

unsigned
sim_card_get_exchanges(SimCard *card)
{
    unsigned n = 0;

    g_mutex_lock(&card->lock);
    n = card->exchanges;
    g_mutex_unlock(&card->lock);
    return n;
}

unsigned
sim_card_get_changes(SimCard *card)
{
    unsigned n = 0;

    g_mutex_lock(&card->lock);
    n = card->changes;
    g_mutex_unlock(&card->lock);
    return n;
}

/* The PIN of a reference, NULL if the card has no such. */
static SimPin *
pin_of(SimCard *card, uint8_t reference)
{
    unsigned pin = (unsigned) reference - FIRST_REFERENCE;

    return reference >= FIRST_REFERENCE && pin < sim_card_state_pins(&card->state)
               ? &card->state.pins[pin]
               : NULL;
}

bool
sim_card_block_pin(SimCard *card, uint8_t reference)
{
    SimPin *pin = NULL;
    bool done = false;

    g_mutex_lock(&card->lock);
    pin = pin_of(card, reference);
    if (pin != NULL && pin->set) {
        pin->tries = 0;
        sim_card_forget_pin(card, (unsigned) reference - FIRST_REFERENCE);
        done = commit_quietly(card);
    }
    g_mutex_unlock(&card->lock);
    return done;
}

bool
sim_card_inject(SimCard *card, const char *what, const uint8_t *bytes, size_t len)
{
    bool done = false;

    g_mutex_lock(&card->lock);
    done = sim_card_random_inject(&card->random, what, bytes, len);
    g_mutex_unlock(&card->lock);
    return done;
}

unsigned
sim_card_injected_left(SimCard *card)
{
    unsigned left = 0;

    g_mutex_lock(&card->lock);
    left = sim_card_random_left(&card->random);
    g_mutex_unlock(&card->lock);
    return left;
}

bool
sim_card_fill(SimCard *card, const uint8_t *parts, size_t n, GError **error)
{
    static const SimText none = { 0 };
    bool done = n <= SIM_CARD_PLACES;

    g_mutex_lock(&card->lock);
    for (size_t i = 0; i < n && done; i++) {
        done = sim_card_state_put_part(&card->state, (unsigned) i + 1,
                                       parts + i * SIM_CARD_PART_LEN, 0x00, &none);
    }
    done = done && commit_quietly(card);
    if (!done) {
        card->state = card->saved;
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, "card %s cannot be filled", card->name);
    }
    g_mutex_unlock(&card->lock);
    return done;
}

bool
sim_card_fill_up(SimCard *card)
{
    static const SimText none = { 0 };
    uint8_t value[SIM_CARD_PART_LEN] = { 0 };
    bool done = false;

    g_mutex_lock(&card->lock);
    done = card->state.kind == SIM_CARD_EP11 && card->state.life_cycle == READY;
    for (unsigned place = 1; place <= SIM_CARD_PLACES && done; place++) {
        if (!card->state.parts[place - 1].used) {
            done = RAND_bytes(value, sizeof value) == 1 &&
                   sim_card_state_put_part(&card->state, place, value, 0x00, &none);
        }
    }
    done = done && commit_quietly(card);
    if (!done) {
        card->state = card->saved;
    }
    g_mutex_unlock(&card->lock);
    return done;
}

void
sim_card_set_usage_counter(SimCard *card, uint32_t counter)
{
    g_mutex_lock(&card->lock);
    card->state.usage_counter = counter;
    card->state.usage_kept = 0;
    commit_quietly(card);
    g_mutex_unlock(&card->lock);
}

TkeSecret *
sim_card_reveal_part(SimCard *card, unsigned place, GError **error)
{
    TkeSecret *secret = NULL;

    g_mutex_lock(&card->lock);
    if (place >= 1 && place <= SIM_CARD_PLACES && card->state.parts[place - 1].used) {
        secret = tke_secret_new_from(card->state.parts[place - 1].value, SIM_CARD_PART_LEN, error);
    }
    g_mutex_unlock(&card->lock);
    return secret;
}

TkeSecret *
sim_card_reveal_scalar(SimCard *card, SimCardKey key, GError **error)
{
    const SimKeyPair *pair = key == SIM_CARD_KEY_ZONE       ? &card->state.zone_key
                             : key == SIM_CARD_KEY_IDENTITY ? &card->state.identity_key
                                                            : &card->state.signature_key;
    TkeSecret *secret = NULL;

    g_mutex_lock(&card->lock);
    if (pair->used) {
        secret = tke_secret_new_from(pair->scalar, SIM_SCALAR_LEN, error);
    }
    g_mutex_unlock(&card->lock);
    return secret;
}

TkeSecret *
sim_card_reveal_pin(SimCard *card, uint8_t reference, GError **error)
{
    const SimPin *pin = NULL;
    TkeSecret *secret = NULL;

    g_mutex_lock(&card->lock);
    pin = pin_of(card, reference);
    if (pin != NULL && pin->set) {
        secret = tke_secret_new_from(pin->digits, SIM_PIN_DIGITS, error);
    }
    g_mutex_unlock(&card->lock);
    return secret;
}

static void
signature_free(void *data)
{
    SimCardSignature *signature = data;

    g_byte_array_unref(signature->message);
    g_free(signature);
}

void
sim_card_record_signatures(SimCard *card)
{
    g_mutex_lock(&card->lock);
    if (card->signatures == NULL) {
        card->signatures = g_ptr_array_new_with_free_func(signature_free);
    }
    g_mutex_unlock(&card->lock);
}

void
sim_card_note_signature(SimCard *card, const uint8_t point[static SIM_POINT_LEN],
                        const uint8_t *message, size_t len, const uint8_t *signature,
                        size_t signature_len)
{
    SimCardSignature *entry = NULL;

    if (card->signatures != NULL) {
        entry = g_new0(SimCardSignature, 1);
        memcpy(entry->point, point, sizeof entry->point);
        entry->message = g_byte_array_append(g_byte_array_new(), message, (guint) len);
        memcpy(entry->bytes, signature, signature_len);
        entry->len = signature_len;
        g_ptr_array_add(card->signatures, entry);
    }
}

GPtrArray *
sim_card_take_signatures(SimCard *card)
{
    GPtrArray *taken = g_ptr_array_new_with_free_func(signature_free);

    g_mutex_lock(&card->lock);
    if (card->signatures != NULL) {
        GPtrArray *kept = card->signatures;

        card->signatures = taken;
        taken = kept;
    }
    g_mutex_unlock(&card->lock);
    return taken;
}
