/*
 * Control points (crypto-unit-protocol.md, 4.9).
 */
#include "libep11admin/control-point.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "common/byte-cursor.h"
#include "libep11admin/unit-error.h"

static const TkeControlPointInfo control_points[] = {
#define CONTROL_POINT(number, name, text, source) { (number), #name, (text), (source) },
#include "libep11admin/control-point.inc"
};

const TkeControlPointInfo *
tke_control_point_lookup(unsigned number)
{
    for (size_t i = 0; i < G_N_ELEMENTS(control_points); i++) {
        if (control_points[i].number == number) {
            return &control_points[i];
        }
    }
    return NULL;
}

const TkeControlPointInfo *
tke_control_point_lookup_name(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(control_points); i++) {
        if (strcmp(control_points[i].name, name) == 0) {
            return &control_points[i];
        }
    }
    return NULL;
}

bool
tke_control_point_get(const TkeControlPointSet *set, unsigned number)
{
    g_return_val_if_fail(number < TKE_CONTROL_POINTS, false);

    return (set->bytes[number / 8] & (0x80u >> (number % 8))) != 0;
}

void
tke_control_point_put(TkeControlPointSet *set, unsigned number, bool on)
{
    uint8_t bit = (uint8_t) (0x80u >> (number % 8));

    g_return_if_fail(number < TKE_CONTROL_POINTS);

    if (on) {
        set->bytes[number / 8] |= bit;
    } else {
        set->bytes[number / 8] &= (uint8_t) ~bit;
    }
}

bool
tke_control_point_parse(const uint8_t *output, size_t len, TkeControlPointSet *set, GError **error)
{
    TkeByteCursor cursor = tke_byte_cursor(output, len);

    if (len != TKE_CONTROL_POINTS_LEN ||
        !tke_byte_cursor_copy(&cursor, set->bytes, sizeof set->bytes)) {
        tke_unit_error_set(error, TKE_UNIT_ERROR_MALFORMED,
                           &(TkeUnitErrorDetails){ .place = TKE_UNIT_PLACE_BLOCK },
                           _("the set of control points is malformed"));
        return false;
    }
    return true;
}
