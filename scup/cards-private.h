/*
 * What cards.c and cards-state.c share: the main thread's picture of readers and cards.
 */
#pragma once

#include "libsmartcard/reader-monitor.h"
#include "scup/cards.h"
#include "scup/pads.h"

struct _ScupCards {
    GObject parent;
    TkeUiRunner *runner;
    TkeUiWorkplace *workplace; /* for the worker */
    TkeReaderMonitor *monitor;
    char *keys[TKE_READERS];
    char *names[TKE_READERS];    /* TkeReaderChoice */
    uint32_t plugs[TKE_READERS]; /* of readers with these names */
    GPtrArray *readers;          /* as the monitor saw them; NULL: not yet, or trouble */
    TkeReaders *assigned;
    GError *trouble; /* of all readers */
    ScupPads pads;
    bool ask_pads;
    GPtrArray *infos;             /* TkeCardInfo, as the last look saw them */
    uint32_t events[TKE_READERS]; /* of the readers when the look began */
    TkeInventory *inventory;
    GError *inventory_error;
    gint64 unlocked_until;
    bool looking;
    bool look_again;
    bool lock_next;
    bool forget_next; /* a reader that a person had identified was unplugged */
    bool held;        /* a procedure is shown */
    bool has_changed;
    ScupChanged changed;
    GByteArray *changed_ids; /* NULL: none */
    unsigned proving;        /* how many want to know whether cards are genuine */
    bool stopped;
    guint retry;
};
