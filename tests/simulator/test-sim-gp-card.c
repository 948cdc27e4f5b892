/*
 * Virtual cards pulled while they are loaded, files of them, times, cards that are not as they
 * should be (card-protocol.md, 1 and 10).
 */
#include <glib/gstdio.h>
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

static SimCardInfo
info_of(SimCard *card)
{
    SimCardInfo info = { 0 };

    sim_card_get_info(card, &info);
    return info;
}

/* A session at level 03. */
static GpHost *
open_host(SimCard *card)
{
    GpHost *host = gp_host_new(card);

    gp_host_open(host, 0x03);
    return host;
}

/* Everything that any host can find out about what is on the card. */
static char *
snapshot(SimCard *card)
{
    SimCardInfo info = info_of(card);
    SimGpState gp = { 0 };
    g_autofree char *id = tke_hex_encode(info.card_id, sizeof info.card_id);
    g_autofree char *hash = NULL;

    sim_card_get_manager(card, &gp);
    hash = tke_hex_encode(gp.package_hash, sizeof gp.package_hash);
    return g_strdup_printf("kind %d, id %s, life cycle %u, %u parts, load file %d %s, %u free",
                           info.kind, id, info.life_cycle, info.parts, gp.has_package, hash,
                           info.free_memory);
}

/* The commands that make an EP11 card of any card, one after the other: "header data". */
static GPtrArray *
initialisation(void)
{
    GPtrArray *commands = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GByteArray) file = gp_host_file(1000);
    g_autofree char *digits = tke_hex_encode(file->data, file->len);
    g_autofree char *all = g_strdup_printf("c482%04x%s", file->len, digits);

    g_ptr_array_add(commands, g_strdup("80e40080 4f07" GP_PACKAGE));
    g_ptr_array_add(commands, g_strdup("80e60200 " GP_FOR_LOAD));
    for (unsigned i = 0; i * 400 < strlen(all); i++) {
        g_autofree char *block = g_strndup(all + (size_t) i * 400, 400);

        g_ptr_array_add(
            commands,
            g_strdup_printf("80e8%s%02x %s", (i + 1) * 400 >= strlen(all) ? "80" : "00", i, block));
    }
    g_ptr_array_add(commands, g_strdup("80e60c00 " GP_FOR_EP11));
    return commands;
}

/* Sends them until the card is pulled; how many were answered, and what was on the card before the
 * last. */
static unsigned
initialise(GpHost *host, const GPtrArray *commands, char **before, bool *pulled)
{
    *pulled = false;
    for (unsigned i = 0; i < commands->len; i++) {
        g_auto(GStrv) parts = g_strsplit(g_ptr_array_index(commands, i), " ", 2);
        g_autoptr(GByteArray) data = test_bytes(parts[1]);
        g_autoptr(GByteArray) command = gp_host_wrap(host, parts[0], data);
        SimCardAnswer answer = { 0 };

        g_free(*before);
        *before = snapshot(host->card);
        if (sim_card_exchange(host->card, command->data, command->len, &answer) ==
            SIM_CARD_PULLED) {
            *pulled = true;
            return i;
        }
    }
    return commands->len;
}

static void
expect_initialised(SimCard *card)
{
    g_autoptr(GpHost) host = open_host(card);

    gp_host_install_all(host, SIM_CARD_EP11);
    expect_answer(card, SELECT_EP11, FCI_EP11);
}

/* A blank card, or one that is in use. */
static SimCard *
new_victim(bool used)
{
    g_autoptr(SimCard) ca = NULL;

    if (!used) {
        return new_blank();
    }
    ca = talk_new_zone(1);
    return talk_new_member(ca, 2);
}

START_TEST(test_a_card_pulled_at_any_command_is_as_before_it_or_after_it)
{
    g_autoptr(GPtrArray) commands = initialisation();

    for (unsigned at = 0; at < commands->len; at++) {
        const SimCardFault fault = { .kind = _i % 2 == 0 ? SIM_CARD_FAULT_PULL_BEFORE
                                                         : SIM_CARD_FAULT_PULL_AFTER,
                                     .after = at + 1,
                                     .times = 1 };
        g_autoptr(SimCard) card = new_victim(_i >= 2);
        g_autoptr(GpHost) host = open_host(card);
        g_autofree char *before = NULL;
        g_autofree char *now = NULL;
        bool pulled = false;

        sim_card_add_fault(card, &fault);
        ck_assert_uint_eq(initialise(host, commands, &before, &pulled), at);
        ck_assert(pulled);
        talk_power(card);
        now = snapshot(card);
        if (_i % 2 == 0) {
            ck_assert_str_eq(now, before);
        }
        ck_assert_int_eq(info_of(card).has_package,
                         (_i >= 2 && at == 0 && _i % 2 == 0) ||
                             at + (unsigned) (_i % 2) >= commands->len - 1);
        ck_assert_int_eq(info_of(card).kind == SIM_CARD_EP11,
                         (_i >= 2 && at == 0 && _i % 2 == 0) ||
                             at + (unsigned) (_i % 2) >= commands->len);
        expect_initialised(card);
    }
}
END_TEST

