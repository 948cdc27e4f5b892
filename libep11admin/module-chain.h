/*
 * Verifying the chain of a module's certificates (crypto-unit-protocol.md, 5.5).
 *
 *   chain = tke_module_chain_new(roots)
 *   tke_module_chain_add(chain, certificate 0) ... certificate n - 1
 *   tke_module_chain_finish(chain, n)          n: the number of certificates that the module
 * reports
 *
 * The key of certificate 0, which signs the module's answers, is there after the first add, because
 * the answers that carry the other certificates are signed with it; nothing read so far may be
 * trusted before finish has succeeded. After an error the chain stays refused whatever follows.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/openssl.h"
#include "common/public.h"
#include "libep11admin/module-certificate.h"
#include "libep11admin/module-roots.h"

typedef struct TkeModuleChain TkeModuleChain;

/* Keeps a copy of the roots; owned by the caller. */
TKE_PUBLIC TkeModuleChain *tke_module_chain_new(const TkeModuleRoots *roots);

/*
 * Adds the next certificate: parses it, refuses one that names itself as its signer or does not
 * belong to the one before, and verifies the signature of the one before. Errors:
 * TKE_ERROR_INVALID_DATA (not a module certificate of this kind), TKE_ERROR_VERIFY (wrong parent,
 * wrong signature), both final.
 */
TKE_PUBLIC bool tke_module_chain_add(TkeModuleChain *chain, const uint8_t *der, size_t len,
                                     GError **error);

/*
 * True if these codes in the answer to the query for the next certificate mean "there is none": 96
 * with reason 60, for OA1 96 with any reason after a certificate that a root may sign. has_reason
 * is false when the answer brought no reason. Any other failure is one of the module, not of the
 * chain.
 */
TKE_PUBLIC bool tke_module_chain_is_end(const TkeModuleChain *chain, uint32_t return_code,
                                        bool has_reason, uint32_t reason_code);

/*
 * Ends the chain and gives the verdict: the last certificate must be signed by the root it names.
 * count is the number of certificates the module reported, or 0 if it was not asked; a difference
 * to what was added is TKE_ERROR_VERIFY, as are an unknown root and a wrong signature.
 */
TKE_PUBLIC bool tke_module_chain_finish(TkeModuleChain *chain, unsigned count, GError **error);

/* Only after finish has succeeded. */
TKE_PUBLIC bool tke_module_chain_is_verified(const TkeModuleChain *chain);

/* True if the roots were not the built-in ones. */
TKE_PUBLIC bool tke_module_chain_is_rehearsal(const TkeModuleChain *chain);

/* The root that signed the last certificate; NULL before finish. Borrowed. */
TKE_PUBLIC const TkeModuleRoot *tke_module_chain_get_root(const TkeModuleChain *chain);

/* Certificates so far; the first one, and its key; NULL before the first add. Borrowed. */
TKE_PUBLIC unsigned tke_module_chain_get_count(const TkeModuleChain *chain);
TKE_PUBLIC const TkeModuleCertificate *tke_module_chain_get_first(const TkeModuleChain *chain);
TKE_PUBLIC EVP_PKEY *tke_module_chain_get_key(const TkeModuleChain *chain);

TKE_PUBLIC void tke_module_chain_free(TkeModuleChain *chain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeModuleChain, tke_module_chain_free)
