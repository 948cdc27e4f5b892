/*
 * "Try again" where a step was not done, or may not have been: what is found is noted before
 * anything is done anew, and what is told is what is so (functions 3.2, P-7; F-053, F-170).
 */
#include <string.h>

#include <glib/gstdio.h>

#include "libceremony/ceremony-error.h"
#include "tests/libceremony/unfinished-world.h"
#include "tests/support/fault-unit-transport.h"
#include "tests/support/test-main.h"

#define LEAVE 1u /* of the ways after a commit */
#define QUERY_ATTRIBUTES 0x0001000au

static const char *
lane_of_second(CeremonyWorld *world)
{
    return sim_unit_get_hsm_id(unfinished_unit_of(world, 2));
}

/* The entries of commits in unit 2, a line each: "result signers", with the number of these. */
static char *
noted_of_second(CeremonyWorld *world)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    GString *noted = g_string_new(NULL);

    ck_assert(g_file_get_contents(tke_activity_log_get_path(world->log), &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        g_autoptr(JsonNode) node = json_from_string(*line, NULL);
        JsonObject *entry = node != NULL ? json_node_get_object(node) : NULL;

        if (strstr(*line, "master-key-register.commit") != NULL &&
            strstr(*line, lane_of_second(world)) != NULL) {
            JsonObject *values = json_object_has_member(entry, "values")
                                     ? json_object_get_object_member(entry, "values")
                                     : entry;

            g_string_append_printf(
                noted, "%s %u\n", json_object_get_string_member(values, "result"),
                json_array_get_length(json_object_get_array_member(values, "signers")));
        }
    }
    return g_string_free(noted, FALSE);
}

static CeremonyWorld *
loaded_world(void)
{
    CeremonyWorld *world = unfinished_secured_world();
    g_autoptr(GError) error = NULL;

    card_world_check(unfinished_load_all(world, &error), error);
    unfinished_go_on(world);
    return world;
}

/* The next command of unit 2 does not arrive, and it cannot be asked then. */
static void
lose_request(CeremonyWorld *world)
{
    test_fault_unit_transport_set(world->transport, lane_of_second(world), 1,
                                  TEST_UNIT_FAULT_SILENCE, 0);
    test_fault_unit_transport_set(world->transport, lane_of_second(world), 2,
                                  TEST_UNIT_FAULT_CUT_BEFORE, 0);
}

/* The answer to the next command of unit 2 is lost. */
static void
lose_answer(CeremonyWorld *world)
{
    test_fault_unit_transport_set(world->transport, lane_of_second(world), 1,
                                  TEST_UNIT_FAULT_CUT_AFTER, 0);
}

/* It is refused, and the unit cannot be asked about that. */
static void
refuse_and_cut(CeremonyWorld *world)
{
    unfinished_refuse(world, 2, COMMIT, 1);
    test_fault_unit_transport_set(world->transport, lane_of_second(world), 2,
                                  TEST_UNIT_FAULT_CUT_BEFORE, 0);
}

START_TEST(test_what_is_found_is_noted_with_who_signed_before_it_is_tried_again)
{
    g_autoptr(CeremonyWorld) world = loaded_world();
    g_autofree char *noted = NULL;
    g_autoptr(GError) error = NULL;

    world->meanwhile = lose_request;
    unfinished_choose(world, RETRY);
    card_world_check(unfinished_commit(world, &error), error);
    noted = noted_of_second(world);
    ck_assert_str_eq(noted, "unknown 1\nnot done, answer lost 1\ndone 1\n");
    ck_assert_uint_eq(unfinished_count(world), 0);
}
END_TEST

/* It was settled; the next try cannot even begin. */
static void
cut_reading(CeremonyWorld *world)
{
    world->at_choice = NULL;
    test_fault_unit_transport_clear(world->transport);
    test_fault_unit_transport_set(world->transport, lane_of_second(world), 5,
                                  TEST_UNIT_FAULT_CUT_BEFORE, 0);
}

START_TEST(test_what_is_found_is_noted_though_the_next_try_does_not_begin)
{
    g_autoptr(CeremonyWorld) world = loaded_world();
    g_autofree char *noted = NULL;
    g_autoptr(GError) error = NULL;

    world->meanwhile = lose_request;
    world->at_choice = cut_reading;
    unfinished_choose(world, RETRY);
    unfinished_choose(world, LEAVE);
    ck_assert(!unfinished_commit(world, &error));
    noted = noted_of_second(world);
    ck_assert_str_eq(noted, "unknown 1\nnot done, answer lost 1\n");
}
END_TEST

