/*
 * File 09: recorded sessions. Requests are built anew from their parts (09-requests.c), answers
 * get a verdict, and what queries read is compared (crypto-unit-protocol.md, 1, 2, 5, 7).
 */
#include <string.h>

#include "common/hex.h"
#include "libep11admin/admin-certificate.h"
#include "libep11admin/admin-request.h"
#include "libep11admin/admin-response.h"
#include "libep11admin/importer-key.h"
#include "libep11admin/unit-error.h"
#include "libep11admin/wire-message.h"
#include "tests/run-vectors/key-files.h"
#include "tests/run-vectors/keys.h"
#include "tests/run-vectors/roots.h"
#include "tests/run-vectors/transcript.h"

extern const VectorKind vectors_transcripts[];

static void
unit_free(TranscriptUnit *unit)
{
    g_clear_pointer(&unit->skis, g_byte_array_unref);
    g_hash_table_unref(unit->names);
    g_free(unit);
}

static void
key_free(TranscriptKey *key)
{
    EVP_PKEY_free(key->key);
    g_free(key);
}

void
transcript_add_key(Transcript *transcript, const uint8_t *ski, EVP_PKEY *key, TkeSigner *signer)
{
    TranscriptKey *entry = NULL;

    if (transcript_find_key(transcript, ski) == NULL) {
        entry = g_new0(TranscriptKey, 1);
        memcpy(entry->ski, ski, sizeof entry->ski);
        EVP_PKEY_up_ref(key);
        entry->key = key;
        entry->signer = signer;
        g_ptr_array_add(transcript->keys, entry);
    }
}

/* Keys of the wanted administrators that come as files. */
static void
add_file_keys(Transcript *transcript)
{
    Vector *vector = transcript->vector;
    JsonArray *admins = vector_array(vector, vector->inputs, "admins");

    for (guint i = 0; i < json_array_get_length(admins); i++) {
        JsonObject *admin = vector_element(vector, admins, i);

        if (vector_has(admin, "file_text")) {
            TkeSigner *signer = vector_key_file(vector, admin);
            EVP_PKEY *key = signer == NULL ? NULL : vector_signer_key(vector, signer);

            if (key != NULL) {
                transcript_add_key(transcript, signer->ski, key, signer);
            }
        }
    }
}

static GError *
take_list(Transcript *transcript, unsigned status, const char *body)
{
    GError *error = NULL;

    g_ptr_array_set_size(transcript->units, 0);
    g_hash_table_remove_all(transcript->chains);
    g_clear_pointer(&transcript->entries, g_ptr_array_unref);
    transcript->entries = tke_unit_list_parse(status, body, strlen(body), &error);
    for (guint i = 0; error == NULL && i < transcript->entries->len; i++) {
        TranscriptUnit *unit = g_new0(TranscriptUnit, 1);

        unit->entry = g_ptr_array_index(transcript->entries, i);
        unit->skis = g_byte_array_new();
        unit->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_ptr_array_add(transcript->units, unit);
    }
    return error;
}

/* A certificate of the module, or the end of its chain. */
static bool
take_certificate(Transcript *transcript, const TranscriptRequest *request,
                 const TkeAdminResponse *response, GError **error)
{
    TranscriptUnit *unit = request->unit;
    TkeByteCursor payload = request->payload;
    uint32_t index = 0;
    gsize len = 0;
    const uint8_t *der = g_bytes_get_data(response->output, &len);

    if (!vector_check(transcript->vector, tke_byte_cursor_u32(&payload, &index), "its index")) {
        return true;
    }
    if (index == 0) {
        unit->chain = tke_module_chain_new(vector_roots(transcript->vector));
        g_hash_table_replace(transcript->chains, g_strdup(unit->entry->module_part), unit->chain);
    }
    if (!vector_check(transcript->vector, unit->chain != NULL, "certificate %u before 0", index)) {
        return true;
    }
    if (tke_module_chain_is_end(unit->chain, response->return_code, response->has_reason_code,
                                response->reason_code)) {
        transcript->n_wrong += tke_module_chain_finish(unit->chain, 0, NULL) ? 0 : 1;
        return true;
    }
    if (!tke_admin_response_check_done(response, error)) {
        return false;
    }
    transcript->n_wrong += tke_module_chain_add(unit->chain, der, len, NULL) ? 0 : 1;
    return true;
}

