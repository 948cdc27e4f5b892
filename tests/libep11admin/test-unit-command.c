/*
 * Commands for units: prepared ahead, forecast, signed (crypto-unit-protocol.md, 2.7, 2.8, 2.12,
 * 3.2; annex C, 12).
 */
#include "libep11admin/unit-command.h"

#include <string.h>

#include "common/error.h"
#include "libep11admin/unit-admins.h"
#include "libep11admin/unit-attributes.h"
#include "libep11admin/unit-master-key.h"
#include "libep11admin/unit-zeroize.h"
#include "tests/libep11admin/unit-world.h"
#include "tests/support/test-main.h"

static const uint8_t vp[TKE_VP_LEN] = { 1, 2, 3 };

START_TEST(test_command_takes_counter_and_identity_from_the_last_answer)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 2, 2);
    TkeUnit *unit = unit_world_unit(world, 0);
    FakeUnit *fake = fake_units_get(world->fakes, 0);
    g_autoptr(TkeUnitCommand) command = NULL;
    g_autoptr(GByteArray) block = NULL;
    TkeUnitIdentity next;
    TkeUnitTransportCounts before;
    TkeUnitTransportCounts after;
    size_t len = 0;
    const uint8_t *message = NULL;

    unit_world_query_well(world);
    next = fake->identity;
    tke_admin_block_increment_counter(next.counter, sizeof next.counter);
    block = tke_admin_block_new_command(TKE_ADMIN_COMMIT_WK, &next, vp, sizeof vp);
    tke_unit_transport_get_counts(world->transport, &before);
    command = tke_unit_master_key_new_commit(unit, vp, NULL);
    message = tke_unit_command_get_message(command, 0, &len);
    ck_assert_uint_eq(len, block->len);
    ck_assert_mem_eq(message, block->data, len);
    ck_assert_uint_eq(tke_unit_command_get_needed(command), 2);
    unit_world_sign(world, command, 0);
    ck_assert_uint_eq(tke_unit_command_get_signed(command), 1);
    unit_world_sign(world, command, 1);
    unit_world_send(world, command);
    tke_unit_transport_get_counts(world->transport, &after);
    ck_assert_uint_eq(after.requests, before.requests + 1);
    ck_assert_mem_eq(tke_unit_get_identity(unit), &next, sizeof next);
    ck_assert(fake->committed);
}
END_TEST

START_TEST(test_commands_prepared_ahead_count_on)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 0, 0, 0);
    TkeUnit *unit = unit_world_unit(world, 0);
    g_autoptr(TkeUnitCommand) first = NULL;
    g_autoptr(TkeUnitCommand) second = NULL;
    g_autoptr(TkeUnitCommand) third = NULL;
    g_autoptr(GError) error = NULL;

    unit_world_query_well(world);
    first = unit_world_made(tke_unit_admins_new_add(unit, world->admins[0].certificate->data,
                                                    world->admins[0].certificate->len, &error),
                            &error);
    second = unit_world_made(tke_unit_admins_new_add(unit, world->admins[1].certificate->data,
                                                     world->admins[1].certificate->len, &error),
                             &error);
    unit_world_send(world, first);
    unit_world_send(world, second);
    ck_assert_uint_eq(tke_unit_get_admins(unit)->len, 2);
    /* Leaving imprint mode is signed by administrators known from these commands alone. */
    third = unit_world_made(tke_unit_attributes_new_thresholds(unit, 2, 1, &error), &error);
    ck_assert_uint_eq(tke_unit_command_get_needed(third), 2);
    unit_world_sign(world, third, 1);
    unit_world_sign(world, third, 0);
    unit_world_send(world, third);
    ck_assert(!tke_unit_is_in_imprint_mode(unit));
    ck_assert_uint_eq(fake_units_get(world->fakes, 0)->n_commands, 3);
    ck_assert_uint_eq(fake_units_get(world->fakes, 0)->perms, 0x01FF2055);
}
END_TEST

