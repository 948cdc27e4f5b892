/*
 * A small world on its socket, served by a thread of the test.
 */
#include "tests/simulator/socket-fixture.h"

#include <check.h>

#include "libsmartcard/sim-transport.h"

static void *
run_socket(void *data)
{
    SocketFixture *fixture = data;
    g_autoptr(GError) error = NULL;

    ck_assert(sim_socket_run(fixture->socket, &error));
    return NULL;
}

SocketFixture *
socket_fixture_new(void)
{
    SocketFixture *fixture = g_new0(SocketFixture, 1);
    g_autoptr(GError) error = NULL;

    fixture->directory = test_directory_new();
    fixture->world = test_world_open(fixture->directory);
    fixture->socket = sim_socket_new(fixture->world, &error);
    ck_assert_msg(fixture->socket != NULL, "%s", error == NULL ? "" : error->message);
    fixture->thread = g_thread_new("socket", run_socket, fixture);
    return fixture;
}

void
socket_fixture_free(SocketFixture *fixture)
{
    sim_socket_stop(fixture->socket);
    g_thread_join(fixture->thread);
    sim_socket_free(fixture->socket);
    sim_world_free(fixture->world);
    test_directory_free(fixture->directory);
    g_free(fixture);
}

TkeSimClient *
socket_fixture_client(const SocketFixture *fixture)
{
    g_autoptr(GError) error = NULL;
    TkeSimClient *client = tke_sim_client_open(fixture->directory->path, &error);

    ck_assert_msg(client != NULL, "%s", error == NULL ? "" : error->message);
    return client;
}

/* A control command as JSON; the error, or NULL when it was done. The caller frees. */
GError *
socket_fixture_control(TkeSimClient *client, const char *text)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(JsonObject) answer = NULL;
    GError *error = NULL;

    ck_assert(json_parser_load_from_data(parser, text, -1, NULL));
    answer =
        tke_sim_client_command(client, json_node_get_object(json_parser_get_root(parser)), &error);
    ck_assert((answer == NULL) == (error != NULL));
    return error;
}

void
socket_fixture_command(const SocketFixture *fixture, const char *text)
{
    g_autoptr(TkeSimClient) client = socket_fixture_client(fixture);
    g_autoptr(GError) error = socket_fixture_control(client, text);

    ck_assert_msg(error == NULL, "%s: %s", text, error == NULL ? "" : error->message);
}

TkeCardSource *
socket_fixture_source(const SocketFixture *fixture)
{
    g_autoptr(GError) error = NULL;
    TkeCardSource *source = tke_sim_transport_new(fixture->directory->path, &error);

    ck_assert_msg(source != NULL, "%s", error == NULL ? "" : error->message);
    return source;
}

bool
socket_fixture_is_alive(const SocketFixture *fixture)
{
    g_autoptr(TkeSimClient) client = socket_fixture_client(fixture);
    g_autoptr(GByteArray) list = tke_sim_client_call_alloc(client, TKE_SIM_LIST, NULL, 0, NULL);

    return list != NULL;
}
