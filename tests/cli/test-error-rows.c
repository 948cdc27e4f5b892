/*
 * The rows of errors of functions 2.2, 3.2 and 4.2 that crypto units and the command line can
 * meet, each provoked in the real programs: its exit code, what is told, and what to do next. The
 * codes of crypto units are in tests/libceremony/test-unit-codes.c, the rows about cards in
 * test-bad-input-cards.c there.
 *
 * Not here: E-L03, E-L04 and E-L07 (key files and their passwords), E-L08 (signing service), E-H08
 * and the role in E-H02 (login), which come with what they are about. E-L05 is about our own files
 * here.
 */
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/cli/place.h"
#include "tests/support/test-main.h"
#include "tests/support/tls-server.h"

#define INSTANCE "9f4d2c1e-7a35-4b8e-9c60-52d1e83b7f04"
#define NOBODY 65534
#define SIGNERS                                                                                    \
    {                                                                                              \
        "ep11-1", "ep11-3"                                                                         \
    }

START_TEST(test_answers_of_the_service)
{
    static const struct {
        const char *row;
        const char *fault;
        const char *line;
        int exit_code;
        const char *words[5];
    } rows[] = {
        { "E-H01",
          "http status=401 list=true",
          "cryptounits",
          5,
          { "failed with status 401", "log in again", "start the command again" } },
        { "E-H02",
          "http status=403 list=true",
          "cryptounits",
          5,
          { "status 403", "a permission of the user is missing", "Manager", "administrator" } },
        { "E-H03",
          "http status=404 list=true",
          "cryptounits",
          5,
          { "status 404", "not found", "account, region and resource group" } },
        { "E-H04",
          "http status=400 unit=2",
          "cryptounit-mk",
          5,
          { "crypto unit 2", "status 400", "not supported, or not valid in this state" } },
        { "E-H05",
          "http status=500 list=true",
          "cryptounits",
          5,
          { "status 500", "not available", "try later", "keep the details" } },
        { "E-H05",
          "http status=503 list=true",
          "cryptounits",
          5,
          { "status 503", "not available", "try later", "keep the details" } },
        { "E-H07",
          "drop-before list=true",
          "cryptounits",
          5,
          { "the connection to https://127.0.0.1:", "ended", "Check network and proxy" } },
        { "E-H09",
          "wrong-serial unit=2 count=0",
          "cryptounit-mk",
          6,
          { "crypto unit 2", "another serial number", "Possible tampering",
            "no command is sent to this crypto unit" } },
        { "E-H09",
          "forged-chain unit=2 count=0",
          "cryptounit-mk",
          6,
          { "crypto unit 2", "could not prove that it is genuine", "Possible tampering",
            "no command is sent" } },
    };
    g_autoptr(Place) place = place_enter_finished();

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *order = g_strconcat("fault service ", rows[i].fault, NULL);
        g_autofree char *known =
            g_build_filename(place->world, "workstation", "opentke-units.json", NULL);

        (void) g_unlink(known); /* modules are looked at anew */
        place_sim(place, order);
        place_check_row(place, rows[i].row, rows[i].exit_code, rows[i].line, rows[i].words);
        place_sim(place, "fault clear");
    }
}
END_TEST

/* A real command with a token, outside any rehearsal. */
static Run
run_real(Place *place, const char *words)
{
    g_autofree char *token = g_build_filename(place->world, "token", NULL);
    g_autofree char *line = NULL;
    char *argv[] = { (char *) "sh", (char *) "-c", NULL, NULL };
    g_autoptr(GError) error = NULL;
    Run run = { 0 };
    int status = 0;

    ck_assert(g_file_set_contents(token, "token", -1, NULL));
    line = g_strdup_printf("%s --instance %s --token-fd 5 %s 5<%s </dev/null", TKE, INSTANCE, words,
                           token);
    argv[2] = line;
    ck_assert(g_spawn_sync(NULL, argv, place->environment, G_SPAWN_SEARCH_PATH, NULL, NULL,
                           &run.out, &run.err, &status, &error));
    ck_assert(WIFEXITED(status));
    run.exit_code = WEXITSTATUS(status);
    return run;
}

