/*
 * Which reader is reader 1: swapped, found out by putting a card in, and remembered (functions
 * 2.1, 4.11; F-003).
 */
#include <signal.h>
#include <string.h>

#include "tests/cli/place.h"
#include "tests/support/test-main.h"

#define PAD_1 "OpenTKE Virtual PIN Pad 1"
#define PAD_2 "OpenTKE Virtual PIN Pad 2"

/* The readers with these names are reader 1 and reader 2 for the next program. */
static void
check_order(Place *place, const char *first, const char *second)
{
    g_auto(Run) run = place_expect(place, 0, "--json readers");
    JsonArray *rows = json_object_get_array_member(run.json, "readers");
    const char *const names[] = { first, second };

    ck_assert_uint_eq(json_array_get_length(rows), 2);
    for (unsigned i = 0; i < 2; i++) {
        JsonObject *row = json_array_get_object_element(rows, i);

        ck_assert_int_eq(json_object_get_int_member(row, "reader"), i + 1);
        ck_assert_str_eq(json_object_get_string_member(row, "name"), names[i]);
    }
}

/* Runs "readers --identify", with what happens at the desk once it asks; its output. */
static char *
identify(Place *place, int exit_code, const char *const *desk)
{
    g_autoptr(SimOfficersProgram) program = place_start(place, "readers --identify");
    G_GNUC_UNUSED g_autoptr(JsonObject) prompt = place_wait_event(program, "prompt", "insert");
    g_autoptr(GError) error = NULL;

    ck_assert_str_eq(json_object_get_string_member(prompt, "purpose"), "identify");
    for (; *desk != NULL; desk++) {
        place_sim(place, *desk);
    }
    ck_assert_msg(sim_officers_program_wait(program, 60000, &error) == exit_code, "%s",
                  error != NULL ? error->message : "another exit code");
    return sim_officers_program_take_output(program);
}

START_TEST(test_the_reader_that_gets_a_card_becomes_reader_1_and_stays_it)
{
    static const char *const second[] = { "insert 2 ep11-2", NULL };
    static const char *const first[] = { "insert 1 ep11-3", NULL };
    g_autoptr(Place) place = place_enter_new();
    g_autofree char *said = NULL;
    g_autofree char *again = NULL;

    check_order(place, PAD_1, PAD_2);
    said = identify(place, 0, second);
    assert_contains(said, "Insert any card into the reader that is to be reader 1.");
    check_order(place, PAD_2, PAD_1);
    again = identify(place, 0, first);
    assert_contains(again, "reader 1");
    check_order(place, PAD_1, PAD_2);
}
END_TEST

START_TEST(test_a_card_that_was_in_before_does_not_count)
{
    static const char *const late[] = { "remove 1", "insert 2 ep11-2", NULL };
    g_autoptr(Place) place = place_enter_new();
    g_autofree char *said = NULL;

    place_sim(place, "insert 1 ep11-1");
    said = identify(place, 0, late);
    assert_contains(said, "reader 1");
    check_order(place, PAD_2, PAD_1);
}
END_TEST

START_TEST(test_readers_swap_back_and_forth)
{
    g_autoptr(Place) place = place_enter_new();
    g_auto(Run) dry = place_expect(place, 0, "--dry-run readers --swap");
    g_auto(Run) ask = place_expect(place, 0, "--dry-run readers --identify");

    assert_contains(dry.out, PAD_2 " would become reader 1");
    assert_contains(ask.out, "would become reader 1");
    check_order(place, PAD_1, PAD_2);
    for (unsigned i = 0; i < 3; i++) {
        g_auto(Run) run = place_expect(place, 0, "readers --swap");
        const char *first = strstr(run.out, i % 2 == 0 ? PAD_2 : PAD_1);
        const char *second = strstr(run.out, i % 2 == 0 ? PAD_1 : PAD_2);

        ck_assert(first != NULL && second != NULL && first < second);
        check_order(place, i % 2 == 0 ? PAD_2 : PAD_1, i % 2 == 0 ? PAD_1 : PAD_2);
    }
}
END_TEST

START_TEST(test_a_card_goes_into_the_reader_that_has_the_number_now)
{
    static const SimOfficersTask create = {
        "", "zone create", { { NULL }, { "ca-1" } }, { "Zone", "CA card" }
    };
    g_autoptr(Place) place = place_enter_new();
    g_auto(Run) run = place_expect(place, 0, "readers --swap");
    g_autoptr(SimOfficersProgram) program = place_begin_task(place, &create);
    g_autoptr(JsonObject) prompt = NULL;
    g_autoptr(JsonObject) pin = NULL;

    assert_contains(run.out, PAD_2);
    /* The prompt says reader 1; the card in the right-hand pad answers it. */
    prompt = place_wait_event(program, "prompt", "insert");
    ck_assert_int_eq(json_object_get_int_member(prompt, "reader"), 1);
    place_sim(place, "insert 2 ca-1");
    pin = place_wait_event(program, "prompt", "pin-set");
    ck_assert_int_eq(json_object_get_int_member(pin, "reader"), 1);
    sim_officers_program_signal(program, SIGINT);
    ck_assert_int_eq(sim_officers_program_wait(program, 60000, NULL), 1);
}
END_TEST

