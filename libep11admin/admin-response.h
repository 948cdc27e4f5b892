/*
 * Answers of a crypto unit to administrative messages (crypto-unit-protocol.md, 2.6, 2.8 and 5.6).
 *
 * Three steps, in this order: parse (form), verify (the module's signature), check (the answer
 * belongs to the request, and nothing unusual is in it). Only then may fields be used. The first
 * read of device certificate 0 has no key to verify with; what it yields is not trusted until the
 * chain is.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/openssl.h"
#include "common/public.h"
#include "libep11admin/admin-block.h"
#include "libep11admin/signer.h"

typedef struct TkeAdminResponse {
    uint32_t function;
    uint32_t domain_index;
    GBytes *block;        /* DER as received: what the signature covers */
    GBytes *signer_infos; /* as received */
    /* from the block */
    uint32_t command;
    TkeUnitIdentity identity;
    uint32_t return_code; /* 0: done */
    bool has_reason_code; /* only with return_code != 0 */
    uint32_t reason_code;
    GBytes *output;    /* with return_code != 0: starts with the reason code, if there is one */
    bool is_verified;  /* tke_admin_response_verify succeeded */
    bool is_malformed; /* the block: no field of it is valid; refused by _check */
    bool has_trailing_bytes; /* after one of the structures; refused by _check */
} TkeAdminResponse;

/*
 * Takes an answer apart. A nonzero outer return value is TKE_UNIT_ERROR_REFUSED (place OUTER;
 * nothing is signed then); another form is TKE_UNIT_ERROR_MALFORMED. A nonzero return code of the
 * block is no error here, and a malformed block is reported by the functions after
 * tke_admin_response_verify, so that a changed answer is told by its signature. Caller frees.
 */
TKE_PUBLIC TkeAdminResponse *tke_admin_response_parse(const uint8_t *der, size_t len,
                                                      GError **error);
TKE_PUBLIC void tke_admin_response_free(TkeAdminResponse *response);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeAdminResponse, tke_admin_response_free)

/*
 * Verifies the first signature with the module's key (of certificate 0) and sets is_verified. With
 * ski given, the SignerInfo must name it (OA identifier of that key). No SignerInfo, or none with
 * ECDSA and SHA-512 in front: TKE_UNIT_ERROR_MALFORMED (place SIGNER_INFO); wrong:
 * TKE_UNIT_ERROR_SIGNATURE.
 */
TKE_PUBLIC bool tke_admin_response_verify(TkeAdminResponse *response, EVP_PKEY *key,
                                          const uint8_t *ski, GError **error);

/* What an answer must be. */
typedef struct TkeAdminExpectation {
    TkeAdminCommand command;
    uint32_t domain_index; /* as in the request; certificate queries answer for domain 0 too */
    const TkeUnitIdentity *identity; /* of a command: as sent, counter included; NULL: query */
    const uint8_t *module_id;        /* of a query: known module id to compare, or NULL */
} TkeAdminExpectation;

/*
 * Compares the answer with its request and refuses what a module does not do: other function,
 * trailing bytes, more after the signature than SignerInfos. Domain instance and counter are
 * compared when a command succeeded (not after zeroizing, which changes them): read them from an
 * answer to a refused command with care. Not so: TKE_UNIT_ERROR_IDENTITY, TKE_UNIT_ERROR_MALFORMED.
 */
TKE_PUBLIC bool tke_admin_response_check(const TkeAdminResponse *response,
                                         const TkeAdminExpectation *expected, GError **error);

/* TKE_UNIT_ERROR_REFUSED with meaning and codes if the unit refused; true if it did as it was told.
 */
TKE_PUBLIC bool tke_admin_response_check_done(const TkeAdminResponse *response, GError **error);

/*
 * Output of some commands and queries. TKE_UNIT_ERROR_MALFORMED if it has another length.
 */
/* Identifiers of administrators, 32 bytes each, concatenated; n is their number. */
TKE_PUBLIC bool tke_admin_response_get_skis(const TkeAdminResponse *response, const uint8_t **skis,
                                            size_t *n, GError **error);
/* Number of device certificates (query DEVICE_CERT without index). */
TKE_PUBLIC bool tke_admin_response_get_count(const TkeAdminResponse *response, uint32_t *count,
                                             GError **error);
/* Verification pattern: the first 32 bytes; more (patterns of parts) may follow. */
TKE_PUBLIC bool tke_admin_response_get_vp(const TkeAdminResponse *response, uint8_t out[static 32],
                                          GError **error);
