/*
 * The step fault test: an operation is run again and again, each time with another exchange failing, each
 * run in a process of its own that begins with the world as the test has prepared it.
 *
 * After each fault is checked: a clean error that names the device and says what to do next, cards and
 * units in the state that was reported, an activity log that verifies, no leak (where the sanitizer looks),
 * and that a second run without a fault completes.
 */
#pragma once

#include <stdbool.h>

#include "libceremony/unit-step.h"
#include "tests/libceremony/ceremony-world.h"

typedef enum {
    STEP_NOT_DONE, /* cards and units are as before */
    STEP_BETWEEN,  /* something was changed, a second run completes it */
    STEP_DONE,     /* all is as after a run without a fault */
} StepState;

/* An operation on cards. */
typedef struct StepCards {
    const char *name;
    void (*hand)(CeremonyWorld *world); /* what the operator has in hands for a run */
    bool (*run)(CeremonyWorld *world, GError **error);
    StepState (*state)(CeremonyWorld *world); /* what is really so */
    /* Completes what was left BETWEEN; NULL: run does. */
    bool (*complete)(CeremonyWorld *world, GError **error);
    bool repeatable; /* a second run succeeds also where the first was done after all */
    /* How often a card that could not be read is put in again while the operation runs. */
    unsigned patience;
} StepCards;

/* All faults of cards at every exchange. Fails the test at the first that is not as it should be. */
void step_faults_cards(CeremonyWorld *world, const StepCards *step);

/* An operation on crypto units. results (may stay NULL): what it reports of each unit. */
typedef struct StepUnits {
    const char *name;
    void (*hand)(CeremonyWorld *world);
    bool (*run)(CeremonyWorld *world, TkeUnitResults **results, GError **error);
    bool (*is_done)(SimUnit *unit); /* what is really so in one unit; NULL: nothing is changed */
} StepUnits;

/* All faults of the connection at every request to the second of the units, and cancel. */
void step_faults_units(CeremonyWorld *world, const StepUnits *step);

/* The same operation with faults of the cards that sign or hold key parts. */
void step_faults_unit_cards(CeremonyWorld *world, const StepUnits *step);
