/*
 * What programs send to a virtual crypto unit: bodies of requests as they come, payloads inside
 * HTP and CPRB, commands with the right identity and counter that both administrators have signed,
 * envelopes of key parts.
 *
 * Records: form (u8), length (u16), bytes. In a signed command the first four bytes are its
 * number; where they name a query it is sent as one. Each input begins with the same unit.
 */
#include <openssl/x509.h>
#include <string.h>

#include "common/byte-builder.h"
#include "common/der.h"
#include "common/ec-key.h"
#include "common/hex.h"
#include "simulator/sim-envelope.h"
#include "simulator/sim-json.h"
#include "simulator/sim-service.h"
#include "simulator/sim-unit-internal.h"
#include "tests/fuzz/fuzz-dir.h"
#include "tests/fuzz/fuzz-random.h"

#define ADMINS 2u
#define REQUEST_MAX 131072u
#define INSTANCE "11111111-2222-3333-4444-555555555555"
#define HSM_ID "unit-1"
#define PATH "/v1/tke/" INSTANCE "/hsms/" HSM_ID

enum { FORM_BODY, FORM_PAYLOAD, FORM_SIGNED, FORM_ENVELOPE, FORMS };

static const char scenario[] =
    "{\"account\":\"a\",\"user\":\"u\",\"region\":\"r\",\"resource_group\":\"g\","
    "\"instances\":[{\"id\":\"" INSTANCE "\",\"units\":[{"
    "\"type\":\"operational\",\"zone\":\"z\",\"host\":\"h\",\"module\":4,\"domain\":0,"
    "\"serial\":\"93AABC12\",\"hsm_id\":\"" HSM_ID "\"}]}]}";

typedef struct Host {
    char *dir;
    SimService *service;
    SimUnit *unit;
    SimUnitState *first; /* what the unit is at the start of each input */
    char *authorization;
    EVP_PKEY *keys[ADMINS];
} Host;

static Host host;

static void
stop(void)
{
    for (unsigned i = 0; i < ADMINS; i++) {
        EVP_PKEY_free(host.keys[i]);
    }
    sim_unit_state_free(host.first);
    sim_service_free(host.service);
    fuzz_dir_remove(host.dir);
    g_free(host.dir);
    g_free(host.authorization);
}

/* An administrator with a self-signed certificate. */
static SimAdmin *
new_admin(EVP_PKEY *key)
{
    g_autoptr(X509) x509 = X509_new();
    unsigned char *der = NULL;
    SimAdmin *admin = NULL;
    int len = 0;

    FUZZ_REQUIRE(X509_set_version(x509, 2) == 1 && X509_set_pubkey(x509, key) == 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), 0);
    X509_gmtime_adj(X509_getm_notAfter(x509), 86400);
    FUZZ_REQUIRE(X509_sign(x509, key, EVP_sha512()) > 0);
    len = i2d_X509(x509, &der);
    FUZZ_REQUIRE(len > 0);
    admin = sim_admin_new(der, (size_t) len, NULL);
    OPENSSL_free(der);
    FUZZ_REQUIRE(admin != NULL);
    return admin;
}

/* Two administrators, of whom one is enough, an importer key. */
static SimUnitState *
first_state(const SimUnit *unit)
{
    SimUnitState *state = sim_unit_state_dup(unit->state, NULL);

    FUZZ_REQUIRE(state != NULL);
    for (unsigned i = 0; i < ADMINS; i++) {
        host.keys[i] = tke_ec_key_generate(NULL);
        FUZZ_REQUIRE(host.keys[i] != NULL);
        g_ptr_array_add(state->admins, new_admin(host.keys[i]));
    }
    state->attributes[SIM_ATTR_SIGN_THR] = 1;
    state->attributes[SIM_ATTR_REVOKE_THR] = 1;
    state->importer = tke_ec_key_generate(NULL);
    FUZZ_REQUIRE(state->importer != NULL && !sim_unit_state_in_imprint_mode(state));
    return state;
}

