/*
 * Steps that reached only some crypto units: what the operator is offered, and what the next
 * command says (functions 3.2, P-7; F-053, F-177).
 */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libceremony/ceremony-error.h"
#include "libceremony/op-admins.h"
#include "tests/libceremony/unfinished-world.h"
#include "tests/support/fault-unit-transport.h"
#include "tests/support/test-main.h"

#define DIED 98 /* exit codes of a process whose program died */
#define DIED_CHANGING 99

static void
die(void *data, const char *lane, bool changes_state)
{
    (void) data;
    (void) lane;
    _exit(changes_state ? DIED_CHANGING : DIED);
}

/* Runs func in a process that dies when the n-th request of unit 2 is to be sent; its exit code. */
static int
die_at(CeremonyWorld *world, unsigned n, bool (*func)(CeremonyWorld *, GError **))
{
    int status = 0;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        g_autoptr(GError) error = NULL;

        world->keep_dir = true;
        test_fault_unit_transport_set_hook(world->transport, die, NULL);
        test_fault_unit_transport_set(world->transport,
                                      sim_unit_get_hsm_id(unfinished_unit_of(world, 2)), n,
                                      TEST_UNIT_FAULT_HOOK, 0);
        (void) func(world, &error);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

START_TEST(test_a_failed_unit_is_tried_again_without_another_card)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    unfinished_refuse(world, 2, IMPORT, 2);
    unfinished_hand_all(world);
    unfinished_choose(world, RETRY);
    unfinished_choose(world, RETRY);
    card_world_check(unfinished_load(world, &result, &error), error);
    unfinished_check_one_key(world);
    ck_assert_uint_eq(unfinished_count(world), 0);
    ck_assert_str_eq(world->prompts->str, "insert signer, reader 1\npin, reader 1\n"
                                          "insert key-part, reader 2\npin, reader 2\n"
                                          "insert key-part, reader 2: used\n"
                                          "pin, reader 2\n");
}
END_TEST

/* One next step, at the end, and no other before it that it contradicts. */
static void
check_next(const GError *error, const char *next)
{
    g_autofree char *end = g_strconcat(". Next: ", next, NULL);
    g_autofree char *facts = NULL;

    ck_assert_msg(g_str_has_suffix(error->message, end), "%s", error->message);
    facts = g_strndup(error->message, strlen(error->message) - strlen(end));
    ck_assert_msg(strstr(facts, "same command again") == NULL &&
                      strstr(facts, "start again") == NULL && strstr(facts, "Next:") == NULL,
                  "%s", error->message);
}

/* The signer does not come to the undo. */
static void
take_signer(CeremonyWorld *world)
{
    world->at_choice = NULL;
    sim_reader_remove(virtual_readers_get(world->cards->readers, 1));
}

START_TEST(test_an_undo_that_nobody_signs_leaves_one_next_step)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    unfinished_refuse(world, 2, IMPORT, 1);
    unfinished_hand_all(world);
    world->at_choice = take_signer;
    unfinished_choose(world, UNDO);
    ck_assert(!unfinished_load(world, &result, &error));
    ck_assert_msg(g_error_matches(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY), "%s",
                  error->message);
    ck_assert_msg(strstr(error->message, "Nothing of it could be undone: ") != NULL, "%s",
                  error->message);
    check_next(error, "the same command again does it in the rest; “tke cryptounit-compare” shows "
                      "how they are now");
    ck_assert(unfinished_is_loaded(world, 1) && unfinished_is_loaded(world, 3));
}
END_TEST

START_TEST(test_a_failed_load_is_undone_where_it_was_done)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    unfinished_refuse(world, 2, IMPORT, 1);
    unfinished_hand_all(world);
    unfinished_choose(world, UNDO);
    ck_assert(!unfinished_load(world, &result, &error));
    ck_assert_msg(g_error_matches(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_UNITS), "%s",
                  error->message);
    ck_assert_msg(strstr(error->message, "undone in crypto unit 1, crypto unit 3") != NULL, "%s",
                  error->message);
    check_next(error, "start again");
    ck_assert(!unfinished_is_loaded(world, 1) && !unfinished_is_loaded(world, 2) &&
              !unfinished_is_loaded(world, 3));
    ck_assert_str_eq(tke_unit_result_word(g_ptr_array_index(result.units, 0)), "undone");
    ck_assert_str_eq(tke_unit_result_word(g_ptr_array_index(result.units, 1)), "refused");
    unfinished_start_anew(world);
    unfinished_hand_all(world);
    tke_mk_load_result_clear(&result);
    g_clear_error(&error);
    card_world_check(unfinished_load(world, &result, &error), error);
    unfinished_check_one_key(world);
    ck_assert_uint_eq(unfinished_count(world), 0);
}
END_TEST

