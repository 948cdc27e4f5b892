/*
 * PINs of CA cards in a world whose ceremony is over (functions 2.5).
 */
#include "tests/cli/finished-pins.h"

#include <signal.h>
#include <string.h>

/* Changes the second PIN of the CA card in reader 1, and follows the program to its question. */
static SimOfficersProgram *
change_second_pin(Place *place, const char *line, const char *old, const char *new)
{
    SimOfficersProgram *program = place_start(place, line);
    const char *typed[] = { old, new, new };

    for (unsigned i = 0; i < G_N_ELEMENTS(typed); i++) {
        g_autofree char *order = g_strconcat("pin 1 ", typed[i], NULL);

        place_sim(place, order);
    }
    return program;
}

static void
check_first_pin(Place *place, int tries)
{
    g_auto(Run) run = place_expect(place, 0, "--json card info --reader 1");
    JsonObject *card =
        json_array_get_object_element(json_object_get_array_member(run.json, "cards"), 0);
    JsonObject *pin = json_array_get_object_element(json_object_get_array_member(card, "pins"), 0);

    ck_assert_int_eq(json_object_get_int_member(pin, "tries"), tries);
}

/* The question about this is answered with a number. */
static void
answer(SimOfficersProgram *program, const char *purpose, const char *number)
{
    g_autoptr(JsonObject) question = place_wait_event(program, "prompt", "choose");

    ck_assert_str_eq(json_object_get_string_member(question, "purpose"), purpose);
    ck_assert(sim_officers_program_type(program, number, NULL));
}

/* tries: what is printed of the first PIN; NULL: whatever. */
static void
end_change_with(SimOfficersProgram *program, bool entered, const char *tries)
{
    g_autofree char *output = NULL;

    ck_assert_int_eq(sim_officers_program_wait(program, 60000, NULL), 0);
    output = sim_officers_program_take_output(program);
    ck_assert_msg((strstr(output, "has fewer tries: enter it now") == NULL) == entered, "%s",
                  output);
    assert_contains(output, "keep their own PINs");
    if (tries != NULL) {
        assert_contains(output, tries);
    }
}

static void
end_change(SimOfficersProgram *program, bool entered)
{
    end_change_with(program, entered, NULL);
}

/* Functions 2.5: the change costs the other PIN a try, until that is entered. */
START_TEST(test_after_a_change_of_a_ca_pin_the_other_one_can_be_entered_at_once)
{
    g_autoptr(Place) place = place_enter_finished();
    g_autofree char *first = sim_officers_people_dup_pin("ca-1", 1);
    g_autofree char *second = sim_officers_people_dup_pin("ca-1", 2);
    g_autofree char *type_first = g_strconcat("pin 1 ", first, NULL);
    const char *line = "card change-pin --reader 1 --pin 2";

    place_sim(place, "insert 1 ca-1");
    {
        g_autoptr(SimOfficersProgram) program = change_second_pin(place, line, second, "111111");

        answer(program, "other-pin", "2");
        answer(program, "backup-pin", "2");
        end_change(program, false);
        check_first_pin(place, 4);
    }
    {
        g_autoptr(SimOfficersProgram) program = change_second_pin(place, line, "111111", "222222");

        answer(program, "other-pin", "1");
        place_sim(place, type_first);
        answer(program, "backup-pin", "2");
        end_change(program, true);
        check_first_pin(place, 5);
    }
    {
        g_autoptr(SimOfficersProgram) program = change_second_pin(place, line, "222222", "333333");

        answer(program, "other-pin", "1");
        place_sim(place, "pin 1 999999"); /* and a wrong one costs a try */
        place_sim(place, "cancel 1");
        answer(program, "backup-pin", "2");
        end_change_with(program, false, "First PIN: 3 tries left");
        check_first_pin(place, 3);
    }
    {
        g_autoptr(SimOfficersProgram) program = place_start(place, line);

        sim_officers_program_close_input(program); /* nobody is there: as before */
        place_sim(place, "pin 1 333333");
        place_sim(place, "pin 1 444444");
        place_sim(place, "pin 1 444444");
        end_change(program, false);
        check_first_pin(place, 2);
    }
}
END_TEST

static void
type(Place *place, const char *const *pins)
{
    for (; *pins != NULL; pins++) {
        g_autofree char *order = g_strconcat("pin 1 ", *pins, NULL);

        place_sim(place, order);
    }
}

/* The backup has kept the PINs it was given; the card that was changed first does not do. */
START_TEST(test_the_same_pin_of_a_backup_is_changed_after_that)
{
    g_autoptr(Place) place = place_enter_finished();
    g_autofree char *second = sim_officers_people_dup_pin("ca-1", 2);
    g_autofree char *first = sim_officers_people_dup_pin("ca-2", 1);
    g_autofree char *old = sim_officers_people_dup_pin("ca-2", 2);
    const char *const typed[] = { old, "555555", "555555", NULL };
    const char *const other[] = { first, NULL };
    g_autoptr(SimOfficersProgram) program = NULL;
    g_autofree char *output = NULL;

    place_sim(place, "insert 1 ca-1");
    program =
        change_second_pin(place, "--json card change-pin --reader 1 --pin 2", second, "111111");
    answer(program, "other-pin", "2");
    answer(program, "backup-pin", "1");
    json_object_unref(place_wait_event(program, "prompt", "insert"));
    place_sim(place, "remove 1");
    place_sim(place, "insert 1 ca-2");
    type(place, typed);
    answer(program, "other-pin", "1");
    type(place, other);
    answer(program, "backup-pin", "1");
    json_object_unref(place_wait_event(program, "prompt", "insert"));
    sim_officers_program_signal(program, SIGINT); /* there is no other backup */
    ck_assert_int_eq(sim_officers_program_wait(program, 60000, NULL), 0);
    output = sim_officers_program_take_output(program);
    assert_contains(output, "\"backups\":[{\"kind\":\"ca\"");
    assert_contains(output, "\"other_pin_entered\":true");
    assert_contains(output, "\"other_pin_entered\":false");
}
END_TEST

void
finished_pins_add(TCase *tests)
{
    tcase_add_test(tests, test_after_a_change_of_a_ca_pin_the_other_one_can_be_entered_at_once);
    tcase_add_test(tests, test_the_same_pin_of_a_backup_is_changed_after_that);
}
