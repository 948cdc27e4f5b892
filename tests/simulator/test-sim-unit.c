/*
 * A virtual crypto unit: form of requests, identity, counter, signatures
 * (crypto-unit-protocol.md, 2).
 */
#include <string.h>

#include "simulator/sim-message.h"
#include "tests/simulator/unit-fixture.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

/* Sends a command with parts of the block changed by the caller; signed by administrator 0. */
static Answer
send_block(Fixture *fixture, const Block *block)
{
    g_autoptr(GByteArray) bytes = fixture_block(block);
    g_autoptr(GByteArray) signatures = g_byte_array_new();
    g_autoptr(GByteArray) request = NULL;

    fixture_sign(fixture, 0, bytes, signatures);
    request = fixture_request(fixture, bytes, signatures);
    return fixture_send(fixture, request);
}

START_TEST(test_a_new_unit_is_in_imprint_mode_with_initial_attributes)
{
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) answer = { 0 };

    fixture_open(&fixture);
    answer = fixture_query(&fixture, 10, NULL, 0);
    check_answer_ok(&answer);
    test_bytes_check(answer.output->data, answer.output->len,
                     "0000000100000000 0000000200000000 0000000381ff0011 0000000400040202"
                     "0000000500000001 00000006000f000f");
    test_bytes_check(answer.counter, 16, "00000000000000000000000000000000");
    ck_assert_uint_eq(answer.domain, 37);
    ck_assert_uint_ne(answer.instance, 0);
    ck_assert_int_eq(memcmp(answer.module_id, "93AABC12", 8), 0);
}
END_TEST

START_TEST(test_ordinal_five_shows_all_attributes)
{
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) answer = { 0 };

    fixture_open(&fixture);
    fixture.ordinal = 5;
    answer = fixture_query(&fixture, 10, NULL, 0);
    check_answer_ok(&answer);
    ck_assert_uint_eq(answer.output->len, 80);
    test_bytes_check(answer.output->data + 48, 32,
                     "0000000700070007 0000000800070007 0000000900030003 0000000a00000000");
}
END_TEST

START_TEST(test_unknown_ordinals_are_refused_outside_the_signed_part)
{
    for (unsigned ordinal = 0; ordinal <= 7; ordinal += 7) {
        g_auto(Fixture) fixture = { 0 };
        g_auto(Answer) answer = { 0 };

        fixture_open(&fixture);
        fixture.ordinal = ordinal;
        answer = fixture_query(&fixture, 10, NULL, 0);
        ck_assert_uint_eq(answer.outer, 0x80010013);
    }
}
END_TEST

START_TEST(test_every_command_of_the_list_is_known_and_no_other)
{
    static const uint32_t known[] = { 2, 4, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19, 27, 28, 38 };
    static const uint32_t queries[] = { 2, 3, 6, 7, 8, 10, 12 };
    g_auto(Fixture) fixture = { 0 };

    fixture_open(&fixture);
    for (uint32_t i = 0; i < 64; i++) {
        g_auto(Answer) command = fixture_command(&fixture, i, NULL, 0, 0);
        g_auto(Answer) query = fixture_query(&fixture, i, NULL, 0);
        bool is_command = false;
        bool is_query = false;

        for (size_t j = 0; j < G_N_ELEMENTS(known); j++) {
            is_command = is_command || known[j] == i;
        }
        for (size_t j = 0; j < G_N_ELEMENTS(queries); j++) {
            is_query = is_query || queries[j] == i;
        }
        ck_assert_msg((command.return_code != 84) == is_command, "command %u", i);
        ck_assert_msg((query.return_code != 84) == is_query, "query %u", i);
    }
}
END_TEST

START_TEST(test_malformed_payloads_are_refused_outside_the_signed_part)
{
    static const struct {
        const char *payload;
        uint32_t outer;
    } cases[] = {
        { "3000", 32 },                                                 /* nothing in it */
        { "0400", 32 },                                                 /* no sequence */
        { "30280404000100290404000000250418301604040001000a04", 32 },   /* cut short */
        { "3018040400010027040400000025040400000003040400000000", 84 }, /* function */
        { "301004040001002904040000002604000400", 3 },                  /* domain 38 */
        { "301004040001002904040000002504000400", 32 },                 /* no block */
        { "30100404000100290404000000250400040000", 32 },               /* bytes left over */
    };
    g_auto(Fixture) fixture = { 0 };

    fixture_open(&fixture);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GByteArray) payload = test_bytes(cases[i].payload);
        g_auto(Answer) answer = fixture_send(&fixture, payload);

        ck_assert_msg(answer.outer == cases[i].outer, "case %zu: %u", i, answer.outer);
    }
}
END_TEST

