/*
 * What a load finds in new registers that are not empty: the rest of an earlier load, or another key. Not
 * installed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/digest.h"
#include "libceremony/operation.h"
#include "libceremony/unit-directory.h"
#include "libceremony/unit-step.h"

typedef struct TkeMkFound {
    GPtrArray *states; /* TkeUnitState of the units that are to be loaded, borrowed; none: nothing is to do */
    char **patterns;   /* of the key parts of the load that is continued, hex texts; NULL: any parts */
    bool has_vp;       /* the other units hold the key with this pattern already */
    uint8_t vp[TKE_VP_LEN];
    GPtrArray *read; /* owner of the states */
} TkeMkFound;

void tke_mk_found_clear(TkeMkFound *found);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TkeMkFound, tke_mk_found_clear)

/*
 * Reads the units and, where new registers are not empty, lets the operator choose: load the rest, keep what is
 * there, clear it first, or leave. False: left, or it could not be cleared (results tells where).
 */
bool tke_mk_found_query(TkeOperation *op, TkeUnitDirectory *directory, GPtrArray *units,
                        TkeMkFound *found, TkeUnitResults *results, GError **error);

/* Empties new registers; one signature. */
TkeUnitStep tke_mk_found_clear_step(void);
