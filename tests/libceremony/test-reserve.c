/*
 * Advice where no administrator may be missing any more (functions 3.5, 3.6): it is part of the plan,
 * and no refusal.
 */
#include <string.h>

#include "common/hex.h"
#include "libceremony/op-admins.h"
#include "libceremony/op-thresholds.h"
#include "tests/libceremony/unfinished-world.h"
#include "tests/support/test-main.h"

#define ALL_SIGN                                                                                   \
    "No reserve: all administrators of crypto unit 1, crypto unit 2, crypto unit 3 have to sign"
#define ALL_REMOVE                                                                                 \
    "No reserve: to remove an administrator all those of crypto unit 1, crypto unit 2, crypto "    \
    "unit 3 have to sign"

/* Two administrators, both thresholds 1. */
static CeremonyWorld *
two_admins_world(void)
{
    CeremonyWorld *world = unfinished_secured_world();
    g_auto(TkeAdminResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 1, "admin-2", "admin-1", NULL);
    card_world_check(tke_op_admin_add(world->op, world->units, &result, &error), error);
    unfinished_start_anew(world);
    return world;
}

/* What is told with the plan; both administrators are there to agree to it. */
static void
check_thresholds(unsigned signature, unsigned revocation, const char *told, const char *untold)
{
    g_autoptr(CeremonyWorld) world = two_admins_world();
    const TkeThresholdsParams params = { .signature = signature, .revocation = revocation };
    g_autoptr(GPtrArray) results = tke_unit_results_new();
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 1, "admin-1", "admin-2", NULL);
    card_world_check(tke_op_thresholds_set(world->op, world->units, &params, results, &error),
                     error);
    ck_assert_msg(told == NULL || strstr(world->details->str, told) != NULL, "%s",
                  world->details->str);
    ck_assert_msg(strstr(world->details->str, untold) == NULL, "%s", world->details->str);
}

START_TEST(test_thresholds_that_need_every_administrator_are_advised_against)
{
    check_thresholds(2, 2, ALL_SIGN, "No reserve: to remove"); /* which is part of the former */
    check_thresholds(2, 1, ALL_SIGN, "No reserve: to remove");
    check_thresholds(1, 2, ALL_REMOVE, "No reserve: all");
}
END_TEST

START_TEST(test_thresholds_that_leave_somebody_over_are_not)
{
    check_thresholds(1, 1, NULL, "No reserve");
}
END_TEST

/* The second of the administrators is removed from units with both thresholds 1. */
START_TEST(test_who_removes_the_reserve_is_told_so)
{
    g_autoptr(CeremonyWorld) world = two_admins_world();
    g_autoptr(GPtrArray) states = ceremony_world_states(world);
    const TkeUnitState *state = g_ptr_array_index(states, 0);
    const TkeUnitAdmin *bob = g_ptr_array_index(state->admins, 1);
    g_autofree char *ski = tke_hex_encode(bob->ski, sizeof bob->ski);
    const TkeAdminRemoveParams params = { .ski = ski };
    g_auto(TkeAdminResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 1, "admin-1", NULL);
    card_world_check(tke_op_admin_remove(world->op, world->units, &params, &result, &error), error);
    ck_assert_msg(strstr(world->details->str, ALL_SIGN) != NULL, "%s", world->details->str);
    ck_assert_uint_eq(sim_unit_get_n_admins(unfinished_unit_of(world, 1)), 1);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_thresholds_that_need_every_administrator_are_advised_against);
    tcase_add_test(tests, test_thresholds_that_leave_somebody_over_are_not);
    tcase_add_test(tests, test_who_removes_the_reserve_is_told_so);
}

int
main(void)
{
    return test_main("reserve", add_tests);
}
