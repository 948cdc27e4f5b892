/*
 * Readers of the simulator in this process, as a source of cards: libsmartcard against virtual
 * cards, without socket and daemon. Somebody types on the pads what a test asked for beforehand.
 */
#pragma once

#include <glib.h>

#include "libsmartcard/card-transport.h"
#include "simulator/sim-reader.h"

typedef struct VirtualReaders VirtualReaders;

/* n readers with PIN pads, "Virtual reader 1" and so on; a second of their clocks lasts
 * second_ms. */
VirtualReaders *virtual_readers_new(unsigned n, unsigned second_ms);

/* People take that long before they type, as on a machine that is busy with other things. */
void virtual_readers_set_slow(VirtualReaders *readers, unsigned ms);
void virtual_readers_free(VirtualReaders *readers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VirtualReaders, virtual_readers_free)

/* Exchanges a reader for one with another keypad (sim-pad-model.inc); nobody is connected to it. */
void virtual_readers_set_keypad(VirtualReaders *readers, unsigned number, const char *keypad);

/*
 * From now on there are n readers, all of one name but for its numbers ("Equal 00 00", "Equal 01
 * 00", …), which tell neither serial number nor port; those that are new are empty.
 */
void virtual_readers_make_equal(VirtualReaders *readers, unsigned n);

/* The same, and after so many looks they tell their serial numbers: until then another program
 * holds them. */
void virtual_readers_make_held(VirtualReaders *readers, unsigned looks);

/* Plugged out and in again, without anybody looking between. */
void virtual_readers_replug(VirtualReaders *readers, unsigned number);

/* Reader by number, from 1 on. Borrowed. */
SimReader *virtual_readers_get(VirtualReaders *readers, unsigned number);

/* The name of a reader. Borrowed. */
const char *virtual_readers_get_name(VirtualReaders *readers, unsigned number);

/*
 * Keys for the next PIN entry on a pad: "123456E" an entry, "C" cancel; "123456E123456E" a new
 * PIN. Without any the pad waits until its time is over.
 */
void virtual_readers_type(VirtualReaders *readers, unsigned number, const char *keys);

/* Forgets what was to be typed. */
void virtual_readers_forget_keys(VirtualReaders *readers, unsigned number);

typedef enum {
    VIRTUAL_MANGLE_CUT,  /* the last byte of the data (or half the status word) is missing */
    VIRTUAL_MANGLE_GROW, /* a zero byte stands before the status word */
    VIRTUAL_MANGLE_TAG,  /* the first byte of the data has another bit; nothing without data */
} VirtualMangle;

/* Spoils the answer to the next exchange but skip of a reader, once. */
void virtual_readers_mangle(VirtualReaders *readers, unsigned number, VirtualMangle how,
                            unsigned skip);

/* Whether that has happened; forgets it if it has not. */
bool virtual_readers_was_mangled(VirtualReaders *readers, unsigned number);

/* A source of these readers, which must live longer. wait returns at once. */
TkeCardSource *virtual_readers_source(VirtualReaders *readers);