START_TEST(test_a_refusal_that_is_not_confirmed_is_told_with_its_reason)
{
    g_autoptr(CeremonyWorld) world = loaded_world();
    g_autofree char *noted = NULL;
    g_autoptr(GError) error = NULL;

    world->meanwhile = refuse_and_cut;
    ck_assert(!unfinished_commit(world, &error));
    ck_assert_msg(g_error_matches(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY), "%s",
                  error->message);
    ck_assert_msg(strstr(error->message, "return code 32") != NULL, "%s", error->message);
    ck_assert_msg(strstr(error->message, "crypto unit 2 is unknown") != NULL, "%s", error->message);
    ck_assert_msg(strstr(error->message, "the answer was lost") == NULL, "%s", error->message);
    noted = noted_of_second(world);
    ck_assert_str_eq(noted, "unknown 1\n");
}
END_TEST

static void
lose_third_too(CeremonyWorld *world)
{
    const char *third = sim_unit_get_hsm_id(unfinished_unit_of(world, 3));

    refuse_and_cut(world);
    test_fault_unit_transport_set(world->transport, third, 1, TEST_UNIT_FAULT_SILENCE, 0);
    test_fault_unit_transport_set(world->transport, third, 2, TEST_UNIT_FAULT_CUT_BEFORE, 0);
}

START_TEST(test_what_was_lost_and_what_was_refused_are_told_apart)
{
    g_autoptr(CeremonyWorld) world = loaded_world();
    g_autoptr(GError) error = NULL;

    world->meanwhile = lose_third_too;
    ck_assert(!unfinished_commit(world, &error));
    ck_assert_msg(strstr(error->message, "the outcome in crypto unit 3 is unknown, as the answer "
                                         "was lost") != NULL,
                  "%s", error->message);
    ck_assert_msg(strstr(error->message, "the outcome in crypto unit 2 is unknown: ") != NULL, "%s",
                  error->message);
    ck_assert_msg(strstr(error->message, "return code 32") != NULL, "%s", error->message);
}
END_TEST

static void
put_folder_for(CeremonyWorld *world, const char *name)
{
    g_autofree char *path = g_build_filename(world->dir, name, NULL);

    world->at_choice = NULL;
    (void) g_unlink(path);
    ck_assert_int_eq(g_mkdir(path, 0700), 0);
}

/* Another officer, who has a view of the units of his own. */
static void
clear_elsewhere(CeremonyWorld *world)
{
    TkeUnitDirectory *own = world->units;
    g_autoptr(TkeUnitDirectory) directory = NULL;
    g_autoptr(GError) error = NULL;

    directory = tke_unit_directory_new(world->world, &error);
    card_world_check(directory != NULL, error);
    card_world_check(tke_unit_directory_refresh(directory, NULL, NULL, &error), error);
    world->units = directory;
    card_world_check(unfinished_clear_new(world, &error), error);
    world->units = own;
}

/* There is something new to be kept of the units, and the disk is full. */
static void
spoil_memory(CeremonyWorld *world)
{
    world->at_choice = NULL;
    clear_elsewhere(world);
    put_folder_for(world, "opentke-units.json");
}

static void
spoil_journal(CeremonyWorld *world)
{
    put_folder_for(world, "opentke-journal.json");
}

START_TEST(test_a_disk_that_is_full_when_units_are_read_again_is_told)
{
    g_autoptr(CeremonyWorld) world = loaded_world();
    g_autoptr(GError) error = NULL;

    unfinished_refuse(world, 2, COMMIT, 1);
    world->at_choice = spoil_memory;
    unfinished_choose(world, RETRY);
    unfinished_choose(world, LEAVE);
    ck_assert(!unfinished_commit(world, &error));
    ck_assert_msg(strstr(error->message, "opentke-units.json") != NULL, "%s", error->message);
    ck_assert(!sim_unit_is_committed(unfinished_unit_of(world, 2)));
}
END_TEST

