/*
 * Calls into PC/SC that do not come back, PIN entries, and what becomes of a card afterwards.
 */
#include <check.h>
#include <string.h>

#include "libsmartcard/card-error.h"
#include "libsmartcard/pcsc-transport-private.h"
#include "tests/support/fake-pcsc.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define NAME "Identiv SPR332 v2 (55011932) 00 00"
#define OTHER "REINER SCT cyberJack one 01 00"
#define VERIFY_DIRECT TKE_CARD_CONTROL_CODE(0x330006u)

static TkeCardSource *
make_source(unsigned answer_ms)
{
    const TkePcscOptions options = { .answer_ms = answer_ms };

    fake_pcsc_reset();
    fake_pcsc_insert(fake_pcsc_add(NAME));
    fake_pcsc_insert(fake_pcsc_add(OTHER));
    return tke_pcsc_transport_new_on(&fake_pcsc_api, &options);
}

static TkeCardConnection *
need_connection(TkeCardSource *source, const char *name)
{
    g_autoptr(GError) error = NULL;
    TkeCardConnection *connection = source->ops->connect(source, name, NULL, &error);

    ck_assert_msg(connection != NULL, "%s", error != NULL ? error->message : "no error");
    return connection;
}

static bool
exchange(TkeCardConnection *connection, GError **error)
{
    static const uint8_t command[] = { 0, 0xA4, 4, 0 };
    uint8_t answer[300];
    size_t len = 0;

    return connection->ops->exchange(connection, command, sizeof command, answer, sizeof answer,
                                     &len, error);
}

static bool
type_pin(TkeCardConnection *connection, GError **error)
{
    static const uint8_t block[] = { 20, 20 };
    uint8_t answer[300];
    size_t len = 0;

    return connection->ops->control(connection, VERIFY_DIRECT, block, sizeof block, answer,
                                    sizeof answer, &len, error);
}

/* All that was left behind has come back and was closed. */
static void
await_nothing_left(void)
{
    for (unsigned i = 0; i < 500 && (fake_pcsc_handles() > 0 || fake_pcsc_contexts() > 0); i++) {
        g_usleep(10000);
    }
    ck_assert_uint_eq(fake_pcsc_handles(), 0);
    ck_assert_uint_eq(fake_pcsc_contexts(), 0);
    for (unsigned i = 0; i < 500 && tke_pcsc_is_silent(NAME); i++) {
        g_usleep(10000);
    }
    ck_assert(!tke_pcsc_is_silent(NAME));
}

START_TEST(test_a_card_that_never_answers_is_told_and_the_program_goes_on)
{
    TkeCardSource *source = make_source(100);
    TkeCardConnection *connection = need_connection(source, NAME);
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) again = NULL;
    g_autoptr(GError) refused = NULL;
    gint64 begun = g_get_monotonic_time();

    fake_pcsc_block(FAKE_PCSC_TRANSMIT, true);
    ck_assert(!exchange(connection, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_SILENT);
    ck_assert_msg(strstr(error->message, NAME) != NULL, "%s", error->message);
    ck_assert_msg(strstr(error->message, "unplugging the reader") != NULL, "%s", error->message);
    ck_assert_uint_eq(connection->exchanges, 1);

    ck_assert(!exchange(connection, &again)); /* at once, now */
    test_bytes_check_error(again, TKE_CARD_ERROR, TKE_CARD_ERROR_SILENT);
    connection->ops->close(connection);
    ck_assert_ptr_null(source->ops->connect(source, NAME, NULL, &refused));
    /* the card that is there now has not been asked anything */
    test_bytes_check_error(refused, TKE_CARD_ERROR, TKE_CARD_ERROR_IN_USE);
    ck_assert(!tke_card_error_is_outcome_unknown(refused));
    ck_assert_msg(strstr(refused->message, "an earlier call") != NULL, "%s", refused->message);
    ck_assert_uint_eq(fake_pcsc_count(FAKE_PCSC_TRANSMIT), 1);
    source->ops->free(source);
    ck_assert_int_lt(g_get_monotonic_time() - begun, 5 * G_TIME_SPAN_SECOND);

    fake_pcsc_block(FAKE_PCSC_TRANSMIT, false); /* somebody has pulled the card */
    await_nothing_left();
}
END_TEST

