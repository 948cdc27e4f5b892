/*
 * DER elements, to any depth; what was read is written again and read once more.
 */
#include "common/der.h"

#include "tests/fuzz/fuzz.h"

#define MAX_DEPTH 16u
#define CONSTRUCTED 0x20u

static void
check_element(uint8_t tag, const TkeByteCursor *value)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    TkeByteBuilder b = tke_byte_builder_into(out, SIZE_MAX);
    TkeByteCursor again = { 0 };
    TkeByteCursor content = { 0 };

    tke_der_element(&b, tag, value->data, value->len);
    FUZZ_REQUIRE(!b.failed && out->len == tke_der_size(value->len));
    again = tke_byte_cursor(out->data, out->len);
    FUZZ_REQUIRE(tke_der_read(&again, tag, &content) && content.len == value->len &&
                 tke_byte_cursor_left(&again) == 0);
}

static void
walk(TkeByteCursor cursor, unsigned depth)
{
    uint8_t tag = 0;
    TkeByteCursor value = { 0 };
    uint32_t number = 0;

    while (depth < MAX_DEPTH) {
        TkeByteCursor before = cursor;
        TkeByteCursor copy = cursor;
        TkeByteCursor whole = { 0 };

        tke_der_read_octet_u32(&copy, &number);
        if (!tke_der_read_any(&cursor, &tag, &value)) {
            FUZZ_REQUIRE(cursor.pos == before.pos);
            return;
        }
        FUZZ_REQUIRE(tke_der_next_is(&before, tag));
        FUZZ_REQUIRE(tke_der_read_whole(&before, tag, &whole, &value) && before.pos == cursor.pos);
        check_element(tag, &value);
        if ((tag & CONSTRUCTED) != 0) {
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
