/*
 * The step fault test of setting up crypto units, with faults of the cards of those who sign.
 */
#include "tests/libceremony/step-faults.h"
#include "tests/libceremony/unit-steps.h"
#include "tests/support/test-main.h"

static void
try_cards(CeremonyWorld *world, const StepUnits *step)
{
    step_faults_unit_cards(world, step);
    step_faults_unit_prompts(world, step);
}

START_TEST(test_leaving_imprint_mode_survives_a_fault_of_every_card)
{
    g_autoptr(CeremonyWorld) world = unit_steps_world();

    unit_steps_want_admins(1);
    try_cards(world, &unit_step_add_first);
    unit_steps_really(world, &unit_step_add_first);
    unit_steps_want_admins(2);
    unit_steps_really(world, &unit_step_add_second);
    try_cards(world, &unit_step_thresholds);
    unit_steps_really(world, &unit_step_thresholds);
}
END_TEST

START_TEST(test_administrators_survive_a_fault_of_every_card)
{
    g_autoptr(CeremonyWorld) world = unit_steps_secured_world();

    unit_steps_want_admins(3);
    try_cards(world, &unit_step_add_third);
    unit_steps_really(world, &unit_step_add_third);
    unit_steps_want_admins(2);
    try_cards(world, &unit_step_remove_third);
    unit_steps_really(world, &unit_step_remove_third);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 600); /* many runs each */
    tcase_add_test(tests, test_leaving_imprint_mode_survives_a_fault_of_every_card);
    tcase_add_test(tests, test_administrators_survive_a_fault_of_every_card);
}

int
main(void)
{
    return test_main("step-faults-signers", add_tests);
}
