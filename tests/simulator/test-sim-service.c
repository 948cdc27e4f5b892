/*
 * The service in front of virtual units: scenarios, listing, tokens, paths, world files
 * (crypto-unit-protocol.md, 1; rehearsal, 4.12).
 */
#include <string.h>
#include <sys/stat.h>

#include <glib/gstdio.h>

#include "common/error.h"
#include "common/hex.h"
#include "simulator/sim-json.h"
#include "simulator/sim-unit-transport.h"
#include "tests/simulator/unit-fixture.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define HEAD "{'account':'a','user':'u','region':'r','resource_group':'g','instances':"
#define UNIT(type, host, module, domain, more)                                                     \
    "{'type':'" type "','zone':'z','host':'" host "','module':" module ",'domain':" domain more "}"

static const char mixed[] =
    HEAD "[{'id':'i1','name':'one','units':[" UNIT("failover", "h", "1", "1", "") "," UNIT(
        "operational", "h", "1", "2",
        ",'hsm_id':'first'") "," UNIT("recovery", "h2", "12", "3",
                                      "") "]},{'id':'i2','units':[" UNIT("operational", "h2", "12",
                                                                         "200",
                                                                         ",'hsm_id':'other'") "]}]"
                                                                                              "}";

static char *
get_list(Fixture *fixture, const char *instance, unsigned *status)
{
    g_autofree char *path = g_strdup_printf("/v1/tke/%s/hsms", instance);
    g_auto(SimReply) reply = { 0 };

    fixture_http(fixture, path, NULL, &reply);
    ck_assert_int_eq(reply.action, SIM_REPLY_ANSWER);
    ck_assert_str_eq(reply.content_type, "application/json");
    *status = reply.status;
    return g_strndup((const char *) reply.body->data, reply.body->len);
}

START_TEST(test_units_are_listed_by_type_and_instance)
{
    g_auto(Fixture) fixture = { 0 };
    g_autofree char *text = NULL;
    g_autoptr(JsonObject) list = NULL;
    JsonObject *first = NULL;
    unsigned status = 0;

    fixture_open_with(&fixture, mixed);
    text = get_list(&fixture, "i1", &status);
    ck_assert_uint_eq(status, 200);
    list = sim_json_parse(text, -1, NULL);
    ck_assert_ptr_nonnull(list);
    ck_assert_uint_eq(json_array_get_length(json_object_get_array_member(list, "hsms")), 1);
    ck_assert_uint_eq(json_array_get_length(json_object_get_array_member(list, "source_hsms")), 1);
    ck_assert_uint_eq(json_array_get_length(json_object_get_array_member(list, "failover_hsms")),
                      1);
    first = json_array_get_object_element(json_object_get_array_member(list, "hsms"), 0);
    ck_assert_str_eq(json_object_get_string_member(first, "hsm_id"), "first");
    ck_assert_str_eq(json_object_get_string_member(first, "location"), "[z].[h].[01].[02]");
    ck_assert_uint_eq(strlen(json_object_get_string_member(first, "serial_number")), 8);
    ck_assert(g_str_has_prefix(json_object_get_string_member(first, "serial_number"), "93AA"));
    ck_assert_uint_eq(sim_service_get_n_units(fixture.service), 4);
    ck_assert_str_eq(sim_unit_get_type_name(sim_service_get_unit(fixture.service, 0)),
                     "operational");
    ck_assert_str_eq(sim_unit_get_type_name(sim_service_get_unit(fixture.service, 2)), "failover");
    ck_assert_str_eq(sim_unit_get_hsm_id(sim_service_get_unit(fixture.service, 3)), "other");
}
END_TEST

START_TEST(test_units_of_one_place_share_their_module)
{
    g_auto(Fixture) fixture = { 0 };
    SimUnit *first = NULL;
    SimUnit *failover = NULL;
    SimUnit *recovery = NULL;

    fixture_open_with(&fixture, mixed);
    first = sim_service_get_unit(fixture.service, 0);
    recovery = sim_service_get_unit(fixture.service, 1);
    failover = sim_service_get_unit(fixture.service, 2);
    ck_assert_str_eq(sim_unit_get_serial(first), sim_unit_get_serial(failover));
    ck_assert_str_ne(sim_unit_get_serial(first), sim_unit_get_serial(recovery));
    ck_assert_str_eq(sim_unit_get_serial(recovery),
                     sim_unit_get_serial(sim_service_find_unit(fixture.service, "other")));
    ck_assert_uint_eq(sim_service_get_n_roots(fixture.service), 1);
}
END_TEST

