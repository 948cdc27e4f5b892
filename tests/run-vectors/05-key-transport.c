/*
 * File 05: envelopes of key parts, parameter maps, verification patterns (crypto-unit-protocol.md,
 * 4.3, 4.6 to 4.8).
 */
#include <string.h>

#include "common/der.h"
#include "common/digest.h"
#include "common/error.h"
#include "libep11admin/parameter-map.h"
#include "libep11admin/recipient-info.h"
#include "tests/run-vectors/keys.h"
#include "tests/run-vectors/vectors.h"

extern const VectorKind vectors_key_transport[];

/* Member elements_hex: what the SEQUENCE holds, in order. */
static void
check_elements(Vector *vector, const uint8_t *der, size_t len)
{
    JsonArray *elements = vector_array(vector, vector->expected, "elements_hex");
    TkeByteCursor cursor = tke_byte_cursor(der, len);
    TkeByteCursor content = { 0 };

    if (!vector_check(vector, tke_der_read(&cursor, TKE_DER_SEQUENCE, &content),
                      "not a SEQUENCE")) {
        return;
    }
    for (unsigned i = 0; i < json_array_get_length(elements); i++) {
        GByteArray *want = vector_element_bytes(vector, elements, i);
        size_t start = content.pos;
        TkeByteCursor value = { 0 };
        uint8_t tag = 0;

        if (!vector_check(vector, tke_der_read_any(&content, &tag, &value), "no element %u", i)) {
            return;
        }
        vector_check_bytes(vector, "element", content.data + start, content.pos - start, want->data,
                           want->len);
    }
    vector_check_int(vector, "bytes behind the elements", (int64_t) tke_byte_cursor_left(&content),
                     0);
}

static void
run_recipient_info_ec(Vector *vector)
{
    GByteArray *point = vector_bytes(vector, vector->inputs, "originator_public_key_hex");
    GByteArray *ukm = vector_bytes(vector, vector->inputs, "ukm_hex");
    GByteArray *ski = vector_bytes(vector, vector->inputs, "recipient_ski");
    GByteArray *encrypted = vector_bytes(vector, vector->inputs, "encrypted_key_hex");
    g_autoptr(GByteArray) out = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(out, TKE_RECIPIENT_INFO_MAX);
    TkeRecipientInfo info = { 0 };
    g_autoptr(GError) error = NULL;

    tke_recipient_info_write_ec(&builder, point->data, point->len, ukm->data, ukm->len, ski->data,
                                ski->len, encrypted->data, encrypted->len, &error);
    if (!vector_check_outcome(vector, vector->expected, error)) {
        return;
    }
    vector_check_member_hex(vector, "recipient_info_hex", out->data, out->len);
    check_elements(vector, out->data, out->len);
    if (!tke_recipient_info_parse(out->data, out->len, &info, &error)) {
        vector_fail_error(vector, "reading", error);
        return;
    }
    vector_check(vector, !info.is_rsa, "read as RSA");
    vector_check_bytes(vector, "point", info.point, sizeof info.point, point->data, point->len);
    vector_check_bytes(vector, "ukm", info.ukm, sizeof info.ukm, ukm->data, ukm->len);
    vector_check_bytes(vector, "ski", info.ski, sizeof info.ski, ski->data, ski->len);
    vector_check_bytes(vector, "encrypted", info.encrypted.data, info.encrypted.len,
                       encrypted->data, encrypted->len);
}

static void
run_recipient_info_rsa(Vector *vector)
{
    GByteArray *ski = vector_bytes(vector, vector->inputs, "recipient_ski");
    GByteArray *encrypted = vector_bytes(vector, vector->inputs, "encrypted_key_hex");
    g_autoptr(GByteArray) out = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(out, TKE_RECIPIENT_INFO_MAX);
    TkeRecipientInfo info = { 0 };
    g_autoptr(GError) error = NULL;

    if (!tke_recipient_info_write_rsa(&builder, ski->data, ski->len, encrypted->data,
                                      encrypted->len, &error) ||
        !tke_recipient_info_parse(out->data, out->len, &info, &error)) {
        vector_fail_error(vector, "envelope", error);
        return;
    }
    vector_check_member_hex(vector, "recipient_info_hex", out->data, out->len);
    vector_check(vector, info.is_rsa, "not read as RSA");
    vector_check_bytes(vector, "ski", info.ski, sizeof info.ski, ski->data, ski->len);
    vector_check_bytes(vector, "encrypted", info.encrypted.data, info.encrypted.len,
                       encrypted->data, encrypted->len);
}

static void
run_kph_certificate(Vector *vector)
{
    uint8_t point[TKE_EC_POINT_LEN] = { 0 };
    uint8_t certificate[TKE_KPH_CERTIFICATE_LEN] = { 0 };

    if (vector_point(vector, vector->inputs, "x_hex", "y_hex", point)) {
        tke_parameter_map_kph_certificate(point, certificate);
        vector_check_member_hex(vector, "kph_certificate_hex", certificate, sizeof certificate);
    }
}

