/*
 * An activity log with any content: it is read, checked, and goes on. What was verified once is
 * verified with the head that it had, also after an entry more; a changed line is never taken for
 * the one before.
 */
#include <string.h>
#include <unistd.h>

#include "libceremony/activity-log.h"
#include "tests/fuzz/fuzz-dir.h"

static char *dir;

static void
stop(void)
{
    fuzz_dir_remove(dir);
    g_free(dir);
}

static char *
write_log(const uint8_t *data, size_t size)
{
    char *path = NULL;

    if (dir == NULL) {
        dir = fuzz_dir_new();
        atexit(stop);
    }
    path = g_build_filename(dir, "activity.log", NULL);
    fuzz_dir_write(path, data, size);
    return path;
}

/* One more entry: what was good stays so. */
static void
go_on(TkeActivityLog *log, const TkeLogHead *before, bool good)
{
    TkeLogHead after = { 0 };
    g_autoptr(GError) append_error = NULL;
    g_autoptr(GError) verify_error = NULL;

    if (!tke_activity_log_append(log, "fuzz", NULL, &append_error)) {
        FUZZ_REQUIRE(append_error != NULL);
        return;
    }
    if (good) {
        FUZZ_REQUIRE(tke_activity_log_verify(log, before, &after, &verify_error));
        FUZZ_REQUIRE(after.count > before->count);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *path = write_log(data, size);
    g_autoptr(TkeActivityLog) log = tke_activity_log_new(path, false);
    g_autoptr(GError) head_error = NULL;
    g_autoptr(GError) read_error = NULL;
    g_autoptr(GError) mended_error = NULL;
    g_autoptr(GError) verify_error = NULL;
    g_auto(GStrv) lines = tke_activity_log_read(log, 0, &read_error);
    g_auto(GStrv) mended = tke_activity_log_read_mended(log, &mended_error);
    TkeLogHead head = { 0 };
    TkeLogHead now = { 0 };
    TkeLogHead parsed = { 0 };
    const bool has_head = tke_activity_log_get_head(log, &head, &head_error);
    const bool good = tke_activity_log_verify(log, NULL, &now, &verify_error);

    FUZZ_REQUIRE((lines == NULL) == (read_error != NULL));
    FUZZ_REQUIRE((mended == NULL) == (mended_error != NULL));
    FUZZ_REQUIRE(has_head == (head_error == NULL) && good == (verify_error == NULL));
    if (good && has_head) {
        g_autofree char *text = tke_activity_log_head_to_text(&now);

        FUZZ_REQUIRE(tke_activity_log_head_from_text(text, &parsed, NULL));
        FUZZ_REQUIRE(parsed.count == now.count && strcmp(parsed.hash, now.hash) == 0);
        FUZZ_REQUIRE(head.count == now.count && strcmp(head.hash, now.hash) == 0);
    }
    go_on(log, &now, good);
    g_unlink(path);
    return 0;
}
