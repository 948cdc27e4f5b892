/*
 * USB readers that come and go: pcscd finds the driver by a bundle, the devices are umockdev's (test
 * environment 4).
 */
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "tests/pcsc/pcsc-talk.h"
#include "tests/support/private-pcscd.h"
#include "tests/support/test-main.h"

#define READER_1 "OpenTKE Test Reader (USB0001) 00 00"
#define READER_2 "OpenTKE Test Reader (USB0002) 01 00"
#define QUERY_PIN "00200081"
#define NOT_SELECTED "6d00"
#define ROUNDS 20

/* One element a line: pcscd reads no other form. */
static const char info[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
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
            ck_assert_int_ne(SCardTransmit(card, SCARD_PCI_T1, (LPCBYTE) "\x00\x20\x00\x81", 4, NULL,
                                           answer, &len),
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

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_reader_is_there_when_plugged_in_and_gone_when_plugged_out);
    tcase_add_test(tests, test_two_readers_are_plugged_in_and_one_stays);
}

int
main(void)
{
    return private_pcscd_main("hotplug", add_tests);
}
