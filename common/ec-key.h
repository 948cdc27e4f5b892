/*
 * P-521 keys: points, scalars, ECDSA with SHA-512.
 *
 * A point is 133 bytes, 04, X, Y with coordinates of 66 bytes. Private keys live in EVP_PKEY
 * (OpenSSL keeps them on the secure heap). Signatures are DER SEQUENCE of two minimal INTEGERs. A
 * key of another kind, given to any of these functions, is TKE_ERROR_INVALID_DATA.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/openssl.h"
#include "common/public.h"
#include "common/secret.h"

#define TKE_EC_POINT_LEN 133u
#define TKE_EC_SCALAR_LEN 66u
#define TKE_EC_SIGNATURE_MAX 139u

/* True for a public or private key on P-521; false for every other key and for NULL. */
TKE_PUBLIC bool tke_ec_key_is_p521(EVP_PKEY *key);

/* A new key pair, owned by the caller. */
TKE_PUBLIC EVP_PKEY *tke_ec_key_generate(GError **error);

/* A public key. Wrong form or a point off the curve: TKE_ERROR_INVALID_DATA. */
TKE_PUBLIC EVP_PKEY *tke_ec_key_from_point(const uint8_t *point, size_t len, GError **error);

/* A key pair from the scalar (66 bytes, 0 < d < n, else TKE_ERROR_INVALID_DATA); the point is
 * computed. */
TKE_PUBLIC EVP_PKEY *tke_ec_key_from_scalar(const TkeSecret *scalar, GError **error);

/* The private scalar, 66 bytes. */
TKE_PUBLIC TkeSecret *tke_ec_key_dup_scalar(EVP_PKEY *key, GError **error);

TKE_PUBLIC bool tke_ec_key_get_point(EVP_PKEY *key, uint8_t out[static TKE_EC_POINT_LEN],
                                     GError **error);

/* SHA-256 of the point: SKI of administrators, and what zone ids are cut from. */
TKE_PUBLIC bool tke_ec_key_get_ski(EVP_PKEY *key, uint8_t out[static 32], GError **error);

/* ECDSA over SHA-512 of the data; len is set to at most TKE_EC_SIGNATURE_MAX. */
TKE_PUBLIC bool tke_ec_key_sign(EVP_PKEY *key, const uint8_t *data, size_t data_len,
                                uint8_t out[static TKE_EC_SIGNATURE_MAX], size_t *len,
                                GError **error);

/*
 * Verifies. Superfluous leading zeros of r and s are accepted (real cards and units send them).
 * A signature that is wrong or malformed is TKE_ERROR_VERIFY.
 */
TKE_PUBLIC bool tke_ec_key_verify(EVP_PKEY *key, const uint8_t *data, size_t data_len,
                                  const uint8_t *signature, size_t signature_len, GError **error);

/* Re-encodes a DER signature minimally; malformed or out of range: TKE_ERROR_INVALID_DATA. */
TKE_PUBLIC bool tke_ec_key_normalize_signature(const uint8_t *signature, size_t signature_len,
                                               uint8_t out[static TKE_EC_SIGNATURE_MAX],
                                               size_t *len, GError **error);

/* DER signature to r and s of 66 bytes each, and back. */
TKE_PUBLIC bool tke_ec_key_signature_to_raw(const uint8_t *signature, size_t signature_len,
                                            uint8_t out[static 132], GError **error);
TKE_PUBLIC bool tke_ec_key_signature_from_raw(const uint8_t raw[static 132],
                                              uint8_t out[static TKE_EC_SIGNATURE_MAX], size_t *len,
                                              GError **error);
