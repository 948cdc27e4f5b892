/*
 * Talking to virtual cards in tests: commands in hex, chaining and collecting done here, and
 * ready-made cards of a zone. Failures end the test.
 */
#pragma once

#include <glib.h>

#include "simulator/sim-card.h"

#define TALK_CA_PIN_1 "313233343536ffff"
#define TALK_CA_PIN_2 "363534333231ffff"
#define TALK_EP11_PIN "323436383032ffff"
#define TALK_OTHER_PIN "393735333130ffff"

/* One APDU in hex; the response in hex with its status word. The caller frees. */
char *talk_apdu(SimCard *card, const char *command);

/* One APDU that has to be answered with exactly this (hex, blanks allowed). */
void expect_answer(SimCard *card, const char *command, const char *response);

/*
 * A whole command: header and data in hex, chained and collected with short APDUs (extended: with
 * one of each). Checks the last status word and returns all data of the answer; the caller unrefs.
 */
GByteArray *talk(SimCard *card, const char *header, const char *data, unsigned want_sw);
GByteArray *talk_bytes(SimCard *card, const char *header, const GByteArray *data, unsigned want_sw);
GByteArray *talk_extended(SimCard *card, const char *header, const GByteArray *data,
                          unsigned want_sw);

/* The same where the answer does not matter. */
void talk_sw(SimCard *card, const char *header, const char *data, unsigned want_sw);

/* APDUs that talk, talk_bytes and talk_extended have sent so far. */
unsigned talk_count(void);

/* A card with its applet just installed, powered and selected; id is its last byte. */
SimCard *talk_new_card(SimCardKind kind, uint8_t id);

/* Power, or a reset. */
void talk_power(SimCard *card);

/* Power, SELECT; the PINs are not verified afterwards. */
void talk_select(SimCard *card);

/* A CA card with both PINs and a zone. */
SimCard *talk_new_zone(uint8_t id);

/* An EP11 card of the zone: enrolled; with its PIN set (and verified). */
SimCard *talk_new_enrolled(SimCard *ca, uint8_t id);
SimCard *talk_new_member(SimCard *ca, uint8_t id);

/* VERIFY with the usual PINs. */
void talk_verify(SimCard *card);

/* Opens a copy session between two members, PINs included. */
void talk_start_copy(SimCard *from, SimCard *to);
