/*
 * The card inventory, and the set of cards that is planned with it.
 */
#include "libceremony/inventory.h"

#include <string.h>

#include "common/error.h"
#include "common/safe-file.h"
#include "libceremony/card-plan.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/libceremony/inventory-cards.h"
#include "tests/support/test-main.h"

START_TEST(test_cards_are_noted_once_and_kept_on_disk)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    g_autoptr(TkeInventory) again = NULL;
    TkeCardStatus alice = card(TKE_CARD_KIND_EP11, 1, "Alice");
    const TkeKeyPartList parts = part(9);

    give_key(&alice, 5);
    ck_assert(tke_inventory_note(inventory, &alice, &parts, 1000));
    ck_assert(!tke_inventory_note(inventory, &alice, &parts, 2000));
    ck_assert(tke_inventory_note(inventory, &alice, &parts, 1000 + 2 * 86400));
    g_strlcpy(alice.description, "Alice \"A\"", sizeof alice.description);
    ck_assert(tke_inventory_note(inventory, &alice, &parts, 1000 + 2 * 86400));
    ck_assert(tke_inventory_save(inventory, NULL));

    again = tke_inventory_load(world->world, NULL);
    ck_assert_ptr_nonnull(again);
    ck_assert_uint_eq(tke_inventory_get_cards(again)->len, 1);
    ck_assert_mem_eq(find(again, 1), find(inventory, 1), sizeof(TkeInventoryCard));
}
END_TEST

START_TEST(test_only_members_of_a_zone_are_noted)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    TkeCardStatus blank = card(TKE_CARD_KIND_EP11, 1, "");
    TkeCardStatus foreign = card(TKE_CARD_KIND_FOREIGN, 2, "");

    blank.life_cycle = TKE_CARD_BLANK;
    ck_assert(!tke_inventory_note(inventory, &blank, NULL, 1));
    ck_assert(!tke_inventory_note(inventory, &foreign, NULL, 1));
    ck_assert_uint_eq(tke_inventory_get_cards(inventory)->len, 0);
}
END_TEST

START_TEST(test_a_table_is_no_formula_and_keeps_its_quotes)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    TkeCardStatus evil = card(TKE_CARD_KIND_CA, 1, "=1+1, \"x\"");
    g_autofree char *csv = NULL;

    tke_inventory_note(inventory, &evil, NULL, 86400);
    csv = tke_inventory_to_csv(inventory);
    ck_assert_ptr_nonnull(strstr(csv, "\"CA\",\"'=1+1, \"\"x\"\"\",\"0101-0101-0101-0101\","));
    ck_assert(g_str_has_suffix(csv, "\"no\",\"1970-01-02\",\"\",\"no\"\r\n"));
}
END_TEST

START_TEST(test_a_card_that_holds_nothing_is_neither_with_nor_without_a_copy)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    TkeCardStatus alice = card(TKE_CARD_KIND_EP11, 1, "Alice");
    g_autofree char *nothing = NULL;
    g_autofree char *key = NULL;

    tke_inventory_note(inventory, &alice, NULL, 86400);
    nothing = tke_inventory_to_csv(inventory);
    ck_assert_msg(g_str_has_suffix(nothing, "\"\",\"1970-01-02\",\"\",\"no\"\r\n"), "%s", nothing);
    give_key(&alice, 5);
    tke_inventory_note(inventory, &alice, NULL, 86400);
    key = tke_inventory_to_csv(inventory);
    ck_assert_msg(g_str_has_suffix(key, "\"no\",\"1970-01-02\",\"\",\"no\"\r\n"), "%s", key);
}
END_TEST

START_TEST(test_every_line_of_a_rehearsals_table_begins_with_the_word)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    TkeCardStatus ca = card(TKE_CARD_KIND_CA, 1, "CA");
    const TkeWorldParams params = { .directory = world->dir, .state_directory = world->dir };
    g_autoptr(TkeWorld) real = tke_world_new(&params, NULL);
    g_autoptr(TkeInventory) of_real = tke_inventory_load(real, NULL);
    g_autofree char *in_earnest = tke_inventory_to_csv(of_real);
    g_autofree char *empty = tke_inventory_to_csv(inventory);
    g_auto(GStrv) lines = NULL;
    g_autofree char *csv = NULL;

    ck_assert(tke_world_is_rehearsal(world->world));
    ck_assert(g_str_has_prefix(in_earnest, "kind,description,"));
    ck_assert(g_str_has_prefix(empty, "REHEARSAL,kind,description,"));
    tke_inventory_note(inventory, &ca, NULL, 86400);
    csv = tke_inventory_to_csv(inventory);
    lines = g_strsplit(csv, "\r\n", -1);
    ck_assert_uint_eq(g_strv_length(lines), 3);
    ck_assert_str_eq(lines[2], "");
    ck_assert(g_str_has_prefix(lines[1], "\"REHEARSAL\",\"CA\",\"CA\","));
}
END_TEST

