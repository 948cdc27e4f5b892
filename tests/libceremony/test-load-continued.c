/*
 * A load that finds new registers that are not empty: its own rest, another key (functions 3.8;
 * F-091, F-177).
 */
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "libceremony/ceremony-error.h"
#include "libceremony/op-mk-finish.h"
#include "tests/libceremony/unfinished-world.h"
#include "tests/support/fault-unit-transport.h"
#include "tests/support/test-main.h"

START_TEST(test_the_next_command_says_what_is_unfinished_and_a_second_load_brings_the_rest)
{
    g_autoptr(CeremonyWorld) world = unfinished_half_loaded_world();
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    unfinished_start_anew(world);
    ck_assert(!unfinished_commit(world, &error));
    ck_assert_msg(strstr(world->notes->str, "Unfinished: Load, begun 2") != NULL, "%s",
                  world->notes->str);
    ck_assert_msg(strstr(world->notes->str, "not done in crypto unit 2; done in crypto unit 1, "
                                            "crypto unit 3. “tke cryptounit-mk-load” "
                                            "continues it.") != NULL,
                  "%s", world->notes->str);
    g_clear_error(&error);
    unfinished_start_anew(world);
    unfinished_hand_all(world);
    card_world_check(unfinished_load(world, &result, &error), error); /* nobody is asked */
    unfinished_check_one_key(world);
    ck_assert_uint_eq(result.units->len, 1);
    ck_assert_uint_eq(unfinished_count(world), 0);
    unfinished_start_anew(world);
    card_world_check(unfinished_commit(world, &error), error);
    ck_assert_ptr_null(strstr(world->notes->str, "Unfinished"));
}
END_TEST

START_TEST(test_a_load_is_continued_with_its_own_key_parts_only)
{
    g_autoptr(CeremonyWorld) world = unfinished_half_loaded_world();
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;
    const TkeMkLoadParams three = { .n_parts = 3, .parts = unfinished_any_part };
    const TkeMkLoadParams unnamed = { .n_parts = 3 };

    unfinished_start_anew(world);
    ck_assert(!tke_op_mk_load(world->op, world->units, &three, &result, &error));
    ck_assert_msg(strstr(error->message, "begun with 2 key parts, not 3") != NULL, "%s",
                  error->message);
    g_clear_error(&error);
    tke_mk_load_result_clear(&result);
    unfinished_start_anew(world);
    ceremony_world_hand(world, 1, "admin-1", NULL);
    ceremony_world_hand(world, 2, "part-3", "part-2", "part-1", NULL); /* in any order */
    unfinished_choose(world, REST);
    unfinished_choose(world, 0); /* of the card's list, twice */
    unfinished_choose(world, 0);
    card_world_check(tke_op_mk_load(world->op, world->units, &unnamed, &result, &error), error);
    ck_assert_uint_eq(result.n_parts, 2);
    unfinished_check_one_key(world);
}
END_TEST

START_TEST(test_new_registers_of_unknown_origin_are_left_unless_the_operator_says_otherwise)
{
    g_autoptr(CeremonyWorld) world = unfinished_half_loaded_world();
    g_autofree char *path = g_build_filename(world->dir, "opentke-journal.json", NULL);
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    ck_assert_int_eq(unlink(path), 0); /* another workstation */
    unfinished_start_anew(world);
    unfinished_hand_all(world);
    ck_assert(!unfinished_load(world, &result, &error));
    ck_assert(g_error_matches(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PRECONDITION));
    ck_assert_msg(strstr(error->message, "cryptounit-mk-clrnew") != NULL, "%s", error->message);
    ck_assert_str_eq(world->prompts->str, "");
    g_clear_error(&error);
    tke_mk_load_result_clear(&result);
    /* With other parts the key becomes another one: that is found, and cleared. */
    unfinished_start_anew(world);
    ceremony_world_hand(world, 1, "admin-1", NULL);
    ceremony_world_hand(world, 2, "part-1", "part-3", NULL);
    unfinished_choose(world, REST);
    unfinished_choose(world, 0);
    ck_assert(!unfinished_load(world, &result, &error));
    ck_assert_msg(strstr(error->message, "different keys") != NULL, "%s", error->message);
    for (unsigned number = 1; number <= UNITS; number++) {
        ck_assert(!unfinished_is_loaded(world, number));
    }
    ck_assert_uint_eq(unfinished_count(world), 0);
}
END_TEST

