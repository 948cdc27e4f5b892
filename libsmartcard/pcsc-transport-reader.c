/*
 * Who a reader is: its name in parts, and what it says of itself.
 *
 * pcscd makes names of "model [interface] (serial) RR SS", RR and SS being hex numbers of reader
 * and slot (hotplug_libudev.c, readerfactory.c). Serial number and channel are
 * SCARD_ATTR_VENDOR_IFD_SERIAL_NO and SCARD_ATTR_CHANNEL_ID; newer versions of libccid tell the
 * USB path under the control code 3601 (SCARDCONTROL.md there).
 */
#include "libsmartcard/pcsc-transport-reader.h"

#include <PCSC/reader.h>
#include <string.h>

#include "libsmartcard/apdu.h"
#include "libsmartcard/pin-pad.h"
#include "libsmartcard/usb-reader.h"

#define CONTROL_USB_PATH TKE_CARD_CONTROL_CODE(3601u)
#define CHANNEL_USB 0x0020u
#define ATTRIBUTE_MAX 264u /* MAX_BUFFER_SIZE of pcscd, which passes no longer attribute on */
#define INDEX_LEN 6u       /* " RR SS" */
#define PORT_PREFIX "usb:"

/* ---- texts ---- */

char *
tke_pcsc_reader_dup_text(const char *text, size_t len)
{
    g_autofree char *valid = NULL;
    g_autoptr(GString) out = g_string_new(NULL);

    while (len > 0 && (text[len - 1] == '\0' || text[len - 1] == ' ')) {
        len--;
    }
    valid = g_utf8_make_valid(text, (gssize) len);
    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        g_string_append_unichar(out, g_unichar_isprint(c) ? c : (gunichar) '?');
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* Length of a name without reader and slot; slot gets the latter. */
static size_t
name_base(const char *name, unsigned *slot)
{
    size_t len = strlen(name);
    const char *end = name + len - (len >= INDEX_LEN ? INDEX_LEN : len);

    *slot = 0;
    if (len <= INDEX_LEN || end[0] != ' ' || end[3] != ' ' || !g_ascii_isxdigit(end[1]) ||
        !g_ascii_isxdigit(end[2]) || !g_ascii_isxdigit(end[4]) || !g_ascii_isxdigit(end[5])) {
        return len;
    }
    *slot = (unsigned) g_ascii_xdigit_value(end[4]) * 16 + (unsigned) g_ascii_xdigit_value(end[5]);
    return len - INDEX_LEN;
}

/* Length of a text without a last part in brackets, " (...)"; its inside goes to *inside. */
static size_t
cut_brackets(const char *text, size_t len, char open, char close, char **inside)
{
    if (len < 4 || text[len - 1] != close) {
        return len;
    }
    for (size_t i = len - 2; i >= 2; i--) {
        if (text[i] == open && text[i - 1] == ' ') {
            if (inside != NULL) {
                *inside = g_strndup(text + i + 1, len - i - 2);
            }
            return i - 1;
        }
    }
    return len;
}

char *
tke_pcsc_reader_dup_model(const char *name)
{
    unsigned slot = 0;
    size_t len = name_base(name, &slot);

    len = cut_brackets(name, len, '(', ')', NULL);
    len = cut_brackets(name, len, '[', ']', NULL);
    return tke_pcsc_reader_dup_text(name, len);
}

/* A serial number that tells readers apart: not empty, not all zeros. */
static bool
is_serial(const char *serial)
{
    return serial != NULL && strspn(serial, "0 ?") != strlen(serial);
}

/* Slots and interfaces of one device have the same serial number. */
static char *
join_place(const char *text, unsigned slot)
{
    return slot == 0 ? g_strdup(text) : g_strdup_printf("%s/%u", text, slot);
}

static void
set_serial(TkePcscIdentity *identity, const char *serial, unsigned slot)
{
    g_free(identity->serial);
    identity->serial = is_serial(serial) ? join_place(serial, slot) : g_strdup("");
}

void
tke_pcsc_identity_from_name(const char *name, TkePcscIdentity *identity)
{
    unsigned slot = 0;
    size_t len = name_base(name, &slot);
    g_autofree char *raw = NULL;
    g_autofree char *serial = NULL;

    (void) cut_brackets(name, len, '(', ')', &raw);
    serial = raw != NULL ? tke_pcsc_reader_dup_text(raw, strlen(raw)) : NULL;
    *identity = (TkePcscIdentity){ .port = g_strdup("") };
    set_serial(identity, serial, slot);
    identity->is_virtual = g_str_has_prefix(name, TKE_PCSC_VENDOR " Virtual");
}

void
tke_pcsc_identity_clear(TkePcscIdentity *identity)
{
    g_clear_pointer(&identity->serial, g_free);
    g_clear_pointer(&identity->port, g_free);
}

/* ---- parsers ---- */

char *
tke_pcsc_reader_parse_usb_path(const uint8_t *text, size_t len)
{
    g_autofree char *path = tke_pcsc_reader_dup_text((const char *) text, len);
    size_t port_len = strspn(path, "0123456789-.");
    const char *interface = NULL;
    guint64 number = 0;

    if (port_len > 64 || !tke_usb_reader_is_place(path, port_len)) {
        return NULL;
    }
    if (path[port_len] == '\0') {
        return g_strconcat(PORT_PREFIX, path, NULL);
    }
    interface = strrchr(path + port_len, '.');
    if (path[port_len] != ':' ||
        strspn(path + port_len + 1, "0123456789.") != strlen(path) - port_len - 1) {
        return NULL;
    }
    number = interface != NULL ? g_ascii_strtoull(interface + 1, NULL, 10) : 0;
    path[port_len] = '\0';
    return number == 0 ? g_strconcat(PORT_PREFIX, path, NULL)
                       : g_strdup_printf(PORT_PREFIX "%s/i%" G_GUINT64_FORMAT, path, number);
}

/* A small number in a file of sysfs; 0 if there is none. */
static guint64
read_number(const char *dir, const char *device, const char *file)
{
    g_autofree char *path = g_build_filename(dir, device, file, NULL);
    g_autofree char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? g_ascii_strtoull(text, NULL, 10) : 0;
}

char *
tke_pcsc_reader_find_usb_port(const char *sysfs, uint32_t channel)
{
    g_autofree char *path = g_build_filename(sysfs, "bus", "usb", "devices", NULL);
    g_autoptr(GDir) dir = NULL;
    const guint64 bus = channel >> 8 & 0xFF;
    const guint64 address = channel & 0xFF;
    const char *name = NULL;

    if (channel >> 16 != CHANNEL_USB || bus == 0 || address == 0) {
        return NULL;
    }
    dir = g_dir_open(path, 0, NULL);
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        /* interfaces have a colon in their names, hubs of the machine no number of a bus */
        if (tke_usb_reader_is_place(name, strlen(name)) &&
            read_number(path, name, "busnum") == bus &&
            read_number(path, name, "devnum") == address) {
            return g_strconcat(PORT_PREFIX, name, NULL);
        }
    }
    return NULL;
}

