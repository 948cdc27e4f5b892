/*
 * A key that a card may have lost is no copy: the log and the inventory know of a loss before the card
 * does, and the card says itself what became of one that has no end (F-042, F-170).
 */
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "libceremony/inventory.h"
#include "libceremony/key-copies.h"
#include "libceremony/key-losses.h"
#include "libceremony/op-card.h"
#include "libceremony/op-key-part.h"
#include "libceremony/record.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/test-main.h"
#include "tests/support/test-says.h"

static char *
id_of(CeremonyWorld *world, const char *name)
{
    SimCardInfo info = ceremony_world_info(world, name);

    return tke_card_id_text(info.card_id);
}

/* Carol has her signature key and a key part, and "backup" has both too. */
static CeremonyWorld *
make_world(void)
{
    CeremonyWorld *world = ceremony_world_new(1);
    const TkeCopyParams everything = { .everything = true };
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_make_admin(world, "carol", "Carol");
    ceremony_world_make_part(world, "carol", "Part one");
    ceremony_world_make_member(world, "backup");
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "carol", NULL);
    ceremony_world_hand(world, 2, "backup", NULL);
    card_world_check(tke_op_copy_card(world->op, &everything, NULL, &error), error);
    ceremony_world_restart(world);
    return world;
}

/* The card as it is when it is looked at; a recognition like any other. */
static TkeCardInfo *
look(CeremonyWorld *world, const char *card)
{
    const TkeCardInfoParams params = { .reader = 2 };
    g_autoptr(GPtrArray) infos = NULL;
    g_autoptr(GError) error = NULL;
    SimReader *reader = virtual_readers_get(world->cards->readers, 2);

    ck_assert(sim_reader_insert(reader, ceremony_world_card(world, card), NULL));
    card_world_check(tke_op_card_info(world->op, &params, &infos, &error), error);
    sim_reader_remove(reader);
    return g_ptr_array_steal_index(infos, 0);
}

static void
begin_loss(CeremonyWorld *world, const char *action, const TkeCardInfo *info, bool replaced)
{
    const TkeKeyPart *const parts[] = { &info->parts.parts[0] };
    const TkeKeyLosses losses = { .ski = info->status.ski,
                                  .parts = info->parts.parts,
                                  .n_parts = replaced ? 0 : 1 };
    JsonObject *values = json_object_new();
    g_autoptr(GError) error = NULL;

    if (replaced) {
        tke_key_copies_record_replaced(values, info->status.ski);
    } else {
        tke_key_copies_record(values, info->status.ski, parts, 1);
    }
    tke_record_card(values, "card", &info->status);
    card_world_check(
        tke_key_losses_begin(world->op, action, values, info->status.card_id, &losses, &error),
        error);
}

/* Does the log know a copy of carol's key, and of her part, on the card? */
static void
check_copies(CeremonyWorld *world, const TkeCardInfo *info, bool key, bool part)
{
    g_autoptr(TkeKeyCopies) copies = tke_key_copies_read(world->log);
    g_autoptr(GPtrArray) keys = tke_key_copies_of_key(copies, info->status.ski);
    g_autoptr(GPtrArray) parts = tke_key_copies_of_part(copies, info->parts.parts[0].vp);
    g_autofree char *id = tke_card_id_text(info->status.card_id);

    ck_assert(g_ptr_array_find_with_equal_func(keys, id, g_str_equal, NULL) == key);
    ck_assert(g_ptr_array_find_with_equal_func(parts, id, g_str_equal, NULL) == part);
}

static unsigned
count_in_log(CeremonyWorld *world, const char *text)
{
    g_auto(GStrv) lines = tke_activity_log_read(world->log, 0, NULL);
    unsigned n = 0;

    for (unsigned i = 0; lines[i] != NULL; i++) {
        n += strstr(lines[i], text) != NULL ? 1 : 0;
    }
    return n;
}

/* No one knows how far it came: it counts as lost until the card is seen, which has everything. */
START_TEST(test_a_loss_without_end_counts_until_the_card_is_seen)
{
    static const char *const actions[] = { "opentke-card.delete", "opentke-card.erase",
                                           "opentke-card.signature-key.generate" };
    const bool replaced = _i == 2;
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeCardInfo) backup = look(world, "backup");
    g_autoptr(TkeCardInfo) again = NULL;
    g_autoptr(TkeCardInfo) other = NULL;

    check_copies(world, backup, true, true);
    begin_loss(world, actions[_i], backup, replaced);
    check_copies(world, backup, false, replaced);
    other = look(world, "carol"); /* another card says nothing of it */
    check_copies(world, backup, false, replaced);
    again = look(world, "backup");
    ck_assert_uint_eq(count_in_log(world, "\"result\":\"found\""), 1);
    check_copies(world, backup, true, true);
    tke_card_info_free(g_steal_pointer(&again));
    again = look(world, "backup"); /* it is told once */
    ck_assert_uint_eq(count_in_log(world, "\"result\":\"found\""), 1);
}
END_TEST

