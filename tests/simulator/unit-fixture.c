/*
 * The client side of the tests of virtual units.
 */
#include "tests/simulator/unit-fixture.h"

#include <glib/gstdio.h>
#include <openssl/x509.h>
#include <string.h>

#include "common/byte-builder.h"
#include "common/der.h"
#include "common/digest.h"
#include "common/ec-key.h"
#include "common/hex.h"
#include "simulator/sim-envelope.h"
#include "simulator/sim-json.h"
#include "simulator/sim-unit-internal.h"

#define REQUEST_MAX 131072u
#define INSTANCE "11111111-2222-3333-4444-555555555555"

static const char one_unit[] =
    "{'account':'a','user':'u','region':'r','resource_group':'g','instances':[{'id':'" INSTANCE
    "','units':[{'type':'operational','zone':'z','host':'h','module':4,'domain':37,"
    "'serial':'93AABC12','hsm_id':'unit-1'}]}]}";

static JsonObject *
parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *json = g_strdup(text);
    JsonObject *object = NULL;

    g_strdelimit(json, "'", '"');
    object = sim_json_parse(json, -1, &error);
    ck_assert_msg(object != NULL, "%s", error == NULL ? "" : error->message);
    return object;
}

static void
start(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSecret) token = sim_service_new_token(fixture->service, 0, &error);

    ck_assert_msg(token != NULL, "%s", error == NULL ? "" : error->message);
    g_free(fixture->authorization);
    fixture->authorization =
        g_strndup((const char *) tke_secret_bytes(token, NULL), tke_secret_len(token));
    fixture->unit = sim_service_get_unit(fixture->service, 0);
}

void
fixture_open_with(Fixture *fixture, const char *scenario)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) part = parse(scenario);

    *fixture = (Fixture){ .ordinal = 1 };
    fixture->dir = g_dir_make_tmp("tke-units-XXXXXX", &error);
    ck_assert_ptr_nonnull(fixture->dir);
    fixture->service = sim_service_new(part, fixture->dir, &error);
    ck_assert_msg(fixture->service != NULL, "%s", error == NULL ? "" : error->message);
    start(fixture);
}

void
fixture_open(Fixture *fixture)
{
    fixture_open_with(fixture, one_unit);
}

static void
remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name = NULL;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        remove_tree(child);
    }
    ck_assert_int_eq(g_remove(path), 0);
}

void
fixture_close(Fixture *fixture)
{
    sim_service_free(fixture->service);
    for (unsigned i = 0; i < FIXTURE_ADMINS; i++) {
        EVP_PKEY_free(fixture->admins[i].key);
        g_clear_pointer(&fixture->admins[i].certificate, g_byte_array_unref);
    }
    g_free(fixture->authorization);
    if (fixture->dir != NULL) {
        remove_tree(fixture->dir);
    }
    g_free(fixture->dir);
}

void
fixture_reload(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;

    sim_service_free(fixture->service);
    fixture->service = sim_service_load(fixture->dir, &error);
    ck_assert_msg(fixture->service != NULL, "%s", error == NULL ? "" : error->message);
    start(fixture);
}

void
fixture_fault(Fixture *fixture, const char *order)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) object = parse(order);

    ck_assert_msg(sim_service_fault(fixture->service, object, &error), "%s",
                  error == NULL ? "" : error->message);
}

static GByteArray *
self_sign(EVP_PKEY *key)
{
    g_autoptr(X509) x509 = X509_new();
    unsigned char *der = NULL;
    int len = 0;
    GByteArray *bytes = g_byte_array_new();

    ck_assert_int_eq(X509_set_version(x509, 2), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), 0);
    X509_gmtime_adj(X509_getm_notAfter(x509), 86400);
    ck_assert_int_eq(X509_set_pubkey(x509, key), 1);
    ck_assert_int_eq(X509_NAME_add_entry_by_txt(X509_get_issuer_name(x509), "CN", MBSTRING_ASC,
                                                (const unsigned char *) "admin", -1, -1, 0),
                     1);
    ck_assert_int_gt(X509_sign(x509, key, EVP_sha512()), 0);
    len = i2d_X509(x509, &der);
    ck_assert_int_gt(len, 0);
    g_byte_array_append(bytes, der, (guint) len);
    OPENSSL_free(der);
    return bytes;
}

