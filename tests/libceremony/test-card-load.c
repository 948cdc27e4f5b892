/*
 * Blank cards become cards of OpenTKE, and used ones are overwritten, but not by accident (F-035,
 * F-041; P-5; E-C21).
 */
#include <string.h>

#include "libceremony/op-card-enroll.h"
#include "libceremony/op-zone.h"
#include "libceremony/world-private.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/gp-scp-private.h"
#include "simulator/sim-applet.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/fault-card-source.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

static bool
create_zone(CeremonyWorld *world, GError **error)
{
    const TkeZoneCreateParams params = { .zone_description = "Zone", .card_description = "CA 1" };

    return tke_op_zone_create(world->op, &params, NULL, error);
}

static void
check_log_has(CeremonyWorld *world, const char *text)
{
    g_auto(GStrv) lines = tke_activity_log_read(world->log, 0, NULL);
    g_autofree char *all = g_strjoinv("\n", lines);

    ck_assert_msg(strstr(all, text) != NULL, "no %s in\n%s", text, all);
}

START_TEST(test_a_zone_is_made_on_a_really_blank_card)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GBytes) real_size = g_bytes_new(sim_applet, sim_applet_len);
    g_autoptr(GError) error = NULL;
    SimCardInfo info;

    tke_world_set_applet(world->world, real_size);
    ceremony_world_blank(world, "new", SIM_CARD_BLANK);
    ceremony_world_hand(world, 1, "new", NULL);
    card_world_check(create_zone(world, &error), error);
    info = ceremony_world_info(world, "new");
    ck_assert_int_eq(info.kind, SIM_CARD_CA);
    ck_assert_int_eq(info.life_cycle, 3);
    ck_assert_str_eq(world->plans->str, ""); /* nothing had to be confirmed */
    check_log_has(world, "\"action\":\"opentke-card.load\"");
}
END_TEST

START_TEST(test_a_blank_card_is_enrolled_and_a_backup_is_made_on_one)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    const TkeZoneBackupParams backup = { .card_description = "backup" };
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_blank(world, "new", SIM_CARD_BLANK);
    ceremony_world_blank(world, "second", SIM_CARD_BLANK);
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "new", NULL);
    card_world_check(tke_op_card_enroll(world->op, NULL, &error), error);
    ck_assert_int_eq(ceremony_world_info(world, "new").kind, SIM_CARD_EP11);
    ck_assert_int_eq(ceremony_world_info(world, "new").life_cycle, 3);
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "second", NULL);
    card_world_check(tke_op_zone_backup(world->op, &backup, NULL, &error), error);
    ck_assert_int_eq(ceremony_world_info(world, "second").kind, SIM_CARD_CA);
    ck_assert_str_eq(ceremony_world_info(world, "second").description, "backup");
    ck_assert_str_eq(world->plans->str, "");
}
END_TEST

START_TEST(test_an_applet_without_a_zone_counts_as_blank)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "new", SIM_CARD_EP11);
    ceremony_world_hand(world, 1, "new", NULL);
    card_world_check(create_zone(world, &error), error);
    ck_assert_int_eq(ceremony_world_info(world, "new").kind, SIM_CARD_CA);
    ck_assert_str_eq(world->plans->str, "");
}
END_TEST

