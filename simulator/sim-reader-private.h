/*
 * The inside of a virtual reader, shared by its files.
 */
#pragma once

#include <glib.h>

#include "libsmartcard/card-transport.h"
#include "simulator/sim-pad-model.h"
#include "simulator/sim-pin-pad.h"
#include "simulator/sim-reader.h"

/* Control code of a feature: free to choose, told by the feature list. */
#define SIM_READER_CONTROL(feature) TKE_CARD_CONTROL_CODE(0x10000u + (feature))

struct SimReader {
    GMutex lock;
    GCond changed; /* anything below */
    SimReaderOptions options;
    const SimPadModel *model;
    uint32_t faults;   /* bits, one for each SimReaderFault */
    uint16_t fault_sw; /* of PAD_STATUS, which is for the next entry */
    SimReaderObserver observer;
    void *observer_data;
    SimCard *card; /* borrowed */
    bool powered;
    uint8_t atr[SIM_CARD_ATR_MAX];
    size_t atr_len;
    uint32_t events;
    gint64 moved_us;     /* when the last of them was, monotonic; 0: none yet */
    uint32_t connection; /* 0: none */
    uint32_t last_connection;
    bool held;
    bool busy;      /* a program's call is under way */
    bool executing; /* the card must stay where it is */
    SimPinPad pad;
    gint64 deadline; /* of the pad */
};

/* Wakes everybody who waits and tells the observer, for that without the lock. Called locked. */
void sim_reader_announce(SimReader *reader);

/* Whether a fault is ordered. */
static inline bool
sim_reader_has_fault(const SimReader *reader, SimReaderFault fault)
{
    return (reader->faults & (1u << fault)) != 0;
}

static inline bool
sim_reader_has_keypad(const SimReader *reader)
{
    return !reader->options.no_pad && !sim_reader_has_fault(reader, SIM_READER_FAULT_NO_KEYPAD);
}

/* Feature list and properties; 0: unknown code. out has SIM_CARD_ANSWER_MAX bytes. Called
 * locked. */
size_t sim_reader_query(const SimReader *reader, uint32_t code, uint8_t *out);
