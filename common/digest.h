/*
 * Hashes and verification patterns.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"
#include "common/secret.h"

#define TKE_SHA256_LEN 32u
#define TKE_SHA512_LEN 64u
#define TKE_VP_LEN 32u
#define TKE_VP_COMPARED 28u /* older firmware does not zero the last four bytes */

/* Hashes of one buffer. They fail only when OpenSSL does (TKE_ERROR_CRYPTO). */
TKE_PUBLIC bool tke_digest_sha256(const uint8_t *data, size_t len,
                                  uint8_t out[static TKE_SHA256_LEN], GError **error);
TKE_PUBLIC bool tke_digest_sha512(const uint8_t *data, size_t len,
                                  uint8_t out[static TKE_SHA512_LEN], GError **error);

/*
 * Verification pattern of a key or key part: SHA-256 of 01 and the key, last four bytes zero.
 */
TKE_PUBLIC bool tke_digest_verification_pattern(const TkeSecret *key,
                                                uint8_t out[static TKE_VP_LEN], GError **error);

/* Equal in the bytes that all firmware levels report alike. */
TKE_PUBLIC bool tke_digest_vp_equal(const uint8_t a[static TKE_VP_LEN],
                                    const uint8_t b[static TKE_VP_LEN]);
