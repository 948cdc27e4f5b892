/*
 * Where a virtual card's drawn values come from: the system's generator, or, in tests, values
 * injected by name, each name a queue of its own.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    SIM_DRAW_ZONE_KEY,
    SIM_DRAW_IDENTITY_KEY,
    SIM_DRAW_SIGNATURE_KEY,
    SIM_DRAW_EPHEMERAL_KEY,
    SIM_DRAW_NONCE,
    SIM_DRAW_CHALLENGE,
    SIM_DRAW_IV,
    SIM_DRAW_UKM,
    SIM_DRAW_PART,
    SIM_DRAW_CARD_ID,
    SIM_DRAW_CARD_CHALLENGE,
    SIM_DRAW_KINDS
} SimDraw;

#define SIM_DRAW_MAX 66u

typedef struct SimCardRandom {
    GQueue injected[SIM_DRAW_KINDS]; /* of GBytes */
} SimCardRandom;

void sim_card_random_init(SimCardRandom *random);
void sim_card_random_clear(SimCardRandom *random);

/* False: no such name, or a value of it has another length. */
bool sim_card_random_inject(SimCardRandom *random, const char *name, const uint8_t *bytes,
                            size_t len);
unsigned sim_card_random_left(const SimCardRandom *random);

/* Length of a value of this kind. */
size_t sim_card_random_len(SimDraw kind);

/* Takes the next injected value; false if there is none. out has sim_card_random_len bytes. */
bool sim_card_random_take(SimCardRandom *random, SimDraw kind, uint8_t *out);

/* The next injected value or a random one (kinds that are no keys). False: the generator failed. */
bool sim_card_random_draw(SimCardRandom *random, SimDraw kind, uint8_t *out);
