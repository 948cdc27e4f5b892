/*
 * Tables for people, JSON for programs (functions 4.2, F-157).
 */
#include "tke/output.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "libceremony/advice.h"
#include "libceremony/record.h"
#include "tke/text.h"

struct TkeCliOutput {
    bool json;
    bool rehearsal;
    bool quiet;
    char *failure; /* what failed though no error was told; NULL: nothing */
    JsonObject *root;
    GPtrArray *groups; /* JsonObject, innermost last; borrowed from root */
    /* the table that is open */
    const char *table_key;
    const TkeCliColumn *columns;
    unsigned n_columns;
    GPtrArray *rows; /* char ** */
};

TkeCliOutput *
tke_cli_output_new(bool json, bool rehearsal, bool quiet)
{
    TkeCliOutput *out = g_new0(TkeCliOutput, 1);

    out->json = json;
    out->rehearsal = rehearsal;
    out->quiet = quiet;
    out->root = json_object_new();
    out->groups = g_ptr_array_new();
    g_ptr_array_add(out->groups, out->root);
    return out;
}

void
tke_cli_output_free(TkeCliOutput *out)
{
    if (out != NULL) {
        json_object_unref(out->root);
        g_ptr_array_unref(out->groups);
        g_clear_pointer(&out->rows, g_ptr_array_unref);
        g_free(out->failure);
        g_free(out);
    }
}

static JsonObject *
innermost(TkeCliOutput *out)
{
    return g_ptr_array_index(out->groups, out->groups->len - 1);
}

static bool
prints_text(const TkeCliOutput *out)
{
    return !out->json && !out->quiet;
}

void
tke_cli_output_line(TkeCliOutput *out, const char *format, ...)
{
    va_list args;

    if (prints_text(out)) {
        g_autofree char *text = NULL;
        g_autofree char *safe = NULL;

        va_start(args, format);
        text = g_strdup_vprintf(format, args);
        va_end(args);
        safe = tke_cli_text_safe(text);
        printf("%s\n", safe);
    }
}

void
tke_cli_output_text(TkeCliOutput *out, const char *text)
{
    if (prints_text(out)) {
        printf("%s\n", text);
    }
}

void
tke_cli_output_value(TkeCliOutput *out, const char *key, const char *heading, const char *value)
{
    json_object_set_string_member(innermost(out), key, value);
    if (prints_text(out) && heading != NULL) {
        g_autofree char *safe = tke_cli_text_safe(value != NULL ? value : "");

        printf("%s: %s\n", _(heading), safe);
    }
}

void
tke_cli_output_set_failure(TkeCliOutput *out, const char *text)
{
    g_free(out->failure);
    out->failure = tke_cli_text_safe(text);
}

void
tke_cli_output_word(TkeCliOutput *out, const char *key, const char *heading, const char *word)
{
    json_object_set_string_member(innermost(out), key, word);
    if (prints_text(out)) {
        printf("%s: %s\n", _(heading), _(word));
    }
}

void
tke_cli_output_number(TkeCliOutput *out, const char *key, const char *heading, gint64 value)
{
    json_object_set_int_member(innermost(out), key, value);
    if (prints_text(out) && heading != NULL) {
        printf("%s: %" G_GINT64_FORMAT "\n", _(heading), value);
    }
}

void
tke_cli_output_flag(TkeCliOutput *out, const char *key, const char *heading, bool value)
{
    json_object_set_boolean_member(innermost(out), key, value);
    if (prints_text(out) && heading != NULL) {
        printf("%s: %s\n", _(heading), value ? _("yes") : _("no"));
    }
}

void
tke_cli_output_table_begin(TkeCliOutput *out, const char *key, const TkeCliColumn *columns,
                           unsigned n_columns)
{
    g_return_if_fail(out->rows == NULL);

    out->table_key = key;
    out->columns = columns;
    out->n_columns = n_columns;
    out->rows = g_ptr_array_new_with_free_func((GDestroyNotify) g_strfreev);
}

