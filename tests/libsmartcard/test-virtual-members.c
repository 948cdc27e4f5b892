/*
 * Whole procedures on virtual cards: zone, backup, enrolment, unblock, PINs, with the number of
 * APDUs that card-protocol.md, 13, allows.
 */
#include <string.h>

#include "libsmartcard/ca-card-init.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/ep11-card.h"
#include "libsmartcard/pin-pad.h"
#include "tests/support/card-world.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

START_TEST(test_a_zone_takes_seven_apdus_with_recognising)
{
    g_autoptr(CardWorld) world = card_world_new(0);
    SimCard *blank = card_world_make_card(world, "ca", SIM_CARD_CA);
    TkeCardStatus status = { 0 };
    g_autoptr(TkeCard) card = card_world_recognise(world, blank, 1, &status);
    g_autoptr(GError) error = NULL;

    ck_assert_uint_eq(tke_card_get_apdus(card), 3);
    ck_assert_int_eq(status.kind, TKE_CARD_KIND_CA);
    ck_assert(tke_card_status_is_blank(&status));
    tke_card_set_extended_allowed(card, false);
    card_world_set_pin(world, card, TKE_PIN_FIRST, WORLD_FIRST);
    card_world_set_pin(world, card, TKE_PIN_SECOND, WORLD_SECOND);
    card_world_check(tke_ca_card_create_zone(card, "Zone", "CA", &world->zone, &error), error);
    ck_assert_uint_eq(tke_card_get_apdus(card), 7);

    card_world_check(tke_card_query_status(card, &status, &error), error);
    ck_assert_int_eq(status.life_cycle, TKE_CARD_MEMBER);
    ck_assert_str_eq(status.zone_description, "Zone");
    ck_assert_str_eq(status.description, "CA");
    ck_assert_mem_eq(status.zone_id, world->zone.zone_id, TKE_ZONE_ID_LEN);
    ck_assert_int_eq(status.pins[0].state, TKE_PIN_VERIFIED);
    ck_assert_int_eq(status.pins[1].state, TKE_PIN_VERIFIED);
}
END_TEST

START_TEST(test_a_backup_takes_the_apdus_of_the_table_and_works_as_the_first)
{
    g_autoptr(CardWorld) world = card_world_new(0);
    SimCard *blank = NULL;
    TkeCardStatus ca_status = { 0 };
    TkeCardStatus target_status = { 0 };
    TkeZoneCertificate zone = { 0 };
    g_autoptr(TkeCard) ca = NULL;
    g_autoptr(TkeCard) target = NULL;
    g_autoptr(GError) error = NULL;
    unsigned ca_before = 0;
    unsigned target_before = 0;

    card_world_make_zone(world);
    blank = card_world_make_card(world, "backup", SIM_CARD_CA);
    ca = card_world_recognise(world, world->ca, 1, &ca_status);
    target = card_world_recognise(world, blank, 2, &target_status);
    tke_card_set_extended_allowed(ca, false);
    tke_card_set_extended_allowed(target, false);
    ca_before = tke_card_get_apdus(ca);
    target_before = tke_card_get_apdus(target);
    card_world_set_pin(world, target, TKE_PIN_FIRST, "333333");
    card_world_set_pin(world, target, TKE_PIN_SECOND, "444444");
    card_world_verify(world, ca, TKE_PIN_FIRST, WORLD_FIRST);
    card_world_verify(world, ca, TKE_PIN_SECOND, WORLD_SECOND);
    card_world_check(tke_ca_card_backup(ca, &ca_status, target, &target_status, &zone, &error),
                     error);
    ck_assert_uint_eq(tke_card_get_apdus(ca) - ca_before, 5);
    ck_assert_uint_eq(tke_card_get_apdus(target) - target_before, 6); /* and one SELECT */
    ck_assert_mem_eq(zone.point, world->zone.point, sizeof zone.point);

    card_world_check(tke_card_query_status(target, &target_status, &error), error);
    ck_assert_int_eq(target_status.life_cycle, TKE_CARD_MEMBER);
    ck_assert_mem_eq(target_status.zone_id, ca_status.zone_id, TKE_ZONE_ID_LEN);
    /* It certifies under the same key. */
    {
        SimCard *member = card_world_make_card(world, "m", SIM_CARD_EP11);
        TkeCardStatus status = { 0 };
        TkeZoneCertificate certificate = { 0 };
        g_autoptr(TkeCard) card = card_world_recognise(world, member, 1, &status);

        card_world_check(
            tke_ep11_card_enrol(card, &status, target, &world->zone, &certificate, &error), error);
    }
}
END_TEST

