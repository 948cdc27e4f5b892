/*
 * Pages of a text of fixed-width lines, with a title and page numbers: printed, or as a PDF.
 */
#pragma once

#include <gtk/gtk.h>

/* The bytes of a PDF of A4 pages; on any thread. */
GByteArray *tke_ui_text_pdf(const char *title, const char *text, GError **error);

void tke_ui_text_print(GtkWindow *parent, const char *title, const char *text);
