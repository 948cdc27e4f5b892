/*
 * Commands of tke-sim that go to a running daemon (rehearsal, 4.12).
 */
#include "simulator/sim-command.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "common/nearest.h"
#include "libsmartcard/sim-protocol.h"
#include "simulator/sim-command-status.h"
#include "simulator/sim-daemon.h"
#include "simulator/sim-json.h"

#define LINE_MAX_LEN 128

static bool
set_usage(GError **error, const char *text)
{
    g_set_error_literal(error, TKE_ERROR, TKE_ERROR_USAGE, text);
    return false;
}

static bool
take_reader(JsonObject *command, const char *word, GError **error)
{
    guint64 number = 0;

    if (word == NULL || !g_ascii_string_to_unsigned(word, 10, 1, G_MAXUINT8, &number, NULL)) {
        return set_usage(error, _("name a reader by its number, 1 or 2"));
    }
    json_object_set_int_member(command, "reader", (gint64) number);
    return true;
}

static bool
no_more(char **words, unsigned n, GError **error)
{
    return g_strv_length(words) <= n || set_usage(error, _("too many words; see tke-sim --help"));
}

static bool
take_insert(JsonObject *command, char **words, GError **error)
{
    if (!take_reader(command, words[0], error)) {
        return false;
    }
    if (words[1] == NULL) {
        return set_usage(error, _("name the card by its label, e.g. ep11-1"));
    }
    json_object_set_string_member(command, "card", words[1]);
    return no_more(words, 2, error);
}

static bool
take_reader_only(JsonObject *command, char **words, GError **error)
{
    return take_reader(command, words[0], error) && no_more(words, 1, error);
}

/* The digits are those of a rehearsal; "-" reads them from standard input all the same. */
static bool
take_pin(JsonObject *command, char **words, GError **error)
{
    char line[LINE_MAX_LEN] = "";
    const char *digits = NULL;

    if (!take_reader(command, words[0], error)) {
        return false;
    }
    digits = words[1];
    if (digits != NULL && strcmp(digits, "-") == 0) {
        digits = fgets(line, sizeof line, stdin) == NULL ? NULL : g_strchomp(line);
    }
    if (digits == NULL) {
        return set_usage(error,
                         _("name the digits to type, or - to read them from standard input"));
    }
    json_object_set_string_member(command, "digits", digits);
    return no_more(words, 2, error);
}

/* Keys as they are, or by name. */
static bool
take_keys(JsonObject *command, char **words, GError **error)
{
    g_autoptr(GString) keys = g_string_new(NULL);

    if (!take_reader(command, words[0], error)) {
        return false;
    }
    for (unsigned i = 1; words[i] != NULL; i++) {
        if (g_ascii_strcasecmp(words[i], "enter") == 0) {
            g_string_append_c(keys, 'E');
        } else if (g_ascii_strcasecmp(words[i], "cancel") == 0) {
            g_string_append_c(keys, 'C');
        } else if (g_ascii_strcasecmp(words[i], "clear") == 0) {
            g_string_append_c(keys, 'X');
        } else {
            g_string_append(keys, words[i]);
        }
    }
    if (keys->len == 0) {
        return set_usage(error, _("name the keys: 0 to 9, enter, cancel, clear"));
    }
    json_object_set_string_member(command, "keys", keys->str);
    return true;
}

/* Status words are written in hexadecimal, other numbers in decimal or with 0x. */
static bool
is_hex(const char *member, const char *value)
{
    return strcmp(member, "sw") == 0 || g_str_has_prefix(value, "0x");
}

