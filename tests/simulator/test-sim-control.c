/*
 * Control commands of tke-sim: a person at the pads, faults, status.
 */
#include <check.h>
#include <string.h>

#include "libsmartcard/card-error.h"
#include "libsmartcard/card.h"
#include "libsmartcard/pin-pad.h"
#include "simulator/sim-reader-private.h"
#include "tests/simulator/socket-fixture.h"
#include "tests/support/test-main.h"

/* ---- a person at the pads ---- */

typedef struct Entry {
    TkeCard *card;
    bool good;
} Entry;

static void *
enter_pin(void *data)
{
    Entry *entry = data;

    entry->good = tke_pin_pad_set(entry->card, TKE_PIN_FIRST, NULL);
    return NULL;
}

/* A CA card in reader 1 whose first PIN is being set, by a thread of its own. */
static GThread *
start_entry(const SocketFixture *fixture, TkeCardSource *source, Entry *entry)
{
    bool found = false;

    socket_fixture_command(fixture, "{\"command\":\"insert\",\"reader\":1,\"card\":\"ca-1\"}");
    entry->card = tke_card_open(source, "Left", 1, NULL, NULL);
    ck_assert_ptr_nonnull(entry->card);
    ck_assert(tke_card_select(entry->card, TKE_CARD_KIND_CA, &found, NULL));
    return g_thread_new("entry", enter_pin, entry);
}

START_TEST(test_pin_entry_on_one_reader_does_not_block_the_other)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    TkeCardSource *source = socket_fixture_source(fixture);
    g_autoptr(TkeCard) other = NULL;
    g_autoptr(TkeSimClient) desk = socket_fixture_client(fixture);
    g_autoptr(GError) error = NULL;
    Entry entry = { 0 };
    GThread *thread = start_entry(fixture, source, &entry);
    bool found = false;

    ck_assert_ptr_null(socket_fixture_control(desk, "{\"command\":\"wait-pad\",\"reader\":1}"));
    ck_assert_ptr_null(
        socket_fixture_control(desk, "{\"command\":\"insert\",\"reader\":2,\"card\":\"ep11-1\"}"));
    other = tke_card_open(source, "Right", 2, NULL, &error);
    ck_assert_ptr_nonnull(other);
    ck_assert(tke_card_select(other, TKE_CARD_KIND_EP11, &found, &error));
    ck_assert(found);
    ck_assert(socket_fixture_is_alive(fixture));

    ck_assert_ptr_null(
        socket_fixture_control(desk, "{\"command\":\"pin\",\"reader\":1,\"digits\":\"314159\"}"));
    ck_assert_ptr_null(socket_fixture_control(
        desk, "{\"command\":\"keys\",\"reader\":1,\"keys\":\"99X314159E\"}"));
    g_thread_join(thread);
    ck_assert(entry.good);
    tke_card_free(entry.card);
    source->ops->free(source);
}
END_TEST

START_TEST(test_pad_that_does_not_ask_is_told)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autoptr(TkeSimClient) desk = socket_fixture_client(fixture);
    g_autoptr(GError) error = socket_fixture_control(
        desk, "{\"command\":\"pin\",\"reader\":1,\"digits\":\"1\",\"timeout_ms\":1}");

    ck_assert(g_error_matches(error, TKE_SIM_ERROR, TKE_SIM_STATUS_TIMEOUT));
}
END_TEST

START_TEST(test_server_stops_while_a_pad_waits)
{
    SocketFixture *fixture = socket_fixture_new();
    TkeCardSource *source = socket_fixture_source(fixture);
    Entry entry = { 0 };
    GThread *thread = start_entry(fixture, source, &entry);

    socket_fixture_command(fixture, "{\"command\":\"wait-pad\",\"reader\":1}");
    socket_fixture_free(fixture);
    g_thread_join(thread);
    ck_assert(!entry.good);
    tke_card_free(entry.card);
    source->ops->free(source);
}
END_TEST

