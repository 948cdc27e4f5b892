/*
 * Does a card that one has bought fit (F-041): ATR, card manager, key set, free memory; algorithms
 * by the applet's own probe once it is on the card. Nothing on the card is changed.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/public.h"
#include "libceremony/operation.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/gp-registry.h"
#include "libsmartcard/gp-scp.h"

/* Free lasting memory that is wanted where no applet file says how much: applet, keys, 85 parts,
 * log. */
#define TKE_CARD_ACCEPT_MEMORY 65536u

typedef struct TkeCardAcceptParams {
    unsigned reader; /* 1 or 2 */
    bool
        retry_cut_off; /* the issuer keys once more though opening the card was cut off each time; never after a refusal */
} TkeCardAcceptParams;

typedef struct TkeCardAcceptance {
    gint64 tested; /* Unix time */
    unsigned reader;
    char *reader_name;
    char *atr;            /* hex */
    char *protocols;      /* "T=0, T=1", as the ATR offers them; NULL: it makes no sense */
    char *historical;     /* its historical bytes, dots for what cannot be printed; NULL likewise */
    char *maker;          /* what the maker wrote about the card (CPLC), hex; NULL: not told */
    TkeCardStatus status; /* what it is for OpenTKE */
    bool has_manager;
    TkeGpCardData data;
    char *keys;      /* name of the key set tried; NULL: none was */
    bool test_keys;  /* it was the makers', which everybody knows */
    GError *refused; /* why the channel did not open; NULL if it did */
    bool opened;
    TkeGpScpInfo channel;
    uint8_t life_cycle;
    unsigned n_applications, n_packages;
    bool has_free;
    uint32_t free_bytes;
    size_t wanted_bytes;
    bool probed; /* the applet is on the card, and this is what it found */
    bool marks[10];
    GPtrArray *faults; /* of char *: why the card does not fit; empty: nothing speaks against it */
} TkeCardAcceptance;

TKE_PUBLIC void tke_card_acceptance_free(TkeCardAcceptance *acceptance);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeCardAcceptance, tke_card_acceptance_free)

/*
 * Asks for a card and tests it. A card that does not fit is a report with faults, no error. The
 * issuer keys are tried once, unless it is remembered of them that they were refused
 * (card-tries.h).
 */
TKE_PUBLIC TkeCardAcceptance *tke_op_card_accept(TkeOperation *op,
                                                 const TkeCardAcceptParams *params, GError **error);
