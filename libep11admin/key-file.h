/*
 * Signature key files of IBM's tools: reading them and signing with them
 * (crypto-unit-protocol.md, 7.6).
 *
 * What is decrypted stays in locked memory. An RSA key leaves it for the time of one signature,
 * inside OpenSSL, which wipes it.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/openssl.h"
#include "common/public.h"
#include "common/secret.h"
#include "libep11admin/signer.h"

#define TKE_KEY_FILE_MAX 65536u /* bytes in a file */

/* What a file says without its password. */
typedef struct TkeKeyFile {
    TkeSignerKind kind;
    uint8_t ski[TKE_SKI_LEN]; /* as the file states it; checked when the key is opened */
    char *salt;               /* hex text as found; NULL if missing */
    char *encrypted_key;      /* the same: nonce, ciphertext, tag */
    bool exact_ski;           /* the SKI was written as the tools do, in lower case */
} TkeKeyFile;

/* Owned by the caller. Not a key file: TKE_ERROR_INVALID_DATA. */
TKE_PUBLIC TkeKeyFile *tke_key_file_parse(const uint8_t *text, size_t len, GError **error);

/*
 * Decrypts the key; the signer is owned by the caller (tke_signer_free) and independent of the
 * file. password NULL means the empty one, name is copied and may be NULL. A wrong password is
 * TKE_ERROR_VERIFY; a key that is no P-521 or RSA 2048 key, or not the one with the stated SKI, is
 * TKE_ERROR_INVALID_DATA.
 */
TKE_PUBLIC TkeSigner *tke_key_file_open(const TkeKeyFile *file, const TkeSecret *password,
                                        const char *name, GError **error);

/* The public key of a signer made here, owned by the caller. Another signer: programming error. */
TKE_PUBLIC EVP_PKEY *tke_key_file_dup_public_key(TkeSigner *signer, GError **error);

TKE_PUBLIC void tke_key_file_free(TkeKeyFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeKeyFile, tke_key_file_free)
