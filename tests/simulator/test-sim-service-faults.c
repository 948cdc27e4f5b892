/*
 * Faults of the service and of its units, ordered at run time.
 */
#include <string.h>

#include "common/error.h"
#include "simulator/sim-json.h"
#include "tests/simulator/unit-fixture.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define LIST "/v1/tke/11111111-2222-3333-4444-555555555555/hsms"

/* What becomes of an attribute query and of the next one. */
static SimReply
query_raw(Fixture *fixture)
{
    SimReply reply = { 0 };

    fixture_http(fixture, LIST "/unit-1",
                 "{\"request\":\"181;PCI request;XPNUM   ;4;        ;00200400008054340000000000000"
                 "0250000000000000000000000000000002A302804040001002904040000002504183016040400010"
                 "00A040800000025000000000400040004000400\"}",
                 &reply);
    return reply;
}

static unsigned
list_status(Fixture *fixture)
{
    g_auto(SimReply) reply = { 0 };

    fixture_http(fixture, LIST, NULL, &reply);
    return reply.action == SIM_REPLY_ANSWER ? reply.status : 0;
}

START_TEST(test_connection_faults_come_before_or_after_execution)
{
    static const struct {
        const char *order;
        SimReplyAction action;
        bool executed;
    } cases[] = {
        { "{'fault':'drop-before','command':2}", SIM_REPLY_CLOSE, false },
        { "{'fault':'drop-after','command':2}", SIM_REPLY_CLOSE, true },
        { "{'fault':'silence','command':2}", SIM_REPLY_HOLD, false },
        { "{'fault':'silence-after','command':2}", SIM_REPLY_HOLD, true },
        { "{'fault':'cut','command':2}", SIM_REPLY_CUT, true },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(Fixture) fixture = { 0 };
        g_auto(Answer) normal = { 0 };
        g_auto(SimReply) reply = { 0 };
        g_autoptr(GByteArray) bytes = NULL;
        g_autoptr(GByteArray) payload = NULL;
        g_autofree char *request = NULL;
        g_autofree char *body = NULL;
        Block block = { 0 };

        fixture_open(&fixture);
        fixture_fault(&fixture, cases[i].order);
        block = fixture_next(&fixture, 2, fixture_admin(&fixture, 0)->certificate->data,
                             fixture_admin(&fixture, 0)->certificate->len);
        bytes = fixture_block(&block);
        payload = fixture_request(&fixture, bytes, NULL);
        request = fixture_wrap(&fixture, payload);
        body = g_strdup_printf("{\"request\":\"%s\"}", request);
        fixture_http(&fixture, LIST "/unit-1", body, &reply);
        ck_assert_msg(reply.action == cases[i].action, "case %zu: %d", i, reply.action);
        ck_assert_uint_eq(sim_unit_get_n_admins(fixture.unit), cases[i].executed ? 1 : 0);
        fixture_reload(&fixture); /* what was executed was saved */
        ck_assert_uint_eq(sim_unit_get_n_admins(fixture.unit), cases[i].executed ? 1 : 0);
        normal = fixture_query(&fixture, 10, NULL, 0);
        check_answer_ok(&normal);
    }
}
END_TEST

START_TEST(test_http_faults_have_any_status)
{
    static const unsigned statuses[] = { 401, 403, 404, 500, 503 };
    g_auto(Fixture) fixture = { 0 };

    fixture_open(&fixture);
    for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++) {
        g_autofree char *order =
            g_strdup_printf("{'fault':'http','status':%u,'text':'why'}", statuses[i]);
        g_auto(SimReply) reply = { 0 };

        fixture_fault(&fixture, order);
        reply = query_raw(&fixture);
        ck_assert_uint_eq(reply.status, statuses[i]);
        ck_assert_ptr_nonnull(strstr((const char *) reply.body->data, "why"));
        sim_reply_clear(&reply);
        reply = query_raw(&fixture);
        ck_assert_uint_eq(reply.status, 200);
    }
}
END_TEST

