/*
 * Entries that the activity log should have and could not be given (F-170).
 */
#include "libceremony/missed-entries.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/error.h"
#include "common/main-thread.h"
#include "libep11admin/json-text.h"

#define SIZE 4096u /* of the file: the texts below fit, whatever they are */
#define MOST 16u
#define TEXT_MAX 64u
#define MISSED "missed"
#define MORE "more"

static char *
dup_path(const TkeActivityLog *log)
{
    return g_strconcat(tke_activity_log_get_path(log), ".missed", NULL);
}

/* Locked until it is closed; -1 with errno set. */
static int
open_file(const char *path, int flags)
{
    struct stat info = { 0 };
    int fd = tke_main_thread_may_block(NULL)
                 ? open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | flags, 0600)
                 : -1;

    if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && flock(fd, LOCK_EX) == 0) {
        return fd;
    }
    if (fd >= 0) {
        close(fd);
        errno = S_ISREG(info.st_mode) ? EIO : EINVAL;
    }
    return -1;
}

/* Text of ours as it comes back from the file, whatever somebody has made of that. */
static char *
dup_text(const char *text)
{
    char *copy = g_strndup(text != NULL ? text : "", TEXT_MAX);

    for (char *at = copy; *at != '\0'; at++) {
        *at = g_ascii_isprint(*at) && *at != '"' && *at != '\\' ? *at : '?';
    }
    return copy;
}

static void
add_entry(JsonArray *entries, const char *action, const char *time, const char *result)
{
    JsonObject *entry = json_object_new();
    g_autofree char *safe_action = dup_text(action);
    g_autofree char *safe_time = dup_text(time);
    g_autofree char *safe_result = dup_text(result);

    json_object_set_string_member(entry, "action", safe_action);
    json_object_set_string_member(entry, "time", safe_time);
    json_object_set_string_member(entry, "result", safe_result);
    json_array_add_object_element(entries, entry);
}

static void
take_entry(JsonArray *from, guint index, JsonNode *node, gpointer to)
{
    (void) from;
    if (index < MOST && JSON_NODE_HOLDS_OBJECT(node)) {
        JsonObject *entry = json_node_get_object(node);

        add_entry(to, tke_json_text_get_string(entry, "action"),
                  tke_json_text_get_string(entry, "time"),
                  tke_json_text_get_string(entry, "result"));
    }
}

static gint64
more_of(JsonObject *object)
{
    JsonNode *node = json_object_get_member(object, MORE);

    return node != NULL && json_node_get_value_type(node) == G_TYPE_INT64
               ? CLAMP(json_node_get_int(node), 0, G_MAXINT32)
               : 0;
}

/* What the file holds: "missed" and "more"; both may be empty. */
static JsonObject *
read_file(int fd)
{
    char text[SIZE];
    const ssize_t n = pread(fd, text, sizeof text, 0);
    g_autoptr(JsonNode) node =
        n > 0 ? tke_json_text_parse(text, (size_t) n, TKE_JSON_WHOLE, NULL) : NULL;
    JsonObject *found =
        node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    JsonNode *list = found != NULL ? json_object_get_member(found, MISSED) : NULL;
    JsonObject *object = json_object_new();
    JsonArray *entries = json_array_new();

    if (list != NULL && JSON_NODE_HOLDS_ARRAY(list)) {
        json_array_foreach_element(json_node_get_array(list), take_entry, entries);
    }
    json_object_set_array_member(object, MISSED, entries);
    json_object_set_int_member(object, MORE, found != NULL ? more_of(found) : 0);
    return object;
}

static bool
is_empty(JsonObject *object)
{
    return json_array_get_length(json_object_get_array_member(object, MISSED)) == 0 &&
           more_of(object) == 0;
}

/* In place, always as long: no disk block is needed that the file has not. */
static bool
write_file(int fd, JsonObject *object)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    g_autofree char *text = NULL;
    char buffer[SIZE];
    size_t len;

    json_node_set_object(node, object);
    text = json_to_string(node, FALSE);
    len = strlen(text);
    g_return_val_if_fail(len < sizeof buffer, false);

    memset(buffer, ' ', sizeof buffer);
    memcpy(buffer, text, len);
    buffer[sizeof buffer - 1] = '\n';
    return pwrite(fd, buffer, sizeof buffer, 0) == (ssize_t) sizeof buffer && fdatasync(fd) == 0;
}

bool
tke_missed_entries_prepare(const TkeActivityLog *log, GError **error)
{
    g_autofree char *path = dup_path(log);
    struct stat info = { 0 };
    int fd = open_file(path, O_CREAT);
    bool ok = fd >= 0 && fstat(fd, &info) == 0;

    if (ok && info.st_size != SIZE) {
        g_autoptr(JsonObject) object = read_file(fd);

        ok = write_file(fd, object) && ftruncate(fd, SIZE) == 0;
    }
    if (!ok) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE, _("%s cannot be written: %s"), path,
                    g_strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

void
tke_missed_entries_add(const TkeActivityLog *log, const char *action, const char *result)
{
    g_autofree char *path = dup_path(log);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");
    g_autoptr(JsonObject) object = NULL;
    JsonArray *entries;
    int fd = open_file(path, O_CREAT);

    if (fd < 0) {
        return;
    }
    object = read_file(fd);
    entries = json_object_get_array_member(object, MISSED);
    if (json_array_get_length(entries) < MOST) {
        add_entry(entries, action, time, result);
    } else {
        json_object_set_int_member(object, MORE, more_of(object) + 1);
    }
    (void) write_file(fd, object);
    close(fd);
}

void
tke_missed_entries_record(TkeActivityLog *log)
{
    g_autofree char *path = dup_path(log);
    g_autoptr(JsonObject) object = NULL;
    int fd = open_file(path, 0);

    if (fd < 0) {
        return;
    }
    object = read_file(fd);
    if (!is_empty(object)) {
        if (more_of(object) == 0) {
            json_object_remove_member(object, MORE);
        }
        if (tke_activity_log_append(log, TKE_MISSED_ENTRIES_ACTION, object, NULL)) {
            g_autoptr(JsonObject) none = json_object_new();

            (void) write_file(fd, none);
        }
    }
    close(fd);
}
