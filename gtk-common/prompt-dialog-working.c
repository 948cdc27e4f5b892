/*
 * The dialog of a procedure: what is being done, shown once it has lasted (look.md: nothing
 * flickers below 0.3 s).
 */
#include <glib/gi18n.h>

#include "gtk-common/patience.h"
#include "gtk-common/prompt-dialog-private.h"

/* The working page, whatever was there before. */
static void
draw_working(TkeUiPromptDialog *dialog)
{
    tke_ui_prompt_dialog_begin_page(dialog, TKE_UI_PAGE_WORKING, "working", dialog->what,
                                    _("Leave the cards where they are."));
    tke_ui_prompt_dialog_set_buttons(dialog, _("_Cancel"), NULL, NULL, false);
    if (dialog->stopping) {
        tke_ui_prompt_dialog_set_stopping(dialog);
    }
}

/* It has lasted. */
static gboolean
on_patience_ended(gpointer data)
{
    TkeUiPromptDialog *dialog = data;

    dialog->patience = 0;
    if (!dialog->working_shown) {
        draw_working(dialog);
    } else {
        tke_ui_prompt_dialog_set_label(dialog->headline, dialog->what);
    }
    if (!gtk_widget_get_visible(GTK_WIDGET(dialog))) {
        gtk_window_present(GTK_WINDOW(dialog));
    }
    return G_SOURCE_REMOVE;
}

void
tke_ui_prompt_dialog_set_working(TkeUiPromptDialog *dialog, const char *what)
{
    g_free(dialog->what);
    dialog->what = g_strdup(what);
    if (dialog->patience == 0) {
        dialog->patience = g_timeout_add(TKE_UI_PATIENCE_MS, on_patience_ended, dialog);
    }
}

void
tke_ui_prompt_dialog_show_working(TkeUiPromptDialog *dialog, const char *what)
{
    dialog->page = TKE_UI_PAGE_WORKING; /* what is pressed meanwhile is pressed there */
    tke_ui_prompt_dialog_stop_countdown(dialog);
    tke_ui_prompt_dialog_set_working(dialog, what);
    if (!gtk_widget_get_visible(GTK_WIDGET(dialog))) {
        draw_working(dialog); /* nothing is seen of it yet, but somebody may bring the window up */
        tke_ui_prompt_dialog_set_working(dialog, what);
    }
}
