/*
 * SimDeskLink: a virtual desk's connections to tke-sim. Two threads of its own talk to the socket,
 * one that watches and one that sends orders, so that the thread of the window never waits. What
 * they learn is told in the main context of the thread that made the link.
 *
 * When tke-sim goes, that is told; the link then tries again for ever.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "simulator/desk-model.h"

typedef struct SimDeskLinkEvents {
    /* Something is new to see. Takes the world. States in between may be left out. */
    void (*seen)(void *data, SimDeskWorld *world);
    /* No tke-sim answers, for that reason; told once until it answers again. */
    void (*lost)(void *data, const char *reason);
    /* An order was refused, with the reason. */
    void (*refused)(void *data, const char *reason);
    /* Another desk shows this world already; it was called to the front. Nothing else is told
     * then. */
    void (*other_desk)(void *data);
} SimDeskLinkEvents;

typedef struct SimDeskLink SimDeskLink;

/*
 * only: be the only desk of that world. start: start tke-sim if the world has none. Both concern
 * the first connection; later on, a desk stays and tke-sim is started only by sim_desk_link_start.
 */
SimDeskLink *sim_desk_link_new(const char *directory, bool only, bool start,
                               const SimDeskLinkEvents *events, void *data);

/*
 * Ends the threads, which may take a moment; one that a tke-sim without life keeps waiting is left
 * to itself. Nothing is told any more. NULL is allowed.
 */
void sim_desk_link_free(SimDeskLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimDeskLink, sim_desk_link_free)

/* Sends an order, one after the other, and never twice; takes it. */
void sim_desk_link_send(SimDeskLink *link, JsonObject *order);

/* Sends orders until one is refused; the rest is left. */
void sim_desk_link_send_all(SimDeskLink *link, GPtrArray *orders);

/* Starts tke-sim where none answers. */
void sim_desk_link_start(SimDeskLink *link);

/* Milliseconds since tke-sim answered last; more than a second or two: it hangs. */
unsigned sim_desk_link_get_silence_ms(SimDeskLink *link);
