/*
 * The client's side of the socket of tke-sim, against a server that says what a test wants.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "common/error.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/sim-protocol.h"
#include "libsmartcard/sim-transport.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

/* A frame that the server sends instead of an answer; raw bytes as hex, cut: then the socket is
 * closed. */
typedef struct Reply {
    const char *frame;
    bool cut;
} Reply;

typedef struct Server {
    char *directory;
    char *path;
    int listener;
    GThread *thread;
    const char *greeting;
    const Reply *replies; /* in order, one a request after the greeting, over all connections */
    size_t n_replies;
    size_t next;
    GPtrArray *peers;
    GByteArray *requests; /* types of the requests that came, greeting excluded */
} Server;

static void
send_hex(int fd, const char *hex)
{
    g_autoptr(GByteArray) bytes = test_bytes(hex);

    ck_assert_int_eq(send(fd, bytes->data, bytes->len, MSG_NOSIGNAL), (ssize_t) bytes->len);
}

/* True to go on with this connection. */
static bool
serve_one(Server *server, int fd)
{
    uint8_t body[256];
    uint8_t type = 0;
    size_t len = 0;

    if (!tke_sim_frame_receive_head(fd, &type, &len, NULL)) {
        return false;
    }
    ck_assert_uint_le(len, sizeof body);
    if (!tke_sim_frame_receive_body(fd, body, len, NULL)) {
        return false;
    }
    if (type == TKE_SIM_HELLO) {
        send_hex(fd, server->greeting);
        return true;
    }
    g_byte_array_append(server->requests, &type, 1);
    if (server->next >= server->n_replies) {
        return false;
    }
    send_hex(fd, server->replies[server->next].frame);
    return !server->replies[server->next++].cut;
}

typedef struct Peer {
    Server *server;
    GThread *thread;
    int fd;
} Peer;

static void *
serve_peer(void *data)
{
    Peer *peer = data;

    while (serve_one(peer->server, peer->fd)) {
    }
    shutdown(peer->fd, SHUT_RDWR);
    return NULL;
}

static void *
serve(void *data)
{
    Server *server = data;
    int fd = -1;

    while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
        Peer *peer = g_new0(Peer, 1);

        peer->server = server;
        peer->fd = fd;
        peer->thread = g_thread_new("peer", serve_peer, peer);
        g_ptr_array_add(server->peers, peer);
    }
    return NULL;
}

static void
server_start(Server *server, const Reply *replies, size_t n)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    *server = (Server){ .greeting = "00000003 81 0001 78", .replies = replies, .n_replies = n };
    server->requests = g_byte_array_new();
    server->peers = g_ptr_array_new();
    server->directory = g_dir_make_tmp("tke-XXXXXX", NULL);
    server->path = tke_sim_socket_path(server->directory, NULL);
    server->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    g_strlcpy(address.sun_path, server->path, sizeof address.sun_path);
    ck_assert_int_eq(bind(server->listener, (const struct sockaddr *) &address, sizeof address), 0);
    ck_assert_int_eq(listen(server->listener, 4), 0);
    server->thread = g_thread_new("server", serve, server);
}

static void
server_stop(Server *server)
{
    shutdown(server->listener, SHUT_RDWR);
    g_thread_join(server->thread);
    for (unsigned i = 0; i < server->peers->len; i++) {
        g_autofree Peer *peer = g_ptr_array_index(server->peers, i);

        shutdown(peer->fd, SHUT_RDWR);
        g_thread_join(peer->thread);
        close(peer->fd);
    }
    g_ptr_array_unref(server->peers);
    close(server->listener);
    g_unlink(server->path);
    g_rmdir(server->directory);
    g_byte_array_unref(server->requests);
    g_free(server->path);
    g_free(server->directory);
}

#define START_SERVER(...)                                                                          \
    const Reply replies[] = { __VA_ARGS__ };                                                       \
    Server server;                                                                                 \
    server_start(&server, replies, G_N_ELEMENTS(replies))

static TkeCardSource *
open_source(const Server *server)
{
    g_autoptr(GError) error = NULL;
    TkeCardSource *source = tke_sim_transport_new(server->directory, &error);

    ck_assert_msg(source != NULL, "%s", error == NULL ? "" : error->message);
    return source;
}

