/*
 * The components of a CAP file (Java Card Virtual Machine specification 2.2.2, chapter 6). Only
 * what must hold for a card to take them in this order, and what names package and applets.
 */
#include "libsmartcard/cap-component.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/byte-cursor.h"

#define HEAD 3u /* tag and size of every component */
#define MAGIC 0xDECAFFEDu
#define MAJOR 2u
#define FLAG_EXTENDED 0x08u /* the extended format of 3.1, whose components are larger and others */
#define SIZES_21 11u        /* component sizes in a Directory of format 2.1 */
#define SIZES_22 12u
/* behind the sizes: static fields (6), imports, applets, custom components */
#define DIRECTORY_TAIL 9u

#define COMPONENT(file_, name, tag_, must_, loaded_, source)                                       \
    [TKE_CAP_COMPONENT_##                                                                          \
        name] = { .file = (file_), .tag = (tag_), .must = (must_), .loaded = (loaded_) },
static const TkeCapComponentRow rows[] = {
#include "libsmartcard/cap-component.inc"
};
#undef COMPONENT

const TkeCapComponentRow *
tke_cap_component_get(TkeCapComponent component)
{
    g_return_val_if_fail(component < TKE_CAP_COMPONENTS, NULL);
    return &rows[component];
}

/* Tag and size are those of the component, and nothing follows. info: what is behind them. */
static bool
check_frame(TkeCapComponent component, const GByteArray *bytes, TkeByteCursor *info, char **why)
{
    TkeByteCursor cursor = tke_byte_cursor(bytes->data, bytes->len);
    uint8_t tag = 0;
    uint16_t size = 0;

    if (!tke_byte_cursor_u8(&cursor, &tag) || !tke_byte_cursor_u16(&cursor, &size)) {
        *why = g_strdup_printf(_("component %s is cut short"), rows[component].file);
    } else if (tag != rows[component].tag) {
        *why = g_strdup_printf(_("component %s has tag %u where %u belongs"), rows[component].file,
                               tag, rows[component].tag);
    } else if (size != tke_byte_cursor_left(&cursor)) {
        *why = g_strdup_printf(_("component %s says it has %u bytes and has %zu"),
                               rows[component].file, size, tke_byte_cursor_left(&cursor));
    } else {
        *info = cursor;
        return true;
    }
    return false;
}

static bool
read_name(TkeByteCursor *info, char out[static 256])
{
    const uint8_t *name = NULL;
    uint8_t len = 0;

    if (tke_byte_cursor_left(info) == 0) {
        return true; /* format 2.1 does not tell it */
    }
    if (!tke_byte_cursor_u8(info, &len) || !tke_byte_cursor_bytes(info, len, &name) ||
        tke_byte_cursor_left(info) != 0) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (name[i] <= 0x20 || name[i] > 0x7E) {
            return false;
        }
    }
    memcpy(out, name, len);
    out[len] = '\0';
    return true;
}

static bool
check_header(TkeByteCursor *info, TkeCapPackage *package, char **why)
{
    uint32_t magic = 0;
    uint8_t minor = 0;
    uint8_t major = 0;
    uint8_t flags = 0;

    if (!tke_byte_cursor_u32(info, &magic) || magic != MAGIC || !tke_byte_cursor_u8(info, &minor) ||
        !tke_byte_cursor_u8(info, &major) || !tke_byte_cursor_u8(info, &flags)) {
        *why = g_strdup(_("its Header component is none"));
        return false;
    }
    if (major != MAJOR || (flags & FLAG_EXTENDED) != 0) {
        *why = g_strdup_printf(_("it has format %u.%u, extended: %s; only the compact formats 2.x "
                                 "are loaded"),
                               major, minor, (flags & FLAG_EXTENDED) != 0 ? _("yes") : _("no"));
        return false;
    }
    if (!tke_byte_cursor_u8(info, &package->minor) || !tke_byte_cursor_u8(info, &package->major) ||
        !tke_gp_aid_read_counted(info, &package->aid) || !read_name(info, package->name)) {
        *why = g_strdup(_("its Header component names no package"));
        return false;
    }
    return true;
}

static bool
check_applets(TkeByteCursor *info, TkeCapPackage *package, char **why)
{
    uint8_t n = 0;
    bool ok = tke_byte_cursor_u8(info, &n) && n >= 1 && n <= TKE_CAP_FILE_APPLETS_MAX;

    for (unsigned i = 0; ok && i < n; i++) {
        ok = tke_gp_aid_read_counted(info, &package->applets[i]) && tke_byte_cursor_skip(info, 2);
        for (unsigned j = 0; ok && j < i; j++) {
            ok = !tke_gp_aid_equal(&package->applets[i], &package->applets[j]);
        }
    }
    if (!ok || tke_byte_cursor_left(info) != 0) {
        *why = g_strdup(_("its Applet component lists no applets, or lists one twice"));
        return false;
    }
    package->n_applets = n;
    return true;
}

/* The sizes it lists are those of the components that are there, as far as they are loaded. */
static bool
check_sizes(TkeByteCursor *info, unsigned n, GByteArray *const *components, char **why)
{
    for (unsigned tag = 1; tag <= n; tag++) {
        uint16_t size = 0;
        bool read = tke_byte_cursor_u16(info, &size);

        for (unsigned i = 0; i < TKE_CAP_COMPONENTS; i++) {
            size_t there = components[i] != NULL ? components[i]->len - HEAD : 0;

            if (rows[i].tag == tag && rows[i].loaded && (!read || size != there)) {
                *why = g_strdup_printf(_("its Directory says that component %s has %u bytes, and "
                                         "it has %zu"),
                                       rows[i].file, size, there);
                return false;
            }
        }
    }
    return true;
}

static bool
check_directory(TkeByteCursor *info, GByteArray *const *components, const TkeCapPackage *package,
                char **why)
{
    const size_t left = tke_byte_cursor_left(info);
    const unsigned n = left >= SIZES_22 * 2 + DIRECTORY_TAIL ? SIZES_22 : SIZES_21;
    uint8_t n_applets = 0;

    if (left < SIZES_21 * 2 + DIRECTORY_TAIL) {
        *why = g_strdup(_("its Directory component is cut short"));
        return false;
    }
    if (!check_sizes(info, n, components, why)) {
        return false;
    }
    if (!tke_byte_cursor_skip(info, 7) || !tke_byte_cursor_u8(info, &n_applets) ||
        n_applets != package->n_applets) {
        *why = g_strdup_printf(_("its Directory says that it has %u applets, and it has %u"),
                               n_applets, package->n_applets);
        return false;
    }
    return true;
}

bool
tke_cap_component_check(GByteArray *const components[static TKE_CAP_COMPONENTS],
                        TkeCapPackage *package, char **why)
{
    TkeByteCursor infos[TKE_CAP_COMPONENTS] = { 0 };
    TkeCapPackage read = { 0 };

    for (unsigned i = 0; i < TKE_CAP_COMPONENTS; i++) {
        if (components[i] == NULL && rows[i].must) {
            *why = g_strdup_printf(_("component %s is missing"), rows[i].file);
            return false;
        }
        if (components[i] != NULL && !check_frame(i, components[i], &infos[i], why)) {
            return false;
        }
    }
    if (!check_header(&infos[TKE_CAP_COMPONENT_HEADER], &read, why) ||
        !check_applets(&infos[TKE_CAP_COMPONENT_APPLET], &read, why) ||
        !check_directory(&infos[TKE_CAP_COMPONENT_DIRECTORY], components, &read, why)) {
        return false;
    }
    *package = read;
    return true;
}
