/*
 * The readers and their states as pcscd tells them (SCardListReaders, SCardGetStatusChange).
 *
 * pcscd counts insertions and removals in the upper half of a reader's state, so that a card that
 * is pulled and put back between two looks shows; a counter of 0 is not looked at
 * (winscard_clnt.c), and readers plugged in between two calls can be missed. So the wait is cut
 * into slices, and what was missed is found at the end of one.
 */
#include "libsmartcard/pcsc-transport-watch.h"

#include <string.h>

#include "libsmartcard/pcsc-transport-error.h"

#define PNP_NAME "\\\\?PnP?\\Notification"
#define SLICE_MS 2000
#define SLICE_UNCOUNTED_MS 200 /* while a reader has a counter of 0 */
#define LIST_TRIES 5u          /* a reader may go between its name and its state */
#define LIST_MAX 65536u        /* bytes of all names */
#define BACK_TRIES 30u         /* a service that was lost has 3 s to come back, */
#define BACK_TRIES_READERS 60u /* and 6 s to find its readers again */
#define BACK_PAUSE_MS 100u

TkePcscWatch *
tke_pcsc_watch_new(const TkePcscApi *api)
{
    TkePcscWatch *watch = g_new0(TkePcscWatch, 1);

    watch->api = api;
    return watch;
}

void
tke_pcsc_watch_free(void *state)
{
    TkePcscWatch *watch = state;

    g_clear_pointer(&watch->names, g_ptr_array_unref);
    g_clear_pointer(&watch->states, g_array_unref);
    g_free(watch);
}

static void
drop_context(TkePcscWatch *watch)
{
    if (g_atomic_int_get(&watch->has_context) != 0) {
        g_atomic_int_set(&watch->has_context, 0);
        (void) watch->api->release_context(watch->context);
    }
}

void
tke_pcsc_watch_finish(void *state)
{
    drop_context(state);
}

void
tke_pcsc_watch_interrupt(void *state)
{
    TkePcscWatch *watch = state;

    g_atomic_int_set(&watch->stop, 1);
    if (g_atomic_int_get(&watch->has_context) != 0) {
        (void) watch->api->cancel(watch->context);
    }
}

/* If the service that we had has ended, its context is of no more use. True if so. */
static bool
note_loss(TkePcscWatch *watch, uint32_t code)
{
    if (!tke_pcsc_code_is_lost_service(code) || g_atomic_int_get(&watch->has_context) == 0) {
        return false;
    }
    watch->was_lost = true;
    watch->losses++;
    drop_context(watch);
    return true;
}

static uint32_t
need_context(TkePcscWatch *watch)
{
    uint32_t code = SCARD_S_SUCCESS;

    if (g_atomic_int_get(&watch->has_context) == 0) {
        code = (uint32_t) watch->api->establish_context(SCARD_SCOPE_SYSTEM, NULL, NULL,
                                                        &watch->context);
        g_atomic_int_set(&watch->has_context, code == SCARD_S_SUCCESS);
        watch->plug = 0;
    }
    return code;
}

GPtrArray *
tke_pcsc_watch_parse_names(const char *list, size_t len)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    for (size_t pos = 0; pos < len && list[pos] != '\0';) {
        size_t n = strnlen(list + pos, len - pos);

        g_ptr_array_add(names, g_strndup(list + pos, n));
        pos += n + 1;
    }
    return names;
}

static uint32_t
query_names(TkePcscWatch *watch, GPtrArray **names)
{
    DWORD len = 0;
    g_autofree char *list = NULL;
    uint32_t code = (uint32_t) watch->api->list_readers(watch->context, NULL, NULL, &len);

    if (code == SCARD_S_SUCCESS && len > LIST_MAX) {
        code = (uint32_t) SCARD_E_INSUFFICIENT_BUFFER;
    }
    if (code == SCARD_S_SUCCESS) {
        const DWORD size = len;

        list = g_malloc0(size + 1);
        code = (uint32_t) watch->api->list_readers(watch->context, NULL, list, &len);
        len = MIN(len, size);
    }
    if (code == (uint32_t) SCARD_E_NO_READERS_AVAILABLE) {
        code = SCARD_S_SUCCESS;
        len = 0;
    }
    if (code == SCARD_S_SUCCESS) {
        *names = tke_pcsc_watch_parse_names(list != NULL ? list : "", len);
    }
    return code;
}

