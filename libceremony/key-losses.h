/*
 * Keys that a step takes from a card for good: told to the activity log and the inventory before it
 * happens, so that no program that ends in between leaves them counting as copies (F-042, F-170;
 * docs/activity-log.md, "begun"). Not installed.
 */
#pragma once

#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "libceremony/operation.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/ep11-card-keys.h"

typedef struct TkeKeyLosses {
    const uint8_t *ski; /* of the signature key; NULL: it stays */
    const TkeKeyPart *parts;
    unsigned n_parts;
} TkeKeyLosses;

/*
 * Before the card is told: takes values, the entry of the step as it is if all is lost. Nothing may
 * be lost when it fails. From then on an entry of the same action says what became of it.
 */
bool tke_key_losses_begin(TkeOperation *op, const char *action, JsonObject *values,
                          const uint8_t card_id[static TKE_CARD_ID_LEN], const TkeKeyLosses *losses,
                          GError **error);

/*
 * Of a card that was just recognised: where losses were begun and their end is missing, or was not
 * as it should be, the card says what it has now, in one entry with "result" "found". What cannot be
 * read or written is tried again the next time; until then all of it counts as lost.
 */
void tke_key_losses_settle(TkeOperation *op, TkeCard *card, const TkeCardStatus *status);
