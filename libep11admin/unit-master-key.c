/*
 * Master keys of a unit (crypto-unit-protocol.md, 3.2.4 to 3.2.10; annex C, 6).
 */
#include "libep11admin/unit-master-key.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "libep11admin/unit-command-private.h"
#include "libep11admin/unit-error.h"
#include "libep11admin/unit-private.h"

TkeUnitCommand *
tke_unit_master_key_new_importer(TkeUnit *unit, GError **error)
{
    uint8_t payload[4];

    tke_importer_key_build_payload(TKE_IMPORTER_P521, payload);
    return tke_unit_command_new(unit, TKE_ADMIN_GEN_IMPORTER, payload, sizeof payload, 0, error);
}

/* Output of a command that is done; a lost answer has none. */
static const uint8_t *
get_output(const TkeUnitCommand *command, TkeAdminCommand code, size_t *len, GError **error)
{
    g_return_val_if_fail(command->code == code, NULL);

    if (command->output == NULL) {
        tke_unit_command_set_precondition(command->unit, error,
                                          _("there is no answer to the command"));
        return NULL;
    }
    return tke_unit_command_get_output(command, len);
}

TkeImporterKey *
tke_unit_master_key_get_importer(const TkeUnitCommand *command, GError **error)
{
    size_t len = 0;
    const uint8_t *output = get_output(command, TKE_ADMIN_GEN_IMPORTER, &len, error);
    TkeImporterKey *key = NULL;

    if (output == NULL) {
        return NULL;
    }
    key = tke_importer_key_parse(TKE_IMPORTER_P521, output, len, error);
    if (key == NULL) {
        tke_unit_name_error(command->unit, error);
    }
    return key;
}

TkeUnitCommand *
tke_unit_master_key_new_import(TkeUnit *unit, GPtrArray *parts, GError **error)
{
    return tke_unit_command_new_import(unit, parts, error);
}

TkeUnitCommand *
tke_unit_master_key_new_commit(TkeUnit *unit, const uint8_t vp[static TKE_VP_LEN], GError **error)
{
    return tke_unit_command_new(unit, TKE_ADMIN_COMMIT_WK, vp, TKE_VP_LEN, 0, error);
}

TkeUnitCommand *
tke_unit_master_key_new_finalize(TkeUnit *unit, const uint8_t vp[static TKE_VP_LEN], GError **error)
{
    return tke_unit_command_new(unit, TKE_ADMIN_FINALIZE_WK, vp, TKE_VP_LEN, 0, error);
}

TkeUnitCommand *
tke_unit_master_key_new_clear_current(TkeUnit *unit, GError **error)
{
    return tke_unit_command_new(unit, TKE_ADMIN_CLEAR_WK, NULL, 0, 0, error);
}

TkeUnitCommand *
tke_unit_master_key_new_clear_new(TkeUnit *unit, GError **error)
{
    return tke_unit_command_new(unit, TKE_ADMIN_CLEAR_NEW_WK, NULL, 0, 0, error);
}

bool
tke_unit_master_key_reports_parts(const TkeUnitCommand *import, size_t n)
{
    size_t len = 0;
    const uint8_t *output = get_output(import, TKE_ADMIN_IMPORT_WK, &len, NULL);

    return output != NULL && n > 0 && len == (n + 1) * TKE_VP_LEN;
}

bool
tke_unit_master_key_get_vp(const TkeUnitCommand *command, uint8_t out[static TKE_VP_LEN],
                           GError **error)
{
    size_t len = 0;
    const uint8_t *output = get_output(command, command->code, &len, error);

    if (output == NULL) {
        return false;
    }
    if (len < TKE_VP_LEN) {
        tke_unit_error_set(error, TKE_UNIT_ERROR_MALFORMED,
                           &(TkeUnitErrorDetails){ .place = TKE_UNIT_PLACE_BLOCK },
                           _("the answer holds no verification pattern"));
        tke_unit_name_error(command->unit, error);
        return false;
    }
    memcpy(out, output, TKE_VP_LEN);
    return true;
}

unsigned
tke_unit_master_key_find_wrong_part(const TkeUnitCommand *import, const uint8_t (*vps)[TKE_VP_LEN],
                                    size_t n)
{
    size_t len = 0;
    const uint8_t *output = get_output(import, TKE_ADMIN_IMPORT_WK, &len, NULL);

    for (size_t i = 0; output != NULL && len == (n + 1) * TKE_VP_LEN && i < n; i++) {
        if (!tke_digest_vp_equal(output + (i + 1) * TKE_VP_LEN, vps[i])) {
            return (unsigned) i + 1;
        }
    }
    return 0;
}
