/*
 * Keys on EP11 cards: generate a signature key or a key part, copy, delete (functions 3.3; F-101,
 * F-102, F-103, F-033, F-107).
 */
#pragma once

#include <stdbool.h>

#include "common/public.h"
#include "libceremony/operation.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/card-transfer.h"
#include "libsmartcard/ep11-card-keys.h"
#include "libsmartcard/ep11-card-signer.h"

typedef struct TkeGenerateKeyParams {
    const char *name; /* of the administrator, 1-30 characters */
    bool ask_name;    /* asked for when the card is there (3.3, step 2); name is not looked at */
    bool replace;     /* a key that is there is replaced, after confirmation (E-C16) */
} TkeGenerateKeyParams;

/* Reader 2, PIN. */
TKE_PUBLIC bool tke_op_generate_signature_key(TkeOperation *op, const TkeGenerateKeyParams *params,
                                              TkeSignatureKey *key, TkeCardStatus *card,
                                              GError **error);

typedef struct TkeGeneratePartParams {
    const char *description;
    /* asked for after the PIN (3.3, step 3); description is not looked at */
    bool ask_description;
} TkeGeneratePartParams;

/* Reader 2, PIN unless it is open. */
TKE_PUBLIC bool tke_op_generate_key_part(TkeOperation *op, const TkeGeneratePartParams *params,
                                         TkeKeyPart *part, TkeCardStatus *card, GError **error);

/* The word or description that a destructive step wants typed (P-5). Borrowed. */
const char *tke_op_key_word(const TkeCardStatus *status);

typedef struct TkeCopyParams {
    bool everything; /* signature key and all parts */
    bool ask;        /* asked for when both cards are there (3.3, step 3); else: */
    bool signature_key;
    const char *ski; /* first digits of the identifier that it has to have; NULL: any */
    unsigned n_places;
    uint8_t places[TKE_EP11_PLACES]; /* ascending */
} TkeCopyParams;

typedef struct TkeCopyResult {
    /* as these, what is there also when the copy broke off */
    TkeCardStatus source;
    TkeCardStatus target;
    TkeTransferResult entries;
    TkeKeyPartList parts; /* of the target, after a whole copy */
    unsigned source_apdus;
    unsigned target_apdus;
} TkeCopyResult;

/* Source in reader 1, PIN fresh; target of the same zone in reader 2, PIN unless it is open. */
TKE_PUBLIC bool tke_op_copy_card(TkeOperation *op, const TkeCopyParams *params,
                                 TkeCopyResult *result, GError **error);

typedef struct TkeDeleteParams {
    const uint8_t *card_id; /* the card it is meant for; NULL: any */
    bool ask;               /* asked for after the PIN (2.13); else: */
    const char *ski; /* first digits of the identifier of the signature key; NULL: it stays */
    unsigned n_places;
    uint8_t places[TKE_EP11_PLACES]; /* ascending */
} TkeDeleteParams;

typedef struct TkeDeleteResult {
    TkeCardStatus card;
    bool key_deleted;
    unsigned n_deleted; /* parts, in the order of the parameters */
} TkeDeleteResult;

/* Reader 2, PIN, confirmation. */
TKE_PUBLIC bool tke_op_delete_keys(TkeOperation *op, const TkeDeleteParams *params,
                                   TkeDeleteResult *result, GError **error);
