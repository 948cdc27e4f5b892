/*
 * Zeroize crypto units (functions 3.7).
 */
#include "libceremony/op-zeroize.h"

#include <glib/gi18n-lib.h>

#include "libceremony/card-session.h"
#include "libceremony/plan.h"
#include "libceremony/record.h"
#include "libep11admin/unit-zeroize.h"

static TkeUnitCommand *
make_zeroize(TkeUnit *unit, void *data, GError **error)
{
    (void) data;
    return tke_unit_zeroize_new(unit, error);
}

/* To be zeroized is what was agreed to. */
static bool
check_same(const TkeUnitState *now, void *data, GError **error)
{
    return tke_plan_check_same(data, now,
                               TKE_PLAN_SAME_THRESHOLDS | TKE_PLAN_SAME_ADMINS | TKE_PLAN_SAME_NEW |
                                   TKE_PLAN_SAME_CURRENT,
                               error);
}

static char *
unit_line(const TkeUnitState *state)
{
    return g_strdup_printf(_("%s: %u administrators, current master key register %s"),
                           tke_unit_get_name(state->unit), state->admins->len,
                           _(tke_info_response_register_word(state->registers.current_state)));
}

static bool
confirm(TkeOperation *op, GPtrArray *units, GPtrArray *states, GError **error)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *word = tke_plan_confirm_word(units);
    TkePlan plan = { .action = "zeroize",
                     .title = _("These crypto units will be zeroized:"),
                     .consequence =
                         _("Administrators, thresholds and master keys are gone. Everything in "
                           "key storage is unreadable until the same master key is loaded "
                           "again; without its key parts it is lost."),
                     .confirm_text = word,
                     .default_no = true };

    for (unsigned i = 0; i < states->len; i++) {
        g_ptr_array_add(lines, unit_line(g_ptr_array_index(states, i)));
    }
    g_ptr_array_add(lines, tke_plan_signatures(states, TKE_ADMIN_ZEROIZE, 0));
    g_ptr_array_add(lines, NULL);
    plan.lines = (const char *const *) lines->pdata;
    return tke_operation_confirm(op, &plan, error);
}

bool
tke_op_zeroize(TkeOperation *op, TkeUnitDirectory *directory, TkeUnitResults *results,
               GError **error)
{
    g_autoptr(GPtrArray) all = tke_unit_directory_get_selected(directory, error);
    g_autoptr(GPtrArray) states = NULL;
    g_autoptr(GPtrArray) left = NULL;
    g_autoptr(GPtrArray) units = NULL;
    TkeUnitStep step = { .action = "tke-cryptounit.reset",
                         .what = _("Zeroize"),
                         .make = make_zeroize,
                         .check = check_same,
                         .read = TKE_UNIT_QUERY_SIGNED_VPS };

    if (all == NULL || !tke_plan_need_one_instance(all, error) || !tke_record_check(op, error)) {
        return false;
    }
    states = tke_plan_query(op, directory, all, TKE_UNIT_QUERY_SIGNED_VPS, error);
    if (states == NULL) {
        return false;
    }
    left = tke_plan_dup_left(op, directory, states, step.action, NULL);
    units = tke_plan_dup_units(left);
    step.data = states;
    if (!confirm(op, units, left, error)) {
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
