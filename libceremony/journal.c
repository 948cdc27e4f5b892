/*
 * The journal of steps on several crypto units (functions 3.2, P-7; 4.1; F-177).
 */
#include "libceremony/journal.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/hex.h"
#include "libceremony/journal-private.h"
#include "libceremony/json-file.h"
#include "libep11admin/json-text.h"

#define JOURNAL "opentke-journal.json"

struct TkeJournal {
    char *path;
    GPtrArray *entries; /* TkeJournalEntry, oldest first; all of them unfinished */
    bool changed;
};

static const struct {
    const char *action;
    TkeJournalStep step;
    const char *what;
    const char *command;
} steps[] = {
#define JOURNAL_STEP(action, name, what, command, source)                                          \
    { action, TKE_JOURNAL_##name, what, command },
#include "libceremony/journal.inc"
};

static const char *const state_words[] = { "unknown", "done", "not done" };

/* Its place in the table; the number of rows if it is none of them. */
static size_t
find_step(const char *action)
{
    size_t i = 0;

    while (i < G_N_ELEMENTS(steps) && strcmp(steps[i].action, action) != 0) {
        i++;
    }
    return i;
}

static void
unit_free(TkeJournalUnit *unit)
{
    g_free(unit->id);
    g_free(unit->location);
    g_free(unit);
}

static void
entry_free(TkeJournalEntry *entry)
{
    g_free(entry->started);
    g_free(entry->key);
    g_clear_pointer(&entry->values, json_object_unref);
    g_ptr_array_unref(entry->units);
    g_free(entry);
}

static TkeJournalEntry *
entry_new(size_t row, const char *started, const char *key)
{
    TkeJournalEntry *entry = g_new0(TkeJournalEntry, 1);

    entry->action = steps[row].action;
    entry->step = steps[row].step;
    entry->started = g_strdup(started);
    entry->key = g_strdup(key);
    entry->units = g_ptr_array_new_with_free_func((GDestroyNotify) unit_free);
    return entry;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TkeJournalEntry, entry_free)

static TkeJournalUnit *
find_unit(const TkeJournalEntry *entry, const char *id)
{
    for (unsigned i = 0; i < entry->units->len; i++) {
        TkeJournalUnit *unit = g_ptr_array_index(entry->units, i);

        if (strcmp(unit->id, id) == 0) {
            return unit;
        }
    }
    return NULL;
}

static TkeJournalUnit *
add_unit(TkeJournalEntry *entry, const char *id, const char *location)
{
    TkeJournalUnit *unit = find_unit(entry, id);

    if (unit == NULL) {
        unit = g_new0(TkeJournalUnit, 1);
        unit->id = g_strdup(id);
        unit->location = g_strdup(location);
        g_ptr_array_add(entry->units, unit);
    }
    return unit;
}

/* ---- the file ---- */

static bool
read_unit(TkeJournalEntry *entry, JsonNode *node)
{
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    const char *id = object != NULL ? tke_json_text_get_string(object, "id") : NULL;
    const char *location = object != NULL ? tke_json_text_get_string(object, "location") : NULL;
    const char *word = object != NULL ? tke_json_text_get_string(object, "state") : NULL;

    for (unsigned i = 0; id != NULL && location != NULL && word != NULL &&
                         i < G_N_ELEMENTS(state_words);
         i++) {
        if (strcmp(word, state_words[i]) == 0) {
            add_unit(entry, id, location)->state = (TkeJournalState) i;
            return true;
        }
    }
    return false;
}

static TkeJournalEntry *
read_entry(JsonNode *node)
{
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    const char *action = object != NULL ? tke_json_text_get_string(object, "action") : NULL;
    const char *started = object != NULL ? tke_json_text_get_string(object, "started") : NULL;
    JsonArray *units = object != NULL ? tke_json_file_array(object, "units") : NULL;
    JsonObject *values = object != NULL ? tke_json_file_object(object, "values") : NULL;
    g_autoptr(TkeJournalEntry) entry = NULL;
    size_t row = action != NULL ? find_step(action) : G_N_ELEMENTS(steps);

    if (row == G_N_ELEMENTS(steps) || started == NULL || units == NULL) {
        return NULL;
    }
    entry = entry_new(row, started, tke_json_text_get_string(object, "key"));
    entry->values = values != NULL ? json_object_ref(values) : NULL;
    for (unsigned i = 0; i < json_array_get_length(units); i++) {
        if (!read_unit(entry, json_array_get_element(units, i))) {
            return NULL;
        }
    }
    return tke_journal_entry_is_sound(entry) ? g_steal_pointer(&entry) : NULL;
}

TkeJournal *
tke_journal_load(const char *directory, GError **error)
{
    g_autoptr(TkeJournal) journal = g_new0(TkeJournal, 1);
    g_autoptr(JsonObject) object = NULL;
    JsonArray *list;

    journal->path = g_build_filename(directory, JOURNAL, NULL);
    journal->entries = g_ptr_array_new_with_free_func((GDestroyNotify) entry_free);
    object = tke_json_file_read(journal->path, error);
    if (object == NULL) {
        return NULL;
    }
    list = tke_json_file_array(object, "unfinished");
    if (list == NULL && json_object_get_size(object) > 0) {
        tke_json_file_damaged(journal->path, NULL, error);
        return NULL;
    }
    for (unsigned i = 0; list != NULL && i < json_array_get_length(list); i++) {
        TkeJournalEntry *entry = read_entry(json_array_get_element(list, i));

        if (entry == NULL) {
            tke_json_file_damaged(journal->path, NULL, error);
            return NULL;
        }
        g_ptr_array_add(journal->entries, entry);
    }
    return g_steal_pointer(&journal);
}

void
tke_journal_free(TkeJournal *journal)
{
    if (journal != NULL) {
        g_free(journal->path);
        g_ptr_array_unref(journal->entries);
        g_free(journal);
    }
}

static JsonObject *
entry_to_json(const TkeJournalEntry *entry)
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
        const TkeJournalUnit *unit = g_ptr_array_index(entry->units, i);
        JsonObject *of_unit = json_object_new();

        json_object_set_string_member(of_unit, "id", unit->id);
        json_object_set_string_member(of_unit, "location", unit->location);
        json_object_set_string_member(of_unit, "state", state_words[unit->state]);
        json_array_add_object_element(units, of_unit);
    }
    json_object_set_array_member(object, "units", units);
    return object;
}