/* What another step of the card ends with says nothing of a loss that was begun before. */
START_TEST(test_a_loss_without_end_is_not_ended_by_another_step)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeCardInfo) backup = look(world, "backup");
    g_autoptr(TkeCardInfo) again = NULL;
    TkeDeleteParams params = { .n_places = 1, .places = { _i == 0 ? 40 : 1 } };
    g_autoptr(GError) error = NULL;

    /* the card stays open, as in a shell: nobody recognises it in between */
    ck_assert(sim_reader_insert(virtual_readers_get(world->cards->readers, 2),
                                ceremony_world_card(world, "backup"), &error));
    card_world_check(tke_card_session_look(world->op, NULL, &error), error);
    begin_loss(world, "opentke-card.delete", backup, false);
    ck_assert(tke_op_delete_keys(world->op, &params, NULL, &error) == (_i == 1));
    check_copies(world, backup, false, false);
    ck_assert_uint_eq(count_in_log(world, "\"result\":\"found\""), 0);
    ceremony_world_restart(world);
    again = look(world, "backup");
    check_copies(world, backup, true, _i == 0);
    ck_assert_uint_eq(count_in_log(world, "\"result\":\"found\""), 1);
}
END_TEST

/* What was deleted before, and had its end, is no loss of the step that has none. */
START_TEST(test_a_loss_that_had_its_end_is_not_found_again)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeCardInfo) before = look(world, "backup");
    g_autoptr(TkeCardInfo) now = NULL;
    g_autoptr(TkeCardInfo) again = NULL;
    TkeDeleteParams params = { .n_places = 1, .places = { 1 } };
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 2, "backup", NULL);
    card_world_check(tke_op_delete_keys(world->op, &params, NULL, &error), error);
    ceremony_world_restart(world);
    now = look(world, "backup");
    begin_loss(world, "opentke-card.signature-key.generate", now, true);
    again = look(world, "backup");
    test_says(world->notes->str, "The card has lost nothing by it.");
    check_copies(world, before, true, false);
}
END_TEST

/* An erasing whose answer was lost: the card is there under its old identifier. */
START_TEST(test_an_erasing_that_nobody_knows_of_is_found)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeCardInfo) backup = look(world, "backup");
    g_autoptr(TkeCardInfo) again = NULL;
    JsonObject *values = json_object_new();
    g_autoptr(GError) error = NULL;

    begin_loss(world, "opentke-card.erase", backup, false);
    tke_record_card(values, "card", &backup->status);
    json_object_set_string_member(values, "result", "unknown");
    card_world_check(tke_record_done(world->op, "opentke-card.erase", values, &error), error);
    check_copies(world, backup, false, false);
    again = look(world, "backup");
    check_copies(world, backup, true, true);
}
END_TEST

/* What a card says of itself makes no copy of it that was never proven. */
START_TEST(test_what_a_card_has_is_no_copy_unless_it_was_one)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeCardInfo) other = NULL;
    g_autoptr(TkeCardInfo) again = NULL;
    g_autoptr(TkeKeyCopies) copies = NULL;
    g_autoptr(GPtrArray) cards = NULL;

    ceremony_world_make_member(world, "other");
    ceremony_world_make_part(world, "other", "Part two");
    ceremony_world_restart(world);
    other = look(world, "other");
    begin_loss(world, "opentke-card.erase", other, false);
    again = look(world, "other");
    copies = tke_key_copies_read(world->log);
    cards = tke_key_copies_of_part(copies, other->parts.parts[0].vp);
    ck_assert_uint_eq(cards->len, 0);
}
END_TEST

/* A log that cannot be written misses nothing: it is told when it can be. */
START_TEST(test_what_was_found_is_said_later)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeCardInfo) backup = look(world, "backup");
    g_autoptr(TkeCardInfo) again = NULL;
    g_autoptr(GError) error = NULL;
    struct rlimit limit;
    struct rlimit none;

    begin_loss(world, "opentke-card.delete", backup, false);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    none = limit;
    none.rlim_cur = 1;
    (void) signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    again = look(world, "backup");
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_uint_eq(count_in_log(world, "\"result\":\"found\""), 0);
    check_copies(world, backup, false, false);
    tke_card_info_free(g_steal_pointer(&again));
    again = look(world, "backup");
    check_copies(world, backup, true, true);
    card_world_check(tke_record_done(world->op, "opentke-card.load", NULL, &error), error);
    ck_assert_uint_eq(count_in_log(world, "opentke-log.missed"), 0);
}
END_TEST

