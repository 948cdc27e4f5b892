/*
 * An applet that is on a card already, and has no zone, is asked what it found when it was
 * installed: a card that lacks something goes into no ceremony, whoever put the applet on it
 * (card-protocol.md, 1 and 6.4; F-041).
 */
#include <string.h>

#include "libceremony/advice.h"
#include "libceremony/op-card-enroll.h"
#include "libceremony/op-zone.h"
#include "libsmartcard/card-error.h"
#include "libsmartcard/gp-scp-private.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/fault-card-source.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"
#include "tests/support/test-says.h"

#define MOST_EXCHANGES 60u
#define NO_AES (1u << 3)

/* The card is in the reader already. */
static bool
go_on_with_zone(CeremonyWorld *world, GError **error)
{
    const TkeZoneCreateParams params = { .zone_description = "Zone", .card_description = "CA 1" };

    return tke_op_zone_create(world->op, &params, NULL, error);
}

static bool
create_zone(CeremonyWorld *world, GError **error)
{
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "new", NULL);
    return go_on_with_zone(world, error);
}

static bool
enroll(CeremonyWorld *world, GError **error)
{
    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "new", NULL);
    return tke_op_card_enroll(world->op, NULL, error);
}

static bool
back_up(CeremonyWorld *world, GError **error)
{
    const TkeZoneBackupParams params = { .card_description = "backup" };

    ceremony_world_restart(world);
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "new", NULL);
    return tke_op_zone_backup(world->op, &params, NULL, error);
}

static const struct {
    bool (*run)(CeremonyWorld *world, GError **error);
    SimCardKind kind;
    const char *action;
} steps[] = {
    { create_zone, SIM_CARD_CA, "opentke-zone.create" },
    { enroll, SIM_CARD_EP11, "opentke-card.enroll" },
    { back_up, SIM_CARD_CA, "opentke-zone.backup" },
};

static CeremonyWorld *
world_with(SimCardKind kind, uint32_t lacks)
{
    CeremonyWorld *world = ceremony_world_new(1);

    ceremony_world_make_zone(world);
    ceremony_world_blank(world, "new", kind);
    if (lacks != 0) {
        sim_card_set_trait(ceremony_world_card(world, "new"), SIM_CARD_LACKS, lacks);
    }
    return world;
}

static void
check_log_has(CeremonyWorld *world, const char *text)
{
    g_auto(GStrv) lines = tke_activity_log_read(world->log, 0, NULL);
    g_autofree char *all = g_strjoinv("\n", lines);

    ck_assert_msg(strstr(all, text) != NULL, "no %s in\n%s", text, all);
}

static void
check_taken_off(CeremonyWorld *world, const GError *error)
{
    const SimCardInfo info = ceremony_world_info(world, "new");
    TkeCardErrorInfo about;

    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_UNSUITABLE);
    test_says_error(error, "it lacks AES-256, as the applet has found");
    test_says_error(error, "the applet was taken off the card again");
    ck_assert(tke_card_error_get_info(error, &about));
    ck_assert(g_str_has_prefix(about.details, "ATR ") &&
              strstr(about.details, "maker's data ") != NULL);
    ck_assert_int_eq(info.kind, SIM_CARD_BLANK);
    ck_assert(!info.has_package);
}

START_TEST(test_an_applet_on_a_card_that_lacks_something_is_taken_off)
{
    g_autoptr(CeremonyWorld) world = world_with(steps[_i].kind, NO_AES);
    g_autoptr(GError) error = NULL;

    ck_assert(!steps[_i].run(world, &error));
    check_taken_off(world, error);
    check_log_has(world, steps[_i].action);
    check_log_has(world, "it lacks AES-256");
    check_log_has(world, "\"details\":\"ATR ");
    /* and a card that has everything goes into it, with its applet */
    ceremony_world_blank(world, "new", steps[_i].kind);
    g_clear_error(&error);
    card_world_check(steps[_i].run(world, &error), error);
    ck_assert_int_eq(ceremony_world_info(world, "new").life_cycle, 3);
}
END_TEST

/* Pulls the card at each exchange in turn until its applet was installed and nothing else was
 * done. */
