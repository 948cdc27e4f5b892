/*
 * The service in front of the crypto units: a token that expires in the middle of a step (functions 3.2, P-7; 3.3,
 * E-H01).
 */
#include <string.h>

#include "libceremony/ceremony-error.h"
#include "libep11admin/unit-error.h"
#include "tests/libceremony/unfinished-world.h"
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
    Operator *operator = data;

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
    Operator operator = { .without = 1 };
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

START_TEST(test_a_refused_token_is_remembered_until_there_is_another)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    Operator operator = { .without = 0 };
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
    states =
        tke_unit_directory_query(world->units, units, TKE_UNIT_QUERY_DEFAULT, NULL, &error);
    card_world_check(states != NULL, error);
    ck_assert(tke_world_is_token_refused(world->world));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_step_is_tried_again_with_a_new_token);
    tcase_add_test(tests, test_a_refused_token_is_remembered_until_there_is_another);
    tcase_add_test(tests, test_a_refused_query_is_noticed_too);
}

int
main(void)
{
    return test_main("unit-service", add_tests);
}
