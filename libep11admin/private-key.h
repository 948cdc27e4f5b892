/*
 * Private keys as signature key files hold them: PEM text with SEC 1, PKCS #1 or PKCS #8 inside,
 * decoded without leaving locked memory (crypto-unit-protocol.md, 7.6). Used by key-file.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/openssl.h"
#include "common/secret.h"
#include "libep11admin/signer.h"

typedef struct TkePrivateKey TkePrivateKey;

/*
 * Finds the block "PRIVATE KEY" in the text and reads a key of this kind; owned by the caller. No
 * such block, another kind, curve or size of key: TKE_ERROR_INVALID_DATA.
 */
TkePrivateKey *tke_private_key_from_pem(TkeSignerKind kind, const TkeSecret *pem, GError **error);

/* Subject key identifier (2.10) and public key. Borrowed. */
const uint8_t *tke_private_key_get_ski(const TkePrivateKey *key);
EVP_PKEY *tke_private_key_get_public(const TkePrivateKey *key);

/* Signs as the kind of key does (2.11); len is set on success. */
bool tke_private_key_sign(const TkePrivateKey *key, const uint8_t *data, size_t data_len,
                          uint8_t signature[static TKE_SIGNATURE_MAX], size_t *len, GError **error);

void tke_private_key_free(TkePrivateKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkePrivateKey, tke_private_key_free)
