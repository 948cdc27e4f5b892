/*
 * Lists and states of units: what is asked, how often, and what is not believed
 * (crypto-unit-protocol.md, 5.5, 7.1, 7.2; annex C, 2, 5, 6, 8).
 */
#include "libep11admin/unit-query.h"

#include <string.h>

#include "libep11admin/unit-zeroize.h"
#include "tests/libep11admin/unit-world.h"
#include "tests/support/test-main.h"
#include "tests/support/transcript-unit-transport.h"

#define LIST_PATH "/v1/tke/" FAKE_INSTANCE "/hsms"

static void
check_counts(UnitWorld *world, unsigned requests, unsigned rounds)
{
    TkeUnitTransportCounts counts = { 0 };

    tke_unit_transport_get_counts(world->transport, &counts);
    ck_assert_uint_eq(counts.requests, requests);
    ck_assert_uint_eq(counts.rounds, rounds);
}

static const TkeUnitState *
get_state(GPtrArray *states, unsigned i)
{
    return g_ptr_array_index(states, i);
}

/* Unit i is refused with this error, and no command can be made for it; the others are in order. */
static void
check_one_refused(UnitWorld *world, GPtrArray *states, unsigned i, int code)
{
    TkeUnit *unit = unit_world_unit(world, i);
    g_autoptr(GError) error = NULL;

    for (guint j = 0; j < states->len; j++) {
        const TkeUnitState *state = get_state(states, j);

        if (j != i) {
            unit_world_check(state->error == NULL, state->error);
            ck_assert_int_eq(tke_unit_get_trust(state->unit), TKE_UNIT_VERIFIED);
        }
    }
    test_bytes_check_error(get_state(states, i)->error, TKE_UNIT_ERROR, code);
    ck_assert_ptr_nonnull(strstr(get_state(states, i)->error->message, tke_unit_get_name(unit)));
    ck_assert_int_eq(tke_unit_get_trust(unit), TKE_UNIT_REFUSED);
    ck_assert_ptr_null(tke_unit_zeroize_new(unit, &error));
    test_bytes_check_error(error, TKE_UNIT_ERROR, code);
}

START_TEST(test_state_of_five_units_takes_46_requests_cold_and_26_warm)
{
    g_autoptr(UnitWorld) world = unit_world_new(5, 2, 2, 2, 2);
    g_autoptr(TkeKnownModules) known = tke_known_modules_new();
    g_autoptr(GPtrArray) cold = NULL;
    g_autoptr(GPtrArray) again = NULL;
    g_autoptr(GPtrArray) warm = NULL;

    cold = unit_world_query(world, known, TKE_UNIT_QUERY_DEFAULT);
    check_counts(world, 46, 3);
    ck_assert(tke_known_modules_take_changed(known));

    again = tke_unit_query_list(world->transport, FAKE_INSTANCE, 1, NULL, NULL);
    ck_assert_uint_eq(again->len, 5);
    warm = unit_world_query(world, known, TKE_UNIT_QUERY_DEFAULT);
    check_counts(world, 46 + 26, 3 + 3);
    ck_assert(!tke_known_modules_take_changed(known));
    for (unsigned i = 0; i < 5; i++) {
        unit_world_check(get_state(cold, i)->error == NULL, get_state(cold, i)->error);
        unit_world_check(get_state(warm, i)->error == NULL, get_state(warm, i)->error);
    }
}
END_TEST

START_TEST(test_more_units_take_no_more_rounds)
{
    static const unsigned numbers[] = { 1, 3, 8, 32 };

    for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autoptr(UnitWorld) world = unit_world_new(numbers[i], 0, 2, 2, 2);

        unit_world_query_well(world);
        check_counts(world, 1 + numbers[i] * 9, 3);
    }
}
END_TEST

