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
