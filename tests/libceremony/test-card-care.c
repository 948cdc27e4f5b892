/*
 * What people are told about the cards in their hands: swapped, lost, of another zone, not
 * genuine; what is gone after a card was pulled (functions 2.2, 2.5, 2.8, 2.11, 2.13).
 */
#include <string.h>

#include "libceremony/advice.h"
#include "libceremony/card-session-private.h"
#include "libceremony/op-card-enroll.h"
#include "libceremony/op-card-pin.h"
#include "libceremony/op-card.h"
#include "libceremony/op-key-part.h"
#include "libceremony/op-zone.h"
#include "libsmartcard/card-error.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/test-main.h"
#include "tests/support/test-says.h"

#define CHANGE WORLD_PIN "E654321E654321E" /* of a PIN of an EP11 card, on the pad */

static void
put(CeremonyWorld *world, unsigned reader, const char *name)
{
    SimReader *where = virtual_readers_get(world->cards->readers, reader);
    g_autoptr(GError) error = NULL;

    sim_reader_remove(where);
    ck_assert(sim_reader_insert(where, ceremony_world_card(world, name), &error));
}

static CeremonyWorld *
member_world(void)
{
    CeremonyWorld *world = ceremony_world_new(1);

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "member");
    ceremony_world_restart(world);
    return world;
}

/* ---- cards in the wrong readers (F-004) ---- */

/* Why the card in the reader does not do; its word is the result. */
static const char *
reason_of(CeremonyWorld *world, const TkeCardNeed *need, char **reason)
{
    const char *word = NULL;
    g_autoptr(GError) error = NULL;

    card_world_check(tke_card_session_look(world->op, NULL, &error), error);
    ck_assert(!tke_card_session_judge(world->session, need, true, &word, reason));
    return word;
}

START_TEST(test_cards_that_were_swapped_are_recognised)
{
    g_autoptr(CeremonyWorld) world = member_world();
    const TkeCardNeed ca = { .reader = 1, .wanted = TKE_WANTED_CA };
    const TkeCardNeed ep11 = { .reader = 2, .wanted = TKE_WANTED_EP11 };
    g_autofree char *ca_reason = NULL;
    g_autofree char *ep11_reason = NULL;

    put(world, 1, "member");
    put(world, 2, "ca");
    ck_assert_str_eq(reason_of(world, &ca, &ca_reason), "wrong-reader");
    test_says(ca_reason, "This is an EP11 card; a CA card is wanted.");
    test_says(ca_reason, "The CA card is in reader 2: swap the two cards.");
    ck_assert_str_eq(reason_of(world, &ep11, &ep11_reason), "wrong-reader");
    test_says(ep11_reason, "The card that is wanted is in reader 1: swap the two cards.");
}
END_TEST

START_TEST(test_a_card_that_would_not_do_either_is_not_offered_for_a_swap)
{
    g_autoptr(CeremonyWorld) world = member_world();
    const TkeCardNeed ca = { .reader = 1, .wanted = TKE_WANTED_CA };
    g_autofree char *reason = NULL;

    ceremony_world_make_member(world, "other");
    put(world, 1, "member");
    put(world, 2, "other");
    ck_assert_str_eq(reason_of(world, &ca, &reason), "wrong-kind");
    ck_assert_str_eq(reason, "This is an EP11 card; a CA card is wanted.");
}
END_TEST

START_TEST(test_the_zone_that_is_wanted_is_named_with_its_description)
{
    g_autoptr(CeremonyWorld) world = member_world();
    const TkeZoneCreateParams create = { .zone_description = "Other zone",
                                         .card_description = "Other officers" };
    uint8_t zone_id[TKE_ZONE_ID_LEN];
    TkeCardNeed need = { .reader = 2, .wanted = TKE_WANTED_EP11, .zone_id = zone_id };
    TkeZoneResult other = { 0 };
    g_autofree char *reason = NULL;
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "ca-2", SIM_CARD_CA);
    ceremony_world_hand(world, 1, "ca-2", NULL);
    card_world_check(tke_op_zone_create(world->op, &create, &other, &error), error);
    memcpy(zone_id, other.card.zone_id, sizeof zone_id);
    put(world, 2, "member");
    ck_assert_str_eq(reason_of(world, &need, &reason), "wrong-zone");
    test_says(reason, "(Other zone) is wanted.");
}
END_TEST

