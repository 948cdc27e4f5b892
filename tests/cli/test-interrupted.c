/*
 * tke is killed while it changes crypto units, or some of them fail it: the next command says what
 * is unfinished, and a second run completes it (functions 3.2, P-7; F-053, F-177).
 */
#include <string.h>

#include "tests/cli/kills.h"
#include "tests/support/test-main.h"

#define LOAD "cryptounit-mk-load --part any --part any --part any"
#define ZEROIZE "--yes --confirm 9f4d2c1e cryptounit-zeroize"

static const SimOfficersTask new_key = {
    "", "card generate-signature-key --name Carol", { { NULL }, { "ep11-5" } }, { NULL }
};
static const SimOfficersTask add = {
    "", "--yes cryptounit-admin-add", { { "ep11-5", "ep11-1", "ep11-3" }, { NULL } }, { NULL }
};
static const SimOfficersTask lower = { "",
                                       "--yes cryptounit-thrhld-set --signature 1 --revocation 1",
                                       { KILLS_SIGNERS, { NULL } },
                                       { NULL } };
static const SimOfficersTask commit = {
    "", "--yes cryptounit-mk-commit", { KILLS_SIGNERS, { NULL } }, { NULL }
};
static const SimOfficersTask activate = {
    "", "--yes cryptounit-mk-setimm", { KILLS_SIGNERS, { NULL } }, { NULL }
};
static const SimOfficersTask zeroize = { "", ZEROIZE, { KILLS_SIGNERS, { NULL } }, { NULL } };

/* The program is killed in each step, and the step is completed by a second run. */
static void
kill_and_complete(Place *place, const KilledStep *steps, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        kills_in_step(place, &steps[i]);
        kills_take_cards_out(place);
        kills_check_unfinished(place, &steps[i]);
        place_act(place, 0, steps[i].task);
        kills_take_cards_out(place);
        kills_check_whole(place);
    }
}

START_TEST(test_a_program_killed_while_keys_are_changed_is_completed_by_a_second_run)
{
    static const KilledStep steps[] = {
        { &kills_load, "tke-cryptounit-master-key-register.add", 12, "Unfinished: Load" },
        { &kills_clear, "tke-cryptounit-new-master-key-register.clear", 28,
          "Unfinished: Clear new" },
        { &kills_load, "tke-cryptounit-master-key-register.add", 12, "Unfinished: Load" },
        { &commit, "tke-cryptounit-master-key-register.commit", 13, "Unfinished: Commit" },
        { &activate, "tke-cryptounit-master-key-register.activate", 14,
          "Unfinished: Set immediate" },
    };
    g_autoptr(Place) place = kills_enter();

    kill_and_complete(place, steps, G_N_ELEMENTS(steps));
}
END_TEST

START_TEST(test_a_program_killed_while_units_are_set_up_is_completed_by_a_second_run)
{
    static const KilledStep steps[] = {
        { &add, "tke-cryptounit-admin.add", 2, "Unfinished: Add administrator" },
        { &lower, "tke-cryptounit-threshold.set", 8, "Unfinished: Set thresholds" },
        { &zeroize, "tke-cryptounit.reset", 16, "Unfinished: Zeroize" },
    };
    g_autoptr(Place) place = kills_enter();

    place_act(place, 0, &new_key);
    kills_take_cards_out(place);
    kill_and_complete(place, steps, G_N_ELEMENTS(steps));
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
    g_autoptr(Place) place = kills_enter();

    for (unsigned i = 0; i < G_N_ELEMENTS(ways); i++) {
        /* The custodians agree to the plan and to three patterns; then there is a choice. */
        const SimOfficersTask attended = {
            "", LOAD, { KILLS_SIGNERS, KILLS_PARTS }, { ways[i].answer }
        };
        g_auto(Run) run = { 0 };

        place_sim(place, "fault service code unit=2 command=12");
        place_act(place, ways[i].exit_code, &attended);
        kills_take_cards_out(place);
        run = place_expect(place, 0, "--json cryptounit-mk");
        for (unsigned k = 0; k < 3; k++) {
            JsonObject *instance = json_array_get_object_element(
                json_object_get_array_member(run.json, "instances"), 0);
            JsonObject *row = json_array_get_object_element(
                json_object_get_array_member(instance, "new_register"), k);

            ck_assert_str_eq(json_object_get_string_member(row, "status"), ways[i].status[k]);
        }
        place_act(place, 0, &kills_clear);
        kills_take_cards_out(place);
        kills_check_whole(place);
    }
}
END_TEST

/* The last entry of the activity log. */
static JsonObject *
last_entry(Place *place)
{
    g_auto(Run) run = place_expect(place, 0, "--json log --last 1");
    JsonArray *lines = json_object_get_array_member(run.json, "lines");

    return json_object_ref(json_array_get_object_element(lines, 0));
}

START_TEST(test_a_forged_or_lost_answer_ends_with_its_own_exit_code)
{
    static const struct {
        const char *fault;
        const SimOfficersTask *task;
        int exit_code;
    } cases[] = {
        { "drop-after unit=3 command=9", &kills_load, 5 },
        { "bad-signature unit=3 command=9", &kills_load, 6 },
        { "bad-signature unit=3 command=12", &kills_load, 6 },
        { "bad-signature unit=3 command=28", &kills_clear, 6 },
        { "drop-after unit=3 command=28", &kills_clear, 0 },
    };
    g_autoptr(Place) place = kills_enter();

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *fault = g_strconcat("fault service ", cases[i].fault, NULL);
        g_autoptr(JsonObject) entry = NULL;

        place_sim(place, fault);
        place_act(place, cases[i].exit_code, cases[i].task);
        kills_take_cards_out(place);
        place_sim(place, "fault clear");
        entry = last_entry(place);
        ck_assert_msg(json_object_has_member(entry, "error"), "%s", cases[i].fault);
        ck_assert_str_eq(json_object_get_string_member(entry, "result"), "done, answer lost");
    }
}
END_TEST

START_TEST(test_what_the_journal_holds_forges_no_line)
{
    g_autoptr(Place) place = kills_enter();
    g_autofree char *path =
        g_build_filename(place->world, "workstation", "opentke-journal.json", NULL);
    g_autoptr(JsonNode) journal = NULL;
    g_autofree char *text = NULL;
    g_auto(Run) run = { 0 };
    JsonObject *unit;

    place_act(place, 0, &kills_load);
    kills_take_cards_out(place);
    place_sim(place, "fault service code unit=2 command=28");
    place_act(place, 7, &kills_clear);
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
                   test_a_program_killed_while_keys_are_changed_is_completed_by_a_second_run);
    tcase_add_test(tests,
                   test_a_program_killed_while_units_are_set_up_is_completed_by_a_second_run);
    tcase_add_test(tests, test_people_try_again_where_a_unit_failed_or_undo_or_leave_it);
    tcase_add_test(tests, test_a_forged_or_lost_answer_ends_with_its_own_exit_code);
    tcase_add_test(tests, test_what_the_journal_holds_forges_no_line);
}

int
main(void)
{
    return test_main("interrupted", add_tests);
}
