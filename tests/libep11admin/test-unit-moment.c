/*
 * Signed answers bear no mark of the moment but instance and counter: what is believed of a unit
 * comes from one moment, and a refused query is no answer to it (crypto-unit-protocol.md, 2.6,
 * 2.7; annex C, 5).
 */
#include <string.h>

#include "libep11admin/reason-code.h"
#include "libep11admin/unit-admins.h"
#include "libep11admin/unit-master-key.h"
#include "tests/libep11admin/unit-world.h"
#include "tests/support/test-main.h"

#define OTHER_REFUSAL 33u /* length: what anybody gets for a query with a payload */

static FakeUnit *
fake_of(UnitWorld *world)
{
    return fake_units_get(world->fakes, 0);
}

static TkeUnitCommand *
make_add(UnitWorld *world, GError **error)
{
    return tke_unit_admins_new_add(unit_world_unit(world, 0), world->admins[2].certificate->data,
                                   world->admins[2].certificate->len, error);
}

static TkeUnitCommand *
make_remove(UnitWorld *world, GError **error)
{
    return tke_unit_admins_new_remove(unit_world_unit(world, 0), world->admins[1].signer.base.ski,
                                      error);
}

static TkeUnitCommand *
make_import(UnitWorld *world, GError **error)
{
    g_autoptr(GPtrArray) parts =
        g_ptr_array_new_with_free_func((GDestroyNotify) g_byte_array_unref);

    memset(fake_of(world)->new_vp, 0, TKE_VP_LEN);
    g_ptr_array_add(parts, test_bytes("0102"));
    return tke_unit_master_key_new_import(unit_world_unit(world, 0), parts, error);
}

static TkeUnitCommand *
make_finalize(UnitWorld *world, GError **error)
{
    return tke_unit_master_key_new_finalize(unit_world_unit(world, 0), fake_of(world)->new_vp,
                                            error);
}

static TkeUnitCommand *
make_clear_current(UnitWorld *world, GError **error)
{
    return tke_unit_master_key_new_clear_current(unit_world_unit(world, 0), error);
}

static TkeUnitCommand *
make_clear_new(UnitWorld *world, GError **error)
{
    return tke_unit_master_key_new_clear_new(unit_world_unit(world, 0), error);
}

static const struct {
    TkeUnitCommand *(*make)(UnitWorld *world, GError **error);
    TkeAdminCommand shows; /* the query that shows what it has done */
} commands[] = {
    { make_add, TKE_ADMIN_QUERY_ADMINS },       { make_remove, TKE_ADMIN_QUERY_ADMINS },
    { make_import, TKE_ADMIN_QUERY_NEW_WK },    { make_finalize, TKE_ADMIN_QUERY_WK },
    { make_clear_current, TKE_ADMIN_QUERY_WK }, { make_clear_new, TKE_ADMIN_QUERY_NEW_WK }
};

/* A unit with two administrators, threshold 1, both registers full; the command signed. */
static TkeUnitCommand *
prepare(UnitWorld *world, unsigned i)
{
    FakeUnit *fake = fake_of(world);
    g_autoptr(GError) error = NULL;
    TkeUnitCommand *command = NULL;

    memset(fake->current_vp, 0xC1, TKE_VP_LEN);
    memset(fake->new_vp, 0xC2, TKE_VP_LEN);
    fake->committed = true;
    unit_world_query_well(world);
    command = unit_world_made(commands[i].make(world, &error), &error);
    unit_world_sign(world, command, 0);
    return command;
}

/* The unit does it, and the answer is lost. */
static void
send_and_lose(UnitWorld *world, TkeUnitCommand *command, TestUnitFault fault)
{
    g_autoptr(GError) error = NULL;

    test_fault_unit_transport_clear(world->transport);
    test_fault_unit_transport_set(world->transport, "unit-0", 1, fault, 0);
    ck_assert(!tke_unit_command_send(world->transport, &command, 1, NULL, &error));
    ck_assert_int_eq(tke_unit_command_get_outcome(command), TKE_UNIT_OUTCOME_UNKNOWN);
}

static void
check_settled(UnitWorld *world, TkeUnitCommand *command, TkeUnitOutcome outcome)
{
    g_autoptr(GError) error = NULL;

    unit_world_check(tke_unit_command_settle(world->transport, &command, 1, NULL, &error), error);
    ck_assert_int_eq(tke_unit_command_get_outcome(command), outcome);
}

static void
check_unsettled(UnitWorld *world, TkeUnitCommand *command, int code)
{
    g_autoptr(GError) error = NULL;

    ck_assert(!tke_unit_command_settle(world->transport, &command, 1, NULL, &error));
    test_bytes_check_error(error, TKE_UNIT_ERROR, code);
    ck_assert_ptr_nonnull(strstr(error->message, "crypto unit 1"));
    ck_assert_int_eq(tke_unit_command_get_outcome(command), TKE_UNIT_OUTCOME_UNKNOWN);
}