/* No card of the zone was seen since the program began; the inventory knows what it is called. */
START_TEST(test_the_zone_whose_backup_is_tested_is_named_though_no_card_of_it_was_seen)
{
    g_autoptr(CeremonyWorld) world = member_world();
    const uint8_t zone_id[TKE_ZONE_ID_LEN] = { 7 };
    const TkeZoneTestParams params = { .zone_id = zone_id, .zone_description = "Old zone" };
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 1, "ca", NULL);
    ck_assert(!tke_op_zone_test(world->op, &params, NULL, &error));
    test_says(world->prompts->str, "insert backup-test, reader 1: wrong-zone\n");
    test_says(world->reasons->str, "zone 0700-0000-0000-0000 (Old zone) is wanted.");
}
END_TEST

START_TEST(test_a_change_of_a_ca_pin_says_beforehand_what_the_other_one_needs)
{
    g_autoptr(CeremonyWorld) world = member_world();
    const TkeCardChangePinParams params = { .reader = 1, .pin = 1 };

    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_type(world, 1, "C");
    ck_assert(!tke_op_card_change_pin(world->op, &params, NULL, NULL));
    test_says(world->notes->str, "needs at least two tries left there");
}
END_TEST

START_TEST(test_the_ca_card_of_the_zone_at_enrolling_points_to_making_a_zone)
{
    g_autoptr(CeremonyWorld) world = member_world();
    uint8_t zone_id[TKE_ZONE_ID_LEN];
    const TkeCardNeed need = {
        .reader = 2, .wanted = TKE_WANTED_NEW_EP11, .zone_id = zone_id, .loadable = true
    };
    const TkeCardStatus *status = NULL;
    g_autofree char *reason = NULL;
    g_autoptr(GError) error = NULL;

    put(world, 2, "ca");
    card_world_check(tke_card_session_look(world->op, NULL, &error), error);
    ck_assert_ptr_nonnull(tke_card_session_get(world->session, 2, &status));
    memcpy(zone_id, status->zone_id, sizeof zone_id);
    ck_assert_str_eq(reason_of(world, &need, &reason), "own-ca");
    test_says(reason, "tke zone create");
}
END_TEST

/* ---- PINs ---- */

START_TEST(test_a_card_that_is_not_blocked_is_not_to_be_replaced)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autofree char *advice = NULL;
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "member", NULL);
    ck_assert(!tke_op_card_unblock(world->op, NULL, &error));
    advice = tke_advice_for_error(error);
    test_says(error->message, "this card is not blocked: 3 tries are left");
    test_says(advice, "nothing to unblock");
    ck_assert_ptr_null(strstr(advice, "another card"));
}
END_TEST

/* Of two copies each has its turn: no card that was changed before is taken again and loses a
 * try. */
START_TEST(test_a_copy_is_another_card_than_those_whose_pins_were_changed)
{
    g_autoptr(CeremonyWorld) world = member_world();
    TkeCardStatus status = { 0 };
    uint8_t changed[2][TKE_CARD_ID_LEN];
    TkeCardChangePinParams params = { .reader = 2 };
    g_autoptr(GError) error = NULL;

    ceremony_world_make_member(world, "copy-1");
    ceremony_world_make_member(world, "copy-2");
    ceremony_world_restart(world);
    ceremony_world_hand(world, 2, "member", NULL);
    ceremony_world_type(world, 2, CHANGE);
    card_world_check(tke_op_card_change_pin(world->op, &params, &status, &error), error);
    memcpy(changed[0], status.card_id, TKE_CARD_ID_LEN);
    params.other_than = changed[0];
    ceremony_world_go_on(world);
    ceremony_world_hand(world, 2, "copy-1", NULL);
    ceremony_world_type(world, 2, CHANGE);
    card_world_check(tke_op_card_change_pin(world->op, &params, &status, &error), error);
    memcpy(changed[1], status.card_id, TKE_CARD_ID_LEN);
    params.n_other_than = 2;
    ceremony_world_go_on(world);
    put(world, 2, "member"); /* it was the first, and lies there again */
    ceremony_world_hand(world, 2, "copy-2", NULL);
    ceremony_world_type(world, 2, CHANGE);
    card_world_check(tke_op_card_change_pin(world->op, &params, &status, &error), error);
    test_says(world->prompts->str, "insert change-pin, reader 2: same-card\n");
    ck_assert(memcmp(changed[0], status.card_id, TKE_CARD_ID_LEN) != 0 &&
              memcmp(changed[1], status.card_id, TKE_CARD_ID_LEN) != 0);
}
END_TEST

