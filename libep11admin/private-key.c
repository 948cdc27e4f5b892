/*
 * Private keys of signature key files (crypto-unit-protocol.md, 7.6; RFC 5915, RFC 8017, RFC 5958).
 *
 * OpenSSL's own decoders copy what they read to ordinary memory and free it unwiped, so text and
 * DER are taken apart here, in place. Of an RSA key OpenSSL keeps a working copy in ordinary
 * memory, which it wipes: therefore the key exists there only while it signs.
 */
#include "libep11admin/private-key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/byte-cursor.h"
#include "common/der.h"
#include "common/digest.h"
#include "common/ec-key.h"
#include "common/error.h"
#include "common/rsa.h"

#define PEM_BEGIN "-----BEGIN PRIVATE KEY-----"
#define PEM_END "-----END PRIVATE KEY-----"

#define TAG_CURVE 0xa0u /* [0] of an ECPrivateKey */
#define RSA_BITS 2048

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OSSL_PARAM, OSSL_PARAM_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)

static const uint8_t oid_p521[] = { 0x2b, 0x81, 0x04, 0x00, 0x23 };
static const uint8_t oid_ec[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
static const uint8_t oid_rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };

struct TkePrivateKey {
    TkeSignerKind kind;
    uint8_t ski[TKE_SKI_LEN];
    EVP_PKEY *public_key;
    EVP_PKEY *ec_key;   /* P-521: OpenSSL keeps the scalar in locked memory */
    TkeSecret *rsa_der; /* RSA: RSAPrivateKey */
};

static void
set_malformed(GError **error)
{
    g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                _("the file holds no private key in a known form"));
}

/* ---- text to DER ---- */

/* The Base64 text between the lines that begin and end the block. */
static bool
find_block(const TkeSecret *pem, TkeByteCursor *text)
{
    size_t len = 0;
    const uint8_t *bytes = tke_secret_bytes(pem, &len);
    const uint8_t *begin = memmem(bytes, len, PEM_BEGIN, strlen(PEM_BEGIN));
    TkeByteCursor cursor = tke_byte_cursor(bytes, len);
    const uint8_t *rest = NULL;
    const uint8_t *end = NULL;

    if (begin == NULL ||
        !tke_byte_cursor_skip(&cursor, (size_t) (begin - bytes) + strlen(PEM_BEGIN))) {
        return false;
    }
    rest = tke_byte_cursor_peek(&cursor);
    end = memmem(rest, tke_byte_cursor_left(&cursor), PEM_END, strlen(PEM_END));
    return end != NULL && tke_byte_cursor_sub(&cursor, (size_t) (end - rest), text);
}

/* Copies the digits of Base64 text without its line ends; false for any other character. */
static bool
copy_digits(const TkeByteCursor *text, uint8_t *digits, size_t *len, size_t *padding)
{
    TkeByteCursor cursor = *text;
    uint8_t c = 0;

    while (tke_byte_cursor_u8(&cursor, &c)) {
        bool is_digit = g_ascii_isalnum((char) c) || c == '+' || c == '/';

        if (c == '=') {
            (*padding)++;
        } else if (g_ascii_isspace((char) c)) {
            continue;
        } else if (!is_digit || *padding > 0) {
            return false;
        }
        digits[(*len)++] = c;
    }
    return *len > 0 && *len % 4 == 0 && *padding <= 2;
}

static TkeSecret *
decode_pem(const TkeSecret *pem, GError **error)
{
    TkeByteCursor text = { 0 };
    g_autoptr(TkeSecret) digits = NULL;
    g_autoptr(TkeSecret) decoded = NULL;
    size_t len = 0;
    size_t padding = 0;

    if (!find_block(pem, &text) || text.len == 0) {
        set_malformed(error);
        return NULL;
    }
    digits = tke_secret_new(text.len, error);
    decoded = digits == NULL ? NULL : tke_secret_new(text.len, error);
    if (decoded == NULL) {
        return NULL;
    }
    if (!copy_digits(&text, tke_secret_fill(digits, NULL), &len, &padding) ||
        EVP_DecodeBlock(tke_secret_fill(decoded, NULL), tke_secret_bytes(digits, NULL),
                        (int) len) != (int) (len / 4 * 3)) {
        ERR_clear_error();
        set_malformed(error);
        return NULL;
    }
    return tke_secret_new_slice(decoded, 0, len / 4 * 3 - padding, error);
}

/* ---- DER to key ---- */

