/*
 * tke card acceptance-test: a report to keep about a card that one has bought (F-041).
 */
#include <glib/gi18n.h>

#include "libceremony/op-card-accept.h"
#include "libceremony/op-card-probe.h"
#include "libsmartcard/card-error.h"
#include "tke/card-output.h"
#include "tke/commands.h"
#include "tke/text.h"

static void
put_text(TkeCli *cli, const char *key, const char *heading, const char *text)
{
    tke_cli_output_value(cli->out, key, heading, text != NULL && text[0] != '\0' ? text : "-");
}

static void
print_card(TkeCli *cli, const TkeCardAcceptance *report)
{
    g_autoptr(GDateTime) tested = g_date_time_new_from_unix_utc(report->tested);
    g_autofree char *date = g_date_time_format(tested, "%Y-%m-%dT%H:%M:%SZ");
    g_autofree char *local = tke_cli_text_time(report->tested);

    tke_cli_output_line(cli->out, "%s: %s", _("Date"), local);
    tke_cli_output_value(cli->out, "date", NULL, date);
    put_text(cli, "program", N_("Program"), "tke " TKE_VERSION);
    tke_cli_output_number(cli->out, "reader", N_("Reader"), report->reader);
    put_text(cli, "reader_name", N_("Name"), report->reader_name);
    put_text(cli, "atr", N_("Answer to reset"), report->atr);
    put_text(cli, "protocols", N_("Protocols"), report->protocols);
    put_text(cli, "historical", N_("Historical bytes"), report->historical);
    tke_cli_output_line(cli->out, "%s: %s", _("Card"), _(tke_cli_card_kind_text(&report->status)));
    tke_cli_output_value(cli->out, "kind", NULL, tke_cli_card_kind_word(&report->status));
    tke_cli_output_flag(cli->out, "manager", N_("Card manager"), report->has_manager);
}

static char *
channels_text(const TkeGpCardData *data)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; i < data->n_channels; i++) {
        g_string_append_printf(text, "%sSCP%02X i=%02X", i > 0 ? ", " : "",
                               data->channels[i].protocol, data->channels[i].options);
    }
    return g_strdup(text->str);
}

static char *
key_infos_text(const TkeGpCardData *data)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; i < data->n_keys; i++) {
        g_string_append_printf(text, "%s%u/%02X: %s, %u", i > 0 ? "; " : "", data->keys[i].id,
                               data->keys[i].version,
                               data->keys[i].type == 0x88   ? "AES"
                               : data->keys[i].type == 0x80 ? "DES"
                                                            : "?",
                               data->keys[i].len);
    }
    return g_strdup(text->str);
}

static void
print_manager(TkeCli *cli, const TkeCardAcceptance *report)
{
    g_autofree char *aid = report->data.has_aid ? tke_gp_aid_text(&report->data.aid) : NULL;
    g_autofree char *channels = channels_text(&report->data);
    g_autofree char *infos = key_infos_text(&report->data);

    if (!report->has_manager) {
        return;
    }
    put_text(cli, "manager_aid", N_("Its identifier"), aid);
    put_text(cli, "globalplatform", N_("GlobalPlatform"), report->data.version);
    put_text(cli, "channels", N_("Secure channels told"), channels);
    put_text(cli, "key_infos", N_("Keys told (id/version)"), infos);
    put_text(cli, "maker", N_("Maker's data"), report->maker);
}

static void
print_channel(TkeCli *cli, const TkeCardAcceptance *report)
{
    g_autofree char *channel = NULL;

    if (report->keys == NULL) {
        return;
    }
    put_text(cli, "keys", N_("Issuer keys tried"), report->keys);
    tke_cli_output_flag(cli->out, "opened", N_("They open the card"), report->opened);
    if (!report->opened) {
        return;
    }
    channel = report->channel.protocol == 3
                  ? g_strdup_printf("SCP03 i=%02X, AES-%zu", report->channel.options,
                                    report->channel.key_len * 8)
                  : g_strdup("SCP02, 3DES");
    put_text(cli, "channel", N_("Secure channel"), channel);
    put_text(cli, "life_cycle", N_("Life cycle"),
             tke_gp_registry_life_cycle_text(report->life_cycle));
    tke_cli_output_number(cli->out, "applications", N_("Applications"), report->n_applications);
    tke_cli_output_number(cli->out, "packages", N_("Packages"), report->n_packages);
    if (report->has_free) {
        tke_cli_output_number(cli->out, "free_bytes", N_("Free memory (bytes)"),
                              report->free_bytes);
    } else {
        tke_cli_output_line(cli->out, "%s: %s", _("Free memory"), _("not told"));
    }
    tke_cli_output_number(cli->out, "wanted_bytes", N_("Memory wanted (bytes)"),
                          (gint64) report->wanted_bytes);
    if (report->test_keys) {
        tke_cli_output_line(cli->out, "%s",
                            _("These are the makers' test keys, which everybody knows: whoever "
                              "has the card can erase it."));
    }
}