static void
take_admins(Transcript *transcript, const TranscriptRequest *request,
            const TkeAdminResponse *response)
{
    TranscriptUnit *unit = request->unit;
    gsize len = 0;
    const uint8_t *output = g_bytes_get_data(response->output, &len);
    g_autoptr(TkeAdminCertificate) admin = NULL;

    if (request->payload.len == 0) {
        vector_check_int(transcript->vector, "length of the list", (int64_t) len % TKE_SKI_LEN, 0);
        g_byte_array_set_size(unit->skis, 0);
        g_byte_array_append(unit->skis, output, (guint) len);
        return;
    }
    admin = tke_admin_certificate_parse(output, len, NULL);
    if (vector_check(transcript->vector, admin != NULL && admin->key != NULL,
                     "certificate of an administrator")) {
        vector_check_bytes(transcript->vector, "ski of an administrator", admin->ski,
                           sizeof admin->ski, request->payload.data, request->payload.len);
        g_hash_table_replace(unit->names, tke_hex_encode(admin->ski, sizeof admin->ski),
                             g_strdup(admin->name));
        transcript_add_key(transcript, admin->ski, admin->key, NULL);
    }
}

/* What an answer that was accepted says. */
static bool
take_output(Transcript *transcript, const TranscriptRequest *request,
            const TkeAdminResponse *response, GError **error)
{
    TranscriptUnit *unit = request->unit;
    gsize len = 0;
    const uint8_t *output = g_bytes_get_data(response->output, &len);
    g_autoptr(TkeImporterKey) importer = NULL;

    if (request->command == TKE_ADMIN_QUERY_DEVICE_CERT) {
        return take_certificate(transcript, request, response, error);
    }
    unit->identity = response->identity;
    unit->has_identity = true;
    if (memcmp(unit->entry->serial_number, response->identity.module_id, TKE_ADMIN_SERIAL_LEN) !=
        0) {
        transcript->n_wrong++;
    }
    if (!tke_admin_response_check_done(response, error)) {
        return false;
    }
    if (request->command == TKE_ADMIN_QUERY_ATTRIBUTES) {
        tke_attribute_parse(output, len, &unit->attributes, NULL);
    } else if (request->command == TKE_ADMIN_QUERY_ADMINS) {
        take_admins(transcript, request, response);
    } else if (request->command == TKE_ADMIN_GEN_IMPORTER) {
        importer = tke_importer_key_parse(TKE_IMPORTER_P521, output, len, error);
        if (importer == NULL) {
            return false;
        }
        memcpy(unit->importer, importer->point, sizeof unit->importer);
    }
    return true;
}

static bool
take_info(const TranscriptRequest *request, const GByteArray *message, GError **error)
{
    TkeInfoResponse info = { 0 };
    uint32_t domain = request->unit->entry->domain_index;

    return tke_info_response_parse(message->data, message->len, &info, error) &&
           tke_info_response_check(&info, domain, error) &&
           tke_info_response_get_domain(&info, &request->unit->info, error);
}

/* Signature and identity, once the key of certificate 0 is known. */
static bool
accept_answer(const TranscriptRequest *request, TkeAdminResponse *response, GError **error)
{
    const TranscriptUnit *unit = request->unit;
    const TkeAdminExpectation expected = {
        .command = (TkeAdminCommand) request->command,
        .domain_index = unit->entry->domain_index,
        .identity = tke_admin_command_is_query(request->command) ? NULL : &request->identity,
    };
    const TkeModuleCertificate *first =
        unit->chain != NULL ? tke_module_chain_get_first(unit->chain) : NULL;

    if (first != NULL &&
        !tke_admin_response_verify(
            response, tke_module_chain_get_key(unit->chain),
            first->kind == TKE_MODULE_CERTIFICATE_OA1 ? NULL : first->subject_ski, error)) {
        return false;
    }
    return tke_admin_response_check(response, &expected, error);
}

