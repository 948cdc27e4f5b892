/*
 * The step fault test of really blank cards: every block of the applet, and all before and after
 * it.
 */
#include <string.h>

#include "libceremony/op-card-enroll.h"
#include "libceremony/op-zone.h"
#include "tests/libceremony/step-faults.h"
#include "tests/support/test-main.h"

/* An applet that holds nothing counts as blank, as does a package without one. */
static StepState
state_of(CeremonyWorld *world, const char *name)
{
    SimCardInfo info = ceremony_world_info(world, name);

    if (info.kind == SIM_CARD_BLANK) {
        return STEP_NOT_DONE;
    }
    return info.life_cycle >= 3                                        ? STEP_DONE
           : info.life_cycle > 0 || info.pin_set[0] || info.pin_set[1] ? STEP_BETWEEN
                                                                       : STEP_NOT_DONE;
}

static void
hand_zone(CeremonyWorld *world)
{
    ceremony_world_hand(world, 1, "new", NULL);
}

static bool
run_zone(CeremonyWorld *world, GError **error)
{
    const TkeZoneCreateParams params = { .zone_description = "Zone", .card_description = "CA 1" };

    return tke_op_zone_create(world->op, &params, NULL, error);
}

static StepState
new_state(CeremonyWorld *world)
{
    return state_of(world, "new");
}

START_TEST(test_a_zone_on_a_blank_card_survives_a_fault_at_every_exchange)
{
    static const StepCards step = {
        .name = "zone create, blank", .hand = hand_zone, .run = run_zone, .state = new_state
    };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);

    ceremony_world_blank(world, "new", SIM_CARD_BLANK);
    step_faults_cards(world, &step);
    ck_assert_int_eq(new_state(world), STEP_NOT_DONE);
}
END_TEST

static void
hand_enroll(CeremonyWorld *world)
{
    ceremony_world_hand(world, 1, "ca", NULL);
    ceremony_world_hand(world, 2, "new", NULL);
}

static bool
run_enroll(CeremonyWorld *world, GError **error)
{
    return tke_op_card_enroll(world->op, NULL, error);
}

START_TEST(test_enrolment_of_a_blank_card_survives_a_fault_at_every_exchange)
{
    static const StepCards step = { .name = "enroll, blank",
                                    .hand = hand_enroll,
                                    .run = run_enroll,
                                    .state = new_state,
                                    .repeatable = true };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);

    ceremony_world_make_zone(world);
    ceremony_world_blank(world, "new", SIM_CARD_BLANK);
    step_faults_cards(world, &step);
    ck_assert_int_eq(new_state(world), STEP_NOT_DONE);
}
END_TEST

/* ---- a card in use is overwritten ---- */

static void
hand_member(CeremonyWorld *world)
{
    ceremony_world_hand(world, 1, "member", NULL);
}

/* The card is as it was, or it is blank or further: never anything else. */
static StepState
member_state(CeremonyWorld *world)
{
    SimCardInfo info = ceremony_world_info(world, "member");

    if (info.kind == SIM_CARD_EP11) {
        ck_assert_uint_eq(info.parts, 1);
        return STEP_NOT_DONE;
    }
    return info.kind == SIM_CARD_CA && info.life_cycle >= 3 ? STEP_DONE : STEP_BETWEEN;
}

START_TEST(test_overwriting_survives_a_fault_at_every_exchange)
{
    static const StepCards step = { .name = "zone create, over a card in use",
                                    .hand = hand_member,
                                    .run = run_zone,
                                    .state = member_state };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);

    ceremony_world_make_zone(world);
    ceremony_world_make_part(world, "member", "Part A");
    step_faults_cards(world, &step);
    ck_assert_int_eq(member_state(world), STEP_NOT_DONE);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_zone_on_a_blank_card_survives_a_fault_at_every_exchange);
    tcase_add_test(tests, test_enrolment_of_a_blank_card_survives_a_fault_at_every_exchange);
    tcase_add_test(tests, test_overwriting_survives_a_fault_at_every_exchange);
}

int
main(void)
{
    return test_main("step-faults-blank", add_tests);
}
