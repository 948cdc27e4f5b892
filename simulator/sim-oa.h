/*
 * Outbound authentication certificates of virtual modules in the three layouts that modules use
 * (crypto-unit-protocol.md, 5.2 to 5.4). Only the layout is fact; the values of fields nobody
 * documents are made up.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/ec-key.h"
#include "common/openssl.h"

#define SIM_OA_SKI_LEN 32u
#define SIM_OA_NAME_LEN 8u
#define SIM_OA_INFO_LEN 80u

typedef enum {
    SIM_MODULE_CEX5, /* first layout */
    SIM_MODULE_CEX6, /* second */
    SIM_MODULE_CEX7,
    SIM_MODULE_CEX8, /* third, with a (made-up) Dilithium part */
} SimModuleKind;

#define SIM_MODULE_KINDS 4u

/* "CEX5" to "CEX8"; false if the text is none of them. */
const char *sim_module_kind_get_name(SimModuleKind kind);
bool sim_module_kind_parse(const char *name, SimModuleKind *kind);

/* What a certificate tells. */
typedef struct SimOaFields {
    SimModuleKind kind;
    uint8_t point[TKE_EC_POINT_LEN];     /* the key it certifies */
    uint8_t subject_ski[SIM_OA_SKI_LEN]; /* second and third layout */
    uint8_t signer_ski[SIM_OA_SKI_LEN];
    uint8_t name[SIM_OA_NAME_LEN]; /* first layout: of the key, of its parent */
    uint8_t parent[SIM_OA_NAME_LEN];
    char adapter_id[13]; /* 12 characters */
    char serial[9];
    char signing_time[17]; /* 16 characters */
    uint8_t source_config[32];
    uint8_t segment_hash[64];
    uint32_t boot_count;
    bool has_info;
    uint8_t info[SIM_OA_INFO_LEN];
} SimOaFields;

/* First half of the SHA-512 of a point: how modules identify these keys (2.10). */
bool sim_oa_ski(const uint8_t point[static TKE_EC_POINT_LEN], uint8_t ski[static SIM_OA_SKI_LEN],
                GError **error);

/* The bytes that the signer signs. */
GByteArray *sim_oa_build_signed(const SimOaFields *fields);

/* The whole certificate, signed by the key of the parent. */
GByteArray *sim_oa_build_certificate(const SimOaFields *fields, EVP_PKEY *signer, GError **error);

/* The certificate around r and s given as 132 bytes. */
GByteArray *sim_oa_build_around(const SimOaFields *fields, const uint8_t raw[static 132]);
