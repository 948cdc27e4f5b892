/*
 * Finds and starts tke-desk.
 */
#include "gtk-common/desk-start.h"

#include <glib.h>

#define PROGRAM "tke-desk"

static char *
find_desk(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *dir = self != NULL ? g_path_get_dirname(self) : NULL;
    g_autofree char *beside = dir != NULL ? g_build_filename(dir, PROGRAM, NULL) : NULL;
    g_autofree char *built =
        dir != NULL ? g_build_filename(dir, "..", "simulator", PROGRAM, NULL) : NULL;

    if (beside != NULL && g_file_test(beside, G_FILE_TEST_IS_EXECUTABLE)) {
        return g_steal_pointer(&beside);
    }
    if (built != NULL && g_file_test(built, G_FILE_TEST_IS_EXECUTABLE)) {
        return g_steal_pointer(&built);
    }
    return g_find_program_in_path(PROGRAM);
}

void
tke_ui_desk_start(const char *world)
{
    g_autofree char *program = find_desk();
    char *argv[] = { program, world != NULL ? (char *) "--world" : NULL, (char *) world, NULL };

    if (program != NULL) {
        (void) g_spawn_async(NULL, argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, NULL);
    }
}