/* The states of the readers of these names; a moment's view. */
static uint32_t
query_states(TkePcscWatch *watch, const GPtrArray *names, GArray *states)
{
    g_autofree SCARD_READERSTATE *now = g_new0(SCARD_READERSTATE, names->len + 1);
    uint32_t code = SCARD_S_SUCCESS;

    for (guint i = 0; i < names->len; i++) {
        now[i].szReader = g_ptr_array_index(names, i);
        now[i].dwCurrentState = SCARD_STATE_UNAWARE;
    }
    if (names->len > 0) {
        code = (uint32_t) watch->api->get_status_change(watch->context, 0, now, names->len);
    }
    if (code == (uint32_t) SCARD_E_TIMEOUT) {
        code = SCARD_S_SUCCESS; /* the states are filled in */
    }
    g_array_set_size(states, 0);
    for (guint i = 0; i < names->len; i++) {
        const uint32_t state = (uint32_t) now[i].dwEventState & TKE_PCSC_STATE_MASK;

        g_array_append_val(states, state);
    }
    return code;
}

static bool
may_have_raced(uint32_t code)
{
    return code == (uint32_t) SCARD_E_UNKNOWN_READER ||
           code == (uint32_t) SCARD_E_INSUFFICIENT_BUFFER;
}

/* Names and states that belong together. */
static uint32_t
look(TkePcscWatch *watch, GPtrArray **names, GArray **states)
{
    uint32_t code = need_context(watch);

    for (unsigned i = 0; code == SCARD_S_SUCCESS && i < LIST_TRIES; i++) {
        g_autoptr(GPtrArray) found = NULL;
        g_autoptr(GArray) now = g_array_new(FALSE, FALSE, sizeof(uint32_t));

        code = query_names(watch, &found);
        if (code == SCARD_S_SUCCESS) {
            code = query_states(watch, found, now);
        }
        if (code == SCARD_S_SUCCESS) {
            *names = g_steal_pointer(&found);
            *states = g_steal_pointer(&now);
            return code;
        }
        if (may_have_raced(code) && i + 1 < LIST_TRIES) {
            code = SCARD_S_SUCCESS;
        }
    }
    note_loss(watch, code);
    return code;
}

/* A service that is started anew needs a moment, and another one until its readers are there
 * again. */
static bool
may_come_back(const TkePcscWatch *watch, uint32_t code, const GPtrArray *names, unsigned tries)
{
    if (!watch->was_lost || watch->names == NULL || g_atomic_int_get(&watch->stop) != 0) {
        return false;
    }
    return code == SCARD_S_SUCCESS ? names->len < watch->names->len && tries < BACK_TRIES_READERS
                                   : tke_pcsc_code_is_lost_service(code) && tries < BACK_TRIES;
}

void
tke_pcsc_watch_list(void *state)
{
    TkePcscWatch *watch = state;
    g_autoptr(GPtrArray) names = NULL;
    g_autoptr(GArray) states = NULL;

    watch->code = look(watch, &names, &states);
    for (unsigned i = 0; may_come_back(watch, watch->code, names, i); i++) {
        g_clear_pointer(&names, g_ptr_array_unref);
        g_clear_pointer(&states, g_array_unref);
        g_usleep(BACK_PAUSE_MS * 1000u);
        watch->code = look(watch, &names, &states);
    }
    watch->was_lost = false;
    if (watch->code == SCARD_S_SUCCESS) {
        g_clear_pointer(&watch->names, g_ptr_array_unref);
        g_clear_pointer(&watch->states, g_array_unref);
        watch->names = g_steal_pointer(&names);
        watch->states = g_steal_pointer(&states);
    }
}

/* ---- waiting ---- */

