/*
 * The simulator's texts and messages against known answers (crypto-unit-protocol.md, Annex A.2 to
 * A.4).
 */
#include <string.h>

#include "common/digest.h"
#include "common/ec-key.h"
#include "common/hex.h"
#include "simulator/sim-message.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define DOMAIN 37u

/* The signature of A.4 over the answer with minimal lengths, and over the one with long ones. */
static const char signature_minimal[] =
    "308188 0242 0188f047799d7b6f843bd5b62bedb94f710a5287c7f3cc42be17bf087eb1024c7e159faf46cbcdc5"
    "a354d9c96040dc02975dbdba2142834916fdc3c230dfb032f82a 0242 01f16d248f095753ee36eb841f144dc9c8"
    "ea0105bca64164a747a808a9ab5770ac45374e299fed21cd59f86746da806573f9c456011b35b3f5d9abf88172dd"
    "7b5f88";
static const char signature_long[] =
    "308187 0242 0143aba249757c46b7cdbb2bd24478a0af39b5d37465b9966eea90a4f29387257712ad45c1b94eb5"
    "5f0fcc8152d39868870928ece4ca65ff706b8ab93861c2cc54fc 0241 29987e97f734f3547eb868e2e8812e911e"
    "4e9fb6038551d31cb33ecbbf6e7fde237733634240dda6954b8bffdd613462e771a493fdd4fc00de3ed5d3d9bc1a"
    "2fcb";
static const char ski[] = "7d838d4bdbc3f6ba6dce7c56a3d8b5c8c74250e24c24175b7a5437aae5ff16e8";
static const char output[] = "00000001000000000000000200000000 0000000381ff0011 0000000400040202"
                             "0000000500000001 00000006000f000f";

static SimAnswer
make_answer(GByteArray *bytes)
{
    SimAnswer answer = { .command = 0x0001000a,
                         .domain = DOMAIN,
                         .instance = 0xa1a2a3a4,
                         .output = bytes->data,
                         .output_len = bytes->len };

    memcpy(answer.module_id, "93AABC12\1\2\3\4\5\6\7\10", 16);
    answer.counter[15] = 0xff;
    return answer;
}

/* The whole answer around a block. */
static GByteArray *
make_response(const GByteArray *block, const char *signature_hex, bool long_lengths)
{
    const SimMessage message = { .ordinal = 1, .function = SIM_FUNCTION_ADMIN, .domain = DOMAIN };
    g_autoptr(GByteArray) key = test_bytes(ski);
    g_autoptr(GByteArray) signature = test_bytes(signature_hex);
    g_autoptr(GByteArray) info =
        sim_message_build_signer_info(key->data, signature->data, signature->len, long_lengths);

    return sim_message_build_admin_rsp(&message, 0, block, info, long_lengths);
}

START_TEST(test_an_answer_with_minimal_lengths_has_the_known_bytes)
{
    g_autoptr(GByteArray) bytes = test_bytes(output);
    const SimAnswer answer = make_answer(bytes);
    g_autoptr(GByteArray) block = sim_message_build_block(&answer, false);
    g_autoptr(GByteArray) response = make_response(block, signature_minimal, false);
    g_autoptr(GByteArray) cprb =
        sim_message_build_cprb(0x80, DOMAIN, 0, response->data, response->len);
    g_autofree char *text = sim_message_build_htp(cprb->data, cprb->len);
    uint8_t hash[32] = { 0 };

    test_bytes_check(block->data, block->len,
                     "306c04040001000a040800000025a1a2a3a4041039334141424331320102030405060708"
                     "0410000000000000000000000000000000ff040400000000043000000001000000000000"
                     "0002000000000000000381ff00110000000400040202000000050000000100000006000f"
                     "000f");
    ck_assert_uint_eq(response->len, 348);
    test_bytes_check(response->data, 26, "30820158040400010029040400000025040400000000046e306c");
    ck_assert_uint_eq(strlen(text), 921);
    ck_assert(g_str_has_prefix(text, "918;00"));
    ck_assert(tke_digest_sha256((const uint8_t *) text, strlen(text), hash, NULL));
    test_bytes_check(hash, 32, "db41023f09518a962c9ce79ceb8d5ecd6603699ec64f6d0dee8893e36a1fa236");
}
END_TEST

