/*
 * Values of a golden case, and comparisons.
 */
#include "tests/run-vectors/vectors.h"

#include <string.h>

#include "common/hex.h"

typedef struct {
    void *value;
    GDestroyNotify free_func;
} Owned;

static void
owned_free(void *data)
{
    Owned *owned = data;

    owned->free_func(owned->value);
    g_free(owned);
}

void *
vector_own(Vector *vector, void *value, GDestroyNotify free_func)
{
    Owned *owned = g_new0(Owned, 1);

    if (vector->owned == NULL) {
        vector->owned = g_ptr_array_new_with_free_func(owned_free);
    }
    owned->value = value;
    owned->free_func = free_func;
    g_ptr_array_add(vector->owned, owned);
    return value;
}

static void
add_failure(Vector *vector, const char *text)
{
    if (vector->failures == NULL) {
        vector->failures = g_string_new(NULL);
    }
    if (vector->failures->len > 0) {
        g_string_append(vector->failures, "; ");
    }
    g_string_append(vector->failures, text);
}

static JsonNode *
member_of(Vector *vector, JsonObject *object, const char *member, const char *kind)
{
    JsonNode *node = object == NULL ? NULL : json_object_get_member(object, member);

    if (node == NULL) {
        g_autofree char *text = g_strdup_printf("the case has no member \"%s\" (%s)", member, kind);

        add_failure(vector, text);
    }
    return node;
}

static void
wrong_kind(Vector *vector, const char *member, const char *kind)
{
    g_autofree char *text = g_strdup_printf("member \"%s\" of the case is no %s", member, kind);

    add_failure(vector, text);
}

static const char *
text_of(Vector *vector, JsonNode *node, const char *member)
{
    if (node == NULL) {
        return "";
    }
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING) {
        wrong_kind(vector, member, "text");
        return "";
    }
    return json_node_get_string(node);
}

static GByteArray *
bytes_of(Vector *vector, JsonNode *node, const char *member)
{
    GByteArray *bytes = tke_hex_decode(text_of(vector, node, member), -1, NULL);

    if (bytes == NULL) {
        wrong_kind(vector, member, "hex text");
        bytes = g_byte_array_new();
    }
    return vector_own(vector, bytes, (GDestroyNotify) g_byte_array_unref);
}

const char *
vector_text(Vector *vector, JsonObject *object, const char *member)
{
    return text_of(vector, member_of(vector, object, member, "text"), member);
}

GByteArray *
vector_bytes(Vector *vector, JsonObject *object, const char *member)
{
    return bytes_of(vector, member_of(vector, object, member, "hex text"), member);
}

int64_t
vector_int(Vector *vector, JsonObject *object, const char *member)
{
    JsonNode *node = member_of(vector, object, member, "number");

    if (node == NULL) {
        return 0;
    }
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_INT64) {
        wrong_kind(vector, member, "integer");
        return 0;
    }
    return json_node_get_int(node);
}

bool
vector_bool(Vector *vector, JsonObject *object, const char *member)
{
    JsonNode *node = member_of(vector, object, member, "truth value");

    if (node == NULL) {
        return false;
    }
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_BOOLEAN) {
        wrong_kind(vector, member, "truth value");
        return false;
    }
    return json_node_get_boolean(node);
}

JsonObject *
vector_object(Vector *vector, JsonObject *object, const char *member)
{
    JsonNode *node = member_of(vector, object, member, "object");

    if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node)) {
        if (node != NULL) {
            wrong_kind(vector, member, "object");
        }
        return vector_own(vector, json_object_new(), (GDestroyNotify) json_object_unref);
    }
    return json_node_get_object(node);
}

JsonArray *
vector_array(Vector *vector, JsonObject *object, const char *member)
{
    JsonNode *node = member_of(vector, object, member, "array");

    if (node == NULL || !JSON_NODE_HOLDS_ARRAY(node)) {
        if (node != NULL) {
            wrong_kind(vector, member, "array");
        }
        return vector_own(vector, json_array_new(), (GDestroyNotify) json_array_unref);
    }
    return json_node_get_array(node);
}

