/*
 * Certificates of zones and cards as the cards make and check them (card-protocol.md, 5.2).
 */
#pragma once

#include "simulator/sim-card-private.h"

#define SIM_ROLE_ZONE 0x00u
#define SIM_ROLE_CARD 0x02u

typedef struct SimBody {
    uint8_t version;
    uint8_t zone_id[SIM_CARD_ID_LEN];
    uint8_t card_id[SIM_CARD_ID_LEN];
    uint8_t role;
    uint8_t point[SIM_POINT_LEN];
    SimText zone_description; /* zone only */
    const uint8_t *bytes;     /* the whole object 7F4E, borrowed */
    size_t len;
    const uint8_t *signature; /* borrowed */
    size_t signature_len;
} SimBody;

/* Writes 7F4E; zone_description NULL: a card's. */
void sim_certificate_body(TkeByteBuilder *out, const uint8_t zone_id[static SIM_CARD_ID_LEN],
                          const uint8_t card_id[static SIM_CARD_ID_LEN],
                          const uint8_t point[static SIM_POINT_LEN],
                          const SimText *zone_description);

/* 7F21 of a body and its signature. */
void sim_certificate_build(SimCertificateBytes *out, const uint8_t *body, size_t body_len,
                           const uint8_t *signature, size_t signature_len);

/*
 * Layout of 7F4E and 5F37 (without 7F21 round them), both read off data; zone: whether the zone
 * description belongs there. False: 6A80.
 */
bool sim_certificate_read_request(TkeByteCursor *data, bool zone, SimBody *body);

/* The same for a whole certificate 7F21. */
bool sim_certificate_read(TkeByteCursor *data, bool zone, SimBody *body);

/* Everything but the layout: 9000 or 6984. */
uint16_t sim_certificate_check_zone(SimCard *card, const SimBody *body);
uint16_t sim_certificate_check_card(SimCard *card, const SimBody *body,
                                    const uint8_t zone_id[static SIM_CARD_ID_LEN],
                                    const uint8_t zone_point[static SIM_POINT_LEN],
                                    const uint8_t own_id[static SIM_CARD_ID_LEN]);

/* What a CA card asks of a card that wants a certificate. */
uint16_t sim_certificate_check_request(SimCard *card, const SimBody *body,
                                       const uint8_t zone_id[static SIM_CARD_ID_LEN]);

bool sim_certificate_id_is_zero(const uint8_t id[static SIM_CARD_ID_LEN]);
