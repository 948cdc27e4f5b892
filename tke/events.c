/*
 * Events of a command as JSON lines (docs/events.md).
 */
#include "tke/events.h"

#include <errno.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

#include "libceremony/record.h"

struct TkeCliEvents {
    int fd;
    char *open_kind; /* of the prompt that is open */
    unsigned open_reader;
};

TkeCliEvents *
tke_cli_events_new(int fd)
{
    TkeCliEvents *events = g_new0(TkeCliEvents, 1);

    events->fd = fd;
    return events;
}

void
tke_cli_events_free(TkeCliEvents *events)
{
    if (events != NULL) {
        g_free(events->open_kind);
        g_free(events);
    }
}

static JsonObject *
event_new(const char *name)
{
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "event", name);
    return object;
}

static void
set_text(JsonObject *object, const char *key, const char *value)
{
    if (value != NULL) {
        json_object_set_string_member(object, key, value);
    }
}

static void
set_number(JsonObject *object, const char *key, unsigned value)
{
    if (value > 0) {
        json_object_set_int_member(object, key, value);
    }
}

/* A line is written whole; a reader that has gone away does not stop a ceremony. */
static void
emit(TkeCliEvents *events, JsonObject *object)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    g_autofree char *text = NULL;
    g_autofree char *line = NULL;
    size_t len;
    size_t done = 0;

    json_node_take_object(node, object);
    if (events->fd < 0) {
        return;
    }
    text = json_to_string(node, FALSE);
    line = g_strconcat(text, "\n", NULL);
    len = strlen(line);
    while (done < len) {
        ssize_t n = write(events->fd, line + done, len - done);

        if (n < 0 && errno != EINTR) {
            return;
        }
        done += n > 0 ? (size_t) n : 0;
    }
}

bool
tke_cli_events_are_read(const TkeCliEvents *events)
{
    return events->fd >= 0;
}

void
tke_cli_events_start(TkeCliEvents *events, const char *command)
{
    JsonObject *object = event_new("start");

    set_text(object, "command", command);
    emit(events, object);
}

void
tke_cli_events_result(TkeCliEvents *events, const char *command, int exit_code, const GError *error)
{
    JsonObject *object = event_new("result");

    set_text(object, "command", command);
    json_object_set_int_member(object, "exit", exit_code);
    if (error != NULL) {
        tke_record_error(object, error);
    }
    emit(events, object);
}

static const char *
kind_word(TkePromptKind kind)
{
    switch (kind) {
    case TKE_PROMPT_INSERT_CARD:
        return "insert";
    case TKE_PROMPT_REMOVE_CARD:
        return "remove";
    case TKE_PROMPT_ENTER_PIN:
        return "pin-verify";
    case TKE_PROMPT_NEW_PIN:
        return "pin-set";
    case TKE_PROMPT_CHANGE_PIN:
        return "pin-change";
    default:
        g_return_val_if_reached("unknown");
    }
}

static const char *
card_word(TkeWantedCard wanted)
{
    switch (wanted) {
    case TKE_WANTED_CA:
        return "ca";
    case TKE_WANTED_EP11:
    case TKE_WANTED_ENROLLED:
        return "ep11";
    case TKE_WANTED_BLANK_CA:
    case TKE_WANTED_NEW_EP11:
        return "blank";
    case TKE_WANTED_ANY:
        return "any";
    case TKE_WANTED_NONE:
    default:
        return NULL;
    }
}

void
tke_cli_events_prompt(TkeCliEvents *events, const TkePrompt *prompt)
{
    JsonObject *object = event_new("prompt");

    set_text(object, "kind", kind_word(prompt->kind));
    set_number(object, "reader", prompt->reader);
    set_text(object, "card", card_word(prompt->wanted));
    set_text(object, "purpose", prompt->purpose);
    if (prompt->purpose != NULL && strcmp(prompt->purpose, "signer") == 0) {
        set_number(object, "signer", prompt->number);
    } else {
        set_number(object, "part", prompt->number);
    }
    set_number(object, "total", prompt->total);
    set_number(object, "pin", prompt->pin);
    if (prompt->kind == TKE_PROMPT_ENTER_PIN || prompt->kind == TKE_PROMPT_CHANGE_PIN) {
        json_object_set_int_member(object, "tries", prompt->tries_left);
    }
    set_text(object, "reason", prompt->reason_word);
    set_text(object, "what", prompt->title);
    emit(events, object);
    g_free(events->open_kind);
    events->open_kind = g_strdup(kind_word(prompt->kind));
    events->open_reader = prompt->reader;
}

void
tke_cli_events_prompt_done(TkeCliEvents *events)
{
    JsonObject *object;

    if (events->open_kind == NULL) {
        return;
    }
    object = event_new("prompt-done");
    set_text(object, "kind", events->open_kind);
    set_number(object, "reader", events->open_reader);
    emit(events, object);
    g_clear_pointer(&events->open_kind, g_free);
}

void
tke_cli_events_step(TkeCliEvents *events, unsigned done, unsigned total, const char *what)
{
    JsonObject *object = event_new("step");

    json_object_set_int_member(object, "done", done);
    json_object_set_int_member(object, "total", total);
    set_text(object, "what", what);
    emit(events, object);
}

void
tke_cli_events_card(TkeCliEvents *events, unsigned reader, bool inserted)
{
    JsonObject *object = event_new("card");

    set_number(object, "reader", reader);
    set_text(object, "change", inserted ? "inserted" : "removed");
    emit(events, object);
}

void
tke_cli_events_confirm(TkeCliEvents *events, const TkePlan *plan)
{
    JsonObject *object = event_new("prompt");

    set_text(object, "kind", "confirm");
    set_text(object, "action", plan->action);
    set_text(object, "what", plan->title);
    set_text(object, "word", plan->confirm_text);
    emit(events, object);
}

void
tke_cli_events_choose(TkeCliEvents *events, const TkeChoice *choice)
{
    JsonObject *object = event_new("prompt");
    JsonArray *options = json_array_new();

    for (unsigned i = 0; i < choice->n_rows; i++) {
        g_autofree char *text = g_strjoinv("  ", (char **) choice->rows[i]);

        json_array_add_string_element(options, text);
    }
    set_text(object, "kind", "choose");
    set_text(object, "purpose", choice->what);
    set_text(object, "what", choice->title);
    json_object_set_array_member(object, "options", options);
    emit(events, object);
}

void
tke_cli_events_text(TkeCliEvents *events, const char *what, unsigned max, const char *proposal,
                    const char *reason)
{
    JsonObject *object = event_new("prompt");

    set_text(object, "kind", "text");
    set_text(object, "what", what);
    set_number(object, "max", max);
    set_text(object, "default", proposal);
    set_text(object, "reason", reason);
    emit(events, object);
}

void
tke_cli_events_secret(TkeCliEvents *events, const char *what)
{
    JsonObject *object = event_new("prompt");

    set_text(object, "kind", "secret");
    set_text(object, "what", what);
    emit(events, object);
}

void
tke_cli_events_number(TkeCliEvents *events, const char *what, unsigned min, unsigned max)
{
    JsonObject *object = event_new("prompt");

    set_text(object, "kind", "number");
    set_text(object, "what", what);
    json_object_set_int_member(object, "min", min);
    json_object_set_int_member(object, "max", max);
    emit(events, object);
}