static JsonNode *
element_of(Vector *vector, JsonArray *array, unsigned i)
{
    if (i >= json_array_get_length(array)) {
        add_failure(vector, "an array of the case is too short");
        return NULL;
    }
    return json_array_get_element(array, i);
}

JsonObject *
vector_element(Vector *vector, JsonArray *array, unsigned i)
{
    JsonNode *node = element_of(vector, array, i);

    if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node)) {
        wrong_kind(vector, "[]", "object");
        return vector_own(vector, json_object_new(), (GDestroyNotify) json_object_unref);
    }
    return json_node_get_object(node);
}

const char *
vector_element_text(Vector *vector, JsonArray *array, unsigned i)
{
    return text_of(vector, element_of(vector, array, i), "[]");
}

GByteArray *
vector_element_bytes(Vector *vector, JsonArray *array, unsigned i)
{
    return bytes_of(vector, element_of(vector, array, i), "[]");
}

bool
vector_has(JsonObject *object, const char *member)
{
    JsonNode *node = object == NULL ? NULL : json_object_get_member(object, member);

    return node != NULL && !JSON_NODE_HOLDS_NULL(node);
}

bool
vector_check(Vector *vector, bool good, const char *format, ...)
{
    va_list args;

    vector->n_checks++;
    if (!good) {
        g_autofree char *text = NULL;

        va_start(args, format);
        text = g_strdup_vprintf(format, args);
        va_end(args);
        add_failure(vector, text);
    }
    return good;
}

bool
vector_check_text(Vector *vector, const char *what, const char *got, const char *want)
{
    return vector_check(vector, g_strcmp0(got, want) == 0, "%s is \"%.300s\", not \"%.300s\"", what,
                        got == NULL ? "(none)" : got, want == NULL ? "(none)" : want);
}

bool
vector_check_int(Vector *vector, const char *what, int64_t got, int64_t want)
{
    return vector_check(vector, got == want, "%s is %" G_GINT64_FORMAT ", not %" G_GINT64_FORMAT,
                        what, got, want);
}

bool
vector_check_bytes(Vector *vector, const char *what, const uint8_t *got, size_t got_len,
                   const uint8_t *want, size_t want_len)
{
    g_autofree char *got_hex = tke_hex_encode(got, got_len);
    g_autofree char *want_hex = tke_hex_encode(want, want_len);
    size_t same = 0;

    while (got_hex[same] != '\0' && got_hex[same] == want_hex[same]) {
        same++;
    }
    same &= ~(size_t) 1;
    return vector_check(vector, got_len == want_len && strcmp(got_hex, want_hex) == 0,
                        "%s differs at byte %zu of %zu (%zu expected): %.32s, not %.32s", what,
                        same / 2, got_len, want_len, got_hex + same, want_hex + same);
}

bool
vector_check_member_hex(Vector *vector, const char *member, const uint8_t *got, size_t len)
{
    GByteArray *want = vector_bytes(vector, vector->expected, member);

    return vector_check_bytes(vector, member, got, len, want->data, want->len);
}

bool
vector_check_member_text(Vector *vector, const char *member, const char *got)
{
    return vector_check_text(vector, member, got, vector_text(vector, vector->expected, member));
}

bool
vector_check_member_int(Vector *vector, const char *member, int64_t got)
{
    return vector_check_int(vector, member, got, vector_int(vector, vector->expected, member));
}

bool
vector_check_outcome(Vector *vector, JsonObject *object, const GError *error)
{
    const char *outcome = vector_text(vector, object, "outcome");
    bool want_good = strcmp(outcome, "ok") == 0;

    if (!want_good && strcmp(outcome, "error") != 0 && strcmp(outcome, "crash") != 0 &&
        strcmp(outcome, "overread") != 0) {
        return vector_check(vector, false, "outcome \"%s\" is unknown", outcome);
    }
    return vector_check(vector, want_good == (error == NULL), "the outcome should be \"%s\": %s",
                        outcome, error == NULL ? "there was no error" : error->message) &&
           want_good;
}

void
vector_fail_error(Vector *vector, const char *what, const GError *error)
{
    vector_check(vector, false, "%s: %s", what, error == NULL ? "failed" : error->message);
}

void
vector_skip(Vector *vector, const char *reason)
{
    vector->skipped = reason;
}
