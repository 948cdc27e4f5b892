/*
 * Bad input of people and cards: what the operator is told, and that nothing is lost.
 */
#include <string.h>

#include "libceremony/advice.h"
#include "libceremony/op-card-enroll.h"
#include "libceremony/op-card-pin.h"
#include "libceremony/op-card.h"
#include "libceremony/op-key-part.h"
#include "libceremony/op-zone.h"
#include "libsmartcard/card-error.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/fault-card-source.h"
#include "tests/support/test-main.h"

static CeremonyWorld *
member_world(void)
{
    CeremonyWorld *world = ceremony_world_new(1);

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "member");
    ceremony_world_make_member(world, "other");
    return world;
}

static bool
generate_part(CeremonyWorld *world, GError **error)
{
    const TkeGeneratePartParams params = { .description = "part" };

    return tke_op_generate_key_part(world->op, &params, NULL, NULL, error);
}

static bool
generate_key(CeremonyWorld *world, GError **error)
{
    const TkeGenerateKeyParams params = { .name = "Alice" };

    return tke_op_generate_signature_key(world->op, &params, NULL, NULL, error);
}

static bool
copy_cards(CeremonyWorld *world, GError **error)
{
    const TkeCopyParams params = { .everything = true };
    g_autofree TkeCopyResult *result = g_new0(TkeCopyResult, 1);

    return tke_op_copy_card(world->op, &params, result, error);
}

static void
check_log(CeremonyWorld *world)
{
    g_autoptr(GError) error = NULL;
    TkeLogHead head;

    card_world_check(tke_activity_log_verify(world->log, NULL, &head, &error), error);
}

/* The error has this code, names the reader, and advice or text says what to do. */
static void
check_error(const GError *error, TkeCardError code, unsigned reader)
{
    g_autofree char *advice = tke_advice_for_error(error);
    g_autofree char *name = g_strdup_printf("reader %u", reader);

    ck_assert_ptr_nonnull(error);
    ck_assert_msg(tke_card_error_code(error) == (int) code, "%s", error->message);
    ck_assert_msg(strstr(error->message, name) != NULL, "%s", error->message);
    ck_assert_msg(advice != NULL || strstr(error->message, "tke c") != NULL, "%s", error->message);
}

START_TEST(test_a_card_of_the_wrong_kind_is_refused_and_asked_for_again)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 2, "ca", "member", NULL);
    card_world_check(generate_part(world, &error), error);
    ck_assert_str_eq(world->prompts->str, "insert key-part, reader 2\n"
                                          "insert key-part, reader 2: wrong-kind\n"
                                          "pin, reader 2\n");
}
END_TEST

START_TEST(test_a_card_of_another_zone_is_refused)
{
    g_autoptr(CeremonyWorld) world = member_world();
    const TkeZoneCreateParams create = { .zone_description = "Other", .card_description = "O" };
    g_autoptr(GError) error = NULL;
    TkeCardStatus status;

    ceremony_world_blank(world, "ca-2", SIM_CARD_CA);
    ceremony_world_blank(world, "foreign", SIM_CARD_EP11);
    ceremony_world_hand(world, 1, "ca-2", NULL);
    card_world_check(tke_op_zone_create(world->op, &create, NULL, &error), error);
    ceremony_world_hand(world, 2, "foreign", NULL);
    card_world_check(tke_op_card_enroll(world->op, &status, &error), error);
    card_world_check(tke_op_card_personalize(world->op,
                                             &(TkeCardPersonalizeParams){ .description = "F" },
                                             NULL, &error),
                     error);

    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "member", NULL);
    ceremony_world_hand(world, 2, "foreign", NULL);
    ck_assert(!copy_cards(world, &error));
    ck_assert_ptr_nonnull(strstr(world->prompts->str, "insert target, reader 2: wrong-zone\n"));
    ck_assert_uint_eq(ceremony_world_info(world, "foreign").parts, 0);
}
END_TEST

START_TEST(test_a_card_in_the_wrong_reader_is_noticed)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;

    card_world_check(sim_reader_insert(virtual_readers_get(world->cards->readers, 1),
                                       ceremony_world_card(world, "member"), &error),
                     error);
    ceremony_world_hand(world, 2, "member", NULL);
    card_world_check(generate_part(world, &error), error);
    ck_assert_str_eq(world->prompts->str, "insert key-part, reader 2: wrong-reader\n"
                                          "pin, reader 2\n");
}
END_TEST