static TkeCardConnection *
open_connection(TkeCardSource *source)
{
    g_autoptr(GError) error = NULL;
    TkeCardConnection *connection = source->ops->connect(source, "A", NULL, &error);

    ck_assert_msg(connection != NULL, "%s", error == NULL ? "" : error->message);
    return connection;
}

START_TEST(test_readers_are_listed)
{
    START_SERVER({ "0000001F 82 00000007 02 01 00000003 0141 024D31 00 046C656674"
                   " 00 00000000 0142 00 00 00",
                   false });
    g_autoptr(GError) error = NULL;
    TkeCardSource *source = open_source(&server);
    g_autoptr(GPtrArray) readers = source->ops->list(source, &error);
    const TkeReaderInfo *info = NULL;

    ck_assert_msg(readers != NULL, "%s", error == NULL ? "" : error->message);
    ck_assert_uint_eq(readers->len, 2);
    info = g_ptr_array_index(readers, 0);
    ck_assert_str_eq(info->name, "A");
    ck_assert_str_eq(info->model, "M1");
    ck_assert_str_eq(info->serial, "");
    ck_assert_str_eq(info->port, "left");
    ck_assert(info->card_present);
    ck_assert(info->is_virtual);
    ck_assert_uint_eq(info->events, 3);
    info = g_ptr_array_index(readers, 1);
    ck_assert_str_eq(info->name, "B");
    ck_assert(!info->card_present);
    source->ops->free(source);
    server_stop(&server);
}
END_TEST

START_TEST(test_no_world_is_no_service)
{
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(tke_sim_transport_new("/nonexistent/world", &error));
    ck_assert(g_error_matches(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_SERVICE));
}
END_TEST

START_TEST(test_socket_path_that_is_too_long_is_refused_with_that_reason)
{
    g_autofree char *name = g_strnfill(120, 'w');
    g_autofree char *directory = g_strconcat("/tmp/", name, NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(tke_sim_client_open(directory, &error));
    ck_assert(g_error_matches(error, TKE_ERROR, TKE_ERROR_SETUP));
    ck_assert_ptr_nonnull(strstr(error->message, "107"));
}
END_TEST

START_TEST(test_another_protocol_version_is_refused)
{
    START_SERVER({ "", false });
    g_autoptr(GError) error = NULL;

    server.greeting = "00000003 81 0002 78";
    ck_assert_ptr_null(tke_sim_client_open(server.directory, &error));
    ck_assert(g_error_matches(error, TKE_ERROR, TKE_ERROR_SETUP));
    server_stop(&server);
}
END_TEST

START_TEST(test_malformed_lists_are_refused)
{
    static const char *const bodies[] = {
        "00000000 82",                                       /* nothing */
        "00000005 82 00000007 01",                           /* a reader announced, none there */
        "00000006 82 00000007 00 00",                        /* something behind */
        "0000000F 82 00000007 01 02 00000003 0141 00 00 00", /* unknown flag, length fits */
        "0000000F 82 00000007 01 01 00000003 7F41 00 00 00", /* a text longer than the body */
        "0000000F 82 00000007 01 01 00000003 01FF 00 00 00", /* not UTF-8 */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bodies); i++) {
        START_SERVER({ bodies[i], false });
        g_autoptr(GError) error = NULL;
        TkeCardSource *source = open_source(&server);

        ck_assert_ptr_null(source->ops->list(source, &error));
        ck_assert(g_error_matches(error, TKE_CARD_ERROR, TKE_CARD_ERROR_COMMUNICATION));
        source->ops->free(source);
        server_stop(&server);
    }
}
END_TEST

START_TEST(test_list_works_again_after_the_service_went)
{
    START_SERVER({ "00000005 82 00000007 00", true }, { "00000005 82 00000008 00", false });
    g_autoptr(GError) error = NULL;
    TkeCardSource *source = open_source(&server);
    g_autoptr(GPtrArray) first = source->ops->list(source, NULL);
    g_autoptr(GPtrArray) gone = NULL;
    g_autoptr(GPtrArray) again = NULL;

    ck_assert_ptr_nonnull(first);
    gone = source->ops->list(source, &error);
    ck_assert_ptr_null(gone);
    ck_assert(g_error_matches(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_SERVICE));
    again = source->ops->list(source, NULL);
    ck_assert_ptr_nonnull(again);
    source->ops->free(source);
    server_stop(&server);
}
END_TEST