START_TEST(test_what_could_not_be_undone_is_told)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    unfinished_refuse(world, 2, IMPORT, 1);
    unfinished_refuse(world, 3, CLEAR_NEW, 1);
    unfinished_hand_all(world);
    unfinished_choose(world, UNDO);
    unfinished_choose(world, 1); /* leave what was not cleared */
    ck_assert(!unfinished_load(world, &result, &error));
    ck_assert_msg(g_error_matches(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY), "%s",
                  error->message);
    ck_assert(!unfinished_is_loaded(world, 1) && unfinished_is_loaded(world, 3));
    ck_assert_msg(strstr(error->message, "Not all of it could be undone: ") != NULL, "%s",
                  error->message);
    check_next(error, "the same command again does it in the rest; “tke cryptounit-compare” shows "
                      "how they are now");
    unfinished_start_anew(world);
    unfinished_hand_all(world);
    tke_mk_load_result_clear(&result);
    g_clear_error(&error);
    unfinished_choose(world, REST);
    card_world_check(unfinished_load(world, &result, &error), error);
    unfinished_check_one_key(world);
    ck_assert_uint_eq(unfinished_count(world), 0);
}
END_TEST

/* The answer to the next command is lost, and the unit cannot be asked then. */
static void
lose_undo_of_third(CeremonyWorld *world)
{
    const char *lane = sim_unit_get_hsm_id(unfinished_unit_of(world, 3));

    world->at_choice = NULL;
    test_fault_unit_transport_set(world->transport, lane, 1, TEST_UNIT_FAULT_CUT_AFTER, 0);
    test_fault_unit_transport_set(world->transport, lane, 2, TEST_UNIT_FAULT_CUT_BEFORE, 0);
}

START_TEST(test_where_the_outcome_of_an_undo_is_unknown_that_of_the_step_is)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    unfinished_refuse(world, 2, IMPORT, 1);
    unfinished_hand_all(world);
    world->at_choice = lose_undo_of_third;
    unfinished_choose(world, UNDO);
    ck_assert(!unfinished_load(world, &result, &error));
    ck_assert_uint_eq(test_fault_unit_transport_get_struck(world->transport), 2);
    ck_assert_msg(g_error_matches(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY), "%s",
                  error->message);
    ck_assert_str_eq(tke_unit_result_word(g_ptr_array_index(result.units, 0)), "undone");
    ck_assert_str_eq(tke_unit_result_word(g_ptr_array_index(result.units, 1)), "refused");
    ck_assert_str_eq(tke_unit_result_word(g_ptr_array_index(result.units, 2)), "unknown");
    check_next(error, "look with “tke cryptounit-compare” first, then give the same command again");
    test_fault_unit_transport_clear(world->transport);
    g_clear_error(&error);
    unfinished_start_anew(world);
    card_world_check(unfinished_load_all(world, &error), error);
    unfinished_check_one_key(world);
    ck_assert_uint_eq(unfinished_count(world), 0);
}
END_TEST

START_TEST(test_an_administrator_who_was_added_to_some_is_removed_again)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_auto(TkeAdminResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    unfinished_refuse(world, 2, ADD_ADMIN, 1);
    ceremony_world_hand(world, 1, "admin-2", "admin-1", NULL);
    unfinished_choose(world, UNDO);
    ck_assert(!tke_op_admin_add(world->op, world->units, &result, &error));
    ck_assert_msg(strstr(error->message, "undone") != NULL, "%s", error->message);
    for (unsigned number = 1; number <= UNITS; number++) {
        ck_assert_uint_eq(sim_unit_get_n_admins(unfinished_unit_of(world, number)), 1);
    }
    ck_assert_uint_eq(unfinished_count(world), 0);
}
END_TEST

/* What only shows keys does not ask for names: the administrators are there all the same. */
START_TEST(test_an_unfinished_administrator_is_not_forgotten_by_a_query_without_names)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_auto(TkeAdminResult) result = { .units = NULL };
    g_autoptr(GPtrArray) selected = NULL;
    g_autoptr(GPtrArray) states = NULL;
    g_autoptr(GError) error = NULL;

    unfinished_refuse(world, 2, ADD_ADMIN, 1);
    ceremony_world_hand(world, 1, "admin-2", "admin-1", NULL);
    ck_assert(!tke_op_admin_add(world->op, world->units, &result, &error));
    g_clear_error(&error);
    unfinished_start_anew(world);
    selected = tke_unit_directory_get_selected(world->units, &error);
    card_world_check(selected != NULL, error);
    states =
        tke_unit_directory_query(world->units, selected, TKE_UNIT_QUERY_NO_NAMES, NULL, &error);
    card_world_check(states != NULL, error);
    ck_assert_uint_eq(unfinished_count(world), 1);
}
END_TEST

