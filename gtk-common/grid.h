/*
 * TkeUiGrid: a GtkGrid that is read in rows.
 *
 * GTK lists the children of a grid last one first, and so a screen reader reads it from bottom to
 * top. Here they are listed from top to bottom, from left to right, wherever in the file or
 * program they were attached.
 */
#pragma once

#include <gtk/gtk.h>

#define TKE_UI_TYPE_GRID (tke_ui_grid_get_type())
G_DECLARE_DERIVABLE_TYPE(TkeUiGrid, tke_ui_grid, TKE_UI, GRID, GtkGrid)

struct _TkeUiGridClass {
    GtkGridClass parent_class;
};

GtkWidget *tke_ui_grid_new(void);