/* ---- asking ---- */

/* An attribute; false if the reader tells none. */
static bool
get_attribute(const TkePcscApi *api, SCARDHANDLE handle, DWORD id,
              uint8_t value[static ATTRIBUTE_MAX], size_t *len)
{
    DWORD got = ATTRIBUTE_MAX;

    if (api->get_attribute(handle, id, value, &got) != SCARD_S_SUCCESS || got == 0 ||
        got > ATTRIBUTE_MAX) {
        return false;
    }
    *len = got;
    return true;
}

static bool
get_number(const TkePcscApi *api, SCARDHANDLE handle, DWORD id, uint32_t *number)
{
    uint8_t value[ATTRIBUTE_MAX];
    size_t len = 0;

    if (!get_attribute(api, handle, id, value, &len) || len != sizeof *number) {
        return false;
    }
    memcpy(number, value, sizeof *number); /* in the order of the host */
    return true;
}

/* An answer of the driver, which has no such limit as attributes. */
static bool
get_control(const TkePcscApi *api, SCARDHANDLE handle, DWORD code,
            uint8_t value[static TKE_PIN_PAD_ANSWER_MAX], size_t *len)
{
    DWORD got = 0;

    if (code == 0 ||
        api->control(handle, code, NULL, 0, value, TKE_PIN_PAD_ANSWER_MAX, &got) !=
            SCARD_S_SUCCESS ||
        got == 0 || got > TKE_PIN_PAD_ANSWER_MAX) {
        return false;
    }
    *len = got;
    return true;
}

/*
 * Drivers that do not know an attribute say so (pcscd: unsupported feature), refuse the question,
 * or report any failure, which pcscd makes SCARD_E_NOT_TRANSACTED of. The simulator's driver
 * always tells the vendor.
 */
bool
tke_pcsc_reader_ask_virtual(const TkePcscApi *api, SCARDHANDLE handle, bool *is_virtual)
{
    uint8_t value[ATTRIBUTE_MAX];
    DWORD len = ATTRIBUTE_MAX;
    g_autofree char *vendor = NULL;
    const LONG code = api->get_attribute(handle, SCARD_ATTR_VENDOR_NAME, value, &len);

    switch ((uint32_t) code) {
    case (uint32_t) SCARD_S_SUCCESS:
        vendor = len <= ATTRIBUTE_MAX ? tke_pcsc_reader_dup_text((const char *) value, len) : NULL;
        *is_virtual = g_strcmp0(vendor, TKE_PCSC_VENDOR) == 0;
        return true;
    case (uint32_t) SCARD_E_UNSUPPORTED_FEATURE:
    case (uint32_t) SCARD_E_INVALID_PARAMETER:
    case (uint32_t) SCARD_E_INSUFFICIENT_BUFFER: /* longer than ours */
        *is_virtual = false;
        return true;
    case (uint32_t) SCARD_E_NOT_TRANSACTED:
        return true; /* as it was known, or as the name has it */
    default:
        return false;
    }
}

