/*
 * card-transport.h on the socket of tke-sim (rehearsal, 4.12). Refusals of tke-sim become the
 * errors that PC/SC would give for a real reader.
 */
#include "libsmartcard/sim-transport.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/byte-builder.h"
#include "common/byte-cursor.h"
#include "common/cancel.h"
#include "common/error.h"
#include "common/main-thread.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/sim-protocol.h"

#define READER_NAME_MAX 127u

typedef struct SimSource {
    TkeCardSource base;
    char *directory;
    TkeSimClient *client; /* NULL after it broke; list opens another */
    uint32_t generation;  /* of what list returned last; 0: nothing yet */
} SimSource;

typedef struct SimConnection {
    TkeCardConnection base;
    TkeSimClient *client;
    char *reader_name;
} SimConnection;

static TkeCardError
code_of_status(int status)
{
    switch ((TkeSimStatus) status) {
    case TKE_SIM_STATUS_NO_SERVICE:
        return TKE_CARD_ERROR_NO_SERVICE;
    case TKE_SIM_STATUS_NO_READER:
        return TKE_CARD_ERROR_NO_READER;
    case TKE_SIM_STATUS_NO_CARD:
        return TKE_CARD_ERROR_NO_CARD;
    case TKE_SIM_STATUS_REMOVED:
        return TKE_CARD_ERROR_REMOVED;
    case TKE_SIM_STATUS_SHARING:
        return TKE_CARD_ERROR_IN_USE;
    case TKE_SIM_STATUS_MUTE:
        return TKE_CARD_ERROR_UNRESPONSIVE;
    case TKE_SIM_STATUS_RESET:
        return TKE_CARD_ERROR_RESET;
    case TKE_SIM_STATUS_SILENT:
        return TKE_CARD_ERROR_SILENT;
    case TKE_SIM_STATUS_UNSUPPORTED:
        return TKE_CARD_ERROR_NO_PIN_PAD;
    case TKE_SIM_STATUS_MALFORMED:
    case TKE_SIM_STATUS_FAILED:
    case TKE_SIM_STATUS_NOT_CONNECTED:
    case TKE_SIM_STATUS_COMMAND:
    case TKE_SIM_STATUS_TIMEOUT:
    case TKE_SIM_STATUS_CORRUPT:
        break;
    }
    return TKE_CARD_ERROR_COMMUNICATION;
}

/* What tke-sim or its socket said, as an error of this interface. reader_name may be NULL. */
static void
translate_error(GError **error, GError *from, const char *reader_name, bool sent)
{
    g_autoptr(GError) cause = from;
    TkeCardError code = TKE_CARD_ERROR_COMMUNICATION;

    if (g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
        g_error_matches(cause, TKE_ERROR, TKE_ERROR_SECURE_MEMORY)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return;
    }
    if (cause->domain == TKE_SIM_ERROR) {
        code = code_of_status(cause->code);
    } else if (!sent && cause->domain == G_IO_ERROR) {
        code = TKE_CARD_ERROR_NO_SERVICE;
    }
    /* tke-sim names the reader itself where it speaks of one */
    if (reader_name == NULL || strstr(cause->message, reader_name) != NULL) {
        g_set_error_literal(error, TKE_CARD_ERROR, (gint) code, cause->message);
    } else {
        g_set_error(error, TKE_CARD_ERROR, (gint) code, _("reader “%s”: %s"), reader_name,
                    cause->message);
    }
    if (error != NULL && reader_name != NULL) {
        tke_card_error_set_reader(*error, 0, reader_name);
    }
    if (error != NULL && g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)) {
        tke_card_error_set_remedy(*error, _("Let it go on, or end it and start it again as it says "
                                            "here. Then try again."));
    }
}

/* ---- card connection ---- */

static bool
call(SimConnection *self, TkeSimMessage type, const uint8_t *head, size_t head_len,
     const uint8_t *body, size_t body_len, uint8_t *out, size_t size, size_t *out_len,
     GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (!tke_main_thread_may_block(error)) {
        return false;
    }
    if (!tke_sim_client_call(self->client, type, head, head_len, body, body_len, out, size, out_len,
                             &cause)) {
        translate_error(error, g_steal_pointer(&cause), self->reader_name, true);
        return false;
    }
    return true;
}

