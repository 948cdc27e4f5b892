/*
 * tke card: everything that is done to one card or two (functions 4.11).
 */
#include <glib/gi18n.h>
#include <string.h>

#include "common/error.h"
#include "common/hex.h"
#include "libceremony/advice.h"
#include "libceremony/op-card-enroll.h"
#include "libceremony/op-card-pin.h"
#include "libceremony/op-card.h"
#include "libceremony/op-key-part.h"
#include "libsmartcard/atr.h"
#include "tke/card-output.h"
#include "tke/commands.h"

#define SKI_DIGITS_MIN 8u
#define SKI_DIGITS_MAX 64u

/* A card that is none of ours, or has nothing on it yet: what it says of itself. */
static void
print_atr(TkeCli *cli, const TkeCardInfo *info)
{
    g_autofree char *hex = tke_hex_encode(info->atr, info->atr_len);
    TkeAtr atr = { .first = 0 };

    tke_cli_output_value(cli->out, "atr", N_("Answer to reset"), hex);
    if (tke_atr_parse(info->atr, info->atr_len, &atr)) {
        g_autofree char *protocols = tke_atr_dup_protocols(&atr);
        g_autofree char *historical = tke_atr_dup_historical(&atr);

        tke_cli_output_value(cli->out, "protocols", N_("Protocols"), protocols);
        tke_cli_output_value(cli->out, "historical", N_("Historical bytes"), historical);
    }
}

static void
print_genuine(TkeCli *cli, TkeGenuine genuine)
{
    static const struct {
        const char *word;
        const char *text;
    } words[] = { [TKE_GENUINE_NOT_CHECKED] = { "not-checked", N_("not checked (--check)") },
                  [TKE_GENUINE_YES] = { "yes", N_("yes") },
                  [TKE_GENUINE_NO] = { "no", N_("NO") } };

    tke_cli_output_value(cli->out, "genuine", NULL, words[genuine].word);
    tke_cli_output_line(cli->out, "%s: %s", _("Genuine"), _(words[genuine].text));
}

static void
print_card(TkeCli *cli, const TkeCardInfo *info)
{
    tke_cli_output_card(cli->out, &info->status);
    if (info->status.kind != TKE_CARD_KIND_EP11 && info->status.kind != TKE_CARD_KIND_CA) {
        print_atr(cli, info);
        return;
    }
    if (info->status.kind == TKE_CARD_KIND_EP11) {
        tke_cli_output_parts(cli->out, &info->parts);
    }
    print_genuine(cli, info->genuine);
}

static void
print_info(TkeCli *cli, const TkeCardInfo *info)
{
    tke_cli_output_group_begin(cli->out, "cards");
    tke_cli_output_number(cli->out, "reader", N_("Reader"), info->reader);
    tke_cli_output_flag(cli->out, "present", NULL, info->reader_name != NULL && info->present);
    if (info->reader_name == NULL) {
        tke_cli_output_line(cli->out, "%s", _("There is no such reader."));
    } else if (!info->present) {
        tke_cli_output_line(cli->out, "%s", _("No card is inserted."));
    } else if (info->trouble != NULL) {
        g_autofree char *details = tke_advice_details_for_error(info->trouble);
        g_autofree char *advice = tke_advice_for_error(info->trouble);

        tke_cli_output_value(cli->out, "trouble", N_("Trouble"), info->trouble->message);
        if (advice != NULL) {
            tke_cli_output_value(cli->out, "advice", N_("What to do"), advice);
        }
        if (details != NULL) {
            tke_cli_output_value(cli->out, "details", N_("Details"), details);
        }
    } else {
        print_card(cli, info);
    }
    tke_cli_output_line(cli->out, "%s", "");
    tke_cli_output_group_end(cli->out);
}

bool
tke_cli_card_info(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    const TkeCardInfoParams params = { .reader = (unsigned) args->reader, .check = args->check };
    g_autoptr(TkeOperation) op = NULL;
    g_autoptr(GPtrArray) infos = NULL;

    op = tke_cli_operation_for_cards(cli, error);
    if (op == NULL || !tke_op_card_info(op, &params, &infos, error)) {
        return false;
    }
    for (unsigned i = 0; i < infos->len; i++) {
        print_info(cli, g_ptr_array_index(infos, i));
    }
    for (unsigned i = 0; i < infos->len; i++) {
        const TkeCardInfo *info = g_ptr_array_index(infos, i);

        if (info->not_genuine != NULL) {
            g_propagate_error(error, g_error_copy(info->not_genuine));
            return false;
        }
    }
    return true;
}