/* MEMBER=VALUE: a number, true, false or a text. */
static bool
take_member(JsonObject *command, const char *word, GError **error)
{
    const char *sign = strchr(word, '=');
    g_autofree char *member = NULL;
    const char *value = NULL;
    char *end = NULL;
    gint64 number = 0;

    if (sign == NULL || sign == word) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("\"%s\" is not of the form NAME=VALUE"),
                    word);
        return false;
    }
    member = g_strndup(word, (gsize) (sign - word));
    value = sign + 1;
    number = g_ascii_strtoll(value, &end, is_hex(member, value) ? 16 : 10);
    if (*value != '\0' && *end == '\0') {
        json_object_set_int_member(command, member, number);
    } else if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0) {
        json_object_set_boolean_member(command, member, strcmp(value, "true") == 0);
    } else {
        json_object_set_string_member(command, member, value);
    }
    return true;
}

/* What faults may say more about themselves; of those of the service tke-sim itself tells. */
static const struct {
    const char *target;
    const char *members[8];
} fault_members[] = {
    { "card", { "after", "times", "sw", "mark", "memory", "version", "pin" } },
    { "reader", { "sw", "on" } },
    { "daemon", { NULL } },
};

static bool
check_members(JsonObject *command, const char *target, GError **error)
{
    static const char *const always[] = { "command", "target",     "fault", "name",
                                          "reader",  "timeout_ms", NULL };
    g_autoptr(GList) given = json_object_get_members(command);

    for (size_t i = 0; i < G_N_ELEMENTS(fault_members); i++) {
        for (const GList *at = given; at != NULL && strcmp(fault_members[i].target, target) == 0;
             at = at->next) {
            if (!g_strv_contains(always, at->data) &&
                !g_strv_contains(fault_members[i].members, at->data)) {
                g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                            _("a fault of this kind has no \"%s\"; see tke-sim --help"),
                            (const char *) at->data);
                return false;
            }
        }
    }
    return true;
}

/* What belongs to a fault; of the service in an object of its own, because "command" is one of
 * them. */
static bool
take_members(JsonObject *command, const char *target, char **words, GError **error)
{
    bool service = strcmp(target, "service") == 0;
    JsonObject *members = service ? json_object_new() : command;

    if (service) {
        json_object_set_object_member(command, "order", members);
    }
    for (unsigned i = 0; words[i] != NULL; i++) {
        if (!take_member(members, words[i], error)) {
            return false;
        }
    }
    return check_members(command, target, error);
}

/* fault card NAME FAULT …, fault reader [R] FAULT, fault daemon|service FAULT …, fault clear */
static bool
take_fault(JsonObject *command, char **words, GError **error)
{
    unsigned next = 1;
    guint64 number = 0;

    if (words[0] == NULL) {
        return set_usage(error,
                         _("name what is to fail: card, reader, daemon or service, or clear"));
    }
    if (strcmp(words[0], "clear") == 0) {
        json_object_set_string_member(command, "target", "all");
        json_object_set_string_member(command, "fault", "clear");
        return no_more(words, 1, error);
    }
    json_object_set_string_member(command, "target", words[0]);
    if (strcmp(words[0], "card") == 0 || strcmp(words[0], "reader") == 0) {
        bool card = strcmp(words[0], "card") == 0;

        if (words[1] != NULL &&
            g_ascii_string_to_unsigned(words[1], 10, 1, G_MAXUINT8, &number, NULL)) {
            json_object_set_int_member(command, card ? "name" : "reader", (gint64) number);
            next = 2;
        } else if (card && words[1] != NULL) {
            json_object_set_string_member(command, "name", words[1]);
            next = 2;
        }
    }
    if (words[next] == NULL) {
        return set_usage(error, _("name the fault; see tke-sim --help"));
    }
    json_object_set_string_member(command, "fault", words[next]);
    return take_members(command, words[0], words + next + 1, error);
}

/* [LABEL] [applet=none|ca|ep11] … */
static bool
take_add_card(JsonObject *command, char **words, GError **error)
{
    for (unsigned i = 0; words[i] != NULL; i++) {
        if (i == 0 && strchr(words[0], '=') == NULL) {
            json_object_set_string_member(command, "label", words[0]);
        } else if (!take_member(command, words[i], error)) {
            return false;
        }
    }
    return true;
}