START_TEST(test_identity_of_a_command_must_be_the_units)
{
    static const uint8_t other[16] = "94AABC12";
    uint8_t domain[8];
    uint8_t module_id[16];
    g_auto(Fixture) fixture = { 0 };
    Block block = { 0 };

    fixture_open(&fixture);
    fixture_set_up(&fixture, 1, 1, 1);
    block = fixture_next(&fixture, 0x1b, NULL, 0);
    memcpy(domain, block.domain, sizeof domain);
    memcpy(module_id, block.module_id, sizeof module_id);
    {
        Block changed = block;
        g_auto(Answer) format = { 0 };

        changed.domain_len = 4;
        format = send_block(&fixture, &changed);
        check_answer_refused(&format, 32, 13);
    }
    {
        Block changed = block;
        g_auto(Answer) index = { 0 };

        domain[3] ^= 1;
        changed.domain = domain;
        index = send_block(&fixture, &changed);
        check_answer_refused(&index, 32, 12);
        domain[3] ^= 1;
    }
    {
        Block changed = block;
        g_auto(Answer) instance = { 0 };

        domain[7] ^= 1;
        changed.domain = domain;
        instance = send_block(&fixture, &changed);
        check_answer_refused(&instance, 32, 14);
    }
    {
        Block changed = block;
        g_auto(Answer) format = { 0 };
        g_auto(Answer) serial = { 0 };

        changed.module_id_len = 15;
        format = send_block(&fixture, &changed);
        check_answer_refused(&format, 32, 15);
        changed.module_id = other;
        changed.module_id_len = 16;
        serial = send_block(&fixture, &changed);
        check_answer_refused(&serial, 32, 17);
    }
    {
        Block changed = block;
        g_auto(Answer) instance = { 0 };

        module_id[15] ^= 1;
        changed.module_id = module_id;
        instance = send_block(&fixture, &changed);
        check_answer_refused(&instance, 32, 16);
    }
}
END_TEST

START_TEST(test_a_counter_must_be_larger_and_is_stored_on_success_only)
{
    uint8_t high[16] = { 0 };
    uint8_t counter[16] = { 0 };
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) same = { 0 };
    g_auto(Answer) format = { 0 };
    g_auto(Answer) unsigned_command = { 0 };
    g_auto(Answer) jump = { 0 };
    Block block = { 0 };

    fixture_open(&fixture);
    fixture_set_up(&fixture, 1, 1, 1); /* two commands */
    block = fixture_next(&fixture, 0x1b, NULL, 0);
    ck_assert_uint_eq(block.counter[15], 3);
    high[15] = 2;
    block.counter = high;
    same = send_block(&fixture, &block);
    check_answer_refused(&same, 163, 19);
    ck_assert_uint_eq(same.counter[15], 2);
    block.counter_len = 8;
    format = send_block(&fixture, &block);
    check_answer_refused(&format, 163, 18);
    unsigned_command = fixture_command(&fixture, 0x1b, NULL, 0, 0);
    check_answer_refused(&unsigned_command, 208, 21);
    ck_assert_uint_eq(unsigned_command.counter[15], 2);
    high[0] = 0x70;
    block.counter_len = 16;
    jump = send_block(&fixture, &block);
    check_answer_ok(&jump);
    sim_unit_get_counter(fixture.unit, counter);
    ck_assert_int_eq(memcmp(counter, high, 16), 0);
    ck_assert_int_eq(memcmp(jump.counter, high, 16), 0);
}
END_TEST

START_TEST(test_commands_that_need_an_initialised_unit_are_refused_in_imprint_mode)
{
    static const uint32_t commands[] = { 9, 10, 11, 12, 13, 14, 17, 18, 19, 27, 28, 38 };
    g_auto(Fixture) fixture = { 0 };

    fixture_open(&fixture);
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_auto(Answer) answer = fixture_command(&fixture, commands[i], NULL, 0, 0);

        check_answer_refused(&answer, 179, 34);
    }
}
END_TEST

