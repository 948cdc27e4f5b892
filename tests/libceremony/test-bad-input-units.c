/*
 * Bad input of people and crypto units: what the operator is told, and that nothing is lost.
 */
#include <string.h>

#include "common/error.h"
#include "common/hex.h"
#include "libceremony/advice.h"
#include "libceremony/ceremony-error.h"
#include "libceremony/op-admins.h"
#include "libceremony/op-mk-finish.h"
#include "libceremony/op-mk-load.h"
#include "libceremony/op-thresholds.h"
#include "libep11admin/unit-error.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/test-main.h"

#define UNITS 2u

static const char *const any_part[] = { "any", "any", "any" };

static bool
load(CeremonyWorld *world, GError **error)
{
    const TkeMkLoadParams params = { .n_parts = 2, .parts = any_part };
    g_auto(TkeMkLoadResult) result = { .units = NULL };

    return tke_op_mk_load(world->op, world->units, &params, &result, error);
}

static bool
commit(CeremonyWorld *world, GError **error)
{
    g_autoptr(GPtrArray) results = tke_unit_results_new();

    return tke_op_mk_commit(world->op, world->units, results, error);
}

static bool
set_thresholds(CeremonyWorld *world, unsigned threshold, GError **error)
{
    const TkeThresholdsParams params = { .signature = threshold, .revocation = threshold };
    g_autoptr(GPtrArray) results = tke_unit_results_new();

    return tke_op_thresholds_set(world->op, world->units, &params, results, error);
}

static bool
add_admin(CeremonyWorld *world, const char *card, GError **error)
{
    g_auto(TkeAdminResult) result = { .units = NULL };

    ceremony_world_hand(world, 1, card, NULL);
    return tke_op_admin_add(world->op, world->units, &result, error);
}

static SimUnit *
unit_of(CeremonyWorld *world, unsigned number)
{
    return sim_service_get_unit(world->service, number - 1);
}

static void
select_only(CeremonyWorld *world, const char *numbers)
{
    g_autoptr(GError) error = NULL;

    card_world_check(tke_unit_directory_select_once(world->units, numbers, &error), error);
}

static CeremonyWorld *
admins_world(void)
{
    CeremonyWorld *world = ceremony_world_new(UNITS);

    ceremony_world_make_zone(world);
    ceremony_world_make_admin(world, "admin-1", "Alice");
    ceremony_world_make_admin(world, "admin-2", "Bob");
    ceremony_world_add_admins(world, 2);
    return world;
}

/* Two administrators, thresholds 2, three parts. */
static CeremonyWorld *
secured_world(void)
{
    CeremonyWorld *world = admins_world();
    g_autoptr(GError) error = NULL;

    for (unsigned i = 1; i <= 3; i++) {
        g_autofree char *card = g_strdup_printf("part-%u", i);

        ceremony_world_make_part(world, card, card);
    }
    ceremony_world_hand(world, 1, "admin-1", "admin-2", NULL);
    card_world_check(set_thresholds(world, 2, &error), error);
    ceremony_world_restart(world);
    return world;
}

static void
check_advice(const GError *error)
{
    g_autofree char *advice = tke_advice_for_error(error);

    ck_assert_ptr_nonnull(error);
    ck_assert_msg(advice != NULL || strstr(error->message, "tke c") != NULL, "%s", error->message);
}

static void
check_precondition(const GError *error)
{
    ck_assert_ptr_nonnull(error);
    ck_assert_msg(g_error_matches(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PRECONDITION), "%s",
                  error->message);
    ck_assert_msg(strstr(error->message, "crypto unit 1") != NULL ||
                      strstr(error->message, "crypto unit 2") != NULL,
                  "%s", error->message);
    check_advice(error);
}

START_TEST(test_nothing_is_loaded_in_imprint_mode)
{
    g_autoptr(CeremonyWorld) world = admins_world();
    g_autoptr(GError) error = NULL;

    ck_assert(!load(world, &error));
    check_precondition(error);
    ck_assert_str_eq(world->prompts->str, ""); /* before any card is asked for */
}
END_TEST

START_TEST(test_thresholds_need_as_many_administrators)
{
    g_autoptr(CeremonyWorld) world = admins_world();
    g_autoptr(GError) error = NULL;

    ck_assert(!set_thresholds(world, 3, &error));
    check_precondition(error);
    ck_assert_str_eq(world->prompts->str, "");
    g_clear_error(&error);
    ck_assert(!set_thresholds(world, 9, &error));
    ck_assert(g_error_matches(error, TKE_ERROR, TKE_ERROR_USAGE));
    ck_assert_uint_eq(sim_unit_get_attribute(unit_of(world, 1), 1), 0);
}
END_TEST

START_TEST(test_thresholds_are_agreed_to_as_what_they_are)
{
    g_autoptr(CeremonyWorld) world = admins_world();
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 1, "admin-1", "admin-2", NULL);
    card_world_check(set_thresholds(world, 2, &error), error);
    ck_assert_msg(strstr(world->details->str, "leave imprint mode") != NULL, "%s",
                  world->details->str);
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "admin-1", "admin-2", NULL);
    card_world_check(set_thresholds(world, 1, &error), error);
    ck_assert_msg(strstr(world->details->str, "imprint mode") == NULL, "%s", world->details->str);
    ck_assert_msg(strstr(world->details->str, "will be changed") != NULL, "%s",
                  world->details->str);
    ck_assert_msg(strstr(world->details->str, "2 administrators sign") != NULL, "%s",
                  world->details->str);
}
END_TEST

