/*
 * RecipientInfo: the envelope in which one key part travels to the importer key of a crypto unit
 * (crypto-unit-protocol.md, 4.3).
 *
 * A card does the encryption itself and delivers point, user keying material and wrapped part; they
 * are assembled here. Key parts that are known to the program are encrypted here.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/byte-builder.h"
#include "common/byte-cursor.h"
#include "common/ec-key.h"
#include "common/openssl.h"
#include "common/public.h"
#include "common/secret.h"
#include "libep11admin/signer.h"

#define TKE_UKM_LEN 40u
#define TKE_KEY_PART_LEN 32u
#define TKE_WRAPPED_PART_LEN 40u
#define TKE_RECIPIENT_INFO_EC_LEN 313u
#define TKE_RECIPIENT_INFO_MAX 1024u

/* Whether the wrap algorithm inside the derivation's shared info carries NULL parameters. */
typedef enum {
    TKE_SHARED_INFO_WITH_NULL, /* the default */
    TKE_SHARED_INFO_WITHOUT_NULL,
} TkeSharedInfoForm;

/*
 * Writes the envelope of a part for a P-521 importer key. Lengths must be 133, 40, 32 and 40 and
 * the point on the curve, else TKE_ERROR_INVALID_DATA.
 */
TKE_PUBLIC bool tke_recipient_info_write_ec(TkeByteBuilder *builder, const uint8_t *point,
                                            size_t point_len, const uint8_t *ukm, size_t ukm_len,
                                            const uint8_t *ski, size_t ski_len,
                                            const uint8_t *wrapped, size_t wrapped_len,
                                            GError **error);

/* The same for an RSA importer key of 2048 to 4096 bits: encrypted has the length of the modulus.
 */
TKE_PUBLIC bool tke_recipient_info_write_rsa(TkeByteBuilder *builder, const uint8_t *ski,
                                             size_t ski_len, const uint8_t *encrypted,
                                             size_t encrypted_len, GError **error);

/*
 * Encrypts a part of 32 bytes to a P-521 or RSA importer key and writes the envelope. The recipient
 * is named by the importer key's SKI (2.10). form matters for P-521 only.
 */
TKE_PUBLIC bool tke_recipient_info_encrypt(TkeByteBuilder *builder, EVP_PKEY *importer,
                                           const TkeSecret *part, TkeSharedInfoForm form,
                                           GError **error);

/* The same for P-521 with a given ephemeral key pair and user keying material: for known answers.
 */
TKE_PUBLIC bool tke_recipient_info_encrypt_with(TkeByteBuilder *builder, EVP_PKEY *importer,
                                                EVP_PKEY *ephemeral,
                                                const uint8_t ukm[static TKE_UKM_LEN],
                                                const TkeSecret *part, TkeSharedInfoForm form,
                                                GError **error);

/* An envelope taken apart; cursors are views of its bytes. */
typedef struct TkeRecipientInfo {
    bool is_rsa;
    uint8_t ski[TKE_SKI_LEN];
    uint8_t point[TKE_EC_POINT_LEN]; /* P-521 */
    uint8_t ukm[TKE_UKM_LEN];        /* P-521 */
    TkeByteCursor encrypted;         /* wrapped part, or RSA ciphertext */
} TkeRecipientInfo;

/* Strict but for forms of lengths. Anything else, trailing bytes included: TKE_ERROR_INVALID_DATA.
 */
TKE_PUBLIC bool tke_recipient_info_parse(const uint8_t *der, size_t len, TkeRecipientInfo *info,
                                         GError **error);
