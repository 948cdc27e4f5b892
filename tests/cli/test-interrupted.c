/*
 * tke is killed while it changes crypto units, or some of them fail it: the next command says what is unfinished,
 * and a second run completes it (functions 3.2, P-7; F-053, F-177).
 */
#include <signal.h>
#include <string.h>

#include "tests/cli/place.h"
#include "tests/support/test-main.h"

#define WAIT_US 20000
#define CALM_ROUNDS 25u /* of WAIT_US, without a change of any unit */
#define MOST_ROUNDS 400u

#define LOAD "cryptounit-mk-load --part any --part any --part any"
#define SIGNERS                                                                                    \
    {                                                                                              \
        "ep11-1", "ep11-3"                                                                         \
    }
#define PARTS                                                                                      \
    {                                                                                              \
        "ep11-5", "ep11-7", "ep11-9"                                                               \
    }

static const SimOfficersTask load = { "", "--yes " LOAD, { SIGNERS, PARTS }, { NULL } };
static const SimOfficersTask commit = {
    "", "--yes cryptounit-mk-commit", { SIGNERS, { NULL } }, { NULL }
};
static const SimOfficersTask activate = {
    "", "--yes cryptounit-mk-setimm", { SIGNERS, { NULL } }, { NULL }
};
static const SimOfficersTask clear = {
    "", "--yes cryptounit-mk-clrnew", { SIGNERS, { NULL } }, { NULL }
};

typedef struct Watch {
    Place *place;
    const char *action; /* killed once the journal holds it and the units have answered */
    int pid;            /* 0: not started yet */
    int over;           /* the program has ended by itself */
    bool killed;
} Watch;

static bool
is_begun(const Watch *watch)
{
    g_autofree char *path =
        g_build_filename(watch->place->world, "workstation", "opentke-journal.json", NULL);
    g_autofree char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) && strstr(text, watch->action) != NULL;
}

/* Kills the program in the middle of the step: nothing moves any more, as a unit keeps its answer back. */
static gpointer
kill_in_step(gpointer data)
{
    Watch *watch = data;
    g_autofree char *before = NULL;
    unsigned calm = 0;

    while (g_atomic_int_get(&watch->pid) == 0 || !is_begun(watch)) {
        if (g_atomic_int_get(&watch->over) != 0) {
            return NULL;
        }
        g_usleep(WAIT_US);
    }
    for (unsigned i = 0; i < MOST_ROUNDS && calm < CALM_ROUNDS; i++) {
        g_autofree char *now = place_digest(watch->place, "units");

        calm = g_strcmp0(before, now) == 0 ? calm + 1 : 0;
        g_free(before);
        before = g_steal_pointer(&now);
        g_usleep(WAIT_US);
    }
    watch->killed = kill(g_atomic_int_get(&watch->pid), SIGKILL) == 0;
    return NULL;
}

static void
take_pid(JsonObject *event, GPid pid, void *data)
{
    Watch *watch = data;

    (void) event;
    g_atomic_int_set(&watch->pid, pid);
}

/*
 * Does the task while unit 2 does the command and keeps its answer back, and unit 3 does not get it; the
 * program is killed then.
 */
static void
kill_task(Place *place, const SimOfficersTask *task, const char *action, unsigned command)
{
    g_autofree char *lost = g_strdup_printf("fault service silence-after unit=2 command=%u", command);
    g_autofree char *never = g_strdup_printf("fault service silence unit=3 command=%u", command);
    Watch watch = { .place = place, .action = action };
    GThread *thread = NULL;

    place_sim(place, lost);
    place_sim(place, never);
    {
        g_autoptr(SimOfficersProgram) program = place_start(place, task->command);

        sim_officers_program_set_observer(program, take_pid, &watch);
        thread = g_thread_new("kill", kill_in_step, &watch);
        (void) sim_officers_people_follow(place->people, program, task, NULL);
        g_atomic_int_set(&watch.over, 1);
        g_thread_join(thread);
    }
    ck_assert_msg(watch.killed, "%s was not killed", task->command);
    place_sim(place, "fault clear");
}