START_TEST(test_tries_left_are_shown_before_each_entry_until_the_pin_is_blocked)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 2, "member", NULL);
    for (unsigned i = 0; i < 3; i++) {
        ceremony_world_type(world, 2, "999999E");
    }
    ck_assert(!generate_part(world, &error));
    check_error(error, TKE_CARD_ERROR_PIN_BLOCKED, 2);
    ck_assert_str_eq(world->tries->str, "3 2 1 ");
    ck_assert_uint_eq(ceremony_world_info(world, "member").pin_tries[0], 0);
    g_clear_error(&error);

    /* Once blocked nobody is asked for it. */
    ceremony_world_go_on(world);
    ck_assert(!generate_part(world, &error));
    check_error(error, TKE_CARD_ERROR_PIN_BLOCKED, 2);
    ck_assert_str_eq(world->prompts->str, "");
    ck_assert_uint_eq(ceremony_world_info(world, "member").parts, 0);
    check_log(world);
}
END_TEST

START_TEST(test_a_blocked_card_works_again_after_unblocking)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;

    ck_assert(sim_card_block_pin(ceremony_world_card(world, "member"), 0x81));
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "member", NULL);
    card_world_check(tke_op_card_unblock(world->op, NULL, &error), error);
    card_world_check(generate_part(world, &error), error);
    ck_assert_uint_eq(ceremony_world_info(world, "member").parts, 1);
}
END_TEST

START_TEST(test_the_last_try_of_a_ca_pin_is_warned_of_and_can_be_refused)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "new", SIM_CARD_EP11);
    ceremony_world_hand(world, 1, "ca", NULL);
    for (unsigned i = 0; i < 4; i++) {
        ceremony_world_type(world, 1, "999999E");
    }
    world->refuse = true;
    ck_assert(!tke_op_card_enroll(world->op, NULL, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    ck_assert_str_eq(world->plans->str, "last-try\n");
    ck_assert_uint_eq(ceremony_world_info(world, "ca").pin_tries[0], 1);
    g_clear_error(&error);

    /* Right at the last try: all tries are back. */
    ceremony_world_go_on(world);
    ceremony_world_hand(world, 2, "new", NULL);
    card_world_check(tke_op_card_enroll(world->op, NULL, &error), error);
    ck_assert_uint_eq(ceremony_world_info(world, "ca").pin_tries[0], 5);
}
END_TEST

START_TEST(test_a_ca_pin_is_blocked_for_good_after_five_tries)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;
    g_autofree char *advice = NULL;

    ceremony_world_hand(world, 1, "ca", NULL);
    for (unsigned i = 0; i < 5; i++) {
        ceremony_world_type(world, 1, "999999E");
    }
    ck_assert(!tke_op_card_enroll(world->op, NULL, &error));
    check_error(error, TKE_CARD_ERROR_PIN_BLOCKED, 1);
    advice = tke_advice_for_error(error);
    ck_assert_ptr_nonnull(strstr(advice, "backup CA card"));
    ck_assert_str_eq(world->tries->str, "5 4 3 2 1 ");
    ck_assert_str_eq(world->plans->str, "last-try\n");
    check_log(world);
}
END_TEST

START_TEST(test_a_pin_of_another_length_costs_no_try)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 2, "member", NULL);
    ceremony_world_type(world, 2, "12345E");
    card_world_check(generate_part(world, &error), error);
    ck_assert_str_eq(world->tries->str, "3 3 ");
    ck_assert_ptr_nonnull(strstr(world->prompts->str, "pin, reader 2: length\n"));
}
END_TEST

START_TEST(test_two_different_new_pins_are_asked_for_again)
{
    g_autoptr(CeremonyWorld) world = member_world();
    const TkeCardChangePinParams params = { .reader = 2, .pin = 1 };
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 2, "member", NULL);
    ceremony_world_type(world, 2, WORLD_PIN "E654321E654322E");
    ceremony_world_type(world, 2, WORLD_PIN "E654321E654321E");
    card_world_check(tke_op_card_change_pin(world->op, &params, NULL, &error), error);
    ck_assert_ptr_nonnull(strstr(world->prompts->str, "pin, reader 2: differ\n"));
}
END_TEST

START_TEST(test_cancel_on_the_pad_ends_the_step_and_costs_no_try)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 2, "member", NULL);
    ceremony_world_type(world, 2, "12C");
    ck_assert(!generate_part(world, &error));
    check_error(error, TKE_CARD_ERROR_PIN_CANCELLED, 2);
    ck_assert_uint_eq(ceremony_world_info(world, "member").pin_tries[0], 3);
    ck_assert_uint_eq(ceremony_world_info(world, "member").parts, 0);
    g_clear_error(&error);

    ceremony_world_go_on(world);
    card_world_check(generate_part(world, &error), error);
}
END_TEST

