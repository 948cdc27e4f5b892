/*
 * tke cryptounit-admin-add, -admin-rm, -thrhld-set (functions 4.5).
 */
#include <glib/gi18n.h>

#include "common/error.h"
#include "common/hex.h"
#include "libceremony/op-admins.h"
#include "libceremony/op-thresholds.h"
#include "libep11admin/unit-attributes.h"
#include "tke/commands.h"
#include "tke/unit-output.h"

static bool
show_admins(TkeCli *cli, bool ok, GError **error)
{
    static const TkeCliBlock blocks[] = { TKE_CLI_BLOCK_ADMINS };

    return tke_cli_show_after(cli, ok, blocks, G_N_ELEMENTS(blocks), error);
}

static void
print_admin(TkeCli *cli, const TkeAdminResult *result)
{
    g_autofree char *ski = tke_hex_encode(result->ski, sizeof result->ski);

    if (result->units == NULL) {
        return;
    }
    tke_cli_output_value(cli->out, "administrator", N_("Administrator"), result->name);
    tke_cli_output_value(cli->out, "ski", N_("Subject key identifier"), ski);
    tke_cli_output_results(cli, result->units);
    if (result->already > 0) {
        tke_cli_output_line(cli->out,
                            ngettext("Nothing had to be done in %u crypto unit.",
                                     "Nothing had to be done in %u crypto units.", result->already),
                            result->already);
    }
}

bool
tke_cli_cryptounit_admin_add(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    g_autoptr(TkeOperation) op = tke_cli_operation_for_units(cli, error);
    g_auto(TkeAdminResult) result = { .units = NULL };
    bool ok;

    (void) args;
    if (op == NULL) {
        return false;
    }
    ok = tke_op_admin_add(op, cli->units, &result, error);
    print_admin(cli, &result);
    return show_admins(cli, ok, error);
}

bool
tke_cli_cryptounit_admin_rm(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    const TkeAdminRemoveParams params = { .ski = args->ski };
    g_autoptr(TkeOperation) op = tke_cli_operation_for_units(cli, error);
    g_auto(TkeAdminResult) result = { .units = NULL };
    bool ok;

    if (op == NULL) {
        return false;
    }
    ok = tke_op_admin_remove(op, cli->units, &params, &result, error);
    print_admin(cli, &result);
    return show_admins(cli, ok, error);
}

static bool
need_threshold(TkeCli *cli, int given, const TkeCliQuestion *question, unsigned *value,
               GError **error)
{
    if (given == TKE_CLI_NOT_GIVEN) {
        return tke_cli_tty_ask_number(cli->tty, question, 1, TKE_UNIT_THRESHOLD_MAX, value,
                                      cli->cancellable, error);
    }
    *value = (unsigned) given; /* in its range (option-value) */
    return true;
}

bool
tke_cli_cryptounit_thrhld_set(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    static const TkeCliBlock blocks[] = { TKE_CLI_BLOCK_THRESHOLDS };
    const TkeCliQuestion signature = { .title = _("New signature threshold:"),
                                       .what = "signature-threshold",
                                       .option = "--signature" };
    const TkeCliQuestion revocation = { .title = _("New revocation threshold:"),
                                        .what = "revocation-threshold",
                                        .option = "--revocation" };
    g_autoptr(TkeOperation) op = tke_cli_operation_for_units(cli, error);
    g_autoptr(GPtrArray) results = tke_unit_results_new();
    TkeThresholdsParams params = { 0 };
    bool ok;

    if (op == NULL || !need_threshold(cli, args->signature, &signature, &params.signature, error) ||
        !need_threshold(cli, args->revocation, &revocation, &params.revocation, error)) {
        return false;
    }
    ok = tke_op_thresholds_set(op, cli->units, &params, results, error);
    tke_cli_output_results(cli, results);
    return tke_cli_show_after(cli, ok, blocks, G_N_ELEMENTS(blocks), error);
}