START_TEST(test_exchange_carries_command_and_response)
{
    START_SERVER({ "00000003 90 01 3B80", false }, { "00000004 91 CAFE9000", false },
                 { "00000000 96", false });
    g_autoptr(GError) error = NULL;
    TkeCardSource *source = open_source(&server);
    TkeCardConnection *connection = open_connection(source);
    const uint8_t command[] = { 0x80, 0xCA, 0x00, 0xE0, 0x00 };
    uint8_t response[16];
    size_t len = 0;

    ck_assert(connection->extended_length);
    test_bytes_check(connection->atr, connection->atr_len, "3b80");
    ck_assert(connection->ops->exchange(connection, command, sizeof command, response,
                                        sizeof response, &len, &error));
    test_bytes_check(response, len, "cafe9000");
    ck_assert_uint_eq(connection->exchanges, 1);
    connection->ops->close(connection);
    source->ops->free(source);
    server_stop(&server);
}
END_TEST

/* What an exchange fails with when the server answers it so. */
static void
check_exchange_fails(const Reply *answer, TkeCardError code)
{
    const Reply replies[] = { { "00000003 90 00 3B80", false }, *answer };
    g_autoptr(GError) error = NULL;
    const uint8_t command[] = { 0x80, 0xCA, 0x00, 0xE0 };
    TkeCardSource *source = NULL;
    TkeCardConnection *connection = NULL;
    TkeCardErrorInfo info = { 0 };
    uint8_t response[4];
    size_t len = 0;
    Server server;

    server_start(&server, replies, G_N_ELEMENTS(replies));
    source = open_source(&server);
    connection = open_connection(source);
    ck_assert(!connection->extended_length);
    ck_assert(!connection->ops->exchange(connection, command, sizeof command, response,
                                         sizeof response, &len, &error));
    ck_assert_uint_eq(len, 0);
    ck_assert_msg(g_error_matches(error, TKE_CARD_ERROR, (int) code), "%s", error->message);
    ck_assert(tke_card_error_get_info(error, &info));
    ck_assert_str_eq(info.reader_name, "A");
    connection->ops->close(connection);
    source->ops->free(source);
    server_stop(&server);
}

/* A refusal with this status. */
static char *
refusal(TkeSimStatus status)
{
    return g_strdup_printf("00000002 FF %02x 78", status);
}

START_TEST(test_faults_of_an_exchange_have_their_codes)
{
    static const struct {
        TkeSimStatus status;
        TkeCardError code;
    } faults[] = {
        { TKE_SIM_STATUS_REMOVED, TKE_CARD_ERROR_REMOVED },
        { TKE_SIM_STATUS_RESET, TKE_CARD_ERROR_RESET },
        { TKE_SIM_STATUS_SILENT, TKE_CARD_ERROR_SILENT },
        { TKE_SIM_STATUS_NO_SERVICE, TKE_CARD_ERROR_NO_SERVICE },
        { TKE_SIM_STATUS_FAILED, TKE_CARD_ERROR_COMMUNICATION },
        { (TkeSimStatus) 0xEE, TKE_CARD_ERROR_COMMUNICATION },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree char *frame = refusal(faults[i].status);

        check_exchange_fails(&(Reply){ frame, false }, faults[i].code);
    }
}
END_TEST

