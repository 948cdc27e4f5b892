/*
 * What is unfinished is settled by signed answers only, and continued where it is still to be done
 * (functions 3.2, P-7; F-177).
 */
#include <string.h>
#include <unistd.h>

#include "libceremony/ceremony-error.h"
#include "libceremony/op-mk-finish.h"
#include "libceremony/op-thresholds.h"
#include "libceremony/op-zeroize.h"
#include "tests/libceremony/unfinished-world.h"
#include "tests/support/fault-unit-transport.h"
#include "tests/support/test-main.h"

#define SET_ATTRIBUTES 0x08u
#define ZEROIZE 0x10u
#define FOR_EVER 0

static void
order(CeremonyWorld *world, const char *fault, unsigned number, unsigned command, unsigned n)
{
    g_autoptr(JsonObject) object = json_object_new();
    g_autoptr(GError) error = NULL;

    json_object_set_string_member(object, "fault", fault);
    json_object_set_string_member(object, "unit",
                                  sim_unit_get_hsm_id(unfinished_unit_of(world, number)));
    if (command != 0) {
        json_object_set_int_member(object, "command", command);
    }
    json_object_set_int_member(object, "count", n);
    card_world_check(sim_service_fault(world->service, object, &error), error);
}

static void
lie(CeremonyWorld *world, const char *fault)
{
    for (unsigned number = 1; number <= UNITS; number++) {
        order(world, fault, number, 0, FOR_EVER);
    }
}

typedef struct Counters {
    uint8_t of_unit[UNITS][16];
} Counters;

static Counters
counters_of(CeremonyWorld *world)
{
    Counters counters;

    for (unsigned i = 0; i < UNITS; i++) {
        sim_unit_get_counter(unfinished_unit_of(world, i + 1), counters.of_unit[i]);
    }
    return counters;
}

/* Only unit 2 has been given a command since. */
static void
check_only_second(CeremonyWorld *world, const Counters *before)
{
    Counters now = counters_of(world);

    for (unsigned i = 0; i < UNITS; i++) {
        ck_assert_msg((memcmp(now.of_unit[i], before->of_unit[i], 16) == 0) == (i != 1),
                      "crypto unit %u", i + 1);
    }
}

static void
check_partly(bool ok, GError **error)
{
    ck_assert(!ok);
    ck_assert_msg(g_error_matches(*error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY), "%s",
                  (*error)->message);
    g_clear_error(error);
}

START_TEST(test_a_service_that_lies_about_registers_makes_no_step_vanish)
{
    g_autoptr(CeremonyWorld) world = unfinished_half_loaded_world();
    g_autoptr(GPtrArray) units = NULL;
    g_autoptr(GPtrArray) states = NULL;
    g_autoptr(GError) error = NULL;
    TkeUnitState *state = NULL;

    lie(world, "false-empty");
    unfinished_start_anew(world);
    units = tke_unit_directory_get_selected(world->units, &error);
    states = tke_unit_directory_query(world->units, units, TKE_UNIT_QUERY_DEFAULT, NULL, &error);
    card_world_check(states != NULL, error);
    state = g_ptr_array_index(states, 0);
    ck_assert_ptr_nonnull(state->error); /* it is told */
    ck_assert_uint_eq(tke_journal_get_unfinished(tke_unit_directory_get_journal(world->units))->len,
                      1);
    sim_service_clear_faults(world->service);
    unfinished_start_anew(world);
    ck_assert_uint_eq(unfinished_count(world), 1);
}
END_TEST

/* Requests to unit 2 when the state of all units is read. */
static unsigned
count_requests(CeremonyWorld *world)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) units = tke_unit_directory_get_selected(world->units, &error);
    g_autoptr(GPtrArray) states = NULL;

    test_fault_unit_transport_clear(world->transport);
    states = tke_unit_directory_query(world->units, units, TKE_UNIT_QUERY_DEFAULT, NULL, &error);
    card_world_check(states != NULL, error);
    return test_fault_unit_transport_get_requests(
        world->transport, sim_unit_get_hsm_id(unfinished_unit_of(world, 2)));
}

START_TEST(test_signed_patterns_cost_requests_only_while_a_step_on_registers_is_unfinished)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autoptr(GError) error = NULL;
    unsigned usual = count_requests(world);

    ck_assert_uint_eq(usual, 4); /* attributes, administrators, registers, one name */
    unfinished_refuse(world, 2, IMPORT, 1);
    check_partly(unfinished_load_all(world, &error), &error);
    unfinished_start_anew(world);
    ck_assert_uint_eq(count_requests(world), usual + 2);
    unfinished_start_anew(world);
    card_world_check(unfinished_load_all(world, &error), error);
    unfinished_start_anew(world);
    ck_assert_uint_eq(count_requests(world), usual);
}
END_TEST

