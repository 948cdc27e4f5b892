/*
 * Virtual cards: key parts, copies between cards, backups, and how many APDUs they take
 * (card-protocol.md, 7, 8.3, 8.5 and 13).
 */
#include "common/tlv.h"
#include "tests/simulator/card-talk.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define NAME_30                                                                                    \
    "8e1e"                                                                                         \
    "787878787878787878787878787878787878787878787878787878787878"

static void
fill(SimCard *card, unsigned n, uint8_t seed)
{
    uint8_t parts[SIM_CARD_PLACES * SIM_CARD_PART_LEN] = { 0 };

    for (unsigned i = 0; i < n; i++) {
        memset(parts + i * SIM_CARD_PART_LEN, seed, SIM_CARD_PART_LEN);
        parts[i * SIM_CARD_PART_LEN] = (uint8_t) (i + 1);
    }
    ck_assert(sim_card_fill(card, parts, n, NULL));
}

/* Whole-command function: short APDUs or extended ones. */
typedef GByteArray *(*Talk)(SimCard *card, const char *header, const GByteArray *data,
                            unsigned want_sw);

static void
run(Talk how, SimCard *card, const char *header, const char *data)
{
    g_autoptr(GByteArray) bytes = test_bytes(data);
    g_autoptr(GByteArray) answer = how(card, header, bytes, 0x9000);

    ck_assert_ptr_nonnull(answer);
}

static void
list(Talk how, SimCard *card)
{
    g_autoptr(GByteArray) nothing = g_byte_array_new();
    unsigned place = 1;
    unsigned n = 0;

    while (n < SIM_CARD_PLACES) {
        g_autofree char *header = g_strdup_printf("80ca01%02x", place);
        g_autoptr(GByteArray) page = how(card, header, nothing, 0x9000);
        TkeByteCursor data = tke_byte_cursor(page->data, page->len);
        TkeByteCursor part = { 0 };

        ck_assert_uint_gt(page->len, 0);
        while (tke_tlv_read(&data, 0xe1, &part)) {
            place = part.data[part.len - 1] + 1u;
            n++;
        }
    }
}

/* The bytes of what the sender seals, handed to the receiver; counts both sides' APDUs. */
static void
pass_on(Talk how, SimCard *from, SimCard *to, const char *header, const char *data,
        unsigned counts[2])
{
    g_autoptr(GByteArray) bytes = test_bytes(data);
    g_autoptr(GByteArray) sealed = NULL;
    g_autoptr(GByteArray) results = NULL;
    unsigned start = talk_count();

    sealed = how(from, header, bytes, 0x9000);
    counts[0] += talk_count() - start;
    start = talk_count();
    results = how(to, "802a0b00", sealed, 0x9000);
    counts[1] += talk_count() - start;
    ck_assert_uint_eq(results->data[0], 0x95);
}

/* SELECT, status, list, VERIFY; then the session. */
static void
open_both(Talk how, SimCard *from, SimCard *to, unsigned counts[2])
{
    g_autoptr(GByteArray) nothing = g_byte_array_new();
    g_autoptr(GByteArray) offer = NULL;
    g_autoptr(GByteArray) answer = NULL;
    g_autoptr(GByteArray) none = NULL;
    unsigned start = talk_count();

    run(how, from, "00a40400", "f04f544b450102");
    run(how, from, "80ca00e0", "");
    list(how, from);
    run(how, from, "00200081", TALK_EP11_PIN);
    counts[0] += talk_count() - start;
    start = talk_count();
    run(how, to, "00a40400", "f04f544b450102");
    run(how, to, "80ca00e0", "");
    run(how, to, "00200081", TALK_EP11_PIN);
    offer = how(to, "80460400", nothing, 0x9000);
    counts[1] += talk_count() - start;
    start = talk_count();
    answer = how(from, "802a0500", offer, 0x9000);
    counts[0] += talk_count() - start;
    start = talk_count();
    none = how(to, "802a0600", answer, 0x9000);
    counts[1] += talk_count() - start;
    ck_assert_uint_eq(none->len, 0);
}

