/*
 * The test of a reader's keypad (F-011): with a good one, wrong keys pressed, readers that fail.
 */
#include <string.h>

#include "common/error.h"
#include "libceremony/op-reader-test-private.h"
#include "libsmartcard/card-error.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define SECOND_MS 20u /* of the readers of the world */
#define TEST_PIN WORLD_TEST_PIN
#define AT_STATE 4u /* commands to the card before the first look at its PIN */

/* What a careful person types in each test, from the first on. */
static const char *const careful[TKE_READER_STEPS] = {
    [TKE_READER_STEP_VERIFY] = WORLD_PIN "E",
    [TKE_READER_STEP_CANCEL] = "12C",
    [TKE_READER_STEP_TIMEOUT] = "X",
    [TKE_READER_STEP_SHORT] = "12345E",
    [TKE_READER_STEP_DIFFERENT] = "123456E654321E",
    [TKE_READER_STEP_SET] = "123456E123456E",
    [TKE_READER_STEP_CHANGE] = WORLD_PIN "E" TEST_PIN "E" TEST_PIN "E",
    [TKE_READER_STEP_BACK] = TEST_PIN "E" WORLD_PIN "E" WORLD_PIN "E",
    [TKE_READER_STEP_RESTORED] = WORLD_PIN "E",
};

static CeremonyWorld *
make_world(void)
{
    CeremonyWorld *world = ceremony_world_new(1);

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "a");
    ceremony_world_restart(world);
    ceremony_world_hand(world, 2, "a", NULL);
    return world;
}

static void
type_from(CeremonyWorld *world, TkeReaderStepNumber first)
{
    for (TkeReaderStepNumber i = first; i < TKE_READER_STEPS; i++) {
        ceremony_world_type(world, 2, careful[i]);
    }
}

static bool
run(CeremonyWorld *world, TkeReaderTest **test, GError **error)
{
    const TkeReaderTestParams params = { .reader = 2, .second_ms = SECOND_MS };

    return tke_op_reader_test(world->op, &params, test, error);
}

static void
order(CeremonyWorld *world, SimReaderFault fault, uint16_t sw)
{
    sim_reader_add_fault(virtual_readers_get(world->cards->readers, 2), fault, sw);
}

/* The PIN that the card has now is WORLD_PIN, and all its tries are there. */
static void
check_pin(CeremonyWorld *world)
{
    g_autoptr(TkeSecret) pin =
        sim_card_reveal_pin(g_hash_table_lookup(world->by_name, "a"), 0x81, NULL);

    ck_assert_ptr_nonnull(pin);
    ck_assert(memcmp(tke_secret_bytes(pin, NULL), WORLD_PIN, 6) == 0);
}

START_TEST(test_a_good_keypad_passes_and_the_pin_is_as_before)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeReaderTest) test = NULL;
    g_autoptr(GError) error = NULL;

    type_from(world, TKE_READER_STEP_VERIFY);
    card_world_check(run(world, &test, &error), error);
    for (unsigned i = 0; i < TKE_READER_STEPS; i++) {
        if (i != TKE_READER_STEP_TIMEOUT) { /* there the machine's clock and load decide */
            ck_assert_msg(test->steps[i].verdict == TKE_READER_VERDICT_PASSED, "%s: %s",
                          test->steps[i].word, test->steps[i].remark);
        }
        ck_assert_uint_eq(test->steps[i].attempts, 1);
        ck_assert_uint_eq(test->steps[i].sw, test->steps[i].expected_sw);
    }
    ck_assert_uint_ge(test->steps[TKE_READER_STEP_TIMEOUT].duration_ms, 20 * SECOND_MS - 1);
    ck_assert_int_ne(test->verdict, TKE_READER_VERDICT_FAILED);
    ck_assert_int_ne(test->verdict, TKE_READER_VERDICT_NOT_DONE);
    ck_assert_int_eq(test->pin, TKE_READER_PIN_AS_BEFORE);
    ck_assert_str_eq(test->name, "Virtual reader 2");
    ck_assert(test->is_virtual && test->described && test->refusal == NULL);
    ck_assert_str_eq(world->plans->str, "reader-test\n");
    check_pin(world);
    ck_assert_str_eq(world->prompts->str,
                     "insert reader-test, reader 2\npin test-verify, reader 2\n"
                     "pin test-cancel, reader 2\npin test-timeout, reader 2\n"
                     "pin test-short, reader 2\npin test-different, reader 2\n"
                     "pin test-set, reader 2\npin test-change, reader 2\n"
                     "pin test-change-back, reader 2\npin test-restored, reader 2\n");
    ck_assert(!tke_card_session_is_unlocked(world->session, 2, TKE_PIN_FIRST));
}
END_TEST