/* CARD [front=TEXT] [back=TEXT]; a text may be all digits. */
static bool
take_note(JsonObject *command, char **words, GError **error)
{
    if (words[0] == NULL) {
        return set_usage(error, _("name the card by its label, e.g. ep11-1"));
    }
    json_object_set_string_member(command, "card", words[0]);
    for (unsigned i = 1; words[i] != NULL; i++) {
        if (g_str_has_prefix(words[i], "front=")) {
            json_object_set_string_member(command, "front", words[i] + strlen("front="));
        } else if (g_str_has_prefix(words[i], "back=")) {
            json_object_set_string_member(command, "back", words[i] + strlen("back="));
        } else {
            return set_usage(error, _("name what to write: front=TEXT, back=TEXT or both"));
        }
    }
    return true;
}

static bool
take_nothing(JsonObject *command, char **words, GError **error)
{
    (void) command;
    return no_more(words, 0, error);
}

static const struct {
    const char *name;
    bool (*take)(JsonObject *command, char **words, GError **error);
} commands[] = {
    { "status", take_nothing },
    { "insert", take_insert },
    { "remove", take_reader_only },
    { "pin", take_pin },
    { "keys", take_keys },
    { "cancel", take_reader_only },
    { "wait-pad", take_reader_only },
    { "fault", take_fault },
    { "add-card", take_add_card },
    { "note", take_note },
};

static void
set_unknown(const char *word, GError **error)
{
    /* Those that are carried out elsewhere may be meant, too. */
    const char *names[G_N_ELEMENTS(commands) + 4] = { "start", "stop", "pcscd" };
    const char *near = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        names[i + 3] = commands[i].name;
    }
    near = tke_nearest_name(word, names);
    if (near != NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("tke-sim knows no command \"%s\"; did you mean \"%s\"?"), word, near);
    } else {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE,
                    _("tke-sim knows no command \"%s\"; see tke-sim --help"), word);
    }
}

static bool
build_command(const SimCommandOptions *options, char **words, JsonObject *command, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(commands[i].name, words[0]) == 0) {
            json_object_set_string_member(command, "command", words[0]);
            if (options->timeout_s >= 0) {
                json_object_set_int_member(command, "timeout_ms",
                                           (gint64) options->timeout_s * 1000);
            }
            return commands[i].take(command, words + 1, error);
        }
    }
    set_unknown(words[0], error);
    return false;
}

static JsonObject *
send_command(const SimCommandOptions *options, JsonObject *command, GError **error)
{
    g_autoptr(TkeSimClient) client = tke_sim_client_open(options->directory, error);

    if (client == NULL) {
        if (error != NULL && g_error_matches(*error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) {
            g_clear_error(error);
            g_set_error(error, TKE_ERROR, TKE_ERROR_SETUP,
                        _("no tke-sim keeps the world %s; start it with: tke-sim start"),
                        options->directory);
        }
        return NULL;
    }
    return tke_sim_client_command(client, command, error);
}

int
sim_command_run(const SimCommandOptions *options, char **words)
{
    g_autoptr(JsonObject) command = json_object_new();
    g_autoptr(JsonObject) answer = NULL;
    g_autoptr(GError) error = NULL;

    if (build_command(options, words, command, &error)) {
        answer = send_command(options, command, &error);
    }
    if (answer == NULL) {
        fprintf(stderr, "tke-sim: %s\n", error->message);
        return g_error_matches(error, TKE_ERROR, TKE_ERROR_USAGE) ? SIM_EXIT_USAGE
                                                                  : SIM_EXIT_FAILED;
    }
    if (!options->json && sim_json_get_text(answer, "label", NULL) != NULL) {
        printf("%s\n", sim_json_get_text(answer, "label", NULL));
    }
    if (options->json) {
        g_autofree char *text = sim_json_to_text(answer, true);

        printf("%s\n", text);
    } else if (strcmp(words[0], "status") == 0) {
        g_autofree char *text = sim_command_status_dup_text(answer);

        fputs(text, stdout);
    }
    return SIM_EXIT_OK;
}
