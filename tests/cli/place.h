/*
 * The real programs in private worlds, as somebody at a terminal and somebody at the desk use them.
 *
 * All worlds lie below one new directory and are ended and removed when the test program ends,
 * whatever became of its tests.
 */
#pragma once

#include <check.h>
#include <glib.h>
#include <json-glib/json-glib.h>

#include "simulator/officers-desk.h"
#include "simulator/officers-people.h"
#include "simulator/officers-program.h"

/* In the process that runs the tests, before any of them. */
void place_begin(void);

/* Then: rehearses the whole ceremony; its world is what place_enter_finished copies. */
void place_rehearse(void);
void place_rehearse_scenario(const char *scenario); /* the same with the units of that one */

/* What the rehearsal printed; its exit code. */
const char *place_get_rehearsal(int *exit_code);

typedef struct Place {
    char *world;
    char **environment;
    SimOfficersDesk *desk;
    SimOfficersPeople *people;
} Place;

Place *place_enter_new(void);                  /* blank cards, crypto units in imprint mode */
Place *place_enter_finished(void);             /* after the ceremony, all cards in the box */
Place *place_enter_scenario(const char *path); /* the same of a scenario file */
Place *place_enter_nothing(void);              /* an empty directory, no tke-sim */
/* Ends the world; what it is then can be entered as often as wanted. The caller frees. */
char *place_keep(Place *place);
Place *place_enter_kept(const char *kept);
void place_leave(Place *place);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Place, place_leave)

void place_set(Place *place, const char *name, const char *value); /* NULL: unset */

/* How a program ended. */
typedef struct Run {
    int exit_code;
    char *out;
    char *err;
    JsonObject *json; /* what it printed, if it was started with --json */
} Run;
void place_run_clear(Run *run);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, place_run_clear)

/*
 * Runs "tke" and the words of a line as a shell splits them, with nothing on standard input. With
 * --json among them the output must be exactly one JSON object, whose "exit" is the exit code.
 */
Run place_tke(Place *place, const char *line);

/* The same with "--rehearsal" before the line. */
Run place_rehearsal(Place *place, const char *line);

/* The same, and checks the exit code. */
Run place_expect(Place *place, int exit_code, const char *line);

/* Runs the line, which fails: the exit code and all words (until NULL) must be there. row: for messages. */
void place_check_row(Place *place, const char *row, int exit_code, const char *line,
                     const char *const *words);

/* A table of the one service instance in what was printed with --json. */
JsonArray *place_get_table(const Run *run, const char *key);

/* Head of the activity log, as "tke log head" tells it; the caller frees. */
char *place_dup_log_head(Place *place);

/* tke-sim; must end well. */
void place_sim(Place *place, const char *line);

/* Starts "tke --rehearsal" and the words of a line with events, for people to follow. */
SimOfficersProgram *place_start(Place *place, const char *line);

/* The same for the command of a task, once the people have taken away what it does not need. */
SimOfficersProgram *place_begin_task(Place *place, const SimOfficersTask *task);

/* Follows the task in a program that has just been started; checks the exit code. */
void place_act(Place *place, int exit_code, const SimOfficersTask *task);

/* Waits for the next event of that name (and, if kind is not NULL, of that kind); the caller
 * unrefs. */
JsonObject *place_wait_event(SimOfficersProgram *program, const char *name, const char *kind);

/* Digest of the files of a folder of the world ("cards", "units", "workstation"). */
char *place_digest(Place *place, const char *folder);

#define assert_contains(text, part)                                                                \
    ck_assert_msg(strstr((text), (part)) != NULL, "\"%s\" is not in: %s", (part), (text))
