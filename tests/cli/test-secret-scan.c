/*
 * The secret scan: a whole ceremony by the real client, whose memory is searched from outside at
 * every prompt and after every command for every secret that the virtual cards and units hold. Two
 * controls prove that the search finds what is there. Trace, output, events and files of the
 * workstation are searched too.
 */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "simulator/officers-ceremony.h"
#include "simulator/officers-desk.h"
#include "simulator/officers-people.h"
#include "simulator/officers-program.h"
#include "tests/cli/memory-scan.h"
#include "tests/cli/world-secrets.h"
#include "tests/support/test-main.h"

#define PIN 6

typedef struct Scan {
    WorldSecrets *secrets;
    unsigned scans;
    size_t most; /* bytes of one search */
    char *first; /* first find */
} Scan;

static void
check_error(const GError *error)
{
    ck_assert_msg(error == NULL, "%s", error != NULL ? error->message : "");
}

static void
look_for(GPtrArray *needles, const uint8_t *bytes, size_t len, bool pin)
{
    g_autofree char *digits = g_strndup((const char *) bytes, PIN);

    if (pin) {
        memory_scan_add_pin(needles, "the PIN", digits);
    } else {
        memory_scan_add(needles, "the secret", bytes, len);
    }
}

/* pin: only the PIN is looked for. */
static void
control(const char *mode, bool pin, ScanResult *result)
{
    const char *const argv[] = { SCAN_CONTROL, mode, NULL };
    g_autoptr(GPtrArray) needles = memory_scan_needles_new();
    g_autoptr(GError) error = NULL;
    uint8_t bytes[32];
    GPid pid = 0;
    int in = -1;
    int out = -1;

    g_spawn_async_with_pipes(NULL, (char **) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                             &pid, &in, &out, NULL, &error);
    check_error(error);
    ck_assert_int_eq(read(out, bytes, sizeof bytes), sizeof bytes);
    look_for(needles, bytes, sizeof bytes, pin);
    ck_assert(memory_scan_process(pid, needles, result));
    close(in);
    close(out);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(test_a_secret_on_the_heap_is_found)
{
    g_auto(ScanResult) result = { 0 };

    control("heap", false, &result);
    ck_assert_uint_ge(result.outside, 1);
    ck_assert_uint_ge(result.locked, 1);
}
END_TEST

START_TEST(test_a_secret_in_locked_memory_is_found_only_there)
{
    g_auto(ScanResult) result = { 0 };

    control("locked", false, &result);
    ck_assert_msg(result.outside == 0, "%s", result.first);
    ck_assert_uint_ge(result.locked, 1);
}
END_TEST

START_TEST(test_a_number_of_openssl_on_the_heap_is_found)
{
    g_auto(ScanResult) result = { 0 };

    control("number", false, &result);
    ck_assert_uint_ge(result.outside, 1);
}
END_TEST

START_TEST(test_a_private_key_is_found_in_locked_memory_only)
{
    g_auto(ScanResult) result = { 0 };

    control("key", false, &result);
    ck_assert_msg(result.outside == 0, "%s", result.first);
    ck_assert_uint_ge(result.locked, 2); /* the key itself, and the end of its scalar */
}
END_TEST

START_TEST(test_a_pin_on_the_heap_is_found_in_every_form)
{
    static const char *const modes[] = { "pin", "pin-hex", "pin-block", "pin-block-hex" };

    for (unsigned i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_auto(ScanResult) result = { 0 };

        control(modes[i], true, &result);
        ck_assert_msg(result.outside >= 1, "%s", modes[i]);
        ck_assert(g_str_has_prefix(result.first, "the PIN"));
    }
}
END_TEST

START_TEST(test_a_pin_in_locked_memory_is_found_only_there)
{
    g_auto(ScanResult) result = { 0 };

    control("locked", true, &result);
    ck_assert_msg(result.outside == 0, "%s", result.first);
}
END_TEST

/* Lines as a trace, a body or an event could have them. */
START_TEST(test_a_pin_in_a_text_is_found_in_every_form)
{
    static const struct {
        const char *line;
        bool found;
    } lines[] = {
        { "reader 2 <- 0020008108373339313534ffff", true },
        { "reader 2 <- 0020008108373339313534FFFF", true },
        { "reader 2 <- 002000810c373339313534373339313534", true },
        { "pin: 739154", true },
        { "{\"pin\":\"739154\"}", true },
        { "\x08"
          "739154\xff\xff",
          true },
        { "reader 2 <- 0020008108373339313535ffff", false },
        { "1739154", false },
    };
    g_autoptr(GPtrArray) needles = memory_scan_needles_new();

    memory_scan_add_pin(needles, "the PIN", "739154");
    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_auto(ScanResult) result = { 0 };

        memory_scan_bytes((const uint8_t *) lines[i].line, strlen(lines[i].line), needles, "a line",
                          &result);
        ck_assert_msg((result.outside > 0) == lines[i].found, "%s", lines[i].line);
    }
}
END_TEST

/* The client waits for somebody: its memory holds what it holds between two moves of the people. */
static void
on_event(JsonObject *event, GPid pid, void *data)
{
    Scan *scan = data;
    const char *name = json_object_get_string_member(event, "event");
    g_auto(ScanResult) result = { 0 };

    if (strcmp(name, "prompt") != 0 && strcmp(name, "result") != 0) {
        return;
    }
    ck_assert(memory_scan_process(pid, world_secrets_update(scan->secrets), &result));
    scan->scans++;
    scan->most = MAX(scan->most, result.bytes);
    if (scan->first == NULL && result.outside > 0) {
        scan->first = g_strdup(result.first);
    }
}

