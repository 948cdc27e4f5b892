/*
 * What sim-client.c (requests and answers) and sim-client-link.c (the socket, and how long to wait
 * at it) share.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>

#include "libsmartcard/sim-protocol.h"

struct TkeSimClient {
    int fd;
    char *directory;     /* of the world */
    unsigned timeout_ms; /* 0: as long as tke-sim lives */
    unsigned card_ms;    /* 0: TKE_SIM_CARD_MS */
    bool greeted;        /* it has answered on this connection */
    bool broken;         /* request and answer no longer fit together */
};

/* A connected socket of a tke-sim that may be believed, or -1. timeout_ms as in TkeSimClient. */
int tke_sim_link_connect(const char *directory, unsigned timeout_ms, GError **error);

/* A client on a connected socket, which becomes its own: says hello. NULL: the socket is closed. */
TkeSimClient *tke_sim_client_take(int fd, const char *directory, unsigned timeout_ms,
                                  GError **error);

/*
 * Waits until there is something to read, or the connection has ended. However long that takes: as
 * long as tke-sim answers a greeting on another connection, a person types and a card computes.
 * When it does not: G_IO_ERROR_TIMED_OUT with a text that says what to do. Cancelled, a wait that
 * is breakable ends at once with G_IO_ERROR_CANCELLED; any other one goes on in the same way, but
 * tke-sim has a moment only to show that it lives. cancellable may be NULL. limit_ms: the end of
 * all patience, however it lives; 0: there is none.
 */
bool tke_sim_link_await(TkeSimClient *client, unsigned limit_ms, GCancellable *cancellable,
                        bool breakable, GError **error);

/* For tests: another limit than TKE_SIM_CARD_MS. */
void tke_sim_client_set_card_limit(TkeSimClient *client, unsigned limit_ms);

/* If it is cancelled: G_IO_ERROR_CANCELLED. */
bool tke_sim_link_is_cancelled(GCancellable *cancellable, GError **error);

/* The greeting; what is answered is still to be read. */
bool tke_sim_link_greet(int fd, GError **error);
