/*
 * The step fault test of everything done to crypto units: one ceremony, in which each step is tried with every
 * fault before it is really done.
 */
#include <string.h>

#include "libceremony/op-admins.h"
#include "libceremony/op-mk-finish.h"
#include "libceremony/op-mk-load.h"
#include "libceremony/op-thresholds.h"
#include "libceremony/op-zeroize.h"
#include "libceremony/ceremony-error.h"
#include "tests/libceremony/step-faults.h"
#include "tests/support/test-main.h"

#define UNITS 2u
#define PARTS 2u

typedef bool (*PlainOperation)(TkeOperation *, TkeUnitDirectory *, TkeUnitResults *, GError **);

static bool
run_plain(CeremonyWorld *world, PlainOperation func, TkeUnitResults **results, GError **error)
{
    *results = tke_unit_results_new();
    return func(world->op, world->units, *results, error);
}

/* ---- administrators ---- */

static unsigned wanted_admins; /* in each unit when the step is done */

static bool
has_admins(SimUnit *unit)
{
    return sim_unit_get_n_admins(unit) == wanted_admins;
}

static void
hand_admin_1(CeremonyWorld *world)
{
    ceremony_world_hand(world, 1, "admin-1", NULL);
}

static bool
run_admin_add(CeremonyWorld *world, TkeUnitResults **results, GError **error)
{
    g_auto(TkeAdminResult) result = { .units = NULL };
    bool ok = tke_op_admin_add(world->op, world->units, &result, error);

    *results = g_steal_pointer(&result.units);
    return ok;
}

static void
hand_admin_2(CeremonyWorld *world)
{
    ceremony_world_hand(world, 1, "admin-2", NULL);
}

static void
hand_admin_3(CeremonyWorld *world)
{
    ceremony_world_hand(world, 1, "admin-3", "admin-1", "admin-2", NULL);
}

/* Removes administrator 3, by identifier. */
static bool
run_admin_remove(CeremonyWorld *world, TkeUnitResults **results, GError **error)
{
    g_auto(TkeAdminResult) result = { .units = NULL };
    TkeAdminRemoveParams params = { .ski = NULL };
    g_autofree char *ski = NULL;
    SimCardInfo info;
    bool ok;

    sim_card_get_info(g_hash_table_lookup(world->by_name, "admin-3"), &info);
    ski = g_strdup_printf("%02x%02x%02x%02x", info.ski[0], info.ski[1], info.ski[2], info.ski[3]);
    params.ski = ski;
    ok = tke_op_admin_remove(world->op, world->units, &params, &result, error);
    *results = g_steal_pointer(&result.units);
    return ok;
}

/* ---- thresholds ---- */

static bool
has_thresholds(SimUnit *unit)
{
    return sim_unit_get_attribute(unit, 1) == 2 && sim_unit_get_attribute(unit, 2) == 2;
}

static void
hand_two_signers(CeremonyWorld *world)
{
    ceremony_world_hand(world, 1, "admin-1", "admin-2", NULL);
}

static bool
run_thresholds(CeremonyWorld *world, TkeUnitResults **results, GError **error)
{
    const TkeThresholdsParams params = { .signature = 2, .revocation = 2 };

    *results = tke_unit_results_new();
    return tke_op_thresholds_set(world->op, world->units, &params, *results, error);
}

/* ---- master keys ---- */

static bool
is_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

static bool
holds(SimUnit *unit, SimRegisterId which)
{
    uint8_t vp[32];

    sim_unit_get_vp(unit, which, vp);
    return !is_zero(vp, sizeof vp);
}

static bool
has_new(SimUnit *unit)
{
    return holds(unit, SIM_REGISTER_PENDING);
}

static bool
has_no_new(SimUnit *unit)
{
    return !has_new(unit);
}

static bool
has_committed(SimUnit *unit)
{
    return has_new(unit) && sim_unit_is_committed(unit);
}

static bool
has_current(SimUnit *unit)
{
    return holds(unit, SIM_REGISTER_CURRENT) && has_no_new(unit);
}