START_TEST(test_state_tells_what_the_unit_holds)
{
    g_autoptr(UnitWorld) world = unit_world_new(3, 1, 2, 2, 1);
    FakeUnit *fake = fake_units_get(world->fakes, 1);
    g_autoptr(GPtrArray) states = NULL;
    const TkeUnitState *state = NULL;
    const TkeUnitAdmin *admin = NULL;
    const TkeUnit *unit = unit_world_unit(world, 1);

    memset(fake->current_vp, 0xC1, sizeof fake->current_vp);
    memset(fake->new_vp, 0xC2, sizeof fake->new_vp);
    fake->committed = true;
    states = unit_world_query(world, NULL, TKE_UNIT_QUERY_DEFAULT);
    state = get_state(states, 1);
    unit_world_check(state->error == NULL, state->error);
    ck_assert_uint_eq(state->attributes.value[TKE_ATTRIBUTE_SIGN_THR], 2);
    ck_assert_uint_eq(state->attributes.value[TKE_ATTRIBUTE_REVOKE_THR], 1);
    ck_assert(!state->imprint);
    ck_assert_uint_eq(state->admins->len, 2);
    admin = g_ptr_array_index(state->admins, 1);
    ck_assert_str_eq(admin->name, "Bob");
    ck_assert(admin->made_by_tke);
    ck_assert_mem_eq(admin->ski, world->admins[1].signer.base.ski, TKE_SKI_LEN);
    ck_assert_int_eq(state->registers.current_state, TKE_REGISTER_VALID);
    ck_assert_int_eq(state->registers.new_state, TKE_REGISTER_FULL_COMMITTED);
    ck_assert_uint_eq(state->registers.new_vp[0], 0xC2);
    ck_assert(!state->vps_signed);
    ck_assert_uint_eq(state->warnings->len, 0);

    ck_assert_int_eq(tke_unit_get_trust(unit), TKE_UNIT_VERIFIED);
    ck_assert_uint_eq(tke_unit_get_number(unit), 2);
    ck_assert_str_eq(tke_unit_get_name(unit), "crypto unit 2");
    ck_assert_str_eq(tke_unit_get_serial_number(unit), fake->serial);
    ck_assert_int_eq(tke_unit_get_type(unit), TKE_UNIT_OPERATIONAL);
    ck_assert_int_eq(tke_unit_get_type(unit_world_unit(world, 2)), TKE_UNIT_RECOVERY);
    ck_assert_mem_eq(tke_unit_get_identity(unit), &fake->identity, sizeof fake->identity);
    ck_assert_ptr_nonnull(tke_unit_find_admin(unit, world->admins[0].signer.base.ski));
    ck_assert_ptr_null(tke_unit_find_admin(unit, world->admins[2].signer.base.ski));
    ck_assert(tke_module_chain_is_verified(tke_unit_get_chain(unit)));
    ck_assert(tke_module_chain_is_rehearsal(tke_unit_get_chain(unit)));
}
END_TEST

START_TEST(test_fresh_unit_is_in_imprint_mode)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 0, 0, 0);
    g_autoptr(GPtrArray) states = unit_world_query(world, NULL, TKE_UNIT_QUERY_DEFAULT);

    ck_assert(get_state(states, 0)->imprint);
    ck_assert_uint_eq(get_state(states, 0)->admins->len, 0);
    ck_assert(tke_unit_is_in_imprint_mode(unit_world_unit(world, 0)));
    check_counts(world, 1 + 7, 3);
}
END_TEST

START_TEST(test_module_below_an_unknown_root_is_refused)
{
    g_autoptr(UnitWorld) world = unit_world_new(3, 0, 1, 1, 1);
    g_autoptr(TkeKnownModules) known = tke_known_modules_new();
    g_autoptr(GPtrArray) states = NULL;

    fake_unit_renew_chain(world->fakes, fake_units_get(world->fakes, 1), true);
    states = unit_world_query(world, known, TKE_UNIT_QUERY_DEFAULT);
    check_one_refused(world, states, 1, TKE_UNIT_ERROR_NOT_GENUINE);
    ck_assert_ptr_null(tke_known_modules_get(known, fake_units_get(world->fakes, 1)->serial));
    ck_assert_ptr_nonnull(tke_known_modules_get(known, fake_units_get(world->fakes, 0)->serial));
}
END_TEST

START_TEST(test_certificate_of_another_chain_is_refused)
{
    g_autoptr(UnitWorld) world = unit_world_new(2, 0, 1, 1, 1);
    GPtrArray *own = fake_units_get(world->fakes, 0)->certificates;
    GPtrArray *other = fake_units_get(world->fakes, 1)->certificates;
    g_autoptr(GPtrArray) states = NULL;

    g_byte_array_unref(own->pdata[1]);
    own->pdata[1] = g_byte_array_ref(other->pdata[1]);
    states = unit_world_query(world, NULL, TKE_UNIT_QUERY_DEFAULT);
    check_one_refused(world, states, 0, TKE_UNIT_ERROR_NOT_GENUINE);
}
END_TEST

