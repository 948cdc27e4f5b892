/*
 * For targets whose bytes reach GLib: a function that is given something wrong is our fault, not
 * that of the bytes.
 */
#pragma once

#include <glib.h>

static inline void
fuzz_strict(void)
{
    g_log_set_always_fatal((GLogLevelFlags) (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL));
}
