/*
 * What a virtual card keeps when it has no power. Plain bytes: two of them can be compared and
 * copied as a whole, which is how lasting changes are made atomic (card-protocol.md, 10).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "simulator/sim-card.h"
#include "simulator/sim-gp-state.h"

#define SIM_POINT_LEN 133u
#define SIM_SCALAR_LEN 66u
#define SIM_HASH_LEN 32u
#define SIM_NAME_MAX 30u
#define SIM_PIN_DIGITS 6u
#define SIM_PINS 2u
#define SIM_CA_TRIES 5u
#define SIM_EP11_TRIES 3u
#define SIM_CERTIFICATE_MAX 400u
#define SIM_USAGE_ENTRY 30u
#define SIM_USAGE_KEPT 128u

typedef struct SimText {
    uint8_t len;
    char text[SIM_NAME_MAX];
} SimText;

typedef struct SimPin {
    bool set;
    uint8_t tries;
    uint8_t digits[SIM_PIN_DIGITS];
} SimPin;

typedef struct SimKeyPair {
    bool used;
    uint8_t scalar[SIM_SCALAR_LEN];
    uint8_t point[SIM_POINT_LEN];
} SimKeyPair;

typedef struct SimPart {
    bool used;
    uint8_t origin;
    uint8_t value[SIM_CARD_PART_LEN];
    uint8_t pattern[SIM_HASH_LEN];
    SimText description;
} SimPart;

typedef struct SimCertificateBytes {
    uint16_t len; /* 0: none */
    uint8_t bytes[SIM_CERTIFICATE_MAX];
} SimCertificateBytes;

typedef struct SimCardState {
    SimGpState gp; /* what outlives an applet */
    uint8_t kind;
    uint8_t life_cycle;
    bool extended;
    uint8_t id[SIM_CARD_ID_LEN];
    SimText description;
    SimPin pins[SIM_PINS];

    uint8_t zone_id[SIM_CARD_ID_LEN];
    uint8_t zone_point[SIM_POINT_LEN];
    SimText zone_description;
    SimCertificateBytes zone_certificate;
    SimKeyPair zone_key; /* CA card */

    SimKeyPair identity_key; /* EP11 card, as the rest */
    SimCertificateBytes certificate;
    SimKeyPair signature_key;
    uint8_t signature_origin;
    SimText signature_name;
    SimPart parts[SIM_CARD_PLACES];

    uint32_t usage_counter;
    uint32_t usage_kept; /* entries there are, at most SIM_USAGE_KEPT */
    uint8_t usage_head[SIM_HASH_LEN];
    uint8_t usage[SIM_USAGE_KEPT][SIM_USAGE_ENTRY]; /* entry number n at (n - 1) mod KEPT */
} SimCardState;

/* A card as one buys it, or with its applet just installed. */
bool sim_card_state_init(SimCardState *state, SimCardKind kind, const uint8_t id[SIM_CARD_ID_LEN],
                         GError **error);

/* Puts a new applet onto a blank card; takes the applet off with everything in it. */
bool sim_card_state_install(SimCardState *state, SimCardKind kind,
                            const uint8_t id[static SIM_CARD_ID_LEN], GError **error);
void sim_card_state_wipe(SimCardState *state);

unsigned sim_card_state_pins(const SimCardState *state);
uint8_t sim_card_state_try_limit(const SimCardState *state);
unsigned sim_card_state_parts(const SimCardState *state);
bool sim_card_state_ski(const SimCardState *state, uint8_t out[static SIM_HASH_LEN]);

/* Lowest free place (1..85), 0 if full; place of an equal part, 0 if there is none. */
unsigned sim_card_state_free_place(const SimCardState *state);
unsigned sim_card_state_find_part(const SimCardState *state,
                                  const uint8_t value[static SIM_CARD_PART_LEN]);

/* Puts a part into a free place and computes its pattern. */
bool sim_card_state_put_part(SimCardState *state, unsigned place,
                             const uint8_t value[static SIM_CARD_PART_LEN], uint8_t origin,
                             const SimText *description);
