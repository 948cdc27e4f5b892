/*
 * A forged answer to a command: what was done is settled by answers that are signed, and that
 * somebody has forged one is told all the same; nothing more is sent to that unit before the
 * operator has agreed (functions 3.2, E-H09).
 */
#include <string.h>

#include "libceremony/advice.h"
#include "libceremony/ceremony-error.h"
#include "libceremony/op-admins.h"
#include "libceremony/op-mk-finish.h"
#include "libceremony/op-thresholds.h"
#include "libceremony/op-zeroize.h"
#include "libep11admin/admin-command.h"
#include "libep11admin/unit-error.h"
#include "tests/libceremony/unfinished-world.h"
#include "tests/support/fault-unit-transport.h"
#include "tests/support/test-main.h"

#define SECOND 2u

typedef bool (*Finish)(TkeOperation *op, TkeUnitDirectory *directory, TkeUnitResults *results,
                       GError **error);

/* One step of a ceremony, its people included. */
typedef struct Step {
    const char *name;
    TkeAdminCommand command;
    void (*prepare)(CeremonyWorld *world);
    bool (*run)(CeremonyWorld *world, GError **error);
    bool (*is_done)(SimUnit *unit);
    const char *action; /* of the activity log */
} Step;

static void
go_on_well(CeremonyWorld *world, bool ok, const GError *error)
{
    card_world_check(ok, error);
    unfinished_go_on(world);
}

static bool
finish(CeremonyWorld *world, Finish func, GError **error)
{
    g_autoptr(GPtrArray) results = tke_unit_results_new();

    ceremony_world_hand(world, 1, "admin-1", NULL);
    return func(world->op, world->units, results, error);
}

static bool
add_admin(CeremonyWorld *world, GError **error)
{
    g_auto(TkeAdminResult) result = { .units = NULL };

    ceremony_world_hand(world, 1, "admin-2", "admin-1", NULL);
    return tke_op_admin_add(world->op, world->units, &result, error);
}

static bool
set_thresholds(CeremonyWorld *world, GError **error)
{
    static const TkeThresholdsParams params = { .signature = 1, .revocation = 2 };
    g_autoptr(GPtrArray) results = tke_unit_results_new();

    ceremony_world_hand(world, 1, "admin-1", NULL);
    return tke_op_thresholds_set(world->op, world->units, &params, results, error);
}

static bool
set_immediate(CeremonyWorld *world, GError **error)
{
    return finish(world, tke_op_mk_set_immediate, error);
}

static bool
clear_current(CeremonyWorld *world, GError **error)
{
    return finish(world, tke_op_mk_clear_current, error);
}

static bool
zeroize(CeremonyWorld *world, GError **error)
{
    return finish(world, tke_op_zeroize, error);
}

static void
prepare_second_admin(CeremonyWorld *world)
{
    g_autoptr(GError) error = NULL;

    go_on_well(world, add_admin(world, &error), error);
}

static void
prepare_load(CeremonyWorld *world)
{
    g_autoptr(GError) error = NULL;

    go_on_well(world, unfinished_load_all(world, &error), error);
}

static void
prepare_commit(CeremonyWorld *world)
{
    g_autoptr(GError) error = NULL;

    prepare_load(world);
    go_on_well(world, unfinished_commit(world, &error), error);
}

static void
prepare_set_immediate(CeremonyWorld *world)
{
    g_autoptr(GError) error = NULL;

    prepare_commit(world);
    go_on_well(world, set_immediate(world, &error), error);
}

static bool
holds(SimUnit *unit, SimRegisterId which)
{
    static const uint8_t zeros[32];
    uint8_t vp[32];

    sim_unit_get_vp(unit, which, vp);
    return memcmp(vp, zeros, sizeof vp) != 0;
}

static bool
has_two_admins(SimUnit *unit)
{
    return sim_unit_get_n_admins(unit) == 2;
}

static bool
has_thresholds(SimUnit *unit)
{
    return sim_unit_get_attribute(unit, 2) == 2;
}

static bool
has_new(SimUnit *unit)
{
    return holds(unit, SIM_REGISTER_PENDING);
}

