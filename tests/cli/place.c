/*
 * Running tke, tke-sim and tke-rehearse for tests.
 */
#include "tests/cli/place.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define EVENT_MS 60000

static char *root;
static pid_t owner;
static unsigned next_world;
static char *rehearsal_output;
static int rehearsal_exit;

static void
check_error(const GError *error)
{
    ck_assert_msg(error == NULL, "%s", error != NULL ? error->message : "");
}

static void
remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        remove_tree(child);
    }
    g_remove(path);
}

static void
stop_world(const char *world)
{
    const char *const argv[] = { TKE_SIM, "--world", world, "stop", NULL };

    g_spawn_sync(NULL, (char **) argv, NULL,
                 G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL,
                 NULL, NULL);
}

/* Tests that failed leave their worlds behind. */
static void
end(void)
{
    g_autoptr(GDir) dir = NULL;
    const char *name;

    if (getpid() != owner) {
        return;
    }
    dir = g_dir_open(root, 0, NULL);
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *world = g_build_filename(root, name, NULL);
        g_autofree char *socket = g_build_filename(world, "sim.sock", NULL);

        if (g_file_test(socket, G_FILE_TEST_EXISTS)) {
            stop_world(world);
        }
    }
    remove_tree(root);
    g_free(root);
    g_free(rehearsal_output);
}

void
place_begin(void)
{
    owner = getpid();
    root = g_dir_make_tmp("opentke-cli-XXXXXX", NULL);
    if (root == NULL || atexit(end) != 0) {
        g_printerr("no directory for the worlds of the tests\n");
        exit(EXIT_FAILURE);
    }
}

void
place_rehearse(void)
{
    place_rehearse_scenario("rehearsal");
}

void
place_rehearse_scenario(const char *scenario)
{
    g_autofree char *world = g_build_filename(root, "ready", NULL);
    const char *const argv[] = { TKE_REHEARSE, "--world", world, "--scenario", scenario, NULL };
    g_autofree char *complaint = NULL;
    int status = 0;

    rehearsal_exit = -1;
    if (g_spawn_sync(NULL, (char **) argv, NULL, 0, NULL, NULL, &rehearsal_output, &complaint,
                     &status, NULL) &&
        WIFEXITED(status)) {
        rehearsal_exit = WEXITSTATUS(status);
        g_printerr("%s", complaint);
    }
}

const char *
place_get_rehearsal(int *exit_code)
{
    *exit_code = rehearsal_exit;
    return rehearsal_output;
}

/* ---- places ---- */

static Place *
place_make(void)
{
    Place *place = g_new0(Place, 1);
    g_autofree char *name = g_strdup_printf("%d-%u", (int) getpid(), ++next_world);

    place->world = g_build_filename(root, name, NULL);
    place->environment = g_environ_setenv(g_get_environ(), "LC_ALL", "C.UTF-8", TRUE);
    place_set(place, "OPENTKE_WORLD", place->world);
    place_set(place, "CLOUDTKEFILES", NULL);
    place_set(place, "TKE_PRIVATE_ADDR", NULL);
    place_set(place, "PCSCLITE_CSOCK_NAME", "/nonexistent/pcscd.comm"); /* no real readers */
    return place;
}

static void
enter(Place *place, const char *line)
{
    g_autoptr(GError) error = NULL;

    place_sim(place, line);
    place->desk = sim_officers_desk_new(place->world, &error);
    check_error(error);
    place->people = sim_officers_people_new(place->desk, NULL, NULL);
}

Place *
place_enter_new(void)
{
    Place *place = place_make();

    enter(place, "start");
    return place;
}

Place *
place_enter_scenario(const char *path)
{
    Place *place = place_make();
    g_autofree char *line = g_strdup_printf("--scenario %s start", path);

    enter(place, line);
    return place;
}

static void
copy_world(const char *from, const char *to)
{
    const char *const argv[] = { "cp", "-a", from, to, NULL };
    g_autoptr(GError) error = NULL;
    int status = 0;

    g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status,
                 &error);
    check_error(error);
    ck_assert_int_eq(status, 0);
}

