/*
 * The PC/SC transport of libsmartcard on the real pcscd: cards and readers that come and go, a
 * pcscd that is started anew, other programs beside ours, cards that never answer.
 */
#include <signal.h>
#include <string.h>

#include "libsmartcard/card-error.h"
#include "libsmartcard/card-identity.h"
#include "libsmartcard/card.h"
#include "libsmartcard/pcsc-transport.h"
#include "libsmartcard/pin-pad.h"
#include "tests/pcsc/pcsc-talk.h"
#include "tests/support/private-pcscd.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define READER_1 PRIVATE_PCSCD_READER_1
#define READER_2 PRIVATE_PCSCD_READER_2
#define CYCLES 1000u
#define RESTARTS 100u

static TkeCardSource *
make_source(unsigned answer_ms)
{
    const TkePcscOptions options = { .virtual_readers = true, .answer_ms = answer_ms };

    return tke_pcsc_transport_new(&options);
}

static GPtrArray *
need_list(TkeCardSource *source)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *readers = source->ops->list(source, &error);

    ck_assert_msg(readers != NULL, "%s", error != NULL ? error->message : "no error");
    return readers;
}

/* What the source says of a reader now. */
static void
look(TkeCardSource *source, const char *name, bool *present, uint32_t *events)
{
    g_autoptr(GPtrArray) readers = need_list(source);

    for (guint i = 0; i < readers->len; i++) {
        const TkeReaderInfo *info = g_ptr_array_index(readers, i);

        if (strcmp(info->name, name) == 0) {
            *present = info->card_present;
            *events = info->events;
            return;
        }
    }
    ck_abort_msg("%s is not there", name);
}

static void
wait_change(TkeCardSource *source)
{
    g_autoptr(GError) error = NULL;

    ck_assert_msg(source->ops->wait(source, 10000, NULL, &error), "%s",
                  error != NULL ? error->message : "no error");
}

static void
wait_present(TkeCardSource *source, const char *name, bool wanted)
{
    const gint64 end = g_get_monotonic_time() + 10 * G_TIME_SPAN_SECOND;
    bool present = !wanted;
    uint32_t events = 0;

    for (look(source, name, &present, &events); present != wanted;
         look(source, name, &present, &events)) {
        ck_assert_msg(g_get_monotonic_time() < end, "%s stays as it was", name);
        wait_change(source);
    }
}

static TkeCard *
need_card(TkeCardSource *source, const char *name, unsigned number)
{
    g_autoptr(GError) error = NULL;
    TkeCard *card = NULL;

    wait_present(source, name, true);
    card = tke_card_open(source, name, number, NULL, &error);
    ck_assert_msg(card != NULL, "%s", error != NULL ? error->message : "no error");
    return card;
}

static void
check_select_fails(TkeCard *card, TkeCardError code)
{
    g_autoptr(GError) error = NULL;

    ck_assert(!tke_card_select(card, TKE_CARD_KIND_CA, NULL, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, (int) code);
    ck_assert_msg(strstr(error->message, "reader 1") != NULL, "%s", error->message);
}

static unsigned
count_descriptors(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned n = 0;

    while (g_dir_read_name(dir) != NULL) {
        n++;
    }
    return n;
}

static unsigned
count_threads(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/task", 0, NULL);
    unsigned n = 0;

    while (g_dir_read_name(dir) != NULL) {
        n++;
    }
    return n;
}

START_TEST(test_a_card_is_recognised_through_pcscd)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    TkeCardSource *source = make_source(0);
    TkeCardConnection *connection = NULL;
    TkeCard *card = NULL;
    TkeCardStatus status = { 0 };
    g_autoptr(GError) error = NULL;
    TkePinPad pad = { 0 };

    private_pcscd_insert(place, 1, "ca-1");
    wait_present(source, READER_1, true);
    ck_assert(tke_pin_pad_query_reader(source, READER_1, &pad, &error));
    connection = source->ops->connect(source, READER_1, NULL, &error);
    ck_assert_ptr_nonnull(connection);
    ck_assert(connection->extended_length);
    ck_assert_uint_eq(connection->atr_len, 18);
    ck_assert(!tke_pin_pad_query_reader(source, READER_1, &pad, &error)); /* it is held */
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_IN_USE);
    card = tke_card_new(connection, 1, READER_1);
    ck_assert(tke_card_recognise(card, &status, NULL));
    ck_assert_int_eq((int) status.kind, (int) TKE_CARD_KIND_CA);
    ck_assert(tke_pin_pad_query(card, &pad, NULL));
    tke_card_free(card);
    source->ops->free(source);
}
END_TEST

