/*
 * Keys of card managers and the life cycle of virtual cards (GlobalPlatform Card Specification
 * 2.3, 5.1, 11.8, 11.10; Amendment D, 7.2).
 */
#include <string.h>

#include "tests/simulator/card-talk.h"
#include "tests/simulator/gp-host.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define SELECT_EP11 "00a4040007" GP_EP11 "00"
#define FCI_EP11 "6f1a 8407f04f544b450102 a50f 9f6e03010000 9f65020400 9f660100 9000"

static SimCard *
new_blank(void)
{
    static const uint8_t id[SIM_CARD_ID_LEN] = { 0 };
    SimCard *card = sim_card_new_with_id("card", SIM_CARD_BLANK, id, NULL);

    ck_assert_ptr_nonnull(card);
    talk_power(card);
    return card;
}

/* A session at level 03. */
static GpHost *
open_host(SimCard *card)
{
    GpHost *host = gp_host_new(card);

    gp_host_open(host, 0x03);
    return host;
}

/* ---- keys ---- */

#define KEY_A "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
#define KEY_B "b0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
#define KEY_C "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
#define KEY_24 KEY_A "1011121314151617"
#define KEY_32 KEY_A "101112131415161718191a1b1c1d1e1f"

static void
set_channel(SimCard *card, unsigned scp, unsigned option)
{
    SimGpState gp = { 0 };

    sim_card_get_manager(card, &gp);
    gp.scp = (uint8_t) scp;
    gp.option = (uint8_t) option;
    ck_assert(sim_card_set_manager(card, &gp));
    talk_power(card);
}

START_TEST(test_the_first_new_key_set_replaces_the_makers)
{
    g_autoptr(SimCard) card = new_blank();
    g_autoptr(GpHost) host = gp_host_new(card);
    g_autofree char *data = NULL;
    g_autofree char *answer = NULL;

    set_channel(card, _i == 0 ? 3 : 2, _i == 0 ? 0x70 : 0x15);
    gp_host_open(host, 0x03);
    data = gp_host_put_key_data(host, 0x01, KEY_A, KEY_B, KEY_C);
    answer = gp_host_send(host, "80d80081", data);
    ck_assert_uint_eq(strlen(answer), 2 * (1 + 9 + 2));
    ck_assert(g_str_has_prefix(answer, "01"));
    ck_assert(g_str_has_suffix(answer, "9000"));
    gp_host_expect(host, "80f24002", "4f00", "6a88"); /* the session goes on */
    ck_assert_uint_eq(gp_host_start(host, 0xff), 0x6a88);
    gp_host_set_keys(host, KEY_A, KEY_B, KEY_C);
    ck_assert_uint_eq(gp_host_start(host, 0x01), 0x9000);
    gp_host_open(host, 0x03);
    expect_answer(card, "00a4040000", "6f10 8408a000000151000000 a504 9f6501ff 9000");
    expect_answer(card, "80ca00e000",
                  _i == 0 ? "e012 c004 01018810 c004 02018810 c004 03018810 9000"
                          : "e012 c004 01018010 c004 02018010 c004 03018010 9000");
}
END_TEST

START_TEST(test_key_sets_are_added_and_replaced_in_every_length)
{
    g_autoptr(SimCard) card = new_blank();
    g_autoptr(GpHost) host = open_host(card);
    static const struct {
        unsigned replaces;
        unsigned version;
        const char *key;
    } steps[] = {
        { 0x00, 0x20, KEY_24 }, { 0x00, 0x21, KEY_32 }, { 0x00, 0x22, KEY_B },
        { 0x20, 0x20, KEY_32 }, { 0x21, 0x30, KEY_A },  { 0x00, 0x7f, KEY_C },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autofree char *header = g_strdup_printf("80d8%02x81", steps[i].replaces);
        g_autofree char *data = gp_host_put_key_data(host, (uint8_t) steps[i].version, steps[i].key,
                                                     steps[i].key, steps[i].key);
        g_autofree char *answer = gp_host_send(host, header, data);

        ck_assert(g_str_has_suffix(answer, "9000"));
        gp_host_set_keys(host, steps[i].key, steps[i].key, steps[i].key);
        ck_assert_uint_eq(gp_host_start(host, (uint8_t) steps[i].version), 0x9000);
        ck_assert_uint_eq(gp_host_authenticate(host, 0x33), 0x9000);
    }
    ck_assert_uint_eq(gp_host_start(host, 0x21), 0x6a88);
    gp_host_set_keys(host, KEY_C, KEY_C, KEY_C);
    ck_assert_uint_eq(gp_host_start(host, 0x7f), 0x9000);
    ck_assert_uint_eq(gp_host_authenticate(host, 0x01), 0x9000);
    {
        g_autofree char *data = gp_host_put_key_data(host, 0x40, KEY_A, KEY_A, KEY_A);

        gp_host_expect(host, "80d80081", data, "6a84"); /* four sets are there */
    }
}
END_TEST

