/*
 * Tables for people, JSON for programs (functions 4.2, F-157).
 */
#include "tke/output-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "libceremony/advice.h"
#include "libceremony/record.h"
#include "libep11admin/json-text.h"
#include "tke/text.h"

TkeCliOutput *
tke_cli_output_new(bool json, bool rehearsal, bool quiet)
{
    TkeCliOutput *out = g_new0(TkeCliOutput, 1);

    out->json = json;
    out->rehearsal = rehearsal;
    out->quiet = quiet;
    out->root = json_object_new();
    out->groups = g_ptr_array_new();
    g_ptr_array_add(out->groups, out->root);
    return out;
}

void
tke_cli_output_free(TkeCliOutput *out)
{
    if (out != NULL) {
        json_object_unref(out->root);
        g_ptr_array_unref(out->groups);
        g_clear_pointer(&out->rows, g_ptr_array_unref);
        g_free(out->failure);
        g_free(out);
    }
}

JsonObject *
tke_cli_output_innermost(TkeCliOutput *out)
{
    return g_ptr_array_index(out->groups, out->groups->len - 1);
}

bool
tke_cli_output_prints_text(const TkeCliOutput *out)
{
    return !out->json && !out->quiet;
}

void
tke_cli_output_line(TkeCliOutput *out, const char *format, ...)
{
    va_list args;

    if (tke_cli_output_prints_text(out)) {
        g_autofree char *text = NULL;
        g_autofree char *safe = NULL;

        va_start(args, format);
        text = g_strdup_vprintf(format, args);
        va_end(args);
        safe = tke_cli_text_safe(text);
        printf("%s\n", safe);
    }
}

void
tke_cli_output_text(TkeCliOutput *out, const char *text)
{
    if (tke_cli_output_prints_text(out)) {
        printf("%s\n", text);
    }
}

void
tke_cli_output_value(TkeCliOutput *out, const char *key, const char *heading, const char *value)
{
    json_object_set_string_member(tke_cli_output_innermost(out), key, value);
    if (tke_cli_output_prints_text(out) && heading != NULL) {
        g_autofree char *safe = tke_cli_text_safe(value != NULL ? value : "");

        printf("%s: %s\n", _(heading), safe);
    }
}

void
tke_cli_output_set_failure(TkeCliOutput *out, const char *text)
{
    g_free(out->failure);
    out->failure = tke_cli_text_safe(text);
}

void
tke_cli_output_word(TkeCliOutput *out, const char *key, const char *heading, const char *word)
{
    json_object_set_string_member(tke_cli_output_innermost(out), key, word);
    if (tke_cli_output_prints_text(out)) {
        printf("%s: %s\n", _(heading), _(word));
    }
}

void
tke_cli_output_digits(TkeCliOutput *out, const char *key, const char *heading, const char *digits)
{
    g_autofree char *grouped = tke_cli_text_group(digits, strlen(digits), 4);

    json_object_set_string_member(tke_cli_output_innermost(out), key, digits);
    if (tke_cli_output_prints_text(out)) {
        printf("%s: %s\n", _(heading), grouped);
    }
}

void
tke_cli_output_number(TkeCliOutput *out, const char *key, const char *heading, gint64 value)
{
    json_object_set_int_member(tke_cli_output_innermost(out), key, value);
    if (tke_cli_output_prints_text(out) && heading != NULL) {
        printf("%s: %" G_GINT64_FORMAT "\n", _(heading), value);
    }
}

void
tke_cli_output_flag(TkeCliOutput *out, const char *key, const char *heading, bool value)
{
    json_object_set_boolean_member(tke_cli_output_innermost(out), key, value);
    if (tke_cli_output_prints_text(out) && heading != NULL) {
        printf("%s: %s\n", _(heading), value ? _("yes") : _("no"));
    }
}

/* The array of that name, made if it is not there yet. */
static JsonArray *
need_array(JsonObject *object, const char *key)
{
    if (!json_object_has_member(object, key)) {
        json_object_set_array_member(object, key, json_array_new());
    }
    return json_object_get_array_member(object, key);
}

void
tke_cli_output_json_line(TkeCliOutput *out, const char *key, const char *line)
{
    JsonArray *array = need_array(tke_cli_output_innermost(out), key);
    JsonNode *node = tke_json_text_parse(line, strlen(line), TKE_JSON_WHOLE, NULL);

    if (node != NULL) {
        json_array_add_element(array, node);
    }
    tke_cli_output_line(out, "%s", line);
}

