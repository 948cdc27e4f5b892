/*
 * Cards of no use have no place in a planned set, and it says why (functions 2.2, E-C10, E-C22; 6.3).
 */
#include "tests/libceremony/ceremony-world.h"
#include "tests/libceremony/inventory-cards.h"
#include "tests/support/test-main.h"
#include "tests/support/test-says.h"

static void
check_steps(const TkeCardPlanParams *params, TkeInventory *inventory, const char *steps)
{
    g_autofree char *found = steps_of(params, inventory);

    ck_assert_str_eq(found, steps);
}

/* What the set says at this place of a card that does not count. */
static void
check_unfit(const TkeCardPlanParams *params, TkeInventory *inventory, guint place, uint8_t id,
            const char *wanted)
{
    g_autoptr(GPtrArray) set = tke_card_plan_make(params, inventory, NULL);
    g_autofree char *text = tke_card_plan_unfit_text(place_of(set, place));

    ck_assert_ptr_eq(place_of(set, place)->unfit, find(inventory, id));
    ck_assert_ptr_null(place_of(set, place)->card);
    ck_assert(!tke_card_plan_is_made(place_of(set, place)));
    test_says(text, wanted);
}

/* With both PINs as they are, or this one blocked. */
static void
note_ca(TkeInventory *inventory, uint8_t id, int blocked)
{
    TkeCardStatus ca = card(TKE_CARD_KIND_CA, id, id == 1 ? "Officers" : "Backup");

    ca.n_pins = 2;
    if (blocked >= 0) {
        ca.pins[blocked].state = TKE_PIN_BLOCKED;
    }
    tke_inventory_note(inventory, &ca, NULL, 1);
}

START_TEST(test_a_ca_card_with_a_blocked_pin_is_to_be_replaced)
{
    const TkeCardPlanParams params = { .backups = 1, .administrators = 1, .parts = 2 };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);

    note_ca(inventory, 1, _i);
    check_steps(&params, inventory, "IBEEEEEE");
    check_unfit(&params, inventory, 0, 1, "“Officers” · 0101-0101-0101-0101 does not count here");
    check_unfit(&params, inventory, 0, 1, "one of its PINs is blocked, the card is lost for good");
    check_unfit(&params, inventory, 0, 1, "Insert a backup of it, if there is one");

    note_ca(inventory, 2, -1); /* takes its place, and needs a backup itself */
    check_steps(&params, inventory, "KBEEEEEE");
    check_unfit(&params, inventory, 1, 1, "the card is lost for good");

    note_ca(inventory, 2, _i);
    check_steps(&params, inventory, "IBEEEEEE");
    check_unfit(&params, inventory, 0, 2, "“Backup”");
    check_unfit(&params, inventory, 1, 1, "“Officers”");
}
END_TEST

START_TEST(test_a_ca_card_that_is_not_genuine_is_to_be_replaced)
{
    const TkeCardPlanParams params = { .backups = 1, .administrators = 1, .parts = 2 };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);

    note_ca(inventory, 1, -1);
    note_ca(inventory, 2, -1);
    ck_assert(tke_inventory_note_check(inventory, find(inventory, 1)->card_id, false, 2));
    check_steps(&params, inventory, "KBEEEEEE");
    check_unfit(&params, inventory, 1, 1, "it has failed to prove that it is genuine");
    ck_assert(tke_inventory_note_check(inventory, find(inventory, 1)->card_id, true, 3));
    check_steps(&params, inventory, "KDEEEEEE");
}
END_TEST

/* Told where the plan misses it, not at another administrator's place. */
START_TEST(test_a_copy_that_is_not_genuine_is_told_at_its_own_place)
{
    const TkeCardPlanParams params = { .backups = 1, .administrators = 2, .parts = 2 };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    TkeCardStatus alice = card(TKE_CARD_KIND_EP11, 3, "Alice");
    TkeCardStatus bob = card(TKE_CARD_KIND_EP11, 4, "Bob");
    TkeCardStatus copy = card(TKE_CARD_KIND_EP11, 5, "Bob b");
    TkeCardStatus empty = card(TKE_CARD_KIND_EP11, 6, "Empty");

    give_key(&alice, 5);
    give_key(&bob, 6);
    give_key(&copy, 6);
    note_ca(inventory, 1, -1);
    tke_inventory_note(inventory, &alice, NULL, 1);
    tke_inventory_note(inventory, &bob, NULL, 1);
    tke_inventory_note(inventory, &copy, NULL, 1);
    tke_inventory_note(inventory, &empty, NULL, 1);
    tke_inventory_note_check(inventory, copy.card_id, false, 2);
    tke_inventory_note_check(inventory, empty.card_id, false, 2);
    check_steps(&params, inventory, "KBKEKEEEEE");
    check_unfit(&params, inventory, 5, 5, "“Bob b” · 0505-0505-0505-0505 does not count here");
    check_unfit(&params, inventory, 3, 6, "it has failed to prove that it is genuine");
}
END_TEST

/* It comes back: its zone's CA card unblocks it. */
START_TEST(test_a_blocked_ep11_card_keeps_its_place)
{
    const TkeCardPlanParams params = { .administrators = 1, .parts = 2 };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    TkeCardStatus alice = card(TKE_CARD_KIND_EP11, 3, "Alice");

    give_key(&alice, 5);
    alice.n_pins = 1;
    alice.pins[0].state = TKE_PIN_BLOCKED;
    note_ca(inventory, 1, -1);
    tke_inventory_note(inventory, &alice, NULL, 1);
    check_steps(&params, inventory, "KUEE");
}
END_TEST

START_TEST(test_a_lost_ca_card_is_not_the_backup_to_be_tested)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);

    note_ca(inventory, 1, 0);
    note_ca(inventory, 2, -1);
    tke_inventory_note_check(inventory, find(inventory, 2)->card_id, true, 2);
    ck_assert_ptr_eq(tke_card_plan_find_backup(inventory, NULL, NULL), find(inventory, 2));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_a_ca_card_with_a_blocked_pin_is_to_be_replaced, 0, 2);
    tcase_add_test(tests, test_a_ca_card_that_is_not_genuine_is_to_be_replaced);
    tcase_add_test(tests, test_a_copy_that_is_not_genuine_is_told_at_its_own_place);
    tcase_add_test(tests, test_a_blocked_ep11_card_keeps_its_place);
    tcase_add_test(tests, test_a_lost_ca_card_is_not_the_backup_to_be_tested);
}

int
main(void)
{
    return test_main("card-plan-lost", add_tests);
}
