/*
 * Readers that are plugged in and that the smart card service does not show.
 */
#include <check.h>
#include <string.h>

#include "libceremony/op-reader.h"
#include "libceremony/self-check.h"
#include "libsmartcard/card-error.h"
#include "tests/support/proc-dir.h"
#include "tests/support/test-main.h"
#include "tests/support/usb-devices.h"

static void
add_shown(GPtrArray *checks, const char *port, bool is_virtual)
{
    TkeReaderCheck *check = g_new0(TkeReaderCheck, 1);

    check->reader = g_new0(TkeReaderInfo, 1);
    check->reader->name = g_strdup("Reader 00 00");
    check->reader->model = g_strdup("Reader");
    check->reader->serial = g_strdup("");
    check->reader->port = g_strdup(port);
    check->reader->is_virtual = is_virtual;
    g_ptr_array_add(checks, check);
}

static const struct {
    const char *shown[3]; /* ports; "": not known */
    bool is_virtual;
    unsigned problems;
} cases[] = {
    { { "usb:1-1", "usb:1-1.4", NULL }, false, 0 },
    { { "usb:1-1/1", "usb:1-1.4/i1", NULL }, false, 0 }, /* slots and interfaces of the device */
    { { "usb:1-1.4", NULL }, false, 1 },
    { { "usb:1-1.45", "usb:1-10", NULL }, false, 2 },
    { { NULL }, false, 2 },
    { { "", NULL }, false, 1 }, /* it may be either */
    { { "", "", NULL }, false, 0 },
    { { "", "", NULL }, true, 2 }, /* virtual ones are no devices */
};

START_TEST(test_devices_that_are_not_shown_are_told_with_the_remedy)
{
    g_autofree char *sysfs = g_dir_make_tmp("tke-sys-XXXXXX", NULL);
    g_autoptr(GPtrArray) checks =
        g_ptr_array_new_with_free_func((GDestroyNotify) tke_reader_check_free);
    g_autoptr(GPtrArray) problems =
        g_ptr_array_new_with_free_func((GDestroyNotify) tke_problem_free);

    usb_devices_add(sysfs, "1-1", "SPR332", "ff");
    usb_devices_add(sysfs, "1-1.4", "SPR332", "0b");
    for (unsigned i = 0; cases[_i].shown[i] != NULL; i++) {
        add_shown(checks, cases[_i].shown[i], cases[_i].is_virtual);
    }
    tke_self_check_devices(problems, checks, sysfs, "/nonexistent");
    ck_assert_uint_eq(problems->len, cases[_i].problems);
    for (guint i = 0; i < problems->len; i++) {
        const TkeProblem *problem = g_ptr_array_index(problems, i);

        ck_assert_msg(strstr(problem->subject, "SPR332") != NULL, "%s", problem->subject);
        ck_assert_msg(strstr(problem->subject, "04E6:E003") != NULL, "%s", problem->subject);
        ck_assert_msg(strstr(problem->remedy, "libccid") != NULL, "%s", problem->remedy);
        ck_assert(!problem->minor);
    }
}
END_TEST

START_TEST(test_a_program_that_takes_readers_past_the_service_is_named)
{
    g_autofree char *sysfs = g_dir_make_tmp("tke-sys-XXXXXX", NULL);
    g_autofree char *proc = g_dir_make_tmp("tke-proc-XXXXXX", NULL);
    g_autoptr(GPtrArray) checks = g_ptr_array_new();
    g_autoptr(GPtrArray) problems =
        g_ptr_array_new_with_free_func((GDestroyNotify) tke_problem_free);
    const TkeProblem *problem = NULL;

    usb_devices_add(sysfs, "1-1", "SPR332", "ff");
    proc_dir_add(proc, "12", "firefox\n"); /* uses what the service shows */
    proc_dir_add(proc, "4711", "scdaemon\n");
    tke_self_check_devices(problems, checks, sysfs, proc);
    ck_assert_uint_eq(problems->len, 1);
    problem = g_ptr_array_index(problems, 0);
    ck_assert_msg(strstr(problem->text, "scdaemon (4711)") != NULL, "%s", problem->text);
    ck_assert_msg(strstr(problem->text, "firefox") == NULL, "%s", problem->text);
    ck_assert_msg(strstr(problem->remedy, "gpgconf --kill scdaemon") != NULL, "%s",
                  problem->remedy);
    ck_assert_msg(strstr(problem->remedy, "libccid") != NULL, "%s", problem->remedy);
}
END_TEST

