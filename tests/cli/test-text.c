/*
 * Text from outside does not steer the operator's terminal.
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "libsmartcard/card-error.h"
#include "tests/support/test-locale.h"
#include "tests/support/test-main.h"
#include "tke/output.h"
#include "tke/program.h"
#include "tke/text.h"
#include "tke/tty-prompter.h"

static void
check(const char *text, const char *expected)
{
    g_autofree char *safe = tke_cli_text_safe(text);

    ck_assert_str_eq(safe, expected);
}

START_TEST(test_what_prints_stays_and_what_steers_becomes_a_question_mark)
{
    g_autofree char *plain = tke_cli_text_safe("Müller, 2 of 3");

    ck_assert_str_eq(plain, "Müller, 2 of 3");
    check("a\033[2Jb\007\r\t\x7f", "a?[2Jb????");
    check("C1: \xc2\x9b"
          "31m, override: \xe2\x80\xae",
          "C1: ?31m, override: ?");
    check("not \xff\xfe UTF-8", "not \xef\xbf\xbd\xef\xbf\xbd UTF-8");
}
END_TEST

START_TEST(test_a_line_of_somebody_else_does_not_pass_for_ours)
{
    check("AZ1\nOK\n", "AZ1?OK?");
}
END_TEST

/* What is shown at the terminal while somebody of outside has chosen the names. */
static char *
shown(void (*show)(TkeCliTty *tty))
{
    const TkeCliTtyOptions options = { .json = false };
    g_autoptr(TkeCliEvents) events = tke_cli_events_new(-1);
    g_autoptr(TkeCliTty) tty = tke_cli_tty_new(&options, events);
    char name[] = "/tmp/opentke-shown-XXXXXX";
    int file = g_mkstemp(name);
    int before = dup(STDOUT_FILENO);
    int nothing = open("/dev/null", O_RDONLY);
    char *text = NULL;

    ck_assert(file >= 0 && before >= 0 && nothing >= 0);
    fflush(stdout);
    ck_assert_int_ge(dup2(nothing, STDIN_FILENO), 0);
    ck_assert_int_ge(dup2(file, STDOUT_FILENO), 0);
    show(tty);
    fflush(stdout);
    ck_assert_int_ge(dup2(before, STDOUT_FILENO), 0);
    close(nothing);
    close(before);
    close(file);
    ck_assert(g_file_get_contents(name, &text, NULL, NULL));
    g_unlink(name);
    return text;
}

#define FAKE "Alice\nOK\n\033[2JMaster key"

static void
show_prompt(TkeCliTty *tty)
{
    const TkePrompt prompt = { .kind = TKE_PROMPT_INSERT_CARD,
                               .reader = 1,
                               .reader_name = FAKE,
                               .title = FAKE,
                               .reason = FAKE,
                               .details = FAKE };

    tke_cli_tty_ops.show(tty, &prompt);
}

static void
show_step(TkeCliTty *tty)
{
    tke_cli_tty_ops.step(tty, 0, 1, FAKE);
}

static void
show_note(TkeCliTty *tty)
{
    tke_cli_tty_ops.note(tty, FAKE);
}

static void
show_plan(TkeCliTty *tty)
{
    static const char *const lines[] = { FAKE, NULL };
    const TkePlan plan = {
        .action = "a", .title = FAKE, .lines = lines, .consequence = FAKE, .confirm_text = FAKE
    };

    ck_assert(!tke_cli_tty_ops.confirm(tty, &plan, NULL, NULL)); /* nobody is there */
}

static void
show_choice(TkeCliTty *tty)
{
    static const char *const columns[] = { "c", NULL };
    static const char *const row[] = { FAKE, NULL };
    static const char *const *const rows[] = { row };
    const TkeChoice choice = {
        .what = "w", .title = FAKE, .columns = columns, .rows = rows, .n_rows = 1
    };
    unsigned index = 0;

    ck_assert(!tke_cli_tty_ops.choose(tty, &choice, &index, NULL, NULL));
}

static void
show_question(TkeCliTty *tty)
{
    const TkeCliQuestion question = { .title = FAKE, .what = "w" };
    g_autofree char *answer = tke_cli_tty_ask_text(tty, &question, 30, NULL, NULL);

    ck_assert_ptr_null(answer);
}

