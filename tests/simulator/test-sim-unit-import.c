/*
 * Importer key and import of key parts: every rule with its pair of codes
 * (crypto-unit-protocol.md, 3.2.4, 3.2.7).
 */
#include <openssl/x509.h>
#include <string.h>

#include "common/ec-key.h"
#include "tests/simulator/unit-fixture.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

START_TEST(test_importer_requests_name_what_is_wrong)
{
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) length = { 0 };
    g_auto(Answer) type = { 0 };
    g_auto(Answer) unsigned_command = { 0 };
    g_auto(Answer) rsa = { 0 };

    fixture_open(&fixture);
    fixture_set_up(&fixture, 2, 2, 2);
    length = fixture_command_hex(&fixture, 9, "000003", 1);
    check_answer_refused(&length, 33, 54);
    type = fixture_command_hex(&fixture, 9, "00000008", 1);
    check_answer_refused(&type, 32, 55);
    unsigned_command = fixture_command_hex(&fixture, 9, "00000003", 0);
    check_answer_refused(&unsigned_command, 208, 21);
    rsa = fixture_command_hex(&fixture, 9, "00000000", 1);
    check_answer_ok(&rsa);
    ck_assert_uint_eq(rsa.output->len, 294);
}
END_TEST

START_TEST(test_import_follows_its_rules)
{
    static const uint8_t parts[] = { 1, 2, 4 };
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(EVP_PKEY) importer = tke_ec_key_generate(NULL);
    g_autoptr(EVP_PKEY) genuine = NULL;
    g_auto(Answer) no_importer = { 0 };
    g_auto(Answer) no_parts = { 0 };
    g_auto(Answer) one_part = { 0 };
    g_auto(Answer) wrong_key = { 0 };
    g_auto(Answer) good = { 0 };
    g_auto(Answer) full = { 0 };
    g_auto(Answer) forbid = { 0 };
    g_auto(Answer) forbidden = { 0 };

    fixture_open(&fixture);
    fixture_set_up(&fixture, 1, 1, 1);
    no_importer = fixture_import(&fixture, importer, parts, 2);
    check_answer_refused(&no_importer, 102, 1);
    genuine = fixture_importer(&fixture);
    no_parts = fixture_import(&fixture, genuine, parts, 0);
    check_answer_refused(&no_parts, 33, 2);
    one_part = fixture_import(&fixture, genuine, parts, 1);
    check_answer_refused(&one_part, 80, 81);
    wrong_key = fixture_import(&fixture, importer, parts, 2);
    check_answer_refused(&wrong_key, 32, 51);
    good = fixture_import(&fixture, genuine, parts, 3);
    check_answer_ok(&good);
    full = fixture_import(&fixture, genuine, parts, 3);
    check_answer_refused(&full, 80, 53);
    forbid = fixture_set_attribute(&fixture, 3, 0x81ff0010, 1);
    check_answer_ok(&forbid);
    forbidden = fixture_import(&fixture, genuine, parts, 3);
    check_answer_refused(&forbidden, 80, 80);
}
END_TEST

START_TEST(test_more_than_twenty_parts_are_refused)
{
    static const uint8_t parts[21];
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(EVP_PKEY) importer = NULL;
    g_auto(Answer) many = { 0 };
    g_auto(Answer) most = { 0 };

    fixture_open(&fixture);
    fixture_set_up(&fixture, 1, 1, 1);
    importer = fixture_importer(&fixture);
    many = fixture_import(&fixture, importer, parts, 21);
    check_answer_refused(&many, 32, 75);
    most = fixture_import(&fixture, importer, parts, 20);
    check_answer_ok(&most);
    ck_assert_uint_eq(most.output->len, 21 * 32);
}
END_TEST

/* Sends an import with two inner requests, of which the second one was changed. */
static Answer
import_changed(Fixture *fixture, const Block *outer, const GByteArray *first,
               const GByteArray *second)
{
    g_autoptr(GByteArray) parts = g_byte_array_new();
    g_autoptr(GByteArray) block = NULL;
    g_autoptr(GByteArray) request = NULL;
    Block whole = *outer;

    g_byte_array_append(parts, first->data, first->len);
    g_byte_array_append(parts, second->data, second->len);
    whole.payload = parts->data;
    whole.payload_len = parts->len;
    block = fixture_block(&whole);
    request = fixture_request(fixture, block, NULL);
    return fixture_send(fixture, request);
}

START_TEST(test_parts_must_agree_with_the_request_around_them)
{
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(EVP_PKEY) importer = NULL;
    g_autoptr(GByteArray) first = NULL;
    g_autoptr(GByteArray) stranger = NULL;
    g_autoptr(GByteArray) other_counter = NULL;
    g_autoptr(GByteArray) other_command = NULL;
    g_autoptr(GByteArray) other_instance = NULL;
    g_autoptr(GByteArray) other_domain = NULL;
    uint8_t counter[16] = { 0xff };
    uint8_t domain[8] = { 0 };
    Block outer = { 0 };
    Block changed = { 0 };

    fixture_open(&fixture);
    fixture_set_up(&fixture, 1, 1, 1);
    importer = fixture_importer(&fixture);
    outer = fixture_next(&fixture, 0x0c, NULL, 0);
    first = fixture_import_part(&fixture, importer, &outer, 1, 0);
    stranger = fixture_import_part(&fixture, importer, &outer, 2, 3);
    check_answer_codes(import_changed(&fixture, &outer, first, stranger), 257, 22);
    changed = outer;
    changed.counter = counter;
    other_counter = fixture_import_part(&fixture, importer, &changed, 2, 0);
    check_answer_codes(import_changed(&fixture, &outer, first, other_counter), 163, 19);
    changed = outer;
    changed.command = 0x0d;
    other_command = fixture_import_part(&fixture, importer, &changed, 2, 0);
    check_answer_codes(import_changed(&fixture, &outer, first, other_command), 32, 11);
    changed = outer;
    memcpy(domain, outer.domain, 8);
    domain[7] ^= 1;
    changed.domain = domain;
    other_instance = fixture_import_part(&fixture, importer, &changed, 2, 0);
    check_answer_codes(import_changed(&fixture, &outer, first, other_instance), 32, 20);
    domain[3] ^= 1;
    other_domain = fixture_import_part(&fixture, importer, &changed, 2, 0);
    check_answer_codes(import_changed(&fixture, &outer, first, other_domain), 32, 7);
}
END_TEST

