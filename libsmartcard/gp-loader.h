/*
 * Loading and installing an applet (GlobalPlatform 2.3, 9.3; card protocol, 1).
 *
 * Cancelling (tke_card_set_cancellable) is looked at between blocks. After a failure or a cancel
 * the partial package is taken off again, if the card is still there; a card that was pulled
 * forgets it by itself, and the next try deletes what there may be.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/public.h"
#include "libsmartcard/cap-file.h"
#include "libsmartcard/gp-scp.h"

/* Bytes of the load file that are on the card. */
typedef void (*TkeGpProgress)(void *data, size_t done, size_t total);

/*
 * Deletes the package and everything made of it, loads the file, and installs one of its applets,
 * whose class and instance have the same AID. progress may be NULL. A channel without encrypted
 * commands is TKE_CARD_ERROR_CARD_KEYS, and nothing is sent.
 *
 * left (may be NULL) is set after a failure from which something may have stayed on the card: why
 * it could not be taken off. It stays NULL where it was taken off, where nothing was begun, and
 * where the error itself says that the outcome is unknown (card pulled).
 */
TKE_PUBLIC bool tke_gp_loader_install(TkeGpScp *scp, const TkeCapFile *cap, const TkeGpAid *applet,
                                      TkeGpProgress progress, void *data, GError **left,
                                      GError **error);

/* Bytes of lasting memory that a card should have free for a load file: itself, and as much again
 * for instances. */
TKE_PUBLIC size_t tke_gp_loader_memory(const TkeCapFile *cap);