static bool
has_no_current(SimUnit *unit)
{
    return !holds(unit, SIM_REGISTER_CURRENT);
}

static bool
is_zeroized(SimUnit *unit)
{
    return sim_unit_get_attribute(unit, 1) == 0 && sim_unit_get_n_admins(unit) == 0 &&
           has_no_current(unit) && has_no_new(unit);
}

static void
hand_load(CeremonyWorld *world)
{
    ceremony_world_hand(world, 1, "admin-1", NULL);
    ceremony_world_hand(world, 2, "part-1", "part-2", NULL);
}

/* A second run loads what the first has not reached. results only of the load itself, not of the importer keys. */
static bool
run_load(CeremonyWorld *world, TkeUnitResults **results, GError **error)
{
    static const char *const any[] = { "any", "any", "any" };
    const TkeMkLoadParams params = { .n_parts = PARTS, .parts = any };
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    bool ok;

    ok = tke_op_mk_load(world->op, world->units, &params, &result, error);
    *results = result.n_parts == PARTS ? g_steal_pointer(&result.units) : NULL;
    return ok;
}

static void
hand_commit(CeremonyWorld *world)
{
    ceremony_world_hand(world, 1, "admin-1", "admin-2", NULL);
}

static bool
run_commit(CeremonyWorld *world, TkeUnitResults **results, GError **error)
{
    return run_plain(world, tke_op_mk_commit, results, error);
}

static bool
run_set_immediate(CeremonyWorld *world, TkeUnitResults **results, GError **error)
{
    return run_plain(world, tke_op_mk_set_immediate, results, error);
}

static bool
run_clear_new(CeremonyWorld *world, TkeUnitResults **results, GError **error)
{
    return run_plain(world, tke_op_mk_clear_new, results, error);
}

static bool
run_clear_current(CeremonyWorld *world, TkeUnitResults **results, GError **error)
{
    return run_plain(world, tke_op_mk_clear_current, results, error);
}

static bool
run_zeroize(CeremonyWorld *world, TkeUnitResults **results, GError **error)
{
    return run_plain(world, tke_op_zeroize, results, error);
}

/* ---- a query ---- */

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

/* Does the step as people do it. */
static void
really(CeremonyWorld *world, const StepUnits *step)
{
    g_autoptr(GError) error = NULL;
    TkeUnitResults *results = NULL;

    ceremony_world_go_on(world);
    ceremony_world_restart(world);
    step->hand(world);
    card_world_check(step->run(world, &results, &error), error);
    g_clear_pointer(&results, g_ptr_array_unref);
    for (size_t i = 0; i < UNITS; i++) {
        ck_assert(step->is_done(sim_service_get_unit(world->service, i)));
    }
    ceremony_world_go_on(world);
    ceremony_world_restart(world);
}

static const StepUnits add_first = {
    .name = "admin add", .hand = hand_admin_1, .run = run_admin_add, .is_done = has_admins
};
static const StepUnits add_second = {
    .name = "admin add", .hand = hand_admin_2, .run = run_admin_add, .is_done = has_admins
};
static const StepUnits thresholds = {
    .name = "thresholds", .hand = hand_two_signers, .run = run_thresholds, .is_done = has_thresholds
};
static const StepUnits load = {
    .name = "mk load", .hand = hand_load, .run = run_load, .is_done = has_new
};
static const StepUnits commit = {
    .name = "commit", .hand = hand_commit, .run = run_commit, .is_done = has_committed
};
static const StepUnits set_immediate = {
    .name = "set immediate", .hand = hand_admin_1, .run = run_set_immediate, .is_done = has_current
};

static CeremonyWorld *
admins_world(void)
{
    CeremonyWorld *world = ceremony_world_new(UNITS);

    ceremony_world_make_zone(world);
    ceremony_world_make_admin(world, "admin-1", "Alice");
    ceremony_world_make_admin(world, "admin-2", "Bob");
    ceremony_world_make_admin(world, "admin-3", "Carol");
    ceremony_world_make_part(world, "part-1", "part 1");
    ceremony_world_make_part(world, "part-2", "part 2");
    return world;
}

