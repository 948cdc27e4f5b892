/*
 * bench [--json FILE] [--quick] [SECTION...]: the numbers that OpenTKE promises (docs/numbers.md),
 * measured.
 *
 * Exit code 0 whatever the numbers are, 1 if something could not be measured, 2 for wrong use.
 */
#include <check.h>
#include <gio/gio.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/secret.h"
#include "tests/bench/bench.h"
#include "tests/bench/programs.h"

#define EXIT_USAGE 2

static const struct {
    const char *name;
    void (*run)(Bench *bench);
} sections[] = {
    { "people", bench_people },
    { "requests", bench_requests },
    { "apdus", bench_apdus },
    { "start", bench_start },
    { "rehearsal", bench_rehearsal },
    { "load", bench_load },
    { "load-applet", bench_load_applet },
#if TKE_WITH_PCSC
    { "pcscd", bench_pcscd },
#endif
};

static Bench bench;

static void
on_signal(int number)
{
    (void) number;
    bench_programs_interrupt();
}

static void
watch_signals(void)
{
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
}

/*
 * Check's assertions need a test around them. Check's own handlers, which it sets before each
 * test, kill the whole process group.
 */
START_TEST(test_section_can_be_measured)
{
    ck_assert_ptr_nonnull(bench.report);
    watch_signals();
    sections[_i].run(&bench);
}
END_TEST

static void
run_section(int i)
{
    Suite *suite = suite_create("bench");
    TCase *tests = tcase_create(sections[i].name);
    SRunner *runner = srunner_create(suite);

    fprintf(stderr, "bench: %s\n", sections[i].name);
    suite_add_tcase(suite, tests);
    tcase_add_loop_test(tests, test_section_can_be_measured, i, i + 1);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_SILENT);
    if (srunner_ntests_failed(runner) > 0) {
        TestResult **failures = srunner_failures(runner);

        bench_report_fail(bench.report, sections[i].name, tr_msg(failures[0]));
        free(failures);
    }
    srunner_free(runner);
}

static bool
is_wanted(char **words, const char *name)
{
    return words == NULL || words[0] == NULL || g_strv_contains((const char *const *) words, name);
}

static bool
check_words(char **words, GError **error)
{
    for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
        bool known = false;

        for (size_t j = 0; j < G_N_ELEMENTS(sections); j++) {
            known = known || strcmp(sections[j].name, words[i]) == 0;
        }
        if (!known) {
            g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                        "there is no section \"%s\"", words[i]);
            return false;
        }
    }
    return true;
}

static bool
run_all(char **words, const char *json, GError **error)
{
    for (int i = 0; i < (int) G_N_ELEMENTS(sections); i++) {
        if (!bench_programs_is_interrupted() && is_wanted(words, sections[i].name)) {
            run_section(i);
        }
    }
    bench_programs_clear(&bench);
    bench_report_print(bench.report);
    return json == NULL || bench_report_write(bench.report, json, error);
}

int
main(int argc, char **argv)
{
    g_autofree char *json = NULL;
    g_auto(GStrv) words = NULL;
    gboolean quick = FALSE;
    const GOptionEntry entries[] = {
        { "json", 0, 0, G_OPTION_ARG_FILENAME, &json, "write the numbers as JSON", "FILE" },
        { "quick", 0, 0, G_OPTION_ARG_NONE, &quick, "few cases, times of one run", NULL },
        { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &words, NULL, "[SECTION…]" },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(BenchReport) report = NULL;
    g_autoptr(GError) error = NULL;

    if (argc > 1 && strcmp(argv[1], BENCH_MEASURE_OPTION) == 0) {
        return bench_programs_measure(argv + 2);
    }
    setlocale(LC_ALL, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    watch_signals();
    g_option_context_set_summary(
        context, "Measures. Sections: people, requests, apdus, start, rehearsal, load, pcscd.");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || !check_words(words, &error)) {
        fprintf(stderr, "bench: %s\n", error->message);
        return EXIT_USAGE;
    }
    if (!tke_secret_heap_init(&error)) {
        fprintf(stderr, "bench: %s\n", error->message);
        return EXIT_FAILURE;
    }
    report = bench_report_new(quick);
    bench = (Bench){ .quick = quick, .report = report };
    if (!run_all(words, json, &error)) {
        fprintf(stderr, "bench: %s\n", error->message);
        return EXIT_FAILURE;
    }
    return bench_report_has_failed(report) || bench_programs_is_interrupted() ? EXIT_FAILURE
                                                                              : EXIT_SUCCESS;
}
