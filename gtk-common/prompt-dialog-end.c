/*
 * The dialog of a procedure: how it ended, and what comes next.
 */
#include <glib/gi18n.h>

#include "gtk-common/copy-button.h"
#include "gtk-common/details.h"
#include "gtk-common/grid.h"
#include "gtk-common/identifiers.h"
#include "gtk-common/prompt-dialog-private.h"

void
tke_ui_prompt_dialog_show_error(TkeUiPromptDialog *dialog, const char *headline,
                                const char *message, const char *advice, const TkeUiRemedy *remedy)
{
    tke_ui_prompt_dialog_begin_page(dialog, TKE_UI_PAGE_ERROR, "failed", headline, advice);
    tke_ui_prompt_dialog_set_label(dialog->reason, message);
    tke_ui_prompt_dialog_set_other(dialog, remedy->action);
    tke_ui_prompt_dialog_set_buttons(dialog, _("_Stop"), remedy->label, remedy->again, false);
}

void
tke_ui_prompt_dialog_set_details(TkeUiPromptDialog *dialog, const GError *error)
{
    tke_ui_details_set_error(TKE_UI_DETAILS(dialog->details), error);
}

void
tke_ui_prompt_dialog_show_stopped(TkeUiPromptDialog *dialog, const char *headline,
                                  const char *message, const TkeUiRemedy *remedy)
{
    tke_ui_prompt_dialog_begin_page(dialog, TKE_UI_PAGE_STOPPED, "stopped",
                                    headline != NULL ? headline : _("Stopped"), NULL);
    tke_ui_prompt_dialog_set_label(dialog->reason, message);
    tke_ui_prompt_dialog_set_other(dialog, remedy != NULL ? remedy->action : NULL);
    tke_ui_prompt_dialog_set_buttons(dialog, _("_Close"), remedy != NULL ? remedy->label : NULL,
                                     NULL, false);
}

static GtkWidget *
make_row_label(const char *text, bool value)
{
    GtkWidget *label = gtk_label_new(NULL);

    tke_ui_identifiers_set_text(GTK_LABEL(label), text);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_line_wrap(GTK_LABEL(label), value);
    gtk_label_set_selectable(GTK_LABEL(label), value);
    gtk_widget_set_valign(label, GTK_ALIGN_START);
    gtk_style_context_add_class(gtk_widget_get_style_context(label),
                                value ? "tke-big" : "tke-quiet");
    return label;
}

void
tke_ui_prompt_dialog_show_summary(TkeUiPromptDialog *dialog, const TkeUiSummary *summary)
{
    GtkWidget *grid = tke_ui_grid_new();

    tke_ui_prompt_dialog_begin_page(dialog, TKE_UI_PAGE_SUMMARY, "done", summary->headline,
                                    summary->text);
    gtk_grid_set_row_spacing(GTK_GRID(grid), 6);
    gtk_grid_set_column_spacing(GTK_GRID(grid), 12);
    for (guint i = 0; i + 1 < summary->rows->len; i += 2) {
        GtkWidget *value = make_row_label(summary->rows->pdata[i + 1], true);

        gtk_grid_attach(GTK_GRID(grid), make_row_label(summary->rows->pdata[i], false), 0,
                        (int) i / 2, 1, 1);
        gtk_grid_attach(GTK_GRID(grid), value, 1, (int) i / 2, 1, 1);
        tke_ui_copy_button_add(value, summary->rows->pdata[i]);
    }
    tke_ui_prompt_dialog_add(dialog, grid);
    g_free(dialog->next_action);
    dialog->next_action = g_strdup(summary->next_action);
    tke_ui_prompt_dialog_set_other(dialog, summary->other_action);
    tke_ui_prompt_dialog_set_buttons(dialog, _("_Close"), summary->other_label, summary->next_label,
                                     false);
    tke_ui_prompt_dialog_set_label(dialog->steps, NULL);
}
