/*
 * What sim-ifd-channel.c (insertion and removal) and sim-ifd-card.c share.
 */
#pragma once

#include <glib.h>

#include "libsmartcard/sim-protocol.h"
#include "simulator/sim-ifd-channel.h"

#define SIM_IFD_ASK_TIMEOUT_MS 5000u /* for what tke-sim answers at once */

struct SimIfdChannel {
    gatomicrefcount refs;
    char *world;
    uint8_t number;
    GCancellable *stopped; /* the wait, or the next one, is to end */

    GMutex state; /* guards what follows */
    GCond wake;
    bool closed;
    bool shown_present;
    bool between; /* a card was exchanged for another one: shown empty, the next wait shows it */
    uint32_t shown_events;
    uint32_t events; /* seen last */
    char *name;
    char *serial;
    char *model;
    uint8_t atr[TKE_CARD_ATR_MAX];
    size_t atr_len;
    TkeSimClient *watch; /* freed and replaced by the waiting thread only */
    TkeSimClient *card;  /* freed and replaced with io held only */

    uint32_t generation; /* of the waiting thread: what to wait from */
    GMutex io;           /* held while the card's connection is used */
    bool connected;      /* the card's connection has a card */
};

/* A connection to tke-sim that close can break off; slot is &watch or &card of the channel. */
TkeSimClient *sim_ifd_channel_need_client(SimIfdChannel *channel, TkeSimClient **slot,
                                          GError **error);
void sim_ifd_channel_drop_client(SimIfdChannel *channel, TkeSimClient **slot);
