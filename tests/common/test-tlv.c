/*
 * BER-TLV of cards.
 */
#include "common/tlv.h"

#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

/* Reads one object of the text; returns whether that worked and the cursor only then moved. */
static bool
read_any(const char *text, uint16_t *tag, size_t *len)
{
    g_autoptr(GByteArray) bytes = test_bytes(text);
    TkeByteCursor cursor = tke_byte_cursor(bytes->data, bytes->len);
    TkeByteCursor value = { 0 };
    bool ok = tke_tlv_read_any(&cursor, tag, &value);

    ck_assert_msg(ok == (cursor.pos != 0), "%s: the cursor is at %zu", text, cursor.pos);
    *len = value.len;
    return ok;
}

START_TEST(test_tags_of_one_and_two_bytes_are_read)
{
    uint16_t tag = 0;
    size_t len = 0;

    ck_assert(read_any("80 01 07", &tag, &len));
    ck_assert_uint_eq(tag, 0x80);
    ck_assert_uint_eq(len, 1);
    ck_assert(read_any("7F21 00", &tag, &len));
    ck_assert_uint_eq(tag, 0x7f21);
    ck_assert_uint_eq(len, 0);
}
END_TEST

START_TEST(test_malformed_objects_are_refused)
{
    static const char *const wrong[] = {
        "",
        "80",
        "80 01",
        "80 02 07",
        "7F",
        "7F 81 00",
        "5F",
        "80 80 07",
        "80 81",
        "80 81 7F",
        "80 82 00FF",
        "80 82 01",
        "80 83 010000",
        "80 84 00000001",
        "80 FF",
        "80 82 0100 00",
        "80 81 80 00",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        uint16_t tag = 0;
        size_t len = 0;

        ck_assert_msg(!read_any(wrong[i], &tag, &len), "%s was read", wrong[i]);
        ck_assert_uint_eq(tag, 0);
    }
}
END_TEST

START_TEST(test_lengths_are_minimal_at_every_boundary)
{
    static const struct {
        size_t len;
        const char *header;
    } cases[] = {
        { 0, "8600" },      { 0x7f, "867f" },      { 0x80, "868180" },
        { 0xff, "8681ff" }, { 0x100, "86820100" }, { 0xffff, "8682ffff" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GByteArray) array = g_byte_array_new();
        TkeByteBuilder builder = tke_byte_builder_into(array, 0x20000);
        TkeByteCursor cursor = { 0 };
        TkeByteCursor value = { 0 };

        tke_tlv_header(&builder, 0x86, cases[i].len);
        test_bytes_check(array->data, array->len, cases[i].header);
        tke_byte_builder_fill(&builder, 0x55, cases[i].len);
        ck_assert(!builder.failed);
        ck_assert_uint_eq(array->len, tke_tlv_size(0x86, cases[i].len));
        cursor = tke_byte_cursor(array->data, array->len);
        ck_assert(tke_tlv_read(&cursor, 0x86, &value));
        ck_assert_uint_eq(value.len, cases[i].len);
        ck_assert_uint_eq(tke_byte_cursor_left(&cursor), 0);
    }
}
END_TEST

START_TEST(test_a_value_that_is_too_long_fails_the_builder)
{
    g_autoptr(GByteArray) array = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(array, 0x20000);

    tke_tlv_header(&builder, 0x86, 0x10000);
    ck_assert(builder.failed);
    ck_assert_uint_eq(array->len, 0);
}
END_TEST

START_TEST(test_another_tag_leaves_the_cursor_and_the_outputs)
{
    g_autoptr(GByteArray) bytes = test_bytes("5F29 01 01  42 02 AABB");
    TkeByteCursor cursor = tke_byte_cursor(bytes->data, bytes->len);
    TkeByteCursor value = { .len = 99 };
    uint8_t two[2] = { 0 };
    uint8_t one = 0x77;

    ck_assert(!tke_tlv_read(&cursor, 0x42, &value));
    ck_assert(!tke_tlv_read_exact(&cursor, 0x5f29, two, 2)); /* has one byte */
    ck_assert_uint_eq(value.len, 99);
    ck_assert_uint_eq(cursor.pos, 0);
    ck_assert(tke_tlv_next_is(&cursor, 0x5f29));
    ck_assert(!tke_tlv_next_is(&cursor, 0x5f));
    ck_assert(tke_tlv_read_exact(&cursor, 0x5f29, &one, 1));
    ck_assert_uint_eq(one, 1);
    ck_assert(tke_tlv_read_exact(&cursor, 0x42, two, 2));
    test_bytes_check(two, 2, "aabb");
    ck_assert(!tke_tlv_next_is(&cursor, 0x42));
}
END_TEST

START_TEST(test_the_selection_answer_of_a_card_is_read)
{
    /* card-protocol.md, A.2 */
    g_autoptr(GByteArray) bytes =
        test_bytes("6F1A8407F04F544B450102A50F9F6E030100009F650204009F660100");
    TkeByteCursor cursor = tke_byte_cursor(bytes->data, bytes->len);
    TkeByteCursor outer = { 0 };
    TkeByteCursor inner = { 0 };
    TkeByteCursor aid = { 0 };
    uint8_t version[3] = { 0 };
    uint8_t buffer[2] = { 0 };

    ck_assert(tke_tlv_read(&cursor, 0x6f, &outer));
    ck_assert_uint_eq(tke_byte_cursor_left(&cursor), 0);
    ck_assert(tke_tlv_read(&outer, 0x84, &aid));
    test_bytes_check(aid.data, aid.len, "f04f544b450102");
    ck_assert(tke_tlv_read(&outer, 0xa5, &inner));
    ck_assert(tke_tlv_read_exact(&inner, 0x9f6e, version, sizeof version));
    ck_assert(tke_tlv_read_exact(&inner, 0x9f65, buffer, sizeof buffer));
    test_bytes_check(version, sizeof version, "010000");
    test_bytes_check(buffer, sizeof buffer, "0400");
}
END_TEST

START_TEST(test_an_object_is_written_with_its_value)
{
    uint8_t out[16] = { 0 };
    TkeByteBuilder builder = { .out = out, .size = sizeof out };

    tke_tlv_object(&builder, 0x5f20, (const uint8_t *) "\x01\x02", 2);
    tke_tlv_object(&builder, 0x85, NULL, 0);
    ck_assert(!builder.failed);
    test_bytes_check(out, builder.len, "5f20 02 0102  85 00");
    ck_assert_uint_eq(tke_tlv_size(0x5f20, 2) + tke_tlv_size(0x85, 0), builder.len);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_tags_of_one_and_two_bytes_are_read);
    tcase_add_test(tests, test_malformed_objects_are_refused);
    tcase_add_test(tests, test_lengths_are_minimal_at_every_boundary);
    tcase_add_test(tests, test_a_value_that_is_too_long_fails_the_builder);
    tcase_add_test(tests, test_another_tag_leaves_the_cursor_and_the_outputs);
    tcase_add_test(tests, test_the_selection_answer_of_a_card_is_read);
    tcase_add_test(tests, test_an_object_is_written_with_its_value);
}

int
main(void)
{
    return test_main("tlv", add_tests);
}
