/*
 * P-521 keys and signatures (card-protocol.md, 5.1 and 5.3; crypto-unit-protocol.md, 2.10
 * and 2.11).
 */
#include "common/ec-key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/byte-builder.h"
#include "common/byte-cursor.h"
#include "common/der.h"
#include "common/digest.h"
#include "common/error.h"

#define GROUP_NAME "P-521"
#define GROUP_NAME_SEC "secp521r1"
#define POINT_UNCOMPRESSED 0x04u

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BN_CTX, BN_CTX_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EC_GROUP, EC_GROUP_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EC_POINT, EC_POINT_clear_free)

/* The order n of the group (FIPS 186-4, D.1.2.5). */
static const uint8_t group_order[TKE_EC_SCALAR_LEN] = {
    0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xfa, 0x51, 0x86, 0x87, 0x83, 0xbf, 0x2f, 0x96, 0x6b,
    0x7f, 0xcc, 0x01, 0x48, 0xf7, 0x09, 0xa5, 0xd0, 0x3b, 0xb5, 0xc9, 0xb8, 0x89, 0x9c,
    0x47, 0xae, 0xbb, 0x6f, 0xb7, 0x1e, 0x91, 0x38, 0x64, 0x09,
};

bool
tke_ec_key_is_p521(EVP_PKEY *key)
{
    char name[32] = "";
    bool is_p521 = key != NULL && EVP_PKEY_is_a(key, "EC") == 1 &&
                   EVP_PKEY_get_group_name(key, name, sizeof name, NULL) == 1 &&
                   (strcmp(name, GROUP_NAME_SEC) == 0 || strcmp(name, GROUP_NAME) == 0);

    ERR_clear_error();
    return is_p521;
}

static bool
check_p521(EVP_PKEY *key, GError **error)
{
    if (!tke_ec_key_is_p521(key)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("not a key on the curve P-521"));
        return false;
    }
    return true;
}

EVP_PKEY *
tke_ec_key_generate(GError **error)
{
    EVP_PKEY *key = EVP_EC_gen(GROUP_NAME);

    if (key == NULL) {
        tke_openssl_set_error(error, _("cannot generate a key pair"));
    }
    return key;
}

/* The parameters are complete; OpenSSL refuses points off the curve. */
static EVP_PKEY *
import(int selection, OSSL_PARAM *params)
{
    g_autoptr(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;

    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, selection, params) != 1) {
        return NULL;
    }
    return key;
}

EVP_PKEY *
tke_ec_key_from_point(const uint8_t *point, size_t len, GError **error)
{
    char group[] = GROUP_NAME;
    uint8_t copy[TKE_EC_POINT_LEN] = { 0 };
    EVP_PKEY *key = NULL;

    if (point != NULL && len == sizeof copy && point[0] == POINT_UNCOMPRESSED) {
        OSSL_PARAM params[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
            OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy, sizeof copy),
            OSSL_PARAM_construct_end(),
        };

        memcpy(copy, point, len);
        key = import(EVP_PKEY_PUBLIC_KEY, params);
        ERR_clear_error();
    }
    if (key == NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("the public key is not a point on the curve P-521"));
    }
    return key;
}

/* The point that belongs to a scalar; false when OpenSSL fails. */
static bool
compute_point(const BIGNUM *scalar, uint8_t out[static TKE_EC_POINT_LEN])
{
    g_autoptr(BN_CTX) ctx = BN_CTX_secure_new();
    g_autoptr(EC_GROUP) group = EC_GROUP_new_by_curve_name(NID_secp521r1);
    g_autoptr(EC_POINT) point = group == NULL ? NULL : EC_POINT_new(group);

    return ctx != NULL && point != NULL &&
           EC_POINT_mul(group, point, scalar, NULL, NULL, ctx) == 1 &&
           EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, out, TKE_EC_POINT_LEN,
                              ctx) == TKE_EC_POINT_LEN;
}

EVP_PKEY *
tke_ec_key_from_scalar(const TkeSecret *scalar, GError **error)
{
    g_autoptr(BIGNUM) number = BN_secure_new();
    g_autoptr(BIGNUM) order = BN_bin2bn(group_order, sizeof group_order, NULL);
    g_autoptr(TkeSecret) native = NULL;
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    char group[] = GROUP_NAME;
    EVP_PKEY *key = NULL;

    native = tke_secret_new(TKE_EC_SCALAR_LEN, error);
    if (native == NULL) {
        return NULL;
    }
    if (number == NULL || order == NULL ||
        BN_bin2bn(tke_secret_bytes(scalar, NULL), (int) tke_secret_len(scalar), number) == NULL) {
        tke_openssl_set_error(error, _("cannot read a private key"));
        return NULL;
    }
    if (tke_secret_len(scalar) != TKE_EC_SCALAR_LEN || BN_is_zero(number) ||
        BN_cmp(number, order) >= 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("not a private key on the curve P-521"));
        return NULL;
    }
    BN_set_flags(number, BN_FLG_CONSTTIME);
    if (compute_point(number, point) &&
        BN_bn2nativepad(number, tke_secret_fill(native, NULL), TKE_EC_SCALAR_LEN) > 0) {
        OSSL_PARAM params[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
            OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
            OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, tke_secret_fill(native, NULL),
                                    TKE_EC_SCALAR_LEN),
            OSSL_PARAM_construct_end(),
        };

        key = import(EVP_PKEY_KEYPAIR, params);
    }
    if (key == NULL) {
        tke_openssl_set_error(error, _("cannot use a private key"));
    }
    return key;
}

