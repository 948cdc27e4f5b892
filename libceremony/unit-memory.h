/*
 * Files about crypto units in the world's directory: the selection (by unit id), the identities
 * seen last, and verified module certificates. All public.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/public.h"
#include "libep11admin/known-modules.h"
#include "libep11admin/unit.h"

typedef struct TkeUnitMemory TkeUnitMemory;

/* Missing files are an empty memory; damaged ones an error that names the file. */
TKE_PUBLIC TkeUnitMemory *tke_unit_memory_load(const char *directory, GError **error);
TKE_PUBLIC void tke_unit_memory_free(TkeUnitMemory *memory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeUnitMemory, tke_unit_memory_free)

/* Tells the unit the identity it had when it was seen last, if it was. */
TKE_PUBLIC void tke_unit_memory_recall(const TkeUnitMemory *memory, TkeUnit *unit);

/* Notes the identity the unit has now, if it has one, and its administrators. */
TKE_PUBLIC void tke_unit_memory_note(TkeUnitMemory *memory, const TkeUnit *unit);

/*
 * Names of the units in which this administrator was installed when they were seen last: char *,
 * the caller frees. What people are told before a key is deleted; nothing is decided by it.
 */
TKE_PUBLIC GPtrArray *tke_unit_memory_find_admin(const TkeUnitMemory *memory,
                                                 const uint8_t ski[static TKE_SKI_LEN]);

TKE_PUBLIC TkeKnownModules *tke_unit_memory_get_modules(TkeUnitMemory *memory);

/* Writes what has changed. */
TKE_PUBLIC bool tke_unit_memory_save(TkeUnitMemory *memory, GError **error);

/* Ids of the selected units, NULL-terminated; and back (a set of ids). */
TKE_PUBLIC char **tke_unit_memory_load_selection(const char *directory, GError **error);
TKE_PUBLIC bool tke_unit_memory_save_selection(const char *directory, GHashTable *ids,
                                               GError **error);
