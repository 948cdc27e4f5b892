/*
 * The step fault test of a load that clears another key first (functions 3.8, F-091; 3.2, P-7).
 */
#include <string.h>

#include "tests/libceremony/step-faults.h"
#include "tests/libceremony/unit-steps.h"
#include "tests/support/test-main.h"

static void
hand_clear(CeremonyWorld *world)
{
    world->at_choice = unit_steps_choose_as_found;
    ceremony_world_hand(world, 1, "admin-1", NULL);
    ceremony_world_hand(world, 2, "part-1", "part-3", NULL);
}

/* Where it fails the operator knows that registers were cleared: by the error, or as it was told
 * before. */
static bool
run_clear(CeremonyWorld *world, TkeUnitResults **results, GError **error)
{
    bool full[UNIT_STEPS_UNITS];
    bool ok;

    for (size_t i = 0; i < UNIT_STEPS_UNITS; i++) {
        full[i] = !unit_steps_is_empty(sim_service_get_unit(world->service, i));
    }
    ok = unit_steps_run_load(world, results, error);
    for (size_t i = 0; i < UNIT_STEPS_UNITS && !ok; i++) {
        bool emptied = full[i] && unit_steps_is_empty(sim_service_get_unit(world->service, i));

        ck_assert_msg(!emptied || strstr((*error)->message, "Clear new") != NULL ||
                          strstr(world->notes->str, "cleared in crypto unit") != NULL,
                      "unit %zu was cleared, and nobody tells: %s", i + 1, (*error)->message);
    }
    return ok;
}

static const StepUnits cleared = {
    .name = "cleared first", .hand = hand_clear, .run = run_clear, .is_done = unit_steps_holds_key
};

/* Another key is in the second unit, and none in the first. */
static CeremonyWorld *
half_loaded_world(void)
{
    CeremonyWorld *world = unit_steps_secured_world();

    unit_steps_learn_key(world, "part-1", "part-3");
    unit_steps_load_but(world, 0);
    return world;
}

START_TEST(test_another_key_cleared_first_survives_a_fault_at_every_request)
{
    g_autoptr(CeremonyWorld) world = half_loaded_world();

    step_faults_units(world, &cleared);
    unit_steps_really(world, &cleared);
}
END_TEST

START_TEST(test_another_key_cleared_first_survives_a_fault_of_every_card)
{
    g_autoptr(CeremonyWorld) world = half_loaded_world();

    step_faults_unit_cards(world, &cleared);
    step_faults_unit_prompts(world, &cleared);
    unit_steps_really(world, &cleared);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 600); /* many runs each */
    tcase_add_test(tests, test_another_key_cleared_first_survives_a_fault_at_every_request);
    tcase_add_test(tests, test_another_key_cleared_first_survives_a_fault_of_every_card);
}

int
main(void)
{
    return test_main("step-faults-clear-first", add_tests);
}
