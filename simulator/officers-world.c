/*
 * The world of a rehearsal: tke-sim started and ended, the directory removed.
 */
#include "simulator/officers-world.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdio.h>

#include "common/error.h"

void
sim_officers_world_clear(SimOfficersWorld *world)
{
    g_free(world->program);
    g_free(world->directory);
    g_free(world->scenario);
    g_free(world->profile);
}

char *
sim_officers_world_find_program(const char *name, const char *folder)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *own_dir = self == NULL ? g_strdup(".") : g_path_get_dirname(self);
    g_autofree char *beside = g_build_filename(own_dir, name, NULL);
    g_autofree char *built = g_build_filename(own_dir, "..", folder, name, NULL);
    char *found = NULL;

    if (g_file_test(beside, G_FILE_TEST_IS_EXECUTABLE) &&
        !g_file_test(beside, G_FILE_TEST_IS_DIR)) {
        return g_steal_pointer(&beside);
    }
    if (g_file_test(built, G_FILE_TEST_IS_EXECUTABLE)) {
        return g_steal_pointer(&built);
    }
    found = g_find_program_in_path(name);
    return found == NULL ? g_strdup(name) : found;
}

/* Runs tke-sim with these words; its complaint becomes the error. */
static bool
run_tke_sim(const SimOfficersWorld *world, GPtrArray *words, GError **error)
{
    g_autofree char *complaint = NULL;
    int status = 0;

    g_ptr_array_add(words, NULL);
    if (!g_spawn_sync(NULL, (char **) words->pdata, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
                      &complaint, &status, error)) {
        g_prefix_error(error, "%s: ", world->program);
        return false;
    }
    if (!g_spawn_check_wait_status(status, NULL)) {
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_SETUP, g_strstrip(complaint));
        return false;
    }
    return true;
}

static GPtrArray *
new_words(const SimOfficersWorld *world, const char *command)
{
    GPtrArray *words = g_ptr_array_new();

    g_ptr_array_add(words, world->program);
    g_ptr_array_add(words, (char *) command);
    g_ptr_array_add(words, (char *) "--world");
    g_ptr_array_add(words, world->directory);
    return words;
}

bool
sim_officers_world_start(const SimOfficersWorld *world, GError **error)
{
    g_autofree char *delay = g_strdup_printf("%d", world->delay_ms);
    g_autoptr(GPtrArray) words = new_words(world, "start");

    if (world->scenario != NULL) {
        g_ptr_array_add(words, (char *) "--scenario");
        g_ptr_array_add(words, world->scenario);
    }
    if (world->profile != NULL) {
        g_ptr_array_add(words, (char *) "--profile");
        g_ptr_array_add(words, world->profile);
    }
    if (world->delay_ms >= 0) {
        g_ptr_array_add(words, (char *) "--delay-ms");
        g_ptr_array_add(words, delay);
    }
    return run_tke_sim(world, words, error);
}

void
sim_officers_world_stop(const SimOfficersWorld *world)
{
    g_autoptr(GPtrArray) words = new_words(world, "stop");
    g_autoptr(GError) error = NULL;

    if (!run_tke_sim(world, words, &error)) {
        fprintf(stderr, "tke-rehearse: %s\n", error->message);
    }
}

static void
remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name = NULL;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *inner = g_build_filename(path, name, NULL);

        if (g_file_test(inner, G_FILE_TEST_IS_DIR) && !g_file_test(inner, G_FILE_TEST_IS_SYMLINK)) {
            remove_tree(inner);
        } else {
            g_unlink(inner);
        }
    }
    g_rmdir(path);
}

void
sim_officers_world_remove(const SimOfficersWorld *world)
{
    remove_tree(world->directory);
}
