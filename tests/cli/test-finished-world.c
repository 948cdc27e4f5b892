/*
 * The whole ceremony by tke-rehearse, and then what can be done in its world: exit codes,
 * signers, genuineness of cards, the log (functions 4, F-123, F-157, F-170).
 */
#include <glib/gstdio.h>
#include <string.h>

#include "tests/cli/finished-pins.h"
#include "tests/cli/place.h"
#include "tests/support/test-main.h"

#define WORD "9f4d2c1e" /* begin of the instance's UUID */
#define ADMINISTRATORS                                                                             \
    {                                                                                              \
        "ep11-1", "ep11-3"                                                                         \
    }
#define CLEAR "--yes --confirm " WORD " cryptounit-mk-clrcur"

/* As noted on a day when the instance had one more unit. */
static void
write_step_of_a_unit_that_is_gone(Place *place)
{
    g_autofree char *path =
        g_build_filename(place->world, "workstation", "opentke-journal.json", NULL);
    g_auto(Run) units = place_expect(place, 0, "--json cryptounits");
    JsonObject *instance =
        json_array_get_object_element(json_object_get_array_member(units.json, "instances"), 0);
    g_autofree char *text = g_strdup_printf(
        "{\"unfinished\":[{\"action\":\"tke-cryptounit.reset\",\"started\":\"2026-01-01T00:00:"
        "00Z\","
        "\"units\":[{\"id\":\"gone\",\"location\":\"[x].[y].[0].[1]\",\"instance\":\"%s\","
        "\"state\":\"unknown\"}]}]}",
        json_object_get_string_member(instance, "instance"));

    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

START_TEST(test_a_step_of_a_unit_that_is_gone_is_told_and_left)
{
    g_autoptr(Place) place = place_enter_finished();
    g_auto(Run) told = { 0 };
    g_auto(Run) refused = { 0 };
    g_auto(Run) left = { 0 };
    g_auto(Run) after = { 0 };
    g_auto(Run) log = { 0 };
    JsonObject *step;

    write_step_of_a_unit_that_is_gone(place);
    told = place_expect(place, 0, "--json cryptounits");
    step = json_array_get_object_element(json_object_get_array_member(told.json, "unfinished"), 0);
    ck_assert_str_eq(json_array_get_string_element(json_object_get_array_member(step, "gone"), 0),
                     "[x].[y].[0].[1]");
    refused = place_rehearsal(place, "--json cryptounit-leave"); /* nobody says yes */
    ck_assert_int_ne(refused.exit_code, 0);
    left = place_expect(place, 0, "--json --yes cryptounit-leave");
    ck_assert_uint_eq(json_array_get_length(json_object_get_array_member(left.json, "left")), 1);
    ck_assert(json_object_has_member(left.json, "log_head"));
    after = place_expect(place, 0, "--json cryptounits");
    ck_assert(!json_object_has_member(after.json, "unfinished"));
    log = place_expect(place, 0, "log --last 1");
    assert_contains(log.out, "opentke-unfinished.leave");
}
END_TEST

/* Cards that lie in the readers are taken without anybody. */
START_TEST(test_where_nobody_is_there_cards_that_are_in_are_taken)
{
    g_autoptr(Place) place = place_enter_finished();

    place_sim(place, "insert 2 ep11-1");
    {
        g_auto(Run) run = place_expect(place, 4, "card unblock");

        assert_contains(run.out, "this card is not blocked");
    }
}
END_TEST

START_TEST(test_crypto_units_that_differ_are_marked_and_told_by_the_exit_code)
{
    static const SimOfficersTask clear = { "", "--select 2 " CLEAR, { ADMINISTRATORS }, { NULL } };
    g_autoptr(Place) place = place_enter_finished();
    g_auto(Run) text = { 0 };
    g_auto(Run) run = { 0 };
    JsonObject *row;

    place_act(place, 0, &clear);
    run = place_expect(place, 8, "--json cryptounit-compare");
    ck_assert(json_object_get_boolean_member(run.json, "differ"));
    row = json_array_get_object_element(place_get_table(&run, "current_register"), 1);
    ck_assert_uint_eq(json_array_get_length(json_object_get_array_member(row, "differs")), 2);
    row = json_array_get_object_element(place_get_table(&run, "current_register"), 2);
    ck_assert(!json_object_has_member(row, "differs"));
    text = place_expect(place, 8, "cryptounit-compare");
    assert_contains(text.out, "*Empty");
    assert_contains(text.out, "WARNING");
}
END_TEST

START_TEST(test_a_command_that_all_crypto_units_refuse_is_told_from_one_that_some_do)
{
    static const SimOfficersTask clear = { "", CLEAR, { ADMINISTRATORS }, { NULL } };
    g_autoptr(Place) place = place_enter_finished();

    place_sim(place, "fault service code count=3 command=27");
    place_act(place, 6, &clear);
    place_sim(place, "fault clear");
    ck_assert(sim_officers_desk_remove(place->desk, 1, NULL));
    place_sim(place, "fault service code count=0 unit=2 command=27");
    place_act(place, 7, &clear);
    place_sim(place, "fault clear");
    ck_assert(sim_officers_desk_remove(place->desk, 1, NULL));
    place_act(place, 0, &clear);
}
END_TEST

START_TEST(test_a_word_that_is_not_the_one_asked_for_refuses)
{
    g_autoptr(Place) place = place_enter_finished();
    g_autofree char *units = place_digest(place, "units");
    g_autofree char *now = NULL;
    g_auto(Run) wrong = place_expect(place, 1, "--json --yes --confirm xyz cryptounit-zeroize");
    /* --yes does not answer it */
    g_auto(Run) yes = place_expect(place, 2, "--json --yes cryptounit-zeroize");

    ck_assert(json_object_has_member(wrong.json, "error"));
    assert_contains(json_object_get_string_member(yes.json, "error"), "nobody is there to answer");
    now = place_digest(place, "units");
    ck_assert_str_eq(units, now);
}
END_TEST

/* Both readers have the same members; words, not sentences. */
static void
check_cards_in_json(Place *place)
{
    g_auto(Run) unchecked = place_expect(place, 0, "--json card info");
    g_auto(Run) checked = place_expect(place, 0, "--json card info --reader 2 --check");
    JsonArray *cards = json_object_get_array_member(unchecked.json, "cards");
    JsonObject *empty = json_array_get_object_element(cards, 0);
    JsonObject *card = json_array_get_object_element(cards, 1);

    ck_assert(!json_object_get_boolean_member(empty, "present"));
    ck_assert(json_object_get_boolean_member(card, "present"));
    ck_assert_str_eq(json_object_get_string_member(card, "genuine"), "not-checked");
    card = json_array_get_object_element(json_object_get_array_member(checked.json, "cards"), 0);
    ck_assert_str_eq(json_object_get_string_member(card, "genuine"), "yes");
    ck_assert_uint_eq(strlen(json_object_get_string_member(card, "ski")), 64);
}

/* 3.3: both cards and each entry, though there is nothing new in it. */
START_TEST(test_a_copy_tells_its_entries)
{
    static const SimOfficersTask copy = {
        "", "--json --yes card copy", { { "ep11-5" }, { "ep11-6" } }, { NULL }
    };
    g_autoptr(Place) place = place_enter_finished();
    g_autoptr(SimOfficersProgram) program = place_begin_task(place, &copy);
    g_autofree char *output = NULL;

    ck_assert(sim_officers_people_follow(place->people, program, &copy, NULL));
    sim_officers_program_close_input(program);
    ck_assert_int_eq(sim_officers_program_wait(program, 60000, NULL), 0);
    output = sim_officers_program_take_output(program);
    assert_contains(output, "\"copied\":0,\"already_there\":1,\"entries\":[{\"kind\":\"key-part\","
                            "\"source_place\":1,\"target_place\":1,\"description\":\"Part 1\"");
    assert_contains(output, "\"already_there\":true}]");
}
END_TEST

START_TEST(test_cards_prove_that_they_are_genuine)
{
    g_autoptr(Place) place = place_enter_finished();
    g_auto(Run) genuine = { 0 };
    g_auto(Run) forged = { 0 };

    place_sim(place, "insert 2 ep11-1");
    genuine = place_expect(place, 0, "card info --reader 2 --check");
    assert_contains(genuine.out, "Genuine: yes");
    check_cards_in_json(place);
    place_sim(place, "remove 2");
    place_sim(place, "insert 2 ep11-3");
    place_sim(place, "fault card ep11-3 forged-key");
    forged = place_expect(place, 4, "--json card info --reader 2 --check");
    assert_contains(json_object_get_string_member(forged.json, "error"), "cannot prove");
    ck_assert(json_object_has_member(forged.json, "advice"));
}
END_TEST

/* 6.3, step 2: the original is not taken for it, whichever lies in reader 1. */
START_TEST(test_a_backup_shows_that_it_could_take_the_place_of_the_ca_card)
{
    static const SimOfficersTask test = {
        "", "--json zone test-backup", { { "ca-1", "ca-2" }, { NULL } }, { NULL }
    };
    g_autoptr(Place) place = place_enter_finished();
    g_autoptr(SimOfficersProgram) program = place_begin_task(place, &test);
    g_autoptr(GError) error = NULL;
    g_autofree char *output = NULL;
    g_auto(Run) log = { 0 };

    ck_assert_msg(sim_officers_people_follow(place->people, program, &test, &error), "%s",
                  error != NULL ? error->message : "");
    sim_officers_program_close_input(program);
    ck_assert_int_eq(sim_officers_program_wait(program, 60000, NULL), 0);
    output = sim_officers_program_take_output(program);
    assert_contains(output, "\"description\":\"CA card, backup\"");
    assert_contains(output, "\"works\":true");
    assert_contains(output, "This is the CA card that the backup was made from");
    log = place_expect(place, 0, "log --last 1");
    assert_contains(log.out, "opentke-zone.test");
    assert_contains(log.out, "\"result\":\"done\"");
}
END_TEST

START_TEST(test_readers_that_were_swapped_stay_swapped)
{
    g_autoptr(Place) place = place_enter_finished();
    g_autofree char *path = g_build_filename(place->world, "workstation", "settings.json", NULL);
    g_auto(Run) swapped = { 0 };
    g_auto(Run) info = { 0 };
    JsonArray *rows;

    place_sim(place, "insert 1 ep11-1");
    swapped = place_expect(place, 0, "--json readers --swap");
    rows = json_object_get_array_member(swapped.json, "readers");
    assert_contains(json_object_get_string_member(json_array_get_object_element(rows, 1), "name"),
                    "1");
    ck_assert(g_file_test(path, G_FILE_TEST_EXISTS));
    info = place_expect(place, 0, "card info --reader 2");
    assert_contains(info.out, "Zone key: P-521");
    assert_contains(info.out, "Administrator 1");
}
END_TEST

START_TEST(test_a_log_that_was_cut_fails_against_its_head_only)
{
    g_autoptr(Place) place = place_enter_finished();
    g_autofree char *path = g_build_filename(place->world, "workstation", "activity.log", NULL);
    g_auto(Run) head = place_expect(place, 0, "--json log head");
    g_autofree char *line = g_strconcat("--json log verify --head ",
                                        json_object_get_string_member(head.json, "head"), NULL);
    g_autofree char *text = NULL;
    gsize len = 0;

    {
        g_auto(Run) whole = place_expect(place, 0, line);

        ck_assert_ptr_nonnull(whole.json);
    }
    ck_assert(g_file_get_contents(path, &text, &len, NULL));
    text[len - 1] = '\0';
    strrchr(text, '\n')[1] = '\0';
    ck_assert(g_file_set_contents(path, text, -1, NULL));
    {
        g_auto(Run) alone = place_expect(place, 0, "log verify");
        g_auto(Run) against = place_expect(place, 3, line);
        g_auto(Run) nonsense = place_expect(place, 2, "--json log verify --head nonsense");

        assert_contains(alone.out, "--head");
        ck_assert(json_object_has_member(against.json, "error"));
        ck_assert(json_object_has_member(nonsense.json, "error"));
    }
}
END_TEST

/* PINs that were asked for. */
static void
count_pins(JsonObject *event, GPid pid, void *data)
{
    (void) pid;
    if (g_strcmp0(json_object_get_string_member_with_default(event, "kind", NULL), "pin-verify") ==
            0 &&
        strcmp(json_object_get_string_member(event, "event"), "prompt") == 0) {
        ++*(unsigned *) data;
    }
}

START_TEST(test_a_card_unlocked_once_signs_for_several_commands_of_a_shell)
{
    static const SimOfficersTask set = {
        "", "--yes cryptounit-thrhld-set --signature 2 --revocation 2", { ADMINISTRATORS }, { NULL }
    };
    static const SimOfficersTask clear = { "", CLEAR, { ADMINISTRATORS }, { NULL } };
    g_autoptr(Place) place = place_enter_finished();
    g_autoptr(SimOfficersProgram) program = place_start(place, "shell");
    const SimOfficersTask *const tasks[] = { &set, &clear };
    const unsigned pins[] = { 2, 0 }; /* the last signer is still there: one signature suffices */

    for (unsigned i = 0; i < G_N_ELEMENTS(tasks); i++) {
        g_autoptr(GError) error = NULL;
        unsigned n = 0;

        sim_officers_program_set_observer(program, count_pins, &n);
        ck_assert(sim_officers_people_clear_desk(place->people, tasks[i], NULL));
        ck_assert(sim_officers_program_type(program, tasks[i]->command, NULL));
        ck_assert_msg(sim_officers_people_follow(place->people, program, tasks[i], &error),
                      "%s: %s", tasks[i]->command, error != NULL ? error->message : "");
        ck_assert_uint_eq(n, pins[i]);
    }
    sim_officers_program_set_observer(program, NULL, NULL);
    sim_officers_program_close_input(program);
    ck_assert_int_eq(sim_officers_program_wait(program, 60000, NULL), 0);
}
END_TEST

/* Codes are for support: they stand below the sentences, and in JSON by themselves. */
START_TEST(test_what_only_support_needs_is_told_below)
{
    g_autoptr(Place) place = place_enter_finished();

    place_sim(place, "insert 2 ep11-1");
    place_sim(place, "fault reader 2 pad-status sw=6401");
    {
        g_auto(Run) told = place_expect(place, 1, "card set-description --description Alice");
        g_autofree char *text = g_strconcat(told.out, told.err, NULL);
        assert_contains(
            text,
            "reader 2: PIN entry: cancelled on the keypad\nThe step was not done, and no try was "
            "used up.\nDetails: status word 6401, reader “OpenTKE Virtual PIN Pad 2”\n");
    }
    place_sim(place, "fault reader 2 pad-status sw=6401");
    {
        g_auto(Run) refused =
            place_expect(place, 1, "--json card set-description --description Alice");

        ck_assert_str_eq(json_object_get_string_member(refused.json, "status_word"), "6401");
    }
    place_sim(place, "fault card ep11-1 status sw=6F00 times=9");
    {
        g_auto(Run) info = place_expect(place, 0, "card info --reader 2");

        assert_contains(info.out,
                        "Trouble: reader 2: selecting the applet: the card refuses it for "
                        "a reason that is not known\nWhat to do: Look with ");
        assert_contains(info.out, "\nDetails: status word 6F00");
    }
}
END_TEST

/* What cannot be taken back was agreed to by nobody who did not know of it (F-025). */
START_TEST(test_yes_does_not_use_the_last_try_of_a_ca_pin)
{
    g_autoptr(Place) place = place_enter_finished();
    const char *const words[] = { "one try is left for the first PIN", "nobody is there", NULL };

    place_sim(place, "insert 1 ca-1");
    {
        g_autoptr(SimOfficersProgram) program = place_start(place, "card info --reader 1 --check");

        for (unsigned i = 0; i < 4; i++) {
            place_sim(place, "pin 1 999999");
        }
        json_object_unref(place_wait_event(program, "prompt", "confirm"));
        sim_officers_program_signal(program, SIGINT);
        ck_assert_int_eq(sim_officers_program_wait(program, 60000, NULL), 1);
    }
    place_check_row(place, "F-025", 2, "--yes card info --reader 1 --check", words);
    {
        g_auto(Run) run = place_expect(place, 0, "--json card info --reader 1");

        assert_contains(run.out, "\"tries\":1");
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    place_begin();
    place_rehearse();
    tcase_add_test(tests, test_yes_does_not_use_the_last_try_of_a_ca_pin);
    tcase_add_test(tests, test_a_step_of_a_unit_that_is_gone_is_told_and_left);
    tcase_add_test(tests, test_where_nobody_is_there_cards_that_are_in_are_taken);
    tcase_add_test(tests, test_crypto_units_that_differ_are_marked_and_told_by_the_exit_code);
    tcase_add_test(tests,
                   test_a_command_that_all_crypto_units_refuse_is_told_from_one_that_some_do);
    tcase_add_test(tests, test_a_word_that_is_not_the_one_asked_for_refuses);
    tcase_add_test(tests, test_a_copy_tells_its_entries);
    tcase_add_test(tests, test_cards_prove_that_they_are_genuine);
    tcase_add_test(tests, test_a_backup_shows_that_it_could_take_the_place_of_the_ca_card);
    tcase_add_test(tests, test_readers_that_were_swapped_stay_swapped);
    tcase_add_test(tests, test_a_log_that_was_cut_fails_against_its_head_only);
    tcase_add_test(tests, test_what_only_support_needs_is_told_below);
    finished_pins_add(tests);
    tcase_add_test(tests, test_a_card_unlocked_once_signs_for_several_commands_of_a_shell);
}

int
main(void)
{
    return test_main("finished-world", add_tests);
}