START_TEST(test_commands_that_make_no_sense_are_refused)
{
    static const char *const commands[] = {
        "{}",
        "{\"command\":1}",
        "{\"command\":\"dance\"}",
        "{\"command\":\"insert\"}",
        "{\"command\":\"insert\",\"reader\":\"1\",\"card\":\"ca-1\"}",
        "{\"command\":\"insert\",\"reader\":9,\"card\":\"ca-1\"}",
        "{\"command\":\"insert\",\"reader\":1,\"card\":\"nobody\"}",
        "{\"command\":\"remove\",\"reader\":1}",
        "{\"command\":\"pin\",\"reader\":1}",
        "{\"command\":\"pin\",\"reader\":1,\"digits\":\"12a\"}",
        "{\"command\":\"pin\",\"reader\":1,\"digits\":\"\"}",
        "{\"command\":\"keys\",\"reader\":1,\"keys\":\"1Z\"}",
        "{\"command\":\"pin\",\"reader\":1,\"digits\":\"1\",\"timeout_ms\":-1}",
        "{\"command\":\"fault\"}",
        "{\"command\":\"fault\",\"target\":\"moon\",\"fault\":\"full\"}",
        "{\"command\":\"fault\",\"target\":\"card\",\"name\":\"ca-1\",\"fault\":\"bent\"}",
        "{\"command\":\"fault\",\"target\":\"card\",\"name\":2,\"fault\":\"silent\"}",
        ("{\"command\":\"fault\",\"target\":\"card\",\"name\":\"ca-1\",\"fault\":\"cut\","
         "\"after\":0}"),
        "{\"command\":\"fault\",\"target\":\"card\",\"name\":\"ca-1\",\"fault\":\"block-pin\"}",
        "{\"command\":\"fault\",\"target\":\"card\",\"name\":\"ep11-1\",\"fault\":\"forged-key\"}",
        "{\"command\":\"fault\",\"target\":\"card\",\"name\":\"ep11-1\",\"fault\":\"fill-up\"}",
        ("{\"command\":\"fault\",\"target\":\"reader\",\"reader\":1,\"fault\":\"no-keypad\","
         "\"on\":1}"),
        "{\"command\":\"fault\",\"target\":\"reader\",\"reader\":7,\"fault\":\"held\"}",
        "{\"command\":\"fault\",\"target\":\"service\",\"fault\":\"bent\"}",
    };
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autoptr(TkeSimClient) desk = socket_fixture_client(fixture);

    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autoptr(GError) error = socket_fixture_control(desk, commands[i]);

        ck_assert_msg(error != NULL && error->domain == TKE_SIM_ERROR, "%s", commands[i]);
    }
}
END_TEST

/* ---- faults ---- */

START_TEST(test_service_that_does_not_run_is_told_and_comes_back)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    TkeCardSource *source = socket_fixture_source(fixture);
    g_autoptr(TkeCard) card = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) dead = NULL;
    g_autoptr(GPtrArray) none = NULL;
    g_autoptr(GPtrArray) again = NULL;
    bool found = false;

    socket_fixture_command(fixture, "{\"command\":\"insert\",\"reader\":1,\"card\":\"ca-1\"}");
    card = tke_card_open(source, "Left", 1, NULL, NULL);
    ck_assert_ptr_nonnull(card);
    socket_fixture_command(fixture,
                           "{\"command\":\"fault\",\"target\":\"daemon\",\"fault\":\"stopped\"}");
    none = source->ops->list(source, &error);
    ck_assert_ptr_null(none);
    ck_assert(g_error_matches(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_SERVICE));
    socket_fixture_command(fixture,
                           "{\"command\":\"fault\",\"target\":\"all\",\"fault\":\"clear\"}");
    again = source->ops->list(source, NULL);
    ck_assert_ptr_nonnull(again);
    /* A connection of before stays dead. */
    ck_assert(!tke_card_select(card, TKE_CARD_KIND_CA, &found, &dead));
    ck_assert_int_eq(tke_card_error_code(dead), TKE_CARD_ERROR_NO_SERVICE);
    source->ops->free(source);
}
END_TEST

