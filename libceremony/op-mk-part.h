/*
 * One key part's visit during a load: which part, and its encryption for every importer key.
 * Not installed.
 */
#pragma once

#include <stdbool.h>

#include "libceremony/op-mk-load.h"

/* Importer keys of the units, and the envelopes for them: one array of parts for each unit. */
typedef struct TkeMkPartTargets {
    GPtrArray *importers; /* TkeImporterKey, in the order of the units */
    GPtrArray *envelopes; /* GPtrArray of GByteArray for each unit */
    char **patterns;      /* the only parts that may be used, hex texts; NULL: all */
} TkeMkPartTargets;

/*
 * What names the parts, without blanks and in small letters; NULL where the operator chooses.
 * TKE_ERROR_USAGE where no card could ever do: no hex, too few or too many digits, or two names
 * that one part would have. The caller frees.
 */
GPtrArray *tke_op_mk_part_names(const TkeMkLoadParams *params, GError **error);

/*
 * Part number index of the load: card in reader 2, PIN, choice, confirmation of the pattern,
 * encryption. result holds the parts used before and gets this one.
 */
bool tke_op_mk_part_visit(TkeOperation *op, const TkeMkLoadParams *params, unsigned index,
                          const TkeMkPartTargets *targets, TkeMkLoadResult *result, GError **error);