START_TEST(test_a_name_with_a_line_end_stays_in_its_line_in_all_that_is_shown)
{
    void (*const shows[])(TkeCliTty *) = { show_prompt, show_step,   show_note,
                                           show_plan,   show_choice, show_question };

    for (unsigned i = 0; i < G_N_ELEMENTS(shows); i++) {
        g_autofree char *text = shown(shows[i]);

        ck_assert_msg(strstr(text, i == 0 ? "Reader 1 (Alice?OK??[2JMaster key): Alice?OK"
                                          : "Alice?OK??[2JMaster key") != NULL,
                      "%u: %s", i, text);
        ck_assert_msg(strstr(text, "\nOK") == NULL && strchr(text, '\033') == NULL, "%u: %s", i,
                      text);
    }
}
END_TEST

static void
show_listing(TkeCliTty *tty)
{
    static const TkeCliColumn columns[] = { { "a", "A", TKE_CLI_TEXT } };
    const char *cells[] = { FAKE };
    g_autoptr(TkeCliOutput) out = tke_cli_output_new(false, false, false);
    g_autoptr(GError) error = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_FAILED, FAKE);

    (void) tty;
    tke_cli_output_line(out, "%s: %s", "Instance", FAKE);
    tke_cli_output_value(out, "v", "Value", FAKE);
    tke_cli_output_table_begin(out, "t", columns, 1);
    tke_cli_output_row(out, cells);
    tke_cli_output_table_end(out, NULL);
    tke_cli_output_finish(out, "c", 1, error, FAKE, NULL);
}

START_TEST(test_a_name_with_a_line_end_stays_in_its_line_in_listings)
{
    g_autofree char *text = shown(show_listing);

    ck_assert_msg(strstr(text, "\nOK") == NULL && strchr(text, '\033') == NULL, "%s", text);
}
END_TEST

#define PATIENCE_MS (TKE_CLI_TTY_PATIENCE_S * 1000)

/* How long a card is waited for where neither a terminal nor a program shows who is to put it in. */
static void
wait_unseen(TkeCliTty *tty)
{
    g_autoptr(GError) nobody = NULL;
    g_autoptr(GError) over = NULL;
    int ms = 0;

    show_prompt(tty);
    ck_assert(!tke_cli_tty_ops.may_wait(tty, 0, &ms, &nobody));
    ck_assert(g_error_matches(nobody, TKE_ERROR, TKE_ERROR_USAGE));
    ck_assert_msg(strstr(nobody->message, "nobody is there to do this: “Alice") != NULL &&
                      strstr(nobody->message, "--yes") != NULL,
                  "%s", nobody->message);
    tke_cli_tty_set_answers(tty, true, NULL);
    ck_assert(tke_cli_tty_ops.may_wait(tty, 0, &ms, NULL));
    ck_assert_int_eq(ms, PATIENCE_MS);
    ck_assert(tke_cli_tty_ops.may_wait(tty, PATIENCE_MS - 1, &ms, NULL));
    ck_assert_int_eq(ms, 1);
    ck_assert(!tke_cli_tty_ops.may_wait(tty, PATIENCE_MS, &ms, &over));
    ck_assert(g_error_matches(over, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_CARD));
    ck_assert_msg(strstr(over->message, "nobody has done this for 15 minutes: “Alice") != NULL,
                  "%s", over->message);
}

/* A program reads the events for people: it ends the wait when it wants to. */
static void
wait_with_events(TkeCliTty *tty)
{
    const TkeCliTtyOptions options = { .json = false };
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    g_autoptr(TkeCliEvents) events = tke_cli_events_new(nowhere);
    g_autoptr(TkeCliTty) followed = tke_cli_tty_new(&options, events);
    int ms = 0;

    (void) tty;
    ck_assert(tke_cli_tty_ops.may_wait(followed, PATIENCE_MS, &ms, NULL));
    ck_assert_int_eq(ms, -1);
    close(nowhere);
}

START_TEST(test_a_card_that_nobody_can_put_in_is_not_waited_for)
{
    g_autofree char *unseen = shown(wait_unseen);
    g_autofree char *followed = shown(wait_with_events);

    ck_assert_ptr_nonnull(strstr(unseen, "Reader 1"));
    ck_assert_str_eq(followed, "");
}
END_TEST

