/*
 * Descriptions, names, and which PIN is changed, asked for at their place among the steps (functions
 * 2.3 steps 5 and 6, 2.4 step 4, 2.5 step 2, 2.7 step 3, 2.10, 3.3): after cards and PINs; who stops there keeps
 * what was done. And what the operations of these steps tell that windows used to find out
 * themselves.
 */
#include <string.h>

#include "libceremony/advice.h"
#include "libceremony/op-card-enroll.h"
#include "libceremony/op-card-pin.h"
#include "libceremony/op-key-part.h"
#include "libceremony/op-zone.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/test-main.h"

static const char *answers[2]; /* NULL: what is proposed; "-": stops there */

/* Written down among the prompts, so that the order shows. */
static bool
on_texts(void *ui, const TkeTextPrompt *prompt, char **texts, GCancellable *cancellable,
         GError **error)
{
    CeremonyWorld *world = ui;

    (void) cancellable;
    ck_assert_ptr_nonnull(prompt->title);
    for (unsigned i = 0; i < prompt->n_fields; i++) {
        g_string_append_printf(world->prompts, "ask %s (%s)\n", prompt->fields[i].word,
                               prompt->fields[i].proposal);
    }
    if (g_strcmp0(answers[0], "-") == 0) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "stopped");
        return false;
    }
    for (unsigned i = 0; i < prompt->n_fields; i++) {
        texts[i] = g_strdup(answers[i] != NULL ? answers[i] : prompt->fields[i].proposal);
    }
    return true;
}

/* The same people, who also answer questions for texts. */
static TkeOperation *
asking(CeremonyWorld *world)
{
    static TkePrompterOps ops;

    ops = ceremony_world_operator;
    ops.ask_texts = on_texts;
    answers[0] = NULL;
    answers[1] = NULL;
    return tke_operation_new(world->world, world->session, world->log, &ops, world,
                             world->cancellable);
}

static bool
logged(CeremonyWorld *world, const char *text)
{
    g_autofree char *path = g_build_filename(world->dir, "activity.log", NULL);
    g_autofree char *all = NULL;

    ck_assert(g_file_get_contents(path, &all, NULL, NULL));
    return strstr(all, text) != NULL;
}

START_TEST(test_zone_and_card_are_described_after_both_pins)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeOperation) op = asking(world);
    TkeCardTexts texts = { .card = "A/B" };
    const TkeZoneCreateParams params = { .ask = &texts };
    TkeZoneResult zone;
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "ca", SIM_CARD_CA);
    ceremony_world_hand(world, 1, "ca", NULL);
    answers[0] = "Zone 1";
    card_world_check(tke_op_zone_create(op, &params, &zone, &error), error);
    ck_assert_str_eq(world->prompts->str, "insert zone, reader 1\npin, reader 1\npin, reader 1\n"
                                          "ask zone-description ()\nask card-description (A/B)\n");
    ck_assert_str_eq(zone.card.zone_description, "Zone 1");
    ck_assert_str_eq(zone.card.description, "A/B");
    ck_assert_str_eq(texts.zone, "Zone 1");
}
END_TEST

START_TEST(test_who_stops_at_the_descriptions_of_a_zone_goes_on_there)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeOperation) op = asking(world);
    TkeCardTexts texts = { 0 };
    const TkeZoneCreateParams params = { .ask = &texts };
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "ca", SIM_CARD_CA);
    ceremony_world_hand(world, 1, "ca", NULL);
    answers[0] = "-";
    ck_assert(!tke_op_zone_create(op, &params, NULL, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    ck_assert_ptr_nonnull(strstr(error->message, "has its two PINs now"));
    ck_assert(!ceremony_world_info(world, "ca").zone_known);
    g_clear_error(&error);
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "ca", NULL);
    tke_operation_free(op);
    op = asking(world);
    answers[0] = "Zone 1";
    answers[1] = "A/B";
    card_world_check(tke_op_zone_create(op, &params, NULL, &error), error);
    ck_assert_str_eq(ceremony_world_info(world, "ca").description, "A/B");
}
END_TEST