START_TEST(test_answers_signed_by_another_key_are_refused)
{
    g_autoptr(UnitWorld) world = unit_world_new(2, 0, 1, 1, 1);
    g_autoptr(GPtrArray) states = NULL;

    fake_units_get(world->fakes, 1)->other_key = true;
    states = unit_world_query(world, NULL, TKE_UNIT_QUERY_DEFAULT);
    check_one_refused(world, states, 1, TKE_UNIT_ERROR_SIGNATURE);
}
END_TEST

START_TEST(test_module_with_another_serial_number_is_refused)
{
    g_autoptr(UnitWorld) world = unit_world_new(2, 0, 1, 1, 1);
    g_autoptr(GPtrArray) states = NULL;

    fake_units_get(world->fakes, 0)->identity.module_id[3] = 'X';
    states = unit_world_query(world, NULL, TKE_UNIT_QUERY_DEFAULT);
    check_one_refused(world, states, 0, TKE_UNIT_ERROR_IDENTITY);
    ck_assert_ptr_nonnull(strstr(get_state(states, 0)->error->message, "serial number"));
}
END_TEST

START_TEST(test_answer_older_than_one_before_is_refused)
{
    g_autoptr(UnitWorld) world = unit_world_new(2, 0, 1, 1, 1);
    g_autoptr(GPtrArray) states = NULL;

    unit_world_query_well(world);
    fake_units_get(world->fakes, 1)->old_counter = true;
    states = unit_world_query(world, NULL, TKE_UNIT_QUERY_DEFAULT);
    check_one_refused(world, states, 1, TKE_UNIT_ERROR_IDENTITY);
}
END_TEST

START_TEST(test_answers_from_different_times_are_refused)
{
    g_autoptr(UnitWorld) world = unit_world_new(3, 0, 1, 1, 1);
    g_autoptr(GPtrArray) old = NULL;
    g_autoptr(GPtrArray) other = NULL;

    fake_units_get(world->fakes, 0)->old_admins = true;
    old = unit_world_query(world, NULL, TKE_UNIT_QUERY_DEFAULT);
    check_one_refused(world, old, 0, TKE_UNIT_ERROR_IDENTITY);
    fake_units_get(world->fakes, 0)->old_admins = false;
    fake_units_get(world->fakes, 1)->other_admins = true;
    other = unit_world_query(world, NULL, TKE_UNIT_QUERY_SIGNED_VPS);
    check_one_refused(world, other, 1, TKE_UNIT_ERROR_IDENTITY);
}
END_TEST

START_TEST(test_a_counter_below_the_remembered_one_is_warned_of)
{
    g_autoptr(UnitWorld) world = unit_world_new(2, 0, 1, 1, 1);
    g_autoptr(GPtrArray) states = NULL;
    TkeUnitIdentity remembered = fake_units_get(world->fakes, 0)->identity;

    remembered.counter[0] = 1;
    tke_unit_set_remembered(unit_world_unit(world, 0), &remembered);
    remembered = fake_units_get(world->fakes, 1)->identity;
    tke_unit_set_remembered(unit_world_unit(world, 1), &remembered);
    states = unit_world_query(world, NULL, TKE_UNIT_QUERY_DEFAULT);
    ck_assert_uint_eq(get_state(states, 0)->warnings->len, 1);
    ck_assert_ptr_nonnull(strstr(get_state(states, 0)->warnings->pdata[0], "older"));
    ck_assert_uint_eq(get_state(states, 1)->warnings->len, 0);
}
END_TEST

START_TEST(test_refused_unit_is_accepted_again_once_everything_verifies)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 1, 1, 1);
    g_autoptr(GPtrArray) states = NULL;

    fake_units_get(world->fakes, 0)->other_key = true;
    states = unit_world_query(world, NULL, TKE_UNIT_QUERY_DEFAULT);
    ck_assert_int_eq(tke_unit_get_trust(unit_world_unit(world, 0)), TKE_UNIT_REFUSED);
    ck_assert_ptr_nonnull(tke_unit_get_refusal(unit_world_unit(world, 0)));
    fake_units_get(world->fakes, 0)->other_key = false;
    unit_world_query_well(world);
    ck_assert_int_eq(tke_unit_get_trust(unit_world_unit(world, 0)), TKE_UNIT_VERIFIED);
    ck_assert_ptr_null(tke_unit_get_refusal(unit_world_unit(world, 0)));
}
END_TEST

