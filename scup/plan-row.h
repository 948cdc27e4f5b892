/*
 * A row of the planner: one card of the set, what is left to do with it, who has it and where.
 */
#pragma once

#include <gtk/gtk.h>

#include "libceremony/card-plan.h"

/*
 * A GtkListBoxRow; the keyboard goes from row to row, and a screen reader says all that is in each. Activating it is
 * meant to do what its button does.
 */
GtkWidget *scup_plan_row_new(const TkePlanCard *place);

/* The button with which holder and place are changed. */
GtkWidget *scup_plan_row_get_button(GtkWidget *row);