START_TEST(test_outside_a_rehearsal_the_readers_are_refused)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    TkeCardSource *source = tke_pcsc_transport_new(NULL);
    g_autoptr(GPtrArray) readers = need_list(source);
    g_autoptr(GError) error = NULL;

    ck_assert_uint_eq(readers->len, 2);
    ck_assert(((TkeReaderInfo *) g_ptr_array_index(readers, 0))->is_virtual);
    private_pcscd_insert(place, 1, "ca-1");
    wait_present(source, READER_1, true);
    ck_assert_ptr_null(source->ops->connect(source, READER_1, NULL, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_READER);
    source->ops->free(source);
}
END_TEST

START_TEST(test_a_thousand_cards_leave_nothing_behind_and_none_is_missed)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    TkeCardSource *source = make_source(0);
    unsigned descriptors = 0;
    unsigned threads = 0;
    uint32_t last = 0;
    bool present = false;

    private_pcscd_insert(place, 1, "ca-1");
    wait_present(source, READER_1, true);
    look(source, READER_1, &present, &last);
    for (unsigned i = 0; i < CYCLES; i++) {
        TkeCard *card = need_card(source, READER_1, 1);
        uint32_t events = last;

        ck_assert(tke_card_select(card, TKE_CARD_KIND_CA, NULL, NULL));
        private_pcscd_remove(place, 1);
        private_pcscd_insert(place, 1, i % 2 == 0 ? "ca-2" : "ca-1");
        for (present = false; !present || events == last;
             look(source, READER_1, &present, &events)) {
            wait_change(source);
        }
        ck_assert_msg(events != last, "cycle %u", i);
        last = events;
        check_select_fails(card, TKE_CARD_ERROR_REMOVED);
        tke_card_free(card);
        if (i == 10) {
            descriptors = count_descriptors();
            threads = count_threads();
        }
    }
    ck_assert_uint_eq(count_descriptors(), descriptors);
    for (unsigned i = 0; i < 500 && count_threads() > threads; i++) {
        g_usleep(10000); /* the last one is about to end */
    }
    ck_assert_uint_le(count_threads(), threads);
    source->ops->free(source);
}
END_TEST

START_TEST(test_pcscd_can_be_started_anew_a_hundred_times)
{
    static const int signals[] = { SIGTERM, SIGKILL };
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    TkeCardSource *source = make_source(0);
    unsigned descriptors = 0;

    private_pcscd_insert(place, 1, "ca-1");
    for (unsigned i = 0; i < RESTARTS; i++) {
        TkeCard *card = need_card(source, READER_1, 1);
        g_autoptr(GPtrArray) readers = NULL;
        g_autoptr(GError) error = NULL;

        ck_assert(tke_card_select(card, TKE_CARD_KIND_CA, NULL, NULL));
        sim_pcscd_stop(place->pcscd, signals[i % 2]);
        ck_assert(!tke_card_select(card, TKE_CARD_KIND_CA, NULL, &error));
        test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_COMMUNICATION);
        g_clear_error(&error);
        tke_card_free(card);
        ck_assert_msg(sim_pcscd_start(place->pcscd, &error), "%s",
                      error != NULL ? error->message : "no error");
        readers = need_list(source);
        ck_assert_uint_eq(readers->len, 2);
        if (i == 5) {
            descriptors = count_descriptors();
        }
    }
    ck_assert_uint_le(count_descriptors(), descriptors);
    source->ops->free(source);
}
END_TEST

START_TEST(test_waiting_ends_with_pcscd_and_goes_on_with_the_next_one)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    TkeCardSource *source = make_source(0);
    G_GNUC_UNUSED g_autoptr(GPtrArray) before = need_list(source);
    g_autoptr(GError) error = NULL;

    sim_pcscd_stop(place->pcscd, SIGKILL);
    wait_change(source);
    ck_assert_ptr_null(source->ops->list(source, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_NO_SERVICE);
    ck_assert(sim_pcscd_start(place->pcscd, NULL));
    private_pcscd_insert(place, 2, "ca-1");
    tke_card_free(need_card(source, READER_2, 2));
    source->ops->free(source);
}
END_TEST

/* Another program that resets the card; libpcsclite waits as long as our transaction lasts. */
typedef struct Foreign {
    SCARDHANDLE card;
    LONG code;
    int done; /* atomic */
} Foreign;

static void *
reset_card(void *data)
{
    Foreign *foreign = data;
    DWORD protocol = 0;

    foreign->code = SCardReconnect(foreign->card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1,
                                   SCARD_RESET_CARD, &protocol);
    g_atomic_int_set(&foreign->done, 1);
    return NULL;
}