START_TEST(test_power_lost_in_a_lasting_change_leaves_the_state_before_or_after)
{
    g_autoptr(GPtrArray) commands = initialisation();
    bool used = _i >= 2;
    unsigned n_changes = used ? 3 : 2; /* deleted, load file there, applet there */

    for (unsigned change = 1; change <= n_changes; change++) {
        const SimCardFault fault = { .kind = _i % 2 == 0 ? SIM_CARD_FAULT_TORN_BEFORE
                                                         : SIM_CARD_FAULT_TORN_AFTER,
                                     .after = change,
                                     .times = 1 };
        g_autoptr(SimCard) card = new_victim(used);
        g_autoptr(GpHost) host = open_host(card);
        g_autofree char *before = NULL;
        g_autofree char *now = NULL;
        bool pulled = false;

        sim_card_add_fault(card, &fault);
        initialise(host, commands, &before, &pulled);
        ck_assert(pulled);
        talk_power(card);
        now = snapshot(card);
        ck_assert_int_eq(strcmp(now, before) == 0, _i % 2 == 0);
        expect_initialised(card);
    }
}
END_TEST

START_TEST(test_a_change_that_cannot_be_saved_changes_nothing)
{
    const SimCardFault fault = { .kind = SIM_CARD_FAULT_UNWRITABLE, .after = 1, .times = 1 };
    g_autoptr(SimCard) card = new_victim(true);
    g_autoptr(GpHost) host = open_host(card);
    g_autofree char *before = snapshot(card);
    g_autofree char *after = NULL;

    sim_card_add_fault(card, &fault);
    gp_host_expect(host, "80e40080", "4f07" GP_PACKAGE, "6f00");
    after = snapshot(card);
    ck_assert_str_eq(after, before);
    gp_host_expect(host, "80e40080", "4f07" GP_PACKAGE, "009000");
}
END_TEST

/* ---- files, times, unusual cards ---- */

#define KEY "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"

