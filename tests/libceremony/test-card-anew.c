/*
 * A card on which a step was begun goes on where it stopped, or starts anew where that is of no use
 * to anybody: a PIN is forgotten or blocked (functions 2.3, 2.4; E-C07, E-C10, E-C17).
 */
#include <string.h>

#include "libceremony/card-session-private.h"
#include "libceremony/inventory.h"
#include "libceremony/op-card-enroll.h"
#include "libceremony/op-card-pin.h"
#include "libceremony/op-zone.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/card-identity.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/test-main.h"
#include "tests/support/test-says.h"

#define NEW_FIRST WORLD_FIRST "E" WORLD_FIRST "E"
#define GO_ON 0u
#define ANEW 1u

static void
put(CeremonyWorld *world, unsigned reader, const char *name)
{
    SimReader *where = virtual_readers_get(world->cards->readers, reader);

    sim_reader_remove(where);
    ck_assert(sim_reader_insert(where, ceremony_world_card(world, name), NULL));
}

static bool
create_zone(CeremonyWorld *world, const char *description, GError **error)
{
    const TkeZoneCreateParams params = { .zone_description = "Zone",
                                         .card_description = description };

    return tke_op_zone_create(world->op, &params, NULL, error);
}

static bool
back_up(CeremonyWorld *world, const char *description, GError **error)
{
    const TkeZoneBackupParams params = { .card_description = description };

    return tke_op_zone_backup(world->op, &params, NULL, error);
}

static void
choose(CeremonyWorld *world, unsigned row)
{
    g_queue_push_tail(world->choices, GUINT_TO_POINTER(row));
}

/* Card "new" has its applet and a first PIN; the second person pressed the cancel key. */
static CeremonyWorld *
world_with_first_pin(void)
{
    CeremonyWorld *world = ceremony_world_new(1);
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "new", SIM_CARD_BLANK);
    ceremony_world_hand(world, 1, "new", NULL);
    ceremony_world_type(world, 1, NEW_FIRST);
    ceremony_world_type(world, 1, "C");
    ck_assert(!create_zone(world, "CA", &error));
    test_says(error->message, "the card has its first PIN now");
    ck_assert(ceremony_world_info(world, "new").pin_set[0] &&
              !ceremony_world_info(world, "new").pin_set[1]);
    ceremony_world_restart(world);
    ceremony_world_go_on(world);
    ceremony_world_hand(world, 1, "new", NULL);
    return world;
}

/* Zone "Zone" with its card "first", which has no description; it lies in reader 1. */
static CeremonyWorld *
world_with_zone(void)
{
    CeremonyWorld *world = ceremony_world_new(1);
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "first", SIM_CARD_CA);
    ceremony_world_blank(world, "second", SIM_CARD_CA);
    ceremony_world_hand(world, 1, "first", NULL);
    card_world_check(create_zone(world, "", &error), error);
    return world;
}

/* The same with "second", a backup; "second" is in reader 1, "first" is put into reader 2 next. */
static CeremonyWorld *
world_with_backup(void)
{
    CeremonyWorld *world = world_with_zone();
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 2, "second", NULL);
    card_world_check(back_up(world, "Backup", &error), error);
    ceremony_world_restart(world);
    ceremony_world_go_on(world);
    ceremony_world_hand(world, 1, "second", NULL);
    ceremony_world_hand(world, 2, "first", NULL);
    return world;
}

/* ---- a CA card without a zone (2.3) ---- */

START_TEST(test_a_begun_ca_card_goes_on_where_it_stopped)
{
    g_autoptr(CeremonyWorld) world = world_with_first_pin();
    const SimCardInfo before = ceremony_world_info(world, "new");
    g_autoptr(GError) error = NULL;

    choose(world, GO_ON);
    card_world_check(create_zone(world, "CA", &error), error);
    test_says(world->choose->str, "card-begun: The card in reader 1 was begun as a CA card");
    ck_assert_str_eq(world->tries->str, "5 "); /* the first PIN was entered */
    ck_assert_mem_eq(ceremony_world_info(world, "new").card_id, before.card_id,
                     sizeof before.card_id);
}
END_TEST

START_TEST(test_a_begun_ca_card_whose_pin_is_forgotten_starts_anew)
{
    g_autoptr(CeremonyWorld) world = world_with_first_pin();
    const SimCardInfo before = ceremony_world_info(world, "new");
    g_autoptr(GError) error = NULL;

    choose(world, ANEW);
    card_world_check(create_zone(world, "CA", &error), error);
    ck_assert_str_eq(world->tries->str, ""); /* nobody had to know the old one */
    ck_assert_str_eq(world->plans->str, ""); /* nothing of worth was on it */
    ck_assert(ceremony_world_info(world, "new").zone_known);
    ck_assert_mem_ne(ceremony_world_info(world, "new").card_id, before.card_id,
                     sizeof before.card_id);
}
END_TEST

