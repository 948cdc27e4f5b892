/*
 * Operations on crypto units, the people who do them, and what they leave in a unit.
 */
#include "tests/libceremony/unit-steps.h"

#include <string.h>

#include "libceremony/ceremony-error.h"
#include "libceremony/op-admins.h"
#include "libceremony/op-mk-finish.h"
#include "libceremony/op-mk-load.h"
#include "libceremony/op-thresholds.h"
#include "libceremony/op-zeroize.h"
#include "libep11admin/admin-command.h"

typedef bool (*PlainOperation)(TkeOperation *, TkeUnitDirectory *, TkeUnitResults *, GError **);

static unsigned wanted_admins; /* in each unit when the step is done */
static uint8_t wanted_vp[32];  /* of the key that is loaded */

static bool
run_plain(CeremonyWorld *world, PlainOperation func, TkeUnitResults **results, GError **error)
{
    *results = tke_unit_results_new();
    return func(world->op, world->units, *results, error);
}

static void
hand_one_signer(CeremonyWorld *world)
{
    ceremony_world_hand(world, 1, "admin-1", NULL);
}

static void
hand_two_signers(CeremonyWorld *world)
{
    ceremony_world_hand(world, 1, "admin-1", "admin-2", NULL);
}

/* ---- administrators ---- */

void
unit_steps_want_admins(unsigned n_admins)
{
    wanted_admins = n_admins;
}

