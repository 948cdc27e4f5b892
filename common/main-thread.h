/*
 * The thread that windows live on. Programs with windows mark it; what may block (cards, network,
 * files) refuses to work there, so that a window never freezes.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/public.h"

/* Marks the thread that calls this, once for each process. Programs without windows mark none. */
TKE_PUBLIC void tke_main_thread_mark(void);

/* False with TKE_ERROR_USAGE on the marked thread: asked first by all that may block. */
TKE_PUBLIC bool tke_main_thread_may_block(GError **error);