START_TEST(test_reader_held_by_another_program_is_told)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    TkeCardSource *source = socket_fixture_source(fixture);
    g_autoptr(GError) error = NULL;

    socket_fixture_command(fixture, "{\"command\":\"insert\",\"reader\":1,\"card\":\"ca-1\"}");
    socket_fixture_command(
        fixture, "{\"command\":\"fault\",\"target\":\"reader\",\"reader\":1,\"fault\":\"held\"}");
    ck_assert_ptr_null(source->ops->connect(source, "Left", NULL, &error));
    ck_assert(g_error_matches(error, TKE_CARD_ERROR, TKE_CARD_ERROR_IN_USE));
    source->ops->free(source);
}
END_TEST

START_TEST(test_reader_that_is_unplugged_is_told)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    TkeCardSource *source = socket_fixture_source(fixture);
    g_autoptr(TkeCard) card = NULL;
    g_autoptr(GError) error = NULL;
    bool found = false;

    socket_fixture_command(fixture, "{\"command\":\"insert\",\"reader\":1,\"card\":\"ca-1\"}");
    card = tke_card_open(source, "Left", 1, NULL, NULL);
    socket_fixture_command(fixture,
                           "{\"command\":\"fault\",\"target\":\"reader\",\"fault\":\"unplugged\"}");
    ck_assert(!tke_card_select(card, TKE_CARD_KIND_CA, &found, &error));
    ck_assert_int_eq(tke_card_error_code(error), TKE_CARD_ERROR_NO_READER);
    source->ops->free(source);
}
END_TEST

START_TEST(test_card_that_a_fault_pulls_is_out_of_its_reader)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    TkeCardSource *source = socket_fixture_source(fixture);
    g_autoptr(TkeCard) card = NULL;
    g_autoptr(GError) error = NULL;
    bool found = false;

    socket_fixture_command(fixture, "{\"command\":\"insert\",\"reader\":1,\"card\":\"ca-1\"}");
    socket_fixture_command(
        fixture,
        "{\"command\":\"fault\",\"target\":\"card\",\"name\":1,\"fault\":\"pull-before\"}");
    card = tke_card_open(source, "Left", 1, NULL, NULL);
    ck_assert_ptr_nonnull(card);
    ck_assert(!tke_card_select(card, TKE_CARD_KIND_CA, &found, &error));
    ck_assert_int_eq(tke_card_error_code(error), TKE_CARD_ERROR_REMOVED);
    ck_assert_uint_eq(sim_world_get_place(fixture->world, sim_world_get_card(fixture->world, 0)),
                      0);
    source->ops->free(source);
}
END_TEST

/* The caller unrefs. */
static JsonObject *
query_status(const SocketFixture *fixture)
{
    g_autoptr(TkeSimClient) client = socket_fixture_client(fixture);
    g_autoptr(JsonObject) command = json_object_new();
    JsonObject *status = NULL;

    json_object_set_string_member(command, "command", "status");
    status = tke_sim_client_command(client, command, NULL);
    ck_assert_ptr_nonnull(status);
    return status;
}

/* The status names the faults of the first reader, the first of the table among them. */
static void
check_reader_faults(const SocketFixture *fixture, unsigned n)
{
    g_autoptr(JsonObject) status = query_status(fixture);
    JsonArray *faults = NULL;

    faults = json_object_get_array_member(
        json_array_get_object_element(json_object_get_array_member(status, "readers"), 0),
        "faults");
    ck_assert_uint_eq(json_array_get_length(faults), n);
    if (n > 0) {
        ck_assert_str_eq(json_array_get_string_element(faults, 0), "claims-keypad");
    }
}

static gint64
query_moved(const SocketFixture *fixture, unsigned number)
{
    g_autoptr(JsonObject) status = query_status(fixture);
    JsonArray *readers = json_object_get_array_member(status, "readers");

    return json_object_get_int_member(json_array_get_object_element(readers, number - 1),
                                      "moved_us");
}

