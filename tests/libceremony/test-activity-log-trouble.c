/*
 * The activity log in the way of other programs, a full disk, a wrong clock, and files that are
 * none.
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

/* Lines whose hashes are right, and the last of which has this number. */
static void
write_last_number(const Log *log, const char *number)
{
    g_autofree char *text =
        g_strdup_printf("{\"seq\":%s,\"time\":\"2099-01-01T00:00:00Z\",\"action\":\"a\","
                        "\"prev\":\"%064d\"}\n",
                        number, 0);

    ck_assert(g_file_set_contents(log->path, text, -1, NULL));
}

START_TEST(test_a_number_that_has_no_next_one_is_refused)
{
    g_auto(Log) log = { 0 };
    g_autoptr(GError) error = NULL;

    open_log(&log);
    write_last_number(&log, "9223372036854775807");
    ck_assert(!tke_activity_log_append(log.log, "a", NULL, &error));
    ck_assert(g_error_matches(error, TKE_ERROR, TKE_ERROR_VERIFY));
}
END_TEST

START_TEST(test_a_clock_that_went_back_is_said)
{
    g_auto(Log) log = { 0 };
    g_auto(GStrv) lines = NULL;

    open_log(&log);
    write_last_number(&log, "1");
    append(&log, 2);
    ck_assert(verifies(&log, NULL)); /* the numbers tell the order */
    lines = tke_activity_log_read(log.log, 0, NULL);
    ck_assert_uint_eq(g_strv_length(lines), 3);
    ck_assert_ptr_null(strstr(lines[0], "clock_went_back"));
    ck_assert_ptr_nonnull(strstr(lines[1], "\"clock_went_back\":true"));
    ck_assert_ptr_null(strstr(lines[2], "clock_went_back"));
}
END_TEST

#define WRITERS 4
#define ENTRIES_EACH 20

/* Appends in a process of its own, and reads what others append meanwhile. */
static pid_t
start_writer(Log *log)
{
    pid_t child = fork();

    if (child == 0) {
        for (unsigned i = 0; i < ENTRIES_EACH; i++) {
            TkeLogHead head;

            if (!tke_activity_log_append(log->log, "a", NULL, NULL) ||
                !tke_activity_log_verify(log->log, NULL, &head, NULL)) {
                _exit(1);
            }
        }
        _exit(0);
    }
    return child;
}

START_TEST(test_programs_that_record_at_the_same_time_make_one_chain)
{
    g_auto(Log) log = { 0 };
    pid_t children[WRITERS];

    open_log(&log);
    for (unsigned i = 0; i < WRITERS; i++) {
        children[i] = start_writer(&log);
        ck_assert_int_gt(children[i], 0);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        int status = 0;

        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    ck_assert(verifies(&log, NULL));
    ck_assert_uint_eq(head_of(&log).count, WRITERS * ENTRIES_EACH);
}
END_TEST

/* Waits until the other process is at the lock: what it does next does not matter, it must not use
 * this file. */
static void
wait_for_opener(pid_t child, const char *path)
{
    g_autofree char *dir = g_strdup_printf("/proc/%d/fd", (int) child);

    for (bool found = false; !found; g_usleep(1000)) {
        g_autoptr(GDir) fds = g_dir_open(dir, 0, NULL);
        const char *name;

        while (fds != NULL && (name = g_dir_read_name(fds)) != NULL) {
            g_autofree char *link = g_build_filename(dir, name, NULL);
            g_autofree char *target = g_file_read_link(link, NULL);

            found = found || g_strcmp0(target, path) == 0;
        }
    }
}

START_TEST(test_a_log_that_is_moved_away_gets_no_more_entries)
{
    g_auto(Log) log = { 0 };
    g_autofree char *old = NULL;
    g_autofree char *other = NULL;
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    int status = 0;
    pid_t child;
    int fd;

    open_log(&log);
    append(&log, 2);
    old = g_strconcat(log.path, ".old", NULL);
    other = g_strconcat(log.path, ".other", NULL);
    ck_assert_int_eq(link(log.path, other), 0); /* a name of its own for our descriptor */
    ck_assert(g_file_get_contents(log.path, &before, NULL, NULL));
    fd = open(other, O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(flock(fd, LOCK_EX), 0);
    child = fork();
    if (child == 0) {
        close(fd);
        _exit(tke_activity_log_append(log.log, "a", NULL, NULL) ? 0 : 1);
    }
    wait_for_opener(child, log.path);
    ck_assert_int_eq(rename(log.path, old), 0);
    close(fd);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert(g_file_get_contents(old, &after, NULL, NULL));
    ck_assert_str_eq(after, before);
    ck_assert(verifies(&log, NULL));
    ck_assert_uint_eq(head_of(&log).count, 1);
    (void) g_unlink(old);
    (void) g_unlink(other);
}
END_TEST

START_TEST(test_what_is_no_file_of_its_own_is_no_log)
{
    g_auto(Log) log = { 0 };
    g_autofree char *other = NULL;
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    TkeLogHead head;

    open_log(&log);
    other = g_strconcat(log.path, ".other", NULL);
    ck_assert(g_file_set_contents(other, "", -1, NULL));
    ck_assert_int_eq(symlink(other, log.path), 0);
    ck_assert(!tke_activity_log_append(log.log, "a", NULL, &error));
    ck_assert_msg(strstr(error->message, "symbolic link") != NULL, "%s", error->message);
    ck_assert(!tke_activity_log_get_head(log.log, &head, NULL));
    ck_assert(g_file_get_contents(other, &text, NULL, NULL));
    ck_assert_str_eq(text, "");
    ck_assert_int_eq(g_unlink(log.path), 0);
    ck_assert_int_eq(mkfifo(log.path, 0600), 0); /* nobody waits for a writer */
    ck_assert(!tke_activity_log_append(log.log, "a", NULL, NULL));
    ck_assert(!tke_activity_log_get_head(log.log, &head, NULL));
    (void) g_unlink(other);
}
END_TEST

START_TEST(test_a_full_disk_keeps_a_line_that_was_never_finished)
{
    g_auto(Log) log = { 0 };
    g_autofree char *text = NULL;
    g_autofree char *torn = NULL;
    g_autofree char *after = NULL;
    struct rlimit limit;
    struct rlimit small;

    open_log(&log);
    append(&log, 2);
    ck_assert(g_file_get_contents(log.path, &text, NULL, NULL));
    torn = g_strconcat(text, "{\"seq\":3,\"ti", NULL);
    ck_assert(g_file_set_contents(log.path, torn, -1, NULL));
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = (rlim_t) strlen(torn);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    ck_assert(!tke_activity_log_append(log.log, "x", NULL, NULL));
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert(g_file_get_contents(log.path, &after, NULL, NULL));
    ck_assert_str_eq(after, torn);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, test_a_number_that_has_no_next_one_is_refused);
    tcase_add_test(tests, test_a_clock_that_went_back_is_said);
    tcase_add_test(tests, test_programs_that_record_at_the_same_time_make_one_chain);
    tcase_add_test(tests, test_a_log_that_is_moved_away_gets_no_more_entries);
    tcase_add_test(tests, test_what_is_no_file_of_its_own_is_no_log);
    tcase_add_test(tests, test_a_full_disk_keeps_a_line_that_was_never_finished);
}

int
main(void)
{
    return test_main("activity-log-trouble", add_tests);
}
