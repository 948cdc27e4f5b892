/*
 * One look at both readers, in the worker: what is in them, noted in the inventory.
 */
#pragma once

#include "scup/cards.h"
#include "scup/pads.h"

typedef struct ScupLook {
    ScupCards *cards; /* not used by the worker */
    TkeUiWorkplace *workplace;
    bool want_source;
    bool lock;
    bool let_go;
    bool pads;           /* ask the readers whether they take PINs */
    ScupPadsAsked asked; /* what they were when it began */
    bool prove;
    bool forget; /* what a person said of readers that cannot be told apart */
    /* what it has found */
    GPtrArray *infos;
    TkeCardSource *source; /* for the monitor, made by the first look */
    char *keys[TKE_READERS];
    char *names[TKE_READERS]; /* TkeReaderChoice */
    unsigned unlocked_s;
    TkeInventory *inventory;
    GError *inventory_error;
} ScupLook;

/* Worker; data: ScupLook. */
bool scup_cards_look_run(TkeOperation *op, gpointer data, GError **error);

void scup_cards_look_free(ScupLook *job);
