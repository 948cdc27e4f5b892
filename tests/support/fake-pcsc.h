/*
 * A smart card service in the process of the test, behind the table of functions of
 * pcsc-transport-private.h: readers, cards, states and counters as pcscd 1.9.9 has them, any code
 * at any call, calls that do not come back, an end and a new start of the service. One for each
 * process.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsmartcard/pcsc-transport-private.h"

#define FAKE_PCSC_READERS 8u

typedef enum {
    FAKE_PCSC_ESTABLISH,
    FAKE_PCSC_RELEASE,
    FAKE_PCSC_LIST,
    FAKE_PCSC_CHANGE,
    FAKE_PCSC_CANCEL,
    FAKE_PCSC_CONNECT,
    FAKE_PCSC_RECONNECT,
    FAKE_PCSC_DISCONNECT,
    FAKE_PCSC_BEGIN,
    FAKE_PCSC_END,
    FAKE_PCSC_STATUS,
    FAKE_PCSC_TRANSMIT,
    FAKE_PCSC_CONTROL,
    FAKE_PCSC_ATTRIBUTE,
    FAKE_PCSC_FUNCTIONS,
} FakePcscFunction;

/* A reader and the card in it; a test fills in what it wants after fake_pcsc_add. */
typedef struct FakePcscReader {
    char name[128];
    bool plugged;
    bool present;
    bool mute;
    bool unavailable;
    uint16_t counter;
    uint8_t atr[64];
    size_t atr_len;
    DWORD protocol;          /* that an own connection gets */
    bool held;               /* another program has it exclusively */
    bool shared;             /* another program has a connection */
    const char *vendor;      /* NULL: attribute not known */
    const char *serial;      /* the same */
    const char *usb_path;    /* control code 3601; NULL: not known */
    uint32_t channel;        /* 0: not known */
    uint32_t max_input;      /* 0: not known */
    const char *features;    /* hex, answer to the feature list; NULL: not known */
    const char *properties;  /* hex, answer to the control code of the TLV properties */
    const char *structure;   /* hex, answer to the control code of the older properties */
    const char *answer;      /* hex, to every command */
    const char *answer_once; /* hex, to the next command only */
    const char *answers; /* hex, divided by blanks: one to each of the next commands; "-": none */
} FakePcscReader;

extern const TkePcscApi fake_pcsc_api;

/* A new service without readers, nothing scripted. */
void fake_pcsc_reset(void);

/* The reader is there; stays valid until the next reset. */
FakePcscReader *fake_pcsc_add(const char *name);

/* A feature list (hex) of so many bytes, at least 16, with both PIN features at its end; the
 * caller frees. */
char *fake_pcsc_dup_features(size_t len);

/* What hands do; waiting calls notice. */
void fake_pcsc_insert(FakePcscReader *reader);
void fake_pcsc_remove(FakePcscReader *reader);
void fake_pcsc_out_and_in(FakePcscReader *reader); /* before anybody can look */
void fake_pcsc_set_plugged(FakePcscReader *reader, bool plugged);
void fake_pcsc_set_held(FakePcscReader *reader, bool held); /* by another program, exclusively */
void fake_pcsc_card_reset(FakePcscReader *reader);          /* by another program */

/* The service ends (every handle and context of now is dead), and starts anew. */
void fake_pcsc_kill(void);
void fake_pcsc_start(void);

/* The calls number skip + 1 to skip + times from now return code; times 0: no more. */
void fake_pcsc_fail(FakePcscFunction function, unsigned skip, unsigned times, LONG code);

/* Calls of the function do not come back until this is ended. */
void fake_pcsc_block(FakePcscFunction function, bool blocked);

/* Lengths that lie: what transmit, status (ATR), attributes and control say they have written. */
void fake_pcsc_lie(FakePcscFunction function, DWORD len);

unsigned fake_pcsc_count(FakePcscFunction function);
unsigned fake_pcsc_contexts(void); /* now open */
unsigned fake_pcsc_handles(void);

/* The last command sent, as hex; the caller frees. The share mode, disposition last used. */
char *fake_pcsc_dup_last_command(void);
DWORD fake_pcsc_last_share_mode(void);
DWORD fake_pcsc_last_disposition(void);
