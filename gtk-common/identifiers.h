/*
 * Identifiers inside sentences: the letters of code, and never broken at a hyphen (look.md).
 */
#pragma once

#include <gtk/gtk.h>

/* Sets the text of a label and marks the identifiers in it; what is copied from it stays as it
 * was. */
void tke_ui_identifiers_set_text(GtkLabel *label, const char *text);

/* The marks alone; freed by the caller with pango_attr_list_unref(). */
PangoAttrList *tke_ui_identifiers_attributes(const char *text);

/* The last identifier in the text (descriptions come first), in one line; NULL: there is none. To
 * be freed. */
char *tke_ui_identifiers_find(const char *text);
