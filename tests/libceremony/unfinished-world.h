/*
 * A world with three units, of which one refuses a step, and the next commands of its people.
 */
#pragma once

#include "libceremony/op-mk-load.h"
#include "tests/libceremony/ceremony-world.h"

#define UNITS 3u
#define ADD_ADMIN 0x02u
#define IMPORT 0x0cu
#define COMMIT 0x0du
#define CLEAR_NEW 0x1cu
/* rows of the choices */
#define RETRY 0u
#define UNDO 1u
#define REST 0u
#define CLEAR 1u

extern const char *const unfinished_any_part[];

SimUnit *unfinished_unit_of(CeremonyWorld *world, unsigned number);
bool unfinished_is_loaded(CeremonyWorld *world, unsigned number);
void unfinished_check_one_key(CeremonyWorld *world);
/* The unit refuses the next commands of that kind. */
void unfinished_refuse(CeremonyWorld *world, unsigned number, unsigned command, unsigned count);
/* Any fault of the simulator in the next answer to the command. */
void unfinished_order(CeremonyWorld *world, unsigned number, const char *fault, unsigned command);
/* What the log says last of the action in that unit: the line; an empty one. The caller frees. */
char *unfinished_last_entry(CeremonyWorld *world, unsigned number, const char *action);
void unfinished_choose(CeremonyWorld *world, unsigned row);
/* The next command of an operator who has left the readers as they are. */
void unfinished_go_on(CeremonyWorld *world);
/* Another process, after whatever became of the last one. */
void unfinished_start_anew(CeremonyWorld *world);
bool unfinished_load(CeremonyWorld *world, TkeMkLoadResult *result, GError **error);
void unfinished_hand_all(CeremonyWorld *world);
bool unfinished_load_all(CeremonyWorld *world, GError **error);
bool unfinished_commit(CeremonyWorld *world, GError **error);
bool unfinished_clear_new(CeremonyWorld *world, GError **error);
/* As a program knows it that has shown the state of the units. */
unsigned unfinished_count(CeremonyWorld *world);
CeremonyWorld *unfinished_secured_world(void);
/* Loads two parts; unit 2 refuses, the operator leaves it. */
CeremonyWorld *unfinished_half_loaded_world(void);