START_TEST(test_nothing_is_remembered_when_nobody_puts_a_card_in)
{
    g_autoptr(Place) place = place_enter_new();
    g_autofree char *settings =
        g_build_filename(place->world, "workstation", "settings.json", NULL);
    g_autoptr(SimOfficersProgram) program = place_start(place, "readers --identify");
    G_GNUC_UNUSED g_autoptr(JsonObject) prompt = place_wait_event(program, "prompt", "insert");

    sim_officers_program_signal(program, SIGINT);
    ck_assert_int_eq(sim_officers_program_wait(program, 60000, NULL), 1);
    ck_assert(!g_file_test(settings, G_FILE_TEST_EXISTS));
    check_order(place, PAD_1, PAD_2);
}
END_TEST

/* ---- readers that cannot be told apart ---- */

#define EQUAL_1 "Equal Pad 00 00"
#define EQUAL_2 "Equal Pad 01 00"

START_TEST(test_equal_readers_are_shown_without_numbers_and_with_the_reason)
{
    g_autoptr(Place) place = place_enter_scenario(EQUAL_READERS);
    g_auto(Run) run = place_expect(place, 0, "--json readers");
    g_auto(Run) text = place_expect(place, 0, "readers");
    JsonArray *rows = json_object_get_array_member(run.json, "readers");

    ck_assert_uint_eq(json_array_get_length(rows), 2);
    for (unsigned i = 0; i < 2; i++) {
        JsonObject *row = json_array_get_object_element(rows, i);

        ck_assert(json_object_get_null_member(row, "reader"));
        ck_assert_str_eq(json_object_get_string_member(row, "name"), i == 0 ? EQUAL_1 : EQUAL_2);
        ck_assert_str_eq(json_object_get_string_member(row, "keypad"), "yes");
    }
    assert_contains(text.out, EQUAL_1 ", " EQUAL_2);
    assert_contains(text.out, "cannot be told apart");
}
END_TEST

START_TEST(test_equal_readers_are_identified_for_as_long_as_the_program_runs)
{
    static const char *const second[] = { "insert 2 ca-1", NULL };
    g_autoptr(Place) place = place_enter_scenario(EQUAL_READERS);
    g_autofree char *settings =
        g_build_filename(place->world, "workstation", "settings.json", NULL);
    g_autofree char *said = identify(place, 0, second);
    const char *first = strstr(said, EQUAL_2);
    g_auto(Run) next = place_expect(place, 0, "readers");
    g_auto(Run) swap = place_expect(place, 4, "readers --swap");

    assert_contains(said, "nothing is remembered");
    ck_assert_msg(first != NULL && strstr(first, EQUAL_1) != NULL, "%s", said); /* reader 1 first */
    ck_assert(!g_file_test(settings, G_FILE_TEST_EXISTS));
    assert_contains(next.out, "cannot be told apart"); /* the next program asks anew */
    assert_contains(swap.out, "cannot be told apart");
    assert_contains(swap.out, "tke readers --identify");
}
END_TEST

START_TEST(test_a_command_that_needs_a_reader_asks_which_it_is)
{
    g_autoptr(Place) place = place_enter_scenario(EQUAL_READERS);
    g_autoptr(SimOfficersProgram) program = place_start(place, "card info --reader 1");
    G_GNUC_UNUSED g_autoptr(JsonObject) prompt = place_wait_event(program, "prompt", "insert");
    g_autofree char *said = NULL;

    ck_assert_str_eq(json_object_get_string_member(prompt, "purpose"), "identify");
    ck_assert_str_eq(json_object_get_string_member(prompt, "reason"), "alike");
    place_sim(place, "insert 2 ca-1");
    ck_assert(sim_officers_program_wait(program, 60000, NULL) == 0);
    said = sim_officers_program_take_output(program);
    assert_contains(said, "blank card for a CA card");
}
END_TEST

static void
add_tests(TCase *tests)
{
    place_begin();
    tcase_add_test(tests, test_the_reader_that_gets_a_card_becomes_reader_1_and_stays_it);
    tcase_add_test(tests, test_a_card_that_was_in_before_does_not_count);
    tcase_add_test(tests, test_readers_swap_back_and_forth);
    tcase_add_test(tests, test_a_card_goes_into_the_reader_that_has_the_number_now);
    tcase_add_test(tests, test_nothing_is_remembered_when_nobody_puts_a_card_in);
    tcase_add_test(tests, test_equal_readers_are_shown_without_numbers_and_with_the_reason);
    tcase_add_test(tests, test_equal_readers_are_identified_for_as_long_as_the_program_runs);
    tcase_add_test(tests, test_a_command_that_needs_a_reader_asks_which_it_is);
}

int
main(void)
{
    return test_main("readers", add_tests);
}
