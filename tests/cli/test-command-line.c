/*
 * tke as a program: help, exit codes, JSON, selection, locks, what it does outside a rehearsal.
 */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "common/safe-file.h"
#include "tests/cli/programs.h"
#include "tests/support/test-main.h"

/* Exit codes (functions, section 4). */
enum { DONE, REFUSED, WRONG_USE, PRECONDITION, CARD, SERVICE, UNIT, PARTLY, DIFFER };

static bool
said(const Programs *programs, const char *text)
{
    return strstr(programs->output, text) != NULL || strstr(programs->complaint, text) != NULL;
}

START_TEST(test_outside_a_rehearsal_it_says_what_is_missing)
{
    g_auto(Programs) p = { 0 };
    const char *files = NULL;
    const char *variables[] = { NULL, NULL };
    g_autofree char *set = NULL;

    programs_start(&p, false);
    programs_tke_real(&p, "cryptounits", NULL);
    programs_expect(&p, PRECONDITION);
    ck_assert(said(&p, "CLOUDTKEFILES is not set"));
    variables[0] = "CLOUDTKEFILES=/nonexistent";
    programs_tke_real(&p, "cryptounits", variables);
    programs_expect(&p, PRECONDITION);
    ck_assert(said(&p, "/nonexistent"));
    files = p.dir;
    set = g_strconcat("CLOUDTKEFILES=", files, NULL);
    variables[0] = set;
    programs_tke_real(&p, "cryptounits", variables);
    programs_expect(&p, PRECONDITION);
    ck_assert(said(&p, "--instance"));
    programs_tke_real(&p, "cryptounits --instance 1b7c", variables);
    ck_assert(said(&p, "--region"));
    programs_tke_real(&p, "cryptounits --instance 1b7c --region us-south", variables);
    programs_expect(&p, PRECONDITION);
    ck_assert(said(&p, "--token-fd"));
    programs_tke_real(&p, "cryptounits --instance 1b7c --region us-south --token-fd 0", variables);
    programs_expect(&p, WRONG_USE);
}
END_TEST

START_TEST(test_units_are_selected_by_number_and_only_whole_requests_count)
{
    g_auto(Programs) p = { 0 };
    g_autoptr(JsonObject) object = NULL;
    JsonArray *units;

    programs_start(&p, false);
    programs_tke(&p, "cryptounit-compare", NULL);
    programs_expect(&p, PRECONDITION);
    ck_assert(said(&p, "cryptounit-add"));
    programs_tke(&p, "cryptounit-add 1 9", NULL);
    programs_expect(&p, WRONG_USE);
    programs_tke(&p, "cryptounit-add 1 1", NULL);
    programs_expect(&p, WRONG_USE);
    programs_tke(&p, "cryptounit-add one", NULL);
    programs_expect(&p, WRONG_USE);
    programs_tke(&p, "cryptounit-add", "1 3\n");
    programs_expect(&p, DONE);
    programs_tke(&p, "--json cryptounits", NULL);
    programs_expect(&p, DONE);
    object = programs_json(&p);
    ck_assert(json_object_get_boolean_member(object, "rehearsal"));
    units = json_object_get_array_member(
        json_array_get_object_element(json_object_get_array_member(object, "instances"), 0),
        "units");
    ck_assert_uint_eq(json_array_get_length(units), 3);
    ck_assert(json_object_get_boolean_member(json_array_get_object_element(units, 0), "selected"));
    ck_assert(!json_object_get_boolean_member(json_array_get_object_element(units, 1), "selected"));
    programs_tke(&p, "--select 2 --json cryptounit-thrhlds", NULL);
    programs_expect(&p, DONE);
    ck_assert(said(&p, "\"number\":2") && !said(&p, "\"number\":1"));
    programs_tke(&p, "cryptounit-rm 1", NULL);
    programs_tke(&p, "cryptounit-admins", NULL);
    programs_expect(&p, DONE);
    ck_assert(said(&p, "REHEARSAL"));
}
END_TEST

