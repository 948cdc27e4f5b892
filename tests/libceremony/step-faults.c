/*
 * Faults at every exchange of an operation, each in a process of its own.
 */
#include "tests/libceremony/step-faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libceremony/advice.h"
#include "tests/support/fault-card-source.h"
#include "tests/support/fault-unit-transport.h"

#define MOST_EXCHANGES 250u
#define EXIT_NOT_STRUCK 77 /* the operation has fewer exchanges */
#define SECOND 1u          /* of the units, from 0: where faults strike */

#define EXPECT(condition, ...)                                                                     \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "  expected: %s: ", #condition);                                       \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fputc('\n', stderr);                                                                   \
            _exit(EXIT_FAILURE);                                                                   \
        }                                                                                          \
    } while (0)

static const char *
text_of(const GError *error)
{
    return error != NULL ? error->message : "no error";
}

static bool
is_cancelled(const GError *error)
{
    return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
expect_log(CeremonyWorld *world)
{
    g_autoptr(GError) error = NULL;
    TkeLogHead head;

    EXPECT(tke_activity_log_verify(world->log, NULL, &head, &error), "%s", text_of(error));
}

/* The error names a device and, in its text or as advice, what to do. */
static void
expect_clean_error(CeremonyWorld *world, const GError *error)
{
    g_autofree char *advice = tke_advice_for_error(error);
    bool named = false;

    EXPECT(error != NULL, "it failed without an error");
    if (is_cancelled(error)) {
        return;
    }
    named =
        strstr(error->message, "reader 1") != NULL || strstr(error->message, "reader 2") != NULL;
    for (unsigned i = 0; i < tke_unit_directory_get_units(world->units)->len; i++) {
        TkeUnit *unit = g_ptr_array_index(tke_unit_directory_get_units(world->units), i);

        named = named || strstr(error->message, tke_unit_get_name(unit)) != NULL;
    }
    EXPECT(named, "no device in “%s”", error->message);
    EXPECT(advice != NULL || strstr(error->message, "tke c") != NULL ||
               strstr(error->message, "again") != NULL,
           "no next step for “%s”", error->message);
}

/* Runs func in a process of its own; true until it says that nothing was struck. */
static bool
run_apart(CeremonyWorld *world, const void *step, unsigned n, unsigned kind, const char *what,
          void (*func)(CeremonyWorld *, const void *, unsigned, unsigned))
{
    int status = 0;
    pid_t child;

    fflush(NULL);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        g_autoptr(GError) error = NULL;

        EXPECT(tke_secret_heap_init(&error), "%s", text_of(error));
        world->keep_dir = true;
        func(world, step, n, kind);
        exit(EXIT_SUCCESS); /* where the leak checker looks */
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOT_STRUCK) {
        return false;
    }
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS,
                  "%s, exchange %u (status %d)", what, n, status);
    return true;
}

/* Between two runs: another person starts anew, or the same goes on with what is in the readers. */
static void
between(CeremonyWorld *world, unsigned n)
{
    ceremony_world_go_on(world);
    if (n % 2 == 0) {
        ceremony_world_restart(world);
    }
    world->patience = 0;
}

static void
expect_cards_report(const StepCards *step, StepState state, bool ok, const GError *error)
{
    g_autofree char *advice = tke_advice_for_error(error);

    if (ok) {
        EXPECT(state == STEP_DONE, "%s reports success, and it is not done", step->name);
        return;
    }
    EXPECT(state != STEP_DONE || !is_cancelled(error), "%s reports cancelled, and it is done",
           step->name);
    EXPECT(state == STEP_NOT_DONE || (advice != NULL && strstr(advice, "card info") != NULL) ||
               strstr(error->message, "tke card info") != NULL ||
               strstr(error->message, "start again") != NULL ||
               strstr(error->message, "then: ") != NULL ||
               strstr(error->message, "try first") != NULL,
           "%s has changed something; “%s” does not say how to look", step->name, error->message);
}

static void
cards_case(CeremonyWorld *world, const void *data, unsigned n, unsigned kind)
{
    const StepCards *step = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) later = NULL;
    StepState state;
    bool ok;

    step->hand(world);
    world->patience = step->patience;
    test_fault_card_source_set(world->source, n, (TestCardFault) kind, world->cancellable);
    ok = step->run(world, &error);
    if (!test_fault_card_source_has_struck(world->source)) {
        EXPECT(ok, "without a fault: %s", text_of(error));
        _exit(EXIT_NOT_STRUCK);
    }
    test_fault_card_source_clear(world->source);
    state = step->state(world);
    if (!ok) {
        expect_clean_error(world, error);
    }
    expect_cards_report(step, state, ok, error);
    expect_log(world);
    between(world, n);
    if (state != STEP_DONE || step->repeatable) {
        step->hand(world);
        ok = state == STEP_BETWEEN && step->complete != NULL ? step->complete(world, &later)
                                                             : step->run(world, &later);
        EXPECT(ok, "second run: %s; first: %s; prompts:\n%s", text_of(later), text_of(error),
               world->prompts->str);
        EXPECT(step->state(world) == STEP_DONE, "not done after the second run");
        expect_log(world);
    }
    g_clear_error(&error);
    g_clear_error(&later);
    ceremony_world_free(world);
}

