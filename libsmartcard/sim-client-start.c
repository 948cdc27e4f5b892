/*
 * A client of tke-sim that starts it where no world answers (rehearsal, 4.12).
 */
#include <glib/gi18n-lib.h>
#include <sys/wait.h>

#include "common/error.h"
#include "libsmartcard/sim-protocol.h"

#define EXIT_RUNNING 10 /* of tke-sim: another one keeps this world, perhaps just started */
#define ANSWER_TRIES 100u
#define ANSWER_STEP_US 50000u

/* Beside this program, in the build tree (programs have a directory each there), in PATH. */
static char *
find_tke_sim(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);

    if (self != NULL) {
        g_autofree char *own_dir = g_path_get_dirname(self);
        g_autofree char *beside = g_build_filename(own_dir, "tke-sim", NULL);
        g_autofree char *built = g_build_filename(own_dir, "..", "simulator", "tke-sim", NULL);

        if (g_file_test(beside, G_FILE_TEST_IS_EXECUTABLE)) {
            return g_steal_pointer(&beside);
        }
        if (g_file_test(built, G_FILE_TEST_IS_EXECUTABLE)) {
            return g_steal_pointer(&built);
        }
    }
    return g_find_program_in_path("tke-sim");
}

/* True when it answers, or another one that was started at the same time is about to. */
static bool
start_tke_sim(const char *directory, GError **error)
{
    g_autofree char *program = find_tke_sim();
    g_autofree char *output = NULL;
    int status = 0;

    if (program == NULL) {
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_SETUP,
                            _("tke-sim is neither beside this program nor in PATH"));
        return false;
    }
    const char *argv[] = { program, "start", "--world", directory, NULL };
    if (!g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
                      &output, &status, error)) {
        g_prefix_error(error, _("tke-sim: "));
        return false;
    }
    if (!g_spawn_check_wait_status(status, NULL) &&
        (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_RUNNING)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP, _("tke-sim did not start: %s"),
                    g_strstrip(output));
        return false;
    }
    return true;
}

TkeSimClient *
tke_sim_client_open_or_start(const char *directory, GError **error)
{
    g_autoptr(GError) absent = NULL;
    TkeSimClient *client = tke_sim_client_open(directory, &absent);

    if (client != NULL) {
        return client;
    }
    if (!g_error_matches(absent, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&absent));
        return NULL;
    }
    if (!start_tke_sim(directory, error)) {
        return NULL;
    }
    for (unsigned i = 0; i < ANSWER_TRIES && client == NULL; i++) {
        g_clear_error(&absent);
        client = tke_sim_client_open(directory, &absent);
        if (client == NULL && !g_error_matches(absent, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) {
            break; /* it is there, and hangs or is not for us */
        }
        if (client == NULL) {
            g_usleep(ANSWER_STEP_US);
        }
    }
    if (client == NULL) {
        g_propagate_error(error, g_steal_pointer(&absent));
    }
    return client;
}