START_TEST(test_an_answer_with_long_lengths_has_the_known_bytes)
{
    g_autoptr(GByteArray) bytes = test_bytes(output);
    const SimAnswer answer = make_answer(bytes);
    g_autoptr(GByteArray) block = sim_message_build_block(&answer, true);
    g_autoptr(GByteArray) response = make_response(block, signature_long, true);

    test_bytes_check(
        block->data, block->len,
        "3082006e04040001000a040800000025a1a2a3a4041039334141424331320102030405060708"
        "0410000000000000000000000000000000ff0404000000000482003000000001000000000000"
        "0002000000000000000381ff00110000000400040202000000050000000100000006000f000f");
    ck_assert_uint_eq(response->len, 356);
    test_bytes_check(response->data + 22, 4, "04820072");
    test_bytes_check(response->data + 22 + 4 + 114, 8, "048200d4308200d0");
}
END_TEST

START_TEST(test_a_refusal_carries_its_reason)
{
    static const uint8_t reason[] = { 0, 0, 0, 57 };
    g_autoptr(GByteArray) bytes = test_bytes(output);
    SimAnswer answer = make_answer(bytes);
    g_autoptr(GByteArray) block = NULL;

    answer.command = 8;
    answer.return_code = 209;
    answer.output = reason;
    answer.output_len = sizeof reason;
    block = sim_message_build_block(&answer, false);
    test_bytes_check(block->data, block->len,
                     "3040040400000008040800000025a1a2a3a4041039334141424331320102030405060708"
                     "0410000000000000000000000000000000ff0404000000d1040400000039");
}
END_TEST

START_TEST(test_an_outer_error_has_three_elements)
{
    const SimMessage message = { .ordinal = 1, .function = SIM_FUNCTION_ADMIN, .domain = DOMAIN };
    g_autoptr(GByteArray) response = sim_message_build_admin_rsp(&message, 84, NULL, NULL, true);

    test_bytes_check(response->data, response->len, "3012040400010029040400000025040400000054");
}
END_TEST

START_TEST(test_domain_information_has_the_lengths_of_real_modules)
{
    const SimMessage message = { .ordinal = 1, .function = SIM_FUNCTION_INFO, .domain = 0 };
    uint8_t data[80] = { 0 };
    g_autoptr(GByteArray) response =
        sim_message_build_info_rsp(&message, 0, data, sizeof data, true);

    test_bytes_check(response->data, 26,
                     "308200660404000100260404000000000404000000000482"
                     "0050");
    ck_assert_uint_eq(response->len, 106);
}
END_TEST

START_TEST(test_an_attribute_query_is_read)
{
    static const char text[] =
        "181;PCI request;XPNUM   ;4;        ;00200400008054340000000000000025000000000000000000"
        "0000000000002A3028040400010029040400000025041830160404000100"
        "0A0408000000250000000004"
        "00040004000400";
    g_auto(SimHtpRequest) request = { 0 };
    SimHtpError error = { 0 };
    SimMessage message = { 0 };
    SimBlock block = { 0 };

    ck_assert_msg(sim_message_parse_htp(text, &request, &error), "%s", error.text);
    ck_assert_uint_eq(request.module, 4);
    ck_assert_uint_eq(request.domain, DOMAIN);
    ck_assert_uint_eq(request.flags, 0x80);
    ck_assert_uint_eq(request.payload.len, 42);
    ck_assert_uint_eq(sim_message_parse(request.payload, &message), 0);
    ck_assert_uint_eq(message.ordinal, 1);
    ck_assert_uint_eq(message.function, SIM_FUNCTION_ADMIN);
    ck_assert_uint_eq(message.domain, DOMAIN);
    ck_assert_uint_eq(message.signatures.len, 0);
    ck_assert(sim_message_parse_block(message.block, &block));
    ck_assert_uint_eq(block.command, 0x0001000a);
    ck_assert_uint_eq(block.domain.len, 8);
    ck_assert_uint_eq(block.module_id.len, 0);
    ck_assert_uint_eq(block.counter.len, 0);
    ck_assert_uint_eq(block.payload.len, 0);
}
END_TEST

