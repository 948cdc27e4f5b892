/*
 * What a virtual desk shows of a world and what it orders, without a window: made-up and real
 * answers of tke-sim.
 */
#include <check.h>
#include <string.h>

#include "simulator/desk-model.h"
#include "simulator/desk-words.h"
#include "simulator/sim-control.h"
#include "simulator/sim-json.h"
#include "simulator/sim-reader.h"
#include "tests/simulator/world-fixture.h"
#include "tests/support/test-main.h"

#define NOW 5000000

/* clang-format off */
#define CARDS \
    "{\"label\":\"ca-1\",\"kind\":\"ca\",\"front\":\"\",\"back\":\"\",\"description\":\"Officers\"," \
    " \"reader\":1,\"zone_description\":\"Zone\",\"faults\":0,\"genuine\":true," \
    " \"pins\":[{\"set\":true,\"tries\":5},{\"set\":true,\"tries\":0}]}," \
    "{\"label\":\"ep11-1\",\"kind\":\"ep11\",\"front\":\"Weber\",\"back\":\"PIN 1\",\"description\":\"\"," \
    " \"reader\":null,\"faults\":2,\"genuine\":true,\"key_parts\":3,\"ski\":\"00\"," \
    " \"pins\":[{\"set\":true,\"tries\":1}]}," \
    "{\"label\":\"new-1\",\"kind\":\"blank\",\"reader\":null,\"faults\":0}"
#define PAD \
    "{\"asking\":true,\"what\":\"again\",\"number\":7,\"entry\":2,\"entries\":2,\"digits\":2," \
    " \"min_digits\":6,\"max_digits\":6,\"left_ms\":12001,\"all_ms\":20000}"
#define STATUS(cards, first, second, more) \
    "{\"revision\":9,\"world\":\"/w\",\"scenario\":\"small\",\"desk_calls\":1,\"cards\":[" cards "]," \
    "\"readers\":[" \
    "{\"number\":1,\"name\":\"Left\",\"card\":\"ca-1\",\"connected\":true,\"pad\":" first "}," \
    "{\"number\":2,\"name\":\"Right\",\"card\":null,\"connected\":false,\"pad\":" second more "}]," \
    "\"service\":{\"faults\":[],\"units\":[{\"location\":\"AZ1\",\"kind\":\"CEX7\"," \
    "\"current\":\"Empty\",\"pending\":\"Empty\",\"administrators\":0}]}}"
#define QUIET "{\"asking\":false}"
/* clang-format on */

static SimDeskWorld *
parse(const char *text, GError **error)
{
    g_autoptr(JsonObject) status = sim_json_parse(text, -1, NULL);

    ck_assert_ptr_nonnull(status);
    return sim_desk_world_parse(status, "us-south", NOW, error);
}

static SimDeskWorld *
parse_good(const char *text)
{
    g_autoptr(GError) error = NULL;
    SimDeskWorld *world = parse(text, &error);

    ck_assert_msg(world != NULL, "%s", error == NULL ? "" : error->message);
    return world;
}

static SimDeskWorld *
asking_world(void)
{
    return parse_good(STATUS(CARDS, PAD, QUIET, ""));
}

static void
assert_text(char *text, const char *expected)
{
    ck_assert_str_eq(text, expected);
    g_free(text);
}

START_TEST(test_status_of_a_real_world_is_understood)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    SimWorld *made = test_world_open(directory);
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autoptr(SimDeskWorld) world = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert(sim_world_insert(made, 2, "ep11-1", NULL));
    json_builder_begin_object(builder);
    sim_control_describe(made, builder);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    world = sim_desk_world_parse(json_node_get_object(root), "us-south", NOW, &error);
    ck_assert_msg(world != NULL, "%s", error == NULL ? "" : error->message);
    ck_assert_uint_eq(world->cards->len, 3);
    ck_assert_uint_eq(world->readers->len, 2);
    ck_assert_uint_eq(world->units->len, 1);
    ck_assert_str_eq(sim_desk_world_find_reader(world, 2)->card, "ep11-1");
    ck_assert_uint_eq(sim_desk_world_find_card(world, "ep11-1")->reader, 2);
    ck_assert(sim_desk_world_find_reader(world, 1)->pin_pad);
    ck_assert(world->running);
    assert_text(sim_desk_world_dup_units(world), "Crypto units: 1 simulated, us-south");
    assert_text(sim_desk_world_dup_faults(world), "");
    sim_world_free(made);
}
END_TEST

