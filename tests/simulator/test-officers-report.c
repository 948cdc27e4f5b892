/*
 * What a rehearsal reads from tke before and after the units are set up, and what it concludes.
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "simulator/officers-report.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-locale.h"
#include "tests/support/test-main.h"

#define UNITS                                                                                      \
    "{\"instances\":[{\"units\":["                                                                 \
    "{\"number\":1,\"type\":\"OPERATIONAL\",\"location\":\"[a].[b].[01].[02]\"},"                  \
    "{\"number\":2,\"type\":\"FAILOVER\",\"location\":\"[a].[b].[01].[03]\"},"                     \
    "{\"number\":3,\"type\":\"RECOVERY\",\"location\":\"[a].[b].[01].[04]\"}]},"                   \
    "{\"units\":[{\"number\":4,\"type\":\"OPERATIONAL\",\"location\":\"[c].[b].[01].[02]\"}]}]}"
#define THRESHOLDS(rows) "{\"instances\":[{\"thresholds\":[" rows "]}]}"
#define NEW_UNIT(number) "{\"number\":" number ",\"imprint_mode\":true,\"module_verified\":true}"
#define REGISTERS(rows) "{\"instances\":[{\"new_register\":[],\"current_register\":[" rows "]}]}"
#define CURRENT(number, status, pattern)                                                           \
    "{\"number\":" number ",\"status\":\"" status "\",\"pattern\":\"" pattern "\"}"
#define ZEROS_28 "00000000000000000000000000000000000000000000000000000000"
#define KEY_28 "112233445566778899aabbccddeeff00112233445566778899aabbcc"
#define OTHER_28 "112233445566778899aabbccddeeff00112233445566778899aabbcd"

static SimOfficersReport *
new_report(void)
{
    g_autoptr(GError) error = NULL;
    SimOfficersReport *report = sim_officers_report_new(UNITS, &error);

    ck_assert_msg(report != NULL, "%s", error != NULL ? error->message : "");
    return report;
}

START_TEST(test_recovery_units_and_other_instances_play_no_part)
{
    g_autoptr(SimOfficersReport) report = new_report();
    g_autofree char *numbers = sim_officers_report_dup_numbers(report);

    ck_assert_str_eq(numbers, "1,2");
}
END_TEST

START_TEST(test_listings_that_make_no_sense_are_refused)
{
    static const char *const listings[] = {
        "",
        "[]",
        "{}",
        "{\"instances\":7}",
        "{\"instances\":[{\"units\":[{}]}]}",
        "{\"instances\":[{\"units\":[{\"number\":0,\"type\":\"OPERATIONAL\"}]}]}",
        "{\"instances\":[{\"units\":[{\"number\":1,\"type\":\"RECOVERY\"}]}]}",
    };
    g_autoptr(SimOfficersReport) report = new_report();

    for (size_t i = 0; i < G_N_ELEMENTS(listings); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(SimOfficersReport) none = sim_officers_report_new(listings[i], &error);

        ck_assert_msg(none == NULL, "%s", listings[i]);
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    }
    ck_assert(!sim_officers_report_take_thresholds(report, "{}", NULL));
    ck_assert(!sim_officers_report_take_registers(report, REGISTERS("{\"number\":1}"), NULL));
}
END_TEST

START_TEST(test_units_are_new_only_if_each_is_said_to_be)
{
    static const struct {
        const char *thresholds;
        const char *problem; /* NULL: all is well */
    } cases[] = {
        { THRESHOLDS(NEW_UNIT("1") "," NEW_UNIT("2")), NULL },
        { THRESHOLDS(NEW_UNIT("1")), "crypto unit 2 was not read" },
        { THRESHOLDS(
              NEW_UNIT("1") ",{\"number\":2,\"imprint_mode\":false,\"module_verified\":true}"),
          "crypto unit 2 is not in imprint mode" },
        { THRESHOLDS(
              "{\"number\":1,\"imprint_mode\":true,\"module_verified\":false}," NEW_UNIT("2")),
          "module certificates of crypto unit 1 were not verified" },
        { THRESHOLDS("{\"number\":1,\"imprint_mode\":true}," NEW_UNIT("2")),
          "module certificates of crypto unit 1 were not verified" },
        { THRESHOLDS("{\"number\":1,\"module_verified\":true}," NEW_UNIT("2")),
          "crypto unit 1 is not in imprint mode" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(SimOfficersReport) report = new_report();
        g_autoptr(GError) error = NULL;

        ck_assert(sim_officers_report_take_thresholds(report, cases[i].thresholds, NULL));
        ck_assert_int_eq(sim_officers_report_check_new(report, &error), cases[i].problem == NULL);
        ck_assert_msg(cases[i].problem == NULL || strstr(error->message, cases[i].problem) != NULL,
                      "%zu: %s", i, error != NULL ? error->message : "");
    }
}
END_TEST

