/*
 * Virtual cards: selection, form of APDUs, order of checks, chaining, collecting
 * (card-protocol.md, 1, 2).
 */
#include "tests/simulator/card-talk.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

START_TEST(test_atr_is_t1_and_its_check_byte_is_right)
{
    g_autoptr(SimCard) card = talk_new_card(SIM_CARD_EP11, 1);
    uint8_t atr[SIM_CARD_ATR_MAX] = { 0 };
    size_t len = 0;
    double cost_ms = 1;
    uint8_t check = 0;

    sim_card_power_on(card, atr, &len, &cost_ms);
    for (size_t i = 1; i < len; i++) {
        check ^= atr[i];
    }
    ck_assert_uint_eq(atr[0], 0x3b);
    ck_assert_uint_eq(atr[2] & 0x0f, 1);
    ck_assert_uint_eq(check, 0);
    ck_assert_double_eq(cost_ms, 0);
}
END_TEST

START_TEST(test_a_card_on_t0_has_answers_collected_and_lengths_corrected)
{
    g_autoptr(SimCard) card = talk_new_card(SIM_CARD_EP11, 1);
    uint8_t atr[SIM_CARD_ATR_MAX] = { 0 };
    size_t len = 0;
    double cost_ms = 0;

    sim_card_set_extended_length(card, true);
    sim_card_set_trait(card, SIM_CARD_T0, 0);
    sim_card_power_on(card, atr, &len, &cost_ms);
    test_bytes_check(atr, len, "3b0b4f70656e544b452073696d");
    expect_answer(card, "80ca00e000", "6c14"); /* the card manager's keys */
    expect_answer(card, "80ca00e014", "e012c00401ff8810c00402ff8810c00403ff88109000");
    expect_answer(card, "80ca00e013", "6c14");
    expect_answer(card, "80ca00cf00", "6a88"); /* another command ends it */
    expect_answer(card, "80ca00e014", "e012c00401ff8810c00402ff8810c00403ff88109000");
    expect_answer(card, "00a4040007f04f544b450102", "611c");
    expect_answer(card, "00c000001c",
                  "6f1a 8407f04f544b450102 a50f 9f6e03010000 9f65020400 9f660100 9000");
    expect_answer(card, "00a4040007f04f544b45010200", "611c"); /* Le is not on the line */
    /* neither data nor answer: P3 is 00 */
    expect_answer(card, "0020008100", "6985");
    expect_answer(card, "00a40400000007f04f544b4501020000", "6700"); /* no extended length */
}
END_TEST

START_TEST(test_only_the_whole_aid_of_the_installed_applet_is_found)
{
    g_autoptr(SimCard) ep11 = talk_new_card(SIM_CARD_EP11, 1);
    g_autoptr(SimCard) blank = sim_card_new("blank", SIM_CARD_BLANK, NULL);
    uint8_t atr[SIM_CARD_ATR_MAX] = { 0 };
    size_t len = 0;
    double cost_ms = 0;

    sim_card_power_on(blank, atr, &len, &cost_ms);
    expect_answer(blank, "00a4040007f04f544b45010100", "6a82");
    expect_answer(blank, "00a4040007f04f544b45010200", "6a82");
    expect_answer(ep11, "00a4040007f04f544b45010100", "6a82");
    expect_answer(ep11, "00a4040006f04f544b450100", "6a82");
    expect_answer(ep11, "00a4040007f04f544b45010200",
                  "6f1a 8407f04f544b450102 a50f 9f6e03010000 9f65020400 9f660100 9000");
    expect_answer(ep11, "00a4000007f04f544b45010200", "6a86");
    expect_answer(ep11, "00a4040c07f04f544b45010200", "6a86");
}
END_TEST

START_TEST(test_nothing_is_done_before_selection_and_an_unknown_aid_changes_nothing)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) card = talk_new_member(ca, 2);
    uint8_t atr[SIM_CARD_ATR_MAX] = { 0 };
    size_t len = 0;
    double cost_ms = 0;

    expect_answer(card, "00a4040007f04f544b45010100", "6a82");
    expect_answer(card, "0020008100", "9000");
    sim_card_power_on(card, atr, &len, &cost_ms);
    expect_answer(card, "80ca00e000", "e012c00401ff8810c00402ff8810c00403ff88109000");
    expect_answer(card, "00c0000000", "6985");
    expect_answer(card, "84ca00e000", "6982");
}
END_TEST

START_TEST(test_a_card_without_power_does_not_answer)
{
    g_autoptr(SimCard) card = talk_new_card(SIM_CARD_EP11, 1);
    const uint8_t command[] = { 0x80, 0xca, 0x00, 0xe0, 0x00 };
    SimCardAnswer answer = { 0 };

    sim_card_power_off(card);
    ck_assert_int_eq(sim_card_exchange(card, command, sizeof command, &answer), SIM_CARD_OFF);
    ck_assert_uint_eq(answer.len, 0);
}
END_TEST

