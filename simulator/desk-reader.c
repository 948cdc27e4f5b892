/*
 * A card reader on the virtual desk.
 */
#include "simulator/desk-reader.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "simulator/desk-card.h"
#include "simulator/desk-draw.h"

#define LOW_S 5u /* the countdown is marked */

struct _SimDeskReaderView {
    GtkBox parent_instance;
    GtkWidget *slot;
    GtkWidget *picture;
    GtkWidget *housing;
    GtkLabel *title;
    GtkLabel *state;
    GtkWidget *pad;
    GtkGrid *keys;
    GtkWidget *clear;
    GtkWidget *display;
    GtkLabel *prompt;
    GtkLabel *dots;
    GtkLabel *left;
    GtkLabel *hint;
    GtkProgressBar *countdown;
    unsigned number;
    const SimDeskWorld *world;
    const SimDeskReader *reader;
};

G_DEFINE_TYPE(SimDeskReaderView, sim_desk_reader_view, GTK_TYPE_BOX)

static const SimDeskCard *
get_card(const SimDeskReaderView *view)
{
    return view->reader == NULL ? NULL : sim_desk_world_find_card(view->world, view->reader->card);
}

/* ---- slot ---- */

static gboolean
draw_slot(GtkWidget *picture, cairo_t *cr, gpointer data)
{
    const SimDeskReaderView *view = data;
    const SimDeskCard *card = get_card(view);
    const int width = gtk_widget_get_allocated_width(picture);

    cairo_translate(cr, (width - SIM_DESK_CARD_WIDTH) / 2.0, 2);
    if (card != NULL) {
        sim_desk_draw_card(picture, cr, card, SIM_DESK_INSERTED);
    } else {
        sim_desk_draw_outline(picture, cr);
    }
    return TRUE;
}

static const SimDeskCard *
card_to_drag(GtkWidget *slot)
{
    GtkWidget *view = gtk_widget_get_ancestor(slot, SIM_DESK_TYPE_READER_VIEW);

    return view == NULL ? NULL : get_card(SIM_DESK_READER_VIEW(view));
}

static void
prepare_slot(SimDeskReaderView *view)
{
    g_signal_connect(view->picture, "draw", G_CALLBACK(draw_slot), view);
    gtk_actionable_set_action_target(GTK_ACTIONABLE(view->slot), "u", view->number);
    gtk_actionable_set_action_name(GTK_ACTIONABLE(view->slot), "desk.slot");
    sim_desk_card_drag_source(view->slot, card_to_drag);
    sim_desk_card_drop_target(GTK_WIDGET(view), view->number);
}

/* ---- keys ---- */

typedef struct Key {
    const char *label;
    const char *key;
    const char *class;
    const char *name; /* for a screen reader; NULL: the label */
    int column, row;
} Key;

static const Key keys[] = {
    { "1", "1", NULL, NULL, 0, 0 }, { "2", "2", NULL, NULL, 1, 0 },
    { "3", "3", NULL, NULL, 2, 0 }, { "4", "4", NULL, NULL, 0, 1 },
    { "5", "5", NULL, NULL, 1, 1 }, { "6", "6", NULL, NULL, 2, 1 },
    { "7", "7", NULL, NULL, 0, 2 }, { "8", "8", NULL, NULL, 1, 2 },
    { "9", "9", NULL, NULL, 2, 2 }, { "✕", "C", "desk-cancel", N_("Cancel"), 0, 3 },
    { "0", "0", NULL, NULL, 1, 3 }, { "⏎", "E", "desk-confirm", N_("Confirm"), 2, 3 },
};

/* Name and action of a key; its reader is in the name, so that two pads can be told apart. */
static void
bind_key(const SimDeskReaderView *view, GtkWidget *button, const char *key, const char *word)
{
    g_autofree char *name = g_strdup_printf(_("%s, reader %u"), word, view->number);

    gtk_actionable_set_action_target(GTK_ACTIONABLE(button), "(us)", view->number, key);
    gtk_actionable_set_action_name(GTK_ACTIONABLE(button), "desk.key");
    atk_object_set_name(gtk_widget_get_accessible(button), name);
}

