/*
 * Table of commands, signatures needed (crypto-unit-protocol.md, 2.12 and 3.1).
 */
#include "libep11admin/admin-command.h"

#include "libep11admin/attribute.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

static const TkeSignatureState imprint = { .new_signature_threshold = 2 };
static const TkeSignatureState running = { .signature_threshold = 3, .revocation_threshold = 2 };

START_TEST(test_every_row_is_found_by_its_code)
{
    size_t n = 0;
    const TkeAdminCommandInfo *all = tke_admin_command_get_all(&n);

    ck_assert_uint_ge(n, 22);
    for (size_t i = 0; i < n; i++) {
        ck_assert_ptr_eq(tke_admin_command_lookup(all[i].code), &all[i]);
        /* What changes the state is no query, and a query needs no signature. */
        ck_assert(all[i].changes_state != tke_admin_command_is_query(all[i].code));
        ck_assert((all[i].rule == TKE_SIGNATURES_NONE) == tke_admin_command_is_query(all[i].code));
    }
    ck_assert_ptr_null(tke_admin_command_lookup(0xffff));
}
END_TEST

START_TEST(test_commands_are_told_in_words)
{
    g_autofree char *known = tke_admin_command_dup_text(TKE_ADMIN_COMMIT_WK);
    g_autofree char *unknown = tke_admin_command_dup_text(0xff);

    ck_assert_str_eq(known, "commit new master key");
    ck_assert_str_eq(unknown, "command 0x000000ff");
}
END_TEST

START_TEST(test_imprint_mode_needs_signatures_only_to_leave_it)
{
    ck_assert_uint_eq(tke_admin_command_count_signatures(TKE_ADMIN_ADD_ADMIN, &imprint), 0);
    ck_assert_uint_eq(tke_admin_command_count_signatures(TKE_ADMIN_ZEROIZE, &imprint), 0);
    ck_assert_uint_eq(tke_admin_command_count_signatures(TKE_ADMIN_SET_ATTRIBUTES, &imprint), 2);
    ck_assert_uint_eq(tke_admin_command_count_signatures(TKE_ADMIN_QUERY_ADMINS, &imprint), 0);
}
END_TEST

START_TEST(test_each_command_has_its_number_of_signatures)
{
    ck_assert_uint_eq(tke_admin_command_count_signatures(TKE_ADMIN_ADD_ADMIN, &running), 3);
    ck_assert_uint_eq(tke_admin_command_count_signatures(TKE_ADMIN_REMOVE_ADMIN, &running), 2);
    ck_assert_uint_eq(tke_admin_command_count_signatures(TKE_ADMIN_SET_ATTRIBUTES, &running), 3);
    ck_assert_uint_eq(tke_admin_command_count_signatures(TKE_ADMIN_GEN_IMPORTER, &running), 1);
    ck_assert_uint_eq(tke_admin_command_count_signatures(TKE_ADMIN_IMPORT_WK, &running), 1);
    ck_assert_uint_eq(tke_admin_command_count_signatures(TKE_ADMIN_COMMIT_WK, &running), 3);
    ck_assert_uint_eq(tke_admin_command_count_signatures(TKE_ADMIN_FINALIZE_WK, &running), 1);
    ck_assert_uint_eq(tke_admin_command_count_signatures(TKE_ADMIN_QUERY_ADMINS, &running), 0);
}
END_TEST

START_TEST(test_permissions_lower_the_number_to_one)
{
    TkeSignatureState state = running;

    ck_assert_uint_eq(tke_admin_command_count_signatures(TKE_ADMIN_ZEROIZE, &state), 3);
    ck_assert_uint_eq(tke_admin_command_count_signatures(TKE_ADMIN_ADD_CONTROL_POINTS, &state), 3);
    state.permissions = TKE_PERMISSION_ZERO_1SIGN;
    ck_assert_uint_eq(tke_admin_command_count_signatures(TKE_ADMIN_ZEROIZE, &state), 1);
    ck_assert_uint_eq(tke_admin_command_count_signatures(TKE_ADMIN_ADD_CONTROL_POINTS, &state), 3);
    state.permissions = TKE_PERMISSION_CP_1SIGN;
    ck_assert_uint_eq(tke_admin_command_count_signatures(TKE_ADMIN_ZEROIZE, &state), 3);
    ck_assert_uint_eq(tke_admin_command_count_signatures(TKE_ADMIN_ADD_CONTROL_POINTS, &state), 1);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_every_row_is_found_by_its_code);
    tcase_add_test(tests, test_commands_are_told_in_words);
    tcase_add_test(tests, test_imprint_mode_needs_signatures_only_to_leave_it);
    tcase_add_test(tests, test_each_command_has_its_number_of_signatures);
    tcase_add_test(tests, test_permissions_lower_the_number_to_one);
}

int
main(void)
{
    return test_main("admin-command", add_tests);
}
