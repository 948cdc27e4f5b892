/*
 * The real transport, queries and commands against the simulator's units behind TLS
 * (crypto-unit-protocol.md, 2.12, 3.2, 4.6, 5.5, 7).
 */
#include <check.h>
#include <string.h>

#include "common/digest.h"
#include "libep11admin/recipient-info.h"
#include "libep11admin/unit-error.h"
#include "libep11admin/unit-master-key.h"
#include "libep11admin/unit-zeroize.h"
#include "tests/libep11admin/sim-units.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define PARTS 3u

/* Values of a load, for the functions that make commands. Parts are made for it. */
static TkeSecret *parts[PARTS];
static GPtrArray *importers; /* of TkeImporterKey, one a unit */
static uint8_t key_vp[TKE_VP_LEN];

static void
check_counts(SimUnits *units, unsigned requests, unsigned most_rounds)
{
    TkeUnitTransportCounts counts = { 0 };

    tke_unit_transport_get_counts(units->transport, &counts);
    ck_assert_uint_eq(counts.requests, requests);
    ck_assert_uint_le(counts.rounds, most_rounds);
}

START_TEST(test_status_takes_the_promised_requests_and_rounds)
{
    g_autoptr(SimUnits) units = sim_units_new("ooorr");
    g_autoptr(TkeKnownModules) known = tke_known_modules_new();
    g_autoptr(GPtrArray) cold = NULL;
    g_autoptr(GPtrArray) warm = NULL;

    sim_units_query_well(units);
    sim_units_secure(units);
    sim_units_start_anew(units);
    cold = sim_units_query(units, known, TKE_UNIT_QUERY_DEFAULT);
    check_counts(units, 46, 4);
    sim_units_start_anew(units);
    warm = sim_units_query(units, known, TKE_UNIT_QUERY_DEFAULT);
    check_counts(units, 26, 4);
    for (unsigned i = 0; i < 5; i++) {
        const TkeUnitState *state = g_ptr_array_index(warm, i);
        const TkeUnitState *before = g_ptr_array_index(cold, i);

        ck_assert_msg(state->error == NULL, "%s",
                      state->error == NULL ? "" : state->error->message);
        ck_assert_ptr_null(before->error);
        ck_assert_uint_eq(state->admins->len, 2);
        ck_assert_str_eq(((TkeUnitAdmin *) state->admins->pdata[0])->name, "Alice");
        ck_assert_uint_eq(state->attributes.value[TKE_ATTRIBUTE_SIGN_THR], 2);
        ck_assert_uint_eq(state->attributes.value[TKE_ATTRIBUTE_PERMS],
                          i < 3 ? 0x01FF2055 : 0x01FF205F);
        ck_assert_uint_eq(state->warnings->len, 0);
        ck_assert_mem_eq(tke_unit_get_identity(state->unit), tke_unit_get_identity(before->unit),
                         sizeof(TkeUnitIdentity));
    }
}
END_TEST

/* As a program that has just been started: the list, and the states of secured units. */
static void
check_states(SimUnits *units, TkeKnownModules *known, TkeUnitQueryFlags flags, unsigned requests,
             unsigned most_rounds)
{
    g_autoptr(GPtrArray) states = NULL;

    sim_units_start_anew(units);
    states = sim_units_query(units, known, flags);
    check_counts(units, requests, most_rounds);
    for (guint i = 0; i < states->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(states, i);

        ck_assert_msg(state->error == NULL, "%s",
                      state->error == NULL ? "" : state->error->message);
        ck_assert_uint_eq(state->admins->len, 2);
        ck_assert(state->vps_signed == ((flags & TKE_UNIT_QUERY_SIGNED_VPS) != 0));
        ck_assert((((TkeUnitAdmin *) state->admins->pdata[1])->name != NULL) ==
                  ((flags & TKE_UNIT_QUERY_NO_NAMES) == 0));
    }
}

