/*
 * The step fault test of zones and of cards that join them.
 */
#include <string.h>

#include "libceremony/op-card-enroll.h"
#include "libceremony/op-card-pin.h"
#include "libceremony/op-card.h"
#include "libceremony/op-zone.h"
#include "tests/libceremony/step-faults.h"
#include "tests/support/test-main.h"

#define NEW_PIN "654321"

/* ---- a zone ---- */

static void
hand_new_ca(CeremonyWorld *world)
{
    ceremony_world_hand(world, 1, "ca-1", NULL);
}

static bool
run_zone_create(CeremonyWorld *world, GError **error)
{
    const TkeZoneCreateParams params = { .zone_description = "Zone", .card_description = "CA 1" };
    TkeZoneResult result;

    return tke_op_zone_create(world->op, &params, &result, error);
}

static StepState
zone_state(CeremonyWorld *world)
{
    SimCardInfo info = ceremony_world_info(world, "ca-1");

    return info.life_cycle >= 3                 ? STEP_DONE
           : info.pin_set[0] || info.pin_set[1] ? STEP_BETWEEN
                                                : STEP_NOT_DONE;
}

START_TEST(test_a_zone_survives_a_fault_at_every_exchange)
{
    static const StepCards step = {
        .name = "zone create", .hand = hand_new_ca, .run = run_zone_create, .state = zone_state
    };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);

    ceremony_world_blank(world, "ca-1", SIM_CARD_CA);
    step_faults_cards(world, &step);
    ck_assert_int_eq(zone_state(world), STEP_NOT_DONE);
}
END_TEST

/* ---- its backup ---- */

static void
hand_backup(CeremonyWorld *world)
{
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "ca-2", NULL);
}

static bool
run_backup(CeremonyWorld *world, GError **error)
{
    const TkeZoneBackupParams params = { .card_description = "backup" };
    TkeZoneResult result;

    return tke_op_zone_backup(world->op, &params, &result, error);
}

static StepState
backup_state(CeremonyWorld *world)
{
    SimCardInfo info = ceremony_world_info(world, "ca-2");
    SimCardInfo source = ceremony_world_info(world, "ca");

    ck_assert_int_eq(source.life_cycle, 3);
    if (info.life_cycle >= 3 && strcmp(info.description, "backup") == 0) {
        ck_assert_mem_eq(info.zone_id, source.zone_id, sizeof info.zone_id);
        return STEP_DONE;
    }
    return info.life_cycle > 0 || info.pin_set[0] || info.pin_set[1] ? STEP_BETWEEN : STEP_NOT_DONE;
}

START_TEST(test_a_backup_survives_a_fault_at_every_exchange)
{
    static const StepCards step = {
        .name = "zone backup", .hand = hand_backup, .run = run_backup, .state = backup_state
    };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);

    ceremony_world_make_zone(world);
    ceremony_world_blank(world, "ca-2", SIM_CARD_CA);
    step_faults_cards(world, &step);
    ck_assert_int_eq(backup_state(world), STEP_NOT_DONE);
}
END_TEST

/* ---- enrolment ---- */

static void
hand_enroll(CeremonyWorld *world)
{
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "new", NULL);
}

static bool
run_enroll(CeremonyWorld *world, GError **error)
{
    TkeCardStatus status;

    return tke_op_card_enroll(world->op, &status, error);
}

static StepState
enroll_state(CeremonyWorld *world)
{
    SimCardInfo info = ceremony_world_info(world, "new");

    return info.life_cycle >= 3 ? STEP_DONE : info.life_cycle > 0 ? STEP_BETWEEN : STEP_NOT_DONE;
}

START_TEST(test_enrolment_survives_a_fault_at_every_exchange)
{
    static const StepCards step = { .name = "enroll",
                                    .hand = hand_enroll,
                                    .run = run_enroll,
                                    .state = enroll_state,
                                    .repeatable = true,
                                    .patience = 1 };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);

    ceremony_world_make_zone(world);
    ceremony_world_blank(world, "new", SIM_CARD_EP11);
    step_faults_cards(world, &step);
    ck_assert_int_eq(enroll_state(world), STEP_NOT_DONE);
}
END_TEST

/* ---- personalisation ---- */

static void
hand_new(CeremonyWorld *world)
{
    ceremony_world_hand(world, 2, "new", NULL);
}

static bool
run_personalize(CeremonyWorld *world, GError **error)
{
    const TkeCardPersonalizeParams params = { .description = "Card of Alice" };
    TkeCardStatus status;

    return tke_op_card_personalize(world->op, &params, &status, error);
}

static bool
run_describe(CeremonyWorld *world, GError **error)
{
    const TkeCardDescribeParams params = { .description = "Card of Alice" };
    TkeCardDescribeResult result;

    return tke_op_card_describe(world->op, &params, &result, error);
}

