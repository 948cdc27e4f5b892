/*
 * File 09, the requests: taken apart, built anew from their parts and compared
 * (crypto-unit-protocol.md, 1.7, 1.9, 2.3 to 2.9, 3.2, 4).
 */
#include <string.h>

#include "common/der.h"
#include "common/digest.h"
#include "common/hex.h"
#include "common/rsa.h"
#include "libep11admin/admin-certificate.h"
#include "libep11admin/admin-request.h"
#include "libep11admin/importer-key.h"
#include "libep11admin/json-text.h"
#include "libep11admin/parameter-map.h"
#include "libep11admin/recipient-info.h"
#include "libep11admin/signer-info.h"
#include "libep11admin/wire-message.h"
#include "tests/run-vectors/transcript.h"

#define FIELDS 6
#define VP_LEN 32u
#define BUILT_MAX 8192u

const TranscriptKey *
transcript_find_key(const Transcript *transcript, const uint8_t *ski)
{
    for (guint i = 0; i < transcript->keys->len; i++) {
        const TranscriptKey *key = g_ptr_array_index(transcript->keys, i);

        if (memcmp(key->ski, ski, TKE_SKI_LEN) == 0) {
            return key;
        }
    }
    return NULL;
}

void
transcript_request_clear(TranscriptRequest *request)
{
    g_clear_pointer(&request->message, g_byte_array_unref);
}

/* The EP11 request inside the body; also the numbers around it, which must be the unit's. */
static GByteArray *
open_body(Vector *vector, const char *body)
{
    g_autoptr(JsonNode) node = tke_json_text_parse(body, strlen(body), TKE_JSON_WHOLE, NULL);
    const char *text = NULL;
    g_auto(GStrv) fields = NULL;
    GByteArray *cprb = NULL;

    if (node != NULL && JSON_NODE_HOLDS_OBJECT(node)) {
        text = tke_json_text_get_string(json_node_get_object(node), "request");
    }
    fields = g_strsplit(text != NULL ? text : "", ";", -1);
    if (!vector_check(vector, g_strv_length(fields) == FIELDS, "the HTP request has six fields")) {
        return NULL;
    }
    cprb = tke_hex_decode(fields[FIELDS - 1], -1, NULL);
    if (!vector_check(vector, cprb != NULL && cprb->len > TKE_CPRB_LEN, "it carries a CPRB")) {
        g_clear_pointer(&cprb, g_byte_array_unref);
        return NULL;
    }
    return g_byte_array_remove_range(cprb, 0, TKE_CPRB_LEN);
}

static bool
split_info(TkeByteCursor outer, TranscriptRequest *request)
{
    uint32_t sub_query = 0;

    request->is_info = true;
    return tke_der_read_octet_u32(&outer, &request->command) &&
           tke_der_read_octet_u32(&outer, &sub_query) && tke_byte_cursor_left(&outer) == 0;
}

/* Splits a block; a query has neither module id nor counter. */
static bool
split_block(TkeByteCursor block, TranscriptRequest *request)
{
    TkeUnitIdentity *identity = &request->identity;
    TkeByteCursor fields = { 0 };
    TkeByteCursor module_id = { 0 };
    TkeByteCursor counter = { 0 };

    return tke_der_read(&block, TKE_DER_SEQUENCE, &fields) &&
           tke_der_read_octet_u32(&fields, &request->command) &&
           tke_der_read_exact(&fields, TKE_DER_OCTET_STRING, identity->domain,
                              sizeof identity->domain) &&
           tke_der_read(&fields, TKE_DER_OCTET_STRING, &module_id) &&
           tke_der_read(&fields, TKE_DER_OCTET_STRING, &counter) &&
           tke_der_read(&fields, TKE_DER_OCTET_STRING, &request->payload) &&
           tke_byte_cursor_left(&fields) == 0 &&
           (tke_admin_command_is_query(request->command)
                ? module_id.len == 0 && counter.len == 0
                : tke_byte_cursor_copy(&module_id, identity->module_id,
                                       sizeof identity->module_id) &&
                      tke_byte_cursor_copy(&counter, identity->counter, sizeof identity->counter));
}

