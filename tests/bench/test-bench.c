/*
 * bench itself: it measures everything, and what can be counted is within its limits. Times are
 * printed, never judged here.
 */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/support/test-main.h"

#define PATIENCE_S 280

/* Runs bench; its exit code, and what it wrote. */
static int
run_bench(const char *section, JsonNode **written)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_dir_make_tmp("test-bench-XXXXXX", &error);
    g_autofree char *path = g_build_filename(dir, "numbers.json", NULL);
    g_autofree char *program = g_strdup(BENCH);
    g_autofree char *output = NULL;
    g_autofree char *complaint = NULL;
    char *argv[] = { program, (char *) "--quick", (char *) "--json", path, (char *) section, NULL };
    int status = 0;

    ck_assert_ptr_nonnull(dir);
    ck_assert_msg(g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, &complaint,
                               &status, &error),
                  "%s", error == NULL ? "" : error->message);
    ck_assert(WIFEXITED(status));
    if (WEXITSTATUS(status) == 1) {
        g_printerr("%s%s", output, complaint); /* longer than a message of Check may be */
        ck_abort_msg("something could not be measured");
    }
    *written = NULL;
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_autoptr(JsonParser) parser = json_parser_new();

        ck_assert(json_parser_load_from_file(parser, path, &error));
        *written = json_parser_steal_root(parser);
    }
    g_unlink(path);
    g_rmdir(dir);
    return WEXITSTATUS(status);
}

static void
check_row(JsonObject *row, unsigned *counts)
{
    const bool is_count = *json_object_get_string_member(row, "unit") == '\0';
    const char *name = json_object_get_string_member(row, "name");

    ck_assert_msg(json_object_get_double_member(row, "value") >= (is_count ? 0 : 1e-6), "%s", name);
    if (is_count) {
        ck_assert_msg(json_object_get_boolean_member(row, "ok"), "%s", name);
        ck_assert_double_le(json_object_get_double_member(row, "value"),
                            json_object_get_double_member(row, "limit"));
        (*counts)++;
    }
}

START_TEST(test_everything_is_measured_and_counts_are_within_their_limits)
{
    g_autoptr(JsonNode) written = NULL;
    JsonObject *report = NULL;
    JsonArray *rows = NULL;
    unsigned counts = 0;
    unsigned n_pcscd = 0;

    ck_assert_int_eq(run_bench(NULL, &written), 0);
    ck_assert_ptr_nonnull(written);
    report = json_node_get_object(written);
    ck_assert_uint_eq(json_array_get_length(json_object_get_array_member(report, "failures")), 0);
    rows = json_object_get_array_member(report, "rows");
    for (guint i = 0; i < json_array_get_length(rows); i++) {
        JsonObject *row = json_array_get_object_element(rows, i);

        check_row(row, &counts);
        n_pcscd +=
            strcmp(json_object_get_string_member(row, "group"), "Readers through pcscd") == 0;
    }
    /* Those of pcscd are all there, or none where no pcscd can be started: never in CI. */
    if (n_pcscd == 0 && g_getenv("CI") == NULL) {
        ck_assert_uint_eq(counts, 8 + 8 + 7);
    } else {
        ck_assert_uint_eq(n_pcscd, TKE_WITH_PCSC ? 8 + 4 : 0);
        ck_assert_uint_eq(counts, 8 + 8 + 7 + (TKE_WITH_PCSC ? 4 : 0));
    }
    ck_assert_uint_eq(json_array_get_length(rows),
                      8 + 8 + 7 + 4 + 1 + 3 + 1 + 3 + n_pcscd + (n_pcscd > 0 ? 3 : 0));
}
END_TEST

START_TEST(test_unknown_sections_are_refused)
{
    g_autoptr(JsonNode) written = NULL;

    ck_assert_int_eq(run_bench("nothing", &written), 2);
    ck_assert_ptr_null(written);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, PATIENCE_S);
    tcase_add_test(tests, test_everything_is_measured_and_counts_are_within_their_limits);
    tcase_add_test(tests, test_unknown_sections_are_refused);
}

int
main(void)
{
    return test_main("bench", add_tests);
}
