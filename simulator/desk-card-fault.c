/*
 * How a card is to misbehave: the faults of docs/rehearsal.md.
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "simulator/desk-dialog.h"
#include "simulator/desk-words.h"

#define FAULT_STATUS "status"

typedef struct Question {
    SimDeskWindow *window;
    GtkComboBox *card;
    GtkComboBox *fault;
    GtkSpinButton *after;
    GtkSpinButton *times;
    GtkEntry *sw;
    GtkWidget *ok;
} Question;

static bool
wants_sw(const Question *question)
{
    return g_strcmp0(gtk_combo_box_get_active_id(question->fault), FAULT_STATUS) == 0;
}

/* The status word of the entry; 0: none. */
static unsigned
read_sw(const Question *question)
{
    guint64 sw = 0;

    return g_ascii_string_to_unsigned(gtk_entry_get_text(question->sw), 16, 0x6000, 0x9FFF, &sw,
                                      NULL)
               ? (unsigned) sw
               : 0;
}

static void
look_at_fault(const Question *question)
{
    const bool sw = wants_sw(question);

    gtk_widget_set_sensitive(GTK_WIDGET(question->sw), sw);
    gtk_widget_set_sensitive(question->ok, !sw || read_sw(question) != 0);
}

static void
on_response(GtkDialog *dialog, gint response, gpointer data)
{
    const Question *question = data;
    const char *label = gtk_combo_box_get_active_id(question->card);

    if (response == GTK_RESPONSE_OK && label != NULL) {
        sim_desk_window_send(
            question->window,
            sim_desk_order_card_fault(label, gtk_combo_box_get_active_id(question->fault),
                                      (unsigned) gtk_spin_button_get_value_as_int(question->after),
                                      (unsigned) gtk_spin_button_get_value_as_int(question->times),
                                      wants_sw(question) ? read_sw(question) : 0));
    }
    gtk_widget_destroy(GTK_WIDGET(dialog));
}

static void
free_question(gpointer data, GClosure *closure)
{
    (void) closure;
    g_free(data);
}

/* All cards; the wanted one, else the first that is in a reader, else the first is chosen. */
static void
fill_cards(const Question *question, const char *wanted)
{
    const SimDeskWorld *world = sim_desk_window_get_world(question->window);
    const char *chosen = *wanted == '\0' ? NULL : wanted;

    for (unsigned i = 0; i < world->cards->len; i++) {
        const SimDeskCard *card = g_ptr_array_index(world->cards, i);
        g_autofree char *name = sim_desk_card_dup_name(card);

        gtk_combo_box_text_append(GTK_COMBO_BOX_TEXT(question->card), card->label, name);
        if (chosen == NULL && card->reader != 0) {
            chosen = card->label;
        }
    }
    if (chosen == NULL || !gtk_combo_box_set_active_id(question->card, chosen)) {
        gtk_combo_box_set_active(question->card, 0);
    }
}

void
sim_desk_dialog_card_fault(SimDeskWindow *window, const char *label)
{
    g_autoptr(GtkBuilder) builder = sim_desk_dialog_build(window, "desk-card-fault");
    GtkWidget *dialog = GTK_WIDGET(gtk_builder_get_object(builder, "dialog"));
    Question *question = g_new0(Question, 1);

    question->window = window;
    question->card = GTK_COMBO_BOX(gtk_builder_get_object(builder, "card"));
    question->fault = GTK_COMBO_BOX(gtk_builder_get_object(builder, "fault"));
    question->after = GTK_SPIN_BUTTON(gtk_builder_get_object(builder, "after"));
    question->times = GTK_SPIN_BUTTON(gtk_builder_get_object(builder, "times"));
    question->sw = GTK_ENTRY(gtk_builder_get_object(builder, "sw"));
    question->ok = GTK_WIDGET(gtk_builder_get_object(builder, "ok"));
    fill_cards(question, label);
    for (const SimDeskWord *word = sim_desk_card_faults; word->fault != NULL; word++) {
        gtk_combo_box_text_append(GTK_COMBO_BOX_TEXT(question->fault), word->fault, _(word->menu));
    }
    gtk_combo_box_set_active(question->fault, 0);
    look_at_fault(question);
    g_signal_connect_swapped(question->fault, "changed", G_CALLBACK(look_at_fault), question);
    g_signal_connect_swapped(question->sw, "changed", G_CALLBACK(look_at_fault), question);
    g_signal_connect_data(dialog, "response", G_CALLBACK(on_response), question, free_question, 0);
    gtk_widget_show(dialog);
}
