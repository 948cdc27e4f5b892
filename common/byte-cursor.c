/*
 * Bounded reader; big-endian, whatever the machine.
 */
#include "common/byte-cursor.h"

#include <string.h>

TkeByteCursor
tke_byte_cursor(const uint8_t *data, size_t len)
{
    return (TkeByteCursor){ .data = data, .len = len };
}

size_t
tke_byte_cursor_left(const TkeByteCursor *cursor)
{
    return cursor->len - cursor->pos;
}

const uint8_t *
tke_byte_cursor_peek(const TkeByteCursor *cursor)
{
    return cursor->data == NULL ? NULL : cursor->data + cursor->pos;
}

bool
tke_byte_cursor_bytes(TkeByteCursor *cursor, size_t len, const uint8_t **bytes)
{
    if (len > tke_byte_cursor_left(cursor)) {
        return false;
    }
    *bytes = tke_byte_cursor_peek(cursor);
    cursor->pos += len;
    return true;
}

bool
tke_byte_cursor_skip(TkeByteCursor *cursor, size_t len)
{
    const uint8_t *bytes = NULL;

    return tke_byte_cursor_bytes(cursor, len, &bytes);
}

bool
tke_byte_cursor_copy(TkeByteCursor *cursor, uint8_t *out, size_t len)
{
    const uint8_t *bytes = NULL;

    if (!tke_byte_cursor_bytes(cursor, len, &bytes)) {
        return false;
    }
    if (len > 0 && bytes != NULL) {
        memcpy(out, bytes, len);
    }
    return true;
}

bool
tke_byte_cursor_sub(TkeByteCursor *cursor, size_t len, TkeByteCursor *sub)
{
    const uint8_t *bytes = NULL;

    if (!tke_byte_cursor_bytes(cursor, len, &bytes)) {
        return false;
    }
    *sub = tke_byte_cursor(bytes, len);
    return true;
}

bool
tke_byte_cursor_u8(TkeByteCursor *cursor, uint8_t *value)
{
    return tke_byte_cursor_copy(cursor, value, 1);
}

bool
tke_byte_cursor_u16(TkeByteCursor *cursor, uint16_t *value)
{
    uint8_t bytes[2] = { 0 };

    if (!tke_byte_cursor_copy(cursor, bytes, sizeof bytes)) {
        return false;
    }
    *value = (uint16_t) (bytes[0] << 8 | bytes[1]);
    return true;
}

bool
tke_byte_cursor_u32(TkeByteCursor *cursor, uint32_t *value)
{
    uint8_t bytes[4] = { 0 };

    if (!tke_byte_cursor_copy(cursor, bytes, sizeof bytes)) {
        return false;
    }
    *value =
        (uint32_t) bytes[0] << 24 | (uint32_t) bytes[1] << 16 | (uint32_t) bytes[2] << 8 | bytes[3];
    return true;
}
