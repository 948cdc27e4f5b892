/*
 * A smart card service in the process of the test: what tests do to it.
 */
#include <string.h>

#include "common/hex.h"
#include "tests/support/fake-pcsc-private.h"

FakePcsc fake_pcsc = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void
lock(void)
{
    pthread_mutex_lock(&fake_pcsc.lock);
}

static void
unlock(void)
{
    pthread_mutex_unlock(&fake_pcsc.lock);
}

static void
announce(void)
{
    pthread_cond_broadcast(&fake_pcsc.changed);
}

/* ---- what tests do ---- */

void
fake_pcsc_reset(void)
{
    lock();
    memset(fake_pcsc.readers, 0, sizeof fake_pcsc.readers);
    memset(fake_pcsc.handles, 0, sizeof fake_pcsc.handles);
    memset(fake_pcsc.counts, 0, sizeof fake_pcsc.counts);
    memset(fake_pcsc.fail, 0, sizeof fake_pcsc.fail);
    memset(fake_pcsc.blocked, 0, sizeof fake_pcsc.blocked);
    memset(fake_pcsc.lies, 0, sizeof fake_pcsc.lies);
    fake_pcsc.n_readers = 0;
    fake_pcsc.running = true;
    fake_pcsc.life = 1;
    fake_pcsc.next_context = 1000;
    fake_pcsc.contexts = 0;
    fake_pcsc.share_mode = 0;
    fake_pcsc.disposition = 99;
    if (fake_pcsc.command == NULL) {
        fake_pcsc.command = g_byte_array_new();
    }
    unlock();
}

FakePcscReader *
fake_pcsc_add(const char *name)
{
    FakePcscReader *reader = &fake_pcsc.readers[fake_pcsc.n_readers];

    lock();
    fake_pcsc.n_readers++;
    g_strlcpy(reader->name, name, sizeof reader->name);
    reader->plugged = true;
    reader->protocol = SCARD_PROTOCOL_T1;
    memcpy(reader->atr, "\x3B\x80\x01\x81", 4);
    reader->atr_len = 4;
    reader->answer = "9000";
    announce();
    unlock();
    return reader;
}

static void
mark_handles(FakePcscReader *reader, bool removed)
{
    for (unsigned i = 0; i < FAKE_PCSC_HANDLES; i++) {
        if (fake_pcsc.handles[i].used && fake_pcsc.handles[i].reader == reader) {
            fake_pcsc.handles[i].was_removed = fake_pcsc.handles[i].was_removed || removed;
            fake_pcsc.handles[i].was_reset = fake_pcsc.handles[i].was_reset || !removed;
        }
    }
}

static void
set_present(FakePcscReader *reader, bool present)
{
    reader->present = present;
    reader->counter++;
    if (!present) {
        mark_handles(reader, true);
    }
    announce();
}

void
fake_pcsc_insert(FakePcscReader *reader)
{
    lock();
    set_present(reader, true);
    unlock();
}

void
fake_pcsc_remove(FakePcscReader *reader)
{
    lock();
    set_present(reader, false);
    unlock();
}

void
fake_pcsc_out_and_in(FakePcscReader *reader)
{
    lock();
    set_present(reader, false);
    set_present(reader, true);
    unlock();
}

void
fake_pcsc_set_plugged(FakePcscReader *reader, bool plugged)
{
    lock();
    reader->plugged = plugged;
    reader->counter = 0;
    announce();
    unlock();
}

void
fake_pcsc_set_held(FakePcscReader *reader, bool held)
{
    lock();
    reader->held = held;
    unlock();
}

void
fake_pcsc_card_reset(FakePcscReader *reader)
{
    lock();
    mark_handles(reader, false);
    unlock();
}

void
fake_pcsc_kill(void)
{
    lock();
    fake_pcsc.running = false;
    fake_pcsc.life++;
    fake_pcsc.contexts = 0;
    for (unsigned i = 0; i < fake_pcsc.n_readers; i++) {
        fake_pcsc.readers[i].counter = 0;
    }
    announce();
    unlock();
}

void
fake_pcsc_start(void)
{
    lock();
    fake_pcsc.running = true;
    announce();
    unlock();
}

void
fake_pcsc_fail(FakePcscFunction function, unsigned skip, unsigned times, LONG code)
{
    lock();
    fake_pcsc.skip[function] = skip;
    fake_pcsc.fail[function] = times;
    fake_pcsc.code[function] = code;
    unlock();
}

void
fake_pcsc_block(FakePcscFunction function, bool blocked)
{
    lock();
    fake_pcsc.blocked[function] = blocked;
    announce();
    unlock();
}

void
fake_pcsc_lie(FakePcscFunction function, DWORD len)
{
    lock();
    fake_pcsc.lies[function] = true;
    fake_pcsc.lie[function] = len;
    unlock();
}

unsigned
fake_pcsc_count(FakePcscFunction function)
{
    unsigned n = 0;

    lock();
    n = fake_pcsc.counts[function];
    unlock();
    return n;
}

unsigned
fake_pcsc_contexts(void)
{
    unsigned n = 0;

    lock();
    n = fake_pcsc.contexts;
    unlock();
    return n;
}

unsigned
fake_pcsc_handles(void)
{
    unsigned n = 0;

    lock();
    for (unsigned i = 0; i < FAKE_PCSC_HANDLES; i++) {
        n += fake_pcsc.handles[i].used ? 1 : 0;
    }
    unlock();
    return n;
}

char *
fake_pcsc_dup_last_command(void)
{
    char *hex = NULL;

    lock();
    hex = tke_hex_encode(fake_pcsc.command->data, fake_pcsc.command->len);
    unlock();
    return hex;
}

DWORD
fake_pcsc_last_share_mode(void)
{
    return fake_pcsc.share_mode;
}

DWORD
fake_pcsc_last_disposition(void)
{
    return fake_pcsc.disposition;
}

char *
fake_pcsc_dup_features(size_t len)
{
    static const char pads[] = "060442000db2070442000db3";
    g_autoptr(GString) list = g_string_new(NULL);

    g_assert(len >= 16);
    for (size_t left = len - 12; left > 0;) { /* of no use to us */
        const size_t n = left > 257 ? 200 : left;

        g_assert(n >= 2);
        g_string_append_printf(list, "70%02zx", n - 2);
        for (size_t i = 2; i < n; i++) {
            g_string_append(list, "00");
        }
        left -= n;
    }
    g_string_append(list, pads);
    return g_string_free(g_steal_pointer(&list), FALSE);
}
