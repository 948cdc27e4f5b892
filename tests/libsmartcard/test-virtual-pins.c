/*
 * PIN entry on the pads of virtual readers: every outcome an error of its own (functions
 * reference, 2.2).
 */
#include <string.h>

#include "libsmartcard/ca-card-init.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/pin-pad.h"
#include "tests/support/card-world.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

static void
check_info(const GError *error, TkeCardError code, uint8_t reference, int tries)
{
    TkeCardErrorInfo info = { 0 };

    test_bytes_check_error(error, TKE_CARD_ERROR, (int) code);
    ck_assert(tke_card_error_get_info(error, &info));
    ck_assert_uint_eq(info.pin_reference, reference);
    ck_assert_int_eq(info.tries_left, tries);
}

START_TEST(test_wrong_pins_count_down_and_block)
{
    g_autoptr(CardWorld) world = card_world_new(0);
    g_autoptr(TkeCard) card = NULL;
    TkeCardStatus status = { 0 };
    TkePinStatus pin = { 0 };
    SimCard *member = NULL;

    card_world_make_zone(world);
    member = card_world_make_member(world, "a");
    card = card_world_recognise(world, member, 2, &status);
    for (int left = 2; left >= 0; left--) {
        g_autoptr(GError) error = NULL;

        virtual_readers_type(world->readers, 2, "000000E");
        ck_assert(!tke_pin_pad_verify(card, TKE_PIN_FIRST, &error));
        check_info(error, left > 0 ? TKE_CARD_ERROR_PIN_WRONG : TKE_CARD_ERROR_PIN_BLOCKED,
                   TKE_PIN_FIRST, left);
        ck_assert(g_str_has_prefix(error->message, "reader 2: "));
        ck_assert_ptr_null(strstr(error->message, "000000"));
        ck_assert(tke_pin_pad_query_state(card, TKE_PIN_FIRST, &pin, NULL));
        ck_assert_uint_eq(pin.tries_left, (unsigned) left);
        ck_assert_int_eq(pin.state, left > 0 ? TKE_PIN_SET : TKE_PIN_BLOCKED);
    }
    {
        g_autoptr(GError) error = NULL;

        virtual_readers_type(world->readers, 2, WORLD_PIN "E");
        ck_assert(!tke_pin_pad_verify(card, TKE_PIN_FIRST, &error));
        check_info(error, TKE_CARD_ERROR_PIN_BLOCKED, TKE_PIN_FIRST, 0);
    }
}
END_TEST

static const struct {
    const char *keys; /* NULL: nobody types */
    bool new_pin;
    TkeCardError code;
} pad_outcomes[] = {
    { NULL, false, TKE_CARD_ERROR_PIN_TIMEOUT },
    { "12C", false, TKE_CARD_ERROR_PIN_CANCELLED },
    { NULL, true, TKE_CARD_ERROR_PIN_TIMEOUT },
    { "123456E12C", true, TKE_CARD_ERROR_PIN_CANCELLED },
    { "123456E123457E", true, TKE_CARD_ERROR_PIN_DIFFER },
};

START_TEST(test_outcomes_of_the_pad_are_told_apart_and_cost_no_try)
{
    g_autoptr(CardWorld) world = card_world_new(20);
    SimCard *blank = card_world_make_card(world, "ca", SIM_CARD_CA);
    TkeCardStatus status = { 0 };
    g_autoptr(TkeCard) card = card_world_recognise(world, blank, 1, &status);
    g_autoptr(GError) error = NULL;
    bool ok = false;

    if (!pad_outcomes[_i].new_pin) {
        card_world_set_pin(world, card, TKE_PIN_FIRST, WORLD_FIRST);
    }
    if (pad_outcomes[_i].keys != NULL) {
        virtual_readers_type(world->readers, 1, pad_outcomes[_i].keys);
    }
    ok = pad_outcomes[_i].new_pin ? tke_pin_pad_set(card, TKE_PIN_FIRST, &error)
                                  : tke_pin_pad_verify(card, TKE_PIN_FIRST, &error);
    ck_assert(!ok);
    check_info(error, pad_outcomes[_i].code, TKE_PIN_FIRST, -1);
    card_world_check(tke_card_query_status(card, &status, NULL), error);
    ck_assert_uint_eq(status.pins[0].tries_left, TKE_PIN_TRIES_CA);
}
END_TEST

