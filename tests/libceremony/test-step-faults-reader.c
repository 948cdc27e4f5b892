/*
 * The step fault test of the test of a keypad: whatever exchange fails, the card has its PIN or it
 * is said that it has not.
 */
#include <string.h>

#include "libceremony/op-card-pin.h"
#include "libceremony/op-reader-test.h"
#include "tests/libceremony/step-faults.h"
#include "tests/support/test-main.h"

static bool passed; /* the last run, in the process of its own that each run has */

static bool
has_pin(CeremonyWorld *world, const char *digits)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSecret) pin =
        sim_card_reveal_pin(g_hash_table_lookup(world->by_name, "a"), 0x81, &error);

    card_world_check(pin != NULL, error);
    return memcmp(tke_secret_bytes(pin, NULL), digits, strlen(digits)) == 0;
}

static void
hand(CeremonyWorld *world)
{
    ceremony_world_hand(world, 2, "a", NULL);
}

static bool
run(CeremonyWorld *world, GError **error)
{
    const TkeReaderTestParams params = { .reader = 2, .second_ms = 20 };
    g_autoptr(TkeReaderTest) test = NULL;
    SimCardInfo info = { 0 };

    passed = tke_op_reader_test(world->op, &params, &test, error);
    sim_card_get_info(g_hash_table_lookup(world->by_name, "a"), &info);
    ck_assert_uint_ge(info.pin_tries[0], 2);
    ck_assert(!passed || test->verdict != TKE_READER_VERDICT_NOT_DONE);
    if (test != NULL && test->pin == TKE_READER_PIN_CHANGED) {
        ck_assert(has_pin(world, WORLD_TEST_PIN));
    } else if (test != NULL && test->pin != TKE_READER_PIN_UNKNOWN) {
        ck_assert(has_pin(world, WORLD_PIN));
    }
    return passed;
}

static StepState
state(CeremonyWorld *world)
{
    return !has_pin(world, WORLD_PIN) ? STEP_BETWEEN : passed ? STEP_DONE : STEP_NOT_DONE;
}

/* As the error says: the PIN is changed back. */
static bool
complete(CeremonyWorld *world, GError **error)
{
    const TkeCardChangePinParams params = { .reader = 2, .pin = 1 };
    TkeCardStatus status;

    ceremony_world_type(world, 2, WORLD_TEST_PIN "E" WORLD_PIN "E" WORLD_PIN "E");
    passed = tke_op_card_change_pin(world->op, &params, &status, error);
    return passed;
}

START_TEST(test_a_keypad_is_tested_with_a_fault_at_every_exchange)
{
    static const StepCards step = {
        .name = "reader test", .hand = hand, .run = run, .state = state, .complete = complete
    };
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);

    ceremony_world_make_zone(world);
    ceremony_world_make_member(world, "a");
    ceremony_world_restart(world);
    /* a real timeout at each run would be most of this test's time */
    sim_reader_add_fault(virtual_readers_get(world->cards->readers, 2),
                         SIM_READER_FAULT_QUICK_CLOCK, 0);
    step_faults_cards(world, &step);
    ck_assert(has_pin(world, WORLD_PIN));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 600); /* many runs */
    tcase_add_test(tests, test_a_keypad_is_tested_with_a_fault_at_every_exchange);
}

int
main(void)
{
    return test_main("step-faults-reader", add_tests);
}
