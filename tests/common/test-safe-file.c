/*
 * Files of a ceremony, with everything that can go wrong with them.
 */
#include "common/safe-file.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/error.h"
#include "tests/support/test-bytes.h"
#include "tests/support/test-main.h"

#define NOBODY 65534

/* A directory of the test, gone after it. */
static char *dir;

static void
remove_tree(const char *path)
{
    g_autoptr(GDir) entries = NULL;
    const char *name = NULL;

    if (g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK)) {
        entries = g_dir_open(path, 0, NULL);
        while (entries != NULL && (name = g_dir_read_name(entries)) != NULL) {
            g_autofree char *child = g_build_filename(path, name, NULL);

            remove_tree(child);
        }
    }
    g_remove(path);
}

static void
make_dir(void)
{
    dir = g_dir_make_tmp("opentke-test-XXXXXX", NULL);
    ck_assert_ptr_nonnull(dir);
}

static void
drop_dir(void)
{
    remove_tree(dir);
    g_clear_pointer(&dir, g_free);
}

static char *
in_dir(const char *name)
{
    return g_build_filename(dir, name, NULL);
}

static void
put(const char *path, const char *text)
{
    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static void
check_content(const char *path, const char *want)
{
    g_autofree char *text = NULL;

    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    ck_assert_str_eq(text, want);
}

/* Names in the directory. */
static unsigned
count_entries(void)
{
    g_autoptr(GDir) entries = g_dir_open(dir, 0, NULL);
    unsigned count = 0;

    while (g_dir_read_name(entries) != NULL) {
        count++;
    }
    return count;
}

static bool
write_text(const char *path, const char *text, GError **error)
{
    return tke_safe_file_write(path, (const uint8_t *) text, strlen(text), error);
}

/* From here on no file of this process gets longer than this. */
static void
limit_files(rlim_t size)
{
    const struct rlimit limit = { .rlim_cur = size, .rlim_max = RLIM_INFINITY };

    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
check_file_error(const GError *error, const char *path)
{
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_FILE);
    ck_assert_msg(strstr(error->message, path) != NULL, "%s", error->message);
}

START_TEST(test_a_file_is_written_for_its_owner_alone)
{
    g_autofree char *path = in_dir("file");
    struct stat info = { 0 };

    ck_assert(write_text(path, "new", NULL));
    check_content(path, "new");
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
    ck_assert(write_text(path, "", NULL));
    check_content(path, "");
    ck_assert_uint_eq(count_entries(), 1);
}
END_TEST

START_TEST(test_an_open_copy_of_the_old_file_stays_as_it_was)
{
    g_autofree char *path = in_dir("file");
    char text[8] = "";
    FILE *old = NULL;

    ck_assert(write_text(path, "old", NULL));
    old = fopen(path, "r");
    ck_assert(write_text(path, "newer", NULL));
    ck_assert_ptr_nonnull(fgets(text, sizeof text, old));
    fclose(old);
    ck_assert_str_eq(text, "old");
    check_content(path, "newer");
}
END_TEST

START_TEST(test_a_full_disk_leaves_the_old_file_and_no_temporary_one)
{
    g_autofree char *path = in_dir("file");
    g_autofree char *text = g_strnfill(5000, 'x');
    g_autoptr(GError) error = NULL;

    ck_assert(write_text(path, "old", NULL));
    limit_files(1000);
    ck_assert(!write_text(path, text, &error));
    limit_files(RLIM_INFINITY);
    check_file_error(error, path);
    check_content(path, "old");
    ck_assert_uint_eq(count_entries(), 1);
}
END_TEST

START_TEST(test_links_directories_and_pipes_are_not_replaced)
{
    g_autofree char *target = in_dir("target");
    g_autofree char *link = in_dir("link");
    g_autofree char *pipe = in_dir("pipe");
    const char *const paths[] = { link, pipe, dir };

    put(target, "untouched");
    ck_assert_int_eq(symlink(target, link), 0);
    ck_assert_int_eq(mkfifo(pipe, 0600), 0);
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert(!write_text(paths[i], "new", &error));
        check_file_error(error, paths[i]);
        g_clear_error(&error);
        ck_assert(!tke_safe_file_append_line(paths[i], "line", 4, &error));
        check_file_error(error, paths[i]);
        g_clear_error(&error);
        ck_assert_ptr_null(tke_safe_file_read(paths[i], 100, NULL, &error));
        check_file_error(error, paths[i]);
    }
    check_content(target, "untouched");
    ck_assert(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
    ck_assert_uint_eq(count_entries(), 3);
}
END_TEST

START_TEST(test_a_directory_without_rights_is_an_error_that_says_so)
{
    g_autofree char *path = in_dir("file");
    g_autoptr(GError) error = NULL;
    bool written = false;

    ck_assert_int_eq(chmod(dir, 0500), 0);
    if (geteuid() == 0) {
        ck_assert_int_eq(seteuid(NOBODY), 0); /* root may write anywhere */
    }
    written = write_text(path, "new", &error);
    if (getuid() == 0) {
        ck_assert_int_eq(seteuid(0), 0);
    }
    chmod(dir, 0700);
    ck_assert(!written);
    check_file_error(error, path);
    ck_assert_ptr_nonnull(strstr(error->message, "Permission denied"));
    ck_assert_uint_eq(count_entries(), 0);
}
END_TEST

START_TEST(test_a_file_is_read_up_to_its_limit)
{
    g_autofree char *path = in_dir("file");
    g_autofree char *empty = in_dir("empty");
    g_autoptr(GByteArray) bytes = NULL;
    g_autoptr(GByteArray) nothing = NULL;
    g_autoptr(GError) error = NULL;
    bool found = false;

    put(path, "12345");
    put(empty, "");
    bytes = tke_safe_file_read(path, 5, &found, NULL);
    ck_assert_ptr_nonnull(bytes);
    ck_assert(found);
    ck_assert_uint_eq(bytes->len, 5);
    ck_assert_mem_eq(bytes->data, "12345", 5);
    ck_assert_ptr_null(tke_safe_file_read(path, 4, &found, &error));
    check_file_error(error, path);
    nothing = tke_safe_file_read(empty, 0, NULL, NULL);
    ck_assert_ptr_nonnull(nothing);
    ck_assert_uint_eq(nothing->len, 0);
}
END_TEST

START_TEST(test_a_large_file_is_read_whole)
{
    g_autofree char *path = in_dir("file");
    g_autofree char *text = g_strnfill(200000, 'y');
    g_autoptr(GByteArray) bytes = NULL;

    put(path, text);
    bytes = tke_safe_file_read(path, 1000000, NULL, NULL);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(bytes->len, 200000);
    ck_assert_mem_eq(bytes->data, text, 200000);
}
END_TEST

START_TEST(test_a_missing_file_is_told_apart_from_other_faults)
{
    g_autofree char *path = in_dir("file");
    g_autoptr(GError) error = NULL;
    bool found = true;

    ck_assert_ptr_null(tke_safe_file_read(path, 10, &found, &error));
    ck_assert_ptr_null(error);
    ck_assert(!found);
    ck_assert_ptr_null(tke_safe_file_read(path, 10, NULL, &error));
    check_file_error(error, path);
    g_clear_error(&error);
    ck_assert_ptr_null(tke_safe_file_read(dir, 10, &found, &error));
    check_file_error(error, dir);
    ck_assert(found);
}
END_TEST

START_TEST(test_directories_are_made_for_their_owner_alone)
{
    g_autofree char *path = in_dir("a/b/c");
    struct stat info = { 0 };

    ck_assert(tke_safe_file_make_dir(path, NULL));
    ck_assert(tke_safe_file_make_dir(path, NULL));
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0700);
}
END_TEST