START_TEST(test_labels_have_lines_to_write_on_and_say_what_is_a_rehearsal)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    const TkeCardPlanParams params = { .administrators = 2, .parts = 2, .together = true };
    TkeCardStatus ca = card(TKE_CARD_KIND_CA, 1, "Officers");
    g_autoptr(GPtrArray) set = NULL;
    g_autofree char *text = NULL;
    g_autofree char *rehearsal = NULL;
    g_auto(GStrv) words = NULL;
    g_auto(GStrv) holders = NULL;

    tke_inventory_note(inventory, &ca, NULL, 86400);
    set = tke_card_plan_make(&params, inventory, NULL);
    text = tke_card_plan_labels_text(set, false);
    rehearsal = tke_card_plan_labels_text(set, true);
    words = g_strsplit(rehearsal, "\n    REHEARSAL\n", -1);
    holders = g_strsplit(text, "\n    Holder: ____", -1);
    ck_assert_uint_eq(g_strv_length(words), 3 + 1); /* one on each of the three cards */
    ck_assert_uint_eq(g_strv_length(holders), 3 + 1);
    ck_assert_ptr_null(strstr(text, "REHEARSAL"));
    ck_assert_ptr_nonnull(strstr(text, "0101-0101-0101-0101\n    Officers\n"));
    ck_assert_ptr_nonnull(strstr(text, "  ____-____-____-____\n    ____"));
    ck_assert_ptr_nonnull(strstr(text, "_  Stored at: ____"));
}
END_TEST

START_TEST(test_labels_of_a_set_are_a_table)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    const TkeCardPlanParams params = { .administrators = 2, .parts = 2, .together = true };
    TkeCardStatus ca = card(TKE_CARD_KIND_CA, 1, "=CA");
    g_autoptr(GPtrArray) set = NULL;
    g_autofree char *csv = NULL;
    g_autofree char *rehearsal = NULL;

    tke_inventory_note(inventory, &ca, NULL, 86400);
    set = tke_card_plan_make(&params, inventory, NULL);
    csv = tke_card_plan_labels_to_csv(set, false);
    rehearsal = tke_card_plan_labels_to_csv(set, true);
    ck_assert_str_eq(csv,
                     "label,kind,number,backup,card,description,made,checked,holder,stored at\r\n"
                     "\"CA card\",\"CA\",\"1\",\"0\",\"0101-0101-0101-0101\",\"'=CA\","
                     "\"yes\",\"no\",\"\",\"\"\r\n"
                     "\"Holder 1: signature key and key part\",\"signature key and key part\","
                     "\"1\",\"0\",\"\",\"\",\"no\",\"no\",\"\",\"\"\r\n"
                     "\"Holder 2: signature key and key part\",\"signature key and key part\","
                     "\"2\",\"0\",\"\",\"\",\"no\",\"no\",\"\",\"\"\r\n");
    ck_assert(g_str_has_prefix(rehearsal, "REHEARSAL,label,kind,"));
    ck_assert_ptr_nonnull(strstr(rehearsal, "\r\n\"REHEARSAL\",\"Holder 2: "));
}
END_TEST

START_TEST(test_a_damaged_inventory_is_named_and_left_alone)
{
    static const char *const bad[] = {
        "", "[]", "{\"cards\":[{}]}", "{\"cards\":[1]}", "{\"cards\":[{\"id\":1}]}", "{}"
    };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autofree char *path =
        g_build_filename(tke_world_get_state_directory(world->world), "inventory.json", NULL);

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert(tke_safe_file_write(path, (const uint8_t *) bad[i], strlen(bad[i]), NULL));
        ck_assert_ptr_null(tke_inventory_load(world->world, &error));
        ck_assert(g_error_matches(error, TKE_ERROR, TKE_ERROR_FILE));
        ck_assert_ptr_nonnull(strstr(error->message, "inventory.json"));
    }
}
END_TEST

