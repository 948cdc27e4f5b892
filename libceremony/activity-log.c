/*
 * Hash-chained activity log (F-170).
 */
#include "libceremony/activity-log.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/digest.h"
#include "common/error.h"
#include "common/hex.h"
#include "common/safe-file.h"
#include "libep11admin/json-text.h"

#define LOG_MAX (256u * 1024u * 1024u)
#define OPEN_TRIES 10u
#define REMOVED_MEMBER "removed_tail_bytes"
#define ZERO_HASH "0000000000000000000000000000000000000000000000000000000000000000"

struct TkeActivityLog {
    char *path;
    bool rehearsal;
};

TkeActivityLog *
tke_activity_log_new(const char *path, bool rehearsal)
{
    TkeActivityLog *log = g_new0(TkeActivityLog, 1);

    log->path = g_strdup(path);
    log->rehearsal = rehearsal;
    return log;
}

void
tke_activity_log_free(TkeActivityLog *log)
{
    if (log != NULL) {
        g_free(log->path);
        g_free(log);
    }
}

const char *
tke_activity_log_get_path(const TkeActivityLog *log)
{
    return log->path;
}

static bool
hash_line(const char *line, size_t len, char out[static 65], GError **error)
{
    uint8_t hash[TKE_SHA256_LEN];
    g_autofree char *text = NULL;

    if (!tke_digest_sha256((const uint8_t *) line, len, hash, error)) {
        return false;
    }
    text = tke_hex_encode(hash, sizeof hash);
    memcpy(out, text, 65);
    return true;
}

static void
set_unusable(const TkeActivityLog *log, int reason, GError **error)
{
    g_set_error(error, TKE_ERROR, TKE_ERROR_FILE, _("activity log %s cannot be used: %s"),
                log->path, reason == ELOOP ? _("it is a symbolic link") : g_strerror(reason));
}

/*
 * Opens the file and locks it (flock): two programs may record at the same time, and a line that
 * is half written is not read. -1 with errno set. A file that was moved away while this one waited
 * is not the log any more.
 */
static int
open_locked(const TkeActivityLog *log, int flags, int how)
{
    for (unsigned i = 0; i < OPEN_TRIES; i++) {
        int fd = open(log->path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);

        if (fd < 0) {
            return -1;
        }
        if (flock(fd, how) != 0) {
            int reason = errno;

            close(fd);
            errno = reason;
            return -1;
        }
        if (tke_safe_file_is_named(fd, log->path)) {
            return fd;
        }
        close(fd);
    }
    errno = EBUSY;
    return -1;
}

/* The whole file; an absent one is an empty array. */
static GByteArray *
read_all(TkeActivityLog *log, GError **error)
{
    int fd = open_locked(log, O_RDONLY, LOCK_SH);
    GByteArray *data = NULL;

    if (fd < 0 && errno == ENOENT) {
        return g_byte_array_new();
    }
    if (fd < 0) {
        set_unusable(log, errno, error);
        return NULL;
    }
    data = tke_safe_file_read_open(fd, log->path, LOG_MAX, error);
    close(fd);
    return data;
}

/* Where the last whole line starts and ends (its newline); false without one. */
static bool
last_line(const GByteArray *data, size_t *start, size_t *end)
{
    size_t at = data->len;

    while (at > 0 && data->data[at - 1] != '\n') {
        at--;
    }
    if (at == 0) {
        return false;
    }
    *end = at - 1;
    at = *end;
    while (at > 0 && data->data[at - 1] != '\n') {
        at--;
    }
    *start = at;
    return true;
}

static JsonObject *
parse_line(const char *line, size_t len, GError **error)
{
    g_autoptr(JsonNode) node = tke_json_text_parse(line, len, TKE_JSON_WHOLE, error);

    if (node == NULL) {
        return NULL;
    }
    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_VERIFY, _("it is not a JSON object"));
        return NULL;
    }
    return json_node_dup_object(node);
}

/* Number of an entry; 0: it has none. */
static gint64
number_of(JsonObject *object)
{
    JsonNode *node = json_object_get_member(object, "seq");

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
                   json_node_get_value_type(node) == G_TYPE_INT64
               ? json_node_get_int(node)
               : 0;
}

static bool
head_of(TkeActivityLog *log, const GByteArray *data, TkeLogHead *head, char **time, GError **error)
{
    g_autoptr(JsonObject) object = NULL;
    const char *line;
    gint64 seq;
    size_t start = 0;
    size_t end = 0;

    head->count = 0;
    memcpy(head->hash, ZERO_HASH, sizeof head->hash);
    if (!last_line(data, &start, &end)) {
        return true;
    }
    line = (const char *) data->data + start;
    object = parse_line(line, end - start, error);
    if (object == NULL) {
        g_prefix_error(error, _("activity log %s, last line: "), log->path);
        return false;
    }
    if (time != NULL) {
        *time = g_strdup(tke_json_text_get_string(object, "time"));
    }
    seq = number_of(object);
    if (seq < 1 || seq == G_MAXINT64) { /* there must be a next one */
        g_set_error(error, TKE_ERROR, TKE_ERROR_VERIFY,
                    _("activity log %s: the last line has no number"), log->path);
        return false;
    }
    head->count = (uint64_t) seq;
    return hash_line(line, end - start, head->hash, error);
}