START_TEST(test_one_silent_reader_does_not_keep_the_other_one_waiting)
{
    TkeCardSource *source = make_source(100);
    TkeCardConnection *silent = need_connection(source, NAME);
    TkeCardConnection *other = need_connection(source, OTHER);
    g_autoptr(GPtrArray) readers = NULL;
    g_autoptr(GError) error = NULL;

    fake_pcsc_block(FAKE_PCSC_CONTROL, true);
    ck_assert(!type_pin(silent, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_SILENT);
    ck_assert(exchange(other, NULL));
    readers = source->ops->list(source, NULL);
    ck_assert_uint_eq(readers->len, 2);
    other->ops->close(other);
    silent->ops->close(silent);
    fake_pcsc_block(FAKE_PCSC_CONTROL, false);
    source->ops->free(source);
    await_nothing_left();
}
END_TEST

START_TEST(test_a_connection_that_does_not_come_about_names_the_cause)
{
    static const struct {
        bool shared;
        TkeCardError error;
    } cases[] = { { false, TKE_CARD_ERROR_SILENT }, { true, TKE_CARD_ERROR_IN_USE } };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        TkeCardSource *source = NULL;
        FakePcscReader *reader = NULL;
        const TkePcscOptions options = { .answer_ms = 100 };
        g_autoptr(GError) error = NULL;

        fake_pcsc_reset();
        reader = fake_pcsc_add(NAME);
        reader->shared = cases[i].shared; /* and in a transaction that does not end */
        fake_pcsc_insert(reader);
        source = tke_pcsc_transport_new_on(&fake_pcsc_api, &options);
        fake_pcsc_block(FAKE_PCSC_CONNECT, true);
        ck_assert_ptr_null(source->ops->connect(source, NAME, NULL, &error));
        test_bytes_check_error(error, TKE_CARD_ERROR, (int) cases[i].error);
        fake_pcsc_block(FAKE_PCSC_CONNECT, false);
        source->ops->free(source);
        await_nothing_left();
    }
}
END_TEST

static void *
cancel_later(void *data)
{
    g_usleep(50000);
    g_cancellable_cancel(data);
    return NULL;
}

START_TEST(test_connecting_can_be_cancelled_while_it_blocks)
{
    TkeCardSource *source = make_source(0);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;
    GThread *other = g_thread_new("cancel", cancel_later, cancellable);
    gint64 begun = g_get_monotonic_time();

    fake_pcsc_block(FAKE_PCSC_CONNECT, true);
    ck_assert_ptr_null(source->ops->connect(source, NAME, cancellable, &error));
    test_bytes_check_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    ck_assert_int_lt(g_get_monotonic_time() - begun, 5 * G_TIME_SPAN_SECOND);
    g_thread_join(other);
    fake_pcsc_block(FAKE_PCSC_CONNECT, false);
    source->ops->free(source);
    await_nothing_left();
}
END_TEST

START_TEST(test_a_service_that_hangs_is_told_as_one_that_does_not_answer)
{
    TkeCardSource *source = make_source(100);
    TkeCardConnection *connection = need_connection(source, NAME);

    fake_pcsc_block(FAKE_PCSC_DISCONNECT, true);
    connection->ops->close(connection); /* comes back all the same */
    fake_pcsc_block(FAKE_PCSC_DISCONNECT, false);
    source->ops->free(source);
    await_nothing_left();
}
END_TEST

START_TEST(test_after_a_pin_was_typed_the_card_is_reset_when_the_connection_ends)
{
    TkeCardSource *source = make_source(0);
    TkeCardConnection *connection = need_connection(source, NAME);
    uint8_t features[300];
    size_t len = 0;

    ck_assert(!connection->ops->control(connection, TKE_CARD_CONTROL_GET_FEATURES, NULL, 0,
                                        features, sizeof features, &len, NULL));
    connection->ops->close(connection);
    ck_assert_uint_eq(fake_pcsc_last_disposition(), SCARD_LEAVE_CARD);

    connection = need_connection(source, NAME);
    ck_assert(type_pin(connection, NULL));
    connection->ops->close(connection);
    ck_assert_uint_eq(fake_pcsc_last_disposition(), SCARD_RESET_CARD);

    connection = need_connection(source, NAME);
    ck_assert(type_pin(connection, NULL));
    ck_assert(connection->ops->reset(connection, NULL)); /* has forgotten it */
    connection->ops->close(connection);
    ck_assert_uint_eq(fake_pcsc_last_disposition(), SCARD_LEAVE_CARD);
    source->ops->free(source);
}
END_TEST