START_TEST(test_every_keypad_of_the_table_passes)
{
    static const char *const keypads[] = { "spr332", "cyberjack-one", "st-2xxx", "xx44", "ct710" };
    g_autoptr(CeremonyWorld) world = make_world();

    for (size_t i = 0; i < G_N_ELEMENTS(keypads); i++) {
        g_autoptr(TkeReaderTest) test = NULL;
        g_autoptr(GError) error = NULL;

        ceremony_world_restart(world);
        virtual_readers_set_keypad(world->cards->readers, 2, keypads[i]);
        ceremony_world_hand(world, 2, "a", NULL);
        type_from(world, TKE_READER_STEP_VERIFY);
        card_world_check(run(world, &test, &error), error);
        ck_assert_str_eq(test->pad.quirk->word, keypads[i]);
        ck_assert_int_ne(test->verdict, TKE_READER_VERDICT_FAILED);
        ck_assert_int_eq(test->pin, TKE_READER_PIN_AS_BEFORE);
    }
}
END_TEST

START_TEST(test_a_reader_without_keypad_fails_before_a_card_is_asked_for)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeReaderTest) test = NULL;
    g_autoptr(GError) error = NULL;

    virtual_readers_set_keypad(world->cards->readers, 2, "none");
    card_world_check(run(world, &test, &error), error);
    ck_assert_int_eq(test->verdict, TKE_READER_VERDICT_FAILED);
    ck_assert_ptr_nonnull(strstr(test->refusal, "Virtual reader 2"));
    ck_assert(!test->has_card);
    ck_assert_str_eq(world->prompts->str, "");
    ck_assert_str_eq(world->plans->str, "");
}
END_TEST

START_TEST(test_wrong_keys_are_tried_again_and_cost_only_what_was_mistyped)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeReaderTest) test = NULL;
    g_autoptr(GError) error = NULL;

    ceremony_world_type(world, 2, "999999E"); /* mistyped: one try less until the right one */
    ceremony_world_type(world, 2, WORLD_PIN "E");
    ceremony_world_type(world, 2, WORLD_PIN "E"); /* confirmed instead of cancelled */
    type_from(world, TKE_READER_STEP_CANCEL);
    card_world_check(run(world, &test, &error), error);
    ck_assert_uint_eq(test->steps[TKE_READER_STEP_VERIFY].attempts, 2);
    ck_assert_uint_eq(test->steps[TKE_READER_STEP_CANCEL].attempts, 2);
    ck_assert_int_ne(test->verdict, TKE_READER_VERDICT_FAILED);
    ck_assert_str_eq(world->plans->str, "reader-test\nreader-test-again\nreader-test-again\n");
    check_pin(world);
}
END_TEST

START_TEST(test_it_ends_before_the_last_try)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeReaderTest) test = NULL;
    g_autoptr(GError) error = NULL;
    SimCardInfo info = { 0 };

    ceremony_world_type(world, 2, "999999E");
    ceremony_world_type(world, 2, "999998E");
    ceremony_world_type(world, 2, "999997E"); /* never asked for */
    ck_assert(!run(world, &test, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PIN_WRONG);
    ck_assert_msg(strstr(error->message, "the PIN of the card is as it was") != NULL, "%s",
                  error->message);
    ck_assert_int_eq(test->pin, TKE_READER_PIN_UNTOUCHED);
    sim_card_get_info(g_hash_table_lookup(world->by_name, "a"), &info);
    ck_assert_uint_eq(info.pin_tries[0], 1);
    /* nor does another test take the card as it is now */
    g_clear_error(&error);
    g_clear_pointer(&test, tke_reader_test_free);
    ceremony_world_go_on(world);
    ck_assert(!run(world, &test, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    ck_assert_ptr_nonnull(strstr(world->prompts->str, "insert reader-test, reader 2: blocked\n"));
    ck_assert_ptr_null(strstr(world->prompts->str, "test-"));
}
END_TEST

START_TEST(test_a_blocked_card_is_not_taken_and_another_is)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeReaderTest) test = NULL;
    g_autoptr(GError) error = NULL;

    ceremony_world_make_member(world, "b");
    ceremony_world_restart(world);
    ck_assert(sim_card_block_pin(g_hash_table_lookup(world->by_name, "a"), 0x81));
    ceremony_world_hand(world, 2, "b", NULL);
    type_from(world, TKE_READER_STEP_VERIFY);
    card_world_check(run(world, &test, &error), error);
    ck_assert_ptr_nonnull(strstr(world->prompts->str, "insert reader-test, reader 2: blocked\n"));
    ck_assert_str_eq(test->card.description, "b");
}
END_TEST

