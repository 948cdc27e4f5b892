/*
 * A load of the key that is the current one already (functions 3.8, F-091; 8, 18): it cannot serve
 * for a rotation, and is of use only where other units are to hold it as well.
 */
#include <string.h>

#include "libceremony/ceremony-error.h"
#include "libceremony/op-mk-finish.h"
#include "tests/libceremony/unfinished-world.h"
#include "tests/support/test-main.h"

#define TITLE "the new master key is the current one"
/* rows of the choice */
#define CLEAR_ROW 0u
#define KEEP_ROW 1u

static void
set_immediate(CeremonyWorld *world)
{
    g_autoptr(GPtrArray) results = tke_unit_results_new();
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 1, "admin-1", NULL);
    card_world_check(tke_op_mk_set_immediate(world->op, world->units, results, &error), error);
    unfinished_start_anew(world);
}

/* Parts 1 and 2 make the current key of all units. */
static CeremonyWorld *
current_world(void)
{
    CeremonyWorld *world = unfinished_secured_world();
    g_autoptr(GError) error = NULL;

    card_world_check(unfinished_load_all(world, &error), error);
    unfinished_start_anew(world);
    card_world_check(unfinished_commit(world, &error), error);
    unfinished_start_anew(world);
    set_immediate(world);
    return world;
}

/* The current register of unit 3 is empty, as after a mistake. */
static void
lose_current_of_third(CeremonyWorld *world)
{
    g_autoptr(GPtrArray) results = tke_unit_results_new();
    g_autoptr(GError) error = NULL;

    card_world_check(tke_unit_directory_select_once(world->units, "3", &error), error);
    ceremony_world_hand(world, 1, "admin-1", NULL);
    card_world_check(tke_op_mk_clear_current(world->op, world->units, results, &error), error);
    unfinished_start_anew(world);
}

static unsigned
count_told(CeremonyWorld *world)
{
    g_autofree char *all = g_strconcat(world->notes->str, world->choose->str, NULL);
    unsigned n = 0;

    for (const char *at = all; (at = strstr(at, TITLE)) != NULL; at++) {
        n++;
    }
    return n;
}

/* Nobody has said that this is what is wanted: no success, and nothing that leads to a commit. */
START_TEST(test_nobody_keeps_the_current_key_by_himself)
{
    g_autoptr(CeremonyWorld) world = current_world();
    g_autoptr(GError) error = NULL;

    ck_assert(!unfinished_load_all(world, &error));
    ck_assert_msg(g_error_matches(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY), "%s",
                  error->message);
    ck_assert_msg(strstr(error->message, "tke cryptounit-mk-clrnew") != NULL, "%s", error->message);
    ck_assert_uint_eq(count_told(world), 1);
    unfinished_check_one_key(world); /* what is there is left */
}
END_TEST

START_TEST(test_the_current_key_is_kept_by_who_wants_it)
{
    g_autoptr(CeremonyWorld) world = current_world();
    g_autoptr(GError) error = NULL;

    unfinished_choose(world, KEEP_ROW);
    card_world_check(unfinished_load_all(world, &error), error);
    ck_assert_uint_eq(count_told(world), 1);
    unfinished_check_one_key(world);
}
END_TEST

START_TEST(test_the_current_key_is_cleared_by_who_does_not_want_it)
{
    g_autoptr(CeremonyWorld) world = current_world();
    g_autoptr(GError) error = NULL;

    unfinished_choose(world, CLEAR_ROW);
    ck_assert(!unfinished_load_all(world, &error));
    ck_assert_msg(g_error_matches(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_UNITS), "%s",
                  error->message);
    ck_assert_uint_eq(count_told(world), 1);
    for (unsigned number = 1; number <= UNITS; number++) {
        ck_assert(!unfinished_is_loaded(world, number));
    }
}
END_TEST

/* To bring a unit in line is what the same parts are for: nobody need be asked. */
START_TEST(test_a_unit_without_the_current_key_is_brought_in_line)
{
    g_autoptr(CeremonyWorld) world = current_world();
    g_autoptr(GError) error = NULL;

    lose_current_of_third(world);
    card_world_check(unfinished_load_all(world, &error), error);
    ck_assert_uint_eq(count_told(world), 1);
    ck_assert_msg(strstr(world->choose->str, "crypto unit 1, crypto unit 2: " TITLE " there") !=
                      NULL,
                  "%s", world->choose->str);
    unfinished_check_one_key(world);
}
END_TEST

