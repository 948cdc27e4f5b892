/*
 * Menus of the virtual desk.
 */
#include "simulator/desk-menu.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "simulator/desk-card.h"
#include "simulator/desk-words.h"

#define READERS_KEY "tke-desk-readers"

/* ---- faults ---- */

static void
append(GMenu *menu, const char *label, const char *action, GVariant *target)
{
    g_autoptr(GMenuItem) item = g_menu_item_new(label, NULL);

    g_menu_item_set_action_and_target_value(item, action, target);
    g_menu_append_item(menu, item);
}

static void
append_words(GMenu *menu, const SimDeskReader *reader, const SimDeskWord *words)
{
    for (const SimDeskWord *word = words; word->fault != NULL; word++) {
        g_autofree char *action = g_strdup_printf("desk.%s-%u", word->fault, reader->number);

        g_menu_append(menu, _(word->menu), action);
    }
}

static void
append_keypad(GMenu *menu, const SimDeskReader *reader)
{
    g_autoptr(GMenu) faults = g_menu_new();
    g_autoptr(GMenu) end = g_menu_new();

    append_words(faults, reader, sim_desk_keypads);
    append(end, _("As it should _be again"), "desk.reader-fault",
           g_variant_new("(us)", reader->number, "honest"));
    g_menu_append_section(faults, NULL, G_MENU_MODEL(end));
    g_menu_append_submenu(menu, _("_Keypad"), G_MENU_MODEL(faults));
}

static void
append_reader(GMenu *menu, const SimDeskReader *reader)
{
    g_autoptr(GMenu) faults = g_menu_new();
    g_autofree char *label = g_strdup_printf(_("Reader _%u"), reader->number);
    g_autofree char *held = g_strdup_printf("desk.held-%u", reader->number);
    g_autofree char *unplugged = g_strdup_printf("desk.unplugged-%u", reader->number);

    g_menu_append(faults, _("_Held by another program"), held);
    g_menu_append(faults, _("_Unplugged"), unplugged);
    append_words(faults, reader, sim_desk_readers);
    append_keypad(faults, reader);
    g_menu_append_submenu(menu, label, G_MENU_MODEL(faults));
}

static GMenuModel *
make_faults_menu(const SimDeskWorld *world)
{
    GMenu *menu = g_menu_new();
    g_autoptr(GMenu) ask = g_menu_new();
    g_autoptr(GMenu) places = g_menu_new();
    g_autoptr(GMenu) end = g_menu_new();

    g_menu_append(ask, _("_Card fault…"), "desk.card-fault::");
    g_menu_append(ask, _("Crypto _unit fault…"), "desk.unit-fault");
    for (unsigned i = 0; i < world->readers->len; i++) {
        append_reader(places, g_ptr_array_index(world->readers, i));
    }
    g_menu_append(places, _("_Smart card service stopped"), "desk.stopped");
    g_menu_append(end, _("_Everything works again"), "desk.clear-faults");
    g_menu_append_section(menu, NULL, G_MENU_MODEL(ask));
    g_menu_append_section(menu, NULL, G_MENU_MODEL(places));
    g_menu_append_section(menu, NULL, G_MENU_MODEL(end));
    return G_MENU_MODEL(menu);
}

void
sim_desk_menu_update(GtkMenuButton *button, const SimDeskWorld *world)
{
    const guint made_for = GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(button), READERS_KEY));
    g_autoptr(GMenuModel) menu = NULL;

    if (made_for == world->readers->len + 1) {
        return;
    }
    menu = make_faults_menu(world);
    gtk_menu_button_set_menu_model(button, menu);
    g_object_set_data(G_OBJECT(button), READERS_KEY, GUINT_TO_POINTER(world->readers->len + 1));
}

/* ---- a card ---- */

