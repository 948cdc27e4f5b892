/*
 * Commands for units: sent once, believed only when signed (crypto-unit-protocol.md, 1.12, 2.6,
 * 2.8; annex C, 5, 17).
 */
#include "libep11admin/unit-command.h"

#include <string.h>

#include "libep11admin/unit-master-key.h"
#include "libep11admin/unit-zeroize.h"
#include "tests/libep11admin/unit-world.h"
#include "tests/support/test-main.h"

/* A signed clear-new command for unit 0 of the world. */
static TkeUnitCommand *
make_clear(UnitWorld *world)
{
    g_autoptr(GError) error = NULL;
    TkeUnitCommand *command = unit_world_made(
        tke_unit_master_key_new_clear_new(unit_world_unit(world, 0), &error), &error);

    unit_world_sign(world, command, 0);
    return command;
}

START_TEST(test_refusal_is_told_with_its_codes)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    FakeUnit *fake = fake_units_get(world->fakes, 0);
    g_autoptr(TkeUnitCommand) command = NULL;
    g_autoptr(GError) error = NULL;

    unit_world_query_well(world);
    command = make_clear(world);
    fake->refuse_code = 80;
    fake->refuse_reason = 46;
    ck_assert(!tke_unit_command_send(world->transport, &command, 1, NULL, &error));
    ck_assert(tke_unit_error_is_refusal(error, 80, 46));
    ck_assert(tke_unit_error_get_details(error)->is_signed);
    ck_assert_str_eq(tke_unit_error_get_details(error)->unit, "crypto unit 1");
    ck_assert_int_eq(tke_unit_command_get_outcome(command), TKE_UNIT_OUTCOME_REFUSED);
    ck_assert(!tke_unit_command_is_stale(command));
    ck_assert_int_eq(tke_unit_get_trust(unit_world_unit(world, 0)), TKE_UNIT_VERIFIED);
}
END_TEST

START_TEST(test_counter_that_has_passed_asks_for_signing_again)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(TkeUnitCommand) command = NULL;
    g_autoptr(TkeUnitCommand) again = NULL;
    g_autoptr(GError) error = NULL;

    unit_world_query_well(world);
    command = make_clear(world);
    fake_units_get(world->fakes, 0)->identity.counter[15]++; /* somebody else */
    ck_assert(!tke_unit_command_send(world->transport, &command, 1, NULL, &error));
    ck_assert(tke_unit_error_is_refusal(error, 163, 19));
    ck_assert(tke_unit_command_is_stale(command));
    again = make_clear(world); /* the refusal told the counter */
    unit_world_send(world, again);
}
END_TEST

START_TEST(test_newer_answer_makes_a_prepared_command_stale)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(TkeUnitCommand) command = NULL;
    g_autoptr(GError) error = NULL;

    unit_world_query_well(world);
    command = make_clear(world);
    fake_units_get(world->fakes, 0)->identity.counter[15]++;
    unit_world_query_well(world);
    ck_assert(!tke_unit_command_send(world->transport, &command, 1, NULL, &error));
    test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_PRECONDITION);
    ck_assert(tke_unit_command_is_stale(command));
    ck_assert_int_eq(tke_unit_command_get_outcome(command), TKE_UNIT_OUTCOME_NOT_SENT);
}
END_TEST

START_TEST(test_command_is_sent_once)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(TkeUnitCommand) command = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) sign_error = NULL;

    unit_world_query_well(world);
    command = make_clear(world);
    unit_world_send(world, command);
    ck_assert(!tke_unit_command_send(world->transport, &command, 1, NULL, &error));
    unit_world_check_precondition(NULL, &error, "sent already");
    ck_assert(
        !tke_unit_command_add_signer(command, &world->admins[1].signer.base, NULL, &sign_error));
    ck_assert_uint_eq(fake_units_get(world->fakes, 0)->n_commands, 1);
}
END_TEST

START_TEST(test_what_the_service_turned_away_may_be_sent_again)
{
    static const unsigned statuses[] = { 400, 401, 403, 404 };
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(TkeUnitCommand) command = NULL;

    unit_world_query_well(world);
    command = make_clear(world);
    for (unsigned i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_autoptr(GError) error = NULL;

        test_fault_unit_transport_clear(world->transport);
        test_fault_unit_transport_set(world->transport, "unit-0", 1, TEST_UNIT_FAULT_STATUS,
                                      statuses[i]);
        ck_assert(!tke_unit_command_send(world->transport, &command, 1, NULL, &error));
        ck_assert_int_eq(tke_unit_command_get_outcome(command), TKE_UNIT_OUTCOME_NOT_SENT);
    }
    test_fault_unit_transport_clear(world->transport);
    unit_world_send(world, command);
}
END_TEST

START_TEST(test_one_failing_unit_does_not_keep_the_others_from_it)
{
    g_autoptr(UnitWorld) world = unit_world_new(3, 0, 2, 1, 1);
    TkeUnitCommand *commands[3] = { 0 };
    g_autoptr(GError) error = NULL;

    unit_world_query_well(world);
    for (unsigned i = 0; i < 3; i++) {
        commands[i] = tke_unit_master_key_new_clear_new(unit_world_unit(world, i), NULL);
        unit_world_sign(world, commands[i], 0);
    }
    fake_units_get(world->fakes, 1)->refuse_code = 80;
    ck_assert(!tke_unit_command_send(world->transport, commands, 3, NULL, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "crypto unit 2"));
    ck_assert(tke_unit_command_is_done(commands[0]));
    ck_assert_int_eq(tke_unit_command_get_outcome(commands[1]), TKE_UNIT_OUTCOME_REFUSED);
    ck_assert(tke_unit_command_is_done(commands[2]));
    for (unsigned i = 0; i < 3; i++) {
        tke_unit_command_free(commands[i]);
    }
}
END_TEST