/* The registers are full of it when the next load begins. */
START_TEST(test_the_current_key_that_is_found_is_told_too)
{
    g_autoptr(CeremonyWorld) world = current_world();
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) later = NULL;

    ck_assert(!unfinished_load_all(world, &error));
    unfinished_start_anew(world);
    unfinished_choose(world, 0); /* all hold one key: it is kept */
    ck_assert(!unfinished_load_all(world, &later));
    ck_assert_msg(g_error_matches(later, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY), "%s",
                  later->message);
    ck_assert_uint_eq(count_told(world), 1);
    unfinished_check_one_key(world);
}
END_TEST

/* ---- what a commit says of it, and of what comes next ---- */

static void
check_commit(CeremonyWorld *world, const char *plan, const char *note)
{
    g_autoptr(GError) error = NULL;

    unfinished_start_anew(world);
    g_string_truncate(world->notes, 0);
    card_world_check(unfinished_commit(world, &error), error);
    ck_assert_msg(plan != NULL ? strstr(world->details->str, plan) != NULL
                               : strstr(world->details->str, "current already") == NULL,
                  "%s", world->details->str);
    ck_assert_msg(strstr(world->notes->str, note) != NULL, "%s", world->notes->str);
}

START_TEST(test_a_first_key_is_to_be_set_once_it_is_committed)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autoptr(GError) error = NULL;

    card_world_check(unfinished_load_all(world, &error), error);
    check_commit(world, NULL, "Next: tke cryptounit-mk-setimm.\n");
}
END_TEST

START_TEST(test_who_commits_the_current_key_is_told_that_nothing_is_to_be_set)
{
    g_autoptr(CeremonyWorld) world = current_world();
    g_autoptr(GError) error = NULL;

    unfinished_choose(world, KEEP_ROW);
    card_world_check(unfinished_load_all(world, &error), error);
    check_commit(
        world,
        "This is the key that is current already in crypto unit 1, crypto unit 2, crypto "
        "unit 3.",
        "The committed key is the current one already: there is nothing to set. Next: empty "
        "the new registers (tke cryptounit-mk-clrnew).");
}
END_TEST

START_TEST(test_who_commits_the_current_key_for_one_unit_is_told_which)
{
    g_autoptr(CeremonyWorld) world = current_world();
    g_autoptr(GError) error = NULL;

    lose_current_of_third(world);
    card_world_check(unfinished_load_all(world, &error), error);
    check_commit(world, "This is the key that is current already in crypto unit 1, crypto unit 2.",
                 "The committed key is the current one already in crypto unit 1, crypto unit 2. "
                 "Next, to make it that in crypto unit 3 too: tke cryptounit-mk-setimm.");
}
END_TEST

START_TEST(test_a_key_for_a_rotation_waits_for_key_storage)
{
    g_autoptr(CeremonyWorld) world = current_world();
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 1, "admin-1", NULL);
    ceremony_world_hand(world, 2, "part-2", "part-3", NULL);
    card_world_check(unfinished_load(world, &result, &error), error);
    check_commit(world, NULL,
                 "Next: tke cryptounit-mk-setimm, once key storage is prepared for the new key.");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_nobody_keeps_the_current_key_by_himself);
    tcase_add_test(tests, test_the_current_key_is_kept_by_who_wants_it);
    tcase_add_test(tests, test_the_current_key_is_cleared_by_who_does_not_want_it);
    tcase_add_test(tests, test_a_unit_without_the_current_key_is_brought_in_line);
    tcase_add_test(tests, test_the_current_key_that_is_found_is_told_too);
    tcase_add_test(tests, test_a_first_key_is_to_be_set_once_it_is_committed);
    tcase_add_test(tests, test_who_commits_the_current_key_is_told_that_nothing_is_to_be_set);
    tcase_add_test(tests, test_who_commits_the_current_key_for_one_unit_is_told_which);
    tcase_add_test(tests, test_a_key_for_a_rotation_waits_for_key_storage);
}

int
main(void)
{
    return test_main("load-current", add_tests);
}
