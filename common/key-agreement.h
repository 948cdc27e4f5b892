/*
 * ECDH and ANSI X9.63 derivation.
 */
#pragma once

#include <glib.h>

#include "common/openssl.h"
#include "common/public.h"
#include "common/secret.h"

/* x-coordinate of the shared point, 66 bytes for P-521, leading zeros kept. */
TKE_PUBLIC TkeSecret *tke_key_agreement_ecdh(EVP_PKEY *own, EVP_PKEY *peer, GError **error);

/*
 * X9.63 with SHA-256, one block: SHA-256(Z, counter as four bytes, shared info), 32 bytes.
 */
TKE_PUBLIC TkeSecret *tke_key_agreement_x963(const TkeSecret *z, uint32_t counter,
                                             const uint8_t *shared_info, size_t len,
                                             GError **error);
