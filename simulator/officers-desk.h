/*
 * The desk at which the people of a rehearsal sit: what their hands do, through the control socket
 * of tke-sim and nothing else. Errors are those of tke_sim_client_command.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

#define SIM_OFFICERS_READERS 2u

typedef struct SimOfficersDesk SimOfficersDesk;

/* The desk of a world whose tke-sim answers. */
SimOfficersDesk *sim_officers_desk_new(const char *directory, GError **error);
void sim_officers_desk_free(SimOfficersDesk *desk); /* NULL is allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimOfficersDesk, sim_officers_desk_free)

/* Label of the card in reader 1 or 2; NULL: empty. Borrowed until the next insert or remove. */
const char *sim_officers_desk_get_card(const SimOfficersDesk *desk, unsigned reader);

/* Puts a card in; whatever is in the reader, and the card's own reader, is emptied first. */
bool sim_officers_desk_insert(SimOfficersDesk *desk, unsigned reader, const char *label,
                              GError **error);

/* Takes the card out; an empty reader is no error. */
bool sim_officers_desk_remove(SimOfficersDesk *desk, unsigned reader, GError **error);

/* Waits until the pad asks, types the digits and confirms. */
bool sim_officers_desk_type(SimOfficersDesk *desk, unsigned reader, const char *digits,
                            GError **error);

/* True if every card of the box is still as it left the shop. */
bool sim_officers_desk_is_new(SimOfficersDesk *desk, bool *is_new, GError **error);

/* How many cards of the box had their applet loaded by somebody. */
bool sim_officers_desk_count_loaded(SimOfficersDesk *desk, unsigned *n, GError **error);
