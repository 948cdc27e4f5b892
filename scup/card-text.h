/*
 * Cards in the words of the window. Plain functions; texts are translated, char * results are
 * freed by the caller.
 */
#pragma once

#include <stddef.h>

#include "libsmartcard/card-identity.h"

const char *scup_card_text_kind(const TkeCardStatus *status);

/* Picture of the card: name for tke_ui_picture_set(). */
const char *scup_card_text_picture(const TkeCardStatus *status);

/* The description, or "no description". */
const char *scup_card_text_description(const TkeCardStatus *status);

/* "●●○  2 tries left", "blocked", "not set". */
char *scup_card_text_pin(const TkeCardStatus *status, unsigned index);

/* "1.2.0", with "newer (or older) than this program" where it is not used; NULL: it has no applet
 * of ours. */
char *scup_card_text_version(const TkeCardStatus *status);

/* "Production 2026 · 1C7E-9A40-…"; NULL without a zone. */
char *scup_card_text_zone(const TkeCardStatus *status);

/* Hexadecimal in groups of four, so many groups a line. */
char *scup_card_text_groups(const uint8_t *bytes, size_t len, unsigned groups_per_line);