static bool
split_request(TkeByteCursor message, TranscriptRequest *request)
{
    TkeByteCursor outer = { 0 };
    uint32_t function = 0;
    uint32_t domain = 0;

    if (!tke_der_read(&message, TKE_DER_SEQUENCE, &outer) ||
        !tke_der_read_octet_u32(&outer, &function) || !tke_der_read_octet_u32(&outer, &domain)) {
        return false;
    }
    if (function == TKE_INFO_FUNCTION) {
        return split_info(outer, request);
    }
    return function == TKE_ADMIN_FUNCTION &&
           tke_der_read(&outer, TKE_DER_OCTET_STRING, &request->block) &&
           tke_der_read(&outer, TKE_DER_OCTET_STRING, &request->signer_infos) &&
           tke_byte_cursor_left(&outer) == 0 && split_block(request->block, request);
}

/* Signatures: written anew around their values; verified, RSA also made anew. */
static unsigned
check_signatures(Transcript *transcript, const TranscriptRequest *request)
{
    Vector *vector = transcript->vector;
    TkeByteCursor cursor = request->signer_infos;
    unsigned n = 0;

    while (tke_byte_cursor_left(&cursor) > 0) {
        g_autoptr(GByteArray) made = g_byte_array_new();
        g_autoptr(GByteArray) signed_anew = g_byte_array_new();
        g_autoptr(GError) error = NULL;
        const TranscriptKey *key = NULL;
        TkeSignerInfo info = { 0 };
        bool rsa = false;

        if (!tke_signer_info_read(&cursor, &info, &error)) {
            vector_fail_error(vector, "signature", error);
            return n;
        }
        n++;
        rsa = info.algorithm == TKE_SIGNER_INFO_RSA_X931;
        tke_signer_info_append(made, rsa ? TKE_SIGNER_RSA_2048 : TKE_SIGNER_P521, info.ski,
                               sizeof info.ski, info.signature.data, info.signature.len);
        vector_check_bytes(vector, "SignerInfo", made->data, made->len, info.whole.data,
                           info.whole.len);
        key = transcript_find_key(transcript, info.ski);
        if (!vector_check(vector, key != NULL, "the signer is known") ||
            !tke_signer_info_verify(&info, key->key, request->block.data, request->block.len,
                                    &error)) {
            vector_fail_error(vector, "signature of a request", error);
        } else if (rsa && key->signer != NULL &&
                   tke_signer_info_sign(signed_anew, key->signer, request->block.data,
                                        request->block.len, NULL, NULL)) {
            vector_check_bytes(vector, "RSA SignerInfo", signed_anew->data, signed_anew->len,
                               info.whole.data, info.whole.len);
        }
    }
    return n;
}

/* A new administrator: certificate built anew from name and key; its signature by whom it names. */
static void
check_certificate(Transcript *transcript, TkeByteCursor payload)
{
    Vector *vector = transcript->vector;
    g_autoptr(TkeAdminCertificate) admin =
        tke_admin_certificate_parse(payload.data, payload.len, NULL);
    g_autoptr(GByteArray) tbs = NULL;
    g_autoptr(GByteArray) made = NULL;
    TkeByteCursor cursor = payload;
    TkeByteCursor certificate = { 0 };
    TkeByteCursor body = { 0 };
    TkeByteCursor signature = { 0 };
    uint8_t hash[TKE_SHA512_LEN];

    if (!vector_check(vector, admin != NULL && admin->key != NULL, "a certificate with a key")) {
        return;
    }
    tbs = tke_admin_certificate_new_tbs(admin->key, admin->name, NULL);
    if (!vector_check(vector,
                      tbs != NULL && tke_der_read(&cursor, TKE_DER_SEQUENCE, &certificate) &&
                          tke_der_read(&certificate, TKE_DER_SEQUENCE, &body) &&
                          tke_der_read(&certificate, TKE_DER_SEQUENCE, &body) &&
                          tke_der_read(&certificate, TKE_DER_BIT_STRING, &signature) &&
                          tke_byte_cursor_skip(&signature, 1),
                      "parts of the certificate")) {
        return;
    }
    made = tke_admin_certificate_assemble(tbs->data, tbs->len, tke_byte_cursor_peek(&signature),
                                          tke_byte_cursor_left(&signature), NULL);
    vector_check_bytes(vector, "certificate", made == NULL ? NULL : made->data,
                       made == NULL ? 0 : made->len, payload.data, payload.len);
    if (EVP_PKEY_is_a(admin->key, "RSA")) { /* signed over nothing, README of the cases */
        vector_check(vector,
                     tke_rsa_verify_x931(admin->key, (const uint8_t *) "", 0,
                                         tke_byte_cursor_peek(&signature),
                                         tke_byte_cursor_left(&signature), NULL),
                     "signature of the RSA certificate");
    } else { /* a signing service hashes twice */
        vector_check(
            vector,
            tke_digest_sha512(tbs->data, tbs->len, hash, NULL) &&
                (tke_ec_key_verify(admin->key, tbs->data, tbs->len,
                                   tke_byte_cursor_peek(&signature),
                                   tke_byte_cursor_left(&signature), NULL) ||
                 tke_ec_key_verify(admin->key, hash, sizeof hash, tke_byte_cursor_peek(&signature),
                                   tke_byte_cursor_left(&signature), NULL)),
            "signature of the certificate");
    }
    transcript_add_key(transcript, admin->ski, admin->key, NULL);
}

