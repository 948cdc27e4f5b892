/*
 * What people decide about a card set: kept, told where it is weak, and recorded.
 */
#include "libceremony/card-plan-notes.h"

#include <string.h>

#include "common/error.h"
#include "common/safe-file.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/libceremony/inventory-cards.h"
#include "tests/support/test-main.h"

static GPtrArray *
set_of(const TkeCardPlanNotes *notes, const TkeInventory *inventory)
{
    GPtrArray *set = tke_card_plan_make(&notes->params, inventory, NULL);

    tke_card_plan_notes_apply(notes, set);
    return set;
}

START_TEST(test_holders_and_places_are_kept_and_stand_on_labels)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    g_autoptr(TkeCardPlanNotes) notes = tke_card_plan_notes_load(world->world, NULL);
    const TkePlanCard alice = { .kind = TKE_PLAN_CARD_KEY, .number = 1 };
    const TkePlanCard backup = { .kind = TKE_PLAN_CARD_KEY, .number = 1, .backup = 1 };
    g_autoptr(TkeCardPlanNotes) again = NULL;
    g_autoptr(GPtrArray) set = NULL;
    g_autofree char *labels = NULL;
    g_autofree char *csv = NULL;

    ck_assert_uint_eq(notes->params.administrators, 2);
    notes->params.parts = 3;
    notes->signatures = 1;
    tke_card_plan_notes_set(notes, &alice, " Alice\tWeber ", "Safe A");
    tke_card_plan_notes_set(notes, &backup, "", "Safe \"B\"");
    ck_assert(tke_card_plan_notes_save(notes, world->world, NULL));

    again = tke_card_plan_notes_load(world->world, NULL);
    ck_assert_ptr_nonnull(again);
    ck_assert_uint_eq(again->params.parts, 3);
    ck_assert_uint_eq(again->signatures, 1);
    set = set_of(again, inventory);
    ck_assert_str_eq(place_of(set, 2)->holder, "Alice Weber");
    ck_assert_str_eq(place_of(set, 3)->holder, "Alice Weber"); /* that of the original */
    ck_assert_str_eq(place_of(set, 3)->stored, "Safe \"B\"");
    ck_assert_ptr_null(place_of(set, 4)->holder);
    labels = tke_card_plan_labels_text(set, false);
    csv = tke_card_plan_labels_to_csv(set, false);
    ck_assert_ptr_nonnull(strstr(labels, "    Holder: Alice Weber  Stored at: Safe A\n"));
    ck_assert_ptr_nonnull(strstr(csv, "\"no\",\"no\",\"Alice Weber\",\"Safe \"\"B\"\"\"\r\n"));
}
END_TEST

START_TEST(test_a_damaged_plan_is_named_and_left_alone)
{
    static const char *const bad[] = {
        "[]",
        "{\"cards\":[]}",
        "{\"administrators\":9,\"parts\":2,\"backups\":1,\"signatures\":2,\"revocations\":2,"
        "\"cards\":[]}",
        "{\"administrators\":2,\"parts\":2,\"backups\":1,\"signatures\":2,\"revocations\":2,"
        "\"cards\":[{\"kind\":\"x\",\"number\":1,\"backup\":0}]}",
        "{\"administrators\":2,\"parts\":2,\"backups\":1,\"signatures\":2,\"revocations\":2,"
        "\"cards\":[7]}",
    };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autofree char *path =
        g_build_filename(tke_world_get_state_directory(world->world), "card-plan.json", NULL);

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert(tke_safe_file_write(path, (const uint8_t *) bad[i], strlen(bad[i]), NULL));
        ck_assert_ptr_null(tke_card_plan_notes_load(world->world, &error));
        ck_assert(g_error_matches(error, TKE_ERROR, TKE_ERROR_FILE));
        ck_assert_ptr_nonnull(strstr(error->message, "card-plan.json"));
        ck_assert(g_file_test(path, G_FILE_TEST_EXISTS));
    }
}
END_TEST

/* Does one of the sentences say this? */
static bool
advises(const TkeCardPlanNotes *notes, const TkeInventory *inventory, const char *words)
{
    g_autoptr(GPtrArray) set = set_of(notes, inventory);
    g_auto(GStrv) advice = tke_card_plan_notes_advice(notes, set);
    g_autofree char *text = g_strjoinv("\n", advice);

    return strstr(text, words) != NULL;
}

