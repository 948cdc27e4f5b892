/*
 * Root keys that chains of module certificates must end at (crypto-unit-protocol.md, 5.7, Annex B).
 *
 * Normal operation uses the four built-in keys of IBM: a constant set that nothing can add to,
 * neither a setting, an environment variable nor a file. Rehearsals and tests make a set of their
 * own; it never contains a built-in key, and whatever was verified with it says so
 * (tke_module_chain_is_rehearsal), so that real and virtual modules cannot be mixed up.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/ec-key.h"
#include "common/public.h"
#include "libep11admin/module-certificate.h"

typedef struct TkeModuleRoot {
    char *name; /* "CEX7", never translated */
    TkeModuleCertificateKind kind;
    uint8_t
        ski[TKE_MODULE_SKI_LEN]; /* named as signer by the last certificate; OA1: zeros, not used */
    uint8_t point[TKE_EC_POINT_LEN];
} TkeModuleRoot;

typedef struct TkeModuleRoots TkeModuleRoots;

/* The set of normal operation; lives as long as the program. */
TKE_PUBLIC const TkeModuleRoots *tke_module_roots_get_built_in(void);

/* An empty set for rehearsals and tests, owned by the caller. */
TKE_PUBLIC TkeModuleRoots *tke_module_roots_new_rehearsal(void);

/*
 * Adds a root (ski NULL for OA1). Refused are a point off the curve (TKE_ERROR_INVALID_DATA), a key
 * or SKI that is built in, a second OA1 root and a SKI that is there already (TKE_ERROR_USAGE).
 */
TKE_PUBLIC bool tke_module_roots_add(TkeModuleRoots *roots, const char *name,
                                     TkeModuleCertificateKind kind,
                                     const uint8_t ski[TKE_MODULE_SKI_LEN],
                                     const uint8_t point[static TKE_EC_POINT_LEN], GError **error);

/*
 * The same for a root that is named by the hash of its key, as real ones are; name is the
 * generation of the modules below it, "CEX5" to "CEX8", else TKE_ERROR_INVALID_DATA.
 */
TKE_PUBLIC bool tke_module_roots_add_generation(TkeModuleRoots *roots, const char *name,
                                                const uint8_t point[static TKE_EC_POINT_LEN],
                                                GError **error);

TKE_PUBLIC TkeModuleRoots *tke_module_roots_dup(const TkeModuleRoots *roots);

TKE_PUBLIC bool tke_module_roots_is_rehearsal(const TkeModuleRoots *roots);

/* Borrowed. find: NULL if there is none (ski is ignored for OA1). */
TKE_PUBLIC unsigned tke_module_roots_get_count(const TkeModuleRoots *roots);
TKE_PUBLIC const TkeModuleRoot *tke_module_roots_get(const TkeModuleRoots *roots, unsigned index);
TKE_PUBLIC const TkeModuleRoot *tke_module_roots_find(const TkeModuleRoots *roots,
                                                      TkeModuleCertificateKind kind,
                                                      const uint8_t ski[static TKE_MODULE_SKI_LEN]);

TKE_PUBLIC void
tke_module_roots_free(TkeModuleRoots *roots); /* NULL and the built-in set are allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeModuleRoots, tke_module_roots_free)
