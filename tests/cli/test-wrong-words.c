/*
 * Words that tke does not know: exit code, and the nearest command, option or value (functions 4).
 */
#include <glib/gstdio.h>
#include <string.h>

#include "tests/cli/programs.h"
#include "tests/support/test-main.h"

enum { DONE, WRONG_USE = 2 }; /* exit codes (functions, section 4) */

static bool
said(const Programs *programs, const char *text)
{
    return strstr(programs->output, text) != NULL || strstr(programs->complaint, text) != NULL;
}

START_TEST(test_unknown_commands_and_options_are_wrong_use_with_a_hint)
{
    g_auto(Programs) p = { 0 };

    programs_start(&p, false);
    programs_tke(&p, "crypounits", NULL);
    programs_expect(&p, WRONG_USE);
    ck_assert(said(&p, "cryptounits"));
    programs_tke(&p, "card inof", NULL);
    programs_expect(&p, WRONG_USE);
    ck_assert(said(&p, "card info"));
    programs_tke(&p, "cryptounits --part any", NULL);
    programs_expect(&p, WRONG_USE);
    programs_tke(&p, "cryptounits 7", NULL);
    programs_expect(&p, WRONG_USE);
    programs_tke(&p, "card info --reader 3", NULL);
    programs_expect(&p, WRONG_USE);
    programs_tke(&p, "help cryptounit-mk-load", NULL);
    programs_expect(&p, DONE);
    ck_assert(said(&p, "--part"));
    programs_tke(&p, "help", NULL);
    ck_assert(said(&p, "cryptounit-mk-setimm") && said(&p, "zone backup") &&
              said(&p, "log verify"));
}
END_TEST

START_TEST(test_the_begin_of_several_commands_lists_them)
{
    static const struct {
        const char *word;
        const char *listed[3];
        const char *other; /* of another group */
    } groups[] = {
        { "card", { "card info", "card delete", "make a master key part" }, "zone create" },
        { "zone", { "zone create", "zone backup", "backup of the CA card" }, "card enroll" },
        { "reader", { "reader acceptance-test", "readers ", "list the readers" }, "card enroll" },
        { "log", { "log head", "log verify", "show the activity log" }, "card enroll" },
    };
    g_auto(Programs) p = { 0 };
    g_autoptr(JsonObject) json = NULL;

    programs_start(&p, false);
    for (unsigned i = 0; i < G_N_ELEMENTS(groups); i++) {
        g_autofree char *help = g_strconcat("help ", groups[i].word, NULL);
        const char *const forms[] = { help, groups[i].word };

        for (unsigned k = 0; k < G_N_ELEMENTS(forms); k++) {
            if (strcmp(forms[k], "log") == 0) { /* which is a command, too */
                continue;
            }
            programs_tke(&p, forms[k], NULL);
            programs_expect(&p, k == 0 ? DONE : WRONG_USE);
            ck_assert_msg(said(&p, groups[i].listed[0]) && said(&p, groups[i].listed[1]) &&
                              said(&p, groups[i].listed[2]) && !said(&p, groups[i].other),
                          "%s: %s %s", forms[k], p.output, p.complaint);
        }
    }
    programs_tke(&p, "--json card --reader 1", NULL);
    programs_expect(&p, WRONG_USE);
    json = programs_json(&p);
    ck_assert_str_eq(json_object_get_string_member(json, "command"), "card");
    ck_assert_ptr_nonnull(strstr(json_object_get_string_member(json, "text"), "card change-pin"));
}
END_TEST

START_TEST(test_wrong_words_lead_to_the_nearest_names)
{
    static const struct {
        const char *line;
        const char *told;
    } lines[] = {
        { "card foo", "no command “card foo”; “tke help card” lists" },
        { "card inof", "no command “card inof”; did you mean “card info”?" },
        { "card pers", "did you mean “card personalize”?" },
        { "card head", "no command “card head”; “tke help card” lists" },
        { "log verfy", "no command “log verfy”; did you mean “log verify”?" },
        { "log shw", "did you mean “log show”?" },
        { "zones create", "no command “zones”; did you mean “zone create”?" },
        { "zones", "did you mean “zone”?" },
        { "reeders", "did you mean “readers”?" },
        { "cryptounit-mks-load", "did you mean “cryptounit-mk-load”?" },
        { "zzz", "no command “zzz”; “tke help” lists them" },
    };
    g_auto(Programs) p = { 0 };

    programs_start(&p, false);
    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *help = g_strconcat("help ", lines[i].line, NULL);

        programs_tke(&p, lines[i].line, NULL);
        programs_expect(&p, WRONG_USE);
        ck_assert_msg(said(&p, lines[i].told), "%s: %s", lines[i].line, p.complaint);
        programs_tke(&p, help, NULL);
        programs_expect(&p, WRONG_USE);
        ck_assert_msg(said(&p, lines[i].told), "%s: %s %s", help, p.output, p.complaint);
    }
    programs_tke(&p, "help log verify", NULL);
    programs_expect(&p, DONE);
    ck_assert(said(&p, "--head") && !said(&p, "log head"));
    programs_tke(&p, "log --last 0", NULL);
    ck_assert(said(&p, "--last takes the number"));
}
END_TEST

