/*
 * A transport that knows its answers beforehand: each expected request is answered once, in any
 * order; anything else is TKE_UNIT_ERROR_NOT_FOUND's status 404.
 */
#pragma once

#include "libep11admin/unit-transport.h"

TkeUnitTransport *test_transcript_unit_transport_new(void);

/* body NULL: a GET. */
void test_transcript_unit_transport_add(TkeUnitTransport *transport, const char *path,
                                        const char *body, unsigned status, const char *answer);

/* How many of the answers were not asked for. */
unsigned test_transcript_unit_transport_get_left(TkeUnitTransport *transport);