START_TEST(test_a_used_card_is_overwritten_after_its_description_was_typed)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GError) error = NULL;
    SimCardInfo before;

    ceremony_world_make_zone(world);
    ceremony_world_make_admin(world, "member", "Anna");
    ceremony_world_make_part(world, "member", "Part A");
    before = ceremony_world_info(world, "member");
    ceremony_world_hand(world, 1, "member", NULL);
    card_world_check(create_zone(world, &error), error);
    ck_assert_str_eq(world->plans->str, "card-overwrite\n");
    ck_assert_ptr_nonnull(
        strstr(world->details->str, "The card in reader 1 is in use. It will be overwritten."));
    ck_assert_ptr_nonnull(strstr(world->details->str, "EP11 card “member”"));
    ck_assert_ptr_nonnull(strstr(world->details->str, "Zone "));
    ck_assert_ptr_nonnull(strstr(world->details->str, "Signature key of “Anna”"));
    ck_assert_ptr_nonnull(strstr(world->details->str, "1 key part\n"));
    ck_assert_ptr_nonnull(
        strstr(world->details->str, "NO copy of the signature key is known to this workstation."));
    ck_assert_ptr_nonnull(strstr(world->details->str, "Key part 1 “Part A”, pattern "));
    ck_assert_ptr_nonnull(strstr(world->details->str, "…: NO copy of it is known"));
    ck_assert_ptr_nonnull(strstr(world->details->str, "erased for good"));
    ck_assert(g_str_has_suffix(world->details->str, "\nmember\n"));
    ck_assert_int_eq(ceremony_world_info(world, "member").kind, SIM_CARD_CA);
    ck_assert_mem_ne(ceremony_world_info(world, "member").card_id, before.card_id,
                     sizeof before.card_id);
    check_log_has(world, "\"action\":\"opentke-card.erase\"");
    check_log_has(world, "\"key_parts\":1");
}
END_TEST

START_TEST(test_a_refusal_leaves_a_used_card_untouched)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GError) error = NULL;
    SimCardInfo before;

    ceremony_world_make_zone(world);
    ceremony_world_make_part(world, "member", "Part A");
    before = ceremony_world_info(world, "member");
    ceremony_world_hand(world, 1, "member", NULL);
    world->refuse = true;
    ck_assert(!create_zone(world, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    ck_assert_mem_eq(ceremony_world_info(world, "member").card_id, before.card_id,
                     sizeof before.card_id);
    ck_assert_uint_eq(ceremony_world_info(world, "member").parts, 1);
}
END_TEST

START_TEST(test_a_used_card_that_lies_in_the_reader_is_not_asked_about)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "member");
    ceremony_world_blank(world, "new", SIM_CARD_BLANK);
    ck_assert(sim_reader_insert(virtual_readers_get(world->cards->readers, 1),
                                ceremony_world_card(world, "member"), NULL));
    ceremony_world_hand(world, 1, "new", NULL);
    card_world_check(create_zone(world, &error), error);
    ck_assert_str_eq(world->plans->str, "");
    ck_assert_msg(strstr(world->prompts->str, "not-blank") != NULL, "%s", world->prompts->str);
    ck_assert_int_eq(ceremony_world_info(world, "member").kind, SIM_CARD_EP11);
    ck_assert_int_eq(ceremony_world_info(world, "new").kind, SIM_CARD_CA);
}
END_TEST

START_TEST(test_a_used_card_in_the_reader_is_overwritten_if_that_was_said_beforehand)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "member");
    ck_assert(sim_reader_insert(virtual_readers_get(world->cards->readers, 1),
                                ceremony_world_card(world, "member"), NULL));
    tke_operation_set_overwrite(world->op, true);
    card_world_check(create_zone(world, &error), error);
    ck_assert_str_eq(world->plans->str, "card-overwrite\n");
    ck_assert_int_eq(ceremony_world_info(world, "member").kind, SIM_CARD_CA);
}
END_TEST

START_TEST(test_overwriting_a_ca_card_warns_of_its_zone)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_hand(world, 1, "ca", NULL);
    card_world_check(create_zone(world, &error), error);
    ck_assert_ptr_nonnull(strstr(world->details->str, "CA card “"));
    ck_assert_ptr_nonnull(
        strstr(world->details->str, "Its zone can enroll and unblock no card any more"));
}
END_TEST

