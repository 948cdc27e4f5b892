/*
 * The benchmark program: what is measured, and what is needed to measure it.
 *
 * A section measures and adds rows to the report. Sections use Check's assertions for what must
 * work, as the worlds of tests/support do; the program runs each of them as a test in its own
 * process, and a section that fails is one that could not measure.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "tests/bench/report.h"

typedef struct Bench {
    bool quick; /* few runs, small cases: only to see that everything works */
    BenchReport *report;
    char *dir;        /* for worlds; made by bench_programs_new_world */
    char *kept_world; /* in which the ceremony was rehearsed, with its tke-sim; NULL: none */
} Bench;

/* The sections. */
void bench_people(Bench *bench);    /* insertions and PINs */
void bench_requests(Bench *bench);  /* rounds and requests to crypto units */
void bench_apdus(Bench *bench);     /* commands to cards */
void bench_start(Bench *bench);     /* start and memory of tke */
void bench_rehearsal(Bench *bench); /* the whole ceremony; keeps its world */
#if TKE_WITH_PCSC
void bench_pcscd(Bench *bench); /* readers and cards through pcscd */

/* Its part that loads an applet: pcscd runs, and the tke-sim of the directory, whose cards take
 * their time. */
void bench_load_pcscd(Bench *bench, const char *directory);
#endif
void bench_load_applet(Bench *bench); /* an applet onto a card that takes its time */
void bench_load(Bench *bench); /* a load with cards that take their time; memory of tke shell */