/* Rows of the table in 2, each refused at its step although later steps would refuse it as well. */
static const struct {
    const char *command;
    const char *sw;
} order[] = {
    { "84ca00e000", "6e00" }, /* class before instruction */
    { "01200081", "6e00" },   /* channel */
    { "80fe000000", "6d00" }, /* instruction before P1 */
    { "80200081", "6d00" },   /* class 00 has its own instructions */
    { "90200081083132333435363700", "6d00" },
    { "80ca0900017800", "6a86" },             /* P1 before data */
    { "00200082083132333435363700", "6a88" }, /* reference before block */
    { "00200182083132333435363700", "6a86" }, /* P1 before reference */
    { "002c0182", "6a88" },
    { "8046050200", "6a86" },
    { "80ca00e4017800", "6700" },
    { "80ca00", "6700" },         /* no whole header */
    { "80ca00e00500", "6700" },   /* Lc without data */
    { "80ca00e0000000", "6700" }, /* extended, which the card does not offer */
    { "80460600028e00", "6982" }, /* PIN before data, in life cycle 04 */
    { "804606000178", "6982" },
    { "802a9e0100", "6982" },
    { "80da01000278", "6700" },
    { "80da01000178", "6985" },   /* life cycle before data */
    { "00240181017800", "6985" }, /* PIN commands have an order of their own */
    { "002400810178", "6700" },
    { "002000810178", "6700" },
    { "0084000000ff", "6700" },
    { "0084000011", "6700" }, /* Le other than 10 and 00 */
    { "008400000131", "6700" },
    { "008800000178", "6700" },
    { "00c0010000", "6a86" },
    { "00c0000000", "6985" },
};

START_TEST(test_the_first_check_that_fails_gives_the_status_word)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) card = talk_new_member(ca, 2);

    talk_select(card);
    for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
        expect_answer(card, order[i].command, order[i].sw);
    }
}
END_TEST

START_TEST(test_the_ca_applet_has_its_own_commands)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);

    expect_answer(ca, "8046050003890141", "6a86");
    expect_answer(ca, "80e40100", "6d00");
    expect_answer(ca, "0084000010", "6d00");
    expect_answer(ca, "002c0181", "6d00");
    expect_answer(ca, "80ca010100", "6a86");
    expect_answer(ca, "80ca00e400", "6a88");
    expect_answer(ca, "0020008300", "6a88");
    expect_answer(ca, "8046010000", "6985");
    expect_answer(ca, "802a02000278", "6700");
    expect_answer(ca, "802a0200", "6a80");
}
END_TEST

START_TEST(test_an_absent_le_leaves_the_answer_to_be_collected)
{
    g_autoptr(SimCard) card = talk_new_card(SIM_CARD_EP11, 1);
    g_autofree char *rest = NULL;

    expect_answer(card, "80ca00e5", "6116");
    rest = talk_apdu(card, "00c0000000");
    ck_assert_uint_eq(strlen(rest), 2 * (22 + 2));
    expect_answer(card, "00c0000000", "6985");
}
END_TEST

START_TEST(test_an_unfinished_chain_is_lost_with_any_other_command)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) card = talk_new_member(ca, 2);

    expect_answer(card, "9046060002 8e01", "9000");
    expect_answer(card, "00fe0000", "6d00");
    expect_answer(card, "8046060001 41", "6a80");
    expect_answer(card, "9046060002 8e01", "9000");
    expect_answer(card, "90460600", "6700"); /* a block without data ends it as well */
    expect_answer(card, "8046060001 41", "6a80");
    expect_answer(card, "9046060002 8e01", "9000");
    expect_answer(card, "9046060003 41", "6700"); /* and so does a block that is no APDU, */
    expect_answer(card, "8046060001 41", "6a80");
    expect_answer(card, "9046060002 8e01", "9000");
    expect_answer(card, "8046060003 41", "6700"); /* also the last one */
    expect_answer(card, "8046060001 41", "6a80");
    expect_answer(card, "9046060002 8e01", "9000");
    talk_sw(card, "80460600", "41", 0x9000);
}
END_TEST

START_TEST(test_more_data_than_a_command_may_have_are_refused)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) card = talk_new_member(ca, 2);
    g_autoptr(GByteArray) data = g_byte_array_new();
    g_autoptr(GByteArray) got = NULL;
    g_autoptr(GByteArray) again = NULL;

    g_byte_array_set_size(data, 1025);
    memset(data->data, 0, data->len);
    got = talk_bytes(card, "80460600", data, 0x6700);
    sim_card_set_extended_length(card, true);
    again = talk_extended(card, "80460600", data, 0x6700);
    ck_assert_uint_eq(got->len + again->len, 0);
}
END_TEST

