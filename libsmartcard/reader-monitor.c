/*
 * A thread that reports insertions and removals (conventions: one of the program's three threads).
 */
#include "libsmartcard/reader-monitor.h"

#include <string.h>

#define RETRY_S 1

struct TkeReaderMonitor {
    TkeCardSource *source; /* used by the thread only */
    TkeReaderMonitorFunc func;
    void *data;
    GCancellable *cancellable;
    GThread *thread;
    GMutex lock;
    GCond wake;
    bool stopping; /* under lock */
};

static bool
is_stopping(TkeReaderMonitor *monitor)
{
    bool stopping = false;

    g_mutex_lock(&monitor->lock);
    stopping = monitor->stopping;
    g_mutex_unlock(&monitor->lock);
    return stopping;
}

static void
pause_before_retry(TkeReaderMonitor *monitor)
{
    const gint64 until = g_get_monotonic_time() + RETRY_S * G_TIME_SPAN_SECOND;

    g_mutex_lock(&monitor->lock);
    while (!monitor->stopping && g_cond_wait_until(&monitor->wake, &monitor->lock, until)) {
    }
    g_mutex_unlock(&monitor->lock);
}

static bool
is_same_reader(const TkeReaderInfo *a, const TkeReaderInfo *b)
{
    return strcmp(a->name, b->name) == 0 && a->card_present == b->card_present &&
           a->events == b->events && a->unasked == b->unasked &&
           g_strcmp0(a->serial, b->serial) == 0 && g_strcmp0(a->port, b->port) == 0;
}

/* How long to wait for a change: that another program lets a reader go is no event. */
static int
wait_ms(const GPtrArray *readers)
{
    for (guint i = 0; i < readers->len; i++) {
        if (((const TkeReaderInfo *) g_ptr_array_index(readers, i))->unasked) {
            return RETRY_S * 1000;
        }
    }
    return -1;
}

/* Did anything change that a user would see? */
static bool
is_same(const GPtrArray *a, const GPtrArray *b)
{
    if (a == NULL || b == NULL || a->len != b->len) {
        return false;
    }
    for (guint i = 0; i < a->len; i++) {
        if (!is_same_reader(g_ptr_array_index(a, i), g_ptr_array_index(b, i))) {
            return false;
        }
    }
    return true;
}

static void *
run(void *data)
{
    TkeReaderMonitor *monitor = data;
    g_autoptr(GPtrArray) told = NULL;
    bool told_error = false;

    g_cancellable_push_current(monitor->cancellable);
    while (!is_stopping(monitor)) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) readers = monitor->source->ops->list(monitor->source, &error);

        if (readers != NULL && !is_same(told, readers)) {
            monitor->func(readers, NULL, monitor->data);
            g_clear_pointer(&told, g_ptr_array_unref);
            told = g_ptr_array_ref(readers);
            told_error = false;
        }
        if (readers != NULL && monitor->source->ops->wait(monitor->source, wait_ms(readers),
                                                          monitor->cancellable, &error)) {
            continue;
        }
        if (is_stopping(monitor)) {
            break;
        }
        if (!told_error) {
            monitor->func(NULL, error, monitor->data);
            g_clear_pointer(&told, g_ptr_array_unref);
            told_error = true;
        }
        pause_before_retry(monitor);
    }
    g_cancellable_pop_current(monitor->cancellable);
    return NULL;
}

TkeReaderMonitor *
tke_reader_monitor_new(TkeCardSource *source, TkeReaderMonitorFunc func, void *data)
{
    TkeReaderMonitor *monitor = g_new0(TkeReaderMonitor, 1);

    monitor->source = source;
    monitor->func = func;
    monitor->data = data;
    monitor->cancellable = g_cancellable_new();
    g_mutex_init(&monitor->lock);
    g_cond_init(&monitor->wake);
    monitor->thread = g_thread_new("reader-monitor", run, monitor);
    return monitor;
}

void
tke_reader_monitor_free(TkeReaderMonitor *monitor)
{
    if (monitor == NULL) {
        return;
    }
    g_mutex_lock(&monitor->lock);
    monitor->stopping = true;
    g_cond_signal(&monitor->wake);
    g_mutex_unlock(&monitor->lock);
    g_cancellable_cancel(monitor->cancellable);
    g_thread_join(monitor->thread);
    monitor->source->ops->free(monitor->source);
    g_object_unref(monitor->cancellable);
    g_mutex_clear(&monitor->lock);
    g_cond_clear(&monitor->wake);
    g_free(monitor);
}