TkeSecret *
tke_ec_key_dup_scalar(EVP_PKEY *key, GError **error)
{
    g_autoptr(TkeSecret) native = NULL;
    g_autoptr(TkeSecret) scalar = NULL;
    g_autoptr(BIGNUM) number = BN_secure_new();

    if (!check_p521(key, error)) {
        return NULL;
    }
    native = tke_secret_new(TKE_EC_SCALAR_LEN, error);
    scalar = native == NULL ? NULL : tke_secret_new(TKE_EC_SCALAR_LEN, error);
    if (scalar == NULL) {
        return NULL;
    }
    /* Not EVP_PKEY_get_bn_param(), whose buffer is on the stack. */
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, tke_secret_fill(native, NULL),
                                TKE_EC_SCALAR_LEN),
        OSSL_PARAM_construct_end(),
    };
    if (number == NULL || EVP_PKEY_get_params(key, params) != 1 ||
        OSSL_PARAM_modified(&params[0]) == 0 ||
        BN_native2bn(tke_secret_bytes(native, NULL), TKE_EC_SCALAR_LEN, number) == NULL ||
        BN_bn2binpad(number, tke_secret_fill(scalar, NULL), TKE_EC_SCALAR_LEN) < 0) {
        tke_openssl_set_error(error, _("the key has no private part"));
        return NULL;
    }
    return g_steal_pointer(&scalar);
}

bool
tke_ec_key_get_point(EVP_PKEY *key, uint8_t out[static TKE_EC_POINT_LEN], GError **error)
{
    BIGNUM *x_number = NULL;
    BIGNUM *y_number = NULL;
    g_autoptr(BIGNUM) x = NULL;
    g_autoptr(BIGNUM) y = NULL;
    bool ok = false;

    if (!check_p521(key, error)) {
        return false;
    }
    /* By coordinates: a key that was read in compressed form is written as such by OpenSSL. */
    ok = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &x_number) == 1 &&
         EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &y_number) == 1;
    x = x_number;
    y = y_number;
    if (!ok || BN_bn2binpad(x, out + 1, TKE_EC_SCALAR_LEN) < 0 ||
        BN_bn2binpad(y, out + 1 + TKE_EC_SCALAR_LEN, TKE_EC_SCALAR_LEN) < 0) {
        tke_openssl_set_error(error, _("the key has no public point"));
        return false;
    }
    out[0] = POINT_UNCOMPRESSED;
    return true;
}

bool
tke_ec_key_get_ski(EVP_PKEY *key, uint8_t out[static 32], GError **error)
{
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };

    return tke_ec_key_get_point(key, point, error) &&
           tke_digest_sha256(point, sizeof point, out, error);
}

bool
tke_ec_key_sign(EVP_PKEY *key, const uint8_t *data, size_t data_len,
                uint8_t out[static TKE_EC_SIGNATURE_MAX], size_t *len, GError **error)
{
    g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    size_t signature_len = TKE_EC_SIGNATURE_MAX;

    if (!check_p521(key, error)) {
        return false;
    }
    if (ctx == NULL || EVP_DigestSignInit(ctx, NULL, EVP_sha512(), NULL, key) != 1 ||
        EVP_DigestSign(ctx, out, &signature_len, data_len > 0 ? data : (const uint8_t *) "",
                       data_len) != 1) {
        tke_openssl_set_error(error, _("cannot sign"));
        return false;
    }
    *len = signature_len;
    return true;
}

bool
tke_ec_key_verify(EVP_PKEY *key, const uint8_t *data, size_t data_len, const uint8_t *signature,
                  size_t signature_len, GError **error)
{
    g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    uint8_t minimal[TKE_EC_SIGNATURE_MAX] = { 0 };
    size_t minimal_len = 0;

    if (!check_p521(key, error)) {
        return false;
    }
    if (ctx == NULL || EVP_DigestVerifyInit(ctx, NULL, EVP_sha512(), NULL, key) != 1) {
        tke_openssl_set_error(error, _("cannot verify a signature"));
        return false;
    }
    if (!tke_ec_key_normalize_signature(signature, signature_len, minimal, &minimal_len, NULL) ||
        EVP_DigestVerify(ctx, minimal, minimal_len, data_len > 0 ? data : (const uint8_t *) "",
                         data_len) != 1) {
        ERR_clear_error();
        g_set_error(error, TKE_ERROR, TKE_ERROR_VERIFY, _("the signature is wrong"));
        return false;
    }
    return true;
}

