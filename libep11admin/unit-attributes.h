/*
 * Setting the thresholds of a unit, which also sets its permissions and leaves imprint mode
 * (crypto-unit-protocol.md, 3.2.3 and 7.4 step 8).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/public.h"
#include "libep11admin/unit-command.h"

#define TKE_UNIT_THRESHOLD_MAX 8u

/*
 * New thresholds (1 to 8) with the permissions a unit of this type should have. The mode is written
 * back as last read. TKE_UNIT_ERROR_PRECONDITION: fewer administrators than a threshold, or a
 * threshold that is locked. Signatures: leaving imprint mode the new signature threshold, later the
 * current one.
 */
TKE_PUBLIC TkeUnitCommand *tke_unit_attributes_new_thresholds(TkeUnit *unit, unsigned signature,
                                                              unsigned revocation, GError **error);
