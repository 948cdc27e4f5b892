/*
 * Parameter map and certificate of a key part holder (crypto-unit-protocol.md, 4.7, 4.8, Annex
 * A.6).
 */
#include "libep11admin/parameter-map.h"

#include "common/digest.h"
#include "common/error.h"
#include "tests/libep11admin/test-keys.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

static void
check_hash(const uint8_t *bytes, size_t len, const char *want)
{
    uint8_t hash[TKE_SHA256_LEN] = { 0 };

    ck_assert(tke_digest_sha256(bytes, len, hash, NULL));
    test_bytes_check(hash, sizeof hash, want);
}

static GByteArray *
written(const TkeParameterMap *map)
{
    GByteArray *out = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(out, TKE_PARAMETER_MAP_MAX);

    tke_parameter_map_write(map, &builder);
    ck_assert(!builder.failed);
    return out;
}

static void
check_written(const TkeParameterMap *map, const char *want)
{
    g_autoptr(GByteArray) out = written(map);

    test_bytes_check(out->data, out->len, want);
}

START_TEST(test_known_key_gives_the_known_holder_and_export_request)
{
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_A);
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    uint8_t holder[TKE_KPH_CERTIFICATE_LEN] = { 0 };
    g_autoptr(TkeParameterMap) map = NULL;
    g_autoptr(GByteArray) out = NULL;

    test_key_point(key, point);
    tke_parameter_map_kph_certificate(point, holder);
    check_hash(holder, sizeof holder,
               "170ce3e88cef45d36a8561e0795c17a4a5cfe8fa59b48be5c869e9e192959113");
    map = tke_parameter_map_new_export(holder, sizeof holder);
    out = written(map);
    ck_assert_uint_eq(out->len, 339);
    check_hash(out->data, out->len,
               "e7bad7cc010c136b92bebe19819083d301534c0989b70eb37987382718f5bce4");
}
END_TEST

START_TEST(test_sections_are_written_in_ascending_order)
{
    g_autoptr(TkeParameterMap) map = tke_parameter_map_new();

    tke_parameter_map_set(map, TKE_PARAMETER_KEY_PART, 1, (const uint8_t *) "b", 1);
    tke_parameter_map_set(map, TKE_PARAMETER_STATE_SCOPE, 12, NULL, 0);
    tke_parameter_map_set(map, TKE_PARAMETER_KEY_PART, 0, (const uint8_t *) "a", 1);
    tke_parameter_map_set(map, TKE_PARAMETER_DOMAIN_ADMIN_SKIS, 7, NULL, 0);
    check_written(map, "3022 0406 000a00000007 0407 00190000000061 0407 00190000000162"
                       "0406 001f0000000c");
}
END_TEST

START_TEST(test_section_replaces_one_that_means_the_same)
{
    g_autoptr(TkeParameterMap) map = tke_parameter_map_new();

    tke_parameter_map_set(map, TKE_PARAMETER_M_POLICY, 2, NULL, 0);
    tke_parameter_map_set(map, TKE_PARAMETER_M_POLICY, 1, NULL, 0);
    tke_parameter_map_set(map, TKE_PARAMETER_KEY_PART, 0, (const uint8_t *) "a", 1);
    tke_parameter_map_set(map, TKE_PARAMETER_KEY_PART, 0, (const uint8_t *) "b", 1);
    ck_assert_uint_eq(tke_parameter_map_get_count(map), 2);
    check_written(map, "3011 0407 00190000000062 0406 001c00000001");
}
END_TEST

START_TEST(test_sections_are_found_by_index_only_where_they_may_repeat)
{
    g_autoptr(GByteArray) der = test_bytes("3011 0406 001c00000002 0407 001900000000aa");
    g_autoptr(TkeParameterMap) map = tke_parameter_map_parse(der->data, der->len, NULL);
    const TkeParameterSection *part = NULL;

    ck_assert_ptr_nonnull(map);
    part = tke_parameter_map_find(map, TKE_PARAMETER_KEY_PART, 0);
    ck_assert_ptr_nonnull(part);
    test_bytes_check(part->data->data, part->data->len, "aa");
    ck_assert_ptr_null(tke_parameter_map_find(map, TKE_PARAMETER_KEY_PART, 1));
    ck_assert_uint_eq(tke_parameter_map_find(map, TKE_PARAMETER_M_POLICY, 99)->auxiliary, 2);
}
END_TEST

START_TEST(test_long_lengths_and_bytes_behind_are_read)
{
    g_autoptr(GByteArray) der = test_bytes("3082000b 048200 07 001900000004ff 1e44");
    g_autoptr(TkeParameterMap) map = tke_parameter_map_parse(der->data, der->len, NULL);

    ck_assert_ptr_nonnull(map);
    ck_assert_uint_eq(tke_parameter_map_get_count(map), 1);
    ck_assert_uint_eq(tke_parameter_map_get(map, 0)->auxiliary, 4);
}
END_TEST

START_TEST(test_malformed_maps_are_refused)
{
    static const char *const texts[] = {
        "",
        "31 00",
        "30 01",
        "3007 0405 0019000000",
        "3008 0420 001900000000",
        "3003 020100",
        "3007 0406 0019000000",
        "30 80 0406 001900000000 0000",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GByteArray) der = test_bytes(texts[i]);
        g_autoptr(GError) error = NULL;
        g_autoptr(TkeParameterMap) map = tke_parameter_map_parse(der->data, der->len, &error);

        ck_assert_ptr_null(map);
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    }
}
END_TEST

START_TEST(test_too_many_sections_are_refused)
{
    g_autoptr(TkeParameterMap) map = tke_parameter_map_new();
    g_autoptr(GByteArray) out = NULL;

    for (uint32_t i = 0; i <= TKE_PARAMETER_SECTIONS_MAX; i++) {
        tke_parameter_map_set(map, TKE_PARAMETER_KEY_PART, i, NULL, 0);
    }
    out = written(map);
    ck_assert_ptr_null(tke_parameter_map_parse(out->data, out->len, NULL));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_known_key_gives_the_known_holder_and_export_request);
    tcase_add_test(tests, test_sections_are_written_in_ascending_order);
    tcase_add_test(tests, test_section_replaces_one_that_means_the_same);
    tcase_add_test(tests, test_sections_are_found_by_index_only_where_they_may_repeat);
    tcase_add_test(tests, test_long_lengths_and_bytes_behind_are_read);
    tcase_add_test(tests, test_malformed_maps_are_refused);
    tcase_add_test(tests, test_too_many_sections_are_refused);
}

int
main(void)
{
    return test_main("parameter-map", add_tests);
}