/* The card has lost what was begun, though no entry of it was ever written. */
START_TEST(test_what_the_card_has_lost_is_found_when_it_is_seen)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeCardInfo) backup = look(world, "backup");
    g_autoptr(TkeCardInfo) again = NULL;
    TkeDeleteParams params = { .n_places = 1, .places = { 1 } };
    TkeActivityLog *log = world->log;
    g_autofree char *kept = NULL;
    gsize len = 0;
    TkeLogHead head;
    g_autoptr(GError) error = NULL;

    begin_loss(world, "opentke-card.delete", backup, false);
    ck_assert(g_file_get_contents(tke_activity_log_get_path(log), &kept, &len, NULL));
    ceremony_world_hand(world, 2, "backup", NULL);
    card_world_check(tke_op_delete_keys(world->op, &params, NULL, &error), error);
    ceremony_world_restart(world);
    /* as the program that was killed has left it */
    ck_assert(g_file_set_contents(tke_activity_log_get_path(log), kept, (gssize) len, NULL));
    check_copies(world, backup, false, false);
    again = look(world, "backup");
    ck_assert_uint_eq(again->parts.n, 0);
    check_copies(world, backup, true, false);
    ck_assert_uint_eq(count_in_log(world, "\"result\":\"found\""), 1);
    ck_assert(tke_activity_log_verify(log, NULL, &head, &error));
}
END_TEST

static const TkeInventoryCard *
find(const TkeInventory *inventory, const uint8_t *card_id)
{
    const GPtrArray *cards = tke_inventory_get_cards(inventory);

    for (guint i = 0; i < cards->len; i++) {
        const TkeInventoryCard *card = cards->pdata[i];

        if (memcmp(card->card_id, card_id, TKE_CARD_ID_LEN) == 0) {
            return card;
        }
    }
    ck_abort_msg("the card is not in the inventory");
}

START_TEST(test_the_inventory_counts_no_deleted_key)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeCardInfo) carol = look(world, "carol");
    g_autoptr(TkeCardInfo) backup = look(world, "backup");
    g_autoptr(TkeInventory) seen = tke_inventory_load(world->world, NULL);
    g_autoptr(TkeInventory) after = NULL;
    TkeDeleteParams params = { .n_places = 1, .places = { 1 } };
    g_autoptr(GError) error = NULL;

    tke_inventory_note(seen, &carol->status, &carol->parts, 1);
    tke_inventory_note(seen, &backup->status, &backup->parts, 1);
    ck_assert(tke_inventory_has_copy(seen, find(seen, carol->status.card_id)));
    card_world_check(tke_inventory_save(seen, &error), error);
    ceremony_world_hand(world, 2, "backup", NULL);
    card_world_check(tke_op_delete_keys(world->op, &params, NULL, &error), error);
    after = tke_inventory_load(world->world, NULL);
    ck_assert_uint_eq(find(after, backup->status.card_id)->n_parts, 0);
    ck_assert(find(after, backup->status.card_id)->has_key);
    ck_assert(!tke_inventory_has_copy(after, find(after, carol->status.card_id)));
}
END_TEST

/* Begun and done, in this order; what stays is a copy still. */
START_TEST(test_a_deletion_has_a_begin_and_an_end)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(TkeCardInfo) backup = look(world, "backup");
    TkeDeleteParams params = { .n_places = 1, .places = { 1 } };
    g_auto(GStrv) lines = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *id = id_of(world, "backup");

    ceremony_world_hand(world, 2, "backup", NULL);
    card_world_check(tke_op_delete_keys(world->op, &params, NULL, &error), error);
    lines = tke_activity_log_read(world->log, 2, NULL);
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_ptr_nonnull(strstr(lines[i], "\"action\":\"opentke-card.delete\""));
        ck_assert_ptr_nonnull(strstr(lines[i], id));
    }
    ck_assert_ptr_nonnull(strstr(lines[0], "\"result\":\"begun\""));
    ck_assert_ptr_nonnull(strstr(lines[1], "\"result\":\"done\""));
    check_copies(world, backup, true, false);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_a_loss_without_end_counts_until_the_card_is_seen, 0, 3);
    tcase_add_loop_test(tests, test_a_loss_without_end_is_not_ended_by_another_step, 0, 2);
    tcase_add_test(tests, test_a_loss_that_had_its_end_is_not_found_again);
    tcase_add_test(tests, test_an_erasing_that_nobody_knows_of_is_found);
    tcase_add_test(tests, test_what_a_card_has_is_no_copy_unless_it_was_one);
    tcase_add_test(tests, test_what_was_found_is_said_later);
    tcase_add_test(tests, test_what_the_card_has_lost_is_found_when_it_is_seen);
    tcase_add_test(tests, test_the_inventory_counts_no_deleted_key);
    tcase_add_test(tests, test_a_deletion_has_a_begin_and_an_end);
}

int
main(void)
{
    return test_main("key-losses", add_tests);
}
