/*
 * Words for what went wrong that stay the same in every language and version: the activity log names
 * them beside the sentence, which is in the language of whoever worked. Not installed.
 */
#pragma once

#include <glib.h>

/* "card-pin-blocked", "unit-refused", "cancelled"; "other" where the error is none of ours. */
const char *tke_error_word(const GError *error);
