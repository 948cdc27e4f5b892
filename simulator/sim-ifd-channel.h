/*
 * SimIfdChannel: one virtual reader as a driver of pcscd sees it, forwarded to tke-sim over its
 * socket.
 *
 * A channel exists whether a tke-sim answers or not: while none does, the reader is empty; a card
 * that is in when tke-sim comes (back) is put in then. All functions may be called from any
 * thread. power_on, reset, power_off, exchange and control come one at a time; wait waits in a
 * thread of its own. Errors are those of tke_sim_client_call.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsmartcard/card-transport.h"

typedef struct SimIfdChannel SimIfdChannel;

/*
 * device: "otk:" and the absolute directory of a world, ":" and the number of the reader in it,
 * from 1; or "usb:VVVV/PPPP…", which is reader PPPP (hexadecimal) of the world that OPENTKE_WORLD
 * names. Anything else is NULL.
 */
SimIfdChannel *sim_ifd_channel_new(const char *device);
SimIfdChannel *sim_ifd_channel_ref(SimIfdChannel *channel);
void sim_ifd_channel_unref(SimIfdChannel *channel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimIfdChannel, sim_ifd_channel_unref)

/* Ends all that waits on this channel, for good. */
void sim_ifd_channel_close(SimIfdChannel *channel);

/*
 * Whether a card is in, as of the last wait: nothing but wait changes it. A card that was taken
 * out and put back between two waits is shown as taken out first, and put in by the next wait.
 */
bool sim_ifd_channel_is_present(SimIfdChannel *channel);

/*
 * Returns when is_present has changed, after timeout_ms, or when told by stop_wait: that ends the
 * wait under way, else the next one. pcscd uses it when a card is no longer used, and goes on
 * waiting then.
 */
void sim_ifd_channel_wait(SimIfdChannel *channel, int timeout_ms);
void sim_ifd_channel_stop_wait(SimIfdChannel *channel);

/* Cold reset of the card that is_present shows; only it: TKE_SIM_STATUS_REMOVED for another one. */
bool sim_ifd_channel_power_on(SimIfdChannel *channel, GError **error);

/* Warm reset; a card without power is powered on. */
bool sim_ifd_channel_reset(SimIfdChannel *channel, GError **error);

/* Lets go of the card too: a program that uses the socket of tke-sim itself can have it. */
void sim_ifd_channel_power_off(SimIfdChannel *channel);

bool sim_ifd_channel_exchange(SimIfdChannel *channel, const uint8_t *command, size_t len,
                              uint8_t *response, size_t size, size_t *response_len, GError **error);

/* With or without a card, except PIN entries. Blocks while a person types. */
bool sim_ifd_channel_control(SimIfdChannel *channel, uint32_t code, const uint8_t *in,
                             size_t in_len, uint8_t *out, size_t size, size_t *out_len,
                             GError **error);

/* Of the last reset; 0 bytes: the card has no power. */
size_t sim_ifd_channel_get_atr(SimIfdChannel *channel, uint8_t atr[static TKE_CARD_ATR_MAX]);

/* What tke-sim told of the reader; "" before it ever did. The caller frees. */
char *sim_ifd_channel_dup_serial(SimIfdChannel *channel);
char *sim_ifd_channel_dup_model(SimIfdChannel *channel);
