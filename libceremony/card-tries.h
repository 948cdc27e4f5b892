/*
 * What is remembered of tries to open the card managers of cards, in the world's state directory
 * (opentke-card-keys.json): a key set that a card has refused is never tried on it by any later
 * run; one that the card's own proof has shown to be right, and whose opening was refused all the
 * same or cut off TKE_GP_CUT_OFF_MAX times in a row, is not until a person says so.
 *
 * The file holds public values only: the card's answer to reset and maker's data, the name of the
 * key set and the check values of its keys. Several programs may use it at the same time.
 */
#pragma once

#include <stdbool.h>

#include "common/public.h"
#include "libceremony/operation.h"
#include "libsmartcard/gp-scp.h"

/*
 * The issuer keys that the settings name for a card, or the makers' test keys; for a channel with
 * encrypted commands, as loading wants it, whatever the file says.
 */
TKE_PUBLIC TkeGpKeySet *tke_card_tries_keys(TkeOperation *op, TkeCard *card, GError **error);

/*
 * Opens the secure channel with this memory; the card manager is selected. retry_cut_off: once more
 * though it was cut off so often, or refused in spite of the card's own proof; never after a wrong
 * proof of the card.
 * A success is remembered, too: nothing speaks against the key set any more. Where the file cannot
 * be read or written nothing is tried.
 */
TKE_PUBLIC TkeGpScp *tke_card_tries_open(TkeOperation *op, TkeCard *card, const TkeGpKeySet *keys,
                                         bool retry_cut_off, GError **error);

/* The memory alone, in that directory; place names the file in errors. Both are borrowed. */
TkeGpMemory tke_card_tries_memory(const char *directory, const char *place, bool retry_cut_off);