/* Numbers of the smart card service are for support: they stand apart from the sentence. */
START_TEST(test_codes_of_the_service_are_details_of_a_problem)
{
    const TkeReaderInfo reader = { .name = (char *) "Reader 00 00",
                                   .model = (char *) "Reader",
                                   .serial = (char *) "",
                                   .port = (char *) "" };
    TkeReaderCheck check = { .number = 1, .reader = (TkeReaderInfo *) &reader };
    g_autoptr(GPtrArray) problems =
        g_ptr_array_new_with_free_func((GDestroyNotify) tke_problem_free);
    const TkeProblem *problem = NULL;
    unsigned good = 0;

    check.trouble = g_error_new(TKE_CARD_ERROR, TKE_CARD_ERROR_COMMUNICATION, "it failed");
    tke_self_check_reader(problems, &check, &good);
    tke_card_error_set_details(check.trouble, "SCARD_E_NOT_TRANSACTED (80100016)");
    tke_self_check_reader(problems, &check, &good);
    g_clear_error(&check.trouble);
    ck_assert_uint_eq(good, 0);
    ck_assert_uint_eq(problems->len, 2);
    problem = g_ptr_array_index(problems, 0);
    ck_assert_ptr_null(problem->details);
    problem = g_ptr_array_index(problems, 1);
    ck_assert_str_eq(problem->text, "it failed");
    ck_assert_msg(g_strcmp0(problem->details, "SCARD_E_NOT_TRANSACTED (80100016)") == 0, "%s",
                  problem->details);
}
END_TEST

static void
check_free(gpointer data)
{
    TkeReaderCheck *check = data;

    g_free(check->reader->name);
    g_free(check->reader->model);
    g_free(check->reader->serial);
    g_free(check->reader->port);
    g_free(check->reader);
    g_free(check);
}

/* Readers 1 to n, all good. */
static GPtrArray *
good_readers(unsigned n)
{
    GPtrArray *checks = g_ptr_array_new_with_free_func(check_free);

    for (unsigned i = 1; i <= n; i++) {
        add_shown(checks, "usb:1-1", false);
        ((TkeReaderCheck *) checks->pdata[i - 1])->number = i <= TKE_READERS ? i : 0;
    }
    return checks;
}

static const TkeFinding *
finding(const TkeSelfCheck *check, guint i)
{
    ck_assert_uint_lt(i, check->findings->len);
    return check->findings->pdata[i];
}

START_TEST(test_two_good_readers_are_ready_and_a_third_is_named)
{
    g_autoptr(GPtrArray) checks = good_readers(3);
    g_autoptr(GPtrArray) problems = g_ptr_array_new();
    const GError *const cards[2] = { NULL, NULL };
    g_autoptr(TkeSelfCheck) check = tke_self_check_judge(checks, problems, 2, cards);

    ck_assert(check->ready);
    ck_assert_uint_eq(check->findings->len, 4);
    ck_assert_str_eq(finding(check, 0)->what, "The smart card service answers");
    ck_assert(g_str_has_prefix(finding(check, 2)->what, "Reader 2: Reader"));
    ck_assert(g_str_has_prefix(finding(check, 3)->what, "Further reader, not used"));
}
END_TEST

