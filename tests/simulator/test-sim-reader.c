/*
 * Virtual readers: cards in and out, connections, PIN entry on the pad (PC/SC part 10).
 */
#include "libsmartcard/card-transport.h"
#include "simulator/sim-reader.h"
#include "tests/simulator/card-talk.h"
#include "tests/simulator/reader-desk.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

START_TEST(test_a_right_pin_on_the_pad_is_verified)
{
    g_auto(Desk) desk = desk_new(0, true);
    SimCardInfo info = { 0 };
    SimPadAsk ask = { 0 };
    DeskEntry entry;

    desk_start(&entry, desk.reader, desk.connection, SIM_READER_FEATURE_VERIFY_PIN_DIRECT,
               desk_verify_structure(20));
    ck_assert(sim_reader_wait_pad(desk.reader, 0, DESK_WAIT_MS, &ask));
    ck_assert(ask.asking && !ask.modify);
    ck_assert_int_eq(ask.what, SIM_PAD_CURRENT);
    ck_assert_uint_eq(ask.entry, 1);
    ck_assert_uint_eq(ask.entries, 1);
    ck_assert_uint_eq(ask.min_digits, 6);
    ck_assert_uint_eq(ask.max_digits, 6);
    ck_assert_uint_le(ask.left_ms, 20000);
    desk_type_pin(desk.reader, "246802");
    expect_entry(&entry, 0x9000);
    sim_card_get_info(desk.card, &info);
    ck_assert(info.pin_verified[0]);
}
END_TEST

START_TEST(test_the_cards_status_word_passes_through)
{
    g_auto(Desk) desk = desk_new(0, true);
    DeskEntry entry;

    desk_start(&entry, desk.reader, desk.connection, SIM_READER_FEATURE_VERIFY_PIN_DIRECT,
               desk_verify_structure(20));
    desk_type_pin(desk.reader, "000000");
    expect_entry(&entry, 0x63c2);
}
END_TEST

START_TEST(test_a_new_pin_is_entered_twice)
{
    g_auto(Desk) desk = desk_new(0, false);
    g_autoptr(TkeSecret) pin = NULL;
    SimPadAsk ask = { 0 };
    uint32_t first = 0;
    DeskEntry entry;

    desk_start(&entry, desk.reader, desk.connection, SIM_READER_FEATURE_MODIFY_PIN_DIRECT,
               desk_modify_structure(0x01, "00 00", DESK_SET_APDU));
    ck_assert(sim_reader_wait_pad(desk.reader, 0, DESK_WAIT_MS, &ask));
    ck_assert(ask.modify);
    ck_assert_int_eq(ask.what, SIM_PAD_NEW);
    ck_assert_uint_eq(ask.entries, 2);
    first = ask.number;
    desk_type_pin(desk.reader, "135791");
    ck_assert(sim_reader_wait_pad(desk.reader, first, DESK_WAIT_MS, &ask));
    ck_assert_int_eq(ask.what, SIM_PAD_AGAIN);
    ck_assert_uint_eq(ask.entry, 2);
    desk_type_pin(desk.reader, "135791");
    expect_entry(&entry, 0x9000);
    pin = sim_card_reveal_pin(desk.card, 0x81, NULL);
    test_bytes_check_secret(pin, "313335373931");
}
END_TEST

START_TEST(test_a_change_asks_for_the_old_pin_first)
{
    g_auto(Desk) desk = desk_new(0, true);
    g_autoptr(TkeSecret) pin = NULL;
    DeskEntry entry;

    desk_start(&entry, desk.reader, desk.connection, SIM_READER_FEATURE_MODIFY_PIN_DIRECT,
               desk_modify_structure(0x03, "00 08", DESK_CHANGE_APDU));
    desk_type_pin(desk.reader, "246802");
    desk_type_pin(desk.reader, "135791");
    desk_type_pin(desk.reader, "135791");
    expect_entry(&entry, 0x9000);
    pin = sim_card_reveal_pin(desk.card, 0x81, NULL);
    test_bytes_check_secret(pin, "313335373931");
}
END_TEST

START_TEST(test_different_short_and_long_entries_never_reach_the_card)
{
    g_auto(Desk) desk = desk_new(0, false);
    const char *const second[] = { "135792", "13579", "1357911" };
    const unsigned sw[] = { 0x6402, 0x6403, 0x6403 };
    unsigned exchanges = sim_card_get_exchanges(desk.card);

    for (size_t i = 0; i < G_N_ELEMENTS(second); i++) {
        DeskEntry entry;

        desk_start(&entry, desk.reader, desk.connection, SIM_READER_FEATURE_MODIFY_PIN_DIRECT,
                   desk_modify_structure(0x01, "00 00", DESK_SET_APDU));
        desk_type_pin(desk.reader, "135791");
        desk_type_pin(desk.reader, second[i]);
        expect_entry(&entry, sw[i]);
    }
    ck_assert_uint_eq(sim_card_get_exchanges(desk.card), exchanges);
}
END_TEST

