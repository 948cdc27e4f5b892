/*
 * The inside of a virtual card, shared by its applets and not by anybody else. All of it is called
 * with the card locked. Functions that return a uint16_t return a status word: a card knows no
 * other errors; why something internal failed goes to the log.
 */
#pragma once

#include <glib.h>

#include "common/byte-builder.h"
#include "common/byte-cursor.h"
#include "simulator/sim-card-random.h"
#include "simulator/sim-card-state.h"
#include "simulator/sim-card.h"
#include "simulator/sim-gp-private.h"
#include "simulator/sim-status.h"

#define SIM_BLOCK_MAX 1024u  /* data of a command or an answer */
#define SIM_CLASS_CHAIN 0x10 /* more blocks follow */
#define SIM_MESSAGE_MAX 65535u
#define SIM_NONCE_LEN 16u
#define SIM_SIGNATURE_MIN 8u
#define SIM_SIGNATURE_MAX 145u
#define SIM_SEALED_MIN 48u
#define SIM_SEALED_MAX 1008u

/* Tags of card-protocol.md, 3. */
enum {
    SIM_TAG_KIND = 0x80,
    SIM_TAG_LIFE_CYCLE = 0x81,
    SIM_TAG_VERSION = 0x82,
    SIM_TAG_CARD_ID = 0x83,
    SIM_TAG_ZONE_ID = 0x84,
    SIM_TAG_ZONE_DESCRIPTION = 0x85,
    SIM_TAG_POINT = 0x86,
    SIM_TAG_PINS = 0x87,
    SIM_TAG_SKI = 0x88,
    SIM_TAG_NAME = 0x89,
    SIM_TAG_PARTS = 0x8A,
    SIM_TAG_COUNTER = 0x8B,
    SIM_TAG_HEAD = 0x8C,
    SIM_TAG_CONTENTS = 0x8D,
    SIM_TAG_DESCRIPTION = 0x8E,
    SIM_TAG_ORIGIN = 0x8F,
    SIM_TAG_PATTERN = 0x90,
    SIM_TAG_PLACE = 0x91,
    SIM_TAG_NONCE = 0x92,
    SIM_TAG_UKM = 0x93,
    SIM_TAG_FORM = 0x94,
    SIM_TAG_RESULTS = 0x95,
    SIM_TAG_ENTRIES = 0x96,
    SIM_TAG_WRAPPED = 0x97,
    SIM_TAG_SEALED = 0x99,
    SIM_TAG_PROBE = 0x9A,
    SIM_TAG_STATUS = 0xE0,
    SIM_TAG_PART = 0xE1,
    SIM_TAG_SIGNATURE = 0x5F37,
    SIM_TAG_CERTIFICATE = 0x7F21,
    SIM_TAG_BODY = 0x7F4E
};

typedef struct SimCommand SimCommand;

/* One command with all its data. */
typedef struct SimCall {
    const SimCommand *command;
    uint8_t p2;
    TkeByteCursor data;
    bool first; /* SIGN: first block of the message, */
    bool last;  /* last block */
} SimCall;

typedef uint16_t (*SimHandler)(SimCard *card, const SimCall *call);

typedef enum {
    SIM_P2_EXACT,  /* the one of the table, else 6A86 */
    SIM_P2_OBJECT, /* the same, else 6A88: no such data object */
    SIM_P2_PIN,    /* reference of a PIN of this applet, else 6A88 */
    SIM_P2_PLACE,  /* 01..55, else 6A86 */
    SIM_P2_PAGE    /* 00..03, else 6A86 */
} SimP2;

typedef enum {
    SIM_PIN_FREE, /* no PIN wanted */
    SIM_PIN_ALL,  /* every PIN of the card verified: PIN, both */
    SIM_PIN_FRESH /* ... and fresh */
} SimPinRule;

