/*
 * Secure channels of virtual cards: sessions with a host of the tests' own, every refusal, locking
 * (GlobalPlatform Card Specification 2.3, annex E; Amendment D).
 */
#include <string.h>

#include "simulator/sim-card-private.h"
#include "tests/simulator/card-talk.h"
#include "tests/simulator/gp-host.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

/* ---- whole cards ---- */

#define KEYS_24 "000102030405060708090a0b0c0d0e0f1011121314151617"
#define KEYS_32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static const struct {
    unsigned scp;
    unsigned option;
    unsigned key_len;
} channels[] = {
    { 3, 0x00, 16 }, { 3, 0x10, 16 }, { 3, 0x30, 16 }, { 3, 0x60, 16 }, { 3, 0x70, 16 },
    { 3, 0x00, 24 }, { 3, 0x70, 24 }, { 3, 0x60, 32 }, { 3, 0x30, 32 }, { 3, 0x70, 32 },
    { 3, 0x20, 32 }, { 2, 0x15, 16 }, { 2, 0x55, 16 },
};

static const char *
key_text(unsigned len)
{
    return len == 16 ? GP_TEST_KEY : len == 24 ? KEYS_24 : KEYS_32;
}

/* A key set with the same key three times. */
static SimGpKeySet
key_set(const char *text)
{
    g_autoptr(GByteArray) key = test_bytes(text);
    SimGpKeySet set = { .version = SIM_GP_FIRST_VERSION, .tries = SIM_GP_TRIES };

    set.key_len = (uint8_t) key->len;
    for (size_t i = 0; i < SIM_GP_KEYS; i++) {
        memcpy(set.keys[i], key->data, key->len);
    }
    return set;
}

/* A card without applet, with power. */
static SimCard *
new_card(unsigned scp, unsigned option, unsigned key_len)
{
    static const uint8_t id[SIM_CARD_ID_LEN] = { 0 };
    SimCard *card = sim_card_new_with_id("card", SIM_CARD_BLANK, id, NULL);
    SimGpState gp = { 0 };

    sim_card_get_manager(card, &gp);
    gp.scp = (uint8_t) scp;
    gp.option = (uint8_t) option;
    gp.sets[0] = key_set(key_text(key_len));
    ck_assert(sim_card_set_manager(card, &gp));
    talk_power(card);
    return card;
}

static GpHost *
new_host(SimCard *card, unsigned key_len)
{
    GpHost *host = gp_host_new(card);

    gp_host_set_keys(host, key_text(key_len), key_text(key_len), key_text(key_len));
    return host;
}

/* The tries that are left, as the card's file has them. */
static unsigned
tries(SimCard *card)
{
    SimGpState gp = { 0 };

    sim_card_get_manager(card, &gp);
    return gp.sets[0].tries;
}

static bool
is_offered(unsigned scp, unsigned option, unsigned level)
{
    unsigned high = level & 0x30;

    return high == 0 || (scp == 3 && high == 0x10 && (option & 0x20) != 0) ||
           (scp == 3 && high == 0x30 && (option & 0x60) == 0x60);
}

START_TEST(test_each_protocol_option_and_level_works_or_is_refused)
{
    static const unsigned levels[] = { 0x00, 0x01, 0x03, 0x11, 0x13, 0x33 };
    unsigned scp = channels[_i].scp;
    unsigned option = channels[_i].option;
    g_autoptr(SimCard) card = new_card(scp, option, channels[_i].key_len);
    g_autoptr(GpHost) host = new_host(card, channels[_i].key_len);

    for (size_t i = 0; i < G_N_ELEMENTS(levels); i++) {
        ck_assert_uint_eq(gp_host_start(host, 0), 0x9000);
        ck_assert_uint_eq(host->scp, scp);
        if (!is_offered(scp, option, levels[i])) {
            ck_assert_uint_eq(gp_host_authenticate(host, levels[i]), 0x6a86);
            continue;
        }
        ck_assert_uint_eq(gp_host_authenticate(host, levels[i]), 0x9000);
        gp_host_expect(host, "80ca00c2", "", "6a88");
        gp_host_expect(host, "80caff21", "", "ff210f 810100 820400020000 830400001000 9000");
        gp_host_expect(host, "80f28002", "4f00",
                       levels[i] == 0 ? "6982"
                                      : "e313 4f08a000000151000000 9f70010f c5039efe80 9000");
    }
    ck_assert_uint_eq(tries(card), SIM_GP_TRIES);
}
END_TEST

