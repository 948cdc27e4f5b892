/*
 * A reader or the smart card service that goes away in the middle of something: the pad lets nobody
 * type on, and whoever waits is told that the outcome is open.
 */
#include <check.h>
#include <string.h>

#include "libsmartcard/card-error.h"
#include "libsmartcard/card.h"
#include "libsmartcard/pin-pad.h"
#include "simulator/sim-reader.h"
#include "tests/simulator/socket-fixture.h"
#include "tests/support/test-main.h"

static gpointer
set_pin(gpointer data)
{
    GError *error = NULL;

    (void) tke_pin_pad_set(data, TKE_PIN_FIRST, &error);
    return error;
}

/*
 * The same with the service itself: a pad whose host has gone lets nobody type on. What has come of
 * the entry is open, as where the real service ends in the middle of a call.
 */
START_TEST(test_service_that_stops_ends_the_entry_of_a_pin)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autoptr(TkeSimClient) client = socket_fixture_client(fixture);
    TkeCardSource *source = socket_fixture_source(fixture);
    SimReader *reader = sim_world_get_reader(fixture->world, 1, NULL);
    g_autoptr(TkeCard) card = NULL;
    g_autoptr(TkeCard) again = NULL;
    g_autoptr(GError) keys = NULL;
    g_autoptr(GError) entry = NULL;
    SimPadAsk ask = { 0 };
    SimPadAsk after = { 0 };
    GThread *thread = NULL;
    bool found = false;

    socket_fixture_command(fixture, "{\"command\":\"insert\",\"reader\":1,\"card\":\"ca-1\"}");
    card = tke_card_open(source, "Left", 1, NULL, NULL);
    ck_assert(tke_card_select(card, TKE_CARD_KIND_CA, &found, NULL) && found);
    thread = g_thread_new("entry", set_pin, card);
    ck_assert(sim_reader_wait_pad(reader, 0, 20000, &ask));
    socket_fixture_command(fixture,
                           "{\"command\":\"fault\",\"target\":\"daemon\",\"fault\":\"stopped\"}");
    ck_assert(!sim_reader_wait_pad(reader, 0, 0, &after));
    ck_assert(!after.asking);
    keys = socket_fixture_control(
        client, "{\"command\":\"keys\",\"reader\":1,\"keys\":\"1\",\"timeout_ms\":0}");
    ck_assert_ptr_nonnull(keys);
    entry = g_thread_join(thread);
    ck_assert(tke_card_error_is_outcome_unknown(entry));

    /* The card is still in, and starts anew with the service. */
    socket_fixture_command(fixture,
                           "{\"command\":\"fault\",\"target\":\"daemon\",\"fault\":\"running\"}");
    again = tke_card_open(source, "Left", 1, NULL, NULL);
    ck_assert_ptr_nonnull(again);
    ck_assert(tke_card_select(again, TKE_CARD_KIND_CA, &found, NULL) && found);
    source->ops->free(source);
}
END_TEST

/* As at the desk: nobody can type on a pad that has no power (E-C07). */
START_TEST(test_reader_that_is_unplugged_asks_for_no_pin_any_more)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autoptr(TkeSimClient) client = socket_fixture_client(fixture);
    TkeCardSource *source = socket_fixture_source(fixture);
    SimReader *reader = sim_world_get_reader(fixture->world, 1, NULL);
    g_autoptr(TkeCard) card = NULL;
    g_autoptr(GError) keys = NULL;
    g_autoptr(GError) entry = NULL;
    SimPadAsk ask = { 0 };
    GThread *thread = NULL;
    bool found = false;

    socket_fixture_command(fixture, "{\"command\":\"insert\",\"reader\":1,\"card\":\"ca-1\"}");
    card = tke_card_open(source, "Left", 1, NULL, NULL);
    ck_assert(tke_card_select(card, TKE_CARD_KIND_CA, &found, NULL) && found);
    thread = g_thread_new("entry", set_pin, card);
    ck_assert(sim_reader_wait_pad(reader, 0, 20000, &ask));
    socket_fixture_command(
        fixture,
        "{\"command\":\"fault\",\"target\":\"reader\",\"reader\":1,\"fault\":\"unplugged\"}");
    keys = socket_fixture_control(
        client, "{\"command\":\"keys\",\"reader\":1,\"keys\":\"1\",\"timeout_ms\":0}");
    ck_assert_ptr_nonnull(keys);
    entry = g_thread_join(thread);
    ck_assert_int_eq(tke_card_error_code(entry), TKE_CARD_ERROR_REMOVED);
    ck_assert_ptr_nonnull(strstr(entry->message, "the reader was unplugged"));
    source->ops->free(source);
}
END_TEST

/* A command that finds the service gone was not sent. */
START_TEST(test_command_that_is_not_sent_is_told_as_such)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    TkeCardSource *source = socket_fixture_source(fixture);
    g_autoptr(TkeCard) card = NULL;
    g_autoptr(GError) error = NULL;
    bool found = false;

    socket_fixture_command(fixture, "{\"command\":\"insert\",\"reader\":1,\"card\":\"ca-1\"}");
    card = tke_card_open(source, "Left", 1, NULL, NULL);
    ck_assert_ptr_nonnull(card);
    socket_fixture_command(fixture,
                           "{\"command\":\"fault\",\"target\":\"daemon\",\"fault\":\"stopped\"}");
    ck_assert(!tke_card_select(card, TKE_CARD_KIND_CA, &found, &error));
    ck_assert_int_eq(tke_card_error_code(error), TKE_CARD_ERROR_NO_SERVICE);
    ck_assert(!tke_card_error_is_outcome_unknown(error));
    source->ops->free(source);
}
END_TEST

static void
stop_service(SimReader *reader, void *data)
{
    sim_reader_set_observer(reader, NULL, NULL);
    sim_world_set_running(data, false);
}

/* It was there when the connection was asked for, and is not when it is made. */
START_TEST(test_connection_that_is_made_while_the_service_stops_is_none)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    TkeCardSource *source = socket_fixture_source(fixture);
    SimReader *reader = sim_world_get_reader(fixture->world, 1, NULL);
    g_autoptr(TkeCard) card = NULL;
    g_autoptr(TkeCard) again = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(SimReaderState) state = { 0 };

    socket_fixture_command(fixture, "{\"command\":\"insert\",\"reader\":1,\"card\":\"ca-1\"}");
    sim_reader_set_observer(reader, stop_service, fixture->world);
    card = tke_card_open(source, "Left", 1, NULL, &error);
    ck_assert_ptr_null(card);
    ck_assert_int_eq(tke_card_error_code(error), TKE_CARD_ERROR_NO_SERVICE);
    sim_reader_get_state(reader, &state);
    ck_assert(!state.connected);

    sim_world_set_running(fixture->world, true);
    again = tke_card_open(source, "Left", 1, NULL, NULL);
    ck_assert_ptr_nonnull(again);
    source->ops->free(source);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_service_that_stops_ends_the_entry_of_a_pin);
    tcase_add_test(tests, test_reader_that_is_unplugged_asks_for_no_pin_any_more);
    tcase_add_test(tests, test_command_that_is_not_sent_is_told_as_such);
    tcase_add_test(tests, test_connection_that_is_made_while_the_service_stops_is_none);
}

int
main(void)
{
    return test_main("sim-control-gone", add_tests);
}
