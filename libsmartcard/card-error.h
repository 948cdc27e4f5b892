/*
 * TKE_CARD_ERROR: what can go wrong between a program and a card.
 *
 * A code exists because some caller acts on it: asks for another card, for the PIN once more, for
 * an unblock. Next to the code an error carries what the advice needs: the status word of the card,
 * the tries left, the PIN meant, the reader. Nothing secret. Cancelling in the program is always
 * G_IO_ERROR_CANCELLED; cancelling on the PIN pad is TKE_CARD_ERROR_PIN_CANCELLED.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/public.h"

#define TKE_CARD_ERROR (tke_card_error_quark())

typedef enum {
    /* the way to the card */
    TKE_CARD_ERROR_NO_SERVICE, /* smart card service (or the rehearsal) is not running: E-C20 */
    TKE_CARD_ERROR_NO_ACCESS,  /* the service does not let this user in: E-C20 */
    TKE_CARD_ERROR_NO_READER,  /* no such reader, or it was unplugged: E-C03 */
    TKE_CARD_ERROR_NO_CARD,    /* the reader is empty: E-C01 */
    TKE_CARD_ERROR_IN_USE, /* another program, or an earlier call, holds reader or card: E-C19 */
    TKE_CARD_ERROR_UNRESPONSIVE, /* a card is there, but gives no answer to reset: E-C02 */
    TKE_CARD_ERROR_REMOVED,      /* the card was taken out in the middle: E-C07 */
    TKE_CARD_ERROR_RESET,  /* another program reset the card: its PINs and sessions are gone */
    TKE_CARD_ERROR_SILENT, /* a command got no answer in time; its outcome is unknown */
    TKE_CARD_ERROR_COMMUNICATION, /* reader or driver fault of another kind; outcome unknown */
    TKE_CARD_ERROR_NO_PIN_PAD,    /* the reader cannot take PINs on its own keypad: E-C18 */
    TKE_CARD_ERROR_CONTACTLESS,   /* the card works through its contacts only: E-C02 */
    /* what the card is */
    TKE_CARD_ERROR_PROTOCOL,         /* an answer differs from the card protocol; see section 12 */
    TKE_CARD_ERROR_WRONG_KIND,       /* another kind of card was wanted: E-C04 */
    TKE_CARD_ERROR_VERSION,          /* applet of another protocol version: E-C21 */
    TKE_CARD_ERROR_NOT_ENROLLED,     /* no zone, or enrolment not finished: E-C05 */
    TKE_CARD_ERROR_NOT_PERSONALISED, /* enrolled, without a PIN: E-C05 */
    TKE_CARD_ERROR_WRONG_ZONE,       /* card of another zone: E-C06 */
    TKE_CARD_ERROR_SAME_CARD,        /* source and target are one card: E-C17 */
    TKE_CARD_ERROR_NOT_GENUINE,      /* certificate or statement does not verify: E-C22 */
    /* PIN entry on the pad */
    TKE_CARD_ERROR_PIN_WRONG,     /* tries_left says how often more: E-C08 */
    TKE_CARD_ERROR_PIN_BLOCKED,   /* E-C09, E-C10 */
    TKE_CARD_ERROR_PIN_TIMEOUT,   /* E-C11; not counted as a try */
    TKE_CARD_ERROR_PIN_CANCELLED, /* cancel key of the pad: E-C12; not counted */
    TKE_CARD_ERROR_PIN_DIFFER,    /* the two new PINs differ: E-C13 */
    TKE_CARD_ERROR_PIN_LENGTH,    /* not six digits: E-C14 */
    TKE_CARD_ERROR_PIN_EQUAL,     /* new CA PIN equal to the other CA PIN, or not six digits */
    TKE_CARD_ERROR_PIN_FEW_TRIES, /* change refused: the other CA PIN must be entered first */
    /* what the card says to a command (the status word rides along) */
    TKE_CARD_ERROR_PIN_NEEDED, /* 6982: not verified, or not fresh where it must be */
    TKE_CARD_ERROR_STATE,      /* 6985: wrong life cycle, order or PIN state */
    TKE_CARD_ERROR_REFUSED,   /* 6984: certificate, id, point, signature, seal or pattern refused */
    TKE_CARD_ERROR_FULL,      /* 6A84: no room; E-C15, or the usage counter is used up */
    TKE_CARD_ERROR_NOT_FOUND, /* 6A88: no such key, part or certificate */
    TKE_CARD_ERROR_EXISTS,    /* 6A89: already there; E-C16 */
    TKE_CARD_ERROR_STATUS,    /* any other status word but 9000 */
    TKE_CARD_ERROR_CARD_KEYS, /* the card's issuer keys are not those of the key set */
    TKE_CARD_ERROR_UNSUITABLE, /* card of a type, or in a state, that cannot take the applet */
    TKE_CARD_ERROR_LOG_GAP,    /* the usage log no longer reaches back to the head noted earlier */
} TkeCardError;

/* What rides along. Borrowed from the error. */
typedef struct TkeCardErrorInfo {
    uint16_t sw;             /* status word; 0 if none was received */
    int tries_left;          /* of the PIN; -1 if unknown */
    uint8_t pin_reference;   /* 81, 82; 0 if the error is not about a PIN */
    bool ca_card;            /* it is a CA card's: a blocked PIN is one for good */
    unsigned reader_number;  /* 1, 2; 0 if unknown */
    const char *reader_name; /* NULL if unknown */
    const char *remedy;      /* the next step, translated; NULL: what the code advises */
    const char *details;     /* for support, translated: codes, numbers; NULL: none but sw */
} TkeCardErrorInfo;

TKE_PUBLIC GQuark tke_card_error_quark(void);

/* False, and info untouched, if the error is of another domain (or NULL). */
TKE_PUBLIC bool tke_card_error_get_info(const GError *error, TkeCardErrorInfo *info);

/* The code of a card error, or -1 for another domain: for switch statements of callers. */
TKE_PUBLIC int tke_card_error_code(const GError *error);

/* Makers of errors fill in what they know; errors of other domains are left alone. */
TKE_PUBLIC void tke_card_error_set_sw(GError *error, uint16_t sw);
TKE_PUBLIC void tke_card_error_set_pin(GError *error, uint8_t pin_reference, int tries_left);
TKE_PUBLIC void tke_card_error_set_ca_card(GError *error);
TKE_PUBLIC void tke_card_error_set_reader(GError *error, unsigned reader_number,
                                          const char *reader_name);

/* A next step that fits better than what the code alone would advise; NULL takes it back. */
TKE_PUBLIC void tke_card_error_set_remedy(GError *error, const char *remedy);

/*
 * What helps support and says nothing to an officer: it is shown apart from the sentence, as is the
 * status word. NULL takes it back.
 */
TKE_PUBLIC void tke_card_error_set_details(GError *error, const char *details);

/* The card had accepted the command before its answer went wrong. */
TKE_PUBLIC void tke_card_error_set_outcome_unknown(GError *error);

/*
 * True if the command in which this error arose may or may not have been carried out: removed,
 * reset, silent, a fault of communication, or an answer that went wrong on its way. Callers look the state up (status, list) and repeat
 * nothing blindly.
 */
TKE_PUBLIC bool tke_card_error_is_outcome_unknown(const GError *error);
