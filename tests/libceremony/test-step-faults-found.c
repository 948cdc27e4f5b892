/*
 * The step fault test of a load that finds new registers that are not empty (functions 3.8, F-091;
 * 3.2, P-7; F-177): the rest of an earlier load, which is loaded too, and a key that all hold,
 * which is kept.
 */
#include <string.h>

#include "tests/libceremony/step-faults.h"
#include "tests/libceremony/unit-steps.h"
#include "tests/support/test-main.h"

#define JOURNAL "opentke-journal.json"

/* Reads the directory anew: what is on the disk counts. */
static void
start_anew(CeremonyWorld *world)
{
    g_autoptr(GError) error = NULL;

    ceremony_world_restart(world);
    tke_unit_directory_free(world->units);
    world->units = tke_unit_directory_new(world->world, &error);
    card_world_check(world->units != NULL, error);
    card_world_check(tke_unit_directory_refresh(world->units, NULL, NULL, &error), error);
}

/* ---- the rest of the load ---- */

static const StepUnits rest = { .name = "the rest",
                                .hand = unit_steps_hand_load,
                                .run = unit_steps_run_load,
                                .is_done = unit_steps_holds_key };

START_TEST(test_the_rest_of_a_load_survives_a_fault_at_every_exchange)
{
    g_autoptr(CeremonyWorld) world = unit_steps_secured_world();

    unit_steps_learn_key(world, "part-1", "part-2");
    unit_steps_load_but(world, STEP_SECOND);
    step_faults_units(world, &rest);
    step_faults_unit_cards(world, &rest);
    step_faults_unit_prompts(world, &rest);
    unit_steps_really(world, &rest);
}
END_TEST

START_TEST(test_the_rest_of_a_load_survives_faults_of_a_unit_that_has_it)
{
    g_autoptr(CeremonyWorld) world = unit_steps_secured_world();

    unit_steps_learn_key(world, "part-1", "part-2");
    unit_steps_load_but(world, STEP_FIRST);
    step_faults_units(world, &rest);
    unit_steps_really(world, &rest);
}
END_TEST

static void
hand_chosen_rest(CeremonyWorld *world)
{
    world->at_choice = unit_steps_choose_as_found;
    unit_steps_hand_load(world);
}

START_TEST(test_the_rest_of_an_unknown_load_survives_a_fault_at_every_exchange)
{
    static const StepUnits chosen = { .name = "the rest, unknown",
                                      .hand = hand_chosen_rest,
                                      .run = unit_steps_run_load,
                                      .is_done = unit_steps_holds_key };
    g_autoptr(CeremonyWorld) world = unit_steps_secured_world();
    g_autofree char *path = g_build_filename(world->dir, JOURNAL, NULL);

    unit_steps_learn_key(world, "part-1", "part-2");
    unit_steps_load_but(world, STEP_SECOND);
    ck_assert_int_eq(unlink(path), 0); /* another workstation */
    start_anew(world);
    step_faults_units(world, &chosen);
}
END_TEST

/* ---- all hold the key ---- */

static void
hand_nothing(CeremonyWorld *world)
{
    world->at_choice = unit_steps_choose_as_found;
}

static bool
run_keep(CeremonyWorld *world, TkeUnitResults **results, GError **error)
{
    bool ok = unit_steps_run_load(world, results, error);

    ck_assert_str_eq(world->prompts->str, ""); /* no card */
    ck_assert(!ok || strstr(world->notes->str, "nothing is left to do") != NULL);
    for (size_t i = 0; i < UNIT_STEPS_UNITS; i++) {
        ck_assert(unit_steps_holds_key(sim_service_get_unit(world->service, i)));
    }
    return ok;
}

START_TEST(test_a_key_that_is_kept_survives_a_fault_at_every_request)
{
    static const StepUnits kept = { .name = "kept", .hand = hand_nothing, .run = run_keep };
    g_autoptr(CeremonyWorld) world = unit_steps_secured_world();
    g_autofree char *path = g_build_filename(world->dir, JOURNAL, NULL);
    g_autoptr(GString) text = NULL;
    g_autofree char *now = NULL;

    unit_steps_learn_key(world, "part-1", "part-2");
    unit_steps_load_but(world, STEP_SECOND);
    ck_assert(g_file_get_contents(path, &now, NULL, NULL));
    unit_steps_really(world, &rest);
    /* As it is on disk when the program was killed while the command was under way. */
    text = g_string_new(now);
    g_string_replace(text, "\"not done\"", "\"unknown\"", 0);
    g_string_replace(text, "\"done\"", "\"unknown\"", 0);
    g_string_replace(text, "\"key\"", "\"was\"", 0);
    ck_assert(g_file_set_contents(path, text->str, -1, NULL));
    start_anew(world);
    step_faults_units(world, &kept);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 600); /* many runs each */
    tcase_add_test(tests, test_the_rest_of_a_load_survives_a_fault_at_every_exchange);
    tcase_add_test(tests, test_the_rest_of_a_load_survives_faults_of_a_unit_that_has_it);
    tcase_add_test(tests, test_the_rest_of_an_unknown_load_survives_a_fault_at_every_exchange);
    tcase_add_test(tests, test_a_key_that_is_kept_survives_a_fault_at_every_request);
}

int
main(void)
{
    return test_main("step-faults-found", add_tests);
}