static void
print_probe(TkeCli *cli, const TkeCardAcceptance *report)
{
    static const TkeCliColumn columns[] = { { "mark", N_("NUMBER"), TKE_CLI_NUMBER },
                                            { "what", N_("ALGORITHM"), TKE_CLI_TEXT },
                                            { "there", N_("THERE"), TKE_CLI_WORD } };

    if (!report->probed) {
        tke_cli_output_line(cli->out, "%s",
                            _("Algorithms: not tried; the applet tries them when it is loaded."));
        return;
    }
    tke_cli_output_table_begin(cli->out, "probe", columns, G_N_ELEMENTS(columns));
    for (unsigned i = 0; i < G_N_ELEMENTS(report->marks); i++) {
        g_autofree char *mark = g_strdup_printf("%u", i + 1);
        const char *cells[] = { mark, tke_op_card_probe_mark_text(i),
                                report->marks[i] ? N_("yes") : N_("no") };

        tke_cli_output_row(cli->out, cells);
    }
    tke_cli_output_table_end(cli->out, "");
}

static void
keep_remedy(GError *error, const GError *refused)
{
    TkeCardErrorInfo info = { .remedy = NULL };

    if (tke_card_error_get_info(refused, &info) && info.remedy != NULL) {
        tke_card_error_set_remedy(error, info.remedy);
    }
}

/* An exchange that failed says of itself only that its outcome is not known; a card that does not
 * even answer to a reset, not that this is a verdict. */
static bool
says_enough(const GError *refused)
{
    return !tke_card_error_is_outcome_unknown(refused) &&
           tke_card_error_code(refused) != TKE_CARD_ERROR_UNRESPONSIVE;
}

/* The report ends with a verdict; a card that does not fit is a failure of the command. */
static bool
print_verdict(TkeCli *cli, const TkeCardAcceptance *report, GError **error)
{
    const guint n = report->faults->len;
    g_autofree char *all = NULL;

    tke_cli_output_flag(cli->out, "fits", NULL, n == 0);
    if (n == 0) {
        tke_cli_output_line(cli->out, "%s",
                            report->probed ? _("The card fits.")
                                           : _("Nothing found speaks against this card."));
        return true;
    }
    g_ptr_array_add(report->faults, NULL);
    all = g_strjoinv("; ", (char **) report->faults->pdata);
    if (report->refused != NULL && n == 1 && says_enough(report->refused)) {
        g_propagate_error(error, g_error_copy(report->refused));
    } else {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_UNSUITABLE,
                    _("reader %u: the card does not fit: %s"), report->reader, all);
        if (error != NULL && report->refused != NULL) {
            keep_remedy(*error, report->refused);
        }
    }
    return false;
}

bool
tke_cli_card_acceptance_test(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    const TkeCardAcceptParams params = {
        .reader = args->reader == 0 ? 2u : (unsigned) args->reader,
        .retry_cut_off = args->retry_cut_off,
    };
    g_autoptr(TkeOperation) op = tke_cli_operation_for_cards(cli, error);
    g_autoptr(TkeCardAcceptance) report = NULL;

    report = op != NULL ? tke_op_card_accept(op, &params, error) : NULL;
    if (report == NULL) {
        return false;
    }
    if (cli->options.dry_run) {
        return true;
    }
    print_card(cli, report);
    print_manager(cli, report);
    print_channel(cli, report);
    print_probe(cli, report);
    return print_verdict(cli, report, error);
}
