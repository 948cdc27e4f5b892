/*
 * Module certificates, byte by byte (crypto-unit-protocol.md, 5.2 to 5.4; values as in Annex A.7).
 */
#include "simulator/sim-oa.h"

#include <string.h>

#include "common/byte-builder.h"
#include "common/der.h"
#include "common/digest.h"

#define CERTIFICATE_MAX 16384u
#define RAW_LEN 132u
#define COORDINATE_LEN 66u

static const char *const kind_names[SIM_MODULE_KINDS] = { "CEX5", "CEX6", "CEX7", "CEX8" };
static const char *const adapter_types[SIM_MODULE_KINDS] = { "CEX5P   ", "CEX6P   ", "CEX7P   ",
                                                             "CEX8P   " };

static const uint8_t spki_prefix[] = {
    0x30, 0x81, 0x9b, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
    0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23, 0x03, 0x81, 0x86, 0x00,
};
static const uint8_t sha512_sequence[] = { 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48,
                                           0x01, 0x65, 0x03, 0x04, 0x02, 0x03 };
static const uint8_t ecdsa_sequence[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                          0x48, 0xce, 0x3d, 0x04, 0x03, 0x04 };
static const uint8_t dilithium_oid[] = { 0x06, 0x0b, 0x2b, 0x06, 0x01, 0x04, 0x01,
                                         0x02, 0x82, 0x0b, 0x01, 0x08, 0x07 };
static const uint8_t der_null[] = { 0x05, 0x00 };
static const uint8_t version_3[] = { 0x02, 0x01, 0x03 };

const char *
sim_module_kind_get_name(SimModuleKind kind)
{
    return kind_names[kind];
}

bool
sim_module_kind_parse(const char *name, SimModuleKind *kind)
{
    for (unsigned i = 0; i < SIM_MODULE_KINDS; i++) {
        if (strcmp(name, kind_names[i]) == 0) {
            *kind = (SimModuleKind) i;
            return true;
        }
    }
    return false;
}

bool
sim_oa_ski(const uint8_t point[static TKE_EC_POINT_LEN], uint8_t ski[static SIM_OA_SKI_LEN],
           GError **error)
{
    uint8_t hash[TKE_SHA512_LEN] = { 0 };

    if (!tke_digest_sha512(point, TKE_EC_POINT_LEN, hash, error)) {
        return false;
    }
    memcpy(ski, hash, SIM_OA_SKI_LEN);
    return true;
}

static void
put_spki(TkeByteBuilder *builder, const SimOaFields *fields)
{
    tke_byte_builder_bytes(builder, spki_prefix, sizeof spki_prefix);
    tke_byte_builder_bytes(builder, fields->point, sizeof fields->point);
}

static void
put_octets(TkeByteBuilder *builder, const void *bytes, size_t len)
{
    tke_der_element(builder, TKE_DER_OCTET_STRING, bytes, len);
}

static void
put_info(TkeByteBuilder *builder, const SimOaFields *fields)
{
    put_octets(builder, fields->info, fields->has_info ? SIM_OA_INFO_LEN : 0);
}

/* r and s as INTEGERs of always 66 bytes, in SEQUENCE and OCTET STRING. */
static void
put_fixed_signature(TkeByteBuilder *builder, const uint8_t raw[static RAW_LEN])
{
    tke_der_header(builder, TKE_DER_OCTET_STRING, 139);
    tke_der_header(builder, TKE_DER_SEQUENCE, 136);
    tke_der_element(builder, TKE_DER_INTEGER, raw, COORDINATE_LEN);
    tke_der_element(builder, TKE_DER_INTEGER, raw + COORDINATE_LEN, COORDINATE_LEN);
}

/* A SEQUENCE around what was built so far in content. */
static void
put_sequence(TkeByteBuilder *builder, const GByteArray *content)
{
    tke_der_element(builder, TKE_DER_SEQUENCE, content->data, content->len);
}

/* Auxiliary data, 83 bytes, the same in the second and third layout. */
static void
put_auxiliary(TkeByteBuilder *builder, const SimOaFields *fields)
{
    static const uint8_t version[] = { 1 };
    g_autoptr(GByteArray) content = g_byte_array_new();
    TkeByteBuilder inner = tke_byte_builder_into(content, CERTIFICATE_MAX);

    put_octets(&inner, version, sizeof version);
    put_octets(&inner, fields->segment_hash, sizeof fields->segment_hash);
    tke_der_octet_u32(&inner, 2);
    tke_der_octet_u32(&inner, 6);
    put_sequence(builder, content);
}

/* ---- first layout (5.2) ---- */

