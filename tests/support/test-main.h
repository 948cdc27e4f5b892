/*
 * The main function of a test program.
 *
 *     static void
 *     add_tests(TCase *tests)
 *     {
 *         tcase_add_test(tests, test_short_input_is_refused);
 *     }
 *
 *     int
 *     main(void)
 *     {
 *         return test_main("byte-cursor", add_tests);
 *     }
 *
 * Check runs each test in a process of its own (CK_FORK=no: in this one, for a debugger). The
 * locked heap is set up before the first fork and locked anew in every child, because a fork
 * inherits the heap but not its lock. A test that starts threads or programs starts them inside
 * itself.
 */
#pragma once

#include <check.h>
#include <signal.h>
#include <stdlib.h>

#include <glib.h>

#include "common/secret.h"

#define TEST_MAIN_TIMEOUT_S 900

static inline void
test_main_lock_heap(void)
{
    g_autoptr(GError) error = NULL;

    ck_assert_msg(tke_secret_heap_init(&error), "%s", error == NULL ? "" : error->message);
}

/* Runs the tests that add adds; returns what main returns. */
static inline int
test_main(const char *name, void (*add)(TCase *tests))
{
    Suite *suite = suite_create(name);
    TCase *tests = tcase_create("all");
    SRunner *runner = NULL;
    int failed = 0;
    g_autoptr(GError) error = NULL;

    /* Messages are compared in English; a write that fails is an error, not the end. */
    g_setenv("LC_ALL", "C.UTF-8", TRUE);
    g_unsetenv("LANGUAGE");
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);

    if (!tke_secret_heap_init(&error)) {
        g_printerr("%s: %s\n", name, error->message);
        return EXIT_FAILURE;
    }
    tcase_set_timeout(tests, TEST_MAIN_TIMEOUT_S);
    tcase_add_checked_fixture(tests, test_main_lock_heap, NULL);
    add(tests);
    suite_add_tcase(suite, tests);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
