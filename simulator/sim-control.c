/*
 * Control commands of tke-sim (rehearsal, 4.12): cards in and out, keys of the PIN pads.
 */
#include "simulator/sim-control.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/error.h"
#include "common/secret.h"
#include "libsmartcard/sim-protocol.h"
#include "simulator/sim-json.h"

#define KEYS_MAX 64u
#define TIMEOUT_MS_STANDARD 30000
#define TIMEOUT_MS_MAX 3600000
#define SLICE_MS 100 /* how often a command that waits looks whether its client is still there */

static SimReader *
need_reader(const SimControl *control, JsonObject *command, unsigned *number, GError **error)
{
    int64_t value = 0;

    if (!sim_json_need_number(command, "reader", 1, G_MAXUINT8, &value, error)) {
        return NULL;
    }
    *number = (unsigned) value;
    return sim_world_get_reader(control->world, *number, error);
}

/* Waits until the pad of a reader asks. */
static bool
wait_for_pad(const SimControl *control, JsonObject *command, SimReader *reader, SimPadAsk *ask,
             GError **error)
{
    int64_t timeout_ms = 0;
    gint64 end = 0;

    if (!sim_json_get_number(command, "timeout_ms", 0, TIMEOUT_MS_MAX, TIMEOUT_MS_STANDARD,
                             &timeout_ms, error)) {
        return false;
    }
    end = g_get_monotonic_time() + timeout_ms * 1000;
    for (;;) {
        gint64 left_ms = (end - g_get_monotonic_time()) / 1000;

        if (sim_reader_wait_pad(reader, 0, (int) CLAMP(left_ms, 0, SLICE_MS), ask)) {
            return true;
        }
        if (left_ms <= 0 || control->gone(control->data)) {
            g_set_error(error, TKE_SIM_ERROR, TKE_SIM_STATUS_TIMEOUT,
                        _("the pad of \"%s\" did not ask for a PIN"),
                        sim_reader_get_options(reader)->name);
            return false;
        }
    }
}

static bool
run_insert(const SimControl *control, JsonObject *command, GError **error)
{
    unsigned number = 0;
    const char *label = NULL;

    if (need_reader(control, command, &number, error) == NULL) {
        return false;
    }
    label = sim_json_need_text(command, "card", error);
    return label != NULL && sim_world_insert(control->world, number, label, error);
}

static bool
run_remove(const SimControl *control, JsonObject *command, GError **error)
{
    unsigned number = 0;

    return need_reader(control, command, &number, error) != NULL &&
           sim_world_remove(control->world, number, error);
}

/* The keys in a member, all of them allowed. */
static TkeSecret *
take_keys(JsonObject *command, const char *member, const char *allowed, GError **error)
{
    const char *text = sim_json_need_text(command, member, error);
    size_t len = 0;

    if (text == NULL) {
        return NULL;
    }
    len = strlen(text);
    if (len < 1 || len > KEYS_MAX || strspn(text, allowed) != len) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("\"%s\" must have 1 to %u of the keys %s"),
                    member, KEYS_MAX, allowed);
        return NULL;
    }
    return tke_secret_new_from((const uint8_t *) text, len, error);
}

static bool
run_pin(const SimControl *control, JsonObject *command, GError **error)
{
    unsigned number = 0;
    SimReader *reader = need_reader(control, command, &number, error);
    g_autoptr(TkeSecret) digits = NULL;
    SimPadAsk ask = { 0 };

    if (reader == NULL) {
        return false;
    }
    digits = take_keys(command, "digits", "0123456789", error);
    return digits != NULL && wait_for_pad(control, command, reader, &ask, error) &&
           sim_reader_pin(reader, digits, 0, error);
}

static bool
run_keys(const SimControl *control, JsonObject *command, GError **error)
{
    unsigned number = 0;
    SimReader *reader = need_reader(control, command, &number, error);
    g_autoptr(TkeSecret) keys = NULL;
    SimPadAsk ask = { 0 };

    if (reader == NULL) {
        return false;
    }
    keys = take_keys(command, "keys", "0123456789ECX", error);
    return keys != NULL && wait_for_pad(control, command, reader, &ask, error) &&
           sim_reader_keys(reader, keys, 0, error);
}

static bool
run_cancel(const SimControl *control, JsonObject *command, GError **error)
{
    unsigned number = 0;
    SimReader *reader = need_reader(control, command, &number, error);
    SimPadAsk ask = { 0 };

    return reader != NULL && wait_for_pad(control, command, reader, &ask, error) &&
           sim_reader_cancel(reader, 0, error);
}

