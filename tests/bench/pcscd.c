/*
 * Cards through the real pcscd and the driver of virtual readers: round trips, insertion and
 * removal, recognition, many cycles. Where no pcscd can be started here nothing is measured, and
 * why is said.
 */
#include <PCSC/reader.h>
#include <PCSC/winscard.h>
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "libsmartcard/card-identity.h"
#include "libsmartcard/pcsc-transport.h"
#include "simulator/officers-desk.h"
#include "simulator/sim-pcscd.h"
#include "tests/bench/programs.h"
#include "tests/support/card-world.h"

#define GROUP "Readers through pcscd"
#define READER "OpenTKE Virtual PIN Pad Reader 00 00"
#define ROUND_TRIPS 10000u
#define MOST_MEDIAN_MS 0.1
#define MOST_P99_MS 0.3
#define EVENTS 100u
#define MOST_EVENT_MS 1.0
#define QUICK_EXCHANGES 1000u
#define RECOGNITIONS 15u
#define MOST_RECOGNISE_MS 300.0
#define MOST_RECOGNISE_APDUS 3u
#define CYCLES 1000u
#define RESTARTS 100u
#define WAIT_MS 30000u

typedef struct Place {
    Bench *bench;
    char *world;
    SimPcscd *pcscd;
    SimOfficersDesk *desk;
    SCARDCONTEXT context;
} Place;

static void
expect(LONG code, const char *what)
{
    ck_assert_msg(code == SCARD_S_SUCCESS, "%s: %s", what, pcsc_stringify_error(code));
}

static double
ms_since(gint64 start)
{
    return (double) (g_get_monotonic_time() - start) / 1000;
}

/* ---- the place ---- */

static void
start_sim(Place *place, const char *profile)
{
    g_autoptr(GError) error = NULL;
    BenchRun run = { 0 };
    const char *const argv[] = { "simulator/tke-sim", "start", "--scenario", BENCH_PCSCD_SCENARIO,
                                 "--profile",         profile, NULL };
    card_world_check(bench_programs_run(place->world, argv, &run, &error), error);
    place->desk = sim_officers_desk_new(place->world, &error);
    card_world_check(place->desk != NULL, error);
}

static void
stop_sim(Place *place)
{
    g_autoptr(GError) error = NULL;

    g_clear_pointer(&place->desk, sim_officers_desk_free);
    card_world_check(bench_programs_stop_sim(place->world, &error), error);
}

/* False where no pcscd can be started. */
static bool
enter(Place *place)
{
    g_autoptr(GError) error = NULL;

    place->world = bench_programs_new_world(place->bench, "pcscd");
    start_sim(place, "none");
    place->pcscd = sim_pcscd_new(place->world, NULL, &error);
    if (place->pcscd == NULL && error->domain == G_IO_ERROR) {
        fprintf(stderr, "bench: pcscd: left out: %s\n", error->message);
        return false;
    }
    card_world_check(place->pcscd != NULL, error);
    g_setenv(SIM_PCSCD_SOCKET_VARIABLE, sim_pcscd_get_socket(place->pcscd), TRUE);
    return true;
}

static void
leave(Place *place)
{
    sim_pcscd_free(place->pcscd);
    stop_sim(place);
    g_free(place->world);
}

static void
insert(const Place *place, const char *card)
{
    g_autoptr(GError) error = NULL;

    card_world_check(sim_officers_desk_insert(place->desk, 1, card, &error), error);
}

static void
take_out(const Place *place)
{
    g_autoptr(GError) error = NULL;

    card_world_check(sim_officers_desk_remove(place->desk, 1, &error), error);
}

/* The next state of the reader after one that is known. */
static DWORD
wait_change(SCARDCONTEXT context, DWORD state)
{
    SCARD_READERSTATE wait = { .szReader = READER, .dwCurrentState = state };

    expect(SCardGetStatusChange(context, WAIT_MS, &wait, 1), "SCardGetStatusChange");
    return wait.dwEventState & ~(DWORD) SCARD_STATE_CHANGED;
}

static DWORD
wait_state(SCARDCONTEXT context, DWORD wanted)
{
    DWORD state = wait_change(context, SCARD_STATE_UNAWARE);

    while ((state & wanted) == 0) {
        state = wait_change(context, state);
    }
    return state;
}

/* ---- round trips ---- */

