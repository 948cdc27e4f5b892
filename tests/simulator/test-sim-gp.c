/*
 * What virtual cards let a host put on them and take off: loading, installing, deleting, keys,
 * life cycle (GlobalPlatform Card Specification 2.3, 11; card-protocol.md, 1).
 */
#include <glib/gstdio.h>
#include <string.h>

#include "tests/simulator/card-talk.h"
#include "tests/simulator/gp-host.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define SELECT_CA "00a4040007" GP_CA "00"
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

static SimCardInfo
info_of(SimCard *card)
{
    SimCardInfo info = { 0 };

    sim_card_get_info(card, &info);
    return info;
}

/* A blank card with a session at level 03, and one whose load file is there. */
static GpHost *
open_host(SimCard *card)
{
    GpHost *host = gp_host_new(card);

    gp_host_open(host, 0x03);
    return host;
}

static GpHost *
load_host(SimCard *card)
{
    GpHost *host = open_host(card);
    g_autoptr(GByteArray) file = gp_host_file(3000);

    gp_host_expect(host, "80e60200", GP_FOR_LOAD, "009000");
    ck_assert_uint_eq(gp_host_load(host, file, 200), 0x9000);
    return host;
}

START_TEST(test_a_blank_card_has_a_card_manager_and_no_applet)
{
    g_autoptr(SimCard) card = new_blank();

    expect_answer(card, SELECT_EP11, "6a82");
    expect_answer(card, SELECT_CA, "6a82");
    expect_answer(card, "00a4040008a00000015100000000",
                  "6f10 8408a000000151000000 a504 9f6501ff 9000");
    expect_answer(card, "00a4040005a00000015100", "6f10 8408a000000151000000 a504 9f6501ff 9000");
    expect_answer(card, "00a4040004a000000100", "6a82");
    expect_answer(card, "00a4040008a00000015100000100", "6a82");
    expect_answer(card, "80ca00e500", "6a88");
    ck_assert_int_eq(info_of(card).kind, SIM_CARD_BLANK);
    ck_assert(!info_of(card).has_package);
}
END_TEST

START_TEST(test_a_blank_card_becomes_either_kind_and_blank_again)
{
    g_autoptr(SimCard) card = new_blank();
    uint8_t first_id[SIM_CARD_ID_LEN] = { 0 };

    {
        g_autoptr(GpHost) host = open_host(card);

        gp_host_install_all(host, SIM_CARD_EP11);
    }
    expect_answer(card, SELECT_CA, "6a82");
    expect_answer(card, SELECT_EP11, FCI_EP11);
    expect_answer(card, "80ca00e500",
                  "9a14 0101 0201 0301 0401 0501 0601 0701 0801 0901 0a00 9000");
    memcpy(first_id, info_of(card).card_id, SIM_CARD_ID_LEN);
    ck_assert_mem_ne(first_id, ((uint8_t[SIM_CARD_ID_LEN]){ 0 }), SIM_CARD_ID_LEN);
    {
        g_autoptr(GpHost) host = open_host(card);

        gp_host_install_all(host, SIM_CARD_CA);
    }
    expect_answer(card, SELECT_EP11, "6a82");
    talk_select(card);
    talk_sw(card, "00240181", TALK_CA_PIN_1, 0x9000);
    ck_assert_mem_ne(info_of(card).card_id, first_id, SIM_CARD_ID_LEN);
    {
        g_autoptr(GpHost) host = open_host(card);

        gp_host_expect(host, "80e40080", "4f07" GP_PACKAGE, "009000");
        gp_host_expect(host, "80e40080", "4f07" GP_PACKAGE, "6a88");
    }
    expect_answer(card, SELECT_EP11, "6a82");
    expect_answer(card, SELECT_CA, "6a82");
    ck_assert_uint_eq(info_of(card).free_memory, 131072);
}
END_TEST

