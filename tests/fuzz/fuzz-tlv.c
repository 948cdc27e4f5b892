/*
 * BER-TLV objects of cards, to any depth. Their form is unique: what was read and is written again
 * has the same bytes.
 */
#include "common/tlv.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

#define MAX_DEPTH 16u

/* Templates are marked in the first byte of the tag. */
static bool
is_template(uint16_t tag)
{
    return ((tag > 0xff ? tag >> 8 : tag) & 0x20) != 0;
}

static void
check_object(const TkeByteCursor *before, size_t len, uint16_t tag, const TkeByteCursor *value)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    TkeByteBuilder b = tke_byte_builder_into(out, SIZE_MAX);

    tke_tlv_object(&b, tag, value->data, value->len);
    FUZZ_REQUIRE(!b.failed && out->len == len && tke_tlv_size(tag, value->len) == len);
    FUZZ_REQUIRE(memcmp(out->data, tke_byte_cursor_peek(before), len) == 0);
}

static void
walk(TkeByteCursor cursor, unsigned depth)
{
    uint16_t tag = 0;
    TkeByteCursor value = { 0 };

    while (depth < MAX_DEPTH) {
        TkeByteCursor before = cursor;
        TkeByteCursor copy = cursor;
        TkeByteCursor same = { 0 };

        if (!tke_tlv_read_any(&cursor, &tag, &value)) {
            FUZZ_REQUIRE(cursor.pos == before.pos);
            return;
        }
        FUZZ_REQUIRE(tke_tlv_next_is(&before, tag));
        FUZZ_REQUIRE(!tke_tlv_read(&copy, (uint16_t) (tag ^ 1), &same) && copy.pos == before.pos);
        FUZZ_REQUIRE(tke_tlv_read(&copy, tag, &same) && copy.pos == cursor.pos);
        check_object(&before, cursor.pos - before.pos, tag, &value);
        if (is_template(tag)) {
            walk(value, depth + 1);
        }
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    walk(tke_byte_cursor(data, size), 0);
    return 0;
}
