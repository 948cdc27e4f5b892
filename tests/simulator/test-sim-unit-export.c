/*
 * Export of master keys: every rule with its pair of codes, and the way a key takes from unit to
 * unit (crypto-unit-protocol.md, 3.2.6, 4.7, 4.8).
 */
#include <string.h>

#include "common/byte-builder.h"
#include "common/der.h"
#include "common/ec-key.h"
#include "simulator/sim-envelope.h"
#include "tests/simulator/unit-fixture.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

static const char two_units[] =
    "{'account':'a','user':'u','region':'r','resource_group':'g','instances':[{'id':'i1','units':["
    "{'type':'recovery','zone':'z','host':'h','module':4,'domain':37,'hsm_id':'source',"
    "'permissions':'81ff005f'},"
    "{'type':'operational','zone':'z','host':'h','module':5,'domain':2,'hsm_id':'target',"
    "'permissions':'81ff005f'}]}]}";

/* Section of a parameter map. */
static void
put_section(GByteArray *map, uint16_t tag, uint32_t auxiliary, const uint8_t *data, size_t len)
{
    TkeByteBuilder builder = tke_byte_builder_into(map, 65536);

    tke_der_header(&builder, TKE_DER_OCTET_STRING, 6 + len);
    tke_byte_builder_u16(&builder, tag);
    tke_byte_builder_u32(&builder, auxiliary);
    tke_byte_builder_bytes(&builder, data, len);
}

/* TKE's form of a holder's certificate (4.8). */
static void
put_holder(GByteArray *map, unsigned index, EVP_PKEY *key)
{
    uint8_t certificate[309] = { 0 };

    memcpy(certificate + 36, "K\1\1\0\0\x85\2\x09", 8);
    ck_assert(tke_ec_key_get_point(key, certificate + 44, NULL));
    put_section(map, 0x1d, index, certificate, sizeof certificate);
}

static Answer
export_wk(Fixture *fixture, const GByteArray *sections)
{
    g_autoptr(GByteArray) map = g_byte_array_new();
    TkeByteBuilder builder = tke_byte_builder_into(map, 65536);

    tke_der_element(&builder, TKE_DER_SEQUENCE, sections->data, sections->len);
    return fixture_command(fixture, 0x0b, map->data, map->len, 1);
}

START_TEST(test_the_sdks_way_copies_a_key_from_unit_to_unit)
{
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(EVP_PKEY) importer = NULL;
    g_autoptr(GByteArray) sections = g_byte_array_new();
    g_autoptr(GByteArray) inner = NULL;
    g_autoptr(GByteArray) signatures = g_byte_array_new();
    g_autoptr(GByteArray) part = NULL;
    g_autoptr(GByteArray) block = NULL;
    g_autoptr(GByteArray) request = NULL;
    g_auto(Answer) random = { 0 };
    g_auto(Answer) export = { 0 };
    g_auto(Answer) import = { 0 };
    SimUnit *source = NULL;
    Block outer = { 0 };

    fixture_open_with(&fixture, two_units);
    source = sim_service_find_unit(fixture.service, "source");
    fixture.unit = sim_service_find_unit(fixture.service, "target");
    fixture_set_up(&fixture, 1, 1, 1);
    importer = fixture_importer(&fixture);
    fixture.unit = source;
    fixture_set_up(&fixture, 1, 1, 1);
    random = fixture_command(&fixture, 0x0a, NULL, 0, 1);
    check_answer_ok(&random);
    put_section(sections, 0x1c, 1, NULL, 0);
    put_holder(sections, 0, importer);
    put_section(sections, 0x1f, 0x0c, NULL, 0);
    export = export_wk(&fixture, sections);
    check_answer_ok(&export);
    ck_assert_uint_eq(export.output->len, 327);
    test_bytes_check(export.output->data, 18, "30820143 0482013f 0019 00000000 30820135");
    fixture.unit = sim_service_find_unit(fixture.service, "target");
    outer = fixture_next(&fixture, 0x0c, export.output->data + 14, 313);
    inner = fixture_block(&outer);
    fixture_sign(&fixture, 0, inner, signatures);
    part = fixture_request(&fixture, inner, signatures);
    outer.payload = part->data;
    outer.payload_len = part->len;
    block = fixture_block(&outer);
    request = fixture_request(&fixture, block, NULL);
    import = fixture_send(&fixture, request);
    check_answer_ok(&import);
    ck_assert_int_eq(memcmp(import.output->data, random.output->data, 32), 0);
}
END_TEST

START_TEST(test_an_export_for_three_holders_splits_the_key)
{
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(GByteArray) sections = g_byte_array_new();
    g_autoptr(TkeSecret) sum = tke_secret_new(32, NULL);
    g_autoptr(TkeSecret) key = NULL;
    g_auto(Answer) random = { 0 };
    g_auto(Answer) export = { 0 };
    EVP_PKEY *holders[3] = { NULL };
    TkeByteCursor cursor = { 0 };
    TkeByteCursor map = { 0 };

    fixture_open_with(&fixture, two_units);
    fixture_set_up(&fixture, 1, 1, 1);
    random = fixture_command(&fixture, 0x0a, NULL, 0, 1);
    check_answer_ok(&random);
    for (unsigned i = 0; i < 3; i++) {
        holders[i] = tke_ec_key_generate(NULL);
        put_holder(sections, i, holders[i]);
    }
    put_section(sections, 0x1c, 3, NULL, 0);
    put_section(sections, 0x1f, 0x0c, NULL, 0);
    export = export_wk(&fixture, sections);
    check_answer_ok(&export);
    cursor = tke_byte_cursor(export.output->data, export.output->len);
    ck_assert(tke_der_read(&cursor, TKE_DER_SEQUENCE, &map));
    for (unsigned i = 0; i < 3; i++) {
        g_autoptr(TkeSecret) part = NULL;
        TkeByteCursor section = { 0 };
        TkeByteCursor envelope = { 0 };

        ck_assert(tke_der_read(&map, TKE_DER_OCTET_STRING, &section));
        ck_assert(tke_byte_cursor_skip(&section, 6));
        ck_assert(tke_byte_cursor_sub(&section, tke_byte_cursor_left(&section), &envelope));
        ck_assert_uint_eq(sim_envelope_open(holders[i], envelope, &part).return_code, 0);
        tke_secret_xor(sum, part);
        EVP_PKEY_free(holders[i]);
    }
    ck_assert_uint_eq(tke_byte_cursor_left(&map), 0);
    key = sim_unit_dup_key(fixture.unit, SIM_REGISTER_CURRENT, NULL);
    ck_assert(tke_secret_equal(sum, key));
}
END_TEST

