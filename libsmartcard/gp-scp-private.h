/*
 * Between gp-scp.c and the two protocols. Not installed, not exported.
 */
#pragma once

#include "common/aes.h"
#include "common/byte-cursor.h"
#include "libsmartcard/gp-scp.h"

#define TKE_GP_MAC 8u
#define TKE_GP_DATA_MAX 255u /* of a short APDU, MAC included */

/* Class of a command with secure messaging. */
#define TKE_GP_CLA_SECURED 0x84u

typedef struct TkeGpScpProtocol {
    size_t block; /* of the cipher */
    /* The rest of the answer to INITIALIZE UPDATE; false: another form. */
    bool (*parse)(TkeGpScp *scp, TkeByteCursor *cursor);
    /* Session keys from those of the card and what both have said. */
    bool (*derive)(TkeGpScp *scp, const TkeGpKeySet *keys, GError **error);
    bool (*cryptogram)(TkeGpScp *scp, bool of_card, uint8_t out[static TKE_GP_MAC], GError **error);
    /*
     * MAC of a command (header with the final length of plain data, the plain data), and
     * encryption of the data in place; len is what is sent, without the MAC. SCP02 computes its
     * MAC over the plain data, SCP03 over what is sent.
     */
    bool (*secure)(TkeGpScp *scp, const TkeApdu *apdu, bool encrypt, uint8_t *data, size_t *len,
                   uint8_t mac[static TKE_GP_MAC], GError **error);
    /* Checks and decrypts an answer with data; SCP02 has nothing to check. */
    bool (*open)(TkeGpScp *scp, TkeCardAnswer *answer, GError **error);
} TkeGpScpProtocol;

struct TkeGpScp {
    TkeCard *card;
    const TkeGpScpProtocol *protocol;
    TkeGpScpInfo info;
    const TkeGpMemory *memory; /* while the channel is being opened */
    char *card_text;           /* what the memory knows this card by */
    char *barred_text;         /* what it has its worst note of it under; NULL: none */
    TkeGpTries before;         /* what it knew */
    bool pending;              /* it says that a try on a person's word is under way */
    guint32 owner;             /* of that note */
    uint8_t host_challenge[TKE_GP_CHALLENGE];
    uint8_t card_challenge[TKE_GP_CHALLENGE]; /* SCP02: counter (2) and challenge (6) */
    uint8_t card_cryptogram[TKE_GP_MAC];
    TkeSecret *enc, *mac, *rmac, *dek; /* of the session; rmac only SCP03 */
    uint8_t chain[TKE_AES_BLOCK];      /* MAC chaining value; SCP02: 8 bytes of it */
    bool chained;                      /* there was a MAC before */
    uint32_t commands;                 /* since the channel was opened: counter of the encryption */
    bool ended;
    char *keys_name; /* of the key set that opened it */
    bool enc_used;   /* a command was encrypted before */
};

extern const TkeGpScpProtocol tke_gp_scp02_protocol;
extern const TkeGpScpProtocol tke_gp_scp03_protocol;

/* 80, then zeros up to a whole block; len becomes the new length. The buffer has room. */
void tke_gp_scp_pad(uint8_t *data, size_t *len, size_t block);

/* What the card has refused with this status word; false. */
bool tke_gp_scp_fail_sw(TkeGpScp *scp, uint16_t sw, const char *what, GError **error);

/* tke_gp_scp_open with a host challenge that is given: published sessions. */
TkeGpScp *tke_gp_scp_open_with(TkeCard *card, const TkeGpKeySet *keys, const TkeGpMemory *memory,
                               const uint8_t host_challenge[static TKE_GP_CHALLENGE],
                               GError **error);

/*
 * gp-scp-tries.c: may the key set be tried on this card? Nothing is asked before this has said yes;
 * takes what is noted into scp->before. The others note how it went, undo a note that a try is under
 * way, and tell a person where it is noted and what to do about right keys that were refused.
 */
bool tke_gp_scp_tries_check(TkeGpScp *scp, const TkeGpKeySet *keys, GError **error);
bool tke_gp_scp_tries_note(const TkeGpScp *scp, const TkeGpKeySet *keys, TkeGpTries tries,
                           GError **error);
void tke_gp_scp_tries_take_back(TkeGpScp *scp, const TkeGpKeySet *keys);
void tke_gp_scp_tries_set_place(GError *error, const TkeGpScp *scp, const TkeGpKeySet *keys);
void tke_gp_scp_tries_set_remedy(GError *error);

/* Empties the memory of the process: each test begins with one that has done nothing. */
void tke_gp_scp_forget_refusals(void);
