/*
 * PINs of virtual cards (card-protocol.md, 4): tries, blocking, unblocking, the two PINs of a CA
 * card, freshness.
 */
#include "tests/simulator/card-talk.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define WRONG_PIN "303030303030ffff"

static unsigned
tries(SimCard *card, unsigned pin)
{
    SimCardInfo info = { 0 };

    sim_card_get_info(card, &info);
    return info.pin_tries[pin];
}

static bool
verified(SimCard *card, unsigned pin)
{
    SimCardInfo info = { 0 };

    sim_card_get_info(card, &info);
    return info.pin_verified[pin];
}

START_TEST(test_three_wrong_entries_block_an_ep11_card_and_a_right_one_gives_all_tries_back)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) card = talk_new_member(ca, 2);

    talk_sw(card, "00200081", WRONG_PIN, 0x63c2);
    ck_assert(!verified(card, 0));
    talk_sw(card, "00200081", WRONG_PIN, 0x63c1);
    talk_sw(card, "00200081", TALK_EP11_PIN, 0x9000);
    ck_assert_uint_eq(tries(card, 0), 3);
    talk_sw(card, "00200081", WRONG_PIN, 0x63c2);
    talk_sw(card, "00200081", WRONG_PIN, 0x63c1);
    talk_sw(card, "00200081", WRONG_PIN, 0x63c0);
    talk_sw(card, "00200081", TALK_EP11_PIN, 0x6983);
    talk_sw(card, "00240081", TALK_EP11_PIN TALK_OTHER_PIN, 0x6983);
    talk_sw(card, "80460600", "8e00", 0x6982);
}
END_TEST

START_TEST(test_malformed_blocks_use_no_try)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) card = talk_new_member(ca, 2);

    talk_sw(card, "00200081", "32343638303230ff", 0x6a80);
    talk_sw(card, "00200081", "2c323436383032ff", 0x6a80);
    talk_sw(card, "00240081", TALK_EP11_PIN "3132333435ffffff", 0x6a80);
    talk_sw(card, "00240081", TALK_EP11_PIN, 0x6700);
    ck_assert_uint_eq(tries(card, 0), 3);
    ck_assert(verified(card, 0));
}
END_TEST

START_TEST(test_the_verified_state_ends_with_selection_reset_and_on_request)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) card = talk_new_member(ca, 2);

    expect_answer(card, "0020008100", "9000");
    talk_sw(card, "00a40400", "f04f544b450102", 0x9000);
    expect_answer(card, "0020008100", "63c3");
    talk_verify(card);
    expect_answer(card, "0020ff81", "9000");
    expect_answer(card, "00200081", "63c3");
    expect_answer(card, "0020ff810131", "6700");
    talk_verify(card);
    talk_select(card);
    ck_assert(!verified(card, 0));
}
END_TEST

START_TEST(test_five_wrong_entries_block_a_ca_pin_for_good)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);

    for (unsigned left = 5; left-- > 0;) {
        talk_sw(ca, "00200082", WRONG_PIN, 0x63c0 + left);
    }
    talk_sw(ca, "00200082", TALK_CA_PIN_2, 0x6983);
    ck_assert_uint_eq(tries(ca, 0), 5);
    ck_assert(verified(ca, 0));
    talk_sw(ca, "802a0200", "8308 0102030405060708 9210 00000000000000000000000000000000", 0x6982);
    /* The other PIN cannot be changed any more: the compare would need a try of this one. */
    talk_sw(ca, "00240081", TALK_CA_PIN_1 TALK_OTHER_PIN, 0x6985);
}
END_TEST

START_TEST(test_the_second_ca_pin_may_not_equal_the_first)
{
    g_autoptr(SimCard) ca = talk_new_card(SIM_CARD_CA, 1);

    talk_sw(ca, "00240181", TALK_CA_PIN_1, 0x9000);
    talk_sw(ca, "00200081", WRONG_PIN, 0x63c4);
    talk_sw(ca, "00240182", TALK_CA_PIN_1, 0x6a80);
    ck_assert_uint_eq(tries(ca, 0), 5);
    talk_sw(ca, "00240182", TALK_CA_PIN_2, 0x9000);
    talk_sw(ca, "00240182", TALK_CA_PIN_2, 0x6985);
    talk_sw(ca, "00240181", TALK_CA_PIN_1, 0x6985);
}
END_TEST

