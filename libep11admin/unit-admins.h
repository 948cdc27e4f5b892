/*
 * Adding and removing administrators of a unit (crypto-unit-protocol.md, 3.2.1 and 3.2.2).
 */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"
#include "libep11admin/unit-command.h"

#define TKE_UNIT_ADMINS_MAX 8u

/*
 * Adds the administrator of a certificate (admin-certificate.h). TKE_UNIT_ERROR_PRECONDITION: it is
 * there already, or there are eight. No certificate: TKE_ERROR_INVALID_DATA.
 */
TKE_PUBLIC TkeUnitCommand *tke_unit_admins_new_add(TkeUnit *unit, const uint8_t *certificate,
                                                   size_t len, GError **error);

/* Removes an administrator. TKE_UNIT_ERROR_PRECONDITION: it is not there, or the rest would be
 * fewer than a threshold. */
TKE_PUBLIC TkeUnitCommand *
tke_unit_admins_new_remove(TkeUnit *unit, const uint8_t ski[static TKE_SKI_LEN], GError **error);
