/*
 * Threads for calls that may never come back.
 */
#include <check.h>
#include <pthread.h>

#include <gio/gio.h>

#include "libsmartcard/pcsc-transport-thread.h"
#include "tests/support/test-main.h"

/* A state whose job blocks until it is let go; what is counted outlives it. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool held;
    unsigned begun;
    unsigned done;
    unsigned interrupted;
    unsigned finished;
    unsigned freed;
} seen = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void
add(unsigned *counter)
{
    pthread_mutex_lock(&seen.lock);
    (*counter)++;
    pthread_cond_broadcast(&seen.changed);
    pthread_mutex_unlock(&seen.lock);
}

static unsigned
get(const unsigned *counter)
{
    unsigned n = 0;

    pthread_mutex_lock(&seen.lock);
    n = *counter;
    pthread_mutex_unlock(&seen.lock);
    return n;
}

static void
hold(bool held)
{
    pthread_mutex_lock(&seen.lock);
    seen.held = held;
    pthread_cond_broadcast(&seen.changed);
    pthread_mutex_unlock(&seen.lock);
}

static void
job(void *state)
{
    (void) state;
    add(&seen.begun);
    pthread_mutex_lock(&seen.lock);
    while (seen.held) {
        pthread_cond_wait(&seen.changed, &seen.lock);
    }
    pthread_mutex_unlock(&seen.lock);
    add(&seen.done);
}

static void
interrupt(void *state)
{
    (void) state;
    add(&seen.interrupted);
    if (get(&seen.interrupted) >= 3) { /* the first ones come too early, as SCardCancel may */
        hold(false);
    }
}

static void
interrupt_in_vain(void *state)
{
    (void) state;
    add(&seen.interrupted);
}

static void
finish(void *state)
{
    (void) state;
    add(&seen.finished);
}

static void
free_state(void *state)
{
    g_free(state);
    add(&seen.freed);
}

static const TkePcscThreadFuncs funcs = { .finish = finish, .free_memory = free_state };
static const TkePcscThreadFuncs interruptible = { .interrupt = interrupt,
                                                  .finish = finish,
                                                  .free_memory = free_state };
static const TkePcscThreadFuncs stubborn = { .interrupt = interrupt_in_vain,
                                             .finish = finish,
                                             .free_memory = free_state };

static void
await(const unsigned *counter, unsigned n)
{
    for (unsigned i = 0; i < 1000 && get(counter) < n; i++) {
        g_usleep(10000);
    }
    ck_assert_uint_eq(get(counter), n);
}

static void *
cancel_later(void *data)
{
    g_usleep(50000);
    g_cancellable_cancel(data);
    return NULL;
}

START_TEST(test_jobs_are_done_one_after_the_other_and_the_end_is_waited_for)
{
    TkePcscThread *thread = tke_pcsc_thread_new(&funcs, g_new0(int, 1));

    for (unsigned i = 0; i < 1000; i++) {
        ck_assert_int_eq(tke_pcsc_thread_run(thread, job, 10000, NULL), TKE_PCSC_DONE);
        ck_assert_uint_eq(get(&seen.done), i + 1);
    }
    tke_pcsc_thread_free(thread, 10000);

    ck_assert_uint_eq(get(&seen.finished), 1);
    await(&seen.freed, 1);
}
END_TEST

START_TEST(test_a_job_that_does_not_come_back_is_left_and_cleans_up_later)
{
    TkePcscThread *thread = tke_pcsc_thread_new(&funcs, g_new0(int, 1));
    gint64 begun = g_get_monotonic_time();

    hold(true);
    ck_assert_int_eq(tke_pcsc_thread_run(thread, job, 50, NULL), TKE_PCSC_LEFT);
    ck_assert(tke_pcsc_thread_is_left(thread));
    ck_assert_int_eq(tke_pcsc_thread_run(thread, job, 5000, NULL), TKE_PCSC_LEFT);
    tke_pcsc_thread_free(thread, 5000);
    ck_assert_int_lt(g_get_monotonic_time() - begun, 5 * G_TIME_SPAN_SECOND);
    ck_assert_uint_eq(get(&seen.begun), 1);
    ck_assert_uint_eq(get(&seen.finished), 0);
    ck_assert_uint_eq(get(&seen.freed), 0);

    hold(false);
    await(&seen.freed, 1);
    ck_assert_uint_eq(get(&seen.done), 1);
    ck_assert_uint_eq(get(&seen.finished), 1);
}
END_TEST