START_TEST(test_a_module_information_query_is_read)
{
    static const char text[] =
        "149;PCI request;XPNUM   ;4;        ;00200400008054340000000000000025000000000000000000"
        "0000000000001A3018040400010026040400000025040400000001040400000000";
    g_auto(SimHtpRequest) request = { 0 };
    SimHtpError error = { 0 };
    SimMessage message = { 0 };

    ck_assert_msg(sim_message_parse_htp(text, &request, &error), "%s", error.text);
    ck_assert_uint_eq(sim_message_parse(request.payload, &message), 0);
    ck_assert_uint_eq(message.function, SIM_FUNCTION_INFO);
    ck_assert_uint_eq(message.query, 1);
    ck_assert_uint_eq(message.sub_query, 0);
}
END_TEST

START_TEST(test_texts_that_are_no_requests_are_refused_with_their_code)
{
    static const struct {
        const char *text;
        uint32_t code;
    } cases[] = {
        { "", 27 },
        { "hello", 27 },
        { "42;PCI request;XPNUM   ;4;        ;00", 27 },
        { "038;PCI request;XPNUM   ;4;        ;00", 27 },
        { "36;PCI request;XPNUM   ;4;        ;00", 27 },
        { "35;PKA request;XPNUM   ;4;        ;00", 47 },
        { "35;PCI request;XPSER   ;4;        ;00", 47 },
        { "35;PCI request;XPNUM   ;x;        ;00", 40 },
        { "36;PCI request;XPNUM   ;04;        ;00", 40 },
        { "37;PCI request;XPNUM   ;256;        ;00", 41 },
        { "34;PCI request;XPNUM   ;4;        ;0", 13 },
        { "35;PCI request;XPNUM   ;4;        ;0g", 12 },
        { "35;PCI request;XPNUM   ;4;        ;00", 43 },
        { "97;PCI request;XPNUM   ;4;        ;002004000080543400000000000000250000000000000000"
          "0000000000000001",
          43 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(SimHtpRequest) request = { 0 };
        SimHtpError error = { 0 };

        ck_assert_msg(!sim_message_parse_htp(cases[i].text, &request, &error), "case %zu", i);
        ck_assert_uint_eq(error.type, 9);
        ck_assert_msg(error.return_code == cases[i].code, "case %zu: %u", i, error.return_code);
    }
}
END_TEST

START_TEST(test_an_error_of_the_program_is_padded_with_blanks)
{
    const SimHtpError error = { 9, 40, 0, "module; number" };
    g_autofree char *text = sim_message_build_htp_error(&error);

    ck_assert(g_str_has_prefix(text, "158;9 40      0       TKECATCH"));
    ck_assert_ptr_nonnull(strstr(text, "module, number"));
    ck_assert_uint_eq(strlen(text), 3 + 158);
    ck_assert_int_eq(text[strlen(text) - 1], ';');
}
END_TEST

START_TEST(test_blocks_with_more_or_fewer_fields_are_refused)
{
    static const char *const blocks[] = {
        "3014 04040001000a 04080000002500000000 0400",                /* four fields */
        "3018 04040001000a 04080000002500000000 0400 0400 0400 0400", /* six */
        "3015 040300010a 04080000002500000000 0400 0400 0400",        /* command of three bytes */
        "3116 04040001000a 04080000002500000000 0400 0400 0400",      /* a set */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(blocks); i++) {
        g_autoptr(GByteArray) bytes = test_bytes(blocks[i]);
        SimBlock block = { 0 };

        ck_assert_msg(!sim_message_parse_block(tke_byte_cursor(bytes->data, bytes->len), &block),
                      "block %zu", i);
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_an_answer_with_minimal_lengths_has_the_known_bytes);
    tcase_add_test(tests, test_an_answer_with_long_lengths_has_the_known_bytes);
    tcase_add_test(tests, test_a_refusal_carries_its_reason);
    tcase_add_test(tests, test_an_outer_error_has_three_elements);
    tcase_add_test(tests, test_domain_information_has_the_lengths_of_real_modules);
    tcase_add_test(tests, test_an_attribute_query_is_read);
    tcase_add_test(tests, test_a_module_information_query_is_read);
    tcase_add_test(tests, test_texts_that_are_no_requests_are_refused_with_their_code);
    tcase_add_test(tests, test_an_error_of_the_program_is_padded_with_blanks);
    tcase_add_test(tests, test_blocks_with_more_or_fewer_fields_are_refused);
}

int
main(void)
{
    return test_main("sim-message", add_tests);
}
