/*
 * Small worlds for tests.
 */
#include "tests/simulator/world-fixture.h"

#include <check.h>

#include <glib/gstdio.h>

#define SECOND_MS 50

/* clang-format off */
#define SCENARIO \
    "{ \"format\": 1, \"name\": \"%s\", %s" \
    "  \"readers\": [ { \"name\": \"Left\" }, { \"name\": \"Right\", \"serial\": \"R2\" } ]," \
    "  \"cards\": [ { \"label\": \"ca-1\", \"applet\": \"ca\" }," \
    "    { \"label\": \"ep11-1\", \"applet\": \"ep11\", \"extended_length\": false }," \
    "    { \"label\": \"ep11-2\", \"applet\": \"ep11\" } ]," \
    "  \"service\": { \"account\": \"a\", \"user\": \"u\", \"resource_group\": \"g\"," \
    "    \"region\": \"us-south\", \"instances\": [ {" \
    "    \"id\": \"9f4d2c1e-7a35-4b8e-9c60-52d1e83b7f04\", \"name\": \"i\", \"units\": [" \
    "    { \"type\": \"operational\", \"zone\": \"us-south\", \"host\": \"AZ1-CS1\", \"module\": 2," \
    "      \"domain\": 3, \"kind\": \"CEX7\", \"serial\": \"93AABR01\" } ] } ] } }"
/* clang-format on */

char *
test_scenario_write(const TestDirectory *directory, const char *name, const char *more)
{
    char *path = g_strconcat(directory->path, "-", name, ".json", NULL);
    g_autofree char *text = g_strdup_printf(SCENARIO, name, more);

    ck_assert(g_file_set_contents(path, text, -1, NULL));
    return path;
}

TestDirectory *
test_directory_new(void)
{
    TestDirectory *directory = g_new0(TestDirectory, 1);

    directory->path = g_dir_make_tmp("tke-XXXXXX", NULL);
    ck_assert_ptr_nonnull(directory->path);
    directory->scenario = test_scenario_write(directory, "small", "");
    return directory;
}

static void
remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name = NULL;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *inner = g_build_filename(path, name, NULL);

        if (g_file_test(inner, G_FILE_TEST_IS_DIR)) {
            remove_tree(inner);
        } else {
            g_unlink(inner);
        }
    }
    g_rmdir(path);
}

void
test_directory_free(TestDirectory *directory)
{
    if (directory == NULL) {
        return;
    }
    remove_tree(directory->path);
    g_unlink(directory->scenario);
    g_free(directory->path);
    g_free(directory->scenario);
    g_free(directory);
}

SimWorld *
test_world_open(const TestDirectory *directory)
{
    const SimWorldOptions options = { .scenario = directory->scenario,
                                      .delay_ms = -1,
                                      .second_ms = SECOND_MS };
    g_autoptr(GError) error = NULL;
    SimWorld *world = sim_world_new(directory->path, &options, &error);

    ck_assert_msg(world != NULL, "%s", error == NULL ? "" : error->message);
    return world;
}