START_TEST(test_spoilt_bodies_are_what_they_are_called)
{
    g_auto(Fixture) fixture = { 0 };
    g_auto(SimReply) reply = { 0 };
    g_autoptr(JsonObject) object = NULL;
    const char *text = NULL;
    const char *hex = NULL;

    fixture_open(&fixture);
    fixture_fault(&fixture, "{'fault':'garbage'}");
    reply = query_raw(&fixture);
    ck_assert_uint_eq(reply.status, 200);
    ck_assert(!g_utf8_validate((const char *) reply.body->data, (gssize) reply.body->len, NULL));
    sim_reply_clear(&reply);
    fixture_fault(&fixture, "{'fault':'bad-json'}");
    reply = query_raw(&fixture);
    ck_assert_ptr_null(
        sim_json_parse((const char *) reply.body->data, (gssize) reply.body->len, NULL));
    sim_reply_clear(&reply);
    fixture_fault(&fixture, "{'fault':'oversized','size':300000}");
    reply = query_raw(&fixture);
    ck_assert_uint_gt(reply.body->len, 300000);
    sim_reply_clear(&reply);
    fixture_fault(&fixture, "{'fault':'truncated'}");
    reply = query_raw(&fixture);
    object = sim_json_parse((const char *) reply.body->data, (gssize) reply.body->len, NULL);
    ck_assert_ptr_nonnull(object);
    text = json_object_get_string_member(object, "response");
    hex = strrchr(text, ';') + 1;
    ck_assert_uint_eq(strlen(hex) % 2, 1);
    ck_assert_uint_ne(g_ascii_strtoull(text, NULL, 10), strlen(strchr(text, ';')));
}
END_TEST

START_TEST(test_error_codes_come_from_every_layer)
{
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) htp = { 0 };
    g_auto(Answer) cprb = { 0 };
    g_auto(Answer) outer = { 0 };
    g_auto(Answer) inner = { 0 };
    g_auto(Answer) no_reason = { 0 };
    g_auto(Answer) info = { 0 };

    fixture_open(&fixture);
    fixture_fault(&fixture, "{'fault':'htp-error','type':11,'return_code':3}");
    htp = fixture_query(&fixture, 10, NULL, 0);
    ck_assert_uint_eq(htp.htp_type, 11);
    ck_assert_uint_eq(htp.htp_code, 3);
    fixture_fault(&fixture, "{'fault':'cprb-code','return_code':2148007988}");
    cprb = fixture_query(&fixture, 10, NULL, 0);
    ck_assert_uint_eq(cprb.cprb, 2148007988u);
    fixture_fault(&fixture, "{'fault':'outer-code','return_code':7}");
    outer = fixture_query(&fixture, 10, NULL, 0);
    ck_assert_uint_eq(outer.outer, 7);
    fixture_fault(&fixture, "{'fault':'code','return_code':209,'reason_code':57}");
    inner = fixture_query(&fixture, 10, NULL, 0);
    check_answer_refused(&inner, 209, 57);
    fixture_fault(&fixture, "{'fault':'code','return_code':2147549186}");
    no_reason = fixture_query(&fixture, 10, NULL, 0);
    check_answer_refused(&no_reason, 0x80010002, 0);
    fixture_fault(&fixture, "{'fault':'code','command':'info','return_code':3}");
    info = fixture_info(&fixture, 3);
    ck_assert_uint_eq(info.outer, 3);
}
END_TEST

START_TEST(test_a_forced_code_leaves_a_command_undone)
{
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) refused = { 0 };

    fixture_open(&fixture);
    fixture_fault(&fixture, "{'fault':'code','command':2,'return_code':49}");
    refused = fixture_add_admin(&fixture, 0);
    check_answer_refused(&refused, 49, 0);
    ck_assert_uint_eq(sim_unit_get_n_admins(fixture.unit), 0);
}
END_TEST

START_TEST(test_answers_lie_where_they_are_told_to)
{
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) good = { 0 };

    fixture_open(&fixture);
    fixture_set_up(&fixture, 1, 1, 1);
    good = fixture_query(&fixture, 10, NULL, 0);
    {
        static const char *const orders[] = { "{'fault':'wrong-serial'}",
                                              "{'fault':'wrong-module'}",
                                              "{'fault':'wrong-domain'}",
                                              "{'fault':'wrong-command'}" };

        for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
            g_auto(Answer) lie = { 0 };

            fixture_fault(&fixture, orders[i]);
            lie = fixture_query(&fixture, 10, NULL, 0);
            ck_assert(lie.is_signed);
            ck_assert_int_eq(memcmp(lie.module_id, good.module_id, 8) != 0, i == 0);
            ck_assert_int_eq(memcmp(lie.module_id + 8, good.module_id + 8, 8) != 0, i == 1);
            ck_assert_int_eq(lie.instance != good.instance, i == 2);
            ck_assert_int_eq(lie.command != good.command, i == 3);
        }
    }
    {
        g_auto(Answer) bad = { 0 };
        g_auto(Answer) none = { 0 };

        fixture_fault(&fixture, "{'fault':'bad-signature'}");
        bad = fixture_query(&fixture, 10, NULL, 0);
        ck_assert(!bad.is_signed);
        fixture_fault(&fixture, "{'fault':'no-signature'}");
        none = fixture_query(&fixture, 10, NULL, 0);
        ck_assert(!none.is_signed);
    }
}
END_TEST

