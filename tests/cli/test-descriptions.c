/*
 * tke asks for descriptions and names at the moment at which windows do (functions 4.11: "same
 * steps"): prompts in their order; options, scripts, a person at a terminal; and the end of the
 * program in the middle of such a question, after which the step is gone on with.
 */
#include <signal.h>
#include <string.h>

#include "tests/cli/place.h"
#include "tests/support/test-main.h"

#define END_MS 60000

#define CREATE "zone create"
#define ANSWERED_ZONE                                                                              \
    {                                                                                              \
        "Zone 1", "Officers A/B"                                                                   \
    }

static const SimOfficersTask create = { "", CREATE, { { "ca-1" }, { NULL } }, ANSWERED_ZONE };
static const SimOfficersTask backup = {
    "", "zone backup", { { "ca-1" }, { "ca-2" } }, { "" } /* as it is proposed */
};
static const SimOfficersTask enroll = { "", "card enroll", { { "ca-1" }, { "ep11-1" } }, { NULL } };
static const SimOfficersTask personalize = {
    "", "card personalize", { { NULL }, { "ep11-1" } }, { "Alice" }
};
static const SimOfficersTask make_key = {
    "", "card generate-signature-key", { { NULL }, { "ep11-1" } }, { "Alice" }
};
static const SimOfficersTask make_part = {
    "", "card generate-key-part", { { NULL }, { "ep11-1" } }, { "Part 1" }
};

/* ---- the order of the prompts ---- */

static void
note_prompt(JsonObject *event, GPid pid, void *data)
{
    GString *prompts = data;
    const char *kind = json_object_get_string_member_with_default(event, "kind", "");

    (void) pid;
    if (strcmp(json_object_get_string_member(event, "event"), "prompt") != 0 ||
        strcmp(kind, "insert") == 0) {
        return;
    }
    g_string_append_printf(prompts, "%s%s", prompts->len > 0 ? ", " : "", kind);
    if (strcmp(kind, "text") == 0) {
        g_string_append_printf(prompts, " %s", json_object_get_string_member(event, "what"));
    }
    if (json_object_has_member(event, "default")) {
        g_string_append_printf(prompts, " (%s)", json_object_get_string_member(event, "default"));
    }
    if (json_object_has_member(event, "reason")) {
        g_string_append_printf(prompts, " %s", json_object_get_string_member(event, "reason"));
    }
}

/* Does the task; the prompts it took but those for cards. */
static char *
act(Place *place, const SimOfficersTask *task)
{
    g_autoptr(SimOfficersProgram) program = place_begin_task(place, task);
    g_autoptr(GString) prompts = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    sim_officers_program_set_observer(program, note_prompt, prompts);
    ck_assert_msg(sim_officers_people_follow(place->people, program, task, &error), "%s: %s",
                  task->command, error != NULL ? error->message : "");
    sim_officers_program_close_input(program);
    ck_assert_int_eq(sim_officers_program_wait(program, END_MS, NULL), 0);
    return g_string_free(g_steal_pointer(&prompts), FALSE);
}

static void
check_order(Place *place, const SimOfficersTask *task, const char *order)
{
    g_autofree char *prompts = act(place, task);

    ck_assert_msg(strcmp(prompts, order) == 0, "%s: %s", task->command, prompts);
}

static char *
dup_value(Place *place, unsigned reader, const char *key)
{
    g_autofree char *line = g_strdup_printf("--json card info --reader %u", reader);
    g_auto(Run) run = place_expect(place, 0, line);
    JsonObject *card =
        json_array_get_object_element(json_object_get_array_member(run.json, "cards"), 0);

    return g_strdup(json_object_get_string_member_with_default(card, key, ""));
}

static void
check_value(Place *place, unsigned reader, const char *key, const char *value)
{
    g_autofree char *found = dup_value(place, reader, key);

    ck_assert_str_eq(found, value);
}

