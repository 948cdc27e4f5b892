/*
 * The file of a virtual card: its whole lasting state as JSON, replaced atomically.
 */
#pragma once

#include "simulator/sim-card-state.h"

/* Writes the file; on failure the old one is as it was. */
bool sim_card_store_save(const char *path, const char *name, const SimCardState *state,
                         GError **error);

/* Reads it. Whatever does not make sense is TKE_ERROR_INVALID_DATA. name is owned by the caller. */
bool sim_card_store_read(const char *path, char **name, SimCardState *state, GError **error);