/* Dates of 27 November 2026, 14:05:09 UTC. */
#define MOMENT 1795788309

START_TEST(test_dates_are_in_the_form_of_the_place)
{
    g_autofree char *plain = NULL;

    ck_assert(g_setenv("TZ", "UTC", TRUE));
    ck_assert_ptr_nonnull(setlocale(LC_TIME, "C"));
    plain = tke_cli_text_time(MOMENT);
    ck_assert_str_eq(plain, "11/27/26 14:05:09 UTC");
}
END_TEST

START_TEST(test_dates_in_germany_begin_with_the_day)
{
    g_autofree char *dir = g_dir_make_tmp("tke-locale-XXXXXX", NULL);
    g_autofree char *german = NULL;

    ck_assert(g_setenv("TZ", "Europe/Berlin", TRUE));
    if (test_locale_begin_german(dir, LC_TIME)) {
        german = tke_cli_text_time(MOMENT);
        ck_assert_str_eq(german, "27.11.2026 15:05:09 CET");
    } else {
        g_print("not tried: the sources of locales are not installed\n");
    }
    test_locale_end(dir);
}
END_TEST

/* A program that reads JSON or events reads one language. */
START_TEST(test_what_is_for_programs_is_not_translated)
{
    const TkeCliOptions people = { .events_fd = TKE_CLI_NO_FD };
    const TkeCliOptions json = { .json = TRUE, .events_fd = TKE_CLI_NO_FD };
    const TkeCliOptions events = { .events_fd = 3 };
    const TkeCliOptions *const options[] = { &people, &json, &events };

    for (unsigned i = 0; i < G_N_ELEMENTS(options); i++) {
        ck_assert_ptr_nonnull(setlocale(LC_ALL, "C.UTF-8"));
        tke_cli_program_set_language(options[i]);
        ck_assert_str_eq(setlocale(LC_MESSAGES, NULL), i == 0 ? "C.UTF-8" : "C");
        ck_assert_str_eq(setlocale(LC_CTYPE, NULL), "C.UTF-8");
    }
}
END_TEST

/* F-032: key identifiers are read aloud and compared. */
static void
show_digits(TkeCliTty *tty)
{
    static const TkeCliColumn columns[] = { { "p", "P", TKE_CLI_GROUPED },
                                            { NULL, "N", TKE_CLI_TEXT } };
    static const char digits[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const char *cells[] = { digits, "x" };
    g_autoptr(TkeCliOutput) out = tke_cli_output_new(false, false, false);

    (void) tty;
    tke_cli_output_digits(out, "d", "D", "0123456789");
    tke_cli_output_table_begin(out, "t", columns, G_N_ELEMENTS(columns));
    tke_cli_output_row(out, cells);
    tke_cli_output_table_end(out, NULL);
}

START_TEST(test_identifiers_are_in_groups_of_four_digits)
{
    g_autofree char *text = shown(show_digits);

    ck_assert_str_eq(text, "D: 0123 4567 89\n"
                           "P                                        N\n"
                           "0123 4567 89ab cdef 0123 4567 89ab cdef  x\n"
                           "0123 4567 89ab cdef 0123 4567 89ab cdef\n");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_what_prints_stays_and_what_steers_becomes_a_question_mark);
    tcase_add_test(tests, test_a_line_of_somebody_else_does_not_pass_for_ours);
    tcase_add_test(tests, test_a_name_with_a_line_end_stays_in_its_line_in_all_that_is_shown);
    tcase_add_test(tests, test_a_name_with_a_line_end_stays_in_its_line_in_listings);
    tcase_add_test(tests, test_a_card_that_nobody_can_put_in_is_not_waited_for);
    tcase_add_test(tests, test_dates_are_in_the_form_of_the_place);
    tcase_add_test(tests, test_dates_in_germany_begin_with_the_day);
    tcase_add_test(tests, test_what_is_for_programs_is_not_translated);
    tcase_add_test(tests, test_identifiers_are_in_groups_of_four_digits);
}

int
main(void)
{
    return test_main("text", add_tests);
}
