/*
 * The thread that reports readers and cards.
 */
#include "libsmartcard/card-error.h"
#include "libsmartcard/reader-monitor.h"
#include "tests/support/test-main.h"

typedef struct Source {
    TkeCardSource base;
    GMutex lock;
    GCond changed;
    unsigned cards;      /* insertions so far */
    unsigned waited_for; /* what the user of the source knows */
    bool broken;
    bool held; /* another program has the reader, and letting it go is no event */
} Source;

static GPtrArray *
list(TkeCardSource *base, GError **error)
{
    Source *source = (Source *) base;
    GPtrArray *infos = NULL;

    g_mutex_lock(&source->lock);
    if (source->broken) {
        g_set_error_literal(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_SERVICE, "no service");
    } else {
        TkeReaderInfo *info = g_new0(TkeReaderInfo, 1);

        info->name = g_strdup("A");
        info->model = g_strdup("Model");
        info->serial = g_strdup("1");
        info->port = g_strdup("");
        info->events = source->cards;
        info->card_present = source->cards % 2 == 1;
        info->unasked = source->held;
        infos = g_ptr_array_new_with_free_func((GDestroyNotify) tke_reader_info_free);
        g_ptr_array_add(infos, info);
        source->waited_for = source->cards;
    }
    g_mutex_unlock(&source->lock);
    return infos;
}

static void
wake(G_GNUC_UNUSED GCancellable *cancellable, void *data)
{
    Source *source = data;

    g_mutex_lock(&source->lock);
    g_cond_signal(&source->changed);
    g_mutex_unlock(&source->lock);
}

static bool
wait_for_change(TkeCardSource *base, int timeout_ms, GCancellable *cancellable, GError **error)
{
    Source *source = (Source *) base;
    const gint64 end = g_get_monotonic_time() + timeout_ms * G_TIME_SPAN_MILLISECOND;
    bool in_time = true;
    const gulong id = g_cancellable_connect(cancellable, G_CALLBACK(wake), source, NULL);

    g_mutex_lock(&source->lock);
    while (in_time && source->cards == source->waited_for && !source->broken &&
           !g_cancellable_is_cancelled(cancellable)) {
        if (timeout_ms < 0) {
            g_cond_wait(&source->changed, &source->lock);
        } else {
            in_time = g_cond_wait_until(&source->changed, &source->lock, end);
        }
    }
    g_mutex_unlock(&source->lock);
    g_cancellable_disconnect(cancellable, id);
    if (source->broken) {
        g_set_error_literal(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_SERVICE, "no service");
        return false;
    }
    return !g_cancellable_set_error_if_cancelled(cancellable, error);
}

static void
free_source(TkeCardSource *base)
{
    Source *source = (Source *) base;

    g_mutex_clear(&source->lock);
    g_cond_clear(&source->changed);
    g_free(source);
}

static Source *
make_source(void)
{
    static const TkeCardSourceOps ops = {
        .list = list,
        .wait = wait_for_change,
        .free = free_source,
    };
    Source *source = g_new0(Source, 1);

    source->base.ops = &ops;
    g_mutex_init(&source->lock);
    g_cond_init(&source->changed);
    return source;
}

static void
change(Source *source, bool insert, bool broken)
{
    g_mutex_lock(&source->lock);
    source->cards += insert ? 1 : 0;
    source->broken = broken;
    g_cond_signal(&source->changed);
    g_mutex_unlock(&source->lock);
}

static void
remember(GPtrArray *readers, const GError *error, void *data)
{
    GAsyncQueue *queue = data;
    char *what = NULL;

    if (readers == NULL) {
        what = g_strdup_printf("error %d", tke_card_error_code(error));
    } else {
        const TkeReaderInfo *info = g_ptr_array_index(readers, 0);

        what = g_strdup_printf("%s %s %u", info->name, info->card_present ? "card" : "empty",
                               info->events);
    }
    g_async_queue_push(queue, what);
}

static void
check_next(GAsyncQueue *queue, const char *want)
{
    g_autofree char *got = g_async_queue_pop(queue);

    ck_assert_str_eq(got, want);
}

START_TEST(test_the_monitor_reports_each_change_and_a_lost_service)
{
    Source *source = make_source();
    GAsyncQueue *queue = g_async_queue_new_full(g_free);
    TkeReaderMonitor *monitor = tke_reader_monitor_new(&source->base, remember, queue);
    g_autofree char *lost = g_strdup_printf("error %d", TKE_CARD_ERROR_NO_SERVICE);

    check_next(queue, "A empty 0");
    change(source, true, false);
    check_next(queue, "A card 1");
    change(source, true, false);
    check_next(queue, "A empty 2");
    change(source, false, true);
    check_next(queue, lost);
    change(source, false, false);
    check_next(queue, "A empty 2"); /* the service is back */
    tke_reader_monitor_free(monitor);
    ck_assert_int_eq(g_async_queue_length(queue), 0);
    g_async_queue_unref(queue);
}
END_TEST

START_TEST(test_the_monitor_reports_when_a_reader_that_was_held_has_told_who_it_is)
{
    Source *source = make_source();
    GAsyncQueue *queue = g_async_queue_new_full(g_free);
    TkeReaderMonitor *monitor = NULL;

    source->held = true;
    monitor = tke_reader_monitor_new(&source->base, remember, queue);
    check_next(queue, "A empty 0");
    g_mutex_lock(&source->lock);
    source->held = false; /* nobody is woken */
    g_mutex_unlock(&source->lock);
    check_next(queue, "A empty 0");
    tke_reader_monitor_free(monitor);
    ck_assert_int_eq(g_async_queue_length(queue), 0);
    g_async_queue_unref(queue);
}
END_TEST

START_TEST(test_the_monitor_stops_at_once)
{
    Source *waiting = make_source();
    Source *failing = make_source();
    GAsyncQueue *queue = g_async_queue_new_full(g_free);
    TkeReaderMonitor *first = NULL;
    TkeReaderMonitor *second = NULL;

    failing->broken = true;
    first = tke_reader_monitor_new(&waiting->base, remember, queue);
    second = tke_reader_monitor_new(&failing->base, remember, queue);
    g_free(g_async_queue_pop(queue));
    g_free(g_async_queue_pop(queue));
    tke_reader_monitor_free(first);
    tke_reader_monitor_free(second);
    tke_reader_monitor_free(NULL);
    ck_assert_int_eq(g_async_queue_length(queue), 0);
    g_async_queue_unref(queue);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_the_monitor_reports_each_change_and_a_lost_service);
    tcase_add_test(tests, test_the_monitor_reports_when_a_reader_that_was_held_has_told_who_it_is);
    tcase_add_test(tests, test_the_monitor_stops_at_once);
}

int
main(void)
{
    return test_main("reader-monitor", add_tests);
}
