/*
 * The service in front of the crypto units: a token that expires in the middle of a step, a list
 * that fails, and what is on disk before the operator is told (functions 3.2, P-7, E-H01 to E-H07;
 * F-170).
 */
#include <string.h>

#include "libceremony/ceremony-error.h"
#include "libep11admin/unit-error.h"
#include "tests/libceremony/unfinished-world.h"
#include "tests/support/fault-unit-transport.h"
#include "tests/support/test-main.h"

#define QUERY_ADMINS 0x00010002u

/* The service turns requests away for their token. */
static void
expire(CeremonyWorld *world, unsigned number, unsigned command, unsigned count)
{
    g_autoptr(JsonObject) order = json_object_new();
    g_autoptr(GError) error = NULL;

    json_object_set_string_member(order, "fault", "http");
    json_object_set_int_member(order, "status", 401);
    if (number > 0) {
        json_object_set_string_member(order, "unit",
                                      sim_unit_get_hsm_id(unfinished_unit_of(world, number)));
        json_object_set_int_member(order, "command", command);
    }
    json_object_set_int_member(order, "count", count);
    card_world_check(sim_service_fault(world->service, order, &error), error);
}

/* The operator, who has no token at hand when asked first. */
typedef struct Operator {
    unsigned asked;
    unsigned without;
} Operator;

static TkeSecret *
give_token(void *data, GError **error)
{
    Operator *operator= data;

    operator->asked++;
    if (operator->asked <= operator->without) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, "no token at hand");
        return NULL;
    }
    return tke_secret_new_random(16, error);
}

START_TEST(test_a_step_is_tried_again_with_a_new_token)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    Operator operator= { .without = 1 };
    g_autoptr(GError) error = NULL;

    card_world_check(unfinished_load_all(world, &error), error);
    unfinished_go_on(world);
    tke_world_set_ask_token(world->world, give_token, &operator);
    expire(world, 2, COMMIT, 1);
    unfinished_choose(world, RETRY);
    unfinished_choose(world, RETRY);
    card_world_check(unfinished_commit(world, &error), error);
    ck_assert_uint_eq(operator.asked, 2);
    ck_assert(!tke_world_is_token_refused(world->world));
    ck_assert_ptr_nonnull(strstr(world->choose->str, "no token at hand"));
    ck_assert_uint_eq(unfinished_count(world), 0);
    ck_assert_str_eq(world->prompts->str, ""); /* the signer's card is still unlocked */
}
END_TEST

/* The answer of unit 2 is lost, or the request; when it is asked about that, the token has
 * expired. */
static TestUnitFault loss;

static void
lose_and_expire(CeremonyWorld *world)
{
    const char *lane = sim_unit_get_hsm_id(unfinished_unit_of(world, 2));

    test_fault_unit_transport_set(world->transport, lane, 1, loss, 0);
    test_fault_unit_transport_set(world->transport, lane, 2, TEST_UNIT_FAULT_STATUS, 401);
}

START_TEST(test_a_token_that_expires_before_an_outcome_is_known_is_asked_for)
{
    static const TestUnitFault losses[] = { TEST_UNIT_FAULT_SILENCE, TEST_UNIT_FAULT_CUT_AFTER };

    for (unsigned i = 0; i < G_N_ELEMENTS(losses); i++) {
        g_autoptr(CeremonyWorld) world = unfinished_secured_world();
        Operator operator= { .without = 0 };
        g_autoptr(GError) error = NULL;

        card_world_check(unfinished_load_all(world, &error), error);
        unfinished_go_on(world);
        tke_world_set_ask_token(world->world, give_token, &operator);
        loss = losses[i];
        world->meanwhile = lose_and_expire;
        unfinished_choose(world, RETRY);
        card_world_check(unfinished_commit(world, &error), error);
        ck_assert_uint_eq(test_fault_unit_transport_get_struck(world->transport), 2);
        ck_assert_uint_eq(operator.asked, 1);
        ck_assert(!tke_world_is_token_refused(world->world));
        ck_assert_ptr_nonnull(strstr(world->choose->str, "crypto unit 2 is unknown"));
        ck_assert_str_eq(world->prompts->str, ""); /* the signer's card is still unlocked */
        for (unsigned number = 1; number <= UNITS; number++) {
            ck_assert(sim_unit_is_committed(unfinished_unit_of(world, number)));
        }
    }
}
END_TEST

