/*
 * Virtual units behind real TLS: a client on OpenSSL that trusts the world's authority and nothing
 * else.
 */
#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "simulator/sim-https-server.h"
#include "simulator/sim-json.h"
#include "tests/simulator/unit-fixture.h"
#include "tests/support/test-main.h"

#define INSTANCE "/v1/tke/11111111-2222-3333-4444-555555555555/hsms"
#define QUERY                                                                                      \
    "{\"request\":\"181;PCI request;XPNUM   ;4;        ;00200400008054340000000000000025000000000" \
    "0000000000000000000002A302804040001002904040000002504183016040400010"                         \
    "00A040800000025000000000400040004000400\"}"

typedef struct Client {
    SSL_CTX *ctx;
    SSL *ssl;
    int fd;
} Client;

static void
client_close(Client *client)
{
    SSL_free(client->ssl);
    SSL_CTX_free(client->ctx);
    if (client->fd > 0) {
        close(client->fd);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Client, client_close)

static int
connect_to(const SimHttpsServer *server)
{
    const char *url = sim_https_server_get_url(server);
    struct sockaddr_in address = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert(g_str_has_prefix(url, "https://127.0.0.1:"));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t) g_ascii_strtoull(strrchr(url, ':') + 1, NULL, 10));
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *) &address, sizeof address), 0);
    return fd;
}

/* A TLS connection; trusted false: no authority is known. True if the handshake succeeded. */
static bool
client_open(Client *client, const SimHttpsServer *server, const SimService *service, bool trusted)
{
    client->fd = connect_to(server);
    client->ctx = SSL_CTX_new(TLS_client_method());
    ck_assert_ptr_nonnull(client->ctx);
    SSL_CTX_set_verify(client->ctx, SSL_VERIFY_PEER, NULL);
    if (trusted) {
        g_autoptr(BIO) bio = BIO_new_mem_buf(sim_service_get_ca_pem(service), -1);
        g_autoptr(X509) ca = PEM_read_bio_X509(bio, NULL, NULL, NULL);

        ck_assert_ptr_nonnull(ca);
        ck_assert_int_eq(X509_STORE_add_cert(SSL_CTX_get_cert_store(client->ctx), ca), 1);
    }
    client->ssl = SSL_new(client->ctx);
    ck_assert_int_eq(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(client->ssl), "127.0.0.1"), 1);
    ck_assert_int_eq(SSL_set_fd(client->ssl, client->fd), 1);
    return SSL_connect(client->ssl) == 1;
}

static void
client_send(Client *client, const Fixture *fixture, const char *path, const char *body)
{
    g_autofree char *text = g_strdup_printf(
        "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: %s\r\n"
        "Content-Type: application/json\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
        body == NULL ? "GET" : "POST", path, fixture->authorization,
        body == NULL ? 0 : strlen(body), body == NULL ? "" : body);

    ck_assert_int_eq(SSL_write(client->ssl, text, (int) strlen(text)), (int) strlen(text));
}

/* Everything until the connection ends. */
static char *
client_receive(Client *client)
{
    GString *text = g_string_new(NULL);
    char buffer[4096];
    int len = 0;

    while ((len = SSL_read(client->ssl, buffer, sizeof buffer)) > 0) {
        g_string_append_len(text, buffer, len);
    }
    return g_string_free(text, FALSE);
}

/* One exchange on a connection of its own; the caller frees. */
static char *
exchange(const SimHttpsServer *server, const Fixture *fixture, const char *path, const char *body)
{
    g_auto(Client) client = { 0 };

    ck_assert(client_open(&client, server, fixture->service, true));
    client_send(&client, fixture, path, body);
    return client_receive(&client);
}

START_TEST(test_units_are_listed_and_asked_over_tls)
{
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(SimHttpsServer) server = NULL;
    g_autofree char *list = NULL;
    g_autofree char *query = NULL;

    fixture_open(&fixture);
    server = sim_https_server_new(fixture.service, NULL);
    ck_assert_ptr_nonnull(server);
    list = exchange(server, &fixture, INSTANCE, NULL);
    ck_assert_msg(g_str_has_prefix(list, "HTTP/1.1 200 "), "%s", list);
    ck_assert_ptr_nonnull(strstr(list, "application/json"));
    ck_assert_ptr_nonnull(strstr(list, "\"hsm_id\":\"unit-1\""));
    query = exchange(server, &fixture, INSTANCE "/unit-1", QUERY);
    ck_assert_msg(g_str_has_prefix(query, "HTTP/1.1 200 "), "%s", query);
    ck_assert_ptr_nonnull(strstr(query, "{\"response\":\""));
    ck_assert_uint_eq(sim_service_get_n_requests(fixture.service), 2);
}
END_TEST

START_TEST(test_the_certificate_is_worth_nothing_without_the_authority)
{
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(SimHttpsServer) server = NULL;
    g_auto(Client) client = { 0 };

    fixture_open(&fixture);
    server = sim_https_server_new(fixture.service, NULL);
    ck_assert(!client_open(&client, server, fixture.service, false));
    ck_assert_int_ne(SSL_get_verify_result(client.ssl), X509_V_OK);
}
END_TEST

