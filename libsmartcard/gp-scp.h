/*
 * TkeGpScp: GlobalPlatform's secure channel with the card manager of a card.
 *
 * SCP03 (AES keys of 16, 24 and 32 bytes; i = 00, 10, 20, 30, 60, 70; cryptograms and MACs of 8
 * bytes) and SCP02 (triple DES; i = 15 and 55), explicit initiation. What the card is depends on
 * its answer and the key set. The channel belongs to the card manager that is selected when it is
 * opened; it ends with any SELECT, reset or wrong MAC.
 *
 * A key set that a card has not accepted is never tried on it again, and one whose opening was cut
 * off a few times is not either, as long as the memory says so: cards lock after a few tries.
 * Errors are TKE_CARD_ERROR of the card; CARD_KEYS for wrong keys.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"
#include "common/secret.h"
#include "libsmartcard/card.h"
#include "libsmartcard/gp-key-set.h"
#include "libsmartcard/gp-memory.h"

#define TKE_GP_CHALLENGE 8u
#define TKE_GP_DIVERSIFICATION 10u

typedef struct TkeGpScp TkeGpScp;

/* What the card said when the channel was opened; public. */
typedef struct TkeGpScpInfo {
    uint8_t protocol; /* 2, 3 */
    uint8_t options;  /* i of SCP03; 0 with SCP02, which does not tell it */
    uint8_t key_version;
    uint8_t diversification[TKE_GP_DIVERSIFICATION];
    uint8_t level;
    size_t key_len;   /* bytes of a key */
    bool has_counter; /* the card counts sessions (pseudo-random challenges, SCP02) */
    uint32_t counter;
    unsigned cut_off; /* openings in a row before this one whose end nobody knows */
} TkeGpScpInfo;

/*
 * Opens a channel to the card manager selected, at the key set's level. Borrows card, which must
 * outlive it. memory (NULL: that of the process) is used while it is being opened; where it cannot
 * be written nothing is asked of the card manager.
 */
TKE_PUBLIC TkeGpScp *tke_gp_scp_open(TkeCard *card, const TkeGpKeySet *keys,
                                     const TkeGpMemory *memory, GError **error);
TKE_PUBLIC void tke_gp_scp_free(TkeGpScp *scp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeGpScp, tke_gp_scp_free)

TKE_PUBLIC const TkeGpScpInfo *tke_gp_scp_get_info(const TkeGpScp *scp);
TKE_PUBLIC TkeCard *tke_gp_scp_get_card(TkeGpScp *scp);

/* Bytes of data that a command has room for. */
TKE_PUBLIC size_t tke_gp_scp_get_room(const TkeGpScp *scp);

/*
 * One command under the channel (class 80), its answer checked and decrypted. Any status word is
 * success; one that says no comes without a MAC. A wrong MAC of the card ends the channel:
 * TKE_CARD_ERROR_PROTOCOL; so does a first encrypted command that a card could not decrypt
 * (SCP03): TKE_CARD_ERROR_CARD_KEYS.
 */
TKE_PUBLIC bool tke_gp_scp_transmit(TkeGpScp *scp, const TkeApdu *apdu, TkeCardAnswer *answer,
                                    GError **error);

/* The same, and the card must say 9000; what ("loading the applet") begins the error otherwise. */
TKE_PUBLIC bool tke_gp_scp_command(TkeGpScp *scp, const TkeApdu *apdu, const char *what,
                                   TkeCardAnswer *answer, GError **error);

/*
 * Encrypts a new key for PUT KEY under the channel's data key; out has tke_gp_scp_wrapped_len()
 * bytes. The key's length is a multiple of the cipher's block (8, 16) or, with AES, is filled up
 * with zeros.
 */
TKE_PUBLIC size_t tke_gp_scp_wrapped_len(const TkeGpScp *scp, size_t key_len);
TKE_PUBLIC bool tke_gp_scp_wrap_key(TkeGpScp *scp, const TkeSecret *key, uint8_t *out,
                                    GError **error);
