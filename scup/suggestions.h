/*
 * What can naturally be done with a card next: labels and actions, a plain table.
 */
#pragma once

#include <stdbool.h>

#include "libsmartcard/card-identity.h"

typedef struct ScupSuggestion {
    const char *label;  /* marked for translation; NULL ends a list */
    const char *action; /* of the application */
} ScupSuggestion;

/* status NULL: no card. zone_there: the CA card of a zone is in reader 1. Borrowed, never NULL. */
const ScupSuggestion *scup_suggestions_get(const TkeCardStatus *status, unsigned reader,
                                           bool zone_there);

/* Where readers cannot be told apart. */
const ScupSuggestion *scup_suggestions_for_alike(unsigned reader);

/* The same where no PIN can be typed: what takes none. */
const ScupSuggestion *scup_suggestions_get_to_view(const TkeCardStatus *status, unsigned reader);