static void
start(void)
{
    g_autoptr(JsonObject) part = sim_json_parse(scenario, -1, NULL);
    g_autoptr(TkeSecret) token = NULL;

    host.dir = fuzz_dir_new();
    FUZZ_REQUIRE(part != NULL);
    host.service = sim_service_new(part, host.dir, NULL);
    FUZZ_REQUIRE(host.service != NULL);
    token = sim_service_new_token(host.service, G_MAXINT32, NULL);
    FUZZ_REQUIRE(token != NULL);
    host.authorization =
        g_strndup((const char *) tke_secret_bytes(token, NULL), tke_secret_len(token));
    host.unit = sim_service_get_unit(host.service, 0);
    host.first = first_state(host.unit);
    atexit(stop);
}

/* ---- requests ---- */

static void
send_body(const uint8_t *body, size_t len)
{
    const SimRequest request = { .method = "POST",
                                 .path = PATH,
                                 .authorization = host.authorization,
                                 .body = body,
                                 .body_len = len };
    g_auto(SimReply) reply = { 0 };

    sim_service_handle(host.service, &request, &reply);
    FUZZ_REQUIRE(reply.action == SIM_REPLY_ANSWER && reply.body != NULL && reply.status < 500);
    FUZZ_REQUIRE(reply.body->data[reply.body->len] == '\0');
}

static void
send_payload(const uint8_t *payload, size_t len)
{
    g_autoptr(GByteArray) cprb =
        sim_message_build_cprb(0x80, sim_unit_get_domain(host.unit), 0, payload, len);
    g_autofree char *hex = tke_hex_encode_upper(cprb->data, cprb->len);
    g_autofree char *rest =
        g_strdup_printf(";PCI request;XPNUM   ;%u;        ;%s", host.unit->module_index, hex);
    g_autofree char *body = g_strdup_printf("{\"request\":\"%zu%s\"}", strlen(rest), rest);

    send_body((const uint8_t *) body, strlen(body));
}

static void
add_one(uint8_t counter[static SIM_COUNTER_LEN])
{
    for (unsigned i = SIM_COUNTER_LEN; i > 0 && ++counter[i - 1] == 0; i--) {
    }
}

/* xcpAdminBlk with what the unit wants to see. */
static GByteArray *
new_block(uint32_t command, const uint8_t *payload, size_t len)
{
    const bool query = (command & SIM_QUERY_BIT) != 0;
    g_autoptr(GByteArray) content = g_byte_array_new();
    GByteArray *bytes = g_byte_array_new();
    TkeByteBuilder inner = tke_byte_builder_into(content, REQUEST_MAX);
    TkeByteBuilder outer = tke_byte_builder_into(bytes, REQUEST_MAX);
    uint8_t domain[8] = { 0 };
    uint8_t module_id[SIM_MODULE_ID_LEN] = { 0 };
    uint8_t counter[SIM_COUNTER_LEN] = { 0 };
    TkeByteBuilder b = { .out = domain, .size = sizeof domain };

    tke_byte_builder_u32(&b, sim_unit_get_domain(host.unit));
    tke_byte_builder_u32(&b, query ? 0 : host.unit->state->instance);
    sim_module_get_id(host.unit->module, module_id);
    sim_unit_get_counter(host.unit, counter);
    add_one(counter);
    tke_der_octet_u32(&inner, command);
    tke_der_element(&inner, TKE_DER_OCTET_STRING, domain, sizeof domain);
    tke_der_element(&inner, TKE_DER_OCTET_STRING, module_id, query ? 0 : sizeof module_id);
    tke_der_element(&inner, TKE_DER_OCTET_STRING, counter, query ? 0 : sizeof counter);
    tke_der_element(&inner, TKE_DER_OCTET_STRING, payload, len);
    tke_der_element(&outer, TKE_DER_SEQUENCE, content->data, content->len);
    FUZZ_REQUIRE(!inner.failed && !outer.failed);
    return bytes;
}

