/*
 * Export of a master key to key part holders (crypto-unit-protocol.md, 3.2.6, 4.7 and 4.8).
 */
#include "simulator/sim-unit-internal.h"

#include <string.h>

#include "common/byte-builder.h"
#include "common/certificate.h"
#include "common/der.h"
#include "common/ec-key.h"
#include "simulator/sim-envelope.h"

#define MAP_MAX 262144u
#define SECTION_HEAD 6u

/* Sections of a parameter map. */
enum {
    SECTION_DOMAINS_MASK = 0x0003,
    SECTION_SIG_CERTS = 0x0015,
    SECTION_KEYPART = 0x0019,
    SECTION_LIMIT = 0x001c,
    SECTION_CERT = 0x001d,
    SECTION_CERT_AUTH = 0x001e,
    SECTION_SCOPE = 0x001f,
};

/* Restriction bits. */
#define SCOPE_KNOWN 0x6fu
#define SCOPE_NO_HOLDER_CERTS 0x04u
#define SCOPE_NO_CHAIN 0x08u

/* TKE's own form of a holder's certificate (4.8). */
#define HOLDER_LEN 309u
#define HOLDER_KIND 36u
#define HOLDER_CURVE 40u
#define HOLDER_POINT 44u

typedef struct Request {
    bool has_limit, has_scope;
    uint32_t limit, scope;
    unsigned n;
    EVP_PKEY *holders[SIM_PARTS_MAX]; /* by index */
    TkeByteCursor certificates[SIM_PARTS_MAX];
} Request;

