/*
 * Lasting changes of virtual cards: before or after, never between; files; faults; the end of the
 * usage log (card-protocol.md, 9 and 10).
 */
#include <glib/gstdio.h>
#include <unistd.h>

#include "tests/simulator/card-talk.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define ZONE_DATA "85 04 5a6f6e65 8e 00"

/* A file in a directory of its own. */
typedef struct Place {
    char *dir;
    char *path;
} Place;

static void
place_clear(Place *place)
{
    g_unlink(place->path);
    g_rmdir(place->dir);
    g_free(place->path);
    g_free(place->dir);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

static Place
new_place(void)
{
    Place place = { 0 };

    place.dir = g_dir_make_tmp("sim-card-XXXXXX", NULL);
    ck_assert_ptr_nonnull(place.dir);
    place.path = g_build_filename(place.dir, "card.json", NULL);
    return place;
}

/* Everything that any program can read of a card. */
static char *
snapshot(SimCard *card)
{
    static const char *const headers[] = { "80ca00e0", "80ca00e3", "80ca00e4", "80ca00e6",
                                           "80ca0101", "80ca0200", "80ca0203", "80ca00e5" };
    GString *text = g_string_new(NULL);

    talk_select(card);
    for (size_t i = 0; i < G_N_ELEMENTS(headers); i++) {
        g_autofree char *command = g_strconcat(headers[i], "00", NULL);
        g_autofree char *got = talk_apdu(card, command);

        g_string_append_printf(text, "%s %s\n", headers[i], got);
        while (strncmp(got + strlen(got) - 4, "61", 2) == 0) {
            g_free(got);
            got = talk_apdu(card, "00c0000000");
            g_string_append(text, got);
        }
    }
    return g_string_free(text, FALSE);
}

START_TEST(test_a_card_read_from_its_file_is_the_same_card)
{
    g_auto(Place) place = new_place();
    g_autoptr(GError) error = NULL;
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) card = talk_new_member(ca, 2);
    g_autoptr(SimCard) again = NULL;
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    g_autoptr(TkeSecret) part = NULL;
    g_autoptr(TkeSecret) same_part = NULL;
    GStatBuf info = { 0 };

    ck_assert_msg(sim_card_store_in(card, place.path, &error), "%s",
                  error == NULL ? "" : error->message);
    sim_card_set_extended_length(card, true);
    talk_sw(card, "80da0300", "8e 03 6f6e65", 0x9000);
    talk_sw(card, "80460500", "8905416c696365", 0x9000);
    talk_sw(card, "80460600", "8e0141", 0x9000);
    talk_sw(card, "80460600", "8e00", 0x9000);
    talk_sw(card, "00200081", "303030303030ffff", 0x63c2);
    before = snapshot(card);
    again = sim_card_load(place.path, &error);
    ck_assert_msg(again != NULL, "%s", error == NULL ? "" : error->message);
    after = snapshot(again);
    ck_assert_str_eq(after, before);
    ck_assert_str_eq(sim_card_get_name(again), "card");
    part = sim_card_reveal_part(card, 1, NULL);
    same_part = sim_card_reveal_part(again, 1, NULL);
    ck_assert(tke_secret_equal(part, same_part));
    talk_verify(again);
    talk_sw(again, "802a9e03", "78", 0x9000);
    ck_assert_int_eq(g_stat(place.path, &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0600);
}
END_TEST

START_TEST(test_a_ca_card_survives_in_its_file)
{
    g_auto(Place) place = new_place();
    g_autoptr(SimCard) ca = talk_new_card(SIM_CARD_CA, 1);
    g_autoptr(SimCard) again = NULL;
    g_autoptr(SimCard) card = NULL;
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;

    ck_assert(sim_card_store_in(ca, place.path, NULL));
    talk_sw(ca, "00240181", TALK_CA_PIN_1, 0x9000);
    talk_sw(ca, "00240182", TALK_CA_PIN_2, 0x9000);
    talk_sw(ca, "80460100", ZONE_DATA, 0x9000);
    before = snapshot(ca);
    again = sim_card_load(place.path, NULL);
    ck_assert_ptr_nonnull(again);
    after = snapshot(again);
    ck_assert_str_eq(after, before);
    talk_verify(again);
    card = talk_new_member(again, 2);
    ck_assert_ptr_nonnull(card);
}
END_TEST

START_TEST(test_a_file_that_makes_no_sense_is_refused)
{
    static const char *const texts[] = {
        "", "[]", "{}", "{\"format\":\"opentke virtual card 2\"}",
        "{\"format\":\"opentke virtual card 1\",\"name\":\"x\",\"kind\":7}"
    };
    g_auto(Place) place = new_place();

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert(g_file_set_contents(place.path, texts[i], -1, NULL));
        ck_assert_ptr_null(sim_card_load(place.path, &error));
        ck_assert_ptr_nonnull(error);
    }
}
END_TEST

