/*
 * PIN entry on virtual keypads that are as strict as real ones, and on readers that lie (PC/SC
 * part 10; functions reference, 2.2, E-C18).
 */
#include <string.h>

#include "libsmartcard/card-error.h"
#include "libsmartcard/pin-pad.h"
#include "tests/support/card-world.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

static const struct {
    const char *keypad, *row;
} keypads[] = {
    { "standard", "standard" }, { "spr332", "spr332" }, { "cyberjack-one", "cyberjack-one" },
    { "st-2xxx", "st-2xxx" },   { "xx44", "xx44" },     { "ct710", "ct710" },
};

START_TEST(test_pins_are_set_checked_and_changed_on_every_keypad)
{
    g_autoptr(CardWorld) world = card_world_new(0);
    g_autoptr(TkeCard) card = NULL;
    TkeCardStatus status = { 0 };
    TkePinPad pad = { 0 };
    g_autoptr(GError) error = NULL;

    virtual_readers_set_keypad(world->readers, 1, keypads[_i].keypad);
    virtual_readers_set_keypad(world->readers, 2, keypads[_i].keypad);
    card_world_make_zone(world); /* sets two PINs, checks them */
    card = card_world_open_member(world, card_world_make_member(world, "a"), 2, &status);
    virtual_readers_type(world->readers, 2, WORLD_PIN "E654321E654321E");
    card_world_check(tke_pin_pad_change(card, TKE_PIN_FIRST, &error), error);
    card_world_verify(world, card, TKE_PIN_FIRST, "654321");
    ck_assert(tke_pin_pad_query(card, &pad, NULL));
    ck_assert_str_eq(pad.quirk->word, keypads[_i].row);
    ck_assert(!pad.properties.malformed && !pad.properties.contradictory);
}
END_TEST

START_TEST(test_without_its_row_a_keypad_refuses_and_no_try_is_lost)
{
    static const char *const strict[] = { "spr332", "st-2xxx", "xx44" };
    g_autoptr(CardWorld) world = card_world_new(0);
    SimCard *member = NULL;

    card_world_make_zone(world);
    member = card_world_make_member(world, "a");
    for (size_t i = 0; i < G_N_ELEMENTS(strict); i++) {
        const TkePinPad standard = { 0 };
        TkePinPad pad = { 0 };
        uint8_t block[TKE_PIN_PAD_BLOCK_MAX];
        uint8_t sw[64];
        size_t len = 0;
        TkeCardStatus status = { 0 };
        g_autoptr(TkeCard) card = NULL;

        virtual_readers_set_keypad(world->readers, 2, strict[i]);
        card = card_world_recognise(world, member, 2, &status);
        ck_assert(tke_pin_pad_query(card, &pad, NULL));
        /* set wants three messages on each of them, change other indices on two */
        tke_pin_pad_build(&standard, TKE_PIN_PAD_SET, TKE_PIN_FIRST, block, &len);
        ck_assert(tke_card_control(card, pad.modify_direct, block, len, sw, sizeof sw, &len, NULL));
        test_bytes_check(sw, len, "6b80");
        ck_assert_uint_eq(status.pins[0].tries_left, TKE_PIN_TRIES_EP11);
    }
}
END_TEST

static const struct {
    const char *fault;
    int code; /* 0: PINs are taken all the same */
} lies[] = {
    { "claims-keypad", TKE_CARD_ERROR_NO_PIN_PAD },
    { "cut-features", TKE_CARD_ERROR_COMMUNICATION },
    { "long-features", TKE_CARD_ERROR_COMMUNICATION },
    { "two-codes", TKE_CARD_ERROR_COMMUNICATION },
    { "zero-codes", TKE_CARD_ERROR_NO_PIN_PAD },
    { "cut-properties", 0 },
    { "long-properties", 0 },
    { "swapped-sizes", 0 },
    { "long-pins", TKE_CARD_ERROR_NO_PIN_PAD },
    { "pad-status", TKE_CARD_ERROR_STATUS },
    { "pad-fails", TKE_CARD_ERROR_COMMUNICATION },
    { "pad-garbage", TKE_CARD_ERROR_COMMUNICATION },
    { "no-keypad", TKE_CARD_ERROR_NO_PIN_PAD },
};