static void
request_clear(Request *request)
{
    for (unsigned i = 0; i < SIM_PARTS_MAX; i++) {
        g_clear_pointer(&request->holders[i], EVP_PKEY_free);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Request, request_clear)

static SimCode
refuse(uint32_t reason)
{
    return SIM_CODE(SIM_RC_DATA, reason);
}

/* The holder's key from TKE's form or from an X.509 certificate; NULL if it is neither. */
static EVP_PKEY *
read_holder(TkeByteCursor certificate)
{
    static const uint8_t curve[] = { 0x00, 0x85, 0x02, 0x09, 0x04 };
    g_autoptr(TkeCertificate) x509 = NULL;

    if (certificate.len == HOLDER_LEN && certificate.data[HOLDER_KIND] == 'K') {
        if (memcmp(certificate.data + HOLDER_CURVE, curve, sizeof curve) != 0) {
            return NULL;
        }
        return tke_ec_key_from_point(certificate.data + HOLDER_POINT, TKE_EC_POINT_LEN, NULL);
    }
    x509 = tke_certificate_parse(certificate.data, certificate.len, NULL);
    if (x509 == NULL || x509->key == NULL ||
        (EVP_PKEY_is_a(x509->key, "RSA") != 1 && !tke_ec_key_is_p521(x509->key))) {
        return NULL;
    }
    return g_steal_pointer(&x509->key);
}

static SimCode
read_certificate(Request *request, uint32_t index, TkeByteCursor data)
{
    if (index >= SIM_PARTS_MAX || request->holders[index] != NULL) {
        return refuse(SIM_RSC_EXPR_INDEX_INVALID);
    }
    request->holders[index] = read_holder(data);
    if (request->holders[index] == NULL) {
        return SIM_CODE(SIM_RC_DOMAIN, SIM_RSC_EXPR_CERT_INVALID);
    }
    request->certificates[index] = data;
    request->n++;
    return SIM_OK;
}

static SimCode
read_section(const SimCommand *command, Request *request, TkeByteCursor section)
{
    TkeByteCursor data = { 0 };
    uint16_t tag = 0;
    uint32_t auxiliary = 0;

    if (!tke_byte_cursor_u16(&section, &tag) || !tke_byte_cursor_u32(&section, &auxiliary) ||
        !tke_byte_cursor_sub(&section, tke_byte_cursor_left(&section), &data)) {
        return refuse(SIM_RSC_IMPR_STATE_STRUCT);
    }
    switch (tag) {
    case SECTION_LIMIT:
        if (request->has_limit && auxiliary != request->limit) {
            return refuse(SIM_RSC_EXPR_KEYPART_DIFF_LIMIT);
        }
        request->has_limit = true;
        request->limit = auxiliary;
        return SIM_OK;
    case SECTION_CERT:
        return read_certificate(request, auxiliary, data);
    case SECTION_SCOPE:
        request->scope = auxiliary;
        return (auxiliary & ~SCOPE_KNOWN) == 0 ? SIM_OK : refuse(SIM_RSC_EXPR_SCOPE_INVALID);
    case SECTION_DOMAINS_MASK: /* as IBM's host library sends it: the first 32 domains at most */
        return command->unit->domain < 32 && auxiliary == 0x80000000u >> command->unit->domain
                   ? SIM_OK
                   : refuse(SIM_RSC_EXPR_DOMMASK_DIFF);
    case SECTION_CERT_AUTH: /* ignored by modules */
        return SIM_OK;
    default:
        return refuse(SIM_RSC_IMPR_STATE_STRUCT);
    }
}

static SimCode
read_request(const SimCommand *command, Request *request)
{
    TkeByteCursor payload = command->block->payload;
    TkeByteCursor map = { 0 };
    SimCode code = SIM_OK;

    if (payload.len == 0) {
        return SIM_CODE(SIM_RC_DATA_LEN, SIM_RSC_NONE);
    }
    if (!tke_der_read(&payload, TKE_DER_SEQUENCE, &map) || tke_byte_cursor_left(&payload) != 0) {
        return refuse(SIM_RSC_IMPR_STATE_STRUCT);
    }
    while (!SIM_REFUSED(code) && tke_byte_cursor_left(&map) > 0) {
        TkeByteCursor section = { 0 };

        code = tke_der_read(&map, TKE_DER_OCTET_STRING, &section)
                   ? read_section(command, request, section)
                   : refuse(SIM_RSC_IMPR_STATE_STRUCT);
    }
    return code;
}

/* M and the number of holders; only M = N is made here (8, 4). */
static SimCode
check_request(const SimCommand *command, const Request *request)
{
    uint32_t permissions = command->state->attributes[SIM_ATTR_PERMS];

    for (unsigned i = 0; i < request->n; i++) {
        if (request->holders[i] == NULL) { /* the indexes leave a gap */
            return refuse(SIM_RSC_EXPR_INDEX_INVALID);
        }
    }
    if (!request->has_limit || request->limit == 0) {
        return refuse(SIM_RSC_EXPR_KEYPART_ZEROLIMIT);
    }
    if (request->limit != request->n) {
        return refuse(SIM_RSC_EXPR_KEYPART_LIMIT);
    }
    if (request->n == 1 && (permissions & SIM_PERM_WK_1PART) == 0) {
        return SIM_CODE(SIM_RC_FORBIDDEN, SIM_RSC_EXPR_SINGLE_KEYPART);
    }
    return SIM_OK;
}

static void
put_section(TkeByteBuilder *builder, uint16_t tag, uint32_t auxiliary, const uint8_t *data,
            size_t len)
{
    tke_der_header(builder, TKE_DER_OCTET_STRING, SECTION_HEAD + len);
    tke_byte_builder_u16(builder, tag);
    tke_byte_builder_u32(builder, auxiliary);
    tke_byte_builder_bytes(builder, data, len);
}

/* The key as parts whose exclusive-or it is, each for one holder. */
static bool
put_parts(TkeByteBuilder *builder, const Request *request, const TkeSecret *key, GError **error)
{
    g_autoptr(TkeSecret) rest = tke_secret_new_slice(key, 0, SIM_KEY_LEN, error);

    for (unsigned i = 0; i < request->n && rest != NULL; i++) {
        bool is_last = i + 1 == request->n;
        g_autoptr(TkeSecret) part =
            is_last ? g_steal_pointer(&rest) : tke_secret_new_random(SIM_KEY_LEN, error);
        g_autoptr(GByteArray) envelope =
            part == NULL ? NULL : sim_envelope_seal(request->holders[i], part, error);

        if (envelope == NULL) {
            return false;
        }
        put_section(builder, SECTION_KEYPART, i, envelope->data, envelope->len);
        if (is_last) {
            return true;
        }
        tke_secret_xor(rest, part);
    }
    return false;
}

/* What the scope did not exclude: the holders' certificates and the chain of the module. */
static bool
put_extras(TkeByteBuilder *builder, SimCommand *command, const Request *request, GError **error)
{
    for (unsigned i = 0; i < request->n && (request->scope & SCOPE_NO_HOLDER_CERTS) == 0; i++) {
        put_section(builder, SECTION_CERT, i, request->certificates[i].data,
                    request->certificates[i].len);
    }
    for (unsigned i = 0; i < SIM_CHAIN_LEN && (request->scope & SCOPE_NO_CHAIN) == 0; i++) {
        const GByteArray *certificate =
            sim_module_get_certificate(command->unit->module, command->chain, i, error);

        if (certificate == NULL) {
            return false;
        }
        put_section(builder, SECTION_SIG_CERTS, i, certificate->data, certificate->len);
    }
    return true;
}

static SimCode
export_wk(SimCommand *command, SimRegisterId which)
{
    const SimRegister *reg = &command->state->registers[which];
    g_auto(Request) request = { 0 };
    g_autoptr(GByteArray) map = g_byte_array_new();
    TkeByteBuilder sections = tke_byte_builder_into(map, MAP_MAX);
    TkeByteBuilder output = tke_byte_builder_into(command->output, MAP_MAX);
    GError *error = NULL;
    SimCode code = SIM_OK;

    if ((command->state->attributes[SIM_ATTR_PERMS] & SIM_PERM_WK_EXPORT) == 0) {
        return SIM_CODE(SIM_RC_FORBIDDEN, SIM_RSC_EXPORT_WK_PROHIBITED);
    }
    if (reg->key == NULL) {
        return SIM_CODE(SIM_RC_KEY_NEEDED, which == SIM_REGISTER_CURRENT ? SIM_RSC_WK_MISSING
                                                                         : SIM_RSC_NEXT_WK_MISSING);
    }
    code = read_request(command, &request);
    if (!SIM_REFUSED(code)) {
        code = check_request(command, &request);
    }
    if (SIM_REFUSED(code)) {
        return code;
    }
    if (!put_parts(&sections, &request, reg->key, &error) ||
        !put_extras(&sections, command, &request, &error)) {
        return sim_unit_internal(error);
    }
    if (command->unit->options->export_limit > 0 &&
        map->len > command->unit->options->export_limit) {
        return SIM_CODE(SIM_RC_TRANSPORT_LIMIT, SIM_RSC_NONE);
    }
    tke_der_element(&output, TKE_DER_SEQUENCE, map->data, map->len);
    return SIM_OK;
}

SimCode
sim_cmd_export_wk(SimCommand *command)
{
    return export_wk(command, SIM_REGISTER_CURRENT);
}

SimCode
sim_cmd_export_next_wk(SimCommand *command)
{
    return export_wk(command, SIM_REGISTER_PENDING);
}