void
tke_cli_output_row(TkeCliOutput *out, const char *const *cells)
{
    char **row = g_new0(char *, out->n_columns + 1);

    for (unsigned i = 0; i < out->n_columns; i++) {
        row[i] = cells[i] != NULL ? g_strdup(cells[i]) : g_strdup(TKE_CLI_NULL);
    }
    g_ptr_array_add(out->rows, row);
}

const char *
tke_cli_output_bool(bool value)
{
    return value ? N_("true") : N_("false");
}

static bool
is_marked(const char *cell)
{
    return cell[0] == TKE_CLI_MARK[0];
}

static bool
is_null(const char *cell)
{
    return cell[is_marked(cell) ? 1 : 0] == TKE_CLI_NULL[0];
}

static const char *
cell_text(const char *cell)
{
    return cell + (is_marked(cell) ? 1 : 0) + (is_null(cell) ? 1 : 0);
}

static void
add_json_cell(JsonObject *object, JsonArray *differs, const TkeCliColumn *column, const char *cell)
{
    const char *text = cell_text(cell);

    if (is_null(cell)) {
        json_object_set_null_member(object, column->key);
    } else if (column->kind == TKE_CLI_NUMBER) {
        json_object_set_int_member(object, column->key, g_ascii_strtoll(text, NULL, 10));
    } else if (column->kind == TKE_CLI_BOOL) {
        json_object_set_boolean_member(object, column->key,
                                       strcmp(text, tke_cli_output_bool(true)) == 0);
    } else {
        json_object_set_string_member(object, column->key, text);
    }
    if (is_marked(cell)) {
        json_array_add_string_element(differs, column->key);
    }
}

static void
add_json_table(TkeCliOutput *out)
{
    JsonArray *array = json_array_new();

    for (unsigned r = 0; r < out->rows->len; r++) {
        char **row = g_ptr_array_index(out->rows, r);
        JsonObject *object = json_object_new();
        g_autoptr(JsonArray) differs = json_array_new();

        for (unsigned i = 0; i < out->n_columns; i++) {
            add_json_cell(object, differs, &out->columns[i], row[i]);
        }
        if (json_array_get_length(differs) > 0) {
            json_object_set_array_member(object, "differs", g_steal_pointer(&differs));
        }
        json_array_add_object_element(array, object);
    }
    json_object_set_array_member(innermost(out), out->table_key, array);
}

/* Half of 64 digits, in groups of four. */
static char *
grouped_line(const char *mark, const char *digits)
{
    g_autoptr(GString) line = g_string_new(mark);

    for (unsigned i = 0; i < 32; i += 4) {
        g_string_append_printf(line, "%s%.4s", i > 0 ? " " : "", digits + i);
    }
    return g_string_free(g_steal_pointer(&line), FALSE);
}

/* What people read of it. What says that there is nothing (TKE_CLI_NULL) is for them already. */
static char *
dup_for_people(const TkeCliColumn *column, const char *cell)
{
    const char *text = cell_text(cell);
    bool word = (column->kind == TKE_CLI_WORD || column->kind == TKE_CLI_BOOL) && !is_null(cell);

    return tke_cli_text_safe(word && text[0] != '\0' ? _(text) : text);
}

/* Line n of a cell as it stands in a table; NULL when it has no such line. */
static char *
cell_line(const TkeCliColumn *column, const char *cell, unsigned n)
{
    g_autofree char *text = dup_for_people(column, cell);
    const char *mark = is_marked(cell) && n == 0 ? "*" : "";

    if (column->kind == TKE_CLI_PATTERN && strlen(text) == 64) {
        return n < 2 ? g_strdup_printf("%s%.32s", mark, text + (size_t) 32 * n) : NULL;
    }
    if (column->kind == TKE_CLI_GROUPED && strlen(text) == 64) {
        return n < 2 ? grouped_line(mark, text + (size_t) 32 * n) : NULL;
    }
    return n == 0 ? g_strconcat(mark, text, NULL) : NULL;
}