bool
tke_cli_card_enroll(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    g_autoptr(TkeOperation) op = tke_cli_operation_for_cards(cli, error);
    TkeCardStatus card;

    (void) args;
    if (op == NULL || !tke_op_card_enroll(op, &card, error)) {
        return false;
    }
    if (!cli->options.dry_run) {
        tke_cli_output_card(cli->out, &card);
        tke_cli_output_line(cli->out, "%s", _("Next: tke card personalize."));
    }
    return true;
}

bool
tke_cli_card_personalize(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    const TkeCliQuestion question = { .title = _("Description of the card (may be empty):"),
                                      .what = "description",
                                      .option = "--description" };
    g_autoptr(TkeOperation) op = tke_cli_operation_for_cards(cli, error);
    TkeCardTexts texts = { 0 };
    TkeCardPersonalizeParams params = { .description = texts.card };
    TkeCardStatus card;
    bool later = false;

    if (op == NULL || !tke_cli_take_text(cli, args->description, TKE_TEXT_DESCRIPTION, &question,
                                         texts.card, &later, error)) {
        return false;
    }
    params.ask = later ? &texts : NULL;
    if (!tke_op_card_personalize(op, &params, &card, error)) {
        return false;
    }
    if (!cli->options.dry_run) {
        tke_cli_output_card(cli->out, &card);
    }
    return true;
}

bool
tke_cli_card_unblock(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    g_autoptr(TkeOperation) op = tke_cli_operation_for_cards(cli, error);
    TkeCardStatus card;

    (void) args;
    if (op == NULL || !tke_op_card_unblock(op, &card, error)) {
        return false;
    }
    if (!cli->options.dry_run) {
        tke_cli_output_card(cli->out, &card);
    }
    return true;
}

/* "1,4-6" to places, ascending. */
static bool
parse_places(const char *text, unsigned *n, uint8_t places[static TKE_EP11_PLACES], GError **error)
{
    bool chosen[TKE_EP11_PLACES + 1] = { false };
    g_auto(GStrv) words = g_strsplit(text, ",", -1);

    for (char **word = words; *word != NULL; word++) {
        g_auto(GStrv) ends = g_strsplit(g_strstrip(*word), "-", 2);
        guint64 from = 0;
        guint64 to = 0;

        if (ends[0] == NULL ||
            !g_ascii_string_to_unsigned(ends[0], 10, 1, TKE_EP11_PLACES, &from, NULL) ||
            !g_ascii_string_to_unsigned(ends[1] != NULL ? ends[1] : ends[0], 10, from,
                                        TKE_EP11_PLACES, &to, NULL)) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                        _("“%s” names no places: numbers from 1 to %u, as in “1,4-6”"), text,
                        TKE_EP11_PLACES);
            return false;
        }
        for (guint64 place = from; place <= to; place++) {
            chosen[place] = true;
        }
    }
    *n = 0;
    for (unsigned place = 1; place <= TKE_EP11_PLACES; place++) {
        if (chosen[place]) {
            places[(*n)++] = (uint8_t) place;
        }
    }
    return true;
}

/* The begin of an identifier that an option gives; whether a card has it shows at the card. */
static bool
check_ski(const char *ski, GError **error)
{
    if (ski == NULL || (strlen(ski) >= SKI_DIGITS_MIN && strlen(ski) <= SKI_DIGITS_MAX &&
                        strspn(ski, "0123456789abcdefABCDEF") == strlen(ski))) {
        return true;
    }
    g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                _("“%s” begins no subject key identifier: %u to %u hexadecimal digits"), ski,
                SKI_DIGITS_MIN, SKI_DIGITS_MAX);
    return false;
}

