/*
 * The patterns that units have signed for after a load. Not installed.
 */
#pragma once

#include <stdbool.h>

#include "libceremony/op-mk-found.h"
#include "libceremony/op-mk-load.h"

/* What the units of the result have signed for as the key of their new registers: no other key is
 * cleared. */
void tke_op_mk_check_note_seen(TkeMkFound *found, const TkeMkLoadResult *result);

/*
 * Of the parts as the cards showed them; of the key equal in all units, and not the current one of
 * all. Where it is not so the operator may clear the new registers; the current one is kept only
 * by an operator who says so. result gets the pattern; its units become those of the clearing.
 */
bool tke_op_mk_check_patterns(TkeOperation *op, TkeUnitDirectory *directory, TkeMkFound *found,
                              TkeMkLoadResult *result, GError **error);

/* Of a key that all new registers hold already and that is to be kept: is it the current one?
 * result has its pattern. */
bool tke_op_mk_check_kept(TkeOperation *op, TkeUnitDirectory *directory, TkeMkFound *found,
                          TkeMkLoadResult *result, GError **error);
