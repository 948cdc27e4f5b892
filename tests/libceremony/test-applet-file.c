/*
 * Where the applet for real cards comes from, and what never gets onto one.
 */
#include "libceremony/applet-file.h"

#include <glib/gstdio.h>
#include <string.h>

#include "common/error.h"
#include "tests/support/cap-maker.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

typedef struct Dirs {
    char *first, *second;
    const char *list[3];
} Dirs;

static void
dirs_init(Dirs *dirs)
{
    dirs->first = g_dir_make_tmp("opentke-applets-XXXXXX", NULL);
    dirs->second = g_dir_make_tmp("opentke-applets-XXXXXX", NULL);
    dirs->list[0] = dirs->first;
    dirs->list[1] = dirs->second;
}

static void
remove_dir(char *dir)
{
    g_autofree char *path = g_build_filename(dir, TKE_APPLET_FILE_NAME, NULL);

    g_unlink(path);
    g_rmdir(dir);
    g_free(dir);
}

static void
dirs_clear(Dirs *dirs)
{
    remove_dir(dirs->first);
    remove_dir(dirs->second);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Dirs, dirs_clear)

static GByteArray *
make(const char *package_name, unsigned code_len)
{
    g_autoptr(CapMaker) maker = cap_maker_new(package_name, code_len);

    return cap_maker_build(maker);
}

static void
put(const char *dir, const GByteArray *bytes)
{
    g_autofree char *path = g_build_filename(dir, TKE_APPLET_FILE_NAME, NULL);

    ck_assert(g_file_set_contents(path, (const char *) bytes->data, bytes->len, NULL));
}

START_TEST(test_without_a_file_the_owner_of_a_blank_card_is_told_just_that)
{
    g_auto(Dirs) dirs = { 0 };
    g_autoptr(GError) error = NULL;

    dirs_init(&dirs);
    ck_assert_ptr_null(tke_applet_file_load_from(dirs.list, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_SETUP);
    ck_assert_ptr_nonnull(strstr(error->message, "no applet is installed"));
    ck_assert_ptr_nonnull(strstr(error->message, "--rehearsal"));
}
END_TEST

START_TEST(test_the_first_directory_with_a_file_counts)
{
    g_auto(Dirs) dirs = { 0 };
    g_autoptr(GByteArray) small = make("opentke/applets", 100);
    g_autoptr(GByteArray) large = make("opentke/applets", 200);
    g_autoptr(TkeCapFile) second = NULL;
    g_autoptr(TkeCapFile) first = NULL;
    size_t small_len = 0;
    size_t large_len = 0;

    dirs_init(&dirs);
    put(dirs.second, small);
    second = tke_applet_file_load_from(dirs.list, NULL);
    ck_assert_ptr_nonnull(second);
    put(dirs.first, large);
    first = tke_applet_file_load_from(dirs.list, NULL);
    ck_assert_ptr_nonnull(first);
    tke_cap_file_get_load_file(second, &small_len);
    tke_cap_file_get_load_file(first, &large_len);
    ck_assert_uint_eq(large_len, small_len + 100);
}
END_TEST

START_TEST(test_the_applet_of_rehearsals_never_gets_onto_a_real_card)
{
    g_auto(Dirs) dirs = { 0 };
    g_autoptr(GByteArray) bytes = make(TKE_CAP_FILE_REHEARSAL, 100);
    g_autoptr(GError) error = NULL;

    dirs_init(&dirs);
    put(dirs.first, bytes);
    ck_assert_ptr_null(tke_applet_file_load_from(dirs.list, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_SETUP);
    ck_assert_ptr_nonnull(strstr(error->message, "not loaded onto real cards"));
}
END_TEST

START_TEST(test_a_package_of_another_name_or_none_never_gets_onto_a_real_card)
{
    static const char *const names[] = { NULL, "opentke/rehearsals", "opentke/applet",
                                         "opentke/applets2", "Opentke/Applets" };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_auto(Dirs) dirs = { 0 };
        g_autoptr(GByteArray) bytes = make(names[i], 100);
        g_autofree char *told =
            g_strdup_printf("is named “%s” and", names[i] != NULL ? names[i] : "");
        g_autoptr(GError) error = NULL;

        dirs_init(&dirs);
        put(dirs.first, bytes);
        ck_assert_ptr_null(tke_applet_file_load_from(dirs.list, &error));
        test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_SETUP);
        ck_assert_msg(strstr(error->message, told) != NULL, "%s", error->message);
        ck_assert_ptr_nonnull(strstr(error->message, "not loaded onto real cards"));
    }
}
END_TEST

START_TEST(test_a_damaged_file_is_not_passed_over)
{
    g_auto(Dirs) dirs = { 0 };
    g_autoptr(GByteArray) good = make("opentke/applets", 100);
    g_autoptr(GByteArray) bad = make("opentke/applets", 100);
    g_autoptr(GError) error = NULL;

    dirs_init(&dirs);
    g_byte_array_set_size(bad, bad->len / 2);
    put(dirs.first, bad);
    put(dirs.second, good);
    ck_assert_ptr_null(tke_applet_file_load_from(dirs.list, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA);
    ck_assert_ptr_nonnull(strstr(error->message, dirs.first));
}
END_TEST

START_TEST(test_a_rehearsal_loads_nothing_but_its_own)
{
    g_autoptr(GByteArray) real = make("opentke/applets", 100);
    g_autoptr(GByteArray) own = make(TKE_CAP_FILE_REHEARSAL, 100);
    g_autoptr(GBytes) real_bytes = g_bytes_new(real->data, real->len);
    g_autoptr(GBytes) own_bytes = g_bytes_new(own->data, own->len);
    g_autoptr(TkeCapFile) cap = tke_applet_file_of_rehearsal(own_bytes, NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_nonnull(cap);
    ck_assert_ptr_null(tke_applet_file_of_rehearsal(real_bytes, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_SETUP);
    g_clear_error(&error);
    ck_assert_ptr_null(tke_applet_file_of_rehearsal(NULL, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_SETUP);
    ck_assert_ptr_nonnull(strstr(error->message, "tke-sim stop"));
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_without_a_file_the_owner_of_a_blank_card_is_told_just_that);
    tcase_add_test(tests, test_the_first_directory_with_a_file_counts);
    tcase_add_test(tests, test_the_applet_of_rehearsals_never_gets_onto_a_real_card);
    tcase_add_test(tests, test_a_package_of_another_name_or_none_never_gets_onto_a_real_card);
    tcase_add_test(tests, test_a_damaged_file_is_not_passed_over);
    tcase_add_test(tests, test_a_rehearsal_loads_nothing_but_its_own);
}

int
main(void)
{
    return test_main("applet-file", add_tests);
}
