/*
 * Hashes; verification patterns (crypto-unit-protocol.md, 4.6; card-protocol.md, object 90).
 */
#include "common/digest.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/openssl.h"

#define VP_PREFIX 0x01u

static bool
hash(const EVP_MD *md, const uint8_t *data, size_t len, uint8_t *out, GError **error)
{
    /* OpenSSL wants an address even for nothing. */
    if (EVP_Digest(len > 0 ? data : (const uint8_t *) "", len, out, NULL, md, NULL) != 1) {
        tke_openssl_set_error(error, _("cannot compute a hash"));
        return false;
    }
    return true;
}

bool
tke_digest_sha256(const uint8_t *data, size_t len, uint8_t out[static TKE_SHA256_LEN],
                  GError **error)
{
    return hash(EVP_sha256(), data, len, out, error);
}

bool
tke_digest_sha512(const uint8_t *data, size_t len, uint8_t out[static TKE_SHA512_LEN],
                  GError **error)
{
    return hash(EVP_sha512(), data, len, out, error);
}

bool
tke_digest_verification_pattern(const TkeSecret *key, uint8_t out[static TKE_VP_LEN],
                                GError **error)
{
    g_autoptr(EVP_MD_CTX) ctx = EVP_MD_CTX_new();
    const uint8_t prefix = VP_PREFIX;
    uint8_t pattern[TKE_VP_LEN] = { 0 };
    size_t len = 0;
    const uint8_t *bytes = tke_secret_bytes(key, &len);

    if (ctx == NULL || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1 ||
        EVP_DigestUpdate(ctx, &prefix, 1) != 1 || EVP_DigestUpdate(ctx, bytes, len) != 1 ||
        EVP_DigestFinal_ex(ctx, pattern, NULL) != 1) {
        tke_openssl_set_error(error, _("cannot compute a verification pattern"));
        return false;
    }
    memset(out, 0, TKE_VP_LEN);
    memcpy(out, pattern, TKE_VP_COMPARED);
    OPENSSL_cleanse(pattern, sizeof pattern);
    return true;
}

bool
tke_digest_vp_equal(const uint8_t a[static TKE_VP_LEN], const uint8_t b[static TKE_VP_LEN])
{
    return tke_bytes_equal(a, b, TKE_VP_COMPARED);
}
