/*
 * Domain attributes (crypto-unit-protocol.md, 4.5, 3.2.3, 3.3.1) and the permissions a unit should
 * have (7.4, step 8).
 */
#include "libep11admin/attribute.h"

#include <glib/gi18n-lib.h>

#include "common/byte-builder.h"
#include "common/byte-cursor.h"

#define PAIR_LEN 8u

static const TkeAttributeInfo attributes_table[] = {
#define ATTRIBUTE(index, name, text, initial, source)                                              \
    { (index), #name, (text), (initial), (source) },
#include "libep11admin/attribute.inc"
};

static const TkeAttributeInfo permissions_table[] = {
#define PERMISSION(bit, name, text, source) { (bit), #name, (text), 0, (source) },
#include "libep11admin/attribute.inc"
};

static const TkeAttributeInfo modes_table[] = {
#define MODE(bit, name, text, source) { (bit), #name, (text), 0, (source) },
#include "libep11admin/attribute.inc"
};

static const struct {
    uint32_t bit;
    uint32_t protects;
} change_table[] = {
#define PERMISSION_CHANGE(bit, name, protects, source) { (bit), (protects) },
#include "libep11admin/attribute.inc"
};

void
tke_attribute_parse(const uint8_t *output, size_t len, TkeAttributes *attributes,
                    bool *has_fragment)
{
    TkeByteCursor cursor = tke_byte_cursor(output, len);
    uint32_t index = 0;
    uint32_t value = 0;

    *attributes = (TkeAttributes){ 0 };
    attributes->value[TKE_ATTRIBUTE_SIGN_THR] = TKE_ATTRIBUTE_NOT_REPORTED;
    attributes->value[TKE_ATTRIBUTE_REVOKE_THR] = TKE_ATTRIBUTE_NOT_REPORTED;
    while (tke_byte_cursor_left(&cursor) >= PAIR_LEN && tke_byte_cursor_u32(&cursor, &index) &&
           tke_byte_cursor_u32(&cursor, &value)) {
        if (index >= 1 && index <= TKE_ATTRIBUTE_MAX) {
            attributes->value[index] = value;
            attributes->present[index] = true;
        }
    }
    if (has_fragment != NULL) {
        *has_fragment = tke_byte_cursor_left(&cursor) > 0;
    }
}

const TkeAttributeInfo *
tke_attribute_get_all(size_t *n)
{
    *n = G_N_ELEMENTS(attributes_table);
    return attributes_table;
}

const TkeAttributeInfo *
tke_attribute_get_permissions(size_t *n)
{
    *n = G_N_ELEMENTS(permissions_table);
    return permissions_table;
}

const TkeAttributeInfo *
tke_attribute_get_modes(size_t *n)
{
    *n = G_N_ELEMENTS(modes_table);
    return modes_table;
}

uint32_t
tke_attribute_change_bit(uint32_t permission)
{
    for (size_t i = 0; i < G_N_ELEMENTS(change_table); i++) {
        if (change_table[i].protects == permission && permission != 0) {
            return change_table[i].bit;
        }
    }
    return 0;
}

uint32_t
tke_attribute_wanted_permissions(TkeUnitType type, uint32_t present)
{
    uint32_t wanted =
        present | TKE_PERMISSION_ZERO_1SIGN | TKE_PERMISSION_WK_IMPORT | TKE_PERMISSION_WK_1PART;

    if (type == TKE_UNIT_RECOVERY) {
        wanted |=
            TKE_PERMISSION_WK_RANDOM | TKE_PERMISSION_WK_EXPORT | TKE_PERMISSION_DO_NOT_DISTURB;
        return wanted & ~TKE_PERMISSION_CHANGE_DO_NOT_DISTURB;
    }
    wanted &= ~TKE_PERMISSION_WK_EXPORT;
    if ((present & TKE_PERMISSION_CHANGE_DO_NOT_DISTURB) != 0) {
        wanted |= TKE_PERMISSION_DO_NOT_DISTURB;
        wanted &= ~TKE_PERMISSION_CHANGE_DO_NOT_DISTURB;
    }
    return wanted;
}

void
tke_attribute_build_command(uint32_t signature_threshold, uint32_t revocation_threshold,
                            uint32_t permissions, uint32_t mode,
                            uint8_t out[static TKE_ATTRIBUTE_COMMAND_LEN])
{
    TkeByteBuilder b = { .out = out, .size = TKE_ATTRIBUTE_COMMAND_LEN };

    tke_byte_builder_u32(&b, TKE_ATTRIBUTE_SIGN_THR);
    tke_byte_builder_u32(&b, signature_threshold);
    tke_byte_builder_u32(&b, TKE_ATTRIBUTE_REVOKE_THR);
    tke_byte_builder_u32(&b, revocation_threshold);
    tke_byte_builder_u32(&b, TKE_ATTRIBUTE_PERMS);
    tke_byte_builder_u32(&b, permissions);
    tke_byte_builder_u32(&b, TKE_ATTRIBUTE_MODE);
    tke_byte_builder_u32(&b, mode);
    g_assert(!b.failed);
}

void
tke_attribute_build_thresholds(TkeUnitType type, const TkeAttributes *present,
                               uint32_t signature_threshold, uint32_t revocation_threshold,
                               uint8_t out[static TKE_ATTRIBUTE_COMMAND_LEN])
{
    tke_attribute_build_command(
        signature_threshold, revocation_threshold,
        tke_attribute_wanted_permissions(type, present->value[TKE_ATTRIBUTE_PERMS]),
        present->value[TKE_ATTRIBUTE_MODE], out);
}
