/*
 * The list of crypto units, their locations, addresses of the service (crypto-unit-protocol.md,
 * 1.1, 1.3, 1.6).
 */
#include "libep11admin/unit-list.h"

#include "common/error.h"
#include "libep11admin/unit-error.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

static GPtrArray *
parse(const char *body, GError **error)
{
    return tke_unit_list_parse(200, body, strlen(body), error);
}

#define UNIT(id, place)                                                                            \
    "{\"hsm_id\":\"" id "\",\"location\":\"" place                                                 \
    "\",\"serial_number\":\"93AABC12\",\"state\":\"active\",\"version\":1}"

START_TEST(test_units_come_in_the_order_of_their_kinds)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) units =
        parse("{\"failover_hsms\":[" UNIT("f", "[z].[h].[3].[4]") "],\"source_hsms\":[" UNIT(
                  "r", "[z].[h].[02].[255]") "],\"hsms\":[" UNIT("o", "[z].[h].[0].[0]") "]}",
              &error);
    const TkeUnitListEntry *unit = NULL;

    ck_assert_msg(units != NULL, "%s", error == NULL ? "" : error->message);
    ck_assert_uint_eq(units->len, 3);
    unit = units->pdata[0];
    ck_assert_str_eq(unit->hsm_id, "o");
    unit = units->pdata[1];
    ck_assert_str_eq(unit->hsm_id, "r");
    ck_assert_int_eq((int) unit->type, TKE_UNIT_RECOVERY);
    ck_assert_uint_eq(unit->module_index, 2);
    ck_assert_uint_eq(unit->domain_index, 255);
    ck_assert_str_eq(unit->module_part, "[z].[h].[02]");
    ck_assert_ptr_null(unit->location_error);
    unit = units->pdata[2];
    ck_assert_int_eq((int) unit->type, TKE_UNIT_FAILOVER);
}
END_TEST

START_TEST(test_units_in_impossible_places_are_listed_with_the_reason)
{
    g_autoptr(GPtrArray) units =
        parse("{\"hsms\":[" UNIT("a", "nowhere") "," UNIT("b", "[z].[h].[1].[256]") "," UNIT(
                  "c", "[z].[h].[-1].[2]") "]}",
              NULL);

    ck_assert_ptr_nonnull(units);
    for (guint i = 0; i < units->len; i++) {
        const TkeUnitListEntry *unit = units->pdata[i];

        ck_assert_ptr_nonnull(unit->location_error);
    }
}
END_TEST

START_TEST(test_malformed_lists_are_refused_by_the_name_of_the_member)
{
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(parse("{\"hsms\":[],\"source_hsms\":[{\"hsm_id\":1}]}", &error));
    test_bytes_check_error(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_MALFORMED);
    ck_assert_ptr_nonnull(strstr(error->message, "source_hsms"));
}
END_TEST

START_TEST(test_paths_take_identifiers_only)
{
    static const char *const bad[] = { "", "a b", "a?b", "a#b", "a%20b", "../x", "a\nb", "ä" };
    g_autofree char *list = tke_unit_list_path("6f1a2b3c-1111", NULL);
    g_autofree char *unit = tke_unit_list_unit_path("6f1a2b3c-1111", "70aa", NULL);

    ck_assert_str_eq(list, "/v1/tke/6f1a2b3c-1111/hsms");
    ck_assert_str_eq(unit, "/v1/tke/6f1a2b3c-1111/hsms/70aa");
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(tke_unit_list_path(bad[i], NULL));
        ck_assert_ptr_null(tke_unit_list_unit_path("i", bad[i], &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_USAGE);
    }
    ck_assert_ptr_null(tke_unit_list_unit_path("i", "a/b", NULL));
}
END_TEST

START_TEST(test_base_urls_put_private_behind_tke)
{
    g_autofree char *public = tke_unit_list_base_url("https://cloud.ibm.com", "us-south", NULL);
    g_autofree char *private = tke_unit_list_base_url("private.test.cloud.ibm.com", "eu-de", NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_str_eq(public, "https://tke.us-south.hs-crypto.cloud.ibm.com");
    ck_assert_str_eq(private, "https://tke.private.eu-de.hs-crypto.test.cloud.ibm.com");
    ck_assert_ptr_null(tke_unit_list_base_url("cloud.ibm.com/", "us-south", &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_USAGE);
    ck_assert_ptr_null(tke_unit_list_base_url("cloud.ibm.com", "evil.example/", NULL));
}
END_TEST

START_TEST(test_complete_urls_are_https_and_no_more_than_a_host)
{
    static const char *const bad[] = {
        "http://host",        "https://",           "https://user@host", "https://host/path",
        "https://host?query", "https://host#part",  "Https://host",      "host",
        "https://ho st",      "https://host:99999",
    };
    g_autofree char *plain = tke_unit_list_check_url("https://localhost:8443", NULL);
    g_autofree char *slash = tke_unit_list_check_url("https://tke.private.x.cloud/", NULL);

    ck_assert_str_eq(plain, "https://localhost:8443");
    ck_assert_str_eq(slash, "https://tke.private.x.cloud");
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_msg(tke_unit_list_check_url(bad[i], &error) == NULL, "%s", bad[i]);
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_USAGE);
    }
}
END_TEST

START_TEST(test_a_password_in_a_url_is_refused_and_not_told)
{
    static const char *const urls[] = { "https://user:Horse7@host", "https://user:Horse7@ho st",
                                        "ftp://user:Hor%ZZse7@host", "user:Horse7@host/@x" };

    for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(tke_unit_list_check_url(urls[i], &error));
        ck_assert_msg(strstr(error->message, "se7") == NULL, "%s", error->message);
    }
}
END_TEST

START_TEST(test_type_words_are_found_again)
{
    TkeUnitType type = TKE_UNIT_OPERATIONAL;

    ck_assert(tke_unit_list_type_from_word(tke_unit_list_type_word(TKE_UNIT_FAILOVER), &type));
    ck_assert_int_eq((int) type, TKE_UNIT_FAILOVER);
    ck_assert(!tke_unit_list_type_from_word("source", &type));
    ck_assert(!tke_unit_list_type_from_word(NULL, &type));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_units_come_in_the_order_of_their_kinds);
    tcase_add_test(tests, test_units_in_impossible_places_are_listed_with_the_reason);
    tcase_add_test(tests, test_malformed_lists_are_refused_by_the_name_of_the_member);
    tcase_add_test(tests, test_paths_take_identifiers_only);
    tcase_add_test(tests, test_base_urls_put_private_behind_tke);
    tcase_add_test(tests, test_complete_urls_are_https_and_no_more_than_a_host);
    tcase_add_test(tests, test_a_password_in_a_url_is_refused_and_not_told);
    tcase_add_test(tests, test_type_words_are_found_again);
}

int
main(void)
{
    return test_main("unit-list", add_tests);
}
