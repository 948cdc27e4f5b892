/*
 * Agreement and seal between two parties of a zone (card-protocol.md, 5.4). The host is a party
 * only when it imports a key or key part from a file.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ec-key.h"
#include "common/public.h"
#include "common/secret.h"
#include "libsmartcard/card.h"

#define TKE_CARD_NONCE_LEN 16u
#define TKE_CARD_TRANSCRIPT_LEN 322u
#define TKE_CARD_SEAL_MIN 48u /* content of object 99 */
#define TKE_CARD_SEAL_MAX 1008u
#define TKE_CARD_SEAL_PLAIN_MAX 975u

/* The public side of an agreement. */
typedef struct TkeCardAgreement {
    uint8_t zone_id[TKE_ZONE_ID_LEN];
    uint8_t receiver_id[TKE_CARD_ID_LEN];
    uint8_t sender_id[TKE_CARD_ID_LEN]; /* the host: zero */
    uint8_t receiver_nonce[TKE_CARD_NONCE_LEN];
    uint8_t sender_nonce[TKE_CARD_NONCE_LEN];
    uint8_t receiver_point[TKE_EC_POINT_LEN];
    uint8_t sender_point[TKE_EC_POINT_LEN];
} TkeCardAgreement;

TKE_PUBLIC void tke_card_seal_transcript(const TkeCardAgreement *agreement,
                                         uint8_t out[static TKE_CARD_TRANSCRIPT_LEN]);

/* Session keys. */
typedef struct TkeCardSealKeys {
    TkeSecret *encryption;
    TkeSecret *mac;
} TkeCardSealKeys;

/* From the shared secret Z and the label ("import keys", …). */
TKE_PUBLIC TkeCardSealKeys *tke_card_seal_keys_new(const TkeSecret *z, const char *label,
                                                   const TkeCardAgreement *agreement,
                                                   GError **error);
TKE_PUBLIC void tke_card_seal_keys_free(TkeCardSealKeys *keys); /* wipes */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeCardSealKeys, tke_card_seal_keys_free)

/* Pads, encrypts and seals kind and records (at most TKE_CARD_SEAL_PLAIN_MAX bytes): content of 99.
 */
TKE_PUBLIC bool tke_card_seal_close(const TkeCardSealKeys *keys, uint32_t number,
                                    const uint8_t iv[static 16], const TkeSecret *plain,
                                    uint8_t out[static TKE_CARD_SEAL_MAX], size_t *len,
                                    GError **error);

/* Plain text with its padding, as it is encrypted. */
TKE_PUBLIC TkeSecret *tke_card_seal_pad(const TkeSecret *plain, GError **error);
