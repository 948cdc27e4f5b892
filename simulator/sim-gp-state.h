/*
 * What the card manager of a virtual card keeps when it has no power: its key sets, the load file,
 * and what the card is like (GlobalPlatform 2.3; card-protocol.md, 1). Plain bytes, as
 * SimCardState.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

#define SIM_GP_AID_LEN 7u /* of the package and both applets */
#define SIM_GP_KEY_SETS 4u
#define SIM_GP_KEYS 3u /* ENC, MAC, DEK */
#define SIM_GP_KEY_MAX 32u
#define SIM_GP_TRIES 10u           /* failed authentications until a key set is locked */
#define SIM_GP_FIRST_VERSION 0xFFu /* of the key set that the maker left on the card */
#define SIM_GP_HASH_LEN 32u
#define SIM_GP_MARKS 10u /* of the probe (card-protocol.md, 6.4) */
#define SIM_GP_VERSION_LEN 3u
#define SIM_GP_SERIAL_LEN 4u

enum { SIM_GP_SCP02 = 2, SIM_GP_SCP03 = 3 };

/* Options of the secure channel, "i" (Card Specification, E.1.1; Amendment D, 5.1). */
enum {
    SIM_GP_SCP02_RANDOM =
        0x15, /* explicit, C-MAC on the modified APDU, ICV encrypted, three keys */
    SIM_GP_SCP02_DERIVED = 0x55, /* the same with a card challenge that the host can predict */
    SIM_GP_SCP03_DERIVED = 0x10,
    SIM_GP_SCP03_R_MAC = 0x20,
    SIM_GP_SCP03_R_ENC = 0x40 /* only together with R_MAC */
};

/* Life cycle of the card (Card Specification, 5.1). */
enum {
    SIM_GP_OP_READY = 0x01,
    SIM_GP_INITIALIZED = 0x07,
    SIM_GP_SECURED = 0x0F,
    SIM_GP_CARD_LOCKED = 0x7F,
    SIM_GP_TERMINATED = 0xFF
};

/* What cards answer to a wrong EXTERNAL AUTHENTICATE instead of 6300 and 6982. */
#define SIM_GP_REFUSAL_OBJECT 0x6988u
#define SIM_GP_REFUSAL_TRIES 0x63C0u /* and how many are left, at most 15 */

typedef struct SimGpKeySet {
    uint8_t version; /* 01..7F, FF; 0: there is none in this place */
    uint8_t key_len; /* 16, 24 or 32 */
    uint8_t tries;   /* 0: locked for ever */
    uint32_t sequence;
    uint8_t keys[SIM_GP_KEYS][SIM_GP_KEY_MAX];
} SimGpKeySet;

typedef struct SimGpState {
    uint8_t
        serial[SIM_GP_SERIAL_LEN]; /* what the maker numbered the card with; zeros: not at all */
    uint8_t scp;
    uint8_t option;
    uint8_t life_cycle;
    uint16_t refusal; /* its word for a wrong proof; 0: those of the specification */
    bool applet_locked;
    bool has_package;
    uint32_t package_len;
    uint8_t
        package_hash[SIM_GP_HASH_LEN]; /* SHA-256 of the load file; zeros: not loaded by anybody */
    uint32_t memory;                   /* for load file and applet together */
    uint16_t lacks;                    /* bit n - 1: mark n of the probe is 00 */
    uint8_t applet_version[SIM_GP_VERSION_LEN];
    SimGpKeySet sets[SIM_GP_KEY_SETS];
} SimGpState;

/* A card as one buys it: SCP03 with i=70, AES-128 test keys 40..4F as version FF, SECURED. */
void sim_gp_state_init(SimGpState *gp);

/* The load file is there without having been loaded: a card with a ready applet. */
void sim_gp_state_put_package(SimGpState *gp);

/* What the next applet will be like: nothing of the last one is left. */
void sim_gp_state_reset_applet(SimGpState *gp);

/* "1.0.0" as three bytes; anything else is TKE_ERROR_INVALID_DATA. */
bool sim_gp_state_parse_version(const char *text, uint8_t out[static SIM_GP_VERSION_LEN],
                                GError **error);

/* The key set of a version (0: the first there is), NULL if there is none. */
SimGpKeySet *sim_gp_state_find_keys(SimGpState *gp, uint8_t version);

/* Bytes left beside the load file and an applet that takes so many. */
uint32_t sim_gp_state_free(const SimGpState *gp, uint32_t applet_len);

/*
 * The member "manager" of card files and scenarios (data/scenarios/README.md); what is absent there
 * is as in *gp. False with TKE_ERROR_INVALID_DATA.
 */
bool sim_gp_state_from_json(JsonObject *object, SimGpState *gp, GError **error);
JsonObject *sim_gp_state_to_json(const SimGpState *gp);
