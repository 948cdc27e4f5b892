/*
 * Blank and unusual cards in worlds: scenarios, faults, the applet file of rehearsals (4.12;
 * card-protocol.md, 1).
 */
#include <check.h>
#include <string.h>

#include "common/error.h"
#include "libsmartcard/cap-file.h"
#include "simulator/sim-applet.h"
#include "simulator/sim-gp-private.h"
#include "simulator/sim-scenario.h"
#include "tests/simulator/card-talk.h"
#include "tests/simulator/gp-host.h"
#include "tests/simulator/socket-fixture.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define SELECT_EP11 "00a4040007" GP_EP11 "00"
#define UNIT "{\"type\":\"operational\",\"zone\":\"z\",\"host\":\"h\",\"module\":1,\"domain\":1}"
#define SERVICE                                                                                    \
    "{\"account\":\"a\",\"user\":\"u\",\"resource_group\":\"g\",\"region\":\"r\",\"instances\":["  \
    "{\"id\":\"9f4d2c1e-7a35-4b8e-9c60-52d1e83b7f04\",\"name\":\"i\",\"units\":[" UNIT "]}]}"
#define HEAD "{\"format\":1,\"name\":\"x\",\"service\":" SERVICE ",\"readers\":[],"
#define KEY_A "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"

/* ---- the applet file ---- */

START_TEST(test_the_applet_file_of_rehearsals_is_ours_and_marked_as_meaningless)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeCapFile) cap = tke_cap_file_new(sim_applet, sim_applet_len, "applet", &error);
    const uint8_t *file = NULL;
    size_t len = 0;

    ck_assert_msg(cap != NULL, "%s", error == NULL ? "" : error->message);
    ck_assert(tke_cap_file_check_ours(cap, &error));
    ck_assert(tke_cap_file_is_rehearsal(cap));
    file = tke_cap_file_get_load_file(cap, &len);
    ck_assert_uint_ge(len, 28000);
    ck_assert_uint_le(len, 32000);
    ck_assert(sim_gp_file_is_valid(file, len));
}
END_TEST

/* Its only import is a package under our own provider's number that nobody has ever made. */
START_TEST(test_the_applet_file_of_rehearsals_links_on_no_real_card)
{
    g_autoptr(TkeCapFile) cap = tke_cap_file_new(sim_applet, sim_applet_len, "applet", NULL);
    g_autoptr(GByteArray) wanted = test_bytes("04 000b 01 00 01 07 f04f544b45ffff");
    const uint8_t *file = NULL;
    size_t len = 0;

    file = tke_cap_file_get_load_file(cap, &len);
    ck_assert_ptr_nonnull(memmem(file, len, wanted->data, wanted->len));
}
END_TEST

START_TEST(test_programs_get_the_applet_file_with_the_description_of_the_world)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autofree char *text = sim_world_dup_description(fixture->world);
    g_autoptr(JsonNode) root = json_from_string(text, NULL);
    const char *applet = json_object_get_string_member(json_node_get_object(root), "applet");
    g_autofree guchar *bytes = NULL;
    gsize len = 0;

    bytes = g_base64_decode(applet, &len);
    ck_assert_uint_eq(len, sim_applet_len);
    ck_assert_mem_eq(bytes, sim_applet, len);
}
END_TEST

START_TEST(test_a_virtual_card_takes_the_applet_file_and_keeps_its_digest)
{
    static const uint8_t id[SIM_CARD_ID_LEN] = { 0 };
    g_autoptr(SimCard) card = sim_card_new_with_id("card", SIM_CARD_BLANK, id, NULL);
    g_autoptr(TkeCapFile) cap = tke_cap_file_new(sim_applet, sim_applet_len, "applet", NULL);
    g_autoptr(GByteArray) file = g_byte_array_new();
    g_autoptr(GpHost) host = gp_host_new(card);
    g_autofree char *digest = NULL;
    const uint8_t *bytes = NULL;
    SimCardInfo info = { 0 };
    size_t len = 0;

    bytes = tke_cap_file_get_load_file(cap, &len);
    g_byte_array_append(file, bytes, (guint) len);
    talk_power(card);
    gp_host_open(host, 0x33);
    gp_host_expect(host, "80e60200", GP_FOR_LOAD, "009000");
    ck_assert_uint_eq(gp_host_load(host, file, 231), 0x9000);
    gp_host_expect(host, "80e60c00", GP_FOR_EP11, "009000");
    sim_card_get_info(card, &info);
    digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, len);
    test_bytes_check(info.package_hash, sizeof info.package_hash, digest);
}
END_TEST

/* ---- scenarios ---- */

