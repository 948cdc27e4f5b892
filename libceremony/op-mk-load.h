/*
 * Load the new master key register from part cards (functions 3.8, F-091).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/digest.h"
#include "common/public.h"
#include "libceremony/operation.h"
#include "libceremony/unit-directory.h"
#include "libceremony/unit-step.h"
#include "libsmartcard/ep11-card-keys.h"

#define TKE_MK_PARTS_MIN 2u
#define TKE_MK_PARTS_MAX 3u

typedef struct TkeMkLoadParams {
    unsigned n_parts; /* 2 or 3 */
    /*
     * For each part what names it: first digits of its pattern (at least 8; blanks are left out), or "any", the only
     * part of its card that is not used yet. NULL, or a NULL entry: the operator chooses from the
     * card's list.
     */
    const char *const *parts;
    TkeWrapForm form; /* TKE_WRAP_WITH_NULL unless a module wants the other */
} TkeMkLoadParams;

/* What became of it: public. */
typedef struct TkeMkLoadResult {
    unsigned n_parts;
    TkeKeyPart parts[TKE_MK_PARTS_MAX];
    uint8_t card_ids[TKE_MK_PARTS_MAX][8];
    uint8_t vp[TKE_VP_LEN]; /* of the new registers, equal in all units */
    TkeUnitResults *units;  /* of the last step begun; NULL before */
} TkeMkLoadResult;

TKE_PUBLIC void tke_mk_load_result_clear(TkeMkLoadResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TkeMkLoadResult, tke_mk_load_result_clear)

/*
 * The signer in reader 1, then each part's card once in reader 2, where the card encrypts the part
 * for every unit. New registers end "Full Uncommitted" with one pattern.
 */
TKE_PUBLIC bool tke_op_mk_load(TkeOperation *op, TkeUnitDirectory *directory,
                               const TkeMkLoadParams *params, TkeMkLoadResult *result,
                               GError **error);
