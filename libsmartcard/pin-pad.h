/*
 * PIN entry on the reader's own keypad (PC/SC part 10; card-protocol.md, section 4).
 *
 * The program hands the reader a command with room for the digits; the reader fills them in and
 * sends it. No PIN ever passes through the host, and there is no way here to give one. PINs have
 * six digits, as eight ASCII bytes, left justified, FF FF. An entry, both typings of a new PIN
 * included, has 20 seconds.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"
#include "libsmartcard/card.h"
#include "libsmartcard/card-identity.h"

#define TKE_PIN_PAD_TIMEOUT_S 20u
#define TKE_PIN_PAD_BLOCK_MAX 64u

/* Control codes of what the reader offers; 0: not offered. */
typedef struct TkePinPad {
    uint32_t verify_direct;
    uint32_t modify_direct;
} TkePinPad;

/* Parses a feature list. A malformed one is TKE_CARD_ERROR_COMMUNICATION; unknown features are
 * skipped. */
TKE_PUBLIC bool tke_pin_pad_parse_features(const uint8_t *list, size_t len, TkePinPad *pad,
                                           GError **error);

/* Asks the reader that holds the card. Without verify and modify: TKE_CARD_ERROR_NO_PIN_PAD. */
TKE_PUBLIC bool tke_pin_pad_query(TkeCard *card, TkePinPad *pad, GError **error);

/* The same of a reader by its name, with or without a card in it; not while it is held (card-transport.h). */
TKE_PUBLIC bool tke_pin_pad_query_reader(TkeCardSource *source, const char *reader_name,
                                         TkePinPad *pad, GError **error);

/*
 * P-2: the PIN is typed; the card checks it. Blocks up to 20 s. PIN_WRONG with tries_left,
 * PIN_BLOCKED, PIN_TIMEOUT, PIN_CANCELLED, PIN_LENGTH. reference: TKE_PIN_FIRST or TKE_PIN_SECOND.
 */
TKE_PUBLIC bool tke_pin_pad_verify(TkeCard *card, uint8_t reference, GError **error);

/*
 * P-3: a first PIN, typed twice (SET). PIN_DIFFER, PIN_LENGTH, PIN_TIMEOUT, PIN_CANCELLED;
 * PIN_EQUAL: the card refuses the second CA PIN because it is the first; STATE: already set, or
 * wrong life cycle.
 */
TKE_PUBLIC bool tke_pin_pad_set(TkeCard *card, uint8_t reference, GError **error);

/*
 * Old PIN, new PIN, new PIN (CHANGE). As verify and set; PIN_FEW_TRIES: fewer than 2 tries left on
 * the other CA PIN (or what the status would have told: this PIN was never set).
 */
TKE_PUBLIC bool tke_pin_pad_change(TkeCard *card, uint8_t reference, GError **error);

/* State and tries of a PIN, without an entry. tries_left is not told while it is verified (limit
 * then). */
TKE_PUBLIC bool tke_pin_pad_query_state(TkeCard *card, uint8_t reference, TkePinStatus *status,
                                        GError **error);

/* Ends the verified state. */
TKE_PUBLIC bool tke_pin_pad_forget(TkeCard *card, uint8_t reference, GError **error);

/* ---- The blocks (part 10, 2.6); all host-order integers. Internal, here for tests. ---- */
typedef enum {
    TKE_PIN_PAD_VERIFY,
    TKE_PIN_PAD_SET,
    TKE_PIN_PAD_CHANGE,
} TkePinPadEntry;

TKE_PUBLIC void tke_pin_pad_build(TkePinPadEntry entry, uint8_t reference,
                                  uint8_t out[static TKE_PIN_PAD_BLOCK_MAX], size_t *len);
