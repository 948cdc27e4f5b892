/*
 * What listings tell, as text and JSON; lists of crypto units that cannot be right: the others are
 * shown and used all the same (functions 4.2, 4.4, 7; E-H09, F-157).
 */
#include <string.h>

#include "tests/cli/place.h"
#include "tests/support/test-main.h"

/* The message about unit number so. */
static const char *
trouble(const Run *run, gint64 number)
{
    JsonArray *rows = place_get_table(run, "troubles");

    for (unsigned i = 0; rows != NULL && i < json_array_get_length(rows); i++) {
        JsonObject *row = json_array_get_object_element(rows, i);

        if (json_object_get_int_member(row, "number") == number) {
            return json_object_get_string_member(row, "trouble");
        }
    }
    return "";
}

/* The first one stands in the text, and the other only after it. */
static void
assert_before(const char *text, const char *first, const char *then)
{
    assert_contains(text, first);
    assert_contains(text, then);
    ck_assert_msg(strstr(text, first) < strstr(text, then), "\"%s\" is not before \"%s\" in: %s",
                  first, then, text);
}

START_TEST(test_listings_have_their_parts_in_order)
{
    static const char *const thresholds[] = { "cryptounit-thrhlds", "cryptounit-compare" };
    g_autoptr(Place) place = place_enter_new();

    {
        /* Nobody answers, but what to choose from was shown, below the head of the listing. */
        g_auto(Run) asked = place_expect(place, 2, "cryptounit-add");
        g_auto(Run) added = place_expect(place, 0, "cryptounit-add --all");

        assert_before(asked.out, "API endpoint: ", "LOCATION");
        assert_before(asked.out, "LOCATION", "to add:");
        assert_before(added.out, "API endpoint: ", "LOCATION");
        ck_assert_ptr_null(strstr(strstr(added.out, "LOCATION") + 1, "LOCATION"));
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(thresholds); i++) {
        g_auto(Run) run = place_expect(place, 0, thresholds[i]);

        assert_before(run.out, "REVOCATION THRESHOLD", "A threshold of 0 means imprint mode.");
        assert_before(run.out, "A threshold of 0 means imprint mode.", "Note: all operational");
    }
}
END_TEST

START_TEST(test_a_unit_without_administrators_says_so)
{
    g_autoptr(Place) place = place_enter_new();
    g_auto(Run) selected G_GNUC_UNUSED = place_expect(place, 0, "cryptounit-add --all");
    g_auto(Run) text = place_expect(place, 0, "cryptounit-admins");
    g_auto(Run) json = place_expect(place, 0, "--json cryptounit-admins");
    JsonObject *row = json_array_get_object_element(place_get_table(&json, "administrators"), 2);

    assert_contains(text.out, "\n3                none\n");
    ck_assert_int_eq(json_object_get_int_member(row, "number"), 3);
    ck_assert(json_object_get_null_member(row, "name"));
    ck_assert(json_object_get_null_member(row, "ski"));
}
END_TEST

START_TEST(test_the_state_after_a_change_ends_with_the_note)
{
    static const SimOfficersTask clear = {
        "", "--yes cryptounit-mk-clrnew", { { "ep11-1" } }, { NULL }
    };
    g_autoptr(Place) place = place_enter_finished();
    g_autoptr(SimOfficersProgram) program = place_begin_task(place, &clear);
    g_autofree char *text = NULL;

    ck_assert(sim_officers_people_follow(place->people, program, &clear, NULL));
    ck_assert_int_eq(sim_officers_program_wait(program, 60000, NULL), 0);
    text = sim_officers_program_take_output(program);
    assert_before(text, "CURRENT MASTER KEY REGISTER", "Note: all operational");
}
END_TEST