START_TEST(test_a_load_that_nobody_has_begun_is_not_misled_by_registers_called_empty)
{
    g_autoptr(CeremonyWorld) world = unfinished_half_loaded_world();
    g_autofree char *path = g_build_filename(world->dir, "opentke-journal.json", NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_int_eq(unlink(path), 0);
    lie(world, "false-empty");
    unfinished_start_anew(world);
    ck_assert(!unfinished_load_all(world, &error));
    ck_assert_msg(strstr(error->message, "signed and unsigned") != NULL, "%s", error->message);
    ck_assert_str_eq(world->prompts->str, "");
}
END_TEST

START_TEST(test_a_key_that_is_called_committed_is_committed_again_until_a_unit_signs_it)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autoptr(GError) error = NULL;
    Counters before;

    card_world_check(unfinished_load_all(world, &error), error);
    unfinished_go_on(world);
    unfinished_refuse(world, 2, COMMIT, 1);
    check_partly(unfinished_commit(world, &error), &error);
    lie(world, "false-committed");
    unfinished_start_anew(world);
    ck_assert_uint_eq(unfinished_count(world), 1);
    before = counters_of(world);
    unfinished_start_anew(world);
    card_world_check(unfinished_commit(world, &error), error);
    check_only_second(world, &before);
    for (unsigned number = 1; number <= UNITS; number++) {
        ck_assert(sim_unit_is_committed(unfinished_unit_of(world, number)));
    }
    ck_assert_uint_eq(unfinished_count(world), 0);
}
END_TEST

/* The last key part of the load has another pattern in unit 2 than its card shows; the operator
 * chooses. */
static GError *
load_wrong_part(CeremonyWorld *world, unsigned row, unsigned code)
{
    GError *error = NULL;

    order(world, "other-part", 2, IMPORT, 1);
    unfinished_choose(world, row);
    ck_assert(!unfinished_load_all(world, &error));
    ck_assert_msg(strstr(world->choose->str, "clear-new: Key part 2 does not have the verification "
                                             "pattern in crypto unit 2 that its card shows: do "
                                             "not commit; the next step is Clear new.") != NULL,
                  "%s", world->choose->str);
    ck_assert_msg(g_error_matches(error, TKE_CEREMONY_ERROR, (int) code), "%s", error->message);
    return error;
}

START_TEST(test_a_key_part_that_arrives_with_another_pattern_is_told_and_cleared)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autoptr(GError) error = load_wrong_part(world, 0, TKE_CEREMONY_ERROR_UNITS);

    ck_assert_msg(strstr(error->message, "registers were cleared: load again") != NULL, "%s",
                  error->message);
    for (unsigned number = 1; number <= UNITS; number++) {
        ck_assert(!unfinished_is_loaded(world, number));
    }
    ck_assert_uint_eq(unfinished_count(world), 0);
}
END_TEST

START_TEST(test_a_key_part_that_arrives_with_another_pattern_is_not_to_be_committed)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autoptr(GError) error = load_wrong_part(world, 1, TKE_CEREMONY_ERROR_PARTLY);

    ck_assert_msg(strstr(error->message, "do not commit; clear the new registers of all (tke "
                                         "cryptounit-mk-clrnew)") != NULL,
                  "%s", error->message);
    ck_assert_ptr_null(strstr(error->message, "not all could be compared"));
    ck_assert(unfinished_is_loaded(world, 2));
}
END_TEST

START_TEST(test_parts_whose_patterns_are_not_told_are_said_to_be_uncompared)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autoptr(GError) error = NULL;

    order(world, "no-parts", 2, IMPORT, 1);
    card_world_check(unfinished_load_all(world, &error), error);
    ck_assert_msg(strstr(world->notes->str, "crypto unit 2 does not tell the verification patterns "
                                            "of the key parts") != NULL,
                  "%s", world->notes->str);
    ck_assert_ptr_null(strstr(world->notes->str, "crypto unit 1 does not tell"));
}
END_TEST

START_TEST(test_clearing_is_continued_where_it_failed)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autoptr(GError) error = NULL;
    Counters before;

    card_world_check(unfinished_load_all(world, &error), error);
    unfinished_start_anew(world);
    unfinished_refuse(world, 2, CLEAR_NEW, 1);
    check_partly(unfinished_clear_new(world, &error), &error);
    /* Somebody loads unit 1 anew meanwhile: that is not cleared. */
    unfinished_start_anew(world);
    card_world_check(tke_unit_directory_select_once(world->units, "1", &error), error);
    card_world_check(unfinished_load_all(world, &error), error);
    before = counters_of(world);
    unfinished_start_anew(world);
    card_world_check(unfinished_clear_new(world, &error), error);
    check_only_second(world, &before);
    ck_assert_ptr_nonnull(strstr(world->notes->str, "done, and changed since, in crypto unit 1"));
    ck_assert_ptr_nonnull(strstr(world->notes->str, "It was done in 2 crypto units before"));
    ck_assert_ptr_nonnull(strstr(world->notes->str, "WARNING: crypto unit 1: changed since"));
    ck_assert_ptr_null(strstr(world->details->str, "crypto unit 1"));
    ck_assert(unfinished_is_loaded(world, 1) && !unfinished_is_loaded(world, 2));
}
END_TEST