START_TEST(test_cancel_and_timeout_are_told_apart)
{
    g_auto(Desk) desk = desk_new(1, true); /* a second of the pad is a millisecond */
    g_auto(Desk) patient = desk_new(0, true);
    SimPadAsk ask = { 0 };
    DeskEntry entry;

    desk_start(&entry, desk.reader, desk.connection, SIM_READER_FEATURE_VERIFY_PIN_DIRECT,
               desk_verify_structure(20));
    expect_entry(&entry, 0x6400);
    ck_assert(!sim_reader_wait_pad(desk.reader, 0, 0, &ask));
    ck_assert(!ask.asking);
    desk_start(&entry, patient.reader, patient.connection, SIM_READER_FEATURE_VERIFY_PIN_DIRECT,
               desk_verify_structure(20));
    ck_assert(sim_reader_cancel(patient.reader, DESK_WAIT_MS, NULL));
    expect_entry(&entry, 0x6401);
}
END_TEST

START_TEST(test_keys_are_typed_one_by_one)
{
    g_auto(Desk) desk = desk_new(0, true);
    g_autoptr(TkeSecret) keys = tke_secret_new_from((const uint8_t *) "99X2468", 7, NULL);
    SimPadAsk ask = { 0 };
    DeskEntry entry;

    ck_assert(!sim_reader_press(desk.reader, '1'));
    desk_start(&entry, desk.reader, desk.connection, SIM_READER_FEATURE_VERIFY_PIN_DIRECT,
               desk_verify_structure(20));
    ck_assert(sim_reader_keys(desk.reader, keys, DESK_WAIT_MS, NULL));
    ck_assert(sim_reader_wait_pad(desk.reader, 0, 0, &ask));
    ck_assert_uint_eq(ask.digits, 4);
    ck_assert(sim_reader_press(desk.reader, '0'));
    ck_assert(sim_reader_press(desk.reader, '2'));
    ck_assert(sim_reader_press(desk.reader, SIM_KEY_ENTER));
    expect_entry(&entry, 0x9000);
}
END_TEST

START_TEST(test_nobody_types_while_the_pad_does_not_ask)
{
    g_auto(Desk) desk = desk_new(0, true);
    g_autoptr(TkeSecret) pin = tke_secret_new_from((const uint8_t *) "246802", 6, NULL);
    g_autoptr(GError) error = NULL;

    ck_assert(!sim_reader_pin(desk.reader, pin, 1, &error));
    test_bytes_check_error(error, SIM_READER_ERROR, SIM_READER_ERROR_NOT_ASKING);
}
END_TEST

START_TEST(test_a_card_pulled_out_ends_the_entry)
{
    g_auto(Desk) desk = desk_new(0, true);
    SimPadAsk ask = { 0 };
    DeskEntry entry;
    SimReaderState state = { 0 };

    desk_start(&entry, desk.reader, desk.connection, SIM_READER_FEATURE_VERIFY_PIN_DIRECT,
               desk_verify_structure(20));
    ck_assert(sim_reader_wait_pad(desk.reader, 0, DESK_WAIT_MS, &ask));
    ck_assert_ptr_eq(sim_reader_remove(desk.reader), desk.card);
    expect_entry(&entry, 0);
    sim_reader_get_state(desk.reader, &state);
    ck_assert(!state.card_present && !state.connected && !state.pad.asking);
    ck_assert_uint_eq(state.events, 2);
    sim_reader_state_clear(&state);
}
END_TEST

START_TEST(test_a_reader_unplugged_ends_the_entry_and_keeps_its_card)
{
    g_auto(Desk) desk = desk_new(0, true);
    SimCardInfo info = { 0 };
    SimPadAsk ask = { 0 };
    DeskEntry entry;
    SimReaderState state = { 0 };

    desk_start(&entry, desk.reader, desk.connection, SIM_READER_FEATURE_VERIFY_PIN_DIRECT,
               desk_verify_structure(20));
    ck_assert(sim_reader_wait_pad(desk.reader, 0, DESK_WAIT_MS, &ask));
    sim_reader_cut_power(desk.reader);
    expect_entry(&entry, 0);
    sim_reader_get_state(desk.reader, &state);
    ck_assert(state.card_present && !state.connected && !state.pad.asking);
    sim_card_get_info(desk.card, &info);
    ck_assert(!info.powered);
    ck_assert_uint_eq(info.pin_tries[0], 3);
    sim_reader_state_clear(&state);
    desk.connection = desk_connect(desk.reader); /* and it works again */
    desk_select(desk.reader, desk.connection);
}
END_TEST

