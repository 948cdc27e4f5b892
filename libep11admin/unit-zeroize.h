/*
 * Zeroizing a unit: administrators, master keys and settings are gone, it is in imprint mode again
 * (crypto-unit-protocol.md, 3.2.11). Allowed in imprint mode too. The unit gets another instance,
 * which is taken from the signed answer.
 */
#pragma once

#include <glib.h>

#include "common/public.h"
#include "libep11admin/unit-command.h"

TKE_PUBLIC TkeUnitCommand *tke_unit_zeroize_new(TkeUnit *unit, GError **error);
