/*
 * Envelopes of key parts, opened and closed by the simulator (crypto-unit-protocol.md, 4.3, 4.4;
 * Annex A.6).
 */
#include <string.h>

#include "common/ec-key.h"
#include "simulator/sim-envelope.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

/* The annex's envelope (A.6) for key A, and what is in it. */
static const char annex_envelope[] =
    "30820135020103a08198a1819530819206072a8648ce3d0201038186000400666f127173ea71e2b771d97d44006ce0"
    "da892d5c113930d930dae4e5b86e7f0507d04319f2ede9543d03e3a187706821c9f3e2e19cd5b88e1c033bd6c08b44"
    "b91c007232f683b3e1477518fa0b55b7e829dcb4ec580e7a35b81651d1cf5c002b32cd611cda103998287e06bc6482"
    "7306372586fe9a4341f615e72aba89baf23053b006a12a0428a0a1a2a3a4a5a6a7a8a9aaabacadaeafa0a1a2a3a4a5"
    "a6a7a8a9aaabacadaeafa0a1a2a3a4a5a6a7301706062b8104010b01300d060960864801650304012d05003050304e"
    "a02204204aa07160750dabb44e3fa908c6e1b38c38de052922623cc479432085f0bb4d22042813dd287e738e2bd9fe"
    "311964565003dc9289976d11033976d8cd638c572a388e8d742058591492f0";
static const char annex_part[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

static EVP_PKEY *
annex_key(void)
{
    g_autoptr(TkeSecret) scalar = tke_secret_new(TKE_EC_SCALAR_LEN, NULL);
    EVP_PKEY *key = NULL;

    for (unsigned i = 0; i < 32; i++) {
        tke_secret_fill(scalar, NULL)[TKE_EC_SCALAR_LEN - 32 + i] = (uint8_t) i;
    }
    key = tke_ec_key_from_scalar(scalar, NULL);
    ck_assert_ptr_nonnull(key);
    return key;
}

static SimCode
open_envelope(EVP_PKEY *key, const GByteArray *envelope, TkeSecret **part)
{
    return sim_envelope_open(key, tke_byte_cursor(envelope->data, envelope->len), part);
}

START_TEST(test_the_known_envelope_opens_with_and_without_null)
{
    static const char without_null[] =
        "fe3e590b397bee7addf9038c00734d0a00bcca568e5a4d57bd1d55c2a505125b18c1b991eacaf867";
    g_autoptr(EVP_PKEY) key = annex_key();
    g_autoptr(GByteArray) envelope = test_bytes(annex_envelope);
    g_autoptr(GByteArray) wrapped = test_bytes(without_null);
    g_autoptr(TkeSecret) first = NULL;
    g_autoptr(TkeSecret) second = NULL;

    ck_assert_uint_eq(open_envelope(key, envelope, &first).return_code, 0);
    test_bytes_check_secret(first, annex_part);
    memcpy(envelope->data + 273, wrapped->data, 40);
    ck_assert_uint_eq(open_envelope(key, envelope, &second).return_code, 0);
    test_bytes_check_secret(second, annex_part);
}
END_TEST

START_TEST(test_damaged_envelopes_are_refused_with_their_reason)
{
    static const struct {
        size_t offset;
        uint8_t value;
        uint32_t reason;
    } cases[] = {
        { 6, 4, 23 },      /* version */
        { 29, 5, 25 },     /* form of the point */
        { 40, 0, 25 },     /* off the curve */
        { 165, 0x27, 23 }, /* length of the key material */
        { 215, 2, 23 },    /* scheme */
        { 273, 0, 51 },    /* wrapped part */
        { 166, 0, 51 },    /* another key material, another key */
    };
    g_autoptr(EVP_PKEY) key = annex_key();

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GByteArray) envelope = test_bytes(annex_envelope);
        g_autoptr(TkeSecret) part = NULL;
        SimCode code = SIM_OK;

        envelope->data[cases[i].offset] = cases[i].value;
        code = open_envelope(key, envelope, &part);
        ck_assert_msg(code.return_code == 32 && code.reason == cases[i].reason, "case %zu: %u-%u",
                      i, code.return_code, code.reason);
        ck_assert_ptr_null(part);
    }
}
END_TEST

START_TEST(test_an_envelope_of_the_simulator_has_the_known_form)
{
    g_autoptr(EVP_PKEY) key = annex_key();
    g_autoptr(GByteArray) known = test_bytes(annex_envelope);
    g_autoptr(TkeSecret) part = test_bytes_secret(annex_part);
    g_autoptr(GByteArray) envelope = sim_envelope_seal(key, part, NULL);
    g_autoptr(TkeSecret) opened = NULL;

    ck_assert_uint_eq(envelope->len, known->len);
    ck_assert_int_eq(memcmp(envelope->data, known->data, 30), 0);
    ck_assert_int_eq(memcmp(envelope->data + 162, known->data + 162, 4), 0);
    ck_assert_int_eq(memcmp(envelope->data + 206, known->data + 206, 67), 0);
    ck_assert_uint_eq(open_envelope(key, envelope, &opened).return_code, 0);
    test_bytes_check_secret(opened, annex_part);
}
END_TEST

START_TEST(test_importer_keys_of_all_types_take_a_part)
{
    static const uint32_t types[] = { 0, 2, 3, 4, 5, 6, 7 };

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autoptr(EVP_PKEY) key = sim_importer_generate(types[i], NULL);

        ck_assert_msg(key != NULL, "type %u", types[i]);
        if (EVP_PKEY_is_a(key, "RSA") == 1) {
            g_autoptr(TkeSecret) part = test_bytes_secret(annex_part);
            g_autoptr(GByteArray) envelope = sim_envelope_seal(key, part, NULL);
            g_autoptr(TkeSecret) opened = NULL;

            ck_assert_uint_eq(open_envelope(key, envelope, &opened).return_code, 0);
            test_bytes_check_secret(opened, annex_part);
            if (types[i] == 0) {
                test_bytes_check(envelope->data, 9, "30820138020102 8020");
                ck_assert_uint_eq(envelope->len, 316);
            }
        }
    }
    ck_assert(!sim_importer_type_is_known(8));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_the_known_envelope_opens_with_and_without_null);
    tcase_add_test(tests, test_damaged_envelopes_are_refused_with_their_reason);
    tcase_add_test(tests, test_an_envelope_of_the_simulator_has_the_known_form);
    tcase_add_test(tests, test_importer_keys_of_all_types_take_a_part);
}

int
main(void)
{
    return test_main("sim-envelope", add_tests);
}