START_TEST(test_the_documented_sets_have_their_sizes)
{
    static const struct {
        TkeCardPlanParams params;
        unsigned cards;
    } sets[] = {
        { { 1, 2, 2, true }, 6 },   { { 1, 1, 2, false }, 8 },  { { 1, 1, 3, false }, 10 },
        { { 1, 2, 2, false }, 10 }, { { 1, 2, 3, false }, 12 }, { { 0, 1, 2, false }, 4 },
        { { 1, 1, 2, true }, 0 },   { { 1, 9, 2, false }, 0 },  { { 1, 1, 4, false }, 0 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(sets); i++) {
        ck_assert_uint_eq(tke_card_plan_count(&sets[i].params), sets[i].cards);
    }
}
END_TEST

START_TEST(test_the_set_ticks_itself_off_as_cards_are_seen)
{
    const TkeCardPlanParams params = { .backups = 1, .administrators = 1, .parts = 2 };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    TkeCardStatus ca = card(TKE_CARD_KIND_CA, 1, "CA");
    TkeCardStatus alice = card(TKE_CARD_KIND_EP11, 3, "Alice");
    TkeCardStatus copy = card(TKE_CARD_KIND_EP11, 4, "Alice b");
    TkeCardStatus holder = card(TKE_CARD_KIND_EP11, 5, "Holder");
    const TkeKeyPartList one = part(9);
    g_autofree char *nothing = steps_of(&params, inventory);
    g_autofree char *empty = NULL;
    g_autofree char *key = NULL;
    g_autofree char *copied = NULL;

    ck_assert_str_eq(nothing, "IBEEEEEE");
    tke_inventory_note(inventory, &ca, NULL, 1);
    alice.life_cycle = TKE_CARD_MEMBER;
    tke_inventory_note(inventory, &alice, NULL, 1);
    tke_inventory_note(inventory, &copy, NULL, 1);
    empty = steps_of(&params, inventory);
    ck_assert_str_eq(empty, "KBPCEEEE");
    alice.life_cycle = TKE_CARD_PERSONALISED;
    give_key(&alice, 5);
    tke_inventory_note(inventory, &alice, NULL, 1);
    tke_inventory_note(inventory, &holder, &one, 1);
    key = steps_of(&params, inventory);
    ck_assert_str_eq(key, "KBKCKEEE");
    give_key(&copy, 5);
    tke_inventory_note(inventory, &copy, NULL, 1);
    copied = steps_of(&params, inventory);
    ck_assert_str_eq(copied, "KBKKKEEE");
}
END_TEST

static const struct {
    TkePlanCard cards[3];
    int next; /* -1: nothing that people start here */
} nexts[] = {
    { { { .step = TKE_PLAN_DONE },
        { .step = TKE_PLAN_TO_BACK_UP },
        { .step = TKE_PLAN_TO_ENROLL } },
      1 },
    { { { .kind = TKE_PLAN_CARD_CA, .step = TKE_PLAN_TO_CHECK }, { .step = TKE_PLAN_TO_TEST } },
      0 },
    /* it proves itself when it is put in; keys and copies are made in another program */
    { { { .kind = TKE_PLAN_CARD_KEY, .step = TKE_PLAN_TO_CHECK },
        { .kind = TKE_PLAN_CARD_KEY, .step = TKE_PLAN_TO_GENERATE },
        { .kind = TKE_PLAN_CARD_PART, .step = TKE_PLAN_TO_PERSONALISE } },
      2 },
    { { { .kind = TKE_PLAN_CARD_KEY, .step = TKE_PLAN_TO_COPY },
        { .kind = TKE_PLAN_CARD_PART, .step = TKE_PLAN_TO_UNBLOCK },
        { .step = TKE_PLAN_DONE } },
      1 },
    { { { .kind = TKE_PLAN_CARD_KEY, .step = TKE_PLAN_TO_COPY },
        { .kind = TKE_PLAN_CARD_KEY, .step = TKE_PLAN_TO_CHECK },
        { .step = TKE_PLAN_DONE } },
      -1 },
};

START_TEST(test_the_next_step_is_one_that_people_start_here)
{
    g_autoptr(GPtrArray) set = g_ptr_array_new();
    const int next = nexts[_i].next;

    for (guint i = 0; i < G_N_ELEMENTS(nexts[_i].cards); i++) {
        g_ptr_array_add(set, (gpointer) &nexts[_i].cards[i]);
    }
    ck_assert_ptr_eq(tke_card_plan_find_next(set), next < 0 ? NULL : &nexts[_i].cards[next]);
}
END_TEST

/* One original each: a copy of Alice's key is no second administrator, a copy of part 1 no part
 * 2. */
START_TEST(test_a_copy_never_counts_as_another_original)
{
    const TkeCardPlanParams params = { .administrators = 2, .parts = 2 };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    TkeCardStatus ca = card(TKE_CARD_KIND_CA, 1, "CA");
    TkeCardStatus alice = card(TKE_CARD_KIND_EP11, 3, "Alice");
    TkeCardStatus copy = card(TKE_CARD_KIND_EP11, 4, "Alice b");
    TkeCardStatus bob = card(TKE_CARD_KIND_EP11, 5, "Bob");
    TkeCardStatus holder = card(TKE_CARD_KIND_EP11, 6, "Holder");
    TkeCardStatus holder_copy = card(TKE_CARD_KIND_EP11, 7, "Holder b");
    const TkeKeyPartList one = part(9);
    g_autofree char *copies = NULL;
    g_autofree char *two = NULL;

    give_key(&alice, 5);
    give_key(&copy, 5);
    give_key(&bob, 6);
    tke_inventory_note(inventory, &ca, NULL, 1);
    tke_inventory_note(inventory, &alice, NULL, 1);
    tke_inventory_note(inventory, &copy, NULL, 1);
    tke_inventory_note(inventory, &holder, &one, 1);
    tke_inventory_note(inventory, &holder_copy, &one, 1);
    copies = steps_of(&params, inventory);
    ck_assert_str_eq(copies, "KKEKE");
    tke_inventory_note(inventory, &bob, NULL, 1);
    two = steps_of(&params, inventory);
    ck_assert_str_eq(two, "KKKKE");
}
END_TEST

/* A check counts for what the card held then; a card that is blocked or failed it is not done. */
START_TEST(test_a_card_is_done_when_it_has_proved_itself_with_what_it_holds)
{
    const TkeCardPlanParams params = { .backups = 1, .administrators = 1, .parts = 2 };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    g_autoptr(TkeInventory) again = NULL;
    TkeCardStatus ca = card(TKE_CARD_KIND_CA, 1, "CA");
    TkeCardStatus backup = card(TKE_CARD_KIND_CA, 2, "CA b");
    TkeCardStatus alice = card(TKE_CARD_KIND_EP11, 3, "Alice");
    g_autofree char *open = NULL;
    g_autofree char *tested = NULL;
    g_autofree char *changed = NULL;
    g_autofree char *wrong = NULL;

    tke_inventory_note(inventory, &ca, NULL, 1);
    tke_inventory_note(inventory, &backup, NULL, 1);
    tke_inventory_note(inventory, &alice, NULL, 1);
    ck_assert(tke_inventory_note_check(inventory, alice.card_id, true, 5));
    ck_assert(!tke_inventory_note_check(inventory, alice.card_id, true, 6));
    give_key(&alice, 5);
    ck_assert(tke_inventory_note(inventory, &alice, NULL, 7));
    open = steps_of(&params, inventory);
    ck_assert_str_eq(open, "KTKEEEEE");

    ck_assert(tke_inventory_note_check(inventory, ca.card_id, true, 8));
    ck_assert(tke_inventory_note_check(inventory, backup.card_id, true, 8));
    ck_assert(tke_inventory_note_check(inventory, alice.card_id, true, 8));
    tested = steps_of(&params, inventory);
    ck_assert_str_eq(tested, "DDDEEEEE");
    ck_assert(tke_inventory_save(inventory, NULL));
    again = tke_inventory_load(world->world, NULL);
    ck_assert_int_eq(find(again, 3)->checked, 8);

    alice.n_pins = 1;
    alice.pins[0].state = TKE_PIN_BLOCKED;
    tke_inventory_note(again, &alice, NULL, 9);
    changed = steps_of(&params, again);
    ck_assert_str_eq(changed, "DDUEEEEE");
    ck_assert(tke_inventory_note_check(again, backup.card_id, false, 10));
    wrong = steps_of(&params, again);
    ck_assert_str_eq(wrong, "DBUEEEEE");
    ck_assert_int_eq(find(again, 2)->checked, 0);
}
END_TEST

/* The one that is not in the reader, as long as it is not tested. */
START_TEST(test_the_backup_to_be_tested_is_the_card_that_is_not_there)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    TkeCardStatus ca = card(TKE_CARD_KIND_CA, 1, "CA");
    TkeCardStatus backup = card(TKE_CARD_KIND_CA, 2, "CA b");

    ck_assert_ptr_null(tke_card_plan_find_backup(inventory, NULL, NULL));
    tke_inventory_note(inventory, &ca, NULL, 1);
    tke_inventory_note(inventory, &backup, NULL, 1);
    ck_assert_ptr_eq(tke_card_plan_find_backup(inventory, NULL, ca.card_id), find(inventory, 2));
    ck_assert_ptr_eq(tke_card_plan_find_backup(inventory, ca.zone_id, backup.card_id),
                     find(inventory, 1));
    tke_inventory_note_check(inventory, backup.card_id, true, 2);
    ck_assert_ptr_eq(tke_card_plan_find_backup(inventory, NULL, ca.card_id), find(inventory, 1));
    tke_inventory_note_check(inventory, ca.card_id, true, 2);
    ck_assert_ptr_eq(tke_card_plan_find_backup(inventory, NULL, ca.card_id), find(inventory, 2));
    ck_assert_ptr_eq(tke_card_plan_find_backup(inventory, NULL, NULL), find(inventory, 1));
}
END_TEST

