/*
 * Start of a program: locked heap, no core dumps, no reading of its memory, locale, SIGPIPE
 * ignored.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/public.h"

typedef enum {
    TKE_PROCESS_DEFAULT = 0,
    /* leaves PR_SET_DUMPABLE on: only for the client of the secret scan */
    TKE_PROCESS_DUMPABLE = 1,
} TkeProcessFlags;

/*
 * Opens /dev/null for what of standard input, output and error is closed, as some desktops and
 * services start programs: else the next file or connection would get its number, and with it what
 * is printed. Part of tke_process_init(); programs without it call this first in main().
 */
TKE_PUBLIC void tke_process_open_standard(void);

/* Call first in main(). Fails when the memory cannot be locked; the message says why and what
 * helps. */
TKE_PUBLIC bool tke_process_init(TkeProcessFlags flags, GError **error);
