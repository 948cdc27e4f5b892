/*
 * tke while people work with it: its events, Ctrl-C, and its sudden end in the middle of a step,
 * after which a second run completes (docs/events.md, F-158).
 */
#include <fcntl.h>
#include <gio/gio.h>
#include <signal.h>
#include <string.h>

#include "tests/cli/place.h"
#include "tests/support/test-main.h"

static const SimOfficersTask create = {
    "", "zone create", { { "ca-1" }, { NULL } }, { "Zone", "CA card" }
};

static const SimOfficersTask enroll = { "", "card enroll", { { "ca-1" }, { "ep11-1" } }, { NULL } };

static const struct {
    const char *event;
    const char *members[3];
} known_events[] = {
    { "start", { "command" } },         { "prompt", { "kind" } },
    { "prompt-done", { "kind" } },      { "step", { "done", "total", "what" } },
    { "card", { "reader", "change" } }, { "result", { "command", "exit" } },
};

typedef struct Seen {
    unsigned n;
    char *last;
    unsigned kill_at; /* at this event or the next one that asks nobody for anything; 0: never */
    bool killed;
} Seen;

static void
on_event(JsonObject *event, GPid pid, void *data)
{
    Seen *seen = data;
    const char *name = json_object_get_string_member_with_default(event, "event", "");
    bool known = false;

    if (seen->killed) { /* said before its end, heard after it: nobody is there any more */
        json_object_set_string_member(event, "event", "too-late");
        return;
    }
    ck_assert_msg((seen->n == 0) == (strcmp(name, "start") == 0), "event %u is %s", seen->n, name);
    ck_assert_str_ne(seen->last != NULL ? seen->last : "", "result");
    for (unsigned i = 0; i < G_N_ELEMENTS(known_events); i++) {
        known = known || strcmp(known_events[i].event, name) == 0;
        for (unsigned k = 0; strcmp(known_events[i].event, name) == 0 && k < 3 &&
                             known_events[i].members[k] != NULL;
             k++) {
            ck_assert_msg(json_object_has_member(event, known_events[i].members[k]), "%s: %s", name,
                          known_events[i].members[k]);
        }
    }
    ck_assert_msg(known, "%s", name);
    seen->n++;
    g_free(seen->last);
    seen->last = g_strdup(name);
    if (seen->kill_at > 0 && !seen->killed && seen->n >= seen->kill_at &&
        strcmp(name, "prompt") != 0) {
        seen->killed = strcmp(name, "result") != 0;
        kill(pid, seen->killed ? SIGKILL : 0);
    }
}

typedef enum {
    DONE,
    KILLED,
    ALREADY, /* the card is what the command would make of it */
} Outcome;

/* Follows a task, which is killed about event number kill_at (0: never) or must end well. */
static Outcome
run_task(Place *place, const SimOfficersTask *task, unsigned kill_at)
{
    g_autoptr(SimOfficersProgram) program = place_begin_task(place, task);
    g_autoptr(GError) error = NULL;
    g_autofree char *output = NULL;
    Seen seen = { .kill_at = kill_at };
    bool ok;

    sim_officers_program_set_observer(program, on_event, &seen);
    ok = sim_officers_people_follow(place->people, program, task, &error);
    if (!seen.killed && !ok && strstr(error->message, "not-blank") != NULL) {
        g_free(seen.last);
        return ALREADY;
    }
    output = sim_officers_program_take_output(program);
    ck_assert_msg(seen.killed || ok, "%s: %s %s", task->command,
                  error != NULL ? error->message : "", output);
    if (!seen.killed) {
        ck_assert_str_eq(seen.last, "result");
        sim_officers_program_close_input(program);
        ck_assert_int_eq(sim_officers_program_wait(program, 60000, NULL), 0);
    }
    g_free(seen.last);
    return seen.killed ? KILLED : DONE;
}

/* Kills a task and completes it; true if it was killed. */
static bool
kill_and_complete(Place *place, const SimOfficersTask *task, unsigned kill_at)
{
    if (run_task(place, task, kill_at) == DONE) {
        return false;
    }
    ck_assert_int_ne(run_task(place, task, 0), KILLED);
    return true;
}

START_TEST(test_events_are_documented_ones_from_start_to_result)
{
    g_autoptr(Place) place = place_enter_new();

    ck_assert_int_eq(run_task(place, &create, 0), DONE);
    ck_assert_int_eq(run_task(place, &enroll, 0), DONE);
}
END_TEST

/* No terminal, no events: what would wait for a card ends and says what to do (E-L09). */
START_TEST(test_where_nobody_is_there_no_card_is_waited_for)
{
    static const char *const lines[] = { "zone create --zone-description z --card-description c",
                                         "card enroll", "card personalize --description d",
                                         "card copy" };
    g_autoptr(Place) place = place_enter_new();

    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_auto(Run) run = place_expect(place, 2, lines[i]);

        assert_contains(run.out, "nobody is there to do this: “Insert");
        assert_contains(run.out, "Put the card in before the program is started");
    }
}
END_TEST