static bool
is_in_range(const uint8_t number[static TKE_EC_SCALAR_LEN])
{
    static const uint8_t zero[TKE_EC_SCALAR_LEN] = { 0 };

    return memcmp(number, zero, TKE_EC_SCALAR_LEN) != 0 &&
           memcmp(number, group_order, TKE_EC_SCALAR_LEN) < 0;
}

/* One INTEGER of a signature as 66 bytes. */
static bool
read_number(TkeByteCursor *cursor, uint8_t out[static TKE_EC_SCALAR_LEN])
{
    TkeByteCursor value = { 0 };
    uint8_t first = 0;

    if (!tke_der_read(cursor, TKE_DER_INTEGER, &value) || tke_byte_cursor_left(&value) == 0 ||
        (*tke_byte_cursor_peek(&value) & 0x80u) != 0) { /* negative */
        return false;
    }
    while (tke_byte_cursor_left(&value) > 0 && *tke_byte_cursor_peek(&value) == 0) {
        tke_byte_cursor_u8(&value, &first);
    }
    if (tke_byte_cursor_left(&value) > TKE_EC_SCALAR_LEN) {
        return false;
    }
    memset(out, 0, TKE_EC_SCALAR_LEN);
    tke_byte_cursor_copy(&value, out + (TKE_EC_SCALAR_LEN - tke_byte_cursor_left(&value)),
                         tke_byte_cursor_left(&value));
    return is_in_range(out);
}

bool
tke_ec_key_signature_to_raw(const uint8_t *signature, size_t signature_len, uint8_t out[static 132],
                            GError **error)
{
    TkeByteCursor cursor = tke_byte_cursor(signature, signature_len);
    TkeByteCursor numbers = { 0 };
    uint8_t raw[2 * TKE_EC_SCALAR_LEN] = { 0 };

    if (!tke_der_read(&cursor, TKE_DER_SEQUENCE, &numbers) || tke_byte_cursor_left(&cursor) != 0 ||
        !read_number(&numbers, raw) || !read_number(&numbers, raw + TKE_EC_SCALAR_LEN) ||
        tke_byte_cursor_left(&numbers) != 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("the signature is malformed"));
        return false;
    }
    memcpy(out, raw, sizeof raw);
    return true;
}

/* One number as a minimal INTEGER. */
static void
write_number(TkeByteBuilder *builder, const uint8_t number[static TKE_EC_SCALAR_LEN])
{
    size_t skip = 0;
    size_t sign = 0;

    while (skip < TKE_EC_SCALAR_LEN - 1 && number[skip] == 0) {
        skip++;
    }
    sign = (number[skip] & 0x80u) != 0 ? 1 : 0;
    tke_der_header(builder, TKE_DER_INTEGER, sign + TKE_EC_SCALAR_LEN - skip);
    tke_byte_builder_fill(builder, 0, sign);
    tke_byte_builder_bytes(builder, number + skip, TKE_EC_SCALAR_LEN - skip);
}

bool
tke_ec_key_signature_from_raw(const uint8_t raw[static 132],
                              uint8_t out[static TKE_EC_SIGNATURE_MAX], size_t *len, GError **error)
{
    uint8_t numbers[2 * (TKE_EC_SCALAR_LEN + 2)] = { 0 };
    TkeByteBuilder inner = { .out = numbers, .size = sizeof numbers };
    TkeByteBuilder builder = { .out = out, .size = TKE_EC_SIGNATURE_MAX };

    if (!is_in_range(raw) || !is_in_range(raw + TKE_EC_SCALAR_LEN)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("the numbers of the signature are out of range"));
        return false;
    }
    write_number(&inner, raw);
    write_number(&inner, raw + TKE_EC_SCALAR_LEN);
    tke_der_element(&builder, TKE_DER_SEQUENCE, numbers, inner.len);
    g_assert(!inner.failed && !builder.failed);
    *len = builder.len;
    return true;
}

bool
tke_ec_key_normalize_signature(const uint8_t *signature, size_t signature_len,
                               uint8_t out[static TKE_EC_SIGNATURE_MAX], size_t *len,
                               GError **error)
{
    uint8_t raw[2 * TKE_EC_SCALAR_LEN] = { 0 };

    return tke_ec_key_signature_to_raw(signature, signature_len, raw, error) &&
           tke_ec_key_signature_from_raw(raw, out, len, error);
}
