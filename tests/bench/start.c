/*
 * How long tke takes to start and answer, and how much memory it uses; tke-sim is running already.
 */
#include <check.h>

#include "simulator/officers-desk.h"
#include "tests/bench/programs.h"
#include "tests/support/card-world.h"

#define RUNS 15u
#define MOST_SECONDS 0.2
#define MOST_MEGABYTES 50.0

static void
measure(Bench *bench, const char *world, const char *const *argv, const char *what)
{
    const unsigned runs = bench->quick ? 1 : RUNS;
    double seconds[RUNS] = { 0 };
    double megabytes[RUNS] = { 0 };
    g_autofree char *time = g_strconcat(what, ": start to end", NULL);
    g_autofree char *memory = g_strconcat(what, ": resident memory", NULL);
    const bool has_limit = g_str_equal(argv[2], "card");

    for (unsigned i = 0; i < runs; i++) {
        g_autoptr(GError) error = NULL;
        BenchRun run = { 0 };

        card_world_check(bench_programs_run(world, argv, &run, &error), error);
        seconds[i] = run.seconds;
        megabytes[i] = run.megabytes;
    }
    bench_report_samples(bench->report, "Start and memory", time, "s", seconds, runs,
                         has_limit ? MOST_SECONDS : BENCH_NO_LIMIT);
    bench_report_samples(bench->report, "Start and memory", memory, "MB", megabytes, runs,
                         MOST_MEGABYTES);
}

void
bench_start(Bench *bench)
{
    const char *const info[] = { "tke/tke", "--rehearsal", "card", "info", NULL };
    const char *const units[] = { "tke/tke", "--rehearsal", "cryptounits", NULL };
    g_autofree char *world = bench_programs_new_world(bench, "start");
    g_autoptr(SimOfficersDesk) desk = NULL;
    g_autoptr(GError) error = NULL;

    card_world_check(bench_programs_start_sim(world, NULL, &error), error);
    desk = sim_officers_desk_new(world, &error);
    card_world_check(desk != NULL, error);
    card_world_check(sim_officers_desk_insert(desk, 1, "ca-1", &error), error);
    card_world_check(sim_officers_desk_insert(desk, 2, "ep11-1", &error), error);
    measure(bench, world, info, "tke card info, a card in each reader");
    measure(bench, world, units, "tke cryptounits, 3 units");
    card_world_check(bench_programs_stop_sim(world, &error), error);
}