static void
tke_sim(const char *world, const char *command)
{
    const char *const argv[] = { TKE_SIM, "--world", world, command, NULL };
    g_autoptr(GError) error = NULL;
    int status = 0;

    g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, NULL,
                 &status, &error);
    check_error(error);
    ck_assert(g_spawn_check_wait_status(status, &error));
}

static void
run_tasks(SimOfficersPeople *people, SimOfficersProgram *program, const SimOfficersTask *tasks,
          size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const SimOfficersTask task = sim_officers_ceremony_for_units(&tasks[i], "1 2 3");
        g_autoptr(GError) error = NULL;

        sim_officers_people_clear_desk(people, &task, &error);
        check_error(error);
        sim_officers_program_type(program, task.command, &error);
        check_error(error);
        sim_officers_people_follow(people, program, &task, &error);
        check_error(error);
    }
}

static void
search_file(const char *path, const GPtrArray *needles, ScanResult *result)
{
    g_autofree char *text = NULL;
    gsize len = 0;

    if (g_file_get_contents(path, &text, &len, NULL)) {
        memory_scan_bytes((const uint8_t *) text, len, needles, path, result);
        result->bytes += len;
    }
}

static void
search_folder(const char *path, const GPtrArray *needles, ScanResult *result)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        search_file(file, needles, result);
    }
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

/* The ceremony in one process, so that nothing it ever held gets lost with its end. */
static void
hold_ceremony(const char *world, Scan *scan, char **output)
{
    const char *const argv[] = { SCANNED_CLIENT, "--rehearsal", "--world", world, "shell", NULL };
    g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "OPENTKE_TRACE", "1", TRUE);
    g_autoptr(GError) error = NULL;
    g_autoptr(SimOfficersDesk) desk = sim_officers_desk_new(world, &error);
    g_autoptr(SimOfficersPeople) people = NULL;
    g_autoptr(SimOfficersProgram) program = NULL;
    const SimOfficersTask *tasks;
    size_t n = 0;

    check_error(error);
    people = sim_officers_people_new(desk, NULL, NULL);
    program = sim_officers_program_new(argv, environment, &error);
    check_error(error);
    sim_officers_program_set_observer(program, on_event, scan);
    tasks = sim_officers_ceremony_get_card_tasks(&n);
    run_tasks(people, program, tasks, n);
    tasks = sim_officers_ceremony_get_unit_tasks(&n);
    run_tasks(people, program, tasks, n);
    sim_officers_program_close_input(program);
    ck_assert_int_eq(sim_officers_program_wait(program, 60000, &error), 0);
    *output = sim_officers_program_take_output(program);
}

START_TEST(test_no_secret_leaves_locked_memory_in_a_whole_ceremony)
{
    g_autofree char *dir = g_dir_make_tmp("opentke-scan-XXXXXX", NULL);
    g_autofree char *world = g_build_filename(dir, "w", NULL);
    g_autofree char *workstation = g_build_filename(world, "workstation", NULL);
    g_autofree char *output = NULL;
    g_auto(ScanResult) said = { 0 };
    Scan scan = { 0 };

    sim_officers_people_set_pin_seed(g_random_int() | 1u);
    tke_sim(world, "start");
    scan.secrets = world_secrets_new(world);
    hold_ceremony(world, &scan, &output);
    tke_sim(world, "stop");

    ck_assert_msg(scan.first == NULL, "%s", scan.first);
    ck_assert_uint_gt(scan.scans, 100);
    ck_assert_uint_gt(scan.most, 100000);
    /* 12 cards: zone key, 10 identity keys, 2 signature keys, 3 parts, PINs; module and importer
     * keys */
    ck_assert_uint_gt(world_secrets_count(scan.secrets), 30);

    ck_assert_ptr_nonnull(strstr(output, "card"));
    memory_scan_bytes((const uint8_t *) output, strlen(output), world_secrets_update(scan.secrets),
                      "output and trace", &said);
    search_folder(workstation, world_secrets_update(scan.secrets), &said);
    ck_assert_uint_gt(said.bytes, 0);
    ck_assert_msg(said.outside == 0, "%s", said.first);
    world_secrets_free(scan.secrets);
    remove_tree(dir);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_secret_on_the_heap_is_found);
    tcase_add_test(tests, test_a_secret_in_locked_memory_is_found_only_there);
    tcase_add_test(tests, test_a_number_of_openssl_on_the_heap_is_found);
    tcase_add_test(tests, test_a_private_key_is_found_in_locked_memory_only);
    tcase_add_test(tests, test_a_pin_on_the_heap_is_found_in_every_form);
    tcase_add_test(tests, test_a_pin_in_locked_memory_is_found_only_there);
    tcase_add_test(tests, test_a_pin_in_a_text_is_found_in_every_form);
    tcase_add_test(tests, test_no_secret_leaves_locked_memory_in_a_whole_ceremony);
    tcase_set_timeout(tests, 900);
}

int
main(void)
{
    return test_main("secret-scan", add_tests);
}
