/*
 * A tke-sim that does not answer, and one that takes its time: the first is told from the second
 * (rehearsal, 4.12).
 */
#include <check.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "libsmartcard/card-error.h"
#include "libsmartcard/sim-client-private.h"
#include "libsmartcard/sim-protocol.h"
#include "libsmartcard/sim-transport.h"
#include "tests/support/test-main.h"

#define BACKLOG_SMALL 1
#define FILLERS 8

typedef enum {
    MANNER_SILENT,      /* greets one connection, says nothing more */
    MANNER_TAKING_TIME, /* answers a request when a second connection has greeted it */
    MANNER_HANGING,     /* never answers the first connection, and greets all others */
    MANNER_DEAD,        /* takes nobody in */
} Manner;

typedef struct Server {
    Manner manner;
    char *directory;
    char *path;
    int listener;
    int fillers[FILLERS]; /* that wait to be taken in */
    GThread *thread;
    gint requests; /* atomic: that came after the greeting */
} Server;

static bool
take_request(int fd, uint8_t *type)
{
    uint8_t body[4096];
    size_t len = 0;

    return tke_sim_frame_receive_head(fd, type, &len, NULL) && len <= sizeof body &&
           tke_sim_frame_receive_body(fd, body, len, NULL);
}

static bool
answer(int fd, uint8_t type, const char *body, size_t len)
{
    return tke_sim_frame_send(fd, type | TKE_SIM_ANSWER, (const uint8_t *) body, len, NULL, 0,
                              NULL);
}

static bool
greet(int fd)
{
    uint8_t type = 0;

    return take_request(fd, &type) && type == TKE_SIM_HELLO && answer(fd, type, "\0\1x", 3);
}

/* A tke-sim one of whose threads hangs. */
static void *
serve_others(void *data)
{
    Server *server = data;
    int fd = accept(server->listener, NULL, NULL);
    uint8_t type = 0;
    int other = -1;

    if (fd >= 0 && greet(fd) && take_request(fd, &type)) {
        g_atomic_int_inc(&server->requests);
        while ((other = accept(server->listener, NULL, NULL)) >= 0) {
            (void) greet(other);
            close(other);
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    return NULL;
}

static void *
serve(void *data)
{
    Server *server = data;
    int fd = accept(server->listener, NULL, NULL);
    uint8_t type = 0;

    if (fd >= 0 && greet(fd)) {
        while (take_request(fd, &type)) {
            g_atomic_int_inc(&server->requests);
            if (server->manner == MANNER_TAKING_TIME) {
                int other = accept(server->listener, NULL, NULL);

                if (other < 0) {
                    break;
                }
                if (greet(other)) {
                    answer(fd, type, "{}", 2);
                }
                close(other);
            }
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    return NULL;
}

/* Nobody is taken in any more. */
static void
fill_up(Server *server, const struct sockaddr_un *address)
{
    for (unsigned i = 0; i < FILLERS; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

        (void) connect(fd, (const struct sockaddr *) address, sizeof *address);
        server->fillers[i] = fd;
    }
}

static void
server_start(Server *server, Manner manner)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    *server = (Server){ .manner = manner };
    server->directory = g_dir_make_tmp("tke-XXXXXX", NULL);
    server->path = tke_sim_socket_path(server->directory, NULL);
    server->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    g_strlcpy(address.sun_path, server->path, sizeof address.sun_path);
    ck_assert_int_eq(bind(server->listener, (const struct sockaddr *) &address, sizeof address), 0);
    ck_assert_int_eq(listen(server->listener, BACKLOG_SMALL), 0);
    if (manner == MANNER_DEAD) {
        fill_up(server, &address);
    } else {
        server->thread =
            g_thread_new("server", manner == MANNER_HANGING ? serve_others : serve, server);
    }
}

static void
server_stop(Server *server)
{
    shutdown(server->listener, SHUT_RDWR);
    if (server->thread != NULL) {
        g_thread_join(server->thread);
    } else {
        for (unsigned i = 0; i < FILLERS; i++) {
            close(server->fillers[i]);
        }
    }
    close(server->listener);
    g_unlink(server->path);
    g_rmdir(server->directory);
    g_free(server->path);
    g_free(server->directory);
}

static TkeSimClient *
open_client(const Server *server)
{
    g_autoptr(GError) error = NULL;
    TkeSimClient *client = tke_sim_client_open(server->directory, &error);

    ck_assert_msg(client != NULL, "%s", error == NULL ? "" : error->message);
    return client;
}

static bool
order(TkeSimClient *client, GError **error)
{
    g_autoptr(JsonObject) command = json_object_new();
    g_autoptr(JsonObject) said = tke_sim_client_command(client, command, error);

    return said != NULL;
}

static void
check_tells_what_to_do(const Server *server, const GError *error)
{
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT));
    ck_assert_ptr_nonnull(strstr(error->message, "tke-sim"));
    ck_assert_ptr_nonnull(strstr(error->message, server->directory));
    ck_assert_ptr_nonnull(strstr(error->message, "stop --force"));
}

START_TEST(test_whoever_takes_time_and_lives_is_waited_for)
{
    Server server;
    g_autoptr(GError) error = NULL;
    TkeSimClient *client = NULL;

    server_start(&server, MANNER_TAKING_TIME);
    client = open_client(&server);
    ck_assert_msg(order(client, &error), "%s", error == NULL ? "" : error->message);
    ck_assert(!tke_sim_client_is_broken(client));
    tke_sim_client_free(client);
    server_stop(&server);
}
END_TEST

START_TEST(test_whoever_takes_time_is_waited_for_by_a_cancelled_program_too)
{
    Server server;
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    TkeSimClient *client = NULL;

    server_start(&server, MANNER_TAKING_TIME);
    client = open_client(&server);
    g_cancellable_cancel(cancellable);
    g_cancellable_push_current(cancellable);
    ck_assert_msg(order(client, &error), "%s", error == NULL ? "" : error->message);
    g_cancellable_pop_current(cancellable);
    tke_sim_client_free(client);
    server_stop(&server);
}
END_TEST

START_TEST(test_silence_after_an_order_ends_the_wait)
{
    Server server;
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) again = NULL;
    TkeSimClient *client = NULL;

    server_start(&server, MANNER_SILENT);
    client = open_client(&server);
    ck_assert(!order(client, &error));
    check_tells_what_to_do(&server, error);
    ck_assert(tke_sim_client_is_broken(client));
    ck_assert(!order(client, &again));
    ck_assert_int_eq(g_atomic_int_get(&server.requests), 1);
    tke_sim_client_free(client);
    server_stop(&server);
}
END_TEST