/* Personalised: zone, keys, parts, PIN, log. */
START_TEST(test_deleting_leaves_nothing_of_a_used_card)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) card = talk_new_member(ca, 2);
    g_autoptr(GpHost) host = NULL;
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "sim-gp-wipe.json", NULL);
    g_autofree char *text = NULL;
    g_autofree char *digits = NULL;
    g_autoptr(TkeSecret) part = NULL;
    SimCardInfo before = { 0 };

    ck_assert(sim_card_store_in(card, path, NULL));
    talk_sw(card, "80460500", "8905416c696365", 0x9000);
    talk_sw(card, "80460600", "8e0141", 0x9000);
    part = sim_card_reveal_part(card, 1, NULL);
    digits = tke_hex_encode(tke_secret_bytes(part, NULL), tke_secret_len(part));
    before = info_of(card);
    host = open_host(card);
    gp_host_install_all(host, SIM_CARD_EP11);
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    ck_assert_ptr_null(strstr(text, digits));
    ck_assert_ptr_null(strstr(text, "246802"));
    ck_assert_ptr_null(strstr(text, "zone\""));
    ck_assert_uint_eq(info_of(card).parts, 0);
    ck_assert_uint_eq(info_of(card).usage_counter, 0);
    ck_assert_uint_eq(info_of(card).life_cycle, 0);
    ck_assert(!info_of(card).has_signature_key);
    ck_assert(!info_of(card).pin_set[0]);
    ck_assert_mem_ne(info_of(card).card_id, before.card_id, SIM_CARD_ID_LEN);
    talk_select(card);
    expect_answer(card, "80ca00e300", "6a88");
    g_unlink(path);
}
END_TEST

START_TEST(test_loading_wants_a_channel)
{
    static const char *const commands[] = { "80e40080 09 4f07f04f544b450100 00",
                                            "80e60200 0c 07f04f544b450100 00000000 00",
                                            "80e80000 04 c4820100",
                                            "80f28002 02 4f00 00",
                                            "80d80081 01 01",
                                            "80f0800f" };
    g_autoptr(SimCard) card = new_blank();

    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        expect_answer(card, commands[i], "6982");
    }
    expect_answer(card, "80fe000000", "6d00");
}
END_TEST

START_TEST(test_only_our_load_file_is_taken)
{
    static const char *const wrong[] = {
        "07f04f544b450101 00000000",            /* another AID */
        "06f04f544b4501 00000000",              /* a beginning */
        "08f04f544b45010000 00000000",          /* longer */
        "07f04f544b450100 000000",              /* no token field */
        "07f04f544b450100 0000000000",          /* one too many */
        "07f04f544b450100 05f04f544b45 000000", /* another domain */
        "07f04f544b450100 0001ff 0000",         /* a short hash */
        "07f04f544b450100 0000 02c900 00",      /* parameters of another kind */
        "07f04f544b450100 0000 00 01ff",        /* a token */
        "07f04f544b45",
        "",
    };
    g_autoptr(SimCard) card = new_blank();
    g_autoptr(GpHost) host = open_host(card);

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        gp_host_expect(host, "80e60200", wrong[i], "6a80");
        gp_host_expect(host, "80e80000", "c4820100", "6985");
    }
    gp_host_expect(host, "80e60201", GP_FOR_LOAD, "6a86");
    gp_host_expect(host, "80e60400", GP_FOR_LOAD, "6a86");
    gp_host_expect(host, "80e60200", "07" GP_PACKAGE "08a000000151000000 00 04ef02c700 00",
                   "009000");
    gp_host_expect(host, "80e60200", GP_FOR_LOAD, "009000"); /* anew */
    ck_assert(!info_of(card).has_package);
}
END_TEST

