/*
 * Disks that are full, files that are damaged, directories that are none: what the operator is
 * told, and that nothing is lost.
 */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/error.h"
#include "common/safe-file.h"
#include "libceremony/advice.h"
#include "libceremony/missed-entries.h"
#include "libceremony/op-admins.h"
#include "libceremony/op-key-part.h"
#include "tests/libceremony/ceremony-world.h"
#include "tests/support/test-main.h"

#define UNITS 2u

static bool
add_admin(CeremonyWorld *world, const char *card, GError **error)
{
    g_auto(TkeAdminResult) result = { .units = NULL };

    ceremony_world_hand(world, 1, card, NULL);
    return tke_op_admin_add(world->op, world->units, &result, error);
}

static SimUnit *
unit_of(CeremonyWorld *world, unsigned number)
{
    return sim_service_get_unit(world->service, number - 1);
}

static CeremonyWorld *
admins_world(void)
{
    CeremonyWorld *world = ceremony_world_new(UNITS);

    ceremony_world_make_zone(world);
    ceremony_world_make_admin(world, "admin-1", "Alice");
    ceremony_world_make_admin(world, "admin-2", "Bob");
    ceremony_world_add_admins(world, 2);
    return world;
}

static void
check_advice(const GError *error)
{
    g_autofree char *advice = tke_advice_for_error(error);

    ck_assert_ptr_nonnull(error);
    ck_assert_msg(advice != NULL || strstr(error->message, "tke c") != NULL, "%s", error->message);
}

static bool
generate_part(CeremonyWorld *world, GError **error)
{
    const TkeGeneratePartParams params = { .description = "part" };

    return tke_op_generate_key_part(world->op, &params, NULL, NULL, error);
}

static unsigned
parts_of(CeremonyWorld *world, const char *name)
{
    SimCardInfo info;

    sim_card_get_info(g_hash_table_lookup(world->by_name, name), &info);
    return info.parts;
}

START_TEST(test_nothing_is_begun_where_the_log_cannot_be_written)
{
    g_autoptr(CeremonyWorld) world = admins_world();
    g_autoptr(GError) error = NULL;
    const char *path = tke_activity_log_get_path(world->log);

    ck_assert_int_eq(g_remove(path), 0);
    ck_assert_int_eq(g_mkdir(path, 0700), 0);
    ceremony_world_hand(world, 2, "admin-1", NULL);
    ck_assert(!generate_part(world, &error));
    ck_assert_msg(g_error_matches(error, TKE_ERROR, TKE_ERROR_FILE), "%s", error->message);
    ck_assert_ptr_nonnull(strstr(error->message, path));
    ck_assert_str_eq(world->prompts->str, "");
    ck_assert_uint_eq(parts_of(world, "admin-1"), 0);
}
END_TEST

static void
limit_files(rlim_t size)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static rlim_t
size_of_log(CeremonyWorld *world)
{
    GStatBuf info;

    ck_assert_int_eq(g_stat(tke_activity_log_get_path(world->log), &info), 0);
    return (rlim_t) info.st_size;
}

START_TEST(test_nothing_is_begun_on_a_full_disk)
{
    g_autoptr(CeremonyWorld) world = admins_world();
    g_autoptr(GError) error = NULL;
    const rlim_t before = size_of_log(world);

    ceremony_world_hand(world, 2, "admin-1", NULL);
    limit_files(before + 20);
    ck_assert(!generate_part(world, &error));
    limit_files(RLIM_INFINITY);
    ck_assert_msg(g_str_has_prefix(error->message, "nothing was begun: "), "%s", error->message);
    ck_assert_ptr_nonnull(strstr(error->message, tke_activity_log_get_path(world->log)));
    ck_assert_str_eq(world->prompts->str, "");
    ck_assert_uint_eq(parts_of(world, "admin-1"), 0);
    ck_assert(before == size_of_log(world));
    g_clear_error(&error);
    card_world_check(generate_part(world, &error), error);
}
END_TEST

/* While a PIN is typed somebody fills the disk. */
static void
fill_disk(CeremonyWorld *world)
{
    limit_files(size_of_log(world) + 20);
}