START_TEST(test_a_program_that_has_the_card_too_neither_resets_nor_selects_beside_us)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    TkeCardSource *source = make_source(0);
    SCARDCONTEXT context = talk_new_context();
    Foreign foreign = { .done = 0 };
    TkeCard *card = NULL;
    GThread *thread = NULL;

    private_pcscd_insert(place, 1, "ca-1");
    foreign.card = talk_connect(context, READER_1); /* as a browser has it */
    card = need_card(source, READER_1, 1);
    ck_assert(tke_card_select(card, TKE_CARD_KIND_CA, NULL, NULL));
    thread = g_thread_new("foreign", reset_card, &foreign);
    g_usleep(300000);
    ck_assert_int_eq(g_atomic_int_get(&foreign.done), 0);
    ck_assert(tke_pin_pad_forget(card, TKE_PIN_FIRST, NULL)); /* still selected */
    tke_card_free(card);
    g_thread_join(thread);
    talk_expect(foreign.code, SCARD_S_SUCCESS);
    card = need_card(source, READER_1, 1); /* its reset is no fault of ours */
    ck_assert(tke_card_select(card, TKE_CARD_KIND_CA, NULL, NULL));
    tke_card_free(card);
    talk_expect(SCardDisconnect(foreign.card, SCARD_LEAVE_CARD), SCARD_S_SUCCESS);
    SCardReleaseContext(context);
    source->ops->free(source);
}
END_TEST

START_TEST(test_a_program_that_holds_the_reader_is_told)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    TkeCardSource *source = make_source(0);
    SCARDCONTEXT context = talk_new_context();
    SCARDHANDLE other = 0;
    DWORD protocol = 0;
    g_autoptr(GError) error = NULL;

    private_pcscd_insert(place, 1, "ca-1");
    wait_present(source, READER_1, true);
    talk_expect(SCardConnect(context, READER_1, SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_T1, &other,
                             &protocol),
                SCARD_S_SUCCESS);
    ck_assert_ptr_null(tke_card_open(source, READER_1, 1, NULL, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_IN_USE);
    talk_expect(SCardDisconnect(other, SCARD_LEAVE_CARD), SCARD_S_SUCCESS);
    tke_card_free(need_card(source, READER_1, 1));
    SCardReleaseContext(context);
    source->ops->free(source);
}
END_TEST

START_TEST(test_opensc_and_pcsc_scan_run_beside_us)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    TkeCardSource *source = make_source(0);
    TkeCard *card = NULL;
    g_autofree char *probe = NULL;
    g_autofree char *list = NULL;

    private_pcscd_insert(place, 1, "ca-1");
    card = need_card(source, READER_1, 1);
    ck_assert(tke_card_select(card, TKE_CARD_KIND_CA, NULL, NULL));
    if (private_pcscd_has_program("opensc-tool")) {
        (void) private_pcscd_run(place, "opensc-tool -r 0 -n", &probe); /* 47 APDUs, if it could */
        ck_assert_msg(strstr(probe, "in use by another application") != NULL, "%s", probe);
    }
    if (private_pcscd_has_program("pcsc_scan")) {
        ck_assert_int_eq(private_pcscd_run(place, "pcsc_scan -r", &list), 0);
        ck_assert_msg(strstr(list, READER_2) != NULL, "%s", list);
    }
    ck_assert(tke_pin_pad_forget(card, TKE_PIN_FIRST, NULL)); /* still selected */
    tke_card_free(card);
    source->ops->free(source);
}
END_TEST

START_TEST(test_a_card_that_never_answers_keeps_nobody_waiting)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    TkeCardSource *source = make_source(500);
    TkeCard *card = NULL;
    g_autoptr(GPtrArray) readers = NULL;
    g_autoptr(GError) error = NULL;

    private_pcscd_insert(place, 1, "ca-1");
    card = need_card(source, READER_1, 1);
    private_pcscd_halt(place->sim);
    check_select_fails(card, TKE_CARD_ERROR_SILENT);
    tke_card_free(card);
    readers = need_list(source);
    ck_assert_ptr_null(tke_card_open(source, READER_1, 1, NULL, &error));
    test_bytes_check_error(error, TKE_CARD_ERROR, TKE_CARD_ERROR_IN_USE);
    ck_assert_int_eq(kill(place->sim, SIGCONT), 0);
    for (card = NULL; card == NULL; g_usleep(10000)) {
        card = tke_card_open(source, READER_1, 1, NULL, NULL); /* as soon as the call has ended */
    }
    ck_assert(tke_card_select(card, TKE_CARD_KIND_CA, NULL, NULL));
    tke_card_free(card);
    source->ops->free(source);
}
END_TEST