START_TEST(test_one_visit_of_a_signer_signs_for_all_units)
{
    g_autoptr(UnitWorld) world = unit_world_new(8, 0, 2, 2, 2);
    g_autoptr(GPtrArray) commands =
        g_ptr_array_new_with_free_func((GDestroyNotify) tke_unit_command_free);
    g_autoptr(GError) error = NULL;
    TkeUnitTransportCounts before;
    TkeUnitTransportCounts after;

    unit_world_query_well(world);
    for (unsigned i = 0; i < 8; i++) {
        g_ptr_array_add(commands,
                        tke_unit_master_key_new_commit(unit_world_unit(world, i), vp, NULL));
    }
    for (unsigned admin = 0; admin < 2; admin++) {
        for (unsigned i = 0; i < 8; i++) {
            unit_world_sign(world, g_ptr_array_index(commands, i), admin);
        }
    }
    tke_unit_transport_get_counts(world->transport, &before);
    unit_world_check(tke_unit_command_send(world->transport,
                                           (TkeUnitCommand *const *) commands->pdata, 8, NULL,
                                           &error),
                     error);
    tke_unit_transport_get_counts(world->transport, &after);
    ck_assert_uint_eq(after.rounds, before.rounds + 1);
    ck_assert_uint_eq(after.requests, before.requests + 8);
}
END_TEST

START_TEST(test_signers_who_do_not_fit_are_refused)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 2, 2);
    TkeUnit *unit = unit_world_unit(world, 0);
    g_autoptr(TkeUnitCommand) command = NULL;
    g_autoptr(TkeUnitCommand) one = NULL;
    g_autoptr(GError) stranger = NULL;
    g_autoptr(GError) twice = NULL;
    g_autoptr(GError) more = NULL;

    unit_world_query_well(world);
    command = tke_unit_master_key_new_commit(unit, vp, NULL);
    ck_assert(
        !tke_unit_command_add_signer(command, &world->admins[2].signer.base, NULL, &stranger));
    unit_world_check_precondition(NULL, &stranger, "no administrator");
    ck_assert_uint_eq(world->admins[2].signer.calls, 1); /* its own certificate, nothing else */
    unit_world_sign(world, command, 0);
    ck_assert(!tke_unit_command_add_signer(command, &world->admins[0].signer.base, NULL, &twice));
    unit_world_check_precondition(NULL, &twice, "has signed already");
    ck_assert_uint_eq(tke_unit_command_get_signed(command), 1);
    ck_assert(tke_unit_command_is_signed_by(command, world->admins[0].signer.base.ski));
    ck_assert(!tke_unit_command_is_signed_by(command, world->admins[1].signer.base.ski));
    one = tke_unit_master_key_new_clear_new(unit, NULL);
    unit_world_sign(world, one, 0);
    ck_assert(!tke_unit_command_add_signer(one, &world->admins[1].signer.base, NULL, &more));
    unit_world_check_precondition(NULL, &more, "no further signature");
}
END_TEST

START_TEST(test_wrong_signature_of_a_card_is_found_before_it_is_used)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    TestSigner liar = world->admins[0].signer;
    g_autoptr(TkeUnitCommand) command = NULL;
    g_autoptr(GError) error = NULL;

    liar.key = world->admins[1].key;
    unit_world_query_well(world);
    command = tke_unit_master_key_new_clear_new(unit_world_unit(world, 0), NULL);
    ck_assert(!tke_unit_command_add_signer(command, &liar.base, NULL, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_VERIFY);
    ck_assert_uint_eq(tke_unit_command_get_signed(command), 0);
}
END_TEST