START_TEST(test_texts_that_no_card_takes_are_refused)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeOperation) op = asking(world);
    TkeCardTexts texts = { 0 };
    const TkeZoneCreateParams params = { .ask = &texts };
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "ca", SIM_CARD_CA);
    ceremony_world_hand(world, 1, "ca", NULL);
    answers[0] = "a description that is far too long for a card";
    ck_assert(!tke_op_zone_create(op, &params, NULL, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "is no description"));
    ck_assert(!ceremony_world_info(world, "ca").zone_known);
    ck_assert_str_eq(texts.zone, "");
}
END_TEST

START_TEST(test_a_backup_is_described_when_it_has_the_zone_and_its_source_is_proposed)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeOperation) op = NULL;
    TkeCardTexts texts = { 0 };
    const TkeZoneBackupParams params = { .ask = &texts };
    g_autofree char *ask = NULL;
    g_autofree char *proposal = NULL;
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_blank(world, "backup", SIM_CARD_CA);
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "backup", NULL);
    op = asking(world);
    card_world_check(tke_op_zone_backup(op, &params, NULL, &error), error);
    proposal = tke_op_zone_propose_backup(ceremony_world_info(world, "ca").description);
    ask = g_strdup_printf("ask card-description (%s)\n", proposal);
    ck_assert(g_str_has_suffix(world->prompts->str, ask));
    ck_assert_str_eq(ceremony_world_info(world, "backup").description, proposal);
}
END_TEST

START_TEST(test_a_backup_that_was_not_described_is_one_and_is_recorded)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeOperation) op = NULL;
    TkeCardTexts texts = { 0 };
    const TkeZoneBackupParams params = { .ask = &texts };
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_blank(world, "backup", SIM_CARD_CA);
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "backup", NULL);
    op = asking(world);
    answers[0] = "-";
    ck_assert(!tke_op_zone_backup(op, &params, NULL, &error));
    ck_assert_ptr_nonnull(
        strstr(error->message, "the backup has the zone, but no description yet"));
    ck_assert_mem_eq(ceremony_world_info(world, "backup").zone_id,
                     ceremony_world_info(world, "ca").zone_id, TKE_ZONE_ID_LEN);
    ck_assert(logged(world, "opentke-zone.backup"));
}
END_TEST

static void
enroll(CeremonyWorld *world)
{
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_blank(world, "new", SIM_CARD_EP11);
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "new", NULL);
    card_world_check(tke_op_card_enroll(world->op, NULL, &error), error);
    g_string_truncate(world->prompts, 0);
}

START_TEST(test_an_ep11_card_is_described_after_its_pin)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeOperation) op = NULL;
    TkeCardTexts texts = { 0 };
    const TkeCardPersonalizeParams params = { .ask = &texts };
    g_autoptr(GError) error = NULL;

    enroll(world);
    op = asking(world);
    answers[0] = "Alice";
    card_world_check(tke_op_card_personalize(op, &params, NULL, &error), error);
    ck_assert_str_eq(world->prompts->str, "pin, reader 2\nask card-description ()\n");
    ck_assert_str_eq(ceremony_world_info(world, "new").description, "Alice");
}
END_TEST

START_TEST(test_an_ep11_card_that_was_not_described_has_its_pin_and_is_recorded)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeOperation) op = NULL;
    TkeCardTexts texts = { 0 };
    const TkeCardPersonalizeParams params = { .ask = &texts };
    g_autoptr(GError) error = NULL;

    enroll(world);
    op = asking(world);
    answers[0] = "-";
    ck_assert(!tke_op_card_personalize(op, &params, NULL, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "the PIN is set, the description is not"));
    ck_assert(ceremony_world_info(world, "new").pin_set[0]);
    ck_assert(logged(world, "opentke-card.personalize"));
    g_clear_error(&error);
    answers[0] = "Alice";
    card_world_check(tke_op_card_personalize(op, &params, NULL, &error), error);
    ck_assert_str_eq(ceremony_world_info(world, "new").description, "Alice");
}
END_TEST

