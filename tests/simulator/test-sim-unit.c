/*
 * A virtual crypto unit: identity, counter, signatures, and the whole life of a master key
 * (crypto-unit-protocol.md, 2 and 3).
 */
#include <string.h>

#include "common/der.h"
#include "common/ec-key.h"
#include "common/hex.h"
#include "simulator/sim-unit-internal.h"
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
        fixture_ok(&answer);
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
        fixture_ok(&answer);
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
        static const uint32_t known[] = {
            2, 4, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19, 27, 28, 38
        };
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
            fixture_refused(&format, 32, 13);
        }
        {
            Block changed = block;
            g_auto(Answer) index = { 0 };

            domain[3] ^= 1;
            changed.domain = domain;
            index = send_block(&fixture, &changed);
            fixture_refused(&index, 32, 12);
            domain[3] ^= 1;
        }
        {
            Block changed = block;
            g_auto(Answer) instance = { 0 };

            domain[7] ^= 1;
            changed.domain = domain;
            instance = send_block(&fixture, &changed);
            fixture_refused(&instance, 32, 14);
        }
        {
            Block changed = block;
            g_auto(Answer) format = { 0 };
            g_auto(Answer) serial = { 0 };

            changed.module_id_len = 15;
            format = send_block(&fixture, &changed);
            fixture_refused(&format, 32, 15);
            changed.module_id = other;
            changed.module_id_len = 16;
            serial = send_block(&fixture, &changed);
            fixture_refused(&serial, 32, 17);
        }
        {
            Block changed = block;
            g_auto(Answer) instance = { 0 };

            module_id[15] ^= 1;
            changed.module_id = module_id;
            instance = send_block(&fixture, &changed);
            fixture_refused(&instance, 32, 16);
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
        fixture_refused(&same, 163, 19);
        ck_assert_uint_eq(same.counter[15], 2);
        block.counter_len = 8;
        format = send_block(&fixture, &block);
        fixture_refused(&format, 163, 18);
        unsigned_command = fixture_command(&fixture, 0x1b, NULL, 0, 0);
        fixture_refused(&unsigned_command, 208, 21);
        ck_assert_uint_eq(unsigned_command.counter[15], 2);
        high[0] = 0x70;
        block.counter_len = 16;
        jump = send_block(&fixture, &block);
        fixture_ok(&jump);
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

            fixture_refused(&answer, 179, 34);
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
                fixture_refused(&answer, cases[i].return_code, cases[i].reason);
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
            fixture_refused(&wrong, 192, 22);
            g_byte_array_set_size(signatures, signatures->len - 1);
            cut = fixture_request(&fixture, bytes, signatures);
            malformed = fixture_send(&fixture, cut);
            fixture_refused(&malformed, 193, 22);
        }
        {
            g_auto(Answer) few = fixture_command(&fixture, 8, block.payload, 8, 1);
            g_auto(Answer) enough = fixture_command(&fixture, 8, block.payload, 8, 2);
            g_auto(Answer) more = fixture_command(&fixture, 8, block.payload, 8, 3);

            fixture_refused(&few, 208, 21);
            fixture_ok(&enough);
            fixture_ok(&more);
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
        fixture_refused(&answer, 192, 87);
    }
END_TEST

START_TEST(test_signatures_in_imprint_mode_are_checked_although_none_is_needed)
    {
        g_auto(Fixture) fixture = { 0 };
        g_auto(Answer) answer = { 0 };

        fixture_open(&fixture);
        answer = fixture_command(&fixture, 0x10, NULL, 0, 1);
        fixture_refused(&answer, 257, 22);
    }
END_TEST

/* Status bits of the registers as the domain information tells them. */
static unsigned
get_flags(Fixture *fixture)
{
    g_auto(Answer) answer = fixture_info(fixture, 3);

    ck_assert_uint_eq(answer.outer, 0);
    ck_assert_uint_eq(answer.output->len, 80);
    return answer.output->data[71];
}

