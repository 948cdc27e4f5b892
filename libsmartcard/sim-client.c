/*
 * The client's side of the socket of tke-sim (rehearsal, 4.12): requests and answers, one at a
 * time.
 */
#include <errno.h>
#include <glib/gi18n-lib.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/byte-builder.h"
#include "common/error.h"
#include "common/main-thread.h"
#include "libsmartcard/sim-client-private.h"
#include "libsmartcard/sim-protocol.h"

#define TOKEN_MAX 4096u
#define REFUSAL_MAX 4096u

#define WAIT_GRACE_MS 5000 /* that an answer to a wait may be late, where there is a time limit */

/* What is on its way comes without a pause, however long an answer may take to begin. */
static void
limit_socket(TkeSimClient *client)
{
    const unsigned limit_ms = client->timeout_ms > 0 ? client->timeout_ms : TKE_SIM_SILENCE_MS;
    const struct timeval limit = { .tv_sec = limit_ms / 1000,
                                   .tv_usec = (suseconds_t) (limit_ms % 1000) * 1000 };

    /* Without a limit a call waits longer, nothing else. */
    (void) setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void) setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

void
tke_sim_client_set_timeout(TkeSimClient *client, unsigned timeout_ms)
{
    if (client->timeout_ms != timeout_ms) {
        client->timeout_ms = timeout_ms;
        limit_socket(client);
    }
}

void
tke_sim_client_set_card_limit(TkeSimClient *client, unsigned limit_ms)
{
    client->card_ms = limit_ms;
}

bool
tke_sim_client_is_broken(const TkeSimClient *client)
{
    return client->broken;
}

void
tke_sim_client_interrupt(TkeSimClient *client)
{
    shutdown(client->fd, SHUT_RDWR);
}

void
tke_sim_client_free(TkeSimClient *client)
{
    if (client == NULL) {
        return;
    }
    close(client->fd);
    g_free(client->directory);
    g_free(client);
}

/* The text of a refusal becomes the error; its status the code. */
static bool
take_refusal(TkeSimClient *client, size_t len, GError **error)
{
    uint8_t body[REFUSAL_MAX] = { 0 };

    if (len < 1 || len > sizeof body) {
        client->broken = true;
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                            _("a refusal of tke-sim is malformed"));
        return false;
    }
    if (!tke_sim_frame_receive_body(client->fd, body, len, error)) {
        client->broken = true;
        return false;
    }
    g_autofree char *text = g_utf8_make_valid((const char *) body + 1, (gssize) len - 1);
    g_set_error_literal(error, TKE_SIM_ERROR, body[0], text);
    return false;
}

/* A request that is as if it had not been made when its answer is not waited for. */
static bool
is_question(TkeSimMessage request)
{
    switch (request) {
    case TKE_SIM_HELLO:
    case TKE_SIM_LIST:
    case TKE_SIM_WAIT:
    case TKE_SIM_SLOT:
    case TKE_SIM_READER_CONTROL:
    case TKE_SIM_WORLD:
    case TKE_SIM_TOKEN:
        return true;
    default:
        return false;
    }
}

/* An order may wait for a person as long as it says itself. */
static unsigned
limit_of(const TkeSimClient *client, TkeSimMessage request)
{
    return request == TKE_SIM_COMMAND ? 0
           : client->card_ms != 0     ? client->card_ms
                                      : TKE_SIM_CARD_MS;
}

static bool
await_answer(TkeSimClient *client, TkeSimMessage request, GCancellable *cancellable, GError **error)
{
    g_autoptr(GError) silent = NULL;

    if (client->timeout_ms > 0 ||
        tke_sim_link_await(client, limit_of(client, request), cancellable, false, &silent)) {
        return true;
    }
    client->broken = true;
    if (!is_question(request) || !tke_sim_link_is_cancelled(cancellable, error)) {
        g_propagate_error(error, g_steal_pointer(&silent));
    }
    return false;
}

/* The head of the answer to a request of this type; the body is still to be read. */
static bool
receive_answer_head(TkeSimClient *client, TkeSimMessage request, GCancellable *cancellable,
                    size_t *len, GError **error)
{
    uint8_t type = 0;

    if (!await_answer(client, request, cancellable, error)) {
        return false;
    }
    if (!tke_sim_frame_receive_head(client->fd, &type, len, error)) {
        client->broken = true;
        return false;
    }
    if (type == TKE_SIM_REFUSED) {
        return take_refusal(client, *len, error);
    }
    if (type != ((unsigned) request | TKE_SIM_ANSWER)) {
        client->broken = true;
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("tke-sim answered a request %02x with %02x"), request, type);
        return false;
    }
    return true;
}