START_TEST(test_faults_of_the_service_have_their_own_exit_code_and_advice)
{
    static const unsigned statuses[] = { 401, 403, 404, 500 };
    g_auto(Programs) p = { 0 };

    programs_start(&p, false);
    programs_tke(&p, "cryptounit-add --all", NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_autofree char *order =
            g_strdup_printf("fault service http status=%u count=100", statuses[i]);
        g_autofree char *number = g_strdup_printf("%u", statuses[i]);
        g_autoptr(JsonObject) object = NULL;

        programs_sim(&p, order);
        programs_tke(&p, "--json cryptounits", NULL);
        programs_expect(&p, SERVICE);
        object = programs_json(&p);
        ck_assert_int_eq(json_object_get_int_member(object, "exit"), SERVICE);
        ck_assert_ptr_nonnull(strstr(json_object_get_string_member(object, "error"), number));
        ck_assert(json_object_has_member(object, "advice"));
        programs_sim(&p, "fault clear");
    }
    programs_sim(&p, "fault service bad-signature unit=2 count=100");
    programs_tke(&p, "cryptounit-compare", NULL);
    programs_expect(&p, UNIT);
    ck_assert(said(&p, "crypto unit 2"));
    programs_sim(&p, "fault clear");
    programs_sim(&p, "fault daemon stopped");
    programs_tke(&p, "card info", NULL);
    programs_expect(&p, CARD);
}
END_TEST

START_TEST(test_two_programs_do_not_work_on_one_directory)
{
    g_auto(Programs) p = { 0 };
    g_autoptr(TkeDirLock) lock = NULL;
    g_autofree char *number = NULL;
    g_autofree char *path = NULL;

    programs_start(&p, false);
    programs_tke(&p, "cryptounits", NULL);
    programs_expect(&p, DONE);
    lock = tke_safe_file_lock_dir(p.workstation, NULL);
    ck_assert_ptr_nonnull(lock);
    programs_tke(&p, "cryptounits", NULL);
    programs_expect(&p, PRECONDITION);
    number = g_strdup_printf("process (number %d)", (int) getpid());
    ck_assert(said(&p, number));
    path = g_build_filename(p.workstation, "lock", NULL);
    ck_assert_int_eq(unlink(path), 0); /* takes nothing away */
    programs_tke(&p, "cryptounits", NULL);
    programs_expect(&p, PRECONDITION);
    tke_dir_lock_free(g_steal_pointer(&lock));
    programs_tke(&p, "cryptounits", NULL);
    programs_expect(&p, DONE);
}
END_TEST

START_TEST(test_an_entry_that_tells_of_an_unfinished_line_is_listed)
{
    g_auto(Programs) p = { 0 };
    g_autoptr(JsonObject) verified = NULL;
    g_autofree char *path = NULL;
    g_autofree char *zeros = g_strnfill(64, '0');
    g_autofree char *line = g_strdup_printf(
        "{\"seq\":1,\"time\":\"2026-01-01T00:00:00Z\",\"action\":\"a\",\"rehearsal\":true,"
        "\"removed_tail_bytes\":12,\"prev\":\"%s\"}\n",
        zeros);
    g_autofree char *missed =
        g_strdup_printf("{\"seq\":1,\"time\":\"2026-01-01T00:00:00Z\","
                        "\"action\":\"opentke-log.missed\",\"missed\":[],\"prev\":\"%s\"}\n",
                        zeros);

    programs_start(&p, false);
    programs_tke(&p, "cryptounits", NULL);
    programs_expect(&p, DONE);
    path = g_build_filename(p.workstation, "activity.log", NULL);
    ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS)); /* nothing was changed until now */
    programs_tke(&p, "log", NULL);
    programs_expect(&p, DONE);
    ck_assert(said(&p, path) && said(&p, "nothing was recorded here yet, or it was removed"));
    programs_tke(&p, "log verify", NULL);
    programs_expect(&p, PRECONDITION); /* what is not there is not good */
    ck_assert(said(&p, path) && !said(&p, "unfinished line"));
    ck_assert(g_file_set_contents(path, line, -1, NULL));
    programs_tke(&p, "log verify", NULL);
    programs_expect(&p, DONE);
    ck_assert(said(&p, "Before 1 entry an unfinished line was removed"));
    ck_assert(said(&p, "\"removed_tail_bytes\":12"));
    programs_tke(&p, "--json log verify", NULL);
    verified = programs_json(&p);
    ck_assert_uint_eq(json_array_get_length(json_object_get_array_member(verified, "mended")), 1);
    ck_assert(!json_object_has_member(verified, "missed"));
    ck_assert(g_file_set_contents(path, missed, -1, NULL));
    programs_tke(&p, "log verify", NULL);
    programs_expect(&p, DONE);
    ck_assert(said(&p, "Steps that could not be recorded") && said(&p, "opentke-log.missed"));
}
END_TEST

