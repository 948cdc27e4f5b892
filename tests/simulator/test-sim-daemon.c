/*
 * The program tke-sim: started, asked, killed, started again. TKE_SIM names it.
 */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gio/gio.h>

#include "libsmartcard/sim-protocol.h"
#include "simulator/sim-daemon.h"
#include "tests/simulator/world-fixture.h"
#include "tests/support/test-main.h"

typedef struct Result {
    int code;
    char *output;
    char *complaint;
} Result;

static void
result_clear(Result *result)
{
    g_free(result->output);
    g_free(result->complaint);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Result, result_clear)

/* Runs tke-sim in the world of a directory with the words of a line. */
static Result
run(const TestDirectory *directory, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    Result result = { 0 };
    int status = 0;

    ck_assert_ptr_nonnull(g_getenv("TKE_SIM"));
    g_ptr_array_add(argv, (char *) g_getenv("TKE_SIM"));
    g_ptr_array_add(argv, (char *) "--world");
    g_ptr_array_add(argv, directory->path);
    for (size_t i = 0; words[i] != NULL; i++) {
        g_ptr_array_add(argv, words[i]);
    }
    g_ptr_array_add(argv, NULL);
    ck_assert(g_spawn_sync(NULL, (char **) argv->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL,
                           &result.output, &result.complaint, &status, &error));
    ck_assert(WIFEXITED(status));
    result.code = WEXITSTATUS(status);
    return result;
}

static void
run_well(const TestDirectory *directory, const char *line)
{
    g_auto(Result) result = run(directory, line);

    ck_assert_msg(result.code == 0, "%s: %d %s", line, result.code, result.complaint);
}

static void
start(const TestDirectory *directory)
{
    g_autofree char *line = g_strdup_printf("start --scenario %s", directory->scenario);

    run_well(directory, line);
}

/* Number and text of a member of the status. */
static JsonObject *
query_status(const TestDirectory *directory)
{
    g_auto(Result) result = run(directory, "status --json");
    g_autoptr(JsonParser) parser = json_parser_new();

    ck_assert_int_eq(result.code, 0);
    ck_assert(json_parser_load_from_data(parser, result.output, -1, NULL));
    return json_node_dup_object(json_parser_get_root(parser));
}

/* Label of the card in reader 1; "" if there is none. */
static char *
query_card(const TestDirectory *directory)
{
    g_autoptr(JsonObject) status = query_status(directory);
    JsonArray *readers = json_object_get_array_member(status, "readers");

    return g_strdup(json_object_get_string_member_with_default(
        json_array_get_object_element(readers, 0), "card", ""));
}

/* Ends the daemon with a signal and waits until it is gone. */
static void
end_with(const TestDirectory *directory, int number)
{
    g_autoptr(JsonObject) status = query_status(directory);
    pid_t pid = (pid_t) json_object_get_int_member(status, "pid");

    ck_assert_int_gt(pid, 1);
    ck_assert_int_eq(kill(pid, number), 0);
    for (unsigned i = 0; i < 3000 && kill(pid, 0) == 0; i++) {
        g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int) pid);
        g_autofree char *text = NULL;

        /* Whoever adopted it may take its time to bury it. */
        if (!g_file_get_contents(path, &text, NULL, NULL) || strstr(text, ") Z ") != NULL) {
            return;
        }
        g_usleep(10000);
    }
    ck_assert(kill(pid, 0) != 0);
}

START_TEST(test_daemon_answers_when_start_returns_and_is_gone_when_stop_returns)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_autofree char *socket = tke_sim_socket_path(directory->path, NULL);

    start(directory);
    run_well(directory, "status");
    run_well(directory, "insert 1 ca-1");
    run_well(directory, "stop");
    ck_assert(!g_file_test(socket, G_FILE_TEST_EXISTS));
    start(directory);
    run_well(directory, "stop");
}
END_TEST

START_TEST(test_commands_without_daemon_say_how_to_start_it)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_auto(Result) status = run(directory, "status");
    g_auto(Result) stop = run(directory, "stop");

    ck_assert_int_eq(status.code, SIM_EXIT_FAILED);
    ck_assert_ptr_nonnull(strstr(status.complaint, "tke-sim start"));
    ck_assert_int_eq(stop.code, SIM_EXIT_FAILED);
}
END_TEST

START_TEST(test_second_daemon_on_a_world_is_refused)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_auto(Result) second = { 0 };

    start(directory);
    second = run(directory, "start");
    ck_assert_int_eq(second.code, SIM_EXIT_RUNNING);
    run_well(directory, "status");
    run_well(directory, "stop");
}
END_TEST

START_TEST(test_nothing_that_was_answered_is_lost_when_the_daemon_is_killed)
{
    g_autoptr(TestDirectory) directory = test_directory_new();

    for (unsigned i = 0; i < 3; i++) {
        g_autofree char *in = NULL;
        g_autofree char *out = NULL;

        start(directory);
        run_well(directory, "insert 1 ep11-2");
        end_with(directory, SIGKILL);
        start(directory);
        in = query_card(directory);
        ck_assert_str_eq(in, "ep11-2");
        run_well(directory, "remove 1");
        end_with(directory, SIGKILL);
        start(directory);
        out = query_card(directory);
        ck_assert_str_eq(out, "");
        end_with(directory, SIGKILL);
    }
}
END_TEST

