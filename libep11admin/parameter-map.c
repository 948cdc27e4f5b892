/*
 * Parameter map and certificate of a key part holder (crypto-unit-protocol.md, 4.7 and 4.8).
 */
#include "libep11admin/parameter-map.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/byte-cursor.h"
#include "common/der.h"
#include "common/error.h"

#define SECTION_HEADER 6u /* tag and auxiliary number */

/* Tags of which there may be several sections, told apart by their auxiliary number. */
static const uint16_t repeating_tags[] = {
    TKE_PARAMETER_DOMAIN_ADMIN_SKIS,          TKE_PARAMETER_DOMAIN_ADMIN_CERTS,
    TKE_PARAMETER_DOMAIN_QUERY_INFO,          TKE_PARAMETER_DOMAIN_ATTRIBUTES,
    TKE_PARAMETER_DOMAIN_TRANSACTION_COUNTER, TKE_PARAMETER_OA_CERTIFICATE,
    TKE_PARAMETER_DOMAIN_CONTROL_POINTS,      TKE_PARAMETER_KEY_PART,
    TKE_PARAMETER_KEY_PART_SIGNATURE,         TKE_PARAMETER_KPH_CERTIFICATE,
};

struct TkeParameterMap {
    GPtrArray *sections; /* of TkeParameterSection, ascending */
};

static void
free_section(void *data)
{
    TkeParameterSection *section = data;

    g_byte_array_unref(section->data);
    g_free(section);
}

static bool
may_repeat(uint16_t tag)
{
    for (size_t i = 0; i < G_N_ELEMENTS(repeating_tags); i++) {
        if (repeating_tags[i] == tag) {
            return true;
        }
    }
    return false;
}

TkeParameterMap *
tke_parameter_map_new(void)
{
    TkeParameterMap *map = g_new0(TkeParameterMap, 1);

    map->sections = g_ptr_array_new_with_free_func(free_section);
    return map;
}

/* Index of the section that means the same, or else of the place where it belongs. */
static guint
find_place(const TkeParameterMap *map, uint16_t tag, uint32_t auxiliary, bool *found)
{
    *found = false;
    for (guint i = 0; i < map->sections->len; i++) {
        const TkeParameterSection *section = g_ptr_array_index(map->sections, i);

        if (section->tag == tag && (!may_repeat(tag) || section->auxiliary == auxiliary)) {
            *found = true;
            return i;
        }
        if (section->tag > tag || (section->tag == tag && section->auxiliary > auxiliary)) {
            return i;
        }
    }
    return map->sections->len;
}

void
tke_parameter_map_set(TkeParameterMap *map, uint16_t tag, uint32_t auxiliary, const uint8_t *data,
                      size_t len)
{
    bool found = false;
    guint place = find_place(map, tag, auxiliary, &found);
    TkeParameterSection *section = g_new0(TkeParameterSection, 1);

    g_assert(len <= TKE_PARAMETER_MAP_MAX);
    section->tag = tag;
    section->auxiliary = auxiliary;
    section->data = g_byte_array_new();
    if (len > 0) {
        g_byte_array_append(section->data, data, (guint) len);
    }
    if (found) {
        g_ptr_array_remove_index(map->sections, place);
    }
    g_ptr_array_insert(map->sections, (gint) place, section);
}

TkeParameterMap *
tke_parameter_map_new_export(const uint8_t *kph_certificate, size_t len)
{
    TkeParameterMap *map = tke_parameter_map_new();

    tke_parameter_map_set(map, TKE_PARAMETER_M_POLICY, 1, NULL, 0);
    tke_parameter_map_set(map, TKE_PARAMETER_KPH_CERTIFICATE, 0, kph_certificate, len);
    tke_parameter_map_set(map, TKE_PARAMETER_STATE_SCOPE,
                          TKE_STATE_SCOPE_NO_KPH_CERTIFICATES | TKE_STATE_SCOPE_NO_OA_CHAIN, NULL,
                          0);
    return map;
}

