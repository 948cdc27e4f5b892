/*
 * Somebody else gives units a command while the operator still reads the plan (163): what was
 * agreed to is signed for again only where it is still what is there (functions 3.2, P-7).
 */
#include <string.h>

#include "libceremony/ceremony-error.h"
#include "libceremony/op-admins.h"
#include "libceremony/op-mk-finish.h"
#include "libceremony/op-thresholds.h"
#include "libceremony/op-zeroize.h"
#include "tests/libceremony/unfinished-world.h"
#include "tests/support/test-main.h"

typedef bool (*Doing)(CeremonyWorld *world, GError **error);

static void
empty_hands(CeremonyWorld *world)
{
    for (unsigned i = 0; i < 2; i++) {
        g_queue_clear_full(world->hands[i], g_free);
    }
}

static void
take_out(CeremonyWorld *world)
{
    empty_hands(world);
    for (unsigned reader = 1; reader <= 2; reader++) {
        sim_reader_remove(virtual_readers_get(world->cards->readers, reader));
    }
}

/* Another officer, who has a view of the units of his own. */
static void
as_another(CeremonyWorld *world, Doing doing)
{
    g_autoptr(TkeUnitDirectory) directory = NULL;
    g_autoptr(GError) error = NULL;
    TkeUnitDirectory *own = world->units;

    directory = tke_unit_directory_new(world->world, &error);
    card_world_check(directory != NULL, error);
    card_world_check(tke_unit_directory_refresh(directory, NULL, NULL, &error), error);
    world->units = directory;
    take_out(world);
    card_world_check(doing(world, &error), error);
    world->units = own;
    take_out(world);
    ceremony_world_hand(world, 1, "admin-1", NULL);
}

static bool
load_parts(CeremonyWorld *world, const char *first, const char *second, GError **error)
{
    g_auto(TkeMkLoadResult) result = { .units = NULL };

    ceremony_world_hand(world, 1, "admin-1", NULL);
    ceremony_world_hand(world, 2, first, second, NULL);
    return unfinished_load(world, &result, error);
}

static bool
load_other(CeremonyWorld *world, GError **error)
{
    return load_parts(world, "part-1", "part-3", error);
}

static bool
replace_new(CeremonyWorld *world, GError **error)
{
    if (!unfinished_clear_new(world, error)) {
        return false;
    }
    empty_hands(world);
    return load_other(world, error);
}

static bool
replace_committed(CeremonyWorld *world, GError **error)
{
    if (!unfinished_clear_new(world, error)) {
        return false;
    }
    empty_hands(world);
    return load_parts(world, "part-2", "part-3", error);
}

typedef bool (*Plain)(TkeOperation *, TkeUnitDirectory *, TkeUnitResults *, GError **);

static bool
run_plain(CeremonyWorld *world, Plain plain, GError **error)
{
    g_autoptr(GPtrArray) results = tke_unit_results_new();

    ceremony_world_hand(world, 1, "admin-1", NULL);
    return plain(world->op, world->units, results, error);
}

static bool
set_immediate(CeremonyWorld *world, GError **error)
{
    return run_plain(world, tke_op_mk_set_immediate, error);
}

static bool
clear_current(CeremonyWorld *world, GError **error)
{
    return run_plain(world, tke_op_mk_clear_current, error);
}

static bool
zeroize(CeremonyWorld *world, GError **error)
{
    return run_plain(world, tke_op_zeroize, error);
}

/* One thing after the other, with the same cards. */
static void
do_all(CeremonyWorld *world, const Doing *doings)
{
    for (unsigned i = 0; doings[i] != NULL; i++) {
        g_autoptr(GError) error = NULL;

        unfinished_start_anew(world);
        card_world_check(doings[i](world, &error), error);
    }
    unfinished_start_anew(world);
}

static bool
make_other_current(CeremonyWorld *world, GError **error)
{
    static const Doing doings[] = { load_other, unfinished_commit, set_immediate };

    for (unsigned i = 0; i < G_N_ELEMENTS(doings); i++) {
        empty_hands(world);
        if (!doings[i](world, error)) {
            return false;
        }
    }
    return true;
}

static bool
add_second(CeremonyWorld *world, GError **error)
{
    g_auto(TkeAdminResult) result = { .units = NULL };

    ceremony_world_hand(world, 1, "admin-2", "admin-1", NULL);
    return tke_op_admin_add(world->op, world->units, &result, error);
}

static Doing other; /* what somebody else does meanwhile */

static void
do_other(CeremonyWorld *world)
{
    as_another(world, other);
}

/* The operator agrees, and then it is not what he agreed to. */
static void
check_not_again(CeremonyWorld *world, Doing doing, Doing meanwhile, const char *what)
{
    g_autoptr(GError) error = NULL;

    other = meanwhile;
    world->meanwhile = do_other;
    ck_assert(!doing(world, &error));
    ck_assert_msg(g_error_matches(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PRECONDITION), "%s",
                  error->message);
    ck_assert_msg(strstr(error->message, "is not as it was when you agreed") != NULL, "%s",
                  error->message);
    ck_assert_msg(strstr(error->message, what) != NULL, "%s", error->message);
    ck_assert_msg(strstr(error->message, "no crypto unit was changed by it") != NULL, "%s",
                  error->message);
}

static void
get_pattern(CeremonyWorld *world, SimRegisterId which, uint8_t vp[static 32])
{
    static const uint8_t none[32];

    sim_unit_get_vp(unfinished_unit_of(world, 1), which, vp);
    ck_assert(memcmp(vp, none, sizeof none) != 0);
}

START_TEST(test_a_new_key_that_came_meanwhile_is_not_cleared)
{
    static const Doing before[] = { unfinished_load_all, NULL };
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();

    do_all(world, before);
    check_not_again(world, unfinished_clear_new, replace_new, "its new master key register");
    unfinished_check_one_key(world);
}
END_TEST

