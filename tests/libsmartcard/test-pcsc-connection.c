/*
 * Connections to cards through PC/SC.
 */
#include <check.h>
#include <string.h>

#include "libsmartcard/card-error.h"
#include "libsmartcard/card.h"
#include "libsmartcard/pin-pad.h"
#include "libsmartcard/pcsc-transport-private.h"
#include "tests/libsmartcard/pcsc-place.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

START_TEST(test_a_connection_is_exclusive_and_carries_commands)
{
    PcscPlace place = pcsc_place_make(0);
    TkeCardConnection *connection = pcsc_place_connect(&place);
    g_autofree char *answer = NULL;

    ck_assert_uint_eq(fake_pcsc_last_share_mode(), SCARD_SHARE_EXCLUSIVE);
    test_bytes_check(connection->atr, connection->atr_len, "3b800181");
    place.reader->answer = "01029000";
    answer = pcsc_place_exchange(connection, "80ca000000", NULL);
    ck_assert_str_eq(answer, "01029000");
    ck_assert_uint_eq(connection->exchanges, 1);
    ck_assert_uint_eq(fake_pcsc_count(FAKE_PCSC_BEGIN), 0);
    connection->ops->close(connection);
    ck_assert_uint_eq(fake_pcsc_last_disposition(), SCARD_LEAVE_CARD);
    pcsc_place_end(&place);
}
END_TEST

static const struct {
    const char *command;
    const char *sent;
} under_t0[] = {
    { "80ca0102", "80ca010200" },               /* case 1 gets a fifth byte */
    { "80ca010203", "80ca010203" },             /* case 2 */
    { "80ca010202aabb", "80ca010202aabb" },     /* case 3 */
    { "80ca010202aabb00", "80ca010202aabb" },   /* case 4 loses Le */
    { "80ca0102017f10", "80ca0102017f" },       /* the same, one byte of data */
    { "80ca01020200aabb", "80ca01020200aabb" }, /* of no case: as it is */
};

START_TEST(test_commands_under_t0_have_its_form)
{
    PcscPlace place = pcsc_place_make(0);
    TkeCardConnection *connection = NULL;

    place.reader->protocol = SCARD_PROTOCOL_T0;
    place.reader->max_input = 65544;
    connection = pcsc_place_connect(&place);
    ck_assert(!connection->extended_length);
    for (unsigned i = 0; i < G_N_ELEMENTS(under_t0) - 1; i++) {
        g_autofree char *answer = pcsc_place_exchange(connection, under_t0[i].command, NULL);
        g_autofree char *sent = fake_pcsc_dup_last_command();

        ck_assert_str_eq(answer, "9000");
        ck_assert_str_eq(sent, under_t0[i].sent);
    }
    place.reader->answer_once = "6c05";
    place.reader->answer = "01020304059000";
    {
        g_autofree char *answer = pcsc_place_exchange(connection, "80ca010200", NULL);
        g_autofree char *sent = fake_pcsc_dup_last_command();

        ck_assert_str_eq(answer, "01020304059000");
        ck_assert_str_eq(sent, "80ca010205");
    }
    ck_assert_uint_eq(connection->exchanges, 7);
    connection->ops->close(connection);
    pcsc_place_end(&place);
}
END_TEST

START_TEST(test_commands_under_t1_go_as_they_are)
{
    PcscPlace place = pcsc_place_make(0);
    TkeCardConnection *connection = NULL;

    place.reader->max_input = 65544;
    connection = pcsc_place_connect(&place);
    ck_assert(connection->extended_length);
    for (unsigned i = 0; i < G_N_ELEMENTS(under_t0); i++) {
        G_GNUC_UNUSED g_autofree char *answer =
            pcsc_place_exchange(connection, under_t0[i].command, NULL);
        g_autofree char *sent = fake_pcsc_dup_last_command();

        ck_assert_str_eq(sent, under_t0[i].command);
    }
    connection->ops->close(connection);
    pcsc_place_end(&place);
}
END_TEST

