/*
 * Thresholds and attributes of a virtual unit: every rule with its pair of codes
 * (crypto-unit-protocol.md, 3.2.3, 4.5).
 */
#include "tests/simulator/unit-fixture.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

/* Both thresholds in one command. */
static Answer
set_thresholds(Fixture *fixture, unsigned sig, unsigned rev, unsigned signers)
{
    g_autofree char *hex = g_strdup_printf("00000001%08x00000002%08x", sig, rev);

    return fixture_command_hex(fixture, 8, hex, signers);
}

START_TEST(test_leaving_imprint_mode_needs_the_new_threshold_of_signatures)
{
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) none = { 0 };
    g_auto(Answer) no_revocation = { 0 };
    g_auto(Answer) only_revocation = { 0 };
    g_auto(Answer) too_many = { 0 };
    g_auto(Answer) too_many_revokers = { 0 };
    g_auto(Answer) few = { 0 };
    g_auto(Answer) left = { 0 };
    g_auto(Answer) info = { 0 };

    fixture_open(&fixture);
    for (unsigned i = 0; i < 2; i++) {
        g_auto(Answer) answer = fixture_add_admin(&fixture, i);

        check_answer_ok(&answer);
    }
    none = set_thresholds(&fixture, 0, 0, 0);
    check_answer_ok(&none);
    no_revocation = set_thresholds(&fixture, 1, 0, 1);
    check_answer_refused(&no_revocation, 209, 56);
    only_revocation = set_thresholds(&fixture, 0, 1, 0);
    check_answer_refused(&only_revocation, 209, 36);
    too_many = set_thresholds(&fixture, 3, 1, 2);
    check_answer_refused(&too_many, 209, 57);
    too_many_revokers = set_thresholds(&fixture, 1, 3, 1);
    check_answer_refused(&too_many_revokers, 209, 58);
    few = set_thresholds(&fixture, 2, 1, 1);
    check_answer_refused(&few, 208, 21);
    left = set_thresholds(&fixture, 2, 1, 2);
    check_answer_ok(&left);
    test_bytes_check(left.output->data, 32,
                     "0000000100000002 0000000200000001 0000000381ff0011 0000000400040203");
    info = fixture_info(&fixture, 3);
    ck_assert_uint_eq(info.output->data[71] & 0x11, 0x11);
}
END_TEST

START_TEST(test_thresholds_outside_imprint_mode_follow_their_rules)
{
    static const struct {
        unsigned sig, rev;
        uint32_t return_code, reason;
    } cases[] = {
        { 0, 2, 209, 76 }, { 2, 0, 209, 77 }, { 4, 2, 209, 57 },
        { 2, 4, 209, 58 }, { 3, 3, 0, 0 },    { 1, 1, 0, 0 },
    };
    g_auto(Fixture) fixture = { 0 };

    fixture_open(&fixture);
    fixture_set_up(&fixture, 3, 2, 2);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Answer) answer = set_thresholds(&fixture, cases[i].sig, cases[i].rev, 3);

        ck_assert_msg(answer.return_code == cases[i].return_code &&
                          answer.reason == cases[i].reason,
                      "case %zu: %u-%u", i, answer.return_code, answer.reason);
    }
}
END_TEST

START_TEST(test_a_threshold_of_one_needs_its_permission)
{
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) forbid = { 0 };
    g_auto(Answer) sig = { 0 };
    g_auto(Answer) rev = { 0 };
    g_auto(Answer) allow = { 0 };
    g_auto(Answer) both = { 0 };
    g_auto(Answer) prevented = { 0 };

    fixture_open(&fixture);
    fixture_set_up(&fixture, 3, 2, 2);
    forbid = fixture_set_attribute(&fixture, 3, 0x81ff0001, 2);
    check_answer_ok(&forbid);
    sig = set_thresholds(&fixture, 1, 2, 2);
    check_answer_refused(&sig, 209, 78);
    rev = set_thresholds(&fixture, 2, 1, 2);
    check_answer_refused(&rev, 209, 79);
    allow = fixture_set_attribute(&fixture, 3, 0x81ff0011, 2);
    check_answer_ok(&allow);
    both = set_thresholds(&fixture, 1, 1, 2);
    check_answer_ok(&both);
    prevented = fixture_set_attribute(&fixture, 3, 0x81ff0001, 1);
    check_answer_refused(&prevented, 209, 74);
}
END_TEST