static GByteArray *
write_map(Vector *vector, const TkeParameterMap *map)
{
    GByteArray *out = vector_own(vector, g_byte_array_new(), (GDestroyNotify) g_byte_array_unref);
    TkeByteBuilder builder = tke_byte_builder_into(out, TKE_PARAMETER_MAP_MAX);

    tke_parameter_map_write(map, &builder);
    vector_check(vector, !builder.failed, "the map is too large");
    return out;
}

static void
run_export(Vector *vector)
{
    GByteArray *holder = vector_bytes(vector, vector->inputs, "kph_certificate_hex");
    g_autoptr(TkeParameterMap) map = tke_parameter_map_new_export(holder->data, holder->len);
    GByteArray *out = write_map(vector, map);

    vector_check_member_hex(vector, "parameter_file_hex", out->data, out->len);
    check_elements(vector, out->data, out->len);
}

/* "0x001C" */
static uint16_t
tag_of(Vector *vector, JsonObject *object)
{
    const char *text = vector_text(vector, object, "tag");
    guint64 tag = 0;

    vector_check(vector,
                 g_str_has_prefix(text, "0x") &&
                     g_ascii_string_to_unsigned(text + 2, 16, 0, G_MAXUINT16, &tag, NULL),
                 "\"%s\" is no tag", text);
    return (uint16_t) tag;
}

static void
run_map_encode(Vector *vector)
{
    JsonArray *entries = vector_array(vector, vector->inputs, "entries");
    g_autoptr(TkeParameterMap) map = tke_parameter_map_new();
    GByteArray *out = NULL;

    for (unsigned i = 0; i < json_array_get_length(entries); i++) {
        JsonObject *entry = vector_element(vector, entries, i);
        GByteArray *data = vector_bytes(vector, entry, "data_hex");

        tke_parameter_map_set(map, tag_of(vector, entry),
                              (uint32_t) vector_int(vector, entry, "index"), data->data, data->len);
    }
    out = write_map(vector, map);
    vector_check_member_int(vector, "element_count", tke_parameter_map_get_count(map));
    vector_check_member_hex(vector, "encoding_hex", out->data, out->len);
    check_elements(vector, out->data, out->len);
}

/* True if the source can never find this tag although the section is there (README). */
static bool
is_fault_of_source(Vector *vector, JsonObject *lookup, JsonObject *result,
                   const TkeParameterSection *section)
{
    const char *tag = vector_text(vector, lookup, "tag");

    return section != NULL && strcmp(vector_text(vector, result, "outcome"), "ok") != 0 &&
           strpbrk(tag + strlen("0x"), "ABCDEFabcdef") != NULL;
}

static void
check_lookup(Vector *vector, const TkeParameterMap *map, JsonObject *lookup, JsonObject *result)
{
    const TkeParameterSection *section = tke_parameter_map_find(
        map, tag_of(vector, lookup), (uint32_t) vector_int(vector, lookup, "index"));
    g_autoptr(GError) error = NULL;

    if (is_fault_of_source(vector, lookup, result, section)) {
        vector_skip(vector, "README: sections whose tag contains a letter are never found");
        return;
    }
    if (section == NULL) {
        error = g_error_new_literal(TKE_ERROR, TKE_ERROR_INVALID_DATA, "no such section");
    }
    if (vector_check_outcome(vector, result, error)) {
        GByteArray *want = vector_bytes(vector, result, "data_hex");

        vector_check_bytes(vector, "section", section->data->data, section->data->len, want->data,
                           want->len);
    }
}

static void
run_map_decode(Vector *vector)
{
    GByteArray *encoding = vector_bytes(vector, vector->inputs, "encoding_hex");
    JsonArray *lookups = vector_array(vector, vector->inputs, "lookups");
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeParameterMap) map = tke_parameter_map_parse(encoding->data, encoding->len, &error);

    if (vector_check_outcome(vector, vector->expected, error)) {
        JsonArray *results = vector_array(vector, vector->expected, "lookups");

        for (unsigned i = 0; i < json_array_get_length(lookups); i++) {
            check_lookup(vector, map, vector_element(vector, lookups, i),
                         vector_element(vector, results, i));
        }
    }
}

static void
run_verification_pattern(Vector *vector)
{
    GByteArray *key = vector_bytes(vector, vector->inputs, "key_hex");
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSecret) secret = tke_secret_new_from(key->data, key->len, &error);
    uint8_t pattern[TKE_VP_LEN] = { 0 };

    if (secret == NULL || !tke_digest_verification_pattern(secret, pattern, &error)) {
        vector_fail_error(vector, "verification pattern", error);
        return;
    }
    vector_check_member_hex(vector, "verification_pattern_hex", pattern, sizeof pattern);
}

const VectorKind vectors_key_transport[] = {
    { "05-key-transport", "recipient-info-ec", run_recipient_info_ec, NULL },
    { "05-key-transport", "recipient-info-ec-lengths", run_recipient_info_ec, NULL },
    { "05-key-transport", "recipient-info-rsa", run_recipient_info_rsa, NULL },
    { "05-key-transport", "kph-certificate", run_kph_certificate, NULL },
    { "05-key-transport", "export-parameter-file", run_export, NULL },
    { "05-key-transport", "parameter-map-encode", run_map_encode, NULL },
    { "05-key-transport", "parameter-map-decode", run_map_decode, NULL },
    { "05-key-transport", "verification-pattern", run_verification_pattern, NULL },
    { 0 },
};
