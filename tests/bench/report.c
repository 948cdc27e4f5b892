/*
 * Table and JSON of a benchmark.
 */
#include "tests/bench/report.h"

#include <json-glib/json-glib.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

typedef struct Row {
    char *group;
    char *name;
    const char *unit; /* "": a count */
    double value;     /* the median */
    double least;
    double most;
    unsigned runs;
    double limit;
} Row;

struct BenchReport {
    bool quick;
    GPtrArray *rows;
    GPtrArray *failures; /* section and message in turn */
};

static void
free_row(void *data)
{
    Row *row = data;

    g_free(row->group);
    g_free(row->name);
    g_free(row);
}

BenchReport *
bench_report_new(bool quick)
{
    BenchReport *report = g_new0(BenchReport, 1);

    report->quick = quick;
    report->rows = g_ptr_array_new_with_free_func(free_row);
    report->failures = g_ptr_array_new_with_free_func(g_free);
    return report;
}

void
bench_report_free(BenchReport *report)
{
    g_ptr_array_unref(report->rows);
    g_ptr_array_unref(report->failures);
    g_free(report);
}

static Row *
add_row(BenchReport *report, const char *group, const char *name, const char *unit, double limit)
{
    Row *row = g_new0(Row, 1);

    row->group = g_strdup(group);
    row->name = g_strdup(name);
    row->unit = unit;
    row->limit = limit;
    g_ptr_array_add(report->rows, row);
    return row;
}

void
bench_report_count(BenchReport *report, const char *group, const char *name, unsigned value,
                   unsigned limit)
{
    Row *row = add_row(report, group, name, "", limit);

    row->value = value;
    row->least = value;
    row->most = value;
    row->runs = 1;
}

static int
compare(const void *a, const void *b)
{
    const double x = *(const double *) a;
    const double y = *(const double *) b;

    return (x > y) - (x < y);
}

void
bench_report_samples(BenchReport *report, const char *group, const char *name, const char *unit,
                     double *samples, unsigned n, double limit)
{
    Row *row = add_row(report, group, name, unit, limit);

    g_assert(n > 0);
    qsort(samples, n, sizeof samples[0], compare);
    row->value = (samples[(n - 1) / 2] + samples[n / 2]) / 2;
    row->least = samples[0];
    row->most = samples[n - 1];
    row->runs = n;
}

void
bench_report_fail(BenchReport *report, const char *section, const char *message)
{
    g_ptr_array_add(report->failures, g_strdup(section));
    g_ptr_array_add(report->failures, g_strdup(message));
}

bool
bench_report_has_failed(const BenchReport *report)
{
    return report->failures->len > 0;
}

static bool
is_within(const Row *row)
{
    return row->limit < 0 || row->value <= row->limit;
}

/* ---- the machine ---- */

static char *
dup_processor(void)
{
    g_autofree char *text = NULL;
    const char *at = NULL;

    if (g_file_get_contents("/proc/cpuinfo", &text, NULL, NULL)) {
        at = strstr(text, "model name");
    }
    at = at == NULL ? NULL : strchr(at, ':');
    return at == NULL ? g_strdup("unknown") : g_strndup(at + 2, strcspn(at + 2, "\n"));
}

/* How many programs wanted to run in the last minute: what else the machine does. */
static double
query_load(void)
{
    double load = 0;

    return getloadavg(&load, 1) == 1 ? load : -1;
}

static char *
dup_system(void)
{
    struct utsname names;

    if (uname(&names) != 0) {
        return g_strdup("unknown");
    }
    return g_strdup_printf("%s %s, %s", names.sysname, names.release, names.machine);
}

/* ---- table ---- */

static void
print_number(double value, const char *unit)
{
    if (value < 0) {
        printf(" %9s   ", "-");
    } else if (*unit == '\0') {
        printf(" %9.0f   ", value);
    } else {
        printf(" %9.*f %-2s", value < 1 ? 3 : 2, value, unit);
    }
}

