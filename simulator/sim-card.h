/*
 * SimCard: a virtual smart card with OpenTKE's CA or EP11 applet (card-protocol.md).
 *
 * A card lies in a box or sits in a reader; it keeps its state in a file that is replaced before an
 * answer leaves. What a real card keeps in its memory (keys, parts, PINs) a virtual one keeps in
 * ordinary memory and in that file: nothing in a rehearsal is worth protecting.
 *
 * A card is thread-safe: each call is done as a whole. It needs the secure heap
 * (tke_secret_heap_init) for OpenSSL's keys. Files are TKE_ERROR_FILE or TKE_ERROR_INVALID_DATA.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/secret.h"
#include "simulator/sim-card-profile.h"
#include "simulator/sim-gp-state.h"

#define SIM_CARD_ID_LEN 8u
#define SIM_CARD_PLACES 85u /* key parts of an EP11 card, places 1..85 */
#define SIM_CARD_PART_LEN 32u
#define SIM_CARD_ATR_MAX 33u
#define SIM_CARD_ANSWER_MAX 1026u /* 1024 bytes and the status word */
#define SIM_CARD_DESCRIPTION_MAX 30u

typedef struct SimCard SimCard;

typedef enum {
    SIM_CARD_BLANK = 0, /* no applet of ours: every SELECT is 6A82 */
    SIM_CARD_CA = 1,
    SIM_CARD_EP11 = 2
} SimCardKind;

typedef enum {
    SIM_CARD_ANSWERED,
    SIM_CARD_SILENT, /* the card has power but gives no answer */
    SIM_CARD_PULLED, /* somebody pulled it out: whether the command took effect is unknown */
    SIM_CARD_OFF     /* the card has no power */
} SimCardOutcome;

typedef struct SimCardAnswer {
    uint8_t bytes[SIM_CARD_ANSWER_MAX]; /* data and status word */
    size_t len;
    double cost_ms; /* what the profile says this exchange takes */
} SimCardAnswer;

/* What a person can know about a card, or read with any program. */
typedef struct SimCardInfo {
    SimCardKind kind;
    uint8_t life_cycle;
    uint8_t card_id[SIM_CARD_ID_LEN];
    bool zone_known;
    uint8_t zone_id[SIM_CARD_ID_LEN];
    char zone_description[SIM_CARD_DESCRIPTION_MAX + 1];
    char description[SIM_CARD_DESCRIPTION_MAX + 1];
    bool has_signature_key;
    uint8_t ski[32];
    unsigned parts;
    unsigned pins; /* 2, 1 or 0 */
    bool pin_set[2];
    unsigned pin_tries[2];
    bool pin_verified[2];
    uint32_t usage_counter;
    bool powered;
    bool extended_length;
    bool has_package;                      /* our load file is on the card ... */
    uint8_t package_hash[SIM_GP_HASH_LEN]; /* ... with this SHA-256; zeros: nobody loaded it */
    uint32_t free_memory;
    uint8_t applet_version[SIM_GP_VERSION_LEN]; /* what the applet says */
} SimCardInfo;

/* A card with its applet just installed: life cycle 00, random card id. name is what people call
 * it. */
SimCard *sim_card_new(const char *name, SimCardKind kind, GError **error);

/* The same with a given card id (tests). */
SimCard *sim_card_new_with_id(const char *name, SimCardKind kind, const uint8_t id[SIM_CARD_ID_LEN],
                              GError **error);

/* Ties the card to a file, which is written at once and after every lasting change. */
bool sim_card_store_in(SimCard *card, const char *path, GError **error);

/* The card of such a file, without power, tied to it. */
SimCard *sim_card_load(const char *path, GError **error);

/* The card must not be in a reader any more. The file stays. NULL is allowed. */
void sim_card_free(SimCard *card);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimCard, sim_card_free)

const char *sim_card_get_name(const SimCard *card);
void sim_card_get_info(SimCard *card, SimCardInfo *info);

