/*
 * The virtual desk (look.md, "The virtual desk"): box of cards, readers, crypto units, faults.
 */
#include "simulator/desk-window.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "simulator/desk-actions.h"
#include "simulator/desk-card.h"
#include "simulator/desk-keys.h"
#include "simulator/desk-link.h"
#include "simulator/desk-menu.h"
#include "simulator/desk-place.h"
#include "simulator/desk-reader.h"

#define TICK_MS 250
#define TROUBLE "desk-trouble" /* class of the message: stays till a person does something else */
#define HANGS_MS 3000          /* of silence, until a person is told */

struct _SimDeskWindow {
    GtkApplicationWindow parent_instance;
    GtkWidget *lost_bar;
    GtkLabel *lost;
    GtkWidget *start;
    GtkWidget *table;
    GtkLabel *message;
    GtkScrolledWindow *tray;
    GtkScrolledWindow *place;
    GtkContainer *cards;
    GtkContainer *readers;
    GtkLabel *units;
    GtkLabel *faults;
    GtkMenuButton *fault_button;
    GSimpleActionGroup *actions;
    SimDeskLink *link;
    SimDeskWorld *world;
    GHashTable *turned; /* set of labels */
    char *hand;
    unsigned typing; /* the reader that the keyboard types on */
    unsigned calls;  /* of other desks, seen so far */
    bool connected;
    bool hangs;
    bool backs;
    guint tick;
};

G_DEFINE_TYPE(SimDeskWindow, sim_desk_window, GTK_TYPE_APPLICATION_WINDOW)

/* ---- showing the world ---- */

static SimDeskSide
side_of(const SimDeskWindow *self, const SimDeskCard *card)
{
    if (card->reader != 0) {
        return SIM_DESK_GAP;
    }
    return self->backs != g_hash_table_contains(self->turned, card->label) ? SIM_DESK_BACK
                                                                           : SIM_DESK_FRONT;
}

static gboolean
on_card_menu(GtkWidget *view, gpointer data)
{
    sim_desk_menu_popup_card(SIM_DESK_WINDOW(data), view, NULL);
    return TRUE;
}

static gboolean
on_card_button(GtkWidget *view, GdkEvent *event, gpointer data)
{
    if (!gdk_event_triggers_context_menu(event)) {
        return FALSE;
    }
    sim_desk_menu_popup_card(SIM_DESK_WINDOW(data), view, event);
    return TRUE;
}

static GtkWidget *
make_card(SimDeskWindow *self)
{
    GtkWidget *view = sim_desk_card_view_new();

    g_signal_connect(view, "popup-menu", G_CALLBACK(on_card_menu), self);
    g_signal_connect(view, "button-press-event", G_CALLBACK(on_card_button), self);
    return view;
}

/* As many children as there are cards, in their order; a world of before is not looked at. */
static void
show_cards(SimDeskWindow *self)
{
    g_autoptr(GList) children = gtk_container_get_children(self->cards);
    GList *item = children;

    for (unsigned i = 0; i < self->world->cards->len; i++) {
        const SimDeskCard *card = g_ptr_array_index(self->world->cards, i);
        GtkWidget *view = NULL;

        if (item != NULL) {
            view = sim_desk_place_content(item->data);
            item = item->next;
        } else {
            view = make_card(self);
            sim_desk_place_add(self->cards, view);
        }
        sim_desk_card_view_set(SIM_DESK_CARD_VIEW(view), card, side_of(self, card));
    }
    for (; item != NULL; item = item->next) {
        gtk_widget_destroy(item->data);
    }
}

static void
show_readers(SimDeskWindow *self)
{
    const SimDeskHand hand = { .card = self->hand, .typing = self->typing, .backs = self->backs };
    g_autoptr(GList) children = gtk_container_get_children(self->readers);
    GList *item = children;

    for (unsigned i = 0; i < self->world->readers->len; i++) {
        const SimDeskReader *reader = g_ptr_array_index(self->world->readers, i);
        GtkWidget *view = NULL;

        if (item != NULL) {
            view = sim_desk_place_content(item->data);
            item = item->next;
        } else {
            view = sim_desk_reader_view_new(reader->number);
            sim_desk_place_add(self->readers, view);
        }
        sim_desk_reader_view_set(SIM_DESK_READER_VIEW(view), self->world, reader, &hand);
        if (self->typing == reader->number) {
            sim_desk_place_reveal_entry(view, reader->number, reader->pad.number);
        }
    }
    for (; item != NULL; item = item->next) {
        gtk_widget_destroy(item->data);
    }
}