static void
print_row(const Row *row)
{
    printf("  %-58s", row->name);
    print_number(row->value, row->unit);
    print_number(row->limit, row->unit);
    printf("  %s", row->limit < 0 ? "-" : is_within(row) ? "ok" : "MISSED");
    if (row->runs > 1) {
        printf("  (%u runs, %.3g to %.3g)", row->runs, row->least, row->most);
    }
    printf("\n");
}

void
bench_report_print(const BenchReport *report)
{
    g_autofree char *processor = dup_processor();
    g_autofree char *system = dup_system();
    const char *group = "";
    unsigned missed = 0;

    for (guint i = 0; i < report->rows->len; i++) {
        const Row *row = g_ptr_array_index(report->rows, i);

        if (strcmp(group, row->group) != 0) {
            printf("\n%s\n  %-58s %9s    %9s\n", row->group, "", "value", "limit");
            group = row->group;
        }
        print_row(row);
        missed += is_within(row) ? 0 : 1;
    }
    printf("\n%s, %ld processors, load %.1f; %s\n%s; build type %s%s\n", processor,
           sysconf(_SC_NPROCESSORS_ONLN), query_load(), system, OpenSSL_version(OPENSSL_VERSION),
           BENCH_BUILD_TYPE, report->quick ? "; quick run: times of one run only" : "");
    if (!BENCH_IS_RELEASE) {
        printf(
            "WARNING: this is no release build (meson setup -Dbuildtype=release): times and sizes "
            "do not count\n");
    }
    for (guint i = 0; i + 1 < report->failures->len; i += 2) {
        printf("NOT MEASURED: %s: %s\n", (const char *) report->failures->pdata[i],
               (const char *) report->failures->pdata[i + 1]);
    }
    printf("%u rows, %u limits missed\n", report->rows->len, missed);
}

/* ---- JSON ---- */

static void
add_text(JsonBuilder *builder, const char *name, const char *text)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_string_value(builder, text);
}

static void
add_number(JsonBuilder *builder, const char *name, double value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_double_value(builder, value);
}

static void
add_flag(JsonBuilder *builder, const char *name, bool value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_boolean_value(builder, value);
}

static void
build_row(JsonBuilder *builder, const Row *row)
{
    json_builder_begin_object(builder);
    add_text(builder, "group", row->group);
    add_text(builder, "name", row->name);
    add_number(builder, "value", row->value);
    add_text(builder, "unit", row->unit);
    if (row->limit >= 0) {
        add_number(builder, "limit", row->limit);
        add_flag(builder, "ok", is_within(row));
    }
    add_number(builder, "runs", row->runs);
    add_number(builder, "min", row->least);
    add_number(builder, "max", row->most);
    json_builder_end_object(builder);
}

static void
build_failures(JsonBuilder *builder, const BenchReport *report)
{
    json_builder_set_member_name(builder, "failures");
    json_builder_begin_array(builder);
    for (guint i = 0; i + 1 < report->failures->len; i += 2) {
        json_builder_begin_object(builder);
        add_text(builder, "section", report->failures->pdata[i]);
        add_text(builder, "message", report->failures->pdata[i + 1]);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

bool
bench_report_write(const BenchReport *report, const char *path, GError **error)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonGenerator) generator = json_generator_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *processor = dup_processor();
    g_autofree char *system = dup_system();

    json_builder_begin_object(builder);
    add_text(builder, "version", TKE_VERSION);
    add_text(builder, "build_type", BENCH_BUILD_TYPE);
    add_flag(builder, "release", BENCH_IS_RELEASE);
    add_flag(builder, "quick", report->quick);
    add_text(builder, "processor", processor);
    add_number(builder, "processors", (double) sysconf(_SC_NPROCESSORS_ONLN));
    add_number(builder, "load", query_load());
    add_text(builder, "system", system);
    add_text(builder, "openssl", OpenSSL_version(OPENSSL_VERSION));
    json_builder_set_member_name(builder, "rows");
    json_builder_begin_array(builder);
    for (guint i = 0; i < report->rows->len; i++) {
        build_row(builder, g_ptr_array_index(report->rows, i));
    }
    json_builder_end_array(builder);
    build_failures(builder, report);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    json_generator_set_root(generator, root);
    json_generator_set_pretty(generator, TRUE);
    return json_generator_to_file(generator, path, error);
}
