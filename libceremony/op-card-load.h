/*
 * A card for a new life: the applet is loaded onto a blank card, or onto one in use after a
 * deliberate confirmation (functions 2.2, P-5; 2.3 to 2.6; F-035, F-041; E-C21).
 */
#pragma once

#include <stdbool.h>

#include "common/public.h"
#include "libceremony/card-session.h"
#include "libceremony/operation.h"

/*
 * As tke_card_session_need for a new card (wanted BLANK_CA or NEW_EP11): the card fits as it is,
 * or its applet is loaded and installed now. Shows what a card in use holds and has the
 * description, or ERASE, typed. The probe of an applet without a zone is read, also if it was on
 * the card already (op-card-probe). Loading and erasing are recorded. loaded: whether the card
 * holds its applet, and nothing else, since now.
 *
 * The card may be pulled or the program killed at any moment: the next try begins with deleting
 * what there is.
 */
TKE_PUBLIC TkeCard *tke_op_card_load_need(TkeOperation *op, const TkeCardNeed *need,
                                          const TkeCardStatus **status, bool *loaded,
                                          GError **error);
