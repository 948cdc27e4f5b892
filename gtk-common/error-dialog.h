/*
 * TkeUiErrorDialog: what went wrong outside a procedure, and what to do next.
 */
#pragma once

#include <gtk/gtk.h>

#define TKE_UI_TYPE_ERROR_DIALOG (tke_ui_error_dialog_get_type())
G_DECLARE_FINAL_TYPE(TkeUiErrorDialog, tke_ui_error_dialog, TKE_UI, ERROR_DIALOG, GtkMessageDialog)

/* Shows and forgets: the dialog goes away when it is closed. headline: translated. */
void tke_ui_error_dialog_show(GtkWindow *parent, const char *headline, const GError *error);
