/*
 * A connection to a card through PC/SC: what its thread does is in pcsc-transport-link.c, here is
 * the side that waits for it.
 */
#include <glib/gi18n-lib.h>
#include <pthread.h>
#include <string.h>

#include "common/cancel.h"
#include "libsmartcard/pcsc-transport-error.h"
#include "common/main-thread.h"
#include "libsmartcard/pcsc-transport-link.h"
#include "libsmartcard/pcsc-transport-thread.h"

#define CLOSE_MS 3000
/* a card has its power and its answer to reset after one or two seconds */
#define CONNECT_MS 10000u

typedef struct PcscConnection {
    TkeCardConnection base;
    TkePcscThread *thread;
    TkePcscLink *link; /* only while no job is under way */
    char *reader_name;
    char *service_name;
} PcscConnection;

static const TkePcscThreadFuncs link_funcs = {
    .finish = tke_pcsc_link_finish,
    .free_memory = tke_pcsc_link_free,
};

/* ---- readers with a call that was left ---- */

static pthread_mutex_t silent_lock = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *silent; /* names of readers to numbers of calls, under lock */

bool
tke_pcsc_is_silent(const char *service_name)
{
    bool found = false;

    pthread_mutex_lock(&silent_lock);
    found = silent != NULL && g_hash_table_contains(silent, service_name);
    pthread_mutex_unlock(&silent_lock);
    return found;
}

void
tke_pcsc_set_silent(const char *service_name, bool is_silent)
{
    unsigned n = 0;

    pthread_mutex_lock(&silent_lock);
    if (silent == NULL) {
        silent = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    }
    n = GPOINTER_TO_UINT(g_hash_table_lookup(silent, service_name));
    n = is_silent ? n + 1 : n - MIN(n, 1);
    if (n > 0) {
        g_hash_table_replace(silent, g_strdup(service_name), GUINT_TO_POINTER(n));
    } else {
        g_hash_table_remove(silent, service_name);
    }
    if (g_hash_table_size(silent) == 0) {
        g_clear_pointer(&silent, g_hash_table_unref);
    }
    pthread_mutex_unlock(&silent_lock);
}

/* ---- connection ---- */

/* The thread was left: what it works on is not ours any more. */
static void
leave(PcscConnection *self)
{
    if (self->link != NULL) {
        tke_pcsc_set_silent(self->service_name, true);
        g_atomic_int_set(&self->link->left, 1);
        self->link = NULL;
    }
}

static bool
run(PcscConnection *self, TkePcscJob job, unsigned limit_ms, GError **error)
{
    if (!tke_main_thread_may_block(error)) {
        return false;
    }
    if (self->link == NULL ||
        tke_pcsc_thread_run(self->thread, job, (int) limit_ms, NULL) != TKE_PCSC_DONE) {
        leave(self);
        tke_pcsc_error_set_silent(error, self->reader_name);
        return false;
    }
    if (self->link->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&self->link->error));
        return false;
    }
    return true;
}

static bool
take_answer(PcscConnection *self, uint8_t *out, size_t size, size_t *out_len, GError **error)
{
    if (self->link->answer_len > size) {
        tke_pcsc_error_set_own(error, TKE_CARD_ERROR_COMMUNICATION, self->reader_name, NULL,
                               _("the answer has %zu bytes, at most %zu were expected"),
                               self->link->answer_len, size);
        return false;
    }
    if (self->link->answer_len > 0) {
        memcpy(out, self->link->answer, self->link->answer_len);
    }
    *out_len = self->link->answer_len;
    return true;
}

static bool
connection_exchange(TkeCardConnection *connection, const uint8_t *command, size_t len,
                    uint8_t *response, size_t size, size_t *response_len, GError **error)
{
    PcscConnection *self = (PcscConnection *) connection;
    bool done = false;

    g_return_val_if_fail(len >= 4 && len <= TKE_CARD_COMMAND_MAX, false);

    if (self->link != NULL && !tke_pcsc_link_set_command(self->link, command, len, error)) {
        return false;
    }
    done = run(self, tke_pcsc_link_exchange, self->base.answer_ms, error);
    connection->exchanges += self->link != NULL ? self->link->sent : 1;
    return done && take_answer(self, response, size, response_len, error);
}

/*
 * A reader may give every PIN of an entry its time: the old one, the new one, the new one once
 * more. libccid gives up after 90 s by itself (src/commands.c, SecurePINVerify and
 * SecurePINModify) and is let speak first.
 */
static unsigned
entry_ms(const PcscConnection *self)
{
    return self->base.answer_ms + 2 * MIN(self->base.answer_ms, TKE_PCSC_PIN_MS) +
           MIN(self->base.answer_ms, TKE_PCSC_DRIVER_MS);
}