void
step_faults_cards(CeremonyWorld *world, const StepCards *step)
{
    for (unsigned kind = 0; kind < TEST_CARD_FAULTS; kind++) {
        g_autofree char *what =
            g_strdup_printf("%s, %s", step->name, test_card_fault_name((TestCardFault) kind));
        unsigned n = 1;

        while (n < MOST_EXCHANGES && run_apart(world, step, n, kind, what, cards_case)) {
            n++;
        }
        ck_assert_uint_gt(n, 1);
        ck_assert_uint_lt(n, MOST_EXCHANGES);
    }
}

/* ---- crypto units ---- */

typedef enum {
    UNIT_CUT_BEFORE,
    UNIT_CUT_AFTER,
    UNIT_SILENCE,
    UNIT_401,
    UNIT_500,
    UNIT_GARBAGE,
    UNIT_CANCEL,
    UNIT_BAD_SIGNATURE,
    UNIT_STALE_COUNTER,
    UNIT_WRONG_COUNTER, /* the unit refuses: somebody else was there */
    UNIT_FAULTS,
} UnitFault;

static const char *const unit_faults[UNIT_FAULTS] = {
    "cut before", "cut after", "silence",       "401",           "500",
    "garbage",    "cancel",    "bad signature", "stale counter", "wrong counter",
};

typedef struct Strike {
    CeremonyWorld *world;
    UnitFault kind;
    unsigned n; /* of the request */
} Strike;

/* Queries are all alike: each meets a fifth of the kinds of faults. Commands meet all. */
#define QUERY_SHARE 5u

static void
order_fault(CeremonyWorld *world, const char *lane, const char *name, unsigned return_code)
{
    g_autoptr(JsonObject) order = json_object_new();
    g_autoptr(GError) error = NULL;

    json_object_set_string_member(order, "fault", name);
    json_object_set_string_member(order, "unit", lane);
    if (return_code != 0) {
        json_object_set_int_member(order, "return_code", return_code);
    }
    EXPECT(sim_service_fault(world->service, order, &error), "%s", text_of(error));
}

static void
strike(void *data, const char *lane, bool changes_state)
{
    Strike *how = data;

    if (!changes_state && (how->n + how->kind) % QUERY_SHARE != 0) {
        _exit(EXIT_SUCCESS);
    }
    if (how->kind == UNIT_CANCEL) {
        g_cancellable_cancel(how->world->cancellable);
    } else if (how->kind == UNIT_BAD_SIGNATURE) {
        order_fault(how->world, lane, "bad-signature", 0);
    } else if (how->kind == UNIT_STALE_COUNTER) {
        order_fault(how->world, lane, "stale-counter", 0);
    } else if (how->kind == UNIT_WRONG_COUNTER) {
        order_fault(how->world, lane, "code", 163);
    }
}

static void
set_unit_fault(CeremonyWorld *world, unsigned n, Strike *how)
{
    static const TestUnitFault faults[UNIT_FAULTS] = {
        TEST_UNIT_FAULT_CUT_BEFORE, TEST_UNIT_FAULT_CUT_AFTER, TEST_UNIT_FAULT_SILENCE,
        TEST_UNIT_FAULT_STATUS,     TEST_UNIT_FAULT_STATUS,    TEST_UNIT_FAULT_GARBAGE,
        TEST_UNIT_FAULT_HOOK,       TEST_UNIT_FAULT_HOOK,      TEST_UNIT_FAULT_HOOK,
        TEST_UNIT_FAULT_HOOK,
    };
    const char *lane = sim_unit_get_hsm_id(sim_service_get_unit(world->service, SECOND));

    test_fault_unit_transport_clear(world->transport);
    test_fault_unit_transport_set_hook(world->transport, strike, how);
    test_fault_unit_transport_set(world->transport, lane, n, faults[how->kind],
                                  how->kind == UNIT_401 ? 401 : 500);
}

static unsigned
count_done(CeremonyWorld *world, const StepUnits *step)
{
    unsigned done = 0;

    for (size_t i = 0; step->is_done != NULL && i < sim_service_get_n_units(world->service); i++) {
        done += step->is_done(sim_service_get_unit(world->service, i)) ? 1 : 0;
    }
    return done;
}

