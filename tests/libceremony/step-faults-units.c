/*
 * Faults at every exchange of an operation on crypto units: of the units, and of the cards that
 * sign.
 */
#include <string.h>
#include <sys/mman.h>

#include "tests/libceremony/step-faults-private.h"
#include "tests/support/fault-card-source.h"
#include "tests/support/fault-unit-transport.h"

#define MOST_UNITS 8u

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

/* The fault of this run: what, where, and what was so before. */
typedef struct Strike {
    CeremonyWorld *world;
    const StepUnits *step;
    unsigned unit; /* whose request is struck, from 0 */
    unsigned kind; /* UnitFault or TestCardFault */
    unsigned n;
    void (*arm)(struct Strike *how);
    bool armed;
    bool done_before[MOST_UNITS];
} Strike;

static Strike strike_now;

/*
 * Queries are all alike: each meets one of the kinds of faults in one unit, and another one in the
 * other. Commands meet all in both.
 */
#define QUERY_SHARE UNIT_FAULTS
#define OTHER_UNIT 5u               /* between the kinds */
#define EVERY "OPENTKE_EVERY_FAULT" /* in the environment: queries meet all kinds too */

/* The units that are struck: the second, in which something differs in some worlds, and the
 * first. */
#define STRUCK_UNITS 2u
static const unsigned struck_units[STRUCK_UNITS] = { STEP_SECOND, STEP_FIRST };

/* What is sent to one of them without a fault, as a first run has found: in memory that all runs
 * share. */
typedef struct Requests {
    unsigned n;
    bool is_query[STEP_MOST_EXCHANGES + 1];
} Requests;

static Requests *requests;
static unsigned turn; /* which of them it is now */

static bool
is_query(unsigned n)
{
    return requests->is_query[n];
}

static bool
is_left_out(const StepUnits *step, unsigned n, unsigned kind)
{
    return !step->every_query && g_getenv(EVERY) == NULL && is_query(n) &&
           (n + kind) % QUERY_SHARE != (struck_units[turn] == STEP_SECOND ? 0 : OTHER_UNIT);
}

static bool
is_done(const StepUnits *step, SimUnit *unit)
{
    return step->is_done != NULL && step->is_done(unit);
}

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
    EXPECT(sim_service_fault(world->service, order, &error), "%s", step_text_of(error));
}