START_TEST(test_status_that_makes_no_sense_is_refused)
{
    static const char *const texts[] = {
        "{}",
        "{\"revision\":1}",
        "{\"revision\":-1,\"world\":\"/w\",\"readers\":[],\"cards\":[],\"service\":{}}",
        "{\"revision\":1,\"world\":\"/w\",\"readers\":{},\"cards\":[],\"service\":{}}",
        "{\"revision\":1,\"world\":\"/w\",\"readers\":[],\"cards\":[1],\"service\":{}}",
        "{\"revision\":1,\"world\":\"/w\",\"readers\":[],\"cards\":[{}],\"service\":{}}",
        "{\"revision\":1,\"world\":\"/w\",\"readers\":[],\"cards\":[],\"service\":{}}",
        "{\"revision\":1,\"world\":7,\"readers\":[],\"cards\":[],\"service\":{\"faults\":[],"
        "\"units\":[]}}",
        STATUS("{\"label\":\"a\",\"kind\":\"ca\",\"reader\":-2}", QUIET, QUIET, ""),
        STATUS("{\"label\":\"a\",\"kind\":\"ca\",\"pins\":7}", QUIET, QUIET, ""),
        STATUS("{\"label\":\"a\",\"kind\":4}", QUIET, QUIET, ""),
        STATUS("{\"label\":\"a\",\"kind\":\"ca\",\"zone_id\":\"abc\xc3\xbc\"}", QUIET, QUIET, ""),
        STATUS(CARDS, "{\"asking\":1}", QUIET, ""),
        STATUS(CARDS, "{\"asking\":true}", QUIET, ""),
        STATUS(CARDS, QUIET, QUIET, ",\"held\":3"),
    };

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_msg(parse(texts[i], &error) == NULL, "%s", texts[i]);
        ck_assert_ptr_nonnull(strstr(error->message, "the status of the world"));
    }
}
END_TEST

START_TEST(test_pad_shows_dots_prompt_and_time)
{
    g_autoptr(SimDeskWorld) world = asking_world();
    const SimDeskPad *pad = &sim_desk_world_find_reader(world, 1)->pad;
    const SimDeskPad *dark = &sim_desk_world_find_reader(world, 2)->pad;

    assert_text(sim_desk_pad_dup_dots(pad), "●●○○○○");
    assert_text(sim_desk_pad_dup_prompt(pad), "New PIN again (2 of 2)");
    ck_assert_uint_eq(sim_desk_pad_left_s(pad, NOW), 13);
    ck_assert_uint_eq(sim_desk_pad_left_s(pad, NOW + 1000), 12);
    ck_assert_uint_eq(sim_desk_pad_left_s(pad, NOW + 12000000), 1);
    ck_assert_uint_eq(sim_desk_pad_left_s(pad, NOW + 12001000), 0);
    ck_assert_uint_eq(sim_desk_pad_left_s(pad, NOW + 99000000), 0);
    assert_text(sim_desk_pad_dup_dots(dark), "");
    assert_text(sim_desk_pad_dup_prompt(dark), "");
    ck_assert_uint_eq(sim_desk_pad_left_s(dark, NOW), 0);
}
END_TEST

START_TEST(test_keyboard_types_on_the_pad_that_asks)
{
    g_autoptr(SimDeskWorld) one = asking_world();
    g_autoptr(SimDeskWorld) both = parse_good(STATUS(CARDS, PAD, PAD, ""));
    g_autoptr(SimDeskWorld) none = parse_good(STATUS(CARDS, QUIET, QUIET, ""));

    ck_assert_uint_eq(sim_desk_world_typing(one, 0), 1);
    ck_assert_uint_eq(sim_desk_world_typing(one, 2), 1);
    ck_assert_uint_eq(sim_desk_world_typing(both, 0), 1);
    ck_assert_uint_eq(sim_desk_world_typing(both, 2), 2);
    ck_assert_uint_eq(sim_desk_world_typing(none, 1), 0);
}
END_TEST

