/*
 * A reader that falls silent while a PIN is typed on it: tke-sim is stopped in the middle of an
 * entry through the real pcscd, or only the thread of it that serves the card hangs. A call of
 * PC/SC cannot be broken off, so the deadline is ours.
 */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#include "libsmartcard/card-error.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/card.h"
#include "libsmartcard/pcsc-transport.h"
#include "libsmartcard/pin-pad.h"
#include "libsmartcard/reader-monitor.h"
#include "tests/pcsc/fake-sim.h"
#include "tests/pcsc/pad-talk.h"
#include "tests/support/private-pcscd.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define READER_1 PRIVATE_PCSCD_READER_1
#define READER_2 PRIVATE_PCSCD_READER_2
#define ANSWER_MS 3000u /* 9 s for an entry; the pad itself waits 20 s */
#define PIN "135791"

static TkeCardSource *
make_source(void)
{
    const TkePcscOptions options = { .virtual_readers = true, .answer_ms = ANSWER_MS };

    return tke_pcsc_transport_new(&options);
}

/* Reports nothing: it is only to wait, and to be ended. */
static void
ignore(GPtrArray *readers, const GError *error, void *data)
{
    (void) readers;
    (void) error;
    g_atomic_int_inc((gint *) data);
}

typedef struct Entry {
    TkeCard *card;
    bool (*enter)(TkeCard *card, uint8_t reference, GError **error);
    bool done;
    GError *error;
} Entry;

static void *
enter_pin(void *data)
{
    Entry *entry = data;

    entry->done = entry->enter(entry->card, TKE_PIN_FIRST, &entry->error);
    return NULL;
}

static TkeCard *
open_card(TkeCardSource *source, SCARDCONTEXT context)
{
    g_autoptr(GError) error = NULL;
    TkeCard *card = NULL;

    talk_wait_state(context, READER_1, SCARD_STATE_PRESENT);
    card = tke_card_open(source, READER_1, 1, NULL, &error);
    ck_assert_msg(card != NULL, "%s", error != NULL ? error->message : "");
    ck_assert(tke_card_select(card, TKE_CARD_KIND_CA, NULL, NULL));
    return card;
}

/* The card gets its PIN, typed by a hand. */
static void
set_pin(PrivatePcscd *place, TkeCard *card)
{
    Entry entry = { .card = card, .enter = tke_pin_pad_set };
    GThread *thread = g_thread_new("entry", enter_pin, &entry);

    pad_type(place, 1, PIN);
    pad_type(place, 1, PIN);
    g_thread_join(thread);
    ck_assert_msg(entry.done, "%s", entry.error != NULL ? entry.error->message : "");
}

static void
check_silent(const GError *error)
{
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_SILENT);
    ck_assert_msg(strstr(error->message, "reader 1") != NULL, "%s", error->message);
    ck_assert_msg(strstr(error->message, "taking the card out, or unplugging the reader") != NULL,
                  "%s", error->message);
    ck_assert(tke_card_error_is_outcome_unknown(error));
}

/* Who else has to do with the readers goes on, and can be ended, while the entry hangs. */
static void
check_others(TkeReaderMonitor *monitor, TkeCardSource *source)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) readers = source->ops->list(source, &error);
    TkeCard *card = NULL;

    ck_assert_msg(readers != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_uint_eq(readers->len, 2);
    ck_assert_msg(source->ops->wait(source, 50, NULL, &error), "%s",
                  error != NULL ? error->message : "");
    tke_reader_monitor_free(monitor);
    card = tke_card_open(source, READER_1, 1, NULL, &error);
    ck_assert_ptr_null(card);
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_IN_USE);
}

