/*
 * Answers to the two information queries: state of a domain's master key registers, and facts about
 * the module (crypto-unit-protocol.md, 2.3, 3.3.5 and 3.3.6). They are not signed: show them,
 * compare them, but base nothing on them alone.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/public.h"
#include "libep11admin/admin-request.h"

typedef struct TkeInfoResponse {
    uint32_t function;
    uint32_t domain_index;
    uint32_t return_value;
    const uint8_t *payload; /* view into the answer */
    size_t payload_len;
    bool has_trailing_bytes;
} TkeInfoResponse;

/* Takes the answer apart: four fields. Another form: TKE_UNIT_ERROR_MALFORMED (place INFO). */
TKE_PUBLIC bool tke_info_response_parse(const uint8_t *der, size_t len, TkeInfoResponse *response,
                                        GError **error);

/* Domain as asked, return value 0 (else TKE_UNIT_ERROR_REFUSED), nothing after the answer. */
TKE_PUBLIC bool tke_info_response_check(const TkeInfoResponse *response, uint32_t domain_index,
                                        GError **error);

typedef enum {
    TKE_REGISTER_EMPTY,
    TKE_REGISTER_VALID,            /* current register */
    TKE_REGISTER_FULL_UNCOMMITTED, /* new register */
    TKE_REGISTER_FULL_COMMITTED,   /* new register */
} TkeRegisterState;

typedef struct TkeDomainInfo {
    uint32_t domain_index;
    uint8_t current_vp[32]; /* zeros if empty */
    uint8_t new_vp[32];
    TkeRegisterState current_state;
    TkeRegisterState new_state;
    uint32_t flags;
    bool left_imprint_mode;
} TkeDomainInfo;

/* "Empty", "Valid", "Full Uncommitted", "Full Committed", as other tools print them: for programs;
 * marked for translation, which is for people. */
TKE_PUBLIC const char *tke_info_response_register_word(TkeRegisterState state);

/* From the payload of a domain query; fewer than 80 bytes: TKE_UNIT_ERROR_MALFORMED. */
TKE_PUBLIC bool tke_info_response_get_domain(const TkeInfoResponse *response, TkeDomainInfo *info,
                                             GError **error);

typedef struct TkeModuleInfo {
    uint32_t api_ordinal;
    uint8_t firmware_id[4];
    uint8_t ep11_major, ep11_minor;
    uint8_t csp_major, csp_minor;
    uint8_t firmware_configuration[32];
    uint8_t ep11_configuration[32];
    uint8_t csp_configuration[32];
    uint8_t module_id[16]; /* serial number, module instance */
    char utc_time[17];     /* NUL-terminated; non-printing bytes replaced by '?' */
    uint32_t capabilities;
    uint32_t extended_flags;
    uint32_t n_domains;
    uint32_t max_payload;
    uint32_t cp_profile_bytes;
    uint32_t n_control_points;
} TkeModuleInfo;

/* From the payload of a module query; fewer than 196 bytes: TKE_UNIT_ERROR_MALFORMED. */
TKE_PUBLIC bool tke_info_response_get_module(const TkeInfoResponse *response, TkeModuleInfo *info,
                                             GError **error);