START_TEST(test_everything_is_asked_for_at_the_moment_at_which_windows_ask)
{
    static const SimOfficersTask describe_card = {
        "", "card set-description", { { NULL }, { "ep11-1" } }, { "Alice Weber" }
    };
    static const SimOfficersTask describe_part = {
        "", "card set-description", { { NULL }, { "ep11-1" } }, { "Part 1", "First third" }
    };
    static const SimOfficersTask delete_part = {
        "", "card delete", { { NULL }, { "ep11-1" } }, { "First third", "that is all" }
    };
    static const SimOfficersTask change = {
        "", "card change-pin --reader 1", { { "ca-1" }, { NULL } }, { "Second PIN" }
    };
    g_autoptr(Place) place = place_enter_new();

    check_order(place, &create, "pin-set, pin-set, text zone-description, text card-description");
    check_value(place, 1, "zone_description", "Zone 1");
    check_value(place, 1, "description", "Officers A/B");
    check_order(place, &backup,
                "pin-verify, pin-verify, pin-set, pin-set, "
                "text card-description (Officers A/B backup)");
    check_value(place, 2, "description", "Officers A/B backup");
    check_order(place, &enroll, "pin-verify, pin-verify");
    check_order(place, &personalize, "pin-set, text card-description");
    check_order(place, &describe_card, "pin-verify, text description");
    check_order(place, &make_key, "text name, pin-verify");
    check_order(place, &make_part, "pin-verify, text description");
    check_order(place, &describe_part, "pin-verify, choose, text description");
    check_order(place, &delete_part, "pin-verify, choose, choose, confirm");
    check_value(place, 2, "administrator", "Alice");
    {
        /* Which PIN is asked for before any PIN is typed; nobody here knows what to do then. */
        g_autoptr(SimOfficersProgram) program = place_begin_task(place, &change);
        g_autoptr(GString) prompts = g_string_new(NULL);

        sim_officers_program_set_observer(program, note_prompt, prompts);
        ck_assert(!sim_officers_people_follow(place->people, program, &change, NULL));
        ck_assert_str_eq(prompts->str, "choose, pin-change");
    }
}
END_TEST

START_TEST(test_what_options_say_is_not_asked_for)
{
    static const SimOfficersTask half = {
        "", CREATE " --zone-description 'Zone 1'", { { "ca-1" }, { NULL } }, { "Officers" }
    };
    static const SimOfficersTask whole = {
        "", "zone backup --description ''", { { "ca-1" }, { "ca-2" } }, { NULL }
    };
    static const SimOfficersTask yes = {
        "", "--yes zone backup", { { "ca-1" }, { "ep11-2" } }, { NULL }
    };
    static const SimOfficersTask said = {
        "", "card personalize --description Bob", { { NULL }, { "ep11-1" } }, { NULL }
    };
    static const SimOfficersTask key = {
        "", "card generate-signature-key --name Bob", { { NULL }, { "ep11-1" } }, { NULL }
    };
    g_autoptr(Place) place = place_enter_new();

    check_order(place, &half, "pin-set, pin-set, text card-description");
    check_value(place, 1, "zone_description", "Zone 1");
    check_order(place, &whole, "pin-verify, pin-verify, pin-set, pin-set");
    check_value(place, 2, "description", "");
    /* what need not be said is not asked for with --yes: it is called as its source */
    check_order(place, &yes, "pin-verify, pin-verify, pin-set, pin-set");
    check_value(place, 2, "description", "Officers");
    check_order(place, &enroll, "pin-verify, pin-verify");
    check_order(place, &said, "pin-set");
    check_order(place, &key, "pin-verify");
}
END_TEST

/* ---- scripts ---- */

START_TEST(test_a_script_that_says_too_little_is_refused_at_the_start)
{
    static const struct {
        const char *line;
        const char *told;
    } rows[] = {
        { "zone create --card-description c", "by the option --zone-description, or" },
        { "zone create --zone-description z", "by the option --card-description, or" },
        { "card personalize", "by the option --description, or" },
        { "card set-description", "by the option --description, or" },
        { "card generate-signature-key", "by the option --name, or" },
        { "card generate-key-part", "by the option --description, or" },
        { "cryptounit-thrhld-set", "by the option --signature, or" },
        { "cryptounit-thrhld-set --signature 1", "by the option --revocation, or" },
        { "cryptounit-mk-load", "by the option --part, or" },
        { "card delete", "say what to delete: --ski for the signature key, --place" },
    };
    g_autoptr(Place) place = place_enter_new();
    g_autofree char *cards = place_digest(place, "cards");
    g_autofree char *now = NULL;

    place_sim(place, "insert 1 ca-1");
    place_sim(place, "insert 2 ep11-1");
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        /* nobody there, or somebody who reads the events and types nothing */
        for (unsigned events = 0; events < 2; events++) {
            g_autofree char *line =
                g_strconcat(events == 1 ? "--events-fd 2 " : "", rows[i].line, NULL);
            g_auto(Run) run = place_expect(place, 2, line);
            g_autofree char *all = g_strconcat(run.out, run.err, NULL);

            assert_contains(all, rows[i].told);
            ck_assert_msg(strstr(all, "\"insert\"") == NULL && strstr(all, "pin-") == NULL, "%s",
                          all);
        }
    }
    now = place_digest(place, "cards");
    ck_assert_str_eq(cards, now);
}
END_TEST

