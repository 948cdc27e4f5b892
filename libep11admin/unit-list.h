/*
 * The service's list of the crypto units of an instance, their locations, and where the service is
 * (crypto-unit-protocol.md, 1.1, 1.3, 1.6).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"

typedef enum {
    TKE_UNIT_OPERATIONAL,
    TKE_UNIT_RECOVERY,
    TKE_UNIT_FAILOVER,
} TkeUnitType;

/* "operational", "recovery", "failover"; never translated. */
TKE_PUBLIC const char *tke_unit_list_type_word(TkeUnitType type);
TKE_PUBLIC bool tke_unit_list_type_from_word(const char *word, TkeUnitType *type);

typedef struct TkeUnitListEntry {
    char *hsm_id;
    char *location;
    char *serial_number;
    TkeUnitType type;
    char *location_error;  /* why the location cannot be used; NULL: it can, and these are valid: */
    char *module_part;     /* "[zone].[host].[module]": same text, same module */
    uint32_t module_index; /* 0..255 */
    uint32_t domain_index; /* 0..255 */
} TkeUnitListEntry;

/*
 * Entries in the service's order (operational, recovery, failover) from the answer to the list
 * request. status other than 2xx: as tke_wire_message_check_status; not such a list:
 * TKE_UNIT_ERROR_MALFORMED (place HTTP). The caller frees (g_ptr_array_unref).
 */
TKE_PUBLIC GPtrArray *tke_unit_list_parse(unsigned status, const char *body, size_t len,
                                          GError **error);
TKE_PUBLIC void tke_unit_list_entry_free(TkeUnitListEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeUnitListEntry, tke_unit_list_entry_free)

/*
 * Path of the list, and of the requests to one unit, below the base URL. Letters, digits and
 * "-._~:" make an identifier, an instance may also have "/"; others, or none: TKE_ERROR_USAGE.
 * Caller frees.
 */
TKE_PUBLIC char *tke_unit_list_path(const char *instance, GError **error);
TKE_PUBLIC char *tke_unit_list_unit_path(const char *instance, const char *hsm_id, GError **error);

/*
 * Base URL for an API endpoint and a region: one of the eight names ("cloud.ibm.com",
 * "https://private. cloud.ibm.com", …), else TKE_ERROR_USAGE. Caller frees.
 */
TKE_PUBLIC char *tke_unit_list_base_url(const char *api_endpoint, const char *region,
                                        GError **error);

/* A complete base URL given by the user: https, host, perhaps port; a "/" at the end is cut. Caller
 * frees. */
TKE_PUBLIC char *tke_unit_list_check_url(const char *url, GError **error);

typedef struct TkeLocation {
    char *zone;
    char *host;
    uint64_t module_index;
    uint64_t domain_index;
} TkeLocation;

/* Tolerant reading for display and for files of other tools: blanks and missing brackets are
 * allowed. */
TKE_PUBLIC bool tke_unit_list_parse_location(const char *location, TkeLocation *out,
                                             GError **error);
TKE_PUBLIC void tke_location_clear(TkeLocation *location);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TkeLocation, tke_location_clear)

/*
 * Strict reading of one part for requests: 2 module, 3 domain; the number between the first and
 * last character. Errors are TKE_ERROR_INVALID_DATA.
 */
TKE_PUBLIC bool tke_unit_list_location_number(const char *location, unsigned part, int64_t *value,
                                              GError **error);
/* The first three parts, which name the module. Caller frees. */
TKE_PUBLIC char *tke_unit_list_module_part(const char *location, GError **error);
