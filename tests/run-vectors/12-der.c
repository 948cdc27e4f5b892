/*
 * File 12: DER lengths, wrapping and unwrapping (crypto-unit-protocol.md, 2.1).
 */
#include "common/der.h"
#include "tests/run-vectors/vectors.h"

extern const VectorKind vectors_der[];

#define HEADER_MAX 8u

static void
run_length(Vector *vector)
{
    int64_t len = vector_int(vector, vector->inputs, "length");
    uint8_t header[HEADER_MAX];
    TkeByteBuilder b = { .out = header, .size = sizeof header };
    g_autoptr(GError) error = NULL;

    /* A negative length has no representation in a size_t; the nearest is one that is too long. */
    tke_der_header(&b, TKE_DER_OCTET_STRING, len < 0 ? SIZE_MAX : (size_t) len);
    if (b.failed) {
        error = g_error_new_literal(G_FILE_ERROR, 0, "the length does not fit");
    }
    if (vector_check_outcome(vector, vector->expected, error)) {
        vector_check_member_hex(vector, "encoding_hex", header + 1, b.len - 1);
    }
}

static void
check_wrapped(Vector *vector, const char *member, uint8_t tag, const uint8_t *data, size_t len)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    TkeByteBuilder b = tke_byte_builder_into(out, SIZE_MAX);

    tke_der_element(&b, tag, data, len);
    vector_check(vector, !b.failed && b.len == tke_der_size(len), "%s has another size", member);
    vector_check_member_hex(vector, member, out->data, out->len);
}

static void
run_wrap(Vector *vector)
{
    GByteArray *data = vector_bytes(vector, vector->inputs, "data_hex");
    g_autoptr(GByteArray) bits = g_byte_array_new();
    const uint8_t unused = 0;

    g_byte_array_append(bits, &unused, 1);
    g_byte_array_append(bits, data->data, data->len);
    check_wrapped(vector, "octet_string_hex", TKE_DER_OCTET_STRING, data->data, data->len);
    check_wrapped(vector, "sequence_hex", TKE_DER_SEQUENCE, data->data, data->len);
    check_wrapped(vector, "bit_string_hex", TKE_DER_BIT_STRING, bits->data, bits->len);
}

static void
check_read(Vector *vector, const char *name, uint8_t tag, GByteArray *data)
{
    g_autofree char *skip_name = g_strconcat("skip_", name, NULL);
    JsonObject *read = vector_object(vector, vector->expected, name);
    JsonObject *skip = vector_object(vector, vector->expected, skip_name);
    TkeByteCursor cursor = tke_byte_cursor(data->data, data->len);
    TkeByteCursor value = { 0 };
    g_autoptr(GError) error = NULL;

    if (!tke_der_read(&cursor, tag, &value)) {
        error = g_error_new_literal(G_FILE_ERROR, 0, "not such an element");
    }
    if (vector_check_outcome(vector, read, error)) {
        GByteArray *want = vector_bytes(vector, read, "content_hex");

        vector_check_bytes(vector, name, value.data, value.len, want->data, want->len);
    }
    if (vector_check_outcome(vector, skip, error)) {
        vector_check_int(vector, skip_name, (int64_t) cursor.pos,
                         vector_int(vector, skip, "next_offset"));
    }
}

static void
run_unwrap(Vector *vector)
{
    GByteArray *data = vector_bytes(vector, vector->inputs, "data_hex");

    check_read(vector, "sequence", TKE_DER_SEQUENCE, data);
    check_read(vector, "octet_string", TKE_DER_OCTET_STRING, data);
    check_read(vector, "integer", TKE_DER_INTEGER, data);
}

const VectorKind vectors_der[] = {
    { "12-der-primitives", "length", run_length, NULL },
    { "12-der-primitives", "wrap", run_wrap, NULL },
    { "12-der-primitives", "unwrap", run_unwrap, NULL },
    { 0 },
};
