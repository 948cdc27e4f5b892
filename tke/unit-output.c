/*
 * Tables of crypto units (functions 4.2, 4.4).
 */
#include "tke/unit-output.h"

#include <glib/gi18n.h>
#include <string.h>

#include "common/digest.h"
#include "common/hex.h"
#include "libceremony/ceremony-error.h"
#include "libep11admin/control-point.h"

void
tke_cli_output_head(TkeCli *cli)
{
    const TkeWorld *world = cli->world;

    tke_cli_output_value(cli->out, "endpoint", N_("API endpoint"), tke_world_get_endpoint(world));
    tke_cli_output_value(cli->out, "region", N_("Region"), tke_world_get_region(world));
    tke_cli_output_value(cli->out, "user", N_("User"), tke_world_get_user(world));
    tke_cli_output_value(cli->out, "account", N_("Account"), tke_world_get_account(world));
    tke_cli_output_value(cli->out, "resource_group", N_("Resource group"),
                         tke_world_get_resource_group(world));
}

void
tke_cli_output_note(TkeCli *cli)
{
    tke_cli_output_line(
        cli->out, "%s",
        _("Note: all operational crypto units of a service instance must be configured the "
          "same. “tke cryptounit-compare” checks it."));
}

/* A cell, marked if it differs from the first unit's. */
static char *
cell(bool mark, const char *first, const char *value, bool *differs)
{
    bool other = mark && first != NULL && strcmp(first, value) != 0;

    *differs = *differs || other;
    return g_strconcat(other ? TKE_CLI_MARK : "", value, NULL);
}

static void
row_thresholds(TkeCli *cli, const TkeUnitState *state, const TkeUnitState *first, bool mark,
               bool *differs)
{
    const uint32_t *mine = state->attributes.value;
    const uint32_t *firsts = first->attributes.value;
    g_autofree char *number = g_strdup_printf("%u", tke_unit_get_number(state->unit));
    g_autofree char *sig = g_strdup_printf("%u", mine[TKE_ATTRIBUTE_SIGN_THR]);
    g_autofree char *rev = g_strdup_printf("%u", mine[TKE_ATTRIBUTE_REVOKE_THR]);
    g_autofree char *first_sig = g_strdup_printf("%u", firsts[TKE_ATTRIBUTE_SIGN_THR]);
    g_autofree char *first_rev = g_strdup_printf("%u", firsts[TKE_ATTRIBUTE_REVOKE_THR]);
    g_autofree char *sig_cell = cell(mark, first_sig, sig, differs);
    g_autofree char *rev_cell = cell(mark, first_rev, rev, differs);
    bool verified = tke_unit_get_trust(state->unit) == TKE_UNIT_VERIFIED;
    const char *cells[] = { number, sig_cell, rev_cell, tke_cli_output_bool(state->imprint),
                            tke_cli_output_bool(verified) };

    tke_cli_output_row(cli->out, cells);
}

static bool
same_admins(const TkeUnitState *a, const TkeUnitState *b, const TkeUnitAdmin *admin)
{
    bool found = false;

    for (unsigned i = 0; i < b->admins->len; i++) {
        const TkeUnitAdmin *other = g_ptr_array_index(b->admins, i);

        found = found || (memcmp(other->ski, admin->ski, sizeof admin->ski) == 0 &&
                          g_strcmp0(other->name, admin->name) == 0);
    }
    return found && a->admins->len == b->admins->len;
}

static void
rows_admins(TkeCli *cli, const TkeUnitState *state, const TkeUnitState *first, bool mark,
            bool *differs)
{
    g_autofree char *number = g_strdup_printf("%u", tke_unit_get_number(state->unit));

    for (unsigned i = 0; i < state->admins->len; i++) {
        const TkeUnitAdmin *admin = g_ptr_array_index(state->admins, i);
        bool other = mark && !same_admins(state, first, admin);
        g_autofree char *ski = tke_hex_encode(admin->ski, sizeof admin->ski);
        g_autofree char *name =
            g_strconcat(other ? TKE_CLI_MARK : "", admin->name != NULL ? "" : TKE_CLI_NULL,
                        admin->name != NULL ? admin->name : _("unnamed"), NULL);
        const char *cells[] = { number, name, ski };

        *differs = *differs || other;
        tke_cli_output_row(cli->out, cells);
    }
    if (state->admins->len == 0) {
        bool other = mark && first->admins->len > 0;
        g_autofree char *none =
            g_strconcat(other ? TKE_CLI_MARK : "", TKE_CLI_NULL, _("none"), NULL);
        const char *cells[] = { number, none, NULL };

        *differs = *differs || other;
        tke_cli_output_row(cli->out, cells);
    }
}

