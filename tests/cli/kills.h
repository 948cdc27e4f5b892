/*
 * tke is killed while it changes crypto units; what the next command says of it, and what it has
 * come to.
 *
 * In the world after the ceremony: three units, administrators on ep11-1 and ep11-3, parts on
 * ep11-5, -7, -9.
 */
#pragma once

#include "tests/cli/place.h"

#define KILLS_SIGNERS                                                                              \
    {                                                                                              \
        "ep11-1", "ep11-3"                                                                         \
    }
#define KILLS_PARTS                                                                                \
    {                                                                                              \
        "ep11-5", "ep11-7", "ep11-9"                                                               \
    }

extern const SimOfficersTask kills_load;
extern const SimOfficersTask kills_clear; /* the new registers */

/* A finished world whose current registers are empty again: what its key parts make is of use. */
Place *kills_enter(void);

/* A step that is killed: how it is noted, and the command that it sends to each unit. */
typedef struct KilledStep {
    const SimOfficersTask *task;
    const char *action;
    unsigned command;
    const char *words; /* of the listing */
} KilledStep;

/*
 * Does the task while unit 2 does the command and keeps its answer back, and unit 3 does not get
 * it; the program is killed then.
 */
void kills_in_step(Place *place, const KilledStep *step);

/*
 * Does the task while unit 2 does the command and keeps its answer back; the program gets the
 * signal then. Its exit code; output is freed by the caller.
 */
int kills_signal_in_step(Place *place, const KilledStep *step, int number, char **output);

/* What the listing says of the step that was killed. */
void kills_check_unfinished(Place *place, const KilledStep *step);

/* The program is killed at its event number at, from 1, but the result; false: it has fewer and
 * ended. */
bool kills_at_event(Place *place, const SimOfficersTask *task, unsigned at);

/* All units are equal, nothing is unfinished, the log verifies. */
void kills_check_whole(Place *place);
void kills_take_cards_out(Place *place);