START_TEST(test_set_is_refused_while_the_other_ca_pin_is_blocked)
{
    g_autoptr(SimCard) ca = talk_new_card(SIM_CARD_CA, 1);

    talk_sw(ca, "00240181", TALK_CA_PIN_1, 0x9000);
    ck_assert(sim_card_block_pin(ca, 0x81));
    ck_assert(!sim_card_block_pin(ca, 0x82));
    talk_sw(ca, "00240182", TALK_CA_PIN_2, 0x6985);
}
END_TEST

START_TEST(test_a_changed_ca_pin_is_compared_as_an_entry_of_the_other)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);

    /* Equal: refused, the other's tries full, its verified state over. */
    talk_sw(ca, "00200082", WRONG_PIN, 0x63c4);
    talk_sw(ca, "00200082", TALK_CA_PIN_2, 0x9000);
    talk_sw(ca, "00240081", TALK_CA_PIN_1 TALK_CA_PIN_2, 0x6a80);
    ck_assert_uint_eq(tries(ca, 1), 5);
    ck_assert(!verified(ca, 1));
    talk_sw(ca, "00200081", TALK_CA_PIN_1, 0x9000);
    /* Different: done, the other has one try less. */
    talk_sw(ca, "00200082", TALK_CA_PIN_2, 0x9000);
    talk_sw(ca, "00240081", TALK_CA_PIN_1 TALK_OTHER_PIN, 0x9000);
    ck_assert_uint_eq(tries(ca, 1), 4);
    ck_assert(verified(ca, 0));
    ck_assert(!verified(ca, 1));
    talk_sw(ca, "00200081", TALK_OTHER_PIN, 0x9000);
}
END_TEST

START_TEST(test_the_holder_of_one_ca_pin_cannot_search_for_the_other)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    const char *pins[] = { TALK_CA_PIN_1, TALK_OTHER_PIN };
    unsigned changes = 0;

    for (unsigned i = 0; tries(ca, 1) >= 2; i++) {
        g_autofree char *data = g_strconcat(pins[i % 2], pins[(i + 1) % 2], NULL);

        talk_sw(ca, "00240081", data, 0x9000);
        changes++;
    }
    ck_assert_uint_eq(changes, 4);
    ck_assert_uint_eq(tries(ca, 1), 1);
    talk_sw(ca, "00240081", TALK_CA_PIN_1 TALK_OTHER_PIN, 0x6985);
    talk_sw(ca, "00200082", TALK_CA_PIN_2, 0x9000);
    ck_assert_uint_eq(tries(ca, 1), 5);
}
END_TEST

START_TEST(test_a_wrong_old_pin_changes_nothing_but_the_tries)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);

    talk_sw(ca, "00240081", WRONG_PIN TALK_OTHER_PIN, 0x63c4);
    ck_assert(!verified(ca, 0));
    ck_assert_uint_eq(tries(ca, 1), 5);
    talk_sw(ca, "00200081", TALK_CA_PIN_1, 0x9000);
}
END_TEST

START_TEST(test_secrets_are_handed_on_only_right_after_the_pins)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) target = talk_new_card(SIM_CARD_CA, 2);
    g_autoptr(GByteArray) offer = NULL;
    g_autoptr(GByteArray) stale = NULL;
    g_autoptr(GByteArray) changed = NULL;
    g_autoptr(GByteArray) backup = NULL;

    talk_sw(target, "00240181", TALK_CA_PIN_1, 0x9000);
    talk_sw(target, "00240182", TALK_CA_PIN_2, 0x9000);
    offer = talk(target, "80460300", "", 0x9000);
    talk_verify(ca);
    talk_sw(ca, "80da0300", "8e00", 0x9000);
    stale = talk_bytes(ca, "802a0300", offer, 0x6982);
    talk_verify(ca);
    talk_sw(ca, "00240081", TALK_CA_PIN_1 TALK_OTHER_PIN, 0x9000);
    talk_sw(ca, "00200082", TALK_CA_PIN_2, 0x9000);
    changed = talk_bytes(ca, "802a0300", offer, 0x6982); /* CHANGE verifies, but does not freshen */
    talk_sw(ca, "00200081", TALK_OTHER_PIN, 0x9000);
    backup = talk_bytes(ca, "802a0300", offer, 0x9000);
    ck_assert_uint_eq(stale->len + changed->len, 0);
    ck_assert_uint_gt(backup->len, 700);
}
END_TEST

