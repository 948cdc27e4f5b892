/*
 * What PC/SC says in the middle of something: of a command, of a PIN entry, of a reset, of
 * connecting. Whatever may have reached the card is told as open, nothing is left behind in the
 * service, and a card that was reset is not used on as if it had not been.
 */
#include <check.h>
#include <string.h>

#include "libsmartcard/card-error.h"
#include "libsmartcard/pcsc-transport-private.h"
#include "tests/libsmartcard/pcsc-place.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define CONTROL_VERIFY 0x42000006u /* any that comes with a block */

static const struct {
    LONG code;
    TkeCardError error;
    bool open; /* it may have been carried out */
} midway[] = {
    { SCARD_E_UNKNOWN_READER, TKE_CARD_ERROR_REMOVED, true },
    { SCARD_E_READER_UNAVAILABLE, TKE_CARD_ERROR_REMOVED, true },
    { SCARD_E_INVALID_VALUE, TKE_CARD_ERROR_REMOVED, true },
    { SCARD_E_NO_READERS_AVAILABLE, TKE_CARD_ERROR_REMOVED, true },
    { SCARD_E_NO_SMARTCARD, TKE_CARD_ERROR_REMOVED, true },
    { SCARD_W_REMOVED_CARD, TKE_CARD_ERROR_REMOVED, true },
    { SCARD_W_RESET_CARD, TKE_CARD_ERROR_RESET, true },
    { SCARD_E_INVALID_HANDLE, TKE_CARD_ERROR_COMMUNICATION, true },
    { SCARD_E_NO_SERVICE, TKE_CARD_ERROR_COMMUNICATION, true },
    { SCARD_F_COMM_ERROR, TKE_CARD_ERROR_COMMUNICATION, true },
    { SCARD_W_UNPOWERED_CARD, TKE_CARD_ERROR_COMMUNICATION, true },
    { SCARD_E_PROTO_MISMATCH, TKE_CARD_ERROR_COMMUNICATION, true },
    { SCARD_E_TIMEOUT, TKE_CARD_ERROR_SILENT, true },
    { (LONG) 0x80107777, TKE_CARD_ERROR_COMMUNICATION, true },   /* of no table */
    { SCARD_E_SHARING_VIOLATION, TKE_CARD_ERROR_IN_USE, false }, /* not let in at all */
};

static bool
send_command(TkeCardConnection *connection, GError **error)
{
    g_autofree char *answer = pcsc_place_exchange(connection, "80ca000000", error);

    return answer != NULL;
}

static bool
type_pin(TkeCardConnection *connection, GError **error)
{
    static const uint8_t block[] = { 20, 20 };
    uint8_t answer[8];
    size_t len = 0;

    return connection->ops->control(connection, CONTROL_VERIFY, block, sizeof block, answer,
                                    sizeof answer, &len, error);
}

static bool
reset_card(TkeCardConnection *connection, GError **error)
{
    return connection->ops->reset(connection, error);
}

static const struct {
    FakePcscFunction function;
    bool (*act)(TkeCardConnection *connection, GError **error);
} acts[] = {
    { FAKE_PCSC_TRANSMIT, send_command },
    { FAKE_PCSC_CONTROL, type_pin },
    { FAKE_PCSC_RECONNECT, reset_card },
};

START_TEST(test_what_may_have_reached_the_card_is_told_as_open)
{
    for (unsigned shared = 0; shared < 2; shared++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(midway); i++) {
            PcscPlace place = pcsc_place_make(0);
            TkeCardConnection *connection = NULL;
            g_autoptr(GError) error = NULL;
            unsigned before = 0;

            place.reader->shared = shared == 1;
            connection = pcsc_place_connect(&place);
            before = fake_pcsc_count(acts[_i].function);
            fake_pcsc_fail(acts[_i].function, 0, 1, midway[i].code);
            ck_assert(!acts[_i].act(connection, &error));
            test_bytes_check_error(error, TKE_CARD_ERROR, (int) midway[i].error);
            ck_assert_msg(tke_card_error_is_outcome_unknown(error) == midway[i].open, "%u: %s", i,
                          error->message);
            ck_assert_uint_eq(fake_pcsc_count(acts[_i].function), before + 1); /* never repeated */
            connection->ops->close(connection);
            pcsc_place_end(&place);
        }
    }
}
END_TEST

