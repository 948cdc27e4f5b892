/*
 * SimSocket: the world on its socket (libsmartcard/sim-protocol.h).
 *
 * Each connection has a thread of its own, so that a person who types on one PIN pad, or a control
 * command that waits for a pad, keeps nobody else waiting.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "simulator/sim-world.h"

typedef struct SimSocket SimSocket;

/*
 * Listens at the socket of the world, which is borrowed and must outlive it. The socket of a
 * tke-sim that was killed is replaced (the lock of the world tells that nobody listens there).
 * TKE_ERROR_SETUP.
 */
SimSocket *sim_socket_new(SimWorld *world, GError **error);

/* Serves until stopped. */
bool sim_socket_run(SimSocket *socket, GError **error);

/* Makes run return soon; from any thread and from signal handlers. */
void sim_socket_stop(SimSocket *socket);

/* Ends all connections, waits for their threads, removes the socket. run has returned. NULL is
 * allowed. */
void sim_socket_free(SimSocket *socket);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimSocket, sim_socket_free)
