/*
 * Makes module certificates byte by byte from the tables of crypto-unit-protocol.md, 5.2 to 5.4,
 * with the field values of Annex A.7.
 */
#pragma once

#include <check.h>
#include <string.h>

#include <glib.h>

#include "common/ec-key.h"
#include "libep11admin/module-certificate.h"
#include "tests/libep11admin/test-keys.h"
#include "tests/support/test-bytes.h"

#define TEST_SPKI_PREFIX "30819b301006072a8648ce3d020106052b8104002303818600"

static inline void
test_module_append(GByteArray *out, const char *hex)
{
    g_autoptr(GByteArray) bytes = test_bytes(hex);

    g_byte_array_append(out, bytes->data, bytes->len);
}

static inline void
test_module_fill(GByteArray *out, uint8_t value, guint count)
{
    guint old = out->len;

    g_byte_array_set_size(out, old + count);
    memset(out->data + old, value, count);
}

static inline void
test_module_append_ski(GByteArray *out, EVP_PKEY *key)
{
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    uint8_t ski[TKE_MODULE_SKI_LEN] = { 0 };

    test_key_point(key, point);
    ck_assert(tke_module_certificate_ski(point, ski, NULL));
    g_byte_array_append(out, ski, sizeof ski);
}

static inline void
test_module_append_point(GByteArray *out, EVP_PKEY *key)
{
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };

    test_key_point(key, point);
    g_byte_array_append(out, point, sizeof point);
}

/* r and s of a signature over the bytes. */
static inline void
test_module_sign(EVP_PKEY *signer, const GByteArray *data, uint8_t raw[static 132])
{
    uint8_t der[TKE_EC_SIGNATURE_MAX] = { 0 };
    size_t len = 0;

    ck_assert(tke_ec_key_sign(signer, data->data, data->len, der, &len, NULL));
    ck_assert(tke_ec_key_signature_to_raw(der, len, raw, NULL));
}

/* OA2; OA info of 80 bytes if long_form. */
static inline GByteArray *
test_module_oa2(EVP_PKEY *subject, EVP_PKEY *signer, bool long_form)
{
    GByteArray *out = g_byte_array_new();
    uint8_t raw[132] = { 0 };

    test_module_append(out, long_form ? "45000005 000002f0 00000004 000000fd 00000053 0000009e"
                                      : "45000005 000002a0 00000004 000000ad 00000053 0000009e");
    test_module_append(out, "000000cf 00000000 00000001 00000000");
    test_module_append(out, long_form ? "3081fa" : "3081aa");
    test_module_append(out, "0404 00000002 0404 00000302 0408 4345583750202020"
                            "040c 343736395030313233343536 0420");
    test_module_fill(out, 0x11, 32);
    test_module_append(out, "0404 00000001 0404 00000002 0420");
    test_module_append_ski(out, subject);
    test_module_append(out, "0420");
    test_module_append_ski(out, signer);
    test_module_append(out, "0410 32303234303130313132303030303030");
    test_module_append(out, long_form ? "0450" : "0400");
    test_module_fill(out, 0x99, long_form ? 80 : 0);
    test_module_append(out, "000000 3051 0401 01 0440");
    test_module_fill(out, 0x22, 64);
    test_module_append(out, "0404 00000002 0404 00000006 0000000000");
    test_module_append(out, TEST_SPKI_PREFIX);
    test_module_append_point(out, subject);
    test_module_append(out, "0000");
    test_module_sign(signer, out, raw);
    test_module_append(out, "3081cc 020103 8020");
    test_module_append_ski(out, signer);
    test_module_append(out, "300b 0609 608648016503040203 300a 0608 2a8648ce3d040304"
                            "04818b 308188 0242");
    g_byte_array_append(out, raw, 66);
    test_module_append(out, "0242");
    g_byte_array_append(out, raw + 66, 66);
    test_module_append(out, "00");
    return out;
}

/* The [0] element of an OA3 SignerInfo up to the key: key information with an SKI. */
static inline void
test_module_oa3_key_info(GByteArray *out, const char *start, const char *algorithm,
                         EVP_PKEY *subject, bool long_form)
{
    test_module_append(out, start);
    test_module_append(out, long_form ? "308189" : "3039");
    test_module_append(out, "0404 00000001 0401 00 0404 00000002 0404");
    test_module_append(out, algorithm);
    test_module_append(out, "0420");
    if (subject != NULL) {
        test_module_append_ski(out, subject);
    } else {
        test_module_fill(out, 0x55, 32);
    }
    test_module_append(out, long_form ? "0450" : "0400");
    test_module_fill(out, 0x99, long_form ? 80 : 0);
}