START_TEST(test_what_cannot_be_saved_is_not_done)
{
    g_auto(Place) place = new_place();
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) card = talk_new_member(ca, 2);
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;

    ck_assert(sim_card_store_in(card, place.path, NULL));
    before = snapshot(card);
    talk_verify(card);
    ck_assert_int_eq(g_unlink(place.path), 0);
    ck_assert_int_eq(g_rmdir(place.dir), 0);
    talk_sw(card, "80460600", "8e0141", 0x6f00);
    talk_sw(card, "80da0300", "8e0141", 0x6f00);
    after = snapshot(card);
    ck_assert_str_eq(after, before);
    ck_assert_int_eq(g_mkdir(place.dir, 0700), 0);
    talk_verify(card);
    talk_sw(card, "80460600", "8e0141", 0x9000);
}
END_TEST

/* Commands whose lasting changes are torn, each on a card of its own. */
typedef struct Torn {
    const char *header;
    const char *data;
    const char *pin; /* verified before, NULL: none */
    unsigned changes;
} Torn;

static const Torn torn[] = {
    { "80460500", "8905416c696365", TALK_EP11_PIN, 1 },
    { "80460600", "8e0142", TALK_EP11_PIN, 1 },
    { "80da0300", "8e0142", TALK_EP11_PIN, 1 },
    { "80da0401", "8e0142", TALK_EP11_PIN, 1 },
    { "802a9e03", "78", TALK_EP11_PIN, 1 },
    { "00200081", TALK_EP11_PIN, NULL, 2 },
    { "00200081", "303030303030ffff", NULL, 1 },
    { "00240081", TALK_EP11_PIN TALK_OTHER_PIN, NULL, 2 },
};

/* Executes a command on a card that loses its power; true if the fault struck. */
static bool
lose_power_in(SimCard *card, const Torn *command, SimCardFaultKind kind, unsigned nth)
{
    const SimCardFault fault = { .kind = kind, .after = nth, .times = 1 };
    g_autofree char *text = g_strconcat(command->header, "00", NULL);
    g_autoptr(GByteArray) bytes = test_bytes(text);
    g_autoptr(GByteArray) data = test_bytes(command->data);
    SimCardAnswer answer = { 0 };
    bool struck = false;

    bytes->data[4] = (uint8_t) data->len;
    g_byte_array_append(bytes, data->data, data->len);
    sim_card_add_fault(card, &fault);
    struck = sim_card_exchange(card, bytes->data, bytes->len, &answer) == SIM_CARD_PULLED;
    if (struck) {
        ck_assert_uint_eq(answer.len, 0);
    }
    sim_card_clear_faults(card);
    return struck;
}

static void
check_torn(SimCard *ca, const Torn *command, SimCardFaultKind kind, unsigned nth)
{
    g_auto(Place) place = new_place();
    g_autoptr(SimCard) card = talk_new_member(ca, 2);
    g_autoptr(SimCard) again = NULL;
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    g_autofree char *loaded = NULL;

    talk_sw(card, "80460600", "8e0141", 0x9000);
    ck_assert(sim_card_store_in(card, place.path, NULL));
    before = snapshot(card);
    if (command->pin != NULL) {
        talk_sw(card, "00200081", command->pin, 0x9000);
    }
    ck_assert(lose_power_in(card, command, kind, nth));
    after = snapshot(card);
    if (kind == SIM_CARD_FAULT_TORN_BEFORE && nth == 1) {
        ck_assert_str_eq(after, before);
    } else {
        ck_assert_str_ne(after, before);
    }
    again = sim_card_load(place.path, NULL);
    ck_assert_ptr_nonnull(again);
    loaded = snapshot(again);
    ck_assert_str_eq(loaded, after);
}

