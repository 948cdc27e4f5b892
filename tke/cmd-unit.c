/*
 * tke cryptounits, -add, -rm, -compare, -admins, -thrhlds, -mk, -zeroize (functions 4.4).
 */
#include <glib/gi18n.h>

#include "common/error.h"
#include "libceremony/op-leave.h"
#include "libceremony/op-zeroize.h"
#include "tke/commands.h"
#include "tke/unit-output.h"

bool
tke_cli_cryptounits(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    g_autoptr(TkeOperation) op = tke_cli_operation_for_units(cli, error);

    (void) args;
    if (op == NULL) {
        return false;
    }
    tke_cli_output_head(cli);
    tke_cli_output_units(cli);
    tke_cli_output_unfinished(cli);
    tke_cli_output_note(cli);
    return true;
}

/*
 * To select: numbers of all units that serve an instance; recovery units play no part with cards,
 * and the list tells which cannot be used. To take them out: whatever is selected.
 */
static void
all_numbers(TkeCli *cli, bool selected, GArray *numbers)
{
    const GPtrArray *units = tke_unit_directory_get_units(cli->units);

    for (unsigned i = 0; i < units->len; i++) {
        const TkeUnit *unit = g_ptr_array_index(units, i);
        unsigned number = tke_unit_get_number(unit);

        if (selected ? tke_unit_get_type(unit) != TKE_UNIT_RECOVERY &&
                           tke_unit_get_trust(unit) != TKE_UNIT_REFUSED
                     : tke_unit_directory_is_selected(cli->units, unit)) {
            g_array_append_val(numbers, number);
        }
    }
}

static bool
get_numbers(TkeCli *cli, const TkeCliArgs *args, bool selected, const char *title, GArray *numbers,
            GError **error)
{
    const TkeCliQuestion question = { .title = title, .what = "numbers" };
    g_autofree char *list = NULL;

    if (args->all) {
        all_numbers(cli, selected, numbers);
        return true;
    }
    if (args->rest != NULL && args->rest[0] != NULL) {
        list = g_strjoinv(" ", args->rest);
    } else {
        tke_cli_output_units(cli);
        list = tke_cli_tty_ask_text(cli->tty, &question, 1000, cli->cancellable, error);
    }
    return list != NULL && tke_unit_directory_parse_numbers(list, numbers, error);
}

/* Units of one instance must be alike; those of another one need not be. */
static void
warn_of_instances(TkeCli *cli)
{
    const GPtrArray *units = tke_unit_directory_get_units(cli->units);
    const char *first = NULL;

    for (unsigned i = 0; i < units->len; i++) {
        const TkeUnit *unit = g_ptr_array_index(units, i);

        if (!tke_unit_directory_is_selected(cli->units, unit)) {
            continue;
        }
        if (first != NULL && g_strcmp0(first, tke_unit_get_instance(unit)) != 0) {
            tke_cli_output_flag(cli->out, "several_instances", NULL, true);
            tke_cli_output_line(cli->out, "%s",
                                _("WARNING: crypto units of more than one instance are selected; "
                                  "each instance has its own administrators and master key."));
            return;
        }
        first = tke_unit_get_instance(unit);
    }
}

static void
tell_one(TkeCli *cli, TkeOperation *op, const TkeUnit *unit, bool selected)
{
    const char *name = tke_unit_get_name(unit);

    if (tke_unit_directory_is_selected(cli->units, unit) == selected) {
        tke_operation_note(
            op, selected ? _("%s is selected already.") : _("%s is not selected anyway."), name);
    } else {
        tke_operation_note(op, selected ? _("Would select %s.") : _("Would unselect %s."), name);
    }
}

/* What a change of the selection would come to, unit by unit. */
static void
tell_selection(TkeCli *cli, TkeOperation *op, const GArray *numbers, bool selected)
{
    const GPtrArray *units = tke_unit_directory_get_units(cli->units);

    for (unsigned i = 0; i < numbers->len; i++) {
        for (unsigned k = 0; k < units->len; k++) {
            const TkeUnit *unit = g_ptr_array_index(units, k);

            if (tke_unit_get_number(unit) == g_array_index(numbers, unsigned, i)) {
                tell_one(cli, op, unit, selected);
            }
        }
    }
}

/* Does it, or in a dry run tells it. */
static bool
select_numbers(TkeCli *cli, TkeOperation *op, const GArray *numbers, bool selected, GError **error)
{
    const unsigned *list = (const unsigned *) (void *) numbers->data;

    if (!cli->options.dry_run) {
        return tke_unit_directory_select(cli->units, list, numbers->len, selected, error);
    }
    if (!tke_unit_directory_check_select(cli->units, list, numbers->len, selected, error)) {
        return false;
    }
    tell_selection(cli, op, numbers, selected);
    return true;
}

static bool
change_selection(TkeCli *cli, const TkeCliArgs *args, bool selected, const char *title,
                 GError **error)
{
    g_autoptr(TkeOperation) op = NULL;
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(unsigned));

    if (cli->options.select != NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, "%s",
                    _("--select stands for a selection of one command, and this one changes the "
                      "saved one: name the crypto units after it"));
        return false;
    }
    op = tke_cli_operation_for_units(cli, error);
    if (op == NULL) {
        return false;
    }
    tke_cli_output_head(cli);
    if (!get_numbers(cli, args, selected, title, numbers, error) ||
        !select_numbers(cli, op, numbers, selected, error)) {
        return false;
    }
    tke_cli_output_units(cli);
    warn_of_instances(cli);
    tke_cli_output_unfinished(cli);
    tke_cli_output_note(cli);
    return true;
}

