/*
 * run-vectors itself: what it must call a failure, and files of other names.
 */
#include <glib/gstdio.h>
#include <sys/wait.h>

#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define GOOD                                                                                       \
    "{\"name\":\"length/0\",\"note\":\"\",\"inputs\":{\"length\":5},"                              \
    "\"expected\":{\"encoding_hex\":\"05\",\"outcome\":\"ok\"}}"
#define WRONG                                                                                      \
    "{\"name\":\"length/1\",\"note\":\"\",\"inputs\":{\"length\":5},"                              \
    "\"expected\":{\"encoding_hex\":\"06\",\"outcome\":\"ok\"}}"
#define INCOMPLETE                                                                                 \
    "{\"name\":\"length/2\",\"note\":\"\",\"inputs\":{},"                                          \
    "\"expected\":{\"encoding_hex\":\"05\",\"outcome\":\"ok\"}}"
#define UNKNOWN "{\"name\":\"no-such-kind/0\",\"note\":\"\",\"inputs\":{},\"expected\":{}}"
#define NAMELESS "{\"note\":\"\",\"inputs\":{},\"expected\":{}}"

/* Runs run-vectors on a directory with one file of this text (NULL: none); the output, caller frees. */
static char *
run_on(const char *file, const char *text, int *status)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_dir_make_tmp("run-vectors-XXXXXX", &error);
    g_autofree char *path = NULL;
    g_autofree char *program = g_strdup(RUN_VECTORS);
    char *argv[] = { program, dir, NULL };
    char *output = NULL;

    ck_assert_ptr_nonnull(dir);
    path = g_build_filename(dir, file, NULL);
    if (text != NULL) {
        ck_assert(g_file_set_contents(path, text, -1, &error));
    }
    ck_assert_msg(
        g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, NULL, status, &error),
        "%s", error == NULL ? "" : error->message);
    g_unlink(path);
    g_rmdir(dir);
    return output;
}

static void
check_run(const char *file, const char *text, bool good, const char *last_line)
{
    int status = 0;
    g_autofree char *output = run_on(file, text, &status);

    ck_assert_msg(g_str_has_suffix(output, last_line), "%s", output);
    ck_assert(WIFEXITED(status));
    ck_assert((WEXITSTATUS(status) == 0) == good);
}

START_TEST(test_cases_that_pass_are_counted)
    {
        check_run("12-der-primitives.json", "[" GOOD "," GOOD "]", true,
                  "2 passed, 0 failed, 0 skipped\n");
    }
END_TEST

START_TEST(test_files_may_have_other_names)
    {
        check_run("more.json", "[" GOOD "]", true, "1 passed, 0 failed, 0 skipped\n");
    }
END_TEST

START_TEST(test_wrong_results_are_failures)
    {
        check_run("12-der-primitives.json", "[" GOOD "," WRONG "]", false,
                  "1 passed, 1 failed, 0 skipped\n");
    }
END_TEST

START_TEST(test_unknown_kinds_and_malformed_cases_are_failures)
    {
        check_run("a.json", "[" UNKNOWN "," INCOMPLETE "," NAMELESS ",7," GOOD "]", false,
                  "1 passed, 4 failed, 0 skipped\n");
    }
END_TEST

START_TEST(test_unreadable_files_are_failures)
    {
        check_run("a.json", "[" GOOD, false, "0 passed, 1 failed, 0 skipped\n");
        check_run("a.json", "{}", false, "0 passed, 1 failed, 0 skipped\n");
        check_run("a.json", "[]", false, "0 passed, 1 failed, 0 skipped\n");
    }
END_TEST

START_TEST(test_directory_without_cases_is_a_failure)
    {
        check_run("a.json", NULL, false, "0 passed, 1 failed, 0 skipped\n");
        check_run("README.md", "text", false, "0 passed, 1 failed, 0 skipped\n");
    }
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_cases_that_pass_are_counted);
    tcase_add_test(tests, test_files_may_have_other_names);
    tcase_add_test(tests, test_wrong_results_are_failures);
    tcase_add_test(tests, test_unknown_kinds_and_malformed_cases_are_failures);
    tcase_add_test(tests, test_unreadable_files_are_failures);
    tcase_add_test(tests, test_directory_without_cases_is_a_failure);
}

int
main(void)
{
    return test_main("run-vectors", add_tests);
}