START_TEST(test_a_ca_card_of_the_zone_is_never_enrolled)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    const TkeZoneBackupParams backup = { .card_description = "backup" };
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_blank(world, "second", SIM_CARD_BLANK);
    ceremony_world_blank(world, "new", SIM_CARD_BLANK);
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "second", NULL);
    card_world_check(tke_op_zone_backup(world->op, &backup, NULL, &error), error);
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "second", "new", NULL);
    card_world_check(tke_op_card_enroll(world->op, NULL, &error), error);
    ck_assert_msg(strstr(world->prompts->str, "own-ca") != NULL, "%s", world->prompts->str);
    ck_assert_str_eq(world->plans->str, "");
    ck_assert_int_eq(ceremony_world_info(world, "second").kind, SIM_CARD_CA);
    ck_assert_int_eq(ceremony_world_info(world, "new").kind, SIM_CARD_EP11);
}
END_TEST

START_TEST(test_a_backup_can_be_made_again_and_its_copy_is_known)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    const TkeZoneBackupParams backup = { .card_description = "backup" };
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_blank(world, "second", SIM_CARD_BLANK);
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "second", NULL);
    card_world_check(tke_op_zone_backup(world->op, &backup, NULL, &error), error);
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "second", NULL);
    card_world_check(tke_op_zone_backup(world->op, &backup, NULL, &error), error);
    ck_assert_str_eq(world->plans->str, "card-overwrite\n");
    ck_assert_ptr_nonnull(strstr(world->details->str, "CA card of this very zone already"));
    ck_assert_msg(strstr(world->details->str, "The card in reader 1 holds the same.") != NULL, "%s",
                  world->details->str);
    ck_assert_ptr_nonnull(strstr(world->details->str, "Copied from card "));
    ck_assert_ptr_null(strstr(world->details->str, "No copy of it is known"));
    ck_assert(g_str_has_suffix(world->details->str, "\nbackup\n"));
    /* the source has a backup, and the log knows it */
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "ca", NULL);
    world->refuse = true;
    ck_assert(!create_zone(world, &error));
    ck_assert_ptr_nonnull(strstr(world->details->str, "Copied to card "));
}
END_TEST

static void
exchange_card(CeremonyWorld *world)
{
    SimReader *reader = virtual_readers_get(world->cards->readers, 1);

    sim_reader_remove(reader);
    ck_assert(sim_reader_insert(reader, ceremony_world_card(world, "other"), NULL));
}

START_TEST(test_a_card_changed_while_the_word_was_typed_is_not_erased)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "member");
    ceremony_world_make_member(world, "other");
    ceremony_world_hand(world, 1, "member", NULL);
    world->meanwhile = exchange_card;
    ck_assert(!create_zone(world, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_REMOVED);
    ck_assert_ptr_nonnull(strstr(error->message, "nothing was erased"));
    ck_assert_int_eq(ceremony_world_info(world, "member").kind, SIM_CARD_EP11);
    ck_assert_int_eq(ceremony_world_info(world, "other").kind, SIM_CARD_EP11);
}
END_TEST

START_TEST(test_an_applet_of_another_version_is_updated_after_erase_was_typed)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "member");
    sim_card_set_trait(ceremony_world_card(world, "member"), SIM_CARD_VERSION, 0x020100);
    ceremony_world_hand(world, 1, "member", NULL);
    card_world_check(create_zone(world, &error), error);
    ck_assert_ptr_nonnull(strstr(world->details->str, "EP11 card with an applet of version 2.1.0"));
    ck_assert_ptr_null(strstr(world->details->str, "Its zone can enroll"));
    ck_assert(g_str_has_suffix(world->details->str, "\nERASE\n"));
    ck_assert_int_eq(ceremony_world_info(world, "member").kind, SIM_CARD_CA);
    check_log_has(world, "\"card\":\"other-version\"");
}
END_TEST

START_TEST(test_a_ca_card_of_another_version_is_overwritten_with_the_warning_of_one)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    sim_card_set_trait(ceremony_world_card(world, "ca"), SIM_CARD_VERSION, 0x020000);
    ceremony_world_hand(world, 1, "ca", NULL);
    card_world_check(create_zone(world, &error), error);
    ck_assert_ptr_nonnull(strstr(world->details->str, "CA card with an applet of version 2.0.0"));
    ck_assert_ptr_nonnull(
        strstr(world->details->str, "Its zone can enroll and unblock no card any more"));
    check_log_has(world, "\"kind\":\"ca\"");
}
END_TEST

