/*
 * Master key registers: commit, set immediate, clear, random keys; control points. Every rule with
 * its pair of codes (crypto-unit-protocol.md, 3.2.5, 3.2.8 to 3.2.12).
 */
#include <string.h>

#include "tests/simulator/unit-fixture.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define PERMISSIONS_ALL 0x81ff005f /* import, export, one part, random, one signature */

START_TEST(test_commit_and_set_immediate_follow_their_rules)
{
    static const uint8_t parts[] = { 1, 2 };
    uint8_t vp[32] = { 0 };
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(EVP_PKEY) importer = NULL;
    g_auto(Answer) import = { 0 };

    fixture_open(&fixture);
    fixture_set_up(&fixture, 2, 2, 2);
    check_answer_codes(fixture_command(&fixture, 0x0d, vp, 31, 2), 101, 48);
    check_answer_codes(fixture_command(&fixture, 0x0d, vp, 32, 2), 102, 50);
    check_answer_codes(fixture_command(&fixture, 0x0e, vp, 32, 2), 102, 64);
    importer = fixture_importer(&fixture);
    import = fixture_import(&fixture, importer, parts, 2);
    check_answer_ok(&import);
    memcpy(vp, import.output->data, 32);
    check_answer_codes(fixture_command(&fixture, 0x0e, vp, 32, 2), 102, 64);
    check_answer_codes(fixture_command(&fixture, 0x0d, vp, 32, 1), 208, 21);
    vp[0] ^= 1;
    check_answer_codes(fixture_command(&fixture, 0x0d, vp, 32, 2), 101, 48);
    vp[0] ^= 1;
    vp[31] ^= 1; /* the tail is not compared */
    {
        g_auto(Answer) commit = fixture_command(&fixture, 0x0d, vp, 32, 2);
        g_auto(Answer) pending = fixture_query(&fixture, 8, NULL, 0);

        check_answer_ok(&commit);
        check_answer_ok(&pending);
    }
    vp[0] ^= 1;
    check_answer_codes(fixture_command(&fixture, 0x0e, vp, 32, 0), 101, 48);
    vp[0] ^= 1;
    {
        g_auto(Answer) finalize = fixture_command(&fixture, 0x0e, vp, 32, 1);

        check_answer_ok(&finalize);
    }
    check_answer_codes(fixture_query(&fixture, 8, NULL, 0), 102, 50);
}
END_TEST

START_TEST(test_set_immediate_can_be_told_to_need_one_signature)
{
    g_auto(Fixture) fixture = { 0 };
    uint8_t vp[32] = { 0 };

    fixture_open_with(&fixture,
                      "{'account':'a','user':'u','region':'r','resource_group':'g',"
                      "'options':{'finalize_signed':true},'instances':[{'id':'i','units':["
                      "{'type':'operational','zone':'z','host':'h','module':0,'domain':0}]}]}");
    fixture_set_up(&fixture, 1, 1, 1);
    check_answer_codes(fixture_command(&fixture, 0x0e, vp, 32, 0), 208, 21);
    check_answer_codes(fixture_command(&fixture, 0x0e, vp, 32, 1), 102, 64);
}
END_TEST

START_TEST(test_registers_are_cleared_one_by_one)
{
    static const uint8_t parts[] = { 1, 2 };
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(EVP_PKEY) importer = NULL;
    g_auto(Answer) import = { 0 };
    g_auto(Answer) clear_next = { 0 };
    g_auto(Answer) clear_current = { 0 };
    g_auto(Answer) again = { 0 };
    uint8_t vp[32] = { 0 };
    static const uint8_t zeros[32];

    fixture_open(&fixture);
    fixture_set_up(&fixture, 2, 2, 2);
    fixture_load_key(&fixture, parts, 2);
    importer = fixture_importer(&fixture);
    import = fixture_import(&fixture, importer, parts, 2);
    check_answer_ok(&import);
    clear_next = fixture_command(&fixture, 0x1c, NULL, 0, 1);
    check_answer_ok(&clear_next);
    sim_unit_get_vp(fixture.unit, SIM_REGISTER_CURRENT, vp);
    ck_assert_int_ne(memcmp(vp, zeros, 32), 0);
    sim_unit_get_vp(fixture.unit, SIM_REGISTER_PENDING, vp);
    ck_assert_int_eq(memcmp(vp, zeros, 32), 0);
    clear_current = fixture_command(&fixture, 0x1b, NULL, 0, 1);
    check_answer_ok(&clear_current);
    sim_unit_get_vp(fixture.unit, SIM_REGISTER_CURRENT, vp);
    ck_assert_int_eq(memcmp(vp, zeros, 32), 0);
    again = fixture_command(&fixture, 0x1b, NULL, 0, 1);
    check_answer_ok(&again);
    check_answer_codes(fixture_query(&fixture, 7, NULL, 0), 102, 49);
    check_answer_codes(fixture_query(&fixture, 12, NULL, 0), 102, 49);
    check_answer_codes(fixture_command(&fixture, 0x1b, zeros, 1, 1), 33, 0);
}
END_TEST