/* Who measures what follows counts from then, not from the order. */
START_TEST(test_status_tells_when_a_card_was_moved)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    const gint64 before = g_get_monotonic_time();
    gint64 in = 0;
    gint64 between = 0;

    ck_assert_int_eq(query_moved(fixture, 1), 0);
    socket_fixture_command(fixture, "{\"command\":\"insert\",\"reader\":1,\"card\":\"ca-1\"}");
    in = query_moved(fixture, 1);
    between = g_get_monotonic_time();
    ck_assert(before <= in && in <= between);
    ck_assert_int_eq(query_moved(fixture, 1), in);
    ck_assert_int_eq(query_moved(fixture, 2), 0);
    socket_fixture_command(fixture, "{\"command\":\"remove\",\"reader\":1}");
    ck_assert_int_ge(query_moved(fixture, 1), between);
}
END_TEST

START_TEST(test_every_fault_of_a_reader_can_be_ordered_and_ends)
{
    static const char *const words[] = {
#define FAULT(word, name) word,
#include "simulator/sim-reader-fault.inc"
#undef FAULT
    };
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    SimReader *left = sim_world_find_reader(fixture->world, "Left");
    SimReader *right = sim_world_find_reader(fixture->world, "Right");

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        SimReaderFault fault = 0;
        g_autofree char *text = g_strdup_printf(
            "{\"command\":\"fault\",\"target\":\"reader\",\"reader\":%zu,\"fault\":\"%s\"}",
            1 + i % 2, words[i]);

        socket_fixture_command(fixture, text);
        ck_assert(sim_reader_find_fault(words[i], &fault));
        ck_assert_str_eq(sim_reader_fault_word(fault), words[i]);
        ck_assert(sim_reader_has_fault(left, fault) == (i % 2 == 0));
        ck_assert(sim_reader_has_fault(right, fault) == (i % 2 == 1));
    }
    check_reader_faults(fixture, (G_N_ELEMENTS(words) + 1) / 2);
    socket_fixture_command(fixture, "{\"command\":\"fault\",\"target\":\"reader\",\"reader\":1,"
                                    "\"fault\":\"two-codes\",\"on\":false}");
    ck_assert(sim_reader_has_fault(left, SIM_READER_FAULT_CLAIMS_KEYPAD));
    socket_fixture_command(
        fixture, "{\"command\":\"fault\",\"target\":\"reader\",\"reader\":1,\"fault\":\"honest\"}");
    check_reader_faults(fixture, 0);
    ck_assert_uint_eq(left->faults, 0);
    ck_assert_uint_ne(right->faults, 0);
    socket_fixture_command(fixture,
                           "{\"command\":\"fault\",\"target\":\"all\",\"fault\":\"clear\"}");
    ck_assert_uint_eq(right->faults, 0);
}
END_TEST

START_TEST(test_every_fault_of_cards_and_service_can_be_ordered)
{
    static const char *const cards[] = { "pull-before", "pull-after", "silent", "silent-after",
                                         "garbage",     "cut",        "status", "torn-before",
                                         "torn-after",  "unwritable", "genuine" };
    static const char *const service[] = { "drop-before",     "drop-after",     "silence",
                                           "silence-after",   "http",           "garbage",
                                           "bad-json",        "oversized",      "cut",
                                           "truncated",       "htp-error",      "cprb-code",
                                           "outer-code",      "code",           "bad-signature",
                                           "no-signature",    "stale-counter",  "wrong-serial",
                                           "wrong-module",    "wrong-domain",   "wrong-command",
                                           "forged-chain",    "forged-root",    "false-empty",
                                           "false-committed", "other-part",     "wrong-pattern",
                                           "expire-tokens",   "listed-nowhere", "listed-twice",
                                           "no-parts",        "clear" };
    g_autoptr(SocketFixture) fixture = socket_fixture_new();

    for (size_t i = 0; i < G_N_ELEMENTS(cards); i++) {
        g_autofree char *text =
            g_strdup_printf("{\"command\":\"fault\",\"target\":\"card\",\"name\":\"ep11-1\","
                            "\"fault\":\"%s\",\"after\":2,\"times\":3}",
                            cards[i]);

        socket_fixture_command(fixture, text);
    }
    ck_assert_uint_eq(sim_card_faults_left(sim_world_get_card(fixture->world, 1)), 30);
    for (size_t i = 0; i < G_N_ELEMENTS(service); i++) {
        g_autofree char *text = g_strdup_printf(
            "{\"command\":\"fault\",\"target\":\"service\",\"fault\":\"%s\"}", service[i]);

        socket_fixture_command(fixture, text);
    }
    socket_fixture_command(fixture,
                           "{\"command\":\"fault\",\"target\":\"all\",\"fault\":\"clear\"}");
    ck_assert_uint_eq(sim_card_faults_left(sim_world_get_card(fixture->world, 1)), 0);
}
END_TEST

