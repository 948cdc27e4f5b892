/*
 * Control commands of tke-sim for a virtual desk: what is new to see, desks that are open, cards
 * that are added, what is written on cards.
 */
#include <check.h>
#include <string.h>

#include "libsmartcard/card.h"
#include "libsmartcard/pin-pad.h"
#include "tests/simulator/socket-fixture.h"
#include "tests/support/test-main.h"

#define SHORT_MS 50
#define LONG_MS 10000

static JsonObject *ask(TkeSimClient *client, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* A command that must succeed, and its answer. */
static JsonObject *
ask(TkeSimClient *client, const char *format, ...)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    JsonObject *answer = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    ck_assert(json_parser_load_from_data(parser, text, -1, NULL));
    answer =
        tke_sim_client_command(client, json_node_get_object(json_parser_get_root(parser)), &error);
    ck_assert_msg(answer != NULL, "%s: %s", text, error == NULL ? "" : error->message);
    return answer;
}

static gint64
revision_of(JsonObject *status)
{
    return json_object_get_int_member(status, "revision");
}

static JsonObject *
reader_of(JsonObject *status, unsigned number)
{
    return json_array_get_object_element(json_object_get_array_member(status, "readers"),
                                         number - 1);
}

static JsonObject *
pad_of(JsonObject *status, unsigned number)
{
    return json_object_get_object_member(reader_of(status, number), "pad");
}

/* The card of a label; NULL: none. */
static JsonObject *
card_of(JsonObject *status, const char *label)
{
    JsonArray *cards = json_object_get_array_member(status, "cards");

    for (unsigned i = 0; i < json_array_get_length(cards); i++) {
        JsonObject *card = json_array_get_object_element(cards, i);

        if (strcmp(json_object_get_string_member(card, "label"), label) == 0) {
            return card;
        }
    }
    return NULL;
}

/* ---- watch ---- */

typedef struct Watch {
    TkeSimClient *client;
    gint64 seen;
    JsonObject *status;
} Watch;

static void *
watch(void *data)
{
    Watch *self = data;

    self->status = ask(
        self->client, "{\"command\":\"watch\",\"revision\":%" G_GINT64_FORMAT ",\"timeout_ms\":%d}",
        self->seen, LONG_MS);
    return NULL;
}

/* What a watch sees once a command is done that begins after it. */
static JsonObject *
watch_while(const SocketFixture *fixture, const char *command)
{
    g_autoptr(TkeSimClient) client = socket_fixture_client(fixture);
    g_autoptr(JsonObject) before = ask(client, "{\"command\":\"status\"}");
    Watch self = { .client = client, .seen = revision_of(before) };
    gint64 start = g_get_monotonic_time();
    GThread *thread = g_thread_new("watch", watch, &self);

    socket_fixture_command(fixture, command);
    g_thread_join(thread);
    ck_assert_int_lt(g_get_monotonic_time() - start, (gint64) LONG_MS * 1000);
    ck_assert_int_ne(revision_of(self.status), self.seen);
    return self.status;
}

START_TEST(test_watch_tells_a_card_that_is_put_in_at_once)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autoptr(JsonObject) status =
        watch_while(fixture, "{\"command\":\"insert\",\"reader\":2,\"card\":\"ca-1\"}");

    ck_assert_str_eq(json_object_get_string_member(reader_of(status, 2), "card"), "ca-1");
    ck_assert_int_eq(json_object_get_int_member(card_of(status, "ca-1"), "reader"), 2);
}
END_TEST

START_TEST(test_watch_tells_each_kind_of_fault_at_once)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autoptr(JsonObject) card = watch_while(
        fixture, "{\"command\":\"fault\",\"target\":\"card\",\"name\":\"ca-1\",\"fault\":\"cut\"}");
    g_autoptr(JsonObject) held = watch_while(
        fixture, "{\"command\":\"fault\",\"target\":\"reader\",\"reader\":2,\"fault\":\"held\"}");
    g_autoptr(JsonObject) daemon =
        watch_while(fixture, "{\"command\":\"fault\",\"target\":\"daemon\",\"fault\":\"stopped\"}");
    g_autoptr(JsonObject) service = watch_while(
        fixture, "{\"command\":\"fault\",\"target\":\"service\",\"fault\":\"drop-after\"}");

    ck_assert_int_eq(json_object_get_int_member(card_of(card, "ca-1"), "faults"), 1);
    ck_assert(!json_object_get_boolean_member(reader_of(held, 1), "held"));
    ck_assert(json_object_get_boolean_member(reader_of(held, 2), "held"));
    ck_assert(!json_object_get_boolean_member(daemon, "running"));
    ck_assert_uint_eq(json_array_get_length(json_object_get_array_member(
                          json_object_get_object_member(service, "service"), "faults")),
                      1);
}
END_TEST

