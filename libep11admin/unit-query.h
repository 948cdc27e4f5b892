/*
 * Queries: the list of the units of an instance, and the whole state of any number of units in as
 * few rounds as can be (crypto-unit-protocol.md, 7.1, 7.2 and 5.5).
 *
 * One round lists the units. One round asks each unit for attributes, administrators and registers
 * and, unless its module is known, for certificate 0 and the number of certificates; a third for
 * the certificates of the administrators and the rest of the module's. Nothing is used before the
 * chain of the module and the signatures of the answers have been verified with its key.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/public.h"
#include "libep11admin/control-point.h"
#include "libep11admin/info-response.h"
#include "libep11admin/known-modules.h"
#include "libep11admin/module-roots.h"
#include "libep11admin/unit-transport.h"
#include "libep11admin/unit.h"

/*
 * The units of the instance, TkeUnit each, numbered from first (1, unless other instances come
 * before) in the service's order (operational, recovery, failover); the caller frees the array.
 * Errors are those of the service (TKE_UNIT_ERROR_UNAUTHORIZED, _HOST_UNKNOWN, …). Units that
 * cannot be used are among them, refused for good: those in places that cannot be, and those of
 * tke_unit_query_refuse_repeated.
 */
TKE_PUBLIC GPtrArray *tke_unit_query_list(TkeUnitTransport *transport, const char *instance,
                                          unsigned first, GCancellable *cancellable,
                                          GError **error);

/*
 * Refuses units (TkeUnit) for good that are listed with one identifier, or as one domain of one
 * module: they are the same unit, and what is done to one would pass for done to both.
 * TKE_UNIT_ERROR_IDENTITY. For the units of several instances; those of one list have been looked
 * at.
 */
TKE_PUBLIC void tke_unit_query_refuse_repeated(GPtrArray *units);

typedef enum {
    TKE_UNIT_QUERY_DEFAULT = 0,
    /*
     * Asks for the verification patterns of both registers in signed answers too (two requests more
     * for each unit, in the same round) and refuses the unit if the unsigned ones differ, or if a
     * register without a pattern is called full, or one with a pattern empty. For what rests on a
     * pattern: commit, set immediate, and whether a step on registers was done.
     */
    TKE_UNIT_QUERY_SIGNED_VPS = 1,
    /* Asks for the control points too: one request more for each unit, in the same round. */
    TKE_UNIT_QUERY_CONTROL_POINTS = 2,
    /*
     * Administrators by their identifiers only: one request less for each of them. The unit takes
     * no commands after that until it is queried with their keys.
     */
    TKE_UNIT_QUERY_NO_NAMES = 4,
} TkeUnitQueryFlags;

/* The state of one unit. */
typedef struct TkeUnitState {
    TkeUnit *unit;            /* a reference */
    GError *error;            /* why there is no state; nothing below is valid then */
    TkeUnitIdentity identity; /* of the unit at that moment; signed */
    TkeAttributes attributes; /* signed */
    bool imprint;             /* signature threshold 0 */
    GPtrArray *admins;        /* of TkeUnitAdmin, in the unit's order; signed */
    TkeDomainInfo registers;  /* not signed, but see vps_signed */
    /*
     * The patterns in registers were confirmed by signed answers, and so whether they are empty.
     * Whether a new register is committed no signed answer tells.
     */
    bool vps_signed;
    TkeControlPointSet control_points; /* signed; only if they were asked for */
    GPtrArray *warnings;               /* of char *, translated: what an operator should know */
} TkeUnitState;

/* Whether an administrator with this identifier is in it; also of a query without names. */
TKE_PUBLIC bool tke_unit_state_has_admin(const TkeUnitState *state,
                                         const uint8_t ski[static TKE_SKI_LEN]);

TKE_PUBLIC void tke_unit_state_free(TkeUnitState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeUnitState, tke_unit_state_free)

/*
 * Queries the units at once and returns one TkeUnitState for each, in the order of units; the
 * caller frees the array. A unit that cannot be read or does not verify is told in its state. NULL
 * only when nothing could be asked at all or when it was cancelled (G_IO_ERROR_CANCELLED).
 *
 * roots: whom chains must end at. known may be NULL; verified chains are added to it.
 */
TKE_PUBLIC GPtrArray *tke_unit_query_states(TkeUnitTransport *transport, TkeUnit *const *units,
                                            size_t n, const TkeModuleRoots *roots,
                                            TkeKnownModules *known, TkeUnitQueryFlags flags,
                                            GCancellable *cancellable, GError **error);
