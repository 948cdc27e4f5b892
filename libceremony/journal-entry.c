/*
 * One step of the journal: what is known of it, its form in the file, and how it is told (F-177).
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/hex.h"
#include "libceremony/journal-private.h"
#include "libceremony/json-file.h"
#include "libep11admin/json-text.h"

static const struct {
    const char *action;
    const char *what;
    const char *command;
} steps[] = {
#define JOURNAL_STEP(action, name, what, command, source) { action, what, command },
#include "libceremony/journal.inc"
};

static const char *const state_words[] = { "unknown", "done", "not done" };

TkeJournalStep
tke_journal_entry_find_step(const char *action)
{
    unsigned i = 0;

    while (i < G_N_ELEMENTS(steps) && strcmp(steps[i].action, action) != 0) {
        i++;
    }
    return (TkeJournalStep) i;
}

static void
unit_free(TkeJournalUnit *unit)
{
    g_free(unit->id);
    g_free(unit->location);
    g_free(unit->instance);
    g_free(unit);
}

void
tke_journal_entry_free(TkeJournalEntry *entry)
{
    if (entry != NULL) {
        g_free(entry->started);
        g_free(entry->key);
        g_clear_pointer(&entry->values, json_object_unref);
        g_ptr_array_unref(entry->units);
        g_free(entry);
    }
}

TkeJournalEntry *
tke_journal_entry_new(TkeJournalStep step, const char *started, const char *key)
{
    TkeJournalEntry *entry = g_new0(TkeJournalEntry, 1);

    entry->action = steps[step].action;
    entry->step = step;
    entry->started = g_strdup(started);
    entry->key = g_strdup(key);
    entry->units = g_ptr_array_new_with_free_func((GDestroyNotify) unit_free);
    return entry;
}

TkeJournalUnit *
tke_journal_entry_find_unit(const TkeJournalEntry *entry, const char *id)
{
    for (unsigned i = 0; i < entry->units->len; i++) {
        TkeJournalUnit *unit = g_ptr_array_index(entry->units, i);

        if (strcmp(unit->id, id) == 0) {
            return unit;
        }
    }
    return NULL;
}

TkeJournalUnit *
tke_journal_entry_add_unit(TkeJournalEntry *entry, const char *id, const char *location,
                           const char *instance)
{
    TkeJournalUnit *unit = tke_journal_entry_find_unit(entry, id);

    if (unit == NULL) {
        unit = g_new0(TkeJournalUnit, 1);
        unit->id = g_strdup(id);
        unit->location = g_strdup(location);
        unit->instance = g_strdup(instance);
        g_ptr_array_add(entry->units, unit);
    }
    return unit;
}

static void
copy_unit(TkeJournalEntry *entry, const TkeJournalUnit *from)
{
    TkeJournalUnit *unit =
        tke_journal_entry_add_unit(entry, from->id, from->location, from->instance);

    unit->state = from->state;
    unit->reached = from->reached;
    unit->has_before = from->has_before;
    unit->before = from->before;
}

void
tke_journal_entry_take_over(TkeJournalEntry *entry, const TkeJournalEntry *other)
{
    for (unsigned i = 0; i < other->units->len; i++) {
        const TkeJournalUnit *unit = g_ptr_array_index(other->units, i);

        if (tke_journal_entry_find_unit(entry, unit->id) == NULL) {
            copy_unit(entry, unit);
        }
    }
    if (entry->key == NULL) {
        entry->key = g_strdup(other->key);
    }
    if (strcmp(other->started, entry->started) < 0) {
        g_free(entry->started);
        entry->started = g_strdup(other->started);
    }
}

TkeJournalEntry *
tke_journal_entry_dup(const TkeJournalEntry *entry)
{
    TkeJournalEntry *copy = tke_journal_entry_new(entry->step, entry->started, entry->key);

    copy->values = entry->values != NULL ? json_object_ref(entry->values) : NULL;
    for (unsigned i = 0; i < entry->units->len; i++) {
        copy_unit(copy, g_ptr_array_index(entry->units, i));
    }
    return copy;
}

bool
tke_journal_entry_is_unfinished(const TkeJournalEntry *entry)
{
    unsigned count[G_N_ELEMENTS(state_words)] = { 0 };

    for (unsigned i = 0; i < entry->units->len; i++) {
        const TkeJournalUnit *unit = g_ptr_array_index(entry->units, i);

        count[unit->state]++;
    }
    return count[TKE_JOURNAL_UNKNOWN] > 0 ||
           (count[TKE_JOURNAL_DONE] > 0 && count[TKE_JOURNAL_NOT_DONE] > 0);
}

/* ---- the file ---- */