static void
pull_next(CeremonyWorld *world)
{
    const SimCardFault fault = { .kind = SIM_CARD_FAULT_PULL_BEFORE, .after = 1, .times = 1 };

    sim_card_add_fault(ceremony_world_card(world, "member"), &fault);
}

START_TEST(test_a_card_pulled_at_a_pin_change_has_one_advice_and_it_fits)
{
    g_autoptr(CeremonyWorld) world = member_world();
    const TkeCardChangePinParams params = { .reader = 2 };
    g_autofree char *advice = NULL;
    g_autoptr(GError) error = NULL;

    put(world, 2, "member");
    card_world_check(tke_card_session_look(world->op, NULL, &error), error);
    pull_next(world);
    ceremony_world_type(world, 2, CHANGE);
    ck_assert(!tke_op_card_change_pin(world->op, &params, NULL, &error));
    ck_assert_msg(tke_card_error_is_outcome_unknown(error), "%s", error->message);
    test_says(error->message, "if the new PIN was typed already");
    test_says(error->message, "if not, the old one is");
    advice = tke_advice_for_error(error);
    ck_assert_str_eq(advice, "Insert the card again, then go on as it says here.");
}
END_TEST

/* ---- pads that say what is not so (F-006, E-C18) ---- */

START_TEST(test_a_pad_that_only_says_that_the_pin_is_changed_is_not_believed)
{
    const bool open = _i == 1; /* was the PIN entered before? */
    g_autoptr(CeremonyWorld) world = member_world();
    const TkeCardChangePinParams params = { .reader = 2 };
    g_autoptr(TkeSecret) pin = NULL;
    g_auto(GStrv) lines = NULL;
    g_autoptr(GError) error = NULL;

    put(world, 2, "member");
    card_world_check(tke_card_session_look(world->op, NULL, &error), error);
    if (open) {
        card_world_check(tke_card_session_need_pin(world->op, 2, TKE_PIN_FIRST, false, &error),
                         error);
    }
    ceremony_world_type(world, 2, WORLD_PAD_LIES);
    ck_assert(!tke_op_card_change_pin(world->op, &params, NULL, &error));
    ck_assert_int_eq(tke_card_error_code(error), TKE_CARD_ERROR_NO_PIN_PAD);
    test_says(error->message, "the card knows nothing of it");
    pin = sim_card_reveal_pin(ceremony_world_card(world, "member"), TKE_PIN_FIRST, NULL);
    ck_assert(memcmp(tke_secret_bytes(pin, NULL), WORLD_PIN, 6) == 0);
    lines = tke_activity_log_read(world->log, 1, NULL);
    test_says(lines[0], "\"action\":\"opentke-card.change-pin\"");
    test_says(lines[0], "\"result\":\"failed\"");
}
END_TEST

START_TEST(test_a_pad_that_only_says_that_the_pin_was_entered_is_not_believed)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autofree char *advice = NULL;
    g_autoptr(GError) error = NULL;

    put(world, 2, "member");
    card_world_check(tke_card_session_look(world->op, NULL, &error), error);
    ceremony_world_type(world, 2, WORLD_PAD_LIES);
    ck_assert(!tke_card_session_need_pin(world->op, 2, TKE_PIN_FIRST, false, &error));
    ck_assert_int_eq(tke_card_error_code(error), TKE_CARD_ERROR_NO_PIN_PAD);
    test_says(error->message, "the card knows nothing of it");
    advice = tke_advice_for_error(error);
    test_says(advice, "acceptance-test");
    ck_assert(!tke_card_session_is_unlocked(world->session, 2, TKE_PIN_FIRST));
}
END_TEST

/* ---- genuine? (F-036) ---- */

static TkeCardInfo *
look(CeremonyWorld *world, bool prove, GPtrArray **infos)
{
    const TkeCardInfoParams params = { .prove = prove };
    g_autoptr(GError) error = NULL;

    card_world_check(tke_op_card_info(world->op, &params, infos, &error), error);
    return (*infos)->pdata[1];
}

