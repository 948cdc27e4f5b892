/*
 * The focus of a window is never lost: where the control that has it goes away, is hidden or can
 * no longer be used, the focus goes to what takes its place, else to the nearest control that is
 * left.
 */
#pragma once

#include <gtk/gtk.h>

/* Watches over the focus of the window as long as it lives. */
void tke_ui_focus_keep(GtkWindow *window);
