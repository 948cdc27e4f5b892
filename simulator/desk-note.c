/*
 * What people write on a card of a rehearsal: sticker and back.
 */
#include <glib/gi18n-lib.h>

#include "simulator/desk-dialog.h"

typedef struct Note {
    SimDeskWindow *window;
    char *label;
    GtkEntry *front;
    GtkEntry *back;
} Note;

static void
on_response(GtkDialog *dialog, gint response, gpointer data)
{
    const Note *note = data;

    if (response == GTK_RESPONSE_OK) {
        sim_desk_window_send(note->window,
                             sim_desk_order_note(note->label, gtk_entry_get_text(note->front),
                                                 gtk_entry_get_text(note->back)));
    }
    gtk_widget_destroy(GTK_WIDGET(dialog));
}

static void
free_note(gpointer data, GClosure *closure)
{
    Note *note = data;

    (void) closure;
    g_free(note->label);
    g_free(note);
}

void
sim_desk_dialog_note(SimDeskWindow *window, const char *label)
{
    const SimDeskCard *card = sim_desk_world_find_card(sim_desk_window_get_world(window), label);
    g_autoptr(GtkBuilder) builder = NULL;
    GtkWidget *dialog = NULL;
    Note *note = NULL;

    if (card == NULL) {
        return;
    }
    builder = sim_desk_dialog_build(window, "desk-note");
    dialog = GTK_WIDGET(gtk_builder_get_object(builder, "dialog"));
    note = g_new0(Note, 1);
    note->window = window;
    note->label = g_strdup(label);
    note->front = GTK_ENTRY(gtk_builder_get_object(builder, "front"));
    note->back = GTK_ENTRY(gtk_builder_get_object(builder, "back"));
    gtk_entry_set_placeholder_text(note->front, card->label);
    gtk_entry_set_text(note->front, card->front);
    gtk_entry_set_text(note->back, card->back);
    g_signal_connect_data(dialog, "response", G_CALLBACK(on_response), note, free_note, 0);
    gtk_widget_show(dialog);
}