START_TEST(test_a_verdict_on_a_card_lasts_until_it_is_taken_out)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GPtrArray) before = NULL;
    g_autoptr(GPtrArray) proved = NULL;
    g_autoptr(GPtrArray) rested = NULL;
    g_autoptr(GPtrArray) again = NULL;

    put(world, 2, "member");
    ck_assert_int_eq(look(world, false, &before)->genuine, TKE_GENUINE_NOT_CHECKED);
    ck_assert_int_eq(look(world, true, &proved)->genuine, TKE_GENUINE_YES);
    ck_assert_str_eq(world->prompts->str, ""); /* it takes no PIN */
    tke_card_session_rest(world->session);     /* others may use the card meanwhile */
    ck_assert_int_eq(look(world, false, &rested)->genuine, TKE_GENUINE_YES);
    put(world, 2, "member");
    ck_assert_int_eq(look(world, false, &again)->genuine, TKE_GENUINE_NOT_CHECKED);
}
END_TEST

START_TEST(test_a_verdict_is_one_on_the_keys_that_the_card_held)
{
    const TkeGenerateKeyParams params = { .name = "Alice" };
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GPtrArray) proved = NULL;
    g_autoptr(GPtrArray) after = NULL;
    g_autoptr(GPtrArray) again = NULL;
    g_autoptr(GError) error = NULL;
    TkeSignatureKey key;
    TkeCardStatus card;

    put(world, 2, "member");
    ck_assert_int_eq(look(world, true, &proved)->genuine, TKE_GENUINE_YES);
    card_world_check(tke_op_generate_signature_key(world->op, &params, &key, &card, &error), error);
    ck_assert_int_eq(look(world, false, &after)->genuine, TKE_GENUINE_NOT_CHECKED);
    ck_assert_int_eq(look(world, true, &again)->genuine, TKE_GENUINE_YES);
}
END_TEST

START_TEST(test_a_card_that_cannot_prove_itself_is_called_so_until_it_is_taken_out)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GPtrArray) proved = NULL;
    g_autoptr(GPtrArray) rested = NULL;
    const TkeCardInfo *info = NULL;

    ck_assert(sim_card_set_forgery(ceremony_world_card(world, "member"), SIM_CARD_FORGED_KEY));
    put(world, 2, "member");
    info = look(world, true, &proved);
    ck_assert_int_eq(info->genuine, TKE_GENUINE_NO);
    test_says(info->not_genuine->message, "cannot prove");
    tke_card_session_rest(world->session);
    info = look(world, false, &rested);
    ck_assert_int_eq(info->genuine, TKE_GENUINE_NO);
    test_says(info->not_genuine->message, "cannot prove");
}
END_TEST

START_TEST(test_a_card_that_refuses_to_prove_itself_is_still_shown)
{
    g_autoptr(CeremonyWorld) world = member_world();
    const SimCardFault fault = {
        .kind = SIM_CARD_FAULT_STATUS, .after = 3, .times = 1, .sw = 0x6985
    };
    g_autoptr(GPtrArray) before = NULL;
    g_autoptr(GPtrArray) infos = NULL;
    const TkeCardInfo *info = NULL;

    put(world, 2, "member");
    look(world, false, &before);
    sim_card_add_fault(ceremony_world_card(world, "member"),
                       &fault); /* status and parts are read before */
    info = look(world, true, &infos);
    ck_assert_uint_eq(sim_card_faults_left(ceremony_world_card(world, "member")), 0);
    ck_assert_ptr_null(info->trouble);
    ck_assert_int_eq(info->status.kind, TKE_CARD_KIND_EP11);
    ck_assert_int_eq(info->genuine, TKE_GENUINE_NOT_CHECKED);
}
END_TEST

START_TEST(test_a_ca_card_proves_itself_unasked_only_while_both_pins_are_entered)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GPtrArray) locked = NULL;
    g_autoptr(GPtrArray) open = NULL;
    g_autoptr(GError) error = NULL;

    put(world, 2, "ca");
    ck_assert_int_eq(look(world, true, &locked)->genuine, TKE_GENUINE_NOT_CHECKED);
    card_world_check(tke_card_session_need_ca_pins(world->op, 2, false, &error), error);
    ck_assert_int_eq(look(world, true, &open)->genuine, TKE_GENUINE_YES);
}
END_TEST

/* ---- deleting (2.13) ---- */

static SimCardFault delete_fault;

static void
add_fault(CeremonyWorld *world)
{
    sim_card_add_fault(ceremony_world_card(world, "member"), &delete_fault);
}