/* As after a query with such answers: no command goes there before the unit was read anew. */
static void
check_refused_since(UnitWorld *world)
{
    const TkeUnit *unit = unit_world_unit(world, 0);

    ck_assert_int_eq(tke_unit_get_trust(unit), TKE_UNIT_REFUSED);
    ck_assert(tke_unit_error_is_forgery(tke_unit_get_refusal(unit)));
    unit_world_query_well(world);
    ck_assert_int_eq(tke_unit_get_trust(unit), TKE_UNIT_VERIFIED);
}

START_TEST(test_answers_of_different_moments_settle_nothing)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(TkeUnitCommand) command = prepare(world, (unsigned) _i);

    fake_unit_note_before(fake_of(world));
    send_and_lose(world, command, TEST_UNIT_FAULT_CUT_AFTER);
    fake_of(world)->before_query = commands[_i].shows;
    check_unsettled(world, command, TKE_UNIT_ERROR_IDENTITY);
    fake_of(world)->before_query = 0;
    check_settled(world, command, TKE_UNIT_OUTCOME_FOUND_DONE);
    check_refused_since(world);
}
END_TEST

START_TEST(test_refused_and_done_is_not_settled_by_answers_of_different_moments)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(TkeUnitCommand) command = prepare(world, (unsigned) _i);
    g_autoptr(GError) error = NULL;

    fake_unit_note_before(fake_of(world));
    fake_of(world)->replay_code = 208;
    ck_assert(!tke_unit_command_send(world->transport, &command, 1, NULL, &error));
    ck_assert_int_eq(tke_unit_command_get_outcome(command), TKE_UNIT_OUTCOME_REFUSED);
    fake_of(world)->replay_code = 0;
    fake_of(world)->before_query = commands[_i].shows;
    check_unsettled(world, command, TKE_UNIT_ERROR_IDENTITY);
    fake_of(world)->before_query = 0;
    check_settled(world, command, TKE_UNIT_OUTCOME_FOUND_DONE);
    check_refused_since(world);
}
END_TEST

static void
give_another_command(void *data, const char *lane, bool changes_state)
{
    FakeUnit *fake = data;

    (void) lane;
    (void) changes_state;
    fake->identity.counter[TKE_ADMIN_COUNTER_LEN - 1]++;
}

/* Somebody else's command, between the look at the counter and that at the effect, makes no liar
 * of the unit. */
START_TEST(test_a_unit_that_is_changed_while_a_refusal_is_doubted_is_no_liar)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(TkeUnitCommand) command = prepare(world, (unsigned) _i);
    g_autoptr(GError) error = NULL;

    fake_of(world)->replay_code = 208;
    ck_assert(!tke_unit_command_send(world->transport, &command, 1, NULL, &error));
    fake_of(world)->replay_code = 0;
    test_fault_unit_transport_clear(world->transport);
    test_fault_unit_transport_set_hook(world->transport, give_another_command, fake_of(world));
    test_fault_unit_transport_set(world->transport, "unit-0", 2, TEST_UNIT_FAULT_HOOK, 0);
    if (commands[_i].make == make_import) { /* whose key that is nothing tells */
        check_unsettled(world, command, TKE_UNIT_ERROR_PRECONDITION);
    } else {
        check_settled(world, command, TKE_UNIT_OUTCOME_FOUND_DONE);
    }
    ck_assert_int_ne(tke_unit_get_trust(unit_world_unit(world, 0)), TKE_UNIT_REFUSED);
}
END_TEST

/* "Empty", which some modules say by a refusal, of before the load. */
START_TEST(test_a_refusal_of_before_shows_no_empty_register)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(TkeUnitCommand) command = prepare(world, 2);

    fake_of(world)->refuse_query = TKE_ADMIN_QUERY_NEW_WK;
    fake_of(world)->refuse_query_code = TKE_RC_KEY_NEEDED;
    fake_unit_note_before(fake_of(world));
    fake_of(world)->refuse_query = 0;
    send_and_lose(world, command, TEST_UNIT_FAULT_CUT_AFTER);
    fake_of(world)->before_query = TKE_ADMIN_QUERY_NEW_WK;
    check_unsettled(world, command, TKE_UNIT_ERROR_IDENTITY);
}
END_TEST

