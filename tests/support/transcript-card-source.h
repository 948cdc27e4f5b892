/*
 * Readers whose cards play a transcript: each command must be the next of the list, to the byte,
 * and gets the answer that is written behind it.
 *
 * A PIN pad is part of every reader: a structure for PIN entry is taken apart (PC/SC part 10,
 * without the code under test), the digits of the next command of the transcript are put in, and
 * what comes out must be that command. The first difference is kept and fails every later exchange.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libsmartcard/card-error.h"
#include "libsmartcard/card-transport.h"

typedef struct TranscriptCard TranscriptCard;

/* One card with an empty transcript. The caller frees, after all connections to it. */
TranscriptCard *transcript_card_new(bool extended_length);
void transcript_card_free(TranscriptCard *card);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TranscriptCard, transcript_card_free)

/* Appends an exchange: command and response (status word included) as bytes or as hex text. */
void transcript_card_add(TranscriptCard *card, const uint8_t *command, size_t len,
                         const uint8_t *response, size_t response_len);
void transcript_card_expect(TranscriptCard *card, const char *command_hex,
                            const char *response_hex);

/* The next command is not answered: the exchange fails with this error. */
void transcript_card_expect_fault(TranscriptCard *card, const char *command_hex, TkeCardError code);

/* The PIN pad answers the next entry by itself (6401: cancelled); nothing reaches the card. */
void transcript_card_expect_pad(TranscriptCard *card, const char *response_hex);

/* What the reader says it can do; the default is verify and modify. NULL: the control fails. */
void transcript_card_set_features(TranscriptCard *card, const char *list_hex);

/* What it says of its keypad when asked with 42000DBE (TLV) and 42000DB6 (IFD_PIN_PROPERTIES),
 * which the features have to name. NULL: the control fails. */
void transcript_card_set_properties(TranscriptCard *card, const char *tlv_hex,
                                    const char *structure_hex);

/* A command may be coded as another form of the same (short for extended): SELECT, which comes
 * before the card has said what it takes, and what the pad sends. */
void transcript_card_set_any_form(TranscriptCard *card, bool any_form);

/* NULL if everything was sent as written and nothing is left; otherwise what is wrong. Borrowed. */
const char *transcript_card_get_problem(TranscriptCard *card);

/* How many exchanges have not been made yet. */
unsigned transcript_card_get_left(const TranscriptCard *card);

/* A connection to the card. */
TkeCardConnection *transcript_card_connect(TranscriptCard *card);

/* A source with one reader, "Reader 1", holding the card (NULL: empty). */
TkeCardSource *transcript_source_new(TranscriptCard *card);
