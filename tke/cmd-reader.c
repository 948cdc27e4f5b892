/*
 * tke readers (F-001 to F-003, F-009).
 */
#include <glib/gi18n.h>

#include "common/error.h"
#include "libceremony/op-card.h"
#include "libceremony/op-reader.h"
#include "libceremony/record.h"
#include "libceremony/self-check.h"
#include "tke/card-output.h"
#include "tke/commands.h"

static const char *
pad_word(const TkeCardInfo *info)
{
    if (!info->pad_asked) {
        return N_("unknown"); /* another program holds the reader */
    }
    return info->pad_trouble == NULL ? N_("yes") : N_("no");
}

static void
print_reader(TkeCli *cli, const TkeCardInfo *info)
{
    g_autofree char *number = g_strdup_printf("%u", info->reader);
    g_autofree char *why = info->pad_trouble != NULL ? tke_record_text(info->pad_trouble) : NULL;
    const char *card = !info->present          ? N_("empty")
                       : info->trouble != NULL ? N_("cannot be read")
                                               : tke_cli_card_kind_text(&info->status);
    const char *cells[] = { number,
                            info->reader_model,
                            info->reader_name,
                            card,
                            tke_cli_output_bool(info->reader_virtual),
                            pad_word(info),
                            why };

    tke_cli_output_row(cli->out, cells);
}

/* A reader without number: its card is not read, since a procedure asks which reader it is. */
static void
print_alike(TkeCli *cli, const TkeReaderCheck *check)
{
    g_autofree char *why = check->trouble != NULL ? tke_record_text(check->trouble) : NULL;
    const char *pad = check->trouble == NULL                                         ? "yes"
                      : tke_card_error_code(check->trouble) == TKE_CARD_ERROR_IN_USE ? "unknown"
                                                                                     : "no";
    const char *cells[] = { NULL,
                            check->reader->model,
                            check->reader->name,
                            check->reader->card_present ? N_("not read") : N_("empty"),
                            tke_cli_output_bool(check->reader->is_virtual),
                            pad,
                            why };

    tke_cli_output_row(cli->out, cells);
}

static void
print_readers(TkeCli *cli, const GPtrArray *infos, const GPtrArray *checks)
{
    static const TkeCliColumn columns[] = {
        { "reader", N_("READER"), TKE_CLI_NUMBER },
        { "model", N_("MODEL"), TKE_CLI_TEXT },
        { "name", N_("NAME"), TKE_CLI_TEXT },
        { "card", N_("CARD"), TKE_CLI_WORD },
        { "virtual", N_("VIRTUAL"), TKE_CLI_BOOL },
        { "keypad", N_("KEYPAD"), TKE_CLI_WORD },
        { "keypad_trouble", N_("WHY NOT"), TKE_CLI_TEXT },
    };

    tke_cli_output_table_begin(cli->out, "readers", columns, G_N_ELEMENTS(columns));
    for (unsigned i = 0; i < infos->len; i++) {
        const TkeCardInfo *info = g_ptr_array_index(infos, i);

        if (info->reader_name != NULL) {
            print_reader(cli, info);
        }
    }
    for (unsigned i = 0; i < checks->len; i++) {
        const TkeReaderCheck *check = g_ptr_array_index(checks, i);

        if (check->alike) {
            print_alike(cli, check);
        }
    }
    tke_cli_output_table_end(cli->out, _("No readers."));
}

/* What is in the way and what to do about it, for each reader (F-009). */
static void
print_problems(TkeCli *cli, GPtrArray *problems)
{
    for (guint i = 0; i < problems->len; i++) {
        const TkeProblem *problem = g_ptr_array_index(problems, i);

        tke_cli_output_group_begin(cli->out, "problems");
        tke_cli_output_line(cli->out, "%s", "");
        tke_cli_output_value(cli->out, "subject", N_("Problem with"), problem->subject);
        tke_cli_output_value(cli->out, "problem", N_("What"), problem->text);
        tke_cli_output_value(cli->out, "remedy", N_("What to do"), problem->remedy);
        if (problem->details != NULL) {
            tke_cli_output_value(cli->out, "details", N_("Details"), problem->details);
        }
        tke_cli_output_group_end(cli->out);
    }
}

bool
tke_cli_readers(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    const TkeCardInfoParams params = { .pads = true, .quiet = true };
    g_autoptr(TkeOperation) op = tke_cli_operation_for_cards(cli, error);
    g_autoptr(GPtrArray) infos = NULL;
    g_autoptr(GPtrArray) checks = NULL;
    g_autoptr(GPtrArray) problems = NULL;
    unsigned good = 0;
    bool lasting = false;

    if (op == NULL || (args->swap && !tke_op_reader_swap(op, cli->settings, &lasting, error)) ||
        (args->identify && !tke_op_reader_identify(op, cli->settings, &lasting, error)) ||
        !tke_self_check_readers(op, &checks, &problems, &good, error) ||
        !tke_op_card_info(op, &params, &infos, error)) {
        return false;
    }
    print_readers(cli, infos, checks);
    print_problems(cli, problems);
    if (good < TKE_READERS) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_READER,
                    ngettext("%u reader with keypad was found, two are needed",
                             "%u readers with keypad were found, two are needed", good),
                    good);
        return false;
    }
    return true;
}