static char *
ask_port(const TkePcscApi *api, SCARDHANDLE handle, unsigned slot)
{
    uint8_t value[TKE_PIN_PAD_ANSWER_MAX];
    size_t len = 0;
    uint32_t channel = 0;
    g_autofree char *port = NULL;

    if (get_control(api, handle, CONTROL_USB_PATH, value, &len)) {
        port = tke_pcsc_reader_parse_usb_path(value, len);
    }
    if (port == NULL && get_number(api, handle, SCARD_ATTR_CHANNEL_ID, &channel)) {
        port = tke_pcsc_reader_find_usb_port(api->sysfs, channel);
    }
    return port != NULL ? join_place(port, slot) : g_strdup("");
}

/* The reader or its driver has said something, if only that it does not know the question. */
static bool
is_answer(LONG code)
{
    return code == SCARD_S_SUCCESS || (uint32_t) code == (uint32_t) SCARD_E_UNSUPPORTED_FEATURE ||
           (uint32_t) code == (uint32_t) SCARD_E_INVALID_PARAMETER ||
           (uint32_t) code == (uint32_t) SCARD_E_INSUFFICIENT_BUFFER;
}

/*
 * Features and properties; what is malformed counts as not told. False: the question failed, which
 * is no word against the keypad; drivers that have no list say so.
 */
static bool
ask_pad(const TkePcscApi *api, SCARDHANDLE handle, const char *name, TkePinPad *pad)
{
    uint8_t value[TKE_PIN_PAD_ANSWER_MAX];
    DWORD got = 0;
    size_t len = 0;
    const LONG code =
        api->control(handle, TKE_CARD_CONTROL_GET_FEATURES, NULL, 0, value, sizeof value, &got);

    if (code == SCARD_S_SUCCESS && got <= sizeof value) {
        (void) tke_pin_pad_parse_features(value, got, pad, NULL);
    }
    if (get_control(api, handle, pad->tlv_properties, value, &len)) {
        tke_pin_pad_properties_add_tlv(&pad->properties, value, len);
    }
    if (get_control(api, handle, pad->pin_properties, value, &len)) {
        tke_pin_pad_properties_add_structure(&pad->properties, value, len);
    }
    pad->quirk = tke_pin_pad_quirk_find(pad->properties.vendor, pad->properties.product, name);
    return is_answer(code);
}

/* Extended APDUs go through if what our cards take in one goes through. */
static bool
ask_extended(const TkePcscApi *api, SCARDHANDLE handle, const TkePinPad *pad)
{
    uint32_t max = 0;

    if (pad->properties.has_max_apdu) {
        return pad->properties.max_apdu >= TKE_APDU_EXTENDED_DATA;
    }
    return get_number(api, handle, SCARD_ATTR_MAXINPUT, &max) && max >= TKE_APDU_MAX_COMMAND;
}

/* False if the reader has gone while it was asked, or another program kept its answers from us. */
static bool
is_there(const TkePcscApi *api, SCARDHANDLE handle)
{
    uint8_t atr[ATTRIBUTE_MAX];
    DWORD atr_len = sizeof atr;
    DWORD name_len = 0;
    DWORD state = 0;
    DWORD protocol = 0;
    const LONG code = api->status(handle, NULL, &name_len, &state, &protocol, atr, &atr_len);

    switch ((uint32_t) code) {
    case (uint32_t) SCARD_S_SUCCESS:
    case (uint32_t) SCARD_W_REMOVED_CARD:
    case (uint32_t) SCARD_W_RESET_CARD:
    case (uint32_t) SCARD_E_NO_SMARTCARD:
    case (uint32_t) SCARD_W_UNPOWERED_CARD:
    case (uint32_t) SCARD_W_UNRESPONSIVE_CARD:
        return true;
    default:
        return false;
    }
}

void
tke_pcsc_identity_ask_place(const TkePcscApi *api, SCARDHANDLE handle, const char *name,
                            TkePcscIdentity *identity)
{
    uint8_t value[ATTRIBUTE_MAX];
    size_t len = 0;
    unsigned slot = 0;

    (void) name_base(name, &slot);
    if (get_attribute(api, handle, SCARD_ATTR_VENDOR_IFD_SERIAL_NO, value, &len)) {
        g_autofree char *serial = tke_pcsc_reader_dup_text((const char *) value, len);

        if (is_serial(serial)) {
            set_serial(identity, serial, slot);
        }
    }
    g_free(identity->port);
    identity->port = ask_port(api, handle, slot);
}

void
tke_pcsc_identity_ask(const TkePcscApi *api, SCARDHANDLE handle, const char *name,
                      TkePcscIdentity *identity)
{
    TkePinPad pad = { 0 };
    bool is_asked = false;
    bool has_told = false;

    tke_pcsc_identity_from_name(name, identity);
    tke_pcsc_identity_ask_place(api, handle, name, identity);
    is_asked = tke_pcsc_reader_ask_virtual(api, handle, &identity->is_virtual);
    has_told = ask_pad(api, handle, name, &pad);
    identity->no_keypad = !tke_pin_pad_check(&pad, name, NULL) &&
                          (has_told || pad.quirk->keypad != TKE_PIN_PAD_KEYPAD_TRUE);
    identity->is_extended = ask_extended(api, handle, &pad);
    identity->known = is_asked && is_there(api, handle);
}
