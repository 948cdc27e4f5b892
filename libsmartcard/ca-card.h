/*
 * CA card in use: certify, authorise an unblock (card-protocol.md, 7.2 and 7.3). Both PINs
 * verified.
 *
 * zone is the zone's certificate, queried once (tke_card_query_zone_certificate) and checked. What
 * the card signs is verified under it before it is handed out.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/public.h"
#include "libsmartcard/card.h"
#include "libsmartcard/zone-certificate.h"

#define TKE_CARD_CHALLENGE_LEN 16u

/* Certifies a card's request. The request is checked first (TKE_CARD_ERROR_NOT_GENUINE). */
TKE_PUBLIC bool tke_ca_card_certify(TkeCard *ca, const TkeZoneCertificate *zone,
                                    const TkeZoneRequest *request, TkeZoneCertificate *certificate,
                                    GError **error);

/* Authorises the unblock of one card that gave this challenge: its signature. */
TKE_PUBLIC bool tke_ca_card_authorise_unblock(
    TkeCard *ca, const TkeZoneCertificate *zone, const uint8_t card_id[static TKE_CARD_ID_LEN],
    const uint8_t challenge[static TKE_CARD_CHALLENGE_LEN],
    uint8_t signature[static TKE_EC_SIGNATURE_MAX], size_t *signature_len, GError **error);