START_TEST(test_time_that_runs_out_on_the_pad_is_told_apart_and_costs_no_try)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 2, "member", NULL);
    for (unsigned i = 0; i < 3; i++) {
        ceremony_world_type(world, 2, "12"); /* and then nothing */
    }
    ck_assert(!generate_part(world, &error));
    check_error(error, TKE_CARD_ERROR_PIN_TIMEOUT, 2);
    ck_assert_ptr_nonnull(strstr(world->prompts->str, "pin, reader 2: timeout\n"));
    ck_assert_uint_eq(ceremony_world_info(world, "member").pin_tries[0], 3);
}
END_TEST

START_TEST(test_a_card_that_another_program_reset_is_unlocked_anew)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 2, "member", NULL);
    card_world_check(generate_part(world, &error), error);
    ceremony_world_go_on(world);
    test_fault_card_source_set(world->source, 1, TEST_CARD_FAULT_RESET, NULL);
    ck_assert(!generate_part(world, &error));
    ck_assert(test_fault_card_source_has_struck(world->source));
    test_fault_card_source_clear(world->source);
    check_error(error, TKE_CARD_ERROR_RESET, 2);
    g_clear_error(&error);

    g_string_truncate(world->prompts, 0);
    card_world_check(generate_part(world, &error), error);
    ck_assert_str_eq(world->prompts->str, "pin, reader 2\n");
    ck_assert_uint_eq(ceremony_world_info(world, "member").parts, 2);
}
END_TEST

START_TEST(test_a_full_card_takes_no_further_part)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autofree uint8_t *parts = g_malloc0((gsize) SIM_CARD_PLACES * SIM_CARD_PART_LEN);
    g_autofree char *advice = NULL;
    g_autoptr(GError) error = NULL;

    for (unsigned i = 0; i < SIM_CARD_PLACES; i++) {
        parts[i * SIM_CARD_PART_LEN] = (uint8_t) (i + 1);
    }
    card_world_check(
        sim_card_fill(ceremony_world_card(world, "member"), parts, SIM_CARD_PLACES, &error), error);
    ceremony_world_hand(world, 2, "member", NULL);
    ck_assert(!generate_part(world, &error));
    check_error(error, TKE_CARD_ERROR_FULL, 2);
    advice = tke_advice_for_error(error);
    ck_assert_str_eq(advice, "Delete a key part, or use another card.");
    ck_assert_str_eq(world->tries->str, ""); /* said before anybody types a PIN */
    ck_assert_uint_eq(ceremony_world_info(world, "member").parts, SIM_CARD_PLACES);
}
END_TEST

START_TEST(test_a_second_signature_key_is_refused)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;
    SimCardInfo before;
    SimCardInfo after;

    ceremony_world_make_admin(world, "member", "Alice");
    before = ceremony_world_info(world, "member");
    ceremony_world_hand(world, 2, "member", NULL);
    ck_assert(!generate_key(world, &error));
    check_error(error, TKE_CARD_ERROR_EXISTS, 2);
    after = ceremony_world_info(world, "member");
    ck_assert_mem_eq(before.ski, after.ski, sizeof before.ski);
}
END_TEST

START_TEST(test_a_card_is_not_copied_to_itself)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;

    ceremony_world_make_admin(world, "member", "Alice");
    ceremony_world_hand(world, 1, "member", NULL);
    ceremony_world_hand(world, 2, "member", NULL);
    ck_assert(!copy_cards(world, &error));
    ck_assert_ptr_nonnull(error);
    ck_assert_ptr_nonnull(strstr(world->prompts->str, "insert target, reader 2"));
    check_log(world);
}
END_TEST

START_TEST(test_the_source_taken_out_before_a_copy_is_asked_for_again)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;

    ceremony_world_make_admin(world, "member", "Alice");
    ceremony_world_hand(world, 1, "member", NULL);
    ceremony_world_hand(world, 2, "member", "other", NULL); /* the first takes it out of reader 1 */
    ck_assert(!copy_cards(world, &error));
    check_error(error, TKE_CARD_ERROR_REMOVED, 1);
    ck_assert(!ceremony_world_info(world, "other").has_signature_key);
    g_clear_error(&error);

    ceremony_world_go_on(world);
    ceremony_world_hand(world, 1, "member", NULL);
    card_world_check(copy_cards(world, &error), error);
    ck_assert(ceremony_world_info(world, "other").has_signature_key);
}
END_TEST