START_TEST(test_malformed_inner_requests_are_refused_with_their_reason)
{
    static const struct {
        const char *second;
        uint32_t return_code, reason;
    } cases[] = {
        { "3104", 32, 3 },
        { "3002 0201", 32, 4 },
        { "3003 020101", 32, 4 },
        { "3006 040400010029", 32, 5 },
        { "300f 0402 0029 0404 00000025 0401 00 0400", 33, 65 },
        { "3011 0404 00010026 0404 00000025 0401 00 0400", 32, 6 },
        { "3011 0404 00010029 0404 00000026 0401 00 0400", 32, 7 },
        { "3010 0404 00010029 0404 00000025 0400 0400", 32, 8 },
        { "3011 0404 00010029 0404 00000025 0401 00 0400", 208, 9 },
        { "3012 0404 00010029 0404 00000025 0401 00 0401 00", 32, 10 },
    };
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(EVP_PKEY) importer = NULL;
    g_autoptr(GByteArray) first = NULL;
    Block outer = { 0 };

    fixture_open(&fixture);
    fixture_set_up(&fixture, 1, 1, 1);
    importer = fixture_importer(&fixture);
    outer = fixture_next(&fixture, 0x0c, NULL, 0);
    first = fixture_import_part(&fixture, importer, &outer, 1, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GByteArray) second = test_bytes(cases[i].second);
        g_auto(Answer) answer = import_changed(&fixture, &outer, first, second);

        ck_assert_msg(answer.return_code == cases[i].return_code &&
                          answer.reason == cases[i].reason,
                      "case %zu: %u-%u", i, answer.return_code, answer.reason);
    }
}
END_TEST

START_TEST(test_an_rsa_importer_key_takes_parts)
{
    static const uint8_t parts[] = { 0xf0, 0x3c };
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) made = { 0 };
    g_auto(Answer) import = { 0 };
    g_autoptr(EVP_PKEY) importer = NULL;
    g_autoptr(TkeSecret) key = NULL;
    const unsigned char *spki = NULL;

    fixture_open(&fixture);
    fixture_set_up(&fixture, 1, 1, 1);
    made = fixture_command_hex(&fixture, 9, "00000000", 1);
    check_answer_ok(&made);
    spki = made.output->data;
    importer = d2i_PUBKEY(NULL, &spki, (long) made.output->len);
    ck_assert_ptr_nonnull(importer);
    import = fixture_import(&fixture, importer, parts, 2);
    check_answer_ok(&import);
    key = sim_unit_dup_key(fixture.unit, SIM_REGISTER_PENDING, NULL);
    test_bytes_check_secret(key, "cccccccccccccccccccccccccccccccc"
                                 "cccccccccccccccccccccccccccccccc");
}
END_TEST

START_TEST(test_the_importer_key_survives_a_restart)
{
    static const uint8_t parts[] = { 1, 2 };
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(EVP_PKEY) importer = NULL;
    g_auto(Answer) import = { 0 };

    fixture_open(&fixture);
    fixture_set_up(&fixture, 1, 1, 1);
    importer = fixture_importer(&fixture);
    fixture_reload(&fixture);
    import = fixture_import(&fixture, importer, parts, 2);
    check_answer_ok(&import);
    ck_assert_uint_eq(import.output->len, 96);
}
END_TEST

START_TEST(test_a_new_importer_key_replaces_the_old_one)
{
    static const uint8_t parts[] = { 1, 2 };
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(EVP_PKEY) old = NULL;
    g_autoptr(EVP_PKEY) importer = NULL;

    fixture_open(&fixture);
    fixture_set_up(&fixture, 1, 1, 1);
    old = fixture_importer(&fixture);
    importer = fixture_importer(&fixture);
    ck_assert_int_ne(EVP_PKEY_eq(old, importer), 1);
    check_answer_codes(fixture_import(&fixture, old, parts, 2), 32, 51);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_an_rsa_importer_key_takes_parts);
    tcase_add_test(tests, test_the_importer_key_survives_a_restart);
    tcase_add_test(tests, test_a_new_importer_key_replaces_the_old_one);
    tcase_add_test(tests, test_importer_requests_name_what_is_wrong);
    tcase_add_test(tests, test_import_follows_its_rules);
    tcase_add_test(tests, test_more_than_twenty_parts_are_refused);
    tcase_add_test(tests, test_parts_must_agree_with_the_request_around_them);
    tcase_add_test(tests, test_malformed_inner_requests_are_refused_with_their_reason);
}

int
main(void)
{
    return test_main("sim-unit-import", add_tests);
}
