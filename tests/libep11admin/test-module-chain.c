/*
 * Chains of module certificates (crypto-unit-protocol.md, 5.5): epoch key O, its parent P, root A.
 */
#include "libep11admin/module-chain.h"

#include "libep11admin/unit-error.h"
#include "tests/libep11admin/test-module-maker.h"
#include "tests/support/test-main.h"

static EVP_PKEY *a, *o, *p;
static TkeModuleRoots *roots;

static void
add_root(TkeModuleCertificateKind kind, EVP_PKEY *key)
{
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    uint8_t ski[TKE_MODULE_SKI_LEN] = { 0 };

    test_key_point(key, point);
    ck_assert(tke_module_certificate_ski(point, ski, NULL));

    ck_assert(tke_module_roots_add(roots, "TEST", kind, ski, point, NULL));
}

static void
set_up(void)
{
    a = test_key(TEST_KEY_A);
    o = test_key(TEST_KEY_O);
    p = test_key(TEST_KEY_P);
    roots = tke_module_roots_new_rehearsal();
    add_root(TKE_MODULE_CERTIFICATE_OA2, a);
    add_root(TKE_MODULE_CERTIFICATE_OA1, a);
}

static void
tear_down(void)
{
    EVP_PKEY_free(a);
    EVP_PKEY_free(o);
    EVP_PKEY_free(p);
    tke_module_roots_free(roots);
}

static bool
add(TkeModuleChain *chain, const GByteArray *der)
{
    return tke_module_chain_add(chain, der->data, der->len, NULL);
}

static void
check_add_refused(TkeModuleChain *chain, const GByteArray *der)
{
    g_autoptr(GError) error = NULL;

    ck_assert(!tke_module_chain_add(chain, der->data, der->len, &error));
    test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_NOT_GENUINE);
    ck_assert_uint_eq(tke_unit_error_get_details(error)->place, TKE_UNIT_PLACE_CERTIFICATE);
}

static void
check_finish_refused(TkeModuleChain *chain, unsigned count)
{
    g_autoptr(GError) error = NULL;

    ck_assert(!tke_module_chain_finish(chain, count, &error));
    test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_NOT_GENUINE);
    ck_assert(!tke_module_chain_is_verified(chain));
    ck_assert_ptr_null(tke_module_chain_get_root(chain));
}

START_TEST(test_chain_to_a_root_is_verified_only_at_its_end)
{
    g_autoptr(TkeModuleChain) chain = tke_module_chain_new(roots);
    g_autoptr(GByteArray) epoch = test_module_oa2(o, p, true);
    g_autoptr(GByteArray) parent = test_module_oa2(p, a, false);
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };

    ck_assert_ptr_null(tke_module_chain_get_key(chain));
    ck_assert(add(chain, epoch));
    test_key_point(o, point);
    ck_assert_mem_eq(tke_module_chain_get_first(chain)->point, point, sizeof point);
    ck_assert_int_eq(EVP_PKEY_eq(tke_module_chain_get_key(chain), o), 1);
    ck_assert(add(chain, parent));
    ck_assert(!tke_module_chain_is_verified(chain));
    ck_assert_ptr_null(tke_module_chain_get_root(chain));
    ck_assert(tke_module_chain_finish(chain, 2, NULL));
    ck_assert(tke_module_chain_is_verified(chain));
    ck_assert(tke_module_chain_is_rehearsal(chain));
    ck_assert_str_eq(tke_module_chain_get_root(chain)->name, "TEST");
    ck_assert_uint_eq(tke_module_chain_get_count(chain), 2);
}
END_TEST

START_TEST(test_single_certificate_below_a_root_is_enough)
{
    g_autoptr(TkeModuleChain) chain = tke_module_chain_new(roots);
    g_autoptr(GByteArray) epoch = test_module_oa2(o, a, true);

    ck_assert(add(chain, epoch));
    ck_assert(tke_module_chain_finish(chain, 0, NULL));
}
END_TEST

START_TEST(test_chain_of_another_world_does_not_reach_the_built_in_roots)
{
    g_autoptr(TkeModuleChain) chain = tke_module_chain_new(tke_module_roots_get_built_in());
    g_autoptr(GByteArray) epoch = test_module_oa2(o, p, true);
    g_autoptr(GByteArray) parent = test_module_oa2(p, a, false);

    ck_assert(add(chain, epoch));
    ck_assert(add(chain, parent));
    ck_assert(!tke_module_chain_is_rehearsal(chain));
    check_finish_refused(chain, 2);
}
END_TEST

