/*
 * Steps that are tried again, or undone, after the choice of an operator.
 */
#include "tests/libceremony/unit-ways.h"

#include <string.h>

#include "libceremony/ceremony-error.h"

/* rows of the choice */
#define RETRY 0u
#define UNDO 1u

/* The step that is tried, and the command that one unit refuses first. */
static const StepUnits *inner;
static unsigned refused;

static void
hand_retry(CeremonyWorld *world)
{
    inner->hand(world);
    ceremony_world_hand(world, 1, "admin-1", "admin-2", NULL); /* they are to sign again */
    g_queue_push_tail(world->choices, GUINT_TO_POINTER(RETRY));
}

static void
hand_undo(CeremonyWorld *world)
{
    inner->hand(world);
    ceremony_world_hand(world, 1, "admin-1", "admin-2", NULL);
    g_queue_push_tail(world->choices, GUINT_TO_POINTER(UNDO));
}

static void
hand_plain(CeremonyWorld *world)
{
    inner->hand(world);
}

static bool
run_plain(CeremonyWorld *world, TkeUnitResults **results, GError **error)
{
    return inner->run(world, results, error);
}

static bool
run_retry(CeremonyWorld *world, TkeUnitResults **results, GError **error)
{
    unit_steps_refuse(world, STEP_SECOND, refused);
    return inner->run(world, results, error);
}

/* Refused by the first, so that it is the second in which it is to be undone. */
static bool
run_undo(CeremonyWorld *world, TkeUnitResults **results, GError **error)
{
    unit_steps_refuse(world, 0, refused);
    if (!inner->run(world, results, error) &&
        g_error_matches(*error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_UNITS) &&
        strstr((*error)->message, "It was undone in") != NULL) {
        g_clear_error(error);
        return true;
    }
    ck_assert_msg(*error != NULL, "it was to be undone, and was done");
    return false;
}

static const StepUnits retry = { .name = "tried again",
                                 .hand = hand_retry,
                                 .run = run_retry,
                                 .hand_again = hand_plain,
                                 .run_again = run_plain,
                                 .from_choice = true };
static const StepUnits undo = { .name = "undone",
                                .hand = hand_undo,
                                .run = run_undo,
                                .hand_again = hand_plain,
                                .run_again = run_plain,
                                .from_choice = true,
                                .undoes = true };

static void
try_way(CeremonyWorld *world, const StepUnits *way, const StepUnits *step, unsigned command,
        UnitWayFaults faults)
{
    g_autofree char *name = g_strdup_printf("%s, %s", step->name, way->name);
    StepUnits whole = *way;

    whole.name = name;
    whole.is_done = step->is_done;
    inner = step;
    refused = command;
    faults(world, &whole);
}

void
unit_ways_retry(CeremonyWorld *world, const StepUnits *step, unsigned command, UnitWayFaults faults)
{
    try_way(world, &retry, step, command, faults);
}

void
unit_ways_undo(CeremonyWorld *world, const StepUnits *step, unsigned command, UnitWayFaults faults)
{
    try_way(world, &undo, step, command, faults);
}
