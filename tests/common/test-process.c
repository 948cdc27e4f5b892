/*
 * Start of a program. Every test does it in its own process.
 */
#include "common/process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/secret.h"
#include "tests/support/test-main.h"

START_TEST(test_a_started_program_has_its_heap_and_leaves_no_dump)
{
    g_autoptr(TkeSecret) secret = NULL;
    struct rlimit limit = { .rlim_cur = 1 };

    ck_assert(tke_process_init(TKE_PROCESS_DEFAULT, NULL));
    secret = tke_secret_new(32, NULL);
    ck_assert_ptr_nonnull(secret);
    ck_assert_int_eq(getrlimit(RLIMIT_CORE, &limit), 0);
    ck_assert_uint_eq(limit.rlim_cur, 0);
    ck_assert_uint_eq(limit.rlim_max, 0);
    ck_assert_int_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
}
END_TEST

START_TEST(test_the_client_of_the_secret_scan_can_be_read)
{
    ck_assert(tke_process_init(TKE_PROCESS_DUMPABLE, NULL));
    ck_assert_int_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
}
END_TEST

START_TEST(test_a_closed_pipe_and_a_full_file_do_not_kill)
{
    struct sigaction action = { 0 };

    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    ck_assert(tke_process_init(TKE_PROCESS_DEFAULT, NULL));
    ck_assert_int_eq(sigaction(SIGPIPE, NULL, &action), 0);
    ck_assert(action.sa_handler == SIG_IGN);
    ck_assert_int_eq(sigaction(SIGXFSZ, NULL, &action), 0);
    ck_assert(action.sa_handler == SIG_IGN);
}
END_TEST

/* In a child, which needs no output of its own. */
START_TEST(test_closed_standard_files_are_opened)
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        for (int fd = 0; fd <= 2; fd++) {
            close(fd);
        }
        tke_process_open_standard();
        _exit(open("/dev/null", O_RDONLY) > 2 && write(1, "x", 1) == 1 ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(test_keys_of_connections_go_to_no_file)
{
    g_setenv("SSLKEYLOGFILE", "/dev/null", TRUE);
    ck_assert(tke_process_init(TKE_PROCESS_DEFAULT, NULL));
    ck_assert_ptr_null(g_getenv("SSLKEYLOGFILE"));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_started_program_has_its_heap_and_leaves_no_dump);
    tcase_add_test(tests, test_the_client_of_the_secret_scan_can_be_read);
    tcase_add_test(tests, test_a_closed_pipe_and_a_full_file_do_not_kill);
    tcase_add_test(tests, test_closed_standard_files_are_opened);
    tcase_add_test(tests, test_keys_of_connections_go_to_no_file);
}

int
main(void)
{
    return test_main("process", add_tests);
}
