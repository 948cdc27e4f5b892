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

typedef struct SimSeen {
    uint32_t events; /* of the reader when programs were told last */
    bool unplugged;
} SimSeen;

struct SimWorld {
    char *directory;
    TkeDirLock *lock;
    SimScenario *scenario;
    const SimCardProfile *profile;
    GPtrArray *readers; /* of SimReader; constant once made */
    GPtrArray *cards;   /* of SimCard; constant once made */
    SimService *service;
    SimHttpsServer *server;
    GMutex save_mutex; /* of readers.json and saved_places; taken before mutex */
    char *saved_places;
    GMutex mutex; /* of all that follows */
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