static bool
next_is_bytes(TkeByteCursor *cursor, uint8_t tag, const uint8_t *wanted, size_t len)
{
    TkeByteCursor value = { 0 };

    return tke_der_read(cursor, tag, &value) && value.len == len &&
           memcmp(value.data, wanted, len) == 0;
}

static bool
next_is_version(TkeByteCursor *cursor, uint8_t version)
{
    return next_is_bytes(cursor, TKE_DER_INTEGER, &version, 1);
}

/* Goes into PKCS #8, if it is that, down to the key of the older form. */
static bool
unwrap_pkcs8(TkeSignerKind kind, TkeByteCursor *der)
{
    TkeByteCursor outer = *der;
    TkeByteCursor content = { 0 };
    TkeByteCursor algorithm = { 0 };

    if (!tke_der_read(&outer, TKE_DER_SEQUENCE, &content) || !next_is_version(&content, 0) ||
        !tke_der_next_is(&content, TKE_DER_SEQUENCE)) {
        return true; /* not PKCS #8 */
    }
    if (!tke_der_read(&content, TKE_DER_SEQUENCE, &algorithm)) {
        return false;
    }
    if (kind == TKE_SIGNER_RSA_2048) {
        if (!next_is_bytes(&algorithm, TKE_DER_OID, oid_rsa, sizeof oid_rsa)) {
            return false;
        }
    } else if (!next_is_bytes(&algorithm, TKE_DER_OID, oid_ec, sizeof oid_ec) ||
               !next_is_bytes(&algorithm, TKE_DER_OID, oid_p521, sizeof oid_p521)) {
        return false;
    }
    return tke_der_read(&content, TKE_DER_OCTET_STRING, der);
}

/* The named curve of an ECPrivateKey, if it is given, is P-521. */
static bool
check_curve(TkeByteCursor *content)
{
    TkeByteCursor parameters = { 0 };

    if (!tke_der_next_is(content, TAG_CURVE)) {
        return true;
    }
    return tke_der_read(content, TAG_CURVE, &parameters) &&
           next_is_bytes(&parameters, TKE_DER_OID, oid_p521, sizeof oid_p521);
}

static bool
read_ec(TkePrivateKey *key, TkeByteCursor *der, GError **error)
{
    TkeByteCursor content = { 0 };
    TkeByteCursor digits = { 0 };
    g_autoptr(TkeSecret) scalar = NULL;
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };

    if (!tke_der_read(der, TKE_DER_SEQUENCE, &content) || !next_is_version(&content, 1) ||
        !tke_der_read(&content, TKE_DER_OCTET_STRING, &digits) || !check_curve(&content)) {
        set_malformed(error);
        return false;
    }
    while (digits.len - digits.pos > TKE_EC_SCALAR_LEN && *tke_byte_cursor_peek(&digits) == 0) {
        tke_byte_cursor_skip(&digits, 1);
    }
    if (tke_byte_cursor_left(&digits) > TKE_EC_SCALAR_LEN) {
        set_malformed(error);
        return false;
    }
    scalar = tke_secret_new(TKE_EC_SCALAR_LEN, error);
    if (scalar == NULL) {
        return false;
    }
    tke_byte_cursor_copy(&digits,
                         tke_secret_fill(scalar, NULL) +
                             (TKE_EC_SCALAR_LEN - tke_byte_cursor_left(&digits)),
                         tke_byte_cursor_left(&digits));
    key->ec_key = tke_ec_key_from_scalar(scalar, error);
    if (key->ec_key == NULL || !tke_ec_key_get_point(key->ec_key, point, error)) {
        return false;
    }
    key->public_key = tke_ec_key_from_point(point, sizeof point, error);
    return key->public_key != NULL && tke_ec_key_get_ski(key->ec_key, key->ski, error);
}

/* Numbers of an RSAPrivateKey in their order; the first two are public. */
static const char *const rsa_names[] = {
    OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
    OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
    OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
    OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
};
#define RSA_PUBLIC_NUMBERS 2u

/* Reads count numbers into params; the builder keeps the BIGNUMs, which must outlive it. */
static bool
push_numbers(OSSL_PARAM_BLD *builder, TkeByteCursor *content, BIGNUM **numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        TkeByteCursor digits = { 0 };

        if (!tke_der_read(content, TKE_DER_INTEGER, &digits) || digits.len == 0 ||
            digits.len > TKE_RSA_LEN + 1 || (digits.data[0] & 0x80u) != 0) {
            return false;
        }
        numbers[i] = i < RSA_PUBLIC_NUMBERS ? BN_new() : BN_secure_new();
        if (numbers[i] == NULL || BN_bin2bn(digits.data, (int) digits.len, numbers[i]) == NULL ||
            OSSL_PARAM_BLD_push_BN(builder, rsa_names[i], numbers[i]) != 1) {
            return false;
        }
    }
    return true;
}

