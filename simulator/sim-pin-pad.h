/*
 * The keys of a virtual reader: what a PIN_VERIFY or PIN_MODIFY structure asks for, entry by
 * entry, and the command it becomes (PC/SC part 10, 2.5.2 and 2.5.3). No threads here: the reader
 * locks.
 */
#pragma once

#include <glib.h>

#include "common/secret.h"
#include "simulator/sim-pad-model.h"
#include "simulator/sim-reader.h"

/* Status words that the pad itself gives. */
enum {
    SIM_PAD_TIMEOUT = 0x6400,
    SIM_PAD_CANCELLED = 0x6401,
    SIM_PAD_DIFFERENT = 0x6402,
    SIM_PAD_LENGTH = 0x6403,
    SIM_PAD_PARAMETER = 0x6B80
};

#define SIM_PAD_ENTRIES 3u
#define SIM_PAD_DIGITS_MAX 16u /* keys of one entry that the pad remembers */
#define SIM_PAD_COMMAND_MAX 261u

typedef struct SimPinPad {
    bool asking;
    bool modify;
    bool blind;    /* does not look how long PINs are */
    bool trusting; /* does not compare the two new PINs */
    unsigned timeout_s;
    unsigned min_digits;
    unsigned max_digits;
    uint8_t ends_on; /* bEntryValidationCondition */
    unsigned entries;
    SimPadEntry what[SIM_PAD_ENTRIES];
    uint8_t offset[SIM_PAD_ENTRIES]; /* of each PIN in the data of the command */
    unsigned entry;                  /* that is typed now, from 0 */
    unsigned digits;                 /* typed in it */
    TkeSecret *typed;                /* SIM_PAD_ENTRIES times SIM_PAD_DIGITS_MAX */
    unsigned lengths[SIM_PAD_ENTRIES];
    uint8_t command[SIM_PAD_COMMAND_MAX]; /* template of the APDU */
    size_t command_len;
    uint16_t result; /* 0: entered; else what ended it */
    uint32_t number; /* of the entry, counts on for ever */
} SimPinPad;

/*
 * Begins with a structure; 0, or SIM_PAD_PARAMETER when it makes no sense or the model does not
 * take it. The secure heap full: SIM_PAD_CANCELLED.
 */
uint16_t sim_pin_pad_start(SimPinPad *pad, const SimPadModel *model, bool modify,
                           const uint8_t *structure, size_t len);

/* A key; false if nothing is asked. When the last entry is complete, asking is false. */
bool sim_pin_pad_press(SimPinPad *pad, char key);

/* Ends it from outside, with a result. */
void sim_pin_pad_stop(SimPinPad *pad, uint16_t result);

/* The time is over. */
void sim_pin_pad_expire(SimPinPad *pad);

/* The command APDU with the PINs; NULL when the secure heap is full. The caller frees. */
TkeSecret *sim_pin_pad_build(const SimPinPad *pad);

/* Wipes what was typed. */
void sim_pin_pad_clear(SimPinPad *pad);
