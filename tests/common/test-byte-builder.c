/*
 * The bounded writer.
 */
#include "common/byte-builder.h"

#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

START_TEST(test_integers_are_written_big_endian)
{
    uint8_t out[7] = { 0 };
    TkeByteBuilder builder = { .out = out, .size = sizeof out };

    tke_byte_builder_u8(&builder, 0x81);
    tke_byte_builder_u16(&builder, 0x8203);
    tke_byte_builder_u32(&builder, 0x84858607);
    ck_assert(!builder.failed);
    test_bytes_check(out, builder.len, "81 8203 84858607");
}
END_TEST

START_TEST(test_text_is_written_without_its_end)
{
    uint8_t out[8] = { 0 };
    TkeByteBuilder builder = { .out = out, .size = sizeof out };

    tke_byte_builder_text(&builder, "AB");
    tke_byte_builder_fill(&builder, 0x20, 3);
    tke_byte_builder_text(&builder, "");
    ck_assert(!builder.failed);
    test_bytes_check(out, builder.len, "4142 202020");
}
END_TEST

START_TEST(test_a_write_that_does_not_fit_writes_nothing_and_is_remembered)
{
    uint8_t out[4] = { 0xee, 0xee, 0xee, 0xee };
    TkeByteBuilder builder = { .out = out, .size = 3 };

    tke_byte_builder_u16(&builder, 0x0102);
    tke_byte_builder_u16(&builder, 0x0304);
    ck_assert(builder.failed);
    tke_byte_builder_u8(&builder, 0x05); /* would fit, but an answer with a hole is none */
    tke_byte_builder_fill(&builder, 0, 1);
    ck_assert(builder.failed);
    test_bytes_check(out, sizeof out, "0102 eeee");
    ck_assert_uint_eq(builder.len, 2);
}
END_TEST

START_TEST(test_a_buffer_can_be_filled_to_its_last_byte)
{
    uint8_t out[2] = { 0 };
    TkeByteBuilder builder = { .out = out, .size = sizeof out };

    tke_byte_builder_u16(&builder, 0xffff);
    tke_byte_builder_bytes(&builder, NULL, 0);
    ck_assert(!builder.failed);
    tke_byte_builder_u8(&builder, 1);
    ck_assert(builder.failed);
}
END_TEST

START_TEST(test_a_length_near_the_largest_number_does_not_wrap)
{
    uint8_t out[4] = { 0 };
    TkeByteBuilder builder = { .out = out, .size = sizeof out };

    tke_byte_builder_u8(&builder, 1);
    tke_byte_builder_fill(&builder, 0, SIZE_MAX);
    ck_assert(builder.failed);
    ck_assert_uint_eq(builder.len, 1);
}
END_TEST

START_TEST(test_a_growing_builder_appends_up_to_its_limit)
{
    g_autoptr(GByteArray) array = test_bytes("aabb");
    TkeByteBuilder builder = tke_byte_builder_into(array, 5);

    tke_byte_builder_u32(&builder, 0x01020304);
    tke_byte_builder_fill(&builder, 0x7f, 1);
    ck_assert(!builder.failed);
    ck_assert_uint_eq(builder.len, 5);
    tke_byte_builder_u8(&builder, 9);
    ck_assert(builder.failed);
    test_bytes_check(array->data, array->len, "aabb 01020304 7f");
}
END_TEST

START_TEST(test_a_growing_builder_refuses_more_than_an_array_holds)
{
    g_autoptr(GByteArray) array = test_bytes("aa");
    TkeByteBuilder builder = tke_byte_builder_into(array, SIZE_MAX);

    tke_byte_builder_fill(&builder, 0, (size_t) G_MAXUINT);
    ck_assert(builder.failed);
    ck_assert_uint_eq(array->len, 1);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_integers_are_written_big_endian);
    tcase_add_test(tests, test_text_is_written_without_its_end);
    tcase_add_test(tests, test_a_write_that_does_not_fit_writes_nothing_and_is_remembered);
    tcase_add_test(tests, test_a_buffer_can_be_filled_to_its_last_byte);
    tcase_add_test(tests, test_a_length_near_the_largest_number_does_not_wrap);
    tcase_add_test(tests, test_a_growing_builder_appends_up_to_its_limit);
    tcase_add_test(tests, test_a_growing_builder_refuses_more_than_an_array_holds);
}

int
main(void)
{
    return test_main("byte-builder", add_tests);
}