static GError *
take_answer(Transcript *transcript, const TranscriptRequest *request, unsigned status,
            const char *body)
{
    TranscriptUnit *unit = request->unit;
    GError *error = NULL;
    g_autoptr(GByteArray) message =
        tke_wire_message_open_answer(status, body, strlen(body), unit->entry->domain_index, &error);
    g_autoptr(TkeAdminResponse) response = NULL;

    if (message == NULL) {
        return error;
    }
    if (request->is_info) {
        take_info(request, message, &error);
        return error;
    }
    /* Units of one module share its certificates; they are read through the first. */
    unit->chain = g_hash_table_lookup(transcript->chains, unit->entry->module_part);
    response = tke_admin_response_parse(message->data, message->len, &error);
    if (response != NULL && accept_answer(request, response, &error)) {
        take_output(transcript, request, response, &error);
    }
    return error;
}

static TranscriptUnit *
find_unit(const Transcript *transcript, const char *base_url, const char *instance, const char *url)
{
    for (guint i = 0; i < transcript->units->len; i++) {
        TranscriptUnit *unit = g_ptr_array_index(transcript->units, i);
        g_autofree char *path = tke_unit_list_unit_path(instance, unit->entry->hsm_id, NULL);
        g_autofree char *own = g_strconcat(base_url, path, NULL);

        if (g_strcmp0(own, url) == 0) {
            return unit;
        }
    }
    return NULL;
}

static void
check_headers(Vector *vector, JsonObject *request)
{
    JsonObject *headers = vector_object(vector, request, "headers");

    vector_check_text(vector, "Authorization", vector_text(vector, headers, "Authorization"),
                      vector_text(vector, vector->inputs, "auth_token"));
    vector_check_text(vector, "Accept", vector_text(vector, headers, "Accept"), "application/json");
    vector_check_text(vector, "Content-Type", vector_text(vector, headers, "Content-Type"),
                      "application/json");
}

/* One exchange; the verdict on its answer, NULL if it is accepted. */
static GError *
take_exchange(Transcript *transcript, const char *base_url, JsonObject *exchange)
{
    Vector *vector = transcript->vector;
    const char *instance = vector_text(vector, vector->inputs, "instance_id");
    JsonObject *request = vector_object(vector, exchange, "request");
    JsonObject *response = vector_object(vector, exchange, "response");
    const char *url = vector_text(vector, request, "url");
    const char *body = vector_text(vector, request, "body");
    const char *answer = vector_text(vector, response, "body");
    unsigned status = (unsigned) vector_int(vector, response, "status");
    g_autofree char *path = tke_unit_list_path(instance, NULL);
    g_autofree char *list_url = g_strconcat(base_url, path, NULL);
    TranscriptUnit *unit = NULL;
    TranscriptRequest parts = { 0 };
    GError *verdict = NULL;

    check_headers(vector, request);
    if (strcmp(url, list_url) == 0) {
        vector_check_text(vector, "method", vector_text(vector, request, "method"), "GET");
        vector_check_text(vector, "body", body, "");
        return take_list(transcript, status, answer);
    }
    vector_check_text(vector, "method", vector_text(vector, request, "method"), "POST");
    unit = find_unit(transcript, base_url, instance, url);
    if (vector_check(vector, unit != NULL, "%s belongs to a unit", url) &&
        transcript_check_request(transcript, unit, body, &parts)) {
        verdict = take_answer(transcript, &parts, status, answer);
    }
    transcript_request_clear(&parts);
    return verdict;
}

