/*
 * TkeUiFormGrid: the fields of a form as widgets, two columns; every control carries its label.
 */
#pragma once

#include <gtk/gtk.h>
#include <stdbool.h>

#include "gtk-common/form.h"
#include "gtk-common/grid.h"

#define TKE_UI_TYPE_FORM_GRID (tke_ui_form_grid_get_type())
G_DECLARE_FINAL_TYPE(TkeUiFormGrid, tke_ui_form_grid, TKE_UI, FORM_GRID, TkeUiGrid)

GtkWidget *tke_ui_form_grid_new(void);

/* The grid has a signal "changed": after every change of an answer. */

/* Shows the fields of the form, which is borrowed until the next call; NULL: none. */
void tke_ui_form_grid_set_form(TkeUiFormGrid *grid, TkeUiForm *form);

/* False while the form is one of a change and no description differs from what it is now. */
bool tke_ui_form_grid_is_ready(TkeUiFormGrid *grid);

/*
 * Writes what was entered into the form. Otherwise says which field is wrong (translated), and
 * puts the cursor there. An empty description is wrong once: asked again, it is taken.
 */
bool tke_ui_form_grid_take(TkeUiFormGrid *grid, char **wrong);