START_TEST(test_card_says_what_is_wrong_with_it_before_its_description)
{
    g_autoptr(SimDeskWorld) world = asking_world();
    SimDeskCard *ca = g_ptr_array_index(world->cards, 0);
    const SimDeskCard *ep11 = sim_desk_world_find_card(world, "ep11-1");
    const SimDeskCard *blank = sim_desk_world_find_card(world, "new-1");

    ck_assert(sim_desk_card_is_in_trouble(ca));
    assert_text(sim_desk_card_dup_state(ca), "✗ PIN 2 blocked");
    assert_text(sim_desk_card_dup_name(ca), "CA card ca-1, in reader 1, ✗ PIN 2 blocked");
    ca->tries[1] = 3;
    ck_assert(!sim_desk_card_is_in_trouble(ca));
    assert_text(sim_desk_card_dup_state(ca), "Officers");
    ca->genuine = false;
    assert_text(sim_desk_card_dup_state(ca), "✗ not genuine");
    assert_text(sim_desk_card_dup_state(ep11), "⚠ 2 faults");
    ck_assert_str_eq(sim_desk_card_get_title(ep11), "Weber");
    assert_text(sim_desk_card_dup_details(ep11),
                "EP11 card Weber, in the box, ⚠ 2 faults\nPIN: 1 try left\nSignature key: yes\n"
                "Key parts: 3\nOn the back: PIN 1");
    ck_assert(!sim_desk_card_is_in_trouble(blank));
    ck_assert_str_eq(blank->version, "");
    assert_text(sim_desk_card_dup_name(blank), "Blank card new-1, in the box");
}
END_TEST

#define ONE_CARD(more)                                                                             \
    "{\"label\":\"a\",\"kind\":\"ep11\",\"reader\":null,\"description\":\"Weber\"," more "}"

