/*
 * ECDH and X9.63 derivation (card-protocol.md, 5.4; crypto-unit-protocol.md, 4.3.2).
 */
#include "common/key-agreement.h"

#include <glib/gi18n-lib.h>

#include "common/digest.h"
#include "common/error.h"

TkeSecret *
tke_key_agreement_ecdh(EVP_PKEY *own, EVP_PKEY *peer, GError **error)
{
    g_autoptr(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new(own, NULL);
    g_autoptr(TkeSecret) shared = NULL;
    size_t len = 0;

    if (ctx == NULL || EVP_PKEY_derive_init(ctx) != 1 || EVP_PKEY_derive_set_peer(ctx, peer) != 1 ||
        EVP_PKEY_derive(ctx, NULL, &len) != 1) {
        tke_openssl_set_error(error, _("the two keys cannot agree on a secret"));
        return NULL;
    }
    shared = tke_secret_new(len, error);
    if (shared == NULL) {
        return NULL;
    }
    if (EVP_PKEY_derive(ctx, tke_secret_fill(shared, NULL), &len) != 1 ||
        len != tke_secret_len(shared)) {
        tke_openssl_set_error(error, _("key agreement failed"));
        return NULL;
    }
    return g_steal_pointer(&shared);
}

TkeSecret *
tke_key_agreement_x963(const TkeSecret *z, uint32_t counter, const uint8_t *shared_info, size_t len,
                       GError **error)
{
    g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    g_autoptr(TkeSecret) key = tke_secret_new(TKE_SHA256_LEN, error);
    const uint32_t number = GUINT32_TO_BE(counter);

    if (key == NULL) {
        return NULL;
    }
    if (ctx == NULL || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1 ||
        EVP_DigestUpdate(ctx, tke_secret_bytes(z, NULL), tke_secret_len(z)) != 1 ||
        EVP_DigestUpdate(ctx, &number, sizeof number) != 1 ||
        (len > 0 && EVP_DigestUpdate(ctx, shared_info, len) != 1) ||
        EVP_DigestFinal_ex(ctx, tke_secret_fill(key, NULL), NULL) != 1) {
        tke_openssl_set_error(error, _("key derivation failed"));
        return NULL;
    }
    return g_steal_pointer(&key);
}
