/*
 * Killing tke, and looking at what is left.
 */
#include "tests/cli/kills.h"

#include <signal.h>
#include <string.h>

#define WAIT_US 20000
#define CALM_ROUNDS 25u /* of WAIT_US, without a change of any unit */
#define MOST_ROUNDS 400u
#define END_MS 120000

const SimOfficersTask kills_load = { "",
                                     "--yes cryptounit-mk-load --part any --part any --part any",
                                     { KILLS_SIGNERS, KILLS_PARTS },
                                     { NULL } };
const SimOfficersTask kills_clear = {
    "", "--yes cryptounit-mk-clrnew", { KILLS_SIGNERS, { NULL } }, { NULL }
};

Place *
kills_enter(void)
{
    static const SimOfficersTask clear_current = {
        "", "--yes --confirm 9f4d2c1e cryptounit-mk-clrcur", { KILLS_SIGNERS, { NULL } }, { NULL }
    };
    Place *place = place_enter_finished();

    place_act(place, 0, &clear_current);
    kills_take_cards_out(place);
    return place;
}

typedef struct Watch {
    Place *place;
    const char *action; /* killed once the journal holds it and the units have answered */
    int pid;            /* 0: not started yet */
    int over;           /* the program has ended by itself */
    int number;         /* of the signal */
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

/* Kills the program in the middle of the step: nothing moves any more, as a unit keeps its answer
 * back. */
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
    watch->killed = kill(g_atomic_int_get(&watch->pid), watch->number) == 0;
    return NULL;
}

static void
take_pid(JsonObject *event, GPid pid, void *data)
{
    Watch *watch = data;

    (void) event;
    g_atomic_int_set(&watch->pid, pid);
}

void
kills_in_step(Place *place, const KilledStep *step)
{
    g_autofree char *lost =
        g_strdup_printf("fault service silence-after unit=2 command=%u", step->command);
    g_autofree char *never =
        g_strdup_printf("fault service silence unit=3 command=%u", step->command);
    Watch watch = { .place = place, .action = step->action, .number = SIGKILL };
    GThread *thread = NULL;

    place_sim(place, lost);
    place_sim(place, never);
    {
        g_autoptr(SimOfficersProgram) program = place_begin_task(place, step->task);

        sim_officers_program_set_observer(program, take_pid, &watch);
        thread = g_thread_new("kill", kill_in_step, &watch);
        (void) sim_officers_people_follow(place->people, program, step->task, NULL);
        g_atomic_int_set(&watch.over, 1);
        g_thread_join(thread);
    }
    ck_assert_msg(watch.killed, "%s was not killed", step->task->command);
    place_sim(place, "fault clear");
}

int
kills_signal_in_step(Place *place, const KilledStep *step, int number, char **output)
{
    g_autofree char *lost =
        g_strdup_printf("fault service silence-after unit=2 command=%u", step->command);
    g_autoptr(SimOfficersProgram) program = NULL;
    Watch watch = { .place = place, .action = step->action, .number = number };
    GThread *thread = NULL;
    int exit_code;

    place_sim(place, lost);
    program = place_begin_task(place, step->task);
    sim_officers_program_set_observer(program, take_pid, &watch);
    thread = g_thread_new("signal", kill_in_step, &watch);
    (void) sim_officers_people_follow(place->people, program, step->task, NULL);
    g_atomic_int_set(&watch.over, 1);
    g_thread_join(thread);
    ck_assert_msg(watch.killed, "%s got no signal", step->task->command);
    sim_officers_program_close_input(program);
    exit_code = sim_officers_program_wait(program, END_MS, NULL);
    *output = sim_officers_program_take_output(program);
    place_sim(place, "fault clear");
    return exit_code;
}

void
kills_check_unfinished(Place *place, const KilledStep *step)
{
    g_auto(Run) json = place_expect(place, 0, "--json cryptounits");
    g_auto(Run) text = place_expect(place, 0, "cryptounits");
    JsonArray *entries;
    JsonObject *entry;

    ck_assert_msg(json_object_has_member(json.json, "unfinished"), "%s", json.out);
    entries = json_object_get_array_member(json.json, "unfinished");
    ck_assert_uint_eq(json_array_get_length(entries), 1);
    entry = json_array_get_object_element(entries, 0);
    ck_assert_str_eq(json_object_get_string_member(entry, "action"), step->action);
    ck_assert_uint_eq(json_array_get_length(json_object_get_array_member(entry, "unknown")), 3);
    assert_contains(text.out, step->words);
    assert_contains(text.out, "continues it");
}

void
kills_check_whole(Place *place)
{
    g_auto(Run) compare = place_expect(place, 0, "--json cryptounit-compare");
    g_auto(Run) log = place_expect(place, 0, "--json log verify");

    ck_assert(!json_object_get_boolean_member(compare.json, "differ"));
    ck_assert(!json_object_has_member(compare.json, "unfinished"));
    ck_assert(json_object_get_int_member(log.json, "entries") > 0);
}

void
kills_take_cards_out(Place *place)
{
    ck_assert(sim_officers_desk_remove(place->desk, 1, NULL));
    ck_assert(sim_officers_desk_remove(place->desk, 2, NULL));
}

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
    if (how->n >= how->at && strcmp(name, "result") != 0) {
        how->killed = true;
        kill(pid, SIGKILL);
        /* nobody follows a prompt of it */
        json_object_set_string_member(event, "event", "too-late");
    }
}

bool
kills_at_event(Place *place, const SimOfficersTask *task, unsigned at)
{
    g_autoptr(SimOfficersProgram) program = place_begin_task(place, task);
    KillAt how = { .at = at };

    sim_officers_program_set_observer(program, count_events, &how);
    (void) sim_officers_people_follow(place->people, program, task, NULL);
    return how.killed;
}