START_TEST(test_another_reader_works_while_a_pad_asks)
{
    g_auto(Desk) desk = desk_new(0, true);
    g_auto(Desk) other = desk_new(0, true);
    SimPadAsk ask = { 0 };
    DeskEntry entry;

    desk_start(&entry, desk.reader, desk.connection, SIM_READER_FEATURE_VERIFY_PIN_DIRECT,
               desk_verify_structure(20));
    ck_assert(sim_reader_wait_pad(desk.reader, 0, DESK_WAIT_MS, &ask));
    desk_select(other.reader, other.connection);
    ck_assert(sim_reader_cancel(desk.reader, 0, NULL));
    expect_entry(&entry, 0x6401);
}
END_TEST

START_TEST(test_a_structure_that_makes_no_sense_is_refused)
{
    g_auto(Desk) desk = desk_new(0, true);
    /* Offset and value of one byte that is wrong. */
    static const struct {
        unsigned at;
        uint8_t value;
    } wrong[] = { { 2, 0x81 }, { 3, 0x88 }, { 4, 0x04 }, { 15, 14 }, { 20, 0x24 }, { 23, 0x07 } };

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GByteArray) structure = desk_verify_structure(20);
        uint8_t sw[2] = { 0 };
        size_t len = 0;

        structure->data[wrong[i].at] = wrong[i].value;
        ck_assert(
            sim_reader_control(desk.reader, desk.connection,
                               desk_feature(desk.reader, SIM_READER_FEATURE_VERIFY_PIN_DIRECT),
                               structure->data, structure->len, sw, sizeof sw, &len, NULL));
        test_bytes_check(sw, len, "6b80");
    }
}
END_TEST

START_TEST(test_a_reader_without_pad_tells_so)
{
    const SimReaderOptions options = { .name = "plain", .no_pad = true, .short_only = true };
    g_autoptr(SimReader) reader = sim_reader_new(&options);
    uint8_t out[256] = { 0 };
    size_t len = 0;
    g_autoptr(GError) error = NULL;

    ck_assert_uint_eq(desk_feature(reader, SIM_READER_FEATURE_VERIFY_PIN_DIRECT), 0);
    ck_assert_uint_eq(desk_feature(reader, SIM_READER_FEATURE_MODIFY_PIN_DIRECT), 0);
    ck_assert(sim_reader_control(reader, 0, desk_feature(reader, SIM_READER_FEATURE_TLV_PROPERTIES),
                                 NULL, 0, out, sizeof out, &len, NULL));
    test_bytes_check(out + len - 6, 6, "0a04 00000000");
    ck_assert(!sim_reader_control(reader, 0, 0x42000001, NULL, 0, out, sizeof out, &len, &error));
    test_bytes_check_error(error, SIM_READER_ERROR, SIM_READER_ERROR_UNSUPPORTED);
}
END_TEST

START_TEST(test_a_card_is_in_one_reader_and_a_reader_in_one_hand)
{
    g_autoptr(SimCard) card = talk_new_card(SIM_CARD_EP11, 1);
    g_autoptr(SimReader) first = desk_new_reader(0);
    g_autoptr(SimReader) second = desk_new_reader(0);
    uint8_t atr[SIM_CARD_ATR_MAX] = { 0 };
    size_t len = 0;
    g_autoptr(GError) error = NULL;
    uint32_t connection = 0;

    ck_assert_uint_eq(sim_reader_connect(first, atr, &len, &error), 0);
    test_bytes_check_error(error, SIM_READER_ERROR, SIM_READER_ERROR_NO_CARD);
    g_clear_error(&error);
    ck_assert(sim_reader_insert(first, card, NULL));
    ck_assert(!sim_reader_insert(second, card, &error));
    test_bytes_check_error(error, SIM_READER_ERROR, SIM_READER_ERROR_OCCUPIED);
    g_clear_error(&error);
    connection = desk_connect(first);
    ck_assert_uint_eq(sim_reader_connect(first, atr, &len, &error), 0);
    test_bytes_check_error(error, SIM_READER_ERROR, SIM_READER_ERROR_IN_USE);
    g_clear_error(&error);
    sim_reader_disconnect(first, connection);
    sim_reader_set_held(first, true);
    ck_assert_uint_eq(sim_reader_connect(first, atr, &len, &error), 0);
    test_bytes_check_error(error, SIM_READER_ERROR, SIM_READER_ERROR_IN_USE);
    ck_assert_ptr_eq(sim_reader_remove(first), card);
    ck_assert_ptr_null(sim_reader_remove(first));
    ck_assert(sim_reader_insert(second, card, NULL));
}
END_TEST

