/*
 * Where the applet file for real cards lies: with the installed data, or in the build tree of this
 * program. Not installed.
 */
#pragma once

#include <glib.h>

#include "libsmartcard/cap-file.h"

#define TKE_APPLET_FILE_NAME "opentke-applets.cap"

/*
 * Loads it and checks that it is ours and not the one of rehearsals. No release brings one yet:
 * then TKE_ERROR_SETUP says what that means for blank cards.
 */
TkeCapFile *tke_applet_file_load(GError **error);

/* The same looked for in these directories only, in order (NULL-terminated). */
TkeCapFile *tke_applet_file_load_from(const char *const *dirs, GError **error);

/* The applet file that a rehearsal brings (NULL: it brings none). */
TkeCapFile *tke_applet_file_of_rehearsal(GBytes *bytes, GError **error);
