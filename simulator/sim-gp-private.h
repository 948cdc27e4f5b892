/*
 * The inside of a virtual card's card manager (issuer security domain): GlobalPlatform 2.3, SCP02
 * of its annex E, SCP03 of Amendment D. Called with the card locked; status words as in
 * sim-card-private.h.
 */
#pragma once

#include <glib.h>

#include "common/byte-builder.h"
#include "common/byte-cursor.h"
#include "common/secret.h"
#include "simulator/sim-gp-state.h"

#define SIM_GP_CHALLENGE_LEN 8u
#define SIM_GP_CRYPTOGRAM_LEN 8u
#define SIM_GP_MAC_LEN 8u
#define SIM_GP_CHAIN_LEN 16u
#define SIM_GP_MANAGER_AID_LEN 8u

#define SIM_GP_PACKAGE 0x00u /* last byte of its AID */

/* Kinds of keys (11.1.8). */
enum { SIM_GP_KEY_DES = 0x80, SIM_GP_KEY_AES = 0x88 };

/* Security levels (P1 of EXTERNAL AUTHENTICATE). */
enum {
    SIM_GP_LEVEL_C_MAC = 0x01,
    SIM_GP_LEVEL_C_DEC = 0x02,
    SIM_GP_LEVEL_R_MAC = 0x10,
    SIM_GP_LEVEL_R_ENC = 0x20
};

typedef enum {
    SIM_GP_CLOSED,
    SIM_GP_STARTED, /* INITIALIZE UPDATE was the command before this one */
    SIM_GP_OPEN
} SimGpPhase;

typedef struct SimGpSession {
    SimGpPhase phase;
    uint8_t level;
    uint8_t version; /* of the key set */
    uint8_t host_challenge[SIM_GP_CHALLENGE_LEN];
    uint8_t card_challenge[SIM_GP_CHALLENGE_LEN]; /* SCP02: sequence counter and six bytes */
    TkeSecret *enc;
    TkeSecret *mac;
    TkeSecret *r_mac;                /* SCP03 */
    TkeSecret *dek;                  /* SCP02: of the session; SCP03: of the key set */
    uint8_t chain[SIM_GP_CHAIN_LEN]; /* MAC chaining value; SCP02: the last MAC in its first half */
    uint32_t counter;                /* commands since the authentication */
} SimGpSession;

/* A command's wrapping, as it came. */
typedef struct SimGpWrapped {
    uint8_t header[4];
    TkeByteCursor body; /* without the MAC */
    uint8_t mac[SIM_GP_MAC_LEN];
    bool encrypted;
} SimGpWrapped;

/* One of the two protocols. Functions fail when OpenSSL does, or where said. */
typedef struct SimGpProtocol {
    /* The card challenge for options in which the host can predict it; needs the key set only. */
    bool (*derive_challenge)(const SimGpKeySet *set, const uint8_t *aid, size_t aid_len,
                             uint8_t out[static SIM_GP_CHALLENGE_LEN]);
    /* Session keys from the key set and both challenges. */
    bool (*start)(SimGpSession *session, const SimGpKeySet *set);
    /* What proves the card's (or the host's) knowledge of the keys. */
    bool (*cryptogram)(const SimGpSession *session, bool host,
                       uint8_t out[static SIM_GP_CRYPTOGRAM_LEN]);
    /* Checks the MAC, decrypts; plain is filled. False also when the MAC or the padding is
     * wrong. */
    bool (*unwrap)(SimGpSession *session, const SimGpWrapped *wrapped, GByteArray *plain);
    /* Encrypts and signs an answer as the level wants; data are in out. */
    bool (*wrap)(const SimGpSession *session, TkeByteBuilder *out, uint16_t sw);
    /* A key that PUT KEY brings. */
    bool (*decrypt_key)(const SimGpSession *session, const uint8_t *cipher, size_t len,
                        uint8_t *out);
    /* First three bytes under the key, which say which key it is. */
    bool (*key_check)(const uint8_t *key, size_t len, uint8_t out[static 3]);
} SimGpProtocol;

extern const SimGpProtocol sim_gp_scp02;
extern const SimGpProtocol sim_gp_scp03;