static void
put_oa1_body(TkeByteBuilder *builder, const SimOaFields *fields)
{
    static const uint8_t start[] = { 0x42, 0x01, 0, 0, 0, 0, 0, 2 };

    tke_byte_builder_bytes(builder, start, sizeof start);
    tke_byte_builder_u32(builder, 64); /* public key: after these 72 bytes */
    tke_byte_builder_u32(builder, 159);
    tke_byte_builder_u32(builder, 215); /* descriptor A: after the key */
    tke_byte_builder_u32(builder, 80);
    tke_byte_builder_u32(builder, 287); /* descriptor B: after descriptor A */
    tke_byte_builder_u32(builder, 16);
    tke_byte_builder_fill(builder, 0, 4);
    tke_byte_builder_text(builder, fields->serial);
    tke_byte_builder_fill(builder, 0, 8);
    tke_byte_builder_bytes(builder, fields->name, sizeof fields->name);
    tke_byte_builder_u32(builder, 1); /* key type */
    tke_byte_builder_bytes(builder, fields->parent, sizeof fields->parent);
    tke_byte_builder_bytes(builder, fields->source_config, 20); /* start of the key section */
    tke_byte_builder_u16(builder, 0);                           /* a prime curve */
    tke_byte_builder_u16(builder, 521);
    tke_byte_builder_u16(builder, TKE_EC_POINT_LEN);
    tke_byte_builder_bytes(builder, fields->point, sizeof fields->point);
    tke_byte_builder_bytes(builder, fields->segment_hash, sizeof fields->segment_hash);
    tke_byte_builder_fill(builder, 0, 80 - sizeof fields->segment_hash);
    tke_byte_builder_fill(builder, 0, 16);
}

static void
put_oa1(TkeByteBuilder *builder, const SimOaFields *fields, const uint8_t raw[static RAW_LEN])
{
    static const uint8_t start[] = { 0x48, 0x01, 0, 0, 0, 0, 0, 1 };

    tke_byte_builder_bytes(builder, start, sizeof start);
    tke_byte_builder_u32(builder, 44); /* body: after these 52 bytes */
    tke_byte_builder_u32(builder, 327);
    tke_byte_builder_u32(builder, 363); /* signature: after the body */
    tke_byte_builder_u32(builder, 8 + RAW_LEN);
    tke_byte_builder_u32(builder, 2); /* kind of signature */
    tke_byte_builder_bytes(builder, fields->name, sizeof fields->name);
    tke_byte_builder_fill(builder, 0, 8);
    tke_byte_builder_bytes(builder, fields->parent, sizeof fields->parent);
    put_oa1_body(builder, fields);
    tke_byte_builder_fill(builder, 0, 8);
    tke_byte_builder_bytes(builder, raw, RAW_LEN);
}

/* ---- second layout (5.3) ---- */

static void
put_oa2_meta(TkeByteBuilder *builder, const SimOaFields *fields)
{
    static const uint8_t flags[] = { 0, 0, 3, 2 }; /* root CA, trust bits, segments */
    g_autoptr(GByteArray) content = g_byte_array_new();
    TkeByteBuilder inner = tke_byte_builder_into(content, CERTIFICATE_MAX);

    tke_der_octet_u32(&inner, 2); /* object version */
    put_octets(&inner, flags, sizeof flags);
    put_octets(&inner, adapter_types[fields->kind], 8);
    put_octets(&inner, fields->adapter_id, 12);
    put_octets(&inner, fields->source_config, sizeof fields->source_config);
    tke_der_octet_u32(&inner, fields->boot_count);
    tke_der_octet_u32(&inner, 2); /* key type */
    put_octets(&inner, fields->subject_ski, sizeof fields->subject_ski);
    put_octets(&inner, fields->signer_ski, sizeof fields->signer_ski);
    put_octets(&inner, fields->signing_time, 16);
    put_info(&inner, fields);
    put_sequence(builder, content);
}

/* Everything before the SignerInfo. */
static void
put_oa2_signed(TkeByteBuilder *builder, const SimOaFields *fields)
{
    static const uint8_t start[] = { 0x45, 0, 0, 5 };
    uint32_t info = fields->has_info ? SIM_OA_INFO_LEN : 0;

    tke_byte_builder_bytes(builder, start, sizeof start);
    tke_byte_builder_u32(builder, 672 + info); /* in all */
    tke_byte_builder_u32(builder, 4);          /* the sections */
    tke_byte_builder_u32(builder, 173 + info);
    tke_byte_builder_u32(builder, 83);
    tke_byte_builder_u32(builder, 158);
    tke_byte_builder_u32(builder, 207);
    tke_byte_builder_u32(builder, 0);
    tke_byte_builder_u32(builder, 1); /* algorithm identifier */
    tke_byte_builder_fill(builder, 0, 4);
    put_oa2_meta(builder, fields);
    tke_byte_builder_fill(builder, 0, 3);
    put_auxiliary(builder, fields);
    tke_byte_builder_fill(builder, 0, 5);
    put_spki(builder, fields);
    tke_byte_builder_fill(builder, 0, 2);
}

