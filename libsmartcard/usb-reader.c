/*
 * Devices on the USB that look like card readers: interfaces of the smart card class (0B; USB
 * "Device Class: Smart Card", CCID 1.1, section 4.2) in sysfs. Readers older than that class have
 * one of the maker's own (FF) and are CCID readers all the same, for libccid too (src/ccid_usb.c,
 * get_ccid_usb_interface): those are known by their numbers.
 */
#include "libsmartcard/usb-reader.h"

#include <stdbool.h>
#include <string.h>

#include "libsmartcard/pin-pad-quirk.h"

#define CLASS_SMART_CARD 0x0Bu
#define CLASS_OWN 0xFFu
#define PRODUCT_MAX 64u

/* Readers with a keypad and class FF that have no row in pin-pad-quirk.inc. */
static const struct {
    unsigned vendor, product; /* source: a file of libccid's readers/ */
} own_class[] = {
    { 0x0C4B, 0x0300 }, /* ReinerSCT.txt: cyberJack pinpad(a) */
    { 0x0C4B, 0x0500 }, /* ReinerSCT_cyberJack_RFID_standard.txt */
};

void
tke_usb_reader_free(TkeUsbReader *reader)
{
    if (reader != NULL) {
        g_free(reader->product);
        g_free(reader->port);
        g_free(reader);
    }
}

/* A file of one line; "" if there is none. Only printable characters, since devices choose them. */
static char *
read_line(const char *dir, const char *device, const char *file)
{
    g_autofree char *path = g_build_filename(dir, device, file, NULL);
    g_autofree char *raw = NULL;
    g_autofree char *valid = NULL;
    GString *text = g_string_new(NULL);

    if (!g_file_get_contents(path, &raw, NULL, NULL)) {
        return g_string_free(text, FALSE);
    }
    valid = g_utf8_make_valid(raw, -1);
    for (const char *at = valid; *at != '\0' && *at != '\n' && text->len < PRODUCT_MAX;
         at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);

        g_string_append_unichar(text, g_unichar_isprint(c) ? c : (gunichar) '?');
    }
    return g_string_free(text, FALSE);
}

/* A number of up to 16 bits; 0 if the file holds none. */
static unsigned
read_hex(const char *dir, const char *device, const char *file)
{
    g_autofree char *text = read_line(dir, device, file);
    guint64 number = 0;

    return g_ascii_string_to_unsigned(text, 16, 0, G_MAXUINT16, &number, NULL) ? (unsigned) number
                                                                               : 0;
}

/* Length of the digits that a text begins with. */
static size_t
count_digits(const char *text, size_t len)
{
    size_t n = 0;

    while (n < len && g_ascii_isdigit(text[n])) {
        n++;
    }
    return n;
}

bool
tke_usb_reader_is_place(const char *text, size_t len)
{
    size_t at = count_digits(text, len);
    char divider = '-';

    if (at == 0 || at == len) {
        return false;
    }
    while (at < len) {
        const size_t digits = text[at] == divider ? count_digits(text + at + 1, len - at - 1) : 0;

        if (digits == 0) {
            return false;
        }
        at += 1 + digits;
        divider = '.';
    }
    return true;
}

static bool
is_reader_of_own_class(unsigned vendor, unsigned product)
{
    for (size_t i = 0; i < G_N_ELEMENTS(own_class); i++) {
        if (own_class[i].vendor == vendor && own_class[i].product == product) {
            return true;
        }
    }
    return tke_pin_pad_quirk_find((uint16_t) vendor, (uint16_t) product, NULL) !=
           tke_pin_pad_quirk_get(0);
}

/* name is that of an interface, "1-1.4:1.0". */
static bool
is_reader(const char *dir, const char *name)
{
    const unsigned class = read_hex(dir, name, "bInterfaceClass");
    g_autofree char *device = g_strndup(name, (gsize) (strchr(name, ':') - name));

    return class == CLASS_SMART_CARD ||
           (class == CLASS_OWN && is_reader_of_own_class(read_hex(dir, device, "idVendor"),
                                                         read_hex(dir, device, "idProduct")));
}

static bool
is_known(const GPtrArray *readers, const char *port)
{
    for (guint i = 0; i < readers->len; i++) {
        if (strcmp(((const TkeUsbReader *) g_ptr_array_index(readers, i))->port, port) == 0) {
            return true;
        }
    }
    return false;
}

/* name is that of an interface, "1-1.4:1.0"; a device may have several of the class. */
static void
add_device_of(const char *dir, const char *name, GPtrArray *readers)
{
    g_autofree char *device = g_strndup(name, (gsize) (strchr(name, ':') - name));
    g_autofree char *port = g_strconcat("usb:", device, NULL);
    TkeUsbReader *reader = NULL;

    if (is_known(readers, port)) {
        return;
    }
    reader = g_new0(TkeUsbReader, 1);
    reader->port = g_steal_pointer(&port);
    reader->product = read_line(dir, device, "product");
    reader->vendor_id = read_hex(dir, device, "idVendor");
    reader->product_id = read_hex(dir, device, "idProduct");
    g_ptr_array_add(readers, reader);
}

static int
compare_ports(const void *a, const void *b)
{
    const TkeUsbReader *const *first = a;
    const TkeUsbReader *const *second = b;

    return strcmp((*first)->port, (*second)->port);
}

GPtrArray *
tke_usb_reader_list(const char *sysfs)
{
    GPtrArray *readers = g_ptr_array_new_with_free_func((GDestroyNotify) tke_usb_reader_free);
    g_autofree char *path = g_build_filename(sysfs, "bus", "usb", "devices", NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name = NULL;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        const char *colon = strchr(name, ':');

        if (colon != NULL && tke_usb_reader_is_place(name, (size_t) (colon - name)) &&
            is_reader(path, name)) {
            add_device_of(path, name, readers);
        }
    }
    g_ptr_array_sort(readers, compare_ports);
    return readers;
}