START_TEST(test_a_card_pulled_in_a_change_holds_the_state_before_or_after)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);

    for (size_t i = 0; i < G_N_ELEMENTS(torn); i++) {
        for (unsigned nth = 1; nth <= torn[i].changes; nth++) {
            /* After a right entry everything is as before it: nothing to tell apart. */
            if (nth < 2 || torn[i].pin != NULL) {
                check_torn(ca, &torn[i], SIM_CARD_FAULT_TORN_BEFORE, nth);
                check_torn(ca, &torn[i], SIM_CARD_FAULT_TORN_AFTER, nth);
            }
        }
    }
}
END_TEST

START_TEST(test_a_try_is_used_up_before_the_compare)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) card = talk_new_member(ca, 2);
    const Torn right = { "00200081", TALK_EP11_PIN, NULL, 2 };
    SimCardInfo info = { 0 };

    ck_assert(lose_power_in(card, &right, SIM_CARD_FAULT_TORN_AFTER, 1));
    sim_card_get_info(card, &info);
    ck_assert_uint_eq(info.pin_tries[0], 2);
    ck_assert(!info.powered);
}
END_TEST

START_TEST(test_each_received_part_is_a_change_of_its_own)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) from = talk_new_member(ca, 2);
    g_autoptr(SimCard) to = talk_new_member(ca, 3);
    const SimCardFault fault = { .kind = SIM_CARD_FAULT_TORN_BEFORE, .after = 3, .times = 1 };
    g_autoptr(GByteArray) sealed = NULL;
    g_autoptr(GByteArray) command = NULL;
    SimCardAnswer answer = { 0 };
    SimCardInfo info = { 0 };

    for (unsigned i = 0; i < 3; i++) {
        talk_sw(from, "80460600", "8e00", 0x9000);
    }
    talk_start_copy(from, to);
    sealed = talk(from, "802a0a02", "9103010203", 0x9000);
    command = test_bytes("802a0b0000");
    command->data[4] = (uint8_t) sealed->len;
    g_byte_array_append(command, sealed->data, sealed->len);
    sim_card_add_fault(to, &fault);
    ck_assert_int_eq(sim_card_exchange(to, command->data, command->len, &answer), SIM_CARD_PULLED);
    sim_card_get_info(to, &info);
    ck_assert_uint_eq(info.parts, 2);
    ck_assert_uint_eq(info.usage_counter, 3); /* PIN set, two parts */
}
END_TEST

START_TEST(test_faults_strike_when_and_as_often_as_planned)
{
    g_autoptr(SimCard) card = talk_new_card(SIM_CARD_EP11, 1);
    const uint8_t status[] = { 0x80, 0xca, 0x00, 0xe0, 0x00 };
    const SimCardFault sw = { .kind = SIM_CARD_FAULT_STATUS, .after = 2, .times = 2, .sw = 0x6f12 };
    const SimCardFault garbage = { .kind = SIM_CARD_FAULT_GARBAGE, .after = 1, .times = 1 };
    const SimCardFault cut = { .kind = SIM_CARD_FAULT_CUT, .after = 1, .times = 1 };
    const SimCardFault silent = { .kind = SIM_CARD_FAULT_SILENT, .after = 1, .times = 1 };
    const SimCardFault pulled = { .kind = SIM_CARD_FAULT_PULL_BEFORE, .after = 1, .times = 1 };
    SimCardAnswer right = { 0 };
    SimCardAnswer answer = { 0 };

    sim_card_add_fault(card, &sw);
    ck_assert_uint_eq(sim_card_faults_left(card), 2);
    ck_assert_int_eq(sim_card_exchange(card, status, sizeof status, &right), SIM_CARD_ANSWERED);
    ck_assert_uint_gt(right.len, 70);
    expect_answer(card, "80ca00e000", "6f12");
    expect_answer(card, "80ca00e000", "6f12");
    ck_assert_uint_eq(sim_card_faults_left(card), 0);
    sim_card_add_fault(card, &garbage);
    ck_assert_int_eq(sim_card_exchange(card, status, sizeof status, &answer), SIM_CARD_ANSWERED);
    ck_assert_uint_eq(answer.len, right.len);
    ck_assert_mem_ne(answer.bytes, right.bytes, right.len);
    sim_card_add_fault(card, &cut);
    ck_assert_int_eq(sim_card_exchange(card, status, sizeof status, &answer), SIM_CARD_ANSWERED);
    ck_assert_uint_eq(answer.len, 1);
    sim_card_add_fault(card, &silent);
    ck_assert_int_eq(sim_card_exchange(card, status, sizeof status, &answer), SIM_CARD_SILENT);
    sim_card_add_fault(card, &pulled);
    ck_assert_int_eq(sim_card_exchange(card, status, sizeof status, &answer), SIM_CARD_PULLED);
    ck_assert_int_eq(sim_card_exchange(card, status, sizeof status, &answer), SIM_CARD_OFF);
    ck_assert_uint_eq(sim_card_get_exchanges(card), 8);
}
END_TEST

