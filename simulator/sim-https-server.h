/*
 * SimHttpsServer: the service of the virtual units behind real TLS on the loopback interface.
 *
 * Every connection has a thread of its own, so that the settable wait before each answer, and a
 * connection that is held without an answer, keep no other request waiting.
 */
#pragma once

#include <glib.h>

#include "simulator/sim-service.h"

typedef struct SimHttpsServer SimHttpsServer;

/* Listens on 127.0.0.1 at a free port. The service is borrowed and must outlive the server. */
SimHttpsServer *sim_https_server_new(SimService *service, GError **error);

/* "https://127.0.0.1:PORT"; the certificate holds for this address. */
const char *sim_https_server_get_url(const SimHttpsServer *server);

/* Ends held connections, waits for requests under way, stops listening. NULL is allowed. */
void sim_https_server_free(SimHttpsServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimHttpsServer, sim_https_server_free)