bool
tke_activity_log_get_head(TkeActivityLog *log, TkeLogHead *head, GError **error)
{
    g_autoptr(GByteArray) data = read_all(log, error);

    return data != NULL && head_of(log, data, head, NULL, error);
}

char *
tke_activity_log_head_to_text(const TkeLogHead *head)
{
    return g_strdup_printf("%" PRIu64 ":%s", head->count, head->hash);
}

bool
tke_activity_log_head_from_text(const char *text, TkeLogHead *head, GError **error)
{
    const char *colon = strchr(text, ':');
    g_autofree char *number = NULL;
    uint8_t hash[TKE_SHA256_LEN];
    g_autofree char *hex = NULL;
    guint64 count = 0;

    number = colon != NULL ? g_strndup(text, (size_t) (colon - text)) : NULL;
    if (number == NULL || !g_ascii_string_to_unsigned(number, 10, 0, G_MAXUINT64, &count, NULL) ||
        !tke_hex_decode_exact(colon + 1, hash, sizeof hash, NULL)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("“%s” is not the head of a log: a number, a colon and 64 hex digits"), text);
        return false;
    }
    hex = tke_hex_encode(hash, sizeof hash);
    head->count = count;
    memcpy(head->hash, hex, sizeof head->hash);
    return true;
}

static void
copy_member(JsonObject *from, const gchar *name, JsonNode *node, gpointer to)
{
    (void) from;
    json_object_set_member(to, name, json_node_copy(node));
}

static char *
make_line(TkeActivityLog *log, const TkeLogHead *head, const char *action, JsonObject *values,
          size_t removed, const char *last_time)
{
    g_autoptr(JsonObject) object = json_object_new();
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    g_autofree char *line = NULL;

    json_object_set_int_member(object, "seq", (gint64) head->count + 1);
    json_object_set_string_member(object, "time", time);
    json_object_set_string_member(object, "action", action);
    if (log->rehearsal) {
        json_object_set_boolean_member(object, "rehearsal", TRUE);
    }
    if (removed > 0) {
        json_object_set_int_member(object, REMOVED_MEMBER, (gint64) removed);
    }
    if (last_time != NULL && strlen(last_time) == strlen(time) && strcmp(time, last_time) < 0) {
        json_object_set_boolean_member(object, "clock_went_back", TRUE); /* of the form of ours */
    }
    if (values != NULL) {
        json_object_foreach_member(values, copy_member, object);
    }
    json_object_set_string_member(object, "prev", head->hash);
    json_node_set_object(node, object);
    line = json_to_string(node, FALSE);
    return g_utf8_make_valid(line, -1); /* a line that cannot be read would be the last one */
}

/* An end that was never acknowledged is taken off; put back where nothing can be written after
 * all. */
static bool
replace_tail(TkeActivityLog *log, int fd, const GByteArray *data, size_t removed, const char *line,
             GError **error)
{
    size_t whole = data->len - removed;

    if (removed > 0 && ftruncate(fd, (off_t) whole) != 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE, _("activity log %s cannot be mended: %s"),
                    log->path, g_strerror(errno));
        return false;
    }
    if (tke_safe_file_append_open(fd, log->path, line, strlen(line), error)) {
        return true;
    }
    if (removed > 0 && write(fd, data->data + whole, removed) != (ssize_t) removed) {
        errno = 0; /* it was not acknowledged */
    }
    return false;
}

static bool
check_line(const char *line, size_t len, uint64_t number, const char *prev, GError **error)
{
    g_autoptr(JsonObject) object = parse_line(line, len, NULL);
    const char *named;

    if (object == NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_VERIFY,
                    _("line %" PRIu64 " is not an entry: it was changed"), number);
        return false;
    }
    if (number_of(object) != (gint64) number) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_VERIFY,
                    _("line %" PRIu64 " has another number: lines are missing or were added"),
                    number);
        return false;
    }
    named = tke_json_text_get_string(object, "prev");
    if (g_strcmp0(named, prev) != 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_VERIFY,
                    _("line %" PRIu64 " does not follow from the line before: one of the two "
                      "was changed"),
                    number);
        return false;
    }
    return true;
}

/* A last line that lacks nothing but its newline is an entry that was written: it gets the
 * newline. */
static bool
finish_line(TkeActivityLog *log, int fd, GByteArray *data, GError **error)
{
    if (write(fd, "\n", 1) != 1 || fdatasync(fd) != 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE, _("activity log %s cannot be mended: %s"),
                    log->path, g_strerror(errno));
        return false;
    }
    g_byte_array_append(data, (const uint8_t *) "\n", 1);
    return true;
}

