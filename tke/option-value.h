/*
 * Values that an option cannot have, in words of ours (functions 4; F-153).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * Checks the options among these words that are of entries: TKE_ERROR_USAGE names what an option
 * takes, and the nearest to what was typed, where one is missing, is too much or is no such number.
 * command NULL: none is given.
 */
bool tke_cli_option_value_check(const GOptionEntry *entries, const char *command, int argc,
                                char **argv, GError **error);
