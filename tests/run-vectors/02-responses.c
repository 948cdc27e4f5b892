/*
 * File 02: answers of crypto units (crypto-unit-protocol.md, 1.8, 1.9, 2.3, 2.6, 3.3, 5.6, section
 * 6).
 */
#include <string.h>

#include "common/byte-cursor.h"
#include "common/ec-key.h"
#include "libep11admin/admin-certificate.h"
#include "libep11admin/admin-response.h"
#include "libep11admin/attribute.h"
#include "libep11admin/control-point.h"
#include "libep11admin/importer-key.h"
#include "libep11admin/info-response.h"
#include "libep11admin/reason-code.h"
#include "tests/run-vectors/responses.h"
#include "tests/run-vectors/vectors.h"

extern const VectorKind vectors_responses[];

#define TOKEN_HEADER_LEN 26u
#define TOKEN_LENGTH_AT 24u

static void
run_framing(Vector *vector)
{
    g_autoptr(GError) error = NULL;
    GByteArray *payload = vector_open_response(vector, &error);

    if (vector_check_error(vector, error)) {
        vector_check_member_hex(vector, "payload_hex", payload->data, payload->len);
    }
}

/* Information queries */

static bool
open_info(Vector *vector, TkeInfoResponse *response, GError **error)
{
    GByteArray *payload = vector_open_response(vector, error);

    return payload != NULL && tke_info_response_parse(payload->data, payload->len, response, error);
}

static void
run_domain_info(Vector *vector)
{
    TkeInfoResponse response = { 0 };
    TkeDomainInfo info = { 0 };
    g_autoptr(GError) error = NULL;

    if (open_info(vector, &response, &error)) {
        tke_info_response_get_domain(&response, &info, &error);
    }
    if (vector_check_error(vector, error)) {
        vector_check_member_text(vector, "current_status",
                                 tke_info_response_register_word(info.current_state));
        vector_check_member_text(vector, "new_status",
                                 tke_info_response_register_word(info.new_state));
        vector_check_member_hex(vector, "current_vp_hex", info.current_vp, sizeof info.current_vp);
        vector_check_member_hex(vector, "new_vp_hex", info.new_vp, sizeof info.new_vp);
    }
}

static void
run_module_info(Vector *vector)
{
    TkeInfoResponse response = { 0 };
    TkeModuleInfo info = { 0 };
    g_autoptr(GError) error = NULL;
    g_autofree char *ordinal = NULL;
    g_autofree char *serial = NULL;

    if (open_info(vector, &response, &error)) {
        tke_info_response_get_module(&response, &info, &error);
    }
    if (!vector_check_error(vector, error)) {
        return;
    }
    ordinal = g_strdup_printf("%08x", info.api_ordinal);
    serial = g_strndup((const char *) info.module_id, TKE_ADMIN_SERIAL_LEN);
    vector_check_member_text(vector, "api_ordinal_hex", ordinal);
    vector_check_member_hex(vector, "firmware_id_hex", info.firmware_id, sizeof info.firmware_id);
    vector_check_member_int(vector, "api_major", info.ep11_major);
    vector_check_member_int(vector, "api_minor", info.ep11_minor);
    vector_check_member_int(vector, "csp_major", info.csp_major);
    vector_check_member_int(vector, "csp_minor", info.csp_minor);
    vector_check_member_hex(vector, "firmware_configuration_hex", info.firmware_configuration,
                            sizeof info.firmware_configuration);
    vector_check_member_hex(vector, "xcp_configuration_hex", info.ep11_configuration,
                            sizeof info.ep11_configuration);
    vector_check_member_hex(vector, "serial_number_hex", info.module_id, sizeof info.module_id);
    vector_check_member_text(vector, "serial_number_text", serial);
}

/* Administrative answers */

/* The module's key: a point, or the older token with a point in it; NULL and no error: none
 * known. */
