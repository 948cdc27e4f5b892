/*
 * Triple DES (GlobalPlatform 2.3, annex B.1). Single DES is triple DES with equal keys: a
 * decryption under a key undoes the encryption under it, so that no cipher beyond OpenSSL's
 * default provider is needed.
 */
#include "common/des.h"

#include <limits.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/error.h"
#include "common/openssl.h"

#define HALF (TKE_DES_KEY_LEN / 2)

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_CIPHER, EVP_CIPHER_free)

bool
tke_des_cbc_bytes(const TkeSecret *key, bool encrypt, const uint8_t iv[static TKE_DES_BLOCK],
                  const uint8_t *in, size_t len, uint8_t *out, GError **error)
{
    g_autoptr(EVP_CIPHER) cipher = NULL;
    g_autoptr(EVP_CIPHER_CTX) ctx = NULL;
    int done = 0;

    if (tke_secret_len(key) != TKE_DES_KEY_LEN || len % TKE_DES_BLOCK != 0 || len > INT_MAX) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("a triple DES key of %zu bytes for %zu bytes of data"), tke_secret_len(key),
                    len);
        return false;
    }
    if (len == 0) {
        return true;
    }
    cipher = EVP_CIPHER_fetch(NULL, "DES-EDE-CBC", NULL);
    ctx = EVP_CIPHER_CTX_new();
    if (cipher == NULL || ctx == NULL ||
        EVP_CipherInit_ex2(ctx, cipher, tke_secret_bytes(key, NULL), iv, encrypt ? 1 : 0, NULL) !=
            1 ||
        EVP_CIPHER_CTX_set_padding(ctx, 0) != 1 ||
        EVP_CipherUpdate(ctx, out, &done, in, (int) len) != 1 || (size_t) done != len) {
        tke_openssl_set_error(error, _("triple DES cannot be used"));
        return false;
    }
    return true;
}

/* K1 twice; NULL with error set. */
static TkeSecret *
first_half_twice(const TkeSecret *key, GError **error)
{
    TkeSecret *twice = NULL;

    if (tke_secret_len(key) != TKE_DES_KEY_LEN) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("a triple DES key of %zu bytes"),
                    tke_secret_len(key));
        return NULL;
    }
    twice = tke_secret_new(TKE_DES_KEY_LEN, error);
    if (twice != NULL) {
        memcpy(tke_secret_fill(twice, NULL), tke_secret_bytes(key, NULL), HALF);
        memcpy(tke_secret_fill(twice, NULL) + HALF, tke_secret_bytes(key, NULL), HALF);
    }
    return twice;
}

bool
tke_des_encrypt_single(const TkeSecret *key, const uint8_t in[static TKE_DES_BLOCK],
                       uint8_t out[static TKE_DES_BLOCK], GError **error)
{
    static const uint8_t zeros[TKE_DES_BLOCK] = { 0 };
    g_autoptr(TkeSecret) single = first_half_twice(key, error);

    return single != NULL && tke_des_cbc_bytes(single, true, zeros, in, TKE_DES_BLOCK, out, error);
}

bool
tke_des_retail_mac(const TkeSecret *key, const uint8_t iv[static TKE_DES_BLOCK],
                   const uint8_t *data, size_t len, uint8_t out[static TKE_DES_BLOCK],
                   GError **error)
{
    g_autoptr(TkeSecret) single = NULL;
    g_autofree uint8_t *chained = NULL;
    uint8_t last_iv[TKE_DES_BLOCK];
    size_t before = 0;

    g_return_val_if_fail(len > 0 && len % TKE_DES_BLOCK == 0, false);

    before = len - TKE_DES_BLOCK;
    memcpy(last_iv, iv, sizeof last_iv);
    if (before > 0) {
        single = first_half_twice(key, error);
        chained = g_malloc(before);
        if (single == NULL || !tke_des_cbc_bytes(single, true, iv, data, before, chained, error)) {
            return false;
        }
        memcpy(last_iv, chained + before - TKE_DES_BLOCK, sizeof last_iv);
    }
    return tke_des_cbc_bytes(key, true, last_iv, data + before, TKE_DES_BLOCK, out, error);
}
