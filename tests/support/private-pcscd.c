/*
 * Worlds with a pcscd of their own, for tests.
 */
#include "tests/support/private-pcscd.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/test-main.h"

#define SKIPPED 77 /* exit code that meson knows */
#define OPEN_TRIES 3000u
#define STEP_US 10000u
#define RUN_LIMIT_MS 60000u

static char *root;
static unsigned next_world;

static void
remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name = NULL;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        if (g_file_test(child, G_FILE_TEST_IS_DIR) && !g_file_test(child, G_FILE_TEST_IS_SYMLINK)) {
            remove_tree(child);
        } else {
            g_remove(child);
        }
    }
    g_rmdir(path);
}

/* ---- tke-sim ---- */

static TkeSimClient *
wait_for_sim(const PrivatePcscd *place)
{
    g_autoptr(GError) error = NULL;
    TkeSimClient *client = NULL;

    for (unsigned i = 0; i < OPEN_TRIES && client == NULL; i++) {
        g_clear_error(&error);
        client = tke_sim_client_open(place->world, &error);
        if (client == NULL) {
            ck_assert_msg(waitpid(place->sim, NULL, WNOHANG) == 0, "tke-sim has ended");
            g_usleep(STEP_US);
        }
    }
    ck_assert_msg(client != NULL, "%s", error == NULL ? "" : error->message);
    return client;
}

void
private_pcscd_start_sim(PrivatePcscd *place, const char *words)
{
    g_autofree char *line = g_strdup_printf("%s start --foreground --world %s %s%s", TKE_SIM,
                                            place->world, words == NULL ? "" : words,
                                            words != NULL && strstr(words, "--scenario") != NULL
                                                ? ""
                                                : " --scenario " PRIVATE_PCSCD_SCENARIO);
    g_auto(GStrv) argv = NULL;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    ck_assert(g_shell_parse_argv(line, NULL, &argv, NULL));
    ck_assert_int_eq(place->sim, 0);
    place->sim = fork();
    ck_assert_int_ge(place->sim, 0);
    if (place->sim == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(null, STDOUT_FILENO);
        execv(TKE_SIM, argv);
        _exit(127);
    }
    close(null);
    place->control = wait_for_sim(place);
}

void
private_pcscd_kill_sim(PrivatePcscd *place, int signal_number)
{
    g_clear_pointer(&place->control, tke_sim_client_free);
    if (place->sim > 0) {
        kill(place->sim, signal_number);
        while (waitpid(place->sim, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    place->sim = 0;
}

/* The state of a thread is the first letter behind its name, which is in brackets (proc(5)). */
static bool
is_halted(const char *tasks, const char *thread)
{
    g_autofree char *path = g_build_filename(tasks, thread, "stat", NULL);
    g_autofree char *text = NULL;
    const char *end = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return true; /* it has ended */
    }
    end = strrchr(text, ')');
    return end != NULL && end[1] == ' ' && end[2] == 'T';
}

static bool
is_all_halted(pid_t pid)
{
    g_autofree char *tasks = g_strdup_printf("/proc/%d/task", (int) pid);
    g_autoptr(GDir) dir = g_dir_open(tasks, 0, NULL);
    const char *thread = NULL;
    bool halted = dir != NULL;

    while (halted && (thread = g_dir_read_name(dir)) != NULL) {
        halted = is_halted(tasks, thread);
    }
    return halted;
}

void
private_pcscd_halt(pid_t pid)
{
    const gint64 end = g_get_monotonic_time() + RUN_LIMIT_MS * G_TIME_SPAN_MILLISECOND;

    ck_assert_int_eq(kill(pid, SIGSTOP), 0);
    while (!is_all_halted(pid)) {
        ck_assert_msg(g_get_monotonic_time() < end, "process %d goes on", (int) pid);
        g_usleep(1000);
    }
}

/* ---- places ---- */

static char *
new_world(void)
{
    g_autofree char *name = g_strdup_printf("%d-%u", (int) getpid(), ++next_world);

    return g_build_filename(root, name, NULL);
}

PrivatePcscd *
private_pcscd_enter_empty(void)
{
    PrivatePcscd *place = g_new0(PrivatePcscd, 1);

    place->world = new_world();
    ck_assert_int_eq(g_mkdir(place->world, 0700), 0);
    g_setenv("OPENTKE_WORLD", place->world, TRUE);
    return place;
}

void
private_pcscd_start_pcscd(PrivatePcscd *place, const SimPcscdOptions *options)
{
    SimPcscdOptions chosen = { 0 };
    g_autoptr(GError) error = NULL;

    if (options != NULL) {
        chosen = *options;
    }
    if (chosen.driver == NULL) {
        chosen.driver = IFD_DRIVER;
    }
    place->pcscd = sim_pcscd_new(place->world, &chosen, &error);
    ck_assert_msg(place->pcscd != NULL, "%s", error == NULL ? "" : error->message);
    g_setenv(SIM_PCSCD_SOCKET_VARIABLE, sim_pcscd_get_socket(place->pcscd), TRUE);
}

PrivatePcscd *
private_pcscd_enter(const SimPcscdOptions *options, const char *words)
{
    PrivatePcscd *place = private_pcscd_enter_empty();

    private_pcscd_start_sim(place, words);
    private_pcscd_start_pcscd(place, options);
    return place;
}

void
private_pcscd_leave(PrivatePcscd *place)
{
    static const char *const complaints[] = { "ERROR: AddressSanitizer",
                                              "runtime error:", "CRITICAL", "Segmentation" };
    g_autofree char *log = NULL;

    if (place->pcscd != NULL) {
        sim_pcscd_stop(place->pcscd, SIGTERM);
        log = sim_pcscd_dup_log(place->pcscd);
        for (unsigned i = 0; i < G_N_ELEMENTS(complaints); i++) {
            ck_assert_msg(strstr(log, complaints[i]) == NULL, "pcscd: %s", log);
        }
        sim_pcscd_free(place->pcscd);
    }
    private_pcscd_kill_sim(place, SIGTERM);
    remove_tree(place->world);
    g_free(place->world);
    g_free(place);
}

char *
private_pcscd_dup_mark(const PrivatePcscd *place)
{
    g_autofree char *path = g_build_filename(place->world, "mark.json", NULL);
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *root_object = NULL;

    ck_assert_msg(json_parser_load_from_file(parser, path, NULL), "%s", path);
    root_object = json_node_get_object(json_parser_get_root(parser));
    return g_strdup(json_object_get_string_member(root_object, "mark"));
}

/* ---- hands ---- */

static void
run_command(PrivatePcscd *place, JsonObject *command)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) answer = tke_sim_client_command(place->control, command, &error);

    ck_assert_msg(answer != NULL, "%s: %s",
                  json_object_get_string_member_with_default(command, "command", ""),
                  error == NULL ? "" : error->message);
}