/* The Dilithium SignerInfo of OA3; its contents are invented. */
static inline void
test_module_oa3_dilithium(GByteArray *out, bool long_form)
{
    static const char oid[] = "060b 2b0601040102820b010807";

    test_module_append(out, long_form ? "30821c6d 020103 8020" : "30821c1c 020103 8020");
    test_module_fill(out, 0x66, 32);
    test_module_append(out, "300b 0609 608648016503040203");
    test_module_oa3_key_info(out, long_form ? "a08209d2" : "a0820981", "00000002", NULL, long_form);
    test_module_append(out, "30820942 300f");
    test_module_append(out, oid);
    test_module_append(out, "0500 0382092d00 30820928 032100");
    test_module_fill(out, 0x33, 32);
    test_module_append(out, "0382090100");
    test_module_fill(out, 0x44, 2304);
    test_module_append(out, "300d");
    test_module_append(out, oid);
    test_module_append(out, "04821252 300f");
    test_module_append(out, oid);
    test_module_append(out, "0500 0382123d00");
    test_module_fill(out, 0x77, 4668);
}

/* OA3, long (7973 bytes) or short (7810). */
static inline GByteArray *
test_module_oa3(EVP_PKEY *subject, EVP_PKEY *signer, bool long_form)
{
    GByteArray *out = g_byte_array_new();
    g_autoptr(GByteArray) covered = g_byte_array_new();
    g_autoptr(GByteArray) context = g_byte_array_new();
    uint8_t raw[132] = { 0 };

    test_module_append(covered, "305d 0404 00000003 0403 000302 0408 4345583850202020"
                                "040c 343737305030313233343536 0420");
    test_module_fill(covered, 0x11, 32);
    test_module_append(covered, "0404 00000001 0410 32303234303130313132303030303030"
                                "3051 0401 01 0440");
    test_module_fill(covered, 0x22, 64);
    test_module_append(covered, "0404 00000002 0404 00000006");
    test_module_oa3_key_info(context, long_form ? "a082012a" : "a081d9", "00000001", subject,
                             long_form);
    test_module_append(context, TEST_SPKI_PREFIX);
    test_module_append_point(context, subject);

    test_module_append(out, long_form ? "30821f21" : "30821e7e");
    g_byte_array_append(out, covered->data, covered->len);
    test_module_append(out, long_form ? "308201fa 020103 8020" : "308201a8 020103 8020");
    test_module_append_ski(out, signer);
    test_module_append(out, "300b 0609 608648016503040203");
    g_byte_array_append(out, context->data, context->len);
    g_byte_array_append(covered, context->data, context->len);
    test_module_sign(signer, covered, raw);
    test_module_append(out, "300a 0608 2a8648ce3d040304 04818b 308188 0242");
    g_byte_array_append(out, raw, 66);
    test_module_append(out, "0242");
    g_byte_array_append(out, raw + 66, 66);
    test_module_oa3_dilithium(out, long_form);
    return out;
}

/* OA1; names are eight bytes as hex text. */
static inline GByteArray *
test_module_oa1(EVP_PKEY *subject, const char *name, EVP_PKEY *signer, const char *parent)
{
    GByteArray *out = g_byte_array_new();
    g_autoptr(GByteArray) body = g_byte_array_new();
    uint8_t raw[132] = { 0 };

    test_module_append(body, "42010000 00000002 00000040 0000009f 000000d7 00000050 0000011f"
                             "00000010 00000000 3933414135353535 0000000000000000");
    test_module_append(body, name);
    test_module_append(body, "00000001");
    test_module_append(body, parent);
    test_module_fill(body, 0, 20);
    test_module_append(body, "00 00 0209 0085");
    test_module_append_point(body, subject);
    test_module_fill(body, 0xab, 80 + 16);
    test_module_sign(signer, body, raw);
    test_module_append(out, "48010000 00000001 0000002c 00000147 0000016b 0000008c 00000002");
    test_module_append(out, name);
    test_module_append(out, "0000000000000000");
    test_module_append(out, parent);
    g_byte_array_append(out, body->data, body->len);
    test_module_fill(out, 0, 8);
    g_byte_array_append(out, raw, sizeof raw);
    return out;
}
