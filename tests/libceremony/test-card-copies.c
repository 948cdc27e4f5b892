/*
 * A copy that would join key parts is asked about. Before a card is erased it is told, of each of
 * its keys, whether there is a copy: only what a copy has brought to another card counts, and only
 * while it is there (P-5; F-170).
 */
#include <string.h>

#include "common/hex.h"
#include "libceremony/op-card-enroll.h"
#include "libceremony/op-key-part.h"
#include "libceremony/op-zone.h"
#include "libsmartcard/card-error.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/test-main.h"

#define NO_KEY "NO copy of the signature key is known"

static char *
id_of(CeremonyWorld *world, const char *name)
{
    SimCardInfo info;

    sim_card_get_info(ceremony_world_card(world, name), &info);
    return tke_card_id_text(info.card_id);
}

/* Carol has her signature key and key part 1; "backup" is empty. */
static CeremonyWorld *
make_world(void)
{
    CeremonyWorld *world = ceremony_world_new(1);

    ceremony_world_make_zone(world);
    ceremony_world_make_admin(world, "carol", "Carol");
    ceremony_world_make_part(world, "carol", "Part one");
    ceremony_world_make_member(world, "backup");
    ceremony_world_restart(world);
    return world;
}

static void
copy_to(CeremonyWorld *world, const char *from, const char *to, const TkeCopyParams *params)
{
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 1, from, NULL);
    ceremony_world_hand(world, 2, to, NULL);
    card_world_check(tke_op_copy_card(world->op, params, NULL, &error), error);
    ceremony_world_restart(world);
}

static void
copy(CeremonyWorld *world, const TkeCopyParams *params)
{
    copy_to(world, "carol", "backup", params);
}

static const TkeCopyParams everything = { .everything = true };
static const TkeCopyParams part_one = { .n_places = 1, .places = { 1 } };

