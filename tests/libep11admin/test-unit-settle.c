/*
 * Lost answers: for each kind of command the unit is asked which of the two states it is in
 * (crypto-unit-protocol.md, 1.12, 2.7; annex C, 17).
 */
#include <string.h>

#include "libep11admin/unit-admins.h"
#include "libep11admin/unit-attributes.h"
#include "libep11admin/unit-command.h"
#include "libep11admin/unit-master-key.h"
#include "libep11admin/unit-zeroize.h"
#include "tests/libep11admin/unit-world.h"
#include "tests/support/test-main.h"

typedef TkeUnitCommand *(*MakeCommand)(UnitWorld *world, TkeUnit *unit, GError **error);

static TkeUnitCommand *
make_add(UnitWorld *world, TkeUnit *unit, GError **error)
{
    return tke_unit_admins_new_add(unit, world->admins[2].certificate->data,
                                   world->admins[2].certificate->len, error);
}

static TkeUnitCommand *
make_remove(UnitWorld *world, TkeUnit *unit, GError **error)
{
    return tke_unit_admins_new_remove(unit, world->admins[1].signer.base.ski, error);
}

static TkeUnitCommand *
make_thresholds(UnitWorld *world, TkeUnit *unit, GError **error)
{
    (void) world;
    return tke_unit_attributes_new_thresholds(unit, 1, 2, error);
}

static TkeUnitCommand *
make_importer(UnitWorld *world, TkeUnit *unit, GError **error)
{
    (void) world;
    return tke_unit_master_key_new_importer(unit, error);
}

static TkeUnitCommand *
make_import(UnitWorld *world, TkeUnit *unit, GError **error)
{
    g_autoptr(GPtrArray) parts =
        g_ptr_array_new_with_free_func((GDestroyNotify) g_byte_array_unref);

    (void) world;
    memset(fake_units_get(world->fakes, 0)->new_vp, 0, TKE_VP_LEN);
    g_ptr_array_add(parts, test_bytes("0102"));
    return tke_unit_master_key_new_import(unit, parts, error);
}

static TkeUnitCommand *
make_commit(UnitWorld *world, TkeUnit *unit, GError **error)
{
    fake_units_get(world->fakes, 0)->committed = false;
    return tke_unit_master_key_new_commit(unit, fake_units_get(world->fakes, 0)->new_vp, error);
}

static TkeUnitCommand *
make_finalize(UnitWorld *world, TkeUnit *unit, GError **error)
{
    return tke_unit_master_key_new_finalize(unit, fake_units_get(world->fakes, 0)->new_vp, error);
}

static TkeUnitCommand *
make_clear_current(UnitWorld *world, TkeUnit *unit, GError **error)
{
    (void) world;
    return tke_unit_master_key_new_clear_current(unit, error);
}

static TkeUnitCommand *
make_clear_new(UnitWorld *world, TkeUnit *unit, GError **error)
{
    (void) world;
    return tke_unit_master_key_new_clear_new(unit, error);
}

static TkeUnitCommand *
make_zeroize(UnitWorld *world, TkeUnit *unit, GError **error)
{
    (void) world;
    return tke_unit_zeroize_new(unit, error);
}

static const MakeCommand makers[] = { make_add,      make_remove,        make_thresholds,
                                      make_importer, make_import,        make_commit,
                                      make_finalize, make_clear_current, make_clear_new,
                                      make_zeroize };

/* A unit with two administrators, threshold 1, both registers full; the command signed. */
static TkeUnitCommand *
prepare(UnitWorld *world, MakeCommand make)
{
    FakeUnit *fake = fake_units_get(world->fakes, 0);
    g_autoptr(GError) error = NULL;
    TkeUnitCommand *command = NULL;

    memset(fake->current_vp, 0xC1, TKE_VP_LEN);
    memset(fake->new_vp, 0xC2, TKE_VP_LEN);
    fake->committed = true;
    unit_world_query_well(world);
    command = make(world, unit_world_unit(world, 0), &error);
    unit_world_check(command != NULL, error);
    unit_world_check(
        tke_unit_command_add_signer(command, &world->admins[0].signer.base, NULL, &error), error);
    return command;
}

/* Sends with the fault; the outcome must be unknown. */
static void
send_and_lose(UnitWorld *world, TkeUnitCommand *command, TestUnitFault fault, unsigned status)
{
    g_autoptr(GError) error = NULL;

    test_fault_unit_transport_clear(world->transport);
    test_fault_unit_transport_set(world->transport, "unit-0", 1, fault, status);
    ck_assert(!tke_unit_command_send(world->transport, &command, 1, NULL, &error));
    ck_assert_int_eq(tke_unit_command_get_outcome(command), TKE_UNIT_OUTCOME_UNKNOWN);
    ck_assert(!tke_unit_command_is_done(command));
    ck_assert_ptr_nonnull(tke_unit_command_get_error(command));
}