enum {
    SIM_FLAG_ENDS = 1 << 0,   /* past step 3 it ends whatever offer or session there was ... */
    SIM_FLAG_OFFER = 1 << 1,  /* ... and wants an offer that was there until now */
    SIM_FLAG_SENDS = 1 << 2,  /* wants a session as sender; refused it ends the session */
    SIM_FLAG_TAKES = 1 << 3,  /* the same as receiver */
    SIM_FLAG_STREAM = 1 << 4, /* each block is handled by itself: SIGN */
    SIM_FLAG_EMPTY = 1 << 5   /* no data belong to it */
};

#define SIM_LIFE(n) (1u << (n))
#define SIM_LIFE_ANY 0xFFu

/* A row of an applet's command table: the steps 1 to 4 of the order of checks. */
struct SimCommand {
    uint8_t cla;
    uint8_t ins;
    uint8_t p1;
    SimP2 p2_kind;
    uint8_t p2;
    unsigned life; /* life cycles in which it is allowed */
    SimPinRule pin;
    unsigned flags;
    SimHandler handler;
};

typedef struct SimApplet {
    SimCardKind kind;
    uint8_t aid_last; /* last byte of the AID */
    const SimCommand *commands;
    size_t n;
} SimApplet;

extern const SimApplet sim_ca_card_applet;
extern const SimApplet sim_ep11_card_applet;

typedef enum { SIM_ROLE_NONE, SIM_ROLE_OFFER, SIM_ROLE_SENDER, SIM_ROLE_RECEIVER } SimRole;

/* Offer or session: gone with power, selection and the verified state. */
typedef struct SimSession {
    SimRole role;
    SimKeyPair ephemeral; /* offer */
    uint8_t nonce[SIM_NONCE_LEN];
    TkeSecret *encryption_key; /* session */
    TkeSecret *mac_key;
    uint32_t number; /* of the last sealed object */
    uint8_t other_id[SIM_CARD_ID_LEN];
    uint8_t other_point[SIM_POINT_LEN]; /* identity key of the other card */
} SimSession;

/* What is lost with the power. */
typedef struct SimCardTransient {
    bool selected; /* the applet */
    SimGpManager manager;
    bool verified[SIM_PINS];
    bool fresh[SIM_PINS];
    bool has_challenge;    /* made by the command before this one ... */
    bool challenge_usable; /* ... and so good for this one */
    uint8_t challenge[SIM_NONCE_LEN];
    SimSession session;
    bool chaining; /* a chain with this header is unfinished */
    uint8_t chain_header[4];
    GByteArray *chain;   /* its data so far; SIGN: the message */
    GByteArray *pending; /* what GET RESPONSE may still bring */
    size_t pending_pos;
    uint16_t pending_sw; /* what the last of it is answered with */
    bool corrected;      /* T=0: the command with this header was answered with 6Cxx */
    uint8_t corrected_header[4];
} SimCardTransient;

typedef struct SimFaultEntry {
    SimCardFault fault;
    unsigned seen; /* exchanges (or changes) since it was added */
    unsigned done;
} SimFaultEntry;

struct SimCard {
    GMutex lock;
    char *name;
    char *path; /* NULL: not stored */
    SimCardState state;
    SimCardState saved; /* as of the last complete change */
    bool in_reader;
    bool powered;
    bool contactless; /* how it gets its power, from the next time on */
    bool in_field;    /* how it got its power */
    bool torn;
    SimCardTransient now;
    uint8_t answer[SIM_BLOCK_MAX];
    TkeByteBuilder out; /* over answer */
    SimCardRandom random;
    const SimCardProfile *profile;
    double cost_ms; /* of this exchange */
    double spent_ms;
    GArray *faults; /* SimFaultEntry */
    unsigned exchanges;
    unsigned changes;
    GPtrArray *signatures; /* SimCardSignature; NULL: not recorded */
    SimGpFaults gp_faults;
    bool forged_id;                         /* the status shows another id */
    SimKeyPair forged_key;                  /* used: signs instead of zone or identity key */
    SimCertificateBytes forged_certificate; /* shown instead of the own one unless empty */
};