START_TEST(test_levels_that_make_no_sense_are_refused)
{
    static const unsigned levels[] = { 0x02, 0x10, 0x12, 0x20, 0x21, 0x23, 0x30, 0x31, 0x80, 0xff };
    g_autoptr(SimCard) card = new_card(3, 0x70, 16);
    g_autoptr(GpHost) host = new_host(card, 16);

    for (size_t i = 0; i < G_N_ELEMENTS(levels); i++) {
        ck_assert_uint_eq(gp_host_start(host, 0), 0x9000);
        ck_assert_uint_eq(gp_host_authenticate(host, levels[i]), 0x6a86);
        ck_assert_uint_eq(gp_host_authenticate(host, 0x01), 0x6985); /* begin anew */
    }
}
END_TEST

START_TEST(test_what_a_card_tells_about_its_channel_is_true)
{
    unsigned scp = channels[_i].scp;
    unsigned option = channels[_i].option;
    unsigned len = channels[_i].key_len;
    g_autoptr(SimCard) card = new_card(scp, option, len);
    g_autofree char *recognition = g_strdup_printf(
        "6630 732e 0607 2a864886fc6b01 600b0609 2a864886fc6b020203 63090607 2a864886fc6b03 "
        "640b0609 2a864886fc6b04%02x%02x 9000",
        scp, option);
    const char *kind = scp == 2 ? "80" : "88";
    g_autofree char *keys = g_strdup_printf(
        "e012 c00401ff%s%02x c00402ff%s%02x c00403ff%s%02x 9000", kind, len, kind, len, kind, len);

    expect_answer(card, "00a4040000", "6f10 8408a000000151000000 a504 9f6501ff 9000");
    expect_answer(card, "80ca006600", recognition);
    expect_answer(card, "00ca006600", recognition);
    expect_answer(card, "80ca00e000", keys);
    expect_answer(card, "80ca00c100", scp == 2 ? "c1020000 9000" : "c103000000 9000");
}
END_TEST

/* Card challenges: predictable where the option says so, new each time. */
START_TEST(test_challenges_are_drawn_or_derived_as_the_option_says)
{
    unsigned scp = channels[_i].scp;
    bool derived = scp == 2 ? channels[_i].option == 0x55 : (channels[_i].option & 0x10) != 0;
    g_autoptr(SimCard) one = new_card(scp, channels[_i].option, channels[_i].key_len);
    g_autoptr(SimCard) other = new_card(scp, channels[_i].option, channels[_i].key_len);
    g_autoptr(GpHost) first = new_host(one, channels[_i].key_len);
    g_autoptr(GpHost) second = new_host(other, channels[_i].key_len);
    uint8_t before[8] = { 0 };

    gp_host_open(first, 0x01);
    gp_host_open(second, 0x01);
    ck_assert_int_eq(memcmp(first->card_challenge, second->card_challenge, 8) == 0, derived);
    memcpy(before, first->card_challenge, 8);
    gp_host_open(first, 0x01);
    ck_assert_mem_ne(first->card_challenge, before, 8);
}
END_TEST

/* Computed with openssl mac: CMAC under 40..4F of zeros, 02, 00, 0040, 01, counter 1,
 * A000000151000000. */
START_TEST(test_the_first_challenge_of_a_new_card_is_known)
{
    g_autoptr(SimCard) card = new_card(3, 0x70, 16);
    g_autoptr(GpHost) host = new_host(card, 16);

    ck_assert_uint_eq(gp_host_start(host, 0), 0x9000);
    test_bytes_check(host->card_challenge, 8, "86c8bd65fa1044ee");
    expect_answer(card, "80ca00c100", "c103000001 9000");
}
END_TEST