static void
settle(UnitWorld *world, TkeUnitCommand *command, TkeUnitOutcome outcome)
{
    g_autoptr(GError) error = NULL;
    TkeUnitTransportCounts before;
    TkeUnitTransportCounts after;

    tke_unit_transport_get_counts(world->transport, &before);
    unit_world_check(tke_unit_command_settle(world->transport, &command, 1, NULL, &error), error);
    tke_unit_transport_get_counts(world->transport, &after);
    ck_assert_int_eq(tke_unit_command_get_outcome(command), outcome);
    ck_assert_uint_eq(after.rounds, before.rounds + 1);
}

static void
check_settled(UnitWorld *world, TkeUnitCommand *command, TkeUnitOutcome outcome)
{
    g_autoptr(GError) error = NULL;

    unit_world_check(tke_unit_command_settle(world->transport, &command, 1, NULL, &error), error);
    ck_assert_int_eq(tke_unit_command_get_outcome(command), outcome);
}

START_TEST(test_lost_answer_is_settled_as_done)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(TkeUnitCommand) command = prepare(world, makers[_i]);

    send_and_lose(world, command, TEST_UNIT_FAULT_CUT_AFTER, 0);
    test_bytes_check_error(tke_unit_command_get_error(command), TKE_UNIT_ERROR,
                           TKE_UNIT_ERROR_OUTCOME_UNKNOWN);
    ck_assert_uint_eq(fake_units_get(world->fakes, 0)->n_commands, 1);
    settle(world, command, TKE_UNIT_OUTCOME_FOUND_DONE);
    ck_assert(tke_unit_command_is_done(command));
}
END_TEST

START_TEST(test_lost_request_is_settled_as_not_done)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(TkeUnitCommand) command = prepare(world, makers[_i]);

    send_and_lose(world, command, TEST_UNIT_FAULT_SILENCE, 0);
    ck_assert_uint_eq(fake_units_get(world->fakes, 0)->n_commands, 0);
    settle(world, command, TKE_UNIT_OUTCOME_FOUND_NOT_DONE);
    ck_assert(!tke_unit_command_is_done(command));
}
END_TEST

START_TEST(test_command_of_somebody_else_with_the_same_counter_is_told_apart)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(TkeUnitCommand) command = prepare(world, makers[_i]);

    send_and_lose(world, command, TEST_UNIT_FAULT_SILENCE, 0);
    fake_units_get(world->fakes, 0)->identity.counter[15]++;
    /* An importer key leaves no trace but the counter. */
    settle(world, command,
           makers[_i] == make_importer ? TKE_UNIT_OUTCOME_FOUND_DONE
                                       : TKE_UNIT_OUTCOME_FOUND_NOT_DONE);
    ck_assert_uint_eq(fake_units_get(world->fakes, 0)->n_commands, 0);
}
END_TEST

START_TEST(test_unusable_answers_leave_the_outcome_unknown)
{
    static const struct {
        TestUnitFault fault;
        unsigned status;
    } faults[] = { { TEST_UNIT_FAULT_STATUS, 500 },
                   { TEST_UNIT_FAULT_STATUS, 503 },
                   { TEST_UNIT_FAULT_GARBAGE, 0 },
                   { TEST_UNIT_FAULT_FLIP, 0 } };

    for (unsigned i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
        g_autoptr(TkeUnitCommand) command = prepare(world, make_clear_new);

        send_and_lose(world, command, faults[i].fault, faults[i].status);
        settle(world, command,
               faults[i].fault == TEST_UNIT_FAULT_STATUS ? TKE_UNIT_OUTCOME_FOUND_NOT_DONE
                                                         : TKE_UNIT_OUTCOME_FOUND_DONE);
        ck_assert_uint_eq(fake_units_get(world->fakes, 0)->n_commands,
                          tke_unit_command_is_done(command) ? 1 : 0);
    }
}
END_TEST

START_TEST(test_error_of_the_service_after_the_unit_has_done_it_is_settled_as_done)
{
    static const unsigned statuses[] = { 500, 502, 503, 429 };

    for (unsigned i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
        g_autoptr(TkeUnitCommand) command = prepare(world, makers[_i]);

        send_and_lose(world, command, TEST_UNIT_FAULT_STATUS_AFTER, statuses[i]);
        ck_assert_uint_eq(fake_units_get(world->fakes, 0)->n_commands, 1);
        settle(world, command, TKE_UNIT_OUTCOME_FOUND_DONE);
    }
}
END_TEST