static const char unusual[] =
    HEAD "\"cards\":["
         "{\"label\":\"plain\",\"applet\":\"none\"},"
         "{\"label\":\"old\",\"applet\":\"none\",\"manager\":{\"scp\":2,\"option\":\"55\","
         "\"memory\":5000,\"life_cycle\":\"01\"}},"
         "{\"label\":\"keyed\",\"applet\":\"none\",\"manager\":{\"option\":\"60\",\"key_sets\":["
         "{\"version\":1,\"keys\":[\"" KEY_A "\",\"" KEY_A "\",\"" KEY_A "\"]},"
         "{\"version\":2,\"tries\":0,\"sequence\":7,\"keys\":[\"" KEY_A KEY_A "\",\"" KEY_A KEY_A
         "\",\"" KEY_A KEY_A "\"]}]}},"
         "{\"label\":\"poor\",\"applet\":\"ep11\",\"manager\":{\"lacks\":[1,10],"
         "\"applet_version\":\"1.2.3\"}}]}";

START_TEST(test_a_scenario_makes_cards_as_it_says_and_they_stay_so)
{
    g_autoptr(TestDirectory) directory = test_directory_new();
    const SimWorldOptions options = { .scenario = directory->scenario, .delay_ms = -1 };

    ck_assert(g_file_set_contents(directory->scenario, unusual, -1, NULL));
    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(SimWorld) world = sim_world_new(directory->path, &options, &error);
        SimGpState gp = { 0 };
        SimCard *card = NULL;

        ck_assert_msg(world != NULL, "%s", error == NULL ? "" : error->message);
        card = sim_world_find_card(world, "plain", NULL);
        talk_power(card);
        expect_answer(card, SELECT_EP11, "6a82");
        expect_answer(card, "80ca00e000", "e012 c00401ff8810 c00402ff8810 c00403ff8810 9000");
        card = sim_world_find_card(world, "old", NULL);
        talk_power(card);
        expect_answer(card, "80caff2100", "ff210f 810100 820400001388 830400001000 9000");
        expect_answer(card, "80ca00e000", "e012 c00401ff8010 c00402ff8010 c00403ff8010 9000");
        card = sim_world_find_card(world, "keyed", NULL);
        talk_power(card);
        expect_answer(card, "80500200080001020304050607 00", "6983");
        expect_answer(card, "8050ff00080001020304050607 00", "6a88");
        sim_card_get_manager(card, &gp);
        ck_assert_uint_eq(gp.sets[1].key_len, 32);
        ck_assert_uint_eq(gp.sets[1].sequence, 7);
        card = sim_world_find_card(world, "poor", NULL);
        talk_power(card);
        expect_answer(card, SELECT_EP11,
                      "6f1a 8407f04f544b450102 a50f 9f6e03010203 9f65020400 9f660101 9000");
        expect_answer(card, "80ca00e500",
                      "9a14 0100 0201 0301 0401 0501 0601 0701 0801 0901 0a00 9000");
    }
}
END_TEST

static const struct {
    const char *manager;
    const char *named; /* part of the message */
} bad_managers[] = {
    { "1", "manager" },
    { "{\"scp\":4}", "scp" },
    { "{\"scp\":2}", "option" },
    { "{\"option\":\"40\"}", "option" },
    { "{\"option\":\"71\"}", "option" },
    { "{\"option\":\"7\"}", "option" },
    { "{\"life_cycle\":\"03\"}", "life_cycle" },
    { "{\"memory\":-1}", "memory" },
    { "{\"lacks\":[0]}", "lacks" },
    { "{\"lacks\":[11]}", "lacks" },
    { "{\"lacks\":[\"1\"]}", "lacks" },
    { "{\"lacks\":1}", "lacks" },
    { "{\"refusal\":\"6300\"}", "6988" },
    { "{\"refusal\":\"63c1\"}", "6988" },
    { "{\"refusal\":\"69\"}", "refusal" },
    { "{\"refusal\":25544}", "refusal" },
    { "{\"applet_version\":\"1.0\"}", "version" },
    { "{\"applet_version\":\"1.0.256\"}", "version" },
    { "{\"applet_version\":1}", "applet_version" },
    { "{\"key_sets\":[]}", "key_sets" },
    { "{\"key_sets\":[1]}", "key_sets" },
    { "{\"key_sets\":[{\"version\":0}]}", "version" },
    { "{\"key_sets\":[{\"version\":1}]}", "keys" },
    { "{\"key_sets\":[{\"version\":1,\"keys\":[\"" KEY_A "\"]}]}", "keys" },
    { "{\"key_sets\":[{\"version\":1,\"keys\":[\"" KEY_A "\",\"" KEY_A "\",\"00\"]}]}", "bytes" },
    { "{\"key_sets\":[{\"version\":1,\"keys\":[\"" KEY_A "\",\"" KEY_A "\",\"" KEY_A KEY_A "\"]}]}",
      "same length" },
    { "{\"key_sets\":[{\"version\":128,\"keys\":[\"" KEY_A "\",\"" KEY_A "\",\"" KEY_A "\"]}]}",
      "version" },
    { "{\"key_sets\":[{\"version\":1,\"tries\":11,\"keys\":[\"" KEY_A "\",\"" KEY_A "\",\"" KEY_A
      "\"]}]}",
      "tries" },
    { "{\"scp\":2,\"option\":\"15\",\"key_sets\":[{\"version\":1,\"keys\":[\"" KEY_A KEY_A
      "\",\"" KEY_A KEY_A "\",\"" KEY_A KEY_A "\"]}]}",
      "SCP02" },
};