START_TEST(test_watch_does_not_wait_for_what_is_new_already)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autoptr(TkeSimClient) client = socket_fixture_client(fixture);
    gint64 start = g_get_monotonic_time();
    g_autoptr(JsonObject) first = ask(client, "{\"command\":\"watch\",\"revision\":0}");

    ck_assert_int_gt(revision_of(first), 0);
    ck_assert_int_lt(g_get_monotonic_time() - start, (gint64) LONG_MS * 1000);
}
END_TEST

START_TEST(test_watch_ends_when_nothing_happens)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autoptr(TkeSimClient) client = socket_fixture_client(fixture);
    g_autoptr(JsonObject) first = ask(client, "{\"command\":\"status\"}");
    gint64 start = g_get_monotonic_time();
    g_autoptr(JsonObject) second =
        ask(client, "{\"command\":\"watch\",\"revision\":%" G_GINT64_FORMAT ",\"timeout_ms\":%d}",
            revision_of(first), SHORT_MS);

    ck_assert_int_eq(revision_of(second), revision_of(first));
    ck_assert_int_ge(g_get_monotonic_time() - start, (gint64) SHORT_MS * 1000);
}
END_TEST

START_TEST(test_watch_tells_what_a_unit_has_done)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autoptr(TkeSimClient) client = socket_fixture_client(fixture);
    g_autoptr(JsonObject) first = ask(client, "{\"command\":\"status\"}");
    const SimRequest request = { .method = "GET", .path = "/v1/tke/nothing" };
    g_auto(SimReply) reply = { 0 };
    g_autoptr(JsonObject) second = NULL;

    sim_service_handle(sim_world_get_service(fixture->world), &request, &reply);
    second =
        ask(client, "{\"command\":\"watch\",\"revision\":%" G_GINT64_FORMAT ",\"timeout_ms\":%d}",
            revision_of(first), LONG_MS);
    ck_assert_int_ne(revision_of(second), revision_of(first));
    ck_assert_int_eq(
        json_object_get_int_member(json_object_get_object_member(second, "service"), "requests"),
        1);
}
END_TEST

typedef struct Entry {
    TkeCardSource *source;
    TkeCard *card;
} Entry;

static void *
enter_pin(void *data)
{
    const Entry *entry = data;

    tke_pin_pad_set(entry->card, TKE_PIN_FIRST, NULL);
    return NULL;
}

START_TEST(test_watch_follows_the_keys_of_a_pad_one_by_one)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    Entry entry = { .source = socket_fixture_source(fixture) };
    g_autoptr(JsonObject) digits = NULL;
    g_autoptr(JsonObject) over = NULL;
    GThread *thread = NULL;
    bool found = false;

    socket_fixture_command(fixture, "{\"command\":\"insert\",\"reader\":1,\"card\":\"ca-1\"}");
    entry.card = tke_card_open(entry.source, "Left", 1, NULL, NULL);
    ck_assert_ptr_nonnull(entry.card);
    ck_assert(tke_card_select(entry.card, TKE_CARD_KIND_CA, &found, NULL));
    thread = g_thread_new("entry", enter_pin, &entry);
    socket_fixture_command(fixture, "{\"command\":\"wait-pad\",\"reader\":1}");

    digits =
        watch_while(fixture, "{\"command\":\"keys\",\"reader\":1,\"keys\":\"7\",\"timeout_ms\":0}");
    ck_assert(json_object_get_boolean_member(pad_of(digits, 1), "asking"));
    ck_assert_int_eq(json_object_get_int_member(pad_of(digits, 1), "digits"), 1);
    ck_assert_int_ge(json_object_get_int_member(pad_of(digits, 1), "number"), 1);
    ck_assert_int_ge(json_object_get_int_member(pad_of(digits, 1), "all_ms"),
                     json_object_get_int_member(pad_of(digits, 1), "left_ms"));
    ck_assert_int_eq(json_object_get_int_member(pad_of(digits, 1), "min_digits"), 6);
    ck_assert(!json_object_get_boolean_member(pad_of(digits, 2), "asking"));
    over =
        watch_while(fixture, "{\"command\":\"keys\",\"reader\":1,\"keys\":\"C\",\"timeout_ms\":0}");
    ck_assert(!json_object_get_boolean_member(pad_of(over, 1), "asking"));
    g_thread_join(thread);
    tke_card_free(entry.card);
    entry.source->ops->free(entry.source);
}
END_TEST

