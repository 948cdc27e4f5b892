/*
 * EP11 cards join a zone: enroll and personalise (functions 2.6 and 2.7; F-026, F-027).
 */
#pragma once

#include <stdbool.h>

#include "common/public.h"
#include "libceremony/op-card.h"
#include "libceremony/operation.h"
#include "libsmartcard/card-identity.h"

/*
 * CA card in reader 1 (its PINs unless they are open), blank or unfinished EP11 card in reader 2.
 * The card is enrolled and has proved that it holds the certified key. card may be NULL.
 */
TKE_PUBLIC bool tke_op_card_enroll(TkeOperation *op, TkeCardStatus *card, GError **error);

typedef struct TkeCardPersonalizeParams {
    const char *description;
    /* asked for when the PIN is set (2.7, step 3); NULL: the one above is meant */
    TkeCardTexts *ask;
} TkeCardPersonalizeParams;

/* Enrolled card without PIN in reader 2: PIN, then description. */
TKE_PUBLIC bool tke_op_card_personalize(TkeOperation *op, const TkeCardPersonalizeParams *params,
                                        TkeCardStatus *card, GError **error);
