/*
 * SignerInfo: one signature on an administrative block or on an answer
 * (crypto-unit-protocol.md, 2.9).
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/byte-cursor.h"
#include "common/openssl.h"
#include "common/public.h"
#include "libep11admin/signer.h"

typedef enum {
    TKE_SIGNER_INFO_DIGEST_OTHER,
    TKE_SIGNER_INFO_SHA256,
    TKE_SIGNER_INFO_SHA512,
} TkeSignerInfoDigest;

typedef enum {
    TKE_SIGNER_INFO_ALGORITHM_OTHER,
    TKE_SIGNER_INFO_ECDSA_SHA512,
    TKE_SIGNER_INFO_RSA_X931,  /* rsaEncryption: SHA-256, ANSI X9.31 */
    TKE_SIGNER_INFO_RSA_PKCS1, /* sha256WithRSAEncryption: PKCS #1 v1.5 */
    TKE_SIGNER_INFO_DILITHIUM, /* never verified here */
} TkeSignerInfoAlgorithm;

/* One SignerInfo taken apart; all cursors are views of the bytes that were read. */
typedef struct TkeSignerInfo {
    uint8_t version;
    uint8_t ski[TKE_SKI_LEN];
    TkeSignerInfoDigest digest;
    TkeSignerInfoAlgorithm algorithm;
    TkeByteCursor digest_id;    /* content of the digest's AlgorithmIdentifier */
    TkeByteCursor algorithm_id; /* content of the signature's AlgorithmIdentifier */
    TkeByteCursor signature;    /* content of the OCTET STRING */
    TkeByteCursor whole;        /* the whole SignerInfo, tag and length included */
} TkeSignerInfo;

/*
 * Reads the SignerInfo at the cursor; several may stand one after the other. The cursor moves
 * behind it on success only. Algorithms without NULL, unknown ones and any version of one byte are
 * read; who verifies decides. Another structure: TKE_UNIT_ERROR_MALFORMED (place SIGNER_INFO).
 */
TKE_PUBLIC bool tke_signer_info_read(TkeByteCursor *cursor, TkeSignerInfo *info, GError **error);

/*
 * Verifies info's signature over data with the key. The algorithm must fit the key (P-521 or RSA).
 * Anything else, an unknown algorithm included, is TKE_ERROR_VERIFY.
 */
TKE_PUBLIC bool tke_signer_info_verify(const TkeSignerInfo *info, EVP_PKEY *key,
                                       const uint8_t *data, size_t len, GError **error);

/* Appends the SignerInfo of a finished signature. ski has 32 bytes for every kind of key known. */
TKE_PUBLIC void tke_signer_info_append(GByteArray *out, TkeSignerKind kind, const uint8_t *ski,
                                       size_t ski_len, const uint8_t *signature,
                                       size_t signature_len);

/*
 * Lets the signer sign the block and appends its SignerInfo. A signature that does not have the
 * signer's form is TKE_ERROR_INVALID_DATA; other errors are the signer's.
 */
TKE_PUBLIC bool tke_signer_info_sign(GByteArray *out, TkeSigner *signer, const uint8_t *block,
                                     size_t block_len, GCancellable *cancellable, GError **error);
