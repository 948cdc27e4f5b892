/*
 * Words that tables show: German for people who read it, never for programs.
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "libep11admin/info-response.h"
#include "libsmartcard/ep11-card-keys.h"
#include "tests/support/test-locale.h"
#include "tests/support/test-main.h"
#include "tke/cli.h"
#include "tke/unit-output.h"

/* What show prints to standard output. */
static char *
printed(void (*show)(TkeCli *cli), bool json)
{
    g_autoptr(TkeCli) cli = tke_cli_new("tke");
    g_autoptr(TkeCliOutput) out = tke_cli_output_new(json, false, false);
    char name[] = "/tmp/opentke-words-XXXXXX";
    int file = g_mkstemp(name);
    int before = dup(STDOUT_FILENO);
    char *text = NULL;

    ck_assert(file >= 0 && before >= 0);
    fflush(stdout);
    ck_assert_int_ge(dup2(file, STDOUT_FILENO), 0);
    cli->out = out;
    show(cli);
    tke_cli_output_finish(out, "c", 0, NULL, NULL, NULL);
    fflush(stdout);
    ck_assert_int_ge(dup2(before, STDOUT_FILENO), 0);
    close(before);
    close(file);
    cli->out = NULL;
    ck_assert(g_file_get_contents(name, &text, NULL, NULL));
    g_unlink(name);
    return text;
}

/* All of words are in the text in German (not in English), or the other way round. */
static void
check_words(const char *text, const char *const (*words)[2], bool german)
{
    for (; (*words)[0] != NULL; words++) {
        ck_assert_msg(strstr(text, (*words)[german ? 1 : 0]) != NULL, "%s: %s",
                      (*words)[german ? 1 : 0], text);
        ck_assert_msg(strstr(text, (*words)[german ? 0 : 1]) == NULL, "%s: %s",
                      (*words)[german ? 0 : 1], text);
    }
}

static void
check_shown(void (*show)(TkeCli *cli), const char *const (*words)[2])
{
    g_autofree char *dir = g_dir_make_tmp("tke-locale-XXXXXX", NULL);

    if (test_locale_begin_texts(dir)) {
        g_autofree char *table = printed(show, false);
        g_autofree char *json = printed(show, true);

        check_words(table, words, true);
        check_words(json, words, false);
    } else {
        g_print("not tried: locales or texts cannot be made here\n");
    }
    test_locale_end(dir);
}

static void
show_outcomes(TkeCli *cli)
{
    static const TkeUnitOutcome outcomes[] = {
        TKE_UNIT_OUTCOME_DONE,    TKE_UNIT_OUTCOME_FOUND_DONE, TKE_UNIT_OUTCOME_REFUSED,
        TKE_UNIT_OUTCOME_UNKNOWN, TKE_UNIT_OUTCOME_NOT_SENT,   TKE_UNIT_OUTCOME_FOUND_NOT_DONE,
        TKE_UNIT_OUTCOME_DONE
    };
    g_autoptr(GPtrArray) results = tke_unit_results_new();

    for (unsigned i = 0; i < G_N_ELEMENTS(outcomes); i++) {
        TkeUnitListEntry entry = { .hsm_id = (char *) "unit",
                                   .location = (char *) "[r].[z].[01].[02]" };
        TkeUnitResult *result = g_new0(TkeUnitResult, 1);

        result->unit = tke_unit_new("instance", &entry, i + 1, NULL);
        ck_assert_ptr_nonnull(result->unit);
        result->outcome = outcomes[i];
        result->undone = i + 1 == G_N_ELEMENTS(outcomes);
        g_ptr_array_add(results, result);
    }
    tke_cli_output_results(cli, results);
}

START_TEST(test_what_became_of_a_step_is_told_in_german)
{
    static const char *const words[][2] = {
        { "done", "erledigt" },
        { "done, answer lost", "erledigt, Antwort verloren" },
        { "refused", "abgelehnt" },
        { "unknown", "unbekannt" },
        { "not sent", "nicht gesendet" },
        { "not done, answer lost", "nicht erledigt, Antwort verloren" },
        { "undone", "rückgängig gemacht" },
        { NULL, NULL },
    };

    check_shown(show_outcomes, words);
}
END_TEST

static void
show_table(TkeCli *cli)
{
    static const TkeCliColumn columns[] = {
        { "new", "A", TKE_CLI_WORD },  { "current", "B", TKE_CLI_WORD },
        { "flag", "C", TKE_CLI_BOOL }, { "origin", "D", TKE_CLI_WORD },
        { "name", "E", TKE_CLI_TEXT }, { "none", "F", TKE_CLI_WORD }
    };
    g_autofree char *marked = g_strconcat(
        TKE_CLI_MARK, tke_info_response_register_word(TKE_REGISTER_FULL_UNCOMMITTED), NULL);
    const char *cells[] = { marked,
                            tke_info_response_register_word(TKE_REGISTER_VALID),
                            tke_cli_output_bool(true),
                            tke_ep11_card_origin_word(TKE_ORIGIN_TYPED),
                            "refused", /* somebody's name */
                            NULL };
    const char *others[] = { tke_info_response_register_word(TKE_REGISTER_FULL_COMMITTED),
                             tke_info_response_register_word(TKE_REGISTER_EMPTY),
                             tke_cli_output_bool(false),
                             tke_ep11_card_origin_word(TKE_ORIGIN_MADE),
                             "",
                             "" };

    tke_cli_output_table_begin(cli->out, "t", columns, G_N_ELEMENTS(columns));
    tke_cli_output_row(cli->out, cells);
    tke_cli_output_row(cli->out, others);
    tke_cli_output_table_end(cli->out, NULL);
    tke_cli_output_word(cli->out, "verdict", "Verdict", "unknown");
}

START_TEST(test_words_of_ours_are_translated_and_names_are_not)
{
    static const char *const words[][2] = {
        { "Full Uncommitted",
          "*Voll, nicht festgeschrieben  Gültig  ja    eingetippt             refused" },
        { "Full Committed", "Voll, festgeschrieben         Leer    nein  auf der Karte erzeugt" },
        { "\"verdict\":\"unknown\"", "unbekannt" },
        { "\"flag\":true", "  refused" },
        { "\"Valid\"", "Gültig" },
        { "\"typed\"", "eingetippt" },
        { NULL, NULL },
    };

    check_shown(show_table, words);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_what_became_of_a_step_is_told_in_german);
    tcase_add_test(tests, test_words_of_ours_are_translated_and_names_are_not);
}

int
main(void)
{
    return test_main("words", add_tests);
}