START_TEST(test_one_unit_in_an_impossible_place_does_not_block_the_instance)
{
    g_autoptr(Place) place = place_enter_new();

    place_sim(place, "fault service listed-nowhere list=true count=0");
    {
        g_auto(Run) list = place_expect(place, 0, "--json cryptounits");
        g_auto(Run) text = place_expect(place, 0, "cryptounits");
        g_auto(Run) named = place_expect(place, 6, "--json cryptounit-add 1 2 3");
        g_auto(Run) all = place_expect(place, 0, "--json cryptounit-add --all");
        g_auto(Run) used = place_expect(place, 0, "--json cryptounit-mk");
        g_auto(Run) refused = place_expect(place, 6, "--json --select 1,2,3 cryptounit-mk");

        ck_assert_uint_eq(json_array_get_length(place_get_table(&list, "units")), 3);
        ck_assert_uint_eq(json_array_get_length(place_get_table(&list, "troubles")), 1);
        assert_contains(trouble(&list, 1), "between 0 and 255");
        assert_contains(text.out, "TROUBLE");
        assert_contains(json_object_get_string_member(named.json, "error"), "crypto unit 1");
        ck_assert_uint_eq(json_array_get_length(place_get_table(&all, "units")), 3);
        ck_assert_uint_eq(json_array_get_length(place_get_table(&used, "new_register")), 2);
        assert_contains(json_object_get_string_member(refused.json, "error"), "between 0 and 255");
    }
}
END_TEST

START_TEST(test_a_unit_that_is_listed_twice_is_refused)
{
    g_autoptr(Place) place = place_enter_new();

    place_sim(place, "fault service listed-twice list=true count=0");
    {
        g_auto(Run) list = place_expect(place, 0, "--json cryptounits");
        g_auto(Run) all = place_expect(place, 0, "--json cryptounit-add --all");
        g_auto(Run) used = place_expect(place, 0, "--json cryptounit-mk");
        g_auto(Run) twice = place_expect(place, 6, "--json --select 1 cryptounit-mk");

        ck_assert_uint_eq(json_array_get_length(place_get_table(&list, "units")), 4);
        assert_contains(trouble(&list, 1), "also as crypto unit 2");
        assert_contains(trouble(&list, 2), "also as crypto unit 1");
        ck_assert_ptr_nonnull(all.json);
        ck_assert_uint_eq(json_array_get_length(place_get_table(&used, "new_register")), 2);
        assert_contains(json_object_get_string_member(twice.json, "advice"), "tampering");
    }
}
END_TEST

START_TEST(test_json_of_queries_holds_the_documented_members)
{
    static const struct {
        const char *line;
        const char *table;
        const char *members[6];
    } queries[] = {
        { "cryptounits", "units", { "number", "selected", "type", "location", "serial_number" } },
        { "cryptounit-compare",
          "thresholds",
          { "number", "signature_threshold", "revocation_threshold", "imprint_mode",
            "module_verified" } },
        { "cryptounit-compare",
          "control_points",
          { "number", "XCP_CPB_BTC", "XCP_CPB_ALG_EC_25519", "XCP_CPB_ECDSA_OTHER", "all" } },
        { "cryptounit-admins", "administrators", { "number", "name", "ski" } },
        { "cryptounit-thrhlds", "thresholds", { "number", "signature_threshold" } },
        { "cryptounit-mk", "new_register", { "number", "status", "pattern" } },
        { "cryptounit-mks", "current_register", { "number", "status", "pattern" } },
    };
    g_autoptr(Place) place = place_enter_finished();
    g_autofree char *head = place_dup_log_head(place);

    for (unsigned i = 0; i < G_N_ELEMENTS(queries); i++) {
        g_autofree char *line = g_strconcat("--json ", queries[i].line, NULL);
        g_auto(Run) run = place_expect(place, 0, line);
        JsonArray *rows = place_get_table(&run, queries[i].table);

        ck_assert_uint_ge(json_array_get_length(rows), 3);
        ck_assert(json_object_get_boolean_member(run.json, "rehearsal"));
        ck_assert_str_eq(json_object_get_string_member(run.json, "region"), "us-south");
        ck_assert_str_eq(json_object_get_string_member(run.json, "log_head"), head);
        for (unsigned k = 0; queries[i].members[k] != NULL; k++) {
            ck_assert_msg(json_object_has_member(json_array_get_object_element(rows, 0),
                                                 queries[i].members[k]),
                          "%s: %s", queries[i].line, queries[i].members[k]);
        }
    }
}
END_TEST