START_TEST(test_many_units_take_no_more_rounds)
{
    static const char *const types[] = { "o", "ooo", "oooooooo",
                                         "oooooooooooooooooooooooooooooooo" };

    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autoptr(SimUnits) units = sim_units_new(types[i]);
        g_autoptr(TkeKnownModules) known = tke_known_modules_new();
        unsigned n = (unsigned) strlen(types[i]);

        sim_units_query_well(units);
        check_counts(units, 1 + 7 * n, 4);
        sim_units_secure(units);
        check_states(units, known, TKE_UNIT_QUERY_DEFAULT, 1 + 9 * n, 4);
        check_states(units, known, TKE_UNIT_QUERY_DEFAULT, 1 + 5 * n, 4);
    }
}
END_TEST

START_TEST(test_what_commands_show_takes_the_written_down_requests)
{
    static const struct {
        TkeUnitQueryFlags flags;
        unsigned cold;
        unsigned warm;
        unsigned most_rounds; /* more than six questions at once wait for a connection */
    } cases[] = {
        /* master key registers: patterns signed, administrators by identifier */
        { TKE_UNIT_QUERY_SIGNED_VPS | TKE_UNIT_QUERY_NO_NAMES, 46, 26, 3 },
        /* thresholds */
        { TKE_UNIT_QUERY_NO_NAMES, 36, 16, 3 },
        /* compare: everything, patterns signed */
        { TKE_UNIT_QUERY_SIGNED_VPS | TKE_UNIT_QUERY_CONTROL_POINTS, 61, 41, 4 },
    };
    g_autoptr(SimUnits) units = sim_units_new("ooorr");

    sim_units_query_well(units);
    sim_units_secure(units);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TkeKnownModules) known = tke_known_modules_new();

        check_states(units, known, cases[i].flags, cases[i].cold, cases[i].most_rounds);
        check_states(units, known, cases[i].flags, cases[i].warm, cases[i].most_rounds);
    }
}
END_TEST

static TkeUnitCommand *
make_importer(SimUnits *units, unsigned i, GError **error)
{
    return tke_unit_master_key_new_importer(sim_units_unit(units, i), error);
}

static TkeUnitCommand *
make_import(SimUnits *units, unsigned i, GError **error)
{
    const TkeImporterKey *importer = g_ptr_array_index(importers, i);
    g_autoptr(GPtrArray) envelopes =
        g_ptr_array_new_with_free_func((GDestroyNotify) g_byte_array_unref);

    for (unsigned j = 0; j < PARTS; j++) {
        GByteArray *envelope = g_byte_array_new();
        TkeByteBuilder builder = tke_byte_builder_into(envelope, TKE_RECIPIENT_INFO_MAX);

        g_ptr_array_add(envelopes, envelope);
        ck_assert(tke_recipient_info_encrypt(&builder, importer->key, parts[j],
                                             TKE_SHARED_INFO_WITH_NULL, error));
    }
    return tke_unit_master_key_new_import(sim_units_unit(units, i), envelopes, error);
}

static TkeUnitCommand *
make_commit(SimUnits *units, unsigned i, GError **error)
{
    return tke_unit_master_key_new_commit(sim_units_unit(units, i), key_vp, error);
}

static TkeUnitCommand *
make_finalize(SimUnits *units, unsigned i, GError **error)
{
    return tke_unit_master_key_new_finalize(sim_units_unit(units, i), key_vp, error);
}

static TkeUnitCommand *
make_clear_current(SimUnits *units, unsigned i, GError **error)
{
    return tke_unit_master_key_new_clear_current(sim_units_unit(units, i), error);
}

static TkeUnitCommand *
make_clear_new(SimUnits *units, unsigned i, GError **error)
{
    return tke_unit_master_key_new_clear_new(sim_units_unit(units, i), error);
}

static TkeUnitCommand *
make_zeroize(SimUnits *units, unsigned i, GError **error)
{
    return tke_unit_zeroize_new(sim_units_unit(units, i), error);
}

