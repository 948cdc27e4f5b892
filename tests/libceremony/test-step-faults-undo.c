/*
 * The step fault test of steps that are undone in the units that have done them (functions 3.2,
 * P-7).
 */
#include "libep11admin/admin-command.h"
#include "tests/libceremony/step-faults.h"
#include "tests/libceremony/unit-ways.h"
#include "tests/support/test-main.h"

START_TEST(test_a_load_is_undone_where_it_was_done)
{
    g_autoptr(CeremonyWorld) world = unit_steps_secured_world();

    unit_steps_learn_key(world, "part-1", "part-2");
    unit_ways_undo(world, &unit_step_load, TKE_ADMIN_IMPORT_WK, step_faults_units);
    unit_ways_undo(world, &unit_step_load, TKE_ADMIN_IMPORT_WK, step_faults_unit_cards);
    ck_assert(unit_steps_is_empty(sim_service_get_unit(world->service, 0)));
}
END_TEST

START_TEST(test_an_administrator_is_removed_again_where_he_was_added)
{
    g_autoptr(CeremonyWorld) world = unit_steps_secured_world();

    unit_steps_want_admins(3);
    unit_ways_undo(world, &unit_step_add_third, TKE_ADMIN_ADD_ADMIN, step_faults_units);
    unit_ways_undo(world, &unit_step_add_third, TKE_ADMIN_ADD_ADMIN, step_faults_unit_cards);
    unit_ways_undo(world, &unit_step_add_third, TKE_ADMIN_ADD_ADMIN, step_faults_unit_prompts);
    ck_assert_uint_eq(sim_unit_get_n_admins(sim_service_get_unit(world->service, 0)), 2);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 600); /* many runs each */
    tcase_add_test(tests, test_a_load_is_undone_where_it_was_done);
    tcase_add_test(tests, test_an_administrator_is_removed_again_where_he_was_added);
}

int
main(void)
{
    return test_main("step-faults-undo", add_tests);
}