START_TEST(test_a_load_clears_what_is_there_first_if_the_operator_wants)
{
    g_autoptr(CeremonyWorld) world = unfinished_half_loaded_world();
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    unfinished_start_anew(world);
    ceremony_world_hand(world, 1, "admin-1", NULL);
    ceremony_world_hand(world, 2, "part-2", "part-3", NULL);
    unfinished_choose(world, CLEAR);
    card_world_check(unfinished_load(world, &result, &error), error);
    unfinished_check_one_key(world);
    ck_assert_uint_eq(result.units->len, UNITS);
    ck_assert_ptr_nonnull(strstr(world->notes->str, "register was cleared in crypto unit 1, crypto "
                                                    "unit 3."));
    ck_assert_uint_eq(unfinished_count(world), 0);
}
END_TEST

START_TEST(test_registers_that_hold_different_keys_can_only_be_cleared)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    for (unsigned number = 1; number <= 2; number++) {
        g_autofree char *list = g_strdup_printf("%u", number);

        unfinished_start_anew(world);
        card_world_check(tke_unit_directory_select_once(world->units, list, &error), error);
        ceremony_world_hand(world, 1, "admin-1", NULL);
        ceremony_world_hand(world, 2, number == 1 ? "part-1" : "part-2", "part-3", NULL);
        card_world_check(unfinished_load(world, &result, &error), error);
        tke_mk_load_result_clear(&result);
    }
    unfinished_start_anew(world);
    unfinished_hand_all(world);
    unfinished_choose(world, 0); /* clear: there is no way to keep them */
    card_world_check(unfinished_load(world, &result, &error), error);
    ck_assert_msg(strstr(world->choose->str, "different keys") != NULL, "%s", world->choose->str);
    unfinished_check_one_key(world);
}
END_TEST

START_TEST(test_an_interrupted_load_that_reached_all_needs_no_card)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    g_autofree char *path = g_build_filename(world->dir, "opentke-journal.json", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) pieces = NULL;

    unfinished_refuse(world, 2, IMPORT, 1);
    unfinished_hand_all(world);
    ck_assert(!unfinished_load(world, &result, &error));
    g_clear_error(&error);
    tke_mk_load_result_clear(&result);
    /* As it is on disk while a command is under way: nothing is known of any unit. */
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    unfinished_start_anew(world);
    card_world_check(unfinished_load_all(world, &error), error);
    pieces = g_strsplit(text, "\"done\"", -1);
    g_free(text);
    text = g_strjoinv("\"unknown\"", pieces);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
    unfinished_start_anew(world);
    card_world_check(unfinished_load(world, &result, &error), error);
    ck_assert_str_eq(world->prompts->str, "");
    ck_assert_str_eq(world->plans->str, "");
    ck_assert_ptr_nonnull(strstr(world->notes->str, "nothing is left to do"));
    unfinished_check_one_key(world);
}
END_TEST

/* All units hold one key, and this is what the journal says. */
static void
load_and_write_journal(CeremonyWorld *world, const char *first, const char *second,
                       const char *text)
{
    g_autofree char *path = g_build_filename(world->dir, "opentke-journal.json", NULL);
    g_autoptr(GError) error = NULL;
    g_auto(TkeMkLoadResult) result = { .units = NULL };

    unfinished_start_anew(world);
    card_world_check(unfinished_clear_new(world, &error), error);
    unfinished_start_anew(world);
    ceremony_world_hand(world, 1, "admin-1", NULL);
    ceremony_world_hand(world, 2, first, second, NULL);
    card_world_check(unfinished_load(world, &result, &error), error);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
    unfinished_start_anew(world);
}

/* The journal as it is on disk while the command is under way, or after its outcomes but for their
 * states. */
