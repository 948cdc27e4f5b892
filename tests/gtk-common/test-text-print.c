/*
 * Pages that are printed: the print operation itself, which writes into a file instead of asking
 * for a printer.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "gtk-common/text-print.h"
#include "tests/support/test-main.h"

#define LINES 200

static void
count_page(GtkPrintOperation *operation, GtkPrintContext *context, int page, gpointer data)
{
    (void) operation;
    (void) context;
    (void) page;
    ++*(unsigned *) data;
}

/* Prints into a file; how many pages were drawn. */
static unsigned
print(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_dir_make_tmp("text-print-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "report.pdf", NULL);
    g_autofree char *bytes = NULL;
    GtkPrintOperation *operation = tke_ui_text_print_new("Smart card information", text);
    GtkPrintOperationResult result;
    gsize len = 0;
    unsigned pages = 0;

    g_signal_connect(operation, "draw-page", G_CALLBACK(count_page), &pages);
    gtk_print_operation_set_export_filename(operation, path);
    result = gtk_print_operation_run(operation, GTK_PRINT_OPERATION_ACTION_EXPORT, NULL, &error);
    ck_assert_msg(error == NULL, "%s", error != NULL ? error->message : "");
    ck_assert_int_eq(result, GTK_PRINT_OPERATION_RESULT_APPLY);
    ck_assert_int_eq(gtk_print_operation_get_n_pages_to_print(operation), (int) pages);
    g_object_unref(operation);
    ck_assert(g_file_get_contents(path, &bytes, &len, NULL));
    ck_assert(g_str_has_prefix(bytes, "%PDF-"));
    ck_assert_ptr_nonnull(g_strstr_len(bytes + len - 16, 16, "%%EOF")); /* whole */
    (void) g_unlink(path);
    (void) g_rmdir(dir);
    return pages;
}

START_TEST(test_a_short_text_is_printed_on_one_page)
{
    ck_assert_uint_eq(print("READER 1\n\nCA smart card\n"), 1);
    ck_assert_uint_eq(print(""), 1);
}
END_TEST

START_TEST(test_a_long_text_is_printed_on_as_many_pages_as_it_needs)
{
    g_autoptr(GString) text = g_string_new(NULL);
    unsigned pages;

    for (unsigned i = 0; i < LINES; i++) {
        g_string_append_printf(text, "line %u\n", i);
    }
    pages = print(text->str);
    ck_assert_uint_ge(pages, 3); /* 842 points high at most, 12 a line */
    ck_assert_uint_le(pages, 6);
}
END_TEST

/* Nothing is cut off at the right margin. */
START_TEST(test_lines_that_are_too_long_go_on_below)
{
    static const char *const pieces[] = { "Safe ", "Zwischenlager", "0", "\u00e4\u20ac " };
    g_autoptr(GString) narrow = g_string_new(NULL);
    g_autoptr(GString) wide = g_string_new(NULL);

    for (unsigned i = 0; i < 30; i++) {
        g_string_append(narrow, "    Stored at: Safe\n");
        g_string_append(wide, "    Stored at: ");
        for (unsigned n = 0; n < 300; n++) {
            g_string_append(wide, pieces[_i]);
        }
        g_string_append_c(wide, '\n');
    }
    ck_assert_uint_eq(print(narrow->str), 1);
    ck_assert_uint_gt(print(wide->str), 1);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_short_text_is_printed_on_one_page);
    tcase_add_test(tests, test_a_long_text_is_printed_on_as_many_pages_as_it_needs);
    tcase_add_loop_test(tests, test_lines_that_are_too_long_go_on_below, 0, 4);
}

int
main(void)
{
    return test_main("text-print", add_tests);
}
