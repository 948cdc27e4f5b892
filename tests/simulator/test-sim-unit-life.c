/*
 * The life of a virtual crypto unit: a master key from its parts, zeroize, what it tells of
 * itself, restart (crypto-unit-protocol.md, 3).
 */
#include <string.h>

#include "simulator/sim-message.h"
#include "tests/simulator/unit-fixture.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

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
    check_answer_ok(&import);
    ck_assert_uint_eq(import.output->len, 4 * 32);
    ck_assert_uint_eq(get_flags(&fixture), 0x35);
    commit = fixture_command(&fixture, 0x0d, import.output->data, 32, 2);
    check_answer_ok(&commit);
    ck_assert_uint_eq(commit.output->len, 96);
    ck_assert_int_eq(memcmp(commit.output->data, import.output->data + 32, 96), 0);
    ck_assert_uint_eq(get_flags(&fixture), 0x3d);
    finalize = fixture_command(&fixture, 0x0e, import.output->data, 32, 0);
    check_answer_ok(&finalize);
    ck_assert_int_eq(memcmp(finalize.output->data, import.output->data, 32), 0);
    ck_assert_uint_eq(get_flags(&fixture), 0x33);
    key = sim_unit_dup_key(fixture.unit, SIM_REGISTER_CURRENT, NULL);
    test_bytes_check_secret(key, "69696969 69696969 69696969 69696969"
                                 "69696969 69696969 69696969 69696969");
    ck_assert_ptr_null(sim_unit_dup_key(fixture.unit, SIM_REGISTER_PENDING, NULL));
    current = fixture_query(&fixture, 7, NULL, 0);
    check_answer_ok(&current);
    ck_assert_int_eq(memcmp(current.output->data, import.output->data, 32), 0);
    origins = fixture_query(&fixture, 12, NULL, 0);
    check_answer_ok(&origins);
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
    check_answer_ok(&answer);
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
    check_answer_refused(&few, 208, 21);
    allow = fixture_set_attribute(&fixture, 3, 0x81ff0051, 2);
    check_answer_ok(&allow);
    enough = fixture_command(&fixture, 0x10, NULL, 0, 1);
    check_answer_ok(&enough);
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
    check_answer_ok(&count);
    test_bytes_check(count.output->data, count.output->len, "00000003");
    ck_assert_uint_eq(count.domain, 0);
    ck_assert_uint_eq(count.instance, 0);
    test_bytes_check(count.counter, 16, "00000000000000000000000000000000");
    last = fixture_query(&fixture, 3, index, 4);
    check_answer_ok(&last);
    ck_assert_uint_eq(last.output->len, 672);
    none = fixture_query(&fixture, 3, beyond, 4);
    check_answer_refused(&none, 96, 60);
    format = fixture_query(&fixture, 3, beyond, 3);
    check_answer_refused(&format, 33, 59);
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
    check_answer_ok(&import);
    before = fixture_query(&fixture, 10, NULL, 0);
    info_before = fixture_info(&fixture, 3);
    admins_before = fixture_query(&fixture, 2, NULL, 0);
    fixture_reload(&fixture);
    after = fixture_query(&fixture, 10, NULL, 0);
    info_after = fixture_info(&fixture, 3);
    admins_after = fixture_query(&fixture, 2, NULL, 0);
    check_answer_ok(&after);
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
    check_answer_ok(&commit);
    ck_assert_int_eq(memcmp(commit.output->data, import.output->data + 32, 64), 0);
}
END_TEST

static void
add_tests(TCase *tests)
{
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
    return test_main("sim-unit-life", add_tests);
}
