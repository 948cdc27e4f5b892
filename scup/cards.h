/*
 * ScupCards: what is in the two readers, as the window shows it.
 *
 * A thread watches the readers on a source of its own; what was put in is recognised by the worker
 * when nothing else runs. Used on the main thread. Signal "changed" after every change.
 */
#pragma once

#include <glib-object.h>
#include <stdbool.h>

#include "gtk-common/operation-runner.h"
#include "libceremony/inventory.h"
#include "libceremony/op-card.h"
#include "libsmartcard/reader.h"

#define SCUP_TYPE_CARDS (scup_cards_get_type())
G_DECLARE_FINAL_TYPE(ScupCards, scup_cards, SCUP, CARDS, GObject)

typedef enum {
    SCUP_PLACE_OPENING,    /* not known yet */
    SCUP_PLACE_NO_SERVICE, /* no readers can be reached: the trouble says why */
    SCUP_PLACE_NO_READER,
    SCUP_PLACE_ALIKE,   /* there are readers, but nobody has said which of them it is */
    SCUP_PLACE_VIRTUAL, /* a reader of a rehearsal in real work, which refuses it */
    SCUP_PLACE_EMPTY,
    SCUP_PLACE_READING, /* a card is in and not recognised yet */
    SCUP_PLACE_TROUBLE, /* it cannot be read: the trouble says why */
    SCUP_PLACE_CARD,
} ScupPlace;

ScupCards *scup_cards_new(TkeUiRunner *runner, TkeUiWorkplace *workplace);

/* Looks at the readers now. */
void scup_cards_refresh(ScupCards *cards);

/* reader: 1 or 2. Borrowed until the next change. */
ScupPlace scup_cards_get_place(ScupCards *cards, unsigned reader);
const GError *scup_cards_get_trouble(ScupCards *cards, unsigned reader);
const TkeReaderInfo *scup_cards_get_reader(ScupCards *cards, unsigned reader); /* NULL: none */
const TkeCardInfo *scup_cards_get_card(ScupCards *cards, unsigned reader);     /* SCUP_PLACE_CARD */

/* The zone of the CA card in reader 1; NULL if there is none. */
const uint8_t *scup_cards_get_zone(ScupCards *cards);

/* Why no PIN can be typed on the reader (E-C03, E-C18, E-C19). NULL: it can, or it is not known
 * yet. */
const GError *scup_cards_get_pad_trouble(ScupCards *cards, unsigned reader);
bool scup_cards_is_pad_known(ScupCards *cards, unsigned reader);

/* Of the two, those that can be used; of readers that cannot be told apart as many as are
 * wanted. */
unsigned scup_cards_count_readers(ScupCards *cards);

/* All cards this workstation has seen; borrowed; NULL: not known yet, or the file cannot be read
 * (error). */
const TkeInventory *scup_cards_get_inventory(ScupCards *cards, const GError **error);

/* Seconds until the PINs of the CA card are asked for again; 0: they are. */
unsigned scup_cards_get_unlocked_s(ScupCards *cards);

/*
 * While a procedure is shown its cards stay as they are between its parts. At its end EP11 cards
 * are locked and let go, for others to use; the CA card stays open for its ten minutes.
 */
void scup_cards_hold(ScupCards *cards, bool hold);

/* Ends what PINs have opened. */
void scup_cards_lock(ScupCards *cards);

/*
 * While somebody wants to know whether the cards are genuine, each one that is in or put in proves
 * it, if that takes no PIN (F-036). To be called with false as often as with true. A verdict stays
 * until the card is taken out.
 */
void scup_cards_prove(ScupCards *cards, bool prove);

/* The card whose PIN was changed last, and which PIN: what comes next is done to another card. */
typedef struct ScupChanged {
    uint8_t card_id[TKE_CARD_ID_LEN];
    uint8_t zone_id[TKE_ZONE_ID_LEN];
    unsigned pin; /* 1, 2; 0: the card has only one */
} ScupChanged;

/* Borrowed; NULL: none was. */
void scup_cards_set_changed(ScupCards *cards, const TkeCardStatus *card, unsigned pin);
const ScupChanged *scup_cards_get_changed(ScupCards *cards);

/*
 * All cards of this round of changes: ids, one after the other, borrowed. Another round begins
 * when one of them is changed once more: its copies then need the new PIN again.
 */
const uint8_t *scup_cards_get_changed_ids(ScupCards *cards, unsigned *n);

/* Stops watching; before the runner is shut down. */
void scup_cards_stop(ScupCards *cards);