START_TEST(test_a_card_that_lacks_something_is_blank_again)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GError) error = NULL;
    TkeCardErrorInfo why = { 0 };
    SimCardInfo info;

    ceremony_world_blank(world, "new", SIM_CARD_BLANK);
    sim_card_set_trait(ceremony_world_card(world, "new"), SIM_CARD_LACKS,
                       1u << 0 | 1u << 3 | 1u << 7);
    ceremony_world_hand(world, 1, "new", NULL);
    ck_assert(!create_zone(world, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_UNSUITABLE);
    ck_assert_msg(strstr(error->message, "it lacks P-521 key generation, AES-256, as") != NULL,
                  "%s", error->message);
    ck_assert(tke_card_error_get_info(error, &why));
    ck_assert(g_str_has_prefix(why.details, "ATR "));
    ck_assert_ptr_null(strstr(error->message, "ATR "));
    ck_assert_ptr_nonnull(strstr(error->message, "NXP JCOP4 J3R180"));
    ck_assert(g_str_has_prefix(error->message, "the applet was taken off the card again: "
                                               "reader 1: "));
    info = ceremony_world_info(world, "new");
    ck_assert_int_eq(info.kind, SIM_CARD_BLANK);
    ck_assert(!info.has_package);
}
END_TEST

START_TEST(test_marks_that_may_be_missing_do_not_matter)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "new", SIM_CARD_BLANK);
    sim_card_set_trait(ceremony_world_card(world, "new"), SIM_CARD_LACKS,
                       1u << 4 | 1u << 7 | 1u << 8 | 1u << 9);
    ceremony_world_hand(world, 1, "new", NULL);
    card_world_check(create_zone(world, &error), error);
}
END_TEST

START_TEST(test_cards_without_room_or_locked_are_told)
{
    static const struct {
        SimCardTrait trait;
        uint32_t value;
        TkeCardError code;
        const char *text;
    } cases[] = {
        { SIM_CARD_FULL, 100, TKE_CARD_ERROR_UNSUITABLE, "100 bytes of memory free" },
        { SIM_CARD_OTHER_KEYS, 0, TKE_CARD_ERROR_CARD_KEYS, "default test keys" },
        { SIM_CARD_LOCKED_KEYS, 0, TKE_CARD_ERROR_CARD_KEYS, "blocked" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
        g_autoptr(GError) error = NULL;

        tke_gp_scp_forget_refusals();
        ceremony_world_blank(world, "new", SIM_CARD_BLANK);
        sim_card_set_trait(ceremony_world_card(world, "new"), cases[i].trait, cases[i].value);
        ceremony_world_hand(world, 1, "new", NULL);
        ck_assert(!create_zone(world, &error));
        test_bytes_check_error(error, TKE_CARD_ERROR, (int) cases[i].code);
        ck_assert_msg(strstr(error->message, cases[i].text) != NULL, "%s", error->message);
        ck_assert_int_eq(ceremony_world_info(world, "new").kind, SIM_CARD_BLANK);
    }
}
END_TEST

START_TEST(test_a_foreign_card_keeps_the_prompt)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "foreign", SIM_CARD_BLANK);
    ceremony_world_blank(world, "new", SIM_CARD_BLANK);
    sim_card_set_trait(ceremony_world_card(world, "foreign"), SIM_CARD_FOREIGN, 0);
    ceremony_world_hand(world, 1, "foreign", "new", NULL);
    card_world_check(create_zone(world, &error), error);
    ck_assert_msg(strstr(world->prompts->str, "wrong-kind") != NULL, "%s", world->prompts->str);
}
END_TEST