static void
append_padded(GString *line, const char *text, size_t width)
{
    size_t len = (size_t) g_utf8_strlen(text, -1);

    g_string_append(line, text);
    for (; len < width + 2; len++) {
        g_string_append_c(line, ' ');
    }
}

/* A line without the blanks that pad its last cells. */
static void
print_line(GString *line)
{
    while (line->len > 0 && line->str[line->len - 1] == ' ') {
        g_string_truncate(line, line->len - 1);
    }
    printf("%s\n", line->str);
    g_string_truncate(line, 0);
}

static void
print_row(TkeCliOutput *out, char *const *row, const size_t *widths)
{
    g_autoptr(GString) text = g_string_new(NULL);
    bool more = true;

    for (unsigned n = 0; more; n++) {
        more = false;
        for (unsigned i = 0; i < out->n_columns; i++) {
            g_autofree char *line = cell_line(&out->columns[i], row[i], n);
            g_autofree char *next = cell_line(&out->columns[i], row[i], n + 1);

            if (out->columns[i].heading == NULL) {
                continue;
            }
            append_padded(text, line != NULL ? line : "", widths[i]);
            more = more || next != NULL;
        }
        print_line(text);
    }
}

static void
print_table(TkeCliOutput *out)
{
    g_autofree size_t *widths = g_new0(size_t, out->n_columns);
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; i < out->n_columns; i++) {
        if (out->columns[i].heading == NULL) {
            continue;
        }
        widths[i] = (size_t) g_utf8_strlen(_(out->columns[i].heading), -1);
        for (unsigned r = 0; r < out->rows->len; r++) {
            char **row = g_ptr_array_index(out->rows, r);

            for (unsigned n = 0; n < 2; n++) {
                g_autofree char *line = cell_line(&out->columns[i], row[i], n);

                widths[i] = MAX(widths[i], line != NULL ? (size_t) g_utf8_strlen(line, -1) : 0);
            }
        }
    }
    for (unsigned i = 0; i < out->n_columns; i++) {
        if (out->columns[i].heading != NULL) {
            append_padded(text, _(out->columns[i].heading), widths[i]);
        }
    }
    print_line(text);
    for (unsigned r = 0; r < out->rows->len; r++) {
        print_row(out, g_ptr_array_index(out->rows, r), widths);
    }
}

void
tke_cli_output_table_end(TkeCliOutput *out, const char *none)
{
    add_json_table(out);
    if (prints_text(out)) {
        if (out->rows->len > 0 || none == NULL) {
            print_table(out);
        } else {
            printf("%s\n", none);
        }
    }
    g_clear_pointer(&out->rows, g_ptr_array_unref);
}

/* The array of that name, made if it is not there yet. */
static JsonArray *
need_array(JsonObject *object, const char *key)
{
    if (!json_object_has_member(object, key)) {
        json_object_set_array_member(object, key, json_array_new());
    }
    return json_object_get_array_member(object, key);
}

void
tke_cli_output_json_line(TkeCliOutput *out, const char *key, const char *line)
{
    JsonArray *array = need_array(innermost(out), key);
    JsonNode *node = json_from_string(line, NULL);

    if (node != NULL) {
        json_array_add_element(array, node);
    }
    tke_cli_output_line(out, "%s", line);
}

void
tke_cli_output_group_begin(TkeCliOutput *out, const char *key)
{
    JsonObject *group = json_object_new();

    json_array_add_object_element(need_array(innermost(out), key), group);
    g_ptr_array_add(out->groups, group);
}

