/*
 * The end of a rehearsal (4.12): the registers as they were read back, and the verdict.
 */
#include "simulator/officers-report.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>

#include "simulator/sim-json.h"

#define UNITS_MAX 10000
#define PATTERN_SHOWN 16

typedef struct Row {
    int64_t number;
    const char *location;
    const char *new_status; /* "" if the unit told none */
    const char *status;
    const char *pattern;
} Row;

/* Calls visit for every row of a table in every instance; instances without that table are skipped. */
static bool
visit_rows(JsonObject *listing, const char *table,
           bool (*visit)(JsonObject *row, GArray *rows, GError **error), GArray *rows,
           GError **error)
{
    JsonArray *instances = sim_json_need_array(listing, "instances", error);

    for (unsigned i = 0; instances != NULL && i < json_array_get_length(instances); i++) {
        JsonObject *instance = sim_json_need_element(instances, i, "instances", error);
        JsonArray *entries = NULL;

        if (instance == NULL) {
            return false;
        }
        if (!json_object_has_member(instance, table)) {
            continue;
        }
        entries = sim_json_need_array(instance, table, error);
        if (entries == NULL) {
            return false;
        }
        for (unsigned k = 0; k < json_array_get_length(entries); k++) {
            JsonObject *entry = sim_json_need_element(entries, k, table, error);

            if (entry == NULL || !visit(entry, rows, error)) {
                return false;
            }
        }
    }
    return instances != NULL;
}

/* Units that keep keys for an instance; recovery units hold none of their own. */
static bool
take_unit(JsonObject *entry, GArray *rows, GError **error)
{
    Row row = { .new_status = "", .status = "", .pattern = "" };
    const char *type = sim_json_need_text(entry, "type", error);

    if (type == NULL || !sim_json_need_number(entry, "number", 1, UNITS_MAX, &row.number, error)) {
        return false;
    }
    row.location = json_object_get_string_member_with_default(entry, "location", "");
    if (strcmp(type, "RECOVERY") != 0) {
        g_array_append_val(rows, row);
    }
    return true;
}

static Row *
find_row(JsonObject *entry, GArray *rows)
{
    gint64 number = json_object_get_int_member_with_default(entry, "number", 0);

    for (unsigned i = 0; i < rows->len; i++) {
        Row *row = &g_array_index(rows, Row, i);

        if (row->number == number) {
            return row;
        }
    }
    return NULL;
}

static bool
take_new_register(JsonObject *entry, GArray *rows, GError **error)
{
    const char *status = sim_json_need_text(entry, "status", error);
    Row *row = find_row(entry, rows);

    if (status != NULL && row != NULL) {
        row->new_status = status;
    }
    return status != NULL;
}

static bool
take_current_register(JsonObject *entry, GArray *rows, GError **error)
{
    const char *status = sim_json_need_text(entry, "status", error);
    const char *pattern = status == NULL ? NULL : sim_json_need_text(entry, "pattern", error);
    Row *row = find_row(entry, rows);

    if (pattern != NULL && row != NULL) {
        row->status = status;
        row->pattern = pattern;
    }
    return pattern != NULL;
}

/* How many are Valid with the pattern of the first. */
static unsigned
count_valid(GArray *rows)
{
    unsigned n = 0;

    for (unsigned i = 0; i < rows->len; i++) {
        const Row *row = &g_array_index(rows, Row, i);

        if (strcmp(row->status, "Valid") == 0 && *row->pattern != '\0' &&
            strcmp(row->pattern, g_array_index(rows, Row, 0).pattern) == 0) {
            n++;
        }
    }
    return n;
}

static void
print_rows(GArray *rows)
{
    printf("%-16s %-32s %-18s %-18s %s\n", _("CRYPTO UNIT NUM"), _("LOCATION"), _("NEW"),
           _("CURRENT"), _("VERIFICATION PATTERN"));
    for (unsigned i = 0; i < rows->len; i++) {
        const Row *row = &g_array_index(rows, Row, i);

        printf("%-16d %-32s %-18s %-18s %.*s…\n", (int) row->number, row->location, row->new_status,
               row->status, PATTERN_SHOWN, row->pattern);
    }
}

bool
sim_officers_report_print(const char *units, const char *registers, bool *good, GError **error)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, TRUE, sizeof(Row));
    g_autoptr(JsonObject) unit_listing = sim_json_parse(units, -1, error);
    g_autoptr(JsonObject) register_listing =
        unit_listing == NULL ? NULL : sim_json_parse(registers, -1, error);
    unsigned n_valid = 0;

    if (register_listing == NULL || !visit_rows(unit_listing, "units", take_unit, rows, error) ||
        !visit_rows(register_listing, "new_register", take_new_register, rows, error) ||
        !visit_rows(register_listing, "current_register", take_current_register, rows, error)) {
        g_prefix_error(error, _("the state of the units as tke tells it: "));
        return false;
    }
    n_valid = count_valid(rows);
    print_rows(rows);
    printf(_("\nmaster key Valid on %u of %u crypto units\n"), n_valid, rows->len);
    *good = rows->len > 0 && n_valid == rows->len;
    return true;
}
