/*
 * The secret scan: a whole ceremony by the real client, whose memory is searched from outside at
 * every prompt and after every command for every secret that the virtual cards and units hold. Two
 * controls prove that it can find. Trace, output, events, arguments, environment and files are
 * searched too, for the bearer token as well: libcurl keeps that in memory (docs/threat-model.md).
 */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/hex.h"
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
    size_t most;        /* bytes of one search */
    char *first;        /* first find */
    GString *told;      /* events, arguments and environment of the client, as they come */
    GHashTable *tokens; /* bearer tokens that the client has held */
    unsigned held;      /* finds of them in its locked memory */
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

/* ---- bearer tokens ---- */

#define TOKEN "5f0c9d1e7ab34826905e1d2c3b4a59687f8e9dacbb0a192837465564738291a0"

/* As it is, as its hex, and as the bytes that its digits stand for. */
static void
add_token(GPtrArray *needles, const char *token)
{
    g_autoptr(GByteArray) bytes = tke_hex_decode(token, -1, NULL);

    ck_assert_ptr_nonnull(bytes);
    memory_scan_add(needles, "the bearer token", (const uint8_t *) token, strlen(token));
    memory_scan_add(needles, "the bearer token", bytes->data, bytes->len);
}

/* The control: lines as a trace, a log, an event or an argument could have them. */
START_TEST(test_a_token_in_a_text_is_found_in_every_form)
{
    g_autofree char *hex = tke_hex_encode((const uint8_t *) TOKEN, strlen(TOKEN));
    g_autofree char *upper = tke_hex_encode_upper((const uint8_t *) TOKEN, strlen(TOKEN));
    g_autofree char *traced = g_strdup_printf("https > 417574686f72697a6174696f6e3a20%s", hex);
    g_autofree char *shouted = g_strdup_printf("reader 2 > 00A40400%s", upper);
    g_autofree char *raw = g_strdup_printf("\001%s", "\x5f\x0c\x9d\x1e\x7a\xb3\x48\x26\x90\x5e\x1d"
                                                     "\x2c\x3b\x4a\x59\x68\x7f\x8e\x9d\xac\xbb\x0a"
                                                     "\x19\x28\x37\x46\x55\x64\x73\x82\x91\xa0");
    const struct {
        const char *line;
        bool found;
    } lines[] = {
        { "Authorization: Bearer " TOKEN "\r\n", true },
        { "{\"token\":\"" TOKEN "\"}", true },
        { "OPENTKE_TOKEN=" TOKEN, true },
        { traced, true },
        { shouted, true },
        { raw, true },
        { "Authorization: Bearer 0" TOKEN "0", true },
        { "Authorization: Bearer 6f0c9d1e7ab34826905e1d2c3b4a59687f8e9dac", false },
    };
    g_autoptr(GPtrArray) needles = memory_scan_needles_new();

    add_token(needles, TOKEN);
    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_auto(ScanResult) result = { 0 };

        memory_scan_bytes((const uint8_t *) lines[i].line, strlen(lines[i].line), needles, "a line",
                          &result);
        ck_assert_msg((result.outside > 0) == lines[i].found, "%s", lines[i].line);
    }
}
END_TEST

static void
append_process_file(GString *told, GPid pid, const char *name)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int) pid, name);
    g_autofree char *text = NULL;
    gsize len = 0;

    ck_assert_msg(g_file_get_contents(path, &text, &len, NULL) && len > 0, "%s %zu", path, len);
    g_string_append_len(told, text, (gssize) len);
}

/* What the client tells others, and the token that it holds now. That this is found in its locked
 * memory shows that it is the one. */
