/*
 * What the two readers say of their keypads (E-C03, E-C18, E-C19). It holds until a reader is
 * unplugged, or asked again.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "libceremony/op-card.h"
#include "libsmartcard/reader.h"

typedef struct ScupPads {
    char *name[TKE_READERS];     /* the reader that was asked; NULL: none */
    uint32_t plugs[TKE_READERS]; /* and which of those with that name: TkeReaderInfo */
    GError *trouble[TKE_READERS];
} ScupPads;

void scup_pads_clear(ScupPads *pads);

/* What a look that has asked them found: TkeCardInfo. plugs: of readers 1 and 2 when it began. */
void scup_pads_take(ScupPads *pads, const GPtrArray *infos, const uint32_t plugs[TKE_READERS]);

/* reader: 1 or 2. The reader was unplugged: it may come back as another one. */
void scup_pads_forget(ScupPads *pads, unsigned reader);

/* Is it this reader that has told, and not an equal one that was plugged in instead? */
bool scup_pads_is_known(const ScupPads *pads, unsigned reader, const TkeReaderInfo *there);

/* Another program holds it: no event tells when it lets go. */
bool scup_pads_is_held(const ScupPads *pads, unsigned reader);