START_TEST(test_commit_is_retried_where_it_failed)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autoptr(GError) error = NULL;

    card_world_check(unfinished_load_all(world, &error), error);
    unfinished_go_on(world);
    unfinished_refuse(world, 3, COMMIT, 1);
    unfinished_choose(world, RETRY);
    card_world_check(unfinished_commit(world, &error), error);
    for (unsigned number = 1; number <= UNITS; number++) {
        ck_assert(sim_unit_is_committed(unfinished_unit_of(world, number)));
    }
    ck_assert_ptr_null(strstr(world->choose->str, "undo"));
    ck_assert_uint_eq(unfinished_count(world), 0);
}
END_TEST

START_TEST(test_a_step_that_others_have_completed_or_undone_is_not_unfinished_any_more)
{
    g_autoptr(CeremonyWorld) world = unfinished_half_loaded_world();
    g_autoptr(GError) error = NULL;

    unfinished_start_anew(world);
    card_world_check(unfinished_clear_new(world, &error), error);
    ck_assert_ptr_nonnull(strstr(world->notes->str, "Unfinished: Load"));
    unfinished_go_on(world);
    ck_assert(!unfinished_commit(world, &error));
    ck_assert_ptr_null(strstr(world->notes->str, "Unfinished"));
    ck_assert_uint_eq(unfinished_count(world), 0);
}
END_TEST

START_TEST(test_a_journal_tells_what_may_have_been_done_when_the_program_died)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autoptr(GError) error = NULL;
    const GPtrArray *entries = NULL;
    g_autofree char *text = NULL;
    unsigned changes = 0;

    /* The second request that changes something is the import, after the importer key. */
    for (unsigned n = 1; changes < 2; n++) {
        int code = die_at(world, n, unfinished_load_all);

        ck_assert_int_ge(code, DIED);
        changes += code == DIED_CHANGING ? 1 : 0;
    }
    unfinished_start_anew(world);
    entries = tke_journal_get_unfinished(tke_unit_directory_get_journal(world->units));
    ck_assert_uint_eq(entries->len, 1);
    text = tke_journal_entry_tell(g_ptr_array_index(entries, 0),
                                  tke_unit_directory_get_units(world->units));
    ck_assert_msg(strstr(text, "not known in crypto unit 1, crypto unit 2, crypto unit 3") != NULL,
                  "%s", text);
    card_world_check(unfinished_load_all(world, &error), error);
    unfinished_check_one_key(world);
    ck_assert_uint_eq(unfinished_count(world), 0);
}
END_TEST

START_TEST(test_nothing_is_sent_that_cannot_be_noted_before)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autofree char *path = g_build_filename(world->dir, "opentke-journal.json", NULL);
    g_autoptr(GError) error = NULL;

    (void) unlink(path);
    ck_assert_int_eq(g_mkdir_with_parents(path, 0700), 0); /* a folder where the file should be */
    ck_assert(!unfinished_load_all(world, &error));
    ck_assert_msg(strstr(error->message, "nothing was sent") != NULL, "%s", error->message);
    for (unsigned number = 1; number <= UNITS; number++) {
        ck_assert(!unfinished_is_loaded(world, number));
    }
    ck_assert_uint_eq(unfinished_count(world), 0);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_a_failed_unit_is_tried_again_without_another_card);
    tcase_add_test(tests, test_an_undo_that_nobody_signs_leaves_one_next_step);
    tcase_add_test(tests, test_a_failed_load_is_undone_where_it_was_done);
    tcase_add_test(tests, test_what_could_not_be_undone_is_told);
    tcase_add_test(tests, test_where_the_outcome_of_an_undo_is_unknown_that_of_the_step_is);
    tcase_add_test(tests, test_an_administrator_who_was_added_to_some_is_removed_again);
    tcase_add_test(tests,
                   test_an_unfinished_administrator_is_not_forgotten_by_a_query_without_names);
    tcase_add_test(tests, test_commit_is_retried_where_it_failed);
    tcase_add_test(tests,
                   test_a_step_that_others_have_completed_or_undone_is_not_unfinished_any_more);
    tcase_add_test(tests, test_a_journal_tells_what_may_have_been_done_when_the_program_died);
    tcase_add_test(tests, test_nothing_is_sent_that_cannot_be_noted_before);
}

int
main(void)
{
    return test_main("unfinished", add_tests);
}