static bool
has_no_new(SimUnit *unit)
{
    return !has_new(unit);
}

static bool
has_current(SimUnit *unit)
{
    return holds(unit, SIM_REGISTER_CURRENT);
}

static bool
has_no_current(SimUnit *unit)
{
    return !has_current(unit);
}

static bool
is_zeroized(SimUnit *unit)
{
    return sim_unit_get_n_admins(unit) == 0;
}

static const Step steps[] = {
    { "admin add", TKE_ADMIN_ADD_ADMIN, NULL, add_admin, has_two_admins,
      "tke-cryptounit-admin.add" },
    { "thresholds", TKE_ADMIN_SET_ATTRIBUTES, prepare_second_admin, set_thresholds, has_thresholds,
      "tke-cryptounit-threshold.set" },
    { "importer key", TKE_ADMIN_GEN_IMPORTER, NULL, unfinished_load_all, has_no_new,
      "tke-cryptounit-importer-key.add" },
    { "load", TKE_ADMIN_IMPORT_WK, NULL, unfinished_load_all, has_new,
      "tke-cryptounit-master-key-register.add" },
    { "commit", TKE_ADMIN_COMMIT_WK, prepare_load, unfinished_commit, sim_unit_is_committed,
      "tke-cryptounit-master-key-register.commit" },
    { "set immediate", TKE_ADMIN_FINALIZE_WK, prepare_commit, set_immediate, has_current,
      "tke-cryptounit-master-key-register.activate" },
    { "clear new", TKE_ADMIN_CLEAR_NEW_WK, prepare_load, unfinished_clear_new, has_no_new,
      "tke-cryptounit-new-master-key-register.clear" },
    { "clear current", TKE_ADMIN_CLEAR_WK, prepare_set_immediate, clear_current, has_no_current,
      "tke-cryptounit-current-master-key-register.clear" },
    { "zeroize", TKE_ADMIN_ZEROIZE, NULL, zeroize, is_zeroized, "tke-cryptounit.reset" },
};

static void
check_told(CeremonyWorld *world, const Step *step, TkeUnitError code, const GError *error)
{
    g_autofree char *advice = tke_advice_for_error(error);
    g_autofree char *entry = NULL;

    ck_assert_msg(g_error_matches(error, TKE_UNIT_ERROR, (int) code), "%s: %s", step->name,
                  error->message);
    ck_assert_msg(strstr(error->message, "possible tampering with what crypto unit 2 answers") !=
                      NULL,
                  "%s: %s", step->name, error->message);
    ck_assert_msg(advice != NULL && strstr(advice, "ampering") != NULL, "%s", step->name);
    entry = unfinished_last_entry(world, SECOND, step->action);
    ck_assert_msg(strstr(entry, "\"result\":\"done, answer lost\"") != NULL, "%s", entry);
    ck_assert_msg(strstr(entry, "\"error\":\"crypto unit 2: ") != NULL, "%s", entry);
}

static void
get_counter(CeremonyWorld *world, unsigned number, uint8_t counter[static 16])
{
    sim_unit_get_counter(unfinished_unit_of(world, number), counter);
}

/* The unit gets the next command only when the operator says so; then it is one as any other. */
static void
check_used_again(CeremonyWorld *world, const Step *step)
{
    uint8_t before[16];
    uint8_t after[16];
    g_autoptr(GError) refused = NULL;
    g_autoptr(GError) error = NULL;

    unfinished_go_on(world);
    get_counter(world, SECOND, before);
    world->refuse = true;
    ck_assert(!zeroize(world, &refused));
    ck_assert_msg(g_error_matches(refused, G_IO_ERROR, G_IO_ERROR_CANCELLED), "%s: %s", step->name,
                  refused->message);
    ck_assert_str_eq(world->plans->str, "unit-distrusted\n");
    ck_assert_msg(strstr(world->details->str, "crypto unit 2\n") != NULL, "%s",
                  world->details->str);
    ck_assert_msg(strstr(world->details->str, "crypto unit 1\n") == NULL, "%s",
                  world->details->str);
    get_counter(world, SECOND, after);
    ck_assert_mem_eq(before, after, sizeof before);

    unfinished_go_on(world);
    card_world_check(zeroize(world, &error), error);
    ck_assert_str_eq(world->plans->str, "unit-distrusted\nzeroize\n");
    unfinished_go_on(world);
    card_world_check(zeroize(world, &error), error);
    ck_assert_str_eq(world->plans->str, "zeroize\n");
}