START_TEST(test_misspelt_options_lead_to_the_nearest_ones)
{
    static const struct {
        const char *line;
        const char *told;
    } lines[] = {
        { "cryptounits --selct 1", "cryptounits: there is no option “--selct”; did you mean "
                                   "“--select”?" },
        { "--selct 1 cryptounits", "there is no option “--selct”; did you mean “--select”?" },
        { "--jsn", "there is no option “--jsn”; did you mean “--json”?" },
        { "cryptounit-thrhld-set --sigature 2",
          "no option “--sigature”; did you mean “--signature”?" },
        { "cryptounit-thrhld-set --sig=2", "no option “--sig”; did you mean “--signature”?" },
        /* which of the command's own, whose values may look like options */
        { "cryptounit-mk-load --part --any --prt 00", "no option “--prt”; did you mean “--part”?" },
        { "card info --raeder 1", "did you mean “--reader”?" },
        { "--raeder 1 card info", "did you mean “--reader”?" },
        { "--reader 1 card info", "“--reader” is an option of “card info”: give it after the "
                                  "command" },
        /* what only other commands take */
        { "card info --revocation 2",
          "no option “--revocation”; “tke help card info” shows what it takes" },
        { "cryptounits -x", "no option “-x”; “tke help cryptounits” shows what it takes" },
        { "--qqqqqqqq cryptounits", "no option “--qqqqqqqq”; “tke --help” shows those" },
    };
    g_auto(Programs) p = { 0 };
    g_autoptr(JsonObject) json = NULL;

    programs_start(&p, false);
    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        programs_tke(&p, lines[i].line, NULL);
        programs_expect(&p, WRONG_USE);
        ck_assert_msg(said(&p, lines[i].told), "%s: %s", lines[i].line, p.complaint);
    }
    programs_tke(&p, "--json cryptounits --selct 1", NULL);
    json = programs_json(&p);
    ck_assert_str_eq(json_object_get_string_member(json, "error"),
                     "cryptounits: there is no option “--selct”; did you mean “--select”?");
    /* in a shell a line has fewer options than the program */
    programs_tke(&p, "shell", "cryptounits --slect 1\n");
    programs_expect(&p, WRONG_USE);
    ck_assert(said(&p, "did you mean “--select”?"));
    programs_tke(&p, "shell", "--json cryptounits\n");
    programs_expect(&p, WRONG_USE);
    ck_assert(said(&p, "“--json” holds for the whole program: give it when the shell is started"));
    programs_tke(&p, "shell", "--jsn cryptounits\n");
    ck_assert(said(&p, "no option “--jsn”") && !said(&p, "did you mean"));
    programs_tke(&p, "cryptounits --json --select 1", NULL);
    programs_expect(&p, DONE);
}
END_TEST

START_TEST(test_values_that_an_option_cannot_have_lead_to_those_it_takes)
{
    static const struct {
        const char *line;
        const char *told;
    } lines[] = {
        { "card info --reader x", "card info: --reader takes 1 or 2, not “x”\n" },
        { "card info --reader 0", "--reader takes 1 or 2, not “0”; did you mean “1”?" },
        { "card info --reader=3", "--reader takes 1 or 2, not “3”; did you mean “2”?" },
        { "card info --reader 1x", "--reader takes 1 or 2, not “1x”; did you mean “1”?" },
        { "card info --reader=", "--reader takes 1 or 2, not “”\n" },
        { "card info --reader", "card info: --reader needs a value: 1 or 2" },
        { "card change-pin --pin 0", "card change-pin: --pin takes 1 or 2, not “0”" },
        { "card change-pin --pin -1 --reader 1", "--pin takes 1 or 2, not “-1”" },
        { "card set-description --description", "--description needs a value: TEXT" },
        { "cryptounit-thrhld-set --signature 99999999999999999999",
          "--signature takes a number from 1 to 8, not “99999999999999999999”\n" },
        { "cryptounit-thrhld-set --signature two --revocation 1",
          "--signature takes a number from 1 to 8, not “two”\n" },
        { "log --last 010", "--last takes a number, not “010”; did you mean “10”?" },
        { "card info --check=yes", "card info: --check takes no value" },
        { "--events-fd x card info", "--events-fd takes a number, 0 or more, not “x”\n" },
        { "card info --token-fd=-3", "--token-fd takes a number, 0 or more, not “-3”\n" },
        { "cryptounits --select", "--select needs a value: LIST" },
        { "card info --json=1", "--json takes no value" },
    };
    g_auto(Programs) p = { 0 };

    programs_start(&p, false);
    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        programs_tke(&p, lines[i].line, NULL);
        programs_expect(&p, WRONG_USE);
        ck_assert_msg(said(&p, lines[i].told), "%s: %s %s", lines[i].line, p.output, p.complaint);
    }
    programs_tke(&p, "shell", "cryptounits --select\n");
    programs_expect(&p, WRONG_USE);
    ck_assert(said(&p, "--select needs a value"));
    programs_tke(&p, "log --last 10", NULL);
    programs_expect(&p, DONE);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_unknown_commands_and_options_are_wrong_use_with_a_hint);
    tcase_add_test(tests, test_the_begin_of_several_commands_lists_them);
    tcase_add_test(tests, test_wrong_words_lead_to_the_nearest_names);
    tcase_add_test(tests, test_misspelt_options_lead_to_the_nearest_ones);
    tcase_add_test(tests, test_values_that_an_option_cannot_have_lead_to_those_it_takes);
}

int
main(void)
{
    return test_main("wrong-words", add_tests);
}