const SimGpProtocol *sim_gp_protocol(const SimGpState *gp);

/* Ends a session and wipes its keys. */
void sim_gp_session_end(SimGpSession *session);

/* Takes the padding off (80, zeros); false if there is none. */
bool sim_gp_unpad(const uint8_t *data, size_t *len);

/* A load file on its way. */
typedef struct SimGpLoad {
    bool open;
    unsigned next;     /* number of the block that comes next */
    uint32_t expected; /* bytes in all, once the first block said it */
    bool has_hash;
    uint8_t hash[SIM_GP_HASH_LEN];
    GByteArray *bytes;
} SimGpLoad;

/* A list that goes on (GET STATUS). */
typedef struct SimGpListing {
    bool open;
    uint8_t p1;
    unsigned next;
} SimGpListing;

/* What is lost with the power. */
typedef struct SimGpManager {
    bool selected;
    SimGpSession session;
    SimGpLoad load;
    SimGpListing listing;
} SimGpManager;

/* What a rehearsal orders for as long as the program runs; all false and zero: nothing. */
typedef struct SimGpFaults {
    bool garbage; /* the card manager answers nonsense */
    bool foreign; /* no AID is known */
    bool t0;      /* no T=1, no extended length; answers are collected, wrong lengths corrected */
    bool odd_atr;
    bool other_keys;
    bool locked_keys;
    bool is_full;
    uint32_t free; /* bytes left then */
    uint16_t lacks;
    bool has_version;
    uint8_t version[SIM_GP_VERSION_LEN];
} SimGpFaults;

/* sim-gp.c */
typedef struct SimCard SimCard;

typedef struct SimGpCall {
    uint8_t ins;
    uint8_t p1;
    uint8_t p2;
    TkeByteCursor data;
} SimGpCall;

/* Whether an AID in a SELECT means the card manager; its FCI, or the status word of its state. */
bool sim_gp_is_named(TkeByteCursor aid);
uint16_t sim_gp_select(SimCard *card);

/* One command for the selected card manager; the answer's data are in card->out. */
uint16_t sim_gp_execute(SimCard *card, const uint8_t header[static 4], TkeByteCursor data);

/* Ends session, load and list. */
void sim_gp_deselect(SimGpManager *manager);

/* Bytes of memory left (faults included); bytes that an applet takes of it. */
uint32_t sim_gp_free_memory(const SimCard *card);
uint32_t sim_gp_applet_len(unsigned kind);

/* What the applet says its version is: three bytes. */
const uint8_t *sim_card_applet_version(const SimCard *card);

/* Whether our applet may be selected: the card is not locked, nor is the applet. */
bool sim_gp_lets_applet(const SimCard *card);

/* sim-gp-channel.c */
uint16_t sim_gp_initialize_update(SimCard *card, const SimGpCall *call);
uint16_t sim_gp_external_authenticate(SimCard *card, const uint8_t header[static 4],
                                      TkeByteCursor data);
/* Opens a wrapped command into plain: 9000, or 6982 and the session is over. */
uint16_t sim_gp_unwrap(SimCard *card, const uint8_t header[static 4], TkeByteCursor data,
                       GByteArray *plain);

/* sim-gp-content.c: what is on the card. */
uint16_t sim_gp_delete(SimCard *card, const SimGpCall *call);
uint16_t sim_gp_install(SimCard *card, const SimGpCall *call);
uint16_t sim_gp_load(SimCard *card, const SimGpCall *call);
bool sim_gp_is_aid(TkeByteCursor aid, uint8_t last); /* ours, with this last byte */

/* sim-gp-file.c: whether a load file can be a package of ours. */
bool sim_gp_file_is_valid(const uint8_t *bytes, size_t len);

/* sim-gp-registry.c */
uint16_t sim_gp_get_status(SimCard *card, const SimGpCall *call);
uint16_t sim_gp_set_status(SimCard *card, const SimGpCall *call);
bool sim_gp_is_makers(TkeByteCursor aid); /* of something that stays on the card */

/* sim-gp-keys.c */
uint16_t sim_gp_put_key(SimCard *card, const SimGpCall *call);
