/*
 * Steps that have not reached all crypto units, for people and for programs (F-177).
 */
#include "tke/unit-output.h"

/* Numbers of the units that are listed now and in this state. */
static JsonArray *
numbers_in(TkeCli *cli, const TkeJournalEntry *entry, TkeJournalState wanted)
{
    const GPtrArray *units = tke_unit_directory_get_units(cli->units);
    JsonArray *numbers = json_array_new();

    for (unsigned i = 0; i < units->len; i++) {
        const TkeUnit *unit = g_ptr_array_index(units, i);
        TkeJournalState state;

        if (tke_journal_entry_get_state(entry, unit, &state) && state == wanted) {
            json_array_add_int_element(numbers, tke_unit_get_number(unit));
        }
    }
    return numbers;
}

/* Of the units in which it was done, and which have been changed since. */
static JsonArray *
numbers_changed(TkeCli *cli, const TkeJournalEntry *entry)
{
    const GPtrArray *units = tke_unit_directory_get_units(cli->units);
    JsonArray *numbers = json_array_new();

    for (unsigned i = 0; i < units->len; i++) {
        const TkeUnit *unit = g_ptr_array_index(units, i);
        TkeJournalState state = TKE_JOURNAL_DONE;

        if (tke_journal_entry_get_state(entry, unit, &state) && state == TKE_JOURNAL_NOT_DONE &&
            tke_journal_entry_was_done(entry, unit)) {
            json_array_add_int_element(numbers, tke_unit_get_number(unit));
        }
    }
    return numbers;
}

/* Locations of units that are not listed any more. */
static JsonArray *
locations_gone(TkeCli *cli, const TkeJournalEntry *entry)
{
    g_autoptr(GPtrArray) gone =
        tke_journal_entry_dup_left(entry, tke_unit_directory_get_units(cli->units), false);
    JsonArray *locations = json_array_new();

    for (unsigned i = 0; i < gone->len; i++) {
        const TkeJournalLeftUnit *unit = g_ptr_array_index(gone, i);

        json_array_add_string_element(locations, unit->location);
    }
    return locations;
}

static char *
entry_to_json(TkeCli *cli, const TkeJournalEntry *entry)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "action", tke_journal_entry_get_action(entry));
    json_object_set_string_member(object, "started", tke_journal_entry_get_started(entry));
    json_object_set_array_member(object, "done", numbers_in(cli, entry, TKE_JOURNAL_DONE));
    json_object_set_array_member(object, "not_done", numbers_in(cli, entry, TKE_JOURNAL_NOT_DONE));
    json_object_set_array_member(object, "unknown", numbers_in(cli, entry, TKE_JOURNAL_UNKNOWN));
    json_object_set_array_member(object, "changed_since", numbers_changed(cli, entry));
    json_object_set_array_member(object, "gone", locations_gone(cli, entry));
    json_object_set_string_member(object, "continue", tke_journal_entry_get_command(entry));
    json_node_take_object(node, object);
    return json_to_string(node, FALSE);
}

void
tke_cli_output_unfinished(TkeCli *cli)
{
    const GPtrArray *entries =
        tke_journal_get_unfinished(tke_unit_directory_get_journal(cli->units));

    for (unsigned i = 0; i < entries->len; i++) {
        const TkeJournalEntry *entry = g_ptr_array_index(entries, i);
        g_autofree char *text =
            tke_journal_entry_tell(entry, tke_unit_directory_get_units(cli->units));

        if (text != NULL && cli->options.json) {
            g_autofree char *json = entry_to_json(cli, entry);

            tke_cli_output_json_line(cli->out, "unfinished", json);
        } else if (text != NULL) {
            tke_cli_output_line(cli->out, "%s", text);
        }
    }
}