static void
strike(void *data, const char *lane, bool changes_state)
{
    Strike *how = data;

    EXPECT(is_query(how->n) == !changes_state, "request %u is another one than before", how->n);
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
arm_unit_fault(Strike *how)
{
    static const TestUnitFault faults[UNIT_FAULTS] = {
        TEST_UNIT_FAULT_CUT_BEFORE, TEST_UNIT_FAULT_CUT_AFTER, TEST_UNIT_FAULT_SILENCE,
        TEST_UNIT_FAULT_STATUS,     TEST_UNIT_FAULT_STATUS,    TEST_UNIT_FAULT_GARBAGE,
        TEST_UNIT_FAULT_HOOK,       TEST_UNIT_FAULT_HOOK,      TEST_UNIT_FAULT_HOOK,
        TEST_UNIT_FAULT_HOOK,
    };
    CeremonyWorld *world = how->world;
    const char *lane = sim_unit_get_hsm_id(sim_service_get_unit(world->service, how->unit));

    test_fault_unit_transport_clear(world->transport);
    test_fault_unit_transport_set_hook(world->transport, strike, how);
    test_fault_unit_transport_set(world->transport, lane, how->n, faults[how->kind],
                                  how->kind == UNIT_401 ? 401 : 500);
}

static void
arm_card_fault(Strike *how)
{
    test_fault_card_source_set(how->world->source, how->n, (TestCardFault) how->kind,
                               how->world->cancellable);
}

/* The operator has come to the choice: what follows is what is tried. */
static void
arm_at_choice(CeremonyWorld *world)
{
    world->at_choice = NULL;
    strike_now.armed = true;
    strike_now.arm(&strike_now);
}

/* The world is handed out, and the fault is set or will be. */
static void
begin(CeremonyWorld *world, const StepUnits *step, unsigned n, unsigned kind,
      void (*arm)(Strike *how))
{
    strike_now = (Strike){ .world = world,
                           .step = step,
                           .unit = struck_units[turn],
                           .kind = kind,
                           .n = n,
                           .arm = arm,
                           .armed = true };
    EXPECT(sim_service_get_n_units(world->service) <= MOST_UNITS, "too many units");
    for (size_t i = 0; i < sim_service_get_n_units(world->service); i++) {
        strike_now.done_before[i] = is_done(step, sim_service_get_unit(world->service, i));
    }
    step->hand(world);
    if (step->from_choice) {
        strike_now.armed = false;
        world->at_choice = arm_at_choice;
    } else {
        arm(&strike_now);
    }
}

/* Ends the fault; false: there were fewer exchanges, and all went well. */
static bool
has_struck(CeremonyWorld *world, bool struck, bool ok, const GError *error)
{
    if (!struck) {
        EXPECT(strike_now.armed, "the operator had nothing to choose: %s", step_text_of(error));
        EXPECT(ok, "without a fault: %s", step_text_of(error));
        return false;
    }
    test_fault_card_source_clear(world->source);
    test_fault_unit_transport_clear(world->transport);
    sim_service_clear_faults(world->service);
    world->at_choice = NULL;
    return true;
}

static unsigned
count_done(CeremonyWorld *world, const StepUnits *step)
{
    unsigned done = 0;

    for (size_t i = 0; i < sim_service_get_n_units(world->service); i++) {
        done += is_done(step, sim_service_get_unit(world->service, i)) ? 1 : 0;
    }
    return done;
}

/* Units of which nothing is reported are as before. */
static void
expect_as_before(CeremonyWorld *world, const StepUnits *step, const TkeUnitResults *results)
{
    for (size_t i = 0; i < sim_service_get_n_units(world->service); i++) {
        SimUnit *unit = sim_service_get_unit(world->service, i);
        bool reported = false;

        for (unsigned k = 0; results != NULL && k < results->len; k++) {
            const TkeUnitResult *result = g_ptr_array_index(results, k);

            reported = reported ||
                       strcmp(tke_unit_get_hsm_id(result->unit), sim_unit_get_hsm_id(unit)) == 0;
        }
        EXPECT(reported || is_done(step, unit) == strike_now.done_before[i],
               "%s reports nothing of unit %zu, and it has changed", step->name, i + 1);
    }
}

/* Each unit is as reported. Unknown is allowed only where answers cannot be believed any more. */
static void
expect_units_report(CeremonyWorld *world, const StepUnits *step, const TkeUnitResults *results,
                    bool ok, bool may_be_unknown)
{
    if (step->is_done == NULL) {
        return;
    }
    if (!ok) {
        expect_as_before(world, step, results);
    }
    for (unsigned i = 0; results != NULL && i < results->len; i++) {
        const TkeUnitResult *result = g_ptr_array_index(results, i);
        SimUnit *unit = sim_service_find_unit(world->service, tke_unit_get_hsm_id(result->unit));

        if (result->outcome == TKE_UNIT_OUTCOME_UNKNOWN) {
            EXPECT(may_be_unknown && !ok, "%s: unknown in %s", step->name,
                   tke_unit_get_name(result->unit));
        } else {
            EXPECT(tke_unit_result_is_done(result) == is_done(step, unit), "%s: “%s” in %s",
                   step->name, tke_unit_result_word(result), tke_unit_get_name(result->unit));
        }
        EXPECT(!ok || tke_unit_result_is_done(result) == !step->undoes,
               "%s: success, but “%s” in %s", step->name, tke_unit_result_word(result),
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
    bool ok;

    EXPECT(tke_unit_directory_refresh(world->units, NULL, NULL, &error), "%s", step_text_of(error));
    if (step->is_done == NULL || count_done(world, step) < n_units) {
        (step->hand_again != NULL ? step->hand_again : step->hand)(world);
        ok = (step->run_again != NULL ? step->run_again : step->run)(world, &results, &error);
        EXPECT(ok, "second run: %s; first: %s; prompts:\n%s", step_text_of(error),
               step_text_of(first), world->prompts->str);
    }
    EXPECT(step->is_done == NULL || count_done(world, step) == n_units,
           "not done in all after the second run");
    g_clear_pointer(&results, g_ptr_array_unref);
    step_expect_log(world);
}

static void
finish(CeremonyWorld *world, const StepUnits *step, TkeUnitResults *results, bool ok, GError *error,
       bool may_be_unknown)
{
    unsigned done_before = 0;

    for (size_t i = 0; i < sim_service_get_n_units(world->service); i++) {
        done_before += strike_now.done_before[i] ? 1 : 0;
    }
    if (!ok) {
        step_expect_clean_error(world, error);
    }
    expect_units_report(world, step, results, ok, may_be_unknown);
    EXPECT(!step_is_cancelled(error) || count_done(world, step) == done_before,
           "%s reports cancelled, and something was changed", step->name);
    step_expect_log(world);
    step_between(world, strike_now.n);
    run_again(world, step, error);
    g_clear_pointer(&results, g_ptr_array_unref);
    g_clear_error(&error);
    ceremony_world_free(world);
}

/* Whatever the unit shows afterwards: that an answer to a command was forged is told. */
static void
expect_forgery_told(bool ok, const GError *error, unsigned n)
{
    EXPECT(!ok, "a forged answer, and quiet success");
    EXPECT(is_query(n) || strstr(error->message, "tampering") != NULL, "%s", error->message);
}

static void
units_case(CeremonyWorld *world, const void *data, unsigned n, unsigned kind)
{
    const StepUnits *step = data;
    GError *error = NULL;
    TkeUnitResults *results = NULL;
    bool distrusted = kind == UNIT_BAD_SIGNATURE || kind == UNIT_STALE_COUNTER;
    bool ok;

    begin(world, step, n, kind, arm_unit_fault);
    ok = step->run(world, &results, &error);
    if (!has_struck(world, test_fault_unit_transport_get_struck(world->transport) > 0, ok, error)) {
        _exit(STEP_EXIT_NOT_STRUCK);
    }
    if (kind == UNIT_BAD_SIGNATURE) {
        expect_forgery_told(ok, error, n);
    }
    finish(world, step, results, ok, error, distrusted);
}

static void
cards_case(CeremonyWorld *world, const void *data, unsigned n, unsigned kind)
{
    const StepUnits *step = data;
    GError *error = NULL;
    TkeUnitResults *results = NULL;
    bool ok;

    world->patience = 1;
    begin(world, step, n, kind, arm_card_fault);
    ok = step->run(world, &results, &error);
    if (!has_struck(world, test_fault_card_source_has_struck(world->source), ok, error)) {
        _exit(STEP_EXIT_NOT_STRUCK);
    }
    finish(world, step, results, ok, error, false);
}

static void
arm_cancel(Strike *how)
{
    step_cancel_at_prompt(how->n);
}

static void
cancel_case(CeremonyWorld *world, const void *data, unsigned n, unsigned kind)
{
    const StepUnits *step = data;
    GError *error = NULL;
    TkeUnitResults *results = NULL;
    bool ok;

    step_cancel_prepare(world);
    begin(world, step, n, kind, arm_cancel);
    ok = step->run(world, &results, &error);
    if (!has_struck(world, step_was_cancelled(), ok, error)) {
        _exit(STEP_EXIT_NOT_STRUCK);
    }
    finish(world, step, results, ok, error, false);
}

static void
note_request(void *data, const char *lane, bool changes_state)
{
    (void) data;
    (void) lane;
    requests->n++;
    requests->is_query[requests->n] = !changes_state;
}

static void
arm_notes(Strike *how)
{
    CeremonyWorld *world = how->world;
    const char *lane = sim_unit_get_hsm_id(sim_service_get_unit(world->service, how->unit));

    test_fault_unit_transport_clear(world->transport);
    test_fault_unit_transport_set_hook(world->transport, note_request, NULL);
    for (unsigned n = 1; n <= STEP_MOST_EXCHANGES; n++) {
        test_fault_unit_transport_set(world->transport, lane, n, TEST_UNIT_FAULT_HOOK, 0);
    }
}

/* Without a fault. */
static void
notes_case(CeremonyWorld *world, const void *data, unsigned n, unsigned kind)
{
    const StepUnits *step = data;
    g_autoptr(GError) error = NULL;
    TkeUnitResults *results = NULL;

    begin(world, step, n, kind, arm_notes);
    EXPECT(step->run(world, &results, &error), "without a fault: %s", step_text_of(error));
    g_clear_pointer(&results, g_ptr_array_unref);
    ceremony_world_free(world);
}

/* All faults of the unit whose turn it is. From the choice on the first one may be asked
 * nothing. */
static void
try_unit(CeremonyWorld *world, const StepUnits *step)
{
    memset(requests, 0, sizeof *requests);
    ck_assert(step_run_apart(world, step, 0, 0, step->name, notes_case));
    ck_assert_msg(requests->n > 0 || (step->from_choice && struck_units[turn] == STEP_FIRST),
                  "%s: never", step->name);
    ck_assert_uint_lt(requests->n, STEP_MOST_EXCHANGES);
    for (unsigned kind = 0; kind < UNIT_FAULTS; kind++) {
        g_autofree char *what = g_strdup_printf("%s, unit %u, %s", step->name,
                                                struck_units[turn] + 1, unit_faults[kind]);

        for (unsigned n = 1; n <= requests->n; n++) {
            ck_assert(is_left_out(step, n, kind) ||
                      step_run_apart(world, step, n, kind, what, units_case));
        }
    }
}

void
step_faults_units(CeremonyWorld *world, const StepUnits *step)
{
    requests =
        mmap(NULL, sizeof *requests, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(requests, MAP_FAILED);
    for (turn = 0; turn < STRUCK_UNITS; turn++) {
        try_unit(world, step);
    }
    turn = 0;
    ck_assert_int_eq(munmap(requests, sizeof *requests), 0);
}

void
step_faults_unit_cards(CeremonyWorld *world, const StepUnits *step)
{
    for (unsigned kind = 0; kind < TEST_CARD_FAULTS; kind++) {
        g_autofree char *what =
            g_strdup_printf("%s, %s", step->name, test_card_fault_name((TestCardFault) kind));

        step_try_all(world, step, what, kind, cards_case);
    }
}

void
step_faults_unit_prompts(CeremonyWorld *world, const StepUnits *step)
{
    g_autofree char *what = g_strdup_printf("%s, cancelled at a prompt", step->name);

    step_try_all(world, step, what, 0, cancel_case);
}