START_TEST(test_messages_of_every_length_can_be_signed)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) card = talk_new_member(ca, 2);
    g_autoptr(GByteArray) message = g_byte_array_new();
    g_autoptr(GByteArray) long_one = NULL;
    g_autoptr(GByteArray) too_long = NULL;

    g_byte_array_set_size(message, 65535);
    memset(message->data, 0x5a, message->len);
    long_one = talk_bytes(card, "802a9e03", message, 0x9000);
    ck_assert_uint_gt(long_one->len, 100);
    g_byte_array_append(message, (const uint8_t *) "x", 1);
    too_long = talk_bytes(card, "802a9e03", message, 0x6700);
    ck_assert_uint_eq(too_long->len, 0);
    talk_sw(card, "802a9e03", "78", 0x9000);
}
END_TEST

START_TEST(test_a_message_is_checked_with_its_first_block)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) card = talk_new_member(ca, 2);

    expect_answer(card, "902a9e0101 30", "6a88"); /* no signature key: step 6 comes first */
    talk_sw(card, "80460500", "8905416c696365", 0x9000);
    expect_answer(card, "902a9e0101 30", "6a80");
    expect_answer(card, "902a9e0208 30820100a0030201", "6a80");
    expect_answer(card, "902a9e0209 30820100a003020102", "9000");
    expect_answer(card, "0020ff81", "9000");
    expect_answer(card, "902a9e0209 30820100a003020102", "6982");
}
END_TEST

START_TEST(test_extended_length_is_told_and_taken)
{
    g_autoptr(SimCard) card = talk_new_card(SIM_CARD_EP11, 1);
    g_autofree char *probe = NULL;

    sim_card_set_extended_length(card, true);
    expect_answer(card, "00a4040007f04f544b45010200",
                  "6f1a 8407f04f544b450102 a50f 9f6e03010000 9f65020400 9f660101 9000");
    probe = talk_apdu(card, "80ca00e5000000");
    ck_assert(g_str_has_suffix(probe, "0a019000"));
    expect_answer(card, "80ca00e5 00 0004", "9a140101 6112");
    expect_answer(card, "80ca00e5 00 0000 00", "6700");
}
END_TEST

/* Headers of commands that read their data, with random data behind them. */
START_TEST(test_random_commands_are_answered)
{
    static const uint8_t ins[] = { 0x20, 0x24, 0x2a, 0x2c, 0x46, 0x84,
                                   0x88, 0xa4, 0xc0, 0xca, 0xda, 0xe4 };
    static const uint8_t tags[] = { 0x7f, 0x21, 0x4e, 0x5f, 0x37, 0x86, 0x92, 0x99, 0x89, 0x90 };
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) card = talk_new_member(ca, 2);
    g_autoptr(GRand) random = g_rand_new_with_seed(20240517);
    SimCard *cards[] = { ca, card };

    for (unsigned i = 0; i < 20000; i++) {
        uint8_t command[300] = { 0 };
        uint32_t len = (uint32_t) g_rand_int_range(random, 4, 40);
        SimCardAnswer answer = { 0 };

        for (uint32_t at = 0; at < len; at++) {
            command[at] = (uint8_t) g_rand_int_range(random, 0, at < 5 ? 16 : 256);
            if (at > 4 && g_rand_boolean(random)) {
                command[at] = tags[g_rand_int_range(random, 0, sizeof tags)];
            }
        }
        command[0] = (uint8_t) (g_rand_int_range(random, 0, 3) == 0 ? 0x00 : 0x80 + command[0]);
        command[0] &= 0x90;
        command[1] = ins[g_rand_int_range(random, 0, sizeof ins)];
        command[4] = len > 5 && g_rand_boolean(random) ? (uint8_t) (len - 5) : command[4];
        ck_assert_int_eq(sim_card_exchange(cards[i % 2], command, len, &answer), SIM_CARD_ANSWERED);
        ck_assert_uint_ge(answer.len, 2);
        ck_assert_uint_ne(answer.bytes[answer.len - 2], 0x6f);
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_atr_is_t1_and_its_check_byte_is_right);
    tcase_add_test(tests, test_a_card_on_t0_has_answers_collected_and_lengths_corrected);
    tcase_add_test(tests, test_only_the_whole_aid_of_the_installed_applet_is_found);
    tcase_add_test(tests, test_nothing_is_done_before_selection_and_an_unknown_aid_changes_nothing);
    tcase_add_test(tests, test_a_card_without_power_does_not_answer);
    tcase_add_test(tests, test_the_first_check_that_fails_gives_the_status_word);
    tcase_add_test(tests, test_the_ca_applet_has_its_own_commands);
    tcase_add_test(tests, test_an_absent_le_leaves_the_answer_to_be_collected);
    tcase_add_test(tests, test_an_unfinished_chain_is_lost_with_any_other_command);
    tcase_add_test(tests, test_more_data_than_a_command_may_have_are_refused);
    tcase_add_test(tests, test_messages_of_every_length_can_be_signed);
    tcase_add_test(tests, test_a_message_is_checked_with_its_first_block);
    tcase_add_test(tests, test_extended_length_is_told_and_taken);
    tcase_add_test(tests, test_random_commands_are_answered);
}

int
main(void)
{
    return test_main("sim-card", add_tests);
}