START_TEST(test_nobody_signs_twice)
{
    g_autoptr(CeremonyWorld) world = admins_world();
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 1, "admin-1", NULL);
    ck_assert(!set_thresholds(world, 2, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    ck_assert_ptr_nonnull(strstr(world->prompts->str, "insert signer, reader 1: used\n"));
    ck_assert_uint_eq(sim_unit_get_attribute(unit_of(world, 1), 1), 0);
}
END_TEST

START_TEST(test_who_is_no_administrator_of_one_unit_does_not_sign)
{
    g_autoptr(CeremonyWorld) world = admins_world();
    g_autoptr(GError) error = NULL;

    ceremony_world_make_admin(world, "admin-3", "Carol");
    select_only(world, "1");
    card_world_check(add_admin(world, "admin-3", &error), error);
    select_only(world, NULL);
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "admin-3", "admin-1", "admin-2", NULL);
    card_world_check(set_thresholds(world, 2, &error), error);
    ck_assert_ptr_nonnull(
        strstr(world->prompts->str, "insert signer, reader 1: no-administrator\n"));
}
END_TEST

/* Another person adds an administrator while the first one still reads the plan. */
static void
add_another(CeremonyWorld *world)
{
    g_autoptr(TkeUnitDirectory) directory = NULL;
    g_autoptr(GError) error = NULL;
    TkeUnitDirectory *own = world->units;

    directory = tke_unit_directory_new(world->world, &error);
    card_world_check(directory != NULL, error);
    card_world_check(tke_unit_directory_refresh(directory, NULL, NULL, &error), error);
    world->units = directory;
    card_world_check(tke_unit_directory_select_once(directory, "2", &error), error);
    sim_reader_remove(virtual_readers_get(world->cards->readers, 1));
    card_world_check(add_admin(world, "admin-4", &error), error);
    world->units = own;
}

START_TEST(test_a_unit_that_somebody_else_administers_is_read_and_signed_for_again)
{
    g_autoptr(CeremonyWorld) world = admins_world();
    g_autoptr(GError) error = NULL;

    ceremony_world_make_admin(world, "admin-3", "Carol");
    ceremony_world_make_admin(world, "admin-4", "Dave");
    world->meanwhile = add_another;
    card_world_check(add_admin(world, "admin-3", &error), error);
    ck_assert_ptr_nonnull(strstr(world->notes->str, "Somebody else"));
    ck_assert_uint_eq(sim_unit_get_n_admins(unit_of(world, 1)), 3);
    ck_assert_uint_eq(sim_unit_get_n_admins(unit_of(world, 2)), 4);
}
END_TEST

START_TEST(test_different_keys_are_not_committed)
{
    g_autoptr(CeremonyWorld) world = secured_world();
    g_autoptr(GError) error = NULL;

    select_only(world, "1");
    ceremony_world_hand(world, 1, "admin-1", NULL);
    ceremony_world_hand(world, 2, "part-1", "part-2", NULL);
    card_world_check(load(world, &error), error);
    select_only(world, "2");
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "admin-1", NULL);
    ceremony_world_hand(world, 2, "part-1", "part-3", NULL);
    card_world_check(load(world, &error), error);
    select_only(world, NULL);
    ceremony_world_go_on(world);
    ck_assert(!commit(world, &error));
    check_precondition(error);
    ck_assert_str_eq(world->prompts->str, "");
    ck_assert(!sim_unit_is_committed(unit_of(world, 1)));
}
END_TEST

