/*
 * Triple DES with two keys, for the secure channels of older cards (GlobalPlatform, SCP02).
 * Nothing else uses it.
 *
 * Keys are TkeSecrets of 16 bytes: K1, K2. What is secret stays in TkeSecrets of the caller.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"
#include "common/secret.h"

#define TKE_DES_BLOCK 8u
#define TKE_DES_KEY_LEN 16u

/*
 * CBC without padding, in either direction, over bytes that the caller looks after; the length is a
 * multiple of 8. in and out may be the same buffer. One block under zeros is the cipher itself
 * (ECB).
 */
TKE_PUBLIC bool tke_des_cbc_bytes(const TkeSecret *key, bool encrypt,
                                  const uint8_t iv[static TKE_DES_BLOCK], const uint8_t *in,
                                  size_t len, uint8_t *out, GError **error);

/* One block under K1 alone. */
TKE_PUBLIC bool tke_des_encrypt_single(const TkeSecret *key, const uint8_t in[static TKE_DES_BLOCK],
                                       uint8_t out[static TKE_DES_BLOCK], GError **error);

/*
 * ISO 9797-1, MAC algorithm 3 ("retail MAC"), over padded bytes: whole blocks, at least one. All
 * blocks but the last are chained under K1.
 */
TKE_PUBLIC bool tke_des_retail_mac(const TkeSecret *key, const uint8_t iv[static TKE_DES_BLOCK],
                                   const uint8_t *data, size_t len,
                                   uint8_t out[static TKE_DES_BLOCK], GError **error);