START_TEST(test_a_keypad_that_does_not_compare_fails)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeReaderTest) test = NULL;
    g_autoptr(GError) error = NULL;

    order(world, SIM_READER_FAULT_NO_COMPARISON, 0);
    for (TkeReaderStepNumber i = TKE_READER_STEP_VERIFY; i < TKE_READER_STEP_DIFFERENT; i++) {
        ceremony_world_type(world, 2, careful[i]);
    }
    ceremony_world_type(world, 2, careful[TKE_READER_STEP_DIFFERENT]);
    ceremony_world_type(world, 2, careful[TKE_READER_STEP_DIFFERENT]);
    type_from(world, TKE_READER_STEP_DIFFERENT);
    card_world_check(run(world, &test, &error), error);
    ck_assert_int_eq(test->verdict, TKE_READER_VERDICT_FAILED);
    ck_assert_int_eq(test->steps[TKE_READER_STEP_DIFFERENT].verdict, TKE_READER_VERDICT_FAILED);
    ck_assert_uint_eq(test->steps[TKE_READER_STEP_DIFFERENT].sw, 0x6985);
    ck_assert_uint_eq(test->steps[TKE_READER_STEP_DIFFERENT].attempts, 3);
    ck_assert_int_eq(test->pin, TKE_READER_PIN_AS_BEFORE);
    check_pin(world);
}
END_TEST

START_TEST(test_a_keypad_that_checks_no_length_passes_with_a_remark)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeReaderTest) test = NULL;
    g_autoptr(GError) error = NULL;

    order(world, SIM_READER_FAULT_NO_LENGTH_CHECK, 0);
    type_from(world, TKE_READER_STEP_VERIFY);
    card_world_check(run(world, &test, &error), error);
    ck_assert_int_eq(test->steps[TKE_READER_STEP_SHORT].verdict, TKE_READER_VERDICT_REMARK);
    ck_assert_uint_eq(test->steps[TKE_READER_STEP_SHORT].sw, 0x6A80);
    ck_assert_int_eq(test->verdict, TKE_READER_VERDICT_REMARK);
}
END_TEST

START_TEST(test_a_clock_of_its_own_is_remarked)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeReaderTest) test = NULL;
    g_autoptr(GError) error = NULL;

    order(world, SIM_READER_FAULT_QUICK_CLOCK, 0);
    type_from(world, TKE_READER_STEP_VERIFY);
    card_world_check(run(world, &test, &error), error);
    ck_assert_uint_eq(test->steps[TKE_READER_STEP_TIMEOUT].sw, 0x6400);
    ck_assert_int_eq(test->steps[TKE_READER_STEP_TIMEOUT].verdict, TKE_READER_VERDICT_REMARK);
}
END_TEST

START_TEST(test_a_refused_form_fails_that_test_only_and_is_not_tried_again)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeReaderTest) test = NULL;
    g_autoptr(GError) error = NULL;

    order(world, SIM_READER_FAULT_PAD_STATUS, 0x6B80);
    type_from(world, TKE_READER_STEP_VERIFY);
    card_world_check(run(world, &test, &error), error);
    ck_assert_int_eq(test->steps[TKE_READER_STEP_VERIFY].verdict, TKE_READER_VERDICT_FAILED);
    ck_assert_uint_eq(test->steps[TKE_READER_STEP_VERIFY].sw, 0x6B80);
    ck_assert_uint_eq(test->steps[TKE_READER_STEP_VERIFY].attempts, 1);
    ck_assert_int_eq(test->steps[TKE_READER_STEP_CANCEL].verdict, TKE_READER_VERDICT_PASSED);
    ck_assert_int_eq(test->verdict, TKE_READER_VERDICT_FAILED);
}
END_TEST