/* Done in some and not in others, or not known in any. */
static bool
is_unfinished(const TkeJournalEntry *entry)
{
    unsigned count[G_N_ELEMENTS(state_words)] = { 0 };

    for (unsigned i = 0; i < entry->units->len; i++) {
        const TkeJournalUnit *unit = g_ptr_array_index(entry->units, i);

        count[unit->state]++;
    }
    return count[TKE_JOURNAL_UNKNOWN] > 0 ||
           (count[TKE_JOURNAL_DONE] > 0 && count[TKE_JOURNAL_NOT_DONE] > 0);
}

static void
drop_finished(TkeJournal *journal)
{
    for (unsigned i = journal->entries->len; i > 0; i--) {
        if (!is_unfinished(g_ptr_array_index(journal->entries, i - 1))) {
            g_ptr_array_remove_index(journal->entries, i - 1);
            journal->changed = true;
        }
    }
}

bool
tke_journal_save(TkeJournal *journal, GError **error)
{
    g_autoptr(JsonObject) object = NULL;
    JsonArray *list = NULL;

    drop_finished(journal);
    if (!journal->changed) {
        return true;
    }
    object = json_object_new();
    list = json_array_new();
    for (unsigned i = 0; i < journal->entries->len; i++) {
        json_array_add_object_element(list,
                                      entry_to_json(g_ptr_array_index(journal->entries, i)));
    }
    json_object_set_array_member(object, "unfinished", list);
    journal->changed = !tke_json_file_write(journal->path, object, error);
    return !journal->changed;
}

/* ---- steps ---- */

static void
set_state(TkeJournal *journal, TkeJournalUnit *unit, TkeJournalState state)
{
    journal->changed = journal->changed || unit->state != state;
    unit->state = state;
}

static TkeJournalEntry *
find_entry(const TkeJournal *journal, const char *action, JsonObject *values)
{
    for (unsigned i = 0; i < journal->entries->len; i++) {
        TkeJournalEntry *entry = g_ptr_array_index(journal->entries, i);

        if (strcmp(entry->action, action) == 0 &&
            tke_journal_same_values(entry->values, values)) {
            return entry;
        }
    }
    return NULL;
}

bool
tke_journal_begin(TkeJournal *journal, const char *action, JsonObject *values, GPtrArray *units,
                  GError **error)
{
    TkeJournalEntry *entry = find_entry(journal, action, values);
    g_autofree TkeJournalState *states = NULL;
    size_t row = find_step(action);
    bool was_changed;

    g_return_val_if_fail(row < G_N_ELEMENTS(steps), false);

    if (entry == NULL) {
        g_autoptr(GDateTime) now = g_date_time_new_now_utc();
        g_autofree char *started = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");

        entry = entry_new(row, started, NULL);
        entry->values = values != NULL ? tke_journal_dup_values(values) : NULL;
        g_ptr_array_add(journal->entries, entry);
    }
    states = g_new0(TkeJournalState, units->len);
    for (unsigned i = 0; i < units->len; i++) {
        const TkeUnit *unit = g_ptr_array_index(units, i);
        bool is_new = find_unit(entry, tke_unit_get_hsm_id(unit)) == NULL;
        TkeJournalUnit *noted =
            add_unit(entry, tke_unit_get_hsm_id(unit), tke_unit_get_location(unit));

        states[i] = is_new ? TKE_JOURNAL_NOT_DONE : noted->state;
        noted->state = TKE_JOURNAL_UNKNOWN;
    }
    was_changed = journal->changed;
    journal->changed = true;
    if (tke_journal_save(journal, error)) {
        return true;
    }
    for (unsigned i = 0; i < units->len; i++) { /* nothing will be sent */
        find_unit(entry, tke_unit_get_hsm_id(g_ptr_array_index(units, i)))->state = states[i];
    }
    drop_finished(journal);
    journal->changed = was_changed;
    return false;
}

