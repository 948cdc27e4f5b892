/*
 * Requests to a crypto unit: an administrative block with its signatures, and information queries
 * (crypto-unit-protocol.md, 2.2 to 2.4 and 3.2.7).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"

#define TKE_ADMIN_FUNCTION 0x00010029u /* API ordinal 1, administration */
#define TKE_INFO_FUNCTION 0x00010026u  /* API ordinal 1, information query */
#define TKE_ADMIN_MAX_PARTS 20u        /* key parts in one import */

/*
 * The whole request: function, domain index, block, SignerInfos (concatenated, may be empty). Also
 * one key part of an import; the payload of the import's own block is the concatenation of such
 * requests. Caller frees.
 */
TKE_PUBLIC GByteArray *tke_admin_request_new(uint32_t domain_index, const uint8_t *block,
                                             size_t block_len, const uint8_t *signer_infos,
                                             size_t signer_infos_len);

typedef enum {
    TKE_INFO_MODULE = 1,
    TKE_INFO_DOMAIN = 3,
} TkeInfoQuery;

/* Unsigned information query. Caller frees. */
TKE_PUBLIC GByteArray *tke_admin_request_new_info(TkeInfoQuery query, uint32_t domain_index);