const FixtureAdmin *
fixture_admin(Fixture *fixture, unsigned i)
{
    FixtureAdmin *admin = &fixture->admins[i];

    ck_assert_uint_lt(i, FIXTURE_ADMINS);
    if (admin->key == NULL) {
        admin->key = tke_ec_key_generate(NULL);
        ck_assert_ptr_nonnull(admin->key);
        ck_assert(tke_ec_key_get_ski(admin->key, admin->ski, NULL));
        admin->certificate = self_sign(admin->key);
    }
    return admin;
}

void
fixture_http(Fixture *fixture, const char *path, const char *body, SimReply *reply)
{
    const SimRequest request = {
        .method = body == NULL ? "GET" : "POST",
        .path = path,
        .authorization = fixture->authorization,
        .body = (const uint8_t *) body,
        .body_len = body == NULL ? 0 : strlen(body),
    };

    sim_service_handle(fixture->service, &request, reply);
}

/* The text of an HTPRequest around a payload (1.7, 1.9). */
char *
fixture_wrap(const Fixture *fixture, const GByteArray *payload)
{
    g_autoptr(GByteArray) cprb = sim_message_build_cprb(0x80, sim_unit_get_domain(fixture->unit), 0,
                                                        payload->data, payload->len);
    g_autofree char *hex = tke_hex_encode_upper(cprb->data, cprb->len);
    g_autofree char *rest =
        g_strdup_printf(";PCI request;XPNUM   ;%u;        ;%s", fixture->unit->module_index, hex);

    return g_strdup_printf("%zu%s", strlen(rest), rest);
}

Answer
fixture_send(Fixture *fixture, const GByteArray *payload)
{
    g_autofree char *text = fixture_wrap(fixture, payload);
    g_autofree char *body = g_strdup_printf("{\"request\":\"%s\"}", text);
    g_autofree char *path =
        g_strdup_printf("/v1/tke/%s/hsms/%s", sim_unit_get_instance_id(fixture->unit),
                        sim_unit_get_hsm_id(fixture->unit));
    g_auto(SimReply) reply = { 0 };
    Answer answer = { .output = g_byte_array_new() };

    fixture_http(fixture, path, body, &reply);
    ck_assert_int_eq(reply.action, SIM_REPLY_ANSWER);
    answer.status = reply.status;
    if (reply.status == 200) {
        g_autoptr(JsonObject) object =
            sim_json_parse((const char *) reply.body->data, (gssize) reply.body->len, NULL);

        ck_assert_ptr_nonnull(object);
        answer_read(fixture, &answer, json_object_get_string_member(object, "response"));
    }
    return answer;
}

GByteArray *
fixture_block(const Block *block)
{
    g_autoptr(GByteArray) content = g_byte_array_new();
    GByteArray *bytes = g_byte_array_new();
    TkeByteBuilder inner = tke_byte_builder_into(content, REQUEST_MAX);
    TkeByteBuilder outer = tke_byte_builder_into(bytes, REQUEST_MAX);

    tke_der_octet_u32(&inner, block->command);
    tke_der_element(&inner, TKE_DER_OCTET_STRING, block->domain, block->domain_len);
    tke_der_element(&inner, TKE_DER_OCTET_STRING, block->module_id, block->module_id_len);
    tke_der_element(&inner, TKE_DER_OCTET_STRING, block->counter, block->counter_len);
    tke_der_element(&inner, TKE_DER_OCTET_STRING, block->payload, block->payload_len);
    tke_der_element(&outer, TKE_DER_SEQUENCE, content->data, content->len);
    ck_assert(!inner.failed && !outer.failed);
    return bytes;
}

GByteArray *
fixture_request(const Fixture *fixture, const GByteArray *block, const GByteArray *signatures)
{
    g_autoptr(GByteArray) content = g_byte_array_new();
    GByteArray *bytes = g_byte_array_new();
    TkeByteBuilder inner = tke_byte_builder_into(content, REQUEST_MAX);
    TkeByteBuilder outer = tke_byte_builder_into(bytes, REQUEST_MAX);

    tke_der_octet_u32(&inner, fixture->ordinal << 16 | SIM_FUNCTION_ADMIN);
    tke_der_octet_u32(&inner, sim_unit_get_domain(fixture->unit));
    tke_der_element(&inner, TKE_DER_OCTET_STRING, block->data, block->len);
    tke_der_element(&inner, TKE_DER_OCTET_STRING, signatures == NULL ? NULL : signatures->data,
                    signatures == NULL ? 0 : signatures->len);
    tke_der_element(&outer, TKE_DER_SEQUENCE, content->data, content->len);
    ck_assert(!inner.failed && !outer.failed);
    return bytes;
}

