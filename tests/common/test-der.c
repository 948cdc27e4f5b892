/*
 * DER of administrative messages.
 */
#include "common/der.h"

#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

START_TEST(test_definite_lengths_of_one_to_five_bytes_are_read)
{
    /* all but the first are not minimal; crypto units send such (2.1) */
    static const char *const forms[] = { "04 02 AABB", "04 8102 AABB", "04 820002 AABB",
                                         "04 83000002 AABB", "04 8400000002 AABB" };

    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autoptr(GByteArray) bytes = test_bytes(forms[i]);
        TkeByteCursor cursor = tke_byte_cursor(bytes->data, bytes->len);
        uint8_t out[2] = { 0 };

        ck_assert_msg(tke_der_read_exact(&cursor, TKE_DER_OCTET_STRING, out, 2), "%s", forms[i]);
        test_bytes_check(out, 2, "aabb");
        ck_assert_uint_eq(tke_byte_cursor_left(&cursor), 0);
    }
}
END_TEST

START_TEST(test_malformed_elements_are_refused)
{
    static const char *const wrong[] = {
        "",
        "30",
        "30 01",
        "30 80 0000", /* indefinite */
        "1F 01 00",
        "3F 21 01 00",
        "30 81",
        "30 82 01",
        "30 8400000003 AABB",
        "30 8500000000 01 AA",
        "30 84FFFFFFFF AA",
        "30 FF",
        "30 02 AA",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GByteArray) bytes = test_bytes(wrong[i]);
        TkeByteCursor cursor = tke_byte_cursor(bytes->data, bytes->len);
        TkeByteCursor value = { .len = 99 };
        uint8_t tag = 0x55;

        ck_assert_msg(!tke_der_read_any(&cursor, &tag, &value), "%s was read", wrong[i]);
        ck_assert_uint_eq(cursor.pos, 0);
        ck_assert_uint_eq(tag, 0x55);
        ck_assert_uint_eq(value.len, 99);
    }
}
END_TEST

START_TEST(test_the_whole_element_is_what_was_received)
{
    g_autoptr(GByteArray) bytes = test_bytes("0400 30820004 04020102 0500");
    TkeByteCursor cursor = tke_byte_cursor(bytes->data, bytes->len);
    TkeByteCursor whole = { 0 };
    TkeByteCursor value = { 0 };

    ck_assert(!tke_der_read_whole(&cursor, TKE_DER_SEQUENCE, &whole, &value));
    ck_assert_uint_eq(cursor.pos, 0);
    ck_assert(tke_der_read(&cursor, TKE_DER_OCTET_STRING, &value));
    ck_assert_uint_eq(value.len, 0);
    ck_assert(tke_der_read_whole(&cursor, TKE_DER_SEQUENCE, &whole, &value));
    test_bytes_check(whole.data, whole.len, "30820004 04020102");
    test_bytes_check(value.data, value.len, "04020102");
    ck_assert(tke_der_next_is(&cursor, TKE_DER_NULL));
    ck_assert(!tke_der_next_is(&cursor, TKE_DER_SET));
}
END_TEST

START_TEST(test_a_number_is_an_octet_string_of_four_bytes)
{
    g_autoptr(GByteArray) bytes = test_bytes("0404 80000025  0403 010203");
    TkeByteCursor cursor = tke_byte_cursor(bytes->data, bytes->len);
    uint32_t value = 0;

    ck_assert(tke_der_read_octet_u32(&cursor, &value));
    ck_assert_uint_eq(value, 0x80000025u);
    ck_assert(!tke_der_read_octet_u32(&cursor, &value));
    ck_assert_uint_eq(value, 0x80000025u);
    ck_assert_uint_eq(cursor.pos, 6);
}
END_TEST

START_TEST(test_lengths_are_written_minimally_at_every_boundary)
{
    static const struct {
        size_t len;
        const char *header;
    } cases[] = {
        { 0, "3000" },
        { 0x7f, "307f" },
        { 0x80, "308180" },
        { 0xff, "3081ff" },
        { 0x100, "30820100" },
        { 0xffff, "3082ffff" },
        { 0x10000, "3083010000" },
        { 0xffffff, "3083ffffff" },
        { 0x1000000, "308401000000" },
        { 0xffffffff, "3084ffffffff" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint8_t out[8] = { 0 };
        TkeByteBuilder builder = { .out = out, .size = sizeof out };

        tke_der_header(&builder, TKE_DER_SEQUENCE, cases[i].len);
        ck_assert(!builder.failed);
        test_bytes_check(out, builder.len, cases[i].header);
        ck_assert_uint_eq(tke_der_size(cases[i].len), builder.len + cases[i].len);
    }
}
END_TEST

START_TEST(test_a_length_of_more_than_four_bytes_fails_the_builder)
{
#if SIZE_MAX > 0xffffffff
    uint8_t out[16] = { 0 };
    TkeByteBuilder builder = { .out = out, .size = sizeof out };

    tke_der_header(&builder, TKE_DER_SEQUENCE, (size_t) 1 << 32);
    ck_assert(builder.failed);
    ck_assert_uint_eq(builder.len, 0);
#else
    ck_assert_uint_eq(tke_der_size(0), 2);
#endif
}
END_TEST

START_TEST(test_what_is_written_can_be_read)
{
    uint8_t out[32] = { 0 };
    TkeByteBuilder builder = { .out = out, .size = sizeof out };

    tke_der_octet_u32(&builder, 0x00010029);
    tke_der_element(&builder, TKE_DER_OCTET_STRING, (const uint8_t *) "\xab", 1);
    tke_der_element(&builder, TKE_DER_NULL, NULL, 0);
    ck_assert(!builder.failed);
    test_bytes_check(out, builder.len, "0404 00010029  0401 ab  0500");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_definite_lengths_of_one_to_five_bytes_are_read);
    tcase_add_test(tests, test_malformed_elements_are_refused);
    tcase_add_test(tests, test_the_whole_element_is_what_was_received);
    tcase_add_test(tests, test_a_number_is_an_octet_string_of_four_bytes);
    tcase_add_test(tests, test_lengths_are_written_minimally_at_every_boundary);
    tcase_add_test(tests, test_a_length_of_more_than_four_bytes_fails_the_builder);
    tcase_add_test(tests, test_what_is_written_can_be_read);
}

int
main(void)
{
    return test_main("der", add_tests);
}
