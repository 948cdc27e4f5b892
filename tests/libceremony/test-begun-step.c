/*
 * A step that was interrupted goes on with the card it had begun on (E-C07), and with that card
 * only for what it was begun for: not for another zone, other texts, or after somebody finished it
 * in another way.
 */
#include <string.h>

#include "libceremony/card-session-private.h"
#include "libceremony/op-card.h"
#include "libceremony/op-card-enroll.h"
#include "libceremony/op-card-pin.h"
#include "libceremony/op-zone.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/test-main.h"

#define MOST_EXCHANGES 40u

static bool
create_zone(CeremonyWorld *world, const char *card, const char *zone, GError **error)
{
    const TkeZoneCreateParams params = { .zone_description = zone, .card_description = "CA" };

    ceremony_world_hand(world, 1, card, NULL);
    return tke_op_zone_create(world->op, &params, NULL, error);
}

static bool
back_up(CeremonyWorld *world, const char *source, GError **error)
{
    const TkeZoneBackupParams params = { .card_description = "Backup" };

    ceremony_world_hand(world, 1, source, NULL);
    ceremony_world_hand(world, 2, "new", NULL);
    return tke_op_zone_backup(world->op, &params, NULL, error);
}

static bool
personalize(CeremonyWorld *world, const char *card, const char *description, GError **error)
{
    const TkeCardPersonalizeParams params = { .description = description };

    ceremony_world_hand(world, 2, card, NULL);
    return tke_op_card_personalize(world->op, &params, NULL, error);
}

/* Pulled after its exchange k; the next operation finds empty readers. */
static void
pull_at(CeremonyWorld *world, unsigned k)
{
    const SimCardFault fault = { .kind = SIM_CARD_FAULT_PULL_AFTER, .after = k, .times = 1 };

    sim_card_add_fault(g_hash_table_lookup(world->by_name, "new"), &fault);
}

static void
empty_readers(CeremonyWorld *world)
{
    ceremony_world_go_on(world);
    for (unsigned reader = 1; reader <= 2; reader++) {
        sim_reader_remove(virtual_readers_get(world->cards->readers, reader));
    }
}

/* A world whose last try to make a backup has left "new" in the zone, without a description. */
static CeremonyWorld *
world_with_half_a_backup(void)
{
    for (unsigned k = 1; k < MOST_EXCHANGES; k++) {
        CeremonyWorld *world = ceremony_world_new(1);
        g_autoptr(GError) error = NULL;

        ceremony_world_make_zone(world);
        ceremony_world_blank(world, "other", SIM_CARD_CA);
        ceremony_world_restart(world);
        card_world_check(create_zone(world, "other", "Other", &error), error);
        ceremony_world_restart(world);
        ceremony_world_blank(world, "new", SIM_CARD_CA);
        pull_at(world, k);
        if (!back_up(world, "ca", NULL) && ceremony_world_info(world, "new").zone_known &&
            ceremony_world_info(world, "new").description[0] == '\0') {
            empty_readers(world);
            return world;
        }
        ceremony_world_free(world);
    }
    ck_abort_msg("no exchange leaves half a backup");
    return NULL;
}

START_TEST(test_a_backup_that_was_begun_becomes_none_of_another_zone)
{
    g_autoptr(CeremonyWorld) world = world_with_half_a_backup();
    bool done = back_up(world, "other", NULL);
    const SimCardInfo other = ceremony_world_info(world, "other");
    const SimCardInfo target = ceremony_world_info(world, "new");

    ck_assert(!done || memcmp(other.zone_id, target.zone_id, sizeof other.zone_id) == 0);
    ck_assert_ptr_null(strstr(world->notes->str, "holds the zone already"));
}
END_TEST

START_TEST(test_a_backup_that_was_begun_is_finished)
{
    g_autoptr(CeremonyWorld) world = world_with_half_a_backup();
    g_autoptr(GError) error = NULL;

    card_world_check(back_up(world, "ca", &error), error);
    ck_assert_str_eq(ceremony_world_info(world, "new").description, "Backup");
    ck_assert_ptr_nonnull(strstr(world->notes->str, "holds the zone already"));
}
END_TEST

