/*
 * AES (card-protocol.md, 5.4; crypto-unit-protocol.md, 4.3.2 and 7.6): RFC 3394, RFC 4493 (CMAC),
 * GCM.
 */
#include "common/aes.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

#include <glib/gi18n-lib.h>

#include "common/byte-cursor.h"
#include "common/error.h"
#include "common/openssl.h"

#define KEY_LEN 32u
#define GCM_TAG_LEN 16u
#define SHORTEST_WRAP 24u /* two blocks of eight bytes and the integrity value */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_CIPHER, EVP_CIPHER_free)

static bool
check_key(const TkeSecret *key, GError **error)
{
    if (tke_secret_len(key) != KEY_LEN) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("an AES key of %zu bytes where 32 are wanted"), tke_secret_len(key));
        return false;
    }
    return true;
}

/* A context for one cipher, ready to work in one direction; NULL with error set. */
static EVP_CIPHER_CTX *
start(const char *name, const TkeSecret *key, const uint8_t *iv, bool encrypt, GError **error)
{
    g_autoptr(EVP_CIPHER) cipher = NULL;
    g_autoptr(EVP_CIPHER_CTX) ctx = NULL;

    if (!check_key(key, error)) {
        return NULL;
    }
    cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    ctx = EVP_CIPHER_CTX_new();
    if (cipher == NULL || ctx == NULL ||
        EVP_CipherInit_ex2(ctx, cipher, tke_secret_bytes(key, NULL), iv, encrypt ? 1 : 0, NULL) !=
            1 ||
        EVP_CIPHER_CTX_set_padding(ctx, 0) != 1) {
        tke_openssl_set_error(error, _("AES cannot be used"));
        return NULL;
    }
    return g_steal_pointer(&ctx);
}

bool
tke_aes_cbc_encrypt(const TkeSecret *key, const uint8_t iv[static TKE_AES_BLOCK],
                    const TkeSecret *plain, uint8_t *out, GError **error)
{
    g_autoptr(EVP_CIPHER_CTX) ctx = NULL;
    size_t len = 0;
    const uint8_t *bytes = tke_secret_bytes(plain, &len);
    int done = 0;
    int rest = 0;

    g_return_val_if_fail(len % TKE_AES_BLOCK == 0, false);

    ctx = start("AES-256-CBC", key, iv, true, error);
    if (ctx == NULL) {
        return false;
    }
    if (EVP_EncryptUpdate(ctx, out, &done, bytes, (int) len) != 1 ||
        EVP_EncryptFinal_ex(ctx, out + done, &rest) != 1 || (size_t) done + (size_t) rest != len) {
        tke_openssl_set_error(error, _("encryption failed"));
        return false;
    }
    return true;
}

TkeSecret *
tke_aes_cbc_decrypt(const TkeSecret *key, const uint8_t iv[static TKE_AES_BLOCK],
                    const uint8_t *cipher, size_t len, GError **error)
{
    g_autoptr(EVP_CIPHER_CTX) ctx = NULL;
    g_autoptr(TkeSecret) plain = NULL;
    uint8_t *out = NULL;
    int done = 0;
    int rest = 0;

    if (len == 0 || len % TKE_AES_BLOCK != 0 || len > TKE_SECRET_MAX) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("%zu bytes of ciphertext are not whole blocks"), len);
        return NULL;
    }
    ctx = start("AES-256-CBC", key, iv, false, error);
    plain = ctx == NULL ? NULL : tke_secret_new(len, error);
    if (plain == NULL) {
        return NULL;
    }
    out = tke_secret_fill(plain, NULL);
    if (EVP_DecryptUpdate(ctx, out, &done, cipher, (int) len) != 1 ||
        EVP_DecryptFinal_ex(ctx, out + done, &rest) != 1 || (size_t) done + (size_t) rest != len) {
        tke_openssl_set_error(error, _("decryption failed"));
        return NULL;
    }
    return g_steal_pointer(&plain);
}

/* The CBC cipher for a key of this length; NULL if AES has none. */
static const char *
cbc_name(size_t key_len)
{
    switch (key_len) {
    case 16:
        return "AES-128-CBC";
    case 24:
        return "AES-192-CBC";
    case 32:
        return "AES-256-CBC";
    default:
        return NULL;
    }
}

bool
tke_aes_cbc_bytes(const TkeSecret *key, bool encrypt, const uint8_t iv[static TKE_AES_BLOCK],
                  const uint8_t *in, size_t len, uint8_t *out, GError **error)
{
    g_autoptr(EVP_CIPHER) cipher = NULL;
    g_autoptr(EVP_CIPHER_CTX) ctx = NULL;
    size_t key_len = 0;
    const uint8_t *key_bytes = tke_secret_bytes(key, &key_len);
    const char *name = cbc_name(key_len);
    int done = 0;

    if (name == NULL || len % TKE_AES_BLOCK != 0 || len > INT_MAX) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("an AES key of %zu bytes for %zu bytes of data"), key_len, len);
        return false;
    }
    if (len == 0) {
        return true;
    }
    cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    ctx = EVP_CIPHER_CTX_new();
    if (cipher == NULL || ctx == NULL ||
        EVP_CipherInit_ex2(ctx, cipher, key_bytes, iv, encrypt ? 1 : 0, NULL) != 1 ||
        EVP_CIPHER_CTX_set_padding(ctx, 0) != 1 ||
        EVP_CipherUpdate(ctx, out, &done, in, (int) len) != 1 || (size_t) done != len) {
        tke_openssl_set_error(error, _("AES cannot be used"));
        return false;
    }
    return true;
}