START_TEST(test_forged_answer_leaves_the_outcome_unknown_and_refuses_the_unit)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(TkeUnitCommand) command = NULL;
    g_autoptr(TkeUnitCommand) next = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) next_error = NULL;

    unit_world_query_well(world);
    command = make_clear(world);
    next = make_clear(world);
    fake_units_get(world->fakes, 0)->other_key = true;
    ck_assert(!tke_unit_command_send(world->transport, &command, 1, NULL, &error));
    test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_SIGNATURE);
    ck_assert_int_eq(tke_unit_command_get_outcome(command), TKE_UNIT_OUTCOME_UNKNOWN);
    ck_assert_int_eq(tke_unit_get_trust(unit_world_unit(world, 0)), TKE_UNIT_REFUSED);
    ck_assert(!tke_unit_command_send(world->transport, &next, 1, NULL, &next_error));
    test_bytes_check_error(next_error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_SIGNATURE);
    ck_assert_uint_eq(fake_units_get(world->fakes, 0)->n_commands, 1);
}
END_TEST

START_TEST(test_replayed_answer_is_refused)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(TkeUnitCommand) command = NULL;
    g_autoptr(GError) error = NULL;

    unit_world_query_well(world);
    command = make_clear(world);
    fake_units_get(world->fakes, 0)->old_counter = true;
    ck_assert(!tke_unit_command_send(world->transport, &command, 1, NULL, &error));
    test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_IDENTITY);
    ck_assert_int_eq(tke_unit_command_get_outcome(command), TKE_UNIT_OUTCOME_UNKNOWN);
}
END_TEST

START_TEST(test_zeroize_brings_a_new_instance_and_wants_a_query)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    TkeUnit *unit = unit_world_unit(world, 0);
    g_autoptr(TkeUnitCommand) command = NULL;
    g_autoptr(TkeUnitCommand) again = NULL;
    g_autoptr(GPtrArray) states = NULL;
    g_autoptr(GError) error = NULL;

    unit_world_query_well(world);
    command = tke_unit_zeroize_new(unit, NULL);
    unit_world_sign(world, command, 1);
    unit_world_send(world, command);
    ck_assert_mem_eq(tke_unit_get_identity(unit)->domain,
                     fake_units_get(world->fakes, 0)->identity.domain, TKE_ADMIN_DOMAIN_LEN);
    unit_world_check_precondition(tke_unit_zeroize_new(unit, &error), &error, "not read yet");
    states = unit_world_query(world, NULL, TKE_UNIT_QUERY_DEFAULT);
    ck_assert_uint_eq(((TkeUnitState *) states->pdata[0])->warnings->len, 0);
    again = tke_unit_zeroize_new(unit, NULL);
    ck_assert_uint_eq(tke_unit_command_get_needed(again), 0);
    unit_world_send(world, again);
}
END_TEST

START_TEST(test_unit_zeroized_by_somebody_else_wants_a_query)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    FakeUnit *fake = fake_units_get(world->fakes, 0);
    TkeUnit *unit = unit_world_unit(world, 0);
    g_autoptr(TkeUnitCommand) command = NULL;
    g_autoptr(GPtrArray) states = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) next_error = NULL;

    unit_world_query_well(world);
    command = make_clear(world);
    fake->identity.domain[7]++;
    fake->refuse_code = 32;
    fake->refuse_reason = 14;
    ck_assert(!tke_unit_command_send(world->transport, &command, 1, NULL, &error));
    ck_assert(tke_unit_error_is_refusal(error, 32, 14));
    ck_assert(tke_unit_command_is_stale(command));
    unit_world_check_precondition(tke_unit_master_key_new_clear_new(unit, &next_error), &next_error,
                                  "not read yet");
    states = unit_world_query(world, NULL, TKE_UNIT_QUERY_DEFAULT);
    ck_assert_uint_eq(((TkeUnitState *) states->pdata[0])->warnings->len, 1);
}
END_TEST

START_TEST(test_cancel_before_sending_sends_nothing)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(TkeUnitCommand) command = NULL;
    g_autoptr(GError) error = NULL;

    unit_world_query_well(world);
    command = make_clear(world);
    g_cancellable_cancel(cancellable);
    ck_assert(!tke_unit_command_send(world->transport, &command, 1, cancellable, &error));
    test_bytes_check_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    ck_assert_int_eq(tke_unit_command_get_outcome(command), TKE_UNIT_OUTCOME_NOT_SENT);
    unit_world_send(world, command);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_refusal_is_told_with_its_codes);
    tcase_add_test(tests, test_counter_that_has_passed_asks_for_signing_again);
    tcase_add_test(tests, test_newer_answer_makes_a_prepared_command_stale);
    tcase_add_test(tests, test_command_is_sent_once);
    tcase_add_test(tests, test_what_the_service_turned_away_may_be_sent_again);
    tcase_add_test(tests, test_one_failing_unit_does_not_keep_the_others_from_it);
    tcase_add_test(tests, test_forged_answer_leaves_the_outcome_unknown_and_refuses_the_unit);
    tcase_add_test(tests, test_replayed_answer_is_refused);
    tcase_add_test(tests, test_zeroize_brings_a_new_instance_and_wants_a_query);
    tcase_add_test(tests, test_unit_zeroized_by_somebody_else_wants_a_query);
    tcase_add_test(tests, test_cancel_before_sending_sends_nothing);
}

int
main(void)
{
    return test_main("unit-send", add_tests);
}
