/*
 * SimReader: a virtual card reader with a PIN pad.
 *
 * One side is a program: it connects, exchanges APDUs and lets the pad ask for PINs (PC/SC part
 * 10). The other side is a person: puts cards in, pulls them out, looks what the pad asks for and
 * types. All functions may be called from any thread at any time. An exchange or a PIN entry blocks
 * the program's thread and other uses of this reader by a program, never a person's calls and never
 * another reader. Errors are SIM_READER_ERROR and name the reader.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/secret.h"
#include "simulator/sim-card.h"

#define SIM_READER_ERROR (sim_reader_error_quark())

typedef enum {
    SIM_READER_ERROR_NO_CARD, /* nothing is in the reader */
    SIM_READER_ERROR_REMOVED, /* the card of this connection was pulled out (perhaps put in again)
                               */
    SIM_READER_ERROR_IN_USE,  /* another program holds the reader */
    SIM_READER_ERROR_SILENT,  /* the card does not answer */
    SIM_READER_ERROR_UNSUPPORTED, /* control code or APDU form unknown to the reader */
    SIM_READER_ERROR_OCCUPIED,    /* a card is in there, or the card is in a reader already */
    SIM_READER_ERROR_NOT_ASKING,  /* the pad did not ask for a PIN in time */
    SIM_READER_ERROR_TOO_SMALL,   /* the answer does not fit the caller's buffer */
    SIM_READER_ERROR_FAILED       /* the entry was refused or broken off; the card is still there */
} SimReaderError;

GQuark sim_reader_error_quark(void);

/* Features of PC/SC part 10 that the reader offers; its control codes are for the feature list. */
#define SIM_READER_FEATURE_VERIFY_PIN_DIRECT 0x06u
#define SIM_READER_FEATURE_MODIFY_PIN_DIRECT 0x07u
#define SIM_READER_FEATURE_IFD_PIN_PROPERTIES 0x0Au
#define SIM_READER_FEATURE_TLV_PROPERTIES 0x12u

typedef struct SimReaderOptions {
    const char *name;   /* unique in the world */
    const char *model;  /* what people call it */
    const char *serial; /* "" if none */
    const char *port;   /* "" if none */
    const char *keypad; /* word of a row of sim-pad-model.inc; NULL: "standard" */
    bool no_pad;        /* a reader without keys: no PIN features (as keypad "none") */
    bool short_only;    /* refuses extended APDUs */
    unsigned second_ms; /* length of a second of the pad's clock; 0: 1000 (tests use less) */
} SimReaderOptions;

typedef struct SimReader SimReader;

/* Copies the options. The caller frees; by then no thread uses it. */
SimReader *sim_reader_new(const SimReaderOptions *options);
void sim_reader_free(SimReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimReader, sim_reader_free)

const SimReaderOptions *sim_reader_get_options(const SimReader *reader);

/* Another length of a second of the pad's clock, from the next entry on; for tests. */
void sim_reader_set_second(SimReader *reader, unsigned second_ms);

/* Called after each change of card, pad or connection, and after each call of a program, by the
 * thread that caused it, with nothing locked. */
typedef void (*SimReaderObserver)(SimReader *reader, void *data);
void sim_reader_set_observer(SimReader *reader, SimReaderObserver observer, void *data);

/* --- the program's side ------------------------------------------------------------------------
 */

/*
 * Exclusive connection to the card that is in the reader; powers it up unless it has power. Returns
 * the number of the connection, 0 on failure.
 */
uint32_t sim_reader_connect(SimReader *reader, uint8_t atr[static SIM_CARD_ATR_MAX],
                            size_t *atr_len, GError **error);

/* The same with a cold reset: a card that has power loses it first. */
uint32_t sim_reader_power_on(SimReader *reader, uint8_t atr[static SIM_CARD_ATR_MAX],
                             size_t *atr_len, GError **error);

/* Takes the power from the card and ends the connection; an old number is ignored. */
void sim_reader_power_off(SimReader *reader, uint32_t connection);

/* Ends a connection (an old number is ignored) and a PIN entry it waits for. The card keeps its
 * power. */
void sim_reader_disconnect(SimReader *reader, uint32_t connection);

/* One APDU; takes the time that the card's profile says. size is the room in response. */
bool sim_reader_exchange(SimReader *reader, uint32_t connection, const uint8_t *command, size_t len,
                         uint8_t *response, size_t size, size_t *response_len, GError **error);

/*
 * SCardControl: the feature list (TKE_CARD_CONTROL_GET_FEATURES), properties, PIN entry. connection
 * may be 0 for what needs no card. A PIN entry answers with a status word: 6400 timeout, 6401
 * cancelled, 6402 the two new PINs differ, 6403 too few or too many digits, 6B80 the structure is
 * wrong, else the card's.
 */
