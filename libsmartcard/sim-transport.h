/*
 * Readers and cards of a rehearsal: card-transport.h on the socket of tke-sim.
 *
 * A source has a connection to tke-sim of its own, and so has every card connection: they may be
 * used by different threads. A card connection outlives its source.
 */
#pragma once

#include <glib.h>

#include "common/public.h"
#include "libsmartcard/card-transport.h"

/*
 * The readers of the world in this directory. tke-sim must answer there
 * (tke_sim_client_open_or_start sees to it); if not: TKE_CARD_ERROR, as for a PC/SC service that is
 * not running. Free with source->ops->free().
 */
TKE_PUBLIC TkeCardSource *tke_sim_transport_new(const char *directory, GError **error);
