/*
 * The step fault test: an operation is run again and again, each time with another exchange
 * failing, each run in a process of its own that begins with the world as the test has prepared it.
 *
 * After each fault is checked: a clean error that names the device and says what to do next, cards
 * and units in the state that was reported, an activity log that verifies, no leak (where the
 * sanitizer looks), that a forged answer is told whatever became of the command, and that a second
 * run without a fault completes: every other time by the same process with what is in the readers,
 * every other time by a new one that knows only what is on the disk.
 *
 * C  each exchange with each card, and each PIN entry: pulled before it and after it, silence, an
 *    answer that means nothing, status 6F00, cancel (fault-card-source.h)
 * U  each request to each of two units: connection cut before delivery and after it, silence, 401,
 *    500, garbage, cancel, an answer with a bad signature, one with an old counter, refused as
 *    somebody else was there. Those that change something meet all ten, and so does every request
 *    of a query by itself (program "units"). In other operations requests that only read are all
 *    alike: each of them meets one of the ten in one unit and another one in the other; with
 *    OPENTKE_EVERY_FAULT=1 in the environment, as in ./test --all, it meets all ten in both.
 * P  cancelled at each prompt: for a card, a PIN, a plan, a choice
 *
 *    operation                                          faults   program (test-step-faults-)
 *    zone create, backup; enroll, personalize,
 *      describe, change PIN, unblock                    C P      cards
 *    the first two kinds on really blank cards and
 *      over a card in use, with loading of the applet   C P      blank
 *    signature key, key part, copy, delete              C P      keys
 *    test of a reader's keypad                          C P      reader
 *    query                                              U        units
 *    admin add in imprint mode, thresholds that end it  C U P    signers (C, P), units (U)
 *    admin add and remove, signed by two                C U P    signers (C, P), units (U)
 *    other thresholds, signed by two                    C U P    units
 *    load                                               C U P    load (C, P), master-keys (U)
 *    commit, set immediate, clear new, clear current,
 *      zeroize                                          C U P    key-signers (C, P),
 *                                                                master-keys (U)
 *    a load that brings the rest                        C U P    found
 *      its faults in the unit that has the key          U        found
 *      with nothing in the journal                      U        found
 *    a load that clears another key first               C U P    clear-first
 *    a load that keeps what all hold                    U        found; no card is asked for
 *    tried again in the rest, from the choice on:
 *      admins and thresholds, in imprint mode           U        retry
 *      the same, signed                                 C U      retry
 *      load                                             C U      key-retry; no prompt is left
 *      commit                                           C U P    key-retry
 *      set immediate, clear new, clear current, zeroize U        key-retry
 *    undone where it was done, from the choice on:
 *      load                                             C U      undo; no prompt is left
 *      admin add, signed                                C U P    undo
 *
 * A second run after a fault of U is at the same time the continuation of a step that reached some
 * units only, for every step. What is not here: card info and inventory, which read only; the
 * acceptance test of a card, which changes nothing and reports a fault as what it has found
 * (test-card-accept); loading of an applet by itself, which is part of the program "blank" and of
 * test-card-load; programs that are killed (tests/cli/test-interrupted, -killed-load,
 * -killed-steps).
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

/* All faults of cards at every exchange. Fails the test at the first that is not as it should
 * be. */
void step_faults_cards(CeremonyWorld *world, const StepCards *step);

#define STEP_FIRST 0u /* of the two units, from 0, where their faults strike */
#define STEP_SECOND 1u

/* An operation on crypto units. results (may stay NULL): what it reports of each unit. */
typedef struct StepUnits {
    const char *name;
    void (*hand)(CeremonyWorld *world);
    bool (*run)(CeremonyWorld *world, TkeUnitResults **results, GError **error);
    bool (*is_done)(SimUnit *unit); /* what is really so in one unit; NULL: nothing is changed */
    /* What completes what was left; NULL: the same. */
    void (*hand_again)(CeremonyWorld *world);
    bool (*run_again)(CeremonyWorld *world, TkeUnitResults **results, GError **error);
    /* exchanges count from the operator's first choice on: others are those of another step */
    bool from_choice;
    /* each of its queries meets every kind of fault, also where that is not asked for */
    bool every_query;
    bool undoes; /* after a run without a fault it is done nowhere */
} StepUnits;

/* All faults of the connection at every request to each of the two units, and cancel. */
void step_faults_units(CeremonyWorld *world, const StepUnits *step);

/* The same operation with faults of the cards that sign or hold key parts. */
void step_faults_unit_cards(CeremonyWorld *world, const StepUnits *step);

/* The same operation, cancelled by the operator at every prompt: for a card, a PIN, a plan, a
 * choice. */
void step_faults_unit_prompts(CeremonyWorld *world, const StepUnits *step);