static unsigned
check_attributes(Vector *vector, const TranscriptRequest *request)
{
    TkeAttributes wanted = { 0 };
    uint8_t made[TKE_ATTRIBUTE_COMMAND_LEN];
    TkeByteCursor payload = request->payload;

    tke_attribute_parse(payload.data, payload.len, &wanted, NULL);
    tke_attribute_build_thresholds(request->unit->entry->type, &request->unit->attributes,
                                   wanted.value[TKE_ATTRIBUTE_SIGN_THR],
                                   wanted.value[TKE_ATTRIBUTE_REVOKE_THR], made);
    vector_check_bytes(vector, "attributes", made, sizeof made, payload.data, payload.len);
    return wanted.value[TKE_ATTRIBUTE_SIGN_THR];
}

/* An export: its parameter map, and in it the certificate of an importer key seen before. */
static void
check_export(Transcript *transcript, TkeByteCursor payload)
{
    Vector *vector = transcript->vector;
    g_autoptr(TkeParameterMap) map = tke_parameter_map_parse(payload.data, payload.len, NULL);
    const TkeParameterSection *section = NULL;
    bool found = false;

    if (map != NULL) {
        section = tke_parameter_map_find(map, TKE_PARAMETER_KPH_CERTIFICATE, 0);
    }
    if (!vector_check(vector, section != NULL, "certificate of the key part holder")) {
        return;
    }
    for (guint i = 0; i < transcript->units->len; i++) {
        const TranscriptUnit *unit = g_ptr_array_index(transcript->units, i);
        uint8_t certificate[TKE_KPH_CERTIFICATE_LEN];
        g_autoptr(TkeParameterMap) made = NULL;
        g_autoptr(GByteArray) der = g_byte_array_new();
        TkeByteBuilder builder = tke_byte_builder_into(der, BUILT_MAX);

        tke_parameter_map_kph_certificate(unit->importer, certificate);
        if (section->data->len == sizeof certificate &&
            memcmp(section->data->data, certificate, sizeof certificate) == 0) {
            found = true;
            made = tke_parameter_map_new_export(certificate, sizeof certificate);
            tke_parameter_map_write(made, &builder);
            vector_check_bytes(vector, "export request", der->data, der->len, payload.data,
                               payload.len);
        }
    }
    vector_check(vector, found, "the key part goes to an importer key that was made before");
}

static void
check_recipient_info(Vector *vector, TkeByteCursor payload)
{
    g_autoptr(GByteArray) made = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(made, BUILT_MAX);
    TkeRecipientInfo info = { 0 };

    if (vector_check(vector,
                     tke_recipient_info_parse(payload.data, payload.len, &info, NULL) &&
                         tke_recipient_info_write_ec(&builder, info.point, sizeof info.point,
                                                     info.ukm, sizeof info.ukm, info.ski,
                                                     sizeof info.ski, info.encrypted.data,
                                                     info.encrypted.len, NULL),
                     "envelope of a key part")) {
        vector_check_bytes(vector, "envelope", made->data, made->len, payload.data, payload.len);
    }
}

/* The block and the request around it, from the values found in them. */
static GByteArray *
build_request(const TranscriptRequest *request, TkeByteCursor payload)
{
    uint32_t domain = request->unit->entry->domain_index;
    g_autoptr(GByteArray) block = NULL;

    if (request->is_info) {
        return tke_admin_request_new_info((TkeInfoQuery) request->command, domain);
    }
    block = tke_admin_command_is_query(request->command)
                ? tke_admin_block_new_query((TkeAdminCommand) request->command, domain,
                                            payload.data, payload.len)
                : tke_admin_block_new_command((TkeAdminCommand) request->command,
                                              &request->identity, payload.data, payload.len);
    return tke_admin_request_new(domain, block->data, block->len, request->signer_infos.data,
                                 request->signer_infos.len);
}

