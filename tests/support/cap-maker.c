/*
 * Applet files for tests (PKWARE's APPNOTE 4.3; Java Card Virtual Machine specification 2.2.2,
 * chapter 6).
 */
#include "tests/support/cap-maker.h"

#include <check.h>
#include <string.h>

#include "tests/support/test-bytes.h"

static const struct {
    const char *name;
    uint8_t tag;
    const char *info;
} parts[] = {
    { "Header", 1, "DECAFFED 02 02 04 00 01 07 F04F544B450100" },
    { "Directory", 2, "" },
    { "Import", 4, "01 00 01 07 A0000000620101" },
    { "Applet", 3, "02 07 F04F544B450101 0008 07 F04F544B450102 0010" },
    { "Class", 6, "00 80 03 01 00 01 02 03" },
    { "Method", 7, "00" },
    { "StaticField", 8, "0000 0000 0000 0000 0000" },
    { "ConstantPool", 5, "0001 06 800000" },
    { "RefLocation", 9, "0000 0000" },
    { "Descriptor", 11, "00 00 00" },
};

static void
entry_free(CapEntry *entry)
{
    g_free(entry->name);
    g_byte_array_unref(entry->data);
    g_free(entry);
}

static void
put_le(GByteArray *out, uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        g_byte_array_append(out, (const uint8_t[]){ (uint8_t) (value >> (8 * i)) }, 1);
    }
}

/* The checksum of ZIP files, bit by bit. */
static uint32_t
crc32_of(const GByteArray *data)
{
    uint32_t crc = 0xFFFFFFFFu;

    for (guint i = 0; i < data->len; i++) {
        crc ^= data->data[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB88320u : 0);
        }
    }
    return ~crc;
}

CapEntry *
cap_maker_add(CapMaker *maker, const char *name, const uint8_t *data, size_t len)
{
    CapEntry *entry = g_new0(CapEntry, 1);

    entry->name = g_strdup(name);
    entry->data = g_byte_array_new();
    if (len > 0) {
        g_byte_array_append(entry->data, data, (guint) len);
    }
    g_ptr_array_add(maker->entries, entry);
    return entry;
}

static void
set_component(CapEntry *entry, uint8_t tag, const uint8_t *info, size_t len)
{
    const uint8_t head[] = { tag, (uint8_t) (len >> 8), (uint8_t) len };

    g_byte_array_set_size(entry->data, 0);
    g_byte_array_append(entry->data, head, sizeof head);
    if (len > 0) {
        g_byte_array_append(entry->data, info, (guint) len);
    }
}

CapMaker *
cap_maker_new(const char *package_name, unsigned code_len)
{
    CapMaker *maker = g_new0(CapMaker, 1);

    maker->folder = g_strdup("opentke/applets/javacard/");
    maker->entries = g_ptr_array_new_with_free_func((GDestroyNotify) entry_free);
    cap_maker_add(maker, "META-INF/MANIFEST.MF", (const uint8_t *) "Manifest-Version: 1.0\n", 22);
    cap_maker_add(maker, maker->folder, NULL, 0);
    for (size_t i = G_N_ELEMENTS(parts); i-- > 0;) { /* not in loading order */
        g_autofree char *name = g_strconcat(maker->folder, parts[i].name, ".cap", NULL);
        g_autoptr(GByteArray) info = test_bytes(parts[i].info);

        if (parts[i].tag == 1 && package_name != NULL) {
            g_byte_array_append(info, (const uint8_t[]){ (uint8_t) strlen(package_name) }, 1);
            g_byte_array_append(info, (const uint8_t *) package_name, (guint) strlen(package_name));
        }
        for (unsigned j = 0; parts[i].tag == 7 && j < code_len; j++) {
            g_byte_array_append(info, (const uint8_t[]){ (uint8_t) (j * 7 + j / 251) }, 1);
        }
        set_component(cap_maker_add(maker, name, NULL, 0), parts[i].tag, info->data, info->len);
    }
    cap_maker_fix_directory(maker);
    return maker;
}

void
cap_maker_free(CapMaker *maker)
{
    if (maker != NULL) {
        g_ptr_array_unref(maker->entries);
        g_free(maker->folder);
        g_free(maker);
    }
}

CapEntry *
cap_maker_get(CapMaker *maker, const char *component)
{
    g_autofree char *name = g_strconcat(maker->folder, component, ".cap", NULL);

    for (guint i = 0; i < maker->entries->len; i++) {
        CapEntry *entry = g_ptr_array_index(maker->entries, i);

        if (strcmp(entry->name, name) == 0) {
            return entry;
        }
    }
    return NULL;
}

