/*
 * Prints a text of fixed-width lines, with a title and page numbers; "print to file" makes a PDF of it.
 */
#pragma once

#include <gtk/gtk.h>

void tke_ui_text_print(GtkWindow *parent, const char *title, const char *text);
