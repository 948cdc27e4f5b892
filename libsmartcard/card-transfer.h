/*
 * Keys and key parts from card to card, and from a file to a card (card-protocol.md, 8.5 and 13).
 *
 * The cards agree on session keys and seal what they send; the host carries ciphertext. In an
 * import the host itself is the sender.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/openssl.h"
#include "common/public.h"
#include "common/secret.h"
#include "libsmartcard/card.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/card-seal.h"
#include "libsmartcard/ep11-card-keys.h"
#include "libsmartcard/ep11-card-signer.h"
#include "libsmartcard/zone-certificate.h"

#define TKE_TRANSFER_BATCH 15u

/* What is to be copied. */
typedef struct TkeTransferPlan {
    bool signature_key;
    unsigned n_places;
    uint8_t places[TKE_EP11_PLACES]; /* of the source, strictly ascending */
} TkeTransferPlan;

typedef struct TkeTransferEntry {
    uint8_t source_place; /* 0: the signature key */
    uint8_t target_place; /* 0: the signature key */
    bool already_there;
} TkeTransferEntry;

/* What was copied so far; filled as far as it came also when the copy fails. */
typedef struct TkeTransferResult {
    unsigned n;
    TkeTransferEntry entries[TKE_EP11_PLACES + 1];
} TkeTransferResult;

/*
 * Everything that can be known before anything is sent: kinds, personalised, one zone, two cards,
 * source holds what is wanted, room on the target, another signature key there. source_list: the
 * source's parts. target_list may be NULL when tke_card_transfer_needs_target_list says so.
 */
TKE_PUBLIC bool tke_card_transfer_needs_target_list(const TkeCardStatus *target,
                                                    const TkeTransferPlan *plan);
TKE_PUBLIC bool tke_card_transfer_check(const TkeCardStatus *source,
                                        const TkeKeyPartList *source_list,
                                        const TkeCardStatus *target,
                                        const TkeKeyPartList *target_list,
                                        const TkeTransferPlan *plan, GError **error);

/* All of a source's signature key and parts. */
TKE_PUBLIC void tke_card_transfer_plan_all(const TkeCardStatus *source, const TkeKeyPartList *list,
                                           TkeTransferPlan *plan);

/* Called after every batch; done and total count entries. May be NULL. */
typedef void (*TkeTransferProgress)(void *data, unsigned done, unsigned total);

/*
 * Copies. Before: tke_card_transfer_check; PIN of the target verified, PIN of the source *fresh*
 * (verified, and nothing since that needs it). zone: certificate of the zone if known (checked
 * against both cards' certificates), else NULL; the cards check each other in any case. Cancelling
 * is looked at between batches. After success the target's list (target_list, may be NULL) was read
 * back and holds every part asked for; list and status of the target are those after the copy.
 * After a failure result says what is there; running it again is safe.
 */
TKE_PUBLIC bool tke_card_transfer_run(TkeCard *source, const TkeCardStatus *source_status,
                                      const TkeKeyPartList *source_list, TkeCard *target,
                                      TkeCardStatus *target_status, TkeKeyPartList *target_list,
                                      const TkeZoneCertificate *zone, const TkeTransferPlan *plan,
                                      TkeTransferProgress progress, void *progress_data,
                                      TkeTransferResult *result, GError **error);

/* ---- The single commands, for tests and unusual orders ---- */

/* An offer, or the answer to one. */
typedef struct TkeTransferOffer {
    TkeZoneCertificate certificate;
    uint8_t point[TKE_EC_POINT_LEN];
    uint8_t nonce[TKE_CARD_NONCE_LEN];
    uint8_t signature[TKE_EC_SIGNATURE_MAX];
    size_t signature_len;
} TkeTransferOffer;

typedef struct TkeTransferSealed {
    uint8_t content[TKE_CARD_SEAL_MAX]; /* of object 99 */
    size_t len;
} TkeTransferSealed;

TKE_PUBLIC bool tke_card_transfer_parse_offer(const uint8_t *data, size_t len,
                                              TkeTransferOffer *offer, GError **error);
/* Receiver: `46 04`; the signature by the certificate's key is verified. */
TKE_PUBLIC bool tke_card_transfer_make_offer(TkeCard *receiver, TkeTransferOffer *offer,
                                             GError **error);
/* Sender: `2A 05`; the signature over the transcript is verified. */
TKE_PUBLIC bool tke_card_transfer_start_sending(TkeCard *sender, const TkeTransferOffer *offer,
                                                TkeTransferOffer *answer, GError **error);
/* Receiver: `2A 06`. */
TKE_PUBLIC bool tke_card_transfer_start_receiving(TkeCard *receiver, const TkeTransferOffer *answer,
                                                  GError **error);
TKE_PUBLIC bool tke_card_transfer_send_key(TkeCard *sender, TkeTransferSealed *sealed,
                                           GError **error);
TKE_PUBLIC bool tke_card_transfer_send_parts(TkeCard *sender, const uint8_t *places, unsigned n,
                                             TkeTransferSealed *sealed, GError **error);
/* Receiver: `0B`; n records are expected: place (0 for the key) and whether it was there already.
 */
TKE_PUBLIC bool tke_card_transfer_receive(TkeCard *receiver, const TkeTransferSealed *sealed,
                                          bool is_key, unsigned n, TkeTransferEntry *entries,
                                          GError **error);

/* ---- File to card ---- */

/*
 * Imports a key part of 32 bytes (origin TKE_ORIGIN_FILE or TKE_ORIGIN_TYPED) or an administrator's
 * P-521 key (blanks at the ends of the name are left off). PIN verified. The card's offer is
 * checked against zone and status before anything is sealed for it. The pattern or SKI that comes
 * back is compared. TKE_CARD_ERROR_EXISTS: an equal part, or any signature key, is there.
 * TKE_CARD_ERROR_FULL.
 */
TKE_PUBLIC bool tke_card_transfer_import_part(TkeCard *card, const TkeCardStatus *status,
                                              const TkeZoneCertificate *zone, const TkeSecret *part,
                                              uint8_t origin, const char *description,
                                              TkeKeyPart *out, GError **error);
TKE_PUBLIC bool tke_card_transfer_import_key(TkeCard *card, const TkeCardStatus *status,
                                             const TkeZoneCertificate *zone, EVP_PKEY *key,
                                             const char *name, TkeSignatureKey *out,
                                             GError **error);
