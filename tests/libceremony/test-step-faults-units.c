/*
 * The step fault test of setting up crypto units, with faults of the units: queries,
 * administrators, thresholds; of thresholds that are changed later, those of cards too.
 */
#include "tests/libceremony/step-faults.h"
#include "tests/libceremony/unit-steps.h"
#include "tests/support/test-main.h"

static void
hand_nothing(CeremonyWorld *world)
{
    ck_assert_ptr_nonnull(world);
}

static bool
run_query(CeremonyWorld *world, TkeUnitResults **results, GError **error)
{
    g_autoptr(GPtrArray) units = tke_unit_directory_get_selected(world->units, error);
    g_autoptr(GPtrArray) states = NULL;

    (void) results;
    states = units == NULL
                 ? NULL
                 : tke_unit_directory_query(world->units, units, TKE_UNIT_QUERY_SIGNED_VPS,
                                            tke_operation_get_cancellable(world->op), error);
    for (unsigned i = 0; states != NULL && i < states->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(states, i);

        if (state->error != NULL) {
            g_propagate_error(error, g_error_copy(state->error));
            return false;
        }
    }
    return states != NULL;
}

START_TEST(test_a_query_survives_a_fault_at_every_request)
{
    static const StepUnits query = {
        .name = "query", .hand = hand_nothing, .run = run_query, .every_query = true
    };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(UNIT_STEPS_UNITS);

    step_faults_units(world, &query);
    ck_assert_uint_eq(sim_service_get_n_units(world->service), UNIT_STEPS_UNITS);
}
END_TEST

START_TEST(test_leaving_imprint_mode_survives_a_fault_at_every_request)
{
    g_autoptr(CeremonyWorld) world = unit_steps_world();

    unit_steps_want_admins(1);
    step_faults_units(world, &unit_step_add_first);
    unit_steps_really(world, &unit_step_add_first);
    unit_steps_want_admins(2);
    unit_steps_really(world, &unit_step_add_second);
    step_faults_units(world, &unit_step_thresholds);
    unit_steps_really(world, &unit_step_thresholds);
}
END_TEST

START_TEST(test_administrators_survive_a_fault_at_every_request)
{
    g_autoptr(CeremonyWorld) world = unit_steps_secured_world();

    unit_steps_want_admins(3);
    step_faults_units(world, &unit_step_add_third);
    unit_steps_really(world, &unit_step_add_third);
    unit_steps_want_admins(2);
    step_faults_units(world, &unit_step_remove_third);
    unit_steps_really(world, &unit_step_remove_third);
}
END_TEST

START_TEST(test_other_thresholds_survive_a_fault_at_every_exchange)
{
    g_autoptr(CeremonyWorld) world = unit_steps_secured_world();

    step_faults_units(world, &unit_step_lower);
    step_faults_unit_cards(world, &unit_step_lower);
    step_faults_unit_prompts(world, &unit_step_lower);
    unit_steps_really(world, &unit_step_lower);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 600); /* many runs each */
    tcase_add_test(tests, test_a_query_survives_a_fault_at_every_request);
    tcase_add_test(tests, test_leaving_imprint_mode_survives_a_fault_at_every_request);
    tcase_add_test(tests, test_administrators_survive_a_fault_at_every_request);
    tcase_add_test(tests, test_other_thresholds_survive_a_fault_at_every_exchange);
}

int
main(void)
{
    return test_main("step-faults-units", add_tests);
}
