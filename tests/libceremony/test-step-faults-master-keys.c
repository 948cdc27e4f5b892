/*
 * The step fault test of master keys, with faults of the units: one life of a key, in which each
 * step is tried with every fault before it is really done.
 */
#include "tests/libceremony/step-faults.h"
#include "tests/libceremony/unit-steps.h"
#include "tests/support/test-main.h"

START_TEST(test_loading_survives_a_fault_at_every_request)
{
    g_autoptr(CeremonyWorld) world = unit_steps_secured_world();

    unit_steps_learn_key(world, "part-1", "part-2");
    step_faults_units(world, &unit_step_load);
    unit_steps_really(world, &unit_step_load);
    step_faults_units(world, &unit_step_clear_new);
    unit_steps_really(world, &unit_step_clear_new);
}
END_TEST

START_TEST(test_a_new_master_key_survives_a_fault_at_every_request)
{
    g_autoptr(CeremonyWorld) world = unit_steps_secured_world();

    unit_steps_learn_key(world, "part-1", "part-2");
    unit_steps_really(world, &unit_step_load);
    step_faults_units(world, &unit_step_commit);
    unit_steps_really(world, &unit_step_commit);
    step_faults_units(world, &unit_step_set_immediate);
    unit_steps_really(world, &unit_step_set_immediate);
}
END_TEST

START_TEST(test_the_end_of_a_master_key_survives_a_fault_at_every_request)
{
    g_autoptr(CeremonyWorld) world = unit_steps_secured_world();

    unit_steps_learn_key(world, "part-1", "part-2");
    unit_steps_really(world, &unit_step_load);
    unit_steps_really(world, &unit_step_commit);
    unit_steps_really(world, &unit_step_set_immediate);
    step_faults_units(world, &unit_step_clear_current);
    unit_steps_really(world, &unit_step_clear_current);
    step_faults_units(world, &unit_step_zeroize);
    unit_steps_really(world, &unit_step_zeroize);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 600); /* many runs each */
    tcase_add_test(tests, test_loading_survives_a_fault_at_every_request);
    tcase_add_test(tests, test_a_new_master_key_survives_a_fault_at_every_request);
    tcase_add_test(tests, test_the_end_of_a_master_key_survives_a_fault_at_every_request);
}

int
main(void)
{
    return test_main("step-faults-master-keys", add_tests);
}
