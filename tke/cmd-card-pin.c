/*
 * tke card change-pin: of a CA card with all that is best done right after (functions 2.5, 2.9).
 */
#include <glib/gi18n.h>

#include "libceremony/op-card-pin.h"
#include "tke/card-output.h"
#include "tke/commands.h"

/* pin: of a CA card; 0: the card has one. entered: so was the other one, after the change. */
static void
print_changed(TkeCli *cli, const TkeCardStatus *card, unsigned pin, bool entered)
{
    tke_cli_output_card(cli->out, card);
    tke_cli_output_line(cli->out, "%s", _("Copies and backups of this card keep their own PINs."));
    if (pin != 0) {
        tke_cli_output_number(cli->out, "pin", NULL, pin);
        tke_cli_output_flag(cli->out, "other_pin_entered", NULL, entered);
    }
    if (pin != 0 && !entered) {
        tke_cli_output_line(
            cli->out, "%s",
            _("The other PIN of this card has fewer tries: enter it now (tke card info "
              "--reader 1 --check)."));
    }
}

/* The same PIN of one backup after the other, until there is none left for now. */
static bool
change_backups(TkeCli *cli, TkeOperation *op, unsigned pin, const TkeCardStatus *first,
               GError **error)
{
    g_autoptr(GArray) changed = g_array_new(FALSE, TRUE, sizeof(TkeCardStatus));

    g_array_append_val(changed, *first);
    for (;;) {
        TkeCardStatus card;
        bool wanted = false;
        bool done = false;
        bool entered = false;
        bool ok;

        if (!tke_op_card_offer_backup_pin(op, &wanted, error) ||
            (wanted && !tke_op_card_change_backup_pin(op, pin, (TkeCardStatus *) changed->data,
                                                      changed->len, &card, &done, error))) {
            return false;
        }
        if (wanted && !done) {
            tke_cli_output_line(cli->out, "%s", _("The PIN of the backup is as it was."));
        }
        if (!done) {
            return true;
        }
        g_array_append_val(changed, card);
        ok = tke_op_card_offer_other_pin(op, pin, &entered, &card, error);
        tke_cli_output_group_begin(cli->out, "backups");
        print_changed(cli, &card, pin, entered);
        tke_cli_output_group_end(cli->out);
        if (!ok) {
            return false;
        }
    }
}

bool
tke_cli_card_change_pin(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    unsigned pin = args->pin == 0 ? 1u : (unsigned) args->pin;
    TkeCardChangePinParams params = { .reader = args->reader == 0 ? 2u : (unsigned) args->reader,
                                      .pin = pin };
    g_autoptr(TkeOperation) op = tke_cli_operation_for_cards(cli, error);
    bool more = op != NULL && params.reader == 1 && tke_cli_tty_asks_for_choices(cli->tty);
    TkeCardStatus card;
    bool entered = false;
    bool ok;

    if (more && args->pin == 0) {
        params.ask_pin = &pin;
    }
    if (op == NULL || !tke_op_card_change_pin(op, &params, &card, error)) {
        return false;
    }
    if (cli->options.dry_run) {
        return true;
    }
    ok = !more || tke_op_card_offer_other_pin(op, pin, &entered, &card, error);
    print_changed(cli, &card, params.reader == 1 ? pin : 0, entered);
    return ok && (!more || change_backups(cli, op, pin, &card, error));
}
