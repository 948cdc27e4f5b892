/*
 * What an operator does about a step that was done in some units only (functions 3.2, P-7), as the
 * step fault tests try it: from the choice on. What comes before is the step itself.
 */
#pragma once

#include "tests/libceremony/unit-steps.h"

/* step_faults_units, …_unit_cards, …_unit_prompts */
typedef void (*UnitWayFaults)(CeremonyWorld *world, const StepUnits *step);

/* The second unit refuses the command of the step once; it is tried again there. */
void unit_ways_retry(CeremonyWorld *world, const StepUnits *step, unsigned command,
                     UnitWayFaults faults);

/* The first unit refuses it; it is undone in the second. */
void unit_ways_undo(CeremonyWorld *world, const StepUnits *step, unsigned command,
                    UnitWayFaults faults);
