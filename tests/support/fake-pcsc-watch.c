/*
 * A smart card service in the process of the test: contexts, readers and their states.
 */
#include <string.h>

#include "tests/support/fake-pcsc-private.h"

LONG
fake_pcsc_enter(FakePcscFunction function)
{
    LONG code = SCARD_S_SUCCESS;

    pthread_mutex_lock(&fake_pcsc.lock);
    fake_pcsc.counts[function]++;
    while (fake_pcsc.blocked[function]) {
        pthread_cond_wait(&fake_pcsc.changed, &fake_pcsc.lock);
    }
    if (fake_pcsc.fail[function] > 0 && fake_pcsc.skip[function] > 0) {
        fake_pcsc.skip[function]--;
    } else if (fake_pcsc.fail[function] > 0) {
        fake_pcsc.fail[function]--;
        code = fake_pcsc.code[function];
    }
    return code;
}

void
fake_pcsc_leave(void)
{
    pthread_mutex_unlock(&fake_pcsc.lock);
}

bool
fake_pcsc_is_context(SCARDCONTEXT context)
{
    return context > 0 && (unsigned long) context / 1000 == fake_pcsc.life;
}

FakePcscReader *
fake_pcsc_find(const char *name)
{
    for (unsigned i = 0; i < fake_pcsc.n_readers; i++) {
        if (fake_pcsc.readers[i].plugged && strcmp(fake_pcsc.readers[i].name, name) == 0) {
            return &fake_pcsc.readers[i];
        }
    }
    return NULL;
}

LONG
fake_pcsc_establish(DWORD scope, LPCVOID reserved1, LPCVOID reserved2, LPSCARDCONTEXT context)
{
    LONG code = fake_pcsc_enter(FAKE_PCSC_ESTABLISH);

    (void) scope;
    (void) reserved1;
    (void) reserved2;
    if (code == SCARD_S_SUCCESS && !fake_pcsc.running) {
        code = SCARD_E_NO_SERVICE;
    }
    if (code == SCARD_S_SUCCESS) {
        fake_pcsc.next_context = MAX(fake_pcsc.next_context + 1, fake_pcsc.life * 1000ul + 1);
        *context = (SCARDCONTEXT) fake_pcsc.next_context;
        fake_pcsc.contexts++;
    }
    fake_pcsc_leave();
    return code;
}

LONG
fake_pcsc_release(SCARDCONTEXT context)
{
    LONG code = fake_pcsc_enter(FAKE_PCSC_RELEASE);

    if (!fake_pcsc_is_context(context)) {
        code = SCARD_E_NO_SERVICE;
    } else {
        fake_pcsc.contexts--;
    }
    fake_pcsc_leave();
    return code;
}

LONG
fake_pcsc_list_readers(SCARDCONTEXT context, LPCSTR groups, LPSTR readers, LPDWORD len)
{
    LONG code = fake_pcsc_enter(FAKE_PCSC_LIST);
    g_autoptr(GByteArray) all = g_byte_array_new();

    (void) groups;
    for (unsigned i = 0; i < fake_pcsc.n_readers; i++) {
        if (fake_pcsc.readers[i].plugged) {
            g_byte_array_append(all, (const uint8_t *) fake_pcsc.readers[i].name,
                                (guint) strlen(fake_pcsc.readers[i].name) + 1);
        }
    }
    if (code == SCARD_S_SUCCESS && (!fake_pcsc_is_context(context) || !fake_pcsc.running)) {
        code = SCARD_E_NO_SERVICE;
    } else if (code == SCARD_S_SUCCESS && all->len == 0) {
        code = SCARD_E_NO_READERS_AVAILABLE;
    }
    g_byte_array_append(all, (const uint8_t *) "", 1);
    if (code == SCARD_S_SUCCESS && readers != NULL && *len < all->len) {
        code = SCARD_E_INSUFFICIENT_BUFFER;
    }
    if (code == SCARD_S_SUCCESS) {
        if (readers != NULL) {
            memcpy(readers, all->data, all->len);
        }
        *len = all->len;
    }
    fake_pcsc_leave();
    return code;
}

