/*
 * A thread that reports insertions and removals, on a source of its own.
 */
#pragma once

#include <glib.h>

#include "common/public.h"
#include "libsmartcard/card-transport.h"

typedef struct TkeReaderMonitor TkeReaderMonitor;

/*
 * Called in the monitor's thread, first with the readers as they are, then after every change.
 * readers (TkeReaderInfo) is borrowed; NULL together with an error when the service is gone: the
 * monitor goes on trying once a second, and calls again when it is back.
 */
typedef void (*TkeReaderMonitorFunc)(GPtrArray *readers, const GError *error, void *data);

/* Takes the source, which must not be used elsewhere. */
TKE_PUBLIC TkeReaderMonitor *tke_reader_monitor_new(TkeCardSource *source,
                                                    TkeReaderMonitorFunc func, void *data);

/* Stops and joins the thread; func is not called afterwards. Not from within func. NULL is allowed.
 */
TKE_PUBLIC void tke_reader_monitor_free(TkeReaderMonitor *monitor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeReaderMonitor, tke_reader_monitor_free)