static JsonObject *
find_group(JsonObject *outer, const char *key, const char *member, const char *value)
{
    JsonArray *array =
        json_object_has_member(outer, key) ? json_object_get_array_member(outer, key) : NULL;

    for (unsigned i = 0; array != NULL && i < json_array_get_length(array); i++) {
        JsonObject *group = json_array_get_object_element(array, i);

        if (g_strcmp0(json_object_get_string_member_with_default(group, member, NULL), value) ==
            0) {
            return group;
        }
    }
    return NULL;
}

void
tke_cli_output_group_resume(TkeCliOutput *out, const char *key, const char *member,
                            const char *value)
{
    JsonObject *group = find_group(innermost(out), key, member, value);

    if (group != NULL) {
        g_ptr_array_add(out->groups, group);
    } else {
        tke_cli_output_group_begin(out, key);
        json_object_set_string_member(innermost(out), member, value);
    }
}

void
tke_cli_output_group_end(TkeCliOutput *out)
{
    g_return_if_fail(out->groups->len > 1);

    g_ptr_array_set_size(out->groups, (int) out->groups->len - 1);
}

void
tke_cli_output_dry_run(TkeCliOutput *out, const GPtrArray *plan)
{
    JsonArray *texts = json_array_new();

    for (unsigned i = 0; i < plan->len; i++) {
        json_array_add_string_element(texts, g_ptr_array_index(plan, i));
    }
    json_object_set_boolean_member(out->root, "dry_run", TRUE);
    json_object_set_array_member(out->root, "plan", texts);
    tke_cli_output_line(out, "%s", _("Dry run: nothing was done."));
}

static void
finish_json(TkeCliOutput *out, const char *command, int exit_code, const GError *error,
            const char *advice, const char *head)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    g_autofree char *text = NULL;

    json_object_set_string_member(out->root, "command", command);
    json_object_set_boolean_member(out->root, "ok", exit_code == 0);
    json_object_set_int_member(out->root, "exit", exit_code);
    if (out->rehearsal) {
        json_object_set_boolean_member(out->root, "rehearsal", TRUE);
    }
    if (error != NULL) {
        tke_record_error(out->root, error);
    }
    if (advice != NULL) {
        json_object_set_string_member(out->root, "advice", advice);
    }
    if (head != NULL) {
        json_object_set_string_member(out->root, "log_head", head);
    }
    json_node_set_object(node, out->root);
    text = json_to_string(node, FALSE);
    printf("%s\n", text);
}

/* What only support needs, under the sentences. */
static void
print_details(const GError *error)
{
    g_autofree char *details = tke_advice_details_for_error(error);
    g_autofree char *safe = details != NULL ? tke_cli_text_safe(details) : NULL;

    if (safe != NULL) {
        printf(_("Details: %s\n"), safe);
    }
}

void
tke_cli_output_finish(TkeCliOutput *out, const char *command, int exit_code, const GError *error,
                      const char *advice, const char *head)
{
    if (out->json) {
        finish_json(out, command, exit_code, error, advice, head);
    } else {
        if (error != NULL) {
            g_autofree char *safe = tke_cli_text_safe(error->message);

            printf("%s\n%s\n", _("FAILED"), safe);
        } else if (out->failure != NULL) {
            printf("%s\n%s\n", _("FAILED"), out->failure);
        } else if (!out->quiet && exit_code == 0) {
            printf("%s\n", _("OK"));
        }
        if (advice != NULL) {
            g_autofree char *safe = tke_cli_text_safe(advice);

            printf("%s\n", safe);
        }
        print_details(error);
        if (head != NULL && !out->quiet) {
            printf(_("Activity log: %s\n"), head);
        }
    }
}

bool
tke_cli_output_flush(GError **error)
{
    const bool lost = ferror(stdout) != 0; /* an earlier part of it */
    const bool flushed = fflush(stdout) == 0;
    const int reason = flushed ? EIO : errno;

    clearerr(stdout); /* the next command of a shell may be shown again */
    if (lost || !flushed) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE,
                    _("what the command says could not be written to standard output: %s"),
                    g_strerror(reason));
        return false;
    }
    return true;
}
