/*
 * The step fault test of a load, with faults of the cards that sign and that hold key parts.
 */
#include "tests/libceremony/step-faults.h"
#include "tests/libceremony/unit-steps.h"
#include "tests/support/test-main.h"

START_TEST(test_loading_survives_a_fault_of_every_card)
{
    g_autoptr(CeremonyWorld) world = unit_steps_secured_world();

    unit_steps_learn_key(world, "part-1", "part-2");
    step_faults_unit_cards(world, &unit_step_load);
    step_faults_unit_prompts(world, &unit_step_load);
    unit_steps_really(world, &unit_step_load);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 600); /* many runs */
    tcase_add_test(tests, test_loading_survives_a_fault_of_every_card);
}

int
main(void)
{
    return test_main("step-faults-load", add_tests);
}