START_TEST(test_nothing_more_was_sent_is_told_where_something_was)
{
    g_autoptr(CeremonyWorld) world = loaded_world();
    g_autoptr(GError) error = NULL;

    unfinished_refuse(world, 2, COMMIT, 1);
    world->at_choice = spoil_journal;
    unfinished_choose(world, RETRY);
    ck_assert(!unfinished_commit(world, &error));
    ck_assert_msg(strstr(error->message, "nothing more was sent") != NULL, "%s", error->message);
    ck_assert_ptr_null(strstr(error->message, "nothing was sent"));
    ck_assert(!sim_unit_is_committed(unfinished_unit_of(world, 2)));
}
END_TEST

static void
take_card(void *data, const char *lane, bool changes_state)
{
    CeremonyWorld *world = data;

    (void) lane;
    (void) changes_state;
    g_queue_clear_full(world->hands[0], g_free);
    sim_reader_remove(virtual_readers_get(world->cards->readers, 1));
}

/* Somebody else was faster in unit 2; the signer leaves while it is read again. */
static void
be_late_in_second(CeremonyWorld *world)
{
    g_autoptr(JsonObject) order = json_object_new();
    g_autoptr(GError) error = NULL;

    json_object_set_string_member(order, "fault", "code");
    json_object_set_string_member(order, "unit", lane_of_second(world));
    json_object_set_int_member(order, "command", COMMIT);
    json_object_set_int_member(order, "return_code", 163);
    json_object_set_int_member(order, "reason_code", 19);
    card_world_check(sim_service_fault(world->service, order, &error), error);
    test_fault_unit_transport_set_hook(world->transport, take_card, world);
    test_fault_unit_transport_set(world->transport, lane_of_second(world), 3, TEST_UNIT_FAULT_HOOK,
                                  0);
}

START_TEST(test_an_outcome_is_noted_with_those_who_signed_that_command)
{
    g_autoptr(CeremonyWorld) world = loaded_world();
    g_autofree char *noted = NULL;
    g_autoptr(GError) error = NULL;

    world->meanwhile = be_late_in_second;
    ck_assert(!unfinished_commit(world, &error));
    ck_assert_uint_eq(test_fault_unit_transport_get_struck(world->transport), 1);
    noted = noted_of_second(world);
    ck_assert_str_eq(noted, "refused 1\n");
    ck_assert(!sim_unit_is_committed(unfinished_unit_of(world, 2)));
}
END_TEST

/* The answer to the import of unit 2 is lost after delivery. */
static void
lose_answer_of_import(CeremonyWorld *world)
{
    g_autoptr(JsonObject) order = json_object_new();
    g_autoptr(GError) error = NULL;

    json_object_set_string_member(order, "fault", "drop-after");
    json_object_set_string_member(order, "unit", lane_of_second(world));
    json_object_set_int_member(order, "command", IMPORT);
    card_world_check(sim_service_fault(world->service, order, &error), error);
}

START_TEST(test_parts_whose_patterns_were_lost_are_said_to_be_uncompared)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autoptr(GError) error = NULL;

    lose_answer_of_import(world);
    card_world_check(unfinished_load_all(world, &error), error);
    unfinished_check_one_key(world);
    ck_assert_msg(strstr(world->notes->str, "crypto unit 2: the answer with the verification "
                                            "patterns of the key parts was lost") != NULL,
                  "%s", world->notes->str);
    ck_assert_ptr_null(strstr(world->notes->str, "crypto unit 1: the answer"));
}
END_TEST

/* That it was done is told by an unsigned answer only: the unit is to sign for it. */
START_TEST(test_a_commit_that_was_found_done_is_committed_again)
{
    g_autoptr(CeremonyWorld) world = loaded_world();
    uint8_t before[3][16];
    uint8_t after[3][16];
    g_autoptr(GError) error = NULL;

    world->meanwhile = lose_answer;
    card_world_check(unfinished_commit(world, &error), error);
    ck_assert_uint_eq(test_fault_unit_transport_get_struck(world->transport), 1);
    ck_assert_uint_eq(unfinished_count(world), 1);
    unfinished_start_anew(world);
    for (unsigned i = 0; i < UNITS; i++) {
        sim_unit_get_counter(unfinished_unit_of(world, i + 1), before[i]);
    }
    card_world_check(unfinished_commit(world, &error), error);
    for (unsigned i = 0; i < UNITS; i++) {
        sim_unit_get_counter(unfinished_unit_of(world, i + 1), after[i]);
        ck_assert_int_eq(after[i][15] - before[i][15], i == 1 ? 1 : 0);
    }
    ck_assert_uint_eq(unfinished_count(world), 0);
}
END_TEST