/* First the card, then which PIN; what is proposed is what was there. */
START_TEST(test_which_ca_pin_is_changed_is_asked_for_when_the_card_is_in)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    unsigned pin = 1;
    const TkeCardChangePinParams params = { .reader = 1, .ask_pin = &pin };
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_type(world, 1, WORLD_SECOND "E555555E555555E");
    g_queue_push_tail(world->choices, GUINT_TO_POINTER(1));
    card_world_check(tke_op_card_change_pin(world->op, &params, NULL, &error), error);
    ck_assert_uint_eq(pin, 2);
    ck_assert_str_eq(world->choose->str, "ca-pin: Which PIN of the CA card is to be changed?\n");
    ck_assert(logged(world, "\"pin\":2"));
}
END_TEST

START_TEST(test_an_ep11_card_has_one_pin_only)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    unsigned pin = 1;
    const TkeCardChangePinParams params = { .reader = 2, .ask_pin = &pin };
    g_autoptr(GError) error = NULL;

    ck_assert(!tke_op_card_change_pin(world->op, &params, NULL, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "with one"));
}
END_TEST

static void
block_first(CeremonyWorld *world)
{
    ck_assert(sim_card_block_pin(g_hash_table_lookup(world->by_name, "ca"), TKE_PIN_FIRST));
}

/* Either PIN: such a card is refused before anybody chooses, so that the choice knows none. */
START_TEST(test_no_pin_of_a_lost_ca_card_is_offered)
{
    static const uint8_t references[] = { TKE_PIN_FIRST, TKE_PIN_SECOND };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    unsigned pin = 1;
    const TkeCardChangePinParams params = { .reader = 1, .ask_pin = &pin };
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ck_assert(sim_card_block_pin(g_hash_table_lookup(world->by_name, "ca"), references[_i]));
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "ca", NULL);
    ck_assert(!tke_op_card_change_pin(world->op, &params, NULL, &error));
    ck_assert_str_eq(world->choose->str, "");
    ck_assert_msg(strstr(world->prompts->str, "blocked") != NULL, "%.900s", world->prompts->str);
}
END_TEST

/* Whose PIN is blocked is in the error, so that nobody has to look for it in a sentence. */
START_TEST(test_a_blocked_ca_pin_is_said_to_be_one)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    unsigned pin = 1;
    const TkeCardChangePinParams params = { .reader = 1, .ask_pin = &pin };
    g_autofree char *advice = NULL;
    TkeCardErrorInfo info = { 0 };
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_hand(world, 1, "ca", NULL);
    world->at_pin = block_first;
    ck_assert(!tke_op_card_change_pin(world->op, &params, NULL, &error));
    ck_assert(tke_card_error_get_info(error, &info) && info.ca_card);
    advice = tke_advice_for_error(error);
    ck_assert_ptr_nonnull(strstr(advice, "This CA card is lost"));
}
END_TEST

START_TEST(test_a_blocked_ep11_pin_is_not_said_to_be_one_of_a_ca_card)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    const TkeCardChangePinParams params = { .reader = 2 };
    g_autofree char *advice = NULL;
    TkeCardErrorInfo info = { 0 };
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "CAROL");
    ck_assert(sim_card_block_pin(g_hash_table_lookup(world->by_name, "CAROL"), TKE_PIN_FIRST));
    ceremony_world_restart(world);
    ceremony_world_hand(world, 2, "CAROL", NULL);
    ck_assert(!tke_op_card_change_pin(world->op, &params, NULL, &error));
    ck_assert(tke_card_error_get_info(error, &info) && !info.ca_card);
    advice = tke_advice_for_error(error);
    ck_assert_ptr_nonnull(strstr(advice, "gives the tries back"));
}
END_TEST