static bool
connection_exchange(TkeCardConnection *connection, const uint8_t *command, size_t len,
                    uint8_t *response, size_t size, size_t *response_len, GError **error)
{
    SimConnection *self = (SimConnection *) connection;

    g_return_val_if_fail(len <= TKE_CARD_COMMAND_MAX, false);

    connection->exchanges++;
    return call(self, TKE_SIM_EXCHANGE, NULL, 0, command, len, response, size, response_len, error);
}

static bool
connection_control(TkeCardConnection *connection, uint32_t code, const uint8_t *in, size_t in_len,
                   uint8_t *out, size_t size, size_t *out_len, GError **error)
{
    uint8_t head[4];
    TkeByteBuilder builder = { .out = head, .size = sizeof head };

    tke_byte_builder_u32(&builder, code);
    return call((SimConnection *) connection, TKE_SIM_CONTROL, head, sizeof head, in, in_len, out,
                size, out_len, error);
}

static bool
connection_reset(TkeCardConnection *connection, GError **error)
{
    uint8_t atr[TKE_CARD_ATR_MAX];
    size_t len = 0;

    if (!call((SimConnection *) connection, TKE_SIM_RESET, NULL, 0, NULL, 0, atr, sizeof atr, &len,
              error)) {
        return false;
    }
    memcpy(connection->atr, atr, len);
    connection->atr_len = len;
    return true;
}

static bool
connection_begin(TkeCardConnection *connection, GError **error)
{
    size_t len = 0;

    return call((SimConnection *) connection, TKE_SIM_BEGIN, NULL, 0, NULL, 0, NULL, 0, &len,
                error);
}

static void
connection_end(TkeCardConnection *connection)
{
    size_t len = 0;

    (void) call((SimConnection *) connection, TKE_SIM_END, NULL, 0, NULL, 0, NULL, 0, &len, NULL);
}

static void
connection_close(TkeCardConnection *connection)
{
    SimConnection *self = (SimConnection *) connection;
    size_t len = 0;

    /* Waits for the answer, so that the reader is free for whoever connects next. */
    if (self->client != NULL && self->reader_name != NULL) {
        (void) call(self, TKE_SIM_CLOSE, NULL, 0, NULL, 0, NULL, 0, &len, NULL);
    }
    tke_sim_client_free(self->client);
    g_free(self->reader_name);
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

/* Takes the client over. */
static TkeCardConnection *
connect_reader(TkeSimClient *client, const char *reader_name, GError **error)
{
    SimConnection *self = g_new0(SimConnection, 1);
    uint8_t answer[1 + TKE_CARD_ATR_MAX];
    g_autoptr(GError) cause = NULL;
    size_t len = 0;

    self->base.ops = &connection_ops;
    self->client = client;
    if (!tke_sim_client_call(client, TKE_SIM_CONNECT, NULL, 0, (const uint8_t *) reader_name,
                             strlen(reader_name), answer, sizeof answer, &len, &cause)) {
        translate_error(error, g_steal_pointer(&cause), reader_name, false);
        connection_close(&self->base);
        return NULL;
    }
    self->reader_name = g_strdup(reader_name);
    if (len < 1 || answer[0] > 1) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_COMMUNICATION,
                    _("reader “%s”: an answer of tke-sim is malformed"), reader_name);
        connection_close(&self->base);
        return NULL;
    }
    self->base.extended_length = answer[0] == 1;
    self->base.atr_len = len - 1;
    memcpy(self->base.atr, answer + 1, len - 1);
    return &self->base;
}

/* ---- source ---- */

static bool
need_client(SimSource *self, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (!tke_main_thread_may_block(error)) {
        return false;
    }
    if (self->client == NULL) {
        self->client = tke_sim_client_open(self->directory, &cause);
        self->generation = 0;
    }
    if (self->client == NULL) {
        translate_error(error, g_steal_pointer(&cause), NULL, false);
        return false;
    }
    return true;
}

/* A refusal leaves the connection as it was; after any other error it is of no more use. */
static void
drop_client(SimSource *self, const GError *cause)
{
    if (tke_sim_client_is_broken(self->client) ||
        (cause->domain != TKE_SIM_ERROR &&
         !g_error_matches(cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))) {
        g_clear_pointer(&self->client, tke_sim_client_free);
    }
}

