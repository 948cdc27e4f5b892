/*
 * What is read of the kernel's files: devices in /sys, programs in /proc. Records one after the
 * other: what file it is, lengths of a name and of contents, the two themselves.
 */
#include <string.h>
#include <unistd.h>

#include "common/byte-cursor.h"
#include "libsmartcard/reader-users.h"
#include "libsmartcard/usb-reader.h"
#include "tests/fuzz/fuzz-dir.h"
#include "tests/fuzz/fuzz-strict.h"

#define RECORDS_MAX 16u
#define PORT "usb:"
#define PRODUCT_MAX 72u
#define USERS_MAX 8u
#define PIDS_MAX 3u

static const char *const files[] = { "bInterfaceClass", "idVendor", "idProduct", "product",
                                     "comm" };

static char *top;

static void
check_text(const char *text)
{
    FUZZ_REQUIRE(g_utf8_validate(text, -1, NULL));
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        FUZZ_REQUIRE(g_unichar_isprint(g_utf8_get_char(at)));
    }
}

static void
check_readers(void)
{
    g_autoptr(GPtrArray) readers = tke_usb_reader_list(top);
    const char *last = "";

    for (guint i = 0; i < readers->len; i++) {
        const TkeUsbReader *reader = g_ptr_array_index(readers, i);
        const char *place = reader->port + strlen(PORT);

        FUZZ_REQUIRE(g_str_has_prefix(reader->port, PORT) && strcmp(last, reader->port) < 0);
        FUZZ_REQUIRE(*place != '\0' && strspn(place, "0123456789.-") == strlen(place));
        check_text(reader->product);
        FUZZ_REQUIRE(strlen(reader->product) <= PRODUCT_MAX);
        FUZZ_REQUIRE(reader->vendor_id <= UINT16_MAX && reader->product_id <= UINT16_MAX);
        last = reader->port;
    }
}

/* "4711, 4712, …": in order, and none twice. */
static void
check_processes(const char *text)
{
    g_auto(GStrv) numbers = g_strsplit(text, ", ", -1);
    guint64 last = 0;

    FUZZ_REQUIRE(numbers[0] != NULL);
    for (unsigned i = 0; numbers[i] != NULL; i++) {
        guint64 pid = 0;

        if (i == PIDS_MAX && strcmp(numbers[i], "…") == 0) {
            FUZZ_REQUIRE(numbers[i + 1] == NULL);
            return;
        }
        FUZZ_REQUIRE(i < PIDS_MAX && g_ascii_isdigit(numbers[i][0]) &&
                     g_ascii_string_to_unsigned(numbers[i], 10, last + 1, G_MAXINT, &pid, NULL) &&
                     pid != (guint64) getpid());
        last = pid;
    }
}

/* "scdaemon (4711), firefox (4712, 4713)" */
static void
check_users(TkeReaderUsers which)
{
    g_autofree char *list = tke_reader_users_list(top, which);
    g_auto(GStrv) users = g_strsplit(list == NULL ? "" : list, "), ", -1);

    FUZZ_REQUIRE(list == NULL || *list != '\0');
    for (unsigned i = 0; users[i] != NULL; i++) {
        const bool last = users[i + 1] == NULL;
        char *numbers = strstr(users[i], " (");

        check_text(users[i]);
        if (i == USERS_MAX && strcmp(users[i], "…") == 0) {
            FUZZ_REQUIRE(last);
            return;
        }
        FUZZ_REQUIRE(i < USERS_MAX && numbers != NULL && numbers > users[i]);
        FUZZ_REQUIRE(!last || g_str_has_suffix(users[i], ")"));
        if (last) {
            users[i][strlen(users[i]) - 1] = '\0';
        }
        check_processes(numbers + strlen(" ("));
    }
}

/* The kernel has no names that are no names of files. */
static bool
is_file_name(const char *name, size_t len)
{
    return len > 0 && strlen(name) == len && strchr(name, '/') == NULL && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

static bool
add(TkeByteCursor *cursor)
{
    uint8_t which = 0;
    uint8_t name_len = 0;
    uint8_t len = 0;
    const uint8_t *name = NULL;
    const uint8_t *contents = NULL;
    g_autofree char *text = NULL;
    g_autofree char *dir = NULL;
    g_autofree char *path = NULL;

    if (!tke_byte_cursor_u8(cursor, &which) || !tke_byte_cursor_u8(cursor, &name_len) ||
        !tke_byte_cursor_u8(cursor, &len) || !tke_byte_cursor_bytes(cursor, name_len, &name) ||
        !tke_byte_cursor_bytes(cursor, len, &contents)) {
        return false;
    }
    which %= G_N_ELEMENTS(files);
    text = g_strndup((const char *) name, name_len);
    if (!is_file_name(text, name_len)) {
        return true;
    }
    dir = strcmp(files[which], "comm") == 0
              ? g_build_filename(top, text, NULL)
              : g_build_filename(top, "bus", "usb", "devices", text, NULL);
    path = g_build_filename(dir, files[which], NULL);
    if (g_mkdir_with_parents(dir, 0700) == 0 && !g_file_test(path, G_FILE_TEST_IS_DIR)) {
        fuzz_dir_write(path, contents, len);
    }
    return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TkeByteCursor cursor = tke_byte_cursor(data, size);

    fuzz_strict();
    top = fuzz_dir_new();
    for (unsigned i = 0; i < RECORDS_MAX && add(&cursor); i++) {
    }
    check_readers();
    check_users(TKE_READER_USERS_ALL);
    check_users(TKE_READER_USERS_PAST_SERVICE);
    fuzz_dir_remove(top);
    g_clear_pointer(&top, g_free);
    return 0;
}
