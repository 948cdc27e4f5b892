/*
 * Unfinished steps of crypto units that are gone are left, if the operator says so (functions 3.2,
 * P-7; F-177).
 */
#include <string.h>

#include "libceremony/op-leave.h"
#include "tests/libceremony/unfinished-world.h"
#include "tests/support/test-main.h"

#define GONE "99999999-0000-0000-0000-000000000000"

/* Unit 2, where the load failed, has left the instance since. */
static CeremonyWorld *
world_without_a_unit(void)
{
    CeremonyWorld *world = unfinished_half_loaded_world();
    g_autofree char *path = g_build_filename(world->dir, "opentke-journal.json", NULL);
    g_autofree char *now = NULL;
    g_autoptr(GString) text = NULL;

    ck_assert(g_file_get_contents(path, &now, NULL, NULL));
    text = g_string_new(now);
    ck_assert_uint_eq(
        g_string_replace(text, sim_unit_get_hsm_id(unfinished_unit_of(world, 2)), GONE, 0), 1);
    ck_assert(g_file_set_contents(path, text->str, -1, NULL));
    unfinished_start_anew(world);
    return world;
}

static unsigned
leave(CeremonyWorld *world, bool listed)
{
    g_autoptr(GPtrArray) steps = NULL;
    g_autoptr(GError) error = NULL;

    card_world_check(tke_op_leave(world->op, world->units, listed, &steps, &error), error);
    return steps->len;
}

static char *
last_entry(CeremonyWorld *world)
{
    g_auto(GStrv) lines = tke_activity_log_read(world->log, 1, NULL);

    ck_assert_ptr_nonnull(lines);
    return g_strdup(lines[0]);
}

START_TEST(test_a_step_in_a_unit_that_is_gone_does_not_end_by_itself)
{
    g_autoptr(CeremonyWorld) world = world_without_a_unit();
    g_autoptr(GError) error = NULL;

    ck_assert_uint_eq(unfinished_count(world), 1);
    unfinished_start_anew(world);
    (void) unfinished_commit(world, &error); /* tells it before anything else */
    ck_assert_msg(strstr(world->notes->str, "are not listed any more is settled by “tke "
                                            "cryptounit-leave”") != NULL,
                  "%s", world->notes->str);
}
END_TEST

START_TEST(test_a_unit_that_is_gone_is_left_and_recorded)
{
    g_autoptr(CeremonyWorld) world = world_without_a_unit();
    g_autofree char *line = NULL;

    ck_assert_uint_eq(leave(world, false), 1);
    ck_assert_str_eq(world->plans->str, "leave\n");
    ck_assert_msg(strstr(world->details->str, "Load, begun 2") != NULL, "%s", world->details->str);
    ck_assert_msg(g_str_has_suffix(world->details->str, "sent to any.\n\n"), "%s",
                  world->details->str); /* nothing is to be typed */
    line = last_entry(world);
    ck_assert_ptr_nonnull(strstr(line, "\"action\":\"opentke-unfinished.leave\""));
    ck_assert_ptr_nonnull(strstr(line, "\"unit\":\"" GONE "\""));
    ck_assert_ptr_nonnull(strstr(line, "\"listed\":false"));
    ck_assert_ptr_nonnull(strstr(line, "\"state\":\"not done\""));
    ck_assert_uint_eq(unfinished_count(world), 0); /* it was done in the others */
    ck_assert_uint_eq(leave(world, true), 0);
}
END_TEST

START_TEST(test_a_refused_plan_and_a_dry_run_leave_nothing)
{
    g_autoptr(CeremonyWorld) world = world_without_a_unit();
    g_autoptr(GPtrArray) steps = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *line = NULL;

    world->refuse = true;
    ck_assert(!tke_op_leave(world->op, world->units, false, &steps, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    tke_operation_set_dry_run(world->op, true);
    ck_assert_uint_eq(leave(world, false), 1);
    unfinished_start_anew(world);
    ck_assert_uint_eq(unfinished_count(world), 1);
    line = last_entry(world);
    ck_assert_ptr_null(strstr(line, "unfinished.leave"));
}
END_TEST

START_TEST(test_steps_in_units_that_are_there_are_left_only_when_that_is_typed)
{
    g_autoptr(CeremonyWorld) world = unfinished_half_loaded_world();

    unfinished_start_anew(world);
    ck_assert_uint_eq(leave(world, false), 0);
    ck_assert_str_eq(world->plans->str, "");
    ck_assert_uint_eq(leave(world, true), UNITS);
    ck_assert_msg(g_str_has_suffix(world->details->str, "\n11112222\n"), "%s", world->details->str);
    ck_assert_uint_eq(unfinished_count(world), 0);
}
END_TEST

START_TEST(test_only_what_concerns_selected_units_is_left)
{
    g_autoptr(CeremonyWorld) world = unfinished_half_loaded_world();
    const TkeJournalEntry *entry;
    g_autofree char *told = NULL;
    g_autoptr(GError) error = NULL;

    unfinished_start_anew(world);
    card_world_check(tke_unit_directory_select_once(world->units, "1", &error), error);
    ck_assert_uint_eq(leave(world, true), 1);
    unfinished_start_anew(world);
    ck_assert_uint_eq(unfinished_count(world), 1);
    entry = g_ptr_array_index(
        tke_journal_get_unfinished(tke_unit_directory_get_journal(world->units)), 0);
    told = tke_journal_entry_tell(entry, tke_unit_directory_get_units(world->units));
    ck_assert_msg(strstr(told, "not done in crypto unit 2; done in crypto unit 3") != NULL, "%s",
                  told);
    ck_assert_ptr_null(strstr(told, "crypto unit 1"));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_a_step_in_a_unit_that_is_gone_does_not_end_by_itself);
    tcase_add_test(tests, test_a_unit_that_is_gone_is_left_and_recorded);
    tcase_add_test(tests, test_a_refused_plan_and_a_dry_run_leave_nothing);
    tcase_add_test(tests, test_only_what_concerns_selected_units_is_left);
    tcase_add_test(tests, test_steps_in_units_that_are_there_are_left_only_when_that_is_typed);
}

int
main(void)
{
    return test_main("leave", add_tests);
}
