/*
 * Keypads and drivers that say what is not so, and readers that keep commands from the card: what
 * counts is what the card says (functions 2.2, P-2 to P-4, E-C08 to E-C10, E-C18).
 */
#include <string.h>

#include "libceremony/advice.h"
#include "libceremony/card-session-private.h"
#include "libceremony/op-card-pin.h"
#include "libceremony/op-reader-test.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/pin-pad.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/fault-card-source.h"
#include "tests/support/test-main.h"
#include "tests/support/test-says.h"

#define NEW_PIN "654321"
#define CHANGE WORLD_PIN "E" NEW_PIN "E" NEW_PIN "E"
#define FAILS CEREMONY_WORLD_LIE "0000:" /* the entry is done, the transmission breaks */
#define SECOND_MS 20u

/* What a reader answers in the card's place to a command to a PIN that does not come from its
 * keypad. */
static const uint16_t filters[] = { 0x6404, 0x9000 };

/* The member's card lies in reader 2. */
static CeremonyWorld *
member_world(void)
{
    CeremonyWorld *world = ceremony_world_new(1);
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "member");
    ceremony_world_restart(world);
    ck_assert(sim_reader_insert(virtual_readers_get(world->cards->readers, 2),
                                ceremony_world_card(world, "member"), &error));
    card_world_check(tke_card_session_look(world->op, NULL, &error), error);
    return world;
}

static void
check_pin(CeremonyWorld *world, const char *wanted)
{
    g_autoptr(TkeSecret) pin =
        sim_card_reveal_pin(ceremony_world_card(world, "member"), TKE_PIN_FIRST, NULL);

    ck_assert(memcmp(tke_secret_bytes(pin, NULL), wanted, 6) == 0);
}

static void
check_verified(CeremonyWorld *world, const char *name, bool first, bool second)
{
    SimCardInfo info = { 0 };

    sim_card_get_info(ceremony_world_card(world, name), &info);
    ck_assert_int_eq(info.pin_verified[0], first);
    ck_assert_int_eq(info.pin_verified[1], second);
}

static void
check_advice(const GError *error, const char *wanted)
{
    g_autofree char *advice = tke_advice_for_error(error);

    test_says(advice, wanted);
}

static void
check_not_believed(const GError *error)
{
    ck_assert_msg(tke_card_error_code(error) == TKE_CARD_ERROR_NO_PIN_PAD, "%.600s",
                  error != NULL ? error->message : "done");
    test_says(error->message, "the card knows nothing of it");
}

static bool
need_pin(CeremonyWorld *world, bool fresh, GError **error)
{
    return tke_card_session_need_pin(world->op, 2, TKE_PIN_FIRST, fresh, error);
}

/* ---- an entry is found out only if the PIN was closed before ---- */

START_TEST(test_a_lie_is_found_out_although_the_pin_is_still_open)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;

    card_world_check(need_pin(world, false, &error), error);
    ceremony_world_type(world, 2, WORLD_PAD_LIES);
    ck_assert(!need_pin(world, true, &error));
    check_not_believed(error);
}
END_TEST

START_TEST(test_a_filter_of_commands_hides_no_lie)
{
    g_autoptr(CeremonyWorld) world = member_world();
    const TkeCardChangePinParams params = { .reader = 2 };
    g_autoptr(GError) error = NULL;

    test_fault_card_source_set_filter(world->source, filters[_i]);
    card_world_check(need_pin(world, false, &error), error);
    ceremony_world_type(world, 2, WORLD_PAD_LIES);
    ck_assert(!tke_op_card_change_pin(world->op, &params, NULL, &error));
    check_not_believed(error);
    check_pin(world, WORLD_PIN);
}
END_TEST