/* NULL and "none" mean: takes no time. */
void sim_card_set_profile(SimCard *card, const SimCardProfile *profile);

/* Sum of all costs since the card was made or loaded, resets included. */
double sim_card_get_spent_ms(SimCard *card);

/* Whether object 9F66 and the probe offer extended length, and the card takes it. Lasting. */
void sim_card_set_extended_length(SimCard *card, bool extended);

/*
 * What the card manager is like instead of sim_gp_state_init: keys, memory, marks missing in the
 * probe. Whether a load file is there, and the serial number, stay as they are. Lasting; false: it
 * cannot be saved.
 */
bool sim_card_set_manager(SimCard *card, const SimGpState *gp);
void sim_card_get_manager(SimCard *card, SimGpState *gp);

/* Says that the card is in a reader, or no longer: false if it is in one already. For readers. */
bool sim_card_claim(SimCard *card, bool in_reader);

/* Whether the card gets its power through its antenna, from the next power-on on; for readers. */
void sim_card_set_contactless(SimCard *card, bool contactless);

/* Power. On without power: the card starts and gives its ATR; on with power: it is reset. */
void sim_card_power_on(SimCard *card, uint8_t atr[static SIM_CARD_ATR_MAX], size_t *len,
                       double *cost_ms);
void sim_card_power_off(SimCard *card);

/* One command APDU. answer is filled whatever the outcome (len 0 without an answer). */
SimCardOutcome sim_card_exchange(SimCard *card, const uint8_t *command, size_t len,
                                 SimCardAnswer *answer);

/* --- faults ------------------------------------------------------------------------------------
 */

typedef enum {
    SIM_CARD_FAULT_PULL_BEFORE,  /* pulled before the command takes effect */
    SIM_CARD_FAULT_PULL_AFTER,   /* pulled after it took effect, before its answer arrives */
    SIM_CARD_FAULT_SILENT,       /* not executed, no answer */
    SIM_CARD_FAULT_SILENT_AFTER, /* executed, no answer */
    SIM_CARD_FAULT_GARBAGE,      /* executed; random bytes and 9000 instead of the answer */
    SIM_CARD_FAULT_CUT,          /* executed; the answer is a single byte */
    SIM_CARD_FAULT_STATUS,       /* not executed; the answer is the status word sw */
    SIM_CARD_FAULT_TORN_BEFORE,  /* power lost just before a lasting change is complete */
    SIM_CARD_FAULT_TORN_AFTER,   /* power lost just after it, before anything else happens */
    SIM_CARD_FAULT_UNWRITABLE    /* a lasting change fails: 6F00, state as before */
} SimCardFaultKind;

typedef struct SimCardFault {
    SimCardFaultKind kind;
    unsigned after; /* 1: the next exchange (TORN, UNWRITABLE: the next lasting change), 2: the one
                       then */
    unsigned times; /* how often it happens from then on, at least 1 */
    uint16_t sw;    /* STATUS only */
} SimCardFault;

/* Adds a fault; several may wait, each counts for itself. */
void sim_card_add_fault(SimCard *card, const SimCardFault *fault);
void sim_card_clear_faults(SimCard *card);
/* Faults that have not happened as often as asked yet. */
unsigned sim_card_faults_left(SimCard *card);

/* Exchanges and lasting changes so far: what the numbers of the faults count. */
unsigned sim_card_get_exchanges(SimCard *card);
unsigned sim_card_get_changes(SimCard *card);

typedef enum {
    /* value: further marks of the probe that are missing, bit n - 1 for mark n */
    SIM_CARD_LACKS,
    SIM_CARD_FULL,        /* value: bytes of memory left */
    SIM_CARD_OTHER_KEYS,  /* the card manager has keys that nobody knows */
    SIM_CARD_LOCKED_KEYS, /* its key sets are locked */
    SIM_CARD_VERSION,     /* value: version of the applet that is there, a byte for each number */
    SIM_CARD_NO_MANAGER,  /* the card manager answers nonsense */
    SIM_CARD_FOREIGN,     /* a card of another world: neither applet nor card manager */
    SIM_CARD_T0,          /* it speaks T=0 and nothing else, from its next start on */
    SIM_CARD_ODD_ATR      /* the check byte of its answer to reset is wrong */
} SimCardTrait;

