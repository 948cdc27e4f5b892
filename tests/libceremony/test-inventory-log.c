/*
 * An inventory that was not told of an erasing, and the activity log that knows it (F-042, F-170).
 */
#include <string.h>

#include <glib/gstdio.h>

#include "common/hex.h"
#include "common/safe-file.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/libceremony/inventory-cards.h"
#include "tests/support/test-main.h"

#define ALICE "0303-0303-0303-0303"
#define A_KEY "0505050505050505050505050505050505050505050505050505050505050505"
#define PART_9 "0909090909090909090909090909090909090909090909090909090900000000"
#define SEEN_BEFORE 1000
#define SEEN_LATER (g_get_real_time() / G_USEC_PER_SEC + 3600)

static char *
log_path(CeremonyWorld *world)
{
    return g_build_filename(tke_world_get_state_directory(world->world), "activity.log", NULL);
}

/* A CA card, Alice's card with a signature key and the parts 8 and 9, and a copy of all that, seen at
 * that time. */
static void
save_cards(CeremonyWorld *world, gint64 seen)
{
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    TkeCardStatus ca = card(TKE_CARD_KIND_CA, 1, "CA");
    TkeCardStatus alice = card(TKE_CARD_KIND_EP11, 3, "Alice");
    TkeCardStatus copy = card(TKE_CARD_KIND_EP11, 4, "Alice b");
    TkeKeyPartList two = part(9);
    const TkeCardUses uses = { .known = true, .signature = true, .part = true };

    two.n = 2;
    two.parts[1].place = 2;
    memset(two.parts[1].vp, 8, TKE_VP_LEN);
    give_key(&alice, 5);
    give_key(&copy, 5);
    ck_assert(tke_inventory_note(inventory, &ca, NULL, seen));
    ck_assert(tke_inventory_note(inventory, &alice, &two, seen));
    ck_assert(tke_inventory_note(inventory, &copy, &two, seen));
    ck_assert(tke_inventory_note_check(inventory, alice.card_id, true, seen));
    ck_assert(tke_inventory_note_uses(inventory, alice.card_id, &uses));
    ck_assert(tke_inventory_save(inventory, NULL));
}

static void
append(CeremonyWorld *world, const char *action, const char *text)
{
    g_autofree char *path = log_path(world);
    g_autoptr(TkeActivityLog) log = tke_activity_log_new(path, false);
    g_autoptr(JsonNode) node = json_from_string(text, NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_nonnull(node);
    card_world_check(tke_activity_log_append(log, action, json_node_get_object(node), &error),
                     error);
}

/* The ids of the cards that are left: "134". */
static void
check_cards(TkeInventory *inventory, const char *ids)
{
    const GPtrArray *cards = tke_inventory_get_cards(inventory);
    g_autofree char *found = g_strnfill(cards->len, ' ');

    for (guint i = 0; i < cards->len; i++) {
        found[i] = (char) ('0' + ((const TkeInventoryCard *) cards->pdata[i])->card_id[0]);
    }
    ck_assert_str_eq(found, ids);
}

static const struct {
    const char *entry;
} erasings[] = {
    { "{\"card\":{\"kind\":\"ep11\",\"id\":\"" ALICE "\"},\"key_parts\":2,\"result\":\"done\"}" },
    { "{\"card\":{\"kind\":\"ep11\",\"id\":\"" ALICE "\"},\"result\":\"unknown\"}" },
};

START_TEST(test_a_card_that_was_erased_since_is_not_there)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = NULL;
    g_autoptr(TkeInventory) saved = NULL;

    save_cards(world, SEEN_BEFORE);
    append(world, "opentke-card.load", erasings[_i].entry);
    inventory = tke_inventory_load(world->world, NULL);
    check_cards(inventory, "134");
    ck_assert(tke_inventory_has_copy(inventory, find(inventory, 4)));
    g_clear_pointer(&inventory, tke_inventory_free);

    append(world, "opentke-card.erase", erasings[_i].entry);
    inventory = tke_inventory_load(world->world, NULL);
    check_cards(inventory, "14");
    ck_assert(!tke_inventory_has_copy(inventory, find(inventory, 4)));
    ck_assert(tke_inventory_save(inventory, NULL));
    saved = tke_inventory_load(world->world, NULL);
    check_cards(saved, "14");
}
END_TEST

/* The results of entries that follow one another, and the cards that are left. */
static const struct {
    const char *results[3];
    const char *left;
} ends[] = {
    { { "begun" }, "14" },
    { { "begun", "failed" }, "134" },
    { { "begun", "found" }, "134" },
    { { "begun", "failed", "begun" }, "14" },
    { { "begun", "unknown" }, "14" },
    { { "failed" }, "134" },
};

START_TEST(test_a_card_whose_erasing_failed_is_there)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = NULL;

    save_cards(world, SEEN_BEFORE);
    for (unsigned i = 0; i < G_N_ELEMENTS(ends[_i].results) && ends[_i].results[i] != NULL; i++) {
        g_autofree char *entry = g_strdup_printf(
            "{\"card\":{\"id\":\"" ALICE "\"},\"result\":\"%s\"}", ends[_i].results[i]);

        append(world, "opentke-card.erase", entry);
    }
    inventory = tke_inventory_load(world->world, NULL);
    check_cards(inventory, ends[_i].left);
}
END_TEST