START_TEST(test_command_without_its_signatures_is_not_sent)
{
    g_autoptr(UnitWorld) world = unit_world_new(2, 0, 2, 2, 2);
    TkeUnitCommand *commands[2] = { 0 };
    g_autoptr(GError) error = NULL;

    unit_world_query_well(world);
    for (unsigned i = 0; i < 2; i++) {
        commands[i] = tke_unit_master_key_new_commit(unit_world_unit(world, i), vp, NULL);
        unit_world_sign(world, commands[i], 0);
    }
    unit_world_sign(world, commands[0], 1);
    ck_assert(!tke_unit_command_send(world->transport, commands, 2, NULL, &error));
    unit_world_check_precondition(NULL, &error, "1 of 2 signatures");
    ck_assert_uint_eq(fake_units_get(world->fakes, 0)->n_commands, 0); /* all or none */
    ck_assert_int_eq(tke_unit_command_get_outcome(commands[0]), TKE_UNIT_OUTCOME_NOT_SENT);
    unit_world_sign(world, commands[1], 1);
    g_clear_error(&error);
    unit_world_check(tke_unit_command_send(world->transport, commands, 2, NULL, &error), error);
    for (unsigned i = 0; i < 2; i++) {
        tke_unit_command_free(commands[i]);
    }
}
END_TEST

START_TEST(test_what_the_state_forbids_is_refused_before_a_card_is_asked)
{
    g_autoptr(UnitWorld) imprint = unit_world_new(1, 0, 0, 0, 0);
    g_autoptr(UnitWorld) secured = unit_world_new(1, 0, 2, 2, 2);
    TkeUnit *fresh = unit_world_unit(imprint, 0);
    TkeUnit *unit = unit_world_unit(secured, 0);
    const GByteArray *alice = secured->admins[0].certificate;
    GError *errors[9] = { 0 };

    unit_world_check_precondition(tke_unit_zeroize_new(unit, &errors[0]), &errors[0],
                                  "not read yet");
    unit_world_query_well(imprint);
    unit_world_query_well(secured);
    unit_world_check_precondition(tke_unit_master_key_new_importer(fresh, &errors[1]), &errors[1],
                                  "imprint mode");
    unit_world_check_precondition(tke_unit_master_key_new_commit(fresh, vp, &errors[2]), &errors[2],
                                  "imprint mode");
    unit_world_check_precondition(tke_unit_attributes_new_thresholds(fresh, 1, 1, &errors[3]),
                                  &errors[3], "0 administrators");
    unit_world_check_precondition(
        tke_unit_admins_new_add(unit, alice->data, alice->len, &errors[4]), &errors[4],
        "there already, as \"Alice\"");
    unit_world_check_precondition(
        tke_unit_admins_new_remove(unit, secured->admins[0].signer.base.ski, &errors[5]),
        &errors[5], "fewer administrators");
    unit_world_check_precondition(
        tke_unit_admins_new_remove(unit, secured->admins[2].signer.base.ski, &errors[6]),
        &errors[6], "not there");
    ck_assert_ptr_null(tke_unit_attributes_new_thresholds(unit, 0, 1, &errors[7]));
    test_bytes_check_error(errors[7], TKE_ERROR, TKE_ERROR_USAGE);
    ck_assert_ptr_null(tke_unit_admins_new_add(unit, alice->data, 20, &errors[8]));
    test_bytes_check_error(errors[8], TKE_ERROR, TKE_ERROR_INVALID_DATA);
    for (unsigned i = 0; i < G_N_ELEMENTS(errors); i++) {
        g_error_free(errors[i]);
    }
}
END_TEST

START_TEST(test_locked_threshold_is_forecast)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    TkeUnit *unit = unit_world_unit(world, 0);
    g_autoptr(TkeUnitCommand) same = NULL;
    g_autoptr(GError) error = NULL;

    fake_units_get(world->fakes, 0)->perms = 0x01EF2055; /* CHG_SIGN_THR is off */
    unit_world_query_well(world);
    unit_world_check_precondition(tke_unit_attributes_new_thresholds(unit, 2, 1, &error), &error,
                                  "locked");
    same = tke_unit_attributes_new_thresholds(unit, 1, 2, NULL);
    ck_assert_ptr_nonnull(same);
}
END_TEST