START_TEST(test_a_stale_counter_makes_the_next_command_fail)
{
    for (unsigned commands = 0; commands < 2; commands++) {
        g_auto(Fixture) fixture = { 0 };
        g_auto(Answer) failed = { 0 };
        g_auto(Answer) again = { 0 };

        fixture_open(&fixture);
        if (commands > 0) {
            g_auto(Answer) first = fixture_add_admin(&fixture, 1);

            check_answer_ok(&first);
        }
        fixture_fault(&fixture, "{'fault':'stale-counter'}");
        failed = fixture_add_admin(&fixture, 0); /* its query meets the fault */
        check_answer_refused(&failed, 163, 19);
        again = fixture_add_admin(&fixture, 0);
        check_answer_ok(&again);
    }
}
END_TEST

START_TEST(test_forged_certificates_differ_from_the_genuine_ones)
{
    static const uint8_t index[] = { 0, 0, 0, 2 };
    g_auto(Fixture) fixture = { 0 };
    g_auto(Answer) genuine = { 0 };
    g_auto(Answer) other = { 0 };
    g_auto(Answer) forged = { 0 };

    fixture_open(&fixture);
    genuine = fixture_query(&fixture, 3, index, 4);
    fixture_fault(&fixture, "{'fault':'forged-chain','count':0,'unit':1}");
    other = fixture_query(&fixture, 3, index, 4);
    check_answer_ok(&other);
    fixture_fault(&fixture, "{'fault':'clear'}");
    fixture_fault(&fixture, "{'fault':'forged-root','unit':'unit-1'}");
    forged = fixture_query(&fixture, 3, index, 4);
    check_answer_ok(&forged);
    ck_assert_int_ne(memcmp(other.output->data + 161, genuine.output->data + 161, 32), 0);
    ck_assert_int_eq(memcmp(forged.output->data + 161, genuine.output->data + 161, 32), 0);
    ck_assert_int_ne(memcmp(forged.output->data, genuine.output->data, forged.output->len), 0);
}
END_TEST

START_TEST(test_faults_are_counted_and_aimed)
{
    g_auto(Fixture) fixture = { 0 };
    g_auto(SimReply) reply = { 0 };

    fixture_open(&fixture);
    fixture_fault(&fixture, "{'fault':'http','status':503,'list':true,'skip':1,'count':2}");
    reply = query_raw(&fixture);
    ck_assert_uint_eq(reply.status, 200);
    ck_assert_uint_eq(list_status(&fixture), 200);
    ck_assert_uint_eq(list_status(&fixture), 503);
    ck_assert_uint_eq(list_status(&fixture), 503);
    ck_assert_uint_eq(list_status(&fixture), 200);
    fixture_fault(&fixture, "{'fault':'http','unit':'unit-1','count':0}");
    ck_assert_uint_eq(list_status(&fixture), 200);
    for (unsigned i = 0; i < 3; i++) {
        sim_reply_clear(&reply);
        reply = query_raw(&fixture);
        ck_assert_uint_eq(reply.status, 500);
    }
    sim_service_clear_faults(fixture.service);
    sim_reply_clear(&reply);
    reply = query_raw(&fixture);
    ck_assert_uint_eq(reply.status, 200);
}
END_TEST

/* What is waiting to strike, as the status tells it. */
static JsonObject *
first_fault(Fixture *fixture)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    JsonArray *faults;

    json_builder_begin_object(builder);
    sim_service_status(fixture->service, builder);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    faults = json_object_get_array_member(json_node_get_object(root), "faults");
    ck_assert_uint_eq(json_array_get_length(faults), 1);
    return json_object_ref(json_array_get_object_element(faults, 0));
}