START_TEST(test_a_pad_that_falls_silent_in_the_middle_of_a_pin_is_told_and_left)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    SCARDCONTEXT context = talk_new_context();
    TkeCardSource *source = make_source();
    TkeCardSource *other = make_source();
    gint reports = 0;
    TkeReaderMonitor *monitor = tke_reader_monitor_new(make_source(), ignore, &reports);
    Entry entry = { .enter = tke_pin_pad_verify };
    TkePinStatus status = { 0 };
    GThread *thread = NULL;

    private_pcscd_insert(place, 1, "ca-1");
    entry.card = open_card(source, context);
    set_pin(place, entry.card);
    thread = g_thread_new("entry", enter_pin, &entry);
    pad_wait(place, 1); /* VERIFY_PIN_DIRECT has reached the pad */
    private_pcscd_halt(place->sim);
    g_thread_join(thread);
    ck_assert(!entry.done);
    check_silent(entry.error);
    check_others(monitor, other);
    tke_card_free(entry.card);
    source->ops->free(source); /* the program is closed */

    ck_assert_int_eq(kill(place->sim, SIGCONT), 0);
    private_pcscd_remove(place, 1); /* what the text advises */
    talk_wait_state(context, READER_1, SCARD_STATE_EMPTY);
    private_pcscd_insert(place, 1, "ca-1");
    talk_wait_state(context, READER_1, SCARD_STATE_PRESENT);
    for (entry.card = NULL; entry.card == NULL; g_usleep(10000)) {
        /* as soon as the call has ended */
        entry.card = tke_card_open(other, READER_1, 1, NULL, NULL);
    }
    ck_assert(tke_card_select(entry.card, TKE_CARD_KIND_CA, NULL, NULL));
    ck_assert(tke_pin_pad_query_state(entry.card, TKE_PIN_FIRST, &status, NULL));
    ck_assert_int_eq((int) status.state, (int) TKE_PIN_SET);
    ck_assert_uint_eq(status.tries_left, TKE_PIN_TRIES_CA); /* nothing was typed */
    tke_card_free(entry.card);
    other->ops->free(other);
    g_clear_error(&entry.error);
    SCardReleaseContext(context);
}
END_TEST

/* Starts a ceremony, and stops a process while the pad asks for a PIN; what the program says
 * before it ends by itself. */
static char *
stop_while_typing(PrivatePcscd *place, pid_t stopped)
{
    g_autofree char *settings =
        g_build_filename(place->world, "workstation", "settings.json", NULL);
    g_autoptr(GSubprocess) tke = NULL;
    char *said = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert(g_file_set_contents(settings, "{\"cardAnswerSeconds\":25}", -1, NULL));
    ck_assert_int_eq(g_chmod(settings, 0600), 0);
    private_pcscd_insert(place, 1, "ca-1");
    tke = g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, &error,
                           "timeout", "400", TKE, "--rehearsal=pcsc", "--yes", "zone", "create",
                           "--zone-description", "Zone", "--card-description", "Card", NULL);
    ck_assert_msg(tke != NULL, "%s", error != NULL ? error->message : "");
    pad_wait(place, 1);
    private_pcscd_halt(stopped);
    ck_assert(g_subprocess_communicate_utf8(tke, NULL, NULL, &said, NULL, NULL));
    ck_assert_int_eq(kill(stopped, SIGCONT), 0);
    ck_assert_msg(g_subprocess_get_if_exited(tke), "%s", said);
    ck_assert_int_ne(g_subprocess_get_exit_status(tke), 0);
    ck_assert_int_ne(g_subprocess_get_exit_status(tke), 124);
    return said;
}

/* As people have it: 25 s for an answer is the least that can be set, with two PINs more that is
 * 65 s. */
START_TEST(test_the_program_names_the_reader_whose_driver_hangs_and_ends)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    g_autofree char *said = stop_while_typing(place, sim_pcscd_get_pid(place->pcscd));

    ck_assert_msg(strstr(said, "reader 1") != NULL &&
                      strstr(said, "no answer came in time") != NULL,
                  "%s", said);
    ck_assert_msg(strstr(said, "taking the card out, or unplugging the reader") != NULL, "%s",
                  said);
    ck_assert_msg(strstr(said, "tke card info") != NULL, "%s", said); /* what became of the PIN */
}
END_TEST

