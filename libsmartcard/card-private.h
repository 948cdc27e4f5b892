/*
 * Between the files of libsmartcard: not installed, not exported.
 */
#pragma once

#include <stdbool.h>

#include "common/byte-cursor.h"
#include "common/ec-key.h"
#include "libsmartcard/card.h"

/* What is selected now, and whether it takes extended length. */
void tke_card_set_selected(TkeCard *card, TkeCardKind kind, bool extended_length);

/* What was given to tke_card_set_cancellable(); borrowed. */
GCancellable *tke_card_get_cancellable(const TkeCard *card);

/* How long all pieces of one answer may take together, in microseconds; for tests. */
void tke_card_set_collect_limit(TkeCard *card, gint64 us);

/*
 * Selects without refusing another protocol version: version tells, and nothing counts as selected
 * unless its first byte is TKE_CARD_PROTOCOL_VERSION.
 */
#define TKE_CARD_PROTOCOL_VERSION 0x01u
bool tke_card_select_any(TkeCard *card, TkeCardKind kind, bool *found, uint8_t version[static 3],
                         GError **error);

/* Reads one object whose value is a text of min to 30 bytes 20–7E into out. */
bool tke_card_read_text(TkeByteCursor *cursor, uint16_t tag, size_t min,
                        char out[static TKE_CARD_TEXT_MAX + 1]);

#define TKE_CARD_SIGNATURE_MIN 8u
#define TKE_CARD_SIGNATURE_MAX 145u /* with superfluous zeros, as real cards send them */

/* Reads 5F37: a DER signature, whose integers come out minimal. */
bool tke_card_read_signature(TkeByteCursor *cursor, uint8_t out[static TKE_EC_SIGNATURE_MAX],
                             size_t *len);

/* Reads 86: a point on the curve. */
bool tke_card_read_point(TkeByteCursor *cursor, uint8_t out[static TKE_EC_POINT_LEN]);

/* Only zero bytes? */
bool tke_card_is_zero(const uint8_t *bytes, size_t len);

/* A short command with P1 and P2 and an answer, whose data are nothing. */
bool tke_card_get(TkeCard *card, uint8_t p1, uint8_t p2, const char *what, TkeCardAnswer *answer,
                  GError **error);

/* A command with data in a buffer; answer NULL: it has none. */
bool tke_card_call(TkeCard *card, uint8_t ins, uint8_t p1, uint8_t p2, const uint8_t *data,
                   size_t len, const char *what, TkeCardAnswer *answer, GError **error);

/* Tags an error of a parser or check with the card and hands it on. Returns false. */
bool tke_card_fail(const TkeCard *card, GError **error, GError *inner);

/*
 * Where the host's random values in an import come from: its ephemeral key, "nonce" and "iv". Only
 * tests replace them; NULL: OpenSSL's generator again.
 */
typedef struct TkeCardHostRandom {
    EVP_PKEY *(*new_key)(void *data, GError **error);
    bool (*fill)(void *data, const char *what, uint8_t *out, size_t len, GError **error);
    void *data;
} TkeCardHostRandom;

void tke_card_transfer_set_random(const TkeCardHostRandom *random);
