/*
 * Certificates of modules that were verified before, by serial number: a query of a unit whose
 * module is known here need not read them again.
 *
 * A cache, not a matter of trust: each chain is verified anew whenever it is used, and a unit whose
 * answers are signed by another key than that of the known certificate 0 is asked for its
 * certificates as if nothing were known.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/public.h"

typedef struct TkeKnownModules TkeKnownModules;

TKE_PUBLIC TkeKnownModules *tke_known_modules_new(void);
TKE_PUBLIC void tke_known_modules_free(TkeKnownModules *known);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeKnownModules, tke_known_modules_free)

/*
 * The certificates of a module, GByteArray each, index 0 first; replaces what was known. The array
 * is referenced and must not be changed afterwards.
 */
TKE_PUBLIC void tke_known_modules_set(TkeKnownModules *known, const char *serial_number,
                                      GPtrArray *certificates);

/* Borrowed; NULL: not known. */
TKE_PUBLIC GPtrArray *tke_known_modules_get(const TkeKnownModules *known,
                                            const char *serial_number);

/* The serial numbers in order, borrowed texts; the caller frees the array (for saving it all). */
TKE_PUBLIC GPtrArray *tke_known_modules_get_serial_numbers(const TkeKnownModules *known);

/* True since the last call if something was set: worth saving. */
TKE_PUBLIC bool tke_known_modules_take_changed(TkeKnownModules *known);