START_TEST(test_ways_to_the_service)
{
    g_autoptr(Place) place = place_enter_nothing();
    g_autoptr(TestTlsServer) server = test_tls_server_new(TEST_TLS_DEFAULT);
    g_auto(Run) unknown = { 0 };
    g_auto(Run) refused = { 0 };
    g_auto(Run) authority = { 0 };

    place_set(place, "CLOUDTKEFILES", place->world);
    place_set(place, "TKE_PRIVATE_ADDR", "https://no-such-host.invalid"); /* E-H06 */
    unknown = run_real(place, "cryptounits");
    ck_assert_int_eq(unknown.exit_code, 5);
    assert_contains(unknown.out, "https://no-such-host.invalid cannot be found");
    assert_contains(unknown.out, "may not exist in that region");
    assert_contains(unknown.out, "private endpoint");
    place_set(place, "TKE_PRIVATE_ADDR", "https://127.0.0.1:1"); /* E-H07 */
    refused = run_real(place, "cryptounits");
    ck_assert_int_eq(refused.exit_code, 5);
    assert_contains(refused.out, "https://127.0.0.1:1");
    assert_contains(refused.out, "Check network and proxy");
    place_set(place, "TKE_PRIVATE_ADDR", test_tls_server_url(server));
    authority = run_real(place, "cryptounits");
    ck_assert_int_eq(authority.exit_code, 5);
    assert_contains(authority.out, test_tls_server_url(server));
    assert_contains(authority.out, "certificate");
}
END_TEST

