/*
 * RSA signatures of old key files (crypto-unit-protocol.md, 2.11): ANSI X9.31 with SHA-256.
 */
#include "common/rsa.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/byte-builder.h"
#include "common/digest.h"
#include "common/error.h"

#define MAX_LEN 512u /* 4096 bits */
#define SIGN_BITS 2048
#define MAX_BITS 4096
#define TRAILER_LEN 2u

/* The block for a modulus of len bytes. */
static void
format_block(const uint8_t hash[static 32], uint8_t *out, size_t len)
{
    static const uint8_t trailer[TRAILER_LEN] = { 0x34, 0xcc }; /* 34: SHA-256 */
    TkeByteBuilder builder = { .out = out, .size = len };

    tke_byte_builder_u8(&builder, 0x6b);
    tke_byte_builder_fill(&builder, 0xbb, len - 2 - TKE_SHA256_LEN - TRAILER_LEN);
    tke_byte_builder_u8(&builder, 0xba);
    tke_byte_builder_bytes(&builder, hash, TKE_SHA256_LEN);
    tke_byte_builder_bytes(&builder, trailer, sizeof trailer);
    g_assert(!builder.failed && builder.len == len);
}

void
tke_rsa_x931_block(const uint8_t hash[static 32], uint8_t out[static TKE_RSA_LEN])
{
    format_block(hash, out, TKE_RSA_LEN);
}

static bool
check_key(EVP_PKEY *key, int min_bits, int max_bits, GError **error)
{
    if (EVP_PKEY_is_a(key, "RSA") != 1 || EVP_PKEY_get_bits(key) < min_bits ||
        EVP_PKEY_get_bits(key) > max_bits) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("not an RSA key of %d to %d bits"),
                    min_bits, max_bits);
        return false;
    }
    return true;
}

bool
tke_rsa_sign_x931(EVP_PKEY *key, const uint8_t *data, size_t len, uint8_t out[static TKE_RSA_LEN],
                  GError **error)
{
    g_autoptr(EVP_PKEY_CTX) ctx = NULL;
    uint8_t hash[TKE_SHA256_LEN] = { 0 };
    uint8_t block[TKE_RSA_LEN] = { 0 };
    size_t out_len = TKE_RSA_LEN;

    if (!check_key(key, SIGN_BITS, SIGN_BITS, error) ||
        !tke_digest_sha256(data, len, hash, error)) {
        return false;
    }
    tke_rsa_x931_block(hash, block);
    ctx = EVP_PKEY_CTX_new(key, NULL);
    if (ctx == NULL || EVP_PKEY_sign_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) != 1 ||
        EVP_PKEY_sign(ctx, out, &out_len, block, sizeof block) != 1 || out_len != TKE_RSA_LEN) {
        tke_openssl_set_error(error, _("cannot sign"));
        return false;
    }
    return true;
}

/* True if v or n - v is the block, where v is what the public operation makes of the signature. */
static bool
matches(EVP_PKEY *key, const uint8_t *recovered, const uint8_t *block, size_t len)
{
    BIGNUM *modulus = NULL;
    g_autoptr(BIGNUM) n = NULL;
    g_autoptr(BIGNUM) v = BN_bin2bn(recovered, (int) len, NULL);
    g_autoptr(BIGNUM) wanted = BN_bin2bn(block, (int) len, NULL);
    bool ok = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus) == 1;

    n = modulus;
    return ok && v != NULL && wanted != NULL &&
           (BN_cmp(v, wanted) == 0 || (BN_sub(v, n, v) == 1 && BN_cmp(v, wanted) == 0));
}

bool
tke_rsa_verify_x931(EVP_PKEY *key, const uint8_t *data, size_t len, const uint8_t *signature,
                    size_t signature_len, GError **error)
{
    g_autoptr(EVP_PKEY_CTX) ctx = NULL;
    uint8_t hash[TKE_SHA256_LEN] = { 0 };
    uint8_t block[MAX_LEN] = { 0 };
    uint8_t recovered[MAX_LEN] = { 0 };
    size_t recovered_len = sizeof recovered;
    size_t size = 0;

    if (!check_key(key, SIGN_BITS, MAX_BITS, error) || !tke_digest_sha256(data, len, hash, error)) {
        return false;
    }
    size = (size_t) EVP_PKEY_get_size(key);
    format_block(hash, block, size);
    ctx = EVP_PKEY_CTX_new(key, NULL);
    if (ctx == NULL || EVP_PKEY_verify_recover_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) != 1) {
        tke_openssl_set_error(error, _("cannot verify a signature"));
        return false;
    }
    if (signature_len != size ||
        EVP_PKEY_verify_recover(ctx, recovered, &recovered_len, signature, signature_len) != 1 ||
        recovered_len != size || !matches(key, recovered, block, size)) {
        ERR_clear_error();
        g_set_error(error, TKE_ERROR, TKE_ERROR_VERIFY, _("the signature is wrong"));
        return false;
    }
    return true;
}

GByteArray *
tke_rsa_public_der(EVP_PKEY *key, GError **error)
{
    g_autoptr(GByteArray) der = NULL;
    unsigned char *bytes = NULL;
    int len = 0;

    if (EVP_PKEY_is_a(key, "RSA") != 1) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("not an RSA key"));
        return NULL;
    }
    len = i2d_PublicKey(key, &bytes);
    if (len <= 0) {
        tke_openssl_set_error(error, _("cannot write a public key"));
        return NULL;
    }
    der = g_byte_array_sized_new((guint) len);
    g_byte_array_append(der, bytes, (guint) len);
    OPENSSL_free(bytes);
    return g_steal_pointer(&der);
}
