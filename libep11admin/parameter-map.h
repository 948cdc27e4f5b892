/*
 * Parameter map: the sections of an export of a wrapping key, and the certificate of the key part
 * holder that it is encrypted to (crypto-unit-protocol.md, 4.7 and 4.8).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/byte-builder.h"
#include "common/ec-key.h"
#include "common/public.h"

#define TKE_PARAMETER_DOMAIN_ADMIN_SKIS 0x000Au
#define TKE_PARAMETER_DOMAIN_ADMIN_CERTS 0x000Bu
#define TKE_PARAMETER_DOMAIN_QUERY_INFO 0x000Cu
#define TKE_PARAMETER_DOMAIN_ATTRIBUTES 0x000Fu
#define TKE_PARAMETER_DOMAIN_TRANSACTION_COUNTER 0x0011u
#define TKE_PARAMETER_OA_CERTIFICATE 0x0015u
#define TKE_PARAMETER_DOMAIN_CONTROL_POINTS 0x0017u
#define TKE_PARAMETER_KEY_PART 0x0019u
#define TKE_PARAMETER_KEY_PART_SIGNATURE 0x001Au
#define TKE_PARAMETER_M_POLICY 0x001Cu
#define TKE_PARAMETER_KPH_CERTIFICATE 0x001Du
#define TKE_PARAMETER_STATE_SCOPE 0x001Fu

/* Restriction bits of the state scope. */
#define TKE_STATE_SCOPE_NO_KPH_CERTIFICATES 0x04u
#define TKE_STATE_SCOPE_NO_OA_CHAIN 0x08u

#define TKE_KPH_CERTIFICATE_LEN 309u
#define TKE_PARAMETER_MAP_MAX 131072u    /* bytes that are read */
#define TKE_PARAMETER_SECTIONS_MAX 1024u /* sections that are read */

typedef struct TkeParameterMap TkeParameterMap;

/* data is owned by the map. auxiliary is an index where the tag may repeat, else a value. */
typedef struct TkeParameterSection {
    uint16_t tag;
    uint32_t auxiliary;
    GByteArray *data;
} TkeParameterSection;

TKE_PUBLIC TkeParameterMap *tke_parameter_map_new(void);

/*
 * The payload of an export request: one part for one holder, and neither certificates nor the
 * module's chain in the answer.
 */
TKE_PUBLIC TkeParameterMap *tke_parameter_map_new_export(const uint8_t *kph_certificate,
                                                         size_t len);

/*
 * Reads the sections; bytes after the SEQUENCE are ignored, as IBM's tools do. Another structure:
 * TKE_ERROR_INVALID_DATA. Of sections that mean the same the last one counts.
 */
TKE_PUBLIC TkeParameterMap *tke_parameter_map_parse(const uint8_t *der, size_t len, GError **error);

/* Adds a section; it replaces one of the same tag or, where the tag may repeat, of the same tag and
 * index. */
TKE_PUBLIC void tke_parameter_map_set(TkeParameterMap *map, uint16_t tag, uint32_t auxiliary,
                                      const uint8_t *data, size_t len);

/* Borrowed; NULL if there is none. auxiliary is compared only where the tag may repeat. */
TKE_PUBLIC const TkeParameterSection *tke_parameter_map_find(const TkeParameterMap *map,
                                                             uint16_t tag, uint32_t auxiliary);

/* Sections in ascending order of tag and auxiliary. Borrowed. */
TKE_PUBLIC unsigned tke_parameter_map_get_count(const TkeParameterMap *map);
TKE_PUBLIC const TkeParameterSection *tke_parameter_map_get(const TkeParameterMap *map,
                                                            unsigned index);

/* Writes the map, sections in that order. */
TKE_PUBLIC void tke_parameter_map_write(const TkeParameterMap *map, TkeByteBuilder *builder);

TKE_PUBLIC void tke_parameter_map_free(TkeParameterMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeParameterMap, tke_parameter_map_free)

/* Certificate of a key part holder with a P-521 key, in TKE's own form. */
TKE_PUBLIC void tke_parameter_map_kph_certificate(const uint8_t point[static TKE_EC_POINT_LEN],
                                                  uint8_t out[static TKE_KPH_CERTIFICATE_LEN]);
