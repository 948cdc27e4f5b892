/*
 * A bearer token that expires while a shell is in use: cards stay unlocked, nobody inserts one
 * again (F-158, F-175).
 */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "common/secret.h"
#include "libsmartcard/sim-protocol.h"
#include "tests/cli/place.h"
#include "tests/support/test-main.h"

#define WORD "9f4d2c1e" /* begin of the instance's UUID */
#define INSTANCE "9f4d2c1e-7a35-4b8e-9c60-52d1e83b7f04"
#define WAIT_MS 60000
#define SIGNERS                                                                                    \
    {                                                                                              \
        "ep11-1", "ep11-3"                                                                         \
    }

static SimOfficersProgram *
start(Place *place, const char *const *argv)
{
    g_autoptr(GError) error = NULL;
    SimOfficersProgram *program = sim_officers_program_new(argv, place->environment, &error);

    ck_assert_msg(program != NULL, "%s", error != NULL ? error->message : "");
    return program;
}

/* Types the command of the task and plays the people until it is over; the exit code. */
static int
run(Place *place, SimOfficersProgram *program, const SimOfficersTask *task)
{
    g_autoptr(GError) error = NULL;

    ck_assert(sim_officers_people_clear_desk(place->people, task, NULL));
    ck_assert(sim_officers_program_type(program, task->command, NULL));
    if (sim_officers_people_follow(place->people, program, task, &error)) {
        return 0;
    }
    if (strstr(error->message, "exit code 5") == NULL) {
        g_autofree char *output = sim_officers_program_take_output(program);

        ck_abort_msg("%s: %s", error->message, output);
    }
    return 5;
}

static void
leave(SimOfficersProgram *program, int exit_code)
{
    g_autoptr(GError) error = NULL;
    int code;

    ck_assert(sim_officers_program_type(program, "exit", NULL));
    code = sim_officers_program_wait(program, WAIT_MS, &error);
    ck_assert_msg(code == exit_code, "exit %d: %s", code, error != NULL ? error->message : "");
}

START_TEST(test_a_shell_outlives_its_token)
{
    static const SimOfficersTask clear = {
        "", "--yes --confirm " WORD " cryptounit-mk-clrcur", { SIGNERS }, { NULL }
    };
    static const SimOfficersTask load = { "",
                                          "cryptounit-mk-load",
                                          { SIGNERS, { "ep11-5", "ep11-7", "ep11-9" } },
                                          { "3", "Part 1", "Part 2", "Part 3" } };
    static const SimOfficersTask commit = {
        "", "--yes cryptounit-mk-commit", { SIGNERS }, { NULL }
    };
    static const SimOfficersTask list = { "", "cryptounits", { { NULL } }, { NULL } };
    const char *const argv[] = { AT_TERMINAL, "--rehearsal", "shell", NULL };
    g_autoptr(Place) place = place_enter_finished();
    g_autoptr(SimOfficersProgram) shell = start(place, argv);
    SimOfficersCounts before = { 0 };
    SimOfficersCounts after = { 0 };

    ck_assert_int_eq(run(place, shell, &clear), 0);
    ck_assert_int_eq(run(place, shell, &load), 0);
    sim_officers_people_get_counts(place->people, &before);
    for (unsigned i = 0; i < 2; i++) {
        place_sim(place, "fault service expire-tokens");
        ck_assert_int_eq(run(place, shell, i == 0 ? &commit : &list), 5);
        ck_assert_int_eq(run(place, shell, i == 0 ? &commit : &list), 0);
    }
    sim_officers_people_get_counts(place->people, &after);
    /* Threshold 2: the last signer is still there, so one more card. */
    ck_assert_uint_eq(after.insertions - before.insertions, 1);
    ck_assert_uint_eq(after.pins - before.pins, 1);
    leave(shell, 0);
}
END_TEST

/*
 * The commit in crypto unit 2 is done, its answer lost; when the unit is asked about that the
 * token has expired. Of the queries for attributes the first comes before the commit.
 */