START_TEST(test_one_reader_is_not_enough_and_what_to_do_is_told)
{
    g_autoptr(GPtrArray) checks = good_readers(1);
    g_autoptr(GPtrArray) problems = g_ptr_array_new();
    const GError *const cards[2] = { NULL, NULL };
    g_autoptr(TkeSelfCheck) check = tke_self_check_judge(checks, problems, 1, cards);
    const TkeFinding *last = finding(check, check->findings->len - 1);

    ck_assert(!check->ready);
    ck_assert_int_eq(last->kind, TKE_FINDING_BAD);
    ck_assert_str_eq(last->what, "1 reader found, two are needed");
    ck_assert_ptr_nonnull(strstr(last->remedy, "libccid"));
}
END_TEST

START_TEST(test_a_card_that_cannot_be_read_is_told_with_its_error)
{
    g_autoptr(GPtrArray) checks = good_readers(2);
    g_autoptr(GPtrArray) problems = g_ptr_array_new();
    g_autoptr(GError) error =
        g_error_new_literal(TKE_CARD_ERROR, TKE_CARD_ERROR_UNRESPONSIVE, "it is silent");
    const GError *const cards[2] = { NULL, error };
    g_autoptr(TkeSelfCheck) check = tke_self_check_judge(checks, problems, 2, cards);

    ck_assert(!check->ready);
    ck_assert_str_eq(finding(check, 3)->what, "The card in it cannot be read");
    ck_assert_str_eq(finding(check, 3)->error->message, "it is silent");
}
END_TEST

/* What is minor keeps nobody from working; what is not does, though two readers are good. */
START_TEST(test_only_problems_that_are_not_minor_keep_from_working)
{
    for (int minor = 0; minor <= 1; minor++) {
        g_autoptr(GPtrArray) checks = good_readers(2);
        g_autoptr(GPtrArray) problems = g_ptr_array_new();
        char subject[] = "reader 7", text[] = "no keypad", remedy[] = "take another";
        char details[] = "6900";
        TkeProblem problem = { subject, text, remedy, details, minor != 0 };
        const GError *const cards[2] = { NULL, NULL };
        g_autoptr(TkeSelfCheck) check = NULL;

        g_ptr_array_add(problems, &problem);
        check = tke_self_check_judge(checks, problems, 2, cards);
        ck_assert(check->ready == (minor != 0));
        ck_assert_str_eq(finding(check, 3)->what, "reader 7: no keypad");
        ck_assert_str_eq(finding(check, 3)->remedy, "take another");
        ck_assert_str_eq(finding(check, 3)->details, "6900");
        ck_assert(finding(check, 3)->clause);
    }
}
END_TEST

START_TEST(test_a_service_that_is_not_there_is_all_that_is_found)
{
    g_autoptr(GError) error =
        g_error_new_literal(TKE_CARD_ERROR, TKE_CARD_ERROR_NO_SERVICE, "it does not run");
    g_autoptr(TkeSelfCheck) check = tke_self_check_judge_failure(error);

    ck_assert(!check->ready);
    ck_assert_uint_eq(check->findings->len, 1);
    ck_assert_str_eq(finding(check, 0)->error->message, "it does not run");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_two_good_readers_are_ready_and_a_third_is_named);
    tcase_add_test(tests, test_one_reader_is_not_enough_and_what_to_do_is_told);
    tcase_add_test(tests, test_a_card_that_cannot_be_read_is_told_with_its_error);
    tcase_add_test(tests, test_only_problems_that_are_not_minor_keep_from_working);
    tcase_add_test(tests, test_a_service_that_is_not_there_is_all_that_is_found);
    tcase_add_loop_test(tests, test_devices_that_are_not_shown_are_told_with_the_remedy, 0,
                        G_N_ELEMENTS(cases));
    tcase_add_test(tests, test_codes_of_the_service_are_details_of_a_problem);
    tcase_add_test(tests, test_a_program_that_takes_readers_past_the_service_is_named);
}

int
main(void)
{
    return test_main("self-check", add_tests);
}
