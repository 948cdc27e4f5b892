/*
 * The administrator's signature key on an EP11 card (card-protocol.md, 8.2 and 8.4): generate,
 * replace, delete, read, sign. PIN verified, except for reading.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ec-key.h"
#include "common/public.h"
#include "libsmartcard/card.h"

#define TKE_EP11_MESSAGE_MAX 65535u

typedef struct TkeSignatureKey {
    uint8_t point[TKE_EC_POINT_LEN];
    uint8_t ski[32]; /* SHA-256 of the point, checked */
    char name[TKE_CARD_TEXT_MAX + 1];
    uint8_t origin;
} TkeSignatureKey;

/* The key on the card; TKE_CARD_ERROR_NOT_FOUND if there is none. */
TKE_PUBLIC bool tke_ep11_card_query_signature_key(TkeCard *card, TkeSignatureKey *key,
                                                  GError **error);

/* Makes the key. TKE_CARD_ERROR_EXISTS if there is one. */
TKE_PUBLIC bool tke_ep11_card_generate_signature_key(TkeCard *card, const char *name,
                                                     TkeSignatureKey *key, GError **error);
/* Replaces the key with this SKI in one step (TKE_CARD_ERROR_REFUSED if it is another). */
TKE_PUBLIC bool tke_ep11_card_replace_signature_key(TkeCard *card, const uint8_t old_ski[static 32],
                                                    const char *name, TkeSignatureKey *key,
                                                    GError **error);
TKE_PUBLIC bool tke_ep11_card_delete_signature_key(TkeCard *card, const uint8_t ski[static 32],
                                                   GError **error);

typedef enum {
    TKE_EP11_SIGN_COMMAND = 0x01,     /* administrative block */
    TKE_EP11_SIGN_CERTIFICATE = 0x02, /* body of an administrator certificate */
    TKE_EP11_SIGN_RECORD = 0x03,      /* a record, signed by the identity key under a label */
} TkeEp11SignPurpose;

/*
 * The card hashes and signs a message of 1 to 65535 bytes. point: the signature key's (record: the
 * identity key's, from the card's certificate); the signature is verified under it, a wrong one is
 * TKE_CARD_ERROR_NOT_GENUINE. The signature has minimal integers, len at most TKE_EC_SIGNATURE_MAX.
 */
TKE_PUBLIC bool tke_ep11_card_sign(TkeCard *card, TkeEp11SignPurpose purpose,
                                   const uint8_t point[static TKE_EC_POINT_LEN],
                                   const uint8_t *message, size_t len,
                                   uint8_t signature[static TKE_EC_SIGNATURE_MAX],
                                   size_t *signature_len, GError **error);

typedef struct TkeSignItem {
    const uint8_t *message; /* borrowed */
    size_t len;
    uint8_t signature[TKE_EC_SIGNATURE_MAX]; /* out */
    size_t signature_len;                    /* out; 0 until signed */
} TkeSignItem;

/* Signs several messages in one transaction: one visit of the signer for all units. Stops at the
 * first failure; what has a signature_len was signed (and logged by the card). */
TKE_PUBLIC bool tke_ep11_card_sign_batch(TkeCard *card, TkeEp11SignPurpose purpose,
                                         const uint8_t point[static TKE_EC_POINT_LEN],
                                         TkeSignItem *items, size_t n, GError **error);
