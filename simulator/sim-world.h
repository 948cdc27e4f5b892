/*
 * SimWorld: everything tke-sim keeps for one rehearsal, in one directory (4.12).
 *
 * The directory is private to its user (0700): scenario.json (what the world was made from, written
 * last, so that a world that was not finished is made anew), readers.json (which card is where),
 * cards/, units/, workstation/ (for the programs), sim.sock, tke-sim.log and the lock. Cards and
 * units are saved by themselves before an answer leaves; a world survives kill -9 at any moment.
 *
 * All functions but new and free may be called from any thread. Errors are TKE_ERROR unless said
 * otherwise.
 */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "simulator/sim-card.h"
#include "simulator/sim-reader.h"
#include "simulator/sim-service.h"

typedef struct SimWorld SimWorld;

typedef struct SimWorldOptions {
    const char *scenario; /* for a new world, as sim_scenario_find; NULL: the standard one */
    const char *profile;  /* card timing profile; NULL: as the scenario says */
    int delay_ms;         /* before each answer of the service; -1: as the scenario says */
    unsigned second_ms;   /* length of a second on the clocks of the pads; 0: 1000 (tests) */
} SimWorldOptions;

/*
 * Opens the world of a directory, makes it if there is none, and starts its service. The directory
 * is locked until the world is freed: TKE_ERROR_LOCKED. A directory that holds something else, or
 * another scenario than the one named: TKE_ERROR_SETUP.
 */
SimWorld *sim_world_new(const char *directory, const SimWorldOptions *options, GError **error);
void sim_world_free(SimWorld *world); /* NULL is allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimWorld, sim_world_free)

const char *sim_world_get_directory(const SimWorld *world);
const char *sim_world_get_scenario(const SimWorld *world); /* its name */
const char *sim_world_get_url(const SimWorld *world);      /* of the service */
const char *sim_world_get_profile(const SimWorld *world);  /* "none", "J3R180", … */
SimService *sim_world_get_service(const SimWorld *world);

/* Readers are numbered from 1; another number: NULL with TKE_ERROR_USAGE. */
unsigned sim_world_get_n_readers(const SimWorld *world);
SimReader *sim_world_get_reader(const SimWorld *world, unsigned number, GError **error);

/* The reader of this name if it is plugged in, else NULL. */
SimReader *sim_world_find_reader(SimWorld *world, const char *name);

/* The box of cards, in the order of the scenario. */
unsigned sim_world_get_n_cards(const SimWorld *world);
SimCard *sim_world_get_card(const SimWorld *world, unsigned index);

/* The card of this label, also while it is in a reader; unknown: NULL with TKE_ERROR_USAGE. */
SimCard *sim_world_find_card(const SimWorld *world, const char *label, GError **error);

/*
 * Adds a card with its applet just installed, or a blank one, to the box; it stays. label NULL:
 * the next free one of its kind (blank-1, ca-1, ep11-1, …). Full, or the label taken or malformed:
 * TKE_ERROR_USAGE.
 */
SimCard *sim_world_add_card(SimWorld *world, const char *label, SimCardKind kind, bool extended,
                            GError **error);

/*
 * What people wrote on a card: its sticker (front, at most 30 characters) and a note on its back
 * (at most 120). Write: NULL leaves a side as it is, "" wipes it. Dup: "" where nothing is
 * written; the caller frees.
 */
bool sim_world_write_on(SimWorld *world, const SimCard *card, const char *front, const char *back,
                        GError **error);
void sim_world_dup_writing(SimWorld *world, const SimCard *card, char **front, char **back);

/* Number of the reader a card is in; 0: in the box. */
unsigned sim_world_get_place(SimWorld *world, const SimCard *card);

/* What a hand does; saved when the function returns. Also SIM_READER_ERROR. */
bool sim_world_insert(SimWorld *world, unsigned number, const char *label, GError **error);
bool sim_world_remove(SimWorld *world, unsigned number, GError **error);

/* ---- what programs see ---- */

/*
 * Readers plugged in: TkeReaderInfo; number from 1: that one alone, 0: all. generation is what to
 * wait from.
 */
GPtrArray *sim_world_list_readers(SimWorld *world, unsigned number, uint32_t *generation);

/* Counts the changes of what list_readers tells. */
uint32_t sim_world_get_generation(SimWorld *world);

/* Writes to the eventfd after each such change, until removed. */
void sim_world_add_watch(SimWorld *world, int event_fd);
void sim_world_remove_watch(SimWorld *world, int event_fd);

/* What programs learn instead of settings and login (TkeSimWorldInfo); the caller frees. */
char *sim_world_dup_description(SimWorld *world);

/* ---- what a person sees ---- */

/* Something of that has changed. Readers, their pads, exchanges and the service note it by
 * themselves. */
void sim_world_note(SimWorld *world);

/*
 * Waits until the number of changes is no longer seen, or so long. Returns the number; it is never
 * 0. What the service did is noticed when something else wakes the wait, or at its end.
 */
uint64_t sim_world_wait_revision(SimWorld *world, uint64_t seen, unsigned timeout_ms);

/*
 * Virtual desks that show this world. open: false if only this one may and another one does
 * already; that one is called then.
 */
bool sim_world_open_desk(SimWorld *world, bool only);
void sim_world_close_desk(SimWorld *world);
void sim_world_count_desks(SimWorld *world, unsigned *open, unsigned *calls);

/* ---- faults of the readers' side; cards and service have their own ---- */

/*
 * As if the smart card service did not run. Its readers lose their power: what was under way has
 * failed, a pad asks for nothing any more. Connections of before stay dead afterwards.
 */
void sim_world_set_running(SimWorld *world, bool running);
bool sim_world_is_running(SimWorld *world);
uint32_t sim_world_get_epoch(SimWorld *world); /* counts how often it went away */

/* Unplugs a reader, or plugs it in again. A card in it stays where it is. */
void sim_world_set_plugged(SimWorld *world, unsigned number, bool plugged);
bool sim_world_is_plugged(SimWorld *world, unsigned number);

/* Everything works again: readers, cards, service. */
void sim_world_clear_faults(SimWorld *world);
