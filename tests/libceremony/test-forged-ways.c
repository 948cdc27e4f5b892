/*
 * A forged answer beside faults of another kind, in an undo, and in what is asked afterwards: what
 * the officer is told and offered (functions 3.2, P-7, E-H09).
 */
#include <string.h>

#include "libceremony/advice.h"
#include "libceremony/ceremony-error.h"
#include "libceremony/plan.h"
#include "libceremony/unit-step-private.h"
#include "libep11admin/admin-command.h"
#include "libep11admin/unit-error.h"
#include "tests/libceremony/unfinished-world.h"
#include "tests/support/fault-unit-transport.h"
#include "tests/support/test-main.h"

#define CLEAR_NEW_ACTION "tke-cryptounit-new-master-key-register.clear"

static void
spoil(CeremonyWorld *world, unsigned number, TestUnitFault fault)
{
    test_fault_unit_transport_set(
        world->transport, sim_unit_get_hsm_id(unfinished_unit_of(world, number)), 1, fault, 0);
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

static void
expect_part(const char *text, const char *part)
{
    ck_assert_msg(text != NULL && strstr(text, part) != NULL, "no “%s” in: %s", part, text);
}

static void
expect_no_part(const char *text, const char *part)
{
    ck_assert_msg(text == NULL || strstr(text, part) == NULL, "“%s” in: %s", part, text);
}

/* What is told, first of all, is that somebody has forged an answer of unit 2. */
static void
expect_tampering(const GError *error)
{
    g_autofree char *advice = tke_advice_for_error(error);

    ck_assert_msg(g_error_matches(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_SIGNATURE), "%s",
                  error->message);
    expect_part(error->message, "possible tampering with what crypto unit 2 answers");
    expect_part(advice, "Possible tampering");
}

/* Refused, and the answer that says so is not the unit's own. */
static void
refuse_and_forge(CeremonyWorld *world)
{
    unfinished_refuse(world, 2, CLEAR_NEW, 1);
    spoil(world, 2, TEST_UNIT_FAULT_FLIP);
}

static void
cut_and_forge(CeremonyWorld *world)
{
    spoil(world, 1, TEST_UNIT_FAULT_CUT_BEFORE);
    spoil(world, 3, TEST_UNIT_FAULT_CUT_BEFORE);
    refuse_and_forge(world);
}

START_TEST(test_forgery_is_told_before_a_fault_of_the_connection)
{
    g_autoptr(CeremonyWorld) world = loaded_world();
    g_autoptr(GError) error = NULL;

    world->meanwhile = cut_and_forge;
    ck_assert(!unfinished_clear_new(world, &error));
    expect_tampering(error);
    expect_part(error->message, "the connection was cut");
    for (unsigned number = 1; number <= UNITS; number++) {
        ck_assert(unfinished_is_loaded(world, number));
    }
}
END_TEST

static void
expect_undone(CeremonyWorld *world)
{
    for (unsigned number = 1; number <= UNITS; number++) {
        ck_assert(!unfinished_is_loaded(world, number));
    }
}

START_TEST(test_an_undo_with_a_forged_answer_is_told_as_done)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autofree char *entry = NULL;
    g_autoptr(GError) error = NULL;

    unfinished_refuse(world, 1, IMPORT, 1);
    unfinished_order(world, 2, "bad-signature", CLEAR_NEW);
    unfinished_choose(world, UNDO);
    ck_assert(!unfinished_load_all(world, &error));
    expect_undone(world);
    expect_tampering(error);
    expect_part(error->message, "It was undone in crypto unit 2, crypto unit 3");
    expect_no_part(error->message, "Not all of it");
    entry = unfinished_last_entry(world, 2, CLEAR_NEW_ACTION);
    expect_part(entry, "\"result\":\"done, answer lost\"");
}
END_TEST

