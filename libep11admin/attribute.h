/*
 * Domain attributes: thresholds, permissions, mode (crypto-unit-protocol.md, 4.5; table
 * attribute.inc).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"
#include "libep11admin/unit-list.h"

#define TKE_ATTRIBUTE_MAX 10u           /* highest index */
#define TKE_ATTRIBUTE_NOT_REPORTED 999u /* threshold of a unit that does not report it */

/* TKE_ATTRIBUTE_<NAME> = index; TKE_PERMISSION_<NAME>, TKE_PERMISSION_CHANGE_<NAME>,
 * TKE_MODE_<NAME> = bit. Bit 31 does not fit an enum. */
enum {
#define ATTRIBUTE(index, name, text, initial, source) TKE_ATTRIBUTE_##name = (index),
#include "libep11admin/attribute.inc"
};
#define PERMISSION(bit, name, text, source)                                                        \
    G_GNUC_UNUSED static const uint32_t TKE_PERMISSION_##name = (bit);
#define PERMISSION_CHANGE(bit, name, protects, source)                                             \
    G_GNUC_UNUSED static const uint32_t TKE_PERMISSION_CHANGE_##name = (bit);
#define MODE(bit, name, text, source) G_GNUC_UNUSED static const uint32_t TKE_MODE_##name = (bit);
#include "libep11admin/attribute.inc"

typedef struct TkeAttributes {
    uint32_t value[TKE_ATTRIBUTE_MAX + 1]; /* by index */
    bool present[TKE_ATTRIBUTE_MAX + 1];
} TkeAttributes;

/*
 * From the output of the attributes query: pairs of index and value in any order. Unknown indexes
 * are ignored, of a repeated one the last counts, a fragment of a pair at the end is ignored
 * (reported in has_fragment, may be NULL). Attributes not reported are 0, thresholds
 * TKE_ATTRIBUTE_NOT_REPORTED.
 */
TKE_PUBLIC void tke_attribute_parse(const uint8_t *output, size_t len, TkeAttributes *attributes,
                                    bool *has_fragment);

/* Name and bit names, for tables and logs: "SIGN_THR", never translated; NULL when unknown. */
typedef struct TkeAttributeInfo {
    uint32_t id; /* index or bit */
    const char *name;
    const char *text; /* in words, untranslated (gettext it) */
    uint32_t initial; /* of an attribute: value in a fresh domain */
    const char *source;
} TkeAttributeInfo;
TKE_PUBLIC const TkeAttributeInfo *tke_attribute_get_all(size_t *n);
TKE_PUBLIC const TkeAttributeInfo *tke_attribute_get_permissions(size_t *n);
TKE_PUBLIC const TkeAttributeInfo *tke_attribute_get_modes(size_t *n);

/* The bit that protects a permission bit against change; 0: none. */
TKE_PUBLIC uint32_t tke_attribute_change_bit(uint32_t permission);

/*
 * Permissions a unit of this type should have, from those it has now: one signature may zeroize,
 * master keys may be loaded, also in one part; recovery units may make and export them, others may
 * not; card administrators stay out (crypto-unit-protocol.md, 7.4 step 8).
 */
TKE_PUBLIC uint32_t tke_attribute_wanted_permissions(TkeUnitType type, uint32_t present);

/*
 * Payload of the command that sets the thresholds: four pairs, with the permissions of the policy
 * above and the mode as read. Writes TKE_ATTRIBUTE_COMMAND_LEN bytes.
 */
#define TKE_ATTRIBUTE_COMMAND_LEN 32u
TKE_PUBLIC void tke_attribute_build_thresholds(TkeUnitType type, const TkeAttributes *present,
                                               uint32_t signature_threshold,
                                               uint32_t revocation_threshold,
                                               uint8_t out[static TKE_ATTRIBUTE_COMMAND_LEN]);

/* The same with all four values given. */
TKE_PUBLIC void tke_attribute_build_command(uint32_t signature_threshold,
                                            uint32_t revocation_threshold, uint32_t permissions,
                                            uint32_t mode,
                                            uint8_t out[static TKE_ATTRIBUTE_COMMAND_LEN]);