START_TEST(test_unusual_card_says_how_on_its_face_and_more_in_its_details)
{
    static const struct {
        const char *card;
        const char *face;
        const char *details;
    } cases[] = {
        { ONE_CARD("\"genuine\":false,\"unusual\":[\"forged-id\"]"), "✗ not genuine",
          "Not genuine: other card id" },
        { ONE_CARD("\"applet_version\":\"99.0.0\",\"unusual\":[\"version\"]"), "⚠ applet 99.0.0",
          "Weber" },
        { ONE_CARD("\"unusual\":[\"foreign\"]"), "✗ foreign card", "Somebody else's card" },
        { ONE_CARD("\"unusual\":[\"full\",\"locked-keys\"]"), "✗ memory full +1",
          "Keys of the card manager are locked" },
        { ONE_CARD("\"faults\":1000000,\"waiting\":[\"silent\"]"), "⚠ will be mute",
          "No answer, nothing was carried out" },
        { ONE_CARD("\"unusual\":[\"bent\"]"), "⚠ bent", "Weber" },
        { ONE_CARD("\"zone_description\":\"Z\",\"zone_id\":\"1c7e9a4000010203\""), "Weber",
          "Zone: Z\n1C7E-9A40-0001-0203" },
        { ONE_CARD("\"zone_id\":\"1c7e9a4000010203\""), "Weber", "Zone: 1C7E-9A40-0001-0203" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            g_strdup_printf("{\"revision\":9,\"world\":\"/w\",\"cards\":[%s],\"readers\":[],"
                            "\"service\":{\"faults\":[],\"units\":[]}}",
                            cases[i].card);
        g_autoptr(SimDeskWorld) world = parse_good(text);
        const SimDeskCard *card = g_ptr_array_index(world->cards, 0);
        g_autofree char *details = sim_desk_card_dup_details(card);

        assert_text(sim_desk_card_dup_state(card), cases[i].face);
        ck_assert_msg(strstr(details, cases[i].details) != NULL, "%s", details);
        ck_assert_int_eq(sim_desk_card_is_in_trouble(card), strcmp(cases[i].face, "Weber") != 0);
    }
}
END_TEST

/* As many words as there are orders, and none that tke-sim does not know. */
START_TEST(test_every_word_for_a_fault_is_one_of_tke_sim_and_has_a_face)
{
    const SimDeskWord *const tables[] = { sim_desk_keypads, sim_desk_readers };

    for (unsigned i = 0; i < SIM_READER_FAULTS; i++) {
        const char *fault = sim_reader_fault_word((SimReaderFault) i);
        const SimDeskWord *word = sim_desk_word_find_reader(fault);

        ck_assert_msg(word != NULL && word->face != NULL, "%s", fault);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        for (const SimDeskWord *word = tables[i]; word->fault != NULL; word++) {
            SimReaderFault fault = 0;

            ck_assert_msg(sim_reader_find_fault(word->fault, &fault), "%s", word->fault);
        }
    }
    ck_assert_ptr_null(sim_desk_word_find(sim_desk_unusual_cards, "versions"));
    ck_assert_ptr_null(sim_desk_word_find(sim_desk_unusual_cards, "vers"));
}
END_TEST

START_TEST(test_reader_says_the_worst_of_its_states)
{
    g_autoptr(SimDeskWorld) world = asking_world();
    SimDeskReader *reader = g_ptr_array_index(world->readers, 0);
    const SimDeskReader *empty = sim_desk_world_find_reader(world, 2);

    assert_text(sim_desk_reader_dup_name(world, reader), "Reader 1, ca-1, waits for a PIN");
    assert_text(sim_desk_reader_dup_name(world, empty), "Reader 2, empty, ready");
    reader->pad.asking = false;
    ck_assert_str_eq(sim_desk_reader_get_state(world, reader), "● in use by a program");
    reader->held = true;
    ck_assert_str_eq(sim_desk_reader_get_state(world, reader), "✗ held by another program");
    assert_text(sim_desk_world_dup_faults(world),
                "⚠ Faults: another program holds reader 1 · ep11-1 will misbehave");
    world->running = false;
    ck_assert_str_eq(sim_desk_reader_get_state(world, reader), "✗ no smart card service");
    reader->plugged = false;
    ck_assert_str_eq(sim_desk_reader_get_state(world, reader), "✗ unplugged");
    g_strfreev(reader->faults);
    reader->faults = g_strsplit("quick-clock cut-features two-codes", " ", -1);
    assert_text(sim_desk_reader_dup_name(world, reader),
                "Reader 1, ca-1, unplugged, quick clock, wrong features");
    world->service_faults = 2;
    assert_text(
        sim_desk_world_dup_faults(world),
        "⚠ Faults: the smart card service does not run · reader 1 is unplugged · reader 1: quick "
        "clock, wrong features · ep11-1 will misbehave · 2 faults of the crypto units");
}
END_TEST

START_TEST(test_slot_offers_what_a_click_does)
{
    g_autoptr(SimDeskWorld) world = asking_world();
    const SimDeskReader *full = sim_desk_world_find_reader(world, 1);
    const SimDeskReader *empty = sim_desk_world_find_reader(world, 2);

    assert_text(sim_desk_reader_dup_offer(world, full, NULL), "Take ca-1 out of reader 1");
    assert_text(sim_desk_reader_dup_offer(world, full, "ep11-1"), "Put Weber into reader 1");
    assert_text(sim_desk_reader_dup_offer(world, empty, NULL),
                "Reader 2 is empty: take a card from the box first");
    assert_text(sim_desk_reader_dup_offer(world, empty, "gone"),
                "Reader 2 is empty: take a card from the box first");
}
END_TEST

/* ---- orders ---- */

static void
assert_order(JsonObject *order, const char *expected)
{
    assert_text(sim_json_to_text(order, false), expected);
}

static void
assert_orders(GPtrArray *orders, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; i < orders->len; i++) {
        g_autofree char *order = sim_json_to_text(g_ptr_array_index(orders, i), false);

        g_string_append(text, order);
    }
    ck_assert_str_eq(text->str, expected);
    g_ptr_array_unref(orders);
}

#define INSERT(reader, card) "{\"command\":\"insert\",\"reader\":" reader ",\"card\":\"" card "\"}"
#define REMOVE(reader) "{\"command\":\"remove\",\"reader\":" reader "}"

START_TEST(test_card_moves_with_as_few_orders_as_hands_need)
{
    g_autoptr(SimDeskWorld) world = asking_world();

    assert_orders(sim_desk_order_insert(world, "ep11-1", 2), INSERT("2", "ep11-1"));
    assert_orders(sim_desk_order_insert(world, "ep11-1", 1), REMOVE("1") INSERT("1", "ep11-1"));
    assert_orders(sim_desk_order_insert(world, "ca-1", 2), REMOVE("1") INSERT("2", "ca-1"));
    assert_orders(sim_desk_order_insert(world, "ca-1", 1), "");
    assert_orders(sim_desk_order_insert(world, "gone", 1), "");
    assert_orders(sim_desk_order_insert(world, "ca-1", 9), "");
    assert_orders(sim_desk_order_remove(world, 1), REMOVE("1"));
    assert_orders(sim_desk_order_remove(world, 2), "");
    assert_orders(sim_desk_order_remove(world, 0), "");
}
END_TEST