START_TEST(test_directories_that_others_could_change_are_refused)
{
    g_autofree char *open_to_all = in_dir("open");
    g_autofree char *open_to_group = in_dir("group");
    g_autofree char *link = in_dir("link");
    g_autofree char *file = in_dir("file");
    const char *const paths[] = { open_to_all, open_to_group, link, file };

    ck_assert_int_eq(mkdir(open_to_all, 0700), 0);
    ck_assert_int_eq(chmod(open_to_all, 0702), 0);
    ck_assert_int_eq(mkdir(open_to_group, 0700), 0);
    ck_assert_int_eq(chmod(open_to_group, 0720), 0);
    ck_assert_int_eq(symlink(dir, link), 0);
    put(file, "");
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_msg(!tke_safe_file_make_dir(paths[i], &error), "%s", paths[i]);
        check_file_error(error, paths[i]);
    }
}
END_TEST

START_TEST(test_a_directory_of_another_user_is_refused)
{
    g_autoptr(GError) error = NULL;
    bool usable = false;

    if (geteuid() == 0) {
        ck_assert_int_eq(chmod(dir, 0755), 0);
        ck_assert_int_eq(seteuid(NOBODY), 0);
        usable = tke_safe_file_make_dir(dir, &error);
        ck_assert_int_eq(seteuid(0), 0);
    } else {
        usable = tke_safe_file_make_dir("/", &error);
    }
    ck_assert(!usable);
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_FILE);
}
END_TEST

