/*
 * File 01: requests to crypto units (crypto-unit-protocol.md, sections 1 to 4).
 */
#include <string.h>

#include "common/byte-builder.h"
#include "common/byte-cursor.h"
#include "libep11admin/admin-block.h"
#include "libep11admin/admin-request.h"
#include "libep11admin/attribute.h"
#include "libep11admin/importer-key.h"
#include "libep11admin/signer-info.h"
#include "libep11admin/wire-message.h"
#include "tests/run-vectors/key-files.h"
#include "tests/run-vectors/vectors.h"

extern const VectorKind vectors_requests[];

static uint32_t
input_u32(Vector *vector, const char *member)
{
    int64_t value = vector_int(vector, vector->inputs, member);

    vector_check(vector, value >= 0 && value <= G_MAXUINT32, "%s is no 32-bit number", member);
    return (uint32_t) value;
}

/* A value of fixed length. */
static void
input_exact(Vector *vector, const char *member, uint8_t *out, size_t len)
{
    GByteArray *bytes = vector_bytes(vector, vector->inputs, member);

    if (vector_check(vector, bytes->len == len, "%s has another length", member)) {
        memcpy(out, bytes->data, len);
    }
}

static void
check_wire(Vector *vector, const uint8_t *payload, size_t len)
{
    uint32_t module_index = input_u32(vector, "crypto_module_index");
    g_autoptr(GByteArray) cprb =
        tke_wire_message_new_cprb(input_u32(vector, "domain_index"), payload, len);
    g_autofree char *request =
        tke_wire_message_new_htp_request(module_index, cprb->data, cprb->len);

    vector_check_member_hex(vector, "cprb_hex", cprb->data, cprb->len);
    vector_check_member_text(vector, "htp_request", request);
}

static void
check_request(Vector *vector, const GByteArray *request)
{
    vector_check_member_hex(vector, "ep11_request_hex", request->data, request->len);
    check_wire(vector, request->data, request->len);
}

/* Queries */

static void
check_query(Vector *vector, TkeAdminCommand query, const uint8_t *payload, size_t len)
{
    uint32_t domain = input_u32(vector, "domain_index");
    g_autoptr(GByteArray) block = tke_admin_block_new_query(query, domain, payload, len);
    g_autoptr(GByteArray) request = tke_admin_request_new(domain, block->data, block->len, NULL, 0);

    vector_check_member_hex(vector, "admin_block_hex", block->data, block->len);
    check_request(vector, request);
}

static void
run_query(Vector *vector)
{
    static const struct {
        const char *prefix;
        TkeAdminCommand query;
    } queries[] = {
        { "query-domain-attributes/", TKE_ADMIN_QUERY_ATTRIBUTES },
        { "query-domain-admins/", TKE_ADMIN_QUERY_ADMINS },
        { "query-domain-control-points/", TKE_ADMIN_QUERY_CONTROL_POINTS },
        { "query-device-certificate-count/", TKE_ADMIN_QUERY_DEVICE_CERT },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(queries); i++) {
        if (g_str_has_prefix(vector->name, queries[i].prefix)) {
            check_query(vector, queries[i].query, NULL, 0);
        }
    }
}

static void
run_query_admin_cert(Vector *vector)
{
    GByteArray *ski = vector_bytes(vector, vector->inputs, "ski");

    check_query(vector, TKE_ADMIN_QUERY_ADMINS, ski->data, ski->len);
}

static void
run_query_device_cert(Vector *vector)
{
    uint8_t index[4] = { 0 };
    TkeByteBuilder b = { .out = index, .size = sizeof index };

    tke_byte_builder_u32(&b, input_u32(vector, "certificate_index"));
    check_query(vector, TKE_ADMIN_QUERY_DEVICE_CERT, index, sizeof index);
}

static void
run_info(Vector *vector)
{
    TkeInfoQuery query =
        g_str_has_prefix(vector->name, "query-module-info/") ? TKE_INFO_MODULE : TKE_INFO_DOMAIN;
    g_autoptr(GByteArray) request =
        tke_admin_request_new_info(query, input_u32(vector, "domain_index"));

    check_request(vector, request);
}

/* Building blocks */

static void
run_cprb(Vector *vector)
{
    GByteArray *payload = vector_bytes(vector, vector->inputs, "payload_hex");

    check_wire(vector, payload->data, payload->len);
}

static uint32_t
domain_index_of(const TkeUnitIdentity *identity)
{
    TkeByteCursor cursor = tke_byte_cursor(identity->domain, sizeof identity->domain);
    uint32_t index = 0;

    return tke_byte_cursor_u32(&cursor, &index) ? index : 0;
}

