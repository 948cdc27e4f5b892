/*
 * A source of cards around another one that spoils single exchanges, for step fault tests:
 * exchanges with cards and PIN entries of all readers are numbered in the order in which they come.
 */
#pragma once

#include <gio/gio.h>

#include "libsmartcard/card-transport.h"

typedef enum {
    TEST_CARD_FAULT_PULL_BEFORE, /* the card is taken out, nothing was executed */
    TEST_CARD_FAULT_PULL_AFTER,  /* executed; the card is taken out before its answer arrives */
    TEST_CARD_FAULT_SILENT,      /* not executed, no answer in time */
    TEST_CARD_FAULT_GARBAGE,     /* executed; bytes that mean nothing, and 9000 */
    TEST_CARD_FAULT_STATUS,      /* not executed; status word 6F00 */
    TEST_CARD_FAULT_CANCEL,      /* the operation is cancelled when the command is sent; executed */
    TEST_CARD_FAULT_RESET,       /* not executed; another program has reset the card meanwhile */
} TestCardFault;

#define TEST_CARD_FAULTS 6 /* that every operation is tried with: all but the last */

/* "pulled before", …: for messages of tests. */
const char *test_card_fault_name(TestCardFault fault);

/* Takes the card out of the reader of that name. */
typedef void (*TestCardPull)(void *data, const char *reader_name);

/* Takes the source around which it is. */
TkeCardSource *test_fault_card_source_new(TkeCardSource *inner, TestCardPull pull, void *data);

/* Spoils exchange number n, from 1, counted from now. cancellable (borrowed) for CANCEL only. */
void test_fault_card_source_set(TkeCardSource *source, unsigned n, TestCardFault fault,
                                GCancellable *cancellable);

/* Ends the fault; numbers start anew. */
void test_fault_card_source_clear(TkeCardSource *source);

/*
 * Readers that do not do what they are told, until the end of the test. A filter lets commands to
 * PINs through from the keypad only: sw is what it answers to the others in the card's place; 0:
 * there is none.
 */
void test_fault_card_source_set_filter(TkeCardSource *source, uint16_t sw);

/* Resetting the card fails. */
void test_fault_card_source_refuse_resets(TkeCardSource *source);

/* The next entry is done, and the keypad says this of it, a status word in hex. "0000": it says
 * that it failed. */
void test_fault_card_source_set_lie(TkeCardSource *source, const char *sw);

/* Called at each wait, with how long it is to last at most; data: as for pull. */
typedef void (*TestCardWait)(void *data, int timeout_ms);

void test_fault_card_source_set_wait(TkeCardSource *source, TestCardWait wait);

/* Exchanges since the last clear; whether the fault has struck. */
unsigned test_fault_card_source_get_exchanges(const TkeCardSource *source);
bool test_fault_card_source_has_struck(const TkeCardSource *source);