/* A world whose last try to make a zone was interrupted after the card had it. */
static CeremonyWorld *
world_with_a_zone_nobody_knows_of(void)
{
    for (unsigned k = 1; k < MOST_EXCHANGES; k++) {
        CeremonyWorld *world = ceremony_world_new(1);

        ceremony_world_blank(world, "new", SIM_CARD_CA);
        pull_at(world, k);
        if (!create_zone(world, "new", "Zone", NULL) &&
            ceremony_world_info(world, "new").zone_known) {
            empty_readers(world);
            return world;
        }
        ceremony_world_free(world);
    }
    ck_abort_msg("no exchange leaves an unknown zone");
    return NULL;
}

START_TEST(test_a_zone_that_was_made_before_is_not_told_to_be_another_one)
{
    g_autoptr(CeremonyWorld) world = world_with_a_zone_nobody_knows_of();
    bool done = create_zone(world, "new", "Quite another", NULL);

    ck_assert(!done ||
              strcmp(ceremony_world_info(world, "new").zone_description, "Quite another") == 0);
    ck_assert_ptr_null(strstr(world->notes->str, "has its zone already"));
}
END_TEST

START_TEST(test_a_zone_that_was_made_before_is_found)
{
    g_autoptr(CeremonyWorld) world = world_with_a_zone_nobody_knows_of();
    g_autoptr(GError) error = NULL;

    card_world_check(create_zone(world, "new", "Zone", &error), error);
    ck_assert_ptr_nonnull(strstr(world->notes->str, "has its zone already"));
}
END_TEST

/* A world whose last try to personalize "new" was interrupted after its PIN was set. */
static CeremonyWorld *
world_with_a_card_without_description(void)
{
    for (unsigned k = 1; k < MOST_EXCHANGES; k++) {
        CeremonyWorld *world = ceremony_world_new(1);
        g_autoptr(GError) error = NULL;

        ceremony_world_make_zone(world);
        for (unsigned i = 0; i < 2; i++) {
            const char *name = i == 0 ? "new" : "next";

            ceremony_world_blank(world, name, SIM_CARD_EP11);
            ceremony_world_restart(world);
            ceremony_world_hand(world, 1, "ca", NULL);
            ceremony_world_hand(world, 2, name, NULL);
            card_world_check(tke_op_card_enroll(world->op, NULL, &error), error);
        }
        ceremony_world_restart(world);
        pull_at(world, k);
        if (!personalize(world, "new", "Alice", NULL) &&
            ceremony_world_info(world, "new").pin_set[0] &&
            ceremony_world_info(world, "new").description[0] == '\0') {
            empty_readers(world);
            return world;
        }
        ceremony_world_free(world);
    }
    ck_abort_msg("no exchange leaves a card without description");
    return NULL;
}

START_TEST(test_a_card_that_was_described_meanwhile_is_not_described_as_the_next_one)
{
    g_autoptr(CeremonyWorld) world = world_with_a_card_without_description();
    const TkeCardDescribeParams params = { .description = "Alice" };
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 2, "new", NULL);
    card_world_check(tke_op_card_describe(world->op, &params, NULL, &error), error);
    ceremony_world_go_on(world);
    card_world_check(personalize(world, "next", "Bob", &error), error);
    ck_assert_str_eq(ceremony_world_info(world, "new").description, "Alice");
    ck_assert_str_eq(ceremony_world_info(world, "next").description, "Bob");
}
END_TEST

START_TEST(test_only_the_description_is_missing_afterwards)
{
    g_autoptr(CeremonyWorld) world = world_with_a_card_without_description();
    g_autoptr(GError) error = NULL;

    card_world_check(personalize(world, "new", "Alice", &error), error);
    ck_assert_str_eq(ceremony_world_info(world, "new").description, "Alice");
    ck_assert_ptr_nonnull(strstr(world->notes->str, "only its description is missing"));
}
END_TEST

/* "member" in reader 2 is blocked, as long as nobody unblocks it. */
static CeremonyWorld *
world_with_a_blocked_card(void)
{
    CeremonyWorld *world = ceremony_world_new(1);

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "member");
    ceremony_world_restart(world);
    ck_assert(sim_card_block_pin(g_hash_table_lookup(world->by_name, "member"), TKE_PIN_FIRST));
    return world;
}