static TkeKeyPartList
parts(unsigned n)
{
    TkeKeyPartList list = { .n = n };

    for (unsigned i = 0; i < n; i++) {
        list.parts[i].place = (uint8_t) (i + 1);
        memset(list.parts[i].vp, (int) (0x10 + i), TKE_VP_LEN);
    }
    return list;
}

START_TEST(test_a_card_with_more_than_its_share_does_not_count_and_the_row_says_so)
{
    TkeCardPlanParams params = { .administrators = 2, .parts = 2 };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    TkeCardStatus ca = card(TKE_CARD_KIND_CA, 1, "CA");
    TkeCardStatus mixed = card(TKE_CARD_KIND_EP11, 3, "Mixed");
    TkeCardStatus both = card(TKE_CARD_KIND_EP11, 4, "Both parts");
    const TkeKeyPartList three = parts(3);
    const TkeKeyPartList two = parts(2);
    const TkeKeyPartList one = parts(1);
    g_autofree char *steps = NULL;
    g_autofree char *together = NULL;
    g_autofree char *first = NULL;
    g_autofree char *third = NULL;
    g_autoptr(GPtrArray) set = NULL;

    give_key(&mixed, 5);
    tke_inventory_note(inventory, &ca, NULL, 1);
    tke_inventory_note(inventory, &mixed, &three, 1);
    tke_inventory_note(inventory, &both, &two, 1);
    steps = steps_of(&params, inventory);
    ck_assert_str_eq(steps, "KEEEE");
    set = tke_card_plan_make(&params, inventory, NULL);
    first = tke_card_plan_unfit_text(place_of(set, 1));
    ck_assert_ptr_nonnull(strstr(first, "“Mixed”"));
    ck_assert_ptr_nonnull(strstr(first, "a signature key and 3 key parts"));
    ck_assert_ptr_null(tke_card_plan_unfit_text(place_of(set, 2)));
    third = tke_card_plan_unfit_text(place_of(set, 3));
    ck_assert_ptr_nonnull(strstr(third, "“Both parts”"));
    ck_assert_ptr_nonnull(strstr(third, "2 key parts"));

    params.together = true; /* the same card does where key and part are planned together */
    tke_inventory_note(inventory, &mixed, &one, 1);
    together = steps_of(&params, inventory);
    ck_assert_str_eq(together, "KKE");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_cards_are_noted_once_and_kept_on_disk);
    tcase_add_test(tests, test_only_members_of_a_zone_are_noted);
    tcase_add_test(tests, test_a_table_is_no_formula_and_keeps_its_quotes);
    tcase_add_test(tests, test_a_card_that_holds_nothing_is_neither_with_nor_without_a_copy);
    tcase_add_test(tests, test_every_line_of_a_rehearsals_table_begins_with_the_word);
    tcase_add_test(tests, test_labels_have_lines_to_write_on_and_say_what_is_a_rehearsal);
    tcase_add_test(tests, test_labels_of_a_set_are_a_table);
    tcase_add_test(tests, test_a_damaged_inventory_is_named_and_left_alone);
    tcase_add_test(tests, test_the_documented_sets_have_their_sizes);
    tcase_add_test(tests, test_the_set_ticks_itself_off_as_cards_are_seen);
    tcase_add_loop_test(tests, test_the_next_step_is_one_that_people_start_here, 0,
                        G_N_ELEMENTS(nexts));
    tcase_add_test(tests, test_a_copy_never_counts_as_another_original);
    tcase_add_test(tests, test_a_card_is_done_when_it_has_proved_itself_with_what_it_holds);
    tcase_add_test(tests, test_the_backup_to_be_tested_is_the_card_that_is_not_there);
    tcase_add_test(tests, test_a_card_with_more_than_its_share_does_not_count_and_the_row_says_so);
}

int
main(void)
{
    return test_main("inventory", add_tests);
}