static CeremonyWorld *
secured_world(void)
{
    CeremonyWorld *world = admins_world();

    wanted_admins = 1;
    really(world, &add_first);
    wanted_admins = 2;
    really(world, &add_second);
    really(world, &thresholds);
    return world;
}

START_TEST(test_a_query_survives_a_fault_at_every_request)
{
    static const StepUnits query = { .name = "query", .hand = hand_nothing, .run = run_query };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(UNITS);

    step_faults_units(world, &query);
    ck_assert_uint_eq(sim_service_get_n_units(world->service), UNITS);
}
END_TEST

START_TEST(test_leaving_imprint_mode_survives_a_fault_at_every_exchange)
{
    g_autoptr(CeremonyWorld) world = admins_world();

    wanted_admins = 1;
    step_faults_units(world, &add_first);
    step_faults_unit_cards(world, &add_first);
    really(world, &add_first);
    wanted_admins = 2;
    really(world, &add_second);
    step_faults_units(world, &thresholds);
    really(world, &thresholds);
}
END_TEST

START_TEST(test_administrators_survive_a_fault_at_every_exchange)
{
    static const StepUnits add_third = { .name = "admin add, signed",
                                         .hand = hand_admin_3,
                                         .run = run_admin_add,
                                         .is_done = has_admins };
    static const StepUnits remove_third = { .name = "admin remove",
                                            .hand = hand_two_signers,
                                            .run = run_admin_remove,
                                            .is_done = has_admins };
    g_autoptr(CeremonyWorld) world = secured_world();

    wanted_admins = 3;
    step_faults_units(world, &add_third);
    really(world, &add_third);
    wanted_admins = 2;
    step_faults_units(world, &remove_third);
    really(world, &remove_third);
}
END_TEST

START_TEST(test_loading_survives_a_fault_at_every_exchange)
{
    static const StepUnits clear_new = {
        .name = "clear new", .hand = hand_admin_1, .run = run_clear_new, .is_done = has_no_new
    };
    g_autoptr(CeremonyWorld) world = secured_world();

    step_faults_units(world, &load);
    step_faults_unit_cards(world, &load);
    really(world, &load);
    step_faults_units(world, &clear_new);
    really(world, &clear_new);
}
END_TEST

START_TEST(test_a_new_master_key_survives_a_fault_at_every_exchange)
{
    g_autoptr(CeremonyWorld) world = secured_world();

    really(world, &load);
    step_faults_units(world, &commit);
    step_faults_unit_cards(world, &commit);
    really(world, &commit);
    step_faults_units(world, &set_immediate);
    really(world, &set_immediate);
}
END_TEST

START_TEST(test_the_end_of_a_master_key_survives_a_fault_at_every_exchange)
{
    static const StepUnits clear_current = { .name = "clear current",
                                             .hand = hand_admin_1,
                                             .run = run_clear_current,
                                             .is_done = has_no_current };
    static const StepUnits zeroize = {
        .name = "zeroize", .hand = hand_admin_1, .run = run_zeroize, .is_done = is_zeroized
    };
    g_autoptr(CeremonyWorld) world = secured_world();

    really(world, &load);
    really(world, &commit);
    really(world, &set_immediate);
    step_faults_units(world, &clear_current);
    really(world, &clear_current);
    step_faults_units(world, &zeroize);
    really(world, &zeroize);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 600); /* many runs each */
    tcase_add_test(tests, test_a_query_survives_a_fault_at_every_request);
    tcase_add_test(tests, test_leaving_imprint_mode_survives_a_fault_at_every_exchange);
    tcase_add_test(tests, test_administrators_survive_a_fault_at_every_exchange);
    tcase_add_test(tests, test_loading_survives_a_fault_at_every_exchange);
    tcase_add_test(tests, test_a_new_master_key_survives_a_fault_at_every_exchange);
    tcase_add_test(tests, test_the_end_of_a_master_key_survives_a_fault_at_every_exchange);
}

int
main(void)
{
    return test_main("step-faults-units", add_tests);
}