static void
note_told(Scan *scan, JsonObject *event, GPid pid)
{
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), event);
    g_autofree char *text = json_to_string(node, FALSE);
    g_autofree char *token = memory_scan_find_token(pid);

    g_string_append_printf(scan->told, "%s\n", text);
    append_process_file(scan->told, pid, "cmdline");
    append_process_file(scan->told, pid, "environ");
    if (token != NULL) {
        g_autoptr(GPtrArray) needles = memory_scan_needles_new();
        g_auto(ScanResult) result = { 0 };

        add_token(needles, token);
        ck_assert(memory_scan_process(pid, needles, &result));
        scan->held += result.locked;
        g_hash_table_add(scan->tokens, g_steal_pointer(&token));
    }
}

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
    if (strcmp(name, "result") == 0) {
        note_told(scan, event, pid);
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
    g_auto(GStrv) words = g_strsplit(command, " ", -1);
    g_autoptr(GStrvBuilder) argv_builder = g_strv_builder_new();
    g_auto(GStrv) argv = NULL;
    g_autoptr(GError) error = NULL;
    int status = 0;

    g_strv_builder_add_many(argv_builder, TKE_SIM, "--world", world, NULL);
    g_strv_builder_addv(argv_builder, (const char **) words);
    argv = g_strv_builder_end(argv_builder);
    g_spawn_sync(NULL, argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, NULL, &status,
                 &error);
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

        (void) (sim_officers_people_clear_desk(people, &task, &error) &&
                sim_officers_program_type(program, task.command, &error));
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

/* Everything known: what the cards and units hold, and the tokens. */
static GPtrArray *
all_needles(Scan *scan)
{
    GPtrArray *needles = world_secrets_update(scan->secrets);
    GHashTableIter iter;
    gpointer token = NULL;

    g_hash_table_iter_init(&iter, scan->tokens);
    while (g_hash_table_iter_next(&iter, &token, NULL)) {
        add_token(needles, token);
    }
    return needles;
}

static void
search_text(const char *text, size_t len, const char *what, const GPtrArray *needles,
            ScanResult *result)
{
    ck_assert_uint_gt(len, 0);
    memory_scan_bytes((const uint8_t *) text, len, needles, what, result);
}

static void
search_said(Scan *scan, const char *output, const char *json, const char *workstation,
            ScanResult *said)
{
    const GPtrArray *needles = all_needles(scan);

    search_text(output, strlen(output), "output and trace", needles, said);
    search_text(json, strlen(json), "JSON and trace", needles, said);
    search_text(scan->told->str, scan->told->len, "events, arguments and environment", needles,
                said);
    search_folder(workstation, needles, said);
    ck_assert_uint_gt(said->bytes, 0);
}

/* JSON of a client that has its token refused on the way. */
static void
hold_json(const char *world, Scan *scan, char **output)
{
    static const SimOfficersTask list = { "", "cryptounits", { { NULL } }, { NULL } };
    const char *const argv[] = { SCANNED_CLIENT, "--rehearsal", "--world", world,
                                 "--json",       "shell",       NULL };
    g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "OPENTKE_TRACE", "1", TRUE);
    g_autoptr(GError) error = NULL;
    g_autoptr(SimOfficersDesk) desk = sim_officers_desk_new(world, &error);
    g_autoptr(SimOfficersPeople) people = NULL;
    g_autoptr(SimOfficersProgram) program = NULL;

    check_error(error);
    people = sim_officers_people_new(desk, NULL, NULL);
    program = sim_officers_program_new(argv, environment, &error);
    check_error(error);
    sim_officers_program_set_observer(program, on_event, scan);
    ck_assert(sim_officers_program_type(program, list.command, NULL));
    ck_assert(sim_officers_people_follow(people, program, &list, NULL));
    sim_officers_program_set_observer(program, NULL, NULL); /* a script ends at the first error */
    tke_sim(world, "fault service expire-tokens");
    ck_assert(sim_officers_program_type(program, list.command, NULL));
    ck_assert(!sim_officers_people_follow(people, program, &list, NULL));
    sim_officers_program_close_input(program);
    ck_assert_int_ge(sim_officers_program_wait(program, 60000, &error), 0);
    *output = sim_officers_program_take_output(program);
}

START_TEST(test_no_secret_leaves_locked_memory_in_a_whole_ceremony)
{
    g_autofree char *dir = g_dir_make_tmp("opentke-scan-XXXXXX", NULL);
    g_autofree char *world = g_build_filename(dir, "w", NULL);
    g_autofree char *workstation = g_build_filename(world, "workstation", NULL);
    g_autofree char *output = NULL;
    g_autofree char *json = NULL;
    g_auto(ScanResult) said = { 0 };
    Scan scan = { .told = g_string_new(NULL),
                  .tokens = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) };

    sim_officers_people_set_pin_seed(g_random_int() | 1u);
    tke_sim(world, "start");
    scan.secrets = world_secrets_new(world);
    hold_ceremony(world, &scan, &output);
    hold_json(world, &scan, &json);
    tke_sim(world, "stop");

    ck_assert_msg(scan.first == NULL, "%s", scan.first);
    ck_assert_uint_gt(scan.scans, 100);
    ck_assert_uint_gt(scan.most, 100000);
    /* 12 cards: zone key, 10 identity keys, 2 signature keys, 3 parts, PINs; module and importer
     * keys */
    ck_assert_uint_gt(world_secrets_count(scan.secrets), 30);

    ck_assert_ptr_nonnull(strstr(output, "card"));
    ck_assert_ptr_nonnull(strstr(output, "https"));
    ck_assert_ptr_nonnull(strstr(json, "\"instances\""));
    ck_assert_uint_ge(g_hash_table_size(scan.tokens), 2); /* of the ceremony, of the list */
    ck_assert_uint_ge(scan.held, 2);
    search_said(&scan, output, json, workstation, &said);
    ck_assert_msg(said.outside == 0, "%s", said.first);
    world_secrets_free(scan.secrets);
    g_hash_table_unref(scan.tokens);
    g_string_free(scan.told, TRUE);
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
    tcase_add_test(tests, test_a_token_in_a_text_is_found_in_every_form);
    tcase_add_test(tests, test_no_secret_leaves_locked_memory_in_a_whole_ceremony);
    tcase_set_timeout(tests, 900);
}

int
main(void)
{
    return test_main("secret-scan", add_tests);
}
