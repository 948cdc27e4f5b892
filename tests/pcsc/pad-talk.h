/*
 * PIN entries through pcscd in tests: the structures of PC/SC part 10, built here byte by byte,
 * and a hand at the pad. What fails, fails the test.
 */
#pragma once

#include "tests/pcsc/pcsc-talk.h"
#include "tests/support/private-pcscd.h"

#define PAD_VERIFY 0x06u
#define PAD_MODIFY 0x07u
#define PAD_PROPERTIES 0x0Au
#define PAD_TLV 0x12u

/* An entry that goes on in a thread of its own. */
typedef struct PadEntry {
    SCARDHANDLE card;
    DWORD code;
    GByteArray *structure;
    LONG result;
    uint8_t sw[64];
    DWORD len;
    GThread *thread;
} PadEntry;

/* Structures for a PIN of six digits with the reference 81. */
GByteArray *pad_verify(uint8_t timeout_s);
GByteArray *pad_set(uint8_t timeout_s);    /* a first PIN: typed twice */
GByteArray *pad_change(uint8_t timeout_s); /* the old one, then a new one twice */

/* Lets the pad ask, in a thread; takes the structure. */
void pad_start(PadEntry *entry, SCARDHANDLE card, uint8_t feature, GByteArray *structure);

/* Waits for its end: a code of PC/SC, and the status word in hex where it is success. */
void pad_expect(PadEntry *entry, LONG code, const char *sw);

/* Types on the pad of a reader, once it asks: digits and the enter key; "": the cancel key. */
void pad_type(PrivatePcscd *place, unsigned reader, const char *digits);
void pad_wait(PrivatePcscd *place, unsigned reader); /* until it asks */