START_TEST(test_names_of_a_built_in_root_do_not_help)
{
    const TkeModuleRoot *real = tke_module_roots_get(tke_module_roots_get_built_in(), 1);
    g_autoptr(TkeModuleChain) chain = tke_module_chain_new(tke_module_roots_get_built_in());
    g_autoptr(GByteArray) epoch = test_module_oa2(o, a, true);
    guint signer_ski = 32 + 8 + 121;

    memcpy(epoch->data + signer_ski, real->ski, sizeof real->ski);
    ck_assert(add(chain, epoch));
    check_finish_refused(chain, 1);
}
END_TEST

START_TEST(test_other_number_of_certificates_is_refused)
{
    g_autoptr(TkeModuleChain) chain = tke_module_chain_new(roots);
    g_autoptr(TkeModuleChain) empty = tke_module_chain_new(roots);
    g_autoptr(GByteArray) epoch = test_module_oa2(o, a, true);

    ck_assert(add(chain, epoch));
    check_finish_refused(chain, 3);
    check_finish_refused(chain, 1); /* refused stays refused */
    check_finish_refused(empty, 0);
}
END_TEST

START_TEST(test_certificate_of_another_chain_is_no_parent)
{
    g_autoptr(TkeModuleChain) chain = tke_module_chain_new(roots);
    g_autoptr(GByteArray) epoch = test_module_oa2(o, p, true);
    g_autoptr(GByteArray) stranger = test_module_oa2(a, p, false);
    g_autoptr(GByteArray) parent = test_module_oa2(p, a, false);

    ck_assert(add(chain, epoch));
    check_add_refused(chain, stranger);
    check_add_refused(chain, parent);
    check_finish_refused(chain, 2);
}
END_TEST

START_TEST(test_self_signed_certificate_is_refused)
{
    g_autoptr(TkeModuleChain) chain = tke_module_chain_new(roots);
    g_autoptr(GByteArray) epoch = test_module_oa2(a, a, true);

    check_add_refused(chain, epoch);
    ck_assert_ptr_null(tke_module_chain_get_key(chain));
}
END_TEST

START_TEST(test_any_changed_signed_byte_breaks_the_chain)
{
    static const guint places[] = { 3, 32, 45, 60, 300, 384 + 100, 384 + 157 };
    g_autoptr(GByteArray) parent = test_module_oa2(p, a, false);

    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autoptr(TkeModuleChain) chain = tke_module_chain_new(roots);
        g_autoptr(GByteArray) epoch = test_module_oa2(o, p, true);
        g_autoptr(GError) error = NULL;

        epoch->data[places[i]] ^= 1;
        ck_assert(!tke_module_chain_add(chain, epoch->data, epoch->len, &error) ||
                  !tke_module_chain_add(chain, parent->data, parent->len, &error));
        test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_NOT_GENUINE);
    }
}
END_TEST

START_TEST(test_wrong_signature_of_the_last_certificate_is_noticed_at_the_end)
{
    g_autoptr(TkeModuleChain) chain = tke_module_chain_new(roots);
    g_autoptr(GByteArray) epoch = test_module_oa2(o, p, true);
    g_autoptr(GByteArray) parent = test_module_oa2(p, a, false);

    parent->data[464 + 100] ^= 1;
    ck_assert(add(chain, epoch));
    ck_assert(add(chain, parent));
    check_finish_refused(chain, 2);
}
END_TEST

START_TEST(test_certificate_of_another_format_is_no_parent)
{
    g_autoptr(TkeModuleChain) chain = tke_module_chain_new(roots);
    g_autoptr(GByteArray) epoch = test_module_oa2(o, p, true);
    g_autoptr(GByteArray) parent = test_module_oa3(p, a, false);

    ck_assert(add(chain, epoch));
    check_add_refused(chain, parent);
}
END_TEST

START_TEST(test_chain_does_not_go_on_after_its_end)
{
    g_autoptr(TkeModuleChain) chain = tke_module_chain_new(roots);
    g_autoptr(GByteArray) epoch = test_module_oa2(o, a, true);

    ck_assert(add(chain, epoch));
    ck_assert(tke_module_chain_finish(chain, 1, NULL));
    check_add_refused(chain, epoch);
    ck_assert(!tke_module_chain_is_verified(chain));
}
END_TEST