START_TEST(test_import_carries_each_part_signed)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 2, 2);
    TkeUnit *unit = unit_world_unit(world, 0);
    g_autoptr(GPtrArray) parts =
        g_ptr_array_new_with_free_func((GDestroyNotify) g_byte_array_unref);
    g_autoptr(TkeUnitCommand) command = NULL;
    uint8_t found[TKE_VP_LEN];
    uint8_t part_vps[3 * TKE_VP_LEN] = { 0 };
    g_autoptr(GError) error = NULL;

    for (unsigned i = 0; i < 3; i++) {
        g_ptr_array_add(parts, test_bytes("0102030405"));
    }
    unit_world_query_well(world);
    command = unit_world_made(tke_unit_master_key_new_import(unit, parts, &error), &error);
    ck_assert_uint_eq(tke_unit_command_get_n_messages(command), 3);
    ck_assert_uint_eq(tke_unit_command_get_needed(command), 1);
    unit_world_check(tke_unit_command_add_message_signer(command, 1, &world->admins[1].signer.base,
                                                         NULL, &error),
                     error);
    ck_assert_uint_eq(tke_unit_command_get_signed(command), 0);
    unit_world_check(tke_unit_command_add_message_signer(command, 0, &world->admins[0].signer.base,
                                                         NULL, &error),
                     error);
    unit_world_check(tke_unit_command_add_message_signer(command, 2, &world->admins[0].signer.base,
                                                         NULL, &error),
                     error);
    ck_assert_uint_eq(tke_unit_command_get_signed(command), 1);
    ck_assert(!tke_unit_master_key_reports_parts(command, 3)); /* there is no answer */
    unit_world_send(world, command);
    ck_assert(!tke_unit_master_key_reports_parts(command, 3)); /* nor patterns in it */
    unit_world_check(tke_unit_master_key_get_vp(command, found, &error), error);
    ck_assert_uint_eq(found[0], 0x5A);
    ck_assert_uint_eq(
        tke_unit_master_key_find_wrong_part(command, (const uint8_t(*)[TKE_VP_LEN]) part_vps, 3),
        0); /* not reported */
}
END_TEST

START_TEST(test_number_of_parts_is_limited)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 2, 2);
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(GError) error = NULL;

    unit_world_query_well(world);
    ck_assert_ptr_null(tke_unit_master_key_new_import(unit_world_unit(world, 0), none, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_USAGE);
}
END_TEST

START_TEST(test_administrators_without_names_take_no_commands)
{
    g_autoptr(UnitWorld) world = unit_world_new(1, 0, 2, 1, 1);
    g_autoptr(GPtrArray) states = unit_world_query(world, NULL, TKE_UNIT_QUERY_NO_NAMES);
    const TkeUnitState *state = g_ptr_array_index(states, 0);
    const TkeUnitAdmin *admin = g_ptr_array_index(state->admins, 1);
    g_autoptr(TkeUnitCommand) command = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert_uint_eq(state->admins->len, 2);
    ck_assert_mem_eq(admin->ski, world->admins[1].signer.base.ski, TKE_SKI_LEN);
    ck_assert_ptr_null(admin->name);
    unit_world_check_precondition(tke_unit_zeroize_new(unit_world_unit(world, 0), &error), &error,
                                  "not read yet");
    unit_world_query_well(world);
    g_clear_error(&error);
    command = unit_world_made(tke_unit_zeroize_new(unit_world_unit(world, 0), &error), &error);
    ck_assert_uint_eq(tke_unit_command_get_needed(command), 1);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_command_takes_counter_and_identity_from_the_last_answer);
    tcase_add_test(tests, test_commands_prepared_ahead_count_on);
    tcase_add_test(tests, test_one_visit_of_a_signer_signs_for_all_units);
    tcase_add_test(tests, test_signers_who_do_not_fit_are_refused);
    tcase_add_test(tests, test_wrong_signature_of_a_card_is_found_before_it_is_used);
    tcase_add_test(tests, test_command_without_its_signatures_is_not_sent);
    tcase_add_test(tests, test_what_the_state_forbids_is_refused_before_a_card_is_asked);
    tcase_add_test(tests, test_locked_threshold_is_forecast);
    tcase_add_test(tests, test_import_carries_each_part_signed);
    tcase_add_test(tests, test_number_of_parts_is_limited);
    tcase_add_test(tests, test_administrators_without_names_take_no_commands);
}

int
main(void)
{
    return test_main("unit-command", add_tests);
}