START_TEST(test_at_the_end_of_the_counter_nothing_is_done_that_would_be_logged)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) card = talk_new_member(ca, 2);
    SimCardInfo info = { 0 };

    sim_card_set_usage_counter(card, UINT32_MAX - 1);
    talk_sw(card, "80460600", "8e00", 0x9000);
    talk_sw(card, "80460600", "8e00", 0x6a84);
    talk_sw(card, "80460500", "8905416c696365", 0x6a84);
    talk_sw(card, "802a9e03", "78", 0x6a84);
    talk_sw(card, "00240081", TALK_EP11_PIN TALK_OTHER_PIN, 0x6a84);
    talk_sw(card, "80da0300", "8e00", 0x9000);
    talk_verify(card);
    sim_card_get_info(card, &info);
    ck_assert_uint_eq(info.usage_counter, UINT32_MAX);
    ck_assert_uint_eq(info.parts, 1);
}
END_TEST

START_TEST(test_a_statement_fixes_contents_and_log_and_a_forged_one_shows)
{
    g_autoptr(SimCard) ca = talk_new_zone(1);
    g_autoptr(SimCard) card = talk_new_enrolled(ca, 2);
    const char *challenge = "00000000000000000000000000000000"
                            "00000000000000000000000000000000";
    g_autoptr(GByteArray) own = talk(card, "80ca00e4", "", 0x9000);
    g_autoptr(GByteArray) forged = NULL;
    g_autoptr(GPtrArray) genuine = NULL;
    g_autoptr(GPtrArray) other = NULL;
    const SimCardSignature *first = NULL;
    const SimCardSignature *second = NULL;

    sim_card_record_signatures(card);
    talk_sw(card, "00880000", challenge, 0x9000);
    genuine = sim_card_take_signatures(card);
    ck_assert(sim_card_set_forgery(card, SIM_CARD_FORGED_CERTIFICATE));
    forged = talk(card, "80ca00e4", "", 0x9000);
    sim_card_take_signatures(card);
    talk_sw(card, "00880000", challenge, 0x9000);
    other = sim_card_take_signatures(card);
    first = g_ptr_array_index(genuine, 0);
    second = g_ptr_array_index(other, 0);
    ck_assert_mem_ne(first->point, second->point, sizeof first->point);
    ck_assert_mem_ne(own->data + 40, forged->data + 40, 133); /* the point */
    ck_assert(sim_card_set_forgery(card, SIM_CARD_GENUINE));
    g_byte_array_unref(forged);
    forged = talk(card, "80ca00e4", "", 0x9000);
    ck_assert_mem_eq(own->data, forged->data, own->len);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_card_read_from_its_file_is_the_same_card);
    tcase_add_test(tests, test_a_ca_card_survives_in_its_file);
    tcase_add_test(tests, test_a_file_that_makes_no_sense_is_refused);
    tcase_add_test(tests, test_what_cannot_be_saved_is_not_done);
    tcase_add_test(tests, test_a_card_pulled_in_a_change_holds_the_state_before_or_after);
    tcase_add_test(tests, test_a_try_is_used_up_before_the_compare);
    tcase_add_test(tests, test_each_received_part_is_a_change_of_its_own);
    tcase_add_test(tests, test_faults_strike_when_and_as_often_as_planned);
    tcase_add_test(tests, test_at_the_end_of_the_counter_nothing_is_done_that_would_be_logged);
    tcase_add_test(tests, test_a_statement_fixes_contents_and_log_and_a_forged_one_shows);
}

int
main(void)
{
    return test_main("sim-card-atomic", add_tests);
}
