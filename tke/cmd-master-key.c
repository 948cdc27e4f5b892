/*
 * tke cryptounit-mk-load, -commit, -setimm, -clrnew, -clrcur (functions 4.5).
 */
#include <glib/gi18n.h>

#include "common/hex.h"
#include "libceremony/op-mk-finish.h"
#include "libceremony/op-mk-load.h"
#include "tke/card-output.h"
#include "tke/commands.h"
#include "tke/unit-output.h"

static bool
show_registers(TkeCli *cli, bool ok, GError **error)
{
    static const TkeCliBlock blocks[] = { TKE_CLI_BLOCK_NEW_REGISTER,
                                          TKE_CLI_BLOCK_CURRENT_REGISTER };

    return tke_cli_show_after(cli, ok, blocks, G_N_ELEMENTS(blocks), error);
}

static void
print_parts(TkeCli *cli, const TkeMkLoadResult *result)
{
    TkeKeyPartList list = { .n = result->n_parts };

    for (unsigned i = 0; i < result->n_parts; i++) {
        list.parts[i] = result->parts[i];
    }
    if (list.n > 0) {
        tke_cli_output_parts(cli->out, &list);
    }
}

bool
tke_cli_cryptounit_mk_load(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    g_autoptr(TkeOperation) op = tke_cli_operation_for_units(cli, error);
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    TkeMkLoadParams params = { .parts = (const char *const *) args->parts };
    const TkeCliQuestion question = { .title = _("Number of key parts, 2 or 3:"),
                                      .what = "parts",
                                      .option = "--part" };
    bool ok;

    if (op == NULL) {
        return false;
    }
    params.n_parts = args->parts != NULL ? g_strv_length(args->parts) : 0;
    if (params.n_parts == 0 &&
        !tke_cli_tty_ask_number(cli->tty, &question, TKE_MK_PARTS_MIN, TKE_MK_PARTS_MAX,
                                &params.n_parts, cli->cancellable, error)) {
        return false;
    }
    ok = tke_op_mk_load(op, cli->units, &params, &result, error);
    print_parts(cli, &result);
    tke_cli_output_results(cli, result.units);
    if (ok && !cli->options.dry_run) {
        tke_cli_output_line(cli->out, "%s", _("Commit now: tke cryptounit-mk-commit."));
    }
    return show_registers(cli, ok, error);
}

typedef bool (*FinishFunc)(TkeOperation *op, TkeUnitDirectory *directory, TkeUnitResults *results,
                           GError **error);

static bool
finish(TkeCli *cli, FinishFunc func, GError **error)
{
    g_autoptr(TkeOperation) op = tke_cli_operation_for_units(cli, error);
    g_autoptr(GPtrArray) results = tke_unit_results_new();
    bool ok;

    if (op == NULL) {
        return false;
    }
    ok = func(op, cli->units, results, error);
    tke_cli_output_results(cli, results);
    return show_registers(cli, ok, error);
}

bool
tke_cli_cryptounit_mk_commit(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    (void) args;
    return finish(cli, tke_op_mk_commit, error);
}

bool
tke_cli_cryptounit_mk_setimm(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    (void) args;
    return finish(cli, tke_op_mk_set_immediate, error);
}

bool
tke_cli_cryptounit_mk_clrnew(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    (void) args;
    return finish(cli, tke_op_mk_clear_new, error);
}

bool
tke_cli_cryptounit_mk_clrcur(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    (void) args;
    return finish(cli, tke_op_mk_clear_current, error);
}