START_TEST(test_a_step_that_was_done_on_a_full_disk_is_told_as_done)
{
    g_autoptr(CeremonyWorld) world = admins_world();
    g_autoptr(GError) error = NULL;
    GStatBuf before;
    GStatBuf after;
    TkeLogHead head;

    ck_assert_int_eq(g_stat(tke_activity_log_get_path(world->log), &before), 0);
    ceremony_world_hand(world, 2, "admin-1", NULL);
    world->at_pin = fill_disk;
    ck_assert(!generate_part(world, &error));
    limit_files(RLIM_INFINITY);
    ck_assert_msg(strstr(error->message, "was done, but could not be recorded") != NULL, "%s",
                  error->message);
    check_advice(error);
    ck_assert_uint_eq(parts_of(world, "admin-1"), 1);
    g_clear_error(&error);
    ck_assert_int_eq(g_stat(tke_activity_log_get_path(world->log), &after), 0);
    ck_assert_int_eq(before.st_size, after.st_size);
    card_world_check(tke_activity_log_verify(world->log, NULL, &head, &error), error);
}
END_TEST

/* The entries of the log, a line each. */
static char *
entries_of(CeremonyWorld *world)
{
    g_autofree char *text = NULL;

    ck_assert(g_file_get_contents(tke_activity_log_get_path(world->log), &text, NULL, NULL));
    return g_strdup(text);
}

/* Generates a part that cannot be recorded. */
static void
generate_unrecorded(CeremonyWorld *world)
{
    g_autoptr(GError) error = NULL;

    ceremony_world_hand(world, 2, "admin-1", NULL);
    world->at_pin = fill_disk;
    ck_assert(!generate_part(world, &error));
    limit_files(RLIM_INFINITY);
    ck_assert_msg(g_error_matches(error, TKE_ERROR, TKE_ERROR_NOT_RECORDED), "%s", error->message);
}

START_TEST(test_the_next_entry_follows_one_that_tells_what_is_missing)
{
    g_autoptr(CeremonyWorld) world = admins_world();
    g_autofree char *log = NULL;
    g_autoptr(GError) error = NULL;
    const char *missed;
    const char *next;
    TkeLogHead before;
    TkeLogHead after;

    ck_assert(tke_activity_log_get_head(world->log, &before, NULL));
    generate_unrecorded(world);
    ceremony_world_restart(world);     /* another process */
    for (unsigned i = 0; i < 2; i++) { /* it is told once */
        ceremony_world_hand(world, 2, "admin-1", NULL);
        card_world_check(generate_part(world, &error), error);
        ceremony_world_go_on(world);
    }
    card_world_check(tke_activity_log_verify(world->log, &before, &after, &error), error);
    ck_assert_uint_eq(after.count, before.count + 3);
    log = entries_of(world);
    missed = strstr(log, "\"action\":\"opentke-log.missed\"");
    ck_assert_msg(missed != NULL, "%s", log);
    ck_assert_ptr_nonnull(
        strstr(missed, "\"missed\":[{\"action\":\"opentke-card.key-part.generate\",\"time\":\"20"));
    ck_assert_ptr_nonnull(strstr(missed, "Z\",\"result\":\"done\"}],\"prev\""));
    next = strstr(missed + 1, "\"action\":\"opentke-card.key-part.generate\",\"rehearsal\"");
    ck_assert_msg(next != NULL, "%s", missed); /* the step after it */
    ck_assert_ptr_null(strstr(next, "opentke-log.missed"));
}
END_TEST