/* What print writes to standard output. */
static char *
printed(const SimOfficersReport *report, bool *good)
{
    char name[] = "/tmp/opentke-report-XXXXXX";
    int file = g_mkstemp(name);
    int before = dup(STDOUT_FILENO);
    char *text = NULL;

    ck_assert(file >= 0 && before >= 0);
    fflush(stdout);
    ck_assert_int_ge(dup2(file, STDOUT_FILENO), 0);
    *good = sim_officers_report_print(report);
    fflush(stdout);
    ck_assert_int_ge(dup2(before, STDOUT_FILENO), 0);
    close(before);
    close(file);
    ck_assert(g_file_get_contents(name, &text, NULL, NULL));
    g_unlink(name);
    return text;
}

static void
check_end(const char *registers, bool equal, bool good, const char *verdict)
{
    g_autoptr(SimOfficersReport) report = new_report();
    g_autofree char *text = NULL;
    bool found_good = !good;

    ck_assert(sim_officers_report_take_registers(report, registers, NULL));
    ck_assert_int_eq(sim_officers_report_check_patterns(report, NULL), equal);
    text = printed(report, &found_good);
    ck_assert_int_eq(found_good, good);
    ck_assert_msg(g_str_has_suffix(text, verdict), "%s", text);
}

START_TEST(test_the_end_is_good_only_with_one_pattern_in_valid_registers)
{
    check_end(REGISTERS(CURRENT("1", "Valid", KEY_28 "00000000") "," CURRENT("2", "Valid",
                                                                             KEY_28 "00000000")),
              true, true, "\nmaster key Valid on 2 of 2 crypto units\n");
    /* The last four bytes are those of the firmware. */
    check_end(REGISTERS(CURRENT("1", "Valid", KEY_28 "00000000") "," CURRENT("2", "Valid",
                                                                             KEY_28 "12345678")),
              true, true, "\nmaster key Valid on 2 of 2 crypto units\n");
    check_end(REGISTERS(CURRENT("1", "Valid", KEY_28 "00000000") "," CURRENT("2", "Valid",
                                                                             OTHER_28 "00000000")),
              false, false, "\nmaster key Valid on 1 of 2 crypto units\n");
    check_end(REGISTERS(CURRENT("1", "Valid", KEY_28 "00000000") "," CURRENT("2", "Empty",
                                                                             ZEROS_28 "00000000")),
              false, false, "\nmaster key Valid on 1 of 2 crypto units\n");
    check_end(REGISTERS(CURRENT("1", "Valid", KEY_28 "00000000") "," CURRENT("2", "Empty",
                                                                             KEY_28 "00000000")),
              true, false, "\nmaster key Valid on 1 of 2 crypto units\n");
    check_end(REGISTERS(CURRENT("1", "Valid", ZEROS_28 "00000000") "," CURRENT(
                  "2", "Valid", ZEROS_28 "00000000")),
              false, false, "\nmaster key Valid on 0 of 2 crypto units\n");
    check_end(REGISTERS(CURRENT("1", "Valid", KEY_28 "00000000")), false, false,
              "\nmaster key Valid on 1 of 2 crypto units\n");
    check_end(REGISTERS(""), false, false, "\nmaster key Valid on 0 of 2 crypto units\n");
}
END_TEST

START_TEST(test_the_verdict_is_the_same_in_every_language)
{
    g_autofree char *dir = g_dir_make_tmp("tke-locale-XXXXXX", NULL);
    g_autoptr(SimOfficersReport) report = new_report();
    g_autofree char *text = NULL;
    bool good = false;

    ck_assert(sim_officers_report_take_registers(
        report,
        REGISTERS(
            CURRENT("1", "Valid", KEY_28 "00000000") "," CURRENT("2", "Valid", KEY_28 "00000000")),
        NULL));
    if (test_locale_begin_texts(dir)) {
        text = printed(report, &good);
        ck_assert_msg(strstr(text, "KRYPTOEINHEIT NR.") != NULL && strstr(text, "Gültig ") != NULL,
                      "not German: %s", text);
        ck_assert_msg(g_str_has_suffix(text, "\nmaster key Valid on 2 of 2 crypto units\n"), "%s",
                      text);
        ck_assert(good);
    } else {
        g_print("not tried: locales or texts cannot be made here\n");
    }
    test_locale_end(dir);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_recovery_units_and_other_instances_play_no_part);
    tcase_add_test(tests, test_listings_that_make_no_sense_are_refused);
    tcase_add_test(tests, test_units_are_new_only_if_each_is_said_to_be);
    tcase_add_test(tests, test_the_end_is_good_only_with_one_pattern_in_valid_registers);
    tcase_add_test(tests, test_the_verdict_is_the_same_in_every_language);
}

int
main(void)
{
    return test_main("officers-report", add_tests);
}