static void
run_admin_encoding(Vector *vector)
{
    TkeUnitIdentity identity = { 0 };
    GByteArray *payload = vector_bytes(vector, vector->inputs, "command_input_hex");
    GByteArray *signer_infos = vector_bytes(vector, vector->inputs, "signer_info_hex");
    uint8_t command[4] = { 0 };
    TkeByteCursor cursor = tke_byte_cursor(command, sizeof command);
    uint32_t code = 0;
    g_autoptr(GByteArray) block = NULL;
    g_autoptr(GByteArray) request = NULL;

    input_exact(vector, "command_id_hex", command, sizeof command);
    input_exact(vector, "admin_domain_hex", identity.domain, sizeof identity.domain);
    input_exact(vector, "module_id_hex", identity.module_id, sizeof identity.module_id);
    input_exact(vector, "transaction_counter_hex", identity.counter, sizeof identity.counter);
    tke_byte_cursor_u32(&cursor, &code);
    block =
        tke_admin_block_new_command((TkeAdminCommand) code, &identity, payload->data, payload->len);
    vector_check_member_hex(vector, "admin_block_hex", block->data, block->len);
    request = tke_admin_request_new(domain_index_of(&identity), block->data, block->len,
                                    signer_infos->data, signer_infos->len);
    vector_check_member_hex(vector, "ep11_request_hex", request->data, request->len);
}

static void
run_counter(Vector *vector)
{
    GByteArray *counter = vector_bytes(vector, vector->inputs, "transaction_counter_hex");

    tke_admin_block_increment_counter(counter->data, counter->len);
    vector_check_member_hex(vector, "incremented_hex", counter->data, counter->len);
}

static void
run_admin_domain(Vector *vector)
{
    uint8_t domain[TKE_ADMIN_DOMAIN_LEN];

    tke_admin_block_query_domain(input_u32(vector, "domain_index"), domain);
    vector_check_member_hex(vector, "admin_domain_hex", domain, sizeof domain);
}

static void
run_attribute_policy(Vector *vector)
{
    GByteArray *present = vector_bytes(vector, vector->inputs, "present_attributes_hex");
    const char *word = vector_text(vector, vector->inputs, "unit_type");
    TkeAttributes attributes = { 0 };
    TkeUnitType type = TKE_UNIT_OPERATIONAL;
    uint8_t payload[TKE_ATTRIBUTE_COMMAND_LEN];

    vector_check(vector, tke_unit_list_type_from_word(word, &type), "unknown unit type");
    tke_attribute_parse(present->data, present->len, &attributes, NULL);
    tke_attribute_build_thresholds(type, &attributes, input_u32(vector, "signature_threshold"),
                                   input_u32(vector, "revocation_threshold"), payload);
    vector_check_member_hex(vector, "command_input_hex", payload, sizeof payload);
}

/* Commands */

typedef struct {
    TkeUnitIdentity identity; /* with the counter to be sent */
    GPtrArray *signers;
} Command;

static void
read_command(Vector *vector, Command *command)
{
    TkeUnitIdentity *identity = &command->identity;

    input_exact(vector, "reported_admin_domain_hex", identity->domain, sizeof identity->domain);
    input_exact(vector, "reported_module_id_hex", identity->module_id, sizeof identity->module_id);
    input_exact(vector, "reported_transaction_counter_hex", identity->counter,
                sizeof identity->counter);
    tke_admin_block_increment_counter(identity->counter, sizeof identity->counter);
    command->signers = vector_key_files(vector, vector->inputs, "key_files");
}

static GByteArray *
sign_block(Vector *vector, const Command *command, const GByteArray *block)
{
    GByteArray *signer_infos = g_byte_array_new();
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < command->signers->len; i++) {
        if (!tke_signer_info_sign(signer_infos, command->signers->pdata[i], block->data, block->len,
                                  NULL, &error)) {
            vector_fail_error(vector, "signing", error);
            g_clear_error(&error);
        }
    }
    return signer_infos;
}

