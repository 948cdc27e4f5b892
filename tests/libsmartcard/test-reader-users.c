/*
 * Who may have a reader.
 */
#include "libsmartcard/reader-users.h"

#include <string.h>
#include <unistd.h>

#include "tests/support/proc-dir.h"
#include "tests/support/test-main.h"

START_TEST(test_who_may_hold_a_reader_is_looked_for_among_what_runs)
{
    g_autofree char *proc = g_dir_make_tmp("tke-proc-XXXXXX", NULL);
    g_autofree char *own = g_strdup_printf("%d", (int) getpid());
    g_autofree char *nobody = NULL;
    g_autofree char *somebody = NULL;

    proc_dir_add(proc, "1", "init\n");
    proc_dir_add(proc, own, "scdaemon\n");
    proc_dir_add(proc, "self", "scdaemon\n");
    proc_dir_add(proc, "77", "scdaemonic\n");
    proc_dir_add(proc, "12abc", "scdaemon\n");
    proc_dir_add(proc, "+5", "scdaemon\n");
    proc_dir_add(proc, "\v5", "scdaemon\n");
    proc_dir_add(proc, "99999999999999999999", "scdaemon\n");
    nobody = tke_reader_users_list(proc, TKE_READER_USERS_ALL);
    ck_assert_ptr_null(nobody);

    proc_dir_add(proc, "4711", "scdaemon\n");
    somebody = tke_reader_users_list(proc, TKE_READER_USERS_ALL);
    ck_assert_str_eq(somebody, "scdaemon (4711)");
    ck_assert_ptr_null(tke_reader_users_list("/nonexistent", TKE_READER_USERS_ALL));
}
END_TEST

/* As the kernel shows them: names are cut after 15 characters. */
START_TEST(test_usual_clients_of_the_service_are_known)
{
    static const char *const usual[] = { "p11_child",       "gsd-smartcard",   "ssh-pkcs11-help",
                                         "pkcs11_eventmgr", "opensc-explorer", "pkcs15-init",
                                         "firefox-bin",     "AusweisApp" };
    g_autofree char *proc = g_dir_make_tmp("tke-proc-XXXXXX", NULL);
    g_autofree char *list = NULL;

    proc_dir_add(proc, "7", usual[_i]);
    list = tke_reader_users_list(proc, TKE_READER_USERS_ALL);
    ck_assert_msg(list != NULL && g_str_has_prefix(list, usual[_i]), "%s", usual[_i]);
    ck_assert_uint_le(strlen(usual[_i]), 15);
    ck_assert_ptr_null(tke_reader_users_list(proc, TKE_READER_USERS_PAST_SERVICE));
}
END_TEST

START_TEST(test_only_programs_with_a_driver_of_their_own_take_a_reader_past_the_service)
{
    g_autofree char *proc = g_dir_make_tmp("tke-proc-XXXXXX", NULL);
    g_autofree char *holder = NULL;
    g_autofree char *taker = NULL;

    proc_dir_add(proc, "12", "gsd-smartcard\n");
    holder = tke_reader_users_list(proc, TKE_READER_USERS_ALL);
    ck_assert_str_eq(holder, "gsd-smartcard (12)");
    ck_assert_ptr_null(tke_reader_users_list(proc, TKE_READER_USERS_PAST_SERVICE));
    proc_dir_add(proc, "13", "scdaemon\n");
    taker = tke_reader_users_list(proc, TKE_READER_USERS_PAST_SERVICE);
    ck_assert_str_eq(taker, "scdaemon (13)");
}
END_TEST

/* Windows of our own that are open, or one browser's processes, hide nobody. */
START_TEST(test_many_processes_of_one_program_hide_no_other_one)
{
    static const char *const many[] = { "scup\n", "tke\n", "tke-gui\n", "chrome\n" };
    g_autofree char *proc = g_dir_make_tmp("tke-proc-XXXXXX", NULL);
    g_autofree char *own = g_strdup_printf("%d", (int) getpid());
    g_autofree char *list = NULL;
    g_autofree char *expected = g_strdup("scdaemon (9999999), ykman (9999998)");
    g_autofree char *alone = g_strdup_printf("%.*s (5000101, 5000102, 5000103, …)",
                                             (int) strcspn(many[_i], "\n"), many[_i]);

    for (unsigned i = 0; i < 40; i++) {
        g_autofree char *pid = g_strdup_printf("%u", 5000140 - i);

        proc_dir_add(proc, pid, many[_i]);
    }
    proc_dir_add(proc, own, "scup\n");
    list = tke_reader_users_list(proc, TKE_READER_USERS_ALL);
    ck_assert_str_eq(list, alone);
    g_free(list);
    proc_dir_add(proc, "9999998", "ykman\n");
    proc_dir_add(proc, "9999999", "scdaemon\n");
    list = tke_reader_users_list(proc, TKE_READER_USERS_ALL);
    ck_assert_msg(g_str_has_prefix(list, "scdaemon (9999999), "), "%s", list);
    ck_assert_ptr_nonnull(strstr(list, "ykman (9999998)"));
    ck_assert_ptr_nonnull(strstr(list, alone));
    if (strcmp(many[_i], "chrome\n") != 0) {
        ck_assert_msg(g_str_has_prefix(list, expected), "%s", list); /* ours come last */
    }
}
END_TEST

START_TEST(test_a_list_that_is_cut_says_so_and_has_lost_our_own_programs_first)
{
    static const char *const names[] = { "tke",       "scup",           "gpshell", "scriptor",
                                         "evolution", "p11-kit-server", "firefox", "gscriptor",
                                         "pcsc_scan", "scdaemon" };
    g_autofree char *proc = g_dir_make_tmp("tke-proc-XXXXXX", NULL);
    g_autofree char *list = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *pid = g_strdup_printf("%u", 5000000 + i);

        proc_dir_add(proc, pid, names[i]);
    }
    list = tke_reader_users_list(proc, TKE_READER_USERS_ALL);
    ck_assert_str_eq(list, "scdaemon (5000009), pcsc_scan (5000008), firefox (5000006), "
                           "p11-kit-server (5000005), gscriptor (5000007), scriptor (5000003), "
                           "evolution (5000004), gpshell (5000002), …");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_who_may_hold_a_reader_is_looked_for_among_what_runs);
    tcase_add_loop_test(tests, test_usual_clients_of_the_service_are_known, 0, 8);
    tcase_add_loop_test(tests, test_many_processes_of_one_program_hide_no_other_one, 0, 4);
    tcase_add_test(tests, test_a_list_that_is_cut_says_so_and_has_lost_our_own_programs_first);
    tcase_add_test(tests,
                   test_only_programs_with_a_driver_of_their_own_take_a_reader_past_the_service);
}

int
main(void)
{
    return test_main("reader-users", add_tests);
}