static void
show_footer(SimDeskWindow *self)
{
    g_autofree char *units = sim_desk_world_dup_units(self->world);
    g_autofree char *details = sim_desk_world_dup_units_details(self->world);
    g_autofree char *faults = sim_desk_world_dup_faults(self->world);

    gtk_label_set_text(self->units, units);
    gtk_widget_set_tooltip_text(GTK_WIDGET(self->units), details);
    gtk_label_set_text(self->faults, faults);
    gtk_widget_set_tooltip_text(GTK_WIDGET(self->faults), faults);
}

/* Everything anew from world, hand and sides. */
static void
show_world(SimDeskWindow *self)
{
    if (self->world == NULL) {
        return;
    }
    self->typing = sim_desk_world_typing(self->world, self->typing);
    show_cards(self);
    show_readers(self);
    show_footer(self);
    sim_desk_actions_update(self);
    sim_desk_menu_update(self->fault_button, self->world);
}

static void
show_connection(SimDeskWindow *self)
{
    const bool usable = self->connected && !self->hangs;

    gtk_info_bar_set_revealed(GTK_INFO_BAR(self->lost_bar), !usable);
    gtk_widget_set_sensitive(GTK_WIDGET(self->fault_button), usable);
    sim_desk_place_set_usable(self->table, usable, self->start, !self->connected);
}

/* ---- what the link tells ---- */

/* A hand that holds a card which is no longer in the box is empty. */
static void
look_at_hand(SimDeskWindow *self)
{
    const SimDeskCard *card = sim_desk_world_find_card(self->world, self->hand);

    if (self->hand != NULL && (card == NULL || card->reader != 0)) {
        sim_desk_window_set_hand(self, NULL);
    }
}

static void
on_seen(void *data, SimDeskWorld *world)
{
    SimDeskWindow *self = SIM_DESK_WINDOW(data);
    SimDeskWorld *before = self->world;
    const bool called = before != NULL && world->desk_calls > self->calls;

    self->world = world;
    self->calls = world->desk_calls;
    self->hangs = false;
    if (!self->connected) {
        self->connected = true;
        sim_desk_window_say(self, "", false);
    }
    look_at_hand(self);
    show_world(self);
    sim_desk_world_free(before);
    show_connection(self);
    if (before == NULL || called) {
        gtk_window_present(GTK_WINDOW(self));
    }
}

static void
on_lost(void *data, const char *reason)
{
    SimDeskWindow *self = SIM_DESK_WINDOW(data);
    g_autofree char *text = g_strdup_printf(
        _("%s. Cards and crypto units are kept; the desk goes on as soon as tke-sim does."),
        reason);

    self->connected = false;
    sim_desk_window_set_hand(self, NULL);
    gtk_label_set_text(self->lost, text);
    show_connection(self);
    gtk_window_present(GTK_WINDOW(self));
}

static void
on_refused(void *data, const char *reason)
{
    sim_desk_window_say(SIM_DESK_WINDOW(data), reason, true);
}

static void
on_other_desk(void *data)
{
    gtk_widget_destroy(GTK_WIDGET(data));
}

/* ---- time ---- */

static gboolean
tick(gpointer data)
{
    SimDeskWindow *self = SIM_DESK_WINDOW(data);
    const bool hangs = self->connected && sim_desk_link_get_silence_ms(self->link) > HANGS_MS;
    g_autoptr(GList) children = gtk_container_get_children(self->readers);

    /* Nothing was heard yet: a person sees at least what is waited for. */
    if (!gtk_widget_get_visible(GTK_WIDGET(self))) {
        gtk_window_present(GTK_WINDOW(self));
    }
    for (GList *item = children; item != NULL; item = item->next) {
        sim_desk_reader_view_tick(SIM_DESK_READER_VIEW(sim_desk_place_content(item->data)));
    }
    if (hangs != self->hangs) {
        self->hangs = hangs;
        /* Where it ended meanwhile the reason stands there. */
        if (hangs) {
            gtk_label_set_text(self->lost,
                               _("tke-sim has not answered for some seconds. The desk goes "
                                 "on as soon as it does. Where it never does, “tke-sim stop "
                                 "--force” ends it, and nothing is lost."));
        }
        show_connection(self);
    }
    return G_SOURCE_CONTINUE;
}

