/*
 * What tke-rehearse reads of crypto units, as tke prints it: units, thresholds and registers, each
 * a text ended by NUL.
 */
#include <string.h>

#include "simulator/officers-report.h"
#include "tests/fuzz/fuzz-strict.h"
#include "tests/fuzz/fuzz.h"

/* The next text; "" where there is none. The caller frees. */
static char *
next(const uint8_t **at, size_t *left)
{
    const size_t len = strnlen((const char *) *at, *left);
    char *text = g_strndup((const char *) *at, len);
    const size_t step = MIN(len + 1, *left);

    *at += step;
    *left -= step;
    return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *at = size > 0 ? data : (const uint8_t *) "";
    size_t left = size;
    g_autofree char *units = next(&at, &left);
    g_autofree char *thresholds = next(&at, &left);
    g_autofree char *registers = next(&at, &left);
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) told = NULL;
    g_autoptr(GError) state = NULL;
    g_autoptr(GError) patterns = NULL;
    g_autoptr(SimOfficersReport) report = NULL;
    g_autofree char *numbers = NULL;

    fuzz_strict();
    report = sim_officers_report_new(units, &error);
    FUZZ_REQUIRE((report == NULL) == (error != NULL));
    if (report == NULL) {
        return 0;
    }
    numbers = sim_officers_report_dup_numbers(report);
    FUZZ_REQUIRE(numbers != NULL && strspn(numbers, "0123456789,") == strlen(numbers));
    FUZZ_REQUIRE(sim_officers_report_take_thresholds(report, thresholds, &told) == (told == NULL));
    FUZZ_REQUIRE(sim_officers_report_check_new(report, &state) == (state == NULL));
    g_clear_error(&told);
    FUZZ_REQUIRE(sim_officers_report_take_registers(report, registers, &told) == (told == NULL));
    FUZZ_REQUIRE(sim_officers_report_check_patterns(report, &patterns) == (patterns == NULL));
    return 0;
}