/* A stopped tke-sim is noticed by the driver before that: its reader and card are gone then. */
START_TEST(test_the_program_names_the_reader_whose_tke_sim_is_stopped_and_ends)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    g_autofree char *said = stop_while_typing(place, place->sim);

    ck_assert_msg(strstr(said, "reader 1") != NULL, "%s", said);
    ck_assert_msg(strstr(said, "Insert the card again") != NULL, "%s", said);
    ck_assert_msg(strstr(said, "tke card info") != NULL, "%s", said);
}
END_TEST

/* ---- a tke-sim that lives and whose thread for the card hangs ---- */

static bool
hang_at_exchange(uint8_t type, const uint8_t *body, size_t len, GByteArray *out, void *data)
{
    FakeSim **fake = data;

    return type == TKE_SIM_EXCHANGE || fake_sim_decent(*fake, type, body, len, out);
}

START_TEST(test_the_deadline_is_ours_also_where_tke_sim_greets_others_meanwhile)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter_empty();
    FakeSim *fake = NULL;
    TkeCardSource *source = NULL;
    TkeCard *card = NULL;
    SCARDCONTEXT context = 0;
    g_autoptr(GError) error = NULL;

    fake = fake_sim_new(place->world, hang_at_exchange, &fake);
    private_pcscd_start_pcscd(place, NULL);
    context = talk_new_context();
    talk_wait_state(context, READER_1, SCARD_STATE_PRESENT);
    source = make_source();
    card = tke_card_open(source, READER_1, 1, NULL, &error);
    ck_assert_msg(card != NULL, "%s", error != NULL ? error->message : "");
    ck_assert(!tke_card_select(card, TKE_CARD_KIND_CA, NULL, &error));
    check_silent(error);
    tke_card_free(card);
    source->ops->free(source);
    SCardReleaseContext(context);
    sim_pcscd_stop(place->pcscd, SIGKILL); /* which waits for that answer still */
    fake_sim_free(fake);
}
END_TEST

/* What the card does, and what the report of it says. */
static const struct {
    const char *fault, *told, *remedy;
} unanswered[] = {
    { "\"target\":\"card\",\"name\":\"ep11-1\",\"fault\":\"silent\",\"times\":9999",
      "the exchange with the card failed", "Take a card of a type that is known to work" },
    { "\"target\":\"reader\",\"reader\":2,\"fault\":\"contactless\"",
      "the card works through its contacts only", "Put the card into a reader with a slot" },
};

/* Who tests a card is asked for no other one: what the reader said is in the report, and a next
 * step. */
START_TEST(test_the_acceptance_test_of_a_card_that_answers_nothing_ends_with_a_report)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    g_autofree char *json = g_strdup_printf("{\"command\":\"fault\",%s}", unanswered[_i].fault);
    SCARDCONTEXT context = talk_new_context();
    g_autofree char *out = NULL;

    private_pcscd_command(place, json);
    private_pcscd_insert(place, 2, "ep11-1");
    talk_wait_state(context, READER_2, SCARD_STATE_PRESENT);
    ck_assert_int_eq(private_pcscd_run(place, TKE " --rehearsal=pcsc card acceptance-test", &out),
                     4);
    ck_assert_msg(strstr(out, "Answer to reset: 3B") != NULL, "%.600s", out);
    ck_assert_msg(strstr(out, unanswered[_i].told) != NULL, "%.600s", out);
    ck_assert_msg(strstr(out, unanswered[_i].remedy) != NULL, "%.600s", out);
    SCardReleaseContext(context);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 500); /* seconds that pass until a deadline of people */
    tcase_add_test(tests, test_a_pad_that_falls_silent_in_the_middle_of_a_pin_is_told_and_left);
    tcase_add_test(tests, test_the_program_names_the_reader_whose_driver_hangs_and_ends);
    tcase_add_test(tests, test_the_program_names_the_reader_whose_tke_sim_is_stopped_and_ends);
    tcase_add_loop_test(tests,
                        test_the_acceptance_test_of_a_card_that_answers_nothing_ends_with_a_report,
                        0, G_N_ELEMENTS(unanswered));
    tcase_add_test(tests, test_the_deadline_is_ours_also_where_tke_sim_greets_others_meanwhile);
}

int
main(void)
{
    return private_pcscd_main("silent-pad", add_tests);
}
