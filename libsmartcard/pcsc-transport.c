/*
 * card-transport.h on PC/SC: the source of readers (test-environment facts are in
 * docs/card-protocol.md and in the comments of pcsc-transport-*.c).
 */
#include "libsmartcard/pcsc-transport.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/cancel.h"
#include "common/main-thread.h"
#include "libsmartcard/pcsc-transport-error.h"
#include "libsmartcard/pcsc-transport-private.h"
#include "libsmartcard/pcsc-transport-reader.h"
#include "libsmartcard/pcsc-transport-thread.h"
#include "libsmartcard/pcsc-transport-watch.h"

#define LIST_LIMIT_MS 15000 /* with the time that a lost service has to come back */
#define CLOSE_MS 1000

const TkePcscApi tke_pcsc_api_system = {
    .establish_context = SCardEstablishContext,
    .release_context = SCardReleaseContext,
    .list_readers = SCardListReaders,
    .get_status_change = SCardGetStatusChange,
    .cancel = SCardCancel,
    .connect = SCardConnect,
    .reconnect = SCardReconnect,
    .disconnect = SCardDisconnect,
    .begin_transaction = SCardBeginTransaction,
    .end_transaction = SCardEndTransaction,
    .status = SCardStatus,
    .transmit = SCardTransmit,
    .control = SCardControl,
    .get_attribute = SCardGetAttrib,
    .sysfs = "/sys",
};

/* What a source has seen of a reader: pcscd's counter has 16 bits and begins anew with every
 * plugging in. */
typedef struct Seen {
    uint32_t counter;
    uint32_t rounds;
    bool there;
} Seen;

typedef struct PcscSource {
    TkeCardSource base;
    const TkePcscApi *api;
    TkePcscRules rules;
    TkePcscThread *thread; /* NULL: none yet, or it was left */
    TkePcscWatch *watch;   /* of the thread; only while no job is under way */
    unsigned losses;       /* of the service, as the watch has counted them */
    GHashTable *seen;      /* names as pcscd has them to Seen */
} PcscSource;

static const TkePcscThreadFuncs watch_funcs = {
    .interrupt = tke_pcsc_watch_interrupt,
    .finish = tke_pcsc_watch_finish,
    .free_memory = tke_pcsc_watch_free,
};

/* ---- rules ---- */

TkePcscRules *
tke_pcsc_rules_copy(const TkePcscRules *rules)
{
    TkePcscRules *copy = g_new0(TkePcscRules, 1);

    *copy = *rules;
    copy->serials = g_strdupv(rules->serials);
    return copy;
}

void
tke_pcsc_rules_free(TkePcscRules *rules)
{
    if (rules != NULL) {
        g_strfreev(rules->serials);
        g_free(rules);
    }
}

static bool
is_of_world(const TkePcscRules *rules, const char *serial)
{
    return rules->serials == NULL || g_strv_contains((const char *const *) rules->serials, serial);
}

bool
tke_pcsc_rules_lists(const TkePcscRules *rules, bool is_virtual, const char *serial)
{
    return !rules->virtual_readers || (is_virtual && is_of_world(rules, serial));
}

bool
tke_pcsc_rules_check(const TkePcscRules *rules, bool is_virtual, const char *serial,
                     const char *reader_name, GError **error)
{
    if (is_virtual && !rules->virtual_readers) {
        tke_pcsc_error_set_own(
            error, TKE_CARD_ERROR_NO_READER, reader_name,
            _("Use a real reader. Virtual readers belong to rehearsals: --rehearsal=pcsc."), "%s",
            _("this is a virtual reader, which is refused outside a rehearsal"));
        return false;
    }
    if (!tke_pcsc_rules_lists(rules, is_virtual, serial)) {
        tke_pcsc_error_set_own(
            error, TKE_CARD_ERROR_NO_READER, reader_name,
            _("Use the virtual readers of the rehearsal, or leave --rehearsal away."), "%s",
            is_virtual ? _("this is a virtual reader of another rehearsal")
                       : _("this is a real reader, which is refused in a rehearsal"));
        return false;
    }
    return true;
}

/* ---- the thread ---- */

/*
 * The service ended: connections of before are dead, whether or not a reader looks the same as
 * before. And it may be another one: the next service gives its numbers to the readers as it finds
 * them.
 */
static void
note_loss(PcscSource *self)
{
    GHashTableIter iter;
    gpointer name = NULL;
    gpointer value = NULL;

    g_hash_table_iter_init(&iter, self->seen);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        ((Seen *) value)->rounds++;
        tke_pcsc_identity_forget(self->api, name);
    }
}

