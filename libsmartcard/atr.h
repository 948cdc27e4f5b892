/*
 * What a card's answer to reset says (ISO 7816-3, 8.2): the protocols it offers, and the
 * historical bytes, in which makers put the name of the card or of its software.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"

#define TKE_ATR_HISTORICAL_MAX 15u

typedef struct TkeAtr {
    bool inverse;       /* convention of the bits on the line */
    uint16_t protocols; /* bit n: T=n is offered; T=15, which is none, left out */
    uint8_t first;      /* the protocol that is offered first */
    uint8_t historical[TKE_ATR_HISTORICAL_MAX];
    size_t n_historical;
} TkeAtr;

/* False if the bytes are no answer to reset: cut, too long, another beginning, a wrong check
 * byte. */
TKE_PUBLIC bool tke_atr_parse(const uint8_t *bytes, size_t len, TkeAtr *atr);

/* "T=0, T=1"; the caller frees. */
TKE_PUBLIC char *tke_atr_dup_protocols(const TkeAtr *atr);

/* The printable characters among the historical bytes, dots for the others; the caller frees. */
TKE_PUBLIC char *tke_atr_dup_historical(const TkeAtr *atr);
