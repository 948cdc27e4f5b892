/*
 * tke zone: create, backup (F-021, F-022).
 */
#include <glib/gi18n.h>

#include "libceremony/op-zone.h"
#include "tke/card-output.h"
#include "tke/commands.h"

bool
tke_cli_zone_create(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    g_autoptr(TkeOperation) op = tke_cli_operation_for_cards(cli, error);
    g_autofree char *zone = NULL;
    g_autofree char *card = NULL;
    TkeZoneCreateParams params;
    TkeZoneResult result;

    if (op == NULL) {
        return false;
    }
    zone =
        tke_cli_need_text(cli, args->zone_description, _("Description of the zone (may be empty):"),
                          "zone-description", TKE_CARD_TEXT_MAX, error);
    card = zone == NULL ? NULL
                        : tke_cli_need_text(cli, args->card_description,
                                            _("Description of the CA card (may be empty):"),
                                            "card-description", TKE_CARD_TEXT_MAX, error);
    if (card == NULL) {
        return false;
    }
    params = (TkeZoneCreateParams){ .zone_description = zone, .card_description = card };
    if (!tke_op_zone_create(op, &params, &result, error)) {
        return false;
    }
    if (!cli->options.dry_run) {
        tke_cli_output_card(cli->out, &result.card);
        tke_cli_output_line(cli->out, "%s", _("Make a backup of this card now: tke zone backup."));
    }
    return true;
}

bool
tke_cli_zone_backup(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    const TkeZoneBackupParams params = { .card_description = args->description };
    g_autoptr(TkeOperation) op = tke_cli_operation_for_cards(cli, error);
    TkeZoneResult result;

    if (op == NULL || !tke_op_zone_backup(op, &params, &result, error)) {
        return false;
    }
    if (!cli->options.dry_run) {
        tke_cli_output_card(cli->out, &result.card);
        tke_cli_output_line(cli->out, "%s",
                            _("Both cards make up the same zone now, each with its own "
                              "PINs."));
    }
    return true;
}