static GPtrArray *
source_list(TkeCardSource *source, GError **error)
{
    SimSource *self = (SimSource *) source;
    g_autoptr(GByteArray) answer = NULL;
    g_autoptr(GPtrArray) readers = NULL;
    g_autoptr(GError) cause = NULL;

    if (!need_client(self, error)) {
        return NULL;
    }
    answer = tke_sim_client_call_alloc(self->client, TKE_SIM_LIST, NULL, 0, &cause);
    if (answer != NULL) {
        readers = tke_sim_parse_readers(answer->data, answer->len, &self->generation, &cause);
    }
    if (readers == NULL) {
        drop_client(self, cause);
        translate_error(error, g_steal_pointer(&cause), NULL, false);
        return NULL;
    }
    return g_steal_pointer(&readers);
}

static bool
source_wait(TkeCardSource *source, int timeout_ms, GCancellable *cancellable, GError **error)
{
    SimSource *self = (SimSource *) source;
    g_autoptr(GError) cause = NULL;

    if (!need_client(self, error)) {
        return false;
    }
    if (!tke_sim_client_wait(self->client, self->generation, timeout_ms, cancellable, &cause)) {
        drop_client(self, cause);
        translate_error(error, g_steal_pointer(&cause), NULL, false);
        return false;
    }
    return true;
}

static TkeCardConnection *
source_connect(TkeCardSource *source, const char *reader_name, GCancellable *cancellable,
               GError **error)
{
    SimSource *self = (SimSource *) source;
    g_autoptr(GError) cause = NULL;
    TkeSimClient *client = NULL;

    if (!tke_main_thread_may_block(error) || tke_cancel_is_asked(cancellable, error)) {
        return NULL;
    }
    client = tke_sim_client_open(self->directory, &cause);
    if (client == NULL) {
        translate_error(error, g_steal_pointer(&cause), NULL, false);
        return NULL;
    }
    return connect_reader(client, reader_name, error);
}

/* A socket of its own: this one may be waiting for a change in another thread. */
static bool
source_control(TkeCardSource *source, const char *reader_name, uint32_t code, const uint8_t *in,
               size_t in_len, uint8_t *out, size_t size, size_t *out_len, GError **error)
{
    SimSource *self = (SimSource *) source;
    const size_t name_len = strlen(reader_name);
    uint8_t head[1 + READER_NAME_MAX + 4];
    TkeByteBuilder builder = { .out = head, .size = sizeof head };
    g_autoptr(TkeSimClient) client = NULL;
    g_autoptr(GError) cause = NULL;

    g_return_val_if_fail(name_len <= READER_NAME_MAX, false);

    tke_byte_builder_u8(&builder, (uint8_t) name_len);
    tke_byte_builder_bytes(&builder, (const uint8_t *) reader_name, name_len);
    tke_byte_builder_u32(&builder, code);
    g_assert(!builder.failed);
    client = tke_sim_client_open(self->directory, &cause);
    if (client == NULL) {
        translate_error(error, g_steal_pointer(&cause), NULL, false);
        return false;
    }
    if (!tke_sim_client_call(client, TKE_SIM_READER_CONTROL, head, builder.len, in, in_len, out,
                             size, out_len, &cause)) {
        translate_error(error, g_steal_pointer(&cause), reader_name, true);
        return false;
    }
    return true;
}

static void
source_free(TkeCardSource *source)
{
    SimSource *self = (SimSource *) source;

    tke_sim_client_free(self->client);
    g_free(self->directory);
    g_free(self);
}

static const TkeCardSourceOps source_ops = {
    .list = source_list,
    .wait = source_wait,
    .connect = source_connect,
    .control = source_control,
    .free = source_free,
};

TkeCardSource *
tke_sim_transport_new(const char *directory, GError **error)
{
    SimSource *self = g_new0(SimSource, 1);

    self->base.ops = &source_ops;
    self->directory = g_strdup(directory);
    if (!need_client(self, error)) {
        source_free(&self->base);
        return NULL;
    }
    return &self->base;
}
