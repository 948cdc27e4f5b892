/*
 * Programs of others with the virtual readers, and a whole ceremony through the real pcscd, also
 * while opensc probes every card it finds (test environment 6).
 */
#include <gio/gio.h>
#include <string.h>

#include "tests/pcsc/pcsc-talk.h"
#include "tests/support/private-pcscd.h"
#include "tests/support/test-main.h"

#define ATR "3b:8b:81:31:fe:45:4f:70:65:6e:54:4b:45:20:73:69:6d:b9"
#define CEREMONY_S 300

static void
assert_contains(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "\"%s\" is not in: %s", part, text);
}

START_TEST(test_opensc_tool_lists_both_readers_with_card_and_pin_pad)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    SCARDCONTEXT context = talk_new_context();
    g_autofree char *output = NULL;

    private_pcscd_insert(place, 1, "ca-1");
    talk_wait_state(context, PRIVATE_PCSCD_READER_1, SCARD_STATE_PRESENT);
    ck_assert_int_eq(private_pcscd_run(place, "opensc-tool -a -l", &output), 0);
    assert_contains(output, "0    Yes   PIN pad   " PRIVATE_PCSCD_READER_1);
    assert_contains(output, "1    No    PIN pad   " PRIVATE_PCSCD_READER_2);
    assert_contains(output, ATR);
    SCardReleaseContext(context);
}
END_TEST

START_TEST(test_opensc_tool_sends_an_apdu)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    SCARDCONTEXT context = talk_new_context();
    g_autofree char *output = NULL;

    private_pcscd_insert(place, 2, "ep11-1");
    talk_wait_state(context, PRIVATE_PCSCD_READER_2, SCARD_STATE_PRESENT);
    ck_assert_int_eq(private_pcscd_run(place,
                                       "opensc-tool -r 1 -s 00:A4:04:00:07:F0:4F:54:4B:45:01:02:00",
                                       &output),
                     0);
    assert_contains(output, "SW1=0x90, SW2=0x00");
    SCardReleaseContext(context);
}
END_TEST

START_TEST(test_pcsc_scan_sees_readers_and_card)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    SCARDCONTEXT context = talk_new_context();
    g_autofree char *readers = NULL;
    g_autofree char *cards = NULL;

    private_pcscd_insert(place, 1, "ca-1");
    talk_wait_state(context, PRIVATE_PCSCD_READER_1, SCARD_STATE_PRESENT);
    ck_assert_int_eq(private_pcscd_run(place, "pcsc_scan -r", &readers), 0);
    assert_contains(readers, PRIVATE_PCSCD_READER_1);
    assert_contains(readers, PRIVATE_PCSCD_READER_2);
    private_pcscd_run(place, "pcsc_scan -n -t 1", &cards);
    assert_contains(cards, "Card inserted");
    assert_contains(cards, "ATR: 3B 8B 81 31 FE 45 4F 70 65 6E 54 4B 45 20 73 69 6D B9");
    SCardReleaseContext(context);
}
END_TEST

/* tke-rehearse with a world of its own in the place's directory; NULL-terminated as usual. */
static GSubprocess *
start_ceremony(const PrivatePcscd *place)
{
    g_autofree char *limit = g_strdup_printf("%u", CEREMONY_S);
    g_autofree char *world = g_build_filename(place->world, "w", NULL);
    const char *const argv[] = {
        "timeout", limit, TKE_REHEARSE, "--pcscd", "--world", world, NULL
    };
    g_autoptr(GError) error = NULL;
    GSubprocess *process = g_subprocess_newv(
        argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, &error);

    ck_assert_msg(process != NULL, "%s", error == NULL ? "" : error->message);
    return process;
}

static void
expect_ceremony(GSubprocess *process)
{
    g_autofree char *output = NULL;

    ck_assert(g_subprocess_communicate_utf8(process, NULL, NULL, &output, NULL, NULL));
    ck_assert_msg(g_subprocess_get_if_exited(process) && g_subprocess_get_exit_status(process) == 0,
                  "%s", output);
    assert_contains(output, "master key Valid on 3 of 3 crypto units");
    assert_contains(output, "43 cards put in, 72 PINs typed");
}

START_TEST(test_the_whole_ceremony_passes_through_pcscd)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter_empty();
    g_autoptr(GSubprocess) ceremony = start_ceremony(place);

    expect_ceremony(ceremony);
}
END_TEST

typedef struct Hammer {
    const PrivatePcscd *place;
    gint stop; /* atomic */
    unsigned runs;
    unsigned reached; /* runs that found a card they could ask */
} Hammer;

/* Asks for the name of whatever card is in, again and again, as a curious program beside us
 * would. */
static void *
hammer(void *data)
{
    Hammer *self = data;
    g_autofree char *socket = g_build_filename(self->place->world, "w", "pcscd", "socket", NULL);
    g_auto(GStrv) environment =
        g_environ_setenv(g_get_environ(), SIM_PCSCD_SOCKET_VARIABLE, socket, TRUE);

    while (g_atomic_int_get(&self->stop) == 0) {
        const char *argv[] = { "timeout", "20", "opensc-tool", "-r", "0", "-n", NULL };
        int status = 0;

        argv[4] = self->runs % 2 == 0 ? "0" : "1";
        if (g_file_test(socket, G_FILE_TEST_EXISTS) &&
            g_spawn_sync(NULL, (char **) argv, environment,
                         G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL |
                             G_SPAWN_STDERR_TO_DEV_NULL,
                         NULL, NULL, NULL, NULL, &status, NULL)) {
            self->runs++;
            self->reached += status == 0;
        } else {
            g_usleep(1000);
        }
    }
    return NULL;
}

START_TEST(test_opensc_that_probes_every_card_does_a_ceremony_no_harm)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter_empty();
    g_autoptr(GSubprocess) ceremony = start_ceremony(place);
    Hammer hammers[2] = { { .place = place }, { .place = place, .runs = 1 } };
    GThread *threads[2];
    unsigned reached = 0;

    for (unsigned i = 0; i < 2; i++) {
        threads[i] = g_thread_new("hammer", hammer, &hammers[i]);
    }
    expect_ceremony(ceremony);
    for (unsigned i = 0; i < 2; i++) {
        g_atomic_int_set(&hammers[i].stop, 1);
        g_thread_join(threads[i]);
        ck_assert_uint_gt(hammers[i].runs, 10);
        reached += hammers[i].reached;
    }
    ck_assert_uint_gt(reached, 0); /* else it was no danger */
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_opensc_tool_lists_both_readers_with_card_and_pin_pad);
    tcase_add_test(tests, test_opensc_tool_sends_an_apdu);
    tcase_add_test(tests, test_pcsc_scan_sees_readers_and_card);
    tcase_add_test(tests, test_the_whole_ceremony_passes_through_pcscd);
    tcase_add_test(tests, test_opensc_that_probes_every_card_does_a_ceremony_no_harm);
}

int
main(void)
{
    return private_pcscd_main("real-programs", add_tests);
}