START_TEST(test_the_digest_of_the_load_file_is_kept_and_compared)
{
    g_autoptr(SimCard) card = new_blank();
    g_autoptr(GpHost) host = open_host(card);
    g_autoptr(GByteArray) file = gp_host_file(1000);
    g_autofree char *digest = g_compute_checksum_for_data(G_CHECKSUM_SHA256, file->data, file->len);
    g_autofree char *right = g_strconcat("07" GP_PACKAGE "0020", digest, "0000", NULL);
    g_autofree char *wrong = g_strdup(right);
    SimCardInfo info = { 0 };

    wrong[20] = wrong[20] == '0' ? '1' : '0';
    gp_host_expect(host, "80e60200", wrong, "009000");
    ck_assert_uint_eq(gp_host_load(host, file, 200), 0x6a80);
    ck_assert(!info_of(card).has_package);
    gp_host_expect(host, "80e60200", right, "009000");
    ck_assert_uint_eq(gp_host_load(host, file, 200), 0x9000);
    info = info_of(card);
    ck_assert(info.has_package);
    test_bytes_check(info.package_hash, sizeof info.package_hash, digest);
    ck_assert_uint_eq(info.free_memory, 131072 - file->len);
    gp_host_expect(host, "80e60200", GP_FOR_LOAD, "6985"); /* delete first */
}
END_TEST

START_TEST(test_blocks_come_in_order_and_as_many_bytes_as_announced)
{
    g_autoptr(SimCard) card = new_blank();
    g_autoptr(GpHost) host = open_host(card);
    static const char *const starts[] = { "c5820100 00",  "c4",      "c48200ff 00",
                                          "c47f 01",      "c481 7f", "e2034f0100 c401 00",
                                          "c484000100 00" };
    static const char *const wrong_starts[] = { "6a80", "6a80", "6a80", "009000",
                                                "6a80", "6a80", "6a80" };

    for (size_t i = 0; i < G_N_ELEMENTS(starts); i++) {
        gp_host_expect(host, "80e60200", GP_FOR_LOAD, "009000");
        gp_host_expect(host, "80e80000", starts[i], wrong_starts[i]);
    }
    gp_host_expect(host, "80e80000", "c47f 01", "6985"); /* over */
    gp_host_expect(host, "80e60200", GP_FOR_LOAD, "009000");
    gp_host_expect(host, "80e80000", "c47f 01", "009000");
    gp_host_expect(host, "80e80000", "02", "6a86"); /* number 0 again */
    gp_host_expect(host, "80e60200", GP_FOR_LOAD, "009000");
    gp_host_expect(host, "80e80001", "c47f 01", "6a86");
    gp_host_expect(host, "80e80000", "c47f 01", "6985");
    gp_host_expect(host, "80e60200", GP_FOR_LOAD, "009000");
    gp_host_expect(host, "80e80100", "c47f 01", "6a86");
    gp_host_expect(host, "80e60200", GP_FOR_LOAD, "009000");
    gp_host_expect(host, "80e80000", "", "6700");
    gp_host_expect(host, "80e60200", GP_FOR_LOAD, "009000");
    gp_host_expect(host, "80e80000", "c402 01", "009000");
    gp_host_expect(host, "80e80001", "0203", "6a80"); /* more than announced */
    gp_host_expect(host, "80e60200", GP_FOR_LOAD, "009000");
    gp_host_expect(host, "80e80000", "c403 01", "009000");
    gp_host_expect(host, "80e88001", "02", "6a80"); /* less */
    gp_host_expect(host, "80e60200", GP_FOR_LOAD, "009000");
    gp_host_expect(host, "80e80000", "c403 01", "009000");
    gp_host_expect(host, "80f24002", "4f00", "6a88"); /* another command in between */
    gp_host_expect(host, "80e80001", "02", "6985");
    ck_assert(!info_of(card).has_package);
}
END_TEST