static void
put_oa2(TkeByteBuilder *builder, const SimOaFields *fields, const uint8_t raw[static RAW_LEN])
{
    g_autoptr(GByteArray) content = g_byte_array_new();
    TkeByteBuilder inner = tke_byte_builder_into(content, CERTIFICATE_MAX);

    tke_byte_builder_bytes(&inner, version_3, sizeof version_3);
    tke_der_element(&inner, 0x80, fields->signer_ski, sizeof fields->signer_ski);
    tke_byte_builder_bytes(&inner, sha512_sequence, sizeof sha512_sequence);
    tke_byte_builder_bytes(&inner, ecdsa_sequence, sizeof ecdsa_sequence);
    put_fixed_signature(&inner, raw);
    put_oa2_signed(builder, fields);
    put_sequence(builder, content);
    tke_byte_builder_fill(builder, 0, 1);
}

/* ---- third layout (5.4) ---- */

static void
put_oa3_meta(TkeByteBuilder *builder, const SimOaFields *fields)
{
    static const uint8_t flags[] = { 0, 3, 2 }; /* trust bits, segments */
    g_autoptr(GByteArray) content = g_byte_array_new();
    TkeByteBuilder inner = tke_byte_builder_into(content, CERTIFICATE_MAX);

    tke_der_octet_u32(&inner, 3); /* object version */
    put_octets(&inner, flags, sizeof flags);
    put_octets(&inner, adapter_types[fields->kind], 8);
    put_octets(&inner, fields->adapter_id, 12);
    put_octets(&inner, fields->source_config, sizeof fields->source_config);
    tke_der_octet_u32(&inner, fields->boot_count);
    put_octets(&inner, fields->signing_time, 16);
    put_sequence(builder, content);
}

static void
put_key_information(TkeByteBuilder *builder, const SimOaFields *fields, uint32_t algorithm,
                    const uint8_t ski[static SIM_OA_SKI_LEN])
{
    static const uint8_t root_ca[] = { 0 };
    g_autoptr(GByteArray) content = g_byte_array_new();
    TkeByteBuilder inner = tke_byte_builder_into(content, CERTIFICATE_MAX);

    tke_der_octet_u32(&inner, 1); /* object version */
    put_octets(&inner, root_ca, sizeof root_ca);
    tke_der_octet_u32(&inner, 2); /* key type */
    tke_der_octet_u32(&inner, algorithm);
    put_octets(&inner, ski, SIM_OA_SKI_LEN);
    put_info(&inner, fields);
    put_sequence(builder, content);
}

/* The [0] element of the ECC SignerInfo: what is signed together with meta and auxiliary data. */
static void
put_oa3_key(TkeByteBuilder *builder, const SimOaFields *fields)
{
    g_autoptr(GByteArray) content = g_byte_array_new();
    TkeByteBuilder inner = tke_byte_builder_into(content, CERTIFICATE_MAX);

    put_key_information(&inner, fields, 1, fields->subject_ski);
    put_spki(&inner, fields);
    tke_der_element(builder, 0xa0, content->data, content->len);
}

static void
put_oa3_signer(TkeByteBuilder *builder, const SimOaFields *fields,
               const uint8_t raw[static RAW_LEN])
{
    g_autoptr(GByteArray) content = g_byte_array_new();
    TkeByteBuilder inner = tke_byte_builder_into(content, CERTIFICATE_MAX);

    tke_byte_builder_bytes(&inner, version_3, sizeof version_3);
    tke_der_element(&inner, 0x80, fields->signer_ski, sizeof fields->signer_ski);
    tke_byte_builder_bytes(&inner, sha512_sequence, sizeof sha512_sequence);
    put_oa3_key(&inner, fields);
    tke_byte_builder_bytes(&inner, ecdsa_sequence, sizeof ecdsa_sequence);
    put_fixed_signature(&inner, raw);
    put_sequence(builder, content);
}

/* SEQUENCE { OID, NULL }. */
static void
put_dilithium_algorithm(TkeByteBuilder *builder, bool with_null)
{
    tke_der_header(builder, TKE_DER_SEQUENCE, sizeof dilithium_oid + (with_null ? 2 : 0));
    tke_byte_builder_bytes(builder, dilithium_oid, sizeof dilithium_oid);
    tke_byte_builder_bytes(builder, der_null, with_null ? 2 : 0);
}