START_TEST(test_a_backup_needs_fresh_pins_and_a_second_card)
{
    g_autoptr(CardWorld) world = card_world_new(0);
    SimCard *blank = NULL;
    TkeCardStatus ca_status = { 0 };
    TkeCardStatus target_status = { 0 };
    TkeZoneCertificate zone = { 0 };
    g_autoptr(TkeCard) ca = NULL;
    g_autoptr(TkeCard) target = NULL;
    g_autoptr(GError) error = NULL;

    card_world_make_zone(world);
    blank = card_world_make_card(world, "backup", SIM_CARD_CA);
    ca = card_world_open_ca(world);
    card_world_check(tke_card_set_description(ca, "used since", &error), error);
    card_world_check(tke_card_query_status(ca, &ca_status, &error), error);
    target = card_world_recognise(world, blank, 2, &target_status);
    card_world_set_pin(world, target, TKE_PIN_FIRST, "333333");
    card_world_set_pin(world, target, TKE_PIN_SECOND, "444444");
    ck_assert(!tke_ca_card_backup(ca, &ca_status, target, &target_status, &zone, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PIN_NEEDED);
    ck_assert(g_str_has_prefix(error->message, "reader 1: "));
    g_clear_error(&error);

    ck_assert(!tke_ca_card_backup(ca, &ca_status, ca, &ca_status, &zone, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_SAME_CARD);
}
END_TEST

START_TEST(test_enrolment_takes_the_apdus_of_the_table)
{
    g_autoptr(CardWorld) world = card_world_new(0);
    SimCard *blank = NULL;
    TkeCardStatus status = { 0 };
    TkeZoneCertificate zone = { 0 };
    TkeZoneCertificate certificate = { 0 };
    g_autoptr(TkeCard) ca = NULL;
    g_autoptr(TkeCard) card = NULL;
    g_autoptr(GError) error = NULL;
    unsigned before = 0;

    card_world_make_zone(world);
    blank = card_world_make_card(world, "a", SIM_CARD_EP11);
    ca = card_world_open_ca(world);
    card = card_world_recognise(world, blank, 2, &status);
    tke_card_set_extended_allowed(ca, false);
    tke_card_set_extended_allowed(card, false);
    ck_assert_uint_eq(tke_card_get_apdus(card), 2);
    before = tke_card_get_apdus(ca);
    card_world_check(tke_card_query_zone_certificate(ca, &zone, &error), error);
    card_world_check(tke_ep11_card_enrol(card, &status, ca, &zone, &certificate, &error), error);
    card_world_set_pin(world, card, TKE_PIN_FIRST, WORLD_PIN);
    card_world_check(tke_card_set_description(card, "Card A", &error), error);
    ck_assert_uint_eq(tke_card_get_apdus(card), 9);
    ck_assert_uint_eq(tke_card_get_apdus(ca) - before, 4);
    card_world_check(tke_card_query_status(card, &status, &error), error);
    card_world_check(tke_card_status_need_personalised(&status, zone.zone_id, &error), error);
    ck_assert_str_eq(status.description, "Card A");

    ck_assert(!tke_ep11_card_enrol(card, &status, ca, &zone, &certificate, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_EXISTS);
}
END_TEST

/* Each command of an enrolment is the one at which the card is pulled, before or after it took
 * effect. */
START_TEST(test_an_interrupted_enrolment_goes_on_from_any_life_cycle)
{
    const SimCardFault fault = { .kind = _i % 2 == 0 ? SIM_CARD_FAULT_PULL_BEFORE
                                                     : SIM_CARD_FAULT_PULL_AFTER,
                                 .after = (unsigned) _i / 2 + 1,
                                 .times = 1 };
    g_autoptr(CardWorld) world = card_world_new(0);
    SimCard *blank = NULL;
    TkeCardStatus status = { 0 };
    TkeZoneCertificate certificate = { 0 };
    g_autoptr(TkeCard) ca = NULL;
    g_autoptr(TkeCard) card = NULL;
    g_autoptr(TkeCard) again = NULL;
    g_autoptr(GError) error = NULL;

    card_world_make_zone(world);
    blank = card_world_make_card(world, "a", SIM_CARD_EP11);
    ca = card_world_open_ca(world);
    card = card_world_recognise(world, blank, 2, &status);
    sim_card_add_fault(blank, &fault);
    ck_assert(!tke_ep11_card_enrol(card, &status, ca, &world->zone, &certificate, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_REMOVED);
    ck_assert(tke_card_error_is_outcome_unknown(error));
    g_clear_error(&error);
    g_clear_pointer(&card, tke_card_free);

    again = card_world_recognise(world, blank, 2, &status);
    if (status.life_cycle < TKE_CARD_MEMBER) {
        card_world_check(
            tke_ep11_card_enrol(again, &status, ca, &world->zone, &certificate, &error), error);
        card_world_check(tke_card_query_status(again, &status, &error), error);
    }
    ck_assert_int_eq(status.life_cycle, TKE_CARD_MEMBER);
}
END_TEST

START_TEST(test_enrolment_begun_in_another_zone_is_refused)
{
    g_autoptr(CardWorld) world = card_world_new(0);
    SimCard *blank = NULL;
    TkeCardStatus status = { 0 };
    TkeZoneCertificate certificate = { 0 };
    g_autoptr(TkeCard) ca = NULL;
    g_autoptr(TkeCard) card = NULL;
    g_autoptr(GError) error = NULL;

    card_world_make_zone(world);
    blank = card_world_make_card(world, "a", SIM_CARD_EP11);
    card = card_world_recognise(world, blank, 2, &status);
    card_world_check(tke_ep11_card_accept_zone(card, &world->zone, &error), error);
    card_world_check(tke_card_query_status(card, &status, &error), error);
    card_world_make_zone(world); /* a second one */
    ca = card_world_open_ca(world);
    ck_assert(!tke_ep11_card_enrol(card, &status, ca, &world->zone, &certificate, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_WRONG_ZONE);
}
END_TEST

START_TEST(test_a_blocked_card_is_unblocked_by_its_zone)
{
    g_autoptr(CardWorld) world = card_world_new(0);
    SimCard *member = NULL;
    TkeCardStatus status = { 0 };
    g_autoptr(TkeCard) ca = NULL;
    g_autoptr(TkeCard) card = NULL;
    g_autoptr(GError) error = NULL;
    unsigned before = 0;

    card_world_make_zone(world);
    member = card_world_make_member(world, "a");
    ca = card_world_open_ca(world);
    card = card_world_recognise(world, member, 2, &status);
    ck_assert(!tke_ep11_card_unblock(card, &status, ca, &world->zone, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_STATE);
    g_clear_error(&error);

    ck_assert(sim_card_block_pin(member, TKE_PIN_FIRST));
    card_world_check(tke_card_query_status(card, &status, &error), error);
    ck_assert_int_eq(status.pins[0].state, TKE_PIN_BLOCKED);
    before = tke_card_get_apdus(card);
    card_world_check(tke_ep11_card_unblock(card, &status, ca, &world->zone, &error), error);
    ck_assert_uint_eq(tke_card_get_apdus(card) - before, 2);
    card_world_check(tke_card_query_status(card, &status, &error), error);
    ck_assert_int_eq(status.pins[0].state, TKE_PIN_SET);
    ck_assert_uint_eq(status.pins[0].tries_left, 3);
    card_world_verify(world, card, TKE_PIN_FIRST, WORLD_PIN);
}
END_TEST

START_TEST(test_another_zone_cannot_unblock)
{
    g_autoptr(CardWorld) world = card_world_new(0);
    SimCard *member = NULL;
    TkeCardStatus status = { 0 };
    g_autoptr(TkeCard) ca = NULL;
    g_autoptr(TkeCard) card = NULL;
    g_autoptr(GError) error = NULL;

    card_world_make_zone(world);
    member = card_world_make_member(world, "a");
    ck_assert(sim_card_block_pin(member, TKE_PIN_FIRST));
    card_world_make_zone(world);
    ca = card_world_open_ca(world);
    card = card_world_recognise(world, member, 2, &status);
    ck_assert(!tke_ep11_card_unblock(card, &status, ca, &world->zone, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_WRONG_ZONE);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_zone_takes_seven_apdus_with_recognising);
    tcase_add_test(tests, test_a_backup_takes_the_apdus_of_the_table_and_works_as_the_first);
    tcase_add_test(tests, test_a_backup_needs_fresh_pins_and_a_second_card);
    tcase_add_test(tests, test_enrolment_takes_the_apdus_of_the_table);
    tcase_add_loop_test(tests, test_an_interrupted_enrolment_goes_on_from_any_life_cycle, 0, 6);
    tcase_add_test(tests, test_enrolment_begun_in_another_zone_is_refused);
    tcase_add_test(tests, test_a_blocked_card_is_unblocked_by_its_zone);
    tcase_add_test(tests, test_another_zone_cannot_unblock);
}

int
main(void)
{
    return test_main("virtual-members", add_tests);
}
