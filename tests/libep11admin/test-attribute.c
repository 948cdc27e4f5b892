/*
 * Domain attributes and control points (crypto-unit-protocol.md, 4.5, 4.9, 7.4).
 */
#include "libep11admin/attribute.h"
#include "libep11admin/control-point.h"

#include "libep11admin/unit-error.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

/* A fresh domain's permissions, and what an update makes of them (4.5). */
#define FRESH 0x81ff0011u
#define OPERATIONAL 0x01ff2055u
#define RECOVERY 0x01ff205fu

START_TEST(test_fresh_units_get_the_permissions_of_the_protocol)
{
    ck_assert_uint_eq(tke_attribute_wanted_permissions(TKE_UNIT_OPERATIONAL, FRESH), OPERATIONAL);
    ck_assert_uint_eq(tke_attribute_wanted_permissions(TKE_UNIT_FAILOVER, FRESH), OPERATIONAL);
    ck_assert_uint_eq(tke_attribute_wanted_permissions(TKE_UNIT_RECOVERY, FRESH), RECOVERY);
}
END_TEST

START_TEST(test_what_is_not_reported_has_a_value_that_says_so)
{
    TkeAttributes attributes = { 0 };
    bool fragment = false;

    tke_attribute_parse(NULL, 0, &attributes, &fragment);

    ck_assert_uint_eq(attributes.value[TKE_ATTRIBUTE_SIGN_THR], TKE_ATTRIBUTE_NOT_REPORTED);
    ck_assert_uint_eq(attributes.value[TKE_ATTRIBUTE_REVOKE_THR], TKE_ATTRIBUTE_NOT_REPORTED);
    ck_assert_uint_eq(attributes.value[TKE_ATTRIBUTE_PERMS], 0);
    ck_assert(!attributes.present[TKE_ATTRIBUTE_SIGN_THR]);
    ck_assert(!fragment);
}
END_TEST

START_TEST(test_order_unknown_indexes_and_fragments_do_not_matter)
{
    g_autoptr(GByteArray) output =
        test_bytes("0000000200000003 00000000ffffffff 0000000b00000007 ffffffff00000001"
                   "0000000a00000001 0000000100000002 000000");
    TkeAttributes attributes = { 0 };
    bool fragment = false;

    tke_attribute_parse(output->data, output->len, &attributes, &fragment);

    ck_assert_uint_eq(attributes.value[TKE_ATTRIBUTE_SIGN_THR], 2);
    ck_assert_uint_eq(attributes.value[TKE_ATTRIBUTE_REVOKE_THR], 3);
    ck_assert_uint_eq(attributes.value[TKE_ATTRIBUTE_ADM_COMPL], 1);
    ck_assert(!attributes.present[TKE_ATTRIBUTE_PERMS]);
    ck_assert(fragment);
}
END_TEST

START_TEST(test_tables_name_each_bit_once)
{
    size_t n = 0;
    const TkeAttributeInfo *rows = tke_attribute_get_permissions(&n);
    uint32_t seen = 0;

    for (size_t i = 0; i < n; i++) {
        ck_assert_uint_eq(seen & rows[i].id, 0);
        ck_assert_uint_eq(rows[i].id & (rows[i].id - 1), 0);
        ck_assert_uint_eq(rows[i].id >> 16, 0);
        seen |= rows[i].id;
    }
    ck_assert_uint_eq(seen, 0x3fff);
    rows = tke_attribute_get_modes(&n);
    for (size_t i = 0; i < n; i++) {
        ck_assert_uint_eq(rows[i].id & (rows[i].id - 1), 0);
    }
    rows = tke_attribute_get_all(&n);
    ck_assert_uint_eq(n, TKE_ATTRIBUTE_MAX);
    for (size_t i = 0; i < n; i++) {
        ck_assert_uint_eq(rows[i].id, i + 1);
    }
    ck_assert_uint_eq(rows[TKE_ATTRIBUTE_PERMS - 1].initial, FRESH);
}
END_TEST

START_TEST(test_change_bits_belong_to_their_permissions)
{
    ck_assert_uint_eq(tke_attribute_change_bit(TKE_PERMISSION_WK_IMPORT), 0x00010000);
    ck_assert_uint_eq(tke_attribute_change_bit(TKE_PERMISSION_1SIGN), 0x00400000);
    ck_assert_uint_eq(tke_attribute_change_bit(TKE_PERMISSION_DO_NOT_DISTURB), 0x80000000);
    ck_assert_uint_eq(tke_attribute_change_bit(0), 0);
    ck_assert_uint_eq(tke_attribute_change_bit(TKE_PERMISSION_NO_DOMAIN_IMPRINT), 0);
}
END_TEST

START_TEST(test_control_points_count_from_the_top_bit_of_the_first_byte)
{
    g_autoptr(GByteArray) output = test_bytes("80000000000000000000000000000001");
    TkeControlPointSet set = { 0 };

    ck_assert(tke_control_point_parse(output->data, output->len, &set, NULL));
    ck_assert(tke_control_point_get(&set, TKE_CP_ADD_CPBS));
    ck_assert(!tke_control_point_get(&set, TKE_CP_DELETE_CPBS));
    ck_assert(tke_control_point_get(&set, 127));
    tke_control_point_put(&set, TKE_CP_BTC, true);
    tke_control_point_put(&set, TKE_CP_ADD_CPBS, false);
    test_bytes_check(set.bytes, sizeof set.bytes, "00000000000000002000000000000001");
}
END_TEST

START_TEST(test_control_points_of_another_length_are_refused)
{
    const uint8_t bytes[17] = { 0 };
    TkeControlPointSet set = { 0 };
    g_autoptr(GError) error = NULL;

    ck_assert(!tke_control_point_parse(bytes, 17, &set, &error));
    test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_MALFORMED);
    ck_assert(!tke_control_point_parse(bytes, 15, &set, NULL));
}
END_TEST

START_TEST(test_control_points_are_found_by_number_and_name)
{
    const TkeControlPointInfo *info = tke_control_point_lookup(67);

    ck_assert_ptr_nonnull(info);
    ck_assert_str_eq(info->name, "ECDSA_OTHER");
    ck_assert_ptr_eq(tke_control_point_lookup_name("ECDSA_OTHER"), info);
    ck_assert_ptr_null(tke_control_point_lookup(49));
    ck_assert_ptr_null(tke_control_point_lookup_name("btc"));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_fresh_units_get_the_permissions_of_the_protocol);
    tcase_add_test(tests, test_what_is_not_reported_has_a_value_that_says_so);
    tcase_add_test(tests, test_order_unknown_indexes_and_fragments_do_not_matter);
    tcase_add_test(tests, test_tables_name_each_bit_once);
    tcase_add_test(tests, test_change_bits_belong_to_their_permissions);
    tcase_add_test(tests, test_control_points_count_from_the_top_bit_of_the_first_byte);
    tcase_add_test(tests, test_control_points_of_another_length_are_refused);
    tcase_add_test(tests, test_control_points_are_found_by_number_and_name);
}

int
main(void)
{
    return test_main("attribute", add_tests);
}
