/*
 * What the activity log says of the cards of a step: all of them, also where it failed, and their
 * usage counters as they are after it (F-170).
 */
#include <string.h>

#include "libceremony/op-card-enroll.h"
#include "libceremony/op-card-pin.h"
#include "libceremony/op-key-part.h"
#include "libceremony/op-zone.h"
#include "libsmartcard/card-error.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/test-main.h"

#define MOST 60u /* exchanges of a card after its last PIN, in any of these steps */

static JsonNode *
last_entry(CeremonyWorld *world)
{
    g_auto(GStrv) lines = tke_activity_log_read(world->log, 1, NULL);

    ck_assert(lines != NULL && lines[0] != NULL);
    return json_from_string(lines[0], NULL);
}

static const char *
text_of(JsonNode *entry, const char *member)
{
    return json_object_get_string_member(json_node_get_object(entry), member);
}

/* The entry's member is the card; with_counter: as its counter is now. */
static void
check_card(CeremonyWorld *world, JsonNode *entry, const char *member, const char *name,
           bool with_counter)
{
    const SimCardInfo info = ceremony_world_info(world, name);
    g_autofree char *id = tke_card_id_text(info.card_id);
    g_autofree char *text = json_to_string(entry, FALSE);
    JsonObject *object = json_node_get_object(entry);
    JsonObject *card;

    ck_assert_msg(json_object_has_member(object, member), "no %s in %.600s", member, text);
    card = json_object_get_object_member(object, member);
    ck_assert_msg(strcmp(json_object_get_string_member(card, "id"), id) == 0,
                  "%s is not %s in %.600s", member, id, text);
    if (with_counter) {
        ck_assert_int_eq(json_object_get_int_member(card, "usage_counter"), info.usage_counter);
    }
}

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

static bool
copy(CeremonyWorld *world, GError **error)
{
    const TkeCopyParams everything = { .everything = true };

    ceremony_world_hand(world, 1, "carol", NULL);
    ceremony_world_hand(world, 2, "backup", NULL);
    return tke_op_copy_card(world->op, &everything, NULL, error);
}

START_TEST(test_a_copy_tells_the_counters_as_they_are_then)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(JsonNode) entry = NULL;
    g_autoptr(GError) error = NULL;

    card_world_check(copy(world, &error), error);
    entry = last_entry(world);
    check_card(world, entry, "source", "carol", true);
    check_card(world, entry, "card", "backup", true);
}
END_TEST

START_TEST(test_a_copy_that_failed_names_both_cards)
{
    g_autoptr(CeremonyWorld) world = make_world();
    const SimCardFault fault = { .kind = SIM_CARD_FAULT_PULL_AFTER, .after = 5, .times = 1 };
    g_autoptr(JsonNode) entry = NULL;
    g_autoptr(GError) error = NULL;

    sim_card_add_fault(ceremony_world_card(world, "backup"), &fault);
    ck_assert(!copy(world, &error));
    ck_assert_uint_eq(sim_card_faults_left(ceremony_world_card(world, "backup")), 0);
    entry = last_entry(world);
    ck_assert_str_eq(text_of(entry, "action"), "opentke-card.copy");
    ck_assert_str_eq(text_of(entry, "result"), "failed");
    check_card(world, entry, "source", "carol", false);
    check_card(world, entry, "card", "backup", false);
}
END_TEST

/* The next exchange of the card after its PIN is cut off; at which one. */
static unsigned cut_at;

static void
cut_source(CeremonyWorld *world)
{
    const SimCardFault fault = { .kind = SIM_CARD_FAULT_CUT, .after = cut_at, .times = 1 };

    sim_card_add_fault(ceremony_world_card(world, "carol"), &fault);
}

/* With every exchange of the source lost: its counter is told as it is, or not at all. */
START_TEST(test_a_counter_that_cannot_be_read_is_not_told)
{
    bool without = false;

    for (cut_at = 1; cut_at < MOST && !without; cut_at++) {
        g_autoptr(CeremonyWorld) world = make_world();
        g_autoptr(JsonNode) entry = NULL;
        g_autoptr(GError) error = NULL;
        JsonObject *source;

        world->at_pin = cut_source;
        if (!copy(world, &error)) {
            continue;
        }
        entry = last_entry(world);
        check_card(world, entry, "source", "carol", false);
        source = json_object_get_object_member(json_node_get_object(entry), "source");
        without = !json_object_has_member(source, "usage_counter");
        if (!without) {
            check_card(world, entry, "source", "carol", true);
        }
    }
    ck_assert(without);
}
END_TEST