void
tke_cli_output_group_begin(TkeCliOutput *out, const char *key)
{
    JsonObject *group = json_object_new();

    json_array_add_object_element(need_array(tke_cli_output_innermost(out), key), group);
    g_ptr_array_add(out->groups, group);
}

static JsonObject *
find_group(JsonObject *outer, const char *key, const char *member, const char *value)
{
    JsonArray *array =
        json_object_has_member(outer, key) ? json_object_get_array_member(outer, key) : NULL;

    for (unsigned i = 0; array != NULL && i < json_array_get_length(array); i++) {
        JsonObject *group = json_array_get_object_element(array, i);

        if (g_strcmp0(json_object_get_string_member_with_default(group, member, NULL), value) ==
            0) {
            return group;
        }
    }
    return NULL;
}

void
tke_cli_output_group_resume(TkeCliOutput *out, const char *key, const char *member,
                            const char *value)
{
    JsonObject *group = find_group(tke_cli_output_innermost(out), key, member, value);

    if (group != NULL) {
        g_ptr_array_add(out->groups, group);
    } else {
        tke_cli_output_group_begin(out, key);
        json_object_set_string_member(tke_cli_output_innermost(out), member, value);
    }
}

void
tke_cli_output_group_end(TkeCliOutput *out)
{
    g_return_if_fail(out->groups->len > 1);

    g_ptr_array_set_size(out->groups, (int) out->groups->len - 1);
}

void
tke_cli_output_dry_run(TkeCliOutput *out, const GPtrArray *plan)
{
    JsonArray *texts = json_array_new();

    for (unsigned i = 0; i < plan->len; i++) {
        json_array_add_string_element(texts, g_ptr_array_index(plan, i));
    }
    json_object_set_boolean_member(out->root, "dry_run", TRUE);
    json_object_set_array_member(out->root, "plan", texts);
    tke_cli_output_line(out, "%s", _("Dry run: nothing was done."));
}

static void
finish_json(TkeCliOutput *out, const char *command, int exit_code, const GError *error,
            const char *advice, const char *head)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    g_autofree char *text = NULL;

    json_object_set_string_member(out->root, "command", command);
    json_object_set_boolean_member(out->root, "ok", exit_code == 0);
    json_object_set_int_member(out->root, "exit", exit_code);
    if (out->rehearsal) {
        json_object_set_boolean_member(out->root, "rehearsal", TRUE);
    }
    if (error != NULL) {
        tke_record_error(out->root, error);
    }
    if (advice != NULL) {
        json_object_set_string_member(out->root, "advice", advice);
    }
    if (head != NULL) {
        json_object_set_string_member(out->root, "log_head", head);
    }
    json_node_set_object(node, out->root);
    text = json_to_string(node, FALSE);
    printf("%s\n", text);
}

/* What only support needs, under the sentences. */
static void
print_details(const GError *error)
{
    g_autofree char *details = tke_advice_details_for_error(error);
    g_autofree char *safe = details != NULL ? tke_cli_text_safe(details) : NULL;

    if (safe != NULL) {
        printf(_("Details: %s\n"), safe);
    }
}

void
tke_cli_output_finish(TkeCliOutput *out, const char *command, int exit_code, const GError *error,
                      const char *advice, const char *head)
{
    if (out->json) {
        finish_json(out, command, exit_code, error, advice, head);
    } else {
        if (error != NULL) {
            g_autofree char *safe = tke_cli_text_safe(error->message);

            printf("%s\n%s\n", _("FAILED"), safe);
        } else if (out->failure != NULL) {
            printf("%s\n%s\n", _("FAILED"), out->failure);
        } else if (!out->quiet && exit_code == 0) {
            printf("%s\n", _("OK"));
        }
        if (advice != NULL) {
            g_autofree char *safe = tke_cli_text_safe(advice);

            printf("%s\n", safe);
        }
        print_details(error);
        if (head != NULL && !out->quiet) {
            printf(_("Activity log: %s\n"), head);
        }
    }
}

bool
tke_cli_output_flush(GError **error)
{
    const bool lost = ferror(stdout) != 0; /* an earlier part of it */
    const bool flushed = fflush(stdout) == 0;
    const int reason = flushed ? EIO : errno;

    clearerr(stdout); /* the next command of a shell may be shown again */
    if (lost || !flushed) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_FILE,
                    _("what the command says could not be written to standard output: %s"),
                    g_strerror(reason));
        return false;
    }
    return true;
}
