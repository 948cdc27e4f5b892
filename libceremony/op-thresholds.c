/*
 * Set thresholds, leave imprint mode (functions 3.6).
 */
#include "libceremony/op-thresholds.h"

#include <glib/gi18n-lib.h>

#include "common/error.h"
#include "libceremony/card-session.h"
#include "libceremony/ceremony-error.h"
#include "libceremony/plan.h"
#include "libceremony/record.h"
#include "libep11admin/unit-attributes.h"

typedef struct Change {
    const TkeThresholdsParams *params;
    GPtrArray *states; /* as the operator has agreed to */
} Change;

static TkeUnitCommand *
make_thresholds(TkeUnit *unit, void *data, GError **error)
{
    const Change *change = data;
    const TkeThresholdsParams *params = change->params;

    return tke_unit_attributes_new_thresholds(unit, params->signature, params->revocation, error);
}

static void
describe(TkeUnit *unit, void *data, JsonObject *values)
{
    const Change *change = data;
    const TkeThresholdsParams *params = change->params;

    (void) unit;
    json_object_set_int_member(values, "signature_threshold", params->signature);
    json_object_set_int_member(values, "revocation_threshold", params->revocation);
}

/* The thresholds count those administrators who were there. */
static bool
check_same(const TkeUnitState *now, void *data, GError **error)
{
    const Change *change = data;

    return tke_plan_check_same(change->states, now, TKE_PLAN_SAME_THRESHOLDS | TKE_PLAN_SAME_ADMINS,
                               error);
}

static bool
too_few_admins(const TkeUnitState *state, const void *data)
{
    const TkeThresholdsParams *params = data;

    return state->admins->len < MAX(params->signature, params->revocation);
}

static bool
check(TkeOperation *op, GPtrArray *states, const TkeThresholdsParams *params, GError **error)
{
    g_autofree char *few = tke_plan_names(states, too_few_admins, params);

    if (few != NULL) {
        g_set_error(
            error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PRECONDITION,
            _("thresholds of %u and %u need as many administrators, which are not installed in %s; "
              "add administrators first (tke cryptounit-admin-add)"),
            params->signature, params->revocation, few);
        return false;
    }
    if (params->signature == 1 || params->revocation == 1) {
        tke_operation_note(op,
                           _("A threshold of 1 gives no dual control: one person alone can act."));
    }
    return true;
}

static bool
in_imprint(const TkeUnitState *state, const void *data)
{
    (void) data;
    return state->imprint;
}

/* Setting the thresholds locks the protection of the unit's firmware, which is not locked yet. */
static bool
will_lock(const TkeUnitState *state, const void *data)
{
    const uint32_t present = state->attributes.value[TKE_ATTRIBUTE_PERMS];
    const uint32_t wanted =
        tke_attribute_wanted_permissions(tke_unit_get_type(state->unit), present);

    (void) data;
    return (present & ~wanted & TKE_PERMISSION_CHANGE_DO_NOT_DISTURB) != 0;
}

static bool
confirm(TkeOperation *op, GPtrArray *states, const TkeThresholdsParams *params, GError **error)
{
    g_autofree char *values =
        g_strdup_printf(_("signature threshold %u, revocation threshold %u, in %u crypto units"),
                        params->signature, params->revocation, states->len);
    g_autofree char *imprint = tke_plan_names(states, in_imprint, NULL);
    g_autofree char *signers =
        tke_plan_signatures(states, TKE_ADMIN_SET_ATTRIBUTES, params->signature);
    const TkePlanAfter after = { .signature = params->signature, .revocation = params->revocation };
    g_autofree char *reserve = tke_plan_reserve_text(states, &after);
    g_autofree char *locks = tke_plan_names(states, will_lock, NULL);
    const char *lines[] = { values,
                            _("permissions: loading of key parts, zeroizing with one signature; "
                              "no export of master keys from operational crypto units"),
                            signers,
                            locks == NULL ? NULL
                                          : _("locked until the crypto unit is zeroized: "
                                              "administrators of the module do not count there"),
                            NULL };
    const TkePlan plan = {
        .action = "thresholds",
        .title = imprint != NULL ? _("The thresholds will be set; crypto units leave imprint mode:")
                                 : _("The thresholds will be changed:"),
        .lines = lines,
        .consequence = reserve
    };

    return tke_operation_confirm(op, &plan, error);
}

bool
tke_op_thresholds_set(TkeOperation *op, TkeUnitDirectory *directory,
                      const TkeThresholdsParams *params, TkeUnitResults *results, GError **error)
{
    g_autoptr(GPtrArray) all = tke_unit_directory_get_selected(directory, error);
    g_autoptr(GPtrArray) states = NULL;
    g_autoptr(GPtrArray) left = NULL;
    g_autoptr(GPtrArray) units = NULL;
    g_autoptr(JsonObject) values = json_object_new();
    Change change = { .params = params };
    const TkeUnitStep step = { .action = "tke-cryptounit-threshold.set",
                               .what = _("Set thresholds"),
                               .make = make_thresholds,
                               .describe = describe,
                               .check = check_same,
                               .data = &change };

    if (all == NULL) {
        return false;
    }
    if (params->signature < 1 || params->signature > TKE_UNIT_THRESHOLD_MAX ||
        params->revocation < 1 || params->revocation > TKE_UNIT_THRESHOLD_MAX) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("thresholds are numbers from 1 to %u"),
                    TKE_UNIT_THRESHOLD_MAX);
        return false;
    }
    if (!tke_record_check(op, error)) {
        return false;
    }
    states = tke_plan_query(op, directory, all, TKE_UNIT_QUERY_DEFAULT, error);
    if (states == NULL) {
        return false;
    }
    change.states = states;
    describe(NULL, &change, values);
    left = tke_plan_dup_left(op, directory, states, step.action, values);
    units = tke_plan_dup_units(left);
    if (!check(op, left, params, error) || !confirm(op, left, params, error)) {
        return false;
    }
    if (tke_operation_is_dry_run(op)) {
        return true;
    }
    if (!tke_unit_step_run(op, directory, units, &step, results, error)) {
        tke_card_session_settle(tke_operation_get_card_session(op), error != NULL ? *error : NULL);
        return false;
    }
    return true;
}