static bool
send_request(TkeSimClient *client, TkeSimMessage type, const uint8_t *head, size_t head_len,
             const uint8_t *body, size_t body_len, GError **error)
{
    if (!tke_main_thread_may_block(error)) {
        return false;
    }
    if (client->broken) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CLOSED,
                            _("the connection to tke-sim was given up after an error"));
        return false;
    }
    if (!tke_sim_frame_send(client->fd, (uint8_t) type, head, head_len, body, body_len, error)) {
        client->broken = true;
        return false;
    }
    return true;
}

bool
tke_sim_client_call(TkeSimClient *client, TkeSimMessage type, const uint8_t *head, size_t head_len,
                    const uint8_t *body, size_t body_len, uint8_t *out, size_t size,
                    size_t *out_len, GError **error)
{
    size_t len = 0;

    if (!send_request(client, type, head, head_len, body, body_len, error) ||
        !receive_answer_head(client, type, g_cancellable_get_current(), &len, error)) {
        return false;
    }
    if (len > size) {
        client->broken = true;
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("an answer of tke-sim has %zu bytes, at most %zu are expected"), len, size);
        return false;
    }
    if (!tke_sim_frame_receive_body(client->fd, out, len, error)) {
        client->broken = true;
        return false;
    }
    *out_len = len;
    return true;
}

/* The body of an answer whose head was read. */
static GByteArray *
receive_alloc(TkeSimClient *client, size_t len, GError **error)
{
    g_autoptr(GByteArray) answer = g_byte_array_new();

    g_byte_array_set_size(answer, (guint) len + 1);
    if (!tke_sim_frame_receive_body(client->fd, answer->data, len, error)) {
        client->broken = true;
        return NULL;
    }
    answer->data[len] = 0;
    g_byte_array_set_size(answer, (guint) len);
    return g_steal_pointer(&answer);
}

static bool
say_hello(TkeSimClient *client, GError **error)
{
    g_autoptr(GByteArray) answer = NULL;
    TkeByteCursor cursor = { 0 };
    uint16_t version = 0;
    size_t len = 0;

    if (!tke_sim_link_greet(client->fd, error) ||
        !receive_answer_head(client, TKE_SIM_HELLO, g_cancellable_get_current(), &len, error)) {
        return false;
    }
    answer = receive_alloc(client, len, error);
    if (answer == NULL) {
        return false;
    }
    client->greeted = true;
    cursor = tke_byte_cursor(answer->data, answer->len);
    if (!tke_byte_cursor_u16(&cursor, &version) || version != TKE_SIM_VERSION) {
        g_set_error(
            error, TKE_ERROR, TKE_ERROR_SETUP,
            _("tke-sim speaks version %u of its protocol, this program version %u; stop it and "
              "start the one that belongs to this program"),
            version, TKE_SIM_VERSION);
        return false;
    }
    return true;
}

TkeSimClient *
tke_sim_client_open(const char *directory, GError **error)
{
    return tke_sim_client_open_timeout(directory, 0, error);
}

TkeSimClient *
tke_sim_client_open_timeout(const char *directory, unsigned timeout_ms, GError **error)
{
    int fd = -1;

    if (!tke_main_thread_may_block(error)) {
        return NULL;
    }
    fd = tke_sim_link_connect(directory, timeout_ms, error);
    return fd < 0 ? NULL : tke_sim_client_take(fd, directory, timeout_ms, error);
}

TkeSimClient *
tke_sim_client_take(int fd, const char *directory, unsigned timeout_ms, GError **error)
{
    g_autoptr(TkeSimClient) client = g_new0(TkeSimClient, 1);

    client->fd = fd;
    client->directory = g_strdup(directory);
    client->timeout_ms = timeout_ms;
    limit_socket(client);
    if (!say_hello(client, error)) {
        return NULL;
    }
    return g_steal_pointer(&client);
}

GByteArray *
tke_sim_client_call_alloc(TkeSimClient *client, TkeSimMessage type, const uint8_t *body, size_t len,
                          GError **error)
{
    size_t answer_len = 0;

    if (!send_request(client, type, NULL, 0, body, len, error) ||
        !receive_answer_head(client, type, g_cancellable_get_current(), &answer_len, error)) {
        return NULL;
    }
    return receive_alloc(client, answer_len, error);
}

TkeSimWorldInfo *
tke_sim_client_query_world(TkeSimClient *client, GError **error)
{
    g_autoptr(GByteArray) answer = tke_sim_client_call_alloc(client, TKE_SIM_WORLD, NULL, 0, error);

    return answer == NULL
               ? NULL
               : tke_sim_world_info_parse((const char *) answer->data, answer->len, error);
}

