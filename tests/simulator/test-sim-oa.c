/*
 * Certificates of virtual modules: layouts against known answers, chains up to the root of the
 * world (crypto-unit-protocol.md, 5 and Annex A.7).
 */
#include <string.h>

#include "common/digest.h"
#include "common/ec-key.h"
#include "simulator/sim-module.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

/* Key whose scalar is the 32 bytes from first on (A.1). */
static EVP_PKEY *
annex_key(uint8_t first)
{
    g_autoptr(TkeSecret) scalar = tke_secret_new(TKE_EC_SCALAR_LEN, NULL);
    uint8_t *bytes = tke_secret_fill(scalar, NULL);
    EVP_PKEY *key = NULL;

    for (unsigned i = 0; i < 32; i++) {
        bytes[TKE_EC_SCALAR_LEN - 32 + i] = (uint8_t) (first + i);
    }
    key = tke_ec_key_from_scalar(scalar, NULL);
    ck_assert_ptr_nonnull(key);
    return key;
}

static SimOaFields
annex_fields(SimModuleKind kind, uint8_t subject, uint8_t signer, bool has_info)
{
    g_autoptr(EVP_PKEY) key = annex_key(subject);
    g_autoptr(EVP_PKEY) parent = annex_key(signer);
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    SimOaFields fields = { .kind = kind,
                           .adapter_id = "4769P0123456",
                           .signing_time = "2024010112000000",
                           .boot_count = 1,
                           .has_info = has_info };

    if (kind == SIM_MODULE_CEX8) {
        memcpy(fields.adapter_id, "4770", 4);
    }
    memset(fields.source_config, 0x11, sizeof fields.source_config);
    memset(fields.segment_hash, 0x22, sizeof fields.segment_hash);
    memset(fields.info, 0x99, sizeof fields.info);
    ck_assert(tke_ec_key_get_point(key, fields.point, NULL));
    ck_assert(sim_oa_ski(fields.point, fields.subject_ski, NULL));
    ck_assert(tke_ec_key_get_point(parent, point, NULL));
    ck_assert(sim_oa_ski(point, fields.signer_ski, NULL));
    return fields;
}

