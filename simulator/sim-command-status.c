/*
 * The status of a world as text for people (rehearsal, 4.12). Members that are not there, or are not
 * what they should be, are blank.
 */
#include "simulator/sim-command-status.h"

#include <glib/gi18n-lib.h>

#include "simulator/sim-json.h"

/* ---- members ---- */

/* As it can be shown at a terminal; "" if it is no text. The caller frees. */
static char *
dup_shown(const char *text)
{
    GString *shown = g_string_new(NULL);

    for (const char *at = text; at != NULL && *at != '\0'; at = g_utf8_next_char(at)) {
        const gunichar c = g_utf8_get_char(at);

        g_string_append_unichar(shown, g_unichar_isprint(c) ? c : (gunichar) '?');
    }
    return g_string_free(shown, FALSE);
}

static char *
dup_text(JsonObject *object, const char *member)
{
    return dup_shown(sim_json_get_text(object, member, NULL));
}

static int
number_of(JsonObject *object, const char *member)
{
    int64_t number = 0;

    (void) sim_json_get_number(object, member, 0, G_MAXINT, 0, &number, NULL);
    return (int) number;
}

static bool
flag_of(JsonObject *object, const char *member, bool standard)
{
    bool flag = standard;

    (void) sim_json_get_flag(object, member, standard, &flag, NULL);
    return flag;
}

typedef void (*AddEntry)(GString *text, JsonObject *entry);

/* Each object of an array, if there is such an array. */
static void
add_entries(GString *text, JsonObject *object, const char *member, AddEntry add)
{
    JsonArray *array = sim_json_need_array(object, member, NULL);

    for (unsigned i = 0; array != NULL && i < json_array_get_length(array); i++) {
        JsonObject *entry = sim_json_need_element(array, i, member, NULL);

        if (entry != NULL) {
            add(text, entry);
        }
    }
}

/* ---- lines ---- */

static void
add_faults(GString *text, JsonObject *object, const char *member)
{
    JsonArray *faults = sim_json_need_array(object, member, NULL);

    for (unsigned i = 0; faults != NULL && i < json_array_get_length(faults); i++) {
        JsonNode *node = json_array_get_element(faults, i);
        const bool is_text =
            JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
        g_autofree char *fault = dup_shown(is_text ? json_node_get_string(node) : NULL);

        g_string_append_printf(text, _(", fault: %s"), fault);
    }
}

static void
add_reader(GString *text, JsonObject *reader)
{
    JsonObject *pad = sim_json_need_object(reader, "pad", NULL);
    g_autofree char *name = dup_text(reader, "name");
    g_autofree char *card = dup_text(reader, "card");

    g_string_append_printf(text, _("reader %d  %-28s  %s"), number_of(reader, "number"), name,
                           *card == '\0' ? _("empty") : card);
    if (!flag_of(reader, "plugged", true)) {
        g_string_append(text, _(", unplugged"));
    }
    if (flag_of(reader, "held", false)) {
        g_string_append(text, _(", held by another program"));
    }
    add_faults(text, reader, "faults");
    if (pad != NULL && flag_of(pad, "asking", false)) {
        g_string_append_printf(text, _(", the pad asks for a PIN (entry %d of %d)"),
                               number_of(pad, "entry"), number_of(pad, "entries"));
    }
    g_string_append_c(text, '\n');
}

static void
add_pin(GString *text, JsonObject *pin)
{
    if (flag_of(pin, "set", false)) {
        g_string_append_printf(text, "%d ", number_of(pin, "tries"));
    } else {
        g_string_append(text, "- ");
    }
}

static void
add_card(GString *text, JsonObject *card)
{
    g_autoptr(GString) pins = g_string_new(NULL);
    g_autofree char *label = dup_text(card, "label");
    g_autofree char *kind = dup_text(card, "kind");
    g_autofree char *zone = dup_text(card, "zone_id");
    g_autofree char *description = dup_text(card, "description");
    const int place = number_of(card, "reader");
    g_autofree char *where =
        place == 0 ? g_strdup(_("box")) : g_strdup_printf(_("reader %d"), place);

    add_entries(pins, card, "pins", add_pin);
    g_string_append_printf(text, "%-12s %-6s %-9s %-17s %-6s %5d  %s", label, kind, where, zone,
                           pins->str, number_of(card, "key_parts"), description);
    add_faults(text, card, "unusual");
    add_faults(text, card, "waiting");
    g_string_append_c(text, '\n');
}

/* What the service and its crypto units are ordered to do wrong next. */
static void
add_service_fault(GString *text, JsonObject *fault)
{
    const int count = number_of(fault, "count");
    g_autofree char *what = dup_text(fault, "fault");
    g_autofree char *command = dup_text(fault, "command");
    g_autofree char *unit = dup_text(fault, "unit");

    g_string_append_printf(text, _("fault: %s"), what);
    if (*command != '\0') {
        g_string_append_printf(text, _(", command %s"), command);
    }
    if (*unit != '\0') {
        g_string_append_printf(text, _(", crypto unit %s"), unit);
    }
    if (count > 0) {
        g_string_append_printf(
            text, ngettext(", %d more time", ", %d more times", (unsigned long) count), count);
    }
    g_string_append_c(text, '\n');
}

static void
add_service(GString *text, JsonObject *service)
{
    g_autofree char *url = dup_text(service, "base_url");

    g_string_append_printf(text, _("\nservice %s, wait before each answer %d ms\n"), url,
                           number_of(service, "delay_ms"));
    add_entries(text, service, "faults", add_service_fault);
}

char *
sim_command_status_dup_text(JsonObject *status)
{
    GString *text = g_string_new(NULL);
    JsonObject *service = sim_json_need_object(status, "service", NULL);
    g_autofree char *world = dup_text(status, "world");
    g_autofree char *scenario = dup_text(status, "scenario");
    g_autofree char *profile = dup_text(status, "profile");

    g_string_append_printf(text, _("REHEARSAL  world %s, scenario %s, card timing %s\n"), world,
                           scenario, profile);
    if (!flag_of(status, "running", true)) {
        g_string_append(text, _("fault: the smart card service is not running\n"));
    }
    add_entries(text, status, "readers", add_reader);
    g_string_append_printf(text, "\n%-12s %-6s %-9s %-17s %-6s %5s  %s\n", _("CARD"), _("KIND"),
                           _("WHERE"), _("ZONE"), _("TRIES"), _("PARTS"), _("DESCRIPTION"));
    add_entries(text, status, "cards", add_card);
    if (service != NULL) {
        add_service(text, service);
    }
    return g_string_free(text, FALSE);
}
