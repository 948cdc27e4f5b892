/*
 * The activity log: every change of a line, and against a noted head every cut, is found.
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"
#include "libceremony/activity-log.h"
#include "tests/support/test-main.h"

typedef struct Log {
    char *dir;
    char *path;
    TkeActivityLog *log;
} Log;

static void
open_log(Log *log)
{
    log->dir = g_dir_make_tmp("opentke-log-XXXXXX", NULL);
    log->path = g_build_filename(log->dir, "activity.log", NULL);
    log->log = tke_activity_log_new(log->path, true);
}

static void
close_log(Log *log)
{
    tke_activity_log_free(log->log);
    g_remove(log->path);
    g_rmdir(log->dir);
    g_free(log->path);
    g_free(log->dir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Log, close_log)

static void
append(Log *log, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        g_autoptr(JsonObject) values = json_object_new();
        g_autoptr(GError) error = NULL;

        json_object_set_int_member(values, "value", i);
        ck_assert_msg(tke_activity_log_append(log->log, "tke-cryptounit-admin.add", values, &error),
                      "%s", error != NULL ? error->message : "");
    }
}

static bool
verifies(Log *log, const TkeLogHead *noted)
{
    TkeLogHead now;
    g_autoptr(GError) error = NULL;
    bool ok = tke_activity_log_verify(log->log, noted, &now, &error);

    ck_assert(ok == (error == NULL));
    ck_assert(ok || g_error_matches(error, TKE_ERROR, TKE_ERROR_VERIFY));
    return ok;
}

static TkeLogHead
head_of(Log *log)
{
    TkeLogHead head;

    ck_assert(tke_activity_log_get_head(log->log, &head, NULL));
    return head;
}

/* The lines of the file, to be changed and written back. */
static char **
read_lines(Log *log)
{
    g_autofree char *text = NULL;

    ck_assert(g_file_get_contents(log->path, &text, NULL, NULL));
    return g_strsplit(text, "\n", -1);
}

static void
write_lines(Log *log, char **lines)
{
    g_autofree char *text = g_strjoinv("\n", lines);

    ck_assert(g_file_set_contents(log->path, text, -1, NULL));
}

START_TEST(test_an_empty_log_verifies_and_has_head_zero)
{
    g_auto(Log) log = { 0 };

    open_log(&log);
    ck_assert(verifies(&log, NULL));
    ck_assert_uint_eq(head_of(&log).count, 0);
}
END_TEST

START_TEST(test_entries_are_numbered_and_say_that_they_are_of_a_rehearsal)
{
    g_auto(Log) log = { 0 };
    g_auto(GStrv) lines = NULL;

    open_log(&log);
    append(&log, 3);
    lines = tke_activity_log_read(log.log, 0, NULL);
    ck_assert_uint_eq(g_strv_length(lines), 3);
    ck_assert_ptr_nonnull(strstr(lines[0], "\"seq\":1,"));
    ck_assert_ptr_nonnull(strstr(lines[2], "\"seq\":3,"));
    ck_assert_ptr_nonnull(strstr(lines[0], "\"rehearsal\":true"));
    ck_assert_uint_eq(head_of(&log).count, 3);
    ck_assert(verifies(&log, NULL));
}
END_TEST

START_TEST(test_every_changed_byte_before_the_last_line_is_found)
{
    g_auto(Log) log = { 0 };
    g_auto(GStrv) lines = NULL;
    size_t len;

    open_log(&log);
    append(&log, 3);
    lines = read_lines(&log);
    len = strlen(lines[1]);
    for (size_t i = 0; i < len; i++) {
        lines[1][i] = (char) (lines[1][i] ^ 1);
        write_lines(&log, lines);
        ck_assert_msg(!verifies(&log, NULL), "byte %zu", i);
        lines[1][i] = (char) (lines[1][i] ^ 1);
    }
}
END_TEST