START_TEST(test_parts_and_key_are_confirmed_each_for_itself)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(TkeCardInfo) info = NULL;
    TkeDeleteParams params = { .n_places = 2, .places = { 1, 2 } };
    TkeDeleteResult result = { 0 };
    g_autofree char *ski = NULL;
    g_autoptr(GError) error = NULL;

    ceremony_world_make_part(world, "member", "Part A");
    ceremony_world_make_part(world, "member", "Part B");
    ceremony_world_make_admin(world, "admin", "Alice");
    ceremony_world_restart(world);
    ceremony_world_hand(world, 2, "member", NULL);
    card_world_check(tke_op_delete_keys(world->op, &params, &result, &error), error);
    ck_assert_uint_eq(result.n_deleted, 2);
    ck_assert_str_eq(world->plans->str, "card-delete\n");
    test_says(world->details->str, "2 key parts will be deleted from the card in reader 2:");

    ceremony_world_restart(world);
    ceremony_world_hand(world, 2, "admin", NULL);
    card_world_check(tke_op_card_open(world->op, "contents", &info, &error), error);
    ski = g_strdup_printf("%02x%02x%02x%02x", info->status.ski[0], info->status.ski[1],
                          info->status.ski[2], info->status.ski[3]);
    params = (TkeDeleteParams){ .ski = ski };
    card_world_check(tke_op_delete_keys(world->op, &params, &result, &error), error);
    test_says(world->details->str, "The signature key will be deleted");
    test_says(world->details->str, "may become unmanageable");
}
END_TEST

START_TEST(test_a_card_pulled_while_deleting_is_told_with_what_is_gone)
{
    g_autoptr(CeremonyWorld) world = member_world();
    const TkeDeleteParams params = { .n_places = 3, .places = { 1, 2, 3 } };
    TkeDeleteResult result = { 0 };
    g_autoptr(TkeCardInfo) info = NULL;
    g_autoptr(GError) error = NULL;

    ceremony_world_make_part(world, "member", "Part A");
    ceremony_world_make_part(world, "member", "Part B");
    ceremony_world_make_part(world, "member", "Part C");
    ceremony_world_restart(world);
    ceremony_world_hand(world, 2, "member", NULL);
    card_world_check(tke_op_card_open(world->op, "contents", &info, &error), error);
    delete_fault = (SimCardFault){ .kind = SIM_CARD_FAULT_PULL_AFTER, .after = 2, .times = 1 };
    world->meanwhile = add_fault;
    ck_assert(!tke_op_delete_keys(world->op, &params, &result, &error));
    ck_assert_uint_eq(result.n_deleted, 1);
    test_says(error->message, "these are deleted: key part 1 “Part A”; then: ");
    test_says(error->message, "whether key part 2 “Part B” is deleted too is not known");
    ck_assert_ptr_null(strstr(error->message, "Part C"));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_cards_that_were_swapped_are_recognised);
    tcase_add_test(tests, test_a_card_that_would_not_do_either_is_not_offered_for_a_swap);
    tcase_add_test(tests, test_the_zone_that_is_wanted_is_named_with_its_description);
    tcase_add_test(tests,
                   test_the_zone_whose_backup_is_tested_is_named_though_no_card_of_it_was_seen);
    tcase_add_test(tests, test_a_change_of_a_ca_pin_says_beforehand_what_the_other_one_needs);
    tcase_add_test(tests, test_the_ca_card_of_the_zone_at_enrolling_points_to_making_a_zone);
    tcase_add_test(tests, test_a_card_that_is_not_blocked_is_not_to_be_replaced);
    tcase_add_test(tests, test_a_copy_is_another_card_than_those_whose_pins_were_changed);
    tcase_add_test(tests, test_a_card_pulled_at_a_pin_change_has_one_advice_and_it_fits);
    tcase_add_loop_test(tests, test_a_pad_that_only_says_that_the_pin_is_changed_is_not_believed, 0,
                        2);
    tcase_add_test(tests, test_a_pad_that_only_says_that_the_pin_was_entered_is_not_believed);
    tcase_add_test(tests, test_a_verdict_on_a_card_lasts_until_it_is_taken_out);
    tcase_add_test(tests, test_a_verdict_is_one_on_the_keys_that_the_card_held);
    tcase_add_test(tests, test_a_card_that_cannot_prove_itself_is_called_so_until_it_is_taken_out);
    tcase_add_test(tests, test_a_card_that_refuses_to_prove_itself_is_still_shown);
    tcase_add_test(tests, test_a_ca_card_proves_itself_unasked_only_while_both_pins_are_entered);
    tcase_add_test(tests, test_parts_and_key_are_confirmed_each_for_itself);
    tcase_add_test(tests, test_a_card_pulled_while_deleting_is_told_with_what_is_gone);
}

int
main(void)
{
    return test_main("card-care", add_tests);
}