START_TEST(test_a_reader_that_lies_is_refused_and_usable_once_it_is_honest)
{
    g_autoptr(CardWorld) world = card_world_new(20);
    g_autoptr(TkeCard) card = NULL;
    SimReaderFault fault = 0;
    SimReader *reader = NULL;
    TkeCardStatus status = { 0 };
    g_autoptr(GError) error = NULL;
    bool ok = false;

    card_world_make_zone(world);
    card = card_world_recognise(world, card_world_make_member(world, "a"), 2, &status);
    reader = virtual_readers_get(world->readers, 2);
    ck_assert(sim_reader_find_fault(lies[_i].fault, &fault));
    sim_reader_add_fault(reader, fault, 0x6405);
    virtual_readers_type(world->readers, 2, WORLD_PIN "E");
    ok = tke_pin_pad_verify(card, TKE_PIN_FIRST, &error);
    ck_assert_msg(ok == (lies[_i].code == 0), "%s: %s", lies[_i].fault,
                  ok ? "taken" : error->message);
    if (!ok) {
        test_bytes_check_error(error, TKE_CARD_ERROR, lies[_i].code);
        ck_assert_msg(g_str_has_prefix(error->message, "reader 2: "), "%s", error->message);
    }
    virtual_readers_forget_keys(world->readers, 2);
    card_world_check(tke_card_query_status(card, &status, NULL), error);
    ck_assert_uint_eq(status.pins[0].tries_left, TKE_PIN_TRIES_EP11);
    sim_reader_clear_faults(reader);
    card_world_verify(world, card, TKE_PIN_FIRST, WORLD_PIN);
}
END_TEST

START_TEST(test_a_keypad_that_checks_nothing_cannot_harm_the_card)
{
    g_autoptr(CardWorld) world = card_world_new(0);
    g_autoptr(TkeCard) card = NULL;
    TkeCardStatus status = { 0 };
    g_autoptr(GError) error = NULL;

    card_world_make_zone(world);
    card = card_world_recognise(world, card_world_make_member(world, "a"), 2, &status);
    sim_reader_add_fault(virtual_readers_get(world->readers, 2), SIM_READER_FAULT_NO_LENGTH_CHECK,
                         0);
    virtual_readers_type(world->readers, 2, "12345E");
    ck_assert(!tke_pin_pad_verify(card, TKE_PIN_FIRST, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PIN_LENGTH); /* the card's 6A80 */
    card_world_check(tke_card_query_status(card, &status, NULL), error);
    ck_assert_uint_eq(status.pins[0].tries_left, TKE_PIN_TRIES_EP11);
}
END_TEST

START_TEST(test_a_reader_without_keys_is_refused_for_pins_only)
{
    g_autoptr(CardWorld) world = card_world_new(0);
    g_autoptr(TkeCard) card = NULL;
    SimCard *member = NULL;
    TkeCardStatus status = { 0 };
    TkePinPad pad = { 0 };
    g_autoptr(GError) error = NULL;

    card_world_make_zone(world);
    member = card_world_make_member(world, "a");
    virtual_readers_set_keypad(world->readers, 2, "none");
    ck_assert(!tke_pin_pad_query_reader(world->source, virtual_readers_get_name(world->readers, 2),
                                        &pad, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_PIN_PAD);
    g_clear_error(&error);
    card = card_world_recognise(world, member, 2, &status); /* looked at */
    ck_assert_int_eq(status.kind, TKE_CARD_KIND_EP11);
    ck_assert(!tke_pin_pad_verify(card, TKE_PIN_FIRST, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_PIN_PAD);
    ck_assert_ptr_nonnull(strstr(error->message, "Virtual reader 2"));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_pins_are_set_checked_and_changed_on_every_keypad, 0,
                        (int) G_N_ELEMENTS(keypads));
    tcase_add_test(tests, test_without_its_row_a_keypad_refuses_and_no_try_is_lost);
    tcase_add_loop_test(tests, test_a_reader_that_lies_is_refused_and_usable_once_it_is_honest, 0,
                        (int) G_N_ELEMENTS(lies));
    tcase_add_test(tests, test_a_keypad_that_checks_nothing_cannot_harm_the_card);
    tcase_add_test(tests, test_a_reader_without_keys_is_refused_for_pins_only);
}

int
main(void)
{
    return test_main("virtual-pads", add_tests);
}
