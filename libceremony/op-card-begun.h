/*
 * A card on which a step was begun before: it goes on as it is, or starts anew (functions 2.3, 2.4;
 * E-C07, E-C10). Not installed.
 */
#pragma once

#include "libceremony/card-session.h"

/*
 * Does the card, which fits, take part in the step as it is? False: its applet is loaded (again).
 * Where a PIN would have to be typed that may be forgotten, people say which of the two.
 */
bool tke_op_card_begun_goes_on(TkeOperation *op, const TkeCardNeed *need,
                               const TkeCardStatus *status, bool *goes_on, GError **error);