START_TEST(test_what_is_kept_of_missing_entries_is_bounded)
{
    g_autoptr(CeremonyWorld) world = admins_world();
    g_autofree char *long_text = g_strnfill(5000, '"');
    g_autofree char *path = g_strconcat(tke_activity_log_get_path(world->log), ".missed", NULL);
    g_autofree char *log = NULL;
    g_autoptr(GError) error = NULL;
    TkeLogHead head;
    GStatBuf info;

    for (unsigned i = 0; i < 20; i++) {
        tke_missed_entries_add(world->log, long_text, long_text);
    }
    ck_assert_int_eq(g_stat(path, &info), 0);
    ck_assert_int_eq(info.st_size, 4096);
    ck_assert_int_eq(info.st_mode & 0777, 0600);
    ceremony_world_hand(world, 2, "admin-1", NULL);
    card_world_check(generate_part(world, &error), error);
    log = entries_of(world);
    ck_assert_ptr_nonnull(strstr(log, "],\"more\":4,\"prev\""));
    card_world_check(tke_activity_log_verify(world->log, NULL, &head, &error), error);
}
END_TEST

/* Who could not even keep what is missing begins nothing. */
START_TEST(test_nothing_is_begun_where_missing_entries_could_not_be_kept)
{
    g_autoptr(CeremonyWorld) world = admins_world();
    g_autofree char *path = g_strconcat(tke_activity_log_get_path(world->log), ".missed", NULL);
    g_autoptr(GError) error = NULL;

    (void) g_remove(path);
    ck_assert_int_eq(symlink("/dev/null", path), 0);
    ceremony_world_hand(world, 2, "admin-1", NULL);
    ck_assert(!generate_part(world, &error));
    ck_assert_msg(g_str_has_prefix(error->message, "nothing was begun: "), "%s", error->message);
    ck_assert_ptr_nonnull(strstr(error->message, path));
    ck_assert_uint_eq(parts_of(world, "admin-1"), 0);
}
END_TEST

/* While the plan is read the log becomes what cannot be written. */
static void
spoil_log(CeremonyWorld *world)
{
    const char *path = tke_activity_log_get_path(world->log);

    ck_assert_int_eq(g_remove(path), 0);
    ck_assert_int_eq(g_mkdir(path, 0700), 0);
}

START_TEST(test_commands_that_were_done_count_though_they_could_not_be_recorded)
{
    g_autoptr(CeremonyWorld) world = admins_world();
    g_autofree char *log = NULL;
    g_autoptr(GError) error = NULL;

    ceremony_world_make_admin(world, "admin-3", "Carol");
    world->meanwhile = spoil_log;
    ck_assert(!add_admin(world, "admin-3", &error));
    ck_assert_msg(strstr(error->message, "was done in all 2 crypto units, but") != NULL, "%s",
                  error->message);
    ck_assert_uint_eq(sim_unit_get_n_admins(unit_of(world, 1)), 3);
    ck_assert_uint_eq(sim_unit_get_n_admins(unit_of(world, 2)), 3);
    /* once there is a log again it tells of both */
    ck_assert_int_eq(g_rmdir(tke_activity_log_get_path(world->log)), 0);
    ceremony_world_go_on(world);
    ceremony_world_hand(world, 2, "admin-1", NULL);
    g_clear_error(&error);
    card_world_check(generate_part(world, &error), error);
    log = entries_of(world);
    ck_assert_msg(g_str_has_prefix(log, "{\"seq\":1,") &&
                      strstr(log, "\"missed\":[{\"action\":\"tke-cryptounit-admin.add\"") != NULL &&
                      strstr(log, "},{\"action\":\"tke-cryptounit-admin.add\"") != NULL,
                  "%s", log);
}
END_TEST

START_TEST(test_a_data_directory_that_is_none_is_named)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autofree char *path = g_build_filename(world->dir, "file", NULL);
    const TkeWorldParams params = { .region = "us-south",
                                    .directory = path,
                                    .state_directory = "/" };
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeWorld) real = NULL;

    ck_assert(g_file_set_contents(path, "x", 1, NULL));
    real = tke_world_new(&params, &error);
    card_world_check(real != NULL, error);
    ck_assert_ptr_null(tke_unit_directory_new(real, &error));
    ck_assert_msg(g_error_matches(error, TKE_ERROR, TKE_ERROR_SETUP), "%s", error->message);
    ck_assert_ptr_nonnull(strstr(error->message, path));
}
END_TEST