START_TEST(test_exports_follow_their_rules)
{
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(EVP_PKEY) holder = tke_ec_key_generate(NULL);
    g_autoptr(GByteArray) map = g_byte_array_new();
    g_auto(Answer) random = { 0 };
    g_auto(Answer) forbid_one = { 0 };
    g_auto(Answer) forbid = { 0 };
    uint8_t certificate[309] = { 0 };

    fixture_open_with(&fixture, two_units);
    fixture_set_up(&fixture, 1, 1, 1);
    put_holder(map, 0, holder);
    check_answer_codes(export_wk(&fixture, map), 102, 49);
    check_answer_codes(fixture_command(&fixture, 0x26, map->data, map->len, 1), 102, 50);
    random = fixture_command(&fixture, 0x0a, NULL, 0, 1);
    check_answer_ok(&random);
    check_answer_codes(fixture_command(&fixture, 0x0b, NULL, 0, 1), 33, 0);
    check_answer_codes(fixture_command_hex(&fixture, 0x0b, "0400", 1), 32, 103);
    check_answer_codes(fixture_command_hex(&fixture, 0x0b, "30040402001c", 1), 32, 103);
    check_answer_codes(export_wk(&fixture, map), 32, 97); /* no M */
    put_section(map, 0x1c, 2, NULL, 0);
    check_answer_codes(export_wk(&fixture, map), 32, 96);
    put_section(map, 0x1c, 1, NULL, 0);
    check_answer_codes(export_wk(&fixture, map), 32, 98);
    g_byte_array_set_size(map, 0);
    put_section(map, 0x1c, 1, NULL, 0);
    put_holder(map, 1, holder);
    check_answer_codes(export_wk(&fixture, map), 32, 101); /* a gap */
    put_holder(map, 1, holder);
    check_answer_codes(export_wk(&fixture, map), 32, 101); /* twice */
    g_byte_array_set_size(map, 0);
    put_section(map, 0x1d, 0, certificate, sizeof certificate);
    check_answer_codes(export_wk(&fixture, map), 3, 102);
    g_byte_array_set_size(map, 0);
    put_section(map, 0x1f, 0x80, NULL, 0);
    check_answer_codes(export_wk(&fixture, map), 32, 120);
    g_byte_array_set_size(map, 0);
    put_section(map, 3, 0x80000000u >> 5, NULL, 0);
    check_answer_codes(export_wk(&fixture, map), 32, 100);
    g_byte_array_set_size(map, 0);
    put_section(map, 0x1c, 1, NULL, 0);
    put_holder(map, 0, holder);
    forbid_one = fixture_set_attribute(&fixture, 3, 0x81ff005b, 1);
    check_answer_ok(&forbid_one);
    check_answer_codes(export_wk(&fixture, map), 80, 110);
    forbid = fixture_set_attribute(&fixture, 3, 0x81ff0059, 1);
    check_answer_ok(&forbid);
    check_answer_codes(export_wk(&fixture, map), 80, 131);
}
END_TEST

START_TEST(test_large_exports_can_be_made_to_fail)
{
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(EVP_PKEY) holder = tke_ec_key_generate(NULL);
    g_autoptr(GByteArray) map = g_byte_array_new();
    g_auto(Answer) random = { 0 };
    g_auto(Answer) small = { 0 };

    fixture_open_with(&fixture, "{'account':'a','user':'u','region':'r','resource_group':'g',"
                                "'options':{'export_limit':1000},'instances':[{'id':'i','units':["
                                "{'type':'recovery','zone':'z','host':'h','module':0,'domain':0,"
                                "'permissions':'81ff005f'}]}]}");
    fixture_set_up(&fixture, 1, 1, 1);
    random = fixture_command(&fixture, 0x0a, NULL, 0, 1);
    check_answer_ok(&random);
    put_section(map, 0x1c, 1, NULL, 0);
    put_holder(map, 0, holder);
    check_answer_codes(export_wk(&fixture, map), 0x80010010, 0); /* with the chain of the module */
    put_section(map, 0x1f, 0x0c, NULL, 0);
    small = export_wk(&fixture, map);
    check_answer_ok(&small);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_the_sdks_way_copies_a_key_from_unit_to_unit);
    tcase_add_test(tests, test_an_export_for_three_holders_splits_the_key);
    tcase_add_test(tests, test_exports_follow_their_rules);
    tcase_add_test(tests, test_large_exports_can_be_made_to_fail);
}

int
main(void)
{
    return test_main("sim-unit-export", add_tests);
}
