/*
 * Control commands of tke-sim: what a person at the desk does, faults, status (docs/rehearsal.md).
 *
 * A command is a JSON object whose member "command" names it; so is its answer. Errors are
 * TKE_ERROR_USAGE or _INVALID_DATA for what cannot be done, SIM_READER_ERROR, or TKE_SIM_ERROR.
 *
 * | command  | members                              | does                                    |
 * | -------- | ------------------------------------ | --------------------------------------- |
 * | status   |                                      | answers everything there is to see      |
 * | insert   | reader, card                         | puts a card of the box into a reader    |
 * | remove   | reader                               | pulls it out, whatever goes on          |
 * | pin      | reader, digits, timeout_ms           | waits until the pad asks, types, confirms |
 * | keys     | reader, keys ("0" to "9", E, C, X), timeout_ms | types key by key              |
 * | cancel   | reader, timeout_ms                   | presses the cancel key                  |
 * | wait-pad | reader, timeout_ms                   | waits until the pad asks                |
 * | fault    | target, fault, …                     | sim-control-fault.c                     |
 * | add-card | label, applet ("none", "ca", "ep11"), extended_length | a card more; its label |
 * | note     | card, front, back                    | writes on a card                        |
 * | watch    | revision, timeout_ms                 | status, once there is something new     |
 * | desk     | only                                 | this connection is a virtual desk's     |
 * | stop     |                                      | ends tke-sim                            |
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "simulator/sim-world.h"

typedef struct SimControl {
    SimWorld *world;
    void (*stop)(void *data); /* ends tke-sim */
    bool (*gone)(void *data); /* the client has gone, or tke-sim is to end: give up waiting */
    bool (*desk)(void *data, bool only); /* the client is a desk, see sim_world_open_desk */
    void *data;                          /* of both */
} SimControl;

/* Carries a command out; the caller unrefs the answer. */
JsonObject *sim_control_run(const SimControl *control, JsonObject *command, GError **error);

/*
 * watch waits at most 30 seconds, or timeout_ms, until "revision" of the status would be another
 * one than given (0: does not wait). A desk with "only" is refused while another one shows the
 * world; that one sees "desk_calls" grow and comes to the front. "desks" in the status counts
 * them; one whose connection ends counts no longer.
 *
 * The command "fault". By its "target":
 *   card     name (label, or number of the reader it is in), fault: pull-before, pull-after,
 * silent,
 *            silent-after, garbage, cut, status (sw), torn-before, torn-after, unwritable, each
 * with
 *            after (1: the next one) and times; or forged-key, forged-certificate, forged-id; or
 * lacks
 *            (mark: 1 to 10), full (memory), other-keys, locked-keys, version (version: "2.0.0"),
 *            no-manager, foreign, t0, odd-atr; or genuine, which ends those; or block-pin (pin: 1
 * or 2)
 *   reader   reader (0 or absent: all), fault: held, free, unplugged, plugged; or one of
 *            sim-reader-fault.inc, with on: false to end it; or honest, which ends those
 *   daemon   fault: stopped, running
 *   service  fault: what sim-service-faults.h lists; order: object with the members for it
 *   all      fault: clear
 */
bool sim_control_fault(SimWorld *world, JsonObject *command, GError **error);

/* The commands "add-card" (its label into answer) and "note". */
bool sim_control_add_card(SimWorld *world, JsonObject *command, JsonBuilder *answer,
                          GError **error);
bool sim_control_note(SimWorld *world, JsonObject *command, GError **error);

/* How a card is unusual and which faults it has before it: members "unusual", "waiting". */
void sim_control_describe_faults(SimCard *card, JsonBuilder *builder);

/* Everything there is to see, for status. */
void sim_control_describe(SimWorld *world, JsonBuilder *builder);
