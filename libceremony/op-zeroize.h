/*
 * Zeroize crypto units (functions 3.7; F-086).
 */
#pragma once

#include <stdbool.h>

#include "common/public.h"
#include "libceremony/operation.h"
#include "libceremony/unit-directory.h"
#include "libceremony/unit-step.h"

/* No signature in imprint mode, else one or as many as the unit wants. Has to be typed. */
TKE_PUBLIC bool tke_op_zeroize(TkeOperation *op, TkeUnitDirectory *directory,
                               TkeUnitResults *results, GError **error);
