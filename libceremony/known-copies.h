/*
 * Backups of a CA card, as this workstation's activity log knows them; of the keys on EP11 cards,
 * see key-copies.h. Not installed.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "libceremony/activity-log.h"
#include "libsmartcard/card-identity.h"

typedef struct TkeKnownCopies {
    GPtrArray *to;   /* ids (tke_card_id_text) of cards that were made from this one */
    GPtrArray *from; /* of cards that this one was made from */
    /* of those, and whose erasing was begun and has no end: they count for nothing meanwhile */
    GPtrArray *to_aside;
    GPtrArray *from_aside;
} TkeKnownCopies;

/* What the log tells of the CA card; a backup that was erased since is none. A log that cannot be
 * read knows nothing. */
TkeKnownCopies *tke_known_copies_read(TkeActivityLog *log,
                                      const uint8_t card_id[static TKE_CARD_ID_LEN]);
void tke_known_copies_free(TkeKnownCopies *copies);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeKnownCopies, tke_known_copies_free)
