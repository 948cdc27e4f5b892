/*
 * Administrators of crypto units: add and remove (functions 3.5; F-071, F-072).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/public.h"
#include "libceremony/operation.h"
#include "libceremony/unit-directory.h"
#include "libceremony/unit-step.h"

typedef struct TkeAdminResult {
    char name[31];
    uint8_t ski[32];
    TkeUnitResults *units; /* where something was done; NULL before */
    unsigned already;      /* units in which there was nothing to do */
} TkeAdminResult;

TKE_PUBLIC void tke_admin_result_clear(TkeAdminResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TkeAdminResult, tke_admin_result_clear)

/*
 * The new administrator's card in reader 1 and its PIN: the card signs its certificate. Then,
 * outside imprint mode, the signers. Units where key and name are there already count as done.
 */
TKE_PUBLIC bool tke_op_admin_add(TkeOperation *op, TkeUnitDirectory *directory,
                                 TkeAdminResult *result, GError **error);

typedef struct TkeAdminRemoveParams {
    const char *ski; /* first digits of the identifier, at least 8; NULL: the operator chooses */
} TkeAdminRemoveParams;

/* Signatures of the revocation threshold. Units that do not know the administrator are skipped. */
TKE_PUBLIC bool tke_op_admin_remove(TkeOperation *op, TkeUnitDirectory *directory,
                                    const TkeAdminRemoveParams *params, TkeAdminResult *result,
                                    GError **error);
