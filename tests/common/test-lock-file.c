/*
 * The file that tells which process keeps a directory.
 */
#include <glib/gstdio.h>

#include "common/safe-file.h"
#include "tests/support/test-main.h"

START_TEST(test_what_keeps_a_directory_is_a_number_and_nothing_else)
{
    static const struct {
        const char *text;
        int keeper;
    } files[] = {
        { "4711\n", 4711 },
        { "1", 1 },
        { "2147483647\n", G_MAXINT },
        { "", 0 },
        { "\n", 0 },
        { "0\n", 0 },
        { "-1\n", 0 },
        { "+5\n", 0 },
        { " 5\n", 0 },
        { "5 \n", 0 },
        { "5\n\n", 0 },
        { "5\x1b[31m", 0 },
        { "\v5\n", 0 },
        { "0x10\n", 0 },
        { "2147483648", 0 },
        { "18446744073709551617\n", 0 },
    };
    g_autofree char *dir = g_dir_make_tmp("opentke-test-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "lock", NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        ck_assert(g_file_set_contents(path, files[i].text, -1, NULL));
        ck_assert_msg(tke_safe_file_find_keeper(dir) == files[i].keeper, "%s", files[i].text);
    }
    ck_assert_int_eq(tke_safe_file_parse_keeper("5\0", 2), 0);
    ck_assert_int_eq(tke_safe_file_parse_keeper("5\0\n", 3), 0);
    ck_assert_int_eq(tke_safe_file_find_keeper("/nonexistent"), 0);
    g_remove(path);
    g_rmdir(dir);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_what_keeps_a_directory_is_a_number_and_nothing_else);
}

int
main(void)
{
    return test_main("lock-file", add_tests);
}