START_TEST(test_nonsense_instead_of_a_response_is_refused)
{
    /* Longer than the room, than allowed, of another type, cut in head and body, an empty
     * refusal. */
    check_exchange_fails(&(Reply){ "00000005 91 0102039000", false }, TKE_CARD_ERROR_COMMUNICATION);
    check_exchange_fails(&(Reply){ "00100001 91 01", true }, TKE_CARD_ERROR_COMMUNICATION);
    check_exchange_fails(&(Reply){ "00000002 92 9000", false }, TKE_CARD_ERROR_COMMUNICATION);
    check_exchange_fails(&(Reply){ "0000", true }, TKE_CARD_ERROR_COMMUNICATION);
    check_exchange_fails(&(Reply){ "00000002 91 90", true }, TKE_CARD_ERROR_COMMUNICATION);
    check_exchange_fails(&(Reply){ "00000000 FF", false }, TKE_CARD_ERROR_COMMUNICATION);
}
END_TEST

START_TEST(test_connecting_fails_with_the_codes_of_a_reader)
{
    static const struct {
        TkeSimStatus status;
        TkeCardError code;
    } faults[] = {
        { TKE_SIM_STATUS_NO_READER, TKE_CARD_ERROR_NO_READER },
        { TKE_SIM_STATUS_NO_CARD, TKE_CARD_ERROR_NO_CARD },
        { TKE_SIM_STATUS_SHARING, TKE_CARD_ERROR_IN_USE },
        { TKE_SIM_STATUS_MUTE, TKE_CARD_ERROR_UNRESPONSIVE },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree char *frame = refusal(faults[i].status);
        START_SERVER({ frame, false });
        TkeCardSource *source = open_source(&server);
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(source->ops->connect(source, "A", NULL, &error));
        ck_assert(g_error_matches(error, TKE_CARD_ERROR, (int) faults[i].code));
        source->ops->free(source);
        server_stop(&server);
    }
}
END_TEST

static void *
cancel_soon(void *data)
{
    g_usleep(20000);
    g_cancellable_cancel(data);
    return NULL;
}

START_TEST(test_cancelled_wait_ends_and_the_source_goes_on)
{
    /* The server is silent to the wait, and answers it when its end arrives. */
    START_SERVER({ "", false }, { "00000004 83 00000001", false },
                 { "00000005 82 00000007 00", false });
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) readers = NULL;
    TkeCardSource *source = open_source(&server);
    GThread *thread = g_thread_new("cancel", cancel_soon, cancellable);

    ck_assert(!source->ops->wait(source, -1, cancellable, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    g_thread_join(thread);
    readers = source->ops->list(source, NULL);
    ck_assert_ptr_nonnull(readers);
    source->ops->free(source);
    test_bytes_check(server.requests->data, server.requests->len, "03 04 02");
    server_stop(&server);
}
END_TEST

START_TEST(test_token_is_a_secret_of_its_length)
{
    START_SERVER({ "00000008 A1 4265617265722078", false }, { "00000000 A1", false });
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSimClient) client = tke_sim_client_open(server.directory, &error);
    g_autoptr(TkeSecret) token = tke_sim_client_query_token(client, &error);
    g_autoptr(TkeSecret) want = test_bytes_secret("4265617265722078");
    g_autoptr(TkeSecret) empty = NULL;

    ck_assert_ptr_nonnull(token);
    ck_assert(tke_secret_equal(token, want));
    empty = tke_sim_client_query_token(client, &error);
    ck_assert_ptr_null(empty);
    ck_assert(g_error_matches(error, TKE_ERROR, TKE_ERROR_INVALID_DATA));
    server_stop(&server);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_readers_are_listed);
    tcase_add_test(tests, test_no_world_is_no_service);
    tcase_add_test(tests, test_socket_path_that_is_too_long_is_refused_with_that_reason);
    tcase_add_test(tests, test_another_protocol_version_is_refused);
    tcase_add_test(tests, test_malformed_lists_are_refused);
    tcase_add_test(tests, test_list_works_again_after_the_service_went);
    tcase_add_test(tests, test_exchange_carries_command_and_response);
    tcase_add_test(tests, test_faults_of_an_exchange_have_their_codes);
    tcase_add_test(tests, test_nonsense_instead_of_a_response_is_refused);
    tcase_add_test(tests, test_connecting_fails_with_the_codes_of_a_reader);
    tcase_add_test(tests, test_cancelled_wait_ends_and_the_source_goes_on);
    tcase_add_test(tests, test_token_is_a_secret_of_its_length);
}

int
main(void)
{
    return test_main("sim-transport", add_tests);
}