static void
refuse_import_and_forge(CeremonyWorld *world)
{
    unfinished_refuse(world, 2, IMPORT, 1);
    test_fault_unit_transport_set(world->transport,
                                  sim_unit_get_hsm_id(unfinished_unit_of(world, 2)), 2,
                                  TEST_UNIT_FAULT_FLIP, 0); /* after its importer key */
}

/* Nothing is left of the step but the forged answer. */
START_TEST(test_an_undo_does_not_cover_a_forged_answer_to_the_step)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autoptr(GError) error = NULL;

    world->meanwhile = refuse_import_and_forge;
    unfinished_choose(world, 0); /* to undo it: there is no unit to try again in */
    ck_assert(!unfinished_load_all(world, &error));
    expect_undone(world);
    expect_tampering(error);
    expect_part(error->message, "It was undone in crypto unit 1, crypto unit 3");
}
END_TEST

static void
lose_then_forge(CeremonyWorld *world)
{
    spoil(world, 2, TEST_UNIT_FAULT_CUT_AFTER);
    unfinished_order(world, 2, "bad-signature", TKE_ADMIN_QUERY_ATTRIBUTES);
}

START_TEST(test_what_is_offered_of_a_distrusted_unit_is_a_question)
{
    g_autoptr(CeremonyWorld) world = loaded_world();
    g_autoptr(GError) error = NULL;

    world->meanwhile = lose_then_forge;
    unfinished_choose(world, RETRY);
    ck_assert(!unfinished_clear_new(world, &error));
    ck_assert_str_eq(world->rows->str, "ask crypto unit 2 again whether it was done\n"
                                       "leave it as it is\n");
    expect_tampering(error); /* now it is known that it was done */
    expect_part(error->message, "done in all 3 crypto units");
}
END_TEST

static void
lose_then_forge_and_cut(CeremonyWorld *world)
{
    spoil(world, 1, TEST_UNIT_FAULT_CUT_BEFORE);
    lose_then_forge(world);
}

START_TEST(test_what_is_offered_tells_units_apart)
{
    g_autoptr(CeremonyWorld) world = loaded_world();
    g_autoptr(GError) error = NULL;

    world->meanwhile = lose_then_forge_and_cut;
    ck_assert(!unfinished_clear_new(world, &error));
    ck_assert_str_eq(world->rows->str,
                     "try again in crypto unit 1; ask crypto unit 2 again whether it was done\n"
                     "leave it as it is\n");
}
END_TEST

/* Settled by answers of different moments, as a query is refused (unit-query-step.c). */
static void
lose_then_mix(CeremonyWorld *world)
{
    spoil(world, 2, TEST_UNIT_FAULT_CUT_AFTER);
    unfinished_order(world, 2, "stale-counter", TKE_ADMIN_QUERY_ATTRIBUTES);
}

START_TEST(test_answers_of_different_moments_are_told_as_tampering)
{
    g_autoptr(CeremonyWorld) world = loaded_world();
    g_autofree char *entry = NULL;
    g_autoptr(GError) error = NULL;

    world->meanwhile = lose_then_mix;
    ck_assert(!unfinished_clear_new(world, &error));
    ck_assert_msg(g_error_matches(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY), "%s",
                  error->message);
    expect_part(error->message, "crypto unit 2 is unknown");
    expect_part(error->message, "possible tampering with what crypto unit 2 answers");
    expect_part(error->message, "do not belong together");
    expect_no_part(error->message, "cannot be asked"); /* it was */
    entry = unfinished_last_entry(world, 2, CLEAR_NEW_ACTION);
    expect_part(entry, "\"forged\":\"");
}
END_TEST

static void
forge_reading(CeremonyWorld *world)
{
    world->at_choice = NULL;
    unfinished_order(world, 2, "bad-signature", TKE_ADMIN_QUERY_ATTRIBUTES);
}

