/*
 * An administrator who is in all crypto units already is added once more (functions 3.5): nothing
 * has to be done. The card of the one before, which lies there still, is not meant.
 */
#include <string.h>

#include "libceremony/op-admins.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/test-main.h"

#define UNITS 2u

static CeremonyWorld *
make_world(void)
{
    CeremonyWorld *world = ceremony_world_new(UNITS);

    ceremony_world_make_zone(world);
    ceremony_world_make_admin(world, "admin-1", "Alice");
    ceremony_world_make_admin(world, "admin-2", "Bob");
    ceremony_world_add_admins(world, 1);
    g_string_truncate(world->prompts, 0);
    g_string_truncate(world->plans, 0);
    return world;
}

static void
put_in(CeremonyWorld *world, const char *card)
{
    ck_assert(sim_reader_insert(virtual_readers_get(world->cards->readers, 1),
                                g_hash_table_lookup(world->by_name, card), NULL));
}

/* Nobody typed a PIN or agreed to anything; it was done all the same. */
static void
check_nothing_done(CeremonyWorld *world, const TkeAdminResult *result)
{
    g_autoptr(GPtrArray) states = ceremony_world_states(world);

    ck_assert_uint_eq(result->already, UNITS);
    ck_assert_ptr_nonnull(result->units);
    ck_assert_uint_eq(result->units->len, 0);
    ck_assert_str_eq(result->name, "Alice");
    ck_assert_msg(strstr(world->prompts->str, "pin") == NULL, "%s", world->prompts->str);
    ck_assert_str_eq(world->plans->str, "");
    for (guint i = 0; i < states->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(states, i);

        ck_assert_uint_eq(state->admins->len, 1);
    }
}

START_TEST(test_who_is_in_all_units_is_done)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_auto(TkeAdminResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 1, "admin-1", NULL);
    card_world_check(tke_op_admin_add(world->op, world->units, &result, &error), error);
    check_nothing_done(world, &result);
}
END_TEST

START_TEST(test_a_card_that_lies_there_is_meant_when_it_is_put_in_again)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_auto(TkeAdminResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    put_in(world, "admin-1");
    ceremony_world_hand(world, 1, "admin-1", "admin-1", NULL);
    card_world_check(tke_op_admin_add(world->op, world->units, &result, &error), error);
    ck_assert_msg(strstr(world->prompts->str, "insert administrator, reader 1: used") != NULL, "%s",
                  world->prompts->str);
    check_nothing_done(world, &result);
}
END_TEST

START_TEST(test_a_card_that_lies_there_gives_way_to_the_new_one)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_auto(TkeAdminResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    put_in(world, "admin-1");
    ceremony_world_hand(world, 1, "admin-2", NULL);
    card_world_check(tke_op_admin_add(world->op, world->units, &result, &error), error);
    ck_assert_uint_eq(result.already, 0);
    ck_assert_uint_eq(result.units->len, UNITS);
    ck_assert_str_eq(result.name, "Bob");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_who_is_in_all_units_is_done);
    tcase_add_test(tests, test_a_card_that_lies_there_is_meant_when_it_is_put_in_again);
    tcase_add_test(tests, test_a_card_that_lies_there_gives_way_to_the_new_one);
}

int
main(void)
{
    return test_main("admin-again", add_tests);
}
