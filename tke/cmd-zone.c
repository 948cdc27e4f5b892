/*
 * tke zone: create, backup, test of a backup (F-021, F-022; functions 6.3, step 2).
 */
#include <glib/gi18n.h>

#include "libceremony/op-zone.h"
#include "tke/card-output.h"
#include "tke/commands.h"

/* What the step is told of the two descriptions; false: one of them is wrong, or missing. */
static bool
take_texts(TkeCli *cli, const TkeCliArgs *args, TkeCardTexts *texts, GError **error)
{
    const TkeCliQuestion zone = { .title = _("Description of the zone (may be empty):"),
                                  .what = "zone-description",
                                  .option = "--zone-description" };
    const TkeCliQuestion card = { .title = _("Description of the CA card (may be empty):"),
                                  .what = "card-description",
                                  .option = "--card-description" };
    bool zone_later = false;
    bool card_later = false;

    if (!tke_cli_take_text(cli, args->zone_description, TKE_TEXT_DESCRIPTION, &zone, texts->zone,
                           &zone_later, error) ||
        !tke_cli_take_text(cli, args->card_description, TKE_TEXT_DESCRIPTION, &card, texts->card,
                           &card_later, error)) {
        return false;
    }
    texts->zone_said = !zone_later;
    texts->card_said = !card_later;
    return true;
}

bool
tke_cli_zone_create(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    g_autoptr(TkeOperation) op = tke_cli_operation_for_cards(cli, error);
    TkeCardTexts texts = { 0 };
    TkeZoneCreateParams params = { 0 };
    TkeZoneResult result;

    if (op == NULL || !take_texts(cli, args, &texts, error)) {
        return false;
    }
    params = texts.zone_said && texts.card_said
                 ? (TkeZoneCreateParams){ .zone_description = texts.zone,
                                          .card_description = texts.card }
                 : (TkeZoneCreateParams){ .ask = &texts };
    if (!tke_op_zone_create(op, &params, &result, error)) {
        return false;
    }
    if (!cli->options.dry_run) {
        tke_cli_output_card(cli->out, &result.card);
        tke_cli_output_line(cli->out, "%s", _("Make a backup of this card now: tke zone backup."));
    }
    return true;
}

/* A backup that nobody can be asked about is called as its source. */
bool
tke_cli_zone_backup(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    g_autoptr(TkeOperation) op = tke_cli_operation_for_cards(cli, error);
    TkeCardTexts texts = { 0 };
    const TkeZoneBackupParams params = {
        .card_description = args->description,
        .ask = args->description == NULL && tke_cli_tty_asks_for_choices(cli->tty) ? &texts : NULL
    };
    g_autofree char *source = NULL;
    TkeZoneResult result;

    if (op == NULL || !tke_op_zone_backup(op, &params, &result, error)) {
        return false;
    }
    if (!cli->options.dry_run) {
        source = tke_card_id_text(result.source.card_id);
        tke_cli_output_card(cli->out, &result.card);
        tke_cli_output_value(cli->out, "source", N_("Made from card"), source);
        tke_cli_output_line(cli->out, "%s",
                            _("Both cards make up the same zone now, each with its own "
                              "PINs."));
        tke_cli_output_line(cli->out, "%s", _("Test the backup now: tke zone test-backup."));
    }
    return true;
}

bool
tke_cli_zone_test_backup(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    const TkeZoneTestParams params = { .find = true };
    g_autoptr(TkeOperation) op = tke_cli_operation_for_cards(cli, error);
    TkeZoneResult result;

    (void) args;
    if (op == NULL || !tke_op_zone_test(op, &params, &result, error)) {
        return false;
    }
    if (!cli->options.dry_run) {
        tke_cli_output_card(cli->out, &result.card);
        tke_cli_output_flag(cli->out, "works", NULL, true);
        tke_cli_output_line(cli->out, "%s",
                            _("The backup works: it is genuine, of this zone, and its PINs are "
                              "known. Keep it in another place than the CA card."));
    }
    return true;
}