static void
lose_and_expire(Place *place)
{
    place_sim(place, "fault service drop-after unit=2 command=13");
    place_sim(place, "fault service http status=401 unit=2 command=65546 skip=1");
}

typedef struct Choices {
    Place *place;
    unsigned n;
} Choices;

/* Whoever is asked has no token any more that is good for anything. */
static void
expire_at_choice(JsonObject *event, GPid pid, void *data)
{
    Choices *choices = data;

    (void) pid;
    if (g_strcmp0(json_object_get_string_member_with_default(event, "purpose", NULL),
                  "unit-failed") == 0) {
        choices->n++;
        place_sim(choices->place, "fault service expire-tokens");
    }
}

START_TEST(test_try_again_gets_a_token_where_the_outcome_was_not_known)
{
    static const SimOfficersTask clear = {
        "", "--yes --confirm " WORD " cryptounit-mk-clrcur", { SIGNERS }, { NULL }
    };
    static const SimOfficersTask load = { "",
                                          "cryptounit-mk-load",
                                          { SIGNERS, { "ep11-5", "ep11-7", "ep11-9" } },
                                          { "3", "Part 1", "Part 2", "Part 3" } };
    static const SimOfficersTask commit = {
        "", "cryptounit-mk-commit", { SIGNERS }, { "try again in crypto unit 2" }
    };
    const char *const argv[] = { AT_TERMINAL, "--rehearsal", "shell", NULL };
    const char *const single[] = { AT_TERMINAL, "--rehearsal", "cryptounit-mk-commit", NULL };
    g_autoptr(Place) place = place_enter_finished();
    g_autoptr(SimOfficersProgram) shell = start(place, argv);
    g_autoptr(SimOfficersProgram) alone = NULL;
    g_autoptr(GError) error = NULL;
    Choices choices = { .place = place };

    sim_officers_program_set_observer(shell, expire_at_choice, &choices);
    for (unsigned i = 0; i < 2; i++) {
        const SimOfficersTask *again = i == 0 ? &clear : &load;

        ck_assert_int_eq(run(place, shell, again), 0);
    }
    lose_and_expire(place);
    ck_assert_int_eq(run(place, shell, &commit), 0);
    ck_assert_uint_eq(choices.n, 1);
    leave(shell, 0);
    {
        g_auto(Run) registers = place_expect(place, 0, "cryptounit-mk");

        assert_contains(registers.out, "Full Committed");
    }
    /* The commit that only the service calls done is done again, in a command by itself. */
    lose_and_expire(place);
    alone = start(place, single);
    sim_officers_program_set_observer(alone, expire_at_choice, &choices);
    ck_assert_msg(sim_officers_people_follow(place->people, alone, &commit, &error), "%s",
                  error != NULL ? error->message : "");
    ck_assert_int_eq(sim_officers_program_wait(alone, WAIT_MS, NULL), 0);
    ck_assert_uint_eq(choices.n, 2);
}
END_TEST

/* The head of the log as a reader of the file finds it when the event comes. */
static void
note_head(JsonObject *event, GPid pid, void *data)
{
    (void) pid;
    if (strcmp(json_object_get_string_member(event, "event"), "result") == 0) {
        char **found = data;

        g_free(found[0]);
        (void) g_file_get_contents(found[1], &found[0], NULL, NULL);
    }
}

