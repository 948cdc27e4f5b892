/*
 * Pages of a text of fixed-width lines, with a title and page numbers: printed, or as a PDF.
 */
#pragma once

#include <gtk/gtk.h>

/* The bytes of a PDF of A4 pages; on any thread. */
GByteArray *tke_ui_text_pdf(const char *title, const char *text, GError **error);

/* What prints the pages, not begun; the caller unrefs. */
GtkPrintOperation *tke_ui_text_print_new(const char *title, const char *text);

/* Asks for the printer, then prints. */
void tke_ui_text_print(GtkWindow *parent, const char *title, const char *text);