/* F-036: what the window and every other program calls a check of the cards. */
START_TEST(test_cards_are_checked_and_where_there_is_nothing_to_check_it_is_said)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GPtrArray) infos = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert(!tke_op_card_check(world->op, 0, &infos, &error));
    ck_assert_int_eq(tke_card_error_code(error), TKE_CARD_ERROR_NO_CARD);
    ck_assert_ptr_null(infos);
    g_clear_error(&error);
    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "member");
    ceremony_world_restart(world);
    ck_assert(sim_reader_insert(virtual_readers_get(world->cards->readers, 2),
                                g_hash_table_lookup(world->by_name, "member"), NULL));
    card_world_check(tke_op_card_check(world->op, 0, &infos, &error), error);
    ck_assert_int_eq(((TkeCardInfo *) infos->pdata[1])->genuine, TKE_GENUINE_YES);
    g_clear_pointer(&infos, g_ptr_array_unref);
    ceremony_world_restart(world);
    ck_assert(
        sim_card_set_forgery(g_hash_table_lookup(world->by_name, "member"), SIM_CARD_FORGED_KEY));
    ck_assert(sim_reader_insert(virtual_readers_get(world->cards->readers, 2),
                                g_hash_table_lookup(world->by_name, "member"), NULL));
    ck_assert(!tke_op_card_check(world->op, 0, &infos, &error));
    ck_assert_int_eq(tke_card_error_code(error), TKE_CARD_ERROR_NOT_GENUINE);
}
END_TEST

/* What was said beforehand is not asked for, and is found wrong before a card is touched. */
START_TEST(test_what_was_said_beforehand_is_not_asked_for)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeOperation) op = asking(world);
    TkeCardTexts texts = { .zone = "Zone 1", .zone_said = true };
    const TkeZoneCreateParams params = { .ask = &texts };
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "ca", SIM_CARD_CA);
    ceremony_world_hand(world, 1, "ca", NULL);
    g_strlcpy(texts.zone, "Z\303\274rich", sizeof texts.zone);
    ck_assert(!tke_op_zone_create(op, &params, NULL, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "is no description"));
    ck_assert_str_eq(world->prompts->str, "");
    g_clear_error(&error);
    g_strlcpy(texts.zone, "Zone 1", sizeof texts.zone);
    answers[0] = "A/B";
    card_world_check(tke_op_zone_create(op, &params, NULL, &error), error);
    ck_assert_str_eq(world->prompts->str, "insert zone, reader 1\npin, reader 1\npin, reader 1\n"
                                          "ask card-description ()\n");
    ck_assert_str_eq(ceremony_world_info(world, "ca").zone_description, "Zone 1");
    ck_assert_str_eq(ceremony_world_info(world, "ca").description, "A/B");
}
END_TEST

/* A personalised card, put into reader 2 when it is asked for. */
static TkeOperation *
with_member(CeremonyWorld *world)
{
    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "member");
    ceremony_world_restart(world);
    ceremony_world_hand(world, 2, "member", NULL);
    return asking(world);
}

/* 3.3: card, name, PIN. */
START_TEST(test_an_administrator_is_named_between_card_and_pin)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeOperation) op = with_member(world);
    const TkeGenerateKeyParams params = { .ask_name = true };
    TkeSignatureKey key = { .name = "" };
    g_autoptr(GError) error = NULL;

    answers[0] = "no_name";
    ck_assert(!tke_op_generate_signature_key(op, &params, &key, NULL, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "is no name of an administrator"));
    ck_assert_str_eq(world->prompts->str, "insert signature-key, reader 2\nask name ()\n");
    g_clear_error(&error);
    g_string_truncate(world->prompts, 0);
    answers[0] = "Alice";
    card_world_check(tke_op_generate_signature_key(op, &params, &key, NULL, &error), error);
    ck_assert_str_eq(world->prompts->str, "ask name ()\npin, reader 2\n");
    ck_assert_str_eq(key.name, "Alice");
}
END_TEST