void
fixture_sign(Fixture *fixture, unsigned admin, const GByteArray *block, GByteArray *signatures)
{
    const FixtureAdmin *signer = fixture_admin(fixture, admin);
    uint8_t signature[TKE_EC_SIGNATURE_MAX] = { 0 };
    size_t len = 0;
    g_autoptr(GByteArray) info = NULL;

    ck_assert(tke_ec_key_sign(signer->key, block->data, block->len, signature, &len, NULL));
    info = sim_message_build_signer_info(signer->ski, signature, len, false);
    g_byte_array_append(signatures, info->data, info->len);
}

Answer
fixture_query(Fixture *fixture, uint32_t query, const uint8_t *payload, size_t len)
{
    uint8_t domain[8] = { 0 };
    const Block block = { .command = SIM_QUERY_BIT | query,
                          .domain = domain,
                          .domain_len = sizeof domain,
                          .payload = payload,
                          .payload_len = len };
    g_autoptr(GByteArray) bytes = NULL;
    g_autoptr(GByteArray) request = NULL;

    domain[3] = query == 3 ? 0 : (uint8_t) sim_unit_get_domain(fixture->unit);
    bytes = fixture_block(&block);
    request = fixture_request(fixture, bytes, NULL);
    return fixture_send(fixture, request);
}

Block
fixture_next(Fixture *fixture, uint32_t command, const uint8_t *payload, size_t len)
{
    static uint8_t domain[8], module_id[16], counter[16];
    g_auto(Answer) state = fixture_query(fixture, 10, NULL, 0);
    TkeByteBuilder builder = { .out = domain, .size = sizeof domain };

    ck_assert_uint_eq(state.status, 200);
    tke_byte_builder_u32(&builder, state.domain);
    tke_byte_builder_u32(&builder, state.instance);
    memcpy(module_id, state.module_id, sizeof module_id);
    memcpy(counter, state.counter, sizeof counter);
    for (size_t i = sizeof counter; i-- > 0 && ++counter[i] == 0;) {
    }
    return (Block){ .command = command,
                    .domain = domain,
                    .domain_len = sizeof domain,
                    .module_id = module_id,
                    .module_id_len = sizeof module_id,
                    .counter = counter,
                    .counter_len = sizeof counter,
                    .payload = payload,
                    .payload_len = len };
}

Answer
fixture_command(Fixture *fixture, uint32_t command, const uint8_t *payload, size_t len,
                unsigned signers)
{
    const Block block = fixture_next(fixture, command, payload, len);
    g_autoptr(GByteArray) bytes = fixture_block(&block);
    g_autoptr(GByteArray) signatures = g_byte_array_new();
    g_autoptr(GByteArray) request = NULL;

    for (unsigned i = 0; i < signers; i++) {
        fixture_sign(fixture, i, bytes, signatures);
    }
    request = fixture_request(fixture, bytes, signatures);
    return fixture_send(fixture, request);
}

Answer
fixture_command_hex(Fixture *fixture, uint32_t command, const char *payload, unsigned signers)
{
    g_autoptr(GByteArray) bytes = tke_hex_decode(payload, -1, NULL);

    ck_assert_ptr_nonnull(bytes);
    return fixture_command(fixture, command, bytes->data, bytes->len, signers);
}

Answer
fixture_info(Fixture *fixture, uint32_t query)
{
    g_autoptr(GByteArray) content = g_byte_array_new();
    g_autoptr(GByteArray) request = g_byte_array_new();
    TkeByteBuilder inner = tke_byte_builder_into(content, REQUEST_MAX);
    TkeByteBuilder outer = tke_byte_builder_into(request, REQUEST_MAX);

    tke_der_octet_u32(&inner, fixture->ordinal << 16 | SIM_FUNCTION_INFO);
    tke_der_octet_u32(&inner, sim_unit_get_domain(fixture->unit));
    tke_der_octet_u32(&inner, query);
    tke_der_octet_u32(&inner, 0);
    tke_der_element(&outer, TKE_DER_SEQUENCE, content->data, content->len);
    return fixture_send(fixture, request);
}

void
check_answer_ok(const Answer *answer)
{
    ck_assert_uint_eq(answer->status, 200);
    ck_assert_uint_eq(answer->htp_type, 0);
    ck_assert_uint_eq(answer->outer, 0);
    ck_assert_msg(answer->return_code == 0, "refused: %u-%u", answer->return_code, answer->reason);
    ck_assert(answer->is_signed);
}

void
check_answer_codes(Answer answer, uint32_t return_code, uint32_t reason)
{
    g_auto(Answer) taken = answer;

    check_answer_refused(&taken, return_code, reason);
}