bool
tke_cli_cryptounit_add(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    return change_selection(cli, args, true, _("Numbers of the crypto units to add:"), error);
}

bool
tke_cli_cryptounit_rm(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    return change_selection(cli, args, false, _("Numbers of the crypto units to remove:"), error);
}

bool
tke_cli_cryptounit_compare(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    static const TkeCliBlock blocks[] = { TKE_CLI_BLOCK_THRESHOLDS, TKE_CLI_BLOCK_ADMINS,
                                          TKE_CLI_BLOCK_NEW_REGISTER,
                                          TKE_CLI_BLOCK_CURRENT_REGISTER,
                                          TKE_CLI_BLOCK_CONTROL_POINTS };
    g_autoptr(TkeOperation) op = tke_cli_operation_for_units(cli, error);
    g_autoptr(GPtrArray) units =
        op != NULL ? tke_unit_directory_get_selected(cli->units, error) : NULL;
    g_autoptr(GPtrArray) states = NULL;
    bool differs = false;

    (void) args;
    if (units == NULL) {
        return false;
    }
    /* What is called the same rests on signed answers: patterns too. */
    states = tke_unit_directory_query(cli->units, units,
                                      TKE_UNIT_QUERY_CONTROL_POINTS | TKE_UNIT_QUERY_SIGNED_VPS,
                                      cli->cancellable, error);
    if (states == NULL) {
        return false;
    }
    tke_cli_output_head(cli);
    for (unsigned i = 0; i < G_N_ELEMENTS(blocks); i++) {
        differs = tke_cli_output_block(cli, blocks[i], states, true) || differs;
    }
    if (!tke_cli_check_readable(cli, states, error)) {
        return false;
    }
    tke_cli_output_unfinished(cli);
    tke_cli_output_note(cli);
    tke_cli_output_flag(cli->out, "differ", NULL, differs);
    tke_cli_output_line(cli->out, "%s",
                        differs ? _("WARNING: the crypto units differ where marked with *.")
                                : _("The crypto units are configured the same."));
    cli->exit_code = differs ? TKE_CLI_DIFFER : TKE_CLI_DONE;
    return true;
}

bool
tke_cli_cryptounit_leave(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    static const TkeCliColumn columns[] = {
        { "step", N_("UNFINISHED STEP"), TKE_CLI_TEXT },
        { "begun", N_("BEGUN"), TKE_CLI_TEXT },
        { "unit", N_("CRYPTO UNIT ID"), TKE_CLI_TEXT },
        { "location", N_("LOCATION"), TKE_CLI_TEXT },
    };
    g_autoptr(TkeOperation) op = tke_cli_operation_for_units(cli, error);
    g_autoptr(GPtrArray) steps = NULL;

    if (op == NULL || !tke_op_leave(op, cli->units, args->listed, &steps, error)) {
        return false;
    }
    tke_cli_output_head(cli);
    tke_cli_output_table_begin(cli->out, "left", columns, G_N_ELEMENTS(columns));
    for (unsigned i = 0; !cli->options.dry_run && i < steps->len; i++) {
        const TkeLeftStep *step = g_ptr_array_index(steps, i);
        const char *cells[] = { cli->options.json ? step->action : step->what, step->started,
                                step->id, step->location };

        tke_cli_output_row(cli->out, cells);
    }
    tke_cli_output_table_end(cli->out, _("No unfinished step was left."));
    tke_cli_output_unfinished(cli);
    return true;
}

static bool
show_blocks(TkeCli *cli, const TkeCliBlock *blocks, unsigned n, GError **error)
{
    g_autoptr(TkeOperation) op = tke_cli_operation_for_units(cli, error);

    if (op == NULL) {
        return false;
    }
    tke_cli_output_head(cli);
    if (!tke_cli_show_state(cli, blocks, n, error)) {
        return false;
    }
    tke_cli_output_note(cli);
    return true;
}

bool
tke_cli_cryptounit_admins(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    static const TkeCliBlock blocks[] = { TKE_CLI_BLOCK_ADMINS };

    (void) args;
    return show_blocks(cli, blocks, G_N_ELEMENTS(blocks), error);
}

bool
tke_cli_cryptounit_thrhlds(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    static const TkeCliBlock blocks[] = { TKE_CLI_BLOCK_THRESHOLDS };

    (void) args;
    return show_blocks(cli, blocks, G_N_ELEMENTS(blocks), error);
}

bool
tke_cli_cryptounit_mk(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    static const TkeCliBlock blocks[] = { TKE_CLI_BLOCK_NEW_REGISTER,
                                          TKE_CLI_BLOCK_CURRENT_REGISTER };

    (void) args;
    return show_blocks(cli, blocks, G_N_ELEMENTS(blocks), error);
}

bool
tke_cli_cryptounit_zeroize(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    static const TkeCliBlock blocks[] = { TKE_CLI_BLOCK_THRESHOLDS, TKE_CLI_BLOCK_NEW_REGISTER,
                                          TKE_CLI_BLOCK_CURRENT_REGISTER };
    g_autoptr(TkeOperation) op = tke_cli_operation_for_units(cli, error);
    g_autoptr(GPtrArray) results = tke_unit_results_new();
    bool ok;

    (void) args;
    if (op == NULL) {
        return false;
    }
    ok = tke_op_zeroize(op, cli->units, results, error);
    tke_cli_output_results(cli, results);
    return tke_cli_show_after(cli, ok, blocks, G_N_ELEMENTS(blocks), error);
}
