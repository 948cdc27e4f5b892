/*
 * Importer keys: made in a crypto unit to receive key parts
 * (crypto-unit-protocol.md, 3.2.4, 4.2, 4.4). They are authentic only because the answer that
 * brings them is signed by the module.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ec-key.h"
#include "common/openssl.h"
#include "common/public.h"

typedef enum {
    TKE_IMPORTER_RSA_2048 = 0,
    TKE_IMPORTER_P521 = 3,
} TkeImporterType;

typedef struct TkeImporterKey {
    TkeImporterType type;
    EVP_PKEY *key;
    uint8_t point[TKE_EC_POINT_LEN]; /* P-521 */
    GByteArray *modulus;             /* RSA, without leading zeros; NULL for P-521 */
    uint64_t exponent;               /* RSA */
    uint8_t ski[32];    /* SHA-256 of the key as in its SubjectPublicKeyInfo: names the recipient */
    uint8_t ski_xy[32]; /* P-521: SHA-256 of X and Y alone, as IBM's client computes it */
} TkeImporterKey;

/* Payload of the command GEN_IMPORTER. */
TKE_PUBLIC void tke_importer_key_build_payload(TkeImporterType type, uint8_t out[static 4]);

/*
 * From the output of GEN_IMPORTER, a SubjectPublicKeyInfo of the type that was asked for. Another
 * form, or a point off the curve: TKE_UNIT_ERROR_MALFORMED. Caller frees.
 */
TKE_PUBLIC TkeImporterKey *tke_importer_key_parse(TkeImporterType type, const uint8_t *spki,
                                                  size_t len, GError **error);
TKE_PUBLIC void tke_importer_key_free(TkeImporterKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeImporterKey, tke_importer_key_free)
