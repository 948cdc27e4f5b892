/*
 * Control points: 128 bits that permit classes of functions (crypto-unit-protocol.md, 4.9; table
 * control-point.inc).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"

#define TKE_CONTROL_POINTS_LEN 16u
#define TKE_CONTROL_POINTS 128u

enum {
#define CONTROL_POINT(number, name, text, source) TKE_CP_##name = (number),
#include "libep11admin/control-point.inc"
};

typedef struct TkeControlPointSet {
    uint8_t bytes[TKE_CONTROL_POINTS_LEN];
} TkeControlPointSet;

typedef struct TkeControlPointInfo {
    unsigned number;
    const char *name; /* "BTC"; never translated */
    const char *text; /* what it permits, untranslated (gettext it) */
    const char *source;
} TkeControlPointInfo;

/* The row of a number, NULL for an unassigned one. */
TKE_PUBLIC const TkeControlPointInfo *tke_control_point_lookup(unsigned number);
TKE_PUBLIC const TkeControlPointInfo *tke_control_point_lookup_name(const char *name);

TKE_PUBLIC bool tke_control_point_get(const TkeControlPointSet *set, unsigned number);
TKE_PUBLIC void tke_control_point_put(TkeControlPointSet *set, unsigned number, bool on);

/* From the output of the query: exactly 16 bytes, else TKE_UNIT_ERROR_MALFORMED. */
TKE_PUBLIC bool tke_control_point_parse(const uint8_t *output, size_t len, TkeControlPointSet *set,
                                        GError **error);