START_TEST(test_old_versions_of_tls_are_not_spoken)
{
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(SimHttpsServer) server = NULL;
    g_autofree char *list = NULL;
    SSL_CTX *ctx = NULL;
    SSL *ssl = NULL;
    int fd = -1;

    fixture_open(&fixture);
    server = sim_https_server_new(fixture.service, NULL);
    fd = connect_to(server);
    ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(ctx, 0);
    ck_assert_int_eq(SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION), 1);
    ck_assert_int_eq(SSL_CTX_set_max_proto_version(ctx, TLS1_1_VERSION), 1);
    ssl = SSL_new(ctx);
    SSL_set_fd(ssl, fd);
    ck_assert_int_ne(SSL_connect(ssl), 1);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(fd);
    list = exchange(server, &fixture, INSTANCE, NULL);
    ck_assert(g_str_has_prefix(list, "HTTP/1.1 200 "));
}
END_TEST

START_TEST(test_wrong_tokens_and_large_bodies_are_refused)
{
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(SimHttpsServer) server = NULL;
    g_autofree char *large = g_strnfill(200000, ' ');
    g_autofree char *too_large = NULL;
    g_autofree char *refused = NULL;

    fixture_open(&fixture);
    server = sim_https_server_new(fixture.service, NULL);
    too_large = exchange(server, &fixture, INSTANCE "/unit-1", large);
    ck_assert_msg(g_str_has_prefix(too_large, "HTTP/1.1 413 "), "%s", too_large);
    fixture.authorization[10] ^= 1;
    refused = exchange(server, &fixture, INSTANCE, NULL);
    ck_assert_msg(g_str_has_prefix(refused, "HTTP/1.1 401 "), "%s", refused);
}
END_TEST

START_TEST(test_dropped_and_cut_answers_end_early)
{
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(SimHttpsServer) server = NULL;
    g_autofree char *dropped = NULL;
    g_autofree char *whole = NULL;
    g_autofree char *cut = NULL;

    fixture_open(&fixture);
    server = sim_https_server_new(fixture.service, NULL);
    fixture_fault(&fixture, "{'fault':'drop-after'}");
    dropped = exchange(server, &fixture, INSTANCE, NULL);
    ck_assert_str_eq(dropped, "");
    whole = exchange(server, &fixture, INSTANCE, NULL);
    fixture_fault(&fixture, "{'fault':'cut'}");
    cut = exchange(server, &fixture, INSTANCE, NULL);
    ck_assert(g_str_has_prefix(cut, "HTTP/1.1 200 "));
    ck_assert_ptr_nonnull(strstr(cut, "\r\n\r\n{"));
    ck_assert_uint_lt(strlen(cut), strlen(whole));
    ck_assert(!g_str_has_suffix(cut, "}"));
}
END_TEST

typedef struct Worker {
    const SimHttpsServer *server;
    const Fixture *fixture;
    unsigned good;
} Worker;

static gpointer
work(gpointer data)
{
    Worker *worker = data;

    for (unsigned i = 0; i < 4; i++) {
        g_autofree char *answer =
            exchange(worker->server, worker->fixture, INSTANCE "/unit-1", QUERY);

        worker->good += g_str_has_prefix(answer, "HTTP/1.1 200 ") ? 1 : 0;
    }
    return NULL;
}

START_TEST(test_a_held_connection_keeps_nobody_else_waiting)
{
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(SimHttpsServer) server = NULL;
    g_auto(Client) held = { 0 };
    g_autofree char *nothing = NULL;
    Worker workers[8] = { 0 };
    GThread *threads[G_N_ELEMENTS(workers)] = { NULL };

    fixture_open(&fixture);
    server = sim_https_server_new(fixture.service, NULL);
    sim_service_set_delay(fixture.service, 20);
    fixture_fault(&fixture, "{'fault':'silence','list':true}");
    ck_assert(client_open(&held, server, fixture.service, true));
    client_send(&held, &fixture, INSTANCE, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(workers); i++) {
        workers[i] = (Worker){ .server = server, .fixture = &fixture };
        threads[i] = g_thread_new("client", work, &workers[i]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(workers); i++) {
        g_thread_join(threads[i]);
        ck_assert_uint_eq(workers[i].good, 4);
    }
    /* stopping the server ends what is still held */
    g_clear_pointer(&server, sim_https_server_free);
    nothing = client_receive(&held);
    ck_assert_str_eq(nothing, "");
}
END_TEST

START_TEST(test_one_connection_carries_several_requests)
{
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(SimHttpsServer) server = NULL;
    g_auto(Client) client = { 0 };
    g_autofree char *request = NULL;
    g_autofree char *text = NULL;

    fixture_open(&fixture);
    server = sim_https_server_new(fixture.service, NULL);
    ck_assert(client_open(&client, server, fixture.service, true));
    request = g_strdup_printf("GET %s HTTP/1.1\r\nHost: h\r\nAuthorization: %s\r\n\r\n", INSTANCE,
                              fixture.authorization);
    ck_assert_int_gt(SSL_write(client.ssl, request, (int) strlen(request)), 0);
    client_send(&client, &fixture, INSTANCE, NULL);
    text = client_receive(&client);
    ck_assert_ptr_nonnull(strstr(text + 1, "HTTP/1.1 200 "));
    ck_assert_uint_eq(sim_service_get_n_requests(fixture.service), 2);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_units_are_listed_and_asked_over_tls);
    tcase_add_test(tests, test_the_certificate_is_worth_nothing_without_the_authority);
    tcase_add_test(tests, test_old_versions_of_tls_are_not_spoken);
    tcase_add_test(tests, test_wrong_tokens_and_large_bodies_are_refused);
    tcase_add_test(tests, test_dropped_and_cut_answers_end_early);
    tcase_add_test(tests, test_a_held_connection_keeps_nobody_else_waiting);
    tcase_add_test(tests, test_one_connection_carries_several_requests);
}

int
main(void)
{
    return test_main("sim-https-server", add_tests);
}