bool
tke_cli_card_set_description(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    const TkeCliQuestion question = { .title = _("New description:"),
                                      .what = "description",
                                      .option = "--description" };
    g_autoptr(TkeOperation) op = NULL;
    char description[TKE_CARD_TEXT_MAX + 1];
    uint8_t places[TKE_EP11_PLACES];
    TkeCardDescribeParams params = { .description = description };
    TkeCardDescribeResult result;
    unsigned n = 0;

    if (args->place != NULL && !parse_places(args->place, &n, places, error)) {
        return false;
    }
    if (n > 1) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("one key part is described at a time"));
        return false;
    }
    op = tke_cli_operation_for_cards(cli, error);
    if (op == NULL || !tke_cli_take_text(cli, args->description, TKE_TEXT_DESCRIPTION, &question,
                                         description, &params.ask_description, error)) {
        return false;
    }
    /* who says the text but no place means the card */
    params.place = n == 1 ? places[0] : 0;
    params.ask_place = n == 0 && params.ask_description && !cli->options.yes;
    if (!tke_op_card_describe(op, &params, &result, error)) {
        return false;
    }
    if (!cli->options.dry_run) {
        tke_cli_output_value(cli->out, "old", N_("Old description"), result.old);
        tke_cli_output_value(cli->out, "new", N_("New description"), result.description);
    }
    return true;
}

bool
tke_cli_card_generate_signature_key(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    const TkeCliQuestion question = { .title = _("Name of the administrator:"),
                                      .what = "name",
                                      .option = "--name" };
    g_autoptr(TkeOperation) op = tke_cli_operation_for_cards(cli, error);
    char name[TKE_CARD_TEXT_MAX + 1];
    TkeGenerateKeyParams params = { .name = name, .replace = args->replace };
    g_autofree char *ski = NULL;
    TkeSignatureKey key;

    if (op == NULL ||
        !tke_cli_take_text(cli, args->name, TKE_TEXT_NAME, &question, name, &params.ask_name,
                           error) ||
        !tke_op_generate_signature_key(op, &params, &key, NULL, error)) {
        return false;
    }
    if (!cli->options.dry_run) {
        ski = tke_hex_encode(key.ski, sizeof key.ski);
        tke_cli_output_value(cli->out, "administrator", N_("Administrator"), key.name);
        tke_cli_output_digits(cli->out, "ski", N_("Subject key identifier"), ski);
        tke_cli_output_line(cli->out, "%s", _("Copy the card now: tke card copy."));
    }
    return true;
}

bool
tke_cli_card_generate_key_part(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    const TkeCliQuestion question = { .title = _("Description of the key part:"),
                                      .what = "description",
                                      .option = "--description" };
    g_autoptr(TkeOperation) op = tke_cli_operation_for_cards(cli, error);
    char description[TKE_CARD_TEXT_MAX + 1];
    TkeGeneratePartParams params = { .description = description };
    g_autofree char *pattern = NULL;
    TkeCardStatus card;
    TkeKeyPart part;

    if (op == NULL ||
        !tke_cli_take_text(cli, args->description, TKE_TEXT_DESCRIPTION, &question, description,
                           &params.ask_description, error) ||
        !tke_op_generate_key_part(op, &params, &part, &card, error)) {
        return false;
    }
    if (cli->options.dry_run) {
        return true;
    }
    pattern = tke_hex_encode(part.vp, sizeof part.vp);
    tke_cli_output_number(cli->out, "place", N_("Number"), part.place);
    tke_cli_output_value(cli->out, "description", N_("Description"), part.description);
    tke_cli_output_digits(cli->out, "pattern", N_("Verification pattern"), pattern);
    if (card.n_parts > 1) {
        tke_cli_output_line(cli->out, "%s",
                            _("The card holds more than one key part: parts of one master "
                              "key belong on different cards and to different people."));
    }
    tke_cli_output_line(cli->out, "%s", _("Copy the card now: tke card copy."));
    return true;
}

/* Description and pattern of what is at that place of the target now; NULL: not known. */
static const TkeKeyPart *
find_part(const TkeKeyPartList *list, unsigned place)
{
    for (unsigned i = 0; i < list->n; i++) {
        if (list->parts[i].place == place) {
            return &list->parts[i];
        }
    }
    return NULL;
}

static void
print_entry(TkeCli *cli, const TkeCopyResult *result, const TkeTransferEntry *entry)
{
    bool key = entry->source_place == 0;
    const TkeKeyPart *part = key ? NULL : find_part(&result->parts, entry->target_place);
    g_autofree char *source = g_strdup_printf("%u", entry->source_place);
    g_autofree char *target = g_strdup_printf("%u", entry->target_place);
    g_autofree char *identifier =
        key            ? tke_hex_encode(result->source.ski, sizeof result->source.ski)
        : part != NULL ? tke_hex_encode(part->vp, sizeof part->vp)
                       : NULL;
    const char *cells[] = { key ? "signature-key" : "key-part",
                            key ? _("signature key") : _("key part"),
                            key ? NULL : source,
                            key ? NULL : target,
                            key            ? result->source.admin_name
                            : part != NULL ? part->description
                                           : NULL,
                            identifier,
                            entry->already_there ? "true" : "false",
                            entry->already_there ? _("was there") : _("copied") };

    tke_cli_output_row(cli->out, cells);
}

