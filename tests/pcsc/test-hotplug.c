/*
 * USB readers that come and go: pcscd finds the driver by a bundle, the devices are umockdev's
 * (test environment 4).
 */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#include "libsmartcard/card-error.h"
#include "libsmartcard/card.h"
#include "libsmartcard/pcsc-transport.h"
#include "libsmartcard/reader-monitor.h"
#include "libsmartcard/reader.h"
#include "tests/pcsc/pcsc-talk.h"
#include "tests/support/private-pcscd.h"
#include "tests/support/test-main.h"

#define READER_1 "OpenTKE Test Reader (USB0001) 00 00"
#define READER_2 "OpenTKE Test Reader (USB0002) 01 00"
#define QUERY_PIN "00200081"
#define NOT_SELECTED "6d00"
#define ROUNDS 20

/* One element a line: pcscd reads no other form. */
static const char info[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                           "<plist version=\"1.0\">\n"
                           "<dict>\n"
                           "    <key>CFBundleExecutable</key>\n"
                           "    <string>libifd-opentke.so</string>\n"
                           "    <key>ifdCapabilities</key>\n"
                           "    <string>0x00000000</string>\n"
                           "    <key>ifdVendorID</key>\n"
                           "    <array>\n"
                           "        <string>0xF055</string>\n"
                           "        <string>0xF055</string>\n"
                           "    </array>\n"
                           "    <key>ifdProductID</key>\n"
                           "    <array>\n"
                           "        <string>0x0001</string>\n"
                           "        <string>0x0002</string>\n"
                           "    </array>\n"
                           "    <key>ifdFriendlyName</key>\n"
                           "    <array>\n"
                           "        <string>OpenTKE Test Reader</string>\n"
                           "        <string>OpenTKE Test Reader</string>\n"
                           "    </array>\n"
                           "</dict>\n"
                           "</plist>\n";

typedef struct Desk {
    PrivatePcscd *place;
    GSubprocess *usb;
    GDataInputStream *answers;
    SCARDCONTEXT context;
} Desk;

static char *
next_line(Desk *desk)
{
    char *line = g_data_input_stream_read_line(desk->answers, NULL, NULL, NULL);

    ck_assert_msg(line != NULL, "the devices are gone");
    return line;
}

static void
order(Desk *desk, const char *action, unsigned number)
{
    g_autofree char *line = g_strdup_printf("%s %u\n", action, number);
    g_autofree char *answer = NULL;
    gsize written = 0;

    ck_assert(g_output_stream_write_all(g_subprocess_get_stdin_pipe(desk->usb), line, strlen(line),
                                        &written, NULL, NULL));
    answer = next_line(desk);
    ck_assert_str_eq(answer, "done");
}

/* A bundle as a driver's package would install it; the caller frees. */
static char *
make_bundles(const PrivatePcscd *place)
{
    char *bundles = g_build_filename(place->world, "bundles", NULL);
    g_autofree char *contents = g_build_filename(bundles, "opentke.bundle", "Contents", NULL);
    g_autofree char *library = g_build_filename(contents, "Linux", NULL);
    g_autofree char *plist = g_build_filename(contents, "Info.plist", NULL);
    g_autofree char *driver = g_build_filename(library, "libifd-opentke.so", NULL);
    g_autoptr(GFile) link = g_file_new_for_path(driver);

    ck_assert_int_eq(g_mkdir_with_parents(library, 0755), 0);
    ck_assert(g_file_set_contents(plist, info, -1, NULL));
    ck_assert(g_file_make_symbolic_link(link, IFD_DRIVER, NULL, NULL));
    return bundles;
}

static char *
preload(void)
{
#ifdef SIM_PCSCD_SANITIZER
    return g_strdup("LD_PRELOAD=" SIM_PCSCD_SANITIZER ":libumockdev-preload.so.0");
#else
    return g_strdup("LD_PRELOAD=libumockdev-preload.so.0");
#endif
}

static void
enter(Desk *desk)
{
    g_autofree char *bundles = NULL;
    g_autofree char *library = preload();
    g_autofree char *root = NULL;
    g_autofree char *where = NULL;
    const char *const argv[] = { "umockdev-wrapper", "/usr/bin/python3", USB_READERS, NULL };
    GError *error = NULL;

    memset(desk, 0, sizeof *desk);
    desk->place = private_pcscd_enter_empty();
    private_pcscd_start_sim(desk->place, NULL);
    bundles = make_bundles(desk->place);
    desk->usb = g_subprocess_newv(
        argv, G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
    ck_assert_msg(desk->usb != NULL, "%s", error == NULL ? "" : error->message);
    desk->answers = g_data_input_stream_new(g_subprocess_get_stdout_pipe(desk->usb));
    root = next_line(desk);
    where = g_strdup_printf("UMOCKDEV_DIR=%s", root);
    const char *const environment[] = { where, library, NULL };
    const SimPcscdOptions options = { .bundles = bundles,
                                      .no_readers = true,
                                      .environment = environment };
    private_pcscd_start_pcscd(desk->place, &options);
    desk->context = talk_new_context();
}

static void
leave(Desk *desk)
{
    SCardReleaseContext(desk->context);
    g_output_stream_close(g_subprocess_get_stdin_pipe(desk->usb), NULL, NULL);
    g_object_unref(desk->answers);
    g_subprocess_force_exit(desk->usb);
    g_subprocess_wait(desk->usb, NULL, NULL);
    g_object_unref(desk->usb);
    private_pcscd_leave(desk->place);
}

/* Waits until that many readers are there. */
static void
wait_readers(const Desk *desk, unsigned n)
{
    const gint64 end = g_get_monotonic_time() + TALK_WAIT_MS * 1000;
    unsigned found = G_MAXUINT;

    while (found != n) {
        char names[512] = "";
        DWORD len = sizeof names;
        LONG code = SCardListReaders(desk->context, NULL, names, &len);

        ck_assert_msg(g_get_monotonic_time() < end, "%u readers, not %u", found, n);
        ck_assert(code == SCARD_S_SUCCESS || code == (LONG) SCARD_E_NO_READERS_AVAILABLE);
        found = 0;
        for (const char *name = names; code == SCARD_S_SUCCESS && *name != '\0';
             name += strlen(name) + 1) {
            found++;
        }
        g_usleep(1000);
    }
}

START_TEST(test_a_reader_is_there_when_plugged_in_and_gone_when_plugged_out)
{
    Desk desk;

    enter(&desk);
    private_pcscd_insert(desk.place, 1, "ca-1");
    for (unsigned i = 0; i < ROUNDS; i++) {
        SCARDHANDLE card = 0;
        uint8_t answer[16];
        DWORD len = sizeof answer;

        wait_readers(&desk, 0);
        order(&desk, "add", 1);
        wait_readers(&desk, 1);
        card = talk_connect(desk.context, READER_1);
        talk_apdu(card, QUERY_PIN, NOT_SELECTED);
        order(&desk, "remove", 1);
        wait_readers(&desk, 0);
        ck_assert_int_ne(
            SCardTransmit(card, SCARD_PCI_T1, (LPCBYTE) "\x00\x20\x00\x81", 4, NULL, answer, &len),
            SCARD_S_SUCCESS);
    }
    leave(&desk);
}
END_TEST

START_TEST(test_two_readers_are_plugged_in_and_one_stays)
{
    Desk desk;
    SCARDHANDLE card = 0;

    enter(&desk);
    private_pcscd_insert(desk.place, 1, "ca-1");
    private_pcscd_insert(desk.place, 2, "ca-2");
    order(&desk, "add", 1);
    wait_readers(&desk, 1);
    order(&desk, "add", 2);
    wait_readers(&desk, 2);
    card = talk_connect(desk.context, READER_2);
    talk_apdu(talk_connect(desk.context, READER_1), QUERY_PIN, NOT_SELECTED);
    order(&desk, "remove", 1);
    wait_readers(&desk, 1);
    talk_apdu(card, QUERY_PIN, NOT_SELECTED);
    leave(&desk);
}
END_TEST

/* ---- our own source and monitor ---- */

/* What the monitor has reported last. */
typedef struct Watch {
    GMutex lock;
    GCond changed;
    char *shown; /* names, in order, a line each; "no service" */
    unsigned reports;
} Watch;

static int
compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static char *
names_of(const GPtrArray *readers)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (guint i = 0; i < readers->len; i++) {
        g_ptr_array_add(names, ((TkeReaderInfo *) g_ptr_array_index(readers, i))->name);
    }
    g_ptr_array_sort(names, compare_texts);
    g_ptr_array_add(names, NULL);
    return g_strjoinv("\n", (char **) names->pdata);
}

static void
on_report(GPtrArray *readers, const GError *error, void *data)
{
    Watch *watch = data;

    g_mutex_lock(&watch->lock);
    g_free(watch->shown);
    watch->shown = error != NULL ? g_strdup("no service") : names_of(readers);
    watch->reports++;
    g_cond_broadcast(&watch->changed);
    g_mutex_unlock(&watch->lock);
}

/* Waits until the monitor's last word is that. */
static void
wait_shown(Watch *watch, const char *wanted)
{
    const gint64 end = g_get_monotonic_time() + TALK_WAIT_MS * G_TIME_SPAN_MILLISECOND;
    bool in_time = true;

    g_mutex_lock(&watch->lock);
    while (in_time && g_strcmp0(watch->shown, wanted) != 0) {
        in_time = g_cond_wait_until(&watch->changed, &watch->lock, end);
    }
    ck_assert_msg(in_time, "the monitor shows “%s”, not “%s”", watch->shown, wanted);
    g_mutex_unlock(&watch->lock);
}

static TkeCardSource *
make_source(void)
{
    return tke_pcsc_transport_new(&(TkePcscOptions){ .virtual_readers = true });
}

static TkeReaderMonitor *
start_watch(Watch *watch)
{
    memset(watch, 0, sizeof *watch);
    g_mutex_init(&watch->lock);
    g_cond_init(&watch->changed);
    return tke_reader_monitor_new(make_source(), on_report, watch);
}

static void
end_watch(Watch *watch, TkeReaderMonitor *monitor)
{
    tke_reader_monitor_free(monitor);
    g_mutex_clear(&watch->lock);
    g_cond_clear(&watch->changed);
    g_free(watch->shown);
}

START_TEST(test_our_monitor_sees_every_plug_and_every_unplug)
{
    Desk desk;
    Watch watch;
    TkeReaderMonitor *monitor = NULL;

    enter(&desk);
    monitor = start_watch(&watch);
    wait_shown(&watch, "");
    for (unsigned i = 0; i < ROUNDS; i++) {
        order(&desk, "add", 1);
        wait_shown(&watch, READER_1);
        order(&desk, "add", 2);
        wait_shown(&watch, READER_1 "\n" READER_2);
        order(&desk, "remove", 2);
        wait_shown(&watch, READER_1);
        order(&desk, "remove", 1);
        wait_shown(&watch, "");
    }
    ck_assert_uint_ge(watch.reports, 4 * ROUNDS);
    end_watch(&watch, monitor);
    leave(&desk);
}
END_TEST

/* The readers 1 and 2 as they were chosen; how often they were plugged in. */
static void
check_choice(TkeCardSource *source, const TkeReaderChoice *choice, const char *first,
             const char *second, uint32_t plugs[static TKE_READERS])
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) infos = source->ops->list(source, &error);
    g_autoptr(TkeReaders) readers = NULL;

    ck_assert_msg(infos != NULL, "%s", error != NULL ? error->message : "");
    ck_assert_uint_eq(infos->len, 2);
    readers = tke_readers_assign(infos, choice);
    ck_assert(!readers->unclear);
    ck_assert_str_eq(readers->reader[0]->name, first);
    ck_assert_str_eq(readers->reader[1]->name, second);
    for (unsigned i = 0; i < TKE_READERS; i++) {
        plugs[i] = readers->reader[i]->plugs;
    }
}