/* What the listing says of the step that was killed. */
static void
check_unfinished(Place *place, const char *action, const char *words)
{
    g_auto(Run) json = place_expect(place, 0, "--json cryptounits");
    g_auto(Run) text = place_expect(place, 0, "cryptounits");
    JsonArray *entries;
    JsonObject *entry;

    ck_assert_msg(json_object_has_member(json.json, "unfinished"), "%s", json.out);
    entries = json_object_get_array_member(json.json, "unfinished");
    ck_assert_uint_eq(json_array_get_length(entries), 1);
    entry = json_array_get_object_element(entries, 0);
    ck_assert_str_eq(json_object_get_string_member(entry, "action"), action);
    ck_assert_uint_eq(json_array_get_length(json_object_get_array_member(entry, "unknown")), 3);
    assert_contains(text.out, words);
    assert_contains(text.out, "continues it");
}

static void
check_whole(Place *place)
{
    g_auto(Run) compare = place_expect(place, 0, "--json cryptounit-compare");
    g_auto(Run) log = place_expect(place, 0, "--json log verify");

    ck_assert(!json_object_get_boolean_member(compare.json, "differ"));
    ck_assert(!json_object_has_member(compare.json, "unfinished"));
    ck_assert(json_object_get_int_member(log.json, "entries") > 0);
}

static void
take_cards_out(Place *place)
{
    ck_assert(sim_officers_desk_remove(place->desk, 1, NULL));
    ck_assert(sim_officers_desk_remove(place->desk, 2, NULL));
}

START_TEST(test_a_program_killed_while_units_are_changed_is_completed_by_a_second_run)
{
    static const struct {
        const SimOfficersTask *task;
        const char *action;
        unsigned command;
        const char *words;
    } steps[] = {
        { &load, "tke-cryptounit-master-key-register.add", 12, "Unfinished: Load" },
        { &commit, "tke-cryptounit-master-key-register.commit", 13, "Unfinished: Commit" },
        { &activate, "tke-cryptounit-master-key-register.activate", 14,
          "Unfinished: Set immediate" },
    };
    g_autoptr(Place) place = place_enter_finished();

    for (unsigned i = 0; i < G_N_ELEMENTS(steps); i++) {
        kill_task(place, steps[i].task, steps[i].action, steps[i].command);
        take_cards_out(place);
        check_unfinished(place, steps[i].action, steps[i].words);
        place_act(place, 0, steps[i].task);
        take_cards_out(place);
        check_whole(place);
    }
}
END_TEST

typedef struct KillAt {
    unsigned n;
    unsigned at;
    bool killed;
} KillAt;

static void
count_events(JsonObject *event, GPid pid, void *data)
{
    KillAt *how = data;
    const char *name = json_object_get_string_member_with_default(event, "event", "");

    if (how->killed) { /* heard after its end */
        json_object_set_string_member(event, "event", "too-late");
        return;
    }
    how->n++;
    if (how->n >= how->at && strcmp(name, "prompt") != 0 && strcmp(name, "result") != 0) {
        how->killed = true;
        kill(pid, SIGKILL);
    }
}

static JsonArray *
noted_parts(JsonNode *journal)
{
    JsonArray *entries = json_object_get_array_member(json_node_get_object(journal), "unfinished");
    JsonObject *values;

    if (json_array_get_length(entries) == 0) {
        return NULL;
    }
    values = json_object_get_object_member(json_array_get_object_element(entries, 0), "values");
    return json_object_get_array_member(values, "parts");
}

/* The load that is noted, with its parts by their patterns: nobody but who knows them continues it unasked. */
static char *
named_load(Place *place)
{
    g_autofree char *path =
        g_build_filename(place->world, "workstation", "opentke-journal.json", NULL);
    g_autofree char *text = NULL;
    g_autoptr(JsonNode) journal = NULL;
    g_autoptr(GString) command = g_string_new("--yes cryptounit-mk-load");
    JsonArray *parts = NULL;

    if (g_file_get_contents(path, &text, NULL, NULL)) {
        journal = json_from_string(text, NULL);
        ck_assert_ptr_nonnull(journal);
        parts = noted_parts(journal);
    }
    for (unsigned i = 0; i < 3; i++) {
        g_string_append_printf(
            command, " --part %s",
            parts == NULL ? "any"
                          : json_object_get_string_member(json_array_get_object_element(parts, i),
                                                          "pattern"));
    }
    return g_string_free(g_steal_pointer(&command), FALSE);
}

