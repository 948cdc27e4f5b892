/*
 * Thresholds and permissions of a unit (crypto-unit-protocol.md, 3.2.3, 4.5, 7.4 step 8).
 */
#include "libep11admin/unit-attributes.h"

#include <glib/gi18n-lib.h>

#include "common/error.h"
#include "libep11admin/unit-command-private.h"
#include "libep11admin/unit-private.h"

/* A threshold that differs and whose change bit is off: only zeroizing helps (209-71). */
static bool
is_locked(const TkeUnit *unit, unsigned index, uint32_t change_bit, unsigned wanted)
{
    return unit->attributes.value[index] != wanted &&
           (unit->attributes.value[TKE_ATTRIBUTE_PERMS] & change_bit) == 0;
}

TkeUnitCommand *
tke_unit_attributes_new_thresholds(TkeUnit *unit, unsigned signature, unsigned revocation,
                                   GError **error)
{
    uint8_t payload[TKE_ATTRIBUTE_COMMAND_LEN];

    if (signature < 1 || revocation < 1 || signature > TKE_UNIT_THRESHOLD_MAX ||
        revocation > TKE_UNIT_THRESHOLD_MAX) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("a threshold is a number from 1 to %u"),
                    TKE_UNIT_THRESHOLD_MAX);
        return NULL;
    }
    if (unit->admins != NULL && MAX(signature, revocation) > unit->admins->len) {
        return tke_unit_command_set_precondition(
            unit, error, _("it has %u administrators, fewer than the threshold %u"),
            unit->admins->len, MAX(signature, revocation));
    }
    if (unit->has_attributes &&
        (is_locked(unit, TKE_ATTRIBUTE_SIGN_THR, TKE_PERMISSION_CHANGE_SIGN_THR, signature) ||
         is_locked(unit, TKE_ATTRIBUTE_REVOKE_THR, TKE_PERMISSION_CHANGE_REVOKE_THR, revocation))) {
        return tke_unit_command_set_precondition(
            unit, error, _("its thresholds are locked; only zeroizing it lifts that"));
    }
    tke_attribute_build_thresholds(unit->entry.type, &unit->attributes, signature, revocation,
                                   payload);
    return tke_unit_command_new(unit, TKE_ADMIN_SET_ATTRIBUTES, payload, sizeof payload, signature,
                                error);
}