START_TEST(test_keys_that_make_no_sense_are_refused_and_change_nothing)
{
    g_autoptr(SimCard) card = new_blank();
    g_autoptr(GpHost) host = open_host(card);
    g_autofree char *good = gp_host_put_key_data(host, 0x01, KEY_A, KEY_B, KEY_C);
    g_autofree char *mixed = gp_host_put_key_data(host, 0x01, KEY_A, KEY_24, KEY_C);
    g_autofree char *zero = gp_host_put_key_data(host, 0x00, KEY_A, KEY_B, KEY_C);
    g_autofree char *high = gp_host_put_key_data(host, 0x80, KEY_A, KEY_B, KEY_C);
    g_autofree char *longer = g_strconcat(good, "00", NULL);
    g_autofree char *shorter = g_strndup(good, strlen(good) - 2);
    g_autofree char *wrong_check = g_strdup(good);
    g_autofree char *wrong_kind = g_strdup(good);
    g_autofree char *two = g_strndup(good, 2 + 2 * 2 * 23);

    memcpy(wrong_check + strlen(wrong_check) - 6, "000000", 6);
    memcpy(wrong_kind + 2, "80", 2);
    gp_host_expect(host, "80d80081", wrong_check, "9485");
    gp_host_expect(host, "80d80081", wrong_kind, "9484");
    gp_host_expect(host, "80d80081", mixed, "6a80");
    gp_host_expect(host, "80d80081", zero, "6a80");
    gp_host_expect(host, "80d80081", high, "6a80");
    gp_host_expect(host, "80d80081", longer, "6a80");
    gp_host_expect(host, "80d80081", shorter, "6a80");
    gp_host_expect(host, "80d80081", two, "6a80");
    gp_host_expect(host, "80d80081", "01", "6a80");
    gp_host_expect(host, "80d80081", "", "6a80");
    gp_host_expect(host, "80d80001", good, "6a86");
    gp_host_expect(host, "80d8ff81", good, "6a86");
    gp_host_expect(host, "80d80181", good, "6a88");
    gp_host_open(host, 0x03); /* still with the test keys */
    {
        g_autofree char *data = gp_host_put_key_data(host, 0x01, KEY_A, KEY_B, KEY_C);
        g_autofree char *answer = gp_host_send(host, "80d80081", data);

        ck_assert(g_str_has_suffix(answer, "9000"));
        gp_host_expect(host, "80d80081", data, "6a80"); /* that version is there */
    }
}
END_TEST

START_TEST(test_a_new_key_set_has_all_its_tries_and_locks_by_itself)
{
    g_autoptr(SimCard) card = new_blank();
    g_autoptr(GpHost) host = open_host(card);
    g_autofree char *data = gp_host_put_key_data(host, 0x01, KEY_A, KEY_B, KEY_C);
    g_autofree char *answer = gp_host_send(host, "80d80081", data);
    g_autofree char *more = NULL;
    g_autofree char *added = NULL;

    ck_assert(g_str_has_suffix(answer, "9000"));
    gp_host_set_keys(host, KEY_A, KEY_B, KEY_C);
    gp_host_open(host, 0x01);
    more = gp_host_put_key_data(host, 0x02, KEY_C, KEY_C, KEY_C);
    added = gp_host_send(host, "80d80081", more);
    ck_assert(g_str_has_suffix(added, "9000"));
    host->wrong_cryptogram = true;
    for (unsigned i = 0; i < SIM_GP_TRIES; i++) {
        ck_assert_uint_eq(gp_host_start(host, 0x01), 0x9000);
        ck_assert_uint_eq(gp_host_authenticate(host, 0x01), 0x6300);
    }
    ck_assert_uint_eq(gp_host_start(host, 0x01), 0x6983);
    host->wrong_cryptogram = false;
    gp_host_set_keys(host, KEY_C, KEY_C, KEY_C);
    ck_assert_uint_eq(gp_host_start(host, 0x02), 0x9000);
    ck_assert_uint_eq(gp_host_authenticate(host, 0x01), 0x9000);
}
END_TEST

