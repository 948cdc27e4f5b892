/*
 * What a person can do at the virtual desk.
 */
#include "simulator/desk-actions.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "simulator/desk-dialog.h"
#include "simulator/desk-words.h"

/* ---- cards and readers ---- */

static void
put(SimDeskWindow *window, const char *label, unsigned reader)
{
    const SimDeskWorld *world = sim_desk_window_get_world(window);
    const SimDeskCard *card = sim_desk_world_find_card(world, label);
    g_autoptr(GPtrArray) orders = NULL;

    if (card == NULL) {
        return;
    }
    orders = reader == 0 ? sim_desk_order_remove(world, card->reader)
                         : sim_desk_order_insert(world, label, reader);
    sim_desk_window_send_all(window, orders);
}

static void
on_card(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    SimDeskWindow *window = data;
    const char *label = g_variant_get_string(parameter, NULL);
    const SimDeskCard *card = sim_desk_world_find_card(sim_desk_window_get_world(window), label);
    const bool in_hand = g_strcmp0(sim_desk_window_get_hand(window), label) == 0;

    (void) action;
    if (card != NULL && card->reader != 0) {
        put(window, label, 0);
    } else {
        sim_desk_window_set_hand(window, card == NULL || in_hand ? NULL : label);
    }
}

static void
on_slot(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    SimDeskWindow *window = data;
    const SimDeskWorld *world = sim_desk_window_get_world(window);
    const SimDeskReader *reader =
        sim_desk_world_find_reader(world, g_variant_get_uint32(parameter));
    const char *hand = sim_desk_window_get_hand(window);

    (void) action;
    if (reader == NULL) {
        return;
    }
    if (hand != NULL) {
        put(window, hand, reader->number);
    } else if (reader->card != NULL) {
        put(window, reader->card, 0);
    } else {
        g_autofree char *offer = sim_desk_reader_dup_offer(world, reader, NULL);

        sim_desk_window_say(window, offer, true);
    }
}

static void
on_put(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    const char *label = NULL;
    guint32 reader = 0;

    (void) action;
    g_variant_get(parameter, "(&su)", &label, &reader);
    put(data, label, reader);
}

static void
on_key(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    const char *key = NULL;
    guint32 reader = 0;

    (void) action;
    g_variant_get(parameter, "(u&s)", &reader, &key);
    sim_desk_window_send(data, sim_desk_order_key(reader, *key));
}

static void
on_turn(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void) action;
    sim_desk_window_turn(data, g_variant_get_string(parameter, NULL));
}

static void
on_backs(GSimpleAction *action, GVariant *state, gpointer data)
{
    g_simple_action_set_state(action, state);
    sim_desk_window_show_backs(data, g_variant_get_boolean(state));
}

static void
on_note(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void) action;
    sim_desk_dialog_note(data, g_variant_get_string(parameter, NULL));
}

static void
on_add_card(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void) action;
    sim_desk_window_send(data, sim_desk_order_add_card(g_variant_get_string(parameter, NULL)));
}

/* ---- faults ---- */

static void
on_card_fault(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void) action;
    sim_desk_dialog_card_fault(data, g_variant_get_string(parameter, NULL));
}

static void
on_unit_fault(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void) action;
    (void) parameter;
    sim_desk_dialog_unit_fault(data);
}

static void
on_block(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    const char *label = NULL;
    guint32 pin = 0;

    (void) action;
    g_variant_get(parameter, "(&su)", &label, &pin);
    sim_desk_window_send(data, sim_desk_order_block_pin(label, pin));
}

static void
on_make(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    const char *label = NULL;
    const char *how = NULL;

    (void) action;
    g_variant_get(parameter, "(&s&s)", &label, &how);
    sim_desk_window_send(data, sim_desk_order_make(label, how));
}

static void
on_reader_fault(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    const char *fault = NULL;
    guint32 reader = 0;

    (void) action;
    g_variant_get(parameter, "(u&s)", &reader, &fault);
    sim_desk_window_send(data, sim_desk_order_reader_fault(reader, fault));
}

/* NAME-N of reader N. The state follows the world, not the click. */
static void
on_reader_flag(GSimpleAction *action, GVariant *wanted, gpointer data)
{
    const char *dash = strrchr(g_action_get_name(G_ACTION(action)), '-');
    const unsigned reader = (unsigned) g_ascii_strtoull(dash + 1, NULL, 10);
    g_autofree char *name = g_strndup(g_action_get_name(G_ACTION(action)),
                                      (gsize) (dash - g_action_get_name(G_ACTION(action))));
    const bool on = g_variant_get_boolean(wanted);
    JsonObject *order = NULL;

    if (strcmp(name, "held") == 0) {
        order = sim_desk_order_reader_fault(reader, on ? "held" : "free");
    } else if (strcmp(name, "unplugged") == 0) {
        order = sim_desk_order_reader_fault(reader, on ? "unplugged" : "plugged");
    } else {
        order = sim_desk_order_keypad(reader, name, on);
    }
    sim_desk_window_send(data, order);
}