static bool
read_hex(JsonObject *object, const char *name, uint8_t *out, size_t len)
{
    const char *text = tke_json_text_get_string(object, name);

    return text != NULL && tke_hex_decode_exact(text, out, len, NULL);
}

/* Missing: an identity that was not known. */
static bool
read_before(JsonObject *object, TkeJournalUnit *unit)
{
    JsonObject *before = tke_json_file_object(object, "before");

    if (!json_object_has_member(object, "before")) {
        return true;
    }
    unit->has_before =
        before != NULL &&
        read_hex(before, "domain", unit->before.domain, sizeof unit->before.domain) &&
        read_hex(before, "module", unit->before.module_id, sizeof unit->before.module_id) &&
        read_hex(before, "counter", unit->before.counter, sizeof unit->before.counter);
    return unit->has_before;
}

static bool
read_unit(TkeJournalEntry *entry, JsonNode *node)
{
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    const char *id = object != NULL ? tke_json_text_get_string(object, "id") : NULL;
    const char *location = object != NULL ? tke_json_text_get_string(object, "location") : NULL;
    const char *word = object != NULL ? tke_json_text_get_string(object, "state") : NULL;

    for (unsigned i = 0;
         id != NULL && location != NULL && word != NULL && i < G_N_ELEMENTS(state_words); i++) {
        if (strcmp(word, state_words[i]) == 0) {
            TkeJournalUnit *unit = tke_journal_entry_add_unit(
                entry, id, location, tke_json_text_get_string(object, "instance"));

            unit->state = (TkeJournalState) i;
            unit->reached =
                i == TKE_JOURNAL_DONE || json_object_has_member(object, "changed_since");
            return read_before(object, unit);
        }
    }
    return false;
}

TkeJournalEntry *
tke_journal_entry_from_json(JsonNode *node)
{
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    const char *action = object != NULL ? tke_json_text_get_string(object, "action") : NULL;
    const char *started = object != NULL ? tke_json_text_get_string(object, "started") : NULL;
    JsonArray *units = object != NULL ? tke_json_file_array(object, "units") : NULL;
    JsonObject *values = object != NULL ? tke_json_file_object(object, "values") : NULL;
    g_autoptr(TkeJournalEntry) entry = NULL;
    TkeJournalStep step = action != NULL ? tke_journal_entry_find_step(action) : TKE_JOURNAL_STEPS;

    if (step == TKE_JOURNAL_STEPS || started == NULL || units == NULL) {
        return NULL;
    }
    entry = tke_journal_entry_new(step, started, tke_json_text_get_string(object, "key"));
    entry->values = values != NULL ? json_object_ref(values) : NULL;
    for (unsigned i = 0; i < json_array_get_length(units); i++) {
        if (!read_unit(entry, json_array_get_element(units, i))) {
            return NULL;
        }
    }
    return tke_journal_entry_is_sound(entry) ? g_steal_pointer(&entry) : NULL;
}

static void
set_hex(JsonObject *object, const char *name, const uint8_t *bytes, size_t len)
{
    g_autofree char *text = tke_hex_encode(bytes, len);

    json_object_set_string_member(object, name, text);
}