static void
check_forged(const Step *step, const char *fault, TkeUnitError code)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autoptr(GError) error = NULL;

    if (step->prepare != NULL) {
        step->prepare(world);
    }
    unfinished_order(world, SECOND, fault, step->command);
    ck_assert_msg(!step->run(world, &error), "%s: quiet success", step->name);
    check_told(world, step, code, error);
    for (unsigned number = 1; number <= UNITS; number++) {
        ck_assert_msg(step->is_done(unfinished_unit_of(world, number)), "%s: %u", step->name,
                      number);
    }
    if (step->command == TKE_ADMIN_SET_ATTRIBUTES || step->command == TKE_ADMIN_ADD_ADMIN) {
        return; /* who signs for a zeroize is another matter then */
    }
    check_used_again(world, step);
}

START_TEST(test_a_forged_answer_to_a_command_is_told)
{
    check_forged(&steps[_i], "bad-signature", TKE_UNIT_ERROR_SIGNATURE);
    ck_assert(true);
}
END_TEST

START_TEST(test_an_answer_to_another_command_is_told)
{
    check_forged(&steps[_i], "wrong-command", TKE_UNIT_ERROR_IDENTITY);
    ck_assert(true);
}
END_TEST

/* Unit 1 refuses, the answer of unit 2 is forged: what can be tried again, or undone, is nothing
 * in unit 2. */
START_TEST(test_no_way_on_leads_to_a_unit_that_is_distrusted)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    uint8_t before[16];
    uint8_t after[16];
    g_autoptr(GError) error = NULL;

    unfinished_refuse(world, 1, IMPORT, 1);
    unfinished_order(world, SECOND, "bad-signature", TKE_ADMIN_IMPORT_WK);
    get_counter(world, SECOND, before);
    unfinished_choose(world, UNDO);
    ck_assert(!unfinished_load_all(world, &error));
    ck_assert_msg(g_error_matches(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY), "%s",
                  error->message);
    ck_assert_msg(strstr(error->message, "possible tampering with what crypto unit 2") != NULL,
                  "%s", error->message);
    ck_assert_msg(strstr(error->message, "It was undone in crypto unit 3.") != NULL, "%s",
                  error->message);
    get_counter(world, SECOND, after);
    ck_assert_int_eq(after[15] - before[15], 2); /* its importer key and the import */
    ck_assert(unfinished_is_loaded(world, 2) && !unfinished_is_loaded(world, 3));
}
END_TEST

static void
lose_answer(CeremonyWorld *world)
{
    test_fault_unit_transport_set(world->transport,
                                  sim_unit_get_hsm_id(unfinished_unit_of(world, SECOND)), 1,
                                  TEST_UNIT_FAULT_CUT_AFTER, 0);
}

/* The answer is lost, and that to the question what became of the command is forged. */
static void
lose_then_forge(CeremonyWorld *world)
{
    lose_answer(world);
    unfinished_order(world, SECOND, "bad-signature", TKE_ADMIN_QUERY_ATTRIBUTES);
}

START_TEST(test_a_forged_answer_about_a_lost_one_is_told)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autofree char *entry = NULL;
    g_autoptr(GError) error = NULL;

    prepare_load(world);
    world->meanwhile = lose_then_forge;
    ck_assert(!unfinished_clear_new(world, &error));
    ck_assert_msg(g_error_matches(error, TKE_CEREMONY_ERROR, TKE_CEREMONY_ERROR_PARTLY), "%s",
                  error->message);
    ck_assert_msg(strstr(error->message, "crypto unit 2 is unknown") != NULL, "%s", error->message);
    ck_assert_msg(strstr(error->message, "possible tampering with what crypto unit 2") != NULL,
                  "%s", error->message);
    entry = unfinished_last_entry(world, SECOND, "tke-cryptounit-new-master-key-register.clear");
    ck_assert_msg(strstr(entry, "\"forged\":\"") != NULL, "%s", entry);
}
END_TEST