/* A person at one of two pads. */
typedef struct Typist {
    TkeCardSource *source;
    const char *reader;
    unsigned number;
    gint64 done;
} Typist;

static void *
set_pin(void *data)
{
    Typist *typist = data;
    TkeCard *card = need_card(typist->source, typist->reader, typist->number);
    g_autoptr(GError) error = NULL;

    ck_assert(tke_card_select(card, TKE_CARD_KIND_CA, NULL, &error));
    ck_assert_msg(tke_pin_pad_set(card, TKE_PIN_FIRST, &error), "%s",
                  error != NULL ? error->message : "no error");
    typist->done = g_get_monotonic_time();
    tke_card_free(card);
    return NULL;
}

static void
type(PrivatePcscd *place, unsigned reader)
{
    g_autofree char *json = g_strdup_printf(
        "{\"command\":\"pin\",\"reader\":%u,\"digits\":\"123456\",\"timeout\":20}", reader);

    private_pcscd_command(place, json);
    private_pcscd_command(place, json);
}

static void *
type_at_first(void *data)
{
    type(data, 1);
    return NULL;
}

START_TEST(test_two_people_type_at_two_readers_at_once)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    Typist first = { .source = make_source(0), .reader = READER_1, .number = 1 };
    Typist second = { .source = make_source(0), .reader = READER_2, .number = 2 };
    GThread *threads[2] = { NULL, NULL };

    private_pcscd_insert(place, 1, "ca-1");
    private_pcscd_insert(place, 2, "ca-2");
    threads[0] = g_thread_new("first", set_pin, &first);
    g_usleep(200000); /* the first pad waits */
    threads[1] = g_thread_new("second", set_pin, &second);
    type(place, 2);
    g_thread_join(threads[1]);
    ck_assert_int_eq(first.done, 0); /* and still waits */
    type(place, 1);
    g_thread_join(threads[0]);
    ck_assert_int_gt(first.done, second.done);
    first.source->ops->free(first.source);
    second.source->ops->free(second.source);
}
END_TEST

/* pcscd takes the power from a card that nobody has had open for five seconds. */
START_TEST(test_a_verified_pin_lasts_while_people_think)
{
    g_autoptr(PrivatePcscd) place = private_pcscd_enter(NULL, NULL);
    TkeCardSource *source = make_source(0);
    TkeCard *card = NULL;
    GThread *thread = NULL;
    TkePinStatus pin = { 0 };
    g_autoptr(GError) error = NULL;

    private_pcscd_insert(place, 1, "ca-1");
    card = need_card(source, READER_1, 1);
    ck_assert(tke_card_select(card, TKE_CARD_KIND_CA, NULL, NULL));
    thread = g_thread_new("typist", type_at_first, place);
    ck_assert_msg(tke_pin_pad_set(card, TKE_PIN_FIRST, &error), "%s",
                  error != NULL ? error->message : "no error");
    g_thread_join(thread);
    g_usleep(7 * G_USEC_PER_SEC);
    ck_assert_msg(tke_pin_pad_query_state(card, TKE_PIN_FIRST, &pin, &error), "%s",
                  error != NULL ? error->message : "no error");
    ck_assert_int_eq((int) pin.state, (int) TKE_PIN_VERIFIED);
    tke_card_free(card);
    source->ops->free(source);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_card_is_recognised_through_pcscd);
    tcase_add_test(tests, test_outside_a_rehearsal_the_readers_are_refused);
    tcase_add_test(tests, test_a_thousand_cards_leave_nothing_behind_and_none_is_missed);
    tcase_add_test(tests, test_pcscd_can_be_started_anew_a_hundred_times);
    tcase_add_test(tests, test_waiting_ends_with_pcscd_and_goes_on_with_the_next_one);
    tcase_add_test(tests,
                   test_a_program_that_has_the_card_too_neither_resets_nor_selects_beside_us);
    tcase_add_test(tests, test_a_program_that_holds_the_reader_is_told);
    tcase_add_test(tests, test_opensc_and_pcsc_scan_run_beside_us);
    tcase_add_test(tests, test_a_card_that_never_answers_keeps_nobody_waiting);
    tcase_add_test(tests, test_two_people_type_at_two_readers_at_once);
    tcase_add_test(tests, test_a_verified_pin_lasts_while_people_think);
}

int
main(void)
{
    return private_pcscd_main("pcsc transport", add_tests);
}