static int
compare(const void *a, const void *b)
{
    const double x = *(const double *) a;
    const double y = *(const double *) b;

    return (x > y) - (x < y);
}

/* What each connection asks, so that a reader that was exchanged for another one of its name is
 * noticed; no APDU. */
static double
measure_identity(SCARDHANDLE card)
{
    static const DWORD attributes[] = { SCARD_ATTR_VENDOR_IFD_SERIAL_NO, SCARD_ATTR_CHANNEL_ID,
                                        SCARD_ATTR_VENDOR_NAME };
    uint8_t answer[264];
    DWORD len = 0;
    const gint64 start = g_get_monotonic_time();

    for (unsigned i = 0; i < G_N_ELEMENTS(attributes); i++) {
        len = sizeof answer;
        (void) SCardGetAttrib(card, attributes[i], answer, &len); /* not known is an answer too */
    }
    (void) SCardControl(card, SCARD_CTL_CODE(3601), NULL, 0, answer, sizeof answer, &len);
    return ms_since(start);
}

static void
measure_round_trips(const Place *place)
{
    static const uint8_t command[] = { 0x00, 0x20, 0x00, 0x81 };
    const unsigned n = place->bench->quick ? 200 : ROUND_TRIPS;
    g_autofree double *times = g_new0(double, n);
    g_autofree double *asked = g_new0(double, n);
    SCARDHANDLE card = 0;
    DWORD protocol = 0;
    double p99 = 0;

    insert(place, "ca-1");
    wait_state(place->context, SCARD_STATE_PRESENT);
    expect(SCardConnect(place->context, READER, SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_T1, &card,
                        &protocol),
           "SCardConnect");
    for (unsigned i = 0; i < n; i++) {
        uint8_t response[16];
        DWORD len = sizeof response;
        const gint64 start = g_get_monotonic_time();

        expect(SCardTransmit(card, SCARD_PCI_T1, command, sizeof command, NULL, response, &len),
               "SCardTransmit");
        times[i] = ms_since(start);
    }
    for (unsigned i = 0; i < n; i++) {
        asked[i] = measure_identity(card);
    }
    expect(SCardDisconnect(card, SCARD_LEAVE_CARD), "SCardDisconnect");
    take_out(place);
    qsort(times, n, sizeof times[0], compare);
    p99 = times[n * 99 / 100];
    bench_report_samples(place->bench->report, GROUP, "round trip of a small APDU", "ms", times, n,
                         MOST_MEDIAN_MS);
    bench_report_samples(place->bench->report, GROUP, "the same, 99th percentile", "ms", &p99, 1,
                         MOST_P99_MS);
    bench_report_samples(place->bench->report, GROUP, "a connection asks which reader it has", "ms",
                         asked, n, BENCH_NO_LIMIT);
}

/* ---- insertion and removal ---- */

typedef struct Watcher {
    DWORD state;
    gint64 noticed;
} Watcher;

/* A thread that waits as a program does, with a context of its own. */
static void *
watch(void *data)
{
    Watcher *watcher = data;
    SCARDCONTEXT context = 0;

    expect(SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context), "context");
    watcher->state = wait_change(context, watcher->state);
    watcher->noticed = g_get_monotonic_time();
    SCardReleaseContext(context);
    return NULL;
}

/* When the card in reader 1 was moved, as tke-sim says. */
static gint64
ask_moved(const Place *place)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) status = bench_programs_query_status(place->world, &error);

    card_world_check(status != NULL, error);
    return json_object_get_int_member(
        json_array_get_object_element(json_object_get_array_member(status, "readers"), 0),
        "moved_us");
}

typedef struct EventTimes { /* milliseconds until a card is noticed, or its absence */
    double moved[EVENTS];   /* from the move on */
    double ordered[EVENTS]; /* from the order on, which tke-sim writes down before the move */
} EventTimes;

static void
measure_event(const Place *place, const char *card, DWORD *state, EventTimes *times, unsigned i)
{
    Watcher watcher = { .state = *state };
    GThread *thread = g_thread_new("watch", watch, &watcher);
    gint64 start = 0;

    g_usleep(5000); /* until it waits */
    start = g_get_monotonic_time();
    if (card != NULL) {
        insert(place, card);
    } else {
        take_out(place);
    }
    g_thread_join(thread);
    ck_assert_uint_ne(watcher.state & (card != NULL ? SCARD_STATE_PRESENT : SCARD_STATE_EMPTY), 0);
    *state = watcher.state;
    times->moved[i] = (double) (watcher.noticed - ask_moved(place)) / 1000;
    times->ordered[i] = (double) (watcher.noticed - start) / 1000;
    ck_assert(times->moved[i] > 0 && times->moved[i] < times->ordered[i]);
}

