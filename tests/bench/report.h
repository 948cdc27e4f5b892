/*
 * BenchReport: rows of a benchmark, printed as a table and written as JSON.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct BenchReport BenchReport;

#define BENCH_NO_LIMIT (-1.0)

/* Says in the JSON and below the table what was built and how much was run. */
BenchReport *bench_report_new(bool quick);
void bench_report_free(BenchReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BenchReport, bench_report_free)

/* A number that is the same every time. Rows of one group follow each other. */
void bench_report_count(BenchReport *report, const char *group, const char *name, unsigned value,
                        unsigned limit);

/* The median of n measurements is judged; least and greatest are shown too. Sorts the samples. */
void bench_report_samples(BenchReport *report, const char *group, const char *name,
                          const char *unit, double *samples, unsigned n, double limit);

/* A section could not measure. */
void bench_report_fail(BenchReport *report, const char *section, const char *message);
bool bench_report_has_failed(const BenchReport *report);

void bench_report_print(const BenchReport *report);
bool bench_report_write(const BenchReport *report, const char *path, GError **error);
