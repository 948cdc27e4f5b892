/*
 * What sim-world.c and sim-world-files.c share.
 */
#pragma once

#include <glib.h>

#include "common/safe-file.h"
#include "simulator/sim-https-server.h"
#include "simulator/sim-scenario.h"
#include "simulator/sim-world.h"

#define SIM_WORLD_WORKSTATION "workstation"
#define SIM_WORLD_BOX_FILE "box.json"
#define SIM_WORLD_MARK_FILE "mark.json"

#define SIM_WORLD_CARDS_MAX SIM_SCENARIO_CARDS_MAX

/* What people wrote on a card. */
typedef struct SimWriting {
    char *front;
    char *back;
} SimWriting;

typedef struct SimSeen {
    uint32_t events; /* of the reader when programs were told last */
    bool unplugged;
} SimSeen;

struct SimWorld {
    char *directory;
    char *mark; /* in the serial numbers of its readers */
    TkeDirLock *lock;
    SimScenario *scenario;
    const SimCardProfile *profile;
    GPtrArray *readers;                  /* of SimReader; constant once made */
    SimCard *cards[SIM_WORLD_CARDS_MAX]; /* owned; only the end grows, with box_mutex held */
    gint n_cards;                        /* atomic */
    GMutex box_mutex;                    /* of box.json and writing */
    GHashTable *writing;                 /* label → SimWriting */
    SimService *service;
    SimHttpsServer *server;
    GMutex save_mutex; /* of readers.json and saved_places; taken before mutex */
    char *saved_places;
    GMutex mutex; /* of all that follows */
    GCond changed;
    uint64_t revision;
    unsigned desks;
    unsigned desk_calls;
    SimSeen seen[SIM_SCENARIO_READERS_MAX];
    GArray *watches; /* of int: eventfds */
    uint32_t generation;
    uint32_t epoch;
    bool running;
};

/* Observer of the readers; data is the world. */
void sim_world_reader_changed(SimReader *reader, void *data);

/* Writes which card is where. */
bool sim_world_save_readers(SimWorld *world, GError **error);

/* The same as it will be with this card in reader number; NULL: with none. */
bool sim_world_save_move(SimWorld *world, unsigned number, const char *label, GError **error);

/* A new card with its file, not in the box yet; the caller frees, or lets the box have it. */
SimCard *sim_world_make_card(SimWorld *world, const char *label, SimCardKind kind, bool extended,
                             GError **error);

/* A card joins the end of the box, for which there is room; others see it from now on. */
void sim_world_take_in(SimWorld *world, SimCard *card);

/* A card of which there is a file joins the box. */
bool sim_world_load_card(SimWorld *world, const char *label, GError **error);

/* The cards that were added later, and what is written on cards. A world without a box.json has
 * neither. */
bool sim_world_load_box(SimWorld *world, GError **error);

/* The world's own mark, which it gets where it has none; serial numbers of readers with it. */
bool sim_world_take_mark(SimWorld *world, GError **error);
char *sim_world_dup_serial(const SimWorld *world, const char *serial);

void sim_writing_free(SimWriting *writing);