START_TEST(test_a_refused_token_is_remembered_until_there_is_another)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    Operator operator= { .without = 0 };
    g_autoptr(GError) error = NULL;

    tke_world_set_ask_token(world->world, give_token, &operator);
    ck_assert(!tke_world_is_token_refused(world->world));
    expire(world, 0, 0, 1);
    ck_assert(!tke_unit_directory_refresh(world->units, NULL, NULL, &error));
    ck_assert(g_error_matches(error, TKE_UNIT_ERROR, TKE_UNIT_ERROR_UNAUTHORIZED));
    ck_assert(tke_world_is_token_refused(world->world));
    ck_assert_uint_eq(operator.asked, 0); /* nobody is asked behind his back */
    g_clear_error(&error);
    card_world_check(tke_world_renew_token(world->world, &error), error);
    ck_assert(!tke_world_is_token_refused(world->world));
    ck_assert_uint_eq(operator.asked, 1);
}
END_TEST

START_TEST(test_a_refused_query_is_noticed_too)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) units = tke_unit_directory_get_selected(world->units, &error);
    g_autoptr(GPtrArray) states = NULL;

    card_world_check(units != NULL, error);
    expire(world, 3, QUERY_ADMINS, 1);
    states = tke_unit_directory_query(world->units, units, TKE_UNIT_QUERY_DEFAULT, NULL, &error);
    card_world_check(states != NULL, error);
    ck_assert(tke_world_is_token_refused(world->world));
}
END_TEST

/* The list of the units is the first request of every command: whatever becomes of it, the next
 * one goes on. */
START_TEST(test_a_list_that_fails_changes_nothing)
{
    static const struct {
        TestUnitFault fault;
        unsigned status;
        int code;
    } faults[] = {
        { TEST_UNIT_FAULT_CUT_BEFORE, 0, TKE_UNIT_ERROR_CONNECTION },
        { TEST_UNIT_FAULT_CUT_AFTER, 0, TKE_UNIT_ERROR_CONNECTION },
        { TEST_UNIT_FAULT_SILENCE, 0, TKE_UNIT_ERROR_CONNECTION },
        { TEST_UNIT_FAULT_STATUS, 400, TKE_UNIT_ERROR_BAD_REQUEST },
        { TEST_UNIT_FAULT_STATUS, 401, TKE_UNIT_ERROR_UNAUTHORIZED },
        { TEST_UNIT_FAULT_STATUS, 403, TKE_UNIT_ERROR_FORBIDDEN },
        { TEST_UNIT_FAULT_STATUS, 404, TKE_UNIT_ERROR_NOT_FOUND },
        { TEST_UNIT_FAULT_STATUS, 500, TKE_UNIT_ERROR_SERVICE },
        { TEST_UNIT_FAULT_STATUS_AFTER, 503, TKE_UNIT_ERROR_SERVICE },
        { TEST_UNIT_FAULT_GARBAGE, 0, TKE_UNIT_ERROR_MALFORMED },
    };
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();

    for (unsigned i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autoptr(GError) error = NULL;

        test_fault_unit_transport_clear(world->transport);
        test_fault_unit_transport_set(world->transport, NULL, 1, faults[i].fault, faults[i].status);
        ck_assert(!tke_unit_directory_refresh(world->units, NULL, NULL, &error));
        ck_assert_uint_eq(test_fault_unit_transport_get_struck(world->transport), 1);
        ck_assert_msg(g_error_matches(error, TKE_UNIT_ERROR, faults[i].code), "fault %u: %s", i,
                      error->message);
        ck_assert_uint_eq(tke_unit_directory_get_units(world->units)->len, UNITS);
    }
    test_fault_unit_transport_clear(world->transport);
    unfinished_start_anew(world);
    {
        g_autoptr(GError) error = NULL;

        card_world_check(unfinished_load_all(world, &error), error);
        unfinished_check_one_key(world);
    }
}
END_TEST