/* Unit 2 has done the import, and another officer goes on with what it holds. */
static void
commit_elsewhere(CeremonyWorld *world)
{
    TkeUnitDirectory *own = world->units;
    g_autoptr(TkeUnitDirectory) directory = NULL;
    g_autoptr(GError) error = NULL;

    world->at_choice = NULL;
    directory = tke_unit_directory_new(world->world, &error);
    card_world_check(directory != NULL, error);
    card_world_check(tke_unit_directory_refresh(directory, NULL, NULL, &error), error);
    card_world_check(tke_unit_directory_select_once(directory, "2", &error), error);
    world->units = directory;
    card_world_check(unfinished_commit(world, &error), error);
    world->units = own;
}

START_TEST(test_a_key_that_may_be_anybodys_is_told)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autoptr(JsonObject) order = json_object_new();
    g_autoptr(GError) error = NULL;

    lose_answer_of_import(world);
    json_object_set_string_member(order, "fault", "http");
    json_object_set_string_member(order, "unit", lane_of_second(world));
    json_object_set_int_member(order, "command", QUERY_ATTRIBUTES);
    json_object_set_int_member(order, "skip", 1); /* that of the plan */
    card_world_check(sim_service_fault(world->service, order, &error), error);
    world->at_choice = commit_elsewhere;
    unfinished_choose(world, RETRY);
    ck_assert(!unfinished_load_all(world, &error));
    ck_assert(world->at_choice == NULL);
    ck_assert_msg(strstr(error->message, "it was given other commands since") != NULL, "%s",
                  error->message);
    ck_assert_ptr_null(strstr(error->message, "cannot be asked"));
}
END_TEST

/* What the hook has seen of unit 2. */
static unsigned changes;
static unsigned queries;

/* Settling takes two queries; with the next one the key is compared. */
static void
clear_before_it_is_compared(void *data, const char *lane, bool changes_state)
{
    CeremonyWorld *world = data;

    (void) lane;
    changes += changes_state ? 1 : 0;
    queries = changes_state ? 0 : queries + 1;
    if (changes == 2 && queries == 3) { /* the importer key, the import */
        changes = 0;
        clear_elsewhere(world);
    }
}

START_TEST(test_a_register_that_was_cleared_after_a_load_is_told)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autoptr(GError) error = NULL;

    lose_answer_of_import(world);
    changes = queries = 0;
    test_fault_unit_transport_set_hook(world->transport, clear_before_it_is_compared, world);
    for (unsigned n = 1; n <= 100; n++) {
        test_fault_unit_transport_set(world->transport, lane_of_second(world), n,
                                      TEST_UNIT_FAULT_HOOK, 0);
    }
    ck_assert(!unfinished_load_all(world, &error));
    ck_assert(!unfinished_is_loaded(world, 2));
    ck_assert_msg(strstr(error->message, "crypto unit 2: the new master key register is empty") !=
                      NULL,
                  "%s", error->message);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_what_is_found_is_noted_with_who_signed_before_it_is_tried_again);
    tcase_add_test(tests, test_what_is_found_is_noted_though_the_next_try_does_not_begin);
    tcase_add_test(tests, test_a_refusal_that_is_not_confirmed_is_told_with_its_reason);
    tcase_add_test(tests, test_what_was_lost_and_what_was_refused_are_told_apart);
    tcase_add_test(tests, test_a_disk_that_is_full_when_units_are_read_again_is_told);
    tcase_add_test(tests, test_nothing_more_was_sent_is_told_where_something_was);
    tcase_add_test(tests, test_parts_whose_patterns_were_lost_are_said_to_be_uncompared);
    tcase_add_test(tests, test_a_commit_that_was_found_done_is_committed_again);
    tcase_add_test(tests, test_a_key_that_may_be_anybodys_is_told);
    tcase_add_test(tests, test_a_register_that_was_cleared_after_a_load_is_told);
    tcase_add_test(tests, test_an_outcome_is_noted_with_those_who_signed_that_command);
}

int
main(void)
{
    return test_main("try-again", add_tests);
}