static void
check_queries_before(Vector *vector, bool reads_registers)
{
    JsonArray *before = vector_array(vector, vector->expected, "preceding_htp_requests");
    uint32_t domain = input_u32(vector, "domain_index");
    g_autoptr(GByteArray) block =
        tke_admin_block_new_query(TKE_ADMIN_QUERY_ATTRIBUTES, domain, NULL, 0);
    g_autoptr(GByteArray) attributes =
        tke_admin_request_new(domain, block->data, block->len, NULL, 0);
    g_autoptr(GByteArray) info = tke_admin_request_new_info(TKE_INFO_DOMAIN, domain);
    guint n = json_array_get_length(before);

    vector_check_int(vector, "number of queries before", n, reads_registers ? 2 : 1);
    for (guint i = 0; i < n; i++) {
        const GByteArray *payload = reads_registers && i == 0 ? info : attributes;
        g_autoptr(GByteArray) cprb = tke_wire_message_new_cprb(domain, payload->data, payload->len);
        g_autofree char *request = tke_wire_message_new_htp_request(
            input_u32(vector, "crypto_module_index"), cprb->data, cprb->len);

        vector_check_text(vector, "query before", request, vector_element_text(vector, before, i));
    }
}

static void
check_location(Vector *vector)
{
    const char *location = vector_text(vector, vector->inputs, "location");
    int64_t module = -1;
    int64_t domain = -1;

    tke_unit_list_location_number(location, 2, &module, NULL);
    tke_unit_list_location_number(location, 3, &domain, NULL);
    vector_check_int(vector, "module index of the location", module,
                     input_u32(vector, "crypto_module_index"));
    vector_check_int(vector, "domain index of the location", domain,
                     input_u32(vector, "domain_index"));
}

static void
check_command(Vector *vector, TkeAdminCommand code, const Command *command, const uint8_t *payload,
              size_t len, bool is_signed)
{
    const TkeUnitIdentity *identity = &command->identity;
    g_autoptr(GByteArray) block = tke_admin_block_new_command(code, identity, payload, len);
    g_autoptr(GByteArray) signer_infos =
        is_signed ? sign_block(vector, command, block) : g_byte_array_new();
    g_autoptr(GByteArray) request = tke_admin_request_new(
        domain_index_of(identity), block->data, block->len, signer_infos->data, signer_infos->len);
    uint8_t id[4] = { 0 };
    TkeByteBuilder b = { .out = id, .size = sizeof id };

    tke_byte_builder_u32(&b, code);
    vector_check_member_hex(vector, "command_id_hex", id, sizeof id);
    vector_check_member_hex(vector, "admin_domain_hex", identity->domain, sizeof identity->domain);
    vector_check_member_hex(vector, "transaction_counter_hex", identity->counter,
                            sizeof identity->counter);
    vector_check_member_hex(vector, "command_input_hex", payload, len);
    vector_check_member_hex(vector, "admin_block_hex", block->data, block->len);
    vector_check_member_hex(vector, "signer_info_hex", signer_infos->data, signer_infos->len);
    check_request(vector, request);
    check_location(vector);
    check_queries_before(vector, code == TKE_ADMIN_COMMIT_WK || code == TKE_ADMIN_FINALIZE_WK);
}

typedef struct {
    const char *prefix;
    TkeAdminCommand code;
    const char *payload_member; /* NULL: no payload */
} CommandRow;

static const CommandRow command_rows[] = {
    { "zeroize-domain/", TKE_ADMIN_ZEROIZE, NULL },
    { "clear-current-wk/", TKE_ADMIN_CLEAR_WK, NULL },
    { "clear-pending-wk/", TKE_ADMIN_CLEAR_NEW_WK, NULL },
    { "create-random-wk/", TKE_ADMIN_GEN_WK, NULL },
    { "add-domain-control-points/", TKE_ADMIN_ADD_CONTROL_POINTS, "control_points_hex" },
    { "remove-domain-admin/", TKE_ADMIN_REMOVE_ADMIN, "ski" },
    { "add-domain-admin/", TKE_ADMIN_ADD_ADMIN, "admin_certificate_hex" },
    { "commit-pending-wk/", TKE_ADMIN_COMMIT_WK, "pending_vp_hex" },
    { "finalize-wk/", TKE_ADMIN_FINALIZE_WK, "pending_vp_hex" },
    { "export-wk/", TKE_ADMIN_EXPORT_WK, "parameter_file_hex" },
    { "export-pending-wk/", TKE_ADMIN_EXPORT_NEW_WK, "parameter_file_hex" },
};

static void
run_command(Vector *vector)
{
    Command command = { 0 };

    read_command(vector, &command);
    for (size_t i = 0; i < G_N_ELEMENTS(command_rows); i++) {
        const CommandRow *row = &command_rows[i];

        if (g_str_has_prefix(vector->name, row->prefix)) {
            GByteArray *payload = row->payload_member == NULL
                                      ? NULL
                                      : vector_bytes(vector, vector->inputs, row->payload_member);

            check_command(vector, row->code, &command, payload == NULL ? NULL : payload->data,
                          payload == NULL ? 0 : payload->len, true);
        }
    }
}

