/*
 * Administrators of a unit (crypto-unit-protocol.md, 3.2.1 and 3.2.2).
 */
#include "libep11admin/unit-admins.h"

#include <glib/gi18n-lib.h>

#include "libep11admin/admin-certificate.h"
#include "libep11admin/unit-command-private.h"
#include "libep11admin/unit-private.h"

TkeUnitCommand *
tke_unit_admins_new_add(TkeUnit *unit, const uint8_t *certificate, size_t len, GError **error)
{
    g_autoptr(TkeAdminCertificate) admin = tke_admin_certificate_parse(certificate, len, error);
    const TkeUnitAdmin *present = NULL;

    if (admin == NULL) {
        return NULL;
    }
    present = tke_unit_find_admin(unit, admin->ski);
    if (present != NULL) {
        return tke_unit_command_set_precondition(
            unit, error, _("that administrator is there already, as \"%s\""),
            present->name != NULL ? present->name : _("unnamed"));
    }
    if (unit->admins != NULL && unit->admins->len >= TKE_UNIT_ADMINS_MAX) {
        return tke_unit_command_set_precondition(
            unit, error, _("it has %u administrators, no more are possible"), unit->admins->len);
    }
    return tke_unit_command_new(unit, TKE_ADMIN_ADD_ADMIN, certificate, len, 0, error);
}

TkeUnitCommand *
tke_unit_admins_new_remove(TkeUnit *unit, const uint8_t ski[static TKE_SKI_LEN], GError **error)
{
    const uint32_t *value = unit->attributes.value;

    if (unit->admins != NULL && tke_unit_find_admin(unit, ski) == NULL) {
        return tke_unit_command_set_precondition(unit, error, _("that administrator is not there"));
    }
    if (unit->admins != NULL && unit->has_attributes &&
        unit->admins->len <= MAX(value[TKE_ATTRIBUTE_SIGN_THR], value[TKE_ATTRIBUTE_REVOKE_THR])) {
        return tke_unit_command_set_precondition(
            unit, error, _("fewer administrators than a threshold needs would be left"));
    }
    return tke_unit_command_new(unit, TKE_ADMIN_REMOVE_ADMIN, ski, TKE_SKI_LEN, 0, error);
}