void
cap_maker_set_info(CapMaker *maker, const char *component, const char *hex)
{
    CapEntry *entry = cap_maker_get(maker, component);
    g_autoptr(GByteArray) info = test_bytes(hex);

    ck_assert_ptr_nonnull(entry);
    set_component(entry, entry->data->data[0], info->data, info->len);
    cap_maker_fix_directory(maker);
}

void
cap_maker_remove(CapMaker *maker, const char *component)
{
    CapEntry *entry = cap_maker_get(maker, component);

    ck_assert_ptr_nonnull(entry);
    g_ptr_array_remove(maker->entries, entry);
    if (cap_maker_get(maker, "Directory") != NULL) {
        cap_maker_fix_directory(maker);
    }
}

void
cap_maker_fix_directory(CapMaker *maker)
{
    /* sizes by tag, static fields, imports, applets, custom components */
    uint8_t info[12 * 2 + 6 + 3] = { [30] = 1, [31] = 2 };
    const CapEntry *applet = cap_maker_get(maker, "Applet");

    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        const CapEntry *entry = cap_maker_get(maker, parts[i].name);
        size_t size = parts[i].tag == 2 ? sizeof info : entry != NULL ? entry->data->len - 3 : 0;

        info[2 * (parts[i].tag - 1)] = (uint8_t) (size >> 8);
        info[2 * (parts[i].tag - 1) + 1] = (uint8_t) size;
    }
    if (applet != NULL && applet->data->len > 3) {
        info[31] = applet->data->data[3];
    }
    set_component(cap_maker_get(maker, "Directory"), 2, info, sizeof info);
}

/* What local header and directory have in common, from the version on. */
static void
put_head(GByteArray *out, const CapEntry *entry)
{
    put_le(out, 20, 2);
    put_le(out, entry->flags, 2);
    put_le(out, entry->method, 2);
    put_le(out, 0x00210000, 4); /* 1 January 1980 */
    put_le(out, crc32_of(entry->data) + entry->spoil_crc, 4);
    put_le(out, entry->data->len, 4);
    put_le(out, entry->claimed_size != 0 ? entry->claimed_size : entry->data->len, 4);
    put_le(out, (uint32_t) strlen(entry->name), 2);
    put_le(out, 0, 2); /* no extra field */
}

GByteArray *
cap_maker_build(const CapMaker *maker)
{
    GByteArray *out = g_byte_array_new();
    g_autoptr(GByteArray) directory = g_byte_array_new();
    uint32_t start = 0;

    for (guint i = 0; i < maker->entries->len; i++) {
        const CapEntry *entry = g_ptr_array_index(maker->entries, i);
        const uint32_t offset = out->len;
        const guint name_len = (guint) strlen(entry->name);

        put_le(out, 0x04034b50, 4);
        put_head(out, entry);
        g_byte_array_append(out, (const uint8_t *) entry->name, name_len);
        if (entry->data->len > 0) {
            g_byte_array_append(out, entry->data->data, entry->data->len);
        }
        put_le(directory, 0x02014b50, 4);
        put_le(directory, 20, 2);
        put_head(directory, entry);
        put_le(directory, 0, 2); /* no comment */
        put_le(directory, 0, 4); /* disk, attributes */
        put_le(directory, 0, 4);
        put_le(directory, offset, 4);
        g_byte_array_append(directory, (const uint8_t *) entry->name, name_len);
    }
    start = out->len;
    g_byte_array_append(out, directory->data, directory->len);
    put_le(out, 0x06054b50, 4);
    put_le(out, 0, 4);
    put_le(out, maker->entries->len, 2);
    put_le(out, maker->entries->len, 2);
    put_le(out, directory->len, 4);
    put_le(out, start, 4);
    put_le(out, 0, 2);
    return out;
}

GByteArray *
cap_maker_load_file(CapMaker *maker)
{
    static const char *const order[] = { "Header",       "Directory",  "Import",      "Applet",
                                         "Class",        "Method",     "StaticField", "Export",
                                         "ConstantPool", "RefLocation" };
    GByteArray *out = g_byte_array_new();

    for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
        const CapEntry *entry = cap_maker_get(maker, order[i]);

        if (entry != NULL) {
            g_byte_array_append(out, entry->data->data, entry->data->len);
        }
    }
    return out;
}