static void
run_set_attributes(Vector *vector)
{
    Command command = { 0 };
    uint8_t payload[TKE_ATTRIBUTE_COMMAND_LEN];

    read_command(vector, &command);
    tke_attribute_build_command(
        input_u32(vector, "signature_threshold"), input_u32(vector, "revocation_threshold"),
        input_u32(vector, "permissions"), input_u32(vector, "operational_mode"), payload);
    check_command(vector, TKE_ADMIN_SET_ATTRIBUTES, &command, payload, sizeof payload, true);
}

static void
run_generate_importer(Vector *vector)
{
    Command command = { 0 };
    uint8_t payload[4];

    read_command(vector, &command);
    tke_importer_key_build_payload((TkeImporterType) input_u32(vector, "importer_key_type"),
                                   payload);
    check_command(vector, TKE_ADMIN_GEN_IMPORTER, &command, payload, sizeof payload, true);
}

static void
run_import(Vector *vector)
{
    Command command = { 0 };
    JsonArray *infos = vector_array(vector, vector->inputs, "recipient_infos_hex");
    JsonArray *wanted = vector_array(vector, vector->expected, "key_part_requests");
    g_autoptr(GByteArray) payload = g_byte_array_new();

    read_command(vector, &command);
    vector_check_int(vector, "number of key parts", json_array_get_length(infos),
                     json_array_get_length(wanted));
    for (guint i = 0; i < json_array_get_length(infos); i++) {
        GByteArray *info = vector_element_bytes(vector, infos, i);
        JsonObject *want = vector_element(vector, wanted, i);
        GByteArray *want_block = vector_bytes(vector, want, "admin_block_hex");
        GByteArray *want_signers = vector_bytes(vector, want, "signer_info_hex");
        GByteArray *want_request = vector_bytes(vector, want, "ep11_request_hex");
        g_autoptr(GByteArray) block = tke_admin_block_new_command(
            TKE_ADMIN_IMPORT_WK, &command.identity, info->data, info->len);
        g_autoptr(GByteArray) signers = sign_block(vector, &command, block);
        g_autoptr(GByteArray) request =
            tke_admin_request_new(domain_index_of(&command.identity), block->data, block->len,
                                  signers->data, signers->len);

        vector_check_bytes(vector, "block of a part", block->data, block->len, want_block->data,
                           want_block->len);
        vector_check_bytes(vector, "signatures of a part", signers->data, signers->len,
                           want_signers->data, want_signers->len);
        vector_check_bytes(vector, "request of a part", request->data, request->len,
                           want_request->data, want_request->len);
        g_byte_array_append(payload, request->data, request->len);
    }
    check_command(vector, TKE_ADMIN_IMPORT_WK, &command, payload->data, payload->len, false);
}

const VectorKind vectors_requests[] = {
    { "01-requests", "query-domain-attributes", run_query, NULL },
    { "01-requests", "query-domain-admins", run_query, NULL },
    { "01-requests", "query-domain-control-points", run_query, NULL },
    { "01-requests", "query-device-certificate-count", run_query, NULL },
    { "01-requests", "query-domain-admin-cert", run_query_admin_cert, NULL },
    { "01-requests", "query-device-certificate", run_query_device_cert, NULL },
    { "01-requests", "query-domain-info", run_info, NULL },
    { "01-requests", "query-module-info", run_info, NULL },
    { "01-requests", "cprb", run_cprb, NULL },
    { "01-requests", "admin-encoding", run_admin_encoding, NULL },
    { "01-requests", "transaction-counter", run_counter, NULL },
    { "01-requests", "admin-domain", run_admin_domain, NULL },
    { "01-requests", "attribute-policy", run_attribute_policy, NULL },
    { "01-requests", "zeroize-domain", run_command, NULL },
    { "01-requests", "clear-current-wk", run_command, NULL },
    { "01-requests", "clear-pending-wk", run_command, NULL },
    { "01-requests", "create-random-wk", run_command, NULL },
    { "01-requests", "add-domain-control-points", run_command, NULL },
    { "01-requests", "remove-domain-admin", run_command, NULL },
    { "01-requests", "add-domain-admin", run_command, NULL },
    { "01-requests", "commit-pending-wk", run_command, NULL },
    { "01-requests", "finalize-wk", run_command, NULL },
    { "01-requests", "export-wk", run_command, NULL },
    { "01-requests", "export-pending-wk", run_command, NULL },
    { "01-requests", "set-domain-attributes", run_set_attributes, NULL },
    { "01-requests", "generate-importer-key", run_generate_importer, NULL },
    { "01-requests", "import-wk", run_import, NULL },
    { 0 },
};