static GMenu *
make_places(const SimDeskWorld *world, const SimDeskCard *card)
{
    GMenu *menu = g_menu_new();

    for (unsigned i = 0; i < world->readers->len; i++) {
        const SimDeskReader *reader = g_ptr_array_index(world->readers, i);
        g_autofree char *label = g_strdup_printf(_("Put into reader _%u"), reader->number);

        if (card->reader != reader->number) {
            append(menu, label, "desk.put", g_variant_new("(su)", card->label, reader->number));
        }
    }
    if (card->reader != 0) {
        append(menu, _("Put _back into the box"), "desk.put",
               g_variant_new("(su)", card->label, 0));
    }
    return menu;
}

static GMenu *
make_sides(const SimDeskCard *card)
{
    GMenu *menu = g_menu_new();

    append(menu, _("_Turn over"), "desk.turn", g_variant_new_string(card->label));
    append(menu, _("_Write on the card…"), "desk.note", g_variant_new_string(card->label));
    return menu;
}

static bool
fits(const SimDeskWord *word, const SimDeskCard *card)
{
    const bool enrolled = card->kind != SIM_DESK_BLANK && *card->zone_id != '\0';

    return (!word->enrolled || enrolled) && (!word->ep11 || card->kind == SIM_DESK_EP11);
}

static GMenu *
make_unusual(const SimDeskCard *card)
{
    GMenu *menu = g_menu_new();

    for (const SimDeskWord *word = sim_desk_unusual_cards; word->fault != NULL; word++) {
        if (fits(word, card)) {
            append(menu, _(word->menu), "desk.make",
                   g_variant_new("(ss)", card->label, word->fault));
        }
    }
    return menu;
}

static GMenu *
make_card_faults(const SimDeskCard *card)
{
    GMenu *menu = g_menu_new();
    g_autoptr(GMenu) others = make_unusual(card);

    append(menu, _("Let it _misbehave…"), "desk.card-fault", g_variant_new_string(card->label));
    for (unsigned i = 0; i < card->pins; i++) {
        g_autofree char *label =
            card->pins == 1
                ? g_strdup(_("B_lock the PIN"))
                : g_strdup_printf(i == 0 ? _("B_lock PIN %u") : _("Bl_ock PIN %u"), i + 1);

        if (card->pin_set[i]) {
            append(menu, label, "desk.block", g_variant_new("(su)", card->label, i + 1));
        }
    }
    g_menu_append_submenu(menu, _("Make it _unusual"), G_MENU_MODEL(others));
    return menu;
}

void
sim_desk_menu_popup_card(SimDeskWindow *window, GtkWidget *view, const GdkEvent *event)
{
    const SimDeskWorld *world = sim_desk_window_get_world(window);
    const SimDeskCard *card =
        sim_desk_world_find_card(world, sim_desk_card_view_get_label(SIM_DESK_CARD_VIEW(view)));
    g_autoptr(GMenu) menu = g_menu_new();
    g_autoptr(GMenu) places = NULL;
    g_autoptr(GMenu) sides = NULL;
    g_autoptr(GMenu) faults = NULL;
    GtkWidget *popup = NULL;

    if (card == NULL) {
        return;
    }
    places = make_places(world, card);
    sides = make_sides(card);
    faults = make_card_faults(card);
    g_menu_append_section(menu, NULL, G_MENU_MODEL(places));
    g_menu_append_section(menu, NULL, G_MENU_MODEL(sides));
    g_menu_append_section(menu, NULL, G_MENU_MODEL(faults));
    popup = gtk_menu_new_from_model(G_MENU_MODEL(menu));
    /* Not to the card: screen readers do not see menus of buttons that are no menu buttons. */
    gtk_menu_attach_to_widget(GTK_MENU(popup), GTK_WIDGET(window), NULL);
    g_signal_connect(popup, "selection-done", G_CALLBACK(gtk_widget_destroy), NULL);
    if (event != NULL) {
        gtk_menu_popup_at_pointer(GTK_MENU(popup), event);
    } else {
        gtk_menu_popup_at_widget(GTK_MENU(popup), view, GDK_GRAVITY_SOUTH_WEST,
                                 GDK_GRAVITY_NORTH_WEST, NULL);
        gtk_menu_shell_select_first(GTK_MENU_SHELL(popup), FALSE);
    }
}
