/*
 * AES-256 block modes, CMAC, key wrap and GCM, all through EVP.
 *
 * Keys are TkeSecrets of 32 bytes (CMAC and cbc_bytes: 16, 24 or 32). Plaintext that is secret
 * stays in TkeSecrets.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"
#include "common/secret.h"

#define TKE_AES_BLOCK 16u
#define TKE_AES_WRAP_EXTRA 8u

/* CBC without padding; the length is a multiple of 16. out has as many bytes as the input. */
TKE_PUBLIC bool tke_aes_cbc_encrypt(const TkeSecret *key, const uint8_t iv[static TKE_AES_BLOCK],
                                    const TkeSecret *plain, uint8_t *out, GError **error);
TKE_PUBLIC TkeSecret *tke_aes_cbc_decrypt(const TkeSecret *key,
                                          const uint8_t iv[static TKE_AES_BLOCK],
                                          const uint8_t *cipher, size_t len, GError **error);

/*
 * CBC in either direction over bytes that the caller looks after: public ones, or the inside of a
 * TkeSecret. in and out may be the same buffer. One block under an initial vector of zeros is the
 * cipher itself (ECB).
 */
TKE_PUBLIC bool tke_aes_cbc_bytes(const TkeSecret *key, bool encrypt,
                                  const uint8_t iv[static TKE_AES_BLOCK], const uint8_t *in,
                                  size_t len, uint8_t *out, GError **error);

TKE_PUBLIC bool tke_aes_cmac(const TkeSecret *key, const uint8_t *data, size_t len,
                             uint8_t out[static TKE_AES_BLOCK], GError **error);

/* RFC 3394 with the default initial value; out has 8 bytes more than the key that is wrapped. */
TKE_PUBLIC bool tke_aes_wrap(const TkeSecret *kek, const TkeSecret *key, uint8_t *out,
                             GError **error);
/* A wrong integrity value is TKE_ERROR_VERIFY. */
TKE_PUBLIC TkeSecret *tke_aes_unwrap(const TkeSecret *kek, const uint8_t *wrapped, size_t len,
                                     GError **error);

/* AES-256-GCM, 12-byte nonce, 16-byte tag after the ciphertext, no additional data.
 * A wrong tag is TKE_ERROR_VERIFY. */
TKE_PUBLIC TkeSecret *tke_aes_gcm_decrypt(const TkeSecret *key, const uint8_t nonce[static 12],
                                          const uint8_t *cipher, size_t len, GError **error);
TKE_PUBLIC bool tke_aes_gcm_encrypt(const TkeSecret *key, const uint8_t nonce[static 12],
                                    const TkeSecret *plain, uint8_t *out, GError **error);
