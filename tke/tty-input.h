/*
 * Waiting for what is typed at a terminal, and lines of it that nobody may see.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/secret.h"

/* Until there is something to be read on standard input (*there), ms milliseconds are over (-1:
 * never), or it is cancelled. */
bool tke_cli_tty_input_wait(int ms, bool *there, GCancellable *cancellable, GError **error);

/*
 * A line, which the terminal does not show, straight into locked memory; len may be more than the
 * buffer holds: the line is too long then. The terminal's keys that erase a character or the line,
 * and end the input, do so. Long lines are longer than a terminal's own editing takes (4096).
 */
bool tke_cli_tty_input_read_secret(TkeSecret *buffer, size_t *len, GCancellable *cancellable,
                                   GError **error);
