/*
 * The socket of tke-sim: abuse of the protocol, several clients, readers and cards.
 */
#include <check.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "libsmartcard/card-error.h"
#include "libsmartcard/card.h"
#include "libsmartcard/pin-pad.h"
#include "tests/simulator/socket-fixture.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

/* A connection without greeting. */
static int
open_raw(const SocketFixture *fixture)
{
    g_autofree char *path = tke_sim_socket_path(fixture->directory->path, NULL);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *) &address, sizeof address), 0);
    return fd;
}

static void
send_raw(int fd, const char *hex)
{
    g_autoptr(GByteArray) bytes = test_bytes(hex);

    ck_assert_int_eq(send(fd, bytes->data, bytes->len, MSG_NOSIGNAL), (ssize_t) bytes->len);
}

/* The type of the next answer and the first byte of its body; 0 if the connection was closed. */
static uint8_t
receive_raw(int fd, uint8_t *first)
{
    uint8_t body[4096] = { 0 };
    uint8_t type = 0;
    size_t len = 0;

    if (!tke_sim_frame_receive_head(fd, &type, &len, NULL)) {
        return 0;
    }
    ck_assert_uint_le(len, sizeof body);
    ck_assert(tke_sim_frame_receive_body(fd, body, len, NULL));
    *first = body[0];
    return type;
}

#define GREETING "00000006 01 4F544B53 0001"

/* ---- abuse ---- */

START_TEST(test_request_before_the_greeting_is_refused)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    int fd = open_raw(fixture);
    uint8_t first = 0;

    send_raw(fd, "00000000 02");
    ck_assert_uint_eq(receive_raw(fd, &first), TKE_SIM_REFUSED);
    ck_assert_uint_eq(first, TKE_SIM_STATUS_MALFORMED);
    close(fd);
}
END_TEST

START_TEST(test_client_of_another_version_learns_ours_and_gets_nothing_else)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    int fd = open_raw(fixture);
    uint8_t first = 0;

    send_raw(fd, "00000006 01 4F544B53 0009");
    ck_assert_uint_eq(receive_raw(fd, &first), TKE_SIM_HELLO | TKE_SIM_ANSWER);
    send_raw(fd, "00000000 02");
    ck_assert_uint_eq(receive_raw(fd, &first), TKE_SIM_REFUSED);
    close(fd);
}
END_TEST

START_TEST(test_malformed_requests_are_refused_one_by_one)
{
    static const char *const requests[] = {
        "00000000 01",                   /* greeting without content */
        "00000006 01 4F544B54 0001",     /* wrong word */
        "00000007 01 4F544B53 0001 00",  /* something behind */
        "00000001 02 00",                /* a list takes nothing */
        "00000007 03 00000001 000000",   /* wait cut short */
        "00000000 10",                   /* no name */
        "00000002 10 C328",              /* not UTF-8 */
        "00000003 12 420000",            /* no control code */
        "00000000 17",                   /* no name */
        "00000006 17 044C65 420000",     /* the name is cut short */
        "00000008 17 044C656674 420000", /* no control code */
        "00000005 17 00 42000D48",       /* an empty name */
        "00000000 05",                   /* no number */
        "00000002 05 0101",              /* something behind */
        "00000000 18",                   /* no name */
        "00000001 19 00",                /* power off takes nothing */
        "00000000 30",                   /* no command */
        "00000002 30 5B5D",              /* [] */
        "00000002 30 7B7B",              /* {{ */
        "00000000 55",                   /* unknown */
        "00000000 82",                   /* an answer */
        "00000000 FF",                   /* a refusal */
    };
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    int fd = open_raw(fixture);
    uint8_t first = 0;

    send_raw(fd, GREETING);
    ck_assert_uint_eq(receive_raw(fd, &first), TKE_SIM_HELLO | TKE_SIM_ANSWER);
    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
        send_raw(fd, requests[i]);
        ck_assert_msg(receive_raw(fd, &first) == TKE_SIM_REFUSED, "%s", requests[i]);
        ck_assert_msg(first == TKE_SIM_STATUS_MALFORMED, "%s: %u", requests[i], first);
    }
    send_raw(fd, "00000000 02");
    ck_assert_uint_eq(receive_raw(fd, &first), TKE_SIM_LIST | TKE_SIM_ANSWER);
    close(fd);
}
END_TEST