static StepState
personalize_state(CeremonyWorld *world)
{
    SimCardInfo info = ceremony_world_info(world, "new");

    return info.life_cycle < 4                              ? STEP_NOT_DONE
           : strcmp(info.description, "Card of Alice") == 0 ? STEP_DONE
                                                            : STEP_BETWEEN;
}

START_TEST(test_personalising_survives_a_fault_at_every_exchange)
{
    static const StepCards step = { .name = "personalize",
                                    .hand = hand_new,
                                    .run = run_personalize,
                                    .state = personalize_state,
                                    .complete = run_describe };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(GError) error = NULL;

    ceremony_world_make_zone(world);
    ceremony_world_blank(world, "new", SIM_CARD_EP11);
    hand_enroll(world);
    card_world_check(run_enroll(world, &error), error);
    ceremony_world_go_on(world);
    ceremony_world_restart(world);
    step_faults_cards(world, &step);
    ck_assert_int_eq(personalize_state(world), STEP_NOT_DONE);
}
END_TEST

/* ---- a member of the zone ---- */

static void
hand_member(CeremonyWorld *world)
{
    ceremony_world_hand(world, 2, "member", NULL);
}

static bool
run_describe_member(CeremonyWorld *world, GError **error)
{
    return run_describe(world, error);
}

static StepState
describe_state(CeremonyWorld *world)
{
    return strcmp(ceremony_world_info(world, "member").description, "Card of Alice") == 0
               ? STEP_DONE
               : STEP_NOT_DONE;
}

static CeremonyWorld *
member_world(void)
{
    CeremonyWorld *world = ceremony_world_new(1);

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "member");
    return world;
}

START_TEST(test_describing_survives_a_fault_at_every_exchange)
{
    static const StepCards step = {
        .name = "describe", .hand = hand_member, .run = run_describe_member, .state = describe_state
    };
    g_autoptr(CeremonyWorld) world = member_world();

    step_faults_cards(world, &step);
    ck_assert_int_eq(describe_state(world), STEP_NOT_DONE);
}
END_TEST

static void
hand_change(CeremonyWorld *world)
{
    hand_member(world);
    ceremony_world_type(world, 2, WORLD_PIN "E" NEW_PIN "E" NEW_PIN "E");
}

static bool
run_change(CeremonyWorld *world, GError **error)
{
    const TkeCardChangePinParams params = { .reader = 2, .pin = 1 };
    TkeCardStatus status;

    return tke_op_card_change_pin(world->op, &params, &status, error);
}

static StepState
change_state(CeremonyWorld *world)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSecret) pin =
        sim_card_reveal_pin(g_hash_table_lookup(world->by_name, "member"), 0x81, &error);
    size_t len = 0;

    card_world_check(pin != NULL, error);
    return memcmp(tke_secret_bytes(pin, &len), NEW_PIN, 6) == 0 ? STEP_DONE : STEP_NOT_DONE;
}

START_TEST(test_changing_a_pin_survives_a_fault_at_every_exchange)
{
    static const StepCards step = {
        .name = "change pin", .hand = hand_change, .run = run_change, .state = change_state
    };
    g_autoptr(CeremonyWorld) world = member_world();

    step_faults_cards(world, &step);
    ck_assert_int_eq(change_state(world), STEP_NOT_DONE);
}
END_TEST

static void
hand_unblock(CeremonyWorld *world)
{
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "member", NULL);
}

static bool
run_unblock(CeremonyWorld *world, GError **error)
{
    TkeCardStatus status;

    return tke_op_card_unblock(world->op, &status, error);
}

static StepState
unblock_state(CeremonyWorld *world)
{
    return ceremony_world_info(world, "member").pin_tries[0] > 0 ? STEP_DONE : STEP_NOT_DONE;
}

START_TEST(test_unblocking_survives_a_fault_at_every_exchange)
{
    static const StepCards step = {
        .name = "unblock", .hand = hand_unblock, .run = run_unblock, .state = unblock_state
    };
    g_autoptr(CeremonyWorld) world = member_world();

    ck_assert(sim_card_block_pin(g_hash_table_lookup(world->by_name, "member"), 0x81));
    step_faults_cards(world, &step);
    ck_assert_int_eq(unblock_state(world), STEP_NOT_DONE);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 600); /* many runs each */
    tcase_add_test(tests, test_a_zone_survives_a_fault_at_every_exchange);
    tcase_add_test(tests, test_a_backup_survives_a_fault_at_every_exchange);
    tcase_add_test(tests, test_enrolment_survives_a_fault_at_every_exchange);
    tcase_add_test(tests, test_personalising_survives_a_fault_at_every_exchange);
    tcase_add_test(tests, test_describing_survives_a_fault_at_every_exchange);
    tcase_add_test(tests, test_changing_a_pin_survives_a_fault_at_every_exchange);
    tcase_add_test(tests, test_unblocking_survives_a_fault_at_every_exchange);
}

int
main(void)
{
    return test_main("step-faults-cards", add_tests);
}
