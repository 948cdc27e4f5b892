/*
 * Text from outside on an operator's terminal.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/*
 * A copy that steers no terminal: valid UTF-8, whatever does not print is "?". Newlines stay only if
 * lines is set. The caller frees.
 */
char *tke_cli_text_safe(const char *text, bool lines);

/* Day and time of day as people write them here (LC_TIME), with the zone; seconds since 1970. The caller frees. */
char *tke_cli_text_time(gint64 seconds);
