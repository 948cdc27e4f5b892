/*
 * Connections to cards through PC/SC whose card, reader or service goes.
 */
#include <check.h>
#include <string.h>

#include "libsmartcard/card-error.h"
#include "libsmartcard/pcsc-transport-private.h"
#include "libsmartcard/reader.h"
#include "tests/libsmartcard/pcsc-place.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define CONTROL_VERIFY 0x42000006u /* any that comes with a block */

START_TEST(test_a_pulled_card_and_a_reset_card_are_told_apart)
{
    PcscPlace place = pcsc_place_make(0);
    TkeCardConnection *connection = pcsc_place_connect(&place);

    fake_pcsc_card_reset(place.reader);
    pcsc_place_check_exchange_fails(connection, TKE_CARD_ERROR_RESET);
    connection->ops->close(connection);

    connection = pcsc_place_connect(&place);
    fake_pcsc_out_and_in(place.reader); /* in again, but another one for all we know */
    pcsc_place_check_exchange_fails(connection, TKE_CARD_ERROR_REMOVED);
    connection->ops->close(connection);

    connection = pcsc_place_connect(&place);
    place.reader->present = false; /* gone, and the service has not noticed yet */
    pcsc_place_check_exchange_fails(connection, TKE_CARD_ERROR_REMOVED);
    connection->ops->close(connection);
    pcsc_place_end(&place);
}
END_TEST

static void *
pull_later(void *data)
{
    g_usleep(150000);
    fake_pcsc_remove(data);
    return NULL;
}

START_TEST(test_a_failed_exchange_is_told_by_its_cause)
{
    PcscPlace place = pcsc_place_make(0);
    TkeCardConnection *connection = pcsc_place_connect(&place);
    GThread *other = NULL;

    fake_pcsc_fail(FAKE_PCSC_TRANSMIT, 0, 1, SCARD_E_NOT_TRANSACTED);
    other = g_thread_new("hand", pull_later, place.reader);
    pcsc_place_check_exchange_fails(connection, TKE_CARD_ERROR_REMOVED);
    g_thread_join(other);
    connection->ops->close(connection);

    fake_pcsc_insert(place.reader);
    connection = pcsc_place_connect(&place);
    fake_pcsc_fail(FAKE_PCSC_TRANSMIT, 0, 1, SCARD_E_NOT_TRANSACTED); /* and the card stays */
    pcsc_place_check_exchange_fails(connection, TKE_CARD_ERROR_COMMUNICATION);
    connection->ops->close(connection);
    pcsc_place_end(&place);
}
END_TEST