START_TEST(test_lines_are_appended_whole)
{
    g_autofree char *path = in_dir("log");
    struct stat info = { 0 };

    ck_assert(tke_safe_file_append_line(path, "one", 3, NULL));
    ck_assert(tke_safe_file_append_line(path, "two!", 3, NULL));
    ck_assert(tke_safe_file_append_line(path, "", 0, NULL));
    check_content(path, "one\ntwo\n\n");
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
}
END_TEST

START_TEST(test_a_line_that_does_not_fit_leaves_the_old_length)
{
    g_autofree char *path = in_dir("log");
    g_autoptr(GError) error = NULL;
    static const rlim_t limits[] = { 4, 5, 8 }; /* not a byte, one byte, all but the newline */

    ck_assert(tke_safe_file_append_line(path, "one", 3, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        limit_files(limits[i]);
        ck_assert(!tke_safe_file_append_line(path, "more", 4, &error));
        limit_files(RLIM_INFINITY);
        check_file_error(error, path);
        check_content(path, "one\n");
        g_clear_error(&error);
    }
    ck_assert(tke_safe_file_append_line(path, "more", 4, NULL));
    check_content(path, "one\nmore\n");
}
END_TEST

START_TEST(test_a_first_line_that_does_not_fit_leaves_no_file)
{
    g_autofree char *path = in_dir("log");

    limit_files(2);
    ck_assert(!tke_safe_file_append_line(path, "more", 4, NULL));
    limit_files(RLIM_INFINITY);
    ck_assert_uint_eq(count_entries(), 0);
}
END_TEST

START_TEST(test_a_directory_is_locked_once)
{
    g_autoptr(TkeDirLock) lock = tke_safe_file_lock_dir(dir, NULL);
    g_autoptr(TkeDirLock) again = NULL;
    g_autofree char *pid = g_strdup_printf("number %ld", (long) getpid());
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_nonnull(lock);
    ck_assert_ptr_null(tke_safe_file_lock_dir(dir, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_LOCKED);
    ck_assert_msg(strstr(error->message, pid) != NULL, "%s", error->message);
    tke_dir_lock_free(g_steal_pointer(&lock));
    again = tke_safe_file_lock_dir(dir, NULL);
    ck_assert_ptr_nonnull(again);
}
END_TEST

START_TEST(test_a_lock_ends_with_its_process_however_that_ends)
{
    g_autofree char *number = NULL;
    g_autoptr(TkeDirLock) lock = NULL;
    g_autoptr(GError) error = NULL;
    int ready[2] = { -1, -1 };
    char byte = 0;
    pid_t child = 0;

    ck_assert_int_eq(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        TkeDirLock *held = tke_safe_file_lock_dir(dir, NULL);

        if (held != NULL && write(ready[1], "", 1) == 1) {
            pause();
        }
        _exit(1);
    }
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    ck_assert_ptr_null(tke_safe_file_lock_dir(dir, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_LOCKED);
    number = g_strdup_printf("number %ld", (long) child);
    ck_assert_msg(strstr(error->message, number) != NULL, "%s", error->message);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    lock = tke_safe_file_lock_dir(dir, NULL);
    ck_assert_ptr_nonnull(lock);
}
END_TEST

START_TEST(test_a_lock_outlives_the_file_that_tells_of_it)
{
    g_autofree char *path = in_dir("lock");
    g_autoptr(TkeDirLock) lock = tke_safe_file_lock_dir(dir, NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_nonnull(lock);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_ptr_null(tke_safe_file_lock_dir(dir, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_LOCKED);
    g_clear_error(&error);
    put(path, "12345\n"); /* nor does another file in its place */
    ck_assert_ptr_null(tke_safe_file_lock_dir(dir, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_LOCKED);
    tke_dir_lock_free(g_steal_pointer(&lock));
    lock = tke_safe_file_lock_dir(dir, NULL);
    ck_assert_ptr_nonnull(lock);
}
END_TEST

/* As on network file systems, where the directory cannot be locked. */
START_TEST(test_a_locked_file_is_enough_to_be_turned_away)
{
    g_autofree char *path = in_dir("lock");
    g_autoptr(TkeDirLock) lock = NULL;
    g_autoptr(GError) error = NULL;
    int fd = -1;

    put(path, "12345\n");
    fd = open(path, O_RDWR | O_CLOEXEC);
    ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
    ck_assert_ptr_null(tke_safe_file_lock_dir(dir, &error));
    test_bytes_check_error(error, TKE_ERROR, TKE_ERROR_LOCKED);
    ck_assert_msg(strstr(error->message, "number 12345") != NULL, "%s", error->message);
    close(fd);
    lock = tke_safe_file_lock_dir(dir, NULL);
    ck_assert_ptr_nonnull(lock);
}
END_TEST

START_TEST(test_a_lock_needs_a_directory_and_follows_no_link)
{
    g_autofree char *missing = in_dir("missing");
    g_autofree char *link = in_dir("lock");
    g_autofree char *target = in_dir("target");
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(tke_safe_file_lock_dir(missing, &error));
    check_file_error(error, missing);
    g_clear_error(&error);
    put(target, "untouched");
    ck_assert_int_eq(symlink(target, link), 0);
    ck_assert_ptr_null(tke_safe_file_lock_dir(dir, &error));
    check_file_error(error, link);
    check_content(target, "untouched");
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, make_dir, drop_dir);
    tcase_add_test(tests, test_a_file_is_written_for_its_owner_alone);
    tcase_add_test(tests, test_an_open_copy_of_the_old_file_stays_as_it_was);
    tcase_add_test(tests, test_a_full_disk_leaves_the_old_file_and_no_temporary_one);
    tcase_add_test(tests, test_links_directories_and_pipes_are_not_replaced);
    tcase_add_test(tests, test_a_directory_without_rights_is_an_error_that_says_so);
    tcase_add_test(tests, test_a_file_is_read_up_to_its_limit);
    tcase_add_test(tests, test_a_large_file_is_read_whole);
    tcase_add_test(tests, test_a_missing_file_is_told_apart_from_other_faults);
    tcase_add_test(tests, test_directories_are_made_for_their_owner_alone);
    tcase_add_test(tests, test_directories_that_others_could_change_are_refused);
    tcase_add_test(tests, test_a_directory_of_another_user_is_refused);
    tcase_add_test(tests, test_lines_are_appended_whole);
    tcase_add_test(tests, test_a_line_that_does_not_fit_leaves_the_old_length);
    tcase_add_test(tests, test_a_first_line_that_does_not_fit_leaves_no_file);
    tcase_add_test(tests, test_a_directory_is_locked_once);
    tcase_add_test(tests, test_a_lock_ends_with_its_process_however_that_ends);
    tcase_add_test(tests, test_a_lock_outlives_the_file_that_tells_of_it);
    tcase_add_test(tests, test_a_locked_file_is_enough_to_be_turned_away);
    tcase_add_test(tests, test_a_lock_needs_a_directory_and_follows_no_link);
}

int
main(void)
{
    return test_main("safe-file", add_tests);
}