static bool
read_section(TkeByteCursor *cursor, TkeParameterMap *map)
{
    TkeByteCursor content = { 0 };
    uint16_t tag = 0;
    uint32_t auxiliary = 0;

    if (!tke_der_read(cursor, TKE_DER_OCTET_STRING, &content) ||
        !tke_byte_cursor_u16(&content, &tag) || !tke_byte_cursor_u32(&content, &auxiliary)) {
        return false;
    }
    tke_parameter_map_set(map, tag, auxiliary, tke_byte_cursor_peek(&content),
                          tke_byte_cursor_left(&content));
    return true;
}

TkeParameterMap *
tke_parameter_map_parse(const uint8_t *der, size_t len, GError **error)
{
    g_autoptr(TkeParameterMap) map = tke_parameter_map_new();
    TkeByteCursor cursor = tke_byte_cursor(der, len);
    TkeByteCursor content = { 0 };
    bool ok = len <= TKE_PARAMETER_MAP_MAX && tke_der_read(&cursor, TKE_DER_SEQUENCE, &content);

    while (ok && tke_byte_cursor_left(&content) > 0) {
        ok = map->sections->len < TKE_PARAMETER_SECTIONS_MAX && read_section(&content, map);
    }
    if (!ok) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("the sections of an exported key are malformed"));
        return NULL;
    }
    return g_steal_pointer(&map);
}

const TkeParameterSection *
tke_parameter_map_find(const TkeParameterMap *map, uint16_t tag, uint32_t auxiliary)
{
    bool found = false;
    guint place = find_place(map, tag, auxiliary, &found);

    return found ? g_ptr_array_index(map->sections, place) : NULL;
}

unsigned
tke_parameter_map_get_count(const TkeParameterMap *map)
{
    return map->sections->len;
}

const TkeParameterSection *
tke_parameter_map_get(const TkeParameterMap *map, unsigned index)
{
    g_return_val_if_fail(index < map->sections->len, NULL);

    return g_ptr_array_index(map->sections, index);
}

void
tke_parameter_map_write(const TkeParameterMap *map, TkeByteBuilder *builder)
{
    size_t len = 0;

    for (guint i = 0; i < map->sections->len; i++) {
        const TkeParameterSection *section = g_ptr_array_index(map->sections, i);

        len += tke_der_size(SECTION_HEADER + section->data->len);
    }
    tke_der_header(builder, TKE_DER_SEQUENCE, len);
    for (guint i = 0; i < map->sections->len; i++) {
        const TkeParameterSection *section = g_ptr_array_index(map->sections, i);

        tke_der_header(builder, TKE_DER_OCTET_STRING, SECTION_HEADER + section->data->len);
        tke_byte_builder_u16(builder, section->tag);
        tke_byte_builder_u32(builder, section->auxiliary);
        tke_byte_builder_bytes(builder, section->data->data, section->data->len);
    }
}

void
tke_parameter_map_free(TkeParameterMap *map)
{
    if (map == NULL) {
        return;
    }
    g_ptr_array_unref(map->sections);
    g_free(map);
}

void
tke_parameter_map_kph_certificate(const uint8_t point[static TKE_EC_POINT_LEN],
                                  uint8_t out[static TKE_KPH_CERTIFICATE_LEN])
{
    TkeByteBuilder builder = { .out = out, .size = TKE_KPH_CERTIFICATE_LEN };

    tke_byte_builder_fill(&builder, 0, 36);
    tke_byte_builder_text(&builder, "K");
    tke_byte_builder_u8(&builder, 1); /* M */
    tke_byte_builder_u8(&builder, 1); /* N */
    tke_byte_builder_u8(&builder, 0);
    tke_byte_builder_u8(&builder, 0); /* curve family: prime */
    tke_byte_builder_u8(&builder, TKE_EC_POINT_LEN);
    tke_byte_builder_u16(&builder, 521);
    tke_byte_builder_bytes(&builder, point, TKE_EC_POINT_LEN);
    tke_byte_builder_fill(&builder, 0, 132); /* room for a signature */
    g_assert(!builder.failed && builder.len == TKE_KPH_CERTIFICATE_LEN);
}
