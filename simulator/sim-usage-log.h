/*
 * The usage log of a virtual card: entries, head, counter (card-protocol.md, 9).
 */
#pragma once

#include "common/byte-builder.h"
#include "simulator/sim-card-state.h"

typedef enum {
    SIM_USE_KEY_MADE = 0x01,
    SIM_USE_KEY_DELETED = 0x02,
    SIM_USE_KEY_IMPORTED = 0x03,
    SIM_USE_KEY_RECEIVED = 0x04,
    SIM_USE_KEY_SENT = 0x05,
    SIM_USE_PART_MADE = 0x11,
    SIM_USE_PART_DELETED = 0x12,
    SIM_USE_PART_IMPORTED = 0x13,
    SIM_USE_PART_RECEIVED = 0x14,
    SIM_USE_PART_SENT = 0x15,
    SIM_USE_PART_ENCRYPTED = 0x16,
    SIM_USE_SIGNED = 0x21,
    SIM_USE_PIN_SET = 0x30,
    SIM_USE_PIN_CHANGED = 0x31,
    SIM_USE_PIN_UNBLOCKED = 0x32,
    SIM_USE_ZONE_MADE = 0x41,
    SIM_USE_BACKUP_TAKEN = 0x42,
    SIM_USE_BACKUP_GIVEN = 0x43,
    SIM_USE_CERTIFIED = 0x44,
    SIM_USE_UNBLOCK_AUTHORISED = 0x45
} SimUse;

#define SIM_USAGE_X 8u
#define SIM_USAGE_Y 16u
#define SIM_USAGE_PAGE 32u

/* Counter zero and the first head, which depends on the card id. */
bool sim_usage_log_start(SimCardState *state, GError **error);

/* Whether n more operations may be logged; else the card refuses them. */
bool sim_usage_log_has_room(const SimCardState *state, unsigned n);

/*
 * Adds an entry; x (8 bytes) and y (16 bytes) may be NULL: zeros. There must be room. False only
 * when OpenSSL fails; nothing is changed then.
 */
bool sim_usage_log_add(SimCardState *state, SimUse use, uint8_t argument, const uint8_t *x,
                       const uint8_t *y);

/* The answer to the command that reads a page: objects 8B, 8C, 96. */
void sim_usage_log_page(const SimCardState *state, unsigned page, TkeByteBuilder *out);