START_TEST(test_known_module_with_a_new_key_is_read_anew)
{
    g_autoptr(UnitWorld) world = unit_world_new(2, 0, 1, 1, 1);
    g_autoptr(TkeKnownModules) known = tke_known_modules_new();
    g_autoptr(GPtrArray) cold = unit_world_query(world, known, TKE_UNIT_QUERY_DEFAULT);
    g_autoptr(GPtrArray) states = NULL;
    FakeUnit *fake = fake_units_get(world->fakes, 0);

    ck_assert_uint_eq(cold->len, 2);
    check_counts(world, 1 + 2 * 8, 3);
    fake_unit_renew_chain(world->fakes, fake, false);
    states = unit_world_query(world, known, TKE_UNIT_QUERY_DEFAULT);
    unit_world_check(get_state(states, 0)->error == NULL, get_state(states, 0)->error);
    unit_world_check(get_state(states, 1)->error == NULL, get_state(states, 1)->error);
    /* Attributes, administrators, registers, name; of the changed one certificate 0 and number
         * beside
     * the name, then two certificates. */
    check_counts(world, 1 + 2 * 8 + 2 * 4 + 4, 3 + 3);
    ck_assert_mem_eq(((GByteArray *) tke_known_modules_get(known, fake->serial)->pdata[0])->data,
                     ((GByteArray *) fake->certificates->pdata[0])->data, 100);
}
END_TEST

START_TEST(test_known_chain_below_another_root_is_not_used)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 1, 1, 1);
    g_autoptr(UnitWorld) other = unit_world_new(1, 0, 1, 1, 1);
    g_autoptr(TkeKnownModules) known = tke_known_modules_new();
    g_autoptr(GPtrArray) foreign = unit_world_query(other, known, TKE_UNIT_QUERY_DEFAULT);
    g_autoptr(GPtrArray) states = unit_world_query(world, known, TKE_UNIT_QUERY_DEFAULT);

    ck_assert_uint_eq(foreign->len, 1);
    unit_world_check(get_state(states, 0)->error == NULL, get_state(states, 0)->error);
    check_counts(world, 1 + 8, 3);
}
END_TEST

START_TEST(test_signed_patterns_confirm_the_unsigned_ones)
{
    g_autoptr(UnitWorld) world = unit_world_new(2, 0, 1, 1, 1);
    g_autoptr(GPtrArray) states = NULL;
    g_autoptr(GPtrArray) lied = NULL;

    memset(fake_units_get(world->fakes, 0)->new_vp, 0x77, 32);
    states = unit_world_query(world, NULL, TKE_UNIT_QUERY_SIGNED_VPS);
    ck_assert(get_state(states, 0)->vps_signed);
    ck_assert(get_state(states, 1)->vps_signed);
    /* never more than six at once: there are six connections */
    check_counts(world, 1 + 2 * 10, 3);

    fake_units_get(world->fakes, 0)->other_vp = true;
    lied = unit_world_query(world, NULL, TKE_UNIT_QUERY_SIGNED_VPS);
    check_one_refused(world, lied, 0, TKE_UNIT_ERROR_IDENTITY);
}
END_TEST

START_TEST(test_signed_patterns_say_which_registers_are_empty)
{
    static const uint32_t present[] = { 2, 4 }; /* the current key, the new one */
    for (unsigned i = 0; i < G_N_ELEMENTS(present); i++) {
        g_autoptr(UnitWorld) world = unit_world_new(1, 0, 1, 1, 1);
        FakeUnit *fake = fake_units_get(world->fakes, 0);
        g_autoptr(GPtrArray) full = NULL;
        g_autoptr(GPtrArray) empty = NULL;
        g_autoptr(GPtrArray) now = NULL;

        fake->other_flags = present[i]; /* full, it says, and has no pattern */
        full = unit_world_query(world, NULL, TKE_UNIT_QUERY_SIGNED_VPS);
        check_one_refused(world, full, 0, TKE_UNIT_ERROR_IDENTITY);
        memset(i == 0 ? fake->current_vp : fake->new_vp, 0x77, 32);
        empty = unit_world_query(world, NULL, TKE_UNIT_QUERY_SIGNED_VPS);
        check_one_refused(world, empty, 0, TKE_UNIT_ERROR_IDENTITY);
        fake->other_flags = 0;
        now = unit_world_query(world, NULL, TKE_UNIT_QUERY_SIGNED_VPS);
        ck_assert(get_state(now, 0)->vps_signed);
        ck_assert_mem_eq(&get_state(now, 0)->identity, &fake->identity, sizeof fake->identity);
    }
}
END_TEST

