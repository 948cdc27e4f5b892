/*
 * Text from outside on an operator's terminal.
 */
#pragma once

#include <glib.h>

/*
 * A copy that steers no terminal and is one line: valid UTF-8, whatever does not print is "?",
 * newlines too. The caller frees.
 */
char *tke_cli_text_safe(const char *text);

/* The first len digits in groups of that size. The caller frees. */
char *tke_cli_text_group(const char *digits, size_t len, size_t size);

/* Day and time of day as people write them here (LC_TIME), with the zone; seconds since 1970. The
 * caller frees. */
char *tke_cli_text_time(gint64 seconds);