START_TEST(test_a_card_out_and_in_again_ends_the_connection_and_keeps_power_otherwise)
{
    g_auto(Desk) desk = desk_new(0, true);
    const uint8_t query[] = { 0x00, 0x20, 0x00, 0x81 };
    uint8_t response[16] = { 0 };
    size_t len = 0;
    g_autoptr(GError) error = NULL;

    sim_reader_disconnect(desk.reader, desk.connection);
    desk.connection = desk_connect(desk.reader);
    ck_assert(sim_reader_exchange(desk.reader, desk.connection, query, sizeof query, response,
                                  sizeof response, &len, NULL));
    test_bytes_check(response, len, "63c3"); /* still selected */
    ck_assert_ptr_eq(sim_reader_remove(desk.reader), desk.card);
    ck_assert(sim_reader_insert(desk.reader, desk.card, NULL));
    ck_assert(!sim_reader_exchange(desk.reader, desk.connection, query, sizeof query, response,
                                   sizeof response, &len, &error));
    test_bytes_check_error(error, SIM_READER_ERROR, SIM_READER_ERROR_REMOVED);
    desk.connection = desk_connect(desk.reader);
    ck_assert(sim_reader_exchange(desk.reader, desk.connection, query, sizeof query, response,
                                  sizeof response, &len, NULL));
    test_bytes_check(response, len, "6d00");
}
END_TEST

/* E-C02: the applets answer on contacts only (card-protocol.md, 1), the card manager everywhere. */
START_TEST(test_a_contactless_reader_reaches_the_card_manager_and_no_applet)
{
    g_auto(Desk) desk = desk_new(0, true);
    const uint8_t applet[] = { 0x00, 0xA4, 0x04, 0x00, 0x07, 0xF0, 0x4F,
                               0x54, 0x4B, 0x45, 0x01, 0x02, 0x00 };
    const uint8_t manager[] = { 0x00, 0xA4, 0x04, 0x00, 0x00 };
    const uint8_t query[] = { 0x00, 0x20, 0x00, 0x81 };
    uint8_t atr[SIM_CARD_ATR_MAX] = { 0 };
    uint8_t response[SIM_CARD_ANSWER_MAX] = { 0 };
    size_t len = 0;
    g_autoptr(GError) error = NULL;

    sim_reader_add_fault(desk.reader, SIM_READER_FAULT_CONTACTLESS, 0);
    ck_assert(sim_reader_reset(desk.reader, desk.connection, atr, &len, &error));
    test_bytes_check(atr, len, "3b8b8001 4f70656e544b452073696d 33");
    ck_assert(sim_reader_exchange(desk.reader, desk.connection, applet, sizeof applet, response,
                                  sizeof response, &len, &error));
    test_bytes_check(response, len, "6999");
    ck_assert(sim_reader_exchange(desk.reader, desk.connection, query, sizeof query, response,
                                  sizeof response, &len, &error));
    test_bytes_check(response, len, "6d00"); /* nothing is selected */
    ck_assert(sim_reader_exchange(desk.reader, desk.connection, manager, sizeof manager, response,
                                  sizeof response, &len, &error));
    ck_assert_uint_ge(len, 2);
    test_bytes_check(response + len - 2, 2, "9000");
    sim_reader_end_fault(desk.reader, SIM_READER_FAULT_CONTACTLESS);
    ck_assert(sim_reader_reset(desk.reader, desk.connection, atr, &len, &error));
    ck_assert_uint_eq(atr[2], 0x81);
    ck_assert(sim_reader_exchange(desk.reader, desk.connection, applet, sizeof applet, response,
                                  sizeof response, &len, &error));
    test_bytes_check(response + len - 2, 2, "9000");
}
END_TEST