/* ---- keyboard ---- */

static gboolean
key_press_event(GtkWidget *widget, GdkEventKey *event)
{
    SimDeskWindow *self = SIM_DESK_WINDOW(widget);

    if (gtk_widget_get_sensitive(self->table) && self->world != NULL &&
        sim_desk_keys_press(self, event, self->typing)) {
        return TRUE;
    }
    return GTK_WIDGET_CLASS(sim_desk_window_parent_class)->key_press_event(widget, event);
}

/* The reader in which the focus is gets what is typed, if it asks. */
static void
set_focus(GtkWindow *window, GtkWidget *focus)
{
    SimDeskWindow *self = SIM_DESK_WINDOW(window);
    GtkWidget *view =
        focus == NULL ? NULL : gtk_widget_get_ancestor(focus, SIM_DESK_TYPE_READER_VIEW);

    GTK_WINDOW_CLASS(sim_desk_window_parent_class)->set_focus(window, focus);
    if (view != NULL && self->world != NULL) {
        const unsigned number = sim_desk_reader_view_get_number(SIM_DESK_READER_VIEW(view));
        const unsigned typing = sim_desk_world_typing(self->world, number);

        if (typing != self->typing) {
            self->typing = typing;
            show_readers(self);
        }
    }
}

/* ---- the window ---- */

static gboolean
configure_event(GtkWidget *widget, GdkEventConfigure *event)
{
    sim_desk_place_fit(SIM_DESK_WINDOW(widget)->tray, SIM_DESK_WINDOW(widget)->place,
                       event->height);
    return GTK_WIDGET_CLASS(sim_desk_window_parent_class)->configure_event(widget, event);
}

static void
dispose(GObject *object)
{
    SimDeskWindow *self = SIM_DESK_WINDOW(object);

    if (self->tick != 0) {
        g_source_remove(self->tick);
        self->tick = 0;
    }
    gtk_widget_hide(GTK_WIDGET(self));
    g_clear_pointer(&self->link, sim_desk_link_free);
    G_OBJECT_CLASS(sim_desk_window_parent_class)->dispose(object);
}

static void
finalize(GObject *object)
{
    SimDeskWindow *self = SIM_DESK_WINDOW(object);

    g_clear_object(&self->actions);
    sim_desk_world_free(self->world);
    g_hash_table_unref(self->turned);
    g_free(self->hand);
    G_OBJECT_CLASS(sim_desk_window_parent_class)->finalize(object);
}

static void
sim_desk_window_class_init(SimDeskWindowClass *klass)
{
    GtkWidgetClass *widget = GTK_WIDGET_CLASS(klass);

    G_OBJECT_CLASS(klass)->dispose = dispose;
    G_OBJECT_CLASS(klass)->finalize = finalize;
    widget->key_press_event = key_press_event;
    widget->configure_event = configure_event;
    GTK_WINDOW_CLASS(klass)->set_focus = set_focus;
    gtk_widget_class_set_template_from_resource(widget, "/opentke/desk/desk-window.ui");
    gtk_widget_class_bind_template_child(widget, SimDeskWindow, lost_bar);
    gtk_widget_class_bind_template_child(widget, SimDeskWindow, lost);
    gtk_widget_class_bind_template_child(widget, SimDeskWindow, start);
    gtk_widget_class_bind_template_child(widget, SimDeskWindow, table);
    gtk_widget_class_bind_template_child(widget, SimDeskWindow, message);
    gtk_widget_class_bind_template_child(widget, SimDeskWindow, tray);
    gtk_widget_class_bind_template_child(widget, SimDeskWindow, place);
    gtk_widget_class_bind_template_child(widget, SimDeskWindow, cards);
    gtk_widget_class_bind_template_child(widget, SimDeskWindow, readers);
    gtk_widget_class_bind_template_child(widget, SimDeskWindow, units);
    gtk_widget_class_bind_template_child(widget, SimDeskWindow, faults);
    gtk_widget_class_bind_template_child(widget, SimDeskWindow, fault_button);
}

static void
name_widget(gpointer widget, const char *name)
{
    atk_object_set_name(gtk_widget_get_accessible(GTK_WIDGET(widget)), name);
}