START_TEST(test_a_missing_or_added_line_is_found)
{
    g_auto(Log) log = { 0 };
    g_auto(GStrv) lines = NULL;
    char *two[] = { NULL, NULL, NULL, NULL };
    char *twice[] = { NULL, NULL, NULL, NULL, NULL, NULL };

    open_log(&log);
    append(&log, 3);
    lines = read_lines(&log);
    two[0] = lines[0];
    two[1] = lines[2];
    two[2] = lines[3];
    write_lines(&log, two);
    ck_assert(!verifies(&log, NULL));
    memcpy(twice, (char *[]){ lines[0], lines[0], lines[1], lines[2], lines[3] },
           5 * sizeof *twice);
    write_lines(&log, twice);
    ck_assert(!verifies(&log, NULL));
}
END_TEST

START_TEST(test_a_cut_end_shows_only_against_a_noted_head)
{
    g_auto(Log) log = { 0 };
    g_auto(GStrv) lines = NULL;
    char *cut[] = { NULL, NULL, NULL };
    TkeLogHead noted;

    open_log(&log);
    append(&log, 3);
    noted = head_of(&log);
    lines = read_lines(&log);
    cut[0] = lines[0];
    cut[1] = lines[3];
    write_lines(&log, cut);
    ck_assert(verifies(&log, NULL));
    ck_assert(!verifies(&log, &noted));
}
END_TEST

START_TEST(test_a_log_written_anew_shows_against_a_noted_head)
{
    g_auto(Log) log = { 0 };
    TkeLogHead noted;

    open_log(&log);
    append(&log, 2);
    noted = head_of(&log);
    append(&log, 1);
    ck_assert(verifies(&log, &noted));
    g_remove(log.path);
    append(&log, 1);
    append(&log, 5);
    ck_assert(verifies(&log, NULL));
    ck_assert(!verifies(&log, &noted));
}
END_TEST

START_TEST(test_heads_go_through_text)
{
    g_auto(Log) log = { 0 };
    TkeLogHead head;
    TkeLogHead back;
    g_autofree char *text = NULL;

    open_log(&log);
    append(&log, 2);
    head = head_of(&log);
    text = tke_activity_log_head_to_text(&head);
    ck_assert(tke_activity_log_head_from_text(text, &back, NULL));
    ck_assert_uint_eq(back.count, head.count);
    ck_assert_str_eq(back.hash, head.hash);
    ck_assert(!tke_activity_log_head_from_text("2", &back, NULL));
    ck_assert(!tke_activity_log_head_from_text("x:00", &back, NULL));
    ck_assert(!tke_activity_log_head_from_text("2:00", &back, NULL));
}
END_TEST

START_TEST(test_a_line_that_was_never_finished_is_removed_and_said)
{
    g_auto(Log) log = { 0 };
    g_autofree char *text = NULL;
    g_autofree char *torn = NULL;
    g_auto(GStrv) lines = NULL;

    open_log(&log);
    append(&log, 2);
    ck_assert(g_file_get_contents(log.path, &text, NULL, NULL));
    torn = g_strconcat(text, "{\"seq\":3,\"ti", NULL);
    ck_assert(g_file_set_contents(log.path, torn, -1, NULL));
    ck_assert(!verifies(&log, NULL));
    append(&log, 1);
    ck_assert(verifies(&log, NULL));
    lines = tke_activity_log_read(log.log, 1, NULL);
    ck_assert_ptr_nonnull(strstr(lines[0], "\"removed_tail_bytes\":12"));
}
END_TEST

START_TEST(test_a_line_that_lacks_only_its_newline_is_kept)
{
    g_auto(Log) log = { 0 };
    g_autofree char *text = NULL;
    g_auto(GStrv) mended = NULL;
    gsize len = 0;
    TkeLogHead noted;

    open_log(&log);
    append(&log, 3);
    noted = head_of(&log);
    ck_assert(g_file_get_contents(log.path, &text, &len, NULL));
    ck_assert(g_file_set_contents(log.path, text, (gssize) len - 1, NULL));
    ck_assert(!verifies(&log, NULL));
    append(&log, 1);
    ck_assert(verifies(&log, &noted));
    ck_assert_uint_eq(head_of(&log).count, 4);
    mended = tke_activity_log_read_mended(log.log, NULL);
    ck_assert_uint_eq(g_strv_length(mended), 0);
}
END_TEST