START_TEST(test_a_filter_of_commands_accuses_no_honest_keypad)
{
    g_autoptr(CeremonyWorld) world = member_world();
    const TkeReaderTestParams params = { .reader = 2, .second_ms = SECOND_MS };
    g_autoptr(TkeReaderTest) test = NULL;
    g_autoptr(GError) error = NULL;

    test_fault_card_source_set_filter(world->source, filters[_i]);
    card_world_check(need_pin(world, false, &error), error);
    card_world_check(need_pin(world, true, &error), error);
    card_world_check(tke_op_reader_test(world->op, &params, &test, &error), error);
    for (unsigned i = TKE_READER_STEP_VERIFY; i < TKE_READER_STEPS; i++) {
        if (i != TKE_READER_STEP_TIMEOUT) { /* this machine's clock decides */
            ck_assert_msg(test->steps[i].verdict == TKE_READER_VERDICT_PASSED, "%s: %s",
                          test->steps[i].word, test->steps[i].remark);
        }
    }
    ck_assert_int_eq(test->pin, TKE_READER_PIN_AS_BEFORE);
    check_verified(world, "member", false, false);
}
END_TEST

START_TEST(test_a_session_that_is_ended_closes_the_pin_whatever_the_reader_filters)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;

    test_fault_card_source_set_filter(world->source, filters[_i]);
    card_world_check(need_pin(world, false, &error), error);
    check_verified(world, "member", true, false);
    card_world_check(tke_card_session_lock(world->session, 2, &error), error);
    check_verified(world, "member", false, false);
    ck_assert(!tke_card_session_is_unlocked(world->session, 2, TKE_PIN_FIRST));
    card_world_check(need_pin(world, false, &error), error);
}
END_TEST

START_TEST(test_a_pin_that_cannot_be_closed_is_told_and_not_asked_for)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;

    card_world_check(need_pin(world, false, &error), error);
    test_fault_card_source_set_filter(world->source, 0x6404);
    test_fault_card_source_refuse_resets(world->source);
    g_string_truncate(world->prompts, 0);
    ck_assert(!need_pin(world, true, &error));
    test_says(error->message, "cannot be closed");
    check_advice(error, "Take the card out of the reader");
    ck_assert_str_eq(world->prompts->str, "");
}
END_TEST

START_TEST(test_both_pins_of_a_ca_card_are_open_after_one_was_closed_by_a_reset)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;

    ck_assert(sim_reader_insert(virtual_readers_get(world->cards->readers, 1),
                                ceremony_world_card(world, "ca"), &error));
    card_world_check(tke_card_session_look(world->op, NULL, &error), error);
    test_fault_card_source_set_filter(world->source, filters[_i]);
    card_world_check(tke_card_session_need_ca_pins(world->op, 1, false, &error), error);
    check_verified(world, "ca", true, true);
    card_world_check(tke_card_session_need_ca_pins(world->op, 1, true, &error), error);
    check_verified(world, "ca", true, true);
    ck_assert_uint_eq(ceremony_world_counts(world).pins, 4); /* nobody types one for nothing */
    /* one has been open for too long: closing it closes both */
    tke_card_session_slot(world->session, 1)->used_at[1] -=
        (gint64) TKE_CARD_SESSION_CA_IDLE_S * G_USEC_PER_SEC;
    card_world_check(tke_card_session_need_ca_pins(world->op, 1, false, &error), error);
    check_verified(world, "ca", true, true);
    ck_assert(tke_card_session_is_unlocked(world->session, 1, TKE_PIN_FIRST));
    ck_assert(tke_card_session_is_unlocked(world->session, 1, TKE_PIN_SECOND));
}
END_TEST

/* ---- failures that were none ---- */

START_TEST(test_a_change_that_has_come_about_is_told_as_done_whatever_the_keypad_says)
{
    static const char *const says[] = { CEREMONY_WORLD_LIE "6401:" CHANGE,
                                        CEREMONY_WORLD_LIE "63C2:" CHANGE,
                                        CEREMONY_WORLD_LIE "6983:" CHANGE };
    g_autoptr(CeremonyWorld) world = member_world();
    const TkeCardChangePinParams params = { .reader = 2 };
    g_auto(GStrv) lines = NULL;
    g_autoptr(GError) error = NULL;

    ceremony_world_type(world, 2, says[_i]);
    card_world_check(tke_op_card_change_pin(world->op, &params, NULL, &error), error);
    check_pin(world, NEW_PIN);
    test_says(world->notes->str, "the keypad said");
    lines = tke_activity_log_read(world->log, 1, NULL);
    test_says(lines[0], "\"result\":\"done\"");
}
END_TEST