START_TEST(test_paths_that_lead_nowhere_are_not_found)
{
    static const struct {
        const char *path, *body;
        unsigned status;
    } cases[] = {
        { "/v1/tke/none/hsms", NULL, 404 },
        { "/v1/tke/i1/hsms/none", "{}", 404 },
        { "/v1/tke/i1/hsms/other", "{}", 404 }, /* of another instance */
        { "/v1/tke/i1", NULL, 404 },
        { "/v1/tke/i1/hsms/first/more", "{}", 404 },
        { "/", NULL, 404 },
        { "/v1/tke/i1/hsms", "{}", 405 },
        { "/v1/tke/i1/hsms/first", NULL, 405 },
        { "/v1/tke/i1/hsms/first", "{}", 400 },
        { "/v1/tke/i1/hsms/first", "[1]", 400 },
        { "/v1/tke/i1/hsms/first", "{\"request\":1}", 400 },
        { "/v1/tke/i1/hsms/first", "{\"request\":", 400 },
        { "/v1/tke/i1/hsms/first", "{\"request\":\"x\"}", 200 }, /* an HTPResponse error */
    };
    g_auto(Fixture) fixture = { 0 };

    fixture_open_with(&fixture, mixed);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(SimReply) reply = { 0 };

        fixture_http(&fixture, cases[i].path, cases[i].body, &reply);
        ck_assert_msg(reply.status == cases[i].status, "case %zu: %u", i, reply.status);
    }
}
END_TEST

START_TEST(test_module_and_domain_must_be_the_units)
{
    g_auto(Fixture) fixture = { 0 };
    static const struct {
        const char *request;
        const char *error;
    } cases[] = {
        { "149;PCI request;XPNUM   ;2;        ;0020040000805434000000000000000200000000000000000000"
          "00000000001A3018040400010026040400000002040400000003040400000000",
          "9 41" },
        { "149;PCI request;XPNUM   ;1;        ;0020040000805434000000000000000300000000000000000000"
          "00000000001A3018040400010026040400000003040400000003040400000000",
          "9 5 " },
    };

    fixture_open_with(&fixture, mixed);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(SimReply) reply = { 0 };
        g_autofree char *body = g_strdup_printf("{\"request\":\"%s\"}", cases[i].request);
        g_autofree char *text = NULL;

        fixture_http(&fixture, "/v1/tke/i1/hsms/first", body, &reply);
        text = g_strndup((const char *) reply.body->data, reply.body->len);
        ck_assert_msg(strstr(text, cases[i].error) != NULL, "%s", text);
    }
}
END_TEST

START_TEST(test_tokens_expire_and_are_told_apart)
{
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(TkeSecret) token = NULL;
    g_autofree char *good = NULL;
    unsigned status = 0;

    fixture_open_with(&fixture, mixed);
    good = g_strdup(fixture.authorization);
    ck_assert(g_str_has_prefix(good, "Bearer "));
    g_free(get_list(&fixture, "i1", &status));
    ck_assert_uint_eq(status, 200);
    g_free(fixture.authorization);
    fixture.authorization = g_strdup(good + strlen("Bearer "));
    g_free(get_list(&fixture, "i1", &status));
    ck_assert_uint_eq(status, 200);
    fixture.authorization[0] = fixture.authorization[0] == 'a' ? 'b' : 'a';
    g_free(get_list(&fixture, "i1", &status));
    ck_assert_uint_eq(status, 401);
    g_clear_pointer(&fixture.authorization, g_free);
    g_free(get_list(&fixture, "i1", &status));
    ck_assert_uint_eq(status, 401);
    token = sim_service_new_token(fixture.service, 3600, NULL);
    ck_assert_ptr_nonnull(token);
    fixture.authorization = g_strdup(good);
    fixture_fault(&fixture, "{'fault':'expire-tokens'}");
    g_free(get_list(&fixture, "i1", &status));
    ck_assert_uint_eq(status, 401);
}
END_TEST

