/*
 * What is on a card before it is erased is never lost unasked, and what has become of it is told
 * (P-5, P-8).
 */
#include <string.h>

#include "libceremony/op-zone.h"
#include "libsmartcard/card-error.h"
#include "simulator/sim-gp-state.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/fault-card-source.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"
#include "tests/support/test-says.h"

#define DELETE_AT 13u /* exchange after the question, of a card of the virtual maker */

static bool
create_zone(CeremonyWorld *world, GError **error)
{
    const TkeZoneCreateParams params = { .zone_description = "Zone", .card_description = "CA 1" };

    return tke_op_zone_create(world->op, &params, NULL, error);
}

static bool
is_whole(CeremonyWorld *world, const char *name)
{
    SimCardInfo info;

    sim_card_get_info(ceremony_world_card(world, name), &info);
    return info.kind == SIM_CARD_EP11 && info.life_cycle > 0 && info.pin_set[0];
}

static bool
log_has(CeremonyWorld *world, const char *text)
{
    g_auto(GStrv) lines = tke_activity_log_read(world->log, 0, NULL);
    g_autofree char *all = g_strjoinv("\n", lines);

    return strstr(all, text) != NULL;
}

static CeremonyWorld *
world_with_member(void)
{
    CeremonyWorld *world = ceremony_world_new(1);

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "member");
    ceremony_world_hand(world, 1, "member", NULL);
    return world;
}

START_TEST(test_a_used_card_that_cannot_select_for_a_moment_is_not_erased)
{
    const SimCardFault fault = {
        .kind = SIM_CARD_FAULT_STATUS, .after = 1, .times = 2, .sw = 0x6F00
    };
    g_autoptr(CeremonyWorld) world = world_with_member();
    g_autoptr(GError) error = NULL;

    sim_card_add_fault(ceremony_world_card(world, "member"), &fault);
    ck_assert(!create_zone(world, &error));
    ck_assert(is_whole(world, "member"));
    ck_assert(!log_has(world, "opentke-card.load"));
}
END_TEST

START_TEST(test_a_used_card_whose_applet_is_locked_is_not_erased)
{
    g_autoptr(CeremonyWorld) world = world_with_member();
    g_autoptr(GError) error = NULL;
    SimGpState manager;

    sim_card_get_manager(ceremony_world_card(world, "member"), &manager);
    manager.applet_locked = true;
    ck_assert(sim_card_set_manager(ceremony_world_card(world, "member"), &manager));
    ck_assert(!create_zone(world, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_UNSUITABLE);
    test_says_error(error, "its issuer has locked it (F04F544B450102)");
    test_says_error(error, "the card is as it was");
    ck_assert(is_whole(world, "member"));
    ck_assert(!log_has(world, "opentke-card.load"));
}
END_TEST

/* ---- after the word was typed ---- */

static SimCardFault next_fault;

static void
add_fault(CeremonyWorld *world)
{
    sim_card_add_fault(ceremony_world_card(world, "member"), &next_fault);
}

static void
cancel_before_delete(CeremonyWorld *world)
{
    test_fault_card_source_set(world->source, DELETE_AT - 1, TEST_CARD_FAULT_CANCEL,
                               world->cancellable);
}

static void
exchange_card(CeremonyWorld *world)
{
    SimReader *reader = virtual_readers_get(world->cards->readers, 1);

    sim_reader_remove(reader);
    ck_assert(sim_reader_insert(reader, ceremony_world_card(world, "other"), NULL));
}

static void
overwrite_with_fault(CeremonyWorld *world, SimCardFaultKind kind, unsigned at, uint16_t sw,
                     GError **error)
{
    next_fault = (SimCardFault){ .kind = kind, .after = at, .times = 1, .sw = sw };
    world->meanwhile = add_fault;
    ck_assert(!create_zone(world, error));
    ck_assert_str_eq(world->plans->str, "card-overwrite\n");
    ck_assert_uint_eq(sim_card_faults_left(ceremony_world_card(world, "member")), 0);
}

/* What was begun has an end that says so. */
static void
check_not_erased(CeremonyWorld *world)
{
    g_auto(GStrv) lines = tke_activity_log_read(world->log, 0, NULL);
    const char *last = NULL;

    for (unsigned i = 0; lines[i] != NULL; i++) {
        last = strstr(lines[i], "\"action\":\"opentke-card.erase\"") != NULL ? lines[i] : last;
    }
    ck_assert(last == NULL || strstr(last, "\"result\":\"failed\"") != NULL);
}

START_TEST(test_a_card_that_refuses_to_delete_is_as_it_was)
{
    static const uint16_t refusals[] = { 0x6985, 0x6A80, 0x6581 };

    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autoptr(CeremonyWorld) world = world_with_member();
        g_autoptr(GError) error = NULL;

        overwrite_with_fault(world, SIM_CARD_FAULT_STATUS, DELETE_AT, refusals[i], &error);
        test_says_error(error, "deleting the applet");
        test_says_error(error, "the card is as it was");
        ck_assert(is_whole(world, "member"));
        check_not_erased(world);
    }
}
END_TEST

