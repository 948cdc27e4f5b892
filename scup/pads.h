/*
 * What the two readers say of their keypads (E-C03, E-C18, E-C19). It holds until a reader is
 * unplugged, or asked again.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "libceremony/op-card.h"
#include "libsmartcard/reader.h"

/* A reader that could not be asked: it was away for a moment, or it will never answer. */
typedef struct ScupSilentPad {
    char *name; /* NULL: none */
    uint32_t plugs;
    uint32_t events;
    unsigned asked; /* how often */
} ScupSilentPad;

typedef struct ScupPads {
    char *name[TKE_READERS];     /* the reader that was asked; NULL: none */
    uint32_t plugs[TKE_READERS]; /* and which of those with that name: TkeReaderInfo */
    GError *trouble[TKE_READERS];
    ScupSilentPad silent[TKE_READERS];
} ScupPads;

/* What a look found the readers to be when it began. */
typedef struct ScupPadsAsked {
    uint32_t plugs[TKE_READERS];
    uint32_t events[TKE_READERS];
    bool rehearsal; /* else virtual readers are refused, however often they are asked */
} ScupPadsAsked;

void scup_pads_clear(ScupPads *pads);

/* What a look that has asked them found: TkeCardInfo. */
void scup_pads_take(ScupPads *pads, const GPtrArray *infos, const ScupPadsAsked *asked);

/* reader: 1 or 2. The reader was unplugged: it may come back as another one. */
void scup_pads_forget(ScupPads *pads, unsigned reader);

/* Is it this reader that has told, and not an equal one that was plugged in instead? */
bool scup_pads_is_known(const ScupPads *pads, unsigned reader, const TkeReaderInfo *there);

/* Another program holds it: no event tells when it lets go. */
bool scup_pads_is_held(const ScupPads *pads, unsigned reader);

/* It could not be asked, and perhaps was back already when its going was told: no event comes. A
 * few times only, then what it says is taken as told. */
bool scup_pads_is_asked_again(const ScupPads *pads, unsigned reader);

/* Is the next look to ask this reader? */
bool scup_pads_is_to_ask(const ScupPads *pads, unsigned reader, const TkeReaderInfo *there);