START_TEST(test_the_log_is_on_disk_when_the_result_is_told)
{
    static const SimOfficersTask clear = {
        "", "--yes --confirm " WORD " cryptounit-mk-clrcur", { SIGNERS }, { NULL }
    };
    const char *const argv[] = { AT_TERMINAL, "--rehearsal", "shell", NULL };
    g_autoptr(Place) place = place_enter_finished();
    g_autoptr(SimOfficersProgram) shell = start(place, argv);
    g_autofree char *path = g_build_filename(place->world, "workstation", "activity.log", NULL);
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    char *found[] = { NULL, path };
    g_auto(GStrv) lines = NULL;
    gsize len = 0;

    ck_assert(g_file_get_contents(path, &before, &len, NULL));
    sim_officers_program_set_observer(shell, note_head, (void *) found);
    ck_assert_int_eq(run(place, shell, &clear), 0);
    sim_officers_program_set_observer(shell, NULL, NULL);
    leave(shell, 0);
    ck_assert(g_file_get_contents(path, &after, NULL, NULL));
    /* All of it was there, and the shell has added nothing afterwards. */
    ck_assert_ptr_nonnull(found[0]);
    ck_assert_str_eq(found[0], after);
    ck_assert(g_str_has_prefix(after, before));
    lines = g_strsplit(after + len, "\n", -1);
    ck_assert_uint_eq(g_strv_length(lines), 3 + 1); /* one for each unit */
    for (unsigned i = 0; i < 3; i++) {
        assert_contains(lines[i], "\"result\":\"done\"");
    }
    g_free(found[0]);
}
END_TEST

START_TEST(test_a_token_is_renewed_before_it_expires)
{
    static const SimOfficersTask token = { "", "token", { { NULL } }, { NULL } };
    static const SimOfficersTask list = { "", "cryptounits", { { NULL } }, { NULL } };
    const char *const argv[] = { AT_TERMINAL, "--rehearsal", "shell", NULL };
    g_autoptr(Place) place = place_enter_finished();
    g_autoptr(SimOfficersProgram) shell = start(place, argv);

    ck_assert_int_eq(run(place, shell, &list), 0);
    place_sim(place, "fault service expire-tokens");
    ck_assert_int_eq(run(place, shell, &token), 0);
    ck_assert_int_eq(run(place, shell, &list), 0);
    leave(shell, 0);
}
END_TEST

/* Reads what the program prints until the text is there. */
static void
wait_for(SimOfficersProgram *program, GString *seen, const char *text)
{
    gint64 end = g_get_monotonic_time() + WAIT_MS * G_GINT64_CONSTANT(1000);

    while (strstr(seen->str, text) == NULL) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonObject) event = sim_officers_program_next_event(program, 100, &error);
        g_autofree char *output = sim_officers_program_take_output(program);

        g_clear_pointer(&event, json_object_unref); /* only what is printed counts here */
        g_string_append(seen, output);
        ck_assert_msg(g_get_monotonic_time() < end, "no “%s”: %s", text, seen->str);
    }
}

START_TEST(test_an_officer_gives_a_new_token_unseen)
{
    const char *const argv[] = { AT_TERMINAL, "--instance", INSTANCE, "--region",
                                 "us-south",  "shell",      NULL };
    g_autoptr(Place) place = place_enter_nothing();
    g_autoptr(SimOfficersProgram) shell = NULL;
    g_autoptr(GString) seen = g_string_new(NULL);
    G_GNUC_UNUSED g_autoptr(JsonObject) asked = NULL;
    g_autofree char *secret = g_strnfill(5000, 'T'); /* longer than a terminal edits */

    place_set(place, "CLOUDTKEFILES", place->world);
    shell = start(place, argv);
    ck_assert(sim_officers_program_type(shell, "token", NULL));
    asked = place_wait_event(shell, "prompt", "secret");
    wait_for(shell, seen, "New authentication token (not shown):");
    ck_assert(sim_officers_program_type(shell, secret, NULL));
    wait_for(shell, seen, "in use from the next command on");
    ck_assert_ptr_null(strstr(seen->str, "TTTT"));
    ck_assert(sim_officers_program_type(shell, "token", NULL));
    g_string_truncate(seen, 0);
    wait_for(shell, seen, "New authentication token (not shown):");
    ck_assert(sim_officers_program_type(shell, "", NULL));
    wait_for(shell, seen, "nothing was typed");
    /* The terminal shows again what is typed. */
    g_string_truncate(seen, 0);
    ck_assert(sim_officers_program_type(shell, "help token", NULL));
    wait_for(shell, seen, "help token");
    wait_for(shell, seen, "replace the authentication token");
    leave(shell, 0);
}
END_TEST

