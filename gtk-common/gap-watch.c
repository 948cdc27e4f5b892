/*
 * A timer that notices when it comes late.
 */
#include "gtk-common/gap-watch.h"

#include <glib.h>

#include "common/log.h"

#define TICK_MS 5

static gint64 last;
static gint64 longest; /* microseconds beyond the tick */
static guint timer;

static gboolean
on_tick(gpointer data)
{
    gint64 now = g_get_monotonic_time();

    (void) data;
    if (last != 0) {
        longest = MAX(longest, now - last - TICK_MS * G_TIME_SPAN_MILLISECOND);
    }
    last = now;
    return G_SOURCE_CONTINUE;
}

void
tke_ui_gap_watch_start(void)
{
    if (tke_log_is_enabled() && timer == 0) {
        timer = g_timeout_add_full(G_PRIORITY_DEFAULT, TICK_MS, on_tick, NULL, NULL);
    }
}

void
tke_ui_gap_watch_report(void)
{
    if (timer != 0) {
        g_source_remove(timer);
        timer = 0;
        tke_log("ui", "longest gap of the main loop: %d ms",
                (int) (longest / G_TIME_SPAN_MILLISECOND));
    }
}
