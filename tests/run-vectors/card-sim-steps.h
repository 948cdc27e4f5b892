/*
 * What a step of card files 04 and 05 says twice: the command as a whole and as APDUs, the
 * signatures in the answer and in a list of their own.
 */
#pragma once

#include "simulator/sim-card.h"
#include "tests/run-vectors/vectors.h"

/* The command put together from the APDUs of a step is that of "header" and "data_hex". */
void card_sim_steps_check_command(Vector *vector, unsigned number, JsonObject *step);

/*
 * The list is that of the signatures that the card just made (SimCardSignature): as many, each by
 * the key it names, under its point and over its message, and each of the case's verifies.
 */
void card_sim_steps_check_signatures(Vector *vector, unsigned number, JsonObject *step,
                                     SimCard *card, const GPtrArray *made);