static bool
is_same_names(const GPtrArray *a, const GPtrArray *b)
{
    if (a->len != b->len) {
        return false;
    }
    for (guint i = 0; i < a->len; i++) {
        if (strcmp(g_ptr_array_index(a, i), g_ptr_array_index(b, i)) != 0) {
            return false;
        }
    }
    return true;
}

static SCARD_READERSTATE *
make_states(const TkePcscWatch *watch, int *slice_ms)
{
    const guint n = watch->names->len;
    SCARD_READERSTATE *now = g_new0(SCARD_READERSTATE, n + 1);

    *slice_ms = SLICE_MS;
    for (guint i = 0; i < n; i++) {
        const uint32_t state = g_array_index(watch->states, uint32_t, i);

        now[i].szReader = g_ptr_array_index(watch->names, i);
        now[i].dwCurrentState = state;
        if (state >> 16 == 0) {
            *slice_ms = SLICE_UNCOUNTED_MS;
        }
    }
    now[n].szReader = PNP_NAME;
    now[n].dwCurrentState = watch->plug;
    return now;
}

/* Does anything differ from what was listed? */
static bool
has_changed(TkePcscWatch *watch, const SCARD_READERSTATE *now)
{
    const guint n = watch->names->len;

    watch->plug = (uint32_t) now[n].dwEventState & 0xFFFF0000u;
    if ((now[n].dwEventState & SCARD_STATE_CHANGED) != 0) {
        return true;
    }
    for (guint i = 0; i < n; i++) {
        if (((uint32_t) now[i].dwEventState & TKE_PCSC_STATE_MASK) !=
            g_array_index(watch->states, uint32_t, i)) {
            return true;
        }
    }
    return false;
}

/* One slice; true when the wait is over. */
static bool
wait_slice(TkePcscWatch *watch, int left_ms)
{
    int slice_ms = 0;
    g_autofree SCARD_READERSTATE *now = make_states(watch, &slice_ms);
    g_autoptr(GPtrArray) names = NULL;
    const int ms = left_ms >= 0 ? MIN(left_ms, slice_ms) : slice_ms;

    watch->code = query_names(watch, &names);
    watch->changed = watch->code == SCARD_S_SUCCESS && !is_same_names(names, watch->names);
    if (watch->code != SCARD_S_SUCCESS || watch->changed) {
        return true;
    }
    watch->code = (uint32_t) watch->api->get_status_change(watch->context, (DWORD) ms, now,
                                                           watch->names->len + 1);
    if (watch->code == SCARD_S_SUCCESS || watch->code == (uint32_t) SCARD_E_TIMEOUT) {
        const bool told = watch->code == SCARD_S_SUCCESS;

        watch->code = SCARD_S_SUCCESS;
        watch->changed = has_changed(watch, now);
        if (told && !watch->changed) {
            g_usleep(10000); /* something that we do not look at: no busy loop of it */
        }
        return watch->changed;
    }
    if (may_have_raced(watch->code)) {
        watch->code = SCARD_S_SUCCESS;
        watch->changed = true;
        return true;
    }
    if (watch->code == (uint32_t) SCARD_E_CANCELLED) {
        watch->code = SCARD_S_SUCCESS; /* by us (stop tells), or by somebody's mistake */
        return false;
    }
    return true;
}

void
tke_pcsc_watch_wait(void *state)
{
    TkePcscWatch *watch = state;
    const gint64 end = g_get_monotonic_time() + (gint64) watch->timeout_ms * 1000;
    int left_ms = watch->timeout_ms;

    watch->code = need_context(watch);
    watch->changed = false;
    while (watch->code == SCARD_S_SUCCESS && g_atomic_int_get(&watch->stop) == 0 &&
           !wait_slice(watch, left_ms)) {
        if (watch->timeout_ms >= 0) {
            left_ms = (int) ((end - g_get_monotonic_time()) / 1000);
            if (left_ms <= 0) {
                break;
            }
        }
    }
    if (note_loss(watch, watch->code)) {
        watch->changed = true; /* list finds the service again, or says that it is gone */
        watch->code = SCARD_S_SUCCESS;
    }
}