/* "Not authorised" after all was done: it may be sent again, only one of the two is executed. */
START_TEST(test_service_that_turns_away_what_it_has_delivered_is_found_out)
{
    static const unsigned statuses[] = { 400, 401, 403, 404 };

    for (unsigned i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
        g_autoptr(TkeUnitCommand) command = prepare(world, make_commit);
        g_autoptr(GError) error = NULL;

        test_fault_unit_transport_clear(world->transport);
        test_fault_unit_transport_set(world->transport, "unit-0", 1, TEST_UNIT_FAULT_STATUS_AFTER,
                                      statuses[i]);
        ck_assert(!tke_unit_command_send(world->transport, &command, 1, NULL, &error));
        ck_assert_int_eq(tke_unit_command_get_outcome(command), TKE_UNIT_OUTCOME_NOT_SENT);
        g_clear_error(&error);
        ck_assert(!tke_unit_command_send(world->transport, &command, 1, NULL, &error));
        ck_assert(tke_unit_error_is_refusal(error, 163, 19));
        ck_assert_uint_eq(fake_units_get(world->fakes, 0)->n_commands, 1);
        check_settled(world, command, TKE_UNIT_OUTCOME_FOUND_DONE);
    }
}
END_TEST

START_TEST(test_cut_before_delivery_needs_no_settling)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(TkeUnitCommand) command = prepare(world, make_clear_new);
    g_autoptr(GError) error = NULL;

    test_fault_unit_transport_clear(world->transport);
    test_fault_unit_transport_set(world->transport, "unit-0", 1, TEST_UNIT_FAULT_CUT_BEFORE, 0);
    ck_assert(!tke_unit_command_send(world->transport, &command, 1, NULL, &error));
    test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_CONNECTION);
    ck_assert_int_eq(tke_unit_command_get_outcome(command), TKE_UNIT_OUTCOME_NOT_SENT);
    g_clear_error(&error);
    unit_world_check(tke_unit_command_send(world->transport, &command, 1, NULL, &error), error);
}
END_TEST

START_TEST(test_settling_that_fails_leaves_the_outcome_unknown)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(TkeUnitCommand) command = prepare(world, make_clear_new);
    g_autoptr(GError) error = NULL;

    send_and_lose(world, command, TEST_UNIT_FAULT_CUT_AFTER, 0);
    test_fault_unit_transport_set(world->transport, "unit-0", 1, TEST_UNIT_FAULT_CUT_BEFORE, 0);
    ck_assert(!tke_unit_command_settle(world->transport, &command, 1, NULL, &error));
    test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_CONNECTION);
    ck_assert_int_eq(tke_unit_command_get_outcome(command), TKE_UNIT_OUTCOME_UNKNOWN);
    settle(world, command, TKE_UNIT_OUTCOME_FOUND_DONE);
}
END_TEST

START_TEST(test_next_command_follows_a_settled_one)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(TkeUnitCommand) lost = prepare(world, make_add);
    g_autoptr(TkeUnitCommand) next = NULL;
    g_autoptr(GError) error = NULL;

    send_and_lose(world, lost, TEST_UNIT_FAULT_CUT_AFTER, 0);
    settle(world, lost, TKE_UNIT_OUTCOME_FOUND_DONE);
    /* The new administrator is known, and so is the counter. */
    next = tke_unit_master_key_new_clear_new(unit_world_unit(world, 0), &error);
    unit_world_check(next != NULL, error);
    unit_world_check(tke_unit_command_add_signer(next, &world->admins[2].signer.base, NULL, &error),
                     error);
    unit_world_check(tke_unit_command_send(world->transport, &next, 1, NULL, &error), error);
    ck_assert_uint_eq(fake_units_get(world->fakes, 0)->n_commands, 2);
}
END_TEST

/* Sends it to a unit that executes it, while the service shows a refusal. */
static void
send_and_be_lied_to(UnitWorld *world, TkeUnitCommand *command, uint32_t code, bool after)
{
    FakeUnit *fake = fake_units_get(world->fakes, 0);
    g_autoptr(GError) error = NULL;

    fake->replay_code = code;
    fake->replay_reason = 19;
    fake->replay_after = after;
    ck_assert(!tke_unit_command_send(world->transport, &command, 1, NULL, &error));
    ck_assert(tke_unit_error_is_refusal(error, code, 19));
    ck_assert_int_eq(tke_unit_command_get_outcome(command), TKE_UNIT_OUTCOME_REFUSED);
    ck_assert_uint_eq(fake->n_commands, 1);
    fake->replay_code = 0;
}