START_TEST(test_cancelling_while_loading_leaves_a_card_that_can_be_tried_again)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "new", SIM_CARD_BLANK);
    ceremony_world_hand(world, 1, "new", NULL);
    test_fault_card_source_set(world->source, 17, TEST_CARD_FAULT_CANCEL, world->cancellable);
    ck_assert(!create_zone(world, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    ck_assert(test_fault_card_source_has_struck(world->source));
    ck_assert_msg(strstr(error->message, "the card has no applet now") != NULL, "%s",
                  error->message);
    ck_assert(!ceremony_world_info(world, "new").has_package);
    test_fault_card_source_clear(world->source);
    g_clear_error(&error);
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "new", NULL);
    card_world_check(create_zone(world, &error), error);
}
END_TEST

/* A refusal in the middle ends the secure channel of this card, so that it does not let anything
 * be deleted either. */
START_TEST(test_what_could_not_be_taken_off_again_is_told_and_taken_off_by_the_next_try)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GError) error = NULL;
    TkeCardErrorInfo info;

    ceremony_world_blank(world, "new", SIM_CARD_BLANK);
    ceremony_world_hand(world, 1, "new", NULL);
    test_fault_card_source_set(world->source, 17, TEST_CARD_FAULT_STATUS, NULL);
    ck_assert(!create_zone(world, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_STATUS);
    ck_assert_msg(g_str_has_prefix(error->message,
                                   "what was loaded may still be on the card, because it could "
                                   "not be taken off (reader 1: deleting the applet: "),
                  "%s", error->message);
    ck_assert_ptr_nonnull(strstr(error->message, "start again with the card"));
    /* why it stays */
    ck_assert_msg(strstr(error->message, "(status word 6982, ") != NULL, "%s", error->message);
    ck_assert(tke_card_error_get_info(error, &info));
    ck_assert_uint_eq(info.sw, 0x6F00);
    test_fault_card_source_clear(world->source);
    g_clear_error(&error);
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "new", NULL);
    card_world_check(create_zone(world, &error), error);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_zone_is_made_on_a_really_blank_card);
    tcase_add_test(tests, test_a_blank_card_is_enrolled_and_a_backup_is_made_on_one);
    tcase_add_test(tests, test_an_applet_without_a_zone_counts_as_blank);
    tcase_add_test(tests, test_a_used_card_is_overwritten_after_its_description_was_typed);
    tcase_add_test(tests, test_a_refusal_leaves_a_used_card_untouched);
    tcase_add_test(tests, test_a_used_card_that_lies_in_the_reader_is_not_asked_about);
    tcase_add_test(tests,
                   test_a_used_card_in_the_reader_is_overwritten_if_that_was_said_beforehand);
    tcase_add_test(tests, test_overwriting_a_ca_card_warns_of_its_zone);
    tcase_add_test(tests, test_a_ca_card_of_the_zone_is_never_enrolled);
    tcase_add_test(tests, test_a_backup_can_be_made_again_and_its_copy_is_known);
    tcase_add_test(tests, test_a_card_changed_while_the_word_was_typed_is_not_erased);
    tcase_add_test(tests, test_an_applet_of_another_version_is_updated_after_erase_was_typed);
    tcase_add_test(tests, test_a_ca_card_of_another_version_is_overwritten_with_the_warning_of_one);
    tcase_add_test(tests, test_a_card_that_lacks_something_is_blank_again);
    tcase_add_test(tests, test_marks_that_may_be_missing_do_not_matter);
    tcase_add_test(tests, test_cards_without_room_or_locked_are_told);
    tcase_add_test(tests, test_a_foreign_card_keeps_the_prompt);
    tcase_add_test(tests, test_cancelling_while_loading_leaves_a_card_that_can_be_tried_again);
    tcase_add_test(tests,
                   test_what_could_not_be_taken_off_again_is_told_and_taken_off_by_the_next_try);
}

int
main(void)
{
    return test_main("card-load", add_tests);
}
