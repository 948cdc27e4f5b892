/*
 * The card inventory of a workstation (F-042): which cards it has seen, and which of them have
 * copies.
 *
 * A JSON file, inventory.json beside the activity log. Everything in it is public: identifiers,
 * descriptions, verification patterns. A card is noted when it is looked at, and stays: one that is
 * not here may be in a safe. Only one that is erased is removed: no card has its id any more.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/digest.h"
#include "common/public.h"
#include "libceremony/card-uses.h"
#include "libceremony/world.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/ep11-card-keys.h"

typedef struct TkeInventoryCard {
    uint8_t card_id[TKE_CARD_ID_LEN];
    TkeCardKind kind; /* CA or EP11 */
    char description[TKE_CARD_TEXT_MAX + 1];
    uint8_t zone_id[TKE_ZONE_ID_LEN];
    char zone_description[TKE_CARD_TEXT_MAX + 1];
    bool personalised; /* EP11; CA: always */
    bool has_key;
    uint8_t ski[32];
    char admin_name[TKE_CARD_TEXT_MAX + 1];
    unsigned n_parts;
    uint8_t patterns[TKE_EP11_PLACES][TKE_VP_LEN];
    gint64 seen; /* seconds since 1970 */
    /* when it last proved that it is genuine, with what it holds now; 0: it has not yet */
    gint64 checked;
    bool suspect; /* it has failed to prove it */
    bool blocked; /* one of its PINs is, as last seen */
    /* as its usage log has told since it holds what it holds now (card-uses.h) */
    bool has_signed; /* a command for a crypto unit */
    bool part_used;  /* a key part was encrypted for one */
} TkeInventoryCard;

typedef struct TkeInventory TkeInventory;

/*
 * Missing: empty. Damaged: TKE_ERROR_FILE that names the file. What the activity log says to be
 * erased or deleted after a card was seen last is left out.
 */
TKE_PUBLIC TkeInventory *tke_inventory_load(const TkeWorld *world, GError **error);
TKE_PUBLIC void tke_inventory_free(TkeInventory *inventory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeInventory, tke_inventory_free)

/* Notes a card of a zone; others are left out. parts may be NULL (CA). True: the file has to be
 * saved. */
TKE_PUBLIC bool tke_inventory_note(TkeInventory *inventory, const TkeCardStatus *status,
                                   const TkeKeyPartList *parts, gint64 now);
TKE_PUBLIC bool tke_inventory_save(TkeInventory *inventory, GError **error);

/* Not genuine, or blocked for good, when it was seen last: a blocked EP11 card can be unblocked, a CA
 * card cannot. */
bool tke_inventory_is_useless(const TkeInventoryCard *card);

/* Takes out ids (tke_card_id_text) of such cards: what the log calls a copy is none any more.
 * inventory may be NULL. */
void tke_inventory_drop_useless(const TkeInventory *inventory, GPtrArray *ids);

/* The card with this id is erased, or may be; if it is not, it is noted again when it is looked at.
 * True: the file has to be saved. */
TKE_PUBLIC bool tke_inventory_forget(TkeInventory *inventory,
                                     const uint8_t card_id[static TKE_CARD_ID_LEN]);

/* What a check of a card that was noted has found (F-036). True: the file has to be saved. */
TKE_PUBLIC bool tke_inventory_note_check(TkeInventory *inventory,
                                         const uint8_t card_id[static TKE_CARD_ID_LEN],
                                         bool genuine, gint64 now);

/* What a card that was noted has told of its use; it stays true when its log has forgotten it. True:
 * the file has to be saved. */
TKE_PUBLIC bool tke_inventory_note_uses(TkeInventory *inventory,
                                        const uint8_t card_id[static TKE_CARD_ID_LEN],
                                        const TkeCardUses *uses);

/* TkeInventoryCard, by zone, kind and description; borrowed. */
TKE_PUBLIC const GPtrArray *tke_inventory_get_cards(const TkeInventory *inventory);

/* An EP11 card with neither signature key nor key part: there is nothing to copy. */
TKE_PUBLIC bool tke_inventory_is_empty(const TkeInventoryCard *card);

/*
 * Is there a second card for all of this one: a CA card of the same zone; for an EP11 card others
 * with its signature key and each of its parts? An EP11 card without keys needs none. A CA card that
 * is lost, and a card that is not genuine, is no copy of anything.
 */
TKE_PUBLIC bool tke_inventory_has_copy(const TkeInventory *inventory, const TkeInventoryCard *card);

bool tke_inventory_is_rehearsal(const TkeInventory *inventory);

/*
 * The whole inventory as CSV with a heading line (RFC 4180); never translated. In a rehearsal
 * every line begins with a column that says REHEARSAL. The caller frees.
 */
TKE_PUBLIC char *tke_inventory_to_csv(const TkeInventory *inventory);