START_TEST(test_another_program_that_has_a_connection_too_is_kept_out_by_a_transaction)
{
    PcscPlace place = pcsc_place_make(0);
    TkeCardConnection *connection = NULL;

    place.reader->shared = true;
    connection = pcsc_place_connect(&place);
    ck_assert_uint_eq(fake_pcsc_last_share_mode(), SCARD_SHARE_SHARED);
    ck_assert_uint_eq(fake_pcsc_count(FAKE_PCSC_BEGIN), 1);
    ck_assert_uint_eq(fake_pcsc_count(FAKE_PCSC_END), 0);
    connection->ops->close(connection);
    ck_assert_uint_eq(fake_pcsc_count(FAKE_PCSC_END), 1);
    pcsc_place_end(&place);
}
END_TEST

START_TEST(test_a_reset_before_our_transaction_is_none_of_ours)
{
    PcscPlace place = pcsc_place_make(0);
    TkeCardConnection *connection = NULL;
    g_autofree char *answer = NULL;

    place.reader->shared = true;
    fake_pcsc_fail(FAKE_PCSC_BEGIN, 0, 1, SCARD_W_RESET_CARD);
    connection = pcsc_place_connect(&place);
    ck_assert_uint_eq(fake_pcsc_count(FAKE_PCSC_RECONNECT), 1);
    ck_assert_uint_eq(fake_pcsc_count(FAKE_PCSC_BEGIN), 2);
    answer = pcsc_place_exchange(connection, "00a40400", NULL);
    ck_assert_str_eq(answer, "9000");
    connection->ops->close(connection);
    pcsc_place_end(&place);
}
END_TEST

START_TEST(test_a_reader_that_another_program_holds_is_tried_and_told)
{
    PcscPlace place = pcsc_place_make(0);
    g_autoptr(GError) error = NULL;

    place.reader->held = true;
    ck_assert_ptr_null(pcsc_place_try_connect(&place, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_IN_USE);
    ck_assert_msg(g_str_has_prefix(error->message, "reader “" PCSC_PLACE_NAME
                                                   "”: another program holds the reader"),
                  "%s", error->message);
    ck_assert_uint_gt(fake_pcsc_count(FAKE_PCSC_CONNECT), 3);
    pcsc_place_end(&place);
}
END_TEST

static void *
let_go(void *data)
{
    g_usleep(80000);
    fake_pcsc_set_held(data, false);
    return NULL;
}

START_TEST(test_a_program_that_only_looks_at_a_reader_is_waited_for)
{
    PcscPlace place = pcsc_place_make(0);
    TkeCardConnection *connection = NULL;
    GThread *other = NULL;

    place.reader->held = true;
    other = g_thread_new("holder", let_go, place.reader);
    connection = pcsc_place_connect(&place);
    g_thread_join(other);
    connection->ops->close(connection);
    pcsc_place_end(&place);
}
END_TEST

/* What a code at SCardConnect comes to, whatever the others have in store. */
static const struct {
    LONG code;
    TkeCardError error;
    unsigned connects;
} refusals[] = {
    { SCARD_E_NO_SMARTCARD, TKE_CARD_ERROR_NO_CARD, 1 },
    { SCARD_E_UNKNOWN_READER, TKE_CARD_ERROR_NO_READER, 1 },
    { SCARD_E_READER_UNAVAILABLE, TKE_CARD_ERROR_NO_READER, 1 },
    { SCARD_W_UNRESPONSIVE_CARD, TKE_CARD_ERROR_UNRESPONSIVE, 2 },
    { SCARD_W_UNPOWERED_CARD, TKE_CARD_ERROR_UNRESPONSIVE, 2 },
    { SCARD_E_PROTO_MISMATCH, TKE_CARD_ERROR_UNRESPONSIVE, 1 },
    { SCARD_E_NO_SERVICE, TKE_CARD_ERROR_NO_SERVICE, 1 },
    { SCARD_W_SECURITY_VIOLATION, TKE_CARD_ERROR_NO_ACCESS, 1 },
    { SCARD_E_NO_MEMORY, TKE_CARD_ERROR_NO_SERVICE, 1 },
    { SCARD_F_INTERNAL_ERROR, TKE_CARD_ERROR_COMMUNICATION, 1 },
};

START_TEST(test_a_refused_connection_says_why)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(refusals); i++) {
        PcscPlace place = pcsc_place_make(0);
        g_autoptr(GError) error = NULL;

        fake_pcsc_fail(FAKE_PCSC_CONNECT, 0, 100, refusals[i].code);
        ck_assert_ptr_null(pcsc_place_try_connect(&place, &error));
        test_bytes_check_error(error, TKE_CARD_ERROR, (int) refusals[i].error);
        ck_assert_uint_eq(fake_pcsc_count(FAKE_PCSC_CONNECT), refusals[i].connects);
        pcsc_place_end(&place);
    }
}
END_TEST

