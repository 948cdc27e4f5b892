/*
 * What a card tells of its use: whether the keys that it holds now have done their work (functions
 * 6.3, steps 8 and 9). Seen in its usage log, which keeps the last 128 operations.
 */
#pragma once

#include <stdbool.h>

#include "common/public.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/card.h"
#include "libsmartcard/ep11-card-keys.h"

typedef struct TkeCardUses {
    bool known;     /* the log was read */
    bool signature; /* the signature key has signed a command for a crypto unit */
    bool part;      /* a key part was encrypted for one */
} TkeCardUses;

/* Of an EP11 card of a zone; at most four APDUs, none of which changes the card. */
TKE_PUBLIC bool tke_card_uses_query(TkeCard *card, const TkeCardStatus *status,
                                    const TkeKeyPartList *parts, TkeCardUses *uses, GError **error);