static void
copy_everything(Talk how, SimCard *from, SimCard *to, unsigned counts[2])
{
    unsigned start = 0;

    open_both(how, from, to, counts);
    pass_on(how, from, to, "802a0a01", "", counts);
    for (unsigned first = 1; first <= SIM_CARD_PLACES; first += 15) {
        unsigned n = MIN(15, SIM_CARD_PLACES + 1 - first);
        g_autoptr(GString) places = g_string_new(NULL);

        g_string_printf(places, "91%02x", n);
        for (unsigned i = 0; i < n; i++) {
            g_string_append_printf(places, "%02x", first + i);
        }
        pass_on(how, from, to, "802a0a02", places->str, counts);
    }
    start = talk_count();
    list(how, to);
    run(how, to, "80ca00e0", "");
    counts[1] += talk_count() - start;
}

/* A full card with longest descriptions and a signature key with the longest name. */
static SimCard *
new_full_card(SimCard *ca, uint8_t id)
{
    SimCard *card = talk_new_member(ca, id);

    talk_sw(card, "80460500",
            "891e"
            "787878787878787878787878787878787878787878787878787878787878",
            0x9000);
    fill(card, SIM_CARD_PLACES, id);
    for (unsigned place = 1; place <= SIM_CARD_PLACES; place++) {
        g_autofree char *header = g_strdup_printf("80da04%02x", place);

        talk_sw(card, header, NAME_30, 0x9000);
    }
    return card;
}

START_TEST(test_copying_a_full_card_takes_the_apdus_of_the_protocol)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) from = new_full_card(ca, 2);
    g_autoptr(SimCard) short_one = talk_new_member(ca, 3);
    g_autoptr(SimCard) extended = talk_new_member(ca, 4);
    unsigned counts[2] = { 0 };

    copy_everything(talk_bytes, from, short_one, counts);
    ck_assert_uint_le(counts[0], 60);
    ck_assert_uint_le(counts[1], 62);
    sim_card_set_extended_length(from, true);
    sim_card_set_extended_length(extended, true);
    counts[0] = counts[1] = 0;
    copy_everything(talk_extended, from, extended, counts);
    ck_assert_uint_le(counts[0], 18);
    ck_assert_uint_le(counts[1], 20);
    for (unsigned place = 1; place <= SIM_CARD_PLACES; place++) {
        g_autoptr(TkeSecret) a = sim_card_reveal_part(from, place, NULL);
        g_autoptr(TkeSecret) b = sim_card_reveal_part(short_one, place, NULL);
        g_autoptr(TkeSecret) c = sim_card_reveal_part(extended, place, NULL);

        ck_assert(tke_secret_equal(a, b) && tke_secret_equal(a, c));
    }
}
END_TEST

START_TEST(test_what_is_there_already_is_skipped)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) from = talk_new_member(ca, 2);
    g_autoptr(SimCard) to = talk_new_member(ca, 3);
    g_autoptr(GByteArray) first = NULL;
    g_autoptr(GByteArray) second = NULL;
    g_autoptr(GByteArray) results = NULL;
    g_autoptr(GByteArray) again = NULL;
    SimCardInfo info = { 0 };

    fill(from, 2, 7);
    talk_start_copy(from, to);
    first = talk(from, "802a0a02", "910101", 0x9000);
    results = talk_bytes(to, "802a0b00", first, 0x9000);
    test_bytes_check(results->data, results->len, "9502 0100");
    second = talk(from, "802a0a02", "91020102", 0x9000);
    again = talk_bytes(to, "802a0b00", second, 0x9000);
    test_bytes_check(again->data, again->len, "9504 0101 0200");
    sim_card_get_info(to, &info);
    ck_assert_uint_eq(info.usage_counter, 3);
}
END_TEST

START_TEST(test_more_new_parts_than_free_places_are_refused_together)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) from = talk_new_member(ca, 2);
    g_autoptr(SimCard) to = talk_new_member(ca, 3);
    g_autoptr(GByteArray) sealed = NULL;
    g_autoptr(GByteArray) refused = NULL;
    SimCardInfo info = { 0 };

    fill(from, 2, 7);
    fill(to, SIM_CARD_PLACES - 1, 9);
    talk_start_copy(from, to);
    sealed = talk(from, "802a0a02", "91020102", 0x9000);
    refused = talk_bytes(to, "802a0b00", sealed, 0x6a84);
    sim_card_get_info(to, &info);
    ck_assert_uint_eq(info.parts + refused->len, SIM_CARD_PLACES - 1);
    talk_sw(to, "80460600", "8e00", 0x9000);
    talk_sw(to, "80460600", "8e00", 0x6a84);
}
END_TEST

