/*
 * Units that are refused for what the service lists, while the others are used
 * (crypto-unit-protocol.md, 1.3; functions 3.2, E-H09).
 */
#include <string.h>

#include "libep11admin/unit-zeroize.h"
#include "tests/libep11admin/unit-world.h"
#include "tests/support/test-main.h"

static void
assert_word(const char *text, const char *word)
{
    ck_assert_msg(strstr(text, word) != NULL, "\"%s\" is not in: %s", word, text);
}

/* The units of another list than the first one; the fakes were changed meanwhile. */
static void
list_again(UnitWorld *world)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) units =
        tke_unit_query_list(world->transport, FAKE_INSTANCE, 1, NULL, &error);

    unit_world_check(units != NULL, error);
    g_ptr_array_unref(world->units);
    world->units = g_steal_pointer(&units);
}

/* Unit i is refused as it is listed, is asked nothing and takes no command. */
static void
check_refused_for_good(UnitWorld *world, unsigned i, int code, const char *word)
{
    TkeUnit *unit = unit_world_unit(world, i);
    g_autoptr(GPtrArray) states = unit_world_query(world, NULL, TKE_UNIT_QUERY_DEFAULT);
    const TkeUnitState *state = g_ptr_array_index(states, i);
    g_autoptr(TkeUnitCommand) command = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert_int_eq(tke_unit_get_trust(unit), TKE_UNIT_REFUSED);
    test_bytes_check_error(state->error, TKE_UNIT_ERROR, code);
    assert_word(state->error->message, word);
    assert_word(state->error->message, tke_unit_get_name(unit));
    command = tke_unit_zeroize_new(unit, &error);
    ck_assert_ptr_null(command);
    test_bytes_check_error(error, TKE_UNIT_ERROR, code);
}

START_TEST(test_unit_in_an_impossible_place_does_not_hide_the_others)
{
    g_autoptr(UnitWorld) world = unit_world_new(3, 0, 2, 1, 1);
    unsigned before = test_fault_unit_transport_get_requests(world->transport, "unit-1");

    fake_units_get(world->fakes, 1)->domain = 300;
    list_again(world);
    check_refused_for_good(world, 1, TKE_UNIT_ERROR_MALFORMED, "between 0 and 255");
    ck_assert_int_eq(tke_unit_get_trust(unit_world_unit(world, 0)), TKE_UNIT_VERIFIED);
    ck_assert_int_eq(tke_unit_get_trust(unit_world_unit(world, 2)), TKE_UNIT_VERIFIED);
    ck_assert_uint_eq(test_fault_unit_transport_get_requests(world->transport, "unit-1"), before);
}
END_TEST

START_TEST(test_unit_with_an_impossible_identifier_does_not_hide_the_others)
{
    g_autoptr(UnitWorld) world = unit_world_new(2, 0, 2, 1, 1);

    g_free(fake_units_get(world->fakes, 0)->hsm_id);
    fake_units_get(world->fakes, 0)->hsm_id = g_strdup("../unit");
    list_again(world);
    check_refused_for_good(world, 0, TKE_UNIT_ERROR_MALFORMED, "not an identifier");
    ck_assert_int_eq(tke_unit_get_trust(unit_world_unit(world, 1)), TKE_UNIT_VERIFIED);
}
END_TEST

START_TEST(test_units_that_are_one_domain_are_refused)
{
    for (unsigned way = 0; way < 2; way++) {
        g_autoptr(UnitWorld) world = unit_world_new(3, 0, 2, 1, 1);
        FakeUnit *first = fake_units_get(world->fakes, 0);
        FakeUnit *other = fake_units_get(world->fakes, 2);

        if (way == 0) {
            g_free(other->hsm_id);
            other->hsm_id = g_strdup(first->hsm_id);
        } else {
            g_free(other->serial);
            other->serial = g_strdup(first->serial);
            other->domain = first->domain;
        }
        list_again(world);
        check_refused_for_good(world, 0, TKE_UNIT_ERROR_IDENTITY, "also as crypto unit 3");
        check_refused_for_good(world, 2, TKE_UNIT_ERROR_IDENTITY, "also as crypto unit 1");
        ck_assert_int_eq(tke_unit_get_trust(unit_world_unit(world, 1)), TKE_UNIT_VERIFIED);
    }
}
END_TEST

START_TEST(test_units_of_two_instances_that_are_one_domain_are_refused)
{
    g_autoptr(UnitWorld) world = unit_world_new(2, 0, 2, 1, 1);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) others = tke_unit_query_list(
        world->transport, "22222222-0000-0000-0000-000000000000", 3, NULL, &error);

    unit_world_check(others != NULL, error);
    g_ptr_array_extend_and_steal(world->units, g_steal_pointer(&others));
    tke_unit_query_refuse_repeated(world->units);
    check_refused_for_good(world, 0, TKE_UNIT_ERROR_IDENTITY, "also as crypto unit 3");
    check_refused_for_good(world, 3, TKE_UNIT_ERROR_IDENTITY, "also as crypto unit 2");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_unit_in_an_impossible_place_does_not_hide_the_others);
    tcase_add_test(tests, test_unit_with_an_impossible_identifier_does_not_hide_the_others);
    tcase_add_test(tests, test_units_that_are_one_domain_are_refused);
    tcase_add_test(tests, test_units_of_two_instances_that_are_one_domain_are_refused);
}

int
main(void)
{
    return test_main("unit-listed", add_tests);
}