START_TEST(test_three_parts_become_the_current_master_key)
    {
        static const uint8_t parts[] = { 0x0f, 0x33, 0x55 };
        g_auto(Fixture) fixture = { 0 };
        g_autoptr(EVP_PKEY) importer = NULL;
        g_autoptr(TkeSecret) key = NULL;
        g_auto(Answer) import = { 0 };
        g_auto(Answer) commit = { 0 };
        g_auto(Answer) finalize = { 0 };
        g_auto(Answer) origins = { 0 };
        g_auto(Answer) current = { 0 };

        fixture_open(&fixture);
        fixture_set_up(&fixture, 2, 2, 2);
        ck_assert_uint_eq(get_flags(&fixture), 0x31);
        importer = fixture_importer(&fixture);
        import = fixture_import(&fixture, importer, parts, 3);
        fixture_ok(&import);
        ck_assert_uint_eq(import.output->len, 4 * 32);
        ck_assert_uint_eq(get_flags(&fixture), 0x35);
        commit = fixture_command(&fixture, 0x0d, import.output->data, 32, 2);
        fixture_ok(&commit);
        ck_assert_uint_eq(commit.output->len, 96);
        ck_assert_int_eq(memcmp(commit.output->data, import.output->data + 32, 96), 0);
        ck_assert_uint_eq(get_flags(&fixture), 0x3d);
        finalize = fixture_command(&fixture, 0x0e, import.output->data, 32, 0);
        fixture_ok(&finalize);
        ck_assert_int_eq(memcmp(finalize.output->data, import.output->data, 32), 0);
        ck_assert_uint_eq(get_flags(&fixture), 0x33);
        key = sim_unit_dup_key(fixture.unit, SIM_REGISTER_CURRENT, NULL);
        test_bytes_check_secret(key, "69696969 69696969 69696969 69696969"
                                     "69696969 69696969 69696969 69696969");
        ck_assert_ptr_null(sim_unit_dup_key(fixture.unit, SIM_REGISTER_PENDING, NULL));
        current = fixture_query(&fixture, 7, NULL, 0);
        fixture_ok(&current);
        ck_assert_int_eq(memcmp(current.output->data, import.output->data, 32), 0);
        origins = fixture_query(&fixture, 12, NULL, 0);
        fixture_ok(&origins);
        ck_assert_int_eq(memcmp(origins.output->data, import.output->data + 32, 96), 0);
    }
END_TEST

START_TEST(test_zeroize_forgets_everything_but_the_counter)
    {
        static const uint8_t parts[] = { 1, 2 };
        uint8_t counter[16] = { 0 };
        uint8_t vp[32] = { 0 };
        static const uint8_t zeros[32];
        g_auto(Fixture) fixture = { 0 };
        g_auto(Answer) before = { 0 };
        g_auto(Answer) answer = { 0 };
        g_auto(Answer) attributes = { 0 };

        fixture_open(&fixture);
        fixture_set_up(&fixture, 1, 1, 1);
        fixture_load_key(&fixture, parts, 2);
        before = fixture_query(&fixture, 10, NULL, 0);
        answer = fixture_command(&fixture, 0x10, NULL, 0, 1);
        fixture_ok(&answer);
        ck_assert_uint_eq(answer.output->len, 0);
        ck_assert_uint_ne(answer.instance, before.instance);
        sim_unit_get_counter(fixture.unit, counter);
        ck_assert_int_gt(memcmp(counter, before.counter, 16), 0);
        sim_unit_get_vp(fixture.unit, SIM_REGISTER_CURRENT, vp);
        ck_assert_int_eq(memcmp(vp, zeros, 32), 0);
        ck_assert_uint_eq(sim_unit_get_n_admins(fixture.unit), 0);
        ck_assert_uint_eq(get_flags(&fixture), 0x20);
        attributes = fixture_query(&fixture, 10, NULL, 0);
        test_bytes_check(attributes.output->data, 32,
                         "0000000100000000 0000000200000000 0000000381ff0011 0000000400040202");
    }
END_TEST

START_TEST(test_zeroize_needs_the_threshold_unless_one_signature_is_allowed)
    {
        g_auto(Fixture) fixture = { 0 };
        g_auto(Answer) few = { 0 };
        g_auto(Answer) allow = { 0 };
        g_auto(Answer) enough = { 0 };

        fixture_open(&fixture);
        fixture_set_up(&fixture, 2, 2, 2);
        few = fixture_command(&fixture, 0x10, NULL, 0, 1);
        fixture_refused(&few, 208, 21);
        allow = fixture_set_attribute(&fixture, 3, 0x81ff0051, 2);
        fixture_ok(&allow);
        enough = fixture_command(&fixture, 0x10, NULL, 0, 1);
        fixture_ok(&enough);
    }
END_TEST

START_TEST(test_module_information_has_its_196_bytes)
    {
        g_auto(Fixture) fixture = { 0 };
        g_auto(Answer) module = { 0 };
        g_auto(Answer) unknown = { 0 };

        fixture_open(&fixture);
        module = fixture_info(&fixture, 1);
        ck_assert_uint_eq(module.outer, 0);
        ck_assert_uint_eq(module.output->len, 196);
        ck_assert_int_eq(memcmp(module.output->data + 108, "93AABC12", 8), 0);
        unknown = fixture_info(&fixture, 5);
        ck_assert_uint_ne(unknown.outer, 0);
        ck_assert_uint_eq(unknown.output->len, 0);
    }
