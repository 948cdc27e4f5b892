/*
 * A virtual reader on the socket of tke-sim, for a driver of pcscd (rehearsal, 4.12; test
 * environment 4).
 *
 * Two connections to tke-sim: one tells of insertions and removals and is used by the thread that
 * waits for them, the other one carries the card. "shown" is what pcscd was told. It changes in
 * wait alone, because pcscd asks for the presence from several threads, and one step at a time:
 * between two cards the reader is seen empty, however quick the hand was.
 */
#include "simulator/sim-ifd-channel.h"

#include <string.h>

#include "simulator/sim-ifd-private.h"

#define DEVICE_SCHEME "otk:"
#define USB_SCHEME "usb:"
#define READERS_MAX 16u
#define RETRY_MS 200 /* between two looks for a tke-sim */
#define BEAT_MS 5000 /* a tke-sim that hangs is noticed */

/* ---- life ---- */

static bool
parse_number(const char *text, guint base, char end, uint8_t *number)
{
    char *rest = NULL;
    guint64 value = g_ascii_strtoull(text, &rest, base);

    if (rest == text || *rest != end || value < 1 || value > READERS_MAX ||
        !g_ascii_isxdigit(text[0])) {
        return false;
    }
    *number = (uint8_t) value;
    return true;
}

/* "usb:VVVV/PPPP:libudev:…" as pcscd names a device it found. */
static char *
parse_usb(const char *device, uint8_t *number)
{
    const char *product = strchr(device, '/');
    const char *world = g_getenv("OPENTKE_WORLD");

    if (product == NULL || world == NULL || !g_path_is_absolute(world) ||
        !(parse_number(product + 1, 16, ':', number) ||
          parse_number(product + 1, 16, '\0', number))) {
        return NULL;
    }
    return g_strdup(world);
}

static char *
parse_device(const char *device, uint8_t *number)
{
    const char *world = device + strlen(DEVICE_SCHEME);
    const char *colon = strrchr(device, ':');

    if (g_str_has_prefix(device, USB_SCHEME)) {
        return parse_usb(device, number);
    }
    if (!g_str_has_prefix(device, DEVICE_SCHEME) || colon < world || !g_path_is_absolute(world) ||
        !parse_number(colon + 1, 10, '\0', number)) {
        return NULL;
    }
    return g_strndup(world, (gsize) (colon - world));
}

static bool look(SimIfdChannel *self, GError **error);

SimIfdChannel *
sim_ifd_channel_new(const char *device)
{
    uint8_t number = 0;
    char *world = parse_device(device, &number);
    SimIfdChannel *self = NULL;

    if (world == NULL) {
        return NULL;
    }
    self = g_new0(SimIfdChannel, 1);
    g_atomic_ref_count_init(&self->refs);
    self->world = world;
    self->number = number;
    self->stopped = g_cancellable_new();
    self->name = g_strdup("");
    self->serial = g_strdup("");
    self->model = g_strdup("");
    g_mutex_init(&self->state);
    g_cond_init(&self->wake);
    g_mutex_init(&self->io);
    look(self, NULL);
    return self;
}

SimIfdChannel *
sim_ifd_channel_ref(SimIfdChannel *self)
{
    g_atomic_ref_count_inc(&self->refs);
    return self;
}

void
sim_ifd_channel_unref(SimIfdChannel *self)
{
    if (self == NULL || !g_atomic_ref_count_dec(&self->refs)) {
        return;
    }
    tke_sim_client_free(self->watch);
    tke_sim_client_free(self->card);
    g_object_unref(self->stopped);
    g_mutex_clear(&self->io);
    g_mutex_clear(&self->state);
    g_cond_clear(&self->wake);
    g_free(self->name);
    g_free(self->serial);
    g_free(self->model);
    g_free(self->world);
    g_free(self);
}

void
sim_ifd_channel_close(SimIfdChannel *self)
{
    g_mutex_lock(&self->state);
    self->closed = true;
    g_cancellable_cancel(self->stopped);
    g_cond_broadcast(&self->wake);
    if (self->watch != NULL) {
        tke_sim_client_interrupt(self->watch);
    }
    if (self->card != NULL) {
        tke_sim_client_interrupt(self->card);
    }
    g_mutex_unlock(&self->state);
}

TkeSimClient *
sim_ifd_channel_need_client(SimIfdChannel *self, TkeSimClient **slot, GError **error)
{
    TkeSimClient *client = *slot;

    if (client != NULL) {
        return client;
    }
    client = tke_sim_client_open_timeout(self->world, SIM_IFD_ASK_TIMEOUT_MS, error);
    g_mutex_lock(&self->state);
    *slot = client;
    if (self->closed && client != NULL) {
        tke_sim_client_interrupt(client);
    }
    g_mutex_unlock(&self->state);
    return client;
}

void
sim_ifd_channel_drop_client(SimIfdChannel *self, TkeSimClient **slot)
{
    TkeSimClient *client = NULL;

    g_mutex_lock(&self->state);
    client = g_steal_pointer(slot);
    g_mutex_unlock(&self->state);
    tke_sim_client_free(client);
}

/* ---- insertion and removal ---- */

/* Called locked, by the waiting thread. True if what is shown has changed. */
static bool
show(SimIfdChannel *self, bool present, uint32_t events)
{
    bool swapped = present && self->shown_present && events != self->shown_events;

    self->events = events;
    if (swapped) {
        self->shown_present = false;
        self->between = true;
        return true;
    }
    self->shown_events = events;
    if (present == self->shown_present) {
        return false;
    }
    self->shown_present = present;
    return true;
}

static void
take_text(char **to, const char *from)
{
    g_free(*to);
    *to = g_strdup(from);
}

