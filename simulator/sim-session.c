/*
 * One connection to the socket of tke-sim (rehearsal, 4.12; libsmartcard/sim-protocol.h).
 */
#include "simulator/sim-session.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/byte-builder.h"
#include "common/error.h"
#include "common/log.h"
#include "libsmartcard/card-transport.h"
#include "libsmartcard/sim-protocol.h"
#include "simulator/sim-control.h"
#include "simulator/sim-json.h"
#include "simulator/sim-session-private.h"

#define REFUSAL_MAX 1024u

SimSession *
sim_session_new(const SimSessionHost *host, int fd)
{
    SimSession *self = g_new0(SimSession, 1);

    self->host = *host;
    self->fd = fd;
    self->change_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->response = g_malloc(TKE_CARD_RESPONSE_MAX);
    self->answer = g_byte_array_new();
    g_mutex_init(&self->mutex);
    return self;
}

void
sim_session_shut_down(SimSession *self)
{
    SimReader *reader = NULL;
    uint32_t connection = 0;

    g_mutex_lock(&self->mutex);
    reader = self->reader;
    connection = self->connection;
    g_mutex_unlock(&self->mutex);

    shutdown(self->fd, SHUT_RDWR);
    if (reader != NULL) {
        sim_reader_disconnect(reader, connection);
    }
}

void
sim_session_free(SimSession *self)
{
    if (self == NULL) {
        return;
    }
    sim_session_disconnect(self);
    close(self->fd);
    if (self->change_event >= 0) {
        close(self->change_event);
    }
    g_mutex_clear(&self->mutex);
    g_byte_array_unref(self->answer);
    g_free(self->response);
    g_free(self);
}

/* ---- refusals ---- */

static TkeSimStatus
status_of_error(const GError *error)
{
    if (error->domain == TKE_SIM_ERROR) {
        return (TkeSimStatus) error->code;
    }
    if (g_error_matches(error, TKE_ERROR, TKE_ERROR_USAGE)) {
        return TKE_SIM_STATUS_COMMAND;
    }
    if (error->domain != SIM_READER_ERROR) {
        return g_error_matches(error, TKE_ERROR, TKE_ERROR_INVALID_DATA) ? TKE_SIM_STATUS_MALFORMED
                                                                         : TKE_SIM_STATUS_CORRUPT;
    }
    switch ((SimReaderError) error->code) {
    case SIM_READER_ERROR_NO_CARD:
        return TKE_SIM_STATUS_NO_CARD;
    case SIM_READER_ERROR_REMOVED:
        return TKE_SIM_STATUS_REMOVED;
    case SIM_READER_ERROR_IN_USE:
        return TKE_SIM_STATUS_SHARING;
    case SIM_READER_ERROR_SILENT:
        return TKE_SIM_STATUS_SILENT;
    case SIM_READER_ERROR_UNSUPPORTED:
        return TKE_SIM_STATUS_UNSUPPORTED;
    case SIM_READER_ERROR_OCCUPIED:
        return TKE_SIM_STATUS_COMMAND;
    case SIM_READER_ERROR_NOT_ASKING:
        return TKE_SIM_STATUS_TIMEOUT;
    case SIM_READER_ERROR_TOO_SMALL:
    case SIM_READER_ERROR_FAILED:
        return TKE_SIM_STATUS_FAILED;
    }
    return TKE_SIM_STATUS_FAILED;
}

/* ---- world ---- */

static bool
answer_hello(SimSession *self, const SimSocketRequest *request, GError **error)
{
    TkeByteBuilder builder = tke_byte_builder_into(self->answer, TKE_SIM_FRAME_MAX);

    (void) error;
    /* Another version gets an answer too: it tells the client which one is spoken here. */
    self->greeted = request->version == TKE_SIM_VERSION;
    tke_byte_builder_u16(&builder, TKE_SIM_VERSION);
    tke_byte_builder_text(&builder, "tke-sim " TKE_VERSION);
    return true;
}

static bool
answer_world(SimSession *self)
{
    g_autofree char *text = sim_world_dup_description(self->host.world);

    g_byte_array_append(self->answer, (const guint8 *) text, (guint) strlen(text));
    return true;
}

static bool
answer_token(SimSession *self, GError **error)
{
    g_autoptr(TkeSecret) token =
        sim_service_new_token(sim_world_get_service(self->host.world), 0, error);
    const uint8_t *bytes = NULL;
    size_t len = 0;

    if (token == NULL) {
        return false;
    }
    bytes = tke_secret_bytes(token, &len);
    g_byte_array_append(self->answer, bytes, (guint) len);
    return true;
}

