/*
 * The journal of steps on several crypto units (functions 3.2, P-7; 4.1; F-177).
 */
#include "libceremony/journal.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "common/hex.h"
#include "libceremony/journal-private.h"
#include "libceremony/json-file.h"

#define JOURNAL "opentke-journal.json"

struct TkeJournal {
    char *path;
    GPtrArray *entries; /* TkeJournalEntry, oldest first; all of them unfinished */
    bool changed;
};

/* ---- the file ---- */

/* With the file, and what to do about it. */
static const char *const lost =
    N_("Which steps have not reached all crypto units is not known any more; before anything is "
       "changed look at the units yourself (tke cryptounit-mk, tke cryptounit-admins, tke "
       "cryptounit-compare)");

TkeJournal *
tke_journal_load(const char *directory, GError **error)
{
    g_autoptr(TkeJournal) journal = g_new0(TkeJournal, 1);
    g_autoptr(JsonObject) object = NULL;
    JsonArray *list;

    journal->path = g_build_filename(directory, JOURNAL, NULL);
    journal->entries = g_ptr_array_new_with_free_func((GDestroyNotify) tke_journal_entry_free);
    object = tke_json_file_read(journal->path, _(lost), error);
    if (object == NULL) {
        return NULL;
    }
    list = tke_json_file_array(object, "unfinished");
    if (list == NULL && json_object_get_size(object) > 0) {
        tke_json_file_damaged(journal->path, NULL, _(lost), error);
        return NULL;
    }
    for (unsigned i = 0; list != NULL && i < json_array_get_length(list); i++) {
        TkeJournalEntry *entry = tke_journal_entry_from_json(json_array_get_element(list, i));

        if (entry == NULL) {
            tke_json_file_damaged(journal->path, NULL, _(lost), error);
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

static void
drop_finished(TkeJournal *journal)
{
    for (unsigned i = journal->entries->len; i > 0; i--) {
        if (!tke_journal_entry_is_unfinished(g_ptr_array_index(journal->entries, i - 1))) {
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
        json_array_add_object_element(
            list, tke_journal_entry_to_json(g_ptr_array_index(journal->entries, i)));
    }
    json_object_set_array_member(object, "unfinished", list);
    journal->changed = !tke_json_file_write(journal->path, object, error);
    return !journal->changed;
}

/* ---- steps ---- */

static void
set_state(TkeJournal *journal, TkeJournalUnit *unit, TkeJournalState state)
{
    bool reached = state == TKE_JOURNAL_DONE;

    journal->changed = journal->changed || unit->state != state || unit->reached != reached;
    unit->state = state;
    unit->reached = reached;
}

static TkeJournalEntry *
find_entry(const TkeJournal *journal, const char *action, JsonObject *values, const TkeUnit *unit)
{
    for (unsigned i = journal->entries->len; i > 0; i--) {
        TkeJournalEntry *entry = g_ptr_array_index(journal->entries, i - 1);

        if (strcmp(entry->action, action) == 0 && tke_journal_same_values(entry->values, values) &&
            tke_journal_entry_find_unit(entry, tke_unit_get_hsm_id(unit)) != NULL) {
            return entry;
        }
    }
    return NULL;
}

/* The unfinished step that is gone on with: of the same values, and in one of the units at
 * least. */
static TkeJournalEntry *
find_begun(const TkeJournal *journal, const char *action, JsonObject *values,
           const GPtrArray *units)
{
    TkeJournalEntry *entry = NULL;

    for (unsigned i = 0; entry == NULL && i < units->len; i++) {
        entry = find_entry(journal, action, values, g_ptr_array_index(units, i));
    }
    return entry;
}

static TkeJournalEntry *
add_entry(TkeJournal *journal, TkeJournalStep step, JsonObject *values)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *started = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");
    TkeJournalEntry *entry = tke_journal_entry_new(step, started, NULL);

    entry->values = values != NULL ? tke_journal_dup_values(values) : NULL;
    g_ptr_array_add(journal->entries, entry);
    return entry;
}

/*
 * Steps of the same values that were begun in different units become one when a command concerns
 * units of both: it settles what is noted of a unit in either.
 */
static void
join_entries(TkeJournal *journal, TkeJournalEntry *entry, JsonObject *values,
             const GPtrArray *units)
{
    for (unsigned i = 0; i < units->len; i++) {
        const TkeUnit *unit = g_ptr_array_index(units, i);

        for (unsigned k = journal->entries->len; k > 0; k--) {
            TkeJournalEntry *other = g_ptr_array_index(journal->entries, k - 1);

            if (other != entry && strcmp(other->action, entry->action) == 0 &&
                tke_journal_same_values(other->values, values) &&
                tke_journal_entry_find_unit(other, tke_unit_get_hsm_id(unit)) != NULL) {
                tke_journal_entry_take_over(entry, other);
                g_ptr_array_remove_index(journal->entries, k - 1);
            }
        }
    }
}

static GPtrArray *
dup_entries(const GPtrArray *entries)
{
    GPtrArray *copies = g_ptr_array_new_with_free_func((GDestroyNotify) tke_journal_entry_free);

    for (unsigned i = 0; i < entries->len; i++) {
        g_ptr_array_add(copies, tke_journal_entry_dup(g_ptr_array_index(entries, i)));
    }
    return copies;
}

/* Nothing is known any more of what it will do in the unit, which is as it is now. */
static void
begin_unit(TkeJournalEntry *entry, const TkeUnit *unit)
{
    const TkeUnitIdentity *identity = tke_unit_get_identity(unit);
    TkeJournalUnit *noted = tke_journal_entry_add_unit(
        entry, tke_unit_get_hsm_id(unit), tke_unit_get_location(unit), tke_unit_get_instance(unit));

    noted->state = TKE_JOURNAL_UNKNOWN;
    noted->reached = false;
    noted->has_before = identity != NULL;
    if (identity != NULL) {
        noted->before = *identity;
    }
}

bool
tke_journal_begin(TkeJournal *journal, const char *action, JsonObject *values, GPtrArray *units,
                  GError **error)
{
    TkeJournalEntry *entry = find_begun(journal, action, values, units);
    g_autoptr(GPtrArray) before = dup_entries(journal->entries);
    TkeJournalStep step = tke_journal_entry_find_step(action);
    bool was_changed = journal->changed;

    g_return_val_if_fail(step != TKE_JOURNAL_STEPS, false);

    if (entry == NULL) {
        entry = add_entry(journal, step, values);
    }
    join_entries(journal, entry, values, units);
    for (unsigned i = 0; i < units->len; i++) {
        begin_unit(entry, g_ptr_array_index(units, i));
    }
    journal->changed = true;
    if (tke_journal_save(journal, error)) {
        return true;
    }
    g_clear_pointer(&journal->entries, g_ptr_array_unref); /* nothing will be sent */
    journal->entries = g_steal_pointer(&before);
    journal->changed = was_changed;
    return false;
}

void
tke_journal_note(TkeJournal *journal, const char *action, JsonObject *values, const TkeUnit *unit,
                 TkeJournalState state)
{
    TkeJournalEntry *entry = find_entry(journal, action, values, unit);

    if (entry != NULL) {
        set_state(journal, tke_journal_entry_find_unit(entry, tke_unit_get_hsm_id(unit)), state);
    }
}

void
tke_journal_note_key(TkeJournal *journal, const char *action, JsonObject *values,
                     const TkeUnit *unit, const uint8_t vp[static TKE_VP_LEN])
{
    TkeJournalEntry *entry = find_entry(journal, action, values, unit);

    if (entry != NULL && entry->key == NULL) {
        entry->key = tke_hex_encode(vp, TKE_VP_LEN);
        journal->changed = true;
    }
}

void
tke_journal_note_state(TkeJournal *journal, const TkeUnitState *state)
{
    for (unsigned i = 0; i < journal->entries->len; i++) {
        journal->changed =
            tke_journal_entry_note_state(g_ptr_array_index(journal->entries, i), state) ||
            journal->changed;
    }
}

bool
tke_journal_needs_patterns(const TkeJournal *journal, const GPtrArray *units)
{
    for (unsigned i = 0; i < journal->entries->len; i++) {
        const TkeJournalEntry *entry = g_ptr_array_index(journal->entries, i);

        for (unsigned k = 0; tke_journal_entry_is_about_registers(entry) && k < units->len; k++) {
            if (tke_journal_entry_find_unit(
                    entry, tke_unit_get_hsm_id(g_ptr_array_index(units, k))) != NULL) {
                return true;
            }
        }
    }
    return false;
}

bool
tke_journal_leave(TkeJournal *journal, const TkeJournalEntry *entry, const TkeJournalLeft *left,
                  GError **error)
{
    for (unsigned i = 0; i < left->len; i++) {
        const TkeJournalLeftUnit *unit = g_ptr_array_index(left, i);
        TkeJournalUnit *noted = tke_journal_entry_find_unit(entry, unit->id);

        journal->changed =
            (noted != NULL && g_ptr_array_remove(entry->units, noted)) || journal->changed;
    }
    return tke_journal_save(journal, error);
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
            tke_journal_entry_find_unit(entry, tke_unit_get_hsm_id(unit)) != NULL) {
            return entry;
        }
    }
    return NULL;
}

const TkeJournalEntry *
tke_journal_find_same(const TkeJournal *journal, const char *action, JsonObject *values,
                      const TkeUnit *unit)
{
    return find_entry(journal, action, values, unit);
}
