/*
 * One PC/SC reader with a card in it, on the made-up service, for tests of connections.
 */
#pragma once

#include "libsmartcard/card-error.h"
#include "libsmartcard/card-transport.h"
#include "tests/support/fake-pcsc.h"

#define PCSC_PLACE_NAME "Identiv SPR332 v2 (55011932) 00 00"

typedef struct PcscPlace {
    TkeCardSource *source;
    FakePcscReader *reader;
} PcscPlace;

PcscPlace pcsc_place_make(unsigned answer_ms);

/* Nothing may be left in the service. */
void pcsc_place_end(PcscPlace *place);

TkeCardConnection *pcsc_place_try_connect(const PcscPlace *place, GError **error);
TkeCardConnection *pcsc_place_connect(const PcscPlace *place);

/* Sends a command in hex; the answer as hex, or NULL with the error. The caller frees. */
char *pcsc_place_exchange(TkeCardConnection *connection, const char *hex, GError **error);

void pcsc_place_check_exchange_fails(TkeCardConnection *connection, TkeCardError code);
