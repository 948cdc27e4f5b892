/*
 * The service on libmicrohttpd: TLS 1.2 and 1.3 on the loopback interface (rehearsal, 4.12).
 */
#include "simulator/sim-https-server.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/error.h"

#define BODY_KEPT 131073u /* one more than the service takes */
#define CONNECTIONS_MAX 2048u
#define IDLE_S 120u
#define TLS_PRIORITIES "SECURE128:-VERS-TLS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define CUT_BLOCK 4096u

struct SimHttpsServer {
    SimService *service;
    struct MHD_Daemon *daemon;
    char *url;
    GMutex lock;
    GCond changed;
    bool stopping;
};

/* The body of a request while it arrives. */
typedef struct Upload {
    GByteArray *body;
} Upload;

/* The answer of which only half is sent. */
typedef struct Half {
    GByteArray *body;
} Half;

/* Waits so many milliseconds, or for ever (negative), or until the server stops: then false. */
static bool
wait_for(SimHttpsServer *server, gint64 ms)
{
    gint64 end = g_get_monotonic_time() + ms * 1000;
    bool stopping = false;

    g_mutex_lock(&server->lock);
    while (!server->stopping) {
        if (ms < 0) {
            g_cond_wait(&server->changed, &server->lock);
        } else if (!g_cond_wait_until(&server->changed, &server->lock, end)) {
            break;
        }
    }
    stopping = server->stopping;
    g_mutex_unlock(&server->lock);
    return !stopping;
}

static ssize_t
read_half(void *data, uint64_t pos, char *buffer, size_t max)
{
    const Half *half = data;
    uint64_t end = half->body->len / 2;
    size_t len = 0;

    if (pos >= end) {
        return MHD_CONTENT_READER_END_WITH_ERROR; /* closes the connection */
    }
    len = MIN(max, (size_t) (end - pos));
    memcpy(buffer, half->body->data + pos, len);
    return (ssize_t) len;
}

static void
free_half(void *data)
{
    Half *half = data;

    g_byte_array_unref(half->body);
    g_free(half);
}

static struct MHD_Response *
make_response(const SimReply *reply)
{
    Half *half = NULL;

    if (reply->action != SIM_REPLY_CUT) {
        return MHD_create_response_from_buffer(reply->body->len, reply->body->data,
                                               MHD_RESPMEM_MUST_COPY);
    }
    half = g_new0(Half, 1);
    half->body = g_byte_array_ref(reply->body);
    return MHD_create_response_from_callback(reply->body->len, CUT_BLOCK, read_half, half,
                                             free_half);
}

static enum MHD_Result
send_reply(SimHttpsServer *server, struct MHD_Connection *connection, const SimReply *reply)
{
    struct MHD_Response *response = NULL;
    enum MHD_Result result = MHD_NO;

    if (reply->action == SIM_REPLY_CLOSE) {
        return MHD_NO;
    }
    if (reply->action == SIM_REPLY_HOLD) {
        wait_for(server, -1);
        return MHD_NO;
    }
    if (!wait_for(server, sim_service_get_delay(server->service))) {
        return MHD_NO;
    }
    response = make_response(reply);
    if (response == NULL) {
        return MHD_NO;
    }
    if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->content_type) ==
        MHD_YES) {
        result = MHD_queue_response(connection, reply->status, response);
    }
    MHD_destroy_response(response);
    return result;
}

/* Called for the head of a request, for each piece of its body, and when it is complete. */
static enum MHD_Result
handle(void *data, struct MHD_Connection *connection, const char *url, const char *method,
       const char *version, const char *upload_data, size_t *upload_len, void **state)
{
    SimHttpsServer *server = data;
    Upload *upload = *state;
    g_auto(SimReply) reply = { 0 };
    SimRequest request = { .method = method, .path = url };

    (void) version;
    if (upload == NULL) {
        upload = g_new0(Upload, 1);
        upload->body = g_byte_array_new();
        *state = upload;
        return MHD_YES;
    }
    if (*upload_len > 0) {
        size_t room = BODY_KEPT - upload->body->len;

        g_byte_array_append(upload->body, (const uint8_t *) upload_data,
                            (guint) MIN(room, *upload_len));
        *upload_len = 0;
        return MHD_YES;
    }
    request.authorization =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    request.body = upload->body->data;
    request.body_len = upload->body->len;
    sim_service_handle(server->service, &request, &reply);
    return send_reply(server, connection, &reply);
}

static void
complete(void *data, struct MHD_Connection *connection, void **state,
         enum MHD_RequestTerminationCode code)
{
    Upload *upload = *state;

    (void) data;
    (void) connection;
    (void) code;
    if (upload != NULL) {
        g_byte_array_unref(upload->body);
        g_free(upload);
        *state = NULL;
    }
}

SimHttpsServer *
sim_https_server_new(SimService *service, GError **error)
{
    g_autoptr(SimHttpsServer) server = g_new0(SimHttpsServer, 1);
    struct sockaddr_in address = { .sin_family = AF_INET };
    const union MHD_DaemonInfo *info = NULL;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->service = service;
    g_mutex_init(&server->lock);
    g_cond_init(&server->changed);
    server->daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS, 0, NULL,
        NULL, handle, server, MHD_OPTION_SOCK_ADDR, (struct sockaddr *) &address,
        MHD_OPTION_HTTPS_MEM_KEY, sim_service_get_server_key_pem(service),
        MHD_OPTION_HTTPS_MEM_CERT, sim_service_get_server_pem(service), MHD_OPTION_HTTPS_PRIORITIES,
        TLS_PRIORITIES, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        IDLE_S, MHD_OPTION_NOTIFY_COMPLETED, complete, NULL, MHD_OPTION_END);
    info = server->daemon == NULL ? NULL
                                  : MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    if (info == NULL || info->port == 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP, _("the HTTPS server cannot be started"));
        return NULL;
    }
    server->url = g_strdup_printf("https://127.0.0.1:%u", info->port);
    return g_steal_pointer(&server);
}

const char *
sim_https_server_get_url(const SimHttpsServer *server)
{
    return server->url;
}

void
sim_https_server_free(SimHttpsServer *server)
{
    if (server == NULL) {
        return;
    }
    g_mutex_lock(&server->lock);
    server->stopping = true;
    g_cond_broadcast(&server->changed);
    g_mutex_unlock(&server->lock);
    if (server->daemon != NULL) {
        MHD_stop_daemon(server->daemon);
    }
    g_cond_clear(&server->changed);
    g_mutex_clear(&server->lock);
    g_free(server->url);
    g_free(server);
}