static void
on_stopped(GSimpleAction *action, GVariant *wanted, gpointer data)
{
    (void) action;
    sim_desk_window_send(
        data, sim_desk_order_daemon_fault(g_variant_get_boolean(wanted) ? "stopped" : "running"));
}

static void
on_clear_faults(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void) action;
    (void) parameter;
    sim_desk_window_send(data, sim_desk_order_clear_faults());
}

static void
on_start(GSimpleAction *action, GVariant *parameter, gpointer data)
{
    (void) action;
    (void) parameter;
    sim_desk_window_start_world(data);
}

/* ---- the group ---- */

void
sim_desk_actions_add(SimDeskWindow *window)
{
    static const GActionEntry entries[] = {
        { .name = "card", .activate = on_card, .parameter_type = "s", .state = "''" },
        { .name = "slot", .activate = on_slot, .parameter_type = "u" },
        { .name = "put", .activate = on_put, .parameter_type = "(su)" },
        { .name = "key", .activate = on_key, .parameter_type = "(us)" },
        { .name = "turn", .activate = on_turn, .parameter_type = "s" },
        { .name = "backs", .state = "false", .change_state = on_backs },
        { .name = "note", .activate = on_note, .parameter_type = "s" },
        { .name = "add-card", .activate = on_add_card, .parameter_type = "s" },
        { .name = "card-fault", .activate = on_card_fault, .parameter_type = "s" },
        { .name = "unit-fault", .activate = on_unit_fault },
        { .name = "block", .activate = on_block, .parameter_type = "(su)" },
        { .name = "make", .activate = on_make, .parameter_type = "(ss)" },
        { .name = "reader-fault", .activate = on_reader_fault, .parameter_type = "(us)" },
        { .name = "stopped", .state = "false", .change_state = on_stopped },
        { .name = "clear-faults", .activate = on_clear_faults },
        { .name = "start", .activate = on_start },
    };

    g_action_map_add_action_entries(G_ACTION_MAP(sim_desk_window_get_actions(window)), entries,
                                    G_N_ELEMENTS(entries), window);
}

static void
set_flag(SimDeskWindow *window, const char *name, bool on)
{
    GActionMap *map = G_ACTION_MAP(sim_desk_window_get_actions(window));
    GAction *action = g_action_map_lookup_action(map, name);

    if (action == NULL) {
        const GActionEntry entry = { .name = name,
                                     .state = "false",
                                     .change_state = on_reader_flag };

        g_action_map_add_action_entries(map, &entry, 1, window);
        action = g_action_map_lookup_action(map, name);
    }
    g_simple_action_set_state(G_SIMPLE_ACTION(action), g_variant_new_boolean(on));
}

static void
set_reader_flag(SimDeskWindow *window, const SimDeskReader *reader, const char *what, bool on)
{
    g_autofree char *name = g_strdup_printf("%s-%u", what, reader->number);

    set_flag(window, name, on);
}

/* Which of these the reader does. */
static void
set_own_flags(SimDeskWindow *window, const SimDeskReader *reader, const SimDeskWord *words)
{
    for (const SimDeskWord *word = words; word->fault != NULL; word++) {
        set_reader_flag(window, reader, word->fault,
                        g_strv_contains((const char *const *) reader->faults, word->fault));
    }
}

void
sim_desk_actions_update(SimDeskWindow *window)
{
    const SimDeskWorld *world = sim_desk_window_get_world(window);
    const char *hand = sim_desk_window_get_hand(window);
    GAction *card =
        g_action_map_lookup_action(G_ACTION_MAP(sim_desk_window_get_actions(window)), "card");

    g_simple_action_set_state(G_SIMPLE_ACTION(card),
                              g_variant_new_string(hand == NULL ? "" : hand));
    set_flag(window, "stopped", !world->running);
    for (unsigned i = 0; i < world->readers->len; i++) {
        const SimDeskReader *reader = g_ptr_array_index(world->readers, i);

        set_reader_flag(window, reader, "held", reader->held);
        set_reader_flag(window, reader, "unplugged", !reader->plugged);
        set_own_flags(window, reader, sim_desk_keypads);
        set_own_flags(window, reader, sim_desk_readers);
    }
}