/* Draws parts, makes importer keys, imports; checks what the units report. */
static void
load(SimUnits *units, TkeSecret *whole)
{
    uint8_t part_vps[PARTS][TKE_VP_LEN];
    g_autoptr(GPtrArray) made = NULL;
    g_autoptr(GPtrArray) imported = NULL;

    for (unsigned j = 0; j < PARTS; j++) {
        parts[j] = tke_secret_new_random(TKE_KEY_PART_LEN, NULL);
        tke_secret_xor(whole, parts[j]);
        ck_assert(tke_digest_verification_pattern(parts[j], part_vps[j], NULL));
    }
    ck_assert(tke_digest_verification_pattern(whole, key_vp, NULL));
    made = sim_units_run(units, make_importer, 1);
    importers = g_ptr_array_new_with_free_func((GDestroyNotify) tke_importer_key_free);
    for (guint i = 0; i < made->len; i++) {
        g_ptr_array_add(importers,
                        tke_unit_master_key_get_importer(g_ptr_array_index(made, i), NULL));
    }
    imported = sim_units_run(units, make_import, 1);
    for (guint i = 0; i < imported->len; i++) {
        const TkeUnitCommand *command = g_ptr_array_index(imported, i);
        uint8_t vp[TKE_VP_LEN];

        ck_assert(tke_unit_master_key_reports_parts(command, PARTS));
        ck_assert(!tke_unit_master_key_reports_parts(command, PARTS - 1));
        ck_assert(tke_unit_master_key_get_vp(command, vp, NULL));
        ck_assert(tke_digest_vp_equal(vp, key_vp));
        ck_assert_uint_eq(tke_unit_master_key_find_wrong_part(
                              command, (const uint8_t(*)[TKE_VP_LEN]) part_vps, PARTS),
                          0);
        part_vps[1][0] ^= 1;
        ck_assert_uint_eq(tke_unit_master_key_find_wrong_part(
                              command, (const uint8_t(*)[TKE_VP_LEN]) part_vps, PARTS),
                          2);
        part_vps[1][0] ^= 1;
    }
    g_ptr_array_unref(importers);
    for (unsigned j = 0; j < PARTS; j++) {
        tke_secret_free(parts[j]);
    }
}

/* The states of registers that all units must show; patterns confirmed by signed answers. */
static void
check_registers(SimUnits *units, TkeRegisterState current, TkeRegisterState new_state)
{
    g_autoptr(GPtrArray) states = sim_units_query(units, NULL, TKE_UNIT_QUERY_SIGNED_VPS);

    for (guint i = 0; i < states->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(states, i);

        ck_assert_msg(state->error == NULL, "%s",
                      state->error == NULL ? "" : state->error->message);
        ck_assert(state->vps_signed);
        ck_assert_int_eq(state->registers.current_state, current);
        ck_assert_int_eq(state->registers.new_state, new_state);
    }
}

START_TEST(test_ceremony_leads_to_the_same_key_in_all_units)
{
    g_autoptr(SimUnits) units = sim_units_new("ooor");
    g_autoptr(TkeSecret) whole = tke_secret_new(TKE_KEY_PART_LEN, NULL);
    TkeUnitTransportCounts before;
    TkeUnitTransportCounts after;

    sim_units_query_well(units);
    sim_units_secure(units);
    tke_unit_transport_get_counts(units->transport, &before);
    load(units, whole);
    g_ptr_array_unref(sim_units_run(units, make_commit, 2));
    g_ptr_array_unref(sim_units_run(units, make_finalize, 1));
    tke_unit_transport_get_counts(units->transport, &after);
    ck_assert_uint_eq(after.requests - before.requests, 4 * 4); /* no query in between */
    ck_assert_uint_eq(after.rounds - before.rounds, 4);
    check_registers(units, TKE_REGISTER_VALID, TKE_REGISTER_EMPTY);
    for (unsigned i = 0; i < 4; i++) {
        g_autoptr(TkeSecret) held =
            sim_unit_dup_key(sim_units_sim(units, i), SIM_REGISTER_CURRENT, NULL);

        ck_assert_ptr_nonnull(held);
        ck_assert(tke_secret_equal(held, whole));
    }
}
END_TEST