START_TEST(test_initialize_update_refuses_what_makes_no_sense)
{
    g_autoptr(SimCard) card = new_card(3, 0x70, 16);

    expect_answer(card, "8050000108000102030405060700", "6a86");
    expect_answer(card, "805000000700010203040506 00", "6700");
    expect_answer(card, "80500000090001020304050607 08 00", "6700");
    expect_answer(card, "8050000000", "6700");
    expect_answer(card, "8050010008000102030405060700", "6a88");
    expect_answer(card, "0050000008000102030405060700", "6d00");
    expect_answer(card, "8450000008000102030405060700", "6982");
    expect_answer(card, "9050000008000102030405060700", "6e00");
    expect_answer(card, "8082010010000102030405060708090a0b0c0d0e0f", "6e00");
    expect_answer(card, "8482010010000102030405060708090a0b0c0d0e0f", "6985");
    ck_assert_uint_eq(tries(card), SIM_GP_TRIES);
}
END_TEST

START_TEST(test_authentication_follows_initialize_update_at_once)
{
    g_autoptr(SimCard) card = new_card(3, 0x70, 16);
    g_autoptr(GpHost) host = new_host(card, 16);

    ck_assert_uint_eq(gp_host_start(host, 0), 0x9000);
    expect_answer(card, "80ca00c100", "c103000001 9000");
    ck_assert_uint_eq(gp_host_authenticate(host, 0x01), 0x6985);
    ck_assert_uint_eq(gp_host_start(host, 0), 0x9000);
    expect_answer(card, "8482010108000102030405060700", "6a86"); /* P2 */
    ck_assert_uint_eq(gp_host_start(host, 0), 0x9000);
    expect_answer(card, "848201000f000102030405060708090a0b0c0d0e", "6700");
    ck_assert_uint_eq(tries(card), SIM_GP_TRIES);
}
END_TEST

START_TEST(test_wrong_cryptograms_and_macs_use_up_the_tries)
{
    g_autoptr(SimCard) card = new_card(channels[_i].scp, channels[_i].option, channels[_i].key_len);
    g_autoptr(GpHost) host = new_host(card, channels[_i].key_len);

    ck_assert_uint_eq(gp_host_start(host, 0), 0x9000);
    host->wrong_cryptogram = true;
    ck_assert_uint_eq(gp_host_authenticate(host, 0x01), 0x6300);
    ck_assert_uint_eq(tries(card), SIM_GP_TRIES - 1);
    host->wrong_cryptogram = false;
    ck_assert_uint_eq(gp_host_authenticate(host, 0x01), 0x6985); /* not twice in one session */
    ck_assert_uint_eq(gp_host_start(host, 0), 0x9000);
    host->wrong_mac = true;
    ck_assert_uint_eq(gp_host_authenticate(host, 0x01), 0x6982);
    ck_assert_uint_eq(tries(card), SIM_GP_TRIES - 2);
    gp_host_open(host, 0x01);
    ck_assert_uint_eq(tries(card), SIM_GP_TRIES);
}
END_TEST

START_TEST(test_a_card_may_have_another_word_for_a_wrong_proof)
{
    static const struct {
        uint16_t refusal, first, second;
    } cases[] = { { 0, 0x6300, 0x6982 }, { 0x6988, 0x6988, 0x6988 }, { 0x63C0, 0x63C9, 0x63C8 } };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(SimCard) card = new_card(2, 0x15, 16);
        g_autoptr(GpHost) host = new_host(card, 16);
        SimGpState gp = { 0 };

        sim_card_get_manager(card, &gp);
        gp.refusal = cases[i].refusal;
        ck_assert(sim_card_set_manager(card, &gp));
        talk_power(card);
        host->wrong_cryptogram = true;
        ck_assert_uint_eq(gp_host_start(host, 0), 0x9000);
        ck_assert_uint_eq(gp_host_authenticate(host, 0x01), cases[i].first);
        host->wrong_cryptogram = false;
        host->wrong_mac = true;
        ck_assert_uint_eq(gp_host_start(host, 0), 0x9000);
        ck_assert_uint_eq(gp_host_authenticate(host, 0x01), cases[i].second);
        ck_assert_uint_eq(tries(card), SIM_GP_TRIES - 2);
        /* what is not a judgement of the proof has the usual word */
        ck_assert_uint_eq(gp_host_authenticate(host, 0x01), 0x6985);
    }
}
END_TEST