/* Has a job done; a thread that is left is forgotten, and the next job gets another one. */
static bool
run(PcscSource *self, TkePcscJob job, int limit_ms, GCancellable *cancellable, GError **error)
{
    TkePcscOutcome outcome = TKE_PCSC_DONE;

    if (!tke_main_thread_may_block(error)) {
        return false;
    }
    if (self->thread == NULL) {
        self->watch = tke_pcsc_watch_new(self->api);
        self->thread = tke_pcsc_thread_new(&watch_funcs, self->watch);
    }
    g_atomic_int_set(&self->watch->stop, 0);
    outcome = tke_pcsc_thread_run(self->thread, job, limit_ms, cancellable);
    if (outcome == TKE_PCSC_LEFT ||
        (outcome == TKE_PCSC_CANCELLED && tke_pcsc_thread_is_left(self->thread))) {
        tke_pcsc_thread_free(g_steal_pointer(&self->thread), 0);
        self->watch = NULL;
        self->losses = 0;
        note_loss(self);
    }
    switch (outcome) {
    case TKE_PCSC_DONE:
        break;
    case TKE_PCSC_CANCELLED:
        (void) tke_cancel_is_asked(cancellable, error);
        return false;
    case TKE_PCSC_LEFT:
    default:
        tke_pcsc_error_set_own(
            error, TKE_CARD_ERROR_NO_SERVICE, NULL,
            _("Start the smart card service anew (“sudo systemctl restart pcscd”), then try "
              "again."),
            "%s", _("the smart card service (pcscd) does not answer"));
        return false;
    }
    if (self->watch->code != SCARD_S_SUCCESS) {
        tke_pcsc_error_set(error, self->watch->code, TKE_PCSC_IDLE, NULL);
        return false;
    }
    return true;
}

/* ---- list ---- */

/*
 * Insertions and removals, also those that went with the plug of the reader or the end of the
 * service. A reader that counts anew was plugged in since, and may be another one of the same name.
 */
static uint32_t
count_events(PcscSource *self, const char *name, uint32_t state)
{
    Seen *seen = g_hash_table_lookup(self->seen, name);
    const uint32_t counter = state >> 16;

    if (seen == NULL) {
        seen = g_new0(Seen, 1);
        g_hash_table_insert(self->seen, g_strdup(name), seen);
    } else if (!seen->there || counter < seen->counter) {
        seen->rounds++;
        tke_pcsc_identity_forget(self->api, name);
    }
    seen->counter = counter;
    seen->there = true;
    return seen->rounds << 16 | counter;
}

/* Readers that have gone are other ones when they come back. */
static void
note_gone(PcscSource *self)
{
    GHashTableIter iter;
    gpointer name = NULL;
    gpointer value = NULL;

    g_hash_table_iter_init(&iter, self->seen);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        Seen *seen = value;

        if (seen->there &&
            !g_ptr_array_find_with_equal_func(self->watch->names, name, g_str_equal, NULL)) {
            seen->there = false;
            tke_pcsc_identity_forget(self->api, name);
        }
    }
}

/*
 * Is this reader one for this source? One that another program holds, so that it could not be
 * asked, goes by its name for now: left out, it would give its number to another one. It is asked
 * when it is connected.
 */
static bool
is_listed(const PcscSource *self, const TkePcscIdentity *identity)
{
    return identity->known
               ? tke_pcsc_rules_lists(&self->rules, identity->is_virtual, identity->serial)
               : !self->rules.virtual_readers || identity->is_virtual;
}

/* NULL: not a reader for this source. */
static TkeReaderInfo *
make_info(PcscSource *self, const char *name, uint32_t state)
{
    TkeReaderInfo *info = NULL;
    TkePcscIdentity identity = { 0 };
    const uint32_t events = count_events(self, name, state); /* first: it may have one forgotten */

    tke_pcsc_identity_find(self->api, name, &identity);
    if (!is_listed(self, &identity)) {
        tke_pcsc_identity_clear(&identity);
        return NULL;
    }
    info = g_new0(TkeReaderInfo, 1);
    info->name = tke_pcsc_reader_dup_text(name, strlen(name));
    info->model = tke_pcsc_reader_dup_model(name);
    info->serial = g_steal_pointer(&identity.serial);
    info->port = g_steal_pointer(&identity.port);
    info->unasked = !identity.known;
    info->is_virtual = identity.is_virtual;
    info->no_keypad = identity.no_keypad;
    info->card_present = (state & SCARD_STATE_PRESENT) != 0;
    info->events = events;
    info->plugs = events >> 16;
    return info;
}