/* Also of a copy that broke off: what is on the target by then (E-C07). */
static void
print_copy(TkeCli *cli, const TkeCopyResult *result)
{
    static const TkeCliColumn columns[] = {
        { "kind", NULL, TKE_CLI_TEXT },
        { NULL, N_("ENTRY"), TKE_CLI_TEXT },
        { "source_place", N_("SOURCE NUMBER"), TKE_CLI_NUMBER },
        { "target_place", N_("TARGET NUMBER"), TKE_CLI_NUMBER },
        { "description", N_("DESCRIPTION"), TKE_CLI_TEXT },
        { "identifier", N_("IDENTIFIER OR VERIFICATION PATTERN"), TKE_CLI_GROUPED },
        { "already_there", NULL, TKE_CLI_BOOL },
        { NULL, N_("RESULT"), TKE_CLI_TEXT },
    };
    g_autofree char *from = tke_card_id_text(result->source.card_id);
    g_autofree char *to = tke_card_id_text(result->target.card_id);
    unsigned already = 0;

    for (unsigned i = 0; i < result->entries.n; i++) {
        already += result->entries.entries[i].already_there ? 1 : 0;
    }
    tke_cli_output_value(cli->out, "source", N_("Source"), from);
    tke_cli_output_value(cli->out, "target", N_("Target"), to);
    tke_cli_output_number(cli->out, "copied", N_("Copied"), (gint64) result->entries.n - already);
    tke_cli_output_number(cli->out, "already_there", N_("Already there"), already);
    tke_cli_output_table_begin(cli->out, "entries", columns, G_N_ELEMENTS(columns));
    for (unsigned i = 0; i < result->entries.n; i++) {
        print_entry(cli, result, &result->entries.entries[i]);
    }
    tke_cli_output_table_end(cli->out, _("There was nothing to copy."));
    tke_cli_output_number(cli->out, "source_apdus", NULL, result->source_apdus);
    tke_cli_output_number(cli->out, "target_apdus", NULL, result->target_apdus);
}

bool
tke_cli_card_copy(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    bool named = args->place != NULL || args->ski != NULL;
    TkeCopyParams params = { .everything = !named,
                             .signature_key = args->ski != NULL,
                             .ski = args->ski };
    g_autofree TkeCopyResult *result = g_new0(TkeCopyResult, 1);
    g_autoptr(TkeOperation) op = NULL;
    bool ok;

    if (!check_ski(args->ski, error) ||
        (args->place != NULL &&
         !parse_places(args->place, &params.n_places, params.places, error))) {
        return false;
    }
    op = tke_cli_operation_for_cards(cli, error);
    if (op == NULL) {
        return false;
    }
    params.ask = !named && tke_cli_tty_asks_for_choices(cli->tty);
    ok = tke_op_copy_card(op, &params, result, error);
    if (!cli->options.dry_run && (ok || result->entries.n > 0)) {
        print_copy(cli, result);
    }
    return ok;
}

bool
tke_cli_card_delete(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    TkeDeleteParams params = { .ski = args->ski };
    TkeDeleteResult result = { 0 };
    g_autoptr(TkeOperation) op = NULL;
    bool ok;

    if (!check_ski(args->ski, error) ||
        (args->place != NULL &&
         !parse_places(args->place, &params.n_places, params.places, error))) {
        return false;
    }
    op = tke_cli_operation_for_cards(cli, error);
    if (op == NULL) {
        return false;
    }
    params.ask = args->ski == NULL && args->place == NULL && tke_cli_tty_asks_later(cli->tty);
    ok = tke_op_delete_keys(op, &params, &result, error);
    if (ok && !cli->options.dry_run) {
        tke_cli_output_number(cli->out, "parts_deleted", N_("Key parts deleted"), result.n_deleted);
        tke_cli_output_flag(cli->out, "key_deleted", N_("Signature key deleted"),
                            result.key_deleted);
    }
    return ok;
}
