/*
 * The bounded reader.
 */
#include "common/byte-cursor.h"

#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

static const uint8_t eight[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0xff };

START_TEST(test_integers_are_big_endian)
{
    TkeByteCursor cursor = tke_byte_cursor(eight, sizeof eight);
    uint8_t one = 0;
    uint16_t two = 0;
    uint32_t four = 0;

    ck_assert(tke_byte_cursor_u8(&cursor, &one));
    ck_assert(tke_byte_cursor_u16(&cursor, &two));
    ck_assert(tke_byte_cursor_u32(&cursor, &four));
    ck_assert_uint_eq(one, 0x01);
    ck_assert_uint_eq(two, 0x0203);
    ck_assert_uint_eq(four, 0x04050607);
    ck_assert_uint_eq(tke_byte_cursor_left(&cursor), 1);
    ck_assert_uint_eq(*tke_byte_cursor_peek(&cursor), 0xff);
}
END_TEST

START_TEST(test_highest_values_keep_all_bits)
{
    const uint8_t bytes[] = { 0xff, 0xfe, 0xfd, 0xfc };
    TkeByteCursor cursor = tke_byte_cursor(bytes, sizeof bytes);
    uint32_t four = 0;

    ck_assert(tke_byte_cursor_u32(&cursor, &four));
    ck_assert_uint_eq(four, 0xfffefdfcu);
}
END_TEST

START_TEST(test_a_read_beyond_the_end_moves_nothing_and_writes_nothing)
{
    TkeByteCursor cursor = tke_byte_cursor(eight, 1);
    TkeByteCursor sub = { .len = 77 };
    const uint8_t *view = NULL;
    uint8_t copy[2] = { 0xaa, 0xaa };
    uint16_t two = 0xaaaa;
    uint32_t four = 0xaaaaaaaa;

    ck_assert(!tke_byte_cursor_u16(&cursor, &two));
    ck_assert(!tke_byte_cursor_u32(&cursor, &four));
    ck_assert(!tke_byte_cursor_copy(&cursor, copy, 2));
    ck_assert(!tke_byte_cursor_bytes(&cursor, 2, &view));
    ck_assert(!tke_byte_cursor_sub(&cursor, 2, &sub));
    ck_assert(!tke_byte_cursor_skip(&cursor, SIZE_MAX));
    ck_assert_uint_eq(two, 0xaaaa);
    ck_assert_uint_eq(four, 0xaaaaaaaa);
    ck_assert_uint_eq(copy[0], 0xaa);
    ck_assert_ptr_null(view);
    ck_assert_uint_eq(sub.len, 77);
    ck_assert_uint_eq(cursor.pos, 0);
}
END_TEST

START_TEST(test_an_empty_cursor_has_nothing_to_read)
{
    TkeByteCursor cursor = tke_byte_cursor(NULL, 0);
    uint8_t one = 0x55;

    ck_assert_uint_eq(tke_byte_cursor_left(&cursor), 0);
    ck_assert(!tke_byte_cursor_u8(&cursor, &one));
    ck_assert_uint_eq(one, 0x55);
    ck_assert(tke_byte_cursor_skip(&cursor, 0));
    ck_assert(tke_byte_cursor_copy(&cursor, &one, 0));
}
END_TEST

START_TEST(test_a_part_ends_where_it_was_cut)
{
    TkeByteCursor cursor = tke_byte_cursor(eight, sizeof eight);
    TkeByteCursor part = { 0 };
    uint32_t four = 0;
    uint16_t two = 0;

    ck_assert(tke_byte_cursor_skip(&cursor, 1));
    ck_assert(tke_byte_cursor_sub(&cursor, 3, &part));
    ck_assert(!tke_byte_cursor_u32(&part, &four));
    ck_assert(tke_byte_cursor_u16(&part, &two));
    ck_assert_uint_eq(two, 0x0203);
    ck_assert_uint_eq(tke_byte_cursor_left(&part), 1);
    ck_assert_uint_eq(cursor.pos, 4);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_integers_are_big_endian);
    tcase_add_test(tests, test_highest_values_keep_all_bits);
    tcase_add_test(tests, test_a_read_beyond_the_end_moves_nothing_and_writes_nothing);
    tcase_add_test(tests, test_an_empty_cursor_has_nothing_to_read);
    tcase_add_test(tests, test_a_part_ends_where_it_was_cut);
}

int
main(void)
{
    return test_main("byte-cursor", add_tests);
}