static void
sim_desk_window_init(SimDeskWindow *self)
{
    self->turned = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->actions = g_simple_action_group_new();
    gtk_widget_insert_action_group(GTK_WIDGET(self), "desk", G_ACTION_GROUP(self->actions));
    gtk_widget_init_template(GTK_WIDGET(self));
    sim_desk_actions_add(self);
    sim_desk_card_drop_target(GTK_WIDGET(self->tray), 0);
    sim_desk_place_follow_focus(self->cards, self->tray);
    sim_desk_place_follow_focus(self->readers, self->place);
    name_widget(self->cards, _("Box of cards"));
    name_widget(self->readers, _("Card readers"));
    name_widget(self->message, _("Message"));
    name_widget(self->units, _("Crypto units"));
    name_widget(self->faults, _("Faults in force"));
    name_widget(self->lost, _("State of tke-sim"));
    show_connection(self);
    gtk_info_bar_set_revealed(GTK_INFO_BAR(self->lost_bar), FALSE);
    sim_desk_window_say(self, _("Waiting for tke-sim…"), false);
}

SimDeskWindow *
sim_desk_window_new(GtkApplication *application, const char *directory, bool only, bool start)
{
    const SimDeskLinkEvents events = {
        .seen = on_seen, .lost = on_lost, .refused = on_refused, .other_desk = on_other_desk
    };
    SimDeskWindow *self = g_object_new(SIM_DESK_TYPE_WINDOW, "application", application, NULL);

    self->link = sim_desk_link_new(directory, only, start, &events, self);
    self->tick = g_timeout_add(TICK_MS, tick, self);
    return self;
}

const SimDeskWorld *
sim_desk_window_get_world(const SimDeskWindow *window)
{
    return window->world;
}

GSimpleActionGroup *
sim_desk_window_get_actions(const SimDeskWindow *window)
{
    return window->actions;
}

void
sim_desk_window_send(SimDeskWindow *window, JsonObject *order)
{
    sim_desk_window_say(window, "", false);
    sim_desk_link_send(window->link, order);
}

void
sim_desk_window_send_all(SimDeskWindow *window, GPtrArray *orders)
{
    sim_desk_window_say(window, "", false);
    sim_desk_link_send_all(window->link, orders);
}

void
sim_desk_window_start_world(SimDeskWindow *window)
{
    sim_desk_link_start(window->link);
}

const char *
sim_desk_window_get_hand(const SimDeskWindow *window)
{
    return window->hand;
}

void
sim_desk_window_set_hand(SimDeskWindow *window, const char *label)
{
    const SimDeskCard *card =
        window->world == NULL ? NULL : sim_desk_world_find_card(window->world, label);
    g_autofree char *text =
        card == NULL ? g_strdup("")
                     : g_strdup_printf(_("%s is in your hand: click a reader, or press Alt and its "
                                         "number"),
                                       sim_desk_card_get_title(card));
    char *before = window->hand;

    window->hand = g_strdup(label);
    g_free(before);
    if (label != NULL || !gtk_style_context_has_class(
                             gtk_widget_get_style_context(GTK_WIDGET(window->message)), TROUBLE)) {
        sim_desk_window_say(window, text, false);
    }
    show_world(window);
}

void
sim_desk_window_show_backs(SimDeskWindow *window, bool backs)
{
    window->backs = backs;
    g_hash_table_remove_all(window->turned);
    show_world(window);
}

void
sim_desk_window_turn(SimDeskWindow *window, const char *label)
{
    if (!g_hash_table_remove(window->turned, label)) {
        g_hash_table_add(window->turned, g_strdup(label));
    }
    show_world(window);
}

void
sim_desk_window_say(SimDeskWindow *window, const char *text, bool trouble)
{
    GtkStyleContext *style = gtk_widget_get_style_context(GTK_WIDGET(window->message));
    g_autofree char *marked = trouble ? g_strdup_printf("⚠ %s", text) : g_strdup(text);

    if (trouble) {
        gtk_style_context_add_class(style, TROUBLE);
    } else {
        gtk_style_context_remove_class(style, TROUBLE);
    }
    gtk_label_set_text(window->message, marked);
    gtk_widget_set_tooltip_text(GTK_WIDGET(window->message), marked);
}