START_TEST(test_registers_can_be_cleared_and_units_zeroized)
{
    g_autoptr(SimUnits) units = sim_units_new("of");
    g_autoptr(TkeSecret) first = tke_secret_new(TKE_KEY_PART_LEN, NULL);
    g_autoptr(TkeSecret) second = tke_secret_new(TKE_KEY_PART_LEN, NULL);

    sim_units_query_well(units);
    sim_units_secure(units);
    load(units, first);
    check_registers(units, TKE_REGISTER_EMPTY, TKE_REGISTER_FULL_UNCOMMITTED);
    g_ptr_array_unref(sim_units_run(units, make_clear_new, 1));
    check_registers(units, TKE_REGISTER_EMPTY, TKE_REGISTER_EMPTY);
    load(units, second);
    g_ptr_array_unref(sim_units_run(units, make_commit, 2));
    check_registers(units, TKE_REGISTER_EMPTY, TKE_REGISTER_FULL_COMMITTED);
    g_ptr_array_unref(sim_units_run(units, make_finalize, 1));
    g_ptr_array_unref(sim_units_run(units, make_clear_current, 1));
    check_registers(units, TKE_REGISTER_EMPTY, TKE_REGISTER_EMPTY);
    g_ptr_array_unref(sim_units_run(units, make_zeroize, 1));
    sim_units_query_well(units); /* the new instance is no surprise */
    ck_assert(tke_unit_is_in_imprint_mode(sim_units_unit(units, 0)));
    sim_units_secure(units); /* and it can begin again */
}
END_TEST

/* The first unit is refused, the second is not; no command can be made for the first. */
static void
check_lie(SimUnits *units, const char *fault, int code)
{
    g_autofree char *order = g_strdup_printf("{'fault':'%s','unit':1,'count':0}", fault);
    g_autoptr(GPtrArray) states = NULL;
    const TkeUnitState *state = NULL;
    g_autoptr(GError) error = NULL;

    sim_units_fault(units, order);
    states = sim_units_query(units, NULL, TKE_UNIT_QUERY_DEFAULT);
    sim_service_clear_faults(units->service);
    state = g_ptr_array_index(states, 0);
    test_bytes_check_error(state->error, TKE_UNIT_ERROR, code);
    ck_assert_ptr_null(tke_unit_zeroize_new(state->unit, &error));
    ck_assert_int_eq(tke_unit_get_trust(state->unit), TKE_UNIT_REFUSED);
    ck_assert_int_eq(tke_unit_get_trust(sim_units_unit(units, 1)), TKE_UNIT_VERIFIED);
}

START_TEST(test_lying_units_get_no_command)
{
    g_autoptr(SimUnits) units = sim_units_new("oo");

    check_lie(units, "forged-chain", TKE_UNIT_ERROR_NOT_GENUINE);
    check_lie(units, "forged-root", TKE_UNIT_ERROR_NOT_GENUINE);
    check_lie(units, "bad-signature", TKE_UNIT_ERROR_SIGNATURE);
    check_lie(units, "no-signature", TKE_UNIT_ERROR_SIGNATURE);
    check_lie(units, "wrong-serial", TKE_UNIT_ERROR_IDENTITY);
    check_lie(units, "wrong-command", TKE_UNIT_ERROR_IDENTITY);
    sim_units_query_well(units);
}
END_TEST

/* Both administrators are there; a zeroize of unit 0 signed by one, sent under the fault. */
static TkeUnitOutcome
send_clear(SimUnits *units, const char *fault, TkeUnitOutcome *settled)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeUnitCommand) command = make_clear_new(units, 0, &error);

    ck_assert_ptr_nonnull(command);
    ck_assert(tke_unit_command_add_signer(command, &units->signers[0].base, NULL, &error));
    sim_units_fault(units, fault);
    ck_assert(!tke_unit_command_send(units->transport, &command, 1, NULL, &error));
    sim_service_clear_faults(units->service);
    *settled = tke_unit_command_get_outcome(command);
    if (*settled == TKE_UNIT_OUTCOME_UNKNOWN) {
        g_clear_error(&error);
        ck_assert(tke_unit_command_settle(units->transport, &command, 1, NULL, &error));
        *settled = tke_unit_command_get_outcome(command);
        return TKE_UNIT_OUTCOME_UNKNOWN;
    }
    return *settled;
}