/* ---- the service of a world, as a real one ---- */

#define AUTHORITIES "/etc/ssl/certs/ca-certificates.crt"
#define REFUSED "failed with status 401"

/* A machine on which the authority of that service is one of the system's, as far as a program can
 * see. */
static char *
write_machine(Place *place, const TkeSimWorldInfo *info)
{
    g_autofree char *authority = g_build_filename(place->world, "authority", NULL);
    char *script = g_build_filename(place->world, "machine", NULL);
    g_autofree char *text =
        g_strdup_printf("#!/bin/sh\n"
                        "exec unshare %s sh -c 'mount --bind \"$0\" " AUTHORITIES
                        " && exec \"$@\"' %s " AT_TERMINAL " \"$@\"\n",
                        geteuid() == 0 ? "-m" : "-rm", authority);

    ck_assert(g_file_set_contents(authority, info->ca_pem, -1, NULL));
    ck_assert(g_file_set_contents(script, text, -1, NULL));
    ck_assert_int_eq(g_chmod(script, 0700), 0);
    return script;
}

/* Where no namespace is allowed, or authorities lie elsewhere: not in CI. */
static bool
has_machine(const char *script)
{
    const char *const argv[] = { script, "--version", NULL };
    g_autofree char *why = NULL;
    int status = 0;
    bool ok = g_spawn_sync(NULL, (char **) argv, NULL, 0, NULL, NULL, NULL, &why, &status, NULL) &&
              status == 0;

    ck_assert_msg(ok || g_getenv("CI") == NULL, "%s", why != NULL ? why : "");
    if (!ok) {
        g_print("skipped: no authority can be added for a program here: %s\n",
                why != NULL ? why : "");
    }
    return ok;
}

static char *
new_token(TkeSimClient *client)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSecret) token = tke_sim_client_query_token(client, &error);
    size_t len = 0;
    const uint8_t *bytes;

    ck_assert_msg(token != NULL, "%s", error != NULL ? error->message : "");
    bytes = tke_secret_bytes(token, &len);
    return g_strndup((const char *) bytes, len); /* one of a virtual world */
}

/* As somebody types it who makes mistakes: a line that is begun anew, wrong keys, one that takes
 * two bytes. */
static char *
mistyped(const char *token)
{
    size_t half = strlen(token) / 2;
    g_autofree char *first = g_strndup(token, half);

    return g_strconcat("no, this\x15", first, "x\x7f\xc3\xa9\x7f", token + half, "yz\x7f\x7f",
                       NULL);
}

static void
type_and_see(SimOfficersProgram *program, GString *seen, const char *line, const char *text)
{
    g_string_truncate(seen, 0);
    ck_assert(sim_officers_program_type(program, line, NULL));
    wait_for(program, seen, text);
}

START_TEST(test_a_real_service_wants_a_token_that_is_typed)
{
    g_autoptr(Place) place = place_enter_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSimClient) client = tke_sim_client_open(place->world, &error);
    g_autoptr(TkeSimWorldInfo) info = tke_sim_client_query_world(client, &error);
    g_autofree char *script = write_machine(place, info);
    g_autofree char *files = g_build_filename(place->world, "files", NULL);
    const char *const argv[] = { script, "--instance", info->instances[0], "shell", NULL };
    g_autoptr(SimOfficersProgram) shell = NULL;
    g_autoptr(GString) seen = g_string_new(NULL);

    if (!has_machine(script)) {
        return;
    }
    ck_assert_int_eq(g_mkdir(files, 0700), 0);
    place_set(place, "CLOUDTKEFILES", files);
    place_set(place, "TKE_PRIVATE_ADDR", info->base_url);
    place_set(place, "XDG_STATE_HOME", files);
    place_set(place, "XDG_CONFIG_HOME", files);
    shell = start(place, argv);
    type_and_see(shell, seen, "cryptounits", "--token-fd"); /* there is none yet */
    type_and_see(shell, seen, "token", "New authentication token (not shown):");
    type_and_see(shell, seen, "this-is-none", "in use from the next command on");
    ck_assert_ptr_null(strstr(seen->str, "this-is-none"));
    type_and_see(shell, seen, "cryptounits", REFUSED);
    for (unsigned i = 0; i < 2; i++) { /* the wrong one; one that expires */
        g_autofree char *token = new_token(client);
        g_autofree char *typed = mistyped(token);

        type_and_see(shell, seen, "cryptounits", "New authentication token (not shown):");
        type_and_see(shell, seen, "\x04", "nothing was typed"); /* nobody has one at hand */
        type_and_see(shell, seen, "cryptounits", "New authentication token (not shown):");
        type_and_see(shell, seen, typed, "SERIAL NUMBER");
        ck_assert_ptr_null(strstr(seen->str, token));
        ck_assert_ptr_null(strstr(seen->str, REFUSED));
        place_sim(place, "fault service expire-tokens");
        type_and_see(shell, seen, "cryptounits", REFUSED);
    }
    leave(shell, 5);
}
END_TEST

