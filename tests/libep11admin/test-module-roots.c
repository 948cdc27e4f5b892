/*
 * Root keys (crypto-unit-protocol.md, 5.7, Annex B).
 */
#include "libep11admin/module-roots.h"

#include "common/digest.h"
#include "common/error.h"
#include "tests/libep11admin/test-keys.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define SPKI_PREFIX "30819b301006072a8648ce3d020106052b81040023038186 00"

static const struct {
    const char *name, *ski, *point_sha256, *spki_sha256;
} rows[] = {
#define MODULE_ROOT(name, kind, ski, x, y, point_sha256, spki_sha256, source)                      \
    { name, ski, point_sha256, spki_sha256 },
#include "libep11admin/module-roots.inc"
#undef MODULE_ROOT
};

START_TEST(test_built_in_roots_have_the_published_fingerprints)
{
    const TkeModuleRoots *roots = tke_module_roots_get_built_in();

    ck_assert_uint_eq(tke_module_roots_get_count(roots), 4);
    ck_assert_uint_eq(G_N_ELEMENTS(rows), 4);
    for (unsigned i = 0; i < 4; i++) {
        const TkeModuleRoot *root = tke_module_roots_get(roots, i);
        g_autoptr(GByteArray) spki = test_bytes(SPKI_PREFIX);
        uint8_t hash[TKE_SHA256_LEN] = { 0 };

        ck_assert_str_eq(root->name, rows[i].name);
        ck_assert(tke_digest_sha256(root->point, sizeof root->point, hash, NULL));
        test_bytes_check(hash, sizeof hash, rows[i].point_sha256);
        g_byte_array_append(spki, root->point, sizeof root->point);
        ck_assert(tke_digest_sha256(spki->data, spki->len, hash, NULL));
        test_bytes_check(hash, sizeof hash, rows[i].spki_sha256);
    }
}
END_TEST

START_TEST(test_built_in_roots_are_on_the_curve_and_named_by_their_hash)
{
    const TkeModuleRoots *roots = tke_module_roots_get_built_in();

    for (unsigned i = 0; i < tke_module_roots_get_count(roots); i++) {
        const TkeModuleRoot *root = tke_module_roots_get(roots, i);
        g_autoptr(EVP_PKEY) key = tke_ec_key_from_point(root->point, sizeof root->point, NULL);
        uint8_t ski[TKE_MODULE_SKI_LEN] = { 0 };

        ck_assert_ptr_nonnull(key);
        if (root->kind != TKE_MODULE_CERTIFICATE_OA1) {
            ck_assert(tke_module_certificate_ski(root->point, ski, NULL));
            ck_assert_mem_eq(ski, root->ski, sizeof ski);
        }
        ck_assert_ptr_eq(tke_module_roots_find(roots, root->kind, root->ski), root);
    }
}
END_TEST

START_TEST(test_built_in_set_is_no_rehearsal_and_survives_being_freed)
{
    const TkeModuleRoots *roots = tke_module_roots_get_built_in();

    ck_assert(!tke_module_roots_is_rehearsal(roots));
    tke_module_roots_free((TkeModuleRoots *) roots);
    ck_assert_ptr_eq(roots, tke_module_roots_get_built_in());
    ck_assert_uint_eq(tke_module_roots_get_count(roots), 4);
}
END_TEST

START_TEST(test_rehearsal_set_has_its_own_roots_only)
{
    g_autoptr(TkeModuleRoots) roots = tke_module_roots_new_rehearsal();
    g_autoptr(TkeModuleRoots) dup = NULL;
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_A);
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    const uint8_t ski[TKE_MODULE_SKI_LEN] = { 0xaa };
    const uint8_t other[TKE_MODULE_SKI_LEN] = { 0xbb };

    test_key_point(key, point);
    ck_assert_uint_eq(tke_module_roots_get_count(roots), 0);
    ck_assert(tke_module_roots_add(roots, "T2", TKE_MODULE_CERTIFICATE_OA2, ski, point, NULL));
    ck_assert(tke_module_roots_add(roots, "T1", TKE_MODULE_CERTIFICATE_OA1, NULL, point, NULL));
    dup = tke_module_roots_dup(roots);
    ck_assert(tke_module_roots_is_rehearsal(dup));
    ck_assert_str_eq(tke_module_roots_find(dup, TKE_MODULE_CERTIFICATE_OA2, ski)->name, "T2");
    ck_assert_str_eq(tke_module_roots_find(dup, TKE_MODULE_CERTIFICATE_OA1, other)->name, "T1");
    ck_assert_ptr_null(tke_module_roots_find(dup, TKE_MODULE_CERTIFICATE_OA2, other));
    ck_assert_ptr_null(tke_module_roots_find(dup, TKE_MODULE_CERTIFICATE_OA3, ski));
}
END_TEST

