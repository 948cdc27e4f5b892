/*
 * What a load finds in new registers that are not empty: the rest of an earlier load, or another
 * key. Not installed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/digest.h"
#include "libceremony/operation.h"
#include "libceremony/journal.h"
#include "libceremony/unit-directory.h"
#include "libceremony/unit-step.h"

typedef struct TkeMkFound {
    /* TkeUnitState of the units that are to be loaded, borrowed; none: nothing is to do */
    GPtrArray *states;
    /* of the key parts of the load that is continued, hex texts; NULL: any parts */
    char **patterns;
    bool has_vp; /* the other units hold the key with this pattern already */
    uint8_t vp[TKE_VP_LEN];
    GPtrArray *read; /* owner of the states */
    /* the load that was interrupted, with what the units show of it now; NULL: none */
    TkeJournalEntry *entry;
    /* patterns of new registers (GBytes) by their unit's identifier: no other key is cleared */
    GHashTable *seen;
} TkeMkFound;

/* The key parts that the command names (TkeMkLoadParams). */
typedef struct TkeMkNamed {
    const char *const *parts;
    unsigned n;
} TkeMkNamed;

void tke_mk_found_clear(TkeMkFound *found);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TkeMkFound, tke_mk_found_clear)

/*
 * Reads the units and, where new registers are not empty, lets the operator choose: load the rest,
 * keep what is there, clear it first, or leave. False: left, or it could not be cleared (results
 * tells where).
 */
bool tke_mk_found_query(TkeOperation *op, TkeUnitDirectory *directory, GPtrArray *units,
                        const TkeMkNamed *named, TkeMkFound *found, TkeUnitResults *results,
                        GError **error);

/* All hold one key, and it is taken for that of the interrupted load: notes that, with the signed
 * patterns. */
bool tke_mk_found_note_kept(const TkeMkFound *found, TkeUnitDirectory *directory, GError **error);

/* The new register of the unit holds this key: it may be cleared. */
void tke_mk_found_saw(TkeMkFound *found, const TkeUnit *unit, const uint8_t vp[static TKE_VP_LEN]);

/* The new register of the unit is empty, or holds the key that was seen there; data: TkeMkFound. */
bool tke_mk_found_check_seen(const TkeUnitState *state, void *data, GError **error);

/* Empties new registers that hold what was seen there; one signature. */
TkeUnitStep tke_mk_found_clear_step(TkeMkFound *found);