START_TEST(test_name_of_a_reader_that_is_too_long_is_refused)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autoptr(TkeSimClient) client = socket_fixture_client(fixture);
    g_autofree char *name = g_strnfill(128, 'x');
    g_autoptr(GByteArray) answer = NULL;
    g_autoptr(GError) error = NULL;

    answer =
        tke_sim_client_call_alloc(client, TKE_SIM_CONNECT, (const uint8_t *) name, 128, &error);
    ck_assert_ptr_null(answer);
    ck_assert(g_error_matches(error, TKE_SIM_ERROR, TKE_SIM_STATUS_MALFORMED));
}
END_TEST

START_TEST(test_message_that_is_too_long_ends_the_connection_only)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    int fd = open_raw(fixture);
    uint8_t first = 0;

    send_raw(fd, GREETING "00100001 30");
    ck_assert_uint_eq(receive_raw(fd, &first), TKE_SIM_HELLO | TKE_SIM_ANSWER);
    ck_assert_uint_eq(receive_raw(fd, &first), TKE_SIM_REFUSED);
    ck_assert_uint_eq(receive_raw(fd, &first), 0);
    close(fd);
    ck_assert(socket_fixture_is_alive(fixture));
}
END_TEST

START_TEST(test_messages_that_are_cut_short_disturb_nobody)
{
    static const char *const starts[] = { "00", "00000006", GREETING "0000",
                                          GREETING "00000010 30 7B22", GREETING "FFFFFFFF 02" };
    g_autoptr(SocketFixture) fixture = socket_fixture_new();

    for (size_t i = 0; i < G_N_ELEMENTS(starts); i++) {
        int fd = open_raw(fixture);

        send_raw(fd, starts[i]);
        close(fd);
        ck_assert(socket_fixture_is_alive(fixture));
    }
}
END_TEST

START_TEST(test_client_that_never_finishes_a_message_keeps_nobody_waiting)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    int fd = open_raw(fixture);

    send_raw(fd, "00000006 01 4F54");
    ck_assert(socket_fixture_is_alive(fixture));
    close(fd);
}
END_TEST

START_TEST(test_socket_of_a_server_that_died_is_replaced)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_autoptr(SimWorld) world = test_world_open(directory);
    g_autofree char *path = tke_sim_socket_path(directory->path, NULL);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    g_autoptr(SimSocket) again = NULL;

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    ck_assert_int_eq(bind(dead, (const struct sockaddr *) &address, sizeof address), 0);
    close(dead);
    again = sim_socket_new(world, NULL);
    ck_assert_ptr_nonnull(again);
}
END_TEST

/* ---- readers and cards ---- */

START_TEST(test_reader_serves_one_program_at_a_time)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    TkeCardSource *first = socket_fixture_source(fixture);
    TkeCardSource *second = socket_fixture_source(fixture);
    TkeCardConnection *held = NULL;
    TkeCardConnection *after = NULL;
    g_autoptr(GError) error = NULL;

    socket_fixture_command(fixture, "{\"command\":\"insert\",\"reader\":1,\"card\":\"ep11-1\"}");
    held = first->ops->connect(first, "Left", NULL, &error);
    ck_assert_ptr_nonnull(held);
    ck_assert_ptr_null(second->ops->connect(second, "Left", NULL, &error));
    ck_assert(g_error_matches(error, TKE_CARD_ERROR, TKE_CARD_ERROR_IN_USE));
    held->ops->close(held);
    after = second->ops->connect(second, "Left", NULL, NULL);
    ck_assert_ptr_nonnull(after);
    after->ops->close(after);
    first->ops->free(first);
    second->ops->free(second);
}
END_TEST

START_TEST(test_card_is_reached_through_the_socket)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    TkeCardSource *source = socket_fixture_source(fixture);
    g_autoptr(TkeCard) card = NULL;
    g_autoptr(GError) error = NULL;
    bool found = false;

    socket_fixture_command(fixture, "{\"command\":\"insert\",\"reader\":2,\"card\":\"ca-1\"}");
    card = tke_card_open(source, "Right", 2, NULL, &error);
    ck_assert_msg(card != NULL, "%s", error == NULL ? "" : error->message);
    ck_assert(tke_card_select(card, TKE_CARD_KIND_EP11, &found, &error));
    ck_assert(!found);
    ck_assert(tke_card_select(card, TKE_CARD_KIND_CA, &found, &error));
    ck_assert(found);
    ck_assert(tke_card_reset(card, &error));
    source->ops->free(source);
}
END_TEST