START_TEST(test_daemon_ends_in_order_when_it_is_asked_to)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_autofree char *socket = tke_sim_socket_path(directory->path, NULL);

    start(directory);
    end_with(directory, SIGTERM);
    ck_assert(!g_file_test(socket, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(test_world_whose_path_is_too_long_is_refused_with_that_reason)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_autofree char *name = g_strnfill(100, 'w');
    TestDirectory far_away = { .path = g_build_filename(directory->path, name, NULL) };
    g_auto(Result) result = run(&far_away, "start");

    g_free(far_away.path);
    ck_assert_int_eq(result.code, SIM_EXIT_FAILED);
    ck_assert_ptr_nonnull(strstr(result.complaint, "107"));
}
END_TEST

START_TEST(test_wrong_use_has_its_exit_code)
{
    static const char *const lines[] = {
        "dance",
        "insert",
        "insert 1",
        "insert x ca-1",
        "insert 1 ca-1 ca-2",
        "pin 1",
        "keys 1",
        "fault",
        "fault card",
        "fault service http status",
        "stop now",
        "status --force",
        "start --force",
        "status --profile none",
        "start --delay-ms 99999999",
        "--no-such-option status",
    };
    g_autoptr(TestDirectory) directory = test_directory_new();

    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_auto(Result) result = run(directory, lines[i]);

        ck_assert_msg(result.code == SIM_EXIT_USAGE, "%s: %d", lines[i], result.code);
        ck_assert_msg(*result.complaint != '\0', "%s", lines[i]);
    }
}
END_TEST

START_TEST(test_commands_of_the_desk_reach_the_world)
{
    static const char *const lines[] = {
        "insert 1 ca-1",
        "fault card 1 pull-after after=3 times=2",
        "fault card ep11-1 status sw=6985",
        "fault reader 2 held",
        "fault reader unplugged",
        "fault daemon stopped",
        "fault service http status=401 unit=1 count=2 skip=1 command=13",
        "fault service code command=commit-wk",
        "fault service code command=0x10002",
        "fault clear",
        "remove 1",
    };
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_auto(Result) pin = { 0 };

    start(directory);
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        run_well(directory, lines[i]);
    }
    pin = run(directory, "--timeout 0 pin 1 123456");
    ck_assert_int_eq(pin.code, SIM_EXIT_FAILED);
    run_well(directory, "stop");
}
END_TEST

START_TEST(test_what_the_desk_misspells_is_refused_with_the_nearest_word)
{
    static const struct {
        const char *line;
        const char *told;
    } lines[] = {
        { "insrt 1 ca-1", "did you mean \"insert\"?" },
        { "moon", "see tke-sim --help" },
        { "fault card ca-1 slent", "did you mean \"silent\"?" },
        { "fault card ca-1 moon", "no such fault here: \"moon\"; see" },
        { "fault card ca-1 silent aftr=3", "no \"aftr\"" },
        { "fault card ca-1 silent target=7", "\"target\" must be a text" },
        { "fault reader 1 quick-clok", "did you mean \"quick-clock\"?" },
        { "fault reader 1 held after=3", "no \"after\"" },
        { "fault daemon stoped", "did you mean \"stopped\"?" },
        { "fault daemon stopped after=3", "no \"after\"" },
        { "fault service cde", "did you mean \"code\"?" },
        { "fault service code comand=13", "no \"comand\"" },
        { "fault service code command=5555", "COMMIT_WK (13)" },
        { "fault service code command=COMIT_WK", "COMMIT_WK (13)" },
    };
    g_autoptr(TestDirectory) directory = test_directory_new();

    start(directory);
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_auto(Result) result = run(directory, lines[i].line);

        ck_assert_msg(result.code != SIM_EXIT_OK, "%s", lines[i].line);
        ck_assert_msg(strstr(result.complaint, lines[i].told) != NULL, "%s: %s", lines[i].line,
                      result.complaint);
    }
    run_well(directory, "fault service code command=13 count=2");
    {
        g_auto(Result) status = run(directory, "status");

        ck_assert_ptr_nonnull(
            strstr(status.output, "fault: code, command COMMIT_WK, 2 more times"));
    }
    run_well(directory, "stop");
}
END_TEST

static void *
open_client(void *data)
{
    return tke_sim_client_open_or_start(data, NULL);
}

START_TEST(test_programs_that_need_a_world_at_the_same_time_start_one)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_autofree char *programs = g_path_get_dirname(g_getenv("TKE_SIM"));
    GThread *threads[3] = { NULL };

    g_setenv("PATH", programs, TRUE);
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
        threads[i] = g_thread_new("client", open_client, directory->path);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++) {
        g_autoptr(TkeSimClient) client = g_thread_join(threads[i]);

        ck_assert_ptr_nonnull(client);
    }
    run_well(directory, "stop");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_daemon_answers_when_start_returns_and_is_gone_when_stop_returns);
    tcase_add_test(tests, test_commands_without_daemon_say_how_to_start_it);
    tcase_add_test(tests, test_second_daemon_on_a_world_is_refused);
    tcase_add_test(tests, test_nothing_that_was_answered_is_lost_when_the_daemon_is_killed);
    tcase_add_test(tests, test_daemon_ends_in_order_when_it_is_asked_to);
    tcase_add_test(tests, test_world_whose_path_is_too_long_is_refused_with_that_reason);
    tcase_add_test(tests, test_wrong_use_has_its_exit_code);
    tcase_add_test(tests, test_commands_of_the_desk_reach_the_world);
    tcase_add_test(tests, test_what_the_desk_misspells_is_refused_with_the_nearest_word);
    tcase_add_test(tests, test_programs_that_need_a_world_at_the_same_time_start_one);
}

int
main(void)
{
    return test_main("sim-daemon", add_tests);
}