START_TEST(test_the_two_ca_pins_differ)
{
    g_autoptr(CardWorld) world = card_world_new(0);
    SimCard *blank = card_world_make_card(world, "ca", SIM_CARD_CA);
    TkeCardStatus status = { 0 };
    g_autoptr(TkeCard) card = card_world_recognise(world, blank, 1, &status);
    g_autoptr(GError) error = NULL;

    card_world_set_pin(world, card, TKE_PIN_FIRST, WORLD_FIRST);
    virtual_readers_type(world->readers, 1, WORLD_FIRST "E" WORLD_FIRST "E");
    ck_assert(!tke_pin_pad_set(card, TKE_PIN_SECOND, &error));
    check_info(error, TKE_CARD_ERROR_PIN_EQUAL, TKE_PIN_SECOND, -1);
    g_clear_error(&error);
    card_world_set_pin(world, card, TKE_PIN_SECOND, WORLD_SECOND);
    virtual_readers_type(world->readers, 1, WORLD_SECOND "E" WORLD_SECOND "E");
    ck_assert(!tke_pin_pad_set(card, TKE_PIN_SECOND, &error));
    check_info(error, TKE_CARD_ERROR_STATE, TKE_PIN_SECOND, -1);
}
END_TEST

START_TEST(test_a_pin_is_changed_with_the_old_one)
{
    g_autoptr(CardWorld) world = card_world_new(0);
    g_autoptr(TkeCard) card = NULL;
    TkeCardStatus status = { 0 };
    g_autoptr(GError) error = NULL;
    SimCard *member = NULL;

    card_world_make_zone(world);
    member = card_world_make_member(world, "a");
    card = card_world_recognise(world, member, 2, &status);
    virtual_readers_type(world->readers, 2, "999999E654321E654321E");
    ck_assert(!tke_pin_pad_change(card, TKE_PIN_FIRST, &error));
    check_info(error, TKE_CARD_ERROR_PIN_WRONG, TKE_PIN_FIRST, 2);
    g_clear_error(&error);
    virtual_readers_type(world->readers, 2, WORLD_PIN "E654321E654321E");
    card_world_check(tke_pin_pad_change(card, TKE_PIN_FIRST, &error), error);
    card_world_check(tke_pin_pad_forget(card, TKE_PIN_FIRST, &error), error);
    card_world_check(tke_card_query_status(card, &status, &error), error);
    ck_assert_int_eq(status.pins[0].state, TKE_PIN_SET);
    card_world_verify(world, card, TKE_PIN_FIRST, "654321");
}
END_TEST