START_TEST(test_signatures_must_be_right_known_distinct_and_enough)
{
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(GByteArray) bytes = NULL;
    Block block = { 0 };

    fixture_open(&fixture);
    fixture_set_up(&fixture, 3, 2, 2);
    block = fixture_next(&fixture, 8, (const uint8_t *) "\0\0\0\1\0\0\0\2", 8);
    bytes = fixture_block(&block);
    {
        static const struct {
            unsigned first, second;
            uint32_t return_code, reason;
        } cases[] = {
            { 0, 0, 192, 22 }, /* twice the same */
            { 0, 5, 257, 22 }, /* nobody the unit knows */
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
            g_autoptr(GByteArray) signatures = g_byte_array_new();
            g_autoptr(GByteArray) request = NULL;
            g_auto(Answer) answer = { 0 };

            fixture_sign(&fixture, cases[i].first, bytes, signatures);
            fixture_sign(&fixture, cases[i].second, bytes, signatures);
            request = fixture_request(&fixture, bytes, signatures);
            answer = fixture_send(&fixture, request);
            check_answer_refused(&answer, cases[i].return_code, cases[i].reason);
        }
    }
    {
        g_autoptr(GByteArray) signatures = g_byte_array_new();
        g_autoptr(GByteArray) request = NULL;
        g_autoptr(GByteArray) cut = NULL;
        g_auto(Answer) wrong = { 0 };
        g_auto(Answer) malformed = { 0 };

        fixture_sign(&fixture, 0, bytes, signatures);
        fixture_sign(&fixture, 1, bytes, signatures);
        signatures->data[signatures->len - 1] ^= 1;
        request = fixture_request(&fixture, bytes, signatures);
        wrong = fixture_send(&fixture, request);
        check_answer_refused(&wrong, 192, 22);
        g_byte_array_set_size(signatures, signatures->len - 1);
        cut = fixture_request(&fixture, bytes, signatures);
        malformed = fixture_send(&fixture, cut);
        check_answer_refused(&malformed, 193, 22);
    }
    {
        g_auto(Answer) few = fixture_command(&fixture, 8, block.payload, 8, 1);
        g_auto(Answer) enough = fixture_command(&fixture, 8, block.payload, 8, 2);
        g_auto(Answer) more = fixture_command(&fixture, 8, block.payload, 8, 3);

        check_answer_refused(&few, 208, 21);
        check_answer_ok(&enough);
        check_answer_ok(&more);
    }
}
END_TEST

START_TEST(test_more_signatures_than_administrators_can_be_are_refused)
{
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(GByteArray) bytes = NULL;
    g_autoptr(GByteArray) signatures = g_byte_array_new();
    g_autoptr(GByteArray) request = NULL;
    g_auto(Answer) answer = { 0 };
    Block block = { 0 };

    fixture_open(&fixture);
    fixture_set_up(&fixture, 1, 1, 1);
    block = fixture_next(&fixture, 0x1b, NULL, 0);
    bytes = fixture_block(&block);
    for (unsigned i = 0; i < 18; i++) {
        fixture_sign(&fixture, 0, bytes, signatures);
    }
    request = fixture_request(&fixture, bytes, signatures);
    answer = fixture_send(&fixture, request);
    check_answer_refused(&answer, 192, 87);
}
END_TEST

START_TEST(test_signatures_in_imprint_mode_are_checked_although_none_is_needed)
{
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) answer = { 0 };

    fixture_open(&fixture);
    answer = fixture_command(&fixture, 0x10, NULL, 0, 1);
    check_answer_refused(&answer, 257, 22);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_new_unit_is_in_imprint_mode_with_initial_attributes);
    tcase_add_test(tests, test_ordinal_five_shows_all_attributes);
    tcase_add_test(tests, test_unknown_ordinals_are_refused_outside_the_signed_part);
    tcase_add_test(tests, test_every_command_of_the_list_is_known_and_no_other);
    tcase_add_test(tests, test_malformed_payloads_are_refused_outside_the_signed_part);
    tcase_add_test(tests, test_identity_of_a_command_must_be_the_units);
    tcase_add_test(tests, test_a_counter_must_be_larger_and_is_stored_on_success_only);
    tcase_add_test(tests, test_commands_that_need_an_initialised_unit_are_refused_in_imprint_mode);
    tcase_add_test(tests, test_signatures_must_be_right_known_distinct_and_enough);
    tcase_add_test(tests, test_more_signatures_than_administrators_can_be_are_refused);
    tcase_add_test(tests, test_signatures_in_imprint_mode_are_checked_although_none_is_needed);
}

int
main(void)
{
    return test_main("sim-unit", add_tests);
}
