/*
 * After loading: commit, set immediate, clear (functions 3.8; F-092 to F-095).
 */
#pragma once

#include <stdbool.h>

#include "common/public.h"
#include "libceremony/operation.h"
#include "libceremony/unit-directory.h"
#include "libceremony/unit-step.h"

/*
 * All new registers "Full Uncommitted" with one pattern; signatures of the threshold. Units that
 * an earlier run has reached, and that hold the same key, are left as they are; results tells of
 * the others. Where the key is the current one already the plan says so; a note tells what is next.
 */
TKE_PUBLIC bool tke_op_mk_commit(TkeOperation *op, TkeUnitDirectory *directory,
                                 TkeUnitResults *results, GError **error);

/*
 * All new registers "Full Committed" with one pattern; one signature. Where a current register
 * holds another key, what is stored under it becomes unreadable: that has to be typed. Units that
 * an earlier run has reached are left as they are.
 */
TKE_PUBLIC bool tke_op_mk_set_immediate(TkeOperation *op, TkeUnitDirectory *directory,
                                        TkeUnitResults *results, GError **error);

/* One signature. Clearing the current register has to be typed. */
TKE_PUBLIC bool tke_op_mk_clear_new(TkeOperation *op, TkeUnitDirectory *directory,
                                    TkeUnitResults *results, GError **error);
TKE_PUBLIC bool tke_op_mk_clear_current(TkeOperation *op, TkeUnitDirectory *directory,
                                        TkeUnitResults *results, GError **error);