static bool
connection_control(TkeCardConnection *connection, uint32_t code, const uint8_t *in, size_t in_len,
                   uint8_t *out, size_t size, size_t *out_len, GError **error)
{
    PcscConnection *self = (PcscConnection *) connection;

    if (self->link != NULL) {
        self->link->control_code = code;
        if (!tke_pcsc_link_set_command(self->link, in, in_len, error)) {
            return false;
        }
    }
    return run(self, tke_pcsc_link_control, in_len > 0 ? entry_ms(self) : self->base.answer_ms,
               error) &&
           take_answer(self, out, size, out_len, error);
}

static void
take_atr(PcscConnection *self)
{
    memcpy(self->base.atr, self->link->atr, self->link->atr_len);
    self->base.atr_len = self->link->atr_len;
    self->base.extended_length = self->link->extended_length;
}

static bool
connection_reset(TkeCardConnection *connection, GError **error)
{
    PcscConnection *self = (PcscConnection *) connection;

    if (!run(self, tke_pcsc_link_reset, self->base.answer_ms, error)) {
        return false;
    }
    take_atr(self);
    return true;
}

/* The connection is exclusive from its beginning to its end, so nobody can come between. */
static bool
connection_begin(TkeCardConnection *connection, GError **error)
{
    PcscConnection *self = (PcscConnection *) connection;

    if (self->link == NULL) {
        tke_pcsc_error_set_silent(error, self->reader_name);
        return false;
    }
    return true;
}

static void
connection_end(TkeCardConnection *connection)
{
    (void) connection;
}

static void
connection_close(TkeCardConnection *connection)
{
    PcscConnection *self = (PcscConnection *) connection;

    tke_pcsc_thread_free(self->thread, CLOSE_MS);
    g_free(self->reader_name);
    g_free(self->service_name);
    g_free(self);
}

static const TkeCardConnectionOps connection_ops = {
    .exchange = connection_exchange,
    .control = connection_control,
    .reset = connection_reset,
    .begin = connection_begin,
    .end = connection_end,
    .close = connection_close,
};

static PcscConnection *
make(const TkePcscApi *api, const TkePcscRules *rules, const char *reader_name,
     const char *service_name)
{
    PcscConnection *self = g_new0(PcscConnection, 1);

    self->base.ops = &connection_ops;
    self->reader_name = g_strdup(reader_name);
    self->service_name = g_strdup(service_name);
    self->base.answer_ms = rules->answer_ms;
    self->link = tke_pcsc_link_new(api, rules, reader_name, service_name);
    self->thread = tke_pcsc_thread_new(&link_funcs, self->link);
    return self;
}

/* Has the job done that makes the connection. */
static bool
run_first(PcscConnection *self, TkePcscJob job, unsigned limit_ms, GCancellable *cancellable,
          GError **error)
{
    bool in_use = false;

    if (!tke_main_thread_may_block(error)) {
        return false;
    }
    if (tke_pcsc_is_silent(self->service_name)) {
        tke_pcsc_error_set_left(error, self->reader_name);
        return false;
    }
    switch (tke_pcsc_thread_run(self->thread, job, (int) limit_ms, cancellable)) {
    case TKE_PCSC_DONE:
        break;
    case TKE_PCSC_CANCELLED:
        leave(self);
        (void) tke_cancel_is_asked(cancellable, error);
        return false;
    case TKE_PCSC_LEFT:
    default:
        in_use = self->link != NULL && g_atomic_int_get(&self->link->in_use) != 0;
        leave(self);
        if (in_use) {
            tke_pcsc_error_set(error, (uint32_t) SCARD_E_SHARING_VIOLATION, TKE_PCSC_IDLE,
                               self->reader_name);
        } else {
            tke_pcsc_error_set_silent(error, self->reader_name);
        }
        return false;
    }
    if (self->link->error != NULL) {
        g_propagate_error(error, g_steal_pointer(&self->link->error));
        return false;
    }
    return true;
}

TkeCardConnection *
tke_pcsc_connection_open(const TkePcscApi *api, const TkePcscRules *rules, const char *reader_name,
                         const char *service_name, GCancellable *cancellable, GError **error)
{
    PcscConnection *self = NULL;

    if (tke_cancel_is_asked(cancellable, error)) {
        return NULL;
    }
    self = make(api, rules, reader_name, service_name);
    if (!run_first(self, tke_pcsc_link_connect, MIN(rules->answer_ms, CONNECT_MS), cancellable,
                   error)) {
        connection_close(&self->base);
        return NULL;
    }
    take_atr(self);
    return &self->base;
}

bool
tke_pcsc_reader_control(const TkePcscApi *api, const TkePcscRules *rules, const char *reader_name,
                        const char *service_name, uint32_t code, const uint8_t *in, size_t in_len,
                        uint8_t *out, size_t size, size_t *out_len, GError **error)
{
    PcscConnection *self = make(api, rules, reader_name, service_name);
    bool done = false;

    self->link->control_code = code;
    done = tke_pcsc_link_set_command(self->link, in, in_len, error) &&
           run_first(self, tke_pcsc_link_control_reader, MIN(rules->answer_ms, CONNECT_MS), NULL,
                     error) &&
           take_answer(self, out, size, out_len, error);
    connection_close(&self->base);
    return done;
}