START_TEST(test_watch_tells_that_a_program_holds_a_reader_and_lets_it_go)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autoptr(TkeSimClient) client = socket_fixture_client(fixture);
    TkeCardSource *source = socket_fixture_source(fixture);
    g_autoptr(JsonObject) held = NULL;
    g_autoptr(JsonObject) free_again = NULL;
    TkeCard *card = NULL;

    socket_fixture_command(fixture, "{\"command\":\"insert\",\"reader\":1,\"card\":\"ca-1\"}");
    card = tke_card_open(source, "Left", 1, NULL, NULL);
    ck_assert_ptr_nonnull(card);
    held = ask(client, "{\"command\":\"status\"}");
    ck_assert(json_object_get_boolean_member(reader_of(held, 1), "connected"));
    tke_card_free(card);
    free_again =
        ask(client, "{\"command\":\"watch\",\"revision\":%" G_GINT64_FORMAT "}", revision_of(held));
    ck_assert(!json_object_get_boolean_member(reader_of(free_again, 1), "connected"));
    source->ops->free(source);
}
END_TEST

START_TEST(test_server_stops_while_somebody_watches)
{
    SocketFixture *fixture = socket_fixture_new();
    TkeSimClient *client = socket_fixture_client(fixture);
    g_autoptr(JsonObject) status = ask(client, "{\"command\":\"status\"}");
    gint64 start = 0;
    Watch self = { .client = client, .seen = revision_of(status) };
    GThread *thread = g_thread_new("watch", watch, &self);

    g_usleep(SHORT_MS * 1000);
    start = g_get_monotonic_time();
    sim_socket_stop(fixture->socket);
    g_thread_join(thread);
    ck_assert_int_lt(g_get_monotonic_time() - start, (gint64) LONG_MS * 1000 / 2);
    json_object_unref(self.status);
    tke_sim_client_free(client);
    socket_fixture_free(fixture);
}
END_TEST

/* ---- desks ---- */

static gint64
desks_of(TkeSimClient *client, const char *member)
{
    g_autoptr(JsonObject) status = ask(client, "{\"command\":\"status\"}");

    return json_object_get_int_member(status, member);
}

START_TEST(test_second_desk_is_refused_and_calls_the_first)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autoptr(TkeSimClient) first = socket_fixture_client(fixture);
    g_autoptr(TkeSimClient) second = socket_fixture_client(fixture);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(socket_fixture_control(first, "{\"command\":\"desk\",\"only\":true}"));
    ck_assert_int_eq(desks_of(first, "desks"), 1);
    ck_assert_int_eq(desks_of(first, "desk_calls"), 0);
    error = socket_fixture_control(second, "{\"command\":\"desk\",\"only\":true}");
    ck_assert(g_error_matches(error, TKE_SIM_ERROR, TKE_SIM_STATUS_SHARING));
    ck_assert_int_eq(desks_of(first, "desks"), 1);
    ck_assert_int_eq(desks_of(first, "desk_calls"), 1);

    ck_assert_ptr_null(socket_fixture_control(second, "{\"command\":\"desk\"}"));
    ck_assert_int_eq(desks_of(first, "desks"), 2);
    ck_assert_ptr_null(socket_fixture_control(second, "{\"command\":\"desk\"}"));
    ck_assert_int_eq(desks_of(first, "desks"), 2);
}
END_TEST

START_TEST(test_desk_whose_connection_ended_no_longer_counts)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autoptr(TkeSimClient) other = socket_fixture_client(fixture);
    TkeSimClient *desk = socket_fixture_client(fixture);

    ck_assert_ptr_null(socket_fixture_control(desk, "{\"command\":\"desk\",\"only\":true}"));
    ck_assert_int_eq(desks_of(other, "desks"), 1);
    tke_sim_client_free(desk);
    for (unsigned i = 0; i < 200 && desks_of(other, "desks") > 0; i++) {
        g_usleep(10000);
    }
    ck_assert_int_eq(desks_of(other, "desks"), 0);
    ck_assert_ptr_null(socket_fixture_control(other, "{\"command\":\"desk\",\"only\":true}"));
}
END_TEST