START_TEST(test_a_list_can_be_cancelled)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(GError) error = NULL;

    test_fault_unit_transport_set(world->transport, NULL, 1, TEST_UNIT_FAULT_CANCEL, 0);
    ck_assert(!tke_unit_directory_refresh(world->units, NULL, cancellable, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    g_clear_error(&error);
    card_world_check(tke_unit_directory_refresh(world->units, NULL, NULL, &error), error);
}
END_TEST

/* The entries that a reader of the file finds while the operator is still told what became of the
 * step. */
static void
read_log(CeremonyWorld *world)
{
    const char *path = tke_activity_log_get_path(world->log);
    g_autofree char *text = NULL;
    gsize len = 0;
    unsigned refused = 0;
    unsigned done = 0;

    ck_assert(g_file_get_contents(path, &text, &len, NULL));
    for (const char *at = text; (at = strstr(at, "master-key-register.commit")) != NULL; at++) {
        g_autofree char *entry = g_strndup(at, strcspn(at, "\n"));

        refused += strstr(entry, "\"result\":\"refused\"") != NULL ? 1 : 0;
        done += strstr(entry, "\"result\":\"done\"") != NULL ? 1 : 0;
    }
    ck_assert_uint_eq(refused, 1);
    ck_assert_uint_eq(done, UNITS - 1);
    world->at_choice = NULL;
}

/* Entries of the action, as JSON objects; the caller unrefs. */
static GPtrArray *
entries_of(CeremonyWorld *world, const char *action)
{
    GPtrArray *entries = g_ptr_array_new_with_free_func((GDestroyNotify) json_object_unref);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    ck_assert(g_file_get_contents(tke_activity_log_get_path(world->log), &text, NULL, NULL));
    lines = g_strsplit(g_strchomp(text), "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        g_autoptr(JsonNode) node = json_from_string(*line, NULL);
        JsonObject *entry = json_node_get_object(node);

        if (strcmp(json_object_get_string_member(entry, "action"), action) == 0) {
            g_ptr_array_add(entries, json_object_ref(entry));
        }
    }
    return entries;
}

/* An administrator has signed in every unit: whatever becomes of the load. */
START_TEST(test_importer_keys_are_in_the_log_of_a_load_that_ends_before_the_import)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autoptr(GPtrArray) entries = NULL;
    g_auto(TkeMkLoadResult) result = { .units = NULL };
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 1, "admin-1", NULL); /* and no card with a key part */
    ck_assert(!unfinished_load(world, &result, &error));
    ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    entries = entries_of(world, "tke-cryptounit-importer-key.add");
    ck_assert_uint_eq(entries->len, UNITS);
    for (unsigned i = 0; i < entries->len; i++) {
        JsonObject *entry = g_ptr_array_index(entries, i);
        JsonArray *signers = json_object_get_array_member(entry, "signers");

        ck_assert_str_eq(json_object_get_string_member(entry, "result"), "done");
        ck_assert_str_eq(json_object_get_string_member(entry, "unit"),
                         sim_unit_get_hsm_id(unfinished_unit_of(world, i + 1)));
        ck_assert_uint_eq(json_array_get_length(signers), 1);
        ck_assert_uint_eq(strlen(json_object_get_string_member(entry, "importer_key")), 64);
    }
    unfinished_start_anew(world);
    ck_assert_uint_eq(unfinished_count(world), 0); /* nothing is to be finished */
}
END_TEST

START_TEST(test_the_log_is_written_before_the_result_is_shown)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autoptr(GError) error = NULL;

    card_world_check(unfinished_load_all(world, &error), error);
    unfinished_go_on(world);
    unfinished_refuse(world, 2, COMMIT, 1);
    world->at_choice = read_log;
    unfinished_choose(world, 1); /* leave it: a commit cannot be undone */
    ck_assert(!unfinished_commit(world, &error));
    ck_assert(world->at_choice == NULL);
    ck_assert_ptr_nonnull(strstr(world->choose->str, "unit-failed"));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_step_is_tried_again_with_a_new_token);
    tcase_add_test(tests, test_a_token_that_expires_before_an_outcome_is_known_is_asked_for);
    tcase_add_test(tests, test_a_refused_token_is_remembered_until_there_is_another);
    tcase_add_test(tests, test_a_refused_query_is_noticed_too);
    tcase_add_test(tests, test_a_list_that_fails_changes_nothing);
    tcase_add_test(tests, test_a_list_can_be_cancelled);
    tcase_add_test(tests, test_importer_keys_are_in_the_log_of_a_load_that_ends_before_the_import);
    tcase_add_test(tests, test_the_log_is_written_before_the_result_is_shown);
}

int
main(void)
{
    return test_main("unit-service", add_tests);
}