START_TEST(test_a_change_that_was_broken_off_is_told_as_not_done)
{
    g_autoptr(CeremonyWorld) world = member_world();
    const TkeCardChangePinParams params = { .reader = 2 };
    g_autoptr(GError) error = NULL;

    ceremony_world_type(world, 2, WORLD_PAD_FAILS);
    ck_assert(!tke_op_card_change_pin(world->op, &params, NULL, &error));
    test_says(error->message, "the PIN of the card is as it was");
    ck_assert_msg(strstr(error->message, "which of the two") == NULL, "%s", error->message);
    check_pin(world, WORLD_PIN);
}
END_TEST

START_TEST(test_a_wrong_pin_is_told_as_such_whatever_the_keypad_says)
{
    static const char *const says[] = { "6400", "6401", "63C1", "6983", "9000" };
    g_autoptr(CeremonyWorld) world = member_world();
    g_autofree char *given = g_strdup_printf(CEREMONY_WORLD_LIE "%s:999999E", says[_i]);
    g_autoptr(GError) error = NULL;

    ceremony_world_type(world, 2, given);
    card_world_check(need_pin(world, false, &error), error);
    ck_assert_str_eq(world->tries->str, "3 2 ");
    test_says(world->prompts->str, "pin, reader 2: wrong-pin\n");
}
END_TEST

/* ---- exchanges that break are nobody's word ---- */

static void
check_silent(const char *text, const char *unwanted)
{
    ck_assert_msg(text == NULL || strstr(text, unwanted) == NULL, "“%s” in: %.600s", unwanted,
                  text);
}

START_TEST(test_a_change_whose_exchange_broke_is_told_as_done_and_no_keypad_is_accused)
{
    g_autoptr(CeremonyWorld) world = member_world();
    const TkeCardChangePinParams params = { .reader = 2 };
    g_autoptr(GError) error = NULL;

    ceremony_world_type(world, 2, FAILS CHANGE);
    card_world_check(tke_op_card_change_pin(world->op, &params, NULL, &error), error);
    check_pin(world, NEW_PIN);
    test_says(world->notes->str, "broke off, but the card shows that the entry was done");
    check_silent(world->notes->str, "the keypad said");
}
END_TEST

START_TEST(test_a_try_that_was_counted_in_a_broken_exchange_is_told_and_no_other_is_risked)
{
    g_autoptr(CeremonyWorld) world = member_world();
    TkeCardErrorInfo info = { .tries_left = -1 };
    g_autoptr(GError) error = NULL;

    ceremony_world_type(world, 2, FAILS "999999E");
    ceremony_world_type(world, 2, FAILS "999999E"); /* if it were asked for again */
    ck_assert(!need_pin(world, false, &error));
    ck_assert_int_eq(tke_card_error_code(error), TKE_CARD_ERROR_PIN_WRONG);
    test_says(error->message, "the card has counted a wrong PIN: 2 tries are left for it");
    ck_assert(tke_card_error_get_info(error, &info));
    ck_assert_int_eq(info.tries_left, 2);
    ck_assert_str_eq(world->tries->str, "3 ");
    ck_assert_uint_eq(ceremony_world_counts(world).pins, 1);
    check_silent(world->notes->str, "the keypad said");
}
END_TEST

START_TEST(test_the_last_try_that_was_counted_in_a_broken_exchange_is_told_as_blocked)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;

    ceremony_world_type(world, 2, "999999E");
    ceremony_world_type(world, 2, "999999E");
    ceremony_world_type(world, 2, FAILS "999999E");
    ck_assert(!need_pin(world, false, &error));
    ck_assert_int_eq(tke_card_error_code(error), TKE_CARD_ERROR_PIN_BLOCKED);
    ck_assert_str_eq(world->tries->str, "3 2 1 ");
}
END_TEST

START_TEST(test_an_entry_that_was_broken_off_says_how_many_tries_the_card_shows)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;

    ceremony_world_type(world, 2, WORLD_PAD_FAILS);
    ck_assert(!need_pin(world, false, &error));
    test_says(error->message, "the PIN of the card is as it was: 3 tries are left for it");
    ck_assert_uint_eq(ceremony_world_counts(world).pins, 1);
    ck_assert_str_eq(world->tries->str, "3 ");
}
END_TEST