START_TEST(test_a_bad_text_of_an_option_is_refused_before_a_card_is_touched)
{
    static const char *const lines[] = {
        "zone create --zone-description Zürich --card-description c",
        "zone create --zone-description Zürich",
        "zone create --card-description 1234567890123456789012345678901",
        "zone backup --description Zürich",
        "card personalize --description Zürich",
        "card set-description --description Zürich",
        "card generate-key-part --description Zürich",
        "card generate-signature-key --name ' Alice'",
        "card delete --ski 0123456",
        "card copy --ski 0123456z",
    };
    g_autoptr(Place) place = place_enter_new();

    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autoptr(SimOfficersProgram) program = place_start(place, lines[i]);
        g_autoptr(GString) prompts = g_string_new(NULL);
        g_autoptr(JsonObject) result = NULL;

        sim_officers_program_set_observer(program, note_prompt, prompts);
        result = place_wait_event(program, "result", NULL);
        ck_assert_msg(json_object_get_int_member(result, "exit") == 2, "%s", lines[i]);
        assert_contains(json_object_get_string_member(result, "error"),
                        strstr(lines[i], "--ski") != NULL ? "begins no subject key" : "is no ");
        ck_assert_str_eq(prompts->str, "");
        sim_officers_program_close_input(program);
        ck_assert_int_eq(sim_officers_program_wait(program, END_MS, NULL), 2);
    }
}
END_TEST

/* ---- a person at a terminal ---- */

START_TEST(test_a_person_at_a_terminal_is_told_what_is_wrong_with_a_text)
{
    static const SimOfficersTask typed = {
        "", CREATE, { { "ca-1" }, { NULL } }, { "Zürich", "Zone 1", "", "" }
    };
    const char *const argv[] = { AT_TERMINAL, "--rehearsal", "zone", "create", NULL };
    g_autoptr(Place) place = place_enter_new();
    g_autoptr(GString) prompts = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(SimOfficersProgram) program =
        sim_officers_program_new(argv, place->environment, &error);
    g_autofree char *output = NULL;

    ck_assert_ptr_nonnull(program);
    sim_officers_program_set_observer(program, note_prompt, prompts);
    ck_assert_msg(sim_officers_people_follow(place->people, program, &typed, &error), "%s",
                  error != NULL ? error->message : "");
    ck_assert_int_eq(sim_officers_program_wait(program, END_MS, NULL), 0);
    ck_assert_str_eq(prompts->str, "pin-set, pin-set, text zone-description, "
                                   "text zone-description not-accepted, text card-description, "
                                   "text card-description empty");
    output = sim_officers_program_take_output(program);
    assert_contains(output, "What are the zone and its CA card called?");
    assert_contains(output, "“Zürich” is no description");
    assert_contains(output, "An empty line once more leaves it so.");
    check_value(place, 1, "zone_description", "Zone 1");
    check_value(place, 1, "description", "");
}
END_TEST

/* ---- ends in the middle of a question ---- */

typedef enum {
    KILLED,
    CTRL_C,
    INPUT_ENDS,
} Ending;

/* Ends the program when it asks for a text. */
typedef struct Stop {
    SimOfficersProgram *program;
    Ending how;
    bool stopped;
} Stop;

static void
stop_at_text(JsonObject *event, GPid pid, void *data)
{
    Stop *stop = data;

    if (!stop->stopped &&
        strcmp(json_object_get_string_member_with_default(event, "kind", ""), "text") == 0) {
        stop->stopped = true;
        if (stop->how == INPUT_ENDS) {
            sim_officers_program_close_input(stop->program);
        } else {
            ck_assert_int_eq(kill(pid, stop->how == KILLED ? SIGKILL : SIGINT), 0);
        }
        json_object_set_string_member(event, "event", "too-late"); /* nobody answers it */
    }
}

