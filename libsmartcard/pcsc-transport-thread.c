/*
 * A thread for calls that may never come back.
 *
 * Mutexes and conditions are those of pthread, which ThreadSanitizer understands.
 */
#include "libsmartcard/pcsc-transport-thread.h"

#include <pthread.h>
#include <time.h>

#define INTERRUPT_AGAIN_MS 20 /* an interruption may come before the call that it is to end */
#define INTERRUPT_LIMIT_MS 1000

struct TkePcscThread {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    const TkePcscThreadFuncs *funcs;
    void *state;
    /* under lock */
    TkePcscJob job; /* being done; NULL: none */
    bool left;      /* nobody waits for that job any more */
    bool ending;
    bool finished;
    bool woken; /* the cancellable has fired */
    bool interrupting;
    unsigned refs; /* owner, thread, interrupter */
};

static void
unref(TkePcscThread *thread)
{
    bool last = false;

    pthread_mutex_lock(&thread->lock);
    thread->refs--;
    last = thread->refs == 0;
    pthread_mutex_unlock(&thread->lock);
    if (last) {
        thread->funcs->free_memory(thread->state);
        pthread_cond_destroy(&thread->changed);
        pthread_mutex_destroy(&thread->lock);
        g_free(thread);
    }
}

static void *
run(void *data)
{
    TkePcscThread *thread = data;

    pthread_mutex_lock(&thread->lock);
    for (;;) {
        TkePcscJob job = thread->job;

        if (job != NULL) {
            pthread_mutex_unlock(&thread->lock);
            job(thread->state);
            pthread_mutex_lock(&thread->lock);
            thread->job = NULL;
            pthread_cond_broadcast(&thread->changed);
        } else if (thread->ending) {
            break;
        } else {
            pthread_cond_wait(&thread->changed, &thread->lock);
        }
    }
    pthread_mutex_unlock(&thread->lock);
    if (thread->funcs->finish != NULL) {
        thread->funcs->finish(thread->state);
    }
    pthread_mutex_lock(&thread->lock);
    thread->finished = true;
    pthread_cond_broadcast(&thread->changed);
    pthread_mutex_unlock(&thread->lock);
    unref(thread);
    return NULL;
}

static bool
start(void *(*func)(void *), void *data)
{
    pthread_attr_t attributes;
    pthread_t id;
    int failed;

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    failed = pthread_create(&id, &attributes, func, data);
    pthread_attr_destroy(&attributes);
    return failed == 0;
}

TkePcscThread *
tke_pcsc_thread_new(const TkePcscThreadFuncs *funcs, void *state)
{
    TkePcscThread *thread = g_new0(TkePcscThread, 1);
    pthread_condattr_t attributes;

    pthread_mutex_init(&thread->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&thread->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    thread->funcs = funcs;
    thread->state = state;
    thread->refs = 2;
    if (!start(run, thread)) {
        g_error("no thread can be started"); /* as GLib does: no program gets far without */
    }
    return thread;
}

static struct timespec
time_after(int ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += (long) (ms % 1000) * 1000000L;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_nsec -= 1000000000L;
        at.tv_sec++;
    }
    return at;
}

/* Waits, the lock being held, until something has changed; false after the time (NULL: never). */
static bool
wait_changed(TkePcscThread *thread, const struct timespec *until)
{
    return until != NULL ? pthread_cond_timedwait(&thread->changed, &thread->lock, until) == 0
                         : pthread_cond_wait(&thread->changed, &thread->lock) == 0;
}

/* Interrupts the job until it is back; a thread of its own, since that may block as well. */
static void *
interrupt(void *data)
{
    TkePcscThread *thread = data;

    pthread_mutex_lock(&thread->lock);
    while (thread->job != NULL && thread->interrupting) {
        const struct timespec again = time_after(INTERRUPT_AGAIN_MS);

        pthread_mutex_unlock(&thread->lock);
        thread->funcs->interrupt(thread->state);
        pthread_mutex_lock(&thread->lock);
        while (thread->job != NULL && thread->interrupting && wait_changed(thread, &again)) {
        }
    }
    pthread_mutex_unlock(&thread->lock);
    unref(thread);
    return NULL;
}

/* Under lock: has the job interrupted and waits for it; true if it came back. */
static bool
break_off(TkePcscThread *thread)
{
    const struct timespec limit = time_after(INTERRUPT_LIMIT_MS);

    if (thread->funcs->interrupt == NULL) {
        return false;
    }
    thread->interrupting = true;
    thread->refs++;
    if (!start(interrupt, thread)) {
        thread->refs--;
    }
    while (thread->job != NULL && wait_changed(thread, &limit)) {
    }
    thread->interrupting = false;
    pthread_cond_broadcast(&thread->changed);
    return thread->job == NULL;
}

static void
on_cancelled(GCancellable *cancellable, gpointer data)
{
    TkePcscThread *thread = data;

    (void) cancellable;
    pthread_mutex_lock(&thread->lock);
    thread->woken = true;
    pthread_cond_broadcast(&thread->changed);
    pthread_mutex_unlock(&thread->lock);
}

/* Under lock. */
static TkePcscOutcome
wait_for_job(TkePcscThread *thread, int timeout_ms)
{
    const struct timespec until = time_after(MAX(timeout_ms, 0));

    while (thread->job != NULL && !thread->woken &&
           wait_changed(thread, timeout_ms >= 0 ? &until : NULL)) {
    }
    if (thread->job == NULL) {
        return TKE_PCSC_DONE;
    }
    if (thread->woken) {
        thread->left = !break_off(thread);
        return TKE_PCSC_CANCELLED;
    }
    thread->left = true;
    return TKE_PCSC_LEFT;
}

TkePcscOutcome
tke_pcsc_thread_run(TkePcscThread *thread, TkePcscJob job, int timeout_ms,
                    GCancellable *cancellable)
{
    TkePcscOutcome outcome = TKE_PCSC_LEFT;
    gulong handler = 0;

    pthread_mutex_lock(&thread->lock);
    if (thread->left || thread->job != NULL) {
        pthread_mutex_unlock(&thread->lock);
        return TKE_PCSC_LEFT;
    }
    thread->woken = false;
    thread->job = job;
    pthread_cond_broadcast(&thread->changed);
    pthread_mutex_unlock(&thread->lock);
    if (cancellable != NULL) {
        handler = g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled), thread, NULL);
    }
    pthread_mutex_lock(&thread->lock);
    outcome = wait_for_job(thread, timeout_ms);
    pthread_mutex_unlock(&thread->lock);
    g_cancellable_disconnect(cancellable, handler);
    return outcome;
}

bool
tke_pcsc_thread_is_left(TkePcscThread *thread)
{
    bool left = false;

    pthread_mutex_lock(&thread->lock);
    left = thread->left && thread->job != NULL;
    pthread_mutex_unlock(&thread->lock);
    return left;
}

void
tke_pcsc_thread_free(TkePcscThread *thread, int timeout_ms)
{
    struct timespec until;

    if (thread == NULL) {
        return;
    }
    until = time_after(timeout_ms);
    pthread_mutex_lock(&thread->lock);
    thread->ending = true;
    pthread_cond_broadcast(&thread->changed);
    while (!thread->left && !thread->finished && wait_changed(thread, &until)) {
    }
    pthread_mutex_unlock(&thread->lock);
    unref(thread);
}