static bool
unblock(CeremonyWorld *world, GError **error)
{
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "member", NULL);
    return tke_op_card_unblock(world->op, NULL, error);
}

static void
fault_at(CeremonyWorld *world, SimCardFaultKind kind, unsigned k, uint16_t sw)
{
    const SimCardFault fault = { .kind = kind, .after = k, .times = 1, .sw = sw };

    sim_card_add_fault(g_hash_table_lookup(world->by_name, "member"), &fault);
}

/* Whatever the card says to a command that it has not carried out. */
START_TEST(test_a_card_that_is_still_blocked_is_not_told_to_be_unblocked)
{
    unsigned refused = 0;

    for (unsigned k = 1; k < MOST_EXCHANGES; k++) {
        g_autoptr(CeremonyWorld) world = world_with_a_blocked_card();
        g_autoptr(GError) error = NULL;
        bool done = false;

        fault_at(world, SIM_CARD_FAULT_STATUS, k, 0x9000);
        done = unblock(world, &error);
        ck_assert_msg(!done || ceremony_world_info(world, "member").pin_tries[0] > 0, "exchange %u",
                      k);
        refused += done ? 0 : 1;
        if (sim_card_faults_left(g_hash_table_lookup(world->by_name, "member")) > 0) {
            break; /* there are no more exchanges */
        }
    }
    ck_assert_uint_gt(refused, 1);
}
END_TEST

START_TEST(test_tries_that_came_back_after_the_step_had_begun_are_told_from_the_usage_log)
{
    for (unsigned k = 1; k < MOST_EXCHANGES; k++) {
        g_autoptr(CeremonyWorld) world = world_with_a_blocked_card();
        g_autoptr(GError) error = NULL;

        fault_at(world, SIM_CARD_FAULT_PULL_AFTER, k, 0);
        if (unblock(world, NULL) || ceremony_world_info(world, "member").pin_tries[0] == 0) {
            continue;
        }
        empty_readers(world);
        card_world_check(unblock(world, &error), error);
        ck_assert_msg(strstr(world->notes->str, "as its usage log shows") != NULL, "%s",
                      world->notes->str);
        return;
    }
    ck_abort_msg("no exchange leaves a card that is unblocked and not known to be");
}
END_TEST

START_TEST(test_a_card_that_has_got_no_tries_back_since_is_told_as_it_is)
{
    g_autoptr(CeremonyWorld) world = world_with_a_blocked_card();
    const TkeCardStatus *status = NULL;
    g_autoptr(GError) error = NULL;

    card_world_check(unblock(world, &error), error);
    ceremony_world_go_on(world);
    ck_assert_ptr_nonnull(tke_card_session_get(world->session, 2, &status));
    tke_card_session_begin(world->session, "unblock", status); /* its counter is that of now */
    empty_readers(world);
    ck_assert(!unblock(world, &error));
    ck_assert_msg(strstr(error->message, "3 tries are left; nothing was done") != NULL, "%s",
                  error->message);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_backup_that_was_begun_becomes_none_of_another_zone);
    tcase_add_test(tests, test_a_backup_that_was_begun_is_finished);
    tcase_add_test(tests, test_a_zone_that_was_made_before_is_not_told_to_be_another_one);
    tcase_add_test(tests, test_a_zone_that_was_made_before_is_found);
    tcase_add_test(tests,
                   test_a_card_that_was_described_meanwhile_is_not_described_as_the_next_one);
    tcase_add_test(tests, test_only_the_description_is_missing_afterwards);
    tcase_add_test(tests, test_a_card_that_is_still_blocked_is_not_told_to_be_unblocked);
    tcase_add_test(tests,
                   test_tries_that_came_back_after_the_step_had_begun_are_told_from_the_usage_log);
    tcase_add_test(tests, test_a_card_that_has_got_no_tries_back_since_is_told_as_it_is);
}

int
main(void)
{
    return test_main("begun-step", add_tests);
}
