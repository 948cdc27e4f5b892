/*
 * A CA card comes into being: a new zone, or a backup of a zone's CA card
 * (card-protocol.md, 7.1, 7.4–7.6).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/public.h"
#include "libsmartcard/card.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/zone-certificate.h"

/*
 * Makes the zone key on a blank CA applet whose two PINs were just set or verified. The certificate
 * that comes out is checked, and its description is the one asked for.
 */
TKE_PUBLIC bool tke_ca_card_create_zone(TkeCard *ca, const char *zone_description,
                                        const char *card_description, TkeZoneCertificate *zone,
                                        GError **error);

/* A backup's offer: what the blank target tells about itself. */
typedef struct TkeCaOffer {
    uint8_t card_id[TKE_CARD_ID_LEN];
    uint8_t point[TKE_EC_POINT_LEN];
    uint8_t nonce[16];
} TkeCaOffer;

/* What the source hands on: sealed; nothing in it is secret to the host. */
typedef struct TkeCaBackup {
    TkeZoneCertificate zone;
    TkeCaOffer sender; /* id, point and nonce of the source */
    uint8_t sealed[112];
    uint8_t signature[TKE_EC_SIGNATURE_MAX];
    size_t signature_len;
} TkeCaBackup;

/* The three commands. Target: both PINs set or verified; source: both PINs fresh (nothing that
 * needs a PIN since VERIFY). The signature of the source is verified. */
TKE_PUBLIC bool tke_ca_card_make_offer(TkeCard *target, TkeCaOffer *offer, GError **error);
TKE_PUBLIC bool tke_ca_card_give_backup(TkeCard *source, const TkeCaOffer *offer,
                                        TkeCaBackup *backup, GError **error);
TKE_PUBLIC bool tke_ca_card_take_backup(TkeCard *target, const TkeCaBackup *backup, GError **error);

/*
 * All three, between two cards whose status is known: source a CA card of a zone, target a blank CA
 * applet. TKE_CARD_ERROR_SAME_CARD if it is one card. zone: as soon as the source has given it; after
 * a failure from then on the target's status tells whether it is complete.
 */
TKE_PUBLIC bool tke_ca_card_backup(TkeCard *source, const TkeCardStatus *source_status,
                                   TkeCard *target, const TkeCardStatus *target_status,
                                   TkeZoneCertificate *zone, GError **error);
