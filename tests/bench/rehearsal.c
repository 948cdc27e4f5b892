/*
 * The whole ceremony with twelve cards, played by tke-rehearse with cards that take no time.
 */
#include <check.h>

#include "tests/bench/programs.h"
#include "tests/support/card-world.h"

#define RUNS 5u
#define MOST_SECONDS 10.0

void
bench_rehearsal(Bench *bench)
{
    const unsigned runs = bench->quick ? 1 : RUNS;
    double seconds[RUNS] = { 0 };

    for (unsigned i = 0; i < runs; i++) {
        g_autofree char *name = g_strdup_printf("rehearsal-%u", i);
        g_autofree char *world = bench_programs_new_world(bench, name);
        const char *argv[] = {
            "simulator/tke-rehearse", "--profile", "none", "--world", world, NULL, NULL
        };
        g_autoptr(GError) error = NULL;
        BenchRun run = { 0 };

        if (i + 1 == runs) { /* the load goes on with this one */
            argv[5] = "--keep";
            bench->kept_world = g_strdup(world);
        }
        card_world_check(bench_programs_run(world, argv, &run, &error), error);
        seconds[i] = run.seconds;
    }
    bench_report_samples(bench->report, "The whole ceremony (tke-rehearse, 12 cards, 3 units)",
                         "start to end, no times of cards", "s", seconds, runs, MOST_SECONDS);
}