/* ---- tries that nobody has used up ---- */

START_TEST(test_a_pin_is_neither_wrong_nor_blocked_because_a_keypad_says_so)
{
    static const char *const says[] = { CEREMONY_WORLD_FAULT "63C2", CEREMONY_WORLD_FAULT "63C0",
                                        CEREMONY_WORLD_FAULT "6983" };
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;

    ceremony_world_type(world, 2, says[_i]);
    ck_assert(!need_pin(world, false, &error));
    check_not_believed(error);
    ck_assert_ptr_null(strstr(error->message, "blocked"));
    g_clear_error(&error);
    card_world_check(tke_card_session_look(world->op, NULL, &error), error);
    card_world_check(need_pin(world, false, &error), error);
    ck_assert_str_eq(world->tries->str, "3 3 ");
}
END_TEST

/* ---- the test of a reader ---- */

static void
run_reader_test(CeremonyWorld *world, TkeReaderStepNumber liar, const char *lie,
                TkeReaderTest **test)
{
    static const char *const keys[TKE_READER_STEPS] = {
        [TKE_READER_STEP_VERIFY] = WORLD_PIN "E",
        [TKE_READER_STEP_CANCEL] = "12C",
        [TKE_READER_STEP_TIMEOUT] = "X",
        [TKE_READER_STEP_SHORT] = "12345E",
        [TKE_READER_STEP_DIFFERENT] = "123456E654321E",
        [TKE_READER_STEP_SET] = "123456E123456E",
        [TKE_READER_STEP_CHANGE] = CHANGE,
        [TKE_READER_STEP_BACK] = NEW_PIN "E" WORLD_PIN "E" WORLD_PIN "E",
        [TKE_READER_STEP_RESTORED] = WORLD_PIN "E",
    };
    const TkeReaderTestParams params = { .reader = 2, .second_ms = SECOND_MS };
    g_autoptr(GError) error = NULL;

    for (TkeReaderStepNumber i = TKE_READER_STEP_VERIFY; i < TKE_READER_STEPS; i++) {
        const bool complete = i == liar && !g_str_has_suffix(lie, ":");
        g_autofree char *given = g_strconcat(i == liar ? lie : "", complete ? "" : keys[i], NULL);

        ceremony_world_type(world, 2, given);
    }
    card_world_check(tke_op_reader_test(world->op, &params, test, &error), error);
}

START_TEST(test_a_change_that_the_keypad_calls_failed_is_found_and_taken_back)
{
    static const struct {
        const char *lie;
        const char *remark;
    } lies[] = {
        { FAILS, "the exchange with the keypad broke off, and the card has done it" },
        { CEREMONY_WORLD_LIE "6401:", "no PIN is to be typed there" },
    };
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(TkeReaderTest) test = NULL;

    run_reader_test(world, TKE_READER_STEP_CHANGE, lies[_i].lie, &test);
    ck_assert_int_eq(test->steps[TKE_READER_STEP_CHANGE].verdict, TKE_READER_VERDICT_FAILED);
    ck_assert_uint_eq(test->steps[TKE_READER_STEP_CHANGE].attempts, 1);
    test_says(test->steps[TKE_READER_STEP_CHANGE].remark, lies[_i].remark);
    ck_assert_int_eq(test->steps[TKE_READER_STEP_BACK].verdict, TKE_READER_VERDICT_PASSED);
    ck_assert_int_eq(test->steps[TKE_READER_STEP_RESTORED].verdict, TKE_READER_VERDICT_PASSED);
    ck_assert_int_eq(test->pin, TKE_READER_PIN_AS_BEFORE);
    ck_assert_int_eq(test->verdict, TKE_READER_VERDICT_FAILED);
    check_pin(world, WORLD_PIN);
}
END_TEST

START_TEST(test_a_change_back_that_the_keypad_calls_failed_is_found)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(TkeReaderTest) test = NULL;

    run_reader_test(world, TKE_READER_STEP_BACK, FAILS, &test);
    ck_assert_int_eq(test->steps[TKE_READER_STEP_BACK].verdict, TKE_READER_VERDICT_FAILED);
    ck_assert_int_eq(test->steps[TKE_READER_STEP_RESTORED].verdict, TKE_READER_VERDICT_PASSED);
    ck_assert_int_eq(test->pin, TKE_READER_PIN_AS_BEFORE);
    check_pin(world, WORLD_PIN);
}
END_TEST