START_TEST(test_whole_lines_that_do_not_follow_are_removed_and_told)
{
    g_auto(Log) log = { 0 };
    g_auto(GStrv) lines = NULL;
    g_auto(GStrv) mended = NULL;
    g_autofree char *again = NULL;

    open_log(&log);
    append(&log, 2);
    lines = read_lines(&log);
    again = g_strdup_printf("%s\n%s\n%s", lines[0], lines[1], lines[1]); /* a second time */
    ck_assert(g_file_set_contents(log.path, again, -1, NULL));
    append(&log, 2);
    ck_assert(verifies(&log, NULL));
    ck_assert_uint_eq(head_of(&log).count, 4);
    mended = tke_activity_log_read_mended(log.log, NULL);
    ck_assert_uint_eq(g_strv_length(mended), 1);
    ck_assert_ptr_nonnull(strstr(mended[0], "\"seq\":3,"));
}
END_TEST

START_TEST(test_lines_of_any_form_are_found_to_be_no_entries)
{
    static const char *const lines[] = {
        "",
        "5",
        "{\"seq\":1,\"prev\":5}",
        "{\"seq\":1,\"prev\":null}",
        "{\"seq\":1}",
        "{\"seq\":[1],\"prev\":{}}",
    };
    g_autofree char *deep = g_strnfill(2000000, '[');

    for (unsigned i = 0; i <= G_N_ELEMENTS(lines); i++) {
        g_auto(Log) log = { 0 };
        const char *line = i < G_N_ELEMENTS(lines) ? lines[i] : deep;
        g_autofree char *text = g_strconcat(line, "\n", NULL);

        open_log(&log);
        ck_assert(g_file_set_contents(log.path, text, -1, NULL));
        ck_assert(!verifies(&log, NULL));
    }
}
END_TEST

START_TEST(test_a_text_that_is_no_utf_8_does_not_end_the_log)
{
    g_auto(Log) log = { 0 };
    g_autoptr(JsonObject) values = json_object_new();

    open_log(&log);
    json_object_set_string_member(values, "error", "it said \xff\xc3");
    ck_assert(tke_activity_log_append(log.log, "a", values, NULL));
    append(&log, 1);
    ck_assert(verifies(&log, NULL));
    ck_assert_uint_eq(head_of(&log).count, 2);
}
END_TEST

START_TEST(test_nothing_is_appended_to_a_last_line_that_is_no_entry)
{
    static const char *const lines[] = { "", "[", "{\"seq\":\"1\"}" };
    g_autofree char *deep = g_strnfill(2000000, '[');

    for (unsigned i = 0; i <= G_N_ELEMENTS(lines); i++) {
        g_auto(Log) log = { 0 };
        const char *line = i < G_N_ELEMENTS(lines) ? lines[i] : deep;
        g_autofree char *text = g_strconcat(line, "\n", NULL);
        g_autofree char *after = NULL;
        g_autoptr(GError) error = NULL;

        open_log(&log);
        ck_assert(g_file_set_contents(log.path, text, -1, NULL));
        ck_assert(!tke_activity_log_append(log.log, "a", NULL, &error));
        ck_assert_ptr_nonnull(error);
        ck_assert(g_file_get_contents(log.path, &after, NULL, NULL));
        ck_assert_str_eq(after, text);
    }
}
END_TEST

START_TEST(test_a_full_disk_leaves_the_log_as_it_was)
{
    g_auto(Log) log = { 0 };
    g_autoptr(JsonObject) values = json_object_new();
    g_autoptr(GError) error = NULL;
    struct rlimit limit;
    struct rlimit small;
    TkeLogHead before;
    GStatBuf info;

    open_log(&log);
    append(&log, 2);
    before = head_of(&log);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    ck_assert_int_eq(g_stat(log.path, &info), 0);
    small.rlim_cur = (rlim_t) info.st_size + 10;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    ck_assert(!tke_activity_log_append(log.log, "x", values, &error));
    ck_assert(g_error_matches(error, TKE_ERROR, TKE_ERROR_FILE));
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_str_eq(head_of(&log).hash, before.hash);
    ck_assert(verifies(&log, &before));
    append(&log, 1);
    ck_assert(verifies(&log, &before));
}
END_TEST

