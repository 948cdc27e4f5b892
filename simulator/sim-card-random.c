/*
 * Values that virtual cards draw (card-protocol.md, 5.3); names as in tests/vectors-card/README.md.
 */
#include "simulator/sim-card-random.h"

#include <openssl/rand.h>
#include <string.h>

static const struct {
    const char *name;
    size_t len;
} kinds[SIM_DRAW_KINDS] = {
    [SIM_DRAW_ZONE_KEY] = { "zone-key", 66 },
    [SIM_DRAW_IDENTITY_KEY] = { "identity-key", 66 },
    [SIM_DRAW_SIGNATURE_KEY] = { "signature-key", 66 },
    [SIM_DRAW_EPHEMERAL_KEY] = { "ephemeral-key", 66 },
    [SIM_DRAW_NONCE] = { "nonce", 16 },
    [SIM_DRAW_CHALLENGE] = { "challenge", 16 },
    [SIM_DRAW_IV] = { "iv", 16 },
    [SIM_DRAW_UKM] = { "ukm", 40 },
    [SIM_DRAW_PART] = { "part", 32 },
    [SIM_DRAW_CARD_ID] = { "card-id", 8 },
    [SIM_DRAW_CARD_CHALLENGE] = { "card-challenge", 8 },
};

void
sim_card_random_init(SimCardRandom *random)
{
    for (size_t i = 0; i < SIM_DRAW_KINDS; i++) {
        g_queue_init(&random->injected[i]);
    }
}

void
sim_card_random_clear(SimCardRandom *random)
{
    for (size_t i = 0; i < SIM_DRAW_KINDS; i++) {
        g_queue_clear_full(&random->injected[i], (GDestroyNotify) g_bytes_unref);
    }
}

bool
sim_card_random_inject(SimCardRandom *random, const char *name, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < SIM_DRAW_KINDS; i++) {
        if (strcmp(kinds[i].name, name) == 0 && kinds[i].len == len) {
            g_queue_push_tail(&random->injected[i], g_bytes_new(bytes, len));
            return true;
        }
    }
    return false;
}

unsigned
sim_card_random_left(const SimCardRandom *random)
{
    unsigned left = 0;

    for (size_t i = 0; i < SIM_DRAW_KINDS; i++) {
        left += random->injected[i].length;
    }
    return left;
}

size_t
sim_card_random_len(SimDraw kind)
{
    return kinds[kind].len;
}

bool
sim_card_random_take(SimCardRandom *random, SimDraw kind, uint8_t *out)
{
    g_autoptr(GBytes) value = g_queue_pop_head(&random->injected[kind]);

    if (value == NULL) {
        return false;
    }
    memcpy(out, g_bytes_get_data(value, NULL), kinds[kind].len);
    return true;
}

bool
sim_card_random_draw(SimCardRandom *random, SimDraw kind, uint8_t *out)
{
    return sim_card_random_take(random, kind, out) ||
           RAND_priv_bytes(out, (int) kinds[kind].len) == 1;
}
