/*
 * tke reader acceptance-test: a report to keep about the keypad of a reader (F-011).
 */
#include <glib/gi18n.h>

#include "common/error.h"
#include "libceremony/op-reader-test.h"
#include "libsmartcard/card-error.h"
#include "tke/commands.h"
#include "tke/text.h"

static void
put_text(TkeCli *cli, const char *key, const char *heading, const char *text)
{
    tke_cli_output_value(cli->out, key, heading, text != NULL && text[0] != '\0' ? text : "-");
}

static void
print_identity(TkeCli *cli, const TkeReaderTest *test)
{
    const TkePinPadProperties *properties = &test->pad.properties;
    g_autoptr(GDateTime) started = g_date_time_new_from_unix_utc(test->started);
    g_autofree char *date = g_date_time_format(started, "%Y-%m-%dT%H:%M:%SZ");
    g_autofree char *local = tke_cli_text_time(test->started);
    g_autofree char *numbers =
        g_strdup_printf("%04X:%04X", properties->vendor, properties->product);

    tke_cli_output_line(cli->out, "%s: %s", _("Date"), local);
    tke_cli_output_value(cli->out, "date", NULL, date);
    put_text(cli, "program", N_("Program"), "tke " TKE_VERSION);
    tke_cli_output_number(cli->out, "reader", N_("Reader"), test->reader);
    put_text(cli, "name", N_("Name"), test->name);
    put_text(cli, "model", N_("Model"), test->model);
    put_text(cli, "serial", N_("Serial number"), test->serial);
    put_text(cli, "port", N_("Plugged in at"), test->port);
    tke_cli_output_flag(cli->out, "virtual", N_("Virtual"), test->is_virtual);
    put_text(cli, "usb", N_("USB numbers"), properties->vendor != 0 ? numbers : NULL);
    put_text(cli, "firmware", N_("Firmware"), properties->firmware);
}

static char *
features_text(const TkePinPad *pad)
{
    const char *words[5] = { NULL };
    unsigned n = 0;

    if (pad->verify_direct != 0) {
        words[n++] = "verify";
    }
    if (pad->modify_direct != 0) {
        words[n++] = "modify";
    }
    if (pad->pin_properties != 0) {
        words[n++] = "pin-properties";
    }
    if (pad->tlv_properties != 0) {
        words[n++] = "tlv-properties";
    }
    return g_strjoinv(", ", (char **) words);
}

static char *
sizes_text(const TkePinPadProperties *properties)
{
    g_autofree char *least =
        properties->has_min_pin ? g_strdup_printf("%u", properties->min_pin) : g_strdup("?");
    g_autofree char *most =
        properties->has_max_pin ? g_strdup_printf("%u", properties->max_pin) : g_strdup("?");

    return properties->has_min_pin || properties->has_max_pin
               ? g_strdup_printf("%s..%s", least, most)
               : NULL;
}

static void
print_properties(TkeCli *cli, const TkePinPad *pad)
{
    const TkePinPadProperties *properties = &pad->properties;
    g_autofree char *features = features_text(pad);
    g_autofree char *sizes = sizes_text(properties);
    g_autofree char *display =
        !properties->has_display ? NULL
        : properties->lcd_layout == 0
            ? g_strdup(N_("none"))
            : g_strdup_printf("%ux%u", (unsigned) properties->lcd_layout >> 8,
                              properties->lcd_layout & 0xFFu);
    g_autofree char *ends =
        properties->conditions != 0 ? g_strdup_printf("%02X", properties->conditions) : NULL;
    g_autofree char *apdus =
        properties->has_max_apdu ? g_strdup_printf("%u", properties->max_apdu) : NULL;

    put_text(cli, "features", N_("Features"), features);
    tke_cli_output_word(cli->out, "display", N_("Display, lines x characters"),
                        display != NULL ? display : "-");
    put_text(cli, "entry_conditions", N_("Ends of an entry"), ends);
    put_text(cli, "pin_sizes", N_("Digits of a PIN"), sizes);
    put_text(cli, "max_apdu", N_("Data in an APDU (0: short)"), apdus);
    tke_cli_output_flag(cli->out, "properties_malformed", N_("Properties malformed"),
                        properties->malformed);
    tke_cli_output_flag(cli->out, "properties_contradictory", N_("Properties contradictory"),
                        properties->contradictory);
    if (pad->quirk != NULL) {
        put_text(cli, "quirk", N_("Row of the reader table"), pad->quirk->word);
        put_text(cli, "quirk_source", N_("Source of that row"), pad->quirk->source);
    }
}

