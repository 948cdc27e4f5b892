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
    return sim_control_fault(control->world, command, error);
}

static bool
run_stop(const SimControl *control, JsonObject *command, GError **error)
{
    (void) command;
    (void) error;
    control->stop(control->data);
    return true;
}

static bool
run_status(const SimControl *control, JsonObject *command, GError **error)
{
    (void) control;
    (void) command;
    (void) error;
    return true; /* the answer is all it does */
}

typedef struct Command {
    const char *name;
    bool (*run)(const SimControl *control, JsonObject *command, GError **error);
    bool tells_status;
} Command;

static const Command commands[] = {
    { "status", run_status, true },      { "insert", run_insert, false },
    { "remove", run_remove, false },     { "pin", run_pin, false },
    { "keys", run_keys, false },         { "cancel", run_cancel, false },
    { "wait-pad", run_wait_pad, false }, { "fault", run_fault, false },
    { "stop", run_stop, false },
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
    if (!found->run(control, command, error)) {
        return NULL;
    }
    builder = json_builder_new();
    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "done");
    json_builder_add_string_value(builder, name);
    if (found->tells_status) {
        sim_control_describe(control->world, builder);
    }
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    return json_object_ref(json_node_get_object(root));
}