START_TEST(test_a_card_read_from_its_file_has_the_same_manager)
{
    g_autofree char *dir = g_dir_make_tmp("sim-gp-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "card.json", NULL);
    g_autoptr(SimCard) card = new_blank();
    g_autoptr(SimCard) again = NULL;
    g_autoptr(GpHost) host = NULL;
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    SimGpState left = { 0 };
    SimGpState right = { 0 };

    sim_card_get_manager(card, &left);
    left.lacks = 0x0011;
    left.refusal = SIM_GP_REFUSAL_TRIES;
    ck_assert(sim_card_set_manager(card, &left));
    ck_assert(sim_card_store_in(card, path, NULL));
    host = open_host(card);
    gp_host_install_all(host, SIM_CARD_EP11);
    {
        g_autofree char *data = gp_host_put_key_data(host, 0x05, KEY, KEY, KEY);
        g_autofree char *answer = gp_host_send(host, "80d80081", data);

        ck_assert(g_str_has_suffix(answer, "9000"));
    }
    gp_host_expect(host, "80f0807f", "", "9000");
    before = snapshot(card);
    again = sim_card_load(path, NULL);
    ck_assert_ptr_nonnull(again);
    after = snapshot(again);
    ck_assert_str_eq(after, before);
    sim_card_get_manager(card, &left);
    sim_card_get_manager(again, &right);
    ck_assert_uint_eq(right.lacks, 0x0011);
    ck_assert_uint_eq(right.refusal, SIM_GP_REFUSAL_TRIES);
    ck_assert_uint_eq(right.life_cycle, left.life_cycle);
    ck_assert_uint_eq(right.sets[0].version, 0x05);
    ck_assert_mem_eq(right.sets[0].keys, left.sets[0].keys, sizeof left.sets[0].keys);
    g_unlink(path);
    g_rmdir(dir);
}
END_TEST

START_TEST(test_loading_takes_the_time_of_the_profile)
{
    const SimCardProfile *profile = sim_card_profile_find("J3R180");
    g_autoptr(SimCard) card = new_blank();
    g_autoptr(GpHost) host = NULL;
    g_autoptr(GByteArray) file = gp_host_file(30000);
    double before = 0;
    double spent = 0;
    double least = 0;

    sim_card_set_profile(card, profile);
    host = open_host(card);
    gp_host_expect(host, "80e60200", GP_FOR_LOAD, "009000");
    before = sim_card_get_spent_ms(card);
    ck_assert_uint_eq(gp_host_load(host, file, 224), 0x9000);
    spent = sim_card_get_spent_ms(card) - before;
    /* 135 commands of 14 ms, 30 kB on the line, 118 pages of 4 ms */
    least = 135 * 14 + file->len / 11.7 + 118 * 4;
    ck_assert_double_ge(spent, least);
    ck_assert_double_le(spent, least * 1.2);
}
END_TEST

START_TEST(test_traits_of_unusual_cards_come_and_go)
{
    g_autoptr(SimCard) card = new_blank();
    g_autoptr(GpHost) host = open_host(card);
    g_autoptr(GByteArray) file = gp_host_file(3000);

    sim_card_set_trait(card, SIM_CARD_FULL, 2000);
    gp_host_expect(host, "80caff21", "", "ff210f 810100 8204000007d0 830400001000 9000");
    gp_host_expect(host, "80e60200", GP_FOR_LOAD, "009000");
    ck_assert_uint_eq(gp_host_load(host, file, 200), 0x6a84);
    sim_card_set_trait(card, SIM_CARD_LOCKED_KEYS, 0);
    ck_assert_uint_eq(gp_host_start(host, 0), 0x6983);
    sim_card_clear_traits(card);
    sim_card_set_trait(card, SIM_CARD_NO_MANAGER, 0);
    for (unsigned i = 0; i < 20; i++) {
        g_autofree char *answer = talk_apdu(card, "00a4040000");
        g_autofree char *other = talk_apdu(card, "80ca006600");

        ck_assert(g_str_has_suffix(answer, "9000") && g_str_has_suffix(other, "9000"));
        ck_assert(!g_str_has_prefix(answer, "6f") && !g_str_has_prefix(other, "66"));
    }
    sim_card_clear_traits(card);
    sim_card_set_trait(card, SIM_CARD_LACKS, 0x0001 | 0x0200);
    sim_card_set_trait(card, SIM_CARD_VERSION, 0x020103);
    gp_host_open(host, 0x03);
    gp_host_install_all(host, SIM_CARD_EP11);
    expect_answer(card, SELECT_EP11, FCI_EP11); /* a new applet is as it should be */
    expect_answer(card, "80ca00e500",
                  "9a14 0100 0201 0301 0401 0501 0601 0701 0801 0901 0a00 9000");
    sim_card_set_trait(card, SIM_CARD_VERSION, 0x020103);
    expect_answer(card, SELECT_EP11,
                  "6f1a 8407f04f544b450102 a50f 9f6e03020103 9f65020400 9f660100 9000");
    {
        g_autofree char *status = talk_apdu(card, "80ca00e000");

        ck_assert_ptr_nonnull(strstr(status, "8203020103"));
    }
    sim_card_clear_traits(card);
    expect_answer(card, SELECT_EP11, FCI_EP11);
    expect_answer(card, "80ca00e500",
                  "9a14 0101 0201 0301 0401 0501 0601 0701 0801 0901 0a00 9000");
}
END_TEST

START_TEST(test_a_card_with_other_keys_does_not_know_the_test_keys)
{
    g_autoptr(SimCard) card = new_blank();
    SimCardAnswer good = { 0 };
    SimCardAnswer other = { 0 };
    SimGpState gp = { 0 };
    const uint8_t command[] = { 0x80, 0x50, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0 };

    sim_card_get_manager(card, &gp);
    gp.option = 0x00;
    ck_assert(sim_card_set_manager(card, &gp));
    for (unsigned i = 0; i < 2; i++) {
        ck_assert(sim_card_inject(card, "card-challenge", command, 8));
    }
    ck_assert_int_eq(sim_card_exchange(card, command, sizeof command, &good), SIM_CARD_ANSWERED);
    sim_card_set_trait(card, SIM_CARD_OTHER_KEYS, 0);
    ck_assert_int_eq(sim_card_exchange(card, command, sizeof command, &other), SIM_CARD_ANSWERED);
    ck_assert_uint_eq(good.len, other.len);
    ck_assert_mem_eq(good.bytes, other.bytes, 21); /* same key set, same challenge */
    ck_assert_mem_ne(good.bytes + 21, other.bytes + 21, 8);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_a_card_pulled_at_any_command_is_as_before_it_or_after_it, 0, 4);
    tcase_add_loop_test(tests, test_power_lost_in_a_lasting_change_leaves_the_state_before_or_after,
                        0, 4);
    tcase_add_test(tests, test_a_change_that_cannot_be_saved_changes_nothing);
    tcase_add_test(tests, test_a_card_read_from_its_file_has_the_same_manager);
    tcase_add_test(tests, test_loading_takes_the_time_of_the_profile);
    tcase_add_test(tests, test_traits_of_unusual_cards_come_and_go);
    tcase_add_test(tests, test_a_card_with_other_keys_does_not_know_the_test_keys);
}

int
main(void)
{
    return test_main("sim-gp-card", add_tests);
}