START_TEST(test_missing_readers_and_cards_have_their_codes)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    TkeCardSource *source = socket_fixture_source(fixture);
    g_autoptr(GError) no_card = NULL;
    g_autoptr(GError) no_reader = NULL;

    ck_assert_ptr_null(source->ops->connect(source, "Left", NULL, &no_card));
    ck_assert(g_error_matches(no_card, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_CARD));
    ck_assert_ptr_null(source->ops->connect(source, "Middle", NULL, &no_reader));
    ck_assert(g_error_matches(no_reader, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_READER));
    source->ops->free(source);
}
END_TEST

/* Asks a reader directly; the code of the error, or -1 when it answers. */
static int
ask_reader(TkeCardSource *source, const char *name, uint32_t code, size_t size)
{
    uint8_t out[512] = { 0 };
    size_t len = 0;
    g_autoptr(GError) error = NULL;

    if (!source->ops->control(source, name, code, NULL, 0, out, size, &len, &error)) {
        ck_assert_uint_eq(len, 0);
        return tke_card_error_code(error);
    }
    ck_assert_uint_gt(len, 0);
    ck_assert_uint_le(len, size);
    return -1;
}

START_TEST(test_reader_tells_of_itself_with_and_without_a_card)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    TkeCardSource *source = socket_fixture_source(fixture);
    TkeCardConnection *held = NULL;
    TkePinPad pad = { 0 };
    g_autoptr(GError) error = NULL;

    ck_assert(tke_pin_pad_query_reader(source, "Left", &pad, NULL));
    socket_fixture_command(fixture, "{\"command\":\"insert\",\"reader\":1,\"card\":\"ep11-1\"}");
    ck_assert(tke_pin_pad_query_reader(source, "Left", &pad, NULL));
    /* a PIN is for a card, and needs a connection to it */
    ck_assert_int_eq(ask_reader(source, "Left", pad.verify_direct, 512), TKE_CARD_ERROR_NO_PIN_PAD);
    ck_assert_int_eq(ask_reader(source, "Left", 0x42000001, 512), TKE_CARD_ERROR_NO_PIN_PAD);
    ck_assert_int_eq(ask_reader(source, "Middle", TKE_CARD_CONTROL_GET_FEATURES, 512),
                     TKE_CARD_ERROR_NO_READER);
    ck_assert_int_eq(ask_reader(source, "Left", TKE_CARD_CONTROL_GET_FEATURES, 3),
                     TKE_CARD_ERROR_COMMUNICATION);
    held = source->ops->connect(source, "Left", NULL, NULL);
    ck_assert_ptr_nonnull(held);
    ck_assert(!tke_pin_pad_query_reader(source, "Left", &pad, &error));
    ck_assert(g_error_matches(error, TKE_CARD_ERROR, TKE_CARD_ERROR_IN_USE));
    ck_assert(tke_pin_pad_query_reader(source, "Right", &pad, NULL));
    held->ops->close(held);
    ck_assert(tke_pin_pad_query_reader(source, "Left", &pad, NULL));
    socket_fixture_command(fixture,
                           "{\"command\":\"fault\",\"target\":\"daemon\",\"fault\":\"stopped\"}");
    ck_assert_int_eq(ask_reader(source, "Left", TKE_CARD_CONTROL_GET_FEATURES, 512),
                     TKE_CARD_ERROR_NO_SERVICE);
    source->ops->free(source);
}
END_TEST