Place *
place_enter_kept(const char *kept)
{
    Place *place = place_make();

    copy_world(kept, place->world);
    enter(place, "start");
    return place;
}

Place *
place_enter_finished(void)
{
    g_autofree char *ready = g_build_filename(root, "ready", NULL);

    return place_enter_kept(ready);
}

char *
place_keep(Place *place)
{
    char *kept = g_strconcat(place->world, "-kept", NULL);

    place_sim(place, "stop");
    copy_world(place->world, kept);
    return kept;
}

Place *
place_enter_nothing(void)
{
    Place *place = place_make();

    ck_assert_int_eq(g_mkdir(place->world, 0700), 0);
    place_set(place, "XDG_STATE_HOME", place->world);
    place_set(place, "XDG_CONFIG_HOME", place->world);
    return place;
}

void
place_leave(Place *place)
{
    if (place->desk != NULL) {
        stop_world(place->world);
    }
    sim_officers_people_free(place->people);
    sim_officers_desk_free(place->desk);
    remove_tree(place->world);
    g_strfreev(place->environment);
    g_free(place->world);
    g_free(place);
}

void
place_set(Place *place, const char *name, const char *value)
{
    place->environment = value != NULL ? g_environ_setenv(place->environment, name, value, TRUE)
                                       : g_environ_unsetenv(place->environment, name);
}

/* ---- runs ---- */

void
place_run_clear(Run *run)
{
    g_free(run->out);
    g_free(run->err);
    g_clear_pointer(&run->json, json_object_unref);
}

static void
take_json(Run *run, const char *line)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = NULL;

    ck_assert_msg(g_str_has_suffix(run->out, "\n") && strchr(run->out, '\n')[1] == '\0',
                  "%s printed more than one line: %s", line, run->out);
    node = json_from_string(run->out, &error);
    check_error(error);
    ck_assert(node != NULL && JSON_NODE_HOLDS_OBJECT(node));
    run->json = json_object_ref(json_node_get_object(node));
    ck_assert_int_eq(json_object_get_int_member(run->json, "exit"), run->exit_code);
    ck_assert(json_object_get_boolean_member(run->json, "ok") == (run->exit_code == 0));
    ck_assert(json_object_has_member(run->json, "error") ==
              (run->exit_code != 0 && run->exit_code != 8));
}

static Run
run(Place *place, const char *program, const char *before, const char *line)
{
    g_autofree char *text = g_strjoin(" ", program, before, line, NULL);
    g_auto(GStrv) argv = NULL;
    g_autoptr(GError) error = NULL;
    Run result = { 0 };
    int status = 0;

    g_shell_parse_argv(text, NULL, &argv, &error);
    check_error(error);
    g_spawn_sync(NULL, argv, place->environment, 0, NULL, NULL, &result.out, &result.err, &status,
                 &error);
    check_error(error);
    ck_assert_msg(WIFEXITED(status), "%s was killed: %s", line, result.err);
    result.exit_code = WEXITSTATUS(status);
    if (g_strv_contains((const char *const *) argv, "--json")) {
        take_json(&result, line);
    }
    return result;
}

Run
place_tke(Place *place, const char *line)
{
    return run(place, TKE, "", line);
}

Run
place_rehearsal(Place *place, const char *line)
{
    return run(place, TKE, "--rehearsal", line);
}

Run
place_expect(Place *place, int exit_code, const char *line)
{
    Run result = place_rehearsal(place, line);

    ck_assert_msg(result.exit_code == exit_code, "%s: exit %d, not %d: %s%s", line,
                  result.exit_code, exit_code, result.out, result.err);
    return result;
}

JsonArray *
place_get_table(const Run *run, const char *key)
{
    JsonArray *instances = json_object_get_array_member(run->json, "instances");

    ck_assert_uint_eq(json_array_get_length(instances), 1);
    return json_object_get_array_member(json_array_get_object_element(instances, 0), key);
}