START_TEST(test_the_settings_say_how_long_the_service_may_take)
{
    g_autoptr(Place) place = place_enter_finished();
    g_autofree char *settings =
        g_build_filename(place->world, "workstation", "settings.json", NULL);
    static const char *const words[] = { "within 1000 ms", "requestSeconds", NULL };
    static const char *const damaged[] = { "settings.json", "requestSeconds", "from 1 to 300",
                                           NULL };

    ck_assert(g_file_set_contents_full(settings, "{\"requestSeconds\":1}", -1,
                                       G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    place_sim(place, "fault service silence list=true");
    place_check_row(place, "E-H07", 5, "cryptounits", words);
    ck_assert(g_file_set_contents_full(settings, "{\"requestSeconds\":0}", -1,
                                       G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    place_check_row(place, "4.1", 3, "cryptounits", damaged);
}
END_TEST

START_TEST(test_directories_of_the_workstation)
{
    g_autoptr(Place) place = place_enter_nothing();
    g_autofree char *file = g_build_filename(place->world, "file", NULL);
    g_autofree char *missing = g_build_filename(place->world, "missing", NULL);
    const char *const values[] = { NULL, file, missing };

    ck_assert(g_file_set_contents(file, "", -1, NULL));
    for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) { /* E-L01 */
        g_auto(Run) run = { 0 };

        place_set(place, "CLOUDTKEFILES", values[i]);
        run = run_real(place, "--region us-south cryptounits");
        ck_assert_int_eq(run.exit_code, 3);
        assert_contains(run.out, "CLOUDTKEFILES");
        assert_contains(run.out, values[i] != NULL ? values[i] : "set it to an existing directory");
    }
}
END_TEST

/* Who may write to the directory could choose the crypto units, or take the lock away (E-L01). */
START_TEST(test_a_directory_of_the_workstation_that_others_may_change_is_refused)
{
    g_autoptr(Place) place = place_enter_nothing();
    g_autofree char *files = g_build_filename(place->world, "files", NULL);
    g_autofree char *link = g_build_filename(place->world, "link", NULL);
    static const mode_t modes[] = { 0777, 01777, 0720, 0702 };

    ck_assert_int_eq(g_mkdir(files, 0700), 0);
    ck_assert_int_eq(symlink(files, link), 0);
    place_set(place, "CLOUDTKEFILES", link);
    place_set(place, "TKE_PRIVATE_ADDR", "https://127.0.0.1:1"); /* nobody there */
    for (unsigned i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_auto(Run) run = { 0 };

        ck_assert_int_eq(g_chmod(files, modes[i]), 0);
        run = run_real(place, "cryptounits");
        ck_assert_int_eq(run.exit_code, 3);
        assert_contains(run.out, "CLOUDTKEFILES");
        assert_contains(run.out, link);
        assert_contains(run.out, "chmod go-w");
    }
    for (unsigned i = 0; i < 2; i++) { /* usable ones: the service is asked */
        g_auto(Run) run = { 0 };

        ck_assert_int_eq(g_chmod(files, i == 0 ? 0700 : 0755), 0);
        run = run_real(place, "cryptounits");
        ck_assert_int_eq(run.exit_code, 5);
        assert_contains(run.out, "https://127.0.0.1:1");
    }
    if (geteuid() == 0) {
        g_auto(Run) run = { 0 };

        ck_assert_int_eq(chown(files, NOBODY, NOBODY), 0);
        run = run_real(place, "cryptounits");
        ck_assert_int_eq(run.exit_code, 3);
        assert_contains(run.out, "belongs to another user");
    }
}
END_TEST

START_TEST(test_selections)
{
    static const struct {
        const char *row;
        const char *line;
        int exit_code;
        const char *words[4];
    } rows[] = {
        { "E-L02", "cryptounit-add 9", 2, { "there is no crypto unit 9", "nothing was changed" } },
        { "E-L02", "cryptounit-rm x", 2, { "“x” is not the number", "nothing was changed" } },
        { "E-L02", "cryptounit-rm 1 1", 2, { "crypto unit 1 is named twice" } },
        { "E-L02", "--select 4 cryptounit-mk", 2, { "there is no crypto unit 4" } },
        { "E-L09", "cryptounit-add", 2, { "nobody is there to answer", "by an option" } },
    };
    static const char *const selecting[] = { "cryptounit-compare",
                                             "cryptounit-admins",
                                             "cryptounit-thrhlds",
                                             "cryptounit-mk",
                                             "cryptounit-admin-add",
                                             "cryptounit-admin-rm",
                                             "cryptounit-mk-load --part any --part any",
                                             "cryptounit-mk-commit",
                                             "cryptounit-mk-setimm",
                                             "cryptounit-mk-clrnew",
                                             "cryptounit-mk-clrcur",
                                             "cryptounit-zeroize",
                                             "cryptounit-thrhld-set --signature 2 --revocation 2" };
    static const char *const none[] = { "no crypto unit is selected", "tke cryptounit-add",
                                        "--select", NULL };
    g_autoptr(Place) place = place_enter_finished();

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        place_check_row(place, rows[i].row, rows[i].exit_code, rows[i].line, rows[i].words);
    }
    {
        g_auto(Run) run = place_expect(place, 0, "cryptounit-rm 1 2 3");

        assert_contains(run.out, "false");
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(selecting); i++) {
        place_check_row(place, "E-S04, E-L06", 3, selecting[i], none);
    }
}
END_TEST

START_TEST(test_files_of_the_directory)
{
    static const char *const files[] = { "opentke-selection.json", "opentke-units.json",
                                         "opentke-journal.json" };
    g_autoptr(Place) place = place_enter_finished();

    for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) { /* E-L05 */
        g_autofree char *path = g_build_filename(place->world, "workstation", files[i], NULL);
        const char *const words[] = { path, "is damaged", "was put aside as", "tke cryptounit-",
                                      NULL };

        ck_assert(g_file_set_contents(path, "{\"units\":", -1, NULL));
        place_check_row(place, "E-L05", 3, "cryptounits", words);
        ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS)); /* the next command does without it */
    }
}
END_TEST

START_TEST(test_a_second_program)
{
    static const char *const words[] = { "another process (number ",
                                         "Wait until the other program has ended", NULL };
    g_autoptr(Place) place = place_enter_finished();
    g_autoptr(SimOfficersProgram) first = place_start(place, "cryptounit-admin-add");
    G_GNUC_UNUSED g_autoptr(JsonObject) prompt = place_wait_event(first, "prompt", "insert");

    place_check_row(place, "E-L10", 3, "cryptounits", words);
    sim_officers_program_signal(first, SIGINT);
    ck_assert_int_eq(sim_officers_program_wait(first, 60000, NULL), 1);
}
END_TEST

/* What the program says while people follow the task. */
static char *
act(Place *place, int exit_code, const SimOfficersTask *task, SimOfficersObserver observer)
{
    g_autoptr(SimOfficersProgram) program = place_begin_task(place, task);
    GString *said = g_string_new(NULL);
    g_autofree char *rest = NULL;

    sim_officers_program_set_observer(program, observer, NULL);
    (void) sim_officers_people_follow(place->people, program, task, NULL);
    sim_officers_program_close_input(program);
    ck_assert_int_eq(sim_officers_program_wait(program, 60000, NULL), exit_code);
    rest = sim_officers_program_take_output(program);
    g_string_append(said, rest);
    ck_assert(sim_officers_desk_remove(place->desk, 1, NULL));
    ck_assert(sim_officers_desk_remove(place->desk, 2, NULL));
    return g_string_free(said, FALSE);
}