START_TEST(test_a_load_is_completed_after_its_program_was_killed_at_any_event)
{
    g_autoptr(Place) place = place_enter_finished();
    unsigned kills = 0;
    bool killed = true;

    for (unsigned at = 2; killed; at += 4) {
        g_autoptr(SimOfficersProgram) program = place_start(place, load.command);
        KillAt how = { .at = at };

        sim_officers_program_set_observer(program, count_events, &how);
        (void) sim_officers_people_follow(place->people, program, &load, NULL);
        killed = how.killed;
        kills += killed ? 1 : 0;
        take_cards_out(place);
        if (killed) {
            g_autofree char *command = named_load(place);
            const SimOfficersTask again = { "", command, { SIGNERS, PARTS }, { NULL } };

            place_act(place, 0, &again);
            take_cards_out(place);
        }
        check_whole(place);
        place_act(place, 0, &clear);
        take_cards_out(place);
    }
    ck_assert_uint_ge(kills, 4);
}
END_TEST

START_TEST(test_people_try_again_where_a_unit_failed_or_undo_or_leave_it)
{
    static const struct {
        const char *answer;
        int exit_code;
        const char *status[3]; /* of the new registers */
    } ways[] = {
        { "try again in crypto unit 2",
          0,
          { "Full Uncommitted", "Full Uncommitted", "Full Uncommitted" } },
        { "undo it", 6, { "Empty", "Empty", "Empty" } },
        { "leave it", 7, { "Full Uncommitted", "Empty", "Full Uncommitted" } },
    };
    g_autoptr(Place) place = place_enter_finished();

    for (unsigned i = 0; i < G_N_ELEMENTS(ways); i++) {
        /* The custodians agree to the plan and to three patterns; then there is a choice. */
        const SimOfficersTask attended = { "", LOAD, { SIGNERS, PARTS }, { ways[i].answer, "keep" } };
        g_auto(Run) run = { 0 };

        place_sim(place, "fault service code unit=2 command=12");
        place_act(place, ways[i].exit_code, &attended);
        take_cards_out(place);
        run = place_expect(place, 0, "--json cryptounit-mk");
        for (unsigned k = 0; k < 3; k++) {
            JsonObject *instance = json_array_get_object_element(
                json_object_get_array_member(run.json, "instances"), 0);
            JsonObject *row = json_array_get_object_element(
                json_object_get_array_member(instance, "new_register"), k);

            ck_assert_str_eq(json_object_get_string_member(row, "status"), ways[i].status[k]);
        }
        place_act(place, 0, &clear);
        take_cards_out(place);
        check_whole(place);
    }
}
END_TEST

START_TEST(test_what_the_journal_holds_forges_no_line)
{
    g_autoptr(Place) place = place_enter_finished();
    g_autofree char *path =
        g_build_filename(place->world, "workstation", "opentke-journal.json", NULL);
    g_autoptr(JsonNode) journal = NULL;
    g_autofree char *text = NULL;
    g_auto(Run) run = { 0 };
    JsonObject *unit;

    place_act(place, 0, &load);
    take_cards_out(place);
    place_sim(place, "fault service code unit=2 command=28");
    place_act(place, 7, &clear);
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    journal = json_from_string(text, NULL);
    ck_assert_ptr_nonnull(journal);
    unit = json_array_get_object_element(
        json_object_get_array_member(
            json_array_get_object_element(
                json_object_get_array_member(json_node_get_object(journal), "unfinished"), 0),
            "units"),
        1);
    json_object_set_string_member(unit, "id", "gone"); /* it is known by its location then */
    json_object_set_string_member(unit, "location", "AZ1\nforged: done\n");
    g_free(text);
    text = json_to_string(journal, FALSE);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
    run = place_expect(place, 0, "cryptounits");
    assert_contains(run.out, "AZ1?forged: done?");
    ck_assert_ptr_null(strstr(run.out, "\nforged"));
}
END_TEST

static void
add_tests(TCase *tests)
{
    place_begin();
    place_rehearse();
    tcase_add_test(tests,
                   test_a_program_killed_while_units_are_changed_is_completed_by_a_second_run);
    tcase_add_test(tests, test_a_load_is_completed_after_its_program_was_killed_at_any_event);
    tcase_add_test(tests, test_people_try_again_where_a_unit_failed_or_undo_or_leave_it);
    tcase_add_test(tests, test_what_the_journal_holds_forges_no_line);
}

int
main(void)
{
    return test_main("interrupted", add_tests);
}