void
private_pcscd_command(PrivatePcscd *place, const char *json)
{
    g_autoptr(JsonParser) parser = json_parser_new();

    ck_assert_msg(json_parser_load_from_data(parser, json, -1, NULL), "%s", json);
    run_command(place, json_node_get_object(json_parser_get_root(parser)));
}

void
private_pcscd_insert(PrivatePcscd *place, unsigned reader, const char *card)
{
    g_autoptr(JsonObject) command = json_object_new();

    json_object_set_string_member(command, "command", "insert");
    json_object_set_int_member(command, "reader", reader);
    json_object_set_string_member(command, "card", card);
    run_command(place, command);
}

void
private_pcscd_remove(PrivatePcscd *place, unsigned reader)
{
    g_autoptr(JsonObject) command = json_object_new();

    json_object_set_string_member(command, "command", "remove");
    json_object_set_int_member(command, "reader", reader);
    run_command(place, command);
}

int
private_pcscd_run(PrivatePcscd *place, const char *line, char **output)
{
    g_autofree char *limit = g_strdup_printf("timeout %u %s", RUN_LIMIT_MS / 1000, line);
    g_auto(GStrv) argv = NULL;
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
    g_autoptr(GSubprocess) process = NULL;
    g_autoptr(GBytes) bytes = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_nonnull(place->pcscd);
    ck_assert(g_shell_parse_argv(limit, NULL, &argv, NULL));
    process = g_subprocess_launcher_spawnv(launcher, (const char *const *) argv, &error);
    ck_assert_msg(process != NULL, "%s", error == NULL ? "" : error->message);
    ck_assert_msg(g_subprocess_communicate(process, NULL, NULL, &bytes, NULL, &error), "%s",
                  error == NULL ? "" : error->message);
    *output = g_utf8_make_valid(g_bytes_get_data(bytes, NULL), (gssize) g_bytes_get_size(bytes));
    ck_assert_msg(g_subprocess_get_if_exited(process) &&
                      g_subprocess_get_exit_status(process) != 124,
                  "%s did not end: %s", line, *output);
    return g_subprocess_get_exit_status(process);
}

bool
private_pcscd_has_program(const char *name)
{
    g_autofree char *path = g_find_program_in_path(name);

    ck_assert_msg(path != NULL || g_getenv("CI") == NULL,
                  "%s is not installed (tools/setup-packages test installs it)", name);
    if (path == NULL) {
        g_print("skipped: %s is not installed\n", name);
    }
    return path != NULL;
}

/* ---- the program ---- */

static void
end(void)
{
    remove_tree(root);
    g_free(root);
}

/* Tries it. False with the reason where no pcscd can be started here. */
static bool
is_possible(GError **error)
{
    g_autofree char *world = new_world();
    const SimPcscdOptions options = { .driver = IFD_DRIVER, .no_readers = true };
    g_autoptr(SimPcscd) pcscd = NULL;

    if (g_mkdir(world, 0700) == 0) {
        pcscd = sim_pcscd_new(world, &options, error);
    }
    return pcscd != NULL;
}

int
private_pcscd_main(const char *name, void (*add)(TCase *tests))
{
    g_autoptr(GError) error = NULL;
    int result = EXIT_FAILURE;

    root = g_dir_make_tmp("opentke-pcscd-XXXXXX", NULL);
    if (root == NULL) {
        g_printerr("no directory for the worlds of the tests\n");
        return EXIT_FAILURE;
    }
    if (is_possible(&error)) {
        result = test_main(name, add);
    } else if (error->domain == G_IO_ERROR && g_getenv("CI") == NULL) {
        g_print("skipped: %s\n", error->message);
        result = SKIPPED;
    } else {
        g_printerr("%s: %s\n", name, error->message);
    }
    end();
    return result;
}
