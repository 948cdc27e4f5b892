/*
 * Checks the wanted change against the queried state before anything is asked or sent.
 *
 * states: TkeUnitState each. Every failure is TKE_CEREMONY_ERROR_PRECONDITION (or the unit's own
 * error) and names the units; nothing was changed.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/public.h"
#include "libceremony/operation.h"
#include "libceremony/unit-directory.h"
#include "libep11admin/admin-command.h"
#include "libep11admin/unit-query.h"

/*
 * Queries the units, and insists that all could be read and verified; shows their warnings, and
 * what steps before have left unfinished. Where an answer to a command was forged before, asks
 * whether to go on.
 */
TKE_PUBLIC GPtrArray *tke_plan_query(TkeOperation *op, TkeUnitDirectory *directory,
                                     GPtrArray *units, TkeUnitQueryFlags flags, GError **error);

TKE_PUBLIC bool tke_plan_need_secured(GPtrArray *states, GError **error); /* none in imprint mode */
TKE_PUBLIC bool tke_plan_need_new_register(GPtrArray *states, TkeRegisterState wanted,
                                           GError **error);

/* All new registers hold one pattern, which is returned. */
TKE_PUBLIC bool tke_plan_need_one_new_pattern(GPtrArray *states, uint8_t vp[static 32],
                                              GError **error);

/* Names of units, "crypto unit 1, crypto unit 2", for which the test holds; NULL: none. Caller
 * frees. */
typedef bool (*TkePlanTest)(const TkeUnitState *state, const void *data);
TKE_PUBLIC char *tke_plan_names(GPtrArray *states, TkePlanTest test, const void *data);

/*
 * A step that may go on with an unfinished one of the same values (NULL: it has none): the states
 * of the units in which that has not been done yet, which is noted; all of them where there is no
 * such step, or where it was done in all of these. The caller frees the array; the states are
 * borrowed.
 */
TKE_PUBLIC GPtrArray *tke_plan_dup_left(TkeOperation *op, TkeUnitDirectory *directory,
                                        GPtrArray *states, const char *action, JsonObject *values);

/* Notes that a step has been done in so many units before; 0: nothing. */
TKE_PUBLIC void tke_plan_note_left(TkeOperation *op, unsigned n_done);

/* The units (TkeUnit references) of the states. The caller frees. */
TKE_PUBLIC GPtrArray *tke_plan_dup_units(GPtrArray *states);

/* What was agreed to rests on these: they must not have changed when something is signed for again
 * (163). */
typedef enum {
    TKE_PLAN_SAME_THRESHOLDS = 1, /* and that it was not zeroized */
    TKE_PLAN_SAME_ADMINS = 2,
    /* patterns of the registers, signed; one that was cleared has changed too */
    TKE_PLAN_SAME_NEW = 4,
    TKE_PLAN_SAME_CURRENT = 8,
} TkePlanSame;

/* The unit is as it was when the plan was made. states: as the operator has agreed to. */
TKE_PUBLIC bool tke_plan_check_same(GPtrArray *states, const TkeUnitState *now, TkePlanSame same,
                                    GError **error);

/*
 * How many administrators have to sign the command in the units of these states, a line for a
 * plan: the most that one of them wants. new_threshold: as tke_admin_command_count_signatures has
 * it, else 0. The caller frees.
 */
TKE_PUBLIC char *tke_plan_signatures(GPtrArray *states, TkeAdminCommand command,
                                     unsigned new_threshold);

/* What a change leads to. */
typedef struct TkePlanAfter {
    unsigned signature; /* threshold; 0: as it is */
    unsigned revocation;
    const uint8_t *without; /* identifier of an administrator who is removed; NULL: nobody is */
} TkePlanAfter;

/*
 * Advice for a plan where all administrators will be needed to sign, or to remove one: there is no
 * reserve for a card that is lost. NULL: there is one. The caller frees.
 */
TKE_PUBLIC char *tke_plan_reserve_text(GPtrArray *states, const TkePlanAfter *after);

/* All units (TkeUnit) belong to one instance (E-S07); nothing was done otherwise. */
TKE_PUBLIC bool tke_plan_need_one_instance(GPtrArray *units, GError **error);

/* First eight characters of the instance's UUID: what P-9 wants typed. The caller frees. */
TKE_PUBLIC char *tke_plan_confirm_word(GPtrArray *units);
