/*
 * The world of a rehearsal as a program that plays its people has it: a directory, and a tke-sim
 * that is started and ended there.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Strings are owned; NULL: as tke-sim has it. */
typedef struct SimOfficersWorld {
    char *program; /* tke-sim */
    char *directory;
    char *scenario;
    char *profile;
    int delay_ms; /* -1: as the scenario says */
} SimOfficersWorld;

void sim_officers_world_clear(SimOfficersWorld *world);

/* A program beside this one, in the build tree (its folder there), in PATH; the caller frees. */
char *sim_officers_world_find_program(const char *name, const char *folder);

/* What tke-sim complains of becomes the error. */
bool sim_officers_world_start(const SimOfficersWorld *world, GError **error);

/* A complaint goes to standard error: nothing can be done about it. */
void sim_officers_world_stop(const SimOfficersWorld *world);

/* Removes the directory and what is in it; only for one that was made for the rehearsal. */
void sim_officers_world_remove(const SimOfficersWorld *world);