START_TEST(test_a_ceremony_leaves_a_log_that_verifies_until_it_is_changed)
{
    g_auto(Programs) p = { 0 };
    g_autoptr(JsonObject) head = NULL;
    g_autofree char *verify = NULL;
    g_autofree char *path = NULL;
    g_autofree char *text = NULL;
    char *at;

    programs_start(&p, true);
    programs_tke(&p, "--json log head", NULL);
    head = programs_json(&p);
    ck_assert_int_gt(json_object_get_int_member(head, "entries"), 40);
    verify = g_strconcat("log verify --head ", json_object_get_string_member(head, "head"), NULL);
    programs_tke(&p, verify, NULL);
    programs_expect(&p, DONE);

    programs_tke(&p, "cryptounit-compare", NULL);
    programs_expect(&p, DONE);
    programs_tke(&p, "--json cryptounit-mk", NULL);
    ck_assert(said(&p, "\"Valid\""));
    programs_tke(&p, "cryptounit-mk-commit", NULL);
    programs_expect(&p, PRECONDITION);
    programs_tke(&p, "--confirm nonsense cryptounit-zeroize", NULL);
    programs_expect(&p, REFUSED);
    programs_tke(&p, "cryptounit-mk-clrnew", "n\n");
    programs_expect(&p, REFUSED);
    programs_tke(&p, "cryptounit-mk-load", NULL);
    programs_expect(&p, WRONG_USE); /* nobody is there to answer */
    programs_tke(&p, "--yes --dry-run cryptounit-mk-clrnew", NULL);
    programs_expect(&p, DONE);
    programs_tke(&p, verify, NULL);
    programs_expect(&p, DONE);

    path = g_build_filename(p.workstation, "activity.log", NULL);
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    at = strstr(text, "\"seq\":7,");
    ck_assert_ptr_nonnull(at);
    at = strstr(at, "ep11");
    ck_assert_ptr_nonnull(at);
    at[0] = 'E';
    ck_assert(g_file_set_contents(path, text, -1, NULL));
    programs_tke(&p, "log verify", NULL);
    ck_assert_int_ne(p.exit_code, DONE);
    ck_assert(said(&p, "line 8"));
}
END_TEST

START_TEST(test_a_result_that_nobody_got_is_no_success)
{
    static const char *const words[] = { "cryptounits", "--json cryptounits" };
    g_auto(Programs) p = { 0 };

    programs_start(&p, false);
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        programs_tke_redirected(&p, words[i], ">/dev/full");
        programs_expect(&p, PRECONDITION);
        ck_assert(said(&p, "could not be written to standard output: No space left"));
        ck_assert(said(&p, "was carried out"));
    }
    programs_tke_redirected(&p, "cryptounit-mk-commit", ">/dev/full");
    ck_assert_int_gt(p.exit_code, WRONG_USE);
    ck_assert(said(&p, "standard output") && !said(&p, "was carried out"));
}
END_TEST

START_TEST(test_nothing_is_printed_into_files_that_get_a_closed_descriptor)
{
    g_auto(Programs) p = { 0 };

    programs_start(&p, false);
    programs_tke_redirected(&p, "cryptounits", "<&- >&- 2>&-");
    programs_expect(&p, DONE);
    programs_tke_redirected(&p, "cryptounits", "<&- 2>&-");
    programs_expect(&p, DONE);
    ck_assert(said(&p, "operational"));
}
END_TEST