START_TEST(test_changed_instances_are_warned_of)
{
    g_autoptr(UnitWorld) world = unit_world_new(2, 0, 1, 1, 1);
    g_autoptr(GPtrArray) states = NULL;
    g_autoptr(GPtrArray) again = NULL;
    TkeUnitIdentity remembered = fake_units_get(world->fakes, 0)->identity;

    remembered.domain[6]++;
    tke_unit_set_remembered(unit_world_unit(world, 0), &remembered);
    remembered = fake_units_get(world->fakes, 1)->identity;
    remembered.module_id[12]++;
    tke_unit_set_remembered(unit_world_unit(world, 1), &remembered);
    states = unit_world_query(world, NULL, TKE_UNIT_QUERY_DEFAULT);
    ck_assert_uint_eq(get_state(states, 0)->warnings->len, 1);
    ck_assert_ptr_nonnull(strstr(get_state(states, 0)->warnings->pdata[0], "zeroized"));
    ck_assert_uint_eq(get_state(states, 1)->warnings->len, 1);
    ck_assert_ptr_nonnull(strstr(get_state(states, 1)->warnings->pdata[0], "initialised"));
    again = unit_world_query(world, NULL, TKE_UNIT_QUERY_DEFAULT);
    ck_assert_uint_eq(get_state(again, 0)->warnings->len, 0);
}
END_TEST

START_TEST(test_faults_of_one_unit_leave_the_others_alone)
{
    static const struct {
        TestUnitFault fault;
        unsigned status;
        int code;
    } faults[] = {
        { TEST_UNIT_FAULT_CUT_BEFORE, 0, TKE_UNIT_ERROR_CONNECTION },
        { TEST_UNIT_FAULT_CUT_AFTER, 0, TKE_UNIT_ERROR_CONNECTION },
        { TEST_UNIT_FAULT_STATUS, 401, TKE_UNIT_ERROR_UNAUTHORIZED },
        { TEST_UNIT_FAULT_STATUS, 403, TKE_UNIT_ERROR_FORBIDDEN },
        { TEST_UNIT_FAULT_STATUS, 404, TKE_UNIT_ERROR_NOT_FOUND },
        { TEST_UNIT_FAULT_STATUS, 500, TKE_UNIT_ERROR_SERVICE },
        { TEST_UNIT_FAULT_GARBAGE, 0, TKE_UNIT_ERROR_MALFORMED },
    };
    g_autoptr(UnitWorld) world = unit_world_new(2, 0, 2, 1, 1);

    /* Nine requests to each unit. */
    for (unsigned i = 0; i < G_N_ELEMENTS(faults); i++) {
        for (unsigned n = 1; n <= 9; n++) {
            g_autoptr(GPtrArray) states = NULL;

            test_fault_unit_transport_clear(world->transport);
            test_fault_unit_transport_set(world->transport, "unit-1", n, faults[i].fault,
                                          faults[i].status);
            states = unit_world_query(world, NULL, TKE_UNIT_QUERY_DEFAULT);
            ck_assert_uint_eq(test_fault_unit_transport_get_struck(world->transport), 1);
            unit_world_check(get_state(states, 0)->error == NULL, get_state(states, 0)->error);
            test_bytes_check_error(get_state(states, 1)->error, TKE_UNIT_ERROR, faults[i].code);
            ck_assert_str_eq(tke_unit_error_get_details(get_state(states, 1)->error)->unit,
                             "crypto unit 2");
        }
    }
}
END_TEST

START_TEST(test_changed_digit_in_an_answer_is_never_believed)
{
    g_autoptr(UnitWorld) world = unit_world_new(2, 0, 2, 1, 1);

    /* Request 3 is the unsigned information, in which a digit may change unnoticed. */
    for (unsigned n = 1; n <= 9; n++) {
        g_autoptr(GPtrArray) states = NULL;

        test_fault_unit_transport_clear(world->transport);
        test_fault_unit_transport_set(world->transport, "unit-1", n, TEST_UNIT_FAULT_FLIP, 0);
        states = unit_world_query(world, NULL, TKE_UNIT_QUERY_DEFAULT);
        unit_world_check(get_state(states, 0)->error == NULL, get_state(states, 0)->error);
        if (n != 3) {
            ck_assert_ptr_nonnull(get_state(states, 1)->error);
            ck_assert_int_ne(tke_unit_get_trust(unit_world_unit(world, 1)), TKE_UNIT_VERIFIED);
        }
        unit_world_query_well(world);
    }
}
END_TEST