void
check_answer_refused(const Answer *answer, uint32_t return_code, uint32_t reason)
{
    ck_assert_uint_eq(answer->status, 200);
    ck_assert_uint_eq(answer->outer, 0);
    ck_assert_msg(answer->return_code == return_code && answer->reason == reason,
                  "%u-%u expected, got %u-%u", return_code, reason, answer->return_code,
                  answer->reason);
    ck_assert_uint_eq(answer->output->len, 0);
    ck_assert(answer->is_signed);
}

Answer
fixture_set_attribute(Fixture *fixture, uint32_t index, uint32_t value, unsigned signers)
{
    g_autofree char *hex = g_strdup_printf("%08x%08x", index, value);

    return fixture_command_hex(fixture, 8, hex, signers);
}

Answer
fixture_add_admin(Fixture *fixture, unsigned i)
{
    const FixtureAdmin *admin = fixture_admin(fixture, i);

    return fixture_command(fixture, 2, admin->certificate->data, admin->certificate->len, 0);
}

void
fixture_set_up(Fixture *fixture, unsigned admins, unsigned sig, unsigned rev)
{
    g_autofree char *hex = g_strdup_printf("00000001%08x00000002%08x", sig, rev);
    g_auto(Answer) last = { 0 };

    for (unsigned i = 0; i < admins; i++) {
        const FixtureAdmin *admin = fixture_admin(fixture, i);
        g_auto(Answer) answer =
            fixture_command(fixture, 2, admin->certificate->data, admin->certificate->len, 0);

        check_answer_ok(&answer);
    }
    last = fixture_command_hex(fixture, 8, hex, sig);
    check_answer_ok(&last);
}

EVP_PKEY *
fixture_importer(Fixture *fixture)
{
    g_auto(Answer) answer = fixture_command_hex(fixture, 9, "00000003", 1);
    EVP_PKEY *key = NULL;

    check_answer_ok(&answer);
    ck_assert_uint_eq(answer.output->len, 158);
    key = tke_ec_key_from_point(answer.output->data + 25, TKE_EC_POINT_LEN, NULL);
    ck_assert_ptr_nonnull(key);
    return key;
}

GByteArray *
fixture_import_part(Fixture *fixture, EVP_PKEY *importer, const Block *outer, uint8_t byte,
                    unsigned admin)
{
    g_autoptr(TkeSecret) part = tke_secret_new(32, NULL);
    g_autoptr(GByteArray) envelope = NULL;
    g_autoptr(GByteArray) block = NULL;
    g_autoptr(GByteArray) signatures = g_byte_array_new();
    Block inner = *outer;

    memset(tke_secret_fill(part, NULL), byte, 32);
    envelope = sim_envelope_seal(importer, part, NULL);
    ck_assert_ptr_nonnull(envelope);
    inner.payload = envelope->data;
    inner.payload_len = envelope->len;
    block = fixture_block(&inner);
    fixture_sign(fixture, admin, block, signatures);
    return fixture_request(fixture, block, signatures);
}

Answer
fixture_import(Fixture *fixture, EVP_PKEY *importer, const uint8_t *bytes, unsigned n)
{
    Block outer = fixture_next(fixture, 0x0c, NULL, 0);
    g_autoptr(GByteArray) parts = g_byte_array_new();
    g_autoptr(GByteArray) block = NULL;
    g_autoptr(GByteArray) request = NULL;

    for (unsigned i = 0; i < n; i++) {
        g_autoptr(GByteArray) part = fixture_import_part(fixture, importer, &outer, bytes[i], 0);

        g_byte_array_append(parts, part->data, part->len);
    }
    outer.payload = parts->data;
    outer.payload_len = parts->len;
    block = fixture_block(&outer);
    request = fixture_request(fixture, block, NULL);
    return fixture_send(fixture, request);
}

void
fixture_load_key(Fixture *fixture, const uint8_t *bytes, unsigned n)
{
    g_autoptr(EVP_PKEY) importer = fixture_importer(fixture);
    g_auto(Answer) import = fixture_import(fixture, importer, bytes, n);
    g_auto(Answer) commit = { 0 };
    g_auto(Answer) finalize = { 0 };
    unsigned sig = sim_unit_get_attribute(fixture->unit, 1);

    check_answer_ok(&import);
    commit = fixture_command(fixture, 0x0d, import.output->data, 32, sig);
    check_answer_ok(&commit);
    finalize = fixture_command(fixture, 0x0e, import.output->data, 32, 0);
    check_answer_ok(&finalize);
}