START_TEST(test_json_of_cards_readers_and_log_holds_the_documented_members)
{
    g_autoptr(Place) place = place_enter_finished();
    g_auto(Run) readers = place_expect(place, 0, "--json readers");
    g_auto(Run) cards = place_expect(place, 0, "--json card info");
    g_auto(Run) log = place_expect(place, 0, "--json log --last 2");
    g_auto(Run) verified = place_expect(place, 0, "--json log verify");
    JsonObject *entry;

    ck_assert_uint_eq(json_array_get_length(json_object_get_array_member(readers.json, "readers")),
                      2);
    ck_assert_uint_eq(json_array_get_length(json_object_get_array_member(cards.json, "cards")), 2);
    ck_assert_uint_eq(json_array_get_length(json_object_get_array_member(log.json, "lines")), 2);
    entry = json_array_get_object_element(json_object_get_array_member(log.json, "lines"), 1);
    ck_assert_int_eq(json_object_get_int_member(entry, "seq"),
                     json_object_get_int_member(log.json, "entries"));
    ck_assert(json_object_get_boolean_member(entry, "rehearsal"));
    ck_assert_str_eq(json_object_get_string_member(verified.json, "head"),
                     json_object_get_string_member(log.json, "head"));
}
END_TEST

/* At its head, and there only. */
static void
assert_marked_once(const Run *run)
{
    ck_assert_msg(g_str_has_prefix(run->out, "REHEARSAL: ") &&
                      strstr(run->out + 1, "REHEARSAL") == NULL,
                  "%s", run->out);
}

START_TEST(test_every_listing_says_rehearsal_once_and_ends_with_note_and_head)
{
    static const char *const lines[] = {
        "cryptounits",       "cryptounit-add --all", "cryptounit-rm 3",    "cryptounit-compare",
        "cryptounit-admins", "cryptounit-mk",        "cryptounit-thrhlds",
    };
    g_autoptr(Place) place = place_enter_finished();
    g_autofree char *head = place_dup_log_head(place);
    g_autofree char *told = g_strconcat("\nActivity log: ", head, "\n", NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_auto(Run) run = place_expect(place, 0, lines[i]);

        assert_marked_once(&run);
        assert_contains(run.out, "API endpoint: https://127.0.0.1:");
        assert_contains(run.out, "Resource group: ");
        assert_contains(run.out, "must be configured the same");
        assert_contains(run.out, told);
        ck_assert_str_eq(run.err, "");
    }
    for (unsigned i = 0; i < 3; i++) {
        static const char *const others[] = { "readers", "card info", "log" };
        g_auto(Run) run = place_expect(place, 0, others[i]);

        assert_marked_once(&run);
        assert_contains(run.out, head);
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    place_begin();
    place_rehearse();
    tcase_add_test(tests, test_json_of_queries_holds_the_documented_members);
    tcase_add_test(tests, test_json_of_cards_readers_and_log_holds_the_documented_members);
    tcase_add_test(tests, test_every_listing_says_rehearsal_once_and_ends_with_note_and_head);
    tcase_add_test(tests, test_listings_have_their_parts_in_order);
    tcase_add_test(tests, test_a_unit_without_administrators_says_so);
    tcase_add_test(tests, test_the_state_after_a_change_ends_with_the_note);
    tcase_add_test(tests, test_one_unit_in_an_impossible_place_does_not_block_the_instance);
    tcase_add_test(tests, test_a_unit_that_is_listed_twice_is_refused);
}

int
main(void)
{
    return test_main("listing", add_tests);
}
