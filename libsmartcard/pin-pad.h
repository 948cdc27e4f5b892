/*
 * PIN entry on the reader's own keypad (PC/SC part 10; card-protocol.md, section 4).
 *
 * The program hands the reader a command with room for the digits; the reader fills them in and
 * sends it. No PIN ever passes through the host, and there is no way here to give one. PINs have
 * six digits, as eight ASCII bytes, left justified, FF FF. An entry, both typings of a new PIN
 * included, has 20 seconds.
 *
 * Readers say what they offer (features) and what their keypad is like (properties); what they want
 * otherwise than the standard is in pin-pad-quirk.inc. A reader that cannot take PINs is still
 * good for looking at cards.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"
#include "libsmartcard/card.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/pin-pad-properties.h"
#include "libsmartcard/pin-pad-quirk.h"

#define TKE_PIN_PAD_TIMEOUT_S 20u
#define TKE_PIN_PAD_DIGITS 6u
#define TKE_PIN_PAD_BLOCK_MAX 64u
/* of a reader: feature list, properties; longer ones are refused */
#define TKE_PIN_PAD_ANSWER_MAX 512u

/* What a reader offers: control codes, 0 if not; what it tells of its keypad; what it wants
 * differently. */
typedef struct TkePinPad {
    uint32_t verify_direct;
    uint32_t modify_direct;
    uint32_t pin_properties;
    uint32_t tlv_properties;
    TkePinPadProperties properties;
    const TkePinPadQuirk *quirk; /* NULL only before anybody looked: as the standard wants it */
} TkePinPad;

/*
 * Parses a feature list: the control codes. A malformed one, or one that names a feature twice and
 * differently, is TKE_CARD_ERROR_COMMUNICATION; unknown features and those of another form are
 * skipped.
 */
TKE_PUBLIC bool tke_pin_pad_parse_features(const uint8_t *list, size_t len, TkePinPad *pad,
                                           GError **error);

/*
 * Asks the reader that holds the card, or a reader by its name, whether a card is in or not (while
 * it is held: TKE_CARD_ERROR_IN_USE, card-transport.h). A reader without keypad is no error.
 */
TKE_PUBLIC bool tke_pin_pad_describe(TkeCard *card, TkePinPad *pad, GError **error);
TKE_PUBLIC bool tke_pin_pad_describe_reader(TkeCardSource *source, const char *reader_name,
                                            TkePinPad *pad, GError **error);

/* Can it check, set and change PINs of ours? If not: TKE_CARD_ERROR_NO_PIN_PAD, with the reason. */
TKE_PUBLIC bool tke_pin_pad_check(const TkePinPad *pad, const char *reader_name, GError **error);

/* Both in one. */
TKE_PUBLIC bool tke_pin_pad_query(TkeCard *card, TkePinPad *pad, GError **error);
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

/*
 * Before an entry: sees to it that this PIN is not verified, because one that is tells nothing
 * about what comes of an entry. Asks the card, closes the PIN if it is open and looks again; some
 * readers keep that command from the card. Then the card is reset, which closes all its PINs, and
 * its applet selected again. status: of the card at the end. Fails if the card cannot be asked or
 * the PIN stays open all the same; some PINs of the card may be closed then.
 */
TKE_PUBLIC bool tke_pin_pad_close(TkeCard *card, uint8_t reference, TkeCardStatus *status,
                                  GError **error);

/*
 * After an entry: what has come of it, as the card's status tells; keypads and drivers say things
 * that are not so. told: how the entry ended; NULL: "done". status: of the card before, from
 * tke_pin_pad_close, and then of the card now. True: the PIN was entered, set or changed. Else the
 * error is told, PIN_WRONG or PIN_BLOCKED if the card has counted a try, or
 * TKE_CARD_ERROR_NO_PIN_PAD if the card knows nothing of what is told. One that was broken off
 * (COMMUNICATION) becomes STATUS where it is known now that nothing has come of it. Of a card that
 * cannot be asked any more what is told is all there is.
 *
 * belied: the keypad has told, in a status word, something else than what has come of it. An error
 * without a status word is nobody's word: the transmission broke, or the driver does not say why.
 * If the card has counted a try then, PIN_WRONG comes without a status word as well: nobody is to
 * be asked for the PIN again by itself.
 */
TKE_PUBLIC bool tke_pin_pad_judge(TkeCard *card, uint8_t reference, const GError *told,
                                  TkeCardStatus *status, bool *belied, GError **error);

/* State and tries of a PIN, without an entry. tries_left is not told while it is verified (limit
 * then). */
TKE_PUBLIC bool tke_pin_pad_query_state(TkeCard *card, uint8_t reference, TkePinStatus *status,
                                        GError **error);

/* Ends the verified state; a reader with a filter may keep it from the card (tke_pin_pad_close). */
TKE_PUBLIC bool tke_pin_pad_forget(TkeCard *card, uint8_t reference, GError **error);

/* ---- The blocks (part 10, 2.6); all host-order integers. Internal, here for tests. ---- */
typedef enum {
    TKE_PIN_PAD_VERIFY,
    TKE_PIN_PAD_SET,
    TKE_PIN_PAD_CHANGE,
} TkePinPadEntry;

/* bEntryValidationCondition: the key, or where only that is possible the last digit; 0: neither. */
TKE_PUBLIC uint8_t tke_pin_pad_get_condition(const TkePinPad *pad);

TKE_PUBLIC void tke_pin_pad_build(const TkePinPad *pad, TkePinPadEntry entry, uint8_t reference,
                                  uint8_t out[static TKE_PIN_PAD_BLOCK_MAX], size_t *len);