static void
row_register(TkeCli *cli, const TkeUnitState *state, const TkeUnitState *first, bool is_new,
             bool mark, bool *differs)
{
    const TkeDomainInfo *mine = &state->registers;
    const TkeDomainInfo *firsts = &first->registers;
    const uint8_t *vp = is_new ? mine->new_vp : mine->current_vp;
    const uint8_t *first_vp = is_new ? firsts->new_vp : firsts->current_vp;
    g_autofree char *number = g_strdup_printf("%u", tke_unit_get_number(state->unit));
    g_autofree char *text = tke_hex_encode(vp, TKE_VP_LEN);
    bool other = mark && !tke_digest_vp_equal(vp, first_vp);
    g_autofree char *pattern = g_strconcat(other ? TKE_CLI_MARK : "", text, NULL);
    g_autofree char *status = cell(
        mark, tke_info_response_register_word(is_new ? firsts->new_state : firsts->current_state),
        tke_info_response_register_word(is_new ? mine->new_state : mine->current_state), differs);
    const char *cells[] = { number, status, pattern };

    *differs = *differs || other;
    tke_cli_output_row(cli->out, cells);
}

/* The three control points that services name, and all 128, so that no difference stays unseen. */
static void
row_control_points(TkeCli *cli, const TkeUnitState *state, const TkeUnitState *first, bool mark,
                   bool *differs)
{
    static const unsigned named[] = { TKE_CP_BTC, TKE_CP_ALG_EC_25519, TKE_CP_ECDSA_OTHER };
    const TkeControlPointSet *mine = &state->control_points;
    const TkeControlPointSet *firsts = &first->control_points;
    g_autofree char *number = g_strdup_printf("%u", tke_unit_get_number(state->unit));
    g_autofree char *all = tke_hex_encode(mine->bytes, sizeof mine->bytes);
    g_autofree char *first_all = tke_hex_encode(firsts->bytes, sizeof firsts->bytes);
    g_autofree char *all_cell = cell(mark, first_all, all, differs);
    char *names[G_N_ELEMENTS(named)];
    const char *cells[G_N_ELEMENTS(named) + 2] = { number };

    for (unsigned i = 0; i < G_N_ELEMENTS(named); i++) {
        names[i] = cell(mark, tke_control_point_get(firsts, named[i]) ? N_("Set") : N_("Not Set"),
                        tke_control_point_get(mine, named[i]) ? N_("Set") : N_("Not Set"), differs);
        cells[i + 1] = names[i];
    }
    cells[G_N_ELEMENTS(named) + 1] = all_cell;
    tke_cli_output_row(cli->out, cells);
    for (unsigned i = 0; i < G_N_ELEMENTS(named); i++) {
        g_free(names[i]);
    }
}

static void
row_trouble(TkeCli *cli, const TkeUnitState *state)
{
    if (state->error != NULL) {
        g_autofree char *number = g_strdup_printf("%u", tke_unit_get_number(state->unit));
        const char *cells[] = { number, state->error->message };

        tke_cli_output_row(cli->out, cells);
    }
}

static const TkeCliColumn threshold_columns[] = {
    { "number", N_("CRYPTO UNIT NUM"), TKE_CLI_NUMBER },
    { "signature_threshold", N_("SIGNATURE THRESHOLD"), TKE_CLI_NUMBER },
    { "revocation_threshold", N_("REVOCATION THRESHOLD"), TKE_CLI_NUMBER },
    { "imprint_mode", N_("IMPRINT MODE"), TKE_CLI_BOOL },
    { "module_verified", NULL, TKE_CLI_BOOL }, /* else its state would not be told (F-066) */
};
static const TkeCliColumn admin_columns[] = {
    { "number", N_("CRYPTO UNIT NUM"), TKE_CLI_NUMBER },
    { "name", N_("ADMIN NAME"), TKE_CLI_TEXT },
    { "ski", N_("SUBJECT KEY IDENTIFIER"), TKE_CLI_TEXT },
};
static const TkeCliColumn register_columns[] = {
    { "number", N_("CRYPTO UNIT NUM"), TKE_CLI_NUMBER },
    { "status", N_("STATUS"), TKE_CLI_WORD },
    { "pattern", N_("VERIFICATION PATTERN"), TKE_CLI_PATTERN },
};
static const TkeCliColumn control_point_columns[] = {
    { "number", N_("CRYPTO UNIT NUM"), TKE_CLI_NUMBER },
    { "XCP_CPB_BTC", "XCP_CPB_BTC", TKE_CLI_WORD },
    { "XCP_CPB_ALG_EC_25519", "XCP_CPB_ALG_EC_25519", TKE_CLI_WORD },
    { "XCP_CPB_ECDSA_OTHER", "XCP_CPB_ECDSA_OTHER", TKE_CLI_WORD },
    { "all", N_("ALL 128"), TKE_CLI_TEXT },
};
static const TkeCliColumn trouble_columns[] = {
    { "number", N_("CRYPTO UNIT NUM"), TKE_CLI_NUMBER },
    { "trouble", N_("TROUBLE"), TKE_CLI_TEXT },
};