START_TEST(test_a_key_set_is_locked_for_ever_after_ten_failures)
{
    g_autoptr(SimCard) card = new_card(3, 0x70, 16);
    g_autoptr(GpHost) host = new_host(card, 16);

    host->wrong_cryptogram = true;
    for (unsigned i = 0; i < SIM_GP_TRIES; i++) {
        ck_assert_uint_eq(gp_host_start(host, 0), 0x9000);
        ck_assert_uint_eq(gp_host_authenticate(host, 0x01), 0x6300);
    }
    host->wrong_cryptogram = false;
    ck_assert_uint_eq(gp_host_start(host, 0), 0x6983);
    ck_assert_uint_eq(gp_host_start(host, 0xff), 0x6983);
    sim_card_power_off(card);
    talk_power(card);
    ck_assert_uint_eq(gp_host_start(host, 0), 0x6983);
    expect_answer(card, "8482010010000102030405060708090a0b0c0d0e0f", "6985");
}
END_TEST

/* The counter goes down before the compare: pulling the card in between gives nobody more tries. */
START_TEST(test_a_card_pulled_while_it_compares_has_one_try_less)
{
    const SimCardFault fault = { .kind = SIM_CARD_FAULT_TORN_AFTER, .after = 1, .times = 1 };
    g_autoptr(SimCard) card = new_card(3, 0x60, 16);
    g_autoptr(GpHost) host = new_host(card, 16);
    const uint8_t command[21] = { 0x84, 0x82, 0x01, 0x00, 0x10 };
    SimCardAnswer answer = { 0 };

    ck_assert_uint_eq(gp_host_start(host, 0), 0x9000);
    sim_card_add_fault(card, &fault);
    ck_assert_int_eq(sim_card_exchange(card, command, sizeof command, &answer), SIM_CARD_PULLED);
    ck_assert_uint_eq(tries(card), SIM_GP_TRIES - 1);
}
END_TEST

START_TEST(test_a_wrong_mac_ends_the_session)
{
    g_autoptr(SimCard) card = new_card(channels[_i].scp, channels[_i].option, channels[_i].key_len);
    g_autoptr(GpHost) host = new_host(card, channels[_i].key_len);

    gp_host_open(host, 0x03);
    gp_host_expect(host, "80f24002", "4f00", "6a88");
    host->wrong_mac = true;
    gp_host_expect(host, "80f24002", "4f00", "6982");
    gp_host_expect(host, "80f24002", "4f00", "6982");
    gp_host_open(host, 0x03);
    gp_host_expect(host, "80f24002", "4f00", "6a88");
    ck_assert_uint_eq(tries(card), SIM_GP_TRIES);
}
END_TEST

START_TEST(test_a_command_beside_the_channel_ends_it)
{
    g_autoptr(SimCard) card = new_card(3, 0x70, 16);
    g_autoptr(GpHost) host = new_host(card, 16);

    gp_host_open(host, 0x01);
    expect_answer(card, "80ca006600", "6982");
    gp_host_expect(host, "80f24002", "4f00", "6982");
    gp_host_open(host, 0x01);
    expect_answer(card, "00a4040000", "6f10 8408a000000151000000 a504 9f6501ff 9000");
    gp_host_expect(host, "80f24002", "4f00", "6982");
    gp_host_open(host, 0x01);
    talk_power(card);
    gp_host_expect(host, "80f24002", "4f00", "6982");
    gp_host_open(host, 0x00); /* a channel without protection */
    expect_answer(card, "80ca00c100", "c103000004 9000");
    expect_answer(card, "84f240020a4f000000000000000000", "6982");
}
END_TEST

/* An old command again, and commands in another order, have MACs that no longer fit. */
START_TEST(test_commands_cannot_be_repeated_or_exchanged)
{
    g_autoptr(SimCard) card = new_card(channels[_i].scp, channels[_i].option, channels[_i].key_len);
    g_autoptr(GpHost) host = new_host(card, channels[_i].key_len);
    g_autoptr(GByteArray) data = test_bytes("4f00");
    SimCardAnswer answer = { 0 };

    gp_host_open(host, 0x01);
    {
        g_autoptr(GByteArray) command = gp_host_wrap(host, "80f24002", data);

        ck_assert_int_eq(sim_card_exchange(card, command->data, command->len, &answer),
                         SIM_CARD_ANSWERED);
        test_bytes_check(answer.bytes, answer.len, "6a88");
        ck_assert_int_eq(sim_card_exchange(card, command->data, command->len, &answer),
                         SIM_CARD_ANSWERED);
        test_bytes_check(answer.bytes, answer.len, "6982");
    }
    gp_host_open(host, 0x01);
    {
        g_autoptr(GByteArray) first = gp_host_wrap(host, "80f24002", data);
        g_autoptr(GByteArray) second = gp_host_wrap(host, "80f28002", data);

        ck_assert_ptr_nonnull(first);
        ck_assert_int_eq(sim_card_exchange(card, second->data, second->len, &answer),
                         SIM_CARD_ANSWERED);
        test_bytes_check(answer.bytes, answer.len, "6982");
    }
}
END_TEST

