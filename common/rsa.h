/*
 * RSA 2048 signatures of old key files: ANSI X9.31 with SHA-256, the raw private key operation on a
 * block formatted here (OpenSSL's own mode takes the smaller of two values; crypto units do not).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/openssl.h"
#include "common/public.h"
#include "common/secret.h"

#define TKE_RSA_LEN 256u

/* 6B BB… BA, hash, 34 CC. */
TKE_PUBLIC void tke_rsa_x931_block(const uint8_t hash[static 32], uint8_t out[static TKE_RSA_LEN]);

/* Signs SHA-256 of the data with an RSA 2048 key (another size: TKE_ERROR_INVALID_DATA). */
TKE_PUBLIC bool tke_rsa_sign_x931(EVP_PKEY *key, const uint8_t *data, size_t len,
                                  uint8_t out[static TKE_RSA_LEN], GError **error);

/* Accepts s and n - s; wrong: TKE_ERROR_VERIFY. Any modulus of 2048 to 4096 bits. */
TKE_PUBLIC bool tke_rsa_verify_x931(EVP_PKEY *key, const uint8_t *data, size_t len,
                                    const uint8_t *signature, size_t signature_len, GError **error);

/* DER RSAPublicKey (PKCS #1), what the SKI is the SHA-256 of. */
TKE_PUBLIC GByteArray *tke_rsa_public_der(EVP_PKEY *key, GError **error);