START_TEST(test_damaged_files_of_the_data_directory_are_named)
{
    g_autoptr(CeremonyWorld) world = admins_world();
    g_autoptr(GDir) dir = g_dir_open(world->dir, 0, NULL);
    g_autofree char *deep = g_strnfill(2000000, '[');
    const char *name;
    unsigned n = 0;

    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(world->dir, name, NULL);
        g_autofree char *kept = NULL;
        g_autoptr(GError) error = NULL;
        gsize len = 0;

        if (!g_str_has_suffix(name, ".json")) {
            continue;
        }
        ck_assert(g_file_get_contents(path, &kept, &len, NULL));
        ck_assert(g_file_set_contents(path, kept, (gssize) len / 2, NULL));
        ck_assert_ptr_null(tke_unit_directory_new(world->world, &error));
        ck_assert_msg(strstr(error->message, name) != NULL, "%s", error->message);
        g_clear_error(&error);
        ck_assert(g_file_set_contents(path, deep, -1, NULL)); /* no end to the recursion */
        ck_assert_ptr_null(tke_unit_directory_new(world->world, &error));
        ck_assert_msg(strstr(error->message, name) != NULL, "%s", error->message);
        ck_assert(g_file_set_contents(path, kept, (gssize) len, NULL));
        n++;
    }
    ck_assert_uint_ge(n, 2);
}
END_TEST

/* Holds the lock until the other end of the pipe is closed. */
static void
hold_lock(const char *dir, int ready, int until)
{
    g_autoptr(TkeDirLock) lock = tke_safe_file_lock_dir(dir, NULL);
    char byte = lock != NULL ? 'l' : 'n';

    if (write(ready, &byte, 1) == 1) {
        (void) !read(until, &byte, 1);
    }
    _exit(0);
}

START_TEST(test_a_second_process_on_a_data_directory_is_turned_away)
{
    g_autoptr(CeremonyWorld) world = ceremony_world_new(1);
    g_autoptr(TkeDirLock) lock = NULL;
    g_autoptr(GError) error = NULL;
    int ready[2];
    int until[2];
    char byte = 0;
    pid_t other;

    ck_assert_int_eq(pipe(ready), 0);
    ck_assert_int_eq(pipe(until), 0);
    other = fork();
    ck_assert_int_ge(other, 0);
    if (other == 0) {
        close(until[1]);
        hold_lock(world->dir, ready[1], until[0]);
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_int_eq(byte, 'l');
    lock = tke_safe_file_lock_dir(world->dir, &error);
    ck_assert_ptr_null(lock);
    ck_assert_msg(g_error_matches(error, TKE_ERROR, TKE_ERROR_LOCKED), "%s", error->message);
    check_advice(error);
    g_clear_error(&error);

    close(until[1]); /* the other ends, however: the lock is free */
    ck_assert_int_eq(waitpid(other, NULL, 0), other);
    lock = tke_safe_file_lock_dir(world->dir, &error);
    card_world_check(lock != NULL, error);
    close(until[0]);
    close(ready[0]);
    close(ready[1]);
}
END_TEST

static void
add_tests(TCase *tests)
{
    tcase_add_test(tests, test_nothing_is_begun_where_the_log_cannot_be_written);
    tcase_add_test(tests, test_nothing_is_begun_on_a_full_disk);
    tcase_add_test(tests, test_a_step_that_was_done_on_a_full_disk_is_told_as_done);
    tcase_add_test(tests, test_the_next_entry_follows_one_that_tells_what_is_missing);
    tcase_add_test(tests, test_what_is_kept_of_missing_entries_is_bounded);
    tcase_add_test(tests, test_nothing_is_begun_where_missing_entries_could_not_be_kept);
    tcase_add_test(tests, test_commands_that_were_done_count_though_they_could_not_be_recorded);
    tcase_add_test(tests, test_a_data_directory_that_is_none_is_named);
    tcase_add_test(tests, test_a_second_process_on_a_data_directory_is_turned_away);
    tcase_add_test(tests, test_damaged_files_of_the_data_directory_are_named);
}

int
main(void)
{
    return test_main("bad-input-disks", add_tests);
}
