/*
 * What the crypto units of a rehearsal are found to be (4.12), read from what tke prints as JSON.
 */
#include "simulator/officers-report.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "simulator/sim-json.h"

#define UNITS_MAX 10000
#define PATTERN_SHOWN 16
#define NUMBER_WIDTH 16 /* at least, and those below */
#define LOCATION_WIDTH 32
#define STATUS_WIDTH 18
#define PATTERN_COMPARED 56 /* hex digits: the last 4 bytes depend on the module's firmware */

typedef struct Row {
    int64_t number;
    const char *location;
    bool is_read; /* the thresholds were */
    bool is_imprint;
    bool is_verified;
    const char *new_status; /* "" if the unit told none */
    const char *status;
    const char *pattern;
} Row;

struct SimOfficersReport {
    GPtrArray *listings;       /* JsonObject: what the rows' texts belong to */
    GArray *rows;              /* Row */
    const JsonObject *visited; /* the instance whose rows are visited */
    const JsonObject *served;  /* that of the rows: the first one with such units */
};

static Row *
get_row(const SimOfficersReport *report, unsigned i)
{
    return &g_array_index(report->rows, Row, i);
}

/* Calls visit for every row of a table in every instance; instances without that table are
 * skipped. */
static bool
visit_rows(SimOfficersReport *report, JsonObject *listing, const char *table,
           bool (*visit)(SimOfficersReport *report, JsonObject *entry, GError **error),
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
        report->visited = instance;
        entries = sim_json_need_array(instance, table, error);
        if (entries == NULL) {
            return false;
        }
        for (unsigned k = 0; k < json_array_get_length(entries); k++) {
            JsonObject *entry = sim_json_need_element(entries, k, table, error);

            if (entry == NULL || !visit(report, entry, error)) {
                return false;
            }
        }
    }
    return instances != NULL;
}

/* Units that keep keys for one instance; recovery units hold none of their own. */
static bool
take_unit(SimOfficersReport *report, JsonObject *entry, GError **error)
{
    Row row = { .new_status = "", .status = "", .pattern = "" };
    const char *type = sim_json_need_text(entry, "type", error);

    if (type == NULL || !sim_json_need_number(entry, "number", 1, UNITS_MAX, &row.number, error)) {
        return false;
    }
    row.location = sim_json_find_text(entry, "location", "");
    if (strcmp(type, "RECOVERY") != 0 &&
        (report->served == NULL || report->served == report->visited)) {
        report->served = report->visited;
        g_array_append_val(report->rows, row);
    }
    return true;
}

static Row *
find_row(const SimOfficersReport *report, JsonObject *entry)
{
    int64_t number = 0;

    if (!sim_json_need_number(entry, "number", 1, UNITS_MAX, &number, NULL)) {
        return NULL;
    }
    for (unsigned i = 0; i < report->rows->len; i++) {
        if (get_row(report, i)->number == number) {
            return get_row(report, i);
        }
    }
    return NULL;
}

static bool
take_thresholds(SimOfficersReport *report, JsonObject *entry, GError **error)
{
    Row *row = find_row(report, entry);
    bool is_imprint = false;
    bool is_verified = false;

    /* What is not said is not so. */
    if (!sim_json_get_flag(entry, "imprint_mode", false, &is_imprint, error) ||
        !sim_json_get_flag(entry, "module_verified", false, &is_verified, error)) {
        return false;
    }
    if (row != NULL) {
        row->is_read = true;
        row->is_imprint = is_imprint;
        row->is_verified = is_verified;
    }
    return true;
}

static bool
take_new_register(SimOfficersReport *report, JsonObject *entry, GError **error)
{
    const char *status = sim_json_need_text(entry, "status", error);
    Row *row = find_row(report, entry);

    if (status != NULL && row != NULL) {
        row->new_status = status;
    }
    return status != NULL;
}

static bool
take_current_register(SimOfficersReport *report, JsonObject *entry, GError **error)
{
    const char *status = sim_json_need_text(entry, "status", error);
    const char *pattern = status == NULL ? NULL : sim_json_need_text(entry, "pattern", error);
    Row *row = find_row(report, entry);

    if (pattern != NULL && row != NULL) {
        row->status = status;
        row->pattern = pattern;
    }
    return pattern != NULL;
}

/* The listing, kept for as long as the report; NULL: it is none. */
static JsonObject *
keep_listing(SimOfficersReport *report, const char *text, GError **error)
{
    JsonObject *listing = sim_json_parse(text, -1, error);

    if (listing != NULL) {
        g_ptr_array_add(report->listings, listing);
    }
    return listing;
}

static bool
explain(bool ok, GError **error)
{
    if (!ok) {
        g_prefix_error(error, _("the state of the units as tke tells it: "));
    }
    return ok;
}