/* What it printed; the caller frees. */
static char *
end_at_text(Place *place, const SimOfficersTask *task, Ending how)
{
    g_autoptr(SimOfficersProgram) program = place_begin_task(place, task);
    Stop stop = { .program = program, .how = how };
    int exit_code;

    sim_officers_program_set_observer(program, stop_at_text, &stop);
    ck_assert(!sim_officers_people_follow(place->people, program, task, NULL));
    ck_assert_msg(stop.stopped, "%s asked for nothing", task->command);
    exit_code = sim_officers_program_wait(program, END_MS, NULL);
    ck_assert_msg(exit_code == (how == KILLED ? -1 : 1), "%s: %d", task->command, exit_code);
    ck_assert(sim_officers_desk_remove(place->desk, 1, NULL));
    ck_assert(sim_officers_desk_remove(place->desk, 2, NULL));
    return sim_officers_program_take_output(program);
}

static void
check_stopped(Place *place, const SimOfficersTask *task, Ending how, const char *told)
{
    g_autofree char *output = end_at_text(place, task, how);

    if (how != KILLED) {
        assert_contains(output, told);
    }
}

static const Ending endings[] = { KILLED, CTRL_C, INPUT_ENDS };

START_TEST(test_a_step_that_was_ended_at_a_question_is_gone_on_with)
{
    static const SimOfficersTask describe = {
        "", "card set-description", { { NULL }, { "ep11-1" } }, { "Alice" }
    };
    const Ending how = endings[_i];
    g_autoptr(Place) place = place_enter_new();

    check_stopped(
        place, &create, how,
        "the card has its two PINs now; start again with the same card, it goes on there");
    check_order(place, &create,
                "choose, pin-verify, pin-verify, text zone-description, text card-description");
    check_value(place, 1, "zone_description", "Zone 1");
    check_stopped(place, &backup, how,
                  "the backup has the zone, but no description yet; start again with the same two "
                  "cards");
    check_order(place, &backup,
                "pin-verify, pin-verify, choose, pin-verify, pin-verify, "
                "text card-description (Officers A/B backup)");
    check_value(place, 2, "description", "Officers A/B backup");
    check_order(place, &enroll, "pin-verify, pin-verify");
    check_stopped(place, &personalize, how, "the PIN is set, the description is not");
    check_order(place, &describe, "pin-verify, text description");
    check_value(place, 2, "description", "Alice");
    check_stopped(place, &make_key, how, "");
    check_order(place, &make_key, "text name, pin-verify");
    check_value(place, 2, "administrator", "Alice");
    check_stopped(place, &make_part, how, "");
    check_order(place, &make_part, "pin-verify, text description");
}
END_TEST

START_TEST(test_ctrl_c_at_a_terminal_leaves_a_question)
{
    static const SimOfficersTask typed = { "", CREATE, { { "ca-1" }, { NULL } }, { "\003" } };
    const char *const argv[] = { AT_TERMINAL, "--rehearsal", "zone", "create", NULL };
    g_autoptr(Place) place = place_enter_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(SimOfficersProgram) program =
        sim_officers_program_new(argv, place->environment, &error);
    g_autofree char *output = NULL;

    ck_assert_ptr_nonnull(program);
    ck_assert(!sim_officers_people_follow(place->people, program, &typed, &error));
    ck_assert_int_eq(sim_officers_program_wait(program, END_MS, NULL), 1);
    output = sim_officers_program_take_output(program);
    assert_contains(output, "the card has its two PINs now");
    check_order(place, &create,
                "choose, pin-verify, pin-verify, text zone-description, text card-description");
}
END_TEST

static void
add_tests(TCase *tests)
{
    place_begin();
    tcase_add_test(tests, test_everything_is_asked_for_at_the_moment_at_which_windows_ask);
    tcase_add_test(tests, test_what_options_say_is_not_asked_for);
    tcase_add_test(tests, test_a_script_that_says_too_little_is_refused_at_the_start);
    tcase_add_test(tests, test_a_bad_text_of_an_option_is_refused_before_a_card_is_touched);
    tcase_add_test(tests, test_a_person_at_a_terminal_is_told_what_is_wrong_with_a_text);
    tcase_add_loop_test(tests, test_a_step_that_was_ended_at_a_question_is_gone_on_with, 0,
                        G_N_ELEMENTS(endings));
    tcase_add_test(tests, test_ctrl_c_at_a_terminal_leaves_a_question);
}

int
main(void)
{
    return test_main("descriptions", add_tests);
}
