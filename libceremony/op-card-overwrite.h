/*
 * P-5: what a card in use holds, shown before it is overwritten. Not installed.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "libceremony/card-session.h"

/* True at once for a blank card. Not confirmed: the error of the prompter; the card is
 * untouched. */
bool tke_op_card_overwrite_confirm(TkeOperation *op, const TkeCardNeed *need,
                                   const TkeCardStatus *status, GError **error);

/* Lines that say which keys an EP11 card holds, and of each whether there is a copy of it. */
void tke_op_card_overwrite_add_keys(TkeOperation *op, unsigned reader, const TkeCardStatus *status,
                                    GPtrArray *lines);

/* The card that was asked about is still in the reader; else TKE_CARD_ERROR_REMOVED. */
bool tke_op_card_overwrite_is_same(TkeOperation *op, const TkeCardNeed *need,
                                   const TkeCardStatus *status, GError **error);

/* What was on it, for the activity log. */
void tke_op_card_overwrite_record(JsonObject *values, const TkeCardStatus *status);
