/*
 * Others beside our programs at the readers: gpg's scdaemon, and a second world whose programs
 * come to the wrong pcscd.
 */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "tests/pcsc/pcsc-talk.h"
#include "tests/support/private-pcscd.h"
#include "tests/support/test-main.h"

static void
assert_contains(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "\"%s\" is not in: %s", part, text);
}

/* ---- scdaemon ---- */

typedef struct Gpg {
    char *home;
    GSubprocess *daemon;
    GOutputStream *in; /* borrowed from daemon */
    GDataInputStream *out;
} Gpg;

/* A line that ends an answer of scdaemon's. */
static char *
read_answer(Gpg *gpg)
{
    for (;;) {
        g_autoptr(GError) error = NULL;
        char *line = g_data_input_stream_read_line_utf8(gpg->out, NULL, NULL, &error);

        ck_assert_msg(line != NULL, "scdaemon has ended: %s", error != NULL ? error->message : "");
        if (g_str_has_prefix(line, "OK") || g_str_has_prefix(line, "ERR")) {
            return line;
        }
        g_free(line);
    }
}

static char *
ask_scdaemon(Gpg *gpg, const char *command)
{
    g_autofree char *line = g_strconcat(command, "\n", NULL);

    ck_assert(g_output_stream_write_all(gpg->in, line, strlen(line), NULL, NULL, NULL));
    return read_answer(gpg);
}

/* gpg's own driver is off: no USB device of this machine is touched, and pcscd is the test's. */
static void
start_scdaemon(Gpg *gpg, const PrivatePcscd *place)
{
    g_autofree char *options = NULL;
    g_autofree char *greeting = NULL;
    g_autoptr(GError) error = NULL;

    gpg->home = g_build_filename(place->world, "..", "gpg-XXXXXX", NULL);
    ck_assert_ptr_nonnull(g_mkdtemp(gpg->home));
    options = g_build_filename(gpg->home, "scdaemon.conf", NULL);
    ck_assert(g_file_set_contents(options, "disable-ccid\n", -1, NULL));
    gpg->daemon = g_subprocess_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                       G_SUBPROCESS_FLAGS_STDERR_SILENCE,
                                   &error, "timeout", "300", SCDAEMON, "--server", "--homedir",
                                   gpg->home, NULL);
    ck_assert_msg(gpg->daemon != NULL, "%s", error != NULL ? error->message : "");
    gpg->in = g_subprocess_get_stdin_pipe(gpg->daemon);
    gpg->out = g_data_input_stream_new(g_subprocess_get_stdout_pipe(gpg->daemon));
    greeting = read_answer(gpg);
    ck_assert_msg(g_str_has_prefix(greeting, "OK"), "%s", greeting);
}

static void
end_scdaemon(Gpg *gpg)
{
    ck_assert(g_output_stream_close(gpg->in, NULL, NULL));
    ck_assert(g_subprocess_wait(gpg->daemon, NULL, NULL));
    g_clear_object(&gpg->out);
    g_clear_object(&gpg->daemon);
    g_free(gpg->home); /* lies in the folder of the tests, which is removed at their end */
}

START_TEST(test_scdaemon_that_holds_the_reader_is_named_and_afterwards_all_goes_on)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    SCARDCONTEXT context = talk_new_context();
    g_autofree char *taken = NULL;
    g_autofree char *held = NULL;
    g_autofree char *free_again = NULL;
    Gpg gpg = { 0 };

    private_pcscd_insert(place, 1, "ca-1");
    talk_wait_state(context, PRIVATE_PCSCD_READER_1, SCARD_STATE_PRESENT);
    start_scdaemon(&gpg, place);
    taken = ask_scdaemon(&gpg, "SERIALNO undefined");
    ck_assert_msg(g_str_has_prefix(taken, "OK"), "%s", taken);
    ck_assert_int_eq(private_pcscd_run(place, TKE " --rehearsal=pcsc readers", &held), 0);
    assert_contains(held, "another program holds the reader");
    assert_contains(held, "scdaemon (");
    assert_contains(held, "nothing needs to be uninstalled");
    end_scdaemon(&gpg);
    ck_assert_int_eq(
        private_pcscd_run(place, TKE " --rehearsal=pcsc card info --reader 1", &free_again), 0);
    assert_contains(free_again, "CA");
    assert_contains(free_again, "Card identifier");
    SCardReleaseContext(context);
}
END_TEST

/* The other way round: while we hold a card scdaemon does not get it, and says so itself. */
START_TEST(test_scdaemon_does_not_get_a_card_that_is_held)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    SCARDCONTEXT context = talk_new_context();
    SCARDHANDLE card = 0;
    DWORD protocol = 0;
    g_autofree char *refused = NULL;
    g_autofree char *taken = NULL;
    Gpg gpg = { 0 };

    private_pcscd_insert(place, 1, "ca-1");
    talk_wait_state(context, PRIVATE_PCSCD_READER_1, SCARD_STATE_PRESENT);
    talk_expect(SCardConnect(context, PRIVATE_PCSCD_READER_1, SCARD_SHARE_EXCLUSIVE,
                             SCARD_PROTOCOL_T1, &card, &protocol),
                SCARD_S_SUCCESS);
    start_scdaemon(&gpg, place);
    refused = ask_scdaemon(&gpg, "SERIALNO undefined");
    ck_assert_msg(g_str_has_prefix(refused, "ERR"), "%s", refused);
    talk_apdu(card, "00200081", "6d00"); /* nobody has come between */
    SCardDisconnect(card, SCARD_LEAVE_CARD);
    end_scdaemon(&gpg);
    start_scdaemon(&gpg, place);
    taken = ask_scdaemon(&gpg, "SERIALNO undefined");
    ck_assert_msg(g_str_has_prefix(taken, "OK"), "%s", taken);
    end_scdaemon(&gpg);
    SCardReleaseContext(context);
}
END_TEST