void
tke_journal_note(TkeJournal *journal, const char *action, JsonObject *values, const TkeUnit *unit,
                 TkeJournalState state)
{
    TkeJournalEntry *entry = find_entry(journal, action, values);
    TkeJournalUnit *found = entry != NULL ? find_unit(entry, tke_unit_get_hsm_id(unit)) : NULL;

    if (found != NULL) {
        set_state(journal, found, state);
    }
}

void
tke_journal_note_key(TkeJournal *journal, const char *action, JsonObject *values,
                     const uint8_t vp[static TKE_VP_LEN])
{
    TkeJournalEntry *entry = find_entry(journal, action, values);

    if (entry != NULL && entry->key == NULL) {
        entry->key = tke_hex_encode(vp, TKE_VP_LEN);
        journal->changed = true;
    }
}

void
tke_journal_note_state(TkeJournal *journal, const TkeUnitState *state)
{
    for (unsigned i = 0; state->error == NULL && i < journal->entries->len; i++) {
        TkeJournalEntry *entry = g_ptr_array_index(journal->entries, i);
        TkeJournalUnit *unit = find_unit(entry, tke_unit_get_hsm_id(state->unit));

        if (unit != NULL) {
            set_state(journal, unit, tke_journal_shows(entry, state, unit->state));
        }
    }
}

const GPtrArray *
tke_journal_get_unfinished(const TkeJournal *journal)
{
    return journal->entries;
}

const TkeJournalEntry *
tke_journal_find(const TkeJournal *journal, const char *action, const TkeUnit *unit)
{
    for (unsigned i = journal->entries->len; i > 0; i--) {
        const TkeJournalEntry *entry = g_ptr_array_index(journal->entries, i - 1);

        if (strcmp(entry->action, action) == 0 &&
            find_unit(entry, tke_unit_get_hsm_id(unit)) != NULL) {
            return entry;
        }
    }
    return NULL;
}

/* ---- one step ---- */

const char *
tke_journal_entry_get_action(const TkeJournalEntry *entry)
{
    return entry->action;
}

const char *
tke_journal_entry_get_started(const TkeJournalEntry *entry)
{
    return entry->started;
}

const char *
tke_journal_entry_get_command(const TkeJournalEntry *entry)
{
    return steps[find_step(entry->action)].command;
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
    const TkeJournalUnit *found = find_unit(entry, tke_unit_get_hsm_id(unit));

    if (found != NULL) {
        *state = found->state;
    }
    return found != NULL;
}

static const char *
name_of(const TkeJournalUnit *unit, const GPtrArray *units, bool *listed)
{
    for (unsigned i = 0; i < units->len; i++) {
        const TkeUnit *now = g_ptr_array_index(units, i);

        if (strcmp(tke_unit_get_hsm_id(now), unit->id) == 0) {
            *listed = true;
            return tke_unit_get_name(now);
        }
    }
    return unit->location;
}

char *
tke_journal_entry_tell(const TkeJournalEntry *entry, const GPtrArray *units)
{
    const char *const words[] = { _("not known in"), _("done in"), _("not done in") };
    g_autoptr(GString) where = g_string_new(NULL);
    size_t row = find_step(entry->action);
    bool listed = false;

    for (unsigned state = G_N_ELEMENTS(words); state > 0; state--) {
        const char *before = words[state - 1];

        for (unsigned i = 0; i < entry->units->len; i++) {
            const TkeJournalUnit *unit = g_ptr_array_index(entry->units, i);

            if ((unsigned) unit->state == state - 1) {
                g_string_append_printf(where, "%s%s %s",
                                       where->len == 0     ? ""
                                       : *before == '\0' ? ","
                                                         : "; ",
                                       before, name_of(unit, units, &listed));
                before = "";
            }
        }
    }
    return listed ? g_strdup_printf(_("Unfinished: %s, begun %s: %s. “%s” continues it."),
                                    _(steps[row].what), entry->started, where->str,
                                    steps[row].command)
                  : NULL;
}