START_TEST(test_a_begun_ca_card_whose_pin_was_entered_just_now_is_not_asked_about)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "new", SIM_CARD_BLANK);
    ceremony_world_hand(world, 1, "new", NULL);
    ceremony_world_type(world, 1, NEW_FIRST);
    ceremony_world_type(world, 1, "C");
    ck_assert(!create_zone(world, "CA", NULL));
    ceremony_world_go_on(world);
    card_world_check(create_zone(world, "CA", &error), error);
    ck_assert_str_eq(world->choose->str, "");
    ck_assert_str_eq(world->tries->str, "");
}
END_TEST

START_TEST(test_a_begun_ca_card_is_asked_about_once_its_pin_was_not_typed)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "new", SIM_CARD_BLANK);
    ceremony_world_hand(world, 1, "new", NULL);
    ceremony_world_type(world, 1, NEW_FIRST);
    ceremony_world_type(world, 1, "C");
    ck_assert(!create_zone(world, "CA", NULL));
    ceremony_world_go_on(world);
    put(world, 1, "new"); /* and is locked */
    ceremony_world_type(world, 1, "C");
    ck_assert(!create_zone(world, "CA", NULL));
    ck_assert_str_eq(world->choose->str, "");
    ck_assert_str_eq(world->tries->str, "5 ");
    ceremony_world_go_on(world);
    choose(world, ANEW);
    card_world_check(create_zone(world, "CA", &error), error);
    test_says(world->choose->str, "card-begun: ");
    ck_assert_str_eq(world->tries->str, "");
}
END_TEST

START_TEST(test_a_begun_ca_card_whose_pin_is_blocked_is_not_lost)
{
    g_autoptr(CeremonyWorld) world = world_with_first_pin();
    g_autoptr(GError) error = NULL;

    ck_assert(sim_card_block_pin(ceremony_world_card(world, "new"), TKE_PIN_FIRST));
    card_world_check(create_zone(world, "CA", &error), error);
    ck_assert_str_eq(world->choose->str, "");
    test_says(world->notes->str, "It has no zone yet, so it starts anew.");
    ck_assert(ceremony_world_info(world, "new").zone_known);
    ck_assert_uint_eq(ceremony_world_info(world, "new").pin_tries[0], TKE_PIN_TRIES_CA);
}
END_TEST

static void
pull_card(CeremonyWorld *world)
{
    sim_reader_remove(virtual_readers_get(world->cards->readers, 1));
}

/* The cancel key, nobody at the pad, or the card gone: what is left of the card is told (P-8). */
START_TEST(test_who_stops_before_the_first_pin_is_told_that_the_card_holds_nothing_any_more)
{
    g_autoptr(CeremonyWorld) world = world_with_zone();
    g_autoptr(GError) error = NULL;

    ceremony_world_restart(world);
    ceremony_world_go_on(world);
    ceremony_world_hand(world, 1, "first", NULL);
    for (unsigned i = 0; i < 3; i++) {
        ceremony_world_type(world, 1, _i == 0 ? "C" : "X");
    }
    world->at_pin = _i == 2 ? pull_card : NULL;
    ck_assert(!create_zone(world, "CA", &error));
    ck_assert_str_eq(world->plans->str, "card-overwrite\n");
    ck_assert(!ceremony_world_info(world, "first").zone_known);
    test_says(error->message, "the card has its applet now and holds nothing; start again with "
                              "it: ");
}
END_TEST

/* ---- the target of a backup (2.4) ---- */

START_TEST(test_a_lost_ca_card_without_description_is_made_again)
{
    g_autoptr(CeremonyWorld) world = world_with_backup();
    const SimCardInfo before = ceremony_world_info(world, "first");
    g_autoptr(GError) error = NULL;

    ck_assert(sim_card_block_pin(ceremony_world_card(world, "first"), TKE_PIN_FIRST));
    card_world_check(back_up(world, "Again", &error), error);
    ck_assert_str_eq(world->plans->str, "card-overwrite\n");
    test_says(world->details->str, "It is a CA card of this very zone already");
    ck_assert_str_eq(ceremony_world_info(world, "first").description, "Again");
    ck_assert_mem_eq(ceremony_world_info(world, "first").zone_id, before.zone_id,
                     sizeof before.zone_id);
    ck_assert_mem_ne(ceremony_world_info(world, "first").card_id, before.card_id,
                     sizeof before.card_id);
}
END_TEST

