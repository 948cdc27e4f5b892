/*
 * Devices on the USB that look like card readers, whether or not PC/SC shows them (F-009): what is
 * plugged in and has no driver. Readers whose interface is of the maker's own class are found if
 * their numbers are known.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/public.h"

typedef struct TkeUsbReader {
    char *product; /* printable; "" if the device tells none */
    char *port;    /* "usb:1-1.4", as TkeReaderInfo has it */
    unsigned vendor_id;
    unsigned product_id;
} TkeUsbReader;

TKE_PUBLIC void tke_usb_reader_free(TkeUsbReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeUsbReader, tke_usb_reader_free)

/* TkeUsbReader, in the order of their ports; the caller frees. sysfs: "/sys". Empty without a
 * USB. */
TKE_PUBLIC GPtrArray *tke_usb_reader_list(const char *sysfs);

/* Is this where a device is plugged in: number of the bus, ports one behind the other, "1-1.4"? */
bool tke_usb_reader_is_place(const char *text, size_t len);