bool
tke_aes_cmac(const TkeSecret *key, const uint8_t *data, size_t len,
             uint8_t out[static TKE_AES_BLOCK], GError **error)
{
    g_autoptr(EVP_MAC) mac = NULL;
    g_autoptr(EVP_MAC_CTX) ctx = NULL;
    size_t key_len = 0;
    const uint8_t *key_bytes = tke_secret_bytes(key, &key_len);
    const char *cipher = cbc_name(key_len);
    char name[16] = "";
    const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name, 0),
                                  OSSL_PARAM_construct_end() };
    size_t out_len = 0;

    if (cipher == NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("a CMAC key of %zu bytes where 16, 24 or 32 are wanted"), key_len);
        return false;
    }
    g_strlcpy(name, cipher, sizeof name);
    mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_CMAC, NULL);
    ctx = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
    if (ctx == NULL || EVP_MAC_init(ctx, key_bytes, key_len, params) != 1 ||
        (len > 0 && EVP_MAC_update(ctx, data, len) != 1) ||
        EVP_MAC_final(ctx, out, &out_len, TKE_AES_BLOCK) != 1 || out_len != TKE_AES_BLOCK) {
        tke_openssl_set_error(error, _("cannot compute a CMAC"));
        return false;
    }
    return true;
}

bool
tke_aes_wrap(const TkeSecret *kek, const TkeSecret *key, uint8_t *out, GError **error)
{
    g_autoptr(EVP_CIPHER_CTX) ctx = NULL;
    size_t len = 0;
    const uint8_t *bytes = tke_secret_bytes(key, &len);
    int done = 0;

    g_return_val_if_fail(len % 8 == 0 && len + TKE_AES_WRAP_EXTRA >= SHORTEST_WRAP, false);

    ctx = start("AES-256-WRAP", kek, NULL, true, error);
    if (ctx == NULL) {
        return false;
    }
    if (EVP_EncryptUpdate(ctx, out, &done, bytes, (int) len) != 1 ||
        (size_t) done != len + TKE_AES_WRAP_EXTRA) {
        tke_openssl_set_error(error, _("cannot wrap a key"));
        return false;
    }
    return true;
}

TkeSecret *
tke_aes_unwrap(const TkeSecret *kek, const uint8_t *wrapped, size_t len, GError **error)
{
    g_autoptr(EVP_CIPHER_CTX) ctx = NULL;
    g_autoptr(TkeSecret) key = NULL;
    int done = 0;

    if (len < SHORTEST_WRAP || len % 8 != 0 || len > TKE_SECRET_MAX) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("a wrapped key of %zu bytes"), len);
        return NULL;
    }
    ctx = start("AES-256-WRAP", kek, NULL, false, error);
    key = ctx == NULL ? NULL : tke_secret_new(len - TKE_AES_WRAP_EXTRA, error);
    if (key == NULL) {
        return NULL;
    }
    if (EVP_DecryptUpdate(ctx, tke_secret_fill(key, NULL), &done, wrapped, (int) len) != 1 ||
        (size_t) done != len - TKE_AES_WRAP_EXTRA) {
        ERR_clear_error();
        g_set_error(error, TKE_ERROR, TKE_ERROR_VERIFY,
                    _("the wrapped key is damaged or was made for another key"));
        return NULL;
    }
    return g_steal_pointer(&key);
}

TkeSecret *
tke_aes_gcm_decrypt(const TkeSecret *key, const uint8_t nonce[static 12], const uint8_t *cipher,
                    size_t len, GError **error)
{
    g_autoptr(EVP_CIPHER_CTX) ctx = NULL;
    g_autoptr(TkeSecret) plain = NULL;
    uint8_t tag[GCM_TAG_LEN] = { 0 };
    TkeByteCursor cursor = tke_byte_cursor(cipher, len);
    size_t plain_len = 0;
    uint8_t *out = NULL;
    int done = 0;
    int rest = 0;

    if (len <= GCM_TAG_LEN || len - GCM_TAG_LEN > TKE_SECRET_MAX) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA, _("%zu bytes of ciphertext"), len);
        return NULL;
    }
    plain_len = len - GCM_TAG_LEN;
    tke_byte_cursor_skip(&cursor, plain_len);
    tke_byte_cursor_copy(&cursor, tag, sizeof tag);
    ctx = start("AES-256-GCM", key, nonce, false, error);
    plain = ctx == NULL ? NULL : tke_secret_new(plain_len, error);
    if (plain == NULL) {
        return NULL;
    }
    out = tke_secret_fill(plain, NULL);
    if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int) sizeof tag, tag) != 1 ||
        EVP_DecryptUpdate(ctx, out, &done, cipher, (int) plain_len) != 1) {
        tke_openssl_set_error(error, _("decryption failed"));
        return NULL;
    }
    if (EVP_DecryptFinal_ex(ctx, out + done, &rest) != 1) {
        ERR_clear_error();
        g_set_error(error, TKE_ERROR, TKE_ERROR_VERIFY,
                    _("the encrypted data are damaged or the key is wrong"));
        return NULL;
    }
    return g_steal_pointer(&plain);
}

bool
tke_aes_gcm_encrypt(const TkeSecret *key, const uint8_t nonce[static 12], const TkeSecret *plain,
                    uint8_t *out, GError **error)
{
    g_autoptr(EVP_CIPHER_CTX) ctx = start("AES-256-GCM", key, nonce, true, error);
    size_t len = 0;
    const uint8_t *bytes = tke_secret_bytes(plain, &len);
    int done = 0;
    int rest = 0;

    if (ctx == NULL) {
        return false;
    }
    if (EVP_EncryptUpdate(ctx, out, &done, bytes, (int) len) != 1 ||
        EVP_EncryptFinal_ex(ctx, out + done, &rest) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int) GCM_TAG_LEN, out + len) != 1) {
        tke_openssl_set_error(error, _("encryption failed"));
        return false;
    }
    return true;
}