START_TEST(test_a_reading_that_is_forged_before_another_try_is_told_as_tampering)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autoptr(GError) error = NULL;

    unfinished_refuse(world, 2, IMPORT, 1);
    world->at_choice = forge_reading;
    unfinished_choose(world, RETRY);
    ck_assert(!unfinished_load_all(world, &error));
    ck_assert_msg(g_error_matches(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY), "%s",
                  error->message);
    expect_part(error->message, "possible tampering with what crypto unit 2 answers");
    ck_assert_str_eq(world->rows->str, "undo it (Clear new) in crypto unit 1, crypto unit 3\n"
                                       "leave it as it is\n");
}
END_TEST

/* Somebody else was there, and what the unit is said to hold then is not its own answer. */
START_TEST(test_a_reading_that_is_forged_before_it_is_signed_again_is_told_as_tampering)
{
    g_autoptr(CeremonyWorld) world = loaded_world();
    g_autoptr(JsonObject) order = json_object_new();
    g_autoptr(GError) error = NULL;

    json_object_set_string_member(order, "fault", "code");
    json_object_set_string_member(order, "unit", sim_unit_get_hsm_id(unfinished_unit_of(world, 2)));
    json_object_set_int_member(order, "command", CLEAR_NEW);
    json_object_set_int_member(order, "return_code", 163);
    card_world_check(sim_service_fault(world->service, order, &error), error);
    json_object_set_string_member(order, "fault", "bad-signature");
    /* settling does not ask it */
    json_object_set_int_member(order, "command", TKE_ADMIN_QUERY_ADMINS);
    json_object_set_int_member(order, "skip", 3); /* those of the plan: the list and two names */
    card_world_check(sim_service_fault(world->service, order, &error), error);
    ck_assert(!unfinished_clear_new(world, &error));
    ck_assert_msg(g_error_matches(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY), "%s",
                  error->message);
    expect_part(error->message, "possible tampering with what crypto unit 2 answers");
    ck_assert(unfinished_is_loaded(world, 2) && !unfinished_is_loaded(world, 1));
}
END_TEST

/* A key that may be another command's: told as that, not as a unit that cannot be asked. */
START_TEST(test_a_unit_that_could_be_asked_is_not_told_as_one_that_could_not)
{
    static const TkeUnitStep step = { .action = "load", .what = "Load" };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GPtrArray) results = tke_unit_results_new();
    TkeUnitResult *result = g_new0(TkeUnitResult, 1);
    g_autoptr(GError) error = NULL;

    result->unit = tke_unit_ref(g_ptr_array_index(tke_unit_directory_get_units(world->units), 0));
    result->outcome = TKE_UNIT_OUTCOME_UNKNOWN;
    tke_unit_error_set(&result->error, TKE_UNIT_ERROR_PRECONDITION, NULL,
                       "whose key it is cannot be told");
    g_ptr_array_add(results, result);
    ck_assert(!tke_unit_verdict(&step, results, NULL, &error));
    expect_part(error->message,
                "the outcome in crypto unit 1 is unknown: whose key it is cannot be told");
    expect_no_part(error->message, "cannot be asked");
    expect_no_part(error->message, "could not be asked");
    expect_no_part(error->message, "answer was lost");
}
END_TEST

static GPtrArray *
query_all(CeremonyWorld *world, GError **error)
{
    g_autoptr(GPtrArray) units = tke_unit_directory_get_selected(world->units, NULL);

    return tke_plan_query(world->op, world->units, units, TKE_UNIT_QUERY_DEFAULT, error);
}

static void
distrust(CeremonyWorld *world, unsigned number)
{
    const GPtrArray *units = tke_unit_directory_get_units(world->units);

    tke_unit_directory_distrust(world->units, g_ptr_array_index(units, number - 1));
}