static void
check_unit(Vector *vector, const TranscriptUnit *unit, JsonObject *want)
{
    const TkeUnitListEntry *entry = unit->entry;
    const uint32_t *value = unit->attributes.value;
    JsonArray *admins = vector_array(vector, want, "admins");
    g_autofree char *current = tke_hex_encode(unit->info.current_vp, sizeof unit->info.current_vp);
    g_autofree char *new_vp = tke_hex_encode(unit->info.new_vp, sizeof unit->info.new_vp);

    vector_check_text(vector, "hsm_id", entry->hsm_id, vector_text(vector, want, "hsm_id"));
    vector_check_text(vector, "location", entry->location, vector_text(vector, want, "location"));
    vector_check_text(vector, "type", tke_unit_list_type_word(entry->type),
                      vector_text(vector, want, "type"));
    vector_check_int(vector, "signature_threshold", value[TKE_ATTRIBUTE_SIGN_THR],
                     vector_int(vector, want, "signature_threshold"));
    vector_check_int(vector, "revocation_threshold", value[TKE_ATTRIBUTE_REVOKE_THR],
                     vector_int(vector, want, "revocation_threshold"));
    vector_check_text(vector, "current_status",
                      tke_info_response_register_word(unit->info.current_state),
                      vector_text(vector, want, "current_status"));
    vector_check_text(vector, "new_status", tke_info_response_register_word(unit->info.new_state),
                      vector_text(vector, want, "new_status"));
    vector_check_text(vector, "current_vp", current, vector_text(vector, want, "current_vp"));
    vector_check_text(vector, "new_vp", new_vp, vector_text(vector, want, "new_vp"));
    vector_check_int(vector, "number of administrators", unit->skis->len / TKE_SKI_LEN,
                     json_array_get_length(admins));
    for (guint i = 0; i < json_array_get_length(admins); i++) {
        JsonObject *admin = vector_element(vector, admins, i);
        GByteArray *ski = vector_bytes(vector, admin, "ski");
        g_autofree char *hex = tke_hex_encode(ski->data, ski->len);

        if (vector_check(vector, (i + 1) * TKE_SKI_LEN <= unit->skis->len, "administrator %u", i)) {
            vector_check_bytes(vector, "ski", unit->skis->data + i * TKE_SKI_LEN, TKE_SKI_LEN,
                               ski->data, ski->len);
            vector_check_text(vector, "name", g_hash_table_lookup(unit->names, hex),
                              vector_text(vector, admin, "name"));
        }
    }
}

/* A zeroize is not begun while the given keys cannot sign it in some unit (7.5). */
static bool
lacks_signers(const Transcript *transcript)
{
    Vector *vector = transcript->vector;
    JsonArray *admins = vector_array(vector, vector->inputs, "admins");

    for (guint i = 0; i < transcript->units->len; i++) {
        const TranscriptUnit *unit = g_ptr_array_index(transcript->units, i);
        const uint32_t *value = unit->attributes.value;
        TkeSignatureState state = { .signature_threshold = value[TKE_ATTRIBUTE_SIGN_THR],
                                    .revocation_threshold = value[TKE_ATTRIBUTE_REVOKE_THR],
                                    .permissions = value[TKE_ATTRIBUTE_PERMS] };
        unsigned n = 0;

        for (guint j = 0; j < json_array_get_length(admins); j++) {
            GByteArray *ski = vector_bytes(vector, vector_element(vector, admins, j), "ski");

            for (guint at = 0; at < unit->skis->len; at += TKE_SKI_LEN) {
                n += memcmp(unit->skis->data + at, ski->data, TKE_SKI_LEN) == 0 ? 1 : 0;
            }
        }
        if (n < tke_admin_command_count_signatures(TKE_ADMIN_ZEROIZE, &state)) {
            return true;
        }
    }
    return false;
}

static bool
is_of_kind(const GError *error, const char *kind)
{
    const TkeUnitErrorDetails *details = tke_unit_error_get_details(error);

    if (details == NULL) {
        return false;
    }
    if (g_str_has_prefix(kind, "http-")) {
        return details->place == TKE_UNIT_PLACE_HTTP;
    }
    return strcmp(kind, "response-signature") == 0 ? details->place == TKE_UNIT_PLACE_SIGNATURE
                                                   : error->code == TKE_UNIT_ERROR_REFUSED;
}