START_TEST(test_slot_tells_of_one_reader_while_it_is_plugged_in)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autoptr(TkeSimClient) client = socket_fixture_client(fixture);

    for (uint8_t number = 0; number <= 3; number++) {
        g_autoptr(GByteArray) answer =
            tke_sim_client_call_alloc(client, TKE_SIM_SLOT, &number, 1, NULL);
        g_autoptr(GPtrArray) readers = NULL;
        uint32_t generation = 0;

        ck_assert_ptr_nonnull(answer);
        readers = tke_sim_parse_readers(answer->data, answer->len, &generation, NULL);
        ck_assert_ptr_nonnull(readers);
        ck_assert_uint_eq(readers->len, number == 0 ? 2 : number <= 2 ? 1 : 0);
    }
    sim_world_set_plugged(fixture->world, 1, false);
    for (uint8_t number = 1; number <= 2; number++) {
        g_autoptr(GByteArray) answer =
            tke_sim_client_call_alloc(client, TKE_SIM_SLOT, &number, 1, NULL);
        g_autoptr(GPtrArray) readers = NULL;
        uint32_t generation = 0;

        readers = tke_sim_parse_readers(answer->data, answer->len, &generation, NULL);
        ck_assert_uint_eq(readers->len, number == 1 ? 0 : 1);
    }
}
END_TEST

/* Length of the answer; the status of the refusal below 0. */
static int
call(TkeSimClient *client, TkeSimMessage type, const char *body, uint8_t *out, size_t size)
{
    g_autoptr(GError) error = NULL;
    size_t len = 0;

    if (!tke_sim_client_call(client, type, NULL, 0, (const uint8_t *) body, strlen(body), out, size,
                             &len, &error)) {
        ck_assert_int_eq(error->domain, TKE_SIM_ERROR);
        return -error->code;
    }
    return (int) len;
}

START_TEST(test_power_on_is_a_cold_reset_and_power_off_lets_go)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autoptr(TkeSimClient) client = socket_fixture_client(fixture);
    g_autoptr(TkeSimClient) other = socket_fixture_client(fixture);
    const char *name = sim_reader_get_options(sim_world_get_reader(fixture->world, 1, NULL))->name;
    const uint8_t select[] = { 0x00, 0xa4, 0x04, 0x00, 0x07, 0xf0, 0x4f,
                               0x54, 0x4b, 0x45, 0x01, 0x01, 0x00 };
    const uint8_t query[] = { 0x00, 0x20, 0x00, 0x81 };
    uint8_t out[256];
    size_t len = 0;

    ck_assert_int_eq(call(client, TKE_SIM_POWER_ON, name, out, sizeof out),
                     -TKE_SIM_STATUS_NO_CARD);
    ck_assert_int_eq(call(client, TKE_SIM_POWER_OFF, "", out, sizeof out),
                     -TKE_SIM_STATUS_NOT_CONNECTED);
    socket_fixture_command(fixture, "{\"command\":\"insert\",\"reader\":1,\"card\":\"ca-1\"}");
    ck_assert_int_gt(call(client, TKE_SIM_POWER_ON, name, out, sizeof out), 2);
    ck_assert_int_eq(call(other, TKE_SIM_POWER_ON, name, out, sizeof out), -TKE_SIM_STATUS_SHARING);
    ck_assert(tke_sim_client_call(client, TKE_SIM_EXCHANGE, NULL, 0, select, sizeof select, out,
                                  sizeof out, &len, NULL));
    test_bytes_check(out + len - 2, 2, "9000");
    ck_assert_int_gt(call(client, TKE_SIM_POWER_ON, name, out, sizeof out), 2);
    ck_assert(tke_sim_client_call(client, TKE_SIM_EXCHANGE, NULL, 0, query, sizeof query, out,
                                  sizeof out, &len, NULL));
    test_bytes_check(out, len, "6d00");
    ck_assert(tke_sim_client_call(client, TKE_SIM_EXCHANGE, NULL, 0, select, sizeof select, out,
                                  sizeof out, &len, NULL));
    ck_assert_int_eq(call(client, TKE_SIM_POWER_OFF, "", out, sizeof out), 0);
    /* Connecting keeps what it finds: nothing, after power was off. */
    ck_assert_int_gt(call(other, TKE_SIM_CONNECT, name, out, sizeof out), 2);
    ck_assert(tke_sim_client_call(other, TKE_SIM_EXCHANGE, NULL, 0, query, sizeof query, out,
                                  sizeof out, &len, NULL));
    test_bytes_check(out, len, "6d00");
}
END_TEST