char *
place_dup_log_head(Place *place)
{
    g_auto(Run) run = place_expect(place, 0, "--json log head");

    ck_assert(!json_object_has_member(run.json, "log_head")); /* once is enough */
    return g_strdup(json_object_get_string_member(run.json, "head"));
}

void
place_sim(Place *place, const char *line)
{
    g_auto(Run) result = run(place, TKE_SIM, "", line);

    ck_assert_msg(result.exit_code == 0, "tke-sim %s: %s", line, result.err);
}

SimOfficersProgram *
place_start(Place *place, const char *line)
{
    g_autofree char *text = g_strjoin(" ", TKE, "--rehearsal", line, NULL);
    g_auto(GStrv) argv = NULL;
    g_autoptr(GError) error = NULL;
    SimOfficersProgram *program = NULL;

    g_shell_parse_argv(text, NULL, &argv, &error);
    check_error(error);
    program = sim_officers_program_new((const char *const *) argv, place->environment, &error);
    check_error(error);
    return program;
}

SimOfficersProgram *
place_begin_task(Place *place, const SimOfficersTask *task)
{
    g_autoptr(GError) error = NULL;

    sim_officers_people_clear_desk(place->people, task, &error);
    check_error(error);
    return place_start(place, task->command);
}

void
place_act(Place *place, int exit_code, const SimOfficersTask *task)
{
    g_autoptr(SimOfficersProgram) program = place_begin_task(place, task);
    g_autoptr(GError) error = NULL;
    bool ok = sim_officers_people_follow(place->people, program, task, &error);
    int code;

    ck_assert_msg(ok || exit_code != 0, "%s: %s", task->command,
                  error != NULL ? error->message : "");
    g_clear_error(&error);
    sim_officers_program_close_input(program);
    code = sim_officers_program_wait(program, EVENT_MS, &error);
    if (code != exit_code) {
        g_autofree char *output = sim_officers_program_take_output(program);

        ck_abort_msg("%s: exit %d, not %d: %s", task->command, code, exit_code, output);
    }
}

JsonObject *
place_wait_event(SimOfficersProgram *program, const char *name, const char *kind)
{
    for (;;) {
        g_autoptr(GError) error = NULL;
        JsonObject *event = sim_officers_program_next_event(program, EVENT_MS, &error);

        check_error(error);
        ck_assert_msg(event != NULL, "it ended before an event %s %s", name,
                      kind != NULL ? kind : "");
        if (strcmp(json_object_get_string_member(event, "event"), name) == 0 &&
            (kind == NULL ||
             g_strcmp0(json_object_get_string_member_with_default(event, "kind", NULL), kind) ==
                 0)) {
            return event;
        }
        json_object_unref(event);
    }
}

static int
compare(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

char *
place_digest(Place *place, const char *folder)
{
    g_autofree char *path = g_build_filename(place->world, folder, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    const char *name;

    ck_assert_ptr_nonnull(dir);
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_ptr_array_add(names, g_strdup(name));
    }
    g_ptr_array_sort(names, compare);
    ck_assert_uint_gt(names->len, 0);
    for (unsigned i = 0; i < names->len; i++) {
        g_autofree char *file = g_build_filename(path, g_ptr_array_index(names, i), NULL);
        g_autofree char *data = NULL;
        gsize len = 0;

        if (g_file_get_contents(file, &data, &len, NULL)) {
            g_checksum_update(sum, (const guchar *) file, -1);
            g_checksum_update(sum, (const guchar *) data, (gssize) len);
        }
    }
    return g_strdup(g_checksum_get_string(sum));
}

void
place_check_row(Place *place, const char *row, int exit_code, const char *line,
                const char *const *words)
{
    g_auto(Run) run = place_rehearsal(place, line);
    g_autofree char *text = g_strconcat(run.out, run.err, NULL);

    ck_assert_msg(run.exit_code == exit_code, "%s: exit %d: %s", row, run.exit_code, text);
    assert_contains(text, "FAILED");
    for (; *words != NULL; words++) {
        ck_assert_msg(strstr(text, *words) != NULL, "%s: no \"%s\" in: %s", row, *words, text);
    }
}