START_TEST(test_faults_of_the_service_are_settled)
{
    static const struct {
        const char *fault;
        TkeUnitOutcome sent;
        TkeUnitOutcome settled;
    } cases[] = {
        { "{'fault':'drop-before'}", TKE_UNIT_OUTCOME_UNKNOWN, TKE_UNIT_OUTCOME_FOUND_NOT_DONE },
        { "{'fault':'drop-after'}", TKE_UNIT_OUTCOME_UNKNOWN, TKE_UNIT_OUTCOME_FOUND_DONE },
        { "{'fault':'cut'}", TKE_UNIT_OUTCOME_UNKNOWN, TKE_UNIT_OUTCOME_FOUND_DONE },
        { "{'fault':'http','status':500}", TKE_UNIT_OUTCOME_UNKNOWN,
          TKE_UNIT_OUTCOME_FOUND_NOT_DONE },
        { "{'fault':'http','status':403}", TKE_UNIT_OUTCOME_NOT_SENT, TKE_UNIT_OUTCOME_NOT_SENT },
        { "{'fault':'garbage'}", TKE_UNIT_OUTCOME_UNKNOWN, TKE_UNIT_OUTCOME_FOUND_DONE },
        { "{'fault':'oversized'}", TKE_UNIT_OUTCOME_UNKNOWN, TKE_UNIT_OUTCOME_FOUND_DONE },
        { "{'fault':'code','return_code':80,'reason_code':46}", TKE_UNIT_OUTCOME_REFUSED,
          TKE_UNIT_OUTCOME_REFUSED },
        { "{'fault':'outer-code','return_code':7}", TKE_UNIT_OUTCOME_UNKNOWN,
          TKE_UNIT_OUTCOME_FOUND_NOT_DONE },
    };
    g_autoptr(SimUnits) units = sim_units_new("o");

    sim_units_query_well(units);
    sim_units_secure(units);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        TkeUnitOutcome settled = TKE_UNIT_OUTCOME_NOT_SENT;

        ck_assert_msg(send_clear(units, cases[i].fault, &settled) == cases[i].sent, "%s",
                      cases[i].fault);
        ck_assert_msg(settled == cases[i].settled, "%s: %d", cases[i].fault, (int) settled);
    }
}
END_TEST

START_TEST(test_expired_token_asks_for_a_new_login)
{
    g_autoptr(SimUnits) units = sim_units_new("o");
    g_autoptr(GPtrArray) states = NULL;
    const TkeUnitState *state = NULL;

    sim_units_query_well(units);
    sim_service_expire_tokens(units->service);
    states = sim_units_query(units, NULL, TKE_UNIT_QUERY_DEFAULT);
    state = g_ptr_array_index(states, 0);
    test_bytes_check_error(state->error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_UNAUTHORIZED);
    /* A unit is not refused because of it. */
    ck_assert_int_eq(tke_unit_get_trust(state->unit), TKE_UNIT_VERIFIED);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_status_takes_the_promised_requests_and_rounds);
    tcase_add_test(tests, test_many_units_take_no_more_rounds);
    tcase_add_test(tests, test_what_commands_show_takes_the_written_down_requests);
    tcase_add_test(tests, test_ceremony_leads_to_the_same_key_in_all_units);
    tcase_add_test(tests, test_registers_can_be_cleared_and_units_zeroized);
    tcase_add_test(tests, test_lying_units_get_no_command);
    tcase_add_test(tests, test_faults_of_the_service_are_settled);
    tcase_add_test(tests, test_expired_token_asks_for_a_new_login);
}

int
main(void)
{
    return test_main("unit-against-simulator", add_tests);
}
