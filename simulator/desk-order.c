/*
 * What a hand on the desk means for tke-sim: control commands (simulator/sim-control.h).
 */
#include <string.h>

#include "simulator/desk-model.h"

static JsonObject *
order(const char *command)
{
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "command", command);
    return object;
}

static JsonObject *
reader_order(const char *command, unsigned reader)
{
    JsonObject *object = order(command);

    json_object_set_int_member(object, "reader", reader);
    return object;
}

GPtrArray *
sim_desk_order_remove(const SimDeskWorld *world, unsigned reader)
{
    const SimDeskReader *found = sim_desk_world_find_reader(world, reader);
    GPtrArray *orders = g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);

    if (found != NULL && found->card != NULL) {
        g_ptr_array_add(orders, reader_order("remove", reader));
    }
    return orders;
}

GPtrArray *
sim_desk_order_insert(const SimDeskWorld *world, const char *label, unsigned reader)
{
    const SimDeskReader *found = sim_desk_world_find_reader(world, reader);
    const SimDeskCard *card = sim_desk_world_find_card(world, label);
    GPtrArray *orders = g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
    JsonObject *insert = NULL;

    if (found == NULL || card == NULL || card->reader == reader) {
        return orders;
    }
    if (card->reader != 0) {
        g_ptr_array_add(orders, reader_order("remove", card->reader));
    }
    if (found->card != NULL) {
        g_ptr_array_add(orders, reader_order("remove", reader));
    }
    insert = reader_order("insert", reader);
    json_object_set_string_member(insert, "card", label);
    g_ptr_array_add(orders, insert);
    return orders;
}

JsonObject *
sim_desk_order_key(unsigned reader, char key)
{
    const char keys[] = { key, '\0' };
    JsonObject *object = reader_order("keys", reader);

    json_object_set_string_member(object, "keys", keys);
    json_object_set_int_member(object, "timeout_ms", 0);
    return object;
}

JsonObject *
sim_desk_order_add_card(const char *applet)
{
    JsonObject *object = order("add-card");

    json_object_set_string_member(object, "applet", applet);
    return object;
}

JsonObject *
sim_desk_order_note(const char *label, const char *front, const char *back)
{
    JsonObject *object = order("note");

    json_object_set_string_member(object, "card", label);
    json_object_set_string_member(object, "front", front);
    json_object_set_string_member(object, "back", back);
    return object;
}

static JsonObject *
fault_order(const char *target, const char *fault)
{
    JsonObject *object = order("fault");

    json_object_set_string_member(object, "target", target);
    json_object_set_string_member(object, "fault", fault);
    return object;
}

static void
set_unless_zero(JsonObject *object, const char *member, unsigned value)
{
    if (value != 0) {
        json_object_set_int_member(object, member, value);
    }
}

JsonObject *
sim_desk_order_card_fault(const char *label, const char *fault, unsigned after, unsigned times,
                          unsigned sw)
{
    JsonObject *object = fault_order("card", fault);

    json_object_set_string_member(object, "name", label);
    set_unless_zero(object, "after", after);
    set_unless_zero(object, "times", times);
    set_unless_zero(object, "sw", sw);
    return object;
}

JsonObject *
sim_desk_order_make(const char *label, const char *how)
{
    g_auto(GStrv) words = g_strsplit(how, "=", 2);
    JsonObject *object = sim_desk_order_card_fault(label, words[0], 0, 0, 0);

    if (words[1] != NULL) {
        json_object_set_string_member(object, words[0], words[1]);
    }
    return object;
}

JsonObject *
sim_desk_order_block_pin(const char *label, unsigned pin)
{
    JsonObject *object = fault_order("card", "block-pin");

    json_object_set_string_member(object, "name", label);
    json_object_set_int_member(object, "pin", pin);
    return object;
}

JsonObject *
sim_desk_order_reader_fault(unsigned reader, const char *fault)
{
    JsonObject *object = fault_order("reader", fault);

    json_object_set_int_member(object, "reader", reader);
    return object;
}

JsonObject *
sim_desk_order_keypad(unsigned reader, const char *fault, bool on)
{
    JsonObject *object = sim_desk_order_reader_fault(reader, fault);

    json_object_set_boolean_member(object, "on", on);
    return object;
}

JsonObject *
sim_desk_order_daemon_fault(const char *fault)
{
    return fault_order("daemon", fault);
}

JsonObject *
sim_desk_order_unit_fault(const char *fault, unsigned unit, unsigned skip, unsigned count)
{
    JsonObject *object = fault_order("service", fault);
    JsonObject *members = json_object_new();

    set_unless_zero(members, "unit", unit);
    set_unless_zero(members, "skip", skip);
    json_object_set_int_member(members, "count", count);
    json_object_set_object_member(object, "order", members);
    return object;
}

JsonObject *
sim_desk_order_clear_faults(void)
{
    return fault_order("all", "clear");
}
