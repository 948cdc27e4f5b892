/*
 * A thread for calls that may never come back. Internal.
 *
 * A call into libpcsclite cannot be broken off: while a card is silent, or another program keeps a
 * reader to itself, it blocks. So every owner (a source of readers, a connection) has its calls
 * made by a thread of its own and waits for them with a limit and a cancellable. A call that does
 * not come back is left behind together with its thread and everything it works on, which clean up
 * after themselves when it does come back, or end with the program.
 *
 * What a job works on is the thread's state and nothing else: no memory of the caller's.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

typedef struct TkePcscThread TkePcscThread;

typedef void (*TkePcscJob)(void *state);

typedef enum {
    TKE_PCSC_DONE,
    TKE_PCSC_LEFT,      /* not back in time, or left earlier; the thread is of no more use */
    TKE_PCSC_CANCELLED, /* the job was interrupted, or left if that did not help */
} TkePcscOutcome;

typedef struct TkePcscThreadFuncs {
    TkePcscJob interrupt;       /* ends the job early; called in another thread; may be NULL */
    TkePcscJob finish;          /* the last thing done in the thread; may be NULL */
    GDestroyNotify free_memory; /* of the state, which nobody uses any more */
} TkePcscThreadFuncs;

/* Takes the state. funcs must be static. */
TkePcscThread *tke_pcsc_thread_new(const TkePcscThreadFuncs *funcs, void *state);

/* Has a job done and waits, at most timeout_ms (-1: for ever). cancellable may be NULL. */
TkePcscOutcome tke_pcsc_thread_run(TkePcscThread *thread, TkePcscJob job, int timeout_ms,
                                   GCancellable *cancellable);

/* True if a job was left and has not come back. */
bool tke_pcsc_thread_is_left(TkePcscThread *thread);

/* Lets go of the thread: it finishes, and is waited for, at most timeout_ms. NULL is allowed. */
void tke_pcsc_thread_free(TkePcscThread *thread, int timeout_ms);