static JsonObject *
unit_to_json(const TkeJournalUnit *unit)
{
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "id", unit->id);
    json_object_set_string_member(object, "location", unit->location);
    if (unit->instance != NULL) {
        json_object_set_string_member(object, "instance", unit->instance);
    }
    json_object_set_string_member(object, "state", state_words[unit->state]);
    if (unit->reached && unit->state != TKE_JOURNAL_DONE) {
        json_object_set_boolean_member(object, "changed_since", TRUE);
    }
    if (unit->has_before) {
        JsonObject *before = json_object_new();

        set_hex(before, "domain", unit->before.domain, sizeof unit->before.domain);
        set_hex(before, "module", unit->before.module_id, sizeof unit->before.module_id);
        set_hex(before, "counter", unit->before.counter, sizeof unit->before.counter);
        json_object_set_object_member(object, "before", before);
    }
    return object;
}

JsonObject *
tke_journal_entry_to_json(const TkeJournalEntry *entry)
{
    JsonObject *object = json_object_new();
    JsonArray *units = json_array_new();

    json_object_set_string_member(object, "action", entry->action);
    json_object_set_string_member(object, "started", entry->started);
    if (entry->key != NULL) {
        json_object_set_string_member(object, "key", entry->key);
    }
    if (entry->values != NULL) {
        json_object_set_object_member(object, "values", json_object_ref(entry->values));
    }
    for (unsigned i = 0; i < entry->units->len; i++) {
        json_array_add_object_element(units, unit_to_json(g_ptr_array_index(entry->units, i)));
    }
    json_object_set_array_member(object, "units", units);
    return object;
}

/* ---- what is known ---- */

const char *
tke_journal_entry_get_action(const TkeJournalEntry *entry)
{
    return entry->action;
}

const char *
tke_journal_entry_get_what(const TkeJournalEntry *entry)
{
    return _(steps[entry->step].what);
}

const char *
tke_journal_entry_get_started(const TkeJournalEntry *entry)
{
    return entry->started;
}

const char *
tke_journal_entry_get_command(const TkeJournalEntry *entry)
{
    return steps[entry->step].command;
}

const char *
tke_journal_entry_get_key(const TkeJournalEntry *entry)
{
    return entry->key;
}

JsonObject *
tke_journal_entry_get_values(const TkeJournalEntry *entry)
{
    return entry->values;
}

bool
tke_journal_entry_get_state(const TkeJournalEntry *entry, const TkeUnit *unit,
                            TkeJournalState *state)
{
    const TkeJournalUnit *found = tke_journal_entry_find_unit(entry, tke_unit_get_hsm_id(unit));

    if (found != NULL) {
        *state = found->state;
    }
    return found != NULL;
}

bool
tke_journal_entry_was_done(const TkeJournalEntry *entry, const TkeUnit *unit)
{
    const TkeJournalUnit *found = tke_journal_entry_find_unit(entry, tke_unit_get_hsm_id(unit));

    return found != NULL && found->reached;
}

bool
tke_journal_entry_note_state(TkeJournalEntry *entry, const TkeUnitState *state)
{
    TkeJournalUnit *unit = tke_journal_entry_find_unit(entry, tke_unit_get_hsm_id(state->unit));
    TkeJournalState now;
    bool changed = false;

    if (unit == NULL || state->error != NULL) {
        return false;
    }
    if (entry->key == NULL && tke_journal_shows_key(entry, state, unit)) {
        entry->key = tke_hex_encode(state->registers.new_vp, TKE_VP_LEN);
        changed = true;
    }
    now = tke_journal_shows(entry, state, unit);
    changed = changed || now != unit->state;
    unit->state = now;
    unit->reached = unit->reached || now == TKE_JOURNAL_DONE;
    return changed;
}

/* ---- units that are gone, and how it is told ---- */

static const TkeUnit *
find_listed(const TkeJournalUnit *unit, const GPtrArray *units)
{
    for (unsigned i = 0; i < units->len; i++) {
        const TkeUnit *now = g_ptr_array_index(units, i);

        if (strcmp(tke_unit_get_hsm_id(now), unit->id) == 0) {
            return now;
        }
    }
    return NULL;
}