static const char *
pin_word(TkeReaderPin pin)
{
    switch (pin) {
    case TKE_READER_PIN_AS_BEFORE:
        return N_("as-before");
    case TKE_READER_PIN_CHANGED:
        return N_("test-pin");
    case TKE_READER_PIN_UNKNOWN:
        return N_("unknown");
    case TKE_READER_PIN_UNTOUCHED:
        break;
    }
    return N_("untouched");
}

static void
print_step(TkeCli *cli, const TkeReaderStep *step)
{
    const bool done = step->attempts > 0;
    g_autofree char *expected = g_strdup_printf("%04X", step->expected_sw);
    g_autofree char *answered = g_strdup_printf("%04X", step->sw);
    g_autofree char *attempts = g_strdup_printf("%u", step->attempts);
    g_autofree char *seconds =
        g_strdup_printf("%u.%u", step->duration_ms / 1000, step->duration_ms % 1000 / 100);
    const char *cells[] = { step->word,
                            step->what,
                            expected,
                            done && step->sw != 0 ? answered : NULL,
                            attempts,
                            done ? seconds : NULL,
                            tke_reader_verdict_word(step->verdict),
                            step->remark };

    tke_cli_output_row(cli->out, cells);
}

static void
print_steps(TkeCli *cli, const TkeReaderTest *test)
{
    static const TkeCliColumn columns[] = {
        { "test", N_("TEST"), TKE_CLI_TEXT },         { "what", N_("WHAT"), TKE_CLI_TEXT },
        { "expected", N_("EXPECTED"), TKE_CLI_TEXT }, { "answered", N_("ANSWERED"), TKE_CLI_TEXT },
        { "attempts", N_("TRIED"), TKE_CLI_NUMBER },  { "seconds", N_("SECONDS"), TKE_CLI_TEXT },
        { "verdict", N_("VERDICT"), TKE_CLI_WORD },   { "remark", N_("REMARK"), TKE_CLI_TEXT },
    };

    tke_cli_output_table_begin(cli->out, "tests", columns, G_N_ELEMENTS(columns));
    for (unsigned i = 0; i < TKE_READER_STEPS; i++) {
        print_step(cli, &test->steps[i]);
    }
    tke_cli_output_table_end(cli->out, NULL);
}

static void
print_report(TkeCli *cli, const TkeReaderTest *test)
{
    g_autofree char *id = test->has_card ? tke_card_id_text(test->card.card_id) : NULL;

    tke_cli_output_line(cli->out, "%s", _("Report of a test of a reader's keypad"));
    print_identity(cli, test);
    if (test->described) {
        print_properties(cli, &test->pad);
    }
    if (test->refusal != NULL) {
        put_text(cli, "refusal", N_("Not used for PINs"), test->refusal);
    }
    if (test->has_card) {
        put_text(cli, "card", N_("Card"), id);
        put_text(cli, "card_description", N_("Description of the card"), test->card.description);
        tke_cli_output_word(cli->out, "card_pin", N_("PIN of the card now"), pin_word(test->pin));
        print_steps(cli, test);
    }
    tke_cli_output_word(cli->out, "verdict", N_("Verdict"), tke_reader_verdict_word(test->verdict));
}

static bool
set_failed(const TkeReaderTest *test, GError **error)
{
    unsigned n = 0;

    for (unsigned i = 0; i < TKE_READER_STEPS; i++) {
        n += test->steps[i].verdict == TKE_READER_VERDICT_FAILED ? 1 : 0;
    }
    if (test->refusal != NULL) {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_PIN_PAD, "%s", test->refusal);
    } else {
        g_set_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_PIN_PAD,
                    ngettext("reader %u: %u test of the keypad of \"%s\" failed",
                             "reader %u: %u tests of the keypad of \"%s\" failed", n),
                    test->reader, n, test->name);
    }
    return false;
}

bool
tke_cli_reader_acceptance_test(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    const TkeReaderTestParams params = { .reader =
                                             args->reader == 0 ? 1u : (unsigned) args->reader };
    g_autoptr(TkeOperation) op = tke_cli_operation_for_cards(cli, error);
    g_autoptr(TkeReaderTest) test = NULL;
    bool ok = op != NULL && tke_op_reader_test(op, &params, &test, error);

    if (test != NULL && (test->has_card || test->refusal != NULL)) {
        print_report(cli, test);
    }
    return ok && test != NULL &&
           (test->verdict != TKE_READER_VERDICT_FAILED || set_failed(test, error));
}