static void
pull_after_install(CeremonyWorld *world)
{
    for (unsigned n = 1; n <= MOST_EXCHANGES; n++) {
        g_autoptr(GError) error = NULL;

        tke_gp_scp_forget_refusals();
        test_fault_card_source_clear(world->source);
        test_fault_card_source_set(world->source, n, TEST_CARD_FAULT_PULL_AFTER, NULL);
        ck_assert(!create_zone(world, &error));
        if (ceremony_world_info(world, "new").kind != SIM_CARD_BLANK) {
            test_fault_card_source_clear(world->source);
            return;
        }
    }
    ck_abort_msg("the applet was never installed");
}

START_TEST(test_a_card_pulled_between_installation_and_probe_is_probed_by_the_next_run)
{
    g_autoptr(CeremonyWorld) world = world_with(SIM_CARD_BLANK, NO_AES);
    g_autoptr(GError) error = NULL;

    pull_after_install(world);
    ck_assert_int_eq(ceremony_world_info(world, "new").kind, SIM_CARD_CA);
    ck_assert(!create_zone(world, &error));
    check_taken_off(world, error);
}
END_TEST

START_TEST(test_an_applet_that_cannot_be_taken_off_is_told_with_the_reason)
{
    g_autoptr(CeremonyWorld) world = world_with(SIM_CARD_CA, NO_AES);
    g_autoptr(GError) error = NULL;
    g_autofree char *advice = NULL;

    sim_card_set_trait(ceremony_world_card(world, "new"), SIM_CARD_OTHER_KEYS, 0);
    ck_assert(!create_zone(world, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_UNSUITABLE);
    test_says_error(error, "it lacks AES-256, as the applet has found");
    test_says_error(error,
                    "the applet may still be on the card, because it could not be taken off (");
    test_says_error(error, "the issuer keys of this card are others");
    advice = tke_advice_for_error(error);
    ck_assert_msg(g_str_has_prefix(advice, "Take another card."), "%s", advice);
    ck_assert_int_eq(ceremony_world_info(world, "new").kind, SIM_CARD_CA);
    /* and nobody comes past it, nor tries the keys again */
    g_clear_error(&error);
    ck_assert(!create_zone(world, &error));
    test_says_error(error, "it lacks AES-256");
    test_says_error(error, "has refused the key set (default test keys) before");
}
END_TEST

/* Strikes the one exchange in which the applet is asked: the first after the card was recognised,
 * in 2 or 3. */
static bool
spoil_probe(CeremonyWorld *world, TestCardFault fault, GError **error)
{
    SimReader *reader = virtual_readers_get(world->cards->readers, 1);
    bool done = false;

    ceremony_world_restart(world);
    ck_assert(sim_reader_insert(reader, ceremony_world_card(world, "new"), NULL));
    test_fault_card_source_clear(world->source);
    ck_assert(tke_card_session_look(world->op, NULL, NULL));
    ck_assert_uint_ge(test_fault_card_source_get_exchanges(world->source), 2);
    ck_assert_uint_le(test_fault_card_source_get_exchanges(world->source), 3);
    test_fault_card_source_clear(world->source);
    test_fault_card_source_set(world->source, 1, fault, world->cancellable);
    done = go_on_with_zone(world, error);
    ck_assert(test_fault_card_source_has_struck(world->source));
    test_fault_card_source_clear(world->source);
    return done;
}

START_TEST(test_a_probe_that_is_cut_off_leaves_the_card_as_it_is)
{
    static const TestCardFault faults[] = { TEST_CARD_FAULT_PULL_BEFORE, TEST_CARD_FAULT_PULL_AFTER,
                                            TEST_CARD_FAULT_SILENT, TEST_CARD_FAULT_CANCEL };
    g_autoptr(CeremonyWorld) world = world_with(SIM_CARD_CA, 0);
    const SimCardInfo before = ceremony_world_info(world, "new");
    g_autoptr(GError) error = NULL;
    SimCardInfo after;

    ck_assert(!spoil_probe(world, faults[_i], &error));
    ck_assert_ptr_null(strstr(error->message, "taken off"));
    after = ceremony_world_info(world, "new");
    ck_assert_mem_eq(after.card_id, before.card_id, sizeof after.card_id);
    ck_assert(!after.pin_set[0]);
    g_clear_error(&error);
    card_world_check(create_zone(world, &error), error);
    after = ceremony_world_info(world, "new");
    ck_assert_mem_eq(after.card_id, before.card_id, sizeof after.card_id);
}
END_TEST

START_TEST(test_an_applet_that_answers_the_probe_wrongly_is_taken_off)
{
    static const TestCardFault faults[] = { TEST_CARD_FAULT_GARBAGE, TEST_CARD_FAULT_STATUS };
    g_autoptr(CeremonyWorld) world = world_with(SIM_CARD_CA, 0);
    g_autoptr(GError) error = NULL;

    ck_assert(!spoil_probe(world, faults[_i], &error));
    test_says_error(error, "probing the card");
    test_says_error(error, "the applet was taken off the card again");
    ck_assert_int_eq(ceremony_world_info(world, "new").kind, SIM_CARD_BLANK);
    g_clear_error(&error);
    card_world_check(create_zone(world, &error), error);
}
END_TEST

static bool
says_applet_is_there(CeremonyWorld *world, const GError *error)
{
    return strstr(world->notes->str, "has its applet now") != NULL ||
           strstr(error->message, "the card has its applet now") != NULL ||
           strstr(error->message, "may still be on the card") != NULL;
}

/* Whatever fails: who puts a blank card in is told if an applet is on it now, and the activity log
 * knows of it. */
START_TEST(test_an_applet_that_was_loaded_is_told_of_whatever_fails_then)
{
    static const TestCardFault faults[] = { TEST_CARD_FAULT_STATUS, TEST_CARD_FAULT_GARBAGE };
    unsigned there = 0;

    for (unsigned n = 1; n <= MOST_EXCHANGES; n++) {
        g_autoptr(CeremonyWorld) world = world_with(SIM_CARD_BLANK, 0);
        g_autoptr(GError) error = NULL;
        g_auto(GStrv) lines = NULL;
        g_autofree char *all = NULL;

        tke_gp_scp_forget_refusals();
        test_fault_card_source_set(world->source, n, faults[_i], NULL);
        if (create_zone(world, &error) || ceremony_world_info(world, "new").kind != SIM_CARD_CA ||
            ceremony_world_info(world, "new").pin_set[0]) {
            continue;
        }
        ck_assert_msg(says_applet_is_there(world, error), "exchange %u: %.700s", n, error->message);
        lines = tke_activity_log_read(world->log, 0, NULL);
        all = g_strjoinv("\n", lines);
        ck_assert_msg(strstr(error->message, "may still be") != NULL ||
                          strstr(all, "\"action\":\"opentke-card.load\"") != NULL,
                      "exchange %u: %.700s", n, error->message);
        there++;
    }
    ck_assert_uint_ge(there, 2);
}
END_TEST

static bool
has_begun(CeremonyWorld *world)
{
    const SimCardInfo info = ceremony_world_info(world, "new");

    return info.life_cycle > 0 && info.life_cycle < 3;
}

/* Enrolment goes on where it stopped: the zone is on the card, and the applet is not asked any
 * more. */
START_TEST(test_a_card_with_a_zone_is_not_probed)
{
    g_autoptr(CeremonyWorld) world = world_with(SIM_CARD_EP11, 0);
    g_autoptr(GError) error = NULL;

    for (unsigned n = 1; !has_begun(world); n++) {
        ck_assert_uint_lt(n, MOST_EXCHANGES);
        ceremony_world_blank(world, "new", SIM_CARD_EP11);
        test_fault_card_source_clear(world->source);
        test_fault_card_source_set(world->source, n, TEST_CARD_FAULT_PULL_AFTER, NULL);
        enroll(world, NULL);
    }
    test_fault_card_source_clear(world->source);
    sim_card_set_trait(ceremony_world_card(world, "new"), SIM_CARD_LACKS, NO_AES);
    card_world_check(enroll(world, &error), error);
    ck_assert_int_eq(ceremony_world_info(world, "new").life_cycle, 3);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_an_applet_on_a_card_that_lacks_something_is_taken_off, 0, 3);
    tcase_add_test(tests,
                   test_a_card_pulled_between_installation_and_probe_is_probed_by_the_next_run);
    tcase_add_test(tests, test_an_applet_that_cannot_be_taken_off_is_told_with_the_reason);
    tcase_add_loop_test(tests, test_a_probe_that_is_cut_off_leaves_the_card_as_it_is, 0, 4);
    tcase_add_loop_test(tests, test_an_applet_that_answers_the_probe_wrongly_is_taken_off, 0, 2);
    tcase_add_test(tests, test_a_card_with_a_zone_is_not_probed);
    tcase_add_loop_test(tests, test_an_applet_that_was_loaded_is_told_of_whatever_fails_then, 0, 2);
}

int
main(void)
{
    return test_main("card-probe", add_tests);
}
