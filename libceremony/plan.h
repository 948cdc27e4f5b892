/*
 * Checks the wanted change against the queried state before anything is asked or sent.
 *
 * states: TkeUnitState each. Every failure is TKE_CEREMONY_ERROR_PRECONDITION (or the unit's own error)
 * and names the units; nothing was changed.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/public.h"
#include "libceremony/operation.h"
#include "libceremony/unit-directory.h"
#include "libep11admin/unit-query.h"

/*
 * Queries the units, and insists that all could be read and verified; shows their warnings, and what steps
 * before have left unfinished.
 */
TKE_PUBLIC GPtrArray *tke_plan_query(TkeOperation *op, TkeUnitDirectory *directory,
                                     GPtrArray *units, TkeUnitQueryFlags flags, GError **error);

TKE_PUBLIC bool tke_plan_need_secured(GPtrArray *states, GError **error); /* none in imprint mode */
TKE_PUBLIC bool tke_plan_need_new_register(GPtrArray *states, TkeRegisterState wanted,
                                           GError **error);

/* All new registers hold one pattern, which is returned. */
TKE_PUBLIC bool tke_plan_need_one_new_pattern(GPtrArray *states, uint8_t vp[static 32],
                                              GError **error);

/* Names of units, "crypto unit 1, crypto unit 2", for which the test holds; NULL: none. Caller frees. */
typedef bool (*TkePlanTest)(const TkeUnitState *state, const void *data);
TKE_PUBLIC char *tke_plan_names(GPtrArray *states, TkePlanTest test, const void *data);

/* All units (TkeUnit) belong to one instance (E-S07); nothing was done otherwise. */
TKE_PUBLIC bool tke_plan_need_one_instance(GPtrArray *units, GError **error);

/* First eight characters of the instance's UUID: what P-9 wants typed. The caller frees. */
TKE_PUBLIC char *tke_plan_confirm_word(GPtrArray *units);