/* A lost answer is no forgery: done is done, and why it had to be looked up is recorded. */
START_TEST(test_a_lost_answer_is_recorded_with_its_cause)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();
    g_autofree char *entry = NULL;
    g_autoptr(GError) error = NULL;

    prepare_load(world);
    unfinished_order(world, SECOND, "drop-after", TKE_ADMIN_CLEAR_NEW_WK);
    card_world_check(unfinished_clear_new(world, &error), error);
    entry = unfinished_last_entry(world, SECOND, "tke-cryptounit-new-master-key-register.clear");
    ck_assert_msg(strstr(entry, "\"result\":\"done, answer lost\"") != NULL, "%s", entry);
    ck_assert_msg(strstr(entry, "\"error\":\"crypto unit 2: ") != NULL, "%s", entry);
}
END_TEST

/* No key of unit 2 is known: that was of no consequence, and why is told. */
static void
check_no_importer(CeremonyWorld *world, TkeUnitError code, const char *next)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) none = NULL;
    g_autofree char *advice = NULL;

    ck_assert(!unfinished_load_all(world, &error));
    ck_assert_msg(g_error_matches(error, TKE_UNIT_ERROR, (int) code), "%s", error->message);
    ck_assert_msg(strstr(error->message, "crypto unit 2") != NULL, "%s", error->message);
    ck_assert_msg(strstr(error->message, "nothing was loaded") != NULL, "%s", error->message);
    ck_assert_msg(strstr(error->message, "there is no answer to the command") == NULL, "%s",
                  error->message);
    advice = tke_advice_for_error(error);
    ck_assert_msg(advice != NULL && strstr(advice, next) != NULL, "%s: %s", error->message, advice);
    for (unsigned number = 1; number <= UNITS; number++) {
        ck_assert(!unfinished_is_loaded(world, number));
    }
    unfinished_start_anew(world);
    go_on_well(world, unfinished_load_all(world, &none), none);
}

START_TEST(test_a_lost_importer_key_is_a_fault_of_the_connection)
{
    g_autoptr(CeremonyWorld) world = unfinished_secured_world();

    world->meanwhile = lose_answer;
    check_no_importer(world, TKE_UNIT_ERROR_CONNECTION, "nothing was changed");
}
END_TEST

START_TEST(test_why_there_is_no_importer_key_is_told)
{
    g_autoptr(CeremonyWorld) garbled = unfinished_secured_world();
    g_autoptr(CeremonyWorld) forged = unfinished_secured_world();

    unfinished_order(garbled, SECOND, "truncated", TKE_ADMIN_GEN_IMPORTER);
    check_no_importer(garbled, TKE_UNIT_ERROR_MALFORMED, "Try again");
    unfinished_order(forged, SECOND, "bad-signature", TKE_ADMIN_GEN_IMPORTER);
    check_no_importer(forged, TKE_UNIT_ERROR_SIGNATURE, "ampering");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_loop_test(tests, test_a_forged_answer_to_a_command_is_told, 0, G_N_ELEMENTS(steps));
    tcase_add_loop_test(tests, test_an_answer_to_another_command_is_told, 0, G_N_ELEMENTS(steps));
    tcase_add_test(tests, test_no_way_on_leads_to_a_unit_that_is_distrusted);
    tcase_add_test(tests, test_a_forged_answer_about_a_lost_one_is_told);
    tcase_add_test(tests, test_a_lost_answer_is_recorded_with_its_cause);
    tcase_add_test(tests, test_a_lost_importer_key_is_a_fault_of_the_connection);
    tcase_add_test(tests, test_why_there_is_no_importer_key_is_told);
}

int
main(void)
{
    return test_main("forged-answers", add_tests);
}