/* Its instance is listed, and it is not. */
static bool
is_gone(const TkeJournalUnit *unit, const GPtrArray *units)
{
    bool listed = false;

    for (unsigned i = 0; unit->instance != NULL && i < units->len; i++) {
        const TkeUnit *now = g_ptr_array_index(units, i);

        listed = listed || strcmp(tke_unit_get_instance(now), unit->instance) == 0;
    }
    return listed && find_listed(unit, units) == NULL;
}

TkeJournalLeft *
tke_journal_entry_dup_left(const TkeJournalEntry *entry, const GPtrArray *units,
                           const GPtrArray *also)
{
    TkeJournalLeft *left =
        g_ptr_array_new_with_free_func((GDestroyNotify) tke_journal_left_unit_free);

    for (unsigned i = 0; i < entry->units->len; i++) {
        const TkeJournalUnit *unit = g_ptr_array_index(entry->units, i);
        const TkeUnit *listed = also != NULL ? find_listed(unit, also) : NULL;

        if (is_gone(unit, units) || listed != NULL) {
            TkeJournalLeftUnit *row = g_new0(TkeJournalLeftUnit, 1);

            row->id = g_strdup(unit->id);
            row->instance = g_strdup(unit->instance);
            row->location = g_strdup(unit->location);
            row->name = listed != NULL ? tke_unit_get_name(listed) : NULL;
            row->state = state_words[unit->state];
            g_ptr_array_add(left, row);
        }
    }
    return left;
}

void
tke_journal_left_unit_free(TkeJournalLeftUnit *unit)
{
    g_free(unit->id);
    g_free(unit->instance);
    g_free(unit->location);
    g_free(unit);
}

typedef enum { NOT_DONE, CHANGED, DONE, UNKNOWN, KINDS } Kind;

static Kind
kind_of(const TkeJournalUnit *unit)
{
    switch (unit->state) {
    case TKE_JOURNAL_DONE:
        return DONE;
    case TKE_JOURNAL_UNKNOWN:
        return UNKNOWN;
    case TKE_JOURNAL_NOT_DONE:
    default:
        return unit->reached ? CHANGED : NOT_DONE;
    }
}

/* "not done in A, B; done in C" */
static char *
tell_where(const TkeJournalEntry *entry, const GPtrArray *units, bool *concerned, bool *gone)
{
    const char *const words[KINDS] = { _("not done in"), _("done, and changed since, in"),
                                       _("done in"), _("not known in") };
    GString *where = g_string_new(NULL);

    for (Kind kind = 0; kind < KINDS; kind++) {
        const char *before = words[kind];

        for (unsigned i = 0; i < entry->units->len; i++) {
            const TkeJournalUnit *unit = g_ptr_array_index(entry->units, i);
            const TkeUnit *listed = find_listed(unit, units);

            *gone = *gone || is_gone(unit, units);
            *concerned = *concerned || listed != NULL || *gone;
            if (kind_of(unit) == kind) {
                g_string_append_printf(where, "%s%s %s",
                                       where->len == 0   ? ""
                                       : *before == '\0' ? ","
                                                         : "; ",
                                       before,
                                       listed != NULL ? tke_unit_get_name(listed) : unit->location);
                before = "";
            }
        }
    }
    return g_string_free(where, FALSE);
}

char *
tke_journal_entry_tell(const TkeJournalEntry *entry, const GPtrArray *units)
{
    bool concerned = false;
    bool gone = false;
    g_autofree char *where = tell_where(entry, units, &concerned, &gone);

    if (!concerned) {
        return NULL;
    }
    return g_strdup_printf(
        gone ? _("Unfinished: %s, begun %s: %s. “%s” continues it; what concerns crypto units that "
                 "are not listed any more is settled by “tke cryptounit-leave”.")
             : _("Unfinished: %s, begun %s: %s. “%s” continues it."),
        tke_journal_entry_get_what(entry), entry->started, where,
        tke_journal_entry_get_command(entry));
}
