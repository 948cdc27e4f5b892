/*
 * A desk for tests of virtual readers: a reader with an EP11 card in it, a connected program, PIN
 * entries that wait in threads of their own. Failures end the test.
 */
#pragma once

#include <glib.h>

#include "simulator/sim-reader.h"

#define DESK_WAIT_MS 20000
#define DESK_SET_APDU "0024018108 ffffffffffffffff"
#define DESK_CHANGE_APDU "0024008110 ffffffffffffffffffffffffffffffff"

/* A program that lets the pad ask, in a thread of its own. */
typedef struct DeskEntry {
    SimReader *reader;
    uint32_t connection;
    uint32_t code;
    GByteArray *structure;
    uint8_t sw[2];
    bool done;
    GError *error;
    GThread *thread;
} DeskEntry;

/* A member of a zone in a reader, connected and selected. */
typedef struct Desk {
    SimCard *ca;
    SimCard *card;
    SimReader *reader;
    uint32_t connection;
} Desk;

/* A reader whose pad has seconds of that many milliseconds (0: real ones). */
SimReader *desk_new_reader(unsigned second_ms);

uint32_t desk_connect(SimReader *reader);
void desk_select(SimReader *reader, uint32_t connection);

/* The control code of a feature, as the reader's list tells it; 0: it has none. */
uint32_t desk_feature(SimReader *reader, uint8_t wanted);

/* PIN_VERIFY_STRUCTURE for six digits of the PIN 81. */
GByteArray *desk_verify_structure(uint8_t timeout_s);

/* PIN_MODIFY_STRUCTURE: confirm says which entries are asked for; offsets and apdu in hex. */
GByteArray *desk_modify_structure(uint8_t confirm, const char *offsets, const char *apdu);

/* Lets the pad ask in another thread (takes the structure); waits for the end and its status
 * word. */
void desk_start(DeskEntry *entry, SimReader *reader, uint32_t connection, uint8_t which,
                GByteArray *structure);
void expect_entry(DeskEntry *entry, unsigned want_sw); /* 0: it has to fail */

void desk_type_pin(SimReader *reader, const char *digits);

/* A member of a zone (or an enrolled card without PIN) in a reader, connected and selected. */
Desk desk_new(unsigned second_ms, bool personalised);
void desk_clear(Desk *desk);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Desk, desk_clear)
