/*
 * A card that cannot be read, or a reader that another program holds: what to do next is said
 * where a card is looked at and where one is asked for (functions 2.2; E-C02, E-C19).
 */
#include <signal.h>
#include <string.h>

#include "tests/cli/place.h"
#include "tests/support/test-main.h"

typedef struct Trouble {
    const char *fault;  /* order to tke-sim */
    const char *reason; /* of the prompt, for programs */
    const char *message, *advice;
} Trouble;

static const Trouble troubles[] = {
    { "fault reader 2 held", "in-use", "another program holds the reader",
      "close it and try again; nothing needs to be uninstalled." },
    { "fault card ep11-1 garbage times=9999", "unreadable", "reader 2: ",
      "Reinsert the card, chip first; if it still does not answer, try another card." },
    { "fault card ep11-1 cut times=9999", "unreadable", "reader 2: ",
      "Reinsert the card, chip first; if it still does not answer, try another card." },
    { "fault card ep11-1 silent times=9999", "unreadable", "does not answer",
      "Take the card out, or unplug the reader, to end the wait; " },
};

static const Trouble silent = { .fault = "fault card ep11-1 silent times=9999",
                                .message = "does not answer" };

static Place *
make_trouble(const Trouble *trouble)
{
    Place *place = place_enter_new();

    place_sim(place, "insert 2 ep11-1");
    place_sim(place, trouble->fault);
    return place;
}

START_TEST(test_who_looks_at_a_card_is_told_what_to_do)
{
    g_autoptr(Place) place = make_trouble(&troubles[_i]);
    g_auto(Run) run = place_expect(place, 0, "card info --reader 2");
    g_auto(Run) json = place_expect(place, 0, "--json card info --reader 2");
    JsonArray *cards = json_object_get_array_member(json.json, "cards");
    JsonObject *card = json_array_get_object_element(cards, 0);
    const char *told = strstr(run.out, "Trouble: ");

    ck_assert_msg(told != NULL, "%s", run.out);
    assert_contains(told, troubles[_i].message);
    assert_contains(told, "\nWhat to do: ");
    assert_contains(told, troubles[_i].advice);
    assert_contains(json_object_get_string_member(card, "advice"), troubles[_i].advice);
}
END_TEST

/* Until its first event of that name and kind has a reason. */
static void
wait_for_reason(SimOfficersProgram *program, const char *reason)
{
    g_autoptr(JsonObject) prompt = NULL;

    do {
        g_clear_pointer(&prompt, json_object_unref);
        prompt = place_wait_event(program, "prompt", "insert");
    } while (!json_object_has_member(prompt, "reason"));
    ck_assert_str_eq(json_object_get_string_member(prompt, "reason"), reason);
}

START_TEST(test_who_is_asked_for_a_card_is_told_what_to_do)
{
    g_autoptr(Place) place = make_trouble(&troubles[_i]);
    g_autoptr(SimOfficersProgram) program = place_start(place, "card change-pin");
    g_autofree char *told = NULL;

    wait_for_reason(program, troubles[_i].reason);
    sim_officers_program_signal(program, SIGINT);
    ck_assert_int_eq(sim_officers_program_wait(program, 60000, NULL), 1);
    told = sim_officers_program_take_output(program);
    assert_contains(told, troubles[_i].message);
    assert_contains(told, troubles[_i].advice);
}
END_TEST

/* The acceptance test asks for no other card: this one is the one that is tested. */
START_TEST(test_a_silent_card_is_reported_as_one_that_does_not_fit)
{
    g_autoptr(Place) place = make_trouble(&silent);
    g_auto(Run) run = place_expect(place, 4, "card acceptance-test");
    g_auto(Run) json = place_expect(place, 4, "--json card acceptance-test");

    assert_contains(run.out, "the card does not fit: ");
    assert_contains(run.out, silent.message);
    assert_contains(run.out, "Then test another card in this reader");
    ck_assert(!json_object_get_boolean_member(json.json, "fits"));
    ck_assert_uint_gt(strlen(json_object_get_string_member(json.json, "atr")), 10);
}
END_TEST

static void
add_tests(TCase *tests)
{
    place_begin();
    tcase_add_loop_test(tests, test_who_looks_at_a_card_is_told_what_to_do, 0,
                        G_N_ELEMENTS(troubles));
    tcase_add_loop_test(tests, test_who_is_asked_for_a_card_is_told_what_to_do, 0,
                        G_N_ELEMENTS(troubles));
    tcase_add_test(tests, test_a_silent_card_is_reported_as_one_that_does_not_fit);
}

int
main(void)
{
    return test_main("cli card-trouble", add_tests);
}