static void
begin_block(TkeCli *cli, TkeCliBlock block)
{
    switch (block) {
    case TKE_CLI_BLOCK_THRESHOLDS:
        tke_cli_output_table_begin(cli->out, "thresholds", threshold_columns,
                                   G_N_ELEMENTS(threshold_columns));
        break;
    case TKE_CLI_BLOCK_ADMINS:
        tke_cli_output_table_begin(cli->out, "administrators", admin_columns,
                                   G_N_ELEMENTS(admin_columns));
        break;
    case TKE_CLI_BLOCK_NEW_REGISTER:
        tke_cli_output_line(cli->out, "%s", _("NEW MASTER KEY REGISTER"));
        tke_cli_output_table_begin(cli->out, "new_register", register_columns,
                                   G_N_ELEMENTS(register_columns));
        break;
    case TKE_CLI_BLOCK_CURRENT_REGISTER:
        tke_cli_output_line(cli->out, "%s", _("CURRENT MASTER KEY REGISTER"));
        tke_cli_output_table_begin(cli->out, "current_register", register_columns,
                                   G_N_ELEMENTS(register_columns));
        break;
    case TKE_CLI_BLOCK_CONTROL_POINTS:
        tke_cli_output_line(cli->out, "%s", _("CONTROL POINTS"));
        tke_cli_output_table_begin(cli->out, "control_points", control_point_columns,
                                   G_N_ELEMENTS(control_point_columns));
        break;
    case TKE_CLI_BLOCK_STATE:
    default:
        tke_cli_output_table_begin(cli->out, "troubles", trouble_columns,
                                   G_N_ELEMENTS(trouble_columns));
        break;
    }
}

static void
rows_of(TkeCli *cli, TkeCliBlock block, const TkeUnitState *state, const TkeUnitState *first,
        bool mark, bool *differs)
{
    if (block == TKE_CLI_BLOCK_STATE) {
        if (state->error != NULL) {
            row_trouble(cli, state);
        }
    } else if (state->error != NULL) {
        return;
    } else if (block == TKE_CLI_BLOCK_THRESHOLDS) {
        row_thresholds(cli, state, first, mark, differs);
    } else if (block == TKE_CLI_BLOCK_ADMINS) {
        rows_admins(cli, state, first, mark, differs);
    } else if (block == TKE_CLI_BLOCK_CONTROL_POINTS) {
        row_control_points(cli, state, first, mark, differs);
    } else {
        row_register(cli, state, first, block == TKE_CLI_BLOCK_NEW_REGISTER, mark, differs);
    }
}

static const TkeUnitState *
first_readable(GPtrArray *states, const char *instance)
{
    for (unsigned i = 0; i < states->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(states, i);

        if (state->error == NULL && strcmp(tke_unit_get_instance(state->unit), instance) == 0) {
            return state;
        }
    }
    return NULL;
}

bool
tke_cli_output_block(TkeCli *cli, TkeCliBlock block, GPtrArray *states, bool mark)
{
    const char *const *instances = tke_world_get_instances(cli->world);
    bool differs = false;

    for (unsigned k = 0; instances[k] != NULL; k++) {
        const TkeUnitState *first = first_readable(states, instances[k]);

        tke_cli_begin_instance(cli, instances[k]);
        begin_block(cli, block);
        for (unsigned i = 0; i < states->len; i++) {
            const TkeUnitState *state = g_ptr_array_index(states, i);

            if (strcmp(tke_unit_get_instance(state->unit), instances[k]) == 0) {
                rows_of(cli, block, state, first, mark, &differs);
            }
        }
        tke_cli_output_table_end(cli->out, _("None."));
        if (block == TKE_CLI_BLOCK_THRESHOLDS) {
            tke_cli_output_line(cli->out, "%s", _("A threshold of 0 means imprint mode."));
        }
        tke_cli_output_group_end(cli->out);
    }
    return differs;
}