static void
report_events(const Place *place, const char *moved, const char *ordered, EventTimes *times,
              unsigned n)
{
    bench_report_samples(place->bench->report, GROUP, moved, "ms", times->moved, n, MOST_EVENT_MS);
    bench_report_samples(place->bench->report, GROUP, ordered, "ms", times->ordered, n,
                         BENCH_NO_LIMIT);
}

static void
measure_events(const Place *place)
{
    const unsigned n = place->bench->quick ? 5 : EVENTS;
    EventTimes in = { 0 }, out = { 0 };
    DWORD state = wait_state(place->context, SCARD_STATE_EMPTY);

    for (unsigned i = 0; i < n; i++) {
        measure_event(place, "ca-1", &state, &in, i);
        measure_event(place, NULL, &state, &out, i);
    }
    report_events(place, "insertion noticed", "the same, from the order on", &in, n);
    report_events(place, "removal noticed", "the same, from the order on", &out, n);
}

/* Takes the card out and puts it in at once; counts what nobody noticed. */
static void
count_quick_exchanges(const Place *place)
{
    const unsigned n = place->bench->quick ? 50 : QUICK_EXCHANGES;
    DWORD state = 0;
    unsigned missed = 0;

    insert(place, "ca-1");
    state = wait_state(place->context, SCARD_STATE_PRESENT);
    for (unsigned i = 0; i < n; i++) {
        const unsigned before = (unsigned) (state >> 16);
        const gint64 end = g_get_monotonic_time() + 2 * G_USEC_PER_SEC;
        SCARD_READERSTATE wait = { .szReader = READER, .dwCurrentState = state };

        take_out(place);
        insert(place, "ca-1");
        while ((unsigned) (state >> 16) < before + 2 && g_get_monotonic_time() < end) {
            wait.dwCurrentState = state;
            SCardGetStatusChange(place->context, 2000, &wait, 1);
            state = wait.dwEventState & ~(DWORD) SCARD_STATE_CHANGED;
        }
        missed += (unsigned) (state >> 16) < before + 2;
    }
    take_out(place);
    bench_report_count(place->bench->report, GROUP,
                       place->bench->quick ? "quick out-and-in missed, of 50"
                                           : "quick out-and-in missed, of 1,000",
                       missed, 0);
}

/* ---- endurance ---- */

static unsigned
count_files(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/fd", (int) pid);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    unsigned n = 0;

    while (dir != NULL && g_dir_read_name(dir) != NULL) {
        n++;
    }
    ck_assert_uint_gt(n, 0);
    return n;
}

/* The least or the most of some looks: a thread that waits has a file that one that does not wait
 * has not. */
static unsigned
count_calm_files(pid_t pid, bool most)
{
    unsigned n = count_files(pid);

    for (unsigned i = 0; i < 10; i++) {
        unsigned now = 0;

        g_usleep(2000);
        now = count_files(pid);
        n = most ? MAX(n, now) : MIN(n, now);
    }
    return n;
}

/* How many more files than before are open after many cards. */
static void
count_leaked_files(const Place *place)
{
    const unsigned n = place->bench->quick ? 50 : CYCLES;
    unsigned before = 0;
    unsigned after = 0;

    for (unsigned i = 0; i <= n; i++) {
        SCARDHANDLE card = 0;
        DWORD protocol = 0;

        insert(place, i % 2 == 0 ? "ca-1" : "ep11-1");
        wait_state(place->context, SCARD_STATE_PRESENT);
        expect(SCardConnect(place->context, READER, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, &card,
                            &protocol),
               "SCardConnect");
        if (i == 0) {
            before = count_calm_files(sim_pcscd_get_pid(place->pcscd), true);
        } else if (i == n) {
            after = count_calm_files(sim_pcscd_get_pid(place->pcscd), false);
        }
        expect(SCardDisconnect(card, SCARD_LEAVE_CARD), "SCardDisconnect");
        take_out(place);
        wait_state(place->context, SCARD_STATE_EMPTY);
    }
    bench_report_count(place->bench->report, GROUP,
                       place->bench->quick ? "files left open by 50 cards in pcscd"
                                           : "files left open by 1,000 cards in pcscd",
                       after > before ? after - before : 0, 0);
}

