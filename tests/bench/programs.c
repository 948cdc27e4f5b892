/*
 * Running programs and measuring them.
 *
 * The kernel counts for a process the greatest memory of what it was before it became another
 * program, so a program started by this one, which has played whole ceremonies, would seem larger
 * than it is. A small process in between (this program again, with --measure) starts and measures
 * it.
 */
#include "tests/bench/programs.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libsmartcard/sim-protocol.h"
#include "simulator/officers-program.h"

#define KIB_PER_MB (1e6 / 1024)
#define CANNOT_START 127

static volatile sig_atomic_t interrupted;

char *
bench_programs_dup_path(const char *name)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *dir = self == NULL ? g_strdup(".") : g_path_get_dirname(self);

    return g_build_filename(dir, "..", name, NULL);
}

char **
bench_programs_dup_environment(const char *world)
{
    char **environment = g_environ_setenv(g_get_environ(), "OPENTKE_WORLD", world, TRUE);

    environment = g_environ_setenv(environment, "LC_ALL", "C.UTF-8", TRUE);
    return g_environ_unsetenv(environment, "LANGUAGE");
}

/* ---- the process in between ---- */

static void
become(char **argv)
{
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null >= 0) {
        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
    }
    execv(argv[0], argv);
    fprintf(stderr, "%s: %s\n", argv[0], g_strerror(errno));
    _exit(CANNOT_START);
}

int
bench_programs_measure(char **argv)
{
    const gint64 start = g_get_monotonic_time();
    struct rusage usage = { .ru_maxrss = 0 };
    const pid_t pid = argv[0] == NULL ? -1 : fork();
    int status = 0;

    if (pid == 0) {
        become(argv);
    }
    while (pid > 0 && wait4(pid, &status, 0, &usage) < 0) {
        if (errno != EINTR) {
            return EXIT_FAILURE;
        }
    }
    printf("%d %.6f %.3f\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1,
           (double) (g_get_monotonic_time() - start) / G_USEC_PER_SEC,
           (double) usage.ru_maxrss / KIB_PER_MB);
    return pid > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool
parse_run(const char *line, BenchRun *run)
{
    char *end = NULL;

    run->exit_code = (int) strtol(line, &end, 10);
    run->seconds = g_ascii_strtod(end, &end);
    run->megabytes = g_ascii_strtod(end, &end);
    return *end == '\n';
}

JsonObject *
bench_programs_query_status(const char *world, GError **error)
{
    g_autoptr(TkeSimClient) client = tke_sim_client_open(world, error);
    g_autoptr(JsonObject) command = json_object_new();

    json_object_set_string_member(command, "command", "status");
    return client != NULL ? tke_sim_client_command(client, command, error) : NULL;
}

void
bench_programs_interrupt(void)
{
    interrupted = 1;
    sim_officers_program_interrupt();
}

bool
bench_programs_is_interrupted(void)
{
    return interrupted != 0;
}

static bool
run_program(const char *world, const char *const *argv, BenchRun *run, GError **error)
{
    g_auto(GStrv) environment = bench_programs_dup_environment(world);
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *output = NULL;
    g_autofree char *complaint = NULL;

    g_ptr_array_add(words, g_strdup("/proc/self/exe"));
    g_ptr_array_add(words, g_strdup(BENCH_MEASURE_OPTION));
    g_ptr_array_add(words, bench_programs_dup_path(argv[0]));
    for (size_t i = 1; argv[i] != NULL; i++) {
        g_ptr_array_add(words, g_strdup(argv[i]));
    }
    g_ptr_array_add(words, NULL);
    if (!g_spawn_sync(NULL, (char **) words->pdata, environment, G_SPAWN_DEFAULT, NULL, NULL,
                      &output, &complaint, NULL, error)) {
        return false;
    }
    if (!parse_run(output, run) || run->exit_code != 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s failed: %s", argv[0],
                    g_strstrip(complaint));
        return false;
    }
    return true;
}

bool
bench_programs_run(const char *world, const char *const *argv, BenchRun *run, GError **error)
{
    if (interrupted != 0) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "interrupted");
        return false;
    }
    return run_program(world, argv, run, error);
}

/* ---- memory of children that still run ---- */

/* The number after a word in a file of lines "Word:   number". */
static double
get_field(const char *text, const char *word)
{
    const char *at = strstr(text, word);

    return at == NULL ? -1 : g_ascii_strtod(at + strlen(word), NULL);
}

static bool
is_child(const char *status, const char *name)
{
    g_autofree char *head = g_strdup_printf("Name:\t%s\n", name);

    return g_str_has_prefix(status, head) && (pid_t) get_field(status, "\nPPid:") == getpid();
}

double
bench_programs_get_child_megabytes(const char *name)
{
    g_autoptr(GDir) dir = g_dir_open("/proc", 0, NULL);
    const char *entry = NULL;

    while (dir != NULL && (entry = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename("/proc", entry, "status", NULL);
        g_autofree char *status = NULL;

        if (g_ascii_isdigit(entry[0]) && g_file_get_contents(path, &status, NULL, NULL) &&
            is_child(status, name)) {
            return get_field(status, "\nVmHWM:") / KIB_PER_MB;
        }
    }
    return -1;
}

/* ---- worlds ---- */

char *
bench_programs_new_world(Bench *bench, const char *name)
{
    if (bench->dir == NULL) {
        bench->dir = g_dir_make_tmp("opentke-bench-XXXXXX", NULL);
    }
    return g_build_filename(bench->dir != NULL ? bench->dir : g_get_tmp_dir(), name, NULL);
}

bool
bench_programs_start_sim(const char *world, const char *profile, GError **error)
{
    const char *argv[] = { "simulator/tke-sim", "start", "--world", world, NULL, NULL, NULL };
    BenchRun run = { 0 };

    if (profile != NULL) {
        argv[4] = "--profile";
        argv[5] = profile;
    }
    return bench_programs_run(world, argv, &run, error);
}

bool
bench_programs_stop_sim(const char *world, GError **error)
{
    const char *const argv[] = { "simulator/tke-sim", "stop", "--world", world, NULL };
    BenchRun run = { 0 };

    return run_program(world, argv, &run, error);
}

static void
remove_tree(const char *path)
{
    g_autoptr(GDir) dir =
        g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
    const char *name = NULL;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        remove_tree(child);
    }
    g_remove(path);
}

void
bench_programs_clear(Bench *bench)
{
    g_autoptr(GDir) dir = bench->dir == NULL ? NULL : g_dir_open(bench->dir, 0, NULL);
    const char *name = NULL;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *world = g_build_filename(bench->dir, name, NULL);

        (void) bench_programs_stop_sim(world, NULL);
    }
    if (bench->dir != NULL) {
        remove_tree(bench->dir);
    }
    g_clear_pointer(&bench->dir, g_free);
    g_clear_pointer(&bench->kept_world, g_free);
}