bool sim_reader_control(SimReader *reader, uint32_t connection, uint32_t code, const uint8_t *in,
                        size_t in_len, uint8_t *out, size_t size, size_t *out_len, GError **error);

/*
 * The same without a connection and whether a card is in or not: what the reader tells about
 * itself. A PIN entry is UNSUPPORTED; a reader that a program is connected to, or that is held,
 * IN_USE.
 */
bool sim_reader_control_direct(SimReader *reader, uint32_t code, const uint8_t *in, size_t in_len,
                               uint8_t *out, size_t size, size_t *out_len, GError **error);

/* Resets the card. */
bool sim_reader_reset(SimReader *reader, uint32_t connection, uint8_t atr[static SIM_CARD_ATR_MAX],
                      size_t *atr_len, GError **error);

/* --- the person's side -------------------------------------------------------------------------
 */

typedef enum { SIM_PAD_CURRENT, SIM_PAD_NEW, SIM_PAD_AGAIN } SimPadEntry;

/* What the pad asks for now. */
typedef struct SimPadAsk {
    bool asking;
    bool modify;      /* PIN change or setting; else verification */
    SimPadEntry what; /* the PIN in force, a new one, the new one again */
    unsigned entry;   /* 1, 2, 3 of */
    unsigned entries; /* this many in all */
    unsigned min_digits;
    unsigned max_digits;
    unsigned digits;  /* typed so far in this entry */
    unsigned left_ms; /* until the pad gives up */
    unsigned all_ms;  /* from the beginning until then */
    uint32_t number;  /* counts the entries of this reader, never 0 */
} SimPadAsk;

typedef struct SimReaderState {
    bool card_present;
    char *card_name; /* NULL without card */
    bool connected;  /* a program holds it */
    bool held;       /* so does one outside */
    uint32_t events; /* insertions and removals so far */
    gint64 moved_us; /* when the last of them was, monotonic; 0: none yet */
    uint32_t faults; /* bits: 1 << SimReaderFault */
    SimPadAsk pad;
} SimReaderState;

void sim_reader_get_state(SimReader *reader, SimReaderState *state);
void sim_reader_state_clear(SimReaderState *state);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SimReaderState, sim_reader_state_clear)

/* The reader borrows the card until it is taken out (or the reader freed: before the card is). */
bool sim_reader_insert(SimReader *reader, SimCard *card, GError **error);

/* Pulls the card, also in the middle of something; returns it, or NULL if none was in. */
SimCard *sim_reader_remove(SimReader *reader);

/*
 * The reader has no power for a moment, also in the middle of something, as when it or its service
 * goes away; the card stays in it.
 */
void sim_reader_cut_power(SimReader *reader);

/* What a reader can do wrong, or tell wrongly, until it is honest again. */
typedef enum {
#define FAULT(word, name) SIM_READER_FAULT_##name,
#include "simulator/sim-reader-fault.inc"
#undef FAULT
    SIM_READER_FAULTS
} SimReaderFault;

const char *sim_reader_fault_word(SimReaderFault fault);

/* By its word; false: there is no such fault. */
bool sim_reader_find_fault(const char *word, SimReaderFault *fault);

/* sw: what the pad answers to the next entry (PAD_STATUS), else unused. */
void sim_reader_add_fault(SimReader *reader, SimReaderFault fault, uint16_t sw);
void sim_reader_end_fault(SimReader *reader, SimReaderFault fault);
void sim_reader_clear_faults(SimReader *reader);

/* A program outside (virtual as well) holds the reader: connections fail with IN_USE. */
void sim_reader_set_held(SimReader *reader, bool held);

/*
 * Waits until the pad asks for an entry with another number than after (0: any), at most timeout_ms
 * (-1: for ever). False on timeout.
 */
bool sim_reader_wait_pad(SimReader *reader, uint32_t after, int timeout_ms, SimPadAsk *ask);

#define SIM_KEY_ENTER 'E'
#define SIM_KEY_CANCEL 'C'
#define SIM_KEY_CLEAR 'X' /* takes back what was typed in this entry */

/* Presses one key: '0'..'9' or one of the above. False: the pad does not ask for anything. */
bool sim_reader_press(SimReader *reader, char key);

/*
 * Waits at most timeout_ms until the pad asks, then types: pin the digits and ENTER (one entry),
 * keys each key as it stands, cancel the key CANCEL. NOT_ASKING if the pad does not ask in time.
 */
bool sim_reader_pin(SimReader *reader, const TkeSecret *digits, int timeout_ms, GError **error);
bool sim_reader_keys(SimReader *reader, const TkeSecret *keys, int timeout_ms, GError **error);
bool sim_reader_cancel(SimReader *reader, int timeout_ms, GError **error);
