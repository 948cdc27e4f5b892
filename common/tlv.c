/*
 * BER-TLV objects of cards (card-protocol.md, section 2; ISO 7816-4, 5.2.2).
 */
#include "common/tlv.h"

#define TAG_MORE 0x1fu   /* in the first byte of a tag: another byte follows */
#define TAG_BEYOND 0x80u /* in the second: yet another, which no object here has */

static bool
read_tag(TkeByteCursor *cursor, uint16_t *tag)
{
    uint8_t first = 0;
    uint8_t second = 0;

    if (!tke_byte_cursor_u8(cursor, &first)) {
        return false;
    }
    if ((first & TAG_MORE) != TAG_MORE) {
        *tag = first;
        return true;
    }
    if (!tke_byte_cursor_u8(cursor, &second) || (second & TAG_BEYOND) != 0) {
        return false;
    }
    *tag = (uint16_t) (first << 8 | second);
    return true;
}

static bool
read_length(TkeByteCursor *cursor, size_t *len)
{
    uint8_t first = 0;
    uint8_t one = 0;
    uint16_t two = 0;

    if (!tke_byte_cursor_u8(cursor, &first)) {
        return false;
    }
    if (first < 0x80) {
        *len = first;
        return true;
    }
    if (first == 0x81 && tke_byte_cursor_u8(cursor, &one) && one >= 0x80) {
        *len = one;
        return true;
    }
    if (first == 0x82 && tke_byte_cursor_u16(cursor, &two) && two >= 0x100) {
        *len = two;
        return true;
    }
    return false;
}

bool
tke_tlv_read_any(TkeByteCursor *cursor, uint16_t *tag, TkeByteCursor *value)
{
    TkeByteCursor copy = *cursor;
    TkeByteCursor content = { 0 };
    uint16_t read = 0;
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
tke_tlv_read(TkeByteCursor *cursor, uint16_t tag, TkeByteCursor *value)
{
    TkeByteCursor copy = *cursor;
    TkeByteCursor content = { 0 };
    uint16_t read = 0;

    if (!tke_tlv_read_any(&copy, &read, &content) || read != tag) {
        return false;
    }
    *cursor = copy;
    *value = content;
    return true;
}

bool
tke_tlv_read_exact(TkeByteCursor *cursor, uint16_t tag, uint8_t *out, size_t len)
{
    TkeByteCursor copy = *cursor;
    TkeByteCursor content = { 0 };

    if (!tke_tlv_read(&copy, tag, &content) || content.len != len ||
        !tke_byte_cursor_copy(&content, out, len)) {
        return false;
    }
    *cursor = copy;
    return true;
}

bool
tke_tlv_next_is(const TkeByteCursor *cursor, uint16_t tag)
{
    TkeByteCursor copy = *cursor;
    uint16_t read = 0;

    return read_tag(&copy, &read) && read == tag;
}

void
tke_tlv_header(TkeByteBuilder *builder, uint16_t tag, size_t len)
{
    if (len > 0xffff) {
        builder->failed = true;
        return;
    }
    if (tag > 0xff) {
        tke_byte_builder_u16(builder, tag);
    } else {
        tke_byte_builder_u8(builder, (uint8_t) tag);
    }
    if (len >= 0x100) {
        tke_byte_builder_u8(builder, 0x82);
        tke_byte_builder_u16(builder, (uint16_t) len);
        return;
    }
    if (len >= 0x80) {
        tke_byte_builder_u8(builder, 0x81);
    }
    tke_byte_builder_u8(builder, (uint8_t) len);
}

void
tke_tlv_object(TkeByteBuilder *builder, uint16_t tag, const uint8_t *value, size_t len)
{
    tke_tlv_header(builder, tag, len);
    tke_byte_builder_bytes(builder, value, len);
}

size_t
tke_tlv_size(uint16_t tag, size_t len)
{
    size_t tag_len = tag > 0xff ? 2 : 1;
    size_t length_len = len >= 0x100 ? 3 : len >= 0x80 ? 2 : 1;

    return tag_len + length_len + len;
}
