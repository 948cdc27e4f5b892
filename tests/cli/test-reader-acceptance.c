/*
 * tke reader acceptance-test with somebody at the desk: a keypad that is good, one that is not,
 * one that is not there, and an officer who stops (F-011, functions 4.11).
 */
#include <signal.h>
#include <string.h>

#include "tests/cli/place.h"
#include "tests/support/test-main.h"

static const SimOfficersTask tasks[] = {
    { "", "zone create", { { "ca-1" }, { NULL } }, { "Zone", "CA card" } },
    { "", "card enroll", { { "ca-1" }, { "ep11-1" } }, { NULL } },
    { "", "card personalize", { { NULL }, { "ep11-1" } }, { "Somebody" } },
};

/* A world with a personalised card, which is in the box. */
static Place *
make_place(void)
{
    Place *place = place_enter_new();

    for (size_t i = 0; i < G_N_ELEMENTS(tasks); i++) {
        place_act(place, 0, &tasks[i]);
    }
    for (unsigned reader = 1; reader <= SIM_OFFICERS_READERS; reader++) {
        ck_assert(sim_officers_desk_remove(place->desk, reader, NULL));
    }
    return place;
}

/* What somebody types when the prompt says what the test is about; NULL: nothing. */
static char *
keys_for(const char *purpose, const char *pin)
{
    if (strcmp(purpose, "test-cancel") == 0) {
        return g_strdup("12 cancel");
    }
    if (strcmp(purpose, "test-timeout") == 0) {
        return NULL;
    }
    if (strcmp(purpose, "test-short") == 0) {
        return g_strdup("12345 enter");
    }
    if (strcmp(purpose, "test-different") == 0) {
        return g_strdup("123456 enter 654321 enter");
    }
    if (strcmp(purpose, "test-set") == 0) {
        return g_strdup("123456 enter 123456 enter");
    }
    if (strcmp(purpose, "test-change") == 0) {
        return g_strdup_printf("%s enter 135790 enter 135790 enter", pin);
    }
    if (strcmp(purpose, "test-change-back") == 0) {
        return g_strdup_printf("135790 enter %s enter %s enter", pin, pin);
    }
    return g_strdup_printf("%s enter", pin); /* test-verify, test-restored */
}

/* Does what the prompts say until the command is over; its exit code. stop_at: Ctrl-C there. */
static int
follow(Place *place, SimOfficersProgram *program, const char *stop_at)
{
    g_autofree char *pin = sim_officers_people_dup_pin("ep11-1", 1);

    for (;;) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonObject) event = sim_officers_program_next_event(program, 60000, &error);
        const char *name = NULL;
        const char *purpose = NULL;

        ck_assert_msg(event != NULL, "%s", error != NULL ? error->message : "it has ended");
        name = json_object_get_string_member(event, "event");
        purpose = json_object_get_string_member_with_default(event, "purpose", "");
        if (strcmp(name, "result") == 0) {
            return (int) json_object_get_int_member(event, "exit");
        }
        if (strcmp(name, "prompt") != 0) {
            continue;
        }
        if (strcmp(purpose, "reader-test") == 0) {
            ck_assert(sim_officers_desk_insert(place->desk, 2, "ep11-1", NULL));
        } else if (g_str_has_prefix(purpose, "test-")) {
            g_autofree char *keys = keys_for(purpose, pin);
            g_autofree char *line = keys != NULL ? g_strconcat("keys 2 ", keys, NULL) : NULL;

            if (g_strcmp0(purpose, stop_at) == 0) {
                sim_officers_program_signal(program, SIGINT);
                place_sim(place, "cancel 2"); /* a pad cannot be stopped otherwise */
            } else if (line != NULL) {
                place_sim(place, line);
            }
        }
    }
}

/* Runs it; what it printed. The caller frees. */
static char *
run_line(Place *place, const char *line, int exit_code, const char *stop_at)
{
    g_autoptr(SimOfficersProgram) program = place_start(place, line);
    const int code = follow(place, program, stop_at);
    g_autoptr(GError) error = NULL;
    char *output = NULL;
    int ended = 0;

    sim_officers_program_close_input(program);
    ended = sim_officers_program_wait(program, 60000, &error);
    output = sim_officers_program_take_output(program);
    ck_assert_int_eq(ended, exit_code);
    ck_assert_msg(code == exit_code, "exit %d: %s", code, output);
    return output;
}