/* The recorded outcome against the verdicts: how many answers were rejected, and the last one. */
static void
check_verdicts(Transcript *transcript, JsonObject *result, unsigned n_rejected,
               unsigned n_turned_away, const GError *last)
{
    Vector *vector = transcript->vector;
    const char *outcome = vector_text(vector, result, "outcome");
    const TkeUnitErrorDetails *details = tke_unit_error_get_details(last);

    if (strcmp(outcome, "ok") == 0) { /* the source ignores a list that is refused */
        vector_check_int(vector, "rejected answers", n_rejected, n_turned_away);
        vector_check_int(vector, "chains, serial numbers or plans not in order",
                         transcript->n_wrong, 0);
    } else if (vector_has(result, "error_kind")) {
        const char *kind = vector_text(vector, result, "error_kind");

        vector_check_int(vector, "rejected answers", n_rejected, 1);
        vector_check(vector, is_of_kind(last, kind), "the last answer is rejected as %s", kind);
    } else {
        vector_check(vector, n_rejected + transcript->n_wrong > 0, "the session must not succeed");
    }
    if (vector_has(result, "return_code") && details != NULL) {
        vector_check_int(vector, "return_code", details->return_code,
                         vector_int(vector, result, "return_code"));
        vector_check_int(vector, "reason_code", details->reason_code,
                         vector_int(vector, result, "reason_code"));
    }
}

static void
check_result(Transcript *transcript, JsonObject *result)
{
    Vector *vector = transcript->vector;
    JsonArray *units = NULL;

    if (!vector_has(result, "units")) {
        return;
    }
    units = vector_array(vector, result, "units");
    vector_check_int(vector, "number of units", transcript->units->len,
                     json_array_get_length(units));
    for (guint i = 0; i < MIN(transcript->units->len, json_array_get_length(units)); i++) {
        check_unit(vector, g_ptr_array_index(transcript->units, i),
                   vector_element(vector, units, i));
    }
}

static void
replay(Transcript *transcript, const char *base_url, JsonArray *exchanges, JsonObject *result)
{
    Vector *vector = transcript->vector;
    g_autoptr(GError) last = NULL;
    unsigned n_rejected = 0;
    unsigned n_turned_away = 0;

    for (guint i = 0; i < json_array_get_length(exchanges); i++) {
        JsonObject *exchange = vector_element(vector, exchanges, i);
        JsonObject *response = vector_object(vector, exchange, "response");
        const char *what = vector_text(vector, exchange, "what");

        g_clear_error(&last);
        if (g_str_has_prefix(what, "signing service")) {
            continue;
        }
        last = take_exchange(transcript, base_url, exchange);
        n_rejected += last != NULL ? 1 : 0;
        n_turned_away += vector_int(vector, response, "status") / 100 != 2 ? 1 : 0;
    }
    if (strcmp(vector_text(vector, vector->inputs, "operation"), "zeroize") == 0) {
        transcript->n_wrong += lacks_signers(transcript) ? 1 : 0;
    }
    check_verdicts(transcript, result, n_rejected, n_turned_away, last);
}

static void
run_transcript(Vector *vector)
{
    JsonArray *exchanges = vector_array(vector, vector->expected, "exchanges");
    JsonObject *result = vector_object(vector, vector->expected, "result");
    g_autofree char *base_url =
        tke_unit_list_base_url(vector_text(vector, vector->inputs, "api_endpoint"),
                               vector_text(vector, vector->inputs, "region"), NULL);
    Transcript transcript = { .vector = vector };

    transcript.units = g_ptr_array_new_with_free_func((GDestroyNotify) unit_free);
    transcript.keys = g_ptr_array_new_with_free_func((GDestroyNotify) key_free);
    transcript.chains = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                              (GDestroyNotify) tke_module_chain_free);
    transcript.n_wrong = base_url == NULL ? 1 : 0;
    add_file_keys(&transcript);
    if (vector_has(vector->inputs, "signing_service_url")) {
        transcript_check_service(&transcript, exchanges,
                                 vector_text(vector, vector->inputs, "signing_service_url"));
    }
    replay(&transcript, base_url, exchanges, result);
    check_result(&transcript, result);
    g_clear_pointer(&transcript.entries, g_ptr_array_unref);
    g_hash_table_unref(transcript.chains);
    g_ptr_array_unref(transcript.keys);
    g_ptr_array_unref(transcript.units);
}

const VectorKind vectors_transcripts[] = {
    { "09-transcripts", "query", run_transcript, NULL },
    { "09-transcripts", "query-error", run_transcript, NULL },
    { "09-transcripts", "zeroize", run_transcript, NULL },
    { "09-transcripts", "update", run_transcript, NULL },
    { "09-transcripts", "check-transition", run_transcript, NULL },
    { 0 },
};