/* ---- another world ---- */

START_TEST(test_readers_of_another_world_of_the_same_scenario_are_not_taken)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    g_autoptr(PrivatePcscd) other = private_pcscd_enter_empty();
    SCARDCONTEXT context = talk_new_context();
    g_autofree char *line =
        g_strdup_printf("env OPENTKE_WORLD=%s " TKE " --rehearsal=pcsc readers", other->world);
    g_autofree char *own_line =
        g_strdup_printf("env OPENTKE_WORLD=%s " TKE " --rehearsal=pcsc readers", place->world);
    g_autofree char *foreign = NULL;
    g_autofree char *own = NULL;

    private_pcscd_start_sim(other, NULL);
    private_pcscd_insert(place, 1, "ca-1");
    talk_wait_state(context, PRIVATE_PCSCD_READER_1, SCARD_STATE_PRESENT);
    private_pcscd_run(place, line, &foreign);
    ck_assert_msg(strstr(foreign, "CA card") == NULL, "%s", foreign);
    ck_assert_int_eq(private_pcscd_run(place, own_line, &own), 0);
    assert_contains(own, PRIVATE_PCSCD_READER_1);
    assert_contains(own, "CA");
    ck_assert_str_ne(own, foreign);
    SCardReleaseContext(context);
}
END_TEST

/* Until the program has said that. */
static void
wait_until_said(GDataInputStream *out, const char *part)
{
    g_autoptr(GString) said = g_string_new(NULL);

    while (strstr(said->str, part) == NULL) {
        g_autofree char *line = g_data_input_stream_read_line_utf8(out, NULL, NULL, NULL);

        ck_assert_msg(line != NULL, "\"%s\" was not said: %s", part, said->str);
        g_string_append_printf(said, "%s\n", line);
    }
}

/* It cannot say which of two it is, and nobody has said it before. */
START_TEST(test_a_held_reader_of_two_equal_ones_is_told_as_held)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    SCARDCONTEXT context = talk_new_context();
    SCARDHANDLE other = 0;
    DWORD protocol = 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) tke = NULL;
    g_autoptr(GDataInputStream) out = NULL;

    private_pcscd_insert(place, 2, "ep11-1");
    talk_wait_state(context, PRIVATE_PCSCD_READER_2, SCARD_STATE_PRESENT);
    talk_expect(SCardConnect(context, PRIVATE_PCSCD_READER_2, SCARD_SHARE_EXCLUSIVE,
                             SCARD_PROTOCOL_T1, &other, &protocol),
                SCARD_S_SUCCESS);
    tke = g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, &error,
                           "timeout", "300", TKE, "--rehearsal=pcsc", "card", "info", "--reader",
                           "2", NULL);
    ck_assert_msg(tke != NULL, "%s", error != NULL ? error->message : "");
    out = g_data_input_stream_new(g_subprocess_get_stdout_pipe(tke));
    wait_until_said(out, "another program holds the reader");
    wait_until_said(out, "nothing needs to be uninstalled");
    talk_expect(SCardDisconnect(other, SCARD_LEAVE_CARD), SCARD_S_SUCCESS);
    wait_until_said(out, "Card identifier"); /* nobody had to answer */
    ck_assert(g_subprocess_wait_check(tke, NULL, NULL));
    SCardReleaseContext(context);
}
END_TEST

/* No card can end a wait there: what would ask for one ends, with the refusal and what to do. */
START_TEST(test_outside_a_rehearsal_no_card_is_asked_for_in_a_virtual_reader)
{
    static const char *const commands[] = { "card change-pin", "card change-pin",
                                            "card acceptance-test --reader 2", "card enroll" };
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    SCARDCONTEXT context = talk_new_context();

    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autofree char *line =
            g_strdup_printf("env XDG_CONFIG_HOME=%s XDG_STATE_HOME=%s XDG_DATA_HOME=%s " TKE " %s",
                            place->world, place->world, place->world, commands[i]);
        g_autofree char *told = NULL;

        if (i == 1) { /* the first time there is no card */
            private_pcscd_insert(place, 1, "ca-1");
            private_pcscd_insert(place, 2, "ep11-1");
            talk_wait_state(context, PRIVATE_PCSCD_READER_2, SCARD_STATE_PRESENT);
        }
        ck_assert_int_ne(private_pcscd_run(place, line, &told), 0);
        assert_contains(told, "this is a virtual reader, which is refused outside a rehearsal");
        assert_contains(told, "Use a real reader.");
    }
    SCardReleaseContext(context);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_scdaemon_that_holds_the_reader_is_named_and_afterwards_all_goes_on);
    tcase_add_test(tests, test_a_held_reader_of_two_equal_ones_is_told_as_held);
    tcase_add_test(tests, test_outside_a_rehearsal_no_card_is_asked_for_in_a_virtual_reader);
    tcase_add_test(tests, test_scdaemon_does_not_get_a_card_that_is_held);
    tcase_add_test(tests, test_readers_of_another_world_of_the_same_scenario_are_not_taken);
}

int
main(void)
{
    return private_pcscd_main("beside", add_tests);
}
