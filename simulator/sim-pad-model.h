/*
 * SimPadModel: which keypad a virtual reader has: what it tells of itself, and which structures it
 * refuses.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SIM_PAD_MESSAGES_ANY 0xFEu

typedef enum {
    SIM_PAD_INDICES_ALLOWED, /* those of the messages that are announced are 0, 1 or 2 */
    SIM_PAD_INDICES_ORDERED, /* all three are, and in the order of the entries */
    SIM_PAD_INDICES_ZERO,    /* all three are 0 */
} SimPadIndices;

typedef struct SimPadModel {
    const char *word; /* in scenarios */
    uint16_t vendor;
    uint16_t product;
    uint16_t display;   /* lines, characters a line */
    uint8_t conditions; /* bits of bEntryValidationCondition it takes */
    bool tells_sizes;
    uint8_t least; /* digits */
    uint8_t most;
    uint8_t verify_messages;
    uint8_t modify_messages;
    SimPadIndices indices;
    bool short_only;
} SimPadModel;

/* By its word; NULL: unknown. "standard" and "none" are always there. */
const SimPadModel *sim_pad_model_find(const char *word);

/* The fields of a structure that models differ in. */
typedef struct SimPadForm {
    bool modify;
    uint8_t condition;  /* bEntryValidationCondition */
    uint8_t messages;   /* bNumberMessage */
    uint8_t indices[3]; /* bMsgIndex, bMsgIndex1 to 3 */
    uint8_t confirm;    /* bConfirmPIN */
    unsigned least;     /* digits */
    unsigned most;
} SimPadForm;

/* Whether the keypad takes it. */
bool sim_pad_model_takes(const SimPadModel *model, const SimPadForm *form);