START_TEST(test_a_lost_ca_card_that_lies_in_the_reader_is_not_overwritten)
{
    g_autoptr(CeremonyWorld) world = world_with_backup();
    g_autoptr(GError) error = NULL;

    ck_assert(sim_card_block_pin(ceremony_world_card(world, "first"), TKE_PIN_FIRST));
    put(world, 2, "first");
    ceremony_world_go_on(world);
    ceremony_world_hand(world, 1, "second", NULL);
    ck_assert(!back_up(world, "Again", &error));
    test_says(world->prompts->str, "insert backup-target, reader 2: not-blank\n");
    ck_assert_str_eq(ceremony_world_info(world, "first").description, "");
}
END_TEST

START_TEST(test_people_say_whether_a_ca_card_without_description_is_made_again)
{
    const bool anew = _i == 1;
    g_autoptr(CeremonyWorld) world = world_with_backup();
    const SimCardInfo before = ceremony_world_info(world, "first");
    g_autoptr(GError) error = NULL;

    choose(world, anew ? ANEW : GO_ON);
    card_world_check(back_up(world, "Again", &error), error);
    test_says(world->choose->str, "is a CA card of this zone already, and has no description");
    ck_assert_str_eq(world->plans->str, anew ? "card-overwrite\n" : "");
    ck_assert_str_eq(world->tries->str, anew ? "5 5 " : "5 5 5 5 ");
    ck_assert_str_eq(ceremony_world_info(world, "first").description, "Again");
    ck_assert_int_eq(memcmp(ceremony_world_info(world, "first").card_id, before.card_id,
                            sizeof before.card_id) != 0,
                     anew);
}
END_TEST

START_TEST(test_the_source_moved_to_the_other_reader_is_no_target)
{
    g_autoptr(CeremonyWorld) world = world_with_zone();
    const SimCardInfo before = ceremony_world_info(world, "first");
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 2, "first", NULL); /* out of reader 1, where its PINs were typed */
    ck_assert(!back_up(world, "Backup", &error));
    test_says(world->prompts->str, "insert backup-target, reader 2: same-card\n");
    ck_assert_mem_eq(ceremony_world_info(world, "first").card_id, before.card_id,
                     sizeof before.card_id);
    ck_assert_str_eq(ceremony_world_info(world, "first").description, "");
}
END_TEST

/* ---- a lost CA card (E-C10) ---- */

static void
check_lost(CeremonyWorld *world, const char *wanted)
{
    const TkeCardNeed ca = { .reader = 1, .wanted = TKE_WANTED_CA };
    const char *word = NULL;
    g_autofree char *reason = NULL;
    g_autoptr(GError) error = NULL;

    card_world_check(tke_card_session_look(world->op, NULL, &error), error);
    ck_assert(!tke_card_session_judge(world->session, &ca, true, &word, &reason));
    ck_assert_str_eq(word, "blocked");
    test_says(reason, wanted);
    test_says(reason, "Insert the backup CA card, and make a new backup from it at once.");
}

static bool
block_pin(CeremonyWorld *world, uint8_t pin)
{
    return sim_card_block_pin(ceremony_world_card(world, "first"), pin);
}

/* Its backup does the work, also where the lost one lies in the reader. */
START_TEST(test_nobody_types_a_pin_for_a_ca_card_with_a_blocked_one)
{
    static const struct {
        uint8_t pin; /* 0: both */
        const char *says;
    } cases[] = {
        { TKE_PIN_FIRST, "The first PIN of this CA card is blocked: the card is lost for good." },
        { TKE_PIN_SECOND, "The second PIN of this CA card is blocked: the card is lost for good." },
        { 0, "Both PINs of this CA card are blocked: the card is lost for good." },
    };
    g_autoptr(CeremonyWorld) world = world_with_backup();
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "new", SIM_CARD_EP11);
    ck_assert(cases[_i].pin == TKE_PIN_SECOND || block_pin(world, TKE_PIN_FIRST));
    ck_assert(cases[_i].pin == TKE_PIN_FIRST || block_pin(world, TKE_PIN_SECOND));
    put(world, 1, "first");
    check_lost(world, cases[_i].says);
    ceremony_world_go_on(world);
    ceremony_world_hand(world, 1, "second", NULL);
    ceremony_world_hand(world, 2, "new", NULL);
    card_world_check(tke_op_card_enroll(world->op, NULL, &error), error);
    test_says(world->prompts->str, "insert zone, reader 1: blocked\n");
    ck_assert_str_eq(world->tries->str, "5 5 "); /* of the backup */
}
END_TEST

