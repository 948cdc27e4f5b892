/*
 * A tke-sim of the test's own, which answers as the test wants: whole frames or garbage. It serves
 * one reader pair of the world's directory from a thread of the test process.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "libsmartcard/sim-protocol.h"

typedef struct FakeSim FakeSim;

/*
 * Answers a request whose greeting is over: out is the whole frame to send, or nothing for no
 * answer; false closes the connection after it.
 */
typedef bool (*FakeSimAnswer)(uint8_t type, const uint8_t *body, size_t len, GByteArray *out,
                              void *data);

/* A card is in reader 1 unless card_in is false; what answer leaves to us (by returning it) is
 * decent. */
FakeSim *fake_sim_new(const char *directory, FakeSimAnswer answer, void *data);
void fake_sim_free(FakeSim *fake);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeSim, fake_sim_free)

/* Puts the card in or takes it out, as far as its clients see. */
void fake_sim_set_card(FakeSim *fake, bool in);

/* A frame of a type. */
void fake_sim_frame(GByteArray *out, uint8_t type, const uint8_t *body, size_t len);

/*
 * The decent answer: a greeting, one reader, a card of T=1 that echoes the data of its command
 * with 9000 (a command with an Le alone: so many bytes).
 */
bool fake_sim_decent(FakeSim *fake, uint8_t type, const uint8_t *body, size_t len, GByteArray *out);
