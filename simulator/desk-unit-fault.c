/*
 * How the service or a crypto unit is to misbehave: the faults of simulator/sim-service-faults.h.
 */
#include <glib/gi18n-lib.h>

#include "simulator/desk-dialog.h"

static const struct {
    const char *fault;
    const char *words;
} faults[] = {
    { "drop-before", N_("Connection lost, nothing was carried out") },
    { "drop-after", N_("Answer lost, the request was carried out") },
    { "silence", N_("No answer, nothing was carried out") },
    { "silence-after", N_("No answer, the request was carried out") },
    { "http", N_("The service has an error (HTTP 500)") },
    { "expire-tokens", N_("The login has expired") },
    { "garbage", N_("A wrong answer") },
    { "bad-json", N_("An answer that ends too early") },
    { "oversized", N_("An answer that is too long") },
    { "cut", N_("Half an answer") },
    { "truncated", N_("The response of the crypto unit ends too early") },
    { "htp-error", N_("The crypto unit cannot be reached behind the service") },
    { "code", N_("The crypto unit refuses the command") },
    { "bad-signature", N_("The signature of the response is wrong") },
    { "no-signature", N_("The response is not signed") },
    { "stale-counter", N_("An old response again") },
    { "wrong-serial", N_("The response of another crypto unit") },
    { "wrong-module", N_("The response of another module instance") },
    { "wrong-domain", N_("The response of another domain") },
    { "wrong-command", N_("The response to another command") },
    { "wrong-pattern", N_("The unsigned information shows another key") },
    { "forged-chain", N_("The module is not genuine: other root key") },
    { "forged-root", N_("The module is not genuine: forged certificates") },
};

typedef struct Question {
    SimDeskWindow *window;
    GtkComboBox *fault;
    GtkComboBox *unit;
    GtkSpinButton *skip;
    GtkSpinButton *count;
} Question;

static void
on_response(GtkDialog *dialog, gint response, gpointer data)
{
    const Question *question = data;

    if (response == GTK_RESPONSE_OK) {
        sim_desk_window_send(question->window,
                             sim_desk_order_unit_fault(
                                 gtk_combo_box_get_active_id(question->fault),
                                 (unsigned) gtk_combo_box_get_active(question->unit),
                                 (unsigned) gtk_spin_button_get_value_as_int(question->skip),
                                 (unsigned) gtk_spin_button_get_value_as_int(question->count)));
    }
    gtk_widget_destroy(GTK_WIDGET(dialog));
}

static void
free_question(gpointer data, GClosure *closure)
{
    (void) closure;
    g_free(data);
}

static void
fill_units(const Question *question)
{
    const SimDeskWorld *world = sim_desk_window_get_world(question->window);

    gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(question->unit), _("any"));
    for (unsigned i = 0; i < world->units->len; i++) {
        const SimDeskUnit *unit = g_ptr_array_index(world->units, i);
        g_autofree char *text = g_strdup_printf("%u  %s (%s)", i + 1, unit->location, unit->kind);

        gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(question->unit), text);
    }
    gtk_combo_box_set_active(question->unit, 0);
}

void
sim_desk_dialog_unit_fault(SimDeskWindow *window)
{
    g_autoptr(GtkBuilder) builder = sim_desk_dialog_build(window, "desk-unit-fault");
    GtkWidget *dialog = GTK_WIDGET(gtk_builder_get_object(builder, "dialog"));
    Question *question = g_new0(Question, 1);

    question->window = window;
    question->fault = GTK_COMBO_BOX(gtk_builder_get_object(builder, "fault"));
    question->unit = GTK_COMBO_BOX(gtk_builder_get_object(builder, "unit"));
    question->skip = GTK_SPIN_BUTTON(gtk_builder_get_object(builder, "skip"));
    question->count = GTK_SPIN_BUTTON(gtk_builder_get_object(builder, "count"));
    for (size_t i = 0; i < G_N_ELEMENTS(faults); i++) {
        gtk_combo_box_text_append(GTK_COMBO_BOX_TEXT(question->fault), faults[i].fault,
                                  _(faults[i].words));
    }
    gtk_combo_box_set_active(question->fault, 0);
    fill_units(question);
    g_signal_connect_data(dialog, "response", G_CALLBACK(on_response), question, free_question, 0);
    gtk_widget_show(dialog);
}