START_TEST(test_change_bits_are_judged_as_they_were_before)
{
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) together = { 0 };
    g_auto(Answer) again = { 0 };
    g_auto(Answer) reactivated = { 0 };
    g_auto(Answer) locked = { 0 };
    g_auto(Answer) threshold = { 0 };

    fixture_open(&fixture);
    fixture_set_up(&fixture, 3, 2, 2);
    /* DO_NOT_DISTURB on and its change bit off at once, as IBM's tools do */
    together = fixture_set_attribute(&fixture, 3, 0x01ff2055, 2);
    check_answer_ok(&together);
    again = fixture_set_attribute(&fixture, 3, 0x01ff0055, 2);
    check_answer_refused(&again, 209, 70);
    reactivated = fixture_set_attribute(&fixture, 3, 0x81ff2055, 2);
    check_answer_refused(&reactivated, 209, 69);
    locked = fixture_set_attribute(&fixture, 3, 0x01cf2055, 2);
    check_answer_ok(&locked);
    threshold = set_thresholds(&fixture, 3, 2, 2);
    check_answer_refused(&threshold, 209, 71);
}
END_TEST

START_TEST(test_attribute_data_and_values_follow_their_rules)
{
    static const struct {
        const char *payload;
        uint32_t return_code, reason;
    } cases[] = {
        { "", 33, 41 },
        { "00000001000000", 33, 41 },
        { "0000000b00000000", 209, 42 },
        { "0000000000000000", 209, 42 },
        { "00000005000000010000000500000001", 209, 43 },
        { "0000000500000001", 0, 0 },     /* as it is */
        { "0000000500000003", 209, 72 },  /* standards follow from control points */
        { "0000000381ff0091", 209, 72 },  /* a permission of the card */
        { "0000000381ff0111", 209, 70 },  /* the same with a change bit that is off */
        { "0000000400040000", 0, 0 },     /* read-only bits are the client's to repeat */
        { "0000000400040e00", 209, 72 },  /* no such bit */
        { "000000040004020c", 209, 141 }, /* two strengths */
        { "0000000400040208", 0, 0 },     /* at least 128 bits */
        { "0000000400000208", 0, 0 },     /* and for good */
        { "0000000400000204", 209, 70 },
        { "0000000400040208", 209, 69 },
        { "00000006000f000c", 209, 135 },
        { "00000006000f000e", 84, 136 },
        { "00000006000f0003", 209, 140 },
        { "00000006000f000b", 209, 142 },
        { "00000006000f001f", 209, 72 },
        { "000000060007000f", 0, 0 },
        { "0000000600070007", 209, 70 },
        { "00000006000f000f", 209, 69 },
        { "0000000700070000", 209, 144 },
        { "0000000700070001", 209, 145 }, /* RSA only, and there is no such administrator */
        { "0000000800070000", 209, 144 },
        { "0000000800070002", 209, 145 },
        { "0000000800070001", 0, 0 },
        { "0000000900030000", 209, 144 },
        { "0000000a00000001", 0, 0 },
        { "0000000a00000003", 209, 72 },
    };
    g_auto(Fixture) fixture = { 0 };

    fixture_open(&fixture);
    fixture_set_up(&fixture, 1, 1, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Answer) answer = fixture_command_hex(&fixture, 8, cases[i].payload, 1);

        ck_assert_msg(answer.return_code == cases[i].return_code &&
                          answer.reason == cases[i].reason,
                      "%s: %u-%u", cases[i].payload, answer.return_code, answer.reason);
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_leaving_imprint_mode_needs_the_new_threshold_of_signatures);
    tcase_add_test(tests, test_thresholds_outside_imprint_mode_follow_their_rules);
    tcase_add_test(tests, test_a_threshold_of_one_needs_its_permission);
    tcase_add_test(tests, test_change_bits_are_judged_as_they_were_before);
    tcase_add_test(tests, test_attribute_data_and_values_follow_their_rules);
}

int
main(void)
{
    return test_main("sim-unit-attributes", add_tests);
}
