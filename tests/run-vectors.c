/*
 * run-vectors DIR...: runs every case of every *.json file in the directories and tells how many
 * passed.
 *
 * Exit status 0 only if no case failed. Unreadable files, malformed cases and unknown kinds are
 * failures.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/secret.h"
#include "tests/run-vectors/vectors.h"

#define SUFFIX ".json"

typedef struct {
    unsigned passed;
    unsigned failed;
    unsigned skipped;
} Counts;

static void
tell(const char *what, const char *file, const char *name, const char *reason)
{
    if (name == NULL) {
        printf("%s %s: %s\n", what, file, reason);
    } else {
        printf("%s %s: %s: %s\n", what, file, name, reason);
    }
}

static void
fail(Counts *counts, const char *file, const char *name, const char *reason)
{
    counts->failed++;
    tell("FAIL", file, name, reason);
}

static bool
is_kind(const VectorKind *row, const char *name)
{
    size_t len = strcspn(name, "/");

    return strcmp(row->kind, "*") == 0 ||
           (strlen(row->kind) == len && strncmp(row->kind, name, len) == 0);
}

/* The first row of a list that takes the case; stem NULL: of any file. */
static const VectorKind *
find_in_list(const VectorKind *list, const char *stem, const Vector *vector)
{
    for (const VectorKind *row = list; row->kind != NULL; row++) {
        if (is_kind(row, vector->name) &&
            (row->fits == NULL || row->fits(vector->inputs, vector->expected)) &&
            (stem == NULL || (row->stem != NULL && strcmp(row->stem, stem) == 0))) {
            return row;
        }
    }
    return NULL;
}

/*
 * Runs the rows for a case: one of each list (card and host are lists of their own, and both take
 * part in an exchange), those of its file before those of another file. False if there is none.
 */
static bool
run_rows(const char *stem, Vector *vector)
{
    bool found = false;

    for (size_t i = 0; vector_lists[i] != NULL; i++) {
        const VectorKind *row = find_in_list(vector_lists[i], stem, vector);

        if (row != NULL) {
            row->run(vector);
            found = true;
        }
    }
    return found;
}

static bool
run_rows_of_any_file(const char *stem, Vector *vector)
{
    if (run_rows(stem, vector)) {
        return true;
    }
    for (size_t i = 0; vector_lists[i] != NULL; i++) {
        const VectorKind *row = find_in_list(vector_lists[i], NULL, vector);

        if (row != NULL && row->stem != NULL) {
            return run_rows(row->stem, vector);
        }
        if (row != NULL) {
            row->run(vector);
            return true;
        }
    }
    return false;
}

static void
run_case(const char *stem, Vector *vector, Counts *counts)
{
    if (!run_rows_of_any_file(stem, vector)) {
        fail(counts, vector->file, vector->name, "the kind is unknown");
        return;
    }
    if (vector->failures != NULL) {
        fail(counts, vector->file, vector->name, vector->failures->str);
    } else if (vector->skipped != NULL) {
        counts->skipped++;
        tell("SKIP", vector->file, vector->name, vector->skipped);
    } else if (vector->n_checks == 0) {
        fail(counts, vector->file, vector->name, "nothing was compared");
    } else {
        counts->passed++;
    }
}

static JsonObject *
object_member(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static void
run_node(const char *stem, const char *file, JsonNode *node, Counts *counts)
{
    Vector vector = { .file = file };
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    JsonNode *name = object == NULL ? NULL : json_object_get_member(object, "name");

    if (name == NULL || !JSON_NODE_HOLDS_VALUE(name) ||
        json_node_get_value_type(name) != G_TYPE_STRING) {
        fail(counts, file, NULL, "a case has no name");
        return;
    }
    vector.name = json_node_get_string(name);
    vector.inputs = object_member(object, "inputs");
    vector.expected = object_member(object, "expected");
    if (vector.inputs == NULL || vector.expected == NULL) {
        fail(counts, file, vector.name, "the case has no inputs or nothing expected");
        return;
    }
    run_case(stem, &vector, counts);
    g_clear_pointer(&vector.owned, g_ptr_array_unref);
    if (vector.failures != NULL) {
        g_string_free(vector.failures, TRUE);
    }
}

static void
run_file(const char *dir, const char *file, Counts *counts)
{
    g_autofree char *path = g_build_filename(dir, file, NULL);
    g_autofree char *stem = g_strndup(file, strlen(file) - strlen(SUFFIX));
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) error = NULL;
    JsonNode *root = NULL;
    JsonArray *cases = NULL;

    if (!json_parser_load_from_file(parser, path, &error)) {
        fail(counts, file, NULL, error->message);
        return;
    }
    root = json_parser_get_root(parser);
    if (root == NULL || !JSON_NODE_HOLDS_ARRAY(root)) {
        fail(counts, file, NULL, "the file is not an array of cases");
        return;
    }
    cases = json_node_get_array(root);
    if (json_array_get_length(cases) == 0) {
        fail(counts, file, NULL, "the file has no cases");
    }
    for (guint i = 0; i < json_array_get_length(cases); i++) {
        run_node(stem, file, json_array_get_element(cases, i), counts);
    }
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static void
run_dir(const char *path, Counts *counts)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(path, 0, &error);
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
    const char *name = NULL;

    if (dir == NULL) {
        fail(counts, path, NULL, error->message);
        return;
    }
    while ((name = g_dir_read_name(dir)) != NULL) {
        if (g_str_has_suffix(name, SUFFIX)) {
            g_ptr_array_add(files, g_strdup(name));
        }
    }
    if (files->len == 0) {
        fail(counts, path, NULL, "there are no " SUFFIX " files in the directory");
    }
    g_ptr_array_sort(files, compare_names);
    for (guint i = 0; i < files->len; i++) {
        run_file(path, files->pdata[i], counts);
    }
}

int
main(int argc, char **argv)
{
    Counts counts = { 0 };
    g_autoptr(GError) error = NULL;

    if (argc < 2) {
        fprintf(stderr, "usage: run-vectors DIR...\n");
        return 2;
    }
    if (!tke_secret_heap_init(&error)) {
        fprintf(stderr, "run-vectors: %s\n", error->message);
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        run_dir(argv[i], &counts);
    }
    printf("%u passed, %u failed, %u skipped\n", counts.passed, counts.failed, counts.skipped);
    return counts.failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
