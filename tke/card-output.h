/*
 * A card as commands print it.
 */
#pragma once

#include "libsmartcard/card-identity.h"
#include "libsmartcard/ep11-card-keys.h"
#include "tke/output.h"

/* Kind, ids, descriptions, PINs, administrator, counts: members of what is open in the output. */
void tke_cli_output_card(TkeCliOutput *out, const TkeCardStatus *status);

/* The table of key parts. */
void tke_cli_output_parts(TkeCliOutput *out, const TkeKeyPartList *list);

/* "CA", "EP11", "blank", "foreign", …: for people, marked for translation; and for programs. */
const char *tke_cli_card_kind_text(const TkeCardStatus *status);
const char *tke_cli_card_kind_word(const TkeCardStatus *status);
