/*
 * Who a PC/SC reader is: its name, up to the first NUL, and what it answers when it is asked
 * (libsmartcard/pcsc-transport-reader.h). Each answer is a byte that says which code it is, two
 * bytes of the length that is told, and so many bytes as there is room for.
 */
#include <string.h>

#include "common/byte-cursor.h"
#include "libsmartcard/pcsc-transport-reader.h"
#include "tests/fuzz/fuzz-dir.h"
#include "tests/fuzz/fuzz-strict.h"

#define PORT "usb:"
#define ASKED 3u

static TkeByteCursor script;
static char *sysfs;

/* ---- a reader that says what the script says ---- */

static LONG
answer(LPBYTE out, DWORD room, LPDWORD told)
{
    static const uint32_t codes[] = {
        (uint32_t) SCARD_S_SUCCESS,           (uint32_t) SCARD_S_SUCCESS,
        (uint32_t) SCARD_S_SUCCESS,           (uint32_t) SCARD_E_UNSUPPORTED_FEATURE,
        (uint32_t) SCARD_E_INVALID_PARAMETER, (uint32_t) SCARD_E_INSUFFICIENT_BUFFER,
        (uint32_t) SCARD_E_NOT_TRANSACTED,    (uint32_t) SCARD_E_NO_SERVICE
    };
    uint8_t code = 0;
    uint16_t len = 0;

    if (!tke_byte_cursor_u8(&script, &code) || !tke_byte_cursor_u16(&script, &len)) {
        return (LONG) SCARD_E_NO_SERVICE;
    }
    (void) tke_byte_cursor_copy(&script, out, MIN(MIN(len, room), tke_byte_cursor_left(&script)));
    *told = len;
    return (LONG) codes[code % G_N_ELEMENTS(codes)];
}

static LONG
get_attribute(G_GNUC_UNUSED SCARDHANDLE card, G_GNUC_UNUSED DWORD id, LPBYTE value, LPDWORD len)
{
    return answer(value, *len, len);
}

static LONG
control(G_GNUC_UNUSED SCARDHANDLE card, G_GNUC_UNUSED DWORD code, G_GNUC_UNUSED LPCVOID in,
        G_GNUC_UNUSED DWORD in_len, LPVOID out, DWORD size, LPDWORD len)
{
    return answer(out, size, len);
}

static LONG
status(G_GNUC_UNUSED SCARDHANDLE card, G_GNUC_UNUSED LPSTR reader, G_GNUC_UNUSED LPDWORD reader_len,
       G_GNUC_UNUSED LPDWORD state, G_GNUC_UNUSED LPDWORD protocol, LPBYTE atr, LPDWORD atr_len)
{
    return answer(atr, *atr_len, atr_len);
}

static TkePcscApi api = { .get_attribute = get_attribute, .control = control, .status = status };

/* ---- what must hold ---- */

/* Can be shown. */
static void
check_text(const char *text)
{
    FUZZ_REQUIRE(text != NULL && g_utf8_validate(text, -1, NULL));
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        FUZZ_REQUIRE(g_unichar_isprint(g_utf8_get_char(at)));
    }
}

/* "usb:", the place, and for further slots and interfaces their numbers. */
static void
check_port(const char *port)
{
    check_text(port);
    if (*port != '\0') {
        FUZZ_REQUIRE(g_str_has_prefix(port, PORT) && g_ascii_isalnum(port[strlen(PORT)]));
        FUZZ_REQUIRE(strchr(port + strlen(PORT), ':') == NULL);
    }
}

static void
check_identity(const TkePcscIdentity *identity)
{
    check_text(identity->serial);
    check_port(identity->port);
    FUZZ_REQUIRE(*identity->serial == '\0' ||
                 strspn(identity->serial, "0 ?") != strlen(identity->serial));
}

static void
check_name(const char *name)
{
    g_autofree char *model = tke_pcsc_reader_dup_model(name);
    g_autofree char *shown = tke_pcsc_reader_dup_text(name, strlen(name));
    g_autofree char *again = tke_pcsc_reader_dup_text(shown, strlen(shown));
    TkePcscIdentity identity = { 0 };

    check_text(model);
    check_text(shown);
    FUZZ_REQUIRE(strcmp(shown, again) == 0 && strlen(model) <= strlen(shown));
    tke_pcsc_identity_from_name(name, &identity);
    check_identity(&identity);
    FUZZ_REQUIRE(!identity.known && *identity.port == '\0');
    tke_pcsc_identity_clear(&identity);
}

/* What was asked once is known, until it is forgotten. */
static void
ask(const char *name)
{
    for (unsigned i = 0; i < ASKED; i++) {
        TkePcscIdentity identity = { 0 };
        TkePcscIdentity recalled = { 0 };
        bool exchanged = false;

        if (tke_pcsc_identity_confirm(&api, 1, name, &identity, &exchanged)) {
            FUZZ_REQUIRE(identity.known);
            check_identity(&identity);
            FUZZ_REQUIRE(tke_pcsc_identity_recall(&api, name, &recalled));
            FUZZ_REQUIRE(strcmp(recalled.serial, identity.serial) == 0 &&
                         strcmp(recalled.port, identity.port) == 0 &&
                         recalled.is_virtual == identity.is_virtual);
            tke_pcsc_identity_clear(&recalled);
            tke_pcsc_identity_clear(&identity);
        } else {
            FUZZ_REQUIRE(identity.serial == NULL && identity.port == NULL);
        }
    }
    tke_pcsc_identity_forget(&api, name);
}

static void
make_device(const char *name, const char *bus, const char *address)
{
    g_autofree char *dir = g_build_filename(sysfs, "bus", "usb", "devices", name, NULL);
    g_autofree char *bus_path = g_build_filename(dir, "busnum", NULL);
    g_autofree char *address_path = g_build_filename(dir, "devnum", NULL);

    FUZZ_REQUIRE(g_mkdir_with_parents(dir, 0700) == 0);
    fuzz_dir_write(bus_path, (const uint8_t *) bus, strlen(bus));
    fuzz_dir_write(address_path, (const uint8_t *) address, strlen(address));
}

static void
stop(void)
{
    fuzz_dir_remove(sysfs);
    g_free(sysfs);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, 0, size) : NULL;
    const size_t name_len = end != NULL ? (size_t) (end - data) : size;
    g_autofree char *name = g_strndup((const char *) data, name_len);
    g_autofree char *port = tke_pcsc_reader_parse_usb_path(data, size);

    fuzz_strict();
    if (sysfs == NULL) {
        sysfs = fuzz_dir_new();
        atexit(stop);
        make_device("2-1.4", "2\n", "4\n");
        make_device("usb1", "1\n", "1\n");
        api.sysfs = sysfs;
    }
    if (port != NULL) {
        check_port(port);
    }
    check_name(name);
    script = tke_byte_cursor(data + name_len, size - name_len);
    (void) tke_byte_cursor_skip(&script, end != NULL ? 1 : 0);
    ask(name);
    return 0;
}
