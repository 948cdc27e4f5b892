/*
 * Codes of PC/SC as errors (pcsc-transport-error.inc). Internal.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "libsmartcard/card-error.h"

/* When a code came: decides what is said of a reader that has gone or a service that has died. */
typedef enum {
    TKE_PCSC_IDLE,  /* nothing was sent to a card */
    TKE_PCSC_BUSY,  /* a command may have reached the card */
    TKE_PCSC_ENTRY, /* a PIN entry failed, and the card is still there */
} TkePcscWhen;

typedef struct TkePcscCode {
    uint32_t value;
    const char *name;  /* "SCARD_E_NO_SERVICE" */
    TkeCardError idle; /* TKE_PCSC_IDLE */
    TkeCardError busy; /* TKE_PCSC_BUSY, TKE_PCSC_ENTRY */
    const char *text;  /* for translation */
    unsigned remedy;
} TkePcscCode;

/* The row of a code; unknown: NULL. */
const TkePcscCode *tke_pcsc_code_find(uint32_t value);

/* What can be done, translated; NULL: what the error's code advises. */
const char *tke_pcsc_code_get_remedy(const TkePcscCode *code);

/* All rows, for tests. */
const TkePcscCode *tke_pcsc_codes(unsigned *n);

/* After these the context is of no more use: the service ended, or was started anew. */
bool tke_pcsc_code_is_lost_service(uint32_t value);

/* Sets TKE_CARD_ERROR with reader (NULL: none), text, name of the code and remedy. */
void tke_pcsc_error_set(GError **error, uint32_t value, TkePcscWhen when, const char *reader_name);

/* The same for what has no code of PC/SC: error, text (translated) and remedy (translated, or
 * NULL). */
void tke_pcsc_error_set_own(GError **error, TkeCardError code, const char *reader_name,
                            const char *remedy, const char *format, ...) G_GNUC_PRINTF(5, 6);

/* A call that did not come back: which reader is silent, and what ends the wait. */
void tke_pcsc_error_set_silent(GError **error, const char *reader_name);

/* Such a call is still under way, so that nothing was asked now: TKE_CARD_ERROR_IN_USE. */
void tke_pcsc_error_set_left(GError **error, const char *reader_name);