static bool
has_admins(SimUnit *unit)
{
    return sim_unit_get_n_admins(unit) == wanted_admins;
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

static bool
run_thresholds(CeremonyWorld *world, TkeUnitResults **results, GError **error)
{
    const TkeThresholdsParams params = { .signature = 2, .revocation = 2 };

    *results = tke_unit_results_new();
    return tke_op_thresholds_set(world->op, world->units, &params, *results, error);
}

static bool
has_lower(SimUnit *unit)
{
    return sim_unit_get_attribute(unit, 1) == 1 && sim_unit_get_attribute(unit, 2) == 1;
}

static bool
run_lower(CeremonyWorld *world, TkeUnitResults **results, GError **error)
{
    const TkeThresholdsParams params = { .signature = 1, .revocation = 1 };

    *results = tke_unit_results_new();
    return tke_op_thresholds_set(world->op, world->units, &params, *results, error);
}

/* ---- master keys ---- */

static bool
holds(SimUnit *unit, SimRegisterId which)
{
    static const uint8_t zeros[32];
    uint8_t vp[32];

    sim_unit_get_vp(unit, which, vp);
    return memcmp(vp, zeros, sizeof vp) != 0;
}

static bool
holds_wanted(SimUnit *unit, SimRegisterId which)
{
    uint8_t vp[32];

    sim_unit_get_vp(unit, which, vp);
    return memcmp(vp, wanted_vp, sizeof vp) == 0;
}

bool
unit_steps_holds_key(SimUnit *unit)
{
    return holds_wanted(unit, SIM_REGISTER_PENDING);
}

bool
unit_steps_is_empty(SimUnit *unit)
{
    return !holds(unit, SIM_REGISTER_PENDING);
}

static bool
has_committed(SimUnit *unit)
{
    return unit_steps_holds_key(unit) && sim_unit_is_committed(unit);
}

static bool
has_current(SimUnit *unit)
{
    return holds_wanted(unit, SIM_REGISTER_CURRENT) && unit_steps_is_empty(unit);
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
           has_no_current(unit) && unit_steps_is_empty(unit);
}

void
unit_steps_hand_load(CeremonyWorld *world)
{
    ceremony_world_hand(world, 1, "admin-1", NULL);
    ceremony_world_hand(world, 2, "part-1", "part-2", NULL);
}

/* Results only of the load itself, not of the importer keys. */
bool
unit_steps_run_load(CeremonyWorld *world, TkeUnitResults **results, GError **error)
{
    static const char *const any[] = { "any", "any", "any" };
    const TkeMkLoadParams params = { .n_parts = UNIT_STEPS_PARTS, .parts = any };
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    bool ok;

    ok = tke_op_mk_load(world->op, world->units, &params, &result, error);
    *results = result.n_parts == UNIT_STEPS_PARTS ? g_steal_pointer(&result.units) : NULL;
    return ok;
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

/* ---- the steps ---- */

const StepUnits unit_step_add_first = {
    .name = "admin add", .hand = hand_one_signer, .run = run_admin_add, .is_done = has_admins
};
const StepUnits unit_step_add_second = {
    .name = "admin add", .hand = hand_admin_2, .run = run_admin_add, .is_done = has_admins
};
const StepUnits unit_step_add_third = {
    .name = "admin add, signed", .hand = hand_admin_3, .run = run_admin_add, .is_done = has_admins
};
const StepUnits unit_step_remove_third = {
    .name = "admin remove", .hand = hand_two_signers, .run = run_admin_remove, .is_done = has_admins
};
const StepUnits unit_step_thresholds = {
    .name = "thresholds", .hand = hand_two_signers, .run = run_thresholds, .is_done = has_thresholds
};
const StepUnits unit_step_lower = {
    .name = "thresholds, signed", .hand = hand_two_signers, .run = run_lower, .is_done = has_lower
};
const StepUnits unit_step_load = { .name = "mk load",
                                   .hand = unit_steps_hand_load,
                                   .run = unit_steps_run_load,
                                   .is_done = unit_steps_holds_key };
const StepUnits unit_step_commit = {
    .name = "commit", .hand = hand_two_signers, .run = run_commit, .is_done = has_committed
};
const StepUnits unit_step_set_immediate = { .name = "set immediate",
                                            .hand = hand_one_signer,
                                            .run = run_set_immediate,
                                            .is_done = has_current };
const StepUnits unit_step_clear_new = { .name = "clear new",
                                        .hand = hand_one_signer,
                                        .run = run_clear_new,
                                        .is_done = unit_steps_is_empty };
const StepUnits unit_step_clear_current = { .name = "clear current",
                                            .hand = hand_one_signer,
                                            .run = run_clear_current,
                                            .is_done = has_no_current };
const StepUnits unit_step_zeroize = {
    .name = "zeroize", .hand = hand_one_signer, .run = run_zeroize, .is_done = is_zeroized
};

/* ---- worlds ---- */

CeremonyWorld *
unit_steps_world(void)
{
    CeremonyWorld *world = ceremony_world_new(UNIT_STEPS_UNITS);

    ceremony_world_make_zone(world);
    ceremony_world_make_admin(world, "admin-1", "Alice");
    ceremony_world_make_admin(world, "admin-2", "Bob");
    ceremony_world_make_admin(world, "admin-3", "Carol");
    ceremony_world_make_part(world, "part-1", "part 1");
    ceremony_world_make_part(world, "part-2", "part 2");
    ceremony_world_make_part(world, "part-3", "part 3");
    return world;
}

CeremonyWorld *
unit_steps_secured_world(void)
{
    CeremonyWorld *world = unit_steps_world();

    unit_steps_want_admins(1);
    unit_steps_really(world, &unit_step_add_first);
    unit_steps_want_admins(2);
    unit_steps_really(world, &unit_step_add_second);
    unit_steps_really(world, &unit_step_thresholds);
    return world;
}

static void
go_on(CeremonyWorld *world)
{
    ceremony_world_go_on(world);
    ceremony_world_restart(world);
}

void
unit_steps_really(CeremonyWorld *world, const StepUnits *step)
{
    g_autoptr(GError) error = NULL;
    TkeUnitResults *results = NULL;

    go_on(world);
    step->hand(world);
    card_world_check(step->run(world, &results, &error), error);
    g_clear_pointer(&results, g_ptr_array_unref);
    for (size_t i = 0; i < UNIT_STEPS_UNITS; i++) {
        ck_assert(step->is_done(sim_service_get_unit(world->service, i)));
    }
    go_on(world);
}

void
unit_steps_learn_key(CeremonyWorld *world, const char *first, const char *second)
{
    g_autoptr(GError) error = NULL;
    TkeUnitResults *results = NULL;

    go_on(world);
    ceremony_world_hand(world, 1, "admin-1", NULL);
    ceremony_world_hand(world, 2, first, second, NULL);
    card_world_check(unit_steps_run_load(world, &results, &error), error);
    g_clear_pointer(&results, g_ptr_array_unref);
    sim_unit_get_vp(sim_service_get_unit(world->service, 0), SIM_REGISTER_PENDING, wanted_vp);
    unit_steps_really(world, &unit_step_clear_new);
}

/* ---- units that refuse ---- */

void
unit_steps_refuse(CeremonyWorld *world, unsigned index, unsigned command)
{
    SimUnit *unit = sim_service_get_unit(world->service, index);
    g_autoptr(JsonObject) order = json_object_new();
    g_autoptr(GError) error = NULL;

    json_object_set_string_member(order, "fault", "code");
    json_object_set_string_member(order, "unit", sim_unit_get_hsm_id(unit));
    json_object_set_int_member(order, "command", command);
    json_object_set_int_member(order, "count", 1);
    card_world_check(sim_service_fault(world->service, order, &error), error);
}

void
unit_steps_load_but(CeremonyWorld *world, unsigned index)
{
    g_autoptr(GError) error = NULL;
    TkeUnitResults *results = NULL;

    go_on(world);
    unit_steps_refuse(world, index, TKE_ADMIN_IMPORT_WK);
    unit_steps_hand_load(world);
    ck_assert(!unit_steps_run_load(world, &results, &error));
    ck_assert_msg(g_error_matches(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY), "%s",
                  error->message);
    g_clear_pointer(&results, g_ptr_array_unref);
    go_on(world);
}

void
unit_steps_choose_as_found(CeremonyWorld *world)
{
    unsigned wanted = 0;
    unsigned others = 0;

    for (size_t i = 0; i < UNIT_STEPS_UNITS; i++) {
        SimUnit *unit = sim_service_get_unit(world->service, i);

        wanted += unit_steps_holds_key(unit) ? 1 : 0;
        others += !unit_steps_holds_key(unit) && !unit_steps_is_empty(unit) ? 1 : 0;
    }
    /* One key: it is kept, cleared or left; different ones: they are cleared or left. */
    g_queue_push_tail(world->choices, GUINT_TO_POINTER(others > 0 && wanted == 0 ? 1 : 0));
}