static EVP_PKEY *
read_key(Vector *vector, GError **error)
{
    const char *text = vector_text(vector, vector->inputs, "verification_key_hex");
    GByteArray *bytes = NULL;
    TkeByteCursor point = { 0 };
    TkeByteCursor cursor = { 0 };
    uint16_t len = 0;

    if (strcmp(text, "not available") == 0) {
        return NULL;
    }
    bytes = vector_bytes(vector, vector->inputs, "verification_key_hex");
    point = tke_byte_cursor(bytes->data, bytes->len);
    cursor = point;
    if (bytes->len != TKE_EC_POINT_LEN && tke_byte_cursor_skip(&cursor, TOKEN_LENGTH_AT) &&
        tke_byte_cursor_u16(&cursor, &len) && bytes->len == TOKEN_HEADER_LEN + (size_t) len) {
        tke_byte_cursor_sub(&cursor, len, &point);
    }
    return tke_ec_key_from_point(point.data, point.len, error);
}

/* A verified answer of a command that was done; the vector owns it. */
static TkeAdminResponse *
open_admin(Vector *vector, GError **error)
{
    GByteArray *payload = vector_open_response(vector, error);
    g_autoptr(EVP_PKEY) key = NULL;
    TkeAdminResponse *response = NULL;

    if (payload == NULL) {
        return NULL;
    }
    response = tke_admin_response_parse(payload->data, payload->len, error);
    if (response == NULL) {
        return NULL;
    }
    vector_own(vector, response, (GDestroyNotify) tke_admin_response_free);
    key = read_key(vector, error);
    if (*error != NULL || (key != NULL && !tke_admin_response_verify(response, key, NULL, error)) ||
        !tke_admin_response_check_done(response, error)) {
        return NULL;
    }
    return response;
}

static TkeByteCursor
output_of(const TkeAdminResponse *response)
{
    gsize len = 0;
    const uint8_t *data = g_bytes_get_data(response->output, &len);

    return tke_byte_cursor(data, len);
}

static void
check_field(Vector *vector, JsonObject *block, const char *member, const uint8_t *got, size_t len)
{
    GByteArray *want = vector_bytes(vector, block, member);

    vector_check_bytes(vector, member, got, len, want->data, want->len);
}

static void
check_block(Vector *vector, const TkeAdminResponse *response)
{
    JsonObject *block = vector_object(vector, vector->expected, "admin_response_block");
    const TkeUnitIdentity *identity = &response->identity;
    g_autofree char *command = g_strdup_printf("%08x", response->command);
    g_autofree char *serial = g_strndup((const char *) identity->module_id, TKE_ADMIN_SERIAL_LEN);
    TkeByteCursor output = output_of(response);

    vector_check_text(vector, "command", command, vector_text(vector, block, "command_id_hex"));
    check_field(vector, block, "admin_domain_hex", identity->domain, sizeof identity->domain);
    check_field(vector, block, "module_id_hex", identity->module_id, sizeof identity->module_id);
    check_field(vector, block, "transaction_counter_hex", identity->counter,
                sizeof identity->counter);
    check_field(vector, block, "command_output_hex", output.data, output.len);
    vector_check_int(vector, "return_code", response->return_code,
                     vector_int(vector, block, "return_code"));
    vector_check_text(vector, "serial", serial, vector_text(vector, block, "module_serial"));
}

static void
run_admin(Vector *vector)
{
    g_autoptr(GError) error = NULL;
    TkeAdminResponse *response = open_admin(vector, &error);

    if (vector_check_error(vector, error)) {
        check_block(vector, response);
    }
}

static void
run_attributes(Vector *vector)
{
    g_autoptr(GError) error = NULL;
    TkeAdminResponse *response = open_admin(vector, &error);
    TkeAttributes attributes = { 0 };
    TkeByteCursor output = { 0 };

    if (!vector_check_error(vector, error)) {
        return;
    }
    check_block(vector, response);
    output = output_of(response);
    tke_attribute_parse(output.data, output.len, &attributes, NULL);
    vector_check_member_int(vector, "signature_threshold",
                            attributes.value[TKE_ATTRIBUTE_SIGN_THR]);
    vector_check_member_int(vector, "revocation_threshold",
                            attributes.value[TKE_ATTRIBUTE_REVOKE_THR]);
    vector_check_member_int(vector, "permissions", attributes.value[TKE_ATTRIBUTE_PERMS]);
    vector_check_member_int(vector, "operational_mode", attributes.value[TKE_ATTRIBUTE_MODE]);
    vector_check_member_int(vector, "standards_compliance", attributes.value[TKE_ATTRIBUTE_STD]);
}