START_TEST(test_a_cancel_just_before_deleting_leaves_a_card_as_it_was)
{
    g_autoptr(CeremonyWorld) world = world_with_member();
    g_autoptr(GError) error = NULL;

    world->meanwhile = cancel_before_delete;
    ck_assert(!create_zone(world, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    ck_assert(test_fault_card_source_has_struck(world->source));
    test_says_error(error, "the card is as it was");
    ck_assert(is_whole(world, "member"));
    check_not_erased(world);
}
END_TEST

START_TEST(test_an_erased_card_that_refuses_the_applet_is_said_to_be_erased)
{
    static const uint16_t refusals[] = { 0x6A84, 0x6581, 0x6985 };

    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autoptr(CeremonyWorld) world = world_with_member();
        g_autoptr(GError) error = NULL;

        overwrite_with_fault(world, SIM_CARD_FAULT_STATUS, DELETE_AT + 2, refusals[i], &error);
        test_says_error(error, "preparing the card for the applet");
        test_says_error(error, "the card has no applet now");
        ck_assert(!is_whole(world, "member"));
        ck_assert(log_has(world, "\"action\":\"opentke-card.erase\""));
        ck_assert(!log_has(world, "\"result\":\"unknown\""));
    }
}
END_TEST

START_TEST(test_an_erasing_whose_answer_is_lost_is_recorded)
{
    static const SimCardFaultKind kinds[] = { SIM_CARD_FAULT_PULL_AFTER, SIM_CARD_FAULT_CUT,
                                              SIM_CARD_FAULT_SILENT_AFTER };

    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(CeremonyWorld) world = world_with_member();
        g_autoptr(GError) error = NULL;

        overwrite_with_fault(world, kinds[i], DELETE_AT, 0, &error);
        ck_assert(!is_whole(world, "member"));
        ck_assert(log_has(world, "\"action\":\"opentke-card.erase\""));
        ck_assert(log_has(world, "\"result\":\"unknown\""));
    }
}
END_TEST

START_TEST(test_a_card_of_another_version_changed_while_erase_was_typed_is_not_erased)
{
    g_autoptr(CeremonyWorld) world = world_with_member();
    g_autoptr(GError) error = NULL;

    ceremony_world_make_member(world, "other");
    sim_card_set_trait(ceremony_world_card(world, "member"), SIM_CARD_VERSION, 0x020100);
    sim_card_set_trait(ceremony_world_card(world, "other"), SIM_CARD_VERSION, 0x020100);
    ceremony_world_hand(world, 1, "member", NULL);
    world->meanwhile = exchange_card;
    ck_assert(!create_zone(world, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_REMOVED);
    test_says_error(error, "nothing was erased");
    ck_assert(is_whole(world, "member"));
    ck_assert(is_whole(world, "other"));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_used_card_that_cannot_select_for_a_moment_is_not_erased);
    tcase_add_test(tests, test_a_used_card_whose_applet_is_locked_is_not_erased);
    tcase_add_test(tests, test_a_card_that_refuses_to_delete_is_as_it_was);
    tcase_add_test(tests, test_a_cancel_just_before_deleting_leaves_a_card_as_it_was);
    tcase_add_test(tests, test_an_erased_card_that_refuses_the_applet_is_said_to_be_erased);
    tcase_add_test(tests, test_an_erasing_whose_answer_is_lost_is_recorded);
    tcase_add_test(tests,
                   test_a_card_of_another_version_changed_while_erase_was_typed_is_not_erased);
}

int
main(void)
{
    return test_main("card-erase", add_tests);
}
