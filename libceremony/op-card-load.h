/*
 * A card for a new life: the applet is loaded onto a blank card, or onto one in use after a deliberate confirmation
 * (functions 2.2, P-5; 2.3 to 2.6; F-035, F-041; E-C21).
 */
#pragma once

#include <stdbool.h>

#include "common/public.h"
#include "libceremony/card-session.h"
#include "libceremony/operation.h"
#include "libsmartcard/gp-key-set.h"

/*
 * As tke_card_session_need for a new card (wanted BLANK_CA or NEW_EP11): the card fits as it is, or its applet is
 * loaded and installed now. Shows what a card in use holds and has the description, or ERASE, typed. The applet's
 * probe is read; where the card lacks something, the applet is taken off again. Loading and erasing are recorded.
 * loaded: whether the card holds its applet, and nothing else, since now.
 *
 * The card may be pulled or the program killed at any moment: the next try begins with deleting what there is.
 */
TKE_PUBLIC TkeCard *tke_op_card_load_need(TkeOperation *op, const TkeCardNeed *need,
                                          const TkeCardStatus **status, bool *loaded,
                                          GError **error);

/* The issuer keys that the settings name for a card, or the makers' test keys. */
TKE_PUBLIC TkeGpKeySet *tke_op_card_load_keys(TkeOperation *op, TkeCard *card, GError **error);

/* The names of the probe's marks that a card must have and does not, comma-separated; NULL: it has all. Caller frees. */
TKE_PUBLIC char *tke_op_card_load_missing(const bool marks[static 10]);

/* "P-521 key generation", …: mark 0 to 9 in words. */
TKE_PUBLIC const char *tke_op_card_load_mark_text(unsigned mark);

/* What can be told of a card's type: its ATR, and what its maker wrote (may be NULL). Caller frees. */
TKE_PUBLIC char *tke_op_card_load_type_text(TkeCard *card, const uint8_t *cplc);
