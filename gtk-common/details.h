/*
 * TkeUiDetails: what support wants to know and no officer needs (status words, codes), folded away
 * until somebody opens it. Hidden while there is nothing to tell. Its label has no mnemonic,
 * because a window may have many; the owner of one alone gives it one.
 */
#pragma once

#include <gtk/gtk.h>

#define TKE_UI_TYPE_DETAILS (tke_ui_details_get_type())
G_DECLARE_FINAL_TYPE(TkeUiDetails, tke_ui_details, TKE_UI, DETAILS, GtkExpander)

/* The details of this error, folded; NULL, or an error without any: hides the widget. */
void tke_ui_details_set_error(TkeUiDetails *details, const GError *error);

/* The same with a text at hand; NULL hides the widget. A text that is shown already stays as it
 * is. */
void tke_ui_details_set_text(TkeUiDetails *details, const char *text);
