/*
 * Rounds and requests of a status of all crypto units, through the real transport to the
 * simulator's TLS server. Every unit is on a module of its own with a certificate chain of three
 * and has two administrators. Cold: nothing is known of the modules; warm: their certificates were
 * verified before.
 */
#include <check.h>
#include <string.h>

#include "tests/bench/bench.h"
#include "tests/libep11admin/sim-units.h"

#define MOST_ROUNDS 4u
#define GROUP "Status of all crypto units (limits: 4 rounds; 1 + 9n requests cold, 1 + 6n warm)"

static void
query_all(Bench *bench, SimUnits *units, TkeKnownModules *known, const char *what, unsigned limit)
{
    TkeUnitTransportCounts counts = { 0 };
    g_autoptr(GPtrArray) states = NULL;
    g_autofree char *rounds = g_strdup_printf("%s: rounds", what);
    g_autofree char *requests = g_strdup_printf("%s: requests", what);

    sim_units_start_anew(units);
    states = sim_units_query(units, known, TKE_UNIT_QUERY_DEFAULT);
    for (guint i = 0; i < states->len; i++) {
        const TkeUnitState *state = g_ptr_array_index(states, i);

        ck_assert_msg(state->error == NULL, "%s",
                      state->error == NULL ? "" : state->error->message);
        ck_assert_uint_eq(state->admins->len, 2);
    }
    tke_unit_transport_get_counts(units->transport, &counts);
    bench_report_count(bench->report, GROUP, rounds, counts.rounds, MOST_ROUNDS);
    bench_report_count(bench->report, GROUP, requests, counts.requests, limit);
}

static void
measure(Bench *bench, const char *types)
{
    const unsigned n = (unsigned) strlen(types);
    const char *recovery = strchr(types, 'r');
    const unsigned n_recovery = recovery == NULL ? 0 : (unsigned) strlen(recovery);
    g_autoptr(SimUnits) units = sim_units_new(types);
    g_autoptr(TkeKnownModules) known = tke_known_modules_new();
    g_autofree char *who = n_recovery == 0 ? g_strdup_printf("%u operational", n)
                                           : g_strdup_printf("%u operational, %u recovery",
                                                             n - n_recovery, n_recovery);
    g_autofree char *cold = g_strconcat(who, ", cold", NULL);
    g_autofree char *warm = g_strconcat(who, ", warm", NULL);

    sim_units_query_well(units);
    sim_units_secure(units);
    query_all(bench, units, known, cold, 1 + 9 * n);
    query_all(bench, units, known, warm, 1 + 6 * n);
}

void
bench_requests(Bench *bench)
{
    static const char *const types[] = { "o", "ooorr", "ooo", "oooooooo",
                                         "oooooooooooooooooooooooooooooooo" };

    for (unsigned i = 0; i < (bench->quick ? 2 : G_N_ELEMENTS(types)); i++) {
        measure(bench, types[i]);
    }
}
