/*
 * Which cards of the inventory have copies: no card that is erased, lost or forged is one (F-042).
 */
#include <string.h>

#include "common/safe-file.h"
#include "libceremony/inventory.h"
#include "libceremony/op-zone.h"
#include "simulator/sim-card.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/libceremony/inventory-cards.h"
#include "tests/support/test-main.h"

START_TEST(test_a_copy_is_known_by_zone_key_and_parts)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    TkeCardStatus ca = card(TKE_CARD_KIND_CA, 1, "CA");
    TkeCardStatus ca_backup = card(TKE_CARD_KIND_CA, 2, "CA b");
    TkeCardStatus alice = card(TKE_CARD_KIND_EP11, 3, "Alice");
    TkeCardStatus copy = card(TKE_CARD_KIND_EP11, 4, "Alice b");
    const TkeKeyPartList one = part(9);
    const TkeKeyPartList other = part(8);

    give_key(&alice, 5);
    give_key(&copy, 5);
    tke_inventory_note(inventory, &ca, NULL, 1);
    tke_inventory_note(inventory, &alice, &one, 1);
    ck_assert(!tke_inventory_has_copy(inventory, find(inventory, 1)));
    tke_inventory_note(inventory, &ca_backup, NULL, 1);
    ck_assert(tke_inventory_has_copy(inventory, find(inventory, 1)));
    tke_inventory_note(inventory, &copy, &other, 1);
    ck_assert(!tke_inventory_has_copy(inventory, find(inventory, 3))); /* its part is missing */
    tke_inventory_note(inventory, &copy, &one, 1);
    ck_assert(tke_inventory_has_copy(inventory, find(inventory, 3)));
}
END_TEST

START_TEST(test_a_lost_ca_card_is_no_backup)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    TkeCardStatus ca = card(TKE_CARD_KIND_CA, 1, "CA");
    TkeCardStatus backup = card(TKE_CARD_KIND_CA, 2, "CA b");

    backup.n_pins = 2;
    tke_inventory_note(inventory, &ca, NULL, 1);
    tke_inventory_note(inventory, &backup, NULL, 1);
    ck_assert(tke_inventory_has_copy(inventory, find(inventory, 1)));
    backup.pins[1].state = TKE_PIN_BLOCKED;
    tke_inventory_note(inventory, &backup, NULL, 1);
    ck_assert(!tke_inventory_has_copy(inventory, find(inventory, 1)));
    ck_assert(tke_inventory_has_copy(inventory, find(inventory, 2)));
}
END_TEST

START_TEST(test_a_blocked_ep11_card_is_a_copy_and_a_forged_one_is_none)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    TkeCardStatus alice = card(TKE_CARD_KIND_EP11, 3, "Alice");
    TkeCardStatus copy = card(TKE_CARD_KIND_EP11, 4, "Alice b");

    give_key(&alice, 5);
    give_key(&copy, 5);
    copy.n_pins = 1;
    copy.pins[0].state = TKE_PIN_BLOCKED;
    tke_inventory_note(inventory, &alice, NULL, 1);
    tke_inventory_note(inventory, &copy, NULL, 1);
    ck_assert(tke_inventory_has_copy(inventory, find(inventory, 3)));
    tke_inventory_note_check(inventory, copy.card_id, false, 1);
    ck_assert(!tke_inventory_has_copy(inventory, find(inventory, 3)));
}
END_TEST

/* ---- cards that are erased ---- */

static const TkeZoneCreateParams create = { .zone_description = "Other", .card_description = "CA" };

/* Notes the card, which lies in reader 1, and gives its id. */
static void
note_card(CeremonyWorld *world, uint8_t card_id[static TKE_CARD_ID_LEN])
{
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    const TkeCardStatus *status = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert(
        sim_reader_insert(virtual_readers_get(world->cards->readers, 1), world->cards->ca, &error));
    card_world_check(tke_card_session_look(world->op, NULL, &error), error);
    ck_assert_ptr_nonnull(tke_card_session_get(world->session, 1, &status));
    memcpy(card_id, status->card_id, TKE_CARD_ID_LEN);
    ck_assert(tke_inventory_note(inventory, status, NULL, 1));
    card_world_check(tke_inventory_save(inventory, &error), error);
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, sim_card_get_name(world->cards->ca), NULL);
}

static unsigned
cards_in_inventory(CeremonyWorld *world)
{
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);

    ck_assert_ptr_nonnull(inventory);
    return tke_inventory_get_cards(inventory)->len;
}

START_TEST(test_a_card_that_is_erased_leaves_the_inventory)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    uint8_t card_id[TKE_CARD_ID_LEN];
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    note_card(world, card_id);
    ck_assert_uint_eq(cards_in_inventory(world), 1);
    card_world_check(tke_op_zone_create(world->op, &create, NULL, &error), error);
    ck_assert_str_eq(world->plans->str, "card-overwrite\n");
    ck_assert_uint_eq(cards_in_inventory(world), 0);
    ck_assert_ptr_null(strstr(world->notes->str, "inventory"));
}
END_TEST

START_TEST(test_a_card_that_is_not_erased_stays_in_the_inventory)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    uint8_t card_id[TKE_CARD_ID_LEN];

    ceremony_world_make_zone(world);
    note_card(world, card_id);
    world->refuse = true;
    ck_assert(!tke_op_zone_create(world->op, &create, NULL, NULL));
    ck_assert_uint_eq(cards_in_inventory(world), 1);
}
END_TEST

START_TEST(test_a_damaged_inventory_hinders_no_step_and_is_told)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autofree char *path =
        g_build_filename(tke_world_get_state_directory(world->world), "inventory.json", NULL);
    uint8_t card_id[TKE_CARD_ID_LEN];
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    note_card(world, card_id);
    card_world_check(tke_safe_file_write(path, (const uint8_t *) "{", 1, &error), error);
    card_world_check(tke_op_zone_create(world->op, &create, NULL, &error), error);
    ck_assert_ptr_nonnull(
        strstr(world->notes->str, "The card inventory still has the card that is erased: "));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_copy_is_known_by_zone_key_and_parts);
    tcase_add_test(tests, test_a_lost_ca_card_is_no_backup);
    tcase_add_test(tests, test_a_blocked_ep11_card_is_a_copy_and_a_forged_one_is_none);
    tcase_add_test(tests, test_a_card_that_is_erased_leaves_the_inventory);
    tcase_add_test(tests, test_a_card_that_is_not_erased_stays_in_the_inventory);
    tcase_add_test(tests, test_a_damaged_inventory_hinders_no_step_and_is_told);
}

int
main(void)
{
    return test_main("inventory-copies", add_tests);
}
