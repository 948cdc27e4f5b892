/*
 * A TLS server on loopback for tests of the HTTPS transport: one thread for each connection.
 */
#include "tests/support/tls-server.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/tls-authority.h"
#include "tests/support/tls-server-private.h"

typedef struct Connection {
    TestTlsServer *server;
    int fd;
    GThread *thread;
} Connection;

/* The number of this request, after noting it; waits for the others that are to be held. */
unsigned
test_tls_server_arrived(TestTlsServer *server, const char *text)
{
    unsigned n = 0;

    g_mutex_lock(&server->lock);
    g_ptr_array_add(server->requests, g_strdup(text));
    n = server->requests->len;
    g_cond_broadcast(&server->changed);
    g_mutex_unlock(&server->lock);
    return n;
}

bool
test_tls_server_may_answer(TestTlsServer *server)
{
    bool may = false;

    g_mutex_lock(&server->lock);
    may = server->requests->len >= server->hold || server->stopping;
    g_mutex_unlock(&server->lock);
    return may;
}

static void
wait_for_hold(TestTlsServer *server)
{
    g_mutex_lock(&server->lock);
    while (server->requests->len < server->hold && !server->stopping) {
        g_cond_wait(&server->changed, &server->lock);
    }
    g_mutex_unlock(&server->lock);
}

TestTlsPlan
test_tls_server_plan(TestTlsServer *server, unsigned n)
{
    TestTlsPlan plan = { .n = n, .behaviour = TEST_TLS_ANSWER, .status = 200, .body = "{}" };

    g_mutex_lock(&server->lock);
    for (guint i = 0; i < server->plans->len; i++) {
        if (g_array_index(server->plans, TestTlsPlan, i).n == n) {
            plan = g_array_index(server->plans, TestTlsPlan, i);
        }
    }
    g_mutex_unlock(&server->lock);
    return plan;
}

static bool
write_all(SSL *ssl, const char *data, size_t len)
{
    size_t written = 0;

    return len == 0 || SSL_write_ex(ssl, data, len, &written) == 1;
}

/* Answers one request; false: the connection is to end. */
static bool
answer(TestTlsServer *server, SSL *ssl, unsigned n)
{
    TestTlsPlan plan = test_tls_server_plan(server, n);
    g_autofree char *block = g_strnfill(65536, 'x');
    g_autofree char *head = g_strdup_printf(
        "HTTP/1.1 %u Whatever\r\nContent-Type: application/json\r\n"
        "Content-Length: %zu\r\n\r\n",
        plan.status, plan.behaviour == TEST_TLS_ENDLESS ? 100000000 : strlen(plan.body));
    char byte = 0;
    size_t got = 0;

    switch (plan.behaviour) {
    case TEST_TLS_ANSWER:
        return write_all(ssl, head, strlen(head)) && write_all(ssl, plan.body, strlen(plan.body));
    case TEST_TLS_SILENT:
        (void) SSL_read_ex(ssl, &byte, 1, &got); /* until the other side gives up */
        return false;
    case TEST_TLS_CUT_SHORT:
        write_all(ssl, head, strlen(head));
        return false;
    case TEST_TLS_ENDLESS:
        write_all(ssl, head, strlen(head));
        while (write_all(ssl, block, 65536)) {
        }
        return false;
    case TEST_TLS_CUT:
    default:
        return false;
    }
}

/* Head and body of the next request; NULL at the end of the connection. */
static char *
read_request(SSL *ssl)
{
    GString *text = g_string_new(NULL);
    const char *end = NULL;
    const char *length = NULL;
    char buffer[4096];
    size_t got = 0;
    size_t want = SIZE_MAX;

    while (text->len < want) {
        if (SSL_read_ex(ssl, buffer, sizeof buffer, &got) != 1) {
            g_string_free(text, TRUE);
            return NULL;
        }
        g_string_append_len(text, buffer, (gssize) got);
        end = strstr(text->str, "\r\n\r\n");
        length = strstr(text->str, "Content-Length: ");
        if (end != NULL) {
            want = (size_t) (end + 4 - text->str) +
                   (length != NULL && length < end ? g_ascii_strtoull(length + 16, NULL, 10) : 0);
        }
    }
    return g_string_free(text, FALSE);
}

static void
serve(TestTlsServer *server, SSL *ssl)
{
    const unsigned char *protocol = NULL;
    unsigned len = 0;
    bool more = true;

    SSL_get0_alpn_selected(ssl, &protocol, &len);
    if (len == 2 && memcmp(protocol, "h2", 2) == 0) {
        test_tls_server_serve_http2(server, ssl);
        return;
    }
    while (more) {
        g_autofree char *request = read_request(ssl);

        more = request != NULL;
        if (more) {
            unsigned n = test_tls_server_arrived(server, request);

            wait_for_hold(server);
            more = answer(server, ssl, n);
        }
    }
}

static gpointer
connection_main(gpointer user)
{
    Connection *connection = user;
    TestTlsServer *server = connection->server;
    SSL *ssl = SSL_new(server->ctx);
    char byte = 0;

    SSL_set_fd(ssl, connection->fd);
    if ((server->flags & TEST_TLS_MUTE) != 0) {
        while (recv(connection->fd, &byte, 1, 0) == 1) {
        }
    } else if ((server->flags & TEST_TLS_REFUSE) == 0 && SSL_accept(ssl) == 1) {
        serve(server, ssl);
    }
    SSL_free(ssl);
    shutdown(connection->fd, SHUT_RDWR);
    return NULL;
}