START_TEST(test_a_card_that_was_seen_after_its_erasing_is_there)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = NULL;

    append(world, "opentke-card.erase", erasings[_i].entry);
    append(world, "opentke-card.delete",
           "{\"card\":{\"id\":\"" ALICE "\"},\"signature_key\":true,\"places\":[1,2]}");
    save_cards(world, SEEN_LATER);
    inventory = tke_inventory_load(world->world, NULL);
    check_cards(inventory, "134");
    ck_assert_uint_eq(find(inventory, 3)->n_parts, 2);
    ck_assert(find(inventory, 3)->has_key);
    ck_assert_int_ne(find(inventory, 3)->checked, 0);
}
END_TEST

/* What an entry leaves on Alice's card. */
static const struct {
    const char *action, *entry;
    bool key;
    unsigned parts;
} losses[] = {
    { "opentke-card.delete",
      "{\"card\":{\"id\":\"" ALICE "\"},\"places\":[1],\"signature_key\":false,"
      "\"patterns\":[\"" PART_9 "\"],\"result\":\"done\"}",
      true, 1 },
    { "opentke-card.delete",
      "{\"card\":{\"id\":\"" ALICE "\"},\"places\":[],\"signature_key\":true,\"ski\":\"" A_KEY
      "\",\"patterns\":[],\"result\":\"failed\"}",
      false, 2 },
    { "opentke-card.signature-key.generate",
      "{\"card\":{\"id\":\"" ALICE "\"},\"replaced\":\"" A_KEY "\",\"result\":\"done\"}", false,
      2 },
    /* of old: which parts were deleted is not said */
    { "opentke-card.delete",
      "{\"card\":{\"id\":\"" ALICE "\"},\"places\":[2],\"signature_key\":false,"
      "\"result\":\"done\"}",
      true, 0 },
    { "opentke-card.delete",
      "{\"card\":{\"id\":\"" ALICE "\"},\"places\":[],\"signature_key\":true,"
      "\"result\":\"done\"}",
      false, 2 },
};

START_TEST(test_what_was_deleted_since_is_not_on_the_card)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = NULL;
    const TkeInventoryCard *alice = NULL;

    save_cards(world, SEEN_BEFORE);
    append(world, losses[_i].action, losses[_i].entry);
    inventory = tke_inventory_load(world->world, NULL);
    check_cards(inventory, "134");
    alice = find(inventory, 3);
    ck_assert_int_eq(alice->has_key, losses[_i].key);
    ck_assert_uint_eq(alice->n_parts, losses[_i].parts);
    if (losses[_i].parts == 1) {
        ck_assert_uint_eq(alice->patterns[0][0], 8);
    }
    ck_assert_int_eq(alice->checked, 0); /* it had proved itself with more */
    ck_assert(!alice->has_signed);
    ck_assert(!alice->part_used);
    ck_assert(!tke_inventory_has_copy(inventory, find(inventory, 4)));
    ck_assert_uint_eq(find(inventory, 4)->n_parts, 2);
}
END_TEST

/* Another key or part than those that the card had, and entries that are none. */
static const struct {
    const char *action, *entry;
} others[] = {
    { "opentke-card.delete", "{\"card\":{\"id\":\"" ALICE "\"},\"ski\":\"0606\",\"patterns\":["
                             "\"0101010101010101010101010101010101010101010101010101010101010101\","
                             "\"09\",7,null]}" },
    { "opentke-card.signature-key.generate",
      "{\"card\":{\"id\":\"" ALICE "\"},\"replaced\":\"0606\"}" },
    { "opentke-card.delete", "{\"card\":{\"id\":\"" ALICE "\"}}" },
    { "opentke-card.delete", "{\"card\":{\"id\":\"" ALICE "\"},\"places\":1,\"signature_key\":1}" },
    { "opentke-card.erase", "{\"card\":{\"id\":3}}" },
    { "opentke-card.erase", "{\"card\":\"" ALICE "\"}" },
    { "opentke-card.erase", "{}" },
    { "opentke-card.erase", "{\"source\":{\"id\":\"" ALICE "\"}}" },
};

START_TEST(test_an_entry_that_says_nothing_of_the_card_changes_nothing)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = NULL;

    save_cards(world, SEEN_BEFORE);
    append(world, others[_i].action, others[_i].entry);
    inventory = tke_inventory_load(world->world, NULL);
    check_cards(inventory, "134");
    ck_assert_uint_eq(find(inventory, 3)->n_parts, 2);
    ck_assert(find(inventory, 3)->has_key);
    ck_assert_int_ne(find(inventory, 3)->checked, 0);
    ck_assert(find(inventory, 3)->has_signed);
}
END_TEST

START_TEST(test_a_log_that_cannot_be_read_hinders_nothing)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autofree char *path = log_path(world);
    g_autoptr(TkeInventory) inventory = NULL;

    save_cards(world, SEEN_BEFORE);
    ck_assert_int_eq(g_mkdir(path, 0700), 0);
    inventory = tke_inventory_load(world->world, NULL);
    check_cards(inventory, "134");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_a_card_that_was_erased_since_is_not_there, 0,
                        G_N_ELEMENTS(erasings));
    tcase_add_loop_test(tests, test_a_card_whose_erasing_failed_is_there, 0,
                        (int) G_N_ELEMENTS(ends));
    tcase_add_loop_test(tests, test_a_card_that_was_seen_after_its_erasing_is_there, 0,
                        G_N_ELEMENTS(erasings));
    tcase_add_loop_test(tests, test_what_was_deleted_since_is_not_on_the_card, 0,
                        G_N_ELEMENTS(losses));
    tcase_add_loop_test(tests, test_an_entry_that_says_nothing_of_the_card_changes_nothing, 0,
                        G_N_ELEMENTS(others));
    tcase_add_test(tests, test_a_log_that_cannot_be_read_hinders_nothing);
}

int
main(void)
{
    return test_main("inventory-log", add_tests);
}