/* Nobody reconnects behind the back of whoever believes a PIN to be verified. */
START_TEST(test_a_card_that_was_reset_is_not_used_on_by_its_connection)
{
    PcscPlace place = pcsc_place_make(0);
    TkeCardConnection *connection = NULL;

    place.reader->shared = true;
    connection = pcsc_place_connect(&place); /* a transaction of ours is open */
    fake_pcsc_card_reset(place.reader);
    for (unsigned i = 0; i < 3; i++) {
        g_autoptr(GError) error = NULL;

        ck_assert(!send_command(connection, &error));
        test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_RESET);
    }
    ck_assert_uint_eq(fake_pcsc_count(FAKE_PCSC_RECONNECT), 0);
    {
        g_autoptr(GError) error = NULL;
        const unsigned entries = fake_pcsc_count(FAKE_PCSC_CONTROL);

        ck_assert(!type_pin(connection, &error)); /* nobody is asked for a PIN either */
        test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_RESET);
        ck_assert_uint_eq(fake_pcsc_count(FAKE_PCSC_CONTROL), entries);
    }
    connection->ops->close(connection);
    pcsc_place_end(&place);
}
END_TEST

/* The reader goes, or another program comes, between two calls of which connecting consists. */
START_TEST(test_a_connection_that_is_lost_while_it_is_made_leaves_nothing)
{
    static const struct {
        LONG code;
        TkeCardError error;
    } cases[] = {
        { SCARD_E_UNKNOWN_READER, TKE_CARD_ERROR_NO_READER },
        { SCARD_E_READER_UNAVAILABLE, TKE_CARD_ERROR_NO_READER },
        { SCARD_E_NO_SMARTCARD, TKE_CARD_ERROR_NO_CARD },
        { SCARD_W_REMOVED_CARD, TKE_CARD_ERROR_REMOVED },
        { SCARD_E_SHARING_VIOLATION, TKE_CARD_ERROR_IN_USE },
        { SCARD_E_INVALID_HANDLE, TKE_CARD_ERROR_NO_SERVICE },
    };
    static const FakePcscFunction functions[] = { FAKE_PCSC_STATUS, FAKE_PCSC_BEGIN };

    for (unsigned f = 0; f < G_N_ELEMENTS(functions); f++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
            PcscPlace place = pcsc_place_make(0);
            g_autoptr(GError) error = NULL;

            place.reader->shared = functions[f] == FAKE_PCSC_BEGIN;
            fake_pcsc_fail(functions[f], 0, 100, cases[i].code);
            ck_assert_ptr_null(pcsc_place_try_connect(&place, &error));
            test_bytes_check_error(error, TKE_CARD_ERROR, (int) cases[i].error);
            ck_assert(functions[f] == FAKE_PCSC_BEGIN ||
                      fake_pcsc_last_disposition() == SCARD_LEAVE_CARD);
            pcsc_place_end(&place);
        }
    }
}
END_TEST

/* A program that is at work resets the card between our looks; once it is done it is ours. */
START_TEST(test_resets_before_our_transaction_are_waited_out)
{
    static const struct {
        unsigned resets;
        bool connects;
    } cases[] = { { 1, true }, { 3, true }, { 100, false } };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        PcscPlace place = pcsc_place_make(0);
        TkeCardConnection *connection = NULL;
        g_autoptr(GError) error = NULL;

        place.reader->shared = true;
        fake_pcsc_fail(FAKE_PCSC_BEGIN, 0, cases[i].resets, SCARD_W_RESET_CARD);
        connection = pcsc_place_try_connect(&place, &error);
        ck_assert_msg((connection != NULL) == cases[i].connects, "%u: %s", i,
                      error != NULL ? error->message : "");
        if (connection != NULL) {
            connection->ops->close(connection);
        } else { /* it is looked at again by itself, as any that is held */
            test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_IN_USE);
        }
        ck_assert_uint_le(fake_pcsc_count(FAKE_PCSC_RECONNECT), 4);
        pcsc_place_end(&place);
    }
}
END_TEST

/* Under T=0: 6Cxx to the command with the length that the card has asked for. */
START_TEST(test_a_card_that_corrects_the_length_for_ever_is_asked_twice)
{
    PcscPlace place = pcsc_place_make(0);
    TkeCardConnection *connection = NULL;
    g_autofree char *answer = NULL;

    place.reader->protocol = SCARD_PROTOCOL_T0;
    place.reader->answer = "6c05";
    connection = pcsc_place_connect(&place);
    answer = pcsc_place_exchange(connection, "80ca000000", NULL);
    ck_assert_str_eq(answer, "6c05");
    ck_assert_uint_eq(fake_pcsc_count(FAKE_PCSC_TRANSMIT), 2);
    connection->ops->close(connection);
    pcsc_place_end(&place);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_what_may_have_reached_the_card_is_told_as_open, 0,
                        G_N_ELEMENTS(acts));
    tcase_add_test(tests, test_a_card_that_was_reset_is_not_used_on_by_its_connection);
    tcase_add_test(tests, test_a_connection_that_is_lost_while_it_is_made_leaves_nothing);
    tcase_add_test(tests, test_resets_before_our_transaction_are_waited_out);
    tcase_add_test(tests, test_a_card_that_corrects_the_length_for_ever_is_asked_twice);
}

int
main(void)
{
    return test_main("pcsc-midway", add_tests);
}
