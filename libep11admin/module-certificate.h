/*
 * Module certificates (outbound authentication) and the chain that proves a genuine module
 * (crypto-unit-protocol.md, 5).
 *
 * Parsing finds the fields and believes nothing; TkeModuleChain decides. The chain is a state
 * machine without input and output: feed certificate 0, 1, ... and tell it where the chain ends;
 * only then is there a verdict.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/byte-cursor.h"
#include "common/ec-key.h"
#include "common/openssl.h"
#include "common/public.h"

#define TKE_MODULE_SKI_LEN 32u
#define TKE_MODULE_CERTIFICATE_MAX 65536u /* bytes; the longest kind has 7973 */
#define TKE_MODULE_CHAIN_MAX 16u          /* certificates; real chains have two or three */

typedef enum {
    TKE_MODULE_CERTIFICATE_OA1, /* CEX5 */
    TKE_MODULE_CERTIFICATE_OA2, /* CEX6, CEX7 */
    TKE_MODULE_CERTIFICATE_OA3, /* CEX8 */
} TkeModuleCertificateKind;

/* One certificate taken apart. Cursors are views of der. */
typedef struct TkeModuleCertificate {
    TkeModuleCertificateKind kind;
    GByteArray *der;                 /* the certificate as received */
    GByteArray *signed_data;         /* what its parent signed */
    uint8_t point[TKE_EC_POINT_LEN]; /* public key; not checked to be on the curve */
    uint8_t r[TKE_EC_SCALAR_LEN];    /* signature of the parent */
    uint8_t s[TKE_EC_SCALAR_LEN];
    bool known_form;  /* the bytes around the key are those of a P-521 key */
    char *adapter_id; /* such as "4769P0123456"; OA1: eight characters */

    /* OA2 and OA3 */
    uint8_t subject_ski[TKE_MODULE_SKI_LEN];
    uint8_t signer_ski[TKE_MODULE_SKI_LEN];
    TkeByteCursor oa_info;
    uint32_t section_lengths[5]; /* OA2 */

    /* OA3: the second, Dilithium signature, which is not verified */
    uint8_t dilithium_signer_ski[TKE_MODULE_SKI_LEN];
    GByteArray *dilithium_signed_data;

    /* OA1 */
    uint32_t data_kind;   /* 1: a certificate */
    uint32_t key_kind;    /* 0 RSA, 2 ECC */
    uint8_t curve_family; /* 0 prime */
    uint16_t curve_bits;  /* 521 */
    uint8_t name[8];
    uint8_t parent_name[8];
    TkeByteCursor key_section; /* the older form of a module key: 26 bytes and the point */
} TkeModuleCertificate;

/* The format of a certificate read at index 0; parents have the format of their child. */
TKE_PUBLIC TkeModuleCertificateKind tke_module_certificate_guess_kind(const uint8_t *der,
                                                                      size_t len);

/* Owned by the caller. Too short, or lengths that lead outside: TKE_ERROR_INVALID_DATA. */
TKE_PUBLIC TkeModuleCertificate *tke_module_certificate_parse(TkeModuleCertificateKind kind,
                                                              const uint8_t *der, size_t len,
                                                              GError **error);

TKE_PUBLIC void tke_module_certificate_free(TkeModuleCertificate *certificate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeModuleCertificate, tke_module_certificate_free)

/* SKI by which module certificates and answers name a key: first 32 bytes of SHA-512 of the point.
 */
TKE_PUBLIC bool tke_module_certificate_ski(const uint8_t point[static TKE_EC_POINT_LEN],
                                           uint8_t ski[static TKE_MODULE_SKI_LEN], GError **error);