static char *
run(Place *place, int exit_code, const char *stop_at)
{
    return run_line(place, "--yes reader acceptance-test --reader 2", exit_code, stop_at);
}

/* The card still takes its PIN. */
static void
check_card(Place *place)
{
    const SimOfficersTask task = {
        "", "card set-description", { { NULL }, { "ep11-1" } }, { "Still the same" }
    };

    place_act(place, 0, &task);
}

START_TEST(test_a_good_keypad_gets_a_report_to_keep)
{
    g_autoptr(Place) place = make_place();
    g_autofree char *output = NULL;

    place_sim(place, "fault reader 2 quick-clock"); /* saves this test's time, and is remarked */
    output = run(place, 0, NULL);
    assert_contains(output, "Its PIN is changed to a test PIN and changed back"); /* said before */
    assert_contains(output, "Name: OpenTKE Virtual PIN Pad 2");
    assert_contains(output, "Firmware: OpenTKE virtual reader");
    assert_contains(output, "Features: verify, modify, pin-properties, tlv-properties");
    assert_contains(output, "Row of the reader table: standard");
    assert_contains(output, "PIN of the card now: as-before");
    assert_contains(output, "the keypad gives up after 5 seconds instead of 20");
    assert_contains(output, "Verdict: passed-with-remark");
    ck_assert_ptr_null(strstr(output, "not-done"));
    ck_assert_ptr_null(strstr(output, "135790"));
    check_card(place);
}
END_TEST

START_TEST(test_a_keypad_that_fails_is_told_with_its_tests)
{
    g_autoptr(Place) place = make_place();
    g_autofree char *output = NULL;

    place_sim(place, "fault reader 2 quick-clock");
    place_sim(place, "fault reader 2 no-comparison");
    output = run(place, 4, NULL);
    assert_contains(output, "does not compare the two typings of a new PIN");
    assert_contains(output, "6985");
    assert_contains(output, "Verdict: failed");
    assert_contains(output, "1 test of the keypad of \"OpenTKE Virtual PIN Pad 2\" failed");
    assert_contains(output, "PIN of the card now: as-before");
    check_card(place);
}
END_TEST

START_TEST(test_a_reader_without_keypad_is_told_in_json_and_wants_no_card)
{
    g_autoptr(Place) place = place_enter_new();
    g_auto(Run) result = { 0 };

    place_sim(place, "fault reader 2 zero-codes");
    result = place_expect(place, 4, "--json --yes reader acceptance-test --reader 2");
    ck_assert_str_eq(json_object_get_string_member(result.json, "verdict"), "failed");
    assert_contains(json_object_get_string_member(result.json, "refusal"), "offers none");
    ck_assert_str_eq(json_object_get_string_member(result.json, "name"),
                     "OpenTKE Virtual PIN Pad 2");
    ck_assert_str_eq(json_object_get_string_member(result.json, "quirk"), "standard");
    ck_assert(json_object_get_boolean_member(result.json, "virtual"));
    ck_assert(!json_object_has_member(result.json, "tests"));
    ck_assert(json_object_has_member(result.json, "advice"));
}
END_TEST

/* The JSON object among the lines that were printed; the caller unrefs. */
static JsonObject *
take_json(const char *output)
{
    g_auto(GStrv) lines = g_strsplit(output, "\n", -1);

    for (unsigned i = 0; lines[i] != NULL; i++) {
        if (lines[i][0] == '{') {
            g_autoptr(JsonNode) node = json_from_string(lines[i], NULL);

            ck_assert_msg(node != NULL && JSON_NODE_HOLDS_OBJECT(node), "%s", lines[i]);
            return json_object_ref(json_node_get_object(node));
        }
    }
    ck_abort_msg("no JSON");
}

