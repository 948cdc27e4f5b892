/*
 * Readers of the simulator in this process, as a source of cards: libsmartcard against virtual cards, without
 * socket and daemon. Somebody types on the pads what a test asked for beforehand.
 */
#pragma once

#include <glib.h>

#include "libsmartcard/card-transport.h"
#include "simulator/sim-reader.h"

typedef struct VirtualReaders VirtualReaders;

/* n readers with PIN pads, "Virtual reader 1" and so on; a second of their clocks lasts second_ms. */
VirtualReaders *virtual_readers_new(unsigned n, unsigned second_ms);
void virtual_readers_free(VirtualReaders *readers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VirtualReaders, virtual_readers_free)

/* Reader by number, from 1 on. Borrowed. */
SimReader *virtual_readers_get(VirtualReaders *readers, unsigned number);

/* The name of a reader. Borrowed. */
const char *virtual_readers_get_name(VirtualReaders *readers, unsigned number);

/*
 * Keys for the next PIN entry on a pad: "123456E" an entry, "C" cancel; "123456E123456E" a new PIN. Without
 * any the pad waits until its time is over.
 */
void virtual_readers_type(VirtualReaders *readers, unsigned number, const char *keys);

/* A source of these readers, which must live longer. wait returns at once. */
TkeCardSource *virtual_readers_source(VirtualReaders *readers);
