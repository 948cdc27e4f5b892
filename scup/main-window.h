/*
 * ScupMainWindow: the menu bar, a pane for each reader, the line below.
 */
#pragma once

#include <gtk/gtk.h>
#include <stdbool.h>

#include "scup/cards.h"

#define SCUP_TYPE_MAIN_WINDOW (scup_main_window_get_type())
G_DECLARE_FINAL_TYPE(ScupMainWindow, scup_main_window, SCUP, MAIN_WINDOW, GtkApplicationWindow)

GtkWidget *scup_main_window_new(GtkApplication *app, ScupCards *cards, bool rehearsal);