static bool
set_thresholds(CeremonyWorld *world, unsigned n, GError **error)
{
    const TkeThresholdsParams params = { .signature = n, .revocation = n };
    g_autoptr(GPtrArray) results = tke_unit_results_new();

    return tke_op_thresholds_set(world->op, world->units, &params, results, error);
}

START_TEST(test_thresholds_are_continued_where_they_failed)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(UNITS);
    g_autoptr(GError) error = NULL;
    Counters before;

    ceremony_world_make_zone(world);
    ceremony_world_make_admin(world, "admin-1", "Alice");
    ceremony_world_make_admin(world, "admin-2", "Bob");
    ceremony_world_add_admins(world, 2);
    unfinished_refuse(world, 2, SET_ATTRIBUTES, 1);
    ceremony_world_hand(world, 1, "admin-1", "admin-2", NULL);
    check_partly(set_thresholds(world, 2, &error), &error);
    before = counters_of(world);
    unfinished_start_anew(world);
    ceremony_world_hand(world, 1, "admin-1", "admin-2", NULL);
    card_world_check(set_thresholds(world, 2, &error), error);
    check_only_second(world, &before);
    ck_assert_uint_eq(unfinished_count(world), 0);
    /* Other values are another step: in all. */
    unfinished_start_anew(world);
    ceremony_world_hand(world, 1, "admin-1", "admin-2", NULL);
    card_world_check(set_thresholds(world, 1, &error), error);
    for (unsigned number = 1; number <= UNITS; number++) {
        ck_assert_uint_eq(sim_unit_get_attribute(unfinished_unit_of(world, number), 1), 1);
    }
}
END_TEST

static bool
zeroize(CeremonyWorld *world, GError **error)
{
    g_autoptr(GPtrArray) results = tke_unit_results_new();

    ceremony_world_hand(world, 1, "admin-1", NULL);
    return tke_op_zeroize(world->op, world->units, results, error);
}

START_TEST(test_zeroizing_is_continued_where_it_failed)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autoptr(GError) error = NULL;
    Counters before;

    unfinished_refuse(world, 2, ZEROIZE, 1);
    check_partly(zeroize(world, &error), &error);
    unfinished_start_anew(world);
    card_world_check(tke_unit_directory_select_once(world->units, "1", &error), error);
    ceremony_world_add_admins(world, 1); /* unit 1 is set up anew */
    before = counters_of(world);
    unfinished_start_anew(world);
    card_world_check(zeroize(world, &error), error);
    check_only_second(world, &before);
    ck_assert_uint_eq(sim_unit_get_n_admins(unfinished_unit_of(world, 1)), 1);
    ck_assert_uint_eq(sim_unit_get_n_admins(unfinished_unit_of(world, 2)), 0);
    /* Nothing is unfinished any more; so it is done in all that are selected. */
    unfinished_start_anew(world);
    card_world_check(zeroize(world, &error), error);
    ck_assert_uint_eq(sim_unit_get_n_admins(unfinished_unit_of(world, 1)), 0);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_a_service_that_lies_about_registers_makes_no_step_vanish);
    tcase_add_test(tests,
                   test_signed_patterns_cost_requests_only_while_a_step_on_registers_is_unfinished);
    tcase_add_test(tests,
                   test_a_load_that_nobody_has_begun_is_not_misled_by_registers_called_empty);
    tcase_add_test(tests,
                   test_a_key_that_is_called_committed_is_committed_again_until_a_unit_signs_it);
    tcase_add_test(tests, test_a_key_part_that_arrives_with_another_pattern_is_told_and_cleared);
    tcase_add_test(tests, test_a_key_part_that_arrives_with_another_pattern_is_not_to_be_committed);
    tcase_add_test(tests, test_parts_whose_patterns_are_not_told_are_said_to_be_uncompared);
    tcase_add_test(tests, test_clearing_is_continued_where_it_failed);
    tcase_add_test(tests, test_thresholds_are_continued_where_they_failed);
    tcase_add_test(tests, test_zeroizing_is_continued_where_it_failed);
}

int
main(void)
{
    return test_main("unfinished-rest", add_tests);
}