START_TEST(test_a_card_whose_contacts_bounced_is_tried_again)
{
    PcscPlace place = pcsc_place_make(0);
    TkeCardConnection *connection = NULL;

    fake_pcsc_fail(FAKE_PCSC_CONNECT, 0, 1, SCARD_W_UNPOWERED_CARD);
    connection = pcsc_place_connect(&place);
    connection->ops->close(connection);
    pcsc_place_end(&place);
}
END_TEST

START_TEST(test_no_service_names_the_way_to_start_it)
{
    PcscPlace place = pcsc_place_make(0);
    g_autoptr(GError) error = NULL;
    TkeCardErrorInfo info = { 0 };

    fake_pcsc_kill();
    ck_assert_ptr_null(pcsc_place_try_connect(&place, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_SERVICE);
    ck_assert(tke_card_error_get_info(error, &info));
    ck_assert_msg(strstr(info.remedy, "systemctl start pcscd.socket") != NULL, "%s", info.remedy);
    pcsc_place_end(&place);
}
END_TEST

START_TEST(test_a_pin_entry_that_the_driver_offers_and_refuses_is_told_and_nothing_else_is_sent)
{
    static const LONG codes[] = { SCARD_E_UNSUPPORTED_FEATURE, SCARD_E_NOT_TRANSACTED };

    for (unsigned i = 0; i < G_N_ELEMENTS(codes); i++) {
        PcscPlace place = pcsc_place_make(0);
        g_autoptr(GError) error = NULL;
        TkeCard *card = NULL;

        place.reader->features = "060442000db2070442000db3";
        card = tke_card_new(pcsc_place_try_connect(&place, &error), 1, place.reader->name);
        fake_pcsc_fail(FAKE_PCSC_CONTROL, 1, 1, codes[i]); /* after the feature list */
        ck_assert(!tke_pin_pad_verify(card, TKE_PIN_FIRST, &error));
        test_bytes_check_error(error, TKE_CARD_ERROR,
                               i == 0 ? TKE_CARD_ERROR_NO_PIN_PAD : TKE_CARD_ERROR_COMMUNICATION);
        ck_assert_msg(strstr(error->message, i == 0 ? place.reader->name : "reader 1: ") != NULL,
                      "%s", error->message);
        ck_assert_msg(i > 0 ||
                          strstr(error->message, "offers an entry and does not know it") != NULL,
                      "%s", error->message);
        ck_assert_uint_eq(fake_pcsc_count(FAKE_PCSC_TRANSMIT), 0);
        tke_card_free(card);
        pcsc_place_end(&place);
    }
}
END_TEST

START_TEST(test_answers_to_reset_have_2_to_33_bytes)
{
    static const size_t lengths[] = { 0, 1, 2, 32, 33, 34, 64 };

    for (unsigned i = 0; i < G_N_ELEMENTS(lengths); i++) {
        PcscPlace place = pcsc_place_make(0);
        TkeCardConnection *connection = NULL;
        g_autoptr(GError) error = NULL;

        place.reader->atr_len = lengths[i];
        connection = pcsc_place_try_connect(&place, &error);
        if (lengths[i] >= 2 && lengths[i] <= TKE_CARD_ATR_MAX) {
            ck_assert_ptr_nonnull(connection);
            ck_assert_uint_eq(connection->atr_len, lengths[i]);
            connection->ops->close(connection);
        } else {
            ck_assert_ptr_null(connection);
            test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_UNRESPONSIVE);
            ck_assert_msg(strstr(error->message, "2 to 33") != NULL, "%s", error->message);
        }
        pcsc_place_end(&place);
    }
}
END_TEST