START_TEST(test_an_entry_that_the_keypad_calls_failed_or_wrong_fails_that_test)
{
    static const struct {
        const char *lie;
        const char *remark;
    } lies[] = {
        { FAILS, "broke off, and the card has done it" },
        { FAILS "999999E", "broke off, and the card has counted a wrong PIN" },
        { CEREMONY_WORLD_LIE "6402:", "and the card has done it" },
        { CEREMONY_WORLD_FAULT "63C2", "the card has counted no wrong entry" },
        { CEREMONY_WORLD_FAULT "6983", "the card has counted no wrong entry" },
        { CEREMONY_WORLD_LIE "9000:999999E", "the card has counted a wrong PIN" },
        { CEREMONY_WORLD_LIE "6401:999999E", "the card has counted a wrong PIN" },
    };
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(TkeReaderTest) test = NULL;

    run_reader_test(world, TKE_READER_STEP_VERIFY, lies[_i].lie, &test);
    ck_assert_int_eq(test->steps[TKE_READER_STEP_VERIFY].verdict, TKE_READER_VERDICT_FAILED);
    test_says(test->steps[TKE_READER_STEP_VERIFY].remark, lies[_i].remark);
    /* with such a keypad no PIN is changed */
    ck_assert_int_eq(test->steps[TKE_READER_STEP_CHANGE].verdict, TKE_READER_VERDICT_NOT_DONE);
    ck_assert_int_eq(test->pin, TKE_READER_PIN_UNTOUCHED);
    check_pin(world, WORLD_PIN);
}
END_TEST

static void
add_tests(TCase *tests)
{
    const int n_filters = (int) G_N_ELEMENTS(filters);

    tcase_add_test(tests, test_a_lie_is_found_out_although_the_pin_is_still_open);
    tcase_add_loop_test(tests, test_a_filter_of_commands_hides_no_lie, 0, n_filters);
    tcase_add_loop_test(tests, test_a_filter_of_commands_accuses_no_honest_keypad, 0, n_filters);
    tcase_add_loop_test(tests,
                        test_a_session_that_is_ended_closes_the_pin_whatever_the_reader_filters, 0,
                        n_filters);
    tcase_add_test(tests, test_a_pin_that_cannot_be_closed_is_told_and_not_asked_for);
    tcase_add_loop_test(tests, test_both_pins_of_a_ca_card_are_open_after_one_was_closed_by_a_reset,
                        0, n_filters);
    tcase_add_loop_test(
        tests, test_a_change_that_has_come_about_is_told_as_done_whatever_the_keypad_says, 0, 3);
    tcase_add_test(tests, test_a_change_that_was_broken_off_is_told_as_not_done);
    tcase_add_loop_test(tests, test_a_wrong_pin_is_told_as_such_whatever_the_keypad_says, 0, 5);
    tcase_add_test(tests,
                   test_a_change_whose_exchange_broke_is_told_as_done_and_no_keypad_is_accused);
    tcase_add_test(tests,
                   test_a_try_that_was_counted_in_a_broken_exchange_is_told_and_no_other_is_risked);
    tcase_add_test(tests,
                   test_the_last_try_that_was_counted_in_a_broken_exchange_is_told_as_blocked);
    tcase_add_test(tests, test_an_entry_that_was_broken_off_says_how_many_tries_the_card_shows);
    tcase_add_loop_test(tests, test_a_pin_is_neither_wrong_nor_blocked_because_a_keypad_says_so, 0,
                        3);
    tcase_add_loop_test(tests, test_a_change_that_the_keypad_calls_failed_is_found_and_taken_back,
                        0, 2);
    tcase_add_test(tests, test_a_change_back_that_the_keypad_calls_failed_is_found);
    tcase_add_loop_test(tests, test_an_entry_that_the_keypad_calls_failed_or_wrong_fails_that_test,
                        0, 7);
}

int
main(void)
{
    return test_main("pad-lies", add_tests);
}