START_TEST(test_a_current_key_that_came_meanwhile_is_not_cleared)
{
    static const Doing before[] = { unfinished_load_all, unfinished_commit, set_immediate, NULL };
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    uint8_t first[32];
    uint8_t now[32];

    do_all(world, before);
    get_pattern(world, SIM_REGISTER_CURRENT, first);
    check_not_again(world, clear_current, make_other_current, "its current master key register");
    get_pattern(world, SIM_REGISTER_CURRENT, now);
    ck_assert(memcmp(first, now, sizeof now) != 0);
}
END_TEST

START_TEST(test_a_unit_that_has_changed_meanwhile_is_not_zeroized)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();

    check_not_again(world, zeroize, load_other, "its new master key register");
    unfinished_check_one_key(world);
    unfinished_start_anew(world);
    check_not_again(world, zeroize, add_second, "its administrators");
    ck_assert_uint_eq(sim_unit_get_n_admins(unfinished_unit_of(world, 1)), 2);
}
END_TEST

START_TEST(test_another_new_key_is_neither_committed_nor_made_current)
{
    static const Doing loaded[] = { unfinished_load_all, NULL };
    static const Doing committed[] = { unfinished_commit, NULL };
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();

    do_all(world, loaded);
    check_not_again(world, unfinished_commit, replace_new, "its new master key register");
    ck_assert(!sim_unit_is_committed(unfinished_unit_of(world, 1)));
    do_all(world, committed);
    check_not_again(world, set_immediate, replace_committed, "its new master key register");
}
END_TEST

static bool
set_two(CeremonyWorld *world, GError **error)
{
    static const TkeThresholdsParams two = { .signature = 2, .revocation = 2 };
    g_autoptr(GPtrArray) results = tke_unit_results_new();

    ceremony_world_hand(world, 1, "admin-1", "admin-2", NULL);
    return tke_op_thresholds_set(world->op, world->units, &two, results, error);
}

static bool
add_third(CeremonyWorld *world, GError **error)
{
    g_auto(TkeAdminResult) result = { .units = NULL };

    ceremony_world_hand(world, 1, "admin-3", "admin-1", NULL);
    return tke_op_admin_add(world->op, world->units, &result, error);
}

static bool
remove_second(CeremonyWorld *world, GError **error)
{
    g_auto(TkeAdminResult) result = { .units = NULL };
    g_autofree char *ski = NULL;
    TkeAdminRemoveParams params = { .ski = NULL };
    SimCardInfo info;

    sim_card_get_info(g_hash_table_lookup(world->by_name, "admin-2"), &info);
    ski = g_strdup_printf("%02x%02x%02x%02x", info.ski[0], info.ski[1], info.ski[2], info.ski[3]);
    params.ski = ski;
    ceremony_world_hand(world, 1, "admin-1", NULL);
    return tke_op_admin_remove(world->op, world->units, &params, &result, error);
}

START_TEST(test_thresholds_are_not_set_where_administrators_have_changed)
{
    static const Doing before[] = { add_second, NULL };
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();

    ceremony_world_make_admin(world, "admin-3", "Carol");
    do_all(world, before);
    check_not_again(world, set_two, add_third, "its administrators");
    ck_assert_uint_eq(sim_unit_get_attribute(unfinished_unit_of(world, 1), 1), 1);
}
END_TEST

START_TEST(test_administrators_do_not_change_where_thresholds_have)
{
    static const Doing before[] = { add_second, add_third, NULL };
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();

    ceremony_world_make_admin(world, "admin-3", "Carol");
    do_all(world, before);
    check_not_again(world, remove_second, set_two, "its thresholds");
    ck_assert_uint_eq(sim_unit_get_n_admins(unfinished_unit_of(world, 1)), 3);
}
END_TEST

START_TEST(test_what_changes_nothing_that_was_agreed_to_does_no_harm)
{
    static const Doing before[] = { unfinished_load_all, NULL };
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autoptr(GError) error = NULL;

    ceremony_world_make_admin(world, "admin-3", "Carol");
    do_all(world, before);
    other = add_second;
    world->meanwhile = do_other;
    card_world_check(unfinished_clear_new(world, &error), error); /* the key is the same */
    ck_assert_ptr_nonnull(strstr(world->notes->str, "Somebody else"));
    ck_assert(!unfinished_is_loaded(world, 1));
}
END_TEST

/* Another officer loads while our importer keys are signed for. */
START_TEST(test_importer_keys_are_not_made_for_a_register_that_was_filled_meanwhile)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autoptr(GError) error = NULL;

    other = load_other;
    world->meanwhile = do_other;
    ck_assert(!unfinished_load_all(world, &error));
    ck_assert_msg(strstr(error->message, "somebody else has loaded") != NULL, "%s", error->message);
    unfinished_check_one_key(world);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_a_new_key_that_came_meanwhile_is_not_cleared);
    tcase_add_test(tests, test_a_current_key_that_came_meanwhile_is_not_cleared);
    tcase_add_test(tests, test_a_unit_that_has_changed_meanwhile_is_not_zeroized);
    tcase_add_test(tests, test_another_new_key_is_neither_committed_nor_made_current);
    tcase_add_test(tests, test_thresholds_are_not_set_where_administrators_have_changed);
    tcase_add_test(tests, test_administrators_do_not_change_where_thresholds_have);
    tcase_add_test(tests, test_what_changes_nothing_that_was_agreed_to_does_no_harm);
    tcase_add_test(tests, test_importer_keys_are_not_made_for_a_register_that_was_filled_meanwhile);
}

int
main(void)
{
    return test_main("changed-meanwhile", add_tests);
}