static void
make_keys(SimDeskReaderView *view)
{
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        GtkWidget *button = gtk_button_new_with_label(keys[i].label);
        GtkStyleContext *style = gtk_widget_get_style_context(button);

        gtk_style_context_add_class(style, "desk-key");
        if (keys[i].class != NULL) {
            gtk_style_context_add_class(style, keys[i].class);
        }
        gtk_widget_set_focus_on_click(button, FALSE);
        bind_key(view, button, keys[i].key, keys[i].name == NULL ? keys[i].label : _(keys[i].name));
        if (keys[i].name != NULL) {
            gtk_widget_set_tooltip_text(button, _(keys[i].name));
        }
        gtk_grid_attach(view->keys, button, keys[i].column, keys[i].row, 1, 1);
        gtk_widget_show(button);
    }
    bind_key(view, view->clear, "X", _("Clear"));
}

/* ---- the widget ---- */

static void
sim_desk_reader_view_class_init(SimDeskReaderViewClass *klass)
{
    GtkWidgetClass *widget = GTK_WIDGET_CLASS(klass);

    gtk_widget_class_set_template_from_resource(widget, "/opentke/desk/desk-reader.ui");
    gtk_widget_class_bind_template_child(widget, SimDeskReaderView, slot);
    gtk_widget_class_bind_template_child(widget, SimDeskReaderView, picture);
    gtk_widget_class_bind_template_child(widget, SimDeskReaderView, housing);
    gtk_widget_class_bind_template_child(widget, SimDeskReaderView, title);
    gtk_widget_class_bind_template_child(widget, SimDeskReaderView, state);
    gtk_widget_class_bind_template_child(widget, SimDeskReaderView, pad);
    gtk_widget_class_bind_template_child(widget, SimDeskReaderView, keys);
    gtk_widget_class_bind_template_child(widget, SimDeskReaderView, clear);
    gtk_widget_class_bind_template_child(widget, SimDeskReaderView, display);
    gtk_widget_class_bind_template_child(widget, SimDeskReaderView, prompt);
    gtk_widget_class_bind_template_child(widget, SimDeskReaderView, dots);
    gtk_widget_class_bind_template_child(widget, SimDeskReaderView, left);
    gtk_widget_class_bind_template_child(widget, SimDeskReaderView, hint);
    gtk_widget_class_bind_template_child(widget, SimDeskReaderView, countdown);
}

static void
sim_desk_reader_view_init(SimDeskReaderView *view)
{
    gtk_widget_init_template(GTK_WIDGET(view));
}

/* A name for a screen reader; takes it. */
static void
name_widget(GtkWidget *widget, char *name)
{
    atk_object_set_name(gtk_widget_get_accessible(widget), name);
    g_free(name);
}

GtkWidget *
sim_desk_reader_view_new(unsigned number)
{
    SimDeskReaderView *view = g_object_new(SIM_DESK_TYPE_READER_VIEW, NULL);
    /* The digit is the mnemonic where it is one key. */
    g_autofree char *title = number < 10 ? g_strdup_printf(_("Reader _%u"), number)
                                         : g_strdup_printf(_("Reader %u"), number);

    view->number = number;
    gtk_label_set_text_with_mnemonic(view->title, title);
    name_widget(GTK_WIDGET(view->prompt), g_strdup_printf(_("Display of reader %u"), number));
    name_widget(GTK_WIDGET(view->dots), g_strdup_printf(_("Digits typed, reader %u"), number));
    name_widget(GTK_WIDGET(view->left), g_strdup_printf(_("Time left, reader %u"), number));
    name_widget(GTK_WIDGET(view->countdown),
                g_strdup_printf(_("Part of the time left, reader %u"), number));
    name_widget(GTK_WIDGET(view->hint), g_strdup_printf(_("Hint, reader %u"), number));
    name_widget(GTK_WIDGET(view->state), g_strdup_printf(_("State of reader %u"), number));
    prepare_slot(view);
    make_keys(view);
    return GTK_WIDGET(view);
}

unsigned
sim_desk_reader_view_get_number(const SimDeskReaderView *view)
{
    return view->number;
}

/* Adds or removes a style class. */
static void
mark(GtkWidget *widget, const char *class, bool on)
{
    GtkStyleContext *style = gtk_widget_get_style_context(widget);

    if (on) {
        gtk_style_context_add_class(style, class);
    } else {
        gtk_style_context_remove_class(style, class);
    }
}

