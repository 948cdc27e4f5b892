/*
 * Blocks and requests (crypto-unit-protocol.md, Annex A.2 and A.3).
 */
#include "libep11admin/admin-block.h"
#include "libep11admin/admin-request.h"
#include "libep11admin/wire-message.h"

#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define MODULE 4u
#define DOMAIN_INDEX 37u

static void
check_query(TkeAdminCommand query, const char *payload_text, const char *want)
{
    g_autoptr(GByteArray) payload = test_bytes(payload_text);
    g_autoptr(GByteArray) block =
        tke_admin_block_new_query(query, DOMAIN_INDEX, payload->data, payload->len);
    g_autoptr(GByteArray) request =
        tke_admin_request_new(DOMAIN_INDEX, block->data, block->len, NULL, 0);
    g_autofree char *body =
        tke_wire_message_new_body(MODULE, DOMAIN_INDEX, request->data, request->len);
    g_autofree char *want_body = g_strdup_printf("{\"request\":\"%s\"}", want);

    ck_assert_str_eq(body, want_body);
}

START_TEST(test_queries_have_the_bytes_of_the_annex)
{
    check_query(
        TKE_ADMIN_QUERY_ATTRIBUTES, "",
        "181;PCI request;XPNUM   ;4;        ;00200400008054340000000000000025000000000000000"
        "0000000000000002A30280404000100290404000000250418301604040001000A0408000000250000000"
        "00400040004000400");
    check_query(
        TKE_ADMIN_QUERY_ADMINS, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "245;PCI request;XPNUM   ;4;        ;00200400008054340000000000000025000000000000000"
        "0000000000000004A304804040001002904040000002504383036040400010002040800000025000000"
        "00040004000420000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F0400");
}
END_TEST

START_TEST(test_queries_of_device_certificates_name_domain_0_inside)
{
    check_query(
        TKE_ADMIN_QUERY_DEVICE_CERT, "00000000",
        "189;PCI request;XPNUM   ;4;        ;00200400008054340000000000000025000000000000000"
        "0000000000000002E302C040400010029040400000025041C301A040400010003040800000000000000"
        "00040004000404000000000400");
}
END_TEST

START_TEST(test_information_queries_have_the_bytes_of_the_annex)
{
    g_autoptr(GByteArray) domain = tke_admin_request_new_info(TKE_INFO_DOMAIN, DOMAIN_INDEX);
    g_autoptr(GByteArray) module = tke_admin_request_new_info(TKE_INFO_MODULE, DOMAIN_INDEX);

    test_bytes_check(domain->data, domain->len,
                     "3018 040400010026 040400000025 040400000003 040400000000");
    test_bytes_check(module->data, module->len,
                     "3018 040400010026 040400000025 040400000001 040400000000");
}
END_TEST

START_TEST(test_commands_carry_identity_and_counter)
{
    g_autoptr(GByteArray) vp =
        test_bytes("491176b0f443c65a7c7d72df47d6cbc0d04e111fb5a619f60d3e776700000000");
    TkeUnitIdentity identity = {
        .domain = { 0, 0, 0, 0x25, 0xa1, 0xa2, 0xa3, 0xa4 },
        .module_id = { '9', '3', 'A', 'A', 'B', 'C', '1', '2', 1, 2, 3, 4, 5, 6, 7, 8 },
        .counter = { [15] = 0xff },
    };
    g_autoptr(GByteArray) block = NULL;

    tke_admin_block_increment_counter(identity.counter, sizeof identity.counter);
    block = tke_admin_block_new_command(TKE_ADMIN_COMMIT_WK, &identity, vp->data, vp->len);

    test_bytes_check(
        block->data, block->len,
        "3056 04040000000d 040800000025a1a2a3a4 0410393341414243313201020304050607080410"
        "00000000000000000000000000000100 0420"
        "491176b0f443c65a7c7d72df47d6cbc0d04e111fb5a619f60d3e776700000000");
}
END_TEST

START_TEST(test_counter_wraps_at_its_end)
{
    uint8_t counter[TKE_ADMIN_COUNTER_LEN];

    memset(counter, 0xff, sizeof counter);
    tke_admin_block_increment_counter(counter, sizeof counter);

    test_bytes_check(counter, sizeof counter, "00000000000000000000000000000000");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_queries_have_the_bytes_of_the_annex);
    tcase_add_test(tests, test_queries_of_device_certificates_name_domain_0_inside);
    tcase_add_test(tests, test_information_queries_have_the_bytes_of_the_annex);
    tcase_add_test(tests, test_commands_carry_identity_and_counter);
    tcase_add_test(tests, test_counter_wraps_at_its_end);
}

int
main(void)
{
    return test_main("requests", add_tests);
}