START_TEST(test_a_backup_whose_source_is_taken_out_fails_without_loss)
{
    g_autoptr(CeremonyWorld) world = member_world();
    const TkeZoneBackupParams params = { .card_description = "backup" };
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "ca-2", SIM_CARD_CA);
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "ca", "ca-2", NULL); /* the CA card leaves reader 1 */
    ck_assert(!tke_op_zone_backup(world->op, &params, NULL, &error));
    check_error(error, TKE_CARD_ERROR_REMOVED, 1);
    ck_assert_uint_eq(ceremony_world_info(world, "ca-2").life_cycle, 0);
    g_clear_error(&error);

    ceremony_world_go_on(world);
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "ca-2", NULL);
    card_world_check(tke_op_zone_backup(world->op, &params, NULL, &error), error);
    ck_assert_uint_eq(ceremony_world_info(world, "ca-2").life_cycle, 3);
}
END_TEST

START_TEST(test_a_card_that_is_not_genuine_is_found_out)
{
    g_autoptr(CeremonyWorld) world = member_world();
    const TkeCardInfoParams params = { .reader = 2, .check = true };
    g_autoptr(GPtrArray) infos = NULL;
    g_autoptr(GError) error = NULL;
    const TkeCardInfo *info = NULL;

    ck_assert(sim_card_set_forgery(ceremony_world_card(world, "other"), SIM_CARD_FORGED_KEY));
    card_world_check(sim_reader_insert(virtual_readers_get(world->cards->readers, 2),
                                       ceremony_world_card(world, "other"), &error),
                     error);
    card_world_check(tke_op_card_info(world->op, &params, &infos, &error), error);
    info = g_ptr_array_index(infos, 0);
    ck_assert_int_eq(info->genuine, TKE_GENUINE_NO);
    check_error(info->not_genuine, TKE_CARD_ERROR_NOT_GENUINE, 2);
}
END_TEST

START_TEST(test_nothing_is_copied_to_a_card_that_is_not_genuine)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;

    ceremony_world_make_admin(world, "member", "Alice");
    ck_assert(sim_card_set_forgery(ceremony_world_card(world, "other"), SIM_CARD_FORGED_KEY));
    ceremony_world_hand(world, 1, "member", NULL);
    ceremony_world_hand(world, 2, "other", NULL);
    ck_assert(!copy_cards(world, &error));
    check_error(error, TKE_CARD_ERROR_NOT_GENUINE, 2);
    ck_assert(!ceremony_world_info(world, "other").has_signature_key);
    check_log(world);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_card_of_the_wrong_kind_is_refused_and_asked_for_again);
    tcase_add_test(tests, test_a_card_of_another_zone_is_refused);
    tcase_add_test(tests, test_a_card_in_the_wrong_reader_is_noticed);
    tcase_add_test(tests, test_tries_left_are_shown_before_each_entry_until_the_pin_is_blocked);
    tcase_add_test(tests, test_a_blocked_card_works_again_after_unblocking);
    tcase_add_test(tests, test_the_last_try_of_a_ca_pin_is_warned_of_and_can_be_refused);
    tcase_add_test(tests, test_a_ca_pin_is_blocked_for_good_after_five_tries);
    tcase_add_test(tests, test_a_pin_of_another_length_costs_no_try);
    tcase_add_test(tests, test_two_different_new_pins_are_asked_for_again);
    tcase_add_test(tests, test_cancel_on_the_pad_ends_the_step_and_costs_no_try);
    tcase_add_test(tests, test_time_that_runs_out_on_the_pad_is_told_apart_and_costs_no_try);
    tcase_add_test(tests, test_a_card_that_another_program_reset_is_unlocked_anew);
    tcase_add_test(tests, test_a_full_card_takes_no_further_part);
    tcase_add_test(tests, test_a_second_signature_key_is_refused);
    tcase_add_test(tests, test_a_card_is_not_copied_to_itself);
    tcase_add_test(tests, test_the_source_taken_out_before_a_copy_is_asked_for_again);
    tcase_add_test(tests, test_a_backup_whose_source_is_taken_out_fails_without_loss);
    tcase_add_test(tests, test_a_card_that_is_not_genuine_is_found_out);
    tcase_add_test(tests, test_nothing_is_copied_to_a_card_that_is_not_genuine);
}

int
main(void)
{
    return test_main("bad-input-cards", add_tests);
}