/* A serial number that two readers share tells nobody apart: their ports have to. */
static void
drop_shared_serials(GPtrArray *infos)
{
    for (guint i = 0; i < infos->len; i++) {
        TkeReaderInfo *first = g_ptr_array_index(infos, i);
        bool shared = false;

        for (guint j = i + 1; first->serial[0] != '\0' && j < infos->len; j++) {
            TkeReaderInfo *second = g_ptr_array_index(infos, j);

            if (strcmp(first->serial, second->serial) == 0) {
                g_free(second->serial);
                second->serial = g_strdup("");
                shared = true;
            }
        }
        if (shared) {
            g_free(first->serial);
            first->serial = g_strdup("");
        }
    }
}

static GPtrArray *
source_list(TkeCardSource *source, GError **error)
{
    PcscSource *self = (PcscSource *) source;
    g_autoptr(GPtrArray) infos =
        g_ptr_array_new_with_free_func((GDestroyNotify) tke_reader_info_free);

    if (!run(self, tke_pcsc_watch_list, LIST_LIMIT_MS, NULL, error)) {
        return NULL;
    }
    if (self->losses != self->watch->losses) {
        self->losses = self->watch->losses;
        note_loss(self);
    }
    note_gone(self);
    for (guint i = 0; i < self->watch->names->len; i++) {
        TkeReaderInfo *info = make_info(self, g_ptr_array_index(self->watch->names, i),
                                        g_array_index(self->watch->states, uint32_t, i));

        if (info != NULL) {
            g_ptr_array_add(infos, info);
        }
    }
    drop_shared_serials(infos);
    return g_steal_pointer(&infos);
}

static bool
source_wait(TkeCardSource *source, int timeout_ms, GCancellable *cancellable, GError **error)
{
    PcscSource *self = (PcscSource *) source;

    if (tke_cancel_is_asked(cancellable, error)) {
        return false;
    }
    if (self->watch == NULL || self->watch->names == NULL) {
        return true; /* nothing was listed yet */
    }
    self->watch->timeout_ms = timeout_ms;
    return run(self, tke_pcsc_watch_wait, timeout_ms >= 0 ? timeout_ms + LIST_LIMIT_MS : -1,
               cancellable, error);
}

/* ---- connections ---- */

/* What pcscd calls the reader that we call so. */
static const char *
service_name(const PcscSource *self, const char *reader_name)
{
    for (guint i = 0;
         self->watch != NULL && self->watch->names != NULL && i < self->watch->names->len; i++) {
        const char *name = g_ptr_array_index(self->watch->names, i);
        g_autofree char *shown = tke_pcsc_reader_dup_text(name, strlen(name));

        if (strcmp(shown, reader_name) == 0) {
            return name;
        }
    }
    return reader_name;
}

static TkeCardConnection *
source_connect(TkeCardSource *source, const char *reader_name, GCancellable *cancellable,
               GError **error)
{
    PcscSource *self = (PcscSource *) source;

    return tke_pcsc_connection_open(self->api, &self->rules, reader_name,
                                    service_name(self, reader_name), cancellable, error);
}

static bool
source_control(TkeCardSource *source, const char *reader_name, uint32_t code, const uint8_t *in,
               size_t in_len, uint8_t *out, size_t size, size_t *out_len, GError **error)
{
    PcscSource *self = (PcscSource *) source;

    return tke_pcsc_reader_control(self->api, &self->rules, reader_name,
                                   service_name(self, reader_name), code, in, in_len, out, size,
                                   out_len, error);
}

static void
source_free(TkeCardSource *source)
{
    PcscSource *self = (PcscSource *) source;

    tke_pcsc_thread_free(self->thread, CLOSE_MS);
    g_hash_table_unref(self->seen);
    g_strfreev(self->rules.serials);
    g_free(self);
}

static const TkeCardSourceOps source_ops = {
    .list = source_list,
    .wait = source_wait,
    .control = source_control,
    .connect = source_connect,
    .free = source_free,
};

TkeCardSource *
tke_pcsc_transport_new_on(const TkePcscApi *api, const TkePcscOptions *options)
{
    PcscSource *self = g_new0(PcscSource, 1);

    self->base.ops = &source_ops;
    self->api = api;
    self->rules.answer_ms = TKE_PCSC_ANSWER_MS;
    if (options != NULL) {
        self->rules.virtual_readers = options->virtual_readers;
        self->rules.serials = g_strdupv((char **) options->serials);
        self->rules.answer_ms = options->answer_ms != 0 ? options->answer_ms : TKE_PCSC_ANSWER_MS;
    }
    self->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return &self->base;
}

TkeCardSource *
tke_pcsc_transport_new(const TkePcscOptions *options)
{
    return tke_pcsc_transport_new_on(&tke_pcsc_api_system, options);
}
