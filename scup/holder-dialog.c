/*
 * Holder and place of one card.
 */
#include "scup/holder-dialog.h"

#include <glib/gi18n.h>

#include "gtk-common/grid.h"
#include "libceremony/card-plan-notes.h"

typedef struct Question {
    TkePlanCard place; /* which card it is */
    GtkWidget *holder, *stored;
    ScupHolderDone done;
    gpointer data;
} Question;

static void
question_free(gpointer data, GClosure *closure)
{
    (void) closure;
    g_free(data);
}

static void
on_response(GtkDialog *dialog, int response, gpointer data)
{
    const Question *question = data;

    if (response == GTK_RESPONSE_ACCEPT) {
        question->done(&question->place, gtk_entry_get_text(GTK_ENTRY(question->holder)),
                       gtk_entry_get_text(GTK_ENTRY(question->stored)), question->data);
    }
    gtk_widget_destroy(GTK_WIDGET(dialog));
}

static GtkWidget *
add_entry(GtkWidget *grid, int row, const char *text, const char *name, const char *value)
{
    GtkWidget *label = gtk_label_new_with_mnemonic(text);
    GtkWidget *entry = gtk_entry_new();

    gtk_label_set_mnemonic_widget(GTK_LABEL(label), entry);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_entry_set_max_length(GTK_ENTRY(entry), TKE_CARD_PLAN_NOTE_MAX);
    gtk_entry_set_width_chars(GTK_ENTRY(entry), 36);
    gtk_entry_set_activates_default(GTK_ENTRY(entry), TRUE);
    gtk_entry_set_text(GTK_ENTRY(entry), value != NULL ? value : "");
    gtk_widget_set_hexpand(entry, TRUE);
    atk_object_set_name(gtk_widget_get_accessible(entry), name);
    gtk_grid_attach(GTK_GRID(grid), label, 0, row, 1, 1);
    gtk_grid_attach(GTK_GRID(grid), entry, 1, row, 1, 1);
    return entry;
}

static GtkWidget *
make_form(const TkePlanCard *place, Question *question)
{
    g_autofree char *name = tke_card_plan_label(place);
    GtkWidget *grid = tke_ui_grid_new();
    GtkWidget *title = gtk_label_new(name);

    gtk_label_set_xalign(GTK_LABEL(title), 0);
    gtk_label_set_line_wrap(GTK_LABEL(title), TRUE);
    gtk_style_context_add_class(gtk_widget_get_style_context(title), "tke-headline");
    gtk_grid_set_row_spacing(GTK_GRID(grid), 6);
    gtk_grid_set_column_spacing(GTK_GRID(grid), 12);
    gtk_container_set_border_width(GTK_CONTAINER(grid), 12);
    gtk_grid_attach(GTK_GRID(grid), title, 0, 0, 2, 1);
    question->holder = add_entry(grid, 1, _("_Holder"), _("Holder"), place->holder);
    question->stored = add_entry(grid, 2, _("Stored _at"), _("Stored at"), place->stored);
    return grid;
}

void
scup_holder_dialog_show(GtkWindow *parent, const TkePlanCard *place, ScupHolderDone done,
                        gpointer data)
{
    GtkWidget *dialog = gtk_dialog_new_with_buttons(
        _("Holder and place"), parent, GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT,
        _("_Cancel"), GTK_RESPONSE_CANCEL, _("_Save"), GTK_RESPONSE_ACCEPT, NULL);
    GtkWidget *save = gtk_dialog_get_widget_for_response(GTK_DIALOG(dialog), GTK_RESPONSE_ACCEPT);
    Question *question = g_new0(Question, 1);

    question->place =
        (TkePlanCard){ .kind = place->kind, .number = place->number, .backup = place->backup };
    question->done = done;
    question->data = data;
    gtk_container_add(GTK_CONTAINER(gtk_dialog_get_content_area(GTK_DIALOG(dialog))),
                      make_form(place, question));
    gtk_container_set_border_width(GTK_CONTAINER(gtk_widget_get_parent(save)), 12);
    gtk_style_context_add_class(gtk_widget_get_style_context(save), "suggested-action");
    gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_ACCEPT);
    g_signal_connect_data(dialog, "response", G_CALLBACK(on_response), question, question_free, 0);
    gtk_widget_show_all(dialog);
}