static void
check_empty(TkeCardSource *source)
{
    g_autoptr(GPtrArray) infos = source->ops->list(source, NULL);

    ck_assert_ptr_nonnull(infos);
    ck_assert_uint_eq(infos->len, 0);
}

/* pcscd gives its numbers by the order of plugging in; ours hang on the readers themselves. */
START_TEST(test_our_numbers_stay_with_the_readers_in_another_order_of_plugging_in)
{
    static const unsigned orders[][2] = { { 1, 2 }, { 2, 1 } };
    static const char *const names[][2] = { { READER_1, READER_2 },
                                            { "OpenTKE Test Reader (USB0001) 01 00",
                                              "OpenTKE Test Reader (USB0002) 00 00" } };
    Desk desk;
    TkeCardSource *source = NULL;
    g_autofree char *mark = NULL;
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;
    uint32_t plugs[2][TKE_READERS];

    enter(&desk);
    source = make_source();
    mark = private_pcscd_dup_mark(desk.place);
    first = g_strdup_printf(PRIVATE_PCSCD_SERIAL_1 "-%s", mark);
    second = g_strdup_printf(PRIVATE_PCSCD_SERIAL_2 "-%s", mark);
    for (unsigned i = 0; i < G_N_ELEMENTS(orders); i++) {
        const TkeReaderChoice choice = { .key = { first, second } };

        order(&desk, "add", orders[i][0]);
        wait_readers(&desk, 1);
        order(&desk, "add", orders[i][1]);
        wait_readers(&desk, 2);
        check_choice(source, &choice, names[i][0], names[i][1], plugs[i]);
        check_choice(source, NULL, names[i][0], names[i][1], plugs[i]);
        order(&desk, "remove", 1);
        order(&desk, "remove", 2);
        wait_readers(&desk, 0);
        check_empty(source);
    }
    /* the second time they had names that others had before, or none */
    order(&desk, "add", 1);
    wait_readers(&desk, 1);
    order(&desk, "add", 2);
    wait_readers(&desk, 2);
    check_choice(source, NULL, READER_1, READER_2, plugs[1]);
    ck_assert_uint_ne(plugs[0][0], plugs[1][0]);
    ck_assert_uint_ne(plugs[0][1], plugs[1][1]);
    source->ops->free(source);
    leave(&desk);
}
END_TEST

