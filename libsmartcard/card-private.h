/*
 * Between card.c and card-select.c: not installed, not exported.
 */
#pragma once

#include <stdbool.h>

#include "libsmartcard/card.h"

/* What is selected now, and whether it takes extended length. */
void tke_card_set_selected(TkeCard *card, TkeCardKind kind, bool extended_length);