START_TEST(test_a_real_service_is_trusted_by_its_authority_only)
{
    g_autoptr(Place) place = place_enter_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSimClient) client = tke_sim_client_open(place->world, &error);
    g_autoptr(TkeSimWorldInfo) info = tke_sim_client_query_world(client, &error);
    g_autofree char *files = g_build_filename(place->world, "files", NULL);
    const char *const argv[] = { AT_TERMINAL, "--instance", info->instances[0], "shell", NULL };
    g_autofree char *token = new_token(client);
    g_autoptr(SimOfficersProgram) shell = NULL;
    g_autoptr(GString) seen = g_string_new(NULL);

    ck_assert_int_eq(g_mkdir(files, 0700), 0);
    place_set(place, "CLOUDTKEFILES", files);
    place_set(place, "TKE_PRIVATE_ADDR", info->base_url);
    place_set(place, "XDG_STATE_HOME", files);
    place_set(place, "XDG_CONFIG_HOME", files);
    shell = start(place, argv);
    type_and_see(shell, seen, "token", "New authentication token (not shown):");
    type_and_see(shell, seen, token, "in use from the next command on");
    type_and_see(shell, seen, "cryptounits", "certificate");
    ck_assert_ptr_null(strstr(seen->str, "SERIAL NUMBER"));
    leave(shell, 5);
}
END_TEST

START_TEST(test_a_token_is_replaced_at_a_terminal_in_a_shell_only)
{
    g_autoptr(Place) place = place_enter_nothing();
    g_autofree char *script = g_build_filename(place->world, "script", NULL);
    g_autofree char *line = g_strconcat("shell --file ", script, NULL);
    g_auto(Run) alone = place_tke(place, "--json token");
    g_auto(Run) unattended = { 0 };

    ck_assert_int_eq(alone.exit_code, 2);
    assert_contains(json_object_get_string_member(alone.json, "error"), "“tke shell” only");
    ck_assert(g_file_set_contents(script, "token\n", -1, NULL));
    unattended = place_tke(place, line);
    ck_assert_int_eq(unattended.exit_code, 2);
    assert_contains(unattended.out, "nobody is there to answer");
}
END_TEST

static void
add_tests(TCase *tests)
{
    place_begin();
    place_rehearse();
    tcase_add_test(tests, test_a_shell_outlives_its_token);
    tcase_add_test(tests, test_try_again_gets_a_token_where_the_outcome_was_not_known);
    tcase_add_test(tests, test_the_log_is_on_disk_when_the_result_is_told);
    tcase_add_test(tests, test_a_token_is_renewed_before_it_expires);
    tcase_add_test(tests, test_an_officer_gives_a_new_token_unseen);
    tcase_add_test(tests, test_a_real_service_wants_a_token_that_is_typed);
    tcase_add_test(tests, test_a_real_service_is_trusted_by_its_authority_only);
    tcase_add_test(tests, test_a_token_is_replaced_at_a_terminal_in_a_shell_only);
}

int
main(void)
{
    return test_main("token", add_tests);
}