/* The RSA key in OpenSSL, its public half only or whole; NULL with error set. */
static EVP_PKEY *
load_rsa(const TkeSecret *der, bool whole, GError **error)
{
    TkeByteCursor cursor = tke_byte_cursor(tke_secret_bytes(der, NULL), tke_secret_len(der));
    TkeByteCursor content = { 0 };
    BIGNUM *numbers[G_N_ELEMENTS(rsa_names)] = { NULL };
    g_autoptr(OSSL_PARAM_BLD) builder = OSSL_PARAM_BLD_new();
    g_autoptr(OSSL_PARAM) params = NULL;
    g_autoptr(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;

    if (builder != NULL && ctx != NULL && tke_der_read(&cursor, TKE_DER_SEQUENCE, &content) &&
        next_is_version(&content, 0) &&
        push_numbers(builder, &content, numbers,
                     whole ? G_N_ELEMENTS(rsa_names) : RSA_PUBLIC_NUMBERS)) {
        params = OSSL_PARAM_BLD_to_param(builder);
    }
    if (params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, whole ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) != 1) {
        key = NULL;
        ERR_clear_error();
        set_malformed(error);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        BN_clear_free(numbers[i]);
    }
    return key;
}

static bool
read_rsa(TkePrivateKey *key, const TkeByteCursor *der, GError **error)
{
    g_autoptr(EVP_PKEY) whole = NULL;
    g_autoptr(GByteArray) public_der = NULL;

    key->rsa_der = tke_secret_new_from(der->data, der->len, error);
    if (key->rsa_der == NULL) {
        return false;
    }
    whole = load_rsa(key->rsa_der, true, error);
    key->public_key = whole == NULL ? NULL : load_rsa(key->rsa_der, false, error);
    if (key->public_key == NULL) {
        return false;
    }
    if (EVP_PKEY_get_bits(key->public_key) != RSA_BITS) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("an RSA key of %d bits where %d are wanted"),
                    EVP_PKEY_get_bits(key->public_key), RSA_BITS);
        return false;
    }
    public_der = tke_rsa_public_der(key->public_key, error);
    return public_der != NULL &&
           tke_digest_sha256(public_der->data, public_der->len, key->ski, error);
}

TkePrivateKey *
tke_private_key_from_pem(TkeSignerKind kind, const TkeSecret *pem, GError **error)
{
    g_autoptr(TkePrivateKey) key = NULL;
    g_autoptr(TkeSecret) decoded = decode_pem(pem, error);
    TkeByteCursor der = { 0 };
    bool ok = false;

    if (decoded == NULL) {
        return NULL;
    }
    der = tke_byte_cursor(tke_secret_bytes(decoded, NULL), tke_secret_len(decoded));
    if (!unwrap_pkcs8(kind, &der) || der.len == 0) {
        set_malformed(error);
        return NULL;
    }
    key = g_new0(TkePrivateKey, 1);
    key->kind = kind;
    ok = kind == TKE_SIGNER_RSA_2048 ? read_rsa(key, &der, error) : read_ec(key, &der, error);
    return ok ? g_steal_pointer(&key) : NULL;
}

const uint8_t *
tke_private_key_get_ski(const TkePrivateKey *key)
{
    return key->ski;
}

EVP_PKEY *
tke_private_key_get_public(const TkePrivateKey *key)
{
    return key->public_key;
}

bool
tke_private_key_sign(const TkePrivateKey *key, const uint8_t *data, size_t data_len,
                     uint8_t signature[static TKE_SIGNATURE_MAX], size_t *len, GError **error)
{
    g_autoptr(EVP_PKEY) rsa = NULL;

    if (key->kind != TKE_SIGNER_RSA_2048) {
        return tke_ec_key_sign(key->ec_key, data, data_len, signature, len, error);
    }
    rsa = load_rsa(key->rsa_der, true, error);
    if (rsa == NULL || !tke_rsa_sign_x931(rsa, data, data_len, signature, error)) {
        return false;
    }
    *len = TKE_RSA_LEN;
    return true;
}

void
tke_private_key_free(TkePrivateKey *key)
{
    if (key == NULL) {
        return;
    }
    EVP_PKEY_free(key->public_key);
    EVP_PKEY_free(key->ec_key);
    tke_secret_free(key->rsa_der);
    g_free(key);
}
