/*
 * Who signs. Implemented on cards (libceremony), key files and signing services; the crypto unit
 * side knows only this. Signers hash for themselves: they are given the message, never a hash.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"

#define TKE_SKI_LEN 32u
#define TKE_SIGNATURE_MAX 512u

typedef enum {
    TKE_SIGNER_P521,     /* ECDSA with SHA-512, DER signature with minimal integers */
    TKE_SIGNER_RSA_2048, /* SHA-256, ANSI X9.31, 256 bytes: old key files only */
} TkeSignerKind;

typedef enum {
    TKE_SIGN_COMMAND,     /* an administrative block */
    TKE_SIGN_CERTIFICATE, /* the body of an administrator certificate */
} TkeSignPurpose;

typedef struct TkeSigner TkeSigner;

typedef struct TkeSignerOps {
    /* Signs the message; signature has room for TKE_SIGNATURE_MAX bytes. */
    bool (*sign)(TkeSigner *signer, TkeSignPurpose purpose, const uint8_t *message, size_t len,
                 uint8_t *signature, size_t *signature_len, GCancellable *cancellable,
                 GError **error);
    void (*free)(TkeSigner *signer);
} TkeSignerOps;

/* Implementations embed this as their first member. */
struct TkeSigner {
    const TkeSignerOps *ops;
    TkeSignerKind kind;
    uint8_t ski[TKE_SKI_LEN];
    char *name; /* administrator name, UTF-8; owned by the implementation */
};

/* Frees a signer through its implementation; NULL is allowed. */
static inline void
tke_signer_free(TkeSigner *signer)
{
    if (signer) {
        signer->ops->free(signer);
    }
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeSigner, tke_signer_free)
