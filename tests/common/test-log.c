/*
 * Trace lines, read back from standard error.
 */
#include "common/log.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/test-main.h"

/* Standard error goes to a pipe from open_pipe() to read_pipe(). */
static int saved = -1;
static int pipe_end = -1;

static void
open_pipe(void)
{
    int ends[2] = { -1, -1 };

    ck_assert_int_eq(pipe(ends), 0);
    saved = dup(STDERR_FILENO);
    ck_assert_int_ge(dup2(ends[1], STDERR_FILENO), 0);
    close(ends[1]);
    pipe_end = ends[0];
    ck_assert_int_eq(fcntl(pipe_end, F_SETFL, O_NONBLOCK), 0);
}

/* What was written; the caller frees. */
static char *
read_pipe(void)
{
    char text[4096] = "";
    ssize_t len = read(pipe_end, text, sizeof text - 1);

    dup2(saved, STDERR_FILENO);
    close(saved);
    close(pipe_end);
    return g_strndup(text, len > 0 ? (gsize) len : 0);
}

START_TEST(test_nothing_is_written_by_default)
{
    g_autofree char *text = NULL;

    g_unsetenv("IBMCLOUD_TRACE");
    g_unsetenv("OPENTKE_TRACE");
    open_pipe();
    tke_log("card", "%s", "hello");
    tke_log_bytes("card", "bytes", (const uint8_t *) "\x01", 1);
    text = read_pipe();
    ck_assert_str_eq(text, "");
    ck_assert(!tke_log_is_enabled());
}
END_TEST

START_TEST(test_the_environment_switches_it_on)
{
    static const struct {
        const char *name;
        const char *value;
        bool on;
    } cases[] = {
        { "IBMCLOUD_TRACE", "true", true },
        { "IBMCLOUD_TRACE", "false", false },
        { "OPENTKE_TRACE", "1", true },
        { "OPENTKE_TRACE", "0", false },
    };

    /* the environment is asked once in a process, so each case has its own */
    g_unsetenv("IBMCLOUD_TRACE");
    g_unsetenv("OPENTKE_TRACE");
    g_setenv(cases[_i].name, cases[_i].value, TRUE);
    ck_assert_msg(tke_log_is_enabled() == cases[_i].on, "%s=%s", cases[_i].name, cases[_i].value);
}
END_TEST

START_TEST(test_a_line_names_its_domain_and_holds_no_control_characters)
{
    g_autofree char *text = NULL;

    tke_log_set_enabled(true);
    open_pipe();
    tke_log("unit", "answer %d \x1b[2J\nforged line", 7);
    text = read_pipe();
    tke_log_set_enabled(false);
    ck_assert_msg(g_regex_match_simple(
                      "^\\d\\d:\\d\\d:\\d\\d\\.\\d{3} unit: answer 7 \\?\\[2J\\?forged line\\n$",
                      text, G_REGEX_DOLLAR_ENDONLY, 0),
                  "%s", text);
}
END_TEST

START_TEST(test_dumps_are_cut_after_64_bytes)
{
    const uint8_t bytes[65] = { 0xab };
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    const char *digits = NULL;

    tke_log_set_enabled(true);
    open_pipe();
    tke_log_bytes("sim", "short", bytes, 2);
    tke_log_bytes("sim", "long", bytes, sizeof bytes);
    text = read_pipe();
    tke_log_set_enabled(false);
    lines = g_strsplit(text, "\n", -1);
    ck_assert_uint_eq(g_strv_length(lines), 3);
    ck_assert(g_str_has_suffix(lines[0], " sim: short (2): ab00"));
    digits = strstr(lines[1], " sim: long (65): ab00");
    ck_assert_ptr_nonnull(digits);
    ck_assert_uint_eq(strlen(digits), strlen(" sim: long (65): ") + 2 * 64 + strlen("..."));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_nothing_is_written_by_default);
    tcase_add_loop_test(tests, test_the_environment_switches_it_on, 0, 4);
    tcase_add_test(tests, test_a_line_names_its_domain_and_holds_no_control_characters);
    tcase_add_test(tests, test_dumps_are_cut_after_64_bytes);
}

int
main(void)
{
    return test_main("log", add_tests);
}