START_TEST(test_a_keypad_that_says_done_without_asking_fails)
{
    const TkeReaderStepNumber liar = _i == 0   ? TKE_READER_STEP_VERIFY
                                     : _i == 1 ? TKE_READER_STEP_CHANGE
                                               : TKE_READER_STEP_RESTORED;
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeReaderTest) test = NULL;
    g_autoptr(GError) error = NULL;

    for (TkeReaderStepNumber i = TKE_READER_STEP_VERIFY; i < TKE_READER_STEPS; i++) {
        ceremony_world_type(world, 2, i == liar ? WORLD_PAD_LIES : careful[i]);
    }
    card_world_check(run(world, &test, &error), error);
    ck_assert_int_eq(test->verdict, TKE_READER_VERDICT_FAILED);
    ck_assert_int_eq(test->steps[liar].verdict, TKE_READER_VERDICT_FAILED);
    ck_assert_uint_eq(test->steps[liar].attempts, 1);
    ck_assert_uint_eq(test->steps[liar].sw, 0x9000);
    ck_assert_msg(strstr(test->steps[liar].remark, "knows nothing of it") != NULL, "%s",
                  test->steps[liar].remark);
    /* no PIN is changed with such a keypad, nor believed to be */
    ck_assert_int_eq(test->pin, liar == TKE_READER_STEP_RESTORED ? TKE_READER_PIN_UNKNOWN
                                                                 : TKE_READER_PIN_UNTOUCHED);
    check_pin(world);
}
END_TEST

START_TEST(test_answers_that_cannot_be_fail_and_no_pin_is_changed)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeReaderTest) test = NULL;
    g_autoptr(GError) error = NULL;

    order(world, SIM_READER_FAULT_PAD_GARBAGE, 0);
    type_from(world, TKE_READER_STEP_VERIFY);
    card_world_check(run(world, &test, &error), error);
    for (TkeReaderStepNumber i = TKE_READER_STEP_VERIFY; i < TKE_READER_STEP_CHANGE; i++) {
        ck_assert_int_eq(test->steps[i].verdict, TKE_READER_VERDICT_FAILED);
        ck_assert_uint_eq(test->steps[i].attempts, 1);
    }
    ck_assert_int_eq(test->steps[TKE_READER_STEP_CHANGE].verdict, TKE_READER_VERDICT_NOT_DONE);
    ck_assert_int_eq(test->verdict, TKE_READER_VERDICT_FAILED);
    ck_assert_int_eq(test->pin, TKE_READER_PIN_UNTOUCHED);
    check_pin(world);
}
END_TEST

START_TEST(test_an_entry_that_the_driver_breaks_off_fails_and_the_test_goes_on)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeReaderTest) test = NULL;
    g_autoptr(GError) error = NULL;

    ceremony_world_type(world, 2, WORLD_PAD_FAILS);
    type_from(world, TKE_READER_STEP_CANCEL);
    card_world_check(run(world, &test, &error), error);
    ck_assert_int_eq(test->steps[TKE_READER_STEP_VERIFY].verdict, TKE_READER_VERDICT_FAILED);
    ck_assert_uint_eq(test->steps[TKE_READER_STEP_VERIFY].attempts, 1);
    ck_assert_uint_eq(test->steps[TKE_READER_STEP_VERIFY].sw, 0);
    ck_assert_ptr_nonnull(strstr(test->steps[TKE_READER_STEP_VERIFY].remark, "driver"));
    ck_assert_int_eq(test->steps[TKE_READER_STEP_CANCEL].verdict, TKE_READER_VERDICT_PASSED);
    ck_assert_int_eq(test->verdict, TKE_READER_VERDICT_FAILED);
    ck_assert_int_eq(test->pin, TKE_READER_PIN_AS_BEFORE);
    check_pin(world);
}
END_TEST

START_TEST(test_a_change_that_the_driver_breaks_off_fails_and_the_pin_is_known)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeReaderTest) test = NULL;
    g_autoptr(GError) error = NULL;

    for (TkeReaderStepNumber i = TKE_READER_STEP_VERIFY; i < TKE_READER_STEP_CHANGE; i++) {
        ceremony_world_type(world, 2, careful[i]);
    }
    ceremony_world_type(world, 2, WORLD_PAD_FAILS);
    card_world_check(run(world, &test, &error), error);
    ck_assert_int_eq(test->steps[TKE_READER_STEP_CHANGE].verdict, TKE_READER_VERDICT_FAILED);
    ck_assert_int_eq(test->steps[TKE_READER_STEP_BACK].verdict, TKE_READER_VERDICT_NOT_DONE);
    ck_assert_int_eq(test->pin, TKE_READER_PIN_UNTOUCHED);
    check_pin(world);
}
END_TEST