START_TEST(test_a_thread_whose_job_came_back_too_late_takes_no_other)
{
    TkePcscThread *thread = tke_pcsc_thread_new(&funcs, g_new0(int, 1));

    hold(true);
    ck_assert_int_eq(tke_pcsc_thread_run(thread, job, 20, NULL), TKE_PCSC_LEFT);
    hold(false);
    await(&seen.done, 1);

    ck_assert_int_eq(tke_pcsc_thread_run(thread, job, 1000, NULL), TKE_PCSC_LEFT);
    ck_assert_uint_eq(get(&seen.begun), 1);
    tke_pcsc_thread_free(thread, 1000);
    await(&seen.freed, 1);
}
END_TEST

START_TEST(test_cancelling_interrupts_until_the_job_is_back)
{
    TkePcscThread *thread = tke_pcsc_thread_new(&interruptible, g_new0(int, 1));
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    GThread *other = NULL;

    hold(true);
    other = g_thread_new("cancel", cancel_later, cancellable);
    ck_assert_int_eq(tke_pcsc_thread_run(thread, job, -1, cancellable), TKE_PCSC_CANCELLED);
    g_thread_join(other);

    ck_assert(!tke_pcsc_thread_is_left(thread));
    ck_assert_uint_ge(get(&seen.interrupted), 3);
    ck_assert_uint_eq(get(&seen.done), 1);
    ck_assert_int_eq(tke_pcsc_thread_run(thread, job, 5000, NULL), TKE_PCSC_DONE);
    tke_pcsc_thread_free(thread, 5000);
    await(&seen.freed, 1);
}
END_TEST

START_TEST(test_what_cannot_be_interrupted_is_left_when_cancelled)
{
    TkePcscThread *thread = tke_pcsc_thread_new(&stubborn, g_new0(int, 1));
    g_autoptr(GCancellable) cancellable = g_cancellable_new();

    hold(true);
    g_cancellable_cancel(cancellable); /* already, when the wait begins */
    ck_assert_int_eq(tke_pcsc_thread_run(thread, job, -1, cancellable), TKE_PCSC_CANCELLED);
    ck_assert(tke_pcsc_thread_is_left(thread));
    ck_assert_uint_gt(get(&seen.interrupted), 1);
    tke_pcsc_thread_free(thread, 1000);
    ck_assert_uint_eq(get(&seen.freed), 0);

    hold(false);
    await(&seen.freed, 1);
}
END_TEST

START_TEST(test_cancelling_without_interruption_leaves_at_once)
{
    TkePcscThread *thread = tke_pcsc_thread_new(&funcs, g_new0(int, 1));
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    gint64 begun = g_get_monotonic_time();

    hold(true);
    g_cancellable_cancel(cancellable);
    ck_assert_int_eq(tke_pcsc_thread_run(thread, job, -1, cancellable), TKE_PCSC_CANCELLED);
    ck_assert_int_lt(g_get_monotonic_time() - begun, 5 * G_TIME_SPAN_SECOND);
    tke_pcsc_thread_free(thread, 1000);
    hold(false);
    await(&seen.freed, 1);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_jobs_are_done_one_after_the_other_and_the_end_is_waited_for);
    tcase_add_test(tests, test_a_job_that_does_not_come_back_is_left_and_cleans_up_later);
    tcase_add_test(tests, test_a_thread_whose_job_came_back_too_late_takes_no_other);
    tcase_add_test(tests, test_cancelling_interrupts_until_the_job_is_back);
    tcase_add_test(tests, test_what_cannot_be_interrupted_is_left_when_cancelled);
    tcase_add_test(tests, test_cancelling_without_interruption_leaves_at_once);
}

int
main(void)
{
    return test_main("pcsc-thread", add_tests);
}