/* What is told of the card when it is to be overwritten; nobody agrees. */
static const char *
told_of(CeremonyWorld *world, const char *card)
{
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, card, NULL);
    world->refuse = true;
    ck_assert(!tke_op_card_enroll(world->op, NULL, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    ceremony_world_restart(world);
    return world->details->str;
}

/* The line of the key part says text, and says it of card, if that is not NULL. */
static void
check_part(CeremonyWorld *world, const char *told, unsigned place, const char *text,
           const char *card)
{
    g_auto(GStrv) lines = g_strsplit(told, "\n", -1);
    g_autofree char *begin = g_strdup_printf("Key part %u ", place);
    g_autofree char *id = card != NULL ? id_of(world, card) : g_strdup("");

    for (unsigned i = 0; lines[i] != NULL; i++) {
        if (g_str_has_prefix(lines[i], begin)) {
            ck_assert_msg(strstr(lines[i], text) != NULL && strstr(lines[i], id) != NULL,
                          "no “%s” with “%s” in “%s”", text, id, lines[i]);
            return;
        }
    }
    ck_abort_msg("no line of key part %u in:\n%.1000s", place, told);
}

static void
check_key(CeremonyWorld *world, const char *told, const char *card)
{
    g_autofree char *id = id_of(world, card);
    g_autofree char *text = g_strdup_printf("The signature key is also on card %s", id);

    ck_assert_msg(strstr(told, text) != NULL, "no “%s” in:\n%.1000s", text, told);
    ck_assert_ptr_null(strstr(told, NO_KEY));
}

static void
check_no_key(const char *told)
{
    ck_assert_msg(strstr(told, NO_KEY) != NULL, "%.1000s", told);
    ck_assert_ptr_null(strstr(told, "The signature key is also on"));
}

START_TEST(test_a_key_part_made_after_the_copy_has_none)
{
    g_autoptr(CeremonyWorld) world = make_world();
    const char *told;

    copy(world, &everything);
    ceremony_world_make_part(world, "carol", "Part two");
    told = told_of(world, "carol");
    check_part(world, told, 1, "also on card ", "backup");
    check_part(world, told, 2, "NO copy of it is known", NULL);
    check_key(world, told, "backup");
    /* what has no copy comes first */
    ck_assert(strstr(told, "Key part 2 ") < strstr(told, "Key part 1 "));
}
END_TEST

START_TEST(test_a_signature_key_that_was_not_in_the_copy_has_none)
{
    g_autoptr(CeremonyWorld) world = make_world();
    const char *told;

    copy(world, &part_one);
    told = told_of(world, "carol");
    check_part(world, told, 1, "also on card ", "backup");
    check_no_key(told);
}
END_TEST

START_TEST(test_the_copy_knows_its_original_and_other_copies)
{
    g_autoptr(CeremonyWorld) world = make_world();
    const char *told;

    ceremony_world_make_member(world, "second");
    copy(world, &everything);
    copy_to(world, "backup", "second", &part_one);
    told = told_of(world, "backup");
    check_part(world, told, 1, "also on card ", "carol");
    check_part(world, told, 1, "also on card ", "second");
    check_key(world, told, "carol");
    told = told_of(world, "second");
    check_part(world, told, 1, "also on card ", "carol");
}
END_TEST

static bool
delete_from(CeremonyWorld *world, const char *card, const TkeDeleteParams *params, GError **error)
{
    TkeDeleteResult result = { 0 };

    ceremony_world_hand(world, 2, card, NULL);
    return tke_op_delete_keys(world->op, params, &result, error);
}

/* The card is put into reader 1 for a new zone while another lies in reader 2; nobody agrees. */
static const char *
told_beside(CeremonyWorld *world, const char *card, const char *other)
{
    const TkeZoneCreateParams params = { .zone_description = "Zone", .card_description = "CA 1" };
    g_autoptr(GError) error = NULL;

    ck_assert(sim_reader_insert(virtual_readers_get(world->cards->readers, 2),
                                ceremony_world_card(world, other), NULL));
    ceremony_world_hand(world, 1, card, NULL);
    world->refuse = true;
    ck_assert(!tke_op_zone_create(world->op, &params, NULL, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    ceremony_world_restart(world);
    return world->details->str;
}

START_TEST(test_what_the_card_in_the_other_reader_has_is_seen)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autofree char *path = g_build_filename(world->dir, "another.log", NULL);
    TkeActivityLog *log = world->log;
    const TkeDeleteParams params = { .n_places = 1, .places = { 1 } };
    g_autoptr(TkeActivityLog) another = tke_activity_log_new(path, true);
    g_autoptr(GError) error = NULL;
    const char *told;

    copy(world, &everything);
    told = told_beside(world, "carol", "backup");
    check_part(world, told, 1, "in reader 2.", "backup");
    check_key(world, told, "backup");
    ck_assert_ptr_null(strstr(told, "as this workstation knows"));
    /* what another workstation deletes is in no log here, but it is seen */
    world->log = another;
    ceremony_world_restart(world);
    card_world_check(delete_from(world, "backup", &params, &error), error);
    world->log = log;
    ceremony_world_restart(world);
    told = told_beside(world, "carol", "backup");
    check_part(world, told, 1, "NO copy of it is known", NULL);
    check_key(world, told, "backup");
}
END_TEST

START_TEST(test_entries_that_name_no_keys_prove_nothing)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autofree char *carol = id_of(world, "carol");
    g_autofree char *backup = id_of(world, "backup");
    g_autofree char *entry = g_strdup_printf(
        "{\"source\":{\"id\":\"%s\"},\"card\":{\"id\":\"%s\"},\"signature_key\":true,"
        "\"parts\":1,\"already_there\":0,\"result\":\"done\"}",
        carol, backup);
    g_autoptr(JsonNode) node = json_from_string(entry, NULL);
    const char *told;

    ck_assert(
        tke_activity_log_append(world->log, "opentke-card.copy", json_node_get_object(node), NULL));
    told = told_of(world, "carol");
    check_part(world, told, 1, "NO copy of it is known", NULL);
    check_no_key(told);
}
END_TEST

/* The pattern of Carol's key part, as the entry about its making has it; the caller frees. */
static char *
pattern_of_part(CeremonyWorld *world)
{
    g_auto(GStrv) lines = tke_activity_log_read(world->log, 0, NULL);
    g_autofree char *all = g_strjoinv("\n", lines);
    const char *pattern = strstr(all, "\"pattern\":\"");

    ck_assert_ptr_nonnull(pattern);
    return g_strndup(pattern + strlen("\"pattern\":\""), 64);
}

START_TEST(test_the_log_names_the_keys_of_a_copy)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autofree char *pattern = pattern_of_part(world);
    g_auto(GStrv) lines = NULL;
    g_autofree char *members = NULL;
    g_autofree char *ski = NULL;
    SimCardInfo info;

    sim_card_get_info(ceremony_world_card(world, "carol"), &info);
    ski = tke_hex_encode(info.ski, sizeof info.ski);
    copy(world, &everything);
    lines = tke_activity_log_read(world->log, 1, NULL);
    members = g_strdup_printf("\"ski\":\"%s\",\"patterns\":[\"%s\"]", ski, pattern);
    ck_assert_msg(strstr(lines[0], members) != NULL, "no %s in %s", members, lines[0]);
}
END_TEST