/* As pcscd's client does: a counter of 0 is not compared. */
static bool
evaluate(SCARD_READERSTATE *state)
{
    const FakePcscReader *reader = fake_pcsc_find(state->szReader);
    const uint32_t current = (uint32_t) state->dwCurrentState;
    uint32_t now = 0;

    if (reader == NULL) {
        state->dwEventState = SCARD_STATE_UNKNOWN | SCARD_STATE_UNAVAILABLE | SCARD_STATE_CHANGED;
        return true;
    }
    now = (uint32_t) reader->counter << 16;
    if (reader->unavailable) {
        now = SCARD_STATE_UNAVAILABLE;
    } else {
        now |= reader->present ? SCARD_STATE_PRESENT : SCARD_STATE_EMPTY;
        now |= reader->present && reader->mute ? SCARD_STATE_MUTE : 0;
        now |= reader->held ? SCARD_STATE_EXCLUSIVE : 0;
        now |= reader->shared && reader->present ? SCARD_STATE_INUSE : 0;
    }
    if (current == SCARD_STATE_UNAWARE ||
        (current >> 16 != 0 && current >> 16 != reader->counter) ||
        ((current ^ now) & (SCARD_STATE_PRESENT | SCARD_STATE_UNAVAILABLE | SCARD_STATE_MUTE)) !=
            0) {
        now |= SCARD_STATE_CHANGED;
    }
    state->dwEventState = now;
    return (now & SCARD_STATE_CHANGED) != 0;
}

static unsigned
count_plugged(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < fake_pcsc.n_readers; i++) {
        n += fake_pcsc.readers[i].plugged ? 1 : 0;
    }
    return n;
}

static bool
evaluate_all(SCARD_READERSTATE *states, DWORD n, unsigned plugged)
{
    bool changed = false;

    for (DWORD i = 0; i < n; i++) {
        if (strcmp(states[i].szReader, "\\\\?PnP?\\Notification") == 0) {
            states[i].dwEventState = count_plugged() != plugged ? (DWORD) SCARD_STATE_CHANGED : 0;
            changed = changed || count_plugged() != plugged;
        } else if (evaluate(&states[i])) {
            changed = true;
        }
    }
    return changed;
}

LONG
fake_pcsc_get_status_change(SCARDCONTEXT context, DWORD timeout, SCARD_READERSTATE *states, DWORD n)
{
    LONG code = fake_pcsc_enter(FAKE_PCSC_CHANGE);
    const unsigned plugged = count_plugged();
    const unsigned life = fake_pcsc.life;
    const unsigned cancels = fake_pcsc.cancels;
    const gint64 end = g_get_real_time() + (gint64) timeout * 1000;

    for (DWORD i = 0; code == SCARD_S_SUCCESS && i < n; i++) {
        if (fake_pcsc_find(states[i].szReader) == NULL && states[i].szReader[0] != '\\') {
            code = SCARD_E_UNKNOWN_READER;
        }
    }
    if (!fake_pcsc_is_context(context) || !fake_pcsc.running) {
        code = SCARD_E_NO_SERVICE;
    }
    fake_pcsc.waiting++;
    while (code == SCARD_S_SUCCESS && !evaluate_all(states, n, plugged)) {
        const struct timespec until = { .tv_sec = end / 1000000, .tv_nsec = end % 1000000 * 1000 };

        if (pthread_cond_timedwait(&fake_pcsc.changed, &fake_pcsc.lock, &until) != 0) {
            code = SCARD_E_TIMEOUT;
        } else if (fake_pcsc.life != life) {
            code = SCARD_F_COMM_ERROR;
        } else if (fake_pcsc.cancels != cancels) {
            code = SCARD_E_CANCELLED;
        }
    }
    fake_pcsc.waiting--;
    fake_pcsc_leave();
    return code;
}

/* Does nothing while nobody waits, as the real one. */
LONG
fake_pcsc_cancel(SCARDCONTEXT context)
{
    LONG code = fake_pcsc_enter(FAKE_PCSC_CANCEL);

    (void) context;
    if (fake_pcsc.waiting > 0) {
        fake_pcsc.cancels++;
        pthread_cond_broadcast(&fake_pcsc.changed);
    }
    fake_pcsc_leave();
    return code;
}