START_TEST(test_a_weak_plan_is_told)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    g_autoptr(TkeCardPlanNotes) notes = tke_card_plan_notes_new();
    TkePlanCard place = { .kind = TKE_PLAN_CARD_KEY, .number = 1 };

    notes->params.administrators = 3;
    ck_assert(!advises(notes, inventory, ".")); /* nothing is weak */
    tke_card_plan_notes_set(notes, &place, "Alice", "Safe A");
    place.backup = 1;
    tke_card_plan_notes_set(notes, &place, "", "Safe A");
    ck_assert(advises(notes, inventory, "kept in the same place"));
    place = (TkePlanCard){ .kind = TKE_PLAN_CARD_PART, .number = 1 };
    tke_card_plan_notes_set(notes, &place, "Alice", "");
    ck_assert(advises(notes, inventory, "An administrator also holds a key part"));
    ck_assert(!advises(notes, inventory, "One person holds two key parts"));
    place.number = 2;
    tke_card_plan_notes_set(notes, &place, "Alice", "");
    ck_assert(advises(notes, inventory, "One person holds two key parts"));
    notes->signatures = 3;
    ck_assert(advises(notes, inventory, "All administrators have to sign"));
    notes->signatures = 4;
    ck_assert(advises(notes, inventory, "More signatures are wanted"));
    notes->revocations = 1;
    ck_assert(advises(notes, inventory, "to remove an administrator"));
    notes->params.together = true;
    notes->params.parts = 2;
    ck_assert(advises(notes, inventory, "as many administrators as key parts"));
}
END_TEST

START_TEST(test_the_record_has_cards_people_and_what_is_left)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    g_autoptr(TkeCardPlanNotes) notes = tke_card_plan_notes_new();
    const TkePlanCard place = { .kind = TKE_PLAN_CARD_KEY, .number = 1 };
    TkeCardStatus ca = card(TKE_CARD_KIND_CA, 1, "Officers");
    TkeCardStatus alice = card(TKE_CARD_KIND_EP11, 3, "Alice");
    g_autoptr(GPtrArray) set = NULL;
    g_autofree char *record = NULL;

    give_key(&alice, 5);
    tke_inventory_note(inventory, &ca, NULL, 1);
    tke_inventory_note(inventory, &alice, NULL, 1);
    tke_inventory_note_check(inventory, alice.card_id, true, 86400 * 2);
    tke_card_plan_notes_set(notes, &place, "Alice Weber", "Safe A");
    set = set_of(notes, inventory);
    record = tke_card_plan_notes_record(notes, set, "today", true);
    ck_assert(g_str_has_prefix(record, "REHEARSAL\n\nRecord of the card set, made on today\n"));
    ck_assert_ptr_nonnull(strstr(record, "Signatures of a command: 2 of 2 administrators\n"));
    ck_assert_ptr_nonnull(strstr(record, "[ ] CA card\n    Card: 0101-0101-0101-0101\n"));
    ck_assert_ptr_nonnull(strstr(record, "[x] Administrator 1\n    Card: 0303-0303-0303-0303\n"));
    ck_assert_ptr_nonnull(strstr(record, "    Key identifier:\n"
                                         "        0505 0505 0505 0505 0505 0505 0505 0505\n"
                                         "        0505 0505 0505 0505 0505 0505 0505 0505\n"));
    ck_assert_ptr_nonnull(strstr(record, "    Holder: Alice Weber\n    Stored at: Safe A\n"));
    ck_assert_ptr_nonnull(strstr(record, "[ ] Crypto units initialised: "));
    ck_assert_ptr_nonnull(strstr(record, "Witness: ____"));
}
END_TEST

/* What is done, as letters: compared, units, backup, safes. */
static char *
ticks_of(const TkeCardPlanNotes *notes, const TkeInventory *inventory)
{
    g_autoptr(GPtrArray) set = set_of(notes, inventory);
    GString *text = g_string_new(NULL);

    for (TkePlanTick tick = 0; tick < TKE_PLAN_TICKS; tick++) {
        g_string_append_c(text, tke_card_plan_notes_is_done(notes, set, tick) ? "cubs"[tick] : '.');
    }
    return g_string_free(text, FALSE);
}

static void
expect_ticks(const TkeCardPlanNotes *notes, const TkeInventory *inventory, const char *wanted)
{
    g_autofree char *ticks = ticks_of(notes, inventory);

    ck_assert_str_eq(ticks, wanted);
}