START_TEST(test_a_card_whose_reader_is_unplugged_is_told_and_the_next_plug_serves)
{
    Desk desk;
    Watch watch;
    TkeReaderMonitor *monitor = NULL;
    TkeCardSource *source = NULL;

    enter(&desk);
    private_pcscd_insert(desk.place, 1, "ca-1");
    monitor = start_watch(&watch);
    source = make_source();
    for (unsigned i = 0; i < ROUNDS; i++) {
        TkeCard *card = NULL;
        g_autoptr(GError) error = NULL;

        order(&desk, "add", 1);
        wait_shown(&watch, READER_1);
        talk_wait_state(desk.context, READER_1, SCARD_STATE_PRESENT);
        card = tke_card_open(source, READER_1, 1, NULL, &error);
        ck_assert_msg(card != NULL, "%s", error != NULL ? error->message : "");
        ck_assert(tke_card_select(card, TKE_CARD_KIND_CA, NULL, NULL));
        order(&desk, "remove", 1);
        wait_shown(&watch, "");
        ck_assert(!tke_card_select(card, TKE_CARD_KIND_CA, NULL, &error));
        ck_assert_msg(strstr(error->message, "reader 1") != NULL, "%s", error->message);
        tke_card_free(card);
    }
    source->ops->free(source);
    end_watch(&watch, monitor);
    leave(&desk);
}
END_TEST

