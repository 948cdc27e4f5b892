/*
 * Is a virtual card genuine, and what was it used for (card-protocol.md, 6.5, 9; E-C22).
 */
#include <string.h>

#include "libsmartcard/card-error.h"
#include "libsmartcard/card-evidence.h"
#include "libsmartcard/ep11-card-keys.h"
#include "libsmartcard/ep11-card-signer.h"
#include "tests/support/card-world.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

START_TEST(test_a_genuine_card_proves_key_log_and_contents)
{
    g_autoptr(CardWorld) world = card_world_new(0);
    SimCard *member = NULL;
    g_autoptr(TkeCard) card = NULL;
    TkeCardStatus status = { 0 };
    TkeKeyPart part = { 0 };
    TkeSignatureKey key = { 0 };
    TkeKeyPartList list = { 0 };
    TkeZoneCertificate identity = { 0 };
    g_autoptr(GError) error = NULL;

    card_world_make_zone(world);
    member = card_world_make_member(world, "a");
    card = card_world_open_member(world, member, 2, &status);
    card_world_check(tke_ep11_card_generate_part(card, "A", &part, &error), error);
    card_world_check(tke_ep11_card_generate_signature_key(card, "Alice", &key, &error), error);
    card_world_check(tke_card_query_status(card, &status, &error), error);
    card_world_check(tke_ep11_card_query_parts(card, 1, &list, &error), error);
    card_world_check(
        tke_card_evidence_check_genuine(card, &status, &list, &world->zone, &identity, &error),
        error);
    ck_assert_mem_eq(identity.card_id, status.card_id, TKE_CARD_ID_LEN);
    card_world_check(tke_card_evidence_check_genuine(card, &status, NULL, NULL, NULL, &error),
                     error);

    /* A list other than the card's, or a status from before, is found out. */
    list.parts[0].vp[0] ^= 1;
    ck_assert(!tke_card_evidence_check_genuine(card, &status, &list, &world->zone, NULL, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE);
    g_clear_error(&error);
    status.usage_counter--;
    ck_assert(!tke_card_evidence_check_genuine(card, &status, NULL, &world->zone, NULL, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE);
}
END_TEST

START_TEST(test_a_ca_card_proves_itself_with_both_pins)
{
    g_autoptr(CardWorld) world = card_world_new(0);
    g_autoptr(TkeCard) ca = NULL;
    TkeCardStatus status = { 0 };
    g_autoptr(GError) error = NULL;

    card_world_make_zone(world);
    ca = card_world_recognise(world, world->ca, 1, &status);
    ck_assert(!tke_card_evidence_check_genuine(ca, &status, NULL, &world->zone, NULL, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_PIN_NEEDED);
    g_clear_error(&error);
    g_clear_pointer(&ca, tke_card_free);
    ca = card_world_open_ca(world);
    card_world_check(tke_card_evidence_check_genuine(ca, &status, NULL, &world->zone, NULL, &error),
                     error);
}
END_TEST

START_TEST(test_a_forgery_is_found_out)
{
    g_autoptr(CardWorld) world = card_world_new(0);
    SimCard *member = NULL;
    SimCard *other = NULL;
    g_autoptr(TkeCard) card = NULL;
    TkeCardStatus status = { 0 };
    g_autoptr(GError) error = NULL;

    card_world_make_zone(world);
    member = card_world_make_member(world, "a");
    other = card_world_make_member(world, "b");
    if (_i == 0) {
        ck_assert(sim_card_show_certificate_of(member, other));
    } else {
        ck_assert(sim_card_set_forgery(member, (SimCardForgery) _i));
    }
    card = card_world_recognise(world, member, 2, &status);
    ck_assert(!tke_card_evidence_check_genuine(card, &status, NULL, &world->zone, NULL, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE);
}
END_TEST

START_TEST(test_a_card_of_another_zone_is_not_the_one_wanted)
{
    g_autoptr(CardWorld) world = card_world_new(0);
    SimCard *member = NULL;
    g_autoptr(TkeCard) card = NULL;
    TkeCardStatus status = { 0 };
    g_autoptr(GError) error = NULL;

    card_world_make_zone(world);
    member = card_world_make_member(world, "a");
    card_world_make_zone(world);
    card = card_world_recognise(world, member, 2, &status);
    ck_assert(!tke_card_evidence_check_genuine(card, &status, NULL, &world->zone, NULL, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE);
}
END_TEST

/* Adds n logged operations. */
static void
use_card(TkeCard *card, unsigned n)
{
    g_autoptr(GError) error = NULL;

    for (unsigned i = 0; i < n; i++) {
        TkeKeyPart part = { 0 };

        if (i % 2 == 0) {
            card_world_check(tke_ep11_card_generate_part(card, "", &part, &error), error);
            card_world_check(tke_ep11_card_delete_part(card, part.place, part.vp, &error), error);
            i++;
        }
    }
}

START_TEST(test_the_log_since_a_noted_state_is_read_and_checked)
{
    static const unsigned counts[] = { 0, 2, 30, 32, 64, 126 };
    g_autoptr(CardWorld) world = card_world_new(0);
    SimCard *member = NULL;
    g_autoptr(TkeCard) card = NULL;
    TkeCardStatus noted = { 0 };
    TkeUsageLog log = { 0 };
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    card_world_make_zone(world);
    member = card_world_make_member(world, "a");
    card = card_world_open_member(world, member, 2, &noted);
    use_card(card, counts[_i]);
    card_world_check(tke_card_evidence_query_log(card, &noted, noted.usage_counter,
                                                 noted.usage_head, &log, &error),
                     error);
    ck_assert_uint_eq(log.n, counts[_i]);
    ck_assert_uint_eq(log.counter, noted.usage_counter + counts[_i]);
    if (log.n > 0) {
        ck_assert_uint_eq(log.entries[0].counter, noted.usage_counter + 1);
        text = tke_card_evidence_operation_text(&log.entries[0]);
        ck_assert_str_eq(text, "key part made");
    }
    /* The whole life of the card, its head being that of its id. */
    card_world_check(tke_card_evidence_query_log(card, &noted, 0, NULL, &log, &error), error);
    ck_assert_uint_eq(log.n, log.counter);
    /* Another state than the noted one. */
    noted.usage_head[0] ^= 1;
    ck_assert(!tke_card_evidence_query_log(card, &noted, noted.usage_counter, noted.usage_head,
                                           &log, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE);
    g_clear_error(&error);
    ck_assert(!tke_card_evidence_query_log(card, &noted, 5000, noted.usage_head, &log, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NOT_GENUINE);
}
END_TEST

START_TEST(test_more_than_128_operations_leave_a_gap)
{
    g_autoptr(CardWorld) world = card_world_new(0);
    SimCard *member = NULL;
    g_autoptr(TkeCard) card = NULL;
    TkeCardStatus noted = { 0 };
    TkeUsageLog log = { 0 };
    g_autoptr(GError) error = NULL;

    card_world_make_zone(world);
    member = card_world_make_member(world, "a");
    card = card_world_open_member(world, member, 2, &noted);
    use_card(card, 128);
    card_world_check(tke_card_evidence_query_log(card, &noted, noted.usage_counter,
                                                 noted.usage_head, &log, &error),
                     error);
    ck_assert_uint_eq(log.n, 128);
    use_card(card, 2);
    ck_assert(!tke_card_evidence_query_log(card, &noted, noted.usage_counter, noted.usage_head,
                                           &log, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_LOG_GAP);
}
END_TEST

START_TEST(test_a_card_that_answers_garbage_is_an_error_and_no_crash)
{
    g_autoptr(CardWorld) world = card_world_new(0);
    const SimCardFault fault = { .kind = _i % 2 == 0 ? SIM_CARD_FAULT_GARBAGE : SIM_CARD_FAULT_CUT,
                                 .after = (unsigned) _i / 2 + 1,
                                 .times = 1 };
    SimCard *member = NULL;
    g_autoptr(TkeCard) card = NULL;
    TkeCardStatus status = { 0 };
    g_autoptr(GError) error = NULL;

    card_world_make_zone(world);
    member = card_world_make_member(world, "a");
    card = card_world_insert(world, member, 2);
    sim_card_add_fault(member, &fault);
    ck_assert(!tke_card_recognise(card, &status, &error) ||
              !tke_card_evidence_check_genuine(card, &status, NULL, &world->zone, NULL, &error));
    ck_assert_int_eq(error->domain, TKE_CARD_ERROR);
    ck_assert(g_str_has_prefix(error->message, "reader 2: "));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_genuine_card_proves_key_log_and_contents);
    tcase_add_test(tests, test_a_ca_card_proves_itself_with_both_pins);
    tcase_add_loop_test(tests, test_a_forgery_is_found_out, 0, SIM_CARD_FORGED_ID + 1);
    tcase_add_test(tests, test_a_card_of_another_zone_is_not_the_one_wanted);
    tcase_add_loop_test(tests, test_the_log_since_a_noted_state_is_read_and_checked, 0, 6);
    tcase_add_test(tests, test_more_than_128_operations_leave_a_gap);
    tcase_add_loop_test(tests, test_a_card_that_answers_garbage_is_an_error_and_no_crash, 0, 10);
}

int
main(void)
{
    return test_main("virtual-evidence", add_tests);
}