END_TEST

START_TEST(test_certificates_are_answered_for_the_module)
    {
        static const uint8_t index[] = { 0, 0, 0, 2 };
        static const uint8_t beyond[] = { 0, 0, 0, 3 };
        g_auto(Fixture) fixture = { 0 };
        g_auto(Answer) count = { 0 };
        g_auto(Answer) last = { 0 };
        g_auto(Answer) none = { 0 };
        g_auto(Answer) format = { 0 };

        fixture_open(&fixture);
        fixture_set_up(&fixture, 1, 1, 1);
        count = fixture_query(&fixture, 3, NULL, 0);
        fixture_ok(&count);
        test_bytes_check(count.output->data, count.output->len, "00000003");
        ck_assert_uint_eq(count.domain, 0);
        ck_assert_uint_eq(count.instance, 0);
        test_bytes_check(count.counter, 16, "00000000000000000000000000000000");
        last = fixture_query(&fixture, 3, index, 4);
        fixture_ok(&last);
        ck_assert_uint_eq(last.output->len, 672);
        none = fixture_query(&fixture, 3, beyond, 4);
        fixture_refused(&none, 96, 60);
        format = fixture_query(&fixture, 3, beyond, 3);
        fixture_refused(&format, 33, 59);
    }
END_TEST

START_TEST(test_the_state_is_the_same_after_a_restart)
    {
        static const uint8_t parts[] = { 7, 9, 11 };
        static const uint8_t more[] = { 3, 5 };
        g_auto(Fixture) fixture = { 0 };
        g_autoptr(EVP_PKEY) importer = NULL;
        g_auto(Answer) import = { 0 };
        g_auto(Answer) before = { 0 };
        g_auto(Answer) after = { 0 };
        g_auto(Answer) info_before = { 0 };
        g_auto(Answer) info_after = { 0 };
        g_auto(Answer) admins_before = { 0 };
        g_auto(Answer) admins_after = { 0 };
        g_auto(Answer) commit = { 0 };
        g_autoptr(TkeSecret) key = NULL;

        fixture_open(&fixture);
        fixture_set_up(&fixture, 2, 1, 2);
        fixture_load_key(&fixture, parts, 3);
        importer = fixture_importer(&fixture);
        import = fixture_import(&fixture, importer, more, 2);
        fixture_ok(&import);
        before = fixture_query(&fixture, 10, NULL, 0);
        info_before = fixture_info(&fixture, 3);
        admins_before = fixture_query(&fixture, 2, NULL, 0);
        fixture_reload(&fixture);
        after = fixture_query(&fixture, 10, NULL, 0);
        info_after = fixture_info(&fixture, 3);
        admins_after = fixture_query(&fixture, 2, NULL, 0);
        fixture_ok(&after);
        ck_assert_uint_eq(after.instance, before.instance);
        ck_assert_int_eq(memcmp(after.counter, before.counter, 16), 0);
        ck_assert_int_eq(memcmp(after.module_id, before.module_id, 16), 0);
        ck_assert_int_eq(memcmp(after.output->data, before.output->data, before.output->len), 0);
        ck_assert_uint_eq(info_after.output->len, info_before.output->len);
        ck_assert_int_eq(memcmp(info_after.output->data, info_before.output->data, 80), 0);
        ck_assert_uint_eq(admins_after.output->len, 64);
        ck_assert_int_eq(memcmp(admins_after.output->data, admins_before.output->data, 64), 0);
        key = sim_unit_dup_key(fixture.unit, SIM_REGISTER_PENDING, NULL);
        ck_assert_uint_eq(tke_secret_bytes(key, NULL)[0], 3 ^ 5);
        commit = fixture_command(&fixture, 0x0d, import.output->data, 32, 1);
        fixture_ok(&commit);
        ck_assert_int_eq(memcmp(commit.output->data, import.output->data + 32, 64), 0);
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
    tcase_add_test(tests, test_three_parts_become_the_current_master_key);
    tcase_add_test(tests, test_zeroize_forgets_everything_but_the_counter);
    tcase_add_test(tests, test_zeroize_needs_the_threshold_unless_one_signature_is_allowed);
    tcase_add_test(tests, test_module_information_has_its_196_bytes);
    tcase_add_test(tests, test_certificates_are_answered_for_the_module);
    tcase_add_test(tests, test_the_state_is_the_same_after_a_restart);
}

int
main(void)
{
    return test_main("sim-unit", add_tests);
}