START_TEST(test_a_ca_card_whose_other_pin_is_blocked_gets_no_new_pin)
{
    g_autoptr(CeremonyWorld) world = world_with_zone();
    const TkeCardChangePinParams params = { .reader = 1, .pin = 1 };
    g_autoptr(GError) error = NULL;

    ck_assert(sim_card_block_pin(ceremony_world_card(world, "first"), TKE_PIN_SECOND));
    put(world, 1, "first");
    ceremony_world_go_on(world);
    ck_assert(!tke_op_card_change_pin(world->op, &params, NULL, &error));
    test_says(world->prompts->str, "insert change-pin, reader 1: blocked\n");
    ck_assert_str_eq(world->tries->str, "");
}
END_TEST

/* As scup does with every card that it sees. */
static void
note_in_inventory(CeremonyWorld *world, unsigned reader)
{
    g_autoptr(TkeInventory) inventory = tke_inventory_load(world->world, NULL);
    const TkeCardStatus *status = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_nonnull(tke_card_session_get(world->session, reader, &status));
    ck_assert(tke_inventory_note(inventory, status, NULL, 1));
    card_world_check(tke_inventory_save(inventory, &error), error);
}

/* A lost card takes the place of no other: before the last good one is erased nothing else is said. */
START_TEST(test_a_lost_backup_beside_the_card_is_no_copy_of_it)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    const TkeZoneBackupParams backup = { .card_description = "backup" };
    const TkeZoneCreateParams create = { .zone_description = "Z", .card_description = "C" };
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_blank(world, "second", SIM_CARD_BLANK);
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "second", NULL);
    card_world_check(tke_op_zone_backup(world->op, &backup, NULL, &error), error);
    for (unsigned lost = 0; lost < 2; lost++) {
        ceremony_world_restart(world);
        if (lost == 1) {
            ck_assert(sim_card_block_pin(ceremony_world_card(world, "second"), TKE_PIN_FIRST));
        }
        ck_assert(sim_reader_insert(virtual_readers_get(world->cards->readers, 2),
                                    ceremony_world_card(world, "second"), &error));
        ceremony_world_hand(world, 1, "ca", NULL);
        world->refuse = true;
        ck_assert(!tke_op_zone_create(world->op, &create, NULL, &error));
        ck_assert_str_eq(world->plans->str, "card-overwrite\n");
        ck_assert((strstr(world->details->str, "The card in reader 2 holds the same.") != NULL) ==
                  (lost == 0));
        ck_assert_ptr_nonnull(strstr(world->details->str, "Copied to card "));
        g_clear_error(&error);
    }
    /* nor is one that was seen to be lost, and lies somewhere else now */
    note_in_inventory(world, 2);
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "ca", NULL);
    world->refuse = true;
    ck_assert(!tke_op_zone_create(world->op, &create, NULL, &error));
    ck_assert_ptr_null(strstr(world->details->str, "Copied to card "));
    test_says(world->details->str, "No copy of it is known to this workstation.");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_lost_backup_beside_the_card_is_no_copy_of_it);
    tcase_add_test(tests, test_a_begun_ca_card_goes_on_where_it_stopped);
    tcase_add_test(tests, test_a_begun_ca_card_whose_pin_is_forgotten_starts_anew);
    tcase_add_test(tests, test_a_begun_ca_card_whose_pin_was_entered_just_now_is_not_asked_about);
    tcase_add_test(tests, test_a_begun_ca_card_is_asked_about_once_its_pin_was_not_typed);
    tcase_add_test(tests, test_a_begun_ca_card_whose_pin_is_blocked_is_not_lost);
    tcase_add_loop_test(
        tests, test_who_stops_before_the_first_pin_is_told_that_the_card_holds_nothing_any_more, 0,
        3);
    tcase_add_test(tests, test_a_lost_ca_card_without_description_is_made_again);
    tcase_add_test(tests, test_a_lost_ca_card_that_lies_in_the_reader_is_not_overwritten);
    tcase_add_loop_test(tests, test_people_say_whether_a_ca_card_without_description_is_made_again,
                        0, 2);
    tcase_add_test(tests, test_the_source_moved_to_the_other_reader_is_no_target);
    tcase_add_loop_test(tests, test_nobody_types_a_pin_for_a_ca_card_with_a_blocked_one, 0, 3);
    tcase_add_test(tests, test_a_ca_card_whose_other_pin_is_blocked_gets_no_new_pin);
}

int
main(void)
{
    return test_main("card-anew", add_tests);
}
