/*
 * Identifiers are copied with a button beside them, by mouse or keyboard; that it is done is said
 * and told.
 */
#pragma once

#include <gtk/gtk.h>

/*
 * Puts a button beside the label, which stands in a box or grid. what names it ("Card
 * identifier"). The button is there while the label has an identifier in it, and copies that alone.
 */
void tke_ui_copy_button_add(GtkWidget *label, const char *what);