/* Ctrl-C when a second signature is wanted. */
static void
stop_second(JsonObject *event, GPid pid, void *data)
{
    (void) data;
    if (g_strcmp0(json_object_get_string_member_with_default(event, "purpose", NULL), "signer") ==
            0 &&
        json_object_get_int_member_with_default(event, "signer", 0) == 2) {
        json_object_set_string_member(event, "event", "seen");
        kill(pid, SIGINT);
    }
}

START_TEST(test_signers)
{
    static const SimOfficersTask key = {
        "", "card generate-signature-key --name Nobody", { { NULL }, { "ep11-7" } }, { NULL }
    };
    static const SimOfficersTask clear = {
        "", "--yes cryptounit-mk-clrnew", { { "ep11-5", "ep11-7", "ep11-1" }, { NULL } }, { NULL }
    };
    static const SimOfficersTask two = {
        "", "--yes cryptounit-thrhld-set --signature 2 --revocation 2", { SIGNERS }, { NULL }
    };
    static const SimOfficersTask one = {
        "",
        "--yes --select 2 cryptounit-thrhld-set --signature 1 --revocation 1",
        { SIGNERS },
        { NULL }
    };
    g_autoptr(Place) place = place_enter_finished();
    g_autofree char *made = act(place, 0, &key, NULL);
    g_autofree char *cleared = act(place, 0, &clear, NULL);
    g_autofree char *same = act(place, 0, &two, NULL);
    g_autofree char *few = act(place, 1, &two, stop_second);
    g_autofree char *lower = act(place, 0, &one, NULL);
    g_autofree char *differ = act(place, 0, &two, NULL);

    assert_contains(made, "Nobody");
    assert_contains(cleared, "This card has no signature key: it cannot sign."); /* E-S05 */
    assert_contains(cleared, "Nobody is no administrator of crypto unit 1, crypto unit 2, crypto "
                             "unit 3.");                                             /* E-S01 */
    assert_contains(same, "has signed already: another administrator is needed.");   /* E-S02 */
    assert_contains(few, "only 1 of 2 signatures were collected, nothing was sent"); /* E-S06 */
    assert_contains(lower, "gives no dual control");
    assert_contains(differ, "need different numbers of signatures; the largest, 2, is "
                            "collected."); /* E-S03 */
}
END_TEST

START_TEST(test_numbers_out_of_range_are_refused_and_ask_for_nothing)
{
    static const char *const log[] = { "--last takes the number of entries", NULL };
    static const struct {
        const char *line;
        const char *told;
    } rows[] = {
        { "cryptounit-thrhld-set --signature=0 --revocation 1",
          "--signature takes a number from 1 to 8, not “0”; did you mean “1”?" },
        { "cryptounit-thrhld-set --signature 1 --revocation=9",
          "--revocation takes a number from 1 to 8, not “9”; did you mean “8”?" },
        { "cryptounit-thrhld-set --signature=-1 --revocation 1",
          "--signature takes a number from 1 to 8, not “-1”; did you mean “1”?" },
    };
    g_autoptr(Place) place = place_enter_finished();

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(Run) run = place_expect(place, 2, rows[i].line);

        assert_contains(run.err, rows[i].told);
    }
    place_check_row(place, "log", 2, "log --last=-1", log);
}
END_TEST

static void
add_tests(TCase *tests)
{
    place_begin();
    place_rehearse();
    tcase_add_test(tests, test_answers_of_the_service);
    tcase_add_test(tests, test_ways_to_the_service);
    tcase_add_test(tests, test_the_settings_say_how_long_the_service_may_take);
    tcase_add_test(tests, test_directories_of_the_workstation);
    tcase_add_test(tests, test_a_directory_of_the_workstation_that_others_may_change_is_refused);
    tcase_add_test(tests, test_selections);
    tcase_add_test(tests, test_files_of_the_directory);
    tcase_add_test(tests, test_a_second_program);
    tcase_add_test(tests, test_signers);
    tcase_add_test(tests, test_numbers_out_of_range_are_refused_and_ask_for_nothing);
}

int
main(void)
{
    return test_main("error-rows", add_tests);
}