/* Each unit is as reported. Unknown is allowed only where answers cannot be believed any more. */
static void
expect_units_report(CeremonyWorld *world, const StepUnits *step, const TkeUnitResults *results,
                    bool ok, bool may_be_unknown)
{
    unsigned done = count_done(world, step);

    if (step->is_done == NULL) {
        return;
    }
    if (results == NULL || results->len == 0) {
        EXPECT(ok || done == 0, "%s reports nothing sent, and %u units have changed", step->name,
               done);
        return;
    }
    for (unsigned i = 0; i < results->len; i++) {
        const TkeUnitResult *result = g_ptr_array_index(results, i);
        SimUnit *unit = sim_service_find_unit(world->service, tke_unit_get_hsm_id(result->unit));

        if (result->outcome == TKE_UNIT_OUTCOME_UNKNOWN) {
            EXPECT(may_be_unknown && !ok, "%s: unknown in %s", step->name,
                   tke_unit_get_name(result->unit));
        } else {
            EXPECT(tke_unit_result_is_done(result) == step->is_done(unit), "%s: “%s” in %s",
                   step->name, tke_unit_result_word(result), tke_unit_get_name(result->unit));
        }
        EXPECT(!ok || tke_unit_result_is_done(result), "%s: success, but not in %s", step->name,
               tke_unit_get_name(result->unit));
    }
}

/* Another run, as the programs do it: the units are listed anew. */
static void
run_again(CeremonyWorld *world, const StepUnits *step, const GError *first)
{
    unsigned n_units = (unsigned) sim_service_get_n_units(world->service);
    g_autoptr(GError) error = NULL;
    TkeUnitResults *results = NULL;

    EXPECT(tke_unit_directory_refresh(world->units, NULL, NULL, &error), "%s", text_of(error));
    if (step->is_done == NULL || count_done(world, step) < n_units) {
        step->hand(world);
        EXPECT(step->run(world, &results, &error), "second run: %s; first: %s; prompts:\n%s",
               text_of(error), text_of(first), world->prompts->str);
    }
    EXPECT(step->is_done == NULL || count_done(world, step) == n_units,
           "not done in all after the second run");
    g_clear_pointer(&results, g_ptr_array_unref);
    expect_log(world);
}

static void
finish_units(CeremonyWorld *world, const StepUnits *step, unsigned n, TkeUnitResults *results,
             bool ok, GError *error, bool may_be_unknown)
{
    if (!ok) {
        expect_clean_error(world, error);
    }
    expect_units_report(world, step, results, ok, may_be_unknown);
    EXPECT(!is_cancelled(error) || count_done(world, step) == 0,
           "%s reports cancelled, and something was changed", step->name);
    expect_log(world);
    between(world, n);
    run_again(world, step, error);
    g_clear_pointer(&results, g_ptr_array_unref);
    g_clear_error(&error);
    ceremony_world_free(world);
}

static void
units_case(CeremonyWorld *world, const void *data, unsigned n, unsigned kind)
{
    const StepUnits *step = data;
    Strike how = { .world = world, .kind = (UnitFault) kind, .n = n };
    GError *error = NULL;
    TkeUnitResults *results = NULL;
    bool distrusted = kind == UNIT_BAD_SIGNATURE || kind == UNIT_STALE_COUNTER;
    bool ok;

    step->hand(world);
    set_unit_fault(world, n, &how);
    ok = step->run(world, &results, &error);
    if (test_fault_unit_transport_get_struck(world->transport) == 0) {
        EXPECT(ok, "without a fault: %s", text_of(error));
        _exit(EXIT_NOT_STRUCK);
    }
    test_fault_unit_transport_clear(world->transport);
    sim_service_clear_faults(world->service);
    finish_units(world, step, n, results, ok, error, distrusted);
}

void
step_faults_units(CeremonyWorld *world, const StepUnits *step)
{
    for (unsigned kind = 0; kind < UNIT_FAULTS; kind++) {
        g_autofree char *what = g_strdup_printf("%s, %s", step->name, unit_faults[kind]);
        unsigned n = 1;

        while (n < MOST_EXCHANGES && run_apart(world, step, n, kind, what, units_case)) {
            n++;
        }
        ck_assert_uint_gt(n, 1);
        ck_assert_uint_lt(n, MOST_EXCHANGES);
    }
}

static void
unit_cards_case(CeremonyWorld *world, const void *data, unsigned n, unsigned kind)
{
    const StepUnits *step = data;
    GError *error = NULL;
    TkeUnitResults *results = NULL;
    bool ok;

    step->hand(world);
    world->patience = 1;
    test_fault_card_source_set(world->source, n, (TestCardFault) kind, world->cancellable);
    ok = step->run(world, &results, &error);
    if (!test_fault_card_source_has_struck(world->source)) {
        EXPECT(ok, "without a fault: %s", text_of(error));
        _exit(EXIT_NOT_STRUCK);
    }
    test_fault_card_source_clear(world->source);
    finish_units(world, step, n, results, ok, error, false);
}

void
step_faults_unit_cards(CeremonyWorld *world, const StepUnits *step)
{
    for (unsigned kind = 0; kind < TEST_CARD_FAULTS; kind++) {
        g_autofree char *what =
            g_strdup_printf("%s, %s", step->name, test_card_fault_name((TestCardFault) kind));
        unsigned n;

        /* Single card commands meet all faults elsewhere: here every other exchange does. */
        for (n = 1 + kind % 2; n < MOST_EXCHANGES; n += 2) {
            if (!run_apart(world, step, n, kind, what, unit_cards_case)) {
                break;
            }
        }
        ck_assert_uint_gt(n, 2);
        ck_assert_uint_lt(n, MOST_EXCHANGES);
    }
}