SimOfficersReport *
sim_officers_report_new(const char *units, GError **error)
{
    g_autoptr(SimOfficersReport) report = g_new0(SimOfficersReport, 1);
    JsonObject *listing;

    report->listings = g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
    report->rows = g_array_new(FALSE, TRUE, sizeof(Row));
    listing = keep_listing(report, units, error);
    if (!explain(listing != NULL && visit_rows(report, listing, "units", take_unit, error),
                 error)) {
        return NULL;
    }
    if (report->rows->len == 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("there are no crypto units that serve an instance"));
        return NULL;
    }
    return g_steal_pointer(&report);
}

void
sim_officers_report_free(SimOfficersReport *report)
{
    if (report != NULL) {
        g_ptr_array_unref(report->listings);
        g_array_unref(report->rows);
        g_free(report);
    }
}

char *
sim_officers_report_dup_numbers(const SimOfficersReport *report)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; i < report->rows->len; i++) {
        g_string_append_printf(text, "%s%d", i > 0 ? "," : "", (int) get_row(report, i)->number);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

bool
sim_officers_report_take_thresholds(SimOfficersReport *report, const char *text, GError **error)
{
    JsonObject *listing = keep_listing(report, text, error);

    return explain(listing != NULL &&
                       visit_rows(report, listing, "thresholds", take_thresholds, error),
                   error);
}

bool
sim_officers_report_take_registers(SimOfficersReport *report, const char *text, GError **error)
{
    JsonObject *listing = keep_listing(report, text, error);

    return explain(
        listing != NULL && visit_rows(report, listing, "new_register", take_new_register, error) &&
            visit_rows(report, listing, "current_register", take_current_register, error),
        error);
}

bool
sim_officers_report_check_new(const SimOfficersReport *report, GError **error)
{
    for (unsigned i = 0; i < report->rows->len; i++) {
        const Row *row = get_row(report, i);
        const int number = (int) row->number;

        if (!row->is_read) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP, _("crypto unit %d was not read"),
                        number);
        } else if (!row->is_verified) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP,
                        _("the module certificates of crypto unit %d were not verified"), number);
        } else if (!row->is_imprint) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP,
                        _("crypto unit %d is not in imprint mode"), number);
        } else {
            continue;
        }
        return false;
    }
    return true;
}

/* Whether a register has the pattern of the first unit; zeros are none. */
static bool
has_pattern(const SimOfficersReport *report, const Row *row)
{
    return strspn(row->pattern, "0") < strlen(row->pattern) &&
           strncmp(row->pattern, get_row(report, 0)->pattern, PATTERN_COMPARED) == 0;
}

bool
sim_officers_report_check_patterns(const SimOfficersReport *report, GError **error)
{
    for (unsigned i = 0; i < report->rows->len; i++) {
        const Row *row = get_row(report, i);

        if (!has_pattern(report, row)) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP,
                        _("crypto unit %d has another verification pattern than crypto unit %d, or "
                          "none"),
                        (int) row->number, (int) get_row(report, 0)->number);
            return false;
        }
    }
    return true;
}

/* How many are Valid with the pattern of the first. */
static unsigned
count_valid(const SimOfficersReport *report)
{
    unsigned n = 0;

    for (unsigned i = 0; i < report->rows->len; i++) {
        const Row *row = get_row(report, i);

        n += strcmp(row->status, "Valid") == 0 && has_pattern(report, row) ? 1 : 0;
    }
    return n;
}

/* What tke says for programs of a register, as people read it. */
static const char *
status_text(const char *word)
{
    return *word != '\0' ? _(word) : "";
}

static int
wider(int width, const char *text)
{
    return MAX(width, (int) g_utf8_strlen(text, -1));
}

static int
status_width(const SimOfficersReport *report)
{
    int width = STATUS_WIDTH;

    for (unsigned i = 0; i < report->rows->len; i++) {
        const Row *row = get_row(report, i);

        width = wider(wider(width, status_text(row->new_status)), status_text(row->status));
    }
    return width;
}

/* A cell of the table: as many columns of the terminal, whatever the letters are. */
static void
print_cell(const char *text, int width)
{
    printf("%s%*s ", text, wider(width, text) - wider(0, text), "");
}

bool
sim_officers_report_print(const SimOfficersReport *report)
{
    const unsigned n_valid = count_valid(report);
    const int number_width = wider(NUMBER_WIDTH, _("CRYPTO UNIT NUM"));
    const int width = status_width(report);

    print_cell(_("CRYPTO UNIT NUM"), number_width);
    print_cell(_("LOCATION"), LOCATION_WIDTH);
    print_cell(_("NEW"), width);
    print_cell(_("CURRENT"), width);
    printf("%s\n", _("VERIFICATION PATTERN"));
    for (unsigned i = 0; i < report->rows->len; i++) {
        const Row *row = get_row(report, i);

        printf("%-*d ", number_width, (int) row->number);
        print_cell(row->location, LOCATION_WIDTH);
        print_cell(status_text(row->new_status), width);
        print_cell(status_text(row->status), width);
        printf("%.*s…\n", PATTERN_SHOWN, row->pattern);
    }
    /* In every language as it is: programs that start a rehearsal look for this line. */
    printf("\nmaster key Valid on %u of %u crypto units\n", n_valid, report->rows->len);
    return n_valid == report->rows->len;
}