/* What is of the one world is never passed over in the other (functions 4.12). */
START_TEST(test_a_rehearsal_and_the_real_world_are_told_apart)
{
    static const char *const odd[] = { "--region us-south", "--token-fd 0" };
    g_auto(Programs) p = { 0 };
    g_autofree char *world = NULL;

    programs_start(&p, false);
    for (unsigned i = 0; i < G_N_ELEMENTS(odd); i++) {
        g_autofree char *line = g_strconcat(odd[i], " cryptounits", NULL);
        g_autofree char *name = g_strndup(odd[i], strcspn(odd[i], " "));

        programs_tke(&p, line, NULL);
        programs_expect(&p, WRONG_USE);
        ck_assert(said(&p, name) && said(&p, "is not for a rehearsal"));
    }
    programs_tke(&p, "--instance 00000000-0000-0000-0000-000000000000 cryptounits", NULL);
    programs_expect(&p, PRECONDITION);
    ck_assert(said(&p, "there is no service instance 00000000-"));
    world = g_strdup_printf("--world %s card info", p.world);
    programs_tke_real(&p, world, NULL);
    programs_expect(&p, WRONG_USE);
    ck_assert(said(&p, "--world names the world of a rehearsal"));
}
END_TEST

START_TEST(test_the_selection_is_changed_by_numbers_behind_the_command)
{
    g_auto(Programs) p = { 0 };

    programs_start(&p, false);
    programs_tke(&p, "--select 1 cryptounit-add 2", NULL);
    programs_expect(&p, WRONG_USE);
    ck_assert(said(&p, "name the crypto units after it"));
    programs_tke(&p, "--select 1 cryptounit-rm --all", NULL);
    programs_expect(&p, WRONG_USE);
    programs_tke(&p, "--json cryptounits", NULL);
    ck_assert(!said(&p, "\"selected\":true"));
}
END_TEST

START_TEST(test_the_shell_stops_a_script_at_the_first_failure)
{
    g_auto(Programs) p = { 0 };
    g_autofree char *script = NULL;
    g_autofree char *words = NULL;

    programs_start(&p, false);
    programs_tke(&p, "shell",
                 "cryptounit-add 1\n# a comment\n\ncryptounit-add 9\ncryptounit-add 2\n");
    programs_expect(&p, WRONG_USE);
    ck_assert(said(&p, "FAILED\nthe script stopped at “cryptounit-add 9”, which failed"));
    ck_assert(!said(&p, "9\nOK\n") && !said(&p, "run\nOK\n"));
    programs_tke(&p, "--json cryptounits", NULL);
    ck_assert(said(&p, "\"number\":1,\"selected\":true"));
    ck_assert(said(&p, "\"number\":2,\"selected\":false"));
    script = g_build_filename(p.dir, "script", NULL);
    ck_assert(g_file_set_contents(script, "cryptounit-add 2\ncryptounit-rm 1\n", -1, NULL));
    words = g_strconcat("shell --file ", script, NULL);
    programs_tke(&p, words, NULL);
    programs_expect(&p, DONE);
    programs_tke(&p, "--json cryptounits", NULL);
    ck_assert(said(&p, "\"number\":1,\"selected\":false"));
    ck_assert(said(&p, "\"number\":2,\"selected\":true"));
    ck_assert(g_file_set_contents(script, "\ncryptounit-add 9\ncryptounit-rm 2\n", -1, NULL));
    programs_tke(&p, words, NULL);
    programs_expect(&p, WRONG_USE);
    ck_assert(said(&p, "the script stopped at “cryptounit-add 9”, which failed; no line"));
    programs_tke(&p, "shell", "--select 3 cryptounit-thrhlds\ncryptounit-thrhlds\n");
    programs_expect(&p, DONE);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_outside_a_rehearsal_it_says_what_is_missing);
    tcase_add_test(tests, test_units_are_selected_by_number_and_only_whole_requests_count);
    tcase_add_test(tests, test_faults_of_the_service_have_their_own_exit_code_and_advice);
    tcase_add_test(tests, test_two_programs_do_not_work_on_one_directory);
    tcase_add_test(tests, test_an_entry_that_tells_of_an_unfinished_line_is_listed);
    tcase_add_test(tests, test_a_ceremony_leaves_a_log_that_verifies_until_it_is_changed);
    tcase_add_test(tests, test_a_result_that_nobody_got_is_no_success);
    tcase_add_test(tests, test_nothing_is_printed_into_files_that_get_a_closed_descriptor);
    tcase_add_test(tests, test_a_rehearsal_and_the_real_world_are_told_apart);
    tcase_add_test(tests, test_the_selection_is_changed_by_numbers_behind_the_command);
    tcase_add_test(tests, test_the_shell_stops_a_script_at_the_first_failure);
    tcase_set_timeout(tests, 300);
}

int
main(void)
{
    return test_main("command-line", add_tests);
}