START_TEST(test_signed_bytes_are_those_of_the_annex)
{
    static const struct {
        SimModuleKind kind;
        uint8_t subject, signer;
        bool has_info;
        size_t signed_len, len;
        const char *hash;
    } cases[] = {
        { SIM_MODULE_CEX7, 0x20, 0x40, true, 544, 752,
          "c5d875a2605b2de3f423512b681363995d7aed23cfde8fc2fb96a30f3c99cfbd" },
        { SIM_MODULE_CEX7, 0x40, 0x00, false, 464, 672,
          "fb6005ee79e8b99f6ed3bfe5c1b631965ba59b42230497f9815829e8830453a5" },
        { SIM_MODULE_CEX8, 0x20, 0x40, true, 480, 7973,
          "e5793030d69cbebc18c08a8ed0b844e99959288cc59f8a972b511d5dc4573bc0" },
        { SIM_MODULE_CEX8, 0x40, 0x00, false, 398, 7810,
          "b6d6e89c782e726a2bb7f82b05efdcdeec2ad7769d53cc3e47cf187741eae315" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const SimOaFields fields =
            annex_fields(cases[i].kind, cases[i].subject, cases[i].signer, cases[i].has_info);
        g_autoptr(EVP_PKEY) signer = annex_key(cases[i].signer);
        g_autoptr(GByteArray) message = sim_oa_build_signed(&fields);
        g_autoptr(GByteArray) certificate = sim_oa_build_certificate(&fields, signer, NULL);
        uint8_t hash[32] = { 0 };

        ck_assert_uint_eq(message->len, cases[i].signed_len);
        ck_assert(tke_digest_sha256(message->data, message->len, hash, NULL));
        test_bytes_check(hash, 32, cases[i].hash);
        ck_assert_ptr_nonnull(certificate);
        ck_assert_uint_eq(certificate->len, cases[i].len);
    }
}
END_TEST

START_TEST(test_identifiers_are_those_of_the_annex)
{
    g_autoptr(EVP_PKEY) key = annex_key(0x20);
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    uint8_t ski[SIM_OA_SKI_LEN] = { 0 };

    ck_assert(tke_ec_key_get_point(key, point, NULL));
    ck_assert(sim_oa_ski(point, ski, NULL));
    test_bytes_check(ski, 32, "7d838d4bdbc3f6ba6dce7c56a3d8b5c8c74250e24c24175b7a5437aae5ff16e8");
}
END_TEST

START_TEST(test_the_second_layout_starts_with_the_known_header)
{
    const SimOaFields fields = annex_fields(SIM_MODULE_CEX7, 0x20, 0x40, true);
    g_autoptr(GByteArray) message = sim_oa_build_signed(&fields);

    test_bytes_check(message->data, 45,
                     "45000005 000002f0 00000004 000000fd 00000053 0000009e 000000cf 00000000"
                     "00000001 00000000 3081fa0404");
}
END_TEST

/* Verifies a piece with r and s found at these places. */
static bool
verify_whole(EVP_PKEY *key, const GByteArray *certificate, size_t first, size_t length, size_t r,
             size_t s)
{
    uint8_t raw[132] = { 0 };
    uint8_t der[TKE_EC_SIGNATURE_MAX] = { 0 };
    size_t len = 0;

    memcpy(raw, certificate->data + r, 66);
    memcpy(raw + 66, certificate->data + s, 66);
    ck_assert(tke_ec_key_signature_from_raw(raw, der, &len, NULL));
    return tke_ec_key_verify(key, certificate->data + first, length, der, len, NULL);
}

static EVP_PKEY *
key_at(const GByteArray *certificate, size_t offset)
{
    EVP_PKEY *key = tke_ec_key_from_point(certificate->data + offset, TKE_EC_POINT_LEN, NULL);

    ck_assert_ptr_nonnull(key);
    return key;
}

START_TEST(test_a_chain_of_the_first_layout_leads_to_the_root)
{
    g_autoptr(EVP_PKEY) root = tke_ec_key_generate(NULL);
    g_autoptr(SimModule) module = sim_module_new(SIM_MODULE_CEX5, "93AABC12", root, NULL);

    ck_assert_ptr_nonnull(module);
    for (uint32_t i = 0; i < 3; i++) {
        const GByteArray *certificate =
            sim_module_get_certificate(module, SIM_CHAIN_GENUINE, i, NULL);
        g_autoptr(EVP_PKEY) parent = NULL;

        ck_assert_uint_eq(certificate->len, 519);
        if (i < 2) {
            parent = key_at(sim_module_get_certificate(module, SIM_CHAIN_GENUINE, i + 1, NULL),
                            52 + 72 + 26);
        }
        ck_assert(verify_whole(i < 2 ? parent : root, certificate, 52, 327, 387, 453));
        test_bytes_check(certificate->data + 32, 3, "900000"); /* type, index */
        ck_assert_uint_eq(certificate->data[35], i + 1);
        ck_assert_int_ne(memcmp(certificate->data + 28, certificate->data + 44, 8), 0);
    }
    ck_assert_ptr_null(sim_module_get_certificate(module, SIM_CHAIN_GENUINE, 3, NULL));
}
END_TEST

START_TEST(test_a_chain_of_the_second_layout_leads_to_the_root)
{
    g_autoptr(EVP_PKEY) root = tke_ec_key_generate(NULL);
    g_autoptr(SimModule) module = sim_module_new(SIM_MODULE_CEX6, "93AABC12", root, NULL);

    ck_assert_ptr_nonnull(module);
    for (uint32_t i = 0; i < 3; i++) {
        const GByteArray *certificate =
            sim_module_get_certificate(module, SIM_CHAIN_GENUINE, i, NULL);
        size_t length = i == 0 ? 544 : 464;
        g_autoptr(EVP_PKEY) parent = NULL;

        ck_assert_uint_eq(certificate->len, length + 208);
        if (i < 2) {
            const GByteArray *next =
                sim_module_get_certificate(module, SIM_CHAIN_GENUINE, i + 1, NULL);

            parent = key_at(next, 464 - 160 + 25);
            /* it names its parent */
            ck_assert_int_eq(memcmp(certificate->data + 40 + 121, next->data + 40 + 87, 32), 0);
        }
        ck_assert(
            verify_whole(i < 2 ? parent : root, certificate, 0, length, length + 73, length + 141));
    }
}
END_TEST

START_TEST(test_a_chain_of_the_third_layout_leads_to_the_root)
{
    g_autoptr(EVP_PKEY) root = tke_ec_key_generate(NULL);
    g_autoptr(SimModule) module = sim_module_new(SIM_MODULE_CEX8, "93AABC12", root, NULL);

    ck_assert_ptr_nonnull(module);
    for (uint32_t i = 0; i < 3; i++) {
        const GByteArray *certificate =
            sim_module_get_certificate(module, SIM_CHAIN_GENUINE, i, NULL);
        g_autoptr(GByteArray) message = g_byte_array_new();
        g_autoptr(EVP_PKEY) parent = NULL;
        size_t r = 182 + (i == 0 ? 376 : 294);

        ck_assert_uint_eq(certificate->len, i == 0 ? 7973 : 7810);
        /* meta and auxiliary data, the [0] element, then r and s to verify them with */
        g_byte_array_append(message, certificate->data + 4, 178);
        g_byte_array_append(message, certificate->data + 182 + 54, i == 0 ? 302 : 220);
        g_byte_array_append(message, certificate->data + r, 66);
        g_byte_array_append(message, certificate->data + r + 68, 66);
        if (i < 2) {
            parent = key_at(sim_module_get_certificate(module, SIM_CHAIN_GENUINE, i + 1, NULL),
                            182 + 116 + 25);
        }
        ck_assert(verify_whole(i < 2 ? parent : root, message, 0, message->len - 132,
                               message->len - 132, message->len - 66));
    }
}
END_TEST

START_TEST(test_forged_chains_keep_the_module_key_and_lead_elsewhere)
{
    g_autoptr(EVP_PKEY) root = tke_ec_key_generate(NULL);
    g_autoptr(SimModule) module = sim_module_new(SIM_MODULE_CEX7, "93AABC12", root, NULL);
    const GByteArray *genuine = sim_module_get_certificate(module, SIM_CHAIN_GENUINE, 2, NULL);
    const GByteArray *other = sim_module_get_certificate(module, SIM_CHAIN_OTHER_ROOT, 2, NULL);
    const GByteArray *forged = sim_module_get_certificate(module, SIM_CHAIN_FORGED_ROOT, 2, NULL);
    const GByteArray *first = sim_module_get_certificate(module, SIM_CHAIN_GENUINE, 0, NULL);
    const GByteArray *forged_first =
        sim_module_get_certificate(module, SIM_CHAIN_FORGED_ROOT, 0, NULL);

    ck_assert_int_ne(memcmp(other->data + 161, genuine->data + 161, 32), 0);
    ck_assert_int_eq(memcmp(forged->data + 161, genuine->data + 161, 32), 0);
    ck_assert(verify_whole(root, genuine, 0, 464, 464 + 73, 464 + 141));
    ck_assert(!verify_whole(root, other, 0, 464, 464 + 73, 464 + 141));
    ck_assert(!verify_whole(root, forged, 0, 464, 464 + 73, 464 + 141));
    ck_assert_int_eq(
        memcmp(first->data + 544 - 160 + 25, forged_first->data + 544 - 160 + 25, TKE_EC_POINT_LEN),
        0);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_signed_bytes_are_those_of_the_annex);
    tcase_add_test(tests, test_identifiers_are_those_of_the_annex);
    tcase_add_test(tests, test_the_second_layout_starts_with_the_known_header);
    tcase_add_test(tests, test_a_chain_of_the_first_layout_leads_to_the_root);
    tcase_add_test(tests, test_a_chain_of_the_second_layout_leads_to_the_root);
    tcase_add_test(tests, test_a_chain_of_the_third_layout_leads_to_the_root);
    tcase_add_test(tests, test_forged_chains_keep_the_module_key_and_lead_elsewhere);
}

int
main(void)
{
    return test_main("sim-oa", add_tests);
}