START_TEST(test_what_was_deleted_from_the_copy_is_no_copy)
{
    g_autoptr(CeremonyWorld) world = make_world();
    const TkeDeleteParams params = { .n_places = 1, .places = { 1 } };
    g_autoptr(GError) error = NULL;
    const char *told;

    copy(world, &everything);
    card_world_check(delete_from(world, "backup", &params, &error), error);
    ceremony_world_restart(world);
    told = told_of(world, "carol");
    check_part(world, told, 1, "NO copy of it is known", NULL);
    check_key(world, told, "backup"); /* that is there still */
}
END_TEST

START_TEST(test_a_refused_deletion_leaves_the_copy)
{
    g_autoptr(CeremonyWorld) world = make_world();
    const TkeDeleteParams params = { .n_places = 1, .places = { 7 } };
    g_autoptr(GError) error = NULL;
    const char *told;

    copy(world, &everything);
    ck_assert(!delete_from(world, "backup", &params, &error));
    ceremony_world_restart(world);
    told = told_of(world, "carol");
    check_part(world, told, 1, "also on card ", "backup");
    check_key(world, told, "backup");
}
END_TEST

#define COMMAND_AT 3u /* exchange from the entry of the PIN on: that, status, command, status */

static unsigned lose_at;

/* A command to the card is carried out, and nobody hears of it. */
static void
lose_answer(CeremonyWorld *world)
{
    const SimCardFault fault = { .kind = SIM_CARD_FAULT_PULL_AFTER, .after = lose_at, .times = 1 };

    sim_card_add_fault(ceremony_world_card(world, "backup"), &fault);
}

START_TEST(test_what_may_be_deleted_from_the_copy_is_no_copy)
{
    for (unsigned at = COMMAND_AT; at <= COMMAND_AT + 1; at++) {
        g_autoptr(CeremonyWorld) world = make_world();
        const TkeDeleteParams params = { .n_places = 1, .places = { 1 } };
        g_autoptr(GError) error = NULL;
        SimCardInfo info;
        const char *told;

        copy(world, &everything);
        lose_at = at;
        world->at_pin = lose_answer;
        ck_assert(!delete_from(world, "backup", &params, &error));
        ck_assert_uint_eq(sim_card_faults_left(ceremony_world_card(world, "backup")), 0);
        sim_card_get_info(ceremony_world_card(world, "backup"), &info);
        ck_assert_uint_eq(info.parts, 0);
        ceremony_world_restart(world);
        told = told_of(world, "carol");
        check_part(world, told, 1, "NO copy of it is known", NULL);
        check_key(world, told, "backup");
    }
}
END_TEST

static bool
replace_key(CeremonyWorld *world, GError **error)
{
    const TkeGenerateKeyParams params = { .name = "Dave", .replace = true };

    ceremony_world_hand(world, 2, "backup", NULL);
    return tke_op_generate_signature_key(world->op, &params, NULL, NULL, error);
}

START_TEST(test_a_signature_key_that_was_replaced_is_no_copy)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(GError) error = NULL;
    const char *told;

    copy(world, &everything);
    card_world_check(replace_key(world, &error), error);
    ceremony_world_restart(world);
    told = told_of(world, "carol");
    check_no_key(told);
    check_part(world, told, 1, "also on card ", "backup");
}
END_TEST

START_TEST(test_a_signature_key_that_may_be_replaced_is_no_copy)
{
    for (unsigned at = COMMAND_AT; at <= COMMAND_AT + 1; at++) {
        g_autoptr(CeremonyWorld) world = make_world();
        g_autoptr(GError) error = NULL;
        SimCardInfo before;
        SimCardInfo after;
        const char *told;

        copy(world, &everything);
        sim_card_get_info(ceremony_world_card(world, "backup"), &before);
        lose_at = at;
        world->at_pin = lose_answer;
        ck_assert(!replace_key(world, &error));
        ck_assert_uint_eq(sim_card_faults_left(ceremony_world_card(world, "backup")), 0);
        sim_card_get_info(ceremony_world_card(world, "backup"), &after);
        ck_assert_mem_ne(after.ski, before.ski, sizeof after.ski);
        ceremony_world_restart(world);
        told = told_of(world, "carol");
        check_no_key(told);
        check_part(world, told, 1, "also on card ", "backup");
    }
}
END_TEST