/* sim-card.c */
void sim_card_charge(SimCard *card, SimCost kind, size_t count);
void sim_card_end_session(SimCard *card);
void sim_card_forget_pin(SimCard *card, unsigned pin); /* ends its verified state, and sessions */

/*
 * Makes what was changed in state lasting: all of it or nothing. 9000; 6F00 when it cannot be saved
 * (state is as before); SIM_SW_TORN when the power was lost.
 */
uint16_t sim_card_commit(SimCard *card);

/* Ends all that is lost with the power. */
void sim_card_deselect(SimCard *card);

/* sim-card-apdu.c */
/* One command APDU with the card's power on; out gets answer and status word. The status word. */
uint16_t sim_card_transmit(SimCard *card, const uint8_t *command, size_t len, SimCardAnswer *out);

/* sim-card-forgery.c: the identity or zone key, and the own certificate, or what passes for
 * them. */
const SimKeyPair *sim_card_signing_key(const SimCard *card);
const SimCertificateBytes *sim_card_shown_certificate(const SimCard *card);

/* sim-card-info.c: for sim_card_take_signatures, if they are recorded. */
void sim_card_note_signature(SimCard *card, const uint8_t point[static SIM_POINT_LEN],
                             const uint8_t *message, size_t len, const uint8_t *signature,
                             size_t signature_len);

/* sim-card-fault.c */
/* The fault that strikes this exchange, or this lasting change; NULL if none does. */
const SimCardFault *sim_card_fault_next(SimCard *card, bool change);

/* sim-card-dispatch.c */
/* Step 1 but for the class: the row of the table for a header, or the status word of what is
 * wrong. */
uint16_t sim_card_find_command(const SimCard *card, const SimApplet *applet,
                               const uint8_t header[static 4], const SimCommand **found);
/* Steps 2 to 4, then the command itself; the answer's data are in card->out. */
uint16_t sim_card_run(SimCard *card, const SimCall *call);

/* sim-card-objects.c: reading and writing of data objects. */
bool sim_card_read_text(TkeByteCursor *data, uint16_t tag, SimText *text);
bool sim_card_read_name(TkeByteCursor *data, SimText *name);
bool sim_card_read_signature(TkeByteCursor *data, TkeByteCursor *signature);
bool sim_card_read_end(const TkeByteCursor *data);
bool sim_card_text_is_valid(const uint8_t *text, size_t len);
bool sim_card_name_is_valid(const uint8_t *name, size_t len);
bool sim_card_origin_is_valid(uint8_t origin);
void sim_card_write(SimCard *card, uint16_t tag, const uint8_t *value, size_t len);

/* sim-card-commands.c: commands of both applets. */
uint16_t sim_card_status(SimCard *card, const SimCall *call);
uint16_t sim_card_zone_certificate(SimCard *card, const SimCall *call);
uint16_t sim_card_usage_page(SimCard *card, const SimCall *call);
uint16_t sim_card_probe(SimCard *card, const SimCall *call);
uint16_t sim_card_statement(SimCard *card, const SimCall *call);
uint16_t sim_card_describe(SimCard *card, const SimCall *call);
bool sim_card_contents(const SimCardState *state, uint8_t out[static SIM_HASH_LEN]);
/* The same for a given SKI of the signature key (zero: there is none). */
bool sim_card_contents_of(const SimCardState *state, const uint8_t ski[static SIM_HASH_LEN],
                          uint8_t out[static SIM_HASH_LEN]);

/* sim-ep11-card.c: whether GET CHALLENGE may come with so many bytes expected. */
bool sim_ep11_card_le_is_right(const SimCommand *command, size_t ne);

/* sim-pin.c */
uint16_t sim_pin_verify(SimCard *card, const SimCall *call);
uint16_t sim_pin_forget(SimCard *card, const SimCall *call);
uint16_t sim_pin_set(SimCard *card, const SimCall *call);
uint16_t sim_pin_change(SimCard *card, const SimCall *call);