static void
run_admin_list(Vector *vector)
{
    g_autoptr(GError) error = NULL;
    TkeAdminResponse *response = open_admin(vector, &error);
    const uint8_t *skis = NULL;
    size_t n = 0;

    if (response != NULL) {
        tke_admin_response_get_skis(response, &skis, &n, &error);
    }
    if (vector_check_error(vector, error)) {
        JsonArray *want = vector_array(vector, vector->expected, "skis");

        vector_check_int(vector, "number of administrators", (int64_t) n,
                         json_array_get_length(want));
        for (guint i = 0; i < MIN(n, json_array_get_length(want)); i++) {
            GByteArray *ski = vector_element_bytes(vector, want, i);

            vector_check_bytes(vector, "ski", skis + i * TKE_SKI_LEN, TKE_SKI_LEN, ski->data,
                               ski->len);
        }
    }
}

static void
run_admin_certificate(Vector *vector)
{
    g_autoptr(GError) error = NULL;
    TkeAdminResponse *response = open_admin(vector, &error);
    g_autoptr(TkeAdminCertificate) certificate = NULL;
    TkeByteCursor output = { 0 };
    const char *name = NULL;
    GByteArray *field = NULL;
    GByteArray *key = NULL;

    if (response != NULL) {
        output = output_of(response);
        certificate = tke_admin_certificate_parse(output.data, output.len, &error);
    }
    if (!vector_check_error(vector, error)) {
        return;
    }
    name = certificate->name == NULL ? "" : certificate->name;
    vector_check_member_text(vector, "name", name);
    vector_check_member_hex(vector, "name_hex", (const uint8_t *) name, strlen(name));
    vector_check_member_hex(vector, "ski", certificate->ski, sizeof certificate->ski);
    vector_check(vector,
                 certificate->made_by_tke ==
                     vector_bool(vector, vector->expected, "is_tke_certificate"),
                 "whether TKE made the certificate");
    /* Name field and key are in the certificate as they are; nobody takes them out. */
    field = vector_bytes(vector, vector->expected, "name_field_hex");
    key = vector_bytes(vector, vector->expected, "public_key_hex");
    vector_check(vector, memmem(output.data, output.len, field->data, field->len) != NULL,
                 "the certificate does not hold the name field");
    vector_check(vector, memmem(output.data, output.len, key->data, key->len) != NULL,
                 "the certificate does not hold the key");
}

static void
run_control_points(Vector *vector)
{
    g_autoptr(GError) error = NULL;
    TkeAdminResponse *response = open_admin(vector, &error);
    TkeControlPointSet set = { 0 };
    JsonArray *bits = NULL;
    guint at = 0;

    if (response != NULL) {
        TkeByteCursor output = output_of(response);

        tke_control_point_parse(output.data, output.len, &set, &error);
    }
    if (!vector_check_error(vector, error)) {
        return;
    }
    vector_check_member_hex(vector, "control_points_hex", set.bytes, sizeof set.bytes);
    bits = vector_array(vector, vector->expected, "set_bits");
    for (unsigned i = 0; i < TKE_CONTROL_POINTS; i++) {
        bool want =
            at < json_array_get_length(bits) && json_array_get_int_element(bits, at) == (int) i;

        vector_check(vector, tke_control_point_get(&set, i) == want, "control point %u", i);
        at += want ? 1 : 0;
    }
    vector_check_int(vector, "number of control points", at, json_array_get_length(bits));
}

static void
run_count(Vector *vector)
{
    g_autoptr(GError) error = NULL;
    TkeAdminResponse *response = open_admin(vector, &error);
    uint32_t count = 0;

    if (response != NULL) {
        tke_admin_response_get_count(response, &count, &error);
    }
    if (vector_check_error(vector, error)) {
        vector_check_member_int(vector, "count", count);
    }
}

static TkeImporterKey *
open_importer(Vector *vector, TkeImporterType type, GError **error)
{
    TkeAdminResponse *response = open_admin(vector, error);
    TkeByteCursor output = { 0 };

    if (response == NULL) {
        return NULL;
    }
    output = output_of(response);
    return tke_importer_key_parse(type, output.data, output.len, error);
}