START_TEST(test_an_erased_copy_is_none)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(GError) error = NULL;
    const char *told;

    copy(world, &everything);
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "backup", NULL);
    card_world_check(tke_op_card_enroll(world->op, NULL, &error), error);
    ceremony_world_restart(world);
    told = told_of(world, "carol");
    check_part(world, told, 1, "NO copy of it is known", NULL);
    check_no_key(told);
}
END_TEST

/* A backup of another key part is in reader 2 by mistake. */
static CeremonyWorld *
mixed_up_world(void)
{
    CeremonyWorld *world = make_world();

    ceremony_world_make_part(world, "backup", "Part two");
    return world;
}

static unsigned
count_parts(CeremonyWorld *world, const char *card)
{
    SimCardInfo info;

    sim_card_get_info(ceremony_world_card(world, card), &info);
    return info.parts;
}

START_TEST(test_a_second_part_on_one_card_is_asked_about)
{
    g_autoptr(CeremonyWorld) world = mixed_up_world();
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 1, "carol", NULL);
    ceremony_world_hand(world, 2, "backup", NULL);
    world->refuse = true;
    ck_assert(!tke_op_copy_card(world->op, &part_one, NULL, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    ck_assert_str_eq(world->plans->str, "second-part\n");
    ck_assert_ptr_nonnull(strstr(world->details->str, "on the card: key part 1 “Part two”"));
    ck_assert_ptr_nonnull(strstr(world->details->str, "to be copied: key part 1 “Part one”"));
    ck_assert_uint_eq(count_parts(world, "backup"), 1);
    ceremony_world_restart(world);
    copy(world, &part_one); /* who wants it gets it */
    ck_assert_uint_eq(count_parts(world, "backup"), 2);
}
END_TEST

START_TEST(test_copies_that_join_nothing_are_not_asked_about)
{
    g_autoptr(CeremonyWorld) world = mixed_up_world();
    g_autofree char *ski = NULL;
    TkeCopyParams params = { .signature_key = true };
    SimCardInfo info;

    sim_card_get_info(ceremony_world_card(world, "carol"), &info);
    params.ski = ski = tke_hex_encode(info.ski, sizeof info.ski);
    copy(world, &params); /* a signature key only */
    ceremony_world_make_member(world, "second");
    copy_to(world, "carol", "second", &everything);
    ceremony_world_make_part(world, "carol", "Part three");
    copy_to(world, "carol", "second", &everything); /* the source has both itself */
    copy_to(world, "carol", "second", &everything); /* and again: nothing comes to it */
    ck_assert_str_eq(world->plans->str, "");
    ck_assert_uint_eq(count_parts(world, "second"), 2);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_key_part_made_after_the_copy_has_none);
    tcase_add_test(tests, test_a_signature_key_that_was_not_in_the_copy_has_none);
    tcase_add_test(tests, test_the_copy_knows_its_original_and_other_copies);
    tcase_add_test(tests, test_what_the_card_in_the_other_reader_has_is_seen);
    tcase_add_test(tests, test_entries_that_name_no_keys_prove_nothing);
    tcase_add_test(tests, test_the_log_names_the_keys_of_a_copy);
    tcase_add_test(tests, test_what_was_deleted_from_the_copy_is_no_copy);
    tcase_add_test(tests, test_a_refused_deletion_leaves_the_copy);
    tcase_add_test(tests, test_what_may_be_deleted_from_the_copy_is_no_copy);
    tcase_add_test(tests, test_a_signature_key_that_was_replaced_is_no_copy);
    tcase_add_test(tests, test_a_signature_key_that_may_be_replaced_is_no_copy);
    tcase_add_test(tests, test_an_erased_copy_is_none);
    tcase_add_test(tests, test_a_second_part_on_one_card_is_asked_about);
    tcase_add_test(tests, test_copies_that_join_nothing_are_not_asked_about);
}

int
main(void)
{
    return test_main("card-copies", add_tests);
}