/* A control command gives up when its client goes. Bytes that came are left for later. */
static bool
is_gone(void *data)
{
    SimSession *self = data;
    struct pollfd fd = { .fd = self->fd, .events = POLLRDHUP };

    return self->host.is_stopping(self->host.data) ||
           (poll(&fd, 1, 0) > 0 && (fd.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0);
}

static void
stop_tke_sim(void *data)
{
    SimSession *self = data;

    self->stop_wanted = true;
}

static bool
become_desk(void *data, bool only)
{
    SimSession *self = data;

    if (!self->is_desk) {
        self->is_desk = sim_world_open_desk(self->host.world, only);
    }
    return self->is_desk;
}

static bool
answer_command(SimSession *self, const SimSocketRequest *request, GError **error)
{
    const SimControl control = {
        .world = self->host.world,
        .stop = stop_tke_sim,
        .gone = is_gone,
        .desk = become_desk,
        .data = self,
    };
    g_autoptr(JsonObject) answer =
        sim_control_run(&control, json_node_get_object(request->command), error);
    g_autofree char *text = NULL;

    if (answer == NULL) {
        return false;
    }
    text = sim_json_to_text(answer, false);
    g_byte_array_append(self->answer, (const guint8 *) text, (guint) strlen(text));
    return true;
}

/* ---- the connection ---- */

static bool
answer_request(SimSession *self, const SimSocketRequest *request, GError **error)
{
    if (!self->greeted && request->type != TKE_SIM_HELLO) {
        return sim_session_refuse(error, TKE_SIM_STATUS_MALFORMED,
                                  _("the first request must be a greeting"));
    }
    switch (request->type) {
    case TKE_SIM_HELLO:
        return answer_hello(self, request, error);
    case TKE_SIM_LIST:
        return sim_session_answer_list(self, 0, error);
    case TKE_SIM_SLOT:
        return sim_session_answer_list(self, request->number, error);
    case TKE_SIM_WAIT:
        return sim_session_answer_wait(self, request, error);
    case TKE_SIM_CONNECT:
        return sim_session_answer_connect(self, request, error);
    case TKE_SIM_EXCHANGE:
        return sim_session_answer_exchange(self, request, error);
    case TKE_SIM_CONTROL:
        return sim_session_answer_control(self, request, error);
    case TKE_SIM_READER_CONTROL:
        return sim_session_answer_reader_control(self, request, error);
    case TKE_SIM_RESET:
        return sim_session_answer_reset(self, error);
    case TKE_SIM_BEGIN:
    case TKE_SIM_END:
        /* A card connection is exclusive: nobody else can come between its exchanges. */
        return sim_session_need_connection(self, error);
    case TKE_SIM_POWER_ON:
        sim_session_disconnect(self);
        return sim_session_answer_connect(self, request, error);
    case TKE_SIM_POWER_OFF:
        return sim_session_answer_power_off(self, error);
    case TKE_SIM_CLOSE:
        return sim_session_answer_close(self, error);
    case TKE_SIM_WORLD:
        return answer_world(self);
    case TKE_SIM_TOKEN:
        return answer_token(self, error);
    case TKE_SIM_COMMAND:
        return answer_command(self, request, error);
    case TKE_SIM_WAIT_END:
    case TKE_SIM_ANSWER:
    case TKE_SIM_REFUSED:
        break;
    }
    return sim_session_refuse(error, TKE_SIM_STATUS_MALFORMED, _("unknown request"));
}

static bool
send_refusal(SimSession *self, const GError *error)
{
    uint8_t status = (uint8_t) status_of_error(error);
    size_t len = MIN(strlen(error->message), REFUSAL_MAX);

    return tke_sim_frame_send(self->fd, TKE_SIM_REFUSED, &status, 1,
                              (const uint8_t *) error->message, len, NULL);
}

/* One request with its answer. False: the connection is to be closed. */
static bool
serve_request(SimSession *self, uint8_t type, const uint8_t *body, size_t len)
{
    g_auto(SimSocketRequest) request = { 0 };
    g_autoptr(GError) error = NULL;
    bool good = false;

    g_byte_array_set_size(self->answer, 0);
    if (!sim_socket_request_parse(&request, type, body, len, &error)) {
        return send_refusal(self, error);
    }
    if (request.type == TKE_SIM_WAIT_END) {
        return true; /* the wait it was meant for has been answered */
    }
    if (!answer_request(self, &request, &error)) {
        return send_refusal(self, error);
    }
    good = tke_sim_frame_send(self->fd, (uint8_t) (type | TKE_SIM_ANSWER), self->answer->data,
                              self->answer->len, NULL, 0, NULL);
    if (self->stop_wanted) {
        self->host.stop(self->host.data); /* not before the answer has left */
    }
    return good;
}

void
sim_session_run(SimSession *self)
{
    g_autoptr(GByteArray) body = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    uint8_t type = 0;
    size_t len = 0;

    while (tke_sim_frame_receive_head(self->fd, &type, &len, &error)) {
        g_byte_array_set_size(body, (guint) len + 1);
        if (!tke_sim_frame_receive_body(self->fd, body->data, len, &error) ||
            !serve_request(self, type, body->data, len)) {
            break;
        }
    }
    if (g_error_matches(error, TKE_ERROR, TKE_ERROR_INVALID_DATA)) {
        send_refusal(self, error);
    }
    sim_session_disconnect(self);
    if (self->is_desk) {
        sim_world_close_desk(self->host.world);
    }
    shutdown(self->fd, SHUT_RDWR);
}