/* ---- the box ---- */

START_TEST(test_added_card_gets_the_next_free_label_and_can_be_used)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autoptr(TkeSimClient) client = socket_fixture_client(fixture);
    g_autoptr(JsonObject) ep11 = ask(client, "{\"command\":\"add-card\",\"applet\":\"ep11\"}");
    g_autoptr(JsonObject) blank = ask(client, "{\"command\":\"add-card\"}");
    g_autoptr(JsonObject) named =
        ask(client, "{\"command\":\"add-card\",\"label\":\"Spare\",\"applet\":\"ca\"}");
    g_autoptr(JsonObject) status = NULL;

    ck_assert_str_eq(json_object_get_string_member(ep11, "label"), "ep11-3");
    ck_assert_str_eq(json_object_get_string_member(blank, "label"), "blank-1");
    ck_assert_str_eq(json_object_get_string_member(named, "label"), "Spare");
    ck_assert_ptr_null(
        socket_fixture_control(client, "{\"command\":\"insert\",\"reader\":1,\"card\":\"spare\"}"));
    status = ask(client, "{\"command\":\"status\"}");
    ck_assert_str_eq(json_object_get_string_member(reader_of(status, 1), "card"), "Spare");
    ck_assert_str_eq(json_object_get_string_member(card_of(status, "blank-1"), "kind"), "blank");
    ck_assert_str_eq(json_object_get_string_member(card_of(status, "ep11-3"), "kind"), "ep11");
}
END_TEST

START_TEST(test_added_cards_and_writing_survive_a_restart)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    SimWorld *world = test_world_open(directory);
    SimCard *added = sim_world_add_card(world, NULL, SIM_CARD_EP11, false, NULL);
    SimCardInfo before = { 0 };
    SimCardInfo after = { 0 };
    g_autofree char *front = NULL;
    g_autofree char *back = NULL;
    g_autofree char *nothing = NULL;
    g_autofree char *kept = NULL;

    ck_assert_ptr_nonnull(added);
    sim_card_get_info(added, &before);
    ck_assert(sim_world_write_on(world, added, "Weber", "PIN 271828", NULL));
    ck_assert(sim_world_write_on(world, sim_world_get_card(world, 0), "x", "both", NULL));
    ck_assert(sim_world_write_on(world, sim_world_get_card(world, 0), "", NULL, NULL));
    ck_assert(sim_world_insert(world, 1, "ep11-3", NULL));
    sim_world_free(world);

    world = test_world_open(directory);
    added = sim_world_find_card(world, "ep11-3", NULL);
    ck_assert_ptr_nonnull(added);
    ck_assert_uint_eq(sim_world_get_place(world, added), 1);
    sim_card_get_info(added, &after);
    ck_assert_mem_eq(before.card_id, after.card_id, sizeof after.card_id);
    ck_assert(!after.extended_length);
    sim_world_dup_writing(world, added, &front, &back);
    ck_assert_str_eq(front, "Weber");
    ck_assert_str_eq(back, "PIN 271828");
    sim_world_dup_writing(world, sim_world_get_card(world, 0), &nothing, &kept);
    ck_assert_str_eq(nothing, "");
    ck_assert_str_eq(kept, "both");
    sim_world_free(world);
}
END_TEST

START_TEST(test_box_that_makes_no_sense_is_refused_with_its_name)
{
    static const char *const boxes[] = {
        "[]",
        "{}",
        "{\"format\":2,\"cards\":[],\"writing\":{}}",
        "{\"format\":1,\"cards\":{},\"writing\":{}}",
        "{\"format\":1,\"cards\":[1],\"writing\":{}}",
        "{\"format\":1,\"cards\":[\"ca-1\"],\"writing\":{}}",
        "{\"format\":1,\"cards\":[\"../units\"],\"writing\":{}}",
        "{\"format\":1,\"cards\":[\"gone\"],\"writing\":{}}",
        "{\"format\":1,\"cards\":[],\"writing\":{\"ca-1\":{\"front\":\"a\"}}}",
        "{\"format\":1,\"cards\":[],\"writing\":{\"ca-1\":{\"front\":\"a\\u0007\",\"back\":\"\"}}}",
    };
    g_autoptr(TestDirectory) directory = test_directory_new();
    g_autofree char *path = g_build_filename(directory->path, "box.json", NULL);

    sim_world_free(test_world_open(directory));
    for (size_t i = 0; i < G_N_ELEMENTS(boxes); i++) {
        const SimWorldOptions options = { .delay_ms = -1 };
        g_autoptr(GError) error = NULL;

        ck_assert(g_file_set_contents(path, boxes[i], -1, NULL));
        ck_assert_ptr_null(sim_world_new(directory->path, &options, &error));
        ck_assert_msg(strstr(error->message, "gone") != NULL ||
                          strstr(error->message, "box.json") != NULL,
                      "%s: %s", boxes[i], error->message);
    }
}
END_TEST