START_TEST(test_endless_chain_is_refused)
{
    g_autoptr(TkeModuleChain) chain = tke_module_chain_new(roots);
    g_autoptr(GByteArray) one = test_module_oa2(o, p, true);
    g_autoptr(GByteArray) two = test_module_oa2(p, o, true);

    for (unsigned i = 0; i < TKE_MODULE_CHAIN_MAX; i++) {
        ck_assert(add(chain, i % 2 == 0 ? one : two));
    }
    check_add_refused(chain, one);
}
END_TEST

START_TEST(test_only_96_with_60_ends_the_newer_chains)
{
    g_autoptr(TkeModuleChain) chain = tke_module_chain_new(roots);
    g_autoptr(GByteArray) epoch = test_module_oa2(o, a, true);

    ck_assert(!tke_module_chain_is_end(chain, 96, true, 60)); /* nothing was read yet */
    ck_assert(add(chain, epoch));
    ck_assert(tke_module_chain_is_end(chain, 96, true, 60));
    ck_assert(!tke_module_chain_is_end(chain, 96, true, 61));
    ck_assert(!tke_module_chain_is_end(chain, 96, false, 60));
    ck_assert(!tke_module_chain_is_end(chain, 32, true, 60));
}
END_TEST

START_TEST(test_oa1_chain_ends_with_any_96_after_a_certificate_that_a_root_signs)
{
    g_autoptr(TkeModuleChain) chain = tke_module_chain_new(roots);
    g_autoptr(GByteArray) epoch = test_module_oa1(o, "0000000090000001", p, "0000000090000002");
    g_autoptr(GByteArray) parent = test_module_oa1(p, "0000000090000002", a, "1111111190000000");

    ck_assert(add(chain, epoch));
    ck_assert(add(chain, parent));
    ck_assert(tke_module_chain_is_end(chain, 96, false, 0));
    ck_assert(!tke_module_chain_is_end(chain, 84, false, 0));
    ck_assert(tke_module_chain_finish(chain, 2, NULL));
}
END_TEST

START_TEST(test_oa1_certificate_with_another_name_is_not_the_last)
{
    static const char *const names[] = { "0000000090000000", "0000000080000001" };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(TkeModuleChain) chain = tke_module_chain_new(roots);
        g_autoptr(GByteArray) epoch = test_module_oa1(o, names[i], a, "1111111190000000");

        ck_assert(add(chain, epoch));
        ck_assert(!tke_module_chain_is_end(chain, 96, true, 60));
        check_finish_refused(chain, 1);
    }
}
END_TEST

START_TEST(test_oa1_certificates_of_other_curves_or_themselves_are_refused)
{
    g_autoptr(TkeModuleChain) one = tke_module_chain_new(roots);
    g_autoptr(TkeModuleChain) two = tke_module_chain_new(roots);
    g_autoptr(GByteArray) itself = test_module_oa1(o, "0000000090000001", a, "0000000090000001");
    g_autoptr(GByteArray) curve = test_module_oa1(o, "0000000090000001", a, "1111111190000000");

    check_add_refused(one, itself);
    curve->data[52 + 72 + 20] = 1;
    check_add_refused(two, curve);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, test_chain_to_a_root_is_verified_only_at_its_end);
    tcase_add_test(tests, test_single_certificate_below_a_root_is_enough);
    tcase_add_test(tests, test_chain_of_another_world_does_not_reach_the_built_in_roots);
    tcase_add_test(tests, test_names_of_a_built_in_root_do_not_help);
    tcase_add_test(tests, test_other_number_of_certificates_is_refused);
    tcase_add_test(tests, test_certificate_of_another_chain_is_no_parent);
    tcase_add_test(tests, test_self_signed_certificate_is_refused);
    tcase_add_test(tests, test_any_changed_signed_byte_breaks_the_chain);
    tcase_add_test(tests, test_wrong_signature_of_the_last_certificate_is_noticed_at_the_end);
    tcase_add_test(tests, test_certificate_of_another_format_is_no_parent);
    tcase_add_test(tests, test_chain_does_not_go_on_after_its_end);
    tcase_add_test(tests, test_endless_chain_is_refused);
    tcase_add_test(tests, test_only_96_with_60_ends_the_newer_chains);
    tcase_add_test(tests, test_oa1_chain_ends_with_any_96_after_a_certificate_that_a_root_signs);
    tcase_add_test(tests, test_oa1_certificate_with_another_name_is_not_the_last);
    tcase_add_test(tests, test_oa1_certificates_of_other_curves_or_themselves_are_refused);
}

int
main(void)
{
    return test_main("module-chain", add_tests);
}
