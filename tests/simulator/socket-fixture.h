/*
 * A small world on its socket, served by a thread of the test, and clients of it. What fails,
 * fails the test.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "libsmartcard/card-transport.h"
#include "libsmartcard/sim-protocol.h"
#include "simulator/sim-socket.h"
#include "tests/simulator/world-fixture.h"

typedef struct SocketFixture {
    TestDirectory *directory;
    SimWorld *world;
    SimSocket *socket;
    GThread *thread;
} SocketFixture;

SocketFixture *socket_fixture_new(void);
void socket_fixture_free(SocketFixture *fixture); /* stops the server */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SocketFixture, socket_fixture_free)

/* Clients and sources of their own; the caller frees. */
TkeSimClient *socket_fixture_client(const SocketFixture *fixture);
TkeCardSource *socket_fixture_source(const SocketFixture *fixture);

/* A control command as JSON; the error, or NULL when it was done. The caller frees. */
GError *socket_fixture_control(TkeSimClient *client, const char *text);

/* A control command that must succeed. */
void socket_fixture_command(const SocketFixture *fixture, const char *text);

/* The server answers a new client. */
bool socket_fixture_is_alive(const SocketFixture *fixture);
