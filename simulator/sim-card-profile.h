/*
 * How long a card takes: times of real card types, for rehearsals in real time and for benchmarks.
 *
 * The card adds up what each command would cost; the reader it is in waits that long. Without a
 * profile (the default) everything is immediate and the sums stay zero.
 */
#pragma once

#include <stddef.h>

typedef enum {
    SIM_COST_RESET,    /* power-up or reset until the ATR is there */
    SIM_COST_APDU,     /* each command, whatever it does */
    SIM_COST_SIGN,     /* ECDSA signature, P-521 */
    SIM_COST_AGREE,    /* ECDH or the verification of a signature, P-521 */
    SIM_COST_GENERATE, /* key pair, P-521 */
    SIM_COST_WRITE,    /* 256 bytes of lasting memory */
    SIM_COST_KINDS
} SimCost;

typedef struct SimCardProfile {
    const char *name;
    double ms[SIM_COST_KINDS];
    double bytes_per_ms; /* of the link, both directions; 0: infinitely fast */
} SimCardProfile;

/* The profile of that name ("none", "J3R180", "J3H145"); NULL if there is none. Static. */
const SimCardProfile *sim_card_profile_find(const char *name);

/* The profiles in order, NULL at the end of the list. */
const SimCardProfile *sim_card_profile_get(size_t index);

/* Milliseconds of count things of one kind, and of bytes on the link. */
double sim_card_profile_cost(const SimCardProfile *profile, SimCost kind, size_t count);
double sim_card_profile_link(const SimCardProfile *profile, size_t bytes);
