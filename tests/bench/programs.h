/*
 * The real programs of this build tree, run and measured from outside.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>

#include "tests/bench/bench.h"

/* How a program ran: time from its start to its end, greatest resident memory. */
typedef struct BenchRun {
    double seconds;
    double megabytes; /* 10^6 bytes */
    int exit_code;
} BenchRun;

/* Path of a program, "tke/tke", "simulator/tke-sim". The caller frees. */
char *bench_programs_dup_path(const char *name);

/*
 * Runs a program in a world (its environment says which) and measures it; fails with what it said
 * on stderr if its exit code is not 0. argv is ended by NULL; argv[0] as for
 * bench_programs_dup_path.
 */
bool bench_programs_run(const char *world, const char *const *argv, BenchRun *run, GError **error);

/* What this program does when started to measure another: argv from "--measure" on. Returns what
 * main does. */
int bench_programs_measure(char **argv);
#define BENCH_MEASURE_OPTION "--measure"

/* Environment of programs in a world; the caller frees with g_strfreev. */
char **bench_programs_dup_environment(const char *world);

/* Greatest resident memory, so far, of a child of this process with that name; below 0: there is
 * none. */
double bench_programs_get_child_megabytes(const char *name);

/* A new directory for a world; the caller frees the text. All are removed by
 * bench_programs_clear. */
char *bench_programs_new_world(Bench *bench, const char *name);

/* tke-sim of a world; profile may be NULL. */
bool bench_programs_start_sim(const char *world, const char *profile, GError **error);
bool bench_programs_stop_sim(const char *world, GError **error);

/* What "tke-sim status --json" tells; the caller unrefs. */
JsonObject *bench_programs_query_status(const char *world, GError **error);

/* Makes measuring fail from now on; for signal handlers. */
void bench_programs_interrupt(void);
bool bench_programs_is_interrupted(void);

/* Ends what runs in the worlds and removes all directories. */
void bench_programs_clear(Bench *bench);
