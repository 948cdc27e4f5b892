/*
 * The step fault test of steps of a master key that are tried again in the units that have not
 * done them (functions 3.2, P-7).
 */
#include "libep11admin/admin-command.h"
#include "tests/libceremony/step-faults.h"
#include "tests/libceremony/unit-ways.h"
#include "tests/support/test-main.h"

START_TEST(test_a_load_is_tried_again_in_the_rest)
{
    g_autoptr(CeremonyWorld) world = unit_steps_secured_world();

    unit_steps_learn_key(world, "part-1", "part-2");
    unit_ways_retry(world, &unit_step_load, TKE_ADMIN_IMPORT_WK, step_faults_units);
    unit_ways_retry(world, &unit_step_load, TKE_ADMIN_IMPORT_WK, step_faults_unit_cards);
    ck_assert(unit_steps_is_empty(sim_service_get_unit(world->service, STEP_SECOND)));
}
END_TEST

START_TEST(test_steps_of_a_master_key_are_tried_again_in_the_rest)
{
    g_autoptr(CeremonyWorld) world = unit_steps_secured_world();

    unit_steps_learn_key(world, "part-1", "part-2");
    unit_steps_really(world, &unit_step_load);
    unit_ways_retry(world, &unit_step_clear_new, TKE_ADMIN_CLEAR_NEW_WK, step_faults_units);
    unit_ways_retry(world, &unit_step_commit, TKE_ADMIN_COMMIT_WK, step_faults_units);
    unit_ways_retry(world, &unit_step_commit, TKE_ADMIN_COMMIT_WK, step_faults_unit_cards);
    unit_ways_retry(world, &unit_step_commit, TKE_ADMIN_COMMIT_WK, step_faults_unit_prompts);
    unit_steps_really(world, &unit_step_commit);
    unit_ways_retry(world, &unit_step_set_immediate, TKE_ADMIN_FINALIZE_WK, step_faults_units);
    unit_steps_really(world, &unit_step_set_immediate);
    unit_ways_retry(world, &unit_step_clear_current, TKE_ADMIN_CLEAR_WK, step_faults_units);
    unit_ways_retry(world, &unit_step_zeroize, TKE_ADMIN_ZEROIZE, step_faults_units);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 600); /* many runs each */
    tcase_add_test(tests, test_a_load_is_tried_again_in_the_rest);
    tcase_add_test(tests, test_steps_of_a_master_key_are_tried_again_in_the_rest);
}

int
main(void)
{
    return test_main("step-faults-key-retry", add_tests);
}
