/*
 * The probe of an applet: what it found that the card can do when it was installed
 * (card-protocol.md, 1 and 6.4; F-041).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/public.h"
#include "libceremony/operation.h"
#include "libsmartcard/card.h"

/* "P-521 key generation", …: mark 0 to 9 in words. */
TKE_PUBLIC const char *tke_op_card_probe_mark_text(unsigned mark);

/* The names of the marks that a card must have and does not, comma-separated; NULL: it has all.
 * Caller frees. */
TKE_PUBLIC char *tke_op_card_probe_missing(const bool marks[static 10]);

/* What can be told of a card's type: its ATR, and what its maker wrote (may be NULL). Caller
 * frees. */
TKE_PUBLIC char *tke_op_card_probe_type_text(TkeCard *card, const uint8_t *cplc);

/* TKE_CARD_ERROR_UNSUITABLE: the card cannot take the applet, why, and its type. */
TKE_PUBLIC GError *tke_op_card_probe_unsuitable(TkeCard *card, const uint8_t *cplc,
                                                const char *why);

/*
 * Reads the probe of the applet that is selected and holds nothing yet; the card is in a
 * transaction. Where the card lacks something, or the applet answers what it must not, the applet
 * is taken off (the error's text and remedy tell whether that was done). Any other failure (card
 * pulled, cancelled) leaves the card as it is.
 */
TKE_PUBLIC bool tke_op_card_probe(TkeOperation *op, TkeCard *card, GError **error);

/* True if the card or its applet is to blame for a failure of the probe: the applet was taken off,
 * or it was tried. */
TKE_PUBLIC bool tke_op_card_probe_blames_card(const GError *error);

/* Takes the applet off if why blames the card, and says in why what became of it. */
TKE_PUBLIC void tke_op_card_probe_take_off(TkeOperation *op, TkeCard *card, GError *why);