static gpointer
listener_main(gpointer user)
{
    TestTlsServer *server = user;
    int fd = -1;

    while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
        Connection *connection = g_new0(Connection, 1);

        connection->server = server;
        connection->fd = fd;
        g_mutex_lock(&server->lock);
        g_ptr_array_add(server->connections, connection);
        connection->thread = g_thread_new("connection", connection_main, connection);
        g_mutex_unlock(&server->lock);
    }
    return NULL;
}

static int
choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                const unsigned char *in, unsigned in_len, void *user)
{
    static const unsigned char http2[] = "\x02h2";
    static const unsigned char http1[] = "\x08http/1.1";
    const TestTlsServer *server = user;
    bool newer = (server->flags & TEST_TLS_HTTP2) != 0;
    unsigned char *chosen = NULL;

    (void) ssl;
    if (SSL_select_next_proto(&chosen, out_len, newer ? http2 : http1, newer ? 3 : 9, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *
make_context(TestTlsServer *server)
{
    bool other = (server->flags & TEST_TLS_OTHER_NAME) != 0;
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    TestTlsAuthority authority = { 0 };

    test_tls_authority_init(&authority, other ? "DNS:other.invalid" : "IP:127.0.0.1");
    ck_assert_int_eq(SSL_CTX_use_certificate(ctx, authority.server), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey(ctx, authority.key), 1);
    if ((server->flags & TEST_TLS_OLD) != 0) {
        SSL_CTX_set_security_level(ctx, 0);
        SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0");
        SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(ctx, TLS1_1_VERSION);
    }
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, server);
    server->authority = g_strdup(authority.pem);
    test_tls_authority_clear(&authority);
    return ctx;
}

TestTlsServer *
test_tls_server_new(TestTlsFlags flags)
{
    TestTlsServer *server = g_new0(TestTlsServer, 1);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;

    g_mutex_init(&server->lock);
    g_cond_init(&server->changed);
    server->flags = flags;
    server->plans = g_array_new(FALSE, FALSE, sizeof(TestTlsPlan));
    server->requests = g_ptr_array_new_with_free_func(g_free);
    server->connections = g_ptr_array_new_with_free_func(g_free);
    server->ctx = make_context(server);
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(server->fd, (struct sockaddr *) &address, len), 0);
    ck_assert_int_eq(listen(server->fd, 128), 0);
    ck_assert_int_eq(getsockname(server->fd, (struct sockaddr *) &address, &len), 0);
    server->url = g_strdup_printf("https://127.0.0.1:%u", ntohs(address.sin_port));
    server->listener = g_thread_new("listener", listener_main, server);
    return server;
}

void
test_tls_server_free(TestTlsServer *server)
{
    if (server == NULL) {
        return;
    }
    shutdown(server->fd, SHUT_RDWR);
    g_thread_join(server->listener);
    g_mutex_lock(&server->lock);
    server->stopping = true;
    g_cond_broadcast(&server->changed);
    g_mutex_unlock(&server->lock);
    for (guint i = 0; i < server->connections->len; i++) {
        Connection *connection = g_ptr_array_index(server->connections, i);

        shutdown(connection->fd, SHUT_RDWR);
        g_thread_join(connection->thread);
        close(connection->fd);
    }
    close(server->fd);
    SSL_CTX_free(server->ctx);
    g_ptr_array_unref(server->connections);
    g_ptr_array_unref(server->requests);
    g_array_unref(server->plans);
    g_cond_clear(&server->changed);
    g_mutex_clear(&server->lock);
    g_free(server->url);
    g_free(server->authority);
    g_free(server);
}

const char *
test_tls_server_url(const TestTlsServer *server)
{
    return server->url;
}

const char *
test_tls_server_authority(const TestTlsServer *server)
{
    return server->authority;
}

void
test_tls_server_set(TestTlsServer *server, unsigned n, TestTlsBehaviour behaviour, unsigned status,
                    const char *body)
{
    TestTlsPlan plan = { .n = n, .behaviour = behaviour, .status = status, .body = body };

    g_mutex_lock(&server->lock);
    g_array_append_val(server->plans, plan);
    g_mutex_unlock(&server->lock);
}

void
test_tls_server_hold(TestTlsServer *server, unsigned n)
{
    g_mutex_lock(&server->lock);
    server->hold = n;
    g_mutex_unlock(&server->lock);
}

unsigned
test_tls_server_requests(TestTlsServer *server)
{
    unsigned n = 0;

    g_mutex_lock(&server->lock);
    n = server->requests->len;
    g_mutex_unlock(&server->lock);
    return n;
}

unsigned
test_tls_server_connections(TestTlsServer *server)
{
    unsigned n = 0;

    g_mutex_lock(&server->lock);
    n = server->connections->len;
    g_mutex_unlock(&server->lock);
    return n;
}

char *
test_tls_server_request(TestTlsServer *server, unsigned n)
{
    char *text = NULL;

    g_mutex_lock(&server->lock);
    if (n >= 1 && n <= server->requests->len) {
        text = g_strdup(g_ptr_array_index(server->requests, n - 1));
    }
    g_mutex_unlock(&server->lock);
    return text;
}

void
test_tls_server_wait(TestTlsServer *server, unsigned n)
{
    g_mutex_lock(&server->lock);
    while (server->requests->len < n) {
        g_cond_wait(&server->changed, &server->lock);
    }
    g_mutex_unlock(&server->lock);
}
