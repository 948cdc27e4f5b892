/*
 * Certificates that bind a zone's key and cards to a zone, and signatures under a label
 * (card-protocol.md, 5.1 and 5.2).
 *
 * A plain value. Signatures are kept with minimal integers, whatever the card sent.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ec-key.h"
#include "common/public.h"
#include "libsmartcard/card.h"

#define TKE_ZONE_BODY_MAX 205u        /* 7F4E as a whole object */
#define TKE_ZONE_CERTIFICATE_MAX 355u /* 7F21 as a whole object */
#define TKE_ZONE_ROLE_ZONE 0x00u
#define TKE_ZONE_ROLE_CARD 0x02u

/* A body 7F4E and the signature over it: a certificate, or a request for one (signed "enrol" by the
 * key in it). */
typedef struct TkeZoneCertificate {
    uint8_t zone_id[TKE_ZONE_ID_LEN];
    uint8_t card_id[TKE_CARD_ID_LEN]; /* of the zone itself: zero */
    uint8_t role;
    uint8_t point[TKE_EC_POINT_LEN];
    char description[TKE_CARD_TEXT_MAX + 1]; /* of the zone */
    uint8_t body[TKE_ZONE_BODY_MAX];         /* the object 7F4E */
    size_t body_len;
    uint8_t signature[TKE_EC_SIGNATURE_MAX];
    size_t signature_len;
} TkeZoneCertificate;

typedef TkeZoneCertificate TkeZoneRequest;

/* Layout only: exactly one 7F21 (a request: 7F4E and 5F37) and nothing after it. Otherwise
 * TKE_CARD_ERROR_PROTOCOL. */
TKE_PUBLIC bool tke_zone_certificate_parse(const uint8_t *bytes, size_t len,
                                           TkeZoneCertificate *certificate, GError **error);
TKE_PUBLIC bool tke_zone_request_parse(const uint8_t *bytes, size_t len, TkeZoneRequest *request,
                                       GError **error);

/* Back to bytes (what files and cards get). */
TKE_PUBLIC void tke_zone_certificate_write(const TkeZoneCertificate *certificate,
                                           uint8_t out[static TKE_ZONE_CERTIFICATE_MAX],
                                           size_t *len);

/* A zone's own certificate: version, role, ids, point, zone id of the point, signature by it.
 * Otherwise TKE_CARD_ERROR_NOT_GENUINE. */
TKE_PUBLIC bool tke_zone_certificate_check_zone(const TkeZoneCertificate *certificate,
                                                GError **error);

/*
 * A card's certificate against its zone's (already checked): zone id, role, card id not zero and,
 * unless card_id is NULL, this one; signature by the zone. Otherwise TKE_CARD_ERROR_NOT_GENUINE.
 */
TKE_PUBLIC bool tke_zone_certificate_check_card(const TkeZoneCertificate *certificate,
                                                const TkeZoneCertificate *zone,
                                                const uint8_t *card_id, GError **error);

/* A card's request: zone id, role, card id as above, signature by the key in it. */
TKE_PUBLIC bool tke_zone_request_check(const TkeZoneRequest *request,
                                       const TkeZoneCertificate *zone, const uint8_t *card_id,
                                       GError **error);

/* "OpenTKE:" label 00 m, appended to out: what is signed under a label (5.1). */
TKE_PUBLIC void tke_zone_label_append(GByteArray *out, const char *label, const uint8_t *m,
                                      size_t len);

/* Verifies a signature under a label by the key of a point. Wrong: TKE_CARD_ERROR_NOT_GENUINE. */
TKE_PUBLIC bool tke_zone_label_verify(const uint8_t point[static TKE_EC_POINT_LEN],
                                      const char *label, const uint8_t *m, size_t len,
                                      const uint8_t *signature, size_t signature_len,
                                      GError **error);

/*
 * From the card: the zone's certificate (6.2), checked as check_zone does; TKE_CARD_ERROR_NOT_FOUND
 * on a card without a zone. An EP11 card's own (8.1), layout only: check it against the zone's.
 */
TKE_PUBLIC bool tke_card_query_zone_certificate(TkeCard *card, TkeZoneCertificate *certificate,
                                                GError **error);
TKE_PUBLIC bool tke_card_query_own_certificate(TkeCard *card, TkeZoneCertificate *certificate,
                                               GError **error);
