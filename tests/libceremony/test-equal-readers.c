/*
 * Two readers that cannot be told apart: nothing is done by their order, a person says which is
 * which by a card, and it is forgotten when one is unplugged (functions 1.3; F-003).
 */
#include <string.h>

#include "libceremony/op-card.h"
#include "libceremony/op-reader.h"
#include "libceremony/self-check.h"
#include "libceremony/settings.h"
#include "libsmartcard/card-error.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/test-main.h"

#define LEFT "Equal 00 00"
#define RIGHT "Equal 01 00"

/* A zone with a card "alice", and readers that tell nothing of themselves. */
static CeremonyWorld *
make_world(unsigned n_readers)
{
    CeremonyWorld *world = ceremony_world_new(1);

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "alice");
    ceremony_world_blank(world, "any", SIM_CARD_EP11);
    virtual_readers_make_equal(world->cards->readers, n_readers);
    ceremony_world_restart(world);
    return world;
}

static void
check_names(CeremonyWorld *world, const char *first, const char *second)
{
    const TkeReaderChoice choice = tke_card_session_get_readers(world->session);

    ck_assert_str_eq(choice.name[0] != NULL ? choice.name[0] : "none", first);
    ck_assert_str_eq(choice.name[1] != NULL ? choice.name[1] : "none", second);
}

static void
check_asked(CeremonyWorld *world, const char *prompts)
{
    ck_assert_str_eq(world->prompts->str, prompts);
    g_string_truncate(world->prompts, 0);
}

/* Opens alice in reader 2 with her PIN, whatever has to be asked for. */
static void
open_alice(CeremonyWorld *world)
{
    g_autoptr(TkeCardInfo) info = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert_msg(tke_op_card_open(world->op, "contents", &info, &error), "%s",
                  error != NULL ? error->message : "");
    ck_assert_str_eq(sim_card_get_name(g_hash_table_lookup(world->by_name, "alice")), "alice");
    ck_assert(tke_card_session_is_unlocked(world->session, 2, TKE_PIN_FIRST));
}

/* Settings as they are in the file. */
static void
check_settings(CeremonyWorld *world, const char *first)
{
    g_autoptr(TkeSettings) settings = tke_settings_load(world->world, NULL);

    ck_assert_ptr_nonnull(settings);
    ck_assert_str_eq(tke_settings_get_readers(settings).key[0] != NULL
                         ? tke_settings_get_readers(settings).key[0]
                         : "none",
                     first);
}

START_TEST(test_a_procedure_asks_which_reader_is_which_before_its_card)
{
    g_autoptr(CeremonyWorld) world = make_world(2);

    ceremony_world_hand(world, 1, "any", NULL);
    ceremony_world_hand(world, 2, "alice", NULL);
    open_alice(world);
    check_asked(world,
                "insert identify, reader 1: alike\ninsert contents, reader 2\npin, reader 2\n");
    check_names(world, LEFT, RIGHT);
    check_settings(world, "none");
}
END_TEST

START_TEST(test_the_reader_on_the_right_can_be_reader_1)
{
    g_autoptr(CeremonyWorld) world = make_world(2);

    world->slots[0] = 2;
    world->slots[1] = 1;
    ceremony_world_hand(world, 1, "any", NULL);
    ceremony_world_hand(world, 2, "alice", NULL);
    open_alice(world);
    check_names(world, RIGHT, LEFT);
    ck_assert_ptr_nonnull(tke_card_session_get(world->session, 2, NULL));
}
END_TEST

START_TEST(test_what_was_said_holds_for_the_session_and_until_a_reader_is_unplugged)
{
    g_autoptr(CeremonyWorld) world = make_world(2);

    ceremony_world_hand(world, 1, "any", NULL);
    ceremony_world_hand(world, 2, "alice", NULL);
    open_alice(world);
    g_string_truncate(world->prompts, 0);
    ceremony_world_go_on(world);
    open_alice(world); /* it is in, and unlocked */
    check_asked(world, "");

    virtual_readers_replug(world->cards->readers, 2);
    ceremony_world_hand(world, 1, "any", NULL);
    open_alice(world); /* is in reader 2, and is opened anew */
    check_asked(world, "insert identify, reader 1: alike\npin, reader 2\n");

    ceremony_world_restart(world); /* another program */
    ceremony_world_hand(world, 1, "any", NULL);
    ceremony_world_hand(world, 2, "alice", NULL);
    open_alice(world);
    check_asked(world,
                "insert identify, reader 1: alike\ninsert contents, reader 2\npin, reader 2\n");
}
END_TEST