START_TEST(test_a_card_of_another_zone_and_the_card_itself_are_refused)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) other_ca = talk_new_zone(9);
    g_autoptr(SimCard) from = talk_new_member(ca, 2);
    g_autoptr(SimCard) stranger = talk_new_member(other_ca, 3);
    g_autoptr(GByteArray) offer = talk(stranger, "80460400", "", 0x9000);
    g_autoptr(GByteArray) own = NULL;
    g_autoptr(GByteArray) refused = NULL;
    g_autoptr(GByteArray) refused_too = NULL;

    talk_verify(from);
    refused = talk_bytes(from, "802a0500", offer, 0x6984);
    own = talk(from, "80460400", "", 0x9000);
    talk_verify(from);
    refused_too = talk_bytes(from, "802a0500", own, 0x6984);
    ck_assert_uint_eq(refused->len + refused_too->len, 0);
}
END_TEST

START_TEST(test_a_forged_card_gets_nothing)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) from = talk_new_member(ca, 2);
    g_autoptr(SimCard) to = talk_new_member(ca, 3);
    const SimCardForgery forgeries[] = { SIM_CARD_FORGED_KEY, SIM_CARD_FORGED_CERTIFICATE };

    for (size_t i = 0; i < G_N_ELEMENTS(forgeries); i++) {
        g_autoptr(GByteArray) offer = NULL;
        g_autoptr(GByteArray) refused = NULL;

        ck_assert(sim_card_set_forgery(to, forgeries[i]));
        offer = talk(to, "80460400", "", 0x9000);
        talk_verify(from);
        refused = talk_bytes(from, "802a0500", offer, 0x6984);
        ck_assert_uint_eq(refused->len, 0);
    }
}
END_TEST

START_TEST(test_a_backup_card_works_as_its_source)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) backup = talk_new_card(SIM_CARD_CA, 2);
    g_autoptr(SimCard) card = NULL;
    g_autoptr(GByteArray) offer = NULL;
    g_autoptr(GByteArray) answer = NULL;
    g_autoptr(GByteArray) none = NULL;
    g_autoptr(TkeSecret) first = NULL;
    g_autoptr(TkeSecret) second = NULL;

    talk_sw(backup, "00240181", TALK_CA_PIN_1, 0x9000);
    talk_sw(backup, "00240182", TALK_CA_PIN_2, 0x9000);
    talk_verify(ca);
    offer = talk(backup, "80460300", "", 0x9000);
    answer = talk_bytes(ca, "802a0300", offer, 0x9000);
    none = talk_bytes(backup, "802a0400", answer, 0x9000);
    ck_assert_uint_eq(none->len, 0);
    first = sim_card_reveal_scalar(ca, SIM_CARD_KEY_ZONE, NULL);
    second = sim_card_reveal_scalar(backup, SIM_CARD_KEY_ZONE, NULL);
    ck_assert(tke_secret_equal(first, second));
    card = talk_new_member(backup, 3);
    talk_sw(card, "802a9e03", "78", 0x9000);
}
END_TEST

START_TEST(test_a_new_part_takes_the_lowest_free_place)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) card = talk_new_member(ca, 2);
    g_autoptr(GByteArray) second = NULL;
    g_autoptr(GByteArray) made = NULL;
    g_autofree char *pattern = NULL;

    talk_sw(card, "80460600", "8e00", 0x9000);
    second = talk(card, "80460600", "8e00", 0x9000);
    talk_sw(card, "80460600", "8e00", 0x9000);
    pattern = tke_hex_encode(second->data, 34);
    talk_sw(card, "80e40203", pattern, 0x6984);
    talk_sw(card, "80e40202", pattern, 0x9000);
    made = talk(card, "80460600", "8e00", 0x9000);
    test_bytes_check(made->data + 34, 3, "910102");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_copying_a_full_card_takes_the_apdus_of_the_protocol);
    tcase_add_test(tests, test_what_is_there_already_is_skipped);
    tcase_add_test(tests, test_more_new_parts_than_free_places_are_refused_together);
    tcase_add_test(tests, test_a_card_of_another_zone_and_the_card_itself_are_refused);
    tcase_add_test(tests, test_a_forged_card_gets_nothing);
    tcase_add_test(tests, test_a_backup_card_works_as_its_source);
    tcase_add_test(tests, test_a_new_part_takes_the_lowest_free_place);
}

int
main(void)
{
    return test_main("sim-card-copy", add_tests);
}
