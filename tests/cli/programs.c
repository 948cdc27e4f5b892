/*
 * Starting tke and tke-sim in a private world.
 */
#include "tests/cli/programs.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>

static void
run(Programs *programs, char **argv, char **environment, const char *answers)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                  G_SUBPROCESS_FLAGS_STDERR_PIPE);
    g_autoptr(GSubprocess) process = NULL;
    g_autoptr(GError) error = NULL;

    g_clear_pointer(&programs->output, g_free);
    g_clear_pointer(&programs->complaint, g_free);
    g_subprocess_launcher_set_environ(launcher, environment);
    process = g_subprocess_launcher_spawnv(launcher, (const char *const *) argv, &error);
    ck_assert_msg(process != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_msg(g_subprocess_communicate_utf8(process, answers != NULL ? answers : "", NULL,
                                                &programs->output, &programs->complaint, &error),
                  "%s", error != NULL ? error->message : "");
    programs->exit_code =
        g_subprocess_get_if_exited(process) ? g_subprocess_get_exit_status(process) : -1;
}

static char **
make_argv(const char *const *before, const char *words)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_auto(GStrv) parsed = NULL;

    for (; *before != NULL; before++) {
        g_ptr_array_add(argv, g_strdup(*before));
    }
    ck_assert(g_shell_parse_argv(words, NULL, &parsed, NULL));
    for (char **word = parsed; *word != NULL; word++) {
        g_ptr_array_add(argv, g_strdup(*word));
    }
    g_ptr_array_add(argv, NULL);
    return (char **) g_ptr_array_free(g_steal_pointer(&argv), FALSE);
}

static char **
clean_environment(void)
{
    char **environment = g_get_environ();
    static const char *const gone[] = { "CLOUDTKEFILES",  "TKE_PRIVATE_ADDR", "OPENTKE_WORLD",
                                        "IBMCLOUD_TRACE", "OPENTKE_TRACE",    "XDG_STATE_HOME",
                                        "XDG_CONFIG_HOME" };

    for (unsigned i = 0; i < G_N_ELEMENTS(gone); i++) {
        environment = g_environ_unsetenv(environment, gone[i]);
    }
    return environment;
}

void
programs_tke(Programs *programs, const char *words, const char *answers)
{
    const char *const before[] = { TKE, "--rehearsal", "--world", programs->world, NULL };
    g_auto(GStrv) argv = make_argv(before, words);
    g_auto(GStrv) environment = clean_environment();

    run(programs, argv, environment, answers);
}

void
programs_tke_redirected(Programs *programs, const char *words, const char *redirections)
{
    g_autofree char *world = g_shell_quote(programs->world);
    g_autofree char *line =
        g_strdup_printf("exec %s --rehearsal --world %s %s %s", TKE, world, words, redirections);
    const char *const argv[] = { "/bin/sh", "-c", line, NULL };
    g_auto(GStrv) environment = clean_environment();

    run(programs, (char **) argv, environment, NULL);
}

void
programs_tke_real(Programs *programs, const char *words, const char *const *variables)
{
    const char *const before[] = { TKE, NULL };
    g_auto(GStrv) argv = make_argv(before, words);
    g_auto(GStrv) environment = g_environ_setenv(clean_environment(), "HOME", programs->dir, TRUE);

    for (; variables != NULL && *variables != NULL; variables++) {
        g_auto(GStrv) pair = g_strsplit(*variables, "=", 2);

        environment = g_environ_setenv(environment, pair[0], pair[1], TRUE);
    }
    run(programs, argv, environment, NULL);
}

void
programs_sim(Programs *programs, const char *words)
{
    const char *const before[] = { TKE_SIM, "--world", programs->world, NULL };
    g_auto(GStrv) argv = make_argv(before, words);
    g_autoptr(GError) error = NULL;
    int status = 0;

    ck_assert_msg(g_spawn_sync(NULL, argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, NULL,
                               &status, &error) &&
                      g_spawn_check_wait_status(status, &error),
                  "tke-sim %s: %s", words, error != NULL ? error->message : "");
}

void
programs_start(Programs *programs, bool rehearsed)
{
    g_autoptr(GError) error = NULL;
    const char *const argv[] = { TKE_REHEARSE, "--keep", "--world", NULL, NULL };

    memset(programs, 0, sizeof *programs);
    programs->dir = g_dir_make_tmp("opentke-cli-XXXXXX", &error);
    ck_assert_msg(programs->dir != NULL, "%s", error != NULL ? error->message : "");
    programs->world = g_build_filename(programs->dir, "w", NULL);
    programs->workstation = g_build_filename(programs->world, "workstation", NULL);
    if (rehearsed) {
        g_auto(GStrv) words = g_strdupv((char **) argv);
        g_auto(GStrv) environment = clean_environment();
        g_auto(GStrv) all = make_argv((const char *const *) words, programs->world);

        run(programs, all, environment, NULL);
        programs_expect(programs, 0);
    } else {
        programs_sim(programs, "start");
    }
}

static void
remove_tree(const char *path)
{
    g_autoptr(GDir) dir =
        g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        remove_tree(child);
    }
    g_remove(path);
}

void
programs_stop(Programs *programs)
{
    if (programs->dir != NULL) {
        programs_sim(programs, "stop");
        remove_tree(programs->dir);
    }
    g_free(programs->dir);
    g_free(programs->world);
    g_free(programs->workstation);
    g_free(programs->output);
    g_free(programs->complaint);
}

JsonObject *
programs_json(const Programs *programs)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) error = NULL;

    ck_assert_msg(json_parser_load_from_data(parser, programs->output, -1, &error), "%s: %s",
                  error != NULL ? error->message : "", programs->output);
    ck_assert(JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser)));
    return json_object_ref(json_node_get_object(json_parser_get_root(parser)));
}

void
programs_expect(const Programs *programs, int exit_code)
{
    ck_assert_msg(programs->exit_code == exit_code, "exit %d, not %d:\n%s\n%s", programs->exit_code,
                  exit_code, programs->output, programs->complaint);
}
