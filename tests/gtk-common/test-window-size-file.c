/*
 * Sizes of windows in a file.
 */
#include "gtk-common/window-size-file.h"

#include <string.h>

#include "tests/support/test-main.h"

static void
take(GKeyFile *sizes, const char *text)
{
    tke_ui_window_size_file_take(sizes, (const uint8_t *) text, strlen(text));
}

START_TEST(test_sizes_are_found_by_the_name_of_the_window)
{
    g_autoptr(GKeyFile) sizes = g_key_file_new();
    int width = 0;
    int height = 0;

    take(sizes, "[scup]\nwidth=1180\nheight=680\n");
    ck_assert(tke_ui_window_size_file_find(sizes, "scup", &width, &height));
    ck_assert_int_eq(width, 1180);
    ck_assert_int_eq(height, 680);
    ck_assert(!tke_ui_window_size_file_find(sizes, "procedure", &width, &height));
    ck_assert(!tke_ui_window_size_file_note(sizes, "scup", 1180, 680));
    ck_assert(tke_ui_window_size_file_note(sizes, "scup", 1180, 681));
    ck_assert(tke_ui_window_size_file_find(sizes, "scup", &width, &height));
    ck_assert_int_eq(height, 681);
}
END_TEST

START_TEST(test_sizes_that_no_window_has_are_none)
{
    static const char *const wrong[] = {
        "",
        "nonsense",
        "[scup]\nwidth=1180\n",
        "[scup]\nwidth=199\nheight=680\n",
        "[scup]\nwidth=1180\nheight=32768\n",
        "[scup]\nwidth=2147483647\nheight=680\n",
        "[scup]\nwidth=99999999999\nheight=680\n",
        "[scup]\nwidth=-1180\nheight=-680\n",
        "[scup]\nwidth=wide\nheight=680\n",
    };
    int width = 7;
    int height = 7;

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GKeyFile) sizes = g_key_file_new();

        take(sizes, wrong[i]);
        ck_assert_msg(!tke_ui_window_size_file_find(sizes, "scup", &width, &height), "%s",
                      wrong[i]);
        ck_assert(width == 7 && height == 7);
    }
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_sizes_are_found_by_the_name_of_the_window);
    tcase_add_test(tests, test_sizes_that_no_window_has_are_none);
}

int
main(void)
{
    return test_main("window-size-file", add_tests);
}
