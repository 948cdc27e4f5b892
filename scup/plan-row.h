/*
 * A row of the planner: one card of the set, what is left to do with it, who has it and where.
 */
#pragma once

#include <gtk/gtk.h>

#include "libceremony/card-plan.h"

/*
 * The row at index of list, from 0. The keyboard goes from row to row, and a screen reader says
 * all that is in each. Activating it is meant to do what its button does: changed (GtkButton *,
 * data). A row that says this already stays: somebody may be about to click it, or hears it.
 */
void scup_plan_row_put(GtkListBox *list, int index, const TkePlanCard *place, GCallback changed,
                       gpointer data);

/* There are no rows from index on. */
void scup_plan_row_remove_from(GtkListBox *list, int index);
