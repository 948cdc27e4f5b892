/*
 * A transport around another one that spoils single requests, for step fault tests: requests are
 * numbered for each unit (lane), so that the order within a round does not matter.
 */
#pragma once

#include "libep11admin/unit-transport.h"

typedef enum {
    TEST_UNIT_FAULT_CUT_BEFORE,   /* the connection ends, nothing was delivered */
    TEST_UNIT_FAULT_CUT_AFTER,    /* delivered; the answer is lost */
    TEST_UNIT_FAULT_SILENCE,      /* not delivered, no answer in time: looks like CUT_AFTER */
    TEST_UNIT_FAULT_STATUS,       /* not delivered; HTTP status */
    TEST_UNIT_FAULT_STATUS_AFTER, /* delivered; HTTP status in place of the answer */
    TEST_UNIT_FAULT_GARBAGE,      /* delivered; status 200 with an answer that is none */
    /* delivered; a digit in the signed part of the answer is changed */
    TEST_UNIT_FAULT_FLIP,
    TEST_UNIT_FAULT_CANCEL, /* the operation is cancelled when the request is to be sent */
    TEST_UNIT_FAULT_HOOK,   /* a function is called, then the request is sent as it is */
} TestUnitFault;

/* Takes the transport around which it is. */
TkeUnitTransport *test_fault_unit_transport_new(TkeUnitTransport *inner);

/*
 * Spoils request number n (from 1, counted from now) of the lane; NULL: of the service itself.
 * status only for TEST_UNIT_FAULT_STATUS and TEST_UNIT_FAULT_STATUS_AFTER.
 */
void test_fault_unit_transport_set(TkeUnitTransport *transport, const char *lane, unsigned n,
                                   TestUnitFault fault, unsigned status);

/*
 * Called when a fault of any kind strikes, before the request is sent; all that
 * TEST_UNIT_FAULT_HOOK does.
 */
typedef void (*TestUnitHook)(void *data, const char *lane, bool changes_state);
void test_fault_unit_transport_set_hook(TkeUnitTransport *transport, TestUnitHook hook, void *data);

/* Ends all faults; numbers start anew. */
void test_fault_unit_transport_clear(TkeUnitTransport *transport);

/* Requests of the lane since the last clear; how many faults have struck. */
unsigned test_fault_unit_transport_get_requests(TkeUnitTransport *transport, const char *lane);
unsigned test_fault_unit_transport_get_struck(TkeUnitTransport *transport);