START_TEST(test_changing_a_ca_pin_needs_two_tries_of_the_other)
{
    g_autoptr(CardWorld) world = card_world_new(0);
    g_autoptr(TkeCard) ca = NULL;
    TkeCardStatus status = { 0 };
    g_autoptr(GError) error = NULL;

    card_world_make_zone(world);
    ca = card_world_recognise(world, world->ca, 1, &status);
    for (unsigned i = 0; i < TKE_PIN_TRIES_CA - 1; i++) {
        g_clear_error(&error);
        virtual_readers_type(world->readers, 1, "000000E");
        ck_assert(!tke_pin_pad_verify(ca, TKE_PIN_SECOND, &error));
    }
    check_info(error, TKE_CARD_ERROR_PIN_WRONG, TKE_PIN_SECOND, 1);
    g_clear_error(&error);
    virtual_readers_type(world->readers, 1, WORLD_FIRST "E777777E777777E");
    ck_assert(!tke_pin_pad_change(ca, TKE_PIN_FIRST, &error));
    check_info(error, TKE_CARD_ERROR_PIN_FEW_TRIES, TKE_PIN_FIRST, -1);
    g_clear_error(&error);
    card_world_verify(world, ca, TKE_PIN_SECOND, WORLD_SECOND);
    virtual_readers_type(world->readers, 1, WORLD_FIRST "E" WORLD_SECOND "E" WORLD_SECOND "E");
    ck_assert(!tke_pin_pad_change(ca, TKE_PIN_FIRST, &error));
    check_info(error, TKE_CARD_ERROR_PIN_EQUAL, TKE_PIN_FIRST, -1);
    g_clear_error(&error);
    virtual_readers_type(world->readers, 1, WORLD_FIRST "E777777E777777E");
    card_world_check(tke_pin_pad_change(ca, TKE_PIN_FIRST, &error), error);
    card_world_check(tke_card_query_status(ca, &status, &error), error);
    ck_assert_uint_eq(status.pins[1].tries_left, TKE_PIN_TRIES_CA - 1);
}
END_TEST

START_TEST(test_a_card_pulled_while_the_pad_asks_is_reported)
{
    g_autoptr(CardWorld) world = card_world_new(0);
    const SimCardFault fault = { .kind = SIM_CARD_FAULT_PULL_AFTER, .after = 1, .times = 1 };
    g_autoptr(TkeCard) card = NULL;
    TkeCardStatus status = { 0 };
    g_autoptr(GError) error = NULL;
    SimCard *member = NULL;

    card_world_make_zone(world);
    member = card_world_make_member(world, "a");
    card = card_world_recognise(world, member, 2, &status);
    sim_card_add_fault(member, &fault);
    virtual_readers_type(world->readers, 2, WORLD_PIN "E");
    ck_assert(!tke_pin_pad_verify(card, TKE_PIN_FIRST, &error));
    check_info(error, TKE_CARD_ERROR_REMOVED, TKE_PIN_FIRST, -1);
    ck_assert_int_eq(tke_card_get_selected(card), TKE_CARD_KIND_FOREIGN);
}
END_TEST

START_TEST(test_a_held_or_empty_reader_is_told_at_opening)
{
    g_autoptr(CardWorld) world = card_world_new(0);
    SimCard *blank = card_world_make_card(world, "ca", SIM_CARD_CA);
    g_autoptr(GError) error = NULL;
    TkeCardErrorInfo info = { 0 };
    const char *name = virtual_readers_get_name(world->readers, 1);

    ck_assert_ptr_null(tke_card_open(world->source, name, 1, NULL, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_CARD);
    ck_assert(tke_card_error_get_info(error, &info));
    ck_assert_uint_eq(info.reader_number, 1);
    ck_assert_str_eq(info.reader_name, name);
    g_clear_error(&error);
    ck_assert(sim_reader_insert(virtual_readers_get(world->readers, 1), blank, NULL));
    sim_reader_set_held(virtual_readers_get(world->readers, 1), true);
    ck_assert_ptr_null(tke_card_open(world->source, name, 1, NULL, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_IN_USE);
    g_clear_error(&error);
    ck_assert_ptr_null(tke_card_open(world->source, "no such reader", 1, NULL, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_READER);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_wrong_pins_count_down_and_block);
    tcase_add_loop_test(tests, test_outcomes_of_the_pad_are_told_apart_and_cost_no_try, 0,
                        (int) G_N_ELEMENTS(pad_outcomes));
    tcase_add_test(tests, test_the_two_ca_pins_differ);
    tcase_add_test(tests, test_a_pin_is_changed_with_the_old_one);
    tcase_add_test(tests, test_changing_a_ca_pin_needs_two_tries_of_the_other);
    tcase_add_test(tests, test_a_card_pulled_while_the_pad_asks_is_reported);
    tcase_add_test(tests, test_a_held_or_empty_reader_is_told_at_opening);
}

int
main(void)
{
    return test_main("virtual-pins", add_tests);
}
