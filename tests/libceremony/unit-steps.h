/*
 * Operations on crypto units as the step fault tests try them, in a world of two units with three
 * administrators and three key parts on cards "admin-1" …, "part-1" ….
 */
#pragma once

#include "tests/libceremony/step-faults.h"

#define UNIT_STEPS_UNITS 2u
#define UNIT_STEPS_PARTS 2u

/* In imprint mode, without administrators. */
CeremonyWorld *unit_steps_world(void);
/* Administrators 1 and 2, both thresholds 2. */
CeremonyWorld *unit_steps_secured_world(void);

/* Does the step as people do it, without a fault. */
void unit_steps_really(CeremonyWorld *world, const StepUnits *step);

/* Each adds one: how many there are in each unit is set by unit_steps_want_admins. */
extern const StepUnits unit_step_add_first;
extern const StepUnits unit_step_add_second;
extern const StepUnits unit_step_add_third; /* two signatures */
extern const StepUnits unit_step_remove_third;
void unit_steps_want_admins(unsigned n_admins);

extern const StepUnits unit_step_thresholds; /* 2 and 2; ends imprint mode */
extern const StepUnits unit_step_lower;      /* from 2 and 2 to 1 and 1 */

/* Parts 1 and 2: the key whose pattern unit_steps_learn_key has noted. */
extern const StepUnits unit_step_load;
extern const StepUnits unit_step_commit;
extern const StepUnits unit_step_set_immediate;
extern const StepUnits unit_step_clear_new;
extern const StepUnits unit_step_clear_current;
extern const StepUnits unit_step_zeroize;

/* Loads these parts, notes the pattern of the key they make, and clears it again, in another
 * process. */
void unit_steps_learn_key(CeremonyWorld *world, const char *first, const char *second);
/* The new register holds that key; nothing; that or another one. */
bool unit_steps_holds_key(SimUnit *unit);
bool unit_steps_is_empty(SimUnit *unit);

/* Loads with the cards in the operator's hands, of any parts. */
bool unit_steps_run_load(CeremonyWorld *world, TkeUnitResults **results, GError **error);
void unit_steps_hand_load(CeremonyWorld *world);

/* The unit, from 0, refuses the next command of that kind. */
void unit_steps_refuse(CeremonyWorld *world, unsigned index, unsigned command);
/* Parts 1 and 2 are loaded into all units but this one, from 0; it is noted as unfinished. */
void unit_steps_load_but(CeremonyWorld *world, unsigned index);

/*
 * For at_choice: what an operator wants who finds new registers that are not empty. The key that
 * is wanted is kept, or loaded into the rest too; another one is cleared.
 */
void unit_steps_choose_as_found(CeremonyWorld *world);
