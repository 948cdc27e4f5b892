/*
 * Entries of the activity log (F-170).
 */
#include "libceremony/record.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "common/hex.h"
#include "common/safe-file.h"
#include "libceremony/advice.h"
#include "libceremony/card-session.h"
#include "libceremony/error-word.h"
#include "libceremony/missed-entries.h"
#include "libep11admin/json-text.h"
#include "libep11admin/unit-error.h"
#include "libsmartcard/card-error.h"

#define ROOM 65536u /* for the entries of the longest step: thirty-two units, two commands each */

/* What can be seen of the log without making or changing anything. */
static bool
look_at_log(TkeActivityLog *log, GError **error)
{
    const char *path = tke_activity_log_get_path(log);
    TkeLogHead head;

    if (!tke_activity_log_get_head(log, &head, error)) {
        g_prefix_error(error, _("nothing was begun: "));
        return false;
    }
    if (access(path, W_OK) != 0 && errno != ENOENT) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE,
                    _("nothing was begun: activity log %s cannot be written: %s"), path,
                    g_strerror(errno));
        return false;
    }
    return true;
}

bool
tke_record_check(TkeOperation *op, GError **error)
{
    TkeActivityLog *log = tke_operation_get_log(op);
    const char *path = tke_activity_log_get_path(log);
    g_autofree char *dir = g_path_get_dirname(path);
    TkeLogHead head;
    bool ok = false;
    int fd;

    if (tke_operation_is_dry_run(op)) {
        return look_at_log(log, error);
    }
    if (!tke_safe_file_make_dir(dir, error) || !tke_activity_log_get_head(log, &head, error)) {
        g_prefix_error(error, _("nothing was begun: "));
        return false;
    }
    fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE,
                    _("nothing was begun: activity log %s cannot be written: %s"), path,
                    g_strerror(errno));
        return false;
    }
    ok = tke_safe_file_keep_room(fd, path, ROOM, error);
    close(fd);
    if (!ok) {
        g_prefix_error(error, _("nothing was begun: activity log "));
        return false;
    }
    if (!tke_missed_entries_prepare(log, error)) {
        g_prefix_error(error, _("nothing was begun: "));
        return false;
    }
    return true;
}

static void
set_id(JsonObject *object, const char *member, const uint8_t id[static TKE_CARD_ID_LEN])
{
    g_autofree char *text = tke_card_id_text(id);

    json_object_set_string_member(object, member, text);
}

void
tke_record_card(JsonObject *object, const char *member, const TkeCardStatus *status)
{
    JsonObject *card = json_object_new();

    json_object_set_string_member(card, "kind", status->kind == TKE_CARD_KIND_CA ? "ca" : "ep11");
    set_id(card, "id", status->card_id);
    json_object_set_string_member(card, "description", status->description);
    if (status->has_zone) {
        set_id(card, "zone", status->zone_id);
    }
    if (status->has_signature_key) {
        g_autofree char *ski = tke_hex_encode(status->ski, sizeof status->ski);

        json_object_set_string_member(card, "ski", ski);
        json_object_set_string_member(card, "administrator", status->admin_name);
    }
    json_object_set_int_member(card, "usage_counter", status->usage_counter);
    json_object_set_object_member(object, member, card);
}

/* What the log cannot be given it is to tell of later; what it could not be given before is told
 * first. */
static bool
append(TkeOperation *op, const char *action, JsonObject *values, GError **error)
{
    TkeActivityLog *log = tke_operation_get_log(op);

    tke_missed_entries_record(log);
    if (tke_activity_log_append(log, action, values, error)) {
        return true;
    }
    tke_missed_entries_add(log, action, tke_json_text_get_string(values, "result"));
    return false;
}

void
tke_record_card_after(TkeOperation *op, JsonObject *object, const char *member, unsigned reader,
                      const TkeCardStatus *before)
{
    TkeCardSession *session = tke_operation_get_card_session(op);
    const TkeCardStatus *now = NULL;
    g_autoptr(GError) error = NULL;

    if (tke_card_session_get(session, reader, NULL) != NULL &&
        tke_card_session_query_status(op, reader, &now, &error) &&
        memcmp(now->card_id, before->card_id, TKE_CARD_ID_LEN) == 0) {
        tke_record_card(object, member, now);
        return;
    }
    tke_card_session_settle(session, error);
    tke_record_card(object, member, before);
    json_object_remove_member(json_object_get_object_member(object, member), "usage_counter");
}

bool
tke_record_begun(TkeOperation *op, const char *action, JsonObject *values, GError **error)
{
    g_autoptr(JsonObject) object = values;

    json_object_set_string_member(object, "result", "begun");
    tke_missed_entries_record(tke_operation_get_log(op));
    if (!tke_activity_log_append(tke_operation_get_log(op), action, object, error)) {
        g_prefix_error(error, _("nothing was begun: "));
        return false;
    }
    return true;
}

bool
tke_record_done(TkeOperation *op, const char *action, JsonObject *values, GError **error)
{
    g_autoptr(JsonObject) object = values != NULL ? values : json_object_new();
    g_autoptr(GError) why = NULL;

    if (!json_object_has_member(object, "result")) {
        json_object_set_string_member(object, "result", "done");
    }
    if (!append(op, action, object, &why)) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_NOT_RECORDED,
                    _("the step was done, but could not be recorded: %s"), why->message);
        return false;
    }
    return true;
}

char *
tke_record_text(const GError *error)
{
    g_autofree char *details = tke_advice_details_for_error(error);

    return details != NULL ? g_strdup_printf("%s (%s)", error->message, details)
                           : g_strdup(error->message);
}

static void
record_unit_codes(JsonObject *object, const GError *error)
{
    const TkeUnitErrorDetails *details = tke_unit_error_get_details(error);

    if (details != NULL && details->has_return_code) {
        json_object_set_int_member(object, "return_code", details->return_code);
    }
    if (details != NULL && details->has_reason_code) {
        json_object_set_int_member(object, "reason_code", details->reason_code);
    }
}

void
tke_record_error(JsonObject *object, const GError *error)
{
    TkeCardErrorInfo info;

    json_object_set_string_member(object, "error", error != NULL ? error->message : "");
    json_object_set_string_member(object, "error_word", tke_error_word(error));
    record_unit_codes(object, error);
    if (!tke_card_error_get_info(error, &info)) {
        return;
    }
    if (info.reader_number != 0) {
        json_object_set_int_member(object, "error_reader", info.reader_number);
    }
    if (info.sw != 0) {
        char text[5];

        g_snprintf(text, sizeof text, "%04X", info.sw);
        json_object_set_string_member(object, "status_word", text);
    }
    if (info.details != NULL) {
        json_object_set_string_member(object, "details", info.details);
    }
}

void
tke_record_failed(TkeOperation *op, const char *action, JsonObject *values, const GError *why)
{
    g_autoptr(JsonObject) object = values != NULL ? values : json_object_new();
    g_autoptr(GError) error = NULL;

    if (!json_object_has_member(object, "result")) {
        json_object_set_string_member(object, "result", "failed");
    }
    tke_record_error(object, why);
    if (!append(op, action, object, &error)) {
        tke_operation_note(op, _("This failure could not be recorded: %s"), error->message);
    }
}