/* The words that an array of the first card of EP11 in the status has, with a blank after each. */
static char *
dup_words(const SocketFixture *fixture, const char *member)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(JsonObject) status = query_status(fixture);
    JsonArray *words = json_object_get_array_member(
        json_array_get_object_element(json_object_get_array_member(status, "cards"), 1), member);

    for (unsigned i = 0; i < json_array_get_length(words); i++) {
        g_string_append_printf(text, "%s ", json_array_get_string_element(words, i));
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

START_TEST(test_status_names_what_is_unusual_of_a_card_and_what_waits_for_it)
{
    static const char *const orders[] = { "lacks\",\"mark\":1,\"x\":\"",
                                          "full",
                                          "other-keys",
                                          "locked-keys",
                                          "version\",\"version\":\"2.0.0",
                                          "no-manager",
                                          "foreign",
                                          "t0",
                                          "odd-atr",
                                          "silent",
                                          "unwritable" };
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autofree char *none = dup_words(fixture, "unusual");
    g_autofree char *unusual = NULL;
    g_autofree char *waiting = NULL;
    g_autofree char *left = NULL;

    ck_assert_str_eq(none, "");
    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        g_autofree char *text = g_strdup_printf("{\"command\":\"fault\",\"target\":\"card\","
                                                "\"name\":\"ep11-1\",\"fault\":\"%s\"}",
                                                orders[i]);

        socket_fixture_command(fixture, text);
    }
    unusual = dup_words(fixture, "unusual");
    waiting = dup_words(fixture, "waiting");
    ck_assert_str_eq(unusual,
                     "lacks full other-keys locked-keys version no-manager foreign t0 odd-atr ");
    ck_assert_str_eq(waiting, "silent unwritable ");
    socket_fixture_command(fixture,
                           "{\"command\":\"fault\",\"target\":\"all\",\"fault\":\"clear\"}");
    left = dup_words(fixture, "unusual");
    ck_assert_str_eq(left, "");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_pin_entry_on_one_reader_does_not_block_the_other);
    tcase_add_test(tests, test_pad_that_does_not_ask_is_told);
    tcase_add_test(tests, test_server_stops_while_a_pad_waits);
    tcase_add_test(tests, test_commands_that_make_no_sense_are_refused);
    tcase_add_test(tests, test_service_that_does_not_run_is_told_and_comes_back);
    tcase_add_test(tests, test_reader_held_by_another_program_is_told);
    tcase_add_test(tests, test_reader_that_is_unplugged_is_told);
    tcase_add_test(tests, test_card_that_a_fault_pulls_is_out_of_its_reader);
    tcase_add_test(tests, test_status_tells_when_a_card_was_moved);
    tcase_add_test(tests, test_every_fault_of_a_reader_can_be_ordered_and_ends);
    tcase_add_test(tests, test_every_fault_of_cards_and_service_can_be_ordered);
    tcase_add_test(tests, test_status_names_what_is_unusual_of_a_card_and_what_waits_for_it);
}

int
main(void)
{
    return test_main("sim-control", add_tests);
}