/* Asks for a challenge and has the CA sign it. */
static GByteArray *
authorisation(SimCard *ca, SimCard *card)
{
    g_autoptr(GByteArray) challenge = talk(card, "00840000", "", 0x9000);
    g_autofree char *hex = tke_hex_encode(challenge->data, challenge->len);
    g_autofree char *data = g_strconcat("8308 ca00000000000002 9210", hex, NULL);

    return talk(ca, "802a0200", data, 0x9000);
}

START_TEST(test_a_ca_card_unblocks_and_the_pin_stays_as_it_was)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) card = talk_new_member(ca, 2);
    g_autoptr(GByteArray) early = authorisation(ca, card);
    g_autoptr(GByteArray) refused = talk_bytes(card, "002c0181", early, 0x6985);
    g_autoptr(GByteArray) late = NULL;
    g_autoptr(GByteArray) right = NULL;
    g_autoptr(GByteArray) after = NULL;
    g_autoptr(GByteArray) done = NULL;

    ck_assert(sim_card_block_pin(card, 0x81));
    late = authorisation(ca, card);
    talk_sw(card, "80ca00e0", "", 0x9000); /* the challenge was good for one command only */
    after = talk_bytes(card, "002c0181", late, 0x6985);
    right = authorisation(ca, card);
    done = talk_bytes(card, "002c0181", right, 0x9000);
    ck_assert_uint_eq(refused->len + after->len + done->len, 0);
    ck_assert_uint_eq(tries(card, 0), 3);
    ck_assert(!verified(card, 0));
    talk_sw(card, "00200081", TALK_EP11_PIN, 0x9000);
}
END_TEST

START_TEST(test_another_zones_ca_card_cannot_unblock)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) foreign = talk_new_zone(3);
    g_autoptr(SimCard) card = talk_new_member(ca, 2);
    g_autoptr(GByteArray) wrong = NULL;
    g_autoptr(GByteArray) refused = NULL;

    ck_assert(sim_card_block_pin(card, 0x81));
    wrong = authorisation(foreign, card);
    refused = talk_bytes(card, "002c0181", wrong, 0x6984);
    ck_assert_uint_eq(refused->len, 0);
    ck_assert_uint_eq(tries(card, 0), 0);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(
        tests, test_three_wrong_entries_block_an_ep11_card_and_a_right_one_gives_all_tries_back);
    tcase_add_test(tests, test_malformed_blocks_use_no_try);
    tcase_add_test(tests, test_the_verified_state_ends_with_selection_reset_and_on_request);
    tcase_add_test(tests, test_five_wrong_entries_block_a_ca_pin_for_good);
    tcase_add_test(tests, test_the_second_ca_pin_may_not_equal_the_first);
    tcase_add_test(tests, test_set_is_refused_while_the_other_ca_pin_is_blocked);
    tcase_add_test(tests, test_a_changed_ca_pin_is_compared_as_an_entry_of_the_other);
    tcase_add_test(tests, test_the_holder_of_one_ca_pin_cannot_search_for_the_other);
    tcase_add_test(tests, test_a_wrong_old_pin_changes_nothing_but_the_tries);
    tcase_add_test(tests, test_secrets_are_handed_on_only_right_after_the_pins);
    tcase_add_test(tests, test_a_ca_card_unblocks_and_the_pin_stays_as_it_was);
    tcase_add_test(tests, test_another_zones_ca_card_cannot_unblock);
}

int
main(void)
{
    return test_main("sim-pin", add_tests);
}