START_TEST(test_our_monitor_sees_what_was_plugged_while_pcscd_was_away)
{
    static const int signals[] = { SIGTERM, SIGKILL };
    Desk desk;
    Watch watch;
    TkeReaderMonitor *monitor = NULL;

    enter(&desk);
    monitor = start_watch(&watch);
    order(&desk, "add", 1);
    wait_shown(&watch, READER_1);
    for (unsigned i = 0; i < 4; i++) {
        sim_pcscd_stop(desk.place->pcscd, signals[i % 2]);
        wait_shown(&watch, "no service");
        order(&desk, "remove", 1 + i % 2);
        order(&desk, "add", 2 - i % 2);
        ck_assert(sim_pcscd_start(desk.place->pcscd, NULL));
        wait_shown(&watch, i % 2 == 0 ? "OpenTKE Test Reader (USB0002) 00 00" : READER_1);
    }
    end_watch(&watch, monitor);
    leave(&desk);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_reader_is_there_when_plugged_in_and_gone_when_plugged_out);
    tcase_add_test(tests, test_two_readers_are_plugged_in_and_one_stays);
    tcase_add_test(tests, test_our_monitor_sees_every_plug_and_every_unplug);
    tcase_add_test(tests, test_our_numbers_stay_with_the_readers_in_another_order_of_plugging_in);
    tcase_add_test(tests, test_a_card_whose_reader_is_unplugged_is_told_and_the_next_plug_serves);
    tcase_add_test(tests, test_our_monitor_sees_what_was_plugged_while_pcscd_was_away);
}

int
main(void)
{
    return private_pcscd_main("hotplug", add_tests);
}