static void
note_done(TkeInventory *inventory, const TkeCardStatus *status, const TkeKeyPartList *parts)
{
    tke_inventory_note(inventory, status, parts, 1);
    tke_inventory_note_check(inventory, status->card_id, true, 2);
}

/* One administrator and two parts, each with a backup; all made and checked. */
static void
note_whole_set(TkeInventory *inventory)
{
    for (uint8_t backup = 0; backup < 2; backup++) {
        TkeCardStatus ca = card(TKE_CARD_KIND_CA, (uint8_t) (1 + backup), "CA");
        TkeCardStatus alice = card(TKE_CARD_KIND_EP11, (uint8_t) (3 + backup), "Alice");

        give_key(&alice, 5);
        note_done(inventory, &ca, NULL);
        note_done(inventory, &alice, NULL);
        for (uint8_t i = 0; i < 2; i++) {
            const TkeKeyPartList list = part((uint8_t) (9 + i));
            TkeCardStatus holder =
                card(TKE_CARD_KIND_EP11, (uint8_t) (5 + 2 * i + backup), "Holder");

            note_done(inventory, &holder, &list);
        }
    }
}

START_TEST(test_the_steps_after_the_cards_are_ticked_off_by_what_cards_tell)
{
    static const TkeCardUses has_signed = { .known = true, .signature = true };
    static const TkeCardUses part_used = { .known = true, .part = true };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    g_autoptr(TkeInventory) again = NULL;
    g_autoptr(TkeCardPlanNotes) notes = tke_card_plan_notes_new();
    const TkeCardUses none = { .known = true };
    uint8_t id[TKE_CARD_ID_LEN];

    notes->params.administrators = 1;
    notes->signatures = notes->revocations = 1;
    expect_ticks(notes, inventory, "....");
    note_whole_set(inventory);
    expect_ticks(notes, inventory, "c...");
    memset(id, 3, sizeof id);
    ck_assert(!tke_inventory_note_uses(inventory, id, &none));
    ck_assert(tke_inventory_note_uses(inventory, id, &has_signed));
    ck_assert(!tke_inventory_note_uses(inventory, id, &has_signed)); /* is known */
    memset(id, 5, sizeof id);
    ck_assert(tke_inventory_note_uses(inventory, id, &part_used));
    expect_ticks(notes, inventory, "c..."); /* the second part is not loaded */
    memset(id, 8, sizeof id);               /* from its backup */
    ck_assert(tke_inventory_note_uses(inventory, id, &part_used));
    expect_ticks(notes, inventory, "cu..");
    notes->signatures = 2; /* more than have signed */
    expect_ticks(notes, inventory, "c...");
    notes->signatures = 1;
    memset(id, 4, sizeof id);
    ck_assert(tke_inventory_note_uses(inventory, id, &has_signed));
    expect_ticks(notes, inventory, "cub.");
    ck_assert(tke_inventory_save(inventory, NULL));
    again = tke_inventory_load(world->world, NULL);
    expect_ticks(notes, again, "cub.");
}
END_TEST

START_TEST(test_a_card_that_holds_something_else_has_not_been_used_with_it)
{
    static const TkeCardUses has_signed = { .known = true, .signature = true };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    TkeCardStatus alice = card(TKE_CARD_KIND_EP11, 3, "Alice");

    give_key(&alice, 5);
    tke_inventory_note(inventory, &alice, NULL, 1);
    ck_assert(!tke_inventory_note_uses(inventory, (const uint8_t *) "12345678", &has_signed));
    ck_assert(tke_inventory_note_uses(inventory, alice.card_id, &has_signed));
    tke_inventory_note(inventory, &alice, NULL, 2);
    ck_assert(find(inventory, 3)->has_signed);
    give_key(&alice, 6);
    tke_inventory_note(inventory, &alice, NULL, 3);
    ck_assert(!find(inventory, 3)->has_signed);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_holders_and_places_are_kept_and_stand_on_labels);
    tcase_add_test(tests, test_a_damaged_plan_is_named_and_left_alone);
    tcase_add_test(tests, test_a_weak_plan_is_told);
    tcase_add_test(tests, test_the_record_has_cards_people_and_what_is_left);
    tcase_add_test(tests, test_the_steps_after_the_cards_are_ticked_off_by_what_cards_tell);
    tcase_add_test(tests, test_a_card_that_holds_something_else_has_not_been_used_with_it);
}

int
main(void)
{
    return test_main("card-plan-notes", add_tests);
}