START_TEST(test_a_reader_that_filters_pin_commands_is_remarked_and_tested)
{
    const SimCardFault fault = {
        .kind = SIM_CARD_FAULT_STATUS, .after = AT_STATE, .times = 1, .sw = 0x6404
    };
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeReaderTest) test = NULL;
    g_autoptr(GError) error = NULL;

    sim_card_add_fault(g_hash_table_lookup(world->by_name, "a"), &fault);
    type_from(world, TKE_READER_STEP_VERIFY);
    card_world_check(run(world, &test, &error), error);
    ck_assert_int_eq(test->steps[TKE_READER_STEP_STATE].verdict, TKE_READER_VERDICT_REMARK);
    ck_assert_uint_eq(test->steps[TKE_READER_STEP_STATE].sw, 0x6404);
    ck_assert_int_eq(test->steps[TKE_READER_STEP_VERIFY].verdict, TKE_READER_VERDICT_PASSED);
    ck_assert_int_eq(test->verdict, TKE_READER_VERDICT_REMARK);
    ck_assert_int_eq(test->pin, TKE_READER_PIN_AS_BEFORE);
}
END_TEST

START_TEST(test_who_stops_with_the_test_pin_on_the_card_is_told)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeReaderTest) test = NULL;
    g_autoptr(GError) error = NULL;

    for (TkeReaderStepNumber i = TKE_READER_STEP_VERIFY; i < TKE_READER_STEP_BACK; i++) {
        ceremony_world_type(world, 2, careful[i]);
    }
    ceremony_world_type(world, 2, "999999E" WORLD_PIN "E" WORLD_PIN "E");
    ceremony_world_type(world, 2, "999998E" WORLD_PIN "E" WORLD_PIN "E");
    ck_assert(!run(world, &test, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PIN_WRONG);
    ck_assert_int_eq(test->pin, TKE_READER_PIN_CHANGED);
    ck_assert_msg(strstr(error->message, "change-pin") != NULL, "%s", error->message);
}
END_TEST

