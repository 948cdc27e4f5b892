/*
 * TkeUiErrorDialog: what went wrong outside a procedure, and what to do next.
 */
#pragma once

#include <gtk/gtk.h>

/* Shows and forgets: the dialog goes away when it is closed. headline: translated. */
void tke_ui_error_dialog_show(GtkWindow *parent, const char *headline, const GError *error);