START_TEST(test_a_length_of_an_answer_to_reset_that_lies_is_refused)
{
    static const DWORD lies[] = { 34, 66, 67, 100000, (DWORD) -1 };

    for (unsigned i = 0; i < G_N_ELEMENTS(lies); i++) {
        PcscPlace place = pcsc_place_make(0);
        g_autoptr(GError) error = NULL;

        fake_pcsc_lie(FAKE_PCSC_STATUS, lies[i]);
        ck_assert_ptr_null(pcsc_place_try_connect(&place, &error));
        test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_UNRESPONSIVE);
        pcsc_place_end(&place);
    }
}
END_TEST

START_TEST(test_a_card_without_a_protocol_of_ours_is_refused)
{
    PcscPlace place = pcsc_place_make(0);
    g_autoptr(GError) error = NULL;

    place.reader->protocol = SCARD_PROTOCOL_T15;
    ck_assert_ptr_null(pcsc_place_try_connect(&place, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_UNRESPONSIVE);
    pcsc_place_end(&place);
}
END_TEST

START_TEST(test_answers_that_are_none_are_refused)
{
    static const DWORD lies[] = { 0, 1, TKE_CARD_RESPONSE_MAX + 1, (DWORD) -1 };

    for (unsigned i = 0; i < G_N_ELEMENTS(lies); i++) {
        PcscPlace place = pcsc_place_make(0);
        TkeCardConnection *connection = pcsc_place_connect(&place);

        fake_pcsc_lie(FAKE_PCSC_TRANSMIT, lies[i]);
        pcsc_place_check_exchange_fails(connection, TKE_CARD_ERROR_COMMUNICATION);
        connection->ops->close(connection);
        pcsc_place_end(&place);
    }
}
END_TEST

START_TEST(test_an_answer_longer_than_the_callers_room_is_refused)
{
    PcscPlace place = pcsc_place_make(0);
    TkeCardConnection *connection = pcsc_place_connect(&place);
    g_autofree char *answer = g_strnfill(2 * 301, 'a');

    place.reader->answer = answer;
    pcsc_place_check_exchange_fails(connection, TKE_CARD_ERROR_COMMUNICATION);
    connection->ops->close(connection);
    pcsc_place_end(&place);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_connection_is_exclusive_and_carries_commands);
    tcase_add_test(tests, test_commands_under_t0_have_its_form);
    tcase_add_test(tests, test_commands_under_t1_go_as_they_are);
    tcase_add_test(tests,
                   test_another_program_that_has_a_connection_too_is_kept_out_by_a_transaction);
    tcase_add_test(tests, test_a_reset_before_our_transaction_is_none_of_ours);
    tcase_add_test(tests, test_a_reader_that_another_program_holds_is_tried_and_told);
    tcase_add_test(tests, test_a_program_that_only_looks_at_a_reader_is_waited_for);
    tcase_add_test(tests, test_a_refused_connection_says_why);
    tcase_add_test(tests, test_a_card_whose_contacts_bounced_is_tried_again);
    tcase_add_test(tests, test_no_service_names_the_way_to_start_it);
    tcase_add_test(
        tests,
        test_a_pin_entry_that_the_driver_offers_and_refuses_is_told_and_nothing_else_is_sent);
    tcase_add_test(tests, test_answers_to_reset_have_2_to_33_bytes);
    tcase_add_test(tests, test_a_length_of_an_answer_to_reset_that_lies_is_refused);
    tcase_add_test(tests, test_a_card_without_a_protocol_of_ours_is_refused);
    tcase_add_test(tests, test_answers_that_are_none_are_refused);
    tcase_add_test(tests, test_an_answer_longer_than_the_callers_room_is_refused);
}

int
main(void)
{
    return test_main("pcsc-connection", add_tests);
}