START_TEST(test_call_that_waits_is_broken_off_and_ends_after_its_time)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autoptr(TkeSimClient) client =
        tke_sim_client_open_timeout(fixture->directory->path, 50, NULL);
    g_autoptr(TkeSimClient) broken = socket_fixture_client(fixture);
    const uint8_t for_ever[8] = { 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff };
    uint8_t wait[8] = { 0 };
    uint8_t out[16];
    size_t len = 0;
    g_autoptr(GError) error = NULL;
    uint32_t generation = sim_world_get_generation(fixture->world);

    memcpy(wait, for_ever, sizeof wait);
    wait[3] = (uint8_t) generation;
    ck_assert(!tke_sim_client_call(client, TKE_SIM_WAIT, NULL, 0, wait, sizeof wait, out,
                                   sizeof out, &len, &error));
    test_bytes_check_error(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
    g_clear_error(&error);
    tke_sim_client_interrupt(broken);
    ck_assert(!tke_sim_client_call(broken, TKE_SIM_LIST, NULL, 0, NULL, 0, out, sizeof out, &len,
                                   &error));
    test_bytes_check_error(error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}
END_TEST

START_TEST(test_requests_to_a_card_without_connection_are_refused)
{
    static const TkeSimMessage types[] = { TKE_SIM_EXCHANGE, TKE_SIM_RESET, TKE_SIM_BEGIN,
                                           TKE_SIM_END, TKE_SIM_CLOSE };
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autoptr(TkeSimClient) client = socket_fixture_client(fixture);

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GByteArray) answer = tke_sim_client_call_alloc(client, types[i], NULL, 0, &error);

        ck_assert_ptr_null(answer);
        ck_assert(g_error_matches(error, TKE_SIM_ERROR, TKE_SIM_STATUS_NOT_CONNECTED));
    }
}
END_TEST

START_TEST(test_wait_ends_when_a_card_comes_and_when_the_time_is_over)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    TkeCardSource *source = socket_fixture_source(fixture);
    g_autoptr(GPtrArray) before = source->ops->list(source, NULL);
    g_autoptr(GPtrArray) after = NULL;
    const TkeReaderInfo *info = NULL;

    ck_assert(source->ops->wait(source, 1, NULL, NULL));
    socket_fixture_command(fixture, "{\"command\":\"insert\",\"reader\":1,\"card\":\"ca-1\"}");
    ck_assert(source->ops->wait(source, -1, NULL, NULL));
    after = source->ops->list(source, NULL);
    info = g_ptr_array_index(after, 0);
    ck_assert(info->card_present);
    ck_assert_uint_eq(info->events,
                      ((const TkeReaderInfo *) g_ptr_array_index(before, 0))->events + 1);
    source->ops->free(source);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_request_before_the_greeting_is_refused);
    tcase_add_test(tests, test_client_of_another_version_learns_ours_and_gets_nothing_else);
    tcase_add_test(tests, test_malformed_requests_are_refused_one_by_one);
    tcase_add_test(tests, test_name_of_a_reader_that_is_too_long_is_refused);
    tcase_add_test(tests, test_message_that_is_too_long_ends_the_connection_only);
    tcase_add_test(tests, test_messages_that_are_cut_short_disturb_nobody);
    tcase_add_test(tests, test_client_that_never_finishes_a_message_keeps_nobody_waiting);
    tcase_add_test(tests, test_socket_of_a_server_that_died_is_replaced);
    tcase_add_test(tests, test_reader_serves_one_program_at_a_time);
    tcase_add_test(tests, test_card_is_reached_through_the_socket);
    tcase_add_test(tests, test_missing_readers_and_cards_have_their_codes);
    tcase_add_test(tests, test_reader_tells_of_itself_with_and_without_a_card);
    tcase_add_test(tests, test_slot_tells_of_one_reader_while_it_is_plugged_in);
    tcase_add_test(tests, test_power_on_is_a_cold_reset_and_power_off_lets_go);
    tcase_add_test(tests, test_call_that_waits_is_broken_off_and_ends_after_its_time);
    tcase_add_test(tests, test_requests_to_a_card_without_connection_are_refused);
    tcase_add_test(tests, test_wait_ends_when_a_card_comes_and_when_the_time_is_over);
}

int
main(void)
{
    return test_main("sim-socket", add_tests);
}