START_TEST(test_replayed_refusal_does_not_hide_that_it_was_done)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(TkeUnitCommand) command = prepare(world, makers[_i]);

    send_and_be_lied_to(world, command, 208, false);
    check_settled(world, command, TKE_UNIT_OUTCOME_FOUND_DONE);
}
END_TEST

START_TEST(test_replayed_wrong_counter_does_not_hide_that_it_was_done)
{
    /* An importer key could be somebody else's, who used the counter: signed for again. */
    bool told = makers[_i] != make_importer;

    for (unsigned after = 0; after < 2; after++) {
        g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
        g_autoptr(TkeUnitCommand) command = prepare(world, makers[_i]);

        send_and_be_lied_to(world, command, 163, after == 1);
        check_settled(world, command,
                      told ? TKE_UNIT_OUTCOME_FOUND_DONE : TKE_UNIT_OUTCOME_REFUSED);
        ck_assert(tke_unit_command_is_stale(command) == !told);
    }
}
END_TEST

/* Somebody's next command has used the counter: the key could be theirs, as in a refused load. */
START_TEST(test_key_of_a_unit_that_went_on_is_not_taken_for_that_of_a_refused_import)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(TkeUnitCommand) command = prepare(world, make_import);

    send_and_be_lied_to(world, command, 163, false);
    fake_units_get(world->fakes, 0)->identity.counter[15]++;
    check_settled(world, command, TKE_UNIT_OUTCOME_REFUSED);
    ck_assert(tke_unit_command_is_stale(command));
}
END_TEST

START_TEST(test_key_of_a_unit_that_went_on_after_a_lost_import_may_be_anybodys)
{
    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
        g_autoptr(TkeUnitCommand) command = prepare(world, make_import);
        g_autoptr(GError) error = NULL;

        if (i == 0) {
            send_and_lose(world, command, TEST_UNIT_FAULT_CUT_AFTER, 0);
        } else {
            send_and_be_lied_to(world, command, 208, false);
        }
        fake_units_get(world->fakes, 0)->identity.counter[15]++;
        ck_assert(!tke_unit_command_settle(world->transport, &command, 1, NULL, &error));
        test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_PRECONDITION);
        ck_assert_int_eq(tke_unit_command_get_outcome(command), TKE_UNIT_OUTCOME_UNKNOWN);
        test_bytes_check_error(tke_unit_command_get_error(command), TKE_UNIT_ERROR,
                               TKE_UNIT_ERROR_PRECONDITION);
        memset(fake_units_get(world->fakes, 0)->new_vp, 0, TKE_VP_LEN);
        check_settled(world, command,
                      i == 0 ? TKE_UNIT_OUTCOME_FOUND_NOT_DONE : TKE_UNIT_OUTCOME_REFUSED);
    }
}
END_TEST

/* What a refusal says is remembered where the unit could not be asked at once. */
START_TEST(test_refusal_is_one_still_when_it_is_asked_about_later)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(TkeUnitCommand) command = prepare(world, make_importer);
    g_autoptr(GError) error = NULL;

    fake_units_get(world->fakes, 0)->identity.counter[15]++;
    test_fault_unit_transport_clear(world->transport);
    test_fault_unit_transport_set(world->transport, "unit-0", 2, TEST_UNIT_FAULT_CUT_BEFORE, 0);
    ck_assert(!tke_unit_command_send(world->transport, &command, 1, NULL, NULL));
    ck_assert(!tke_unit_command_settle(world->transport, &command, 1, NULL, &error));
    ck_assert_int_eq(tke_unit_command_get_outcome(command), TKE_UNIT_OUTCOME_UNKNOWN);
    check_settled(world, command, TKE_UNIT_OUTCOME_REFUSED);
    ck_assert(tke_unit_command_is_stale(command));
}
END_TEST