START_TEST(test_an_entry_that_the_driver_refuses_while_the_card_stays_is_told_as_that)
{
    static const uint8_t block[4] = { 0 };
    PcscPlace place = pcsc_place_make(0);
    TkeCardConnection *connection = pcsc_place_connect(&place);
    g_autoptr(GError) error = NULL;
    TkeCardErrorInfo info = { 0 };
    GThread *hand = NULL;
    uint8_t answer[8];
    size_t len = 0;

    fake_pcsc_fail(FAKE_PCSC_CONTROL, 0, 1, SCARD_E_NOT_TRANSACTED);
    ck_assert(!connection->ops->control(connection, CONTROL_VERIFY, block, sizeof block, answer,
                                        sizeof answer, &len, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_COMMUNICATION);
    ck_assert_msg(strstr(error->message, "PIN pad or its driver") != NULL, "%s", error->message);
    ck_assert(tke_card_error_get_info(error, &info));
    ck_assert_str_eq(info.details, "SCARD_E_NOT_TRANSACTED");
    ck_assert_ptr_nonnull(strstr(info.remedy, "acceptance-test"));
    ck_assert(tke_card_error_is_outcome_unknown(error));
    g_clear_error(&error);

    /* pulled: not the driver's fault */
    fake_pcsc_fail(FAKE_PCSC_CONTROL, 0, 1, SCARD_E_NOT_TRANSACTED);
    hand = g_thread_new("hand", pull_later, place.reader);
    ck_assert(!connection->ops->control(connection, CONTROL_VERIFY, block, sizeof block, answer,
                                        sizeof answer, &len, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_REMOVED);
    g_thread_join(hand);
    connection->ops->close(connection);
    pcsc_place_end(&place);
}
END_TEST

START_TEST(test_a_reader_that_is_unplugged_takes_its_card_along)
{
    PcscPlace place = pcsc_place_make(0);
    TkeCardConnection *connection = pcsc_place_connect(&place);

    fake_pcsc_set_plugged(place.reader, false);
    pcsc_place_check_exchange_fails(connection, TKE_CARD_ERROR_REMOVED);
    connection->ops->close(connection);
    pcsc_place_end(&place);
}
END_TEST

START_TEST(test_a_service_that_ends_in_the_middle_leaves_the_outcome_unknown)
{
    PcscPlace place = pcsc_place_make(0);
    TkeCardConnection *connection = pcsc_place_connect(&place);

    fake_pcsc_kill();
    pcsc_place_check_exchange_fails(connection, TKE_CARD_ERROR_COMMUNICATION);
    connection->ops->close(connection);
    fake_pcsc_start();
    connection = pcsc_place_connect(&place); /* and it is there again for the next one */
    connection->ops->close(connection);
    pcsc_place_end(&place);
}
END_TEST

START_TEST(test_a_reset_gives_the_answer_to_reset_anew)
{
    PcscPlace place = pcsc_place_make(0);
    TkeCardConnection *connection = pcsc_place_connect(&place);
    g_autoptr(GError) error = NULL;

    memcpy(place.reader->atr, "\x3B\x00", 2);
    place.reader->atr_len = 2;
    ck_assert(connection->ops->reset(connection, &error));
    test_bytes_check(connection->atr, connection->atr_len, "3b00");
    fake_pcsc_remove(place.reader);
    ck_assert(!connection->ops->reset(connection, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_REMOVED);
    connection->ops->close(connection);
    pcsc_place_end(&place);
}
END_TEST

/* Plugged out and in between two looks of anybody: what is there now is at this place. */
static void
replug(FakePcscReader *reader, const char *usb_path, const char *serial)
{
    fake_pcsc_set_plugged(reader, false);
    reader->usb_path = usb_path;
    reader->serial = serial;
    fake_pcsc_set_plugged(reader, true);
}

static void
check_key(TkeCardSource *source, const char *wanted)
{
    g_autoptr(GPtrArray) readers = source->ops->list(source, NULL);
    g_autofree char *key = NULL;

    ck_assert_ptr_nonnull(readers);
    ck_assert_uint_eq(readers->len, 1);
    key = tke_reader_dup_key(g_ptr_array_index(readers, 0));
    ck_assert_str_eq(key, wanted);
}

/* Its counter is 0 before and after, as that of every reader in which there was no card yet: list
 * cannot see it. */
START_TEST(test_a_reader_exchanged_unseen_is_told_when_it_is_used_and_known_from_then_on)
{
    const bool by_serial = _i == 1;
    TkeCardSource *source = NULL;
    FakePcscReader *reader = NULL;
    TkeCardConnection *connection = NULL;
    g_autoptr(GError) error = NULL;

    fake_pcsc_reset();
    reader = fake_pcsc_add("Reader 00 00");
    reader->usb_path = "1-1:1.0";
    reader->serial = by_serial ? "A1" : NULL;
    source = tke_pcsc_transport_new_on(&fake_pcsc_api, NULL);
    check_key(source, by_serial ? "A1" : "usb:1-1");
    replug(reader, "1-2:1.0", by_serial ? "B2" : NULL);
    ck_assert_uint_eq(reader->counter, 0);
    fake_pcsc_insert(reader);

    connection = source->ops->connect(source, "Reader 00 00", NULL, &error);
    ck_assert_ptr_null(connection);
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_READER);
    ck_assert_msg(strstr(error->message, "another reader of this name") != NULL, "%s",
                  error->message);
    ck_assert_uint_eq(fake_pcsc_handles(), 0);
    g_clear_error(&error);
    check_key(source, by_serial ? "B2" : "usb:1-2");
    connection = source->ops->connect(source, "Reader 00 00", NULL, &error);
    ck_assert_msg(connection != NULL, "%s", error != NULL ? error->message : "");
    connection->ops->close(connection);
    source->ops->free(source);
}
END_TEST

/* What it does not tell this time says nothing against it. */
START_TEST(test_a_reader_that_does_not_tell_its_place_again_is_the_same)
{
    TkeCardSource *source = NULL;
    FakePcscReader *reader = NULL;
    TkeCardConnection *connection = NULL;

    fake_pcsc_reset();
    reader = fake_pcsc_add("Reader 00 00");
    reader->usb_path = "1-1:1.0";
    reader->serial = "A1";
    fake_pcsc_insert(reader);
    source = tke_pcsc_transport_new_on(&fake_pcsc_api, NULL);
    check_key(source, "A1");
    reader->usb_path = NULL;
    reader->serial = NULL;
    connection = source->ops->connect(source, "Reader 00 00", NULL, NULL);
    ck_assert_ptr_nonnull(connection);
    connection->ops->close(connection);
    check_key(source, "A1");
    source->ops->free(source);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_pulled_card_and_a_reset_card_are_told_apart);
    tcase_add_test(tests, test_a_failed_exchange_is_told_by_its_cause);
    tcase_add_test(tests,
                   test_an_entry_that_the_driver_refuses_while_the_card_stays_is_told_as_that);
    tcase_add_test(tests, test_a_reader_that_is_unplugged_takes_its_card_along);
    tcase_add_test(tests, test_a_service_that_ends_in_the_middle_leaves_the_outcome_unknown);
    tcase_add_test(tests, test_a_reset_gives_the_answer_to_reset_anew);
    tcase_add_loop_test(
        tests, test_a_reader_exchanged_unseen_is_told_when_it_is_used_and_known_from_then_on, 0, 2);
    tcase_add_test(tests, test_a_reader_that_does_not_tell_its_place_again_is_the_same);
}

int
main(void)
{
    return test_main("pcsc-gone", add_tests);
}