/* 3.3: card, PIN, description. */
START_TEST(test_a_key_part_is_described_after_the_pin)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeOperation) op = with_member(world);
    const TkeGeneratePartParams params = { .ask_description = true };
    TkeKeyPart part = { .description = "" };
    g_autoptr(GError) error = NULL;

    answers[0] = "-";
    ck_assert(!tke_op_generate_key_part(op, &params, &part, NULL, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    ck_assert_uint_eq(ceremony_world_info(world, "member").parts, 0);
    ck_assert_str_eq(world->prompts->str,
                     "insert key-part, reader 2\npin, reader 2\nask description ()\n");
    g_clear_error(&error);
    answers[0] = "Part A";
    card_world_check(tke_op_generate_key_part(op, &params, &part, NULL, &error), error);
    ck_assert_str_eq(part.description, "Part A");
}
END_TEST

/* 2.10: card, PIN, what is described, its new text. */
START_TEST(test_what_is_described_is_chosen_after_the_pin)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeOperation) op = with_member(world);
    const TkeCardDescribeParams params = { .ask_place = true, .ask_description = true };
    const TkeGeneratePartParams part = { .description = "Part A" };
    TkeCardDescribeResult result;
    g_autoptr(GError) error = NULL;

    answers[0] = "Alice";
    card_world_check(tke_op_card_describe(op, &params, &result, &error), error);
    ck_assert_str_eq(world->prompts->str,
                     "insert describe, reader 2\npin, reader 2\nask description ()\n");
    ck_assert_str_eq(world->choose->str, ""); /* the card holds nothing else */
    card_world_check(tke_op_generate_key_part(op, &part, NULL, NULL, &error), error);
    g_queue_push_tail(world->choices, GUINT_TO_POINTER(1));
    answers[0] = "Part B";
    card_world_check(tke_op_card_describe(op, &params, &result, &error), error);
    ck_assert_str_eq(world->choose->str, "described: What is to be described?\n");
    ck_assert_uint_eq(result.place, 1);
    ck_assert_str_eq(result.old, "Part A");
    ck_assert_str_eq(result.description, "Part B");
    ck_assert_str_eq(ceremony_world_info(world, "member").description, "Alice");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_no_pin_of_a_lost_ca_card_is_offered, 0, 2);
    tcase_add_test(tests, test_a_blocked_ca_pin_is_said_to_be_one);
    tcase_add_test(tests, test_a_blocked_ep11_pin_is_not_said_to_be_one_of_a_ca_card);
    tcase_add_test(tests, test_cards_are_checked_and_where_there_is_nothing_to_check_it_is_said);
    tcase_add_test(tests, test_zone_and_card_are_described_after_both_pins);
    tcase_add_test(tests, test_who_stops_at_the_descriptions_of_a_zone_goes_on_there);
    tcase_add_test(tests, test_texts_that_no_card_takes_are_refused);
    tcase_add_test(tests,
                   test_a_backup_is_described_when_it_has_the_zone_and_its_source_is_proposed);
    tcase_add_test(tests, test_a_backup_that_was_not_described_is_one_and_is_recorded);
    tcase_add_test(tests, test_an_ep11_card_is_described_after_its_pin);
    tcase_add_test(tests, test_an_ep11_card_that_was_not_described_has_its_pin_and_is_recorded);
    tcase_add_test(tests, test_which_ca_pin_is_changed_is_asked_for_when_the_card_is_in);
    tcase_add_test(tests, test_an_ep11_card_has_one_pin_only);
    tcase_add_test(tests, test_what_was_said_beforehand_is_not_asked_for);
    tcase_add_test(tests, test_an_administrator_is_named_between_card_and_pin);
    tcase_add_test(tests, test_a_key_part_is_described_after_the_pin);
    tcase_add_test(tests, test_what_is_described_is_chosen_after_the_pin);
}

int
main(void)
{
    return test_main("asked-texts", add_tests);
}