/* What each change makes of the file: bytes at an offset. */
START_TEST(test_a_load_file_that_no_card_could_link_is_refused)
{
    g_autoptr(SimCard) card = new_blank();
    g_autoptr(GpHost) host = open_host(card);
    g_autoptr(GByteArray) good = gp_host_file(1000);
    static const struct {
        guint at;
        uint8_t value;
    } changes[] = {
        { 0, 0x02 },  /* no Header first */
        { 2, 0x7f },  /* its size */
        { 3, 0xdf },  /* its magic */
        { 19, 0x01 }, /* AID of another package */
        { 20, 0x03 }, /* components out of order */
        { 22, 0x04 }, /* a size that does not add up */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autoptr(GByteArray) file = g_byte_array_new();

        g_byte_array_append(file, good->data, good->len);
        ck_assert_uint_ne(file->data[changes[i].at], changes[i].value);
        file->data[changes[i].at] = changes[i].value;
        gp_host_expect(host, "80e60200", GP_FOR_LOAD, "009000");
        ck_assert_uint_eq(gp_host_load(host, file, 200), 0x6a80);
    }
    {
        g_autoptr(GByteArray) file = g_byte_array_new();

        g_byte_array_append(file, good->data, good->len - 6); /* RefLocation is missing */
        gp_host_expect(host, "80e60200", GP_FOR_LOAD, "009000");
        ck_assert_uint_eq(gp_host_load(host, file, 200), 0x6a80);
    }
    ck_assert(!info_of(card).has_package);
    gp_host_expect(host, "80e60200", GP_FOR_LOAD, "009000");
    ck_assert_uint_eq(gp_host_load(host, good, 239), 0x9000);
}
END_TEST

START_TEST(test_only_our_applets_are_installed)
{
    static const char *const wrong[] = {
        "07" GP_PACKAGE "07" GP_CA "07" GP_EP11 "0100 02c900 00", /* instance of the other */
        "07" GP_CA "07" GP_CA "07" GP_CA "0100 02c900 00",
        "07" GP_PACKAGE "07" GP_PACKAGE "07" GP_PACKAGE "0100 02c900 00",
        "07" GP_PACKAGE "07f04f544b450103 07f04f544b450103 0100 02c900 00",
        "07" GP_PACKAGE "07" GP_CA "07" GP_CA "0104 02c900 00", /* privileges */
        "07" GP_PACKAGE "07" GP_CA "07" GP_CA "00 02c900 00",
        "07" GP_PACKAGE "07" GP_CA "07" GP_CA "0100 03c90101 00", /* parameters */
        "07" GP_PACKAGE "07" GP_CA "07" GP_CA "0100 00 00",
        "07" GP_PACKAGE "07" GP_CA "07" GP_CA "0100 02ef00 00",
        "07" GP_PACKAGE "07" GP_CA "07" GP_CA "0100 02c900 01ff", /* token */
        "07" GP_PACKAGE "07" GP_CA "07" GP_CA "0100 02c900",
        "07" GP_PACKAGE "07" GP_CA "07" GP_CA "0100 02c900 0000",
    };
    g_autoptr(SimCard) card = new_blank();
    g_autoptr(GpHost) host = open_host(card);
    g_autoptr(GByteArray) file = gp_host_file(1000);

    gp_host_expect(host, "80e60c00", GP_FOR_CA, "6a88"); /* nothing is loaded */
    gp_host_expect(host, "80e60200", GP_FOR_LOAD, "009000");
    ck_assert_uint_eq(gp_host_load(host, file, 200), 0x9000);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        gp_host_expect(host, "80e60c00", wrong[i], "6a80");
    }
    gp_host_expect(host, "80e60c01", GP_FOR_CA, "6a86");
    ck_assert_int_eq(info_of(card).kind, SIM_CARD_BLANK);
    gp_host_expect(host, "80e60c00", GP_FOR_CA, "009000");
    gp_host_expect(host, "80e60c00", GP_FOR_CA, "6985");
    gp_host_expect(host, "80e60c00", GP_FOR_EP11, "6985"); /* one instance a card */
    ck_assert_int_eq(info_of(card).kind, SIM_CARD_CA);
}
END_TEST

