/*
 * Tables for people, arrays of objects for programs (functions 4.2).
 */
#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>

#include "tke/output-private.h"
#include "tke/text.h"

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

    if (column->key == NULL) {
        return;
    }
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
    json_object_set_array_member(tke_cli_output_innermost(out), out->table_key, array);
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

    if ((column->kind == TKE_CLI_PATTERN || column->kind == TKE_CLI_GROUPED) &&
        strlen(text) == 64) {
        g_autofree char *half = n < 2 ? tke_cli_text_group(text + (size_t) 32 * n, 32,
                                                           column->kind == TKE_CLI_GROUPED ? 4 : 32)
                                      : NULL;

        return half != NULL ? g_strconcat(mark, half, NULL) : NULL;
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
    if (tke_cli_output_prints_text(out)) {
        if (out->rows->len > 0 || none == NULL) {
            print_table(out);
        } else {
            printf("%s\n", none);
        }
    }
    g_clear_pointer(&out->rows, g_ptr_array_unref);
}
