/*
 * What may block refuses to work on the thread of the windows.
 */
#include "common/main-thread.h"

#include "common/error.h"
#include "common/safe-file.h"
#include "tests/support/test-main.h"

START_TEST(test_a_program_without_windows_may_block_anywhere)
{
    ck_assert(tke_main_thread_may_block(NULL));
}
END_TEST

static gpointer
ask(gpointer data)
{
    (void) data;
    return GINT_TO_POINTER(tke_main_thread_may_block(NULL) ? 1 : 0);
}

START_TEST(test_only_the_marked_thread_is_refused)
{
    g_autoptr(GError) error = NULL;

    tke_main_thread_mark();

    ck_assert(!tke_main_thread_may_block(&error));
    ck_assert(g_error_matches(error, TKE_ERROR, TKE_ERROR_USAGE));
    ck_assert_int_eq(GPOINTER_TO_INT(g_thread_join(g_thread_new("other", ask, NULL))), 1);
}
END_TEST

START_TEST(test_files_are_not_touched_on_the_marked_thread)
{
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "opentke-main-thread", NULL);
    g_autoptr(GError) write_error = NULL;
    g_autoptr(GError) read_error = NULL;
    g_autoptr(GError) append_error = NULL;
    bool found = false;

    tke_main_thread_mark();

    ck_assert(!tke_safe_file_write(path, (const uint8_t *) "x", 1, &write_error));
    ck_assert(g_error_matches(write_error, TKE_ERROR, TKE_ERROR_USAGE));
    ck_assert(!tke_safe_file_append_line(path, "x", 1, &append_error));
    ck_assert(g_error_matches(append_error, TKE_ERROR, TKE_ERROR_USAGE));
    ck_assert_ptr_null(tke_safe_file_read("/dev/null", 10, &found, &read_error));
    ck_assert(g_error_matches(read_error, TKE_ERROR, TKE_ERROR_USAGE));
    ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_program_without_windows_may_block_anywhere);
    tcase_add_test(tests, test_only_the_marked_thread_is_refused);
    tcase_add_test(tests, test_files_are_not_touched_on_the_marked_thread);
}

int
main(void)
{
    return test_main("main-thread", add_tests);
}