START_TEST(test_deleting_says_what_is_in_its_way)
{
    g_autoptr(SimCard) card = new_blank();
    g_autoptr(GpHost) host = load_host(card);

    gp_host_expect(host, "80e60c00", GP_FOR_EP11, "009000");
    gp_host_expect(host, "80e40000", "4f07" GP_PACKAGE, "6985"); /* its applet is there */
    gp_host_expect(host, "80e40100", "4f07" GP_PACKAGE, "6a86");
    gp_host_expect(host, "80e40001", "4f07" GP_PACKAGE, "6a86");
    gp_host_expect(host, "80e40000", "4f07" GP_CA, "6a88");
    gp_host_expect(host, "80e40000", "4f04f04f544b", "6a80");
    gp_host_expect(host, "80e40000", "5007" GP_CA, "6a80");
    gp_host_expect(host, "80e40000", "4f07" GP_EP11 "4f07" GP_CA, "6a80");
    gp_host_expect(host, "80e40000", "", "6a80");
    gp_host_expect(host, "80e40080", "4f07a0000001515350", "6985"); /* the maker's */
    gp_host_expect(host, "80e40080", "4f08a000000151000000", "6985");
    gp_host_expect(host, "80e40080", "4f07a0000001515351", "6a88");
    ck_assert_int_eq(info_of(card).kind, SIM_CARD_EP11);
    gp_host_expect(host, "80e40000", "4f07" GP_EP11, "009000"); /* the instance alone */
    ck_assert_int_eq(info_of(card).kind, SIM_CARD_BLANK);
    ck_assert(info_of(card).has_package);
    gp_host_expect(host, "80e60c00", GP_FOR_CA, "009000");
    gp_host_expect(host, "80e40000", "4f07" GP_CA, "009000");
    gp_host_expect(host, "80e40000", "4f07" GP_PACKAGE, "009000");
    ck_assert(!info_of(card).has_package);
}
END_TEST

START_TEST(test_a_card_says_how_much_room_it_has_and_keeps_to_it)
{
    g_autoptr(SimCard) card = new_blank();
    g_autoptr(GByteArray) file = gp_host_file(3000);
    g_autoptr(GpHost) host = NULL;
    SimGpState gp = { 0 };

    sim_card_get_manager(card, &gp);
    gp.memory = file->len - 1;
    ck_assert(sim_card_set_manager(card, &gp));
    host = open_host(card);
    gp_host_expect(host, "80caff21", "", "ff210f 810100 820400000bfe 830400001000 9000");
    gp_host_expect(host, "80e60200", GP_FOR_LOAD, "009000");
    ck_assert_uint_eq(gp_host_load(host, file, 200), 0x6a84);
    ck_assert(!info_of(card).has_package);
    gp.memory = file->len + 6144; /* a CA card, but no EP11 card */
    ck_assert(sim_card_set_manager(card, &gp));
    gp_host_open(host, 0x01);
    gp_host_expect(host, "80e60200", GP_FOR_LOAD, "009000");
    ck_assert_uint_eq(gp_host_load(host, file, 200), 0x9000);
    gp_host_expect(host, "80e60c00", GP_FOR_EP11, "6a84");
    gp_host_expect(host, "80e60c00", GP_FOR_CA, "009000");
    gp_host_expect(host, "80caff21", "", "ff210f 810101 820400000000 830400001000 9000");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_blank_card_has_a_card_manager_and_no_applet);
    tcase_add_test(tests, test_a_blank_card_becomes_either_kind_and_blank_again);
    tcase_add_test(tests, test_deleting_leaves_nothing_of_a_used_card);
    tcase_add_test(tests, test_loading_wants_a_channel);
    tcase_add_test(tests, test_only_our_load_file_is_taken);
    tcase_add_test(tests, test_the_digest_of_the_load_file_is_kept_and_compared);
    tcase_add_test(tests, test_blocks_come_in_order_and_as_many_bytes_as_announced);
    tcase_add_test(tests, test_a_load_file_that_no_card_could_link_is_refused);
    tcase_add_test(tests, test_only_our_applets_are_installed);
    tcase_add_test(tests, test_deleting_says_what_is_in_its_way);
    tcase_add_test(tests, test_a_card_says_how_much_room_it_has_and_keeps_to_it);
}

int
main(void)
{
    return test_main("sim-gp", add_tests);
}