TkeSecret *
tke_sim_client_query_token(TkeSimClient *client, GError **error)
{
    g_autoptr(TkeSecret) token = NULL;
    size_t len = 0;

    if (!send_request(client, TKE_SIM_TOKEN, NULL, 0, NULL, 0, error) ||
        !receive_answer_head(client, TKE_SIM_TOKEN, g_cancellable_get_current(), &len, error)) {
        return NULL;
    }
    if (len < 1 || len > TOKEN_MAX) {
        client->broken = true;
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                            _("the token from tke-sim is malformed"));
        return NULL;
    }
    token = tke_secret_new(len, error);
    if (token == NULL ||
        !tke_sim_frame_receive_body(client->fd, tke_secret_fill(token, NULL), len, error)) {
        client->broken = true;
        return NULL;
    }
    return g_steal_pointer(&token);
}

JsonObject *
tke_sim_client_command(TkeSimClient *client, JsonObject *command, GError **error)
{
    g_autoptr(JsonNode) request = json_node_alloc();
    g_autoptr(JsonNode) root = NULL;
    g_autoptr(GByteArray) answer = NULL;
    g_autofree char *text = NULL;

    json_node_init_object(request, command);
    text = json_to_string(request, FALSE);
    answer = tke_sim_client_call_alloc(client, TKE_SIM_COMMAND, (const uint8_t *) text,
                                       strlen(text), error);
    if (answer == NULL) {
        return NULL;
    }
    root = tke_sim_parse_object((const char *) answer->data, answer->len);
    if (root == NULL) {
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                            _("the answer of tke-sim is not a JSON object"));
        return NULL;
    }
    return json_node_dup_object(root);
}

/* True once the socket has something to read; false with an error when cancelled, broken or too
 * late. */
static bool
poll_for_answer(TkeSimClient *client, int limit_ms, GCancellable *cancellable, GError **error)
{
    GPollFD fds[2] = { { .fd = client->fd, .events = G_IO_IN } };
    guint n = 1;
    int ready = 0;

    if (g_cancellable_make_pollfd(cancellable, &fds[1])) {
        n = 2;
    }
    do {
        ready = g_poll(fds, n, limit_ms);
    } while (ready < 0 && errno == EINTR);
    if (n == 2) {
        g_cancellable_release_fd(cancellable);
    }
    if (ready < 0) {
        g_set_error(error, G_IO_ERROR, (gint) g_io_error_from_errno(errno),
                    _("the socket of tke-sim: %s"), g_strerror(errno));
        return false;
    }
    if (ready == 0) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, _("tke-sim does not answer"));
        return false;
    }
    return !tke_sim_link_is_cancelled(cancellable, error);
}

/*
 * Until the answer to a wait comes. ended: it was cancelled or is too late, which ends the wait
 * and leaves the connection as it is.
 */
static bool
await_change(TkeSimClient *client, int timeout_ms, GCancellable *cancellable, GError **ended,
             GError **error)
{
    int limit_ms = -1;

    if (client->timeout_ms > 0) {
        if (timeout_ms >= 0) {
            limit_ms =
                timeout_ms > G_MAXINT - WAIT_GRACE_MS ? G_MAXINT : timeout_ms + WAIT_GRACE_MS;
        }
        return poll_for_answer(client, limit_ms, cancellable, ended) ||
               send_request(client, TKE_SIM_WAIT_END, NULL, 0, NULL, 0, error);
    }
    if (!tke_sim_link_await(client, 0, cancellable, true, ended)) {
        if (!g_error_matches(*ended, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
            client->broken = true;
            g_propagate_error(error, g_steal_pointer(ended));
            return false;
        }
        return send_request(client, TKE_SIM_WAIT_END, NULL, 0, NULL, 0, error);
    }
    return true;
}

bool
tke_sim_client_wait(TkeSimClient *client, uint32_t generation, int timeout_ms,
                    GCancellable *cancellable, GError **error)
{
    uint8_t request[8];
    TkeByteBuilder builder = { .out = request, .size = sizeof request };
    g_autoptr(GError) ended = NULL;
    uint8_t answer[4];
    size_t len = 0;

    if (tke_sim_link_is_cancelled(cancellable, error)) {
        return false;
    }
    tke_byte_builder_u32(&builder, generation);
    tke_byte_builder_u32(&builder, timeout_ms < 0 ? TKE_SIM_WAIT_FOREVER : (uint32_t) timeout_ms);
    g_assert(!builder.failed);
    if (!send_request(client, TKE_SIM_WAIT, request, sizeof request, NULL, 0, error)) {
        return false;
    }
    /* The answer to the wait comes in any case; the end of the wait has none of its own. */
    if (!await_change(client, timeout_ms, cancellable, &ended, error)) {
        return false;
    }
    if (!receive_answer_head(client, TKE_SIM_WAIT, cancellable, &len, error)) {
        return false;
    }
    if (len != sizeof answer || !tke_sim_frame_receive_body(client->fd, answer, len, error)) {
        client->broken = true;
        if (error != NULL && *error == NULL) {
            g_set_error_literal(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                                _("an answer of tke-sim is malformed"));
        }
        return false;
    }
    if (ended != NULL) {
        g_propagate_error(error, g_steal_pointer(&ended));
        return false;
    }
    return true;
}