/* People may follow what a script with --yes prints into a log. */
START_TEST(test_with_yes_a_card_is_waited_for_though_nobody_seems_to_be_there)
{
    static const char *const argv[] = { TKE,           "--rehearsal",   "--yes", "card",
                                        "personalize", "--description", "d",     NULL };
    g_autoptr(Place) place = place_enter_new();
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE);
    g_autoptr(GSubprocess) tke = NULL;
    g_autoptr(GDataInputStream) out = NULL;
    bool asked = false;

    g_subprocess_launcher_set_environ(launcher, place->environment);
    g_subprocess_launcher_take_stdin_fd(launcher, open("/dev/null", O_RDONLY | O_CLOEXEC));
    tke = g_subprocess_launcher_spawnv(launcher, argv, NULL);
    ck_assert_ptr_nonnull(tke);
    out = g_data_input_stream_new(g_subprocess_get_stdout_pipe(tke));
    while (!asked) {
        g_autofree char *line = g_data_input_stream_read_line(out, NULL, NULL, NULL);

        ck_assert_msg(line != NULL, "it ended without a prompt");
        asked = strstr(line, "Insert an enrolled EP11 card") != NULL;
    }
    ck_assert(sim_officers_desk_insert(place->desk, 2, "ca-1", NULL));
    for (bool seen = false; !seen;) { /* it is there, and tells of this card, too */
        g_autofree char *line = g_data_input_stream_read_line(out, NULL, NULL, NULL);

        ck_assert_msg(line != NULL, "it did not wait");
        seen = strstr(line, "  This is ") != NULL;
    }
    g_subprocess_send_signal(tke, SIGINT);
    ck_assert(g_subprocess_wait(tke, NULL, NULL));
    ck_assert_int_eq(g_subprocess_get_exit_status(tke), 1);
}
END_TEST

START_TEST(test_ctrl_c_at_a_prompt_ends_with_nothing_done)
{
    g_autoptr(Place) place = place_enter_new();
    g_autofree char *cards = place_digest(place, "cards");
    g_autofree char *now = NULL;
    g_autoptr(SimOfficersProgram) program =
        place_start(place, "zone create --zone-description z --card-description c");
    G_GNUC_UNUSED g_autoptr(JsonObject) prompt = place_wait_event(program, "prompt", "insert");
    g_autoptr(JsonObject) result = NULL;

    sim_officers_program_signal(program, SIGINT);
    result = place_wait_event(program, "result", NULL);
    ck_assert_int_eq(json_object_get_int_member(result, "exit"), 1);
    ck_assert_int_eq(sim_officers_program_wait(program, 60000, NULL), 1);
    now = place_digest(place, "cards");
    ck_assert_str_eq(cards, now);
}
END_TEST

START_TEST(test_ctrl_c_at_a_question_ends_with_nothing_done)
{
    g_autoptr(Place) place = place_enter_new();
    g_autoptr(SimOfficersProgram) program = place_start(place, "cryptounit-add");
    G_GNUC_UNUSED g_autoptr(JsonObject) prompt = place_wait_event(program, "prompt", "text");

    sim_officers_program_signal(program, SIGINT);
    ck_assert_int_eq(sim_officers_program_wait(program, 60000, NULL), 1);
}
END_TEST

START_TEST(test_a_zone_is_completed_after_its_program_was_killed_at_any_event)
{
    unsigned at = 2;
    bool killed = true;

    for (; killed; at += 5) {
        g_autoptr(Place) place = place_enter_new();

        killed = kill_and_complete(place, &create, at);
        ck_assert_int_eq(run_task(place, &enroll, 0), DONE);
    }
    ck_assert_uint_gt(at, 8);
}
END_TEST

START_TEST(test_cards_are_completed_after_their_program_was_killed_at_any_event)
{
    g_autoptr(Place) place = place_enter_new();
    unsigned n = 0;

    ck_assert_int_eq(run_task(place, &create, 0), DONE);
    for (unsigned card = 1; card <= 4; card++) {
        g_autofree char *label = g_strdup_printf("ep11-%u", card);
        const SimOfficersTask join = { "", "card enroll", { { "ca-1" }, { label } }, { NULL } };
        const SimOfficersTask personalize = {
            "", "card personalize", { { NULL }, { label } }, { "Somebody" }
        };
        const SimOfficersTask part = {
            "", "card generate-key-part", { { NULL }, { label } }, { "Part" }
        };

        n += kill_and_complete(place, &join, 2 * card) ? 1 : 0;
        n += kill_and_complete(place, &personalize, 2 * card) ? 1 : 0;
        ck_assert_int_eq(run_task(place, &part, 0), DONE);
    }
    ck_assert_uint_ge(n, 3);
}
END_TEST

START_TEST(test_all_that_is_selected_can_be_taken_out)
{
    g_autoptr(Place) place = place_enter_scenario("recovery");
    G_GNUC_UNUSED g_auto(Run) add = place_expect(place, 0, "cryptounit-add 1 2 3 4 5");
    g_auto(Run) rm = place_expect(place, 0, "--json cryptounit-rm --all");
    g_auto(Run) all = place_expect(place, 0, "--json cryptounit-add --all");
    const char *selected = all.out;
    unsigned n = 0;

    ck_assert_ptr_null(strstr(rm.out, "\"selected\":true"));
    while ((selected = strstr(selected, "\"selected\":true")) != NULL) {
        selected++;
        n++;
    }
    ck_assert_uint_eq(n, 3); /* recovery units play no part with cards */
}
END_TEST

static void
add_tests(TCase *tests)
{
    place_begin();
    tcase_add_test(tests, test_all_that_is_selected_can_be_taken_out);
    tcase_add_test(tests, test_events_are_documented_ones_from_start_to_result);
    tcase_add_test(tests, test_where_nobody_is_there_no_card_is_waited_for);
    tcase_add_test(tests, test_with_yes_a_card_is_waited_for_though_nobody_seems_to_be_there);
    tcase_add_test(tests, test_ctrl_c_at_a_prompt_ends_with_nothing_done);
    tcase_add_test(tests, test_ctrl_c_at_a_question_ends_with_nothing_done);
    tcase_add_test(tests, test_a_zone_is_completed_after_its_program_was_killed_at_any_event);
    tcase_add_test(tests, test_cards_are_completed_after_their_program_was_killed_at_any_event);
}

int
main(void)
{
    return test_main("people", add_tests);
}