START_TEST(test_random_keys_fill_the_current_then_the_pending_register)
{
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) permit = { 0 };
    g_auto(Answer) first = { 0 };
    g_auto(Answer) second = { 0 };
    g_auto(Answer) commit = { 0 };
    uint8_t vp[32] = { 0 };

    fixture_open(&fixture);
    fixture_set_up(&fixture, 1, 1, 1);
    check_answer_codes(fixture_command(&fixture, 0x0a, NULL, 0, 1), 80, 52);
    permit = fixture_set_attribute(&fixture, 3, PERMISSIONS_ALL, 1);
    check_answer_ok(&permit);
    first = fixture_command(&fixture, 0x0a, NULL, 0, 1);
    check_answer_ok(&first);
    sim_unit_get_vp(fixture.unit, SIM_REGISTER_CURRENT, vp);
    ck_assert_int_eq(memcmp(vp, first.output->data, 32), 0);
    second = fixture_command(&fixture, 0x0a, NULL, 0, 1);
    check_answer_ok(&second);
    sim_unit_get_vp(fixture.unit, SIM_REGISTER_PENDING, vp);
    ck_assert_int_eq(memcmp(vp, second.output->data, 32), 0);
    ck_assert(!sim_unit_is_committed(fixture.unit));
    check_answer_codes(fixture_command(&fixture, 0x0a, NULL, 0, 1), 80, 53);
    commit = fixture_command(&fixture, 0x0d, vp, 32, 1);
    check_answer_ok(&commit);
    ck_assert_uint_eq(commit.output->len, 32);
}
END_TEST

START_TEST(test_control_points_follow_their_rules)
{
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) initial = { 0 };
    g_auto(Answer) removed = { 0 };
    g_auto(Answer) added = { 0 };
    g_auto(Answer) locked = { 0 };
    g_auto(Answer) standards = { 0 };

    fixture_open(&fixture);
    fixture_set_up(&fixture, 2, 2, 2);
    initial = fixture_query(&fixture, 6, NULL, 0);
    check_answer_ok(&initial);
    test_bytes_check(initial.output->data, 16, "fffee87bffff810fffff800000000000");
    check_answer_codes(fixture_command_hex(&fixture, 0x12, "00", 2), 33, 44);
    check_answer_codes(fixture_command_hex(&fixture, 0x12, "00000000000000000000000000000001", 2),
                       32, 90);
    check_answer_codes(fixture_command_hex(&fixture, 0x12, "00010000000000000000000000000000", 2),
                       209, 45);
    check_answer_codes(fixture_command_hex(&fixture, 0x12, "00000000000001000000000000000000", 1),
                       208, 21);
    /* without 16, 24, 29, 35: FIPS 2011 and, as 21 is off, BSI 2009 */
    removed = fixture_command_hex(&fixture, 0x13, "00008000100000000000000000000000", 2);
    check_answer_ok(&removed);
    test_bytes_check(removed.output->data, 16, "fffe687befff810fffff800000000000");
    standards = fixture_query(&fixture, 10, NULL, 0);
    test_bytes_check(standards.output->data + 32, 8, "0000000500000007");
    added = fixture_command_hex(&fixture, 0x12, "00008000000000000000000000000000", 2);
    check_answer_ok(&added);
    test_bytes_check(added.output->data, 16, "fffee87befff810fffff800000000000");
    locked = fixture_command_hex(&fixture, 0x11, "00000000000000000000000000000000", 2);
    check_answer_ok(&locked);
    check_answer_codes(fixture_command_hex(&fixture, 0x12, "00008000000000000000000000000000", 2),
                       80, 46);
    check_answer_codes(fixture_command_hex(&fixture, 0x13, "00008000000000000000000000000000", 2),
                       80, 47);
    check_answer_codes(fixture_command_hex(&fixture, 0x11, "80000000000000000000000000000000", 2),
                       80, 46);
}
END_TEST

START_TEST(test_one_signature_can_be_enough_for_control_points)
{
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) permit = { 0 };
    g_auto(Answer) changed = { 0 };

    fixture_open(&fixture);
    fixture_set_up(&fixture, 2, 2, 2);
    permit = fixture_set_attribute(&fixture, 3, 0x81ff0031, 2);
    check_answer_ok(&permit);
    changed = fixture_command_hex(&fixture, 0x13, "00008000000000000000000000000000", 1);
    check_answer_ok(&changed);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_commit_and_set_immediate_follow_their_rules);
    tcase_add_test(tests, test_set_immediate_can_be_told_to_need_one_signature);
    tcase_add_test(tests, test_registers_are_cleared_one_by_one);
    tcase_add_test(tests, test_random_keys_fill_the_current_then_the_pending_register);
    tcase_add_test(tests, test_control_points_follow_their_rules);
    tcase_add_test(tests, test_one_signature_can_be_enough_for_control_points);
}

int
main(void)
{
    return test_main("sim-unit-keys", add_tests);
}
