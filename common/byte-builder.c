/*
 * Bounded writer; big-endian, whatever the machine.
 */
#include "common/byte-builder.h"

#include <string.h>

TkeByteBuilder
tke_byte_builder_into(GByteArray *array, size_t max)
{
    return (TkeByteBuilder){ .array = array, .size = max };
}

/* Tells whether count more bytes fit, and remembers if not. */
static bool
has_room(TkeByteBuilder *builder, size_t count)
{
    size_t limit = builder->size;

    if (builder->failed) {
        return false;
    }
    if (builder->array != NULL && limit > G_MAXUINT) {
        limit = G_MAXUINT; /* a GByteArray counts in unsigned int */
    }
    if (builder->array != NULL && limit - builder->len > G_MAXUINT - builder->array->len) {
        limit = builder->len + (G_MAXUINT - builder->array->len);
    }
    if (builder->len > limit || count > limit - builder->len) {
        builder->failed = true;
        return false;
    }
    return true;
}

void
tke_byte_builder_bytes(TkeByteBuilder *builder, const uint8_t *bytes, size_t len)
{
    if (!has_room(builder, len) || len == 0) {
        return;
    }
    if (builder->array != NULL) {
        g_byte_array_append(builder->array, bytes, (guint) len);
    } else {
        memcpy(builder->out + builder->len, bytes, len);
    }
    builder->len += len;
}

void
tke_byte_builder_u8(TkeByteBuilder *builder, uint8_t value)
{
    tke_byte_builder_bytes(builder, &value, 1);
}

void
tke_byte_builder_u16(TkeByteBuilder *builder, uint16_t value)
{
    const uint8_t bytes[] = { (uint8_t) (value >> 8), (uint8_t) (value & 0xff) };

    tke_byte_builder_bytes(builder, bytes, sizeof bytes);
}

void
tke_byte_builder_u32(TkeByteBuilder *builder, uint32_t value)
{
    const uint8_t bytes[] = { (uint8_t) (value >> 24), (uint8_t) (value >> 16 & 0xff),
                              (uint8_t) (value >> 8 & 0xff), (uint8_t) (value & 0xff) };

    tke_byte_builder_bytes(builder, bytes, sizeof bytes);
}

void
tke_byte_builder_text(TkeByteBuilder *builder, const char *text)
{
    tke_byte_builder_bytes(builder, (const uint8_t *) text, strlen(text));
}

void
tke_byte_builder_fill(TkeByteBuilder *builder, uint8_t value, size_t count)
{
    if (!has_room(builder, count) || count == 0) {
        return;
    }
    if (builder->array != NULL) {
        guint old = builder->array->len;

        g_byte_array_set_size(builder->array, old + (guint) count);
        memset(builder->array->data + old, value, count);
    } else {
        memset(builder->out + builder->len, value, count);
    }
    builder->len += count;
}
