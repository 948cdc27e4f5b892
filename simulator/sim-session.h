/*
 * SimSession: one connection to the socket of tke-sim; requests in, answers out.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "simulator/sim-world.h"

typedef struct SimSession SimSession;

typedef struct SimSessionHost {
    SimWorld *world;
    void (*stop)(void *data); /* ends tke-sim */
    bool (*is_stopping)(void *data);
    void *data;
} SimSessionHost;

/* Takes the connected socket over; copies host. */
SimSession *sim_session_new(const SimSessionHost *host, int fd);

/* Serves the connection until it is closed or broken, in the caller's thread. */
void sim_session_run(SimSession *session);

/* Ends the connection, and a PIN entry it waits for, from another thread. */
void sim_session_shut_down(SimSession *session);

void sim_session_free(SimSession *session); /* run has returned */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimSession, sim_session_free)