void
sim_desk_reader_view_tick(SimDeskReaderView *view)
{
    const SimDeskPad *pad = view->reader == NULL ? NULL : &view->reader->pad;
    unsigned left_s = 0;
    g_autofree char *text = NULL;
    double fraction = 0;

    if (pad != NULL && pad->asking) {
        const gint64 left_us = pad->end_us - g_get_monotonic_time();

        left_s = sim_desk_pad_left_s(pad, g_get_monotonic_time());
        text = g_strdup_printf("%u:%02u", left_s / 60, left_s % 60);
        fraction = pad->all_ms == 0 ? 0 : (double) left_us / 1000.0 / pad->all_ms;
    }
    gtk_label_set_text(view->left, text == NULL ? "" : text);
    gtk_progress_bar_set_fraction(view->countdown, CLAMP(fraction, 0, 1));
    mark(GTK_WIDGET(view->countdown), "desk-low", text != NULL && left_s <= LOW_S);
}

/* What helps to type: where the keyboard types, what is noted on the card. */
static char *
dup_hint(const SimDeskReaderView *view, const SimDeskHand *hand)
{
    const SimDeskCard *card = get_card(view);
    g_autofree char *faults = sim_desk_reader_dup_faults(view->reader);
    GString *text = g_string_new(NULL);

    if (!view->reader->pin_pad) {
        g_string_append(text, _("This reader has no PIN pad."));
    } else if (hand->typing == view->number) {
        g_string_append(text, _("⌨ The keyboard types here."));
    }
    if (*faults != '\0') {
        g_string_append_printf(text, "%s⚠ %s", text->len == 0 ? "" : "\n", faults);
    }
    if (hand->backs && card != NULL && *card->back != '\0') {
        g_string_append_printf(text, _("%sNote: %s"), text->len == 0 ? "" : "\n", card->back);
    }
    return g_string_free(text, FALSE);
}

static void
show_pad(SimDeskReaderView *view, const SimDeskHand *hand)
{
    const SimDeskPad *pad = &view->reader->pad;
    const bool was_lit = gtk_widget_get_sensitive(GTK_WIDGET(view->keys));
    GtkWidget *window = gtk_widget_get_toplevel(GTK_WIDGET(view));
    GtkWidget *focus = GTK_IS_WINDOW(window) ? gtk_window_get_focus(GTK_WINDOW(window)) : NULL;
    g_autofree char *prompt = sim_desk_pad_dup_prompt(pad);
    g_autofree char *dots = sim_desk_pad_dup_dots(pad);
    g_autofree char *hint = dup_hint(view, hand);

    /* The focus is never lost: from a key that goes dark it goes to the slot. */
    if (was_lit && !pad->asking && focus != NULL &&
        gtk_widget_is_ancestor(focus, GTK_WIDGET(view))) {
        gtk_widget_grab_focus(view->slot);
    }
    gtk_widget_set_sensitive(GTK_WIDGET(view->keys), pad->asking);
    gtk_widget_set_sensitive(view->clear, pad->asking);
    mark(GTK_WIDGET(view), "desk-lit", pad->asking);
    mark(GTK_WIDGET(view), "desk-typing", pad->asking && hand->typing == view->number);
    gtk_label_set_text(view->prompt, prompt);
    gtk_label_set_text(view->dots, dots);
    gtk_label_set_text(view->hint, hint);
    gtk_widget_set_visible(GTK_WIDGET(view->keys), view->reader->pin_pad);
    gtk_widget_set_visible(view->clear, view->reader->pin_pad);
    gtk_widget_set_visible(view->display, view->reader->pin_pad);
    sim_desk_reader_view_tick(view);
}

void
sim_desk_reader_view_set(SimDeskReaderView *view, const SimDeskWorld *world,
                         const SimDeskReader *reader, const SimDeskHand *hand)
{
    g_autofree char *offer = sim_desk_reader_dup_offer(world, reader, hand->card);
    g_autofree char *name = sim_desk_reader_dup_name(world, reader);
    AtkObject *accessible = gtk_widget_get_accessible(view->slot);
    const char *state = sim_desk_reader_get_state(world, reader);

    view->world = world;
    view->reader = reader;
    gtk_label_set_text(view->state, state);
    gtk_widget_set_tooltip_text(GTK_WIDGET(view->state), state);
    gtk_widget_set_tooltip_text(view->slot, offer);
    gtk_widget_set_tooltip_text(GTK_WIDGET(view->title), reader->name);
    if (g_strcmp0(atk_object_get_name(accessible), name) != 0) {
        atk_object_set_name(accessible, name);
    }
    if (g_strcmp0(atk_object_get_description(accessible), offer) != 0) {
        atk_object_set_description(accessible, offer);
    }
    mark(GTK_WIDGET(view), "desk-unplugged", !reader->plugged);
    mark(view->slot, "desk-offer", hand->card != NULL);
    show_pad(view, hand);
    gtk_widget_queue_draw(view->picture);
}