START_TEST(test_no_to_the_plan_changes_nothing)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeReaderTest) test = NULL;
    g_autoptr(GError) error = NULL;

    world->refuse = true;
    ck_assert(!run(world, &test, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    ck_assert_str_eq(world->prompts->str, "");
}
END_TEST

/* --- verdicts --- */

static const struct {
    TkeReaderStepNumber step;
    uint16_t expected, sw;
    int code;
    unsigned duration_ms;
    TkeReaderVerdict verdict;
} verdicts[] = {
    { TKE_READER_STEP_STATE, 0x63C3, 0x6404, TKE_CARD_ERROR_STATUS, 0, TKE_READER_VERDICT_REMARK },
    { TKE_READER_STEP_STATE, 0x63C3, 0x9000, -1, 0, TKE_READER_VERDICT_FAILED },
    { TKE_READER_STEP_VERIFY, 0x9000, 0, TKE_CARD_ERROR_COMMUNICATION, 100,
      TKE_READER_VERDICT_FAILED },
    { TKE_READER_STEP_TIMEOUT, 0x6400, 0x6400, TKE_CARD_ERROR_PIN_TIMEOUT, 20000,
      TKE_READER_VERDICT_PASSED },
    { TKE_READER_STEP_TIMEOUT, 0x6400, 0x6400, TKE_CARD_ERROR_PIN_TIMEOUT, 15000,
      TKE_READER_VERDICT_PASSED },
    { TKE_READER_STEP_TIMEOUT, 0x6400, 0x6400, TKE_CARD_ERROR_PIN_TIMEOUT, 14999,
      TKE_READER_VERDICT_REMARK },
    { TKE_READER_STEP_TIMEOUT, 0x6400, 0x6400, TKE_CARD_ERROR_PIN_TIMEOUT, 25001,
      TKE_READER_VERDICT_REMARK },
    { TKE_READER_STEP_TIMEOUT, 0x6400, 0x6401, TKE_CARD_ERROR_PIN_CANCELLED, 20000,
      TKE_READER_VERDICT_FAILED },
    { TKE_READER_STEP_CANCEL, 0x6401, 0x6400, TKE_CARD_ERROR_PIN_TIMEOUT, 100,
      TKE_READER_VERDICT_FAILED },
    { TKE_READER_STEP_SHORT, 0x6403, 0x6401, TKE_CARD_ERROR_PIN_CANCELLED, 100,
      TKE_READER_VERDICT_REMARK },
    { TKE_READER_STEP_SHORT, 0x6403, 0x6400, TKE_CARD_ERROR_PIN_TIMEOUT, 100,
      TKE_READER_VERDICT_REMARK },
    { TKE_READER_STEP_SHORT, 0x6403, 0x6A80, TKE_CARD_ERROR_PIN_LENGTH, 100,
      TKE_READER_VERDICT_REMARK },
    { TKE_READER_STEP_SHORT, 0x6403, 0x63C2, TKE_CARD_ERROR_PIN_WRONG, 100,
      TKE_READER_VERDICT_FAILED },
    { TKE_READER_STEP_SHORT, 0x6403, 0x9000, -1, 100, TKE_READER_VERDICT_FAILED },
    { TKE_READER_STEP_DIFFERENT, 0x6402, 0x6985, TKE_CARD_ERROR_STATE, 100,
      TKE_READER_VERDICT_FAILED },
    { TKE_READER_STEP_DIFFERENT, 0x6402, 0x6401, TKE_CARD_ERROR_PIN_CANCELLED, 100,
      TKE_READER_VERDICT_REMARK },
    { TKE_READER_STEP_SET, 0x6985, 0x6985, TKE_CARD_ERROR_STATE, 100, TKE_READER_VERDICT_PASSED },
    { TKE_READER_STEP_CHANGE, 0x9000, 0x6407, TKE_CARD_ERROR_STATUS, 100,
      TKE_READER_VERDICT_FAILED },
};

START_TEST(test_answers_are_judged)
{
    TkeReaderStep step = { .expected_sw = verdicts[_i].expected };
    const TkeReaderOutcome outcome = { .code = verdicts[_i].code,
                                       .sw = verdicts[_i].sw,
                                       .duration_ms = verdicts[_i].duration_ms,
                                       .second_ms = 1000 };

    tke_op_reader_verdict(&step, verdicts[_i].step, &outcome);
    ck_assert_int_eq(step.verdict, verdicts[_i].verdict);
    ck_assert((step.remark == NULL) == (step.verdict == TKE_READER_VERDICT_PASSED));
    ck_assert_uint_eq(step.sw, verdicts[_i].sw);
    g_free(step.remark);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_good_keypad_passes_and_the_pin_is_as_before);
    tcase_add_test(tests, test_every_keypad_of_the_table_passes);
    tcase_add_test(tests, test_a_reader_without_keypad_fails_before_a_card_is_asked_for);
    tcase_add_test(tests, test_wrong_keys_are_tried_again_and_cost_only_what_was_mistyped);
    tcase_add_test(tests, test_it_ends_before_the_last_try);
    tcase_add_test(tests, test_a_blocked_card_is_not_taken_and_another_is);
    tcase_add_test(tests, test_a_keypad_that_does_not_compare_fails);
    tcase_add_test(tests, test_a_keypad_that_checks_no_length_passes_with_a_remark);
    tcase_add_test(tests, test_a_clock_of_its_own_is_remarked);
    tcase_add_test(tests, test_a_refused_form_fails_that_test_only_and_is_not_tried_again);
    tcase_add_loop_test(tests, test_a_keypad_that_says_done_without_asking_fails, 0, 3);
    tcase_add_test(tests, test_answers_that_cannot_be_fail_and_no_pin_is_changed);
    tcase_add_test(tests, test_an_entry_that_the_driver_breaks_off_fails_and_the_test_goes_on);
    tcase_add_test(tests, test_a_change_that_the_driver_breaks_off_fails_and_the_pin_is_known);
    tcase_add_test(tests, test_a_reader_that_filters_pin_commands_is_remarked_and_tested);
    tcase_add_test(tests, test_who_stops_with_the_test_pin_on_the_card_is_told);
    tcase_add_test(tests, test_no_to_the_plan_changes_nothing);
    tcase_add_loop_test(tests, test_answers_are_judged, 0, (int) G_N_ELEMENTS(verdicts));
}

int
main(void)
{
    return test_main("reader-test", add_tests);
}