START_TEST(test_card_managers_that_make_no_sense_are_refused_by_name)
{
    g_autoptr(TestDirectory) directory = test_directory_new();

    for (size_t i = 0; i < G_N_ELEMENTS(bad_managers); i++) {
        g_autofree char *text = g_strdup_printf(
            HEAD "\"cards\":[{\"label\":\"a\",\"applet\":\"none\",\"manager\":%s}]}",
            bad_managers[i].manager);
        g_autoptr(GError) error = NULL;

        ck_assert(g_file_set_contents(directory->scenario, text, -1, NULL));
        ck_assert_ptr_null(sim_scenario_load(directory->scenario, &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
        ck_assert_msg(strstr(error->message, bad_managers[i].named) != NULL, "%zu: %s", i,
                      error->message);
    }
}
END_TEST

/* What makers write about chips: only the serial number, which is another one on each card. */
START_TEST(test_cards_can_be_told_apart_by_their_serial_numbers)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_auto(GStrv) answers = g_new0(char *, 3);
    g_autofree char *again = NULL;
    static const uint8_t id[SIM_CARD_ID_LEN] = { 1 };
    g_autoptr(SimCard) plain = sim_card_new_with_id("plain", SIM_CARD_BLANK, id, NULL);

    for (unsigned i = 0; i < 2; i++) {
        SimCard *card = sim_world_get_card(fixture->world, i);

        talk_power(card);
        answers[i] = talk_apdu(card, "80ca9f7f00");
        ck_assert_uint_eq(strlen(answers[i]), 2 * (3 + 42 + 2));
        ck_assert(g_str_has_prefix(answers[i], "9f7f2a000000000000000000000000"));
    }
    ck_assert_str_ne(answers[0], answers[1]);
    again = talk_apdu(sim_world_get_card(fixture->world, 0), "80ca9f7f00");
    ck_assert_str_eq(again, answers[0]);
    talk_power(plain);
    expect_answer(plain, "80ca9f7f00", "6a88");
}
END_TEST

/* ---- faults ---- */

static void
order(const SocketFixture *fixture, const char *fault)
{
    g_autofree char *text = g_strdup_printf(
        "{\"command\":\"fault\",\"target\":\"card\",\"name\":\"ep11-2\",\"fault\":%s}", fault);

    socket_fixture_command(fixture, text);
}

static const struct {
    const char *fault;
    const char *command;
    const char *answer; /* as long as the fault lasts */
} card_traits[] = {
    { "\"lacks\",\"mark\":3", "80ca00e500",
      "9a14 0101 0201 0300 0401 0501 0601 0701 0801 0901 0a01 9000" },
    { "\"lacks\"", "80ca00e500", "9a14 0100 0201 0301 0401 0501 0601 0701 0801 0901 0a01 9000" },
    { "\"version\",\"version\":\"2.0.0\"", SELECT_EP11,
      "6f1a 8407f04f544b450102 a50f 9f6e03020000 9f65020400 9f660101 9000" },
    { "\"version\",\"version\":\"1.1.0\"", SELECT_EP11,
      "6f1a 8407f04f544b450102 a50f 9f6e03010100 9f65020400 9f660101 9000" },
    { "\"foreign\"", SELECT_EP11, "6a82" },
    { "\"foreign\"", "00a4040000", "6a82" },
    { "\"full\"", "80caff2100", "ff210f 810101 8204000003e8 830400001000 9000" },
    { "\"full\",\"memory\":5", "80caff2100", "ff210f 810101 820400000005 830400001000 9000" },
    { "\"locked-keys\"", "8050000008000102030405060700", "6983" },
};

/* What the trait changes is asked of the applet or of the card manager. */
static void
ask(SimCard *card, const char *command, const char *answer, bool same)
{
    g_autofree char *want = test_bytes_digits(answer);
    g_autofree char *got = NULL;

    talk_power(card);
    if (g_str_has_prefix(command, "80ca00e5")) {
        got = talk_apdu(card, SELECT_EP11);
        g_clear_pointer(&got, g_free);
    }
    got = talk_apdu(card, command);
    ck_assert_msg((strcmp(got, want) == 0) == same, "%s: %s", command, got);
}

START_TEST(test_unusual_cards_can_be_ordered_and_end)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    SimCard *card = sim_world_find_card(fixture->world, "ep11-2", NULL);
    const char *command = card_traits[_i].command;
    const char *answer = card_traits[_i].answer;

    ask(card, command, answer, false);
    order(fixture, card_traits[_i].fault);
    ask(card, command, answer, true);
    order(fixture, "\"genuine\"");
    ask(card, command, answer, false);
    order(fixture, card_traits[_i].fault);
    ask(card, command, answer, true);
    socket_fixture_command(fixture,
                           "{\"command\":\"fault\",\"target\":\"all\",\"fault\":\"clear\"}");
    ask(card, command, answer, false);
}
END_TEST