static bool
run_wait_pad(const SimControl *control, JsonObject *command, GError **error)
{
    unsigned number = 0;
    SimReader *reader = need_reader(control, command, &number, error);
    SimPadAsk ask = { 0 };

    return reader != NULL && wait_for_pad(control, command, reader, &ask, error);
}

static bool
run_fault(const SimControl *control, JsonObject *command, GError **error)
{
    bool done = sim_control_fault(control->world, command, error);

    sim_world_note(control->world); /* those of cards and service are told by nobody else */
    return done;
}

static bool
run_stop(const SimControl *control, JsonObject *command, GError **error)
{
    (void) command;
    (void) error;
    control->stop(control->data);
    return true;
}

/* As status, but not before there is something new to see. */
static bool
run_watch(const SimControl *control, JsonObject *command, GError **error)
{
    int64_t timeout_ms = 0;
    int64_t seen = 0;
    gint64 end = 0;
    gint64 left_ms = 0;

    if (!sim_json_need_number(command, "revision", 0, G_MAXINT64, &seen, error) ||
        !sim_json_get_number(command, "timeout_ms", 0, TIMEOUT_MS_MAX, TIMEOUT_MS_STANDARD,
                             &timeout_ms, error)) {
        return false;
    }
    end = g_get_monotonic_time() + timeout_ms * 1000;
    do {
        left_ms = (end - g_get_monotonic_time()) / 1000;
    } while (sim_world_wait_revision(control->world, (uint64_t) seen,
                                     (unsigned) CLAMP(left_ms, 0, SLICE_MS)) == (uint64_t) seen &&
             left_ms > 0 && !control->gone(control->data));
    return true;
}

static bool
run_desk(const SimControl *control, JsonObject *command, GError **error)
{
    bool only = false;

    if (!sim_json_get_flag(command, "only", false, &only, error)) {
        return false;
    }
    if (!control->desk(control->data, only)) {
        g_set_error_literal(error, TKE_SIM_ERROR, TKE_SIM_STATUS_SHARING,
                            _("a virtual desk shows this world already"));
        return false;
    }
    return true;
}

static bool
run_note(const SimControl *control, JsonObject *command, GError **error)
{
    return sim_control_note(control->world, command, error);
}

static bool
run_add_card(const SimControl *control, JsonObject *command, JsonBuilder *answer, GError **error)
{
    return sim_control_add_card(control->world, command, answer, error);
}

static bool
tell_status(const SimControl *control, JsonObject *command, JsonBuilder *answer, GError **error)
{
    (void) command;
    (void) error;
    sim_control_describe(control->world, answer);
    return true;
}

/* What a command does, and what it adds to the answer; both may be absent. */
typedef struct Command {
    const char *name;
    bool (*run)(const SimControl *control, JsonObject *command, GError **error);
    bool (*tell)(const SimControl *control, JsonObject *command, JsonBuilder *answer,
                 GError **error);
} Command;

static const Command commands[] = {
    { "status", NULL, tell_status },     { "insert", run_insert, NULL },
    { "remove", run_remove, NULL },      { "pin", run_pin, NULL },
    { "keys", run_keys, NULL },          { "cancel", run_cancel, NULL },
    { "wait-pad", run_wait_pad, NULL },  { "fault", run_fault, NULL },
    { "add-card", NULL, run_add_card },  { "note", run_note, NULL },
    { "watch", run_watch, tell_status }, { "desk", run_desk, NULL },
    { "stop", run_stop, NULL },
};

static const Command *
find_command(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

JsonObject *
sim_control_run(const SimControl *control, JsonObject *command, GError **error)
{
    const char *name = sim_json_need_text(command, "command", error);
    const Command *found = name == NULL ? NULL : find_command(name);
    g_autoptr(JsonBuilder) builder = NULL;
    g_autoptr(JsonNode) root = NULL;

    if (name == NULL) {
        return NULL;
    }
    if (found == NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_USAGE, _("tke-sim knows no command \"%s\""), name);
        return NULL;
    }
    if (found->run != NULL && !found->run(control, command, error)) {
        return NULL;
    }
    builder = json_builder_new();
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "done");
    json_builder_add_string_value(builder, name);
    if (found->tell != NULL && !found->tell(control, command, builder, error)) {
        return NULL;
    }
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    return json_object_ref(json_node_get_object(root));
}