bool
tke_cli_check_readable(TkeCli *cli, GPtrArray *states, GError **error)
{
    for (unsigned i = 0; i < states->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(states, i);

        if (state->error != NULL) {
            (void) tke_cli_output_block(cli, TKE_CLI_BLOCK_STATE, states, false);
            g_propagate_error(error, g_error_copy(state->error));
            return false;
        }
        for (unsigned k = 0; state->warnings != NULL && k < state->warnings->len; k++) {
            const char *warning = g_ptr_array_index(state->warnings, k);

            tke_cli_output_line(cli->out, "%s", warning);
        }
    }
    return true;
}

/* A pattern that is shown is confirmed by a signed answer; names of administrators are asked for
 * to be shown. */
static TkeUnitQueryFlags
flags_for(const TkeCliBlock *blocks, unsigned n)
{
    bool names = false;
    bool patterns = false;

    for (unsigned i = 0; i < n; i++) {
        names = names || blocks[i] == TKE_CLI_BLOCK_ADMINS;
        patterns = patterns || blocks[i] == TKE_CLI_BLOCK_NEW_REGISTER ||
                   blocks[i] == TKE_CLI_BLOCK_CURRENT_REGISTER;
    }
    return (names ? TKE_UNIT_QUERY_DEFAULT : TKE_UNIT_QUERY_NO_NAMES) |
           (patterns ? TKE_UNIT_QUERY_SIGNED_VPS : TKE_UNIT_QUERY_DEFAULT);
}

static bool
show_state(TkeCli *cli, const TkeCliBlock *blocks, unsigned n, GCancellable *cancellable,
           GError **error)
{
    g_autoptr(GPtrArray) units = tke_unit_directory_get_selected(cli->units, error);
    g_autoptr(GPtrArray) states = NULL;

    if (units == NULL) {
        return false;
    }
    states = tke_unit_directory_query(cli->units, units, flags_for(blocks, n), cancellable, error);
    if (states == NULL) {
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        (void) tke_cli_output_block(cli, blocks[i], states, false);
    }
    tke_cli_output_unfinished(cli);
    return tke_cli_check_readable(cli, states, error);
}

bool
tke_cli_show_state(TkeCli *cli, const TkeCliBlock *blocks, unsigned n, GError **error)
{
    return show_state(cli, blocks, n, cli->cancellable, error);
}

/* Who stopped too late, or in the middle, has to see all the more what came of it: not to be
 * stopped. */
bool
tke_cli_show_after(TkeCli *cli, bool ok, const TkeCliBlock *blocks, unsigned n, GError **error)
{
    const bool stopped = g_cancellable_is_cancelled(cli->cancellable);

    if (!ok && error != NULL &&
        (cli->changed || g_error_matches(*error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY)) &&
        show_state(cli, blocks, n, NULL, NULL)) {
        tke_cli_output_note(cli);
    }
    if (!ok || cli->options.dry_run) {
        return ok;
    }
    if (stopped) {
        tke_cli_output_line(cli->out, "%s", _("It was too late to stop: the step was done."));
    }
    if (!show_state(cli, blocks, n, NULL, error)) {
        g_prefix_error(error, _("the step was done, but its result could not be shown: "));
        return false;
    }
    tke_cli_output_note(cli);
    return true;
}

void
tke_cli_output_results(TkeCli *cli, TkeUnitResults *results)
{
    static const TkeCliColumn columns[] = {
        { "number", N_("CRYPTO UNIT NUM"), TKE_CLI_NUMBER },
        { "outcome", N_("OUTCOME"), TKE_CLI_WORD },
        { "message", N_("MESSAGE"), TKE_CLI_TEXT },
    };

    if (results == NULL || results->len == 0) {
        return;
    }
    tke_cli_output_table_begin(cli->out, "results", columns, G_N_ELEMENTS(columns));
    for (unsigned i = 0; i < results->len; i++) {
        const TkeUnitResult *result = g_ptr_array_index(results, i);
        g_autofree char *number = g_strdup_printf("%u", tke_unit_get_number(result->unit));
        const char *cells[] = { number, tke_unit_result_word(result),
                                result->error != NULL ? result->error->message : "" };

        tke_cli_output_row(cli->out, cells);
        cli->changed = cli->changed || tke_unit_result_is_done(result);
    }
    tke_cli_output_table_end(cli->out, NULL);
}
