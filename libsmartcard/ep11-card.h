/*
 * EP11 card: enrol, unblock (card-protocol.md, 8.1). Describing is tke_card_set_description; PINs
 * are pin-pad.h: SET makes an enrolled card a personalised one.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/public.h"
#include "libsmartcard/ca-card.h"
#include "libsmartcard/card.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/zone-certificate.h"

/* The steps, one command each; the request and the certificate may travel as files between them
 * (F-037). */
TKE_PUBLIC bool tke_ep11_card_accept_zone(TkeCard *card, const TkeZoneCertificate *zone,
                                          GError **error);
TKE_PUBLIC bool tke_ep11_card_make_identity(TkeCard *card, TkeZoneRequest *request, GError **error);
TKE_PUBLIC bool tke_ep11_card_accept_certificate(TkeCard *card,
                                                 const TkeZoneCertificate *certificate,
                                                 GError **error);

/*
 * All of it with a CA card whose two PINs are verified, from whatever life cycle an earlier try
 * left the card in (status: the card's). Already enrolled: TKE_CARD_ERROR_EXISTS; begun in another
 * zone: TKE_CARD_ERROR_WRONG_ZONE. certificate: the card's new one, verified.
 */
TKE_PUBLIC bool tke_ep11_card_enrol(TkeCard *card, const TkeCardStatus *status, TkeCard *ca,
                                    const TkeZoneCertificate *zone, TkeZoneCertificate *certificate,
                                    GError **error);

/* A challenge, good for the next command to this card only; and the unblock that answers it. */
TKE_PUBLIC bool tke_ep11_card_query_challenge(TkeCard *card,
                                              uint8_t challenge[static TKE_CARD_CHALLENGE_LEN],
                                              GError **error);
TKE_PUBLIC bool tke_ep11_card_accept_unblock(TkeCard *card, const uint8_t *signature,
                                             size_t signature_len, GError **error);

/*
 * Both, with a CA card of the card's zone whose two PINs are verified. Another zone:
 * TKE_CARD_ERROR_WRONG_ZONE; PIN not blocked: TKE_CARD_ERROR_STATE. The card has 3 tries again, PIN
 * and contents as before.
 */
TKE_PUBLIC bool tke_ep11_card_unblock(TkeCard *card, const TkeCardStatus *status, TkeCard *ca,
                                      const TkeZoneCertificate *zone, GError **error);