START_TEST(test_cancel_ends_a_query)
{
    g_autoptr(UnitWorld) world = unit_world_new(2, 0, 2, 1, 1);
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;

    test_fault_unit_transport_set(world->transport, "unit-1", 7, TEST_UNIT_FAULT_CANCEL, 0);
    ck_assert_ptr_null(tke_unit_query_states(
        world->transport, (TkeUnit *const *) world->units->pdata, world->units->len,
        fake_units_get_roots(world->fakes), NULL, TKE_UNIT_QUERY_DEFAULT, cancellable, &error));
    test_bytes_check_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}
END_TEST

static void
check_list_fails(unsigned status, const char *answer, int code)
{
    g_autoptr(TkeUnitTransport) transport = test_transcript_unit_transport_new();
    g_autoptr(GError) error = NULL;

    test_transcript_unit_transport_add(transport, LIST_PATH, NULL, status, answer);
    ck_assert_ptr_null(tke_unit_query_list(transport, FAKE_INSTANCE, 1, NULL, &error));
    test_bytes_check_error(error, TKE_UNIT_ERROR, code);
    ck_assert_uint_eq(test_transcript_unit_transport_get_left(transport), 0);
}

START_TEST(test_list_that_cannot_be_used_is_an_error)
{
    check_list_fails(401, "no", TKE_UNIT_ERROR_UNAUTHORIZED);
    check_list_fails(404, "no", TKE_UNIT_ERROR_NOT_FOUND);
    check_list_fails(200, "{}", TKE_UNIT_ERROR_MALFORMED);
    check_list_fails(200, "{\"hsms\":[", TKE_UNIT_ERROR_MALFORMED);
}
END_TEST

START_TEST(test_wrong_instance_is_refused_before_anything_is_sent)
{
    g_autoptr(TkeUnitTransport) transport = test_transcript_unit_transport_new();
    g_autoptr(GError) error = NULL;
    TkeUnitTransportCounts counts = { 0 };

    ck_assert_ptr_null(tke_unit_query_list(transport, "../x", 1, NULL, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_USAGE);
    tke_unit_transport_get_counts(transport, &counts);
    ck_assert_uint_eq(counts.requests, 0);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_state_of_five_units_takes_46_requests_cold_and_26_warm);
    tcase_add_test(tests, test_more_units_take_no_more_rounds);
    tcase_add_test(tests, test_state_tells_what_the_unit_holds);
    tcase_add_test(tests, test_fresh_unit_is_in_imprint_mode);
    tcase_add_test(tests, test_module_below_an_unknown_root_is_refused);
    tcase_add_test(tests, test_certificate_of_another_chain_is_refused);
    tcase_add_test(tests, test_answers_signed_by_another_key_are_refused);
    tcase_add_test(tests, test_module_with_another_serial_number_is_refused);
    tcase_add_test(tests, test_answer_older_than_one_before_is_refused);
    tcase_add_test(tests, test_answers_from_different_times_are_refused);
    tcase_add_test(tests, test_a_counter_below_the_remembered_one_is_warned_of);
    tcase_add_test(tests, test_refused_unit_is_accepted_again_once_everything_verifies);
    tcase_add_test(tests, test_known_module_with_a_new_key_is_read_anew);
    tcase_add_test(tests, test_known_chain_below_another_root_is_not_used);
    tcase_add_test(tests, test_signed_patterns_confirm_the_unsigned_ones);
    tcase_add_test(tests, test_signed_patterns_say_which_registers_are_empty);
    tcase_add_test(tests, test_changed_instances_are_warned_of);
    tcase_add_test(tests, test_faults_of_one_unit_leave_the_others_alone);
    tcase_add_test(tests, test_changed_digit_in_an_answer_is_never_believed);
    tcase_add_test(tests, test_cancel_ends_a_query);
    tcase_add_test(tests, test_list_that_cannot_be_used_is_an_error);
    tcase_add_test(tests, test_wrong_instance_is_refused_before_anything_is_sent);
}

int
main(void)
{
    return test_main("unit-query", add_tests);
}