START_TEST(test_a_card_that_is_pulled_or_silent_is_an_error_of_its_own)
{
    g_auto(Desk) desk = desk_new(0, true);
    const SimCardFault silent = { .kind = SIM_CARD_FAULT_SILENT, .after = 1, .times = 1 };
    const SimCardFault pulled = { .kind = SIM_CARD_FAULT_PULL_AFTER, .after = 1, .times = 1 };
    const uint8_t query[] = { 0x00, 0x20, 0x00, 0x81 };
    uint8_t response[16] = { 0 };
    size_t len = 0;
    g_autoptr(GError) error = NULL;
    SimReaderState state = { 0 };

    sim_card_add_fault(desk.card, &silent);
    ck_assert(!sim_reader_exchange(desk.reader, desk.connection, query, sizeof query, response,
                                   sizeof response, &len, &error));
    test_bytes_check_error(error, SIM_READER_ERROR, SIM_READER_ERROR_SILENT);
    g_clear_error(&error);
    sim_card_add_fault(desk.card, &pulled);
    ck_assert(!sim_reader_exchange(desk.reader, desk.connection, query, sizeof query, response,
                                   sizeof response, &len, &error));
    test_bytes_check_error(error, SIM_READER_ERROR, SIM_READER_ERROR_REMOVED);
    sim_reader_get_state(desk.reader, &state);
    ck_assert(!state.card_present);
    sim_reader_state_clear(&state);
}
END_TEST

START_TEST(test_a_profile_says_what_an_exchange_costs)
{
    const SimCardProfile *profile = sim_card_profile_find("J3R180");
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) card = talk_new_member(ca, 2);
    const uint8_t status[] = { 0x80, 0xca, 0x00, 0xe0, 0x00 };
    const uint8_t record[] = { 0x80, 0x2a, 0x9e, 0x03, 0x01, 0x78, 0x00 };
    uint8_t atr[SIM_CARD_ATR_MAX] = { 0 };
    size_t len = 0;
    SimCardAnswer answer = { 0 };
    double cost_ms = 0;
    double sum = 0;

    ck_assert_ptr_nonnull(profile);
    ck_assert_ptr_nonnull(sim_card_profile_find("J3H145"));
    ck_assert_ptr_null(sim_card_profile_find("J3"));
    sim_card_set_profile(card, profile);
    ck_assert_double_eq(sim_card_get_spent_ms(card), 0);
    ck_assert_int_eq(sim_card_exchange(card, status, sizeof status, &answer), SIM_CARD_ANSWERED);
    ck_assert_double_eq_tol(answer.cost_ms, 14 + (double) (sizeof status + answer.len) / 11.7,
                            1e-6);
    sum = answer.cost_ms;
    ck_assert_int_eq(sim_card_exchange(card, record, sizeof record, &answer), SIM_CARD_ANSWERED);
    /* One signature, and the log entry in one or two pages, its head and counter in others. */
    ck_assert_double_ge(answer.cost_ms, 14 + 73 + 4);
    ck_assert_double_le(answer.cost_ms, 14 + 73 + 4 * 4 + 160 / 11.7);
    sum += answer.cost_ms;
    sim_card_power_on(card, atr, &len, &cost_ms);
    ck_assert_double_eq(cost_ms, 220);
    ck_assert_double_eq_tol(sim_card_get_spent_ms(card), sum + 220, 1e-6);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_right_pin_on_the_pad_is_verified);
    tcase_add_test(tests, test_the_cards_status_word_passes_through);
    tcase_add_test(tests, test_a_new_pin_is_entered_twice);
    tcase_add_test(tests, test_a_change_asks_for_the_old_pin_first);
    tcase_add_test(tests, test_different_short_and_long_entries_never_reach_the_card);
    tcase_add_test(tests, test_cancel_and_timeout_are_told_apart);
    tcase_add_test(tests, test_keys_are_typed_one_by_one);
    tcase_add_test(tests, test_nobody_types_while_the_pad_does_not_ask);
    tcase_add_test(tests, test_a_card_pulled_out_ends_the_entry);
    tcase_add_test(tests, test_a_reader_unplugged_ends_the_entry_and_keeps_its_card);
    tcase_add_test(tests, test_another_reader_works_while_a_pad_asks);
    tcase_add_test(tests, test_a_structure_that_makes_no_sense_is_refused);
    tcase_add_test(tests, test_a_reader_without_pad_tells_so);
    tcase_add_test(tests, test_a_card_is_in_one_reader_and_a_reader_in_one_hand);
    tcase_add_test(tests,
                   test_a_card_out_and_in_again_ends_the_connection_and_keeps_power_otherwise);
    tcase_add_test(tests, test_a_contactless_reader_reaches_the_card_manager_and_no_applet);
    tcase_add_test(tests, test_a_card_that_is_pulled_or_silent_is_an_error_of_its_own);
    tcase_add_test(tests, test_a_profile_says_what_an_exchange_costs);
}

int
main(void)
{
    return test_main("sim-reader", add_tests);
}