START_TEST(test_only_a_missing_key_makes_a_refusal_say_that_a_register_is_empty)
{
    static const uint32_t empty[] = { TKE_RC_KEY_NEEDED, TKE_RC_IBM_WK_NOT_INITIALIZED };

    for (unsigned i = 0; i < G_N_ELEMENTS(empty); i++) {
        g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
        g_autoptr(TkeUnitCommand) command = prepare(world, 5); /* clear new */

        send_and_lose(world, command, TEST_UNIT_FAULT_CUT_AFTER);
        fake_of(world)->refuse_query = TKE_ADMIN_QUERY_NEW_WK;
        fake_of(world)->refuse_query_code = OTHER_REFUSAL;
        check_unsettled(world, command, TKE_UNIT_ERROR_REFUSED);
        fake_of(world)->refuse_query_code = empty[i];
        check_settled(world, command, TKE_UNIT_OUTCOME_FOUND_DONE);
    }
}
END_TEST

static void
check_refused(UnitWorld *world, int code)
{
    g_autoptr(GPtrArray) states = unit_world_query(world, NULL, TKE_UNIT_QUERY_SIGNED_VPS);
    const TkeUnitState *state = g_ptr_array_index(states, 0);

    test_bytes_check_error(state->error, TKE_UNIT_ERROR, code);
    ck_assert_int_ne(tke_unit_get_trust(unit_world_unit(world, 0)), TKE_UNIT_VERIFIED);
}

static void
check_empty(UnitWorld *world)
{
    g_autoptr(GPtrArray) states = unit_world_query(world, NULL, TKE_UNIT_QUERY_SIGNED_VPS);
    const TkeUnitState *state = g_ptr_array_index(states, 0);

    unit_world_check(state->error == NULL, state->error);
    ck_assert(state->vps_signed);
    ck_assert_int_eq(state->registers.new_state, TKE_REGISTER_EMPTY);
}

START_TEST(test_state_takes_a_register_for_empty_only_by_an_answer_of_its_moment)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    FakeUnit *fake = fake_of(world);

    fake->refuse_query = TKE_ADMIN_QUERY_NEW_WK;
    fake->refuse_query_code = OTHER_REFUSAL;
    check_refused(world, TKE_UNIT_ERROR_REFUSED);
    fake->refuse_query_code = TKE_RC_KEY_NEEDED;
    check_empty(world);
    /* The register is filled; the service shows the refusal of before, and calls it empty. */
    fake_unit_note_before(fake);
    fake->refuse_query = 0;
    fake->before_query = TKE_ADMIN_QUERY_NEW_WK;
    fake->identity.counter[15]++;
    check_refused(world, TKE_UNIT_ERROR_IDENTITY);
}
END_TEST

/* Told as what it is, with its codes, and no longer than it is so. */
START_TEST(test_a_refused_import_and_a_foreign_key_are_told_until_more_is_known)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(TkeUnitCommand) command = prepare(world, 2);
    const TkeUnitErrorDetails *details = NULL;
    const GError *error = NULL;

    fake_of(world)->replay_code = 208;
    ck_assert(!tke_unit_command_send(world->transport, &command, 1, NULL, NULL));
    fake_of(world)->replay_code = 0;
    fake_of(world)->identity.counter[15]++;
    for (unsigned i = 0; i < 2; i++) { /* said once, however often it is found */
        check_unsettled(world, command, TKE_UNIT_ERROR_PRECONDITION);
        error = tke_unit_command_get_error(command);
        details = tke_unit_error_get_details(error);
        test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_PRECONDITION);
        ck_assert(details != NULL && details->has_return_code && details->return_code == 208);
        ck_assert_ptr_nonnull(strstr(error->message, "208"));
        ck_assert_ptr_nonnull(strstr(error->message, "may be of this one"));
        ck_assert_ptr_null(strstr(strstr(error->message, "other commands") + 1, "other commands"));
    }
    memset(fake_of(world)->new_vp, 0, TKE_VP_LEN);
    check_settled(world, command, TKE_UNIT_OUTCOME_REFUSED);
    ck_assert(tke_unit_error_is_refusal(tke_unit_command_get_error(command), 208, -1));
}
END_TEST

static void
add_tests(TCase *tests)
{
    const int n = (int) G_N_ELEMENTS(commands);

    tcase_add_test(tests, test_a_refused_import_and_a_foreign_key_are_told_until_more_is_known);
    tcase_add_loop_test(tests, test_answers_of_different_moments_settle_nothing, 0, n);
    tcase_add_loop_test(tests, test_refused_and_done_is_not_settled_by_answers_of_different_moments,
                        0, n);
    tcase_add_loop_test(tests, test_a_unit_that_is_changed_while_a_refusal_is_doubted_is_no_liar, 0,
                        n);
    tcase_add_test(tests, test_a_refusal_of_before_shows_no_empty_register);
    tcase_add_test(tests, test_only_a_missing_key_makes_a_refusal_say_that_a_register_is_empty);
    tcase_add_test(tests, test_state_takes_a_register_for_empty_only_by_an_answer_of_its_moment);
}

int
main(void)
{
    return test_main("unit-moment", add_tests);
}