static int
hold(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    return fd;
}

/* Whether somebody waits for the lock of this file. */
static bool
is_waited_for(int fd)
{
    g_autofree char *locks = NULL;
    g_autofree char *inode = NULL;
    g_auto(GStrv) lines = NULL;
    struct stat info = { 0 };
    bool waited = false;

    ck_assert_int_eq(fstat(fd, &info), 0);
    inode = g_strdup_printf(":%lu ", (unsigned long) info.st_ino);
    ck_assert(g_file_get_contents("/proc/locks", &locks, NULL, NULL));
    lines = g_strsplit(locks, "\n", -1);
    for (unsigned i = 0; lines[i] != NULL; i++) {
        waited = waited || (strstr(lines[i], "-> ") != NULL && strstr(lines[i], inode) != NULL);
    }
    return waited;
}

typedef struct Writer {
    Log *log;
    int done; /* atomic */
} Writer;

static gpointer
write_one(gpointer data)
{
    Writer *writer = data;

    append(writer->log, 1);
    g_atomic_int_set(&writer->done, 1);
    return NULL;
}

static void
wait_for_waiter(Writer *writer, int fd)
{
    while (!is_waited_for(fd)) {
        ck_assert_int_eq(g_atomic_int_get(&writer->done), 0);
        g_usleep(1000);
    }
}

/* A log is moved away, and begun anew by another program, while one waits for its lock. */
START_TEST(test_a_log_that_was_replaced_is_not_written_without_its_lock)
{
    g_auto(Log) log = { 0 };
    Writer writer = { .log = &log };
    g_autofree char *moved = NULL;
    GThread *thread = NULL;
    int old = -1;
    int new = -1;

    open_log(&log);
    append(&log, 2);
    moved = g_strconcat(log.path, ".1", NULL);
    old = hold(log.path);
    thread = g_thread_new("writer", write_one, &writer);
    wait_for_waiter(&writer, old);
    ck_assert_int_eq(g_rename(log.path, moved), 0);
    new = hold(log.path);
    close(old);
    wait_for_waiter(&writer, new);
    close(new);
    g_thread_join(thread);
    ck_assert_uint_eq(head_of(&log).count, 1);
    ck_assert(verifies(&log, NULL));
    g_remove(moved);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_a_log_that_was_replaced_is_not_written_without_its_lock);
    tcase_add_test(tests, test_an_empty_log_verifies_and_has_head_zero);
    tcase_add_test(tests, test_entries_are_numbered_and_say_that_they_are_of_a_rehearsal);
    tcase_add_test(tests, test_every_changed_byte_before_the_last_line_is_found);
    tcase_add_test(tests, test_a_missing_or_added_line_is_found);
    tcase_add_test(tests, test_a_cut_end_shows_only_against_a_noted_head);
    tcase_add_test(tests, test_a_log_written_anew_shows_against_a_noted_head);
    tcase_add_test(tests, test_heads_go_through_text);
    tcase_add_test(tests, test_a_line_that_was_never_finished_is_removed_and_said);
    tcase_add_test(tests, test_a_line_that_lacks_only_its_newline_is_kept);
    tcase_add_test(tests, test_whole_lines_that_do_not_follow_are_removed_and_told);
    tcase_add_test(tests, test_lines_of_any_form_are_found_to_be_no_entries);
    tcase_add_test(tests, test_a_text_that_is_no_utf_8_does_not_end_the_log);
    tcase_add_test(tests, test_nothing_is_appended_to_a_last_line_that_is_no_entry);
    tcase_add_test(tests, test_a_full_disk_leaves_the_log_as_it_was);
}

int
main(void)
{
    return test_main("activity-log", add_tests);
}