/* ---- life cycle ---- */

START_TEST(test_a_locked_card_is_only_unlocked)
{
    g_autoptr(SimCard) card = new_blank();
    g_autoptr(GpHost) host = open_host(card);

    gp_host_install_all(host, SIM_CARD_EP11);
    gp_host_expect(host, "80f08001", "", "6985"); /* never back */
    gp_host_expect(host, "80f08007", "", "6985");
    gp_host_expect(host, "80f0800f", "", "6985");
    gp_host_expect(host, "80f08042", "", "6985");
    gp_host_expect(host, "80f0107f", "", "6a86");
    gp_host_expect(host, "80f0807f", "", "9000");
    talk_power(card);
    expect_answer(card, SELECT_EP11, "6a82");
    expect_answer(card, "00a4040000", "6f10 8408a000000151000000 a504 9f6501ff 6283");
    gp_host_open(host, 0x03);
    gp_host_expect(host, "80e40080", "4f07" GP_PACKAGE, "6985");
    gp_host_expect(host, "80f24002", "4f00", "6985");
    gp_host_expect(host, "80f08000", "", "6985");
    gp_host_expect(host, "80f0800f", "", "9000");
    expect_answer(card, SELECT_EP11, FCI_EP11);
}
END_TEST

START_TEST(test_a_terminated_card_is_dead)
{
    g_autoptr(SimCard) card = new_blank();
    g_autoptr(GpHost) host = open_host(card);

    gp_host_install_all(host, SIM_CARD_EP11);
    gp_host_expect(host, "80f080ff", "", "9000");
    talk_power(card);
    expect_answer(card, SELECT_EP11, "6a82");
    expect_answer(card, "8050000008000102030405060700", "6985");
    expect_answer(card, "80ca00c100", "c103000001 9000");
}
END_TEST

START_TEST(test_a_locked_applet_is_not_selected_until_it_is_unlocked_or_replaced)
{
    g_autoptr(SimCard) card = new_blank();
    g_autoptr(GpHost) host = open_host(card);

    gp_host_expect(host, "80f04087", GP_EP11, "6a88");
    gp_host_install_all(host, SIM_CARD_EP11);
    gp_host_expect(host, "80f04087", GP_CA, "6a88");
    gp_host_expect(host, "80f04003", GP_EP11, "6a80");
    gp_host_expect(host, "80f04087", GP_EP11, "9000");
    gp_host_expect(host, "80f24002", "4f00",
                   "e3 25 4f07" GP_EP11 "9f700187 c503000000 c407" GP_PACKAGE
                   "cc08a000000151000000 9000");
    expect_answer(card, SELECT_EP11, "6a82");
    gp_host_open(host, 0x03);
    gp_host_expect(host, "80f04007", GP_EP11, "9000");
    expect_answer(card, SELECT_EP11, FCI_EP11);
    gp_host_open(host, 0x03);
    gp_host_expect(host, "80f04087", GP_EP11, "9000");
    gp_host_install_all(host, SIM_CARD_EP11);
    expect_answer(card, SELECT_EP11, FCI_EP11);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_the_first_new_key_set_replaces_the_makers, 0, 2);
    tcase_add_test(tests, test_key_sets_are_added_and_replaced_in_every_length);
    tcase_add_test(tests, test_keys_that_make_no_sense_are_refused_and_change_nothing);
    tcase_add_test(tests, test_a_new_key_set_has_all_its_tries_and_locks_by_itself);
    tcase_add_test(tests, test_a_locked_card_is_only_unlocked);
    tcase_add_test(tests, test_a_terminated_card_is_dead);
    tcase_add_test(tests, test_a_locked_applet_is_not_selected_until_it_is_unlocked_or_replaced);
}

int
main(void)
{
    return test_main("sim-gp-keys", add_tests);
}
