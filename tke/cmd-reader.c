/*
 * tke readers (F-001 to F-003, F-009).
 */
#include <glib/gi18n.h>

#include "common/error.h"
#include "libceremony/op-card.h"
#include "tke/card-output.h"
#include "tke/commands.h"

static void
print_reader(TkeCli *cli, const TkeCardInfo *info)
{
    g_autofree char *number = g_strdup_printf("%u", info->reader);
    const char *card = !info->present          ? _("empty")
                       : info->trouble != NULL ? _("cannot be read")
                                               : tke_cli_card_kind_text(&info->status);
    const char *cells[] = { number, info->reader_model, info->reader_name, card,
                            info->reader_virtual ? "true" : "false" };

    tke_cli_output_row(cli->out, cells);
}

/* Reader number first becomes reader 1, the other one reader 2; remembered for the next time. */
static bool
remember(TkeCli *cli, TkeOperation *op, unsigned first, GError **error)
{
    g_autoptr(TkeReaders) readers = NULL;
    g_autofree char *one = NULL;
    g_autofree char *two = NULL;
    TkeReaderChoice choice;

    if (!tke_card_session_look(op, &readers, error) || !tke_readers_need_both(readers, error)) {
        return false;
    }
    one = tke_reader_dup_key(readers->reader[first - 1]);
    two = tke_reader_dup_key(readers->reader[2 - first]);
    choice = (TkeReaderChoice){ { one, two } };
    if (!tke_settings_set_readers(cli->settings, &choice, error)) {
        return false;
    }
    tke_card_session_set_readers(cli->session, &choice);
    return true;
}

/* The next reader that gets a card is reader 1 (F-003). */
static bool
identify(TkeCli *cli, TkeOperation *op, GError **error)
{
    const TkePrompt prompt = { .kind = TKE_PROMPT_INSERT_CARD,
                               .reader = 1,
                               .reader_name = "",
                               .wanted = TKE_WANTED_ANY,
                               .title =
                                   _("Insert any card into the reader that is to be reader 1."),
                               .purpose = "identify" };
    TkeCardSource *cards = tke_world_get_cards(cli->world, error);
    g_autoptr(TkeReaders) before = NULL;

    if (cards == NULL || !tke_card_session_look(op, &before, error) ||
        !tke_readers_need_both(before, error)) {
        return false;
    }
    tke_operation_show(op, &prompt);
    for (;;) {
        g_autoptr(TkeReaders) now = NULL;

        if (!cards->ops->wait(cards, -1, cli->cancellable, error) ||
            !tke_card_session_look(op, &now, error) || !tke_readers_need_both(now, error)) {
            tke_operation_hide(op);
            return false;
        }
        for (unsigned i = 0; i < TKE_READERS; i++) {
            if (now->reader[i]->card_present &&
                now->reader[i]->events != before->reader[i]->events) {
                tke_operation_hide(op);
                return remember(cli, op, i + 1, error);
            }
        }
    }
}

bool
tke_cli_readers(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    static const TkeCliColumn columns[] = {
        { "reader", N_("READER"), TKE_CLI_NUMBER }, { "model", N_("MODEL"), TKE_CLI_TEXT },
        { "name", N_("NAME"), TKE_CLI_TEXT },       { "card", N_("CARD"), TKE_CLI_TEXT },
        { "virtual", N_("VIRTUAL"), TKE_CLI_BOOL },
    };
    const TkeCardInfoParams params = { 0 };
    g_autoptr(TkeOperation) op = tke_cli_operation_for_cards(cli, error);
    g_autoptr(GPtrArray) infos = NULL;
    unsigned found = 0;

    if (op == NULL || (args->swap && !remember(cli, op, 2, error)) ||
        (args->identify && !identify(cli, op, error)) ||
        !tke_op_card_info(op, &params, &infos, error)) {
        return false;
    }
    tke_cli_output_table_begin(cli->out, "readers", columns, G_N_ELEMENTS(columns));
    for (unsigned i = 0; i < infos->len; i++) {
        const TkeCardInfo *info = g_ptr_array_index(infos, i);

        if (info->reader_name != NULL) {
            print_reader(cli, info);
            found++;
        }
    }
    tke_cli_output_table_end(cli->out, _("No readers."));
    if (found < TKE_READERS) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_READER,
                    ngettext("%u reader with keypad was found, two are needed",
                             "%u readers with keypad were found, two are needed", found),
                    found);
        return false;
    }
    return true;
}
