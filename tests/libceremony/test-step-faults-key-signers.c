/*
 * The step fault test of master keys, with faults of the cards of those who sign.
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

START_TEST(test_a_new_master_key_survives_a_fault_of_every_card)
{
    g_autoptr(CeremonyWorld) world = unit_steps_secured_world();

    unit_steps_learn_key(world, "part-1", "part-2");
    unit_steps_really(world, &unit_step_load);
    try_cards(world, &unit_step_clear_new);
    try_cards(world, &unit_step_commit);
    unit_steps_really(world, &unit_step_commit);
    try_cards(world, &unit_step_set_immediate);
    unit_steps_really(world, &unit_step_set_immediate);
}
END_TEST

START_TEST(test_the_end_of_a_master_key_survives_a_fault_of_every_card)
{
    g_autoptr(CeremonyWorld) world = unit_steps_secured_world();

    unit_steps_learn_key(world, "part-1", "part-2");
    unit_steps_really(world, &unit_step_load);
    unit_steps_really(world, &unit_step_commit);
    unit_steps_really(world, &unit_step_set_immediate);
    try_cards(world, &unit_step_clear_current);
    unit_steps_really(world, &unit_step_clear_current);
    try_cards(world, &unit_step_zeroize);
    unit_steps_really(world, &unit_step_zeroize);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 600); /* many runs each */
    tcase_add_test(tests, test_a_new_master_key_survives_a_fault_of_every_card);
    tcase_add_test(tests, test_the_end_of_a_master_key_survives_a_fault_of_every_card);
}

int
main(void)
{
    return test_main("step-faults-key-signers", add_tests);
}