START_TEST(test_honest_refusal_costs_one_query_and_is_asked_about_once)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(TkeUnitCommand) command = prepare(world, makers[_i]);
    g_autoptr(GError) error = NULL;
    TkeUnitTransportCounts before;
    TkeUnitTransportCounts after;

    fake_units_get(world->fakes, 0)->refuse_code = 208;
    ck_assert(!tke_unit_command_send(world->transport, &command, 1, NULL, &error));
    tke_unit_transport_get_counts(world->transport, &before);
    for (unsigned i = 0; i < 2; i++) {
        check_settled(world, command, TKE_UNIT_OUTCOME_REFUSED);
        tke_unit_transport_get_counts(world->transport, &after);
        ck_assert_uint_eq(after.requests, before.requests + 1);
    }
    ck_assert(tke_unit_error_is_refusal(tke_unit_command_get_error(command), 208, 0));
}
END_TEST

START_TEST(test_refusal_that_cannot_be_asked_about_is_unknown)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(TkeUnitCommand) command = prepare(world, make_clear_new);
    g_autoptr(GError) error = NULL;

    send_and_be_lied_to(world, command, 208, false);
    test_fault_unit_transport_set(world->transport, "unit-0", 1, TEST_UNIT_FAULT_CUT_BEFORE, 0);
    ck_assert(!tke_unit_command_settle(world->transport, &command, 1, NULL, &error));
    test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_CONNECTION);
    ck_assert_int_eq(tke_unit_command_get_outcome(command), TKE_UNIT_OUTCOME_UNKNOWN);
    check_settled(world, command, TKE_UNIT_OUTCOME_FOUND_DONE);
}
END_TEST

START_TEST(test_counter_used_by_somebody_else_leaves_a_refusal_as_it_is)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(TkeUnitCommand) command = prepare(world, makers[_i]);
    g_autoptr(GError) error = NULL;

    fake_units_get(world->fakes, 0)->identity.counter[15]++;
    ck_assert(!tke_unit_command_send(world->transport, &command, 1, NULL, &error));
    check_settled(world, command, TKE_UNIT_OUTCOME_REFUSED);
    ck_assert(tke_unit_command_is_stale(command));
    ck_assert_uint_eq(fake_units_get(world->fakes, 0)->n_commands, 0);
}
END_TEST

START_TEST(test_commit_of_another_key_is_not_ours)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    FakeUnit *fake = fake_units_get(world->fakes, 0);
    g_autoptr(TkeUnitCommand) command = prepare(world, make_commit);

    send_and_lose(world, command, TEST_UNIT_FAULT_SILENCE, 0);
    fake->identity.counter[15]++;
    fake->committed = true;
    memset(fake->new_vp, 0xC3, TKE_VP_LEN);
    check_settled(world, command, TKE_UNIT_OUTCOME_FOUND_NOT_DONE);
}
END_TEST

static void
add_tests(TCase *tests)
{
    const int n = (int) G_N_ELEMENTS(makers);

    tcase_add_loop_test(tests, test_lost_answer_is_settled_as_done, 0, n);
    tcase_add_loop_test(tests, test_lost_request_is_settled_as_not_done, 0, n);
    tcase_add_loop_test(tests, test_command_of_somebody_else_with_the_same_counter_is_told_apart, 0,
                        n);
    tcase_add_test(tests, test_unusable_answers_leave_the_outcome_unknown);
    tcase_add_loop_test(
        tests, test_error_of_the_service_after_the_unit_has_done_it_is_settled_as_done, 0, n);
    tcase_add_test(tests, test_service_that_turns_away_what_it_has_delivered_is_found_out);
    tcase_add_test(tests, test_cut_before_delivery_needs_no_settling);
    tcase_add_test(tests, test_settling_that_fails_leaves_the_outcome_unknown);
    tcase_add_test(tests, test_next_command_follows_a_settled_one);
    tcase_add_loop_test(tests, test_replayed_refusal_does_not_hide_that_it_was_done, 0, n);
    tcase_add_loop_test(tests, test_replayed_wrong_counter_does_not_hide_that_it_was_done, 0, n);
    tcase_add_loop_test(tests, test_honest_refusal_costs_one_query_and_is_asked_about_once, 0, n);
    tcase_add_loop_test(tests, test_counter_used_by_somebody_else_leaves_a_refusal_as_it_is, 0, n);
    tcase_add_test(tests, test_refusal_that_cannot_be_asked_about_is_unknown);
    tcase_add_test(tests, test_commit_of_another_key_is_not_ours);
    tcase_add_test(tests,
                   test_key_of_a_unit_that_went_on_is_not_taken_for_that_of_a_refused_import);
    tcase_add_test(tests, test_key_of_a_unit_that_went_on_after_a_lost_import_may_be_anybodys);
    tcase_add_test(tests, test_refusal_is_one_still_when_it_is_asked_about_later);
}

int
main(void)
{
    return test_main("unit-settle", add_tests);
}