START_TEST(test_a_card_that_was_put_in_since_is_not_reset)
{
    TkeCardSource *source = NULL;
    FakePcscReader *reader = NULL;
    TkeCardConnection *connection = NULL;

    fake_pcsc_reset();
    reader = fake_pcsc_add(NAME);
    fake_pcsc_insert(reader);
    source = tke_pcsc_transport_new_on(&fake_pcsc_api, NULL);
    connection = need_connection(source, NAME);
    ck_assert(type_pin(connection, NULL));
    fake_pcsc_out_and_in(reader);
    connection->ops->close(connection);
    ck_assert_uint_eq(fake_pcsc_last_disposition(), SCARD_LEAVE_CARD);
    source->ops->free(source);
}
END_TEST

/* pcscd would let the control command through, and the PIN would go to the card that is there
 * now. */
START_TEST(test_no_pin_is_typed_for_a_card_that_is_another_one)
{
    TkeCardSource *source = NULL;
    FakePcscReader *reader = NULL;
    TkeCardConnection *connection = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) reset = NULL;

    fake_pcsc_reset();
    reader = fake_pcsc_add(NAME);
    fake_pcsc_insert(reader);
    source = tke_pcsc_transport_new_on(&fake_pcsc_api, NULL);
    connection = need_connection(source, NAME);
    fake_pcsc_out_and_in(reader);
    ck_assert(!type_pin(connection, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_REMOVED);
    connection->ops->close(connection);

    connection = need_connection(source, NAME);
    fake_pcsc_card_reset(reader);
    ck_assert(!type_pin(connection, &reset));
    test_bytes_check_error(reset, TKE_CARD_ERROR, TKE_CARD_ERROR_RESET);
    connection->ops->close(connection);
    /* the two that asked the reader, and one that asked it for its place again */
    ck_assert_uint_eq(fake_pcsc_count(FAKE_PCSC_CONTROL) - 3, 0);
    source->ops->free(source);
}
END_TEST

/* Lets calls come back after a time. */
typedef struct Later {
    FakePcscFunction function;
    gulong ms;
} Later;

static void *
unblock_later(void *data)
{
    const Later *later = data;

    g_usleep(later->ms * 1000);
    fake_pcsc_block(later->function, false);
    return NULL;
}

/* A change of a PIN has three entries, for each of which a reader may begin to count anew. */
START_TEST(test_a_pin_entry_may_take_three_times_as_long_and_nothing_else_may)
{
    Later later = { .function = FAKE_PCSC_CONTROL, .ms = 1500 };
    TkeCardSource *source = make_source(1000);
    TkeCardConnection *connection = need_connection(source, NAME);
    g_autoptr(GError) error = NULL;
    gint64 begun = g_get_monotonic_time();
    GThread *thread = NULL;

    fake_pcsc_block(FAKE_PCSC_CONTROL, true);
    thread = g_thread_new("later", unblock_later, &later);
    ck_assert_msg(type_pin(connection, &error), "%s", error != NULL ? error->message : "no error");
    g_thread_join(thread);
    ck_assert_int_ge(g_get_monotonic_time() - begun, 1400 * G_TIME_SPAN_MILLISECOND);

    later.function = FAKE_PCSC_TRANSMIT;
    fake_pcsc_block(FAKE_PCSC_TRANSMIT, true);
    thread = g_thread_new("later", unblock_later, &later);
    ck_assert(!exchange(connection, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_SILENT);
    g_thread_join(thread);
    connection->ops->close(connection);
    source->ops->free(source);
    await_nothing_left();
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_card_that_never_answers_is_told_and_the_program_goes_on);
    tcase_add_test(tests, test_one_silent_reader_does_not_keep_the_other_one_waiting);
    tcase_add_test(tests, test_a_pin_entry_may_take_three_times_as_long_and_nothing_else_may);
    tcase_add_test(tests, test_a_connection_that_does_not_come_about_names_the_cause);
    tcase_add_test(tests, test_connecting_can_be_cancelled_while_it_blocks);
    tcase_add_test(tests, test_a_service_that_hangs_is_told_as_one_that_does_not_answer);
    tcase_add_test(tests, test_after_a_pin_was_typed_the_card_is_reset_when_the_connection_ends);
    tcase_add_test(tests, test_a_card_that_was_put_in_since_is_not_reset);
    tcase_add_test(tests, test_no_pin_is_typed_for_a_card_that_is_another_one);
}

int
main(void)
{
    return test_main("pcsc-silent", add_tests);
}