START_TEST(test_a_manager_that_answers_nonsense_leaves_the_applet_alone)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    SimCard *card = sim_world_find_card(fixture->world, "ep11-2", NULL);
    g_autofree char *answer = NULL;

    order(fixture, "\"no-manager\"");
    talk_power(card);
    answer = talk_apdu(card, "80ca006600");
    ck_assert(!g_str_has_prefix(answer, "66"));
    ck_assert(g_str_has_suffix(answer, "9000"));
    ask(card, SELECT_EP11, "6f1a 8407f04f544b450102 a50f 9f6e03010000 9f65020400 9f660101 9000",
        true);
}
END_TEST

START_TEST(test_a_card_with_other_keys_is_ordered)
{
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    SimCard *card = sim_world_find_card(fixture->world, "ep11-2", NULL);
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;

    /* The challenge is derived from the keys: other keys, another challenge. */
    order(fixture, "\"other-keys\"");
    talk_power(card);
    before = talk_apdu(card, "8050000008000102030405060700");
    ck_assert_ptr_null(strstr(before, "86c8bd65fa1044ee")); /* that of the test keys */
    order(fixture, "\"genuine\"");
    after = talk_apdu(card, "8050000008000102030405060700");
    ck_assert(g_str_has_suffix(before, "0000019000"));
    ck_assert(g_str_has_suffix(after, "0000029000"));
}
END_TEST

START_TEST(test_orders_that_make_no_sense_are_refused)
{
    static const char *const orders[] = {
        "\"lacks\",\"mark\":0",
        "\"lacks\",\"mark\":11",
        "\"lacks\",\"mark\":\"x\"",
        "\"full\",\"memory\":-1",
        "\"version\"",
        "\"version\",\"version\":2",
        "\"version\",\"version\":\"2\"",
        "\"empty\"",
    };
    g_autoptr(SocketFixture) fixture = socket_fixture_new();
    g_autoptr(TkeSimClient) desk = socket_fixture_client(fixture);

    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        g_autofree char *text =
            g_strdup_printf("{\"command\":\"fault\",\"target\":\"card\",\"name\":\"ep11-2\","
                            "\"fault\":%s}",
                            orders[i]);
        g_autoptr(GError) error = socket_fixture_control(desk, text);

        ck_assert_msg(error != NULL && error->domain == TKE_SIM_ERROR, "%s", orders[i]);
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_the_applet_file_of_rehearsals_is_ours_and_marked_as_meaningless);
    tcase_add_test(tests, test_the_applet_file_of_rehearsals_links_on_no_real_card);
    tcase_add_test(tests, test_programs_get_the_applet_file_with_the_description_of_the_world);
    tcase_add_test(tests, test_a_virtual_card_takes_the_applet_file_and_keeps_its_digest);
    tcase_add_test(tests, test_a_scenario_makes_cards_as_it_says_and_they_stay_so);
    tcase_add_test(tests, test_cards_can_be_told_apart_by_their_serial_numbers);
    tcase_add_test(tests, test_card_managers_that_make_no_sense_are_refused_by_name);
    tcase_add_loop_test(tests, test_unusual_cards_can_be_ordered_and_end, 0,
                        G_N_ELEMENTS(card_traits));
    tcase_add_test(tests, test_a_manager_that_answers_nonsense_leaves_the_applet_alone);
    tcase_add_test(tests, test_a_card_with_other_keys_is_ordered);
    tcase_add_test(tests, test_orders_that_make_no_sense_are_refused);
}

int
main(void)
{
    return test_main("sim-blank", add_tests);
}