/* Takes the order. refusal: what it is refused with; "": it is carried out. */
static void
carry_out(const SimControl *control, JsonObject *order, const char *refusal)
{
    g_autoptr(JsonObject) owned = order;
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) answer = sim_control_run(control, owned, &error);
    g_autofree char *text = sim_json_to_text(owned, false);

    ck_assert_msg((answer != NULL) == (*refusal == '\0'), "%s: %s", text,
                  error == NULL ? "done" : error->message);
    if (error != NULL) {
        ck_assert_str_eq(error->message, refusal);
    }
}

START_TEST(test_every_order_is_one_that_tke_sim_carries_out)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    SimWorld *world = test_world_open(directory);
    const SimControl control = { .world = world };
    JsonObject *orders[] = {
        sim_desk_order_add_card("none"),
        sim_desk_order_note("ca-1", "A", "B"),
        sim_desk_order_card_fault("ca-1", "pull-before", 3, 2, 0),
        sim_desk_order_card_fault("ca-1", "status", 1, 1, 0x6A80),
        sim_desk_order_keypad(1, "quick-clock", true),
        sim_desk_order_keypad(1, "quick-clock", false),
        sim_desk_order_reader_fault(1, "honest"),
        sim_desk_order_reader_fault(2, "held"),
        sim_desk_order_daemon_fault("stopped"),
        sim_desk_order_unit_fault("drop-after", 1, 2, 0),
        sim_desk_order_unit_fault("expire-tokens", 0, 0, 1),
        sim_desk_order_clear_faults(),
    };

    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        carry_out(&control, orders[i], "");
    }
    for (const SimDeskWord *word = sim_desk_unusual_cards; word->fault != NULL; word++) {
        carry_out(&control, sim_desk_order_make("ep11-1", word->fault),
                  word->enrolled ? "card \"ep11-1\" is not enrolled"
                  : word->ep11   ? "card \"ep11-1\" is no personalized EP11 card"
                                 : "");
    }
    for (const SimDeskWord *word = sim_desk_card_faults; word->fault != NULL; word++) {
        carry_out(&control, sim_desk_order_card_fault("ep11-1", word->fault, 1, 1, 0), "");
    }
    sim_world_free(world);
}
END_TEST

START_TEST(test_key_does_not_wait_and_block_names_the_pin)
{
    g_autoptr(JsonObject) key = sim_desk_order_key(2, 'X');
    g_autoptr(JsonObject) block = sim_desk_order_block_pin("ca-1", 2);

    assert_order(key, "{\"command\":\"keys\",\"reader\":2,\"keys\":\"X\",\"timeout_ms\":0}");
    assert_order(block, "{\"command\":\"fault\",\"target\":\"card\",\"fault\":\"block-pin\","
                        "\"name\":\"ca-1\",\"pin\":2}");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_status_of_a_real_world_is_understood);
    tcase_add_test(tests, test_status_that_makes_no_sense_is_refused);
    tcase_add_test(tests, test_pad_shows_dots_prompt_and_time);
    tcase_add_test(tests, test_keyboard_types_on_the_pad_that_asks);
    tcase_add_test(tests, test_card_says_what_is_wrong_with_it_before_its_description);
    tcase_add_test(tests, test_unusual_card_says_how_on_its_face_and_more_in_its_details);
    tcase_add_test(tests, test_every_word_for_a_fault_is_one_of_tke_sim_and_has_a_face);
    tcase_add_test(tests, test_reader_says_the_worst_of_its_states);
    tcase_add_test(tests, test_slot_offers_what_a_click_does);
    tcase_add_test(tests, test_card_moves_with_as_few_orders_as_hands_need);
    tcase_add_test(tests, test_every_order_is_one_that_tke_sim_carries_out);
    tcase_add_test(tests, test_key_does_not_wait_and_block_names_the_pin);
}

int
main(void)
{
    return test_main("desk-model", add_tests);
}