/* Gives the card such a trait, until cleared (or, VERSION, until another applet is there). */
void sim_card_set_trait(SimCard *card, SimCardTrait trait, uint32_t value);
void sim_card_clear_traits(SimCard *card);

/* Those that are in force, and the kinds of faults still to come: bits 1 << SimCardTrait, 1 <<
 * SimCardFaultKind. */
uint32_t sim_card_get_traits(SimCard *card);
uint32_t sim_card_get_waiting(SimCard *card);

typedef enum {
    SIM_CARD_GENUINE,
    SIM_CARD_FORGED_KEY,         /* right certificate, signs with another key */
    SIM_CARD_FORGED_CERTIFICATE, /* certificate and key of another zone that bears the same id */
    SIM_CARD_FORGED_ID /* certificate of another card: its id is not the one in the status */
} SimCardForgery;

/*
 * Makes an enrolled EP11 card one that is not genuine, or genuine again; as long as the program
 * runs. False: the card is not enrolled, or OpenSSL failed.
 */
bool sim_card_set_forgery(SimCard *card, SimCardForgery forgery);

SimCardForgery sim_card_get_forgery(SimCard *card);

/* False while it is one that is not. */
bool sim_card_is_genuine(SimCard *card);

/* The card shows the certificate of another enrolled card, which it cannot prove to be. */
bool sim_card_show_certificate_of(SimCard *card, SimCard *other);

/* Uses up the tries of a PIN (reference 81 or 82) as wrong entries would. False if it is not set.
 */
bool sim_card_block_pin(SimCard *card, uint8_t reference);

/* Random key parts in all free places of a personalised EP11 card. False: it is none. Lasting. */
bool sim_card_fill_up(SimCard *card);

/* --- for tests, which know the cards -----------------------------------------------------------
 */

/*
 * The value the card draws next under that name ("zone-key", "identity-key", "signature-key",
 * "ephemeral-key", "nonce", "challenge", "iv", "ukm", "part") instead of a random one. Values of
 * one name are used in the order given. False: name or length unknown.
 */
bool sim_card_inject(SimCard *card, const char *what, const uint8_t *bytes, size_t len);
unsigned sim_card_injected_left(SimCard *card);

/* Gives places from 1 on these n parts (32 bytes each), origin 00, no description, without log
 * entries. */
bool sim_card_fill(SimCard *card, const uint8_t *parts, size_t n, GError **error);

/* Sets the usage counter, as if that much had been done (the head stays). */
void sim_card_set_usage_counter(SimCard *card, uint32_t counter);

/* A signature that a card made: under which point, of which bytes (label included). */
typedef struct SimCardSignature {
    uint8_t point[133];
    GByteArray *message;
    uint8_t bytes[145];
    size_t len;
} SimCardSignature;

/* Keeps the signatures that the card makes from now on; take hands them out (SimCardSignature). */
void sim_card_record_signatures(SimCard *card);
GPtrArray *sim_card_take_signatures(SimCard *card);

typedef enum { SIM_CARD_KEY_ZONE, SIM_CARD_KEY_IDENTITY, SIM_CARD_KEY_SIGNATURE } SimCardKey;

/* Secrets of the card; NULL without error if it has no such. The caller frees. */
TkeSecret *sim_card_reveal_part(SimCard *card, unsigned place, GError **error);
TkeSecret *sim_card_reveal_scalar(SimCard *card, SimCardKey key, GError **error);
TkeSecret *sim_card_reveal_pin(SimCard *card, uint8_t reference, GError **error); /* six digits */
