/*
 * Options there are not, and what was probably meant (functions 4; F-153).
 */
#pragma once

#include <glib.h>

#include "tke/cli.h"

/* Names of options, without dashes; the caller frees. entries ends with one without name. */
GStrv tke_cli_option_names(const GOptionEntry *entries);

/* The one of entries that this word of a line is, with its value or without; NULL: none. */
const GOptionEntry *tke_cli_option_find(const GOptionEntry *entries, const char *word);

/*
 * The first option of these words that is none of entries, as it was typed but for its value; the
 * caller frees. NULL: there is none.
 */
char *tke_cli_unknown_option_find(const GOptionEntry *entries, int argc, char **argv);

/*
 * TKE_ERROR_USAGE: there is no such option; with the nearest one of the command (own: names of its
 * options) and of those that all commands take here. command NULL: none is given.
 */
void tke_cli_unknown_option_set(const TkeCli *cli, const char *command, const char *option,
                                const char *const *own, GError **error);

/* The same of a line that begins with an option that is none of those of all commands. */
void tke_cli_unknown_option_set_first(const TkeCli *cli, int argc, char **argv, GError **error);
