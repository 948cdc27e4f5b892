/*
 * File 09, the requests to a signing service: built anew, and its signatures verified with the
 * keys it gives (crypto-unit-protocol.md, 7.7).
 */
#include <string.h>

#include "common/der.h"
#include "common/ec-key.h"
#include "libep11admin/json-text.h"
#include "tests/run-vectors/transcript.h"

#define COORDINATE_LEN 66u

/* A Base64 member of a body. Caller unrefs; NULL if there is none. */
static GByteArray *
base64_member(const char *body, const char *member)
{
    g_autoptr(JsonNode) node = tke_json_text_parse(body, strlen(body), TKE_JSON_WHOLE, NULL);
    const char *text = NULL;
    guchar *data = NULL;
    gsize len = 0;

    if (node != NULL && JSON_NODE_HOLDS_OBJECT(node)) {
        text = tke_json_text_get_string(json_node_get_object(node), member);
    }
    if (text == NULL) {
        return NULL;
    }
    data = g_base64_decode(text, &len);
    return g_byte_array_new_take(data, len);
}

static bool
read_coordinate(TkeByteCursor *key, uint8_t *out)
{
    TkeByteCursor value = { 0 };

    if (!tke_der_read(key, TKE_DER_INTEGER, &value)) {
        return false;
    }
    while (value.len - value.pos > COORDINATE_LEN) {
        tke_byte_cursor_skip(&value, 1); /* a sign byte */
    }
    out += COORDINATE_LEN - tke_byte_cursor_left(&value);
    return tke_byte_cursor_copy(&value, out, tke_byte_cursor_left(&value));
}

/* The signer whose key has this name at the service; NULL: there is none, which is a failure. */
static JsonObject *
find_signer(Vector *vector, const char *name)
{
    JsonArray *admins = vector_array(vector, vector->inputs, "admins");

    for (guint i = 0; i < json_array_get_length(admins); i++) {
        JsonObject *admin = vector_element(vector, admins, i);

        if (g_strcmp0(vector_text(vector, admin, "key"), name) == 0) {
            return admin;
        }
    }
    vector_check(vector, false, "the service is asked for a key of a signer, not for “%s”", name);
    return NULL;
}

/* The public key of an answer, which becomes one of the keys that sign. */
static void
take_key(Transcript *transcript, const char *name, const char *body)
{
    Vector *vector = transcript->vector;
    g_autoptr(GByteArray) der = base64_member(body, "publickey");
    uint8_t point[TKE_EC_POINT_LEN] = { 0x04 };
    TkeByteCursor cursor = { 0 };
    TkeByteCursor key = { 0 };
    g_autoptr(EVP_PKEY) public_key = NULL;
    JsonObject *admin = find_signer(vector, name);

    if (der != NULL) {
        cursor = tke_byte_cursor(der->data, der->len);
    }
    if (tke_der_read(&cursor, TKE_DER_SEQUENCE, &key) && read_coordinate(&key, point + 1) &&
        read_coordinate(&key, point + 1 + COORDINATE_LEN)) {
        public_key = tke_ec_key_from_point(point, sizeof point, NULL);
    }
    if (!vector_check(vector, public_key != NULL, "public key of the service")) {
        return;
    }
    if (admin != NULL) {
        GByteArray *want = vector_bytes(vector, admin, "ski");
        uint8_t ski[TKE_SKI_LEN] = { 0 };

        tke_ec_key_get_ski(public_key, ski, NULL);
        vector_check_bytes(vector, "ski", ski, sizeof ski, want->data, want->len);
        transcript_add_key(transcript, ski, public_key, NULL);
    }
}

/* The signature over the input of a request, by the key of that name. */
static void
check_signature(Transcript *transcript, const char *name, const char *request, const char *response)
{
    Vector *vector = transcript->vector;
    g_autoptr(GByteArray) input = base64_member(request, "input");
    g_autoptr(GByteArray) signature = base64_member(response, "signature");
    JsonObject *admin = find_signer(vector, name);
    g_autofree char *text = NULL;
    g_autofree char *made = NULL;

    if (!vector_check(vector, input != NULL && signature != NULL, "input and signature")) {
        return;
    }
    text = g_base64_encode(input->data, input->len);
    made = g_strdup_printf("{\"hash_algorithm\":\"sha2-512\",\"input\":\"%s\"}", text);
    vector_check_text(vector, "body of a request to sign", made, request);
    if (admin != NULL) {
        GByteArray *ski = vector_bytes(vector, admin, "ski");
        const TranscriptKey *key = transcript_find_key(transcript, ski->data);

        vector_check(vector,
                     key != NULL && tke_ec_key_verify(key->key, input->data, input->len,
                                                      signature->data, signature->len, NULL),
                     "signature of the service");
    }
}

/* One pass over the exchanges with the service: for its keys, then for its signatures. */
static void
pass(Transcript *transcript, JsonArray *exchanges, const char *base, const char *kind)
{
    Vector *vector = transcript->vector;

    for (guint i = 0; i < json_array_get_length(exchanges); i++) {
        JsonObject *exchange = vector_element(vector, exchanges, i);
        JsonObject *request = vector_object(vector, exchange, "request");
        JsonObject *response = vector_object(vector, exchange, "response");
        const char *url = vector_text(vector, request, "url");
        g_autofree char *prefix = g_strdup_printf("%s/%s/", base, kind);
        bool keys = strcmp(kind, "keys") == 0;

        if (g_str_has_prefix(url, prefix)) {
            const char *name = url + strlen(prefix);
            const char *answer = vector_text(vector, response, "body");

            vector_check_text(vector, "method", vector_text(vector, request, "method"),
                              keys ? "GET" : "POST");
            if (keys) {
                take_key(transcript, name, answer);
            } else {
                check_signature(transcript, name, vector_text(vector, request, "body"), answer);
            }
        }
    }
}

/* Every request to the service is one of the two that there are. */
static void
check_addresses(Vector *vector, JsonArray *exchanges, const char *base)
{
    g_autofree char *keys = g_strconcat(base, "/keys/", NULL);
    g_autofree char *sign = g_strconcat(base, "/sign/", NULL);

    for (guint i = 0; i < json_array_get_length(exchanges); i++) {
        JsonObject *exchange = vector_element(vector, exchanges, i);
        const char *url = vector_text(vector, vector_object(vector, exchange, "request"), "url");

        if (g_str_has_prefix(vector_text(vector, exchange, "what"), "signing service")) {
            vector_check(vector, g_str_has_prefix(url, keys) || g_str_has_prefix(url, sign),
                         "%s is an address of the service", url);
        }
    }
}

void
transcript_check_service(Transcript *transcript, JsonArray *exchanges, const char *url)
{
    check_addresses(transcript->vector, exchanges, url);
    pass(transcript, exchanges, url, "keys");
    pass(transcript, exchanges, url, "sign");
}