START_TEST(test_the_report_is_the_same_for_programs)
{
    g_autoptr(Place) place = make_place();
    g_autofree char *output = NULL;
    g_autoptr(JsonObject) report = NULL;
    JsonArray *tests = NULL;

    place_sim(place, "fault reader 2 quick-clock");
    output = run_line(place, "--json --yes reader acceptance-test --reader 2", 0, NULL);
    report = take_json(output);
    ck_assert_str_eq(json_object_get_string_member(report, "verdict"), "passed-with-remark");
    ck_assert_str_eq(json_object_get_string_member(report, "card_pin"), "as-before");
    ck_assert_str_eq(json_object_get_string_member(report, "firmware"), "OpenTKE virtual reader");
    tests = json_object_get_array_member(report, "tests");
    ck_assert_uint_eq(json_array_get_length(tests), 10);
    for (unsigned i = 0; i < 10; i++) {
        JsonObject *test = json_array_get_object_element(tests, i);
        const char *word = json_object_get_string_member(test, "test");

        ck_assert_str_eq(json_object_get_string_member(test, "verdict"),
                         strcmp(word, "timeout") == 0 ? "passed-with-remark" : "passed");
        ck_assert_str_eq(json_object_get_string_member(test, "answered"),
                         json_object_get_string_member(test, "expected"));
        ck_assert_int_eq(json_object_get_int_member(test, "attempts"), 1);
    }
    check_card(place);
}
END_TEST

START_TEST(test_a_reader_without_keypad_shows_cards_and_asks_nobody_to_type)
{
    g_autoptr(Place) place = make_place();
    g_auto(Run) readers = { 0 };
    g_auto(Run) info = { 0 };
    g_auto(Run) change = { 0 };
    JsonObject *row = NULL;

    place_sim(place, "fault reader 2 zero-codes");
    place_sim(place, "fault reader 1 held");
    readers = place_expect(place, 4, "--json readers"); /* two with keypads are needed */
    row = json_array_get_object_element(json_object_get_array_member(readers.json, "readers"), 0);
    ck_assert_str_eq(json_object_get_string_member(row, "keypad"), "unknown");
    row = json_array_get_object_element(json_object_get_array_member(readers.json, "readers"), 1);
    ck_assert_str_eq(json_object_get_string_member(row, "keypad"), "no");
    assert_contains(json_object_get_string_member(row, "keypad_trouble"), "offers none");
    place_sim(place, "fault reader 1 free");
    ck_assert(sim_officers_desk_insert(place->desk, 2, "ep11-1", NULL));
    info = place_expect(place, 0, "card info --reader 2");
    assert_contains(info.out, "Somebody");
    change = place_expect(place, 4, "--yes card change-pin --reader 2");
    assert_contains(change.out, "OpenTKE Virtual PIN Pad 2");
    assert_contains(change.out, "offers none");
    assert_contains(change.out, "docs/hardware.md");
    ck_assert_ptr_null(strstr(change.out, "Type the old PIN"));
    place_sim(place, "fault clear");
    check_card(place);
}
END_TEST

START_TEST(test_who_stops_gets_a_report_and_the_card_is_as_it_was)
{
    g_autoptr(Place) place = make_place();
    g_autofree char *output = run(place, 1, "test-cancel");

    assert_contains(output, "the PIN of the card is as it was");
    assert_contains(output, "PIN of the card now: untouched");
    assert_contains(output, "Verdict: not-done");
    check_card(place);
}
END_TEST

START_TEST(test_a_reader_that_does_not_exist_and_a_dry_run)
{
    g_autoptr(Place) place = place_enter_new();
    g_auto(Run) wrong = place_expect(place, 2, "reader acceptance-test --reader 3");
    g_auto(Run) dry = place_expect(place, 0, "--dry-run reader acceptance-test");

    assert_contains(wrong.err, "--reader takes 1 or 2, not “3”; did you mean “2”?");
    assert_contains(dry.out, "OpenTKE Virtual PIN Pad 1");
    ck_assert_ptr_null(strstr(dry.out, "Verdict"));
}
END_TEST

static void
add_tests(TCase *tests)
{
    place_begin();
    tcase_add_test(tests, test_a_good_keypad_gets_a_report_to_keep);
    tcase_add_test(tests, test_a_keypad_that_fails_is_told_with_its_tests);
    tcase_add_test(tests, test_a_reader_without_keypad_is_told_in_json_and_wants_no_card);
    tcase_add_test(tests, test_the_report_is_the_same_for_programs);
    tcase_add_test(tests, test_a_reader_without_keypad_shows_cards_and_asks_nobody_to_type);
    tcase_add_test(tests, test_who_stops_gets_a_report_and_the_card_is_as_it_was);
    tcase_add_test(tests, test_a_reader_that_does_not_exist_and_a_dry_run);
}

int
main(void)
{
    return test_main("reader-acceptance", add_tests);
}
