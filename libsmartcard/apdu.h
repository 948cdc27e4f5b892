/*
 * Command and response APDUs (ISO 7816-3, 12.1; card-protocol.md, section 2).
 *
 * Encodes one APDU, short or extended; splitting into chains and collecting answers is card.c's
 * work.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"

#define TKE_APDU_SHORT_DATA 255u     /* command data of a short APDU */
#define TKE_APDU_EXTENDED_DATA 1024u /* of an extended one; the cards' buffer */
#define TKE_APDU_MAX_ANSWER 1024u    /* answer of a whole command */
#define TKE_APDU_MAX_COMMAND (7u + TKE_APDU_EXTENDED_DATA + 2u)

/* One command. A borrowed view; data may be NULL if data_len is 0. */
typedef struct TkeApdu {
    uint8_t cla, ins, p1, p2;
    const uint8_t *data;
    size_t data_len;
    bool has_answer; /* Le 00 (00 00) is sent */
    bool sensitive;  /* data is secret: encoded in locked memory, wiped after use, never logged */
} TkeApdu;

/*
 * Encodes as one short or one extended APDU into out (size bytes); len is what was written. More
 * data than the form carries: TKE_ERROR_INVALID_DATA.
 */
TKE_PUBLIC bool tke_apdu_encode(const TkeApdu *apdu, bool extended, uint8_t *out, size_t size,
                                size_t *len, GError **error);

/*
 * Splits a response into data (a view) and status word. Fewer than 2 bytes, or more than
 * TKE_APDU_MAX_ANSWER of data: TKE_CARD_ERROR_PROTOCOL.
 */
TKE_PUBLIC bool tke_apdu_decode_response(const uint8_t *response, size_t len, const uint8_t **data,
                                         size_t *data_len, uint16_t *sw, GError **error);
