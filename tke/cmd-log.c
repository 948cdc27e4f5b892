/*
 * tke log: show, head, verify (F-170).
 */
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "libceremony/missed-entries.h"
#include "libep11admin/json-text.h"
#include "tke/commands.h"

static void
print_head(TkeCli *cli, const TkeLogHead *head)
{
    g_autofree char *text = tke_activity_log_head_to_text(head);

    tke_cli_output_number(cli->out, "entries", N_("Entries"), (gint64) head->count);
    tke_cli_output_value(cli->out, "head", N_("Head"), text);
}

static void
set_absent(TkeActivityLog *log, GError **error)
{
    g_set_error(error, TKE_ERROR, TKE_ERROR_FILE,
                _("there is no activity log at %s: nothing was recorded here yet, or it was "
                  "removed"),
                tke_activity_log_get_path(log));
}

/* A log without entries proves nothing, nor does the head of it. */
static void
tell_absent(TkeCli *cli, TkeActivityLog *log, const TkeLogHead *head)
{
    g_autoptr(GError) absent = NULL;

    if (head->count == 0) {
        set_absent(log, &absent);
        tke_cli_output_line(cli->out, "%s", absent->message);
    }
}

bool
tke_cli_log_show(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    TkeActivityLog *log = tke_cli_need_log(cli, error);
    g_auto(GStrv) lines = NULL;
    TkeLogHead head;

    if (log == NULL) {
        return false;
    }
    if (args->last != TKE_CLI_NOT_GIVEN && args->last < 1) {
        g_set_error_literal(error, TKE_ERROR, TKE_ERROR_USAGE,
                            _("--last takes the number of entries, 1 or more"));
        return false;
    }
    lines = tke_activity_log_read(log, args->last > 0 ? (unsigned) args->last : 0, error);
    if (lines == NULL || !tke_activity_log_get_head(log, &head, error)) {
        return false;
    }
    for (char **line = lines; *line != NULL; line++) {
        tke_cli_output_json_line(cli->out, "lines", *line);
    }
    tell_absent(cli, log, &head);
    tke_cli_output_value(cli->out, "file", N_("File"), tke_activity_log_get_path(log));
    print_head(cli, &head);
    return true;
}

bool
tke_cli_log_head(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    TkeActivityLog *log = tke_cli_need_log(cli, error);
    TkeLogHead head;

    (void) args;
    if (log == NULL || !tke_activity_log_get_head(log, &head, error)) {
        return false;
    }
    tell_absent(cli, log, &head);
    tke_cli_output_value(cli->out, "file", N_("File"), tke_activity_log_get_path(log));
    print_head(cli, &head);
    return true;
}

/* An entry cut short proves nothing, but whoever reads the log should know where one was. */
static bool
list_mended(TkeCli *cli, TkeActivityLog *log, GError **error)
{
    g_auto(GStrv) lines = tke_activity_log_read_mended(log, error);
    const unsigned n = lines != NULL ? g_strv_length(lines) : 0;

    if (n > 0) {
        tke_cli_output_line(cli->out,
                            ngettext("Before %u entry an unfinished line was removed (a program or "
                                     "the machine ended while it was written, or it was changed):",
                                     "Before %u entries an unfinished line was removed (a program "
                                     "or the machine ended while it was written, or it was "
                                     "changed):",
                                     n),
                            n);
    }
    for (unsigned i = 0; i < n; i++) {
        tke_cli_output_json_line(cli->out, "mended", lines[i]);
    }
    return lines != NULL;
}

static bool
tells_of_missed(const char *line)
{
    g_autoptr(JsonNode) node = tke_json_text_parse(line, strlen(line), TKE_JSON_WHOLE, NULL);

    return node != NULL && JSON_NODE_HOLDS_OBJECT(node) &&
           g_strcmp0(json_object_get_string_member_with_default(json_node_get_object(node),
                                                                "action", NULL),
                     TKE_MISSED_ENTRIES_ACTION) == 0;
}

/* What was done and is not in the log, whose chain is none the worse for it. */
static bool
list_missed(TkeCli *cli, TkeActivityLog *log, GError **error)
{
    g_auto(GStrv) lines = tke_activity_log_read(log, 0, error);
    bool begun = false;

    for (char **line = lines; line != NULL && *line != NULL; line++) {
        if (!tells_of_missed(*line)) {
            continue;
        }
        if (!begun) {
            tke_cli_output_line(cli->out, "%s",
                                _("Steps that could not be recorded when they were done, as these "
                                  "entries tell:"));
            begun = true;
        }
        tke_cli_output_json_line(cli->out, "missed", *line);
    }
    return lines != NULL;
}

bool
tke_cli_log_verify(TkeCli *cli, const TkeCliArgs *args, GError **error)
{
    TkeActivityLog *log = tke_cli_need_log(cli, error);
    TkeLogHead noted;
    TkeLogHead now;

    if (log == NULL ||
        (args->head != NULL && !tke_activity_log_head_from_text(args->head, &noted, error)) ||
        !tke_activity_log_verify(log, args->head != NULL ? &noted : NULL, &now, error)) {
        return false;
    }
    if (now.count == 0) {
        set_absent(log, error);
        return false;
    }
    tke_cli_output_value(cli->out, "file", N_("File"), tke_activity_log_get_path(log));
    tke_cli_output_line(
        cli->out, "%s",
        args->head != NULL
            ? _("Every line follows from the one before, up to and after the head noted.")
            : _("Every line follows from the one before. That the end was not cut off shows "
                "only against a head noted elsewhere (--head)."));
    if (!list_mended(cli, log, error) || !list_missed(cli, log, error)) {
        return false;
    }
    print_head(cli, &now);
    return true;
}
