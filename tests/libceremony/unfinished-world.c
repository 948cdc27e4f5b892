/*
 * Units in which a step failed, and the people who go on.
 */
#include "tests/libceremony/unfinished-world.h"

#include <string.h>

#include "libceremony/ceremony-error.h"
#include "libceremony/op-mk-finish.h"
#include "libceremony/op-thresholds.h"

const char *const unfinished_any_part[] = { "any", "any", "any" };

SimUnit *
unfinished_unit_of(CeremonyWorld *world, unsigned number)
{
    return sim_service_get_unit(world->service, number - 1);
}

bool
unfinished_is_loaded(CeremonyWorld *world, unsigned number)
{
    static const uint8_t zeros[32];
    uint8_t vp[32];

    sim_unit_get_vp(unfinished_unit_of(world, number), SIM_REGISTER_PENDING, vp);
    return memcmp(vp, zeros, sizeof vp) != 0;
}

void
unfinished_check_one_key(CeremonyWorld *world)
{
    uint8_t first[32];
    uint8_t vp[32];

    sim_unit_get_vp(unfinished_unit_of(world, 1), SIM_REGISTER_PENDING, first);
    for (unsigned number = 1; number <= UNITS; number++) {
        ck_assert(unfinished_is_loaded(world, number));
        sim_unit_get_vp(unfinished_unit_of(world, number), SIM_REGISTER_PENDING, vp);
        ck_assert_mem_eq(vp, first, sizeof vp);
    }
}

void
unfinished_refuse(CeremonyWorld *world, unsigned number, unsigned command, unsigned count)
{
    g_autoptr(JsonObject) order = json_object_new();
    g_autoptr(GError) error = NULL;

    json_object_set_string_member(order, "fault", "code");
    json_object_set_string_member(order, "unit",
                                  sim_unit_get_hsm_id(unfinished_unit_of(world, number)));
    json_object_set_int_member(order, "command", command);
    json_object_set_int_member(order, "count", count);
    card_world_check(sim_service_fault(world->service, order, &error), error);
}

void
unfinished_order(CeremonyWorld *world, unsigned number, const char *fault, unsigned command)
{
    g_autoptr(JsonObject) order = json_object_new();
    g_autoptr(GError) error = NULL;

    json_object_set_string_member(order, "fault", fault);
    json_object_set_string_member(order, "unit",
                                  sim_unit_get_hsm_id(unfinished_unit_of(world, number)));
    json_object_set_int_member(order, "command", command);
    card_world_check(sim_service_fault(world->service, order, &error), error);
}

char *
unfinished_last_entry(CeremonyWorld *world, unsigned number, const char *action)
{
    const char *id = sim_unit_get_hsm_id(unfinished_unit_of(world, number));
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    char *found = g_strdup("");

    ck_assert(g_file_get_contents(tke_activity_log_get_path(world->log), &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        if (strstr(*line, action) != NULL && strstr(*line, id) != NULL) {
            g_free(found);
            found = g_strdup(*line);
        }
    }
    return found;
}

void
unfinished_choose(CeremonyWorld *world, unsigned row)
{
    g_queue_push_tail(world->choices, GUINT_TO_POINTER(row));
}

void
unfinished_go_on(CeremonyWorld *world)
{
    g_autoptr(GError) error = NULL;

    ceremony_world_go_on(world);
    card_world_check(tke_unit_directory_refresh(world->units, NULL, NULL, &error), error);
}

void
unfinished_start_anew(CeremonyWorld *world)
{
    g_autoptr(GError) error = NULL;

    ceremony_world_go_on(world);
    ceremony_world_restart(world);
    tke_unit_directory_free(world->units);
    world->units = tke_unit_directory_new(world->world, &error);
    card_world_check(world->units != NULL, error);
    card_world_check(tke_unit_directory_refresh(world->units, NULL, NULL, &error), error);
}

bool
unfinished_load(CeremonyWorld *world, TkeMkLoadResult *result, GError **error)
{
    const TkeMkLoadParams params = { .n_parts = 2, .parts = unfinished_any_part };

    return tke_op_mk_load(world->op, world->units, &params, result, error);
}

void
unfinished_hand_all(CeremonyWorld *world)
{
    ceremony_world_hand(world, 1, "admin-1", NULL);
    ceremony_world_hand(world, 2, "part-1", "part-2", NULL);
}

bool
unfinished_load_all(CeremonyWorld *world, GError **error)
{
    g_auto(TkeMkLoadResult) result = { .units = NULL };

    unfinished_hand_all(world);
    return unfinished_load(world, &result, error);
}

bool
unfinished_commit(CeremonyWorld *world, GError **error)
{
    g_autoptr(GPtrArray) results = tke_unit_results_new();

    ceremony_world_hand(world, 1, "admin-1", NULL);
    return tke_op_mk_commit(world->op, world->units, results, error);
}

bool
unfinished_clear_new(CeremonyWorld *world, GError **error)
{
    g_autoptr(GPtrArray) results = tke_unit_results_new();

    ceremony_world_hand(world, 1, "admin-1", NULL);
    return tke_op_mk_clear_new(world->op, world->units, results, error);
}

unsigned
unfinished_count(CeremonyWorld *world)
{
    g_autoptr(GPtrArray) states = ceremony_world_states(world);

    ck_assert_uint_eq(states->len, UNITS);
    return tke_journal_get_unfinished(tke_unit_directory_get_journal(world->units))->len;
}

CeremonyWorld *
unfinished_secured_world(void)
{
    static const TkeThresholdsParams one = { .signature = 1, .revocation = 1 };
    CeremonyWorld *world = ceremony_world_new(UNITS);
    g_autoptr(GPtrArray) results = tke_unit_results_new();
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_make_admin(world, "admin-1", "Alice");
    ceremony_world_make_admin(world, "admin-2", "Bob");
    ceremony_world_add_admins(world, 1);
    ceremony_world_make_part(world, "part-1", "part 1");
    ceremony_world_make_part(world, "part-2", "part 2");
    ceremony_world_make_part(world, "part-3", "part 3");
    ceremony_world_hand(world, 1, "admin-1", NULL);
    card_world_check(tke_op_thresholds_set(world->op, world->units, &one, results, &error), error);
    unfinished_start_anew(world);
    return world;
}

CeremonyWorld *
unfinished_half_loaded_world(void)
{
    CeremonyWorld *world = unfinished_secured_world();
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    unfinished_refuse(world, 2, IMPORT, 1);
    unfinished_hand_all(world);
    ck_assert(!unfinished_load(world, &result, &error));
    ck_assert_msg(g_error_matches(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY), "%s",
                  error->message);
    ck_assert(unfinished_is_loaded(world, 1) && !unfinished_is_loaded(world, 2) &&
              unfinished_is_loaded(world, 3));
    ck_assert(g_str_has_prefix(world->choose->str, "unit-failed: Load was done in 2 of 3"));
    ck_assert_uint_eq(unfinished_count(world), 1);
    return world;
}
