/*
 * tke-sim is stopped: every program says so and what to do, and ends; nothing of the world is lost
 * (rehearsal, 4.12).
 */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "simulator/sim-daemon.h"
#include "tests/cli/place.h"
#include "tests/support/test-main.h"

#define END_MS 180000 /* far more than tke-sim has for an answer */

/* One of the programs that run at the same time. */
typedef struct Started {
    const char *line;
    int exit_code;
    GThread *thread;
    Place *place;
    Run run;
} Started;

static pid_t
query_pid(Place *place)
{
    const char *argv[] = { TKE_SIM, "status", "--json", NULL };
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autofree char *out = NULL;

    ck_assert(g_spawn_sync(NULL, (char **) argv, place->environment, 0, NULL, NULL, &out, NULL,
                           NULL, NULL));
    ck_assert(json_parser_load_from_data(parser, out, -1, NULL));
    return (pid_t) json_object_get_int_member(json_node_get_object(json_parser_get_root(parser)),
                                              "pid");
}

static void *
run_line(void *data)
{
    Started *started = data;
    g_auto(GStrv) argv = g_strsplit(started->line, " ", -1);
    char *program = g_strdup(strcmp(argv[0], "tke") == 0 ? TKE : TKE_SIM);
    int status = 0;

    g_free(argv[0]);
    argv[0] = program;
    started->run.exit_code = -1;
    if (g_spawn_sync(NULL, argv, started->place->environment, 0, NULL, NULL, &started->run.out,
                     &started->run.err, &status, NULL) &&
        WIFEXITED(status)) {
        started->run.exit_code = WEXITSTATUS(status);
    }
    return NULL;
}

START_TEST(test_every_program_says_that_the_world_is_stopped_and_ends)
{
    Started all[] = {
        { .line = "tke-sim status", .exit_code = SIM_EXIT_FAILED },
        { .line = "tke-sim insert 1 ep11-1", .exit_code = SIM_EXIT_FAILED },
        { .line = "tke-sim stop", .exit_code = SIM_EXIT_FAILED },
        { .line = "tke-sim pcscd", .exit_code = SIM_EXIT_FAILED },
        { .line = "tke --rehearsal readers", .exit_code = 3 },
        { .line = "tke --rehearsal cryptounits", .exit_code = 3 },
        { .line = "tke --rehearsal=pcsc readers", .exit_code = 3 },
    };
    g_autoptr(Place) place = place_enter_new();
    const pid_t pid = query_pid(place);

    ck_assert_int_eq(kill(pid, SIGSTOP), 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
        all[i].place = place;
        all[i].thread = g_thread_new("program", run_line, &all[i]);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
        g_autofree char *said = NULL;

        g_thread_join(all[i].thread);
        said = g_strconcat(all[i].run.out, all[i].run.err, NULL);
        ck_assert_msg(all[i].run.exit_code == all[i].exit_code, "%s: %d %s", all[i].line,
                      all[i].run.exit_code, said);
        assert_contains(said, "does not answer: it is stopped or hangs");
        assert_contains(said, "stop --force");
        place_run_clear(&all[i].run);
    }
    ck_assert_int_eq(kill(pid, SIGCONT), 0);
    /* A request that was given up may still be there; "stop" went no further than its greeting. */
    place_sim(place, "status");
    {
        g_auto(Run) run = place_expect(place, 0, "readers");

        assert_contains(run.out, "OpenTKE Virtual PIN Pad 2");
    }
}
END_TEST

/* In the middle of a wait for a person, with the world stopped and without. */
START_TEST(test_a_signal_ends_a_program_at_any_point)
{
    static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
    g_autoptr(Place) place = place_enter_new();
    const pid_t pid = query_pid(place);

    for (unsigned i = 0; i < 2 * G_N_ELEMENTS(signals); i++) {
        const bool stopped = i % 2 == 1;
        g_autoptr(SimOfficersProgram) program = place_start(place, "readers --identify");
        G_GNUC_UNUSED g_autoptr(JsonObject) prompt = place_wait_event(program, "prompt", "insert");
        g_autoptr(GError) error = NULL;

        if (stopped) {
            ck_assert_int_eq(kill(pid, SIGSTOP), 0);
        }
        sim_officers_program_signal(program, signals[i / 2]);
        ck_assert_msg(sim_officers_program_wait(program, END_MS, &error) == 1, "%s",
                      error != NULL ? error->message : "another exit code");
        if (stopped) {
            ck_assert_int_eq(kill(pid, SIGCONT), 0);
        }
    }
}
END_TEST

START_TEST(test_a_program_that_waits_for_a_person_hears_of_the_silence)
{
    g_autoptr(Place) place = place_enter_new();
    const pid_t pid = query_pid(place);
    g_autoptr(SimOfficersProgram) program = place_start(place, "readers --identify");
    G_GNUC_UNUSED g_autoptr(JsonObject) prompt = place_wait_event(program, "prompt", "insert");
    g_autoptr(GError) error = NULL;
    g_autofree char *said = NULL;

    ck_assert_int_eq(kill(pid, SIGSTOP), 0);
    ck_assert_msg(sim_officers_program_wait(program, END_MS, &error) == 4, "%s",
                  error != NULL ? error->message : "another exit code");
    said = sim_officers_program_take_output(program);
    assert_contains(said, "does not answer: it is stopped or hangs");
    ck_assert_int_eq(kill(pid, SIGCONT), 0);
    place_sim(place, "status");
}
END_TEST

START_TEST(test_a_stopped_world_is_ended_by_force_and_keeps_everything)
{
    g_autoptr(Place) place = place_enter_new();
    const pid_t pid = query_pid(place);
    g_auto(Run) run = { 0 };

    place_sim(place, "insert 2 ca-1");
    ck_assert_int_eq(kill(pid, SIGSTOP), 0);
    place_sim(place, "stop --force");
    place_sim(place, "start");
    ck_assert_int_ne(query_pid(place), pid);
    run = place_expect(place, 0, "--json readers");
    ck_assert_str_ne(
        json_object_get_string_member(
            json_array_get_object_element(json_object_get_array_member(run.json, "readers"), 1),
            "card"),
        "empty");
    place_sim(place, "stop --force"); /* one that answers is told, as ever */
    place_sim(place, "start");
}
END_TEST

static void
add_tests(TCase *tests)
{
    place_begin();
    tcase_add_test(tests, test_every_program_says_that_the_world_is_stopped_and_ends);
    tcase_add_test(tests, test_a_signal_ends_a_program_at_any_point);
    tcase_add_test(tests, test_a_program_that_waits_for_a_person_hears_of_the_silence);
    tcase_add_test(tests, test_a_stopped_world_is_ended_by_force_and_keeps_everything);
}

int
main(void)
{
    return test_main("stopped-world", add_tests);
}
