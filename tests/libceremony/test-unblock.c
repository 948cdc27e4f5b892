/*
 * Unblocking an EP11 card: who is asked for what, and waited for (functions 2.8).
 */
#include "common/error.h"
#include "libceremony/op-card-pin.h"
#include "libceremony/op-zone.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/test-main.h"
#include "tests/support/test-says.h"

static void
put(CeremonyWorld *world, unsigned reader, const char *name)
{
    SimReader *where = virtual_readers_get(world->cards->readers, reader);
    g_autoptr(GError) error = NULL;

    sim_reader_remove(where);
    ck_assert(sim_reader_insert(where, ceremony_world_card(world, name), &error));
}

static CeremonyWorld *
member_world(void)
{
    CeremonyWorld *world = ceremony_world_new(1);

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "member");
    ceremony_world_restart(world);
    return world;
}

/* What lies there is looked at first (2.8): with the CA card, without it, before it is put in. */
START_TEST(test_nobody_types_pins_for_a_card_that_is_not_blocked)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(GError) error = NULL;

    put(world, 2, "member");
    if (_i == 0) {
        put(world, 1, "ca");
    }
    ck_assert(!tke_op_card_unblock(world->op, NULL, &error));
    test_says(error->message, "reader 2: this card is not blocked: 3 tries are left");
    ck_assert_str_eq(world->prompts->str, ""); /* and nobody for a card */
    ck_assert_str_eq(world->tries->str, "");
}
END_TEST

/* One of another zone is no reason to end: the blocked one of the zone may still be put in. */
START_TEST(test_a_card_of_another_zone_that_is_not_blocked_gives_way_to_the_blocked_one)
{
    g_autoptr(CeremonyWorld) world = member_world();
    const TkeZoneCreateParams create = { .zone_description = "Other zone",
                                         .card_description = "Other officers" };
    TkeZoneResult other = { 0 };
    g_autoptr(GError) error = NULL;

    ceremony_world_blank(world, "ca-2", SIM_CARD_CA);
    ceremony_world_hand(world, 1, "ca-2", NULL);
    card_world_check(tke_op_zone_create(world->op, &create, &other, &error), error);
    ceremony_world_restart(world);
    put(world, 1, "ca-2");
    put(world, 2, "member");
    ceremony_world_hand(world, 2, NULL);
    ck_assert(!tke_op_card_unblock(world->op, NULL, &error));
    test_says(world->prompts->str, "insert unblock, reader 2: wrong-zone\n");
}
END_TEST

#define WAITS 3u /* after which nobody is expected any more */

static unsigned waits;

static void
show_only(void *ui, const TkePrompt *prompt)
{
    CeremonyWorld *world = ui;

    g_string_append_printf(world->prompts, "shown for reader %u\n", prompt->reader);
}

static bool
be_patient(void *ui, gint64 shown_ms, int *timeout_ms, GError **error)
{
    (void) ui;
    ck_assert(shown_ms >= 0);
    if (++waits > WAITS) {
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_USAGE, "nobody came");
        return false;
    }
    *timeout_ms = 1;
    return true;
}

START_TEST(test_a_card_is_waited_for_no_longer_than_the_prompter_says)
{
    g_autoptr(CeremonyWorld) world = member_world();
    g_autoptr(TkeOperation) op = NULL;
    TkePrompterOps ops = ceremony_world_operator;
    g_autoptr(GError) error = NULL;

    waits = 0;
    ops.show = show_only;
    ops.may_wait = be_patient;
    op = tke_operation_new(world->world, world->session, world->log, &ops, world,
                           world->cancellable);
    ck_assert(!tke_op_card_unblock(op, NULL, &error));
    ck_assert_msg(g_error_matches(error, TKE_ERROR, TKE_ERROR_USAGE), "%s", error->message);
    test_says(error->message, "nobody came");
    ck_assert_str_eq(world->prompts->str, "shown for reader 1\n"); /* once */
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_nobody_types_pins_for_a_card_that_is_not_blocked, 0, 2);
    tcase_add_test(tests, test_a_card_is_waited_for_no_longer_than_the_prompter_says);
    tcase_add_test(tests,
                   test_a_card_of_another_zone_that_is_not_blocked_gives_way_to_the_blocked_one);
}

int
main(void)
{
    return test_main("unblock", add_tests);
}