/* Each byte of a wrapped command counts. */
START_TEST(test_no_byte_of_a_wrapped_command_may_change)
{
    g_autoptr(SimCard) card = new_card(channels[_i].scp, channels[_i].option, channels[_i].key_len);
    g_autoptr(GpHost) host = new_host(card, channels[_i].key_len);
    g_autoptr(GByteArray) data = test_bytes("4f00");

    for (guint at = 1; at < 40; at++) {
        g_autoptr(GByteArray) command = NULL;
        SimCardAnswer answer = { 0 };

        gp_host_open(host, 0x03);
        command = gp_host_wrap(host, "80f24002", data);
        if (at >= command->len - 1 || at == 4) {
            continue;
        }
        command->data[at] ^= 0x04;
        ck_assert_int_eq(sim_card_exchange(card, command->data, command->len, &answer),
                         SIM_CARD_ANSWERED);
        test_bytes_check(answer.bytes, answer.len, "6982");
    }
}
END_TEST

START_TEST(test_too_short_for_a_mac_is_no_command)
{
    g_autoptr(SimCard) card = new_card(3, 0x70, 16);
    g_autoptr(GpHost) host = new_host(card, 16);

    gp_host_open(host, 0x01);
    expect_answer(card, "84f24002 07 00000000000000", "6982");
    gp_host_open(host, 0x01);
    expect_answer(card, "84f24002", "6982");
    gp_host_open(host, 0x01);
    expect_answer(card, "84f24002 10 0000", "6700"); /* not even an APDU */
}
END_TEST

START_TEST(test_our_applets_know_no_secure_messaging)
{
    g_autoptr(SimCard) card = talk_new_card(SIM_CARD_EP11, 1);
    g_autoptr(GpHost) host = gp_host_new(card);

    gp_host_open(host, 0x01);
    talk_select(card);
    expect_answer(card, "84ca00e000", "6e00");
    expect_answer(card, "84f24002 0a 4f000000000000000000", "6e00");
    expect_answer(card, "8050000008000102030405060700", "6d00");
}
END_TEST

static void
add_tests(TCase *tests)
{
    int n = G_N_ELEMENTS(channels);

    tcase_add_loop_test(tests, test_each_protocol_option_and_level_works_or_is_refused, 0, n);
    tcase_add_test(tests, test_levels_that_make_no_sense_are_refused);
    tcase_add_loop_test(tests, test_what_a_card_tells_about_its_channel_is_true, 0, n);
    tcase_add_loop_test(tests, test_challenges_are_drawn_or_derived_as_the_option_says, 0, n);
    tcase_add_test(tests, test_the_first_challenge_of_a_new_card_is_known);
    tcase_add_test(tests, test_initialize_update_refuses_what_makes_no_sense);
    tcase_add_test(tests, test_authentication_follows_initialize_update_at_once);
    tcase_add_loop_test(tests, test_wrong_cryptograms_and_macs_use_up_the_tries, 0, n);
    tcase_add_test(tests, test_a_card_may_have_another_word_for_a_wrong_proof);
    tcase_add_test(tests, test_a_key_set_is_locked_for_ever_after_ten_failures);
    tcase_add_test(tests, test_a_card_pulled_while_it_compares_has_one_try_less);
    tcase_add_loop_test(tests, test_a_wrong_mac_ends_the_session, 0, n);
    tcase_add_test(tests, test_a_command_beside_the_channel_ends_it);
    tcase_add_loop_test(tests, test_commands_cannot_be_repeated_or_exchanged, 0, n);
    tcase_add_loop_test(tests, test_no_byte_of_a_wrapped_command_may_change, 0, n);
    tcase_add_test(tests, test_too_short_for_a_mac_is_no_command);
    tcase_add_test(tests, test_our_applets_know_no_secure_messaging);
}

int
main(void)
{
    return test_main("sim-gp-channel", add_tests);
}