/* Asks tke-sim for the reader. True if what is shown has changed; an error besides is possible. */
static bool
look(SimIfdChannel *self, GError **error)
{
    g_autoptr(GByteArray) answer = NULL;
    g_autoptr(GPtrArray) readers = NULL;
    TkeSimClient *watch = sim_ifd_channel_need_client(self, &self->watch, error);
    bool changed = false;

    if (watch != NULL) {
        answer = tke_sim_client_call_alloc(watch, TKE_SIM_SLOT, &self->number, 1, error);
    }
    if (answer != NULL) {
        readers = tke_sim_parse_readers(answer->data, answer->len, &self->generation, error);
    }
    g_mutex_lock(&self->state);
    if (readers != NULL && readers->len == 1) {
        const TkeReaderInfo *info = g_ptr_array_index(readers, 0);

        take_text(&self->name, info->name);
        take_text(&self->serial, info->serial);
        take_text(&self->model, info->model);
        changed = show(self, info->card_present, info->events);
    } else {
        changed = show(self, false, 0); /* no tke-sim, or the reader is unplugged */
    }
    g_mutex_unlock(&self->state);
    if (readers == NULL) {
        sim_ifd_channel_drop_client(self, &self->watch);
    }
    return changed;
}

bool
sim_ifd_channel_is_present(SimIfdChannel *self)
{
    bool present = false;

    g_mutex_lock(&self->state);
    present = self->shown_present;
    g_mutex_unlock(&self->state);
    return present;
}

static bool
show_empty(SimIfdChannel *self)
{
    bool changed = false;

    g_mutex_lock(&self->state);
    changed = show(self, false, 0);
    g_mutex_unlock(&self->state);
    return changed;
}

/* The second half of an exchange of cards. */
static bool
finish_exchange(SimIfdChannel *self)
{
    bool between = false;

    g_mutex_lock(&self->state);
    between = self->between;
    self->between = false;
    if (between) {
        self->shown_present = true;
        self->shown_events = self->events;
    }
    g_mutex_unlock(&self->state);
    return between;
}

/* Until there may be a tke-sim again. */
static void
pause_until(SimIfdChannel *self, gint64 end)
{
    g_mutex_lock(&self->state);
    while (!g_cancellable_is_cancelled(self->stopped) &&
           g_cond_wait_until(&self->wake, &self->state, end)) {
    }
    g_mutex_unlock(&self->state);
}

/* A command that this tke-sim has still to answer is given up: the card has lost its power, as it
 * is seen. */
static void
give_up_card(SimIfdChannel *self)
{
    g_mutex_lock(&self->state);
    if (self->card != NULL) {
        tke_sim_client_interrupt(self->card);
    }
    g_mutex_unlock(&self->state);
}

/* True if what is shown has changed. Without a tke-sim it takes a moment. */
static bool
wait_once(SimIfdChannel *self, gint64 end, int left_ms)
{
    const bool watched = self->watch != NULL;

    if (self->watch != NULL && !tke_sim_client_wait(self->watch, self->generation,
                                                    MIN(left_ms, BEAT_MS), self->stopped, NULL)) {
        if (g_cancellable_is_cancelled(self->stopped)) {
            return false;
        }
        sim_ifd_channel_drop_client(self, &self->watch);
    } else if (look(self, NULL)) {
        return true;
    }
    if (self->watch == NULL) {
        if (watched) {
            give_up_card(self);
        }
        /* Whatever was in has lost its power: a tke-sim that is back at once has it put in
         * again. */
        if (show_empty(self)) {
            return true;
        }
        pause_until(self, MIN(end, g_get_monotonic_time() + RETRY_MS * 1000));
    }
    return false;
}

/* Takes the request to stop back, unless the channel was closed. */
static void
forget_stop(SimIfdChannel *self)
{
    g_mutex_lock(&self->state);
    if (!self->closed) {
        g_cancellable_reset(self->stopped);
    }
    g_mutex_unlock(&self->state);
}

void
sim_ifd_channel_wait(SimIfdChannel *self, int timeout_ms)
{
    const gint64 end = g_get_monotonic_time() + (gint64) timeout_ms * 1000;
    gint64 left_ms = timeout_ms;
    bool changed = finish_exchange(self);

    while (!changed && left_ms > 0 && !g_cancellable_is_cancelled(self->stopped)) {
        changed = wait_once(self, end, (int) left_ms);
        left_ms = (end - g_get_monotonic_time() + 999) / 1000;
    }
    forget_stop(self);
}

void
sim_ifd_channel_stop_wait(SimIfdChannel *self)
{
    g_mutex_lock(&self->state);
    g_cancellable_cancel(self->stopped);
    g_cond_broadcast(&self->wake);
    g_mutex_unlock(&self->state);
}

/* ---- what is known ---- */

size_t
sim_ifd_channel_get_atr(SimIfdChannel *self, uint8_t atr[static TKE_CARD_ATR_MAX])
{
    size_t len = 0;

    g_mutex_lock(&self->state);
    len = self->atr_len;
    memcpy(atr, self->atr, len);
    g_mutex_unlock(&self->state);
    return len;
}

static char *
dup_text(SimIfdChannel *self, char *const *text)
{
    char *copy = NULL;

    g_mutex_lock(&self->state);
    copy = g_strdup(*text);
    g_mutex_unlock(&self->state);
    return copy;
}

char *
sim_ifd_channel_dup_serial(SimIfdChannel *self)
{
    return dup_text(self, &self->serial);
}

char *
sim_ifd_channel_dup_model(SimIfdChannel *self)
{
    return dup_text(self, &self->model);
}
