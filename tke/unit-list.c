/*
 * The list of crypto units (functions 4.4; F-120).
 */
#include <glib/gi18n.h>
#include <string.h>

#include "tke/unit-output.h"

static const char *
type_word(TkeUnitType type)
{
    switch (type) {
    case TKE_UNIT_RECOVERY:
        return N_("RECOVERY");
    case TKE_UNIT_FAILOVER:
        return N_("FAILOVER");
    case TKE_UNIT_OPERATIONAL:
    default:
        return N_("OPERATIONAL");
    }
}

static void
output_unit(TkeCli *cli, const TkeUnit *unit)
{
    g_autofree char *number = g_strdup_printf("%u", tke_unit_get_number(unit));
    const char *cells[] = { number,
                            tke_cli_output_bool(tke_unit_directory_is_selected(cli->units, unit)),
                            type_word(tke_unit_get_type(unit)), tke_unit_get_location(unit),
                            tke_unit_get_serial_number(unit) };

    tke_cli_output_row(cli->out, cells);
}

void
tke_cli_begin_instance(TkeCli *cli, const char *instance)
{
    tke_cli_output_group_resume(cli->out, "instances", "instance", instance);
    tke_cli_output_line(cli->out, "%s", "");
    tke_cli_output_line(cli->out, "%s: %s", _("SERVICE INSTANCE"), instance);
}

/* Units that are listed and cannot be used, and why. */
static void
output_refused(TkeCli *cli, const char *instance)
{
    static const TkeCliColumn columns[] = {
        { "number", N_("CRYPTO UNIT NUM"), TKE_CLI_NUMBER },
        { "trouble", N_("TROUBLE"), TKE_CLI_TEXT },
    };
    const GPtrArray *units = tke_unit_directory_get_units(cli->units);
    bool begun = false;

    for (unsigned i = 0; i < units->len; i++) {
        const TkeUnit *unit = g_ptr_array_index(units, i);
        g_autofree char *number = g_strdup_printf("%u", tke_unit_get_number(unit));
        const char *cells[] = { number, NULL };

        if (strcmp(tke_unit_get_instance(unit), instance) != 0 ||
            tke_unit_get_trust(unit) != TKE_UNIT_REFUSED) {
            continue;
        }
        if (!begun) {
            tke_cli_output_table_begin(cli->out, "troubles", columns, G_N_ELEMENTS(columns));
            begun = true;
        }
        cells[1] = tke_unit_get_refusal(unit)->message;
        tke_cli_output_row(cli->out, cells);
    }
    if (begun) {
        tke_cli_output_table_end(cli->out, NULL);
    }
}

void
tke_cli_output_units(TkeCli *cli)
{
    static const TkeCliColumn columns[] = {
        { "number", N_("CRYPTO UNIT NUM"), TKE_CLI_NUMBER },
        { "selected", N_("SELECTED"), TKE_CLI_BOOL },
        { "type", N_("TYPE"), TKE_CLI_WORD },
        { "location", N_("LOCATION"), TKE_CLI_TEXT },
        { "serial_number", N_("SERIAL NUMBER"), TKE_CLI_TEXT },
    };
    const GPtrArray *units = tke_unit_directory_get_units(cli->units);
    const char *const *instances = tke_world_get_instances(cli->world);

    for (unsigned k = 0; instances[k] != NULL; k++) {
        tke_cli_begin_instance(cli, instances[k]);
        tke_cli_output_table_begin(cli->out, "units", columns, G_N_ELEMENTS(columns));
        for (unsigned i = 0; i < units->len; i++) {
            const TkeUnit *unit = g_ptr_array_index(units, i);

            if (strcmp(tke_unit_get_instance(unit), instances[k]) == 0) {
                output_unit(cli, unit);
            }
        }
        tke_cli_output_table_end(cli->out, _("No crypto units."));
        output_refused(cli, instances[k]);
        tke_cli_output_group_end(cli->out);
    }
}