START_TEST(test_a_third_equal_reader_makes_two_questions)
{
    g_autoptr(CeremonyWorld) world = make_world(3);
    g_autoptr(TkeSettings) settings = tke_settings_load(world->world, NULL);
    g_autoptr(GError) error = NULL;
    bool lasting = true;

    world->slots[0] = 3;
    ceremony_world_hand(world, 1, "any", NULL);
    ceremony_world_hand(world, 2, "alice", NULL);
    ck_assert_msg(tke_op_reader_identify(world->op, settings, &lasting, &error), "%s",
                  error != NULL ? error->message : "");
    ck_assert(!lasting);
    check_asked(world, "insert identify, reader 1: alike\ninsert identify, reader 2: alike\n");
    check_names(world, "Equal 02 00", RIGHT);
}
END_TEST

START_TEST(test_nothing_of_equal_readers_is_remembered)
{
    g_autoptr(CeremonyWorld) world = make_world(2);
    g_autoptr(TkeSettings) settings = tke_settings_load(world->world, NULL);
    g_autoptr(GError) error = NULL;
    bool lasting = true;

    ck_assert(!tke_op_reader_swap(world->op, settings, &lasting, &error));
    ck_assert_int_eq(tke_card_error_code(error), TKE_CARD_ERROR_NO_READER);
    ck_assert_msg(strstr(error->message, "cannot be told apart") != NULL, "%s", error->message);
    g_clear_error(&error);

    ceremony_world_hand(world, 1, "any", NULL);
    ck_assert(tke_op_reader_identify(world->op, settings, &lasting, &error));
    ck_assert(!lasting);
    ck_assert_msg(strstr(world->notes->str, "nothing is remembered") != NULL, "%s",
                  world->notes->str);
    check_names(world, LEFT, RIGHT);
    lasting = true;
    ck_assert(tke_op_reader_swap(world->op, settings, &lasting, &error));
    ck_assert(!lasting);
    check_names(world, RIGHT, LEFT);
    check_settings(world, "none");
}
END_TEST