START_TEST(test_a_thread_that_hangs_in_a_tke_sim_that_lives_is_not_waited_for_for_ever)
{
    Server server;
    uint8_t out[16];
    size_t len = 0;
    g_autoptr(GError) error = NULL;
    TkeSimClient *client = NULL;

    server_start(&server, MANNER_HANGING);
    client = open_client(&server);
    tke_sim_client_set_card_limit(client, 500);
    ck_assert(!tke_sim_client_call(client, TKE_SIM_EXCHANGE, NULL, 0,
                                   (const uint8_t *) "\0\x20\0\x81", 4, out, sizeof out, &len,
                                   &error));
    check_tells_what_to_do(&server, error);
    ck_assert(tke_sim_client_is_broken(client));
    ck_assert_int_eq(g_atomic_int_get(&server.requests), 1); /* it was not sent once more */
    tke_sim_client_free(client);
    server_stop(&server);
}
END_TEST

START_TEST(test_silence_ends_a_wait_for_a_change)
{
    Server server;
    g_autoptr(GError) error = NULL;
    TkeSimClient *client = NULL;

    server_start(&server, MANNER_SILENT);
    client = open_client(&server);
    ck_assert(!tke_sim_client_wait(client, 1, -1, NULL, &error));
    check_tells_what_to_do(&server, error);
    ck_assert(tke_sim_client_is_broken(client));
    tke_sim_client_free(client);
    server_stop(&server);
}
END_TEST

START_TEST(test_socket_that_takes_nobody_in_is_silence)
{
    Server server;
    g_autoptr(GError) error = NULL;

    server_start(&server, MANNER_DEAD);
    ck_assert_ptr_null(tke_sim_client_open(server.directory, &error));
    check_tells_what_to_do(&server, error);
    server_stop(&server);
}
END_TEST

/* What the program has asked for in vain is cancelled, what it has ordered is not known to have
 * been left. */
START_TEST(test_a_cancelled_program_leaves_silence)
{
    Server server;
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) ordered = NULL;
    g_autoptr(GError) asked = NULL;
    g_autoptr(GError) opened = NULL;
    g_autoptr(GError) waited = NULL;
    TkeSimClient *client = NULL;

    g_cancellable_cancel(cancellable);
    server_start(&server, MANNER_SILENT);
    client = open_client(&server);
    g_cancellable_push_current(cancellable);
    ck_assert(!order(client, &ordered));
    ck_assert(g_error_matches(ordered, G_IO_ERROR, G_IO_ERROR_TIMED_OUT));
    ck_assert_ptr_null(tke_sim_client_open(server.directory, &asked));
    ck_assert(g_error_matches(asked, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    ck_assert(!tke_sim_client_wait(client, 1, -1, cancellable, &waited));
    ck_assert(g_error_matches(waited, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    tke_sim_client_free(client);
    server_stop(&server);

    server_start(&server, MANNER_DEAD);
    ck_assert_ptr_null(tke_sim_client_open(server.directory, &opened));
    ck_assert(g_error_matches(opened, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    g_cancellable_pop_current(cancellable);
    server_stop(&server);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_whoever_takes_time_and_lives_is_waited_for);
    tcase_add_test(tests, test_whoever_takes_time_is_waited_for_by_a_cancelled_program_too);
    tcase_add_test(tests, test_silence_after_an_order_ends_the_wait);
    tcase_add_test(tests,
                   test_a_thread_that_hangs_in_a_tke_sim_that_lives_is_not_waited_for_for_ever);
    tcase_add_test(tests, test_silence_ends_a_wait_for_a_change);
    tcase_add_test(tests, test_socket_that_takes_nobody_in_is_silence);
    tcase_add_test(tests, test_a_cancelled_program_leaves_silence);
}

int
main(void)
{
    return test_main("sim-silence", add_tests);
}
