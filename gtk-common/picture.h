/*
 * Pictures of the project in windows: SVG from the program's resources, sharp at every scale.
 */
#pragma once

#include <gtk/gtk.h>
#include <stdbool.h>

/*
 * Shows gtk-common/pictures/NAME.svg so many pixels wide (before scaling); the height follows. A
 * screen reader is told what it shows, unless it only repeats the headline beside it.
 */
void tke_ui_picture_set(GtkImage *image, const char *name, int width);

/* Loads the programs' style sheet, once. */
void tke_ui_picture_load_style(void);