START_TEST(test_cards_and_notes_that_make_no_sense_are_refused)
{
    static const char *const commands[] = {
        "{\"command\":\"add-card\",\"label\":\"CA-1\"}",
        "{\"command\":\"add-card\",\"label\":\"../x\"}",
        "{\"command\":\"add-card\",\"label\":\"\"}",
        "{\"command\":\"add-card\",\"label\":7}",
        "{\"command\":\"add-card\",\"applet\":\"gsm\"}",
        "{\"command\":\"add-card\",\"extended_length\":1}",
        "{\"command\":\"note\"}",
        "{\"command\":\"note\",\"card\":\"ca-1\"}",
        "{\"command\":\"note\",\"card\":\"nobody\",\"front\":\"x\"}",
        "{\"command\":\"note\",\"card\":\"ca-1\",\"front\":3}",
        "{\"command\":\"note\",\"card\":\"ca-1\",\"front\":\"line\\nline\"}",
        "{\"command\":\"note\",\"card\":\"ca-1\",\"front\":\"0123456789012345678901234567890\"}",
        "{\"command\":\"watch\"}",
        "{\"command\":\"watch\",\"revision\":-1}",
        "{\"command\":\"watch\",\"revision\":0,\"timeout_ms\":-1}",
        "{\"command\":\"desk\",\"only\":\"yes\"}",
    };
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autoptr(TkeSimClient) client = socket_fixture_client(fixture);
    g_autoptr(JsonObject) status = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autoptr(GError) error = socket_fixture_control(client, commands[i]);

        ck_assert_msg(error != NULL && error->domain == TKE_SIM_ERROR, "%s", commands[i]);
    }
    status = ask(client, "{\"command\":\"status\"}");
    ck_assert_uint_eq(json_array_get_length(json_object_get_array_member(status, "cards")), 3);
    ck_assert_int_eq(json_object_get_int_member(status, "desks"), 0);
}
END_TEST

START_TEST(test_full_box_takes_no_card_more)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autoptr(GError) error = NULL;
    unsigned n = sim_world_get_n_cards(fixture->world);

    while (n < 256) {
        ck_assert_ptr_nonnull(
            sim_world_add_card(fixture->world, NULL, SIM_CARD_BLANK, true, &error));
        n++;
    }
    ck_assert_ptr_null(sim_world_add_card(fixture->world, NULL, SIM_CARD_BLANK, true, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "256"));
    ck_assert_uint_eq(sim_world_get_n_cards(fixture->world), 256);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_watch_tells_a_card_that_is_put_in_at_once);
    tcase_add_test(tests, test_watch_tells_each_kind_of_fault_at_once);
    tcase_add_test(tests, test_watch_does_not_wait_for_what_is_new_already);
    tcase_add_test(tests, test_watch_ends_when_nothing_happens);
    tcase_add_test(tests, test_watch_tells_what_a_unit_has_done);
    tcase_add_test(tests, test_watch_follows_the_keys_of_a_pad_one_by_one);
    tcase_add_test(tests, test_watch_tells_that_a_program_holds_a_reader_and_lets_it_go);
    tcase_add_test(tests, test_server_stops_while_somebody_watches);
    tcase_add_test(tests, test_second_desk_is_refused_and_calls_the_first);
    tcase_add_test(tests, test_desk_whose_connection_ended_no_longer_counts);
    tcase_add_test(tests, test_added_card_gets_the_next_free_label_and_can_be_used);
    tcase_add_test(tests, test_added_cards_and_writing_survive_a_restart);
    tcase_add_test(tests, test_box_that_makes_no_sense_is_refused_with_its_name);
    tcase_add_test(tests, test_cards_and_notes_that_make_no_sense_are_refused);
    tcase_add_test(tests, test_full_box_takes_no_card_more);
}

int
main(void)
{
    return test_main("control of a desk", add_tests);
}