static char *
journal_text(CeremonyWorld *world, bool with_key)
{
    g_autofree char *path = g_build_filename(world->dir, "opentke-journal.json", NULL);
    g_autoptr(GString) text = NULL;
    g_autofree char *now = NULL;

    ck_assert(g_file_get_contents(path, &now, NULL, NULL));
    ck_assert_ptr_nonnull(strstr(now, "\"key\"")); /* saved with the outcomes */
    text = g_string_new(now);
    g_string_replace(text, "\"not done\"", "\"unknown\"", 0);
    g_string_replace(text, "\"done\"", "\"unknown\"", 0);
    if (!with_key) {
        g_string_replace(text, "\"key\"", "\"was\"", 0);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

START_TEST(test_a_load_is_not_continued_with_other_parts_than_its_own)
{
    static const char *const others[][2] = { { "any", "0123456789abcdef" },
                                             { "0123456789abcdef", "any" } };

    for (unsigned reached_all = 0; reached_all < 2; reached_all++) {
        g_autoptr(CeremonyWorld) world = unfinished_half_loaded_world();
        g_autofree char *text = journal_text(world, true);

        if (reached_all == 1) {
            load_and_write_journal(world, "part-1", "part-2", text);
        }
        /* Units that show the key of the load everywhere settle it: one command only can be about
         * it. */
        for (unsigned i = reached_all; i < G_N_ELEMENTS(others); i++) {
            const TkeMkLoadParams params = { .n_parts = 2, .parts = others[i] };
            g_auto(TkeMkLoadResult) result = { .units = NULL };
            g_autoptr(GError) error = NULL;

            unfinished_start_anew(world);
            ck_assert(!tke_op_mk_load(world->op, world->units, &params, &result, &error));
            ck_assert(g_error_matches(error, TKE_ERROR, TKE_ERROR_USAGE));
            ck_assert_msg(strstr(error->message, "0123456789abcdef is none of them") != NULL, "%s",
                          error->message);
            ck_assert_str_eq(world->prompts->str, "");
            ck_assert_int_eq(unfinished_is_loaded(world, 2), reached_all);
        }
    }
}
END_TEST

START_TEST(test_a_foreign_key_is_not_taken_for_that_of_a_load_that_reached_nobody)
{
    /* key not noted; noted; not noted, and the parts are named */
    for (unsigned way = 0; way < 3; way++) {
        g_autoptr(CeremonyWorld) world = unfinished_half_loaded_world();
        g_autofree char *text = journal_text(world, way == 1);
        g_auto(TkeMkLoadResult) result = { .units = NULL };
        g_auto(GStrv) patterns = NULL;
        g_autoptr(GError) error = NULL;
        TkeMkLoadParams params = { .n_parts = 2, .parts = unfinished_any_part };

        load_and_write_journal(world, "part-1", "part-3", text);
        if (way == 2) {
            patterns = tke_journal_entry_dup_patterns(g_ptr_array_index(
                tke_journal_get_unfinished(tke_unit_directory_get_journal(world->units)), 0));
            params.parts = (const char *const *) patterns;
        }
        ck_assert(!tke_op_mk_load(world->op, world->units, &params, &result, &error));
        ck_assert_msg(g_error_matches(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PRECONDITION),
                      "%s", error->message);
        ck_assert_ptr_nonnull(strstr(error->message, "cryptounit-mk-clrnew"));
        ck_assert((strstr(error->message, "cannot be told") != NULL) == (way != 1));
        ck_assert_str_eq(world->prompts->str, "");
        ck_assert_ptr_null(strstr(world->notes->str, "nothing is left to do"));
        for (unsigned number = 1; number <= UNITS; number++) {
            ck_assert(unfinished_is_loaded(world, number));
        }
    }
}
END_TEST

static char *journal_when_sent; /* as it is on disk when the program dies then */

static void
copy_journal(void *data, const char *lane, bool changes_state)
{
    CeremonyWorld *world = data;
    g_autofree char *path = g_build_filename(world->dir, "opentke-journal.json", NULL);

    (void) lane;
    ck_assert(changes_state);
    ck_assert(g_file_get_contents(path, &journal_when_sent, NULL, NULL));
}

/* A load that reached all, and nobody has heard of it: the program died. */
static CeremonyWorld *
world_of_a_load_that_died(void)
{
    CeremonyWorld *world = unfinished_secured_world();
    const char *lane = sim_unit_get_hsm_id(unfinished_unit_of(world, 2));
    g_autofree char *path = g_build_filename(world->dir, "opentke-journal.json", NULL);
    g_autoptr(GError) error = NULL;
    unsigned last;

    test_fault_unit_transport_clear(world->transport);
    card_world_check(unfinished_load_all(world, &error), error);
    last = test_fault_unit_transport_get_requests(world->transport, lane); /* the import */
    unfinished_start_anew(world);
    card_world_check(unfinished_clear_new(world, &error), error);
    unfinished_start_anew(world);
    test_fault_unit_transport_clear(world->transport);
    test_fault_unit_transport_set_hook(world->transport, copy_journal, world);
    test_fault_unit_transport_set(world->transport, lane, last, TEST_UNIT_FAULT_HOOK, 0);
    card_world_check(unfinished_load_all(world, &error), error);
    test_fault_unit_transport_clear(world->transport);
    ck_assert_ptr_nonnull(journal_when_sent);
    ck_assert_ptr_null(strstr(journal_when_sent, "\"key\""));
    ck_assert(g_file_set_contents(path, journal_when_sent, -1, NULL));
    g_clear_pointer(&journal_when_sent, g_free);
    unfinished_start_anew(world);
    return world;
}

START_TEST(test_after_a_kill_a_load_that_reached_all_is_kept_as_nothing_else_was_done_since)
{
    g_autoptr(CeremonyWorld) world = world_of_a_load_that_died();
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    card_world_check(unfinished_load(world, &result, &error), error);
    ck_assert_str_eq(world->prompts->str, "");
    ck_assert_ptr_nonnull(strstr(world->notes->str, "nothing is left to do"));
    unfinished_check_one_key(world);
    ck_assert_uint_eq(unfinished_count(world), 0);
}
END_TEST

START_TEST(test_after_a_kill_a_key_that_came_by_more_than_one_command_is_not_kept_unasked)
{
    g_autoptr(CeremonyWorld) world = world_of_a_load_that_died();
    g_autofree char *path = g_build_filename(world->dir, "opentke-journal.json", NULL);
    g_autofree char *text = NULL;
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    load_and_write_journal(world, "part-1", "part-3", text);
    ck_assert(!unfinished_load(world, &result, &error));
    ck_assert_msg(strstr(error->message, "cannot be told") != NULL, "%s", error->message);
    ck_assert_ptr_null(strstr(world->notes->str, "nothing is left to do"));
    /* The operator may know better. */
    g_clear_error(&error);
    tke_mk_load_result_clear(&result);
    unfinished_start_anew(world);
    unfinished_choose(world, 0); /* keep it */
    card_world_check(unfinished_load(world, &result, &error), error);
    ck_assert_ptr_nonnull(strstr(world->notes->str, "nothing is left to do"));
    ck_assert_uint_eq(unfinished_count(world), 0);
}
END_TEST

/* Another officer clears all new registers and loads another key, while this one still chooses. */
static void
load_another(CeremonyWorld *world)
{
    g_autoptr(TkeUnitDirectory) directory = NULL;
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;
    TkeUnitDirectory *own = world->units;

    world->at_choice = NULL;
    directory = tke_unit_directory_new(world->world, &error);
    card_world_check(directory != NULL, error);
    card_world_check(tke_unit_directory_refresh(directory, NULL, NULL, &error), error);
    world->units = directory;
    sim_reader_remove(virtual_readers_get(world->cards->readers, 1));
    sim_reader_remove(virtual_readers_get(world->cards->readers, 2));
    card_world_check(unfinished_clear_new(world, &error), error);
    ceremony_world_hand(world, 2, "part-1", "part-3", NULL);
    card_world_check(unfinished_load(world, &result, &error), error);
    world->units = own;
}

static void
check_all_loaded(CeremonyWorld *world, const GError *error)
{
    ck_assert_msg(strstr(error->message, "somebody else has loaded") != NULL, "%s", error->message);
    unfinished_check_one_key(world);
}

START_TEST(test_a_key_that_somebody_else_loaded_meanwhile_is_not_cleared)
{
    g_autoptr(CeremonyWorld) world = unfinished_half_loaded_world();
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    unfinished_start_anew(world);
    world->at_choice = load_another;
    unfinished_choose(world, CLEAR);
    ck_assert(!unfinished_load(world, &result, &error));
    check_all_loaded(world, error);
}
END_TEST

START_TEST(test_a_key_that_somebody_else_loaded_meanwhile_is_not_undone)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    unfinished_refuse(world, 2, IMPORT, 1);
    unfinished_hand_all(world);
    world->at_choice = load_another;
    unfinished_choose(world, UNDO);
    ck_assert(!unfinished_load(world, &result, &error));
    check_all_loaded(world, error);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests,
                   test_the_next_command_says_what_is_unfinished_and_a_second_load_brings_the_rest);
    tcase_add_test(tests, test_a_load_is_continued_with_its_own_key_parts_only);
    tcase_add_test(
        tests, test_new_registers_of_unknown_origin_are_left_unless_the_operator_says_otherwise);
    tcase_add_test(tests, test_a_load_clears_what_is_there_first_if_the_operator_wants);
    tcase_add_test(tests, test_registers_that_hold_different_keys_can_only_be_cleared);
    tcase_add_test(tests, test_an_interrupted_load_that_reached_all_needs_no_card);
    tcase_add_test(tests, test_a_load_is_not_continued_with_other_parts_than_its_own);
    tcase_add_test(tests, test_a_foreign_key_is_not_taken_for_that_of_a_load_that_reached_nobody);
    tcase_add_test(
        tests, test_after_a_kill_a_load_that_reached_all_is_kept_as_nothing_else_was_done_since);
    tcase_add_test(tests,
                   test_after_a_kill_a_key_that_came_by_more_than_one_command_is_not_kept_unasked);
    tcase_add_test(tests, test_a_key_that_somebody_else_loaded_meanwhile_is_not_cleared);
    tcase_add_test(tests, test_a_key_that_somebody_else_loaded_meanwhile_is_not_undone);
}

int
main(void)
{
    return test_main("load-continued", add_tests);
}
