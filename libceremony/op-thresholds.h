/*
 * Signature thresholds; leaving imprint mode is exactly this step (functions 3.6; F-081).
 */
#pragma once

#include <stdbool.h>

#include "common/public.h"
#include "libceremony/operation.h"
#include "libceremony/unit-directory.h"
#include "libceremony/unit-step.h"

typedef struct TkeThresholdsParams {
    unsigned signature;  /* 1-8 */
    unsigned revocation; /* 1-8 */
} TkeThresholdsParams;

/* results gets one entry for each selected unit. */
TKE_PUBLIC bool tke_op_thresholds_set(TkeOperation *op, TkeUnitDirectory *directory,
                                      const TkeThresholdsParams *params, TkeUnitResults *results,
                                      GError **error);