START_TEST(test_a_cancelled_question_leaves_everything_as_it_was)
{
    g_autoptr(CeremonyWorld) world = make_world(2);
    g_autoptr(TkeSettings) settings = tke_settings_load(world->world, NULL);
    g_autoptr(GError) error = NULL;
    bool lasting = true;

    /* nobody has a card */
    ck_assert(!tke_op_reader_identify(world->op, settings, &lasting, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    check_names(world, "none", "none");
    check_settings(world, "none");
}
END_TEST

/* Programs that look at cards hold readers for moments. */
START_TEST(test_readers_that_another_program_lets_go_soon_are_not_asked_for)
{
    g_autoptr(CeremonyWorld) world = make_world(2);

    virtual_readers_make_held(world->cards->readers, 5);
    ceremony_world_hand(world, 2, "alice", NULL);
    open_alice(world);
    check_asked(world, "insert contents, reader 2\npin, reader 2\n");
    check_names(world, "none", "none");
}
END_TEST

START_TEST(test_readers_that_another_program_keeps_are_asked_for)
{
    g_autoptr(CeremonyWorld) world = make_world(2);

    virtual_readers_make_held(world->cards->readers, 60);
    ceremony_world_hand(world, 1, "any", NULL);
    ceremony_world_hand(world, 2, "alice", NULL);
    open_alice(world);
    check_asked(world, "insert identify, reader 1: in-use\ninsert contents, reader 2\n"
                       "insert contents, reader 2: in-use\npin, reader 2\n");
    check_names(world, LEFT, RIGHT);
}
END_TEST

START_TEST(test_readers_that_are_let_go_after_the_question_need_no_answer)
{
    g_autoptr(CeremonyWorld) world = make_world(2);

    virtual_readers_make_held(world->cards->readers, 60);
    ceremony_world_hand(world, 2, "alice", NULL);
    open_alice(world);
    check_asked(world, "insert identify, reader 1: in-use\ninsert contents, reader 2\n"
                       "pin, reader 2\n");
    check_names(world, "none", "none");
}
END_TEST

/* The first prompt, as a person reads it. */
static char *first_reason, *first_advice;

static void
read_prompt(void *ui, const TkePrompt *prompt)
{
    if (first_reason == NULL) {
        first_reason = g_strdup(prompt->reason);
        first_advice = g_strdup(prompt->advice);
    }
    ceremony_world_operator.show(ui, prompt);
}

START_TEST(test_who_holds_the_reader_is_said_before_anything_else)
{
    g_autoptr(CeremonyWorld) world = make_world(2);
    TkePrompterOps reader = ceremony_world_operator;
    g_autoptr(TkeOperation) op = NULL;
    const TkeCardInfoParams params = { .reader = 2 };
    g_autoptr(GPtrArray) infos = NULL;
    g_autoptr(GError) error = NULL;

    reader.show = read_prompt;
    op = tke_operation_new(world->world, world->session, world->log, &reader, world,
                           world->cancellable);
    virtual_readers_make_held(world->cards->readers, 60);
    ck_assert(tke_op_card_info(op, &params, &infos, &error));
    check_asked(world, "insert identify, reader 1: in-use\n");
    ck_assert_str_eq(first_reason, LEFT ": another program holds the reader");
    ck_assert_msg(strstr(first_advice, "nothing needs to be uninstalled") != NULL, "%s",
                  first_advice);
    g_clear_pointer(&first_reason, g_free);
    g_clear_pointer(&first_advice, g_free);
}
END_TEST

START_TEST(test_who_only_looks_is_told_and_not_asked)
{
    g_autoptr(CeremonyWorld) world = make_world(2);
    const TkeCardInfoParams params = { .quiet = true };
    g_autoptr(GPtrArray) infos = NULL;
    g_autoptr(GPtrArray) checks = NULL;
    g_autoptr(GPtrArray) problems = NULL;
    g_autoptr(GError) error = NULL;
    const TkeProblem *problem = NULL;
    unsigned good = 0;

    ck_assert(tke_op_card_info(world->op, &params, &infos, &error));
    ck_assert_ptr_null(((TkeCardInfo *) infos->pdata[0])->reader_name);
    ck_assert(tke_self_check_readers(world->op, &checks, &problems, &good, &error));
    check_asked(world, "");
    ck_assert_uint_eq(good, 2);
    ck_assert_uint_eq(problems->len, 1);
    problem = problems->pdata[0];
    ck_assert_str_eq(problem->subject, LEFT ", " RIGHT);
    ck_assert(problem->minor);
    ck_assert_msg(strstr(problem->text, "cannot be told apart") != NULL, "%s", problem->text);
    for (guint i = 0; i < checks->len; i++) {
        ck_assert(((TkeReaderCheck *) checks->pdata[i])->alike);
        ck_assert_uint_eq(((TkeReaderCheck *) checks->pdata[i])->number, 0);
    }
}
END_TEST

START_TEST(test_who_wants_a_reader_or_what_is_in_it_is_asked)
{
    g_autoptr(CeremonyWorld) world = make_world(2);
    const TkeCardInfoParams params = { .reader = 1 };
    g_autoptr(GPtrArray) infos = NULL;
    g_autoptr(GError) error = NULL;

    world->slots[0] = 2;
    ceremony_world_hand(world, 1, "alice", NULL);
    ck_assert(tke_op_card_info(world->op, &params, &infos, &error));
    check_asked(world, "insert identify, reader 1: alike\n");
    ck_assert_str_eq(((TkeCardInfo *) infos->pdata[0])->reader_name, RIGHT);
    ck_assert_int_eq(((TkeCardInfo *) infos->pdata[0])->status.kind, TKE_CARD_KIND_EP11);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, test_a_procedure_asks_which_reader_is_which_before_its_card);
    tcase_add_test(tests, test_the_reader_on_the_right_can_be_reader_1);
    tcase_add_test(tests, test_what_was_said_holds_for_the_session_and_until_a_reader_is_unplugged);
    tcase_add_test(tests, test_a_third_equal_reader_makes_two_questions);
    tcase_add_test(tests, test_nothing_of_equal_readers_is_remembered);
    tcase_add_test(tests, test_a_cancelled_question_leaves_everything_as_it_was);
    tcase_add_test(tests, test_readers_that_another_program_lets_go_soon_are_not_asked_for);
    tcase_add_test(tests, test_readers_that_another_program_keeps_are_asked_for);
    tcase_add_test(tests, test_readers_that_are_let_go_after_the_question_need_no_answer);
    tcase_add_test(tests, test_who_holds_the_reader_is_said_before_anything_else);
    tcase_add_test(tests, test_who_only_looks_is_told_and_not_asked);
    tcase_add_test(tests, test_who_wants_a_reader_or_what_is_in_it_is_asked);
}

int
main(void)
{
    return test_main("equal-readers", add_tests);
}
