/*
 * Between the files of the inventory. Not installed.
 */
#pragma once

#include "libceremony/inventory.h"

/* The card with this id (tke_card_id_text; NULL: none), to be changed; borrowed; NULL: not there. */
TkeInventoryCard *tke_inventory_find_text(TkeInventory *inventory, const char *card_id);

/*
 * Leaves out cards that were erased, and keys that were deleted or replaced, after they were seen
 * last, as the activity log in this file tells it. A log that cannot be read, and an entry of the
 * second in which the card was seen, tell nothing.
 */
void tke_inventory_apply_log(TkeInventory *inventory, const char *path);