START_TEST(test_a_command_is_named_as_in_the_standard_or_by_its_code)
{
    static const char *const orders[] = {
        "{'fault':'code','command':'DOM_ADMIN_LOGIN','return_code':49}",
        "{'fault':'code','command':'dom-admin-login','return_code':49}",
        "{'fault':'code','command':2,'return_code':49}",
    };
    static const struct {
        const char *order;
        const char *name;
    } names[] = {
        { "{'fault':'http','command':'info'}", "info" },
        { "{'fault':'http','command':13}", "COMMIT_WK" },
        { "{'fault':'http','command':'export_next_wk'}", "EXPORT_NEXT_WK" },
        { "{'fault':'http','command':65538}", "Q_DOMADMIN" },
        { "{'fault':'http','command':'q-dom-ctrlpoints'}", "Q_DOM_CTRLPOINTS" },
    };
    g_auto(Fixture) fixture = { 0 };

    fixture_open(&fixture);
    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        fixture_fault(&fixture, orders[i]);
        {
            g_auto(Answer) refused = fixture_add_admin(&fixture, 0);

            check_answer_refused(&refused, 49, 0);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(JsonObject) fault = NULL;

        sim_service_clear_faults(fixture.service);
        fixture_fault(&fixture, names[i].order);
        fault = first_fault(&fixture);
        ck_assert_str_eq(json_object_get_string_member(fault, "command"), names[i].name);
    }
}
END_TEST

START_TEST(test_a_command_that_there_is_not_is_answered_with_the_names)
{
    static const char *const orders[] = { "{\"fault\":\"code\",\"command\":5555}",
                                          "{\"fault\":\"code\",\"command\":\"COMIT_WK\"}" };
    g_auto(Fixture) fixture = { 0 };

    fixture_open(&fixture);
    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        g_autoptr(JsonObject) order = sim_json_parse(orders[i], -1, NULL);
        g_autoptr(GError) error = NULL;

        ck_assert(!sim_service_fault(fixture.service, order, &error));
        ck_assert_msg(strstr(error->message, "DOM_ADMIN_LOGIN (2)") != NULL &&
                          strstr(error->message, "COMMIT_WK (13)") != NULL &&
                          strstr(error->message, "Q_WK_ORIGINS (65548)") != NULL &&
                          strstr(error->message, "info") != NULL,
                      "%s", error->message);
    }
}
END_TEST

START_TEST(test_orders_that_make_no_sense_are_refused)
{
    static const char *const orders[] = {
        "{}",
        "{\"fault\":\"rain\"}",
        "{\"fault\":7}",
        "{\"fault\":\"http\",\"unit\":\"nobody\"}",
        "{\"fault\":\"http\",\"unit\":2}",
        "{\"fault\":\"http\",\"unit\":1,\"list\":true}",
        "{\"fault\":\"code\",\"list\":true}",
        "{\"fault\":\"code\",\"return_code\":0}",
        "{\"fault\":\"http\",\"status\":99}",
        "{\"fault\":\"http\",\"status\":\"500\"}",
        "{\"fault\":\"http\",\"count\":-1}",
        "{\"fault\":\"http\",\"command\":\"all\"}",
        "{\"fault\":\"http\",\"command\":1}", /* of the card, not of the domain */
        "{\"fault\":\"http\",\"command\":5555}",
        "{\"fault\":\"http\",\"command\":-13}",
        "{\"fault\":\"http\",\"command\":true}",
        "{\"fault\":\"http\",\"command\":\"COMMIT\"}",
        "{\"fault\":\"http\",\"comand\":13}",
        "{\"fault\":\"http\",\"text\":1}",
    };
    g_auto(Fixture) fixture = { 0 };

    fixture_open(&fixture);
    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        g_autoptr(JsonObject) order = sim_json_parse(orders[i], -1, NULL);
        g_autoptr(GError) error = NULL;

        ck_assert_msg(!sim_service_fault(fixture.service, order, &error), "%s", orders[i]);
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_USAGE);
    }
    ck_assert_uint_eq(list_status(&fixture), 200);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_connection_faults_come_before_or_after_execution);
    tcase_add_test(tests, test_http_faults_have_any_status);
    tcase_add_test(tests, test_spoilt_bodies_are_what_they_are_called);
    tcase_add_test(tests, test_error_codes_come_from_every_layer);
    tcase_add_test(tests, test_a_forced_code_leaves_a_command_undone);
    tcase_add_test(tests, test_answers_lie_where_they_are_told_to);
    tcase_add_test(tests, test_a_stale_counter_makes_the_next_command_fail);
    tcase_add_test(tests, test_forged_certificates_differ_from_the_genuine_ones);
    tcase_add_test(tests, test_faults_are_counted_and_aimed);
    tcase_add_test(tests, test_a_command_is_named_as_in_the_standard_or_by_its_code);
    tcase_add_test(tests, test_a_command_that_there_is_not_is_answered_with_the_names);
    tcase_add_test(tests, test_orders_that_make_no_sense_are_refused);
}

int
main(void)
{
    return test_main("sim-service-faults", add_tests);
}