START_TEST(test_real_keys_and_their_names_are_refused_in_a_rehearsal)
{
    g_autoptr(TkeModuleRoots) roots = tke_module_roots_new_rehearsal();
    const TkeModuleRoot *real = tke_module_roots_get(tke_module_roots_get_built_in(), 2);
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_A);
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    const uint8_t ski[TKE_MODULE_SKI_LEN] = { 0xaa };
    g_autoptr(GError) same_key = NULL;
    g_autoptr(GError) same_ski = NULL;

    test_key_point(key, point);
    ck_assert(
        !tke_module_roots_add(roots, "X", TKE_MODULE_CERTIFICATE_OA3, ski, real->point, &same_key));
    test_bytes_check_error(same_key, TKE_ERROR, TKE_ERROR_USAGE);
    ck_assert(
        !tke_module_roots_add(roots, "X", TKE_MODULE_CERTIFICATE_OA2, real->ski, point, &same_ski));
    test_bytes_check_error(same_ski, TKE_ERROR, TKE_ERROR_USAGE);
    ck_assert_uint_eq(tke_module_roots_get_count(roots), 0);
}
END_TEST

START_TEST(test_ambiguous_roots_and_points_off_the_curve_are_refused)
{
    g_autoptr(TkeModuleRoots) roots = tke_module_roots_new_rehearsal();
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_A);
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    const uint8_t ski[TKE_MODULE_SKI_LEN] = { 0xaa };
    g_autoptr(GError) error = NULL;

    test_key_point(key, point);
    ck_assert(tke_module_roots_add(roots, "A", TKE_MODULE_CERTIFICATE_OA1, NULL, point, NULL));
    ck_assert(!tke_module_roots_add(roots, "B", TKE_MODULE_CERTIFICATE_OA1, NULL, point, NULL));
    ck_assert(tke_module_roots_add(roots, "C", TKE_MODULE_CERTIFICATE_OA2, ski, point, NULL));
    ck_assert(!tke_module_roots_add(roots, "D", TKE_MODULE_CERTIFICATE_OA2, ski, point, NULL));
    point[70] ^= 1;
    ck_assert(!tke_module_roots_add(roots, "E", TKE_MODULE_CERTIFICATE_OA3, ski, point, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    ck_assert_uint_eq(tke_module_roots_get_count(roots), 2);
}
END_TEST

START_TEST(test_root_of_a_generation_is_named_by_its_hash)
{
    g_autoptr(TkeModuleRoots) roots = tke_module_roots_new_rehearsal();
    g_autoptr(EVP_PKEY) key = test_key(TEST_KEY_A);
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    uint8_t ski[TKE_MODULE_SKI_LEN] = { 0 };
    g_autoptr(GError) error = NULL;

    test_key_point(key, point);
    ck_assert(tke_module_certificate_ski(point, ski, NULL));
    ck_assert(tke_module_roots_add_generation(roots, "CEX5", point, NULL));
    ck_assert(tke_module_roots_add_generation(roots, "CEX8", point, NULL));
    ck_assert_ptr_nonnull(tke_module_roots_find(roots, TKE_MODULE_CERTIFICATE_OA3, ski));
    ck_assert_ptr_nonnull(tke_module_roots_find(roots, TKE_MODULE_CERTIFICATE_OA1, ski));
    ck_assert(!tke_module_roots_add_generation(roots, "CEX4", point, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_built_in_roots_have_the_published_fingerprints);
    tcase_add_test(tests, test_built_in_roots_are_on_the_curve_and_named_by_their_hash);
    tcase_add_test(tests, test_built_in_set_is_no_rehearsal_and_survives_being_freed);
    tcase_add_test(tests, test_rehearsal_set_has_its_own_roots_only);
    tcase_add_test(tests, test_real_keys_and_their_names_are_refused_in_a_rehearsal);
    tcase_add_test(tests, test_root_of_a_generation_is_named_by_its_hash);
    tcase_add_test(tests, test_ambiguous_roots_and_points_off_the_curve_are_refused);
}

int
main(void)
{
    return test_main("module-roots", add_tests);
}