/* Readers, of two, that were not there after a restart of pcscd. */
static void
count_lost_readers(Place *place)
{
    const unsigned n = place->bench->quick ? 3 : RESTARTS;
    unsigned lost = 0;

    for (unsigned i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;
        SCARDCONTEXT context = 0;
        char names[512] = "";
        DWORD len = sizeof names;
        unsigned found = 0;

        sim_pcscd_stop(place->pcscd, i % 2 == 0 ? SIGTERM : SIGKILL);
        card_world_check(sim_pcscd_start(place->pcscd, &error), error);
        expect(SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context), "context");
        if (SCardListReaders(context, NULL, names, &len) == SCARD_S_SUCCESS) {
            for (const char *name = names; *name != '\0'; name += strlen(name) + 1) {
                found++;
            }
        }
        lost += 2 - MIN(found, 2);
        SCardReleaseContext(context);
    }
    bench_report_count(place->bench->report, GROUP,
                       place->bench->quick ? "readers lost in 3 restarts of pcscd"
                                           : "readers lost in 100 restarts of pcscd",
                       lost, 0);
}

/* ---- recognition ---- */

static TkeCard *
wait_for_card(TkeCardSource *source, GError **error)
{
    for (;;) {
        g_autoptr(GPtrArray) readers = source->ops->list(source, error);

        ck_assert_ptr_nonnull(readers);
        for (unsigned i = 0; i < readers->len; i++) {
            const TkeReaderInfo *info = g_ptr_array_index(readers, i);

            if (info->card_present) {
                return tke_card_open(source, info->name, 1, NULL, error);
            }
        }
        ck_assert(source->ops->wait(source, (int) WAIT_MS, NULL, error));
    }
}

/* From the hand that puts the card in to what a program then shows of it. */
static void
measure_recognition(Place *place)
{
    const TkePcscOptions options = { .virtual_readers = true };
    const unsigned n = place->bench->quick ? 2 : RECOGNITIONS;
    double times[RECOGNITIONS] = { 0 };
    TkeCardSource *source = NULL;
    unsigned apdus = 0;

    stop_sim(place); /* cards take their time from now on; pcscd waits for the next tke-sim */
    start_sim(place, "J3R180");
    source = tke_pcsc_transport_new(&options);
    for (unsigned i = 0; i < n; i++) {
        g_autoptr(GPtrArray) readers = NULL;
        g_autoptr(TkeCard) card = NULL;
        g_autoptr(GError) error = NULL;
        TkeCardStatus status = { 0 };
        gint64 start = 0;

        g_usleep(500000); /* until pcscd has seen that there is no card */
        readers = source->ops->list(source, &error);
        card_world_check(readers != NULL && readers->len == 2, error);
        start = g_get_monotonic_time();
        insert(place, "ca-1");
        card = wait_for_card(source, &error);
        card_world_check(card != NULL && tke_card_recognise(card, &status, &error), error);
        times[i] = ms_since(start);
        ck_assert_int_eq(status.kind, TKE_CARD_KIND_CA);
        apdus = MAX(apdus, tke_card_get_apdus(card));
        g_clear_pointer(&card, tke_card_free);
        take_out(place);
    }
    source->ops->free(source);
    bench_report_samples(place->bench->report, GROUP, "card put in to card recognised, J3R180, T=1",
                         "ms", times, n, MOST_RECOGNISE_MS);
    bench_report_count(place->bench->report, GROUP, "APDUs for that", apdus, MOST_RECOGNISE_APDUS);
}

void
bench_pcscd(Bench *bench)
{
    Place place = { .bench = bench };

    if (!enter(&place)) {
        leave(&place);
        return;
    }
    expect(SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &place.context), "context");
    measure_round_trips(&place);
    measure_events(&place);
    count_quick_exchanges(&place);
    count_leaked_files(&place);
    SCardReleaseContext(place.context);
    count_lost_readers(&place);
    measure_recognition(&place); /* from here on cards take their time */
    bench_load_pcscd(bench, place.world);
    leave(&place);
}