START_TEST(test_an_administrator_who_is_needed_is_not_removed)
{
    g_autoptr(CeremonyWorld) world = secured_world();
    g_autoptr(GPtrArray) states = ceremony_world_states(world);
    const TkeUnitState *state = g_ptr_array_index(states, 0);
    const TkeUnitAdmin *bob = g_ptr_array_index(state->admins, 1);
    g_autofree char *ski = tke_hex_encode(bob->ski, sizeof bob->ski);
    const TkeAdminRemoveParams params = { .ski = ski };
    g_auto(TkeAdminResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    ck_assert(!tke_op_admin_remove(world->op, world->units, &params, &result, &error));
    check_precondition(error);
    ck_assert_ptr_nonnull(strstr(error->message, bob->name));
    ck_assert_ptr_nonnull(strstr(error->message, "tke cryptounit-admin-add"));
    ck_assert_str_eq(world->prompts->str, "");
    ck_assert_str_eq(world->plans->str, "");
    ck_assert_uint_eq(sim_unit_get_n_admins(unit_of(world, 1)), 2);
}
END_TEST

static void
order_fault(CeremonyWorld *world, const char *name, unsigned unit)
{
    g_autoptr(JsonObject) order = json_object_new();
    g_autoptr(GError) error = NULL;

    json_object_set_string_member(order, "fault", name);
    json_object_set_string_member(order, "unit", sim_unit_get_hsm_id(unit_of(world, unit)));
    json_object_set_int_member(order, "count", 0);
    card_world_check(sim_service_fault(world->service, order, &error), error);
}

/* Unit 2 lies about itself; neither it nor, while it is selected, the other gets a command. */
static void
check_no_command(const char *fault, TkeUnitError code)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(UNITS);
    g_autoptr(GError) error = NULL;
    g_autofree char *advice = NULL;
    uint8_t before[16];
    uint8_t after[16];

    ceremony_world_make_zone(world);
    ceremony_world_make_admin(world, "admin-1", "Alice");
    sim_unit_get_counter(unit_of(world, 2), before);
    order_fault(world, fault, 2);
    ck_assert(!add_admin(world, "admin-1", &error));
    ck_assert_msg(g_error_matches(error, TKE_UNIT_ERROR, (int) code), "%s", error->message);
    ck_assert_msg(strstr(error->message, "crypto unit 2") != NULL, "%s", error->message);
    advice = tke_advice_for_error(error);
    ck_assert_ptr_nonnull(strstr(advice, "no command is sent"));
    sim_unit_get_counter(unit_of(world, 2), after);
    ck_assert_mem_eq(before, after, sizeof before);
    ck_assert_uint_eq(sim_unit_get_n_admins(unit_of(world, 1)), 0);
    ck_assert_str_eq(world->prompts->str, "");
    g_clear_error(&error);

    /* The others can go on without it. */
    ceremony_world_go_on(world);
    select_only(world, "1");
    card_world_check(add_admin(world, "admin-1", &error), error);
    ck_assert_uint_eq(sim_unit_get_n_admins(unit_of(world, 1)), 1);
}

START_TEST(test_a_forged_module_certificate_gets_no_command)
{
    check_no_command("forged-chain", TKE_UNIT_ERROR_NOT_GENUINE);
    check_no_command("forged-root", TKE_UNIT_ERROR_NOT_GENUINE);
    ck_assert(true);
}
END_TEST

START_TEST(test_a_forged_answer_gets_no_command)
{
    check_no_command("bad-signature", TKE_UNIT_ERROR_SIGNATURE);
    check_no_command("no-signature", TKE_UNIT_ERROR_SIGNATURE);
    check_no_command("wrong-serial", TKE_UNIT_ERROR_IDENTITY);
    ck_assert(true);
}
END_TEST

START_TEST(test_an_expired_token_is_told_with_what_to_do)
{
    g_autoptr(CeremonyWorld) world = admins_world();
    g_autoptr(GError) error = NULL;

    sim_service_expire_tokens(world->service);
    ck_assert(!set_thresholds(world, 2, &error));
    ck_assert_msg(g_error_matches(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_UNAUTHORIZED), "%s",
                  error->message);
    check_advice(error);
    ck_assert_uint_eq(sim_unit_get_attribute(unit_of(world, 1), 1), 0);
}
END_TEST

/* What only zeroizing takes back is agreed to; where it is so already there is nothing to say. */
START_TEST(test_what_is_locked_with_the_thresholds_is_told_before)
{
    static const char locked[] = "locked until the crypto unit is zeroized: administrators of the "
                                 "module do not count there";
    g_autoptr(CeremonyWorld) world = ceremony_world_new(2);
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_make_admin(world, "admin-1", "Alice");
    ceremony_world_make_admin(world, "admin-2", "Bob");
    ceremony_world_add_admins(world, 2);
    ceremony_world_hand(world, 1, "admin-1", NULL);
    card_world_check(set_thresholds(world, 1, &error), error);
    ck_assert_msg(strstr(world->details->str, locked) != NULL, "%s", world->details->str);
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "admin-1", NULL);
    card_world_check(set_thresholds(world, 2, &error), error);
    ck_assert_ptr_nonnull(strstr(world->details->str, "signature threshold 2"));
    ck_assert_msg(strstr(world->details->str, locked) == NULL, "%s", world->details->str);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_what_is_locked_with_the_thresholds_is_told_before);
    tcase_add_test(tests, test_nothing_is_loaded_in_imprint_mode);
    tcase_add_test(tests, test_thresholds_need_as_many_administrators);
    tcase_add_test(tests, test_thresholds_are_agreed_to_as_what_they_are);
    tcase_add_test(tests, test_nobody_signs_twice);
    tcase_add_test(tests, test_who_is_no_administrator_of_one_unit_does_not_sign);
    tcase_add_test(tests, test_a_unit_that_somebody_else_administers_is_read_and_signed_for_again);
    tcase_add_test(tests, test_different_keys_are_not_committed);
    tcase_add_test(tests, test_an_administrator_who_is_needed_is_not_removed);
    tcase_add_test(tests, test_a_forged_module_certificate_gets_no_command);
    tcase_add_test(tests, test_a_forged_answer_gets_no_command);
    tcase_add_test(tests, test_an_expired_token_is_told_with_what_to_do);
}

int
main(void)
{
    return test_main("bad-input-units", add_tests);
}
