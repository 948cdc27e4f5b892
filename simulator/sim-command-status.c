/*
 * The status of a world as text for people (rehearsal, 4.12). Members that are not there are blank.
 */
#include "simulator/sim-command-status.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>

#include "simulator/sim-json.h"

static const char *
text_of(JsonObject *object, const char *member)
{
    JsonNode *node = json_object_get_member(object, member);
    const char *text =
        node != NULL && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;

    return text == NULL ? "" : text;
}

static gint64
number_of(JsonObject *object, const char *member)
{
    return json_object_get_int_member_with_default(object, member, 0);
}

static JsonArray *
array_of(JsonObject *object, const char *member)
{
    JsonNode *node = json_object_get_member(object, member);

    return node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

static void
print_faults(JsonArray *faults)
{
    for (unsigned i = 0; faults != NULL && i < json_array_get_length(faults); i++) {
        printf(_(", fault: %s"), json_array_get_string_element(faults, i));
    }
}

static void
print_reader(JsonObject *reader)
{
    JsonObject *pad = sim_json_need_object(reader, "pad", NULL);
    const char *card = text_of(reader, "card");

    printf(_("reader %d  %-28s  %s"), (int) number_of(reader, "number"), text_of(reader, "name"),
           *card == '\0' ? _("empty") : card);
    if (!json_object_get_boolean_member_with_default(reader, "plugged", TRUE)) {
        printf(_(", unplugged"));
    }
    if (json_object_get_boolean_member_with_default(reader, "held", FALSE)) {
        printf(_(", held by another program"));
    }
    print_faults(array_of(reader, "faults"));
    if (pad != NULL && json_object_get_boolean_member_with_default(pad, "asking", FALSE)) {
        printf(_(", the pad asks for a PIN (entry %d of %d)"), (int) number_of(pad, "entry"),
               (int) number_of(pad, "entries"));
    }
    printf("\n");
}

static char *
pins_of(JsonObject *card)
{
    g_autoptr(GString) text = g_string_new(NULL);
    JsonArray *pins = array_of(card, "pins");

    for (unsigned i = 0; pins != NULL && i < json_array_get_length(pins); i++) {
        JsonObject *pin = json_array_get_object_element(pins, i);

        if (!json_object_get_boolean_member_with_default(pin, "set", FALSE)) {
            g_string_append(text, "- ");
        } else {
            g_string_append_printf(text, "%d ", (int) number_of(pin, "tries"));
        }
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void
print_card(JsonObject *card)
{
    g_autofree char *pins = pins_of(card);
    gint64 place = number_of(card, "reader");
    g_autofree char *where =
        place == 0 ? g_strdup(_("box")) : g_strdup_printf(_("reader %d"), (int) place);

    printf("%-12s %-6s %-9s %-17s %-6s %5d  %s", text_of(card, "label"), text_of(card, "kind"),
           where, text_of(card, "zone_id"), pins, (int) number_of(card, "key_parts"),
           text_of(card, "description"));
    print_faults(array_of(card, "unusual"));
    print_faults(array_of(card, "waiting"));
    printf("\n");
}

/* What the service and its crypto units are ordered to do wrong next. */
static void
print_service_fault(JsonObject *fault)
{
    gint64 count = number_of(fault, "count");
    const char *command = text_of(fault, "command");
    const char *unit = text_of(fault, "unit");

    printf(_("fault: %s"), text_of(fault, "fault"));
    if (*command != '\0') {
        printf(_(", command %s"), command);
    }
    if (*unit != '\0') {
        printf(_(", crypto unit %s"), unit);
    }
    if (count > 0) {
        printf(ngettext(", %d more time", ", %d more times", (unsigned long) count), (int) count);
    }
    printf("\n");
}

void
sim_command_print_status(JsonObject *status)
{
    JsonObject *service = sim_json_need_object(status, "service", NULL);
    JsonArray *readers = array_of(status, "readers");
    JsonArray *cards = array_of(status, "cards");
    JsonArray *faults = service != NULL ? array_of(service, "faults") : NULL;

    printf(_("REHEARSAL  world %s, scenario %s, card timing %s\n"), text_of(status, "world"),
           text_of(status, "scenario"), text_of(status, "profile"));
    if (!json_object_get_boolean_member_with_default(status, "running", TRUE)) {
        printf(_("fault: the smart card service is not running\n"));
    }
    for (unsigned i = 0; readers != NULL && i < json_array_get_length(readers); i++) {
        print_reader(json_array_get_object_element(readers, i));
    }
    printf("\n%-12s %-6s %-9s %-17s %-6s %5s  %s\n", _("CARD"), _("KIND"), _("WHERE"), _("ZONE"),
           _("TRIES"), _("PARTS"), _("DESCRIPTION"));
    for (unsigned i = 0; cards != NULL && i < json_array_get_length(cards); i++) {
        print_card(json_array_get_object_element(cards, i));
    }
    if (service != NULL) {
        printf(_("\nservice %s, wait before each answer %d ms\n"), text_of(service, "base_url"),
               (int) number_of(service, "delay_ms"));
        for (unsigned i = 0; faults != NULL && i < json_array_get_length(faults); i++) {
            print_service_fault(json_array_get_object_element(faults, i));
        }
    }
}
