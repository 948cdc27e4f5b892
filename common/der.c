/*
 * DER of administrative messages (crypto-unit-protocol.md, 2.1; X.690).
 */
#include "common/der.h"

#define HIGH_TAG 0x1fu
#define LONG_FORM 0x80u
#define MOST_LENGTH_BYTES 4u

static bool
read_tag(TkeByteCursor *cursor, uint8_t *tag)
{
    uint8_t read = 0;

    if (!tke_byte_cursor_u8(cursor, &read) || (read & HIGH_TAG) == HIGH_TAG) {
        return false;
    }
    *tag = read;
    return true;
}

static bool
read_length(TkeByteCursor *cursor, size_t *len)
{
    uint8_t first = 0;
    size_t value = 0;
    unsigned count = 0;

    if (!tke_byte_cursor_u8(cursor, &first)) {
        return false;
    }
    if (first < LONG_FORM) {
        *len = first;
        return true;
    }
    count = first & ~LONG_FORM;
    if (count == 0 || count > MOST_LENGTH_BYTES) { /* none: the indefinite form */
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        uint8_t byte = 0;

        if (!tke_byte_cursor_u8(cursor, &byte)) {
            return false;
        }
        value = value << 8 | byte;
    }
    *len = value;
    return true;
}

bool
tke_der_read_any(TkeByteCursor *cursor, uint8_t *tag, TkeByteCursor *value)
{
    TkeByteCursor copy = *cursor;
    TkeByteCursor content = { 0 };
    uint8_t read = 0;
    size_t len = 0;

    if (!read_tag(&copy, &read) || !read_length(&copy, &len) ||
        !tke_byte_cursor_sub(&copy, len, &content)) {
        return false;
    }
    *cursor = copy;
    *tag = read;
    *value = content;
    return true;
}

bool
tke_der_read(TkeByteCursor *cursor, uint8_t tag, TkeByteCursor *value)
{
    TkeByteCursor whole = { 0 };

    return tke_der_read_whole(cursor, tag, &whole, value);
}

bool
tke_der_read_whole(TkeByteCursor *cursor, uint8_t tag, TkeByteCursor *whole, TkeByteCursor *value)
{
    TkeByteCursor copy = *cursor;
    TkeByteCursor content = { 0 };
    uint8_t read = 0;
    size_t len = 0;

    if (!tke_der_read_any(&copy, &read, &content) || read != tag) {
        return false;
    }
    len = copy.pos - cursor->pos;
    if (!tke_byte_cursor_sub(cursor, len, whole)) {
        return false;
    }
    *value = content;
    return true;
}

bool
tke_der_read_exact(TkeByteCursor *cursor, uint8_t tag, uint8_t *out, size_t len)
{
    TkeByteCursor copy = *cursor;
    TkeByteCursor content = { 0 };

    if (!tke_der_read(&copy, tag, &content) || content.len != len ||
        !tke_byte_cursor_copy(&content, out, len)) {
        return false;
    }
    *cursor = copy;
    return true;
}

bool
tke_der_read_octet_u32(TkeByteCursor *cursor, uint32_t *value)
{
    uint8_t bytes[4] = { 0 };
    TkeByteCursor number = { 0 };

    if (!tke_der_read_exact(cursor, TKE_DER_OCTET_STRING, bytes, sizeof bytes)) {
        return false;
    }
    number = tke_byte_cursor(bytes, sizeof bytes);
    return tke_byte_cursor_u32(&number, value);
}

bool
tke_der_next_is(const TkeByteCursor *cursor, uint8_t tag)
{
    TkeByteCursor copy = *cursor;
    uint8_t read = 0;

    return read_tag(&copy, &read) && read == tag;
}

/* Bytes that the minimal form of a length has. */
static size_t
length_size(size_t len)
{
    size_t size = 1;

    if (len >= LONG_FORM) {
        for (size_t rest = len; rest != 0; rest >>= 8) {
            size++;
        }
    }
    return size;
}

void
tke_der_header(TkeByteBuilder *builder, uint8_t tag, size_t len)
{
    size_t size = length_size(len);

    if (size > 1 + MOST_LENGTH_BYTES) {
        builder->failed = true;
        return;
    }
    tke_byte_builder_u8(builder, tag);
    if (size == 1) {
        tke_byte_builder_u8(builder, (uint8_t) len);
        return;
    }
    tke_byte_builder_u8(builder, (uint8_t) (LONG_FORM | (size - 1)));
    for (size_t i = size - 1; i > 0; i--) {
        tke_byte_builder_u8(builder, (uint8_t) (len >> (8 * (i - 1)) & 0xff));
    }
}

void
tke_der_element(TkeByteBuilder *builder, uint8_t tag, const uint8_t *value, size_t len)
{
    tke_der_header(builder, tag, len);
    tke_byte_builder_bytes(builder, value, len);
}

void
tke_der_octet_u32(TkeByteBuilder *builder, uint32_t value)
{
    tke_der_header(builder, TKE_DER_OCTET_STRING, 4);
    tke_byte_builder_u32(builder, value);
}

size_t
tke_der_size(size_t len)
{
    return 1 + length_size(len) + len;
}