START_TEST(test_enrolling_names_the_ca_card)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(JsonNode) entry = NULL;
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "new", SIM_CARD_BLANK);
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "new", NULL);
    card_world_check(tke_op_card_enroll(world->op, NULL, &error), error);
    entry = last_entry(world);
    ck_assert_str_eq(text_of(entry, "action"), "opentke-card.enroll");
    check_card(world, entry, "ca", "ca", true);
    check_card(world, entry, "card", "new", true);
}
END_TEST

START_TEST(test_unblocking_names_the_ca_card)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(JsonNode) entry = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert(sim_card_block_pin(ceremony_world_card(world, "carol"), 0x81));
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "carol", NULL);
    card_world_check(tke_op_card_unblock(world->op, NULL, &error), error);
    entry = last_entry(world);
    ck_assert_str_eq(text_of(entry, "action"), "opentke-card.unblock");
    check_card(world, entry, "ca", "ca", true);
    check_card(world, entry, "card", "carol", true);
}
END_TEST

static bool
back_up(CeremonyWorld *world, GError **error)
{
    const TkeZoneBackupParams params = { .card_description = "backup" };

    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "second", NULL);
    return tke_op_zone_backup(world->op, &params, NULL, error);
}

START_TEST(test_a_backup_tells_the_counters_as_they_are_then)
{
    g_autoptr(CeremonyWorld) world = make_world();
    g_autoptr(JsonNode) entry = NULL;
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "second", SIM_CARD_CA);
    card_world_check(back_up(world, &error), error);
    entry = last_entry(world);
    check_card(world, entry, "source", "ca", true);
    check_card(world, entry, "card", "second", true);
}
END_TEST

/* With the backup pulled after each of its exchanges: who counts CA cards misses none. */
START_TEST(test_a_backup_that_failed_is_told_if_it_may_be_a_ca_card)
{
    unsigned told = 0;
    unsigned unknown = 0;
    bool done = false;

    for (unsigned at = 1; at < MOST && !done; at++) {
        const SimCardFault fault = { .kind = SIM_CARD_FAULT_PULL_AFTER, .after = at, .times = 1 };
        g_autoptr(CeremonyWorld) world = make_world();
        g_autoptr(JsonNode) entry = NULL;
        g_autoptr(GError) error = NULL;
        bool has_zone;

        ceremony_world_blank(world, "second", SIM_CARD_CA);
        sim_card_add_fault(ceremony_world_card(world, "second"), &fault);
        done = back_up(world, &error);
        if (done || !ceremony_world_info(world, "second").zone_known) {
            continue;
        }
        entry = last_entry(world);
        ck_assert_str_eq(text_of(entry, "action"), "opentke-zone.backup");
        check_card(world, entry, "source", "ca", false);
        check_card(world, entry, "card", "second", false);
        has_zone = json_object_get_boolean_member(json_node_get_object(entry), "has_zone");
        ck_assert(has_zone || strcmp(text_of(entry, "result"), "unknown") == 0);
        told += has_zone ? 1 : 0;
        unknown += has_zone ? 0 : 1;
    }
    ck_assert(done);
    ck_assert_uint_ge(told, 1);
    ck_assert_uint_ge(unknown, 1);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_copy_tells_the_counters_as_they_are_then);
    tcase_add_test(tests, test_a_copy_that_failed_names_both_cards);
    tcase_add_test(tests, test_a_counter_that_cannot_be_read_is_not_told);
    tcase_add_test(tests, test_enrolling_names_the_ca_card);
    tcase_add_test(tests, test_unblocking_names_the_ca_card);
    tcase_add_test(tests, test_a_backup_tells_the_counters_as_they_are_then);
    tcase_add_test(tests, test_a_backup_that_failed_is_told_if_it_may_be_a_ca_card);
}

int
main(void)
{
    return test_main("card-record", add_tests);
}