START_TEST(test_the_word_is_that_of_the_instance_of_the_distrusted_unit)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new_apart(3);
    g_autoptr(GPtrArray) states = NULL;
    g_autoptr(GPtrArray) again = NULL;
    g_autoptr(GError) error = NULL;

    distrust(world, 3);
    states = query_all(world, &error);
    card_world_check(states != NULL, error);
    ck_assert_str_eq(world->plans->str, "unit-distrusted\n");
    expect_part(world->details->str, "crypto unit 3\n");
    expect_part(world->details->str, "\n99990000\n");
    again = query_all(world, &error);
    card_world_check(again != NULL, error);
    ck_assert_str_eq(world->plans->str, "unit-distrusted\n"); /* agreed to, once */
}
END_TEST

/* As if a higher counter of each unit had been seen: what it answers now is older. */
static void
remember_more(CeremonyWorld *world)
{
    g_autofree char *path = g_build_filename(world->dir, "opentke-units.json", NULL);
    g_autofree char *text = NULL;
    GString *more = NULL;

    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    more = g_string_new(text);
    ck_assert_uint_gt(g_string_replace(more, "\"counter\" : \"00", "\"counter\" : \"01", 0), 0);
    ck_assert(g_file_set_contents(path, more->str, -1, NULL));
    g_string_free(more, TRUE);
}

/* Not only the first time, after which nobody would look at it any more. */
START_TEST(test_old_answers_are_warned_of_as_long_as_they_are_old)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();

    remember_more(world);
    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(GPtrArray) states = NULL;
        g_autoptr(GError) error = NULL;

        unfinished_start_anew(world);
        states = query_all(world, &error);
        card_world_check(states != NULL, error);
        expect_part(world->notes->str,
                    "crypto unit 2: its answers are older than what was seen last");
    }
}
END_TEST

static void
refuse_the_next(CeremonyWorld *world)
{
    world->refuse = false;
    world->meanwhile = NULL;
}

static void
agree_then_refuse(CeremonyWorld *world)
{
    expect_part(world->details->str, "\n11112222\n");
    expect_part(world->details->str, "crypto unit 2\n");
    expect_no_part(world->details->str, "crypto unit 3\n");
    world->meanwhile = refuse_the_next;
}

START_TEST(test_each_instance_has_its_own_word)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new_apart(3);
    g_autoptr(GPtrArray) states = NULL;
    g_autoptr(GError) error = NULL;

    distrust(world, 2);
    distrust(world, 3);
    world->meanwhile = agree_then_refuse;
    states = query_all(world, &error);
    card_world_check(states != NULL, error);
    ck_assert_str_eq(world->plans->str, "unit-distrusted\nunit-distrusted\n");
    expect_part(world->details->str, "crypto unit 3\n");
    expect_no_part(world->details->str, "crypto unit 2\n");
    expect_part(world->details->str, "\n99990000\n");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_forgery_is_told_before_a_fault_of_the_connection);
    tcase_add_test(tests, test_an_undo_with_a_forged_answer_is_told_as_done);
    tcase_add_test(tests, test_an_undo_does_not_cover_a_forged_answer_to_the_step);
    tcase_add_test(tests, test_what_is_offered_of_a_distrusted_unit_is_a_question);
    tcase_add_test(tests, test_what_is_offered_tells_units_apart);
    tcase_add_test(tests, test_answers_of_different_moments_are_told_as_tampering);
    tcase_add_test(tests, test_a_reading_that_is_forged_before_another_try_is_told_as_tampering);
    tcase_add_test(tests,
                   test_a_reading_that_is_forged_before_it_is_signed_again_is_told_as_tampering);
    tcase_add_test(tests, test_a_unit_that_could_be_asked_is_not_told_as_one_that_could_not);
    tcase_add_test(tests, test_the_word_is_that_of_the_instance_of_the_distrusted_unit);
    tcase_add_test(tests, test_each_instance_has_its_own_word);
    tcase_add_test(tests, test_old_answers_are_warned_of_as_long_as_they_are_old);
}

int
main(void)
{
    return test_main("forged-ways", add_tests);
}
