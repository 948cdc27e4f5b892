/*
 * What the two files of the smart card service of tests share.
 */
#pragma once

#include <pthread.h>

#include <glib.h>

#include "tests/support/fake-pcsc.h"

#define FAKE_PCSC_HANDLES 64u

typedef struct FakePcscHandle {
    bool used;
    unsigned life; /* of the service in which it was made */
    FakePcscReader *reader;
    DWORD share_mode;
    bool was_reset;
    bool was_removed;
} FakePcscHandle;

typedef struct FakePcsc {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    FakePcscReader readers[FAKE_PCSC_READERS];
    unsigned n_readers;
    bool running;
    unsigned life;
    unsigned long next_context;
    unsigned contexts;
    unsigned cancels;
    unsigned waiting;
    FakePcscHandle handles[FAKE_PCSC_HANDLES];
    unsigned counts[FAKE_PCSC_FUNCTIONS];
    unsigned skip[FAKE_PCSC_FUNCTIONS];
    unsigned fail[FAKE_PCSC_FUNCTIONS];
    LONG code[FAKE_PCSC_FUNCTIONS];
    bool blocked[FAKE_PCSC_FUNCTIONS];
    bool lies[FAKE_PCSC_FUNCTIONS];
    DWORD lie[FAKE_PCSC_FUNCTIONS];
    GByteArray *command;
    DWORD share_mode;
    DWORD disposition;
} FakePcsc;

extern FakePcsc fake_pcsc; /* under its lock */

/* Every function begins and ends with these: takes the lock, counts, waits while the function is
 * blocked; the code that the test wants, or success. */
LONG fake_pcsc_enter(FakePcscFunction function);
void fake_pcsc_leave(void);

/* Under the lock. */
bool fake_pcsc_is_context(SCARDCONTEXT context);
FakePcscReader *fake_pcsc_find(const char *name);

LONG fake_pcsc_establish(DWORD scope, LPCVOID reserved1, LPCVOID reserved2, LPSCARDCONTEXT context);
LONG fake_pcsc_release(SCARDCONTEXT context);
LONG fake_pcsc_list_readers(SCARDCONTEXT context, LPCSTR groups, LPSTR readers, LPDWORD len);
LONG fake_pcsc_get_status_change(SCARDCONTEXT context, DWORD timeout, SCARD_READERSTATE *states,
                                 DWORD n);
LONG fake_pcsc_cancel(SCARDCONTEXT context);
