/*
 * The ceremony that is rehearsed: from blank cards to valid master keys in all crypto units.
 */
#pragma once

#include <glib.h>
#include <stddef.h>

#include "simulator/officers-people.h"

/* Stands in a task for the numbers of the units that the ceremony is held for. */
#define SIM_OFFICERS_UNITS "UNITS"

/* The tasks of the half in which cards are made, each a command of its own, and of the half in
 * which crypto units are set up, typed into one tke shell. Constant. */
const SimOfficersTask *sim_officers_ceremony_get_card_tasks(size_t *n);
const SimOfficersTask *sim_officers_ceremony_get_unit_tasks(size_t *n);

/* The task with the numbers in place of SIM_OFFICERS_UNITS; borrows both. */
SimOfficersTask sim_officers_ceremony_for_units(const SimOfficersTask *task, const char *units);