/* Public key (2374 bytes) of filler: no public root lets anybody verify one. */
static void
put_dilithium_key(TkeByteBuilder *builder)
{
    tke_der_header(builder, TKE_DER_SEQUENCE, 2370);
    put_dilithium_algorithm(builder, true);
    tke_der_header(builder, TKE_DER_BIT_STRING, 2349);
    tke_byte_builder_u8(builder, 0);
    tke_der_header(builder, TKE_DER_SEQUENCE, 2344);
    tke_der_header(builder, TKE_DER_BIT_STRING, 33);
    tke_byte_builder_u8(builder, 0);
    tke_byte_builder_fill(builder, 0x33, 32);
    tke_der_header(builder, TKE_DER_BIT_STRING, 2305);
    tke_byte_builder_u8(builder, 0);
    tke_byte_builder_fill(builder, 0x44, 2304);
}

static void
put_dilithium_signer(TkeByteBuilder *builder, const SimOaFields *fields)
{
    g_autoptr(GByteArray) content = g_byte_array_new();
    g_autoptr(GByteArray) key = g_byte_array_new();
    TkeByteBuilder inner = tke_byte_builder_into(content, CERTIFICATE_MAX);
    TkeByteBuilder keys = tke_byte_builder_into(key, CERTIFICATE_MAX);
    uint8_t subject[SIM_OA_SKI_LEN];
    uint8_t signer[SIM_OA_SKI_LEN];

    memset(subject, 0x55, sizeof subject);
    memset(signer, 0x66, sizeof signer);
    put_key_information(&keys, fields, 2, subject);
    put_dilithium_key(&keys);
    tke_byte_builder_bytes(&inner, version_3, sizeof version_3);
    tke_der_element(&inner, 0x80, signer, sizeof signer);
    tke_byte_builder_bytes(&inner, sha512_sequence, sizeof sha512_sequence);
    tke_der_element(&inner, 0xa0, key->data, key->len);
    put_dilithium_algorithm(&inner, false);
    tke_der_header(&inner, TKE_DER_OCTET_STRING, 4690);
    put_dilithium_algorithm(&inner, true);
    tke_der_header(&inner, TKE_DER_BIT_STRING, 4669);
    tke_byte_builder_u8(&inner, 0);
    tke_byte_builder_fill(&inner, 0x77, 4668);
    put_sequence(builder, content);
}

static void
put_oa3(TkeByteBuilder *builder, const SimOaFields *fields, const uint8_t raw[static RAW_LEN])
{
    g_autoptr(GByteArray) content = g_byte_array_new();
    TkeByteBuilder inner = tke_byte_builder_into(content, CERTIFICATE_MAX);

    put_oa3_meta(&inner, fields);
    put_auxiliary(&inner, fields);
    put_oa3_signer(&inner, fields, raw);
    put_dilithium_signer(&inner, fields);
    put_sequence(builder, content);
}

GByteArray *
sim_oa_build_signed(const SimOaFields *fields)
{
    GByteArray *bytes = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(bytes, CERTIFICATE_MAX);

    switch (fields->kind) {
    case SIM_MODULE_CEX5:
        put_oa1_body(&builder, fields);
        break;
    case SIM_MODULE_CEX6:
    case SIM_MODULE_CEX7:
        put_oa2_signed(&builder, fields);
        break;
    case SIM_MODULE_CEX8:
        put_oa3_meta(&builder, fields);
        put_auxiliary(&builder, fields);
        put_oa3_key(&builder, fields);
        break;
    }
    return bytes;
}

GByteArray *
sim_oa_build_around(const SimOaFields *fields, const uint8_t raw[static RAW_LEN])
{
    GByteArray *bytes = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(bytes, CERTIFICATE_MAX);

    switch (fields->kind) {
    case SIM_MODULE_CEX5:
        put_oa1(&builder, fields, raw);
        break;
    case SIM_MODULE_CEX6:
    case SIM_MODULE_CEX7:
        put_oa2(&builder, fields, raw);
        break;
    case SIM_MODULE_CEX8:
        put_oa3(&builder, fields, raw);
        break;
    }
    return bytes;
}

GByteArray *
sim_oa_build_certificate(const SimOaFields *fields, EVP_PKEY *signer, GError **error)
{
    g_autoptr(GByteArray) message = sim_oa_build_signed(fields);
    uint8_t signature[TKE_EC_SIGNATURE_MAX] = { 0 };
    uint8_t raw[RAW_LEN] = { 0 };
    size_t len = 0;

    if (!tke_ec_key_sign(signer, message->data, message->len, signature, &len, error) ||
        !tke_ec_key_signature_to_raw(signature, len, raw, error)) {
        return NULL;
    }
    return sim_oa_build_around(fields, raw);
}
