/*
 * Cryptography of virtual cards: labelled signatures, agreement, seal, key wrap (card-protocol.md,
 * 5 and 8.3). Status words: SIM_SW_WRONG when something does not verify or is no point or scalar,
 * SIM_SW_INTERNAL when OpenSSL or the secure heap fails.
 */
#pragma once

#include "common/secret.h"
#include "simulator/sim-card-private.h"

#define SIM_TRANSCRIPT_LEN 322u
#define SIM_UKM_LEN 40u
#define SIM_WRAPPED_LEN 40u
#define SIM_IV_LEN 16u
#define SIM_MAC_LEN 16u
#define SIM_LABELLED_MAX 1536u /* label and message of anything a card signs with a label */

/* Draws a key pair; out->used is set. */
uint16_t sim_crypto_generate(SimCard *card, SimDraw what, SimKeyPair *out);

/* The point of a scalar of 66 bytes, 0 < d < n. */
uint16_t sim_crypto_point_of(const uint8_t scalar[static SIM_SCALAR_LEN],
                             uint8_t point[static SIM_POINT_LEN]);

/* Whether the scalar belongs to the point. */
uint16_t sim_crypto_check_pair(SimCard *card, const uint8_t scalar[static SIM_SCALAR_LEN],
                               const uint8_t point[static SIM_POINT_LEN]);

uint16_t sim_crypto_check_point(const uint8_t point[static SIM_POINT_LEN]);

/* SIG(key, label, message); label NULL: without label. */
uint16_t sim_crypto_sign(SimCard *card, const SimKeyPair *key, const char *label,
                         const uint8_t *message, size_t len, uint8_t out[static SIM_SIGNATURE_MAX],
                         size_t *out_len);

uint16_t sim_crypto_verify(SimCard *card, const uint8_t point[static SIM_POINT_LEN],
                           const char *label, const uint8_t *message, size_t len,
                           const uint8_t *signature, size_t signature_len);

/* "OpenTKE:", label, 00, message. */
void sim_crypto_labelled(const char *label, const uint8_t *message, size_t len, GByteArray *out);

/* The two sides of an agreement, as they stand in the transcript. */
typedef struct SimAgreement {
    uint8_t zone_id[SIM_CARD_ID_LEN];
    uint8_t receiver_id[SIM_CARD_ID_LEN];
    uint8_t sender_id[SIM_CARD_ID_LEN];
    uint8_t receiver_nonce[SIM_NONCE_LEN];
    uint8_t sender_nonce[SIM_NONCE_LEN];
    uint8_t receiver_point[SIM_POINT_LEN];
    uint8_t sender_point[SIM_POINT_LEN];
} SimAgreement;

void sim_crypto_transcript(const SimAgreement *agreement, uint8_t out[static SIM_TRANSCRIPT_LEN]);

/* Both keys of a session or a single seal; peer is the other side's ephemeral point. */
uint16_t sim_crypto_agree(SimCard *card, const SimKeyPair *own,
                          const uint8_t peer[static SIM_POINT_LEN], const char *label,
                          const SimAgreement *agreement, TkeSecret **encryption_key,
                          TkeSecret **mac_key);

/* Content of object 99 from kind and records; out has SIM_SEALED_MAX bytes. */
uint16_t sim_crypto_seal(const TkeSecret *encryption_key, const TkeSecret *mac_key, uint32_t number,
                         const uint8_t iv[static SIM_IV_LEN], const uint8_t *plain, size_t len,
                         uint8_t out[static SIM_SEALED_MAX], size_t *out_len);

/* Length (6A80), MAC (6984), padding (6A80); plain has SIM_SEALED_MAX bytes. */
uint16_t sim_crypto_unseal(const TkeSecret *encryption_key, const TkeSecret *mac_key,
                           uint32_t number, const uint8_t *sealed, size_t sealed_len,
                           uint8_t plain[static SIM_SEALED_MAX], size_t *len);

/* The shared info of an encryption for a crypto unit; returns its length, 67 or 69. */
#define SIM_SHARED_INFO_MAX 69u
size_t sim_crypto_shared_info(uint8_t form, const uint8_t ukm[static SIM_UKM_LEN],
                              uint8_t out[static SIM_SHARED_INFO_MAX]);

/* A part, encrypted for an importer point. */
uint16_t sim_crypto_wrap(SimCard *card, const SimKeyPair *ephemeral,
                         const uint8_t importer[static SIM_POINT_LEN], uint8_t form,
                         const uint8_t ukm[static SIM_UKM_LEN],
                         const uint8_t part[static SIM_CARD_PART_LEN],
                         uint8_t out[static SIM_WRAPPED_LEN]);

/* SHA-256. */
uint16_t sim_crypto_hash(const uint8_t *data, size_t len, uint8_t out[static SIM_HASH_LEN]);
