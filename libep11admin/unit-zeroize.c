/*
 * Zeroizing a unit (crypto-unit-protocol.md, 3.2.11).
 */
#include "libep11admin/unit-zeroize.h"

#include "libep11admin/unit-command-private.h"

TkeUnitCommand *
tke_unit_zeroize_new(TkeUnit *unit, GError **error)
{
    return tke_unit_command_new(unit, TKE_ADMIN_ZEROIZE, NULL, 0, 0, error);
}