/* The parts of an import, each a signed request of its own with the identity of the whole. */
static void
check_parts(Transcript *transcript, const TranscriptRequest *request)
{
    Vector *vector = transcript->vector;
    g_autoptr(GByteArray) all = g_byte_array_new();
    TkeByteCursor rest = request->payload;
    TkeByteCursor value = { 0 };
    TkeByteCursor whole = { 0 };

    while (tke_der_read_whole(&rest, TKE_DER_SEQUENCE, &whole, &value)) {
        TranscriptRequest part = { .unit = request->unit };
        g_autoptr(GByteArray) made = NULL;

        if (!vector_check(vector, split_request(whole, &part) && !part.is_info,
                          "structure of a key part")) {
            return;
        }
        vector_check(vector, memcmp(&part.identity, &request->identity, sizeof part.identity) == 0,
                     "identity and counter of a part are those of the import");
        check_recipient_info(vector, part.payload);
        vector_check_int(vector, "signatures of a part", check_signatures(transcript, &part), 1);
        made = build_request(&part, part.payload);
        g_byte_array_append(all, made->data, made->len);
    }
    vector_check_bytes(vector, "key parts", all->data, all->len, request->payload.data,
                       request->payload.len);
}

/* Identity and counter come from the last signed answer of the unit. */
static void
check_identity(Vector *vector, const TranscriptRequest *request)
{
    TkeUnitIdentity next = request->unit->identity;

    tke_admin_block_increment_counter(next.counter, sizeof next.counter);
    vector_check(vector, request->unit->has_identity, "the unit has answered before");
    vector_check(vector, memcmp(&next, &request->identity, sizeof next) == 0,
                 "identity and counter are those of the last answer, one further");
}

static void
check_command(Transcript *transcript, const TranscriptRequest *request)
{
    Vector *vector = transcript->vector;
    const TranscriptUnit *unit = request->unit;
    TkeByteCursor payload = request->payload;
    TkeSignatureState state = {
        .signature_threshold = unit->attributes.value[TKE_ATTRIBUTE_SIGN_THR],
        .revocation_threshold = unit->attributes.value[TKE_ATTRIBUTE_REVOKE_THR],
        .permissions = unit->attributes.value[TKE_ATTRIBUTE_PERMS],
    };
    TkeAdminCommand command = (TkeAdminCommand) request->command;
    bool parts = command == TKE_ADMIN_IMPORT_WK;
    uint8_t type[4];

    check_identity(vector, request);
    if (command == TKE_ADMIN_ADD_ADMIN) {
        check_certificate(transcript, payload);
    } else if (command == TKE_ADMIN_SET_ATTRIBUTES) {
        state.new_signature_threshold = check_attributes(vector, request);
    } else if (command == TKE_ADMIN_GEN_IMPORTER) {
        tke_importer_key_build_payload(TKE_IMPORTER_P521, type);
        vector_check_bytes(vector, "importer type", type, sizeof type, payload.data, payload.len);
    } else if (command == TKE_ADMIN_EXPORT_WK) {
        check_export(transcript, payload);
    } else if (parts) {
        check_parts(transcript, request);
    } else if (command == TKE_ADMIN_COMMIT_WK || command == TKE_ADMIN_FINALIZE_WK) {
        vector_check_bytes(vector, "pattern", unit->info.new_vp, VP_LEN, payload.data, payload.len);
    } else {
        vector_check_int(vector, "length of the payload", (int64_t) payload.len,
                         command == TKE_ADMIN_REMOVE_ADMIN ? TKE_SKI_LEN : 0);
    }
    vector_check_int(vector, "number of signatures", check_signatures(transcript, request),
                     parts ? 0 : tke_admin_command_count_signatures(command, &state));
}

bool
transcript_check_request(Transcript *transcript, TranscriptUnit *unit, const char *body,
                         TranscriptRequest *request)
{
    Vector *vector = transcript->vector;
    g_autoptr(GByteArray) made = NULL;
    g_autofree char *made_body = NULL;

    request->unit = unit;
    request->message = open_body(vector, body);
    if (request->message == NULL ||
        !vector_check(
            vector,
            split_request(tke_byte_cursor(request->message->data, request->message->len), request),
            "structure of the request")) {
        return false;
    }
    if (!request->is_info && !tke_admin_command_is_query(request->command)) {
        if (!vector_check(vector, tke_admin_command_lookup(request->command) != NULL,
                          "the command is known")) {
            return false;
        }
        check_command(transcript, request);
    }
    made = build_request(request, request->payload);
    made_body = tke_wire_message_new_body(unit->entry->module_index, unit->entry->domain_index,
                                          made->data, made->len);
    vector_check_text(vector, "body", made_body, body);
    return true;
}