static void
add_signature(EVP_PKEY *key, const GByteArray *block, GByteArray *signatures)
{
    uint8_t ski[SIM_SKI_LEN] = { 0 };
    uint8_t signature[TKE_EC_SIGNATURE_MAX] = { 0 };
    size_t len = 0;
    g_autoptr(GByteArray) info = NULL;

    FUZZ_REQUIRE(tke_ec_key_get_ski(key, ski, NULL));
    FUZZ_REQUIRE(tke_ec_key_sign(key, block->data, block->len, signature, &len, NULL));
    info = sim_message_build_signer_info(ski, signature, len, false);
    g_byte_array_append(signatures, info->data, info->len);
}

static void
send_signed(TkeByteCursor bytes)
{
    g_autoptr(GByteArray) content = g_byte_array_new();
    g_autoptr(GByteArray) request = g_byte_array_new();
    g_autoptr(GByteArray) signatures = g_byte_array_new();
    g_autoptr(GByteArray) block = NULL;
    TkeByteBuilder inner = tke_byte_builder_into(content, REQUEST_MAX);
    TkeByteBuilder outer = tke_byte_builder_into(request, REQUEST_MAX);
    uint32_t command = 0;

    if (!tke_byte_cursor_u32(&bytes, &command)) {
        return;
    }
    block = new_block(command, bytes.data + bytes.pos, tke_byte_cursor_left(&bytes));
    for (unsigned i = 0; i < ADMINS && (command & SIM_QUERY_BIT) == 0; i++) {
        add_signature(host.keys[i], block, signatures);
    }
    tke_der_octet_u32(&inner, 1u << 16 | SIM_FUNCTION_ADMIN);
    tke_der_octet_u32(&inner, sim_unit_get_domain(host.unit));
    tke_der_element(&inner, TKE_DER_OCTET_STRING, block->data, block->len);
    tke_der_element(&inner, TKE_DER_OCTET_STRING, signatures->data, signatures->len);
    tke_der_element(&outer, TKE_DER_SEQUENCE, content->data, content->len);
    FUZZ_REQUIRE(!inner.failed && !outer.failed);
    send_payload(request->data, request->len);
}

static void
open_envelope(TkeByteCursor bytes)
{
    g_autoptr(TkeSecret) part = NULL;
    SimCode code = sim_envelope_open(host.first->importer, bytes, &part);

    FUZZ_REQUIRE((code.return_code == 0) == (part != NULL));
    FUZZ_REQUIRE(part == NULL || tke_secret_len(part) == SIM_KEY_LEN);
}

static void
check_unit(void)
{
    const SimUnitState *state = host.unit->state;

    FUZZ_REQUIRE(state->admins->len <= SIM_ADMINS_MAX);
    FUZZ_REQUIRE(state->attributes[SIM_ATTR_SIGN_THR] <= state->admins->len);
    FUZZ_REQUIRE(state->attributes[SIM_ATTR_REVOKE_THR] <= state->admins->len);
    for (unsigned i = 0; i < G_N_ELEMENTS(state->registers); i++) {
        const SimRegister *one = &state->registers[i];

        FUZZ_REQUIRE(one->n_parts <= SIM_PARTS_MAX && (one->key != NULL || !one->committed));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TkeByteCursor cursor = tke_byte_cursor(data, size);
    TkeByteCursor bytes = { 0 };
    uint8_t form = 0;
    uint16_t len = 0;

    if (!tke_secret_heap_init(NULL)) {
        return 0;
    }
    fuzz_random_start();
    if (host.service == NULL) {
        start();
    }
    sim_unit_state_free(host.unit->state);
    host.unit->state = sim_unit_state_dup(host.first, NULL);
    while (tke_byte_cursor_u8(&cursor, &form) && tke_byte_cursor_u16(&cursor, &len) &&
           tke_byte_cursor_sub(&cursor, len, &bytes)) {
        switch (form % FORMS) {
        case FORM_BODY:
            send_body(bytes.data + bytes.pos, len);
            break;
        case FORM_PAYLOAD:
            send_payload(bytes.data + bytes.pos, len);
            break;
        case FORM_SIGNED:
            send_signed(bytes);
            break;
        default:
            open_envelope(bytes);
        }
        check_unit();
    }
    return 0;
}