START_TEST(test_a_token_lives_as_long_as_it_was_given)
{
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(TkeSecret) token = NULL;
    unsigned status = 0;

    fixture_open_with(&fixture, mixed);
    token = sim_service_new_token(fixture.service, 1, NULL);
    g_free(fixture.authorization);
    fixture.authorization =
        g_strndup((const char *) tke_secret_bytes(token, NULL), tke_secret_len(token));
    g_usleep(1100000);
    g_free(get_list(&fixture, "i1", &status));
    ck_assert_uint_eq(status, 401);
}
END_TEST

START_TEST(test_scenarios_that_make_no_sense_are_refused)
{
    static const char *const scenarios[] = {
        "{}",
        HEAD "[]}",
        HEAD "[{'id':'i','units':[]}]}",
        HEAD "[{'id':'i/j','units':[" UNIT("operational", "h", "1", "1", "") "]}]}",
        HEAD "[{'id':'i','units':[" UNIT("other", "h", "1", "1", "") "]}]}",
        HEAD "[{'id':'i','units':[" UNIT("operational", "h.1", "1", "1", "") "]}]}",
        HEAD "[{'id':'i','units':[" UNIT("operational", "h", "256", "1", "") "]}]}",
        HEAD "[{'id':'i','units':[" UNIT("operational", "h", "1", "1", ",'kind':'CEX4'") "]}]}",
        HEAD "[{'id':'i','units':[" UNIT("operational", "h", "1", "1", ",'serial':'short'") "]}]}",
        HEAD "[{'id':'i','units':[" UNIT("operational", "h", "1", "1", ",'hsm_id':'../x'") "]}]}",
        HEAD
        "[{'id':'i','units':[" UNIT("operational", "h", "1", "1", ",'hsm_id':'service'") "]}]}",
        HEAD "[{'id':'i','units':[" UNIT("operational", "h", "1", "1",
                                         "") "," UNIT("operational", "h", "1", "1", "") "]}]}",
        HEAD "[{'id':'i','units':[" UNIT("operational", "h", "1", "1", ",'hsm_id':'x'") "," UNIT(
            "operational", "h", "1", "2", ",'hsm_id':'x'") "]}]}",
        HEAD "[{'id':'i','units':[" UNIT("operational", "h", "1", "1", ",'kind':'CEX7'") "," UNIT(
            "operational", "h", "1", "2", ",'kind':'CEX8'") "]}]}",
        HEAD
        "[{'id':'i','units':[" UNIT("operational", "h", "1", "1", "") "]},{'id':'i','units':[" UNIT(
            "operational", "h", "1", "2", "") "]}]}",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(scenarios); i++) {
        g_autofree char *dir = g_dir_make_tmp("tke-units-XXXXXX", NULL);
        g_autofree char *json = g_strdelimit(g_strdup(scenarios[i]), "'", '"');
        g_autoptr(JsonObject) part = sim_json_parse(json, -1, NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(SimService) service = NULL;

        ck_assert_msg(part != NULL, "%s", json);
        service = sim_service_new(part, dir, &error);
        ck_assert_msg(service == NULL, "scenario %zu was taken", i);
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
        ck_assert(!sim_service_exists(dir));
        ck_assert_int_eq(g_rmdir(dir), 0); /* nothing was left */
    }
}
END_TEST

START_TEST(test_a_world_is_made_only_once)
{
    g_auto(Fixture) fixture = { 0 };
    g_autofree char *json = g_strdelimit(g_strdup(mixed), "'", '"');
    g_autoptr(JsonObject) part = sim_json_parse(json, -1, NULL);
    g_autoptr(GError) error = NULL;

    fixture_open_with(&fixture, mixed);
    ck_assert(sim_service_exists(fixture.dir));
    ck_assert_ptr_null(sim_service_new(part, fixture.dir, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
}
END_TEST

START_TEST(test_a_world_is_the_same_after_a_restart)
{
    g_auto(Fixture) fixture = { 0 };
    SimRoot before = { 0 };
    SimRoot after = { 0 };
    g_autofree char *ca = NULL;
    g_autofree char *list = NULL;
    g_autofree char *again = NULL;
    unsigned status = 0;

    fixture_open_with(&fixture, mixed);
    sim_service_get_root(fixture.service, 0, &before);
    ca = g_strdup(sim_service_get_ca_pem(fixture.service));
    list = get_list(&fixture, "i1", &status);
    fixture_reload(&fixture);
    sim_service_get_root(fixture.service, 0, &after);
    ck_assert_str_eq(after.name, "CEX7");
    ck_assert_int_eq(memcmp(before.point, after.point, sizeof before.point), 0);
    ck_assert_int_eq(memcmp(before.ski, after.ski, sizeof before.ski), 0);
    ck_assert_str_eq(sim_service_get_ca_pem(fixture.service), ca);
    ck_assert_str_eq(sim_service_get_instance_id(fixture.service, 1), "i2");
    ck_assert_str_eq(sim_service_get_instance_name(fixture.service, 0), "one");
    again = get_list(&fixture, "i1", &status);
    ck_assert_str_eq(again, list);
}
END_TEST

START_TEST(test_damaged_world_files_are_named)
{
    static const char *const files[] = { "service.json", "module-93AABC12.json", "unit-1.json" };

    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_auto(Fixture) fixture = { 0 };
        g_autofree char *path = NULL;
        g_autoptr(GError) error = NULL;

        fixture_open(&fixture);
        path = g_build_filename(fixture.dir, "units", files[i], NULL);
        ck_assert(g_file_set_contents(path, "{\"note\":1}", -1, NULL));
        ck_assert_ptr_null(sim_service_load(fixture.dir, &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
        ck_assert_msg(strstr(error->message, files[i]) != NULL, "%s", error->message);
    }
}
END_TEST

START_TEST(test_world_files_are_private)
{
    g_auto(Fixture) fixture = { 0 };
    g_autofree char *path = NULL;
    struct stat info = { 0 };

    fixture_open(&fixture);
    path = g_build_filename(fixture.dir, "units", "unit-1.json", NULL);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
}
END_TEST

START_TEST(test_a_command_that_cannot_be_saved_is_not_executed)
{
    g_auto(Fixture) fixture = { 0 };
    g_autofree char *path = NULL;
    g_auto(Answer) failed = { 0 };
    g_auto(Answer) again = { 0 };
    uint8_t counter[16] = { 0 };

    fixture_open(&fixture);
    path = g_build_filename(fixture.dir, "units", "unit-1.json", NULL);
    ck_assert_int_eq(g_remove(path), 0);
    ck_assert_int_eq(g_mkdir(path, 0700), 0); /* nothing can be written here, even by root */
    failed = fixture_add_admin(&fixture, 0);
    ck_assert_uint_eq(failed.status, 500);
    ck_assert_uint_eq(sim_unit_get_n_admins(fixture.unit), 0);
    sim_unit_get_counter(fixture.unit, counter);
    ck_assert_uint_eq(counter[15], 0);
    ck_assert_int_eq(g_rmdir(path), 0);
    again = fixture_add_admin(&fixture, 0);
    check_answer_ok(&again);
}
END_TEST

START_TEST(test_description_and_status_hold_what_programs_need)
{
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    JsonObject *object = NULL;

    fixture_open_with(&fixture, mixed);
    sim_service_set_delay(fixture.service, 7);
    json_builder_begin_object(builder);
    sim_service_describe(fixture.service, builder);
    sim_service_status(fixture.service, builder);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    object = json_node_get_object(root);
    ck_assert_str_eq(json_object_get_string_member(object, "account"), "a");
    ck_assert_str_eq(json_object_get_string_member(object, "user"), "u");
    ck_assert_uint_eq(json_array_get_length(json_object_get_array_member(object, "instances")), 2);
    ck_assert_uint_eq(strlen(json_array_get_string_element(
                          json_object_get_array_member(object, "module_roots"), 0)),
                      266);
    ck_assert(g_str_has_prefix(json_object_get_string_member(object, "ca_pem"),
                               "-----BEGIN CERTIFICATE-----"));
    ck_assert_int_eq(json_object_get_int_member(object, "delay_ms"), 7);
    ck_assert_uint_eq(json_array_get_length(json_object_get_array_member(object, "units")), 4);
}
END_TEST

static void
note_secret(const char *what, const uint8_t *bytes, size_t len, void *data)
{
    GString *seen = data;

    ck_assert_ptr_nonnull(bytes);
    g_string_append_printf(seen, "%s %zu;", what, len);
}

START_TEST(test_secrets_of_a_unit_are_shown_to_a_visitor)
{
    static const uint8_t parts[] = { 1, 2 };
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(GString) seen = g_string_new(NULL);

    fixture_open(&fixture);
    fixture_set_up(&fixture, 1, 1, 1);
    fixture_load_key(&fixture, parts, 2);
    ck_assert(sim_unit_visit_secrets(fixture.unit, note_secret, seen, NULL));
    ck_assert_str_eq(seen->str, "current master key 32;module key 66;importer key 66;");
}
END_TEST

START_TEST(test_the_transport_in_one_process_answers_and_counts)
{
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(TkeSecret) token = NULL;
    TkeUnitTransport *transport = NULL;
    TkeUnitTransportCounts counts = { 0 };
    char list[] = "/v1/tke/i1/hsms";
    TkeUnitRequest requests[2] = { { .path = list }, { .path = list } };
    TkeUnitRequest *const pointers[] = { &requests[0], &requests[1] };

    fixture_open_with(&fixture, mixed);
    token = sim_service_new_token(fixture.service, 0, NULL);
    transport = sim_unit_transport_new(fixture.service, token, NULL);
    ck_assert_ptr_nonnull(transport);
    fixture_fault(&fixture, "{'fault':'drop-after','list':true,'skip':1}");
    ck_assert(transport->ops->run(transport, pointers, 2, NULL, NULL));
    ck_assert_uint_eq(requests[0].status, 200);
    ck_assert_ptr_null(requests[0].error);
    ck_assert_int_eq(requests[0].answer->data[requests[0].answer->len], 0);
    ck_assert_uint_eq(requests[1].status, 0);
    ck_assert(requests[1].outcome_unknown);
    test_bytes_check_error(requests[1].error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
    transport->ops->get_counts(transport, &counts);
    ck_assert_uint_eq(counts.requests, 2);
    ck_assert_uint_eq(counts.rounds, 1);
    g_byte_array_unref(requests[0].answer);
    g_error_free(requests[1].error);
    transport->ops->free(transport);
}
END_TEST

START_TEST(test_thirty_two_units_fit_into_one_service)
{
    g_auto(Fixture) fixture = { 0 };
    g_autoptr(GString) scenario = g_string_new(HEAD "[{'id':'i','units':[");

    for (unsigned i = 0; i < 32; i++) {
        g_string_append_printf(scenario,
                               "%s{'type':'operational','zone':'z','host':'h%u','module':%u,"
                               "'domain':%u,'kind':'CEX%u'}",
                               i == 0 ? "" : ",", i, i, i, 5 + i % 4);
    }
    g_string_append(scenario, "]}]}");
    fixture_open_with(&fixture, scenario->str);
    fixture_reload(&fixture);
    ck_assert_uint_eq(sim_service_get_n_units(fixture.service), 32);
    ck_assert_uint_eq(sim_service_get_n_roots(fixture.service), 4);
    for (size_t i = 0; i < 32; i += 9) {
        g_auto(Answer) answer = { 0 };

        fixture.unit = sim_service_get_unit(fixture.service, i);
        answer = fixture_add_admin(&fixture, 0);
        check_answer_ok(&answer);
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_units_are_listed_by_type_and_instance);
    tcase_add_test(tests, test_units_of_one_place_share_their_module);
    tcase_add_test(tests, test_paths_that_lead_nowhere_are_not_found);
    tcase_add_test(tests, test_module_and_domain_must_be_the_units);
    tcase_add_test(tests, test_tokens_expire_and_are_told_apart);
    tcase_add_test(tests, test_a_token_lives_as_long_as_it_was_given);
    tcase_add_test(tests, test_scenarios_that_make_no_sense_are_refused);
    tcase_add_test(tests, test_a_world_is_made_only_once);
    tcase_add_test(tests, test_a_world_is_the_same_after_a_restart);
    tcase_add_test(tests, test_damaged_world_files_are_named);
    tcase_add_test(tests, test_world_files_are_private);
    tcase_add_test(tests, test_a_command_that_cannot_be_saved_is_not_executed);
    tcase_add_test(tests, test_description_and_status_hold_what_programs_need);
    tcase_add_test(tests, test_secrets_of_a_unit_are_shown_to_a_visitor);
    tcase_add_test(tests, test_the_transport_in_one_process_answers_and_counts);
    tcase_add_test(tests, test_thirty_two_units_fit_into_one_service);
}

int
main(void)
{
    return test_main("sim-service", add_tests);
}
