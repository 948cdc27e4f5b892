/*
 * Devices of a USB as sysfs shows them, in a folder of the test's own.
 */
#pragma once

#include <check.h>

#include <glib.h>
#include <glib/gstdio.h>

static inline void
usb_devices_write(const char *sysfs, const char *device, const char *file, const char *text)
{
    g_autofree char *dir = g_build_filename(sysfs, "bus", "usb", "devices", device, NULL);
    g_autofree char *path = g_build_filename(dir, file, NULL);

    ck_assert_int_eq(g_mkdir_with_parents(dir, 0700), 0);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

/* A device with one interface of a class ("0b": smart cards; "ff": the maker's own), vendor and
 * product number in hex. */
static inline void
usb_devices_add_numbered(const char *sysfs, const char *device, const char *product,
                         const char *vendor, const char *number, const char *class)
{
    g_autofree char *interface = g_strconcat(device, ":1.0", NULL);

    usb_devices_write(sysfs, device, "product", product);
    usb_devices_write(sysfs, device, "idVendor", vendor);
    usb_devices_write(sysfs, device, "idProduct", number);
    usb_devices_write(sysfs, interface, "bInterfaceClass", class);
}

/* An SPR332, or what has its numbers. */
static inline void
usb_devices_add(const char *sysfs, const char *device, const char *product, const char *class)
{
    usb_devices_add_numbered(sysfs, device, product, "04e6\n", "e003\n", class);
}
