/*
 * The step fault test of steps that are tried again in the units that have not done them
 * (functions 3.2, P-7).
 */
#include "libep11admin/admin-command.h"
#include "tests/libceremony/step-faults.h"
#include "tests/libceremony/unit-ways.h"
#include "tests/support/test-main.h"

START_TEST(test_setting_up_is_tried_again_in_the_rest)
{
    g_autoptr(CeremonyWorld) world = unit_steps_world();

    unit_steps_want_admins(1);
    unit_ways_retry(world, &unit_step_add_first, TKE_ADMIN_ADD_ADMIN, step_faults_units);
    unit_steps_really(world, &unit_step_add_first);
    unit_steps_want_admins(2);
    unit_steps_really(world, &unit_step_add_second);
    unit_ways_retry(world, &unit_step_thresholds, TKE_ADMIN_SET_ATTRIBUTES, step_faults_units);
}
END_TEST

START_TEST(test_changes_of_administrators_are_tried_again_in_the_rest)
{
    g_autoptr(CeremonyWorld) world = unit_steps_secured_world();

    unit_steps_want_admins(3);
    unit_ways_retry(world, &unit_step_add_third, TKE_ADMIN_ADD_ADMIN, step_faults_units);
    unit_ways_retry(world, &unit_step_add_third, TKE_ADMIN_ADD_ADMIN, step_faults_unit_cards);
    unit_steps_really(world, &unit_step_add_third);
    unit_steps_want_admins(2);
    unit_ways_retry(world, &unit_step_remove_third, TKE_ADMIN_REMOVE_ADMIN, step_faults_units);
    unit_ways_retry(world, &unit_step_remove_third, TKE_ADMIN_REMOVE_ADMIN, step_faults_unit_cards);
    unit_steps_really(world, &unit_step_remove_third);
    unit_ways_retry(world, &unit_step_lower, TKE_ADMIN_SET_ATTRIBUTES, step_faults_units);
    unit_ways_retry(world, &unit_step_lower, TKE_ADMIN_SET_ATTRIBUTES, step_faults_unit_cards);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 600); /* many runs each */
    tcase_add_test(tests, test_setting_up_is_tried_again_in_the_rest);
    tcase_add_test(tests, test_changes_of_administrators_are_tried_again_in_the_rest);
}

int
main(void)
{
    return test_main("step-faults-retry", add_tests);
}