static void
run_importer_ec(Vector *vector)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeImporterKey) key = open_importer(vector, TKE_IMPORTER_P521, &error);

    if (vector_check_error(vector, error)) {
        vector_check_member_hex(vector, "x_hex", key->point + 1, TKE_EC_SCALAR_LEN);
        vector_check_member_hex(vector, "y_hex", key->point + 1 + TKE_EC_SCALAR_LEN,
                                TKE_EC_SCALAR_LEN);
        vector_check_member_hex(vector, "ski", key->ski_xy, sizeof key->ski_xy);
    }
}

static void
run_importer_rsa(Vector *vector)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeImporterKey) key = open_importer(vector, TKE_IMPORTER_RSA_2048, &error);

    if (vector_check_error(vector, error)) {
        vector_check_member_hex(vector, "modulus_hex", key->modulus->data, key->modulus->len);
        vector_check_member_int(vector, "exponent", (int64_t) key->exponent);
        vector_check_member_hex(vector, "ski", key->ski, sizeof key->ski);
    }
}

static void
run_error_text(Vector *vector)
{
    g_autofree char *code =
        g_strstrip(g_strdup(vector_text(vector, vector->inputs, "return_code")));
    g_autofree char *reason =
        g_strstrip(g_strdup(vector_text(vector, vector->inputs, "reason_code")));
    bool want = vector_bool(vector, vector->expected, "found");
    gint64 code_number = 0;
    gint64 reason_number = TKE_REASON_NONE;
    TkeReasonText text = { 0 };
    bool found = false;

    /* Codes are texts here: with leading zeros IBM's client finds none. */
    if ((code[0] != '0' || code[1] == '\0') &&
        g_ascii_string_to_signed(code, 10, G_MININT32, G_MAXUINT32, &code_number, NULL)) {
        if (*reason != '\0' && (reason[0] != '0' || reason[1] == '\0')) {
            g_ascii_string_to_signed(reason, 10, 0, G_MAXUINT32, &reason_number, NULL);
        }
        found =
            tke_reason_code_lookup((uint32_t) code_number, reason_number, &text) && text.documented;
    }
    if (found && !want && code_number == TKE_RC_IBM_INTERNAL_ERROR) {
        vector_skip(vector, "the source never finds the text of its internal error 80010002");
        return;
    }
    vector_check(vector, found == want, "there should be %s text", want ? "a" : "no");
}

const VectorKind vectors_responses[] = {
    { "02-responses", "domain-info", run_domain_info, NULL },
    { "02-responses", "domain-info-length", run_domain_info, NULL },
    { "02-responses", "domain-info-malformed", run_domain_info, NULL },
    { "02-responses", "module-info", run_module_info, NULL },
    { "02-responses", "domain-attributes", run_attributes, NULL },
    { "02-responses", "admin-list", run_admin_list, NULL },
    { "02-responses", "admin-certificate-name", run_admin_certificate, NULL },
    { "02-responses", "control-points", run_control_points, NULL },
    { "02-responses", "certificate-count", run_count, NULL },
    { "02-responses", "importer-key-ec", run_importer_ec, NULL },
    { "02-responses", "importer-key-rsa", run_importer_rsa, NULL },
    { "02-responses", "htp-error", run_framing, NULL },
    { "02-responses", "htp-framing", run_framing, NULL },
    { "02-responses", "cprb-return-code", run_framing, NULL },
    { "02-responses", "cprb-ok", run_framing, NULL },
    { "02-responses", "admin-error-short", run_admin, NULL },
    { "02-responses", "admin-error-short-zero", run_admin, NULL },
    { "02-responses", "admin-error-outer", run_admin, NULL },
    { "02-responses", "admin-error-inner", run_admin, NULL },
    { "02-responses", "admin-response-structure", run_admin, NULL },
    { "02-responses", "response-signature-ok", run_admin, NULL },
    { "02-responses", "response-signature-ok-token", run_admin, NULL },
    { "02-responses", "response-signature-skipped", run_admin, NULL },
    { "02-responses", "response-signature-wrong-key", run_admin, NULL },
    { "02-responses", "response-signature-tampered-block", run_admin, NULL },
    { "02-responses", "response-signature-tampered-signature", run_admin, NULL },
    { "02-responses", "response-signature-other-ski", run_admin, NULL },
    { "02-responses", "response-signer-info", run_admin, NULL },
    { "02-responses", "response-key-format", run_admin, NULL },
    { "02-responses", "module-error-text", run_error_text, NULL },
    { 0 },
};