static size_t
whole_lines_len(const GByteArray *data)
{
    size_t start = 0;
    size_t end = 0;

    return last_line(data, &start, &end) ? end + 1 : 0;
}

static bool
append_locked(TkeActivityLog *log, int fd, const char *action, JsonObject *values, GError **error)
{
    g_autoptr(GByteArray) data = tke_safe_file_read_open(fd, log->path, LOG_MAX, error);
    g_autofree char *line = NULL;
    g_autofree char *time = NULL;
    TkeLogHead head;
    size_t whole;

    if (data == NULL || !head_of(log, data, &head, &time, error)) {
        return false;
    }
    whole = whole_lines_len(data);
    if (data->len > whole && check_line((const char *) data->data + whole, data->len - whole,
                                        head.count + 1, head.hash, NULL)) {
        g_clear_pointer(&time, g_free);
        if (!finish_line(log, fd, data, error) || !head_of(log, data, &head, &time, error)) {
            return false;
        }
        whole = data->len;
    }
    line = make_line(log, &head, action, values, data->len - whole, time);
    return replace_tail(log, fd, data, data->len - whole, line, error);
}

bool
tke_activity_log_append(TkeActivityLog *log, const char *action, JsonObject *values, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(log->path);
    int fd = tke_safe_file_make_dir(dir, error)
                 ? open_locked(log, O_RDWR | O_CREAT | O_APPEND, LOCK_EX)
                 : -1;
    bool done;

    if (fd < 0 && (error == NULL || *error == NULL)) {
        set_unusable(log, errno, error);
    }
    if (fd < 0) {
        return false;
    }
    done = append_locked(log, fd, action, values, error);
    close(fd); /* and with it the lock */
    return done;
}

static bool
check_noted(const TkeLogHead *noted, const TkeLogHead *at, GError **error)
{
    if (noted != NULL && noted->count == at->count && strcmp(noted->hash, at->hash) != 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_VERIFY,
                    _("line %" PRIu64 " is not the one that was noted: the log was written "
                      "anew"),
                    at->count);
        return false;
    }
    return true;
}

static bool
verify_lines(const GByteArray *data, const TkeLogHead *noted, TkeLogHead *head, GError **error)
{
    const char *at = (const char *) data->data;
    const char *end = at + data->len;

    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t) (end - at));

        if (newline == NULL) {
            g_set_error(error, TKE_ERROR, TKE_ERROR_VERIFY, _("line %" PRIu64 " is cut short"),
                        head->count + 1);
            return false;
        }
        if (!check_line(at, (size_t) (newline - at), head->count + 1, head->hash, error) ||
            !hash_line(at, (size_t) (newline - at), head->hash, error)) {
            return false;
        }
        head->count++;
        if (!check_noted(noted, head, error)) {
            return false;
        }
        at = newline + 1;
    }
    return true;
}

bool
tke_activity_log_verify(TkeActivityLog *log, const TkeLogHead *noted, TkeLogHead *now,
                        GError **error)
{
    g_autoptr(GByteArray) data = read_all(log, error);
    TkeLogHead head = { .count = 0, .hash = ZERO_HASH };

    if (data == NULL) {
        return false;
    }
    if (!check_noted(noted, &head, error) || !verify_lines(data, noted, &head, error)) {
        g_prefix_error(error, _("activity log %s: "), log->path);
        return false;
    }
    if (noted != NULL && noted->count > head.count) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_VERIFY,
                    _("activity log %s: %" PRIu64 " entries were noted, %" PRIu64
                      " are there: the end was cut off"),
                    log->path, noted->count, head.count);
        return false;
    }
    *now = head;
    return true;
}

char **
tke_activity_log_read(TkeActivityLog *log, unsigned max, GError **error)
{
    g_autoptr(GByteArray) data = read_all(log, error);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    size_t from = 0;

    if (data == NULL) {
        return NULL;
    }
    for (size_t at = 0; at < data->len; at++) {
        if (data->data[at] == '\n') {
            g_ptr_array_add(lines, g_strndup((const char *) data->data + from, at - from));
            from = at + 1;
        }
    }
    if (max > 0 && lines->len > max) {
        g_ptr_array_remove_range(lines, 0, lines->len - max);
    }
    g_ptr_array_add(lines, NULL);
    return (char **) g_ptr_array_free(g_steal_pointer(&lines), FALSE);
}

char **
tke_activity_log_read_mended(TkeActivityLog *log, GError **error)
{
    g_auto(GStrv) lines = tke_activity_log_read(log, 0, error);
    g_autoptr(GStrvBuilder) mended = g_strv_builder_new();

    for (char **line = lines; line != NULL && *line != NULL; line++) {
        g_autoptr(JsonObject) object = parse_line(*line, strlen(*line), NULL);

        if (object != NULL && json_object_has_member(object, REMOVED_MEMBER)) {
            g_strv_builder_add(mended, *line);
        }
    }
    return lines != NULL ? g_strv_builder_end(mended) : NULL;
}
